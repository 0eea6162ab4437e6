//! What people are told of draws: reservations that nobody finishes, those that lapsed, releases against the answer.
//!
//! A lapse and a release by hand are told in the transaction that books them; reminders by the sweep, each once.

use super::open::Open;
use crate::app::notices::tell;
use crate::domain::actor::Role;
use crate::domain::code::Uscc;
use crate::domain::draw::events::Due;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::store::declarations::DeclarationRow;
use crate::store::manual_releases::ManualReleaseRow;
use crate::store::{StoreError, Tx};

/// Tells importer, office and bureau that a reservation has lapsed.
///
/// # Errors
/// The database's failure.
pub fn lapsed(tx: &mut Tx<'_>, row: &DeclarationRow, importer: Uscc) -> Result<(), StoreError> {
    let reason = row.reason_code.as_deref().unwrap_or_default();
    let concerned = [
        Addressee::Enterprise(importer),
        Addressee::Org(row.customs_office.clone()),
        Addressee::Role(Role::BureauOfficer),
    ];
    concerned
        .into_iter()
        .try_for_each(|to| tell(tx, &about(to, NoticeKind::ReservationLapsed, &row.number).with("reason", reason)))
}

/// Tells the bureau that there is a release to review.
///
/// # Errors
/// The database's failure.
pub fn released_by_hand(tx: &mut Tx<'_>, row: &ManualReleaseRow) -> Result<(), StoreError> {
    let (to, place) = (Addressee::Role(Role::BureauOfficer), format!("/v1/manual-releases/{}", row.id));
    tell(tx, &Notice::new(to, NoticeKind::ManualReleaseToReview, place).with("declaration", &row.declaration))
}

/// Words the reminder of a reservation to importer and office, each with the words under which it is told once.
#[must_use]
pub fn reminders(open: &Open, due: &Due) -> Vec<(String, Notice)> {
    let number = open.number.to_string();
    let concerned = [Addressee::Enterprise(open.head.enterprise), Addressee::Org(open.head.customs_office.to_string())];
    let notices = concerned.into_iter().map(|to| {
        let once = format!("reservation:{number}:{}:{}", open.begun, to.word());
        let notice = match due.until {
            Some(until) => about(to, NoticeKind::ReservationExpiring, &number).with("until", until),
            None => about(to, NoticeKind::ReservationUnfinished, &number).with("since", open.begun),
        };
        (once, notice)
    });
    notices.collect()
}

fn about(to: Addressee, kind: NoticeKind, declaration: &str) -> Notice {
    Notice::new(to, kind, format!("/v1/declarations/{declaration}")).with("declaration", declaration)
}
