//! Time stamps over signed heads (RFC 3161), as an authority answered.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::log;
use crate::store::schema::log_timestamps;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};

/// One stamp.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = log_timestamps)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct TimestampRow {
    pub size: i64,
    pub authority: String,
    pub reply: Vec<u8>,
    pub serial: String,
    pub stamped_at: i64,
    pub kept_at: i64,
}

/// Keeps a stamp; says whether the head had none.
///
/// # Errors
/// The database's failure.
pub fn keep(conn: &mut AnyConnection, row: &TimestampRow) -> Result<bool, StoreError> {
    let known: Option<i64> =
        log_timestamps::table.find(row.size).select(log_timestamps::size).first(conn).optional()?;
    if known.is_some() {
        return Ok(false);
    }
    diesel::insert_into(log_timestamps::table).values(row).execute(conn)?;
    Ok(true)
}

/// Reads the stamp over the largest head.
///
/// # Errors
/// The database's failure.
pub fn newest(conn: &mut AnyConnection) -> Result<Option<TimestampRow>, StoreError> {
    let newest = log_timestamps::table.order(log_timestamps::size.desc()).select(TimestampRow::as_select());
    Ok(newest.first(conn).optional()?)
}

/// A stamp with the head as it was signed; none where that is gone.
pub type WithHead = (TimestampRow, Option<String>);

/// Reads stamps in order of their heads, from behind a size.
///
/// # Errors
/// The database's failure.
pub fn behind(conn: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<WithHead>, StoreError> {
    let rows: Vec<TimestampRow> = log_timestamps::table
        .filter(log_timestamps::size.gt(after))
        .order(log_timestamps::size)
        .limit(limit)
        .select(TimestampRow::as_select())
        .load(conn)?;
    rows.into_iter().map(|row| log::find_checkpoint(conn, row.size).map(|note| (row, note))).collect()
}
