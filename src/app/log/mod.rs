//! What the log hands out of itself: signed heads, tiles, entries, proofs, and all of it as one archive.
//!
//! Everything here reads committed rows on connections of readers; nothing passes the writer. Invariant: what may be
//! cached for ever (tiles, bundles) lies under a signed head, so that no fork can have handed out something else.

pub mod export;
pub mod reshard;
pub mod search;
pub mod selfcheck;
pub mod timestamps;
pub mod told;
pub mod witness;

use self::export::Export;
use self::search::Wanted;
use self::told::{Teller, ToldEntry};
use super::view::Page;
use super::{App, AppError};
use crate::domain::lang::Lang;
use crate::store::keep::cosignatures;
use crate::store::{AnyConnection, StoreError, log};
use crate::tlog::proof::{self, ProofError};
use crate::tlog::tiles::{TileKind, TilePath, WIDTH, bundle, parse_path, width_at};
use crate::tlog::{Hash, text};
use serde::Serialize;

/// A signed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// Number of entries.
    pub size: u64,
    /// The signed note, with the signatures of witnesses.
    pub note: String,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Proof(error) => Self::damaged(error),
            Failed::Store(error) => error,
        }
    }
}

fn cosigned(conn: &mut AnyConnection, size: i64, mut note: String) -> Result<Signed, StoreError> {
    for (_, line) in cosignatures::under(conn, size)? {
        note.push_str(&line);
        note.push('\n');
    }
    Ok(Signed { size: u64::try_from(size).map_err(StoreError::damaged)?, note })
}

/// Reads the newest signed head; none while nothing was signed.
///
/// # Errors
/// The database's failure.
pub fn newest(conn: &mut AnyConnection) -> Result<Option<Signed>, StoreError> {
    let newest = log::newest_checkpoint(conn)?;
    newest.map(|(size, note)| cosigned(conn, size, note)).transpose()
}

/// Reads signed heads in order, from behind a size.
///
/// # Errors
/// The database's failure.
pub fn signed_behind(conn: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<Signed>, StoreError> {
    let notes = log::checkpoints_behind(conn, after, limit)?;
    notes.into_iter().map(|(size, note)| cosigned(conn, size, note)).collect()
}

/// Reads a tile of hashes or a bundle of entries; none unless the newest signed head covers all of it.
///
/// # Errors
/// The database's failure; [`StoreError::Damaged`] when what is signed is not stored.
pub fn tile(conn: &mut AnyConnection, path: TilePath) -> Result<Option<Vec<u8>>, StoreError> {
    let Some((size, _)) = log::newest_checkpoint(conn)? else { return Ok(None) };
    tile_under(conn, path, u64::try_from(size).map_err(StoreError::damaged)?)
}

/// Reads a tile or a bundle of the tree of a signed size.
fn tile_under(conn: &mut AnyConnection, path: TilePath, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let level = match path.kind {
        TileKind::Hashes(level) => level,
        TileKind::Entries => 0,
    };
    if width_at(level, path.index, size) < path.width {
        return Ok(None);
    }
    let missing = || StoreError::damaged(format!("{path} is signed and not stored"));
    let index = i64::try_from(path.index).map_err(StoreError::damaged)?;
    match path.kind {
        TileKind::Hashes(level) => {
            let mut hashes = log::find_tile(conn, i32::from(level), index)?.ok_or_else(missing)?;
            let bytes = usize::from(path.width).saturating_mul(Hash::LEN);
            if hashes.len() < bytes {
                return Err(missing());
            }
            hashes.truncate(bytes);
            Ok(Some(hashes))
        }
        TileKind::Entries => {
            let first = index.saturating_mul(i64::from(WIDTH));
            let rows = log::list_entries(conn, first, i64::from(path.width))?;
            let last = rows.last().map(|row| row.revision);
            if rows.len() != usize::from(path.width) || last != Some(first.saturating_add(i64::from(path.width))) {
                return Err(missing());
            }
            bundle(rows.iter().map(|row| row.leaf.as_slice())).map(Some).ok_or_else(missing)
        }
    }
}

fn read_tile(conn: &mut AnyConnection, level: u8, index: u64) -> Result<Vec<u8>, Failed> {
    let tile = i64::try_from(index).map_err(StoreError::damaged)?;
    Ok(log::find_tile(conn, i32::from(level), tile)?.unwrap_or_default())
}

/// Proves that an entry is under the newest signed head (C2SP `tlog-proof`); none unless it is.
///
/// # Errors
/// The database's failure; [`StoreError::Damaged`] when a tile is missing.
pub fn inclusion(conn: &mut AnyConnection, index: u64) -> Result<Option<String>, StoreError> {
    let Some(signed) = newest(conn)?.filter(|signed| index < signed.size) else { return Ok(None) };
    let proof = proof::inclusion_proof::<Failed>(index, signed.size, |level, tile| read_tile(conn, level, tile))?;
    Ok(Some(text::inclusion(index, &proof, &signed.note)))
}

/// Returns the audit path of an entry in the tree of a size.
///
/// # Errors
/// The database's failure; [`StoreError::Damaged`] when a tile is missing.
pub fn path_of(conn: &mut AnyConnection, index: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    Ok(proof::inclusion_proof::<Failed>(index, size, |level, tile| read_tile(conn, level, tile))?)
}

/// Proves that the signed head of size `new` goes on from the tree of size `old` (request body of C2SP `tlog-witness`);
/// none unless `new` was signed and `old` is not larger.
///
/// # Errors
/// The database's failure; [`StoreError::Damaged`] when a tile is missing.
pub fn consistency(conn: &mut AnyConnection, old: u64, new: u64) -> Result<Option<String>, StoreError> {
    let Ok(size) = i64::try_from(new) else { return Ok(None) };
    let Some(note) = log::find_checkpoint(conn, size)?.filter(|_| old <= new) else { return Ok(None) };
    let signed = cosigned(conn, size, note)?;
    let proof = proof::consistency_proof::<Failed>(old, new, |level, tile| read_tile(conn, level, tile))?;
    Ok(Some(text::consistency(old, &proof, &signed.note)))
}

impl App {
    /// Returns the newest signed head.
    ///
    /// # Errors
    /// [`AppError::NotFound`] while nothing was signed; the store's failure.
    pub fn log_head(&self) -> Result<Signed, AppError> {
        self.store.read(newest)?.ok_or(AppError::NotFound)
    }

    /// Lists signed heads in order, from behind a size.
    ///
    /// # Errors
    /// The store's failure.
    pub fn log_heads(&self, after: i64, limit: usize) -> Result<Page<Signed>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = self.store.read(|conn| signed_behind(conn, after, most))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|head| head.size.to_string());
        Ok(Page { items, next })
    }

    /// Returns a tile of hashes or a bundle of entries by its path (C2SP `tlog-tiles`).
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another path, or one that no signed head covers; the store's failure.
    pub fn log_tile(&self, path: &str) -> Result<Vec<u8>, AppError> {
        let path = parse_path(path).ok_or(AppError::NotFound)?;
        self.store.read(|conn| tile(conn, path))?.ok_or(AppError::NotFound)
    }

    /// Proves that an entry is under the newest signed head.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not; the store's failure.
    pub fn log_inclusion(&self, index: u64) -> Result<String, AppError> {
        self.store.read(|conn| inclusion(conn, index))?.ok_or(AppError::NotFound)
    }

    /// Proves that a signed head goes on from an earlier size.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when `new` was not signed or `old` is larger; the store's failure.
    pub fn log_consistency(&self, old: u64, new: u64) -> Result<String, AppError> {
        self.store.read(|conn| consistency(conn, old, new))?.ok_or(AppError::NotFound)
    }

    /// Finds wanted entries in order, from behind a revision.
    ///
    /// # Errors
    /// The store's failure.
    pub fn log_entries(
        &self,
        wanted: &Wanted,
        after: i64,
        limit: usize,
        lang: Lang,
    ) -> Result<Page<ToldEntry>, AppError> {
        let told = self.store.read(|conn| {
            let Page { items, next } = search::entries(conn, wanted, after, limit)?;
            let mut teller = Teller::default();
            let items = items.into_iter().map(|view| teller.tell(conn, view, lang)).collect::<Result<_, _>>()?;
            Ok::<_, StoreError>(Page { items, next })
        });
        Ok(told?)
    }

    /// Begins an archive of all that is signed.
    ///
    /// # Errors
    /// [`AppError::NotFound`] while nothing was signed; the store's failure.
    pub fn log_export(&self) -> Result<Export, AppError> {
        Export::begin(&self.store, &self.vkey)?.ok_or(AppError::NotFound)
    }
}
