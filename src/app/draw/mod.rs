//! Draws: the desk that decides them in bulk, their rows, and what readers are shown of them.

mod board;
pub mod desk;
pub mod messages;
pub mod open;
pub(super) mod read;
pub mod review;
pub mod rows;
pub mod table;
pub mod telling;
pub mod view;

pub use crate::store::desk::Drawn;
pub use board::DeclarationQuery;

use super::App;
use super::error::AppError;
use crate::domain::actor::Caller;
use crate::domain::draw::{Command, REPORTED_WITHIN};
use crate::domain::fault::FaultCode;
use crate::domain::revision::Revision;
use crate::store::desk::{Draw, Outcome};
use crate::store::{Crowded, StoreError};
use std::time::Duration;

/// How long a draw waits at most until the list here has followed.
pub const FOLLOWS_WITHIN: Duration = Duration::from_secs(2);

/// First digits of an office or organisation that name its directly-affiliated customs (直属海关).
#[must_use]
pub fn customs_of(office: &str) -> Option<&str> {
    let own = office.len() == 4 && office.bytes().all(|byte| byte.is_ascii_digit());
    office.get(..2).filter(|_| own)
}

impl App {
    /// Carries out a command about a declaration; the answer is durable.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for an office of another customs; [`AppError::Faults`] for an instant that cannot be
    /// reported; [`AppError::Draw`] with the refusal; the store's failure.
    pub fn draw(&self, caller: &Caller, request_id: Option<String>, command: Command) -> Result<Drawn, AppError> {
        let draw = self.drawable(caller, request_id, command)?;
        let drawn = self.store.draw(draw)?.map_err(AppError::Draw)?;
        // A follower that is late only means that the answer names a revision that is still to come here.
        let _ = self.index.wait_for(Revision(drawn.row.revision), FOLLOWS_WITHIN);
        Ok(drawn)
    }

    /// The same for who must not wait: `reply` is told on another thread, before the list here has surely followed.
    /// Answers what must be brought in by who may wait, when the queue is full.
    ///
    /// # Errors
    /// As [`draw`](Self::draw), here or in the reply.
    pub fn draw_then(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        command: Command,
        reply: impl FnOnce(Result<Drawn, AppError>) + Send + 'static,
    ) -> Result<Option<Crowded>, AppError> {
        let draw = self.drawable(caller, request_id, command)?;
        let told = |outcome: Result<Outcome, StoreError>| {
            reply(outcome.map_err(AppError::from).and_then(|outcome| outcome.map_err(AppError::Draw)));
        };
        Ok(self.store.draw_then(draw, told)?)
    }

    fn drawable(&self, caller: &Caller, request_id: Option<String>, command: Command) -> Result<Draw, AppError> {
        let office = command.number.office().to_string();
        if customs_of(&caller.org).is_none_or(|own| customs_of(&office) != Some(own)) {
            return Err(AppError::Forbidden);
        }
        let context = self.context(caller, request_id);
        if let Some(occurred) = command.occurred_at {
            let fault = match context.at.micros().saturating_sub(occurred.micros()) {
                ago if ago < 0 => Some(FaultCode::OccurredInFuture),
                ago if ago > REPORTED_WITHIN => Some(FaultCode::OccurredTooLongAgo),
                _ => None,
            };
            if let Some(fault) = fault {
                return Err(AppError::Faults(vec![("/occurred_at".to_owned(), fault)]));
            }
        }
        Ok(Draw { context, command })
    }
}
