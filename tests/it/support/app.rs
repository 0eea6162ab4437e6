//! A running service with a fixed clock, a database and a data folder of its own, and the actors who use it.
//!
//! When it goes, the log is verified from its first entry: a test that leaves a list which the log does not explain
//! fails, whatever it was about.

use super::client::{Client, Response};
use super::contract::Contract;
use super::postgres;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;
use whitelist::app::samples;
use whitelist::cli::demo_issuer::DemoIssuer;
use whitelist::cli::open::{Opened, Opening, open};
use whitelist::clock::Clock;
use whitelist::config::signers::Signers;
use whitelist::config::{DocumentPlace, Scanner};
use whitelist::domain::actor::Role;
use whitelist::domain::receipt::{AnswerAlgorithm, Overflow};
use whitelist::domain::revision::Revision;
use whitelist::domain::validity::Instant;
use whitelist::domain::webhook::target::Allowed;
use whitelist::http::edge::{Documents, Edge};
use whitelist::http::limits::LimitSettings;
use whitelist::http::making::{Maker, ReportLimits};
use whitelist::http::portal::PortalSettings;
use whitelist::http::serve::{ServeOptions, server};
use whitelist::http::surface::Budgets;
use whitelist::http::throttle::Throttle;
use whitelist::outbound::documents::DocumentStore;
use whitelist::outbound::keys::{IssuerSettings, KeyStore, LoopbackHttp};
use whitelist::store::conn::migrate;
use whitelist::store::{DatabaseUrl, Environment};

/// Noon in Beijing on the day of the fixture scenarios.
pub const NOW: &str = "2026-08-12T04:00:00.000000Z";

/// Where a service keeps its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// What a test may set other than a service has it.
#[derive(Clone)]
pub struct Tuning {
    /// How old the confirmation of the head may be.
    pub max_staleness: Duration,
    /// How long bodies may take.
    pub bodies: LimitSettings,
    /// Who issues tokens besides the issuer of the demo.
    pub issuers: Vec<IssuerSettings>,
    /// Who scans documents.
    pub scanner: Option<Scanner>,
    /// How answers are signed.
    pub signing: AnswerAlgorithm,
    /// What happens to answers that cannot be recorded.
    pub overflow: Overflow,
    /// Whether SM2 signs beside.
    pub national: bool,
    /// The font file of signed certificates.
    pub font: Option<String>,
    /// What the list is followed from, where that is not the database itself.
    pub follow: Option<DatabaseUrl>,
    /// How long an open stream of events is silent at most.
    pub beat: Duration,
    /// Places inside that webhooks may go to.
    pub webhooks: Allowed,
    /// How much of each kind is under way at once.
    pub budgets: Budgets,
    /// How much of reports made in the background is kept.
    pub reports: ReportLimits,
    /// Requests a second of one client; none is without limit.
    pub rate_limit: Option<u32>,
    /// Organisations that sign their requests.
    pub signers: Signers,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            max_staleness: Duration::from_secs(5),
            bodies: LimitSettings::default(),
            issuers: Vec::new(),
            scanner: None,
            signing: AnswerAlgorithm::EdDsa,
            overflow: Overflow::Count,
            national: false,
            font: None,
            follow: None,
            beat: Duration::from_millis(20),
            webhooks: Allowed::default(),
            budgets: Budgets::default(),
            reports: ReportLimits::default(),
            rate_limit: None,
            signers: Signers::new(),
        }
    }
}

/// A service under test.
pub struct TestApp {
    /// Its address.
    pub address: SocketAddr,
    /// Its clock, which stands until a test moves it.
    pub clock: Clock,
    /// Its data folder.
    pub folder: PathBuf,
    /// Its database.
    pub database: DatabaseUrl,
    tuning: Tuning,
    faults: Arc<Mutex<Vec<String>>>,
    issuer: DemoIssuer,
    opened: Option<Opened>,
    edge: Option<Arc<Edge>>,
    stop: Option<actix_web::dev::ServerHandle>,
    thread: Option<JoinHandle<()>>,
    verify_at_end: bool,
    _home: TempDir,
}

/// Puts an SQLite database with all tables into a folder: migrating takes longer than many a test.
fn migrated(folder: &Path) -> PathBuf {
    static TABLES: OnceLock<Vec<u8>> = OnceLock::new();
    let path = folder.join("whitelist.db");
    let tables = TABLES.get_or_init(|| {
        migrate(&mut DatabaseUrl::Sqlite(path.clone()).open().unwrap()).unwrap();
        std::fs::read(&path).unwrap()
    });
    std::fs::write(&path, tables).unwrap();
    path
}

/// Copies the keys of one data folder into another, as whoever sets up a second node does.
pub fn copy_keys(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from.join("keys")).arg(to).status().unwrap();
    assert!(copied.success());
}

impl TestApp {
    /// Starts a service with the sample data, on the day of the fixtures.
    pub fn start(database: Database) -> Self {
        Self::start_tuned(database, Tuning::default())
    }

    /// The same with other settings.
    pub fn start_tuned(database: Database, tuning: Tuning) -> Self {
        let home = tempfile::tempdir().unwrap();
        let database = match database {
            Database::Sqlite => DatabaseUrl::Sqlite(migrated(home.path())),
            Database::Postgres => DatabaseUrl::parse(&postgres::migrated()).unwrap(),
        };
        Self::start_in(home, database, tuning)
    }

    /// Starts another node on the same list, which it may reach another way: the same keys in a folder of its own.
    pub fn beside(&self, database: DatabaseUrl, tuning: Tuning) -> Self {
        let home = tempfile::tempdir().unwrap();
        copy_keys(&self.folder, home.path());
        Self::start_in(home, database, tuning)
    }

    /// Starts a service on a database that is there.
    pub fn start_at(database: DatabaseUrl, tuning: Tuning) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), database, tuning)
    }

    fn start_in(home: TempDir, database: DatabaseUrl, tuning: Tuning) -> Self {
        let folder = home.path().to_path_buf();
        let clock = Clock::fixed(Instant::parse(NOW).unwrap());
        let issuer = DemoIssuer::load_or_create(&folder).unwrap();
        let mut app = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock,
            folder,
            database,
            tuning,
            faults: Arc::default(),
            issuer,
            opened: None,
            edge: None,
            stop: None,
            thread: None,
            verify_at_end: true,
            _home: home,
        };
        app.run();
        app
    }

    /// Sets what the next start runs with.
    pub fn retune(&mut self, change: impl FnOnce(&mut Tuning)) {
        change(&mut self.tuning);
    }

    /// Stops the service and starts it again on the same data.
    pub fn restart(&mut self) {
        self.stop();
        self.run();
    }

    fn run(&mut self) {
        let opened = open(Opening {
            data: self.folder.clone(),
            database: self.database.clone(),
            follow: self.tuning.follow.clone(),
            environment: Some(Environment::Demo),
            public_url: None,
            migrate: true,
            record: true,
            max_staleness: self.tuning.max_staleness,
            overflow: self.tuning.overflow,
            answers_kept: whitelist::app::record::KEPT,
            signing: self.tuning.signing,
            national: self.tuning.national,
            font: self.tuning.font.clone(),
            messages_kept: whitelist::app::draw::messages::KEPT,
            clock: self.clock.clone(),
            group: 256,
        })
        .unwrap();
        samples::load(&opened.app.store, self.clock.now()).unwrap();
        let revision = opened.app.store.read(whitelist::store::log::size).unwrap();
        assert!(opened.app.index.wait_for(Revision(revision), Duration::from_secs(10)));
        let mut issuers = vec![self.issuer.settings()];
        issuers.extend(self.tuning.issuers.iter().cloned());
        let keys = Arc::new(KeyStore::new(issuers, LoopbackHttp::Allowed).unwrap());
        let program = PathBuf::from(env!("CARGO_BIN_EXE_whitelist"));
        let mut edge = Edge::new(Arc::clone(&opened.app), keys, program, Vec::new()).unwrap();
        edge.limits = self.tuning.bodies;
        edge.beat = self.tuning.beat;
        edge.signers = self.tuning.signers.clone();
        edge.webhooks_allowed = self.tuning.webhooks.clone();
        edge.budgets = self.tuning.budgets.clone();
        edge.reports = self.tuning.reports;
        edge.throttle = self.tuning.rate_limit.map(Throttle::new);
        edge.portal = PortalSettings { demo_issuer: Some(self.issuer.settings().issuer.into()), public_url: None };
        let place = DocumentPlace::Folder(self.folder.join("documents"));
        let store = DocumentStore::open(&place).unwrap();
        edge.documents = Some(Documents { store, scanner: self.tuning.scanner.clone() });
        let edge = Arc::new(edge);
        self.edge = Some(Arc::clone(&edge));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        self.address = listener.local_addr().unwrap();
        let (tell, handle) = std::sync::mpsc::channel();
        self.thread = Some(std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (running, desks) = server(edge, listener, ServeOptions { workers: Some(1) }).unwrap();
                tell.send(running.handle()).unwrap();
                running.await.unwrap();
                desks.ended();
            });
        }));
        self.stop = Some(handle.recv().unwrap());
        self.opened = Some(opened);
    }

    fn stop(&mut self) {
        if let Some(edge) = self.edge.take() {
            edge.draining.store(true, Ordering::Release);
        }
        if let Some(handle) = self.stop.take() {
            // The stop is carried out by the server's own thread; waiting for that thread waits for it.
            drop(handle.stop(true));
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        if let Some(opened) = self.opened.take() {
            opened.close();
        }
    }

    /// Moves the clock.
    pub fn set_time(&self, instant: &str) {
        self.clock.set(Instant::parse(instant).unwrap());
    }

    /// Waits until the list in memory stands at the head of the log, and returns that.
    pub fn settle(&self) -> Revision {
        let head = self.inside().head().unwrap();
        assert!(self.inside().index.wait_for(head, Duration::from_secs(10)));
        head
    }

    /// Moves to a day and lets everything happen that time brings; returns how much that was.
    pub fn day_comes(&self, day: &str) -> usize {
        let instant = format!("{day}T01:00:00.000000Z");
        self.set_time(&instant);
        self.settle();
        let done = self.inside().tick(Instant::parse(&instant).unwrap()).unwrap();
        self.settle();
        done
    }

    /// The use cases behind the service, for what no client can see.
    pub fn inside(&self) -> &whitelist::app::App {
        &self.opened.as_ref().unwrap().app
    }

    /// The same for what runs beside the service.
    pub fn shared(&self) -> Arc<whitelist::app::App> {
        Arc::clone(&self.opened.as_ref().unwrap().app)
    }

    /// Makes the reports that are waited for, as a thread of the service does; returns how many were taken up.
    pub fn make_reports(&self) -> usize {
        let maker = Maker::new(Arc::clone(self.edge.as_ref().unwrap()));
        actix_web::rt::System::new().block_on(async move {
            let made = maker.round().await.unwrap();
            maker.let_go().await.unwrap();
            made
        })
    }

    /// For tests that break the log on purpose.
    pub fn will_be_tampered_with(&mut self) {
        self.verify_at_end = false;
    }

    /// Stops the service, so that its files can be looked at or edited.
    pub fn halt(&mut self) {
        self.stop();
    }

    /// Mints a token.
    pub fn token(&self, roles: &[Role], org: &str, sub: &str) -> String {
        let now = self.clock.now().micros() / 1_000_000;
        self.issuer.mint(roles, org, sub, 900, now, "test")
    }

    /// A client without a token; every exchange is held against the contract.
    pub fn client(&self) -> Client {
        let faults = Arc::clone(&self.faults);
        Client::new(self.address).observed_by(move |exchange| {
            if let Err(found) = Contract::get().check(exchange) {
                faults.lock().unwrap().extend(found);
            }
        })
    }

    /// An actor with one role.
    pub fn actor(&self, role: Role, org: &str, name: &str) -> Actor {
        Actor { client: self.client(), token: self.token(&[role], org, name) }
    }

    /// A customs system that asks.
    pub fn customs(&self) -> Actor {
        self.actor(Role::CustomsLookup, "0101", "customs-1")
    }

    /// A customs system that takes quantity.
    pub fn drawing(&self) -> Actor {
        self.actor(Role::CustomsDraw, "0101", "customs-draw-1")
    }

    /// The officer who proposes.
    pub fn officer(&self) -> Actor {
        self.actor(Role::BureauOfficer, "bj-commerce", "officer-1")
    }

    /// The approver who confirms.
    pub fn approver(&self) -> Actor {
        self.actor(Role::BureauApprover, "bj-commerce", "approver-1")
    }

    /// The auditor.
    pub fn auditor(&self) -> Actor {
        self.actor(Role::Auditor, "bj-audit", "auditor-1")
    }

    /// Proposes changes as the officer and confirms them as the approver; returns the revision.
    pub fn change(&self, changes: Value) -> i64 {
        let proposed = self.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": changes }));
        assert_eq!(proposed.status, 201, "{}", proposed.text());
        let id = proposed.json()["id"].as_str().unwrap().to_owned();
        let etag = proposed.header("etag").unwrap().to_owned();
        let confirmed = self.approver().act(&format!("/v1/adjustments/{id}/confirm"), &etag);
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        confirmed.json()["revision"].as_i64().unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.stop();
            return;
        }
        let faults = std::mem::take(&mut *self.faults.lock().unwrap());
        self.stop();
        assert!(faults.is_empty(), "exchanges outside the contract:\n{}", faults.join("\n"));
        if self.verify_at_end {
            let result = verify(&self.folder, &self.database);
            assert!(result.ok, "the log does not verify: {:#?}", result.problems);
        }
    }
}

/// Verifies a database against its log, as `whitelist log verify` does.
pub fn verify(folder: &std::path::Path, database: &DatabaseUrl) -> whitelist::app::verify::Verification {
    use whitelist::app::keys::DataFolder;
    use whitelist::store::writer::Options;
    use whitelist::store::{Store, installation};
    let installation = installation::find(&mut database.open().unwrap()).unwrap().unwrap();
    let folder = DataFolder(folder.to_path_buf());
    let vkey = folder.checkpoint_key_of(&installation).unwrap().vkey();
    let published = whitelist::store::checkpoints::read_head_file(&folder.head_file(), &vkey).unwrap();
    let remembered = published.map(|(size, root)| (u64::try_from(size).unwrap(), root));
    let store = Store::open(database, Options::default()).unwrap();
    let result = whitelist::app::verify::database(&store, &vkey, remembered, &mut |_, _| {}).unwrap();
    store.close();
    result
}

/// Somebody with a token.
pub struct Actor {
    pub client: Client,
    pub token: String,
}

impl Actor {
    /// Sends a request with the token.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("Authorization", bearer.as_str())];
        all.extend(headers);
        self.client.send(method, target, &all, body)
    }

    pub fn get(&self, target: &str) -> Response {
        self.send("GET", target, &[], b"")
    }

    pub fn post(&self, target: &str, body: &Value) -> Response {
        self.send("POST", target, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    pub fn put(&self, target: &str, body: &Value) -> Response {
        self.send("PUT", target, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// Carries out a verb on what was seen.
    pub fn act(&self, target: &str, etag: &str) -> Response {
        self.send("POST", target, &[("If-Match", etag)], b"")
    }
}
