//! Reports and exports that are made in the background, with the files that came of them, in pieces.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{report_job_parts, report_jobs};
use diesel::{
    AsChangeset, BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _,
    Queryable, RunQueryDsl as _,
};

/// States of what is still to be made.
const OPEN: [&str; 2] = ["waiting", "running"];

/// A report that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = report_jobs, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ReportJobRow {
    pub id: String,
    /// Rises with every change.
    pub version: i32,
    pub issuer: String,
    pub subject: String,
    pub org: String,
    /// The enterprise that an agent acted for, or nothing.
    pub acting_for: String,
    /// The roles under which it was asked for, parted by spaces.
    pub roles: String,
    /// The export, as the contract names it.
    pub operation: String,
    /// Path and query of the export.
    pub target: String,
    pub lang: String,
    pub request_id: String,
    pub state: String,
    /// How often it was begun.
    pub attempts: i32,
    pub asked_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    /// Until when it is kept, once it ended.
    pub kept_until: Option<i64>,
    /// Bytes of the file that are written.
    pub bytes: i64,
    /// Pieces of the file that are written.
    pub parts: i32,
    pub media: String,
    pub file: Option<String>,
    /// What went wrong, in the language of whoever asked.
    pub error: Option<String>,
}

/// Whose jobs are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The issuer of the account.
    pub issuer: String,
    /// The account.
    pub subject: String,
    /// Its organisation.
    pub org: String,
    /// The enterprise acted for, or nothing.
    pub acting_for: String,
}

impl Owner {
    /// Whether a job is theirs.
    #[must_use]
    pub fn owns(&self, row: &ReportJobRow) -> bool {
        (&self.issuer, &self.subject, &self.org, &self.acting_for)
            == (&row.issuer, &row.subject, &row.org, &row.acting_for)
    }
}

/// Keeps a new job.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, row: &ReportJobRow) -> Result<(), StoreError> {
    diesel::insert_into(report_jobs::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds a job.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<ReportJobRow>, StoreError> {
    Ok(report_jobs::table.find(id).first(conn).optional()?)
}

/// Lists the jobs of somebody, newest first, from behind a given one; empty is from the newest on.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, of: &Owner, after: &str, limit: i64) -> Result<Vec<ReportJobRow>, StoreError> {
    let mut query = report_jobs::table
        .filter(report_jobs::issuer.eq(of.issuer.clone()))
        .filter(report_jobs::subject.eq(of.subject.clone()))
        .filter(report_jobs::org.eq(of.org.clone()))
        .filter(report_jobs::acting_for.eq(of.acting_for.clone()))
        .order(report_jobs::id.desc())
        .limit(limit)
        .into_boxed();
    if !after.is_empty() {
        query = query.filter(report_jobs::id.lt(after.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Lists the jobs of an account, oldest first, whoever it acted for.
///
/// # Errors
/// The database's failure.
pub fn of_account(conn: &mut AnyConnection, issuer: &str, subject: &str) -> Result<Vec<ReportJobRow>, StoreError> {
    let of = report_jobs::table.filter(report_jobs::issuer.eq(issuer)).filter(report_jobs::subject.eq(subject));
    Ok(of.order(report_jobs::id).load(conn)?)
}

/// Counts the jobs that are to be made before this one.
///
/// # Errors
/// The database's failure.
pub fn ahead(conn: &mut AnyConnection, id: &str) -> Result<i64, StoreError> {
    let open = report_jobs::table.filter(report_jobs::state.eq_any(OPEN)).filter(report_jobs::id.lt(id));
    Ok(open.count().get_result(conn)?)
}

/// Finds what is to be made next: also what was begun, by a maker that is gone.
///
/// # Errors
/// The database's failure.
pub fn next(conn: &mut AnyConnection) -> Result<Option<ReportJobRow>, StoreError> {
    let open = report_jobs::table.filter(report_jobs::state.eq_any(OPEN));
    Ok(open.order(report_jobs::id).first(conn).optional()?)
}

/// Whether something is to be made, or forgotten because its time has passed.
///
/// # Errors
/// The database's failure.
pub fn is_due(conn: &mut AnyConnection, now: i64) -> Result<bool, StoreError> {
    let due = report_jobs::state.eq_any(OPEN).or(report_jobs::kept_until.lt(now));
    let found: Option<String> = report_jobs::table.filter(due).select(report_jobs::id).first(conn).optional()?;
    Ok(found.is_some())
}

/// Writes a job as it now stands, unless somebody was faster; says whether it was written.
///
/// # Errors
/// The database's failure.
pub fn stand(conn: &mut AnyConnection, row: &ReportJobRow) -> Result<bool, StoreError> {
    let before = row.version.saturating_sub(1);
    let mine = report_jobs::table.find(&row.id).filter(report_jobs::version.eq(before));
    Ok(diesel::update(mine).set(row).execute(conn)? == 1)
}

/// Adds a piece to the file of a job.
///
/// # Errors
/// The database's failure.
pub fn add_part(conn: &mut AnyConnection, job: &str, number: i32, bytes: &[u8]) -> Result<(), StoreError> {
    let part = (report_job_parts::job.eq(job), report_job_parts::number.eq(number), report_job_parts::bytes.eq(bytes));
    diesel::insert_into(report_job_parts::table).values(part).execute(conn)?;
    Ok(())
}

/// Reads a piece of the file of a job.
///
/// # Errors
/// The database's failure.
pub fn part(conn: &mut AnyConnection, job: &str, number: i32) -> Result<Option<Vec<u8>>, StoreError> {
    let part = report_job_parts::table.find((job, number)).select(report_job_parts::bytes);
    Ok(part.first(conn).optional()?)
}

/// Drops what was written of a file.
///
/// # Errors
/// The database's failure.
pub fn drop_parts(conn: &mut AnyConnection, jobs: &[String]) -> Result<(), StoreError> {
    diesel::delete(report_job_parts::table.filter(report_job_parts::job.eq_any(jobs))).execute(conn)?;
    Ok(())
}

/// Removes jobs with their files.
///
/// # Errors
/// The database's failure.
pub fn remove(conn: &mut AnyConnection, jobs: &[String]) -> Result<usize, StoreError> {
    drop_parts(conn, jobs)?;
    Ok(diesel::delete(report_jobs::table.filter(report_jobs::id.eq_any(jobs))).execute(conn)?)
}

/// Removes what is not kept any longer.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, now: i64) -> Result<usize, StoreError> {
    let over = report_jobs::table.filter(report_jobs::kept_until.lt(now)).select(report_jobs::id);
    let over: Vec<String> = over.load(conn)?;
    remove(conn, &over)
}

/// Removes everything that was made, and has what is being made begin again: an erasure takes its subject out of the files too.
///
/// # Errors
/// The database's failure.
pub fn forget_all(conn: &mut AnyConnection) -> Result<(), StoreError> {
    let made = report_jobs::table.filter(report_jobs::state.ne_all(OPEN)).select(report_jobs::id);
    let made: Vec<String> = made.load(conn)?;
    remove(conn, &made)?;
    let running = report_jobs::table.filter(report_jobs::state.eq("running"));
    let again = (report_jobs::state.eq("waiting"), report_jobs::version.eq(report_jobs::version + 1));
    diesel::update(running).set(again).execute(conn)?;
    Ok(())
}
