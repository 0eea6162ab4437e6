//! Changes of the rules themselves: the rule book of a scheme, the working-day calendar, the tariff table.
//!
//! One administrator proposes the new state whole, another confirms it having seen what differs. Invariant: what a
//! confirmation records is what the proposal holds, judged anew against what stands then, or nothing.

use super::App;
use super::adjust::scheme_in_force;
use super::calendar;
use super::error::AppError;
use super::follow;
use super::found::{adopt_scheme, known_versions};
use super::people::persons::{behind, person_id};
use super::repeat::{Repeat, Written};
use super::tariff::{TariffLine, take_in};
use super::view::Page;
use crate::domain::actor::Caller;
use crate::domain::adjustment::four_eyes;
use crate::domain::calendar::{Published, WorkingCalendar, Year};
use crate::domain::error::Rule;
use crate::domain::id::{RuleChangeId, time_ordered};
use crate::domain::revision::Revision;
use crate::domain::rule_change::{Difference, RuleChangeState, RuleTable, differences};
use crate::domain::scheme::Scheme;
use crate::domain::validity::LegalDay;
use crate::store::private::random;
use crate::store::register::{calendar_years_since, newest_of, organisation, person, person_behind};
use crate::store::{AnyConnection, StoreError, Tx, rule_changes, rulebook};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub use crate::store::rule_changes::RuleChangeRow;

/// Rows of the tariff, and the scheme whose listings follow a code to its successor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffRules {
    /// Code of the scheme.
    pub scheme: String,
    /// The rows.
    pub rows: Vec<TariffLine>,
}

/// Rules as they are to be.
#[derive(Debug, Clone)]
pub enum Rules {
    /// The next version of a rule book, or the first of a new pilot.
    Scheme(Box<Scheme>),
    /// Years of the calendar.
    Calendar(Published),
    /// Rows of the tariff.
    Tariff(TariffRules),
}

impl Rules {
    /// Returns which rules they are.
    #[must_use]
    pub const fn table(&self) -> RuleTable {
        match self {
            Self::Scheme(_) => RuleTable::Scheme,
            Self::Calendar(_) => RuleTable::Calendar,
            Self::Tariff(_) => RuleTable::Tariff,
        }
    }

    /// Says what they are about: the scheme, or the years.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::Scheme(scheme) => scheme.code.clone(),
            Self::Calendar(published) => published.years.keys().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Self::Tariff(tariff) => tariff.scheme.clone(),
        }
    }

    /// Returns the first day on which they hold; none where they hold nothing.
    #[must_use]
    pub fn valid_from(&self) -> Option<LegalDay> {
        match self {
            Self::Scheme(scheme) => Some(scheme.valid_from),
            Self::Calendar(published) => {
                published.years.keys().next().and_then(|year| LegalDay::parse(&format!("{year:04}-01-01")).ok())
            }
            Self::Tariff(tariff) => tariff.rows.iter().map(|row| row.valid_from).min(),
        }
    }

    /// Returns them as they are kept and shown.
    ///
    /// # Errors
    /// [`AppError::Store`] when they cannot be written.
    pub fn document(&self) -> Result<Value, AppError> {
        let document = match self {
            Self::Scheme(scheme) => serde_json::to_value(scheme),
            Self::Calendar(published) => serde_json::to_value(published),
            Self::Tariff(tariff) => serde_json::to_value(tariff),
        };
        document.map_err(AppError::unwritable)
    }

    fn stored(row: &RuleChangeRow) -> Result<Self, StoreError> {
        let table = RuleTable::parse(&row.rule_table).map_err(|_| StoreError::damaged("a table of rules"))?;
        let body = row.body.as_str();
        let read = match table {
            RuleTable::Scheme => serde_json::from_str(body).map(Self::Scheme),
            RuleTable::Calendar => serde_json::from_str(body).map(Self::Calendar),
            RuleTable::Tariff => serde_json::from_str(body).map(Self::Tariff),
        };
        read.map_err(StoreError::damaged)
    }
}

/// A change with what it holds and what differs.
#[derive(Debug)]
pub struct RuleChange {
    /// The change as it stands.
    pub row: RuleChangeRow,
    /// What is proposed.
    pub rules: Value,
    /// What differs from what stands; of a decided change from what stood when it was proposed.
    pub differences: Vec<Difference>,
    /// Organisation of who proposed it, in Chinese and English.
    pub proposed_by: Option<(String, String)>,
    /// Organisation of who decided on it.
    pub decided_by: Option<(String, String)>,
}

/// What somebody decides on a proposal.
#[derive(Debug, Clone)]
pub enum RuleDecision {
    /// It is recorded.
    Confirm,
    /// It goes back to the proposer, for a reason.
    Reject(String),
    /// The proposer takes it back.
    Withdraw,
}

impl App {
    /// Lists changes of the rules, newest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn rule_changes(&self, after: &str, limit: usize) -> Result<Page<RuleChangeRow>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = self.store.read(|conn| rule_changes::list(conn, after, most))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|row| row.id.clone());
        Ok(Page { items, next })
    }

    /// Finds a change of the rules with what differs.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; the store's failure.
    pub fn rule_change(&self, id: RuleChangeId) -> Result<RuleChange, AppError> {
        self.store.read(|conn| {
            let row = rule_changes::find(conn, &id.to_string())?.ok_or(AppError::NotFound)?;
            compared(conn, row)
        })
    }

    /// Proposes rules.
    ///
    /// # Errors
    /// [`AppError::Refused`] when they could not be confirmed; the store's failure.
    pub fn propose_rules(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        rules: Rules,
        note: Option<String>,
        repeat: Repeat<RuleChange>,
    ) -> Result<Written<RuleChange>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            judge(tx, &rules)?;
            let valid_from = rules.valid_from().ok_or_else(|| AppError::refused(Rule::NothingChanges))?;
            let row = RuleChangeRow {
                id: RuleChangeId::new(time_ordered(tx.context().at, random()?)).to_string(),
                version: 1,
                revision: tx.next_revision().0,
                rule_table: rules.table().as_str().to_owned(),
                about: rules.about(),
                valid_from: valid_from.value(),
                body: rules.document()?.to_string(),
                note,
                state: RuleChangeState::Proposed.as_str().to_owned(),
                reason: None,
                proposed_by: tx.person()?.to_string(),
                decided_by: None,
                recorded_at: tx.context().at.micros(),
            };
            tx.save(row.clone(), None, "rules.proposed")?;
            compared(tx.conn(), row)
        })
    }

    /// Decides on a proposal that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when it is decided already,
    /// [`AppError::Refused`] by four eyes or by what stands now; the store's failure.
    pub fn decide_rules(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (id, seen): (RuleChangeId, Revision),
        decision: RuleDecision,
        repeat: Repeat<RuleChange>,
    ) -> Result<Written<RuleChange>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| decide(tx, id, seen, decision))
    }
}

fn decide(tx: &mut Tx<'_>, id: RuleChangeId, seen: Revision, decision: RuleDecision) -> Result<RuleChange, AppError> {
    let row = rule_changes::find(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
    if seen.0 != row.revision {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    if row.state != RuleChangeState::Proposed.as_str() {
        return Err(AppError::Conflict(Revision(row.revision)));
    }
    let by = tx.person()?;
    let proposer = behind(tx, &row.proposed_by)?;
    let (state, event, reason) = match decision {
        RuleDecision::Withdraw => {
            if proposer != by {
                return Err(AppError::refused(Rule::NotTheProposer));
            }
            (RuleChangeState::Withdrawn, "rules.withdrawn", None)
        }
        RuleDecision::Reject(reason) => {
            four_eyes(proposer, by).map_err(AppError::refused)?;
            (RuleChangeState::Rejected, "rules.rejected", Some(reason))
        }
        RuleDecision::Confirm => {
            four_eyes(proposer, by).map_err(AppError::refused)?;
            let rules = Rules::stored(&row)?;
            judge(tx, &rules)?;
            take_over(tx, rules, &row.proposed_by)?;
            (RuleChangeState::Confirmed, "rules.confirmed", None)
        }
    };
    let next = RuleChangeRow {
        version: row.version.saturating_add(1),
        revision: tx.next_revision().0,
        state: state.as_str().to_owned(),
        reason,
        decided_by: Some(by.to_string()),
        recorded_at: tx.context().at.micros(),
        ..row.clone()
    };
    tx.save(next.clone(), Some(&row), event)?;
    compared(tx.conn(), next)
}

/// Records what was proposed; listings that carry a replaced code are varied by an adjustment in the proposer's name.
fn take_over(tx: &mut Tx<'_>, rules: Rules, proposer: &str) -> Result<(), AppError> {
    match rules {
        Rules::Scheme(scheme) => adopt_scheme(tx, &scheme).map(drop).map_err(AppError::from),
        Rules::Calendar(published) => calendar::record(tx, published).map(drop),
        Rules::Tariff(tariff) => take_in(tx, tariff.scheme, &tariff.rows, proposer.to_owned()).map(drop),
    }
}

/// Judges whether rules could be recorded as things stand.
fn judge(tx: &mut Tx<'_>, rules: &Rules) -> Result<(), AppError> {
    let today = tx.context().at.day();
    match rules {
        Rules::Scheme(scheme) => {
            let last = known_versions(tx.conn(), &scheme.code)?.last().map_or(0, |row| row.version);
            if i64::from(scheme.version) != i64::from(last).saturating_add(1) {
                return Err(AppError::refused(Rule::VersionNotNext));
            }
            if scheme.valid_from < today {
                return Err(AppError::refused(Rule::RulesFromToday));
            }
        }
        Rules::Calendar(published) => {
            let mut years = years(tx.conn(), i64::MAX)?;
            years.extend(published.years.clone());
            WorkingCalendar::try_from(Published { years }).map_err(|_| AppError::refused(Rule::DaysContradict))?;
        }
        Rules::Tariff(tariff) => scheme_in_force(tx.conn(), &tariff.scheme, today).map(drop)?,
    }
    let before = standing(tx.conn(), rules, i64::MAX)?;
    let counts = |it: &Difference| !matches!(it.pointer.as_str(), "/version" | "/valid_from");
    if differences(&before, &rules.document()?).iter().any(counts) {
        return Ok(());
    }
    Err(AppError::refused(Rule::NothingChanges))
}

fn compared(conn: &mut AnyConnection, row: RuleChangeRow) -> Result<RuleChange, AppError> {
    let rules = Rules::stored(&row)?;
    let at = if row.state == RuleChangeState::Proposed.as_str() {
        i64::MAX
    } else {
        rule_changes::proposed_at(conn, &row.id)?.unwrap_or(row.revision)
    };
    let (before, rules) = (standing(conn, &rules, at)?, rules.document()?);
    let differences = differences(&before, &rules);
    let proposed_by = office(conn, &row.proposed_by)?;
    let decided_by = row.decided_by.as_deref().map(|by| office(conn, by)).transpose()?.flatten();
    Ok(RuleChange { row, rules, differences, proposed_by, decided_by })
}

/// Names the organisation of whoever changes rules in Chinese and English; none where they are not registered.
fn office(conn: &mut AnyConnection, id: &str) -> Result<Option<(String, String)>, StoreError> {
    let behind = person_behind(conn, person_id(id)?)?;
    let Some(row) = person(conn, &behind.to_string())? else { return Ok(None) };
    let known = organisation(conn, &row.org)?;
    Ok(Some(known.map_or((row.org.clone(), row.org), |known| {
        let name_en = known.name_en.unwrap_or_else(|| known.name_zh.clone());
        (known.name_zh, name_en)
    })))
}

/// Reads what stood at a revision in place of rules, in their form.
fn standing(conn: &mut AnyConnection, rules: &Rules, at: i64) -> Result<Value, AppError> {
    match rules {
        Rules::Scheme(scheme) => {
            let known = known_versions(conn, &scheme.code)?;
            let last = known.iter().rev().find(|row| row.revision <= at);
            let last = last.map(follow::scheme).transpose()?.map(|(_, scheme)| Rules::Scheme(Box::new(scheme)));
            last.map_or(Ok(Value::Null), |last| last.document())
        }
        Rules::Calendar(published) => {
            let mut years = years(conn, at)?;
            years.retain(|year, _| published.years.contains_key(year));
            Rules::Calendar(Published { years }).document()
        }
        Rules::Tariff(tariff) => {
            let mut rows = Vec::new();
            for line in &tariff.rows {
                let code = i64::try_from(line.hs_code.value()).map_err(StoreError::damaged)?;
                let known = rulebook::tariff_of(conn, code)?;
                let first = line.valid_from.value();
                let last = known.iter().rev().find(|row| row.revision <= at && row.valid_from == first);
                let Some(last) = last else { continue };
                let (_, read) = follow::tariff_row(last)?;
                let replaces = last.replaces.map(|code| format!("{code:010}"));
                rows.push(json!({
                    "hs_code": line.hs_code, "documents": read.documents, "valid_from": read.valid_from,
                    "valid_to": read.valid_to, "replaces": replaces,
                }));
            }
            Ok(json!({ "scheme": tariff.scheme, "rows": rows }))
        }
    }
}

/// Reads the years of the calendar as they stood at a revision.
fn years(conn: &mut AnyConnection, at: i64) -> Result<BTreeMap<u16, Year>, StoreError> {
    let mut rows = calendar_years_since(conn, 0, i64::MAX)?;
    rows.retain(|row| row.revision <= at);
    let of = |row: crate::store::register::CalendarYearRow| {
        let year = u16::try_from(row.year).map_err(StoreError::damaged)?;
        let days = serde_json::from_str(&row.days).map_err(StoreError::damaged)?;
        let notices = serde_json::from_str(&row.notices).map_err(StoreError::damaged)?;
        Ok((year, Year { notices, days }))
    };
    newest_of(rows, |row| row.year).into_iter().map(of).collect()
}
