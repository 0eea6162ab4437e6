//! What becomes of reservations: events on their listings, age, outage, release against the answer, raw messages.

use super::{HS, act, balance, declaration, grams, ok, place, position, refused, reserve};
use crate::lookups::{ENT_03, number_of};
use crate::support::app::TestApp;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;

fn sweep(app: &TestApp) -> usize {
    app.inside().lapse_reservations(app.clock.now()).unwrap()
}

fn suspend(app: &TestApp, kind: &str) {
    let number = number_of(app, ENT_03, HS);
    app.change(json!([{ "kind": kind, "listing": number, "effective_on": "2026-08-12", "reason": { "code": "risk_found", "basis": "演练" } }]));
}

fn board(app: &TestApp, query: &str) -> Vec<(String, Value)> {
    let page = app.drawing().get(&format!("/v1/declarations?{query}")).json();
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items.iter().map(|item| (item["number"].as_str().unwrap().to_owned(), item["due"].clone())).collect()
}

on_both! {
    fn a_suspended_listing_holds_and_a_removed_one_gives_back(app) {
        let customs = app.drawing();
        reserve(&customs, 1, 1, &[grams(1, "10")]);
        reserve(&customs, 2, 1, &[grams(1, "20")]);
        suspend(app, "suspend");
        assert_eq!(refused(&customs.post(&format!("{}/release", place(1)), &json!({ "sequence": 2 }))), ["1 suspended"]);
        assert_eq!(refused(&customs.put(&place(3), &position(1, &[grams(1, "1")]))), ["1 suspended"]);
        assert_eq!(sweep(app), 0, "what is held stays reserved");
        assert_eq!(balance(app), ["30", "0", "0", "70"]);
        suspend(app, "reinstate");
        act(&customs, 1, "release", &json!({ "sequence": 2 }));

        suspend(app, "remove");
        assert_eq!(sweep(app), 1);
        assert_eq!(sweep(app), 0);
        assert_eq!(balance(app), ["0", "10", "0", "90"]);
        let lapsed = customs.get(&place(2)).json();
        assert_eq!((&lapsed["state"], &lapsed["reason"]["code"], &lapsed["org"]), (&json!("lapsed"), &json!("removed"), &json!("system")));
        let late = customs.post(&format!("{}/release", place(2)), &json!({ "sequence": 2 }));
        assert_eq!(late.status, 409);
        assert!(late.json()["detail"].as_str().unwrap().contains("removed"), "{}", late.text());
        // The answer to a message stays what it was, and a released one is put right whatever became of its listing.
        assert_eq!(reserve(&customs, 2, 1, &[grams(1, "20")])["state"], "reserved");
        act(&customs, 1, "correct", &json!({ "sequence": 3, "reason": { "code": "other", "basis": "复磅" }, "lines": [{ "line": 1, "quantity": "9", "unit": "036" }] }));
        assert_eq!(balance(app), ["0", "9", "0", "91"]);
    }
}

on_both! {
    fn what_customs_never_finishes_is_shown_reminded_of_and_lapses(app) {
        reserve(&app.drawing(), 1, 1, &[grams(1, "10")]);
        app.set_time("2026-08-20T04:00:00.000000Z");
        reserve(&app.drawing(), 2, 1, &[grams(1, "5")]);
        assert_eq!(board(app, "state=reserved&older_than_days=7"), [(declaration(1), json!(null))]);
        app.set_time("2026-08-26T04:00:00.000000Z");
        assert_eq!(board(app, "state=reserved"), [(declaration(1), json!("remind")), (declaration(2), json!(null))]);
        assert_eq!(sweep(app), 0);
        app.set_time("2026-11-10T04:00:00.000000Z");
        assert_eq!(board(app, "state=reserved")[0].1, json!("expire"));
        assert_eq!(sweep(app), 1);
        assert_eq!(board(app, "state=lapsed"), [(declaration(1), json!(null))]);
        assert_eq!(app.drawing().get(&place(1)).json()["reason"]["code"], "not_finished");
        assert_eq!(balance(app), ["5", "0", "0", "95"]);
        // If the goods still come, it is stated anew.
        reserve(&app.drawing(), 1, 2, &[grams(1, "10")]);
        assert_eq!(board(app, "state=reserved").len(), 2);
        let listing = number_of(app, ENT_03, HS);
        assert_eq!(board(app, &format!("state=reserved&listing={listing}&enterprise={ENT_03}")).len(), 2);
    }
}

on_both! {
    fn what_happened_on_paper_is_judged_as_of_then(app) {
        app.set_time("2026-08-12T05:00:00.000000Z");
        suspend(app, "suspend");
        app.set_time("2026-08-12T06:00:00.000000Z");
        let customs = app.drawing();
        let mut reported = position(1, &[grams(1, "10")]);
        assert_eq!(refused(&customs.put(&place(1), &reported)), ["1 suspended"]);
        reported["occurred_at"] = json!("2026-08-12T12:30:00+08:00");
        let booked = ok(&customs.put(&place(1), &reported));
        assert_eq!((&booked["occurred_at"], &booked["declared_on"]), (&json!("2026-08-12T04:30:00.000000Z"), &json!("2026-08-12")));
        act(&customs, 1, "release", &json!({ "sequence": 2, "occurred_at": "2026-08-12T04:45:00Z" }));
        assert_eq!(balance(app), ["0", "10", "0", "90"]);
        // The quantity is what is left now.
        let mut more = position(1, &[grams(1, "90.00001")]);
        more["occurred_at"] = json!("2026-08-12T04:30:00Z");
        assert_eq!(refused(&customs.put(&place(2), &more)), ["1 quantity_exceeds_remaining"]);
        for (instant, code) in [("2026-08-12T06:00:01Z", "occurred_in_future"), ("2026-07-12T04:00:00Z", "occurred_too_long_ago")] {
            more["occurred_at"] = json!(instant);
            let response = customs.put(&place(2), &more);
            assert_eq!((response.status, crate::lookups::faults(&response.json())), (400, vec![("/occurred_at", code)]));
        }
    }
}

on_both! {
    fn an_answer_says_when_the_list_moved_since_the_lookup(app) {
        let customs = app.drawing();
        let looked_up = crate::lookups::ask(app, &crate::lookups::question(ENT_03, HS))["revision"].clone();
        let mut stated = position(1, &[grams(1, "10")]);
        stated["looked_up_at_revision"] = looked_up.clone();
        let same = ok(&customs.put(&place(1), &stated));
        assert_eq!((&same["list_moved"], &same["moved_lines"]), (&json!(false), &json!([])));
        suspend(app, "suspend");
        stated["sequence"] = json!(2);
        let response = customs.put(&place(1), &stated);
        assert_eq!(refused(&response), ["1 suspended"]);
        assert_eq!(response.json()["lines"][0]["was"], "allowed");
        let suspended_at = crate::lookups::ask(app, &crate::lookups::question(ENT_03, HS))["revision"].clone();
        suspend(app, "reinstate");
        stated["looked_up_at_revision"] = suspended_at;
        let moved = ok(&customs.put(&place(1), &stated));
        assert_eq!((&moved["list_moved"], &moved["moved_lines"]), (&json!(true), &json!([{ "line": 1, "was": "denied", "now": "allowed" }])));
    }
}

on_both! {
    fn an_officer_releases_against_the_answer_and_the_bureau_reviews_it(app) {
        let officer = app.actor(Role::CustomsOfficer, "0101", "officer-at-customs");
        reserve(&app.drawing(), 9, 1, &[grams(1, "95")]);
        suspend(app, "suspend");
        let mut body = position(1, &[grams(1, "8")]);
        body["reason"] = json!({ "code": "urgent_goods" });
        let target = format!("{}/manual-release", place(1));
        assert_eq!(officer.post(&target, &body).status, 400, "the basis is required");
        body["reason"]["basis"] = json!("冷链货物");
        let released = ok(&officer.post(&target, &body));
        assert_eq!((&released["state"], &released["positions"][0]["excess"]["quantity"]), (&json!("released"), &json!("3")));
        assert_eq!(balance(app), ["95", "5", "3", "0"]);
        assert_eq!(ok(&officer.post(&target, &body)), released, "sent twice, booked once");

        let unreviewed = app.officer().get("/v1/manual-releases?state=unreviewed").json();
        let item = &unreviewed["items"][0];
        assert_eq!(item["overridden"], json!([{ "line": 1, "reasons": ["suspended", "quantity_exceeds_remaining"] }]));
        let path = format!("/v1/manual-releases/{}", item["id"].as_str().unwrap());
        let seen = app.officer().get(&path);
        let etag = seen.header("etag").unwrap().to_owned();
        let review = json!({ "outcome": "objected", "basis": "应当等待恢复" });
        let send = |etag: &str| app.officer().send("POST", &format!("{path}/review"), &[("Content-Type", "application/json"), ("If-Match", etag)], review.to_string().as_bytes());
        assert_eq!(send("\"1\"").status, 412);
        let reviewed = ok(&send(&etag));
        assert_eq!((&reviewed["state"], &reviewed["review_basis"]), (&json!("objected"), &json!("应当等待恢复")));
        assert_eq!(send(&format!("\"{}\"", reviewed["revision"])).status, 409);
        assert_eq!(app.officer().get("/v1/manual-releases?state=unreviewed").json()["items"], json!([]));
        let elsewhere = app.actor(Role::CustomsOfficer, "5301", "elsewhere");
        assert_eq!(elsewhere.get(&path).status, 404);
        let csv = app.officer().get("/v1/manual-releases.csv");
        assert!(csv.text().lines().count() == 2 && csv.text().contains("复核不认可") && csv.text().contains("1: suspended quantity_exceeds_remaining"), "{}", csv.text());
        let none = [app.officer().get("/v1/manual-releases.csv?state=unreviewed"), elsewhere.get("/v1/manual-releases.csv")];
        assert!(none.iter().all(|csv| csv.text().lines().count() == 1));
    }
}

on_both! {
    fn raw_messages_are_kept_refused_ones_too(app) {
        let customs = app.drawing();
        reserve(&customs, 1, 1, &[grams(1, "10")]);
        refused(&customs.put(&place(1), &position(2, &[grams(1, "101")])));
        customs.put(&place(1), &json!({ "sequence": 3 }));
        app.inside().messages.flush();
        let page = customs.get(&format!("/v1/draw-messages?declaration={}", declaration(1))).json();
        let told: Vec<(i64, i64)> = page["items"].as_array().unwrap().iter().map(|item| (item["sequence"].as_i64().unwrap(), item["status"].as_i64().unwrap())).collect();
        assert_eq!(told.len(), 3);
        assert!(told.contains(&(1, 200)) && told.contains(&(2, 422)) && told.contains(&(3, 400)), "{told:?}");
        let first = page["items"].as_array().unwrap().iter().find(|item| item["status"] == 422).unwrap();
        let message = app.auditor().get(&format!("/v1/draw-messages/{}", first["id"].as_str().unwrap())).json();
        assert_eq!(message["request"], position(2, &[grams(1, "101")]).to_string());
        assert!(message["answer"].as_str().unwrap().contains("quantity_exceeds_remaining"));
        let elsewhere = app.actor(Role::CustomsDraw, "5301", "elsewhere");
        assert_eq!(elsewhere.get(&format!("/v1/draw-messages/{}", first["id"].as_str().unwrap())).status, 404);
        assert_eq!(elsewhere.get(&format!("/v1/draw-messages?declaration={}", declaration(1))).json()["items"], json!([]));
    }
}

on_both! {
    fn a_grant_may_fall_below_what_is_reserved_but_not_below_what_is_used(app) {
        let customs = app.drawing();
        reserve(&customs, 1, 1, &[grams(1, "30")]);
        act(&customs, 1, "release", &json!({ "sequence": 2 }));
        reserve(&customs, 2, 1, &[grams(1, "60")]);
        let number = number_of(app, ENT_03, HS);
        let vary = |quantity: &str| json!([{ "kind": "vary", "listing": number, "effective_on": "2026-08-12", "set": { "quantity": quantity }, "reason": { "code": "quantity_changed" } }]);
        let below = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": vary("29") }));
        assert_eq!((below.status, below.json()["rule"].as_str()), (422, Some("below_used")));
        let proposed = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": vary("50") })).json();
        let preview = app.officer().get(&format!("/v1/adjustments/{}/preview", proposed["id"].as_str().unwrap())).json();
        assert_eq!(preview["changes"][0]["open_reservations"], json!({ "count": 1, "honour": 1, "hold": 0, "give_back": 0 }), "{preview}");
        app.change(vary("50"));
        assert_eq!(balance(app), ["60", "30", "0", "0"]);
        assert_eq!(refused(&customs.put(&place(3), &position(1, &[grams(1, "1")]))), ["1 quantity_exceeds_remaining"]);
        act(&customs, 2, "release", &json!({ "sequence": 2 }));
        assert_eq!(balance(app), ["0", "90", "0", "0"]);
    }
}
