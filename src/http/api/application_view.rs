//! Applications as they are shown: drafts with their faults, cases with who has them, checklists and comparisons.

use super::write::Shown;
use crate::app::AppError;
use crate::app::applications::checks::Checklist;
use crate::app::applications::draft::Draft;
use crate::app::applications::read::{Compared, Found as Opened, Listed};
use crate::app::applications::{ApplicationRow, Case, ContentRow, DraftRow};
use crate::domain::application::State;
use crate::domain::application::check::{Finding, Found};
use crate::domain::application::content::{EntryDifference, MemberDifference};
use crate::domain::application::machine::{Verb, Who, holder, verbs};
use crate::domain::fault::Fault;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use serde_json::{Value, json};

fn faults_view(faults: &[Fault], lang: Lang) -> Vec<Value> {
    let fault = |fault: &Fault| json!({ "pointer": fault.pointer, "code": fault.code.as_str(), "detail": fault.code.text(lang) });
    faults.iter().map(fault).collect()
}

/// Says who has a case: in which capacity, and which organisation where one is known.
fn with(state: State, enterprise: &str, district: Option<&str>) -> Value {
    let Some(who) = holder(state) else { return Value::Null };
    let org = match who {
        Who::Enterprise => Some(enterprise),
        Who::District => district,
        Who::Agency | Who::BureauOfficer | Who::BureauApprover | Who::System => None,
    };
    json!({ "who": who.as_str(), "org": org })
}

fn draft_members(row: &DraftRow, lang: Lang) -> Value {
    json!({
        "id": row.id,
        "kind": row.kind,
        "enterprise": row.enterprise,
        "scheme": row.scheme,
        "district": null,
        "state": State::Draft.as_str(),
        "state_text": State::Draft.name(lang),
        "asked_in": null,
        "with": with(State::Draft, &row.enterprise, None),
        "due_on": null,
        "fast_track": false,
        "content_number": null,
        "digest": null,
        "item_count": item_count(&row.body),
        "lodged_at": null,
        "state_since": Instant::from_micros(row.updated_at),
        "version": row.version,
        "revision": null,
    })
}

fn item_count(body: &str) -> usize {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body.get("items").and_then(Value::as_array).map_or(0, Vec::len)
}

fn case_members(row: &ApplicationRow, due_on: Option<LegalDay>, lang: Lang) -> Result<Value, AppError> {
    let state = row.state()?;
    Ok(json!({
        "id": row.id,
        "kind": row.kind,
        "enterprise": row.enterprise,
        "scheme": row.scheme,
        "district": row.district,
        "state": row.state,
        "state_text": state.name(lang),
        "asked_in": row.asked_in,
        "with": with(state, &row.enterprise, Some(&row.district)),
        "due_on": due_on,
        "fast_track": row.fast_track == 1,
        "content_number": row.content,
        "digest": row.digest,
        "item_count": row.item_count,
        "lodged_at": Instant::from_micros(row.lodged_at),
        "state_since": Instant::from_micros(row.state_since),
        "version": row.version,
        "revision": row.revision,
    }))
}

/// Shows an application of a list.
///
/// # Errors
/// [`AppError::Store`] when it cannot be read.
pub fn summary(listed: &Listed, lang: Lang) -> Result<Value, AppError> {
    match listed {
        Listed::Draft(row) => Ok(draft_members(row, lang)),
        Listed::Case(row, due_on) => case_members(row, *due_on, lang),
    }
}

fn more(mut view: Value, members: Value) -> Value {
    if let (Some(view), Value::Object(members)) = (view.as_object_mut(), members) {
        view.extend(members);
    }
    view
}

fn words(verbs: &[Verb]) -> Vec<&'static str> {
    verbs.iter().map(|verb| verb.as_str()).collect()
}

impl Shown for Draft {
    fn revision(&self) -> Revision {
        Revision(i64::from(self.row.version))
    }

    fn location(&self) -> String {
        format!("/v1/applications/{}", self.row.id)
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        // Which rows of the table hold is known when it is lodged; before, every verb of a draft is its writer's.
        let facts =
            crate::domain::application::machine::Facts { needs_evaluation: false, opinions: true, intake: true };
        let members = json!({
            "content": self.content,
            "faults": faults_view(&self.faults, lang),
            "asked": null,
            "verbs": words(&verbs(State::Draft, Who::Enterprise, facts)),
        });
        Ok(more(draft_members(&self.row, lang), members))
    }
}

impl Shown for Case {
    fn revision(&self) -> Revision {
        Revision(self.row.revision)
    }

    fn location(&self) -> String {
        format!("/v1/applications/{}", self.row.id)
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        let members = json!({
            "content": self.content,
            "faults": [],
            "asked": self.asked,
            "verbs": words(&self.verbs),
        });
        Ok(more(case_members(&self.row, self.due_on, lang)?, members))
    }
}

/// Shows one application with its entity tag.
///
/// # Errors
/// [`AppError::Store`] when it cannot be read.
pub fn opened(found: &Opened, lang: Lang) -> Result<(Value, Revision), AppError> {
    match found {
        Opened::Draft(draft) => Ok((draft.view(lang)?, draft.revision())),
        Opened::Case(case) => Ok((case.view(lang)?, case.revision())),
    }
}

/// Shows a frozen content.
///
/// # Errors
/// [`AppError::Store`] when it cannot be read.
pub fn content(row: &ContentRow) -> Result<Value, AppError> {
    let content: Value = serde_json::from_str(&row.body).map_err(AppError::unwritable)?;
    Ok(json!({
        "application": row.application,
        "number": row.version,
        "digest": row.digest,
        "lodged_at": Instant::from_micros(row.recorded_at),
        "content": content,
        "revision": row.revision,
    }))
}

fn member(difference: &MemberDifference) -> Value {
    json!({ "pointer": difference.pointer, "before": difference.before, "after": difference.after })
}

/// Shows what differs between two contents.
#[must_use]
pub fn compared(found: &Compared, lang: Lang) -> Value {
    let entries = |entries: &[EntryDifference]| -> Vec<Value> {
        let entry = |entry: &EntryDifference| {
            json!({
                "key": entry.key,
                "difference": entry.difference.as_str(),
                "text": entry.difference.name(lang),
                "members": entry.members.iter().map(member).collect::<Vec<_>>(),
            })
        };
        entries.iter().map(entry).collect()
    };
    json!({
        "items": entries(&found.items),
        "answers": entries(&found.answers),
        "documents": entries(&found.documents),
        "other": found.other.iter().map(member).collect::<Vec<_>>(),
    })
}

/// Shows something found.
#[must_use]
pub fn finding(found: &Finding, lang: Lang) -> Value {
    let (blocks, code, text) = match found.found {
        Found::Blocks(rule) => (true, rule.as_str(), rule.text(lang)),
        Found::Hint(hint) => (false, hint.as_str(), hint.name(lang)),
    };
    json!({ "pointer": found.pointer, "blocks": blocks, "code": code, "text": text, "about": found.about })
}

/// Shows a checklist: faults, findings, questions and documents of the scheme, and whether it may be lodged.
#[must_use]
pub fn checklist(list: &Checklist, lang: Lang) -> Value {
    let answers = list.content.get("answers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let questions = list.scheme.eligibility.questions_for(list.kind).map(|question| {
        let reply = answers.iter().find(|reply| reply.get("question").and_then(Value::as_str) == Some(&question.code));
        let answer = reply.and_then(|reply| reply.get("answer")).and_then(Value::as_bool);
        json!({
            "code": question.code,
            "text": question.text.text(lang),
            "answer": answer,
            "expected": question.expected,
            "remedy": (answer == Some(!question.expected)).then(|| question.remedy.text(lang)),
        })
    });
    let documents = list.scheme.eligibility.documents.iter().map(|document| {
        json!({
            "code": document.code,
            "name": document.name.text(lang),
            "required": document.required_for.contains(&list.kind),
            "there": list.documents.contains(&document.code),
        })
    });
    let blocked = list.findings.iter().any(|finding| matches!(finding.found, Found::Blocks(_)));
    json!({
        "ready": list.faults.is_empty() && !blocked,
        "faults": faults_view(&list.faults, lang),
        "findings": list.findings.iter().map(|found| finding(found, lang)).collect::<Vec<_>>(),
        "questions": questions.collect::<Vec<_>>(),
        "documents": documents.collect::<Vec<_>>(),
    })
}
