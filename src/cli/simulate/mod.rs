//! `whitelist simulate`: plays the other side of the wire against a running service.
//!
//! `script` works out what customs does, `play` sends it and gets into trouble, `model` keeps customs' own books,
//! `world` asks the service what it holds. It ends by proving that both sides hold the same, and is the load and soak
//! tool too. It talks HTTP and opens no database.

mod model;
mod play;
mod script;
mod world;

use super::demo_issuer::{DemoIssuer, LONGEST_TTL_SECONDS};
use super::{Failure, say, tell};
use crate::clock::Clock;
use crate::config;
use crate::domain::actor::Role;
use crate::domain::code::CustomsOffice;
use crate::outbound::customs::Counterpart;
use clap::Args;
use futures_util::future::join_all;
use play::Player;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Arguments of `simulate customs`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: both sides hold the same; 1: they do not, each difference is named, or the service refuses the token; 3: it stays away.\nNobody else may draw on the same listings meanwhile. A seed is played once against a database.\nExamples:\n  whitelist simulate customs --declarations 1000 --seed 1\n  whitelist simulate customs --declarations 100000 --seed 7 --chaos --url http://127.0.0.1:8080"
)]
pub struct CustomsArgs {
    /// Declarations to play
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=900_000))]
    declarations: u64,
    /// Seed of everything that happens
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// With messages lost, doubled, reordered, repeated late, and given up before the answer
    #[arg(long)]
    chaos: bool,
    /// The service
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    /// File that holds a token with customs.lookup and customs.draw; read again when it changes
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    token_file: Option<PathBuf>,
    /// Data folder of the demo, whose issuer mints the tokens [default: WHITELIST_DATA, else ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Customs office that declares
    #[arg(long, default_value = "0101", value_name = "OFFICE")]
    customs_office: String,
    /// Declarations played at once
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=4_096))]
    connections: u64,
    /// Seconds that the service may stay away
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    patience: u64,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// What is played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Declarations.
    pub declarations: u64,
    /// Seed.
    pub seed: u64,
    /// Whether trouble is played.
    pub chaos: bool,
    /// The service.
    pub url: String,
    /// Office of declaration, four digits.
    pub office: String,
    /// Declarations at once.
    pub connections: usize,
    /// How long the service may stay away.
    pub patience: Duration,
}

impl Plan {
    /// Numbers a declaration: those of another seed have other numbers.
    #[must_use]
    pub fn number(&self, nth: u64) -> String {
        let year = Clock::system().now().day().year();
        let serial = (self.seed % 1_000).saturating_mul(1_000_000).saturating_add(nth % 1_000_000);
        format!("{}{year:04}1{serial:09}", self.office)
    }
}

/// Where tokens come from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// The issuer of a demo.
    Demo(PathBuf),
    /// A file that somebody keeps fresh.
    File(PathBuf),
}

/// What has happened so far; read by whoever watches.
#[derive(Debug, Default)]
pub struct Counters {
    /// Declarations that came to their end.
    pub declarations: AtomicU64,
    /// Draw commands acknowledged.
    pub acknowledged: AtomicU64,
    /// Refused by a rule.
    pub refused: AtomicU64,
    /// Came before the state they need.
    pub early: AtomicU64,
    /// Given up, because what they need was refused.
    pub given_up: AtomicU64,
    /// Without an answer.
    pub unknown: AtomicU64,
    /// Answered "not now".
    pub unavailable: AtomicU64,
    /// Sent twice at once.
    pub doubled: AtomicU64,
    /// Sent again long after.
    pub repeated: AtomicU64,
    /// Declarations whose messages went out in another order.
    pub reordered: AtomicU64,
    /// Lookups.
    pub lookups: AtomicU64,
}

impl Counters {
    fn all(&self) -> [(&'static str, u64); 11] {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("declarations", of(&self.declarations)),
            ("acknowledged", of(&self.acknowledged)),
            ("refused", of(&self.refused)),
            ("early", of(&self.early)),
            ("given_up", of(&self.given_up)),
            ("unknown_outcomes", of(&self.unknown)),
            ("unavailable", of(&self.unavailable)),
            ("doubled", of(&self.doubled)),
            ("repeated_late", of(&self.repeated)),
            ("reordered", of(&self.reordered)),
            ("lookups", of(&self.lookups)),
        ]
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Summary {
    /// What differs between both sides, and what must not have happened.
    pub differences: Vec<String>,
    /// Seconds of play.
    pub seconds: f64,
    /// Waits for answers to draw commands, microseconds: half within the first, 99 % within the second.
    pub draws: (u64, u64),
    /// The same of lookups.
    pub lookups: (u64, u64),
}

/// Tokens that last for as long as the play.
pub(crate) struct Tokens {
    source: TokenSource,
    office: String,
    clock: Clock,
    kept: RefCell<Option<(String, Duration)>>,
}

impl Tokens {
    fn get(&self) -> Result<String, Failure> {
        let uptime = self.clock.uptime();
        if let Some((token, until)) = self.kept.borrow().as_ref()
            && uptime < *until
        {
            return Ok(token.clone());
        }
        let (token, life) = match &self.source {
            TokenSource::File(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| Failure::Unreachable(format!("{}: {error}", file.display())))?;
                (text.trim().to_owned(), Duration::from_secs(30))
            }
            TokenSource::Demo(data) => {
                let issuer = DemoIssuer::load_or_create(data)
                    .map_err(|error| Failure::Unreachable(format!("{}: {error}", data.display())))?;
                let now = self.clock.now().micros() / 1_000_000;
                let roles = [Role::CustomsLookup, Role::CustomsDraw];
                let name = format!("simulator@{}", self.office);
                let jti = format!("simulator-{now}");
                let token = issuer.mint(&roles, &self.office, &name, LONGEST_TTL_SECONDS, now, &jti);
                (token, Duration::from_secs(30 * 60))
            }
        };
        *self.kept.borrow_mut() = Some((token.clone(), uptime.saturating_add(life)));
        Ok(token)
    }
}

/// Plays customs.
///
/// # Errors
/// [`Failure::Refused`] when the sides differ, [`Failure::Unreachable`] when the service stays away.
pub fn run(args: CustomsArgs) -> Result<(), Failure> {
    let office = CustomsOffice::parse(&args.customs_office)
        .map_err(|_| Failure::Usage(format!("`{}` is no customs office: four digits", args.customs_office)))?;
    let source = match args.token_file {
        Some(file) => TokenSource::File(file),
        None => {
            let (data, _) = config::place(args.data, None);
            if !data.join("keys").join("demo-issuer.json").exists() {
                let text = format!("{} holds no demo; name --token-file or --data", data.display());
                return Err(Failure::Unreachable(text));
            }
            TokenSource::Demo(data)
        }
    };
    let plan = Plan {
        declarations: args.declarations,
        seed: args.seed,
        chaos: args.chaos,
        url: args.url,
        office: office.to_string(),
        connections: usize::try_from(args.connections).unwrap_or(1),
        patience: Duration::from_secs(args.patience),
    };
    let counters = Arc::new(Counters::default());
    let summary = customs(&plan, source, &counters, tell)?;
    show(&plan, &counters, &summary, args.json);
    if summary.differences.is_empty() { Ok(()) } else { Err(Failure::Refused(String::new())) }
}

/// Plays a plan to its end, telling `progress` a line a second, and holds both sides against each other.
///
/// # Errors
/// [`Failure::Unreachable`] when the service stays away, [`Failure::Refused`] when the seed was played before.
pub fn customs(
    plan: &Plan,
    source: TokenSource,
    counters: &Counters,
    progress: impl Fn(&str),
) -> Result<Summary, Failure> {
    let clock = Clock::system();
    let counterpart = Counterpart::new(&plan.url, plan.connections).map_err(Failure::Usage)?;
    let tokens = Tokens { source, office: plan.office.clone(), clock: clock.clone(), kept: RefCell::new(None) };
    let mut player = Player {
        plan,
        counterpart,
        tokens,
        counters,
        importers: Vec::new(),
        share: 1,
        clock: clock.clone(),
        draws: RefCell::default(),
        lookups: RefCell::default(),
        faults: RefCell::default(),
        next: Cell::new(0),
        played: RefCell::default(),
        away: RefCell::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Unreachable(error.to_string()))?;
    runtime.block_on(async {
        progress("simulate: asking for listings …");
        let discovered = tokio::select! {
            discovered = player.discover() => discovered,
            () = wait_for(&player, &progress) => Ok(Vec::new()),
        };
        player.importers = discovered?;
        let listings = player.importers.iter().map(|importer| importer.listings.len()).sum::<usize>();
        let lines = i128::from(plan.declarations).saturating_mul(2);
        player.share = lines / i128::try_from(listings.max(1)).unwrap_or(1) + 1;
        let first = player.ask("GET", &format!("/v1/declarations/{}", plan.number(0)), None).await;
        if first?.status == 200 {
            let text = format!("seed {} was played here before; choose another", plan.seed);
            return Err(Failure::Refused(text));
        }
        let before = player.balances().await?;
        progress(&format!("simulate: {listings} listings; playing {} declarations …", plan.declarations));
        let start = clock.uptime();
        let play = join_all((0..plan.connections).map(|_| player.work()));
        let watch = watch(&player, &progress);
        let done = tokio::select! {
            done = play => done,
            () = watch => Vec::new(),
        };
        done.into_iter().collect::<Result<Vec<()>, Failure>>()?;
        let seconds = clock.uptime().saturating_sub(start).as_secs_f64();
        progress("simulate: comparing both sides …");
        let mut differences = player.faults.take();
        differences.extend(player.prove(&before).await?);
        let summary = Summary {
            differences,
            seconds,
            draws: percentiles(player.draws.take()),
            lookups: percentiles(player.lookups.take()),
        };
        Ok(summary)
    })
}

/// Tells, every five seconds and for ever, that the service does not answer yet.
async fn wait_for(player: &Player<'_>, progress: &impl Fn(&str)) {
    let mut waited = 0_u64;
    let mut told = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        waited = waited.saturating_add(5);
        let counters = player.counters;
        let vain =
            counters.unknown.load(Ordering::Relaxed).saturating_add(counters.unavailable.load(Ordering::Relaxed));
        if vain > told {
            told = vain;
            let (url, most) = (&player.plan.url, player.plan.patience.as_secs());
            progress(&format!(
                "simulate: {url} does not answer ({}); waiting, {waited} of {most} s …",
                player.away.borrow()
            ));
        }
    }
}

/// Tells how far it is, once a second and for ever.
async fn watch(player: &Player<'_>, progress: &impl Fn(&str)) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut last = 0;
    loop {
        ticks.tick().await;
        let done = player.counters.declarations.load(Ordering::Relaxed);
        let commands = player.counters.acknowledged.load(Ordering::Relaxed);
        let unknown = player.counters.unknown.load(Ordering::Relaxed);
        let now = commands.saturating_sub(last);
        last = commands;
        let all = player.plan.declarations;
        let percent = done.saturating_mul(100) / all.max(1);
        // Between two lines nothing was booked: why, if the service said or did not say so.
        let stalled = if now == 0 && done < all { player.away.take() } else { String::new() };
        let stalled = if stalled.is_empty() { stalled } else { format!(" - {stalled}") };
        progress(&format!(
            "simulate: {done}/{all} declarations ({percent} %), {commands} commands ({now}/s), {unknown} without answer{stalled}"
        ));
    }
}

fn percentiles(mut waits: Vec<u64>) -> (u64, u64) {
    waits.sort_unstable();
    let at = |percent: usize| waits.get(waits.len().saturating_mul(percent) / 100).copied().unwrap_or_default();
    (at(50), at(99))
}

fn show(plan: &Plan, counters: &Counters, summary: &Summary, as_json: bool) {
    let rate = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / summary.seconds.max(0.001);
    let commands = rate(counters.acknowledged.load(Ordering::Relaxed));
    let same = summary.differences.is_empty();
    if as_json {
        let counts: serde_json::Map<String, Value> =
            counters.all().into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect();
        let result = json!({
            "same": same, "seed": plan.seed, "chaos": plan.chaos, "seconds": summary.seconds, "commands_per_second": commands,
            "draw_micros": { "p50": summary.draws.0, "p99": summary.draws.1 },
            "lookup_micros": { "p50": summary.lookups.0, "p99": summary.lookups.1 },
            "counts": counts, "differences": summary.differences,
        });
        say(&result.to_string());
        return;
    }
    for (name, count) in counters.all() {
        say(&format!("{name:<17} {count}"));
    }
    let millis = |micros: u64| f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1000.0;
    say(&format!("{:<17} {:.1}, {commands:.0} commands/s", "seconds", summary.seconds));
    say(&format!("{:<17} p50 {:.2} ms, p99 {:.2} ms", "draws", millis(summary.draws.0), millis(summary.draws.1)));
    say(&format!("{:<17} p50 {:.2} ms, p99 {:.2} ms", "lookups", millis(summary.lookups.0), millis(summary.lookups.1)));
    for difference in summary.differences.iter().take(50) {
        say(difference);
    }
    say(if same { "Both sides hold the same." } else { "The sides differ." });
}
