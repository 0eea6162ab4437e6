//! The working-day calendar: years as the State Council's notices arrange them, recorded as facts.
//!
//! A year that is not recorded stops nobody: what falls due in it has no date until the year is imported.

use super::App;
use super::error::AppError;
use super::notices::tell_once;
use crate::domain::actor::Role;
use crate::domain::calendar::{ArrangedDay, Published, WorkingCalendar, Year};
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::register::{CalendarYearRow, calendar_year, calendar_years_since, newest_of};
use crate::store::{AnyConnection, StoreError, Tx};
use serde::Serialize;

/// A year of the calendar, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct YearView {
    /// The year.
    pub year: u16,
    /// Where the notices stand.
    pub notices: Vec<String>,
    /// Days that differ from the week's rhythm.
    pub days: Vec<ArrangedDay>,
    /// Of the entry that recorded it.
    pub revision: Revision,
}

/// Reads a file of the calendar.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(text: &str) -> Result<Published, String> {
    let published: Published = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let empty = published.years.iter().find(|(_, year)| year.days.is_empty());
    if let Some((year, _)) = empty {
        return Err(format!("`{year}` has no days: leave out a year whose notice is not published"));
    }
    WorkingCalendar::try_from(published.clone()).map(|_| published).map_err(|error| error.to_string())
}

/// Records the years that are new or differ, inside a transaction; returns how many did.
///
/// # Errors
/// [`AppError::Store`] when a notice contradicts one that is recorded, or the store fails.
pub fn record(tx: &mut Tx<'_>, published: Published) -> Result<usize, AppError> {
    let mut recorded = 0_usize;
    for (year, Year { notices, days }) in published.years {
        let before = calendar_year(tx.conn(), i32::from(year))?;
        let row = CalendarYearRow {
            year: i32::from(year),
            version: before.as_ref().map_or(0, |row| row.version).saturating_add(1),
            revision: tx.next_revision().0,
            days: serde_json::to_string(&days).map_err(AppError::unwritable)?,
            notices: serde_json::to_string(&notices).map_err(AppError::unwritable)?,
            recorded_at: tx.context().at.micros(),
        };
        if before.as_ref().is_some_and(|before| (&before.days, &before.notices) == (&row.days, &row.notices)) {
            continue;
        }
        tx.save(row, before.as_ref(), "calendar_year.recorded")?;
        recorded = recorded.saturating_add(1);
    }
    tx.flush()?;
    calendar(tx.conn())?;
    Ok(recorded)
}

/// Reads the calendar whole.
///
/// # Errors
/// The store's failure; [`StoreError::Damaged`] for a row that is not what it must be.
pub fn calendar(conn: &mut AnyConnection) -> Result<WorkingCalendar, StoreError> {
    let years = years(conn)?.into_iter().map(|year| (year.year, year.days));
    WorkingCalendar::of(years).map_err(StoreError::damaged)
}

/// Reads the calendar when a year of it was recorded after a revision.
///
/// # Errors
/// As [`calendar`].
pub fn since(conn: &mut AnyConnection, since: Revision) -> Result<Option<WorkingCalendar>, StoreError> {
    if calendar_years_since(conn, since.0, 1)?.is_empty() { Ok(None) } else { calendar(conn).map(Some) }
}

fn years(conn: &mut AnyConnection) -> Result<Vec<YearView>, StoreError> {
    let rows = newest_of(calendar_years_since(conn, 0, i64::MAX)?, |row| row.year);
    rows.into_iter()
        .map(|row| {
            Ok(YearView {
                year: u16::try_from(row.year).map_err(StoreError::damaged)?,
                notices: serde_json::from_str(&row.notices).map_err(StoreError::damaged)?,
                days: serde_json::from_str(&row.days).map_err(StoreError::damaged)?,
                revision: Revision(row.revision),
            })
        })
        .collect()
}

/// Names the year whose notice is missing though it is December: the notices come out in November.
#[must_use]
pub fn missing(calendar: &WorkingCalendar, today: LegalDay) -> Option<u16> {
    let (year, month, _) = today.ymd();
    let next = year.saturating_add(1);
    match (calendar.knows(year), month, calendar.knows(next)) {
        (false, _, _) => Some(year),
        (true, 12, false) => Some(next),
        (true, _, _) => None,
    }
}

impl App {
    /// Lists the years of the calendar.
    ///
    /// # Errors
    /// The store's failure.
    pub fn calendar_years(&self) -> Result<Vec<YearView>, AppError> {
        Ok(self.store.read(years)?)
    }

    /// Names the year whose notice operators should import now.
    #[must_use]
    pub fn calendar_missing(&self) -> Option<u16> {
        missing(self.index.load().calendar(), self.clock.now().day())
    }

    /// Tells operators once which year is missing; returns how many notices that made.
    ///
    /// # Errors
    /// The store's failure.
    pub fn warn_of_calendar(&self, at: Instant) -> Result<usize, AppError> {
        let Some(year) = missing(self.index.load().calendar(), at.day()) else { return Ok(0) };
        tracing::warn!(year, "the holiday arrangement is not loaded: run `whitelist calendar import`");
        let mut told = 0_usize;
        for role in [Role::Operator, Role::BureauAdmin] {
            let once = format!("calendar_missing:{year}:{role}");
            let notice =
                Notice::new(Addressee::Role(role), NoticeKind::CalendarMissing, "/v1/calendar").with("year", year);
            let new = self.store.keep(at, move |conn| tell_once(conn, at, &once, &notice))?;
            told = told.saturating_add(usize::from(new));
        }
        Ok(told)
    }
}
