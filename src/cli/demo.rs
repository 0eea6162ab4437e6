//! `whitelist demo`: sample data, loaded once, served on loopback with tokens of a random issuer.

use super::demo_issuer::DemoIssuer;
use super::open::{Opened, Opening, open};
use super::serve::{Guards, documents, issuers_refused, serve};
use super::{Failure, Place, say, tell};
use crate::app::samples;
use crate::config::variable;
use crate::http::portal::PortalSettings;
use crate::outbound::keys::{KeyStore, LoopbackHttp};
use crate::store::{DatabaseUrl, Environment, log};
use crate::telemetry;
use clap::Args;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "Example: whitelist demo --data ./data")]
pub struct DemoArgs {
    #[command(flatten)]
    place: Place,
    /// Loopback address to listen on
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: String,
}

/// Runs the demo until it is stopped.
///
/// # Errors
/// [`Failure::Refused`] for an address that others could reach or data that are not of the demo.
pub fn run(args: DemoArgs) -> Result<(), Failure> {
    let listen: SocketAddr =
        args.listen.parse().map_err(|_| Failure::Usage(format!("`{}` is no address", args.listen)))?;
    if !listen.ip().is_loopback() {
        return Err(Failure::Refused(
            "the demo listens on loopback only: its data are invented and its tokens are free".to_owned(),
        ));
    }
    telemetry::start(variable("WHITELIST_LOG").as_deref().or(Some("warn")));
    tell("demo: opening the data folder …");
    let opening = Opening::of(&args.place)?;
    let follow = match &opening.database {
        DatabaseUrl::Postgres(url) => crate::config::follow_url(url).map_err(Failure::Usage)?,
        DatabaseUrl::Sqlite(_) => None,
    };
    let opening = Opening {
        follow: follow.as_deref().map(DatabaseUrl::parse).transpose().map_err(Failure::Usage)?,
        environment: Some(Environment::Demo),
        public_url: None,
        migrate: true,
        record: true,
        max_staleness: crate::config::max_staleness().map_err(Failure::Usage)?,
        messages_kept: crate::app::draw::messages::KEPT,
        national: variable("WHITELIST_SM2").as_deref() == Some("on"),
        ..opening
    };
    let data = opening.data.clone();
    let opened = open(opening)?;
    if samples::load(&opened.app.store, opened.app.clock.now())? {
        tell("demo: sample data loaded (twelve synthetic enterprises and their listings)");
        signed(&opened)?;
    }
    let issuer = DemoIssuer::load_or_create(&data).map_err(|error| Failure::Unreachable(error.to_string()))?;
    let mut issuers = vec![issuer.settings()];
    // A demo may also trust a provider under trial, read over plain http if that is on loopback.
    if let Some(file) = variable("WHITELIST_ISSUERS") {
        let more =
            crate::config::issuers::read(Path::new(&file)).map_err(|faults| Failure::Usage(faults.join("\n")))?;
        issuers.extend(more);
    }
    let place = crate::config::document_place(&data).map_err(Failure::Usage)?;
    let scanner = crate::config::scanner().map_err(Failure::Usage)?;
    let guards = Guards {
        documents: Some(documents(&place, scanner)?),
        drain: crate::config::drain(0).map_err(Failure::Usage)?,
        webhooks: crate::config::webhooks().map_err(Failure::Usage)?,
        signers: crate::config::signers().map_err(|faults| Failure::Usage(faults.join("\n")))?,
        portal: PortalSettings { demo_issuer: Some(issuer.settings().issuer.into()), public_url: None },
        ..Guards::default()
    };
    let keys = KeyStore::new(issuers, LoopbackHttp::Allowed).map_err(|error| issuers_refused(&error))?;
    let listener = TcpListener::bind(listen)
        .map_err(|error| Failure::Unreachable(format!("cannot listen on {listen}: {error}")))?;
    let address = listener.local_addr().map_err(|error| Failure::Unreachable(error.to_string()))?;
    // Whoever copies the commands may stand in another folder.
    let whole = data.canonicalize().map_err(|error| Failure::Unreachable(error.to_string()))?;
    let database = args.place.database.map(|url| format!(" --database '{url}'")).unwrap_or_default();
    let invitation = invitation(&opened, address, &format!("--data '{}'{database}", whole.display()))?;
    serve(opened, Arc::new(keys), listener, guards, move || say(&invitation))
}

/// Waits until the sample data stand under a signed head: whoever begins by verifying the log finds them.
fn signed(opened: &Opened) -> Result<(), Failure> {
    let store = &opened.app.store;
    for _ in 0..1_000 {
        let (newest, head) = (store.read(log::newest_checkpoint)?, store.read(log::size)?);
        if newest.is_some_and(|(size, _)| size >= head) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(Failure::Unreachable("the log was not signed in ten seconds".to_owned()))
}

/// Four things to try, each one line to copy.
fn invitation(opened: &Opened, address: SocketAddr, place: &str) -> Result<String, Failure> {
    let today = opened.app.clock.now().day();
    let program = std::env::current_exe().map_err(|error| Failure::Unreachable(error.to_string()))?;
    let program = program.display();
    let token = format!("$('{program}' token {place} --role customs.lookup --org 0101)");
    let question = "enterprise=91110108XFXTR0105W&hs_code=3004909099&customs_office=0101";
    // Made anew each time: the sample listings run for a year from a month before the first start.
    let curl = |quantity: &str| {
        format!(
            "curl -sS -H \"Authorization: Bearer {token}\" 'http://{address}/v1/lookup?{question}&declared_on={today}&quantity={quantity}&unit=142'"
        )
    };
    Ok(format!(
        "whitelist demo is ready on http://{address} (stop with Ctrl-C)\n\n\
         Try / 试一试:\n\
         1. a lookup that is allowed / 放行:\n   {}\n\
         2. one that is denied, with its remedy / 不放行及补救办法:\n   {}\n\
         3. the portal in a browser, as any of its people / 门户网站，可选任一人员身份:\n   http://{address}/\n\
         4. the API in a browser / 接口文档:\n   http://{address}/docs\n",
        curl("1"),
        curl("999999"),
    ))
}
