//! Supervision after listing: usage returns and what follows when they stay away, screening lists, bars, findings, reminders.

use crate::lookups::{ENT_05, ENT_10, number_of};
use crate::support::app::{Actor, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::app::screening::screen;
use whitelist::domain::actor::Role;
use whitelist::domain::code::Uscc;
use whitelist::domain::validity::LegalDay;
use whitelist::store::keep::reminders;

fn enterprise(app: &TestApp, uscc: &str) -> Actor {
    app.actor(Role::EnterpriseApplicant, uscc, "applicant-1")
}

/// Adds a listing and returns its number.
fn listed(app: &TestApp, from: &str, to: &str) -> String {
    let add = json!({
        "kind": "add", "enterprise": ENT_05, "item": { "name_zh": "台账物品", "hs_code": "2937210000" },
        "quantity": "5", "unit": "035", "valid_from": from, "valid_to": to, "reason": { "code": "joint_recognition" },
    });
    let revision = app.change(json!([add]));
    let page = app.auditor().get(&format!("/v1/listings?enterprise={ENT_05}&limit=200")).json();
    let listing = page["items"].as_array().unwrap().iter().find(|item| item["revision"].as_i64() == Some(revision - 1));
    listing.unwrap()["number"].as_str().unwrap().to_owned()
}

fn body(listing: &str, used: &str, stock: &str) -> Value {
    json!({ "listing": listing, "period_from": "2026-08-12", "unit": "036", "opening": "0", "received": "100.5", "used": used, "destroyed": "0.5", "stock": stock })
}

fn stages(app: &TestApp, listing: &str) -> Vec<String> {
    let page = app.auditor().get(&format!("/v1/usage-returns?listing={listing}")).json();
    page["items"].as_array().unwrap().iter().map(|item| item["stage"].as_str().unwrap().to_owned()).collect()
}

fn standing(app: &TestApp, listing: &str) -> Value {
    app.auditor().get(&format!("/v1/listings/{listing}")).json()["status"].clone()
}

/// Names what the log says about a return, in order.
fn events(app: &TestApp, id: &str) -> Vec<String> {
    let rows = app.inside().store.read(|conn| whitelist::store::log::list_entries(conn, 0, 10_000)).unwrap();
    let entries = rows.iter().map(|row| serde_json::from_slice::<Value>(&row.leaf).unwrap());
    entries
        .filter(|entry| entry["entity"]["id"] == id)
        .map(|entry| entry["type"].as_str().unwrap().to_owned())
        .collect()
}

fn with_body(actor: &Actor, target: &str, etag: &str, body: &Value) -> Response {
    let headers = [("If-Match", etag), ("Content-Type", "application/json")];
    actor.send("POST", target, &headers, body.to_string().as_bytes())
}

on_both! {
    fn a_return_that_stays_away_is_reminded_of_warned_of_and_leads_to_a_proposal_that_a_late_one_takes_back(app) {
        let number = listed(app, "2026-08-12", "2027-08-11");
        // The first period ends on 2027-02-11; its return is due on 2027-03-13.
        app.day_comes("2027-02-11");
        assert!(stages(app, &number).is_empty());
        app.day_comes("2027-03-05");
        assert!(stages(app, &number).is_empty());
        app.day_comes("2027-03-06");
        assert_eq!(stages(app, &number), ["reminded"]);
        app.day_comes("2027-03-22");
        assert_eq!(stages(app, &number), ["reminded"]);
        app.day_comes("2027-03-23");
        assert_eq!(stages(app, &number), ["warned"]);
        app.day_comes("2027-04-12");
        assert_eq!(stages(app, &number), ["suspension_proposed"]);
        assert_eq!(app.day_comes("2027-04-12"), 0);
        assert_eq!(standing(app, &number), "in_force");
        let page = app.auditor().get(&format!("/v1/usage-returns?listing={number}")).json();
        let shown = page["items"][0].clone();
        assert_eq!((shown["overdue"].clone(), shown["due_on"].clone()), (json!(true), json!("2027-03-13")));
        let adjustment = format!("/v1/adjustments/{}", shown["adjustment"].as_str().unwrap());
        let proposed = app.officer().get(&adjustment).json();
        assert_eq!((proposed["state"].clone(), proposed["proposed_by"].clone()), (json!("proposed"), json!("system")));
        let board = app.officer().get("/v1/supervision").json();
        assert!(board["returns_overdue"]["first"].as_array().unwrap().contains(&shown["id"]));

        // The ledger must add up; another enterprise has no such listing; then the late return takes the proposal back.
        let own = enterprise(app, ENT_05);
        let wrong = own.post("/v1/usage-returns", &body(&number, "60", "39"));
        assert_eq!((wrong.status, wrong.json()["rule"].clone()), (422, json!("ledger_does_not_add_up")));
        assert_eq!(enterprise(app, ENT_10).post("/v1/usage-returns", &body(&number, "60", "40")).status, 404);
        let handed_in = own.post("/v1/usage-returns", &body(&number, "60", "40"));
        assert_eq!((handed_in.status, handed_in.json()["stage"].clone()), (201, json!("handed_in")), "{}", handed_in.text());
        assert_eq!(handed_in.json()["stock"], json!({ "quantity": "0.04", "unit": "035" }));
        assert_eq!(app.officer().get(&adjustment).json()["state"], json!("withdrawn"));
        assert_eq!(own.post("/v1/usage-returns", &body(&number, "60", "40")).status, 409);

        // A correction is a new version, under the view of the first.
        let (place, etag) = (handed_in.header("location").unwrap().to_owned(), handed_in.header("etag").unwrap().to_owned());
        let mut corrected = body(&number, "61", "39");
        corrected.as_object_mut().unwrap().retain(|name, _| name != "listing" && name != "period_from");
        assert_eq!(with_body(&own, &format!("{place}/correct"), "\"1\"", &corrected).status, 412);
        assert_eq!(with_body(&own, &format!("{place}/correct"), &etag, &corrected).status, 200);
        assert_eq!(enterprise(app, ENT_10).get(&place).status, 404);
        assert_eq!(events(app, shown["id"].as_str().unwrap()), ["usage_return.reminded", "usage_return.warned", "usage_return.suspension_proposed", "usage_return.handed_in", "usage_return.corrected"]);
    }
}

on_both! {
    fn a_suspension_that_two_people_confirmed_is_followed_by_a_proposal_to_reinstate(app) {
        let number = listed(app, "2026-08-12", "2027-08-11");
        for day in ["2027-03-06", "2027-03-23", "2027-04-12"] {
            app.day_comes(day);
        }
        let page = app.auditor().get(&format!("/v1/usage-returns?listing={number}")).json();
        let adjustment = format!("/v1/adjustments/{}", page["items"][0]["adjustment"].as_str().unwrap());
        let etag = app.approver().get(&adjustment).header("etag").unwrap().to_owned();
        assert_eq!(app.approver().act(&format!("{adjustment}/confirm"), &etag).status, 200);
        assert_eq!(standing(app, &number), "suspended");
        // A moment later, so that what follows is the youngest.
        app.set_time("2027-04-12T01:00:01.000000Z");
        assert_eq!(enterprise(app, ENT_05).post("/v1/usage-returns", &body(&number, "60", "40")).status, 201);
        let waiting = app.officer().get("/v1/adjustments?state=proposed&limit=200").json();
        let id = waiting["items"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
        let proposed = app.officer().get(&format!("/v1/adjustments/{id}"));
        assert_eq!(proposed.json()["changes"][0]["kind"], "reinstate");
        let etag = proposed.header("etag").unwrap().to_owned();
        assert_eq!(app.approver().act(&format!("/v1/adjustments/{id}/confirm"), &etag).status, 200);
        assert_eq!(standing(app, &number), "in_force");
    }
}

on_both! {
    fn periods_that_are_none_or_have_not_ended_take_no_return(app) {
        let number = listed(app, "2026-08-12", "2027-08-11");
        let own = enterprise(app, ENT_05);
        let early = own.post("/v1/usage-returns", &body(&number, "60", "40"));
        assert_eq!((early.status, early.json()["rule"].clone()), (422, json!("period_unknown")));
        app.set_time("2027-02-12T01:00:00.000000Z");
        let own = enterprise(app, ENT_05);
        let mut other = body(&number, "60", "40");
        other["period_from"] = json!("2026-08-13");
        assert_eq!(own.post("/v1/usage-returns", &other).json()["rule"], "period_unknown");
        let mut litres = body(&number, "60", "40");
        litres["unit"] = json!("095");
        assert_eq!(own.post("/v1/usage-returns", &litres).json()["rule"], "unit_not_comparable");
        let faults = own.post("/v1/usage-returns", &json!({ "listing": number, "used": "-1" })).json()["faults"].as_array().unwrap().len();
        assert_eq!(faults, 7);
        assert_eq!(own.post("/v1/usage-returns", &body(&number, "60", "40")).status, 201);
        // The next period begins with what was left.
        app.set_time("2027-08-12T01:00:00.000000Z");
        let own = enterprise(app, ENT_05);
        let mut next = body(&number, "60", "40");
        next["period_from"] = json!("2027-02-12");
        let second = own.post("/v1/usage-returns", &next).json();
        assert_eq!((second["carried_over"].clone(), second["opening_differs"].clone()), (json!({ "quantity": "0.04", "unit": "035" }), json!(true)));
    }
}

on_both! {
    fn screening_lists_are_dated_come_from_files_and_are_shown_as_hits(app) {
        let officer = app.officer();
        let csv = format!("名单,统一社会信用代码,企业名称,事由,来源,起始日期,截止日期\n海关失信企业名单,{ENT_10},癸,走私,公告2026-7,2026-03-01,\nbar_elsewhere,{ENT_10},癸,弄虚作假,通报,2026-01-01,2026-07-31\n");
        let send = |body: &str| officer.send("POST", "/v1/screening/import", &[("Content-Type", "text/csv")], body.as_bytes());
        let faulty = send(&csv.replace("2026-03-01", "2026-3-1").replace("bar_elsewhere", "none"));
        assert_eq!((faulty.status, faulty.json()["faults"].as_array().unwrap().len()), (422, 2), "{}", faulty.text());
        let first = send(&csv);
        assert_eq!((first.status, first.json()["entered"].as_array().unwrap().len()), (200, 2), "{}", first.text());
        let again = send(&csv).json();
        assert_eq!((again["entered"].clone(), again["unchanged"].clone()), (json!([]), json!(2)));

        let hits = |app: &TestApp, day: &str| {
            let (uscc, day) = (Uscc::parse(ENT_10).unwrap(), LegalDay::parse(day).unwrap());
            let hits = app.inside().store.read(|conn| screen(conn, uscc, day)).unwrap();
            hits.iter().map(|hit| hit.list).collect::<Vec<_>>()
        };
        assert_eq!(hits(app, "2026-08-12"), ["customs"]);
        assert_eq!(hits(app, "2026-06-01").len(), 2);
        let page = officer.get(&format!("/v1/screening?enterprise={ENT_10}&on=2026-08-12")).json();
        let place = format!("/v1/screening/{}", page["items"][0]["id"].as_str().unwrap());
        let etag = officer.get(&place).header("etag").unwrap().to_owned();
        assert_eq!(with_body(&officer, &format!("{place}/end"), &etag, &json!({ "valid_to": "2026-02-01" })).json()["rule"], "entry_ended");
        assert_eq!(with_body(&officer, &format!("{place}/end"), &etag, &json!({ "valid_to": "2026-08-11" })).status, 200);
        assert!(hits(app, "2026-08-12").is_empty());
        app.change(json!([{ "kind": "bar_enterprise", "enterprise": ENT_10, "until": "2028-08-11", "effective_on": "2026-08-12", "reason": { "code": "qualification_cancelled", "basis": "会议纪要" } }]));
        assert_eq!(hits(app, "2026-08-12"), ["bar"]);
    }
}

on_both! {
    fn who_an_enterprise_is_is_compared_with_the_register(app) {
        let own = enterprise(app, ENT_10);
        let name = own.get(&format!("/v1/enterprises/{ENT_10}")).json()["name_zh"].as_str().unwrap().to_owned();
        let place = format!("/v1/enterprises/{ENT_10}/registration");
        let stands = |actor: &crate::support::app::Actor| actor.get(&place).json()["registration"].as_str().unwrap().to_owned();
        assert_eq!(stands(&own), "not_loaded");
        assert_eq!(enterprise(app, ENT_05).get(&place).status, 404, "of itself only");

        let officer = app.officer();
        let load = |rows: &str| {
            let csv = format!("名单,统一社会信用代码,企业名称,事由,来源,起始日期,截止日期\n{rows}\n");
            let loaded = officer.send("POST", "/v1/screening/import", &[("Content-Type", "text/csv")], csv.as_bytes());
            assert_eq!(loaded.status, 200, "{}", loaded.text());
        };
        load(&format!("经营主体登记,{ENT_05},丙,存续,登记机关2026-8,2020-01-01,"));
        assert_eq!(stands(&own), "unknown");
        load(&format!("business_register,{ENT_10},旧名称有限公司,存续,登记机关2026-8,2020-01-01,"));
        assert_eq!((stands(&own), own.get(&place).json()["name"].as_str()), ("other_name".to_owned(), Some("旧名称有限公司")));
        assert_eq!(own.get(&format!("{place}?name=%E6%97%A7%E5%90%8D%E7%A7%B0%E6%9C%89%E9%99%90%E5%85%AC%E5%8F%B8")).json()["registration"], "agrees");

        // Who applies is told, who reviews sees it, and nothing is refused for it.
        let case = crate::support::casework::lodged(&own, &crate::support::casework::addition(json!([crate::support::casework::line(1, "肝素钠", "3001901000")])));
        let list = own.get(&format!("{}/checklist", case.path)).json();
        assert!(list["findings"].as_array().unwrap().iter().any(|found| found["code"] == "registration_doubtful" && found["about"] == "other_name"), "{list}");
        let checks = officer.get(&format!("{}/checks", case.path)).json();
        let check = checks["items"].as_array().unwrap().iter().find(|check| check["code"] == "registration_doubtful");
        assert_eq!(check.map(|check| check["about"].as_str()), Some(Some("旧名称有限公司")), "{checks}");
        assert!(officer.get("/v1/inbox").json()["items"].as_array().unwrap().iter().all(|told| told["kind"] != "screening_hit"));

        load(&format!("business_register,{ENT_10},{name},更名,登记机关2026-8,2026-08-01,"));
        assert_eq!(stands(&officer), "agrees");
    }
}

on_both! {
    fn a_bar_is_shown_with_its_ground_and_keeps_new_listings_away_until_it_is_lifted(app) {
        app.change(json!([{ "kind": "bar_enterprise", "enterprise": ENT_10, "until": "2028-08-11", "effective_on": "2026-08-12", "reason": { "code": "qualification_cancelled", "basis": "会议纪要" } }]));
        let shown = app.auditor().get(&format!("/v1/enterprises/{ENT_10}")).json();
        assert_eq!(shown["bar"]["ground"], json!({ "code": "qualification_cancelled", "basis": "会议纪要" }));
        assert_eq!(shown["bar"]["until"], "2028-08-11");
        let board = app.auditor().get("/v1/bars").json();
        assert!(board["items"].as_array().unwrap().iter().any(|item| item["enterprise"] == ENT_10));
        let add = json!([{ "kind": "add", "enterprise": ENT_10, "item": { "name_zh": "新物品", "hs_code": "2937210000" }, "quantity": "5", "unit": "036", "valid_from": "2026-09-01", "valid_to": "2027-08-31", "reason": { "code": "joint_recognition" } }]);
        let refused = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": add }));
        assert_eq!((refused.status, refused.json()["rule"].clone()), (422, json!("barred")));
        app.change(json!([{ "kind": "lift_bar", "enterprise": ENT_10, "effective_on": "2026-08-12", "reason": { "code": "rectified" } }]));
        assert_eq!(app.auditor().get(&format!("/v1/enterprises/{ENT_10}")).json()["bar"], Value::Null);
        assert_eq!(app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": add })).status, 201);
    }
}

on_both! {
    fn a_finding_is_attached_to_its_enterprise_and_closed_once(app) {
        let number = number_of(app, ENT_05, "2937500000");
        let hash = "a".repeat(64);
        let new = json!({ "enterprise": ENT_05, "listing": number, "found_on": "2026-08-11", "kind": "ledger", "text": "台账缺页", "documents": [hash] });
        let recorded = app.officer().post("/v1/findings", &new);
        assert_eq!(recorded.status, 201, "{}", recorded.text());
        let (place, etag) = (recorded.header("location").unwrap().to_owned(), recorded.header("etag").unwrap().to_owned());
        assert_eq!(enterprise(app, ENT_05).get(&place).json()["documents"], json!([hash]));
        assert_eq!(enterprise(app, ENT_10).get(&place).status, 404);
        let closing = json!({ "outcome": "rectified", "text": "已补齐" });
        let closed = with_body(&app.officer(), &format!("{place}/close"), &etag, &closing);
        assert_eq!((closed.status, closed.json()["closed_on"].clone()), (200, json!("2026-08-12")), "{}", closed.text());
        let fresh = closed.header("etag").unwrap().to_owned();
        assert_eq!(with_body(&app.officer(), &format!("{place}/close"), &fresh, &closing).status, 409);
        for (member, value, rule) in [
            ("enterprise", json!(ENT_10), "listing_unknown"),
            ("found_on", json!("2026-08-13"), "day_to_come"),
        ] {
            let mut other = new.clone();
            other[member] = value;
            assert_eq!(app.officer().post("/v1/findings", &other).json()["rule"], rule);
        }
    }
}

on_both! {
    fn an_expiry_is_announced_once_each_even_after_missed_runs(app) {
        let number = listed(app, "2026-08-12", "2026-11-30");
        let kinds = |app: &TestApp| {
            let mut sent = app.inside().store.read(|conn| reminders::sent(conn, std::slice::from_ref(&number))).unwrap();
            sent.sort_by_key(|sent| sent.due_on);
            sent.into_iter().map(|sent| sent.kind).collect::<Vec<_>>()
        };
        app.day_comes("2026-08-31");
        assert!(kinds(app).is_empty());
        app.day_comes("2026-09-01");
        assert_eq!(kinds(app), ["expiry_90"]);
        // Nobody ran it on the thirtieth day before the end, nor on the seventh.
        app.day_comes("2026-11-28");
        assert_eq!(kinds(app), ["expiry_90", "expiry_30", "expiry_7"]);
        assert_eq!(app.day_comes("2026-11-28"), 0);
        // Extended, it is announced anew for its new end.
        app.change(json!([{ "kind": "extend", "listing": number, "valid_to": "2027-11-30", "reason": { "code": "enterprise_request" } }]));
        app.day_comes("2027-09-01");
        assert_eq!(kinds(app).len(), 4);
    }
}

on_both! {
    fn a_preview_counts_the_listings_that_an_enterprise_or_a_stop_takes_along(app) {
        let page = app.auditor().get(&format!("/v1/listings?enterprise={ENT_05}&limit=200")).json();
        let live = page["items"].as_array().unwrap().iter().filter(|item| item["status"] != "expired" && item["status"] != "removed").count();
        assert!(live > 1);
        let reason = json!({ "code": "risk_found" });
        let changes = json!([
            { "kind": "suspend_enterprise", "enterprise": ENT_05, "effective_on": "2026-08-12", "reason": reason },
            { "kind": "stop_item_class", "class": { "kind": "hs_prefix", "value": "2937500000" }, "effective_on": "2026-08-12", "reason": reason },
        ]);
        let proposed = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": changes }));
        let preview = app.officer().get(&format!("{}/preview", proposed.header("location").unwrap())).json();
        assert_eq!(preview["changes"][0]["listings"]["count"], json!(live));
        let stopped = preview["changes"][1]["listings"]["count"].as_u64().unwrap();
        assert!(stopped >= 2, "{preview}");
        let all = preview["totals"]["listings"].as_u64().unwrap();
        assert!(all > live as u64 && all < live as u64 + stopped, "one listing is both: {preview}");
    }
}
