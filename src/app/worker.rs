//! A thread beside the answers that ends with its owner.
//!
//! It does not tell the thread to stop: the owner does, by what it holds before this or drops first. Invariant: once the
//! owner is gone the thread is too.

use super::give_way;
use std::thread::JoinHandle;

/// A thread that is waited for when this is dropped.
#[derive(Debug)]
pub struct Worker(Option<JoinHandle<()>>);

impl Worker {
    /// Starts a thread under a name, which gives way to those that answer.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            give_way();
            work();
        })?;
        Ok(Self(Some(thread)))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // A thread that panicked has nothing more to wait for.
            let _ = thread.join();
        }
    }
}
