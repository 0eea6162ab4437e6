//! A stop (停止措施): what it covers is held back, from a day on by an adjustment, or at once in an emergency.
//!
//! An emergency stop is made by one person and holds for every day. It lapses when no other person confirms it in time;
//! until that is recorded it holds, so that a sweep that is late never opens the border. Invariant: whether a stop holds
//! follows from its recorded versions alone, so that an earlier revision keeps its answer.

use super::code::{Cas, Uscc};
use super::error::Rule;
use super::id::{PersonId, StopId};
use super::listing::Terms;
use super::listing_number::ListingNumber;
use super::purpose::Purpose;
use super::revision::Revision;
use super::states::{self, Step};
use super::validity::LegalDay;
use serde::{Deserialize, Serialize};

/// What a stop covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemClass {
    /// One substance.
    Cas(Cas),
    /// Every HS code that begins with these 2 to 10 digits.
    HsPrefix(String),
    /// Every item of this purpose.
    Purpose(Purpose),
    /// One listing; emergency stops only, an adjustment suspends it.
    Listing(ListingNumber),
    /// Every listing of an enterprise; emergency stops only, an adjustment suspends it.
    Enterprise(Uscc),
}

impl ItemClass {
    /// Whether a listing of an enterprise with these terms is covered.
    #[must_use]
    pub fn covers(&self, enterprise: Uscc, listing: ListingNumber, terms: &Terms) -> bool {
        match self {
            Self::Cas(cas) => terms.cas == Some(*cas),
            Self::HsPrefix(prefix) => terms.hs_code.starts_with(prefix),
            Self::Purpose(purpose) => terms.purpose == Some(*purpose),
            Self::Listing(number) => listing == *number,
            Self::Enterprise(uscc) => enterprise == *uscc,
        }
    }

    /// Returns what it covers as a word.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Cas(cas) => cas.to_string(),
            Self::HsPrefix(prefix) => prefix.clone(),
            Self::Purpose(purpose) => purpose.as_str().to_owned(),
            Self::Listing(number) => number.to_string(),
            Self::Enterprise(uscc) => uscc.to_string(),
        }
    }
}

/// How a stop stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopStage {
    /// Made by one person, holds, waits for a second.
    Emergency,
    /// Holds until it is lifted.
    Confirmed,
    /// Lifted by decision.
    Lifted,
    /// Lifted because nobody confirmed it in time.
    Lapsed,
}

impl StopStage {
    /// Every stage.
    pub const ALL: [Self; 4] = [Self::Emergency, Self::Confirmed, Self::Lifted, Self::Lapsed];

    /// Returns the word on the wire and in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Confirmed => "confirmed",
            Self::Lifted => "lifted",
            Self::Lapsed => "lapsed",
        }
    }

    /// Parses the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }

    /// Whether what it covers is held back.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(self, Self::Emergency | Self::Confirmed)
    }
}

/// What can be done with a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopVerb {
    /// Made in an emergency, by one officer.
    Make,
    /// Made by a confirmed adjustment.
    Adjust,
    /// Confirmed by a second person.
    Confirm,
    /// Lifted.
    Lift,
    /// Not confirmed in time.
    Lapse,
}

impl StopVerb {
    /// Returns the word of the verb.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Adjust => "adjust",
            Self::Confirm => "confirm",
            Self::Lift => "lift",
            Self::Lapse => "lapse",
        }
    }
}

/// What may become of a stop.
pub const STEPS: &[Step<StopStage, StopVerb>] = &[
    Step { from: None, verb: StopVerb::Make, by: "bureau.officer or bureau.approver", to: StopStage::Emergency },
    Step { from: None, verb: StopVerb::Adjust, by: "two persons", to: StopStage::Confirmed },
    Step { from: Some(StopStage::Emergency), verb: StopVerb::Confirm, by: "bureau.approver", to: StopStage::Confirmed },
    Step { from: Some(StopStage::Emergency), verb: StopVerb::Lift, by: "bureau.approver", to: StopStage::Lifted },
    Step { from: Some(StopStage::Emergency), verb: StopVerb::Lapse, by: "system", to: StopStage::Lapsed },
    Step { from: Some(StopStage::Confirmed), verb: StopVerb::Adjust, by: "two persons", to: StopStage::Lifted },
];

/// Returns the stage after a verb of a second person, who must not be the one who made the stop.
///
/// # Errors
/// [`Rule::StopUnknown`] when it holds no more, [`Rule::LiftByAdjustment`] when it is confirmed, [`Rule::FourEyes`].
pub fn second(stage: StopStage, verb: StopVerb, made_by: Option<PersonId>, by: PersonId) -> Result<StopStage, Rule> {
    let next = states::after(STEPS, Some(stage), &verb).ok_or(match stage {
        StopStage::Emergency | StopStage::Confirmed => Rule::LiftByAdjustment,
        StopStage::Lifted | StopStage::Lapsed => Rule::StopUnknown,
    })?;
    if made_by == Some(by) { Err(Rule::FourEyes) } else { Ok(next) }
}

/// What a stop is from one day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopVersion {
    /// Revision at which it was recorded.
    pub revision: Revision,
    /// First day it holds.
    pub effective_on: LegalDay,
    /// How the stop stands from that day.
    pub stage: StopStage,
}

/// A stop and its versions in order of recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Its id.
    pub id: StopId,
    /// What it covers.
    pub class: ItemClass,
    /// Versions in order of recording.
    pub versions: Vec<StopVersion>,
}

impl Stop {
    /// Whether the stop holds on a day as known at a revision.
    #[must_use]
    pub fn holds(&self, day: LegalDay, at: Revision) -> bool {
        self.versions
            .iter()
            .enumerate()
            .filter(|(_, version)| version.revision <= at && version.effective_on <= day)
            .max_by_key(|(place, version)| (version.effective_on, *place))
            .is_some_and(|(_, version)| version.stage.holds())
    }

    /// Returns how it stands by its last version.
    #[must_use]
    pub fn stage(&self) -> Option<StopStage> {
        self.versions.last().map(|version| version.stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_person_confirms_or_lifts_and_nobody_does_it_twice() {
        let (maker, other) = (PersonId::new(1), PersonId::new(2));
        let step = |stage, verb, by| second(stage, verb, Some(maker), by);
        assert_eq!(step(StopStage::Emergency, StopVerb::Confirm, other), Ok(StopStage::Confirmed));
        assert_eq!(step(StopStage::Emergency, StopVerb::Lift, other), Ok(StopStage::Lifted));
        assert_eq!(step(StopStage::Emergency, StopVerb::Confirm, maker), Err(Rule::FourEyes));
        assert_eq!(step(StopStage::Emergency, StopVerb::Lift, maker), Err(Rule::FourEyes));
        assert_eq!(step(StopStage::Confirmed, StopVerb::Lift, other), Err(Rule::LiftByAdjustment));
        for stage in [StopStage::Lifted, StopStage::Lapsed] {
            assert_eq!(step(stage, StopVerb::Confirm, other), Err(Rule::StopUnknown));
        }
    }

    #[test]
    fn no_step_leads_out_of_an_end() {
        for step in STEPS {
            assert!(step.from.is_none_or(StopStage::holds), "{step:?}");
        }
        for stage in StopStage::ALL {
            assert_eq!(StopStage::parse(stage.as_str()), Some(stage));
            assert!(STEPS.iter().any(|step| step.to == stage), "{stage:?} is never reached");
        }
    }
}
