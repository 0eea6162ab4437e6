//! Witnesses sign the heads of the log and refuse a fork: against a stock witness of PyPI (`aics-witness`), and against
//! witnesses that are wrong or away.

use super::outside::{Exhibit, whitelist};
use super::read::signed;
use super::sql::Sql;
use super::verifiers::installed;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::on_both;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use tempfile::TempDir;
use whitelist::app::keys::DataFolder;
use whitelist::config::witnesses::{WitnessSettings, read};
use whitelist::outbound::witness::{Round, Witnesses};
use whitelist::tlog::Hash;

/// A witness in a process of its own.
struct Stock {
    child: Child,
    home: TempDir,
    vkey: String,
    /// Where it listens.
    url: String,
}

fn stock(args: &[&str], home: &Path) -> Command {
    let program = installed().join("venv/bin/aics-witness");
    assert!(program.exists(), "{} is missing; run tools/install.sh test", program.display());
    let mut command = Command::new(program);
    command.args(args).arg("--config").arg(home.join("witness.json"));
    command
}

impl Stock {
    /// Starts a witness that knows one log.
    fn start(origin: &str, vkey: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let made =
            stock(&["init", "--name", "witness.example/w1", "--listen", "127.0.0.1:0"], home.path()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let own = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let known = stock(&["add-log", "--origin", origin, "--vkey", vkey], home.path()).output().unwrap();
        assert!(known.status.success(), "{known:?}");
        let mut child = stock(&["serve"], home.path()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = said.by_ref().find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("listening on ")?;
            Some(rest.split(' ').next().unwrap().to_owned())
        });
        // Read to its end, so that it never waits for us.
        std::thread::spawn(move || said.for_each(drop));
        Self { child, home, vkey: own, url: url.expect("the witness listens") }
    }

    /// Sends a request as it is.
    fn add(&self, body: &str) -> (u16, String) {
        let address = self.url.strip_prefix("http://").unwrap().parse().unwrap();
        let response = Client::new(address).send("POST", "/add-checkpoint", &[], body.as_bytes());
        (response.status, response.text().to_owned())
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the file that names witnesses.
fn file(folder: &Path, quorum: usize, witnesses: &[(&str, &str)]) -> PathBuf {
    let file = folder.join("witnesses.toml");
    let entries = witnesses.iter().map(|(vkey, url)| format!("[[witness]]\nvkey = \"{vkey}\"\nurl = \"{url}\"\n"));
    std::fs::write(&file, format!("quorum = {quorum}\n{}", entries.collect::<String>())).unwrap();
    file
}

fn ask(app: &TestApp, settings: &WitnessSettings) -> Round {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Witnesses::new(settings).unwrap().ask(app.inside())).unwrap()
}

pub fn vary(app: &TestApp, note: &str) {
    let page = app.auditor().get("/v1/listings?status=in_force&limit=1").json();
    let listing = page["items"][0]["number"].as_str().unwrap().to_owned();
    app.change(json!([{ "kind": "vary", "listing": listing, "effective_on": "2026-08-12", "set": { "note": note }, "reason": { "code": "other", "basis": "演练" } }]));
}

on_both! {
    fn a_stock_witness_signs_what_only_grows(app) {
        let origin = app.inside().installation.origin.clone();
        let witness = Stock::start(&origin, &app.inside().vkey);
        let policy = file(witness.home.path(), 1, &[(&witness.vkey, &witness.url)]);
        let settings = read(&policy).unwrap();
        let (first, alone) = signed(app);
        assert_eq!(ask(app, &settings), Round { signed: 1, refused: 0, quorum: true });
        assert_eq!(ask(app, &settings), Round { signed: 0, refused: 0, quorum: true }, "it has signed this head");
        let (_, note) = signed(app);
        let line = note.strip_prefix(&alone).unwrap();
        assert!(line.starts_with("\u{2014} witness.example/w1 ") && line.lines().count() == 1, "{note}");
        assert_eq!(app.client().get("/v1/log/checkpoint").text(), note);
        assert_eq!(app.inside().witnessed.cosigned.load(Ordering::Relaxed), i64::try_from(first).unwrap());

        vary(app, "第一次");
        let (second, _) = signed(app);
        assert!(second > first);
        assert_eq!(ask(app, &settings), Round { signed: 1, refused: 0, quorum: true }, "from the size that it knows");
        let head = app.client().get("/v1/log/checkpoint").text().to_owned();
        assert!(head.contains("witness.example/w1"));
        let proof = app.client().get("/v1/log/proof/inclusion/7").text().to_owned();
        assert!(proof.ends_with(&head), "the proof carries the signature");

        // Whoever verifies may ask for witnesses.
        let exhibit = Exhibit::of(app);
        let named = policy.display().to_string();
        let (code, found) = exhibit.verify(&["--witnesses", &named]);
        assert_eq!((code, &found["cosigned"]), (Some(0), &json!(second)), "{found}");
        let stranger = tempfile::tempdir().unwrap();
        let other = Stock::start(&origin, &app.inside().vkey);
        let both = file(stranger.path(), 2, &[(&witness.vkey, &witness.url), (&other.vkey, &other.url)]);
        let (code, found) = exhibit.verify(&["--witnesses", both.to_str().unwrap()]);
        assert_eq!((code, &found["problems"][0]["code"]), (Some(1), &json!("quorum-missing")), "{found}");

        // A head that the true key signed, of another history: the witness refuses, whatever the key.
        let key = DataFolder(app.folder.clone()).checkpoint_key_for(&origin).unwrap();
        let fork = |size| key.sign(size, Hash([7; 32]));
        let honest = app.client().get(&format!("/v1/log/proof/consistency/{first}/{second}")).text().to_owned();
        assert_eq!(witness.add(&honest).0, 409, "it signed a later head meanwhile");
        let (status, _) = witness.add(&format!("old {second}\n\n{}", fork(second)));
        assert!(matches!(status, 409 | 422), "another root of this size: {status}");
        assert_eq!(witness.add(&format!("old {second}\n\n{}", fork(second + 1))).0, 422, "no proof");
        assert_eq!(witness.add(&format!("old {first}\n\n{}", fork(second + 1))), (409, format!("{second}\n")));
        let elsewhere = head.replacen(&origin, "elsewhere.example/log", 1);
        assert_eq!(witness.add(&format!("old 0\n\n{elsewhere}")).0, 404, "a log that it does not know");
    }
}

on_both! {
    fn a_log_that_went_back_is_told_by_its_witness(app) {
        app.will_be_tampered_with();
        let origin = app.inside().installation.origin.clone();
        let witness = Stock::start(&origin, &app.inside().vkey);
        let settings = read(&file(witness.home.path(), 1, &[(&witness.vkey, &witness.url)])).unwrap();
        signed(app);
        app.halt();
        let backup = Sql::open(&app.database).dump();
        app.restart();
        vary(app, "之后");
        signed(app);
        assert_eq!(ask(app, &settings).signed, 1);
        app.halt();
        let mut sql = Sql::open(&app.database);
        sql.disarm();
        sql.restore(&backup);
        // What was known of witnesses is gone too, and so is the file that guards against this.
        sql.run("DELETE FROM log_cosignatures").unwrap();
        drop(sql);
        std::fs::remove_file(app.folder.join("log-head")).unwrap();
        app.restart();
        assert_eq!(ask(app, &settings), Round { signed: 0, refused: 1, quorum: false }, "it knows a later head");
        vary(app, "分叉");
        vary(app, "更长");
        signed(app);
        assert_eq!(ask(app, &settings), Round { signed: 0, refused: 1, quorum: false }, "no proof leads from the head that it knows");
        assert_eq!(app.inside().witnessed.refused.load(Ordering::Relaxed), 2);
        let metrics = app.client().send("GET", "/metrics", &[], b"");
        assert!(metrics.text().contains("whitelist_witness_refusals_total 2"), "{}", metrics.text());
    }
}

/// Answers one request with a body, whatever is asked.
fn answer_once(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = BufReader::new(stream.try_clone().unwrap());
        let mut length = 0;
        loop {
            let mut line = String::new();
            request.read_line(&mut line).unwrap();
            if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                length = given.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        request.read_exact(&mut vec![0; length]).unwrap();
        let response =
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        stream.write_all(response.as_bytes()).unwrap();
    });
    format!("http://{address}")
}

on_both! {
    fn a_witness_that_is_wrong_or_away_is_in_nobodys_way(app) {
        let origin = app.inside().installation.origin.clone();
        let witness = Stock::start(&origin, &app.inside().vkey);
        let (_, note) = signed(app);
        let impostor = Stock::start(&origin, &app.inside().vkey);
        let (status, line) = impostor.add(&format!("old 0\n\n{note}"));
        assert_eq!(status, 200);
        let folder = witness.home.path().to_path_buf();
        let refused = [answer_once("200 OK", line), answer_once("200 OK", String::new()), answer_once("403 Forbidden", String::new())];
        for url in &refused {
            let settings = read(&file(&folder, 1, &[(&witness.vkey, url)])).unwrap();
            assert_eq!(ask(app, &settings), Round { signed: 0, refused: 1, quorum: false }, "{url}");
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let away = [format!("http://{free}"), answer_once("503 Service Unavailable", String::new())];
        for url in &away {
            let settings = read(&file(&folder, 1, &[(&witness.vkey, url)])).unwrap();
            assert_eq!(ask(app, &settings), Round::default(), "{url}");
        }
        assert_eq!(signed(app).1, note, "nothing was kept");
        vary(app, "照常");
        assert_ne!(signed(app).1, note);

        let usage = whitelist(&["log", "verify", "--export", "x", "--witnesses", "/nowhere"]);
        assert_eq!(usage.status.code(), Some(2));
        let page: Value = app.auditor().get("/v1/log/checkpoints?limit=200").json();
        assert!(page["items"].as_array().unwrap().iter().all(|head| !head["note"].as_str().unwrap().contains("witness.example")));
    }
}
