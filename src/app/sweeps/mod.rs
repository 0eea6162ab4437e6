//! What happens because time passes: sweeps, each run again and again, by any node, doing what is due and not yet done.
//!
//! A sweep that missed its time catches up; one that runs twice does nothing the second time, because what is due is asked
//! again inside the transaction that does it. Every act is the service's own (`system`) and on record.

mod expiry;
mod proposals;
mod reservations;
mod returns;
mod silence;
mod stops;
mod ticker;

pub use reservations::Swept;
pub use ticker::Ticker;

use super::App;
use super::error::AppError;
use crate::domain::validity::Instant;

/// How often a sweep is worth running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// What falls due by the minute.
    Minute,
    /// What falls due by the legal day, and looks at the whole list.
    Day,
}

/// A sweep: what is due at an instant is done; it returns how much that was.
pub struct Sweep {
    /// Its name, for logs.
    pub name: &'static str,
    /// How often it is worth running.
    pub every: Every,
    /// What it does.
    pub run: fn(&App, Instant) -> Result<usize, AppError>,
}

/// Every sweep, in the order in which they run.
pub const SWEEPS: &[Sweep] = &[
    Sweep { name: "lapse_stops", every: Every::Minute, run: App::lapse_stops },
    Sweep { name: "lapse_proposals", every: Every::Minute, run: App::lapse_proposals },
    Sweep { name: "lapse_reservations", every: Every::Minute, run: App::lapse_reservations },
    Sweep { name: "take_answer_key", every: Every::Minute, run: App::take_answer_key },
    Sweep { name: "seal_answers", every: Every::Minute, run: App::seal_answers },
    Sweep { name: "seal_accesses", every: Every::Minute, run: App::seal_accesses },
    Sweep { name: "replay_answers", every: Every::Day, run: App::replay_answers },
    Sweep { name: "forget_answers", every: Every::Day, run: App::forget_answers },
    Sweep { name: "forget_accesses", every: Every::Day, run: App::forget_accesses },
    Sweep { name: "forget_messages", every: Every::Day, run: App::forget_messages },
    Sweep { name: "forget_sessions", every: Every::Day, run: App::forget_sessions },
    Sweep { name: "forget_forms", every: Every::Day, run: App::forget_forms },
    Sweep { name: "forget_sign_ins", every: Every::Day, run: App::forget_sign_ins },
    Sweep { name: "warn_of_calendar", every: Every::Day, run: App::warn_of_calendar },
    Sweep { name: "chase_returns", every: Every::Day, run: App::chase_returns },
    Sweep { name: "remind_of_expiry", every: Every::Day, run: App::remind_of_expiry },
    Sweep { name: "remind_of_stops", every: Every::Day, run: App::remind_of_stops },
    Sweep { name: "remind_of_cases", every: Every::Day, run: App::remind_of_cases },
    Sweep { name: "escalate_opinions", every: Every::Day, run: App::escalate_opinions },
    Sweep { name: "lapse_corrections", every: Every::Day, run: App::lapse_corrections },
    // Last, so that what the others recorded is found too.
    Sweep { name: "index_log", every: Every::Minute, run: App::index_log },
];

impl App {
    /// Runs every sweep once, as of an instant; returns how much was done.
    ///
    /// # Errors
    /// The first failure, after the others have had their turn.
    pub fn tick(&self, at: Instant) -> Result<usize, AppError> {
        self.sweep(at, |_| true)
    }

    fn sweep(&self, at: Instant, wanted: impl Fn(&Sweep) -> bool) -> Result<usize, AppError> {
        let (mut done, mut failed) = (0_usize, None);
        for sweep in SWEEPS.iter().filter(|sweep| wanted(sweep)) {
            match (sweep.run)(self, at) {
                Ok(count) => done = done.saturating_add(count),
                Err(error) => {
                    tracing::error!(sweep = sweep.name, %error, "a sweep failed and will be run again");
                    failed.get_or_insert(error);
                }
            }
        }
        failed.map_or(Ok(done), Err)
    }
}
