//! The thread that runs the sweeps: at the start of the service, then every minute.

use super::Every;
use crate::app::App;
use crate::store::StoreError;
use crossbeam_channel::{RecvTimeoutError, Sender};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the thread waits between two rounds.
const ROUND: Duration = Duration::from_secs(60);

/// The running thread; it ends with this.
pub struct Ticker {
    thread: Option<JoinHandle<()>>,
    stop: Option<Sender<()>>,
}

impl Ticker {
    /// Starts sweeping.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when no thread can be started.
    pub fn start(app: Arc<App>) -> Result<Self, StoreError> {
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let thread = std::thread::Builder::new()
            .name("ticker".to_owned())
            .spawn(move || {
                let mut swept_on = None;
                loop {
                    let at = app.clock.now();
                    let new_day = swept_on != Some(at.day());
                    let swept = app.sweep(at, |sweep| sweep.every == Every::Minute || new_day);
                    // What failed is tried again in the next round.
                    if swept.is_ok() {
                        swept_on = Some(at.day());
                    }
                    if stopped.recv_timeout(ROUND) != Err(RecvTimeoutError::Timeout) {
                        break;
                    }
                }
            })
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        Ok(Self { thread: Some(thread), stop: Some(stop) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // Hanging up wakes the thread; one that panicked has nothing more to wait for.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
