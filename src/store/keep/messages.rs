//! Raw messages of the draw interface, and which of them came and were refused.

use super::border_counts::{self, Tally};
use crate::store::bulk::insert_columns;
use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{draw_messages, draw_refusals};
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = draw_messages, treat_none_as_default_value = false)]
pub struct MessageRow {
    /// Id, in order of arrival.
    pub id: String,
    /// The declaration it is about.
    pub declaration: String,
    /// What was asked for.
    pub verb: String,
    /// Sequence, where the body could be read.
    pub sequence: Option<i64>,
    /// Who sent it.
    pub org: String,
    /// The account that sent it.
    pub person: String,
    /// When, microseconds.
    pub received_at: i64,
    /// HTTP status of the answer.
    pub status: i32,
    /// Revision it was answered with.
    pub revision: Option<i64>,
    /// Body of the request.
    pub request: Vec<u8>,
    /// Body of the answer.
    pub answer: Vec<u8>,
}

/// Keeps messages, and counts those that were refused.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, rows: &[MessageRow], refused: &Tally) -> Result<(), StoreError> {
    insert_columns!(
        conn,
        draw_messages,
        rows,
        [id, declaration, verb, sequence, org, person, received_at, status, revision, request, answer]
    );
    border_counts::add(conn, refused)
}

/// Deletes messages received before the time of an id, the oldest first, at most so many; returns how many.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, oldest: &str, limit: i64) -> Result<usize, StoreError> {
    // Ids order by the time of arrival.
    let old = draw_messages::table.filter(draw_messages::id.lt(oldest)).order(draw_messages::id).limit(limit);
    let ids: Vec<String> = old.select(draw_messages::id).load(conn)?;
    for ids in ids.chunks(500) {
        diesel::delete(draw_messages::table.filter(draw_messages::id.eq_any(ids))).execute(conn)?;
    }
    Ok(ids.len())
}

/// Forgets refused messages.
///
/// # Errors
/// The database's failure.
pub fn forget_refused(conn: &mut AnyConnection, refused: &[(String, i64)]) -> Result<(), StoreError> {
    for (declaration, sequence) in refused {
        diesel::delete(draw_refusals::table.find((declaration, sequence))).execute(conn)?;
    }
    Ok(())
}

/// Lists messages about a declaration in order of arrival, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn about(
    conn: &mut AnyConnection,
    declaration: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    let rows = draw_messages::table
        .filter(draw_messages::declaration.eq(declaration))
        .filter(draw_messages::id.gt(after))
        .order(draw_messages::id)
        .limit(limit)
        .load(conn)?;
    Ok(rows)
}

/// Lists messages in order of arrival, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<MessageRow>, StoreError> {
    let rows =
        draw_messages::table.filter(draw_messages::id.gt(after)).order(draw_messages::id).limit(limit).load(conn)?;
    Ok(rows)
}

/// Finds one message.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<MessageRow>, StoreError> {
    Ok(draw_messages::table.find(id).first(conn).optional()?)
}

/// Notes messages that came and were refused.
///
/// # Errors
/// The database's failure.
pub fn note_refused(conn: &mut AnyConnection, refused: &[(String, i64)]) -> Result<(), StoreError> {
    for (declaration, sequence) in refused {
        let known: Option<i64> = draw_refusals::table
            .find((declaration, sequence))
            .select(draw_refusals::sequence)
            .first(conn)
            .optional()?;
        if known.is_none() {
            diesel::insert_into(draw_refusals::table)
                .values((draw_refusals::declaration.eq(declaration), draw_refusals::sequence.eq(sequence)))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// Reads the messages about several declarations that came and were refused.
///
/// # Errors
/// The database's failure.
pub fn refused(conn: &mut AnyConnection, declarations: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
    let mut rows = Vec::new();
    for declarations in declarations.chunks(500) {
        rows.extend(
            draw_refusals::table.filter(draw_refusals::declaration.eq_any(declarations)).load::<(String, i64)>(conn)?,
        );
    }
    Ok(rows)
}
