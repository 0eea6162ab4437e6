//! What the endpoints of the joint review need to be called with: cases as far along as each asks.

use super::Who;
use super::cases::Prepared;
use crate::lookups::ENT_05;
use crate::review::{Case, NEWCOMER, all_agree, district, recommended_for};
use crate::support::app::TestApp;
use crate::support::casework::{Standing, addition, applicant, line, lodged};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI32, Ordering};
use whitelist::domain::actor::Role;
use whitelist::domain::validity::LegalDay;
use whitelist::http::endpoints::Endpoint;

/// An enterprise from outside the core area.
const OUTSIDE: &str = "91110113XFXTR0076Q";

fn fresh(app: &TestApp, uscc: &str) -> Case {
    Case(lodged(&applicant(app, uscc), &addition(json!([line(1, "氢化可的松", "2937210000")]))))
}

fn accepted(app: &TestApp, uscc: &str) -> Case {
    let mut case = fresh(app, uscc);
    case.step(&district(app), "accept", &Value::Null);
    case
}

fn deciding(app: &TestApp, uscc: &str) -> Case {
    let mut case = recommended_for(app, uscc);
    all_agree(&mut case, app, &[1, 2]);
    case.step(&app.officer(), "consolidate", &json!({}));
    case
}

fn proposed(app: &TestApp, uscc: &str, second: &Value) -> Case {
    let mut case = deciding(app, uscc);
    case.step(
        &app.officer(),
        "decisions",
        &json!({ "items": [{ "line": 1, "outcome": "recognise", "grant": { "months": 1 } }, second] }),
    );
    case
}

fn refusal() -> Value {
    json!({ "line": 2, "outcome": "refuse", "grounds": ["evidence_lacking"] })
}

fn decided(app: &TestApp, uscc: &str) -> Case {
    let mut case = proposed(app, uscc, &refusal());
    case.step(&app.approver(), "decide", &json!({}));
    case
}

fn batch(app: &TestApp, uscc: &str) -> Case {
    let case = decided(app, uscc);
    let items = json!({ "scheme": "beijing-2022", "items": [{ "application": case.0.id(), "line": 1 }] });
    Case(Standing::of(&app.officer().post("/v1/batches", &items)))
}

/// A number that no notice has yet, and a month in which nothing is listed yet.
fn notice(app: &TestApp) -> (String, Value) {
    static MONTH: AtomicI32 = AtomicI32::new(0);
    let number = format!("N{}", app.inside().head().unwrap());
    let month = LegalDay::from_ymd(2040, 1, 1).unwrap().add_months(MONTH.fetch_add(1, Ordering::Relaxed));
    let body = json!({ "notice_number": number, "effective_on": month });
    (number, body)
}

/// Makes what an operation of the joint review needs; none for other operations.
pub fn prepare(app: &TestApp, endpoint: &Endpoint, who: Who) -> Option<Prepared> {
    let role = match who {
        Who::In(role) => role,
        Who::Nobody | Who::NoRole => Role::Auditor,
    };
    // Enterprises see their own cases; others work on a newcomer's, so that neither has too many open.
    let own = matches!(role, Role::EnterpriseApplicant | Role::EnterpriseAgent);
    let uscc = if own { ENT_05 } else { NEWCOMER };
    let step = json!({ "reason": "new_facts", "note": "复核" });
    let (case, changes, body): (Option<Case>, bool, Value) = match endpoint.operation {
        "accept_application" => (Some(fresh(app, uscc)), true, Value::Null),
        "ask_application" => {
            let case = if role == Role::DistrictOfficer { fresh(app, uscc) } else { recommended_for(app, uscc) };
            (Some(case), true, json!({ "findings": [{ "pointer": "/items/0", "reason": "item_unclear" }] }))
        }
        "decline_application" => (Some(fresh(app, uscc)), true, json!({ "ground": "out_of_scope" })),
        "evaluate_application" => {
            let mut case =
                Case(lodged(&applicant(app, OUTSIDE), &addition(json!([line(1, "氢化可的松", "2937210000")]))));
            case.step(&app.actor(Role::DistrictOfficer, "110113", "district-outside"), "accept", &Value::Null);
            (Some(case), true, json!({ "let_in": true }))
        }
        "recommend_application" => (Some(accepted(app, uscc)), true, json!({ "recommended": true })),
        "list_opinions" | "list_case_events" | "list_case_notes" | "list_precedents" | "list_case_checks" => {
            (Some(recommended_for(app, uscc)), false, Value::Null)
        }
        "give_opinions" => {
            (Some(recommended_for(app, uscc)), true, json!({ "items": [{ "line": 1, "stance": "agree" }] }))
        }
        "draft_opinions" => {
            (Some(recommended_for(app, uscc)), false, json!({ "items": [{ "line": 1, "stance": "agree" }] }))
        }
        "consolidate_application" => {
            let mut case = recommended_for(app, uscc);
            all_agree(&mut case, app, &[1, 2]);
            (Some(case), true, json!({}))
        }
        "resolve_application" => (
            Some(deciding(app, uscc)),
            true,
            json!({ "items": [{ "line": 1, "resolution": "meeting", "note": "会商" }] }),
        ),
        "return_application" => (Some(deciding(app, uscc)), true, step),
        "list_decisions" => (Some(decided(app, uscc)), false, Value::Null),
        "propose_decisions" => {
            (Some(deciding(app, uscc)), true, json!({ "items": [{ "line": 1, "outcome": "recognise" }, refusal()] }))
        }
        "decide_application" => (Some(proposed(app, uscc, &refusal())), true, json!({})),
        "decide_applications" => {
            let case = proposed(app, uscc, &refusal());
            let revision: i64 = case.0.etag.trim_matches('"').parse().unwrap();
            (None, false, json!({ "cases": [{ "application": case.0.id(), "revision": revision }] }))
        }
        "send_back_application" => (Some(proposed(app, uscc, &refusal())), true, step),
        "reopen_application" => (Some(decided(app, uscc)), true, step),
        "appeal_application" => (Some(decided(app, uscc)), true, json!({ "lines": [2], "grounds": "不服" })),
        "judge_appeal" => {
            let mut case = decided(app, uscc);
            case.step(&applicant(app, uscc), "appeals", &json!({ "lines": [2], "grounds": "不服" }));
            (Some(case), true, json!({ "overturn": false, "reason": "decision_right", "note": "维持" }))
        }
        "pause_application" => (Some(accepted(app, uscc)), true, json!({ "reason": "expert_review" })),
        "resume_application" => {
            let mut case = accepted(app, uscc);
            case.step(&app.officer(), "pause", &json!({ "reason": "expert_review" }));
            (Some(case), true, json!({}))
        }
        "extend_application" => (Some(accepted(app, uscc)), true, json!({ "note": "经批准" })),
        "add_case_note" => {
            (Some(recommended_for(app, uscc)), false, json!({ "note": "备注", "visible_to_applicant": false }))
        }
        "get_rating" => (Some(decided(app, uscc)), false, Value::Null),
        "rate_application" => (Some(decided(app, uscc)), false, json!({ "answer": "satisfied", "remark": "很快" })),
        "get_letter" => (Some(decided(app, uscc)), false, Value::Null),
        "claim_application" => (Some(recommended_for(app, uscc)), false, Value::Null),
        "release_application" | "reassign_application" => {
            let case = recommended_for(app, uscc);
            let claimed = who.actor(app).send("POST", &format!("{}/claim", case.0.path), &[], b"");
            let me = claimed.json()["claimed_by"].clone();
            let body = if endpoint.operation == "reassign_application" { json!({ "person": me }) } else { Value::Null };
            (Some(case), false, body)
        }
        "list_worklists"
        | "list_colleagues"
        | "get_stage_report"
        | "get_figures"
        | "list_figure_rows"
        | "get_satisfaction"
        | "export_satisfaction_csv"
        | "export_satisfaction_xlsx"
        | "list_ratings"
        | "export_figure_rows_csv"
        | "export_figure_rows_xlsx"
        | "export_figures_csv"
        | "export_figures_xlsx"
        | "list_batches"
        | "get_worklist" => (None, false, Value::Null),
        "collect_batch" => {
            let case = decided(app, uscc);
            (None, false, json!({ "scheme": "beijing-2022", "items": [{ "application": case.0.id(), "line": 1 }] }))
        }
        "get_batch" | "preview_batch" => (Some(batch(app, uscc)), false, Value::Null),
        "recollect_batch" => {
            let other = decided(app, uscc);
            (Some(batch(app, uscc)), true, json!({ "items": [{ "application": other.0.id(), "line": 1 }] }))
        }
        "publish_batch" => (Some(batch(app, uscc)), true, notice(app).1),
        "discard_batch" => (Some(batch(app, uscc)), true, Value::Null),
        "get_notice" | "get_notice_page" | "get_notice_file" => {
            let mut case = batch(app, uscc);
            let (number, body) = notice(app);
            case.step(&app.approver(), "publish", &body);
            let target = endpoint.path.replace("{number}", &number);
            return Some(Prepared { target, etag: None, body: None });
        }
        _ => return None,
    };
    let lists = [(Role::AgencyReviewer, "opinions"), (Role::BureauApprover, "approvals")];
    let list = lists.into_iter().find(|(whose, _)| *whose == role).map_or("waiting", |(_, list)| list);
    let id = case.as_ref().map_or("", |case| case.0.id());
    let target = endpoint
        .path
        .replace("{id}", id)
        .replace("{kind}", "refusal")
        .replace("{name}", list)
        .replace("{by}", "agency");
    let etag = case.map(|case| case.0.etag).filter(|_| changes);
    let body = Some(body).filter(|body| !body.is_null()).map(|body| ("application/json".to_owned(), body.to_string()));
    Some(Prepared { target, etag, body })
}
