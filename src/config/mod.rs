//! The settings of a running service: the only place that reads the environment.
//!
//! All faults are told together at the start; a service that starts with half its settings wrong would be found out
//! at the border.

pub mod issuers;

use issuers::IssuerSettings;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Every variable with what it means, for `whitelist serve --help`.
pub const VARIABLES: &str = "\
Environment:
  WHITELIST_LISTEN            address to listen on (default 127.0.0.1:8080)
  WHITELIST_PUBLIC_URL        address under which clients reach the service; names the log at its creation (required)
  WHITELIST_DATA              data folder: database, keys, head of the log (default ./data)
  WHITELIST_DATABASE_URL      sqlite://PATH or postgres://… (default sqlite://DATA/whitelist.db)
  WHITELIST_ISSUERS           file with the token issuers, TOML (required): [[issuer]] issuer, audience, jwks_url,
                              algorithms, roles, max_life_seconds (60–900), rfc9068 = \"strict\" | \"relaxed\"
  WHITELIST_MAX_STALENESS     how old the confirmed head of the log may be, such as 5s (default 5s, 1s–60s)
  WHITELIST_METRICS_FROM      addresses that may read /metrics besides loopback, separated by commas
  WHITELIST_RATE_LIMIT        requests a second of one client, or off; customs systems are never limited (default 50)
  WHITELIST_ACCEPT_LOSS       yes: run on a PostgreSQL without synchronous replication, which may lose the last
                              acknowledged changes in a failover; stands in the log of the service
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
    /// Who issues tokens.
    pub issuers: Vec<IssuerSettings>,
    /// How old the confirmation of the head may be.
    pub max_staleness: Duration,
    /// Who may read metrics besides loopback.
    pub metrics_from: Vec<IpAddr>,
    /// Requests a second of one client other than customs; none is without limit.
    pub rate_limit: Option<u32>,
    /// Whether PostgreSQL without synchronous replication is accepted.
    pub accept_loss: bool,
    /// Worker threads; the machine's cores where none is given.
    pub workers: Option<usize>,
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
    let staleness = variable("WHITELIST_MAX_STALENESS");
    let max_staleness = staleness.as_deref().map_or(Some(Duration::from_secs(5)), seconds);
    if max_staleness.is_none() {
        faults.push("WHITELIST_MAX_STALENESS: give whole seconds from 1s to 60s".to_owned());
    }
    let mut metrics_from = Vec::new();
    for address in variable("WHITELIST_METRICS_FROM").iter().flat_map(|list| list.split(',')) {
        match address.trim().parse() {
            Ok(address) => metrics_from.push(address),
            Err(_) => faults.push(format!("WHITELIST_METRICS_FROM: `{address}` is not an address")),
        }
    }
    let rate_limit = match variable("WHITELIST_RATE_LIMIT").as_deref() {
        None => Some(50),
        Some("off") => None,
        Some(text) => text.parse().ok().filter(|rate| (1..=100_000).contains(rate)).or_else(|| {
            faults.push("WHITELIST_RATE_LIMIT: give requests a second from 1 to 100000, or off".to_owned());
            None
        }),
    };
    let accept_loss = variable("WHITELIST_ACCEPT_LOSS").as_deref() == Some("yes");
    match (listen, max_staleness) {
        (Ok(listen), Some(max_staleness)) if faults.is_empty() => Ok(Settings {
            listen,
            public_url,
            data,
            database,
            issuers,
            max_staleness,
            metrics_from,
            rate_limit,
            accept_loss,
            workers: None,
        }),
        _ => Err(faults),
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: u64 = text.strip_suffix('s').unwrap_or(text).parse().ok()?;
    (1..=60).contains(&seconds).then(|| Duration::from_secs(seconds))
}
