//! How long cases stood in each stage, derived from their timelines.

use super::worklists::{schemes, turn};
use crate::app::{App, AppError};
use crate::domain::application::State;
use crate::domain::case_clock::{Turn, spans, stage_clock};
use crate::domain::validity::LegalDay;
use crate::store::applications::{self, Narrowing};
use crate::store::case_turns;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Cases whose timelines are read at once.
const STRIDE: i64 = 500;

/// What is known of one stage.
#[derive(Default)]
struct Stage {
    passed: Vec<u32>,
    unknown: usize,
    open: usize,
    overdue: usize,
}

impl Stage {
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
        let (today, calendar) = (self.clock.now().day(), self.working_calendar());
        let mut stages: BTreeMap<State, Stage> = BTreeMap::new();
        let mut cases = 0_usize;
        self.store.read(|conn| {
            let schemes = schemes(conn)?;
            let mut after = String::new();
            loop {
                let rows = applications::list(conn, &Narrowing::default(), &after, STRIDE)?;
                let Some(last) = rows.last() else { return Ok::<_, AppError>(()) };
                after.clone_from(&last.id);
                let rows: Vec<_> = rows
                    .into_iter()
                    .filter(|row| {
                        let day = LegalDay::of_instant(row.lodged_at);
                        from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
                    })
                    .collect();
                cases = cases.saturating_add(rows.len());
                let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
                let mut timelines: HashMap<String, Vec<Turn>> = HashMap::new();
                for row in case_turns::of_cases(conn, &ids)? {
                    let turn = turn(&row)?;
                    timelines.entry(row.application).or_default().push(turn);
                }
                for row in &rows {
                    let turns = timelines.get(&row.id).map(Vec::as_slice).unwrap_or_default();
                    for span in spans(turns, &calendar, today).into_iter().filter(|span| span.stage.is_open()) {
                        let stage = stages.entry(span.stage).or_default();
                        if span.to.is_none() {
                            stage.open = stage.open.saturating_add(1);
                            let scheme = schemes.get(&(row.scheme.clone(), row.scheme_version));
                            let clock = scheme.and_then(|scheme| stage_clock(turns, scheme.clocks, &calendar, today));
                            let late = clock.is_some_and(|clock| clock.is_overdue(today));
                            stage.overdue = stage.overdue.saturating_add(usize::from(late));
                        } else if let Some(days) = span.working_days {
                            stage.passed.push(days);
                        } else {
                            stage.unknown = stage.unknown.saturating_add(1);
                        }
                    }
                }
            }
        })?;
        let shown: Vec<Value> = stages
            .into_iter()
            .map(|(state, mut stage)| {
                stage.passed.sort_unstable();
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
        Ok(json!({ "from": from, "to": to, "cases": cases, "stages": shown }))
    }
}
