//! What a scheme says about casework: who is asked, how long decisions may be taken up again, which items never pass.
//!
//! The working days of the stages stand in [`Clocks`](super::scheme::Clocks). Invariant: a scheme that says nothing gets
//! the strictest reading: every agency is asked, nothing is skipped.

use super::case_rule::CaseRule;
use super::code::{Cas, HsCode};
use serde::{Deserialize, Serialize};

/// A class of items that can never be listed, told by a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExcludedItem {
    /// A substance.
    Cas(Cas),
    /// The first digits of HS codes.
    HsPrefix(String),
}

impl ExcludedItem {
    /// Whether an item falls into the class.
    #[must_use]
    pub fn covers(&self, cas: Option<Cas>, hs_code: HsCode) -> bool {
        match self {
            Self::Cas(excluded) => cas == Some(*excluded),
            Self::HsPrefix(prefix) => hs_code.to_string().starts_with(prefix.as_str()),
        }
    }
}

/// How a renewal runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Renewal {
    /// Whether the member agencies are asked again.
    pub opinions: bool,
}

impl Default for Renewal {
    fn default() -> Self {
        Self { opinions: true }
    }
}

/// The section on casework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Casework {
    /// Working days that an enterprise has to correct what it was asked to.
    pub correction_days: u16,
    /// Days (not working days) from a decision in which a refusal may be appealed against.
    pub appeal_days: u16,
    /// Days (not working days) from a decision in which the bureau may take up again what is not published.
    pub reopen_days: u16,
    /// Days (not working days) from a withdrawal in which the enterprise may take it back; 0 lets none be taken back.
    pub retract_days: u16,
    /// Opinions that each item needs before the round is closed; none means one of every agency that is asked.
    pub opinion_quorum: Option<u16>,
    /// Whether an enterprise that holds a listing in force is recognised on the lead agency's opinion alone.
    pub fast_track: bool,
    /// How a renewal runs.
    pub renewal: Renewal,
    /// Working days before the due day from which a case counts as due soon.
    pub due_soon_days: u16,
    /// Items that can never be listed, by number; beside the classes that are named in words.
    pub excluded_items: Vec<ExcludedItem>,
}

impl Default for Casework {
    fn default() -> Self {
        Self {
            correction_days: 15,
            appeal_days: 60,
            reopen_days: 30,
            retract_days: 0,
            opinion_quorum: None,
            fast_track: false,
            renewal: Renewal::default(),
            due_soon_days: 3,
            excluded_items: Vec::new(),
        }
    }
}

impl Casework {
    /// Whether an item can never be listed, as its number tells.
    #[must_use]
    pub fn excludes(&self, cas: Option<Cas>, hs_code: HsCode) -> bool {
        self.excluded_items.iter().any(|class| class.covers(cas, hs_code))
    }

    /// Lets an item pass that may be listed.
    ///
    /// # Errors
    /// [`CaseRule::ExcludedItem`].
    pub fn admits(&self, cas: Option<Cas>, hs_code: HsCode) -> Result<(), CaseRule> {
        if self.excludes(cas, hs_code) { Err(CaseRule::ExcludedItem) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_scheme_asks_everybody() {
        let silent: Casework = serde_json::from_str("{}").unwrap();
        assert_eq!(silent, Casework::default());
        assert!(silent.renewal.opinions && !silent.fast_track && silent.opinion_quorum.is_none());
        assert!(serde_json::from_str::<Casework>(r#"{"voting": true}"#).is_err());
    }

    #[test]
    fn a_class_is_told_by_its_number() {
        let hs = HsCode::parse("2939110000").unwrap();
        let class: ExcludedItem = serde_json::from_str(r#"{"cas":"57-27-2"}"#).unwrap();
        assert!(class.covers(Some(Cas::parse("57-27-2").unwrap()), hs) && !class.covers(None, hs));
        let class: ExcludedItem = serde_json::from_str(r#"{"hs_prefix":"293911"}"#).unwrap();
        assert!(class.covers(None, hs) && !class.covers(None, HsCode::parse("2939200000").unwrap()));
    }
}
