//! A pair in force (名单条目): its terms, its standing, and the versions that say what holds from which day.
//!
//! A version holds from its `effective_on` until a later one. Of two versions for the same day the later recorded
//! one holds. Nothing is ever overwritten: an earlier revision keeps its answer.

use super::code::{Cas, CiqCode, CustomsOffice, HsCode, UnitCode};
use super::listing_number::ListingNumber;
use super::purpose::Purpose;
use super::revision::Revision;
use super::states::{self, Step};
use super::taken::Taken;
use super::validity::{LegalDay, Validity};
use super::words::words;
use serde::{Deserialize, Serialize};

/// Whether a listing may be used, apart from its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// On the list.
    Listed,
    /// Held back until reinstated.
    Suspended,
    /// Off the list for good.
    Removed,
}

impl Standing {
    /// Returns the stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }

    /// Returns the standing after a verb, if there is such a step.
    #[must_use]
    pub fn after(self, verb: StandingVerb) -> Option<Self> {
        states::after(STEPS, Some(self), &verb)
    }

    /// Parses the stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Listed, Self::Suspended, Self::Removed].into_iter().find(|standing| standing.as_str() == text)
    }
}

words! {
    /// What can be done with a listing's standing.
    StandingVerb {
        /// Puts it on the list.
        Add "add" "新增" "add";
        /// Varies or extends it; its standing stays.
        Vary "vary" "变更或延期" "vary or extend";
        /// Holds it back.
        Suspend "suspend" "暂停" "suspend";
        /// Ends the suspension.
        Reinstate "reinstate" "恢复" "reinstate";
        /// Takes it off the list.
        Remove "remove" "移出" "remove";
    }
}

const TWO: &str = "two persons";

/// What may become of a listing's standing. Expiry is no step: it is computed from dates when asked.
pub const STEPS: &[Step<Standing, StandingVerb>] = &[
    Step { from: None, verb: StandingVerb::Add, by: TWO, to: Standing::Listed },
    Step { from: Some(Standing::Listed), verb: StandingVerb::Vary, by: TWO, to: Standing::Listed },
    Step {
        from: Some(Standing::Listed),
        verb: StandingVerb::Suspend,
        by: "two persons or system",
        to: Standing::Suspended,
    },
    Step { from: Some(Standing::Listed), verb: StandingVerb::Remove, by: TWO, to: Standing::Removed },
    Step { from: Some(Standing::Suspended), verb: StandingVerb::Vary, by: TWO, to: Standing::Suspended },
    Step { from: Some(Standing::Suspended), verb: StandingVerb::Reinstate, by: TWO, to: Standing::Listed },
    Step { from: Some(Standing::Suspended), verb: StandingVerb::Remove, by: TWO, to: Standing::Removed },
];

/// What a reader is told about a listing on a day, computed when asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Listed, its first day still to come.
    Future,
    /// Listed and within its period.
    InForce,
    /// Held back.
    Suspended,
    /// Past its last day.
    Expired,
    /// Off the list.
    Removed,
}

impl Status {
    /// Every status word.
    pub const ALL: [Self; 5] = [Self::Future, Self::InForce, Self::Suspended, Self::Expired, Self::Removed];

    /// Returns the word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::InForce => "in_force",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Removed => "removed",
        }
    }

    /// Parses the word on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What a lookup compares a line with. Quantities are steps of 10⁻⁵ of the finer unit (g for kg, mL for L).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Classification.
    pub hs_code: HsCode,
    /// Inspection code, where one is stated.
    pub ciq_code: Option<CiqCode>,
    /// Substance, where it has a CAS number.
    pub cas: Option<Cas>,
    /// Unit in which the quantity was granted.
    pub unit: UnitCode,
    /// Granted quantity.
    pub granted: i64,
    /// Largest quantity of one declaration.
    pub consignment_cap: Option<i64>,
    /// First and last day.
    pub period: Validity,
    /// Offices of the listing's own, narrower than the scheme's; none means the scheme's.
    pub customs_offices: Option<Box<[CustomsOffice]>>,
    /// What the item is used for.
    pub purpose: Option<Purpose>,
    /// Conditions of its recognition, for people to see to; no lookup judges them.
    pub conditions: Option<Box<str>>,
}

/// What a listing is from one day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingVersion {
    /// Revision at which it was recorded.
    pub revision: Revision,
    /// First day it holds.
    pub effective_on: LegalDay,
    /// Whether it may be used.
    pub standing: Standing,
    /// Its terms.
    pub terms: Terms,
}

impl ListingVersion {
    /// Returns the status word of a day.
    #[must_use]
    pub fn status(&self, day: LegalDay) -> Status {
        match self.standing {
            Standing::Removed => Status::Removed,
            Standing::Suspended => Status::Suspended,
            Standing::Listed if day < self.terms.period.from().max(self.effective_on) => Status::Future,
            Standing::Listed if day > self.terms.period.to() => Status::Expired,
            Standing::Listed => Status::InForce,
        }
    }
}

/// A listing as the list in memory keeps it: every version, in order of recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its number.
    pub number: ListingNumber,
    /// Position of its scheme in the list of schemes.
    pub scheme: u16,
    /// Quantity used before this service kept count, finer unit.
    pub used: i64,
    /// Versions in order of recording; the first is the one that added it.
    pub versions: Box<[ListingVersion]>,
    /// What declarations took of it; shared by all states of the list.
    pub taken: Taken,
}

impl Listing {
    /// Returns what is reserved and confirmed at a revision, what was used before counting included.
    #[must_use]
    pub fn taken_at(&self, at: Revision) -> i64 {
        self.taken.at(at).unwrap_or(self.used)
    }

    /// Returns the version that holds on a day as known at a revision, with its number from 1.
    ///
    /// Before the first day of any version the earliest one answers, so that a future listing is seen as such.
    #[must_use]
    pub fn on(&self, day: LegalDay, at: Revision) -> Option<(u32, &ListingVersion)> {
        // Most listings were never changed, and this is asked for every line at the border.
        if let [only] = &*self.versions {
            return (only.revision <= at).then_some((1, only));
        }
        let known = || (1_u32..).zip(self.versions.iter()).filter(|(_, version)| version.revision <= at);
        known()
            .filter(|(_, version)| version.effective_on <= day)
            .max_by_key(|(number, version)| (version.effective_on, *number))
            .or_else(|| known().min_by_key(|(number, version)| (version.effective_on, std::cmp::Reverse(*number))))
    }
}
