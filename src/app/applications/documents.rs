//! Documents of an application: attached by its enterprise, scanned, removed, listed and handed out to whom the case is.
//!
//! Bytes are not seen here: they lie by their hash elsewhere, written before the fact and removed when it fails.

use super::checks::handed_in;
use super::visible;
use crate::app::App;
use crate::app::error::AppError;
use crate::app::repeat::{Repeat, Written};
use crate::app::report::{own, own_or_fault};
use crate::domain::actor::Caller;
use crate::domain::application::State;
use crate::domain::document::{Media, ScanState};
use crate::domain::error::Rule;
use crate::domain::fault::FaultCode;
use crate::domain::id::{ApplicationId, DocumentId, time_ordered};
use crate::domain::revision::Revision;
pub use crate::store::documents::DocumentRow;
use crate::store::keep::drafts;
use crate::store::private::random;
use crate::store::{AnyConnection, StoreError, applications, documents};

/// Most documents of one application.
const MOST_DOCUMENTS: usize = 100;

/// A document that was taken and whose bytes lie in their place.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Kind of document, as the scheme names it.
    pub kind: String,
    /// Name of the file.
    pub name: String,
    /// What it is.
    pub media: Media,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: usize,
    /// What a scanner said.
    pub scan: ScanState,
}

impl App {
    /// Says whether the caller may attach documents to an application now: to a draft, or when a correction is asked.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for those of others, [`AppError::Conflict`] in any other state.
    pub fn may_attach(&self, caller: &Caller, id: ApplicationId, kind: Option<&str>) -> Result<(), AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        let today = self.clock.now().day();
        self.store.read(|conn| {
            let scheme = open_for(conn, &enterprise, &id.to_string())?;
            let scheme = crate::app::adjust::scheme_in_force(conn, &scheme, today)?;
            let known = |kind: &str| scheme.eligibility.documents.iter().any(|known| known.code == kind);
            match kind.filter(|kind| !known(kind)) {
                Some(_) => Err(AppError::Faults(vec![("/kind".to_owned(), FaultCode::ValueUnknown)])),
                None => Ok(()),
            }
        })
    }

    /// Attaches a document.
    ///
    /// # Errors
    /// As [`App::may_attach`]; [`AppError::Refused`] beyond the most that an application may bring.
    pub fn attach(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        taken: Taken,
        repeat: Repeat<DocumentRow>,
    ) -> Result<Written<DocumentRow>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let application = id.to_string();
            open_for(tx.conn(), &enterprise, &application)?;
            if handed_in(tx.conn(), &application)?.len() >= MOST_DOCUMENTS {
                return Err(AppError::refused(Rule::TooManyDocuments));
            }
            let at = tx.context().at;
            let row = DocumentRow {
                id: DocumentId::new(time_ordered(at, random()?)).to_string(),
                version: 1,
                revision: tx.next_revision().0,
                application,
                enterprise,
                kind: taken.kind,
                sha256: taken.sha256,
                size: i64::try_from(taken.size).map_err(StoreError::damaged)?,
                media: taken.media.as_str().to_owned(),
                name: taken.name,
                scan: taken.scan.as_str().to_owned(),
                removed: 0,
                uploaded_by: tx.person()?.to_string(),
                recorded_at: at.micros(),
            };
            tx.save(row.clone(), None, "document.uploaded")?;
            Ok(row)
        })
    }

    /// Takes a document from its application; what was lodged with it keeps its hash.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when the application is not open.
    pub fn remove_document(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: DocumentId,
        seen: Revision,
        repeat: Repeat<DocumentRow>,
    ) -> Result<Written<DocumentRow>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let before = documents::find(tx.conn(), &id.to_string())?;
            let before = before.filter(|row| row.enterprise == enterprise).ok_or(AppError::NotFound)?;
            if before.revision != seen.0 {
                return Err(AppError::StaleVersion(Revision(before.revision)));
            }
            open_for(tx.conn(), &enterprise, &before.application)?;
            if before.removed == 1 {
                return Err(AppError::Conflict(seen));
            }
            let row = DocumentRow {
                version: before.version.saturating_add(1),
                revision: tx.next_revision().0,
                removed: 1,
                recorded_at: tx.context().at.micros(),
                ..before.clone()
            };
            tx.save(row.clone(), Some(&before), "document.removed")?;
            Ok(row)
        })
    }

    /// Puts on record what a scanner said of a document that waited for it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Conflict`] when a scanner has spoken already.
    pub fn record_scan(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: DocumentId,
        scan: ScanState,
        repeat: Repeat<DocumentRow>,
    ) -> Result<Written<DocumentRow>, AppError> {
        let caller = caller.clone();
        self.repeatable(self.context(&caller, request_id), repeat, move |tx| {
            let before = readable(tx.conn(), &caller, &id.to_string())?;
            if waits(&before)? {
                let row = DocumentRow {
                    version: before.version.saturating_add(1),
                    revision: tx.next_revision().0,
                    scan: scan.as_str().to_owned(),
                    recorded_at: tx.context().at.micros(),
                    ..before.clone()
                };
                tx.save(row.clone(), Some(&before), "document.scanned")?;
                return Ok(row);
            }
            Err(AppError::Conflict(Revision(before.revision)))
        })
    }

    /// Lists the documents of an application as known at a revision, those that were removed left out.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for applications that the caller may not see.
    pub fn documents(
        &self,
        caller: &Caller,
        id: ApplicationId,
        as_of: Option<Revision>,
    ) -> Result<Vec<DocumentRow>, AppError> {
        self.is_known(as_of)?;
        self.store.read(|conn| {
            let id = id.to_string();
            may_see(conn, caller, &id)?;
            let Some(at) = as_of else { return Ok(handed_in(conn, &id)?) };
            let mut rows = documents::known_of_application(conn, &id, at.0)?;
            rows.retain(|row| row.removed == 0);
            Ok(rows)
        })
    }

    /// Finds a document that the caller may see.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn document(&self, caller: &Caller, id: DocumentId) -> Result<DocumentRow, AppError> {
        self.store.read(|conn| readable(conn, caller, &id.to_string()))
    }

    /// Whether any document has these bytes.
    ///
    /// # Errors
    /// The store's failure.
    pub fn is_referred_to(&self, sha256: &str) -> Result<bool, AppError> {
        Ok(self.store.read(|conn| documents::with_hash(conn, sha256))?)
    }
}

/// Whether a document waits for a scanner.
///
/// # Errors
/// [`StoreError::Damaged`] when its state is none.
pub fn waits(row: &DocumentRow) -> Result<bool, StoreError> {
    match scan_state(row)? {
        ScanState::Unscanned | ScanState::Failed => Ok(true),
        ScanState::Clean | ScanState::Infected => Ok(false),
    }
}

/// Reads what a scanner said of a document.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none of the words.
pub fn scan_state(row: &DocumentRow) -> Result<ScanState, StoreError> {
    ScanState::parse(&row.scan).ok_or_else(|| StoreError::Damaged(format!("the scan of {}", row.id)))
}

fn readable(conn: &mut AnyConnection, caller: &Caller, id: &str) -> Result<DocumentRow, AppError> {
    let row = documents::find(conn, id)?.ok_or(AppError::NotFound)?;
    may_see(conn, caller, &row.application)?;
    Ok(row)
}

fn may_see(conn: &mut AnyConnection, caller: &Caller, application: &str) -> Result<(), AppError> {
    match drafts::find(conn, application)? {
        Some(draft) if own(caller).is_some_and(|own| own.to_string() == draft.enterprise) => Ok(()),
        Some(_) => Err(AppError::NotFound),
        None => visible(conn, caller, application).map(drop),
    }
}

/// Returns the scheme of an application whose documents may change now.
fn open_for(conn: &mut AnyConnection, enterprise: &str, application: &str) -> Result<String, AppError> {
    if let Some(draft) = drafts::find(conn, application)?.filter(|draft| draft.enterprise == enterprise) {
        return Ok(draft.scheme);
    }
    let row = applications::find(conn, application)?.filter(|row| row.enterprise == enterprise);
    let row = row.ok_or(AppError::NotFound)?;
    if row.state()? == State::Asked { Ok(row.scheme) } else { Err(AppError::Conflict(Revision(row.revision))) }
}
