//! Bodies of the steps in a case, read into acts; whether a step may be taken, the case knows.

use crate::app::review::bulk::{CaseSeen, MOST_CASES};
use crate::app::review::insight::NewNote;
use crate::app::review::{Act, DecisionProposal, Finding, Resolved};
use crate::domain::case_clock::PauseReason;
use crate::domain::code::CustomsOffice;
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::fields::{Fields, Members as _, text};
use crate::domain::id::ApplicationId;
use crate::domain::opinion::{OpinionGround, Resolution, Stance, Statement};
use crate::domain::quantity::Quantity;
use crate::domain::recognition::{CorrectionReason, DeclineGround, Reduction, RefusalGround, StepReason};
use crate::domain::revision::Revision;
use crate::domain::terms_json::{MOST_OFFICES, NOTE, TEXT, text_item};
use crate::domain::validity::LegalDay;
use serde_json::Value;

/// Most items that one step names: those of an application.
const MOST_ITEMS: usize = 500;
/// Most findings of a correction notice.
const MOST_FINDINGS: usize = 200;
/// Most grounds of one statement.
const MOST_GROUNDS: usize = 20;
/// Most people and offices that one note mentions.
const MOST_MENTIONS: usize = 20;
/// Longest id of whom a note mentions.
const MENTION: usize = 64;
/// Longest pointer of a finding.
const POINTER: usize = 200;

/// Reads a word of a closed list.
pub fn word<T>(parse: impl Fn(&str) -> Option<T>) -> impl Fn(&str) -> Result<T, FaultCode> {
    move |word| parse(word).ok_or(FaultCode::ValueUnknown)
}

/// Reads a body with `read`.
///
/// # Errors
/// Every fault of it.
pub fn whole_body<T>(body: &Value, read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Result<T, Vec<Fault>> {
    let mut faults = Vec::new();
    let value = Fields::read(body, "", &mut faults, read);
    value.filter(|_| faults.is_empty()).ok_or(faults)
}

fn note(fields: &mut Fields<'_, '_>) -> Option<String> {
    fields.optional("note", text(NOTE))
}

/// Reads a note as it is written.
pub fn new_note(fields: &mut Fields<'_, '_>) -> Option<NewNote> {
    let words = fields.required("note", text(NOTE));
    let visible = fields.truth("visible_to_applicant");
    let urgent = fields.flag("urgent").unwrap_or(false);
    let mentions = fields.optional_list("mentions", MOST_MENTIONS, |value, pointer, faults| {
        let read = value.as_str().ok_or(FaultCode::WrongType).and_then(text(MENTION));
        read.map_err(|code| faults.push(Fault::new(pointer, code))).ok()
    });
    Some(NewNote { text: words?, visible: visible?, urgent, mentions: mentions.unwrap_or_default() })
}

fn line(fields: &mut Fields<'_, '_>) -> Option<u16> {
    fields.number("line", 1..=9999, FaultCode::LineOutOfRange).and_then(|line| u16::try_from(line).ok())
}

fn words_of<T>(fields: &mut Fields<'_, '_>, name: &'static str, parse: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    fields.optional_list(name, MOST_GROUNDS, |value, pointer, faults| {
        let read =
            value.as_str().ok_or(FaultCode::WrongType).and_then(|text| parse(text).ok_or(FaultCode::ValueUnknown));
        read.map_err(|code| faults.push(Fault::new(pointer, code))).ok()
    })
}

fn lines(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<Vec<u16>> {
    fields.optional_list(name, MOST_ITEMS, |value, pointer, faults| {
        let line = value.as_u64().and_then(|line| u16::try_from(line).ok()).filter(|line| (1..=9999).contains(line));
        if line.is_none() {
            faults.push(Fault::new(pointer, FaultCode::LineOutOfRange));
        }
        line
    })
}

/// Reads a correction notice.
pub fn ask(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let findings = fields.list("findings", MOST_FINDINGS, |value, pointer, faults| {
        Fields::read(value, pointer, faults, |finding| {
            let pointer = finding.required("pointer", text(POINTER));
            let reason = finding.required("reason", word(CorrectionReason::parse));
            let note = finding.optional("note", text(TEXT));
            Some(Finding { pointer: pointer?, reason: reason?, note })
        })
    });
    let note = note(fields);
    Some(Act::Ask { findings: findings?, note })
}

/// Reads why a case is not taken in.
pub fn decline(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let ground = fields.required("ground", word(DeclineGround::parse));
    let note = note(fields);
    Some(Act::Decline { ground: ground?, note })
}

/// Reads the outcome of an evaluation.
pub fn evaluate(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let let_in = fields.truth("let_in");
    let ground = fields.optional("ground", word(DeclineGround::parse));
    let note = note(fields);
    match (let_in?, ground) {
        (true, None) => Some(Act::Evaluate { kept_out: None, note }),
        (false, Some(ground)) => Some(Act::Evaluate { kept_out: Some(ground), note }),
        (true, Some(_)) => {
            fields.fault("ground", FaultCode::ValueUnknown);
            None
        }
        (false, None) => {
            fields.fault("ground", FaultCode::Required);
            None
        }
    }
}

/// Reads a recommendation.
pub fn recommend(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let recommended = fields.truth("recommended");
    let against = words_of(fields, "grounds", RefusalGround::parse).unwrap_or_default();
    let note = note(fields);
    let recommended = recommended?;
    if recommended != against.is_empty() {
        fields.fault("grounds", if recommended { FaultCode::ValueUnknown } else { FaultCode::Required });
        return None;
    }
    Some(Act::Recommend { against, note })
}

/// Reads what an agency says about items.
pub fn statements(fields: &mut Fields<'_, '_>) -> Option<Vec<Statement>> {
    fields.list("items", MOST_ITEMS, |value, pointer, faults| {
        Fields::read(value, pointer, faults, |item| {
            let line = line(item);
            let stance = item.required("stance", word(Stance::parse));
            let grounds = words_of(item, "grounds", OpinionGround::parse).unwrap_or_default();
            let conditions = item.optional("conditions", text(TEXT));
            let note = item.optional("note", text(NOTE));
            Some(Statement { line: line?, stance: stance?, grounds, conditions, note })
        })
    })
}

/// Reads opinions.
pub fn opine(fields: &mut Fields<'_, '_>) -> Option<Act> {
    Some(Act::Opine { statements: statements(fields)? })
}

/// Reads the closing of a round.
pub fn consolidate(fields: &mut Fields<'_, '_>) -> Option<Act> {
    Some(Act::Consolidate { note: note(fields) })
}

/// Reads how opinions were resolved.
pub fn resolve(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let lines = fields.list("items", MOST_ITEMS, |value, pointer, faults| {
        Fields::read(value, pointer, faults, |item| {
            let line = line(item);
            let resolution = item.required("resolution", word(Resolution::parse));
            let note = item.required("note", text(NOTE));
            Some(Resolved { line: line?, resolution: resolution?, note: note? })
        })
    });
    Some(Act::Resolve { lines: lines? })
}

fn step(fields: &mut Fields<'_, '_>) -> Option<(StepReason, String)> {
    let reason = fields.required("reason", word(StepReason::parse));
    let note = fields.required("note", text(NOTE));
    Some((reason?, note?))
}

/// Reads a return to the agencies.
pub fn give_back(fields: &mut Fields<'_, '_>) -> Option<Act> {
    step(fields).map(|(reason, note)| Act::Return { reason, note })
}

/// Reads a proposal that is sent back.
pub fn send_back(fields: &mut Fields<'_, '_>) -> Option<Act> {
    step(fields).map(|(reason, note)| Act::SendBack { reason, note })
}

/// Reads a reopening.
pub fn reopen(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let lines = lines(fields, "lines");
    step(fields).map(|(reason, note)| Act::Reopen { lines, reason, note })
}

/// Reads proposed decisions.
pub fn propose(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let proposals =
        fields.list("items", MOST_ITEMS, |value, pointer, faults| Fields::read(value, pointer, faults, proposal));
    Some(Act::Propose { proposals: proposals? })
}

fn proposal(item: &mut Fields<'_, '_>) -> Option<DecisionProposal> {
    let line = line(item);
    let recognise = item.required("outcome", |word| match word {
        "recognise" => Ok(true),
        "refuse" => Ok(false),
        _ => Err(FaultCode::ValueUnknown),
    });
    let less = item.optional_object("grant", |grant| {
        Some(Reduction {
            quantity: grant.optional("quantity", Quantity::parse_positive),
            months: grant
                .optional_number("months", 1..=120, FaultCode::NumberOutOfRange)
                .and_then(|months| u16::try_from(months).ok()),
            valid_to: grant.optional("valid_to", LegalDay::parse),
            customs_offices: grant.optional_list("customs_offices", MOST_OFFICES, text_item(CustomsOffice::parse)),
            consignment_cap: grant.optional("consignment_cap", Quantity::parse_positive),
        })
    });
    let conditions = item.optional("conditions", text(TEXT));
    let grounds = words_of(item, "grounds", RefusalGround::parse).unwrap_or_default();
    let note = note(item);
    let (line, recognise) = (line?, recognise?);
    if recognise {
        if !grounds.is_empty() {
            item.fault("grounds", FaultCode::ValueUnknown);
        }
        return Some(DecisionProposal::Recognise { line, less: Box::new(less.unwrap_or_default()), conditions, note });
    }
    if grounds.is_empty() {
        item.fault("grounds", FaultCode::Required);
    }
    for (name, given) in [("grant", less.is_some()), ("conditions", conditions.is_some())] {
        if given {
            item.fault(name, FaultCode::ValueUnknown);
        }
    }
    Some(DecisionProposal::Refuse { line, grounds, note })
}

/// Reads a decision.
pub fn decide(fields: &mut Fields<'_, '_>) -> Option<Act> {
    Some(Act::Decide { note: note(fields) })
}

/// Reads cases to decide at once, each with the revision at which it was seen, and a note.
pub fn decided_cases(fields: &mut Fields<'_, '_>) -> Option<(Vec<CaseSeen>, Option<String>)> {
    let cases = fields.list("cases", MOST_CASES, |value, pointer, faults| {
        Fields::read(value, pointer, faults, |case| {
            let application = case.required("application", ApplicationId::parse);
            let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
            let revision = case.number("revision", 1..=most, FaultCode::NumberOutOfRange);
            Some((application?, Revision(i64::try_from(revision?).ok()?)))
        })
    });
    let note = note(fields);
    Some((cases?, note))
}

/// Reads an appeal.
pub fn appeal(fields: &mut Fields<'_, '_>) -> Option<Act> {
    if !fields.given("lines") {
        fields.fault("lines", FaultCode::Required);
    }
    let lines = lines(fields, "lines");
    let grounds = fields.required("grounds", text(NOTE));
    Some(Act::Appeal { lines: lines?, grounds: grounds? })
}

/// Reads the outcome of an appeal.
pub fn judge(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let overturn = fields.truth("overturn");
    let step = step(fields);
    let (reason, note) = step?;
    Some(Act::Judge { overturn: overturn?, reason, note })
}

/// Reads why a clock stops.
pub fn pause(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let reason = fields.required("reason", word(PauseReason::parse));
    if reason == Some(PauseReason::Correction) {
        // A correction stops the clock by being asked for.
        fields.fault("reason", FaultCode::ValueUnknown);
    }
    let note = note(fields);
    Some(Act::Pause { reason: reason?, note })
}

/// Reads that a clock goes on.
pub fn resume(fields: &mut Fields<'_, '_>) -> Option<Act> {
    Some(Act::Resume { note: note(fields) })
}

/// Reads an extension with its leave in words.
pub fn extend(fields: &mut Fields<'_, '_>) -> Option<Act> {
    let note = fields.required("note", text(NOTE));
    Some(Act::Extend { note: note? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(body: &Value, read: fn(&mut Fields<'_, '_>) -> Option<Act>) -> Vec<(String, &'static str)> {
        match whole_body(body, read) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect(),
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let body = json!({ "items": [{ "line": 0, "outcome": "maybe" }, { "line": 2, "outcome": "refuse" }, { "line": 3, "outcome": "recognise", "grounds": ["safety_risk"] }] });
        let found = faults(&body, propose);
        assert!(found.contains(&("/items/0/line".to_owned(), "line_out_of_range")), "{found:?}");
        assert!(found.contains(&("/items/0/outcome".to_owned(), "value_unknown")));
        assert!(found.contains(&("/items/1/grounds".to_owned(), "required")));
        assert!(found.contains(&("/items/2/grounds".to_owned(), "value_unknown")));
        assert_eq!(faults(&json!({ "let_in": false }), evaluate), [("/ground".to_owned(), "required")]);
        assert_eq!(faults(&json!({ "recommended": false }), recommend), [("/grounds".to_owned(), "required")]);
        assert_eq!(faults(&json!({ "reason": "correction" }), pause), [("/reason".to_owned(), "value_unknown")]);
        assert!(faults(&json!({ "recommended": true, "note": "同意推荐" }), recommend).is_empty());
    }
}
