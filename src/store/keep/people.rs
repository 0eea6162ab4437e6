//! Who stands behind a pseudonymous person id. The log knows the id only.

use crate::domain::id::{PersonId, time_ordered};
use crate::domain::validity::Instant;
use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::private::random;
use crate::store::schema::people;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

/// Finds the id of a person.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, issuer: &str, subject: &str) -> Result<Option<PersonId>, StoreError> {
    let id: Option<String> = people::table
        .filter(people::issuer.eq(issuer))
        .filter(people::subject.eq(subject))
        .select(people::id)
        .first(conn)
        .optional()?;
    id.map(|id| PersonId::parse(&id).map_err(|_| StoreError::damaged("a person id"))).transpose()
}

/// Finds the account behind the id of a person: issuer and subject.
///
/// # Errors
/// The database's failure.
pub fn account(conn: &mut AnyConnection, person: PersonId) -> Result<Option<(String, String)>, StoreError> {
    let found = people::table.filter(people::id.eq(person.to_string())).select((people::issuer, people::subject));
    Ok(found.first(conn).optional()?)
}

/// Whether an account of a person was ever seen.
///
/// # Errors
/// The database's failure.
pub fn is_known(conn: &mut AnyConnection, person: PersonId) -> Result<bool, StoreError> {
    let known: i64 = people::table.filter(people::id.eq(person.to_string())).count().get_result(conn)?;
    Ok(known > 0)
}

/// Finds the id of a person or makes one; the writer holds the head, so that no two are made.
///
/// # Errors
/// The database's failure.
pub fn find_or_make(
    conn: &mut AnyConnection,
    issuer: &str,
    subject: &str,
    at: Instant,
) -> Result<PersonId, StoreError> {
    if let Some(id) = find(conn, issuer, subject)? {
        return Ok(id);
    }
    let id = PersonId::new(time_ordered(at, random()?));
    diesel::insert_into(people::table)
        .values((people::id.eq(id.to_string()), people::issuer.eq(issuer), people::subject.eq(subject)))
        .execute(conn)?;
    Ok(id)
}
