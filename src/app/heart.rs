//! The heart: proves to this node how fresh its readings of a server are.
//!
//! A server may be read from a standby, and a standby that hangs or lags answers as readily as one that is level. So every
//! node raises one number on the primary, which only a writable primary lets it do, and its follower reads the number back:
//! what holds it is younger than the moment at which the node sent it, by the node's own clock that never jumps. Clocks of
//! two machines are never compared. A file needs no heart: it is itself the primary.
//!
//! On the same connection it tells the other nodes that the log has grown. That only wakes them earlier: a word that is lost
//! costs what they wait before they look by themselves.

use super::give_way;
use super::surroundings::REMEMBERED;
use crate::clock::Clock;
use crate::domain::validity::Instant;
use crate::index::Index;
use crate::store::keep::heartbeat;
use crate::store::keep::nodes::{NodeRow, leave, present};
use crate::store::{AnyConnection, DatabaseUrl, StoreError, dialect};
use crossbeam_channel::Receiver;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it beats at most, and at least.
const EVERY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How often a node says of itself that it is there.
const PRESENCE: Duration = Duration::from_secs(10);

/// Beats that may be on their way; more of them would be older than any bound.
const UNDER_WAY: usize = 256;

/// Beats that were sent and not yet read back.
#[derive(Debug, Default)]
pub struct Pulse {
    beats: Mutex<Beats>,
    /// By which number the server knows what speaks for this node.
    voice: AtomicI32,
}

#[derive(Debug, Default)]
struct Beats {
    /// The highest that this node knows of.
    highest: i64,
    /// Number, and the node's uptime when it was sent; both rise.
    under_way: VecDeque<(i64, Duration)>,
}

impl Pulse {
    /// Whether a beat is still to be read back.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        !self.beats().under_way.is_empty()
    }

    /// Notes what a reading held; returns when the youngest beat that it proves was sent.
    pub fn read(&self, beat: i64) -> Option<Duration> {
        let mut beats = self.beats();
        beats.highest = beats.highest.max(beat);
        let mut proved = None;
        while let Some((_, sent)) = beats.under_way.front().copied().filter(|(number, _)| *number <= beat) {
            beats.under_way.pop_front();
            proved = Some(sent);
        }
        proved
    }

    /// Returns by which number the server knows what speaks for this node; 0 while nothing does.
    #[must_use]
    pub fn voice(&self) -> i32 {
        self.voice.load(Ordering::Relaxed)
    }

    fn sent(&self, beat: i64, at: Duration) {
        let mut beats = self.beats();
        beats.highest = beats.highest.max(beat);
        if beats.under_way.len() >= UNDER_WAY {
            beats.under_way.pop_front();
        }
        beats.under_way.push_back((beat, at));
    }

    fn highest(&self) -> i64 {
        self.beats().highest
    }

    fn beats(&self) -> std::sync::MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What beats, on a connection of its own: it waits for no writer, and a primary whose commits hang confirms nothing.
pub struct Heart {
    url: DatabaseUrl,
    conn: Option<AnyConnection>,
    clock: Clock,
    pulse: Arc<Pulse>,
    node: Option<Presence>,
}

/// What a node says of itself to operators.
struct Presence {
    name: String,
    started_at: Instant,
    index: Arc<Index>,
    /// When it last did, in its uptime.
    told: Option<Duration>,
}

impl Heart {
    /// Prepares one for a server; none for a file.
    #[must_use]
    pub fn of(url: &DatabaseUrl, clock: &Clock) -> Option<Self> {
        url.is_server().then(|| Self {
            url: url.clone(),
            conn: None,
            clock: clock.clone(),
            pulse: Arc::default(),
            node: None,
        })
    }

    /// Says from now on that a node of this name is there and serves this list.
    pub fn of_node(&mut self, name: String, index: Arc<Index>) {
        self.node = Some(Presence { name, started_at: self.clock.now(), index, told: None });
    }

    /// Returns what its follower reads back.
    #[must_use]
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Beats once.
    ///
    /// # Errors
    /// The database's failure; the next beat opens another connection.
    pub fn beat(&mut self) -> Result<(), StoreError> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                let mut conn = self.url.open()?;
                self.pulse.voice.store(dialect::process(&mut conn)?, Ordering::Relaxed);
                conn
            }
        };
        let at = self.clock.uptime();
        let beat = heartbeat::beat(&mut conn, self.pulse.highest())?;
        self.pulse.sent(beat, at);
        if let Some(node) =
            self.node.as_mut().filter(|node| node.told.is_none_or(|told| at.saturating_sub(told) >= PRESENCE))
        {
            let now = self.clock.now().micros();
            let row = NodeRow {
                name: node.name.clone(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                started_at: node.started_at.micros(),
                revision: node.index.load().revision().0,
                seen_at: now,
            };
            present(&mut conn, &row, now.saturating_sub(REMEMBERED))?;
            node.told = Some(at);
        }
        self.conn = Some(conn);
        Ok(())
    }

    /// Takes leave of the operators: a node that stops as it should is not missed.
    fn leave(&mut self) {
        if let (Some(conn), Some(node)) = (&mut self.conn, &self.node)
            && let Err(error) = leave(conn, &node.name)
        {
            tracing::warn!(%error, "this node could not say that it stops");
        }
    }

    /// Tells the other nodes that the log has grown; without a connection they find out by themselves.
    fn announce(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        match dialect::announce(&mut conn) {
            Ok(()) => self.conn = Some(conn),
            Err(error) => tracing::warn!(%error, "other nodes could not be told that the log has grown"),
        }
    }

    /// Goes on beating every second, or four times within the bound where that is shorter; `voice` rings when the log has
    /// grown.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when no thread can be started.
    pub fn start(mut self, bound: Duration, mut voice: Receiver<()>) -> Result<Beating, StoreError> {
        let every = (bound / 4).clamp(EVERY.0, EVERY.1);
        let (stop, stopped) = crossbeam_channel::bounded::<()>(1);
        let beats = crossbeam_channel::tick(every);
        let thread = std::thread::Builder::new()
            .name("heart".to_owned())
            .spawn(move || {
                give_way();
                let mut failing = false;
                loop {
                    crossbeam_channel::select! {
                        recv(stopped) -> _ => break,
                        recv(voice) -> rung => match rung {
                            Ok(()) => self.announce(),
                            // Nobody writes any more; the heart goes on.
                            Err(_) => voice = crossbeam_channel::never(),
                        },
                        recv(beats) -> _ => {
                            match self.beat() {
                                Ok(()) if failing => tracing::info!("the primary accepts heartbeats again"),
                                Err(error) if !failing => tracing::warn!(%error, "the primary accepts no heartbeat"),
                                Ok(()) | Err(_) => {}
                            }
                            failing = self.conn.is_none();
                        }
                    }
                }
                self.leave();
            })
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        Ok(Beating { thread: Some(thread), stop })
    }
}

/// The thread that beats.
pub struct Beating {
    thread: Option<JoinHandle<()>>,
    stop: crossbeam_channel::Sender<()>,
}

impl Drop for Beating {
    fn drop(&mut self) {
        // A full channel has been told already; a heart that panicked has nothing more to wait for.
        let _ = self.stop.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_reading_is_as_fresh_as_the_youngest_beat_that_it_holds() {
        let pulse = Pulse::default();
        assert!(!pulse.is_awaited());
        assert_eq!(pulse.read(7), None, "beats of others prove nothing");
        for (beat, sent) in [(8, 1), (10, 2), (13, 3)] {
            pulse.sent(beat, at(sent));
        }
        assert_eq!(pulse.read(7), None, "a standby that stands still");
        assert_eq!(pulse.read(9), Some(at(1)), "one that lags");
        assert_eq!(pulse.read(9), None, "proved once");
        assert_eq!(pulse.read(20), Some(at(3)));
        assert!(!pulse.is_awaited());
        assert_eq!(pulse.highest(), 20, "after a failover the next beat lies above all that was read");
    }
}
