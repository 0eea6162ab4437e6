//! What this database is: demo or production, the name of its log, and the shard.

use super::conn::AnyConnection;
use super::dialect::{begin_write, run};
use super::error::StoreError;
use super::private::random;
use super::schema::{installation, log_head};
use super::shards::{self, ShardRow};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

/// Whether the data are real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Sample data, demo tokens, loopback only.
    Demo,
    /// The real thing.
    Production,
}

impl Environment {
    /// Returns the stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Production => "production",
        }
    }
}

/// What a database is: the row written once when it comes into being, and the shard that its log is in by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Whether the data are real.
    pub environment: Environment,
    /// Name of the log in its present shard.
    pub origin: String,
    /// Shard of the log: another one after a restored backup or a change of the key.
    pub shard: String,
    /// The later shard that the log is in; none while it is in its first.
    pub later: Option<ShardRow>,
}

/// Reads what the database is by now; none when it is new.
///
/// # Errors
/// The database's failure, or [`StoreError::Damaged`] for an unknown word.
pub fn find(conn: &mut AnyConnection) -> Result<Option<Installation>, StoreError> {
    let Some(founded) = founded(conn)? else { return Ok(None) };
    Ok(Some(match shards::last(conn)? {
        Some(later) => {
            Installation { origin: later.origin.clone(), shard: later.shard.clone(), later: Some(later), ..founded }
        }
        None => founded,
    }))
}

/// Reads what the database was when it came into being; none when it is new.
///
/// # Errors
/// As [`find`].
pub fn founded(conn: &mut AnyConnection) -> Result<Option<Installation>, StoreError> {
    let row: Option<(String, String, String)> = installation::table
        .find(1)
        .select((installation::environment, installation::origin, installation::shard))
        .first(conn)
        .optional()?;
    row.map(|(environment, origin, shard)| {
        let environment = [Environment::Demo, Environment::Production]
            .into_iter()
            .find(|known| known.as_str() == environment)
            .ok_or_else(|| StoreError::damaged("the installation's environment"))?;
        Ok(Installation { environment, origin, shard, later: None })
    })
    .transpose()
}

/// Writes what a new database is, with an empty log; returns what stands there if it is not new.
///
/// # Errors
/// The database's failure.
pub fn found(conn: &mut AnyConnection, environment: Environment, origin: &str) -> Result<Installation, StoreError> {
    if let Some(known) = find(conn)? {
        return Ok(known);
    }
    let shard = hex::encode(random::<8>()?);
    begin_write(conn)?;
    let inserted = insert(conn, environment, origin, &shard);
    match inserted {
        Ok(()) => run(conn, "COMMIT")?,
        // Another process was first: its row stands.
        Err(_) => run(conn, "ROLLBACK")?,
    }
    find(conn)?.ok_or_else(|| StoreError::damaged("the installation row was not written"))
}

fn insert(conn: &mut AnyConnection, environment: Environment, origin: &str, shard: &str) -> Result<(), StoreError> {
    diesel::insert_into(installation::table)
        .values((
            installation::id.eq(1),
            installation::environment.eq(environment.as_str()),
            installation::origin.eq(origin),
            installation::shard.eq(shard),
        ))
        .execute(conn)?;
    diesel::insert_into(log_head::table)
        .values((log_head::id.eq(1), log_head::size.eq(0_i64), log_head::frontier.eq(Vec::<u8>::new())))
        .execute(conn)?;
    Ok(())
}
