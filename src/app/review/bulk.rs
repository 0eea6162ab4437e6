//! Several proposed decisions taken at once: each on the case as it was seen, with its own entries, or none of them.

use super::act::carry_out;
use super::refused_at;
use crate::app::error::Refusal;
use crate::app::repeat::{Repeat, Written};
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::case_rule::CaseRule;
use crate::domain::id::ApplicationId;
use crate::domain::revision::Revision;
use serde_json::{Value, json};

/// Cases that one request may decide.
pub const MOST_CASES: usize = 100;

/// A case, and the revision at which it was seen.
pub type CaseSeen = (ApplicationId, Revision);

/// What was decided at once.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Of the last entry.
    pub revision: Revision,
    /// Its body.
    pub view: Value,
}

impl App {
    /// Decides as proposed on several cases, each as the caller saw it at a revision.
    ///
    /// # Errors
    /// [`AppError::Refused`] with a pointer to every case that stands against it: moved on, in another state, or refused by
    /// a rule; the store's failure.
    pub fn decide_cases(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        cases: Vec<CaseSeen>,
        note: Option<String>,
        repeat: Repeat<Decided>,
    ) -> Result<Written<Decided>, AppError> {
        let (caller, calendar) = (caller.clone(), self.working_calendar());
        self.repeatable(self.context(&caller, request_id), repeat, move |tx| {
            let (mut refusals, mut items, mut last) = (Vec::new(), Vec::new(), Revision(0));
            for (place, (id, seen)) in cases.into_iter().enumerate() {
                let pointer = format!("/cases/{place}");
                let act = super::Act::Decide { note: note.clone() };
                match carry_out(tx, &caller, id, seen, act, &calendar) {
                    Ok(row) => {
                        tx.flush()?;
                        last = Revision(row.revision);
                        items.push(json!({ "application": row.id, "revision": row.revision, "state": row.state }));
                    }
                    Err(AppError::Refused(rules)) => {
                        refusals
                            .extend(rules.into_iter().map(|refusal| Refusal { pointer: pointer.clone(), ..refusal }));
                    }
                    Err(AppError::StaleVersion(_)) => refusals.push(refused_at(pointer, CaseRule::CaseMoved)),
                    Err(AppError::Conflict(_) | AppError::NotFound) => {
                        refusals.push(refused_at(pointer, CaseRule::NotProposed));
                    }
                    Err(error) => return Err(error),
                }
            }
            if refusals.is_empty() {
                Ok(Decided { revision: last, view: json!({ "items": items }) })
            } else {
                Err(AppError::Refused(refusals))
            }
        })
    }
}
