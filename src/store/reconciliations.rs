//! Reconciliations with customs as they stand, and which declarations of a period there are to compare.

use super::conn::AnyConnection;
use super::dialect::insert_all;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::{declaration_versions, reconciliations};
use super::tx::Queued;
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _, TextExpressionMethods as _,
};
use serde::{Deserialize, Serialize};

/// A reconciliation as it stands; the log holds how it came to stand so.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = reconciliations, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ReconciliationRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub org: String,
    pub state: String,
    #[serde(with = "wire::day")]
    pub period_from: i32,
    #[serde(with = "wire::day")]
    pub period_to: i32,
    pub row_count: i32,
    pub sent_digest: String,
    pub findings_digest: String,
    pub compared_revision: i64,
    pub matched: i32,
    pub missing_here: i32,
    pub missing_there: i32,
    pub different: i32,
    pub compared_by: String,
    pub compared_at: i64,
    pub confirmed_by: Option<String>,
    pub confirmed_at: Option<i64>,
    pub booked: Option<i32>,
    pub refused: Option<i32>,
}

impl Fact for ReconciliationRow {
    const KIND: &'static str = "reconciliation";
    const PRIVATE: &'static [&'static str] = &[];

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

impl Queued for ReconciliationRow {
    fn insert(conn: &mut AnyConnection, rows: &[Self]) -> Result<(), StoreError> {
        let (new, confirmed): (Vec<Self>, Vec<Self>) = rows.iter().cloned().partition(|row| row.version == 1);
        insert_all!(conn, reconciliations::table, new);
        for row in &confirmed {
            diesel::update(reconciliations::table.find(&row.id)).set(row).execute(conn)?;
        }
        Ok(())
    }
}

/// Finds a reconciliation.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<ReconciliationRow>, StoreError> {
    Ok(reconciliations::table.find(id).select(ReconciliationRow::as_select()).first(conn).optional()?)
}

/// Lists reconciliations in order of id, from behind a given one; of organisations that begin so, if asked.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    org: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<ReconciliationRow>, StoreError> {
    let mut query = reconciliations::table
        .filter(reconciliations::id.gt(after.to_owned()))
        .order(reconciliations::id)
        .limit(limit)
        .select(ReconciliationRow::as_select())
        .into_boxed();
    if let Some(org) = org {
        query = query.filter(reconciliations::org.like(format!("{org}%")));
    }
    Ok(query.load(conn)?)
}

/// Lists every reconciliation in order of id, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn all(conn: &mut AnyConnection, after: &str) -> Result<Vec<ReconciliationRow>, StoreError> {
    list(conn, None, after, 500)
}

/// Lists numbers of declarations of offices that begin so and of a period, in order, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn declared(
    conn: &mut AnyConnection,
    office: &str,
    period: (i32, i32),
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let numbers = declaration_versions::table
        .filter(declaration_versions::number.gt(after))
        .filter(declaration_versions::number.like(format!("{office}%")))
        .filter(declaration_versions::declared_on.between(period.0, period.1))
        .order(declaration_versions::number)
        .limit(limit)
        .select(declaration_versions::number)
        .distinct()
        .load(conn)?;
    Ok(numbers)
}
