//! Releases by an officer against the answer, each as its review stands.

use super::conn::AnyConnection;
use super::dialect::insert_all;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::manual_releases;
use super::tx::Queued;
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// A manual release as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = manual_releases, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ManualReleaseRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub state: String,
    pub declaration: String,
    pub declaration_version: i32,
    pub enterprise: String,
    pub customs_office: String,
    pub officer: String,
    pub reason_code: String,
    pub reason_basis: Option<String>,
    pub overridden: String,
    pub released_at: i64,
    pub reviewed_by: Option<String>,
    pub reviewed_at: Option<i64>,
    pub review_basis: Option<String>,
}

impl Fact for ManualReleaseRow {
    const KIND: &'static str = "manual_release";
    const PRIVATE: &'static [&'static str] = &["reason_basis", "review_basis"];

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
        Some(&self.reason_code)
    }
}

impl Queued for ManualReleaseRow {
    fn insert(conn: &mut AnyConnection, rows: &[Self]) -> Result<(), StoreError> {
        let (new, reviewed): (Vec<Self>, Vec<Self>) = rows.iter().cloned().partition(|row| row.version == 1);
        insert_all!(conn, manual_releases::table, new);
        reviewed.iter().try_for_each(|row| update(conn, row))
    }
}

fn update(conn: &mut AnyConnection, row: &ManualReleaseRow) -> Result<(), StoreError> {
    let before = manual_releases::table
        .filter(manual_releases::id.eq(&row.id))
        .filter(manual_releases::version.eq(row.version.saturating_sub(1)));
    let updated = diesel::update(before).set(row).execute(conn)?;
    if updated == 1 { Ok(()) } else { Err(StoreError::damaged("a manual release was reviewed twice")) }
}

/// Finds one.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<ManualReleaseRow>, StoreError> {
    Ok(manual_releases::table.find(id).select(ManualReleaseRow::as_select()).first(conn).optional()?)
}

/// Lists them in order of id, oldest first, from behind a given one; `office` narrows to first digits of the office.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    state: Option<&str>,
    office: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<ManualReleaseRow>, StoreError> {
    use diesel::TextExpressionMethods as _;
    let mut query = manual_releases::table
        .filter(manual_releases::id.gt(after.to_owned()))
        .order(manual_releases::id)
        .limit(limit)
        .select(ManualReleaseRow::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(manual_releases::state.eq(state.to_owned()));
    }
    if let Some(office) = office {
        query = query.filter(manual_releases::customs_office.like(format!("{office}%")));
    }
    Ok(query.load(conn)?)
}

/// Lists the ids of the manual releases of a declaration.
///
/// # Errors
/// The database's failure.
pub fn of_declaration(conn: &mut AnyConnection, number: &str) -> Result<Vec<String>, StoreError> {
    let of = manual_releases::table.filter(manual_releases::declaration.eq(number)).order(manual_releases::id);
    Ok(of.select(manual_releases::id).load(conn)?)
}

/// Counts those in a state.
///
/// # Errors
/// The database's failure.
pub fn count(conn: &mut AnyConnection, state: &str) -> Result<i64, StoreError> {
    Ok(manual_releases::table.filter(manual_releases::state.eq(state)).count().get_result(conn)?)
}
