//! The evidence pack: everything about one listing, application or declaration in one signed zip that is checked offline.
//!
//! It is made of the log: for each thing that belongs to it every entry, byte for byte, its proof under one signed head, and
//! what the entry commits to, each value with its salt, so that it can be held against its commitment. Answers come with the
//! proof of their seal, documents by their hashes. The list of members is signed by the key that signs answers, which the log
//! names. Invariants: what [`verify`] finds good needs nothing but the pack and the public key of the log; nobody is
//! given what the service would not show otherwise (`shown`).

mod gather;
mod instructions;
mod related;
mod shown;
pub mod verify;

use super::report::{Seen, seen};
use super::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::code::DeclarationNumber;
use crate::domain::id::ApplicationId;
use crate::domain::listing_number::ListingNumber;
use crate::domain::validity::Instant;
use crate::sheet::archive::pack;
use crate::store::{StoreError, dialect};
use gather::gather;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What the header of a manifest says it is.
pub const TYP: &str = "evidence-manifest+jwt";

/// The signed list of members.
pub const MANIFEST: &str = "manifest";

/// What a pack is about.
#[derive(Debug, Clone)]
pub enum About {
    /// A listing.
    Listing(ListingNumber),
    /// An application.
    Application(ApplicationId),
    /// A declaration.
    Declaration(DeclarationNumber),
}

impl About {
    /// Returns the kind and the id of the thing, as the log names them.
    #[must_use]
    pub fn entity(&self) -> (&'static str, String) {
        match self {
            Self::Listing(number) => ("listing", number.to_string()),
            Self::Application(id) => ("application", id.to_string()),
            Self::Declaration(number) => ("declaration", number.to_string()),
        }
    }
}

/// How much of what there is a pack holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it: for the bureau and the auditor.
    Whole,
    /// What its enterprise may see.
    Enterprise,
    /// What the customs that declared may see.
    Customs,
}

impl From<&Seen> for Extent {
    fn from(seen: &Seen) -> Self {
        match seen {
            Seen::All => Self::Whole,
            Seen::Enterprise(_) => Self::Enterprise,
            Seen::Customs(_) => Self::Customs,
        }
    }
}

/// What is signed: which pack this is, and the SHA-256 of each member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the log.
    pub iss: String,
    /// When the pack was made, seconds since 1970.
    pub iat: i64,
    /// When it was made, exactly.
    pub made_at: Instant,
    /// Kind of the thing.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Entries under the head that everything is proved under.
    pub size: u64,
    /// How much of it is here.
    pub extent: Extent,
    /// Declarations and answers that are not here because there are too many.
    pub left_out: u64,
    /// Entries about these things that are not for the reader.
    pub withheld: u64,
    /// SHA-256 of every other member by its name.
    pub members: BTreeMap<String, String>,
}

/// A pack that is made.
#[derive(Debug)]
pub struct Pack {
    /// Name of the file.
    pub name: String,
    /// The zip.
    pub bytes: Vec<u8>,
}

/// A value that an entry commits to, as the pack discloses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Salt of its commitment, 32 bytes in hex; none for a row whose values were erased.
    pub salt: Option<String>,
    /// The value.
    pub value: Value,
}

/// What an entry commits to, as far as the pack opens it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Values by path.
    pub values: BTreeMap<String, Disclosure>,
    /// Paths whose values are not for the reader.
    pub withheld: Vec<String>,
    /// Paths whose values were erased.
    pub erased: Vec<String>,
    /// The whole row after the change, where all of it may be shown.
    pub row: Option<Disclosure>,
}

impl App {
    /// Makes the evidence pack of a thing: whole for the bureau and the auditor, for an enterprise of its own as far as it
    /// may see, for customs of its own declarations.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none for this caller, or nothing of it is under a signed head yet;
    /// [`AppError::Forbidden`]; [`AppError::Unrecorded`] while this node has no key to sign with; the store's failure.
    pub fn evidence(&self, caller: &Caller, about: &About) -> Result<Pack, AppError> {
        let seen = seen(caller)?;
        let key = self.answer_keys.current().ok_or(AppError::Unrecorded)?;
        let made_at = self.clock.now();
        let gathered = self.store.read(|conn| {
            // One state of the database, so that nothing is erased between two looks at it.
            dialect::snapshot(conn, |conn| Ok(gather(conn, about, (caller, &seen), key.kid(), &self.vkey)))
        })??;
        let (kind, id) = about.entity();
        let digests = gathered.members.iter().map(|(name, bytes)| (name.clone(), hex::encode(Sha256::digest(bytes))));
        let manifest = Manifest {
            iss: gathered.origin,
            iat: made_at.micros().div_euclid(1_000_000),
            made_at,
            kind: kind.to_owned(),
            id: id.clone(),
            size: gathered.size,
            extent: Extent::from(&seen),
            left_out: gathered.left_out,
            withheld: gathered.withheld,
            members: digests.collect(),
        };
        let signed = key.sign_as(TYP, &manifest)?;
        let bytes = pack((MANIFEST, signed.as_bytes()), &gathered.members).map_err(StoreError::damaged)?;
        Ok(Pack { name: format!("evidence-{kind}-{id}.zip"), bytes })
    }
}
