//! How the endpoints about reports made in the background are called: each on one that the caller asked for, made where its
//! file is wanted.

use super::Who;
use super::cases::Prepared;
use crate::lookups::ENT_05;
use crate::support::app::TestApp;
use serde_json::json;
use whitelist::domain::actor::Role;
use whitelist::http::endpoints::Endpoint;

/// Makes what an operation on reports needs; none for other operations.
pub fn prepare(app: &TestApp, endpoint: &Endpoint, who: Who) -> Option<Prepared> {
    if !endpoint.path.starts_with("/v1/report-jobs") {
        return None;
    }
    let wanted = json!({ "target": "/v1/listings.csv" }).to_string();
    let asks = endpoint.operation == "ask_for_report";
    let mut target = endpoint.path.to_owned();
    if target.contains("{id}") {
        let mut headers = vec![("Content-Type", "application/json")];
        if matches!(who, Who::In(Role::EnterpriseAgent)) {
            headers.push(("Whitelist-Acting-For", ENT_05));
        }
        let asked = who.actor(app).send("POST", "/v1/report-jobs", &headers, wanted.as_bytes());
        assert_eq!(asked.status, 201, "{}", asked.text());
        target = target.replace("{id}", asked.json()["id"].as_str().unwrap());
    }
    if endpoint.operation == "get_report_file" {
        assert!(app.make_reports() > 0);
    }
    Some(Prepared { target, etag: None, body: asks.then(|| ("application/json".to_owned(), wanted)) })
}
