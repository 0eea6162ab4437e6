//! Joint review (会审): what districts, member agencies and the bureau do with a case, and what they see of it.
//!
//! Every step is an [`Act`] that one function carries out: the case as the caller saw it, who may, what the rules say, then
//! its facts and an event on the timeline. Invariant: a case moves by a row of the table of its transitions or not at all.

mod act;
pub mod batches;
pub mod bulk;
pub mod claims;
mod decisions;
pub mod docket;
pub mod figures;
pub mod insight;
mod intake;
pub mod letters;
mod opinions;
mod overdue;
pub mod publication;
pub mod ratings;
pub mod report;
pub(super) mod telling;
pub mod views;
pub mod worklists;

pub use act::{Act, DecisionProposal, Finding, Resolved};
pub use opinions::{OpinionsSeen, saved_draft};
pub use overdue::{case_reminders, escalate_silence, lapse_correction};

use super::AppError;
use super::applications::checks::frozen;
use super::applications::read::known_at;
use super::applications::{scheme_of, visible};
use crate::domain::actor::Caller;
use crate::domain::application::content::{Content, Line};
use crate::domain::application::event::EventKind;
use crate::domain::application::{Kind, State};
use crate::domain::calendar::WorkingCalendar;
use crate::domain::case_clock::{Clock, PauseReason, Turn, recognition_clock, stage_clock};
use crate::domain::case_rule::CaseRule;
use crate::domain::id::{ApplicationId, PersonId};
use crate::domain::recognition::Involved;
use crate::domain::revision::Revision;
use crate::domain::scheme::Scheme;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::application_rows::{ApplicationRow, CaseEventRow};
use crate::store::{AnyConnection, StoreError, applications, opinions as opinion_rows};
use crate::tlog::canonical;
use sha2::{Digest as _, Sha256};

/// A case with the scheme it was lodged under.
#[derive(Debug, Clone)]
pub struct Case {
    /// As it stands.
    pub row: ApplicationRow,
    /// The version of the scheme under which it was lodged.
    pub scheme: Scheme,
}

impl Case {
    /// Opens a case that a caller may see.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn open(conn: &mut AnyConnection, caller: &Caller, id: ApplicationId) -> Result<Self, AppError> {
        let row = visible(conn, caller, &id.to_string())?;
        Self::of(conn, row)
    }

    /// Opens a case that a caller may see as it was known at a revision; none is the newest.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also when it was not yet lodged.
    pub fn known(
        conn: &mut AnyConnection,
        caller: &Caller,
        id: ApplicationId,
        as_of: Option<Revision>,
    ) -> Result<Self, AppError> {
        let row = visible(conn, caller, &id.to_string())?;
        let row = match as_of {
            Some(at) => known_at(conn, row, at)?,
            None => row,
        };
        Self::of(conn, row)
    }

    /// Reads what happened to it up to a revision.
    ///
    /// # Errors
    /// The store's failure.
    pub fn events(&self, conn: &mut AnyConnection, as_of: Option<Revision>) -> Result<Vec<CaseEventRow>, AppError> {
        let mut events = applications::events(conn, &self.row.id)?;
        events.retain(|event| as_of.is_none_or(|at| event.revision <= at.0));
        Ok(events)
    }

    /// Joins a case and its scheme.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the scheme is gone.
    pub fn of(conn: &mut AnyConnection, row: ApplicationRow) -> Result<Self, AppError> {
        let scheme = scheme_of(conn, &row)?.ok_or_else(|| StoreError::Damaged(format!("the scheme of {}", row.id)))?;
        Ok(Self { row, scheme })
    }

    /// Reads its present content.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is gone.
    pub fn content(&self, conn: &mut AnyConnection) -> Result<Content, AppError> {
        let stored = applications::content(conn, &self.row.id, self.row.content)?;
        let stored = stored.ok_or_else(|| StoreError::Damaged(format!("the content of {}", self.row.id)))?;
        Ok(frozen(&stored.body, self.row.kind()?)?)
    }

    /// Lists the agencies that are asked for their opinion: all members, or the lead alone on the fast track.
    #[must_use]
    pub fn agencies(&self) -> Vec<String> {
        if self.row.fast_track == 1 && self.scheme.casework.fast_track {
            return vec![self.scheme.lead_agency.clone()];
        }
        self.scheme.member_agencies.iter().map(|agency| agency.code.clone()).collect()
    }

    /// Finds who had a hand in it.
    ///
    /// # Errors
    /// The store's failure.
    pub fn involved(&self, conn: &mut AnyConnection) -> Result<Involved, AppError> {
        let mut contacts = vec![person(&self.row.lodged_by)?];
        for number in 1..=self.row.content {
            if let Some(content) = applications::content(conn, &self.row.id, number)? {
                contacts.push(person(&content.lodged_by)?);
            }
        }
        let reviewers = opinion_rows::versions(conn, &self.row.id)?;
        let reviewers = reviewers.iter().map(|row| person(&row.reviewer)).collect::<Result<_, _>>()?;
        Ok(Involved { contacts, reviewers })
    }
}

/// Reads a person's id from a row.
pub(super) fn person(id: &str) -> Result<PersonId, StoreError> {
    PersonId::parse(id).map_err(|_| StoreError::damaged("a person id"))
}

/// Takes the digest of an item as it was lodged: an opinion counts for the item it was given on.
pub(super) fn item_digest(line: &Line) -> Result<String, StoreError> {
    let bytes = canonical::to_bytes(&line.view()).map_err(StoreError::damaged)?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// Reads what clocks look at on a timeline.
///
/// # Errors
/// [`StoreError::Damaged`] for an event of no kind.
pub fn turns(events: &[CaseEventRow]) -> Result<Vec<Turn>, StoreError> {
    events.iter().map(turn).collect()
}

fn turn(event: &CaseEventRow) -> Result<Turn, StoreError> {
    let damaged = || StoreError::Damaged(format!("an event of {}", event.application));
    Ok(Turn {
        kind: EventKind::parse(&event.kind).ok_or_else(damaged)?,
        stage: State::parse(&event.stage).ok_or_else(damaged)?,
        at: Instant::from_micros(event.recorded_at),
        days: event.working_days.and_then(|days| u16::try_from(days).ok()),
        pause: event.reason_code.as_deref().and_then(PauseReason::parse),
    })
}

/// The clocks of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Of the stage it is in.
    pub stage: Option<Clock>,
    /// Of the whole joint handling.
    pub recognition: Option<Clock>,
}

/// Measures the clocks of a case.
#[must_use]
pub fn clocks(turns: &[Turn], scheme: &Scheme, calendar: &WorkingCalendar, today: LegalDay) -> Clocks {
    Clocks {
        stage: stage_clock(turns, scheme.clocks, calendar, today),
        recognition: recognition_clock(turns, scheme.clocks, calendar, today),
    }
}

/// Refuses with a rule of the joint review.
pub(super) fn refused(rule: CaseRule) -> AppError {
    AppError::refused(rule.into())
}

/// Refuses one line of a request.
pub(super) fn refused_at(pointer: String, rule: CaseRule) -> super::error::Refusal {
    super::error::Refusal { pointer, rule: rule.into() }
}

/// Whether a kind of application passes through the agencies.
pub(super) fn asks_agencies(row: &ApplicationRow) -> Result<bool, StoreError> {
    Ok(row.opinions == 1 && row.kind()? != Kind::Surrender)
}
