//! Quantity at the border through HTTP: reserve, release, give back, put right; refusals that name every line; what
//! was reported after an outage; what an officer released against the answer; who may see what.

mod books;
mod duties;
mod events;
mod life;

use crate::lookups::{ENT_03, ENT_05, number_of};
use crate::support::app::{Actor, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};

/// The erythromycin derivative of ENT-03: 100 g.
pub const HS: &str = "2941500000";

/// A declaration number of the year's serial.
pub fn declaration(serial: u32) -> String {
    format!("010120261{serial:09}")
}

/// The path of a declaration.
pub fn place(serial: u32) -> String {
    format!("/v1/declarations/{}", declaration(serial))
}

/// A line of the derivative in grams.
pub fn grams(line: u32, quantity: &str) -> Value {
    json!({ "line": line, "hs_code": HS, "quantity": quantity, "unit": "036" })
}

/// A position of an enterprise that holds the derivative.
pub fn position_of(enterprise: &str, sequence: i64, lines: &[Value]) -> Value {
    json!({ "sequence": sequence, "enterprise": enterprise, "customs_office": "0101", "lines": lines })
}

/// A position of ENT-03.
pub fn position(sequence: i64, lines: &[Value]) -> Value {
    position_of(ENT_03, sequence, lines)
}

/// A position that takes next to nothing.
pub fn small() -> Value {
    position_of(ENT_05, 1, &[grams(1, "0.001")])
}

/// The body of a release against the answer.
pub fn manual() -> Value {
    let mut body = small();
    body["reason"] = json!({ "code": "urgent_goods", "basis": "冷链货物" });
    body
}

/// States a position and expects it to be booked.
pub fn reserve(customs: &Actor, serial: u32, sequence: i64, lines: &[Value]) -> Value {
    ok(&customs.put(&place(serial), &position(sequence, lines)))
}

/// Sends a verb and expects it to be booked.
pub fn act(customs: &Actor, serial: u32, verb: &str, body: &Value) -> Value {
    ok(&customs.post(&format!("{}/{verb}", place(serial)), body))
}

/// The body of an answer that must be 200.
pub fn ok(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// Reserved, confirmed, excess and remaining of the derivative, in grams.
pub fn balance(app: &TestApp) -> [String; 4] {
    let number = number_of(app, ENT_03, HS);
    let balance = app.officer().get(&format!("/v1/listings/{number}/balance")).json();
    ["reserved", "confirmed", "excess", "remaining"].map(|name| balance[name]["quantity"].as_str().unwrap().to_owned())
}

/// Reasons of a refusal, line by line.
pub fn refused(response: &Response) -> Vec<String> {
    assert_eq!(response.status, 422, "{}", response.text());
    let problem = response.json();
    let line = |line: &Value| {
        let codes = line["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap());
        format!("{} {}", line["line"], codes.collect::<Vec<_>>().join(" "))
    };
    problem["lines"].as_array().unwrap_or_else(|| panic!("{problem}")).iter().map(line).collect()
}

on_both! {
    fn a_declaration_reserves_replaces_releases_and_is_put_right(app) {
        let customs = app.drawing();
        let reserved = reserve(&customs, 1, 1, &[grams(1, "10"), grams(2, "5")]);
        assert_eq!((&reserved["state"], &reserved["verb"], &reserved["superseded"]), (&json!("reserved"), &json!("put"), &json!(false)));
        assert_eq!(reserved["balances"][0]["remaining"], json!({ "quantity": "85", "unit": "036" }));
        assert_eq!(balance(app), ["15", "0", "0", "85"]);
        let seen = crate::lookups::ask(app, &crate::lookups::question(ENT_03, HS));
        assert_eq!(seen["listing"]["remaining"]["quantity"], "85", "a lookup sees what is taken");

        // A line that is left out gives its quantity back; another unit is converted exactly.
        let replaced = reserve(&customs, 1, 2, &[json!({ "line": 1, "hs_code": HS, "quantity": "0.02", "unit": "035" })]);
        assert_eq!((&replaced["version"], &replaced["positions"][0]["reserved"]["quantity"]), (&json!(2), &json!("20")));
        assert_eq!(balance(app), ["20", "0", "0", "80"]);

        let released = act(&customs, 1, "release", &json!({ "sequence": 3, "lines": [{ "line": 1, "quantity": "18", "unit": "036" }] }));
        assert_eq!((&released["state"], &released["lines"][0]["released"]["quantity"]), (&json!("released"), &json!("18")));
        assert_eq!(balance(app), ["0", "18", "0", "82"]);

        let correction = json!({ "sequence": 4, "reason": { "code": "weighing" }, "lines": [{ "line": 1, "quantity": "18.5", "unit": "036" }] });
        let corrected = act(&customs, 1, "correct", &correction);
        assert!(corrected["officer"].as_str().unwrap().starts_with("per_"));
        assert_eq!(balance(app), ["0", "18.5", "0", "81.5"]);

        // The same message once more is the same answer, byte for byte; an earlier one changes nothing.
        let again = customs.post(&format!("{}/correct", place(1)), &correction);
        assert_eq!(again.json(), corrected);
        let late = reserve(&customs, 1, 1, &[grams(1, "10"), grams(2, "5")]);
        assert_eq!((&late["superseded"], &late["state"], &late["sequence"]), (&json!(true), &json!("released"), &json!(4)));
        let other = customs.post(&format!("{}/correct", place(1)), &json!({ "sequence": 4, "reason": { "code": "weighing" }, "lines": [{ "line": 1, "quantity": "1", "unit": "036" }] }));
        assert_eq!((other.status, other.json()["type"].as_str()), (422, Some("/problems/idempotency-mismatch")));

        let history = customs.get(&place(1)).json();
        let verbs: Vec<&str> = history["history"].as_array().unwrap().iter().map(|row| row["verb"].as_str().unwrap()).collect();
        assert_eq!((verbs, &history["state"]), (vec!["put", "put", "released", "corrected"], &json!("released")));

        let number = number_of(app, ENT_03, HS);
        let movements = customs.get(&format!("/v1/listings/{number}/movements")).json();
        let told: Vec<String> = movements["items"].as_array().unwrap().iter().map(|row| {
            format!("{} {}>{} {}", row["kind"].as_str().unwrap(), row["debit"].as_str().unwrap(), row["credit"].as_str().unwrap(), row["quantity"]["quantity"].as_str().unwrap())
        }).collect();
        assert_eq!(told, [
            "granted beyond>free 100", "reserved free>reserved 15", "reserved free>reserved 5", "confirmed reserved>confirmed 18",
            "given_back reserved>free 2", "corrected free>confirmed 0.5",
        ]);
        let pages = customs.get(&format!("/v1/listings/{number}/movements?limit=2")).json();
        assert_eq!(pages["items"].as_array().unwrap().len(), 3, "a grant is shown beside the page's bookings");
        let rest = customs.get(&format!("/v1/listings/{number}/movements?after={}", pages["next"].as_str().unwrap())).json();
        assert_eq!(rest["items"].as_array().unwrap().len(), 3);
    }
}

on_both! {
    fn all_lines_are_booked_or_none_and_every_failed_one_is_named(app) {
        let customs = app.drawing();
        let other = json!({ "line": 3, "hs_code": "3002410090", "quantity": "1", "unit": "036" });
        let response = customs.put(&place(1), &position(1, &[grams(1, "60"), grams(2, "40.00001"), other]));
        assert_eq!(refused(&response), ["1 quantity_exceeds_remaining", "2 quantity_exceeds_remaining", "3 no_listing"]);
        let problem = response.json();
        assert_eq!((&problem["rule"], &problem["lines"][0]["remaining"]["quantity"]), (&json!("line_refused"), &json!("100")));
        assert_eq!(balance(app), ["0", "0", "0", "100"]);
        assert_eq!(customs.get(&place(1)).status, 404, "a refused command leaves nothing");

        // Refused, it is judged anew; splitting over declarations lets no more through.
        reserve(&customs, 1, 1, &[grams(1, "60"), grams(2, "20")]);
        let second = customs.put(&place(2), &position(1, &[grams(1, "20.00001")]));
        assert_eq!((refused(&second), &second.json()["rule"]), (vec!["1 quantity_exceeds_remaining".to_owned()], &json!("over_draw")));
        reserve(&customs, 2, 1, &[grams(1, "20")]);
        // What a declaration holds itself is free for its next position.
        reserve(&customs, 1, 2, &[grams(1, "80")]);
        assert_eq!(refused(&customs.put(&place(1), &position(3, &[grams(1, "80.00001")]))), ["1 quantity_exceeds_remaining"]);
        assert_eq!(balance(app), ["100", "0", "0", "0"]);
    }
}

on_both! {
    fn verbs_before_their_state_are_refused_and_sent_again(app) {
        let customs = app.drawing();
        let release = json!({ "sequence": 3 });
        let early = customs.post(&format!("{}/release", place(1)), &release);
        assert_eq!((early.status, early.json()["type"].as_str()), (404, Some("/problems/not-found")));
        reserve(&customs, 1, 1, &[grams(1, "10")]);
        let gap = customs.post(&format!("{}/release", place(1)), &release);
        assert_eq!((gap.status, gap.json()["type"].as_str()), (409, Some("/problems/conflict")), "message 2 has not come");
        reserve(&customs, 1, 2, &[grams(1, "12")]);
        act(&customs, 1, "release", &release);
        assert_eq!(balance(app), ["0", "12", "0", "88"]);
        for verb in ["release", "cancel"] {
            assert_eq!(customs.post(&format!("{}/{verb}", place(1)), &json!({ "sequence": 4 })).status, 409);
        }
        assert_eq!(customs.put(&place(1), &position(4, &[grams(1, "1")])).status, 409);

        // A message that came and was refused is not waited for.
        reserve(&customs, 2, 1, &[grams(1, "8")]);
        refused(&customs.put(&place(2), &position(2, &[grams(1, "200")])));
        act(&customs, 2, "release", &json!({ "sequence": 3 }));
        // A named position is waited for whatever else came.
        reserve(&customs, 3, 1, &[grams(1, "8")]);
        assert_eq!(customs.post(&format!("{}/release", place(3)), &json!({ "sequence": 2, "position": 5 })).status, 409);
        act(&customs, 3, "release", &json!({ "sequence": 9, "position": 1 }));

        reserve(&customs, 4, 1, &[grams(1, "8")]);
        let cancelled = act(&customs, 4, "cancel", &json!({ "sequence": 7 }));
        assert_eq!((&cancelled["state"], &cancelled["positions"][0]["reserved"]["quantity"]), (&json!("cancelled"), &json!("0")));
        assert_eq!(customs.put(&place(4), &position(8, &[grams(1, "1")])).status, 409);
        assert_eq!(customs.post(&format!("{}/correct", place(4)), &json!({ "sequence": 8, "reason": { "code": "weighing" }, "lines": [{ "line": 1, "quantity": "1", "unit": "036" }] })).status, 409);
    }
}

on_both! {
    fn who_may_draw_and_who_may_look(app) {
        use whitelist::domain::actor::Role;
        let customs = app.drawing();
        reserve(&customs, 1, 1, &[grams(1, "10")]);
        let elsewhere = app.actor(Role::CustomsDraw, "5301", "elsewhere");
        assert_eq!(elsewhere.put(&place(1), &position(2, &[grams(1, "1")])).status, 403);
        assert_eq!(elsewhere.get(&place(1)).status, 404);
        assert_eq!(elsewhere.get("/v1/declarations").json()["items"], json!([]));
        let own = app.actor(Role::EnterpriseApplicant, ENT_03, "applicant");
        assert_eq!(own.get(&place(1)).status, 200);
        assert_eq!(own.get("/v1/declarations").json()["items"].as_array().unwrap().len(), 1);
        let number = number_of(app, ENT_03, HS);
        assert_eq!(own.get(&format!("/v1/listings/{number}/movements")).status, 200);
        let other = app.actor(Role::EnterpriseApplicant, ENT_05, "other");
        assert_eq!(other.get(&place(1)).status, 404);
        assert_eq!(other.get(&format!("/v1/listings/{number}/movements")).status, 404);
        assert_eq!(other.get("/v1/declarations").json()["items"], json!([]));
    }
}

on_both! {
    fn many_racing_for_the_last_unit_get_exactly_what_is_left(app) {
        // `make bench` runs a thousand.
        let rounds = 40_u32;
        // 100 g: in each round 64 declarations want 1 g of which 1 g is left, then the winner gives it back.
        let customs = app.drawing();
        reserve(&customs, 999_999, 1, &[grams(1, "99")]);
        let won: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());
        for round in 0..rounds {
            std::thread::scope(|scope| {
                for client in 0..64 {
                    let (customs, won) = (app.drawing(), &won);
                    scope.spawn(move || {
                        let serial = round * 64 + client;
                        let response = customs.put(&place(serial), &position(1, &[grams(1, "1")]));
                        match response.status {
                            200 => won.lock().unwrap().push(serial),
                            422 => assert_eq!(refused(&response), ["1 quantity_exceeds_remaining"]),
                            other => panic!("{other}: {}", response.text()),
                        }
                    });
                }
            });
            let winners = std::mem::take(&mut *won.lock().unwrap());
            assert_eq!(winners.len(), 1, "round {round}");
            assert_eq!(balance(app), ["100", "0", "0", "0"]);
            act(&customs, winners[0], "cancel", &json!({ "sequence": 2 }));
        }
        assert_eq!(balance(app), ["99", "0", "0", "1"]);
    }
}

#[test]
fn the_contract_says_for_each_operation_what_to_do_after_a_time_out() {
    let document: Value = serde_yaml_ng::from_str(whitelist::http::OPENAPI).unwrap();
    let mut judged = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters") {
            let concerned = ["Draws", "Lookup"].iter().any(|tag| operation["tags"][0] == **tag);
            // What only reads is safe to repeat; that stands at the top, for all of them.
            if concerned && method != "get" {
                let said = operation["description"].as_str().unwrap();
                assert!(said.contains("**After a time-out**"), "{method} {path}: {said}");
                judged += 1;
            }
        }
    }
    assert!(judged >= 9, "{judged}");
    assert!(document["info"]["description"].as_str().unwrap().contains("**After a time-out**"));
}
