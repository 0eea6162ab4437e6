//! Files of an application: items from a spreadsheet, and evidence documents that are judged, kept, scanned and handed out.

use super::{faults, pairs};
use crate::lookups::{ENT_01, ENT_05};
use crate::support::app::{Database, TestApp, Tuning};
use crate::support::casework::{PDF, Standing, addition, applicant, asked, attach, draft, form, line, sheet};
use crate::support::on_both;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use whitelist::config::Scanner;
use whitelist::domain::actor::Role;

fn body() -> Value {
    addition(json!([line(1, "葡聚糖40", "2941301200")]))
}

/// Files below the folder of documents.
fn kept(app: &TestApp) -> usize {
    let folders = std::fs::read_dir(app.folder.join("documents")).unwrap();
    folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

on_both! {
    fn items_of_a_sheet_are_taken_all_or_none(app) {
        let actor = applicant(app, ENT_05);
        let begun = draft(&actor, &body());
        let import = |etag: &str, query: &str, sheet: &str| {
            let target = format!("{}/items/import{query}", begun.path);
            actor.send("POST", &target, &[("Content-Type", "text/csv"), ("If-Match", etag)], sheet.as_bytes())
        };
        let faulty = format!("{}{ENT_01},胰岛素,2937120000,1,036,2026-09-01,2027-08-31\n{ENT_05},头孢,294,1,036,2026-09-01,2027-08-31\n", sheet(ENT_05));
        let refused = import(&begun.etag, "", &faulty);
        let told: Vec<(u64, String)> = refused.json()["faults"].as_array().unwrap().iter().map(|fault| (fault["row"].as_u64().unwrap(), fault["code"].as_str().unwrap().to_owned())).collect();
        assert_eq!((refused.status, told), (422, vec![(3, "other_enterprise".to_owned()), (4, "hs_code_format".to_owned())]));
        let taken = import(&begun.etag, "", &sheet(ENT_05));
        let lines = |response: &crate::support::client::Response| -> Vec<u64> {
            response.json()["application"]["content"]["items"].as_array().unwrap().iter().map(|item| item["line"].as_u64().unwrap()).collect()
        };
        assert_eq!((taken.status, taken.json()["rows"].as_u64(), lines(&taken)), (200, Some(1), vec![1, 2]));
        assert_eq!(taken.json()["application"]["faults"], json!([]));
        assert_eq!(import(&begun.etag, "", &sheet(ENT_05)).status, 412);
        let replaced = import(taken.header("etag").unwrap(), "?replace=true", &sheet(ENT_05));
        assert_eq!((replaced.status, lines(&replaced)), (200, vec![1]));
    }
}

on_both! {
    fn a_document_is_kept_by_its_hash_and_frozen_with_what_is_lodged(app) {
        let actor = applicant(app, ENT_05);
        let begun = draft(&actor, &body());
        let response = attach(&actor, &begun, form("research_plan", "研发 方案.PDF", PDF));
        let document = Standing::of(&response);
        use sha2::Digest as _;
        let sha256 = hex::encode(sha2::Sha256::digest(PDF));
        assert_eq!((response.status, &response.json()["sha256"], &response.json()["scan"], &response.json()["media"]), (201, &json!(sha256), &json!("unscanned"), &json!("pdf")));
        let file = actor.get(&document.path);
        assert_eq!((file.status, file.body.as_slice(), file.header("content-type"), file.header("x-content-type-options")), (200, PDF, Some("application/pdf"), Some("nosniff")));
        assert_eq!(file.header("content-disposition"), Some("attachment; filename*=UTF-8''%E7%A0%94%E5%8F%91%20%E6%96%B9%E6%A1%88.PDF"));
        for stranger in [applicant(app, ENT_01), app.officer()] {
            assert_eq!((stranger.get(&document.path).status, stranger.get(&format!("{}/documents", begun.path)).status), (404, 404));
        }
        assert_eq!(attach(&applicant(app, ENT_01), &begun, form("other", "a.pdf", PDF)).status, 404);
        // The same bytes again are another document over one file.
        let twice = Standing::of(&attach(&actor, &begun, form("other", "b.pdf", PDF)));
        assert_eq!(kept(app), 1);
        assert_eq!(actor.act(&format!("{}/remove", twice.path), &twice.etag).status, 200);
        assert_eq!(actor.get(&format!("{}/documents", begun.path)).json()["items"].as_array().unwrap().len(), 1);
        let lodged = actor.act(&format!("{}/lodge", begun.path), &begun.etag);
        assert_eq!(lodged.json()["content"]["documents"], json!([{ "document": document.path.rsplit('/').next().unwrap(), "kind": "research_plan", "sha256": sha256 }]));
        assert_eq!(app.officer().get(&document.path).body, PDF);
        assert_eq!(actor.act(&format!("{}/remove", document.path), &document.etag).status, 409, "lodged");
        assert_eq!(attach(&actor, &begun, form("other", "c.pdf", PDF)).status, 409);
        let standing = Standing { path: begun.path.clone(), etag: lodged.header("etag").unwrap().to_owned() };
        let asked = asked(app, &standing, "2026-08-19");
        assert_eq!(attach(&actor, &begun, form("other", "c.pdf", PDF)).status, 201, "a correction may bring documents");
        assert_eq!(actor.change("POST", &format!("{}/correct", begun.path), &asked.etag, &json!({})).status, 200);
        let diff = actor.get(&format!("{}/diff?from=1&to=2", begun.path)).json();
        assert_eq!((diff["documents"][0]["difference"].as_str(), diff["items"].as_array().unwrap().len()), (Some("added"), 0));
    }
}

on_both! {
    fn a_refused_upload_says_why_and_leaves_nothing(app) {
        let actor = applicant(app, ENT_05);
        let begun = draft(&actor, &body());
        let head = app.inside().head().unwrap();
        let polyglot = [PDF, b"PK\x03\x04 hidden"].concat();
        let locked = [&PDF[..9], b"<< /Encrypt 2 0 R >>\n", &PDF[9..]].concat();
        for (name, bytes, code) in [
            ("a.pdf", &b""[..], "document_empty"), ("a.exe", b"MZ\x90\x00", "document_kind"), ("a.png", PDF, "document_mistyped"),
            ("a.pdf", &polyglot, "document_polyglot"), ("a.pdf", &locked, "document_encrypted"), ("a.pdf", b"%PDF-1.4 cut off", "document_damaged"),
        ] {
            let refused = attach(&actor, &begun, form("other", name, bytes));
            assert_eq!(faults(&refused), (400, pairs(&[("/file", code)])), "{name} {code}");
        }
        let large = vec![b'x'; 20 * 1024 * 1024 + 1];
        assert_eq!(faults(&attach(&actor, &begun, form("other", "a.pdf", &large))), (400, pairs(&[("/file", "document_too_large")])));
        assert_eq!(faults(&attach(&actor, &begun, form("no_such_kind", "a.pdf", PDF))), (400, pairs(&[("/kind", "value_unknown")])));
        let no_form = actor.send("POST", &format!("{}/documents", begun.path), &[("Content-Type", "application/json")], b"{}");
        assert_eq!(no_form.status, 415);
        assert_eq!((kept(app), app.inside().head().unwrap()), (0, head));
    }
}

/// Answers so many scans like clamd, each with the next answer.
fn clamd(answers: &'static [&'static str]) -> (Scanner, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let scanner = Scanner::Tcp(listener.local_addr().unwrap().to_string());
    let thread = std::thread::spawn(move || {
        for answer in answers {
            let (mut socket, _) = listener.accept().unwrap();
            let mut command = [0; 10];
            socket.read_exact(&mut command).unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            loop {
                let mut length = [0; 4];
                socket.read_exact(&mut length).unwrap();
                let length = usize::try_from(u32::from_be_bytes(length)).unwrap();
                if length == 0 {
                    break;
                }
                socket.read_exact(&mut vec![0; length]).unwrap();
            }
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    (scanner, thread)
}

#[test]
fn what_a_scanner_says_decides_whether_a_document_is_taken_and_handed_out() {
    let answers =
        &["stream: OK\0", "stream: Eicar-Test-Signature FOUND\0", "out of memory ERROR\0", "stream: Late FOUND\0"];
    let (scanner, thread) = clamd(answers);
    let app = TestApp::start_tuned(Database::Sqlite, Tuning { scanner: Some(scanner), ..Tuning::default() });
    let actor = applicant(&app, ENT_05);
    let begun = draft(&actor, &body());
    let send = |name: &str, text: &str| attach(&actor, &begun, form("other", name, &[PDF, text.as_bytes()].concat()));
    let clean = send("a.pdf", "\n");
    assert_eq!((clean.status, &clean.json()["scan"]), (201, &json!("clean")));
    assert_eq!(actor.get(&Standing::of(&clean).path).status, 200);
    assert_eq!(
        actor.send("POST", &format!("{}/scan", Standing::of(&clean).path), &[], b"").status,
        409,
        "judged already"
    );
    assert_eq!(faults(&send("b.pdf", "\n\n")), (400, pairs(&[("/file", "document_infected")])));
    assert_eq!(kept(&app), 1);
    let waiting = send("c.pdf", "\n\n\n");
    let place = Standing::of(&waiting);
    assert_eq!((waiting.status, &waiting.json()["scan"], actor.get(&place.path).status), (201, &json!("failed"), 422));
    let scanned = actor.send("POST", &format!("{}/scan", place.path), &[], b"");
    assert_eq!((scanned.status, &scanned.json()["scan"]), (200, &json!("infected")));
    let withheld = actor.get(&place.path);
    assert_eq!((withheld.status, withheld.json()["rule"].as_str()), (422, Some("document_withheld")));
    let refused = actor.act(&format!("{}/lodge", begun.path), &begun.etag);
    assert_eq!(faults(&refused), (422, pairs(&[("/documents", "document_infected")])));
    assert_eq!(actor.act(&format!("{}/remove", place.path), scanned.header("etag").unwrap()).status, 200);
    assert_eq!(actor.act(&format!("{}/lodge", begun.path), &begun.etag).status, 200);
    thread.join().unwrap();

    // It is gone: after three uploads nobody waits for it any more, documents wait, and operators are told.
    let another = draft(&actor, &body());
    for turn in 1..=5 {
        let text = "\n".repeat(10 + turn);
        let waiting = attach(&actor, &another, form("other", &format!("{turn}.pdf"), &[PDF, text.as_bytes()].concat()));
        assert_eq!((waiting.status, &waiting.json()["scan"]), (201, &json!("failed")));
    }
    let view = app.actor(Role::Operator, "operations", "operator-1").get("/v1/operations").json();
    let scanner = view["neighbours"].as_array().unwrap().iter().find(|it| it["neighbour"] == "scanner").unwrap();
    assert_eq!(*scanner, json!({ "neighbour": "scanner", "away": true, "failures": 3, "not_asked": 2 }));
    assert_eq!(app.client().get("/health/ready").json()["attention"], json!(["neighbours"]));
    let figures = app.client().get("/metrics");
    assert!(figures.text().contains("whitelist_neighbour_away{neighbour=\"scanner\"} 1\n"), "{}", figures.text());
}
