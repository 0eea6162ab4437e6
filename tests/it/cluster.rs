//! What `tools/cluster.sh` (`make cluster`) starts from its parts: a primary with its standby, two nodes and nginx.

use super::kill::Person;
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use whitelist::cli::demo_issuer::DemoIssuer;
use whitelist::clock::Clock;
use whitelist::domain::actor::Role;

/// An enterprise of the samples that is asked about.
const ENTERPRISE: &str = "91110302XFXTR00172";

/// The question about it.
pub fn lookup() -> String {
    let today = Clock::system().now().day();
    format!(
        "/v1/lookup?enterprise={ENTERPRISE}&hs_code=3004909099&cas=27262-47-1&quantity=20&unit=142&customs_office=0101&declared_on={today}"
    )
}

/// What `make cluster` starts from its parts: through nginx everything goes on while nodes are replaced and the primary crashes.
#[test]
fn the_parts_of_an_installation_work_together() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/cluster.sh");
    let mut cluster = Command::new(script)
        .arg(env!("CARGO_BIN_EXE_whitelist"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(cluster.stdout.take().unwrap()).lines().map_while(Result::ok);
    let (mut data, mut nginx) = (None, None);
    while nginx.is_none() {
        let line = lines.next().expect("the cluster starts; tools/install.sh test installs what it needs");
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["node", "1", _, "data", folder] => data = Some(PathBuf::from(folder)),
            ["cluster", "is", "ready", "on", url, ..] => nginx = Some(url["http://".len()..].parse().unwrap()),
            _ => {}
        }
    }
    let (nginx, issuer) = (nginx.unwrap(), DemoIssuer::load_or_create(&data.unwrap()).unwrap());
    let mut act = |verb: &str| {
        writeln!(cluster.stdin.as_mut().unwrap(), "{verb}").unwrap();
        assert_eq!(lines.next().unwrap(), format!("done {}", verb.split(' ').next().unwrap()));
    };
    let over = AtomicBool::new(false);
    let question = lookup();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let customs = Person::new(nginx, &issuer, Role::CustomsLookup, "0101", "asking");
            let mut count = 0;
            while !over.load(Ordering::SeqCst) {
                let (status, _, body) = customs.send("GET", &question, &[], b"").expect("nginx answers");
                assert_eq!(status, 200, "{body}");
                count += 1;
            }
            count
        });
        // Not one lookup fails while both nodes are replaced, one after the other, nor in a failover shorter than the bound.
        act("restart 1");
        act("restart 2");
        act("failover");
        over.store(true, Ordering::SeqCst);
        assert!(asking.join().unwrap() > 100);
    });
    let officer = Person::new(nginx, &issuer, Role::BureauOfficer, "bj-commerce", "officer");
    let change = json!([{ "kind": "suspend_enterprise", "enterprise": ENTERPRISE, "effective_on": Clock::system().now().day().to_string(), "reason": { "code": "risk_found" } }]);
    let body = json!({ "scheme": "beijing-2022", "changes": change }).to_string();
    let begun = Instant::now();
    loop {
        match officer.send("POST", "/v1/adjustments", &[("Content-Type", "application/json")], body.as_bytes()) {
            Some((201, _, _)) => break,
            other => assert!(begun.elapsed() < Duration::from_secs(30), "writes did not resume: {other:?}"),
        }
    }
    act("quit");
    assert!(cluster.wait().unwrap().success());
}
