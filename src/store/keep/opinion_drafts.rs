//! Opinions that an agency is still writing: nobody else sees them.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::opinion_drafts;
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};

/// The draft of an agency's opinions on a case.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = opinion_drafts)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct OpinionDraftRow {
    pub application: String,
    pub agency: String,
    pub body: String,
    pub saved_by: String,
    pub saved_at: i64,
}

/// Finds the draft of an agency.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, application: &str, agency: &str) -> Result<Option<OpinionDraftRow>, StoreError> {
    Ok(opinion_drafts::table.find((application, agency)).first(conn).optional()?)
}

/// Keeps a draft in place of the one before.
///
/// # Errors
/// The database's failure.
pub fn put(conn: &mut AnyConnection, draft: &OpinionDraftRow) -> Result<(), StoreError> {
    remove(conn, &draft.application, &draft.agency)?;
    diesel::insert_into(opinion_drafts::table).values(draft).execute(conn)?;
    Ok(())
}

/// Throws the draft of an agency away.
///
/// # Errors
/// The database's failure.
pub fn remove(conn: &mut AnyConnection, application: &str, agency: &str) -> Result<(), StoreError> {
    let draft = opinion_drafts::table
        .filter(opinion_drafts::application.eq(application))
        .filter(opinion_drafts::agency.eq(agency));
    diesel::delete(draft).execute(conn)?;
    Ok(())
}
