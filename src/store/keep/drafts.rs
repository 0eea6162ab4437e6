//! Applications that are still being written: working state of the enterprise, whatever it left in them.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::drafts;
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = drafts)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct DraftRow {
    pub id: String,
    pub version: i32,
    pub enterprise: String,
    pub kind: String,
    pub scheme: String,
    pub body: String,
    pub created_by: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Finds a draft.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<DraftRow>, StoreError> {
    Ok(drafts::table.find(id).select(DraftRow::as_select()).first(conn).optional()?)
}

/// Lists the drafts of an enterprise in order of id, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, enterprise: &str, after: &str, limit: i64) -> Result<Vec<DraftRow>, StoreError> {
    let rows = drafts::table
        .filter(drafts::enterprise.eq(enterprise))
        .filter(drafts::id.gt(after))
        .order(drafts::id)
        .limit(limit)
        .select(DraftRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Writes a new draft, or the next version of one.
///
/// # Errors
/// [`StoreError::Damaged`] when the version before is not there; the database's failure.
pub fn save(conn: &mut AnyConnection, row: &DraftRow) -> Result<(), StoreError> {
    if row.version == 1 {
        diesel::insert_into(drafts::table).values(row).execute(conn)?;
        return Ok(());
    }
    let before = drafts::table.filter(drafts::id.eq(&row.id)).filter(drafts::version.eq(row.version.saturating_sub(1)));
    let updated = diesel::update(before).set(row).execute(conn)?;
    if updated == 1 { Ok(()) } else { Err(StoreError::damaged("a draft was changed twice")) }
}

/// Removes a draft.
///
/// # Errors
/// The database's failure.
pub fn remove(conn: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    diesel::delete(drafts::table.find(id)).execute(conn)?;
    Ok(())
}
