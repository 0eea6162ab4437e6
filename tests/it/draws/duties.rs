//! What nobody may overlook: reminders and lapses of reservations, releases by hand, the importer of a declaration.

use super::{HS, act, balance, declaration, grams, manual, ok, place, position, position_of, reserve};
use crate::lookups::{ENT_03, ENT_05, number_of};
use crate::matrix::issuer;
use crate::support::app::{Actor, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::app::draw::desk::DrawDesk;
use whitelist::domain::actor::Role;
use whitelist::domain::code::DeclarationNumber;
use whitelist::domain::draw::{Act, Command};
use whitelist::domain::validity::LegalDay;
use whitelist::store::desk::{Desk as _, Draw};
use whitelist::store::{Author, Context};

/// Kind and path of everything an actor was told, newest first.
fn told(actor: &Actor) -> Vec<(String, String)> {
    let page = actor.get("/v1/inbox").json();
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items.iter().map(|item| (item["kind"].as_str().unwrap().into(), item["about"].as_str().unwrap().into())).collect()
}

/// Entries of the log about an entity, in order.
fn entries(app: &TestApp, id: &str) -> Vec<Value> {
    let rows = app.inside().store.read(|conn| whitelist::store::log::list_entries(conn, 0, 10_000)).unwrap();
    let leaves = rows.iter().map(|row| serde_json::from_slice::<Value>(&row.leaf).unwrap());
    leaves.filter(|leaf| leaf["entity"]["id"] == id).collect()
}

fn importer(app: &TestApp) -> Actor {
    app.actor(Role::EnterpriseApplicant, ENT_03, "applicant-1")
}

fn sweep(app: &TestApp) -> usize {
    app.inside().lapse_reservations(app.clock.now()).unwrap()
}

fn rule(response: &Response) -> String {
    assert_eq!(response.status, 422, "{}", response.text());
    response.json()["rule"].as_str().unwrap_or_else(|| panic!("{}", response.text())).to_owned()
}

on_both! {
    fn a_declaration_keeps_its_importer(app) {
        let customs = app.drawing();
        reserve(&customs, 1, 1, &[grams(1, "10")]);
        let foreign = position_of(ENT_05, 2, &[grams(1, "1")]);
        let response = customs.put(&place(1), &foreign);
        assert_eq!(rule(&response), "importer_fixed");
        let mut by_hand = manual();
        by_hand["sequence"] = json!(2);
        let officer = app.actor(Role::CustomsOfficer, "0101", "officer-at-customs");
        assert_eq!(rule(&officer.post(&format!("{}/manual-release", place(1)), &by_hand)), "importer_fixed");
        let mut office = position(2, &[grams(1, "1")]);
        office["customs_office"] = json!("0102");
        assert_eq!(customs.put(&place(1), &office).status, 400, "the office opens the number");
        assert_eq!(balance(app), ["10", "0", "0", "90"]);
        let open = customs.get(&format!("/v1/declarations?state=reserved&enterprise={ENT_03}")).json();
        assert_eq!((open["items"].as_array().unwrap().len(), &open["items"][0]["version"]), (1, &json!(1)));
        // A message that came and was refused is not waited for.
        act(&customs, 1, "release", &json!({ "sequence": 3 }));
        let forget = || app.inside().forget_messages(app.inside().clock.now()).unwrap();
        assert_eq!([forget(), forget()], [1, 0], "and forgotten once a later one is applied");
    }
}

on_both! {
    fn what_customs_does_not_finish_is_reminded_of_once_and_its_lapse_is_told(app) {
        reserve(&app.drawing(), 1, 1, &[grams(1, "10")]);
        assert_eq!(sweep(app), 0);
        app.set_time("2026-08-25T04:00:00.000000Z");
        sweep(app);
        assert_eq!(told(&importer(app)), [], "thirteen days are not fourteen");
        app.set_time("2026-08-26T04:00:00.000000Z");
        sweep(app);
        sweep(app);
        let reminder = [("reservation_expiring".to_owned(), place(1))];
        assert_eq!((told(&importer(app)), told(&app.drawing())), (reminder.to_vec(), reminder.to_vec()));
        let said = importer(app).get("/v1/inbox").json()["items"][0]["text"].as_str().unwrap().to_owned();
        assert!(said.contains(&declaration(1)) && said.contains("2026年11月10日"), "{said}");
        assert_eq!(told(&app.officer()), [], "the bureau has nothing to do yet");
        assert_eq!(told(&app.actor(Role::CustomsDraw, "0201", "elsewhere")), []);

        app.set_time("2026-11-10T04:00:00.000000Z");
        assert_eq!(sweep(app), 1);
        let lapse = ("reservation_lapsed".to_owned(), place(1));
        for actor in [importer(app), app.drawing(), app.officer()] {
            assert_eq!(told(&actor)[0], lapse);
        }
        assert_eq!(told(&app.officer()).len(), 1);
        let kinds: Vec<Value> = entries(app, &declaration(1)).iter().map(|entry| entry["type"].clone()).collect();
        assert_eq!(kinds, [json!("declaration.reserved"), json!("declaration.lapsed")]);
        let figures = app.client().send("GET", "/metrics", &[], b"");
        assert!(figures.text().contains("whitelist_reservations_lapsed_total 1"), "{}", figures.text());
        // Stated anew it is another reservation, with a reminder of its own.
        reserve(&app.drawing(), 1, 2, &[grams(1, "10")]);
        app.set_time("2026-11-24T04:00:00.000000Z");
        sweep(app);
        assert_eq!(told(&importer(app)).len(), 3);
    }
}

on_both! {
    fn a_release_that_comes_before_the_lapse_wins(app) {
        for serial in 1..=3 {
            reserve(&app.drawing(), serial, 1, &[grams(1, "10")]);
        }
        app.set_time("2026-11-10T04:00:00.000000Z");
        let now = app.clock.now();
        let seen = app.inside().look_at_reservations(now).unwrap();
        let customs = app.drawing();
        act(&customs, 1, "release", &json!({ "sequence": 2 }));
        reserve(&customs, 2, 2, &[grams(1, "11")]);
        assert_eq!(app.inside().lapse_seen(now, &seen).unwrap(), 1, "only what nobody touched");
        let states: Vec<Value> = (1..=3).map(|serial| customs.get(&place(serial)).json()["state"].clone()).collect();
        assert_eq!(states, [json!("released"), json!("reserved"), json!("lapsed")]);
        assert_eq!(balance(app), ["11", "10", "0", "79"]);
        assert_eq!(app.inside().lapse_seen(now, &seen).unwrap(), 0);
    }
}

on_both! {
    fn what_was_released_on_paper_while_it_lapsed_is_stated_anew(app) {
        reserve(&app.drawing(), 1, 1, &[grams(1, "10")]);
        app.set_time("2026-11-10T04:00:00.000000Z");
        assert_eq!(sweep(app), 1);
        let customs = app.drawing();
        let on_paper = json!("2026-11-08T04:00:00Z");
        let late = customs.post(&format!("{}/release", place(1)), &json!({ "sequence": 2, "occurred_at": on_paper }));
        assert_eq!(late.status, 409, "{}", late.text());
        let mut stated = position(2, &[grams(1, "10")]);
        stated["occurred_at"] = on_paper.clone();
        assert_eq!(ok(&customs.put(&place(1), &stated))["state"], "reserved");
        let released = act(&customs, 1, "release", &json!({ "sequence": 3, "occurred_at": on_paper }));
        assert_eq!((&released["state"], &released["occurred_at"]), (&json!("released"), &json!("2026-11-08T04:00:00.000000Z")));
        assert_eq!(balance(app), ["0", "10", "0", "90"]);
    }
}

on_both! {
    fn what_is_no_longer_due_when_it_is_decided_stays(app) {
        // The look of one moment, the decision of another: by then it is the day before again.
        reserve(&app.drawing(), 1, 1, &[grams(1, "10")]);
        app.set_time("2026-11-10T04:00:00.000000Z");
        let seen = app.inside().look_at_reservations(app.clock.now()).unwrap();
        app.set_time("2026-11-09T04:00:00.000000Z");
        assert_eq!(app.inside().lapse_seen(app.clock.now(), &seen).unwrap(), 0);
        assert_eq!(balance(app), ["10", "0", "0", "90"]);
    }
}

on_both! {
    fn a_lapse_and_the_next_position_fit_into_one_transaction(app) {
        reserve(&app.drawing(), 1, 1, &[grams(1, "10")]);
        app.set_time("2026-11-10T04:00:00.000000Z");
        let at = app.clock.now();
        let number = DeclarationNumber::parse(&declaration(1)).unwrap();
        let draw = |by: Author, sequence: i64, act: Act| Draw {
            context: Context { at, by, request_id: None },
            command: Command { number, sequence, digest: [7; 32], occurred_at: None, act },
        };
        let caller = Author::Caller { issuer: "test".into(), subject: "customs".into(), org: "0101".into() };
        let lapse = draw(Author::System("lapse_reservations"), 1, Act::Lapse { begun: LegalDay::parse("2026-08-12").unwrap(), version: 1 });
        let cancel = draw(caller, 2, Act::Cancel);
        let again = whitelist::domain::draw::Position {
            enterprise: whitelist::domain::code::Uscc::parse(ENT_03).unwrap(),
            customs_office: number.office(),
            declared_on: None,
            trade_mode: None,
            looked_up_at: None,
            lines: vec![whitelist::domain::draw::DrawnLine {
                line: 1,
                listing: None,
                hs_code: whitelist::domain::code::HsCode::parse(HS).unwrap(),
                ciq_code: None,
                cas: None,
                measure: whitelist::domain::quantity::Measure {
                    quantity: whitelist::domain::quantity::Quantity::from_steps(500_000),
                    unit: whitelist::domain::code::UnitCode::GRAM,
                },
            }],
        };
        let put = Draw { command: Command { sequence: 2, act: Act::Put(again), ..cancel.command.clone() }, ..cancel.clone() };
        let draws: &'static [Draw] = Box::leak(Box::new([lapse, put]));
        let mut desk = DrawDesk::new(std::sync::Arc::clone(&app.inside().index));
        let context = Context { at, by: Author::System("test"), request_id: None };
        let outcomes = app.inside().store.write(context, move |tx| desk.decide(tx, draws)).unwrap();
        assert!(outcomes.value.iter().all(Result::is_ok), "{:?}", outcomes.value);
        assert!(app.inside().index.wait_for(outcomes.revision, std::time::Duration::from_secs(10)));
        let stands = app.drawing().get(&place(1)).json();
        assert_eq!((&stands["state"], &stands["version"]), (&json!("reserved"), &json!(3)));
        let open = app.drawing().get("/v1/declarations?state=reserved").json();
        assert_eq!((&open["items"][0]["reserved_on"], &open["items"][0]["age_days"]), (&json!("2026-11-10"), &json!(0)));
    }
}

on_both! {
    fn the_bureau_is_told_of_a_release_by_hand_until_somebody_else_has_reviewed_it(app) {
        let officer = app.actor(Role::CustomsOfficer, "0101", "officer-at-customs");
        let released = ok(&officer.post(&format!("{}/manual-release", place(1)), &manual()));
        assert_eq!(ok(&officer.post(&format!("{}/manual-release", place(1)), &manual())), released);
        let board = app.officer().get("/v1/manual-releases?state=unreviewed").json();
        let item = &board["items"][0];
        let path = format!("/v1/manual-releases/{}", item["id"].as_str().unwrap());
        assert_eq!(told(&app.officer()), [("manual_release_to_review".to_owned(), path.clone())], "told once");
        assert_eq!(item["age_days"], 0);
        app.set_time("2026-08-20T04:00:00.000000Z");
        let board = app.officer().get("/v1/manual-releases?state=unreviewed").json();
        assert_eq!((&board["items"][0]["age_days"], &board["items"][0]["declaration"]), (&json!(8), &json!(declaration(1))));
        sweep(app);
        let figures = app.client().send("GET", "/metrics", &[], b"");
        assert!(figures.text().contains("whitelist_manual_releases_unreviewed 1"), "{}", figures.text());
    }
}

on_both! {
    fn an_officer_with_two_accounts_is_one_person(app) {
        let [by_hand, own_review] = ["officer-at-customs", "officer-at-bureau"];
        let customs = |app: &TestApp| app.actor(Role::CustomsOfficer, "0101", by_hand);
        let first = ok(&customs(app).post(&format!("{}/manual-release", place(1)), &manual()));
        let admin = app.actor(Role::BureauAdmin, "bj-commerce", "admin-9");
        let account = |subject: &str| json!({ "issuer": issuer(app), "subject": subject });
        let made = admin.post("/v1/people", &json!({ "name": "张三", "org": "bj-commerce", "accounts": [account(own_review), account(by_hand)] }));
        assert_eq!(made.status, 201, "{}", made.text());
        let person = made.json()["id"].as_str().unwrap().to_owned();
        assert_ne!(first["officer"], json!(person), "at the time nobody knew that the accounts are one person's");

        // What comes after is the joined person's, in the book and in the log.
        let mut body = manual();
        body["enterprise"] = json!(ENT_03);
        let second = ok(&customs(app).post(&format!("{}/manual-release", place(2)), &body));
        assert_eq!(second["officer"], json!(person));
        assert_eq!(entries(app, &declaration(2))[0]["actor"]["ref"], json!(person));

        // Neither is reviewed by whoever made it, under whatever account.
        let review = |actor: &Actor, item: &Value| {
            let path = format!("/v1/manual-releases/{}", item["id"].as_str().unwrap());
            let etag = app.officer().get(&path).header("etag").unwrap().to_owned();
            let body = json!({ "outcome": "accepted", "basis": "情况属实" });
            actor.send("POST", &format!("{path}/review"), &[("Content-Type", "application/json"), ("If-Match", &etag)], body.to_string().as_bytes())
        };
        let board = app.officer().get("/v1/manual-releases?state=unreviewed").json();
        let own = app.actor(Role::BureauOfficer, "bj-commerce", own_review);
        for item in board["items"].as_array().unwrap() {
            assert_eq!(rule(&review(&own, item)), "four_eyes");
            assert_eq!(review(&app.officer(), item).status, 200);
        }
        let number = number_of(app, ENT_03, HS);
        assert_eq!(app.officer().get(&format!("/v1/listings/{number}/balance")).json()["confirmed"]["quantity"], "0.001");
    }
}
