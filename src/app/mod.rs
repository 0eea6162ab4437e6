//! Use cases: thin functions over the rules, each one verb, each in one blocking hop.
//!
//! They load, let the domain decide, and save with [`Store::write`](crate::store::Store::write). They know no HTTP,
//! no SQL and no async.

pub mod accesses;
pub mod adjust;
pub mod answer_json;
pub mod answers;
pub mod applications;
pub mod board;
pub mod border;
pub mod broadcasts;
pub mod calendar;
pub mod certificate_files;
pub mod certificates;
pub mod changes;
pub mod covered;
pub mod draw;
pub mod effect;
pub mod error;
pub mod evidence;
pub mod feed;
pub mod findings;
pub mod follow;
pub mod follower;
pub mod found;
pub mod heart;
pub mod holders;
pub mod import;
pub mod kept_forms;
pub mod keys;
pub mod library;
pub mod log;
pub mod lookup;
pub mod mandates;
mod members;
pub mod names;
pub mod national;
pub mod neighbours;
pub mod notices;
pub mod operations;
pub mod overtaken;
pub mod own;
pub mod pause;
pub mod people;
pub mod plan;
pub mod preview;
pub mod privacy;
pub mod queue;
pub mod readers;
pub mod receipts;
pub mod reconcile;
pub mod record;
pub mod repeat;
pub mod replays;
pub mod report;
pub mod report_jobs;
pub mod review;
pub mod rules;
pub mod samples;
pub mod saved_filters;
pub mod screening;
pub mod sealed;
pub mod seals;
pub mod sentence;
pub mod sessions;
pub mod shadow;
pub mod sign_ins;
pub mod stops;
pub mod surroundings;
pub mod sweeps;
pub mod tariff;
pub mod telling;
pub mod texts;
pub mod usage;
pub mod verify;
pub mod view;
pub mod webhooks;
pub mod worker;

pub use crate::store::quiet::{give_way, stand_last};
pub use error::AppError;

use crate::clock::Clock;
use crate::domain::actor::Caller;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::index::Index;
use crate::store::log::size;
use crate::store::{Author, Context, Environment, Installation, Store};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Name of the service where it acts by itself on what was listed.
pub const SUPERVISION: &str = "supervision";

/// Everything a use case needs.
pub struct App {
    /// The database.
    pub store: Store,
    /// The list in memory.
    pub index: Arc<Index>,
    /// The time.
    pub clock: Clock,
    /// Where recorded answers go.
    pub recorder: queue::Recorder<record::Record>,
    /// Where records of access to protected data go.
    pub accesses: queue::Recorder<accesses::Access>,
    /// When this process started.
    pub started_at: Instant,
    /// Unrecorded answers that a seal has told.
    pub losses_told: AtomicU64,
    /// What the last sample of replayed answers came to.
    pub replayed: replays::Sampled,
    /// How long recorded answers are kept.
    pub answers_kept: Duration,
    /// The keys that sign answers.
    pub answer_keys: receipts::keys::AnswerKeys,
    /// The keys that sign files.
    pub document_keys: certificate_files::keys::DocumentKeys,
    /// The font of files.
    pub font: certificate_files::font::FontPlace,
    /// The keys of the national algorithms that sign beside.
    pub national: national::NationalKeys,
    /// Where raw messages of draws go.
    pub messages: queue::Recorder<draw::messages::Message>,
    /// What the last sweep of reservations saw.
    pub swept: sweeps::Swept,
    /// What the database says it is.
    pub installation: Installation,
    /// What came of asking witnesses.
    pub witnessed: log::witness::Witnessed,
    /// What came of asking for time stamps.
    pub timestamped: log::timestamps::Timestamped,
    /// Figures that were worked out already.
    pub reckoned: review::figures::Reckoned,
    /// Open cases as they were last read.
    pub docket: review::docket::Docket,
    /// What the last check of the log came to.
    pub checked: log::selfcheck::Checked,
    /// How long changes took until this node answered from them.
    pub effects: Arc<effect::Effects>,
    /// Who keeps a copy of the list through this node.
    pub readers: readers::Readers,
    /// The services of others that are asked.
    pub neighbours: neighbours::Neighbours,
    /// What this node sent to webhooks.
    pub sent: webhooks::figures::Sent,
    /// How far the digest of the list was computed.
    pub digested: feed::Digested,
    /// The last published head, in a file beside the database.
    pub head_file: std::path::PathBuf,
    /// Public key of the log's checkpoints (C2SP `signed-note`).
    pub vkey: String,
    /// How old the confirmation of the head may be.
    pub max_staleness: Duration,
    /// How long raw messages of draws are kept.
    pub messages_kept: Duration,
}

impl App {
    /// Whether this is the demo.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.installation.environment == Environment::Demo
    }

    /// Builds the context of a write from a caller.
    #[must_use]
    pub fn context(&self, caller: &Caller, request_id: Option<String>) -> Context {
        let by = Author::Caller {
            issuer: caller.issuer.to_string(),
            subject: caller.subject.to_string(),
            org: caller.org.to_string(),
        };
        Context { at: self.clock.now(), by, request_id }
    }

    /// Returns how long ago the head of the log was confirmed, if that is within the bound.
    ///
    /// # Errors
    /// [`AppError::StaleNode`] when it is not: an answer could miss a suspension.
    pub fn fresh(&self) -> Result<Duration, AppError> {
        self.index.age(self.clock.uptime()).filter(|age| *age <= self.max_staleness).ok_or(AppError::StaleNode)
    }

    /// Returns the revision that this node has reached, without asking the database.
    #[must_use]
    pub fn head_seen(&self) -> Revision {
        self.index.load().revision()
    }

    /// Asks the database for the number of entries in the log.
    ///
    /// # Errors
    /// The store's failure.
    pub fn head(&self) -> Result<Revision, AppError> {
        Ok(Revision(self.store.read(size)?))
    }
}
