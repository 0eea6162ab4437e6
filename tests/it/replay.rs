//! `whitelist draws replay`: kept requests sent again to a copy are answered the same; what was decided otherwise is named.

use crate::draws::{act, grams, place, position, reserve};
use crate::support::app::TestApp;
use crate::support::on_both;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use whitelist::store::DatabaseUrl;
use whitelist::store::scratch::Scratch;

/// A state of the list that a replay may start from, or whose messages it may send.
struct State {
    /// Folder with the keys; on SQLite with the database.
    data: PathBuf,
    /// Its database on PostgreSQL.
    scratch: Option<Scratch>,
    /// The database of the service itself.
    own: Option<String>,
}

impl State {
    /// The service's own data; nobody may have them open.
    fn of(app: &TestApp) -> Self {
        let own = match &app.database {
            DatabaseUrl::Sqlite(_) => None,
            DatabaseUrl::Postgres(url) => Some(url.clone()),
        };
        Self { data: app.folder.clone(), scratch: None, own }
    }

    /// A copy of them as they are now.
    fn copied(app: &TestApp, to: &Path) -> Self {
        copied(&app.folder, to);
        let scratch = match &app.database {
            DatabaseUrl::Sqlite(_) => None,
            DatabaseUrl::Postgres(url) => Some(Scratch::of(url, format!("before_{}", name_of(url))).unwrap()),
        };
        Self { data: to.to_path_buf(), scratch, own: None }
    }

    fn url(&self) -> Option<String> {
        self.scratch.as_ref().map(|scratch| scratch.url().to_owned()).or_else(|| self.own.clone())
    }

    /// As `--messages` names it.
    fn named(&self) -> String {
        self.url().unwrap_or_else(|| self.data.to_str().unwrap().to_owned())
    }
}

/// The name of the database in a URL.
fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

fn run(state: &State, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    command.env_clear().args(["draws", "replay", "--json", "--data"]).arg(&state.data).args(more);
    if let Some(url) = state.url() {
        command.args(["--database", &url]);
    }
    command.output().unwrap()
}

fn replay(state: &State, more: &[&str]) -> (Option<i32>, Value) {
    let output = run(state, more);
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

/// Everything that the log says.
fn head(database: &DatabaseUrl) -> i64 {
    whitelist::store::log::size(&mut database.open().unwrap()).unwrap()
}

on_both! {
    fn kept_requests_are_decided_again_as_they_were(app) {
        let home = tempfile::tempdir().unwrap();
        app.halt();
        let before = State::copied(app, &home.path().join("before"));
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
        if let DatabaseUrl::Postgres(_) = &app.database {
            // A service is connected: it is no copy, and nothing is sent.
            let refused = run(&State::of(app), &[]);
            assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stderr));
            assert!(String::from_utf8_lossy(&refused.stderr).contains("nobody is connected to"));
        }
        app.halt();
        let now = State::of(app);
        let size = head(&app.database);
        let file = app.folder.join("whitelist.db");
        let bytes = std::fs::read(&file).ok();

        // Against the copy itself: the last message of each declaration is answered again, earlier ones are overtaken, and
        // what was refused is judged by what is left now, which is less.
        let (code, found) = replay(&now, &[]);
        assert_eq!((code, counts(&found)), (Some(1), (4, 2, 1, 1)), "{found}");
        assert_eq!(found["different"][0]["declaration"], "010120261000000002");
        assert_eq!((std::fs::read(&file).ok(), head(&app.database)), (bytes, size), "what is named stays as it is");
        let (code, one) = replay(&now, &["--declaration", "010120261000000003"]);
        assert_eq!((code, counts(&one)), (Some(0), (1, 1, 0, 0)), "{one}");

        // Against the state of before everything is decided anew, and decided the same.
        let after = now.named();
        let (code, found) = replay(&before, &["--messages", &after]);
        assert_eq!((code, counts(&found)), (Some(0), (4, 4, 0, 0)), "{found}");

        // Without the draws before it, the second declaration would have found enough, and is named.
        let (code, found) = replay(&before, &["--messages", &after, "--declaration", "010120261000000002"]);
        assert_eq!((code, found["different"][0]["declaration"].as_str()), (Some(1), Some("010120261000000002")), "{found}");
        assert_eq!(found["different"][0]["now"]["status"], 200);
    }
}
