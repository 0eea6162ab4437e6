//! Which endpoints disclose personal data or what stands inside the log: each answer of theirs is put on record.

use super::edge::{Asked, Edge};
use crate::app::accesses::Access;
use crate::domain::access::DataKind;
use actix_web::HttpRequest;

/// Operations that disclose, and what.
const DISCLOSING: &[(&str, DataKind)] = &[
    ("list_people", DataKind::People),
    ("get_person", DataKind::People),
    ("get_custom_role", DataKind::People),
    ("get_responsible_person", DataKind::Contacts),
    ("get_application", DataKind::Applications),
    ("get_application_content", DataKind::Applications),
    ("compare_application_contents", DataKind::Applications),
    ("get_letter", DataKind::Applications),
    ("list_ratings", DataKind::Applications),
    ("get_document", DataKind::Documents),
    ("get_log_bundle", DataKind::LogEntries),
    ("list_log_entries", DataKind::LogEntries),
    ("export_log", DataKind::LogEntries),
    ("get_evidence", DataKind::Evidence),
    ("list_access_records", DataKind::AccessRecords),
    ("get_access_record", DataKind::AccessRecords),
];

/// Returns what an operation discloses; none where nothing is.
#[must_use]
pub fn disclosed(operation: &str) -> Option<DataKind> {
    DISCLOSING.iter().find(|(known, _)| *known == operation).map(|(_, kind)| *kind)
}

/// Puts an answer on record.
pub fn note(edge: &Edge, asked: &Asked, request: &HttpRequest, kind: DataKind) {
    let Ok(caller) = asked.caller() else { return };
    edge.app.accesses.record(|| {
        let about = match request.query_string() {
            "" => request.path().to_owned(),
            query => format!("{}?{query}", request.path()),
        };
        Access {
            at: edge.app.clock.now(),
            account: (caller.issuer, caller.subject),
            org: caller.org.to_string(),
            kind,
            about,
            request_id: asked.id.to_string(),
        }
    });
}
