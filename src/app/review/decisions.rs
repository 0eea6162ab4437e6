//! The joint decision: proposed per item, decided by a second person, sent back, reopened, appealed against.

use super::act::{DecisionProposal, Step, worded};
use super::opinions::round;
use super::{asks_agencies, intake, person, refused, refused_at};
use crate::app::AppError;
use crate::app::error::Refusal;
use crate::domain::application::content::Ask;
use crate::domain::application::event::EventKind;
use crate::domain::batch::BatchState;
use crate::domain::case_rule::CaseRule;
use crate::domain::id::{AppealId, time_ordered};
use crate::domain::recognition::{
    APPEALS, AppealState, AppealVerb, ItemState, ItemVerb, RefusalGround, STEPS, StepReason, grant,
};
use crate::domain::revision::Revision;
use crate::domain::states::after;
use crate::domain::validity::Instant;
use crate::store::appeals::{self, AppealRow};
use crate::store::application_rows::ApplicationRow;
use crate::store::application_rows::CaseEventRow;
use crate::store::applications::{self, NewEvent};
use crate::store::batches;
use crate::store::decisions::{self, DecisionRow};
use crate::store::listings;
use crate::store::private::random;
use crate::store::{StoreError, Tx};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Codes of an item that precedents are found by.
fn codes(tx: &mut Tx<'_>, ask: &Ask) -> Result<(Option<i64>, Option<i64>), StoreError> {
    if let Some(terms) = ask.terms() {
        let hs_code = i64::try_from(terms.item.hs_code.value()).map_err(StoreError::damaged)?;
        let cas = terms.item.cas.map(|cas| i64::try_from(cas.value())).transpose().map_err(StoreError::damaged)?;
        return Ok((Some(hs_code), cas));
    }
    let number = ask.listing().map(|listing| listing.to_string());
    let last =
        number.map(|number| listings::versions_of(tx.conn(), &[number])).transpose()?.and_then(|mut rows| rows.pop());
    Ok((last.as_ref().map(|row| row.hs_code), last.and_then(|row| row.cas)))
}

/// Proposes a decision on every open item, all or none.
pub(super) fn propose(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    proposals: Vec<DecisionProposal>,
) -> Result<ApplicationRow, AppError> {
    let (case, row) = (&step.case, &step.case.row);
    let proposer = tx.person()?;
    case.involved(tx.conn())?.check(proposer).map_err(AppError::refused)?;
    let content = case.content(tx.conn())?;
    let events = applications::events(tx.conn(), &row.id)?;
    let round = if asks_agencies(row)? { Some(round(tx.conn(), case, &events)?) } else { None };
    let before = decisions::newest(tx.conn(), &row.id)?;
    let mut refusals = Vec::new();
    let mut rows = Vec::new();
    let mut named = BTreeSet::new();
    for (place, proposal) in proposals.iter().enumerate() {
        let line_number = proposal.line();
        let pointer = format!("/items/{place}");
        let Some(line) = content.line(line_number).filter(|_| named.insert(line_number)) else {
            refusals.push(refused_at(format!("{pointer}/line"), CaseRule::ItemUnknown));
            continue;
        };
        let previous = before.get(&i32::from(line_number));
        let state = previous.map_or(Ok(ItemState::Open), DecisionRow::state)?;
        let verb = match proposal {
            DecisionProposal::Recognise { .. } => ItemVerb::ProposeRecognition,
            DecisionProposal::Refuse { .. } => ItemVerb::ProposeRefusal,
        };
        let Some(state) = after(STEPS, Some(state), &verb) else {
            refusals.push(refused_at(format!("{pointer}/line"), CaseRule::ItemNotOpen));
            continue;
        };
        let (hs_code, cas) = codes(tx, &line.ask)?;
        let proposed = DecisionRow {
            application: row.id.clone(),
            line: i32::from(line_number),
            version: 0,
            revision: 0,
            enterprise: row.enterprise.clone(),
            scheme: row.scheme.clone(),
            kind: row.kind.clone(),
            state: state.as_str().to_owned(),
            hs_code,
            cas,
            content: row.content,
            granted: None,
            conditions: None,
            grounds: String::new(),
            note: None,
            lodged_by: row.lodged_by.clone(),
            proposed_by: proposer.to_string(),
            decided_by: None,
            decided_at: None,
            batch: None,
            listing: None,
            recorded_at: 0,
        };
        match proposal {
            DecisionProposal::Recognise { less, conditions, note, .. } => {
                if round.as_ref().is_some_and(|round| !round.allows(line_number)) {
                    refusals.push(refused_at(pointer.clone(), CaseRule::Unresolved));
                }
                match grant(&line.ask, less, case.scheme.validity_months) {
                    Err(rule) => refusals.push(Refusal { pointer, rule }),
                    Ok(ask) => {
                        let granted = crate::domain::application::content::Line { ask, ..line.clone() };
                        rows.push(DecisionRow {
                            granted: Some(granted.view().to_string()),
                            conditions: conditions.clone(),
                            note: note.clone(),
                            ..proposed
                        });
                    }
                }
            }
            DecisionProposal::Refuse { grounds, note, .. } => {
                if grounds.contains(&RefusalGround::Other) {
                    worded("other", note.as_ref())?;
                }
                let grounds: Vec<&str> = grounds.iter().map(|ground| ground.as_str()).collect();
                rows.push(DecisionRow { grounds: grounds.join(","), note: note.clone(), ..proposed });
            }
        }
    }
    let is_open = |line: u16| before.get(&i32::from(line)).is_none_or(|row| row.state == ItemState::Open.as_str());
    if content.lines.iter().any(|line| is_open(line.line) && !named.contains(&line.line)) {
        refusals.push(refused_at("/items".to_owned(), CaseRule::ItemsMissing));
    }
    if !refusals.is_empty() {
        return Err(AppError::Refused(refusals));
    }
    let outcomes: Vec<Value> = rows.iter().map(|row| json!({ "line": row.line, "state": row.state })).collect();
    for row in rows {
        let previous = before.get(&row.line);
        save(tx, row, previous, "decision.proposed")?;
    }
    let event = NewEvent { detail: Some(json!({ "items": outcomes })), hidden: true, ..NewEvent::default() };
    step.record(tx, EventKind::Proposed, event)
}

/// Saves the next version of a decision.
pub(super) fn save(
    tx: &mut Tx<'_>,
    row: DecisionRow,
    before: Option<&DecisionRow>,
    event: &str,
) -> Result<DecisionRow, StoreError> {
    let row = DecisionRow {
        version: before.map_or(0, |before| before.version).saturating_add(1),
        revision: tx.next_revision().0,
        recorded_at: tx.context().at.micros(),
        ..row
    };
    tx.save(row.clone(), before, event)?;
    Ok(row)
}

/// Moves decisions by a verb of their table; those it does not fit stay as they are.
fn move_all(
    tx: &mut Tx<'_>,
    rows: impl IntoIterator<Item = DecisionRow>,
    verb: ItemVerb,
    event: &str,
    change: impl Fn(DecisionRow) -> DecisionRow,
) -> Result<Vec<DecisionRow>, AppError> {
    let mut moved = Vec::new();
    for row in rows {
        let Some(state) = after(STEPS, Some(row.state()?), &verb) else { continue };
        let after = change(DecisionRow { state: state.as_str().to_owned(), ..row.clone() });
        moved.push(save(tx, after, Some(&row), event)?);
    }
    Ok(moved)
}

fn lines_of(rows: &[DecisionRow]) -> Vec<Value> {
    rows.iter().map(|row| json!({ "line": row.line, "state": row.state })).collect()
}

/// Decides as proposed: another person than the proposer, and nobody with a hand in the case.
pub(super) fn decide(tx: &mut Tx<'_>, step: &Step<'_>, note: Option<String>) -> Result<ApplicationRow, AppError> {
    let rows = decisions::newest(tx.conn(), &step.case.row.id)?;
    let decider = tx.person()?;
    let involved = step.case.involved(tx.conn())?;
    let proposed =
        |row: &DecisionRow| matches!(row.state(), Ok(ItemState::ProposedRecognition | ItemState::ProposedRefusal));
    for row in rows.values().filter(|row| proposed(row)) {
        involved.may_decide(person(&row.proposed_by)?, decider).map_err(AppError::refused)?;
    }
    let at = tx.context().at.micros();
    let decided = move_all(tx, rows.into_values(), ItemVerb::Decide, "decision.taken", |row| DecisionRow {
        decided_by: Some(decider.to_string()),
        decided_at: Some(at),
        ..row
    })?;
    let event = NewEvent { detail: Some(json!({ "items": lines_of(&decided) })), note, ..NewEvent::default() };
    step.record(tx, EventKind::Decided, event)
}

/// Sends a proposal back to the officer.
pub(super) fn send_back(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    reason: StepReason,
    note: String,
) -> Result<ApplicationRow, AppError> {
    let rows = decisions::newest(tx.conn(), &step.case.row.id)?;
    move_all(tx, rows.into_values(), ItemVerb::SendBack, "decision.sent_back", undecided)?;
    intake::step_back(tx, step, EventKind::SentBack, reason, note)
}

fn undecided(row: DecisionRow) -> DecisionRow {
    DecisionRow { decided_by: None, decided_at: None, ..row }
}

/// Finds the day of the last decision.
fn decided_on(events: &[CaseEventRow]) -> Option<Instant> {
    let last = events.iter().rev().find(|event| event.kind == EventKind::Decided.as_str());
    last.map(|event| Instant::from_micros(event.recorded_at))
}

fn within(events: &[CaseEventRow], step: &Step<'_>, days: u16) -> bool {
    decided_on(events).is_some_and(|decided| step.today <= decided.day().add_days(i32::from(days)))
}

/// Takes up again what is not published, within the days of the scheme.
pub(super) fn reopen(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    lines: Option<Vec<u16>>,
    reason: StepReason,
    note: String,
) -> Result<ApplicationRow, AppError> {
    let row = &step.case.row;
    let events = applications::events(tx.conn(), &row.id)?;
    if !within(&events, step, step.case.scheme.casework.reopen_days) {
        return Err(refused(CaseRule::ReopenClosed));
    }
    let collected = collected(tx)?;
    let rows = decisions::newest(tx.conn(), &row.id)?;
    let wanted =
        |row: &DecisionRow| lines.as_ref().is_none_or(|lines| lines.iter().any(|line| i32::from(*line) == row.line));
    let wanted: Vec<DecisionRow> = rows.into_values().filter(wanted).collect();
    if wanted.iter().any(|it| collected.contains(&(it.application.clone(), it.line))) {
        return Err(refused(CaseRule::ItemInBatch));
    }
    let reopened = move_all(tx, wanted, ItemVerb::Reopen, "decision.reopened", undecided)?;
    if reopened.is_empty() {
        return Err(refused(CaseRule::NothingToReopen));
    }
    let event = NewEvent {
        reason_code: Some(reason.as_str().to_owned()),
        detail: Some(json!({ "items": lines_of(&reopened) })),
        note: Some(note),
        ..NewEvent::default()
    };
    step.record(tx, EventKind::Reopened, event)
}

/// Lists the items in batches that are not closed yet.
pub(super) fn collected(tx: &mut Tx<'_>) -> Result<BTreeSet<(String, i32)>, AppError> {
    let mut found = BTreeSet::new();
    for batch in batches::list(tx.conn(), Some(BatchState::Collecting), "", i64::MAX)? {
        found.extend(batch.items()?.into_iter().map(|(application, line)| (application, i32::from(line))));
    }
    Ok(found)
}

/// Takes an appeal against refusals in, within the days of the scheme.
pub(super) fn appeal(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    lines: Vec<u16>,
    grounds: String,
) -> Result<ApplicationRow, AppError> {
    let row = &step.case.row;
    let events = applications::events(tx.conn(), &row.id)?;
    if !within(&events, step, step.case.scheme.casework.appeal_days) {
        return Err(refused(CaseRule::AppealClosed));
    }
    if appeals::open(tx.conn(), &row.id)?.is_some() {
        return Err(refused(CaseRule::AppealOpen));
    }
    let rows = decisions::newest(tx.conn(), &row.id)?;
    let mut refusals = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let stands = rows.get(&i32::from(*line)).is_some_and(|row| row.state == ItemState::Refused.as_str());
        if !stands {
            refusals.push(refused_at(format!("/lines/{place}"), CaseRule::NothingToAppeal));
        }
    }
    if !refusals.is_empty() {
        return Err(AppError::Refused(refusals));
    }
    let numbers: Vec<String> = lines.iter().map(u16::to_string).collect();
    let at = tx.context().at;
    let lodged = AppealRow {
        id: AppealId::new(time_ordered(at, random()?)).to_string(),
        version: 1,
        revision: tx.next_revision().0,
        application: row.id.clone(),
        enterprise: row.enterprise.clone(),
        state: AppealState::Open.as_str().to_owned(),
        lines: numbers.join(","),
        grounds,
        reason_code: None,
        note: None,
        appealed_by: tx.person()?.to_string(),
        decided_by: None,
        recorded_at: at.micros(),
    };
    let event = NewEvent { detail: Some(json!({ "appeal": lodged.id, "lines": lines })), ..NewEvent::default() };
    tx.save(lodged, None, "appeal.lodged")?;
    step.record(tx, EventKind::Appealed, event)
}

/// Judges an appeal: nobody who had a hand in the decision. What is overturned is open again.
pub(super) fn judge(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    overturn: bool,
    reason: StepReason,
    note: String,
) -> Result<ApplicationRow, AppError> {
    let row = &step.case.row;
    let open = appeals::open(tx.conn(), &row.id)?.ok_or_else(|| refused(CaseRule::NoAppeal))?;
    let judge = tx.person()?;
    step.case.involved(tx.conn())?.check(judge).map_err(AppError::refused)?;
    let rows: BTreeMap<i32, DecisionRow> = decisions::newest(tx.conn(), &row.id)?;
    let appealed: Vec<DecisionRow> = open
        .lines
        .split(',')
        .filter_map(|line| line.parse::<i32>().ok())
        .filter_map(|line| rows.get(&line).cloned())
        .collect();
    let judge = judge.to_string();
    if appealed.iter().any(|row| row.proposed_by == judge || row.decided_by.as_ref() == Some(&judge)) {
        return Err(refused(CaseRule::AppealOwnDecision));
    }
    let verb = if overturn { AppealVerb::Overturn } else { AppealVerb::Uphold };
    let state =
        after(APPEALS, Some(AppealState::Open), &verb).ok_or_else(|| AppError::Conflict(Revision(row.revision)))?;
    let judged = AppealRow {
        version: open.version.saturating_add(1),
        revision: tx.next_revision().0,
        state: state.as_str().to_owned(),
        reason_code: Some(reason.as_str().to_owned()),
        note: Some(note.clone()),
        decided_by: Some(judge),
        recorded_at: tx.context().at.micros(),
        ..open.clone()
    };
    tx.save(judged, Some(&open), &format!("appeal.{state}"))?;
    let kind = if overturn {
        move_all(tx, appealed, ItemVerb::Overturn, "decision.overturned", undecided)?;
        EventKind::Overturned
    } else {
        EventKind::Upheld
    };
    let event = NewEvent {
        reason_code: Some(reason.as_str().to_owned()),
        detail: Some(json!({ "appeal": open.id })),
        note: Some(note),
        ..NewEvent::default()
    };
    step.record(tx, kind, event)
}
