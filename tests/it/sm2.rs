//! Signatures with SM2 beside the others, where the service is set to: receipts and heads hold by our program and by openssl, change nothing
//! for who knows nothing of SM2, and no changed one is believed.

use crate::log::outside::{Exhibit, in_database, whitelist};
use crate::log::read::signed;
use crate::log::verifiers::installed;
use crate::lookups::{ENT_01, ENT_03, question};
use crate::support::app::{Database, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sm3::{Digest as _, Sm3};
use std::path::Path;
use std::process::{Command, Output};
use whitelist::app::keys::DataFolder;
use whitelist::app::receipts::signed::Signed;
use whitelist::app::receipts::verify::{KeySet, ReceiptFault, Verified};
use whitelist::domain::receipt::{KeyEnd, NationalUse};
use whitelist::tlog::Hash;
use whitelist::tlog::sm2::{Sm2Key, Sm2Public};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verifiers/sm2.py");

fn keys(app: &TestApp) -> Value {
    app.client().get("/.well-known/jwks.json").json()
}

fn ask(app: &TestApp, accept: &str, more: &str) -> String {
    let target = format!("/v1/lookup?{}&quantity=20&unit=142{more}", question(ENT_01, "3004909099"));
    let response = app.customs().send("GET", &target, &[("Accept", accept)], b"");
    assert_eq!((response.status, response.header("content-type")), (200, Some(accept)), "{}", response.text());
    response.text().to_owned()
}

fn verify(keys: &Value, text: &str) -> Result<Verified, ReceiptFault> {
    KeySet::parse(&keys.to_string()).unwrap().verify_all(&Signed::read(text).ok_or(ReceiptFault::Malformed)?)
}

/// Asks openssl; says whether it accepts, with what it said.
fn openssl(home: &Path, kind: &str, signed: &str, keys: &Value) -> (bool, String) {
    let (file, set) = (home.join("signed"), home.join("jwks.json"));
    std::fs::write(&file, signed).unwrap();
    std::fs::write(&set, keys.to_string()).unwrap();
    let Output { status, stdout, stderr } =
        Command::new("python3").arg(SCRIPT).arg(kind).args([&file, &set]).output().unwrap();
    let said = String::from_utf8([stdout, stderr].concat()).unwrap();
    assert_eq!(status.success(), said.starts_with("openssl: "), "{said}");
    (status.success(), said)
}

/// What has a second signature, after the switch was turned on over a log that had none.
fn receipts(app: &TestApp, before: &str) {
    let home = tempfile::tempdir().unwrap();
    let keys = keys(app);
    let national: Vec<&Value> = keys["keys"].as_array().unwrap().iter().filter(|key| key["alg"] == "SM2SM3").collect();
    let purposes: Vec<&Value> = national.iter().map(|key| &key["purpose"]).collect();
    assert_eq!(purposes, ["answers", "heads"]);

    let compact = ask(app, "application/jose", "");
    let alone = verify(&keys, &compact).unwrap();
    assert_eq!((alone.algorithm, alone.sm2_kid), ("EdDSA", None), "the compact form is what it was");
    verify(&keys, before).unwrap();

    let general = ask(app, "application/jose+json", "");
    let both = verify(&keys, &general).unwrap();
    assert_eq!(json!(both.sm2_kid), national[0]["kid"]);
    let receipt = both.receipt;
    let asked = r#"{"declaration":{"customs_office":"0101","declared_on":"2026-08-12","number":null,"trade_mode":null},"lines":[{"cas":null,"ciq_code":null,"enterprise":"91110302XFXTR00172","hs_code":"3004909099","line":1,"listing":null,"quantity":"20","unit":"142"}]}"#;
    assert_eq!(receipt.sm3.unwrap().question, Hash(Sm3::digest(asked).into()));
    receipt.answers_by_sm3(Hash(Sm3::digest(asked).into())).unwrap();
    assert!(receipt.answers_by_sm3(Hash([0; 32])).is_err());
    let (accepted, said) = openssl(home.path(), "receipt", &general, &keys);
    assert!(accepted && said.contains(&receipt.jti.to_string()), "{said}");

    let body = json!({ "declaration": { "customs_office": "0101" }, "lines": [{ "line": 1, "enterprise": ENT_03, "hs_code": "2937500000" }] });
    let whole = app.customs().post("/v1/lookups?receipt=true", &body);
    let text = whole.text();
    let lines = &text[text.find("\"lines\":").unwrap() + 8..text.find(",\"receipt\":").unwrap()];
    let verified = verify(&keys, text).unwrap();
    assert_eq!(json!(verified.sm2_kid), national[0]["kid"]);
    assert_eq!(verified.receipt.sm3.unwrap().answer, Hash(Sm3::digest(lines).into()));

    // A library that knows nothing of SM2 reads the set, and verifies what it knows.
    let (file, set) = (home.path().join("receipt.jws"), home.path().join("jwks.json"));
    std::fs::write(&file, &compact).unwrap();
    let jwcrypto = "import sys\nfrom jwcrypto import jwk, jws\ntoken = jws.JWS()\ntoken.deserialize(open(sys.argv[1]).read())\ntoken.verify(jwk.JWKSet.from_json(open(sys.argv[2]).read()).get_key(token.jose_header['kid']))";
    let python = installed().join("venv/bin/python");
    assert!(python.exists(), "run tools/install.sh test: it makes {}", python.display());
    assert!(Command::new(python).args(["-c", jwcrypto]).args([&file, &set]).status().unwrap().success());

    let [jws, set] = [&file, &set].map(|path| path.display().to_string());
    assert_eq!(whitelist(&["answer", "verify", &jws, "--jwks", &set, "--sm2"]).status.code(), Some(1));
    std::fs::write(&jws, &general).unwrap();
    let query = format!("{}&quantity=20&unit=142", question(ENT_01, "3004909099"));
    let output = whitelist(&["answer", "verify", &jws, "--jwks", &set, "--sm2", "--query", &query]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("and with SM2SM3 by key"));
    refused(home.path(), &general, &keys);
}

/// Every tampering with the second signature is found by our program and by openssl.
fn refused(home: &Path, general: &str, keys: &Value) {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut receipt: Value = serde_json::from_str(general).unwrap();
        change(&mut receipt["signatures"][1]);
        receipt.to_string()
    };
    let header = |member: &str, other: &str| {
        let change = move |signature: &mut Value| {
            let header = URL_SAFE_NO_PAD.decode(signature["protected"].as_str().unwrap()).unwrap();
            let mut header: Value = serde_json::from_slice(&header).unwrap();
            header[member] = json!(other);
            signature["protected"] = json!(URL_SAFE_NO_PAD.encode(header.to_string()));
        };
        changed(&change)
    };
    let flipped = changed(&|signature| {
        let mut bytes = URL_SAFE_NO_PAD.decode(signature["signature"].as_str().unwrap()).unwrap();
        bytes[40] ^= 1;
        signature["signature"] = json!(URL_SAFE_NO_PAD.encode(bytes));
    });
    let heads = keys["keys"].as_array().unwrap().iter().find(|key| key["purpose"] == "heads").unwrap();
    for (receipt, fault) in [
        (flipped, ReceiptFault::Signature),
        (header("typ", "JWT"), ReceiptFault::Malformed),
        (header("alg", "ES256"), ReceiptFault::Algorithm),
        (header("kid", "nobody"), ReceiptFault::UnknownKey("nobody".to_owned())),
        (header("kid", heads["kid"].as_str().unwrap()), ReceiptFault::Algorithm),
    ] {
        assert_eq!(verify(keys, &receipt).unwrap_err(), fault, "{receipt}");
        if fault != ReceiptFault::Malformed {
            assert!(!openssl(home, "receipt", &receipt, keys).0, "{receipt}");
        }
    }
    let mut retired = keys.clone();
    let answers = retired["keys"].as_array_mut().unwrap().iter_mut().find(|key| key["purpose"] == "answers");
    answers.unwrap()["retires_at"] = json!("2026-08-12T04:00:00.000000Z");
    assert!(matches!(verify(&retired, general), Err(ReceiptFault::OutsideKey(_))));
}

/// Heads carry a further line, that the log's own verification judges by the keys of its entries.
fn heads(app: &TestApp) {
    let home = tempfile::tempdir().unwrap();
    let (size, note) = signed(app);
    let origin = app.inside().installation.origin.clone();
    assert_eq!(note.matches(&format!("\u{2014} {origin} ")).count(), 2, "{note}");
    let keys = keys(app);
    let (accepted, said) = openssl(home.path(), "head", &note, &keys);
    assert!(accepted && said.contains(&format!("the head of {size} entries")), "{said}");
    let key = keys["keys"].as_array().unwrap().iter().rfind(|key| key["purpose"] == "heads").unwrap();
    assert_eq!(key["vkey"], Sm2Public::from_jwk(key).unwrap().vkey(&origin));

    let exhibit = Exhibit::of(app);
    let (code, found) = exhibit.verify(&[]);
    assert_eq!((code, &found["sm2"]), (Some(0), &json!(size)), "{found}");
    let output = in_database(app, &["log", "verify", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &found["sm2"]), (Some(0), &json!(size)), "{found}");
    exhibit.edit("checkpoint", |head| {
        let text = String::from_utf8(head.clone()).unwrap();
        let (kept, line) = text.trim_end().rsplit_once(' ').unwrap();
        let mut signature = STANDARD.decode(line).unwrap();
        signature[20] ^= 1;
        *head = format!("{kept} {}\n", STANDARD.encode(signature)).into_bytes();
    });
    let (code, found) = exhibit.verify(&[]);
    assert_eq!((code, &found["problems"][0]["code"]), (Some(1), &json!("checkpoint-sm2")), "{found}");
    assert!(!openssl(home.path(), "head", &exhibit.text("checkpoint"), &keys).0);
}

#[test]
fn receipts_and_heads_are_signed_with_sm2_where_the_service_is_set_to() {
    let mut app = TestApp::start(Database::Sqlite);
    let before = ask(&app, "application/jose", "");
    let plain: Value = serde_json::from_str(&ask(&app, "application/json", "&receipt=true")).unwrap();
    assert!(
        plain["receipt_signatures"].is_null() && verify(&keys(&app), &plain.to_string()).unwrap().receipt.sm3.is_none()
    );
    let general: Value = serde_json::from_str(&ask(&app, "application/jose+json", "")).unwrap();
    assert_eq!(general["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(signed(&app).1.lines().count(), 5, "one line under the head");
    assert_eq!(Exhibit::of(&app).verify(&[]).1.get("sm2"), None);

    app.retune(|tuning| tuning.national = true);
    app.restart();
    receipts(&app, &before);
    heads(&app);

    let old = keys(&app);
    let general = ask(&app, "application/jose+json", "");
    let folder = DataFolder(app.folder.clone());
    app.inside().change_national_key(&folder, NationalUse::Answers, KeyEnd::Scheduled).unwrap();
    app.inside().change_national_key(&folder, NationalUse::Heads, KeyEnd::Compromised).unwrap();
    app.inside().take_answer_key(app.clock.now()).unwrap();
    let new = keys(&app);
    assert_eq!(new["keys"].as_array().unwrap().len(), old["keys"].as_array().unwrap().len() + 2);
    let kid = verify(&new, &general).unwrap().sm2_kid;
    assert_ne!(verify(&new, &ask(&app, "application/jose+json", "")).unwrap().sm2_kid, kid);
    app.settle();
    app.change(json!([{ "kind": "suspend_enterprise", "enterprise": ENT_01, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }]));
    heads(&app);
    assert!(!openssl(app.folder.as_path(), "head", &signed(&app).1, &old).0, "the old set does not know the new key");
    // The same by commands beside the service.
    for args in
        [&["answer", "rotate-key", "--algorithm", "SM2SM3"][..], &["log", "rotate-sm2", "--reason", "compromised"]]
    {
        let output = in_database(&app, args);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let newest = keys(&app);
    assert_eq!(newest["keys"].as_array().unwrap().len(), new["keys"].as_array().unwrap().len() + 2);
}

/// What openssl signs holds here: both sides have the same idea of SM2, of SM3 and of who signs.
#[test]
fn a_signature_of_openssl_holds() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name);
    let openssl = |args: &[&str]| {
        let output = Command::new("openssl").args(args).current_dir(home.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    openssl(&["genpkey", "-algorithm", "SM2", "-out", "key.pem"]);
    let public = openssl(&["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]);
    let public = Sm2Public::from_point(&public[public.len() - 65..]).unwrap();
    let own = Sm2Key::from_bytes(&[3; 32]).unwrap();
    for nth in 0..3 {
        // The text of a note, so that the line that openssl signs is read as one of ours is.
        let text = format!("example.com/log\n{nth}\nAAAA\n");
        std::fs::write(file("text"), &text).unwrap();
        let options = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];
        openssl(
            &[&["pkeyutl", "-sign", "-inkey", "key.pem", "-in", "text", "-out", "signature"], &options[..]].concat(),
        );
        let id = public.vkey("example.com/log");
        let id = hex::decode(id.split('+').nth(1).unwrap()).unwrap();
        let line = STANDARD.encode([id, std::fs::read(file("signature")).unwrap()].concat());
        let note = format!("{text}\n\u{2014} example.com/log {line}\n");
        assert_eq!(public.signed(&note), Some(true));
        assert_eq!(public.signed(&note.replace("AAAA", "AAAB")), Some(false));
        assert_eq!(own.public().signed(&own.beside(&note)), Some(true));
    }
}
