//! `whitelist rebuild --check`: builds the list again from the log alone, beside the database, and compares both.

use super::open::{Opening, open};
use super::{Failure, Place, say};
use crate::app::verify::rebuild::Drill;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

/// Arguments of `rebuild`.
#[derive(Debug, Args)]
#[command(
    after_help = "The list and its books are built in a database of their own under the system's temporary folder, which is removed at the end. The database itself is only read; a service may go on using it.\nExit code 0: every table is the same; 1: some differ, each is named; 3: cannot open or reach.\nExamples:\n  whitelist rebuild --check\n  whitelist rebuild --check --data ./restored --json"
)]
pub struct RebuildArgs {
    #[command(flatten)]
    place: Place,
    /// Compare what was rebuilt with the tables, and keep nothing
    #[arg(long, required = true)]
    check: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Rebuilds and compares.
///
/// # Errors
/// [`Failure::Refused`] when a table differs.
pub fn run(args: RebuildArgs) -> Result<(), Failure> {
    if !args.check {
        return Err(Failure::Usage("--check is what it does".to_owned()));
    }
    let opened = open(Opening::of(&args.place)?)?;
    let style = ProgressStyle::with_template("rebuild {bar:40} {percent:>3} % {pos}/{len}, {eta} left");
    let bar = style.map_or_else(|_| ProgressBar::hidden(), |style| ProgressBar::new(0).with_style(style));
    let done = opened.app.rebuild_beside(&mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    opened.close();
    let result = done?;
    report(&result, args.json)?;
    if result.ok { Ok(()) } else { Err(Failure::Refused(String::new())) }
}

fn report(result: &Drill, json: bool) -> Result<(), Failure> {
    if json {
        say(&serde_json::to_string(result).map_err(|error| Failure::Unreachable(error.to_string()))?);
        return Ok(());
    }
    say(&format!("revision {}", result.revision));
    for table in &result.tables {
        let word = if table.same { "same   " } else { "DIFFERS" };
        say(&format!("{word}  {:<22} {:>9} rows  {}", table.kind, table.rows, table.digest));
        if !table.same {
            say(&format!("         {:<22} {:>9} rows  {}", "rebuilt", table.rebuilt_rows, table.rebuilt_digest));
        }
    }
    say(if result.ok { "OK: the log alone rebuilds the list and its books" } else { "NOT OK" });
    Ok(())
}
