//! What readers are shown of the list, in the shapes of the contract.

use super::plan::{dated, dated_enterprise};
use crate::domain::adjustment::ItemText;
use crate::domain::code::{Cas, CiqCode, CustomsOffice, CustomsRegistration, DistrictCode, HsCode};
use crate::domain::enterprise::DatedEnterprise;
use crate::domain::lang::Lang;
use crate::domain::listing::{ListingVersion, Status};
use crate::domain::purpose::Purpose;
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::revision::Revision;
use crate::domain::timeline::{Dated, ListingState, state_on, timeline};
use crate::domain::validity::{Instant, LegalDay};
use crate::store::StoreError;
use crate::store::adjustments::AdjustmentHead;
use crate::store::listings::BalanceRow;
use crate::store::rows::{AdjustmentRow, EnterpriseRow, ListingRow};
use serde::Serialize;

/// Whether the reader may see notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notes {
    /// Bureau and auditors.
    Shown,
    /// Everybody else.
    Hidden,
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemView {
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: Option<String>,
    cas: Option<Cas>,
    /// Where the tariff has it.
    pub hs_code: HsCode,
    ciq_code: Option<CiqCode>,
    specification: Option<String>,
    purpose: Option<Purpose>,
    manufacturer: Option<String>,
    origin: Option<String>,
}

/// The terms of a listing on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TermsView {
    /// How it stands.
    pub status: Status,
    /// The item.
    pub item: ItemView,
    /// The quantity granted.
    pub approved: Measure,
    /// First day.
    pub valid_from: LegalDay,
    /// Last day.
    pub valid_to: LegalDay,
    customs_offices: Option<Vec<CustomsOffice>>,
    consignment_cap: Option<Measure>,
    /// Conditions of the recognition.
    pub conditions: Option<String>,
    batch: Option<String>,
    note: Option<String>,
}

/// An enterprise's name in both languages.
#[derive(Debug, Clone, Serialize)]
pub struct NameView {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: Option<String>,
}

/// A listing on a day.
#[derive(Debug, Clone, Serialize)]
pub struct ListingView {
    /// Number.
    pub number: String,
    /// Scheme code.
    pub scheme: String,
    /// USCC.
    pub enterprise: String,
    /// Name of the enterprise on the day.
    pub enterprise_name: NameView,
    /// Number of the version that holds.
    pub version: i32,
    /// Its terms.
    #[serde(flatten)]
    pub terms: TermsView,
    /// What is left.
    pub remaining: Measure,
    /// Of the last entry about it.
    pub revision: Revision,
}

/// One recorded version of a listing.
#[derive(Debug, Serialize)]
pub struct VersionView {
    version: i32,
    revision: i64,
    effective_on: LegalDay,
    recorded_at: Instant,
    change: &'static str,
    #[serde(flatten)]
    terms: TermsView,
    reason: ReasonView,
}

/// Why something changed.
#[derive(Debug, Serialize)]
pub struct ReasonView {
    /// Code.
    pub code: String,
    basis: Option<String>,
}

impl ReasonView {
    /// Shows a stored reason.
    #[must_use]
    pub fn new(code: &str, basis: Option<&str>) -> Self {
        Self { code: code.to_owned(), basis: basis.map(str::to_owned) }
    }
}

/// Quantity of a listing.
#[derive(Debug, Serialize)]
pub struct BalanceView {
    approved: Measure,
    reserved: Measure,
    confirmed: Measure,
    excess: Measure,
    remaining: Measure,
}

/// A name with its first day.
#[derive(Debug, Serialize)]
pub struct DatedName {
    name_zh: String,
    name_en: Option<String>,
    from: LegalDay,
}

/// An enterprise on a day.
#[derive(Debug, Serialize)]
pub struct EnterpriseView {
    /// USCC.
    pub uscc: String,
    /// Chinese name.
    pub name_zh: String,
    name_en: Option<String>,
    district: DistrictCode,
    customs_registration: Option<CustomsRegistration>,
    status: &'static str,
    barred_until: Option<LegalDay>,
    bar: Option<BarView>,
    /// How many listings it has or had.
    pub listings: i64,
    names: Vec<DatedName>,
    revision: i64,
}

impl EnterpriseView {
    /// Returns the revision of the last entry about it.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.revision
    }
}

/// A bar on applications with its ground.
#[derive(Debug, Serialize)]
pub struct BarView {
    /// First day.
    pub from: LegalDay,
    /// Last day.
    pub until: LegalDay,
    /// Why.
    pub ground: ReasonView,
    adjustment: Option<String>,
}

/// Finds the bar of an enterprise that holds on a day, from its versions in order of recording.
///
/// # Errors
/// [`StoreError::Damaged`] when a code is none.
pub fn bar_on(rows: &[EnterpriseRow], day: LegalDay) -> Result<Option<BarView>, StoreError> {
    let until = enterprise_on(rows, day)?.and_then(|(_, state)| state.barred_until).filter(|until| *until >= day);
    let Some(until) = until else { return Ok(None) };
    let barring = |row: &&EnterpriseRow| {
        row.kind == "barred" && row.barred_until == Some(until.value()) && row.effective_on <= day.value()
    };
    let Some(row) = rows.iter().rfind(barring) else { return Ok(None) };
    Ok(Some(BarView {
        from: LegalDay::from_value(row.effective_on).ok_or_else(|| StoreError::damaged("a legal day"))?,
        until,
        ground: ReasonView::new(&row.reason_code, row.reason_basis.as_deref()),
        adjustment: row.adjustment.clone(),
    }))
}

/// An adjustment.
#[derive(Debug, Serialize)]
pub struct AdjustmentView {
    /// Id.
    pub id: String,
    scheme: String,
    /// State.
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<serde_json::Value>,
    change_count: i32,
    note: Option<String>,
    proposed_by: String,
    proposed_at: Instant,
    decided_by: Option<String>,
    decided_at: Option<Instant>,
    decision_reason: Option<ReasonView>,
    /// Of the last entry about it.
    pub revision: i64,
}

/// Shows the terms of a state on a day.
#[must_use]
pub fn terms(state: &ListingState, day: LegalDay, notes: Notes) -> TermsView {
    let ListingState { standing, terms, item, batch, note } = state;
    let status = ListingVersion { revision: Revision(0), effective_on: day, standing: *standing, terms: terms.clone() }
        .status(day);
    let ItemText { name_zh, name_en, specification, manufacturer, origin } = item.clone();
    let measure = |steps: i64| Quantity::in_unit_or_finer(i128::from(steps), terms.unit);
    TermsView {
        status,
        item: ItemView {
            name_zh,
            name_en,
            cas: terms.cas,
            hs_code: terms.hs_code,
            ciq_code: terms.ciq_code,
            specification,
            purpose: terms.purpose,
            manufacturer,
            origin,
        },
        approved: measure(terms.granted),
        valid_from: terms.period.from(),
        valid_to: terms.period.to(),
        customs_offices: terms.customs_offices.as_ref().map(|offices| offices.to_vec()),
        consignment_cap: terms.consignment_cap.map(measure),
        conditions: terms.conditions.as_deref().map(str::to_owned),
        batch: batch.clone(),
        note: note.clone().filter(|_| notes == Notes::Shown),
    }
}

impl TermsView {
    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// Returns the item's names and CAS number, for searches.
    #[must_use]
    pub fn searched(&self) -> String {
        let cas = self.item.cas.map(|cas| cas.to_string()).unwrap_or_default();
        format!("{} {} {cas}", self.item.name_zh, self.item.name_en.as_deref().unwrap_or_default())
    }
}

/// Shows a listing on a day from its versions in order of recording; none when there is no version.
///
/// # Errors
/// [`StoreError::Damaged`] when a code is none.
pub fn listing(
    versions: &[ListingRow],
    enterprise: &[EnterpriseRow],
    taken: i64,
    day: LegalDay,
    notes: Notes,
) -> Result<Option<ListingView>, StoreError> {
    let Some(last) = versions.last() else { return Ok(None) };
    let recorded: Vec<(i32, Dated)> =
        versions.iter().map(|row| Ok((row.version, dated(row)?))).collect::<Result<_, StoreError>>()?;
    let line = timeline(recorded.iter().map(|(_, dated)| dated.clone()));
    let Some(state) = state_on(&line, day) else { return Ok(None) };
    let holding = line.iter().rev().find(|dated| dated.effective_on <= day).or_else(|| line.first());
    let version =
        recorded.iter().rev().find(|(_, dated)| Some(dated) == holding).map_or(last.version, |(version, _)| *version);
    let remaining = i128::from(state.terms.granted).saturating_sub(i128::from(taken)).max(0);
    Ok(Some(ListingView {
        number: last.number.clone(),
        scheme: last.scheme.clone(),
        enterprise: last.enterprise.clone(),
        enterprise_name: name_on(enterprise, day)?,
        version,
        terms: terms(state, day, notes),
        remaining: Quantity::in_unit_or_finer(remaining, state.terms.unit),
        revision: Revision(last.revision),
    }))
}

fn enterprise_on(rows: &[EnterpriseRow], day: LegalDay) -> Result<Option<DatedEnterprise>, StoreError> {
    let all: Vec<DatedEnterprise> = rows.iter().map(dated_enterprise).collect::<Result<_, _>>()?;
    let holding =
        all.iter().enumerate().filter(|(_, (from, _))| *from <= day).max_by_key(|(place, (from, _))| (*from, *place));
    Ok(holding.map(|(_, dated)| dated.clone()).or_else(|| all.into_iter().next()))
}

fn name_on(rows: &[EnterpriseRow], day: LegalDay) -> Result<NameView, StoreError> {
    let particulars = enterprise_on(rows, day)?.map(|(_, state)| state.particulars);
    Ok(particulars.map_or_else(
        || NameView { zh: String::new(), en: None },
        |particulars| NameView { zh: particulars.name_zh, en: particulars.name_en },
    ))
}

/// Shows one recorded version.
///
/// # Errors
/// [`StoreError::Damaged`] when a code is none.
pub fn version(row: &ListingRow, notes: Notes) -> Result<VersionView, StoreError> {
    let dated = dated(row)?;
    let change = match row.kind.as_str() {
        "added" => "add",
        "extended" => "extend",
        "suspended" => "suspend",
        "reinstated" => "reinstate",
        "removed" => "remove",
        _ => "vary",
    };
    Ok(VersionView {
        version: row.version,
        revision: row.revision,
        effective_on: dated.effective_on,
        recorded_at: Instant::from_micros(row.recorded_at),
        change,
        terms: terms(&dated.state, dated.effective_on, notes),
        reason: ReasonView { code: row.reason_code.clone(), basis: row.reason_basis.clone() },
    })
}

/// Shows the balance of a listing.
#[must_use]
pub fn balance(state: &ListingState, balance: &BalanceRow) -> BalanceView {
    let measure = |steps: i64| Quantity::in_unit_or_finer(i128::from(steps), state.terms.unit);
    let taken = balance.reserved.saturating_add(balance.confirmed);
    BalanceView {
        approved: measure(state.terms.granted),
        reserved: measure(balance.reserved),
        confirmed: measure(balance.confirmed),
        excess: measure(balance.excess),
        remaining: measure(state.terms.granted.saturating_sub(taken).max(0)),
    }
}

/// Shows an enterprise on a day from its versions in order of recording.
///
/// # Errors
/// [`StoreError::Damaged`] when a code is none.
pub fn enterprise(rows: &[EnterpriseRow], listings: i64, day: LegalDay) -> Result<Option<EnterpriseView>, StoreError> {
    let (Some(last), Some((_, state))) = (rows.last(), enterprise_on(rows, day)?) else { return Ok(None) };
    let mut names: Vec<DatedName> = Vec::new();
    let mut dated: Vec<DatedEnterprise> = rows.iter().map(dated_enterprise).collect::<Result<_, _>>()?;
    dated.sort_by_key(|(from, _)| *from);
    for (from, state) in dated {
        let same = names
            .last()
            .is_some_and(|name| name.name_zh == state.particulars.name_zh && name.name_en == state.particulars.name_en);
        if !same {
            names.push(DatedName { name_zh: state.particulars.name_zh, name_en: state.particulars.name_en, from });
        }
    }
    Ok(Some(EnterpriseView {
        uscc: last.uscc.clone(),
        name_zh: state.particulars.name_zh,
        name_en: state.particulars.name_en,
        district: state.particulars.district,
        customs_registration: state.particulars.customs_registration,
        status: if state.suspended { "suspended" } else { "active" },
        barred_until: state.barred_until.filter(|until| *until >= day),
        bar: bar_on(rows, day)?,
        listings,
        names,
        revision: last.revision,
    }))
}

/// Shows an adjustment; `changes` in the contract's shapes, or none for lists.
#[must_use]
pub fn adjustment(head: AdjustmentHead, changes: Option<serde_json::Value>) -> AdjustmentView {
    AdjustmentView {
        id: head.id,
        scheme: head.scheme,
        state: head.state,
        changes,
        change_count: head.change_count,
        note: head.note,
        proposed_by: head.proposed_by,
        proposed_at: Instant::from_micros(head.proposed_at),
        decided_by: head.decided_by,
        decided_at: head.decided_at.map(Instant::from_micros),
        decision_reason: head.decision_code.map(|code| ReasonView { code, basis: head.decision_basis }),
        revision: head.revision,
    }
}

impl From<AdjustmentRow> for AdjustmentHead {
    fn from(row: AdjustmentRow) -> Self {
        Self {
            id: row.id,
            version: row.version,
            revision: row.revision,
            scheme: row.scheme,
            state: row.state,
            change_count: row.change_count,
            note: row.note,
            proposed_by: row.proposed_by,
            proposed_at: row.proposed_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decision_code: row.decision_code,
            decision_basis: row.decision_basis,
        }
    }
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Sentence {
    /// Returns it in one language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}
