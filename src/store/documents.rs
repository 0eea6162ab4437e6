//! Rows of evidence documents; their bytes lie in the document store, by hash.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::documents;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a document: uploaded, then scanned, then perhaps removed from its application.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = documents, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct DocumentRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub application: String,
    pub enterprise: String,
    pub kind: String,
    pub sha256: String,
    pub size: i64,
    pub media: String,
    pub name: String,
    pub scan: String,
    pub removed: i32,
    pub uploaded_by: String,
    pub recorded_at: i64,
}

impl Fact for DocumentRow {
    const KIND: &'static str = "document";
    const PRIVATE: &'static [&'static str] = &["name"];

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

appended!(DocumentRow => documents);

/// Finds the newest version of a document.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<DocumentRow>, StoreError> {
    let row = documents::table
        .filter(documents::id.eq(id))
        .order(documents::version.desc())
        .select(DocumentRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row)
}

/// Reads the newest version of every document of an application, in order of id.
///
/// # Errors
/// The database's failure.
pub fn of_application(conn: &mut AnyConnection, application: &str) -> Result<Vec<DocumentRow>, StoreError> {
    let rows: Vec<DocumentRow> = documents::table
        .filter(documents::application.eq(application))
        .order((documents::id, documents::version))
        .select(DocumentRow::as_select())
        .load(conn)?;
    Ok(newest(rows, |row| row.id.clone()))
}

/// Reads the documents of an application as they were known at a revision.
///
/// # Errors
/// The database's failure.
pub fn known_of_application(
    conn: &mut AnyConnection,
    application: &str,
    revision: i64,
) -> Result<Vec<DocumentRow>, StoreError> {
    let rows: Vec<DocumentRow> = documents::table
        .filter(documents::application.eq(application))
        .filter(documents::revision.le(revision))
        .order((documents::id, documents::version))
        .select(DocumentRow::as_select())
        .load(conn)?;
    Ok(newest(rows, |row| row.id.clone()))
}

/// Whether any document has bytes of this hash.
///
/// # Errors
/// The database's failure.
pub fn with_hash(conn: &mut AnyConnection, sha256: &str) -> Result<bool, StoreError> {
    let known = documents::table.filter(documents::sha256.eq(sha256)).select(documents::id).first::<String>(conn);
    Ok(known.optional()?.is_some())
}

/// Keeps the last of each run of rows with the same id.
pub(super) fn newest<R>(rows: Vec<R>, id: impl Fn(&R) -> String) -> Vec<R> {
    let mut kept: Vec<R> = Vec::new();
    for row in rows {
        match kept.last_mut() {
            Some(last) if id(last) == id(&row) => *last = row,
            Some(_) | None => kept.push(row),
        }
    }
    kept
}

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<DocumentRow>, StoreError> {
    let rows = documents::table
        .filter(documents::revision.gt(revision))
        .order(documents::revision)
        .limit(limit)
        .select(DocumentRow::as_select())
        .load(conn)?;
    Ok(rows)
}
