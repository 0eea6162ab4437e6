//! What waits for the writer: commands, each with its work and its answer, and draws.
//!
//! It decides nothing about order or grouping; the writer does.

use super::conn::AnyConnection;
use super::desk::DrawJob;
use super::error::StoreError;
use super::tx::{Context, Group, Tx};
use super::writer::Recorded;
use crossbeam_channel::Sender;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A command in the queue.
pub(super) trait Job: Send {
    /// Runs inside the group's transaction; false rolls its savepoint back.
    fn run(&mut self, conn: &mut AnyConnection, group: &mut Group) -> bool;
    /// Tells the caller how it ended; `failure` when the group did not commit.
    fn done(self: Box<Self>, failure: Option<StoreError>);
}

/// What is to be done, and who waits for it.
pub(super) struct Command<T, E, W> {
    work: Option<W>,
    context: Context,
    outcome: Option<Result<Recorded<T>, E>>,
    reply: Sender<Result<Recorded<T>, E>>,
}

impl<T, E, W> Command<T, E, W> {
    pub(super) fn new(context: Context, work: W, reply: Sender<Result<Recorded<T>, E>>) -> Self {
        Self { work: Some(work), context, outcome: None, reply }
    }
}

impl<T, E, W> Job for Command<T, E, W>
where
    T: Send,
    E: From<StoreError> + Send,
    W: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, conn: &mut AnyConnection, group: &mut Group) -> bool {
        let Some(work) = self.work.take() else { return false };
        let mut tx = Tx::new(conn, group, &self.context);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let value = work(&mut tx)?;
            tx.flush()?;
            Ok(value)
        }))
        .unwrap_or_else(|_| Err(StoreError::Broken.into()));
        let revision = tx.last_revision();
        let ok = outcome.is_ok();
        self.outcome = Some(outcome.map(|value| Recorded { value, revision }));
        ok
    }

    fn done(self: Box<Self>, failure: Option<StoreError>) {
        let outcome = match (failure, self.outcome) {
            // What the work itself refused stays refused whatever became of the group.
            (_, Some(Err(error))) => Err(error),
            (Some(failure), _) => Err(failure.into()),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(StoreError::Broken.into()),
        };
        // A caller that gave up waiting needs no answer.
        let _ = self.reply.send(outcome);
    }
}

/// What waits for the writer.
pub(super) enum Waiting {
    /// Casework and working state, one after another.
    Command(Box<dyn Job>),
    /// Draws, together.
    Draw(Box<DrawJob>),
}

/// A draw that found the queue full.
#[must_use]
pub struct Crowded {
    jobs: Arc<Sender<Waiting>>,
    job: Waiting,
}

impl Crowded {
    pub(super) const fn new(jobs: Arc<Sender<Waiting>>, job: Waiting) -> Self {
        Self { jobs, job }
    }

    /// Waits for a place in the queue.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when the writer stops meanwhile.
    pub fn wait(self) -> Result<(), StoreError> {
        self.jobs.send(self.job).map_err(|_| StoreError::Closed)
    }
}
