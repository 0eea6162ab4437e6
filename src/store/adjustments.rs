//! Rows of adjustments.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::rows::AdjustmentRow;
use super::schema::adjustments;
use diesel::{
    ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};

/// An adjustment without its changes, for lists.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = adjustments)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct AdjustmentHead {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub scheme: String,
    pub state: String,
    pub change_count: i32,
    pub note: Option<String>,
    pub proposed_by: String,
    pub proposed_at: i64,
    pub decided_by: Option<String>,
    pub decided_at: Option<i64>,
    pub decision_code: Option<String>,
    pub decision_basis: Option<String>,
}

/// Finds an adjustment.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<AdjustmentRow>, StoreError> {
    Ok(adjustments::table.find(id).select(AdjustmentRow::as_select()).first(conn).optional()?)
}

/// Lists adjustments in order of id, from behind a given one, if asked only those of a state.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    state: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<AdjustmentHead>, StoreError> {
    let mut query = adjustments::table
        .filter(adjustments::id.gt(after.to_owned()))
        .order(adjustments::id)
        .limit(limit)
        .select(AdjustmentHead::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(adjustments::state.eq(state.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Replaces the row by its next version.
///
/// # Errors
/// [`StoreError::Damaged`] when the row is not there in the version before.
pub(super) fn update(conn: &mut AnyConnection, row: &AdjustmentRow) -> Result<(), StoreError> {
    let before = adjustments::table
        .filter(adjustments::id.eq(&row.id))
        .filter(adjustments::version.eq(row.version.saturating_sub(1)));
    let updated = diesel::update(before).set(row).execute(conn)?;
    if updated == 1 { Ok(()) } else { Err(StoreError::damaged("an adjustment was decided twice")) }
}

/// Reads adjustments in order of id, for the comparison with the log.
///
/// # Errors
/// The database's failure.
pub fn all(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<AdjustmentRow>, StoreError> {
    let rows = adjustments::table
        .filter(adjustments::id.gt(after))
        .order(adjustments::id)
        .limit(limit)
        .select(AdjustmentRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads proposals that wait since before an instant, in order of id.
///
/// # Errors
/// The database's failure.
pub fn waiting_since(conn: &mut AnyConnection, before: i64) -> Result<Vec<AdjustmentRow>, StoreError> {
    let rows = adjustments::table
        .filter(adjustments::state.eq("proposed"))
        .filter(adjustments::proposed_at.lt(before))
        .order(adjustments::id)
        .limit(1000)
        .select(AdjustmentRow::as_select())
        .load(conn)?;
    Ok(rows)
}
