//! Whoever a change concerns is told of it, once: by adjustments, stops, late usage returns, expiries and cases.

use crate::lookups::{ENT_01, ENT_05, ENT_10, number_of};
use crate::support::app::{Actor, TestApp};
use crate::support::casework::{Standing, addition, applicant, line, lodged};
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;

/// Lets a day pass with everything that it brings, twice: what is due once is done once.
fn day(app: &TestApp, day: &str) {
    for _ in 0..2 {
        app.day_comes(day);
    }
}

/// What an actor was told about things whose path holds a text: kind and text, in order of kind, because the ids of one
/// instant have no order. What the sample data told is left out.
fn told(actor: &Actor, about: &str) -> Vec<(String, String)> {
    let page = actor.send("GET", "/v1/inbox?limit=200", &[("Accept-Language", "en")], b"");
    assert_eq!(page.status, 200, "{}", page.text());
    let items = page.json()["items"].as_array().unwrap().clone();
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let of = items
        .iter()
        .filter(|item| item["about"].as_str().unwrap().contains(about) && item["kind"] != "agent_appointed");
    let mut told: Vec<_> =
        of.map(|item| (text(item, "kind"), format!("{} {}", text(item, "title"), text(item, "text")))).collect();
    told.sort();
    told
}

fn kinds(actor: &Actor, about: &str) -> Vec<String> {
    told(actor, about).into_iter().map(|(kind, _)| kind).collect()
}

fn enterprise(app: &TestApp, uscc: &str) -> Actor {
    applicant(app, uscc)
}

fn listed(app: &TestApp, name: &str, from: &str, to: &str) -> String {
    let add = json!({
        "kind": "add", "enterprise": ENT_05, "item": { "name_zh": name, "hs_code": "2937210000" },
        "quantity": "5", "unit": "035", "valid_from": from, "valid_to": to, "reason": { "code": "joint_recognition" },
    });
    let revision = app.change(json!([add]));
    let page = app.auditor().get(&format!("/v1/listings?enterprise={ENT_05}&limit=200")).json();
    let listing = page["items"].as_array().unwrap().iter().find(|item| item["revision"].as_i64() == Some(revision - 1));
    listing.unwrap()["number"].as_str().unwrap().to_owned()
}

on_both! {
    fn an_adjustment_tells_each_enterprise_once_of_what_it_does_and_the_officers_of_its_way(app) {
        let (five, ten) = (number_of(app, ENT_05, "2937500000"), number_of(app, ENT_10, "2937500000"));
        let reason = json!({ "code": "risk_found" });
        let changes = json!([
            { "kind": "suspend", "listing": five, "effective_on": "2026-08-20", "reason": reason },
            { "kind": "suspend", "listing": ten, "effective_on": "2026-08-20", "reason": reason },
            { "kind": "bar_enterprise", "enterprise": ENT_10, "until": "2028-08-19", "effective_on": "2026-08-20", "reason": { "code": "breach", "basis": "会议纪要" } },
        ]);
        let proposed = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": changes }));
        let place = proposed.header("location").unwrap().to_owned();
        assert_eq!(kinds(&app.approver(), &place), ["adjustment_proposed"]);
        assert_eq!(kinds(&enterprise(app, ENT_05), ""), [""; 0], "what is proposed concerns nobody outside yet");
        let etag = proposed.header("etag").unwrap().to_owned();
        assert_eq!(app.approver().act(&format!("{place}/confirm"), &etag).status, 200);

        let of_five = told(&enterprise(app, ENT_05), "");
        assert_eq!(of_five.len(), 1, "{of_five:?}");
        assert_eq!(of_five[0].0, "listing_suspended");
        assert!(of_five[0].1.contains(&five) && of_five[0].1.contains("20 Aug 2026") && !of_five[0].1.contains('—'), "{of_five:?}");
        assert_eq!(kinds(&enterprise(app, ENT_10), "").len(), 2);
        let barred = told(&enterprise(app, ENT_10), "/v1/enterprises/");
        assert!(barred[0].0 == "enterprise_barred" && barred[0].1.contains("19 Aug 2028") && !barred[0].1.contains('—'), "{barred:?}");
        assert_eq!(kinds(&enterprise(app, ENT_01), ""), [""; 0]);
        assert_eq!(kinds(&app.officer(), &place), ["adjustment_decided"]);

        // Several listings of one enterprise changed alike are one notice that names them all.
        let more = [listed(app, "物品一", "2026-08-12", "2027-08-11"), listed(app, "物品二", "2026-08-12", "2027-08-11")];
        let removals: Vec<Value> = more.iter().map(|number| json!({ "kind": "remove", "listing": number, "effective_on": "2026-09-01", "reason": { "code": "enterprise_request" } })).collect();
        app.change(json!(removals));
        let removed: Vec<_> = told(&enterprise(app, ENT_05), "").into_iter().filter(|(kind, _)| kind == "listing_removed").collect();
        assert!(removed.len() == 1 && more.iter().all(|number| removed[0].1.contains(number)), "{removed:?}");

        // One that is sent back tells its proposer and nobody else.
        let change = json!({ "kind": "reinstate", "listing": five, "effective_on": "2026-09-01", "reason": { "code": "rectified" } });
        let proposed = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": [change] }));
        let place = proposed.header("location").unwrap().to_owned();
        let before = kinds(&enterprise(app, ENT_05), "").len();
        let why = json!({ "reason": { "code": "other", "basis": "材料不足" } });
        assert_eq!(app.approver().change("POST", &format!("{place}/reject"), proposed.header("etag").unwrap(), &why).status, 200);
        assert_eq!((kinds(&app.officer(), &place), kinds(&enterprise(app, ENT_05), "").len()), (vec!["adjustment_decided".to_owned()], before));
    }
}

on_both! {
    fn a_stop_tells_the_enterprises_with_listings_of_its_class_and_the_bureau_when_nobody_confirms_it(app) {
        let number = number_of(app, ENT_05, "2937500000");
        let stop = |class: Value| {
            let made = app.officer().post("/v1/stops", &json!({ "scheme": "beijing-2022", "class": class, "reason": { "code": "risk_found" } }));
            assert_eq!(made.status, 201, "{}", made.text());
            (made.header("location").unwrap().to_owned(), made.header("etag").unwrap().to_owned())
        };
        let (place, etag) = stop(json!({ "kind": "hs_prefix", "value": "2937500000" }));
        for uscc in [ENT_05, ENT_10] {
            let told = told(&enterprise(app, uscc), "");
            assert!(told.len() == 1 && told[0].0 == "emergency_stop" && told[0].1.contains("HS 2937500000") && !told[0].1.contains('—'), "{told:?}");
        }
        assert!(told(&enterprise(app, ENT_05), "")[0].1.contains(&number));
        assert_eq!(kinds(&app.approver(), &place), ["stop_to_confirm"]);
        assert_eq!(app.approver().act(&format!("{place}/confirm"), &etag).status, 200);
        assert_eq!(kinds(&enterprise(app, ENT_10), ""), ["emergency_stop", "stop_confirmed"]);
        let id = place.rsplit('/').next().unwrap();
        app.change(json!([{ "kind": "lift_stop", "stop": id, "effective_on": "2026-08-12", "reason": { "code": "rectified" } }]));
        assert_eq!(kinds(&enterprise(app, ENT_10), ""), ["emergency_stop", "stop_confirmed", "stop_lifted"]);

        // A stop of one listing is one enterprise's; nobody confirms it.
        let (place, _) = stop(json!({ "kind": "listing", "value": number }));
        day(app, "2026-08-14");
        assert_eq!(kinds(&enterprise(app, ENT_10), "").len(), 3);
        assert_eq!(kinds(&enterprise(app, ENT_05), ""), ["emergency_stop", "emergency_stop", "stop_confirmed", "stop_lifted", "stop_lifted"]);
        assert_eq!(kinds(&app.officer(), &place), ["stop_lapsed"]);
        assert_eq!(kinds(&app.approver(), &place), ["stop_lapsed", "stop_to_confirm"]);
        app.change(json!([{ "kind": "stop_item_class", "class": { "kind": "hs_prefix", "value": "293750" }, "effective_on": "2026-08-20", "reason": { "code": "risk_found" } }]));
        assert_eq!(kinds(&enterprise(app, ENT_05), "").iter().filter(|kind| *kind == "item_class_stopped").count(), 1);
    }
}

on_both! {
    fn every_step_of_a_usage_return_that_stays_away_is_told_once(app) {
        let number = listed(app, "台账物品", "2026-08-12", "2027-08-11");
        let of = |app: &TestApp| told(&enterprise(app, ENT_05), "/v1/usage-returns/");
        for (on, kind) in [("2027-03-06", "usage_return_due"), ("2027-03-23", "usage_return_warning"), ("2027-04-12", "suspension_proposed")] {
            day(app, on);
            let told: Vec<_> = of(app).into_iter().filter(|(_, text)| text.contains(&number)).collect();
            let of_kind: Vec<_> = told.iter().filter(|told| told.0 == kind).collect();
            assert!(of_kind.len() == 1 && !of_kind[0].1.contains('—'), "{on}: {told:?}");
        }
        let mine: Vec<_> = of(app).into_iter().filter(|(_, text)| text.contains(&number)).collect();
        assert_eq!(mine.len(), 3, "{mine:?}");
        assert!(mine[2].1.contains("12 Apr 2027"), "the warning says when it is suspended: {mine:?}");
        let body = json!({ "listing": number, "period_from": "2026-08-12", "unit": "036", "opening": "0", "received": "100", "used": "60", "destroyed": "0", "stock": "40" });
        assert_eq!(enterprise(app, ENT_05).post("/v1/usage-returns", &body).status, 201);
        let late: Vec<_> = told(&app.officer(), "/v1/usage-returns/").into_iter().filter(|(kind, text)| kind == "usage_return_received" && text.contains(&number)).collect();
        assert_eq!(late.len(), 1, "the bureau is told that the late one came");
    }
}

on_both! {
    fn an_expiry_is_told_in_time_and_once_even_after_missed_runs(app) {
        let number = listed(app, "将到期物品", "2026-08-12", "2026-11-30");
        let of = |app: &TestApp| -> Vec<String> {
            let told = told(&enterprise(app, ENT_05), &number);
            told.into_iter().filter(|(kind, _)| kind == "listing_expiring").map(|(_, text)| text).collect()
        };
        day(app, "2026-09-01");
        assert!(of(app).len() == 1 && of(app)[0].contains("in 90 days"), "{:?}", of(app));
        // Nobody ran it on the thirtieth day before the end, nor on the seventh: one notice catches up.
        day(app, "2026-11-28");
        assert!(of(app).len() == 2 && of(app).iter().any(|text| text.contains("in 2 days")), "{:?}", of(app));
    }
}

on_both! {
    fn whoever_has_a_case_in_hand_is_told_what_the_enterprise_does_and_reminded_of_its_days(app) {
        let own = applicant(app, ENT_05);
        let case = lodged(&own, &addition(json!([line(1, "氢化可的松", "2937210000")])));
        let district = || app.actor(Role::DistrictOfficer, "110114", "district-1");
        let first = told(&district(), &case.path);
        assert!(first.len() == 1 && first[0].0 == "application_lodged" && first[0].1.contains("19 Aug 2026"), "{first:?}");
        day(app, "2026-08-17");
        day(app, "2026-08-18");
        day(app, "2026-08-20");
        assert_eq!(kinds(&district(), &case.path), ["application_lodged", "case_due_soon", "case_overdue"]);
        let withdrawn = applicant(app, ENT_05).change("POST", &format!("{}/withdraw", case.path), &case.etag, &json!({}));
        assert_eq!(withdrawn.status, 200, "{}", withdrawn.text());
        assert_eq!(kinds(&district(), &case.path), ["application_lodged", "application_withdrawn", "case_due_soon", "case_overdue"]);

        // The enterprise is reminded of its own correction.
        let case = lodged(&applicant(app, ENT_05), &addition(json!([line(1, "氢化可的松", "2937210000")])));
        let asked = json!({ "findings": [{ "pointer": "/items/0/quantity", "reason": "quantity_unexplained" }] });
        let asked = Standing::of(&district().change("POST", &format!("{}/ask", case.path), &case.etag, &asked));
        day(app, "2026-09-09");
        assert_eq!(kinds(&applicant(app, ENT_05), &case.path), ["case_due_soon", "correction_asked"]);
        let corrected = applicant(app, ENT_05).change("POST", &format!("{}/correct", case.path), &asked.etag, &json!({ "reason": "已补充" }));
        assert_eq!(corrected.status, 200, "{}", corrected.text());
        assert_eq!(kinds(&district(), &case.path), ["application_corrected", "application_lodged"]);
    }
}

on_both! {
    fn findings_and_screening_hits_are_told_where_they_matter(app) {
        let new = json!({ "enterprise": ENT_05, "found_on": "2026-08-11", "kind": "ledger", "text": "台账缺页" });
        let recorded = app.officer().post("/v1/findings", &new);
        assert_eq!(recorded.status, 201, "{}", recorded.text());
        assert_eq!(kinds(&enterprise(app, ENT_05), recorded.header("location").unwrap()), ["finding_recorded"]);
        let entry = |uscc: &str| json!({ "list": "customs", "enterprise": uscc, "name": null, "ground": "走私", "source": "公告2026-7", "valid_from": "2026-03-01", "valid_to": null });
        let entered = app.officer().post("/v1/screening", &entry(ENT_10));
        assert_eq!(entered.status, 201, "{}", entered.text());
        assert_eq!(app.officer().post("/v1/screening", &entry("91350100M000100Y43")).status, 201);
        assert_eq!(kinds(&app.officer(), "/v1/screening/"), ["screening_hit"], "nobody is told of strangers");
    }
}
