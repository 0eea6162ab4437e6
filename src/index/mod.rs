//! The list in memory: an immutable snapshot of every version, swapped whole.
//!
//! A lookup takes the snapshot of the moment, without lock and without database. The follower makes a new one from
//! committed rows, and so does the writer for the draws that it has just committed; the follower also says when the head of the log was last seen, so that a node that lost its database
//! stops answering instead of answering from an old list.

mod snapshot;

pub use snapshot::{Delta, Snapshot};

use crate::domain::revision::Revision;
use arc_swap::{ArcSwap, Guard};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The handle that lookups and the follower share.
pub struct Index {
    current: ArcSwap<Snapshot>,
    /// Milliseconds of the node's own uptime at which the head was last confirmed, plus one; 0 is never.
    confirmed: AtomicU64,
    waiting: Mutex<()>,
    advanced: Condvar,
    /// Held by whoever makes the next snapshot.
    advancing: Mutex<()>,
}

impl Index {
    /// Starts with a loaded snapshot, not yet confirmed.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self {
            current: ArcSwap::from_pointee(snapshot),
            confirmed: AtomicU64::new(0),
            waiting: Mutex::new(()),
            advanced: Condvar::new(),
            advancing: Mutex::new(()),
        }
    }

    /// Returns the snapshot of the moment.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// Returns the snapshot of the moment for longer work.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Swaps in a newer snapshot and wakes who waits for it.
    pub fn swap(&self, snapshot: Snapshot) {
        self.current.store(Arc::new(snapshot));
        // Taking the lock orders the swap before the wake-up of a waiter that has just looked.
        drop(self.waiting.lock());
        self.advanced.notify_all();
    }

    /// Lets the follower make the next snapshot; nobody else makes one meanwhile.
    ///
    /// # Errors
    /// What `step` answers.
    pub fn follow<E>(&self, step: impl FnOnce(&Snapshot) -> Result<Option<Snapshot>, E>) -> Result<(), E> {
        let _alone = self.advancing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = step(&self.current.load())? {
            self.swap(next);
        }
        Ok(())
    }

    /// Takes over what this process has just committed, if the snapshot stands where that began; says whether it did.
    /// Waits for nobody: a follower at work takes it over by itself.
    #[must_use]
    pub fn took_over(&self, from: Revision, delta: Delta) -> bool {
        let Ok(_alone) = self.advancing.try_lock() else { return false };
        let current = self.current.load();
        if current.revision() != from {
            return false;
        }
        self.swap(current.advanced(delta));
        true
    }

    /// Notes that the head of the log was seen and that the snapshot stands there.
    pub fn confirm(&self, uptime: Duration) {
        let millis = u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX - 1);
        self.confirmed.store(millis.saturating_add(1), Ordering::Release);
    }

    /// Returns how long ago the head was confirmed; none when never.
    #[must_use]
    pub fn age(&self, uptime: Duration) -> Option<Duration> {
        let confirmed = self.confirmed.load(Ordering::Acquire).checked_sub(1)?;
        Some(uptime.saturating_sub(Duration::from_millis(confirmed)))
    }

    /// Waits until the snapshot has reached a revision; says whether it has.
    #[must_use]
    pub fn wait_for(&self, revision: Revision, longest: Duration) -> bool {
        let reached = || self.current.load().revision() >= revision;
        if reached() {
            return true;
        }
        let Ok(guard) = self.waiting.lock() else { return reached() };
        let waited = self.advanced.wait_timeout_while(guard, longest, |()| !reached());
        drop(waited);
        reached()
    }
}
