//! How satisfied applicants are: asked once for a decided case, answered by its enterprise for good, read by the bureau.

use super::{Case, NEWCOMER, all_agree, recommended};
use crate::lookups::ENT_05;
use crate::support::app::TestApp;
use crate::support::casework::applicant;
use crate::support::on_both;
use serde_json::{Value, json};

/// A case of the newcomer that was decided.
pub fn decided(app: &TestApp) -> Case {
    let mut case = recommended(app);
    all_agree(&mut case, app, &[1, 2]);
    case.step(&app.officer(), "consolidate", &json!({}));
    let items = [1, 2].map(|line| json!({ "line": line, "outcome": "recognise", "grant": { "months": 1 } }));
    case.step(&app.officer(), "decisions", &json!({ "items": items }));
    case.step(&app.approver(), "decide", &json!({}));
    case
}

on_both! {
    fn an_applicant_says_once_how_satisfied_it_is(app) {
        let (who, officer) = (applicant(app, NEWCOMER), app.officer());
        let open = recommended(app);
        let answer = json!({ "answer": "dissatisfied", "remark": "等待较久" });
        assert_eq!(open.read(&who, "rating"), json!({ "open": false, "given": null }));
        open.refused(&who, "rating", &answer, "not_decided");
        let nothing = officer.get("/v1/reports/satisfaction").json();
        assert_eq!((&nothing["count"], &nothing["average"], &nothing["months"]), (&json!(0), &json!(null), &json!([])));

        let case = decided(app);
        let rating = format!("{}/rating", case.0.path);
        assert_eq!(case.read(&who, "rating")["open"], true);
        assert_eq!(case.read(&officer, "rating")["open"], false, "the bureau is not asked");
        assert_eq!(applicant(app, ENT_05).post(&rating, &answer).status, 404, "nobody learns of cases of others");
        assert_eq!(applicant(app, ENT_05).get(&rating).status, 404);
        for (body, pointer) in [
            (json!({}), "/answer"),
            (json!({ "answer": "great" }), "/answer"),
            (json!({ "answer": "satisfied", "remark": "长".repeat(501) }), "/remark"),
        ] {
            let refused = who.post(&rating, &body);
            assert_eq!((refused.status, refused.json()["faults"][0]["pointer"].as_str()), (400, Some(pointer)), "{body}");
        }
        let before = app.inside().head().unwrap();
        let key = [("Content-Type", "application/json"), ("Idempotency-Key", "rating-1")];
        let given = who.send("POST", &rating, &key, answer.to_string().as_bytes());
        assert_eq!((given.status, given.header("location")), (201, Some(rating.as_str())), "{}", given.text());
        let again = who.send("POST", &rating, &key, answer.to_string().as_bytes());
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
        case.refused(&who, "rating", &json!({ "answer": "very_satisfied" }), "rated_before");
        assert_eq!(app.inside().head().unwrap(), before, "an answer is no fact of the list");
        for reader in [&who, &officer] {
            let seen = case.read(reader, "rating");
            assert_eq!((&seen["open"], &seen["given"]["answer"], &seen["given"]["remark"]), (&json!(false), &json!("dissatisfied"), &json!("等待较久")));
        }

        app.set_time("2026-09-02T04:00:00.000000Z");
        let second = decided(app);
        assert_eq!(applicant(app, NEWCOMER).post(&format!("{}/rating", second.0.path), &json!({ "answer": "very_satisfied" })).status, 201);
        let report = app.officer().get("/v1/reports/satisfaction").json();
        assert_eq!((&report["count"], &report["average"]), (&json!(2), &json!("3.50")));
        let of = |list: &str| -> Vec<String> {
            let items = report[list].as_array().unwrap();
            items.iter().map(|it| format!("{} {} {}", it["key"].as_str().unwrap(), it["count"], it["average"].as_str().unwrap())).collect()
        };
        assert_eq!(of("months"), ["2026-08 1 2.00", "2026-09 1 5.00"]);
        assert_eq!(of("districts"), ["110114 2 3.50"]);
        assert!(of("agencies").contains(&"bj-drug 2 3.50".to_owned()), "{report}");
        let grades: Vec<i64> = report["answers"].as_array().unwrap().iter().map(|it| it["count"].as_i64().unwrap()).collect();
        assert_eq!(grades, [1, 0, 0, 1, 0]);
        assert_eq!(app.officer().get("/v1/reports/satisfaction?to=2026-08-31").json()["average"], "2.00");

        let first = app.officer().get("/v1/ratings?limit=1").json();
        assert_eq!((&first["items"][0]["application"], &first["items"][0]["remark"]), (&json!(second.0.id()), &Value::Null));
        let rest = app.officer().get(&format!("/v1/ratings?limit=1&after={}", first["next"].as_str().unwrap())).json();
        assert_eq!((&rest["items"][0]["application"], &rest["items"][0]["remark"], &rest["next"]), (&json!(case.0.id()), &json!("等待较久"), &Value::Null));
        assert_eq!(app.officer().get("/v1/ratings?from=2026-09-03").json()["items"], json!([]));
        assert_eq!(app.auditor().get("/v1/ratings").status, 403, "remarks are for the bureau");
    }
}
