//! `whitelist mirror`: keeps a file that is a copy of the list of a running service.

use super::{Failure, say, tell};
use crate::config;
use crate::domain::code::CustomsOffice;
use crate::outbound::log::LogClient;
use crate::outbound::mirror::{Keeper, Round};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `mirror`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: the copy is level and its digest agrees; 2: wrong usage; 3: cannot open or reach.\nThe file is a snapshot as GET /v1/snapshot gives it: one line for each recorded version, the digest in the last line.\nExamples:\n  whitelist mirror --from https://wl.example.gov.cn --to list.ndjson --once\n  whitelist mirror --from https://wl.example.gov.cn --to list.ndjson --token-file token"
)]
pub struct MirrorArgs {
    /// The service, such as `https://wl.example.gov.cn`
    #[arg(long, value_name = "URL")]
    from: String,
    /// The file that is kept
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// File with the token of a customs system, read anew each time [default: WHITELIST_TOKEN]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Only listings that this customs office may clear
    #[arg(long, value_name = "CODE")]
    office: Option<String>,
    /// Bring the file level once and end
    #[arg(long)]
    once: bool,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

/// Keeps the file.
///
/// # Errors
/// [`Failure::Usage`] for a faulty argument, [`Failure::Unreachable`] when the one round of `--once` fails.
pub fn run(args: MirrorArgs) -> Result<(), Failure> {
    if let Some(office) = &args.office {
        CustomsOffice::parse(office)
            .map_err(|_| Failure::Usage(format!("--office: `{office}` is no customs office")))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Unreachable(error.to_string()))?;
    let mut keeper = Keeper::new(args.to.clone(), args.office.clone(), None);
    let mut told = None;
    loop {
        // Tokens are short-lived; whoever renews the file need not start this again.
        let round = service(&args);
        let round = round.and_then(|service| runtime.block_on(keeper.round(&service)).map_err(Failure::Unreachable));
        match round {
            Ok(round) => {
                if told.as_ref() != Some(&round) {
                    report(&args, &round);
                }
                told = Some(round);
            }
            Err(failure) if args.once => return Err(failure),
            Err(Failure::Refused(why) | Failure::Usage(why) | Failure::Unreachable(why)) => {
                tell(&format!("whitelist: {why}"));
            }
        }
        if args.once {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(args.every));
    }
}

fn service(args: &MirrorArgs) -> Result<LogClient, Failure> {
    let token = match &args.token_file {
        Some(file) => {
            let read = std::fs::read_to_string(file);
            Some(read.map_err(|error| Failure::Unreachable(format!("{}: {error}", file.display())))?)
        }
        None => config::token(),
    };
    let client = LogClient::new(&args.from, token.as_deref().map(str::trim)).map_err(Failure::Usage)?;
    Ok(client.read_by("a customs system"))
}

fn report(args: &MirrorArgs, round: &Round) {
    if let Some(why) = &round.repaired {
        tell(&format!("whitelist: the list was taken anew: {why}"));
    }
    let Round { revision, lines, new, .. } = round;
    say(&format!("{}: revision {revision}, {lines} lines, {new} new; the digest agrees", args.to.display()));
}
