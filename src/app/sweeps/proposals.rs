//! Proposals that nobody decided on lapse after the days of their scheme.

use crate::app::adjust::{self, scheme_of};
use crate::app::error::AppError;
use crate::app::found::system;
use crate::app::{App, SUPERVISION};
use crate::domain::adjustment::AdjustmentVerb;
use crate::domain::validity::Instant;
use crate::store::rows::AdjustmentRow;
use crate::store::{AnyConnection, StoreError, adjustments};

impl App {
    /// Records the lapse of every proposal that has waited for longer than its scheme allows.
    ///
    /// # Errors
    /// The store's failure.
    pub fn lapse_proposals(&self, at: Instant) -> Result<usize, AppError> {
        if self.store.read(|conn| due(conn, at))?.is_empty() {
            return Ok(0);
        }
        let lapsed = self.store.write(system(SUPERVISION, at), move |tx| {
            let rows = due(tx.conn(), at)?;
            for row in &rows {
                adjust::end(tx, row, AdjustmentVerb::Lapse)?;
            }
            Ok::<_, AppError>(rows.len())
        })?;
        Ok(lapsed.value)
    }
}

fn due(conn: &mut AnyConnection, at: Instant) -> Result<Vec<AdjustmentRow>, StoreError> {
    let mut due = Vec::new();
    // No scheme lets a proposal lapse on its own day, so that today's need not be looked at.
    for row in adjustments::waiting_since(conn, at.day().start_micros())? {
        let proposed_on = Instant::from_micros(row.proposed_at).day();
        let Some(scheme) = scheme_of(conn, &row.scheme, at.day())? else { continue };
        if at.day() >= scheme.supervision.proposal_lapses_on(proposed_on) {
            due.push(row);
        }
    }
    Ok(due)
}
