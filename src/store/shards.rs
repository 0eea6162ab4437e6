//! Shards of the log after the first: under which name and key the log goes on, from which head, and why.
//!
//! The tree goes on; what is new is the name and, where that was asked, the key. The first shard is named in
//! [`installation`](super::installation).

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::log_shards;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One shard.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = log_shards)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ShardRow {
    pub version: i32,
    pub revision: i64,
    pub shard: String,
    pub origin: String,
    pub vkey: String,
    pub cause: String,
    pub old_shard: String,
    pub old_origin: String,
    pub old_vkey: String,
    pub old_size: i64,
    pub old_root: String,
    pub old_note: String,
    pub reason: String,
    pub recorded_at: i64,
}

impl Fact for ShardRow {
    const KIND: &'static str = "log_shard";
    const PRIVATE: &'static [&'static str] = &["reason"];

    fn entity_id(&self) -> String {
        "main".to_owned()
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

appended!(ShardRow => log_shards);

/// Reads shards recorded after a revision, in order.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<ShardRow>, StoreError> {
    let rows = log_shards::table
        .filter(log_shards::revision.gt(revision))
        .order(log_shards::revision)
        .select(ShardRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads the shard that the log is in; none while it is in its first.
///
/// # Errors
/// The database's failure.
pub fn last(conn: &mut AnyConnection) -> Result<Option<ShardRow>, StoreError> {
    let last = log_shards::table.order(log_shards::version.desc()).select(ShardRow::as_select());
    Ok(last.first(conn).optional()?)
}
