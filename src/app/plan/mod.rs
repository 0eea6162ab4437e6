//! Works out what a set of changes would record, against the list as it stands, without recording it.
//!
//! A proposal is planned when it is made (so that nonsense is refused at once), when it is previewed, and again
//! inside the transaction that confirms it. All refusals are found, not the first one.

mod stored;

pub use stored::{dated, dated_enterprise};

use super::error::{AppError, Refusal};
use crate::domain::adjustment::{Add, Change, ChangeKind, ReasonCode};
use crate::domain::code::{Cas, HsCode, Uscc};
use crate::domain::enterprise::{self, EnterpriseChange};
use crate::domain::error::Rule;
use crate::domain::id::{StopId, time_ordered};
use crate::domain::item_name::normalise_name;
use crate::domain::listing::Standing;
use crate::domain::listing_number::ListingNumber;
use crate::domain::scheme::Scheme;
use crate::domain::stop::StopStage;
use crate::domain::timeline::{self, Dated, ListingChange, ListingState};
use crate::domain::validity::{Instant, LegalDay, Validity};
use crate::store::private::random;
use crate::store::rows::{EnterpriseRow, ListingRow, StopRow};
use crate::store::{AnyConnection, StoreError, enterprises, listings, rulebook};
use std::collections::{BTreeMap, HashMap};
use stored::{
    EnterpriseWork, ListingWork, enterprise_event, enterprise_works, listing_event, listing_works, put_dated,
};

/// A row to record. Revisions are given when it is saved.
#[derive(Debug, Clone)]
pub enum PlannedRow {
    /// A version of an enterprise.
    Enterprise(EnterpriseRow),
    /// A version of a listing.
    Listing(Box<ListingRow>),
    /// A version of a stop.
    Stop(StopRow),
}

/// A row with the change that asks for it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Place of the change in the adjustment.
    pub change: usize,
    /// The row.
    pub row: PlannedRow,
    /// Name of its log event.
    pub event: &'static str,
}

/// What a set of changes comes to.
#[derive(Debug, Default)]
pub struct Plan {
    /// Rows in the order in which they are recorded.
    pub rows: Vec<Planned>,
    /// What the rules refuse, by place of the change.
    pub refused: Vec<(usize, Rule)>,
    /// The last rows before the plan, for those that continue them.
    pub before_listings: HashMap<String, ListingRow>,
    /// The same for enterprises.
    pub before_enterprises: HashMap<String, EnterpriseRow>,
    /// The same for stops.
    pub before_stops: HashMap<String, StopRow>,
}

impl Plan {
    /// Answers the refusals, if there are any.
    ///
    /// # Errors
    /// [`AppError::Refused`] with a pointer to each change.
    pub fn accepted(self) -> Result<Self, AppError> {
        if self.refused.is_empty() {
            return Ok(self);
        }
        let refusals =
            self.refused.iter().map(|(place, rule)| Refusal { pointer: format!("/changes/{place}"), rule: *rule });
        Err(AppError::Refused(refusals.collect()))
    }
}

/// What an enterprise holds of one HS code.
struct Held {
    cas: Option<Cas>,
    name: String,
    period: Validity,
}

/// Plans changes one after another; later ones see what earlier ones did.
pub struct Planner<'a> {
    scheme: &'a Scheme,
    today: LegalDay,
    at: Instant,
    proposed_on: LegalDay,
    adjustment: Option<String>,
    listings: BTreeMap<ListingNumber, ListingWork>,
    enterprises: BTreeMap<Uscc, EnterpriseWork>,
    stops: BTreeMap<StopId, StopRow>,
    held: HashMap<(Uscc, HsCode), Vec<Held>>,
    /// What was written off of listings, below which no grant may fall.
    confirmed: HashMap<String, i64>,
    next_serial: u32,
    plan: Plan,
}

/// Which proposal is planned.
#[derive(Debug, Clone, Default)]
pub struct Proposed {
    /// Id of the adjustment, which its rows name.
    pub adjustment: Option<String>,
    /// The day it was proposed, by which a day counts as past; none means today. A second officer who takes a day
    /// does not make a proper date improper.
    pub on: Option<LegalDay>,
}

/// Plans all changes of an adjustment under a scheme.
///
/// # Errors
/// The store's failure; what the rules refuse stands in the plan.
pub fn plan(
    conn: &mut AnyConnection,
    scheme: &Scheme,
    changes: &[Change],
    proposal: Proposed,
    at: Instant,
) -> Result<Plan, StoreError> {
    let mut planner = Planner::load(conn, scheme, changes, proposal, at)?;
    for (place, change) in changes.iter().enumerate() {
        if let Err(rule) = planner.change(place, change)? {
            planner.plan.refused.push((place, rule));
        }
    }
    Ok(planner.plan)
}

impl<'a> Planner<'a> {
    fn load(
        conn: &mut AnyConnection,
        scheme: &'a Scheme,
        changes: &[Change],
        proposal: Proposed,
        at: Instant,
    ) -> Result<Self, StoreError> {
        let today = at.day();
        let mut usccs = Vec::new();
        let mut holders = Vec::new();
        let mut numbers = Vec::new();
        let mut stops = BTreeMap::new();
        for change in changes {
            numbers.extend(change.kind.listing().map(|number| number.to_string()));
            match &change.kind {
                ChangeKind::RegisterEnterprise { uscc, .. } => usccs.push(uscc.to_string()),
                ChangeKind::Add(add) => {
                    usccs.push(add.enterprise.to_string());
                    holders.push(add.enterprise.to_string());
                }
                ChangeKind::SuspendEnterprise { enterprise, .. }
                | ChangeKind::ReinstateEnterprise { enterprise, .. }
                | ChangeKind::BarEnterprise { enterprise, .. }
                | ChangeKind::LiftBar { enterprise, .. } => usccs.push(enterprise.to_string()),
                ChangeKind::LiftStop { stop, .. } => {
                    if let Some(row) = rulebook::stop(conn, &stop.to_string())?.pop() {
                        stops.insert(*stop, row);
                    }
                }
                ChangeKind::Vary { .. }
                | ChangeKind::Extend { .. }
                | ChangeKind::Suspend { .. }
                | ChangeKind::Reinstate { .. }
                | ChangeKind::Remove { .. }
                | ChangeKind::StopItemClass { .. } => {}
            }
        }
        for list in [&mut usccs, &mut holders, &mut numbers] {
            list.sort();
            list.dedup();
        }
        let mut planner = Self {
            scheme,
            today,
            at,
            proposed_on: proposal.on.unwrap_or(today),
            adjustment: proposal.adjustment,
            listings: listing_works(listings::versions_of(conn, &numbers)?)?,
            enterprises: enterprise_works(enterprises::versions_of(conn, &usccs)?)?,
            stops,
            held: HashMap::new(),
            confirmed: listings::balances_of(conn, &numbers)?
                .into_iter()
                .map(|row| (row.listing, row.confirmed))
                .collect(),
            next_serial: 1,
            plan: Plan::default(),
        };
        for (_, work) in listing_works(listings::versions_of_enterprises(conn, &holders)?)? {
            planner.hold(&work)?;
        }
        if !holders.is_empty() {
            let last = listings::last_number(conn, &format!("{}-{}", scheme.number_prefix, today.year()))?;
            let last = last.and_then(|number| ListingNumber::parse(&number).ok());
            planner.next_serial = last.map_or(0, ListingNumber::serial).saturating_add(1);
        }
        for work in planner.listings.values() {
            planner.plan.before_listings.insert(work.last.number.clone(), work.last.clone());
        }
        for last in planner.enterprises.values().filter_map(|work| work.last.as_ref()) {
            planner.plan.before_enterprises.insert(last.uscc.clone(), last.clone());
        }
        for row in planner.stops.values() {
            planner.plan.before_stops.insert(row.id.clone(), row.clone());
        }
        Ok(planner)
    }

    fn hold(&mut self, work: &ListingWork) -> Result<(), StoreError> {
        let standing = work.timeline.last().filter(|dated| dated.state.standing != Standing::Removed);
        let Some(last) = standing else { return Ok(()) };
        let enterprise = Uscc::parse(&work.last.enterprise).map_err(|_| StoreError::damaged("a USCC"))?;
        let held = Held {
            cas: last.state.terms.cas,
            name: normalise_name(&last.state.item.name_zh),
            period: last.state.terms.period,
        };
        self.held.entry((enterprise, last.state.terms.hs_code)).or_default().push(held);
        Ok(())
    }

    fn change(&mut self, place: usize, change: &Change) -> Result<Result<(), Rule>, StoreError> {
        let from = change.kind.effective_on(self.today);
        if let Err(rule) = change.reason.check(from, self.proposed_on) {
            return Ok(Err(rule));
        }
        Ok(match &change.kind {
            ChangeKind::RegisterEnterprise { uscc, particulars, .. } => {
                self.enterprise(place, change, *uscc, &EnterpriseChange::Register(particulars), "registered")
            }
            ChangeKind::SuspendEnterprise { enterprise, .. } => {
                self.enterprise(place, change, *enterprise, &EnterpriseChange::Suspend, "suspended")
            }
            ChangeKind::ReinstateEnterprise { enterprise, .. } => {
                self.enterprise(place, change, *enterprise, &EnterpriseChange::Reinstate, "reinstated")
            }
            ChangeKind::BarEnterprise { enterprise, until, .. } => {
                self.enterprise(place, change, *enterprise, &EnterpriseChange::Bar(*until), "barred")
            }
            ChangeKind::LiftBar { enterprise, .. } => {
                self.enterprise(place, change, *enterprise, &EnterpriseChange::LiftBar, "bar_lifted")
            }
            ChangeKind::Add(add) => self.add(place, change, add),
            ChangeKind::Vary { listing, set, .. } => {
                self.listing(place, change, *listing, ListingChange::Vary(set), "varied")
            }
            ChangeKind::Extend { listing, valid_to, .. } => {
                self.listing(place, change, *listing, ListingChange::Extend(*valid_to), "extended")
            }
            ChangeKind::Suspend { listing, .. } => {
                self.listing(place, change, *listing, ListingChange::Suspend, "suspended")
            }
            ChangeKind::Reinstate { listing, .. } => {
                self.listing(place, change, *listing, ListingChange::Reinstate, "reinstated")
            }
            ChangeKind::Remove { listing, .. } => {
                self.listing(place, change, *listing, ListingChange::Remove, "removed")
            }
            ChangeKind::StopItemClass { class, .. } => {
                let id = StopId::new(time_ordered(self.at, random()?)).to_string();
                let class = serde_json::to_string(class).map_err(StoreError::damaged)?;
                let row = self.stop_row(change, id, 1, class, true);
                self.push(place, PlannedRow::Stop(row), "stop.made");
                Ok(())
            }
            ChangeKind::LiftStop { stop, .. } => self.lift(place, change, *stop),
        })
    }

    fn push(&mut self, change: usize, row: PlannedRow, event: &'static str) {
        self.plan.rows.push(Planned { change, row, event });
    }

    fn stop_row(&self, change: &Change, id: String, version: i32, class: String, stopped: bool) -> StopRow {
        StopRow {
            id,
            version,
            revision: 0,
            effective_on: change.kind.effective_on(self.today).value(),
            stopped: i32::from(stopped),
            class,
            reason_code: change.reason.code.as_str().to_owned(),
            reason_basis: change.reason.basis.clone(),
            adjustment: self.adjustment.clone(),
            recorded_at: self.at.micros(),
            scheme: None,
            stage: None,
            expires_at: None,
            review_on: None,
            made_by: None,
            confirmed_by: None,
        }
    }

    fn lift(&mut self, place: usize, change: &Change, stop: StopId) -> Result<(), Rule> {
        let last = self.stops.get(&stop).filter(|row| row.stopped != 0).ok_or(Rule::StopUnknown)?;
        let row = self.stop_row(change, last.id.clone(), last.version.saturating_add(1), last.class.clone(), false);
        // What an emergency stop was stays on record; only how it stands changes.
        let row = StopRow {
            stage: last.stage.as_ref().map(|_| StopStage::Lifted.as_str().to_owned()),
            scheme: last.scheme.clone(),
            expires_at: last.expires_at,
            review_on: last.review_on,
            made_by: last.made_by.clone(),
            confirmed_by: last.confirmed_by.clone(),
            ..row
        };
        self.stops.insert(stop, row.clone());
        self.push(place, PlannedRow::Stop(row), "stop.lifted");
        Ok(())
    }

    fn enterprise(
        &mut self,
        place: usize,
        change: &Change,
        uscc: Uscc,
        what: &EnterpriseChange<'_>,
        kind: &'static str,
    ) -> Result<(), Rule> {
        let work = self.enterprises.entry(uscc).or_insert(EnterpriseWork { timeline: Vec::new(), last: None });
        let versions = enterprise::apply(&work.timeline, what, change.kind.effective_on(self.today))?;
        let mut rows = Vec::new();
        for (nth, (day, state)) in versions.into_iter().enumerate() {
            let kind = if nth == 0 { kind } else { "carried" };
            let row = EnterpriseRow {
                uscc: uscc.to_string(),
                version: work.last.as_ref().map_or(0, |row| row.version).saturating_add(1),
                revision: 0,
                effective_on: day.value(),
                kind: kind.to_owned(),
                name_zh: state.particulars.name_zh.clone(),
                name_en: state.particulars.name_en.clone(),
                district: state.particulars.district.to_string(),
                customs_registration: state.particulars.customs_registration.map(|code| code.to_string()),
                suspended: i32::from(state.suspended),
                barred_until: state.barred_until.map(LegalDay::value),
                reason_code: change.reason.code.as_str().to_owned(),
                reason_basis: change.reason.basis.clone(),
                adjustment: self.adjustment.clone(),
                recorded_at: self.at.micros(),
            };
            work.last = Some(row.clone());
            put_dated(&mut work.timeline, day, state);
            rows.push(row);
        }
        for row in rows {
            let event = enterprise_event(&row.kind);
            self.push(place, PlannedRow::Enterprise(row), event);
        }
        Ok(())
    }

    fn add(&mut self, place: usize, change: &Change, add: &Add) -> Result<(), Rule> {
        let work =
            self.enterprises.get(&add.enterprise).filter(|work| work.last.is_some()).ok_or(Rule::EnterpriseUnknown)?;
        let present = work.timeline.iter().rev().find(|(day, _)| *day <= self.today).map(|(_, state)| state);
        let barred = present.and_then(|state| state.barred_until).is_some_and(|until| self.today <= until);
        if barred && change.reason.code != ReasonCode::TakeOver {
            return Err(Rule::Barred);
        }
        self.scheme.casework.admits(add.cas, add.hs_code)?;
        let (state, used) = timeline::first_state(add)?;
        let name = normalise_name(&add.item.name_zh);
        let held = self.held.entry((add.enterprise, add.hs_code)).or_default();
        if held.iter().any(|held| held.period.overlaps(add.period) && same_item(held, add.cas, &name)) {
            return Err(Rule::AlreadyListed);
        }
        held.push(Held { cas: add.cas, name, period: add.period });
        let number = self.number()?;
        let dated = Dated { effective_on: add.period.from(), state };
        let row = self.listing_row(
            change,
            &number,
            (add.enterprise.to_string(), self.scheme.code.clone()),
            1,
            &dated,
            used,
            "added",
        );
        self.listings.insert(number, ListingWork { timeline: vec![dated], last: row.clone() });
        self.push(place, PlannedRow::Listing(Box::new(row)), "listing.added");
        Ok(())
    }

    /// Takes the next serial whose check character is a digit or a letter.
    fn number(&mut self) -> Result<ListingNumber, Rule> {
        // Of any 37 serials in a row one at most is skipped; the bound only keeps a broken prefix from looping.
        for _ in 0..100 {
            let serial = self.next_serial;
            self.next_serial = self.next_serial.saturating_add(1);
            if let Some(number) = ListingNumber::new(&self.scheme.number_prefix, self.today.year(), serial) {
                return Ok(number);
            }
        }
        Err(Rule::SchemeUnknown)
    }

    fn listing(
        &mut self,
        place: usize,
        change: &Change,
        number: ListingNumber,
        what: ListingChange<'_>,
        kind: &'static str,
    ) -> Result<(), Rule> {
        let Some(work) = self.listings.get(&number) else { return Err(Rule::ListingUnknown) };
        if work.last.scheme != self.scheme.code {
            return Err(Rule::OtherScheme);
        }
        // What is only reserved does not stand in the way: its scheme says what becomes of it.
        let used = self.confirmed.get(&work.last.number).copied().unwrap_or(work.last.used);
        let versions = timeline::apply(&work.timeline, used, what, change.kind.effective_on(self.today))?;
        let mut last = work.last.clone();
        let mut rows = Vec::new();
        for (nth, dated) in versions.iter().enumerate() {
            let kind = if nth == 0 { kind } else { "carried" };
            let (owner, used) = ((last.enterprise.clone(), last.scheme.clone()), last.used);
            last = self.listing_row(change, &number, owner, last.version.saturating_add(1), dated, used, kind);
            rows.push(last.clone());
        }
        if let Some(work) = self.listings.get_mut(&number) {
            work.last = last;
            work.timeline = timeline::timeline(std::mem::take(&mut work.timeline).into_iter().chain(versions));
        }
        for row in rows {
            let event = listing_event(&row.kind);
            self.push(place, PlannedRow::Listing(Box::new(row)), event);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "one row, its columns named once")]
    fn listing_row(
        &self,
        change: &Change,
        number: &ListingNumber,
        (enterprise, scheme): (String, String),
        version: i32,
        dated: &Dated,
        used: i64,
        kind: &'static str,
    ) -> ListingRow {
        let ListingState { standing, terms, item, batch, note } = dated.state.clone();
        let small = |value: u64| i32::try_from(value).unwrap_or(i32::MAX);
        let large = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let offices = |offices: Box<[crate::domain::code::CustomsOffice]>| {
            offices.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        };
        ListingRow {
            number: number.to_string(),
            version,
            revision: 0,
            enterprise,
            scheme,
            effective_on: dated.effective_on.value(),
            kind: kind.to_owned(),
            standing: standing.as_str().to_owned(),
            hs_code: large(terms.hs_code.value()),
            ciq_code: terms.ciq_code.map(|code| small(code.value())),
            cas: terms.cas.map(|cas| large(cas.value())),
            purpose: terms.purpose.map(|purpose| purpose.as_str().to_owned()),
            unit: small(terms.unit.value()),
            quantity: terms.granted,
            consignment_cap: terms.consignment_cap,
            used,
            valid_from: terms.period.from().value(),
            valid_to: terms.period.to().value(),
            customs_offices: terms.customs_offices.map(offices),
            name_zh: item.name_zh,
            name_en: item.name_en,
            specification: item.specification,
            manufacturer: item.manufacturer,
            origin: item.origin,
            batch,
            note,
            reason_code: change.reason.code.as_str().to_owned(),
            reason_basis: change.reason.basis.clone(),
            adjustment: self.adjustment.clone(),
            recorded_at: self.at.micros(),
            conditions: terms.conditions.map(String::from),
        }
    }
}

fn same_item(held: &Held, cas: Option<Cas>, name: &str) -> bool {
    match (held.cas, cas) {
        (Some(held), Some(cas)) => held == cas,
        (Some(_), None) | (None, Some(_)) | (None, None) => held.name == name,
    }
}
