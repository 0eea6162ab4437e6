//! A person's open work goes to another of the same organisation: somebody leaves, or is away for long.

use super::persons::{PersonView, governs, person_id, view};
use crate::app::App;
use crate::app::error::AppError;
use crate::app::notices::tell;
use crate::app::repeat::{Repeat, Written};
use crate::domain::actor::Caller;
use crate::domain::application::event::EventKind;
use crate::domain::error::Rule;
use crate::domain::id::PersonId;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::revision::Revision;
use crate::store::applications::{self, NewEvent};
use crate::store::keep::claims::{self, ClaimRow};
use crate::store::keep::notices;
use crate::store::register::{PersonRow, person};
use crate::store::{AnyConnection, StoreError, Tx};
use serde_json::json;

impl App {
    /// Hands everything that waits for one person to another, as seen at a revision; that it was done is on record.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`]; [`AppError::Refused`] for somebody who cannot take it; the
    /// store's failure.
    pub fn hand_over(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (from, seen): (PersonId, Revision),
        to: PersonId,
        repeat: Repeat<PersonView>,
    ) -> Result<Written<PersonView>, AppError> {
        let (context, caller) = (self.context(caller, request_id), caller.clone());
        self.repeatable(context, repeat, move |tx| {
            let row = person(tx.conn(), &from.to_string())?.filter(|row| governs(&caller, &row.org));
            let row = row.ok_or(AppError::NotFound)?;
            if seen.0 != row.revision {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            if from == to {
                return Err(AppError::refused(Rule::SameParty));
            }
            let taker = person(tx.conn(), &to.to_string())?.filter(|taker| taker.active != 0 && taker.org == row.org);
            let taker = person_id(&taker.ok_or_else(|| AppError::refused(Rule::PersonInactive))?.id)?;
            let notices = moved(tx.conn(), from, taker)?;
            let cases = moved_cases(tx, &row.org, from, taker)?;
            let next = PersonRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                recorded_at: tx.context().at.micros(),
                ..row.clone()
            };
            tx.save(next.clone(), Some(&row), "person.handed_over")?;
            let notice = Notice::new(Addressee::Person(taker), NoticeKind::HandOver, "/v1/inbox");
            tell(tx, &notice.with("cases", cases).with("notices", notices))?;
            Ok(view(tx.conn(), next)?)
        })
    }
}

/// Puts the cases that one person has in hand for an organisation into another's, each hand-over on record; returns how many
/// that were.
fn moved_cases(tx: &mut Tx<'_>, org: &str, from: PersonId, to: PersonId) -> Result<usize, AppError> {
    let held = claims::of_person(tx.conn(), org, &from.to_string())?;
    for claim in &held {
        let case = applications::find(tx.conn(), &claim.application)?;
        let case = case.ok_or_else(|| StoreError::Damaged(format!("the case {}", claim.application)))?;
        let claim = ClaimRow { person: to.to_string(), claimed_at: tx.context().at.micros(), ..claim.clone() };
        claims::put(tx.conn(), &claim)?;
        let detail = Some(json!({ "from": from, "to": to }));
        applications::append_event(
            tx,
            &case,
            EventKind::HandedOver,
            NewEvent { detail, hidden: true, ..NewEvent::default() },
        )?;
    }
    Ok(held.len())
}

/// Readdresses what one person was told and has not read to another; returns how much that was.
fn moved(conn: &mut AnyConnection, from: PersonId, to: PersonId) -> Result<usize, StoreError> {
    let (from, to) = (Addressee::Person(from).word(), Addressee::Person(to).word());
    notices::readdress_unread(conn, &from, &to)
}
