//! Applications for tests: drafts, lodged cases, corrections asked, as their people make them.

use super::app::{Actor, TestApp};
use super::client::Response;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;
use whitelist::store::application_rows::ApplicationRow;
use whitelist::store::applications::{NewEvent, find, record};
use whitelist::store::{Author, Context, StoreError};

/// Something that stands: its path and its entity tag.
#[derive(Debug, Clone)]
pub struct Standing {
    pub path: String,
    pub etag: String,
}

impl Standing {
    /// Reads what a response says about where a thing is and how it stands.
    pub fn of(response: &Response) -> Self {
        assert!((200..300).contains(&response.status), "{} {}", response.status, response.text());
        let path = response.header("location").map(str::to_owned);
        let id = || format!("/v1/applications/{}", response.json()["id"].as_str().unwrap());
        Self { path: path.unwrap_or_else(id), etag: response.header("etag").unwrap().to_owned() }
    }

    pub fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }
}

impl Actor {
    /// Sends JSON with what was seen.
    pub fn change(&self, method: &str, target: &str, etag: &str, body: &Value) -> Response {
        let headers = [("Content-Type", "application/json"), ("If-Match", etag)];
        self.send(method, target, &headers, body.to_string().as_bytes())
    }
}

/// The applicant of an enterprise.
pub fn applicant(app: &TestApp, uscc: &str) -> Actor {
    app.actor(Role::EnterpriseApplicant, uscc, &applicant_name(uscc))
}

/// The account of the applicant of an enterprise.
pub fn applicant_name(uscc: &str) -> String {
    format!("applicant-{uscc}")
}

/// The terms of one item.
pub fn line(number: u16, name_zh: &str, hs_code: &str) -> Value {
    json!({ "line": number, "item": { "name_zh": name_zh, "hs_code": hs_code, "purpose": "preclinical_item" }, "quantity": "5", "unit": "036" })
}

/// Answers that let in, as the Beijing sample asks.
pub fn answers() -> Value {
    let codes = ["registered_in_area", "document_q_asked", "not_excluded", "no_import_approval", "own_research_only"];
    json!(codes.map(|code| json!({ "question": code, "answer": true })))
}

/// A draft for new listings that may be lodged.
pub fn addition(items: Value) -> Value {
    json!({ "kind": "add", "scheme": "beijing-2022", "items": items, "answers": answers(), "contact": { "name": "联系人（合成）", "phone": "010-00000000" } })
}

/// Begins a draft.
pub fn draft(applicant: &Actor, body: &Value) -> Standing {
    Standing::of(&applicant.post("/v1/applications", body))
}

/// Begins a draft and lodges it.
pub fn lodged(applicant: &Actor, body: &Value) -> Standing {
    let draft = draft(applicant, body);
    let response = applicant.act(&format!("{}/lodge", draft.path), &draft.etag);
    assert_eq!(response.status, 200, "{}", response.text());
    Standing { path: draft.path, etag: response.header("etag").unwrap().to_owned() }
}

/// Asks for a correction, as the district's act leaves it.
pub fn asked(app: &TestApp, lodged: &Standing, due_on: &str) -> Standing {
    let id = lodged.id().to_owned();
    let by = Author::Caller { issuer: "test".to_owned(), subject: "district".to_owned(), org: "110114".to_owned() };
    let context = Context { at: app.clock.now(), by, request_id: None };
    let due_on = whitelist::domain::validity::LegalDay::parse(due_on).unwrap();
    let written = app.inside().store.write::<_, StoreError>(context, move |tx| {
        let before = find(tx.conn(), &id)?.unwrap();
        let stage = before.state.clone();
        let after = ApplicationRow { state: "asked".to_owned(), asked_in: Some(stage), ..before.clone() };
        let event = NewEvent {
            reason_code: Some("unclear".to_owned()),
            due_on: Some(due_on),
            detail: Some(json!({ "pointers": ["/items/0/quantity"] })),
            note: Some("请说明数量依据".to_owned()),
            ..NewEvent::default()
        };
        record(tx, Some(&before), after, whitelist::domain::application::event::EventKind::Asked, event)
    });
    Standing { path: lodged.path.clone(), etag: format!("\"{}\"", written.unwrap().value.revision) }
}

/// The smallest document that is taken.
pub const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";

/// A form with a document: its media type and its bytes.
pub fn form(kind: &str, name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let head = format!(
        "--bound\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    let body = [head.as_bytes(), bytes, b"\r\n--bound--\r\n"].concat();
    ("multipart/form-data; boundary=bound".to_owned(), body)
}

/// Sends a form with a document to an application.
pub fn attach(applicant: &Actor, to: &Standing, (media, body): (String, Vec<u8>)) -> Response {
    applicant.send("POST", &format!("{}/documents", to.path), &[("Content-Type", &media)], &body)
}

/// A sheet with one item of an enterprise.
pub fn sheet(uscc: &str) -> String {
    format!(
        "uscc,item_name_zh,hs_code,quantity,unit,valid_from,valid_to\n{uscc},氢化可的松,2937210000,5,036,2026-09-01,2027-08-31\n"
    )
}

/// An item of the library.
pub fn library_item(name_zh: &str) -> Value {
    json!({ "item": { "name_zh": name_zh, "hs_code": "2937210000" }, "unit": "036" })
}
