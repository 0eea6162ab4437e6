//! Programs that we did not write verify an export of a real story, and reject it when it was tampered with.
//!
//! The drivers in `tests/verifiers` read files and call libraries: `golang.org/x/mod/sumdb` (the Go authors), `pymerkle`
//! and `sigstore` from PyPI, `openssl`; `ct-merkle` is a crate. Who must reject which tampering is the table below; each
//! rejects exactly what lies in what it reads.

use super::outside::{Exhibit, last, whitelist};
use super::read::{Sha256, signed, told};
use crate::support::app::{Database, TestApp, Tuning};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use whitelist::tlog::tiles::{bundle, split_bundle};

const DRIVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verifiers");

/// The folder where `tools/install.sh test` puts what is not of the system.
pub fn installed() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("verifiers")
}

/// Builds the driver of `sumdb`.
fn sumdb(into: &Path) -> PathBuf {
    let program = into.join("verify");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(format!("{DRIVERS}/verify.go"))
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", installed().join("go-cache"))
        .output()
        .expect("Go is there; else run tools/install.sh test");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    program
}

fn python(driver: &str, args: &[&Path]) -> Command {
    let python = installed().join("venv/bin/python");
    assert!(python.exists(), "{} is missing; run tools/install.sh test", python.display());
    let mut command = Command::new(python);
    command.arg(format!("{DRIVERS}/{driver}")).args(args);
    command
}

/// What ct-merkle says of the entries: whether they have the root that the head states.
fn has_the_stated_root(exhibit: &Exhibit) -> bool {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let head = exhibit.text("checkpoint");
    let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for file in ["tile/entries/000".to_owned(), format!("tile/entries/{}", last(exhibit, "tile/entries"))] {
        let Ok(bytes) = std::fs::read(exhibit.folder.join(file)) else { return false };
        split_bundle(&bytes).unwrap().into_iter().for_each(|leaf| tree.push(leaf.to_vec()));
    }
    let lines: Vec<&str> = head.lines().collect();
    lines[1] == tree.len().to_string() && lines[2] == STANDARD.encode(tree.root().as_bytes())
}

/// Every verifier by name, with what it says.
fn judge(exhibit: &Exhibit, sumdb: &Path) -> Vec<(&'static str, bool, String)> {
    let (leaf, proof) = (exhibit.folder.join("entry.leaf"), exhibit.folder.join("entry.tlog-proof"));
    let vkey = &exhibit.vkey;
    let mut go = Command::new(sumdb);
    go.arg(&exhibit.folder).arg(vkey);
    let mut shell = Command::new(format!("{DRIVERS}/entry.sh"));
    shell.args([vkey, &leaf, &proof]);
    let programs = [
        ("sumdb", go),
        ("pymerkle", python("root.py", &[&exhibit.folder])),
        ("sigstore", python("entry.py", &[vkey, &leaf, &proof])),
        ("openssl", shell),
    ];
    let mut said: Vec<(&str, bool, String)> = std::thread::scope(|scope| {
        let running: Vec<_> = programs
            .into_iter()
            .map(|(name, mut command)| scope.spawn(move || (name, command.output().unwrap())))
            .collect();
        let ended = running.into_iter().map(|thread| thread.join().unwrap());
        ended
            .map(|(name, Output { status, stdout, stderr })| {
                let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
                // Who falls over has not rejected.
                assert_eq!(status.success(), !text.contains("REJECTED"), "{name} fell over: {text}");
                (name, status.success(), text)
            })
            .collect()
    });
    let ours =
        whitelist(&["log", "verify", "--export", exhibit.folder.to_str().unwrap(), "--vkey", vkey.to_str().unwrap()]);
    assert!(matches!(ours.status.code(), Some(0 | 1)), "{ours:?}");
    said.push(("whitelist", ours.status.success(), String::from_utf8_lossy(&ours.stdout).into_owned()));
    said.push(("ct-merkle", has_the_stated_root(exhibit), String::new()));
    said
}

/// Changes the entries of the first bundle.
fn entries(exhibit: &Exhibit, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    exhibit.edit("tile/entries/000", |bytes| {
        let mut leaves: Vec<Vec<u8>> = split_bundle(bytes).unwrap().into_iter().map(<[u8]>::to_vec).collect();
        change(&mut leaves);
        *bytes = bundle(leaves.iter().map(Vec::as_slice)).unwrap();
    });
}

/// Changes a head wherever it stands: alone, and under the proof.
fn heads(exhibit: &Exhibit, change: impl Fn(&str) -> String) {
    let head = exhibit.text("checkpoint");
    let other = change(&head);
    assert_ne!(head, other);
    let proof = exhibit.text("entry.tlog-proof").replace(&head, &other);
    assert!(proof.ends_with(&other));
    std::fs::write(exhibit.folder.join("entry.tlog-proof"), proof).unwrap();
    std::fs::write(exhibit.folder.join("checkpoint"), other).unwrap();
}

/// Replaces a line of a head.
fn line(head: &str, place: usize, other: impl FnOnce(&str) -> String) -> String {
    let mut lines: Vec<String> = head.split('\n').map(str::to_owned).collect();
    lines[place] = other(&lines[place]);
    lines.join("\n")
}

/// Exchanges one character of Base64 by another.
fn flipped(text: &str, at: usize) -> String {
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// A tampering: its name, what it does, and who must reject it.
type Tampering = (&'static str, fn(&Exhibit), &'static [&'static str]);

const TAMPERINGS: &[Tampering] = &[
    (
        "one bit of the entry",
        |exhibit| {
            let leaf = std::fs::read(exhibit.folder.join("entry.leaf")).unwrap();
            entries(exhibit, |leaves| leaves.iter_mut().find(|known| **known == leaf).unwrap()[40] ^= 1);
            exhibit.edit("entry.leaf", |leaf| leaf[40] ^= 1);
        },
        &["sumdb", "pymerkle", "sigstore", "openssl", "whitelist", "ct-merkle"],
    ),
    (
        "two entries swapped",
        |exhibit| entries(exhibit, |leaves| leaves.swap(10, 11)),
        &["sumdb", "pymerkle", "whitelist", "ct-merkle"],
    ),
    (
        "an entry taken out",
        |exhibit| entries(exhibit, |leaves| drop(leaves.remove(99))),
        &["sumdb", "pymerkle", "whitelist", "ct-merkle"],
    ),
    (
        "an entry put in",
        |exhibit| entries(exhibit, |leaves| leaves.insert(99, leaves[98].clone())),
        &["sumdb", "pymerkle", "whitelist", "ct-merkle"],
    ),
    (
        "the tail cut off",
        |exhibit| {
            let file = format!("tile/entries/{}", last(exhibit, "tile/entries"));
            exhibit.edit(&file, |bytes| {
                let mut leaves = split_bundle(bytes).unwrap();
                leaves.pop();
                *bytes = bundle(leaves).unwrap();
            });
        },
        &["sumdb", "pymerkle", "whitelist", "ct-merkle"],
    ),
    (
        "a bundle missing",
        |exhibit| std::fs::remove_file(exhibit.folder.join("tile/entries/000")).unwrap(),
        &["sumdb", "pymerkle", "whitelist", "ct-merkle"],
    ),
    ("one bit of a leaf's hash", |exhibit| exhibit.edit("tile/0/000", |tile| tile[3200] ^= 1), &["sumdb", "whitelist"]),
    (
        "one bit of a node's hash",
        |exhibit| exhibit.edit("tile/1/000.p/1", |tile| tile[0] ^= 1),
        &["sumdb", "whitelist"],
    ),
    (
        "a tile missing",
        |exhibit| std::fs::remove_file(exhibit.folder.join("tile/0/000")).unwrap(),
        &["sumdb", "whitelist"],
    ),
    (
        "the size of the head",
        |exhibit| heads(exhibit, |head| line(head, 1, |size| (size.parse::<u64>().unwrap() - 1).to_string())),
        &["sumdb", "pymerkle", "sigstore", "openssl", "whitelist", "ct-merkle"],
    ),
    (
        "the root of the head",
        |exhibit| heads(exhibit, |head| line(head, 2, |root| flipped(root, 7))),
        &["sumdb", "pymerkle", "sigstore", "openssl", "whitelist", "ct-merkle"],
    ),
    (
        "the signature of the head",
        |exhibit| heads(exhibit, |head| line(head, 4, |line| flipped(line, line.len() - 20))),
        &["sumdb", "sigstore", "openssl", "whitelist"],
    ),
    (
        "the origin of the head",
        |exhibit| heads(exhibit, |head| line(head, 0, |origin| format!("{origin}s"))),
        &["sumdb", "sigstore", "openssl", "whitelist"],
    ),
    (
        "another key",
        |exhibit| {
            use whitelist::tlog::checkpoint::{CheckpointKey, Origin};
            let origin = Origin::parse(exhibit.text("checkpoint").lines().next().unwrap()).unwrap();
            let other = CheckpointKey::from_seed(&[9; 32], origin).vkey();
            std::fs::write(&exhibit.vkey, other).unwrap();
        },
        &["sumdb", "sigstore", "openssl", "whitelist"],
    ),
    (
        "a hash of the proof",
        |exhibit| {
            let proof = line(&exhibit.text("entry.tlog-proof"), 3, |hash| flipped(hash, 7));
            std::fs::write(exhibit.folder.join("entry.tlog-proof"), proof).unwrap();
        },
        &["sigstore", "openssl"],
    ),
];

#[test]
fn programs_of_others_accept_the_log_and_reject_a_tampered_one() {
    // With a line of SM2 under each head, which every one of them must pass over; the pages of docs/verify are run without.
    let app = TestApp::start_tuned(Database::Sqlite, Tuning { national: true, ..Tuning::default() });
    let suspended = told(&app);
    signed(&app);
    let entries =
        app.auditor().get(&format!("/v1/log/entries?type=listing.suspended&entity=listing:{suspended}")).json();
    let index = entries["items"][0]["index"].to_string();
    let exhibit = || {
        let exhibit = Exhibit::of(&app);
        let archive = exhibit.archive.to_str().unwrap();
        let leaf = whitelist(&["log", "show", &index, "--leaf", "--export", archive]).stdout;
        let proof = whitelist(&["log", "proof", &index, "--export", archive]).stdout;
        std::fs::write(exhibit.folder.join("entry.leaf"), leaf).unwrap();
        std::fs::write(exhibit.folder.join("entry.tlog-proof"), proof).unwrap();
        exhibit
    };
    let whole = exhibit();
    let sumdb = sumdb(whole.home.path());
    for (name, accepts, said) in judge(&whole, &sumdb) {
        assert!(accepts, "{name} rejects the true log: {said}");
        assert!(said.is_empty() || said.contains(name) || name == "whitelist", "{name}: {said}");
    }
    for (tampering, tamper, by) in TAMPERINGS {
        let exhibit = exhibit();
        tamper(&exhibit);
        let said = judge(&exhibit, &sumdb);
        let rejecting: BTreeSet<&str> =
            said.iter().filter(|(_, accepts, _)| !accepts).map(|(name, ..)| *name).collect();
        assert_eq!(rejecting, by.iter().copied().collect(), "{tampering}: {said:#?}");
    }
    let wanted = ["listing", "listing.suspended", suspended.as_str()].map(Path::new);
    let found = python("root.py", &[&[whole.folder.as_path()], &wanted[..]].concat()).output().unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    assert!(found.contains(&format!("entry {index}: {{")) && found.contains(r#""new":{"p":"suspended"}"#), "{found}");
}
