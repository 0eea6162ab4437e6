//! The pictures in `docs/states` are drawn from the tables that decide.
//!
//! `UPDATE_GOLDEN=1` draws them anew.

use std::fs;
use std::path::Path;
use whitelist::domain::adjustment::{self, AdjustmentState};
use whitelist::domain::batch::{self, BatchState, BatchVerb};
use whitelist::domain::enterprise;
use whitelist::domain::listing::{self, Standing};
use whitelist::domain::opinion::{self, OpinionState, OpinionVerb};
use whitelist::domain::recognition::{self, AppealState, AppealVerb, ItemState, ItemVerb};
use whitelist::domain::states::mermaid;
use whitelist::domain::stop::{self, StopStage, StopVerb};
use whitelist::domain::usage_return::{self, ReturnStage, ReturnVerb};

fn page(title: &str, table: &str, drawing: &str) -> String {
    let kept = "a test holds it against the table (`UPDATE_GOLDEN=1` draws it anew).";
    format!("# States of {title}\n\nDrawn from {table}; {kept}\n\n```mermaid\n{drawing}```\n")
}

fn pages() -> Vec<(&'static str, String)> {
    vec![
        (
            "adjustment",
            page(
                "an adjustment (动态调整的状态)",
                "`domain::adjustment::STEPS`",
                &mermaid(adjustment::STEPS, AdjustmentState::as_str, |verb| verb.as_str()),
            ),
        ),
        (
            "listing",
            page(
                "a listing (名单条目的状态)",
                "`domain::listing::STEPS` (expiry is no step: it is computed from dates when asked)",
                &mermaid(listing::STEPS, Standing::as_str, |verb| verb.as_str()),
            ),
        ),
        (
            "enterprise",
            page(
                "an enterprise (企业的状态)",
                "`domain::enterprise::STEPS` (a bar on applications is a date beside the standing)",
                &mermaid(enterprise::STEPS, |state| state.as_str(), |verb| verb.as_str()),
            ),
        ),
        (
            "stop",
            page(
                "a stop (停止措施的状态)",
                "`domain::stop::STEPS` (what is `emergency` or `confirmed` is held back)",
                &mermaid(stop::STEPS, StopStage::as_str, StopVerb::as_str),
            ),
        ),
        (
            "recognition",
            page(
                "an item in the joint decision (认定的状态)",
                "`domain::recognition::STEPS`",
                &mermaid(recognition::STEPS, ItemState::as_str, ItemVerb::as_str),
            ),
        ),
        (
            "appeal",
            page(
                "an appeal (申诉的状态)",
                "`domain::recognition::APPEALS`",
                &mermaid(recognition::APPEALS, AppealState::as_str, AppealVerb::as_str),
            ),
        ),
        (
            "opinion",
            page(
                "an opinion (意见的状态)",
                "`domain::opinion::STEPS`",
                &mermaid(opinion::STEPS, OpinionState::as_str, OpinionVerb::as_str),
            ),
        ),
        (
            "batch",
            page(
                "a batch (批次的状态)",
                "`domain::batch::STEPS`",
                &mermaid(batch::STEPS, BatchState::as_str, BatchVerb::as_str),
            ),
        ),
        (
            "usage-return",
            page(
                "a usage return (使用台账的状态)",
                "`domain::usage_return::STEPS` (of `propose_suspension` and `suspend` the scheme takes one)",
                &mermaid(usage_return::STEPS, ReturnStage::as_str, ReturnVerb::as_str),
            ),
        ),
    ]
}

#[test]
fn the_pictures_are_those_of_the_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/states");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some_and(|wanted| wanted == "1");
    for (name, drawn) in pages() {
        let path = folder.join(format!("{name}.md"));
        if update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &drawn).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == drawn, "{name}.md is another picture than the table's; UPDATE_GOLDEN=1 draws it anew");
    }
}
