//! Who looked at personal data or inside the log: one row for each time.

use crate::store::conn::AnyConnection;
use crate::store::dialect::insert_all;
use crate::store::error::StoreError;
use crate::store::schema::access_records;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};

/// One access.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = access_records, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct AccessRow {
    pub id: String,
    pub accessed_at: i64,
    pub person: String,
    pub org: String,
    pub kind: String,
    pub about: String,
    pub request_id: String,
    pub seal: Option<i32>,
}

/// Which accesses are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// By this person.
    pub person: Option<String>,
    /// By people of this organisation.
    pub org: Option<String>,
    /// To data of this kind.
    pub kind: Option<String>,
    /// Not before this instant, microseconds.
    pub from: Option<i64>,
    /// Before this instant, microseconds.
    pub to: Option<i64>,
}

/// Writes accesses.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, rows: &[AccessRow]) -> Result<(), StoreError> {
    insert_all!(conn, access_records::table, rows);
    Ok(())
}

/// Lists wanted accesses in order, from behind one.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, wanted: &Wanted, after: &str, limit: i64) -> Result<Vec<AccessRow>, StoreError> {
    let mut query = access_records::table
        .filter(access_records::id.gt(after.to_owned()))
        .order(access_records::id)
        .limit(limit)
        .select(AccessRow::as_select())
        .into_boxed();
    if let Some(person) = &wanted.person {
        query = query.filter(access_records::person.eq(person.clone()));
    }
    if let Some(org) = &wanted.org {
        query = query.filter(access_records::org.eq(org.clone()));
    }
    if let Some(kind) = &wanted.kind {
        query = query.filter(access_records::kind.eq(kind.clone()));
    }
    if let Some(from) = wanted.from {
        query = query.filter(access_records::accessed_at.ge(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(access_records::accessed_at.lt(to));
    }
    Ok(query.load(conn)?)
}

/// Finds an access.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<AccessRow>, StoreError> {
    Ok(access_records::table.find(id).select(AccessRow::as_select()).first(conn).optional()?)
}

/// Reads accesses of a seal in order, from behind one; with none those that wait for a seal.
///
/// # Errors
/// The database's failure.
pub fn of_seal(
    conn: &mut AnyConnection,
    seal: Option<i32>,
    after: &str,
    limit: i64,
) -> Result<Vec<AccessRow>, StoreError> {
    let query = access_records::table
        .filter(access_records::id.gt(after.to_owned()))
        .order(access_records::id)
        .limit(limit)
        .select(AccessRow::as_select())
        .into_boxed();
    let query = match seal {
        Some(seal) => query.filter(access_records::seal.eq(seal)),
        None => query.filter(access_records::seal.is_null()),
    };
    Ok(query.load(conn)?)
}

/// Counts accesses that wait for a seal, up to one.
///
/// # Errors
/// The database's failure.
pub fn waiting_up_to(conn: &mut AnyConnection, last: &str) -> Result<i64, StoreError> {
    let waiting = access_records::table.filter(access_records::seal.is_null()).filter(access_records::id.le(last));
    Ok(waiting.count().get_result(conn)?)
}

/// Puts accesses that wait, up to one, under a seal.
///
/// # Errors
/// The database's failure.
pub fn seal(conn: &mut AnyConnection, last: &str, seal: i32) -> Result<(), StoreError> {
    let waiting = access_records::table.filter(access_records::seal.is_null()).filter(access_records::id.le(last));
    diesel::update(waiting).set(access_records::seal.eq(seal)).execute(conn)?;
    Ok(())
}

/// Deletes accesses under seals up to a number; returns how many.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, seal: i32) -> Result<usize, StoreError> {
    Ok(diesel::delete(access_records::table.filter(access_records::seal.le(seal))).execute(conn)?)
}
