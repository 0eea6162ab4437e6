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

/// Wakes every node that listens: the log has grown. It says nothing else, and several at once are as good as one. Called
/// outside of every other transaction, because transactions that notify queue behind one lock of the whole server while
/// they wait for the disk; so this one does not wait for it.
///
/// # Errors
/// The database's failure; who listens finds out by itself.
pub fn announce(conn: &mut AnyConnection) -> Result<(), StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(conn) => Ok(conn
            .batch_execute("BEGIN; SET LOCAL synchronous_commit = off; NOTIFY whitelist_log; COMMIT")
            .or_else(|error| conn.batch_execute("ROLLBACK").and(Err(error)))?),
    }
}

/// Begins to listen on a connection; says whether it can be told anything. A file tells nothing, nor does a standby.
///
/// # Errors
/// The database's failure.
pub fn listen(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    use diesel::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Standby {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        value: bool,
    }
    match conn {
        AnyConnection::Sqlite(_) => Ok(false),
        AnyConnection::Postgres(conn) => {
            let standby: Standby = diesel::sql_query("SELECT pg_is_in_recovery() AS value").get_result(conn)?;
            if !standby.value {
                conn.batch_execute("LISTEN whitelist_log")?;
            }
            Ok(!standby.value)
        }
    }
}

/// Returns by which number the server knows this side of a connection; 0 for a file.
///
/// # Errors
/// The database's failure.
pub fn process(conn: &mut AnyConnection) -> Result<i32, StoreError> {
    use diesel::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Process {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        value: i32,
    }
    match conn {
        AnyConnection::Sqlite(_) => Ok(0),
        AnyConnection::Postgres(conn) => {
            let process: Process = diesel::sql_query("SELECT pg_backend_pid() AS value").get_result(conn)?;
            Ok(process.value)
        }
    }
}

/// Whether a connection that listens was told by another than `own` that the log has grown. It looks at what has arrived,
/// asks the server nothing, and forgets what it finds.
///
/// # Errors
/// The failure of the connection.
pub fn is_told(conn: &mut AnyConnection, own: i32) -> Result<bool, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(false),
        AnyConnection::Postgres(conn) => {
            let mut told = false;
            for notification in conn.notifications_iter() {
                told |= notification?.process_id != own;
            }
            Ok(told)
        }
    }
}

/// A standby of the database.
#[derive(Debug, Clone, PartialEq, serde::Serialize, diesel::QueryableByName)]
pub struct Standby {
    /// What it calls itself.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub name: String,
    /// How it stands, as PostgreSQL says (`streaming`); empty where the role of the service may not see it.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub state: String,
    /// Whether commits wait for it, as PostgreSQL says (`sync`, `quorum`, `async`, `potential`).
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub sync: String,
    /// Seconds by which what it shows is behind; none while nothing is written.
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Double>)]
    pub lag_seconds: Option<f64>,
}

/// Lists the standbys that stream from the database; a file has none.
///
/// # Errors
/// The database's failure.
pub fn standbys(conn: &mut AnyConnection) -> Result<Vec<Standby>, StoreError> {
    use diesel::RunQueryDsl as _;
    match conn {
        AnyConnection::Sqlite(_) => Ok(Vec::new()),
        AnyConnection::Postgres(conn) => Ok(diesel::sql_query(
            "SELECT coalesce(application_name, '') AS name, coalesce(state, '') AS state, \
             coalesce(sync_state, '') AS sync, extract(epoch FROM replay_lag)::float8 AS lag_seconds \
             FROM pg_stat_replication ORDER BY 1, pid",
        )
        .load(conn)?),
    }
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
