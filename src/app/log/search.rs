//! Finding entries: by event, thing, actor, organisation and time, oldest first.
//!
//! A cursor is a revision, so pages never shift. What the index of `log_search` does not hold yet is read from the log
//! itself, so that no entry is missing because it is young. Invariant: the index only says where to look; whether an entry
//! is wanted is judged by the entry.

use crate::app::view::Page;
use crate::app::{App, AppError};
use crate::domain::validity::Instant;
use crate::store::keep::log_search::{self, KeyRow};
use crate::store::log::EntryRow;
use crate::store::{AnyConnection, StoreError, log};
use crate::tlog::Hash;
use crate::tlog::entry::Entry;
use serde::Serialize;
use std::collections::BTreeMap;

pub use crate::store::keep::log_search::Wanted;

/// Entries read or indexed at once.
const STRIDE: i64 = 1_000;

/// Entries behind the index that one search reads at most; its next page reads on.
const MOST_READ: i64 = 20_000;

/// An entry as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct EntryView {
    /// Place in the log, from 0.
    pub index: i64,
    /// Number of entries up to and including this one.
    pub revision: i64,
    /// Hash of its bytes.
    pub leaf_hash: Hash,
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
}

impl EntryView {
    /// Reads a stored entry.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is none.
    pub fn of(row: &EntryRow) -> Result<Self, StoreError> {
        let leaf_hash = Hash::from_slice(&row.leaf_hash).ok_or_else(|| StoreError::damaged("a leaf hash"))?;
        let entry = Entry::from_leaf(&row.leaf).map_err(StoreError::damaged)?;
        Ok(Self { index: row.revision.saturating_sub(1), revision: row.revision, leaf_hash, entry })
    }

    fn key(&self) -> Result<KeyRow, StoreError> {
        let at = Instant::parse(&self.entry.at).map_err(|_| StoreError::damaged("the instant of an entry"))?;
        Ok(KeyRow {
            revision: self.revision,
            event: self.entry.event.clone(),
            entity_kind: self.entry.entity.kind.clone(),
            entity_id: self.entry.entity.id.clone(),
            actor: self.entry.actor.reference.clone(),
            org: self.entry.actor.org.clone().unwrap_or_default(),
            recorded_at: at.micros(),
        })
    }
}

/// Finds wanted entries in order, from behind a revision.
///
/// # Errors
/// The database's failure; [`StoreError::Damaged`] when a leaf is no entry.
pub fn entries(
    conn: &mut AnyConnection,
    wanted: &Wanted,
    after: i64,
    limit: usize,
) -> Result<Page<EntryView>, StoreError> {
    let most = limit.saturating_add(1);
    let rows = i64::try_from(most).map_err(StoreError::damaged)?;
    let indexed = log_search::indexed(conn)?;
    let mut items: Vec<EntryView> = Vec::new();
    if after < indexed {
        let revisions = log_search::find(conn, wanted, after, rows)?;
        let mut found = log::entries_of(conn, &revisions)?;
        found.sort_unstable_by_key(|row| row.revision);
        for row in &found {
            take(&mut items, wanted, EntryView::of(row)?)?;
        }
    }
    let (begin, mut at) = (after.max(indexed), after.max(indexed));
    let mut next = None;
    while items.len() < most {
        if at.saturating_sub(begin) >= MOST_READ {
            next = Some(at);
            break;
        }
        let young = log::list_entries(conn, at, STRIDE)?;
        let Some(last) = young.last() else { break };
        at = last.revision;
        for row in &young {
            take(&mut items, wanted, EntryView::of(row)?)?;
        }
    }
    if items.len() > limit {
        items.truncate(limit);
        next = items.last().map(|item| item.revision);
    }
    Ok(Page { items, next: next.map(|next| next.to_string()) })
}

/// Reads every entry about several things, each thing's oldest first: through the index, and what is younger in one pass.
///
/// # Errors
/// As [`entries`].
pub fn about(
    conn: &mut AnyConnection,
    things: &[(String, String)],
) -> Result<BTreeMap<(String, String), Vec<EntryView>>, StoreError> {
    let indexed = log_search::indexed(conn)?;
    let mut found: BTreeMap<(String, String), Vec<EntryView>> = BTreeMap::new();
    for (kind, id) in things {
        let wanted = Wanted { entity_kind: Some(kind.clone()), entity_id: Some(id.clone()), ..Wanted::default() };
        let (views, mut after) = (found.entry((kind.clone(), id.clone())).or_default(), 0);
        loop {
            let revisions = log_search::find(conn, &wanted, after, STRIDE)?;
            let Some(last) = revisions.last() else { break };
            after = *last;
            for row in log::entries_of(conn, &revisions)? {
                take(views, &wanted, EntryView::of(&row)?)?;
            }
        }
        views.sort_unstable_by_key(|view| view.revision);
    }
    let mut at = indexed;
    loop {
        let young = log::list_entries(conn, at, STRIDE)?;
        let Some(last) = young.last() else { return Ok(found) };
        at = last.revision;
        for row in &young {
            let view = EntryView::of(row)?;
            let thing = (view.entry.entity.kind.clone(), view.entry.entity.id.clone());
            if let Some(views) = found.get_mut(&thing) {
                views.push(view);
            }
        }
    }
}

fn take(items: &mut Vec<EntryView>, wanted: &Wanted, entry: EntryView) -> Result<(), StoreError> {
    if wanted.fits(&entry.key()?) {
        items.push(entry);
    }
    Ok(())
}

impl App {
    /// Brings the index of entries up to the head; returns how many entries were new to it.
    ///
    /// # Errors
    /// The store's failure.
    pub fn index_log(&self, at: Instant) -> Result<usize, AppError> {
        let mut done = 0_usize;
        loop {
            let (indexed, keys) = self.store.read(|conn| {
                let indexed = log_search::indexed(conn)?;
                let rows = log::list_entries(conn, indexed, STRIDE)?;
                let keys = rows.iter().map(|row| EntryView::of(row)?.key()).collect::<Result<Vec<_>, StoreError>>()?;
                Ok::<_, StoreError>((indexed, keys))
            })?;
            if keys.is_empty() {
                return Ok(done);
            }
            // Another node may have been faster; the next round starts from what it wrote.
            let new = self.store.keep(at, move |conn| log_search::append(conn, indexed, &keys))?;
            done = done.saturating_add(new);
        }
    }
}
