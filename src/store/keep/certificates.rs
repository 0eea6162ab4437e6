//! Certificates that were issued: which code stands for which listing, as of which revision of the list.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::certificates;
use diesel::{Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = certificates)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct CertificateRow {
    pub code: String,
    pub listing: String,
    pub revision: i64,
    pub issued_to: String,
    pub issued_at: i64,
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
