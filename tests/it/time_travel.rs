//! Known when, and valid on which day: listings, enterprises, schemes, applications and lookups as they were known at an
//! earlier revision; what differs between two revisions.

use crate::lookups::{ENT_01, ENT_03, ENT_05, ask, number_of, question, said};
use crate::review::{NEWCOMER, all_agree, recommended};
use crate::support::app::TestApp;
use crate::support::casework::{self, applicant};
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::revision::Revision;

fn shown(app: &TestApp, target: &str) -> Value {
    let response = app.auditor().get(target);
    assert_eq!(response.status, 200, "{target}: {}", response.text());
    response.json()
}

on_both! {
    fn a_back_dated_correction_changes_what_holds_not_what_was_known(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let known = app.settle();
        let target = format!("/v1/listings/{number}");
        let before = app.auditor().get(&format!("{target}?valid_on=2026-08-01&as_of_revision={known}")).text().to_owned();
        let asked = format!("{}&declared_on=2026-08-01&quantity=150&unit=142", question(ENT_01, "3004909099"));
        assert_eq!(said(&ask(app, &asked)), "allowed listed");
        app.change(json!([{ "kind": "vary", "listing": number, "effective_on": "2026-08-01", "set": { "quantity": "100" }, "reason": { "code": "clerical_error" } }]));
        // As of the day, known now: another quantity. As of the day, known then: byte for byte what it was.
        assert_eq!(shown(app, &format!("{target}?valid_on=2026-08-01"))["approved"]["quantity"], "100");
        let again = app.auditor().get(&format!("{target}?valid_on=2026-08-01&as_of_revision={known}")).text().to_owned();
        assert_eq!(again, before);
        assert_eq!(said(&ask(app, &asked)), "denied quantity_exceeds_remaining");
        assert_eq!(said(&ask(app, &format!("{asked}&as_of_revision={known}"))), "allowed listed");
    }
}

on_both! {
    fn enterprises_and_schemes_are_shown_as_they_were_known(app) {
        let known = app.settle();
        let target = format!("/v1/enterprises/{ENT_05}");
        let before = shown(app, &target);
        app.change(json!([
            { "kind": "suspend_enterprise", "enterprise": ENT_05, "effective_on": "2026-09-01", "reason": { "code": "breach" } },
            { "kind": "add", "enterprise": ENT_05, "item": { "name_zh": "氢化可的松琥珀酸钠", "hs_code": "2937210000" }, "quantity": "1", "unit": "036", "valid_from": "2026-08-12", "valid_to": "2027-08-11", "reason": { "code": "take_over" } }
        ]));
        assert_eq!(shown(app, &target)["status"], "active", "not before its day");
        let later = shown(app, &format!("{target}?valid_on=2026-09-01"));
        assert_eq!(later["status"], "suspended");
        assert_eq!(shown(app, &format!("{target}?valid_on=2026-09-01&as_of_revision={known}"))["status"], "active");
        let then = shown(app, &format!("{target}?as_of_revision={known}"));
        assert_eq!(then, before);
        assert_eq!(later["listings"].as_i64().unwrap(), before["listings"].as_i64().unwrap() + 1);
        let page = shown(app, &format!("/v1/enterprises?valid_on=2026-09-01&as_of_revision={known}"));
        assert!(page["items"].as_array().unwrap().contains(&before));
        assert_eq!(app.auditor().get(&format!("{target}?as_of_revision=1")).status, 404, "not yet registered");
        assert_eq!(shown(app, "/v1/enterprises?as_of_revision=1")["items"], json!([]));

        let scheme = shown(app, "/v1/schemes/beijing-2022");
        assert_eq!(shown(app, &format!("/v1/schemes/beijing-2022?as_of_revision={known}&valid_on=2026-08-12")), scheme);
        assert_eq!(app.auditor().get("/v1/schemes/beijing-2022?as_of_revision=1").status, 404);
        assert_eq!(shown(app, "/v1/schemes?as_of_revision=1")["items"], json!([]));

        let future = app.settle().0 + 1;
        for target in [target.as_str(), "/v1/enterprises", "/v1/schemes", "/v1/schemes/beijing-2022", "/v1/listings"] {
            let response = app.auditor().get(&format!("{target}?as_of_revision={future}"));
            assert_eq!((response.status, response.json()["type"].as_str()), (503, Some("/problems/not-yet-current")), "{target}");
            assert_eq!(app.auditor().get(&format!("{target}?as_of_revision=0")).status, 400, "{target}");
        }
    }
}

on_both! {
    fn an_application_is_shown_as_it_was_known(app) {
        let applicant = applicant(app, ENT_05);
        let lodged = casework::lodged(&applicant, &casework::addition(json!([casework::line(1, "氢化可的松", "2937210000")])));
        let known = app.settle();
        let before = shown(app, &lodged.path);
        assert_eq!(before["state"], "lodged");
        let withdrawn = applicant.change("POST", &format!("{}/withdraw", lodged.path), &lodged.etag, &json!({}));
        assert_eq!(withdrawn.status, 200, "{}", withdrawn.text());
        assert_eq!(shown(app, &lodged.path)["state"], "withdrawn");
        let then = shown(app, &format!("{}?as_of_revision={known}", lodged.path));
        assert_eq!((&then["state"], &then["items"], &then["verbs"]), (&json!("lodged"), &before["items"], &json!([])));
        assert_eq!(app.auditor().get(&format!("{}?as_of_revision=1", lodged.path)).status, 404);
        let other = casework::applicant(app, ENT_03);
        assert_eq!(other.get(&format!("{}?as_of_revision={known}", lodged.path)).status, 404);
        let future = app.settle().0 + 1;
        assert_eq!(app.auditor().get(&format!("{}?as_of_revision={future}", lodged.path)).status, 503);
    }
}

on_both! {
    fn a_case_is_shown_with_its_opinions_decisions_and_timeline_as_they_were_known(app) {
        let unlodged = app.settle();
        let mut case = recommended(app);
        let asked = app.settle();
        all_agree(&mut case, app, &[1, 2]);
        let agreed = app.settle();
        case.step(&app.officer(), "consolidate", &json!({}));
        case.step(&app.officer(), "decisions", &json!({ "items": [{ "line": 1, "outcome": "recognise" }, { "line": 2, "outcome": "refuse", "grounds": ["not_for_research"] }] }));
        let proposed = app.settle();
        app.set_time("2026-08-20T04:00:00.000000Z");
        case.step(&app.approver(), "decide", &json!({}));
        let at = |what: &str, revision: Revision| case.read(&app.officer(), &format!("{what}?as_of_revision={revision}"));
        let count = |list: &Value| list.as_array().unwrap().len();

        assert_eq!(count(&at("opinions", asked)["items"][0]["opinions"]), 0);
        let then = at("opinions", agreed);
        assert_eq!(count(&then["items"][0]["opinions"]), count(&then["agencies"]));
        assert_eq!(at("opinions", app.settle()), case.read(&app.officer(), "opinions"));
        assert_eq!((count(&at("decisions", agreed)["items"]), at("decisions", agreed)["state"].as_str()), (0, Some("in_opinion")));
        let states = |revision: Revision| at("decisions", revision)["items"].as_array().unwrap().iter().map(|item| item["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_ne!(states(proposed), states(app.settle()));
        let own = applicant(app, NEWCOMER);
        assert_eq!(count(&case.read(&own, &format!("decisions?as_of_revision={proposed}"))["items"]), 0, "what is proposed is not for the applicant");
        assert_eq!(count(&case.read(&own, "decisions")["items"]), 2);
        let kinds = |revision: Revision| at("events", revision)["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(kinds(asked), ["lodged", "accepted", "recommended"]);
        assert_eq!(kinds(proposed).last().map(String::as_str), Some("proposed"));
        assert_eq!(kinds(app.settle()).last().map(String::as_str), Some("decided"));
        assert_eq!(at("events", asked)["clock"]["used"], json!(0), "as of that day");
        assert_eq!(case.read(&own, &format!("contents/1?as_of_revision={asked}"))["number"], json!(1));
        for what in ["opinions", "decisions", "events", "notes", "contents/1"] {
            let target = |revision: i64| app.officer().get(&format!("{}/{what}?as_of_revision={revision}", case.0.path)).status;
            assert_eq!((target(unlodged.0), target(app.settle().0 + 1), target(0)), (404, 503, 400), "{what}");
        }
    }
}

on_both! {
    fn what_differs_between_two_revisions_is_told_member_by_member(app) {
        let (varied, removed, later) = (number_of(app, ENT_01, "3004909099"), number_of(app, ENT_03, "2941500000"), number_of(app, ENT_05, "2937210000"));
        let from = app.settle();
        app.change(json!([
            { "kind": "vary", "listing": varied, "effective_on": "2026-08-12", "set": { "quantity": "100" }, "reason": { "code": "quantity_changed" } },
            { "kind": "remove", "listing": removed, "effective_on": "2026-08-12", "reason": { "code": "off_purpose_use" } },
            { "kind": "suspend", "listing": later, "effective_on": "2026-10-01", "reason": { "code": "risk_found" } },
            { "kind": "add", "enterprise": ENT_01, "item": { "name_zh": "氢化可的松", "hs_code": "2937210000" }, "quantity": "10", "unit": "035", "valid_from": "2026-08-12", "valid_to": "2027-08-11", "reason": { "code": "take_over" } },
            { "kind": "suspend_enterprise", "enterprise": ENT_03, "effective_on": "2026-08-12", "reason": { "code": "breach" } },
            { "kind": "suspend_enterprise", "enterprise": ENT_05, "effective_on": "2026-10-01", "reason": { "code": "breach" } }
        ]));
        let to = app.settle();
        let added = number_of(app, ENT_01, "2937210000");
        let diff = shown(app, &format!("/v1/listings/diff?from={from}&to={to}"));
        let change_of = |diff: &Value, number: &str| diff["items"].as_array().unwrap().iter().find(|item| item["number"] == number).unwrap().clone();
        assert_eq!(diff["items"].as_array().unwrap().len(), 4, "{diff}");
        let change = change_of(&diff, &varied);
        assert_eq!(change["change"], "changed");
        assert_eq!(change["members"], json!([{ "member": "/approved", "from": { "quantity": "200", "unit": "142" }, "to": { "quantity": "100", "unit": "142" } }]));
        assert_eq!((&change["from"]["approved"]["quantity"], &change["to"]["approved"]["quantity"]), (&json!("200"), &json!("100")));
        assert_eq!(change_of(&diff, &removed)["change"], "removed");
        let change = change_of(&diff, &added);
        assert_eq!((&change["change"], &change["from"]), (&json!("added"), &Value::Null));
        assert_eq!(change_of(&diff, &later)["change"], "scheduled", "not before its day");
        let then = shown(app, &format!("/v1/listings/diff?from={from}&to={to}&valid_on=2026-10-01"));
        assert_eq!(change_of(&then, &later)["members"], json!([{ "member": "/status", "from": "in_force", "to": "suspended" }]));
        assert_eq!(shown(app, &format!("/v1/listings/diff?from={to}&to={to}"))["items"], json!([]));
        // Behind the listings the enterprises: what holds all their listings back.
        let firms = |diff: &Value| diff["enterprises"].as_array().unwrap().iter().map(|firm| (firm["uscc"].as_str().unwrap().to_owned(), firm["change"].as_str().unwrap().to_owned(), firm["members"].clone())).collect::<Vec<_>>();
        let suspended = json!([{ "member": "/status", "from": "active", "to": "suspended" }]);
        let [one, other] = firms(&diff).try_into().unwrap();
        assert_eq!([&one, &other].map(|firm| firm.1.as_str()), if one.0 == ENT_03 { ["changed", "scheduled"] } else { ["scheduled", "changed"] });
        assert!([&one, &other].iter().any(|firm| (firm.0.as_str(), &firm.2) == (ENT_03, &suspended)), "{diff}");
        assert_eq!(firms(&then).iter().filter(|firm| firm.2 == suspended).count(), 2);

        // Page by page, and as a table.
        let first = shown(app, &format!("/v1/listings/diff?from={from}&to={to}&limit=3"));
        let rest = shown(app, &format!("/v1/listings/diff?from={from}&to={to}&limit=3&after={}", first["next"].as_str().unwrap()));
        let sizes = |page: &Value| (page["items"].as_array().unwrap().len(), page["enterprises"].as_array().unwrap().len());
        assert_eq!((sizes(&first), sizes(&rest), &rest["next"]), ((3, 0), (1, 2), &Value::Null));
        let (mut after, mut found) = (String::new(), Vec::new());
        for _ in 0..6 {
            let page = shown(app, &format!("/v1/listings/diff?from={from}&to={to}&limit=1{after}"));
            found.push(sizes(&page));
            after = format!("&after={}", page["next"].as_str().unwrap_or_default());
        }
        assert_eq!((found, after.as_str()), (vec![(1, 0), (1, 0), (1, 0), (1, 0), (0, 1), (0, 1)], "&after="), "one cursor leads through all");
        let csv = app.auditor().send("GET", &format!("/v1/listings/diff.csv?from={from}&to={to}"), &[("Accept-Language", "en")], b"").text().to_owned();
        assert!(csv.contains(&format!("\"{varied}\",\"{ENT_01}\",\"changed\",\"/approved\"")), "{csv}");
        assert!(csv.contains(&format!("\"\",\"{ENT_03}\",\"changed\",\"/status\",\"active\",\"suspended\"")), "{csv}");
        let xlsx = app.auditor().get(&format!("/v1/listings/diff.xlsx?from={from}&to={to}"));
        assert!(xlsx.body.starts_with(b"PK"));

        // An enterprise sees its own only; the wrong way round and the future are told.
        let own = app.actor(whitelist::domain::actor::Role::EnterpriseApplicant, ENT_03, "applicant-3").get(&format!("/v1/listings/diff?from={from}&to={to}")).json();
        assert_eq!(sizes(&own), (1, 1));
        let turned = app.auditor().get(&format!("/v1/listings/diff?from={to}&to={from}"));
        assert_eq!((turned.status, &turned.json()["faults"][0]["pointer"]), (400, &json!("/from")));
        assert_eq!(app.auditor().get(&format!("/v1/listings/diff?from={from}&to={}", to.0 + 1)).status, 503);
    }
}

on_both! {
    fn the_log_is_read_in_sentences(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let from = app.settle();
        app.change(json!([{ "kind": "vary", "listing": number, "effective_on": "2026-08-12", "set": { "quantity": "100" }, "reason": { "code": "quantity_changed" } }]));
        let entries = |lang: &str| {
            let target = format!("/v1/log/entries?after={from}&entity=listing:{number}");
            app.auditor().send("GET", &target, &[("Accept-Language", lang)], b"").json()["items"][0].clone()
        };
        let (zh, en) = (entries("zh-CN"), entries("en"));
        let said = zh["sentence"].as_str().unwrap();
        assert!(said.contains(&format!("变更了名单 {number}：")) && said.contains("数量由 200 改为 100") && said.contains("2026年8月12日 12:00:00（北京时间）"), "{said}");
        let said = en["sentence"].as_str().unwrap();
        assert!(said.contains(&format!("varied listing {number}:")) && said.contains("quantity from 200 to 100"), "{said}");
        assert_eq!(zh["link"], json!(format!("/v1/listings/{number}")));
        let pair = zh["pairs"].as_array().unwrap().iter().find(|pair| pair["path"] == "/quantity_in_finer_unit").unwrap();
        assert_eq!((&pair["name"], &pair["before"], &pair["after"]), (&json!("数量"), &json!("200"), &json!("100")));
        // Every entry since the log began has one.
        let all = app.auditor().get("/v1/log/entries?limit=200").json();
        assert!(all["items"].as_array().unwrap().iter().all(|entry| !entry["sentence"].as_str().unwrap().contains(entry["type"].as_str().unwrap())));
    }
}
