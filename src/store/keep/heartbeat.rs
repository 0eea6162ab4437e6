//! The heartbeat: one number that every node raises on the primary, and that its follower reads back.

use crate::store::conn::AnyConnection;
use crate::store::dialect::both;
use crate::store::error::StoreError;
use crate::store::schema::heartbeat;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

/// Raises the heartbeat above all that this node knows of it, and returns what it became: a state of the database that
/// holds it, or more, is younger than this call.
///
/// # Errors
/// The database's failure, as on a standby, which accepts no change.
pub fn beat(conn: &mut AnyConnection, known: i64) -> Result<i64, StoreError> {
    let row = heartbeat::table.find(1);
    let next: i64 = both!(conn, conn => diesel::update(row)
        .set(heartbeat::beat.eq(heartbeat::beat + 1))
        .returning(heartbeat::beat)
        .get_result(conn))?;
    if next > known {
        return Ok(next);
    }
    // A primary that lost its last changes counts on from where it was seen, never from what was there before.
    let next = known.saturating_add(1);
    both!(conn, conn => diesel::update(row).set(heartbeat::beat.eq(next)).execute(conn))?;
    Ok(next)
}

/// Reads it.
///
/// # Errors
/// [`StoreError::Damaged`] when there is none; else the database's failure.
pub fn read(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    let beat: Option<i64> = heartbeat::table.find(1).select(heartbeat::beat).first(conn).optional()?;
    beat.ok_or_else(|| StoreError::damaged("there is no heartbeat"))
}
