//! The one writer: commands queue up, run one after another, and are committed in groups.
//!
//! Every group begins by taking the head of the log, so that writers of all nodes queue on the database and the log
//! has no gaps. Each command runs in its own savepoint: it leaves everything it did, with its log entries, or
//! nothing. One commit, and so one wait for the disk, serves the whole group.

use super::bulk::insert_columns;
use super::checkpoints::Signer;
use super::conn::{AnyConnection, DatabaseUrl, Pool, pool};
use super::desk::{Desk, Draw, DrawJob, Draws, Outcome};
use super::dialect::{begin_write, run};
use super::error::StoreError;
use super::heads::SeenHead;
use super::log::{self, Edge};
use super::queue::{Command, Crowded, Job, Waiting};
use super::quiet::give_way;
use super::tx::{Author, Context, Group, Seen, Tx, end_savepoint};
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use arc_swap::ArcSwapOption;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// Commands committed together at most.
const GROUP: usize = 256;

/// How long the writer is idle before it signs the head.
const SIGN_AFTER: Duration = Duration::from_millis(20);

/// Commands waiting at most; a full queue makes callers wait, not memory grow.
const QUEUE: usize = 1024;

/// What a write left behind, with the revision that followers must reach to see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded<T> {
    /// The answer of the work.
    pub value: T,
    /// Revision of the last entry, or of the head when the work recorded none.
    pub revision: Revision,
}

/// Counts of the writer, for metrics.
#[derive(Debug, Default)]
pub struct WriterCounts {
    /// Groups committed.
    pub groups: AtomicU64,
    /// Commands committed.
    pub commands: AtomicU64,
    /// Largest group so far.
    pub largest: AtomicU64,
}

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    readers: Pool,
    /// Taken without a lock: who answers lookups asks for draws too, and must not wait for a thread that gives way.
    jobs: ArcSwapOption<Sender<Waiting>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    frozen: Arc<OnceLock<String>>,
    heads: Arc<SeenHead>,
    counts: Arc<WriterCounts>,
}

/// How a store is opened.
pub struct Options {
    /// Connections for reading.
    pub readers: u32,
    /// Signs checkpoints after commits; none leaves that to others.
    pub signer: Option<Signer>,
    /// Rung after every commit, so that followers need not wait for their next look.
    pub bell: Option<Sender<()>>,
    /// Rung after every commit that the log grew by, so that other nodes are told.
    pub voice: Option<Sender<()>>,
    /// Commands committed together at most; 1 shows what grouping is worth.
    pub group: usize,
    /// Decides draws; without one they are refused as broken.
    pub desk: Option<Box<dyn Desk>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, signer: None, bell: None, voice: None, group: GROUP, desk: None }
    }
}

impl Store {
    /// Opens the database, whose schema must be up to date, and starts the writer.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when it cannot be opened.
    pub fn open(url: &DatabaseUrl, options: Options) -> Result<Self, StoreError> {
        let conn = url.open_writer()?;
        let readers = pool(url, options.readers)?;
        let (jobs, queue) = bounded(QUEUE);
        let frozen = Arc::new(OnceLock::new());
        let (counts, heads) = (Arc::new(WriterCounts::default()), Arc::new(SeenHead::default()));
        let mut writer = Writer {
            url: url.clone(),
            conn: Some(conn),
            queue,
            edge: None,
            signer: options.signer,
            bell: options.bell,
            voice: options.voice,
            frozen: Arc::clone(&frozen),
            heads: Arc::clone(&heads),
            counts: Arc::clone(&counts),
            most: options.group.clamp(1, GROUP),
            desk: options.desk,
            seen: Seen::default(),
        };
        // Before the first command: on a database that went back there must be none.
        writer.sign_or_freeze();
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        let inner = Inner {
            url: url.clone(),
            readers,
            jobs: ArcSwapOption::from_pointee(jobs),
            thread: Mutex::new(Some(thread)),
            frozen,
            heads,
            counts,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns which database it is.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Returns why changes are refused, if they are.
    #[must_use]
    pub fn frozen(&self) -> Option<&str> {
        self.inner.frozen.get().map(String::as_str)
    }

    /// Returns the newest head that this process has seen.
    #[must_use]
    pub fn heads(&self) -> &SeenHead {
        &self.inner.heads
    }

    /// Refuses every further change, for a reason that an operator must look at.
    pub fn freeze(&self, why: String) {
        freeze(&self.inner.frozen, why);
    }

    /// Returns the writer's counts.
    #[must_use]
    pub fn counts(&self) -> &WriterCounts {
        &self.inner.counts
    }

    /// Changes the list: everything the work did is committed with its log entries, or nothing.
    ///
    /// # Errors
    /// What the work refused, or the store's failure; [`StoreError::OutcomeUnknown`] when the commit broke.
    pub fn write<T, E>(
        &self,
        context: Context,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Recorded<T>, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if let Some(why) = self.frozen() {
            return Err(StoreError::BehindHead(why.to_owned()).into());
        }
        let (reply, answer) = bounded(1);
        let command = Command::new(context, work, reply);
        let jobs = self.inner.jobs.load_full().ok_or(StoreError::Closed)?;
        jobs.send(Waiting::Command(Box::new(command))).map_err(|_| StoreError::Closed)?;
        drop(jobs);
        answer.recv().map_err(|_| StoreError::OutcomeUnknown)?
    }

    /// Takes or gives back quantity: decided by the desk together with the other draws of the group.
    ///
    /// # Errors
    /// The store's failure; [`StoreError::OutcomeUnknown`] when the commit broke.
    pub fn draw(&self, draw: Draw) -> Result<Outcome, StoreError> {
        let (tell, answer) = bounded(1);
        // A caller that gave up waiting needs no answer.
        let crowded = self.draw_then(draw, move |outcome| drop(tell.send(outcome)))?;
        crowded.map_or(Ok(()), Crowded::wait)?;
        answer.recv().map_err(|_| StoreError::OutcomeUnknown)?
    }

    /// The same without waiting: `reply` is told on the writer's thread, and must not wait either. Where it is dropped
    /// untold the outcome is unknown.
    ///
    /// # Errors
    /// The store's failure. Answers the draw when the queue is full: somebody who may wait must bring it in.
    pub fn draw_then(
        &self,
        draw: Draw,
        reply: impl FnOnce(Result<Outcome, StoreError>) + Send + 'static,
    ) -> Result<Option<Crowded>, StoreError> {
        if let Some(why) = self.frozen() {
            return Err(StoreError::BehindHead(why.to_owned()));
        }
        let jobs = self.inner.jobs.load_full().ok_or(StoreError::Closed)?;
        match jobs.try_send(Waiting::Draw(Box::new(DrawJob { draw, reply: Box::new(reply) }))) {
            Ok(()) => Ok(None),
            Err(TrySendError::Full(job)) => Ok(Some(Crowded::new(jobs, job))),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }

    /// Changes working state: the tables of [`keep`](super::keep), never the list.
    ///
    /// # Errors
    /// The store's failure.
    pub fn keep<T: Send + 'static>(
        &self,
        at: Instant,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let context = Context { at, by: Author::System("keep"), request_id: None };
        self.write(context, move |tx| work(tx.conn())).map(|recorded| recorded.value)
    }

    /// Reads on a connection of its own.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when no connection is free or the database is away; else what the work answers.
    pub fn read<T, E: From<StoreError>>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.inner.readers.get().map_err(|error| StoreError::Unreachable(error.to_string()))?;
        work(&mut conn)
    }

    /// Waits for queued commands and stops the writer; later commands are refused.
    pub fn close(&self) {
        self.inner.jobs.store(None);
        let thread = self.inner.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            // A writer that panicked has nothing more to wait for.
            let _ = thread.join();
        }
    }
}

/// Refuses every further change; what froze it first stays the reason.
fn freeze(frozen: &OnceLock<String>, why: String) {
    tracing::error!(why, "changes are refused until an operator has looked");
    let _ = frozen.set(why);
}

/// Opens a connection of the writer; a database that does not go on from what this process has seen of it is refused.
fn open(url: &DatabaseUrl, heads: &SeenHead) -> Result<AnyConnection, StoreError> {
    // Known before the head is taken: what others saw of a group that is still being committed is waited for.
    let known = heads.newest();
    let mut conn = url.open_writer()?;
    if let Some(known) = known {
        begin_write(&mut conn)?;
        log::take_head(&mut conn)?;
        let held = heads.is_held(&mut conn, known);
        run(&mut conn, "ROLLBACK")?;
        held?;
    }
    Ok(conn)
}

/// The thread behind the queue.
struct Writer {
    url: DatabaseUrl,
    conn: Option<AnyConnection>,
    queue: Receiver<Waiting>,
    edge: Option<Edge>,
    signer: Option<Signer>,
    bell: Option<Sender<()>>,
    voice: Option<Sender<()>>,
    frozen: Arc<OnceLock<String>>,
    heads: Arc<SeenHead>,
    counts: Arc<WriterCounts>,
    most: usize,
    desk: Option<Box<dyn Desk>>,
    /// What the groups before looked up.
    seen: Seen,
}

impl Writer {
    fn run(mut self) {
        give_way();
        let mut unsigned_groups = 0_u32;
        loop {
            let first = if unsigned_groups == 0 {
                self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.queue.recv_timeout(SIGN_AFTER)
            };
            let first = match first {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    unsigned_groups = 0;
                    self.sign_or_freeze();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let (mut jobs, mut draws, mut count) = (Vec::new(), Draws::default(), 0_u64);
            let others = self.queue.try_iter().take(self.most.saturating_sub(1));
            for waiting in std::iter::once(first).chain(others) {
                count = count.saturating_add(1);
                match waiting {
                    Waiting::Command(job) => jobs.push(job),
                    Waiting::Draw(job) => {
                        draws.draws.push(job.draw);
                        draws.replies.push(job.reply);
                    }
                }
            }
            // Commands may have been queued before the database was found to have gone back.
            if let Some(why) = self.frozen.get() {
                jobs.into_iter().for_each(|job| job.done(Some(StoreError::BehindHead(why.clone()))));
                draws.done(|| Some(StoreError::BehindHead(why.clone())));
                continue;
            }
            let stood = self.edge.as_ref().map(Edge::size);
            let failure = self.commit(&mut jobs, &mut draws).err();
            if failure.is_some() {
                // A broken connection is not trusted again; the next group opens another.
                self.conn = None;
                self.edge = None;
            }
            if let Some(StoreError::BehindHead(why)) = &failure {
                freeze(&self.frozen, why.clone());
            }
            let committed = failure.is_none();
            // Before the answers, so that who has one finds it in this node's list.
            let level = committed && draws.decided() && self.desk.as_mut().is_some_and(|desk| desk.committed());
            let unknown = matches!(failure, Some(StoreError::OutcomeUnknown));
            let failed = || match (&failure, unknown) {
                (None, _) => None,
                (Some(StoreError::BehindHead(why)), _) => Some(StoreError::BehindHead(why.clone())),
                (Some(_), true) => Some(StoreError::OutcomeUnknown),
                (Some(error), false) => Some(StoreError::Unreachable(error.to_string())),
            };
            draws.done(failed);
            for job in jobs {
                job.done(failed());
            }
            if committed {
                self.counts.groups.fetch_add(1, Ordering::Relaxed);
                self.counts.commands.fetch_add(count, Ordering::Relaxed);
                self.counts.largest.fetch_max(count, Ordering::Relaxed);
                let grown = self.edge.as_ref().map(Edge::size) != stood;
                let rung = [self.bell.as_ref().filter(|_| !level), self.voice.as_ref().filter(|_| grown)];
                for bell in rung.into_iter().flatten() {
                    // A full bell has been rung already.
                    let _ = bell.try_send(());
                }
                unsigned_groups = unsigned_groups.saturating_add(1);
            }
            // Under load a checkpoint for every group would double the waits for the disk.
            if unsigned_groups >= 64 {
                unsigned_groups = 0;
                self.sign_or_freeze();
            }
        }
        self.sign_or_freeze();
    }

    /// Signs the newest head; a database that went back is refused every further change.
    fn sign_or_freeze(&mut self) {
        if self.frozen.get().is_none()
            && let Some(why) = self.sign()
        {
            freeze(&self.frozen, why);
        }
    }

    fn commit(&mut self, jobs: &mut [Box<dyn Job>], draws: &mut Draws) -> Result<(), StoreError> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            empty => empty.insert(open(&self.url, &self.heads)?),
        };
        begin_write(conn)?;
        let (size, frontier) = log::take_head(conn)?;
        let (undisturbed, mut edge) = match self.edge.take() {
            Some(edge) if edge.size() == size => (true, edge),
            _ => (false, log::edge(conn, size, &frontier)?),
        };
        let seen = std::mem::take(&mut self.seen);
        let seen = if undisturbed { seen } else { Seen::default() };
        let mut group = Group { base: size, undisturbed, seen, ..Group::default() };
        for job in jobs.iter_mut() {
            let before = (group.entries.len(), group.sealed.len());
            run(conn, "SAVEPOINT command")?;
            let done = job.run(conn, &mut group);
            end_savepoint(conn, &mut group, done, before)?;
        }
        if !draws.draws.is_empty() && jobs.is_empty() {
            // Alone they need no savepoint: what undoes them undoes the group.
            if !draws.run(self.desk.as_mut(), conn, &mut group) {
                run(conn, "ROLLBACK")?;
                self.edge = Some(edge);
                return Ok(());
            }
        } else if !draws.draws.is_empty() {
            let before = (group.entries.len(), group.sealed.len());
            run(conn, "SAVEPOINT command")?;
            let done = draws.run(self.desk.as_mut(), conn, &mut group);
            end_savepoint(conn, &mut group, done, before)?;
        }
        if !group.entries.is_empty() {
            insert_columns!(conn, private_values, group.sealed, [revision, subject, sealed]);
            log::append(conn, &mut edge, &group.entries)?;
        }
        // From here on a failure leaves it open whether the database committed.
        run(conn, "COMMIT").map_err(|_| StoreError::OutcomeUnknown)?;
        self.heads.saw((edge.size(), edge.frontier.root()));
        (self.edge, self.seen) = (Some(edge), group.seen);
        Ok(())
    }

    /// Signs the newest head; returns why changes must be refused, if they must.
    fn sign(&mut self) -> Option<String> {
        let signer = self.signer.as_mut()?;
        let conn = match &mut self.conn {
            Some(conn) => conn,
            empty => match open(&self.url, &self.heads) {
                Ok(conn) => empty.insert(conn),
                Err(StoreError::BehindHead(why)) => return Some(why),
                // The next change opens it, or says why not.
                Err(_) => return None,
            },
        };
        match signer.sign(conn, self.edge.as_ref()) {
            Ok(()) => None,
            Err(StoreError::BehindHead(why)) => Some(why),
            Err(error) => {
                tracing::error!(%error, "the checkpoint could not be signed; it is tried again with the next change");
                let _ = run(conn, "ROLLBACK");
                self.conn = None;
                None
            }
        }
    }
}
