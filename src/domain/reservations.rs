//! What a scheme says about open reservations, tolerances of a release, and rules that run in shadow.
//!
//! Words only: `draw` applies them. Where a scheme file says nothing, a reservation is honoured for ever and a release
//! has no tolerance.

use super::code::{Cas, HsCode, TradeMode};
use super::scheme::IdentifyBy;
use serde::{Deserialize, Serialize};

/// What happens to an open reservation when something happens to its listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The release goes through.
    #[default]
    Honour,
    /// The quantity stays reserved and the release is refused until the cause is mended.
    Hold,
    /// The quantity returns on that day; the declaration lapses.
    GiveBack,
}

impl Outcome {
    /// Every word.
    pub const ALL: [Self; 3] = [Self::Honour, Self::Hold, Self::GiveBack];

    /// Returns the word of scheme files and of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Honour => "honour",
            Self::Hold => "hold",
            Self::GiveBack => "give_back",
        }
    }
}

/// The section `[reservations]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservations {
    /// The listing, its enterprise or its class is suspended or stopped.
    #[serde(default)]
    pub on_suspension: Outcome,
    /// The listing is off the list.
    #[serde(default)]
    pub on_removal: Outcome,
    /// The listing is past its last day.
    #[serde(default)]
    pub on_expiry: Outcome,
    /// The grant was varied below what is taken.
    #[serde(default)]
    pub on_variation: Outcome,
    /// The scheme is no longer in force.
    #[serde(default)]
    pub on_scheme_end: Outcome,
    /// Calendar days after which customs is reminded; none for never.
    #[serde(default)]
    pub remind_after_days: Option<u16>,
    /// Calendar days after which a reservation lapses; none for never.
    #[serde(default)]
    pub expire_after_days: Option<u16>,
}

/// How much more than reserved a release may state, never beyond what is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// First digits of the HS codes it holds for.
    #[serde(default)]
    pub hs_prefix: Option<String>,
    /// The substance it holds for.
    #[serde(default)]
    pub cas: Option<Cas>,
    /// Thousandths of what a line has reserved.
    pub permille: u16,
}

impl Tolerance {
    /// Whether it holds for an item: everything it names must fit, and it names something.
    #[must_use]
    pub fn covers(&self, hs_code: HsCode, cas: Option<Cas>) -> bool {
        let named = self.hs_prefix.is_some() || self.cas.is_some();
        let prefix = self.hs_prefix.as_ref().is_none_or(|prefix| hs_code.to_string().starts_with(prefix));
        named && prefix && self.cas.is_none_or(|named| cas == Some(named))
    }
}

/// The section `[shadow]`: rules that are judged and recorded but do not count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shadow {
    /// What would identify an item.
    #[serde(default)]
    pub identify_by: Option<IdentifyBy>,
    /// Whether a quantity would be required with a cap.
    #[serde(default)]
    pub quantity_required_with_cap: Option<bool>,
    /// Trade modes that could use the list.
    #[serde(default)]
    pub trade_modes: Option<Vec<TradeMode>>,
    /// First digits of the offices where listings would hold.
    #[serde(default)]
    pub customs_prefixes: Option<Vec<String>>,
}

impl Shadow {
    /// Names the rules in shadow.
    #[must_use]
    pub fn rules(&self) -> Vec<&'static str> {
        let named = [
            (self.identify_by.is_some(), "identify_by"),
            (self.quantity_required_with_cap.is_some(), "quantity_required_with_cap"),
            (self.trade_modes.is_some(), "trade_modes"),
            (self.customs_prefixes.is_some(), "customs_prefixes"),
        ];
        named.iter().filter(|(there, _)| *there).map(|(_, name)| *name).collect()
    }
}
