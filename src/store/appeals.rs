//! Rows of appeals against refusals: lodged, then judged.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::appeal_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of an appeal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = appeal_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct AppealRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub application: String,
    pub enterprise: String,
    pub state: String,
    pub lines: String,
    pub grounds: String,
    pub reason_code: Option<String>,
    pub note: Option<String>,
    pub appealed_by: String,
    pub decided_by: Option<String>,
    pub recorded_at: i64,
}

impl Fact for AppealRow {
    const KIND: &'static str = "appeal";
    const PRIVATE: &'static [&'static str] = &["grounds", "note"];

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
        self.reason_code.as_deref()
    }
}

appended!(AppealRow => appeal_versions);

/// Reads every version of the appeals in a case, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn versions(conn: &mut AnyConnection, application: &str) -> Result<Vec<AppealRow>, StoreError> {
    let rows = appeal_versions::table
        .filter(appeal_versions::application.eq(application))
        .order(appeal_versions::revision)
        .select(AppealRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Finds the appeal of a case that waits for its outcome.
///
/// # Errors
/// The database's failure.
pub fn open(conn: &mut AnyConnection, application: &str) -> Result<Option<AppealRow>, StoreError> {
    let last = versions(conn, application)?.pop();
    Ok(last.filter(|row| row.decided_by.is_none()))
}

/// Lists the cases in which an appeal waits for its outcome.
///
/// # Errors
/// The database's failure.
pub fn open_cases(conn: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String, String, i32)> = appeal_versions::table
        .order((appeal_versions::application, appeal_versions::id, appeal_versions::version))
        .select((appeal_versions::application, appeal_versions::id, appeal_versions::version))
        .load(conn)?;
    let judged: std::collections::BTreeSet<&String> =
        rows.iter().filter(|(_, _, version)| *version > 1).map(|(_, id, _)| id).collect();
    Ok(rows.iter().filter(|(_, id, _)| !judged.contains(id)).map(|(application, _, _)| application.clone()).collect())
}

/// Reads appeals recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<AppealRow>, StoreError> {
    let rows = appeal_versions::table
        .filter(appeal_versions::revision.gt(revision))
        .order(appeal_versions::revision)
        .limit(limit)
        .select(AppealRow::as_select())
        .load(conn)?;
    Ok(rows)
}
