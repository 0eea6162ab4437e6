//! Certificates as signed files: made once per certificate and language, handed out again as they are, and known by their hash for ever.
//!
//! The bytes lie where documents lie; whoever asks over HTTP puts them there before the fact that names them. Invariants: a file is signed
//! only while the listing stands as the certificate says; every file that was handed out is on record with its hash.

pub mod font;
pub mod keys;

use super::App;
use super::certificates::Checked;
use super::error::AppError;
use crate::domain::actor::Caller;
use crate::domain::certificate::{CertificateCode, FileStanding};
use crate::domain::error::Rule;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::register::OFFICERS;
use crate::pdf::{PdfFault, Sheet};
pub use crate::store::certificate_files::CertificateFileRow;
pub use crate::store::document_keys::DocumentKeyRow;
use crate::store::keep::certificates::{self, CertificateRow};
use crate::store::{AnyConnection, Context, StoreError, certificate_files, log};
use crate::tlog::Hash;
use sha2::{Digest as _, Sha256};

/// What is there before a file is handed out.
pub enum Asked {
    /// The file that was made before.
    Kept(Box<CertificateFileRow>),
    /// What a file is to be made of.
    Wanted(Box<Wanted>),
}

/// What a file is made of.
pub struct Wanted {
    /// The certificate, and how the listing stands.
    pub checked: Checked,
    /// The log as it stands.
    pub head: Head,
}

/// A head of the log.
#[derive(Debug, Clone)]
pub struct Head {
    /// Name of the log.
    pub origin: String,
    /// Entries.
    pub size: i64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// A file that was made, and is not on record yet.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The file.
    pub bytes: Vec<u8>,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    kid: String,
    list_revision: i64,
    issued_at: i64,
}

/// A file that was issued, and how its listing stands.
#[derive(Debug, Clone)]
pub struct CheckedFile {
    /// What is on record.
    pub file: CertificateFileRow,
    /// The key that signed it, as it stands.
    pub key: DocumentKeyRow,
    /// The listing then and now.
    pub checked: Checked,
}

/// A file of a listing, for its history.
#[derive(Debug, Clone)]
pub struct PastFile {
    /// What is on record.
    pub file: CertificateFileRow,
    /// Whether the caller may know who asked for it.
    pub shows_who: bool,
    /// What became of what it shows.
    pub standing: FileStanding,
}

/// A page of the history, newest first.
#[derive(Debug, Clone)]
pub struct History {
    /// The files.
    pub items: Vec<PastFile>,
    /// Behind which revision the next page begins.
    pub next: Option<i64>,
}

/// The certificate that a file shows, as far as it is on record.
fn shown(row: &CertificateFileRow) -> CertificateRow {
    CertificateRow {
        code: String::new(),
        listing: row.listing.clone(),
        revision: row.list_revision,
        issued_to: row.asked_for.clone(),
        issued_at: row.issued_at,
        file_zh: None,
        file_en: None,
    }
}

/// Whether the key of a file still signs.
fn signs(conn: &mut AnyConnection, row: &CertificateFileRow) -> Result<bool, StoreError> {
    Ok(keys::standing(conn, &row.kid)?.is_some_and(|key| key.retires_at.is_none()))
}

/// Finds the file that a certificate is handed out as.
fn kept(
    conn: &mut AnyConnection,
    certificate: &CertificateRow,
    lang: Lang,
) -> Result<Option<CertificateFileRow>, StoreError> {
    let Some(sha256) = certificate.file(lang) else { return Ok(None) };
    match certificate_files::find(conn, sha256)? {
        Some(row) if signs(conn, &row)? => Ok(Some(row)),
        Some(_) | None => Ok(None),
    }
}

impl App {
    /// Finds the file of a certificate, or what it is to be made of. `lost` is what was there and cannot be read any more.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for listings of others; [`AppError::Refused`] where the listing no longer stands as the certificate says.
    pub fn certificate_file(
        &self,
        caller: &Caller,
        number: ListingNumber,
        code: CertificateCode,
        lang: Lang,
        lost: Option<&str>,
    ) -> Result<Asked, AppError> {
        self.listing(caller, number, None, None)?;
        let checked = self.certificate(number, code)?;
        let (found, (size, root)) = self.store.read(|conn| {
            let found = kept(conn, &checked.certificate.0, lang)?.filter(|row| lost != Some(row.sha256.as_str()));
            Ok::<_, StoreError>((found, log::read_root(conn)?))
        })?;
        if let Some(row) = found {
            return Ok(Asked::Kept(Box::new(row)));
        }
        if !checked.is_unchanged() {
            return Err(AppError::refused(Rule::CertificateOutdated));
        }
        let head = Head { origin: self.installation.origin.clone(), size, root };
        Ok(Asked::Wanted(Box::new(Wanted { checked, head })))
    }

    /// Writes a file and signs it.
    ///
    /// # Errors
    /// [`AppError::NoFont`]; [`AppError::Unrecorded`] while this node has no key; the store's failure.
    pub fn sign_certificate(&self, wanted: &Wanted, sheet: &Sheet) -> Result<Signed, AppError> {
        let font = self.font.read().map_err(AppError::NoFont)?;
        let unsigned = sheet.write(font.font().map_err(|fault| AppError::NoFont(fault.to_string()))?);
        let unsigned = unsigned.map_err(|fault| match fault {
            PdfFault::Font(fault) => AppError::NoFont(format!("{}: {fault}", font.path().display())),
            fault @ (PdfFault::Der(_) | PdfFault::Key | PdfFault::Room | PdfFault::Code) => AppError::unwritable(fault),
        })?;
        let key = self.document_keys.take(&self.store, &self.installation, self.clock.now())?;
        let key = key.ok_or(AppError::Unrecorded)?;
        let signature = key.sign(&unsigned.parts())?;
        let bytes = unsigned.signed(&signature).map_err(AppError::unwritable)?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let CertificateRow { revision, issued_at, .. } = wanted.checked.certificate.0;
        Ok(Signed { bytes, sha256, kid: key.kid, list_revision: revision, issued_at })
    }

    /// Puts a file on record, whose bytes lie in their place. Another that was faster is returned in its stead.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where the certificate is gone; the store's failure.
    pub fn record_certificate_file(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        code: CertificateCode,
        lang: Lang,
        signed: &Signed,
        lost: Option<String>,
    ) -> Result<CertificateFileRow, AppError> {
        let asked_for = caller.acting_for.map_or_else(|| caller.org.to_string(), |uscc| uscc.to_string());
        let context: Context = self.context(caller, request_id);
        let Signed { bytes, sha256, kid, list_revision, issued_at } = signed.clone();
        let size = i64::try_from(bytes.len()).map_err(StoreError::damaged)?;
        let enterprise = self.store.read(|conn| {
            let row = certificates::find(conn, &code.to_string())?.ok_or(AppError::NotFound)?;
            let first = crate::store::listings::versions(conn, &row.listing)?.into_iter().next();
            first.map(|first| first.enterprise).ok_or(AppError::NotFound)
        })?;
        let written = self.store.write(context, move |tx| {
            let code = code.to_string();
            let certificate = certificates::find(tx.conn(), &code)?.ok_or(AppError::NotFound)?;
            if let Some(other) = kept(tx.conn(), &certificate, lang)?.filter(|row| lost.as_ref() != Some(&row.sha256)) {
                return Ok(other);
            }
            let row = CertificateFileRow {
                sha256,
                version: 1,
                revision: tx.next_revision().0,
                listing: certificate.listing,
                enterprise,
                list_revision,
                issued_at,
                lang: lang.pick("zh", "en").to_owned(),
                size,
                kid,
                asked_by: tx.person()?.to_string(),
                asked_for,
                recorded_at: tx.context().at.micros(),
            };
            tx.save(row.clone(), None, "certificate_file.signed")?;
            certificates::note_file(tx.conn(), &code, lang, &row.sha256)?;
            Ok::<_, AppError>(row)
        })?;
        Ok(written.value)
    }

    /// Lists the files of a listing, newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for listings of others.
    pub fn certificate_file_history(
        &self,
        caller: &Caller,
        number: ListingNumber,
        before: i64,
        limit: usize,
    ) -> Result<History, AppError> {
        self.listing(caller, number, None, None)?;
        let office = caller.roles.intersects(OFFICERS);
        let wanted = i64::try_from(limit).unwrap_or(200).saturating_add(1);
        let mut rows =
            self.store.read(|conn| certificate_files::of_listing(conn, &number.to_string(), before, wanted))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.revision);
        let mut items = Vec::new();
        for file in rows {
            let standing = self.as_it_was(number, shown(&file))?.standing();
            let own = caller.acting_for.map_or_else(|| caller.org.to_string(), |uscc| uscc.to_string());
            items.push(PastFile { shows_who: office || file.asked_for == own, standing, file });
        }
        Ok(History { items, next })
    }

    /// Finds a file by the SHA-256 of its bytes, with how its listing stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where no such file was issued.
    pub fn check_certificate_file(&self, sha256: &[u8; 32]) -> Result<CheckedFile, AppError> {
        let (file, key) = self.store.read(|conn| {
            let file = certificate_files::find(conn, &hex::encode(sha256))?.ok_or(AppError::NotFound)?;
            let key = keys::standing(conn, &file.kid)?;
            let key = key.ok_or_else(|| StoreError::damaged("a file is signed with a key on record"))?;
            Ok::<_, AppError>((file, key))
        })?;
        let number = ListingNumber::parse(&file.listing).map_err(|_| StoreError::damaged("the number of a listing"))?;
        let checked = self.as_it_was(number, shown(&file))?;
        Ok(CheckedFile { file, key, checked })
    }
}
