//! What was recorded about a thing after somebody saw it: for who acts on a stale screen.
//!
//! It names events and the members that they changed, never values: whoever may see those reads the thing again.
//! Invariant: nothing is said of another thing than the one that was refused, and an applicant is told of no step that its
//! timeline does not show.

use super::report::own;
use super::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::revision::Revision;
use crate::store::application_rows::ApplicationRow;
use crate::store::{AnyConnection, Fact as _, StoreError, applications, log};
use crate::tlog::entry::{Entity, Entry};
use std::collections::BTreeSet;

/// Entries looked through at most; who saw something longer ago is told the newest of what happened.
const LOOK_BACK: i64 = 2_000;

/// Steps told at most.
const MOST: usize = 20;

/// One change of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Revision of its entry.
    pub revision: Revision,
    /// What happened, as the log names it.
    pub event: String,
    /// When, as the log writes it.
    pub at: String,
    /// JSON pointers of the members that changed.
    pub members: Vec<String>,
}

impl App {
    /// Adds to [`AppError::StaleVersion`] what happened since `seen`, as far as the caller may know; every other error passes
    /// unchanged.
    #[must_use]
    pub fn overtaken(&self, error: AppError, caller: &Caller, seen: Option<Revision>) -> AppError {
        let (AppError::StaleVersion(now), Some(seen)) = (&error, seen) else { return error };
        // Without the steps the refusal is as true.
        match self.store.read(|conn| steps(conn, caller, seen, *now)) {
            Ok(steps) if !steps.is_empty() => AppError::Overtaken(*now, steps),
            Ok(_) | Err(_) => error,
        }
    }
}

/// Reads what was recorded about the thing of the entry `now` since `seen`, newest first.
fn steps(conn: &mut AnyConnection, caller: &Caller, seen: Revision, now: Revision) -> Result<Vec<Step>, StoreError> {
    let after = seen.0.max(now.0.saturating_sub(LOOK_BACK));
    let rows = if after < now.0 { log::list_entries(conn, after, now.0.saturating_sub(after))? } else { Vec::new() };
    let entry = |leaf: &[u8]| Entry::from_leaf(leaf).map_err(StoreError::damaged);
    let Some(last) = rows.last().filter(|row| row.revision == now.0) else { return Ok(Vec::new()) };
    let thing = entry(&last.leaf)?.entity;
    let hidden = hidden(conn, caller, &thing)?;
    let mut steps = Vec::new();
    for row in rows.iter().rev().filter(|row| !hidden.contains(&row.revision)) {
        let entry = entry(&row.leaf)?;
        if (&entry.entity.kind, &entry.entity.id) == (&thing.kind, &thing.id) {
            let members = entry.changes.into_iter().map(|change| change.path).collect();
            steps.push(Step { revision: Revision(row.revision), event: entry.event, at: entry.at, members });
            if steps.len() == MOST {
                break;
            }
        }
    }
    Ok(steps)
}

/// Finds the entries of a case that its applicant is not told of.
fn hidden(conn: &mut AnyConnection, caller: &Caller, thing: &Entity) -> Result<BTreeSet<i64>, StoreError> {
    if thing.kind != ApplicationRow::KIND || own(caller).is_none() {
        return Ok(BTreeSet::new());
    }
    let events = applications::events(conn, &thing.id)?.into_iter().filter(|event| event.visible_to_applicant == 0);
    // A case moves in the entry behind that of its event.
    Ok(events.map(|event| event.revision.saturating_add(1)).collect())
}
