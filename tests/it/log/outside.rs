//! The log from outside: `log verify`, `show`, `proof` and `export` over an archive, a folder and a service, and every
//! tampering with the files found by our own program.

use super::read::{signed, told};
use crate::support::app::TestApp;
use crate::support::on_both;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use whitelist::app::keys::DataFolder;
use whitelist::store::DatabaseUrl;
use whitelist::tlog::merkle::{Frontier, leaf_hash};
use whitelist::tlog::tiles::split_bundle;

/// Runs the program.
pub fn whitelist(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_whitelist")).env_clear().args(args).output().unwrap()
}

/// Where the service keeps its log, as flags.
fn place(app: &TestApp) -> [String; 4] {
    let url = match &app.database {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    ["--data".to_owned(), app.folder.display().to_string(), "--database".to_owned(), url]
}

/// Runs the program beside the service, on its database.
pub fn in_database(app: &TestApp, args: &[&str]) -> Output {
    let place = place(app);
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    whitelist(&[args, &place].concat())
}

/// An export, packed and unpacked, with the key beside it.
pub struct Exhibit {
    pub home: TempDir,
    /// The archive.
    pub archive: PathBuf,
    /// What was in it.
    pub folder: PathBuf,
    /// The file with the key.
    pub vkey: PathBuf,
}

impl Exhibit {
    /// Downloads the log.
    pub fn of(app: &TestApp) -> Self {
        signed(app);
        let home = tempfile::tempdir().unwrap();
        let (archive, folder, vkey) =
            (home.path().join("log.tar"), home.path().join("log"), home.path().join("wl.vkey"));
        let download = app.auditor().get("/v1/log/export.tar");
        assert_eq!(download.status, 200);
        std::fs::write(&archive, &download.body).unwrap();
        tar::Archive::new(download.body.as_slice()).unpack(&folder).unwrap();
        std::fs::write(&vkey, app.client().get("/v1/log/vkey").body).unwrap();
        Self { home, archive, folder, vkey }
    }

    /// Verifies the folder with our own program; returns the exit code and the result.
    pub fn verify(&self, more: &[&str]) -> (Option<i32>, Value) {
        verify(&self.folder, &self.vkey, more)
    }

    pub fn edit(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let file = self.folder.join(path);
        let mut bytes = std::fs::read(&file).unwrap();
        change(&mut bytes);
        std::fs::write(file, bytes).unwrap();
    }

    pub fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.join(path)).unwrap()
    }
}

fn verify(export: &Path, vkey: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let (export, vkey) = (export.display().to_string(), vkey.display().to_string());
    let output = whitelist(&[&["log", "verify", "--json", "--export", &export, "--vkey", &vkey], more].concat());
    let result = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), result)
}

fn codes(result: &Value) -> Vec<&str> {
    let problems = result["problems"].as_array().unwrap().iter();
    let mut codes: Vec<&str> = problems.map(|problem| problem["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

on_both! {
    fn the_log_is_verified_from_database_archive_folder_and_service_alike(app) {
        let suspended = told(app);
        let exhibit = Exhibit::of(app);
        let token = exhibit.home.path().join("token");
        std::fs::write(&token, app.auditor().token).unwrap();
        let (token, vkey) = (token.display().to_string(), exhibit.vkey.display().to_string());
        let url = format!("http://{}", app.address);

        let output = in_database(app, &["log", "verify", "--json"]);
        let expected: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &expected["ok"]), (Some(0), &json!(true)), "{expected}");
        for from in [&exhibit.archive, &exhibit.folder] {
            let (code, found) = verify(from, &exhibit.vkey, &[]);
            assert_eq!((code, &found), (Some(0), &expected), "{from:?}");
        }
        let output = whitelist(&["log", "verify", "--json", "--url", &url, "--token-file", &token, "--vkey", &vkey]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        assert_eq!((output.status.code(), &found), (Some(0), &expected));
        let output = whitelist(&["log", "verify", "--json", "--url", &url, "--token-file", &token]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &found["vkey_from_the_log_itself"]), (Some(0), &json!(true)));

        let output = whitelist(&["log", "verify", "--url", &url, "--vkey", &vkey]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "without a token: {said}");
        assert!(said.contains("--token-file"), "{said}");
        assert_eq!(whitelist(&["log", "verify", "--export", "/nowhere/log.tar"]).status.code(), Some(3));
        assert_eq!(whitelist(&["log", "verify", "--export", &vkey]).status.code(), Some(3), "no archive");
        assert_eq!(whitelist(&["log", "verify", "--export", "x", "--url", &url]).status.code(), Some(2));

        let file = exhibit.home.path().join("own.tar");
        let output = in_database(app, &["log", "export", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&exhibit.archive).unwrap());

        let thing = format!("listing:{suspended}");
        let archive = exhibit.archive.display().to_string();
        let mut page = app.auditor().get(&format!("/v1/log/entries?entity={thing}")).json();
        let entries = page["items"].as_array_mut().unwrap();
        for entry in entries.iter_mut() {
            // What the service adds for people is not in the log.
            entry.as_object_mut().unwrap().retain(|name, _| !["sentence", "pairs", "link"].contains(&name.as_str()));
        }
        let entries = &*entries;
        let sources: [Vec<&str>; 2] = [vec!["--export", &archive, "--vkey", &vkey], vec!["--url", &url, "--token-file", &token]];
        for source in sources.iter().map(Some).chain([None]) {
            let run = |args: &[&str]| match source {
                Some(source) => whitelist(&[&["log"], args, source].concat()),
                None => in_database(app, &[&["log"], args].concat()),
            };
            let shown = run(&["show", "--entity", &thing, "--json"]);
            let lines: Vec<Value> = String::from_utf8(shown.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(&lines, entries);
            let suspension = entries.iter().find(|entry| entry["type"] == "listing.suspended").unwrap();
            let index = suspension["index"].to_string();
            let shown = run(&["show", &index]);
            let text = String::from_utf8(shown.stdout).unwrap();
            assert!(text.contains("listing.suspended, risk_found") && text.contains(r#"/standing: "listed" -> "suspended""#), "{text}");
            let leaf = run(&["show", &index, "--leaf"]).stdout;
            assert_eq!(leaf_hash(&leaf).to_string(), suspension["leaf_hash"].as_str().unwrap());
            let proof = run(&["proof", &index]);
            assert_eq!(String::from_utf8(proof.stdout).unwrap(), app.client().get(&format!("/v1/log/proof/inclusion/{index}")).text());
            assert_eq!(run(&["show", "100000"]).status.code(), Some(1));
            assert_eq!(run(&["proof", "100000"]).status.code(), Some(1));
            assert_eq!(run(&["show", "--entity", "listing:none"]).status.code(), Some(1));
            assert_eq!(run(&["show"]).status.code(), Some(2));
        }
    }
}

on_both! {
    fn an_older_export_is_a_rollback_for_who_remembers_a_newer_one(app) {
        let older = Exhibit::of(app);
        told(app);
        let newer = Exhibit::of(app);
        let remembered = newer.home.path().join("head");
        let remember = ["--remember", remembered.to_str().unwrap()];
        assert_eq!(older.verify(&remember).0, Some(0));
        assert_eq!(newer.verify(&remember).0, Some(0));
        let (size, root) = (signed(app).0, newer.verify(&[]).1["root"].as_str().unwrap().to_owned());
        assert_eq!(std::fs::read_to_string(&remembered).unwrap(), format!("{size} {root}\n"));
        let (code, found) = older.verify(&remember);
        assert_eq!((code, codes(&found)), (Some(1), vec!["rollback"]));
        assert_eq!(std::fs::read_to_string(&remembered).unwrap(), format!("{size} {root}\n"), "what is wrong is not remembered");
        assert_eq!(older.verify(&[]).0, Some(0), "whoever remembers nothing cannot know");

        // Whoever has the key can write a log that is whole in itself; memory tells it from the true one.
        let bundle = std::fs::read(older.folder.join("tile/entries").join(last(&older, "tile/entries"))).unwrap();
        let mut leaves: Vec<Vec<u8>> = split_bundle(&bundle).unwrap().into_iter().map(<[u8]>::to_vec).collect();
        let at = leaves.len() - 1;
        let true_one = String::from_utf8(leaves[at].clone()).unwrap();
        leaves[at] = true_one.replacen(r#""at":"20"#, r#""at":"21"#, 1).into_bytes();
        assert_ne!(leaves[at], true_one.as_bytes());
        let forged = Exhibit::of(app);
        forge(app, &forged, &older, &leaves);
        assert_eq!(forged.verify(&[]).0, Some(0), "{}", forged.verify(&[]).1);
        let fresh = forged.home.path().join("fresh");
        assert_eq!(older.verify(&["--remember", fresh.to_str().unwrap()]).0, Some(0));
        let (code, found) = forged.verify(&["--remember", fresh.to_str().unwrap()]);
        assert_eq!((code, codes(&found)), (Some(1), vec!["fork"]));
    }
}

/// Name of the last file of a folder.
pub fn last(exhibit: &Exhibit, folder: &str) -> String {
    let files = walk(&exhibit.folder.join(folder));
    files.into_iter().max().unwrap().strip_prefix(exhibit.folder.join(folder)).unwrap().display().to_string()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// Writes a log of at most one bundle with the true key.
fn forge(app: &TestApp, forged: &Exhibit, like: &Exhibit, leaves: &[Vec<u8>]) {
    let origin = app.inside().installation.origin.clone();
    let key = DataFolder(app.folder.clone()).checkpoint_key_for(&origin).unwrap();
    assert!(leaves.len() < 256 && like.folder.join(format!("tile/0/000.p/{}", leaves.len())).exists());
    let mut frontier = Frontier::new();
    let mut hashes = Vec::new();
    for leaf in leaves {
        frontier.append(leaf_hash(leaf));
        hashes.extend_from_slice(&leaf_hash(leaf).0);
    }
    std::fs::remove_dir_all(&forged.folder).unwrap();
    for (path, bytes) in [
        ("checkpoint".to_owned(), key.sign(frontier.size(), frontier.root()).into_bytes()),
        (format!("tile/0/000.p/{}", leaves.len()), hashes),
        (
            format!("tile/entries/000.p/{}", leaves.len()),
            whitelist::tlog::tiles::bundle(leaves.iter().map(Vec::as_slice)).unwrap(),
        ),
    ] {
        let file = forged.folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}
