//! The keys that sign files: made when the first file is asked for, changed in turn, their history in the log.
//!
//! As with the keys of answers, the private half lies in the data folder, in a file named by the key's id (SHA-256 of the public key, RFC 4648
//! section 5), and the public half, here a certificate, and its time are facts; every data folder has a key of its own. Invariant: what
//! signs is on record before it signs.

use crate::app::found::system;
use crate::app::keys::DataFolder;
use crate::app::receipts::keys::{ending, new_pem};
use crate::app::{App, AppError};
use crate::domain::receipt::{AnswerAlgorithm, KeyEnd};
use crate::domain::validity::Instant;
use crate::pdf::{cms, x509};
use crate::store::document_keys::{self, DocumentKeyRow};
use crate::store::private::random;
use crate::store::signing_keys::SigningKey as _;
use crate::store::{AnyConnection, Installation, Store, StoreError};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// The name of the service where it makes and changes its keys.
const KEYS: &str = "document-keys";

/// What an installation is, in the certificates of its keys.
const ORGANISATION: &str = "Import white list for biopharma R&D goods";

/// Where the keys of this node lie.
#[derive(Default)]
pub struct DocumentKeys {
    folder: Option<DataFolder>,
    /// Held while a key is looked for: two first files need one key.
    looking: Mutex<()>,
}

/// A key that signs files.
pub struct DocumentKey {
    /// Its id.
    pub kid: String,
    certificate: Vec<u8>,
    pair: EcdsaKeyPair,
}

impl DocumentKey {
    /// Signs parts of a file, as one.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when the key does not sign.
    pub fn sign(&self, parts: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
        cms::sign(parts, &self.certificate, |bytes| signature(&self.pair, bytes)).map_err(broken)
    }
}

fn broken(fault: crate::pdf::PdfFault) -> StoreError {
    tracing::error!(error = %fault, "a file could not be signed");
    StoreError::Broken
}

fn signature(pair: &EcdsaKeyPair, bytes: &[u8]) -> Option<Vec<u8>> {
    pair.sign(&SystemRandom::new(), bytes).ok().map(|signature| signature.as_ref().to_vec())
}

fn pair(pem: &str) -> Result<EcdsaKeyPair, StoreError> {
    let unusable = |what: &dyn std::fmt::Display| StoreError::File(format!("a key of files: {what}"));
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(text.trim()).map_err(|error| unusable(&error))?;
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der).map_err(|error| unusable(&error))
}

fn kid(pair: &EcdsaKeyPair) -> Result<String, StoreError> {
    let public = x509::public_key(pair.public_key().as_ref()).map_err(broken)?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(public)))
}

fn certificate(row: &DocumentKeyRow) -> Result<Vec<u8>, StoreError> {
    STANDARD.decode(&row.certificate).map_err(StoreError::damaged)
}

impl DocumentKeys {
    /// Says where they lie; without a folder nothing is signed.
    #[must_use]
    pub fn new(folder: Option<DataFolder>) -> Self {
        Self { folder, looking: Mutex::default() }
    }

    /// Takes the key of the data folder that is to sign, making one where there is none; no key where there is no folder.
    ///
    /// # Errors
    /// [`StoreError`] when the folder or the log cannot be read or written.
    pub fn take(
        &self,
        store: &Store,
        installation: &Installation,
        at: Instant,
    ) -> Result<Option<DocumentKey>, StoreError> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let _looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        for row in store.read(document_keys::standing)?.into_iter().rev().filter(|row| row.retires_at.is_none()) {
            if let Some(pem) = folder.read_document_key(&row.kid)? {
                let (certificate, pair) = (certificate(&row)?, pair(&pem)?);
                return Ok(Some(DocumentKey { kid: row.kid, certificate, pair }));
            }
        }
        introduce(store, folder, installation, Vec::new(), KeyEnd::Scheduled, at).map(Some)
    }
}

/// Makes a new key, and retires others of the same folder in the same transaction.
fn introduce(
    store: &Store,
    folder: &DataFolder,
    installation: &Installation,
    others: Vec<String>,
    why: KeyEnd,
    at: Instant,
) -> Result<DocumentKey, StoreError> {
    let pem = new_pem(AnswerAlgorithm::Es256)?;
    let pair = pair(&pem)?;
    let kid = kid(&pair)?;
    let host = installation.origin.split('/').next().unwrap_or_default();
    let holder = x509::Holder { name: host, organisation: ORGANISATION };
    let seconds = u64::try_from(at.micros().div_euclid(1_000_000)).map_err(StoreError::damaged)?;
    let issued = x509::issue(holder, pair.public_key().as_ref(), random()?, seconds, |bytes| signature(&pair, bytes));
    let certificate = issued.map_err(broken)?;
    // The file first: a key that is on record can sign.
    folder.keep_document_key(&kid, &pem)?;
    let (id, text) = (kid.clone(), STANDARD.encode(&certificate));
    store.write(system(KEYS, at), move |tx| {
        let row = DocumentKeyRow {
            kid: id,
            version: 1,
            revision: tx.next_revision().0,
            certificate: text,
            introduced_at: at.micros(),
            retires_at: None,
            reason: None,
            recorded_at: at.micros(),
        };
        row.take_turn(tx, &others, ending(why, at))
    })?;
    Ok(DocumentKey { kid, certificate, pair })
}

/// Finds a key as it stands.
///
/// # Errors
/// The database's failure.
pub fn standing(conn: &mut AnyConnection, kid: &str) -> Result<Option<DocumentKeyRow>, StoreError> {
    Ok(document_keys::standing(conn)?.into_iter().find(|row| row.kid == kid))
}

/// Writes a key's certificate as PEM (RFC 7468), behind lines that say what is known of the key.
fn published(text: &mut String, row: &DocumentKeyRow) -> Result<(), StoreError> {
    let holder = x509::holder(&certificate(row)?).map_err(StoreError::damaged)?;
    let lines: Vec<&str> =
        row.certificate.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let retires = match (row.retires_at, &row.reason) {
        (Some(at), Some(reason)) => format!("{} ({reason})", Instant::from_micros(at)),
        (Some(at), None) => Instant::from_micros(at).to_string(),
        (None, _) => "-".to_owned(),
    };
    // Writing into a string does not fail.
    let _ = write!(
        text,
        "key {}\nholder {holder}\nintroduced {}\nretires {retires}\nrevision {}\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        row.kid,
        Instant::from_micros(row.introduced_at),
        row.revision,
        lines.join("\n"),
    );
    Ok(())
}

impl App {
    /// Introduces a new key for this data folder and retires those it has; returns the id of the new one.
    ///
    /// # Errors
    /// The store's failure.
    pub fn change_document_key(&self, folder: &DataFolder, why: KeyEnd) -> Result<String, AppError> {
        let mut others = Vec::new();
        for row in self.store.read(document_keys::standing)? {
            if row.retires_at.is_none() && folder.read_document_key(&row.kid)?.is_some() {
                others.push(row.kid);
            }
        }
        Ok(introduce(&self.store, folder, &self.installation, others, why, self.clock.now())?.kid)
    }

    /// Writes the certificates of the keys that sign files, retired ones too, newest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn document_keys(&self) -> Result<String, AppError> {
        let mut text = String::new();
        for row in self.store.read(document_keys::standing)?.iter().rev() {
            published(&mut text, row)?;
        }
        Ok(text)
    }
}
