//! The threads that do what time brings: sweeps at the start of the service and then every minute, the drill of rebuilding
//! the list once a week.

use super::Every;
use crate::app::App;
use crate::store::StoreError;
use crate::store::quiet::give_way;
use crossbeam_channel::{RecvTimeoutError, Sender};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the sweeps wait between two rounds.
const ROUND: Duration = Duration::from_secs(60);

/// When the first drill is held after the start; the others follow a week apart.
const FIRST_DRILL: Duration = Duration::from_secs(3_600);

/// How long the drill waits between two rounds: it reads the whole log.
const DRILL: Duration = Duration::from_secs(7 * 86_400);

/// The running threads; they end with this.
pub struct Ticker {
    _sweeps: Round,
    _drills: Round,
}

impl Ticker {
    /// Starts sweeping and drilling.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when no thread can be started.
    pub fn start(app: Arc<App>) -> Result<Self, StoreError> {
        let (drilled, mut swept_on) = (Arc::clone(&app), None);
        let sweep = move || {
            let at = app.clock.now();
            let new_day = swept_on != Some(at.day());
            let swept = app.sweep(at, |sweep| sweep.every == Every::Minute || new_day);
            // What failed, or rested in a pause, is tried again in the next round.
            if swept.is_ok() && app.index.load().pause().is_none() {
                swept_on = Some(at.day());
            }
        };
        Ok(Self {
            _sweeps: Round::start("ticker", Duration::ZERO, ROUND, sweep)?,
            _drills: Round::start("drill", FIRST_DRILL, DRILL, move || drilled.hold_drill())?,
        })
    }
}

/// A thread that does its work again and again.
struct Round {
    thread: Option<JoinHandle<()>>,
    stop: Option<Sender<()>>,
}

impl Round {
    fn start(
        name: &str,
        first: Duration,
        between: Duration,
        mut work: impl FnMut() + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                give_way();
                let mut wait = first;
                while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    work();
                    wait = between;
                }
            })
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        Ok(Self { thread: Some(thread), stop: Some(stop) })
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        // Hanging up wakes the thread; one that panicked has nothing more to wait for.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
