//! Puts on record who looked at personal data or inside the log: in batches, off the way of the request, sealed by the hour
//! like answers.
//!
//! A record says who, when, which kind of data, and whose: the path that was asked, which names things by their ids.
//! Invariant: a record has exactly one leaf, in canonical JSON, which the log's seals cover.

use super::found::system;
use super::lookup::Account;
use super::receipts::question::canonical;
use super::sealed::{self, Each, Sealed, Stretch};
use super::view::Page;
use super::{App, AppError};
use crate::domain::access::DataKind;
use crate::domain::id::{AccessId, PersonId, time_ordered};
use crate::domain::validity::Instant;
use crate::store::keep::{accesses, people};
use crate::store::private::random;
use crate::store::seals::{AccessSealRow, Seal as _};
use crate::store::{AnyConnection, Store, StoreError, register};
use crate::tlog::merkle::leaf_hash;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

pub use crate::store::keep::accesses::{AccessRow, Wanted};

/// Accesses written together at most.
pub const BATCH: usize = 500;

/// Longest text of what was asked, characters.
const ABOUT: usize = 400;

/// Records read at once.
const STRIDE: i64 = 1_000;

/// An access on its way to the record.
#[derive(Debug, Clone)]
pub struct Access {
    /// When.
    pub at: Instant,
    /// Who, as the token says.
    pub account: Account,
    /// For which organisation.
    pub org: String,
    /// To what kind of data.
    pub kind: DataKind,
    /// What was asked: path and query.
    pub about: String,
    /// In which request.
    pub request_id: String,
}

/// What is hashed for a record; members stand in the order of their names.
#[derive(Serialize)]
struct Leaf<'a> {
    about: &'a str,
    at: Instant,
    id: &'a str,
    kind: &'a str,
    org: &'a str,
    person: &'a str,
    request_id: &'a str,
    v: u8,
}

/// Writes the bytes that the seal of a record covers (RFC 8785).
#[must_use]
pub fn leaf(row: &AccessRow) -> Vec<u8> {
    let AccessRow { id, accessed_at, person, org, kind, about, request_id, .. } = row;
    canonical(&Leaf { about, at: Instant::from_micros(*accessed_at), id, kind, org, person, request_id, v: 1 })
}

/// Writes accesses that are queued.
///
/// # Errors
/// The store's failure.
pub fn write(store: &Store, records: Vec<Access>) -> Result<(), StoreError> {
    let mut known: HashMap<Account, PersonId> = HashMap::new();
    let mut rows = Vec::new();
    let mut at = Instant::from_micros(0);
    for record in records {
        at = record.at;
        let person = match known.get(&record.account) {
            Some(person) => *person,
            None => {
                let person = person_of(store, &record.account, at)?;
                known.insert(record.account.clone(), person);
                person
            }
        };
        rows.push(AccessRow {
            id: AccessId::new(time_ordered(record.at, random()?)).to_string(),
            accessed_at: record.at.micros(),
            person: person.to_string(),
            org: record.org,
            kind: record.kind.as_str().to_owned(),
            about: record.about.chars().take(ABOUT).collect(),
            request_id: record.request_id,
            seal: None,
        });
    }
    store.keep(at, move |conn| accesses::insert(conn, &rows))
}

fn person_of(store: &Store, (issuer, subject): &Account, at: Instant) -> Result<PersonId, StoreError> {
    if let Some(person) = store.read(|conn| register::person_of(conn, issuer, subject))? {
        return Ok(person);
    }
    let (issuer, subject) = (issuer.to_string(), subject.to_string());
    store.keep(at, move |conn| people::find_or_make(conn, &issuer, &subject, at))
}

impl App {
    /// Lists wanted accesses in order, from behind one.
    ///
    /// # Errors
    /// The store's failure.
    pub fn accesses_recorded(&self, wanted: &Wanted, after: &str, limit: usize) -> Result<Page<AccessRow>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = self.store.read(|conn| accesses::list(conn, wanted, after, most))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|row| row.id.clone());
        Ok(Page { items, next })
    }

    /// Finds a record with the proof that it is in its seal, and the seal in the log; no proof while it is not sealed.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`StoreError::Damaged`] when the records are not those that were sealed.
    pub fn access_recorded(&self, id: AccessId) -> Result<(AccessRow, Option<Sealed>), AppError> {
        self.store.read(|conn| {
            let row = accesses::find(conn, &id.to_string())?.ok_or(AppError::NotFound)?;
            let seal = row.seal.map(|number| AccessSealRow::find(conn, number)).transpose()?.flatten();
            let wanted = BTreeSet::from([row.id.clone()]);
            let prove =
                |seal: AccessSealRow| sealed::prove(&seal, &wanted, |each| leaves(conn, Some(seal.version), each));
            let proof = seal.map(prove).transpose()?.and_then(|mut proofs| proofs.remove(&row.id));
            let sealed = proof.map(|proof| Sealed::read(conn, proof)).transpose()?;
            Ok((row, sealed))
        })
    }

    /// Seals what was recorded, if the last seal and the start of this process are an hour past.
    ///
    /// # Errors
    /// The store's failure.
    pub fn seal_accesses(&self, at: Instant) -> Result<usize, AppError> {
        let last = self.store.read(AccessSealRow::last)?;
        if !sealed::due(last.as_ref(), self.started_at, at) {
            return Ok(0);
        }
        let Stretch { ends, frontier } = self.store.read(waiting)?;
        let Some((first, last_id)) = ends else { return Ok(0) };
        let unrecorded = i64::try_from(self.accesses.dropped()).unwrap_or(i64::MAX);
        self.store.write(system("accesses", at), move |tx| {
            let records = i64::try_from(frontier.size()).map_err(StoreError::damaged)?;
            // Another node may write or seal between reading and sealing: the next round reads again.
            if accesses::waiting_up_to(tx.conn(), &last_id)? != records {
                return Ok::<_, StoreError>(());
            }
            let last = AccessSealRow::last(tx.conn())?;
            let row = AccessSealRow {
                version: last.as_ref().map_or(0, |seal| seal.version).saturating_add(1),
                revision: tx.next_revision().0,
                first_id: first,
                last_id: last_id.clone(),
                records,
                unrecorded,
                root: frontier.root().to_string(),
                recorded_at: at.micros(),
            };
            accesses::seal(tx.conn(), &last_id, row.version)?;
            tx.save(row, last.as_ref(), "accesses.sealed")?;
            Ok(())
        })?;
        // Nothing on the list has changed.
        Ok(0)
    }

    /// Deletes records that were kept as long as answers are, whole seals at a time.
    ///
    /// # Errors
    /// The store's failure.
    pub fn forget_accesses(&self, at: Instant) -> Result<usize, AppError> {
        let kept = i64::try_from(self.answers_kept.as_micros()).unwrap_or(i64::MAX);
        let before = at.micros().saturating_sub(kept);
        let Some(seal) = self.store.read(|conn| AccessSealRow::last_before(conn, before))? else { return Ok(0) };
        Ok(self.store.keep(at, move |conn| accesses::forget(conn, seal))?)
    }
}

/// Hands out the leaf hash of every record of a seal, or of those that wait for one, in order, with its id.
fn leaves(conn: &mut AnyConnection, seal: Option<i32>, each: Each<'_, String>) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = accesses::of_seal(conn, seal, &after, STRIDE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.id);
        rows.iter().for_each(|row| each(row.id.clone(), leaf_hash(&leaf(row))));
    }
}

fn waiting(conn: &mut AnyConnection) -> Result<Stretch<String>, StoreError> {
    let mut stretch = Stretch::new();
    leaves(conn, None, &mut |id, hash| stretch.add(id, hash))?;
    Ok(stretch)
}

/// Holds every seal whose records are still there against them; names those that differ.
///
/// # Errors
/// The database's failure.
pub fn check(conn: &mut AnyConnection, differs: impl FnMut(i32, String)) -> Result<(), StoreError> {
    let seals = AccessSealRow::since(conn, 0)?;
    sealed::check(&seals, |seal, each| leaves(conn, Some(seal), each), differs)
}
