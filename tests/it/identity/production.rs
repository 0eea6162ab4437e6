//! The binary: a production that does not start on anything of the demo, and tokens of the demo only.

use crate::support::app::{Database, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use whitelist::cli::demo_issuer::DemoIssuer;

/// How a command ended: exit code, what it printed, what it said.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the binary, which must end by itself, with this environment and no other.
fn whitelist(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    command
        .env_clear()
        .envs(environment.iter().copied())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut err = child.stderr.take().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).unwrap();
        tell.send(text)
    });
    let Ok(err) = told.recv_timeout(Duration::from_secs(60)) else {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{arguments:?} was to be refused, and it runs");
    };
    let output = child.wait_with_output().unwrap();
    Ended { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Writes a file of issuers, each with some members replaced; returns its path.
fn issuers(folder: &Path, entries: &[&[(&str, &str)]]) -> String {
    let file = folder.join("issuers.toml");
    let entry = |replaced: &&[(&str, &str)]| {
        let mut members = vec![
            ("issuer", "\"https://issuer.example\""),
            ("audience", "\"whitelist\""),
            ("jwks_url", "\"https://issuer.example/jwks\""),
            ("algorithms", "[\"EdDSA\"]"),
            ("roles", "[\"customs.lookup\"]"),
            ("max_life_seconds", "900"),
        ];
        for (name, value) in *replaced {
            members.retain(|(known, _)| known != name);
            members.push((name, value));
        }
        let lines: String = members.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        format!("[[issuer]]\n{lines}\n")
    };
    std::fs::write(&file, entries.iter().map(entry).collect::<String>()).unwrap();
    path(&file).to_owned()
}

#[test]
fn the_demo_is_reached_from_this_machine_only() {
    let home = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let refused = whitelist(&["demo", "--data", path(home.path()), "--listen", listen], &[]);
        assert_eq!(refused.code, Some(1), "{listen}: {}", refused.err);
        assert!(refused.err.contains("loopback"), "{}", refused.err);
    }
    let usage = whitelist(&["demo", "--data", path(home.path()), "--listen", "everywhere"], &[]);
    assert_eq!(usage.code, Some(2), "{}", usage.err);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "a refused start leaves nothing behind");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let unreachable = whitelist(&["demo", "--data", path(home.path()), "--listen", &address], &[]);
    assert_eq!(unreachable.code, Some(3), "{}", unreachable.err);
}

#[test]
fn production_names_everything_that_is_wrong_with_its_settings() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let missing = whitelist(&["serve", "--data", path(&data)], &[]);
    assert_eq!(missing.code, Some(2), "{}", missing.err);
    for name in ["WHITELIST_PUBLIC_URL", "WHITELIST_ISSUERS"] {
        assert!(missing.err.contains(name), "{name}: {}", missing.err);
    }
    let file = issuers(
        home.path(),
        &[
            &[("issuer", "\"urn:demo:0190\""), ("max_life_seconds", "3600")],
            &[
                ("algorithms", "[\"HS256\", \"none\"]"),
                ("roles", "[\"root\"]"),
                ("rfc9068", "\"sometimes\""),
                ("jwks_url", "\"nowhere\""),
            ],
        ],
    );
    let faulty = [
        ("WHITELIST_LISTEN", "here"),
        ("WHITELIST_DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("WHITELIST_PUBLIC_URL", "wl.example"),
        ("WHITELIST_ISSUERS", &file),
        ("WHITELIST_MAX_STALENESS", "1h"),
        ("WHITELIST_METRICS_FROM", "127.0.0.1,there"),
    ];
    let refused = whitelist(&["serve", "--data", path(&data)], &faulty);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let named = faulty.iter().map(|(name, _)| *name);
    for word in
        named.chain(["demo issuers are refused", "max_life_seconds", "HS256", "none", "root", "sometimes", "jwks_url"])
    {
        assert!(refused.err.contains(word), "{word}: {}", refused.err);
    }
    assert!(!refused.err.contains("hunter2"), "{}", refused.err);
    let unreadable = whitelist(
        &["serve", "--data", path(&data)],
        &[("WHITELIST_PUBLIC_URL", "https://wl.example"), ("WHITELIST_ISSUERS", "/nowhere/issuers.toml")],
    );
    assert_eq!(unreadable.code, Some(2), "{}", unreadable.err);

    // Well formed, but keys that anybody on the way could replace.
    for url in [
        "\"http://127.0.0.1:9/jwks\"",
        "\"http://localhost:9/jwks\"",
        "\"http://issuer.example/jwks\"",
        "\"https://user:pass@issuer.example/jwks\"",
    ] {
        let file = issuers(home.path(), &[&[("jwks_url", url)]]);
        let environment = [
            ("WHITELIST_PUBLIC_URL", "https://wl.example"),
            ("WHITELIST_ISSUERS", file.as_str()),
            ("WHITELIST_LISTEN", "127.0.0.1:0"),
        ];
        let refused = whitelist(&["serve", "--data", path(&data)], &environment);
        assert_eq!(refused.code, Some(2), "{url}: {}", refused.err);
        assert!(
            refused.err.contains("https://issuer.example") && refused.err.contains("key set"),
            "{url}: {}",
            refused.err
        );
    }
    assert!(!data.exists(), "a refused start leaves nothing behind");
}

#[test]
fn production_does_not_start_on_anything_of_the_demo() {
    let mut app = TestApp::start(Database::Sqlite);
    app.halt();
    let home = tempfile::tempdir().unwrap();
    let file = issuers(home.path(), &[&[]]);
    let environment = [
        ("WHITELIST_PUBLIC_URL", "https://wl.example"),
        ("WHITELIST_ISSUERS", file.as_str()),
        ("WHITELIST_LISTEN", "127.0.0.1:0"),
    ];
    let database = format!("sqlite://{}", path(&app.folder.join("whitelist.db")));

    let keys = whitelist(&["serve", "--data", path(&app.folder)], &environment);
    assert_eq!(keys.code, Some(1), "{}", keys.err);
    assert!(keys.err.contains("keys of the demo"), "{}", keys.err);
    let data = whitelist(&["serve", "--data", path(home.path()), "--database", &database], &environment);
    assert_eq!(data.code, Some(1), "{}", data.err);
    assert!(data.err.contains("demo"), "{}", data.err);
    let other = tempfile::tempdir().unwrap();
    DemoIssuer::load_or_create(other.path()).unwrap();
    let key_alone = whitelist(&["serve", "--data", path(other.path())], &environment);
    assert_eq!(key_alone.code, Some(1), "{}", key_alone.err);
    assert!(!other.path().join("whitelist.db").exists(), "nothing was founded");

    // The other way round: real data are never shown with free tokens.
    let real = tempfile::tempdir().unwrap();
    let founded = whitelist(&["migrate", "--data", path(real.path())], &environment);
    assert_eq!(founded.code, Some(0), "{}", founded.err);
    let refused = whitelist(&["demo", "--data", path(real.path()), "--listen", "127.0.0.1:0"], &[]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(!real.path().join("keys/demo-issuer.json").exists(), "no key of a demo was made beside real data");
    let import = whitelist(
        &[
            "import",
            concat!(env!("CARGO_MANIFEST_DIR"), "/samples/list-clean.xlsx"),
            "--data",
            path(real.path()),
            "--propose-as",
            "a",
            "--confirm-as",
            "b",
        ],
        &[],
    );
    assert_eq!(import.code, Some(1), "{}", import.err);
}

#[test]
fn tokens_are_minted_for_the_demo_only_and_for_an_hour_at_most() {
    let home = tempfile::tempdir().unwrap();
    let token = |arguments: &[&str]| whitelist(&[&["token", "--data", path(home.path())], arguments].concat(), &[]);
    assert_eq!(token(&["--role", "auditor", "--org", "bj-audit"]).code, Some(3), "there is no demo here");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "and none was made");
    DemoIssuer::load_or_create(home.path()).unwrap();
    for (arguments, word) in [
        (&["--role", "auditor", "--org", "bj-audit", "--ttl", "2h"][..], "2h"),
        (&["--role", "auditor", "--org", "bj-audit", "--ttl", "3601"], "3601"),
        (&["--role", "auditor", "--org", "bj-audit", "--ttl", "0"], "0"),
        (&["--role", "auditor", "--org", "bj-audit", "--ttl=-1h"], "-1h"),
        (&["--role", "root", "--org", "bj-audit"], "customs.lookup"),
        (&["--org", "bj-audit"], "--role"),
        (&["--role", "auditor"], "--org"),
    ] {
        let refused = token(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.err);
        assert!(refused.err.contains(word), "{arguments:?}: {}", refused.err);
        assert_eq!(refused.out, "", "{arguments:?}");
    }
    let minted = token(&["--role", "customs.lookup", "--role", "auditor", "--org", "0101", "--ttl", "15m"]);
    assert_eq!(minted.code, Some(0), "{}", minted.err);
    let claims = URL_SAFE_NO_PAD.decode(minted.out.lines().last().unwrap().split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert_eq!(
        (&claims["sub"], &claims["roles"]),
        (&json!("customs.lookup@0101"), &json!(["customs.lookup", "auditor"]))
    );
}
