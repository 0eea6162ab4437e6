//! What happened to the listings of an open reservation, and what its scheme says of that.
//!
//! Judged on a legal day and at a revision, by the same versions that lookups read. A suspended enterprise and a
//! stopped class count as suspension.

use super::{Head, LapseCode, Ledger, ledger::Balance};
use crate::domain::code::Uscc;
use crate::domain::enterprise::Enterprise;
use crate::domain::listing::{Listing, Standing};
use crate::domain::reason::Reason;
use crate::domain::reservations::{Outcome, Reservations};
use crate::domain::revision::Revision;
use crate::domain::scheme::{Scheme, SchemeHistory};
use crate::domain::stop::Stop;
use crate::domain::validity::LegalDay;

/// Something that happened to a listing, with the scheme's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// As a lookup would say it.
    pub reason: Reason,
    /// As a lapse is recorded.
    pub lapse: LapseCode,
    /// What becomes of the reservation.
    pub outcome: Outcome,
}

/// What events and age ask of an open reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    /// Why its quantity is to be given back.
    pub lapse: Option<LapseCode>,
    /// Whether customs and the importer are to be reminded of it.
    pub reminded: bool,
    /// Legal day on which its age gives it back.
    pub until: Option<LegalDay>,
}

/// What stands still while events are looked for.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// All schemes.
    pub schemes: &'a [SchemeHistory],
    /// All stops.
    pub stops: &'a [Stop],
    /// The legal day.
    pub day: LegalDay,
    /// The revision.
    pub at: Revision,
}

impl<'a> Setting<'a> {
    /// Returns the scheme of a listing on the day, and whether it is in force.
    #[must_use]
    pub fn scheme(&self, listing: &Listing) -> Option<(&'a Scheme, bool)> {
        self.schemes.get(usize::from(listing.scheme)).and_then(|history| history.on(self.day, self.at))
    }

    /// Says what events and age ask of an open reservation that began on a legal day; of several schemes the strictest
    /// word counts.
    #[must_use]
    pub fn due(&self, enterprise: &Enterprise, head: &Head, begun: LegalDay, ledger: &Ledger<'_>) -> Due {
        let age = self.day.value().saturating_sub(begun.value());
        let past = |days: Option<u16>| days.is_some_and(|days| age >= i32::from(days));
        let mut due = Due::default();
        for (number, share) in &head.shares {
            let Some(listing) = enterprise.listing(*number).filter(|_| share.reserved > 0) else { continue };
            let words = self.scheme(listing).map(|(scheme, _)| scheme.reservations).unwrap_or_default();
            due.reminded |= past(words.remind_after_days);
            let until = words.expire_after_days.map(|days| begun.add_days(i32::from(days)));
            due.until = due.until.into_iter().chain(until).min();
            if past(words.expire_after_days) {
                due.lapse = due.lapse.or(Some(LapseCode::NotFinished));
            }
            let events = self.events(head.enterprise, enterprise, listing, ledger(*number));
            let given_back = events.iter().find(|event| event.outcome == Outcome::GiveBack);
            due.lapse = due.lapse.or(given_back.map(|event| event.lapse));
        }
        due
    }

    /// Lists what happened to a listing, the gravest word first.
    #[must_use]
    pub fn events(&self, uscc: Uscc, enterprise: &Enterprise, listing: &Listing, balance: Balance) -> Vec<Event> {
        let scheme = self.scheme(listing);
        let words = scheme.map_or_else(Reservations::default, |(scheme, _)| scheme.reservations);
        let Some((_, version)) = listing.on(self.day, self.at) else { return Vec::new() };
        let suspended = version.standing == Standing::Suspended;
        let enterprise_suspended = enterprise.on(self.day, self.at).is_some_and(|version| version.suspended);
        let covered = |stop: &Stop| stop.class.covers(uscc, listing.number, &version.terms);
        let stopped = self.stops.iter().any(|stop| stop.holds(self.day, self.at) && covered(stop));
        let removed = version.standing == Standing::Removed;
        let expired = self.day > version.terms.period.to();
        let varied = balance.taken() > version.terms.granted;
        let ended = !scheme.is_some_and(|(_, in_force)| in_force);
        let all = [
            (suspended, Reason::Suspended, LapseCode::Suspended, words.on_suspension),
            (enterprise_suspended, Reason::EnterpriseSuspended, LapseCode::Suspended, words.on_suspension),
            (stopped, Reason::ItemClassStopped, LapseCode::Suspended, words.on_suspension),
            (removed, Reason::Removed, LapseCode::Removed, words.on_removal),
            (expired, Reason::Expired, LapseCode::Expired, words.on_expiry),
            (varied, Reason::QuantityExceedsRemaining, LapseCode::Varied, words.on_variation),
            (ended, Reason::SchemeNotInForce, LapseCode::SchemeEnded, words.on_scheme_end),
        ];
        let mut events: Vec<Event> = all
            .into_iter()
            .filter(|(happened, ..)| *happened)
            .map(|(_, reason, lapse, outcome)| Event { reason, lapse, outcome })
            .collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.outcome));
        events
    }
}
