//! What supervision makes, for the matrix: stops, entries, findings, usage returns.

use crate::lookups::{ENT_05, ENT_10, number_of};
use crate::support::app::TestApp;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use whitelist::domain::actor::Role;
use whitelist::http::endpoints::Endpoint;

/// A file of a screening list.
pub const SCREENING_CSV: &str = "list,uscc,ground,source,valid_from\ncustoms,91110302XFXTR00172,走私,公告,2026-01-01\n";

/// A stop of what no question of the matrix is about.
pub fn emergency() -> serde_json::Value {
    json!({ "scheme": "beijing-2022", "class": { "kind": "cas", "value": "363-24-6" }, "reason": { "code": "risk_found" } })
}

/// An entry of a screening list.
pub fn screening() -> serde_json::Value {
    json!({ "list": "customs", "enterprise": ENT_10, "ground": "走私", "source": "海关公告", "valid_from": "2026-08-01" })
}

/// A finding.
pub fn finding() -> serde_json::Value {
    json!({ "enterprise": ENT_05, "found_on": "2026-08-10", "kind": "storage", "text": "未专库存放" })
}

/// A usage return of a listing.
pub fn usage(listing: &str) -> serde_json::Value {
    json!({ "listing": listing, "period_from": "2025-09-01", "unit": "036", "opening": "0", "received": "5", "used": "3", "destroyed": "1", "stock": "1" })
}

/// A listing of its own that has run for long enough to owe a return.
pub fn long_listed(app: &TestApp) -> String {
    let revision = app.change(json!([{
        "kind": "add", "enterprise": ENT_05,
        "item": { "name_zh": format!("旧物品{}", app.inside().head().unwrap()), "hs_code": "2937210000" },
        "quantity": "5", "unit": "036", "valid_from": "2025-09-01", "valid_to": "2026-08-31", "reason": { "code": "take_over" },
    }]));
    let page = app.auditor().get(&format!("/v1/listings?enterprise={ENT_05}&limit=200")).json();
    let listing = page["items"].as_array().unwrap().iter().find(|item| item["revision"].as_i64() == Some(revision - 1));
    listing.unwrap()["number"].as_str().unwrap().to_owned()
}

/// Hands a return in as its enterprise.
pub fn handed_in(app: &TestApp) -> (String, String) {
    let listing = long_listed(app);
    let response = app
        .actor(Role::EnterpriseApplicant, ENT_05, "enterprise.applicant")
        .post("/v1/usage-returns", &usage(&listing));
    assert_eq!(response.status, 201, "{}", response.text());
    (response.header("location").unwrap().to_owned(), response.header("etag").unwrap().to_owned())
}

/// Whether an endpoint decides on something that is open.
pub fn decides(endpoint: &Endpoint) -> bool {
    matches!(
        endpoint.operation,
        "confirm_adjustment"
            | "reject_adjustment"
            | "withdraw_adjustment"
            | "confirm_stop"
            | "lift_stop"
            | "review_manual_release"
            | "end_screening"
            | "close_finding"
            | "correct_usage_return"
            | "confirm_reconciliation"
    )
}

/// Issues a certificate and lets it be signed; where it can be checked, and the SHA-256 of its file.
pub fn signed_certificate(app: &TestApp) -> (String, String) {
    let certificate = certified(app);
    let file = app.officer().get(&format!("{certificate}/pdf"));
    assert_eq!(file.status, 200, "{}", file.text());
    let sha256 = hex::encode(Sha256::digest(&file.body));
    (certificate, sha256)
}

/// Issues a certificate; where it can be checked.
pub fn certified(app: &TestApp) -> String {
    let listing = number_of(app, ENT_05, "2937500000");
    let issued = app.officer().send("POST", &format!("/v1/listings/{listing}/certificates"), &[], b"");
    issued.header("location").unwrap().to_owned()
}
