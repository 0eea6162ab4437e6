//! Reservations that are still open, and what a change of the list would do to them.

use super::rows;
use crate::domain::code::{DeclarationNumber, Uscc};
use crate::domain::draw::Head;
use crate::domain::draw::events::{Event, Setting};
use crate::domain::draw::ledger::Balance;
use crate::domain::listing_number::ListingNumber;
use crate::domain::reservations::Outcome;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::index::Snapshot;
use crate::store::declarations::{self, DeclarationRow, OpenRow};
use crate::store::{AnyConnection, StoreError, listings};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Declarations looked at together.
const STRIDE: i64 = 500;

/// A reservation that is looked at.
#[derive(Debug)]
pub struct Open {
    /// Legal day on which it began.
    pub begun: LegalDay,
    /// The declaration.
    pub number: DeclarationNumber,
    /// How it stands.
    pub head: Head,
}

/// Reads every open reservation, and the balances of their listings.
///
/// # Errors
/// The database's failure.
pub fn open_reservations(
    conn: &mut AnyConnection,
) -> Result<(Vec<Open>, BTreeMap<ListingNumber, Balance>), StoreError> {
    let (mut open, mut balances) = (Vec::new(), BTreeMap::new());
    let mut after = String::new();
    loop {
        let page: Vec<OpenRow> = declarations::open(conn, &after, STRIDE)?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.number);
        let numbers: Vec<String> = page.iter().map(|row| row.number.clone()).collect();
        let mut rows: HashMap<String, DeclarationRow> = HashMap::new();
        for row in declarations::versions_of(conn, &numbers)? {
            rows.insert(row.number.clone(), row);
        }
        for OpenRow { number, reserved_on, .. } in page {
            let Some(row) = rows.get(&number) else { continue };
            let number = DeclarationNumber::parse(&number).map_err(|_| StoreError::damaged("a declaration"))?;
            let begun = LegalDay::from_value(reserved_on).ok_or_else(|| StoreError::damaged("a legal day"))?;
            open.push(Open { begun, number, head: rows::head(row)? });
        }
    }
    let mut numbers: Vec<String> =
        open.iter().flat_map(|open| open.head.shares.keys()).map(ToString::to_string).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for row in listings::balances_of(conn, &numbers)? {
        let number = ListingNumber::parse(&row.listing).map_err(|_| StoreError::damaged("a listing number"))?;
        let balance = Balance { reserved: row.reserved, confirmed: row.confirmed, excess: row.excess };
        balances.insert(number, balance);
    }
    Ok((open, balances))
}

/// Open reservations that a change touches, by the word of their scheme.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Touched {
    /// All of them.
    pub count: usize,
    honour: usize,
    hold: usize,
    give_back: usize,
}

impl Touched {
    fn add(&mut self, outcome: Outcome) {
        self.count = self.count.saturating_add(1);
        let of_word = match outcome {
            Outcome::Honour => &mut self.honour,
            Outcome::Hold => &mut self.hold,
            Outcome::GiveBack => &mut self.give_back,
        };
        *of_word = of_word.saturating_add(1);
    }
}

/// Finds what happens to open reservations between two states of the list: for each change the declarations that it
/// touches. `concerned` names the changes about a listing, each with the day on which it is tried.
pub fn touched(
    open: &[Open],
    balances: &BTreeMap<ListingNumber, Balance>,
    (before, after): (&Snapshot, &Snapshot),
    changes: usize,
    concerned: impl Fn(Uscc, ListingNumber) -> Vec<(usize, LegalDay)>,
) -> (Vec<Touched>, usize) {
    let mut previews = vec![Touched::default(); changes];
    let mut declarations = 0_usize;
    for open in open {
        let mut words: BTreeMap<usize, Outcome> = BTreeMap::new();
        for (number, share) in open.head.shares.iter().filter(|(_, share)| share.reserved > 0) {
            let balance = balances.get(number).copied().unwrap_or_default();
            for (change, day) in concerned(open.head.enterprise, *number) {
                let was = events(before, open.head.enterprise, *number, balance, day);
                let new = events(after, open.head.enterprise, *number, balance, day);
                let gravest = new.iter().find(|event| !was.iter().any(|known| known.reason == event.reason));
                if let Some(event) = gravest.filter(|_| share.reserved > 0) {
                    let word = words.entry(change).or_insert(event.outcome);
                    *word = (*word).max(event.outcome);
                }
            }
        }
        declarations = if words.is_empty() { declarations } else { declarations.saturating_add(1) };
        for (change, word) in words {
            if let Some(preview) = previews.get_mut(change) {
                preview.add(word);
            }
        }
    }
    (previews, declarations)
}

fn events(snapshot: &Snapshot, enterprise: Uscc, number: ListingNumber, balance: Balance, day: LegalDay) -> Vec<Event> {
    let setting = Setting { schemes: snapshot.schemes(), stops: snapshot.stops(), day, at: Revision::NEWEST };
    let found = snapshot.enterprise(enterprise).and_then(|enterprise| Some((enterprise, enterprise.listing(number)?)));
    found.map_or_else(Vec::new, |(holder, listing)| setting.events(enterprise, holder, listing, balance))
}
