//! Sign-ins that began and have not come back. What a browser holds opens one; here stands only its digest.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::sign_ins;
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = sign_ins)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct SignInRow {
    pub id: String,
    pub issuer: String,
    /// What must come back with the code.
    pub state: String,
    /// What the token must carry.
    pub nonce: String,
    /// What the code is exchanged with.
    pub verifier: String,
    /// Where the person wanted to go.
    pub next: String,
    /// The session whose owner proves again who they are.
    pub session: Option<String>,
    pub begun_at: i64,
}

/// Begins one.
///
/// # Errors
/// The database's failure.
pub fn begin(conn: &mut AnyConnection, row: &SignInRow) -> Result<(), StoreError> {
    diesel::insert_into(sign_ins::table).values(row).execute(conn)?;
    Ok(())
}

/// Takes one: whoever asks for it again finds nothing.
///
/// # Errors
/// The database's failure.
pub fn take(conn: &mut AnyConnection, id: &str) -> Result<Option<SignInRow>, StoreError> {
    let found = sign_ins::table.find(id).first(conn).optional()?;
    let taken = diesel::delete(sign_ins::table.find(id)).execute(conn)?;
    Ok(found.filter(|_| taken == 1))
}

/// Deletes those begun before an instant.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, begun: i64) -> Result<usize, StoreError> {
    Ok(diesel::delete(sign_ins::table.filter(sign_ins::begun_at.lt(begun))).execute(conn)?)
}
