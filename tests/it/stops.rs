//! Emergency stops: at once and for every day, a second person in time, a lapse that is on record and loud.

use crate::lookups::{ENT_05, ENT_10, ask, number_of, question};
use crate::support::app::TestApp;
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;
use whitelist::domain::listing_number::ListingNumber;
use whitelist::domain::validity::Instant;

pub fn stop(app: &TestApp, class: Value) -> Response {
    let body = json!({ "scheme": "beijing-2022", "class": class, "reason": { "code": "risk_found" } });
    app.officer().post("/v1/stops", &body)
}

fn made(app: &TestApp, class: Value) -> (String, String) {
    let response = stop(app, class);
    assert_eq!(response.status, 201, "{}", response.text());
    (response.header("location").unwrap().to_owned(), response.header("etag").unwrap().to_owned())
}

fn verdict(app: &TestApp, uscc: &str, hs_code: &str, on: &str) -> String {
    let answer = ask(app, &format!("{}&declared_on={on}", question(uscc, hs_code)));
    answer["verdict"].as_str().unwrap().to_owned()
}

/// Lets what lapses lapse at an instant; returns how much that was.
fn at(app: &TestApp, instant: &str) -> usize {
    app.set_time(instant);
    let instant = Instant::parse(instant).unwrap();
    app.inside().lapse_stops(instant).unwrap() + app.inside().lapse_proposals(instant).unwrap()
}

fn metric(app: &TestApp, name: &str) -> String {
    let response = app.client().send("GET", "/metrics", &[], b"");
    let text = response.text();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.rsplit(' ').next().unwrap().to_owned()
}

on_both! {
    fn one_officer_stops_at_once_for_every_day_and_a_second_person_confirms(app) {
        let number = number_of(app, ENT_05, "2937500000");
        let before = verdict(app, ENT_05, "2937500000", "2026-08-01");
        assert_eq!(before, "allowed");
        let revision = app.inside().head().unwrap();
        let (place, etag) = made(app, json!({ "kind": "listing", "value": number }));
        for on in ["2026-08-01", "2026-08-12", "2026-09-01"] {
            assert_eq!(verdict(app, ENT_05, "2937500000", on), "denied", "{on}");
        }
        // As it was known before, it is answered as before.
        let replayed = ask(app, &format!("{}&as_of_revision={revision}", question(ENT_05, "2937500000")));
        assert_eq!(replayed["verdict"], "allowed");
        assert_eq!(metric(app, "whitelist_stops_unconfirmed"), "1");

        // The same person may not confirm, whatever the role; a stale view gets nothing; another person confirms.
        let same = app.actor(Role::BureauApprover, "bj-commerce", "officer-1").act(&format!("{place}/confirm"), &etag);
        assert_eq!((same.status, same.json()["rule"].clone()), (422, json!("four_eyes")));
        assert_eq!(app.approver().act(&format!("{place}/confirm"), "\"1\"").status, 412);
        let confirmed = app.approver().act(&format!("{place}/confirm"), &etag);
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        assert_eq!((confirmed.json()["stage"].clone(), confirmed.json()["review_on"].clone()), (json!("confirmed"), json!("2026-09-11")));
        assert_eq!(metric(app, "whitelist_stops_unconfirmed"), "0");
        let fresh = confirmed.header("etag").unwrap().to_owned();
        assert_eq!(app.approver().act(&format!("{place}/confirm"), &fresh).status, 409);
        let lift = json!({ "reason": { "code": "rectified" } }).to_string();
        let headers = [("If-Match", fresh.as_str()), ("Content-Type", "application/json")];
        let lifted = app.approver().send("POST", &format!("{place}/lift"), &headers, lift.as_bytes());
        assert_eq!((lifted.status, lifted.json()["rule"].clone()), (422, json!("lift_by_adjustment")));

        // It outlives its hours, and an adjustment of two people lifts it from a day on.
        assert_eq!(at(app, "2026-08-20T04:00:00.000000Z"), 0);
        assert_eq!(verdict(app, ENT_05, "2937500000", "2026-08-20"), "denied");
        let id = place.rsplit('/').next().unwrap().to_owned();
        app.change(json!([{ "kind": "lift_stop", "stop": id, "effective_on": "2026-08-21", "reason": { "code": "rectified" } }]));
        assert_eq!(verdict(app, ENT_05, "2937500000", "2026-08-20"), "denied");
        assert_eq!(verdict(app, ENT_05, "2937500000", "2026-08-21"), "allowed");
        let shown = app.auditor().get(&place).json();
        assert_eq!((shown["stage"].clone(), shown["adjustment"].is_string()), (json!("lifted"), true));
    }
}

on_both! {
    fn on_its_day_of_review_a_stop_comes_back_to_the_bureau_once(app) {
        let (place, etag) = made(app, json!({ "kind": "enterprise", "value": ENT_05 }));
        assert_eq!(app.approver().act(&format!("{place}/confirm"), &etag).json()["review_on"], "2026-09-11");
        let reviews = |app: &TestApp| {
            let inbox = app.officer().get("/v1/inbox?limit=200").json();
            let told = inbox["items"].as_array().unwrap().iter().filter(|told| told["kind"] == "stop_to_review");
            told.map(|told| told["about"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        app.day_comes("2026-09-10");
        assert!(reviews(app).is_empty());
        // A run that was missed is made up for, and one that runs again says nothing new.
        app.day_comes("2026-09-13");
        app.day_comes("2026-09-14");
        assert_eq!(reviews(app), [place]);
    }
}

on_both! {
    fn what_nobody_confirms_lapses_on_record_and_raises_an_alarm(app) {
        let (place, etag) = made(app, json!({ "kind": "enterprise", "value": ENT_05 }));
        assert_eq!(verdict(app, ENT_05, "2937500000", "2026-08-12"), "denied");
        assert_eq!(verdict(app, ENT_10, "2937500000", "2026-08-12"), "allowed");
        assert_eq!(at(app, "2026-08-13T03:59:59.999999Z"), 0);

        // Its time has passed but nobody has recorded it: it still holds, and it is too late to confirm.
        app.set_time("2026-08-13T04:00:00.000000Z");
        assert_eq!(verdict(app, ENT_05, "2937500000", "2026-08-13"), "denied");
        let late = app.approver().act(&format!("{place}/confirm"), &etag);
        assert_eq!((late.status, late.json()["rule"].clone()), (422, json!("confirm_too_late")));

        assert_eq!(at(app, "2026-08-13T04:00:00.000000Z"), 1);
        assert_eq!(at(app, "2026-08-13T04:00:00.000000Z"), 0);
        let revision = app.settle();
        assert_eq!(verdict(app, ENT_05, "2937500000", "2026-08-12"), "allowed");
        assert_eq!(metric(app, "whitelist_stops_lapsed"), "1");
        let shown = app.auditor().get(&place).json();
        assert_eq!((shown["stage"].clone(), shown["holds"].clone()), (json!("lapsed"), json!(false)));
        let replayed = ask(app, &format!("{}&as_of_revision={}", question(ENT_05, "2937500000"), revision.0 - 1));
        assert_eq!(replayed["verdict"], "denied");
    }
}

on_both! {
    fn a_second_person_lifts_a_stop_that_is_not_confirmed(app) {
        let (place, etag) = made(app, json!({ "kind": "hs_prefix", "value": "29" }));
        assert_eq!(verdict(app, ENT_10, "2937500000", "2026-08-12"), "denied");
        let lift = json!({ "reason": { "code": "rectified" } }).to_string();
        let headers = [("If-Match", etag.as_str()), ("Content-Type", "application/json")];
        let own = app.actor(Role::BureauApprover, "bj-commerce", "officer-1").send("POST", &format!("{place}/lift"), &headers, lift.as_bytes());
        assert_eq!((own.status, own.json()["rule"].clone()), (422, json!("four_eyes")));
        let lifted = app.approver().send("POST", &format!("{place}/lift"), &headers, lift.as_bytes());
        assert_eq!((lifted.status, lifted.json()["stage"].clone()), (200, json!("lifted")), "{}", lifted.text());
        assert_eq!(verdict(app, ENT_10, "2937500000", "2026-08-12"), "allowed");
        let page = app.officer().get("/v1/stops?stage=lifted").json();
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(app.officer().get("/v1/stops?stage=emergency").json()["items"], json!([]));
    }
}

on_both! {
    fn what_does_not_exist_is_not_stopped(app) {
        let nowhere = (1..).find_map(|serial| ListingNumber::new("BJ", 2020, serial)).unwrap();
        for (class, rule) in [
            (json!({ "kind": "listing", "value": nowhere }), "listing_unknown"),
            (json!({ "kind": "enterprise", "value": "91350100M000100Y43" }), "enterprise_unknown"),
        ] {
            let response = stop(app, class.clone());
            assert_eq!((response.status, response.json()["rule"].clone()), (422, json!(rule)), "{class}");
        }
        let faulty = app.officer().post("/v1/stops", &json!({ "class": { "kind": "everything", "value": 1 } }));
        let pointers: Vec<String> = faulty.json()["faults"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap().to_owned()).collect();
        assert_eq!((faulty.status, pointers), (400, vec!["/scheme".to_owned(), "/class/kind".to_owned(), "/class/value".to_owned(), "/reason".to_owned()]));
    }
}

on_both! {
    fn a_proposal_that_nobody_decides_on_lapses_on_record(app) {
        let number = number_of(app, ENT_05, "2937500000");
        let change = json!({ "kind": "suspend", "listing": number, "effective_on": "2026-12-01", "reason": { "code": "risk_found" } });
        let proposed = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": [change] }));
        let place = proposed.header("location").unwrap().to_owned();
        assert_eq!(at(app, "2026-09-11T15:00:00.000000Z"), 0);
        assert_eq!(at(app, "2026-09-12T01:00:00.000000Z"), 1);
        let shown = app.officer().get(&place);
        let etag = shown.header("etag").unwrap().to_owned();
        assert_eq!((shown.json()["state"].clone(), shown.json()["decided_by"].clone()), (json!("lapsed"), Value::Null));
        assert_eq!(app.approver().act(&format!("{place}/confirm"), &etag).status, 409);
        let entries = app.inside().head().unwrap();
        assert_eq!(at(app, "2026-12-01T01:00:00.000000Z"), 0);
        assert_eq!(app.inside().head().unwrap(), entries);
    }
}

on_both! {
    fn a_variation_takes_terms_away(app) {
        let number = number_of(app, ENT_05, "2937500000");
        let vary = |set: Value, clear: Value| {
            let mut change = json!({ "kind": "vary", "listing": number, "effective_on": "2026-08-12", "reason": { "code": "quantity_changed" } });
            if !set.is_null() { change["set"] = set; }
            if !clear.is_null() { change["clear"] = clear; }
            json!([change])
        };
        app.change(vary(json!({ "consignment_cap": "0.00001", "customs_offices": ["0109"], "note": "只在天竺" }), Value::Null));
        let shown = app.officer().get(&format!("/v1/listings/{number}")).json();
        assert_eq!((shown["customs_offices"].clone(), shown["note"].clone()), (json!(["0109"]), json!("只在天竺")));
        app.change(vary(Value::Null, json!(["consignment_cap", "customs_offices", "note", "cas"])));
        let shown = app.officer().get(&format!("/v1/listings/{number}")).json();
        for member in ["consignment_cap", "customs_offices", "note"] {
            assert_eq!(shown[member], Value::Null, "{member}");
        }
        assert_eq!(shown["item"]["cas"], Value::Null);
        // What is gone already is no change.
        let again = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": vary(Value::Null, json!(["cas"])) }));
        assert_eq!((again.status, again.json()["rule"].clone()), (422, json!("nothing_changes")));
    }
}

#[test]
fn every_reason_is_listed_with_the_act_it_rests_on() {
    let app = TestApp::start(crate::support::app::Database::Sqlite);
    let page = app.customs().get("/v1/change-reasons").json();
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), whitelist::domain::adjustment::ReasonCode::ALL.len());
    assert!(
        items
            .iter()
            .any(|item| item["code"] == "risk_found" && item["legal_basis"]["en"].as_str().unwrap().contains("61"))
    );
}
