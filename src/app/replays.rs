//! Replay: a recorded question asked again at its revision must give the same lines, byte for byte; a sample of every
//! day is checked.
//!
//! A program whose texts are worded otherwise cannot give the same bytes; then verdict and reasons are held against the
//! record. Invariant: whatever differs is told in the log of the process and counted, never passed over.

use super::record::{Recorded, read_batch};
use super::{App, AppError};
use crate::app::answer_json::{declaration_answer, digest_of_lines, wording};
use crate::domain::id::LookupId;
use crate::domain::validity::Instant;
use crate::store::keep::answers;
use crate::store::private::random;
use crate::tlog::Hash;
use std::sync::atomic::{AtomicI64, Ordering};

/// Places looked at for a sample.
const PLACES: usize = 64;

/// Answers taken from each at most.
const FROM_EACH: usize = 16;

/// What the last sample came to.
#[derive(Debug, Default)]
pub struct Sampled {
    /// Answers judged again.
    pub checked: AtomicI64,
    /// Of these, judged otherwise.
    pub otherwise: AtomicI64,
}

/// What asking again came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The same bytes.
    Same,
    /// The same verdicts and reasons, in the words of another version of this program.
    Reworded,
    /// Another answer.
    Otherwise,
}

impl App {
    /// Asks a recorded question again at its revision and compares with what was given.
    pub fn replay(&self, recorded: &Recorded) -> Replay {
        let snapshot = self.index.load();
        let lines = snapshot.judge(&recorded.declaration, &recorded.lines, recorded.revision);
        let body = declaration_answer(recorded.id, recorded.revision, recorded.answered_at, &lines, recorded.lang);
        if Hash(digest_of_lines(&body)) == recorded.digest {
            return Replay::Same;
        }
        let same_reasons = lines.iter().map(|line| line.reasons).eq(recorded.reasons.iter().copied());
        if same_reasons && recorded.wording != wording(recorded.lang) {
            return Replay::Reworded;
        }
        tracing::error!(answer = %recorded.id, "a recorded answer is judged otherwise at its own revision");
        Replay::Otherwise
    }

    /// Asks a sample of recorded questions again, from everywhere in the record.
    ///
    /// # Errors
    /// The store's failure.
    pub fn replay_answers(&self, _: Instant) -> Result<usize, AppError> {
        let (mut checked, mut otherwise) = (0_i64, 0_i64);
        if let Some((first, last)) = self.store.read(answers::span)? {
            let read = |id: &str| LookupId::parse(id).map_or(0, LookupId::value);
            let (first, last) = (read(&first), read(&last));
            for _ in 0..PLACES {
                let bits = u128::from_be_bytes(random()?);
                // Ids order by time: a place between the first and the last is a moment between them.
                let place = first.saturating_add(bits % last.saturating_sub(first).saturating_add(1));
                let id = LookupId::new(place).to_string();
                let Some(batch) = self.store.read(|conn| answers::ending_from(conn, &id))? else { continue };
                let answers = read_batch(&batch)?;
                let every = answers.len().div_ceil(FROM_EACH).max(1);
                for answer in answers.iter().step_by(every) {
                    checked = checked.saturating_add(1);
                    otherwise = otherwise.saturating_add(i64::from(self.replay(answer) == Replay::Otherwise));
                }
            }
        }
        self.replayed.checked.store(checked, Ordering::Relaxed);
        self.replayed.otherwise.store(otherwise, Ordering::Relaxed);
        // Nothing on the list has changed.
        Ok(0)
    }
}
