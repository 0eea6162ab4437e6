//! Which backups were made: what operators are shown, and what alarms when it grows old.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::backups;
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = backups)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct BackupRow {
    pub made_at: i64,
    /// Entries of the log that it holds.
    pub log_size: i64,
    /// `service`, or `other` for the tools of PostgreSQL.
    pub maker: String,
}

/// Notes a backup; one of the same instant is noted already.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, row: &BackupRow) -> Result<(), StoreError> {
    if backups::table.find(row.made_at).first::<BackupRow>(conn).optional()?.is_none() {
        diesel::insert_into(backups::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Finds the last backup.
///
/// # Errors
/// The database's failure.
pub fn last(conn: &mut AnyConnection) -> Result<Option<BackupRow>, StoreError> {
    Ok(backups::table.order(backups::made_at.desc()).first(conn).optional()?)
}
