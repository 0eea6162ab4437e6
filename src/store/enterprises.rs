//! Rows of enterprises.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::rows::EnterpriseRow;
use super::schema::enterprise_versions;
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _, SelectableHelper as _};

/// Reads every version of one enterprise, oldest first.
///
/// # Errors
/// The database's failure.
pub fn versions(conn: &mut AnyConnection, uscc: &str) -> Result<Vec<EnterpriseRow>, StoreError> {
    let rows = enterprise_versions::table
        .filter(enterprise_versions::uscc.eq(uscc))
        .order(enterprise_versions::version)
        .select(EnterpriseRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads every version of several enterprises, in order of USCC and version.
///
/// # Errors
/// The database's failure.
pub fn versions_of(conn: &mut AnyConnection, usccs: &[String]) -> Result<Vec<EnterpriseRow>, StoreError> {
    let mut rows = Vec::new();
    for usccs in usccs.chunks(500) {
        rows.extend(
            enterprise_versions::table
                .filter(enterprise_versions::uscc.eq_any(usccs))
                .order((enterprise_versions::uscc, enterprise_versions::version))
                .select(EnterpriseRow::as_select())
                .load::<EnterpriseRow>(conn)?,
        );
    }
    Ok(rows)
}

/// Lists USCCs in order, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let usccs = enterprise_versions::table
        .filter(enterprise_versions::version.eq(1))
        .filter(enterprise_versions::uscc.gt(after))
        .order(enterprise_versions::uscc)
        .limit(limit)
        .select(enterprise_versions::uscc)
        .load(conn)?;
    Ok(usccs)
}

/// Lists USCCs that some version bars until a day or later, in order, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn with_bar_until(conn: &mut AnyConnection, day: i32, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let usccs = enterprise_versions::table
        .filter(enterprise_versions::barred_until.ge(day))
        .filter(enterprise_versions::uscc.gt(after))
        .order(enterprise_versions::uscc)
        .limit(limit)
        .select(enterprise_versions::uscc)
        .distinct()
        .load(conn)?;
    Ok(usccs)
}

/// Lists the USCCs of enterprises that have a version recorded after one revision and up to another, in order, from behind a
/// given one.
///
/// # Errors
/// The database's failure.
pub fn between(
    conn: &mut AnyConnection,
    enterprise: Option<&str>,
    (from, to): (i64, i64),
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut query = enterprise_versions::table
        .filter(enterprise_versions::revision.gt(from))
        .filter(enterprise_versions::revision.le(to))
        .filter(enterprise_versions::uscc.gt(after.to_owned()))
        .order(enterprise_versions::uscc)
        .limit(limit)
        .select(enterprise_versions::uscc)
        .distinct()
        .into_boxed();
    if let Some(enterprise) = enterprise {
        query = query.filter(enterprise_versions::uscc.eq(enterprise.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<EnterpriseRow>, StoreError> {
    let rows = enterprise_versions::table
        .filter(enterprise_versions::revision.gt(revision))
        .order(enterprise_versions::revision)
        .limit(limit)
        .select(EnterpriseRow::as_select())
        .load(conn)?;
    Ok(rows)
}
