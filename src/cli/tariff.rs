//! `whitelist tariff import`: records rows of the tariff table; proposes new codes for the listings they concern.

use super::open::{Opening, open};
use super::{Failure, Place, say};
use crate::app::found::system;
use crate::app::tariff;
use crate::domain::lang::Lang;
use crate::store::{Author, Context};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `tariff import`.
#[derive(Debug, Args)]
#[command(
    after_help = "The file is CSV with the header hs_code,documents,valid_from,valid_to,replaces; further columns are for people.\nRows that name a code in `replaces` propose the variation of its listings; --propose-as names who proposes it."
)]
pub struct TariffArgs {
    #[command(flatten)]
    place: Place,
    /// The rows, CSV
    file: PathBuf,
    /// Scheme whose listings get new codes
    #[arg(long, default_value = "beijing-2022", value_name = "S")]
    scheme: String,
    /// Who proposes the variations; an approver confirms them
    #[arg(long, default_value = "tariff import", value_name = "NAME")]
    propose_as: String,
}

/// Imports.
///
/// # Errors
/// [`Failure::Refused`] with every fault of the file.
pub fn run(args: TariffArgs) -> Result<(), Failure> {
    let bytes =
        std::fs::read(&args.file).map_err(|error| Failure::Unreachable(format!("{}: {error}", args.file.display())))?;
    let lines = tariff::read(&bytes).map_err(|faults| {
        let lines =
            faults.iter().map(|fault| format!("line {}, {}: {}", fault.line, fault.column, fault.code.text(Lang::En)));
        Failure::Refused(lines.collect::<Vec<_>>().join("\n"))
    })?;
    let opened = open(Opening::of(&args.place)?)?;
    let at = opened.app.clock.now();
    let proposes = lines.iter().any(|line| line.replaces.is_some());
    let context = if proposes {
        let by = Author::Caller {
            issuer: "urn:whitelist:command-line".to_owned(),
            subject: args.propose_as,
            org: args.scheme.clone(),
        };
        Context { at, by, request_id: None }
    } else {
        system("operator", at)
    };
    let read = lines.len();
    let outcome = tariff::import(&opened.app.store, context, args.scheme, lines);
    opened.close();
    let outcome = outcome?;
    say(&format!("{read} rows read, {} new (revision {})", outcome.value.recorded, outcome.revision));
    if let Some(proposed) = outcome.value.proposed {
        say(&format!(
            "adjustment {} proposed: {} listings get their new code once an approver confirms it",
            proposed.id, proposed.change_count
        ));
    }
    Ok(())
}
