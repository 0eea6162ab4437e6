//! Reconciliation through HTTP: what customs booked beside the declarations here; every injected difference is named with
//! its declaration, and nothing changes until corrections are confirmed.

use crate::draws::{act, balance, declaration, grams, place, reserve};
use crate::lookups::ENT_03;
use crate::support::app::{Actor, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use whitelist::domain::actor::Role;

const PERIOD: &str = "/v1/reconciliations?from=2026-08-01&to=2026-08-31";

fn row(serial: u32, sequence: i64, kind: &str, line: u32, quantity: &str) -> Value {
    json!({ "declaration": declaration(serial), "sequence": sequence, "kind": kind, "line": line, "quantity": quantity, "unit": "036",
            "enterprise": ENT_03, "hs_code": crate::draws::HS })
}

fn officer(app: &TestApp) -> Actor {
    app.actor(Role::CustomsOfficer, "0101", "officer-wang")
}

fn compare(customs: &Actor, rows: &[Value]) -> (Response, Value) {
    let response = customs.post(PERIOD, &json!({ "rows": rows }));
    assert_eq!(response.status, 201, "{}", response.text());
    let found = response.json();
    (response, found)
}

fn counts(found: &Value) -> [u64; 4] {
    ["matched", "missing_here", "missing_there", "different"].map(|kind| found["counts"][kind].as_u64().unwrap())
}

/// Declarations found of a kind, with the verbs that are proposed or what a person has to do.
fn found(actor: &Actor, id: &str, kind: &str) -> Vec<(String, String)> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = actor.get(&format!("/v1/reconciliations/{id}/rows?kind={kind}&limit=2{after}"));
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.json();
        all.extend(page["items"].as_array().unwrap().iter().map(|item| {
            let verbs: Vec<&str> =
                item["correction"].as_array().unwrap().iter().map(|step| step["verb"].as_str().unwrap()).collect();
            let advice = item["advice"]["code"].as_str().unwrap_or_default();
            (item["declaration"].as_str().unwrap().to_owned(), format!("{}{advice}", verbs.join(" ")))
        }));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

/// Seven declarations of both sides: three alike, and one difference of each kind.
fn seven(customs: &Actor) -> Vec<Value> {
    for serial in 1..=5 {
        reserve(customs, serial, 1, &[grams(1, "5")]);
    }
    for serial in [2, 4] {
        act(customs, serial, "release", &json!({ "sequence": 2 }));
    }
    act(customs, 3, "cancel", &json!({ "sequence": 2 }));
    vec![
        row(1, 1, "reserved", 1, "5"),
        row(2, 1, "reserved", 1, "5"),
        row(2, 2, "confirmed", 1, "5"),
        row(3, 1, "reserved", 1, "5"),
        row(3, 2, "given_back", 1, "5"),
        // Released with less than here.
        row(4, 2, "confirmed", 1, "4"),
        // 5 is missing there.
        row(6, 1, "reserved", 1, "3"),
        row(7, 1, "reserved", 1, "2"),
        row(7, 2, "confirmed", 1, "1"),
    ]
}

/// Compares next to nothing; the place of the report and its entity tag.
pub fn made(app: &TestApp) -> (String, String) {
    let (response, _) = compare(&app.drawing(), &[unfinished()]);
    (response.header("location").unwrap().to_owned(), response.header("etag").unwrap().to_owned())
}

/// What an operation asks for: query, media type and body.
pub fn asked(operation: &str) -> (&'static str, &'static str, String) {
    match operation {
        "create_reconciliation" => {
            ("?from=2026-08-01&to=2026-08-31", "application/json", json!({ "rows": [unfinished()] }).to_string())
        }
        "confirm_reconciliation" => ("", "application/json", "{}".to_owned()),
        "list_reconciliation_rows" => ("?kind=different", "", String::new()),
        _ => ("", "", String::new()),
    }
}

/// A row that lacks what a correction needs.
fn unfinished() -> Value {
    json!({ "declaration": declaration(9), "sequence": 1, "kind": "reserved", "line": 1, "quantity": "1", "unit": "036" })
}

on_both! {
    fn every_injected_difference_is_named_and_nothing_changes_until_confirmed(app) {
        let customs = app.drawing();
        let rows = seven(&customs);
        let before = balance(app);
        let (response, report) = compare(&customs, &rows);
        assert_eq!((counts(&report), report["state"].as_str()), ([3, 2, 1, 1], Some("compared")));
        let id = report["id"].as_str().unwrap();
        assert_eq!(response.header("location"), Some(format!("/v1/reconciliations/{id}").as_str()));
        let named = |serial: u32, what: &str| (declaration(serial), what.to_owned());
        assert_eq!(found(&customs, id, "different"), [named(4, "correct")]);
        assert_eq!(found(&customs, id, "missing_there"), [named(5, "cancel")]);
        assert_eq!(found(&customs, id, "missing_here"), [named(6, "put"), named(7, "put release")]);
        assert_eq!(found(&customs, id, "matched"), [named(1, ""), named(2, ""), named(3, "")]);
        assert_eq!(balance(app), before, "a comparison books nothing");
        for reader in [&customs, &app.officer()] {
            let inbox = reader.get("/v1/inbox").json();
            let told = inbox["items"].as_array().unwrap().iter().find(|told| told["kind"] == "reconciliation_differs");
            assert!(told.is_some_and(|told| told["text"].as_str().unwrap().contains(&declaration(4))), "{inbox}");
        }
        let board = app.officer().get("/v1/supervision").json();
        assert_eq!(board["reconciliations_open"], json!({ "count": 1, "first": [id] }));
        assert_eq!(customs.get(&place(6)).status, 404);

        // The order of the rows and a row sent twice change nothing.
        let mut turned: Vec<Value> = rows.iter().rev().cloned().collect();
        turned.extend(rows.clone());
        assert_eq!(counts(&compare(&customs, &turned).1), [3, 2, 1, 1]);

        // One correction of four, then it is done; the others are for the next.
        let tag = response.header("etag").unwrap().to_owned();
        let confirm = format!("/v1/reconciliations/{id}/confirm");
        let send = |actor: &Actor, tag: &str, body: &Value| {
            actor.send("POST", &confirm, &[("Content-Type", "application/json"), ("If-Match", tag)], body.to_string().as_bytes())
        };
        assert_eq!(send(&customs, &tag, &json!({})).status, 403);
        let wrong = send(&officer(app), &tag, &json!({ "corrections": [declaration(1)] }));
        assert_eq!((wrong.status, wrong.json()["faults"][0]["pointer"].as_str()), (400, Some("/corrections/0")));
        assert_eq!(send(&officer(app), "\"1\"", &json!({})).status, 412);
        let done = send(&officer(app), &tag, &json!({ "corrections": [declaration(5)] }));
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!((done.json()["booked"].as_i64(), done.json()["refused"].as_i64()), (Some(1), Some(0)));
        assert_eq!(customs.get(&place(5)).json()["state"], "cancelled");
        assert_eq!(send(&officer(app), done.header("etag").unwrap(), &json!({})).status, 409);

        // The rest at once, by the bureau; then both sides are alike.
        let (response, report) = compare(&customs, &rows);
        assert_eq!(counts(&report), [3, 2, 0, 1]);
        let confirm = format!("/v1/reconciliations/{}/confirm", report["id"].as_str().unwrap());
        let headers = [("Content-Type", "application/json"), ("If-Match", response.header("etag").unwrap()), ("Idempotency-Key", "k")];
        let done = app.approver().send("POST", &confirm, &headers, b"{}");
        assert_eq!((done.json()["booked"].as_i64(), done.json()["refused"].as_i64()), (Some(3), Some(0)), "{}", done.text());
        let again = app.approver().send("POST", &confirm, &headers, b"{}");
        assert_eq!((again.status, again.header("idempotency-replayed"), again.text()), (200, Some("true"), done.text()));
        assert_eq!(counts(&compare(&customs, &rows).1), [6, 0, 0, 0]);
        let history = customs.get(&place(7)).json();
        assert_eq!((history["state"].as_str(), history["history"].as_array().unwrap().len()), (Some("released"), 2));
        // 5 reserved by 1, 3 by 6; released 5, 4, and 1.
        assert_eq!(balance(app), ["8", "10", "0", "82"]);
    }
}

on_both! {
    fn a_correction_that_a_rule_refuses_is_told_and_changes_nothing(app) {
        let customs = app.drawing();
        let before = balance(app);
        let (response, report) = compare(&customs, &[row(1, 1, "reserved", 1, "101"), row(2, 1, "reserved", 1, "1")]);
        let id = report["id"].as_str().unwrap();
        let headers = [("Content-Type", "application/json"), ("If-Match", response.header("etag").unwrap())];
        let done = officer(app).send("POST", &format!("/v1/reconciliations/{id}/confirm"), &headers, b"{}");
        assert_eq!((done.json()["booked"].as_i64(), done.json()["refused"].as_i64()), (Some(1), Some(1)), "{}", done.text());
        let rows = customs.get(&format!("/v1/reconciliations/{id}/rows?kind=missing_here")).json();
        assert_eq!(rows["items"][0]["outcome"]["refused"], "1: quantity_exceeds_remaining");
        assert_eq!(rows["items"][1]["outcome"]["booked"], true);
        assert_eq!((before[0].as_str(), balance(app)[0].as_str()), ("0", "1"));
    }
}

on_both! {
    fn whoever_hands_the_books_in_does_not_confirm_them(app) {
        let officer = officer(app);
        let (response, report) = compare(&officer, &[row(1, 1, "reserved", 1, "1")]);
        let id = report["id"].as_str().unwrap();
        let headers = [("Content-Type", "application/json"), ("If-Match", response.header("etag").unwrap())];
        let confirm = |actor: &Actor| actor.send("POST", &format!("/v1/reconciliations/{id}/confirm"), &headers, b"{}");
        let own = confirm(&officer);
        assert_eq!((own.status, own.json()["rule"].as_str()), (422, Some("four_eyes")), "{}", own.text());
        assert_eq!(balance(app)[0], "0", "nothing was booked");
        let other = confirm(&app.actor(Role::CustomsOfficer, "0101", "officer-li"));
        assert_eq!((other.status, other.json()["booked"].as_i64()), (200, Some(1)), "{}", other.text());
    }
}

on_both! {
    fn csv_is_read_with_every_fault_and_findings_are_taken_away(app) {
        let customs = app.drawing();
        reserve(&customs, 1, 1, &[grams(1, "5")]);
        let csv = |text: &str| customs.send("POST", PERIOD, &[("Content-Type", "text/csv")], text.as_bytes());
        let header = "报关单号,顺序号,变动类型,项号,数量,计量单位\n";
        let bad = csv(&format!("{header}{},1,核注,1,0,036\n{},x,核注,1,1,斤\n", declaration(1), declaration(1)));
        let codes: Vec<_> = bad.json()["faults"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap().to_owned()).collect();
        assert_eq!((bad.status, codes), (422, ["quantity_not_positive", "number_out_of_range", "unit_format"].map(str::to_owned).to_vec()));
        let foreign = csv(&format!("{header}020120261000000001,1,核注,1,1,036\n"));
        assert_eq!((foreign.status, foreign.json()["faults"][0]["code"].as_str()), (422, Some("declaration_of_others")));
        let good = csv(&format!("{header}{},1,核注,1,0.005,千克\n{},1,核注,1,6,克\n", declaration(1), declaration(2)));
        assert_eq!((good.status, counts(&good.json())), (201, [1, 1, 0, 0]), "{}", good.text());
        let id = good.json()["id"].as_str().unwrap().to_owned();
        let advice = customs.get(&format!("/v1/reconciliations/{id}/rows?kind=missing_here")).json();
        assert_eq!(advice["items"][0]["advice"]["code"], "particulars_missing");

        let file = customs.get(&format!("/v1/reconciliations/{id}/rows.csv"));
        assert!(file.text().contains(&declaration(1)) && file.text().contains("本系统缺失"), "{}", file.text());
        let only = customs.get(&format!("/v1/reconciliations/{id}/rows.csv?kind=missing_here"));
        assert!(!only.text().contains(&declaration(1)));
        let book = customs.get(&format!("/v1/reconciliations/{id}/rows.xlsx"));
        assert_eq!((book.status, &book.body[..2]), (200, b"PK".as_slice()));

        let other = app.actor(Role::CustomsDraw, "0201", "tianjin");
        assert_eq!(other.get(&format!("/v1/reconciliations/{id}")).status, 404);
        assert_eq!(other.get("/v1/reconciliations").json()["items"], json!([]));
        assert_eq!(app.auditor().get("/v1/reconciliations").json()["items"].as_array().unwrap().len(), 1);
        for (query, code) in [
            ("", "required"),
            ("?from=2026-08-01&to=2026-07-01", "period_reversed"),
            ("?from=2025-08-01&to=2026-08-31", "period_too_long"),
        ] {
            let refused = customs.post(&format!("/v1/reconciliations{query}"), &json!({ "rows": [row(1, 1, "reserved", 1, "5")] }));
            assert_eq!((refused.status, refused.json()["faults"][0]["code"].as_str()), (400, Some(code)), "{query}");
        }
        let again = [("Content-Type", "text/csv"), ("Idempotency-Key", "day-1")];
        let body = format!("{header}{},1,核注,1,5,036\n", declaration(1));
        let first = customs.send("POST", PERIOD, &again, body.as_bytes());
        let second = customs.send("POST", PERIOD, &again, body.as_bytes());
        assert_eq!((first.status, first.text(), second.header("idempotency-replayed")), (201, second.text(), Some("true")));
    }
}

/// A hundred thousand rows are compared and kept in one request, in bounded memory.
#[test]
fn a_hundred_thousand_rows_are_compared() {
    let app = TestApp::start(crate::support::app::Database::Sqlite);
    let customs = app.drawing();
    reserve(&customs, 77, 1, &[grams(1, "5")]);
    let mut text = "declaration,sequence,kind,line,quantity,unit\n".to_owned();
    for serial in 0..100_000 {
        text.push_str(&format!("{},1,reserved,1,5,036\n", declaration(serial)));
    }
    let response = customs.send("POST", PERIOD, &[("Content-Type", "text/csv")], text.as_bytes());
    assert_eq!((response.status, counts(&response.json())), (201, [1, 99_999, 0, 0]), "{}", response.text());
    let id = response.json()["id"].as_str().unwrap().to_owned();
    let matched: BTreeSet<(String, String)> = found(&customs, &id, "matched").into_iter().collect();
    assert_eq!(matched, BTreeSet::from([(declaration(77), String::new())]));
    let last = customs.get(&format!("/v1/reconciliations/{id}/rows?kind=missing_here&after={}", declaration(99_998)));
    assert_eq!(last.json()["items"][0]["declaration"], declaration(99_999));
}
