//! What reconciliations found, many declarations to a row. What it may be relied on for stands with the fact: its digest.

use crate::store::conn::AnyConnection;
use crate::store::dialect::insert_all;
use crate::store::error::StoreError;
use crate::store::schema::reconciliation_pages;
use diesel::{ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _};

/// Findings of one kind in order of number.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = reconciliation_pages)]
pub struct PageRow {
    /// The reconciliation.
    pub reconciliation: String,
    /// What is said of these declarations.
    pub kind: String,
    /// First declaration.
    pub first_number: String,
    /// Last declaration.
    pub last_number: String,
    /// The findings, a JSON list.
    pub findings: String,
}

/// Replaces the pages of a reconciliation.
///
/// # Errors
/// The database's failure.
pub fn replace(conn: &mut AnyConnection, reconciliation: &str, pages: &[PageRow]) -> Result<(), StoreError> {
    diesel::delete(reconciliation_pages::table.filter(reconciliation_pages::reconciliation.eq(reconciliation)))
        .execute(conn)?;
    insert_all!(conn, reconciliation_pages::table, pages);
    Ok(())
}

/// Reads pages of a kind that hold numbers behind a given one, in order.
///
/// # Errors
/// The database's failure.
pub fn behind(
    conn: &mut AnyConnection,
    reconciliation: &str,
    kind: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<PageRow>, StoreError> {
    let pages = reconciliation_pages::table
        .filter(reconciliation_pages::reconciliation.eq(reconciliation))
        .filter(reconciliation_pages::kind.eq(kind))
        .filter(reconciliation_pages::last_number.gt(after))
        .order(reconciliation_pages::first_number)
        .limit(limit)
        .load(conn)?;
    Ok(pages)
}
