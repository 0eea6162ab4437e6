//! The follower: keeps the list in memory level with the committed log, on a connection of its own.
//!
//! It wakes at the bell of this process's own writer and when the primary tells that another node has written, and looks at
//! the head by itself all the same: what is told may be lost, and a standby tells nothing. A file confirms the head whenever it is read; a server only with a heartbeat that this node
//! sent and reads back (`heart`). A database that is away, hangs or lags confirms nothing, and lookups stop.

use super::effect::Effects;
use super::follow::{load_from, step};
use super::give_way;
use super::heart::Pulse;
use super::webhooks::outbox::event_time;
use crate::clock::Clock;
use crate::index::Index;
use crate::store::keep::heartbeat;
use crate::store::{AnyConnection, DatabaseUrl, Store, StoreError, dialect, log};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long it waits before it looks by itself where nobody tells it anything.
const LOOK: Duration = Duration::from_millis(25);

/// The same where it is told: what a lost word costs.
const NET: Duration = Duration::from_millis(100);

/// How often it sees whether it was told; that asks the database nothing.
const GLANCE: Duration = Duration::from_millis(5);

/// What looks at the log and takes over what is new.
pub struct Watch {
    url: DatabaseUrl,
    conn: Option<AnyConnection>,
    /// Whether this connection is told that the log has grown.
    listens: bool,
    /// Whether the database behind this connection was held against the newest head seen.
    is_held: bool,
    store: Store,
    index: Arc<Index>,
    clock: Clock,
    pulse: Option<Arc<Pulse>>,
    failing: bool,
    effects: Arc<Effects>,
}

impl Watch {
    /// Prepares to follow a database, which may be a standby of the store's.
    #[must_use]
    pub fn new(url: DatabaseUrl, store: Store, index: Arc<Index>, clock: Clock, pulse: Option<Arc<Pulse>>) -> Self {
        Self {
            url,
            conn: None,
            listens: false,
            is_held: false,
            store,
            index,
            clock,
            pulse,
            failing: false,
            effects: Arc::default(),
        }
    }

    /// Notes how long changes took until they were followed.
    #[must_use]
    pub fn noting(self, effects: Arc<Effects>) -> Self {
        Self { effects, ..self }
    }

    /// Loads the whole list.
    ///
    /// # Errors
    /// The database's failure, or [`StoreError::Damaged`] for a row that is not what it must be.
    pub fn load(&mut self) -> Result<(), StoreError> {
        let mut conn = self.connect()?;
        self.index.swap(dialect::snapshot(&mut conn, load_from)?);
        self.conn = Some(conn);
        Ok(())
    }

    /// Opens a connection and begins to listen before anything is read: what is recorded after the first look is told.
    fn connect(&mut self) -> Result<AnyConnection, StoreError> {
        let mut conn = self.url.open_reader()?;
        self.listens = dialect::listen(&mut conn)?;
        Ok(conn)
    }

    /// Whether another node told that the log has grown. A connection that broke meanwhile is found out by the next look.
    fn is_told(&mut self) -> bool {
        let own = self.pulse.as_ref().map_or(0, |pulse| pulse.voice());
        self.conn.as_mut().is_some_and(|conn| dialect::is_told(conn, own).unwrap_or(true))
    }

    /// Waits until there may be something to see: at the bell, when it was told, or after `net`. Where nobody tells, no
    /// longer than 25 ms. Says whether it goes on.
    pub fn wait(&mut self, bell: &Receiver<()>, stopped: &Receiver<()>, net: Duration) -> bool {
        let listens = self.listens && self.conn.is_some();
        let (step, most) = if listens { (GLANCE, net) } else { (LOOK.min(net), LOOK.min(net)) };
        let mut waited = Duration::ZERO;
        while waited < most {
            crossbeam_channel::select! {
                recv(stopped) -> _ => return false,
                // Where nobody rings any more, the time passes as it would.
                recv(bell) -> rung => return rung.is_ok() || stopped.recv_timeout(most) == Err(RecvTimeoutError::Timeout),
                default(step) => waited = waited.saturating_add(step),
            }
            if listens && self.is_told() {
                return true;
            }
        }
        true
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
            None => (self.connect()?, true),
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
        let known = index.load().revision();
        index.follow(|current| step(&mut conn, current, heads))?;
        if index.load().revision() > known {
            // The oldest of what is new waited longest.
            if let Some(row) = log::find_entry(&mut conn, known.0.saturating_add(1))? {
                self.effects.note(event_time(&row)?, self.clock.now());
            }
        }
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
                    if !watch.wait(&bell, &stopped, NET) {
                        break;
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
