//! The importer (企业): identity by USCC, everything else dated.

use super::code::{CustomsRegistration, DistrictCode, HsCode};
use super::error::Rule;
use super::listing::Listing;
use super::revision::Revision;
use super::states::{self, Step};
use super::timeline::run_on;
use super::validity::LegalDay;
use super::words::words;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an enterprise is from one day on, as a lookup needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnterpriseVersion {
    /// Revision at which it was recorded.
    pub revision: Revision,
    /// First day it holds.
    pub effective_on: LegalDay,
    /// Its district.
    pub district: DistrictCode,
    /// Whether all its listings are held back.
    pub suspended: bool,
}

/// What is written about an enterprise; names and codes are dated attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: Option<String>,
    /// District code.
    pub district: DistrictCode,
    /// Customs registration code (海关注册编码).
    pub customs_registration: Option<CustomsRegistration>,
}

/// An enterprise as the list in memory keeps it, with its listings.
#[derive(Debug, Clone, Default)]
pub struct Enterprise {
    /// Versions in order of recording.
    pub versions: Vec<EnterpriseVersion>,
    /// Its listings in order of number.
    pub listings: Vec<Arc<Listing>>,
    /// Listings by every HS code they ever carried, ordered; the listing itself, to save a look-up a step.
    by_hs_code: Vec<(HsCode, Arc<Listing>)>,
}

impl Enterprise {
    /// Returns the version that holds on a day as known at a revision.
    #[must_use]
    pub fn on(&self, day: LegalDay, at: Revision) -> Option<&EnterpriseVersion> {
        if let [only] = self.versions.as_slice() {
            return (only.revision <= at).then_some(only);
        }
        let known = || self.versions.iter().enumerate().filter(|(_, version)| version.revision <= at);
        known()
            .filter(|(_, version)| version.effective_on <= day)
            .max_by_key(|(place, version)| (version.effective_on, *place))
            .or_else(|| known().min_by_key(|(place, version)| (version.effective_on, std::cmp::Reverse(*place))))
            .map(|(_, version)| version)
    }

    /// Puts in listings, each replacing the one of the same number, and renews the ways to find them.
    pub fn put_listings(&mut self, listings: impl IntoIterator<Item = Arc<Listing>>) {
        let sorted = self.listings.len();
        for listing in listings {
            let old = self
                .listings
                .get(..sorted)
                .and_then(|known| known.binary_search_by_key(&listing.number, |known| known.number).ok());
            match old.and_then(|place| self.listings.get_mut(place)) {
                Some(place) => *place = listing,
                None => self.listings.push(listing),
            }
        }
        self.listings.sort_by_key(|listing| listing.number);
        self.by_hs_code = self
            .listings
            .iter()
            .flat_map(|listing| {
                listing.versions.iter().map(move |version| (version.terms.hs_code, Arc::clone(listing)))
            })
            .collect();
        self.by_hs_code.sort_by_key(|(hs_code, listing)| (*hs_code, listing.number));
        self.by_hs_code.dedup_by_key(|(hs_code, listing)| (*hs_code, listing.number));
        self.by_hs_code.shrink_to_fit();
        self.listings.shrink_to_fit();
    }

    /// Returns the listings that ever carried an HS code.
    pub fn with_hs_code(&self, hs_code: HsCode) -> impl Iterator<Item = &Arc<Listing>> {
        let first = self.by_hs_code.partition_point(|(known, _)| *known < hs_code);
        let from = self.by_hs_code.get(first..).unwrap_or_default();
        from.iter().take_while(move |(known, _)| *known == hs_code).map(|(_, listing)| listing)
    }

    /// Returns the listing of a number.
    #[must_use]
    pub fn listing(&self, number: super::listing_number::ListingNumber) -> Option<&Arc<Listing>> {
        self.listings
            .binary_search_by_key(&number, |listing| listing.number)
            .ok()
            .and_then(|place| self.listings.get(place))
    }
}

/// Everything an enterprise is on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterpriseState {
    /// Names and codes.
    pub particulars: Particulars,
    /// Whether all its listings are held back.
    pub suspended: bool,
    /// Last day of a bar on applications.
    pub barred_until: Option<LegalDay>,
}

/// What can happen to an enterprise.
#[derive(Debug, Clone)]
pub enum EnterpriseChange<'a> {
    /// Registered, or new particulars.
    Register(&'a Particulars),
    /// All its listings held back.
    Suspend,
    /// No longer held back.
    Reinstate,
    /// May not apply until a day.
    Bar(LegalDay),
    /// May apply again.
    LiftBar,
}

words! {
    /// How an enterprise stands on a day. A bar on applications is a date beside it: it holds no listing back.
    EnterpriseStanding {
        /// Its listings hold.
        Active "active" "正常" "active";
        /// All its listings are held back.
        Suspended "suspended" "暂停" "suspended";
    }
}

words! {
    /// What can be done with an enterprise.
    EnterpriseVerb {
        /// Registered, or new particulars.
        Register "register" "登记" "register";
        /// All its listings held back.
        Suspend "suspend" "暂停" "suspend";
        /// No longer held back.
        Reinstate "reinstate" "恢复" "reinstate";
        /// May not apply until a day.
        Bar "bar" "限制申请" "bar";
        /// May apply again.
        LiftBar "lift_bar" "解除限制" "lift bar";
    }
}

const TWO: &str = "two persons";
const ACTIVE: Option<EnterpriseStanding> = Some(EnterpriseStanding::Active);
const SUSPENDED: Option<EnterpriseStanding> = Some(EnterpriseStanding::Suspended);

/// What may become of an enterprise.
pub const STEPS: &[Step<EnterpriseStanding, EnterpriseVerb>] = &[
    Step { from: None, verb: EnterpriseVerb::Register, by: TWO, to: EnterpriseStanding::Active },
    Step { from: ACTIVE, verb: EnterpriseVerb::Register, by: TWO, to: EnterpriseStanding::Active },
    Step { from: ACTIVE, verb: EnterpriseVerb::Bar, by: TWO, to: EnterpriseStanding::Active },
    Step { from: ACTIVE, verb: EnterpriseVerb::LiftBar, by: TWO, to: EnterpriseStanding::Active },
    Step { from: ACTIVE, verb: EnterpriseVerb::Suspend, by: TWO, to: EnterpriseStanding::Suspended },
    Step { from: SUSPENDED, verb: EnterpriseVerb::Register, by: TWO, to: EnterpriseStanding::Suspended },
    Step { from: SUSPENDED, verb: EnterpriseVerb::Bar, by: TWO, to: EnterpriseStanding::Suspended },
    Step { from: SUSPENDED, verb: EnterpriseVerb::LiftBar, by: TWO, to: EnterpriseStanding::Suspended },
    Step { from: SUSPENDED, verb: EnterpriseVerb::Reinstate, by: TWO, to: EnterpriseStanding::Active },
];

impl EnterpriseChange<'_> {
    fn verb(&self) -> EnterpriseVerb {
        match self {
            Self::Register(_) => EnterpriseVerb::Register,
            Self::Suspend => EnterpriseVerb::Suspend,
            Self::Reinstate => EnterpriseVerb::Reinstate,
            Self::Bar(_) => EnterpriseVerb::Bar,
            Self::LiftBar => EnterpriseVerb::LiftBar,
        }
    }
}

/// A state and the first day it holds.
pub type DatedEnterprise = (LegalDay, EnterpriseState);

/// Applies a change from a day on and returns the versions to record, in order; see
/// [`timeline`](super::timeline) for how a change runs on.
///
/// # Errors
/// [`Rule::EnterpriseUnknown`] before registration, [`Rule::EnterpriseUnchanged`] when nothing changes.
pub fn apply(
    timeline: &[DatedEnterprise],
    change: &EnterpriseChange<'_>,
    from: LegalDay,
) -> Result<Vec<DatedEnterprise>, Rule> {
    let base = timeline.iter().rev().find(|(day, _)| *day <= from).or_else(|| timeline.first()).map(|(_, state)| state);
    let Some(base) = base else {
        return match change {
            EnterpriseChange::Register(particulars) => Ok(vec![(
                from,
                EnterpriseState { particulars: (*particulars).clone(), suspended: false, barred_until: None },
            )]),
            EnterpriseChange::Suspend
            | EnterpriseChange::Reinstate
            | EnterpriseChange::Bar(_)
            | EnterpriseChange::LiftBar => Err(Rule::EnterpriseUnknown),
        };
    };
    let standing = if base.suspended { EnterpriseStanding::Suspended } else { EnterpriseStanding::Active };
    let next = states::after(STEPS, Some(standing), &change.verb()).ok_or(Rule::EnterpriseUnchanged)?;
    let mut changed = EnterpriseState { suspended: next == EnterpriseStanding::Suspended, ..base.clone() };
    match change {
        EnterpriseChange::Register(particulars) => changed.particulars = (*particulars).clone(),
        EnterpriseChange::Suspend | EnterpriseChange::Reinstate => {}
        EnterpriseChange::Bar(until) => changed.barred_until = Some(*until),
        EnterpriseChange::LiftBar => changed.barred_until = None,
    }
    if changed == *base {
        return Err(Rule::EnterpriseUnchanged);
    }
    let mut versions = vec![(from, changed.clone())];
    let (mut old_before, mut new_before) = (base, changed);
    for (day, later) in timeline.iter().filter(|(day, _)| *day > from) {
        let state = EnterpriseState {
            particulars: run_on(&old_before.particulars, &new_before.particulars, &later.particulars),
            suspended: run_on(&old_before.suspended, &new_before.suspended, &later.suspended),
            barred_until: run_on(&old_before.barred_until, &new_before.barred_until, &later.barred_until),
        };
        if state != *later {
            versions.push((*day, state.clone()));
        }
        (old_before, new_before) = (later, state);
    }
    Ok(versions)
}
