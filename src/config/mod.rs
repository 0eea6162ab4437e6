//! The settings of a running service: the only place that reads the environment.
//!
//! All faults are told together at the start; a service that starts with half its settings wrong would be found out
//! at the border.

pub mod issuers;
pub mod mail;
pub mod proxies;
pub mod signers;
pub mod witnesses;

use crate::domain::fault::FaultCode;
use crate::domain::receipt::{AnswerAlgorithm, Overflow};
use crate::domain::webhook::target::Allowed;
use issuers::IssuerSettings;
use proxies::Proxies;
use signers::Signers;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Every variable with what it means, for `whitelist serve --help`.
pub const VARIABLES: &str = "\
Environment:
  WHITELIST_LISTEN            address to listen on (default 127.0.0.1:8080)
  WHITELIST_PUBLIC_URL        address under which clients reach the service; names the log at its creation (required)
  WHITELIST_DATA              data folder: database, keys, head of the log (default ./data)
  WHITELIST_DATABASE_URL      sqlite://PATH or postgres://… (default sqlite://DATA/whitelist.db)
  WHITELIST_FOLLOW_URL        postgres://… that the list in memory is followed from, such as a hot standby (default: the database)
  WHITELIST_ISSUERS           file with the token issuers, TOML (required): [[issuer]] issuer, audience, jwks_url,
                              algorithms, roles, max_life_seconds (60–900), rfc9068 = \"strict\" | \"relaxed\";
                              where people sign in: [issuer.sign_in] name, client_id, client_secret_variable
  WHITELIST_SIGNERS           file with the keys that organisations sign their requests with (RFC 9421), TOML:
                              [[organisation]] org, required, [[organisation.key]] id, ed25519 (default: none)
  WHITELIST_MAX_STALENESS     how old the confirmed head of the log may be, such as 5s (default 5s, 1s–60s)
  WHITELIST_DRAIN             how long a node that was told to stop still answers while /health/ready is red, such as 5s (default 5s, 0s–60s)
  WHITELIST_METRICS_FROM      addresses that may read /metrics besides loopback, separated by commas
  WHITELIST_PROXIES           addresses or networks of reverse proxies, such as 10.0.0.0/8, separated by commas, whose
                              X-Forwarded-For is believed (default: nobody's; limits by address then count the proxy)
  WHITELIST_RATE_LIMIT        requests a second of one client, or off; customs systems are never limited (default 50)
  WHITELIST_SLOW_REQUEST      from how many milliseconds on a request is logged as slow, 1 to 600000 (default 1000)
  WHITELIST_ACCEPT_LOSS       yes: run on a PostgreSQL without synchronous replication, which may lose the last
                              acknowledged changes in a failover; stands in the log of the service
  WHITELIST_DOCUMENTS         place of evidence documents: a folder, or s3://BUCKET with the AWS_* variables of the S3
                              client (feature `s3`; default DATA/documents)
  WHITELIST_CLAMD             virus scanner: HOST:PORT or unix:PATH of clamd; without it documents stay `unscanned`
  WHITELIST_MESSAGE_DAYS      days for which raw messages of draws are kept, 1 to 3650 (default 730)
  WHITELIST_REPORT_DAYS       days for which reports made in the background are kept, 1 to 90 (default 7)
  WHITELIST_REPORT_MEGABYTES  megabytes of one such report at most, 1 to 1024 (default 64)
  WHITELIST_ANSWER_ALGORITHM  how answers are signed: EdDSA (Ed25519) or ES256 (P-256) (default EdDSA)
  WHITELIST_SM2               on: SM2 over SM3 signs receipts and heads of the log beside the other keys (default off)
  WHITELIST_PDF_FONT          font file that signed certificates (PDF) are set in, such as /srv/fonts/song.ttc#0, the number of the
                              font behind # for a collection (default: an installed fonts-noto-cjk, fonts-wqy-* or fonts-droid-fallback)
  WHITELIST_ANSWER_DAYS       days for which recorded answers are kept, 1 to 36500 (default 1826); their seals stay
  WHITELIST_ANSWERS_FULL      what happens to answers that cannot be recorded: count gives them and raises a figure,
                              refuse gives none (503) (default count)
  WHITELIST_WITNESSES         file with the witnesses of the log, TOML: quorum, [[witness]] vkey, url (default: none)
  WHITELIST_TSA_URL           authority that stamps heads of the log with the time (RFC 3161), at most every hour (default: none)
  WHITELIST_SMTP_URL          mail server that notices leave by: smtps://USER:PASSWORD@HOST:PORT or smtp://…?tls=required
                              (default: no e-mail; notices stand in the list of each reader)
  WHITELIST_SMTP_FROM         address that letters come from (required with WHITELIST_SMTP_URL)
  WHITELIST_WEBHOOK_ALLOW     HOST:PORT inside that webhooks may go to, separated by commas; http too (default: public
                              names over https on port 443 only)
  WHITELIST_OTLP_URL          collector that takes a span per request (OpenTelemetry, OTLP over HTTP in JSON), such as
                              http://collector:4318/v1/traces (default: none)
  WHITELIST_LOG               what is logged, such as info or whitelist=debug (default info)";

/// What a service runs with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Under which address clients reach it.
    pub public_url: Option<String>,
    /// Data folder.
    pub data: PathBuf,
    /// URL of the database; may hold a password.
    pub database: String,
    /// URL that the list is followed from, where that is another.
    pub follow: Option<String>,
    /// Who issues tokens.
    pub issuers: Vec<IssuerSettings>,
    /// Organisations that sign their requests.
    pub signers: Signers,
    /// How old the confirmation of the head may be.
    pub max_staleness: Duration,
    /// How long the node goes on answering after it was told to stop.
    pub drain: Duration,
    /// Who may read metrics besides loopback.
    pub metrics_from: Vec<IpAddr>,
    /// Whose word about the address of a visitor is believed.
    pub proxies: Proxies,
    /// Requests a second of one client other than customs; none is without limit.
    pub rate_limit: Option<u32>,
    /// From when on a request is logged as slow.
    pub slow: Duration,
    /// Whether PostgreSQL without synchronous replication is accepted.
    pub accept_loss: bool,
    /// Where documents lie.
    pub documents: DocumentPlace,
    /// Who scans documents for viruses; none leaves them unscanned.
    pub scanner: Option<Scanner>,
    /// How answers are signed.
    pub signing: AnswerAlgorithm,
    /// Whether SM2 signs receipts and heads of the log beside.
    pub national: bool,
    /// The font file of signed certificates; none takes what is installed.
    pub font: Option<String>,
    /// How long recorded answers are kept.
    pub answers_kept: Duration,
    /// What happens to answers that cannot be recorded.
    pub overflow: Overflow,
    /// How long raw messages of draws are kept.
    pub messages_kept: Duration,
    /// How long reports made in the background are kept.
    pub reports_kept: Duration,
    /// Most bytes of one.
    pub reports_most: u64,
    /// How notices leave by e-mail; none keeps them in their lists.
    pub mail: Option<mail::MailSettings>,
    /// Who is asked to sign the heads of the log.
    pub witnesses: Option<witnesses::WitnessSettings>,
    /// Who stamps the heads of the log with the time (RFC 3161).
    pub authority: Option<Url>,
    /// Places inside that webhooks may go to.
    pub webhooks: Allowed,
    /// Who takes spans of requests.
    pub collector: Option<Url>,
    /// Worker threads; the machine's cores where none is given.
    pub workers: Option<usize>,
}

/// Where evidence documents lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentPlace {
    /// A folder of the local file system.
    Folder(PathBuf),
    /// A bucket that speaks S3; credentials come from the environment of the S3 client.
    S3 {
        /// Name of the bucket.
        bucket: String,
        /// Address of the service, where it is not Amazon's own.
        endpoint: Option<String>,
    },
}

/// Where the virus scanner listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanner {
    /// Host and port.
    Tcp(String),
    /// Path of a Unix socket.
    Unix(PathBuf),
}

/// What this node is called on the page of operators: its host and its data folder.
#[must_use]
pub fn node_name(data: &Path) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let folder = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    format!("{}:{}", host.trim(), folder.display())
}

/// Where documents lie: what the environment says, else the folder `documents` of the data.
///
/// # Errors
/// What is wrong with the setting.
pub fn document_place(data: &Path) -> Result<DocumentPlace, String> {
    match variable("WHITELIST_DOCUMENTS") {
        None => Ok(DocumentPlace::Folder(data.join("documents"))),
        Some(place) => match place.strip_prefix("s3://") {
            Some("") => Err("WHITELIST_DOCUMENTS: s3:// needs the name of a bucket".to_owned()),
            Some(bucket) => Ok(DocumentPlace::S3 { bucket: bucket.to_owned(), endpoint: variable("AWS_ENDPOINT_URL") }),
            None if place.contains("://") => {
                Err("WHITELIST_DOCUMENTS: give a folder, or s3:// and the name of a bucket".to_owned())
            }
            None => Ok(DocumentPlace::Folder(PathBuf::from(place))),
        },
    }
}

/// Who scans documents, as the environment says.
///
/// # Errors
/// What is wrong with the setting.
pub fn scanner() -> Result<Option<Scanner>, String> {
    let Some(text) = variable("WHITELIST_CLAMD") else { return Ok(None) };
    match text.strip_prefix("unix:") {
        Some(path) => Ok(Some(Scanner::Unix(PathBuf::from(path)))),
        None if text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => {
            Ok(Some(Scanner::Tcp(text)))
        }
        None => Err("WHITELIST_CLAMD: give HOST:PORT or unix:PATH".to_owned()),
    }
}

/// Organisations that sign their requests, as the environment says.
///
/// # Errors
/// Every fault of the file, one sentence each.
pub fn signers() -> Result<Signers, Vec<String>> {
    let Some(file) = variable("WHITELIST_SIGNERS") else { return Ok(Signers::new()) };
    let named = |faults: Vec<String>| faults.into_iter().map(|fault| format!("WHITELIST_SIGNERS: {fault}")).collect();
    signers::read(Path::new(&file)).map_err(named)
}

/// Where webhooks may go inside, as the environment says.
///
/// # Errors
/// What is wrong with the setting.
pub fn webhooks() -> Result<Allowed, String> {
    let text = variable("WHITELIST_WEBHOOK_ALLOW").unwrap_or_default();
    Allowed::parse(&text).map_err(|fault| format!("WHITELIST_WEBHOOK_ALLOW: {fault}"))
}

/// Reads one variable; an empty one counts as absent.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the data are and the URL of the database, from flags and environment.
#[must_use]
pub fn place(data: Option<PathBuf>, database: Option<String>) -> (PathBuf, String) {
    let data = data.or_else(|| variable("WHITELIST_DATA").map(PathBuf::from)).unwrap_or_else(|| PathBuf::from("data"));
    let url = database.or_else(|| variable("WHITELIST_DATABASE_URL"));
    let url = url.unwrap_or_else(|| format!("sqlite://{}", data.join("whitelist.db").display()));
    (data, url)
}

/// What the list is followed from, where that is not the database itself.
///
/// # Errors
/// What is wrong with the setting.
pub fn follow_url(database: &str) -> Result<Option<String>, String> {
    let server = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
    match variable("WHITELIST_FOLLOW_URL") {
        Some(url) if !server(&url) || !server(database) => {
            Err("WHITELIST_FOLLOW_URL: must begin with postgres:// and stand beside a database on PostgreSQL"
                .to_owned())
        }
        follow => Ok(follow),
    }
}

/// Reads the token of whoever runs a command against another service; it never stands in its arguments.
#[must_use]
pub fn token() -> Option<String> {
    variable("WHITELIST_TOKEN")
}

/// Reads the settings of a production service.
///
/// # Errors
/// Every fault, one sentence each.
pub fn production(
    listen: Option<String>,
    data: Option<PathBuf>,
    database: Option<String>,
) -> Result<Settings, Vec<String>> {
    let mut faults = Vec::new();
    let listen = listen.or_else(|| variable("WHITELIST_LISTEN")).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listen = listen.parse::<SocketAddr>().map_err(|_| {
        faults.push(format!("WHITELIST_LISTEN: `{listen}` is not an address such as 0.0.0.0:8080"));
    });
    let (data, database) = place(data, database);
    if !["sqlite://", "postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme)) {
        faults.push("WHITELIST_DATABASE_URL: must begin with sqlite:// or postgres://".to_owned());
    }
    let follow = follow_url(&database).map_err(|fault| faults.push(fault));
    let public_url = variable("WHITELIST_PUBLIC_URL");
    match &public_url {
        None => faults
            .push("WHITELIST_PUBLIC_URL: missing; give the address under which clients reach the service".to_owned()),
        Some(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
            faults.push(
                "WHITELIST_PUBLIC_URL: must begin with https:// (or http:// behind a proxy on the same host)"
                    .to_owned(),
            );
        }
        Some(_) => {}
    }
    let issuers = match variable("WHITELIST_ISSUERS") {
        None => {
            faults.push("WHITELIST_ISSUERS: missing; give the file that names the token issuers".to_owned());
            Vec::new()
        }
        Some(file) => issuers::read(Path::new(&file)).unwrap_or_else(|found| {
            faults.extend(found);
            Vec::new()
        }),
    };
    let max_staleness = max_staleness().map_err(|fault| faults.push(fault));
    let drain = drain(5).unwrap_or_else(|fault| {
        faults.push(fault);
        Duration::ZERO
    });
    let mut metrics_from = Vec::new();
    for address in variable("WHITELIST_METRICS_FROM").iter().flat_map(|list| list.split(',')) {
        match address.trim().parse() {
            Ok(address) => metrics_from.push(address),
            Err(_) => faults.push(format!("WHITELIST_METRICS_FROM: `{address}` is not an address")),
        }
    }
    let proxies = variable("WHITELIST_PROXIES").map_or(Ok(Proxies::default()), |text| Proxies::parse(&text));
    let proxies = proxies.unwrap_or_else(|part| {
        faults.push(format!("WHITELIST_PROXIES: `{part}` is neither an address nor a network such as 10.0.0.0/8"));
        Proxies::default()
    });
    let rate_limit = match variable("WHITELIST_RATE_LIMIT").as_deref() {
        None => Some(50),
        Some("off") => None,
        Some(text) => text.parse().ok().filter(|rate| (1..=100_000).contains(rate)).or_else(|| {
            faults.push("WHITELIST_RATE_LIMIT: give requests a second from 1 to 100000, or off".to_owned());
            None
        }),
    };
    let slow = variable("WHITELIST_SLOW_REQUEST").map_or(Some(1_000), |text| text.parse().ok());
    let slow = slow.filter(|millis| (1..=600_000).contains(millis)).unwrap_or_else(|| {
        faults.push("WHITELIST_SLOW_REQUEST: give milliseconds from 1 to 600000".to_owned());
        1_000
    });
    let mut days = |name: &str, standard: u64, most: u64| {
        let days: Option<u64> = variable(name).map_or(Some(standard), |text| text.parse().ok());
        let days = days.filter(|days| (1..=most).contains(days)).unwrap_or_else(|| {
            faults.push(format!("{name}: give whole days from 1 to {most}"));
            standard
        });
        Duration::from_secs(days.saturating_mul(86_400))
    };
    let messages_kept = days("WHITELIST_MESSAGE_DAYS", 730, 3_650);
    let reports_kept = days("WHITELIST_REPORT_DAYS", 7, 90);
    let answers_kept = days("WHITELIST_ANSWER_DAYS", 1_826, 36_500);
    let megabytes: Option<u64> = variable("WHITELIST_REPORT_MEGABYTES").map_or(Some(64), |text| text.parse().ok());
    let megabytes = megabytes.filter(|size| (1..=1_024).contains(size)).unwrap_or_else(|| {
        faults.push("WHITELIST_REPORT_MEGABYTES: give whole megabytes from 1 to 1024".to_owned());
        64
    });
    let signing =
        word("WHITELIST_ANSWER_ALGORITHM", AnswerAlgorithm::EdDsa, AnswerAlgorithm::parse).unwrap_or_else(|| {
            faults.push("WHITELIST_ANSWER_ALGORITHM: give EdDSA or ES256".to_owned());
            AnswerAlgorithm::EdDsa
        });
    let national = match variable("WHITELIST_SM2").as_deref() {
        None | Some("off") => false,
        Some("on") => true,
        Some(_) => {
            faults.push("WHITELIST_SM2: give on or off".to_owned());
            false
        }
    };
    let overflow = word("WHITELIST_ANSWERS_FULL", Overflow::Count, Overflow::parse).unwrap_or_else(|| {
        faults.push("WHITELIST_ANSWERS_FULL: give count or refuse".to_owned());
        Overflow::Count
    });
    let accept_loss = variable("WHITELIST_ACCEPT_LOSS").as_deref() == Some("yes");
    let mail = mail::read(public_url.as_deref()).unwrap_or_else(|found| {
        faults.extend(found);
        None
    });
    let witnesses = variable("WHITELIST_WITNESSES").and_then(|file| {
        let read = witnesses::read(Path::new(&file));
        read.map_err(|found| faults.extend(found.into_iter().map(|fault| format!("WHITELIST_WITNESSES: {fault}")))).ok()
    });
    let signers = signers().unwrap_or_else(|found| {
        faults.extend(found);
        Signers::new()
    });
    let webhooks = webhooks().unwrap_or_else(|fault| {
        faults.push(fault);
        Allowed::default()
    });
    let mut address = |name: &str| {
        variable(name).and_then(|text| {
            let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            if url.is_none() {
                faults.push(format!("{name}: begins neither with https:// nor with http://"));
            }
            url
        })
    };
    let (authority, collector) = (address("WHITELIST_TSA_URL"), address("WHITELIST_OTLP_URL"));
    let documents = document_place(&data).map_err(|fault| faults.push(fault));
    let scanner = scanner().unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    match (listen, max_staleness, documents, follow) {
        (Ok(listen), Ok(max_staleness), Ok(documents), Ok(follow)) if faults.is_empty() => Ok(Settings {
            listen,
            public_url,
            data,
            database,
            follow,
            issuers,
            signers,
            max_staleness,
            drain,
            metrics_from,
            proxies,
            rate_limit,
            slow: Duration::from_millis(slow),
            accept_loss,
            documents,
            scanner,
            signing,
            national,
            font: variable("WHITELIST_PDF_FONT"),
            overflow,
            answers_kept,
            messages_kept,
            reports_kept,
            reports_most: megabytes.saturating_mul(1024 * 1024),
            mail,
            witnesses,
            authority,
            webhooks,
            collector,
            workers: None,
        }),
        _ => Err(faults),
    }
}

/// Reads one word of a closed list; none for any other.
fn word<T>(name: &str, standard: T, parse: impl FnOnce(&str) -> Result<T, FaultCode>) -> Option<T> {
    variable(name).map_or(Some(standard), |text| parse(&text).ok())
}

/// How old the confirmation of the head may be.
///
/// # Errors
/// What is wrong with the setting.
pub fn max_staleness() -> Result<Duration, String> {
    let bound = variable("WHITELIST_MAX_STALENESS");
    let bound = bound.as_deref().map_or(Some(Duration::from_secs(5)), |text| seconds(text, 1));
    bound.ok_or_else(|| "WHITELIST_MAX_STALENESS: give whole seconds from 1s to 60s".to_owned())
}

/// How long a node that was told to stop still answers.
///
/// # Errors
/// What is wrong with the setting.
pub fn drain(standard: u64) -> Result<Duration, String> {
    let drain = variable("WHITELIST_DRAIN");
    let drain = drain.as_deref().map_or(Some(Duration::from_secs(standard)), |text| seconds(text, 0));
    drain.ok_or_else(|| "WHITELIST_DRAIN: give whole seconds from 0s to 60s".to_owned())
}

/// Reads whole seconds up to a minute.
fn seconds(text: &str, least: u64) -> Option<Duration> {
    let seconds: u64 = text.strip_suffix('s').unwrap_or(text).parse().ok()?;
    (least..=60).contains(&seconds).then(|| Duration::from_secs(seconds))
}
