//! Findings of inspections.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::finding_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = finding_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct FindingRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub enterprise: String,
    pub listing: Option<String>,
    #[serde(with = "wire::day")]
    pub found_on: i32,
    pub kind: String,
    pub text: String,
    pub documents: String,
    pub outcome: Option<String>,
    pub outcome_text: Option<String>,
    #[serde(default, with = "wire::day_opt")]
    pub closed_on: Option<i32>,
    pub recorded_at: i64,
}

impl Fact for FindingRow {
    const KIND: &'static str = "finding";
    const PRIVATE: &'static [&'static str] = &["text", "outcome_text"];

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

appended!(FindingRow => finding_versions);

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<FindingRow>, StoreError> {
    let rows = finding_versions::table
        .filter(finding_versions::revision.gt(revision))
        .order(finding_versions::revision)
        .limit(limit)
        .select(FindingRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Finds a finding as it stands.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<FindingRow>, StoreError> {
    Ok(last_of(conn, &[id.to_owned()])?.pop())
}

/// Reads findings of an enterprise, or of all, as they stand: in order of id, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    enterprise: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<FindingRow>, StoreError> {
    let mut query = finding_versions::table
        .filter(finding_versions::version.eq(1))
        .filter(finding_versions::id.gt(after.to_owned()))
        .order(finding_versions::id)
        .limit(limit)
        .select(finding_versions::id)
        .into_boxed();
    if let Some(enterprise) = enterprise {
        query = query.filter(finding_versions::enterprise.eq(enterprise.to_owned()));
    }
    let ids: Vec<String> = query.load(conn)?;
    last_of(conn, &ids)
}

/// Reads the last versions of several, in order of id.
fn last_of(conn: &mut AnyConnection, ids: &[String]) -> Result<Vec<FindingRow>, StoreError> {
    let mut rows: Vec<FindingRow> = finding_versions::table
        .filter(finding_versions::id.eq_any(ids))
        .order((finding_versions::id, finding_versions::version.desc()))
        .select(FindingRow::as_select())
        .load(conn)?;
    rows.dedup_by(|next, first| next.id == first.id);
    Ok(rows)
}
