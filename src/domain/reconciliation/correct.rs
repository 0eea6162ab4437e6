//! What would make both sides alike: the draw commands that a confirmation books, or what a person has to do.
//!
//! Customs' books say what happened at the border, so a correction brings this service to customs' position; only what
//! customs does not know at all is given back. It never goes behind a later message that was applied here.

use super::{Booked, HeldLine, Movement, Side, State, Theirs};
use crate::domain::bilingual::Bilingual;
use crate::domain::code::{Cas, CiqCode, CustomsOffice, DeclarationNumber, HsCode, TradeMode, UnitCode, Uscc};
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::Measure;
use crate::domain::validity::{Instant, LegalDay};
use serde::{Deserialize, Serialize};

/// A line of a position to be stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutLine {
    /// Number on the declaration.
    pub line: u16,
    /// The listing customs names.
    pub listing: Option<ListingNumber>,
    /// Classification.
    pub hs_code: HsCode,
    /// Inspection code.
    pub ciq_code: Option<CiqCode>,
    /// Substance.
    pub cas: Option<Cas>,
    /// How much.
    #[serde(flatten)]
    pub measure: Measure,
}

/// A position to be stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutStep {
    /// Number of the message.
    pub sequence: i64,
    /// The importer.
    pub enterprise: Uscc,
    /// Office of declaration.
    pub customs_office: CustomsOffice,
    /// Legal day.
    pub declared_on: Option<LegalDay>,
    /// Trade mode.
    pub trade_mode: Option<TradeMode>,
    /// When customs booked it.
    pub occurred_at: Option<Instant>,
    /// Its lines.
    pub lines: Vec<PutLine>,
}

/// One command of a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Step {
    /// State the position.
    Put(PutStep),
    /// Write off.
    Release {
        /// Number of the message.
        sequence: i64,
        /// Number of the PUT that is released.
        position: i64,
        /// When customs booked it.
        occurred_at: Option<Instant>,
        /// What is released; everything when none.
        lines: Option<Vec<HeldLine>>,
    },
    /// Give back.
    Cancel {
        /// Number of the message.
        sequence: i64,
    },
    /// Put right after release.
    Correct {
        /// Number of the message.
        sequence: i64,
        /// What stays written off.
        lines: Vec<HeldLine>,
    },
}

impl Step {
    /// Returns the word of the wire.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Put(_) => "put",
            Self::Release { .. } => "release",
            Self::Cancel { .. } => "cancel",
            Self::Correct { .. } => "correct",
        }
    }

    /// Returns the number of its message.
    #[must_use]
    pub const fn sequence(&self) -> i64 {
        match self {
            Self::Put(PutStep { sequence, .. })
            | Self::Release { sequence, .. }
            | Self::Cancel { sequence }
            | Self::Correct { sequence, .. } => *sequence,
        }
    }
}

/// What a person has to do, because nothing can be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Neither side holds anything.
    NothingToBook,
    /// A later message of customs was applied here than its rows show.
    LaterHere,
    /// The rows lack the importer or an HS code.
    ParticularsMissing,
    /// The declaration was cancelled or released here, and customs states what that state does not allow.
    StateForbids,
    /// Customs does not know a declaration that was released here.
    ReleasedHereOnly,
    /// Customs names another importer than the first message about the declaration, which fixed it.
    ImporterFixed,
}

impl Advice {
    /// Every advice.
    pub const ALL: &[Self] = &[
        Self::NothingToBook,
        Self::LaterHere,
        Self::ParticularsMissing,
        Self::StateForbids,
        Self::ReleasedHereOnly,
        Self::ImporterFixed,
    ];

    /// Returns the word of the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingToBook => "nothing_to_book",
            Self::LaterHere => "later_here",
            Self::ParticularsMissing => "particulars_missing",
            Self::StateForbids => "state_forbids",
            Self::ReleasedHereOnly => "released_here_only",
            Self::ImporterFixed => "importer_fixed",
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn text(self) -> Bilingual {
        let (zh, en) = match self {
            Self::NothingToBook => {
                ("双方均不占用数量，无需记账。", "Neither side holds quantity; there is nothing to book.")
            }
            Self::LaterHere => (
                "本系统已执行顺序号更大的消息，海关提交的记录不完整：请海关补充该报关单的后续记录后重新对账。",
                "A message with a higher sequence was applied here, so the rows of customs are incomplete: add the later rows of this declaration and reconcile again.",
            ),
            Self::ParticularsMissing => (
                "记录缺少统一社会信用代码或商品编号，无法代为核注：请海关重发该报关单的核注消息，或补全后重新对账。",
                "The rows lack the importer's USCC or an HS code: customs sends the PUT of this declaration again, or completes the rows and reconciles again.",
            ),
            Self::StateForbids => (
                "该报关单在本系统的状态不允许直接改为海关所述：请海关核实；确已放行的，由海关关员人工放行并说明理由。",
                "The state of the declaration here does not allow what customs states: customs checks it; goods that were released are booked by a customs officer as a manual release with a reason.",
            ),
            Self::ReleasedHereOnly => (
                "本系统已核销而海关没有记录：请海关核实；确未放行的，由海关关员更正。",
                "It was released here and customs has no record of it: customs checks it; if it was not released, a customs officer corrects it.",
            ),
            Self::ImporterFixed => (
                "海关所述收货人与该报关单首次核注时不同，收货人不能更改：请海关核实；确需更换的，先撤销该报关单，再以新报关单号核注。",
                "Customs names another importer than the first PUT of the declaration, which fixed it: customs checks it; to change the importer, cancel the declaration and declare under a new number.",
            ),
        };
        Bilingual { zh: zh.to_owned(), en: en.to_owned() }
    }

    /// Says it in one language.
    #[must_use]
    pub fn in_lang(self, lang: Lang) -> String {
        self.text().text(lang).to_owned()
    }
}

/// Proposes the commands that bring this service to customs' position.
///
/// # Errors
/// The [`Advice`] where there are none.
pub(super) fn propose(
    number: DeclarationNumber,
    here: Option<&Side>,
    theirs: Option<&Theirs<'_>>,
) -> Result<Vec<Step>, Advice> {
    let Some(theirs) = theirs else {
        return match here.map(|here| (here.state, here.sequence)) {
            Some((State::Reserved, sequence)) => Ok(vec![Step::Cancel { sequence: sequence.saturating_add(1) }]),
            Some((State::Released, _)) => Err(Advice::ReleasedHereOnly),
            Some((State::Cancelled | State::Lapsed, _)) | None => Err(Advice::NothingToBook),
        };
    };
    let there = theirs.side();
    if here.is_some_and(|here| here.sequence > there.sequence) {
        return Err(Advice::LaterHere);
    }
    let importers = here.and_then(|here| here.enterprise).zip(there.enterprise);
    if importers.is_some_and(|(one, other)| one != other) {
        return Err(Advice::ImporterFixed);
    }
    let next = here.map_or(0, |here| here.sequence).saturating_add(1);
    let asked = Asked { number, theirs, there: &there, next };
    match (here.map(|here| here.state), there.state) {
        (None | Some(State::Lapsed | State::Cancelled), State::Cancelled | State::Lapsed) => Err(Advice::NothingToBook),
        (None | Some(State::Lapsed | State::Reserved), State::Reserved) => asked.put(),
        (None | Some(State::Lapsed), State::Released) => asked.put_and_release(),
        (Some(State::Reserved), State::Released) => match here {
            Some(here) if within(&there, here) => Ok(asked.release(here.sequence, next.max(there.sequence))),
            Some(_) | None => asked.put_and_release(),
        },
        (Some(State::Reserved), State::Cancelled | State::Lapsed) => {
            Ok(vec![Step::Cancel { sequence: next.max(there.sequence) }])
        }
        (Some(State::Released), State::Released) => match here {
            Some(here) if there.holds() && known(&there, here) => {
                let lines = positive(&there.lines);
                Ok(vec![Step::Correct { sequence: next.max(there.sequence), lines }])
            }
            Some(_) | None => Err(Advice::StateForbids),
        },
        (Some(State::Released), State::Reserved | State::Cancelled | State::Lapsed)
        | (Some(State::Cancelled), State::Reserved | State::Released) => Err(Advice::StateForbids),
    }
}

/// What customs states, and the first free sequence here.
struct Asked<'a> {
    number: DeclarationNumber,
    theirs: &'a Theirs<'a>,
    there: &'a Side,
    next: i64,
}

impl Asked<'_> {
    fn put(&self) -> Result<Vec<Step>, Advice> {
        let sequence = self.next.max(self.there.sequence);
        Ok(vec![self.stated(sequence, self.theirs.last)?])
    }

    /// States what was released and writes it off, as two messages.
    fn put_and_release(&self) -> Result<Vec<Step>, Advice> {
        let put = self.theirs.put.first().map_or(1, |row| row.sequence).max(self.next);
        let released = self.there.sequence.max(put.saturating_add(1));
        // What was released is stated, so that nothing is held that was not.
        let mut steps = vec![self.stated(put, self.theirs.last)?];
        steps.extend(self.release(put, released));
        Ok(steps)
    }

    fn release(&self, position: i64, sequence: i64) -> Vec<Step> {
        let occurred_at = self.theirs.last.first().and_then(|row| row.occurred_at);
        vec![Step::Release { sequence, position, occurred_at, lines: Some(positive(&self.there.lines)) }]
    }

    fn stated(&self, sequence: i64, rows: &[Movement]) -> Result<Step, Advice> {
        let first = rows.first().ok_or(Advice::ParticularsMissing)?;
        let all = || self.theirs.last.iter().chain(self.theirs.put);
        let of_line = |line: u16| all().filter(move |row| row.line == line);
        let line = |row: &Movement| {
            Ok(PutLine {
                line: row.line,
                listing: of_line(row.line).find_map(|row| row.listing),
                hs_code: of_line(row.line).find_map(|row| row.hs_code).ok_or(Advice::ParticularsMissing)?,
                ciq_code: of_line(row.line).find_map(|row| row.ciq_code),
                cas: of_line(row.line).find_map(|row| row.cas),
                measure: row.measure,
            })
        };
        let lines = rows.iter().filter(|row| row.measure.quantity.steps() > 0).map(line);
        let lines = lines.collect::<Result<Vec<PutLine>, Advice>>()?;
        if lines.is_empty() {
            return Err(Advice::NothingToBook);
        }
        let occurred_at = match first.kind {
            Booked::Reserved => first.occurred_at,
            Booked::Confirmed | Booked::Corrected | Booked::GivenBack => {
                self.theirs.put.first().and_then(|row| row.occurred_at).or(first.occurred_at)
            }
        };
        Ok(Step::Put(PutStep {
            sequence,
            enterprise: all().find_map(|row| row.enterprise).ok_or(Advice::ParticularsMissing)?,
            customs_office: self.number.office(),
            declared_on: all().find_map(|row| row.declared_on),
            trade_mode: all().find_map(|row| row.trade_mode),
            occurred_at,
            lines,
        }))
    }
}

fn positive(lines: &[HeldLine]) -> Vec<HeldLine> {
    lines.iter().copied().filter(|held| held.measure.quantity.steps() > 0).collect()
}

/// Whether every line that customs states is one of the position here, of the same listing.
fn known(there: &Side, here: &Side) -> bool {
    let same = |stated: &HeldLine, held: &HeldLine| {
        let listings = stated.listing.zip(held.listing);
        stated.line == held.line && listings.is_none_or(|(one, other)| one == other)
    };
    positive(&there.lines).iter().all(|stated| here.lines.iter().any(|held| same(stated, held)))
}

/// Whether what customs states can be written off from the position here.
fn within(there: &Side, here: &Side) -> bool {
    let held = here.held();
    let fits = |(line, (unit, steps)): (u16, (UnitCode, i128))| {
        held.get(&line).is_some_and(|(known, most)| *known == unit && steps <= *most)
    };
    there.holds() && known(there, here) && there.held().into_iter().all(fits)
}
