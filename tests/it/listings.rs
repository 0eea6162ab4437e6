//! The list as people read it: filters, pages, versions, balances, workbooks, and who sees what of it.

use crate::lookups::{ENT_01, ENT_03, ENT_05, ENT_10, faults, number_of};
use crate::support::app::{Actor, TestApp};
use crate::support::on_both;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use whitelist::domain::actor::Role;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Listings of the sample data.
const ALL: usize = 20;

fn page(actor: &Actor, query: &str) -> Value {
    let response = actor.get(&format!("/v1/listings?{query}"));
    assert_eq!(response.status, 200, "{query}: {}", response.text());
    response.json()
}

fn numbers(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["number"].as_str().unwrap().to_owned()).collect()
}

/// Follows the cursors to the end.
fn all_pages(actor: &Actor, query: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let page = page(actor, &format!("{query}&limit={limit}{after}"));
        let found = page["items"].as_array().unwrap().clone();
        assert!(found.len() <= limit);
        items.extend(found);
        let Some(next) = page["next"].as_str() else { return items };
        after = format!("&after={next}");
    }
}

fn with_note(app: &TestApp, note: &str) -> String {
    app.change(json!([{
        "kind": "add", "enterprise": ENT_01, "item": { "name_zh": "氢化可的松", "cas": "50-23-7", "hs_code": "2937210000" }, "quantity": "10", "unit": "035",
        "used": "2.5", "batch": "2026-08", "note": note, "valid_from": "2026-08-12", "valid_to": "2027-08-11", "reason": { "code": "take_over" }
    }]));
    number_of(app, ENT_01, "2937210000")
}

on_both! {
    fn filters_narrow_the_list(app) {
        let auditor = app.auditor();
        let count = |query: &str| numbers(&page(&auditor, query)).len();
        assert_eq!(count(""), ALL);
        for (query, expected) in [
            ("enterprise=91110114XFXTR005XC", 6),
            ("enterprise=91110105XFXTR00841", 0),
            ("hs_code=2941500000", 4),
            ("hs_code=2941500000&enterprise=91110108XFXTR0105W", 2),
            ("hs_code=9705000000", 0),
            ("status=in_force", 17),
            ("status=expired", 1),
            ("status=suspended", 1),
            ("status=removed", 1),
            ("status=future", 0),
            ("status=future&valid_on=2025-12-31", 19),
            ("status=suspended&valid_on=2026-06-30", 0),
            ("status=in_force&valid_on=2026-06-30&enterprise=91110115XFXTR0068T", 1),
            ("status=expired&valid_on=2028-01-01", 18),
            // Part of a name in either language, folded; a CAS number; a listing number.
            ("q=%E7%BA%A2%E9%9C%89%E7%B4%A0", 4),
            ("q=ERYTHROMYCIN", 3),
            ("q=%EF%BC%A5%EF%BD%92%EF%BD%99throm", 3),
            ("q=27262-47-1", 2),
            ("q=bj-2026-", ALL),
            ("q=nothing%20of%20the%20kind", 0),
            ("q=erythromycin&enterprise=91110108XFXTR0105W&status=in_force", 1),
            ("batch=2026-08", 0),
        ] {
            assert_eq!(count(query), expected, "{query}");
        }
        let before = app.inside().head().unwrap();
        let number = with_note(app, "注");
        assert_eq!((count(""), count(&format!("as_of_revision={before}")), count("as_of_revision=1")), (ALL + 1, ALL, 0));
        assert_eq!(numbers(&page(&auditor, "batch=2026-08")), [number.as_str()]);
        assert_eq!(numbers(&page(&auditor, &format!("q={number}"))), [number.as_str()]);
        assert_eq!(auditor.get(&format!("/v1/listings/{number}?as_of_revision={before}")).status, 404);
        let later = app.inside().head().unwrap().0 + 1;
        for target in [format!("/v1/listings?as_of_revision={later}"), format!("/v1/listings/{number}?as_of_revision={later}")] {
            let response = auditor.get(&target);
            assert_eq!((response.status, response.json()["type"].as_str()), (503, Some("/problems/not-yet-current")));
        }
    }
}

on_both! {
    fn pages_joined_are_the_whole_list(app) {
        let auditor = app.auditor();
        for query in ["", "status=in_force", "hs_code=2941500000", "enterprise=91110108XFXTR0105W", "q=erythromycin", "valid_on=2026-06-01", "q=nothing"] {
            let whole = page(&auditor, &format!("{query}&limit=200"));
            assert_eq!(whole["next"], Value::Null, "{query}");
            let mut sorted = numbers(&whole);
            sorted.sort();
            assert_eq!(numbers(&whole), sorted, "in order of number");
            for limit in [1, 2, 3, 7, 19, 20, 21, 200] {
                assert_eq!(&all_pages(&auditor, query, limit), whole["items"].as_array().unwrap(), "{query} by {limit}");
            }
        }
        let usccs = |limit: usize| {
            let (mut found, mut after) = (Vec::new(), String::new());
            loop {
                let page = auditor.get(&format!("/v1/enterprises?limit={limit}{after}")).json();
                found.extend(page["items"].as_array().unwrap().iter().map(|item| item["uscc"].as_str().unwrap().to_owned()));
                let Some(next) = page["next"].as_str() else { return found };
                after = format!("&after={next}");
            }
        };
        let whole = usccs(200);
        assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 12);
        assert!([1, 5, 11, 12, 13].into_iter().all(|limit| usccs(limit) == whole));
        for (query, pointer, code) in [
            ("limit=0", "/limit", "limit_out_of_range"),
            ("limit=201", "/limit", "limit_out_of_range"),
            ("limit=ten", "/limit", "limit_out_of_range"),
            ("after=%00", "/after", "cursor_format"),
            ("status=there", "/status", "value_unknown"),
            ("valid_on=2026-02-30", "/valid_on", "date_format"),
            ("enterprise=1", "/enterprise", "uscc_length"),
            ("surprise=1", "/surprise", "unknown_member"),
        ] {
            let response = auditor.get(&format!("/v1/listings?{query}"));
            assert_eq!((response.status, faults(&response.json())), (400, vec![(pointer, code)]), "{query}");
        }
    }
}

on_both! {
    fn versions_and_balance_tell_the_life_of_a_listing(app) {
        let (number, auditor) = (with_note(app, "注"), app.auditor());
        app.change(json!([{ "kind": "vary", "listing": number, "effective_on": "2026-09-01", "set": { "quantity": "8" }, "reason": { "code": "quantity_changed", "basis": "会议纪要" } }]));
        app.change(json!([{ "kind": "suspend", "listing": number, "effective_on": "2026-08-20", "reason": { "code": "risk_found" } }]));
        let target = format!("/v1/listings/{number}");
        let whole = auditor.get(&format!("{target}/versions")).json();
        let told: Vec<(i64, &str, &str, &str)> = whole["items"].as_array().unwrap().iter()
            .map(|version| (version["version"].as_i64().unwrap(), version["change"].as_str().unwrap(), version["effective_on"].as_str().unwrap(), version["approved"]["quantity"].as_str().unwrap()))
            .collect();
        // The suspension runs on into the version that was scheduled before it.
        assert_eq!(told, [(1, "add", "2026-08-12", "10"), (2, "vary", "2026-09-01", "8"), (3, "suspend", "2026-08-20", "10"), (4, "vary", "2026-09-01", "8")]);
        assert_eq!((&whole["items"][1]["reason"], &whole["items"][3]["status"]), (&json!({ "code": "quantity_changed", "basis": "会议纪要" }), &json!("suspended")));
        let first = auditor.get(&format!("{target}/versions?limit=3")).json();
        let rest = auditor.get(&format!("{target}/versions?limit=3&after={}", first["next"].as_str().unwrap())).json();
        assert_eq!((first["items"].as_array().unwrap().len(), &rest["items"][0], &rest["next"]), (3, &whole["items"][3], &Value::Null));
        for (day, quantity, status) in [("2026-08-11", "10", "future"), ("2026-08-19", "10", "in_force"), ("2026-08-20", "10", "suspended"), ("2026-09-01", "8", "suspended"), ("2027-08-12", "8", "suspended")] {
            let seen = auditor.get(&format!("{target}?valid_on={day}")).json();
            assert_eq!((seen["approved"]["quantity"].as_str(), seen["status"].as_str()), (Some(quantity), Some(status)), "{day}");
        }

        let kilograms = |quantity: &str| json!({ "quantity": quantity, "unit": "035" });
        let balance = auditor.get(&format!("{target}/balance"));
        assert_eq!(balance.json(), json!({ "approved": kilograms("10"), "reserved": kilograms("0"), "confirmed": kilograms("2.5"), "excess": kilograms("0"), "remaining": kilograms("7.5") }));
        let seen = auditor.get(&target);
        assert_eq!((&seen.json()["remaining"], seen.header("etag")), (&kilograms("7.5"), balance.header("etag")));
        app.set_time("2026-09-01T04:00:00.000000Z");
        assert_eq!(app.auditor().get(&format!("{target}/balance")).json()["remaining"], kilograms("5.5"));
        assert_eq!(app.auditor().get("/v1/listings/BJ-2026-000001-0").status, 404, "a number that cannot be names nothing");
    }
}

on_both! {
    fn the_tag_of_a_listing_is_its_last_entry(app) {
        let (one, other, auditor) = (number_of(app, ENT_01, "3004909099"), number_of(app, ENT_03, "2941500000"), app.auditor());
        let tag = |number: &str| auditor.get(&format!("/v1/listings/{number}")).header("etag").unwrap().to_owned();
        let (tag_one, tag_other) = (tag(&one), tag(&other));
        let revision = app.change(json!([{ "kind": "suspend", "listing": one, "effective_on": "2026-08-20", "reason": { "code": "risk_found" } }]));
        assert_ne!(tag(&one), tag_one);
        assert_eq!((tag(&one), tag(&other)), (format!("\"{}\"", revision - 1), tag_other));
        let seen = auditor.get(&format!("/v1/listings/{one}"));
        assert_eq!(seen.header("etag").unwrap(), format!("\"{}\"", seen.json()["revision"]));
    }
}

on_both! {
    fn an_export_imported_again_changes_nothing(app) {
        with_note(app, "含\"引号\"，逗号, 与分号;");
        app.change(json!([{ "kind": "suspend", "listing": number_of(app, ENT_05, "3002410090"), "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }]));
        let officer = app.officer();
        let before = app.inside().head().unwrap();
        for (format, media) in [("xlsx", XLSX), ("csv", "text/csv")] {
            let export = officer.get(&format!("/v1/listings.{format}"));
            assert!(export.header("content-disposition").unwrap().contains(&format!("listings.{format}")));
            let media_type = export.header("content-type").unwrap().split(';').next().unwrap();
            assert_eq!((export.status, media_type), (200, media));
            let import = officer.send("POST", "/v1/adjustments/import?scheme=beijing-2022&dry_run=true", &[("Content-Type", media)], &export.body);
            assert_eq!(import.status, 201, "{format}: {}", import.text());
            let import = import.json();
            assert_eq!((&import["rows"], &import["changes"], &import["adjustment"], &import["warnings"]), (&json!(ALL + 1), &json!(0), &Value::Null, &json!([])), "{format}");
        }
        let csv = officer.get("/v1/listings.csv?enterprise=91110114XFXTR005XC&status=in_force");
        assert_eq!(csv.text().trim_end().lines().count(), 1 + 5, "{}", csv.text());
        let shorter = csv.text().replace("前列腺素E1", "前列腺素E1（注射级）");
        let import = officer.send("POST", "/v1/adjustments/import?dry_run=true", &[("Content-Type", "text/csv")], shorter.as_bytes()).json();
        assert_eq!((&import["changes"], &import["preview"]["changes"][0]["kind"]), (&json!(1), &json!("vary")), "{import}");
        assert_eq!(app.inside().head().unwrap(), before, "a dry run is no entry");
    }
}

on_both! {
    fn an_enterprise_sees_its_own_listings_only(app) {
        let (mine, theirs) = (number_of(app, ENT_05, "2937500000"), number_of(app, ENT_10, "2937500000"));
        let agent = |headers: &[(&str, &str)], target: &str| app.actor(Role::EnterpriseAgent, ENT_01, "agent-1").send("GET", target, headers, b"");
        let applicant = app.actor(Role::EnterpriseApplicant, ENT_05, "ent-5");
        let as_applicant = |target: &str| applicant.get(target);
        let as_agent = |target: &str| agent(&[("Whitelist-Acting-For", ENT_05)], target);
        for get in [&as_applicant as &dyn Fn(&str) -> crate::support::client::Response, &as_agent] {
            let own = get("/v1/listings").json();
            assert_eq!(own["items"].as_array().unwrap().len(), 6);
            assert!(own["items"].as_array().unwrap().iter().all(|item| item["enterprise"] == ENT_05));
            assert_eq!(get(&format!("/v1/listings?enterprise={ENT_10}")).json()["items"], json!([]));
            assert_eq!(get(&format!("/v1/listings?q={theirs}")).json()["items"], json!([]));
            for part in ["", "/versions", "/balance"] {
                assert_eq!(get(&format!("/v1/listings/{mine}{part}")).status, 200);
                assert_eq!(get(&format!("/v1/listings/{theirs}{part}")).status, 404, "{part}");
            }
            assert_eq!(get(&format!("/v1/enterprises/{ENT_05}")).status, 200);
            assert_eq!(get(&format!("/v1/enterprises/{ENT_10}")).status, 404);
            let enterprises = get("/v1/enterprises").json();
            assert_eq!((enterprises["items"].as_array().unwrap().len(), &enterprises["items"][0]["uscc"]), (1, &json!(ENT_05)));
            let csv = get("/v1/listings.csv");
            assert_eq!(csv.text().matches(ENT_05).count(), 6);
            assert!(!csv.text().contains(ENT_10));
            assert_eq!(get("/v1/listings.xlsx").status, 200);
        }
        for target in ["/v1/listings".to_owned(), format!("/v1/listings/{mine}"), "/v1/enterprises".to_owned()] {
            let nobody = agent(&[], &target);
            assert_eq!((nobody.status, faults(&nobody.json())), (400, vec![("/Whitelist-Acting-For", "required")]), "{target}");
        }
        assert_eq!(app.actor(Role::Operator, "ops", "operator-1").get("/v1/listings").status, 403);
    }
}

on_both! {
    fn notes_are_for_the_bureau(app) {
        let number = with_note(app, "内部备注");
        let readers = [
            (app.officer(), true), (app.approver(), true), (app.auditor(), true), (app.actor(Role::BureauAdmin, "bj-commerce", "admin-1"), true),
            (app.customs(), false), (app.actor(Role::EnterpriseApplicant, ENT_01, "ent-1"), false),
            (app.actor(Role::DistrictOfficer, "110302", "district-1"), false), (app.actor(Role::AgencyReviewer, "bj-health", "reviewer-1"), false),
        ];
        for (reader, shown) in readers {
            let note = if shown { json!("内部备注") } else { Value::Null };
            assert_eq!(reader.get(&format!("/v1/listings/{number}")).json()["note"], note);
            assert_eq!(reader.get("/v1/listings?batch=2026-08").json()["items"][0]["note"], note);
            assert_eq!(reader.get(&format!("/v1/listings/{number}/versions")).json()["items"][0]["note"], note);
            assert_eq!(reader.get("/v1/listings.csv").text().contains("内部备注"), shown);
        }
    }
}
