//! Responses kept for a repeated request (the Idempotency-Key draft): written in the transaction of the effect.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::idempotent_responses;
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A kept response.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = idempotent_responses, treat_none_as_default_value = false)]
pub struct Response {
    /// SHA-256 over issuer, subject, method, path and key.
    pub scope: Vec<u8>,
    /// SHA-256 over the request's body and precondition.
    pub request_digest: Vec<u8>,
    /// HTTP status.
    pub status: i32,
    /// `ETag`, if it had one.
    pub etag: Option<String>,
    /// `Location`, if it had one.
    pub location: Option<String>,
    /// Body.
    pub body: String,
    /// When it was kept, microseconds.
    pub kept_at: i64,
}

/// Finds the response kept for a scope.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, scope: &[u8]) -> Result<Option<Response>, StoreError> {
    Ok(idempotent_responses::table.find(scope).first(conn).optional()?)
}

/// Keeps a response and forgets those older than `oldest`.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, response: &Response, oldest: i64) -> Result<(), StoreError> {
    diesel::delete(idempotent_responses::table.filter(idempotent_responses::kept_at.lt(oldest))).execute(conn)?;
    diesel::insert_into(idempotent_responses::table).values(response).execute(conn)?;
    Ok(())
}
