//! `whitelist draws replay`: kept requests sent again to a copy are answered the same; what was decided otherwise is named.

use crate::draws::{act, grams, place, position, reserve};
use crate::support::app::{Database, TestApp};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn replay(data: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    command.env_clear().args(["draws", "replay", "--json", "--data"]).arg(data).args(more);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let found =
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said} {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), found)
}

fn counts(found: &Value) -> (u64, u64, u64, usize) {
    let number = |name: &str| found[name].as_u64().unwrap();
    (number("messages"), number("same"), number("overtaken"), found["different"].as_array().unwrap().len())
}

/// Copies a data folder that nobody has open.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn kept_requests_are_decided_again_as_they_were() {
    let mut app = TestApp::start(Database::Sqlite);
    let home = tempfile::tempdir().unwrap();
    let before = home.path().join("before");
    app.halt();
    copied(&app.folder, &before);
    app.restart();
    let customs = app.drawing();
    reserve(&customs, 1, 1, &[grams(1, "60")]);
    app.set_time("2026-08-12T04:00:01.000000Z");
    assert_eq!(customs.put(&place(2), &position(1, &[grams(1, "41")])).status, 422);
    app.set_time("2026-08-12T04:00:02.000000Z");
    act(&customs, 1, "release", &json!({ "sequence": 2 }));
    app.set_time("2026-08-12T04:00:03.000000Z");
    reserve(&customs, 3, 1, &[grams(1, "40")]);
    app.inside().messages.flush();
    app.halt();
    let bytes = std::fs::read(app.folder.join("whitelist.db")).unwrap();

    // Against the copy itself: the last message of each declaration is answered again, earlier ones are overtaken, and
    // what was refused is judged by what is left now, which is less.
    let (code, found) = replay(&app.folder, &[]);
    assert_eq!((code, counts(&found)), (Some(1), (4, 2, 1, 1)), "{found}");
    assert_eq!(found["different"][0]["declaration"], "010120261000000002");
    assert_eq!(std::fs::read(app.folder.join("whitelist.db")).unwrap(), bytes, "the copy stays as it is");
    let (code, one) = replay(&app.folder, &["--declaration", "010120261000000003"]);
    assert_eq!((code, counts(&one)), (Some(0), (1, 1, 0, 0)), "{one}");

    // Against the state of before everything is decided anew, and decided the same.
    let after = app.folder.to_str().unwrap().to_owned();
    let (code, found) = replay(&before, &["--messages", &after]);
    assert_eq!((code, counts(&found)), (Some(0), (4, 4, 0, 0)), "{found}");

    // Without the draws before it, the second declaration would have found enough, and is named.
    let (code, found) = replay(&before, &["--messages", &after, "--declaration", "010120261000000002"]);
    assert_eq!((code, found["different"][0]["declaration"].as_str()), (Some(1), Some("010120261000000002")), "{found}");
    assert_eq!(found["different"][0]["now"]["status"], 200);
}
