//! Usage returns.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::usage_return_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a usage return. Quantities are steps of the finer unit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = usage_return_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ReturnRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub listing: String,
    pub enterprise: String,
    pub scheme: String,
    #[serde(with = "wire::day")]
    pub period_from: i32,
    #[serde(with = "wire::day")]
    pub period_to: i32,
    #[serde(with = "wire::day")]
    pub due_on: i32,
    pub stage: String,
    #[serde(default, with = "wire::three_opt")]
    pub unit: Option<i32>,
    #[serde(default, with = "wire::steps_opt")]
    pub opening: Option<i64>,
    #[serde(default, with = "wire::steps_opt")]
    pub received: Option<i64>,
    #[serde(default, with = "wire::steps_opt")]
    pub used: Option<i64>,
    #[serde(default, with = "wire::steps_opt")]
    pub destroyed: Option<i64>,
    #[serde(default, with = "wire::steps_opt")]
    pub stock: Option<i64>,
    pub note: Option<String>,
    pub adjustment: Option<String>,
    pub recorded_at: i64,
}

impl Fact for ReturnRow {
    const KIND: &'static str = "usage_return";
    const PRIVATE: &'static [&'static str] = &["note"];

    fn entity_id(&self) -> String {
        self.id.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        format!("enterprise:{}", self.enterprise)
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

appended!(ReturnRow => usage_return_versions);

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<ReturnRow>, StoreError> {
    let rows = usage_return_versions::table
        .filter(usage_return_versions::revision.gt(revision))
        .order(usage_return_versions::revision)
        .limit(limit)
        .select(ReturnRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Finds a return as it stands.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<ReturnRow>, StoreError> {
    Ok(last_of(conn, &[id.to_owned()])?.pop())
}

/// Reads returns of an enterprise, or of all, as they stand: in order of id, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    enterprise: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<ReturnRow>, StoreError> {
    let mut query = usage_return_versions::table
        .filter(usage_return_versions::version.eq(1))
        .filter(usage_return_versions::id.gt(after.to_owned()))
        .order(usage_return_versions::id)
        .limit(limit)
        .select(usage_return_versions::id)
        .into_boxed();
    if let Some(enterprise) = enterprise {
        query = query.filter(usage_return_versions::enterprise.eq(enterprise.to_owned()));
    }
    let ids: Vec<String> = query.load(conn)?;
    last_of(conn, &ids)
}

/// Reads the last versions of several, in order of id.
fn last_of(conn: &mut AnyConnection, ids: &[String]) -> Result<Vec<ReturnRow>, StoreError> {
    let mut rows: Vec<ReturnRow> = usage_return_versions::table
        .filter(usage_return_versions::id.eq_any(ids))
        .order((usage_return_versions::id, usage_return_versions::version.desc()))
        .select(ReturnRow::as_select())
        .load(conn)?;
    rows.dedup_by(|next, first| next.id == first.id);
    Ok(rows)
}

/// Reads the returns of several listings as they stand, in order of listing and period.
///
/// # Errors
/// The database's failure.
pub fn of_listings(conn: &mut AnyConnection, listings: &[String]) -> Result<Vec<ReturnRow>, StoreError> {
    let mut all = Vec::new();
    for listings in listings.chunks(500) {
        let mut rows: Vec<ReturnRow> = usage_return_versions::table
            .filter(usage_return_versions::listing.eq_any(listings))
            .order((
                usage_return_versions::listing,
                usage_return_versions::period_from,
                usage_return_versions::version.desc(),
            ))
            .select(ReturnRow::as_select())
            .load(conn)?;
        rows.dedup_by(|next, first| next.id == first.id);
        all.extend(rows);
    }
    Ok(all)
}
