//! How content applicants were with the handling of their cases: one answer for each case, never changed.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::case_ratings;
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, TextExpressionMethods as _,
};

/// The answer of an applicant.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = case_ratings)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct RatingRow {
    pub application: String,
    pub enterprise: String,
    pub district: String,
    pub score: i32,
    pub remark: Option<String>,
    pub rated_at: i64,
}

/// Finds the answer about a case.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, application: &str) -> Result<Option<RatingRow>, StoreError> {
    Ok(case_ratings::table.find(application).first(conn).optional()?)
}

/// Keeps an answer.
///
/// # Errors
/// The database's failure, also when there is one already.
pub fn insert(conn: &mut AnyConnection, row: &RatingRow) -> Result<(), StoreError> {
    diesel::insert_into(case_ratings::table).values(row).execute(conn)?;
    Ok(())
}

/// Lists answers given between two instants (microseconds, the second one excluded), newest first, from before a given one.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    (from, to): (i64, i64),
    before: Option<(i64, String)>,
    limit: i64,
) -> Result<Vec<RatingRow>, StoreError> {
    let mut query = case_ratings::table
        .filter(case_ratings::rated_at.ge(from))
        .filter(case_ratings::rated_at.lt(to))
        .order((case_ratings::rated_at.desc(), case_ratings::application.desc()))
        .limit(limit)
        .into_boxed();
    if let Some((at, application)) = before {
        let earlier = case_ratings::rated_at.lt(at);
        query = query.filter(earlier.or(case_ratings::rated_at.eq(at).and(case_ratings::application.lt(application))));
    }
    Ok(query.load(conn)?)
}

/// Takes remarks away in which a value stands, when the value is erased.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, value: &str) -> Result<(), StoreError> {
    // Wild cards in a value take more remarks with them; the grades stay.
    let holding = case_ratings::table.filter(case_ratings::remark.like(format!("%{value}%")));
    diesel::update(holding).set(case_ratings::remark.eq(None::<String>)).execute(conn)?;
    Ok(())
}
