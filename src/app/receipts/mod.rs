//! Signed answers: what a receipt says, who signs it, how it is checked without the service.
//!
//! A receipt is a JWS in compact form (RFC 7515) over JSON claims. It is made beside the answer and changes nothing
//! about it. Invariant: what is signed here is what was answered, to the digest of its lines.

pub mod keys;
pub mod question;
pub mod signed;
pub mod verify;

use super::App;
use super::lookup::Answered;
use crate::domain::code::DeclarationNumber;
use crate::domain::id::LookupId;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{Declaration, Line, LineAnswer};
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::tlog::Hash;
use serde::{Deserialize, Serialize};

/// Media type of a receipt (RFC 7515 section 9.2.1).
pub const JOSE: &str = "application/jose";

/// What the header of a receipt says it is (RFC 8725 section 3.11).
pub const TYP: &str = "answer-receipt+jwt";

/// What is signed about an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The log of the service, by its origin.
    pub iss: String,
    /// Id of the answer.
    pub jti: LookupId,
    /// When it was given, seconds since 1970.
    pub iat: i64,
    /// The end of that legal day, seconds since 1970: nobody should act on the answer later without asking again.
    pub exp: i64,
    /// When it was given, exactly.
    pub answered_at: Instant,
    /// Organisation that asked.
    pub asked_by: String,
    /// Number of the declaration, where the question named one.
    pub declaration: Option<DeclarationNumber>,
    /// Legal day by which it was judged.
    pub declared_on: LegalDay,
    /// SHA-256 of the question in canonical JSON.
    pub question: Hash,
    /// SHA-256 of the answered `lines`, byte for byte as given.
    pub answer: Hash,
    /// The same digests by SM3, where the service signs with SM2 too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm3: Option<Sm3Digests>,
    /// Where the revision stands in the log.
    pub log: LogPlace,
    /// What was answered, line by line.
    pub lines: Vec<ReceiptLine>,
}

/// Digests by SM3 (GB/T 32905), written as those by SHA-256 are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sm3Digests {
    /// Of the question in canonical JSON.
    pub question: Hash,
    /// Of the answered `lines`, byte for byte as given.
    pub answer: Hash,
}

/// The revision that was answered from, and where the log proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// Name of the log.
    pub origin: String,
    /// Its shard.
    pub shard: String,
    /// The revision: every checkpoint of this size or a larger one covers it.
    pub revision: Revision,
    /// Where the newest checkpoint is.
    pub checkpoint: String,
    /// Where the proof of the last entry up to the revision is.
    pub proof: String,
}

/// One answered line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// Number on the declaration.
    pub line: u16,
    /// The verdict.
    pub verdict: String,
    /// The codes of its reasons, in list order.
    pub reasons: Vec<String>,
    /// Scheme that judged it.
    pub scheme: Option<String>,
    /// Version of the scheme.
    pub scheme_version: Option<u32>,
    /// The listing it was judged by.
    pub listing: Option<ListingNumber>,
    /// The version of the listing that held.
    pub listing_version: Option<u32>,
}

impl ReceiptLine {
    fn new(answer: &LineAnswer<'_>) -> Self {
        Self {
            line: answer.line,
            verdict: answer.verdict.as_str().to_owned(),
            reasons: answer.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
            scheme: answer.scheme.map(|scheme| scheme.code.clone()),
            scheme_version: answer.scheme.map(|scheme| scheme.version),
            listing: answer.candidate.map(|candidate| candidate.listing.number),
            listing_version: answer.candidate.map(|candidate| candidate.version_number),
        }
    }
}

impl App {
    /// Writes down what a receipt of an answer says; `digest` is that of the lines as given, `sm3` the same by SM3 where that is wanted.
    #[must_use]
    pub fn receipt(
        &self,
        given: &Answered<'_>,
        org: &str,
        declaration: &Declaration,
        lines: &[Line],
        digest: [u8; 32],
        sm3: Option<[u8; 32]>,
    ) -> Receipt {
        let installation = &self.installation;
        let day_ends = given.answered_at.day().add_days(1).start_micros();
        Receipt {
            iss: installation.origin.clone(),
            jti: given.id,
            iat: given.answered_at.micros().div_euclid(1_000_000),
            exp: day_ends.div_euclid(1_000_000),
            answered_at: given.answered_at,
            asked_by: org.to_owned(),
            declaration: declaration.number,
            declared_on: declaration.declared_on,
            question: question::digest(declaration, lines),
            answer: Hash(digest),
            sm3: sm3.map(|answer| Sm3Digests { question: question::sm3(declaration, lines), answer: Hash(answer) }),
            log: LogPlace {
                origin: installation.origin.clone(),
                shard: installation.shard.clone(),
                revision: given.revision,
                checkpoint: "/v1/log/checkpoint".to_owned(),
                proof: format!("/v1/log/proof/inclusion/{}", given.revision.0.saturating_sub(1)),
            },
            lines: given.lines.iter().map(ReceiptLine::new).collect(),
        }
    }
}
