//! Signed files of certificates that were issued; their bytes lie where documents lie, by hash.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::certificate_files;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// A file that was issued. There is one version of each: a file never changes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = certificate_files, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct CertificateFileRow {
    pub sha256: String,
    pub version: i32,
    pub revision: i64,
    pub listing: String,
    pub enterprise: String,
    /// The revision of the list that it shows.
    pub list_revision: i64,
    pub issued_at: i64,
    pub lang: String,
    pub size: i64,
    pub kid: String,
    pub asked_by: String,
    pub asked_for: String,
    pub recorded_at: i64,
}

impl Fact for CertificateFileRow {
    const KIND: &'static str = "certificate_file";
    const PRIVATE: &'static [&'static str] = &[];

    fn entity_id(&self) -> String {
        self.sha256.clone()
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

appended!(CertificateFileRow => certificate_files);

/// Reads files recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<CertificateFileRow>, StoreError> {
    let rows = certificate_files::table
        .filter(certificate_files::revision.gt(revision))
        .order(certificate_files::revision)
        .limit(limit)
        .select(CertificateFileRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Finds a file by the hash of its bytes.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, sha256: &str) -> Result<Option<CertificateFileRow>, StoreError> {
    let found = certificate_files::table.filter(certificate_files::sha256.eq(sha256));
    Ok(found.select(CertificateFileRow::as_select()).first(conn).optional()?)
}

/// Lists the files of a listing, newest first, from before a revision on.
///
/// # Errors
/// The database's failure.
pub fn of_listing(
    conn: &mut AnyConnection,
    listing: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<CertificateFileRow>, StoreError> {
    let rows = certificate_files::table
        .filter(certificate_files::listing.eq(listing))
        .filter(certificate_files::revision.lt(before))
        .order(certificate_files::revision.desc())
        .limit(limit)
        .select(CertificateFileRow::as_select())
        .load(conn)?;
    Ok(rows)
}
