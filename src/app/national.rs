//! Keys of the national algorithms (SM2 with SM3), which sign receipts and heads of the log beside the other keys where the service is set
//! to: made at its first start, changed in turn, their history in the log.
//!
//! The private half lies in the data folder, in a file named by the key's id; the public half and its time are facts. One key signs receipts,
//! another heads. Invariant: what signs is on record, or becomes so with the very head that it signs first.

use crate::app::found::system;
use crate::app::keys::DataFolder;
use crate::app::receipts::keys::ending;
use crate::app::{App, AppError};
use crate::domain::receipt::{KeyEnd, NationalUse};
use crate::domain::validity::Instant;
use crate::store::national_keys::{self, NationalKeyRow};
use crate::store::signing_keys::SigningKey as _;
use crate::store::{Store, StoreError};
use crate::tlog::sm2::Sm2Key;
use arc_swap::ArcSwapOption;
use std::sync::Arc;

/// The name of the service where it makes and changes its keys.
const KEYS: &str = "national-keys";

/// The keys of this node that sign now.
#[derive(Default)]
pub struct NationalKeys {
    folder: Option<DataFolder>,
    answers: ArcSwapOption<Sm2Key>,
    heads: Arc<ArcSwapOption<Sm2Key>>,
}

impl NationalKeys {
    /// Says where the keys lie; without a folder nothing is signed so. `heads` is where the signer of heads looks.
    #[must_use]
    pub fn new(folder: Option<DataFolder>, heads: Arc<ArcSwapOption<Sm2Key>>) -> Self {
        Self { folder, answers: ArcSwapOption::empty(), heads }
    }

    /// Whether the service is set to sign so.
    #[must_use]
    pub fn wanted(&self) -> bool {
        self.folder.is_some()
    }

    /// Returns the key that signs receipts now; none while it could not be made.
    #[must_use]
    pub fn for_answers(&self) -> Option<Arc<Sm2Key>> {
        self.answers.load_full()
    }

    fn place(&self, purpose: NationalUse) -> &ArcSwapOption<Sm2Key> {
        match purpose {
            NationalUse::Answers => &self.answers,
            NationalUse::Heads => &self.heads,
        }
    }

    /// Takes the keys of the data folder that are to sign, making those that are not there; returns how many are others.
    ///
    /// # Errors
    /// [`StoreError`] when the folder or the log cannot be read or written.
    pub fn take(&self, store: &Store, at: Instant) -> Result<usize, StoreError> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let mut taken = 0_usize;
        for purpose in NationalUse::ALL.iter().copied() {
            let place = self.place(purpose);
            let known = place.load().as_ref().map(|key| key.public().kid());
            let newest = open_keys(store, folder, purpose)?.pop();
            let kid = match newest {
                Some((kid, key)) => {
                    if known.as_ref() != Some(&kid) {
                        place.store(Some(Arc::new(key)));
                    }
                    kid
                }
                None => introduce(store, folder, purpose, KeyEnd::Scheduled, at, Some(place))?,
            };
            taken = taken.saturating_add(usize::from(known.as_ref() != Some(&kid)));
        }
        Ok(taken)
    }
}

/// Reads the keys of a folder that are not retired, in order of their last entries.
fn open_keys(store: &Store, folder: &DataFolder, purpose: NationalUse) -> Result<Vec<(String, Sm2Key)>, StoreError> {
    let mut open = Vec::new();
    for row in store.read(national_keys::standing)? {
        if row.retires_at.is_none()
            && row.purpose == purpose.as_str()
            && let Some(key) = folder.read_national_key(&row.kid)?
        {
            open.push((row.kid, key));
        }
    }
    Ok(open)
}

/// Makes a new key and retires the others of the folder in the same transaction. `place` takes it before it is on record, so that the head
/// over its entry is signed with it, and loses it when it cannot be recorded.
fn introduce(
    store: &Store,
    folder: &DataFolder,
    purpose: NationalUse,
    why: KeyEnd,
    at: Instant,
    place: Option<&ArcSwapOption<Sm2Key>>,
) -> Result<String, StoreError> {
    let others: Vec<String> = open_keys(store, folder, purpose)?.into_iter().map(|(kid, _)| kid).collect();
    // The file first: a key that is on record can sign.
    let key = folder.make_national_key()?;
    let (kid, jwk) = (key.public().kid(), key.public().jwk().to_string());
    if let Some(place) = place {
        place.store(Some(Arc::new(key)));
    }
    let recorded = record(store, (kid.clone(), jwk), purpose, others, why, at);
    if let (Err(_), Some(place)) = (&recorded, place) {
        place.store(None);
    }
    recorded.map(|()| kid)
}

fn record(
    store: &Store,
    (kid, jwk): (String, String),
    purpose: NationalUse,
    others: Vec<String>,
    why: KeyEnd,
    at: Instant,
) -> Result<(), StoreError> {
    store.write(system(KEYS, at), move |tx| {
        let row = NationalKeyRow {
            kid,
            version: 1,
            revision: tx.next_revision().0,
            purpose: purpose.as_str().to_owned(),
            jwk,
            introduced_at: at.micros(),
            retires_at: None,
            reason: None,
            recorded_at: at.micros(),
        };
        row.take_turn(tx, &others, ending(why, at))
    })?;
    Ok(())
}

impl App {
    /// Introduces a new SM2 key for this data folder and retires the one it has; returns the id of the new one.
    ///
    /// # Errors
    /// The store's failure.
    pub fn change_national_key(
        &self,
        folder: &DataFolder,
        purpose: NationalUse,
        why: KeyEnd,
    ) -> Result<String, AppError> {
        Ok(introduce(&self.store, folder, purpose, why, self.clock.now(), None)?)
    }
}
