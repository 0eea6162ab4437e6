//! `whitelist webhook listen`: a receiver for integrators, which checks what comes in and prints it.

use super::{Failure, say, tell};
use crate::clock::Clock;
use crate::domain::webhook::signature::read_public;
use crate::http::receiver::{Receiver, until_stopped};
use clap::{Args, Subcommand};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// Commands about webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Receive messages, check their signatures and print them
    Listen(ListenArgs),
}

/// Arguments of `webhook listen`.
#[derive(Debug, Args)]
#[command(
    after_help = "Every message that verifies is answered 204 and printed on a line: its id, then its body. What does not is answered 401.\nExample:\n  whitelist webhook listen --listen 127.0.0.1:9000 --key whpk_…"
)]
pub struct ListenArgs {
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Public key of the webhook, as it is shown; several while keys overlap
    #[arg(long, value_name = "KEY", required = true)]
    key: Vec<String>,
}

/// Runs a command.
///
/// # Errors
/// [`Failure::Usage`] for what is no key, [`Failure::Unreachable`] when the address cannot be listened on.
pub fn run(command: WebhookCommand) -> Result<(), Failure> {
    let WebhookCommand::Listen(args) = command;
    let read = |text: &String| {
        read_public(text).ok_or_else(|| Failure::Usage(format!("`{text}` is no public key such as whpk_…")))
    };
    let keys = args.key.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let unreachable = |error: std::io::Error| Failure::Unreachable(format!("{}: {error}", args.listen));
    let listener = TcpListener::bind(args.listen).map_err(unreachable)?;
    let address = listener.local_addr().map_err(unreachable)?;
    let clock = Clock::system();
    let now = move || clock.now().micros() / 1_000_000;
    let receiver = Receiver::new(keys, now, |received| {
        match received {
            Ok(received) => say(&format!("{} {}", received.id, received.body)),
            Err(refused) => tell(&format!("whitelist: refused: {refused}")),
        }
        204
    });
    tell(&format!("whitelist receives webhooks on http://{address} (stop with Ctrl-C)"));
    until_stopped(Arc::new(receiver), listener).map_err(unreachable)
}
