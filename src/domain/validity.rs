//! Time as the law counts it: legal days in Beijing, periods whose two ends both count, and the instants that fall
//! on those days. Nothing here asks what time it is. Invariant: every day and instant lies in the legal days
//! 1900-01-01 to 2199-12-31, and a period is never reversed.

use std::fmt;

use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::code::{digits, text_form};
use super::fault::FaultCode;
use super::lang::Lang;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Beijing is eight hours ahead of UTC. Fixed, because the country has kept one offset without summer time since
/// 1992 and nothing that this service records is older; a zone table could only change answers already given.
const OFFSET_MICROS: i64 = 8 * 3_600_000_000;

const EPOCH: Date = date(1970, 1, 1);

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A legal day in Asia/Shanghai, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegalDay(i32);

impl LegalDay {
    /// 1900-01-01.
    pub const MIN: Self = Self(-25_567);

    /// 2199-12-31.
    pub const MAX: Self = Self(84_005);

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// `date_format` (also for a day that does not exist), `date_out_of_range`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let fault = FaultCode::DateFormat;
        let mut parts = text.split('-');
        let mut number = |width| parts.next().and_then(|part| digits(part, width)).ok_or(fault);
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        if parts.next().is_some() {
            return Err(fault);
        }
        let narrow = |number| i8::try_from(number).map_err(|_| fault);
        let year = i16::try_from(year).map_err(|_| fault)?;
        let date = Date::new(year, narrow(month)?, narrow(day)?).map_err(|_| fault)?;
        Self::from_date(date).ok_or(FaultCode::DateOutOfRange)
    }

    /// Makes a day from its parts; `None` when it does not exist or is out of range.
    pub fn from_ymd(year: u16, month: u8, day: u8) -> Option<Self> {
        let (year, month, day) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        Date::new(year, month, day).ok().and_then(Self::from_date)
    }

    /// Returns the day on which an instant (microseconds since the epoch, UTC) falls in Beijing; instants beyond
    /// the range fall on its first or last day.
    pub fn of_instant(micros: i64) -> Self {
        Self::nearest(micros.saturating_add(OFFSET_MICROS).div_euclid(MICROS_PER_DAY))
    }

    /// Returns the first instant of the day in microseconds since the epoch, UTC.
    pub fn start_micros(self) -> i64 {
        i64::from(self.0) * MICROS_PER_DAY - OFFSET_MICROS
    }

    /// Returns the days since 1970-01-01, as they are stored.
    pub const fn value(self) -> i32 {
        self.0
    }

    /// Reads the days since 1970-01-01; `None` out of range.
    pub fn from_value(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&days).then_some(Self(days))
    }

    /// Moves by whole days and stops at the ends of the range.
    #[must_use]
    pub fn add_days(self, days: i32) -> Self {
        Self::nearest(i64::from(self.0) + i64::from(days))
    }

    /// Moves by whole months to the same day of the month, or the last one if that month is shorter, and stops at
    /// the ends of the range.
    #[must_use]
    pub fn add_months(self, months: i32) -> Self {
        let moved = Span::new().try_months(months).and_then(|span| self.date().checked_add(span));
        let end = if months < 0 { Self::MIN } else { Self::MAX };
        moved.ok().and_then(Self::from_date).unwrap_or(end)
    }

    /// Moves by whole years; 29 February becomes 28 February where the year has none.
    #[must_use]
    pub fn add_years(self, years: i32) -> Self {
        self.add_months(years.saturating_mul(12))
    }

    /// Returns the year.
    pub fn year(self) -> u16 {
        self.ymd().0
    }

    /// Returns year, month and day of the month.
    pub fn ymd(self) -> (u16, u8, u8) {
        let date = self.date();
        (date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs())
    }

    /// Says the day to people: 2026年8月12日, 12 Aug 2026.
    #[must_use]
    pub fn said(self, lang: Lang) -> String {
        let (year, month, day) = self.ymd();
        let name = MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or_default();
        lang.pick(format!("{year}年{month}月{day}日"), format!("{day} {name} {year}"))
    }

    /// Tells whether the day is a Saturday or a Sunday; whether it is worked, the calendar knows.
    pub fn is_weekend(self) -> bool {
        matches!(self.date().weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    fn nearest(days: i64) -> Self {
        let end = if days < 0 { Self::MIN } else { Self::MAX };
        i32::try_from(days).ok().and_then(Self::from_value).unwrap_or(end)
    }

    fn from_date(date: Date) -> Option<Self> {
        i32::try_from(date.duration_since(EPOCH).as_hours() / 24).ok().and_then(Self::from_value)
    }

    fn date(self) -> Date {
        EPOCH.saturating_add(SignedDuration::from_hours(i64::from(self.0) * 24))
    }
}

impl fmt::Display for LegalDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

text_form!(LegalDay);

/// A period of legal days; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Ends", into = "Ends")]
pub struct Validity {
    from: LegalDay,
    to: LegalDay,
}

/// The form of a period in messages.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    valid_from: LegalDay,
    valid_to: LegalDay,
}

impl Validity {
    /// Makes a period of its first and its last day.
    ///
    /// # Errors
    /// `period_reversed` when the last day comes before the first.
    pub fn new(from: LegalDay, to: LegalDay) -> Result<Self, FaultCode> {
        if from <= to { Ok(Self { from, to }) } else { Err(FaultCode::PeriodReversed) }
    }

    /// Makes the period of one day.
    #[must_use]
    pub const fn day(day: LegalDay) -> Self {
        Self { from: day, to: day }
    }

    /// Returns the first day.
    pub const fn from(self) -> LegalDay {
        self.from
    }

    /// Returns the last day.
    pub const fn to(self) -> LegalDay {
        self.to
    }

    /// Tells whether the day belongs to the period.
    pub fn contains(self, day: LegalDay) -> bool {
        self.from <= day && day <= self.to
    }

    /// Tells whether the periods share a day.
    pub fn overlaps(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    /// Counts the days from a day to the nearest end of the period; zero within it.
    pub fn distance(self, day: LegalDay) -> u32 {
        if self.contains(day) {
            return 0;
        }
        self.from.0.abs_diff(day.0).min(self.to.0.abs_diff(day.0))
    }
}

impl TryFrom<Ends> for Validity {
    type Error = FaultCode;

    fn try_from(ends: Ends) -> Result<Self, FaultCode> {
        Self::new(ends.valid_from, ends.valid_to)
    }
}

impl From<Validity> for Ends {
    fn from(validity: Validity) -> Self {
        Self { valid_from: validity.from, valid_to: validity.to }
    }
}

/// An instant in microseconds since 1970-01-01T00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// Makes an instant of microseconds since the epoch; beyond the legal days it stops at their ends.
    pub fn from_micros(micros: i64) -> Self {
        let end = LegalDay::MAX.start_micros() + MICROS_PER_DAY - 1;
        Self(micros.clamp(LegalDay::MIN.start_micros(), end))
    }

    /// Returns the microseconds since the epoch, as they are stored.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 (section 5.6) with capital `T` and `Z`, or an offset; digits beyond the microsecond are cut.
    ///
    /// # Errors
    /// `instant_format`, `date_out_of_range`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        if !is_rfc_3339(text) {
            return Err(FaultCode::InstantFormat);
        }
        let nanos = text.parse::<Timestamp>().map_err(|_| FaultCode::InstantFormat)?.as_nanosecond();
        let micros = i64::try_from(nanos.div_euclid(1000)).map_err(|_| FaultCode::DateOutOfRange)?;
        let instant = Self::from_micros(micros);
        if instant.0 == micros { Ok(instant) } else { Err(FaultCode::DateOutOfRange) }
    }

    /// Returns the legal day on which the instant falls.
    pub fn day(self) -> LegalDay {
        LegalDay::of_instant(self.0)
    }

    /// Says the instant to people, to the minute as a clock in Beijing shows it.
    #[must_use]
    pub fn said(self, lang: Lang) -> String {
        let minutes = self.0.saturating_add(OFFSET_MICROS).div_euclid(60_000_000).rem_euclid(24 * 60);
        format!("{} {:02}:{:02}", self.day().said(lang), minutes / 60, minutes % 60)
    }
}

/// Tells whether text has the shape of RFC 3339; the date library alone would read looser forms too.
fn is_rfc_3339(text: &str) -> bool {
    let shape: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with('0') => fraction.trim_start_matches('0'),
        Some(_) => return false,
        None => rest,
    };
    matches!(zone, "Z" | "+00:00" | "-00:00")
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Within the legal days, so the default is never taken.
        let timestamp = Timestamp::from_microsecond(self.0).unwrap_or_default();
        write!(f, "{timestamp:.6}")
    }
}

text_form!(Instant);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    fn period(from: &str, to: &str) -> Validity {
        Validity::new(day(from), day(to)).unwrap()
    }

    #[test]
    fn reads_days_that_exist() {
        for (text, value) in [("1970-01-01", 0), ("1969-12-31", -1), ("2026-03-01", 20_513), ("2000-02-29", 11_016)] {
            assert_eq!(day(text).value(), value);
            assert_eq!(day(text).to_string(), text);
        }
        assert_eq!((day("1900-01-01"), day("2199-12-31")), (LegalDay::MIN, LegalDay::MAX));
        assert_eq!(day("2026-08-12").ymd(), (2026, 8, 12));
        assert_eq!(LegalDay::from_ymd(2026, 8, 12), Some(day("2026-08-12")));
        assert_eq!(LegalDay::from_ymd(2026, 2, 30), None);
        assert!(day("2026-02-14").is_weekend() && !day("2026-02-16").is_weekend());
    }

    #[test]
    fn days_and_instants_are_said_as_people_in_beijing_say_them() {
        assert_eq!(day("2026-11-02").said(Lang::Zh), "2026年11月2日");
        assert_eq!(day("2026-11-02").said(Lang::En), "2 Nov 2026");
        let late = Instant::parse("2026-11-21T16:30:59.9Z").unwrap();
        assert_eq!(
            (late.said(Lang::Zh), late.said(Lang::En)),
            ("2026年11月22日 00:30".into(), "22 Nov 2026 00:30".into())
        );
    }

    #[test]
    fn names_what_is_wrong_with_a_day() {
        for text in [
            "",
            "2026-3-1",
            "2026/03/01",
            "20260301",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-01-01 ",
            "2026-01-01-01",
            "+026-01-01",
            "-2026-01-01",
            "2026-01-01T00:00:00Z",
            "２０２６-01-01",
            "0000-00-00",
        ] {
            assert_eq!(LegalDay::parse(text), Err(FaultCode::DateFormat), "{text}");
        }
        for text in ["0000-01-01", "1899-12-31", "2200-01-01", "9999-12-31"] {
            assert_eq!(LegalDay::parse(text), Err(FaultCode::DateOutOfRange), "{text}");
        }
    }

    #[test]
    fn moves_by_days_months_and_years() {
        assert_eq!(day("2026-02-28").add_days(1), day("2026-03-01"));
        assert_eq!(day("2026-01-31").add_months(1), day("2026-02-28"));
        assert_eq!(day("2026-03-31").add_months(-1), day("2026-02-28"));
        assert_eq!(day("2026-01-15").add_months(12), day("2027-01-15"));
        assert_eq!(day("2024-02-29").add_years(1), day("2025-02-28"));
        assert_eq!(day("2024-02-29").add_years(4), day("2028-02-29"));
        assert_eq!(day("2026-04-10").add_years(2).add_days(-1), day("2028-04-09"));
        for end in [
            LegalDay::MAX.add_days(1),
            LegalDay::MAX.add_days(i32::MAX),
            LegalDay::MAX.add_months(i32::MAX),
            LegalDay::MIN.add_years(i32::MAX),
        ] {
            assert_eq!(end, LegalDay::MAX);
        }
        for end in [
            LegalDay::MIN.add_days(-1),
            LegalDay::MAX.add_days(i32::MIN),
            LegalDay::MAX.add_months(-4_000),
            LegalDay::MAX.add_years(i32::MIN),
        ] {
            assert_eq!(end, LegalDay::MIN);
        }
    }

    #[test]
    fn the_day_changes_at_midnight_in_beijing() {
        let instant = |text: &str| Instant::parse(text).unwrap();
        assert_eq!(instant("2026-03-01T15:59:59.999999Z").day(), day("2026-03-01"));
        assert_eq!(instant("2026-03-01T16:00:00Z").day(), day("2026-03-02"));
        assert_eq!(instant("2026-03-02T00:00:00+08:00").micros(), day("2026-03-02").start_micros());
        assert_eq!(LegalDay::of_instant(i64::MIN), LegalDay::MIN);
        assert_eq!(LegalDay::of_instant(i64::MAX), LegalDay::MAX);
    }

    #[test]
    fn both_ends_of_a_period_count() {
        let year = period("2026-01-15", "2027-01-14");
        for (on, inside, distance) in [
            ("2026-01-14", false, 1),
            ("2026-01-15", true, 0),
            ("2026-08-12", true, 0),
            ("2027-01-14", true, 0),
            ("2027-01-16", false, 2),
        ] {
            assert_eq!((year.contains(day(on)), year.distance(day(on))), (inside, distance), "{on}");
        }
        assert!(year.overlaps(period("2027-01-14", "2027-02-01")) && year.overlaps(period("2026-05-01", "2026-05-01")));
        assert!(
            !year.overlaps(period("2027-01-15", "2027-02-01")) && !year.overlaps(period("2025-01-01", "2026-01-14"))
        );
        assert_eq!(Validity::new(day("2026-01-02"), day("2026-01-01")), Err(FaultCode::PeriodReversed));
        assert_eq!((year.from(), year.to()), (day("2026-01-15"), day("2027-01-14")));
    }

    #[test]
    fn a_period_travels_with_its_ends_and_is_never_reversed() {
        let json = serde_json::to_string(&period("2026-01-15", "2027-01-14")).unwrap();
        assert_eq!(json, r#"{"valid_from":"2026-01-15","valid_to":"2027-01-14"}"#);
        assert_eq!(serde_json::from_str::<Validity>(&json).unwrap(), period("2026-01-15", "2027-01-14"));
        let reversed = serde_json::from_str::<Validity>(r#"{"valid_from":"2026-01-02","valid_to":"2026-01-01"}"#);
        assert!(reversed.unwrap_err().to_string().starts_with("period_reversed"));
    }

    #[test]
    fn reads_and_shows_instants() {
        for (text, shown) in [
            ("2026-08-12T01:02:03.000004Z", "2026-08-12T01:02:03.000004Z"),
            ("2026-08-12T01:02:03Z", "2026-08-12T01:02:03.000000Z"),
            ("2026-08-12T09:02:03.5+08:00", "2026-08-12T01:02:03.500000Z"),
            ("2026-08-11T20:02:03.123456789-05:00", "2026-08-12T01:02:03.123456Z"),
            ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
            ("1899-12-31T16:00:00Z", "1899-12-31T16:00:00.000000Z"),
        ] {
            let instant = Instant::parse(text).unwrap();
            assert_eq!(instant.to_string(), shown);
            assert_eq!(Instant::parse(shown), Ok(instant));
        }
        assert_eq!(Instant::from_micros(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(serde_json::to_string(&Instant::from_micros(1)).unwrap(), r#""1970-01-01T00:00:00.000001Z""#);
    }

    #[test]
    fn names_what_is_wrong_with_an_instant() {
        for text in [
            "",
            "2026-08-12",
            "2026-08-12T01:02:03",
            "2026-08-12 01:02:03Z",
            "2026-08-12t01:02:03z",
            "2026-08-12T01:02Z",
            "20260812T010203Z",
            "2026-08-12T01:02:03.Z",
            "2026-08-12T01:02:03,5Z",
            "2026-08-12T25:02:03Z",
            "2026-02-30T01:02:03Z",
            "2026-08-12T01:02:03+0800",
            "2026-08-12T01:02:03+08",
            "2026-08-12T01:02:03Z[UTC]",
            "２026-08-12T01:02:03Z",
            "2026-08-12T01:02:03+08:00[Asia/Shanghai]",
        ] {
            assert_eq!(Instant::parse(text), Err(FaultCode::InstantFormat), "{text}");
        }
        for text in
            ["1899-12-31T15:59:59.999999Z", "2199-12-31T16:00:00Z", "9999-12-30T00:00:00Z", "0001-01-01T00:00:00Z"]
        {
            assert_eq!(Instant::parse(text), Err(FaultCode::DateOutOfRange), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_round_trips(value in LegalDay::MIN.value()..=LegalDay::MAX.value()) {
            let day = LegalDay::from_value(value).unwrap();
            let (year, month, date) = day.ymd();
            prop_assert_eq!(LegalDay::parse(&day.to_string()), Ok(day));
            prop_assert_eq!(LegalDay::from_ymd(year, month, date), Some(day));
            prop_assert_eq!(LegalDay::of_instant(day.start_micros()), day);
            prop_assert_eq!(LegalDay::of_instant(day.start_micros() - 1), day.add_days(-1));
        }

        #[test]
        fn every_instant_round_trips(micros in any::<i64>(), near in -10_i64.pow(15)..10_i64.pow(15)) {
            for micros in [micros, near] {
                let instant = Instant::from_micros(micros);
                prop_assert_eq!(Instant::parse(&instant.to_string()), Ok(instant));
                prop_assert_eq!(Instant::from_micros(instant.micros()), instant);
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?(Z|[+-][0-9]{2}:[0-9]{2}))?") {
            if let Ok(day) = LegalDay::parse(&text) {
                prop_assert_eq!(day.to_string(), text.clone());
            }
            let _ = Instant::parse(&text);
        }
    }
}
