//! The log in the database: the head that every writer takes first, entries, tiles.

use super::bulk::insert_columns;
use super::conn::AnyConnection;
use super::dialect::both;
use super::error::StoreError;
use super::schema::{log_checkpoints, log_entries, log_head, log_tiles};
use crate::tlog::Hash;
use crate::tlog::merkle::Frontier;
use crate::tlog::proof::{self, ProofError};
use crate::tlog::tiles::{ChangedTile, Tiles, WIDTH};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _,
};
use std::collections::BTreeMap;

/// A stored entry.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = log_entries)]
pub struct EntryRow {
    /// Number of entries up to and including this one.
    pub revision: i64,
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
    /// Its hash.
    pub leaf_hash: Vec<u8>,
}

/// The right edge of the tree, as the head row and the last tiles say.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// Roots of the perfect sub-trees.
    pub frontier: Frontier,
    /// Last tile of every level.
    pub tiles: Tiles,
}

impl Edge {
    /// Returns the number of entries.
    #[must_use]
    pub fn size(&self) -> i64 {
        i64::try_from(self.frontier.size()).unwrap_or(i64::MAX)
    }
}

/// Takes the head for the rest of the transaction: from here on no other writer moves it.
///
/// # Errors
/// [`StoreError::Damaged`] when there is none.
pub fn take_head(conn: &mut AnyConnection) -> Result<(i64, Vec<u8>), StoreError> {
    diesel::update(log_head::table.find(1)).set(log_head::size.eq(log_head::size)).execute(conn)?;
    read_head(conn)
}

/// Reads the head: number of entries and the roots of the perfect sub-trees.
///
/// # Errors
/// [`StoreError::Damaged`] when there is none.
pub fn read_head(conn: &mut AnyConnection) -> Result<(i64, Vec<u8>), StoreError> {
    log_head::table
        .find(1)
        .select((log_head::size, log_head::frontier))
        .first(conn)
        .optional()?
        .ok_or_else(|| StoreError::damaged("the log has no head"))
}

/// Reads the size alone.
///
/// # Errors
/// As [`read_head`].
pub fn size(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    log_head::table
        .find(1)
        .select(log_head::size)
        .first(conn)
        .optional()?
        .ok_or_else(|| StoreError::damaged("the log has no head"))
}

/// Reads the right edge that belongs to a head.
///
/// # Errors
/// [`StoreError::Damaged`] when head and tiles do not fit each other.
pub fn edge(conn: &mut AnyConnection, size: i64, frontier: &[u8]) -> Result<Edge, StoreError> {
    let size = u64::try_from(size).map_err(StoreError::damaged)?;
    let mut partial = BTreeMap::new();
    let mut width = size;
    let mut level: u8 = 0;
    while width > 0 {
        let tile = width / u64::from(WIDTH);
        if width % u64::from(WIDTH) != 0 {
            let hashes: Option<Vec<u8>> = log_tiles::table
                .find((i32::from(level), i64::try_from(tile).map_err(StoreError::damaged)?))
                .select(log_tiles::hashes)
                .first(conn)
                .optional()?;
            partial.insert(level, hashes.unwrap_or_default());
        }
        width = tile;
        level = level.saturating_add(1);
    }
    Ok(Edge {
        frontier: Frontier::from_bytes(size, frontier).map_err(StoreError::damaged)?,
        tiles: Tiles::resume(size, partial).map_err(StoreError::damaged)?,
    })
}

/// Why it is not known whether the log goes on from an earlier head.
enum Unproved {
    Proof,
    Store(StoreError),
}

impl From<ProofError> for Unproved {
    fn from(_: ProofError) -> Self {
        Self::Proof
    }
}

/// Whether the log of this head begins with the tree of an earlier one, by the tiles that stand in the database.
///
/// # Errors
/// The database's failure.
pub fn goes_on_from(
    conn: &mut AnyConnection,
    earlier: (i64, Hash),
    (size, root): (i64, Hash),
) -> Result<bool, StoreError> {
    let ((Ok(old), old_root), Ok(new)) = ((u64::try_from(earlier.0), earlier.1), u64::try_from(size)) else {
        return Ok(false);
    };
    if old > new {
        return Ok(false);
    }
    let made = proof::consistency_proof::<Unproved>(old, new, |level, tile| {
        let tile = i64::try_from(tile).map_err(|error| Unproved::Store(StoreError::damaged(error)))?;
        Ok(find_tile(conn, level.into(), tile).map_err(Unproved::Store)?.unwrap_or_default())
    });
    match made {
        Ok(proof) => Ok(proof::check_consistency(&proof, old, old_root, new, root).is_ok()),
        Err(Unproved::Proof) => Ok(false),
        Err(Unproved::Store(error)) => Err(error),
    }
}

/// Reads the head as size and root.
///
/// # Errors
/// [`StoreError::Damaged`] when there is none, or it is not what it must be.
pub fn read_root(conn: &mut AnyConnection) -> Result<(i64, Hash), StoreError> {
    let (size, frontier) = read_head(conn)?;
    Ok((size, root_of(size, &frontier)?))
}

/// Works out the root of a head.
///
/// # Errors
/// [`StoreError::Damaged`] when size and frontier do not fit each other.
pub fn root_of(size: i64, frontier: &[u8]) -> Result<Hash, StoreError> {
    let size = u64::try_from(size).map_err(StoreError::damaged)?;
    Ok(Frontier::from_bytes(size, frontier).map_err(StoreError::damaged)?.root())
}

/// Appends entries behind the head that this transaction holds.
///
/// # Errors
/// The database's failure.
pub fn append(conn: &mut AnyConnection, edge: &mut Edge, rows: &[EntryRow]) -> Result<(), StoreError> {
    for row in rows {
        let hash = Hash::from_slice(&row.leaf_hash).ok_or_else(|| StoreError::damaged("a leaf hash has 32 bytes"))?;
        edge.frontier.append(hash);
        edge.tiles.append(hash);
    }
    insert_columns!(conn, log_entries, rows, [revision, leaf, leaf_hash]);
    for tile in edge.tiles.take_changed() {
        save_tile(conn, &tile)?;
    }
    diesel::update(log_head::table.find(1))
        .set((log_head::size.eq(edge.size()), log_head::frontier.eq(edge.frontier.to_bytes())))
        .execute(conn)?;
    Ok(())
}

fn save_tile(conn: &mut AnyConnection, tile: &ChangedTile) -> Result<(), StoreError> {
    let level = i32::from(tile.level);
    let index = i64::try_from(tile.index).map_err(StoreError::damaged)?;
    let grown =
        diesel::update(log_tiles::table.find((level, index))).set(log_tiles::hashes.eq(&tile.hashes)).execute(conn)?;
    if grown == 0 {
        diesel::insert_into(log_tiles::table)
            .values((log_tiles::level.eq(level), log_tiles::tile.eq(index), log_tiles::hashes.eq(&tile.hashes)))
            .execute(conn)?;
    }
    Ok(())
}

/// Finds one entry.
///
/// # Errors
/// The database's failure.
pub fn find_entry(conn: &mut AnyConnection, revision: i64) -> Result<Option<EntryRow>, StoreError> {
    Ok(log_entries::table.find(revision).first(conn).optional()?)
}

/// Finds several entries.
///
/// # Errors
/// The database's failure.
pub fn entries_of(conn: &mut AnyConnection, revisions: &[i64]) -> Result<Vec<EntryRow>, StoreError> {
    let mut rows = Vec::new();
    for revisions in revisions.chunks(500) {
        rows.extend(log_entries::table.filter(log_entries::revision.eq_any(revisions)).load::<EntryRow>(conn)?);
    }
    Ok(rows)
}

/// Reads a stretch of entries in order.
///
/// # Errors
/// The database's failure.
pub fn list_entries(conn: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<EntryRow>, StoreError> {
    Ok(log_entries::table
        .filter(log_entries::revision.gt(after))
        .order(log_entries::revision)
        .limit(limit)
        .load(conn)?)
}

/// Finds the hashes of one tile.
///
/// # Errors
/// The database's failure.
pub fn find_tile(conn: &mut AnyConnection, level: i32, tile: i64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(log_tiles::table.find((level, tile)).select(log_tiles::hashes).first(conn).optional()?)
}

/// Reads tiles in order of level and number, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list_tiles(
    conn: &mut AnyConnection,
    after: Option<(i32, i64)>,
    limit: i64,
) -> Result<Vec<(i32, i64, Vec<u8>)>, StoreError> {
    let (level, tile) = after.unwrap_or((-1, -1));
    let behind = log_tiles::level.gt(level).or(log_tiles::level.eq(level).and(log_tiles::tile.gt(tile)));
    Ok(log_tiles::table.filter(behind).order((log_tiles::level, log_tiles::tile)).limit(limit).load(conn)?)
}

/// Reads every signed checkpoint, smallest first.
///
/// # Errors
/// The database's failure.
pub fn list_checkpoints(conn: &mut AnyConnection) -> Result<Vec<(i64, String)>, StoreError> {
    Ok(log_checkpoints::table.order(log_checkpoints::size).load(conn)?)
}

/// Reads signed checkpoints in order, from behind a size.
///
/// # Errors
/// The database's failure.
pub fn checkpoints_behind(conn: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let behind = log_checkpoints::table.filter(log_checkpoints::size.gt(after));
    Ok(behind.order(log_checkpoints::size).limit(limit).load(conn)?)
}

/// Finds the signed checkpoint of a size.
///
/// # Errors
/// The database's failure.
pub fn find_checkpoint(conn: &mut AnyConnection, size: i64) -> Result<Option<String>, StoreError> {
    Ok(log_checkpoints::table.find(size).select(log_checkpoints::note).first(conn).optional()?)
}

/// Reads the newest signed checkpoint.
///
/// # Errors
/// The database's failure.
pub fn newest_checkpoint(conn: &mut AnyConnection) -> Result<Option<(i64, String)>, StoreError> {
    Ok(log_checkpoints::table.order(log_checkpoints::size.desc()).first(conn).optional()?)
}

/// Keeps a signed checkpoint unless one of its size is kept already: never two roots for one size.
///
/// # Errors
/// The database's failure.
pub fn keep_checkpoint(conn: &mut AnyConnection, size: i64, note: &str) -> Result<(), StoreError> {
    let row = (log_checkpoints::size.eq(size), log_checkpoints::note.eq(note));
    // Another node may have signed the same size: its note stays, and both are of the same root.
    let known: Option<i64> = log_checkpoints::table.find(size).select(log_checkpoints::size).first(conn).optional()?;
    if known.is_none() {
        both!(conn, conn => diesel::insert_into(log_checkpoints::table).values(row).execute(conn))?;
    }
    Ok(())
}
