//! Working days as the State Council's yearly notices arrange them: holidays off, some weekend days worked instead.
//! It is not a guess: a year without a notice is unknown, never Monday to Friday. Invariant: no day is both off and
//! worked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::validity::LegalDay;

/// The working days of the years whose notices are loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Published")]
pub struct WorkingCalendar {
    years: BTreeSet<u16>,
    /// Days that differ from the week's rhythm, and whether they are worked.
    arranged: BTreeMap<LegalDay, bool>,
}

/// The refusal to answer for a year whose notice is not loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the working days of `{year}` are not known")]
pub struct CalendarUnknown {
    /// The year whose notice is missing.
    pub year: u16,
}

/// The refusal of a calendar in which two notices disagree about a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is both a holiday and a working day")]
pub struct CalendarContradiction(pub LegalDay);

/// The calendar as it is published: the notices' days by year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Years whose notice is known.
    pub years: BTreeMap<u16, Year>,
}

/// The arrangement of one year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Year {
    /// Where the notices of the State Council stand.
    #[serde(default)]
    pub notices: Vec<String>,
    /// Days that differ from the week's rhythm.
    pub days: Vec<ArrangedDay>,
}

/// A day that differs from the week's rhythm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrangedDay {
    /// The day.
    pub date: LegalDay,
    /// Name of the holiday.
    #[serde(default)]
    pub name: String,
    /// Whether it is a holiday; a weekend day worked instead when not.
    pub off: bool,
}

impl TryFrom<Published> for WorkingCalendar {
    type Error = CalendarContradiction;

    fn try_from(published: Published) -> Result<Self, CalendarContradiction> {
        let mut calendar = Self { years: published.years.keys().copied().collect(), arranged: BTreeMap::new() };
        for ArrangedDay { date, off, .. } in published.years.into_values().flat_map(|year| year.days) {
            if calendar.arranged.insert(date, !off) == Some(off) {
                return Err(CalendarContradiction(date));
            }
        }
        Ok(calendar)
    }
}

impl WorkingCalendar {
    /// Builds the calendar of years, each with the days of its notice that differ from the week's rhythm and whether
    /// they are worked.
    ///
    /// # Errors
    /// [`CalendarContradiction`] when two notices disagree about a day.
    pub fn of(years: impl IntoIterator<Item = (u16, Vec<ArrangedDay>)>) -> Result<Self, CalendarContradiction> {
        let years = years.into_iter().map(|(year, days)| (year, Year { notices: Vec::new(), days })).collect();
        Self::try_from(Published { years })
    }

    /// Tells whether the notice of a year is loaded.
    #[must_use]
    pub fn knows(&self, year: u16) -> bool {
        self.years.contains(&year)
    }

    /// Tells whether the day is worked.
    ///
    /// # Errors
    /// [`CalendarUnknown`] when the notice of the day's own year is missing, even if another year's notice names it.
    pub fn is_working(&self, day: LegalDay) -> Result<bool, CalendarUnknown> {
        let year = day.year();
        if !self.years.contains(&year) {
            return Err(CalendarUnknown { year });
        }
        Ok(self.arranged.get(&day).copied().unwrap_or_else(|| !day.is_weekend()))
    }

    /// Returns the last day of a period in working days (行政许可法 art. 82); the day of acceptance is not counted.
    ///
    /// # Errors
    /// [`CalendarUnknown`] when the period reaches into a year whose notice is missing.
    pub fn due(&self, accepted: LegalDay, days: u32) -> Result<LegalDay, CalendarUnknown> {
        let mut day = accepted;
        let mut left = days;
        while left > 0 {
            let next = day.add_days(1);
            if next == day {
                return Err(CalendarUnknown { year: day.year() + 1 });
            }
            day = next;
            left -= u32::from(self.is_working(day)?);
        }
        Ok(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Excerpts of the notices for 2025 and 2026, and one day of 2022 that the notice of 2023 names.
    const NOTICES: &str = r#"{"source":"State Council notices","years":{
        "2023":{"days":[{"date":"2022-12-31","name":"元旦","off":true}]},
        "2025":{"days":[
            {"date":"2025-01-01","off":true},{"date":"2025-01-26","off":false},{"date":"2025-01-28","off":true},{"date":"2025-01-29","off":true},
            {"date":"2025-01-30","off":true},{"date":"2025-01-31","off":true},{"date":"2025-02-01","off":true},{"date":"2025-02-02","off":true},
            {"date":"2025-02-03","off":true},{"date":"2025-02-04","off":true},{"date":"2025-02-08","off":false},{"date":"2025-09-28","off":false},
            {"date":"2025-10-01","off":true},{"date":"2025-10-02","off":true},{"date":"2025-10-03","off":true},{"date":"2025-10-04","off":true},
            {"date":"2025-10-05","off":true},{"date":"2025-10-06","off":true},{"date":"2025-10-07","off":true},{"date":"2025-10-08","off":true},
            {"date":"2025-10-11","off":false}]},
        "2026":{"days":[
            {"date":"2026-02-14","off":false},{"date":"2026-02-15","off":true},{"date":"2026-02-16","off":true},{"date":"2026-02-17","off":true},
            {"date":"2026-02-18","off":true},{"date":"2026-02-19","off":true},{"date":"2026-02-20","off":true},{"date":"2026-02-21","off":true},
            {"date":"2026-02-22","off":true},{"date":"2026-02-23","off":true},{"date":"2026-02-28","off":false},{"date":"2026-04-04","off":true},
            {"date":"2026-04-05","off":true},{"date":"2026-04-06","off":true},{"date":"2026-05-01","off":true},{"date":"2026-05-02","off":true},
            {"date":"2026-05-03","off":true},{"date":"2026-05-04","off":true},{"date":"2026-05-05","off":true},{"date":"2026-05-09","off":false},
            {"date":"2026-09-20","off":false},{"date":"2026-09-25","off":true},{"date":"2026-09-26","off":true},{"date":"2026-09-27","off":true},
            {"date":"2026-10-01","off":true},{"date":"2026-10-02","off":true},{"date":"2026-10-03","off":true},{"date":"2026-10-04","off":true},
            {"date":"2026-10-05","off":true},{"date":"2026-10-06","off":true},{"date":"2026-10-07","off":true},{"date":"2026-10-10","off":false}]}
    }}"#;

    fn calendar() -> WorkingCalendar {
        serde_json::from_str(NOTICES).unwrap()
    }

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    #[test]
    fn counts_the_vectors() {
        for (accepted, days, due) in [
            ("2025-01-20", 20, "2025-02-21"),
            ("2025-09-24", 20, "2025-10-28"),
            ("2026-02-09", 5, "2026-02-14"),
            ("2026-02-09", 20, "2026-03-13"),
            ("2026-04-29", 3, "2026-05-07"),
            ("2026-09-18", 20, "2026-10-22"),
            ("2026-01-30", 45, "2026-04-10"),
            ("2026-02-09", 0, "2026-02-09"),
        ] {
            assert_eq!(calendar().due(day(accepted), days), Ok(day(due)), "{accepted} + {days}");
        }
    }

    #[test]
    fn a_year_without_a_notice_is_unknown() {
        assert_eq!(calendar().is_working(day("2027-01-04")), Err(CalendarUnknown { year: 2027 }));
        assert_eq!(calendar().is_working(day("2022-12-31")), Err(CalendarUnknown { year: 2022 }));
        assert_eq!(calendar().due(day("2026-12-25"), 20), Err(CalendarUnknown { year: 2027 }));
        assert_eq!(calendar().due(day("2026-12-25"), 4), Ok(day("2026-12-31")));
        assert_eq!(WorkingCalendar::default().due(day("2026-01-01"), 0), Ok(day("2026-01-01")));
        assert_eq!(CalendarUnknown { year: 2027 }.to_string(), "the working days of `2027` are not known");
    }

    #[test]
    fn holidays_are_off_and_some_weekends_worked() {
        for (on, worked) in [
            ("2026-02-14", true),
            ("2026-02-16", false),
            ("2026-02-13", true),
            ("2026-02-07", false),
            ("2026-10-10", true),
        ] {
            assert_eq!(calendar().is_working(day(on)), Ok(worked), "{on}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_not_an_endless_wait() {
        let last: WorkingCalendar =
            serde_json::from_str(r#"{"years":{"2199":{"days":[{"date":"2199-12-31","off":true}]}}}"#).unwrap();
        assert_eq!(last.due(day("2199-12-30"), 1), Err(CalendarUnknown { year: 2200 }));
    }

    #[test]
    fn notices_that_disagree_are_refused() {
        let twice = |off| {
            format!(
                r#"{{"years":{{"2025":{{"days":[{{"date":"2025-12-31","off":true}}]}},"2026":{{"days":[{{"date":"2025-12-31","off":{off}}}]}}}}}}"#
            )
        };
        assert!(serde_json::from_str::<WorkingCalendar>(&twice(true)).is_ok());
        let refused = serde_json::from_str::<WorkingCalendar>(&twice(false)).unwrap_err().to_string();
        assert!(refused.starts_with("`2025-12-31` is both a holiday and a working day"), "{refused}");
        assert!(
            serde_json::from_str::<WorkingCalendar>(
                r#"{"years":{"2025":{"days":[{"date":"2025-02-29","off":true}]}}}"#
            )
            .is_err()
        );
    }
}
