//! How satisfied applicants are: asked once for a decided case, answered by its enterprise for good, read by the bureau.

use super::{Case, NEWCOMER, all_agree, recommended};
use crate::lookups::ENT_05;
use crate::matrix::issuer;
use crate::people::{etag, id};
use crate::support::app::TestApp;
use crate::support::casework::applicant;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;

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

        // The same as a table, for who reads it and nobody else.
        let table = app.officer().send("GET", "/v1/reports/satisfaction.csv", &[("Accept-Language", "en")], b"");
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
        let text = table.text().to_owned();
        for line in ["\"counted by\",\"of\",\"answers\",\"mean of 5\"", "\"all\",\"\",\"2\",\"3.50\"", "\"month\",\"2026-09\",\"1\",\"5.00\""] {
            assert!(text.contains(line), "{line}: {text}");
        }
        let august = app.officer().get("/v1/reports/satisfaction.csv?to=2026-08-31");
        assert!(august.text().contains("\"全部\",\"\",\"1\",\"2.00\""), "{}", august.text());
        let workbook = app.officer().get("/v1/reports/satisfaction.xlsx");
        assert!(workbook.status == 200 && workbook.body.starts_with(b"PK"), "{}", workbook.status);
        assert_eq!(app.auditor().get("/v1/reports/satisfaction.csv").status, 403);

        let first = app.officer().get("/v1/ratings?limit=1").json();
        assert_eq!((&first["items"][0]["application"], &first["items"][0]["remark"]), (&json!(second.0.id()), &Value::Null));
        let rest = app.officer().get(&format!("/v1/ratings?limit=1&after={}", first["next"].as_str().unwrap())).json();
        assert_eq!((&rest["items"][0]["application"], &rest["items"][0]["remark"], &rest["next"]), (&json!(case.0.id()), &json!("等待较久"), &Value::Null));
        assert_eq!(app.officer().get("/v1/ratings?from=2026-09-03").json()["items"], json!([]));
        assert_eq!(app.auditor().get("/v1/ratings").status, 403, "remarks are for the bureau");
    }
}

on_both! {
    fn an_erasure_takes_the_remarks_that_name_somebody_and_leaves_the_grades(app) {
        let case = decided(app);
        let who = applicant(app, NEWCOMER);
        let remark = "钱学明（合成）办理很慢";
        assert_eq!(who.post(&format!("{}/rating", case.0.path), &json!({ "answer": "dissatisfied", "remark": remark })).status, 201);
        app.set_time("2026-09-02T04:00:00.000000Z");
        let other = decided(app);
        let kept = "办理很快";
        assert_eq!(applicant(app, NEWCOMER).post(&format!("{}/rating", other.0.path), &json!({ "answer": "satisfied", "remark": kept })).status, 201);
        let admin = |name: &str| app.actor(Role::BureauAdmin, "bj-commerce", name);
        let accounts = json!([{ "issuer": issuer(app), "subject": "login-of-qian" }]);
        let made = admin("admin-1").post("/v1/people", &json!({ "name": "钱学明（合成）", "org": "bj-commerce", "accounts": accounts }));
        let person = id(&made);
        assert_eq!(admin("admin-1").act(&format!("/v1/people/{person}/deactivate"), &etag(&made)).status, 200);
        let remarks = || {
            let items = app.officer().get("/v1/ratings").json()["items"].as_array().unwrap().clone();
            items.iter().map(|it| (it["answer"].clone(), it["remark"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(remarks(), [(json!("satisfied"), json!(kept)), (json!("dissatisfied"), json!(remark))]);
        let body = json!({ "subject": { "kind": "person", "id": person }, "ground": "purpose_fulfilled" });
        let proposed = admin("admin-1").post("/v1/privacy/erasures", &body);
        assert_eq!(remarks()[1].1, json!(remark), "a proposal erases nothing");
        let done = admin("admin-2").act(&format!("/v1/privacy/erasures/{}/confirm", id(&proposed)), &etag(&proposed));
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!(remarks(), [(json!("satisfied"), json!(kept)), (json!("dissatisfied"), Value::Null)]);
        assert_eq!(app.officer().get("/v1/reports/satisfaction").json()["average"], json!("3.00"));
        let seen = case.read(&applicant(app, NEWCOMER), "rating");
        assert_eq!(seen["given"]["remark"], Value::Null, "the applicant reads it no more either");
    }
}
