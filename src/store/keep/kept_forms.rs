//! Forms that arrived after their session had ended: the last of each account.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::kept_forms;
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A form that waits for its owner.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = kept_forms)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct KeptFormRow {
    pub issuer: String,
    pub subject: String,
    /// Where it was sent.
    pub path: String,
    /// Its fields, as browsers send them.
    pub body: String,
    pub kept_at: i64,
}

/// Keeps a form in the place of the one before.
///
/// # Errors
/// The database's failure.
pub fn put(conn: &mut AnyConnection, row: &KeptFormRow) -> Result<(), StoreError> {
    drop(conn, &row.issuer, &row.subject)?;
    diesel::insert_into(kept_forms::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds the form of an account.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, issuer: &str, subject: &str) -> Result<Option<KeptFormRow>, StoreError> {
    Ok(kept_forms::table.find((issuer, subject)).first(conn).optional()?)
}

/// Drops the form of an account.
///
/// # Errors
/// The database's failure.
pub fn drop(conn: &mut AnyConnection, issuer: &str, subject: &str) -> Result<usize, StoreError> {
    Ok(diesel::delete(kept_forms::table.find((issuer, subject))).execute(conn)?)
}

/// Drops those kept before an instant.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, before: i64) -> Result<usize, StoreError> {
    Ok(diesel::delete(kept_forms::table.filter(kept_forms::kept_at.lt(before))).execute(conn)?)
}
