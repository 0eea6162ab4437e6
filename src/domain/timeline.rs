//! How one change moves a listing through time.
//!
//! A listing's timeline is a list of days, each with the state that holds from it. A change takes effect on a day
//! and runs on until a later dated change of the same member, so that a scheduled suspension survives a variation
//! recorded after it. The result is the versions to record; nothing recorded before is touched.

use super::adjustment::{Add, Clearable, ItemText, Vary};
use super::code::UnitCode;
use super::error::Rule;
use super::listing::{Standing, StandingVerb, Terms};
use super::quantity::{Measure, Quantity};
use super::validity::{LegalDay, Validity};

/// Everything a listing is on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingState {
    /// Whether it may be used.
    pub standing: Standing,
    /// What lookups compare.
    pub terms: Terms,
    /// What people read.
    pub item: ItemText,
    /// Batch in which it was published.
    pub batch: Option<String>,
    /// Note for the bureau.
    pub note: Option<String>,
}

/// A state and the first day it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// First day.
    pub effective_on: LegalDay,
    /// State from that day on.
    pub state: ListingState,
}

/// What can happen to a listing.
#[derive(Debug, Clone, Copy)]
pub enum ListingChange<'a> {
    /// New terms.
    Vary(&'a Vary),
    /// A later last day.
    Extend(LegalDay),
    /// Held back.
    Suspend,
    /// No longer held back.
    Reinstate,
    /// Off the list.
    Remove,
}

impl ListingChange<'_> {
    fn verb(self) -> StandingVerb {
        match self {
            Self::Vary(_) | Self::Extend(_) => StandingVerb::Vary,
            Self::Suspend => StandingVerb::Suspend,
            Self::Reinstate => StandingVerb::Reinstate,
            Self::Remove => StandingVerb::Remove,
        }
    }
}

/// Converts a quantity in `unit` to steps of the finer unit.
///
/// # Errors
/// [`Rule::QuantityTooLarge`] above the limit of a grant.
pub fn steps(quantity: Quantity, unit: UnitCode) -> Result<i64, Rule> {
    Measure { quantity, unit }.grant_steps().map_err(|_| Rule::QuantityTooLarge)
}

/// Builds the first state of a new listing and its opening balance.
///
/// # Errors
/// [`Rule::QuantityTooLarge`], and [`Rule::BelowUsed`] when more was used than is granted.
pub fn first_state(add: &Add) -> Result<(ListingState, i64), Rule> {
    let granted = steps(add.quantity, add.unit)?;
    let used = add.used.map_or(Ok(0), |used| steps(used, add.unit))?;
    if used > granted {
        return Err(Rule::BelowUsed);
    }
    let terms = Terms {
        hs_code: add.hs_code,
        ciq_code: add.ciq_code,
        cas: add.cas,
        unit: add.unit,
        granted,
        consignment_cap: add.consignment_cap.map(|cap| steps(cap, add.unit)).transpose()?,
        period: add.period,
        customs_offices: add.customs_offices.as_ref().map(|offices| offices.clone().into_boxed_slice()),
        purpose: add.purpose,
        conditions: add.conditions.as_deref().map(Box::from),
    };
    let state = ListingState {
        standing: Standing::Listed,
        terms,
        item: add.item.clone(),
        batch: add.batch.clone(),
        note: add.note.clone(),
    };
    Ok((state, used))
}

/// Returns the state on a day; before the first day the first state.
#[must_use]
pub fn state_on(timeline: &[Dated], day: LegalDay) -> Option<&ListingState> {
    timeline.iter().rev().find(|dated| dated.effective_on <= day).or_else(|| timeline.first()).map(|dated| &dated.state)
}

/// Orders recorded versions into a timeline: by day, of one day the last recorded.
#[must_use]
pub fn timeline(recorded: impl IntoIterator<Item = Dated>) -> Vec<Dated> {
    let mut timeline: Vec<Dated> = Vec::new();
    for dated in recorded {
        match timeline.binary_search_by_key(&dated.effective_on, |known| known.effective_on) {
            Ok(place) => {
                if let Some(known) = timeline.get_mut(place) {
                    *known = dated;
                }
            }
            Err(place) => timeline.insert(place, dated),
        }
    }
    timeline
}

/// Applies a change from a day on and returns the versions to record, in order.
///
/// # Errors
/// The [`Rule`] that refuses it: a removed or expired listing, a standing that does not allow it, a unit that
/// differs, a quantity below what was used, or nothing that changes.
pub fn apply(timeline: &[Dated], used: i64, change: ListingChange<'_>, from: LegalDay) -> Result<Vec<Dated>, Rule> {
    let base = state_on(timeline, from).ok_or(Rule::ListingUnknown)?;
    // Restating what a listing is changes nothing, whatever has become of it: an export can be imported again.
    if let ListingChange::Vary(set) = change {
        let mut restated = base.clone();
        if vary(&mut restated, used, set).is_ok() && restated == *base {
            return Err(Rule::NothingChanges);
        }
    }
    if base.standing == Standing::Removed {
        return Err(Rule::ListingRemoved);
    }
    let changed = changed(base, used, change, from)?;
    if changed == *base {
        return Err(Rule::NothingChanges);
    }
    let mut versions = vec![Dated { effective_on: from, state: changed.clone() }];
    let mut before = (base.clone(), changed);
    for later in timeline.iter().filter(|dated| dated.effective_on > from) {
        let state = match change {
            ListingChange::Remove => ListingState { standing: Standing::Removed, ..later.state.clone() },
            ListingChange::Vary(_) | ListingChange::Extend(_) | ListingChange::Suspend | ListingChange::Reinstate => {
                carried(&before.0, &before.1, &later.state)
            }
        };
        before = (later.state.clone(), state.clone());
        if state != later.state {
            versions.push(Dated { effective_on: later.effective_on, state });
        }
    }
    Ok(versions)
}

fn changed(base: &ListingState, used: i64, change: ListingChange<'_>, from: LegalDay) -> Result<ListingState, Rule> {
    let verb = change.verb();
    let standing = base.standing.after(verb).ok_or(match verb {
        StandingVerb::Suspend => Rule::AlreadySuspended,
        StandingVerb::Reinstate => Rule::NotSuspended,
        StandingVerb::Add | StandingVerb::Vary | StandingVerb::Remove => Rule::ListingRemoved,
    })?;
    let expired = from > base.terms.period.to();
    let mut state = ListingState { standing, ..base.clone() };
    match change {
        ListingChange::Suspend | ListingChange::Extend(_) | ListingChange::Vary(_) if expired => {
            return Err(Rule::ListingExpired);
        }
        ListingChange::Remove | ListingChange::Reinstate | ListingChange::Suspend => {}
        ListingChange::Extend(last) if last <= base.terms.period.to() => return Err(Rule::NotLater),
        ListingChange::Extend(last) => state.terms.period = period(base.terms.period.from(), last)?,
        ListingChange::Vary(set) => vary(&mut state, used, set)?,
    }
    Ok(state)
}

fn period(from: LegalDay, to: LegalDay) -> Result<Validity, Rule> {
    Validity::new(from, to).map_err(|_| Rule::NothingChanges)
}

fn vary(state: &mut ListingState, used: i64, set: &Vary) -> Result<(), Rule> {
    let terms = &mut state.terms;
    if set.unit.is_some_and(|unit| unit != terms.unit) {
        return Err(Rule::UnitFixed);
    }
    if let Some(quantity) = set.quantity {
        terms.granted = steps(quantity, terms.unit)?;
        if terms.granted < used {
            return Err(Rule::BelowUsed);
        }
    }
    if let Some(cap) = set.consignment_cap {
        terms.consignment_cap = Some(steps(cap, terms.unit)?);
    }
    terms.hs_code = set.hs_code.unwrap_or(terms.hs_code);
    terms.ciq_code = set.ciq_code.or(terms.ciq_code);
    terms.cas = set.cas.or(terms.cas);
    terms.purpose = set.purpose.or(terms.purpose);
    if let Some(offices) = &set.customs_offices {
        terms.customs_offices = Some(offices.clone().into_boxed_slice());
    }
    terms.period = period(set.valid_from.unwrap_or(terms.period.from()), set.valid_to.unwrap_or(terms.period.to()))?;
    let take = |new: &Option<String>, old: &mut Option<String>| {
        if new.is_some() {
            old.clone_from(new);
        }
    };
    if let Some(name) = &set.name_zh {
        state.item.name_zh.clone_from(name);
    }
    take(&set.name_en, &mut state.item.name_en);
    take(&set.specification, &mut state.item.specification);
    take(&set.manufacturer, &mut state.item.manufacturer);
    take(&set.origin, &mut state.item.origin);
    take(&set.note, &mut state.note);
    if let Some(conditions) = &set.conditions {
        state.terms.conditions = Some(conditions.as_str().into());
    }
    for member in &set.clear {
        clear(state, *member);
    }
    Ok(())
}

/// Takes a term away.
fn clear(state: &mut ListingState, member: Clearable) {
    match member {
        Clearable::Cas => state.terms.cas = None,
        Clearable::CiqCode => state.terms.ciq_code = None,
        Clearable::CustomsOffices => state.terms.customs_offices = None,
        Clearable::ConsignmentCap => state.terms.consignment_cap = None,
        Clearable::Purpose => state.terms.purpose = None,
        Clearable::Note => state.note = None,
        Clearable::Conditions => state.terms.conditions = None,
    }
}

/// Lets what changed at an earlier day run on, unless the later day changed it too.
pub(super) fn run_on<T: Clone + PartialEq>(old_before: &T, new_before: &T, later: &T) -> T {
    if later == old_before { new_before.clone() } else { later.clone() }
}

/// Carries what changed at an earlier day into a later state, member by member, unless the later day changed it too.
fn carried(old_before: &ListingState, new_before: &ListingState, later: &ListingState) -> ListingState {
    macro_rules! run_on {
        ($($member:ident).+) => { run_on(&old_before.$($member).+, &new_before.$($member).+, &later.$($member).+) };
    }
    ListingState {
        standing: run_on!(standing),
        terms: Terms {
            hs_code: run_on!(terms.hs_code),
            ciq_code: run_on!(terms.ciq_code),
            cas: run_on!(terms.cas),
            unit: run_on!(terms.unit),
            granted: run_on!(terms.granted),
            consignment_cap: run_on!(terms.consignment_cap),
            period: run_on!(terms.period),
            customs_offices: run_on!(terms.customs_offices),
            purpose: run_on!(terms.purpose),
            conditions: run_on!(terms.conditions),
        },
        item: run_on!(item),
        batch: run_on!(batch),
        note: run_on!(note),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::{HsCode, UnitCode};

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    fn start() -> Vec<Dated> {
        let terms = Terms {
            hs_code: HsCode::parse("2941500000").unwrap(),
            ciq_code: None,
            cas: None,
            unit: UnitCode::parse("036").unwrap(),
            granted: 10_000_000,
            consignment_cap: None,
            period: Validity::new(day("2026-03-01"), day("2027-02-28")).unwrap(),
            customs_offices: None,
            purpose: None,
            conditions: None,
        };
        let item =
            ItemText {
                name_zh: "红霉素".into(), name_en: None, specification: None, manufacturer: None, origin: None
            };
        let state = ListingState { standing: Standing::Listed, terms, item, batch: None, note: None };
        vec![Dated { effective_on: day("2026-03-01"), state }]
    }

    fn then(known: &[Dated], change: ListingChange<'_>, from: &str) -> Result<Vec<Dated>, Rule> {
        let new = apply(known, 0, change, day(from))?;
        Ok(timeline(known.iter().cloned().chain(new)))
    }

    #[test]
    fn a_scheduled_suspension_survives_a_variation_recorded_later() {
        let scheduled = then(&start(), ListingChange::Suspend, "2026-07-01").unwrap();
        let vary = Vary { quantity: Some(Quantity::parse("50").unwrap()), ..Vary::default() };
        let varied = then(&scheduled, ListingChange::Vary(&vary), "2026-06-15").unwrap();
        let before = state_on(&varied, day("2026-06-30")).unwrap();
        let after = state_on(&varied, day("2026-07-01")).unwrap();
        assert_eq!((before.standing, before.terms.granted), (Standing::Listed, 5_000_000));
        assert_eq!((after.standing, after.terms.granted), (Standing::Suspended, 5_000_000));
        assert_eq!(state_on(&varied, day("2026-06-14")).unwrap().terms.granted, 10_000_000);
    }

    #[test]
    fn removal_ends_what_was_scheduled_and_is_final() {
        let scheduled = then(&start(), ListingChange::Suspend, "2026-07-01").unwrap();
        let removed = then(&scheduled, ListingChange::Remove, "2026-06-15").unwrap();
        assert_eq!(state_on(&removed, day("2026-08-01")).unwrap().standing, Standing::Removed);
        assert_eq!(then(&removed, ListingChange::Reinstate, "2026-08-01"), Err(Rule::ListingRemoved));
    }

    #[test]
    fn each_change_is_refused_where_it_makes_no_sense() {
        let known = start();
        assert_eq!(then(&known, ListingChange::Reinstate, "2026-04-01"), Err(Rule::NotSuspended));
        assert_eq!(then(&known, ListingChange::Extend(day("2027-02-28")), "2026-04-01"), Err(Rule::NotLater));
        assert_eq!(then(&known, ListingChange::Extend(day("2028-02-28")), "2027-03-01"), Err(Rule::ListingExpired));
        assert_eq!(then(&known, ListingChange::Vary(&Vary::default()), "2026-04-01"), Err(Rule::NothingChanges));
        let suspended = then(&known, ListingChange::Suspend, "2026-04-01").unwrap();
        assert_eq!(then(&suspended, ListingChange::Suspend, "2026-05-01"), Err(Rule::AlreadySuspended));
        let kilogram = Vary { unit: UnitCode::parse("035").ok(), ..Vary::default() };
        assert_eq!(then(&known, ListingChange::Vary(&kilogram), "2026-04-01"), Err(Rule::UnitFixed));
        let less = Vary { quantity: Some(Quantity::parse("1").unwrap()), ..Vary::default() };
        assert_eq!(apply(&known, 200_000, ListingChange::Vary(&less), day("2026-04-01")), Err(Rule::BelowUsed));
    }
}
