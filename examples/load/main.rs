//! The bench: what `make bench` runs. It measures the figures that README states and prints each beside its goal.
//!
//! Times and rates of one machine say little, so speed is judged as a ratio to a plaintext handler of the same web
//! library, measured in the same run, in turns. Servers run in child processes, so that their CPU time is theirs alone.
//! Invariant: no figure is written down here, only goals.

mod client;
mod inside;
mod list;
mod lookups;
mod machine;
mod postgres;
mod report;
mod servers;
mod writes;

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use self::list::Sample;
use self::report::Report;

/// Whatever went wrong, in words.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures lookups, tokens, growth, durable writes and the log.
#[derive(Debug, Parser)]
struct Arguments {
    /// One minute instead of six
    #[arg(long)]
    quick: bool,
    /// Writes the figures into a file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measures these parts only
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
    #[command(subcommand)]
    child: Option<Child>,
}

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Lookups over HTTP beside plaintext.
    Lookups,
    /// Checks of tokens, and decisions in the process.
    Inside,
    /// The log in memory and its verification.
    Log,
    /// Lists of different lengths.
    Growth,
    /// Durable writes.
    Writes,
}

/// What the bench does in processes of its own.
#[derive(Debug, Subcommand)]
enum Child {
    /// Serves plaintext.
    #[command(hide = true)]
    ServeHello,
    /// Serves a list.
    #[command(hide = true)]
    ServeList {
        /// Its data folder.
        data: PathBuf,
        /// Whether answers are recorded.
        #[arg(long)]
        record: bool,
    },
    /// Loads a list and says what it took.
    #[command(hide = true)]
    Load {
        /// Its data folder.
        data: PathBuf,
    },
}

/// How long and how large everything is.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// Rounds of which the median counts.
    rounds: usize,
    /// Length of one turn over HTTP.
    turn: Duration,
    /// Length of one turn of writes.
    writing: Duration,
    /// Lengths of the lists whose growth is measured.
    sizes: &'static [u32],
}

const FULL: Plan =
    Plan { rounds: 5, turn: Duration::from_secs(2), writing: Duration::from_millis(1000), sizes: &[1_000, 100_000, 1_000_000] };
const QUICK: Plan =
    Plan { rounds: 5, turn: Duration::from_millis(400), writing: Duration::from_millis(250), sizes: &[1_000, 100_000] };

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.child {
        None => bench(&arguments),
        Some(Child::ServeHello) => servers::serve_hello(),
        Some(Child::ServeList { data, record }) => servers::serve_list(data, *record),
        Some(Child::Load { data }) => servers::load_once(data),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::tell(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &Arguments) -> Outcome<()> {
    let plan = if arguments.quick { QUICK } else { FULL };
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let folder = tempfile::tempdir()?;
    let mut report = Report::start();
    let needs_list = [Part::Lookups, Part::Inside, Part::Log].into_iter().any(wanted);
    let middle = if needs_list {
        report::tell("a list of 100,000 listings, through the writer and the log …");
        Some(Sample::recorded(&folder.path().join("100k"), 100_000, &mut report)?)
    } else {
        None
    };
    if let Some(list) = &middle {
        if wanted(Part::Lookups) {
            lookups::beside_plaintext(list, plan, &mut report)?;
        }
        if wanted(Part::Inside) {
            inside::tokens(plan, &mut report)?;
            inside::decisions(list, plan, &mut report)?;
        }
        if wanted(Part::Log) {
            inside::log(list, plan, &mut report)?;
        }
    }
    if wanted(Part::Growth) {
        lookups::growth(folder.path(), plan, &mut report)?;
    }
    if wanted(Part::Writes) {
        writes::measure(folder.path(), plan, &mut report)?;
    }
    report.finish(arguments.json.as_deref())
}
