//! What the service itself does in a case when its time is over. Asked again inside the transaction, so that doing it twice
//! does nothing.

use super::opinions::{escalate, is_escalated, round};
use super::{Case, clocks, telling, turns};
use crate::app::AppError;
use crate::app::applications::moved;
use crate::app::notices::tell;
use crate::domain::application::State;
use crate::domain::application::event::EventKind;
use crate::domain::application::machine::{Verb, Who};
use crate::domain::calendar::WorkingCalendar;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::validity::LegalDay;
use crate::store::applications::{self, Narrowing, NewEvent};
use crate::store::{AnyConnection, Tx};

/// Puts silence on record where the days for opinions are over; says whether it did.
///
/// # Errors
/// The store's failure.
pub fn escalate_silence(
    tx: &mut Tx<'_>,
    id: &str,
    calendar: &WorkingCalendar,
    today: LegalDay,
) -> Result<bool, AppError> {
    let row = applications::find(tx.conn(), id)?.filter(|row| row.state == State::InOpinion.as_str());
    let Some(row) = row else { return Ok(false) };
    let case = Case::of(tx.conn(), row)?;
    let events = applications::events(tx.conn(), id)?;
    let clock = clocks(&turns(&events)?, &case.scheme, calendar, today).stage;
    if is_escalated(&events) || !clock.is_some_and(|clock| clock.is_overdue(today)) {
        return Ok(false);
    }
    let round = round(tx.conn(), &case, &events)?;
    if round.results.iter().all(|result| result.silent.is_empty()) {
        return Ok(false);
    }
    escalate(tx, &case.row, &round.results)?;
    Ok(true)
}

/// Ends a case whose correction did not come by its last day; says whether it did.
///
/// # Errors
/// The store's failure.
pub fn lapse_correction(tx: &mut Tx<'_>, id: &str, today: LegalDay) -> Result<bool, AppError> {
    let row = applications::find(tx.conn(), id)?.filter(|row| row.state == State::Asked.as_str());
    let Some(row) = row else { return Ok(false) };
    let events = applications::events(tx.conn(), id)?;
    let asked = events.iter().rev().find(|event| event.kind == EventKind::Asked.as_str());
    let due = asked.and_then(|event| event.due_on).and_then(LegalDay::from_value);
    if due.is_none_or(|due| due >= today) {
        return Ok(false);
    }
    let after = moved(&row, Verb::Lapse, Who::System)?;
    let row = applications::record(tx, Some(&row), after, EventKind::Lapsed, NewEvent::default())?;
    tell(tx, &telling::about(&row, telling::enterprise(&row)?, NoticeKind::ApplicationLapsed))?;
    Ok(true)
}

/// What a case's clock says to whoever has it in hand, with the words under which it is told once.
pub type CaseReminder = (String, Notice);

/// Finds every open case that is due soon or overdue, and whom to remind: the enterprise of a correction it was asked for,
/// else the district, the agencies that are still silent, or the bureau.
///
/// # Errors
/// The store's failure.
pub fn case_reminders(
    conn: &mut AnyConnection,
    calendar: &WorkingCalendar,
    today: LegalDay,
) -> Result<Vec<CaseReminder>, AppError> {
    let states = State::ALL.iter().copied().filter(|state| state.is_open()).collect();
    let rows = applications::list(conn, &Narrowing { states, ..Narrowing::default() }, "", i64::MAX)?;
    let mut found = Vec::new();
    for row in rows {
        let case = Case::of(conn, row)?;
        let events = applications::events(conn, &case.row.id)?;
        let Some(clock) = clocks(&turns(&events)?, &case.scheme, calendar, today).stage else { continue };
        let kind = if clock.is_overdue(today) {
            NoticeKind::CaseOverdue
        } else if clock.is_due_soon(today, case.scheme.casework.due_soon_days) {
            NoticeKind::CaseDueSoon
        } else {
            continue;
        };
        let (Some(due), state) = (clock.due, case.row.state()?) else { continue };
        let mut people = telling::in_hand(&case, state)?;
        if state == State::InOpinion {
            let results = round(conn, &case, &events)?.results;
            let silent = |agency: &String| results.iter().any(|result| result.silent.contains(agency));
            people.retain(|to| matches!(to, Addressee::Org(agency) if silent(agency)));
        }
        for to in people {
            let once = format!("case:{}:{}:{due}:{}", case.row.id, kind.as_str(), to.word());
            found.push((once, telling::about(&case.row, to, kind).with("due_on", due)));
        }
    }
    Ok(found)
}
