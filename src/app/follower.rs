//! The follower: keeps the list in memory level with the committed log, on a connection of its own.
//!
//! It wakes at the bell of this process's own writer, and looks at the head by itself for the writes of others. What it
//! reads may be a standby. A file confirms the head whenever it is read; a server only with a heartbeat that this node
//! sent and reads back (`heart`). A database that is away, hangs or lags confirms nothing, and lookups stop.

use super::follow::{load_from, step};
use super::give_way;
use super::heart::Pulse;
use crate::clock::Clock;
use crate::index::Index;
use crate::store::keep::heartbeat;
use crate::store::{AnyConnection, DatabaseUrl, Store, StoreError, dialect};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long it waits for the bell before it looks by itself.
const LOOK: Duration = Duration::from_millis(25);

/// What looks at the log and takes over what is new.
pub struct Watch {
    url: DatabaseUrl,
    conn: Option<AnyConnection>,
    /// Whether the database behind this connection was held against the newest head seen.
    is_held: bool,
    store: Store,
    index: Arc<Index>,
    clock: Clock,
    pulse: Option<Arc<Pulse>>,
    failing: bool,
}

impl Watch {
    /// Prepares to follow a database, which may be a standby of the store's.
    #[must_use]
    pub fn new(url: DatabaseUrl, store: Store, index: Arc<Index>, clock: Clock, pulse: Option<Arc<Pulse>>) -> Self {
        Self { url, conn: None, is_held: false, store, index, clock, pulse, failing: false }
    }

    /// Loads the whole list.
    ///
    /// # Errors
    /// The database's failure, or [`StoreError::Damaged`] for a row that is not what it must be.
    pub fn load(&mut self) -> Result<(), StoreError> {
        let mut conn = self.url.open_reader()?;
        self.index.swap(dialect::snapshot(&mut conn, load_from)?);
        self.conn = Some(conn);
        Ok(())
    }

    /// Looks once: takes over what is new, and confirms the head as far as that is proved.
    pub fn look(&mut self) {
        match self.confirmed() {
            Ok(Some(at)) => {
                self.index.confirm(at);
                if std::mem::take(&mut self.failing) {
                    tracing::info!("the head of the log is confirmed again");
                }
            }
            Ok(None) => {}
            Err(error) => {
                if let StoreError::BehindHead(why) = &error {
                    self.store.freeze(why.clone());
                }
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(%error, "the head of the log cannot be confirmed");
                }
            }
        }
    }

    /// Brings the list level and returns the uptime as of which it is proved to be so.
    fn confirmed(&mut self) -> Result<Option<Duration>, StoreError> {
        // Before the look: what is confirmed is the head as it was then, not later.
        let looked_at = self.clock.uptime();
        // A connection that failed is not trusted again; the next look opens another.
        let (mut conn, fresh) = match self.conn.take() {
            Some(conn) => (conn, false),
            None => (self.url.open_reader()?, true),
        };
        self.is_held = self.is_held && !fresh;
        if !self.is_held {
            self.is_held = self.hold(&mut conn)?;
        }
        // Before the list: what is read after it is as fresh as the beat, or fresher.
        let beat = match &self.pulse {
            Some(pulse) if pulse.is_awaited() => Some(heartbeat::read(&mut conn)?),
            Some(_) | None => None,
        };
        let (index, heads) = (&self.index, self.store.heads());
        index.follow(|current| step(&mut conn, current, heads))?;
        self.conn = Some(conn);
        Ok(match (&self.pulse, beat) {
            (None, _) => Some(looked_at),
            (Some(pulse), Some(beat)) => pulse.read(beat),
            (Some(_), None) => None,
        })
    }

    /// Holds the database against the newest head seen, once it reaches so far: a standby may lag behind, but never go on
    /// from elsewhere.
    fn hold(&self, conn: &mut AnyConnection) -> Result<bool, StoreError> {
        let heads = self.store.heads();
        let Some(seen) = heads.newest() else { return Ok(true) };
        dialect::snapshot(conn, |conn| {
            if crate::store::log::size(conn)? < seen.0 {
                return Ok(false);
            }
            heads.is_held(conn, seen).map(|()| true)
        })
    }
}

/// The thread that follows.
pub struct Follower {
    thread: Option<JoinHandle<()>>,
    stop: crossbeam_channel::Sender<()>,
}

impl Follower {
    /// Starts following; `bell` rings after every commit of this process.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when no thread can be started.
    pub fn start(mut watch: Watch, bell: Receiver<()>) -> Result<Self, StoreError> {
        let (stop, stopped) = crossbeam_channel::bounded(1);
        let thread = std::thread::Builder::new()
            .name("follower".to_owned())
            .spawn(move || {
                give_way();
                loop {
                    watch.look();
                    crossbeam_channel::select! {
                        recv(stopped) -> _ => break,
                        recv(bell) -> rung => if rung.is_err() && stopped.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) { break },
                        default(LOOK) => {}
                    }
                }
            })
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        Ok(Self { thread: Some(thread), stop })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // A full channel has been told already; a follower that panicked has nothing more to wait for.
        let _ = self.stop.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
