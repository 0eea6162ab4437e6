//! Seals over records of access: a chain of its own, one version for each stretch.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::access_seals;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One seal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = access_seals)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct AccessSealRow {
    pub version: i32,
    pub revision: i64,
    pub first_id: String,
    pub last_id: String,
    pub records: i64,
    pub unrecorded: i64,
    pub root: String,
    pub recorded_at: i64,
}

impl Fact for AccessSealRow {
    const KIND: &'static str = "accesses";
    const PRIVATE: &'static [&'static str] = &[];

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

appended!(AccessSealRow => access_seals);

/// Reads seals recorded after a revision, in order.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<AccessSealRow>, StoreError> {
    let rows = access_seals::table
        .filter(access_seals::revision.gt(revision))
        .order(access_seals::revision)
        .select(AccessSealRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads the last seal.
///
/// # Errors
/// The database's failure.
pub fn last(conn: &mut AnyConnection) -> Result<Option<AccessSealRow>, StoreError> {
    let last = access_seals::table.order(access_seals::version.desc()).select(AccessSealRow::as_select());
    Ok(last.first(conn).optional()?)
}

/// Returns the number of the last seal before an instant.
///
/// # Errors
/// The database's failure.
pub fn last_before(conn: &mut AnyConnection, instant: i64) -> Result<Option<i32>, StoreError> {
    let before = access_seals::table.filter(access_seals::recorded_at.lt(instant));
    Ok(before.order(access_seals::version.desc()).select(access_seals::version).first(conn).optional()?)
}
