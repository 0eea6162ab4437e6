//! The auditor's rooms: what happened, in words; the state of the log; downloads.

use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Failure, Visit};
use super::report_jobs::Later;
use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "portal/log.html")]
struct Entries<'a> {
    f: Frame,
    list: Json<'a>,
    kind: &'a str,
    entity: &'a str,
    actor: &'a str,
    org: &'a str,
    from: &'a str,
    to: &'a str,
    later: Later,
    more: Option<String>,
}

impl Entries<'_> {
    fn page(&self, about: impl AsRef<str>) -> String {
        super::notices::page_of(about.as_ref()).unwrap_or_default()
    }
}

const FILTERS: [&str; 6] = ["type", "entity", "actor", "org", "from", "to"];

/// Entries on a page.
const ENTRIES: i64 = 50;

/// Lists entries of the log, in words: the newest first, or those that fit a search in the order in which they came.
///
/// # Errors
/// What the endpoint refuses.
pub async fn entries(visit: &Visit) -> Answer {
    let searched = FILTERS.iter().any(|name| !visit.query.get(name).is_empty());
    let (list, more) = if searched { found(visit).await? } else { newest(visit).await? };
    visit.render(&Entries {
        f: Frame::new(visit, visit.t("审计日志", "Audit log")),
        later: Later::of(visit, [("/v1/log/export.tar".to_owned(), "")]),
        more,
        list: Json(&list),
        kind: visit.query.get("type"),
        entity: visit.query.get("entity"),
        actor: visit.query.get("actor"),
        org: visit.query.get("org"),
        from: visit.query.get("from"),
        to: visit.query.get("to"),
    })
}

async fn found(visit: &Visit) -> Result<(Value, Option<String>), Failure> {
    let names: Vec<&str> = FILTERS.into_iter().chain(["after"]).collect();
    let list = visit.get(visit.endpoint("/v1/log/entries", &names)).await?.view;
    let more = visit.next_page(&list);
    Ok((list, more))
}

/// The entries before a place of the log, which is its end where none is named.
async fn newest(visit: &Visit) -> Result<(Value, Option<String>), Failure> {
    let head = visit.edge.app.index.load().revision().0;
    let before =
        visit.query.get("before").parse::<i64>().ok().filter(|before| (0..=head).contains(before)).unwrap_or(head);
    let after = before.saturating_sub(ENTRIES).max(0);
    let limit = before.saturating_sub(after).max(1);
    let mut list = visit.get(format!("/v1/log/entries?after={after}&limit={limit}")).await?.view;
    if let Some(items) = list.get_mut("items").and_then(Value::as_array_mut) {
        items.reverse();
    }
    Ok((list, (after > 0).then(|| visit.address_with("before", &after.to_string()))))
}

#[derive(Template)]
#[template(path = "portal/log_state.html")]
struct State<'a> {
    f: Frame,
    checkpoints: Json<'a>,
    origin: &'a str,
    vkey: &'a str,
}

/// Shows the newest signed heads and how to verify the log.
///
/// # Errors
/// What the endpoint refuses.
pub async fn state(visit: &Visit) -> Answer {
    let checkpoints = visit.get(visit.endpoint("/v1/log/checkpoints", &["after"])).await?.view;
    visit.render(&State {
        f: Frame::new(visit, visit.t("日志状态", "State of the log")),
        checkpoints: Json(&checkpoints),
        origin: &visit.edge.app.installation.origin,
        vkey: &visit.edge.app.vkey,
    })
}

/// Hands out the whole log as an archive.
///
/// # Errors
/// What the endpoint refuses.
pub async fn export(visit: &Visit) -> Answer {
    visit.hand_on("/v1/log/export.tar").await
}

/// Hands out the pack of evidence about a thing.
///
/// # Errors
/// What the endpoint refuses.
pub async fn evidence(visit: &Visit) -> Answer {
    visit.hand_on(format!("/v1/evidence/{}/{}", visit.part("kind"), visit.part("id"))).await
}
