//! The books of a listing: at every revision the movements so far add up to the balance, whoever looks at it; what was
//! kept of the messages goes when its time has come.

use super::{HS, act, declaration, grams, manual, ok, place, position, reserve};
use crate::lookups::{ENT_03, number_of};
use crate::support::app::{Actor, TestApp};
use crate::support::on_both;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use whitelist::domain::actor::Role;
use whitelist::domain::quantity::Quantity;

fn steps(measure: &Value) -> i128 {
    // Grams, the finer unit of the listing.
    assert_eq!(measure["unit"], "036", "{measure}");
    Quantity::parse(measure["quantity"].as_str().unwrap()).unwrap().steps()
}

/// All movements of the derivative, page by page.
fn movements(reader: &Actor, number: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = reader.get(&format!("/v1/listings/{number}/movements?limit=3{after}")).json();
        all.extend(page["items"].as_array().unwrap_or_else(|| panic!("{page}")).clone());
        let Some(next) = page["next"].as_str() else { return all };
        after = format!("&after={next}");
    }
}

/// Everything that can happen to a listing of 100 g.
fn story(app: &TestApp) -> String {
    let number = number_of(app, ENT_03, HS);
    let customs = app.drawing();
    reserve(&customs, 1, 1, &[grams(1, "10"), grams(2, "5.00001")]);
    reserve(&customs, 1, 2, &[grams(1, "12")]);
    reserve(&customs, 2, 1, &[json!({ "line": 1, "hs_code": HS, "quantity": "0.03", "unit": "035" })]);
    act(&customs, 1, "release", &json!({ "sequence": 3, "lines": [{ "line": 1, "quantity": "11.5", "unit": "036" }] }));
    act(
        &customs,
        1,
        "correct",
        &json!({ "sequence": 4, "reason": { "code": "weighing" }, "lines": [{ "line": 1, "quantity": "13", "unit": "036" }] }),
    );
    act(
        &customs,
        1,
        "correct",
        &json!({ "sequence": 5, "reason": { "code": "returned" }, "lines": [{ "line": 1, "quantity": "7", "unit": "036" }] }),
    );
    reserve(&customs, 3, 1, &[grams(1, "60")]);
    act(&customs, 2, "cancel", &json!({ "sequence": 2 }));
    let vary = |quantity: &str| {
        let set = json!({ "quantity": quantity });
        app.change(json!([{ "kind": "vary", "listing": number, "effective_on": "2026-08-12", "set": set, "reason": { "code": "quantity_changed" } }]));
    };
    vary("50");
    let officer = app.actor(Role::CustomsOfficer, "0101", "officer-at-customs");
    let mut by_hand = manual();
    by_hand["enterprise"] = json!(ENT_03);
    by_hand["lines"] = json!([grams(1, "8")]);
    ok(&officer.post(&format!("{}/manual-release", place(4)), &by_hand));
    vary("120");
    act(
        &customs,
        4,
        "correct",
        &json!({ "sequence": 2, "reason": { "code": "weighing" }, "lines": [{ "line": 1, "quantity": "6", "unit": "036" }] }),
    );
    app.set_time("2026-11-10T04:00:00.000000Z");
    assert_eq!(app.inside().lapse_reservations(app.clock.now()).unwrap(), 1);
    number
}

on_both! {
    fn the_movements_up_to_a_revision_are_the_balance_at_it(app) {
        let number = story(app);
        let reader = app.officer();
        let all = movements(&reader, &number);
        let mut accounts: BTreeMap<String, i128> = BTreeMap::new();
        let mut kinds: Vec<&str> = Vec::new();
        for (place, movement) in all.iter().enumerate() {
            let quantity = steps(&movement["quantity"]);
            assert!(quantity > 0, "{movement}");
            *accounts.entry(movement["debit"].as_str().unwrap().to_owned()).or_default() -= quantity;
            *accounts.entry(movement["credit"].as_str().unwrap().to_owned()).or_default() += quantity;
            kinds.push(movement["kind"].as_str().unwrap());
            let revision = movement["revision"].as_i64().unwrap();
            if all.get(place + 1).is_some_and(|next| next["revision"] == movement["revision"]) {
                continue;
            }
            let of = |account: &str| accounts.get(account).copied().unwrap_or_default();
            let after = ["reserved_after", "confirmed_after", "excess_after"].map(|name| steps(&movement[name]));
            assert_eq!([of("reserved"), of("confirmed"), of("excess")], after, "{movement}");
            assert_eq!(accounts.values().sum::<i128>(), 0, "every movement has two sides");
            assert_eq!(of("free") + of("reserved") + of("confirmed"), steps(&movement["approved"]), "{movement}");
            // The list as it was known at that revision says the same.
            let listing = reader.get(&format!("/v1/listings/{number}?as_of_revision={revision}")).json();
            assert_eq!(steps(&listing["remaining"]), of("free").max(0), "at {revision}: {listing}");
        }
        let mut known = kinds.clone();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known, ["confirmed", "corrected", "given_back", "granted", "reserved"], "every kind occurs");
        assert!(all.iter().any(|movement| movement["credit"] == "excess"), "also beyond the grant");
    }
}

on_both! {
    fn customs_bureau_and_enterprise_see_the_same_balance(app) {
        let number = story(app);
        let readers = [
            app.drawing(),
            app.customs(),
            app.officer(),
            app.auditor(),
            app.actor(Role::EnterpriseApplicant, ENT_03, "applicant-1"),
        ];
        let seen: Vec<[Value; 4]> = readers
            .iter()
            .map(|reader| {
                let balance = reader.get(&format!("/v1/listings/{number}/balance")).json();
                ["approved", "reserved", "confirmed", "remaining"].map(|name| balance[name]["quantity"].clone())
            })
            .collect();
        assert_eq!(seen[0], [json!("120"), json!("0"), json!("13"), json!("107")]);
        assert!(seen.iter().all(|balance| *balance == seen[0]), "{seen:?}");
        assert_eq!(movements(&readers[0], &number), movements(&readers[4], &number));
        let offices: Vec<Value> = movements(&readers[0], &number).iter().map(|movement| movement["customs_office"].clone()).collect();
        assert!(offices.iter().all(|office| office.is_null() || office == "0101"), "the office stands on every booking");
        let declared = |movement: &Value| movement["declaration"].is_null() == movement["customs_office"].is_null();
        assert!(movements(&readers[0], &number).iter().all(declared));
    }
}

on_both! {
    fn raw_messages_are_kept_for_two_years_and_then_deleted(app) {
        reserve(&app.drawing(), 1, 1, &[grams(1, "10")]);
        app.set_time("2027-08-12T04:00:00.000000Z");
        app.drawing().put(&place(2), &position(1, &[grams(1, "500")]));
        app.inside().messages.flush();
        let kept = |serial: u32| {
            let page = app.auditor().get(&format!("/v1/draw-messages?declaration={}", declaration(serial))).json();
            page["items"].as_array().unwrap_or_else(|| panic!("{page}")).len()
        };
        app.set_time("2028-08-11T04:00:00.000000Z");
        assert_eq!(app.inside().forget_messages(app.clock.now()).unwrap(), 0, "730 days are not over");
        assert_eq!((kept(1), kept(2)), (1, 1));
        app.set_time("2028-08-11T04:00:00.001000Z");
        assert_eq!(app.inside().forget_messages(app.clock.now()).unwrap(), 1);
        assert_eq!((kept(1), kept(2)), (0, 1), "the younger one stays");
        assert_eq!(app.inside().forget_messages(app.clock.now()).unwrap(), 0);
        // The declaration, its answer and its entry stay for ever.
        assert_eq!(app.drawing().get(&place(1)).json()["state"], "reserved");
    }
}
