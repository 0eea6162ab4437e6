//! The audit trail: a log of a million entries verified from its archive, proofs over HTTP, and what receipts, earlier revisions and the record of
//! answers cost a lookup.
//!
//! Every figure has its baseline from the same run: hashing the same archive, plaintext, or the plain lookup of neighbouring turns.

use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};
use tar::{Builder, Header};
use whitelist::cli::log::source::Source;
use whitelist::cli::log::verify::of_files;
use whitelist::store::log as stored_log;
use whitelist::tlog::Hash;
use whitelist::tlog::checkpoint::{CheckpointKey, Origin};
use whitelist::tlog::entry::{Change, Entry, Value};
use whitelist::tlog::merkle::{Frontier, leaf_hash};
use whitelist::tlog::tiles::{Tiles, WIDTH, bundle, entries_path, path};

use super::client::{Requests, Turn, drive, drive_paced};
use super::inside::source_of;
use super::list::{Sample, database_of};
use super::machine::CpuClock;
use super::report::{Goal, Report, real, tell};
use super::servers::Server;
use super::{Outcome, Plan};

/// Proofs asked for in a second while their waits are measured: far more than auditors do.
const PACE: f64 = 200.0;

/// Measures all of it.
pub fn measure(list: &Sample, folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    beside_lookups(list, plan, report)?;
    proofs(list, plan, report)?;
    a_million(list, folder, plan, report)
}

/// Measures lookups that are recorded, receipted, or about an earlier revision, each beside a plain one.
fn beside_lookups(list: &Sample, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("lookups that are recorded, signed, or about an earlier revision …");
    let clock = CpuClock::new();
    let (quiet, recording) = (Server::list(&list.data, false)?, Server::list(&list.data, true)?);
    let size = stored_log::size(&mut database_of(&list.data).open()?)?;
    // So early that listings have fewer versions, so late that nearly all are there.
    let earlier = size - size / 10;
    let plain = list.gets()?;
    let contenders = [
        ("GET lookup, answers recorded", &recording, list.gets()?, "/ unrecorded", Goal::AtLeast(0.85)),
        (
            "GET lookup as_of_revision",
            &quiet,
            list.gets_with(&format!("&as_of_revision={earlier}"), "")?,
            "/ current",
            Goal::AtLeast(0.5),
        ),
        (
            "GET lookup with a receipt",
            &recording,
            list.gets_with("", "Accept: application/jose\r\n")?,
            "/ without",
            Goal::None,
        ),
    ];
    let turn = |server: &Server, requests: &Requests, time: Duration| {
        drive(server.address, server.process(), clock, requests, time)
    };
    turn(&quiet, &plain, plan.turn)?;
    for (_, server, requests, ..) in &contenders {
        turn(server, requests, plan.turn)?;
    }
    let mut turns: [Vec<(Turn, Turn)>; 3] = Default::default();
    for _ in 0..plan.rounds {
        for ((_, server, requests, ..), turns) in contenders.iter().zip(&mut turns) {
            turns.push((turn(&quiet, &plain, plan.turn)?, turn(server, requests, plan.turn)?));
        }
    }
    let current: Vec<f64> = turns.iter().flatten().map(|(plain, _)| plain.rate).collect();
    report.rounds("GET lookup, plain: requests", "/s", &current, Goal::None);
    for ((name, _, _, beside, goal), turns) in contenders.iter().zip(&turns) {
        let signed = beside == &"/ without";
        let rates: Vec<f64> = turns.iter().map(|(_, turn)| turn.rate).collect();
        let ratios: Vec<f64> = turns.iter().map(|(plain, turn)| turn.rate / plain.rate).collect();
        let rate_goal = if signed { Goal::AtLeast(5_000.0) } else { Goal::None };
        report.rounds(&format!("{name}: requests"), "/s", &rates, rate_goal);
        report.rounds(&format!("{name}: requests {beside}"), "", &ratios, *goal);
    }
    Ok(())
}

/// Measures proofs of inclusion as they are asked for over HTTP.
fn proofs(list: &Sample, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("proofs …");
    let (hello, server) = (Server::hello()?, Server::list(&list.data, false)?);
    let size = u64::try_from(stored_log::size(&mut database_of(&list.data).open()?)?)?;
    let request = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: whitelist\r\n\r\n").into_bytes();
    let asked =
        (0..10_000).map(|nth: u64| request(&format!("/v1/log/proof/inclusion/{}", nth * 7_919 * 104_729 % size)));
    let proofs = Requests { heads: asked.collect(), tail: Vec::new() };
    let plain = Requests { heads: vec![request("/")], tail: Vec::new() };
    let (mut baseline, mut waits) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        baseline.push(drive_paced(hello.address, &plain, plan.turn, PACE)?.p99);
        waits.push(drive_paced(server.address, &proofs, plan.turn, PACE)?.p99);
    }
    report.rounds(&format!("plaintext at {PACE} requests/s: p99"), "ms", &baseline, Goal::None);
    report.rounds(&format!("proof of inclusion at {PACE} requests/s: p99"), "ms", &waits, Goal::AtMost(20.0));
    let saturated = drive(server.address, server.process(), CpuClock::new(), &proofs, plan.turn)?;
    report.once("proof of inclusion, as many as come: requests", "/s", saturated.rate, Goal::None);
    report.once("proof of inclusion, as many as come: p99", "ms", saturated.p99, Goal::None);
    Ok(())
}

/// Measures `log verify` of an archive of a million entries.
fn a_million(list: &Sample, folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell(&format!("an archive of {} entries …", plan.entries));
    let archive = folder.join("million.tar");
    let vkey = write_archive(list, &archive, plan.entries)?;
    let (mut hashed, mut verified) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds.min(3) {
        let start = Instant::now();
        let mut hasher = Sha256::new();
        std::io::copy(&mut File::open(&archive)?, &mut hasher)?;
        std::hint::black_box(hasher.finalize());
        hashed.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let mut source = Source::open(&source_of(&archive)?).map_err(|failure| format!("{failure:?}"))?;
        let result = of_files(&mut source, (&vkey, None), None, None).map_err(|failure| format!("{failure:?}"))?;
        verified.push(start.elapsed().as_secs_f64());
        if !result.ok || result.entries != plan.entries {
            return Err(format!("the archive of the bench does not verify: {:?}", result.problems).into());
        }
    }
    std::fs::remove_file(&archive)?;
    let entries = plan.entries;
    report.rounds(&format!("archive of {entries} entries: its bytes hashed once"), "s", &hashed, Goal::None);
    report.rounds(
        &format!("archive of {entries} entries: `log verify`, with progress"),
        "s",
        &verified,
        Goal::AtMost(20.0 * real(entries) / 1e6),
    );
    Ok(())
}

/// Writes an archive of a log of any length: additions of listings and, after nine of them, an extension of the last, as the list of the bench was
/// recorded; returns the key that signed its head.
fn write_archive(list: &Sample, archive: &Path, entries: u64) -> Outcome<String> {
    let rows = stored_log::list_entries(&mut database_of(&list.data).open()?, 0, i64::MAX)?;
    let first = rows.first().ok_or("an empty log")?.leaf.clone();
    let read = |row: &stored_log::EntryRow| Entry::from_leaf(&row.leaf).ok();
    let like =
        rows.iter().filter_map(read).find(|entry| entry.event == "listing.added").ok_or("no listing was added")?;
    drop(rows);
    let origin = Origin::parse("bench.whitelist.invalid/log/main")?;
    let key = CheckpointKey::from_seed(&[7; 32], origin);
    let (mut tiles, mut frontier) = (Tiles::new(), Frontier::new());
    let mut tar = Builder::new(BufWriter::new(File::create(archive)?));
    let mut add = |path: &str, bytes: &[u8]| -> Outcome<()> {
        let mut header = Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(u64::try_from(bytes.len())?);
        Ok(tar.append_data(&mut header, path, bytes)?)
    };
    let mut leaves: Vec<Vec<u8>> = Vec::new();
    let mut last: Option<(Entry, Hash)> = None;
    for index in 0..entries {
        let leaf = if index == 0 {
            first.clone()
        } else {
            let entry = next(&like, last.take(), index);
            let leaf = entry.to_leaf()?;
            last = Some((entry, leaf_hash(&leaf)));
            leaf
        };
        let hash = leaf_hash(&leaf);
        tiles.append(hash);
        frontier.append(hash);
        leaves.push(leaf);
        if leaves.len() == usize::from(WIDTH) || index + 1 == entries {
            let width = u16::try_from(leaves.len())?;
            let file = bundle(leaves.iter().map(Vec::as_slice)).ok_or("a leaf is too long")?;
            add(&entries_path(index / u64::from(WIDTH), width), &file)?;
            leaves.clear();
        }
    }
    for tile in tiles.take_changed() {
        let width = u16::try_from(tile.hashes.len() / Hash::LEN)?;
        add(&path(tile.level, tile.index, width), &tile.hashes)?;
    }
    add("checkpoint", key.sign(frontier.size(), frontier.root()).as_bytes())?;
    tar.into_inner()?;
    Ok(key.vkey())
}

/// Makes the entry at an index: an addition like another, or an extension of what was added last.
fn next(like: &Entry, last: Option<(Entry, Hash)>, index: u64) -> Entry {
    let after = Some(leaf_hash(&index.to_be_bytes()));
    let id = format!("evt_{index:032x}");
    match last.filter(|_| index % 10 == 9) {
        Some((before, leaf)) => {
            let days = |day: i64| Some(Value::Plain(day.into()));
            let term = before.changes.iter().find(|change| change.path == "/valid_to");
            let old = term.and_then(|change| change.new.clone());
            let mut entity = before.entity.clone();
            entity.version = entity.version.saturating_add(1);
            Entry {
                after,
                before: before.after,
                changes: vec![Change { path: "/valid_to".to_owned(), old, new: days(20_000) }],
                entity,
                event: "listing.extended".to_owned(),
                id,
                prev: Some(leaf),
                ..before
            }
        }
        None => {
            let mut entity = like.entity.clone();
            entity.id = format!("BJ-2026-{index:07}");
            Entry { after, entity, id, ..like.clone() }
        }
    }
}
