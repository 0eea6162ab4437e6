//! Personal data: nowhere in the log, gone for good when two administrators say so, with every proof intact.

use crate::log::read::signed;
use crate::log::sql::Sql;
use crate::lookups::ENT_05;
use crate::matrix::issuer;
use crate::support::app::{Actor, TestApp};
use crate::support::casework::{addition, applicant, draft, line, lodged};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::app::sealed::Sealed;
use whitelist::domain::actor::Role;
use whitelist::domain::erasure::ERASED;
use whitelist::store::log::list_entries;

fn admin(app: &TestApp, name: &str) -> Actor {
    app.actor(Role::BureauAdmin, "bj-commerce", name)
}

fn ok(response: &Response) -> (Value, String) {
    assert!((200..300).contains(&response.status), "{} {}", response.status, response.text());
    (response.json(), response.header("etag").unwrap_or_default().to_owned())
}

fn rule(response: &Response) -> String {
    assert_eq!(response.status, 422, "{}", response.text());
    response.json()["rule"].as_str().unwrap().to_owned()
}

/// Every table and column in which one of the values stands, as text.
fn places(sql: &mut Sql, values: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let kept = whitelist::store::keep::TABLES.iter().map(|name| sql.table(name)).collect::<Vec<_>>();
    let mut tables = sql.dump();
    for table in kept {
        let rows = sql.rows(&table);
        tables.push((table, rows));
    }
    for (table, rows) in tables {
        for row in rows {
            for (column, value) in &row {
                let text = value.as_str().unwrap_or_default();
                let bytes = hex::decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
                if let Some(value) = values.iter().find(|value| text.contains(**value) || bytes.contains(**value)) {
                    found.push(format!("{}.{column}: {value}", table.name));
                }
            }
        }
    }
    found
}

fn leaves(app: &TestApp) -> Vec<Vec<u8>> {
    let entries = app.inside().store.read(|conn| list_entries(conn, 0, 100_000)).unwrap();
    entries.into_iter().map(|entry| entry.leaf).collect()
}

on_both! {
    fn two_administrators_erase_a_person_and_the_contact_of_an_enterprise(app) {
        let (first, second) = (admin(app, "admin-1"), admin(app, "admin-2"));
        let person = ["钱学明（合成）", "010-87654321", "qian@example.cn", "login-of-qian"];
        let contact = ["孙丽（合成）", "质量总监", "010-55556666", "sun@example.cn", "周联系（合成）", "010-77778888", "zhou@example.cn"];
        let all: Vec<&str> = person.iter().chain(&contact).copied().collect();
        let body = json!({ "name": person[0], "org": "bj-commerce", "phone": person[1], "mail": person[2], "accounts": [{ "issuer": issuer(app), "subject": person[3] }] });
        let (made, etag) = ok(&first.post("/v1/people", &body));
        let id = made["id"].as_str().unwrap().to_owned();
        let (_, etag) = ok(&first.send("PUT", &format!("/v1/people/{id}"), &[("Content-Type", "application/json"), ("If-Match", &etag)], json!({ "name": person[0], "org": "bj-commerce", "phone": person[1], "mail": person[2], "language": "en" }).to_string().as_bytes()));
        let named = json!({ "name": contact[0], "position": contact[1], "phone": contact[2], "mail": contact[3] }).to_string();
        ok(&applicant(app, ENT_05).send("PUT", &format!("/v1/enterprises/{ENT_05}/responsible-person"), &[("Content-Type", "application/json")], named.as_bytes()));
        let mut content = addition(json!([line(1, "肝素钠", "3001901000")]));
        content["contact"] = json!({ "name": contact[4], "phone": contact[5], "email": contact[6] });
        let lodged = lodged(&applicant(app, ENT_05), &content);
        let begun = draft(&applicant(app, ENT_05), &content);

        let of = |subject: Value| json!({ "subject": subject, "ground": "purpose_fulfilled" });
        let whose = [json!({ "kind": "person", "id": id }), json!({ "kind": "contact", "enterprise": ENT_05 })];
        assert_eq!(rule(&first.post("/v1/privacy/erasures", &of(whose[0].clone()))), "person_active");
        ok(&first.act(&format!("/v1/people/{id}/deactivate"), &etag));
        let nobody = json!({ "kind": "person", "id": format!("per_{:032x}", 7) });
        assert_eq!(rule(&first.post("/v1/privacy/erasures", &of(nobody))), "nothing_to_erase");
        let (kept, etag) = ok(&first.post("/v1/privacy/erasures", &of(whose[0].clone())));
        let (kept, _) = ok(&second.act(&format!("/v1/privacy/erasures/{}/refuse", kept["id"].as_str().unwrap()), &etag));
        assert_eq!((kept["state"].as_str(), &ok(&second.get(&format!("/v1/people/{id}"))).0["name"]), (Some("refused"), &json!(person[0])));
        let before = leaves(app);
        assert!(!places(&mut Sql::open(&app.database), &all).is_empty());

        for subject in &whose {
            let (made, etag) = ok(&first.post("/v1/privacy/erasures", &of(subject.clone())));
            let path = format!("/v1/privacy/erasures/{}", made["id"].as_str().unwrap());
            assert_eq!(rule(&first.act(&format!("{path}/confirm"), &etag)), "four_eyes");
            let (done, etag) = ok(&second.act(&format!("{path}/confirm"), &etag));
            assert_eq!((done["state"].as_str(), &done["subject"]), (Some("confirmed"), subject));
            assert!(done["rows"].as_i64().unwrap() >= 2, "{done}");
            assert_eq!(second.act(&format!("{path}/refuse"), &etag).status, 409, "it cannot be undone");
            assert_eq!(ok(&app.auditor().get(&path)).0, done);
            assert_eq!(rule(&first.post("/v1/privacy/erasures", &of(subject.clone()))), "nothing_to_erase");
        }
        assert_eq!(ok(&app.auditor().get("/v1/privacy/erasures?limit=2")).0["items"].as_array().unwrap().len(), 2);

        let (shown, _) = ok(&second.get(&format!("/v1/people/{id}")));
        assert_eq!((&shown["name"], &shown["phone"], &shown["mail"], &shown["accounts"]), (&json!(ERASED), &json!(null), &json!(null), &json!([])));
        let (shown, _) = ok(&app.officer().get(&format!("/v1/enterprises/{ENT_05}/responsible-person")));
        assert_eq!((&shown["name"], &shown["phone"], &shown["position"]), (&json!(ERASED), &json!(ERASED), &json!(null)));
        let case = app.officer().get(&lodged.path);
        assert!(case.text().contains(ERASED) && case.text().contains("肝素钠"), "the items stay: {}", case.text());
        assert!(!applicant(app, ENT_05).get(&begun.path).text().contains(contact[4]));
        assert_eq!(places(&mut Sql::open(&app.database), &all), [""; 0]);
        let found = app.auditor().get(&format!("/v1/log/entries?entity=person:{id}")).json();
        let entry = found["items"].as_array().unwrap().iter().find(|entry| entry["type"] == "person.registered").unwrap().clone();
        let name = entry["pairs"].as_array().unwrap().iter().find(|pair| pair["path"] == "/name").unwrap();
        assert_eq!(name["after"], "（已删除）");
        let sealed = Sql::open(&app.database).table("subject_keys");
        let keys = Sql::open(&app.database).rows(&sealed);
        let gone = [format!("person:{id}"), format!("contact:{ENT_05}"), format!("application:{}", lodged.id())];
        assert!(keys.iter().all(|row| !gone.contains(&row["subject"].as_str().unwrap().to_owned())), "{keys:?}");

        // Leaves and proofs are as they were, and what is left is what the log says.
        assert_eq!(leaves(app)[..before.len()], before[..]);
        let index = entry["index"].as_u64().unwrap();
        assert_eq!(app.client().get(&format!("/v1/log/proof/inclusion/{index}")).status, 200);
        let drill = app.inside().rebuild_beside(&mut |_, _| {}).unwrap();
        assert!(drill.ok, "{:?}", drill.tables);
        // The tables forget what was erased, and nothing else.
        let mut sql = Sql::open(&app.database);
        for edit in ["name = '某人'", "active = 1", "phone = '1'", "org = 'x'"] {
            assert!(sql.run(&format!("UPDATE person_versions SET {edit} WHERE id = '{id}'")).is_err(), "{edit}");
        }
        assert!(sql.run(&format!("UPDATE application_contents SET body = '{{}}' WHERE enterprise = '{ENT_05}'")).is_err());
        // A person of the same enterprise may be named again.
        ok(&applicant(app, ENT_05).send("PUT", &format!("/v1/enterprises/{ENT_05}/responsible-person"), &[("Content-Type", "application/json"), ("If-Match", &format!("\"{}\"", shown["revision"]))], json!({ "name": "吴新（合成）", "phone": "010-1" }).to_string().as_bytes()));
    }
}

on_both! {
    fn who_looked_at_personal_data_or_inside_the_log_is_on_record(app) {
        let body = json!({ "name": "钱学明（合成）", "org": "bj-commerce", "accounts": [{ "issuer": issuer(app), "subject": "looked-at" }] });
        let id = ok(&admin(app, "admin-1").post("/v1/people", &body)).0["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/people/{id}");
        ok(&admin(app, "admin-2").get(&path));
        assert_eq!(app.officer().get(&path).status, 403, "who is refused has seen nothing");
        assert_eq!(admin(app, "admin-2").get(&format!("/v1/people/per_{:032x}", 9)).status, 404);
        // Ids order by time, which stands until a test moves it.
        app.set_time("2026-08-12T04:00:01.000000Z");
        ok(&app.auditor().get("/v1/log/entries?type=person.registered"));
        ok(&app.customs().get(&format!("/v1/lookup?enterprise={ENT_05}&hs_code=3001901000&customs_office=0101")));
        app.inside().accesses.flush();
        let page = ok(&app.auditor().get("/v1/access-records")).0;
        let seen: Vec<(&str, &str)> = page["items"].as_array().unwrap().iter().map(|row| (row["kind"].as_str().unwrap(), row["about"].as_str().unwrap())).collect();
        assert_eq!(seen, [("people", path.as_str()), ("log_entries", "/v1/log/entries?type=person.registered")]);
        let row = &page["items"][0];
        assert_eq!((&row["org"], &row["kind_text"], &row["seal"]), (&json!("bj-commerce"), &json!("人员信息"), &json!(null)));
        let by = row["person"].as_str().unwrap();
        assert_ne!(by, id, "who looked, not whom");

        app.set_time("2026-08-12T05:30:00.000000Z");
        app.inside().accesses.flush();
        assert_eq!(app.inside().seal_accesses(app.clock.now()).unwrap(), 0);
        app.settle();
        let sealed = ok(&app.auditor().get("/v1/log/entries?type=accesses.sealed")).0;
        let records = sealed["items"][0]["pairs"].as_array().unwrap().iter().find(|pair| pair["path"] == "/records").unwrap();
        assert_eq!(records["after"], "3", "reading the records is on record too: {sealed}");
        let own = ok(&app.auditor().get(&format!("/v1/access-records?person={by}&kind=people&org=bj-commerce&from=2026-08-12T00:00:00.000000Z&to=2026-08-13T00:00:00.000000Z"))).0;
        assert_eq!((own["items"].as_array().unwrap().len(), &own["items"][0]["seal"]), (1, &json!(1)));

        // One record is proved without showing the others.
        signed(app);
        let kept = app.auditor().get(&format!("/v1/access-records/{}", own["items"][0]["id"].as_str().unwrap())).json();
        let (seal, record) = (serde_json::from_value::<Sealed>(kept["seal"].clone()).unwrap(), kept["record"].as_str().unwrap());
        let vkey = app.client().get("/v1/log/vkey").text().trim().to_owned();
        let proved = seal.verify(record.as_bytes(), &vkey).unwrap();
        assert_eq!((proved.event.as_str(), seal.proof.size), ("accesses.sealed", 3));
        assert!(record.contains(&path) && record.contains(by), "{record}");
        assert!(seal.verify(record.replace("people", "people2").as_bytes(), &vkey).is_err());
        assert_eq!(app.auditor().get(&format!("/v1/access-records/acs_{:032x}", 9)).status, 404);
        app.inside().accesses.flush();
        let newest = ok(&app.auditor().get("/v1/access-records?kind=access_records&limit=200")).0;
        // The clock stands still, so the order among them says nothing.
        let proved = |row: &&Value| row["about"].as_str().unwrap().starts_with("/v1/access-records/acs_");
        let waiting = newest["items"].as_array().unwrap().iter().find(proved).unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(ok(&app.auditor().get(&format!("/v1/access-records/{waiting}"))).0["seal"], Value::Null);

        // What was sealed cannot be changed unseen.
        app.will_be_tampered_with();
        app.halt();
        let mut sql = Sql::open(&app.database);
        sql.run("UPDATE access_records SET about = '/v1/people' WHERE kind = 'people'").unwrap();
        let found = crate::support::app::verify(&app.folder, &app.database);
        assert_eq!(found.problems.iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>(), ["accesses-changed"]);
    }
}
