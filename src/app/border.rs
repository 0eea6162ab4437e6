//! What happened at the border by hour, day or week: lines answered by verdict and why they were denied, draws by what they
//! did, messages refused; by customs office, within what the caller may see.
//!
//! Draws are counted from facts when they are asked for; answers and refusals are counted as they are recorded, because
//! opening records of weeks would take too long. Invariant: steps and offices add up to the same sums.

use super::report::{Seen, seen};
use super::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::code::CustomsOffice;
use crate::domain::draw::Verb;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::reason::{Reason, Verdict};
use crate::domain::validity::{Instant, LegalDay};
use crate::domain::words::words;
use crate::store::border::{self, Added, Window};
use crate::store::keep::border_counts::HOUR;
use crate::store::{StoreError, dialect};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// Steps of time.
    Interval {
        /// Hours.
        Hour "hour" "小时" "hour";
        /// Legal days.
        Day "day" "日" "day";
        /// Weeks from Monday on.
        Week "week" "周" "week";
    }
}

words! {
    /// What is counted.
    What {
        /// Answers given to customs.
        Lookups "lookups" "核验次数" "look-ups";
        /// Lines answered with allowed.
        Allowed "allowed" "放行（行）" "allowed (lines)";
        /// Lines that the list does not concern.
        NotApplicable "not_applicable" "不适用（行）" "not applicable (lines)";
        /// Lines that a person must look at.
        ManualCheck "manual_check" "人工核查（行）" "check by hand (lines)";
        /// Lines answered with denied.
        Denied "denied" "不放行（行）" "denied (lines)";
        /// Positions that were booked.
        Reserved "reserved" "核注" "reserved";
        /// Write-offs.
        Released "released" "核销" "released";
        /// Given back by customs.
        Cancelled "cancelled" "返还" "cancelled";
        /// Given back by the service.
        Lapsed "lapsed" "自动返还" "lapsed";
        /// Releases put right.
        Corrected "corrected" "更正" "corrected";
        /// Releases against the answer.
        Manual "manual" "人工放行" "released by hand";
        /// Messages that were refused.
        Refused "refused" "退回报文" "messages refused";
    }
}

impl Interval {
    /// Days that one report spans at most.
    const fn longest(self) -> i32 {
        match self {
            Self::Hour => 7,
            Self::Day => 92,
            Self::Week => 371,
        }
    }

    /// Days before today from which on is counted where nobody says.
    const fn usual(self) -> i32 {
        match self {
            Self::Hour => 0,
            Self::Day => 13,
            Self::Week => 83,
        }
    }
}

impl What {
    /// Names a verdict.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allowed => Self::Allowed,
            Verdict::NotApplicable => Self::NotApplicable,
            Verdict::ManualCheck => Self::ManualCheck,
            Verdict::Denied => Self::Denied,
        }
    }

    /// Names what a command did.
    const fn did(verb: Verb) -> Self {
        match verb {
            Verb::Put => Self::Reserved,
            Verb::Released => Self::Released,
            Verb::Cancelled => Self::Cancelled,
            Verb::Corrected => Self::Corrected,
            Verb::Manual => Self::Manual,
            Verb::Lapsed => Self::Lapsed,
        }
    }
}

/// What a reader asks.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// First legal day.
    pub from: Option<LegalDay>,
    /// Last legal day; today when absent.
    pub to: Option<LegalDay>,
    /// Steps.
    pub interval: Interval,
    /// One office only.
    pub office: Option<CustomsOffice>,
}

/// How often what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sums(BTreeMap<What, i64>);

impl Sums {
    fn add(&mut self, what: What, count: i64) {
        let sum = self.0.entry(what).or_default();
        *sum = sum.saturating_add(count);
    }

    fn join(&mut self, other: &Self) {
        other.0.iter().for_each(|(what, count)| self.add(*what, *count));
    }

    fn of(&self, what: What) -> i64 {
        self.0.get(&what).copied().unwrap_or(0)
    }

    fn view(&self) -> Value {
        let members = What::ALL.iter().map(|what| (what.as_str().to_owned(), self.of(*what).into()));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

/// What happened in a window.
#[derive(Debug)]
pub struct Traffic {
    from: LegalDay,
    to: LegalDay,
    interval: Interval,
    office: Option<CustomsOffice>,
    /// When the steps begin that have begun.
    steps: BTreeSet<Instant>,
    counts: BTreeMap<(Instant, String), Sums>,
    /// Most frequent first.
    reasons: Vec<(Reason, i64)>,
}

impl Traffic {
    /// Says it.
    #[must_use]
    pub fn view(&self, lang: Lang) -> Value {
        let (mut all, mut steps, mut offices) = (Sums::default(), BTreeMap::new(), BTreeMap::new());
        for begins in &self.steps {
            steps.insert(*begins, Sums::default());
        }
        for ((begins, office), sums) in &self.counts {
            all.join(sums);
            steps.entry(*begins).or_default().join(sums);
            offices.entry(office).or_insert_with(Sums::default).join(sums);
        }
        let steps = steps.iter().map(|(begins, sums)| json!({ "begins_at": begins, "sums": sums.view() }));
        let offices = offices.iter().map(|(office, sums)| json!({ "customs_office": office, "sums": sums.view() }));
        let reason = |(reason, count): &(Reason, i64)| json!({ "code": reason.as_str(), "text": reason.text(lang), "count": count });
        json!({
            "from": self.from,
            "to": self.to,
            "interval": self.interval,
            "customs_office": self.office,
            "sums": all.view(),
            "steps": steps.collect::<Vec<_>>(),
            "offices": offices.collect::<Vec<_>>(),
            "reasons": self.reasons.iter().map(reason).collect::<Vec<_>>(),
        })
    }

    /// Makes a table of it: a row for each step and office in which something happened.
    #[must_use]
    pub fn table(&self) -> Vec<Vec<String>> {
        let row = |((begins, office), sums): (&(Instant, String), &Sums)| {
            let mut row = vec![begins.to_string(), office.clone()];
            row.extend(What::ALL.iter().map(|what| sums.of(*what).to_string()));
            row
        };
        self.counts.iter().map(row).collect()
    }
}

/// Heads the table of [`Traffic::table`].
#[must_use]
pub fn header(lang: Lang) -> Vec<&'static str> {
    let mut header = vec![lang.pick("起始时间", "from"), lang.pick("关区", "customs office")];
    header.extend(What::ALL.iter().map(|what| what.name(lang)));
    header
}

/// Names the Monday of a day's week.
fn monday(day: LegalDay) -> LegalDay {
    // 1 January 1970 was a Thursday.
    day.add_days(day.value().saturating_add(3).rem_euclid(7).saturating_neg())
}

/// Says when the step begins in which an hour or a day of the database lies.
fn begins(interval: Interval, step: i64) -> Instant {
    let day = || i32::try_from(step).ok().and_then(LegalDay::from_value).unwrap_or(LegalDay::MAX);
    Instant::from_micros(match interval {
        Interval::Hour => step.saturating_mul(HOUR),
        Interval::Day => day().start_micros(),
        Interval::Week => monday(day()).start_micros(),
    })
}

/// Lists when the steps of a window begin that have begun by now.
fn steps(interval: Interval, (from, to): (LegalDay, LegalDay), now: Instant) -> BTreeSet<Instant> {
    let mut steps = BTreeSet::new();
    let mut day = from;
    while day <= to && day.start_micros() <= now.micros() {
        let hours = if interval == Interval::Hour { 24 } else { 1 };
        for hour in 0..hours {
            let at = day.start_micros().saturating_add(HOUR.saturating_mul(hour));
            if at <= now.micros() {
                let first = if interval == Interval::Week { monday(day).start_micros() } else { at };
                steps.insert(Instant::from_micros(first));
            }
        }
        day = day.add_days(1);
    }
    steps
}

fn count(traffic: &mut Traffic, rows: Vec<Added>) -> Result<(), StoreError> {
    let damaged = || StoreError::damaged("a count of the border");
    let mut reasons: BTreeMap<Reason, i64> = BTreeMap::new();
    for row in rows {
        let what = match row.kind.as_str() {
            "reason" => {
                let known = Reason::ALL.iter().find(|reason| reason.as_str() == row.word);
                let sum = reasons.entry(*known.ok_or_else(damaged)?).or_default();
                *sum = sum.saturating_add(row.count);
                continue;
            }
            "draw" => What::did(Verb::parse(&row.word).ok_or_else(damaged)?),
            _ => What::parse(&row.word).map_err(|_| damaged())?,
        };
        let begins = begins(traffic.interval, row.step);
        traffic.counts.entry((begins, row.customs_office)).or_default().add(what, row.count);
    }
    traffic.reasons.extend(reasons);
    traffic.reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(())
}

impl App {
    /// Reports what happened at the border; customs see what happened at their own offices.
    ///
    /// # Errors
    /// [`AppError::Faults`] for a time that ends before it begins or is too long for the interval; [`AppError::Forbidden`]
    /// for who sees no declarations of others; the store's failure.
    pub fn traffic(&self, caller: &Caller, asked: Asked) -> Result<Traffic, AppError> {
        let now = self.clock.now();
        let to = asked.to.unwrap_or_else(|| now.day().max(asked.from.unwrap_or(LegalDay::MIN)));
        let from = asked.from.unwrap_or_else(|| {
            let from = to.add_days(asked.interval.usual().saturating_neg());
            if asked.interval == Interval::Week { monday(from) } else { from }
        });
        let fault = |code| Err(AppError::Faults(vec![("/to".to_owned(), code)]));
        if to < from {
            return fault(FaultCode::PeriodReversed);
        }
        if to.value().saturating_sub(from.value()) >= asked.interval.longest() {
            return fault(FaultCode::WindowTooLong);
        }
        let office = asked.office.map(|office| office.to_string());
        let offices = match seen(caller)? {
            Seen::All => Some(office.unwrap_or_default()),
            Seen::Customs(own) => match office {
                Some(office) => Some(office).filter(|office| office.starts_with(&own)),
                None => Some(own),
            },
            Seen::Enterprise(_) => return Err(AppError::Forbidden),
        };
        let mut traffic = Traffic {
            from,
            to,
            interval: asked.interval,
            office: asked.office,
            steps: steps(asked.interval, (from, to), now),
            counts: BTreeMap::new(),
            reasons: Vec::new(),
        };
        let Some(offices) = offices else { return Ok(traffic) };
        let window = Window {
            from: from.start_micros().div_euclid(HOUR),
            to: to.add_days(1).start_micros().div_euclid(HOUR),
            by_day: asked.interval != Interval::Hour,
            offices,
        };
        let rows = self.store.read(|conn| {
            dialect::snapshot(conn, |conn| {
                let mut rows = border::counted(conn, &window)?;
                rows.extend(border::drawn(conn, &window)?);
                Ok(rows)
            })
        })?;
        count(&mut traffic, rows)?;
        Ok(traffic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    #[test]
    fn steps_begin_in_beijing_and_end_with_now() {
        let now = Instant::parse("2026-08-12T02:30:00Z").unwrap();
        let hours = steps(Interval::Hour, (day("2026-08-12"), day("2026-08-12")), now);
        assert_eq!(hours.len(), 11);
        assert_eq!(hours.first().unwrap().to_string(), "2026-08-11T16:00:00.000000Z");
        let days = steps(Interval::Day, (day("2026-08-10"), day("2026-08-20")), now);
        assert_eq!(days.len(), 3);
        let weeks = steps(Interval::Week, (day("2026-08-01"), day("2026-08-12")), now);
        assert_eq!(weeks.first().unwrap().day(), day("2026-07-27"));
        assert_eq!(weeks.len(), 3);
        let step = i64::from(day("2026-08-12").value());
        assert!(weeks.contains(&begins(Interval::Week, step)) && days.contains(&begins(Interval::Day, step)));
        assert!(hours.contains(&begins(Interval::Hour, now.micros() / HOUR)));
    }
}
