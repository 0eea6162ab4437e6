//! A thread of its own that asks others again and again, and ends with this.

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The running thread.
pub struct Rounds {
    thread: Option<JoinHandle<()>>,
    stop: Sender<()>,
}

impl Rounds {
    /// Starts a thread that does its work at once and then as often as said.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        name: &str,
        every: Duration,
        mut work: impl FnMut(&Runtime) + Send + 'static,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = bounded(1);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            loop {
                work(&runtime);
                if stopped.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        })?;
        Ok(Self { thread: Some(thread), stop })
    }
}

impl Drop for Rounds {
    fn drop(&mut self) {
        // A full channel has been told already; a thread that panicked has nothing more to wait for.
        let _ = self.stop.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
