//! What a backup needs of the database: a copy of SQLite while others write, and what PostgreSQL says of its own means.

use super::conn::AnyConnection;
use super::error::StoreError;
use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use std::path::Path;

/// Copies an SQLite database as it is at one moment into a new file, while the service goes on writing (`VACUUM INTO`).
///
/// # Errors
/// [`StoreError::Unreachable`] for PostgreSQL, whose own tools do it; the database's failure, such as a full disk.
pub fn copy(conn: &mut AnyConnection, to: &Path) -> Result<(), StoreError> {
    let AnyConnection::Sqlite(conn) = conn else {
        return Err(StoreError::Unreachable("PostgreSQL is backed up by its own tools".to_owned()));
    };
    let to = to.to_str().ok_or_else(|| StoreError::File("the path is not UTF-8".to_owned()))?;
    diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(conn)?;
    Ok(())
}

/// What PostgreSQL says of its own backups and standbys.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct ServerFacts {
    /// Version, such as 150004.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// `on` where finished segments of the write-ahead log are archived.
    #[diesel(sql_type = Text)]
    pub archive_mode: String,
    /// Seconds since the last one was archived; -1 before the first.
    #[diesel(sql_type = BigInt)]
    pub archived_ago: i64,
    /// Standbys that are connected.
    #[diesel(sql_type = BigInt)]
    pub standbys: i64,
    /// Its clock, microseconds since 1970.
    #[diesel(sql_type = BigInt)]
    pub clock: i64,
}

/// Asks PostgreSQL; none for SQLite.
///
/// # Errors
/// The database's failure.
pub fn server_facts(conn: &mut AnyConnection) -> Result<Option<ServerFacts>, StoreError> {
    let AnyConnection::Postgres(conn) = conn else { return Ok(None) };
    let query = "SELECT current_setting('server_version_num')::bigint AS version, current_setting('archive_mode') AS archive_mode, \
                 COALESCE(EXTRACT(EPOCH FROM now() - (SELECT last_archived_time FROM pg_stat_archiver)), -1)::bigint AS archived_ago, \
                 (SELECT COUNT(*) FROM pg_stat_replication) AS standbys, \
                 (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint AS clock";
    Ok(Some(diesel::sql_query(query).get_result(conn)?))
}

/// Takes a database that is to be looked at out of the mode in which SQLite keeps files beside it.
///
/// # Errors
/// The database's failure.
pub fn close_beside(conn: &mut AnyConnection) -> Result<(), StoreError> {
    if let AnyConnection::Sqlite(conn) = conn {
        conn.batch_execute("PRAGMA journal_mode = DELETE;")?;
    }
    Ok(())
}
