//! Answers given to customs, recorded in batches off the lookup path.

use crate::store::conn::AnyConnection;
use crate::store::dialect::insert_all;
use crate::store::error::StoreError;
use crate::store::schema::{answer_batches, answer_declarations};
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A stretch of answers in order of id.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = answer_batches)]
pub struct BatchRow {
    /// First id of the stretch.
    pub first_id: String,
    /// Last id of the stretch.
    pub last_id: String,
    /// When the last was given, microseconds.
    pub last_at: i64,
    /// How many.
    pub answers: i32,
    /// The answers.
    pub body: Vec<u8>,
}

/// An answer about a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = answer_declarations)]
pub struct AboutDeclaration {
    /// Number of the declaration.
    pub declaration: String,
    /// Id of the answer.
    pub answer: String,
}

/// Writes a stretch of answers.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, batch: &BatchRow, declarations: &[AboutDeclaration]) -> Result<(), StoreError> {
    diesel::insert_into(answer_batches::table).values(batch).execute(conn)?;
    insert_all!(conn, answer_declarations::table, declarations);
    Ok(())
}

/// Finds the stretches that may hold an id: those of several nodes overlap.
///
/// # Errors
/// The database's failure.
pub fn around(conn: &mut AnyConnection, id: &str) -> Result<Vec<BatchRow>, StoreError> {
    let rows = answer_batches::table
        .filter(answer_batches::first_id.le(id))
        .filter(answer_batches::last_id.ge(id))
        .load(conn)?;
    Ok(rows)
}

/// Lists the ids of answers about a declaration in order, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn about(conn: &mut AnyConnection, declaration: &str, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let ids = answer_declarations::table
        .filter(answer_declarations::declaration.eq(declaration))
        .filter(answer_declarations::answer.gt(after))
        .order(answer_declarations::answer)
        .limit(limit)
        .select(answer_declarations::answer)
        .load(conn)?;
    Ok(ids)
}

/// Reads the stretch before a given one, newest first, none older than an instant.
///
/// # Errors
/// The database's failure.
pub fn before(conn: &mut AnyConnection, first_id: Option<&str>, since: i64) -> Result<Option<BatchRow>, StoreError> {
    let mut query = answer_batches::table
        .filter(answer_batches::last_at.ge(since))
        .order(answer_batches::first_id.desc())
        .into_boxed();
    if let Some(first_id) = first_id {
        query = query.filter(answer_batches::first_id.lt(first_id.to_owned()));
    }
    Ok(query.first(conn).optional()?)
}
