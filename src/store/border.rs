//! What happened at the border in a time, added up by the database: answers and refusals from their counts, draws from the
//! versions of declarations.

use super::conn::AnyConnection;
use super::dialect::both;
use super::error::StoreError;
use super::keep::border_counts::HOUR;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};

/// Which time, at which offices, in steps of how long.
#[derive(Debug, Clone)]
pub struct Window {
    /// First hour since the epoch.
    pub from: i64,
    /// The hour behind the last.
    pub to: i64,
    /// Whether counts are added up by legal days instead of hours.
    pub by_day: bool,
    /// Digits with which the offices begin; none for all.
    pub offices: String,
}

/// How often something happened in a step at an office.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Added {
    /// The hour, or the legal day, since the epoch.
    #[diesel(sql_type = BigInt)]
    pub step: i64,
    /// The office.
    #[diesel(sql_type = Text)]
    pub customs_office: String,
    /// `event`, `reason` or `draw`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// What.
    #[diesel(sql_type = Text)]
    pub word: String,
    /// How often.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

impl Window {
    /// Writes the step of an hour; a legal day begins eight hours before that of Greenwich.
    fn step(&self, hour: &str) -> String {
        if self.by_day { format!("({hour} + 8) / 24") } else { hour.to_owned() }
    }

    /// Writes which offices are meant. Digits only: nothing else comes into the text.
    fn offices(&self) -> String {
        let digits: String = self.offices.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() { String::new() } else { format!(" AND customs_office LIKE '{digits}%'") }
    }
}

fn added(conn: &mut AnyConnection, query: String) -> Result<Vec<Added>, StoreError> {
    Ok(both!(conn, conn => sql_query(query).load::<Added>(conn))?)
}

/// Adds up answers and refusals.
///
/// # Errors
/// The database's failure.
pub fn counted(conn: &mut AnyConnection, window: &Window) -> Result<Vec<Added>, StoreError> {
    let (step, offices) = (window.step("hour"), window.offices());
    let Window { from, to, .. } = window;
    added(
        conn,
        format!(
            "SELECT {step} AS step, customs_office, kind, word, CAST(sum(count) AS BIGINT) AS count FROM border_counts \
             WHERE hour >= {from} AND hour < {to}{offices} GROUP BY {step}, customs_office, kind, word"
        ),
    )
}

/// Adds up draws that were applied.
///
/// # Errors
/// The database's failure.
pub fn drawn(conn: &mut AnyConnection, window: &Window) -> Result<Vec<Added>, StoreError> {
    let (step, offices) = (window.step(&format!("(recorded_at / {HOUR})")), window.offices());
    let (from, to) = (window.from.saturating_mul(HOUR), window.to.saturating_mul(HOUR));
    added(
        conn,
        format!(
            "SELECT {step} AS step, customs_office, 'draw' AS kind, verb AS word, count(*) AS count FROM declaration_versions \
             WHERE recorded_at >= {from} AND recorded_at < {to}{offices} GROUP BY {step}, customs_office, verb"
        ),
    )
}
