//! Signatures of witnesses under the log's signed heads, as lines of a signed note (C2SP `tlog-cosignature`).

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::log_cosignatures;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

/// Keeps the signature of a witness under a head; the first one stays.
///
/// # Errors
/// The database's failure.
pub fn keep(
    conn: &mut AnyConnection,
    size: i64,
    witness: &str,
    line: &str,
    signed_at: i64,
) -> Result<bool, StoreError> {
    let known: Option<i64> =
        log_cosignatures::table.find((size, witness)).select(log_cosignatures::size).first(conn).optional()?;
    if known.is_some() {
        return Ok(false);
    }
    let row = (
        log_cosignatures::size.eq(size),
        log_cosignatures::witness.eq(witness),
        log_cosignatures::line.eq(line),
        log_cosignatures::signed_at.eq(signed_at),
    );
    diesel::insert_into(log_cosignatures::table).values(row).execute(conn)?;
    Ok(true)
}

/// Reads the signatures under a head: the line of each witness, by its name.
///
/// # Errors
/// The database's failure.
pub fn under(conn: &mut AnyConnection, size: i64) -> Result<Vec<(String, String)>, StoreError> {
    let lines = log_cosignatures::table
        .filter(log_cosignatures::size.eq(size))
        .order(log_cosignatures::witness)
        .select((log_cosignatures::witness, log_cosignatures::line))
        .load(conn)?;
    Ok(lines)
}

/// Reads the largest head that each witness signed.
///
/// # Errors
/// The database's failure.
pub fn newest(conn: &mut AnyConnection, witness: &str) -> Result<Option<i64>, StoreError> {
    let newest = log_cosignatures::table
        .filter(log_cosignatures::witness.eq(witness))
        .order(log_cosignatures::size.desc())
        .select(log_cosignatures::size)
        .first(conn)
        .optional()?;
    Ok(newest)
}
