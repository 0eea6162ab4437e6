//! A year of the list: three enterprises, two districts, every agency; what was earned, moved and lost.

use super::{Case, NEWCOMER, asked_agencies, reviewer};
use crate::lookups::{ENT_01, ENT_10, ask, question};
use crate::support::app::{Actor, TestApp};
use crate::support::casework::{Standing, addition, answers, applicant, line, lodged};
use crate::support::on_both;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use whitelist::domain::actor::Role;

/// The district officer of a case.
fn its_district(app: &TestApp, case: &Case) -> Actor {
    let code = app.officer().get(&case.0.path).json()["district"].as_str().unwrap().to_owned();
    app.actor(Role::DistrictOfficer, &code, &format!("district-{code}"))
}

/// Takes a case from its district to the bureau, every agency agreeing to what `object` does not name.
fn reviewed(app: &TestApp, case: &mut Case, lines: &[u16], object: Option<(&str, u16)>) {
    let district = its_district(app, case);
    if case.step(&district, "accept", &Value::Null)["state"] == "evaluating" {
        case.step(&app.officer(), "evaluate", &json!({ "let_in": true, "note": "评估通过" }));
    }
    let state = case.step(&district, "recommend", &json!({ "recommended": true }))["state"].clone();
    if state == "deciding" {
        return;
    }
    for agency in asked_agencies(case, app) {
        let items: Vec<Value> = lines
            .iter()
            .map(|line| match object {
                Some((who, what)) if who == agency && what == *line => {
                    json!({ "line": line, "stance": "object", "grounds": ["quantity_not_justified"] })
                }
                _ => json!({ "line": line, "stance": "agree" }),
            })
            .collect();
        case.step(&reviewer(app, &agency), "opinions", &json!({ "items": items }));
    }
    case.step(&app.officer(), "consolidate", &json!({}));
}

fn decide(app: &TestApp, case: &mut Case, items: &Value) {
    case.step(&app.officer(), "decisions", &json!({ "items": items }));
    case.step(&app.approver(), "decide", &json!({}));
}

/// Publishes everything that waits; returns the listings of a case.
fn publish(app: &TestApp, number: &str, effective_on: &str, case: &Case) -> Vec<String> {
    let mut batch = Case(Standing::of(&app.officer().post("/v1/batches", &json!({ "scheme": "beijing-2022" }))));
    batch.step(&app.approver(), "publish", &json!({ "notice_number": number, "effective_on": effective_on }));
    let decisions = case.read(&app.officer(), "decisions");
    let listings = decisions["items"].as_array().unwrap().iter();
    listings.filter_map(|item| item["listing"].as_str().map(str::to_owned)).collect()
}

fn verdict(app: &TestApp, enterprise: &str, hs_code: &str, on: &str) -> (String, String) {
    let answer = ask(app, &format!("{}&declared_on={on}", question(enterprise, hs_code)));
    (answer["verdict"].as_str().unwrap().to_owned(), answer["reasons"][0]["code"].as_str().unwrap().to_owned())
}

fn said(verdict: &str, reason: &str) -> (String, String) {
    (verdict.to_owned(), reason.to_owned())
}

on_both! {
    fn a_year_of_the_list(app) {
        let before = of_the_three(app);
        // Summer: three enterprises apply; one is asked to correct, an objection is resolved, one item refused.
        let first = json!([line(1, "氢化可的松", "2937210000"), line(2, "葡聚糖40", "2941301200")]);
        let mut one = Case(lodged(&applicant(app, NEWCOMER), &addition(first)));
        let district = its_district(app, &one);
        one.step(&district, "ask", &json!({ "findings": [{ "pointer": "/items/0/quantity", "reason": "quantity_unexplained" }] }));
        one.step(&applicant(app, NEWCOMER), "correct", &json!({ "reason": "年度用量见研发方案" }));
        let objector = "bj-drug";
        reviewed(app, &mut one, &[1, 2], Some((objector, 2)));
        one.step(&app.officer(), "resolve", &json!({ "items": [{ "line": 2, "resolution": "meeting", "note": "会商同意减量" }] }));
        decide(app, &mut one, &json!([{ "line": 1, "outcome": "recognise" }, { "line": 2, "outcome": "recognise", "grant": { "quantity": "2", "months": 6 } }]));

        let mut two = Case(lodged(&applicant(app, ENT_10), &addition(json!([line(1, "氨苄青霉素", "2941101100"), line(2, "葡聚糖40", "2941301200")]))));
        reviewed(app, &mut two, &[1, 2], None);
        decide(app, &mut two, &json!([{ "line": 1, "outcome": "recognise" }, { "line": 2, "outcome": "refuse", "grounds": ["not_for_research"] }]));

        let mut three = Case(lodged(&applicant(app, ENT_01), &addition(json!([line(1, "氢化可的松", "2937210000")]))));
        reviewed(app, &mut three, &[1], None);
        decide(app, &mut three, &json!([{ "line": 1, "outcome": "recognise" }]));
        let districts: std::collections::BTreeSet<String> = [&one, &two, &three]
            .map(|case| app.officer().get(&case.0.path).json()["district"].as_str().unwrap().to_owned())
            .into_iter()
            .collect();
        assert!(districts.len() >= 2, "two districts at least: {districts:?}");

        let listed = publish(app, "京药监发〔2026〕21号", "2026-09-01", &one);
        assert_eq!(listed.len(), 2);
        assert_eq!(verdict(app, NEWCOMER, "2937210000", "2026-08-31"), said("denied", "not_yet_effective"));
        assert_eq!(verdict(app, NEWCOMER, "2937210000", "2026-09-01"), said("allowed", "listed"));
        assert_eq!(verdict(app, ENT_10, "2941301200", "2026-09-01"), said("denied", "no_listing"));

        // Autumn: a variation, and a suspension that is lifted.
        app.set_time("2026-10-12T02:00:00Z");
        let vary = json!({ "kind": "vary", "scheme": "beijing-2022", "items": [{ "line": 1, "listing": listed[0], "set": { "quantity": "8" } }], "answers": vary_answers(), "contact": { "name": "联系人（合成）" } });
        let mut varied = Case(lodged(&applicant(app, NEWCOMER), &vary));
        reviewed(app, &mut varied, &[1], None);
        decide(app, &mut varied, &json!([{ "line": 1, "outcome": "recognise", "grant": { "quantity": "7" } }]));
        assert_eq!(publish(app, "京药监发〔2026〕35号", "2026-10-12", &varied), [listed[0].clone()]);
        let answer = ask(app, &format!("{}&declared_on=2026-10-12", question(NEWCOMER, "2937210000")));
        assert_eq!(answer["listing"]["approved"]["quantity"], "7");
        app.change(json!([{ "kind": "suspend", "listing": listed[0], "effective_on": "2026-10-20", "reason": { "code": "risk_found" } }]));
        app.change(json!([{ "kind": "reinstate", "listing": listed[0], "effective_on": "2026-11-02", "reason": { "code": "rectified" } }]));
        assert_eq!(verdict(app, NEWCOMER, "2937210000", "2026-10-25"), said("denied", "suspended"));
        assert_eq!(verdict(app, NEWCOMER, "2937210000", "2026-11-02"), said("allowed", "listed"));

        // Winter: the second enterprise breaks a duty: its listing is removed, it may not apply for two years.
        let removed = ask(app, &format!("{}&declared_on=2026-11-02", question(ENT_10, "2941101100")))["listing"]["number"].as_str().unwrap().to_owned();
        app.set_time("2026-12-01T02:00:00Z");
        app.change(json!([
            { "kind": "remove", "listing": removed, "effective_on": "2026-12-01", "reason": { "code": "qualification_cancelled" } },
            { "kind": "bar_enterprise", "enterprise": ENT_10, "until": "2028-11-30", "effective_on": "2026-12-01", "reason": { "code": "qualification_cancelled" } },
        ]));
        assert_eq!(verdict(app, ENT_10, "2941101100", "2026-12-02"), said("denied", "removed"));
        let draft = applicant(app, ENT_10).post("/v1/applications", &addition(json!([line(1, "葡聚糖40", "2941301200")])));
        let draft = Standing::of(&draft);
        let barred = applicant(app, ENT_10).act(&format!("{}/lodge", draft.path), &draft.etag);
        assert_eq!((barred.status, barred.json()["rule"].as_str()), (422, Some("barred")), "{}", barred.text());

        // Spring: the listing of six months is renewed on the short path, without the agencies; its holder was reminded.
        passes(app, "2027-01-30");
        app.set_time("2027-02-10T02:00:00Z");
        let mut renewal = line(1, "葡聚糖40", "2941301200");
        renewal["listing"] = json!(listed[1]);
        renewal["quantity"] = json!("2");
        let renew = json!({ "kind": "renew", "scheme": "beijing-2022", "items": [renewal], "answers": answers(), "contact": { "name": "联系人（合成）" } });
        let mut renewed = Case(lodged(&applicant(app, NEWCOMER), &renew));
        reviewed(app, &mut renewed, &[1], None);
        decide(app, &mut renewed, &json!([{ "line": 1, "outcome": "recognise" }]));
        let new = publish(app, "京药监发〔2027〕3号", "2027-02-15", &renewed);
        assert_ne!(new, [listed[1].clone()], "a renewal is a new listing");
        let last = ask(app, &format!("{}&declared_on=2027-02-28", question(NEWCOMER, "2941301200")));
        assert_eq!(last["listing"]["number"].as_str(), Some(listed[1].as_str()), "the old one runs to its last day");
        let next = ask(app, &format!("{}&declared_on=2027-03-01", question(NEWCOMER, "2941301200")));
        assert_eq!(next["listing"]["number"].as_str(), Some(new[0].as_str()));

        // The usage return of the first half year stays away: reminder, warning, a proposal to suspend that two people decide on;
        // the late return leads back.
        let of_return = |app: &TestApp| {
            let page = app.auditor().get(&format!("/v1/usage-returns?listing={}", listed[0])).json();
            page["items"][0].clone()
        };
        for (day, stage) in [("2027-03-22", None), ("2027-03-23", Some("reminded")), ("2027-04-09", Some("warned")), ("2027-04-29", Some("suspension_proposed"))] {
            passes(app, day);
            assert_eq!(of_return(app)["stage"].as_str(), stage, "{day}");
        }
        assert_eq!(verdict(app, NEWCOMER, "2937210000", "2027-04-29"), said("allowed", "listed"), "a proposal suspends nothing");
        confirm(app, of_return(app)["adjustment"].as_str().unwrap());
        assert_eq!(verdict(app, NEWCOMER, "2937210000", "2027-04-29"), said("denied", "suspended"));
        app.set_time("2027-05-10T02:00:00Z");
        let ledger = json!({ "listing": listed[0], "period_from": "2026-09-01", "unit": "036", "opening": "0", "received": "3", "used": "2.5", "destroyed": "0", "stock": "0.5" });
        let handed_in = applicant(app, NEWCOMER).post("/v1/usage-returns", &ledger);
        assert_eq!((handed_in.status, handed_in.json()["stage"].as_str()), (201, Some("handed_in")), "{}", handed_in.text());
        let waiting = app.officer().get("/v1/adjustments?state=proposed&limit=200").json();
        confirm(app, waiting["items"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap());
        assert_eq!(verdict(app, NEWCOMER, "2937210000", "2027-05-10"), said("allowed", "listed"));
        let told = applicant(app, NEWCOMER).get("/v1/inbox?limit=200").json();
        let told: Vec<&str> = told["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
        for kind in ["correction_asked", "batch_published", "listing_suspended", "listing_expiring", "usage_return_due", "usage_return_warning", "suspension_proposed", "listing_reinstated"] {
            assert!(told.contains(&kind), "{kind}: {told:?}");
        }

        // Summer again: the third enterprise gives its listing up.
        app.set_time("2027-06-01T02:00:00Z");
        let held = ask(app, &format!("{}&declared_on=2027-06-01", question(ENT_01, "2937210000")))["listing"]["number"].as_str().unwrap().to_owned();
        let give_up = json!({ "kind": "surrender", "scheme": "beijing-2022", "items": [{ "line": 1, "listing": held }], "answers": null, "contact": { "name": "联系人（合成）" } });
        let mut given_up = Case(lodged(&applicant(app, ENT_01), &give_up));
        decide(app, &mut given_up, &json!([{ "line": 1, "outcome": "recognise" }]));
        publish(app, "京药监发〔2027〕9号", "2027-06-02", &given_up);
        assert_eq!(verdict(app, ENT_01, "2937210000", "2027-06-01"), said("allowed", "listed"));
        assert_eq!(verdict(app, ENT_01, "2937210000", "2027-06-02"), said("denied", "removed"));
        assert_eq!(verdict(app, NEWCOMER, "2937210000", "2027-09-01"), said("denied", "expired"));

        // The list as it should stand, before and after it is loaded anew; the log is verified and the list rebuilt from it
        // when the test ends.
        app.set_time("2027-06-03T02:00:00Z");
        let given_up = (held.clone(), "removed".to_owned());
        let expected: BTreeMap<String, String> = [
            (listed[0].clone(), "in_force".to_owned()),
            (listed[1].clone(), "expired".to_owned()),
            (new[0].clone(), "in_force".to_owned()),
            (removed.clone(), "removed".to_owned()),
            given_up,
        ]
        .into();
        let began: BTreeMap<String, String> = before.clone();
        let stands = |app: &TestApp| -> BTreeMap<String, String> {
            of_the_three(app).into_iter().filter(|(number, _)| !began.contains_key(number)).collect()
        };
        assert_eq!(stands(app), expected);
        app.restart();
        assert_eq!(stands(app), expected);
    }
}

/// Lets a day pass with everything that it brings.
fn passes(app: &TestApp, day: &str) {
    for _ in 0..2 {
        app.day_comes(day);
    }
}

/// Confirms what the service itself proposed.
fn confirm(app: &TestApp, adjustment: &str) {
    let place = format!("/v1/adjustments/{adjustment}");
    let etag = app.approver().get(&place).header("etag").unwrap().to_owned();
    let confirmed = app.approver().act(&format!("{place}/confirm"), &etag);
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
}

/// The listings of the three enterprises with their status.
fn of_the_three(app: &TestApp) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for uscc in [NEWCOMER, ENT_10, ENT_01] {
        let page = app.auditor().get(&format!("/v1/listings?enterprise={uscc}&limit=200")).json();
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        found.extend(page["items"].as_array().unwrap().iter().map(|item| (text(item, "number"), text(item, "status"))));
    }
    found
}

fn vary_answers() -> Value {
    json!(["registered_in_area", "own_research_only"].map(|code| json!({ "question": code, "answer": true })))
}
