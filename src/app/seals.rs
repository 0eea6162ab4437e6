//! Seals over recorded answers: at most every hour whatever is recorded and not sealed is closed by an entry of the log.
//!
//! What a seal is and proves stands in [`sealed`]. Invariant: records go after their time, whole seals at a
//! time; seals stay.

use super::found::system;
use super::record::{Recorded, read_batch};
use super::sealed::{self, Each, SealProof, Sealed, Stretch};
use super::{App, AppError};
use crate::domain::id::LookupId;
use crate::domain::validity::Instant;
use crate::store::keep::answers;
use crate::store::seals::{AnswerSealRow, Seal as _};
use crate::store::{AnyConnection, StoreError};
use crate::tlog::merkle::leaf_hash;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// Batches read at once.
const STRIDE: i64 = 64;

/// Batches forgotten together at most, so that no draw waits long behind them.
const FORGOTTEN: i64 = 8;

/// The name of the service where it seals.
const SEALS: &str = "answers";

/// What waits to be sealed.
struct Waiting {
    stretch: Stretch<LookupId>,
    /// Where its last batch begins.
    last_batch: String,
    batches: i64,
}

impl App {
    /// Seals what was recorded, if the last seal and the start of this process are an hour past.
    ///
    /// # Errors
    /// The store's failure.
    pub fn seal_answers(&self, at: Instant) -> Result<usize, AppError> {
        let last = self.store.read(AnswerSealRow::last)?;
        if sealed::due(last.as_ref(), self.started_at, at) {
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
            let Waiting { stretch, last_batch, batches } = self.store.read(unsealed)?;
            let Some((first, last_id)) = stretch.ends else { return Ok(false) };
            let (lost, told) = (self.recorder.dropped(), self.losses_told.load(Ordering::Relaxed));
            let unrecorded = i64::try_from(lost.saturating_sub(told)).unwrap_or(i64::MAX);
            let sealed = self.store.write(system(SEALS, at), move |tx| {
                let answers = i64::try_from(stretch.frontier.size()).map_err(StoreError::damaged)?;
                if answers::unsealed_up_to(tx.conn(), &last_batch)? != (batches, answers) {
                    return Ok(false);
                }
                let last = AnswerSealRow::last(tx.conn())?;
                let row = AnswerSealRow {
                    version: last.as_ref().map_or(0, |seal| seal.version).saturating_add(1),
                    revision: tx.next_revision().0,
                    first_id: first.to_string(),
                    last_id: last_id.to_string(),
                    answers,
                    unrecorded,
                    root: stretch.frontier.root().to_string(),
                    recorded_at: at.micros(),
                };
                answers::seal(tx.conn(), &last_batch, row.version)?;
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

    /// Proves that a recorded answer is in its seal, and the seal in the log; none while it is not sealed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the records are not those that were sealed.
    pub fn seal_of(&self, answer: &Recorded) -> Result<Option<Sealed>, AppError> {
        let sealed = self.store.read(|conn| {
            let proof = prove_all(conn, &[answer.id])?.remove(&answer.id);
            proof.map(|proof| Sealed::read(conn, proof)).transpose()
        });
        sealed.map_err(|error: StoreError| error.into())
    }

    /// Deletes recorded answers that were kept long enough, whole seals at a time; returns how many batches.
    ///
    /// # Errors
    /// The store's failure.
    pub fn forget_answers(&self, at: Instant) -> Result<usize, AppError> {
        let kept = i64::try_from(self.answers_kept.as_micros()).unwrap_or(i64::MAX);
        let before = at.micros().saturating_sub(kept);
        let Some(seal) = self.store.read(|conn| AnswerSealRow::last_before(conn, before))? else { return Ok(0) };
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
fn unsealed(conn: &mut AnyConnection) -> Result<Waiting, StoreError> {
    let mut waiting = Waiting { stretch: Stretch::new(), last_batch: String::new(), batches: 0 };
    loop {
        let batches = answers::unsealed(conn, &waiting.last_batch, STRIDE)?;
        let Some(newest) = batches.last() else { return Ok(waiting) };
        for batch in &batches {
            for answer in read_batch(batch)? {
                waiting.stretch.add(answer.id, leaf_hash(&answer.leaf()));
            }
            waiting.batches = waiting.batches.saturating_add(1);
        }
        waiting.last_batch.clone_from(&newest.first_id);
    }
}

/// Hands out the leaf hash of every record of a seal in order, with its id.
fn leaves(conn: &mut AnyConnection, seal: i32, each: Each<'_, LookupId>) -> Result<(), StoreError> {
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

/// Proves that recorded answers are in their seals; of one that is not sealed yet there is no proof.
///
/// # Errors
/// [`StoreError::Damaged`] when the records are not those that were sealed; the database's failure.
pub fn prove_all(conn: &mut AnyConnection, wanted: &[LookupId]) -> Result<BTreeMap<LookupId, SealProof>, StoreError> {
    let mut by_seal: BTreeMap<i32, BTreeSet<LookupId>> = BTreeMap::new();
    for id in wanted {
        for batch in answers::around(conn, &id.to_string())? {
            if let Some(seal) = batch.seal
                && read_batch(&batch)?.iter().any(|known| known.id == *id)
            {
                by_seal.entry(seal).or_default().insert(*id);
            }
        }
    }
    let mut proofs = BTreeMap::new();
    for (number, wanted) in by_seal {
        if let Some(seal) = AnswerSealRow::find(conn, number)? {
            proofs.extend(sealed::prove(&seal, &wanted, |each| leaves(conn, number, each))?);
        }
    }
    Ok(proofs)
}

/// Holds every seal whose records are still there against them; names those that differ.
///
/// # Errors
/// The database's failure.
pub fn check(conn: &mut AnyConnection, differs: impl FnMut(i32, String)) -> Result<(), StoreError> {
    let seals = AnswerSealRow::since(conn, 0)?;
    sealed::check(&seals, |seal, each| leaves(conn, seal, each), differs)
}
