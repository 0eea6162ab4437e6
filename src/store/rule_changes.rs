//! Changes of the rules: version by version, from the proposal to what became of it.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::rule_change_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a change.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = rule_change_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct RuleChangeRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub rule_table: String,
    pub about: String,
    #[serde(with = "wire::day")]
    pub valid_from: i32,
    pub body: String,
    pub note: Option<String>,
    pub state: String,
    pub reason: Option<String>,
    pub proposed_by: String,
    pub decided_by: Option<String>,
    pub recorded_at: i64,
}

impl Fact for RuleChangeRow {
    const KIND: &'static str = "rule_change";
    // A rule book is larger than a leaf of the log; the entry of its adoption holds it in the clear.
    const PRIVATE: &'static [&'static str] = &["body", "note", "reason"];

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
        "list".to_owned()
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

appended!(RuleChangeRow => rule_change_versions);

/// Finds a change as it stands.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<RuleChangeRow>, StoreError> {
    let newest =
        rule_change_versions::table.filter(rule_change_versions::id.eq(id)).order(rule_change_versions::version.desc());
    Ok(newest.select(RuleChangeRow::as_select()).first(conn).optional()?)
}

/// Returns the revision at which a change was proposed.
///
/// # Errors
/// The database's failure.
pub fn proposed_at(conn: &mut AnyConnection, id: &str) -> Result<Option<i64>, StoreError> {
    let first =
        rule_change_versions::table.filter(rule_change_versions::id.eq(id)).filter(rule_change_versions::version.eq(1));
    Ok(first.select(rule_change_versions::revision).first(conn).optional()?)
}

/// Lists changes as they stand, newest first, from behind one; an empty id is before all.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<RuleChangeRow>, StoreError> {
    let mut first = rule_change_versions::table
        .filter(rule_change_versions::version.eq(1))
        .order(rule_change_versions::id.desc())
        .limit(limit)
        .select(rule_change_versions::id)
        .into_boxed();
    if !after.is_empty() {
        first = first.filter(rule_change_versions::id.lt(after.to_owned()));
    }
    let ids: Vec<String> = first.load(conn)?;
    // A change has two versions or three.
    let mut rows: Vec<RuleChangeRow> = rule_change_versions::table
        .filter(rule_change_versions::id.eq_any(ids))
        .order((rule_change_versions::id.desc(), rule_change_versions::version.desc()))
        .select(RuleChangeRow::as_select())
        .load(conn)?;
    rows.dedup_by(|later, earlier| later.id == earlier.id);
    Ok(rows)
}

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<RuleChangeRow>, StoreError> {
    let query = rule_change_versions::table
        .filter(rule_change_versions::revision.gt(revision))
        .order(rule_change_versions::revision)
        .limit(limit);
    Ok(query.select(RuleChangeRow::as_select()).load(conn)?)
}
