//! The guides, of the integrator, of casework and of whoever verifies the log: every fenced block runs exactly as printed, in order, against a demo with
//! fresh data.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// The demo in a process of its own.
pub struct Demo {
    child: Child,
    /// Where it listens, `127.0.0.1:PORT`.
    pub address: String,
}

impl Demo {
    /// Starts the demo over a data folder and waits until it is ready.
    pub fn start(data: &Path, listen: &str, database: Option<&str>) -> Self {
        Self::start_with(data, listen, database, &[])
    }

    /// The same with settings from the environment.
    pub fn start_with(data: &Path, listen: &str, database: Option<&str>, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
        command.env_clear().envs(settings.iter().copied()).args(["demo", "--listen", listen, "--data"]).arg(data);
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = channel();
        // Read to its end, so that the process never waits for us.
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if let Some(rest) = line.strip_prefix("whitelist demo is ready on http://") {
                    let _ = tell.send(rest.split(' ').next().unwrap().to_owned());
                }
            }
        });
        match told.recv_timeout(Duration::from_secs(60)) {
            Ok(address) => Self { child, address },
            Err(_) => {
                child.kill().unwrap();
                panic!("the demo did not become ready: {:?}", child.wait());
            }
        }
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success() && self.child.wait().unwrap().success(), "the demo did not end well");
    }

    /// SIGKILL: no signal handler, no destructor, no flush.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The blocks that a reader copies.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match line {
            "```sh" => {
                open = true;
                blocks.push(String::new());
            }
            "```" => open = false,
            _ if open => *blocks.last_mut().unwrap() += &format!("{line}\n"),
            _ => {}
        }
    }
    blocks
}

/// Runs a page; returns what it said, and the folder it ran in.
fn run(page: &str, least: usize) -> (String, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let demo = Demo::start(&data, "127.0.0.1:0", None);
    let programs = Path::new(env!("CARGO_BIN_EXE_whitelist")).parent().unwrap().display();
    // Where `tools/install.sh test` puts what comes from PyPI.
    let packages = crate::log::verifiers::installed().join("venv/bin");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).unwrap();
    let blocks = blocks(&text);
    assert!(blocks.len() >= least, "{page} has {} blocks", blocks.len());
    let script: String = blocks.iter().map(|block| format!("{block}\necho\n")).collect();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(home.path())
        .env("PATH", format!("{programs}:{}:{}", packages.display(), std::env::var("PATH").unwrap()))
        .env("WL", format!("http://{}", demo.address))
        .env("WHITELIST_DATA", &data)
        .env("PYTHON", crate::log::verifiers::installed().join("venv/bin/python"))
        .env("GOCACHE", crate::log::verifiers::installed().join("go-cache"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{page}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    (said, home)
}

fn integrates(page: &str) {
    let (said, home) = run(page, 17);
    let counts = r#""counts":{"matched":4,"missing_here":1,"missing_there":0,"different":0}"#;
    assert!(said.contains(counts), "{page}: the reconciliation found something else: {said}");
    assert!(said.contains(r#""booked":1,"refused":0"#), "{page}: the correction was not booked: {said}");
    assert!(said.contains("Both sides hold the same."), "{page}: {said}");
    // It stands behind what curl printed without a line end.
    let digest = said.lines().find_map(|line| line.strip_suffix("  -")).unwrap();
    let digest = &digest[digest.len() - 64..];
    assert_eq!(
        said.matches(&format!("\"digest\":\"sha256:{digest}\"")).count(),
        2,
        "{page}: the digests differ: {said}"
    );
    assert!(said.contains("the digest agrees") && said.contains("event: changes"), "{page}: {said}");
    // The first line names the revision, which the service's own entries may have raised meanwhile.
    let lines = |file: &str| {
        let text = std::fs::read_to_string(home.path().join(file)).unwrap();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines("list.ndjson"), lines("copy.ndjson"), "{page}");
    assert!(std::fs::metadata(home.path().join("differences.xlsx")).unwrap().len() > 1_000);
}

#[test]
fn the_english_page_runs_as_printed() {
    integrates("customs-integration.md");
}

#[test]
fn the_chinese_page_runs_as_printed() {
    integrates("customs-integration.zh-CN.md");
}

/// What a receipt proves, with our program and with one that is not ours.
fn proves(page: &str) {
    let python = crate::log::verifiers::installed().join("venv/bin/python3");
    assert!(python.exists(), "run tools/install.sh test: it makes {}", python.display());
    let (said, _) = run(page, 6);
    assert!(said.matches("OK       signed with EdDSA by key").count() >= 2, "{page}: {said}");
    assert!(said.lines().any(|line| line.starts_with("lkp_") && line.contains(" denied ")), "{page}: {said}");
}

#[test]
fn the_page_of_receipts_runs_as_printed() {
    proves("receipts.md");
}

#[test]
fn the_chinese_page_of_receipts_runs_as_printed() {
    proves("receipts.zh-CN.md");
}

/// What casework ends with: the listing that customs finds, under its conditions, and the public notice of it.
fn lists(page: &str) {
    let (said, home) = run(page, 10);
    for what in [
        r#""state":"asked""#,
        r#""state":"in_opinion""#,
        r#""state":"decided""#,
        r#""verdict":"allowed""#,
        r#""approved":{"quantity":"2","unit":"036"}"#,
        r#""conditions":"专库存放，双人双锁""#,
        r#""kind":"batch_published""#,
    ] {
        assert!(said.contains(what), "{page} does not say {what}: {said}");
    }
    for file in ["letter.html", "notice.html"] {
        let text = std::fs::read_to_string(home.path().join(file)).unwrap();
        assert!(text.contains("2937210000"), "{page}: {file}: {text}");
    }
}

#[test]
fn the_casework_page_runs_as_printed() {
    lists("casework.md");
}

#[test]
fn the_chinese_casework_page_runs_as_printed() {
    lists("casework.zh-CN.md");
}

/// What a stranger finds: four programs that accept the log, and the suspension.
fn verifies(page: &str) {
    let (said, home) = run(page, 6);
    for what in ["sumdb: ", "pymerkle: ", "openssl: entry ", "OK: the log is whole", "\"type\":\"listing.suspended\""] {
        assert!(said.contains(what), "{page} does not say {what}: {said}");
    }
    assert!(!said.contains("REJECTED"), "{page}: {said}");
    assert!(home.path().join("wl-head").exists(), "{page}");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).unwrap();
    for driver in ["verify.go", "root.py", "entry.sh"] {
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verifiers").join(driver);
        let driver = std::fs::read_to_string(driver).unwrap();
        assert!(text.contains(&driver), "{page} prints another driver than the tests run");
    }
}

#[test]
fn the_page_for_verifiers_runs_as_printed() {
    verifies("verify.md");
}

#[test]
fn the_chinese_page_for_verifiers_runs_as_printed() {
    verifies("verify.zh-CN.md");
}

/// The recipe of the page holds for the message that it prints, with a program that is not ours.
#[test]
fn the_pages_of_webhooks_run_as_printed() {
    for page in ["webhooks.md", "webhooks.zh-CN.md"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).unwrap();
        let (home, script) = (tempfile::tempdir().unwrap(), blocks(&text).concat());
        let run =
            Command::new("bash").args(["-euo", "pipefail", "-c", &script]).current_dir(home.path()).output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success() && said.contains("Signature Verified Successfully"), "{page}: {said}");
        let value =
            |name: &str| script.split_once(&format!("{name}='")).unwrap().1.split_once('\'').unwrap().0.to_owned();
        let key = whitelist::domain::webhook::signature::read_public(&value("KEY")).unwrap();
        let (id, at, signature, body) = (value("ID"), value("TIMESTAMP"), value("SIGNATURE"), value("BODY"));
        let verify = whitelist::domain::webhook::signature::verify;
        assert_eq!(verify(&[key], (&id, &at, &signature), body.as_bytes(), at.parse().unwrap()), Ok(()));
    }
}

#[test]
fn both_pages_print_the_same_requests() {
    let read =
        |page: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).unwrap();
    let commands = |page: &str| -> Vec<String> {
        let lines = blocks(&read(page)).concat();
        lines.lines().filter(|line| line.contains("curl") || line.contains("/v1/")).map(str::to_owned).collect()
    };
    for page in ["customs-integration", "casework", "verify", "webhooks"] {
        assert_eq!(commands(&format!("{page}.md")), commands(&format!("{page}.zh-CN.md")));
    }
}
