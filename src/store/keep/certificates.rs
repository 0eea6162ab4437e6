//! Certificates that were issued: which code stands for which listing, as of which revision of the list, and the signed files of each.

use crate::domain::lang::Lang;
use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::certificates;
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = certificates, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct CertificateRow {
    pub code: String,
    pub listing: String,
    pub revision: i64,
    pub issued_to: String,
    pub issued_at: i64,
    /// SHA-256 of the signed file that is handed out, by language.
    pub file_zh: Option<String>,
    pub file_en: Option<String>,
}

impl CertificateRow {
    /// Returns the hash of its file in a language.
    #[must_use]
    pub fn file(&self, lang: Lang) -> Option<&str> {
        lang.pick(&self.file_zh, &self.file_en).as_deref()
    }
}

/// Finds a certificate by its code.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, code: &str) -> Result<Option<CertificateRow>, StoreError> {
    Ok(certificates::table.find(code).first(conn).optional()?)
}

/// Writes a certificate.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, row: &CertificateRow) -> Result<(), StoreError> {
    diesel::insert_into(certificates::table).values(row).execute(conn)?;
    Ok(())
}

/// Notes the file that is handed out from now on.
///
/// # Errors
/// The database's failure.
pub fn note_file(conn: &mut AnyConnection, code: &str, lang: Lang, sha256: &str) -> Result<(), StoreError> {
    let row = certificates::table.find(code);
    match lang {
        Lang::Zh => diesel::update(row).set(certificates::file_zh.eq(sha256)).execute(conn)?,
        Lang::En => diesel::update(row).set(certificates::file_en.eq(sha256)).execute(conn)?,
    };
    Ok(())
}
