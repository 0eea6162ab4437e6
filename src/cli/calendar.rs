//! `whitelist calendar import`: the working days of further years, as the State Council's notices arrange them.

use super::open::{Opening, open};
use super::{Failure, Place, say};
use crate::app::calendar;
use crate::app::found::system;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `calendar import`.
#[derive(Debug, Args)]
#[command(after_help = "Years already recorded change nothing; a corrected year is recorded as a new version.\n\
                        Example: whitelist calendar import samples/holidays.json")]
pub struct CalendarArgs {
    #[command(flatten)]
    place: Place,
    /// JSON: {"years":{"2027":{"notices":[URL],"days":[{"date":"2027-01-01","name":"元旦","off":true}]}}}
    file: PathBuf,
}

/// Imports.
///
/// # Errors
/// [`Failure::Refused`] with what is wrong with the file.
pub fn run(args: CalendarArgs) -> Result<(), Failure> {
    let unread = |error: std::io::Error| Failure::Unreachable(format!("{}: {error}", args.file.display()));
    let text = std::fs::read_to_string(&args.file).map_err(unread)?;
    let published = calendar::read(&text).map_err(Failure::Refused)?;
    let read = published.years.len();
    let opened = open(Opening::of(&args.place)?)?;
    let context = system("operator", opened.app.clock.now());
    let outcome = opened.app.store.write(context, move |tx| calendar::record(tx, published));
    opened.close();
    let outcome = outcome?;
    say(&format!("{read} years read, {} new or changed (revision {})", outcome.value, outcome.revision));
    Ok(())
}
