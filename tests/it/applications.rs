//! Applications from the enterprise's side: the library, drafts, what is found about them, lodging, corrections.

mod files;
mod kinds;

use crate::lookups::{ENT_01, ENT_05, ENT_10};
use crate::support::app::{Actor, TestApp};
use crate::support::casework::{Standing, addition, applicant, asked, draft, library_item, line, lodged};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;

/// What was refused: status, then pointer and code of each.
pub fn faults(response: &Response) -> (u16, Vec<(String, String)>) {
    let body = response.json();
    let pair =
        |fault: &Value| (fault["pointer"].as_str().unwrap().to_owned(), fault["code"].as_str().unwrap().to_owned());
    (response.status, body["faults"].as_array().map(|faults| faults.iter().map(pair).collect()).unwrap_or_default())
}

pub fn pairs(found: &[(&str, &str)]) -> Vec<(String, String)> {
    found.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

fn hydrocortisone() -> Value {
    addition(json!([line(1, "氢化可的松", "2937210000"), line(2, "葡聚糖40", "2941301200")]))
}

on_both! {
    fn the_library_flags_what_looks_alike_and_keeps_what_is_put_away(app) {
        let actor = applicant(app, ENT_05);
        let mut heparin = library_item("肝素钠");
        heparin["item"]["name_en"] = json!("Heparin sodium");
        heparin["item"]["cas"] = json!("9041-08-1");
        heparin["synonyms"] = json!(["肝素钠盐"]);
        let first = Standing::of(&actor.post("/v1/items", &heparin));
        let alike = |response: &Response| -> Vec<String> {
            let body = response.json();
            let codes = body["alike"].as_array().unwrap().iter().flat_map(|other| other["because"].as_array().unwrap().clone());
            codes.map(|because| because["code"].as_str().unwrap().to_owned()).collect()
        };
        let second = actor.post("/v1/items", &library_item("HEPARIN-Sodium"));
        assert_eq!((second.status, alike(&second)), (201, vec!["same_name".to_owned()]));
        assert_eq!(alike(&actor.post("/v1/items", &library_item("胰岛素"))), Vec::<String>::new());
        let found = |query: &str| actor.get(&format!("/v1/items?{query}")).json()["items"].as_array().unwrap().len();
        assert_eq!((found("q=%E8%82%9D%E7%B4%A0"), found("q=9041-08-1"), found(""), found("archived=true")), (1, 1, 3, 0));

        let archived = actor.act(&format!("{}/archive", first.path), &first.etag);
        assert_eq!((archived.status, archived.json()["archived"].as_bool()), (200, Some(true)));
        assert_eq!(alike(&actor.get(&Standing::of(&second).path)), Vec::<String>::new(), "what is put away is not compared");
        assert_eq!((found(""), found("archived=true")), (2, 1));
        let etag = archived.header("etag").unwrap().to_owned();
        assert_eq!(actor.change("PUT", &first.path, &etag, &heparin).status, 409, "restore it first");
        assert_eq!(actor.act(&format!("{}/restore", first.path), &first.etag).status, 412);
        assert_eq!(actor.send("POST", &format!("{}/restore", first.path), &[], b"").status, 428);
        let restored = actor.act(&format!("{}/restore", first.path), &etag);
        assert_eq!(restored.status, 200);
        assert_eq!(actor.act(&format!("{}/restore", first.path), restored.header("etag").unwrap()).status, 409);

        let page = actor.get("/v1/items?limit=2").json();
        let rest = actor.get(&format!("/v1/items?limit=2&after={}", page["next"].as_str().unwrap())).json();
        assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len(), &rest["next"]), (2, 1, &Value::Null));
        assert_eq!(applicant(app, ENT_01).get(&first.path).status, 404, "another enterprise's item");
        assert_eq!(faults(&actor.post("/v1/items", &json!({ "item": { "cas": "9041-08-2" }, "x": 1 }))).1.len(), 4);
    }
}

on_both! {
    fn a_draft_is_kept_as_it_is_left_and_says_what_is_wrong(app) {
        let actor = applicant(app, ENT_05);
        let begun = actor.post("/v1/applications", &json!({ "kind": "add", "scheme": "beijing-2022", "items": [{ "line": 1, "quantity": "-1" }] }));
        let standing = Standing::of(&begun);
        let pointers = |body: &Value| -> Vec<String> {
            body["faults"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(pointers(&begun.json()), ["/items/0/item", "/items/0/quantity", "/items/0/unit", "/contact"]);
        assert_eq!(begun.json()["verbs"], json!(["lodge", "discard"]));
        let refused = actor.act(&format!("{}/lodge", standing.path), &standing.etag);
        assert_eq!((refused.status, faults(&refused).1.len()), (400, 4));
        let changed = actor.change("PATCH", &standing.path, &standing.etag, &json!({ "items": "还没写", "contact": { "name": "甲" } }));
        assert_eq!((changed.status, pointers(&changed.json())), (200, vec!["/items".to_owned()]));
        assert_eq!(actor.change("PATCH", &standing.path, &standing.etag, &json!({})).status, 412, "somebody else was faster");
        assert_eq!(actor.change("PATCH", &standing.path, "\"2\"", &json!({ "kind": "vary" })).status, 400);
        assert_eq!(actor.change("PATCH", &standing.path, "\"2\"", &json!([])).status, 400);
        let resumed = actor.get(&standing.path);
        assert_eq!((resumed.header("etag"), &resumed.json()["content"]["items"]), (Some("\"2\""), &json!("还没写")));
        let head = app.inside().head().unwrap();
        assert_eq!(actor.change("PATCH", &standing.path, "\"2\"", &json!({ "items": null })).json()["content"], json!({ "contact": { "name": "甲" } }));
        assert_eq!(app.inside().head().unwrap(), head, "a draft is no fact");

        for stranger in [applicant(app, ENT_01), app.officer(), app.auditor(), app.actor(Role::DistrictOfficer, "110114", "d-1")] {
            assert_eq!(stranger.get(&standing.path).status, 404, "nobody else sees a draft");
        }
        assert_eq!(applicant(app, ENT_01).change("PATCH", &standing.path, "\"3\"", &json!({})).status, 404);
        assert_eq!(actor.act(&format!("{}/discard", standing.path), "\"3\"").status, 200);
        assert_eq!(actor.get(&standing.path).status, 404);
        let unknown = actor.post("/v1/applications", &json!({ "kind": "add", "scheme": "nowhere-1999", "surprise": 1 }));
        assert_eq!(faults(&unknown), (400, pairs(&[("/surprise", "unknown_member")])));
        let unknown = actor.post("/v1/applications", &json!({ "kind": "add", "scheme": "nowhere-1999" }));
        assert_eq!(faults(&unknown), (422, pairs(&[("/scheme", "scheme_unknown")])));
    }
}

fn codes(body: &Value) -> Vec<(String, String, bool)> {
    let finding = |found: &Value| {
        let text = |name: &str| found[name].as_str().unwrap().to_owned();
        (text("pointer"), text("code"), found["blocks"].as_bool().unwrap())
    };
    body["findings"].as_array().unwrap().iter().map(finding).collect()
}

on_both! {
    fn a_checklist_says_everything_that_is_missing_and_changes_nothing(app) {
        let actor = applicant(app, ENT_05);
        let mut body = addition(json!([
            line(1, "前列腺素E1", "2937500000"),
            line(2, "无须证件的物品", "3821000000"),
            line(3, "氢化可的松", "2937210000"),
            line(4, "氢化可的松", "2937210000"),
        ]));
        body["answers"] = json!([
            { "question": "registered_in_area", "answer": true }, { "question": "own_research_only", "answer": false },
            { "question": "not_excluded", "answer": true }, { "question": "no_import_approval", "answer": true },
        ]);
        let draft = draft(&actor, &body);
        let head = app.inside().head().unwrap();
        let list = actor.get(&format!("{}/checklist", draft.path)).json();
        assert_eq!(list["ready"], false);
        let found: Vec<_> = codes(&list);
        let expected = [
            ("/answers", "question_open", true), ("/answers/1", "not_eligible", true),
            ("/items/0/item", "already_listed", true), ("/items/1/item/hs_code", "no_waived_document", false),
            ("/items/3/item", "doubled_item", true),
        ];
        for (pointer, code, blocks) in expected {
            assert!(found.contains(&(pointer.to_owned(), code.to_owned(), blocks)), "{pointer} {code}: {found:?}");
        }
        let question = list["questions"].as_array().unwrap().iter().find(|question| question["code"] == "own_research_only").unwrap();
        assert!(question["remedy"].as_str().is_some_and(|remedy| remedy.contains("自用")), "{question}");
        let refused = actor.act(&format!("{}/lodge", draft.path), &draft.etag);
        let (status, told) = faults(&refused);
        let blocking: Vec<(String, String)> = found.iter().filter(|found| found.2).map(|(pointer, code, _)| (pointer.clone(), code.clone())).collect();
        assert_eq!((status, told), (422, blocking), "what blocks is refused, and nothing else");
        assert_eq!(app.inside().head().unwrap(), head);
    }
}

on_both! {
    fn what_is_lodged_is_frozen_and_a_correction_is_a_visible_difference(app) {
        let actor = applicant(app, ENT_05);
        let begun = draft(&actor, &hydrocortisone());
        let head = app.inside().head().unwrap().0;
        let response = actor.act(&format!("{}/lodge", begun.path), &begun.etag);
        let case = response.json();
        assert_eq!((response.status, case["state"].as_str(), case["district"].as_str(), &case["with"]), (200, Some("lodged"), Some("110114"), &json!({ "who": "district", "org": "110114" })));
        assert_eq!((case["item_count"].as_i64(), case["fast_track"].as_bool(), &case["verbs"]), (Some(2), Some(true), &json!(["withdraw"])));
        assert_eq!(app.inside().head().unwrap().0 - head, 3, "content, event, application");
        let standing = Standing { path: begun.path.clone(), etag: response.header("etag").unwrap().to_owned() };
        assert_eq!(actor.change("PATCH", &begun.path, &standing.etag, &json!({ "items": [] })).status, 409);
        assert_eq!(actor.change("PATCH", &begun.path, &begun.etag, &json!({ "items": [] })).status, 412);
        assert_eq!(actor.act(&format!("{}/lodge", begun.path), &standing.etag).status, 409);
        assert_eq!(actor.change("POST", &format!("{}/correct", begun.path), &standing.etag, &json!({})).status, 409, "nothing was asked");
        let content = actor.get(&format!("{}/contents/1", begun.path)).json();
        let canonical = serde_json_canonicalizer::to_vec(&content["content"]).unwrap();
        use sha2::Digest as _;
        assert_eq!(content["digest"], hex::encode(sha2::Sha256::digest(&canonical)), "the digest is of what is shown");
        assert_eq!(content["digest"], case["digest"]);

        // Whoever has it and until when stands on the case and in the list.
        let clock = actor.get(&format!("{}/events", begun.path)).json()["clock"]["due_on"].clone();
        let lodged = actor.get(&begun.path).json();
        assert!(clock.is_string(), "{clock}");
        assert_eq!((&lodged["with"]["who"], &lodged["due_on"]), (&json!("district"), &clock));
        let listed = actor.get("/v1/applications").json();
        let of_case = listed["items"].as_array().unwrap().iter().find(|item| item["id"] == lodged["id"]).unwrap();
        assert_eq!(of_case["due_on"], clock);
        let asked = asked(app, &standing, "2026-08-19");
        let waiting = actor.get(&begun.path).json();
        assert_eq!((waiting["state"].as_str(), waiting["asked_in"].as_str(), waiting["due_on"].as_str()), (Some("asked"), Some("lodged"), Some("2026-08-19")));
        assert_eq!((&waiting["asked"]["detail"]["pointers"], &waiting["verbs"]), (&json!(["/items/0/quantity"]), &json!(["correct", "withdraw"])));
        let faulty = actor.change("POST", &format!("{}/correct", begun.path), &asked.etag, &json!({ "items": [{ "line": 1 }] }));
        assert_eq!(faulty.status, 400);
        let mut items = json!([line(1, "氢化可的松", "2937210000"), line(3, "头孢拉定", "2941301200")]);
        items[0]["quantity"] = json!("3");
        let corrected = actor.change("POST", &format!("{}/correct", begun.path), &asked.etag, &json!({ "items": items }));
        assert_eq!((corrected.status, corrected.json()["state"].as_str(), corrected.json()["content_number"].as_i64()), (200, Some("lodged"), Some(2)));
        let diff = actor.get(&format!("{}/diff?from=1&to=2", begun.path)).json();
        let told: Vec<(i64, &str)> = diff["items"].as_array().unwrap().iter().map(|item| (item["key"].as_i64().unwrap(), item["difference"].as_str().unwrap())).collect();
        assert_eq!(told, [(1, "changed"), (3, "added"), (2, "removed")]);
        assert_eq!(diff["items"][0]["members"], json!([{ "pointer": "/quantity", "before": "5", "after": "3" }]));
        assert_eq!((&diff["answers"], &diff["other"]), (&json!([]), &json!([])));
        assert_eq!(actor.get(&format!("{}/diff?from=1&to=3", begun.path)).status, 404);
        let etag = corrected.header("etag").unwrap();
        let withdrawn = actor.change("POST", &format!("{}/withdraw", begun.path), etag, &json!({ "reason": "项目终止" }));
        assert_eq!((withdrawn.status, withdrawn.json()["state"].as_str(), &withdrawn.json()["with"]), (200, Some("withdrawn"), &Value::Null));
        assert_eq!(actor.change("POST", &format!("{}/withdraw", begun.path), withdrawn.header("etag").unwrap(), &json!({})).status, 409);
    }
}

on_both! {
    fn everybody_sees_the_cases_that_are_theirs_and_no_others(app) {
        let (five, ten) = (applicant(app, ENT_05), applicant(app, ENT_10));
        let first = lodged(&five, &hydrocortisone());
        let second = lodged(&ten, &addition(json!([line(1, "葡聚糖40", "2941301200")])));
        draft(&five, &hydrocortisone());
        let ids = |actor: &Actor, query: &str| -> Vec<String> {
            let page = actor.get(&format!("/v1/applications?{query}")).json();
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!((ids(&five, "").len(), ids(&five, "state=draft").len(), ids(&five, "state=lodged")), (2, 1, vec![first.id().to_owned()]));
        assert_eq!(ids(&five, &format!("enterprise={ENT_10}")), Vec::<String>::new());
        let district = |code: &str| app.actor(Role::DistrictOfficer, code, "district-1");
        assert_eq!((ids(&district("110114"), ""), ids(&district("110108"), "")), (vec![first.id().to_owned()], vec![second.id().to_owned()]));
        let (health, outside) = (app.actor(Role::AgencyReviewer, "bj-health", "r-1"), app.actor(Role::AgencyReviewer, "tj-health", "r-2"));
        assert_eq!((ids(&health, "").len(), ids(&app.officer(), "").len(), ids(&app.auditor(), "kind=vary").len()), (2, 2, 0));
        for (actor, status) in [(&five, 200), (&ten, 404), (&district("110114"), 200), (&district("110108"), 404), (&health, 200), (&outside, 404), (&app.auditor(), 200)] {
            assert_eq!(actor.get(&first.path).status, status);
            assert_eq!(actor.get(&format!("{}/contents/1", first.path)).status, status);
        }
        assert_eq!(ten.change("POST", &format!("{}/withdraw", first.path), &first.etag, &json!({})).status, 404, "a forged id");
        assert_eq!(ten.act(&format!("{}/copy", first.path), "\"1\"").status, 404);
        let copied = five.send("POST", &format!("{}/copy", first.path), &[], b"");
        assert_eq!((copied.status, copied.json()["content"]["items"].as_array().unwrap().len(), &copied.json()["content"]["answers"]), (201, 2, &Value::Null));
        let page = app.officer().get("/v1/applications?limit=1").json();
        assert_eq!(page["next"], page["items"][0]["id"]);
    }
}

on_both! {
    fn a_repeated_lodging_is_answered_alike_and_done_once(app) {
        let actor = applicant(app, ENT_05);
        let begun = draft(&actor, &hydrocortisone());
        let lodge = || actor.send("POST", &format!("{}/lodge", begun.path), &[("If-Match", begun.etag.as_str()), ("Idempotency-Key", "k-1")], b"");
        let (first, head) = (lodge(), app.inside().head().unwrap());
        let again = lodge();
        assert_eq!((again.status, again.text(), again.header("idempotency-replayed")), (200, first.text(), Some("true")));
        assert_eq!(app.inside().head().unwrap(), head);
    }
}

on_both! {
    fn an_enterprise_sees_what_it_holds_and_why_customs_stopped_a_line(app) {
        let actor = applicant(app, ENT_05);
        let holdings = actor.get("/v1/holdings?limit=2").json();
        assert_eq!(holdings["items"].as_array().unwrap().len(), 2);
        for holding in holdings["items"].as_array().unwrap() {
            assert_eq!((&holding["listing"]["enterprise"], &holding["listing"]["remaining"]), (&json!(ENT_05), &holding["balance"]["remaining"]));
        }
        let head = json!({ "number": "010120261012345678", "customs_office": "0101" });
        let line = |line: u16, enterprise: &str, hs_code: &str| json!({ "line": line, "enterprise": enterprise, "hs_code": hs_code });
        let lines = json!([line(1, ENT_05, "2937500000"), line(2, ENT_05, "3004909099"), line(3, ENT_01, "2937500000")]);
        let answered = app.customs().post("/v1/lookups", &json!({ "declaration": head, "lines": lines })).json();
        assert_eq!((&answered["lines"][0]["verdict"], &answered["lines"][1]["verdict"]), (&json!("allowed"), &json!("denied")));
        app.restart();
        let seen = applicant(app, ENT_05).get("/v1/stopped-lines").json();
        let items = seen["items"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["line"], &items[0]["answer"], &items[0]["declaration"]), (1, &json!(2), &answered["id"], &json!("010120261012345678")), "{seen}");
        assert_eq!(items[0]["reasons"], answered["lines"][1]["reasons"]);
        assert!(items[0]["reasons"][0]["remedy"].as_str().is_some());
        let rest = applicant(app, ENT_05).get(&format!("/v1/stopped-lines?after={}", answered["id"].as_str().unwrap())).json();
        assert_eq!(rest, json!({ "items": [], "next": null }));
        assert_eq!(applicant(app, ENT_10).get("/v1/stopped-lines").json()["items"], json!([]));
    }
}

/// An agent says for whom it acts.
#[test]
fn an_agent_acts_for_the_enterprise_it_names() {
    let app = TestApp::start(crate::support::app::Database::Sqlite);
    let agent = app.actor(Role::EnterpriseAgent, ENT_10, "agent-1");
    let body = hydrocortisone().to_string();
    let send = |headers: &[(&str, &str)]| {
        let all = [&[("Content-Type", "application/json")], headers].concat();
        agent.send("POST", "/v1/applications", &all, body.as_bytes())
    };
    assert_eq!(faults(&send(&[])), (400, pairs(&[("/Whitelist-Acting-For", "required")])));
    assert_eq!(send(&[("Whitelist-Acting-For", ENT_05)]).json()["enterprise"], ENT_05);
}
