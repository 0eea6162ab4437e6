//! Seals over recorded answers: a chain of its own, one version for each stretch.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::answer_seals;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One seal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = answer_seals)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct AnswerSealRow {
    pub version: i32,
    pub revision: i64,
    pub first_id: String,
    pub last_id: String,
    pub answers: i64,
    pub unrecorded: i64,
    pub root: String,
    pub recorded_at: i64,
}

impl Fact for AnswerSealRow {
    const KIND: &'static str = "answers";
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

appended!(AnswerSealRow => answer_seals);

/// Reads seals recorded after a revision, in order.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<AnswerSealRow>, StoreError> {
    let rows = answer_seals::table
        .filter(answer_seals::revision.gt(revision))
        .order(answer_seals::revision)
        .select(AnswerSealRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Finds a seal.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, number: i32) -> Result<Option<AnswerSealRow>, StoreError> {
    Ok(answer_seals::table.find(number).select(AnswerSealRow::as_select()).first(conn).optional()?)
}

/// Reads the last seal.
///
/// # Errors
/// The database's failure.
pub fn last(conn: &mut AnyConnection) -> Result<Option<AnswerSealRow>, StoreError> {
    let last = answer_seals::table.order(answer_seals::version.desc()).select(AnswerSealRow::as_select());
    Ok(last.first(conn).optional()?)
}

/// Returns the number of the last seal before an instant.
///
/// # Errors
/// The database's failure.
pub fn last_before(conn: &mut AnyConnection, instant: i64) -> Result<Option<i32>, StoreError> {
    let before = answer_seals::table.filter(answer_seals::recorded_at.lt(instant));
    Ok(before.order(answer_seals::version.desc()).select(answer_seals::version).first(conn).optional()?)
}
