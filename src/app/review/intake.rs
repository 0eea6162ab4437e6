//! What a district and the joint mechanism do before opinions are asked for, and the clock by hand.

use super::act::{Finding, Step, worded};
use super::{clocks, refused, turns};
use crate::app::AppError;
use crate::domain::application::State;
use crate::domain::application::event::EventKind;
use crate::domain::application::machine::Who;
use crate::domain::case_clock::{Clock, PauseReason, due};
use crate::domain::case_rule::CaseRule;
use crate::domain::recognition::{DeclineGround, RefusalGround, StepReason};
use crate::store::application_rows::{ApplicationRow, CaseEventRow};
use crate::store::applications::{self, NewEvent};
use crate::store::{StoreError, Tx};
use serde_json::json;

/// Takes a case in; who is outside the core area goes on to evaluation.
pub(super) fn accept(tx: &mut Tx<'_>, step: &Step<'_>) -> Result<ApplicationRow, AppError> {
    step.record(tx, EventKind::Accepted, NewEvent::default())
}

fn events(tx: &mut Tx<'_>, step: &Step<'_>) -> Result<Vec<CaseEventRow>, StoreError> {
    applications::events(tx.conn(), &step.case.row.id)
}

fn stage(events: &[CaseEventRow], step: &Step<'_>) -> Result<Option<Clock>, StoreError> {
    Ok(clocks(&turns(events)?, &step.case.scheme, step.calendar, step.today).stage)
}

/// Asks for everything that is to be corrected: once by the district and within its days (《行政许可法》第三十二条); by an
/// agency or the bureau as often as opinions need.
pub(super) fn ask(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    findings: &[Finding],
    note: Option<String>,
) -> Result<ApplicationRow, AppError> {
    let events = events(tx, step)?;
    if step.who == Who::District {
        let asked = |event: &CaseEventRow| event.kind == EventKind::Asked.as_str();
        if events.iter().any(asked) {
            return Err(refused(CaseRule::AskedBefore));
        }
        if stage(&events, step)?.is_some_and(|clock| clock.is_overdue(step.today)) {
            return Err(refused(CaseRule::NoticeLate));
        }
    }
    let mut faults = Vec::new();
    for (place, finding) in findings.iter().enumerate() {
        if let Err(AppError::Faults(_)) = worded(finding.reason.as_str(), finding.note.as_ref()) {
            let fault = crate::domain::fault::FaultCode::ReasonRequired;
            faults.push((format!("/findings/{place}/note"), fault));
        }
    }
    if !faults.is_empty() {
        return Err(AppError::Faults(faults));
    }
    let days = step.case.scheme.casework.correction_days;
    let found: Vec<serde_json::Value> = findings
        .iter()
        .map(|finding| json!({ "pointer": finding.pointer, "reason": finding.reason, "note": finding.note }))
        .collect();
    let event = NewEvent {
        reason_code: findings.first().map(|finding| finding.reason.as_str().to_owned()),
        due_on: due(step.calendar, step.today, days).ok(),
        working_days: Some(days),
        content: Some(step.case.row.content),
        detail: Some(json!({ "findings": found })),
        note,
        hidden: false,
    };
    step.record(tx, EventKind::Asked, event)
}

/// Does not take a case in, or keeps the applicant out.
pub(super) fn decline(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    kind: EventKind,
    ground: DeclineGround,
    note: Option<String>,
) -> Result<ApplicationRow, AppError> {
    worded(ground.as_str(), note.as_ref())?;
    let event = NewEvent { reason_code: Some(ground.as_str().to_owned()), note, ..NewEvent::default() };
    step.record(tx, kind, event)
}

/// Recommends a case to the joint mechanism, or against it on grounds.
pub(super) fn recommend(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    against: &[RefusalGround],
    note: Option<String>,
) -> Result<ApplicationRow, AppError> {
    let Some(first) = against.first() else {
        return step.record(tx, EventKind::Recommended, NewEvent { note, ..NewEvent::default() });
    };
    if against.contains(&RefusalGround::Other) {
        worded("other", note.as_ref())?;
    }
    let event = NewEvent {
        reason_code: Some(first.as_str().to_owned()),
        detail: Some(json!({ "grounds": against })),
        note,
        ..NewEvent::default()
    };
    step.record(tx, EventKind::RecommendedAgainst, event)
}

/// Sends a case a step back with a reason; colleagues read it, not the applicant.
pub(super) fn step_back(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    kind: EventKind,
    reason: StepReason,
    note: String,
) -> Result<ApplicationRow, AppError> {
    let event = NewEvent {
        reason_code: Some(reason.as_str().to_owned()),
        note: Some(note),
        hidden: true,
        ..NewEvent::default()
    };
    step.record(tx, kind, event)
}

/// Stops the clock for time that the law does not count; the applicant is told (《行政许可法》第四十五条).
pub(super) fn pause(
    tx: &mut Tx<'_>,
    step: &Step<'_>,
    reason: PauseReason,
    note: Option<String>,
) -> Result<ApplicationRow, AppError> {
    let events = events(tx, step)?;
    let clock = stage(&events, step)?;
    if clock.is_some_and(|clock| clock.paused.is_some()) || step.case.row.state()? == State::Asked {
        return Err(refused(CaseRule::ClockStopped));
    }
    let event = NewEvent { reason_code: Some(reason.as_str().to_owned()), note, ..NewEvent::default() };
    step.record(tx, EventKind::Paused, event)
}

/// Starts the clock again.
pub(super) fn resume(tx: &mut Tx<'_>, step: &Step<'_>, note: Option<String>) -> Result<ApplicationRow, AppError> {
    let events = events(tx, step)?;
    let stopped = stage(&events, step)?.is_some_and(|clock| clock.paused.is_some());
    if !stopped || step.case.row.state()? == State::Asked {
        return Err(refused(CaseRule::ClockRunning));
    }
    step.record(tx, EventKind::Resumed, NewEvent { note, ..NewEvent::default() })
}

/// Extends the joint handling once, by the days of the scheme (《行政许可法》第四十二条).
pub(super) fn extend(tx: &mut Tx<'_>, step: &Step<'_>, note: String) -> Result<ApplicationRow, AppError> {
    let events = events(tx, step)?;
    if events.iter().any(|event| event.kind == EventKind::Extended.as_str()) {
        return Err(refused(CaseRule::ExtendedBefore));
    }
    let event = NewEvent {
        working_days: Some(step.case.scheme.clocks.extension_days),
        note: Some(note),
        ..NewEvent::default()
    };
    step.record(tx, EventKind::Extended, event)
}
