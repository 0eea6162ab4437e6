//! What `/v1/log/` hands out: signed heads, tiles, bundles, proofs and the archive, each byte held against the others.

use crate::support::app::TestApp;
use crate::support::on_both;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, digest};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, Instant};
use whitelist::tlog::Hash;
use whitelist::tlog::checkpoint::{Checkpoint, CheckpointVerifier};
use whitelist::tlog::tiles::{TileKind, TilePath, split_bundle, width_at};
use whitelist::tlog::verify::LogCheck;

/// SHA-256 behind the digest traits that `ct_merkle` asks for.
#[derive(Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl digest::HashMarker for Sha256 {}

impl digest::Update for Sha256 {
    fn update(&mut self, data: &[u8]) {
        sha2::Digest::update(&mut self.0, data);
    }
}

impl digest::OutputSizeUser for Sha256 {
    type OutputSize = ct_merkle::array::sizes::U32;
}

impl digest::FixedOutput for Sha256 {
    fn finalize_into(self, out: &mut digest::Output<Self>) {
        out.copy_from_slice(&sha2::Digest::finalize(self.0));
    }
}

/// The newest signed head, once it covers every entry: its size and its note.
pub fn signed(app: &TestApp) -> (u64, String) {
    let head = u64::try_from(app.inside().head().unwrap().0).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(signed) = app.inside().store.read(whitelist::app::log::newest).unwrap()
            && signed.size == head
        {
            return (signed.size, signed.note);
        }
        assert!(Instant::now() < deadline, "nothing is signed");
        std::thread::yield_now();
    }
}

/// Numbers of every listing.
fn listings(app: &TestApp) -> Vec<String> {
    let page = app.auditor().get("/v1/listings?limit=200").json();
    let items = page["items"].as_array().unwrap().iter();
    items.filter(|item| item["status"] == "in_force").map(|item| item["number"].as_str().unwrap().to_owned()).collect()
}

/// Suspends one listing and varies all, until the log has more than one tile; returns the suspended one. Every step is
/// signed before the next: however fast the machine is, there are several heads.
pub fn told(app: &TestApp) -> String {
    let listings = listings(app);
    let suspended = listings[3].clone();
    app.change(json!([{ "kind": "suspend", "listing": suspended, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }]));
    for round in 0.. {
        signed(app);
        if app.inside().head().unwrap().0 > 300 {
            break;
        }
        let vary = |listing: &String| json!({ "kind": "vary", "listing": listing, "effective_on": "2026-08-12", "set": { "note": format!("第 {round} 次") }, "reason": { "code": "other", "basis": "演练" } });
        app.change(listings.iter().filter(|listing| **listing != suspended).map(vary).collect());
    }
    suspended
}

fn verified(app: &TestApp, note: &str) -> Checkpoint {
    CheckpointVerifier::parse(app.client().get("/v1/log/vkey").text().trim()).unwrap().verify(note).unwrap()
}

fn root(checkpoint: &Checkpoint) -> RootHash<Sha256> {
    RootHash::new(checkpoint.root.0.into(), checkpoint.size)
}

/// The hashes of a proof, behind its first lines, and the signed head under it.
fn proof(text: &str, lines: usize) -> (Vec<u8>, &str) {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let (path, note) = text.split_once("\n\n").unwrap();
    (path.lines().skip(lines).flat_map(|line| STANDARD.decode(line).unwrap()).collect(), note)
}

fn demanded(size: u64) -> Vec<TilePath> {
    let kinds = std::iter::once((TileKind::Entries, 0)).chain((0..8).map(|level| (TileKind::Hashes(level), level)));
    let paths = kinds.flat_map(|(kind, level)| {
        let tiles = (0..).map(move |index| TilePath { kind, index, width: width_at(level, index, size) });
        tiles.take_while(|path| path.width > 0)
    });
    paths.collect()
}

on_both! {
    fn a_stranger_reads_the_log_file_by_file_and_finds_it_whole(app) {
        told(app);
        let (size, note) = signed(app);
        let (public, auditor) = (app.client(), app.auditor());
        let served = public.get("/v1/log/checkpoint");
        assert_eq!((served.status, served.text()), (200, note.as_str()));
        assert_eq!((served.header("cache-control"), served.header("content-type")), (Some("no-cache"), Some("text/plain; charset=utf-8")));
        let head = verified(app, served.text());
        assert_eq!(head.size, size);

        let verifier = CheckpointVerifier::parse(&app.inside().vkey).unwrap();
        let mut check = LogCheck::new(verifier, None);
        let mut files = BTreeMap::new();
        for path in demanded(size) {
            let target = format!("/v1/log/{path}");
            let (caching, response) = match path.kind {
                TileKind::Entries => {
                    assert_eq!(public.get(&target).status, 401, "{target}");
                    assert_eq!(app.officer().get(&target).status, 403, "{target}");
                    ("private, max-age=31536000, immutable", auditor.get(&target))
                }
                TileKind::Hashes(_) => ("public, max-age=31536000, immutable", public.get(&target)),
            };
            assert_eq!((response.status, response.header("cache-control")), (200, Some(caching)), "{target}");
            match path.kind {
                TileKind::Hashes(level) => check.tile(level, path.index, &response.body),
                TileKind::Entries => {
                    let leaves = split_bundle(&response.body).unwrap();
                    assert_eq!(leaves.len(), usize::from(path.width), "{target}");
                    for (index, leaf) in (path.index * 256..).zip(leaves) {
                        check.entry(index, leaf, None);
                    }
                }
            }
            files.insert(path.to_string(), response.body);
        }
        assert!(files.contains_key("tile/1/000.p/1"), "there is a second level");
        check.checkpoint(size, &note);
        assert_eq!(check.finish(size, None), []);

        let first = public.get("/v1/log/tile/0/000.p/7");
        assert_eq!(first.body, files["tile/0/000"][..7 * 32], "a narrower tile is the beginning of the wider one");
        for beyond in ["tile/0/002", "tile/0/001", "tile/0/001.p/255", "tile/3/000.p/1", "tile/00/000", "tile/0/0", "tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/64/000", "tile/0/", "tile/data/000", "tile/-1/000"] {
            assert_eq!(public.get(&format!("/v1/log/{beyond}")).status, 404, "{beyond}");
        }
        assert_eq!(auditor.get("/v1/log/tile/entries/001").status, 404, "a bundle that is not full yet");
        assert_eq!(auditor.get("/v1/log/tile/entries/x001/x234/067").status, 404);

        let archive = auditor.get("/v1/log/export.tar");
        assert_eq!((archive.status, archive.header("content-type")), (200, Some("application/x-tar")));
        assert_eq!(auditor.get("/v1/log/export.tar").body, archive.body, "the same head gives the same bytes");
        let mut unpacked = BTreeMap::new();
        for file in tar::Archive::new(archive.body.as_slice()).entries().unwrap() {
            let mut file = file.unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            unpacked.insert(file.path().unwrap().to_str().unwrap().to_owned(), bytes);
        }
        files.insert("checkpoint".to_owned(), note.clone().into_bytes());
        files.insert("vkey".to_owned(), public.get("/v1/log/vkey").body);
        let heads = unpacked.remove("checkpoints/000000.jsonl").unwrap();
        assert_eq!(unpacked, files);
        let page = auditor.get("/v1/log/checkpoints?limit=200").json();
        let lines: Vec<serde_json::Value> = heads.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_slice(line).unwrap()).collect();
        assert_eq!(page["items"].as_array().unwrap(), &lines);
        assert_eq!(lines.last().unwrap()["note"], note.as_str());
    }
}

on_both! {
    fn proofs_convince_another_implementation(app) {
        told(app);
        let (size, note) = signed(app);
        let head = verified(app, &note);
        let (public, auditor) = (app.client(), app.auditor());
        let leaf = |index: u64| {
            let path = TilePath { kind: TileKind::Entries, index: index / 256, width: width_at(0, index / 256, size) };
            let bundle = auditor.get(&format!("/v1/log/{path}")).body;
            split_bundle(&bundle).unwrap()[usize::try_from(index % 256).unwrap()].to_vec()
        };
        for index in [0, 1, 100, 255, 256, size - 1] {
            let response = public.get(&format!("/v1/log/proof/inclusion/{index}"));
            assert_eq!(response.status, 200);
            let text = response.text();
            assert!(text.starts_with(&format!("c2sp.org/tlog-proof@v1\nindex {index}\n")), "{text}");
            let (hashes, under) = proof(text, 2);
            assert_eq!(under, note);
            let path = InclusionProof::<Sha256>::try_from_bytes(hashes).unwrap();
            root(&head).verify_inclusion(&leaf(index), index, &path).unwrap();
            assert!(root(&head).verify_inclusion(&leaf((index + 1) % size), index, &path).is_err());
        }
        for missing in [size.to_string(), "01".to_owned(), "-1".to_owned(), "x".to_owned(), "18446744073709551616".to_owned()] {
            assert_eq!(public.get(&format!("/v1/log/proof/inclusion/{missing}")).status, 404, "{missing}");
        }

        let heads = auditor.get("/v1/log/checkpoints?limit=200").json();
        let heads = heads["items"].as_array().unwrap();
        assert!(heads.len() > 2, "{heads:?}");
        for old in heads {
            let old = verified(app, old["note"].as_str().unwrap());
            let response = public.get(&format!("/v1/log/proof/consistency/{}/{size}", old.size));
            assert!(response.text().starts_with(&format!("old {}\n", old.size)));
            let (hashes, under) = proof(response.text(), 1);
            assert_eq!(under, note);
            if old.size < size {
                let path = ConsistencyProof::<Sha256>::try_from_bytes(hashes).unwrap();
                root(&head).verify_consistency(&root(&old), &path).unwrap();
                let forged = Checkpoint { root: Hash([1; 32]), ..old };
                assert!(root(&head).verify_consistency(&root(&forged), &path).is_err());
            } else {
                assert_eq!(hashes, Vec::<u8>::new());
            }
        }
        assert_eq!(public.get(&format!("/v1/log/proof/consistency/0/{size}")).text(), format!("old 0\n\n{note}"));
        for (old, new) in [(size + 1, size), (1, size + 1), (0, 0)] {
            assert_eq!(public.get(&format!("/v1/log/proof/consistency/{old}/{new}")).status, 404, "{old} {new}");
        }
    }
}
