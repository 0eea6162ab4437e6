//! Answers customs: freshness, the answer, its record. No lock, no database.

use super::record::Record;
use super::{App, AppError};
use crate::domain::code::Uscc;
use crate::domain::id::{LookupId, time_ordered};
use crate::domain::lang::Lang;
use crate::domain::lookup::{Declaration, Line, LineAnswer};
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use std::sync::Arc;
use std::time::Duration;

/// An answer with what identifies it.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// Its id.
    pub id: LookupId,
    /// Revision it was answered from.
    pub revision: Revision,
    /// When.
    pub answered_at: Instant,
    /// One answer per line, in the order asked.
    pub lines: &'a [LineAnswer<'a>],
}

/// Issuer and subject of a token.
pub type Account = (Arc<str>, Arc<str>);

/// Who asks, and how; cloning copies no text.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The organisation.
    pub org: Arc<str>,
    /// Who asks; none for a command.
    pub account: Option<Account>,
    /// Language of the answer.
    pub lang: Lang,
    /// The node's uptime when the question came.
    pub since: Duration,
}

/// What was made of an answer for the caller.
#[derive(Debug)]
pub struct Rendered<R> {
    /// What the caller gets.
    pub value: R,
    /// SHA-256 of the answered lines, byte for byte.
    pub digest: [u8; 32],
}

impl App {
    /// Answers one line; `render` writes the answer while the snapshot is held.
    ///
    /// # Errors
    /// [`AppError::StaleNode`], [`AppError::NotYetCurrent`] for a revision still to come, [`AppError::Unrecorded`].
    pub fn ask_one<R>(
        &self,
        asker: &Asker,
        declaration: &Declaration,
        line: &Line,
        as_of: Option<Revision>,
        render: impl FnOnce(&Answered<'_>) -> Rendered<R>,
    ) -> Result<R, AppError> {
        self.fresh()?;
        let snapshot = self.index.load();
        let revision = answered_revision(snapshot.revision(), as_of)?;
        let answer = snapshot.judge_one(declaration, line, revision);
        let answered = self.answered(revision, std::slice::from_ref(&answer));
        self.recorded(&answered, asker, declaration, std::slice::from_ref(line), render)
    }

    /// Answers all lines of a declaration together.
    ///
    /// # Errors
    /// As [`App::ask_one`].
    pub fn ask<R>(
        &self,
        asker: &Asker,
        declaration: &Declaration,
        lines: &[Line],
        as_of: Option<Revision>,
        render: impl FnOnce(&Answered<'_>) -> Rendered<R>,
    ) -> Result<R, AppError> {
        self.fresh()?;
        let snapshot = self.index.load();
        let revision = answered_revision(snapshot.revision(), as_of)?;
        let answers = snapshot.judge(declaration, lines, revision);
        let answered = self.answered(revision, &answers);
        self.recorded(&answered, asker, declaration, lines, render)
    }

    /// Writes the answer and puts it on record; one that cannot be recorded is not given where that is the choice.
    fn recorded<R>(
        &self,
        answered: &Answered<'_>,
        asker: &Asker,
        declaration: &Declaration,
        lines: &[Line],
        render: impl FnOnce(&Answered<'_>) -> Rendered<R>,
    ) -> Result<R, AppError> {
        let Rendered { value, digest } = render(answered);
        let took = self.clock.uptime().saturating_sub(asker.since);
        if self.recorder.record(|| Record::new(answered, asker, declaration, lines, digest, took)) {
            Ok(value)
        } else {
            Err(AppError::Unrecorded)
        }
    }

    /// Lets an enterprise try a declaration of its own: the same judgement, no customs answer, no record.
    ///
    /// # Errors
    /// As [`App::ask_one`]; [`AppError::Forbidden`] for a line of another enterprise, known or not.
    pub fn dry_run<R>(
        &self,
        enterprise: Uscc,
        declaration: &Declaration,
        lines: &[Line],
        render: impl FnOnce(&Answered<'_>) -> R,
    ) -> Result<R, AppError> {
        if lines.iter().any(|line| line.enterprise != enterprise) {
            return Err(AppError::Forbidden);
        }
        self.fresh()?;
        let snapshot = self.index.load();
        let revision = snapshot.revision();
        let answers = snapshot.judge(declaration, lines, revision);
        Ok(render(&self.answered(revision, &answers)))
    }

    fn answered<'a>(&self, revision: Revision, lines: &'a [LineAnswer<'a>]) -> Answered<'a> {
        let answered_at = self.clock.now();
        let bits = uuid::Uuid::new_v4().into_bytes();
        let random = bits.first_chunk::<10>().copied().unwrap_or_default();
        Answered { id: LookupId::new(time_ordered(answered_at, random)), revision, answered_at, lines }
    }
}

fn answered_revision(newest: Revision, as_of: Option<Revision>) -> Result<Revision, AppError> {
    match as_of {
        Some(asked) if asked > newest => Err(AppError::NotYetCurrent),
        Some(asked) => Ok(asked),
        None => Ok(newest),
    }
}
