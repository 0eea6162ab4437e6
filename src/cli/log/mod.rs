//! `whitelist log …`: verifies the log, shows entries, proves them, and takes the whole of it along.

pub mod export;
pub mod proof;
pub mod reshard;
pub mod rotate_sm2;
pub mod show;
pub mod source;
pub mod verify;

use super::Failure;
use clap::Subcommand;

/// Commands of the log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Re-hash everything, rebuild the list, compare with the tables, refuse a rollback
    Verify(verify::VerifyArgs),
    /// Show one entry, or every entry about a thing
    Show(show::ShowArgs),
    /// Prove that an entry is in the log: a file for whoever holds the entry and the key (C2SP tlog-proof)
    Proof(proof::ProofArgs),
    /// Write the whole log to a tar archive that is verified without the database
    Export(export::ExportArgs),
    /// Go on in a new shard: after a restored backup, or with another key
    Reshard(reshard::ReshardArgs),
    /// Change the SM2 key that signs heads beside the log's own key
    RotateSm2(rotate_sm2::RotateSm2Args),
}

/// Runs a command of the log.
///
/// # Errors
/// Those of the command.
pub fn run(command: LogCommand) -> Result<(), Failure> {
    match command {
        LogCommand::Verify(args) => verify::run(args),
        LogCommand::Show(args) => show::run(args),
        LogCommand::Proof(args) => proof::run(args),
        LogCommand::Export(args) => export::run(args),
        LogCommand::Reshard(args) => reshard::run(args),
        LogCommand::RotateSm2(args) => rotate_sm2::run(&args),
    }
}
