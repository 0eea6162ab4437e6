//! Open reservations: gives back what the schemes say is not to be held any longer, and counts what waits for people.
//!
//! Nothing lapses silently: each lapse is an entry of the log, an alarm in the service's log, and a figure.

use crate::app::draw::open::{Open, open_reservations};
use crate::app::{App, AppError};
use crate::domain::code::Uscc;
use crate::domain::draw::events::Setting;
use crate::domain::draw::ledger::Balance;
use crate::domain::draw::{Act, Command, LapseCode};
use crate::domain::listing_number::ListingNumber;
use crate::domain::reservations::Outcome;
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::desk::Draw;
use crate::store::{Author, Context, manual_releases};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// What the last sweep saw, for figures.
#[derive(Debug, Default)]
pub struct Swept {
    /// Reservations lapsed since the start.
    pub lapsed: AtomicU64,
    /// Declarations that hold a reservation.
    pub open: AtomicI64,
    /// Of these, those past the days after which customs is reminded.
    pub due: AtomicI64,
    /// Manual releases that the bureau has not reviewed.
    pub unreviewed: AtomicI64,
}

impl App {
    /// Lapses what is not to be held any longer, by the list and the day of an instant; says how many.
    ///
    /// # Errors
    /// The store's failure; what was lapsed before it stays so.
    pub fn lapse_reservations(&self, now: Instant) -> Result<usize, AppError> {
        let snapshot = self.index.snapshot();
        let mut due = 0;
        let (mut open, mut balances) = self.store.read(open_reservations)?;
        // Where a grant was made smaller, the youngest reservation goes first.
        open.sort_by_key(|open| Reverse((open.reserved_on, open.number)));
        let mut lapsed = 0_usize;
        for open in &open {
            let judged = judge(open, &snapshot, now.day(), &balances);
            due = if judged.reminded { due + 1 } else { due };
            let Some(reason) = judged.lapse else { continue };
            if self.lapse(now, open, reason)? {
                lapsed = lapsed.saturating_add(1);
                for (number, share) in &open.head.shares {
                    if let Some(balance) = balances.get_mut(number) {
                        balance.reserved = balance.reserved.saturating_sub(share.reserved);
                    }
                }
            }
        }
        let unreviewed = self.store.read(|conn| manual_releases::count(conn, "unreviewed"))?;
        let left = open.len().saturating_sub(lapsed);
        self.swept.lapsed.fetch_add(u64::try_from(lapsed).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.swept.open.store(i64::try_from(left).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.swept.due.store(due, Ordering::Relaxed);
        self.swept.unreviewed.store(unreviewed, Ordering::Relaxed);
        Ok(lapsed)
    }

    fn lapse(&self, at: Instant, open: &Open, reason: LapseCode) -> Result<bool, AppError> {
        let act = Act::Lapse { reason, version: open.head.version };
        let command =
            Command { number: open.number, sequence: open.head.sequence, digest: [0; 32], occurred_at: None, act };
        let context = Context { at, by: Author::System("lapse_reservations"), request_id: None };
        // Refused when customs has moved the declaration meanwhile: then there is nothing to lapse.
        let done = self.store.draw(Draw { context, command })?.is_ok();
        if done {
            let (number, reason) = (open.number.to_string(), reason.as_str());
            tracing::error!(declaration = %number, reason, "a reservation has lapsed; its quantity is given back");
        }
        Ok(done)
    }
}

/// What the schemes say of a reservation.
struct Judged {
    lapse: Option<LapseCode>,
    reminded: bool,
}

fn judge(open: &Open, snapshot: &Snapshot, today: LegalDay, balances: &BTreeMap<ListingNumber, Balance>) -> Judged {
    let uscc: Uscc = open.head.enterprise;
    let setting = Setting { schemes: snapshot.schemes(), stops: snapshot.stops(), day: today, at: snapshot.revision() };
    let age = today.value().saturating_sub(open.reserved_on);
    let past = |days: Option<u16>| days.is_some_and(|days| age >= i32::from(days));
    let mut judged = Judged { lapse: None, reminded: false };
    let Some(enterprise) = snapshot.enterprise(uscc) else { return judged };
    for (number, share) in &open.head.shares {
        let Some(listing) = enterprise.listing(*number).filter(|_| share.reserved > 0) else { continue };
        let words = setting.scheme(listing).map(|(scheme, _)| scheme.reservations).unwrap_or_default();
        judged.reminded |= past(words.remind_after_days);
        if past(words.expire_after_days) {
            judged.lapse = judged.lapse.or(Some(LapseCode::NotFinished));
        }
        let balance = balances.get(number).copied().unwrap_or_default();
        let given_back = setting.events(uscc, enterprise, listing, balance);
        let given_back = given_back.iter().find(|event| event.outcome == Outcome::GiveBack);
        judged.lapse = judged.lapse.or(given_back.map(|event| event.lapse));
    }
    judged
}
