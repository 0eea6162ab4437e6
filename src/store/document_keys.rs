//! Keys that sign files: which there were, from when to when, each with its certificate. Only public halves stand here.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::document_key_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a key: introduced, or with the instant at which it retires.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = document_key_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct DocumentKeyRow {
    pub kid: String,
    pub version: i32,
    pub revision: i64,
    pub certificate: String,
    pub introduced_at: i64,
    pub retires_at: Option<i64>,
    pub reason: Option<String>,
    pub recorded_at: i64,
}

impl Fact for DocumentKeyRow {
    const KIND: &'static str = "document_key";
    const PRIVATE: &'static [&'static str] = &[];

    fn entity_id(&self) -> String {
        self.kid.clone()
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
        self.reason.as_deref()
    }
}

appended!(DocumentKeyRow => document_key_versions);

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<DocumentKeyRow>, StoreError> {
    let rows = document_key_versions::table
        .filter(document_key_versions::revision.gt(revision))
        .order(document_key_versions::revision)
        .select(DocumentKeyRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads every key as it stands, in order of introduction.
///
/// # Errors
/// The database's failure.
pub fn standing(conn: &mut AnyConnection) -> Result<Vec<DocumentKeyRow>, StoreError> {
    let mut keys: Vec<DocumentKeyRow> = Vec::new();
    for row in since(conn, 0)? {
        match keys.iter_mut().find(|key| key.kid == row.kid) {
            Some(key) => *key = row,
            None => keys.push(row),
        }
    }
    Ok(keys)
}
