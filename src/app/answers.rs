//! Reopens recorded answers: the question as it was asked, judged again at its revision.

use super::record::{Recorded, read_batch};
use super::{App, AppError};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::id::LookupId;
use crate::domain::lookup::LineAnswer;
use crate::domain::validity::Instant;
use crate::store::keep::answers;
use crate::store::{AnyConnection, StoreError, register};

/// How far back recorded questions are tried on other rules, microseconds: 90 days.
pub(super) const BACK: i64 = 90 * 86_400_000_000;

/// Recorded answers looked at most for that, the newest first.
const MOST_ANSWERS: usize = 50_000;

/// Roles that see the answers of every office.
const EVERY_OFFICE: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::Auditor]);

/// A page of recorded answers.
#[derive(Debug)]
pub struct AnswerPage {
    /// The answers in their order.
    pub answers: Vec<Recorded>,
    /// Where the next page begins.
    pub next: Option<LookupId>,
}

impl App {
    /// Finds a recorded answer; customs see their own only.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none for this caller.
    pub fn recorded_answer(&self, caller: &Caller, id: LookupId) -> Result<Recorded, AppError> {
        let found = self.store.read(|conn| find(conn, id))?;
        found.filter(|answer| sees(caller, answer)).ok_or(AppError::NotFound)
    }

    /// Lists the answers about a declaration.
    ///
    /// # Errors
    /// The store's failure.
    pub fn answers_about(
        &self,
        caller: &Caller,
        declaration: &str,
        after: Option<LookupId>,
        limit: usize,
    ) -> Result<AnswerPage, AppError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        self.store.read(|conn| {
            let mut ids = answers::about(conn, declaration, &after, most)?;
            let more = ids.len() > limit;
            ids.truncate(limit);
            let last = ids.last().and_then(|id| LookupId::parse(id).ok());
            let mut found = Vec::new();
            for id in ids.iter().filter_map(|id| LookupId::parse(id).ok()) {
                found.extend(find(conn, id)?.filter(|answer| sees(caller, answer)));
            }
            Ok(AnswerPage { answers: found, next: last.filter(|_| more) })
        })
    }

    /// Lists the answers of the last 90 days that a caller asked for, newest first, from before a given one.
    ///
    /// # Errors
    /// The store's failure.
    pub fn answers_to(&self, caller: &Caller, before: Option<LookupId>, limit: usize) -> Result<AnswerPage, AppError> {
        let since = self.clock.now().micros().saturating_sub(BACK);
        let mut cursor = before.map(|id| id.to_string());
        self.store.read(|conn| {
            let Some(me) = register::person_of(conn, &caller.issuer, &caller.subject)? else {
                return Ok(AnswerPage { answers: Vec::new(), next: None });
            };
            let (mut found, mut seen) = (Vec::new(), 0_usize);
            while seen < MOST_ANSWERS && found.len() <= limit {
                let Some(batch) = answers::before(conn, cursor.as_deref(), since)? else { break };
                let mut recorded = read_batch(&batch)?;
                seen = seen.saturating_add(recorded.len());
                let mine =
                    |answer: &Recorded| answer.asker == Some(me) && before.is_none_or(|before| answer.id < before);
                recorded.retain(mine);
                recorded.sort_by_key(|answer| std::cmp::Reverse(answer.id));
                found.extend(recorded);
                cursor = Some(batch.first_id);
            }
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|answer| answer.id);
            Ok(AnswerPage { answers: found, next })
        })
    }

    /// Judges a recorded question again at its revision and hands the lines on.
    pub fn reopened<R>(&self, recorded: &Recorded, render: impl FnOnce(&[LineAnswer<'_>]) -> R) -> R {
        self.replay(recorded);
        let snapshot = self.index.load();
        render(&snapshot.judge(&recorded.declaration, &recorded.lines, recorded.revision))
    }
}

/// Reads the recorded answers of the last 90 days that are wanted, newest stretch first.
pub(super) fn recent(
    conn: &mut AnyConnection,
    at: Instant,
    wanted: impl Fn(&Recorded) -> bool,
) -> Result<Vec<Recorded>, StoreError> {
    let (mut found, mut seen, mut cursor) = (Vec::new(), 0_usize, None::<String>);
    while seen < MOST_ANSWERS {
        let Some(batch) = answers::before(conn, cursor.as_deref(), at.micros().saturating_sub(BACK))? else { break };
        let recorded = read_batch(&batch)?;
        seen = seen.saturating_add(recorded.len());
        found.extend(recorded.into_iter().filter(|answer| wanted(answer)));
        cursor = Some(batch.first_id);
    }
    Ok(found)
}

/// Reads the answers about a declaration, oldest first, so many at most.
///
/// # Errors
/// The database's failure.
pub(super) fn all_about(conn: &mut AnyConnection, declaration: &str, most: i64) -> Result<Vec<Recorded>, StoreError> {
    let mut found = Vec::new();
    for id in answers::about(conn, declaration, "", most)? {
        if let Ok(id) = LookupId::parse(&id) {
            found.extend(find(conn, id)?);
        }
    }
    Ok(found)
}

/// Whether an answer is for a caller who may read answers.
pub(super) fn sees(caller: &Caller, answer: &Recorded) -> bool {
    caller.holds_any(EVERY_OFFICE) || *caller.org == *answer.org
}

fn find(conn: &mut AnyConnection, id: LookupId) -> Result<Option<Recorded>, StoreError> {
    for row in answers::around(conn, &id.to_string())? {
        if let Some(answer) = read_batch(&row)?.into_iter().find(|answer| answer.id == id) {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}
