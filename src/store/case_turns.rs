//! Timelines of many cases as far as clocks look at them: without words, for work lists and reports.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::schema::{applications, case_events, decision_versions, opinion_versions};
use diesel::{ExpressionMethods as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _};

/// Something on a timeline, without its words.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = case_events)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct TurnRow {
    pub application: String,
    pub kind: String,
    pub stage: String,
    pub reason_code: Option<String>,
    pub working_days: Option<i32>,
    pub recorded_at: i64,
}

/// Reads the newest revision of cases, their timelines, opinions and decisions; 0 without any.
///
/// # Errors
/// The database's failure.
pub fn newest(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    let mut newest = 0;
    macro_rules! last {
        ($($table:ident),+) => { $(
            let last: Option<i64> = $table::table.select(diesel::dsl::max($table::revision)).first(conn)?;
            newest = newest.max(last.unwrap_or(0));
        )+ };
    }
    last!(applications, case_events, opinion_versions, decision_versions);
    Ok(newest)
}

/// Reads the timelines of cases, in order of case and place.
///
/// # Errors
/// The database's failure.
pub fn of_cases(conn: &mut AnyConnection, applications: &[String]) -> Result<Vec<TurnRow>, StoreError> {
    let mut rows = Vec::new();
    for applications in applications.chunks(500) {
        rows.extend(
            case_events::table
                .filter(case_events::application.eq_any(applications))
                .order((case_events::application, case_events::version))
                .select(TurnRow::as_select())
                .load::<TurnRow>(conn)?,
        );
    }
    Ok(rows)
}
