//! Recorded answers: sealed by the hour, provable one by one, any change of them found, gone after their time with the
//! seals left; asked again they give the same bytes.

use crate::log::outside::whitelist;
use crate::log::read::signed;
use crate::log::sql::Sql;
use crate::lookups::{ENT_01, ENT_03, ENT_05, ask, number_of, question};
use crate::support::app::{TestApp, verify};
use crate::support::on_both;
use serde_json::{Value, json};
use std::time::Duration;
use whitelist::app::answers::AnswerPage;
use whitelist::app::lookup::{Answered, Asker, Rendered};
use whitelist::app::queue::Recorder;
use whitelist::app::record::Record;
use whitelist::app::replays::Replay;
use whitelist::domain::actor::{Caller, Role, RoleSet};
use whitelist::domain::code::{CustomsOffice, HsCode, Uscc};
use whitelist::domain::id::LookupId;
use whitelist::domain::lang::Lang;
use whitelist::domain::lookup::{Declaration, Line};
use whitelist::domain::receipt::Overflow;
use whitelist::domain::validity::LegalDay;
use whitelist::store::seals::{AnswerSealRow, Seal as _};
use whitelist::store::{Store, StoreError, log};
use whitelist::tlog::Hash;
use whitelist::tlog::entry::{Entry, Value as Logged};
use whitelist::tlog::merkle::leaf_hash;
use whitelist::tlog::proof::check_inclusion;

fn seals(app: &TestApp) -> Vec<AnswerSealRow> {
    app.inside().store.read(|conn| AnswerSealRow::since(conn, 0)).unwrap()
}

fn tick(app: &TestApp, time: &str) {
    app.set_time(time);
    app.settle();
    app.inside().recorder.flush();
    app.inside().tick(app.clock.now()).unwrap();
    app.settle();
}

fn reopened(app: &TestApp, id: &Value) -> Value {
    let response = app.auditor().get(&format!("/v1/answers/{}", id.as_str().unwrap()));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn auditor() -> Caller {
    let text = |text: &str| text.into();
    Caller {
        issuer: text("i"),
        subject: text("s"),
        org: text("o"),
        roles: RoleSet::of(&[Role::Auditor]),
        acting_for: None,
    }
}

on_both! {
    fn records_are_sealed_by_the_hour_and_proved_one_by_one(app) {
        let given: Vec<Value> = (0..7).map(|_| ask(app, &question(ENT_03, "2937500000"))["id"].clone()).collect();
        tick(app, "2026-08-12T04:59:59.000000Z");
        assert_eq!(seals(app), [], "the first seal comes an hour after the start");
        assert_eq!(reopened(app, &given[0])["seal"], Value::Null);
        tick(app, "2026-08-12T05:00:00.000000Z");
        let sealed = seals(app);
        let [seal] = sealed.as_slice() else { panic!("{sealed:?}") };
        assert_eq!((seal.version, seal.answers, seal.unrecorded), (1, 7, 0));
        let ids: Vec<&str> = given.iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!((seal.first_id.as_str(), seal.last_id.as_str()), (*ids.iter().min().unwrap(), *ids.iter().max().unwrap()));

        // The entry of the log says the same, and every record leads to its root.
        let leaf = app.inside().store.read(|conn| log::find_entry(conn, seal.revision)).unwrap().unwrap().leaf;
        let entry = Entry::from_leaf(&leaf).unwrap();
        assert_eq!((entry.event.as_str(), entry.entity.kind.as_str()), ("answers.sealed", "answers"));
        let stated = entry.changes.iter().find(|change| change.path == "/root").and_then(|change| change.new.clone());
        assert_eq!(stated, Some(Logged::Plain(json!(seal.root))));
        let root = Hash::parse(&seal.root).unwrap();
        for id in &given {
            let answer = reopened(app, id);
            let proof: Vec<Hash> = serde_json::from_value(answer["seal"]["proof"].clone()).unwrap();
            let (index, size) = (answer["seal"]["index"].as_u64().unwrap(), answer["seal"]["size"].as_u64().unwrap());
            let record = answer["record"].as_str().unwrap();
            check_inclusion(&proof, index, size, root, leaf_hash(record.as_bytes())).unwrap();
            assert!(check_inclusion(&proof, index, size, root, leaf_hash(record.replace("expired", "removed").as_bytes())).is_err());
            let record: Value = serde_json::from_str(record).unwrap();
            assert_eq!((&record["id"], &record["reasons"]), (id, &json!([["expired"]])));
            assert_eq!((&record["asked_by"], &record["answer"]), (&answer["asked_by"], &answer["digest"]));
            assert!(record["asked_by"].as_str().unwrap().starts_with("per_"));
        }

        // The whole way from a record to a signed head, without the service.
        signed(app);
        let file = app.folder.join("record.json");
        let vkey = app.client().get("/v1/log/vkey").text().trim().to_owned();
        let proof = |kept: &str, vkey: &str| {
            std::fs::write(&file, kept).unwrap();
            let output = whitelist(&["answer", "proof", file.to_str().unwrap(), "--vkey", vkey]);
            (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
        };
        let kept = app.auditor().get(&format!("/v1/answers/{}", ids[3])).text().to_owned();
        let (code, told) = proof(&kept, &vkey);
        assert_eq!(code, 0, "{told}");
        assert!(told.contains("of the 7 under seal 1") && told.contains("answers.sealed") && told.contains(ids[3]), "{told}");
        let answer: Value = serde_json::from_str(&kept).unwrap();
        let edits = [
            ("/record", json!(answer["record"].as_str().unwrap().replace("expired", "removed")), "the record is not the one"),
            ("/seal/index", json!(answer["seal"]["index"].as_u64().unwrap() ^ 1), "the record is not the one"),
            ("/seal/number", json!(2), "does not seal this root"),
            ("/seal/root", json!("00".repeat(32)), "the record is not the one"),
            ("/seal/entry", json!(answer["seal"]["entry"].as_str().unwrap().replace("answers.sealed", "answers.opened")), "does not seal this root"),
            ("/seal/entry", json!(answer["seal"]["entry"].as_str().unwrap().replace("04:59", "04:58").replace("05:00:00", "05:00:01")), "not under the signed head"),
            ("/seal/revision", json!(seal.revision + 1), "of another entry"),
            ("/seal/inclusion", Value::Null, "no signed head"),
            ("/seal", Value::Null, "not sealed yet"),
        ];
        for (pointer, value, what) in edits {
            let mut edited = answer.clone();
            *edited.pointer_mut(pointer).unwrap() = value;
            let (code, told) = proof(&edited.to_string(), &vkey);
            assert!(code == 1 && told.contains(what), "{pointer}: {code} {told}");
        }
        let other = format!("example.org/log/main+00000000+{}", "A".repeat(44));
        assert_eq!(proof(&kept, &other).0, 1, "signed with another key");

        // Not twice in an hour; at a clean stop whatever is left.
        ask(app, &question(ENT_05, "2937210000"));
        tick(app, "2026-08-12T05:59:59.000000Z");
        assert_eq!(seals(app).len(), 1);
        app.restart();
        let sealed = seals(app);
        assert_eq!((sealed.len(), sealed[1].version, sealed[1].answers), (2, 2, 1));
        app.restart();
        assert_eq!(seals(app).len(), 2, "nothing was asked meanwhile");
    }
}

on_both! {
    fn a_changed_record_is_found(app) {
        for _ in 0..3 {
            ask(app, &question(ENT_03, "2937500000"));
        }
        app.will_be_tampered_with();
        app.halt();
        assert!(verify(&app.folder, &app.database).ok);
        let mut sql = Sql::open(&app.database);
        let replaced = if sql.is_postgres() {
            "UPDATE answer_batches SET body = set_byte(body, 40, (get_byte(body, 40) + 1) % 256)"
        } else {
            "UPDATE answer_batches SET body = CAST(substr(body, 1, 40) || x'07' || substr(body, 42) AS BLOB)"
        };
        sql.run(replaced).unwrap();
        let result = verify(&app.folder, &app.database);
        let codes: Vec<&str> = result.problems.iter().map(|problem| problem.code.as_str()).collect();
        assert_eq!(codes, ["answers-changed"], "{:?}", result.problems);
        // A dropped record is found too, where others of its stretch are left.
    }
}

on_both! {
    fn records_go_after_their_time_and_seals_stay(app) {
        let mut body = json!({ "declaration": { "number": "010120261012345678", "customs_office": "0101" }, "lines": [{ "line": 1, "enterprise": ENT_03, "hs_code": "2941500000" }] });
        let customs = app.customs();
        let old = customs.post("/v1/lookups", &body).json()["id"].clone();
        tick(app, "2026-08-12T06:00:00.000000Z");
        app.set_time("2031-08-11T04:00:00.000000Z");
        body["declaration"]["declared_on"] = json!("2026-08-12");
        let new = app.customs().post("/v1/lookups", &body).json()["id"].clone();
        tick(app, "2031-08-11T06:00:00.000000Z");
        assert_eq!(reopened(app, &old)["seal"]["number"], 1, "1,826 days are not over");
        tick(app, "2031-08-13T06:00:00.000000Z");
        assert_eq!(app.auditor().get(&format!("/v1/answers/{}", old.as_str().unwrap())).status, 404);
        let about = app.auditor().get("/v1/answers?declaration=010120261012345678").json();
        assert_eq!((about["items"].as_array().unwrap().len(), &about["items"][0]["id"]), (1, &new));
        assert_eq!(seals(app).iter().map(|seal| seal.answers).collect::<Vec<_>>(), [1, 1]);
        // That the log verifies without the records is asserted when the service goes.
    }
}

on_both! {
    fn asked_again_a_question_is_answered_with_the_same_bytes(app) {
        let declared = "010120261012345678";
        let body = json!({ "declaration": { "number": declared, "customs_office": "0101" }, "lines": [
            { "line": 3, "enterprise": ENT_01, "hs_code": "3004909099", "quantity": "20", "unit": "142" },
            { "line": 1, "enterprise": ENT_03, "hs_code": "2937500000" } ] });
        let lines_of = |text: &str| text[text.find("\"lines\":").unwrap()..].to_owned();
        let headers = [("Content-Type", "application/json"), ("Accept-Language", "en")];
        let given = app.customs().send("POST", "/v1/lookups", &headers, body.to_string().as_bytes()).text().to_owned();
        ask(app, &question(ENT_05, "2937210000"));
        let number = number_of(app, ENT_01, "3004909099");
        app.change(json!([{ "kind": "remove", "listing": number, "effective_on": "2026-08-12", "reason": { "code": "off_purpose_use" } }]));
        let revision = serde_json::from_str::<Value>(&given).unwrap()["revision"].clone();
        let again = app.customs().send("POST", &format!("/v1/lookups?as_of_revision={revision}"), &headers, body.to_string().as_bytes()).text().to_owned();
        assert_eq!(lines_of(&again), lines_of(&given));

        app.restart();
        let AnswerPage { answers, .. } = app.inside().answers_about(&auditor(), declared, None, 10).unwrap();
        assert_eq!(answers.len(), 2);
        for answer in &answers {
            assert_eq!(app.inside().replay(answer), Replay::Same);
        }
        let mut otherwise = answers[0].clone();
        otherwise.digest = Hash([7; 32]);
        assert_eq!(app.inside().replay(&otherwise), Replay::Otherwise);
        otherwise.wording ^= 1;
        assert_eq!(app.inside().replay(&otherwise), Replay::Reworded);
        otherwise.reasons.reverse();
        assert_eq!(app.inside().replay(&otherwise), Replay::Otherwise);

        app.inside().replay_answers(app.clock.now()).unwrap();
        let figures = app.client().send("GET", "/metrics", &[], b"").text().to_owned();
        let figure = |name: &str| figures.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap().parse::<i64>().unwrap();
        assert!(figure("whitelist_answers_replayed") >= 3, "{figures}");
        assert_eq!(figure("whitelist_answers_replayed_otherwise"), 0);
        let first = LookupId::parse(serde_json::from_str::<Value>(&given).unwrap()["id"].as_str().unwrap()).unwrap();
        assert!(answers.iter().any(|answer| answer.id == first));
    }
}

/// A database that takes nothing.
fn refusing(_: &Store, _: Vec<u64>) -> Result<(), StoreError> {
    Err(StoreError::Closed)
}

on_both! {
    fn what_cannot_be_recorded_is_refused_or_counted(app) {
        let store = app.inside().store.clone();
        let refuses = Recorder::start("refuses", store.clone(), 16, Overflow::Refuse, refusing).unwrap();
        let taken = (0_u64..200_000).take_while(|number| refuses.record(|| *number)).count();
        assert!((65_536..66_000).contains(&taken), "{taken}");
        assert_eq!(refuses.dropped(), 0, "what is queued is kept");
        let counts = Recorder::start("counts", store, 16, Overflow::Count, refusing).unwrap();
        assert!((0_u64..100).all(|number| counts.record(|| number)));
        counts.flush();
        assert_eq!(counts.dropped(), 100);
    }
}

on_both! {
    fn a_question_is_refused_while_its_answer_cannot_be_recorded_where_that_is_the_choice(app) {
        app.retune(|tuning| tuning.overflow = Overflow::Refuse);
        app.restart();
        let asker = Asker { org: "0101".into(), account: None, lang: Lang::Zh, since: Duration::ZERO };
        let declaration = Declaration {
            number: None,
            customs_office: CustomsOffice::parse("0101").unwrap(),
            declared_on: LegalDay::parse("2026-08-12").unwrap(),
            trade_mode: None,
        };
        let line = Line {
            line: 1,
            enterprise: Uscc::parse(ENT_03).unwrap(),
            hs_code: HsCode::parse("2937500000").unwrap(),
            ciq_code: None,
            listing: None,
            cas: None,
            measure: None,
        };
        let made = |answered: &Answered<'_>| {
            let record = Record::new(answered, &asker, &declaration, &[line], [7; 32], Duration::ZERO);
            Rendered { value: record, digest: [7; 32] }
        };
        let record = app.inside().ask(&asker, &declaration, &[line], None, made).unwrap();

        // The database takes nothing, and the queue fills up.
        let mut sql = Sql::open(&app.database);
        sql.run(if sql.is_postgres() { "BEGIN; LOCK TABLE answer_batches IN EXCLUSIVE MODE" } else { "BEGIN IMMEDIATE" }).unwrap();
        while app.inside().recorder.record(|| record.clone()) {}
        let asked = format!("/v1/lookup?{}", question(ENT_03, "2937500000"));
        let refused = app.customs().get(&asked);
        assert_eq!((refused.status, refused.json()["type"].as_str()), (503, Some("/problems/unavailable")), "{}", refused.text());
        assert!(refused.text().contains("无法记录答复") && refused.header("retry-after").is_some(), "{}", refused.text());
        let several = json!({ "declaration": { "customs_office": "0101" }, "lines": [{ "line": 1, "enterprise": ENT_03, "hs_code": "2937500000" }] });
        assert_eq!(app.customs().post("/v1/lookups", &several).status, 503);

        sql.run("ROLLBACK").unwrap();
        app.inside().recorder.flush();
        let answered = ask(app, &question(ENT_03, "2937500000"));
        app.inside().recorder.flush();
        assert_eq!(reopened(app, &answered["id"])["id"], answered["id"]);
        assert_eq!(app.inside().recorder.dropped(), 0);
    }
}
