//! Two who act at once, a late one, and calls that are forged behind the back of the rules.

use super::{Case, NEWCOMER, all_agree, recommended_for};
use crate::lookups::ENT_05;
use crate::support::app::TestApp;
use crate::support::casework::{Standing, applicant};
use crate::support::on_both;
use serde_json::json;
use whitelist::domain::actor::Role;
use whitelist::store::decisions::{self, DecisionRow};
use whitelist::store::{Author, Context, StoreError};

/// A case with a proposed decision.
fn proposed(app: &TestApp) -> Case {
    proposed_for(app, NEWCOMER)
}

fn proposed_for(app: &TestApp, uscc: &str) -> Case {
    let mut case = recommended_for(app, uscc);
    all_agree(&mut case, app, &[1, 2]);
    case.step(&app.officer(), "consolidate", &json!({}));
    case.step(
        &app.officer(),
        "decisions",
        &json!({ "items": [{ "line": 1, "outcome": "recognise" }, { "line": 2, "outcome": "recognise" }] }),
    );
    case
}

on_both! {
    fn of_two_who_decide_at_once_one_wins_and_a_late_one_is_told_the_state(app) {
        let case = proposed(app);
        // What is only proposed is not the applicant's to know.
        let enterprise = applicant(app, NEWCOMER);
        let stale = Case(Standing { path: case.0.path.clone(), etag: "\"1\"".to_owned() }).try_step(&enterprise, "withdraw", &json!({}));
        let told: Vec<String> = stale.json()["changes"].as_array().unwrap().iter().map(|change| change["event"].to_string()).collect();
        assert!(stale.status == 412 && !told.is_empty(), "{}", stale.text());
        for hidden in ["consolidated", "proposed"] {
            assert!(!told.iter().any(|event| event.contains(hidden)), "{told:?}");
        }

        let decide = |name: &str| {
            let actor = app.actor(Role::BureauApprover, "bj-commerce", name);
            let (path, etag) = (case.0.path.clone(), case.0.etag.clone());
            move || Case(Standing { path, etag }).try_step(&actor, "decide", &json!({}))
        };
        let (one, two) = (decide("approver-1"), decide("approver-2"));
        let mut answers = std::thread::scope(|scope| {
            let (one, two) = (scope.spawn(one), scope.spawn(two));
            [one.join().unwrap(), two.join().unwrap()]
        });
        answers.sort_unstable_by_key(|answer| answer.status);
        assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 412]);
        let changes = answers[1].json()["changes"].clone();
        assert_eq!(changes[0]["event"], json!("application.decided"), "the loser is told what changed: {changes}");
        let fresh = app.officer().get(&case.0.path).header("etag").unwrap().to_owned();
        let late = Case(Standing { path: case.0.path.clone(), etag: fresh });
        let third = app.actor(Role::BureauApprover, "bj-commerce", "approver-3");
        assert_eq!(late.try_step(&third, "decide", &json!({})).status, 409);
        assert_eq!(third.send("POST", &format!("{}/decide", case.0.path), &[("Content-Type", "application/json")], b"{}").status, 428);
    }
}

on_both! {
    fn several_cases_are_decided_at_once_or_none_of_them(app) {
        let (one, two) = (proposed(app), proposed_for(app, ENT_05));
        let seen = |case: &Case| json!({ "application": case.0.id(), "revision": case.0.etag.trim_matches('"').parse::<i64>().unwrap() });
        let mut stale = seen(&two);
        stale["revision"] = json!(1);
        let unknown = json!({ "application": "app_00000000000000000000000000000009", "revision": 1 });
        let head = app.inside().head().unwrap();
        let refused = app.approver().post("/v1/decisions", &json!({ "cases": [seen(&one), stale, unknown] }));
        let faults = refused.json()["faults"].clone();
        let told: Vec<(&str, &str)> = faults.as_array().unwrap().iter().map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect();
        assert_eq!((refused.status, told), (422, vec![("/cases/1", "case_moved"), ("/cases/2", "not_proposed")]));
        assert_eq!(app.inside().head().unwrap(), head, "none of them");
        let same = app.actor(Role::BureauApprover, "bj-commerce", "officer-1");
        let both = json!({ "cases": [seen(&one), seen(&two)], "note": "同意" });
        let by_proposer = same.post("/v1/decisions", &both);
        assert_eq!((by_proposer.status, by_proposer.json()["faults"][0]["code"].as_str()), (422, Some("four_eyes")), "{}", by_proposer.text());
        let decided = app.approver().post("/v1/decisions", &both);
        assert_eq!((decided.status, decided.json()["items"][1]["state"].as_str()), (200, Some("decided")), "{}", decided.text());
        for case in [&one, &two] {
            let events = case.read(&app.officer(), "events");
            let decided = events["items"].as_array().unwrap().iter().filter(|event| event["kind"] == "decided").count();
            assert_eq!(decided, 1, "each has its own entry");
        }
        assert_eq!(app.approver().post("/v1/decisions", &both).json()["faults"].as_array().unwrap().len(), 2);
        assert_eq!(app.approver().post("/v1/decisions", &json!({ "cases": [] })).status, 400);
    }
}

on_both! {
    fn the_database_refuses_what_a_rule_would(app) {
        let case = proposed(app);
        let id = case.0.id().to_owned();
        let row = app.inside().store.read(|conn| decisions::find(conn, &id, 1)).unwrap().unwrap();
        let reviewer = app
            .inside()
            .store
            .read(|conn| whitelist::store::opinions::versions(conn, &row.application))
            .unwrap()
            .remove(0)
            .reviewer;
        let stranger = "per_00000000000000000000000000000009".to_owned();
        let forged = |decided_by: &str, proposed_by: &str| DecisionRow {
            version: row.version + 1,
            state: "recognised".to_owned(),
            proposed_by: proposed_by.to_owned(),
            decided_by: Some(decided_by.to_owned()),
            decided_at: Some(1),
            ..row.clone()
        };
        for (who, wrong) in [
            ("the proposer decides", forged(&row.proposed_by, &row.proposed_by)),
            ("the applicant decides", forged(&row.lodged_by, &row.proposed_by)),
            ("the applicant proposes", forged(&stranger, &row.lodged_by)),
            ("a reviewer decides", forged(&reviewer, &row.proposed_by)),
            ("a reviewer proposes", forged(&stranger, &reviewer)),
        ] {
            let by = Author::Caller { issuer: "test".to_owned(), subject: "forger".to_owned(), org: "x".to_owned() };
            let context = Context { at: app.clock.now(), by, request_id: None };
            let before = row.clone();
            let written = app.inside().store.write::<_, StoreError>(context, move |tx| {
                let row = DecisionRow { revision: tx.next_revision().0, ..wrong };
                tx.save(row, Some(&before), "decision.taken")?;
                Ok(())
            });
            assert!(written.is_err(), "{who}");
        }
    }
}
