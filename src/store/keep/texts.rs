//! Texts that an office uses again and again: what was written with them stands in the case, not here.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::texts;
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _,
};

/// A text of an office.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = texts, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct TextRow {
    pub id: String,
    pub version: i32,
    pub org: String,
    pub purpose: String,
    pub title: String,
    pub text_zh: String,
    pub text_en: Option<String>,
    pub changed_by: String,
    pub changed_at: i64,
}

/// Finds a text.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<TextRow>, StoreError> {
    Ok(texts::table.find(id).first(conn).optional()?)
}

/// Counts the texts of an office.
///
/// # Errors
/// The database's failure.
pub fn count(conn: &mut AnyConnection, org: &str) -> Result<i64, StoreError> {
    Ok(texts::table.filter(texts::org.eq(org)).count().get_result(conn)?)
}

/// Lists the texts of an office in order of id, from behind a given one; if asked only those for one purpose.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    org: &str,
    purpose: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<TextRow>, StoreError> {
    let mut query = texts::table
        .filter(texts::org.eq(org.to_owned()))
        .filter(texts::id.gt(after.to_owned()))
        .order(texts::id)
        .limit(limit)
        .into_boxed();
    if let Some(purpose) = purpose {
        query = query.filter(texts::purpose.eq(purpose.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Writes a new text, or the next version of one.
///
/// # Errors
/// [`StoreError::Damaged`] when the version before is not there; the database's failure.
pub fn save(conn: &mut AnyConnection, row: &TextRow) -> Result<(), StoreError> {
    if row.version == 1 {
        diesel::insert_into(texts::table).values(row).execute(conn)?;
        return Ok(());
    }
    let before = texts::table.filter(texts::id.eq(&row.id)).filter(texts::version.eq(row.version.saturating_sub(1)));
    let updated = diesel::update(before).set(row).execute(conn)?;
    if updated == 1 { Ok(()) } else { Err(StoreError::damaged("a text was changed twice")) }
}

/// Removes a text.
///
/// # Errors
/// The database's failure.
pub fn remove(conn: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    diesel::delete(texts::table.find(id)).execute(conn)?;
    Ok(())
}
