//! Durable writes: small changes of the list by many clients at once, grouped into commits and one by one.
//!
//! A write is a proposed adjustment with its log entry and its sealed values; it counts once its commit has returned.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use whitelist::app::App;
use whitelist::cli::open::Opened;
use whitelist::domain::id::{AdjustmentId, time_ordered};
use whitelist::store::private::random;
use whitelist::store::rows::AdjustmentRow;
use whitelist::store::{Author, Context, DatabaseUrl, StoreError};

use super::list::{database_of, opened, opening_of};
use super::machine::fsyncs;
use super::postgres::Postgres;
use super::report::{Goal, Report, real, tell};
use super::{Outcome, Plan};

/// Clients at once.
const CLIENTS: [usize; 3] = [1, 16, 64];

/// The most clients, for which the goals hold.
const MOST: usize = 64;

/// Measures both databases.
pub fn measure(folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    report.rounds("one wait for the disk (4 KiB appended, fdatasync)", "ms", &fsyncs(folder, 100)?, Goal::None);
    tell("durable writes on SQLite …");
    let place = |name: &str| folder.join(name);
    let sqlite = |name: &str| database_of(&place(name));
    on_database(
        "SQLite FULL",
        &place("grouped"),
        &sqlite("grouped"),
        &place("single"),
        &sqlite("single"),
        plan,
        report,
    )?;
    let Some(server) = Postgres::start()? else {
        tell("PostgreSQL is not installed: its writes are not measured");
        return Ok(());
    };
    tell("durable writes on PostgreSQL …");
    let (grouped, single) = (server.database("grouped")?, server.database("single")?);
    on_database("PostgreSQL", &place("pg-grouped"), &grouped, &place("pg-single"), &single, plan, report)
}

fn on_database(
    name: &str,
    grouped_data: &Path,
    grouped_url: &DatabaseUrl,
    single_data: &Path,
    single_url: &DatabaseUrl,
    plan: Plan,
    report: &mut Report,
) -> Outcome<()> {
    let grouped = opened(opening_of(grouped_data, grouped_url))?;
    let mut opening = opening_of(single_data, single_url);
    opening.group = 1;
    let single = opened(opening)?;
    for store in [&grouped, &single] {
        writes(store, 1, Duration::from_millis(100))?;
    }
    for clients in CLIENTS {
        let (mut together, mut alone) = (Vec::new(), Vec::new());
        let before = counted(&grouped);
        for _ in 0..plan.rounds {
            together.push(writes(&grouped, clients, plan.writing)?);
            alone.push(writes(&single, clients, plan.writing)?);
        }
        let (commands, groups) = counted(&grouped);
        let most = clients == MOST;
        let goal = |least| if most { Goal::AtLeast(least) } else { Goal::None };
        report.rounds(&format!("{name}, clients {clients}: durable writes"), "/s", &together, goal(5_000.0));
        report.rounds(&format!("{name}, clients {clients}: the same ungrouped"), "/s", &alone, Goal::None);
        if most {
            let gain: Vec<f64> = together.iter().zip(&alone).map(|(together, alone)| together / alone).collect();
            report.rounds(&format!("{name}, clients {clients}: grouped / ungrouped"), "", &gain, goal(8.0));
            let mean = (commands - before.0) / (groups - before.1);
            report.once(&format!("{name}, clients {clients}: writes to a commit, on average"), "", mean, Goal::None);
        }
    }
    grouped.close();
    single.close();
    Ok(())
}

/// Returns how many writes in how many commits a store has made.
fn counted(opened: &Opened) -> (f64, f64) {
    let counts = opened.app.store.counts();
    (real(counts.commands.load(Ordering::Relaxed)), real(counts.groups.load(Ordering::Relaxed)))
}

/// Lets clients write as fast as they can and returns writes per second.
fn writes(opened: &Opened, clients: usize, time: Duration) -> Outcome<f64> {
    let app = &opened.app;
    let start = Instant::now();
    let end = start + time;
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    let mut count = 0_u64;
                    while Instant::now() < end {
                        propose(app, client)?;
                        count += 1;
                    }
                    Ok::<_, StoreError>(count)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| StoreError::Broken)?)
            .collect::<Result<Vec<u64>, _>>()
    })?;
    Ok(real(counts.iter().sum()) / start.elapsed().as_secs_f64())
}

fn propose(app: &App, client: usize) -> Result<(), StoreError> {
    let at = app.clock.now();
    let by = Author::Caller {
        issuer: "urn:bench".to_owned(),
        subject: format!("officer-{client}"),
        org: "bj-commerce".to_owned(),
    };
    app.store.write(Context { at, by, request_id: Some("bench".to_owned()) }, move |tx| {
        let row = AdjustmentRow {
            id: AdjustmentId::new(time_ordered(at, random()?)).to_string(),
            version: 1,
            revision: tx.next_revision().0,
            scheme: "beijing-2022".to_owned(),
            state: "proposed".to_owned(),
            changes: r#"[{"kind":"suspend","listing":"BJ-2026-000001-X","effective_on":"2026-09-01"}]"#.to_owned(),
            change_count: 1,
            note: None,
            proposed_by: tx.person()?.to_string(),
            proposed_at: at.micros(),
            decided_by: None,
            decided_at: None,
            decision_code: None,
            decision_basis: None,
        };
        tx.save(row, None, "adjustment.proposed").map(drop)
    })?;
    Ok(())
}
