//! The service checks its own log while it runs, and what was edited behind its back raises a figure.

use super::read::{signed, told};
use super::sql::Sql;
use crate::support::app::TestApp;
use crate::support::on_both;

fn figure(app: &TestApp, name: &str) -> i64 {
    let metrics = app.client().get("/metrics");
    let line = metrics.text().lines().find(|line| line.starts_with(&format!("{name} "))).unwrap().to_owned();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Codes of what a check finds.
fn found(app: &TestApp) -> Vec<String> {
    let result = app.inside().check_log(&mut || true).unwrap().unwrap();
    assert_eq!(result.ok, result.problems.is_empty());
    let mut codes: Vec<String> = result.problems.into_iter().map(|problem| problem.code).collect();
    codes.sort();
    codes.dedup();
    codes
}

on_both! {
    fn the_service_finds_what_was_edited_in_its_log(app) {
        app.will_be_tampered_with();
        told(app);
        let (size, _) = signed(app);
        assert_eq!(figure(app, "whitelist_log_check_timestamp_seconds"), 0);
        assert_eq!(found(app), [""; 0]);
        assert_eq!(figure(app, "whitelist_log_check_timestamp_seconds"), 1_786_507_200, "noon in Beijing on the day of the test");
        assert_eq!(figure(app, "whitelist_log_checked_entries"), i64::try_from(size).unwrap());
        assert_eq!(figure(app, "whitelist_log_problems"), 0);
        let mut asked = 0;
        let ended = app.inside().check_log(&mut || { asked += 1; asked < 3 }).unwrap();
        assert!(ended.is_none() && asked == 3, "it stops between two files");

        let mut sql = Sql::open(&app.database);
        sql.disarm();
        let edits = [
            ("log_tiles", "hashes", "hashes = (SELECT hashes FROM log_tiles WHERE level = 0 AND tile = 1) WHERE level = 0 AND tile = 0", "tile-missing"),
            ("log_entries", "leaf", "leaf = (SELECT leaf FROM log_entries WHERE revision = 40) WHERE revision = 41", "checkpoint-root"),
            ("log_head", "frontier", "frontier = (SELECT leaf_hash FROM log_entries WHERE revision = 1)", "frontier"),
            ("log_checkpoints", "note", "note = (SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1) WHERE size = (SELECT MIN(size) FROM log_checkpoints)", "checkpoint-size"),
        ];
        for (table, column, edit, code) in edits {
            let (described, before) = { let described = sql.table(table); let rows = sql.rows(&described); (described, rows) };
            sql.run(&format!("UPDATE {table} SET {edit}")).unwrap();
            let codes = found(app);
            assert!(codes.iter().any(|found| found == code), "{table}.{column}: {codes:?}");
            assert!(figure(app, "whitelist_log_problems") > 0);
            let after = sql.rows(&described);
            for (old, new) in before.iter().zip(&after).filter(|(old, new)| old != new) {
                sql.replace(&described, new, old).unwrap();
            }
            assert_eq!(found(app), [""; 0], "{table} as it was");
            assert_eq!(figure(app, "whitelist_log_problems"), 0);
        }
        let head = app.folder.join("log-head");
        let published = std::fs::read_to_string(&head).unwrap();
        // One character of the signature, behind the key's id.
        let at = published.rfind(' ').unwrap() + 20;
        let other = if published.as_bytes()[at] == b'A' { "B" } else { "A" };
        std::fs::write(&head, format!("{}{other}{}", &published[..at], &published[at + 1..])).unwrap();
        assert_eq!(found(app), ["head-file"]);
        std::fs::write(&head, published).unwrap();
        assert_eq!(found(app), [""; 0]);
    }
}
