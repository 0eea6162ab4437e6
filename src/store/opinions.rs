//! Rows of the agencies' opinions: one version per saying, the last of an agency and item counts.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::opinion_versions;
use super::tx::appended;
use diesel::{
    AggregateExpressionMethods as _, ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _,
    Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One version of an agency's opinion on an item.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = opinion_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct OpinionRow {
    pub application: String,
    pub line: i32,
    pub agency: String,
    pub version: i32,
    pub revision: i64,
    pub enterprise: String,
    pub content: i32,
    pub item_digest: String,
    pub stance: String,
    pub grounds: String,
    pub conditions: Option<String>,
    pub note: Option<String>,
    pub reviewer: String,
    pub recorded_at: i64,
}

impl Fact for OpinionRow {
    const KIND: &'static str = "opinion";
    const PRIVATE: &'static [&'static str] = &["conditions", "note"];

    fn entity_id(&self) -> String {
        format!("{}/{}/{}", self.application, self.line, self.agency)
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

appended!(OpinionRow => opinion_versions);

/// Reads every version of the opinions on a case, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn versions(conn: &mut AnyConnection, application: &str) -> Result<Vec<OpinionRow>, StoreError> {
    let rows = opinion_versions::table
        .filter(opinion_versions::application.eq(application))
        .order(opinion_versions::revision)
        .select(OpinionRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Keeps the last version of each agency and item.
#[must_use]
pub fn newest(rows: Vec<OpinionRow>) -> BTreeMap<(i32, String), OpinionRow> {
    rows.into_iter().map(|row| ((row.line, row.agency.clone()), row)).collect()
}

/// Counts the items of cases that an agency has spoken on, by the content it spoke on.
///
/// # Errors
/// The database's failure.
pub fn spoken_by(
    conn: &mut AnyConnection,
    agency: &str,
    applications: &[String],
) -> Result<Vec<(String, i32, i64)>, StoreError> {
    let mut found = Vec::new();
    for applications in applications.chunks(500) {
        found.extend(
            opinion_versions::table
                .filter(opinion_versions::application.eq_any(applications))
                .filter(opinion_versions::agency.eq(agency))
                .group_by((opinion_versions::application, opinion_versions::content))
                .select((
                    opinion_versions::application,
                    opinion_versions::content,
                    diesel::dsl::count(opinion_versions::line).aggregate_distinct(),
                ))
                .load::<(String, i32, i64)>(conn)?,
        );
    }
    Ok(found)
}

/// Finds when each agency first spoke on cases: case, agency, instant.
///
/// # Errors
/// The database's failure.
pub fn first_of_cases(
    conn: &mut AnyConnection,
    applications: &[String],
) -> Result<Vec<(String, String, i64)>, StoreError> {
    let mut found = Vec::new();
    for applications in applications.chunks(500) {
        let rows = opinion_versions::table
            .filter(opinion_versions::application.eq_any(applications))
            .group_by((opinion_versions::application, opinion_versions::agency))
            .select((
                opinion_versions::application,
                opinion_versions::agency,
                diesel::dsl::min(opinion_versions::recorded_at),
            ))
            .load::<(String, String, Option<i64>)>(conn)?;
        found.extend(rows.into_iter().filter_map(|(application, agency, at)| Some((application, agency, at?))));
    }
    Ok(found)
}

/// Reads opinions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<OpinionRow>, StoreError> {
    let rows = opinion_versions::table
        .filter(opinion_versions::revision.gt(revision))
        .order(opinion_versions::revision)
        .limit(limit)
        .select(OpinionRow::as_select())
        .load(conn)?;
    Ok(rows)
}
