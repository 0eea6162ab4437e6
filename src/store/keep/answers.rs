//! Answers given to customs, recorded in batches off the lookup path.

use super::border_counts::{self, Tally};
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
    /// Number of the seal that covers it; none while it waits.
    pub seal: Option<i32>,
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

/// Writes a stretch of answers and counts them; one that is there already stays as it is, because its commit may have been
/// taken for lost.
///
/// # Errors
/// The database's failure.
pub fn insert(
    conn: &mut AnyConnection,
    batch: &BatchRow,
    declarations: &[AboutDeclaration],
    tally: &Tally,
) -> Result<(), StoreError> {
    let known: Option<String> =
        answer_batches::table.find(&batch.first_id).select(answer_batches::first_id).first(conn).optional()?;
    if known.is_some() {
        return Ok(());
    }
    diesel::insert_into(answer_batches::table).values(batch).execute(conn)?;
    insert_all!(conn, answer_declarations::table, declarations);
    border_counts::add(conn, tally)
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

/// Reads stretches that are not sealed, in order, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn unsealed(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<BatchRow>, StoreError> {
    let rows = answer_batches::table
        .filter(answer_batches::seal.is_null())
        .filter(answer_batches::first_id.gt(after))
        .order(answer_batches::first_id)
        .limit(limit)
        .load(conn)?;
    Ok(rows)
}

/// Counts the stretches that are not sealed up to a given one, and their answers.
///
/// # Errors
/// The database's failure.
pub fn unsealed_up_to(conn: &mut AnyConnection, last: &str) -> Result<(i64, i64), StoreError> {
    let waiting =
        answer_batches::table.filter(answer_batches::seal.is_null()).filter(answer_batches::first_id.le(last));
    let (batches, answers): (i64, Option<i64>) =
        waiting.select((diesel::dsl::count_star(), diesel::dsl::sum(answer_batches::answers))).first(conn)?;
    Ok((batches, answers.unwrap_or(0)))
}

/// Puts the stretches that are not sealed up to a given one under a seal.
///
/// # Errors
/// The database's failure.
pub fn seal(conn: &mut AnyConnection, last: &str, seal: i32) -> Result<(), StoreError> {
    let waiting =
        answer_batches::table.filter(answer_batches::seal.is_null()).filter(answer_batches::first_id.le(last));
    diesel::update(waiting).set(answer_batches::seal.eq(seal)).execute(conn)?;
    Ok(())
}

/// Reads the stretches of a seal in order, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn of_seal(conn: &mut AnyConnection, seal: i32, after: &str, limit: i64) -> Result<Vec<BatchRow>, StoreError> {
    let rows = answer_batches::table
        .filter(answer_batches::seal.eq(seal))
        .filter(answer_batches::first_id.gt(after))
        .order(answer_batches::first_id)
        .limit(limit)
        .load(conn)?;
    Ok(rows)
}

/// Reads stretches under seals up to a number, oldest seal first.
///
/// # Errors
/// The database's failure.
pub fn sealed_up_to(conn: &mut AnyConnection, seal: i32, limit: i64) -> Result<Vec<BatchRow>, StoreError> {
    let rows = answer_batches::table
        .filter(answer_batches::seal.le(seal))
        .order((answer_batches::seal, answer_batches::first_id))
        .limit(limit)
        .load(conn)?;
    Ok(rows)
}

/// Reads the first stretch that ends at an id or later.
///
/// # Errors
/// The database's failure.
pub fn ending_from(conn: &mut AnyConnection, id: &str) -> Result<Option<BatchRow>, StoreError> {
    let behind = answer_batches::table.filter(answer_batches::last_id.ge(id)).order(answer_batches::last_id);
    Ok(behind.first(conn).optional()?)
}

/// Reads the ids between which all answers lie; none without any.
///
/// # Errors
/// The database's failure.
pub fn span(conn: &mut AnyConnection) -> Result<Option<(String, String)>, StoreError> {
    let ends = (diesel::dsl::min(answer_batches::first_id), diesel::dsl::max(answer_batches::last_id));
    let (first, last): (Option<String>, Option<String>) = answer_batches::table.select(ends).first(conn)?;
    Ok(first.zip(last))
}

/// Deletes a stretch and what finds its answers.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, first_id: &str, ids: &[String]) -> Result<(), StoreError> {
    for ids in ids.chunks(500) {
        diesel::delete(answer_declarations::table.filter(answer_declarations::answer.eq_any(ids))).execute(conn)?;
    }
    diesel::delete(answer_batches::table.find(first_id)).execute(conn)?;
    Ok(())
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
