//! Rows of the item library of each enterprise.

use super::conn::AnyConnection;
use super::documents::newest;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::item_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a library item.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = item_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ItemRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub enterprise: String,
    pub archived: i32,
    pub body: String,
    pub recorded_at: i64,
}

impl Fact for ItemRow {
    const KIND: &'static str = "item";
    const PRIVATE: &'static [&'static str] = &["body"];

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

appended!(ItemRow => item_versions);

/// Finds the newest version of an item.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<ItemRow>, StoreError> {
    let row = item_versions::table
        .filter(item_versions::id.eq(id))
        .order(item_versions::version.desc())
        .select(ItemRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row)
}

/// Reads the newest version of every item of an enterprise, in order of id.
///
/// # Errors
/// The database's failure.
pub fn of_enterprise(conn: &mut AnyConnection, enterprise: &str) -> Result<Vec<ItemRow>, StoreError> {
    let rows: Vec<ItemRow> = item_versions::table
        .filter(item_versions::enterprise.eq(enterprise))
        .order((item_versions::id, item_versions::version))
        .select(ItemRow::as_select())
        .load(conn)?;
    Ok(newest(rows, |row| row.id.clone()))
}

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<ItemRow>, StoreError> {
    let rows = item_versions::table
        .filter(item_versions::revision.gt(revision))
        .order(item_versions::revision)
        .limit(limit)
        .select(ItemRow::as_select())
        .load(conn)?;
    Ok(rows)
}
