//! Where the two databases are told apart, besides opening them (`conn`) and writing rows by column (`bulk`).

use super::conn::AnyConnection;
use super::error::StoreError;
use diesel::connection::SimpleConnection as _;

/// Expands one query text twice, once per concrete connection, so that what the enum cannot do (inserts of many
/// rows, iterators over rows) is still written once and checked against both databases.
macro_rules! both {
    ($conn:expr, $name:ident => $body:expr) => {
        match $conn {
            $crate::store::conn::AnyConnection::Sqlite($name) => $body,
            $crate::store::conn::AnyConnection::Postgres($name) => $body,
        }
    };
}
pub(crate) use both;

/// Inserts rows: on PostgreSQL many to a statement, which saves round trips; on SQLite one by one with a prepared
/// statement, because diesel's own way of many opens a transaction inside ours.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {{
        match &mut *$conn {
            $crate::store::conn::AnyConnection::Sqlite(conn) => {
                for row in $rows.iter() {
                    diesel::RunQueryDsl::execute(diesel::insert_into($table).values(row), conn)?;
                }
            }
            $crate::store::conn::AnyConnection::Postgres(conn) => {
                for rows in $rows.chunks(500) {
                    diesel::RunQueryDsl::execute(diesel::insert_into($table).values(rows), conn)?;
                }
            }
        }
    }};
}
pub(crate) use insert_all;

/// Replaces balances, which exist, many in one statement.
pub fn put_balances(conn: &mut AnyConnection, rows: &[super::listings::BalanceRow]) -> Result<(), StoreError> {
    use super::bulk::{Bulk, Cell, insert_rows};
    let columns = vec![
        Cell::column(rows.iter().map(|row| &row.listing)),
        Cell::column(rows.iter().map(|row| &row.reserved)),
        Cell::column(rows.iter().map(|row| &row.confirmed)),
        Cell::column(rows.iter().map(|row| &row.excess)),
    ];
    match conn {
        AnyConnection::Sqlite(conn) => {
            let head = "INSERT INTO balances (listing, reserved, confirmed, excess) VALUES ";
            let tail = " ON CONFLICT (listing) DO UPDATE SET reserved = excluded.reserved, confirmed = excluded.confirmed, \
                        excess = excluded.excess";
            insert_rows(conn, head, &columns, rows.len(), tail)?;
        }
        AnyConnection::Postgres(_) if rows.is_empty() => {}
        AnyConnection::Postgres(conn) => {
            use diesel::RunQueryDsl as _;
            let head =
                "UPDATE balances SET reserved = new.reserved, confirmed = new.confirmed, excess = new.excess FROM ";
            let tail = " AS new (listing, reserved, confirmed, excess) WHERE balances.listing = new.listing";
            Bulk::new(head, columns, tail).execute(conn)?;
        }
    }
    Ok(())
}

/// Begins a transaction that may write: on SQLite it takes the write lock at once, so that it never has to be
/// given up half-way for a lock.
pub fn begin_write(conn: &mut AnyConnection) -> Result<(), StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => conn.batch_execute("BEGIN IMMEDIATE")?,
        AnyConnection::Postgres(conn) => conn.batch_execute("BEGIN")?,
    }
    Ok(())
}

/// Begins a transaction that reads one state of the database.
pub fn begin_read(conn: &mut AnyConnection) -> Result<(), StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => conn.batch_execute("BEGIN")?,
        AnyConnection::Postgres(conn) => conn.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?,
    }
    Ok(())
}

/// Runs one plain statement.
pub fn run(conn: &mut AnyConnection, statement: &str) -> Result<(), StoreError> {
    both!(conn, conn => conn.batch_execute(statement)).map_err(StoreError::from)
}

/// Reads one state of the database: everything inside sees the same head.
///
/// # Errors
/// Whatever the work answers, or the failure of the database.
pub fn snapshot<T>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    begin_read(conn)?;
    let value = work(conn);
    let ended = run(conn, "COMMIT");
    if value.is_err() || ended.is_err() {
        // The transaction is over either way; what matters is the first error.
        let _ = run(conn, "ROLLBACK");
    }
    let value = value?;
    ended.map(|()| value)
}

/// Whether an acknowledged change is safe from a failover: always on SQLite, which has none; on PostgreSQL when a
/// standby must confirm each commit.
///
/// # Errors
/// The database's failure.
pub fn is_synchronous(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    use diesel::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Setting {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    match conn {
        AnyConnection::Sqlite(_) => Ok(true),
        AnyConnection::Postgres(conn) => {
            let names = "SELECT current_setting('synchronous_standby_names') AS value";
            let setting: Setting = diesel::sql_query(names).get_result(conn)?;
            Ok(!setting.value.trim().is_empty())
        }
    }
}
