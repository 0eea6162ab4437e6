//! Reminders of an expiry: due and not yet sent, so that a missed run catches up and each is sent once.

use crate::app::App;
use crate::app::error::AppError;
use crate::app::notices::tell_once;
use crate::domain::code::Uscc;
use crate::domain::listing::Status;
use crate::domain::listing_number::ListingNumber;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::keep::reminders::{self, Reminder};
use std::collections::{BTreeMap, BTreeSet};

/// Listings looked at at once.
const STRIDE: usize = 500;

impl App {
    /// Sends every reminder of an expiry that is due and was not sent.
    ///
    /// # Errors
    /// The store's failure.
    pub fn remind_of_expiry(&self, at: Instant) -> Result<usize, AppError> {
        let mut sent = 0_usize;
        for due in self.expiry_due(at.day()).chunks(STRIDE) {
            let subjects: Vec<String> = due.iter().map(|due| due.listing.to_string()).collect();
            let known = self.store.read(|conn| reminders::sent(conn, &subjects))?;
            let new = unsent(due, &known, at);
            if new.is_empty() {
                continue;
            }
            sent = sent.saturating_add(self.store.keep(at, move |conn| {
                // Another node may have sent some meanwhile.
                let known: BTreeSet<(String, String, i32)> = reminders::sent(conn, &subjects)?
                    .into_iter()
                    .map(|sent| (sent.subject, sent.kind, sent.due_on))
                    .collect();
                let mut count = 0_usize;
                // Of several that are due at once, because runs were missed, the holder reads one.
                let mut told: BTreeMap<ListingNumber, Notice> = BTreeMap::new();
                for (listing, reminder, notice) in new {
                    if known.contains(&(reminder.subject.clone(), reminder.kind.clone(), reminder.due_on)) {
                        continue;
                    }
                    reminders::insert(conn, &reminder)?;
                    told.insert(listing, notice);
                    count = count.saturating_add(1);
                }
                for (listing, notice) in told {
                    let once = format!("expiring:{listing}:{}:{}", at.day(), notice.kind.as_str());
                    tell_once(conn, at, &once, &notice)?;
                }
                Ok(count)
            })?);
        }
        Ok(sent)
    }

    /// Lists what should have been sent by a day about listings in force.
    fn expiry_due(&self, today: LegalDay) -> Vec<ExpiryDue> {
        let snapshot = self.index.snapshot();
        let mut all = Vec::new();
        for (holder, listing) in snapshot.each_listing() {
            let history = snapshot.schemes().get(usize::from(listing.scheme));
            let Some((scheme, _)) = history.and_then(|history| history.on(today, Revision::NEWEST)) else { continue };
            let Some((_, now)) = listing.on(today, Revision::NEWEST) else { continue };
            if now.status(today) != Status::InForce {
                continue;
            }
            let valid_to = now.terms.period.to();
            for days in &scheme.supervision.expiry_reminder_days {
                let due_on = valid_to.add_days(-i32::from(*days));
                if due_on <= today {
                    all.push(ExpiryDue { holder, listing: listing.number, valid_to, days: *days, due_on });
                }
            }
        }
        all.sort_by_key(|due| (due.listing, due.due_on));
        all
    }
}

/// A reminder that should have been sent.
struct ExpiryDue {
    holder: Uscc,
    listing: ListingNumber,
    valid_to: LegalDay,
    days: u16,
    due_on: LegalDay,
}

fn unsent(due: &[ExpiryDue], known: &[Reminder], at: Instant) -> Vec<(ListingNumber, Reminder, Notice)> {
    let reminders = due.iter().map(|due| {
        let reminder = Reminder {
            subject: due.listing.to_string(),
            kind: format!("expiry_{}", due.days),
            due_on: due.due_on.value(),
            sent_at: at.micros(),
        };
        let about = format!("/v1/listings/{}", due.listing);
        let left = due.valid_to.value().saturating_sub(at.day().value());
        let notice = Notice::new(Addressee::Enterprise(due.holder), NoticeKind::ListingExpiring, about)
            .with("listing", due.listing)
            .with("valid_to", due.valid_to)
            .with("days", left);
        (due.listing, reminder, notice)
    });
    reminders
        .filter(|(_, new, _)| {
            !known.iter().any(|sent| (&sent.subject, &sent.kind, sent.due_on) == (&new.subject, &new.kind, new.due_on))
        })
        .collect()
}
