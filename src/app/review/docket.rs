//! Open cases with their clocks, kept in memory until a case, the rules or the day changes: every work list asks for them.

use super::worklists::{schemes, turn};
use super::{Case, clocks};
use crate::app::{App, AppError};
use crate::domain::application::State;
use crate::domain::calendar::WorkingCalendar;
use crate::domain::case_clock::{Clock, Turn};
use crate::domain::scheme::Scheme;
use crate::domain::validity::LegalDay;
use crate::store::application_rows::ApplicationRow;
use crate::store::applications::{self, Narrowing};
use crate::store::{AnyConnection, case_turns, rulebook};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Versions of schemes by code and version.
pub(super) type Schemes = BTreeMap<(String, i32), Scheme>;

/// A case that waits for somebody.
#[derive(Debug)]
pub(super) struct Open {
    /// As it stands.
    pub row: ApplicationRow,
    /// The clock of its stage.
    pub clock: Option<Clock>,
    /// Days before the last one from which it is due soon.
    pub soon: u16,
    /// The agencies that are asked for their opinion.
    pub agencies: Vec<String>,
}

impl Open {
    pub(super) fn of(
        row: ApplicationRow,
        turns: &[Turn],
        schemes: &Schemes,
        calendar: &WorkingCalendar,
        today: LegalDay,
    ) -> Self {
        let scheme = schemes.get(&(row.scheme.clone(), row.scheme_version));
        let case = scheme.map(|scheme| Case { row: row.clone(), scheme: scheme.clone() });
        Self {
            clock: scheme.and_then(|scheme| clocks(turns, scheme, calendar, today).stage),
            soon: scheme.map_or(0, |scheme| scheme.casework.due_soon_days),
            agencies: case.map_or_else(Vec::new, |case| case.agencies()),
            row,
        }
    }
}

/// From which revision of cases and rules, and on which day.
type Of = (i64, LegalDay);

/// All open cases in order of id.
type All = Arc<[Arc<Open>]>;

/// Open cases as they were last read.
#[derive(Debug, Default)]
pub struct Docket(Mutex<Option<(Of, All)>>);

impl App {
    /// Reads every open case in order of id, with its clock on a day.
    ///
    /// # Errors
    /// The store's failure.
    pub(super) fn open_cases(&self, conn: &mut AnyConnection, today: LegalDay) -> Result<All, AppError> {
        let of = (case_turns::newest(conn)?.max(rulebook::newest(conn)?), today);
        let kept = self.docket.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, open)) = kept.filter(|(kept, _)| *kept == of) {
            return Ok(open);
        }
        let states: Vec<State> = State::ALL.iter().copied().filter(|state| state.is_open()).collect();
        let rows = applications::list(conn, &Narrowing { states, ..Narrowing::default() }, "", i64::MAX)?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut timelines: HashMap<String, Vec<Turn>> = HashMap::new();
        for row in case_turns::of_cases(conn, &ids)? {
            let turn = turn(&row)?;
            timelines.entry(row.application).or_default().push(turn);
        }
        let (schemes, calendar) = (schemes(conn)?, self.working_calendar());
        let open = |row: ApplicationRow| {
            let turns = timelines.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            Arc::new(Open::of(row, turns, &schemes, &calendar, today))
        };
        let open: All = rows.into_iter().map(open).collect();
        // A list in memory that has not followed so far may still have the calendar of before.
        if self.index.load().revision().0 >= of.0 {
            *self.docket.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((of, Arc::clone(&open)));
        }
        Ok(open)
    }
}
