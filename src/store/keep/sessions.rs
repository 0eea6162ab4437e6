//! Sessions of the portal. What a browser holds opens one; here stands only its digest.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::sessions;
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = sessions)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct SessionRow {
    pub id: String,
    pub issuer: String,
    pub subject: String,
    pub org: String,
    /// Roles that the provider of sign-in vouched for.
    pub claimed: String,
    /// Those of them that counted at sign-in.
    pub roles: String,
    pub acting_for: Option<String>,
    pub csrf: String,
    pub agent: String,
    pub started_at: i64,
    pub seen_at: i64,
    /// When the person last proved who they are.
    pub proved_at: i64,
}

/// Finds a session.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<SessionRow>, StoreError> {
    Ok(sessions::table.find(id).first(conn).optional()?)
}

/// Lists the sessions of an account.
///
/// # Errors
/// The database's failure.
pub fn of_account(conn: &mut AnyConnection, issuer: &str, subject: &str) -> Result<Vec<SessionRow>, StoreError> {
    let of = sessions::table.filter(sessions::issuer.eq(issuer)).filter(sessions::subject.eq(subject));
    Ok(of.order(sessions::id).load(conn)?)
}

/// Opens a session.
///
/// # Errors
/// The database's failure.
pub fn open(conn: &mut AnyConnection, row: &SessionRow) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table).values(row).execute(conn)?;
    Ok(())
}

/// Notes that a session was used.
///
/// # Errors
/// The database's failure.
pub fn seen(conn: &mut AnyConnection, id: &str, at: i64) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(id)).set(sessions::seen_at.eq(at)).execute(conn)?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// The database's failure.
pub fn end(conn: &mut AnyConnection, id: &str) -> Result<usize, StoreError> {
    Ok(diesel::delete(sessions::table.find(id)).execute(conn)?)
}

/// Ends sessions not used since an instant, and those begun before another.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, unseen: i64, begun: i64) -> Result<usize, StoreError> {
    let stale = diesel::delete(sessions::table.filter(sessions::seen_at.lt(unseen))).execute(conn)?;
    let old = diesel::delete(sessions::table.filter(sessions::started_at.lt(begun))).execute(conn)?;
    Ok(stale.saturating_add(old))
}
