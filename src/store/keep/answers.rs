//! Answers given to customs, recorded in batches off the lookup path.

use crate::store::conn::AnyConnection;
use crate::store::dialect::insert_all;
use crate::store::error::StoreError;
use crate::store::schema::{answer_enterprises, answers};
use diesel::{ExpressionMethods as _, Insertable, JoinOnDsl as _, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A recorded answer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = answers, treat_none_as_default_value = false)]
pub struct AnswerRow {
    /// `lkp_…`.
    pub id: String,
    /// Microseconds.
    pub answered_at: i64,
    /// Revision it was answered at.
    pub revision: i64,
    /// Who asked.
    pub org: String,
    /// Declaration number, if stated.
    pub declaration: Option<String>,
    /// SHA-256 over the question.
    pub digest: Vec<u8>,
    /// The question, JSON.
    pub question: String,
    /// Verdict and reasons of every line, JSON.
    pub outcome: String,
}

/// An enterprise that an answer was about.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = answer_enterprises)]
pub struct AskedAbout {
    /// USCC.
    pub enterprise: String,
    /// The answer.
    pub answer: String,
    /// Microseconds.
    pub answered_at: i64,
}

/// Writes a batch of answers.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, rows: &[AnswerRow], asked_about: &[AskedAbout]) -> Result<(), StoreError> {
    insert_all!(conn, answers::table, rows);
    insert_all!(conn, answer_enterprises::table, asked_about);
    Ok(())
}

/// Finds one answer.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<AnswerRow>, StoreError> {
    Ok(answers::table.find(id).first(conn).optional()?)
}

/// Lists answers about a declaration, newest last, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, declaration: Option<&str>, org: Option<&str>, after: &str, limit: i64) -> Result<Vec<AnswerRow>, StoreError> {
    let mut query = answers::table.filter(answers::id.gt(after.to_owned())).order(answers::id).limit(limit).into_boxed();
    if let Some(declaration) = declaration {
        query = query.filter(answers::declaration.eq(declaration.to_owned()));
    }
    if let Some(org) = org {
        query = query.filter(answers::org.eq(org.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Lists answers since an instant that were about an enterprise, newest first, at most `limit`.
///
/// # Errors
/// The database's failure.
pub fn about(conn: &mut AnyConnection, enterprise: &str, since: i64, limit: i64) -> Result<Vec<AnswerRow>, StoreError> {
    let rows = answer_enterprises::table
        .inner_join(answers::table.on(answers::id.eq(answer_enterprises::answer)))
        .filter(answer_enterprises::enterprise.eq(enterprise))
        .filter(answer_enterprises::answered_at.ge(since))
        .order(answer_enterprises::answer.desc())
        .limit(limit)
        .select(answers::all_columns)
        .load(conn)?;
    Ok(rows)
}

/// Lists answers since an instant, newest first, at most `limit`: for changes that are not about one enterprise.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, since: i64, limit: i64) -> Result<Vec<AnswerRow>, StoreError> {
    Ok(answers::table.filter(answers::answered_at.ge(since)).order(answers::id.desc()).limit(limit).load(conn)?)
}
