//! Erasing personal data: one administrator proposes, another confirms, and from then on the values are nowhere.
//!
//! Leaves, tree and proofs stay: they only ever held commitments. The rows forget, the sealed values and the keys that
//! nothing else is sealed under are destroyed, and the entry of the erasure commits to what is left of each row. Invariant:
//! all of it happens in the transaction of the confirmation, or nothing.

use super::App;
use super::error::AppError;
use super::people::persons::behind;
use super::repeat::{Repeat, Written};
use super::view::Page;
use crate::domain::actor::Caller;
use crate::domain::adjustment::four_eyes;
use crate::domain::code::Uscc;
use crate::domain::erasure::{ErasureState, Ground, Subject};
use crate::domain::error::Rule;
use crate::domain::id::{ErasureId, PersonId, time_ordered};
use crate::domain::revision::Revision;
use crate::store::erasures::{self, ErasedRow, Personal};
use crate::store::keep::{forget, report_jobs};
use crate::store::private::random;
use crate::store::{StoreError, Tx, register};

pub use crate::store::erasures::ErasureRow;

/// Whose data are to be erased.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    /// Those of a registered person.
    Person(PersonId),
    /// Those of whoever an enterprise named.
    Contact(Uscc),
}

impl Whose {
    fn kind(self) -> Subject {
        match self {
            Self::Person(_) => Subject::Person,
            Self::Contact(_) => Subject::Contact,
        }
    }

    fn subject(self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::Contact(uscc) => uscc.to_string(),
        }
    }
}

impl App {
    /// Lists erasures in order of id.
    ///
    /// # Errors
    /// The store's failure.
    pub fn erasures(&self, after: &str, limit: usize) -> Result<Page<ErasureRow>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = self.store.read(|conn| erasures::list(conn, after, most))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|row| row.id.clone());
        Ok(Page { items, next })
    }

    /// Finds an erasure.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; the store's failure.
    pub fn erasure(&self, id: ErasureId) -> Result<ErasureRow, AppError> {
        self.store.read(|conn| erasures::find(conn, &id.to_string()))?.ok_or(AppError::NotFound)
    }

    /// Proposes to erase somebody's personal data.
    ///
    /// # Errors
    /// [`AppError::Refused`] when the person may still act or there is nothing to erase; the store's failure.
    pub fn propose_erasure(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        whose: Whose,
        ground: Ground,
        repeat: Repeat<ErasureRow>,
    ) -> Result<Written<ErasureRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            let rows = to_erase(tx, whose.kind(), &whose.subject())?;
            let row = ErasureRow {
                id: ErasureId::new(time_ordered(tx.context().at, random()?)).to_string(),
                version: 1,
                revision: tx.next_revision().0,
                subject_kind: whose.kind().as_str().to_owned(),
                subject: whose.subject(),
                ground: ground.as_str().to_owned(),
                state: ErasureState::Proposed.as_str().to_owned(),
                row_count: count(rows.len()),
                rows: None,
                proposed_by: tx.person()?.to_string(),
                decided_by: None,
                recorded_at: tx.context().at.micros(),
            };
            tx.save(row.clone(), None, "privacy.erasure_proposed")?;
            Ok(row)
        })
    }

    /// Decides on a proposed erasure that the caller saw at a revision; confirming it erases.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when it is decided already,
    /// [`AppError::Refused`] by four eyes, or when there is nothing to erase any more; the store's failure.
    pub fn decide_erasure(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (id, seen): (ErasureId, Revision),
        confirm: bool,
        repeat: Repeat<ErasureRow>,
    ) -> Result<Written<ErasureRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            let row = erasures::find(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
            if seen.0 != row.revision {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            if row.state != ErasureState::Proposed.as_str() {
                return Err(AppError::Conflict(Revision(row.revision)));
            }
            let by = tx.person()?;
            four_eyes(behind(tx, &row.proposed_by)?, by).map_err(AppError::refused)?;
            let next = ErasureRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                state: if confirm { ErasureState::Confirmed } else { ErasureState::Refused }.as_str().to_owned(),
                decided_by: Some(by.to_string()),
                recorded_at: tx.context().at.micros(),
                ..row.clone()
            };
            if confirm {
                return erase(tx, &row, next);
            }
            tx.save(next.clone(), Some(&row), "privacy.erasure_refused")?;
            Ok(next)
        })
    }
}

/// Reads the rows of a subject that hold personal values, when they may be erased.
fn to_erase(tx: &mut Tx<'_>, kind: Subject, subject: &str) -> Result<Vec<Personal>, AppError> {
    if kind == Subject::Person {
        let person = register::person(tx.conn(), subject)?.ok_or_else(|| AppError::refused(Rule::NothingToErase))?;
        if person.active != 0 {
            return Err(AppError::refused(Rule::PersonActive));
        }
    }
    let mut rows = erasures::personal(tx.conn(), kind, subject)?;
    rows.retain(|row| row.erased().is_some());
    if rows.is_empty() { Err(AppError::refused(Rule::NothingToErase)) } else { Ok(rows) }
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}

fn erase(tx: &mut Tx<'_>, before: &ErasureRow, next: ErasureRow) -> Result<ErasureRow, AppError> {
    let kind = Subject::parse(&next.subject_kind).map_err(|_| StoreError::damaged("a subject of an erasure"))?;
    let rows = to_erase(tx, kind, &next.subject)?;
    let values: Vec<String> = rows.iter().flat_map(Personal::values).collect();
    let erased: Vec<Personal> = rows.iter().filter_map(Personal::erased).collect();
    let kept = erased.iter().map(Personal::kept).collect::<Result<Vec<ErasedRow>, _>>()?;
    let revisions: Vec<i64> = kept.iter().map(|row| row.revision).collect();
    let rows = serde_json::to_string(&kept).map_err(StoreError::damaged)?;
    let next = ErasureRow { row_count: count(kept.len()), rows: Some(rows), ..next };
    tx.save(next.clone(), Some(before), "privacy.erased")?;
    // The tables forget only behind a confirmed erasure.
    tx.flush()?;
    erased.iter().try_for_each(|row| row.write(tx.conn()))?;
    tx.forget(&revisions)?;
    if kind == Subject::Person {
        let mut ids = vec![next.subject.clone()];
        ids.extend(register::accounts_of(tx.conn(), &next.subject)?.into_iter().map(|(id, _, _)| id));
        forget::accounts(tx.conn(), &ids)?;
        tx.forget_people();
    } else {
        let at = tx.context().at;
        forget::contacts(tx.conn(), &next.subject, at)?;
    }
    forget::values(tx.conn(), &values)?;
    report_jobs::forget_all(tx.conn())?;
    Ok(next)
}
