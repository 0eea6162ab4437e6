//! `whitelist certificate`: the key that signs certificates as files.

use super::open::{Opening, open};
use super::{Failure, Place, say};
use crate::domain::receipt::KeyEnd;
use clap::{Args, Subcommand};

/// Commands of `certificate`.
#[derive(Debug, Subcommand)]
pub enum CertificateCommand {
    /// Introduce a new key for signed certificates (PDF) and retire the one that signs now
    RotateKey(RotateArgs),
}

/// Arguments of `certificate rotate-key`.
#[derive(Debug, Args)]
#[command(
    after_help = "A running service signs with the new key from the next file on. Files that the old key signed stay on record and are made anew when they are asked for; its certificate stays at /.well-known/document-keys.pem with the time at which it retires: in ten minutes, or at once when it may be in other hands."
)]
pub struct RotateArgs {
    #[command(flatten)]
    place: Place,
    /// Why: scheduled, or compromised
    #[arg(long, default_value = "scheduled", value_parser = ["scheduled", "compromised"])]
    reason: String,
}

/// Runs a command.
///
/// # Errors
/// [`Failure::Unreachable`] when the data folder cannot be opened.
pub fn run(command: &CertificateCommand) -> Result<(), Failure> {
    let CertificateCommand::RotateKey(args) = command;
    let why = KeyEnd::parse(&args.reason).map_err(|_| Failure::Usage("--reason: not a reason".to_owned()))?;
    let opened = open(Opening::of(&args.place)?)?;
    let changed = opened.app.change_document_key(&opened.folder, why);
    opened.close();
    say(&format!("files are signed with key {} from now on", changed?));
    Ok(())
}
