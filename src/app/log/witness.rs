//! What witnesses are asked to sign, and what becomes of their signatures (C2SP `tlog-witness`).
//!
//! Nothing of it is in the way of a change or a lookup: heads are signed and served without witnesses, whose signatures
//! follow as they come. Invariant: only a signature that was verified is kept.

use crate::app::{App, AppError};
use crate::store::keep::cosignatures;
use crate::store::{Store, StoreError, log};
use crate::tlog::{proof, text};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub use crate::tlog::cosignature::{CosignatureError, Quorum, Witness};

use super::{Failed, newest, read_tile, signed_behind};

/// Heads read at once.
const STRIDE: i64 = 500;

/// What came of asking witnesses, for the figures.
#[derive(Debug, Default)]
pub struct Witnessed {
    /// Entries under the newest head that enough witnesses signed.
    pub cosigned: AtomicI64,
    /// How often a witness refused to sign, or sent a signature that does not hold.
    pub refused: AtomicU64,
}

/// A request to a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Entries of the head that is to be signed.
    pub size: u64,
    /// The head, signed by the log alone.
    pub note: String,
    /// Body of the request (`add-checkpoint`).
    pub body: String,
}

/// What a witness is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asking {
    /// Nothing: it has signed the newest head, or there is none.
    Nothing,
    /// To sign the newest head.
    Sign(Request),
    /// It saw a head that this log does not have: the log went back, or there are two of it.
    Ahead,
}

/// Finds the newest head that enough witnesses signed.
///
/// # Errors
/// The store's failure.
pub fn newest_cosigned(store: &Store, quorum: &Quorum) -> Result<Option<u64>, StoreError> {
    let (mut after, mut newest) = (0, None);
    loop {
        let heads = store.read(|conn| signed_behind(conn, after, STRIDE))?;
        let Some(last) = heads.last() else { return Ok(newest) };
        after = i64::try_from(last.size).map_err(StoreError::damaged)?;
        newest = heads.iter().rev().find(|head| quorum.reached(&head.note)).map(|head| head.size).or(newest);
    }
}

impl App {
    /// Says what a witness is to be asked; `known` is the size that it says it signed last, else what is known here.
    ///
    /// # Errors
    /// The store's failure.
    pub fn ask_witness(&self, witness: &str, known: Option<u64>) -> Result<Asking, AppError> {
        let asking = self.store.read(|conn| {
            let Some((size, note)) = log::newest_checkpoint(conn)? else { return Ok(Asking::Nothing) };
            let signed = cosignatures::newest(conn, witness)?;
            if known.is_none() && signed == Some(size) {
                return Ok(Asking::Nothing);
            }
            let size = u64::try_from(size).map_err(StoreError::damaged)?;
            let old = match known {
                Some(known) => known,
                None => u64::try_from(signed.unwrap_or(0)).map_err(StoreError::damaged)?,
            };
            if old > size {
                return Ok(Asking::Ahead);
            }
            let path = proof::consistency_proof::<Failed>(old, size, |level, tile| read_tile(conn, level, tile))?;
            let body = text::consistency(old, &path, &note);
            Ok::<_, StoreError>(Asking::Sign(Request { size, note, body }))
        })?;
        Ok(asking)
    }

    /// Keeps the signature of a witness under a head that it was asked to sign.
    ///
    /// # Errors
    /// The store's failure. The inner error says that no signature in the answer holds.
    pub fn cosigned(
        &self,
        witness: &Witness,
        request: &Request,
        answer: &str,
    ) -> Result<Result<(), CosignatureError>, AppError> {
        let cosignature = match witness.find(&request.note, answer) {
            Ok(cosignature) => cosignature,
            Err(error) => return Ok(Err(error)),
        };
        let size = i64::try_from(request.size).map_err(StoreError::damaged)?;
        let time = i64::try_from(cosignature.time).map_err(StoreError::damaged)?;
        let name = witness.name().to_owned();
        self.store
            .keep(self.clock.now(), move |conn| cosignatures::keep(conn, size, &name, &cosignature.line, time))?;
        Ok(Ok(()))
    }

    /// Notes whether enough witnesses signed the newest head.
    ///
    /// # Errors
    /// The store's failure.
    pub fn note_quorum(&self, quorum: &Quorum) -> Result<bool, AppError> {
        let Some(head) = self.store.read(newest)? else { return Ok(false) };
        let reached = quorum.reached(&head.note);
        if reached {
            self.witnessed.cosigned.fetch_max(i64::try_from(head.size).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
        Ok(reached)
    }
}
