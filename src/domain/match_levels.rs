//! How well a declaration line fits the listing it is judged by, code by code. It says nothing of a verdict.

/// How a stated code compares with that of the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeMatch {
    /// Both state it and agree.
    Exact,
    /// The line does not state it.
    NotGiven,
    /// The listing does not state it.
    NotListed,
    /// Both state it and differ.
    Different,
}

/// How the stated unit compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitMatch {
    /// The same unit.
    Equal,
    /// Converted exactly (g and kg, mL and L).
    Converted,
    /// No exact conversion.
    NotComparable,
    /// No quantity stated.
    NotGiven,
}

/// How the declaration's total on the listing compares with what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuantityMatch {
    /// Within what remains and within the cap.
    Within,
    /// Above one of them.
    Exceeds,
    /// No quantity stated.
    NotGiven,
    /// The unit does not allow a comparison.
    NotComparable,
}

/// How well a line fits its candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchLevels {
    /// Whether the listing was named.
    pub listing_named: bool,
    /// Whether the HS codes agree (they can differ only for a named listing).
    pub hs_code_exact: bool,
    /// CIQ code.
    pub ciq_code: CodeMatch,
    /// CAS number.
    pub cas: CodeMatch,
    /// Unit.
    pub unit: UnitMatch,
    /// Quantity.
    pub quantity: QuantityMatch,
}
