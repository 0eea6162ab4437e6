//! Certificates as signed files: what they say, that they hold before programs of others, that each is on record, and what their hash tells.

use crate::lookups::{ENT_05, ENT_10, number_of};
use crate::support::app::{Actor, Database, TestApp, Tuning};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::process::Command;
use whitelist::app::keys::DataFolder;
use whitelist::domain::actor::Role;
use whitelist::domain::receipt::KeyEnd;
use whitelist::store::certificate_files::CertificateFileRow;

/// Issues a certificate; where it can be checked.
fn certified(app: &TestApp, actor: &Actor) -> String {
    let listing = number_of(app, ENT_05, "2937500000");
    let issued = actor.send("POST", &format!("/v1/listings/{listing}/certificates"), &[], b"");
    assert_eq!(issued.status, 201, "{}", issued.text());
    issued.header("location").unwrap().to_owned()
}

fn holder(app: &TestApp) -> Actor {
    app.actor(Role::EnterpriseApplicant, ENT_05, "holder")
}

fn file(actor: &Actor, certificate: &str, lang: &str) -> Response {
    actor.get(&format!("{certificate}/pdf?lang={lang}"))
}

fn sha256(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", response.text());
    hex::encode(Sha256::digest(&response.body))
}

/// Runs a program of others on a file; its output.
fn read_by(program: &str, arguments: &[&str], bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("certificate.pdf");
    std::fs::write(&path, bytes).unwrap();
    let mut arguments: Vec<&str> = arguments.to_vec();
    let place = arguments.iter().position(|argument| *argument == "FILE").unwrap();
    arguments[place] = path.to_str().unwrap();
    let output = Command::new(program).args(&arguments).current_dir(folder.path()).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn text(bytes: &[u8]) -> String {
    read_by("pdftotext", &["-layout", "FILE", "-"], bytes)
}

/// What pdfsig of poppler says of the signature. No authority vouches for the certificate: that is compared by itself.
fn signature(bytes: &[u8]) -> String {
    read_by("pdfsig", &["-nocert", "FILE"], bytes)
}

fn holds(said: &str) -> bool {
    said.contains("Signature Validation: Signature is Valid.") && said.contains("Total document signed")
}

/// The certificates that the service publishes.
fn published(app: &TestApp) -> String {
    let response = app.client().send("GET", "/.well-known/document-keys.pem", &[], b"");
    assert_eq!(response.status, 200);
    response.text().to_owned()
}

/// Takes the signature of a file and what it signs apart.
fn apart(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let place = |text: &[u8], wanted: &[u8]| text.windows(wanted.len()).position(|window| window == wanted).unwrap();
    let from = place(bytes, b"/ByteRange [") + 12;
    let numbers = String::from_utf8_lossy(&bytes[from..from + place(&bytes[from..], b"]")]).into_owned();
    let numbers: Vec<usize> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let signed = [&bytes[..numbers[1]], &bytes[numbers[2]..numbers[2] + numbers[3]]].concat();
    assert_eq!(numbers[2] + numbers[3], bytes.len(), "all but the signature is signed");
    let filled = hex::decode(&bytes[numbers[1] + 1..numbers[2] - 1]).unwrap();
    // The rest of the room is empty: DER says how long it is.
    let length = 4 + usize::from(u16::from_be_bytes([filled[2], filled[3]]));
    assert_eq!(&filled[..2], &[0x30, 0x82]);
    (filled[..length].to_vec(), signed)
}

/// Where the last digit of the signature stands in a file.
fn last_of_signature(bytes: &[u8]) -> usize {
    let written = hex::encode(apart(bytes).0).into_bytes();
    bytes.windows(written.len()).position(|window| window == written).unwrap() + written.len() - 1
}

/// Asks openssl whether a signature holds with the certificate that the service publishes, and no other.
fn openssl(bytes: &[u8], pem: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (signature, signed) = apart(bytes);
    std::fs::write(path("signature.der"), signature).unwrap();
    std::fs::write(path("signed.bin"), signed).unwrap();
    std::fs::write(path("keys.pem"), pem).unwrap();
    let output = Command::new("openssl")
        .args(["cms", "-verify", "-binary", "-cades", "-inform", "DER", "-purpose", "any", "-out", "/dev/null"])
        .args(["-in", &path("signature.der"), "-content", &path("signed.bin"), "-CAfile", &path("keys.pem")])
        .output()
        .unwrap();
    output.status.success()
}

on_both! {
    fn a_file_says_what_the_page_says_and_is_on_record(app) {
        assert_eq!(published(app), "", "no file, no key");
        let holder = holder(app);
        let certificate = certified(app, &holder);
        let (listing, code) = (certificate.split('/').nth(3).unwrap(), certificate.rsplit('/').next().unwrap());
        let before = app.inside().head().unwrap().0;
        let zh = file(&holder, &certificate, "zh");
        let hash = sha256(&zh);
        assert_eq!(zh.header("content-type"), Some("application/pdf"));
        assert!(zh.header("content-disposition").unwrap().starts_with("attachment; filename=\"BJ-"), "{:?}", zh.headers);
        assert_eq!(zh.header("cache-control"), Some("private, no-store"));
        assert_eq!(app.inside().head().unwrap().0, before + 2, "a key and a file");
        assert_eq!(zh.header("whitelist-revision").unwrap().parse::<i64>().unwrap(), before + 2);
        // The same file again, whoever asks; another for another language.
        assert_eq!(sha256(&file(&app.officer(), &certificate, "zh")), hash);
        assert_eq!(app.inside().head().unwrap().0, before + 2);
        let en = file(&app.officer(), &certificate, "en");
        assert_ne!(sha256(&en), hash);
        assert_eq!(app.inside().head().unwrap().0, before + 3, "the key is there");
        // What is read out of them, and how they are made.
        let (said, told) = (text(&zh.body), text(&en.body));
        for wanted in ["生物医药研发用物品进口白名单凭证", listing, code, "前列腺素E1", "/check", "根散列", ENT_05, "放行以口岸核验为准"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
        for wanted in ["Certificate of listing", listing, code, "Granted", "Aug", "root", "look-up at the border"] {
            assert!(told.contains(wanted), "{wanted}: {told}");
        }
        let info = read_by("pdfinfo", &["FILE"], &zh.body);
        assert!(info.contains("Title:") && info.contains("进口白名单凭证") && info.contains("Tagged:          yes"), "{info}");
        let structure = read_by("pdfinfo", &["-struct-text", "FILE"], &en.body);
        for wanted in ["H1", "Table", "TH", "TD", "Figure", "Certificate of listing"] {
            assert!(structure.contains(wanted), "{wanted}: {structure}");
        }
        let fonts = read_by("pdffonts", &["FILE"], &zh.body);
        assert!(fonts.contains("yes yes yes"), "embedded, a part, with letters: {fonts}");
        assert!(zh.body.len() < 200_000, "{} bytes", zh.body.len());
        // The log says it in words.
        let entries = app.auditor().get(&format!("/v1/log/entries?after={}&limit=10", before)).text().to_owned();
        assert!(entries.contains("certificate_file.signed") && entries.contains(&hash) && !entries.contains(code), "{entries}");
    }
}

on_both! {
    fn programs_of_others_find_the_signature_good_until_a_byte_changes(app) {
        let officer = app.officer();
        let certificate = certified(app, &officer);
        for lang in ["zh", "en"] {
            let bytes = file(&officer, &certificate, lang).body;
            let said = signature(&bytes);
            assert!(holds(&said), "{said}");
            assert!(said.contains("ETSI.CAdES.detached") && said.contains("SHA-256") && said.contains("demo.whitelist.invalid"), "{said}");
            assert!(openssl(&bytes, &published(app)), "the published certificate is the one");
            // A byte of the page, one of the font, one of the numbers at the end, and one of the signature itself, the last of its DER.
            for place in [100, bytes.len() / 2, bytes.len() - 30, last_of_signature(&bytes)] {
                let mut changed = bytes.clone();
                changed[place] = if changed[place] == b'5' { b'6' } else { b'5' };
                assert!(!holds(&signature(&changed)), "byte {place}");
            }
            let longer = [bytes.as_slice(), b"\n%%EOF\n"].concat();
            assert!(!holds(&signature(&longer)), "what is added is not signed");
        }
        // Another installation's certificate does not do.
        let other = TestApp::start(Database::Sqlite);
        let theirs = other.officer();
        sha256(&file(&theirs, &certified(&other, &theirs), "zh"));
        assert!(!openssl(&file(&officer, &certificate, "zh").body, &published(&other)));
    }
}

on_both! {
    fn the_hash_of_a_file_tells_what_became_of_it(app) {
        let holder = holder(app);
        let certificate = certified(app, &holder);
        let listing = certificate.split('/').nth(3).unwrap().to_owned();
        let hash = sha256(&file(&holder, &certificate, "zh"));
        let check = |hash: &str| app.client().send("GET", &format!("/v1/certificate-files/{hash}"), &[], b"");
        let found = check(&hash).json();
        assert_eq!((&found["standing"], &found["listing"], &found["held_back"]), (&json!("stands"), &json!(listing), &json!(false)));
        assert_eq!((&found["key"]["retires_at"], &found["lang"]), (&Value::Null, &json!("zh")));
        assert!(found.get("enterprise").is_none() && found.get("code").is_none(), "a hash tells no more than it must: {found}");
        for other in ["0".repeat(64), hash[1..].to_owned(), "x".to_owned()] {
            assert_eq!(check(&other).status, 404, "{other}");
        }
        assert_eq!(check(&hash.to_uppercase()).json()["sha256"], json!(hash));
        app.set_time("2026-08-12T04:01:00.000000Z");
        app.change(json!([{ "kind": "vary", "listing": listing, "effective_on": "2026-08-12", "set": { "quantity": "7" }, "reason": { "code": "quantity_changed" } }]));
        app.settle();
        assert_eq!(check(&hash).json()["standing"], json!("superseded"));
        // What is signed already is handed out; nothing is signed that is no longer so.
        assert_eq!(sha256(&file(&holder, &certificate, "zh")), hash);
        let outdated = file(&holder, &certificate, "en");
        assert_eq!((outdated.status, outdated.json()["rule"].clone()), (422, json!("certificate_outdated")));
        let again = certified(app, &holder);
        let newer = sha256(&file(&holder, &again, "en"));
        assert_eq!(check(&newer).json()["standing"], json!("stands"));
        app.set_time("2026-08-12T04:02:00.000000Z");
        app.change(json!([{ "kind": "remove", "listing": listing, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }]));
        app.settle();
        app.set_time("2026-08-12T04:03:00.000000Z");
        for hash in [&hash, &newer] {
            let found = check(hash).json();
            assert_eq!((&found["standing"], &found["now"]["status"]), (&json!("revoked"), &json!("removed")), "{found}");
        }
    }
}

on_both! {
    fn bureau_and_holder_see_the_history(app) {
        let holder = holder(app);
        let certificate = certified(app, &holder);
        let listing = certificate.split('/').nth(3).unwrap().to_owned();
        let history = |actor: &Actor, more: &str| actor.get(&format!("/v1/listings/{listing}/certificate-files{more}"));
        assert_eq!(history(&holder, "").json(), json!({ "items": [], "next": null }));
        let (zh, en) = (sha256(&file(&holder, &certificate, "zh")), sha256(&file(&app.officer(), &certificate, "en")));
        for actor in [app.officer(), app.auditor()] {
            let seen = history(&actor, "").json();
            let hashes: Vec<&str> = seen["items"].as_array().unwrap().iter().map(|item| item["sha256"].as_str().unwrap()).collect();
            assert_eq!(hashes, [en.as_str(), zh.as_str()], "newest first");
            assert!(seen["items"].as_array().unwrap().iter().all(|item| item["asked_by"].as_str().unwrap().starts_with("per_")));
        }
        let own = history(&holder, "").json();
        assert_eq!((&own["items"][0]["asked_by"], &own["items"][0]["asked_for"]), (&Value::Null, &json!("bj-commerce")), "of the office's person the holder learns nothing");
        assert!(own["items"][1]["asked_by"].is_string());
        let first = history(&holder, "?limit=1").json();
        assert_eq!(first["items"][0]["sha256"], json!(en));
        let rest = history(&holder, &format!("?limit=1&after={}", first["next"].as_str().unwrap())).json();
        assert_eq!((&rest["items"][0]["sha256"], &rest["next"]), (&json!(zh), &Value::Null));
        let stranger = app.actor(Role::EnterpriseApplicant, ENT_10, "stranger");
        assert_eq!(history(&stranger, "").status, 404);
        assert_eq!(file(&stranger, &certificate, "zh").status, 404);
        assert_eq!(history(&app.customs(), "").status, 403);
    }
}

on_both! {
    fn keys_are_changed_in_turn_and_the_old_ones_stay(app) {
        let officer = app.officer();
        let certificate = certified(app, &officer);
        let old = file(&officer, &certificate, "zh");
        let hash = sha256(&old);
        let key = |hash: &str| app.client().send("GET", &format!("/v1/certificate-files/{hash}"), &[], b"").json()["key"].clone();
        let kid = key(&hash)["kid"].as_str().unwrap().to_owned();
        let folder = DataFolder(app.folder.clone());
        let next = app.inside().change_document_key(&folder, KeyEnd::Compromised).unwrap();
        let new = file(&officer, &certificate, "zh");
        let newer = sha256(&new);
        assert_ne!(newer, hash, "what an ended key signed is not handed out any more");
        assert_eq!((key(&newer)["kid"].as_str().unwrap(), key(&newer)["reason"].clone()), (next.as_str(), Value::Null));
        assert_eq!((key(&hash)["kid"].as_str().unwrap(), &key(&hash)["reason"]), (kid.as_str(), &json!("compromised")));
        let pem = published(app);
        assert_eq!(pem.matches("-----BEGIN CERTIFICATE-----").count(), 2);
        assert!(pem.find(&next).unwrap() < pem.find(&kid).unwrap() && pem.contains("(compromised)"), "{pem}");
        assert!(openssl(&old.body, &pem) && openssl(&new.body, &pem));
        assert_eq!(app.officer().get(&format!("/v1/listings/{}/certificate-files", certificate.split('/').nth(3).unwrap())).json()["items"].as_array().unwrap().len(), 2);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(app.folder.join("keys").join(format!("document-{kid}.pem"))).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_file_that_is_lost_is_signed_anew() {
    let app = TestApp::start(Database::Sqlite);
    let officer = app.officer();
    let certificate = certified(&app, &officer);
    let hash = sha256(&file(&officer, &certificate, "zh"));
    let place = app.folder.join("documents").join(&hash[..2]).join(&hash[2..]);
    std::fs::remove_file(&place).unwrap();
    let second = sha256(&file(&officer, &certificate, "zh"));
    assert_ne!(second, hash);
    std::fs::write(app.folder.join("documents").join(&second[..2]).join(&second[2..]), b"edited").unwrap();
    let third = sha256(&file(&officer, &certificate, "zh"));
    assert!(third != second && sha256(&file(&officer, &certificate, "zh")) == third);
    let rows: Vec<CertificateFileRow> =
        app.inside().store.read(|conn| whitelist::store::certificate_files::since(conn, 0, 10)).unwrap();
    assert_eq!(rows.len(), 3, "each is on record");
}

#[test]
fn without_a_font_nothing_is_signed_and_the_remedy_is_said() {
    let font = Some("/nowhere/song.ttf".to_owned());
    let mut app = TestApp::start_tuned(Database::Sqlite, Tuning { font, ..Tuning::default() });
    let officer = app.officer();
    let certificate = certified(&app, &officer);
    let before = app.inside().head().unwrap();
    let refused = file(&officer, &certificate, "zh");
    assert_eq!((refused.status, refused.json()["type"].clone()), (503, json!("/problems/no-font")));
    let page = app.client().send("GET", "/problems/no-font", &[], b"");
    assert!(page.text().contains("fonts-noto-cjk") && page.text().contains("WHITELIST_PDF_FONT"));
    assert_eq!(app.inside().head().unwrap(), before, "no key either");
    app.retune(|tuning| tuning.font = None);
    app.restart();
    sha256(&file(&app.officer(), &certificate, "zh"));
}

/// Every other font that a system is likely to have does too, in outlines of TrueType as of CFF.
#[test]
fn fonts_of_either_kind_of_outlines_will_do() {
    let usual =
        ["/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"];
    for font in usual.into_iter().filter(|font| Path::new(font).is_file()) {
        let tuning = Tuning { font: Some(font.to_owned()), ..Tuning::default() };
        let app = TestApp::start_tuned(Database::Sqlite, tuning);
        let officer = app.officer();
        let bytes = file(&officer, &certified(&app, &officer), "zh").body;
        assert!(holds(&signature(&bytes)) && text(&bytes).contains("进口白名单凭证"), "{font}");
    }
}
