//! Quantity at the border: a declaration reserves, releases, gives back; never overdrawn, always explainable.
//!
//! Pure: what a command does is worked out from the declaration as it stands, the list, and what is taken of each
//! listing. `decide` is the one entry, `position` and `settle` say what verbs do, `ledger` keeps the books, `events` says
//! what becomes of open reservations.
//! Invariant: a command is applied whole or refused whole, and only an applied one raises the sequence.

mod decide;
pub mod events;
pub mod ledger;
mod position;
mod settle;
#[cfg(test)]
mod tests;

pub use decide::{Decided, Ledger, List, Outcome, decide, order};
pub use ledger::{Account, Balance, Booking, Kind, Share, Shares, bookings};

use super::code::{Cas, CiqCode, CustomsOffice, DeclarationNumber, HsCode, TradeMode, UnitCode, Uscc};
use super::fault::FaultCode;
use super::lang::Lang;
use super::listing_number::ListingNumber;
use super::quantity::{Measure, Quantity};
use super::reason::{Reasons, Verdict};
use super::revision::Revision;
use super::validity::{Instant, LegalDay};
use ledger::words;
use serde::{Deserialize, Serialize};

/// How far back something may be reported, microseconds: 30 days.
pub const REPORTED_WITHIN: i64 = 30 * 86_400_000_000;

words! {
    /// Where a declaration stands.
    State {
        /// Holds quantity.
        Reserved "reserved",
        /// Has written it off.
        Released "released",
        /// Gave it back.
        Cancelled "cancelled",
        /// The service gave it back, as the scheme says.
        Lapsed "lapsed",
    }
}

words! {
    /// The command that left a declaration as it stands.
    Verb {
        /// The whole position was stated.
        Put "put",
        /// Written off.
        Released "released",
        /// Given back.
        Cancelled "cancelled",
        /// Put right after release.
        Corrected "corrected",
        /// Released by an officer against the answer.
        Manual "manual",
        /// Given back by the service.
        Lapsed "lapsed",
    }
}

words! {
    /// Why a release is put right.
    CorrectionCode {
        /// Weighed or counted anew.
        Weighing "weighing",
        /// A slip of the pen.
        ClericalError "clerical_error",
        /// Lost or destroyed on the way.
        PartialLoss "partial_loss",
        /// Sent back abroad.
        Returned "returned",
        /// As the basis says.
        Other "other",
    }
}

words! {
    /// Why an officer released against the answer.
    OverrideCode {
        /// The service could not be reached.
        ServiceUnavailable "service_unavailable",
        /// The list is wrong and is being put right.
        ListInError "list_in_error",
        /// The goods would spoil.
        UrgentGoods "urgent_goods",
        /// Ordered from above.
        SuperiorOrder "superior_order",
        /// As the basis says.
        Other "other",
    }
}

words! {
    /// Why the service gave a reservation back.
    LapseCode {
        /// Older than the scheme lets a reservation be.
        NotFinished "not_finished",
        /// The listing, its enterprise or its class is held back.
        Suspended "suspended",
        /// The listing is off the list.
        Removed "removed",
        /// The listing is past its last day.
        Expired "expired",
        /// The grant was varied below what is taken.
        Varied "varied",
        /// The scheme is no longer in force.
        SchemeEnded "scheme_ended",
    }
}

impl LapseCode {
    /// Says it to people.
    #[must_use]
    pub fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::NotFinished => lang.pick("逾期未办结", "it was not finished in time"),
            Self::Suspended => {
                lang.pick("名单、企业或物品类别已暂停", "the listing, its enterprise or its class is held back")
            }
            Self::Removed => lang.pick("名单已移出", "the listing is off the list"),
            Self::Expired => lang.pick("名单已到期", "the listing has expired"),
            Self::Varied => lang.pick("批准数量调减", "the quantity granted was reduced"),
            Self::SchemeEnded => lang.pick("试点已结束", "the scheme has ended"),
        }
    }
}

/// A line as it is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawnLine {
    /// Number on the declaration.
    pub line: u16,
    /// The listing the declarant names.
    pub listing: Option<ListingNumber>,
    /// Classification.
    pub hs_code: HsCode,
    /// Inspection code.
    pub ciq_code: Option<CiqCode>,
    /// Substance.
    pub cas: Option<Cas>,
    /// Quantity, never without its unit.
    pub measure: Measure,
}

/// The quantity of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineQuantity {
    /// Number on the declaration.
    pub line: u16,
    /// Quantity.
    pub measure: Measure,
}

/// The whole position of a declaration as it is stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The importer.
    pub enterprise: Uscc,
    /// Office of declaration.
    pub customs_office: CustomsOffice,
    /// Legal day; that of the event when not stated.
    pub declared_on: Option<LegalDay>,
    /// Trade mode.
    pub trade_mode: Option<TradeMode>,
    /// Revision of the lookup that it rests on.
    pub looked_up_at: Option<Revision>,
    /// Its lines.
    pub lines: Vec<DrawnLine>,
}

/// A coded reason with its basis in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawReason {
    /// Code.
    pub code: &'static str,
    /// Basis.
    pub basis: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// States the whole position.
    Put(Position),
    /// Writes off.
    Release {
        /// Sequence of the PUT that is released; the message before this one when not stated.
        position: Option<i64>,
        /// Everything that is released; all that is reserved when not stated.
        lines: Option<Vec<LineQuantity>>,
    },
    /// Gives back.
    Cancel,
    /// Puts a release right.
    Correct {
        /// Everything that was used.
        lines: Vec<LineQuantity>,
        /// Why.
        reason: DrawReason,
    },
    /// Releases against the answer.
    Manual {
        /// The whole position.
        position: Position,
        /// Why.
        reason: DrawReason,
    },
    /// The service gives back, if there is still a reason to when it is decided.
    Lapse {
        /// Legal day on which the reservation began.
        begun: LegalDay,
        /// Version that was looked at; another one by now is left alone.
        version: i32,
    },
}

/// A command about one declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The declaration.
    pub number: DeclarationNumber,
    /// Number of the message; a lapse has none.
    pub sequence: i64,
    /// SHA-256 of the verb and the body.
    pub digest: [u8; 32],
    /// When it happened, if it is reported afterwards.
    pub occurred_at: Option<Instant>,
    /// What is asked for.
    pub act: Act,
}

/// A line as it is kept and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptLine {
    /// Number on the declaration.
    pub line: u16,
    /// The listing it takes from.
    pub listing: Option<ListingNumber>,
    /// Classification.
    pub hs_code: HsCode,
    /// Inspection code.
    pub ciq_code: Option<CiqCode>,
    /// Substance.
    pub cas: Option<Cas>,
    /// Quantity as stated.
    pub quantity: Quantity,
    /// Its unit.
    pub unit: UnitCode,
    /// As released or last put right.
    pub released: Option<Measure>,
}

/// A declaration as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of its last version.
    pub version: i32,
    /// Where it stands.
    pub state: State,
    /// The command that left it so.
    pub verb: Verb,
    /// Highest applied sequence.
    pub sequence: i64,
    /// Digest of the message of that sequence.
    pub digest: [u8; 32],
    /// The importer.
    pub enterprise: Uscc,
    /// Office of declaration.
    pub customs_office: CustomsOffice,
    /// Legal day.
    pub declared_on: LegalDay,
    /// Trade mode.
    pub trade_mode: Option<TradeMode>,
    /// Its lines.
    pub lines: Vec<KeptLine>,
    /// What it takes.
    pub shares: Shares,
    /// Why it stands so, where a reason is on record.
    pub reason: Option<String>,
}

/// How a message stands to those applied before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// To be judged.
    Apply,
    /// The message of the highest sequence once more.
    Again,
    /// That sequence with another body.
    Mismatch,
    /// A later one was applied.
    Superseded,
}

/// Why the state does not allow a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// It stands otherwise than the command needs.
    State(State),
    /// It lapsed, and why.
    Lapsed(Option<LapseCode>),
    /// Messages between the highest applied and this one have not come.
    MessagesMissing {
        /// First that is missing.
        from: i64,
        /// Last that is missing.
        to: i64,
    },
    /// The PUT that is to be released is not the one that stands.
    OtherPosition {
        /// Sequence of the PUT that stands.
        stands: i64,
    },
}

/// A line that a command is refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedLine {
    /// Number on the declaration.
    pub line: u16,
    /// The listing it was judged by.
    pub listing: Option<ListingNumber>,
    /// What is said of it.
    pub reasons: Reasons,
    /// What was said at the lookup it rests on.
    pub was: Option<Verdict>,
    /// What this declaration could take of the listing.
    pub remaining: Option<Measure>,
}

/// Why a command is refused; it has changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such declaration.
    Unknown,
    /// The state does not allow it.
    Conflict(Conflict),
    /// The sequence belongs to another message.
    Mismatch,
    /// A declaration has one importer for good.
    OtherImporter,
    /// Rules refuse lines.
    Lines(Vec<RefusedLine>),
    /// The request is faulty in a way only the declaration can tell.
    Faults(Vec<(String, FaultCode)>),
}

/// A verdict that is another than at the lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Number of the line.
    pub line: u16,
    /// Verdict then.
    pub was: Verdict,
    /// Verdict now.
    pub now: Verdict,
}

/// What rules in shadow would have said of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shadowed {
    /// Number of the line.
    pub line: u16,
    /// Reasons that only the rules in shadow give.
    pub reasons: Reasons,
}
