//! Figures of the joint review and of the list (time to decide, timeliness, agencies, chapters, grounds, use of quantities),
//! each with the list of what it counts.
//!
//! They are worked out from facts when they are asked for, and kept: those of cases until a case, the list or the day has
//! changed, those of how much of the list is used until anything has, because every draw changes them.

pub mod counted;
mod gather;

use crate::app::{App, AppError};
use crate::domain::code::UnitCode;
use crate::domain::lang::Lang;
use crate::domain::listing::Status;
use crate::domain::quantity::Quantity;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::index::Snapshot;
use crate::store::{case_turns, enterprises, rulebook};
use counted::{By, Counted, Figures, Period, sums};
use gather::Frame;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Periods whose figures are kept.
const KEPT: usize = 8;

/// From which revision of cases and list, on which day and over which period figures were worked out.
type Of = (i64, LegalDay, Period);

/// Figures that were worked out already.
#[derive(Debug, Default)]
pub struct Reckoned {
    cases: Mutex<Vec<(Of, Arc<Figures>)>>,
    list: Mutex<Option<(Revision, LegalDay, Arc<List>)>>,
}

impl Reckoned {
    fn find(&self, of: Of) -> Option<Arc<Figures>> {
        let known = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(known, _)| *known == of).map(|(_, figures)| Arc::clone(figures))
    }

    fn keep(&self, of: Of, figures: &Arc<Figures>) {
        let mut known = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|((newest, day, period), _)| *newest == of.0 && *day == of.1 && *period != of.2);
        if known.len() < KEPT {
            known.push((of, Arc::clone(figures)));
        }
    }

    /// Returns how much of the list is used, worked out anew when anything has changed.
    fn list(&self, snapshot: &Snapshot, today: LegalDay) -> Arc<List> {
        let now = snapshot.revision();
        let known = self.list.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((.., list)) = known.filter(|(revision, day, _)| *revision == now && *day == today) {
            return list;
        }
        let mut figures = Figures::default();
        gather::listings(snapshot, today, &mut figures);
        figures.order();
        let list = Arc::new(List { figures, quantities: quantities(snapshot, today) });
        *self.list.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, today, Arc::clone(&list)));
        list
    }
}

/// How much of the list is used: by listing, and by unit.
#[derive(Debug)]
struct List {
    figures: Figures,
    quantities: Vec<Value>,
}

/// Everything that is counted.
struct All {
    cases: Arc<Figures>,
    list: Arc<List>,
}

impl All {
    fn of(&self, by: By) -> &Figures {
        match by {
            By::Use => &self.list.figures,
            By::Received | By::Decided | By::Timeliness | By::Agency | By::Chapter | By::Ground => &self.cases,
        }
    }
}

/// Which rows behind a figure are shown.
#[derive(Debug, Clone)]
pub struct Behind {
    /// The figure.
    pub by: By,
    /// Its heading; all of them when absent.
    pub key: Option<String>,
    /// Between which days.
    pub period: Period,
}

impl App {
    /// Reads what cases of a period came to.
    pub(super) fn reckoned_cases(&self, period: Period) -> Result<Arc<Figures>, AppError> {
        let (today, calendar) = (self.clock.now().day(), self.working_calendar());
        self.store.read(|conn| {
            let of = (case_turns::newest(conn)?.max(rulebook::newest(conn)?), today, period);
            if let Some(figures) = self.reckoned.find(of) {
                return Ok(figures);
            }
            let frame = Frame { period, today, calendar: &calendar };
            let mut figures = Figures::default();
            frame.cases(conn, &mut figures)?;
            frame.items(conn, &mut figures)?;
            figures.order();
            let figures = Arc::new(figures);
            // A list in memory that has not followed so far may still have the calendar of before.
            if self.index.load().revision().0 >= of.0 {
                self.reckoned.keep(of, &figures);
            }
            Ok(figures)
        })
    }

    fn reckoned(&self, period: Period) -> Result<All, AppError> {
        let list = self.reckoned.list(&self.index.snapshot(), self.clock.now().day());
        Ok(All { cases: self.reckoned_cases(period)?, list })
    }

    /// Reports every figure of a period; the use of quantities is that of today.
    ///
    /// # Errors
    /// The store's failure.
    pub fn figures(&self, period: Period, lang: Lang) -> Result<Value, AppError> {
        let today = self.clock.now().day();
        let all = self.reckoned(period)?;
        let shown: Vec<Value> = By::ALL
            .iter()
            .map(|by| {
                let figures = all.of(*by);
                let groups: Vec<Value> = figures
                    .keys(*by, period, today)
                    .into_iter()
                    .map(|key| {
                        let text = figures.words(*by, &key, lang);
                        let sums = sums(figures.behind(*by, Some(key.as_str())));
                        json!({ "key": key, "text": text, "sums": sums })
                    })
                    .collect();
                json!({ "by": by, "text": by.name(lang), "sums": sums(figures.behind(*by, None)), "groups": groups })
            })
            .collect();
        let quantities = &all.list.quantities;
        Ok(json!({ "from": period.from, "to": period.to, "on": today, "figures": shown, "quantities": quantities }))
    }

    /// Makes a table of every figure, for spreadsheets.
    ///
    /// # Errors
    /// As [`App::figures`].
    pub fn figures_table(&self, period: Period, lang: Lang) -> Result<Vec<Vec<String>>, AppError> {
        let view = self.figures(period, lang)?;
        let each = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let said = |value: &Value, pointer: &str| match value.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
        };
        let mut rows = Vec::new();
        for figure in each(&view, "figures") {
            for group in each(&figure, "groups") {
                let mut row = vec![said(&figure, "/text"), said(&group, "/text")];
                row.extend(SUMS.iter().map(|name| said(&group, &format!("/sums/{name}"))));
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Lists what a figure counts, newest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn figure_rows(&self, behind: &Behind, after: &str, limit: usize, lang: Lang) -> Result<Value, AppError> {
        let Behind { by, key, period } = behind;
        let all = self.reckoned(*period)?;
        let figures = all.of(*by);
        let mut lines: Vec<&Counted> = figures.behind(*by, key.as_deref()).iter().collect();
        let count = lines.len();
        // Ids of cases grow with time.
        lines.sort_by(|one, other| other.id.cmp(&one.id).then_with(|| one.key.cmp(&other.key)));
        let place = |line: &Counted| format!("{}.{}", line.id, line.key);
        if !after.is_empty() {
            let at = lines.iter().position(|line| place(line) == after).map_or(lines.len(), |at| at.saturating_add(1));
            lines.drain(..at);
        }
        let more = lines.len() > limit;
        lines.truncate(limit);
        let next = lines.last().filter(|_| more).map(|line| place(line));
        let mut holders: Vec<String> = lines.iter().map(|line| line.enterprise.clone()).collect();
        holders.sort();
        holders.dedup();
        let names: HashMap<String, String> = self.store.read(|conn| {
            let rows = enterprises::versions_of(conn, &holders)?;
            Ok::<_, AppError>(rows.into_iter().map(|row| (row.uscc, row.name_zh)).collect())
        })?;
        let items: Vec<Value> = lines
            .into_iter()
            .map(|line| {
                let case = (*by != By::Use).then(|| line.id.split('~').next()).flatten();
                json!({
                    "application": case,
                    "line": line.line,
                    "listing": (*by == By::Use).then_some(&line.id),
                    "key": line.key,
                    "text": figures.words(*by, &line.key, lang),
                    "enterprise": line.enterprise,
                    "enterprise_name": names.get(&line.enterprise),
                    "on": line.on,
                    "working_days": line.working_days,
                    "on_time": line.on_time,
                    "recognised": line.recognised,
                })
            })
            .collect();
        let text = key.as_deref().map(|key| figures.words(*by, key, lang));
        Ok(
            json!({ "by": by, "text": by.name(lang), "key": key, "key_text": text, "count": count, "items": items, "next": next }),
        )
    }
}

impl App {
    /// Makes a table of what a figure counts, newest first, for spreadsheets.
    ///
    /// # Errors
    /// As [`App::figure_rows`].
    pub fn figure_rows_table(&self, behind: &Behind, lang: Lang) -> Result<Vec<Vec<String>>, AppError> {
        let view = self.figure_rows(behind, "", MOST_ROWS, lang)?;
        let items = view.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        let said = |row: &Value, name: &str| match row.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(true)) => lang.pick("是", "yes").to_owned(),
            Some(Value::Bool(false)) => lang.pick("否", "no").to_owned(),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => String::new(),
        };
        Ok(items.iter().map(|row| ROW.iter().map(|name| said(row, name)).collect()).collect())
    }
}

/// Most rows of one table.
const MOST_ROWS: usize = 100_000;

/// Members of a row, in the order of its table.
const ROW: [&str; 10] = [
    "application",
    "line",
    "listing",
    "enterprise",
    "enterprise_name",
    "text",
    "on",
    "working_days",
    "on_time",
    "recognised",
];

/// Heads the table of [`App::figure_rows_table`].
#[must_use]
pub const fn row_header(lang: Lang) -> [&'static str; 10] {
    match lang {
        Lang::Zh => ["案件", "项", "名单编号", "统一社会信用代码", "企业", "归入", "日期", "工作日", "按期", "认定"],
        Lang::En => [
            "case",
            "item",
            "listing",
            "USCC",
            "enterprise",
            "counted under",
            "day",
            "working days",
            "on time",
            "recognised",
        ],
    }
}

/// What lines come to, in the order of the table.
const SUMS: [&str; 7] =
    ["count", "on_time", "late", "median_working_days", "p90_working_days", "recognised", "refused"];

/// Heads the table of [`App::figures_table`].
#[must_use]
pub const fn header(lang: Lang) -> [&'static str; 9] {
    match lang {
        Lang::Zh => {
            ["指标", "分类", "数量", "按期", "超期", "用时中位数（工作日）", "九成以内（工作日）", "认定", "不予认定"]
        }
        Lang::En => [
            "figure",
            "heading",
            "count",
            "on time",
            "late",
            "median working days",
            "90 % within working days",
            "recognised",
            "refused",
        ],
    }
}

/// Adds up what is granted and taken of listings in force, by unit.
fn quantities(snapshot: &Snapshot, today: LegalDay) -> Vec<Value> {
    let mut sums: BTreeMap<u64, (UnitCode, i128, i128, usize)> = BTreeMap::new();
    for (_, listing) in snapshot.each_listing() {
        let Some((_, now)) = listing.on(today, Revision::NEWEST) else { continue };
        if now.status(today) != Status::InForce {
            continue;
        }
        let (unit, _) = now.terms.unit.finer();
        let sum = sums.entry(unit.value()).or_insert((unit, 0, 0, 0));
        sum.1 = sum.1.saturating_add(i128::from(now.terms.granted));
        sum.2 = sum.2.saturating_add(i128::from(listing.taken_at(Revision::NEWEST)));
        sum.3 = sum.3.saturating_add(1);
    }
    sums.into_values()
        .map(|(unit, granted, taken, listings)| {
            let left = granted.saturating_sub(taken).max(0);
            json!({
                "unit": unit,
                "listings": listings,
                "granted": Quantity::from_steps(granted),
                "taken": Quantity::from_steps(taken),
                "left": Quantity::from_steps(left),
            })
        })
        .collect()
}
