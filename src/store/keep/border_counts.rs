//! What happened at the border, counted by hour and customs office as it is recorded, so that a report need not open records.

use crate::store::conn::AnyConnection;
use crate::store::dialect::both;
use crate::store::error::StoreError;
use crate::store::schema::border_counts;
use diesel::upsert::excluded;
use diesel::{ExpressionMethods as _, Insertable, RunQueryDsl as _};
use std::collections::BTreeMap;

/// Microseconds of an hour.
pub const HOUR: i64 = 3_600_000_000;

/// What is counted: something that happened, or why a line was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An event, such as `denied` or `refused`.
    Event,
    /// The reason of a denial.
    Reason,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Reason => "reason",
        }
    }
}

/// Counts on their way to the table.
#[derive(Debug, Clone, Default)]
pub struct Tally(BTreeMap<(i64, String, Kind, &'static str), i64>);

impl Tally {
    /// Counts what happened at an instant (microseconds) at an office.
    pub fn add(&mut self, at: i64, office: &str, kind: Kind, word: &'static str) {
        let count = self.0.entry((at.div_euclid(HOUR), office.to_owned(), kind, word)).or_default();
        *count = count.saturating_add(1);
    }
}

#[derive(Insertable)]
#[diesel(table_name = border_counts)]
struct CountRow<'a> {
    hour: i64,
    customs_office: &'a str,
    kind: &'static str,
    word: &'static str,
    count: i64,
}

/// Adds counts to those that are there.
///
/// # Errors
/// The database's failure.
pub fn add(conn: &mut AnyConnection, tally: &Tally) -> Result<(), StoreError> {
    for ((hour, office, kind, word), count) in &tally.0 {
        let row = CountRow { hour: *hour, customs_office: office, kind: kind.as_str(), word, count: *count };
        both!(conn, conn => diesel::insert_into(border_counts::table)
            .values(row)
            .on_conflict((
                border_counts::hour,
                border_counts::customs_office,
                border_counts::kind,
                border_counts::word,
            ))
            .do_update()
            .set(border_counts::count.eq(border_counts::count + excluded(border_counts::count)))
            .execute(conn))?;
    }
    Ok(())
}
