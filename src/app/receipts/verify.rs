//! Checks a receipt with the public keys alone: no service, no database, no network.

use super::Receipt;
use super::keys::of_library;
use super::signed::{JwsSignature, Signed};
use crate::domain::receipt::{AnswerAlgorithm, NationalUse};
use crate::domain::validity::Instant;
use crate::tlog::Hash;
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::sm2::{ALGORITHM, Sm2Public};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Public keys as they are published.
#[derive(Debug, Clone, Deserialize)]
pub struct KeySet {
    keys: Vec<PublishedKey>,
}

/// One public key with its time.
#[derive(Debug, Clone, Deserialize)]
struct PublishedKey {
    kid: Option<String>,
    introduced_at: Option<Instant>,
    retires_at: Option<Instant>,
    /// What an SM2 key is for.
    purpose: Option<String>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl PublishedKey {
    fn lives(&self, at: Instant) -> Result<(), ReceiptFault> {
        let early = self.introduced_at.is_some_and(|from| at < from);
        let late = self.retires_at.is_some_and(|to| at >= to);
        if early || late { Err(ReceiptFault::OutsideKey(at)) } else { Ok(()) }
    }
}

/// The header of an SM2 signature.
#[derive(Deserialize)]
struct NationalHeader {
    alg: String,
    kid: String,
    typ: String,
}

/// A receipt whose signature holds.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// What it says.
    pub receipt: Receipt,
    /// The key that signed it.
    pub kid: String,
    /// How.
    pub algorithm: &'static str,
    /// When the key retires or retired.
    pub key_retires_at: Option<Instant>,
    /// The SM2 key that signed it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sm2_kid: Option<String>,
}

/// Claims whose signature holds.
#[derive(Debug, Clone)]
pub struct Opened<T> {
    /// What they say.
    pub claims: T,
    /// The key that signed them.
    pub kid: String,
    /// How.
    pub algorithm: &'static str,
    /// When the key retires or retired.
    pub key_retires_at: Option<Instant>,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// Not a compact JWS with the claims of a receipt.
    #[error("not a receipt of an answer: a compact JWS of type {typ} expected", typ = super::TYP)]
    Malformed,
    /// The set is not one of keys.
    #[error("not a JWK set")]
    KeySet,
    /// Signed by a key that is not in the set.
    #[error("signed by the key {0}, which is not in the key set")]
    UnknownKey(String),
    /// Signed another way than the key is for.
    #[error("signed with another algorithm than its key is for")]
    Algorithm,
    /// The signature is wrong: a byte was changed, or another key signed.
    #[error("the signature is wrong: the receipt was changed, or another key signed it")]
    Signature,
    /// Signed outside the time of the key.
    #[error("given at {0}, outside the time of its key")]
    OutsideKey(Instant),
    /// There was to be a signature with SM2 too.
    #[error("not signed with SM2 over SM3")]
    NotNational,
    /// It answers another question.
    #[error("the receipt answers another question: its digest is {0}")]
    OtherQuestion(Hash),
    /// The checkpoint is of another log.
    #[error("the checkpoint is of the log {0}, the receipt of another")]
    OtherLog(String),
    /// The checkpoint does not reach the revision.
    #[error("the checkpoint covers {size} entries, the receipt names revision {revision}; take a newer checkpoint")]
    CheckpointTooSmall {
        /// Entries under the checkpoint.
        size: u64,
        /// Revision that was answered from.
        revision: i64,
    },
    /// The day on which one may act on it is over.
    #[error("the answer was for the day that ended at {0}; as evidence it stands, but ask again before acting on it")]
    Over(Instant),
}

impl KeySet {
    /// Reads a JWK set.
    ///
    /// # Errors
    /// [`ReceiptFault::KeySet`].
    pub fn parse(text: &str) -> Result<Self, ReceiptFault> {
        serde_json::from_str(text).map_err(|_| ReceiptFault::KeySet)
    }

    /// Verifies a receipt with every signature that came with it, and reads its claims.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify_all(&self, signed: &Signed) -> Result<Verified, ReceiptFault> {
        let mut verified = self.verify(&signed.compact)?;
        let payload = signed.compact.split('.').nth(1).unwrap_or_default();
        for signature in &signed.beside {
            verified.sm2_kid = Some(self.verify_national(payload, signature, verified.receipt.answered_at)?);
        }
        Ok(verified)
    }

    /// Verifies an SM2 signature over the payload of a receipt; returns the id of its key.
    fn verify_national(&self, payload: &str, given: &JwsSignature, at: Instant) -> Result<String, ReceiptFault> {
        let header = URL_SAFE_NO_PAD.decode(&given.protected).map_err(|_| ReceiptFault::Malformed)?;
        let header: NationalHeader = serde_json::from_slice(&header).map_err(|_| ReceiptFault::Malformed)?;
        if header.typ != super::TYP {
            return Err(ReceiptFault::Malformed);
        }
        let key = self.key(&header.kid)?;
        let public = Sm2Public::from_jwk(&with_kid(key));
        let public =
            public.filter(|_| header.alg == ALGORITHM && key.purpose.as_deref() == Some(NationalUse::Answers.as_str()));
        let public = public.ok_or(ReceiptFault::Algorithm)?;
        let message = format!("{}.{payload}", given.protected);
        let signature = URL_SAFE_NO_PAD.decode(&given.signature).map_err(|_| ReceiptFault::Signature)?;
        if !public.verify(message.as_bytes(), &signature) {
            return Err(ReceiptFault::Signature);
        }
        key.lives(at)?;
        Ok(header.kid)
    }

    fn key(&self, kid: &str) -> Result<&PublishedKey, ReceiptFault> {
        let found = self.keys.iter().find(|key| key.kid.as_deref() == Some(kid));
        found.ok_or_else(|| ReceiptFault::UnknownKey(kid.to_owned()))
    }

    /// Verifies a compact receipt and reads its claims.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(&self, jws: &str) -> Result<Verified, ReceiptFault> {
        let opened = self.open(jws, super::TYP, |receipt: &Receipt| receipt.answered_at)?;
        let Opened { claims, kid, algorithm, key_retires_at } = opened;
        Ok(Verified { receipt: claims, kid, algorithm, key_retires_at, sm2_kid: None })
    }

    /// Verifies a compact JWS of a type and reads its claims; `at` says when they were signed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open<T: DeserializeOwned>(
        &self,
        jws: &str,
        typ: &str,
        at: impl FnOnce(&T) -> Instant,
    ) -> Result<Opened<T>, ReceiptFault> {
        let header = decode_header(jws).map_err(|_| ReceiptFault::Malformed)?;
        let kid = header.kid.clone().ok_or(ReceiptFault::Malformed)?;
        if header.typ.as_deref() != Some(typ) {
            return Err(ReceiptFault::Malformed);
        }
        let key = self.key(&kid)?;
        let jwk: Jwk = serde_json::from_value(with_kid(key)).map_err(|_| ReceiptFault::KeySet)?;
        let algorithm = AnswerAlgorithm::ALL
            .iter()
            .copied()
            .find(|algorithm| of_library(*algorithm) == header.alg)
            .filter(|algorithm| jwk.common.key_algorithm.is_some_and(|named| named.to_string() == algorithm.as_str()))
            .ok_or(ReceiptFault::Algorithm)?;
        let mut validation = Validation::new(header.alg);
        // What was signed is evidence: it does not cease to be true.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let public = DecodingKey::from_jwk(&jwk).map_err(|_| ReceiptFault::KeySet)?;
        let claims = match decode::<T>(jws, &public, &validation) {
            Ok(data) => data.claims,
            Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::Json(_)) => {
                return Err(ReceiptFault::Malformed);
            }
            Err(_) => return Err(ReceiptFault::Signature),
        };
        key.lives(at(&claims))?;
        Ok(Opened { claims, kid, algorithm: algorithm.as_str(), key_retires_at: key.retires_at })
    }
}

/// A key as it was published.
fn with_kid(key: &PublishedKey) -> Value {
    let mut members = key.members.clone();
    members.insert("kid".to_owned(), key.kid.clone().into());
    Value::Object(members)
}

impl Receipt {
    /// Holds it against the digest of the question that it is said to answer.
    ///
    /// # Errors
    /// [`ReceiptFault::OtherQuestion`].
    pub fn answers(&self, question: Hash) -> Result<(), ReceiptFault> {
        if self.question == question { Ok(()) } else { Err(ReceiptFault::OtherQuestion(self.question)) }
    }

    /// Holds its digests by SM3, where it has some, against that of the question that it is said to answer.
    ///
    /// # Errors
    /// [`ReceiptFault::OtherQuestion`].
    pub fn answers_by_sm3(&self, question: Hash) -> Result<(), ReceiptFault> {
        match &self.sm3 {
            Some(digests) if digests.question != question => Err(ReceiptFault::OtherQuestion(digests.question)),
            Some(_) | None => Ok(()),
        }
    }

    /// Holds it against a verified checkpoint: of the same log, and not before the revision.
    ///
    /// # Errors
    /// [`ReceiptFault::OtherLog`], [`ReceiptFault::CheckpointTooSmall`].
    pub fn is_under(&self, checkpoint: &Checkpoint) -> Result<(), ReceiptFault> {
        if checkpoint.origin.as_str() != self.log.origin {
            return Err(ReceiptFault::OtherLog(checkpoint.origin.to_string()));
        }
        let revision = self.log.revision.0;
        if u64::try_from(revision).is_ok_and(|revision| revision <= checkpoint.size) {
            return Ok(());
        }
        Err(ReceiptFault::CheckpointTooSmall { size: checkpoint.size, revision })
    }

    /// Says whether one may still act on it at an instant.
    ///
    /// # Errors
    /// [`ReceiptFault::Over`].
    pub fn is_current(&self, at: Instant) -> Result<(), ReceiptFault> {
        let ends = Instant::from_micros(self.exp.saturating_mul(1_000_000));
        if at < ends { Ok(()) } else { Err(ReceiptFault::Over(ends)) }
    }
}
