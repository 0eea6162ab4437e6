//! Connections: one enum over both databases, opened by the scheme of the URL.

use super::dialect::both;
use super::error::StoreError;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{CustomizeConnection, ManageConnection, R2D2Connection};
use diesel::{Connection as _, PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::path::{Path, PathBuf};
use std::time::Duration;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// The embedded default.
    Sqlite(SqliteConnection),
    /// PostgreSQL 15 or later.
    Postgres(PgConnection),
}

/// What every connection to a server asks of the network where its URL says nothing else, as libpq names it: a server that
/// is gone without a word is noticed within seconds, and the next of several hosts is tried.
const NETWORK: [(&str, &str); 6] = [
    ("connect_timeout", "3"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "5000"),
    ("application_name", "whitelist"),
];

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the text may hold a password and is never shown.
    Postgres(String),
}

impl DatabaseUrl {
    /// Parses `sqlite://PATH` or `postgres://…`.
    ///
    /// # Errors
    /// A sentence naming what was expected; it never repeats the URL, which may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return if path.is_empty() {
                Err("sqlite:// needs a path".to_owned())
            } else {
                Ok(Self::Sqlite(PathBuf::from(path)))
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err("a database URL begins with sqlite:// or postgres://".to_owned())
    }

    /// Returns which database it is, for people and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }

    /// Opens one connection with the settings that every connection has.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when it cannot be opened.
    pub fn open(&self) -> Result<AnyConnection, StoreError> {
        let unreachable = |error: &dyn std::fmt::Display| StoreError::Unreachable(error.to_string());
        match self {
            Self::Sqlite(path) => {
                create_private(path)?;
                let text = path.to_str().ok_or_else(|| StoreError::Unreachable("the path is not UTF-8".to_owned()))?;
                let mut conn = SqliteConnection::establish(text).map_err(|error| unreachable(&error))?;
                // FULL: this is a legal record, an acknowledged change survives a power cut.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; \
                     PRAGMA cache_size = -65536; PRAGMA mmap_size = 268435456; PRAGMA temp_store = MEMORY;",
                )
                .map_err(|error| unreachable(&error))?;
                Ok(AnyConnection::Sqlite(conn))
            }
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(&with_network(url)).map_err(|error| unreachable(&error))?;
                conn.batch_execute("SET lock_timeout = '5s'; SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = warning; SET jit = off;")
                    .map_err(|error| unreachable(&error))?;
                Ok(AnyConnection::Postgres(conn))
            }
        }
    }

    /// Opens it for the writer, who finds every row by its key. On PostgreSQL no plan made while a table was small may
    /// read it from end to end when it has grown. On SQLite the journal grows to some 32 MB before it is copied into the
    /// database, so that pages which every group writes are copied once for many groups.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when it cannot be opened.
    pub fn open_writer(&self) -> Result<AnyConnection, StoreError> {
        let mut conn = self.open()?;
        match &mut conn {
            AnyConnection::Sqlite(conn) => conn.batch_execute("PRAGMA wal_autocheckpoint = 8000;")?,
            AnyConnection::Postgres(conn) => conn.batch_execute("SET enable_seqscan = off;")?,
        }
        Ok(conn)
    }

    /// Opens it for reading only.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when it cannot be opened.
    pub fn open_reader(&self) -> Result<AnyConnection, StoreError> {
        let mut conn = self.open()?;
        ReadOnly.on_acquire(&mut conn)?;
        Ok(conn)
    }

    /// Whether it is one that a heart must beat in: a server may be read from a standby, a file is always itself.
    #[must_use]
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// Adds what the URL leaves open about the network.
fn with_network(url: &str) -> String {
    let asked = url.split_once('?').map_or("", |(_, query)| query);
    let said = |name: &str| asked.split('&').any(|pair| pair.split('=').next() == Some(name));
    let missing = NETWORK.iter().filter(|(name, _)| !said(name));
    missing.fold(url.to_owned(), |url, (name, value)| {
        let joint = if url.contains('?') { '&' } else { '?' };
        format!("{url}{joint}{name}={value}")
    })
}

/// Creates the file readable by its owner only, before SQLite would create it readable by all.
fn create_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| StoreError::Unreachable(format!("cannot create {}: {error}", folder.display())))?;
    }
    let made = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| StoreError::Unreachable(format!("cannot create {}: {error}", path.display())))
}

/// Brings the schema up to date; does nothing when it is.
///
/// # Errors
/// [`StoreError::Unreachable`] with the migration that failed.
pub fn migrate(conn: &mut AnyConnection) -> Result<(), StoreError> {
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Unreachable(format!("migration failed: {error}"));
    match conn {
        AnyConnection::Sqlite(conn) => {
            conn.batch_execute("PRAGMA journal_mode = WAL;")?;
            conn.run_pending_migrations(SQLITE_MIGRATIONS).map(drop).map_err(failed)
        }
        AnyConnection::Postgres(conn) => conn.run_pending_migrations(POSTGRES_MIGRATIONS).map(drop).map_err(failed),
    }
}

/// Whether the schema lacks a migration that this binary brings.
///
/// # Errors
/// [`StoreError::Unreachable`] when the database cannot tell.
pub fn migrations_pending(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::Unreachable(format!("migrations cannot be listed: {error}"))
    };
    match conn {
        AnyConnection::Sqlite(conn) => conn.has_pending_migration(SQLITE_MIGRATIONS).map_err(failed),
        AnyConnection::Postgres(conn) => conn.has_pending_migration(POSTGRES_MIGRATIONS).map_err(failed),
    }
}

/// Makes connections for the pool of readers.
#[derive(Debug)]
pub struct Manager(DatabaseUrl);

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = StoreError;

    fn connect(&self) -> Result<AnyConnection, StoreError> {
        self.0.open()
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        both!(conn, conn => conn.ping()).map_err(StoreError::from)
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        both!(conn, conn => conn.is_broken())
    }
}

/// Readers refuse to write: a read that changes something is a bug that must not pass.
#[derive(Debug)]
struct ReadOnly;

impl CustomizeConnection<AnyConnection, StoreError> for ReadOnly {
    fn on_acquire(&self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        match conn {
            AnyConnection::Sqlite(conn) => conn.batch_execute("PRAGMA query_only = ON;")?,
            AnyConnection::Postgres(conn) => conn.batch_execute(
                // Tables grow while a connection lives: a plan made for a small one is not kept.
                "SET default_transaction_read_only = on; SET plan_cache_mode = force_custom_plan;",
            )?,
        }
        Ok(())
    }
}

/// Connections for reading.
pub type Pool = diesel::r2d2::Pool<Manager>;

/// Builds the pool of readers.
///
/// # Errors
/// [`StoreError::Unreachable`] when not one connection can be opened.
pub fn pool(url: &DatabaseUrl, size: u32) -> Result<Pool, StoreError> {
    diesel::r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        // A server that went away and came back leaves connections that look alive until they are used.
        .test_on_check_out(true)
        .connection_timeout(Duration::from_secs(2))
        .connection_customizer(Box::new(ReadOnly))
        .build(Manager(url.clone()))
        .map_err(|error| StoreError::Unreachable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_says_about_the_network_stays_and_the_rest_is_added() {
        let url = with_network("postgres://u@a:1,b:2/x?target_session_attrs=read-write&connect_timeout=9");
        assert!(
            url.starts_with(
                "postgres://u@a:1,b:2/x?target_session_attrs=read-write&connect_timeout=9&keepalives_idle=5&"
            ),
            "{url}"
        );
        assert_eq!(url.matches("connect_timeout").count(), 1, "{url}");
        assert!(with_network("postgres://u@a/x").starts_with("postgres://u@a/x?connect_timeout=3&"));
    }
}
