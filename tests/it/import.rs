//! Spreadsheets in: real lists become one proposed adjustment, faulty ones name every fault, hostile ones are refused
//! by name; through HTTP and through the binary.

mod hostile;

use crate::support::app::{Database, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;
use whitelist::domain::code::{Cas, HsCode, UnitCode, Uscc};
use whitelist::sheet::{ExportRow, list_csv, list_xlsx};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CSV: &str = "text/csv";
const IMPORT: &str = "/v1/adjustments/import";

/// The samples: file, media type, data rows, and a question that its list allows.
const SAMPLES: [(&str, &str, u64, &str); 3] = [
    ("list-clean.xlsx", XLSX, 8, "enterprise=91110114XFXTR005XC&hs_code=3001901000&cas=9041-08-1&quantity=5&unit=035"),
    ("list-messy.xlsx", XLSX, 11, "enterprise=91110108XFXTR0105W&hs_code=2941301200&cas=64-75-5&quantity=200&unit=036"),
    (
        "list-gb18030.csv",
        CSV,
        6,
        "enterprise=91110108XFXTR0105W&hs_code=2937210000&cas=50-24-8&quantity=0.00001&unit=036",
    ),
];

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

fn send(app: &TestApp, target: &str, kind: &str, bytes: &[u8]) -> Response {
    app.officer().send("POST", target, &[("Content-Type", kind)], bytes)
}

fn confirm(app: &TestApp, imported: &Response) {
    assert_eq!(imported.status, 201, "{}", imported.text());
    let id = imported.json()["adjustment"].as_str().unwrap().to_owned();
    let confirmed = app.approver().act(&format!("/v1/adjustments/{id}/confirm"), imported.header("etag").unwrap());
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
}

fn verdict(app: &TestApp, question: &str, declared_on: &str) -> String {
    let answer = app.customs().get(&format!("/v1/lookup?{question}&customs_office=0101&declared_on={declared_on}"));
    answer.json()["verdict"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
}

/// The codes of a refused file; everything that a fault must have is there.
fn codes(response: &Response) -> Vec<String> {
    assert_eq!(
        (response.status, response.json()["type"].as_str()),
        (422, Some("/problems/import-faults")),
        "{}",
        response.text()
    );
    let problem = response.json();
    let faults = problem["faults"].as_array().unwrap();
    for fault in faults {
        for member in ["sheet", "row", "column", "value", "code", "detail"] {
            assert!(fault.get(member).is_some(), "{member} is missing in {fault}");
        }
        assert!(!fault["detail"].as_str().unwrap().is_empty());
    }
    faults.iter().map(|fault| fault["code"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    fn lists_as_offices_send_them_become_listings(app) {
        for (name, kind, rows, question) in SAMPLES {
            let bytes = std::fs::read(sample(name)).unwrap();
            let before = app.inside().head().unwrap();
            let tried = send(app, &format!("{IMPORT}?scheme=beijing-2022&dry_run=true"), kind, &bytes);
            assert_eq!(tried.status, 201, "{name}: {}", tried.text());
            assert_eq!((tried.json()["adjustment"].clone(), tried.json()["rows"].as_u64()), (Value::Null, Some(rows)), "{name}: {}", tried.text());
            assert_eq!(app.inside().head().unwrap(), before, "{name}: a dry run records nothing");
            assert!(tried.json()["preview"]["totals"].is_object(), "{name}: {}", tried.text());

            let imported = send(app, IMPORT, kind, &bytes);
            assert_eq!(imported.json()["rows"].as_u64(), Some(rows), "{name}: {}", imported.text());
            assert_eq!(verdict(app, question, "2026-09-15"), "denied", "{name}: what is proposed is not yet listed");
            confirm(app, &imported);
            for (day, expected) in [("2026-08-31", "denied"), ("2026-09-01", "allowed"), ("2027-08-31", "allowed"), ("2027-09-01", "denied")] {
                assert_eq!(verdict(app, question, day), expected, "{name} on {day}");
            }

            let revision = app.inside().head().unwrap();
            let again = send(app, IMPORT, kind, &bytes);
            let codes = codes(&again);
            assert_eq!(codes, vec!["already_listed"; usize::try_from(rows).unwrap()], "{name}: {}", again.text());
            assert_eq!(app.inside().head().unwrap(), revision, "{name}: a second import changes nothing");
        }
    }
}

on_both! {
    fn every_fault_of_a_list_is_named(app) {
        let expected: Vec<Value> = serde_json::from_slice(&std::fs::read(sample("list-faulty.expected.json")).unwrap()).unwrap();
        assert_eq!(expected.len(), 20);
        let bytes = std::fs::read(sample("list-faulty.xlsx")).unwrap();
        let before = app.inside().head().unwrap();
        for (language, target) in [("zh-CN", IMPORT), ("en", "/v1/adjustments/import?dry_run=true")] {
            let refused = app.officer().send("POST", target, &[("Content-Type", XLSX), ("Accept-Language", language)], &bytes);
            assert_eq!(codes(&refused).len(), 20);
            let mut found = refused.json()["faults"].as_array().unwrap().clone();
            for fault in &mut found {
                let detail = fault.as_object_mut().unwrap().remove("detail").unwrap();
                // A Chinese sentence ends so; names of sheets are data in either language.
                let chinese = detail.as_str().unwrap().contains('。');
                assert_eq!(chinese, language == "zh-CN", "{detail}");
            }
            assert_eq!(found, expected);
        }
        assert_eq!(app.inside().head().unwrap(), before, "never half a list");
    }
}

/// Runs the binary on a halted service's data.
fn whitelist(app: &TestApp, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    command.env_clear().current_dir(&app.folder).args(arguments).arg("--data").arg(&app.folder);
    if let whitelist::store::DatabaseUrl::Postgres(url) = &app.database {
        command.args(["--database", url]);
    }
    command.output().unwrap()
}

fn printed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

on_both! {
    fn the_binary_imports_as_the_service_does(app) {
        app.halt();
        for (name, _, rows, _) in SAMPLES {
            let file = sample(name);
            let file = file.to_str().unwrap();
            let tried = whitelist(app, &["import", file, "--dry-run", "--json"]);
            assert_eq!(tried.status.code(), Some(0), "{tried:?}");
            let result = printed(&tried);
            assert_eq!((result["adjustment"].clone(), result["rows"].as_u64()), (Value::Null, Some(rows)), "{name}");
            assert!(result["warnings"].is_array() && result["preview"].is_object(), "{result}");

            let same = whitelist(app, &["import", file, "--propose-as", "officer-1", "--confirm-as", "officer-1"]);
            assert_eq!(same.status.code(), Some(1), "{same:?}");
            let alone = whitelist(app, &["import", file, "--confirm-as", "approver-1"]);
            assert_eq!(alone.status.code(), Some(2), "{alone:?}");

            let done = whitelist(app, &["import", file, "--propose-as", "officer-1", "--confirm-as", "approver-1", "--json"]);
            assert_eq!(done.status.code(), Some(0), "{done:?}");
            assert!(printed(&done)["adjustment"].as_str().is_some_and(|id| id.starts_with("adj_")), "{done:?}");

            let again = whitelist(app, &["import", file, "--dry-run", "--json"]);
            assert_eq!(again.status.code(), Some(1), "{again:?}");
            let faults = printed(&again);
            let faults = faults["faults"].as_array().unwrap();
            assert!(faults.len() == usize::try_from(rows).unwrap() && faults.iter().all(|fault| fault["code"] == "already_listed"), "{faults:?}");
        }
        let expected: Vec<Value> = serde_json::from_slice(&std::fs::read(sample("list-faulty.expected.json")).unwrap()).unwrap();
        let faulty = sample("list-faulty.xlsx");
        let faulty = faulty.to_str().unwrap();
        for arguments in [&["import", faulty, "--json"][..], &["import", faulty, "--json", "--dry-run", "--english"]] {
            let refused = whitelist(app, arguments);
            assert_eq!(refused.status.code(), Some(1), "{refused:?}");
            let mut found = printed(&refused)["faults"].as_array().unwrap().clone();
            for fault in &mut found {
                fault.as_object_mut().unwrap().remove("detail");
            }
            assert_eq!(found, expected);
        }
        let text = whitelist(app, &["import", faulty]);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(expected.iter().all(|fault| text.contains(fault["code"].as_str().unwrap())), "{text}");
        assert_eq!(whitelist(app, &["import", "nowhere.xlsx", "--dry-run"]).status.code(), Some(3));
        assert_eq!(whitelist(app, &["import", faulty, "--scheme", "nowhere-1999", "--dry-run"]).status.code(), Some(1));
        assert_eq!(whitelist(app, &["import"]).status.code(), Some(2));
        app.restart();
        for (name, _, _, question) in SAMPLES {
            assert_eq!(verdict(app, question, "2026-09-15"), "allowed", "{name}");
        }
    }
}

#[test]
fn the_template_is_a_workbook_to_fill_in() {
    let mut app = TestApp::start(Database::Sqlite);
    app.halt();
    let written = whitelist(&app, &["import", "--template", "template.xlsx"]);
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    let file = app.folder.join("template.xlsx");
    assert_eq!(whitelist(&app, &["import", "--template", "a.xlsx", "b.xlsx"]).status.code(), Some(2));
    // It has every required column and no data; its example row is none.
    let empty = whitelist(&app, &["import", file.to_str().unwrap(), "--dry-run", "--json"]);
    assert_eq!(empty.status.code(), Some(1), "{empty:?}");
    let faults = printed(&empty);
    assert!(
        !faults.to_string().contains("column_missing") && !faults.to_string().contains("header_missing"),
        "{faults}"
    );
    assert_eq!(faults["faults"].as_array().unwrap().len(), 1, "{faults}");
}

/// A made-up CAS number whose check digit holds.
fn cas(serial: u32) -> String {
    let body = 8_000_000 + serial;
    let check =
        body.to_string().bytes().rev().zip(1..).map(|(digit, place)| u32::from(digit - b'0') * place).sum::<u32>() % 10;
    format!("{}-{:02}-{check}", body / 100, body % 100)
}

/// So many rows of items that nobody holds yet.
fn generated(rows: u32, hs_code: &str, name: &str) -> Vec<ExportRow> {
    let row = |number: u32| ExportRow {
        enterprise_name: "北京样例戊细胞治疗有限公司（合成）".to_owned(),
        uscc: Uscc::parse(if number.is_multiple_of(2) { "91110114XFXTR005XC" } else { "91110108XFXTR0105W" }).unwrap(),
        customs_registration: None,
        item_name_zh: format!("{name}{number}"),
        item_name_en: Some(format!("Reagent \"{number}\", =1+1")),
        cas: Some(Cas::parse(&cas(number)).unwrap()),
        hs_code: HsCode::parse(hs_code).unwrap(),
        ciq_code: None,
        specification: None,
        purpose: None,
        quantity: format!("{number}.00001").parse().unwrap(),
        unit: UnitCode::parse("036").unwrap(),
        valid_from: "2026-09-01".parse().unwrap(),
        valid_to: "2027-08-31".parse().unwrap(),
        customs_offices: Vec::new(),
        manufacturer: None,
        origin: None,
        listing: None,
        used: None,
        consignment_cap: None,
        note: None,
    };
    (1..=rows).map(row).collect()
}

on_both! {
    fn five_thousand_rows_are_one_adjustment(app) {
        const ROWS: u32 = 5_000;
        let rows = generated(ROWS, "2941500000", "大批试剂");
        for (kind, bytes) in [(XLSX, list_xlsx(&rows).unwrap()), (CSV, list_csv(&rows))] {
            let begun = Instant::now();
            let tried = send(app, &format!("{IMPORT}?dry_run=true"), kind, &bytes);
            println!("{kind}: {ROWS} rows tried in {:?}", begun.elapsed());
            assert_eq!(tried.status, 201, "{:.500}", tried.text());
            assert_eq!((tried.json()["rows"].as_u64(), tried.json()["changes"].as_u64()), (Some(5_000), Some(5_000)));
        }
        let before = app.inside().index.load().listings();
        let begun = Instant::now();
        let imported = send(app, IMPORT, CSV, &list_csv(&rows));
        println!("csv: {ROWS} rows proposed in {:?}", begun.elapsed());
        let begun = Instant::now();
        confirm(app, &imported);
        println!("{ROWS} listings confirmed in {:?}", begun.elapsed());
        assert_eq!(app.inside().index.load().listings(), before + 5_000);
        for row in [&rows[0], &rows[2_499], &rows[4_999]] {
            let question = |quantity: &str| format!("enterprise={}&hs_code=2941500000&cas={}&quantity={quantity}&unit=036", row.uscc, row.cas.unwrap());
            assert_eq!(verdict(app, &question(&row.quantity.to_string()), "2026-09-15"), "allowed");
            let more = row.quantity.to_string().replace(".00001", ".00002");
            assert_eq!(verdict(app, &question(&more), "2026-09-15"), "denied", "every decimal of row {} arrived", row.item_name_zh);
        }
        let again = codes(&send(app, IMPORT, XLSX, &list_xlsx(&rows).unwrap()));
        assert!(again.len() == 5_000 && again.iter().all(|code| code == "already_listed"), "{}", again.len());
    }
}

/// A form with these fields: name and content.
fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, content) in fields {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"../../list.xlsx\"\r\nContent-Type: {XLSX}\r\n\r\n").bytes());
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

on_both! {
    fn a_form_with_a_file_is_read_like_the_file(app) {
        const FORM: &str = "multipart/form-data; boundary=b";
        let bytes = std::fs::read(sample("list-clean.xlsx")).unwrap();
        let csv = std::fs::read(sample("list-gb18030.csv")).unwrap();
        let before = app.inside().head().unwrap();
        let good = form(&[("file", &bytes)]);
        for body in [form(&[("upload", &bytes)]), form(&[("file", &bytes), ("more", b"1")]), form(&[("file", &bytes), ("file", &bytes)]), form(&[]), good[..good.len() / 2].to_vec(), b"--b".to_vec(), Vec::new()] {
            let refused = send(app, IMPORT, FORM, &body);
            assert_eq!((refused.status, refused.json()["type"].as_str()), (400, Some("/problems/invalid-request")), "{}", refused.text());
        }
        assert!((400..=415).contains(&send(app, IMPORT, "multipart/form-data", &good).status), "a form without a boundary");
        assert_eq!(codes(&send(app, IMPORT, FORM, &form(&[("file", b"")]))), ["header_missing"]);
        assert_eq!(app.inside().head().unwrap(), before);
        let tried = send(app, &format!("{IMPORT}?dry_run=true"), FORM, &form(&[("file", &csv)]));
        assert_eq!((tried.status, tried.json()["rows"].as_u64()), (201, Some(6)), "{}", tried.text());
        let imported = send(app, IMPORT, FORM, &good);
        assert_eq!(imported.json()["rows"], json!(8), "{}", imported.text());
        confirm(app, &imported);
        assert_eq!(verdict(app, SAMPLES[0].3, "2026-09-15"), "allowed");
    }
}
