//! Pauses of the service: begun and ended, each a version on record.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::pause_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a pause: it holds from the first to the second.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = pause_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct PauseRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub state: String,
    pub reason_zh: String,
    pub reason_en: String,
    pub paused_at: i64,
    pub recorded_at: i64,
}

impl PauseRow {
    /// Whether changes are refused from this version on.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.state == "paused"
    }
}

impl Fact for PauseRow {
    const KIND: &'static str = "pause";
    const PRIVATE: &'static [&'static str] = &["reason_zh", "reason_en"];

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
        format!("pause:{}", self.id)
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

appended!(PauseRow => pause_versions);

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<PauseRow>, StoreError> {
    let rows = pause_versions::table
        .filter(pause_versions::revision.gt(revision))
        .order(pause_versions::revision)
        .limit(limit)
        .select(PauseRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Finds the newest version of the newest pause: whether changes are refused now, and why.
///
/// # Errors
/// The database's failure.
pub fn newest(conn: &mut AnyConnection) -> Result<Option<PauseRow>, StoreError> {
    let query = pause_versions::table.order(pause_versions::revision.desc()).select(PauseRow::as_select());
    Ok(query.first(conn).optional()?)
}
