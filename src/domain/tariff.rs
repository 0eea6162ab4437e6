//! The dated table of supervision documents per HS code (监管条件).
//!
//! HS codes and their conditions move every January: a row holds from a day on, and a later recorded row with the
//! same first day replaces it without rewriting what earlier revisions said.

use super::code::{DocumentSet, HsCode};
use super::revision::Revision;
use super::validity::LegalDay;

/// One dated row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TariffRow {
    /// Revision at which the row was recorded.
    pub revision: Revision,
    /// First day.
    pub valid_from: LegalDay,
    /// Last day; none while open.
    pub valid_to: Option<LegalDay>,
    /// Document codes on the HS code, import and export.
    pub documents: DocumentSet,
}

/// All rows of one HS code, ordered by first day, then by revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TariffHistory {
    rows: Vec<TariffRow>,
}

impl TariffHistory {
    /// Adds a recorded row.
    pub fn push(&mut self, row: TariffRow) {
        let place =
            self.rows.partition_point(|known| (known.valid_from, known.revision) <= (row.valid_from, row.revision));
        self.rows.insert(place, row);
    }

    /// Returns the row that holds on a day as known at a revision; none when the code was not in the table then.
    #[must_use]
    pub fn on(&self, day: LegalDay, at: Revision) -> Option<&TariffRow> {
        self.rows
            .iter()
            .rev()
            .find(|row| row.valid_from <= day && row.revision <= at)
            .filter(|row| row.valid_to.is_none_or(|last| day <= last))
    }
}

/// A code of last year and its successor, as the yearly revision states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Succession {
    /// The code that ends.
    pub old: HsCode,
    /// The code that takes its place.
    pub new: HsCode,
    /// First day of the new code.
    pub from: LegalDay,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(revision: i64, from: &str, to: Option<&str>, documents: &str) -> TariffRow {
        TariffRow {
            revision: Revision(revision),
            valid_from: LegalDay::parse(from).unwrap(),
            valid_to: to.map(|day| LegalDay::parse(day).unwrap()),
            documents: DocumentSet::parse(documents).unwrap(),
        }
    }

    #[test]
    fn the_row_of_the_day_answers_and_corrections_leave_earlier_revisions_alone() {
        let mut history = TariffHistory::default();
        history.push(row(3, "2022-01-01", None, "Q"));
        history.push(row(5, "2027-01-01", None, "AB"));
        history.push(row(7, "2022-01-01", Some("2026-06-30"), "Q"));
        let on = |day: &str, at: i64| {
            history.on(LegalDay::parse(day).unwrap(), Revision(at)).map(|row| row.documents.to_string())
        };
        assert_eq!(on("2021-12-31", 9), None);
        assert_eq!(on("2022-01-01", 9), Some("Q".to_owned()));
        assert_eq!(on("2026-06-30", 9), Some("Q".to_owned()));
        assert_eq!(on("2026-07-01", 9), None);
        assert_eq!(on("2026-07-01", 5), Some("Q".to_owned()));
        assert_eq!(on("2027-01-01", 9), Some("AB".to_owned()));
        assert_eq!(on("2027-01-01", 4), Some("Q".to_owned()));
        assert_eq!(on("2027-01-01", 2), None);
    }
}
