//! A PostgreSQL database to try things on: copied from another one of the same server, dropped when it goes.
//!
//! The server itself refuses the copy while anybody is connected to the original, so that no running service is ever
//! copied half-way or mistaken for a copy. The original is only read.

use super::conn::{AnyConnection, DatabaseUrl};
use super::error::StoreError;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};

/// A copy; it is dropped with this value.
#[derive(Debug)]
pub struct Scratch {
    original: DatabaseUrl,
    name: String,
    url: String,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Scratch {
    /// Copies a database of PostgreSQL under a name that nobody uses.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when it cannot be opened; [`StoreError::Statement`] when the server refuses the copy:
    /// somebody is connected to the original, or its role may not create databases.
    pub fn of(url: &str, name: String) -> Result<Self, StoreError> {
        let original = DatabaseUrl::Postgres(url.to_owned());
        let mut conn = plain(&original)?;
        let current: Named = sql_query("SELECT current_database()::text AS name").get_result(&mut conn)?;
        // A copy takes as long as it takes.
        conn.batch_execute("SET statement_timeout = 0;")?;
        conn.batch_execute(&format!("CREATE DATABASE {} TEMPLATE {};", quoted(&name), quoted(&current.name)))?;
        // Of two names in a URL libpq takes the later one.
        let url = format!("{url}{}dbname={name}", if url.contains('?') { '&' } else { '?' });
        Ok(Self { original, name, url })
    }

    /// Returns where the copy is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let dropped = plain(&self.original).and_then(|mut conn| {
            Ok(conn.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE);", quoted(&self.name)))?)
        });
        if let Err(error) = dropped {
            tracing::warn!(name = %self.name, %error, "a scratch database is left over; drop it by hand");
        }
    }
}

fn plain(url: &DatabaseUrl) -> Result<PgConnection, StoreError> {
    match url.open()? {
        AnyConnection::Postgres(conn) => Ok(conn),
        AnyConnection::Sqlite(_) => Err(StoreError::Unreachable("this is no database of PostgreSQL".to_owned())),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
