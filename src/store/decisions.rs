//! Rows of the joint decision: per item of a case one version per step, the last one holds.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::decision_versions;
use super::tx::appended;
use crate::domain::application::Kind;
use crate::domain::recognition::ItemState;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One version of the decision on an item.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = decision_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct DecisionRow {
    pub application: String,
    pub line: i32,
    pub version: i32,
    pub revision: i64,
    pub enterprise: String,
    pub scheme: String,
    pub kind: String,
    pub state: String,
    #[serde(default, with = "wire::hs_opt")]
    pub hs_code: Option<i64>,
    #[serde(default, with = "wire::cas_opt")]
    pub cas: Option<i64>,
    pub content: i32,
    pub granted: Option<String>,
    pub conditions: Option<String>,
    pub grounds: String,
    pub note: Option<String>,
    pub lodged_by: String,
    pub proposed_by: String,
    pub decided_by: Option<String>,
    pub decided_at: Option<i64>,
    pub batch: Option<String>,
    pub listing: Option<String>,
    pub recorded_at: i64,
}

impl DecisionRow {
    /// Reads where the item stands.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is nowhere.
    pub fn state(&self) -> Result<ItemState, StoreError> {
        ItemState::parse(&self.state)
            .ok_or_else(|| StoreError::Damaged(format!("the decision on {}", self.application)))
    }

    /// Reads the kind of application.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is none.
    pub fn kind(&self) -> Result<Kind, StoreError> {
        Kind::parse(&self.kind).ok_or_else(|| StoreError::Damaged(format!("the decision on {}", self.application)))
    }
}

impl Fact for DecisionRow {
    const KIND: &'static str = "decision";
    const PRIVATE: &'static [&'static str] = &["granted", "conditions", "note"];

    fn entity_id(&self) -> String {
        format!("{}/{}", self.application, self.line)
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
        self.grounds.split(',').next().filter(|ground| !ground.is_empty())
    }
}

appended!(DecisionRow => decision_versions);

/// Reads the last version of every item that was proposed or decided on, by item.
///
/// # Errors
/// The database's failure.
pub fn newest(conn: &mut AnyConnection, application: &str) -> Result<BTreeMap<i32, DecisionRow>, StoreError> {
    Ok(versions(conn, application)?.into_iter().map(|row| (row.line, row)).collect())
}

/// Reads every version of the decisions on a case, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn versions(conn: &mut AnyConnection, application: &str) -> Result<Vec<DecisionRow>, StoreError> {
    let rows = decision_versions::table
        .filter(decision_versions::application.eq(application))
        .order(decision_versions::revision)
        .select(DecisionRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads the versions of decisions that a listing came of, or was changed by, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn of_listing(conn: &mut AnyConnection, listing: &str) -> Result<Vec<DecisionRow>, StoreError> {
    let of = decision_versions::table.filter(decision_versions::listing.eq(listing)).order(decision_versions::revision);
    Ok(of.select(DecisionRow::as_select()).load(conn)?)
}

/// Finds the last version of the decision on an item.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, application: &str, line: i32) -> Result<Option<DecisionRow>, StoreError> {
    let row = decision_versions::table
        .filter(decision_versions::application.eq(application))
        .filter(decision_versions::line.eq(line))
        .order(decision_versions::version.desc())
        .select(DecisionRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row)
}

/// Lists recognised items that no batch has published, in order of application and item.
///
/// # Errors
/// The database's failure.
pub fn waiting(conn: &mut AnyConnection) -> Result<Vec<DecisionRow>, StoreError> {
    let candidates = diesel::alias!(decision_versions as later);
    let rows = decision_versions::table
        .filter(decision_versions::state.eq(ItemState::Recognised.as_str()))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            candidates
                .filter(candidates.field(decision_versions::application).eq(decision_versions::application))
                .filter(candidates.field(decision_versions::line).eq(decision_versions::line))
                .filter(candidates.field(decision_versions::version).gt(decision_versions::version)),
        )))
        .order((decision_versions::application, decision_versions::line))
        .select(DecisionRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Finds how items of a classification or substance were decided, newest first: every decision, not only the last.
///
/// # Errors
/// The database's failure.
pub fn precedents(
    conn: &mut AnyConnection,
    hs_code: Option<i64>,
    cas: Option<i64>,
    limit: i64,
) -> Result<Vec<DecisionRow>, StoreError> {
    let decided = [ItemState::Recognised.as_str(), ItemState::Refused.as_str()];
    let query = || decision_versions::table.filter(decision_versions::state.eq_any(decided)).into_boxed();
    let mut rows: Vec<DecisionRow> = Vec::new();
    let narrowed = [
        hs_code.map(|hs_code| query().filter(decision_versions::hs_code.eq(hs_code))),
        cas.map(|cas| query().filter(decision_versions::cas.eq(cas))),
    ];
    for query in narrowed.into_iter().flatten() {
        let found: Vec<DecisionRow> =
            query.order(decision_versions::revision.desc()).limit(limit).select(DecisionRow::as_select()).load(conn)?;
        rows.extend(found);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.revision));
    rows.dedup_by_key(|row| row.revision);
    Ok(rows)
}

/// Where an item stood after a step, without words.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = decision_versions)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct OutcomeRow {
    pub application: String,
    pub line: i32,
    pub enterprise: String,
    pub state: String,
    pub hs_code: Option<i64>,
    pub grounds: String,
    pub decided_at: Option<i64>,
}

/// Reads where items stood after every step, in order of recording, for reports.
///
/// # Errors
/// The database's failure.
pub fn outcomes(conn: &mut AnyConnection) -> Result<Vec<OutcomeRow>, StoreError> {
    let rows = decision_versions::table.order(decision_versions::revision).select(OutcomeRow::as_select());
    Ok(rows.load(conn)?)
}

/// Reads decisions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<DecisionRow>, StoreError> {
    let rows = decision_versions::table
        .filter(decision_versions::revision.gt(revision))
        .order(decision_versions::revision)
        .limit(limit)
        .select(DecisionRow::as_select())
        .load(conn)?;
    Ok(rows)
}
