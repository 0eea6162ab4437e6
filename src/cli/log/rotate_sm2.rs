//! `whitelist log rotate-sm2`: changes the SM2 key that signs heads beside the log's own key.

use crate::cli::answer::rotate_national;
use crate::cli::{Failure, Place};
use crate::domain::receipt::NationalUse;
use clap::Args;

/// Arguments of `log rotate-sm2`.
#[derive(Debug, Args)]
#[command(
    after_help = "The log keeps its name and its own key: no new shard is opened. A running service with WHITELIST_SM2=on takes the new key within a minute.\nHeads that the old key signed stay verifiable; of a key that may be in other hands only those from before."
)]
pub struct RotateSm2Args {
    #[command(flatten)]
    place: Place,
    /// Why: scheduled, or compromised
    #[arg(long, default_value = "scheduled", value_parser = ["scheduled", "compromised"])]
    reason: String,
}

/// Changes the key.
///
/// # Errors
/// [`Failure::Unreachable`] when the data folder cannot be opened.
pub fn run(args: &RotateSm2Args) -> Result<(), Failure> {
    rotate_national(&args.place, &args.reason, NationalUse::Heads)
}
