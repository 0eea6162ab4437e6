//! What of an entry is for whom. A leaf cannot be cut: it is handed out whole or not at all, and only where everything that
//! it says in plain, but for the pseudonym of who acted, is shown to the reader elsewhere too.

use crate::app::report::Seen;
use crate::domain::application::event::EventKind;
use crate::tlog::entry::Entry;
use serde_json::{Map, Value};

/// How much of an entry is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The entry with all that it commits to.
    Whole,
    /// The entry without the value of one member, and so without the whole row.
    Without(&'static str),
    /// Nothing.
    Nothing,
}

/// Says how much of an entry a reader is shown; `row` is the row after it.
pub(super) fn shown(seen: &Seen, entry: &Entry, row: &Map<String, Value>) -> Shown {
    let enterprise = match seen {
        Seen::All => return Shown::Whole,
        Seen::Enterprise(_) => true,
        Seen::Customs(_) => false,
    };
    let is = |member: &str, value: Value| row.get(member) == Some(&value);
    match entry.entity.kind.as_str() {
        // What rules on trial would have said is the bureau's.
        "declaration" if entry.changes.iter().any(|change| change.path == "/shadow") => Shown::Nothing,
        "declaration" | "enterprise" | "scheme" | "answer_key" | "answers" => Shown::Whole,
        // The bureau's note.
        "listing" => Shown::Without("/note"),
        "manual_release" if !enterprise => Shown::Whole,
        "application" | "application_content" | "document" | "appeal" if enterprise => Shown::Whole,
        "decision" if enterprise && row.get("decided_by").is_some_and(|by| !by.is_null()) => Shown::Whole,
        "case_event" if enterprise && is("visible_to_applicant", Value::from(1)) => {
            // Whom a note mentions is between colleagues.
            let noted = is("kind", Value::from(EventKind::Noted.as_str()));
            if noted { Shown::Without("/detail") } else { Shown::Whole }
        }
        _ => Shown::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Uscc;
    use crate::tlog::entry::{Actor, Change, Entity, FORMAT};
    use serde_json::json;

    fn judged(seen: &Seen, kind: &str, row: Value, path: &str) -> Shown {
        let text = |text: &str| text.to_owned();
        let entry = Entry {
            actor: Actor { kind: text("system"), org: None, reference: text("x") },
            after: None,
            at: text("2026-08-12T04:00:00.000000Z"),
            before: None,
            changes: vec![Change { path: text(path), old: None, new: None }],
            entity: Entity { id: text("x"), kind: text(kind), version: 1 },
            id: text("x"),
            prev: None,
            reason: None,
            request_id: None,
            event: text("x"),
            v: FORMAT,
        };
        let Value::Object(row) = row else { panic!("a row") };
        shown(seen, &entry, &row)
    }

    #[test]
    fn what_is_between_colleagues_is_for_the_bureau_alone() {
        let enterprise = Seen::Enterprise(Uscc::parse("91110302XFXTR00172").unwrap());
        let customs = Seen::Customs("01".to_owned());
        let note = json!({ "visible_to_applicant": 1, "kind": "noted" });
        let table = [
            ("opinion", json!({}), "/stance", Shown::Nothing, Shown::Nothing),
            ("adjustment", json!({}), "/state", Shown::Nothing, Shown::Nothing),
            ("batch", json!({}), "/state", Shown::Nothing, Shown::Nothing),
            ("erasure", json!({}), "/state", Shown::Nothing, Shown::Nothing),
            ("person", json!({}), "/name", Shown::Nothing, Shown::Nothing),
            ("case_event", json!({ "visible_to_applicant": 0 }), "/kind", Shown::Nothing, Shown::Nothing),
            ("case_event", note, "/kind", Shown::Without("/detail"), Shown::Nothing),
            (
                "case_event",
                json!({ "visible_to_applicant": 1, "kind": "asked" }),
                "/kind",
                Shown::Whole,
                Shown::Nothing,
            ),
            ("decision", json!({ "decided_by": null }), "/state", Shown::Nothing, Shown::Nothing),
            ("decision", json!({ "decided_by": "per_1" }), "/state", Shown::Whole, Shown::Nothing),
            ("application_content", json!({}), "/body", Shown::Whole, Shown::Nothing),
            ("listing", json!({}), "/standing", Shown::Without("/note"), Shown::Without("/note")),
            ("declaration", json!({}), "/state", Shown::Whole, Shown::Whole),
            ("declaration", json!({}), "/shadow", Shown::Nothing, Shown::Nothing),
            ("manual_release", json!({}), "/state", Shown::Nothing, Shown::Whole),
        ];
        for (kind, row, path, to_enterprise, to_customs) in table {
            assert_eq!(judged(&enterprise, kind, row.clone(), path), to_enterprise, "{kind} {path}");
            assert_eq!(judged(&customs, kind, row.clone(), path), to_customs, "{kind} {path}");
            assert_eq!(judged(&Seen::All, kind, row, path), Shown::Whole, "{kind} {path}");
        }
    }
}
