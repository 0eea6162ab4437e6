//! What time does to cases: whoever has one in hand is reminded, an agency's silence is put on record when its days are
//! over, a correction that did not come ends the case.

use crate::app::error::AppError;
use crate::app::found::system;
use crate::app::notices::tell_once;
use crate::app::review::{case_reminders, escalate_silence, lapse_correction};
use crate::app::{App, SUPERVISION};
use crate::domain::application::State;
use crate::domain::notice::NoticeKind;
use crate::domain::validity::Instant;
use crate::store::applications::{self, Narrowing};
use crate::store::{AnyConnection, StoreError};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

impl App {
    /// Reminds whoever has a case in hand that it is due soon or overdue, once each.
    ///
    /// # Errors
    /// The store's failure.
    pub fn remind_of_cases(&self, at: Instant) -> Result<usize, AppError> {
        let calendar = self.working_calendar();
        let due = self.store.read(|conn| case_reminders(conn, &calendar, at.day()))?;
        let overdue = due.iter().filter(|(_, notice)| notice.kind == NoticeKind::CaseOverdue);
        let cases: BTreeSet<&str> = overdue.map(|(_, notice)| notice.about.as_str()).collect();
        self.swept.cases_overdue.store(i64::try_from(cases.len()).unwrap_or(i64::MAX), Ordering::Relaxed);
        if due.is_empty() {
            return Ok(0);
        }
        Ok(self.store.keep(at, move |conn| {
            let mut told = 0_usize;
            for (once, notice) in due {
                told = told.saturating_add(usize::from(tell_once(conn, at, &once, &notice)?));
            }
            Ok(told)
        })?)
    }

    /// Puts silence on record in every case whose days for opinions are over.
    ///
    /// # Errors
    /// The store's failure.
    pub fn escalate_opinions(&self, at: Instant) -> Result<usize, AppError> {
        let calendar = self.working_calendar();
        let mut done = 0_usize;
        for id in self.store.read(|conn| standing(conn, State::InOpinion))? {
            let calendar = calendar.clone();
            let written =
                self.store.write(system(SUPERVISION, at), move |tx| escalate_silence(tx, &id, &calendar, at.day()))?;
            done = done.saturating_add(usize::from(written.value));
        }
        Ok(done)
    }

    /// Ends every case whose correction did not come by its last day.
    ///
    /// # Errors
    /// The store's failure.
    pub fn lapse_corrections(&self, at: Instant) -> Result<usize, AppError> {
        let mut done = 0_usize;
        for id in self.store.read(|conn| standing(conn, State::Asked))? {
            let written = self.store.write(system(SUPERVISION, at), move |tx| lapse_correction(tx, &id, at.day()))?;
            done = done.saturating_add(usize::from(written.value));
        }
        Ok(done)
    }
}

fn standing(conn: &mut AnyConnection, state: State) -> Result<Vec<String>, StoreError> {
    let narrowing = Narrowing { states: vec![state], ..Narrowing::default() };
    Ok(applications::list(conn, &narrowing, "", i64::MAX)?.into_iter().map(|row| row.id).collect())
}
