//! Tells webhooks what happened: in order for each, side by side for all, from one node at a time.
//!
//! For each webhook one task goes through the log behind where it stands and waits for nobody else: a receiver that is dead or
//! slow holds back itself alone. Tasks run on a few threads, each webhook on one of them. Where webhooks stand is written behind, a
//! few times each second; after a crash the last messages come once more, under the same ids. Invariant: a message is done with (taken, set aside, not wanted) before the next one of
//! its webhook is sent.

pub mod sender;

use crate::app::webhooks::outbox::{Event, Letter, STRETCH, Stretch, Subscriber};
use crate::app::worker::Worker;
use crate::app::{App, AppError};
use crate::domain::webhook::fate::{Before, Fate, Outcome, judge};
use crate::domain::webhook::{PauseCause, signature};
use sender::{Message, PATIENCE, Sender};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Where a webhook stands, as the app keeps it.
pub type Position = crate::app::webhooks::outbox::Position;

/// How often it is looked whether there is something to tell, and where webhooks stand is written.
const TICK: Duration = Duration::from_millis(100);

/// How often webhooks are read again although nothing was recorded: somebody may have moved one.
const AGAIN: Duration = Duration::from_secs(1);

/// How long one node may tell before it has to ask again.
const LEASE: Duration = Duration::from_secs(60);

/// A lease with less than this left is asked for again; longer than a message takes.
const RENEW: Duration = Duration::from_secs(40);

/// Threads that send.
const LANES: usize = 2;

/// Stretches of the log that are remembered for webhooks that stand close to each other.
const REMEMBERED: usize = 64;

/// What tasks share.
#[derive(Default)]
struct Shared {
    /// Where webhooks stand that is not written yet.
    dirty: HashMap<String, Position>,
    /// What was set aside or taken after all, not written yet.
    letters: Vec<Letter>,
    /// Active webhooks, and the revision of each: a task of another one ends.
    current: HashMap<String, i64>,
    /// Webhooks that somebody moved: their tasks end, and nothing of them is written.
    moved: HashSet<String>,
    /// Stretches of the log by the revision before them; the last one may still grow.
    stretches: BTreeMap<i64, Arc<Stretch>>,
    /// Until when this node may tell, in its uptime.
    held_until: Duration,
}

/// Tells webhooks.
pub struct Teller {
    app: Arc<App>,
    sender: Sender,
    holder: String,
    /// Where tasks run; where none is named, beside who starts them.
    lanes: Vec<Handle>,
    shared: Mutex<Shared>,
    stopping: AtomicBool,
}

/// What a round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Whether this node may tell.
    pub held: bool,
    /// Webhooks that were told something, or tried to be.
    pub told: usize,
}

impl Teller {
    /// Makes what tells; nothing is sent.
    #[must_use]
    pub fn new(app: Arc<App>, sender: Sender) -> Self {
        Self::on(app, sender, Vec::new())
    }

    fn on(app: Arc<App>, sender: Sender, lanes: Vec<Handle>) -> Self {
        let holder = uuid::Uuid::new_v4().simple().to_string();
        Self { app, sender, holder, lanes, shared: Mutex::default(), stopping: AtomicBool::new(false) }
    }

    /// Begins to tell a webhook, the next one on the next lane.
    fn begin(self: &Arc<Self>, tasks: &mut JoinSet<String>, turn: usize, (of, position): (Subscriber, Position)) {
        let task = Arc::clone(self).tell(of, position);
        match self.lanes.get(turn.checked_rem(self.lanes.len()).unwrap_or(0)) {
            Some(lane) => tasks.spawn_on(task, lane),
            None => tasks.spawn(task),
        };
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a use case beside the tasks.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let app = Arc::clone(&self.app);
        tokio::task::spawn_blocking(move || work(&app)).await.map_err(AppError::unwritable)?
    }

    /// Tells every webhook that is due, once, until each has been told everything or waits.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn round(self: &Arc<Self>) -> Result<Round, AppError> {
        if !self.lease().await? {
            return Ok(Round::default());
        }
        let due = self.due(&HashSet::new()).await?;
        let (told, mut tasks) = (due.len(), JoinSet::new());
        for (turn, due) in due.into_iter().enumerate() {
            self.begin(&mut tasks, turn, due);
        }
        while tasks.join_next().await.is_some() {}
        self.write_down().await?;
        Ok(Round { held: true, told })
    }

    /// Tells until it is stopped.
    async fn run(self: &Arc<Self>) {
        let mut tasks = JoinSet::new();
        let mut busy: HashSet<String> = HashSet::new();
        let (mut seen, mut looked, mut ended, mut turn) = (-1, None::<Duration>, false, 0_usize);
        while !self.stopping.load(Ordering::Acquire) {
            let uptime = self.app.clock.uptime();
            let head = self.app.head_seen().0;
            if head != seen || ended || looked.is_none_or(|looked| uptime.saturating_sub(looked) >= AGAIN) {
                match self.take_up(&busy).await {
                    Ok(due) => {
                        (seen, looked, ended) = (head, Some(uptime), false);
                        for due in due {
                            busy.insert(due.0.row.id.clone());
                            self.begin(&mut tasks, turn, due);
                            turn = turn.wrapping_add(1);
                        }
                    }
                    Err(error) => tracing::warn!(%error, "webhooks could not be read"),
                }
            }
            tokio::select! {
                Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                    match done {
                        Ok(done) => drop(busy.remove(&done)),
                        // Nobody says whose it was; when nothing is under way any more, all are looked at again.
                        Err(error) => tracing::error!(%error, "telling a webhook broke off"),
                    }
                    if tasks.is_empty() {
                        busy.clear();
                    }
                    ended = true;
                }
                () = tokio::time::sleep(TICK) => {}
            }
            if let Err(error) = self.write_down().await {
                tracing::warn!(%error, "where webhooks stand could not be written");
            }
        }
        tasks.shutdown().await;
        if let Err(error) = self.write_down().await {
            tracing::warn!(%error, "where webhooks stand could not be written");
        }
        if self.shared().held_until > Duration::ZERO {
            let holder = self.holder.clone();
            if let Err(error) = self.beside(move |app| app.release_webhooks(&holder)).await {
                tracing::warn!(%error, "another node tells webhooks when the time of this one is over");
            }
        }
    }

    /// Finds whom there is something to tell, where this node may tell.
    async fn take_up(&self, busy: &HashSet<String>) -> Result<Vec<(Subscriber, Position)>, AppError> {
        if !self.lease().await? {
            return Ok(Vec::new());
        }
        // What is not written yet must not be told again.
        self.write_down().await?;
        self.due(busy).await
    }

    /// Takes or keeps the lease; says whether this node may tell.
    async fn lease(&self) -> Result<bool, AppError> {
        let asked = self.app.clock.uptime();
        if self.shared().held_until.saturating_sub(asked) > RENEW {
            return Ok(true);
        }
        let holder = self.holder.clone();
        let micros = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX);
        let held = self.beside(move |app| app.lease_webhooks(&holder, micros)).await?;
        self.shared().held_until = if held { asked.saturating_add(LEASE) } else { Duration::ZERO };
        Ok(held)
    }

    async fn due(&self, busy: &HashSet<String>) -> Result<Vec<(Subscriber, Position)>, AppError> {
        let mut due = self.beside(App::subscribers).await?;
        let mut shared = self.shared();
        shared.current = due.iter().map(|(of, _)| (of.row.id.clone(), of.row.revision)).collect();
        let (now, head) = (self.app.clock.now().micros(), self.app.head_seen().0);
        due.retain(|(of, position)| {
            let waits = position.row.due_at > now;
            !busy.contains(&of.row.id) && !waits && (position.served < head || position.again)
        });
        for (of, _) in &due {
            shared.moved.remove(&of.row.id);
        }
        Ok(due)
    }

    /// Writes where webhooks stand; those that somebody moved meanwhile are let go.
    async fn write_down(&self) -> Result<(), AppError> {
        let (rows, letters) = {
            let mut shared = self.shared();
            let moved = std::mem::take(&mut shared.dirty);
            (moved.into_values().collect::<Vec<_>>(), std::mem::take(&mut shared.letters))
        };
        if rows.is_empty() && letters.is_empty() {
            return Ok(());
        }
        let written = (rows.clone(), letters.clone());
        match self.beside(move |app| app.keep_positions(written.0, written.1)).await {
            Ok(moved) => self.shared().moved.extend(moved),
            Err(error) => {
                let mut shared = self.shared();
                for row in rows {
                    shared.dirty.entry(row.row.webhook.clone()).or_insert(row);
                }
                shared.letters.extend(letters);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Whether a task may go on.
    fn goes_on(&self, of: &Subscriber) -> bool {
        let shared = self.shared();
        let left = shared.held_until.saturating_sub(self.app.clock.uptime());
        left > PATIENCE
            && !self.stopping.load(Ordering::Acquire)
            && !shared.moved.contains(&of.row.id)
            && shared.current.get(&of.row.id) == Some(&of.row.revision)
    }

    /// Tells one webhook what it is to be told, in order, until it was told everything or waits. Returns which it is.
    async fn tell(self: Arc<Self>, of: Subscriber, position: Position) -> String {
        let id = of.row.id.clone();
        if let Err(error) = self.tell_all(&of, position).await {
            tracing::warn!(webhook = %id, %error, "a webhook could not be told");
        }
        id
    }

    async fn tell_all(&self, of: &Subscriber, mut position: Position) -> Result<(), AppError> {
        if position.again {
            self.tell_again(of).await?;
            position.again = false;
        }
        loop {
            let stretch = self.stretch(position.served).await?;
            if stretch.next <= position.served {
                return Ok(());
            }
            let begin = position.served;
            for event in stretch.events.iter().filter(|event| event.revision > begin) {
                if !self.wants(of, event).await? {
                    continue;
                }
                if !self.goes_on(of) {
                    return Ok(());
                }
                let outcome = self.send(of, event).await;
                let goes_on = self.settle(of, event, outcome, &mut position).await?;
                self.shared().dirty.insert(of.row.id.clone(), position.clone());
                if !goes_on {
                    return Ok(());
                }
            }
            position.served = position.served.max(stretch.next);
            self.shared().dirty.insert(of.row.id.clone(), position.clone());
        }
    }

    /// Sends again what somebody asked for; what fails once more stays given up.
    async fn tell_again(&self, of: &Subscriber) -> Result<(), AppError> {
        let id = of.row.id.clone();
        for (mut letter, event) in self.beside(move |app| app.to_send_again(&id)).await? {
            if !self.goes_on(of) {
                return Ok(());
            }
            let outcome = self.send(of, &event).await;
            let now = self.app.clock.now().micros();
            let settled = match judge(outcome, Before::default(), now, 0) {
                Fate::Delivered => Letter::Taken(of.row.id.clone(), event.revision),
                Fate::Again(_) | Fate::SetAside(_) | Fate::Paused(_) => {
                    letter.attempts = letter.attempts.saturating_add(1);
                    letter.outcome = words(outcome);
                    letter.set_aside_at = now;
                    letter.again = 0;
                    Letter::SetAside(letter)
                }
            };
            self.shared().letters.push(settled);
        }
        Ok(())
    }

    async fn wants(&self, of: &Subscriber, event: &Event) -> Result<bool, AppError> {
        if !of.means(event) || !of.sees_its_own_only() {
            return Ok(of.means(event));
        }
        let (enterprise, event) = (of.row.org.clone(), event.clone());
        self.beside(move |app| app.is_own(&enterprise, &event)).await
    }

    async fn send(&self, of: &Subscriber, event: &Event) -> Outcome {
        let (body, seconds) = (event.body.clone(), self.app.clock.now().micros() / 1_000_000);
        let signature = signature::sign(of.keys(), &event.id, seconds, &body);
        let message = Message { id: event.id.clone(), seconds, signature, body, request_id: event.request_id.clone() };
        self.sender.send(&of.row.url, message).await
    }

    /// Notes what an attempt came to; says whether the next message follows.
    async fn settle(
        &self,
        of: &Subscriber,
        event: &Event,
        outcome: Outcome,
        position: &mut Position,
    ) -> Result<bool, AppError> {
        let now = self.app.clock.now().micros();
        let row = &mut position.row;
        let before = Before { attempts: row.attempts, failing_since: row.failing_since, set_aside: row.set_aside };
        let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
        row.last_outcome = Some(words(outcome));
        let paused = match judge(outcome, before, now, random) {
            Fate::Delivered => {
                row.delivered = row.delivered.saturating_add(1);
                self.app.sent.delivered.fetch_add(1, Ordering::Relaxed);
                row.set_aside = 0;
                position.done_with(event.revision);
                return Ok(true);
            }
            Fate::Again(at) => {
                self.app.sent.failed.fetch_add(1, Ordering::Relaxed);
                row.attempts = row.attempts.saturating_add(1);
                row.failing_since.get_or_insert(now);
                row.due_at = at;
                return Ok(false);
            }
            Fate::SetAside(cause) => {
                row.set_aside = row.set_aside.saturating_add(1);
                self.app.sent.given_up.fetch_add(1, Ordering::Relaxed);
                let letter = position.letter(event.revision, words(outcome), now);
                position.done_with(event.revision);
                self.shared().letters.push(Letter::SetAside(letter));
                tracing::warn!(webhook = %of.row.id, event = %event.id, outcome = words(outcome), "a message was given up");
                cause
            }
            Fate::Paused(cause) => Some(cause),
        };
        let Some(cause) = paused else { return Ok(true) };
        self.shared().dirty.insert(of.row.id.clone(), position.clone());
        self.write_down().await?;
        self.pause(of, cause).await?;
        Ok(false)
    }

    async fn pause(&self, of: &Subscriber, cause: PauseCause) -> Result<(), AppError> {
        tracing::error!(webhook = %of.row.id, cause = cause.as_str(), "a webhook was paused");
        let id = of.row.id.clone();
        self.beside(move |app| app.pause_webhook(&id, cause)).await
    }

    /// Reads the stretch of the log behind a revision; it is remembered, because others stand close by.
    async fn stretch(&self, behind: i64) -> Result<Arc<Stretch>, AppError> {
        let begin = behind.saturating_sub(behind.rem_euclid(STRETCH));
        let (whole, head) = (begin.saturating_add(STRETCH), self.app.head_seen().0);
        let known = self.shared().stretches.get(&begin).map(Arc::clone);
        if let Some(known) = known.filter(|known| known.next == whole || known.next >= head) {
            return Ok(known);
        }
        let stretch = Arc::new(self.beside(move |app| app.events_behind(begin)).await?);
        let mut shared = self.shared();
        shared.stretches.insert(begin, Arc::clone(&stretch));
        while shared.stretches.len() > REMEMBERED {
            shared.stretches.pop_first();
        }
        Ok(stretch)
    }
}

/// What an attempt came to, in a word.
fn words(outcome: Outcome) -> String {
    match outcome {
        Outcome::Answered(status) => status.to_string(),
        Outcome::Silent => "no_answer".to_owned(),
        Outcome::Forbidden => "address_forbidden".to_owned(),
    }
}

/// The threads that tell: one that looks who is to be told, and the lanes on which messages go out.
pub struct Telling {
    teller: Arc<Teller>,
    _thread: Worker,
    _lanes: Vec<Lane>,
}

/// A thread that sends. Hanging up stops it, so that it is hung up before it is waited for.
struct Lane {
    handle: Handle,
    _stop: oneshot::Sender<()>,
    _thread: Worker,
}

impl Lane {
    fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, (stop, stopped)) = (runtime.handle().clone(), oneshot::channel::<()>());
        let thread = Worker::start("webhook-lane", move || {
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, _stop: stop, _thread: thread })
    }
}

impl Telling {
    /// Starts telling.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(app: Arc<App>, sender: Sender) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let lanes = (0..LANES).map(|_| Lane::start()).collect::<std::io::Result<Vec<_>>>()?;
        let handles = lanes.iter().map(|lane| lane.handle.clone()).collect();
        let teller = Arc::new(Teller::on(app, sender, handles));
        let running = Arc::clone(&teller);
        let thread = Worker::start("webhooks", move || runtime.block_on(running.run()))?;
        Ok(Self { teller, _thread: thread, _lanes: lanes })
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.teller.stopping.store(true, Ordering::Release);
    }
}
