//! Chaos: the service is killed at moments nobody chose while a simulated customs system draws on the list.
//!
//! Afterwards no acknowledged draw is lost and none is doubled, which is what the simulator proves at its end, and the
//! log verifies after every kill. `WHITELIST_CHAOS_KILLS` says how many kills; `make chaos` asks for fifty.

use super::guide::Demo;
use super::support::postgres;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use whitelist::cli::simulate::{Counters, Plan, TokenSource, customs};

/// Kills of the short form.
const KILLS: u64 = 3;

/// Commands acknowledged between two kills, at least and at most.
const BETWEEN: (u64, u64) = (20, 120);

fn kills() -> u64 {
    std::env::var("WHITELIST_CHAOS_KILLS").ok().map_or(KILLS, |text| text.parse().expect("a number of kills"))
}

fn verify(data: &Path, database: Option<&str>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    command.env_clear().args(["log", "verify", "--json", "--data"]).arg(data);
    if let Some(database) = database {
        command.args(["--database", database]);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// A repeatable choice of moments.
fn between(kill: u64) -> u64 {
    let mixed = (kill + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    BETWEEN.0 + mixed % (BETWEEN.1 - BETWEEN.0)
}

fn survives(database: Option<&str>) {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut demo = Demo::start(&data, "127.0.0.1:0", database);
    let address = demo.address.clone();
    let kills = kills();
    let moments: Vec<u64> = (0..kills).map(between).collect();
    let plan = Plan {
        // Enough commands for every kill, two and a half to a declaration.
        declarations: moments.iter().sum::<u64>() + 100,
        seed: 11,
        chaos: true,
        url: format!("http://{address}"),
        office: "0101".to_owned(),
        connections: 16,
        patience: Duration::from_secs(120),
    };
    let counters = Arc::new(Counters::default());
    let over = Arc::new(AtomicBool::new(false));
    let play = std::thread::spawn({
        let (plan, source, counters, over) =
            (plan.clone(), TokenSource::Demo(data.clone()), Arc::clone(&counters), Arc::clone(&over));
        move || {
            let summary = customs(&plan, source, &counters, |_| {});
            over.store(true, Ordering::SeqCst);
            summary
        }
    });
    let acknowledged = || counters.acknowledged.load(Ordering::Relaxed);
    let mut done = 0;
    let mut until = 0;
    for moment in moments {
        until = acknowledged().max(until) + moment;
        while acknowledged() < until && !over.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        if over.load(Ordering::SeqCst) {
            break;
        }
        demo.kill();
        done += 1;
        verify(&data, database);
        // At the same address, where customs goes on asking.
        demo = Demo::start(&data, &address, database);
    }
    let summary = play.join().unwrap().unwrap();
    assert_eq!(summary.differences, Vec::<String>::new());
    assert_eq!(done, kills, "the play was over before the last kill");
    assert_eq!(counters.declarations.load(Ordering::Relaxed), plan.declarations);
    assert!(counters.unknown.load(Ordering::Relaxed) > 0, "no kill was felt");
    demo.kill();
    verify(&data, database);
    println!("{kills} kills, {} commands acknowledged, both sides hold the same", acknowledged());
}

#[test]
fn no_acknowledged_draw_is_lost_or_doubled_on_sqlite() {
    survives(None);
}

#[test]
fn no_acknowledged_draw_is_lost_or_doubled_on_postgres() {
    survives(Some(&postgres::database()));
}
