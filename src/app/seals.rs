//! Seals over recorded answers: at most every hour a stretch of records is closed by an entry of the log that states
//! first, last, count and the RFC 6962 root over the records' leaves.
//!
//! Afterwards no record of the stretch can be changed, added or dropped unseen, and one record is proved to be in it
//! without showing the others. Records go after their time, seals stay.

use super::found::system;
use super::record::{Recorded, read_batch};
use super::{App, AppError};
use crate::domain::id::LookupId;
use crate::domain::validity::Instant;
use crate::store::answer_seals::{self, AnswerSealRow};
use crate::store::keep::answers;
use crate::store::{AnyConnection, StoreError};
use crate::tlog::Hash;
use crate::tlog::merkle::{Frontier, leaf_hash};
use crate::tlog::proof::{ProofError, inclusion_proof};
use crate::tlog::tiles::Tiles;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// Time between two seals at least, microseconds: one hour.
const APART: i64 = 3_600_000_000;

/// Batches read at once.
const STRIDE: i64 = 64;

/// Batches forgotten together at most, so that no draw waits long behind them.
const FORGOTTEN: i64 = 8;

/// The name of the service where it seals.
const SEALS: &str = "answers";

/// What a stretch of records comes to.
struct Stretch {
    first: LookupId,
    last: LookupId,
    /// Where its last batch begins.
    last_batch: String,
    batches: i64,
    frontier: Frontier,
}

/// How a record is proved to be in its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

impl App {
    /// Seals what was recorded, if the last seal and the start of this process are an hour past.
    ///
    /// # Errors
    /// The store's failure.
    pub fn seal_answers(&self, at: Instant) -> Result<usize, AppError> {
        let last = self.store.read(answer_seals::last)?.map_or(0, |seal| seal.recorded_at);
        if at.micros().saturating_sub(last.max(self.started_at.micros())) >= APART {
            self.seal_now(at)?;
        }
        // Nothing on the list has changed.
        Ok(0)
    }

    /// Seals everything that is recorded and not yet sealed; says whether there was anything.
    ///
    /// # Errors
    /// The store's failure.
    pub fn seal_now(&self, at: Instant) -> Result<bool, AppError> {
        // Another node may write or seal between reading and sealing: then it is read again.
        for _ in 0..3 {
            let Some(stretch) = self.store.read(unsealed)? else { return Ok(false) };
            let (lost, told) = (self.recorder.dropped(), self.losses_told.load(Ordering::Relaxed));
            let unrecorded = i64::try_from(lost.saturating_sub(told)).unwrap_or(i64::MAX);
            let sealed = self.store.write(system(SEALS, at), move |tx| {
                let answers = i64::try_from(stretch.frontier.size()).map_err(StoreError::damaged)?;
                if answers::unsealed_up_to(tx.conn(), &stretch.last_batch)? != (stretch.batches, answers) {
                    return Ok(false);
                }
                let last = answer_seals::last(tx.conn())?;
                let row = AnswerSealRow {
                    version: last.as_ref().map_or(0, |seal| seal.version).saturating_add(1),
                    revision: tx.next_revision().0,
                    first_id: stretch.first.to_string(),
                    last_id: stretch.last.to_string(),
                    answers,
                    unrecorded,
                    root: stretch.frontier.root().to_string(),
                    recorded_at: at.micros(),
                };
                answers::seal(tx.conn(), &stretch.last_batch, row.version)?;
                tx.save(row, last.as_ref(), "answers.sealed")?;
                Ok::<_, StoreError>(true)
            })?;
            if sealed.value {
                self.losses_told.store(lost, Ordering::Relaxed);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Proves that a recorded answer is in its seal; none while it is not sealed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the records are not those that were sealed.
    pub fn seal_of(&self, answer: &Recorded) -> Result<Option<SealProof>, AppError> {
        self.store.read(|conn| prove(conn, answer)).map_err(AppError::from)
    }

    /// Deletes recorded answers that were kept long enough, whole seals at a time; returns how many batches.
    ///
    /// # Errors
    /// The store's failure.
    pub fn forget_answers(&self, at: Instant) -> Result<usize, AppError> {
        let kept = i64::try_from(self.answers_kept.as_micros()).unwrap_or(i64::MAX);
        let before = at.micros().saturating_sub(kept);
        let Some(seal) = self.store.read(|conn| answer_seals::last_before(conn, before))? else { return Ok(0) };
        let mut forgotten = 0_usize;
        loop {
            let batches = self.store.read(|conn| answers::sealed_up_to(conn, seal, FORGOTTEN))?;
            if batches.is_empty() {
                return Ok(forgotten);
            }
            forgotten = forgotten.saturating_add(batches.len());
            for batch in batches {
                let ids: Vec<String> = read_batch(&batch)?.iter().map(|answer| answer.id.to_string()).collect();
                self.store.keep(at, move |conn| answers::forget(conn, &batch.first_id, &ids))?;
            }
        }
    }
}

/// Reads every record that is not sealed yet, in the order in which it is sealed.
fn unsealed(conn: &mut AnyConnection) -> Result<Option<Stretch>, StoreError> {
    let mut stretch: Option<Stretch> = None;
    let mut after = String::new();
    loop {
        let batches = answers::unsealed(conn, &after, STRIDE)?;
        let Some(newest) = batches.last() else { return Ok(stretch) };
        after.clone_from(&newest.first_id);
        for batch in &batches {
            for answer in read_batch(batch)? {
                let known = stretch.get_or_insert_with(|| Stretch {
                    first: answer.id,
                    last: answer.id,
                    last_batch: String::new(),
                    batches: 0,
                    frontier: Frontier::new(),
                });
                known.first = known.first.min(answer.id);
                known.last = known.last.max(answer.id);
                known.frontier.append(leaf_hash(&answer.leaf()));
            }
            if let Some(stretch) = &mut stretch {
                stretch.batches = stretch.batches.saturating_add(1);
                stretch.last_batch.clone_from(&batch.first_id);
            }
        }
    }
}

/// Hands out the leaf hash of every record of a seal in order, with its id.
fn leaves(conn: &mut AnyConnection, seal: i32, mut each: impl FnMut(LookupId, Hash)) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let batches = answers::of_seal(conn, seal, &after, STRIDE)?;
        let Some(newest) = batches.last() else { return Ok(()) };
        after.clone_from(&newest.first_id);
        for batch in &batches {
            read_batch(batch)?.iter().for_each(|answer| each(answer.id, leaf_hash(&answer.leaf())));
        }
    }
}

fn prove(conn: &mut AnyConnection, answer: &Recorded) -> Result<Option<SealProof>, StoreError> {
    let holding = answers::around(conn, &answer.id.to_string())?;
    let mut seal = None;
    for batch in holding {
        if read_batch(&batch)?.iter().any(|known| known.id == answer.id) {
            seal = batch.seal;
        }
    }
    let Some(seal) = seal.map(|number| answer_seals::find(conn, number)).transpose()?.flatten() else {
        return Ok(None);
    };
    let (mut tiles, mut index) = (Tiles::new(), None);
    let mut frontier = Frontier::new();
    leaves(conn, seal.version, |id, hash| {
        if id == answer.id {
            index = Some(frontier.size());
        }
        tiles.append(hash);
        frontier.append(hash);
    })?;
    let damaged =
        || StoreError::Damaged(format!("the records of seal {} are not those that were sealed", seal.version));
    let size = frontier.size();
    if frontier.root().to_string() != seal.root || u64::try_from(seal.answers) != Ok(size) {
        return Err(damaged());
    }
    let index = index.ok_or_else(damaged)?;
    let tiles: HashMap<(u8, u64), Vec<u8>> =
        tiles.take_changed().into_iter().map(|tile| ((tile.level, tile.index), tile.hashes)).collect();
    let read = |level, index| tiles.get(&(level, index)).cloned().ok_or(ProofError::Tile);
    let proof = inclusion_proof(index, size, read).map_err(StoreError::damaged)?;
    let AnswerSealRow { version, revision, root, .. } = seal;
    Ok(Some(SealProof { number: version, revision, index, size, root, proof }))
}

/// Holds every seal whose records are still there against them; names those that differ.
///
/// # Errors
/// The database's failure.
pub fn check(conn: &mut AnyConnection, mut differs: impl FnMut(i32, String)) -> Result<(), StoreError> {
    for seal in answer_seals::since(conn, 0)? {
        let mut frontier = Frontier::new();
        match leaves(conn, seal.version, |_, hash| frontier.append(hash)) {
            Ok(()) => {}
            Err(StoreError::Damaged(what)) => {
                differs(seal.version, what);
                continue;
            }
            Err(error) => return Err(error),
        }
        // Records go after their time, whole seals at once.
        if frontier.size() > 0 && frontier.root().to_string() != seal.root {
            differs(seal.version, "the records are not those that were sealed".to_owned());
        }
    }
    Ok(())
}
