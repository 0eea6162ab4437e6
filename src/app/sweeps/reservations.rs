//! Open reservations: gives back what the schemes say is not to be held any longer, reminds of what nobody finishes, and
//! counts what waits for people.
//!
//! Nothing lapses silently: each lapse is an entry of the log, a notice to importer, office and bureau, an alarm in the
//! service's log, and a figure. What the look finds is judged again in the transaction that gives it back.

use crate::app::draw::open::{Open, open_reservations};
use crate::app::draw::telling;
use crate::app::notices::tell_once;
use crate::app::{App, AppError};
use crate::domain::draw::events::{Due, Setting};
use crate::domain::draw::ledger::Balance;
use crate::domain::draw::{Act, Command};
use crate::domain::listing_number::ListingNumber;
use crate::domain::notice::Notice;
use crate::domain::validity::Instant;
use crate::index::Snapshot;
use crate::store::desk::Draw;
use crate::store::keep::notices;
use crate::store::{Author, Context, manual_releases};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// What the last sweep and the last drill saw, for figures.
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
    /// Cases whose stage took longer than it may, at the last day's look.
    pub cases_overdue: AtomicI64,
    /// Tables that differ from what the log rebuilds, at the last drill; -1 when it could not be held.
    pub rebuilt_differing: AtomicI64,
    /// When the last drill ended, seconds since 1970; 0 before the first.
    pub rebuilt_at: AtomicI64,
}

/// Open reservations as they were looked at, each with what its schemes ask for.
pub struct Seen(Vec<(Open, Due)>);

impl App {
    /// Lapses what is not to be held any longer and reminds of what is late, by the list and the day of an instant; says
    /// how many lapsed.
    ///
    /// # Errors
    /// The store's failure; what was lapsed before it stays so.
    pub fn lapse_reservations(&self, now: Instant) -> Result<usize, AppError> {
        let seen = self.look_at_reservations(now)?;
        let lapsed = self.lapse_seen(now, &seen)?;
        self.remind_of_reservations(now, &seen)?;
        let unreviewed = self.store.read(|conn| manual_releases::count(conn, "unreviewed"))?;
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let reminded = seen.0.iter().filter(|(_, due)| due.reminded).count();
        self.swept.lapsed.fetch_add(u64::try_from(lapsed).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.swept.open.store(whole(seen.0.len().saturating_sub(lapsed)), Ordering::Relaxed);
        self.swept.due.store(whole(reminded), Ordering::Relaxed);
        self.swept.unreviewed.store(unreviewed, Ordering::Relaxed);
        Ok(lapsed)
    }

    /// Looks at every open reservation; nothing is decided by it.
    ///
    /// # Errors
    /// The store's failure.
    pub fn look_at_reservations(&self, now: Instant) -> Result<Seen, AppError> {
        let snapshot = self.index.snapshot();
        let (mut open, balances) = self.store.read(open_reservations)?;
        // Where a grant was made smaller, the youngest reservation goes first.
        open.sort_by_key(|open| Reverse((open.begun, open.number)));
        let due = |open: Open| {
            let due = due(&open, &snapshot, now, &balances);
            (open, due)
        };
        Ok(Seen(open.into_iter().map(due).collect()))
    }

    /// Gives back what was seen to be due, as far as it still is when its transaction decides; says how many lapsed.
    ///
    /// # Errors
    /// The store's failure; what was lapsed before it stays so.
    pub fn lapse_seen(&self, now: Instant, seen: &Seen) -> Result<usize, AppError> {
        let mut lapsed = 0_usize;
        for (open, _) in seen.0.iter().filter(|(_, due)| due.lapse.is_some()) {
            let act = Act::Lapse { begun: open.begun, version: open.head.version };
            let command =
                Command { number: open.number, sequence: open.head.sequence, digest: [0; 32], occurred_at: None, act };
            let context = Context { at: now, by: Author::System("lapse_reservations"), request_id: None };
            // Refused when customs has moved the declaration meanwhile, or the cause is gone.
            if let Ok(drawn) = self.store.draw(Draw { context, command })? {
                let (number, reason) = (&drawn.row.number, drawn.row.reason_code.as_deref().unwrap_or_default());
                tracing::error!(declaration = %number, reason, "a reservation has lapsed; its quantity is given back");
                lapsed = lapsed.saturating_add(1);
            }
        }
        Ok(lapsed)
    }

    fn remind_of_reservations(&self, now: Instant, seen: &Seen) -> Result<(), AppError> {
        let late = seen.0.iter().filter(|(_, due)| due.reminded && due.lapse.is_none());
        let all: Vec<(String, Notice)> = late.flat_map(|(open, due)| telling::reminders(open, due)).collect();
        if all.is_empty() {
            return Ok(());
        }
        let once: Vec<String> = all.iter().map(|(once, _)| once.clone()).collect();
        let told: HashSet<String> = self.store.read(|conn| notices::told(conn, &once))?.into_iter().collect();
        let new: Vec<(String, Notice)> = all.into_iter().filter(|(once, _)| !told.contains(once)).collect();
        if !new.is_empty() {
            self.store.keep(now, move |conn| {
                new.iter().try_for_each(|(once, notice)| tell_once(conn, now, once, notice).map(drop))
            })?;
        }
        Ok(())
    }
}

fn due(open: &Open, snapshot: &Snapshot, now: Instant, balances: &BTreeMap<ListingNumber, Balance>) -> Due {
    let (day, at) = (now.day(), snapshot.revision());
    let setting = Setting { schemes: snapshot.schemes(), stops: snapshot.stops(), day, at };
    let ledger = |number: ListingNumber| balances.get(&number).copied().unwrap_or_default();
    let enterprise = snapshot.enterprise(open.head.enterprise);
    enterprise.map_or_else(Due::default, |enterprise| setting.due(enterprise, &open.head, open.begun, &ledger))
}
