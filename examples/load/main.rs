//! The bench: what `make bench` runs. It measures the figures that README states and prints each beside its goal.
//!
//! Times and rates of one machine say little, so speed is judged as a ratio to a plaintext handler of the same web
//! library, measured in the same run, in turns. Servers run in child processes, so that their CPU time is theirs alone.
//! Invariant: no figure is written down here, only goals.

mod audit;
mod client;
mod cluster;
mod connections;
mod draws;
mod inside;
mod list;
mod lookups;
mod machine;
mod pages;
mod postgres;
mod report;
mod servers;
mod webhooks;
mod worklists;
mod writes;

use clap::{Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use self::list::Sample;
use self::report::Report;

/// The allocator of the binary, for plaintext as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Listings of the list that most is measured on; fewer only show that everything runs
    #[arg(long, default_value_t = MIDDLE)]
    listings: u32,
    /// Entries of the longest log that is verified [default: a million, a fifth of it with --quick]
    #[arg(long)]
    entries: Option<u64>,
    #[command(subcommand)]
    task: Option<Task>,
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
    /// Work lists of the joint review.
    Worklists,
    /// Draws at the border.
    Draws,
    /// Lookups while draws run.
    Border,
    /// Pages of the portal.
    Pages,
    /// Lookups while officers click through the portal.
    Portal,
    /// Idle and slow connections beside lookups.
    Connections,
    /// The audit trail: verification, proofs, receipts, earlier revisions.
    Audit,
    /// Two nodes behind nginx, on PostgreSQL with a standby; only where it is asked for (`make bench-cluster`).
    Cluster,
    /// Webhooks to twenty receivers, one dead and one slow.
    Webhooks,
}

/// What else it does: help for a profiler, and what the bench runs in processes of its own.
#[derive(Debug, Subcommand)]
enum Task {
    /// Keeps one server busy and names its process, for a profiler
    Profile {
        /// Data folder; a list of 100,000 listings is made where there is none
        data: PathBuf,
        /// Whole declarations instead of single lines
        #[arg(long)]
        post: bool,
        /// Whether answers are recorded
        #[arg(long)]
        record: bool,
        /// How long
        #[arg(long, default_value_t = 30)]
        seconds: u64,
    },
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
        /// URL of its database.
        database: String,
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
    /// Races for the last step of a listing.
    races: usize,
    /// Lengths of the lists whose growth is measured.
    sizes: &'static [u32],
    /// Entries of the longest log that is verified.
    entries: u64,
}

const FULL: Plan = Plan {
    rounds: 5,
    turn: Duration::from_secs(2),
    writing: Duration::from_millis(1000),
    races: 1_000,
    sizes: &[1_000, 100_000, 1_000_000],
    entries: 1_000_000,
};
const QUICK: Plan = Plan {
    rounds: 5,
    turn: Duration::from_millis(400),
    writing: Duration::from_millis(250),
    races: 100,
    sizes: &[1_000, 100_000],
    entries: 200_000,
};

/// Listings of the list that most is measured on.
const MIDDLE: u32 = 100_000;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.task {
        None => bench(&arguments),
        Some(Task::Profile { data, post, record, seconds }) => {
            profile(data, *post, *record, Duration::from_secs(*seconds))
        }
        Some(Task::ServeHello) => servers::serve_hello(),
        Some(Task::ServeList { data, record }) => servers::serve_list(data, *record),
        Some(Task::Load { database }) => servers::load_once(database),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::tell(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn profile(data: &Path, post: bool, record: bool, time: Duration) -> Outcome<()> {
    let list = Sample::kept(data, MIDDLE)?;
    let server = servers::Server::list(data, record)?;
    let requests = if post { list.posts(lookups::LINES)? } else { list.gets()? };
    report::tell(&format!("process {}", server.process()));
    let turn = client::drive(server.address, server.process(), machine::CpuClock::new(), &requests, time)?;
    report::tell(&format!("{:.0} requests/s, {:.2} µs of server CPU each", turn.rate, turn.cpu));
    Ok(())
}

fn bench(arguments: &Arguments) -> Outcome<()> {
    let mut plan = if arguments.quick { QUICK } else { FULL };
    plan.entries = arguments.entries.unwrap_or(plan.entries);
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let folder = tempfile::tempdir()?;
    let mut report = Report::start();
    let needs_list = [Part::Lookups, Part::Connections, Part::Inside, Part::Log, Part::Audit].into_iter().any(wanted);
    let middle = if needs_list {
        report::tell(&format!("a list of {} listings, through the writer and the log …", arguments.listings));
        Some(Sample::recorded(&folder.path().join("middle"), arguments.listings, Some(&mut report))?)
    } else {
        None
    };
    if let Some(list) = &middle {
        if wanted(Part::Lookups) {
            lookups::beside_plaintext(list, plan, &mut report)?;
        }
        if wanted(Part::Connections) {
            connections::measure(list, &folder.path().join("middle"), plan, &mut report)?;
        }
        if wanted(Part::Inside) {
            inside::tokens(plan, &mut report)?;
            inside::decisions(list, plan, &mut report)?;
        }
        if wanted(Part::Log) {
            inside::log(list, plan, &mut report)?;
        }
        if wanted(Part::Audit) {
            audit::measure(list, folder.path(), plan, &mut report)?;
        }
    }
    if wanted(Part::Growth) {
        lookups::growth(folder.path(), plan, &mut report)?;
    }
    if wanted(Part::Writes) {
        writes::measure(folder.path(), plan, &mut report)?;
    }
    if wanted(Part::Worklists) {
        worklists::measure(folder.path(), &mut report)?;
    }
    if wanted(Part::Pages) {
        pages::measure(&folder.path().join("pages"), &mut report)?;
    }
    if wanted(Part::Portal) {
        pages::beside_lookups(&folder.path().join("portal"), plan, &mut report)?;
    }
    if wanted(Part::Draws) {
        draws::measure(folder.path(), plan, &mut report)?;
    }
    if wanted(Part::Border) {
        draws::beside_lookups(&folder.path().join("border"), plan, &mut report)?;
    }
    if arguments.only.contains(&Part::Cluster) {
        cluster::measure(folder.path(), plan, &mut report)?;
    }
    if wanted(Part::Webhooks) {
        webhooks::measure(folder.path(), &mut report)?;
    }
    report.finish(arguments.json.as_deref())
}
