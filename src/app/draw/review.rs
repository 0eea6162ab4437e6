//! Manual releases: their board and their review.

use super::customs_of;
use super::view;
use crate::app::people::persons::behind;
use crate::app::repeat::{Repeat, Written};
use crate::app::report::{Seen, seen};
use crate::app::view::Page;
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::error::Rule;
use crate::domain::id::ManualReleaseId;
use crate::domain::revision::Revision;
pub use crate::store::manual_releases::ManualReleaseRow;
use crate::store::{Tx, manual_releases};
use serde_json::Value;

/// What a review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It was right.
    Accepted,
    /// It was not; customs is asked to put it right.
    Objected,
}

impl Finding {
    /// Returns the word of the database and of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Objected => "objected",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Accepted, Self::Objected].into_iter().find(|finding| finding.as_str() == text)
    }
}

/// Whose manual releases a caller may see; none for everybody's.
fn office(caller: &Caller) -> Result<Option<String>, AppError> {
    match seen(caller)? {
        Seen::All => Ok(None),
        Seen::Customs(own) => Ok(Some(own)),
        Seen::Enterprise(_) => Err(AppError::Forbidden),
    }
}

impl App {
    /// Returns every manual release that the caller may see, oldest first, if asked only those of a state.
    ///
    /// # Errors
    /// As [`App::manual_releases`].
    pub fn every_manual_release(
        &self,
        caller: &Caller,
        state: Option<&str>,
    ) -> Result<Vec<ManualReleaseRow>, AppError> {
        let office = office(caller)?;
        Ok(self.store.read(|conn| manual_releases::list(conn, state, office.as_deref(), "", i64::MAX))?)
    }

    /// Lists manual releases, oldest first, if asked only those of a state.
    ///
    /// # Errors
    /// The store's failure.
    pub fn manual_releases(
        &self,
        caller: &Caller,
        state: Option<&str>,
        after: &str,
        limit: usize,
    ) -> Result<Page<Value>, AppError> {
        let office = office(caller)?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut rows = self.store.read(|conn| manual_releases::list(conn, state, office.as_deref(), after, most))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id.clone());
        let today = self.clock.now().day();
        let items = rows.iter().map(|row| view::manual_release(row, today)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Finds a manual release.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of another customs.
    pub fn manual_release(&self, caller: &Caller, id: ManualReleaseId) -> Result<ManualReleaseRow, AppError> {
        let seen = seen(caller)?;
        let row = self.store.read(|conn| manual_releases::find(conn, &id.to_string()))?;
        let visible = |row: &ManualReleaseRow| match &seen {
            Seen::All => true,
            Seen::Customs(own) => customs_of(&row.customs_office) == Some(own),
            Seen::Enterprise(_) => false,
        };
        row.filter(visible).ok_or(AppError::NotFound)
    }

    /// Reviews a manual release that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`] when it moved on, [`AppError::Conflict`] when it is
    /// reviewed, [`AppError::Refused`] for the officer who made it; the store's failure.
    #[allow(clippy::too_many_arguments, reason = "one review, its members named once")]
    pub fn review_manual_release(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ManualReleaseId,
        at_revision: Revision,
        finding: Finding,
        basis: String,
        repeat: Repeat<ManualReleaseRow>,
    ) -> Result<Written<ManualReleaseRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| review(tx, id, at_revision, finding, basis))
    }
}

fn review(
    tx: &mut Tx<'_>,
    id: ManualReleaseId,
    at_revision: Revision,
    finding: Finding,
    basis: String,
) -> Result<ManualReleaseRow, AppError> {
    let row = manual_releases::find(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
    if row.revision != at_revision.0 {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    if row.state != "unreviewed" {
        return Err(AppError::Conflict(Revision(row.revision)));
    }
    let person = tx.person()?.to_string();
    if person == behind(tx, &row.officer)?.to_string() {
        return Err(AppError::refused(Rule::FourEyes));
    }
    let reviewed = ManualReleaseRow {
        version: row.version.saturating_add(1),
        revision: tx.next_revision().0,
        state: finding.as_str().to_owned(),
        reviewed_by: Some(person),
        reviewed_at: Some(tx.context().at.micros()),
        review_basis: Some(basis),
        ..row.clone()
    };
    let event = match finding {
        Finding::Accepted => "manual_release.accepted",
        Finding::Objected => "manual_release.objected",
    };
    tx.save(reviewed.clone(), Some(&row), event)?;
    Ok(reviewed)
}
