//! Decides one command: from the declaration as it stands, the list and the books to the next version or a refusal.

use super::ledger::{Balance, Share, Shares};
use super::{Act, Command, Conflict, Head, LapseCode, Moved, Order, Refusal, Shadowed, State, Verb};
use crate::domain::code::{UnitCode, Uscc};
use crate::domain::enterprise::Enterprise;
use crate::domain::listing::Listing;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{Facts, Line};
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::reason::Reasons;
use crate::domain::revision::Revision;
use crate::domain::scheme::SchemeHistory;
use crate::domain::stop::Stop;
use crate::domain::validity::{Instant, LegalDay};
use std::collections::BTreeMap;

/// The list that commands are judged by.
#[derive(Clone, Copy)]
pub struct List<'l, 'a> {
    /// All schemes.
    pub schemes: &'a [SchemeHistory],
    /// The same as if rules in shadow counted; none when no scheme has any.
    pub shadows: Option<&'a [SchemeHistory]>,
    /// All stops.
    pub stops: &'a [Stop],
    /// What the list holds about a line.
    pub facts: &'l dyn Fn(&Line) -> Facts<'a>,
    /// An enterprise with its listings.
    pub enterprise: &'l dyn Fn(Uscc) -> Option<&'a Enterprise>,
    /// Head of the log that the transaction holds.
    pub at: Revision,
    /// Revision that was known when something happened that is reported afterwards.
    pub then: Revision,
}

/// What is taken of each listing, by all declarations.
pub type Ledger<'l> = dyn Fn(ListingNumber) -> Balance + 'l;

/// What an applied command leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The declaration as it now stands.
    pub head: Head,
    /// Revision of the list that judged it.
    pub judged_at: Revision,
    /// Units of the listings it takes from.
    pub units: BTreeMap<ListingNumber, UnitCode>,
    /// Lines whose verdict moved since the lookup it rests on; none when it rests on none.
    pub moved: Option<Vec<Moved>>,
    /// What rules in shadow would have said; none when there are none.
    pub shadowed: Option<Vec<Shadowed>>,
    /// What a manual release overrode.
    pub overridden: Vec<(u16, Reasons)>,
}

/// What becomes of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Applied.
    Applied(Box<Decided>),
    /// Applied before: the answer of then.
    Again,
    /// A later message was applied: the present position.
    Superseded,
}

/// Says how a message stands to those applied before it.
#[must_use]
pub fn order(head: Option<&Head>, command: &Command) -> Order {
    let Some(head) = head else { return Order::Apply };
    match (&command.act, command.sequence.cmp(&head.sequence)) {
        (Act::Lapse { .. }, _) | (_, std::cmp::Ordering::Greater) => Order::Apply,
        (_, std::cmp::Ordering::Equal) if command.digest == head.digest => Order::Again,
        (_, std::cmp::Ordering::Equal) => Order::Mismatch,
        (_, std::cmp::Ordering::Less) => Order::Superseded,
    }
}

/// Decides a command at an instant. `ledger` holds the books before it; `refused` the sequences of this declaration
/// that came and were refused.
///
/// # Errors
/// The [`Refusal`]; nothing has changed.
pub fn decide(
    command: &Command,
    at: Instant,
    head: Option<&Head>,
    list: &List<'_, '_>,
    ledger: &Ledger<'_>,
    refused: &[i64],
) -> Result<Outcome, Refusal> {
    match order(head, command) {
        Order::Apply => {}
        Order::Again => return Ok(Outcome::Again),
        Order::Superseded => return Ok(Outcome::Superseded),
        Order::Mismatch => return Err(Refusal::Mismatch),
    }
    allowed(&command.act, head)?;
    same_importer(&command.act, head)?;
    let desk = Desk { command, at, list, ledger, when: command.occurred_at.unwrap_or(at) };
    let decided = match (&command.act, head) {
        (Act::Put(position), head) => desk.put(position, head)?,
        (Act::Manual { position, reason }, head) => desk.manual(position, reason.code, head)?,
        (Act::Release { position, lines }, Some(head)) => {
            follows(head, command.sequence, *position, refused)?;
            desk.release(lines.as_deref(), head)?
        }
        (Act::Cancel, Some(head)) => desk.returned(head, State::Cancelled, Verb::Cancelled, None),
        (Act::Lapse { begun, .. }, Some(head)) => {
            let reason = desk.lapse(*begun, head).ok_or(Refusal::Conflict(Conflict::State(head.state)))?;
            desk.returned(head, State::Lapsed, Verb::Lapsed, Some(reason))
        }
        (Act::Correct { lines, reason }, Some(head)) => desk.correct(lines, reason.code, head)?,
        (Act::Release { .. } | Act::Cancel | Act::Lapse { .. } | Act::Correct { .. }, None) => {
            return Err(Refusal::Unknown);
        }
    };
    Ok(Outcome::Applied(Box::new(decided)))
}

/// Whether the state allows the verb.
fn allowed(act: &Act, head: Option<&Head>) -> Result<(), Refusal> {
    let state = head.map(|head| head.state);
    let conflict = |state| {
        let why = head.and_then(|head| head.reason.as_deref()).and_then(LapseCode::parse);
        Refusal::Conflict(if state == State::Lapsed { Conflict::Lapsed(why) } else { Conflict::State(state) })
    };
    match (act, state) {
        (Act::Put(_), None | Some(State::Reserved | State::Lapsed))
        | (Act::Manual { .. }, None | Some(State::Reserved | State::Cancelled | State::Lapsed))
        | (Act::Release { .. } | Act::Cancel, Some(State::Reserved))
        | (Act::Correct { .. }, Some(State::Released)) => Ok(()),
        (Act::Lapse { version, .. }, Some(State::Reserved)) if head.is_some_and(|head| head.version == *version) => {
            Ok(())
        }
        (_, Some(state)) => Err(conflict(state)),
        (_, None) => Err(Refusal::Unknown),
    }
}

/// Whether a position names the importer that the declaration has had from its first position on, whatever became of it
/// since. Its office cannot differ: it opens the number.
fn same_importer(act: &Act, head: Option<&Head>) -> Result<(), Refusal> {
    match (act, head) {
        (Act::Put(position) | Act::Manual { position, .. }, Some(head)) if position.enterprise != head.enterprise => {
            Err(Refusal::OtherImporter)
        }
        (Act::Put(_) | Act::Manual { .. }, _)
        | (Act::Release { .. } | Act::Cancel | Act::Correct { .. } | Act::Lapse { .. }, _) => Ok(()),
    }
}

/// Whether the position that a release is about is the one that stands.
fn follows(head: &Head, sequence: i64, position: Option<i64>, refused: &[i64]) -> Result<(), Refusal> {
    match position {
        Some(stated) if stated == head.sequence => Ok(()),
        Some(_) => Err(Refusal::Conflict(Conflict::OtherPosition { stands: head.sequence })),
        None => {
            let first = head.sequence.saturating_add(1);
            // Refused ones were seen; a gap longer than what is on record has something missing.
            let mut seen: Vec<i64> =
                refused.iter().copied().filter(|known| (first..sequence).contains(known)).collect();
            seen.sort_unstable();
            seen.dedup();
            let missing = (first..sequence).zip(seen.iter().map(Some).chain(std::iter::repeat(None)));
            match missing.into_iter().find(|(wanted, known)| *known != Some(wanted)) {
                None => Ok(()),
                Some((from, _)) => {
                    let to = sequence.saturating_sub(1);
                    Err(Refusal::Conflict(Conflict::MessagesMissing { from, to }))
                }
            }
        }
    }
}

/// The desk at which one command is judged.
pub(super) struct Desk<'d, 'l, 'a> {
    pub(super) command: &'d Command,
    pub(super) at: Instant,
    pub(super) list: &'d List<'l, 'a>,
    pub(super) ledger: &'d Ledger<'d>,
    pub(super) when: Instant,
}

impl<'a> Desk<'_, '_, 'a> {
    /// The books without what the declaration itself holds.
    pub(super) fn others(&self, head: Option<&Head>, number: ListingNumber) -> Balance {
        let all = (self.ledger)(number);
        let own = head.and_then(|head| head.shares.get(&number)).copied().unwrap_or_default();
        Balance {
            reserved: all.reserved.saturating_sub(own.reserved),
            confirmed: all.confirmed.saturating_sub(own.confirmed),
            excess: all.excess.saturating_sub(own.excess),
        }
    }

    pub(super) fn found(&self, enterprise: Uscc, listing: ListingNumber) -> Option<(&'a Enterprise, &'a Listing)> {
        let enterprise = (self.list.enterprise)(enterprise)?;
        Some((enterprise, enterprise.listing(listing)?))
    }

    pub(super) fn granted(&self, enterprise: Uscc, listing: ListingNumber, day: LegalDay) -> Option<i64> {
        let (_, listing) = self.found(enterprise, listing)?;
        listing.on(day, self.list.at).map(|(_, version)| version.terms.granted)
    }

    /// The listings of the present position with nothing taken, under the grant of now, so that what was given back is on
    /// record.
    pub(super) fn emptied(&self, head: Option<&Head>) -> Shares {
        let emptied = |head: &Head| {
            let taken = head.shares.iter().filter(|(_, share)| !share.is_nothing());
            let empty = taken.map(|(number, share)| {
                let granted = self.granted(head.enterprise, *number, self.when.day()).unwrap_or(share.granted);
                (*number, Share { granted, ..Share::default() })
            });
            empty.collect()
        };
        head.map_or_else(Shares::new, emptied)
    }

    /// Units of every listing that the position takes or took from.
    pub(super) fn units(
        &self,
        head: &Head,
        mut known: BTreeMap<ListingNumber, UnitCode>,
    ) -> BTreeMap<ListingNumber, UnitCode> {
        known.retain(|number, _| head.shares.contains_key(number));
        for number in head.shares.keys() {
            let listing = self.found(head.enterprise, *number).map(|(_, listing)| listing);
            let unit = listing.and_then(|listing| listing.on(self.at.day(), self.list.at));
            if let Some((_, version)) = unit {
                known.entry(*number).or_insert(version.terms.unit);
            }
        }
        known
    }
}

pub(super) fn next_version(head: Option<&Head>) -> i32 {
    head.map_or(0, |head| head.version).saturating_add(1)
}

pub(super) fn steps(measure: Measure) -> Option<i64> {
    measure.to_finer().ok().and_then(|(quantity, _)| i64::try_from(quantity.steps()).ok())
}

pub(super) fn measured(steps: i64, unit: UnitCode) -> Measure {
    Quantity::in_unit_or_finer(i128::from(steps), unit)
}
