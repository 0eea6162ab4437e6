//! Backups, restores, the doctor and the pause switch through the binary, beside a running service.

use crate::lookups::ENT_05;
use crate::support::app::{Database, TestApp};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn whitelist(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    command.env_clear().env("PATH", "/usr/bin:/bin").envs(environment.iter().copied()).args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs the binary, which must end with a code, and returns all that it said.
#[track_caller]
fn ends(code: i32, arguments: &[&str]) -> String {
    let output = whitelist(arguments, &[]);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn suspension() -> Value {
    json!([{ "kind": "suspend_enterprise", "enterprise": ENT_05, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }])
}

#[test]
fn a_backup_made_while_serving_is_checked_and_put_back() {
    let mut app = TestApp::start(Database::Sqlite);
    let home = tempfile::tempdir().unwrap();
    let data = app.folder.clone();
    let (first, keyed, restored) = (home.path().join("first"), home.path().join("keyed"), home.path().join("restored"));

    let said = ends(0, &["backup", "--to", path(&first), "--data", path(&data)]);
    assert!(said.contains("keep it elsewhere: keys/checkpoint.key"), "{said}");
    assert!(!first.join("keys").exists() && !first.join("log-head").exists(), "keys stay where they are");
    ends(1, &["backup", "--to", path(&first), "--data", path(&data)]);
    let backups =
        app.actor(whitelist::domain::actor::Role::Operator, "operations", "operator-1").get("/v1/operations").json();
    assert!(!backups["figures"]["last_backup_at"].is_null(), "{backups}");

    // The switch through the database, which the running node follows.
    ends(0, &["pause", "--reason", "系统维护", "--data", path(&data)]);
    app.settle();
    let proposal = json!({ "scheme": "beijing-2022", "changes": suspension() });
    assert_eq!(app.officer().post("/v1/adjustments", &proposal).status, 503);
    ends(1, &["pause", "--reason", "again", "--data", path(&data)]);
    ends(0, &["resume", "--data", path(&data)]);
    app.settle();
    app.change(suspension());
    ends(0, &["backup", "--to", path(&keyed), "--with-keys", "--data", path(&data)]);
    app.halt();

    // The first is behind what was published since; the second is not.
    let said = ends(0, &["restore", "--check", path(&first), "--data", path(&data)]);
    assert!(said.contains("the published head is ahead"), "{said}");
    let said = ends(0, &["restore", path(&keyed), "--to", path(&restored)]);
    assert!(said.contains("is in the backup") || said.contains("no published head"), "{said}");
    ends(1, &["restore", path(&keyed), "--to", path(&restored)]);
    ends(0, &["log", "verify", "--data", path(&restored)]);

    let database = first.join("whitelist.db");
    let mut bytes = fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&database, bytes).unwrap();
    let said = ends(1, &["restore", "--check", path(&first)]);
    assert!(said.contains("whitelist.db: is not what was written"), "{said}");
    ends(3, &["restore", "--check", path(home.path())]);
}

fn findings(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr)))
}

fn level(found: &Value, code: &str) -> String {
    let signs = found["signs"].as_array().unwrap();
    let sign = signs.iter().find(|sign| sign["code"] == code).unwrap_or_else(|| panic!("no {code} in {found}"));
    assert_eq!(sign["level"] == "good", sign["remedy"].is_null(), "{sign}");
    sign["level"].as_str().unwrap().to_owned()
}

#[test]
fn the_doctor_says_in_words_what_is_wrong() {
    let mut app = TestApp::start(Database::Sqlite);
    app.halt();
    let data = app.folder.clone();
    let home = tempfile::tempdir().unwrap();
    // The harness writes the database, not the service.
    fs::set_permissions(data.join("whitelist.db"), Permissions::from_mode(0o600)).unwrap();
    let issuers = home.path().join("issuers.toml");
    let entry = "[[issuer]]\nissuer = \"https://issuer.example\"\naudience = \"whitelist\"\njwks_url = \"https://127.0.0.1:9/jwks\"\nalgorithms = [\"EdDSA\"]\nroles = [\"customs.lookup\"]\nmax_life_seconds = 900\n";
    fs::write(&issuers, entry).unwrap();
    let environment = [
        ("WHITELIST_PUBLIC_URL", "https://wl.example"),
        ("WHITELIST_ISSUERS", path(&issuers)),
        ("WHITELIST_LISTEN", "127.0.0.1:9"),
        ("WHITELIST_CLAMD", "127.0.0.1:9"),
        ("LANG", "en_GB.UTF-8"),
    ];
    let looked = |more: &[&str]| whitelist(&[&["doctor", "--data", path(&data)], more].concat(), &environment);
    let first = looked(&["--json"]);
    let found = findings(&first);
    for (code, expected) in [
        ("settings", "good"),
        ("rights", "good"),
        ("schema", "good"),
        ("head", "good"),
        ("clock", "good"),
        ("backup", "attention"),
        ("issuer", "alarm"),
        ("scanner", "alarm"),
        ("service", "attention"),
    ] {
        assert_eq!(level(&found, code), expected, "{code}: {found}");
    }
    assert_eq!(first.status.code(), Some(1));
    let words = text(&looked(&[]).stdout);
    assert!(words.contains("The virus scanner does not answer") && words.contains("→"), "{words}");
    assert!(text(&looked(&["--lang", "zh"]).stdout).contains("病毒扫描没有应答"));

    // A key that others may read, a database behind the published head, and no settings at all.
    let key = data.join("keys").join("checkpoint.key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let found = findings(&looked(&["--json"]));
    assert_eq!((level(&found, "rights"), level(&found, "key")), ("alarm".to_owned(), "alarm".to_owned()));
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let bare = whitelist(&["doctor", "--json", "--data", path(&home.path().join("nowhere"))], &[]);
    assert_eq!(bare.status.code(), Some(1));
    let found = findings(&bare);
    for code in ["settings", "data", "database"] {
        assert_eq!(level(&found, code), "alarm", "{code}");
    }
    assert!(!home.path().join("nowhere").exists(), "looking makes nothing");
    assert_eq!(whitelist(&["health", "http://127.0.0.1:9"], &[]).status.code(), Some(3));
}

#[test]
fn postgres_is_left_to_its_own_tools_and_noted() {
    let app = TestApp::start(Database::Postgres);
    let whitelist::store::DatabaseUrl::Postgres(url) = &app.database else { panic!("a server") };
    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("backup");
    let said = ends(1, &["backup", "--to", path(&to), "--data", path(&app.folder), "--database", url]);
    assert!(said.contains("pg_dump") && said.contains("archive_mode") && !to.exists(), "{said}");
    ends(0, &["backup", "--noted", "--data", path(&app.folder), "--database", url]);
    let noted = app.inside().last_backup().unwrap().unwrap();
    assert_eq!((noted.maker.as_str(), noted.log_size), ("other", app.inside().head().unwrap().0));
}
