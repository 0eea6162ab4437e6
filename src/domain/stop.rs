//! A stop of a class of items (暂停某类物品): every listing of the class is held back from a day on.

use super::code::Cas;
use super::id::StopId;
use super::listing::Terms;
use super::purpose::Purpose;
use super::revision::Revision;
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
}

impl ItemClass {
    /// Whether the class covers a listing with these terms.
    #[must_use]
    pub fn covers(&self, terms: &Terms) -> bool {
        match self {
            Self::Cas(cas) => terms.cas == Some(*cas),
            Self::HsPrefix(prefix) => terms.hs_code.starts_with(prefix),
            Self::Purpose(purpose) => terms.purpose == Some(*purpose),
        }
    }
}

/// What a stop is from one day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopVersion {
    /// Revision at which it was recorded.
    pub revision: Revision,
    /// First day it holds.
    pub effective_on: LegalDay,
    /// Whether the class is stopped from that day, or the stop is lifted.
    pub stopped: bool,
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
            .is_some_and(|(_, version)| version.stopped)
    }
}
