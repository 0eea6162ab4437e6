//! Two nodes behind nginx on PostgreSQL with a standby: what the second one is worth, how soon it answers what the first one
//! confirmed, and what a failover costs.
//!
//! `tools/cluster.sh` starts everything from its parts and takes commands. Propagation is measured on two nodes of this
//! process, from the commit to the moment at which the other one answers from it. Invariant: nothing of it outlives the bench.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use whitelist::app::found::system;
use whitelist::cli::demo_issuer::DemoIssuer;
use whitelist::cli::open::Opened;
use whitelist::clock::Clock;
use whitelist::domain::actor::Role;
use whitelist::domain::validity::LegalDay;
use whitelist::store::{DatabaseUrl, StoreError};

use super::client::{Requests, Turn, drive, once};
use super::list::{Sample, enterprise, opened, opening_of, uscc};
use super::machine::CpuClock;
use super::postgres::Postgres;
use super::report::{Goal, Report, length, tell};
use super::servers::measure_load;
use super::{Outcome, Plan};

/// Changes confirmed each second beside the lookups.
const CHANGES: u32 = 200;

/// Serials of enterprises that are registered, each used once.
static SERIAL: AtomicU32 = AtomicU32::new(500_000);

/// The running parts.
struct Cluster {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    nginx: SocketAddr,
    node: SocketAddr,
    data: PathBuf,
    primary: String,
    standby: String,
}

impl Cluster {
    fn start() -> Outcome<Self> {
        let binary = std::env::current_exe()?.with_file_name("whitelist");
        // An example lies in a folder of its own beside the binaries.
        let binary = if binary.exists() {
            binary
        } else {
            std::env::current_exe()?.parent().and_then(Path::parent).ok_or("no folder of binaries")?.join("whitelist")
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/cluster.sh");
        let mut child = Command::new(script).arg(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take().ok_or("no input")?, child.stdout.take().ok_or("no output")?);
        let mut output = BufReader::new(output);
        let (mut primary, mut standby, mut node, mut data) = (None, None, None, None);
        loop {
            let mut line = String::new();
            if output.read_line(&mut line)? == 0 {
                return Err("the cluster did not start".into());
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["primary", url] => primary = Some((*url).to_owned()),
                ["standby", url] => standby = Some((*url).to_owned()),
                ["node", "1", url, "data", folder] => (node, data) = (Some(address(url)?), Some(PathBuf::from(folder))),
                ["cluster", "is", "ready", "on", url, ..] => {
                    let missing = "the cluster does not say where it is";
                    return Ok(Self {
                        child,
                        input,
                        output,
                        nginx: address(url)?,
                        node: node.ok_or(missing)?,
                        data: data.ok_or(missing)?,
                        primary: primary.ok_or(missing)?,
                        standby: standby.ok_or(missing)?,
                    });
                }
                _ => {}
            }
        }
    }

    /// Has a command carried out.
    fn act(&mut self, command: &str) -> Outcome<()> {
        writeln!(self.input, "{command}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.trim() == format!("done {command}") { Ok(()) } else { Err(format!("{command}: {line}").into()) }
    }

    /// The URL of whichever server is the primary.
    fn url(&self) -> Outcome<DatabaseUrl> {
        let (_, second) = self.standby.rsplit_once('@').ok_or("no host")?;
        let host = second.split('/').next().unwrap_or_default();
        let (first, name) = self.primary.rsplit_once('/').ok_or("no database")?;
        Ok(DatabaseUrl::parse(&format!("{first},{host}/{name}?target_session_attrs=read-write"))?)
    }

    /// Opens another node in this process, with the keys of the others.
    fn join(&self, folder: &Path, follow: Option<DatabaseUrl>) -> Outcome<Opened> {
        std::fs::create_dir(folder)?;
        if !Command::new("cp").arg("-a").arg(self.data.join("keys")).arg(folder).status()?.success() {
            return Err("the keys were not copied".into());
        }
        let mut opening = opening_of(folder, &self.url()?);
        opening.follow = follow;
        opened(opening)
    }

    /// One question about the sample data, asked again and again.
    fn question(&self) -> Outcome<Requests> {
        let clock = Clock::system();
        let now = clock.now().micros() / 1_000_000;
        let issuer = DemoIssuer::load_or_create(&self.data)?;
        let token = issuer.mint(&[Role::CustomsLookup], "0101", "customs-1", 3600, now, "bench");
        let day = clock.now().day();
        let head = format!(
            "GET /v1/lookup?enterprise=91110108XFXTR0105W&hs_code=3004909099&customs_office=0101&declared_on={day}&quantity=1&unit=142 HTTP/1.1\r\n"
        );
        let tail = format!("Host: whitelist\r\nAuthorization: Bearer {token}\r\n\r\n");
        Ok(Requests { heads: vec![head.into_bytes()], tail: tail.into_bytes() })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = writeln!(self.input, "quit");
        let _ = self.child.wait();
    }
}

fn address(url: &str) -> Outcome<SocketAddr> {
    Ok(url.trim_start_matches("http://").trim_end_matches('/').parse()?)
}

/// Measures the cluster.
pub fn measure(folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    load(folder, plan, report)?;
    tell("a primary with its standby, two nodes and nginx …");
    let mut cluster = Cluster::start()?;
    lookups(&cluster, plan, report)?;
    let first = cluster.join(&folder.join("first"), None)?;
    let second = cluster.join(&folder.join("second"), Some(DatabaseUrl::parse(&cluster.standby)?))?;
    let third = cluster.join(&folder.join("third"), None)?;
    for (name, other) in [("follows the primary", &third), ("follows the standby", &second)] {
        tell(&format!("how soon another node answers that {name} …"));
        propagation(&first, other, name, plan, report)?;
    }
    idle(plan, report)?;
    beside_changes(&cluster, &first, plan, report)?;
    // Its own way leads to the standby alone, which is about to be the primary; it would tell nothing more.
    second.close();
    third.close();
    failover(&mut cluster, &first, report)?;
    first.close();
    Ok(())
}

/// How long a node takes to load a list from PostgreSQL.
fn load(folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    let Some(server) = Postgres::start()? else { return Err("PostgreSQL is not installed".into()) };
    let size = plan.sizes.last().copied().unwrap_or_default();
    tell(&format!("a list of {size} listings in bulk on PostgreSQL …"));
    let database = server.database("bulk")?;
    let list = Sample::bulk_in(&folder.join("bulk-pg"), &database, size)?;
    let loads = (0..plan.rounds)
        .map(|_| measure_load(&list.database).map(|load| load.seconds / load.listings * 1e6))
        .collect::<Outcome<Vec<f64>>>()?;
    report.rounds(&format!("{size} listings: load per million from PostgreSQL"), "s", &loads, Goal::AtMost(5.0));
    Ok(())
}

/// nginx's own answer, one node, one node behind nginx's turn of two.
fn lookups(cluster: &Cluster, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("lookups through nginx …");
    let question = cluster.question()?;
    let own = Requests { heads: vec![b"GET /nginx HTTP/1.1\r\nHost: whitelist\r\n\r\n".to_vec()], tail: Vec::new() };
    let contenders = [
        ("nginx's own answer", cluster.nginx, &own),
        ("one node, asked directly", cluster.node, &question),
        ("two nodes behind nginx", cluster.nginx, &question),
    ];
    let turn = |server, requests, time| drive(server, std::process::id(), CpuClock::new(), requests, time);
    let mut rounds: [Vec<Turn>; 3] = Default::default();
    for (_, server, requests) in contenders {
        turn(server, requests, Duration::from_millis(300))?;
    }
    for _ in 0..plan.rounds {
        for ((_, server, requests), turns) in contenders.into_iter().zip(&mut rounds) {
            turns.push(turn(server, requests, plan.turn)?);
        }
    }
    for ((name, _, _), turns) in contenders.into_iter().zip(&rounds) {
        let of = |figure: fn(&Turn) -> f64| turns.iter().map(figure).collect::<Vec<f64>>();
        report.rounds(&format!("{name}: requests"), "/s", &of(|turn| turn.rate), Goal::None);
        report.rounds(&format!("{name}: p99"), "ms", &of(|turn| turn.p99), Goal::None);
    }
    let [own, one, two] = &rounds;
    let ratio = |base: &[Turn]| two.iter().zip(base).map(|(two, base)| two.rate / base.rate).collect::<Vec<f64>>();
    report.rounds("two nodes behind nginx / nginx's own answer", "", &ratio(own), Goal::None);
    report.rounds("two nodes behind nginx / one node, on one machine", "", &ratio(one), Goal::None);
    Ok(())
}

/// Registers an enterprise and returns the revision.
fn register(node: &Opened) -> Result<i64, StoreError> {
    let at = node.app.clock.now();
    let name = uscc(SERIAL.fetch_add(1, Ordering::Relaxed)).ok_or(StoreError::Broken)?;
    let from: LegalDay = at.day();
    let recorded = node.app.store.write(system("bench", at), move |tx| {
        let row = enterprise(name, from.value(), tx.next_revision().0, at.micros());
        tx.save(row, None, "enterprise.registered").map(drop)
    })?;
    Ok(recorded.revision.0)
}

/// From a commit on one node to the list in memory of another.
fn propagation(one: &Opened, other: &Opened, name: &str, plan: Plan, report: &mut Report) -> Outcome<()> {
    let mut waits = Vec::new();
    for nth in 0..u32::try_from(plan.races)? {
        let revision = whitelist::domain::revision::Revision(register(one)?);
        let committed = Instant::now();
        if !other.app.index.wait_for(revision, Duration::from_secs(5)) {
            return Err("the other node did not follow in five seconds".into());
        }
        waits.push(committed.elapsed().as_secs_f64() * 1e3);
        // Another moment between two looks each time.
        std::thread::sleep(Duration::from_millis(u64::from(nth * 7 % 40)));
    }
    waits.sort_by(f64::total_cmp);
    let at = |percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or(f64::NAN);
    report.once(&format!("a node that {name}: from the commit elsewhere, p50"), "ms", at(50), Goal::None);
    report.once(&format!("a node that {name}: from the commit elsewhere, p99"), "ms", at(99), Goal::AtMost(250.0));
    Ok(())
}

/// What following costs while nothing happens: three nodes in this process look forty times a second and beat once.
fn idle(plan: Plan, report: &mut Report) -> Outcome<()> {
    let (clock, time) = (CpuClock::new(), plan.turn * 2);
    let before = clock.of(std::process::id())?;
    std::thread::sleep(time);
    let used = clock.of(std::process::id())? - before;
    report.once(
        "CPU of a node that follows while nothing happens",
        "%",
        used / time.as_secs_f64() / 3.0 * 100.0,
        Goal::AtMost(2.0),
    );
    Ok(())
}

/// Lookups while changes are confirmed.
fn beside_changes(cluster: &Cluster, node: &Opened, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("lookups while the list changes …");
    let question = cluster.question()?;
    let turn = |time| drive(cluster.nginx, std::process::id(), CpuClock::new(), &question, time);
    let (mut quiet, mut beside, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        quiet.push(turn(plan.turn)?);
        let over = AtomicBool::new(false);
        let (measured, changed) = std::thread::scope(|scope| {
            let begun = Instant::now();
            // Enough of them that none waits for the commit of another's change.
            let changing: Vec<_> = (0..8_u32)
                .map(|client| {
                    let over = &over;
                    scope.spawn(move || {
                        let mut count = 0_u32;
                        while !over.load(Ordering::Relaxed) {
                            let due = Duration::from_secs(1) * (count * 8 + client) / CHANGES;
                            std::thread::sleep(due.saturating_sub(begun.elapsed()));
                            register(node)?;
                            count += 1;
                        }
                        Ok::<_, StoreError>(count)
                    })
                })
                .collect();
            let measured = turn(plan.turn);
            let seconds = begun.elapsed().as_secs_f64();
            over.store(true, Ordering::Relaxed);
            let counts = changing.into_iter().map(|thread| thread.join().map_err(|_| StoreError::Broken)?);
            let changed: Result<u32, StoreError> = counts.sum();
            (measured, changed.map(|changed| f64::from(changed) / seconds))
        });
        beside.push(measured?);
        rates.push(changed?);
    }
    report.rounds("changes confirmed beside lookups", "/s", &rates, Goal::AtLeast(190.0));
    let of = |turns: &[Turn], figure: fn(&Turn) -> f64| turns.iter().map(figure).collect::<Vec<f64>>();
    report.rounds("lookups beside them", "/s", &of(&beside, |turn| turn.rate), Goal::None);
    report.rounds("lookups beside them: p99", "ms", &of(&beside, |turn| turn.p99), Goal::None);
    let ratio: Vec<f64> = beside.iter().zip(&quiet).map(|(beside, quiet)| beside.rate / quiet.rate).collect();
    report.rounds("lookups beside changes / without", "", &ratio, Goal::None);
    Ok(())
}

/// The primary crashes and the standby is promoted, while somebody asks and somebody writes.
fn failover(cluster: &mut Cluster, node: &Opened, report: &mut Report) -> Outcome<()> {
    tell("a failover …");
    let question = cluster.question()?;
    let request = [question.heads.first().map_or(&[][..], Vec::as_slice), &question.tail].concat();
    let (nginx, over) = (cluster.nginx, AtomicBool::new(false));
    let (writes, asked, outage) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut good = Vec::new();
            while !over.load(Ordering::Relaxed) {
                match register(node) {
                    Ok(_) => good.push(Instant::now()),
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            }
            good
        });
        let asking = scope.spawn(|| {
            let (mut given, mut refused) = (0_u32, Vec::new());
            while !over.load(Ordering::Relaxed) {
                match once(nginx, &request) {
                    Ok(_) => given += 1,
                    Err(_) => refused.push(Instant::now()),
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            (given, refused)
        });
        std::thread::sleep(Duration::from_secs(1));
        let begun = Instant::now();
        let outcome = cluster.act("failover").map(|()| begun.elapsed());
        std::thread::sleep(Duration::from_secs(8));
        over.store(true, Ordering::Relaxed);
        (writing.join(), asking.join(), outcome)
    });
    let writes = writes.map_err(|_| "the writer panicked")?;
    let (given, refused) = asked.map_err(|_| "the asker panicked")?;
    let gap = writes.iter().zip(writes.iter().skip(1)).map(|(one, next)| (*next - *one).as_secs_f64());
    report.once("failover: until the standby is promoted", "s", outage?.as_secs_f64(), Goal::None);
    report.once(
        "failover: longest time without an acknowledged write",
        "s",
        gap.fold(0.0, f64::max),
        Goal::AtMost(30.0),
    );
    report.once("failover: lookups answered", "", f64::from(given), Goal::None);
    report.once("failover: lookups refused", "", length(&refused), Goal::None);
    let refused_for = match (refused.first(), refused.last()) {
        (Some(first), Some(last)) => (*last - *first).as_secs_f64(),
        _ => 0.0,
    };
    report.once("failover: time in which lookups were refused", "s", refused_for, Goal::None);
    Ok(())
}
