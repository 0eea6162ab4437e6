//! Opinions of the agencies: given, drafted, counted on the item they were given on, brought together, resolved on record.

use super::act::{Resolved, Step, listed};
use super::{Case, clocks, item_digest, refused, refused_at, telling, turns};
use crate::app::notices::tell;
use crate::app::{App, AppError};
use crate::domain::actor::{Caller, Role};
use crate::domain::application::event::EventKind;
use crate::domain::case_rule::CaseRule;
use crate::domain::fault::FaultCode;
use crate::domain::id::ApplicationId;
use crate::domain::notice::{Addressee, NoticeKind};
use crate::domain::opinion::{
    Counted, LineResult, OpinionGround, Stance, Statement, StatementFault, StillOpen, consolidate, may_close,
};
use crate::domain::revision::Revision;
use crate::store::application_rows::ApplicationRow;
use crate::store::application_rows::CaseEventRow;
use crate::store::applications::{self, NewEvent};
use crate::store::keep::opinion_drafts::{self, OpinionDraftRow};
use crate::store::keep::people;
use crate::store::opinions::{self, OpinionRow};
use crate::store::{AnyConnection, StoreError, Tx, register};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Gives or changes an agency's opinions, all of them or none.
pub(super) fn give(tx: &mut Tx<'_>, step: &Step<'_>, statements: Vec<Statement>) -> Result<ApplicationRow, AppError> {
    let row = &step.case.row;
    let content = step.case.content(tx.conn())?;
    let agency = step.caller.org.to_string();
    let before = opinions::newest(opinions::versions(tx.conn(), &row.id)?);
    let reviewer = tx.person()?.to_string();
    let mut digests = BTreeMap::new();
    for line in &content.lines {
        digests.insert(line.line, item_digest(line)?);
    }
    let (mut faults, mut unknown) = (Vec::new(), Vec::new());
    for (place, statement) in statements.iter().enumerate() {
        let pointer = |member: &str| format!("/items/{place}{member}");
        if !digests.contains_key(&statement.line) {
            unknown.push(refused_at(pointer("/line"), CaseRule::ItemUnknown));
        }
        match statement.check() {
            Ok(()) => {}
            Err(StatementFault::GroundRequired) => faults.push((pointer("/grounds"), FaultCode::Required)),
            Err(StatementFault::GroundNotAllowed) => faults.push((pointer("/grounds"), FaultCode::ValueUnknown)),
            Err(StatementFault::Conditions) => faults.push((pointer("/conditions"), FaultCode::Required)),
            Err(StatementFault::NoteRequired) => faults.push((pointer("/note"), FaultCode::ReasonRequired)),
        }
    }
    if !faults.is_empty() {
        return Err(AppError::Faults(faults));
    }
    if !unknown.is_empty() {
        return Err(AppError::Refused(unknown));
    }
    let mut lines = Vec::new();
    for Statement { line, stance, grounds, conditions, note } in statements {
        let previous = before.get(&(i32::from(line), agency.clone()));
        let grounds: Vec<&str> = grounds.iter().map(|ground| ground.as_str()).collect();
        let given = OpinionRow {
            application: row.id.clone(),
            line: i32::from(line),
            agency: agency.clone(),
            version: previous.map_or(0, |row| row.version).saturating_add(1),
            revision: tx.next_revision().0,
            enterprise: row.enterprise.clone(),
            content: row.content,
            item_digest: digests.get(&line).cloned().unwrap_or_default(),
            stance: stance.as_str().to_owned(),
            grounds: grounds.join(","),
            conditions,
            note,
            reviewer: reviewer.clone(),
            recorded_at: tx.context().at.micros(),
        };
        tx.save(given, previous, "opinion.given")?;
        lines.push(line);
    }
    opinion_drafts::remove(tx.conn(), &row.id, &agency)?;
    let event = NewEvent {
        content: Some(row.content),
        detail: Some(json!({ "agency": agency, "lines": lines })),
        hidden: true,
        ..NewEvent::default()
    };
    applications::append_event(tx, row, EventKind::OpinionGiven, event)?;
    Ok(row.clone())
}

/// What the opinions on a case come to, as it stands.
pub(super) struct Round {
    pub results: Vec<LineResult>,
    /// How items were resolved, by item; only what still fits the opinions.
    pub resolved: BTreeMap<u16, Value>,
    /// Opinions that count, and those that were given on an item that has changed since.
    pub rows: Vec<(OpinionRow, bool)>,
}

impl Round {
    /// Whether an item may be recognised as far as opinions go.
    pub fn allows(&self, line: u16) -> bool {
        let result = self.results.iter().find(|result| result.line == line);
        result.is_some_and(|result| !result.needs_resolution() || self.resolved.contains_key(&line))
    }
}

/// Brings the opinions on a case together.
pub(super) fn round(conn: &mut AnyConnection, case: &Case, events: &[CaseEventRow]) -> Result<Round, AppError> {
    round_at(conn, case, events, None)
}

/// The same by what had been said at a revision.
fn round_at(
    conn: &mut AnyConnection,
    case: &Case,
    events: &[CaseEventRow],
    as_of: Option<Revision>,
) -> Result<Round, AppError> {
    let content = case.content(conn)?;
    let mut digests = BTreeMap::new();
    for line in &content.lines {
        digests.insert(i32::from(line.line), item_digest(line)?);
    }
    let mut said = opinions::versions(conn, &case.row.id)?;
    said.retain(|row| as_of.is_none_or(|at| row.revision <= at.0));
    let newest = opinions::newest(said);
    let rows: Vec<(OpinionRow, bool)> = newest
        .into_values()
        .map(|row| {
            let counts = digests.get(&row.line) == Some(&row.item_digest);
            (row, counts)
        })
        .collect();
    let mut counted = Vec::new();
    for (row, _) in rows.iter().filter(|(_, counts)| *counts) {
        let damaged = || StoreError::Damaged(format!("an opinion on {}", case.row.id));
        let stance = Stance::parse(&row.stance).ok_or_else(damaged)?;
        let line = u16::try_from(row.line).map_err(|_| damaged())?;
        counted.push(Counted { agency: &row.agency, line, stance });
    }
    let lines: Vec<u16> = content.lines.iter().map(|line| line.line).collect();
    let results = consolidate(&case.agencies(), &lines, &counted);
    let resolved = resolutions(events, &rows, &digests);
    Ok(Round { results, resolved, rows })
}

/// Finds the resolutions on record that nothing has overtaken: no later opinion on the item, no other content of it.
fn resolutions(
    events: &[CaseEventRow],
    rows: &[(OpinionRow, bool)],
    digests: &BTreeMap<i32, String>,
) -> BTreeMap<u16, Value> {
    let mut found = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == EventKind::Resolved.as_str()) {
        let detail: Value =
            event.detail.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        for entry in detail.get("lines").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
            let line = entry.get("line").and_then(Value::as_u64).and_then(|line| u16::try_from(line).ok());
            let Some(line) = line else { continue };
            let overtaken = rows.iter().any(|(row, _)| row.line == i32::from(line) && row.revision > event.revision);
            let digest = entry.get("item_digest").and_then(Value::as_str);
            if !overtaken && digests.get(&i32::from(line)).map(String::as_str) == digest {
                found.insert(line, entry.clone());
            }
        }
    }
    found
}

/// Closes the round of opinions. Silence is escalated here when its time has passed, or when the calendar cannot tell.
pub(super) fn close(tx: &mut Tx<'_>, step: &Step<'_>, note: Option<String>) -> Result<ApplicationRow, AppError> {
    let case = &step.case;
    let events = applications::events(tx.conn(), &case.row.id)?;
    let round = round(tx.conn(), case, &events)?;
    let silent = round.results.iter().any(|result| !result.silent.is_empty());
    let clock = clocks(&turns(&events)?, &case.scheme, step.calendar, step.today).stage;
    let over = clock.is_some_and(|clock| clock.is_overdue(step.today) || clock.calendar_unknown.is_some());
    let escalated = is_escalated(&events);
    may_close(&round.results, case.scheme.casework.opinion_quorum, escalated || over).map_err(|open| {
        refused(match open {
            StillOpen::Quorum => CaseRule::QuorumMissing,
            StillOpen::Silence => CaseRule::SilenceOpen,
        })
    })?;
    if silent && !escalated {
        escalate(tx, &case.row, &round.results)?;
    }
    let event = NewEvent {
        content: Some(case.row.content),
        detail: Some(json!({ "results": round.results })),
        note,
        hidden: true,
        ..NewEvent::default()
    };
    step.record(tx, EventKind::Consolidated, event)
}

/// Whether silence was escalated in the present round of opinions.
pub(super) fn is_escalated(events: &[CaseEventRow]) -> bool {
    let opens = [EventKind::Recommended.as_str(), EventKind::Returned.as_str(), EventKind::Corrected.as_str()];
    let mut of_round = events.iter().rev().take_while(|event| !opens.contains(&event.kind.as_str()));
    of_round.any(|event| event.kind == EventKind::Escalated.as_str())
}

/// Puts silence on record, agency by agency.
pub(super) fn escalate(tx: &mut Tx<'_>, row: &ApplicationRow, results: &[LineResult]) -> Result<(), AppError> {
    let mut agencies: Vec<&String> = results.iter().flat_map(|result| &result.silent).collect();
    agencies.sort();
    agencies.dedup();
    let event = NewEvent { detail: Some(json!({ "agencies": agencies })), hidden: true, ..NewEvent::default() };
    for agency in agencies {
        for to in [Addressee::Org(agency.clone()), Addressee::Role(Role::BureauOfficer)] {
            tell(tx, &telling::about(row, to, NoticeKind::OpinionOverdue).with("agency", agency))?;
        }
    }
    applications::append_event(tx, row, EventKind::Escalated, event)?;
    Ok(())
}

/// Puts on record how opinions on items were resolved. Where no agency has spoken there is nothing to resolve.
pub(super) fn resolve(tx: &mut Tx<'_>, step: &Step<'_>, lines: &[Resolved]) -> Result<ApplicationRow, AppError> {
    let case = &step.case;
    let events = applications::events(tx.conn(), &case.row.id)?;
    let round = round(tx.conn(), case, &events)?;
    let content = case.content(tx.conn())?;
    let (mut refusals, mut entries) = (Vec::new(), Vec::new());
    for (place, resolved) in lines.iter().enumerate() {
        let pointer = format!("/items/{place}/line");
        let result = round.results.iter().find(|result| result.line == resolved.line);
        match (content.line(resolved.line), result) {
            (Some(line), Some(result)) if result.given() > 0 => entries.push(json!({
                "line": resolved.line,
                "resolution": resolved.resolution,
                "note": resolved.note,
                "outcome": result.outcome,
                "item_digest": item_digest(line)?,
            })),
            (Some(_), Some(_)) => refusals.push(refused_at(pointer, CaseRule::QuorumMissing)),
            (None, _) | (_, None) => refusals.push(refused_at(pointer, CaseRule::ItemUnknown)),
        }
    }
    if !refusals.is_empty() {
        return Err(AppError::Refused(refusals));
    }
    let event = NewEvent {
        content: Some(case.row.content),
        detail: Some(json!({ "lines": entries })),
        hidden: true,
        ..NewEvent::default()
    };
    step.record(tx, EventKind::Resolved, event)
}

/// The opinions on a case as somebody may see them.
#[derive(Debug, Clone)]
pub struct OpinionsSeen {
    /// Of the case.
    pub revision: Revision,
    /// Its body.
    pub view: Value,
}

/// Shows a draft of opinions that was saved.
#[must_use]
pub fn saved_draft(draft: &OpinionDraftRow) -> Value {
    let body: Value = serde_json::from_str(&draft.body).unwrap_or_default();
    json!({
        "items": body,
        "saved_by": draft.saved_by,
        "saved_at": crate::domain::validity::Instant::from_micros(draft.saved_at),
    })
}

impl App {
    /// Keeps the draft of an agency's opinions; nobody else sees it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Conflict`] when no opinions are asked for.
    pub fn draft_opinions(&self, caller: &Caller, id: ApplicationId, items: Value) -> Result<Value, AppError> {
        let (at, caller) = (self.clock.now(), caller.clone());
        let case = self.store.read(|conn| Case::open(conn, &caller, id))?;
        if !case.agencies().iter().any(|agency| **agency == *caller.org) {
            return Err(AppError::NotFound);
        }
        if case.row.state != crate::domain::application::State::InOpinion.as_str() {
            return Err(AppError::Conflict(Revision(case.row.revision)));
        }
        let kept = self.store.keep(at, move |conn| {
            let saved_by = match register::person_of(conn, &caller.issuer, &caller.subject)? {
                Some(person) => person,
                None => people::find_or_make(conn, &caller.issuer, &caller.subject, at)?,
            };
            let saved_by = saved_by.to_string();
            let draft = OpinionDraftRow {
                application: id.to_string(),
                agency: caller.org.to_string(),
                body: items.to_string(),
                saved_by,
                saved_at: at.micros(),
            };
            opinion_drafts::put(conn, &draft)?;
            Ok(draft)
        })?;
        Ok(saved_draft(&kept))
    }

    /// Shows the opinions on a case as they were known at a revision: to whom it is shown, all of them, with what they come to,
    /// and now also the reader's own draft.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::NotYetCurrent`] for a revision still to come.
    pub fn opinions(
        &self,
        caller: &Caller,
        id: ApplicationId,
        as_of: Option<Revision>,
    ) -> Result<OpinionsSeen, AppError> {
        self.is_known(as_of)?;
        self.store.read(|conn| seen(conn, caller, id, as_of))
    }
}

fn seen(
    conn: &mut AnyConnection,
    caller: &Caller,
    id: ApplicationId,
    as_of: Option<Revision>,
) -> Result<OpinionsSeen, AppError> {
    let case = Case::known(conn, caller, id, as_of)?;
    let events = case.events(conn, as_of)?;
    let round = round_at(conn, &case, &events, as_of)?;
    let mut items = Vec::new();
    for result in &round.results {
        let of_line = round.rows.iter().filter(|(row, _)| row.line == i32::from(result.line));
        let given = of_line.map(|(row, counts)| opinion(row, *counts)).collect::<Result<Vec<_>, StoreError>>()?;
        items.push(json!({
            "line": result.line,
            "result": result,
            "needs_resolution": result.needs_resolution(),
            "resolved": round.resolved.get(&result.line).map(without_digest),
            "opinions": given,
        }));
    }
    let draft = if as_of.is_none() && caller.roles.contains(Role::AgencyReviewer) {
        opinion_drafts::find(conn, &case.row.id, &caller.org)?
    } else {
        None
    };
    let view = json!({
        "application": case.row.id,
        "content": case.row.content,
        "agencies": case.agencies(),
        "escalated": is_escalated(&events),
        "items": items,
        "draft": draft.as_ref().map(saved_draft),
    });
    Ok(OpinionsSeen { revision: Revision(case.row.revision), view })
}

fn without_digest(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Some(members) = entry.as_object_mut() {
        members.remove("item_digest");
    }
    entry
}

fn opinion(row: &OpinionRow, counts: bool) -> Result<Value, StoreError> {
    let grounds = listed(&row.grounds, OpinionGround::parse)?;
    Ok(json!({
        "agency": row.agency,
        "stance": row.stance,
        "grounds": grounds,
        "conditions": row.conditions,
        "note": row.note,
        "reviewer": row.reviewer,
        "content": row.content,
        "counts": counts,
        "version": row.version,
        "revision": row.revision,
        "given_at": crate::domain::validity::Instant::from_micros(row.recorded_at),
    }))
}
