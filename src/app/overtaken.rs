//! What was recorded about a thing after somebody saw it: for who acts on a stale screen.
//!
//! It names events and the members that they changed, never values: whoever may see those reads the thing again.
//! Invariant: nothing is said of another thing than the one that was refused.

use super::{App, AppError};
use crate::domain::revision::Revision;
use crate::store::{AnyConnection, StoreError, log};
use crate::tlog::entry::Entry;

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
    /// Adds to [`AppError::StaleVersion`] what happened since `seen`; every other error passes unchanged.
    #[must_use]
    pub fn overtaken(&self, error: AppError, seen: Option<Revision>) -> AppError {
        let (AppError::StaleVersion(now), Some(seen)) = (&error, seen) else { return error };
        // Without the steps the refusal is as true.
        match self.store.read(|conn| steps(conn, seen, *now)) {
            Ok(steps) if !steps.is_empty() => AppError::Overtaken(*now, steps),
            Ok(_) | Err(_) => error,
        }
    }
}

/// Reads what was recorded about the thing of the entry `now` since `seen`, newest first.
fn steps(conn: &mut AnyConnection, seen: Revision, now: Revision) -> Result<Vec<Step>, StoreError> {
    let after = seen.0.max(now.0.saturating_sub(LOOK_BACK));
    let rows = if after < now.0 { log::list_entries(conn, after, now.0.saturating_sub(after))? } else { Vec::new() };
    let entry = |leaf: &[u8]| Entry::from_leaf(leaf).map_err(StoreError::damaged);
    let Some(last) = rows.last().filter(|row| row.revision == now.0) else { return Ok(Vec::new()) };
    let thing = entry(&last.leaf)?.entity;
    let mut steps = Vec::new();
    for row in rows.iter().rev() {
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
