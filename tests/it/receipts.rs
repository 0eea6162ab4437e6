//! Signed answers: what a receipt says is what was answered, it holds with the public keys alone, and no other does.

use crate::lookups::{ENT_01, ENT_03, ask, number_of, question, said};
use crate::support::app::{Database, TestApp, Tuning};
use crate::support::on_both;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::PermissionsExt as _;
use whitelist::app::receipts::verify::{KeySet, ReceiptFault, Verified};
use whitelist::domain::receipt::{AnswerAlgorithm, KeyEnd};
use whitelist::domain::validity::Instant;
use whitelist::tlog::Hash;
use whitelist::tlog::checkpoint::parse_and_verify;

fn key_set(app: &TestApp) -> Value {
    let response = app.client().send("GET", "/.well-known/jwks.json", &[], b"");
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn verify(app: &TestApp, jws: &str) -> Result<Verified, ReceiptFault> {
    KeySet::parse(&key_set(app).to_string()).unwrap().verify(jws)
}

/// Asks as customs for the receipt alone.
fn receipt(app: &TestApp, question: &str) -> String {
    let response = app.customs().send("GET", &format!("/v1/lookup?{question}"), &[("Accept", "application/jose")], b"");
    assert_eq!(
        (response.status, response.header("content-type")),
        (200, Some("application/jose")),
        "{}",
        response.text()
    );
    response.text().to_owned()
}

fn digest(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

on_both! {
    fn a_receipt_says_what_was_answered(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let flat = ask(app, &format!("{}&quantity=20&unit=142&receipt=true", question(ENT_01, "3004909099")));
        let verified = verify(app, flat["receipt"].as_str().unwrap()).unwrap();
        let said_of = &verified.receipt;
        assert_eq!((json!(said_of.jti), json!(said_of.answered_at)), (flat["id"].clone(), flat["answered_at"].clone()));
        assert_eq!((json!(said_of.log.revision), said_of.asked_by.as_str()), (flat["revision"].clone(), "0101"));
        assert_eq!(said_of.log.shard, app.inside().installation.shard);
        let line = &said_of.lines[0];
        assert_eq!((line.verdict.as_str(), &line.reasons[..]), ("allowed", &["listed".to_owned()][..]));
        assert_eq!((json!(line.listing), line.listing_version), (json!(number), Some(1)));
        let question = r#"{"declaration":{"customs_office":"0101","declared_on":"2026-08-12","number":null,"trade_mode":null},"lines":[{"cas":null,"ciq_code":null,"enterprise":"91110302XFXTR00172","hs_code":"3004909099","line":1,"listing":null,"quantity":"20","unit":"142"}]}"#;
        assert_eq!(said_of.question, digest(question.as_bytes()));
        said_of.answers(digest(question.as_bytes())).unwrap();
        assert!(matches!(said_of.answers(digest(b"another")), Err(ReceiptFault::OtherQuestion(_))));
        // Noon in Beijing: the day ends twelve hours later.
        assert_eq!(said_of.exp - said_of.iat, 12 * 3600);
        said_of.is_current(said_of.answered_at).unwrap();
        assert!(said_of.is_current(Instant::parse("2026-08-12T16:00:00Z").unwrap()).is_err());

        // The same lines of a declaration have the same digest, and another language another.
        let body = json!({ "declaration": { "customs_office": "0101", "number": "010120261012345678" }, "lines": [
            { "line": 1, "enterprise": ENT_01, "hs_code": "3004909099", "quantity": "20", "unit": "142" },
            { "line": 2, "enterprise": ENT_03, "hs_code": "2937500000" } ] });
        let customs = app.customs();
        let whole = customs.post("/v1/lookups?receipt=true", &body);
        let text = whole.text();
        let lines = &text[text.find("\"lines\":").unwrap() + 8..text.find(",\"receipt\":").unwrap()];
        let whole = whole.json();
        let verified = verify(app, whole["receipt"].as_str().unwrap()).unwrap().receipt;
        assert_eq!(verified.answer, digest(lines.as_bytes()));
        assert_eq!(json!(verified.declaration), body["declaration"]["number"]);
        let verdicts: Vec<String> = verified.lines.iter().map(|line| format!("{} {}", line.verdict, line.reasons.join(" "))).collect();
        assert_eq!(verdicts, [said(&whole["lines"][0]), said(&whole["lines"][1])]);
        let headers = [("Accept", "application/json;q=0.5, application/jose"), ("Content-Type", "application/json"), ("Accept-Language", "en")];
        let english = customs.send("POST", "/v1/lookups", &headers, body.to_string().as_bytes());
        assert_eq!(english.header("content-type"), Some("application/jose"));
        let english = verify(app, english.text()).unwrap().receipt;
        assert_eq!((english.question, english.lines.len()), (verified.question, 2));
        assert_ne!(english.answer, verified.answer);
    }
}

on_both! {
    fn a_receipt_outlives_the_change_that_denied_it(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let asked = format!("{}&quantity=20&unit=142", question(ENT_01, "3004909099"));
        let before = receipt(app, &asked);
        let revision = app.change(json!([{ "kind": "suspend", "listing": number, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }]));
        let after = receipt(app, &asked);
        let (before, after) = (verify(app, &before).unwrap().receipt, verify(app, &after).unwrap().receipt);
        assert_eq!((before.lines[0].verdict.as_str(), after.lines[0].reasons[0].as_str()), ("allowed", "suspended"));
        assert!(before.log.revision.0 < revision && after.log.revision.0 >= revision);
        assert_eq!(before.question, after.question);

        // A checkpoint from before the change does not cover the later answer.
        app.halt();
        let folder = whitelist::app::keys::DataFolder(app.folder.clone());
        let vkey = folder.checkpoint_key_for(&before.log.origin).unwrap().vkey();
        let checkpoint = parse_and_verify(&std::fs::read_to_string(folder.head_file()).unwrap(), &vkey).unwrap();
        after.is_under(&checkpoint).unwrap();
        let early = whitelist::tlog::checkpoint::Checkpoint { size: u64::try_from(before.log.revision.0).unwrap(), ..checkpoint.clone() };
        before.is_under(&early).unwrap();
        assert!(matches!(after.is_under(&early), Err(ReceiptFault::CheckpointTooSmall { .. })));
        let origin = whitelist::tlog::checkpoint::Origin::parse("other.example/log").unwrap();
        let other = whitelist::tlog::checkpoint::Checkpoint { origin, ..checkpoint };
        assert!(matches!(after.is_under(&other), Err(ReceiptFault::OtherLog(_))));
    }
}

on_both! {
    fn no_changed_receipt_and_no_other_key_is_believed(app) {
        let jws = receipt(app, &question(ENT_03, "2937500000"));
        verify(app, &jws).unwrap();
        let parts: Vec<&str> = jws.split('.').collect();
        for part in 0..3 {
            for place in [0, 1, parts[part].len() / 2] {
                let mut changed: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
                let other = if changed[part].as_bytes()[place] == b'A' { "B" } else { "A" };
                changed[part].replace_range(place..=place, other);
                assert!(verify(app, &changed.join(".")).is_err(), "part {part}, byte {place}");
            }
        }
        let none = "eyJhbGciOiJub25lIn0.e30.";
        for nonsense in ["", "a.b.c", none, &jws[..jws.len() - 1]] {
            assert!(verify(app, nonsense).is_err(), "{nonsense}");
        }
        let mut keys = key_set(app);
        keys["keys"][0]["kid"] = json!("A".repeat(43));
        let unknown = KeySet::parse(&keys.to_string()).unwrap().verify(&jws);
        assert!(matches!(unknown, Err(ReceiptFault::UnknownKey(_))), "{unknown:?}");
        let mut keys = key_set(app);
        keys["keys"][0]["x"] = json!("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(KeySet::parse(&keys.to_string()).unwrap().verify(&jws).unwrap_err(), ReceiptFault::Signature);
        let mut keys = key_set(app);
        keys["keys"][0]["alg"] = json!("ES256");
        assert_eq!(KeySet::parse(&keys.to_string()).unwrap().verify(&jws).unwrap_err(), ReceiptFault::Algorithm);
        let mut keys = key_set(app);
        keys["keys"][0]["retires_at"] = json!("2026-08-12T04:00:00.000000Z");
        assert!(matches!(KeySet::parse(&keys.to_string()).unwrap().verify(&jws), Err(ReceiptFault::OutsideKey(_))));
        assert_eq!(KeySet::parse("{}").unwrap_err(), ReceiptFault::KeySet);
    }
}

on_both! {
    fn keys_are_changed_with_their_history(app) {
        let asked = question(ENT_03, "2937500000");
        let old = receipt(app, &asked);
        let kid = verify(app, &old).unwrap().kid;
        let folder = whitelist::app::keys::DataFolder(app.folder.clone());
        let file = folder.keys().join(format!("answer-{kid}.pem"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        app.restart();
        assert_eq!(verify(app, &receipt(app, &asked)).unwrap().kid, kid, "the key outlives a restart");

        app.set_time("2026-08-13T04:00:00.000000Z");
        let new = app.inside().change_answer_key(&folder, AnswerAlgorithm::EdDsa, KeyEnd::Scheduled).unwrap();
        // A running service that has not looked yet signs with a key that is still trusted.
        assert_eq!(verify(app, &receipt(app, &asked)).unwrap().kid, kid);
        app.inside().take_answer_key(app.clock.now()).unwrap();
        assert_eq!(verify(app, &receipt(app, &asked)).unwrap().kid, new);
        let keys = key_set(app);
        assert_eq!((&keys["keys"][0]["kid"], &keys["keys"][1]["kid"]), (&json!(kid), &json!(new)));
        assert_eq!((&keys["keys"][0]["reason"], &keys["keys"][0]["retires_at"]), (&json!("scheduled"), &json!("2026-08-13T04:10:00.000000Z")));
        assert_eq!(keys["keys"][1]["retires_at"], Value::Null);
        assert_eq!(verify(app, &old).unwrap().kid, kid, "what a retired key signed stands");

        app.set_time("2026-08-14T04:00:00.000000Z");
        let stolen = receipt(app, &asked);
        app.inside().change_answer_key(&folder, AnswerAlgorithm::EdDsa, KeyEnd::Compromised).unwrap();
        assert!(matches!(verify(app, &stolen), Err(ReceiptFault::OutsideKey(_))), "not from that moment on");
        // A folder without the key makes one of its own and leaves the other alone.
        app.set_time("2026-08-14T05:00:00.000000Z");
        for entry in std::fs::read_dir(folder.keys()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with("answer-") {
                std::fs::remove_file(path).unwrap();
            }
        }
        app.restart();
        let keys = key_set(app);
        let open = keys["keys"].as_array().unwrap().iter().filter(|key| key["retires_at"].is_null()).count();
        assert_eq!((keys["keys"].as_array().unwrap().len(), open), (4, 2));
        verify(app, &receipt(app, &asked)).unwrap();
    }
}

#[test]
fn answers_are_signed_as_configured() {
    let mut app =
        TestApp::start_tuned(Database::Sqlite, Tuning { signing: AnswerAlgorithm::Es256, ..Tuning::default() });
    let jws = receipt(&app, &question(ENT_03, "2937500000"));
    let verified = verify(&app, &jws).unwrap();
    assert_eq!(verified.algorithm, "ES256");
    let keys = key_set(&app);
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["crv"]), (&json!("EC"), &json!("P-256")));
    // Another setting is another key; the old one retires.
    app.retune(|tuning| tuning.signing = AnswerAlgorithm::EdDsa);
    app.restart();
    assert_eq!(verify(&app, &receipt(&app, &question(ENT_03, "2937500000"))).unwrap().algorithm, "EdDSA");
    assert_eq!(key_set(&app)["keys"][0]["reason"], "algorithm");
    assert_eq!(verify(&app, &jws).unwrap().algorithm, "ES256");
}
