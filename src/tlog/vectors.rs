//! Holds the log to fixed vectors, so that bytes once written are read for ever.
//!
//! Not a place for cases (those stand with the code). The vectors can be re-computed with
//! nothing but SHA-256, HMAC and Ed25519; a change here is a new format, never a repair.

use serde_json::{Value, json};

use super::{
    Hash,
    checkpoint::{CheckpointKey, Origin, parse_and_verify},
    commitment::commit,
    entry::{Entry, tests::full},
    merkle::{Frontier, leaf_hash},
};

fn vectors() -> Value {
    let entry = full().to_leaf().unwrap();
    let mut frontier = Frontier::new();
    let mut roots = vec![frontier.root().to_string()];
    for n in 0_u8..9 {
        frontier.append(leaf_hash(&[n]));
        roots.push(frontier.root().to_string());
    }
    let seed: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap());
    let salt: [u8; 32] = std::array::from_fn(|n| 0xff - u8::try_from(n).unwrap());
    let value = json!({"phone": "010-0000 0000", "name": "张三\n\u{7f}\u{1f9ec}"});
    let key = CheckpointKey::from_seed(&seed, Origin::parse("wl.example.gov.cn/log/main").unwrap());
    json!({
        "entry": { "leaf": String::from_utf8(entry.clone()).unwrap(), "leaf_hash": leaf_hash(&entry) },
        "commitment": { "salt": hex::encode(salt), "value": value, "commitment": commit(&salt, &value).unwrap() },
        "roots": { "leaves": "the single bytes 00, 01, … 08", "of_size": roots },
        "checkpoint": {
            "seed": hex::encode(seed),
            "origin": key.origin().as_str(),
            "size": 9,
            "root": frontier.root(),
            "vkey": key.vkey(),
            "note": key.sign(9, frontier.root()),
        },
    })
}

#[test]
fn the_bytes_are_the_golden_ones() {
    let golden: Value = serde_json::from_str(include_str!("../../tests/golden/log-vectors.json")).unwrap();
    let now = vectors();
    assert_eq!(golden, now, "the log's bytes are now\n{}", serde_json::to_string_pretty(&now).unwrap());
}

#[test]
fn the_golden_bytes_are_read() {
    let golden: Value = serde_json::from_str(include_str!("../../tests/golden/log-vectors.json")).unwrap();
    let text = |pointer: &str| golden.pointer(pointer).unwrap().as_str().unwrap();
    assert_eq!(Entry::from_leaf(text("/entry/leaf").as_bytes()).unwrap(), full());
    let checkpoint = parse_and_verify(text("/checkpoint/note"), text("/checkpoint/vkey")).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (9, Hash::parse(text("/roots/of_size/9")).unwrap()));
}
