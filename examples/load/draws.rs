//! Draws at the border: how many durable commands there are in a second, the race for the last step, and what lookups
//! feel of it.
//!
//! A command counts once its commit has returned and this node follows, as over HTTP. Invariant: a refusal where enough
//! is left, or one step too many, ends the measurement.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use whitelist::app::{App, AppError, stand_last};
use whitelist::cli::open::Opened;
use whitelist::domain::actor::{Caller, Role, RoleSet};
use whitelist::domain::code::{CustomsOffice, DeclarationNumber};
use whitelist::domain::draw::{Act, Command, DrawnLine, Position};
use whitelist::domain::quantity::{Measure, Quantity};

use super::client::{Turn, drive, drive_paced};
use super::list::{Drawable, Sample, database_of, opened, opening_of};
use super::machine::CpuClock;
use super::postgres::Postgres;
use super::report::{Goal, Report, length, tell};
use super::servers::Server;
use super::{Outcome, Plan};

/// Clients at once.
const CLIENTS: usize = 64;

/// Listings that are drawn on.
const LISTINGS: u32 = 10_000;

/// The office that declares.
const OFFICE: &str = "0101";

/// Rest between rounds.
const SETTLE: Duration = Duration::from_secs(1);

/// Serials of declarations, each used once.
static SERIAL: AtomicU32 = AtomicU32::new(1);

/// Measures both databases.
pub fn measure(folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("draws on SQLite …");
    let data = folder.join("draws");
    let url = database_of(&data);
    let list = Sample::recorded_in(&data, &url, LISTINGS, None)?;
    on_database("SQLite FULL", &list, plan, report)?;
    let Some(server) = Postgres::start()? else {
        tell("PostgreSQL is not installed: its draws are not measured");
        return Ok(());
    };
    tell("draws on PostgreSQL …");
    let list = Sample::recorded_in(&folder.join("pg-draws"), &server.database("draws")?, LISTINGS, None)?;
    on_database("PostgreSQL", &list, plan, report)
}

fn on_database(name: &str, list: &Sample, plan: Plan, report: &mut Report) -> Outcome<()> {
    let drawable = list.drawable();
    let ways: [(&str, &[Drawable]); 2] =
        [("one hot listing", drawable.get(..1).unwrap_or_default()), ("10,000 listings", &drawable)];
    for (way, listings) in ways {
        for (grouping, group, goal) in [("", 256, Goal::AtLeast(5_000.0)), (" ungrouped", 1, Goal::None)] {
            let mut opening = opening_of(&list.data, &list.database);
            opening.group = group;
            let service = opened(opening)?;
            draws(&service, listings, Duration::from_millis(200))?;
            let rounds =
                (0..plan.rounds).map(|_| draws(&service, listings, plan.writing)).collect::<Outcome<Vec<_>>>()?;
            let rates: Vec<f64> = rounds.iter().map(|(rate, _)| *rate).collect();
            let waits: Vec<f64> = rounds.iter().map(|(_, wait)| *wait).collect();
            report.rounds(&format!("{name}, {way}, clients {CLIENTS}: durable draws{grouping}"), "/s", &rates, goal);
            if group > 1 {
                report.rounds(&format!("{name}, {way}, clients {CLIENTS}: p99"), "ms", &waits, Goal::AtMost(150.0));
            }
            service.close();
        }
    }
    let service = opened(opening_of(&list.data, &list.database))?;
    let start = Instant::now();
    // The hot listing has had its draws; the last ones have had few.
    let racing: Vec<&Drawable> = drawable.iter().rev().take(plan.races).collect();
    for listing in &racing {
        race(&service, listing)?;
    }
    report.once(
        &format!("{name}: races of {CLIENTS} for the last step, none lost or doubled"),
        "",
        length(&racing),
        Goal::None,
    );
    report.once(
        &format!("{name}: draws in these races"),
        "/s",
        length(&racing) * 65.0 / start.elapsed().as_secs_f64(),
        Goal::None,
    );
    service.close();
    Ok(())
}

fn caller(client: usize) -> Caller {
    Caller {
        issuer: "urn:bench".into(),
        subject: format!("customs-{}", client % 4).into(),
        org: OFFICE.into(),
        roles: RoleSet::of(&[Role::CustomsDraw]),
        acting_for: None,
    }
}

fn number() -> Outcome<DeclarationNumber> {
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    DeclarationNumber::parse(&format!("{OFFICE}20261{serial:09}")).map_err(|code| code.to_string().into())
}

fn put(number: DeclarationNumber, listing: &Drawable, steps: i64) -> Outcome<Command> {
    let measure = Measure { quantity: Quantity::from_steps(i128::from(steps)), unit: listing.unit };
    let line = DrawnLine {
        line: 1,
        listing: Some(listing.number),
        hs_code: listing.hs_code,
        ciq_code: None,
        cas: None,
        measure,
    };
    let position = Position {
        enterprise: listing.enterprise,
        customs_office: CustomsOffice::parse(OFFICE).map_err(|code| code.to_string())?,
        declared_on: None,
        trade_mode: None,
        looked_up_at: None,
        lines: vec![line],
    };
    Ok(Command { number, sequence: 1, digest: [1; 32], occurred_at: None, act: Act::Put(position) })
}

/// Lets clients reserve and release as fast as they can; returns commands per second and the p99 in milliseconds.
fn draws(opened: &Opened, listings: &[Drawable], time: Duration) -> Outcome<(f64, f64)> {
    let app = &opened.app;
    let turn = AtomicUsize::new(0);
    let start = Instant::now();
    let end = start + time;
    let work = |client: usize| -> Outcome<Vec<f64>> {
        let who = caller(client);
        let mut waits = Vec::new();
        while Instant::now() < end {
            let nth = turn.fetch_add(1, Ordering::Relaxed).wrapping_mul(7_919);
            let listing = listings.get(nth % listings.len()).ok_or("no listings")?;
            let number = number()?;
            let release = Act::Release { position: Some(1), lines: None };
            let release = Command { number, sequence: 2, digest: [2; 32], occurred_at: None, act: release };
            for command in [put(number, listing, 1)?, release] {
                let sent = Instant::now();
                app.draw(&who, Some("bench".to_owned()), command).map_err(|error| error.to_string())?;
                waits.push(sent.elapsed().as_secs_f64() * 1000.0);
            }
        }
        Ok(waits)
    };
    let work = &work;
    let waits = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || work(client))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a client panicked")?).collect::<Outcome<Vec<_>>>()
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let mut waits: Vec<f64> = waits.into_iter().flatten().collect();
    waits.sort_by(f64::total_cmp);
    let p99 = waits.get(waits.len().saturating_mul(99) / 100).copied().unwrap_or(f64::NAN);
    Ok((length(&waits) / seconds, p99))
}

/// Takes all but one step of a listing, then lets every client try to take the last.
fn race(opened: &Opened, listing: &Drawable) -> Outcome<()> {
    let app = &opened.app;
    let left = left(app, listing)?;
    app.draw(&caller(0), None, put(number()?, listing, left - 1)?).map_err(|error| error.to_string())?;
    let won = AtomicUsize::new(0);
    let run = |client: usize| -> Outcome<()> {
        match app.draw(&caller(client), None, put(number()?, listing, 1)?) {
            Ok(_) => drop(won.fetch_add(1, Ordering::Relaxed)),
            Err(AppError::Draw(_)) => {}
            Err(error) => return Err(error.to_string().into()),
        }
        Ok(())
    };
    let run = &run;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || run(client))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a client panicked")?)
    })?;
    let (won, rest) = (won.into_inner(), self::left(app, listing)?);
    if (won, rest) == (1, 0) {
        Ok(())
    } else {
        Err(format!("{won} took the last step of {}, {rest} left", listing.number).into())
    }
}

/// Steps that are left of a listing.
fn left(app: &App, listing: &Drawable) -> Outcome<i64> {
    let row = app.store.read(|conn| whitelist::store::listings::find_balance(conn, &listing.number.to_string()))?;
    let row = row.ok_or("no balance")?;
    Ok(listing.granted - row.reserved - row.confirmed)
}

/// Measures lookups at half of their peak rate, alone and while draws run at full rate, through one server.
pub fn beside_lookups(folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("lookups while draws run …");
    let list = Sample::recorded_in(folder, &database_of(folder), LISTINGS, None)?;
    let clock = CpuClock::new();
    let server = Server::list(&list.data, true)?;
    let lookups = list.gets()?;
    let peak = drive(server.address, server.process(), clock, &lookups, plan.turn)?.rate;
    let paced = |address: SocketAddr| drive_paced(address, &lookups, plan.turn, peak / 2.0);
    let (mut ratios, mut waits, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
    // A pause of the machine is as long as what is looked for, so that more rounds are needed than elsewhere.
    for _ in 0..plan.rounds.saturating_mul(2) {
        // What the round before left to be written and looked through is not part of this one.
        std::thread::sleep(SETTLE);
        let alone = paced(server.address)?;
        let puts = list.puts(&SERIAL, plan.turn)?;
        let (beside, draws) = std::thread::scope(|scope| {
            // The systems that draw are elsewhere: here they stand last, so that a lookup does not wait
            // for the generator of their load. Threads inherit it.
            let draws = scope.spawn(|| {
                stand_last();
                drive(server.address, server.process(), clock, &puts, plan.turn)
            });
            let beside = paced(server.address);
            let draws = draws.join().map_err(|_| "the draws panicked".into()).and_then(|turn: Outcome<Turn>| turn);
            (beside, draws)
        });
        let (beside, draws) = (beside?, draws?);
        ratios.push(beside.p99 / alone.p99);
        waits.push((alone.p99, beside.p99));
        drawn.push(draws.rate);
    }
    let (alone, beside): (Vec<f64>, Vec<f64>) = waits.into_iter().unzip();
    report.rounds("lookups at half peak alone: p99", "ms", &alone, Goal::None);
    report.rounds("lookups at half peak beside draws: p99", "ms", &beside, Goal::None);
    report.rounds("lookups at half peak beside draws: p99 / alone, none refused", "", &ratios, Goal::AtMost(2.0));
    report.rounds("draws over HTTP meanwhile", "/s", &drawn, Goal::None);
    report.once("lookups offered meanwhile", "/s", peak / 2.0, Goal::None);
    Ok(())
}
