//! Entries of screening lists.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::screening_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of an entry of a screening list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = screening_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ScreeningRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub list: String,
    pub uscc: String,
    pub name: Option<String>,
    pub ground: String,
    pub source: String,
    #[serde(with = "wire::day")]
    pub valid_from: i32,
    #[serde(default, with = "wire::day_opt")]
    pub valid_to: Option<i32>,
    pub recorded_at: i64,
}

impl Fact for ScreeningRow {
    const KIND: &'static str = "screening";
    const PRIVATE: &'static [&'static str] = &["name", "ground", "source"];

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
        format!("enterprise:{}", self.uscc)
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

appended!(ScreeningRow => screening_versions);

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<ScreeningRow>, StoreError> {
    let rows = screening_versions::table
        .filter(screening_versions::revision.gt(revision))
        .order(screening_versions::revision)
        .limit(limit)
        .select(ScreeningRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Whether anybody ever stood on a list.
///
/// # Errors
/// The database's failure.
pub fn has(conn: &mut AnyConnection, list: &str) -> Result<bool, StoreError> {
    let any = screening_versions::table.filter(screening_versions::list.eq(list)).select(screening_versions::id);
    Ok(any.first::<String>(conn).optional()?.is_some())
}

/// Finds an entry as it stands.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<ScreeningRow>, StoreError> {
    Ok(last_of(conn, &[id.to_owned()])?.pop())
}

/// Reads entries of an enterprise, or of all, as they stand: in order of id, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    enterprise: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<ScreeningRow>, StoreError> {
    let mut query = screening_versions::table
        .filter(screening_versions::version.eq(1))
        .filter(screening_versions::id.gt(after.to_owned()))
        .order(screening_versions::id)
        .limit(limit)
        .select(screening_versions::id)
        .into_boxed();
    if let Some(enterprise) = enterprise {
        query = query.filter(screening_versions::uscc.eq(enterprise.to_owned()));
    }
    let ids: Vec<String> = query.load(conn)?;
    last_of(conn, &ids)
}

/// Reads the last versions of several, in order of id.
fn last_of(conn: &mut AnyConnection, ids: &[String]) -> Result<Vec<ScreeningRow>, StoreError> {
    let mut rows: Vec<ScreeningRow> = screening_versions::table
        .filter(screening_versions::id.eq_any(ids))
        .order((screening_versions::id, screening_versions::version.desc()))
        .select(ScreeningRow::as_select())
        .load(conn)?;
    rows.dedup_by(|next, first| next.id == first.id);
    Ok(rows)
}
