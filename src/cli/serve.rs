//! `whitelist serve`: production. Refuses to start on anything that belongs to a demo or could lose what it acknowledges.

use super::open::{Opened, Opening, open};
use super::{Failure, tell};
use crate::app::log::selfcheck::LogChecker;
use crate::app::sweeps::Ticker;
use crate::clock::Clock;
use crate::config::mail::MailSettings;
use crate::config::proxies::Proxies;
use crate::config::signers::Signers;
use crate::config::witnesses::WitnessSettings;
use crate::config::{DocumentPlace, Scanner, Settings, production, variable};
use crate::domain::webhook::target::Allowed;
use crate::http::edge::{Documents, Edge, SLOW};
use crate::http::making::{Making, ReportLimits};
use crate::http::portal::PortalSettings;
use crate::http::throttle::Throttle;
use crate::outbound::documents::DocumentStore;
use crate::outbound::keys::{KeyStore, KeyStoreError, LoopbackHttp};
use crate::outbound::rounds::Rounds;
use crate::outbound::timestamp::{self, Authority};
use crate::outbound::traces::Tracer;
use crate::outbound::webhooks::Telling;
use crate::outbound::webhooks::sender::Sender;
use crate::outbound::witness::{self, Witnesses};
use crate::store::{DatabaseUrl, Environment, StoreError, installation};
use crate::telemetry;
use clap::Args;
use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address to listen on [default: WHITELIST_LISTEN, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Data folder [default: WHITELIST_DATA, else ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Database [default: WHITELIST_DATABASE_URL, else DIR/whitelist.db]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Serves until stopped.
///
/// # Errors
/// [`Failure::Usage`] with every faulty setting; [`Failure::Refused`] for demo data, demo keys or a database that
/// may lose acknowledged changes.
pub fn run(args: ServeArgs) -> Result<(), Failure> {
    let settings = production(args.listen, args.data, args.database)
        .map_err(|faults| Failure::Usage(faults.join("\n           ")))?;
    telemetry::start(variable("WHITELIST_LOG").as_deref());
    let database = DatabaseUrl::parse(&settings.database).map_err(Failure::Usage)?;
    refuse_demo(&settings.data, &database)?;
    let listener = TcpListener::bind(settings.listen)
        .map_err(|error| Failure::Unreachable(format!("cannot listen on {}: {error}", settings.listen)))?;
    let keys =
        KeyStore::new(settings.issuers.clone(), LoopbackHttp::Refused).map_err(|error| issuers_refused(&error))?;
    let opened = open(Opening {
        data: settings.data.clone(),
        database: database.clone(),
        follow: settings.follow.as_deref().map(DatabaseUrl::parse).transpose().map_err(Failure::Usage)?,
        environment: Some(Environment::Production),
        public_url: settings.public_url.clone(),
        migrate: matches!(database, DatabaseUrl::Sqlite(_)),
        record: true,
        overflow: settings.overflow,
        answers_kept: settings.answers_kept,
        signing: settings.signing,
        national: settings.national,
        font: settings.font.clone(),
        max_staleness: settings.max_staleness,
        messages_kept: settings.messages_kept,
        clock: Clock::system(),
        group: 256,
    })?;
    refuse_loss(&opened, &settings)?;
    let listen = settings.listen;
    if !opened.app.index.load().register().founded {
        tracing::warn!(
            "no administrator is registered: roles are taken from tokens alone; run `whitelist migrate` for a code"
        );
    }
    let documents = documents(&settings.documents, settings.scanner)?;
    let guards = Guards {
        metrics_from: settings.metrics_from,
        proxies: settings.proxies.clone(),
        rate_limit: settings.rate_limit,
        slow: Some(settings.slow),
        mail: settings.mail.clone(),
        witnesses: settings.witnesses.clone(),
        authority: settings.authority.clone(),
        webhooks: settings.webhooks.clone(),
        signers: settings.signers.clone(),
        collector: settings.collector.clone(),
        documents: Some(documents),
        portal: PortalSettings { demo_issuer: None, public_url: settings.public_url.clone() },
        reports: ReportLimits { kept: settings.reports_kept, most: settings.reports_most },
        drain: settings.drain,
    };
    serve(opened, Arc::new(keys), listener, guards, move || tell(&format!("whitelist is ready on {listen}")))
}

fn refuse_demo(data: &Path, database: &DatabaseUrl) -> Result<(), Failure> {
    let demo_key = data.join("keys").join("demo-issuer.json");
    if demo_key.exists() {
        return Err(Failure::Refused(format!(
            "{} holds keys of the demo; production needs a data folder of its own",
            data.display()
        )));
    }
    let new = matches!(database, DatabaseUrl::Sqlite(path) if !path.exists());
    if new {
        return Ok(());
    }
    let mut conn = database.open()?;
    match installation::find(&mut conn) {
        Ok(Some(found)) if found.environment == Environment::Demo => {
            Err(Failure::Refused("the database is stamped as demo; it is never served in production".to_owned()))
        }
        // A database without the table is a new one: it is founded, or refused with its remedy, when it is opened.
        Ok(_) | Err(StoreError::Statement(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// An asynchronous standby loses acknowledged changes in a failover: 257 of 807 when measured.
fn refuse_loss(opened: &Opened, settings: &Settings) -> Result<(), Failure> {
    let synchronous = opened.app.store.read(crate::store::dialect::is_synchronous)?;
    if synchronous {
        return Ok(());
    }
    if settings.accept_loss {
        tracing::warn!(
            "PostgreSQL runs without synchronous replication: the last acknowledged changes may be lost in a failover"
        );
        return Ok(());
    }
    Err(Failure::Refused(
        "PostgreSQL runs without synchronous replication and could lose acknowledged changes in a failover; set \
         synchronous_standby_names, or accept the loss with WHITELIST_ACCEPT_LOSS=yes"
            .to_owned(),
    ))
}

/// Names everything that is wrong with the issuers.
pub fn issuers_refused(error: &KeyStoreError) -> Failure {
    match error {
        KeyStoreError::Settings(faults) => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("WHITELIST_ISSUERS: {fault}")).collect();
            Failure::Usage(lines.join("\n"))
        }
        KeyStoreError::Client(_) => Failure::Unreachable(error.to_string()),
    }
}

/// Who is let in, and how often.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    /// Who may read metrics besides loopback.
    pub metrics_from: Vec<IpAddr>,
    /// Whose word about the address of a visitor is believed.
    pub proxies: Proxies,
    /// Requests a second of one client other than customs.
    pub rate_limit: Option<u32>,
    /// From when on a request is logged as slow; a second where nothing is set.
    pub slow: Option<Duration>,
    /// How notices leave by e-mail.
    pub mail: Option<MailSettings>,
    /// Who is asked to sign the heads of the log.
    pub witnesses: Option<WitnessSettings>,
    /// Who stamps the heads of the log with the time.
    pub authority: Option<Url>,
    /// Places inside that webhooks may go to.
    pub webhooks: Allowed,
    /// Organisations that sign their requests.
    pub signers: Signers,
    /// Who takes spans of requests.
    pub collector: Option<Url>,
    /// Where documents lie and who scans them.
    pub documents: Option<Documents>,
    /// How people sign in at the portal.
    pub portal: PortalSettings,
    /// How much of reports made in the background is kept.
    pub reports: ReportLimits,
    /// How long the node goes on answering after it was told to stop.
    pub drain: Duration,
}

/// Starts what sends notices by e-mail, where a server is named.
#[cfg(feature = "smtp")]
fn courier(
    opened: &Opened,
    settings: Option<&MailSettings>,
) -> Result<Option<crate::outbound::mail::Courier>, Failure> {
    use crate::outbound::mail::{Courier, Mailer};
    let Some(settings) = settings else { return Ok(None) };
    let mailer = Mailer::new(settings).map_err(|fault| Failure::Usage(format!("WHITELIST_SMTP_URL: {fault}")))?;
    let courier = Courier::start(Arc::clone(&opened.app), mailer);
    courier.map(Some).map_err(|error| Failure::Unreachable(error.to_string()))
}

/// Nothing sends notices: the settings of e-mail were refused at the start.
#[cfg(not(feature = "smtp"))]
fn courier(_: &Opened, _: Option<&MailSettings>) -> Result<(), Failure> {
    Ok(())
}

/// Starts what asks witnesses, where some are named.
fn witnessing(opened: &Opened, settings: Option<&WitnessSettings>) -> Result<Option<Rounds>, Failure> {
    let Some(settings) = settings else { return Ok(None) };
    let witnesses =
        Witnesses::new(settings).map_err(|fault| Failure::Usage(format!("WHITELIST_WITNESSES: {fault}")))?;
    let asking = witness::witnessing(Arc::clone(&opened.app), witnesses);
    asking.map(Some).map_err(|error| Failure::Unreachable(error.to_string()))
}

/// Starts what asks for time stamps, where an authority is named.
fn stamping(opened: &Opened, url: Option<&Url>) -> Result<Option<Rounds>, Failure> {
    let Some(url) = url else { return Ok(None) };
    let authority = Authority::new(url).map_err(|fault| Failure::Usage(format!("WHITELIST_TSA_URL: {fault}")))?;
    let asking = timestamp::stamping(Arc::clone(&opened.app), authority);
    asking.map(Some).map_err(|error| Failure::Unreachable(error.to_string()))
}

/// Starts what tells webhooks.
fn telling(opened: &Opened, allowed: Allowed) -> Result<Telling, Failure> {
    let sender = Sender::new(allowed).map_err(Failure::Unreachable)?;
    Telling::start(Arc::clone(&opened.app), sender).map_err(|error| Failure::Unreachable(error.to_string()))
}

/// Opens the place of documents.
///
/// # Errors
/// [`Failure::Unreachable`] when it cannot be opened.
pub fn documents(place: &DocumentPlace, scanner: Option<Scanner>) -> Result<Documents, Failure> {
    let store = DocumentStore::open(place).map_err(|error| Failure::Unreachable(error.to_string()))?;
    Ok(Documents { store, scanner })
}

/// Serves an opened installation until it is stopped; `ready` is called once requests are answered.
///
/// # Errors
/// [`Failure::Unreachable`] when the server cannot start.
pub fn serve(
    opened: Opened,
    keys: Arc<KeyStore>,
    listener: TcpListener,
    guards: Guards,
    ready: impl FnOnce(),
) -> Result<(), Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::Unreachable(error.to_string()))?;
    let edge = Edge::new(Arc::clone(&opened.app), keys, program, guards.metrics_from).map_err(Failure::Unreachable)?;
    let edge = Edge {
        throttle: guards.rate_limit.map(Throttle::new),
        proxies: guards.proxies,
        slow: guards.slow.unwrap_or(SLOW),
        tracer: guards.collector.map(Tracer::start).transpose().map_err(Failure::Unreachable)?,
        documents: guards.documents,
        portal: guards.portal,
        reports: guards.reports,
        webhooks_allowed: guards.webhooks.clone(),
        signers: guards.signers,
        ..edge
    };
    let edge = Arc::new(edge);
    let ticker = Ticker::start(Arc::clone(&opened.app))?;
    let checker = LogChecker::start(Arc::clone(&opened.app))?;
    let courier = courier(&opened, guards.mail.as_ref())?;
    let witnessing = witnessing(&opened, guards.witnesses.as_ref())?;
    let stamping = stamping(&opened, guards.authority.as_ref())?;
    let telling = telling(&opened, guards.webhooks)?;
    let making = Making::start(Arc::clone(&edge)).map_err(|error| Failure::Unreachable(error.to_string()))?;
    let served = crate::http::serve::until_stopped(edge, listener, guards.drain, ready);
    drop((making, ticker, checker, courier, witnessing, stamping, telling));
    opened.close();
    served.map_err(|error| Failure::Unreachable(error.to_string()))
}
