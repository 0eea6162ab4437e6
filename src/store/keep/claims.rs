//! Who works on a case for an organisation.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::claims;
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = claims)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ClaimRow {
    pub application: String,
    pub org: String,
    pub person: String,
    pub claimed_at: i64,
}

/// Finds who works on a case for an organisation.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, application: &str, org: &str) -> Result<Option<ClaimRow>, StoreError> {
    Ok(claims::table.find((application, org)).first(conn).optional()?)
}

/// Lists the claims of an organisation.
///
/// # Errors
/// The database's failure.
pub fn of_org(conn: &mut AnyConnection, org: &str) -> Result<Vec<ClaimRow>, StoreError> {
    Ok(claims::table.filter(claims::org.eq(org)).load(conn)?)
}

/// Lists what a person has in hand for an organisation.
///
/// # Errors
/// The database's failure.
pub fn of_person(conn: &mut AnyConnection, org: &str, person: &str) -> Result<Vec<ClaimRow>, StoreError> {
    Ok(claims::table
        .filter(claims::org.eq(org))
        .filter(claims::person.eq(person))
        .order(claims::application)
        .load(conn)?)
}

/// Puts a case into somebody's hands, out of anybody else's of the same organisation.
///
/// # Errors
/// The database's failure.
pub fn put(conn: &mut AnyConnection, claim: &ClaimRow) -> Result<(), StoreError> {
    remove(conn, &claim.application, &claim.org)?;
    diesel::insert_into(claims::table).values(claim).execute(conn)?;
    Ok(())
}

/// Takes a case out of an organisation's hands.
///
/// # Errors
/// The database's failure.
pub fn remove(conn: &mut AnyConnection, application: &str, org: &str) -> Result<(), StoreError> {
    let claim = claims::table.filter(claims::application.eq(application)).filter(claims::org.eq(org));
    diesel::delete(claim).execute(conn)?;
    Ok(())
}
