//! Rows of publication batches; the log holds how each came to stand as it does.

use super::conn::AnyConnection;
use super::dialect::insert_all;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::batches;
use super::tx::Queued;
use crate::domain::batch::BatchState;
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// A batch as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = batches, treat_none_as_null = true, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct BatchRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub scheme: String,
    pub state: String,
    pub items: String,
    pub item_count: i32,
    pub notice_number: Option<String>,
    #[serde(default, with = "wire::day_opt")]
    pub effective_on: Option<i32>,
    pub digest: Option<String>,
    pub body: Option<String>,
    pub collected_by: String,
    pub collected_at: i64,
    pub closed_by: Option<String>,
    pub closed_at: Option<i64>,
}

impl BatchRow {
    /// Reads where it stands.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is nowhere.
    pub fn state(&self) -> Result<BatchState, StoreError> {
        BatchState::parse(&self.state).ok_or_else(|| StoreError::Damaged(format!("the state of {}", self.id)))
    }

    /// Reads which items are in it: application and item.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when they are none.
    pub fn items(&self) -> Result<Vec<(String, u16)>, StoreError> {
        serde_json::from_str(&self.items).map_err(|_| StoreError::Damaged(format!("the items of {}", self.id)))
    }
}

impl Fact for BatchRow {
    const KIND: &'static str = "batch";
    const PRIVATE: &'static [&'static str] = &["items", "body"];

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

impl Queued for BatchRow {
    fn insert(conn: &mut AnyConnection, rows: &[Self]) -> Result<(), StoreError> {
        let (new, moved): (Vec<Self>, Vec<Self>) = rows.iter().cloned().partition(|row| row.version == 1);
        insert_all!(conn, batches::table, new);
        moved.iter().try_for_each(|row| update(conn, row))
    }
}

fn update(conn: &mut AnyConnection, row: &BatchRow) -> Result<(), StoreError> {
    let before =
        batches::table.filter(batches::id.eq(&row.id)).filter(batches::version.eq(row.version.saturating_sub(1)));
    let updated = diesel::update(before).set(row).execute(conn)?;
    if updated == 1 { Ok(()) } else { Err(StoreError::damaged("a batch was closed twice")) }
}

/// Finds a batch.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<BatchRow>, StoreError> {
    Ok(batches::table.find(id).select(BatchRow::as_select()).first(conn).optional()?)
}

/// Finds the batch that a notice published.
///
/// # Errors
/// The database's failure.
pub fn noticed(conn: &mut AnyConnection, number: &str) -> Result<Option<BatchRow>, StoreError> {
    let row = batches::table
        .filter(batches::notice_number.eq(number))
        .select(BatchRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row)
}

/// Lists batches in order of id, from behind a given one, if asked only those in a state.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    state: Option<BatchState>,
    after: &str,
    limit: i64,
) -> Result<Vec<BatchRow>, StoreError> {
    let mut query = batches::table
        .filter(batches::id.gt(after.to_owned()))
        .order(batches::id)
        .limit(limit)
        .select(BatchRow::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(batches::state.eq(state.as_str()));
    }
    Ok(query.load(conn)?)
}

/// Reads batches in order of id, for the comparison with the log.
///
/// # Errors
/// The database's failure.
pub fn all(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<BatchRow>, StoreError> {
    list(conn, None, after, limit)
}
