//! `whitelist evidence verify`: checks an evidence pack without the service.

use super::{Failure, say};
use crate::app::evidence::verify::{Judgement, check};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Commands of evidence packs.
#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Check a pack offline: every member as signed, every entry under the checkpoint, every fact as its entry commits to it
    Verify(VerifyArgs),
}

/// Arguments of `evidence verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --vkey the key in the pack is used, which proves only that the pack agrees with itself.\nExit code 0: everything holds; 1: problems, each named; 2: wrong usage; 3: a file cannot be read.\nExample: whitelist evidence verify evidence-listing-BJ-2026-000016-9.zip --vkey wl.vkey"
)]
pub struct VerifyArgs {
    /// The pack
    file: PathBuf,
    /// The public key of the log, or a file that holds it
    #[arg(long, value_name = "KEY|FILE")]
    vkey: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Runs a command of evidence packs.
///
/// # Errors
/// Those of the command.
pub fn run(command: EvidenceCommand) -> Result<(), Failure> {
    match command {
        EvidenceCommand::Verify(args) => verify(&args),
    }
}

fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let unread = |error: std::io::Error| Failure::Unreachable(format!("{}: {error}", args.file.display()));
    let bytes = std::fs::read(&args.file).map_err(unread)?;
    let vkey = args.vkey.as_deref().map(super::key_or_file).transpose()?;
    let found = check(&bytes, vkey.as_deref());
    report(&found, vkey.is_none(), args.json)?;
    if found.ok { Ok(()) } else { Err(Failure::Refused("the pack does not hold".to_owned())) }
}

fn report(found: &Judgement, own_word: bool, json: bool) -> Result<(), Failure> {
    if json {
        say(&serde_json::to_string(found).map_err(|error| Failure::Unreachable(error.to_string()))?);
        return Ok(());
    }
    if let Some(manifest) = &found.manifest {
        say(&format!("pack     {} {}, made {}", manifest.kind, manifest.id, manifest.made_at));
        say(&format!("log      {}, {} entries", manifest.iss, manifest.size));
        if manifest.left_out > 0 {
            say(&format!("left out {} declarations or answers: ask for them one by one", manifest.left_out));
        }
    }
    say(&format!("proved   {} entries, {} facts, {} answers", found.entries, found.facts, found.answers));
    let withheld = found.manifest.as_ref().map_or(0, |manifest| manifest.withheld);
    if found.withheld > 0 || withheld > 0 {
        say(&format!("withheld {withheld} entries, {} values: not for whom the pack was made", found.withheld));
    }
    if found.unsealed > 0 {
        say(&format!("unsealed {} answers: the signed list alone speaks for them", found.unsealed));
    }
    if found.erased > 0 {
        say(&format!("erased   the personal values of {} facts, as an erasure in the log states", found.erased));
    }
    for problem in &found.problems {
        say(&format!("PROBLEM  {problem}"));
    }
    if own_word {
        say("NOTE     the key is the pack's own word: take the key of the log from elsewhere and name it with --vkey");
    }
    say(if found.ok { "OK: the pack holds" } else { "NOT OK" });
    Ok(())
}
