//! The keys that sign answers: made at the first start, changed in turn, their history in the log.
//!
//! The private half lies in the data folder, in a file named by the key's id (RFC 7638 thumbprint); the public half and
//! its time are facts. Every data folder has a key of its own, so that nodes which share none disturb no other. A key
//! that is changed goes on being trusted for ten minutes, until every running node has taken the new one.

use crate::app::found::system;
use crate::app::keys::DataFolder;
use crate::app::{App, AppError};
use crate::domain::receipt::{AnswerAlgorithm, KeyEnd, NationalUse};
use crate::domain::validity::Instant;
use crate::store::answer_keys::{self, AnswerKeyRow};
use crate::store::national_keys::{self, NationalKeyRow};
use crate::store::private::random;
use crate::store::signing_keys::{Ending, SigningKey as _};
use crate::store::{AnyConnection, Store, StoreError, installation};
use crate::tlog::sm2::Sm2Public;
use arc_swap::ArcSwapOption;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How long a key that is changed in turn may still sign, microseconds: ten minutes, ten looks of a running node.
const GRACE: i64 = 600_000_000;

/// What stands before the seed in the PKCS #8 form of an Ed25519 key (RFC 8410 section 7).
const ED25519_PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The name of the service where it makes and changes its keys.
const KEYS: &str = "answer-keys";

/// The library's name of an algorithm.
#[must_use]
pub const fn of_library(algorithm: AnswerAlgorithm) -> Algorithm {
    match algorithm {
        AnswerAlgorithm::EdDsa => Algorithm::EdDSA,
        AnswerAlgorithm::Es256 => Algorithm::ES256,
    }
}

/// How keys end that end now: trusted for a while, unless they are compromised.
#[must_use]
pub fn ending(why: KeyEnd, at: Instant) -> Ending {
    let trusted = match why {
        KeyEnd::Scheduled | KeyEnd::Algorithm => GRACE,
        KeyEnd::Compromised => 0,
    };
    Ending { trusted_until: at.micros().saturating_add(trusted), reason: why.as_str(), at: at.micros() }
}

/// A key that signs answers.
pub struct AnswerKey {
    kid: String,
    header: Header,
    private: EncodingKey,
}

impl AnswerKey {
    fn of_pem(pem: &str, algorithm: AnswerAlgorithm) -> Result<(Self, Jwk), StoreError> {
        let unusable = |error: jsonwebtoken::errors::Error| StoreError::File(format!("a key of answers: {error}"));
        let private = match algorithm {
            AnswerAlgorithm::EdDsa => EncodingKey::from_ed_pem(pem.as_bytes()),
            AnswerAlgorithm::Es256 => EncodingKey::from_ec_pem(pem.as_bytes()),
        };
        let private = private.map_err(unusable)?;
        let mut jwk = Jwk::from_encoding_key(&private, of_library(algorithm)).map_err(unusable)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(unusable)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let mut header = Header::new(of_library(algorithm));
        header.typ = Some(super::TYP.to_owned());
        header.kid = Some(kid.clone());
        Ok((Self { kid, header, private }, jwk))
    }

    /// Signs a receipt.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when the library cannot sign.
    pub fn sign(&self, receipt: &super::Receipt) -> Result<String, StoreError> {
        encode(&self.header, receipt, &self.private).map_err(|_| StoreError::Broken)
    }

    /// Signs other claims, whose header says what they are.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when the library cannot sign.
    pub fn sign_as(&self, typ: &str, claims: &impl Serialize) -> Result<String, StoreError> {
        let header = Header { typ: Some(typ.to_owned()), ..self.header.clone() };
        encode(&header, claims, &self.private).map_err(|_| StoreError::Broken)
    }

    /// Returns its id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

/// Makes the PEM of a new private key.
///
/// # Errors
/// [`StoreError::Broken`] when the library makes none.
pub fn new_pem(algorithm: AnswerAlgorithm) -> Result<String, StoreError> {
    let der = match algorithm {
        AnswerAlgorithm::EdDsa => [ED25519_PKCS8.as_slice(), &random::<32>()?].concat(),
        AnswerAlgorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| StoreError::Broken)?
            .as_ref()
            .to_vec(),
    };
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
}

/// Where the keys of this node lie, and the one that signs now.
pub struct AnswerKeys {
    place: Option<(DataFolder, AnswerAlgorithm)>,
    current: ArcSwapOption<AnswerKey>,
}

impl AnswerKeys {
    /// Says where they lie and how they sign; nothing is read yet.
    #[must_use]
    pub fn new(folder: DataFolder, algorithm: AnswerAlgorithm) -> Self {
        Self { place: Some((folder, algorithm)), current: ArcSwapOption::empty() }
    }

    /// For commands that answer a person, who needs no receipt.
    #[must_use]
    pub fn none() -> Self {
        Self { place: None, current: ArcSwapOption::empty() }
    }

    /// Returns the key that signs now; none while it could not be made.
    #[must_use]
    pub fn current(&self) -> Option<Arc<AnswerKey>> {
        self.current.load_full()
    }

    /// Takes the key of the data folder that is to sign, making one where there is none; says whether it is another.
    ///
    /// # Errors
    /// [`StoreError`] when the folder or the log cannot be read or written.
    pub fn take(&self, store: &Store, at: Instant) -> Result<bool, StoreError> {
        let Some((folder, algorithm)) = &self.place else { return Ok(false) };
        let (algorithm, mut others) = (*algorithm, Vec::new());
        let mut found = None;
        for row in store.read(answer_keys::standing)?.into_iter().rev().filter(|row| row.retires_at.is_none()) {
            let Some(pem) = folder.read_answer_key(&row.kid)? else { continue };
            if found.is_none() && row.algorithm == algorithm.as_str() {
                found = Some(AnswerKey::of_pem(&pem, algorithm)?.0);
            } else {
                others.push(row.kid);
            }
        }
        let key = match found {
            Some(key) => key,
            None => introduce(store, folder, algorithm, others, KeyEnd::Algorithm, at)?,
        };
        let other = self.current.load().as_ref().is_none_or(|current| current.kid != key.kid);
        if other {
            self.current.store(Some(Arc::new(key)));
        }
        Ok(other)
    }
}

/// Makes a new key, and retires others of the same folder in the same transaction.
fn introduce(
    store: &Store,
    folder: &DataFolder,
    algorithm: AnswerAlgorithm,
    others: Vec<String>,
    why: KeyEnd,
    at: Instant,
) -> Result<AnswerKey, StoreError> {
    let pem = new_pem(algorithm)?;
    let (key, jwk) = AnswerKey::of_pem(&pem, algorithm)?;
    let jwk = serde_json::to_string(&jwk).map_err(StoreError::damaged)?;
    // The file first: a key that is on record can sign.
    folder.keep_answer_key(&key.kid, &pem)?;
    let kid = key.kid.clone();
    store.write(system(KEYS, at), move |tx| {
        let row = AnswerKeyRow {
            kid,
            version: 1,
            revision: tx.next_revision().0,
            algorithm: algorithm.as_str().to_owned(),
            jwk,
            introduced_at: at.micros(),
            retires_at: None,
            reason: None,
            recorded_at: at.micros(),
        };
        row.take_turn(tx, &others, ending(why, at))
    })?;
    Ok(key)
}

impl App {
    /// Signs with the key that stands in the data folder now: what another process changed is taken over.
    ///
    /// # Errors
    /// The store's failure.
    pub fn take_answer_key(&self, at: Instant) -> Result<usize, AppError> {
        let taken = usize::from(self.answer_keys.take(&self.store, at)?);
        Ok(self.national.take(&self.store, at)?.saturating_add(taken))
    }

    /// Introduces a new key for this data folder and retires those it has; returns the id of the new one.
    ///
    /// # Errors
    /// The store's failure.
    pub fn change_answer_key(
        &self,
        folder: &DataFolder,
        algorithm: AnswerAlgorithm,
        why: KeyEnd,
    ) -> Result<String, AppError> {
        let mut others = Vec::new();
        for row in self.store.read(answer_keys::standing)? {
            if row.retires_at.is_none() && folder.read_answer_key(&row.kid)?.is_some() {
                others.push(row.kid);
            }
        }
        let key = introduce(&self.store, folder, algorithm, others, why, self.clock.now())?;
        Ok(key.kid)
    }

    /// Writes the public keys with their history as a JWK set (RFC 7517).
    ///
    /// # Errors
    /// The store's failure.
    pub fn answer_key_set(&self) -> Result<Value, AppError> {
        Ok(self.store.read(published)?)
    }
}

/// Writes the public keys with their history as a JWK set (RFC 7517): those of answers, then those of the national algorithms.
///
/// # Errors
/// The database's failure; [`StoreError::Damaged`] for a stored key that is none.
pub fn published(conn: &mut AnyConnection) -> Result<Value, StoreError> {
    let mut keys = of_answers(&answer_keys::since(conn, 0)?)?;
    let origin = installation::find(conn)?.map(|found| found.origin).unwrap_or_default();
    for row in national_keys::since(conn, 0)? {
        let NationalKeyRow { jwk, introduced_at, retires_at, reason, revision, purpose, .. } = row;
        let heads = purpose == NationalUse::Heads.as_str();
        let mut more = json!({ "purpose": purpose });
        let public = serde_json::from_str(&jwk).ok().as_ref().and_then(Sm2Public::from_jwk).filter(|_| heads);
        if let (Some(public), Some(more)) = (public, more.as_object_mut()) {
            more.insert("vkey".to_owned(), public.vkey(&origin).into());
        }
        publish(&mut keys, &jwk, (introduced_at, retires_at, reason, revision), more)?;
    }
    Ok(json!({ "keys": keys }))
}

/// Writes the public keys of answers alone, from the versions of them that are at hand.
///
/// # Errors
/// [`StoreError::Damaged`] for a key that is none.
pub fn key_set(rows: &[AnswerKeyRow]) -> Result<Value, StoreError> {
    Ok(json!({ "keys": of_answers(rows)? }))
}

fn of_answers(rows: &[AnswerKeyRow]) -> Result<Vec<Value>, StoreError> {
    let mut keys = Vec::new();
    for row in rows {
        let AnswerKeyRow { jwk, introduced_at, retires_at, reason, revision, .. } = row;
        publish(&mut keys, jwk, (*introduced_at, *retires_at, reason.clone(), *revision), json!({}))?;
    }
    Ok(keys)
}

/// Adds a key as it stands after a version of it, or puts that in the place of an earlier one.
fn publish(
    keys: &mut Vec<Value>,
    jwk: &str,
    (introduced_at, retires_at, reason, revision): (i64, Option<i64>, Option<String>, i64),
    more: Value,
) -> Result<(), StoreError> {
    let mut key: Value = serde_json::from_str(jwk).map_err(StoreError::damaged)?;
    let dates = json!({
        "introduced_at": Instant::from_micros(introduced_at),
        "retires_at": retires_at.map(Instant::from_micros),
        "reason": reason,
        "revision": revision,
    });
    for added in [dates, more] {
        if let (Some(members), Value::Object(added)) = (key.as_object_mut(), added) {
            members.extend(added);
        }
    }
    match keys.iter_mut().find(|known| known.get("kid") == key.get("kid")) {
        Some(known) => *known = key,
        None => keys.push(key),
    }
    Ok(())
}
