//! A bounded queue between a path that must not wait and the database: what is recorded is written in batches by a
//! thread of its own. What does not fit is refused or counted, as the queue was told.

use crate::domain::receipt::Overflow;
use crate::store::quiet::give_way;
use crate::store::{Store, StoreError};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Things waiting at most: some seconds of full load.
const QUEUE: usize = 65_536;

/// How long a thing may wait for others.
const LINGER: Duration = Duration::from_millis(200);

/// What writes a batch.
type Write<T> = fn(&Store, Vec<T>) -> Result<(), StoreError>;

/// The queue.
pub struct Recorder<T> {
    channels: Option<Channels<T>>,
    overflow: Overflow,
    dropped: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

/// The ways to the thread that writes: things, and those who wait until all before are written.
struct Channels<T> {
    queue: Sender<T>,
    orders: Sender<Sender<()>>,
}

impl<T: Clone + Send + 'static> Recorder<T> {
    /// Starts the thread that writes, at most `batch` things together.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when no thread can be started.
    pub fn start(
        name: &str,
        store: Store,
        batch: usize,
        overflow: Overflow,
        write: Write<T>,
    ) -> Result<Self, StoreError> {
        let (queue, things) = bounded(QUEUE);
        let (orders, ordered) = bounded(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let writing = Writing { store, batch, overflow, lost: Arc::clone(&dropped), write };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                give_way();
                writing.run(&things, &ordered);
            })
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        Ok(Self { channels: Some(Channels { queue, orders }), overflow, dropped, thread: Some(thread) })
    }
}

impl<T> Recorder<T> {
    /// Returns a recorder that keeps nothing: for commands that answer a person, not customs.
    #[must_use]
    pub fn off() -> Self {
        Self { channels: None, overflow: Overflow::Count, dropped: Arc::default(), thread: None }
    }

    /// Puts a thing in the queue without waiting; false when it is refused because it does not fit.
    pub fn record(&self, make: impl FnOnce() -> T) -> bool {
        let Some(channels) = &self.channels else { return true };
        match (channels.queue.try_send(make()), self.overflow) {
            (Ok(()), _) => true,
            (Err(TrySendError::Full(_) | TrySendError::Disconnected(_)), Overflow::Refuse) => false,
            (Err(TrySendError::Full(_) | TrySendError::Disconnected(_)), Overflow::Count) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                true
            }
        }
    }

    /// Waits until everything recorded so far is written.
    pub fn flush(&self) {
        let Some(channels) = &self.channels else { return };
        let (done, written) = bounded(1);
        if channels.orders.send(done).is_ok() {
            // A recorder that ended has written what it could.
            let _ = written.recv();
        }
    }

    /// Returns how many things could not be recorded.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl<T> Drop for Recorder<T> {
    /// Writes what is queued and stops.
    fn drop(&mut self) {
        self.channels = None;
        if let Some(thread) = self.thread.take() {
            // A recorder that panicked has nothing more to wait for.
            let _ = thread.join();
        }
    }
}

/// The thread's side of a queue.
struct Writing<T> {
    store: Store,
    batch: usize,
    overflow: Overflow,
    lost: Arc<AtomicU64>,
    write: Write<T>,
}

impl<T: Clone> Writing<T> {
    /// Looks into the queue every so often instead of waiting on it: a sender that had to wake this thread would pay
    /// more for that than for the whole answer. What comes while a batch is written waits for the next look, unless it
    /// fills another: each batch costs a commit.
    fn run(&self, queue: &Receiver<T>, orders: &Receiver<Sender<()>>) {
        let mut kept = Vec::new();
        loop {
            let order = orders.recv_timeout(LINGER);
            let last = matches!(order, Err(RecvTimeoutError::Disconnected));
            let looked = matches!(order, Err(RecvTimeoutError::Timeout));
            while self.write_some(&mut kept, queue, last) && !(looked && queue.len() < self.batch) {}
            match order {
                // Who gave up waiting needs no word.
                Ok(done) => drop(done.send(())),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    }

    /// Writes a batch; says whether there may be more to write now.
    fn write_some(&self, kept: &mut Vec<T>, queue: &Receiver<T>, last: bool) -> bool {
        if kept.is_empty() {
            kept.extend(queue.try_iter().take(self.batch));
        }
        if kept.is_empty() {
            return false;
        }
        // Only a queue that refuses keeps what could not be written, and so needs it again.
        let again = self.overflow == Overflow::Refuse && !last;
        let things = if again { kept.clone() } else { std::mem::take(kept) };
        let count = u64::try_from(things.len()).unwrap_or(u64::MAX);
        match (self.write)(&self.store, things) {
            Ok(()) => kept.clear(),
            Err(error) if again => {
                tracing::error!(%error, waiting = count, "what is queued cannot be recorded yet");
                return false;
            }
            Err(error) => {
                self.lost.fetch_add(count, Ordering::Relaxed);
                tracing::error!(%error, lost = count, "what was queued could not be recorded");
            }
        }
        true
    }
}
