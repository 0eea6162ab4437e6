//! Draws: commands that are decided together, in bulk, in the transaction of a group.
//!
//! The store brings them to a desk that knows the rules and carries out nothing by itself. One savepoint holds all
//! draws of a group: a refused one changes nothing, a failure of the database undoes them all and leaves the casework
//! of the group alone.

use super::conn::AnyConnection;
use super::declarations::DeclarationRow;
use super::error::StoreError;
use super::tx::{Context, Group, Tx};
use crate::domain::draw::{Command, Refusal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A command about a declaration, and who asks.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Who, when, in which request.
    pub context: Context,
    /// What is asked for.
    pub command: Command,
}

/// What an accepted command is answered with.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The version that it left behind, or the one it is answered with.
    pub row: Arc<DeclarationRow>,
    /// Whether a later message was applied before.
    pub superseded: bool,
}

/// What becomes of a draw.
pub type Outcome = Result<Drawn, Refusal>;

/// Decides draws in order of arrival; what one leaves behind the next one sees.
pub trait Desk: Send {
    /// Decides and saves; answers one outcome for each draw.
    ///
    /// # Errors
    /// The store's failure, which undoes all of them.
    fn decide<'g>(&mut self, tx: &mut Tx<'g>, draws: &'g [Draw]) -> Result<Vec<Outcome>, StoreError>;

    /// Told once what was decided last is committed; says whether the list in memory is level with it already.
    fn committed(&mut self) -> bool;
}

/// Is told what became of a draw, on the writer's thread: it must not wait.
pub(super) type Reply = Box<dyn FnOnce(Result<Outcome, StoreError>) + Send>;

/// A draw in the queue.
pub(super) struct DrawJob {
    pub(super) draw: Draw,
    pub(super) reply: Reply,
}

/// Draws of one group, and what became of them.
#[derive(Default)]
pub(super) struct Draws {
    pub(super) draws: Vec<Draw>,
    pub(super) replies: Vec<Reply>,
    outcomes: Option<Result<Vec<Outcome>, StoreError>>,
}

impl Draws {
    /// Decides all of them; false rolls their savepoint back.
    pub(super) fn run(
        &mut self,
        desk: Option<&mut Box<dyn Desk>>,
        conn: &mut AnyConnection,
        group: &mut Group,
    ) -> bool {
        let (Some(desk), Some(first)) = (desk, self.draws.first()) else { return false };
        let mut tx = Tx::new(conn, group, &first.context);
        let outcomes = catch_unwind(AssertUnwindSafe(|| {
            let outcomes = desk.decide(&mut tx, &self.draws)?;
            tx.flush()?;
            Ok(outcomes)
        }))
        .unwrap_or(Err(StoreError::Broken));
        let ok = outcomes.is_ok();
        if let Err(error) = &outcomes {
            tracing::error!(%error, draws = self.draws.len(), "the draws of a group were undone");
        }
        self.outcomes = Some(outcomes);
        ok
    }

    /// Says whether they were decided and their savepoint kept.
    pub(super) fn decided(&self) -> bool {
        matches!(self.outcomes, Some(Ok(_)))
    }

    pub(super) fn done(self, failure: impl Fn() -> Option<StoreError>) {
        let mut outcomes = self.outcomes.and_then(Result::ok).unwrap_or_default().into_iter();
        for reply in self.replies {
            let outcome = match (failure(), outcomes.next()) {
                (Some(failure), _) => Err(failure),
                (None, Some(outcome)) => Ok(outcome),
                (None, None) => Err(StoreError::Broken),
            };
            reply(outcome);
        }
    }
}
