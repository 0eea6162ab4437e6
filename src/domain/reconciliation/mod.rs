//! Reconciliation: customs' own movements beside the declarations of this service, difference by difference.
//!
//! Pure. What customs states is folded to the position of its highest message about each declaration; that is held
//! against the declaration as it stands here. `correct` says what would make both sides alike. Invariant: neither the
//! order of the rows nor a row sent twice changes what is found, and nothing here books anything.

mod correct;
mod finding;
#[cfg(test)]
mod tests;

pub use correct::{Advice, PutLine, PutStep, Step};
pub use finding::{Difference, Finding, FindingKind, What};

use super::code::{Cas, CiqCode, DeclarationNumber, HsCode, TradeMode, UnitCode, Uscc};
use super::listing_number::ListingNumber;
use super::quantity::Measure;
use super::validity::{Instant, LegalDay};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of one reconciliation at most.
pub const MOST_ROWS: usize = 100_000;

/// What customs booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Booked {
    /// Held on acceptance (核注): what the line holds after the message.
    Reserved,
    /// Written off on release (核销).
    Confirmed,
    /// Given back on cancellation (返还), always of the whole declaration.
    GivenBack,
    /// Put right after release (更正): what stays written off.
    Corrected,
}

impl Booked {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Reserved, Self::Confirmed, Self::GivenBack, Self::Corrected];

    /// Returns the word of the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Confirmed => "confirmed",
            Self::GivenBack => "given_back",
            Self::Corrected => "corrected",
        }
    }

    /// Returns the term of the field.
    #[must_use]
    pub const fn term(self) -> &'static str {
        match self {
            Self::Reserved => "核注",
            Self::Confirmed => "核销",
            Self::GivenBack => "返还",
            Self::Corrected => "更正",
        }
    }

    /// Reads the word or the term.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text || kind.term() == text)
    }
}

/// One movement of one line, as customs booked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// Where it stands in what customs sent: the row of the sheet, or the place in the list.
    pub place: u32,
    /// The declaration.
    pub declaration: DeclarationNumber,
    /// Number of the message that it belongs to.
    pub sequence: i64,
    /// What was booked.
    pub kind: Booked,
    /// Line of the declaration.
    pub line: u16,
    /// How much.
    pub measure: Measure,
    /// The importer.
    pub enterprise: Option<Uscc>,
    /// The listing.
    pub listing: Option<ListingNumber>,
    /// Classification.
    pub hs_code: Option<HsCode>,
    /// Inspection code.
    pub ciq_code: Option<CiqCode>,
    /// Substance.
    pub cas: Option<Cas>,
    /// Trade mode.
    pub trade_mode: Option<TradeMode>,
    /// Legal day of the declaration.
    pub declared_on: Option<LegalDay>,
    /// When customs booked it.
    pub occurred_at: Option<Instant>,
}

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Holds quantity.
    Reserved,
    /// Has written it off.
    Released,
    /// Gave it back.
    Cancelled,
    /// The service gave it back.
    Lapsed,
}

impl State {
    /// Whether quantity is gone from the grant.
    #[must_use]
    pub const fn holds(self) -> bool {
        matches!(self, Self::Reserved | Self::Released)
    }
}

/// What one line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldLine {
    /// Number on the declaration.
    pub line: u16,
    /// The listing, where the side states one.
    pub listing: Option<ListingNumber>,
    /// How much, as the side states it.
    #[serde(flatten)]
    pub measure: Measure,
}

/// The position of a declaration on one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Number of the message that left it so.
    pub sequence: i64,
    /// Where it stands.
    pub state: State,
    /// The importer, where the side states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise: Option<Uscc>,
    /// What its lines hold; none where everything was given back.
    pub lines: Vec<HeldLine>,
}

impl Side {
    /// What is held, by line, in steps of the finer unit; nothing once it was given back.
    fn held(&self) -> BTreeMap<u16, (UnitCode, i128)> {
        let lines = self.lines.iter().filter(|_| self.state.holds());
        let steps = lines.map(|held| {
            let (finer, factor) = held.measure.unit.finer();
            (held.line, (finer, held.measure.quantity.steps().saturating_mul(i128::from(factor))))
        });
        steps.filter(|(_, (_, steps))| *steps > 0).collect()
    }

    /// Whether it holds any quantity.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.held().is_empty()
    }
}

/// Two rows that state the same movement otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash {
    /// Place of the row.
    pub place: u32,
    /// Place of the row that it contradicts.
    pub other: u32,
}

/// Customs' movements, in order and without doubles.
#[derive(Debug, Clone)]
pub struct Books(Vec<Movement>);

impl Books {
    /// Orders movements. A row that is there twice counts once.
    ///
    /// # Errors
    /// Every row that contradicts another about the same message: another kind, another quantity of the same line,
    /// another importer or another time.
    pub fn new(mut rows: Vec<Movement>) -> Result<Self, Vec<Clash>> {
        rows.sort_by_key(|row| (row.declaration, row.sequence, row.line, row.place));
        rows.dedup_by(|row, kept| Movement { place: kept.place, ..*row } == *kept);
        let mut clashes = Vec::new();
        for message in
            rows.chunk_by(|one, other| (one.declaration, one.sequence) == (other.declaration, other.sequence))
        {
            let mut last: Option<&Movement> = None;
            for row in message {
                if let Some(before) = last.filter(|before| contradicts(before, row)) {
                    clashes.push(Clash { place: row.place, other: before.place });
                }
                last = Some(row);
            }
        }
        if clashes.is_empty() { Ok(Self(rows)) } else { Err(clashes) }
    }

    /// Returns each declaration with its movements, in order of number.
    pub fn declarations(&self) -> impl Iterator<Item = Theirs<'_>> {
        self.0.chunk_by(|one, other| one.declaration == other.declaration).filter_map(Theirs::of)
    }
}

/// Whether two rows of one message cannot both be true.
fn contradicts(before: &Movement, row: &Movement) -> bool {
    fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
        one.zip(other).is_some_and(|(one, other)| one != other)
    }
    row.kind != before.kind
        || row.line == before.line
        || differ(row.enterprise, before.enterprise)
        || differ(row.trade_mode, before.trade_mode)
        || differ(row.declared_on, before.declared_on)
        || differ(row.occurred_at, before.occurred_at)
}

/// A declaration as customs states it.
#[derive(Debug, Clone, Copy)]
pub struct Theirs<'a> {
    /// Its number.
    pub number: DeclarationNumber,
    /// Lines of the message with the highest sequence.
    last: &'a [Movement],
    /// The message with the highest sequence that stated a position (核注), where it is another.
    put: &'a [Movement],
}

impl<'a> Theirs<'a> {
    fn of(movements: &'a [Movement]) -> Option<Self> {
        let messages = || movements.chunk_by(|one, other| one.sequence == other.sequence);
        let last = messages().last()?;
        let is_put = |message: &&[Movement]| message.first().is_some_and(|row| row.kind == Booked::Reserved);
        let put = messages().rfind(is_put).unwrap_or_default();
        Some(Self { number: last.first()?.declaration, last, put })
    }

    /// Returns where its first row stands in what customs sent.
    #[must_use]
    pub fn place(&self) -> Option<u32> {
        self.last.iter().chain(self.put).map(|row| row.place).min()
    }

    /// Returns its position.
    #[must_use]
    pub fn side(&self) -> Side {
        let (state, sequence) = match self.last.first() {
            Some(row) => (self.state(row.kind), row.sequence),
            None => (State::Cancelled, 0),
        };
        let line = |row: &Movement| HeldLine { line: row.line, listing: row.listing, measure: row.measure };
        let lines = if state.holds() { self.last.iter().map(line).collect() } else { Vec::new() };
        let enterprise = self.last.iter().chain(self.put).find_map(|row| row.enterprise);
        Side { sequence, state, enterprise, lines }
    }

    const fn state(&self, kind: Booked) -> State {
        match kind {
            Booked::Reserved => State::Reserved,
            Booked::Confirmed | Booked::Corrected => State::Released,
            Booked::GivenBack => State::Cancelled,
        }
    }
}

/// A declaration as it stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// Its number.
    pub number: DeclarationNumber,
    /// Its position.
    pub side: Side,
}
