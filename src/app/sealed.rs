//! What seals have in common, whatever they seal: a stretch of records is closed by an entry of the log that states first,
//! last, count and the RFC 6962 root over the records' leaves.
//!
//! Afterwards no record of the stretch can be changed, added or dropped unseen, and one record is proved to be in it
//! without showing the others, by whoever holds the public key of the log ([`Sealed::verify`]). Not when or what is
//! sealed: that is [`seals`](super::seals) for answers and [`accesses`](super::accesses) for accesses.

use crate::domain::validity::Instant;
use crate::store::seals::Seal;
use crate::store::{AnyConnection, StoreError, log};
use crate::tlog::Hash;
use crate::tlog::checkpoint::{CheckpointError, parse_and_verify};
use crate::tlog::entry::{Entry, Value as Logged};
use crate::tlog::merkle::{Frontier, leaf_hash};
use crate::tlog::proof::{ProofError, check_inclusion, inclusion_proof};
use crate::tlog::text::parse_inclusion;
use crate::tlog::tiles::Tiles;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Time between two seals at least, microseconds: one hour.
const APART: i64 = 3_600_000_000;

/// Events that seal.
const EVENTS: [&str; 2] = ["answers.sealed", "accesses.sealed"];

/// Takes the id of a record and the hash of its leaf, record by record in the order in which they are sealed.
pub type Each<'a, I> = &'a mut dyn FnMut(I, Hash);

/// How a record is proved to be in its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealProof {
    /// Number of the seal.
    pub number: i32,
    /// Revision of the log that holds it.
    pub revision: i64,
    /// Place of the record among those sealed, from 0.
    pub index: u64,
    /// Records sealed.
    pub size: u64,
    /// Root over them.
    pub root: String,
    /// Audit path (RFC 6962 section 2.1.1), lowest first.
    pub proof: Vec<Hash>,
}

impl SealProof {
    /// Checks that a record leads to the root.
    ///
    /// # Errors
    /// Why it does not.
    pub fn holds(&self, record: &[u8]) -> Result<(), ProofError> {
        let root = Hash::parse(&self.root).map_err(|_| ProofError::Mismatch)?;
        check_inclusion(&self.proof, self.index, self.size, root, leaf_hash(record))
    }
}

/// How a record is proved to be under a signed head of the log, with all that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// From the record to the root of its seal.
    #[serde(flatten)]
    pub proof: SealProof,
    /// The entry of the log that states the root, byte for byte.
    pub entry: String,
    /// From the entry to a signed head (C2SP `tlog-proof`); none until one covers it.
    pub inclusion: Option<String>,
}

/// What a proof of a record comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// The event that sealed: `answers.sealed` or `accesses.sealed`.
    pub event: String,
    /// When, as the log writes it.
    pub sealed_at: String,
    /// The log.
    pub origin: String,
    /// Entries under the signed head.
    pub size: u64,
}

/// Why a record is not proved.
#[derive(Debug, thiserror::Error)]
pub enum Unproved {
    /// The record does not lead to the root of the seal.
    #[error("the record is not the one that was sealed: {0}")]
    Record(ProofError),
    /// The entry is none, or states another root.
    #[error("the entry of the log does not seal this root")]
    Entry,
    /// No signed head covers the entry yet.
    #[error("no signed head covers the seal yet; ask again in a moment")]
    Unsigned,
    /// The proof of the entry does not read, or is of another entry.
    #[error("the proof of the entry is none, or is of another entry")]
    Inclusion,
    /// The entry does not lead to the signed head.
    #[error("the entry is not under the signed head: {0}")]
    Log(ProofError),
    /// The head is not signed by the key.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

impl Sealed {
    /// Reads what leads from a seal to a signed head.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the entry is gone; the database's failure.
    pub fn read(conn: &mut AnyConnection, proof: SealProof) -> Result<Self, StoreError> {
        let gone = || StoreError::Damaged(format!("the entry of seal {} is gone", proof.number));
        let entry = log::find_entry(conn, proof.revision)?.ok_or_else(gone)?.leaf;
        let entry = String::from_utf8(entry).map_err(StoreError::damaged)?;
        let index = u64::try_from(proof.revision.saturating_sub(1)).map_err(StoreError::damaged)?;
        Ok(Self { proof, entry, inclusion: super::log::inclusion(conn, index)? })
    }

    /// Checks the whole way from a record to a head signed by a key: nothing else is needed, no service and no network.
    ///
    /// # Errors
    /// The first step that does not hold.
    pub fn verify(&self, record: &[u8], vkey: &str) -> Result<Proved, Unproved> {
        self.proof.holds(record).map_err(Unproved::Record)?;
        let entry = Entry::from_leaf(self.entry.as_bytes()).map_err(|_| Unproved::Entry)?;
        let root = entry.changes.iter().find(|change| change.path == "/root").and_then(|change| change.new.as_ref());
        let states = matches!(root, Some(Logged::Plain(Value::String(root))) if *root == self.proof.root);
        let number = u64::try_from(self.proof.number).ok() == Some(entry.entity.version);
        if !states || !number || !EVENTS.contains(&entry.event.as_str()) {
            return Err(Unproved::Entry);
        }
        let inclusion = self.inclusion.as_deref().ok_or(Unproved::Unsigned)?;
        let (index, path, note) = parse_inclusion(inclusion).ok_or(Unproved::Inclusion)?;
        if i64::try_from(index).ok() != Some(self.proof.revision.saturating_sub(1)) {
            return Err(Unproved::Inclusion);
        }
        let head = parse_and_verify(note, vkey)?;
        let leaf = leaf_hash(self.entry.as_bytes());
        check_inclusion(&path, index, head.size, head.root, leaf).map_err(Unproved::Log)?;
        Ok(Proved { event: entry.event, sealed_at: entry.at, origin: head.origin.to_string(), size: head.size })
    }
}

/// What a stretch of records comes to.
#[derive(Debug)]
pub struct Stretch<I> {
    /// The smallest and the greatest id; none of nothing.
    pub ends: Option<(I, I)>,
    /// The tree over its leaves.
    pub frontier: Frontier,
}

impl<I: Ord + Clone> Stretch<I> {
    /// Begins with nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { ends: None, frontier: Frontier::new() }
    }

    /// Takes the next record.
    pub fn add(&mut self, id: I, leaf: Hash) {
        self.ends = Some(match self.ends.take() {
            None => (id.clone(), id),
            Some((first, last)) => (first.min(id.clone()), last.max(id)),
        });
        self.frontier.append(leaf);
    }
}

impl<I: Ord + Clone> Default for Stretch<I> {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the last seal and the start of the process are an hour past.
pub fn due<S: Seal>(last: Option<&S>, started: Instant, at: Instant) -> bool {
    at.micros().saturating_sub(last.map_or(0, Seal::recorded_at).max(started.micros())) >= APART
}

/// Proves that records are in a seal; `leaves` hands out all that it covers.
///
/// # Errors
/// [`StoreError::Damaged`] when the records are not those that were sealed; that of `leaves`.
pub fn prove<S: Seal, I: Ord>(
    seal: &S,
    wanted: &BTreeSet<I>,
    leaves: impl FnOnce(Each<'_, I>) -> Result<(), StoreError>,
) -> Result<BTreeMap<I, SealProof>, StoreError> {
    let (mut tiles, mut frontier) = (Tiles::new(), Frontier::new());
    let mut places: BTreeMap<I, u64> = BTreeMap::new();
    leaves(&mut |id, hash| {
        if wanted.contains(&id) {
            places.insert(id, frontier.size());
        }
        tiles.append(hash);
        frontier.append(hash);
    })?;
    let number = seal.version();
    let damaged = || StoreError::Damaged(format!("the records of seal {number} are not those that were sealed"));
    let (size, root) = (frontier.size(), frontier.root().to_string());
    if root != seal.root() || u64::try_from(seal.records()) != Ok(size) || places.len() != wanted.len() {
        return Err(damaged());
    }
    let tiles: HashMap<(u8, u64), Vec<u8>> =
        tiles.take_changed().into_iter().map(|tile| ((tile.level, tile.index), tile.hashes)).collect();
    let proof = |(id, index)| {
        let read = |level, index| tiles.get(&(level, index)).cloned().ok_or(ProofError::Tile);
        let proof = inclusion_proof(index, size, read).map_err(StoreError::damaged)?;
        Ok((id, SealProof { number, revision: seal.revision(), index, size, root: root.clone(), proof }))
    };
    places.into_iter().map(proof).collect()
}

/// Holds every seal whose records are still there against them; names those that differ.
///
/// # Errors
/// That of `leaves`, but for damaged records, which are named.
pub fn check<S: Seal, I>(
    seals: &[S],
    mut leaves: impl FnMut(i32, Each<'_, I>) -> Result<(), StoreError>,
    mut differs: impl FnMut(i32, String),
) -> Result<(), StoreError> {
    for seal in seals {
        let mut frontier = Frontier::new();
        match leaves(seal.version(), &mut |_, hash| frontier.append(hash)) {
            // Records go after their time, whole seals at once.
            Ok(()) if frontier.size() == 0 || frontier.root().to_string() == seal.root() => {}
            Ok(()) => differs(seal.version(), "the records are not those that were sealed".to_owned()),
            Err(StoreError::Damaged(what)) => differs(seal.version(), what),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
