//! `whitelist health`: asks a node whether it is ready, for containers without a client of their own.

use super::{Failure, say};
use crate::config::variable;
use crate::outbound::fetch;
use clap::Args;

/// Arguments of `health`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: ready; 3: not ready or not reachable, and why.\nExample: whitelist health http://127.0.0.1:8080"
)]
pub struct HealthArgs {
    /// Address of the node [default: the port of WHITELIST_LISTEN on this machine]
    url: Option<String>,
}

/// Asks.
///
/// # Errors
/// [`Failure::Unreachable`] when it is not ready.
pub fn run(args: HealthArgs) -> Result<(), Failure> {
    let url = args.url.unwrap_or_else(here);
    let text = ask(&url)?;
    say(text.trim_end());
    Ok(())
}

/// The address of a node on this machine, as its settings say.
#[must_use]
pub fn here() -> String {
    let listen = variable("WHITELIST_LISTEN");
    let port = listen.as_deref().and_then(|listen| listen.rsplit_once(':')).map_or("8080", |(_, port)| port);
    format!("http://127.0.0.1:{port}")
}

/// Reads the readiness of a node.
///
/// # Errors
/// [`Failure::Unreachable`] when it is not ready.
pub fn ask(url: &str) -> Result<String, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Unreachable(error.to_string()))?;
    let target = format!("{}/health/ready", url.trim_end_matches('/'));
    runtime.block_on(fetch::text(&target)).map_err(Failure::Unreachable)
}
