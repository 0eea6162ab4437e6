//! Whom a change of the list concerns, and what they are told of it.
//!
//! It decides nothing and changes nothing. Invariant: an enterprise is told once of what one adjustment does to it in one
//! way on one day, with every listing named.

use super::covered::holders;
use super::notices::tell;
use super::plan::{Planned, PlannedRow};
use crate::domain::actor::Role;
use crate::domain::adjustment::AdjustmentState;
use crate::domain::code::Uscc;
use crate::domain::id::PersonId;
use crate::domain::listing_number::ListingNumber;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::stop::ItemClass;
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::rows::{AdjustmentRow, EnterpriseRow, ListingRow, StopRow};
use crate::store::{StoreError, Tx};
use std::collections::BTreeMap;

/// Listings that one notice names; of more it says how many.
const NAMED: usize = 20;

/// Who may be asked to confirm something.
const CONFIRMS: Addressee = Addressee::Role(Role::BureauApprover);

/// Tells every enterprise what planned rows do to it.
///
/// # Errors
/// The store's failure.
pub fn of_plan(tx: &mut Tx<'_>, rows: &[Planned], list: &Snapshot) -> Result<(), StoreError> {
    let mut of_listings: BTreeMap<(&str, NoticeKind, i32, &str), Vec<&ListingRow>> = BTreeMap::new();
    for planned in rows {
        match &planned.row {
            PlannedRow::Listing(row) => {
                if let Some(kind) = listing_kind(&row.kind) {
                    let group = (row.enterprise.as_str(), kind, row.effective_on, row.reason_code.as_str());
                    of_listings.entry(group).or_default().push(row);
                }
            }
            PlannedRow::Enterprise(row) => of_enterprise(tx, row)?,
            PlannedRow::Stop(row) if row.stopped != 0 => of_stop(tx, row, NoticeKind::ItemClassStopped, list)?,
            PlannedRow::Stop(row) => of_stop(tx, row, NoticeKind::StopLifted, list)?,
        }
    }
    for ((uscc, kind, effective_on, reason), rows) in of_listings {
        let Some(first) = rows.first() else { continue };
        let about = match rows.len() {
            1 => format!("/v1/listings/{}", first.number),
            _ => format!("/v1/listings?enterprise={uscc}"),
        };
        let notice = Notice::new(enterprise(uscc)?, kind, about)
            .with("listing", named(rows.iter().map(|row| row.number.as_str())))
            .with("item", named(rows.iter().map(|row| row.name_zh.as_str())))
            .with("effective_on", day(effective_on)?)
            .with("reason", reason);
        tell(tx, &notice)?;
    }
    Ok(())
}

fn listing_kind(kind: &str) -> Option<NoticeKind> {
    match kind {
        "added" => Some(NoticeKind::ListingAdded),
        "varied" | "extended" => Some(NoticeKind::ListingVaried),
        "suspended" => Some(NoticeKind::ListingSuspended),
        "reinstated" => Some(NoticeKind::ListingReinstated),
        "removed" => Some(NoticeKind::ListingRemoved),
        // What an earlier change carries on is no news.
        _ => None,
    }
}

fn of_enterprise(tx: &mut Tx<'_>, row: &EnterpriseRow) -> Result<(), StoreError> {
    let kind = match row.kind.as_str() {
        "suspended" => NoticeKind::EnterpriseSuspended,
        "reinstated" => NoticeKind::EnterpriseReinstated,
        "barred" => NoticeKind::EnterpriseBarred,
        "bar_lifted" => NoticeKind::BarLifted,
        _ => return Ok(()),
    };
    let notice = Notice::new(enterprise(&row.uscc)?, kind, format!("/v1/enterprises/{}", row.uscc))
        .with("enterprise", &row.name_zh)
        .with("effective_on", day(row.effective_on)?)
        .with("reason", &row.reason_code);
    let until = row.barred_until.map(day).transpose()?;
    tell(tx, &until.into_iter().fold(notice, |notice, until| notice.with("until", until)))
}

/// Tells every enterprise that a stop concerns how it stands.
///
/// # Errors
/// The store's failure.
pub fn of_stop(tx: &mut Tx<'_>, row: &StopRow, kind: NoticeKind, list: &Snapshot) -> Result<(), StoreError> {
    let class: ItemClass = serde_json::from_str(&row.class).map_err(StoreError::damaged)?;
    let today = tx.context().at.day();
    // A stop that holds for every day is told of with today.
    let from = LegalDay::from_value(row.effective_on).map_or(today, |from| from.max(today));
    let mut concerned = holders(list, &class, from);
    if let ItemClass::Enterprise(uscc) = &class {
        concerned.entry(*uscc).or_default();
    }
    for (uscc, numbers) in concerned {
        let numbers: Vec<String> = numbers.iter().map(ListingNumber::to_string).collect();
        let notice = Notice::new(Addressee::Enterprise(uscc), kind, format!("/v1/listings?enterprise={uscc}"))
            .with("stop", &row.id)
            .with("scope", scope(&class))
            .with("listing", named(numbers.iter().map(String::as_str)))
            .with("effective_on", from)
            .with("reason", &row.reason_code);
        tell(tx, &notice)?;
    }
    Ok(())
}

/// Tells whoever may confirm a stop that it waits, and until when.
///
/// # Errors
/// The store's failure.
pub fn stop_to_confirm(tx: &mut Tx<'_>, row: &StopRow) -> Result<(), StoreError> {
    let until = row.expires_at.map(Instant::from_micros);
    let notice = about_stop(row, CONFIRMS, NoticeKind::StopToConfirm);
    tell(tx, &until.into_iter().fold(notice, |notice, until| notice.with("until", until)))
}

/// Tells the bureau that a stop has lifted because nobody confirmed it.
///
/// # Errors
/// The store's failure.
pub fn stop_lapsed(tx: &mut Tx<'_>, row: &StopRow) -> Result<(), StoreError> {
    for role in [Role::BureauOfficer, Role::BureauApprover] {
        tell(tx, &about_stop(row, Addressee::Role(role), NoticeKind::StopLapsed))?;
    }
    Ok(())
}

/// Names what the bureau is told when the day of review of a stop has come.
#[must_use]
pub fn stop_to_review(row: &StopRow, day: LegalDay) -> Vec<Notice> {
    let notice = |role| about_stop(row, Addressee::Role(role), NoticeKind::StopToReview).with("due_on", day);
    [Role::BureauOfficer, Role::BureauApprover].into_iter().map(notice).collect()
}

fn about_stop(row: &StopRow, to: Addressee, kind: NoticeKind) -> Notice {
    Notice::new(to, kind, format!("/v1/stops/{}", row.id)).with("stop", &row.id)
}

/// Tells whoever may confirm an adjustment that it waits.
///
/// # Errors
/// The store's failure.
pub fn adjustment_proposed(tx: &mut Tx<'_>, row: &AdjustmentRow) -> Result<(), StoreError> {
    let notice = Notice::new(CONFIRMS, NoticeKind::AdjustmentProposed, format!("/v1/adjustments/{}", row.id));
    tell(tx, &notice.with("adjustment", &row.id).with("changes", row.change_count))
}

/// Tells the proposer of an adjustment what became of it; the service itself needs no telling.
///
/// # Errors
/// The store's failure.
pub fn adjustment_decided(tx: &mut Tx<'_>, row: &AdjustmentRow) -> Result<(), StoreError> {
    let Ok(proposer) = PersonId::parse(&row.proposed_by) else { return Ok(()) };
    let outcome = match AdjustmentState::parse(&row.state) {
        Some(state @ (AdjustmentState::Confirmed | AdjustmentState::Rejected | AdjustmentState::Lapsed)) => state,
        // Who withdraws it knows.
        Some(AdjustmentState::Withdrawn | AdjustmentState::Proposed) | None => return Ok(()),
    };
    let about = format!("/v1/adjustments/{}", row.id);
    let notice = Notice::new(Addressee::Person(proposer), NoticeKind::AdjustmentDecided, about);
    tell(tx, &notice.with("adjustment", &row.id).with("outcome", outcome.as_str()))
}

/// Names an enterprise.
///
/// # Errors
/// [`StoreError::Damaged`] for what is no USCC.
pub fn enterprise(uscc: &str) -> Result<Addressee, StoreError> {
    Uscc::parse(uscc).map(Addressee::Enterprise).map_err(|_| StoreError::damaged("a USCC"))
}

fn scope(class: &ItemClass) -> String {
    let subject = class.subject();
    match class {
        ItemClass::Cas(_) => format!("CAS {subject}"),
        ItemClass::HsPrefix(_) => format!("HS {subject}"),
        ItemClass::Purpose(_) | ItemClass::Listing(_) | ItemClass::Enterprise(_) => subject,
    }
}

/// Names the first of several and says how many more there are.
pub fn named<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let joined = names.join("、");
    if more == 0 { joined } else { format!("{joined} … (+{more})") }
}

fn day(value: i32) -> Result<LegalDay, StoreError> {
    LegalDay::from_value(value).ok_or_else(|| StoreError::damaged("a legal day"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_names_some_listings_and_counts_the_rest() {
        let many: Vec<String> = (1..=23).map(|number| number.to_string()).collect();
        let text = named(many.iter().map(String::as_str));
        assert!(text.starts_with("1、2、") && text.ends_with("、20 … (+3)"), "{text}");
        assert_eq!(named(["BJ"].into_iter()), "BJ");
    }
}
