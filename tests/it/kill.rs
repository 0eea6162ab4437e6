//! kill -9 at any moment: what was acknowledged is there after the restart, nothing is there by half, and the log
//! verifies.
//!
//! The real binary runs the demo; four clients change the list while a long spreadsheet is imported and confirmed. The
//! moments of the kills are counted in acknowledgements, so that a slow machine is killed at the same places.

use crate::support::client::Client;
use crate::support::contract::Contract;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use whitelist::cli::demo_issuer::DemoIssuer;
use whitelist::clock::Clock;
use whitelist::domain::actor::Role;
use whitelist::domain::code::Uscc;

const CLIENTS: usize = 4;
const ROWS: usize = 2_000;

/// The demo in a process of its own.
struct Demo {
    child: Child,
    address: SocketAddr,
}

impl Demo {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
        command.env_clear().args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        // Read to its end, so that the process never waits for us.
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if let Some(rest) = line.strip_prefix("whitelist demo is ready on http://") {
                    tell.send(rest.split(' ').next().unwrap().parse().unwrap()).unwrap();
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

    /// SIGKILL: no signal handler, no destructor, no flush.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Killed already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who works with the demo; what it sends and gets is held against the contract.
pub struct Person {
    client: Client,
    bearer: String,
}

impl Person {
    pub fn new(address: SocketAddr, issuer: &DemoIssuer, role: Role, org: &str, name: &str) -> Self {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let client = Client::new(address).observed_by(|exchange| Contract::get().check(exchange).unwrap());
        Self { client, bearer: format!("Bearer {}", issuer.mint(&[role], org, name, 3600, now, name)) }
    }

    /// Sends and returns status, ETag and body; none when the server is gone.
    pub fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<(u16, String, Value)> {
        let mut all = vec![("Authorization", self.bearer.as_str())];
        all.extend_from_slice(headers);
        let response = self.client.try_send(method, target, &all, body).ok()?;
        Some((response.status, response.header("etag").unwrap_or_default().to_owned(), response.json()))
    }

    /// The token, for a client that is none of these.
    pub fn token(&self) -> &str {
        self.bearer.strip_prefix("Bearer ").unwrap()
    }

    pub fn get(&self, target: &str) -> Value {
        let (status, _, body) = self.send("GET", target, &[], b"").unwrap();
        assert_eq!(status, 200, "{target}: {body}");
        body
    }
}

/// What a client knows of one adjustment.
#[derive(Debug, Clone)]
enum Known {
    /// Its proposal was acknowledged.
    Proposed,
    /// Its confirmation was acknowledged, with this revision.
    Confirmed(i64),
}

/// One acknowledgement: which adjustment, and what became known.
type Ack = (String, Known);

/// Proposes and confirms a change, telling what was acknowledged; says whether the server still answers.
fn change(
    officer: &Person,
    approver: &Person,
    target: &str,
    kind: &str,
    body: &[u8],
    tell: &Sender<Ack>,
) -> Option<()> {
    let (status, etag, proposed) = officer.send("POST", target, &[("Content-Type", kind)], body)?;
    assert_eq!(status, 201, "{proposed}");
    let id = proposed.get("id").or(proposed.get("adjustment")).unwrap().as_str().unwrap().to_owned();
    tell.send((id.clone(), Known::Proposed)).ok()?;
    let (status, _, confirmed) =
        approver.send("POST", &format!("/v1/adjustments/{id}/confirm"), &[("If-Match", &etag)], b"")?;
    assert_eq!(status, 200, "{confirmed}");
    tell.send((id, Known::Confirmed(confirmed["revision"].as_i64().unwrap()))).ok()
}

/// A made-up USCC whose last check character holds.
pub fn uscc(serial: usize) -> String {
    let whole = |check: char| Uscc::parse(&format!("91110108XFX{serial:05}0{check}")).ok();
    "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().find_map(whole).unwrap().to_string()
}

/// One change of two parts: an enterprise, and a suspension of it from the same day.
fn two_parts(uscc: &str, today: &str) -> Value {
    let reason = json!({ "code": "other", "basis": "演练" });
    json!({ "scheme": "beijing-2022", "changes": [
        { "kind": "register_enterprise", "uscc": uscc, "name_zh": "断电企业（合成）", "district": "110108", "reason": reason },
        { "kind": "bar_enterprise", "enterprise": uscc, "until": "2199-01-01", "effective_on": today, "reason": reason }
    ] })
}

/// A list of so many rows whose items nobody holds yet.
fn spreadsheet(round: usize, today: &str) -> String {
    let mut text = "统一社会信用代码,物品名称,商品编号,批准数量,计量单位,有效期起,有效期止\n".to_owned();
    for row in 0..ROWS {
        text += &format!("91110114XFXTR005XC,断电试剂{round}-{row},2941500000,1,克,{today},2199-01-01\n");
    }
    text
}

/// Everything that is to be there after a kill.
#[derive(Default)]
struct Expected {
    adjustments: BTreeMap<String, Known>,
    imports: BTreeSet<String>,
}

impl Expected {
    fn learn(&mut self, acks: &Receiver<Ack>, count: usize) {
        for (id, known) in acks.iter().take(count) {
            self.adjustments.insert(id, known);
        }
    }

    /// Everything acknowledged is there, and everything that is there is there whole.
    fn check(&self, auditor: &Person) {
        for (id, known) in &self.adjustments {
            let found = auditor.get(&format!("/v1/adjustments/{id}"));
            if let Known::Confirmed(revision) = known {
                assert_eq!(
                    (found["state"].as_str(), found["revision"].as_i64()),
                    (Some("confirmed"), Some(*revision)),
                    "{id} was acknowledged"
                );
            }
        }
        let mut after = String::new();
        let mut adjustments = Vec::new();
        loop {
            let page = auditor.get(&format!("/v1/adjustments?limit=200{after}"));
            adjustments.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|item| (item["id"].as_str().unwrap().to_owned(), item["state"].as_str().unwrap().to_owned())),
            );
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        for (id, state) in adjustments {
            let found = auditor.get(&format!("/v1/adjustments/{id}"));
            let changes = found["changes"].as_array().unwrap();
            let first = &changes[0];
            match first["kind"].as_str().unwrap() {
                "register_enterprise" => {
                    assert_eq!(changes.len(), 2, "{id}");
                    let uscc = first["uscc"].as_str().unwrap();
                    let (status, _, enterprise) =
                        auditor.send("GET", &format!("/v1/enterprises/{uscc}"), &[], b"").unwrap();
                    let there = if status == 200 {
                        Some(enterprise["barred_until"].as_str() == Some("2199-01-01"))
                    } else {
                        None
                    };
                    assert_eq!(
                        there,
                        (state == "confirmed").then_some(true),
                        "{id} is {state}, {uscc} is half done: {enterprise}"
                    );
                }
                "add" => {
                    assert_eq!(changes.len(), ROWS, "half a list was proposed: {id}");
                    let name = first["item"]["name_zh"].as_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
                    let listed = self.count(auditor, &format!("{name}-"));
                    assert_eq!(listed, if state == "confirmed" { ROWS } else { 0 }, "{id} is {state}");
                }
                other => panic!("{id} begins with {other}"),
            }
        }
    }

    fn count(&self, auditor: &Person, name: &str) -> usize {
        let (mut count, mut after) = (0, String::new());
        loop {
            let page = auditor.get(&format!("/v1/listings?limit=200&enterprise=91110114XFXTR005XC{after}"));
            count += page["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|item| item["item"]["name_zh"].as_str().unwrap().starts_with(name))
                .count();
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return count,
            }
        }
    }
}

fn verify(data: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_whitelist"))
        .env_clear()
        .args(["log", "verify", "--json", "--data"])
        .arg(data)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn what_was_acknowledged_survives_and_nothing_is_half_done() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let today = Clock::system().now().day().to_string();
    let mut demo = Demo::start(&data);
    let issuer = DemoIssuer::load_or_create(&data).unwrap();
    let mut expected = Expected::default();
    // While the file is read; while it is proposed; while it is confirmed; after that; and twice wherever it happens to be.
    let moments = [(false, 1), (false, 25), (true, 1), (true, 40), (false, 90), (false, 160)];
    for (round, (imported, acknowledgements)) in moments.into_iter().enumerate() {
        let (tell, acks) = channel();
        let (tell_import, import_acks) = channel();
        let address = demo.address;
        let person = |role, name: String| Person::new(address, &issuer, role, "bj-commerce", &name);
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (tell, today) = (tell.clone(), &today);
                let officer = person(Role::BureauOfficer, format!("officer-{client}"));
                let approver = person(Role::BureauApprover, format!("approver-{client}"));
                scope.spawn(move || {
                    for turn in 0.. {
                        let body = two_parts(&uscc(10_000 * (1 + round) + 1_000 * client + turn), today).to_string();
                        if change(&officer, &approver, "/v1/adjustments", "application/json", body.as_bytes(), &tell)
                            .is_none()
                        {
                            break;
                        }
                    }
                });
            }
            drop(tell);
            let (officer, approver) = (
                person(Role::BureauOfficer, "importer".to_owned()),
                person(Role::BureauApprover, "approver".to_owned()),
            );
            let file = spreadsheet(round, &today);
            scope.spawn(move || {
                change(&officer, &approver, "/v1/adjustments/import", "text/csv", file.as_bytes(), &tell_import)
            });
            if imported && let Ok((id, known)) = import_acks.recv() {
                expected.imports.insert(id.clone());
                expected.adjustments.insert(id, known);
            }
            expected.learn(&acks, acknowledgements);
            demo.kill();
            // What was acknowledged before the kill, and has not been read yet.
            expected.learn(&acks, usize::MAX);
            for (id, known) in import_acks {
                expected.imports.insert(id.clone());
                expected.adjustments.insert(id, known);
            }
        });
        verify(&data);
        demo = Demo::start(&data);
        expected.check(&Person::new(demo.address, &issuer, Role::Auditor, "bj-audit", "auditor"));
    }
    assert!(expected.imports.len() >= 2, "some imports were acknowledged: {:?}", expected.imports);
    assert!(expected.adjustments.values().filter(|known| matches!(known, Known::Confirmed(_))).count() > 100);
    demo.kill();
    verify(&data);
}
