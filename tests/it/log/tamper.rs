//! The tamper matrix: whatever is edited behind the back of the service, `log verify` finds it and names it.
//!
//! Somebody with the password of the database takes triggers and checks away and edits one thing at a time, of every
//! table of the list at once: what is found names the table that it was found in. Every edit is undone before the next.

use super::STANDING;
use super::edits::{Edit, Edits, Missed, Verifier, edited, forged, try_all, victims};
use super::fill::fill;
use super::shards::reshard;
use super::sql::{Row, Sql, Table};
use super::story::play;
use crate::draws::{act, grams, ok, place, position, reserve};
use crate::support::app::{Database, TestApp};
use crate::support::on_both;
use crate::support::story::Story;
use jiff::civil::date;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::process::Command;
use std::time::Duration;
use whitelist::app::keys::DataFolder;
use whitelist::cli::open::{Opening, open};
use whitelist::clock::Clock;
use whitelist::domain::actor::Role;
use whitelist::domain::validity::Instant;
use whitelist::store::checkpoints::read_head_file;
use whitelist::store::{DatabaseUrl, Environment, StoreError, installation};
use whitelist::tlog::merkle::{Frontier, leaf_hash};
use whitelist::tlog::tiles::Tiles;

/// Draws of every kind, so that every table of the border holds rows.
fn draw(app: &TestApp) {
    let customs = app.drawing();
    reserve(&customs, 1, 1, &[grams(1, "0.001"), grams(2, "0.002")]);
    act(
        &customs,
        1,
        "release",
        &json!({ "sequence": 2, "lines": [{ "line": 1, "quantity": "0.001", "unit": "036" }] }),
    );
    let correction = json!({ "sequence": 3, "reason": { "code": "other", "basis": "复磅" }, "lines": [{ "line": 1, "quantity": "0.002", "unit": "036" }] });
    act(&customs, 1, "correct", &correction);
    let mut stated = position(1, &[grams(1, "0.001")]);
    stated["trade_mode"] = json!("0110");
    stated["occurred_at"] = json!("2026-08-12T04:00:00Z");
    ok(&customs.put(&place(2), &stated));
    let officer = app.actor(Role::CustomsOfficer, "0101", "customs-officer-1");
    for serial in [3, 4] {
        let mut body = position(1, &[grams(1, "0.001")]);
        body["reason"] = json!({ "code": "urgent_goods", "basis": "冷链货物" });
        ok(&officer.post(&format!("{}/manual-release", place(serial)), &body));
    }
    let board = app.officer().get("/v1/manual-releases").json();
    let (id, etag) = (board["items"][0]["id"].as_str().unwrap(), format!("\"{}\"", board["items"][0]["revision"]));
    let headers = [("Content-Type", "application/json"), ("If-Match", etag.as_str())];
    let review = json!({ "outcome": "accepted", "basis": "情况属实" }).to_string();
    ok(&app.officer().send("POST", &format!("/v1/manual-releases/{id}/review"), &headers, review.as_bytes()));
}

/// A service with a story behind it, halted and disarmed.
pub fn told(app: &mut TestApp) -> (Sql, Verifier) {
    app.will_be_tampered_with();
    draw(app);
    play(app, &mut Story::new(7, "beijing-2022", date(2026, 8, 12)), 25);
    fill(app);
    app.change(json!([{ "kind": "stop_item_class", "class": { "kind": "cas", "value": "58-08-2" }, "effective_on": "2199-01-01", "reason": { "code": "other", "basis": "演练" } }]));
    app.halt();
    assert_eq!(reshard(app, &["--rotate-key", "--reason", "演练"]).0, Some(0));
    let mut sql = Sql::open(&app.database);
    sql.disarm();
    let verifier = Verifier::of(&app.folder, &app.database);
    assert_eq!(verifier.problems(), [""; 0], "untouched");
    (sql, verifier)
}

on_both! {
    fn every_edited_column_is_found(app) {
        let (mut sql, verifier) = told(app);
        let tables: Vec<Edits> = sql.dump().into_iter().map(|(table, rows)| {
            assert!(!rows.is_empty(), "the story leaves {} empty", table.name);
            let mut edits = VecDeque::new();
            for column in &table.columns {
                for row in victims(column, &rows) {
                    for value in edited(column, &row[&column.name]) {
                        let mut other = row.clone();
                        other.insert(column.name.clone(), value.clone());
                        edits.push_back((format!("{}.{} {} -> {value}", table.name, column.name, row[&column.name]), Edit::Change(row.clone(), other)));
                    }
                }
            }
            (table, edits)
        }).collect();
        let columns: Vec<String> = tables.iter().flat_map(|(table, _)| table.columns.iter().map(|column| format!("{}.{}", table.name, column.name))).collect();
        let made = try_all(&mut sql, &verifier, tables);
        for column in columns {
            assert!(made.contains_key(&column), "{column} could not be edited");
        }
        assert!(made.values().sum::<usize>() > 1_000, "{made:?}");
    }
}

on_both! {
    fn every_row_too_few_or_too_many_is_found(app) {
        let (mut sql, verifier) = told(app);
        let tables: Vec<Edits> = sql.dump().into_iter().map(|(table, rows)| {
            // Between two signed heads nobody can tell whether another was signed; the published one must be there.
            let places = if table.name == "log_checkpoints" { vec![rows.len() - 1] } else { vec![0, rows.len() / 2, rows.len() - 1] };
            let without = places.into_iter().map(|place| (format!("{} without {:?}", table.name, rows[place]), Edit::Delete(rows[place].clone())));
            // Nobody reads a second row of these two, nor a key under which nothing is sealed.
            let more = !["installation", "log_head", "subject_keys"].contains(&table.name.as_str());
            let with = forged(&table, rows.last().unwrap()).into_iter().filter(|_| more);
            let edits = without.chain(with.map(|row| (format!("{} with {row:?}", table.name), Edit::Insert(row)))).collect();
            (table, edits)
        }).collect();
        let names: Vec<String> = tables.iter().map(|(table, _)| table.name.clone()).collect();
        let made = try_all(&mut sql, &verifier, tables);
        assert_eq!(made.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>(), "every table lost and gained rows");
    }
}

/// Writes head and tiles anew from the entries there are, as somebody who hides an edit would.
fn rehash(sql: &mut Sql) {
    let [entries, tiles, head] = ["log_entries", "log_tiles", "log_head"].map(|name| sql.table(name));
    let (mut edge, mut frontier) = (Tiles::new(), Frontier::new());
    for row in sql.rows(&entries) {
        let leaf = leaf_hash(&hex::decode(row["leaf"].as_str().unwrap()).unwrap());
        edge.append(leaf);
        frontier.append(leaf);
    }
    sql.run("DELETE FROM log_tiles; DELETE FROM log_head").unwrap();
    let mut rows = std::collections::BTreeMap::new();
    for tile in edge.take_changed() {
        rows.insert((tile.level, tile.index), tile.hashes);
    }
    for ((level, index), hashes) in rows {
        let row = json!({ "level": level, "tile": index, "hashes": hex::encode(hashes) });
        sql.insert(&tiles, row.as_object().unwrap()).unwrap();
    }
    let row = json!({ "id": 1, "size": frontier.size(), "frontier": hex::encode(frontier.to_bytes()) });
    sql.insert(&head, row.as_object().unwrap()).unwrap();
}

on_both! {
    fn entries_swapped_cut_off_or_rewritten_are_found(app) {
        let (mut sql, verifier) = told(app);
        let before = sql.dump();
        let entries = sql.table("log_entries");
        let rows = sql.rows(&entries);
        let mut missed = Missed::default();

        // Two entries change places, each with its hash.
        let (one, other) = (&rows[rows.len() / 2], &rows[rows.len() / 2 + 1]);
        let moved = |row: &Row, to: &Row| { let mut row = row.clone(); row.insert("revision".to_owned(), to["revision"].clone()); row };
        sql.run("DELETE FROM log_entries").unwrap();
        for row in &rows {
            let row = if row == one { moved(other, one) } else if row == other { moved(one, other) } else { row.clone() };
            sql.insert(&entries, &row).unwrap();
        }
        missed.judge("two entries swapped", &verifier.problems(), &["tile-hash"]);
        rehash(&mut sql);
        missed.judge("two entries swapped and everything hashed anew", &verifier.problems(), &["checkpoint-root"]);
        sql.run("DELETE FROM log_checkpoints").unwrap();
        missed.judge("the same without checkpoints", &verifier.problems(), &["fork"]);
        sql.restore(&before);

        // The tail is cut off with its rows, and everything is hashed anew: only who remembers the head can tell.
        let cut = rows.len() - 1;
        for (table, kept) in &before {
            if table.columns.iter().any(|column| column.name == "revision") && !STANDING.contains(&table.name.as_str()) {
                sql.run(&format!("DELETE FROM {} WHERE revision > {cut}", table.name)).unwrap();
            }
            assert!(!kept.is_empty());
        }
        sql.run(&format!("DELETE FROM log_checkpoints WHERE size > {cut}")).unwrap();
        rehash(&mut sql);
        missed.judge("the tail cut off", &verifier.problems(), &["rollback"]);
        sql.restore(&before);

        // The last entry tells another story, in full agreement with tiles and head.
        let mut last = rows.last().unwrap().clone();
        let leaf = String::from_utf8(hex::decode(last["leaf"].as_str().unwrap()).unwrap()).unwrap();
        let leaf = leaf.replacen("\"at\":\"2", "\"at\":\"1", 1);
        last.insert("leaf_hash".to_owned(), json!(leaf_hash(leaf.as_bytes()).to_string()));
        last.insert("leaf".to_owned(), json!(hex::encode(leaf)));
        sql.replace(&entries, rows.last().unwrap(), &last).unwrap();
        rehash(&mut sql);
        missed.judge("the last entry rewritten", &verifier.problems(), &["checkpoint-root"]);
        sql.run("DELETE FROM log_checkpoints").unwrap();
        missed.judge("the same without checkpoints", &verifier.problems(), &["fork"]);
        sql.restore(&before);
        assert_eq!(verifier.problems(), [""; 0], "every edit was undone");
        missed.none();
    }
}

/// A log of two entries: enough to edit every byte of one.
fn small(database: Database, folder: &std::path::Path) -> DatabaseUrl {
    let url = match database {
        Database::Sqlite => DatabaseUrl::Sqlite(folder.join("whitelist.db")),
        Database::Postgres => DatabaseUrl::parse(&crate::support::postgres::database()).unwrap(),
    };
    let opened = open(Opening {
        data: folder.to_path_buf(),
        database: url.clone(),
        follow: None,
        environment: Some(Environment::Demo),
        public_url: None,
        migrate: true,
        record: false,
        max_staleness: Duration::from_secs(5),
        answers_kept: whitelist::app::record::KEPT,
        overflow: whitelist::domain::receipt::Overflow::Count,
        signing: whitelist::domain::receipt::AnswerAlgorithm::EdDsa,
        national: false,
        font: None,
        messages_kept: whitelist::app::draw::messages::KEPT,
        clock: Clock::fixed(Instant::parse(crate::support::app::NOW).unwrap()),
        group: 256,
    })
    .unwrap();
    let lines = whitelist::app::tariff::read(include_bytes!("../../../samples/tariff.csv")).unwrap();
    let at = Instant::parse(crate::support::app::NOW).unwrap();
    let context = whitelist::app::found::system("test", at);
    opened.app.store.write(context, move |tx| whitelist::app::tariff::record(tx, &lines[..1]).map(drop)).unwrap();
    opened.close();
    url
}

fn every_byte_counts(database: Database) {
    let home = tempfile::tempdir().unwrap();
    let url = small(database, home.path());
    let verifier = Verifier::of(home.path(), &url);
    assert_eq!(verifier.problems(), [""; 0], "untouched");
    let mut sql = Sql::open(&url);
    sql.disarm();
    let mut missed = Missed::default();
    for (name, column, fits) in [
        ("log_entries", "leaf", "leaf-hash"),
        ("log_entries", "leaf_hash", "leaf-hash"),
        ("log_tiles", "hashes", "tile-hash"),
        ("log_head", "frontier", "frontier"),
        ("private_values", "sealed", "private-damaged"),
    ] {
        let table = sql.table(name);
        let row = sql.rows(&table).pop().unwrap();
        let bytes = hex::decode(row[column].as_str().unwrap()).unwrap();
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1 << (place % 8);
            let mut edited = row.clone();
            edited.insert(column.to_owned(), json!(hex::encode(other)));
            sql.replace(&table, &row, &edited).unwrap();
            missed.judge(&format!("{name}.{column} byte {place}"), &verifier.problems(), &[fits]);
        }
        sql.run(&format!("DELETE FROM {name} WHERE {} = {}", key(&table), row[key(&table)])).unwrap();
        sql.insert(&table, &row).unwrap();
    }
    let table = sql.table("log_checkpoints");
    let row = sql.rows(&table).pop().unwrap();
    let note = row["note"].as_str().unwrap();
    for edited_note in flipped(note) {
        let mut edited = row.clone();
        edited.insert("note".to_owned(), json!(edited_note));
        sql.replace(&table, &row, &edited).unwrap();
        missed.judge(&format!("note {edited_note:?}"), &verifier.problems(), &["checkpoint-"]);
    }
    sql.replace(&table, &row, &row).unwrap();
    assert_eq!(verifier.problems(), [""; 0], "every edit was undone");
    missed.none();
}

/// The first number that tells the rows of a table apart.
fn key(table: &Table) -> &str {
    &table.columns.iter().find(|column| column.key).unwrap().name
}

/// The text with the lowest bit of one byte flipped, for every byte.
fn flipped(text: &str) -> Vec<String> {
    let edit = |place: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[place] ^= 1;
        String::from_utf8(bytes).ok()
    };
    let edited: Vec<String> = (0..text.len()).filter_map(edit).collect();
    assert_eq!(edited.len(), text.len(), "every byte can be edited without leaving UTF-8");
    edited
}

#[test]
fn every_byte_counts_on_sqlite() {
    every_byte_counts(Database::Sqlite);
}

#[test]
fn every_byte_counts_on_postgres() {
    every_byte_counts(Database::Postgres);
}

#[test]
fn every_byte_of_the_published_head_counts() {
    let home = tempfile::tempdir().unwrap();
    let url = small(Database::Sqlite, home.path());
    let installation = installation::find(&mut url.open().unwrap()).unwrap().unwrap();
    let folder = DataFolder(home.path().to_path_buf());
    let vkey = folder.checkpoint_key_for(&installation.origin).unwrap().vkey();
    let whole = std::fs::read_to_string(folder.head_file()).unwrap();
    let edited = home.path().join("edited");
    for text in flipped(&whole) {
        std::fs::write(&edited, &text).unwrap();
        let read = read_head_file(&edited, &vkey);
        assert!(matches!(read, Err(StoreError::BehindHead(_))), "{text:?}: {read:?}");
    }
    let verify = || {
        let output = Command::new(env!("CARGO_BIN_EXE_whitelist"))
            .args(["log", "verify", "--json", "--data"])
            .arg(home.path())
            .output()
            .unwrap();
        let result: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        (output.status.code(), result)
    };
    let (code, result) = verify();
    assert_eq!((code, &result["ok"], &result["problems"]), (Some(0), &json!(true), &json!([])));
    std::fs::write(folder.head_file(), flipped(&whole).pop().unwrap()).unwrap();
    let (code, result) = verify();
    assert_eq!((code, &result["ok"], &result["problems"][0]["code"]), (Some(1), &json!(false), &json!("head-file")));
}
