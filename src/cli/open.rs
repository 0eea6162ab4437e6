//! Opens a data folder: schema, installation, log, list, and everything that runs beside the server.

use super::{Failure, Place};
use crate::app::certificate_files::font::FontPlace;
use crate::app::certificate_files::keys::DocumentKeys;
use crate::app::draw::desk::DrawDesk;
use crate::app::draw::messages;
use crate::app::feed::Digested;
use crate::app::follower::{Follower, Watch};
use crate::app::found::create_log;
use crate::app::heart::{Beating, Heart};
use crate::app::keys::{DataFolder, origin_of};
use crate::app::log::selfcheck::Checked;
use crate::app::log::timestamps::Timestamped;
use crate::app::log::witness::Witnessed;
use crate::app::national::NationalKeys;
use crate::app::neighbours::Neighbours;
use crate::app::queue::Recorder;
use crate::app::readers::Readers;
use crate::app::receipts::keys::AnswerKeys;
use crate::app::replays::Sampled;
use crate::app::review::docket::Docket;
use crate::app::review::figures::Reckoned;
use crate::app::sweeps::Swept;
use crate::app::webhooks::figures::Sent;
use crate::app::{App, accesses, record};
use crate::clock::Clock;
use crate::config;
use crate::domain::receipt::{AnswerAlgorithm, Overflow};
use crate::index::{Index, Snapshot};
use crate::store::checkpoints::Signer;
use crate::store::conn::{migrate, migrations_pending};
use crate::store::desk::Desk;
use crate::store::writer::Options;
use crate::store::{DatabaseUrl, Environment, Store, installation};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// What is opened for.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Data folder.
    pub data: PathBuf,
    /// Database.
    pub database: DatabaseUrl,
    /// What the list is followed from, such as a hot standby; none follows the database itself.
    pub follow: Option<DatabaseUrl>,
    /// The environment of a new database; an existing one must be of it. None takes what is there.
    pub environment: Option<Environment>,
    /// Names a new log.
    pub public_url: Option<String>,
    /// Whether a schema that is behind may be brought up to date.
    pub migrate: bool,
    /// Whether answers are recorded.
    pub record: bool,
    /// What happens to answers that cannot be recorded.
    pub overflow: Overflow,
    /// How answers are signed.
    pub signing: AnswerAlgorithm,
    /// Whether SM2 signs receipts and heads beside.
    pub national: bool,
    /// The font file of signed certificates; none takes what is installed.
    pub font: Option<String>,
    /// How old the confirmation of the head may be.
    pub max_staleness: Duration,
    /// How long recorded answers are kept.
    pub answers_kept: Duration,
    /// How long raw messages of draws are kept.
    pub messages_kept: Duration,
    /// The time.
    pub clock: Clock,
    /// Commands committed together at most.
    pub group: usize,
}

impl Opening {
    /// Opens what a command's flags and the environment name.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a faulty database URL.
    pub fn of(place: &Place) -> Result<Self, Failure> {
        let (data, url) = config::place(place.data.clone(), place.database.clone());
        let database = DatabaseUrl::parse(&url).map_err(Failure::Usage)?;
        Ok(Self {
            data,
            database,
            follow: None,
            environment: None,
            public_url: None,
            migrate: false,
            record: false,
            overflow: Overflow::Count,
            answers_kept: record::KEPT,
            signing: AnswerAlgorithm::EdDsa,
            national: false,
            font: config::variable("WHITELIST_PDF_FONT"),
            max_staleness: Duration::from_secs(5),
            messages_kept: messages::KEPT,
            clock: Clock::system(),
            group: 256,
        })
    }
}

/// An opened service: the use cases and the thread that follows the log.
pub struct Opened {
    /// The use cases.
    pub app: Arc<App>,
    /// Folder of the data.
    pub folder: DataFolder,
    follower: Option<(Follower, Option<Beating>)>,
    records: bool,
}

impl Opened {
    /// Writes what is queued, signs the last head, and stops every thread.
    pub fn close(mut self) {
        self.follower.take();
        let store = self.app.store.clone();
        self.app.recorder.flush();
        if self.records
            && let Err(error) = self.app.seal_now(self.app.clock.now())
        {
            tracing::error!(%error, "the last answers are not sealed; the next start will");
        }
        self.app.accesses.flush();
        self.app.messages.flush();
        drop(self.app);
        store.close();
    }
}

/// Opens a data folder.
///
/// # Errors
/// [`Failure::Unreachable`] when something cannot be opened, [`Failure::Refused`] for data of the other environment.
pub fn open(opening: Opening) -> Result<Opened, Failure> {
    let folder = DataFolder(opening.data);
    let existing = matches!(&opening.database, DatabaseUrl::Sqlite(path) if path.exists());
    if opening.environment.is_none() && !existing && matches!(opening.database, DatabaseUrl::Sqlite(_)) {
        return Err(Failure::Unreachable(format!(
            "there is no database in {}; start with `whitelist demo` or `whitelist migrate`",
            folder.0.display()
        )));
    }
    folder.create()?;
    let mut conn = opening.database.open()?;
    if migrations_pending(&mut conn)? {
        if !opening.migrate {
            return Err(Failure::Refused(
                "the database is behind this program; run `whitelist migrate` first".to_owned(),
            ));
        }
        migrate(&mut conn)?;
    }
    let installation = match (installation::find(&mut conn)?, opening.environment) {
        (Some(found), Some(wanted)) if found.environment != wanted => {
            return Err(Failure::Refused(format!(
                "the database is a {} database; it is never served as {}",
                found.environment.as_str(),
                wanted.as_str()
            )));
        }
        (Some(found), _) => found,
        (None, Some(wanted)) => {
            installation::found(&mut conn, wanted, &origin_of(wanted, opening.public_url.as_deref()))?
        }
        (None, None) => {
            return Err(Failure::Unreachable("the database is empty; run `whitelist migrate` first".to_owned()));
        }
    };
    drop(conn);
    let key = folder.checkpoint_key_of(&installation)?;
    let vkey = key.vkey();
    let ((bell, rings), (voice, announcing)) = (crossbeam_channel::bounded(1), crossbeam_channel::bounded(1));
    let beside = Arc::default();
    let mut signer = Signer::new(key, folder.head_file()).beside(Arc::clone(&beside));
    if let Some(later) = installation.later.clone() {
        let key = folder.checkpoint_key_named(&later.old_origin)?.filter(|key| key.vkey() == later.old_vkey);
        signer = signer.after(later, key);
    }
    let signer = Some(signer);
    // The desk judges by the list that is loaded from the store that it serves.
    let index = Arc::new(Index::new(Snapshot::empty()));
    let desk: Option<Box<dyn Desk>> = Some(Box::new(DrawDesk::new(Arc::clone(&index))));
    let store = Store::open(
        &opening.database,
        Options { signer, bell: Some(bell), voice: Some(voice), group: opening.group, desk, ..Options::default() },
    )?;
    create_log(&store, &installation, opening.clock.now())?;
    let mut heart = Heart::of(&opening.database, &opening.clock);
    if let Some(heart) = &mut heart {
        // Commands that look into a database are no nodes.
        if opening.record {
            heart.of_node(config::node_name(&folder.0), Arc::clone(&index));
        }
        heart.beat()?;
    }
    let follow = opening.follow.unwrap_or_else(|| opening.database.clone());
    let pulse = heart.as_ref().map(Heart::pulse);
    let effects = Arc::default();
    let watch = Watch::new(follow, store.clone(), Arc::clone(&index), opening.clock.clone(), pulse);
    let mut watch = watch.noting(Arc::clone(&effects));
    watch.load()?;
    watch.look();
    let beating = heart.map(|heart| heart.start(opening.max_staleness, announcing)).transpose()?;
    let follower = (Follower::start(watch, rings)?, beating);
    let (recorder, messages, accesses, answer_keys) = if opening.record {
        (
            Recorder::start("recorder", store.clone(), record::BATCH, opening.overflow, record::write)?,
            Recorder::start("messages", store.clone(), messages::BATCH, Overflow::Count, messages::write)?,
            Recorder::start("accesses", store.clone(), accesses::BATCH, Overflow::Count, accesses::write)?,
            AnswerKeys::new(folder.clone(), opening.signing),
        )
    } else {
        (Recorder::off(), Recorder::off(), Recorder::off(), AnswerKeys::none())
    };
    let national = NationalKeys::new(opening.national.then(|| folder.clone()), beside);
    if let Err(error) = answer_keys.take(&store, opening.clock.now()) {
        // Answers are given all the same, only not signed; it is tried again every minute.
        tracing::error!(%error, "there is no key to sign answers with");
    }
    if let Err(error) = national.take(&store, opening.clock.now()) {
        tracing::error!(%error, "there is no SM2 key to sign with");
    }
    let document_keys = DocumentKeys::new(opening.record.then(|| folder.clone()));
    let Opening { clock, font, max_staleness, messages_kept, answers_kept, record, .. } = opening;
    let swept = Swept::default();
    let witnessed = Witnessed::default();
    let (started_at, losses_told, replayed) = (clock.now(), AtomicU64::new(0), Sampled::default());
    let app = App {
        store,
        index,
        clock,
        recorder,
        accesses,
        started_at,
        losses_told,
        replayed,
        answers_kept,
        answer_keys,
        document_keys,
        font: FontPlace(font),
        national,
        messages,
        swept,
        installation,
        witnessed,
        timestamped: Timestamped::default(),
        checked: Checked::default(),
        effects,
        readers: Readers::default(),
        neighbours: Neighbours::default(),
        sent: Sent::default(),
        digested: Digested::default(),
        reckoned: Reckoned::default(),
        docket: Docket::default(),
        head_file: folder.head_file(),
        vkey,
        max_staleness,
        messages_kept,
    };
    Ok(Opened { app: Arc::new(app), folder, follower: Some(follower), records: record })
}
