//! Findings of inspections: recorded at an enterprise with documents by their hash, closed with an outcome.

use super::App;
use super::error::AppError;
use super::notices::tell;
use super::repeat::{Repeat, Written};
use super::report::scope;
use super::view::Page;
use crate::domain::actor::Caller;
use crate::domain::code::Uscc;
use crate::domain::error::Rule;
use crate::domain::finding::{FindingKind, FindingOutcome};
use crate::domain::id::{FindingId, time_ordered};
use crate::domain::listing_number::ListingNumber;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
pub use crate::store::findings::FindingRow;
use crate::store::private::random;
use crate::store::{StoreError, Tx, enterprises, findings, listings};

/// A finding as it is recorded.
#[derive(Debug, Clone)]
pub struct NewFinding {
    /// Where.
    pub enterprise: Uscc,
    /// About which listing, if about one.
    pub listing: Option<ListingNumber>,
    /// When.
    pub found_on: LegalDay,
    /// About what.
    pub kind: FindingKind,
    /// What was found.
    pub text: String,
    /// SHA-256 of the documents, hexadecimal.
    pub documents: Vec<String>,
}

/// How a finding ends.
#[derive(Debug, Clone)]
pub struct Closing {
    /// Outcome.
    pub outcome: FindingOutcome,
    /// In words.
    pub text: Option<String>,
}

impl App {
    /// Records a finding.
    ///
    /// # Errors
    /// [`AppError::Refused`] for an enterprise or listing that does not exist, or a day to come; the store's failure.
    pub fn record_finding(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        new: NewFinding,
        repeat: Repeat<FindingRow>,
    ) -> Result<Written<FindingRow>, AppError> {
        self.repeatable(self.context(caller, request_id), repeat, move |tx| record(tx, new))
    }

    /// Closes a finding.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when it is closed; the store's failure.
    pub fn close_finding(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: FindingId,
        seen: Revision,
        closing: Closing,
        repeat: Repeat<FindingRow>,
    ) -> Result<Written<FindingRow>, AppError> {
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = findings::find(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
            if row.revision != seen.0 {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            if row.outcome.is_some() {
                return Err(AppError::Conflict(Revision(row.revision)));
            }
            let at = tx.context().at;
            let closed = FindingRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                outcome: Some(closing.outcome.as_str().to_owned()),
                outcome_text: closing.text,
                closed_on: Some(at.day().value()),
                recorded_at: at.micros(),
                ..row.clone()
            };
            tx.save(closed.clone(), Some(&row), "finding.closed")?;
            Ok(closed)
        })
    }

    /// Finds a finding.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of another enterprise.
    pub fn finding(&self, caller: &Caller, id: FindingId) -> Result<FindingRow, AppError> {
        let own = scope(caller)?;
        let row = self.store.read(|conn| findings::find(conn, &id.to_string()))?;
        row.filter(|row| own.is_none_or(|uscc| uscc.as_str() == row.enterprise)).ok_or(AppError::NotFound)
    }

    /// Lists findings in order of id, if asked only open or closed ones.
    ///
    /// # Errors
    /// The store's failure.
    pub fn findings(
        &self,
        caller: &Caller,
        (enterprise, open): (Option<Uscc>, Option<bool>),
        after: &str,
        limit: usize,
    ) -> Result<Page<FindingRow>, AppError> {
        let own = scope(caller)?;
        if own.is_some() && enterprise.is_some() && own != enterprise {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let enterprise = own.or(enterprise).map(|uscc| uscc.to_string());
        let size = i64::try_from(limit.max(1)).unwrap_or(200);
        self.store.read(|conn| {
            let (mut items, mut cursor) = (Vec::new(), after.to_owned());
            loop {
                let rows = findings::list(conn, enterprise.as_deref(), &cursor, size)?;
                let short = i64::try_from(rows.len()).unwrap_or(size) < size;
                for row in rows {
                    cursor.clone_from(&row.id);
                    if open.is_none_or(|open| open == row.outcome.is_none()) {
                        items.push(row);
                    }
                    if items.len() == limit {
                        return Ok(Page { items, next: Some(cursor) });
                    }
                }
                if short {
                    return Ok(Page { items, next: None });
                }
            }
        })
    }
}

fn record(tx: &mut Tx<'_>, new: NewFinding) -> Result<FindingRow, AppError> {
    let at = tx.context().at;
    if enterprises::versions(tx.conn(), new.enterprise.as_str())?.is_empty() {
        return Err(AppError::refused(Rule::EnterpriseUnknown));
    }
    if let Some(number) = new.listing {
        let last = listings::versions(tx.conn(), &number.to_string())?.pop();
        if last.is_none_or(|row| row.enterprise != new.enterprise.as_str()) {
            return Err(AppError::refused(Rule::ListingUnknown));
        }
    }
    if new.found_on > at.day() {
        return Err(AppError::refused(Rule::DayToCome));
    }
    let row = FindingRow {
        id: FindingId::new(time_ordered(at, random()?)).to_string(),
        version: 1,
        revision: tx.next_revision().0,
        enterprise: new.enterprise.to_string(),
        listing: new.listing.map(|number| number.to_string()),
        found_on: new.found_on.value(),
        kind: new.kind.as_str().to_owned(),
        text: new.text,
        documents: serde_json::to_string(&new.documents).map_err(StoreError::damaged)?,
        outcome: None,
        outcome_text: None,
        closed_on: None,
        recorded_at: at.micros(),
    };
    tx.save(row.clone(), None, "finding.recorded")?;
    let about = format!("/v1/findings/{}", row.id);
    let notice = Notice::new(Addressee::Enterprise(new.enterprise), NoticeKind::FindingRecorded, about);
    tell(tx, &notice.with("enterprise", &row.enterprise).with("finding", &row.id))?;
    Ok(row)
}
