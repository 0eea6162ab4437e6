//! The log goes on in a new shard, after a restored backup and with another key, and who knows the old key can follow.

use super::outside::{Exhibit, in_database, whitelist};
use super::sql::Sql;
use crate::lookups::{ask, question};
use crate::support::app::{TestApp, verify};
use crate::support::on_both;
use serde_json::{Value, json};

const ENTERPRISE: &str = "91110302XFXTR00172";

fn suspend(day: &str) -> Value {
    json!([{ "kind": "suspend_enterprise", "enterprise": ENTERPRISE, "effective_on": day, "reason": { "code": "risk_found" } }])
}

fn name(note: &str) -> &str {
    note.lines().next().unwrap()
}

/// Runs `log reshard` beside the halted service; returns what it said.
pub fn reshard(app: &TestApp, more: &[&str]) -> (Option<i32>, String) {
    let output = in_database(app, &[&["log", "reshard"], more].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

on_both! {
    fn after_a_restored_backup_the_log_goes_on_in_a_new_shard(app) {
        app.halt();
        let backup = Sql::open(&app.database).dump();
        app.restart();
        let receipt = app.customs().send("GET", &format!("/v1/lookup?enterprise={ENTERPRISE}&hs_code=3004909099&customs_office=0101&cas=27262-47-1"), &[("Accept", "application/jose")], b"");
        assert_eq!(receipt.status, 200, "{}", receipt.text());
        let jwks = app.client().get("/.well-known/jwks.json");
        app.change(suspend("2026-08-12"));
        let before = Exhibit::of(app);
        let seen = before.home.path().join("seen");
        let seen = seen.to_str().unwrap();
        assert_eq!(before.verify(&["--remember", seen]).0, Some(0));
        let shard = app.client().get("/v1/log/checkpoint").header("whitelist-log").unwrap().to_owned();
        app.halt();
        assert_eq!(reshard(app, &["--reason", "nothing happened"]).0, Some(1), "there is no cause");
        let published = std::fs::read_to_string(app.folder.join("log-head")).unwrap();
        let mut sql = Sql::open(&app.database);
        sql.disarm();
        sql.restore(&backup);
        drop(sql);
        app.restart();
        let refused = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": suspend("2026-08-12") }));
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert!(refused.json()["detail"].as_str().unwrap().contains("whitelist log reshard"), "{}", refused.text());
        app.halt();

        let (code, said) = reshard(app, &["--reason", "磁盘故障，由备份恢复 in May"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(reshard(app, &["--reason", "once more"]).0, Some(1), "there is no cause any more");
        app.restart();
        assert_eq!(app.change(suspend("2026-08-12")), app.settle().0, "changes are taken again");
        let stale = app.officer().send("GET", "/v1/enterprises", &[("Whitelist-Log", &shard)], b"");
        assert_eq!((stale.status, stale.json()["type"].as_str()), (409, Some("/problems/other-log")), "{}", stale.text());

        let found = app.auditor().get("/v1/log/entries?type=log.restored");
        let entry = &found.json()["items"][0];
        let value = |path: &str| entry["changes"].as_array().unwrap().iter().find(|change| change["path"] == path).unwrap()["new"]["p"].clone();
        assert_eq!(value("/old_note"), json!(published), "the entry carries the last published head");
        assert_eq!(value("/old_origin"), json!(name(&published)));
        assert!(!entry.to_string().contains("磁盘故障"), "why is free text and stands sealed: {entry}");

        let after = Exhibit::of(app);
        assert_ne!(name(&after.text("checkpoint")), name(&before.text("checkpoint")));
        let own = after.verify(&[]);
        assert_eq!((own.0, own.1["ok"].as_bool()), (Some(0), Some(true)), "{}", own.1);
        // Who holds the key and the head of the lost shard follows, and is told what was lost.
        let archive = after.folder.display().to_string();
        let old_key = before.vkey.display().to_string();
        let output = whitelist(&["log", "verify", "--json", "--export", &archive, "--vkey", &old_key, "--remember", seen]);
        let followed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{followed}");
        assert_eq!(followed["shards"][0]["cause"], "restored", "{followed}");
        assert!(followed["shards"][0]["lost"].as_u64().unwrap() > 0, "{followed}");
        assert_eq!(followed["shards"], own.1["shards"]);
        // Without the signature of the key before nobody can follow.
        after.edit("checkpoints/000000.jsonl", |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let new = name(&after.text("checkpoint")).to_owned();
            let line = |line: &str| {
                let mut head: Value = serde_json::from_str(line).unwrap();
                let note = head["note"].as_str().unwrap().to_owned();
                if name(&note) == new {
                    let kept: Vec<&str> = note.lines().filter(|line| !line.starts_with('\u{2014}') || line.contains(&new)).collect();
                    head["note"] = json!(format!("{}\n", kept.join("\n")));
                }
                format!("{head}\n")
            };
            *bytes = text.lines().map(line).collect::<String>().into_bytes();
        });
        let output = whitelist(&["log", "verify", "--json", "--export", &archive, "--vkey", &old_key]);
        let alone: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &alone["problems"][0]["code"]), (Some(1), &json!("shard-unvouched")), "{alone}");
        assert_eq!(after.verify(&[]).0, Some(0), "the new key itself is as good as before");

        let [jws, keys] = ["receipt.jws", "jwks.json"].map(|file| before.home.path().join(file).display().to_string());
        std::fs::write(&jws, &receipt.body).unwrap();
        std::fs::write(&keys, &jwks.body).unwrap();
        let output = whitelist(&["answer", "verify", &jws, "--jwks", &keys, "--checkpoint", before.folder.join("checkpoint").to_str().unwrap(), "--vkey", &old_key]);
        assert_eq!(output.status.code(), Some(0), "a receipt of the shard before stays good: {output:?}");
        // That the tables are what the whole log says is asserted when the service goes.
    }
}

on_both! {
    fn the_key_is_changed_by_a_new_shard(app) {
        let before = Exhibit::of(app);
        // A node that is still running holds the old key: it signs nothing under the old name any more.
        let (code, said) = reshard(app, &["--rotate-key", "--reason", "yearly"]);
        assert_eq!(code, Some(0), "{said}");
        let head = || std::fs::read_to_string(app.folder.join("log-head")).unwrap();
        let origin = name(&head()).to_owned();
        assert_ne!(origin, name(&before.text("checkpoint")));
        ask(app, &question(ENTERPRISE, "3004909099"));
        app.halt();
        let head = std::fs::read_to_string(app.folder.join("log-head")).unwrap();
        assert_eq!(name(&head), origin, "the node with the old key left the head alone");
        app.restart();
        app.change(suspend("2026-08-12"));
        app.halt();
        let (code, said) = reshard(app, &["--rotate-key", "--reason", "again"]);
        assert_eq!(code, Some(0), "{said}");
        app.restart();
        app.change(json!([{ "kind": "reinstate_enterprise", "enterprise": ENTERPRISE, "effective_on": "2026-08-13", "reason": { "code": "rectified" } }]));
        let after = Exhibit::of(app);
        let key = |exhibit: &Exhibit| std::fs::read_to_string(&exhibit.vkey).unwrap().trim().rsplit('+').next().unwrap().to_owned();
        assert_ne!(key(&before), key(&after));
        let archive = after.archive.display().to_string();
        let output = whitelist(&["log", "verify", "--json", "--export", &archive, "--vkey", &before.vkey.display().to_string()]);
        let followed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{followed}");
        // So do the commands that show and prove one entry; a stranger's key leads nowhere.
        let old = before.vkey.display().to_string();
        for command in [["log", "show", "3"], ["log", "proof", "3"]] {
            let output = whitelist(&[command.as_slice(), &["--export", &archive, "--vkey", &old]].concat());
            assert_eq!(output.status.code(), Some(0), "{command:?}: {output:?}");
            let new = whitelist(&[command.as_slice(), &["--export", &archive, "--vkey", &after.vkey.display().to_string()]].concat());
            assert_eq!(output.stdout, new.stdout, "{command:?}");
        }
        let causes: Vec<&Value> = followed["shards"].as_array().unwrap().iter().map(|shard| &shard["cause"]).collect();
        assert_eq!(causes, ["key_rotated", "key_rotated"]);
        assert_eq!(followed["shards"][0]["lost"], 0);
        let found = app.inside().check_log(&mut || true).unwrap().unwrap();
        assert!(found.ok, "{:?}", found.problems);
        let stranger = app.folder.join("stranger");
        std::fs::write(&stranger, "example.org/log/main+00000000+AAAA\n").unwrap();
        for command in [["log", "verify", "--json"].as_slice(), &["log", "show", "3"], &["log", "proof", "3"]] {
            let output = whitelist(&[command, &["--export", &archive, "--vkey", stranger.to_str().unwrap()]].concat());
            assert_ne!(output.status.code(), Some(0), "{command:?}");
        }
        assert!(verify(&app.folder, &app.database).ok);
    }
}
