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
use crate::domain::notice::NoticeKind;
use crate::domain::validity::LegalDay;
use crate::store::Tx;
use crate::store::applications::{self, NewEvent};

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
