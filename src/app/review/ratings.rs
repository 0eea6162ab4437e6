//! How content applicants are with the handling of a case: asked once when it is decided, answered or not; what the answers
//! come to is for the bureau.
//!
//! An answer is working state: it decides nothing. It is not changed, so that nobody is talked out of it.

use super::figures::counted::Period;
use super::refused;
use crate::app::applications::visible;
use crate::app::repeat::{Repeat, Written};
use crate::app::report::{own, own_or_fault};
use crate::app::view::Page;
use crate::app::{App, AppError};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::application::State;
use crate::domain::case_rule::CaseRule;
use crate::domain::id::ApplicationId;
use crate::domain::lang::Lang;
use crate::domain::satisfaction::Satisfaction;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::application_rows::ApplicationRow;
use crate::store::keep::ratings::{self, RatingRow};
use crate::store::{StoreError, opinions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Answers that one report counts at most, the newest.
const MOST: i64 = 50_000;

/// Who reads answers of others.
const BUREAU: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::BureauAdmin]);

/// The answer of an applicant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rated(pub RatingRow);

impl Rated {
    /// Says it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a grade that is none.
    pub fn view(&self, lang: Lang) -> Result<Value, StoreError> {
        let row = &self.0;
        let grade = Satisfaction::of(row.score).ok_or_else(|| StoreError::damaged("a grade"))?;
        Ok(json!({
            "application": row.application,
            "enterprise": row.enterprise,
            "district": row.district,
            "answer": grade,
            "text": grade.name(lang),
            "score": row.score,
            "remark": row.remark,
            "rated_at": Instant::from_micros(row.rated_at),
        }))
    }
}

/// What the answers under one heading come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    count: i64,
    score: i64,
}

impl Sum {
    fn add(&mut self, score: i32) {
        self.count = self.count.saturating_add(1);
        self.score = self.score.saturating_add(i64::from(score));
    }

    /// The mean with two digits, rounded to the nearest.
    fn average(self) -> Option<String> {
        let hundredths =
            self.score.saturating_mul(200).saturating_add(self.count).checked_div(self.count.saturating_mul(2))?;
        Some(format!("{}.{:02}", hundredths.div_euclid(100), hundredths.rem_euclid(100)))
    }

    fn view(self, key: &str, text: &str) -> Value {
        json!({ "key": key, "text": text, "count": self.count, "average": self.average() })
    }
}

fn may_answer(caller: &Caller, row: &ApplicationRow) -> Result<bool, AppError> {
    let own = own(caller).is_some_and(|own| own.as_str() == row.enterprise);
    Ok(own && row.state()? == State::Decided)
}

fn instants(period: Period) -> (i64, i64) {
    let from = period.from.map_or(i64::MIN, LegalDay::start_micros);
    (from, period.to.map_or(i64::MAX, |to| to.add_days(1).start_micros()))
}

impl App {
    /// Keeps how content an applicant is with the handling of its case.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a case of others; [`AppError::Refused`] for one that is not decided, or was answered.
    pub fn rate_case(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        (grade, remark): (Satisfaction, Option<String>),
        repeat: Repeat<Rated>,
    ) -> Result<Written<Rated>, AppError> {
        let who = caller.clone();
        let own = own_or_fault(caller)?;
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = visible(tx.conn(), &who, &id.to_string())?;
            if row.enterprise != own.as_str() {
                return Err(AppError::NotFound);
            }
            if ratings::find(tx.conn(), &row.id)?.is_some() {
                return Err(refused(CaseRule::RatedBefore));
            }
            if !may_answer(&who, &row)? {
                return Err(refused(CaseRule::NotDecided));
            }
            let rating = RatingRow {
                application: row.id,
                enterprise: row.enterprise,
                district: row.district,
                score: grade.score(),
                remark,
                rated_at: tx.context().at.micros(),
            };
            ratings::insert(tx.conn(), &rating)?;
            Ok(Rated(rating))
        })
    }

    /// Says whether the applicant is asked about a case, and what it answered; others than the bureau see their own.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a case of others.
    pub fn case_rating(&self, caller: &Caller, id: ApplicationId, lang: Lang) -> Result<Value, AppError> {
        self.store.read(|conn| {
            let row = visible(conn, caller, &id.to_string())?;
            let own = own(caller).is_some_and(|own| own.as_str() == row.enterprise);
            if !own && !caller.holds_any(BUREAU) {
                return Err(AppError::NotFound);
            }
            let given = ratings::find(conn, &row.id)?;
            let open = given.is_none() && may_answer(caller, &row)?;
            let given = given.map(|row| Rated(row).view(lang)).transpose()?;
            Ok(json!({ "open": open, "given": given }))
        })
    }

    /// Lists answers of a period, newest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn ratings(&self, period: Period, after: &str, limit: usize) -> Result<Page<Rated>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let before = after.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
        let mut rows = self.store.read(|conn| ratings::list(conn, instants(period), before, most))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| format!("{}.{}", row.rated_at, row.application));
        Ok(Page { items: rows.into_iter().map(Rated).collect(), next })
    }

    /// Reports what the answers of a period come to: by grade, month, district and agency that spoke on the case.
    ///
    /// # Errors
    /// The store's failure.
    pub fn satisfaction(&self, period: Period, lang: Lang) -> Result<Value, AppError> {
        let (rows, spoken) = self.store.read(|conn| {
            let rows = ratings::list(conn, instants(period), None, MOST)?;
            let cases: Vec<String> = rows.iter().map(|row| row.application.clone()).collect();
            let spoken = opinions::first_of_cases(conn, &cases)?;
            Ok::<_, StoreError>((rows, spoken))
        })?;
        let mut all = Sum::default();
        let mut grades: BTreeMap<i32, i64> = BTreeMap::new();
        let (mut months, mut districts, mut agencies) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut scores: BTreeMap<&str, i32> = BTreeMap::new();
        for row in &rows {
            all.add(row.score);
            let grade = grades.entry(row.score).or_default();
            *grade = grade.saturating_add(1);
            let (year, month, _) = Instant::from_micros(row.rated_at).day().ymd();
            months.entry(format!("{year:04}-{month:02}")).or_insert_with(Sum::default).add(row.score);
            districts.entry(row.district.clone()).or_insert_with(Sum::default).add(row.score);
            scores.insert(&row.application, row.score);
        }
        for (application, agency, _) in spoken {
            if let Some(score) = scores.get(application.as_str()) {
                agencies.entry(agency).or_insert_with(Sum::default).add(*score);
            }
        }
        let name = |code: &String| self.name_of_org(code, lang).unwrap_or_else(|| code.clone());
        let under = |sums: &BTreeMap<String, Sum>, named: bool| -> Vec<Value> {
            sums.iter().map(|(key, sum)| sum.view(key, &if named { name(key) } else { key.clone() })).collect()
        };
        let graded = Satisfaction::ALL.iter().map(|grade| {
            let count = grades.get(&grade.score()).copied().unwrap_or(0);
            json!({ "answer": grade, "text": grade.name(lang), "count": count })
        });
        Ok(json!({
            "from": period.from,
            "to": period.to,
            "count": all.count,
            "average": all.average(),
            "answers": graded.collect::<Vec<_>>(),
            "months": under(&months, false),
            "districts": under(&districts, true),
            "agencies": under(&agencies, true),
        }))
    }
}

/// The headings of the report as a table.
#[must_use]
pub fn header(lang: Lang) -> [&'static str; 4] {
    [
        lang.pick("统计", "counted by"),
        lang.pick("项目", "of"),
        lang.pick("评价件数", "answers"),
        lang.pick("平均分（满分 5）", "mean of 5"),
    ]
}

impl App {
    /// Writes the report of a period as a table: all answers, then by grade, month, district and agency.
    ///
    /// # Errors
    /// The store's failure.
    pub fn satisfaction_table(&self, period: Period, lang: Lang) -> Result<Vec<Vec<String>>, AppError> {
        let report = self.satisfaction(period, lang)?;
        let said = |of: &Value, member: &str| match of.get(member) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
        };
        let row =
            |under: &str, of: &Value| vec![under.to_owned(), said(of, "text"), said(of, "count"), said(of, "average")];
        let mut rows = vec![row(lang.pick("全部", "all"), &report)];
        for (list, zh, en) in [
            ("answers", "评价", "grade"),
            ("months", "月份", "month"),
            ("districts", "区", "district"),
            ("agencies", "会审单位", "agency"),
        ] {
            let items = report.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            rows.extend(items.iter().map(|item| row(lang.pick(zh, en), item)));
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_rounded_to_two_digits() {
        let of = |scores: &[i32]| {
            let mut sum = Sum::default();
            scores.iter().for_each(|score| sum.add(*score));
            sum.average()
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[5, 4]).as_deref(), Some("4.50"));
        assert_eq!(of(&[5, 5, 4]).as_deref(), Some("4.67"));
        assert_eq!(of(&[1, 1, 2]).as_deref(), Some("1.33"));
    }
}
