//! Reopens recorded answers: the question as it was asked, judged again at its revision.

use super::record::{Recorded, read_batch};
use super::{App, AppError};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::id::LookupId;
use crate::domain::lookup::LineAnswer;
use crate::domain::validity::Instant;
use crate::store::keep::answers;
use crate::store::{AnyConnection, StoreError};

/// How far back recorded questions are tried on other rules, microseconds: 90 days.
pub(super) const BACK: i64 = 90 * 86_400_000_000;

/// Recorded answers looked at most for that, the newest first.
const MOST_ANSWERS: usize = 50_000;

/// Roles that see the answers of every office.
const EVERY_OFFICE: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::Auditor]);

/// A page of recorded answers.
#[derive(Debug)]
pub struct AnswerPage {
    /// The answers, oldest first.
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
