//! What is counted, one line for each time, and what lines come to. Pure: nothing is read here.
//!
//! Invariant: a figure is the number of lines behind it, so that a figure and its list cannot disagree.

use crate::app::review::report::Stage;
use crate::domain::application::{State, words};
use crate::domain::lang::Lang;
use crate::domain::recognition::RefusalGround;
use crate::domain::scheme::Agency;
use crate::domain::validity::LegalDay;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Periods of more days than these are counted by months, others by weeks.
const WEEKLY: i32 = 190;

/// Steps of time that are named even when nothing fell into them.
const MOST_STEPS: usize = 60;

words! {
    /// By what is counted.
    By {
        /// Applications, by when they were lodged.
        Received "received" "收到的申请" "applications received";
        /// Cases, by when they were decided.
        Decided "decided" "办结的案件" "cases decided";
        /// Decided cases, by whether the time of the scheme was kept.
        Timeliness "timeliness" "是否按期" "on time or late";
        /// Cases that agencies were asked about, by agency.
        Agency "agency" "会审单位" "agency";
        /// Decided items, by chapter of the tariff.
        Chapter "hs_chapter" "商品编号章" "HS chapter";
        /// Refused items, by ground.
        Ground "refusal_ground" "不予认定理由" "ground of refusal";
        /// Listings in force, by how much of them is taken.
        Use "use" "额度使用程度" "use of quantities";
    }
}

words! {
    /// Whether a time was kept.
    Timely {
        /// It was.
        OnTime "on_time" "按期" "on time";
        /// It was not.
        Late "late" "超期" "late";
        /// The calendar of that year is not known.
        Unknown "unknown" "无法判断（缺少当年工作日历）" "unknown: no calendar of that year";
    }
}

words! {
    /// How much of a grant is taken.
    Share {
        /// Nothing.
        Nothing "nothing" "未使用" "nothing";
        /// Up to a quarter.
        Quarter "quarter" "不超过 25%" "up to 25 %";
        /// Up to a half.
        Half "half" "25% 至 50%" "25 to 50 %";
        /// Up to three quarters.
        ThreeQuarters "three_quarters" "50% 至 75%" "50 to 75 %";
        /// More, and not all.
        More "more" "75% 以上" "more than 75 %";
        /// All of it.
        Everything "everything" "已用完" "everything";
    }
}

impl Share {
    /// Says how much of a grant is taken; both in the same steps.
    #[must_use]
    pub fn of(taken: i64, granted: i64) -> Self {
        let (taken, granted) = (i128::from(taken), i128::from(granted));
        let above = |quarters: i128| taken.saturating_mul(4) > granted.saturating_mul(quarters);
        if taken <= 0 {
            Self::Nothing
        } else if taken >= granted {
            Self::Everything
        } else if above(3) {
            Self::More
        } else if above(2) {
            Self::ThreeQuarters
        } else if above(1) {
            Self::Half
        } else {
            Self::Quarter
        }
    }
}

/// Something that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// By what.
    pub by: By,
    /// Under which heading.
    pub key: String,
    /// What it is: a case, an item of one (`…~2`), or a listing.
    pub id: String,
    /// Item of the case.
    pub line: Option<i32>,
    /// Whose it is.
    pub enterprise: String,
    /// The day by which it was counted.
    pub on: Option<LegalDay>,
    /// Working days that it took.
    pub working_days: Option<u32>,
    /// Whether that was in time; none where that is not known, or not asked.
    pub on_time: Option<bool>,
    /// Whether the item was recognised.
    pub recognised: Option<bool>,
}

/// Days between which is counted, both included; what is absent narrows nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Option<LegalDay>,
    /// Last day.
    pub to: Option<LegalDay>,
}

impl Period {
    /// Whether a day lies in it.
    #[must_use]
    pub fn holds(self, day: LegalDay) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Names the step of time that a day falls into: the Monday of its week, or in long periods the first of its month.
    #[must_use]
    pub fn step(self, day: LegalDay, today: LegalDay) -> LegalDay {
        let last = self.to.unwrap_or(today).value();
        let weekly = self.from.is_some_and(|from| last.saturating_sub(from.value()) <= WEEKLY);
        let back = if weekly {
            // 1 January 1970 was a Thursday.
            day.value().saturating_add(3).rem_euclid(7)
        } else {
            i32::from(day.ymd().2).saturating_sub(1)
        };
        day.add_days(back.saturating_neg())
    }

    /// Lists the steps of the period up to today, as many as can be shown.
    fn steps(self, today: LegalDay) -> Vec<String> {
        let (Some(from), to) = (self.from, self.to.unwrap_or(today).min(today)) else { return Vec::new() };
        let mut steps = Vec::new();
        let mut day = from;
        while day <= to && steps.len() < MOST_STEPS {
            let step = self.step(day, today).to_string();
            if steps.last() != Some(&step) {
                steps.push(step);
            }
            day = day.add_days(1);
        }
        steps
    }
}

/// Returns the value below which so many percent lie, of values in order.
fn percentile(values: &[u32], percent: usize) -> Option<u32> {
    let last = values.len().checked_sub(1)?;
    values.get(last.saturating_mul(percent).div_ceil(100)).copied()
}

/// Says what lines come to.
#[must_use]
pub fn sums<'c>(lines: impl IntoIterator<Item = &'c Counted>) -> Value {
    let (mut count, mut on_time, mut late, mut recognised, mut refused) = (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
    let mut days = Vec::new();
    for line in lines {
        let one = |holds: bool| usize::from(holds);
        count = count.saturating_add(1);
        on_time = on_time.saturating_add(one(line.on_time == Some(true)));
        late = late.saturating_add(one(line.on_time == Some(false)));
        recognised = recognised.saturating_add(one(line.recognised == Some(true)));
        refused = refused.saturating_add(one(line.recognised == Some(false)));
        days.extend(line.working_days);
    }
    days.sort_unstable();
    json!({
        "count": count,
        "on_time": on_time,
        "late": late,
        "median_working_days": percentile(&days, 50),
        "p90_working_days": percentile(&days, 90),
        "recognised": recognised,
        "refused": refused,
    })
}

/// Lines, and what is needed to say them.
#[derive(Debug, Default)]
pub struct Figures {
    /// Everything that was counted, by figure and heading once it is in order.
    pub lines: Vec<Counted>,
    /// The agencies that were asked.
    pub agencies: BTreeMap<String, Agency>,
    /// Cases that were lodged in the period.
    pub cases: usize,
    /// How long these stood in each stage.
    pub stages: BTreeMap<State, Stage>,
}

impl Figures {
    /// Puts the lines in order, so that those of a figure or a heading stand together.
    pub fn order(&mut self) {
        self.lines.sort_by(|one, other| (one.by, &one.key).cmp(&(other.by, &other.key)));
    }

    /// Returns the lines of a figure, all of them or those under one heading; they must be in order.
    #[must_use]
    pub fn behind(&self, by: By, key: Option<&str>) -> &[Counted] {
        let place = |line: &Counted| {
            line.by.cmp(&by).then_with(|| key.map_or(Ordering::Equal, |key| line.key.as_str().cmp(key)))
        };
        let from = self.lines.partition_point(|line| place(line).is_lt());
        let to = self.lines.partition_point(|line| place(line).is_le());
        self.lines.get(from..to).unwrap_or_default()
    }

    /// Says a heading in words; a day or a chapter stands for itself.
    #[must_use]
    pub fn words(&self, by: By, key: &str, lang: Lang) -> String {
        let said = match by {
            By::Received | By::Decided => None,
            By::Timeliness => Timely::parse(key).map(|word| word.name(lang).to_owned()),
            By::Agency => self.agencies.get(key).map(|agency| agency.name.text(lang).to_owned()),
            By::Chapter => Some(format!("{} {key}", lang.pick("第", "Chapter")) + lang.pick(" 章", "")),
            By::Ground => RefusalGround::parse(key).map(|word| word.name(lang).to_owned()),
            By::Use => Share::parse(key).map(|word| word.name(lang).to_owned()),
        };
        said.unwrap_or_else(|| key.to_owned())
    }

    /// Names the headings of a figure in their order; steps of time and shares also where nothing stands under them.
    #[must_use]
    pub fn keys(&self, by: By, period: Period, today: LegalDay) -> Vec<String> {
        let mut keys: Vec<String> = match by {
            By::Received | By::Decided => period.steps(today),
            By::Timeliness => vec![Timely::OnTime.as_str().to_owned(), Timely::Late.as_str().to_owned()],
            By::Use => Share::ALL.iter().map(|share| share.as_str().to_owned()).collect(),
            By::Agency | By::Chapter | By::Ground => Vec::new(),
        };
        let fixed = matches!(by, By::Timeliness | By::Use);
        let mut found: Vec<&str> = self.behind(by, None).iter().map(|line| line.key.as_str()).collect();
        found.dedup();
        keys.extend(
            found
                .into_iter()
                .filter(|key| !keys.iter().any(|known| known == key))
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        );
        if !fixed {
            keys.sort_unstable();
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    #[test]
    fn weeks_begin_on_monday_and_long_periods_have_months() {
        let today = day("2026-08-12");
        let short = Period { from: Some(day("2026-07-20")), to: None };
        assert_eq!(short.step(day("2026-08-09"), today), day("2026-08-03"));
        assert_eq!(short.step(day("2026-08-10"), today), day("2026-08-10"));
        assert_eq!(short.steps(today), ["2026-07-20", "2026-07-27", "2026-08-03", "2026-08-10"]);
        let long = Period { from: Some(day("2025-12-31")), to: Some(day("2026-12-31")) };
        assert_eq!(long.step(day("2026-08-12"), today), day("2026-08-01"));
        assert_eq!(long.steps(today).len(), 9);
        assert_eq!(Period::default().step(day("2026-02-28"), today), day("2026-02-01"));
        assert!(Period::default().steps(today).is_empty());
    }

    #[test]
    fn shares_have_their_bounds_on_one_side() {
        let words = [
            (0, "nothing"),
            (1, "quarter"),
            (25, "quarter"),
            (26, "half"),
            (50, "half"),
            (75, "three_quarters"),
            (76, "more"),
            (99, "more"),
            (100, "everything"),
            (120, "everything"),
        ];
        for (taken, word) in words {
            assert_eq!(Share::of(taken, 100).as_str(), word, "{taken}");
        }
    }

    #[test]
    fn a_figure_is_its_lines() {
        let line = |key: &str, days, on_time| Counted {
            by: By::Decided,
            key: key.to_owned(),
            id: String::new(),
            line: None,
            enterprise: String::new(),
            on: None,
            working_days: days,
            on_time,
            recognised: None,
        };
        let mut figures = Figures {
            lines: vec![
                line("b", Some(9), Some(true)),
                line("a", Some(3), Some(true)),
                line("b", Some(60), Some(false)),
                line("b", None, None),
            ],
            ..Figures::default()
        };
        figures.order();
        assert_eq!(figures.keys(By::Decided, Period::default(), day("2026-08-12")), ["a", "b"]);
        let sums = sums(figures.behind(By::Decided, Some("b")));
        assert_eq!((&sums["count"], &sums["on_time"], &sums["late"]), (&json!(3), &json!(1), &json!(1)));
        assert_eq!((&sums["median_working_days"], &sums["p90_working_days"]), (&json!(60), &json!(60)));
        assert!(figures.behind(By::Agency, None).is_empty());
    }
}
