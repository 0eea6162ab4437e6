//! What is checked by itself: at lodging, and for those who review; and whose hands a case is in when somebody leaves.

use super::{Case, NEWCOMER, district, recommended};
use crate::support::app::TestApp;
use crate::support::casework::{addition, applicant, draft, line, lodged};
use crate::support::on_both;
use serde_json::{Value, json};
use std::process::Command;
use whitelist::domain::actor::Role;
use whitelist::store::DatabaseUrl;

/// Adopts the next version of the scheme: at most two listings an enterprise, and a class of items that is never listed.
fn stricter(app: &mut TestApp) {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/schemes/beijing-2022.toml")).unwrap();
    let next = text
        .replace("version = 1\n", "version = 2\n")
        .replace("[caps]\n", "[caps]\nlistings_per_enterprise = 2\n")
        .replace("excluded_items = [", "excluded_items = [{ hs_prefix = \"29413012\" }, ");
    assert_ne!(text, next);
    let file = app.folder.join("beijing-2022-v2.toml");
    std::fs::write(&file, next).unwrap();
    app.halt();
    let database = match &app.database {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    let adopted =
        command.args(["scheme", "adopt", "--database", &database, "--data"]).arg(&app.folder).arg(&file).env_clear();
    let output = adopted.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    app.restart();
}

/// What the checks of a case found: line and code.
fn found(case: &Case, app: &TestApp) -> Vec<(Option<i64>, String, Option<String>)> {
    let checks = case.read(&app.officer(), "checks");
    let items = checks["items"].as_array().unwrap().clone();
    let text = |item: &Value, name: &str| item[name].as_str().map(str::to_owned);
    items.iter().map(|item| (item["line"].as_i64(), text(item, "code").unwrap(), text(item, "about"))).collect()
}

fn codes(case: &Case, app: &TestApp) -> Vec<(Option<i64>, String)> {
    found(case, app).into_iter().map(|(line, code, _)| (line, code)).collect()
}

on_both! {
    fn duplicates_bars_lists_tariff_classes_and_caps_are_all_checked(app) {
        let items = json!([line(1, "氢化可的松", "2937210000"), line(2, "无须证件的物品", "3821000000"), line(3, "葡聚糖40", "2941301200")]);
        let case = Case(lodged(&applicant(app, NEWCOMER), &addition(items)));
        assert_eq!(codes(&case, app), [(Some(2), "document_not_required".to_owned())]);

        // What comes up while the case is on its way is found as well.
        let add = json!({
            "kind": "add", "enterprise": NEWCOMER, "item": { "name_zh": "氢化可的松", "hs_code": "2937210000" }, "quantity": "1", "unit": "036",
            "valid_from": "2026-08-12", "valid_to": "2027-08-11", "reason": { "code": "joint_recognition" },
        });
        app.change(json!([add]));
        let entry = json!({ "list": "serious_dishonesty", "enterprise": NEWCOMER, "name": null, "ground": "虚假陈述", "source": "公告2026-9", "valid_from": "2026-03-01", "valid_to": null });
        let entered = app.officer().post("/v1/screening", &entry);
        assert_eq!(entered.status, 201, "{}", entered.text());
        let hit = found(&case, app).into_iter().find(|(_, code, _)| code == "screening_hit").unwrap();
        let about = hit.2.unwrap();
        assert!(about.starts_with("serious_dishonesty") && about.contains(entered.header("location").unwrap().rsplit('/').next().unwrap()), "{about}");
        assert_eq!(codes(&case, app), [(None, "screening_hit".to_owned()), (Some(1), "duplicate".to_owned()), (Some(2), "document_not_required".to_owned())]);
        assert_eq!(applicant(app, NEWCOMER).get(&format!("{}/checks", case.0.path)).status, 403, "for those who review");
        // A hit keeps nobody from applying; the applicant sees it in its checklist.
        let another = draft(&applicant(app, NEWCOMER), &addition(json!([line(1, "肝素钠", "3001901000")])));
        let list = applicant(app, NEWCOMER).get(&format!("{}/checklist", another.path)).json();
        let hints: Vec<&str> = list["findings"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap()).collect();
        assert!(hints.contains(&"screened") && list["ready"] == json!(true), "{list}");

        app.change(json!([{ "kind": "bar_enterprise", "enterprise": NEWCOMER, "until": "2028-08-11", "effective_on": "2026-08-12", "reason": { "code": "breach", "basis": "会议纪要" } }]));
        assert!(codes(&case, app).contains(&(None, "barred".to_owned())));
        let refused = applicant(app, NEWCOMER).act(&format!("{}/lodge", another.path), &another.etag);
        assert_eq!((refused.status, refused.json()["rule"].as_str()), (422, Some("barred")), "a bar blocks");
        app.change(json!([{ "kind": "lift_bar", "enterprise": NEWCOMER, "effective_on": "2026-08-12", "reason": { "code": "rectified" } }]));

        // Under the next version of the scheme: a cap, and a class told by its number.
        stricter(app);
        let draft = draft(&applicant(app, NEWCOMER), &addition(json!([line(1, "葡聚糖40", "2941301200"), line(2, "肝素钠", "3001901000"), line(3, "红霉素", "2941500000")])));
        let list = applicant(app, NEWCOMER).get(&format!("{}/checklist", draft.path)).json();
        let pairs: Vec<(&str, &str, bool)> = list["findings"].as_array().unwrap().iter().map(|found| (found["pointer"].as_str().unwrap(), found["code"].as_str().unwrap(), found["blocks"].as_bool().unwrap())).collect();
        assert!(pairs.contains(&("/items/0/item", "excluded_item", true)) && pairs.contains(&("", "listings_cap", false)), "{pairs:?}");
        let refused = applicant(app, NEWCOMER).act(&format!("{}/lodge", draft.path), &draft.etag);
        assert_eq!((refused.status, refused.json()["faults"][0]["code"].as_str()), (422, Some("excluded_item")), "{}", refused.text());
        let add = json!({
            "kind": "add", "enterprise": NEWCOMER, "item": { "name_zh": "葡聚糖40", "hs_code": "2941301200" }, "quantity": "1", "unit": "036",
            "valid_from": "2026-08-12", "valid_to": "2027-08-11", "reason": { "code": "joint_recognition" },
        });
        let around = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": [add] }));
        assert_eq!((around.status, around.json()["rule"].as_str()), (422, Some("excluded_item")), "not by an adjustment either");
        let over = Case(lodged(&applicant(app, NEWCOMER), &addition(json!([line(1, "肝素钠", "3001901000"), line(2, "红霉素", "2941500000")]))));
        assert!(codes(&over, app).contains(&(None, "cap_exceeded".to_owned())), "{:?}", codes(&over, app));
    }
}

on_both! {
    fn the_cases_of_somebody_who_leaves_go_to_a_colleague_on_record(app) {
        let case = recommended(app);
        let by = app.actor(Role::BureauAdmin, "bj-commerce", "admin-1");
        let person = |name: &str| {
            let account = json!({ "issuer": crate::matrix::issuer(app), "subject": name });
            let made = by.post("/v1/people", &json!({ "name": name, "org": "bj-commerce", "accounts": [account] }));
            assert_eq!(made.status, 201, "{}", made.text());
            (made.json()["id"].as_str().unwrap().to_owned(), made.header("etag").unwrap().to_owned())
        };
        let ((leaving, tag), (staying, _)) = (person("officer-1"), person("officer-2"));
        assert_eq!(app.officer().send("POST", &format!("{}/claim", case.0.path), &[], b"").status, 200);
        let two = app.actor(Role::BureauOfficer, "bj-commerce", "officer-2");
        case.refused(&two, "pause", &json!({ "reason": "hearing" }), "claimed_by_other");
        let headers = [("If-Match", tag.as_str()), ("Content-Type", "application/json")];
        let done = by.send("POST", &format!("/v1/people/{leaving}/hand-over"), &headers, json!({ "to": staying }).to_string().as_bytes());
        assert_eq!(done.status, 200, "{}", done.text());

        let list = two.get("/v1/worklists/consolidation?claim=mine").json();
        assert_eq!((list["counts"]["total"].as_i64(), list["items"][0]["claimed_by"].as_str()), (Some(1), Some(staying.as_str())));
        let events = case.read(&two, "events");
        let handed: Vec<&Value> = events["items"].as_array().unwrap().iter().filter(|event| event["kind"] == "handed_over").collect();
        assert_eq!((handed.len(), &handed[0]["detail"]), (1, &json!({ "from": leaving, "to": staying })), "{events}");
        let inbox = two.get("/v1/inbox?limit=200").json();
        let told = inbox["items"].as_array().unwrap().iter().find(|item| item["kind"] == "hand_over").unwrap();
        assert!(told["text"].as_str().unwrap().contains("1 件申请"), "{told}");
        let mut case = case;
        case.step(&two, "pause", &json!({ "reason": "hearing" }));
        assert_eq!(district(app).get("/v1/worklists/review").json()["counts"]["total"], 0);
    }
}
