//! How long cases stood in each stage, derived from their timelines.

use super::figures::counted::Period;
use crate::app::{App, AppError};
use crate::domain::application::State;
use crate::domain::calendar::WorkingCalendar;
use crate::domain::case_clock::{Turn, spans};
use crate::domain::validity::LegalDay;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is known of one stage.
#[derive(Debug, Default)]
pub struct Stage {
    /// Working days of the cases that passed it; in order once all are counted.
    passed: Vec<u32>,
    unknown: usize,
    open: usize,
    overdue: usize,
}

impl Stage {
    /// Counts a case in every open stage that it was in; `late` where it is now and its time has passed.
    pub(super) fn count(
        stages: &mut BTreeMap<State, Self>,
        turns: &[Turn],
        calendar: &WorkingCalendar,
        today: LegalDay,
        late: bool,
    ) {
        for span in spans(turns, calendar, today).into_iter().filter(|span| span.stage.is_open()) {
            let stage = stages.entry(span.stage).or_default();
            if span.to.is_none() {
                stage.open = stage.open.saturating_add(1);
                stage.overdue = stage.overdue.saturating_add(usize::from(late));
            } else if let Some(days) = span.working_days {
                stage.passed.push(days);
            } else {
                stage.unknown = stage.unknown.saturating_add(1);
            }
        }
    }

    /// Puts the days in order.
    pub(super) fn sort(&mut self) {
        self.passed.sort_unstable();
    }

    /// Returns the value below which so many percent lie.
    fn percentile(&self, percent: usize) -> Option<u32> {
        let last = self.passed.len().checked_sub(1)?;
        self.passed.get(last.saturating_mul(percent).div_ceil(100)).copied()
    }
}

impl App {
    /// Reports the working days that cases lodged in a period stood in each stage.
    ///
    /// # Errors
    /// The store's failure.
    pub fn stage_report(&self, from: Option<LegalDay>, to: Option<LegalDay>) -> Result<Value, AppError> {
        let figures = self.reckoned_cases(Period { from, to })?;
        let shown: Vec<Value> = figures
            .stages
            .iter()
            .map(|(state, stage)| {
                json!({
                    "stage": state,
                    "passed": stage.passed.len(),
                    "median_working_days": stage.percentile(50),
                    "p90_working_days": stage.percentile(90),
                    "longest_working_days": stage.passed.last(),
                    "calendar_unknown": stage.unknown,
                    "open": stage.open,
                    "overdue": stage.overdue,
                })
            })
            .collect();
        Ok(json!({ "from": from, "to": to, "cases": figures.cases, "stages": shown }))
    }
}
