//! Lookups over HTTP: beside plaintext, and over lists of different lengths.
//!
//! What is compared takes turns: baseline, one, baseline, other, and each ratio is made of neighbouring turns.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::client::{Requests, Turn, drive, once};
use super::list::Sample;
use super::machine::CpuClock;
use super::report::{Goal, Report, length, tell};
use super::servers::{Loaded, Server, measure_load};
use super::{MIDDLE, Outcome, Plan};

/// Lines of a declaration.
pub const LINES: usize = 100;

/// Somebody who takes turns.
struct Contender<'a> {
    name: &'static str,
    server: &'a Server,
    requests: Requests,
}

impl Contender<'_> {
    fn drive(&self, clock: CpuClock, time: Duration) -> Outcome<Turn> {
        drive(self.server.address, self.server.process(), clock, &self.requests, time)
    }
}

/// Measures lookups beside plaintext.
pub fn beside_plaintext(list: &Sample, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("lookups beside plaintext …");
    let clock = CpuClock::new();
    let (hello, quiet, recording) =
        (Server::hello()?, Server::list(&list.data, false)?, Server::list(&list.data, true)?);
    check_answers(quiet.address, list)?;
    let baseline = Contender {
        name: "plaintext",
        server: &hello,
        requests: Requests { heads: vec![b"GET / HTTP/1.1\r\nHost: whitelist\r\n\r\n".to_vec()], tail: Vec::new() },
    };
    let others = [
        Contender { name: "GET lookup", server: &quiet, requests: list.gets()? },
        Contender { name: "GET lookup, answers recorded", server: &recording, requests: list.gets()? },
        Contender { name: "100-line POST", server: &quiet, requests: list.posts(LINES)? },
    ];
    for contender in others.iter().chain([&baseline]) {
        contender.drive(clock, Duration::from_millis(500))?;
    }
    let mut turns: [Vec<(Turn, Turn)>; 3] = Default::default();
    for _ in 0..plan.rounds {
        for (contender, turns) in others.iter().zip(&mut turns) {
            turns.push((baseline.drive(clock, plan.turn)?, contender.drive(clock, plan.turn)?));
        }
    }
    let [get, recorded, post] = &turns;
    let all: Vec<Turn> = turns.iter().flatten().map(|(hello, _)| *hello).collect();
    let of = |figure: fn(&Turn) -> f64| all.iter().map(figure).collect::<Vec<f64>>();
    report.rounds("plaintext: requests", "/s", &of(|turn| turn.rate), Goal::None);
    report.rounds("plaintext: server CPU per request", "µs", &of(|turn| turn.cpu), Goal::None);
    report.rounds("plaintext: p50", "ms", &of(|turn| turn.p50), Goal::None);
    report.rounds("plaintext: p99", "ms", &of(|turn| turn.p99), Goal::None);
    let [get_name, recorded_name, post_name] = others.each_ref().map(|contender| contender.name);
    single(report, get_name, get, Goal::AtLeast(0.80));
    single(report, recorded_name, recorded, Goal::AtLeast(0.70));
    report.once("answers that were given but not recorded", "", unrecorded(recording.address)?, Goal::AtMost(0.0));

    let lines = length(&[(); LINES]);
    let own = |figure: fn(&Turn) -> f64| post.iter().map(|(_, turn)| figure(turn)).collect::<Vec<f64>>();
    report.rounds(&format!("{post_name}: requests"), "/s", &own(|turn| turn.rate), Goal::None);
    let per_hello: Vec<f64> = post.iter().map(|(hello, turn)| turn.rate * lines / hello.rate).collect();
    report.rounds(&format!("{post_name}: lines per plaintext request"), "", &per_hello, Goal::AtLeast(20.0));
    let cpu: Vec<f64> = post.iter().map(|(hello, turn)| turn.cpu / lines / hello.cpu).collect();
    report.rounds(&format!("{post_name}: CPU per line / CPU per plaintext request"), "", &cpu, Goal::AtMost(0.07));
    Ok(())
}

/// Reports a contender that answers one question to a request.
fn single(report: &mut Report, name: &str, turns: &[(Turn, Turn)], rate: Goal) {
    let own = |figure: fn(&Turn) -> f64| turns.iter().map(|(_, turn)| figure(turn)).collect::<Vec<f64>>();
    let ratio =
        |figure: fn(&Turn) -> f64| turns.iter().map(|(hello, turn)| figure(turn) / figure(hello)).collect::<Vec<f64>>();
    report.rounds(&format!("{name}: requests"), "/s", &own(|turn| turn.rate), Goal::None);
    report.rounds(&format!("{name}: requests / plaintext"), "", &ratio(|turn| turn.rate), rate);
    report.rounds(&format!("{name}: server CPU per request"), "µs", &own(|turn| turn.cpu), Goal::None);
    report.rounds(&format!("{name}: server CPU / plaintext"), "", &ratio(|turn| turn.cpu), Goal::AtMost(1.5));
    report.rounds(&format!("{name}: p50"), "ms", &own(|turn| turn.p50), Goal::None);
    report.rounds(&format!("{name}: p99"), "ms", &own(|turn| turn.p99), Goal::None);
    report.rounds(&format!("{name}: p99 / plaintext"), "", &ratio(|turn| turn.p99), Goal::AtMost(1.5));
}

/// Holds what is measured against what it should answer.
fn check_answers(server: SocketAddr, list: &Sample) -> Outcome<()> {
    let requests = list.gets()?;
    let answer =
        |nth: usize| once(server, &[requests.heads.get(nth).map_or(&[][..], Vec::as_slice), &requests.tail].concat());
    let (listed, other) = (answer(0)?, answer(9)?);
    let sound = listed.contains(r#""verdict":"allowed""#) && other.contains(r#""code":"no_listing""#);
    if sound { Ok(()) } else { Err(format!("the list does not answer as it should: {listed}\n{other}").into()) }
}

/// Reads from the metrics how many answers were lost to the record.
fn unrecorded(server: SocketAddr) -> Outcome<f64> {
    let metrics = once(server, b"GET /metrics HTTP/1.1\r\nHost: whitelist\r\n\r\n")?;
    let lost = metrics.lines().find_map(|line| line.strip_prefix("whitelist_answers_unrecorded_total "));
    Ok(lost.ok_or("no count of unrecorded answers in the metrics")?.parse()?)
}

/// Measures how lists of different lengths load and answer.
pub fn growth(folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    let mut lists = Vec::new();
    for size in plan.sizes {
        tell(&format!("a list of {size} listings in bulk …"));
        lists.push((*size, Sample::bulk(&folder.join(format!("bulk-{size}")), *size)?));
    }
    // What a process needs anyway weighs on a short list and says nothing about growth.
    for (size, list) in lists.iter().filter(|(size, _)| *size >= MIDDLE) {
        let loads = (0..plan.rounds).map(|_| measure_load(&list.database)).collect::<Outcome<Vec<Loaded>>>()?;
        let per_million: Vec<f64> = loads.iter().map(|load| load.seconds / load.listings * 1e6).collect();
        let bytes: Vec<f64> = loads.iter().map(|load| load.bytes / load.listings).collect();
        report.rounds(&format!("{size} listings: load per million from SQLite"), "s", &per_million, Goal::AtMost(3.0));
        report.rounds(&format!("{size} listings: memory per listing with versions"), "B", &bytes, Goal::AtMost(400.0));
    }
    tell("lookups over lists of different lengths …");
    let clock = CpuClock::new();
    let servers = lists
        .iter()
        .map(|(size, list)| Ok((*size, Server::list(&list.data, false)?, list.gets()?)))
        .collect::<Outcome<Vec<_>>>()?;
    let drive_all = |time: Duration| {
        let turn = |(_, server, requests): &(u32, Server, Requests)| {
            drive(server.address, server.process(), clock, requests, time)
        };
        servers.iter().map(turn).collect::<Outcome<Vec<Turn>>>()
    };
    drive_all(Duration::from_millis(500))?;
    let rounds = (0..plan.rounds).map(|_| drive_all(plan.turn)).collect::<Outcome<Vec<_>>>()?;
    for (place, (size, _, _)) in servers.iter().enumerate() {
        let of = |figure: fn(&Turn) -> f64| {
            rounds.iter().filter_map(|turns| turns.get(place)).map(figure).collect::<Vec<f64>>()
        };
        let relative = |figure: fn(&Turn) -> f64| {
            let ratio = |turns: &Vec<Turn>| Some(figure(turns.get(place)?) / figure(turns.first()?));
            rounds.iter().filter_map(ratio).collect::<Vec<f64>>()
        };
        report.rounds(&format!("{size} listings: GET lookup"), "/s", &of(|turn| turn.rate), Goal::None);
        if place > 0 {
            report.rounds(
                &format!("{size} listings: requests / shortest list"),
                "",
                &relative(|turn| turn.rate),
                Goal::AtLeast(0.9),
            );
            report.rounds(
                &format!("{size} listings: server CPU / shortest list"),
                "",
                &relative(|turn| turn.cpu),
                Goal::AtMost(1.1),
            );
        }
    }
    Ok(())
}
