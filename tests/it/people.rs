//! People: the first administrator, grants by two persons, accounts of one person, agents, enterprises by themselves.

use crate::lookups::{ENT_05, ENT_10};
use crate::matrix::issuer;
use crate::support::app::{Actor, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::app::people::setup::make_code;
use whitelist::domain::actor::Role;

const NEW: &str = "91110000600037341L";
const JSON: (&str, &str) = ("Content-Type", "application/json");

pub fn put(actor: &Actor, target: &str, etag: Option<&str>, body: &Value) -> Response {
    let mut headers = vec![JSON];
    headers.extend(etag.map(|etag| ("If-Match", etag)));
    actor.send("PUT", target, &headers, body.to_string().as_bytes())
}

fn post_seen(actor: &Actor, target: &str, etag: &str, body: &Value) -> Response {
    actor.send("POST", target, &[JSON, ("If-Match", etag)], body.to_string().as_bytes())
}

pub fn id(response: &Response) -> String {
    assert!((200..300).contains(&response.status), "{}", response.text());
    response.json()["id"].as_str().unwrap().to_owned()
}

pub fn etag(response: &Response) -> String {
    response.header("etag").unwrap().to_owned()
}

pub fn rule(response: &Response) -> String {
    assert_eq!(response.status, 422, "{}", response.text());
    let problem = response.json();
    let told = problem["rule"].as_str().or(problem["faults"][0]["code"].as_str());
    told.unwrap().to_owned()
}

/// The bureau's administrator by token; whether the role counts is the register's word.
pub fn admin(app: &TestApp, name: &str) -> Actor {
    app.actor(Role::BureauAdmin, "bj-commerce", name)
}

pub fn found(app: &TestApp, name: &str) -> String {
    let code = make_code(&app.inside().store, app.clock.now()).unwrap().unwrap();
    id(&admin(app, name).post("/v1/setup/first-administrator", &json!({ "code": code, "name": "首位管理员" })))
}

/// Registers a person with accounts; returns id and entity tag.
pub fn register(app: &TestApp, by: &Actor, org: &str, accounts: &[&str]) -> (String, String) {
    let accounts: Vec<Value> =
        accounts.iter().map(|subject| json!({ "issuer": issuer(app), "subject": subject })).collect();
    let made = by.post("/v1/people", &json!({ "name": "张三", "org": org, "accounts": accounts }));
    (id(&made), etag(&made))
}

pub fn grant(by: &Actor, person: &str, org: &str, role: &str) -> Response {
    by.post(&format!("/v1/people/{person}/grants"), &json!({ "org": org, "role": role }))
}

pub fn decide(by: &Actor, grant: &Response, verb: &str) -> Response {
    by.act(&format!("/v1/grants/{}/{verb}", id(grant)), &etag(grant))
}

on_both! {
    fn the_first_administrator_needs_the_code_of_the_machine_once_and_in_time(app) {
        let first = admin(app, "admin-1");
        let founded = |code: &str| first.post("/v1/setup/first-administrator", &json!({ "code": code, "name": "甲" }));
        assert_eq!(rule(&founded("00000000000000000000000000000000")), "code_invalid");
        let late = make_code(&app.inside().store, app.clock.now()).unwrap().unwrap();
        app.set_time("2026-08-12T04:15:00.000000Z");
        assert_eq!(rule(&founded(&late)), "code_invalid", "fifteen minutes");
        let void = make_code(&app.inside().store, app.clock.now()).unwrap().unwrap();
        let code = make_code(&app.inside().store, app.clock.now()).unwrap().unwrap();
        assert_eq!(rule(&founded(&void)), "code_invalid", "a later code voids the earlier");
        let officer = app.officer();
        assert_eq!(officer.get("/v1/adjustments").status, 200, "roles come from the token until there is an administrator");
        let made = founded(&code);
        assert_eq!(made.json()["grants"][0]["exempt"], json!("first_administrator"), "{}", made.text());
        assert_eq!(rule(&admin(app, "admin-1").post("/v1/setup/first-administrator", &json!({ "code": code, "name": "乙" }))), "already_founded");
        assert_eq!(make_code(&app.inside().store, app.clock.now()).unwrap(), None);
        // From now on a token alone makes no officer and no administrator; customs systems are no people.
        assert_eq!(officer.get("/v1/adjustments").status, 403);
        assert_eq!(admin(app, "admin-2").get("/v1/people").status, 403);
        assert_eq!(first.get("/v1/people").json()["items"].as_array().unwrap().len(), 1);
        assert_eq!(app.customs().get("/v1/schemes").status, 200);
        assert_eq!(app.actor(Role::EnterpriseApplicant, ENT_05, "a").get("/v1/schemes").status, 200);
    }
}

on_both! {
    fn a_grant_takes_two_administrators_and_counts_on_its_days(app) {
        let first_id = found(app, "admin-1");
        let first = admin(app, "admin-1");
        let (second_id, second_etag) = register(app, &first, "bj-commerce", &["admin-2"]);
        let only = grant(&first, &second_id, "bj-commerce", "bureau.admin");
        assert_eq!((only.json()["state"].clone(), only.json()["exempt"].clone()), (json!("in_force"), json!("second_administrator")));
        let second = admin(app, "admin-2");
        let (third_id, _) = register(app, &second, "bj-commerce", &["officer-1"]);
        let proposed = grant(&first, &third_id, "bj-commerce", "bureau.officer");
        assert_eq!((proposed.status, proposed.json()["state"].clone()), (201, json!("proposed")), "{}", proposed.text());
        assert_eq!(app.officer().get("/v1/adjustments").status, 403, "not yet confirmed");
        assert_eq!(rule(&decide(&first, &proposed, "confirm")), "four_eyes");
        let told = second.get("/v1/inbox").json()["items"].clone();
        assert!(told.as_array().unwrap().iter().any(|notice| notice["kind"] == "grant_to_confirm"), "{told}");
        let confirmed = decide(&second, &proposed, "confirm");
        assert_eq!(confirmed.json()["state"], json!("in_force"), "{}", confirmed.text());
        assert_eq!(app.officer().get("/v1/adjustments").status, 200);
        assert_eq!(app.actor(Role::BureauOfficer, "bj-drug", "officer-1").get("/v1/adjustments").status, 403, "another organisation");
        assert_eq!(app.approver().get("/v1/adjustments").status, 403, "another account");
        assert_eq!(decide(&second, &proposed, "refuse").status, 412);
        assert_eq!(decide(&second, &confirmed, "refuse").status, 409);

        assert_eq!(rule(&grant(&first, &first_id, "bj-commerce", "bureau.officer")), "own_grant");
        assert_eq!(rule(&grant(&first, &second_id, "bj-commerce", "auditor")), "roles_exclude");
        assert_eq!(rule(&grant(&first, &third_id, "bj-commerce", "customs.draw")), "role_not_yours");
        let dated = first.post(
            &format!("/v1/people/{third_id}/grants"),
            &json!({ "org": "bj-commerce", "role": "agency.reviewer", "valid_from": "2026-08-13", "valid_to": "2026-08-20" }),
        );
        assert_eq!(decide(&second, &dated, "confirm").status, 200);
        let reviewer = |app: &TestApp| app.actor(Role::AgencyReviewer, "bj-commerce", "officer-1").get("/v1/listings").status;
        for (now, status) in [("2026-08-12T15:59:59.000000Z", 403), ("2026-08-12T16:00:00.000000Z", 200), ("2026-08-20T16:00:00.000000Z", 403)] {
            app.set_time(now);
            assert_eq!(reviewer(app), status, "{now}");
        }
        let (first, second) = (admin(app, "admin-1"), admin(app, "admin-2"));
        let ended = decide(&first, &confirmed, "end");
        assert_eq!(ended.json()["state"], json!("ended"), "{}", ended.text());
        assert_eq!(app.officer().get("/v1/adjustments").status, 403);

        // The last administrator stays; the one before may go.
        let gone = first.act(&format!("/v1/people/{second_id}/deactivate"), &second_etag);
        assert_eq!(gone.json()["active"], json!(false), "{}", gone.text());
        assert_eq!(second.get("/v1/people").status, 403);
        assert_eq!(first.act(&format!("/v1/people/{second_id}/deactivate"), &etag(&gone)).status, 409);
        let mine = first.get(&format!("/v1/people/{first_id}"));
        assert_eq!(rule(&first.act(&format!("/v1/people/{first_id}/deactivate"), &etag(&mine))), "last_administrator");
        assert_eq!(first.act(&format!("/v1/people/{second_id}/reactivate"), &etag(&gone)).status, 200);
        assert_eq!(second.get("/v1/people").status, 200);
    }
}

on_both! {
    fn two_accounts_of_one_person_are_one_for_four_eyes(app) {
        let listings = app.auditor().get("/v1/listings").json()["items"].clone();
        let suspend = |place: usize| {
            let listing = listings[place]["number"].as_str().unwrap();
            json!([{ "kind": "suspend", "listing": listing, "effective_on": "2026-09-01", "reason": { "code": "risk_found" } }])
        };
        // Both accounts have acted before anybody knows that they are one person's, so each has an id in the log.
        app.change(suspend(0));
        let by = admin(app, "admin-9");
        let (person, tag) = register(app, &by, "bj-commerce", &["officer-1"]);
        let proposed = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": suspend(1) }));
        let place = format!("/v1/adjustments/{}/confirm", id(&proposed));
        let account = json!({ "issuer": issuer(app), "subject": "approver-1" });
        let target = format!("/v1/people/{person}/accounts");
        assert_eq!(post_seen(&by, &target, "\"1\"", &account).status, 412);
        let joined = post_seen(&by, &target, &tag, &account);
        assert_eq!(joined.json()["accounts"].as_array().unwrap().len(), 2, "{}", joined.text());
        assert_eq!(rule(&app.approver().act(&place, &etag(&proposed))), "four_eyes");
        let other = app.actor(Role::BureauApprover, "bj-commerce", "approver-2");
        assert_eq!(other.act(&place, &etag(&proposed)).status, 200);
        // What is somebody's stays theirs.
        let (elsewhere, tag) = register(app, &by, "bj-commerce", &["somebody"]);
        assert_eq!(rule(&post_seen(&by, &format!("/v1/people/{elsewhere}/accounts"), &tag, &account)), "account_taken");
        let again = by.post("/v1/people", &json!({ "name": "李四", "org": "bj-commerce", "accounts": [account] }));
        assert_eq!(rule(&again), "account_taken");
    }
}

on_both! {
    fn names_and_addresses_are_nowhere_in_the_log(app) {
        let by = admin(app, "admin-1");
        let account = json!([{ "issuer": issuer(app), "subject": "secret-subject" }]);
        let body = json!({ "name": "保密姓名", "org": "bj-commerce", "phone": "010-99887766", "mail": "secret@person.example", "accounts": account });
        let person = by.post("/v1/people", &body);
        assert_eq!(person.json()["mail"], json!("secret@person.example"), "{}", person.text());
        let named = json!({ "name": "保密姓名", "phone": "010-99887766", "mail": "secret@person.example" });
        let applicant = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-1");
        assert_eq!(put(&applicant, &format!("/v1/enterprises/{ENT_05}/responsible-person"), None, &named).status, 200);
        let leaves = app.inside().store.read(|conn| whitelist::store::log::list_entries(conn, 0, 10_000)).unwrap();
        for row in leaves {
            let leaf = String::from_utf8(row.leaf).unwrap();
            for secret in ["保密姓名", "010-99887766", "secret@person.example", "secret-subject"] {
                assert!(!leaf.contains(secret), "{leaf}");
            }
        }
    }
}

on_both! {
    fn an_enterprise_runs_its_own_people_and_nobody_elses(app) {
        let applicant = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-1");
        let (own, _) = register(app, &applicant, ENT_05, &["applicant-1"]);
        let elsewhere = applicant.post("/v1/people", &json!({ "name": "张三", "org": ENT_10, "accounts": [{ "issuer": issuer(app), "subject": "x" }] }));
        assert_eq!(elsewhere.status, 403);
        assert_eq!(rule(&grant(&applicant, &own, ENT_05, "bureau.officer")), "role_not_yours");
        assert_eq!(rule(&grant(&applicant, &own, ENT_10, "enterprise.applicant")), "role_not_yours");
        let given = grant(&applicant, &own, ENT_05, "enterprise.applicant");
        assert_eq!(given.json()["exempt"], json!("own_people"), "{}", given.text());
        // Now only registered people act for it; other enterprises are as they were.
        let stranger = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-2");
        assert_eq!(stranger.get("/v1/listings").status, 403);
        assert_eq!(applicant.get("/v1/listings").status, 200);
        let other = app.actor(Role::EnterpriseApplicant, ENT_10, "applicant-3");
        assert_eq!(other.get("/v1/listings").status, 200);
        assert_eq!(other.get(&format!("/v1/people/{own}")).status, 404);
        assert_eq!(other.get(&format!("/v1/people?org={ENT_05}")).json()["items"], json!([]));
        assert_eq!(decide(&other, &given, "end").status, 404);
    }
}

on_both! {
    fn an_agent_acts_only_under_a_mandate_in_force_for_the_matter(app) {
        let enterprise = app.actor(Role::EnterpriseApplicant, ENT_10, "applicant-1");
        let agent = app.actor(Role::EnterpriseAgent, "agent-office", "agent-1");
        let acting = [("Whitelist-Acting-For", ENT_10)];
        let status = |agent: &Actor| agent.send("GET", "/v1/listings", &acting, b"").status;
        let refused = agent.send("GET", "/v1/listings", &[("Accept-Language", "en"), acting[0]], b"");
        assert_eq!(refused.status, 403);
        assert!(refused.text().contains("/mandates"), "the remedy is named: {}", refused.text());
        let body = json!({ "agent_org": "agent-office", "scopes": ["usage_returns"], "valid_from": "2026-08-13", "valid_to": "2026-08-31" });
        let target = format!("/v1/enterprises/{ENT_10}/mandates");
        assert_eq!(agent.send("POST", &target, &[JSON, acting[0]], body.to_string().as_bytes()).status, 403, "an agent appoints nobody");
        let other = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-2");
        assert_eq!(other.post(&target, &body).status, 404);
        let given = enterprise.post(&target, &body);
        assert_eq!((given.status, status(&agent)), (201, 403), "{}", given.text());
        app.set_time("2026-08-12T16:00:00.000000Z");
        let agent = app.actor(Role::EnterpriseAgent, "agent-office", "agent-1");
        assert_eq!(status(&agent), 200);
        assert_eq!(agent.get("/v1/mandates").json()["items"][0]["enterprise"], json!(ENT_10));
        let told = agent.get("/v1/inbox").json()["items"][0]["kind"].clone();
        assert_eq!(told, json!("agent_appointed"));
        assert_eq!(app.actor(Role::EnterpriseAgent, "other-office", "agent-2").send("GET", "/v1/listings", &acting, b"").status, 403);
        let enterprise = app.actor(Role::EnterpriseApplicant, ENT_10, "applicant-1");
        let place = format!("/v1/mandates/{}/dismiss", id(&given));
        assert_eq!(app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-2").act(&place, &etag(&given)).status, 404);
        assert_eq!(enterprise.send("POST", &place, &[], b"").status, 428);
        let ended = enterprise.act(&place, &etag(&given));
        assert_eq!((ended.status, status(&agent)), (200, 403), "at once: {}", ended.text());
        assert_eq!(enterprise.act(&place, &etag(&ended)).status, 409);
        assert_eq!(rule(&enterprise.post(&target, &json!({ "agent_org": ENT_10, "scopes": ["applications"] }))), "same_party");
        let faults = enterprise.post(&target, &json!({ "scopes": ["everything"], "valid_from": "2026-09-02", "valid_to": "2026-09-01", "more": 1 })).json();
        let pointers: Vec<&str> = faults["faults"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/agent_org", "/scopes/0", "/valid_to", "/more"]);
    }
}

on_both! {
    fn an_enterprise_registers_itself_and_dates_its_names(app) {
        let own = app.actor(Role::EnterpriseApplicant, NEW, "applicant-1");
        let body = |uscc: &str| json!({
            "uscc": uscc, "name_zh": "北京新企业（合成）", "district": "110108", "customs_registration": "1108369F02",
            "responsible_person": { "name": "李四", "phone": "010-12345678" },
        });
        assert_eq!(own.post("/v1/enterprises", &body(ENT_05)).status, 403);
        let mut unknown = body(NEW);
        unknown["district"] = json!("999999");
        let fault = own.post("/v1/enterprises", &unknown);
        assert_eq!((fault.status, fault.json()["faults"][0]["code"].clone()), (400, json!("district_unknown")));
        let made = own.send("POST", "/v1/enterprises", &[JSON, ("Idempotency-Key", "k")], body(NEW).to_string().as_bytes());
        assert_eq!(made.status, 201, "{}", made.text());
        let again = own.send("POST", "/v1/enterprises", &[JSON, ("Idempotency-Key", "k")], body(NEW).to_string().as_bytes());
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
        assert_eq!(rule(&own.post("/v1/enterprises", &body(NEW))), "already_registered");
        assert_eq!(own.get("/v1/enterprises").json()["items"][0]["name_zh"], json!("北京新企业（合成）"));

        let place = format!("/v1/enterprises/{NEW}");
        let seen = etag(&own.get(&place));
        let renamed = json!({ "name_zh": "北京改名企业（合成）", "district": "110108", "effective_on": "2026-10-01" });
        let mut past = renamed.clone();
        past["effective_on"] = json!("2026-08-11");
        assert_eq!(rule(&put(&own, &place, Some(&seen), &past)), "past_date");
        let stated = put(&own, &place, Some(&seen), &renamed);
        assert_eq!(stated.json()["name_zh"], json!("北京新企业（合成）"), "{}", stated.text());
        assert_eq!(put(&own, &place, Some(&seen), &renamed).status, 412);
        app.set_time("2026-10-01T04:00:00.000000Z");
        let own = app.actor(Role::EnterpriseApplicant, NEW, "applicant-1");
        let names: Vec<String> = own.get(&place).json()["names"].as_array().unwrap().iter().map(|name| name["from"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["2026-08-12", "2026-10-01"]);

        let named = format!("{place}/responsible-person");
        let before = own.get(&named);
        assert_eq!(before.json()["name"], json!("李四"));
        let next = json!({ "name": "王五", "phone": "010-87654321", "mail": "wang@enterprise.example" });
        assert_eq!(put(&own, &named, None, &next).status, 412);
        assert_eq!(put(&own, &named, Some(&etag(&before)), &json!({ "name": "王五", "phone": "1", "mail": "no mail" })).json()["faults"][0]["code"], json!("mail_format"));
        assert_eq!(put(&own, &named, Some(&etag(&before)), &next).json()["name"], json!("王五"));
        let district = app.actor(Role::DistrictOfficer, "110108", "district-1");
        assert_eq!(district.get(&named).json()["name"], json!("王五"));
        assert_eq!(app.actor(Role::EnterpriseApplicant, ENT_05, "x").get(&named).status, 404);
        assert_eq!(app.actor(Role::CustomsLookup, "0101", "customs-1").get(&named).status, 403);
    }
}

on_both! {
    fn an_announcement_reaches_the_holders_and_can_be_taken_back(app) {
        let body = json!({ "scheme": "beijing-2022", "title_zh": "放假", "title_en": "Holidays", "body_zh": "第一段。\n第二段。", "body_en": "One.\nTwo." });
        let published = app.officer().post("/v1/broadcasts", &body);
        assert!(published.json()["told"].as_u64().unwrap() > 3, "{}", published.text());
        let place = format!("/v1/broadcasts/{}", id(&published));
        let holder = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-1");
        let kinds = |holder: &Actor| -> Vec<String> {
            let items = holder.get("/v1/inbox").json()["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(kinds(&holder), ["broadcast"]);
        let none = app.actor(Role::EnterpriseApplicant, NEW, "applicant-2");
        assert_eq!(kinds(&none), [""; 0], "who holds nothing is not told");
        let mut better = body.clone();
        better["title_zh"] = json!("放假安排");
        let revised = post_seen(&app.officer(), &format!("{place}/revise"), &etag(&published), &better);
        assert_eq!(revised.json()["version"], json!(2), "{}", revised.text());
        assert_eq!(app.officer().act(&format!("{place}/retract"), &etag(&published)).status, 412);
        let retracted = app.officer().act(&format!("{place}/retract"), &etag(&revised));
        assert_eq!(retracted.json()["state"], json!("retracted"), "{}", retracted.text());
        assert_eq!(app.officer().act(&format!("{place}/retract"), &etag(&retracted)).status, 409);
        let mut told = kinds(&holder);
        // Told within one millisecond of the clock, in no order.
        told.sort();
        assert_eq!(told, ["broadcast", "broadcast", "broadcast_retracted"]);
        let shown = holder.get(&place).json();
        assert_eq!(shown["broadcast"]["state"], json!("retracted"));
        let titles: Vec<&str> = shown["earlier"].as_array().unwrap().iter().map(|one| one["title"]["zh"].as_str().unwrap()).collect();
        assert_eq!(titles, ["放假", "放假安排"]);
        let mut unknown = body;
        unknown["scheme"] = json!("no-such");
        assert_eq!(rule(&app.officer().post("/v1/broadcasts", &unknown)), "scheme_unknown");
    }
}

on_both! {
    fn what_waits_for_somebody_who_leaves_goes_to_a_colleague(app) {
        let by = admin(app, "admin-1");
        let (leaving, tag) = register(app, &by, "110114", &["district-1"]);
        let (staying, _) = register(app, &by, "110114", &["district-2"]);
        let (elsewhere, _) = register(app, &by, "110108", &["district-3"]);
        // Both were told of a grant; the first read nothing.
        let granted = grant(&by, &leaving, "110114", "district.officer");
        assert_eq!(decide(&admin(app, "admin-2"), &granted, "confirm").status, 200);
        let inbox = |name: &str| -> Vec<String> {
            let items = app.actor(Role::DistrictOfficer, "110114", name).get("/v1/inbox").json()["items"].clone();
            items.as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!((inbox("district-1").as_slice(), inbox("district-2").len()), (["grant_changed".to_owned()].as_slice(), 0));
        let target = format!("/v1/people/{leaving}/hand-over");
        assert_eq!(rule(&post_seen(&by, &target, &tag, &json!({ "to": elsewhere }))), "person_inactive");
        assert_eq!(rule(&post_seen(&by, &target, &tag, &json!({ "to": leaving }))), "same_party");
        let done = post_seen(&by, &target, &tag, &json!({ "to": staying }));
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!(inbox("district-1"), [""; 0]);
        let mut taken = inbox("district-2");
        taken.sort();
        assert_eq!(taken, ["grant_changed", "hand_over"]);
        assert_eq!(post_seen(&by, &target, &tag, &json!({ "to": staying })).status, 412);
    }
}

on_both! {
    fn organisations_are_stated_with_a_fresh_view(app) {
        let by = admin(app, "admin-1");
        let made = by.post("/v1/organisations", &json!({ "code": "110114", "kind": "district", "name_zh": "昌平区", "mail": "office@district.example" }));
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(rule(&by.post("/v1/organisations", &json!({ "code": "110114", "kind": "district", "name_zh": "昌平区" }))), "already_registered");
        let changed = put(&by, "/v1/organisations/110114", Some(&etag(&made)), &json!({ "kind": "district", "name_zh": "昌平", "active": false }));
        assert_eq!((changed.json()["active"].clone(), changed.json()["mail"].clone()), (json!(false), Value::Null), "{}", changed.text());
        assert_eq!(put(&by, "/v1/organisations/110114", Some(&etag(&made)), &json!({ "kind": "district", "name_zh": "x" })).status, 412);
        assert_eq!(put(&by, "/v1/organisations/none", Some(&etag(&made)), &json!({ "kind": "district", "name_zh": "x" })).status, 404);
        assert_eq!(app.officer().get("/v1/organisations").json()["items"].as_array().unwrap().len(), 1);
        let faulty = by.post("/v1/organisations", &json!({ "code": "a b", "kind": "club", "mail": "x", "active": "yes" })).json();
        let pointers: Vec<&str> = faulty["faults"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/code", "/kind", "/name_zh", "/mail", "/active"]);
    }
}
