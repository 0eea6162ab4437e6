//! Filters of lists that people keep under a name.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::saved_filters;
use diesel::{ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A filter that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = saved_filters)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct SavedFilterRow {
    pub issuer: String,
    pub subject: String,
    /// The list that it narrows.
    pub page: String,
    pub name: String,
    /// What stands behind the question mark.
    pub query: String,
    pub saved_at: i64,
}

/// Lists the filters of an account for a list, in order of name.
///
/// # Errors
/// The database's failure.
pub fn of_page(
    conn: &mut AnyConnection,
    issuer: &str,
    subject: &str,
    page: &str,
) -> Result<Vec<SavedFilterRow>, StoreError> {
    let of = saved_filters::table
        .filter(saved_filters::issuer.eq(issuer))
        .filter(saved_filters::subject.eq(subject))
        .filter(saved_filters::page.eq(page));
    Ok(of.order(saved_filters::name).load(conn)?)
}

/// Counts the filters of an account.
///
/// # Errors
/// The database's failure.
pub fn count(conn: &mut AnyConnection, issuer: &str, subject: &str) -> Result<i64, StoreError> {
    let of = saved_filters::table.filter(saved_filters::issuer.eq(issuer)).filter(saved_filters::subject.eq(subject));
    Ok(of.count().get_result(conn)?)
}

/// Keeps a filter in the place of the one of the same name.
///
/// # Errors
/// The database's failure.
pub fn put(conn: &mut AnyConnection, row: &SavedFilterRow) -> Result<(), StoreError> {
    remove(conn, row)?;
    diesel::insert_into(saved_filters::table).values(row).execute(conn)?;
    Ok(())
}

/// Forgets a filter: account, list and name count.
///
/// # Errors
/// The database's failure.
pub fn remove(conn: &mut AnyConnection, row: &SavedFilterRow) -> Result<usize, StoreError> {
    let named = saved_filters::table.find((&row.issuer, &row.subject, &row.page, &row.name));
    Ok(diesel::delete(named).execute(conn)?)
}
