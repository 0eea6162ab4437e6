//! Evidence packs: one zip about a listing, an application or a declaration, for each reader what it may see, checked
//! offline; any change is found and named, also one that the service itself would sign.

use crate::draws::{HS, declaration, grams, reserve};
use crate::log::outside::whitelist;
use crate::log::read::signed;
use crate::lookups::{ENT_03, ENT_05, number_of};
use crate::review::{Case, NEWCOMER, all_agree, recommended};
use crate::support::app::{Actor, TestApp};
use crate::support::casework::{Standing, applicant};
use crate::support::on_both;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use whitelist::app::evidence::verify::{Judgement, check};
use whitelist::app::evidence::{Extent, MANIFEST, Manifest, TYP};
use whitelist::domain::actor::Role;
use whitelist::domain::erasure::ERASED;
use whitelist::tlog::entry::Entry;
use zip::write::{SimpleFileOptions, ZipWriter};

type Members = BTreeMap<String, Vec<u8>>;

fn pack(actor: &Actor, path: &str) -> Vec<u8> {
    let response = actor.get(&format!("/v1/evidence/{path}"));
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    assert_eq!(response.header("content-type"), Some("application/zip"));
    response.body
}

fn status(actor: &Actor, path: &str) -> u16 {
    actor.get(&format!("/v1/evidence/{path}")).status
}

fn members(pack: &[u8]) -> Members {
    let mut zip = zip::ZipArchive::new(Cursor::new(pack)).unwrap();
    let mut members = Members::new();
    for place in 0..zip.len() {
        let mut member = zip.by_index(place).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        members.insert(member.name().unwrap().into_owned(), bytes);
    }
    members
}

fn zipped(members: &Members) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Lists the members anew and signs the list with the key of the service, as whoever runs it could.
fn resigned(app: &TestApp, manifest: &Manifest, mut members: Members) -> Vec<u8> {
    members.remove(MANIFEST);
    let digests = members.iter().map(|(name, bytes)| (name.clone(), hex::encode(Sha256::digest(bytes)))).collect();
    let manifest = Manifest { members: digests, ..manifest.clone() };
    let signed = app.inside().answer_keys.current().unwrap().sign_as(TYP, &manifest).unwrap();
    members.insert(MANIFEST.to_owned(), signed.into_bytes());
    zipped(&members)
}

/// Checks with the key from elsewhere.
fn judged(app: &TestApp, pack: &[u8]) -> Judgement {
    check(pack, Some(app.client().get("/v1/log/vkey").text()))
}

/// Judges a pack that must hold.
fn held(app: &TestApp, actor: &Actor, path: &str) -> (Judgement, Members) {
    let pack = pack(actor, path);
    let found = judged(app, &pack);
    assert!(found.ok, "{path}: {:?}", found.problems);
    (found, members(&pack))
}

/// Whether a text stands anywhere in a pack.
fn says(members: &Members, text: &str) -> bool {
    members.values().any(|bytes| String::from_utf8_lossy(bytes).contains(text))
}

fn demand_named(found: &Judgement, name: &str, what: &str) {
    assert!(!found.ok && found.problems.iter().any(|problem| problem.contains(name)), "{name} {what}: {found:?}");
}

/// Entries of a pack by their members' names.
fn entries(members: &Members) -> Vec<(String, Entry)> {
    let entries = members.iter().filter(|(name, _)| name.starts_with("entries/"));
    entries.map(|(name, bytes)| (name.clone(), Entry::from_leaf(bytes).unwrap())).collect()
}

fn flipped(members: &Members, name: &str) -> Members {
    let mut edited = members.clone();
    let bytes = edited.get_mut(name).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    edited
}

/// A case from its lodging to the list, with notes for all eyes and for few.
fn published(app: &TestApp) -> (Case, String) {
    let mut case = recommended(app);
    let note = |text: &str, visible: bool| {
        let mut note = json!({ "note": text, "visible_to_applicant": visible });
        if visible {
            note["mentions"] = json!(["110114"]);
        }
        assert_eq!(app.officer().post(&format!("{}/notes", case.0.path), &note).status, 201);
    };
    note("内部核对：供应商资质存疑", false);
    note("请准备原件", true);
    all_agree(&mut case, app, &[1, 2]);
    case.step(&app.officer(), "consolidate", &json!({}));
    let items = json!([{ "line": 1, "outcome": "recognise" }, { "line": 2, "outcome": "refuse", "grounds": ["not_for_research"] }]);
    case.step(&app.officer(), "decisions", &json!({ "items": items }));
    case.step(&app.approver(), "decide", &json!({}));
    let mut batch = Case(Standing::of(&app.officer().post("/v1/batches", &json!({ "scheme": "beijing-2022" }))));
    batch.step(
        &app.approver(),
        "publish",
        &json!({ "notice_number": "京药监发〔2026〕21号", "effective_on": "2026-09-01" }),
    );
    let decisions = case.read(&app.officer(), "decisions");
    (case, decisions["items"][0]["listing"].as_str().unwrap().to_owned())
}

/// Reserves, and asks about the same declaration.
fn declared(app: &TestApp) -> String {
    reserve(&app.drawing(), 1, 1, &[grams(1, "0.001")]);
    let number = declaration(1);
    let asked = json!({ "declaration": { "number": number, "customs_office": "0101", "declared_on": "2026-08-12" }, "lines": [{ "line": 1, "enterprise": ENT_03, "hs_code": HS }] });
    assert_eq!(app.customs().post("/v1/lookups", &asked).status, 200);
    app.inside().recorder.flush();
    assert!(app.inside().seal_now(app.clock.now()).unwrap());
    number
}

on_both! {
    fn a_pack_holds_offline_and_every_change_is_named(app) {
        let number = declared(app);
        let (case, listing) = published(app);
        signed(app);
        let application = format!("application/{}", case.0.id());
        let about = [format!("listing/{listing}"), application.clone(), format!("declaration/{number}")];
        for path in &about {
            let (found, members) = held(app, &app.auditor(), path);
            let manifest = found.manifest.as_ref().unwrap();
            assert_eq!((&format!("{}/{}", manifest.kind, manifest.id), manifest.extent), (path, Extent::Whole));
            assert_eq!((manifest.withheld, found.withheld, found.erased, found.unsealed), (0, 0, 0, 0), "{path}");
            for name in ["timeline.zh.txt", "timeline.en.txt"] {
                assert_eq!(members[name].iter().filter(|byte| **byte == b'\n').count(), found.entries, "a sentence each");
            }
            assert!(check(&pack(&app.officer(), path), None).ok, "it agrees with itself");
        }
        let (_, of_case) = held(app, &app.approver(), &application);
        let kinds: Vec<String> = entries(&of_case).into_iter().map(|(_, entry)| entry.entity.kind).collect();
        for kind in ["application", "application_content", "case_event", "opinion", "decision", "batch", "listing", "enterprise", "scheme", "answer_key"] {
            assert!(kinds.iter().any(|known| known == kind), "{kind} in {kinds:?}");
        }
        assert!(says(&of_case, "供应商资质存疑"));
        let (_, of_listing) = held(app, &app.auditor(), &about[0]);
        let kinds: Vec<String> = entries(&of_listing).into_iter().map(|(_, entry)| entry.entity.kind).collect();
        assert!(["decision", "opinion", "batch"].iter().all(|kind| kinds.iter().any(|known| known == kind)), "{kinds:?}");
        let used = number_of(app, ENT_03, HS);
        let (found, _) = held(app, &app.auditor(), &format!("listing/{used}"));
        assert_eq!(found.answers, 1, "draws of a listing bring what customs was told about them");

        // One byte of each member; members that are missing or new; the key of another log; half a file.
        let (found, whole) = held(app, &app.auditor(), &about[2]);
        let manifest = found.manifest.clone().unwrap();
        assert_eq!((found.answers, whole.keys().filter(|name| name.starts_with("answers/")).count()), (1, 2));
        for name in whole.keys() {
            demand_named(&judged(app, &zipped(&flipped(&whole, name))), name, "changed");
            let mut fewer = whole.clone();
            fewer.remove(name);
            demand_named(&judged(app, &zipped(&fewer)), name, "missing");
        }
        let mut more = whole.clone();
        more.insert("entries/999999999.json".to_owned(), b"{}".to_vec());
        demand_named(&judged(app, &zipped(&more)), "entries/999999999.json", "added");
        demand_named(&check(&zipped(&whole), Some("example.org/log/main+00000000+AAAA")), "checkpoint", "of another log");
        assert!(!check(&zipped(&whole)[..200], None).ok);

        // What whoever holds the service's key could sign: entries, proofs, facts and answers speak for themselves.
        assert!(judged(app, &resigned(app, &manifest, whole.clone())).ok);
        for name in whole.keys().filter(|name| name.contains('/') || *name == "checkpoint") {
            demand_named(&judged(app, &resigned(app, &manifest, flipped(&whole, name))), name, "changed and signed");
        }
        for (name, entry) in entries(&whole) {
            let fact = name.replace("entries", "facts");
            let Some(bytes) = whole.get(&fact) else { continue };
            let opened: Value = serde_json::from_slice(bytes).unwrap();
            let mut edits = vec![("/row/value/version", json!(77)), ("/row/salt", Value::Null), ("/row", Value::Null)];
            let path = opened["values"].as_object().unwrap().keys().next().map(|path| format!("/values/{}/value", path.replace('/', "~1")));
            edits.extend(path.as_deref().map(|path| (path, json!("另一个值"))));
            for (pointer, value) in edits {
                let mut edited = opened.clone();
                *edited.pointer_mut(pointer).unwrap() = value;
                let mut members = whole.clone();
                members.insert(fact.clone(), serde_json::to_vec(&edited).unwrap());
                demand_named(&judged(app, &resigned(app, &manifest, members)), &fact, &format!("{pointer} of {}", entry.event));
            }
        }
        // An entry between two about one thing.
        let manifest = held(app, &app.auditor(), &application).0.manifest.unwrap();
        let (second, _) = entries(&of_case).into_iter().find(|(_, entry)| entry.entity.kind == "case_event" && entry.entity.version == 2).unwrap();
        let mut fewer = of_case.clone();
        fewer.retain(|name, _| name.split(['/', '.']).nth(1) != second.split(['/', '.']).nth(1));
        let found = judged(app, &resigned(app, &manifest, fewer));
        assert!(found.problems.iter().any(|problem| problem.contains("is missing before it")), "{found:?}");

        let file = app.folder.join("pack.zip");
        std::fs::write(&file, zipped(&whole)).unwrap();
        let vkey = app.client().get("/v1/log/vkey").text().to_owned();
        let output = whitelist(&["evidence", "verify", file.to_str().unwrap(), "--vkey", vkey.trim(), "--json"]);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        assert_eq!((output.status.code(), &said["ok"]), (Some(0), &json!(true)), "{said}");
        std::fs::write(&file, zipped(&flipped(&whole, "checkpoint"))).unwrap();
        let output = whitelist(&["evidence", "verify", file.to_str().unwrap(), "--vkey", vkey.trim()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stdout).contains("PROBLEM  checkpoint: "), "{output:?}");
    }
}

on_both! {
    fn each_reader_gets_what_it_may_see_and_what_was_erased_is_said_to_be(app) {
        let number = declared(app);
        let (case, listing) = published(app);
        signed(app);
        let application = format!("application/{}", case.0.id());
        let own = applicant(app, NEWCOMER);

        // The enterprise: its contents and decisions, no opinions, no notes between colleagues.
        let (found, members) = held(app, &own, &application);
        let manifest = found.manifest.unwrap();
        assert_eq!(manifest.extent, Extent::Enterprise);
        assert!(manifest.withheld > 0 && found.withheld > 0, "{} {}", manifest.withheld, found.withheld);
        assert!(says(&members, "氢化可的松") && says(&members, "联系人（合成）") && says(&members, "请准备原件"));
        assert!(!says(&members, "供应商资质存疑") && !says(&members, "\"mentions\"") && !says(&members, "stance"));
        let kinds: Vec<String> = entries(&members).into_iter().map(|(_, entry)| entry.entity.kind).collect();
        assert!(["opinion", "adjustment", "batch"].iter().all(|kind| !kinds.contains(&(*kind).to_owned())), "{kinds:?}");
        assert!(kinds.contains(&"decision".to_owned()));
        let proposed = |event: &str| entries(&members).iter().any(|(_, entry)| entry.event == event);
        assert!(!proposed("decision.proposed"));
        let (found, members) = held(app, &own, &format!("listing/{listing}"));
        assert_eq!(found.manifest.unwrap().extent, Extent::Enterprise);
        assert!(!entries(&members).is_empty());
        for path in [&application, &format!("listing/{listing}")] {
            assert_eq!(status(&applicant(app, ENT_05), path), 404, "of another enterprise");
            assert_eq!(status(&app.actor(Role::DistrictOfficer, "110114", "district-1"), path), 403);
            assert_eq!(status(&app.actor(Role::BureauAdmin, "bj-commerce", "admin-1"), path), 403);
            assert_eq!(status(&app.drawing(), path), 403, "customs take declarations");
        }

        // Customs: its own declarations, and what its own people were told.
        let declared = format!("declaration/{number}");
        let (found, members) = held(app, &app.actor(Role::CustomsOfficer, "0101", "officer-of-customs"), &declared);
        assert_eq!((found.manifest.unwrap().extent, found.answers), (Extent::Customs, 1));
        assert!(!entries(&members).iter().any(|(_, entry)| entry.entity.kind == "adjustment"));
        assert_eq!(held(app, &app.drawing(), &declared).0.answers, 0, "who may not read answers is given none");
        assert_eq!(held(app, &applicant(app, ENT_03), &declared).0.answers, 0);
        assert_eq!(status(&app.actor(Role::CustomsOfficer, "2200", "elsewhere"), &declared), 404);
        assert_eq!(status(&own, &declared), 404);
        for nothing in ["listing/BJ-2026-999999-0", "listing/x", "application/app_00000000000000000000000000000009", "people/x"] {
            assert_eq!(status(&app.auditor(), nothing), 404, "{nothing}");
        }

        // The contact is erased: the pack says so, still holds, and an erasure that is not there is missed.
        let admin = |name: &str| app.actor(Role::BureauAdmin, "bj-commerce", name);
        let body = json!({ "subject": { "kind": "contact", "enterprise": NEWCOMER }, "ground": "purpose_fulfilled" });
        let proposed = admin("admin-1").post("/v1/privacy/erasures", &body);
        assert_eq!(proposed.status, 201, "{}", proposed.text());
        let confirm = format!("/v1/privacy/erasures/{}/confirm", proposed.json()["id"].as_str().unwrap());
        let confirmed = admin("admin-2").act(&confirm, proposed.header("etag").unwrap());
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        signed(app);
        let (found, members) = held(app, &app.auditor(), &application);
        assert_eq!(found.erased, 1);
        assert!(says(&members, ERASED) && says(&members, "（已删除）") && says(&members, "(erased)"));
        assert!(!says(&members, "联系人（合成）") && says(&members, "氢化可的松"), "the items stay");
        assert_eq!(held(app, &own, &application).0.erased, 1);
        let manifest = found.manifest.unwrap();
        let erasures: Vec<String> = entries(&members).into_iter().filter(|(_, entry)| entry.entity.kind == "erasure").map(|(name, _)| name).collect();
        assert_eq!(erasures.len(), 2, "proposed and confirmed");
        let mut fewer = members.clone();
        fewer.retain(|name, _| erasures.iter().all(|erasure| name.split(['/', '.']).nth(1) != erasure.split(['/', '.']).nth(1)));
        let found = judged(app, &resigned(app, &manifest, fewer));
        assert!(found.problems.iter().any(|problem| problem.contains("no erasure in the pack")), "{found:?}");

        // Who took which pack is on record.
        app.inside().accesses.flush();
        let taken = app.auditor().get("/v1/access-records?kind=evidence&limit=200").json();
        let items = taken["items"].as_array().unwrap().iter();
        let mine = items.filter(|item| item["org"] == NEWCOMER && item["about"] == format!("/v1/evidence/{application}"));
        assert_eq!(mine.count(), 2);
    }
}
