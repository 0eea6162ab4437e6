//! Who has which case in hand: claimed, released, handed to a colleague.
//!
//! A claim is working state of an organisation. Invariant: a hand-over is on record, a claim alone is not.

use super::{Case, refused, telling};
use crate::app::notices::tell;
use crate::app::repeat::{Repeat, Written};
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::application::event::EventKind;
use crate::domain::application::machine::Who;
use crate::domain::case_rule::CaseRule;
use crate::domain::id::{ApplicationId, PersonId};
use crate::domain::notice::{Addressee, NoticeKind};
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::store::AnyConnection;
use crate::store::application_rows::ApplicationRow;
use crate::store::applications::{self, NewEvent};
use crate::store::keep::claims::{self, ClaimRow};
use crate::store::keep::people;
use crate::store::register;
use serde_json::{Value, json};

impl App {
    /// Takes a case into the caller's hands, out of nobody's.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Refused`] when a colleague has it.
    pub fn claim_case(&self, caller: &Caller, id: ApplicationId) -> Result<Value, AppError> {
        self.in_hand(caller, id, |conn, claim, held| match held {
            Some(held) if held.person != claim.person => Err(refused(CaseRule::Claimed)),
            Some(held) => Ok(Some(held)),
            None => {
                claims::put(conn, &claim)?;
                Ok(Some(claim))
            }
        })
    }

    /// Gives a case out of the caller's hands.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Refused`] when the caller does not have it.
    pub fn release_case(&self, caller: &Caller, id: ApplicationId) -> Result<Value, AppError> {
        self.in_hand(caller, id, |conn, claim, held| match held {
            Some(held) if held.person == claim.person => {
                claims::remove(conn, &held.application, &held.org)?;
                Ok(None)
            }
            Some(_) | None => Err(refused(CaseRule::NotClaimed)),
        })
    }

    fn in_hand(
        &self,
        caller: &Caller,
        id: ApplicationId,
        work: impl FnOnce(&mut AnyConnection, ClaimRow, Option<ClaimRow>) -> Result<Option<ClaimRow>, AppError>
        + Send
        + 'static,
    ) -> Result<Value, AppError> {
        let (at, caller) = (self.clock.now(), caller.clone());
        let case = self.store.read(|conn| Case::open(conn, &caller, id))?;
        if super::act::capacities(&caller, &case).iter().all(|who| *who == Who::Enterprise) {
            return Err(AppError::NotFound);
        }
        let held = self.store.keep(at, move |conn| {
            let person = match register::person_of(conn, &caller.issuer, &caller.subject)? {
                Some(person) => person,
                None => people::find_or_make(conn, &caller.issuer, &caller.subject, at)?,
            };
            let person = person.to_string();
            let held = claims::find(conn, &id.to_string(), &caller.org)?;
            let claim =
                ClaimRow { application: id.to_string(), org: caller.org.to_string(), person, claimed_at: at.micros() };
            Ok(work(conn, claim, held))
        })??;
        Ok(claim_view(&case.row, held.as_ref()))
    }

    /// Hands a case to a colleague; it is on record who handed it to whom.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Refused`] when there is no such person.
    pub fn reassign_case(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        to: PersonId,
        note: Option<String>,
        repeat: Repeat<HandedOver>,
    ) -> Result<Written<HandedOver>, AppError> {
        let caller = caller.clone();
        self.repeatable(self.context(&caller, request_id), repeat, move |tx| {
            let case = Case::open(tx.conn(), &caller, id)?;
            if super::act::capacities(&caller, &case).iter().all(|who| *who == Who::Enterprise) {
                return Err(AppError::NotFound);
            }
            if !people::is_known(tx.conn(), to)? {
                return Err(refused(CaseRule::AssigneeUnknown));
            }
            let before = claims::find(tx.conn(), &case.row.id, &caller.org)?;
            let claim = ClaimRow {
                application: case.row.id.clone(),
                org: caller.org.to_string(),
                person: to.to_string(),
                claimed_at: tx.context().at.micros(),
            };
            claims::put(tx.conn(), &claim)?;
            tell(tx, &telling::about(&case.row, Addressee::Person(to), NoticeKind::CaseAssigned))?;
            let detail = json!({ "from": before.map(|claim| claim.person), "to": to });
            let event = NewEvent { detail: Some(detail), note, hidden: true, ..NewEvent::default() };
            let event = applications::append_event(tx, &case.row, EventKind::HandedOver, event)?;
            Ok(HandedOver {
                revision: Revision(event.revision),
                view: claim_view(&case.row, Some(&claim)),
                id: case.row.id,
            })
        })
    }
}

/// A case that was handed over.
#[derive(Debug, Clone)]
pub struct HandedOver {
    /// Of the event.
    pub revision: Revision,
    /// Its body.
    pub view: Value,
    /// The case.
    pub id: String,
}

fn claim_view(row: &ApplicationRow, claim: Option<&ClaimRow>) -> Value {
    json!({
        "application": row.id,
        "claimed_by": claim.map(|claim| &claim.person),
        "org": claim.map(|claim| &claim.org),
        "claimed_at": claim.map(|claim| Instant::from_micros(claim.claimed_at)),
    })
}
