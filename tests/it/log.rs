//! The log under every change: a long story explained by it, any tampering found by it, tables that only grow, and a
//! restored backup that is refused.

mod edits;
mod fill;
mod leaves;
pub mod outside;
pub mod read;
mod rebuild;
mod search;
mod selfcheck;
mod shards;
pub mod sql;
mod story;
mod tamper;
mod timestamps;
pub mod verifiers;
mod witness;

use self::fill::fill;
use self::sql::{Row, Sql, Table};
use self::story::play;
use crate::draws::{grams, reserve};
use crate::support::app::{TestApp, verify};
use crate::support::on_both;
use crate::support::story::Story;
use jiff::civil::date;
use serde_json::{Value, json};
use whitelist::app::follow::load;
use whitelist::domain::code::{CustomsOffice, Uscc};
use whitelist::domain::lookup::{Declaration, Line};
use whitelist::domain::quantity::Measure;
use whitelist::domain::revision::Revision;
use whitelist::domain::validity::LegalDay;
use whitelist::index::Snapshot;

/// Tables of things as they stand: their rows move on, their history is in the log alone.
const STANDING: [&str; 4] = ["adjustments", "applications", "manual_releases", "reconciliations"];

/// What both snapshots answer about every listing, on days in and around its time, at several revisions.
fn answers(snapshot: &Snapshot, listed: &[(Uscc, Vec<whitelist::domain::listing::Listing>)]) -> Vec<String> {
    let newest = snapshot.revision().0;
    let mut answers = Vec::new();
    for (enterprise, listings) in listed {
        for version in listings.iter().flat_map(|listing| listing.versions.iter()) {
            let terms = &version.terms;
            let (from, to) = (terms.period.from(), terms.period.to());
            let days = [
                from.add_days(-1),
                from,
                version.effective_on,
                to,
                to.add_days(1),
                LegalDay::parse("2027-01-01").unwrap(),
            ];
            for declared_on in days {
                for at in [newest, newest - 7, newest / 2, version.revision.0] {
                    let office = CustomsOffice::parse("0101").unwrap();
                    let declaration =
                        Declaration { number: None, customs_office: office, declared_on, trade_mode: None };
                    let measure = Some(Measure { quantity: "0.5".parse().unwrap(), unit: terms.unit });
                    let line = Line {
                        line: 1,
                        enterprise: *enterprise,
                        hs_code: terms.hs_code,
                        ciq_code: terms.ciq_code,
                        listing: None,
                        cas: terms.cas,
                        measure,
                    };
                    answers.push(format!("{:?}", snapshot.judge_one(&declaration, &line, Revision(at))));
                }
            }
        }
    }
    answers
}

fn assert_index_is_what_is_stored(app: &TestApp) {
    let step_by_step = app.inside().index.snapshot();
    let whole = load(&app.inside().store).unwrap();
    let listed = whole.listed();
    assert_eq!(step_by_step.revision(), whole.revision());
    assert_eq!(step_by_step.listed(), listed, "built step by step, the list is another than built whole");
    assert_eq!(answers(&step_by_step, &listed), answers(&whole, &listed));
}

on_both! {
    fn a_long_story_leaves_a_list_that_the_log_explains(app) {
        let mut story = Story::new(20_260_812, "beijing-2022", date(2026, 8, 12));
        for _ in 0..6 {
            play(app, &mut story, 20);
            assert_index_is_what_is_stored(app);
        }
        let seen = app.inside().index.snapshot().listed();
        app.restart();
        assert_eq!(app.inside().index.snapshot().listed(), seen, "after a restart the list is another");
        // That the log explains it is asserted when the service goes.
    }
}

/// Statements that must be refused, for one table.
fn forbidden(sql: &Sql, table: &Table, rows: &[Row]) -> Vec<String> {
    let postgres = sql.is_postgres();
    let name = &table.name;
    let last = rows.last().unwrap_or_else(|| panic!("{name} is empty"));
    let mut statements: Vec<String> = Vec::new();
    let changing = match name.as_str() {
        "log_tiles" => {
            vec!["hashes = substr(hashes, 2)", "hashes = substr(hashes, 33)", "level = level + 1", "tile = tile + 1"]
        }
        "log_head" => vec!["size = size - 1"],
        "private_values" => vec!["subject = subject", "revision = revision + 1000000"],
        "installation" => vec!["shard = shard", "environment = 'production'"],
        "log_entries" => vec!["leaf = leaf", "leaf_hash = leaf"],
        "log_checkpoints" => vec!["note = note", "size = size + 1000000"],
        _ => vec!["version = version", "revision = revision + 1000000", "recorded_at = 0"],
    };
    statements.extend(changing.iter().map(|change| format!("UPDATE {name} SET {change}")));
    // Values may be erased.
    if name != "private_values" {
        statements.push(format!("DELETE FROM {name}"));
        if postgres {
            statements.push(format!("TRUNCATE {name}"));
            statements.push(format!("TRUNCATE {name} CASCADE"));
        }
    }
    if !postgres {
        let mut other = last.clone();
        match name.as_str() {
            "log_head" => drop(other.insert("size".to_owned(), json!(1))),
            "log_tiles" => drop(other.insert("hashes".to_owned(), json!("00"))),
            _ => {}
        }
        let insertion = sql.insertion(table, &other);
        statements.push(format!("REPLACE {insertion}"));
        statements.push(format!("INSERT OR REPLACE {insertion}"));
    }
    statements
}

on_both! {
    fn tables_of_the_log_and_versions_of_the_list_only_grow(app) {
        let listing = app.customs().get("/v1/lookup?enterprise=91110302XFXTR00172&hs_code=3004909099&customs_office=0101&cas=27262-47-1").json();
        assert_eq!(listing["verdict"], "allowed", "{listing}");
        app.change(json!([{ "kind": "stop_item_class", "class": { "kind": "cas", "value": "58-08-2" }, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }]));
        fill(app);
        reserve(&app.drawing(), 1, 1, &[grams(1, "0.001")]);
        app.halt();
        assert_eq!(shards::reshard(app, &["--rotate-key", "--reason", "drill"]).0, Some(0));
        let mut sql = Sql::open(&app.database);
        let before = sql.dump();
        let mut accepted = Vec::new();
        for (table, rows) in &before {
            // Balances and things as they stand move on; keys of subjects may be erased.
            if ["balances", "open_declarations", "subject_keys"].iter().chain(&STANDING).any(|name| *name == table.name) {
                continue;
            }
            for statement in forbidden(&sql, table, rows) {
                sql.run("BEGIN").unwrap();
                if sql.run(&statement).is_ok() {
                    accepted.push(statement);
                }
                sql.run("ROLLBACK").unwrap();
            }
        }
        assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
    }
}

fn codes(app: &TestApp) -> Vec<String> {
    let result = verify(&app.folder, &app.database);
    assert_eq!(result.ok, result.problems.is_empty());
    let mut codes: Vec<String> = result.problems.into_iter().map(|problem| problem.code).collect();
    codes.dedup();
    codes
}

on_both! {
    fn a_restored_backup_answers_and_changes_nothing(app) {
        app.will_be_tampered_with();
        let suspend = |day: &str| json!([{ "kind": "suspend_enterprise", "enterprise": "91110302XFXTR00172", "effective_on": day, "reason": { "code": "risk_found" } }]);
        app.halt();
        let backup = Sql::open(&app.database).dump();
        app.restart();
        app.change(suspend("2026-08-12"));
        app.halt();
        let mut sql = Sql::open(&app.database);
        sql.disarm();
        sql.restore(&backup);
        drop(sql);
        app.restart();

        let ready = app.client().send("GET", "/health/ready", &[], b"");
        assert_eq!((ready.status, ready.json()["type"].as_str()), (503, Some("/problems/unavailable")), "{}", ready.text());
        assert!(ready.header("retry-after").is_some());
        let revision = ready.header("whitelist-revision").unwrap().to_owned();
        let refused = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": suspend("2026-08-12") }));
        assert_eq!((refused.status, refused.json()["type"].as_str()), (503, Some("/problems/unavailable")), "{}", refused.text());
        let answer = app.customs().get("/v1/lookup?enterprise=91110302XFXTR00172&hs_code=3004909099&customs_office=0101&cas=27262-47-1");
        assert_eq!((answer.status, answer.json()["verdict"].as_str()), (200, Some("allowed")), "lookups go on from the list that there is");
        assert_eq!(answer.header("whitelist-revision"), Some(revision.as_str()), "nothing was written on the fork");
        app.halt();
        assert_eq!(codes(app), ["rollback"]);
        let file: Value = json!(std::fs::read_to_string(app.folder.join("log-head")).unwrap());
        assert!(!file.as_str().unwrap().contains(&format!("\n{revision}\n")), "the published head is kept");
    }
}
