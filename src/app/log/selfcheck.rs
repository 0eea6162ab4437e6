//! The service reads its own log again, every hour and at its start: every entry re-hashed, every tile and signed head
//! compared, and the published head in the file beside the database.
//!
//! It reads a file at a time and gives way between them; what lies under a signed head never changes, so no transaction is
//! held. It repairs nothing. Invariant: what it finds is an error in the service's own log and a figure that alarms.

use super::{newest, signed_behind, tile_under};
use crate::app::verify::Verification;
use crate::app::verify::files::FileCheck;
use crate::app::{App, AppError};
use crate::store::checkpoints::read_head_file;
use crate::store::quiet::give_way;
use crate::store::{StoreError, log};
use crate::tlog::checkpoint::CheckpointVerifier;
use crate::tlog::merkle::Frontier;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the service waits between two checks.
const EVERY: Duration = Duration::from_secs(3_600);

/// How long it gives way between two files.
const PAUSE: Duration = Duration::from_millis(1);

/// Signed heads read at once.
const STRIDE: i64 = 500;

/// Problems written to the service's own log, one by one.
const SHOWN: usize = 20;

/// What the last check came to, for the figures.
#[derive(Debug, Default)]
pub struct Checked {
    /// When it ended, seconds since 1970; 0 before the first.
    pub at: AtomicI64,
    /// Entries that it read.
    pub entries: AtomicI64,
    /// Problems that it found.
    pub problems: AtomicI64,
}

impl App {
    /// Checks the log against itself and against the published head; `go_on` is asked between files, and ends the check
    /// with its no. None while nothing was signed, or when it was ended.
    ///
    /// # Errors
    /// The store's failure; what is wrong with the log is an answer.
    pub fn check_log(&self, go_on: &mut dyn FnMut() -> bool) -> Result<Option<Verification>, AppError> {
        // The file first: a head is published after its row was committed.
        let published = read_head_file(&self.head_file, &self.vkey);
        let Some(signed) = self.store.read(newest)? else { return Ok(None) };
        let verifier = CheckpointVerifier::parse(&self.vkey).map_err(StoreError::damaged)?;
        let remembered = published.as_ref().ok().copied().flatten();
        let remembered = remembered.and_then(|(size, root)| Some((u64::try_from(size).ok()?, root)));
        let mut check = FileCheck::new(verifier, remembered, Some(&signed.note), None).without_list();
        if let Err(error) = published {
            check.note("head-file", &self.head_file.display().to_string(), &error.to_string());
        }
        for path in check.demanded() {
            if !go_on() {
                return Ok(None);
            }
            match self.store.read(|conn| tile_under(conn, path, signed.size)) {
                Ok(bytes) => check.file(path, bytes.as_deref()),
                Err(StoreError::Damaged(_)) => check.file(path, None),
                Err(error) => return Err(error.into()),
            }
        }
        let mut after = 0;
        loop {
            let heads = self.store.read(|conn| signed_behind(conn, after, STRIDE))?;
            let Some(last) = heads.last() else { break };
            after = i64::try_from(last.size).map_err(StoreError::damaged)?;
            heads.iter().for_each(|head| check.head(head.size, &head.note));
        }
        let (size, frontier) = self.store.read(log::read_head)?;
        if u64::try_from(size).is_ok_and(|size| size == signed.size)
            && Frontier::from_bytes(signed.size, &frontier).ok().map(|edge| edge.root()) != check.root()
        {
            check.note("frontier", "head", "the head row has another root than the signed head of its size");
        }
        let result = check.finish();
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.checked.entries.store(i64::try_from(result.entries).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.checked.problems.store(count(result.problems.len()), Ordering::Relaxed);
        self.checked.at.store(self.clock.now().micros() / 1_000_000, Ordering::Relaxed);
        for problem in result.problems.iter().take(SHOWN) {
            tracing::error!(code = problem.code, place = problem.where_, "the log does not hold: {}", problem.detail);
        }
        Ok(Some(result))
    }
}

/// The thread that checks.
pub struct LogChecker {
    thread: Option<JoinHandle<()>>,
    stop: Sender<()>,
}

impl LogChecker {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when no thread can be started.
    pub fn start(app: Arc<App>) -> Result<Self, StoreError> {
        let (stop, stopped) = bounded::<()>(0);
        let thread = std::thread::Builder::new()
            .name("log-checker".to_owned())
            .spawn(move || {
                give_way();
                loop {
                    let mut go_on = || stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout);
                    if let Err(error) = app.check_log(&mut go_on) {
                        tracing::error!(%error, "the log could not be checked and will be tried again");
                    }
                    if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                        break;
                    }
                }
            })
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        Ok(Self { thread: Some(thread), stop })
    }
}

impl Drop for LogChecker {
    fn drop(&mut self) {
        // Hanging up wakes the thread; one that panicked has nothing more to wait for.
        let (nobody, _) = bounded(0);
        drop(std::mem::replace(&mut self.stop, nobody));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
