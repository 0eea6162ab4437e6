//! What the matrix needs of casework: drafts, lodged applications, items and documents, made for the call.

use crate::lookups::ENT_05;
use crate::support::app::{Actor, TestApp};
use crate::support::casework::{self, Standing};

use serde_json::json;
use whitelist::http::endpoints::Endpoint;

/// What a call of casework is made with.
pub struct Prepared {
    pub target: String,
    pub etag: Option<String>,
    pub body: Option<(String, String)>,
}

/// Makes what an operation of casework needs; none for other operations.
pub fn prepare(app: &TestApp, endpoint: &Endpoint, actor: &Actor) -> Option<Prepared> {
    let casework = ["/v1/applications", "/v1/items", "/v1/documents"];
    if endpoint.path.starts_with("/v1/texts") {
        return Some(of_text(endpoint, actor));
    }
    if !casework.iter().any(|prefix| endpoint.path.starts_with(prefix)) {
        return None;
    }
    let applicant = casework::applicant(app, ENT_05);
    let application = || casework::addition(json!([casework::line(1, "氢化可的松", "2937210000")]));
    let draft = || casework::draft(&applicant, &application());
    let lodged = || casework::lodged(&applicant, &application());
    let item = || Standing::of(&applicant.post("/v1/items", &casework::library_item("氢化可的松")));
    let asked = || casework::asked(app, &lodged(), "2026-08-31");
    let form = || casework::form("other", "证明.pdf", casework::PDF);
    let attach = |to: &Standing| Standing::of(&casework::attach(&applicant, to, form()));
    let json = |body: serde_json::Value| Some(("application/json".to_owned(), body.to_string()));
    let (standing, etag, body) = match endpoint.operation {
        "list_items" | "list_applications" => (None, false, None),
        "add_item" => (None, false, json(casework::library_item("氢化可的松"))),
        "begin_application" => (None, false, json(application())),
        "get_item" => (Some(item()), false, None),
        "replace_item" => (Some(item()), true, json(casework::library_item("醋酸氢化可的松"))),
        "archive_item" => (Some(item()), true, None),
        "restore_item" => {
            let item = item();
            let archived = applicant.act(&format!("{}/archive", item.path), &item.etag);
            let etag = archived.header("etag").unwrap().to_owned();
            (Some(Standing { path: item.path, etag }), true, None)
        }
        "change_application" => (Some(draft()), true, json(json!({ "items": "nonsense" }))),
        "discard_application" | "lodge_application" => (Some(draft()), true, None),
        "copy_application" => (Some(draft()), false, None),
        "withdraw_application" => (Some(lodged()), true, json(json!({}))),
        "retract_withdrawal" => {
            let lodged = lodged();
            let withdrawn = applicant.change("POST", &format!("{}/withdraw", lodged.path), &lodged.etag, &json!({}));
            (Some(Standing { path: lodged.path, etag: withdrawn.header("etag").unwrap().to_owned() }), true, None)
        }
        "correct_application" => (Some(asked()), true, json(json!({ "reason": "数量依据见方案" }))),
        "mark_item_faults" => (Some(draft()), false, Some(("text/csv".to_owned(), casework::sheet(ENT_05)))),
        "import_application_items" => (Some(draft()), true, Some(("text/csv".to_owned(), casework::sheet(ENT_05)))),
        "attach_document" => {
            let (media, body) = form();
            (Some(draft()), false, Some((media, String::from_utf8(body).unwrap())))
        }
        "get_document" | "scan_document" => {
            let draft = draft();
            let document = attach(&draft);
            assert_eq!(applicant.act(&format!("{}/lodge", draft.path), &draft.etag).status, 200);
            (Some(document), false, None)
        }
        "remove_document" => (Some(attach(&draft())), true, None),
        _ => (Some(lodged()), false, None),
    };
    let id = standing.as_ref().map_or("", |standing| standing.id());
    let mut target = endpoint.path.replace("{id}", id).replace("{number}", "1");
    if endpoint.operation == "compare_application_contents" {
        target += "?from=1&to=1";
    }
    Some(Prepared { target, etag: standing.map(|standing| standing.etag).filter(|_| etag), body })
}

/// A text of the caller's own office; to be read, the one that is there.
fn of_text(endpoint: &Endpoint, actor: &Actor) -> Prepared {
    let body = json!({ "purpose": "note", "title": "常用", "text_zh": "请补充说明。" });
    let (reads, changes) = (endpoint.method == "GET", endpoint.path.contains("{id}"));
    let id = match endpoint.operation {
        "list_texts" | "add_text" => String::new(),
        "get_text" => actor.get("/v1/texts").json()["items"][0]["id"].as_str().unwrap().to_owned(),
        _ => Standing::of(&actor.post("/v1/texts", &body)).id().to_owned(),
    };
    Prepared {
        target: endpoint.path.replace("{id}", &id),
        etag: (changes && !reads).then(|| "\"1\"".to_owned()),
        body: matches!(endpoint.operation, "add_text" | "change_text")
            .then(|| ("application/json".to_owned(), body.to_string())),
    }
}
