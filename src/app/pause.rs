//! The pause switch: an administrator or operator makes the service read-only, with words for everybody, and ends it again.
//!
//! Both are facts. Which changes stay open while a pause holds is said where requests come in; what time brings rests.

use super::App;
use super::error::AppError;
use super::repeat::{Repeat, Written};
use crate::domain::actor::Caller;
use crate::domain::bilingual::Bilingual;
use crate::domain::id::{PauseId, time_ordered};
use crate::domain::pause::Pause;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
pub use crate::store::pauses::PauseRow;
use crate::store::pauses::{newest, since};
use crate::store::private::random;
use crate::store::{AnyConnection, StoreError, Tx};

impl App {
    /// Shows the last pause; none when there never was one.
    ///
    /// # Errors
    /// The store's failure.
    pub fn last_pause(&self) -> Result<Option<PauseRow>, AppError> {
        Ok(self.store.read(newest)?)
    }

    /// Pauses the service.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when it is paused; the store's failure.
    pub fn pause(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        reason: Bilingual,
        repeat: Repeat<PauseRow>,
    ) -> Result<Written<PauseRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| begin(tx, reason))
    }

    /// Ends the pause that the caller saw.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when none holds, [`AppError::StaleVersion`] when another does; the store's failure.
    pub fn resume(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        seen: Revision,
        repeat: Repeat<PauseRow>,
    ) -> Result<Written<PauseRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| end(tx, Some(seen)))
    }
}

/// Begins a pause inside a transaction.
///
/// # Errors
/// [`AppError::Conflict`] when one holds; the store's failure.
pub fn begin(tx: &mut Tx<'_>, reason: Bilingual) -> Result<PauseRow, AppError> {
    if let Some(holds) = newest(tx.conn())?.filter(PauseRow::holds) {
        return Err(AppError::Conflict(Revision(holds.revision)));
    }
    let at = tx.context().at;
    let row = PauseRow {
        id: PauseId::new(time_ordered(at, random()?)).to_string(),
        version: 1,
        revision: tx.next_revision().0,
        state: "paused".to_owned(),
        reason_zh: reason.zh,
        reason_en: reason.en,
        paused_at: at.micros(),
        recorded_at: at.micros(),
    };
    tx.save(row.clone(), None, "service.paused")?;
    Ok(row)
}

/// Ends the pause that holds inside a transaction; `seen` is the revision at which the caller saw it.
///
/// # Errors
/// As [`App::resume`].
pub fn end(tx: &mut Tx<'_>, seen: Option<Revision>) -> Result<PauseRow, AppError> {
    let last = newest(tx.conn())?.ok_or(AppError::NotFound)?;
    let now = Revision(last.revision);
    if seen.is_some_and(|seen| seen != now) {
        return Err(AppError::StaleVersion(now));
    }
    if !last.holds() {
        return Err(AppError::Conflict(now));
    }
    let row = PauseRow {
        version: last.version.saturating_add(1),
        revision: tx.next_revision().0,
        state: "resumed".to_owned(),
        recorded_at: tx.context().at.micros(),
        ..last.clone()
    };
    tx.save(row.clone(), Some(&last), "service.resumed")?;
    Ok(row)
}

/// Reads the pause that holds, when one was begun or ended after a revision.
///
/// # Errors
/// The database's failure, or [`StoreError::Damaged`] for an id that is none.
pub fn pause_since(conn: &mut AnyConnection, after: Revision) -> Result<Option<Option<Pause>>, StoreError> {
    let rows = since(conn, after.0, i64::MAX)?;
    let Some(last) = rows.last() else { return Ok(None) };
    if !last.holds() {
        return Ok(Some(None));
    }
    Ok(Some(Some(Pause {
        id: PauseId::parse(&last.id).map_err(|_| StoreError::damaged("the id of a pause"))?,
        reason: Bilingual { zh: last.reason_zh.clone(), en: last.reason_en.clone() },
        since: Instant::from_micros(last.paused_at),
        revision: Revision(last.revision),
    })))
}
