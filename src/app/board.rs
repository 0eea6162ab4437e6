//! The board of supervision: what waits, what is late, what ends soon; counts with the first of each.

use super::App;
use super::error::AppError;
use super::follow::stage;
use crate::domain::adjustment::AdjustmentState;
use crate::domain::listing::Status;
use crate::domain::revision::Revision;
use crate::domain::stop::StopStage;
use crate::domain::usage_return::ReturnStage;
use crate::domain::validity::LegalDay;
use crate::store::reconciliations::ReconciliationRow;
use crate::store::{AnyConnection, StoreError, adjustments, findings, reconciliations, rulebook, usage_returns};
use serde::Serialize;

/// Things named of each kind; the lists show the rest.
const NAMED: usize = 50;

/// Rows read at once.
const STRIDE: i64 = 500;

/// How many, and the ids of the first.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    count: usize,
    first: Vec<String>,
}

impl Tally {
    fn add(&mut self, id: &str) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < NAMED {
            self.first.push(id.to_owned());
        }
    }
}

/// What supervision has to look at on a day.
#[derive(Debug, Serialize)]
pub struct Board {
    on: LegalDay,
    stops_unconfirmed: Tally,
    stops_lapsed: Tally,
    stops_for_review: Tally,
    proposals_waiting: Tally,
    returns_reminded: Tally,
    returns_overdue: Tally,
    findings_open: Tally,
    reconciliations_open: Tally,
    expiring_within_7_days: Tally,
    expiring_within_30_days: Tally,
    expiring_within_90_days: Tally,
}

impl App {
    /// Gathers the board of today.
    ///
    /// # Errors
    /// The store's failure.
    pub fn supervision_board(&self) -> Result<Board, AppError> {
        let today = self.clock.now().day();
        let mut board = Board {
            on: today,
            stops_unconfirmed: Tally::default(),
            stops_lapsed: Tally::default(),
            stops_for_review: Tally::default(),
            proposals_waiting: Tally::default(),
            returns_reminded: Tally::default(),
            returns_overdue: Tally::default(),
            findings_open: Tally::default(),
            reconciliations_open: Tally::default(),
            expiring_within_7_days: Tally::default(),
            expiring_within_30_days: Tally::default(),
            expiring_within_90_days: Tally::default(),
        };
        self.store.read(|conn| {
            stops(conn, &mut board, today)?;
            returns(conn, &mut board, today)?;
            others(conn, &mut board)
        })?;
        self.expiring(&mut board, today);
        Ok(board)
    }

    fn expiring(&self, board: &mut Board, today: LegalDay) {
        let snapshot = self.index.snapshot();
        let mut soon: Vec<(LegalDay, String)> = snapshot
            .each_listing()
            .filter_map(|(_, listing)| {
                let (_, now) = listing.on(today, Revision::NEWEST)?;
                let last = now.terms.period.to();
                let ends = now.status(today) == Status::InForce && last <= today.add_days(90);
                ends.then(|| (last, listing.number.to_string()))
            })
            .collect();
        soon.sort();
        for (last, number) in &soon {
            board.expiring_within_90_days.add(number);
            if *last <= today.add_days(30) {
                board.expiring_within_30_days.add(number);
            }
            if *last <= today.add_days(7) {
                board.expiring_within_7_days.add(number);
            }
        }
    }
}

fn stops(conn: &mut AnyConnection, board: &mut Board, today: LegalDay) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = rulebook::stops(conn, &after, STRIDE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for row in &rows {
            match stage(row)? {
                StopStage::Emergency => board.stops_unconfirmed.add(&row.id),
                StopStage::Lapsed => board.stops_lapsed.add(&row.id),
                StopStage::Confirmed if row.review_on.is_some_and(|on| on <= today.value()) => {
                    board.stops_for_review.add(&row.id);
                }
                StopStage::Confirmed | StopStage::Lifted => {}
            }
        }
    }
}

fn returns(conn: &mut AnyConnection, board: &mut Board, today: LegalDay) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = usage_returns::list(conn, None, &after, STRIDE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for row in rows.iter().filter(|row| row.stage != ReturnStage::HandedIn.as_str()) {
            if today.value() > row.due_on {
                board.returns_overdue.add(&row.id);
            } else {
                board.returns_reminded.add(&row.id);
            }
        }
    }
}

fn others(conn: &mut AnyConnection, board: &mut Board) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = findings::list(conn, None, &after, STRIDE)?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.id);
        rows.iter().filter(|row| row.outcome.is_none()).for_each(|row| board.findings_open.add(&row.id));
    }
    let mut after = String::new();
    loop {
        let rows = reconciliations::list(conn, None, &after, STRIDE)?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.id);
        rows.iter().filter(|row| differs(row)).for_each(|row| board.reconciliations_open.add(&row.id));
    }
    let mut after = String::new();
    loop {
        let heads = adjustments::list(conn, Some(AdjustmentState::Proposed.as_str()), &after, STRIDE)?;
        let Some(last) = heads.last() else { return Ok(()) };
        after.clone_from(&last.id);
        heads.iter().for_each(|head| board.proposals_waiting.add(&head.id));
    }
}

/// Whether somebody still has to see to what a reconciliation found.
fn differs(row: &ReconciliationRow) -> bool {
    row.state == "compared" && [row.missing_here, row.missing_there, row.different].iter().any(|count| *count > 0)
}
