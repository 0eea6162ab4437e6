//! Holds one declaration of customs against the same one here and says what differs.

use super::correct::{Advice, Step, propose};
use super::{HeldLine, Ours, Side, State, Theirs};
use crate::domain::code::DeclarationNumber;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the comparison says of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Both sides hold the same.
    Matched,
    /// Customs has it, this service does not.
    MissingHere,
    /// This service holds quantity for it, customs does not state it.
    MissingThere,
    /// Both have it and hold otherwise.
    Different,
}

impl FindingKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Matched, Self::MissingHere, Self::MissingThere, Self::Different];

    /// Returns the word of the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::Different => "different",
        }
    }

    /// Returns the term for a sheet.
    #[must_use]
    pub const fn term(self) -> &'static str {
        match self {
            Self::Matched => "一致",
            Self::MissingHere => "本系统缺失",
            Self::MissingThere => "海关缺失",
            Self::Different => "不一致",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// In what both sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Where the declaration stands.
    State,
    /// Who imports.
    Importer,
    /// How much a line holds.
    Quantity,
    /// Units that cannot be compared.
    Unit,
    /// The listing that a line takes from.
    Listing,
    /// A line that only customs holds.
    LineMissingHere,
    /// A line that only this service holds.
    LineMissingThere,
}

impl What {
    /// Returns the word of the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Importer => "importer",
            Self::Quantity => "quantity",
            Self::Unit => "unit",
            Self::Listing => "listing",
            Self::LineMissingHere => "line_missing_here",
            Self::LineMissingThere => "line_missing_there",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// In what.
    pub what: What,
    /// On which line; none for the declaration as a whole.
    pub line: Option<u16>,
}

/// What the comparison found about one declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The declaration.
    pub declaration: DeclarationNumber,
    /// What is said of it.
    pub kind: FindingKind,
    /// Its position here.
    pub here: Option<Side>,
    /// Its position at customs.
    pub there: Option<Side>,
    /// Every difference.
    pub differences: Vec<Difference>,
    /// What would be booked to make both alike, in this order; empty where nothing can be.
    pub correction: Vec<Step>,
    /// What to do where nothing can be booked; none for what matches or can be booked.
    pub advice: Option<Advice>,
}

impl Finding {
    /// Compares; none for what neither side has, and for what is here without quantity and customs does not state.
    #[must_use]
    pub fn of(ours: Option<&Ours>, theirs: Option<&Theirs<'_>>) -> Option<Self> {
        let declaration = theirs.map(|theirs| theirs.number).or(ours.map(|ours| ours.number))?;
        let (here, there) = (ours.map(|ours| ours.side.clone()), theirs.map(Theirs::side));
        let (kind, differences) = match (&here, &there) {
            (None, None) => return None,
            (Some(here), None) if !here.holds() => return None,
            (Some(here), None) => (FindingKind::MissingThere, whole(&here.lines, What::LineMissingThere)),
            (None, Some(there)) => (FindingKind::MissingHere, whole(&there.lines, What::LineMissingHere)),
            (Some(here), Some(there)) => {
                let differences = differences(here, there);
                (if differences.is_empty() { FindingKind::Matched } else { FindingKind::Different }, differences)
            }
        };
        let (correction, advice) = match kind {
            FindingKind::Matched => (Vec::new(), None),
            FindingKind::MissingHere | FindingKind::MissingThere | FindingKind::Different => {
                match propose(declaration, here.as_ref(), theirs) {
                    Ok(steps) => (steps, None),
                    Err(advice) => (Vec::new(), Some(advice)),
                }
            }
        };
        Some(Self { declaration, kind, here, there, differences, correction, advice })
    }
}

fn whole(lines: &[HeldLine], what: What) -> Vec<Difference> {
    lines.iter().map(|held| Difference { what, line: Some(held.line) }).collect()
}

fn differences(here: &Side, there: &Side) -> Vec<Difference> {
    let mut found = Vec::new();
    // What lapsed here and was given back there holds nothing on either side.
    let comparable = |state: State| if state == State::Lapsed { State::Cancelled } else { state };
    if comparable(here.state) != comparable(there.state) {
        found.push(Difference { what: What::State, line: None });
    }
    if here.enterprise.zip(there.enterprise).is_some_and(|(one, other)| one != other) {
        found.push(Difference { what: What::Importer, line: None });
    }
    let (ours, theirs) = (here.held(), there.held());
    let lines: BTreeSet<u16> = ours.keys().chain(theirs.keys()).copied().collect();
    let listing =
        |side: &Side, line: u16| side.lines.iter().find(|held| held.line == line).and_then(|held| held.listing);
    for line in lines {
        let mut add = |what| found.push(Difference { what, line: Some(line) });
        match (ours.get(&line), theirs.get(&line)) {
            (None, _) => add(What::LineMissingHere),
            (_, None) => add(What::LineMissingThere),
            (Some((unit, _)), Some((other, _))) if unit != other => add(What::Unit),
            (Some((_, steps)), Some((_, other))) if steps != other => add(What::Quantity),
            (Some(_), Some(_)) => {
                if listing(here, line).zip(listing(there, line)).is_some_and(|(one, other)| one != other) {
                    add(What::Listing);
                }
            }
        }
    }
    found
}
