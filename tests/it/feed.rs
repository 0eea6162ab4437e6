//! The list for whoever keeps a copy: changes, events, snapshots, digests, and a file that is kept level.

use crate::lookups::{ENT_05, ENT_10, number_of};
use crate::stops::stop;
use crate::support::app::{Actor, Database, TestApp};
use crate::support::on_both;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use whitelist::app::feed::read_page;
use whitelist::domain::actor::Role;
use whitelist::domain::mirror::{Mirror, Took};
use whitelist::outbound::log::LogClient;
use whitelist::outbound::mirror::Keeper;

fn text(actor: &Actor, target: &str) -> String {
    let response = actor.get(target);
    assert_eq!(response.status, 200, "{target}: {}", response.text());
    response.text().to_owned()
}

/// Brings a copy level, page by page.
fn follow(actor: &Actor, copy: &mut Mirror, filter: &str, limit: usize) {
    loop {
        let target = format!("/v1/changes?after={}&limit={limit}{filter}", copy.head().revision);
        let (stretch, head) = read_page(text(actor, &target).as_bytes()).unwrap();
        assert!(stretch.lines.len() <= limit);
        copy.apply(&stretch).unwrap();
        if copy.head().revision == head {
            return;
        }
    }
}

fn digest(actor: &Actor, query: &str) -> Value {
    let digest = actor.get(&format!("/v1/snapshot/digest{query}"));
    assert_eq!(digest.status, 200, "{}", digest.text());
    digest.json()
}

/// A listing goes to another office, an enterprise is held back, a substance is stopped.
fn something_happens(app: &TestApp) {
    let listing = number_of(app, ENT_05, "2937500000");
    let reason = json!({ "code": "risk_found" });
    app.change(json!([
        { "kind": "vary", "listing": listing, "effective_on": "2026-08-12", "set": { "customs_offices": ["0102"] }, "reason": { "code": "enterprise_request" } },
        { "kind": "suspend_enterprise", "enterprise": ENT_10, "effective_on": "2026-09-01", "reason": reason },
    ]));
    assert_eq!(stop(app, json!({ "kind": "listing", "value": listing })).status, 201);
    app.settle();
}

on_both! {
    fn a_snapshot_and_the_changes_behind_it_are_the_later_snapshot(app) {
        let customs = app.customs();
        let first = text(&customs, "/v1/snapshot");
        let filters = ["", "&office=0101", "&office=0102", "&kind=listing", "&kind=enterprise&office=0101", "&kind=stop"];
        let filtered = |filter: &str| text(&customs, &format!("/v1/snapshot?{}", filter.trim_start_matches('&')));
        let before: Vec<Mirror> = filters.iter().map(|filter| Mirror::read(&filtered(filter)).unwrap()).collect();
        something_happens(app);
        for (filter, mut copy) in filters.into_iter().zip(before) {
            let known = copy.head().revision;
            let at = format!("/v1/snapshot?revision={known}{filter}");
            assert_eq!(text(&customs, &at), copy.write(), "{filter}: an earlier snapshot stays as it was");
            for limit in [1, 200] {
                let mut copy = copy.clone();
                follow(&customs, &mut copy, filter, limit);
                assert_eq!(copy.write(), filtered(filter), "{filter} by {limit}");
            }
            follow(&customs, &mut copy, filter, 3);
            let stated = digest(&customs, &format!("?{}", filter.trim_start_matches('&')));
            let tail = copy.tail();
            assert_eq!((stated["digest"].as_str(), stated["lines"].as_u64()), (Some(tail.digest.as_str()), Some(tail.lines)));
        }
        // From nothing it is the same, and an earlier digest is found again after a later one.
        let mut copy = Mirror::empty("main", None, None);
        follow(&customs, &mut copy, "", 7);
        assert_eq!(copy.lines(), Mirror::read(&text(&customs, "/v1/snapshot")).unwrap().lines());
        let earlier = Mirror::read(&first).unwrap();
        let stated = digest(&customs, &format!("?revision={}", earlier.head().revision));
        assert_eq!(stated["digest"], earlier.tail().digest);

        // The office that lost the listing is told so; the one that gained it sees it from then on.
        let of = |office: &str| {
            let page: Value = serde_json::from_str(&text(&customs, &format!("/v1/changes?after={}&kind=listing&office={office}", earlier.head().revision))).unwrap();
            page["items"].as_array().unwrap().iter().map(|item| item["customs_offices"].clone()).collect::<Vec<_>>()
        };
        assert_eq!((of("0101"), of("0102"), of("0105")), (vec![json!(["0102"])], vec![json!(["0102"])], vec![]));

        // Nothing private, nobody who may not see the whole list, nothing that is still to come.
        assert!(!first.contains("per_"));
        for role in [Role::EnterpriseApplicant, Role::DistrictOfficer] {
            assert_eq!(app.actor(role, ENT_05, "somebody").get("/v1/changes").status, 403);
        }
        let ahead = app.inside().head().unwrap().0 + 1;
        for target in [format!("/v1/changes?after={ahead}"), format!("/v1/snapshot?revision={ahead}"), format!("/v1/snapshot/digest?revision={ahead}")] {
            let response = customs.get(&target);
            assert_eq!((response.status, response.json()["type"].clone()), (503, json!("/problems/not-yet-current")));
        }
        for target in ["/v1/changes?after=-1", "/v1/changes?limit=1001", "/v1/changes?office=1", "/v1/snapshot?kind=x", "/v1/snapshot?revision=0"] {
            assert_eq!(customs.get(target).status, 400, "{target}");
        }
    }
}

#[test]
fn a_snapshot_comes_packed_for_who_takes_that() {
    let app = TestApp::start(Database::Sqlite);
    let customs = app.customs();
    let plain = text(&customs, "/v1/snapshot");
    let client = crate::support::client::Client::new(app.address);
    let bearer = format!("Bearer {}", customs.token);
    let packed =
        client.send("GET", "/v1/snapshot", &[("Authorization", &bearer), ("Accept-Encoding", "gzip, br;q=0.5")], b"");
    assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")));
    assert!(packed.body.len() * 2 < plain.len());
    let file = app.folder.join("snapshot.gz");
    std::fs::write(&file, &packed.body).unwrap();
    let unpacked = std::process::Command::new("gzip").arg("-dc").arg(&file).output().unwrap();
    assert_eq!(String::from_utf8(unpacked.stdout).unwrap(), plain);
}

/// An open stream of events.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(actor: &Actor, app: &TestApp, query: &str, last: Option<i64>) -> Self {
        let mut stream = TcpStream::connect(app.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let resume = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
        write!(
            stream,
            "GET /v1/changes?{query} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n{resume}Authorization: Bearer {}\r\n\r\n",
            actor.token
        )
        .unwrap();
        Self(BufReader::new(stream))
    }

    /// The next event: its name and its data.
    fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended behind `{name}`");
            if let Some(word) = line.trim_end().strip_prefix("event: ") {
                name = word.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).unwrap());
            }
        }
    }

    /// The next event that brings something.
    fn brings(&mut self, copy: &mut Mirror) -> usize {
        loop {
            let (name, page) = self.next();
            assert_eq!(name, "changes");
            let (stretch, _) = read_page(page.to_string().as_bytes()).unwrap();
            assert_eq!(stretch.after, copy.head().revision);
            if let Took::New(lines @ 1..) = copy.apply(&stretch).unwrap() {
                return lines;
            }
        }
    }
}

#[test]
fn events_come_as_they_happen_beat_in_between_and_end_in_time() {
    let mut app = TestApp::start(Database::Sqlite);
    let customs = app.customs();
    let mut copy = Mirror::read(&text(&customs, "/v1/snapshot")).unwrap();
    let begun = copy.head().revision;
    let mut events = Events::open(&customs, &app, &format!("after={begun}"), None);
    for _ in 0..3 {
        let (name, page) = events.next();
        let revision = json!(begun);
        assert_eq!(
            (name.as_str(), page),
            ("changes", json!({ "after": revision, "next": revision, "head": revision, "items": [] }))
        );
    }
    something_happens(&app);
    let mut lines = 0;
    while lines < 3 {
        lines += events.brings(&mut copy);
    }
    assert_eq!(copy.tail(), Mirror::read(&text(&customs, "/v1/snapshot")).unwrap().tail());

    // Resumed where it broke off, `after` notwithstanding; a filter leaves out lines and never a revision.
    let mut copy = Mirror::empty("main", None, Some("stop".to_owned()));
    let mut resumed = Events::open(&customs, &app, "after=0&kind=stop", Some(0));
    resumed.brings(&mut copy);
    assert_eq!(copy.head().revision, app.inside().head().unwrap());
    let mut later = Events::open(&customs, &app, "after=0", Some(begun.0));
    assert_eq!(later.next().1["after"], json!(begun));

    // The token runs out: every stream ends by itself.
    app.set_time("2026-08-12T04:30:00.000000Z");
    loop {
        let (name, data) = events.next();
        if name == "end" {
            assert_eq!(data, json!({ "reason": "token_expired" }));
            break;
        }
    }
    let customs = app.customs();
    let mut open = Events::open(&customs, &app, "", None);
    assert_eq!(open.next().0, "changes");
    app.halt();
    while open.next() != ("end".to_owned(), json!({ "reason": "shutdown" })) {}
}

#[test]
fn a_file_is_kept_level_and_repaired() {
    let app = TestApp::start(Database::Sqlite);
    let customs = app.customs();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let service = LogClient::new(&format!("http://{}", app.address), Some(&customs.token)).unwrap();
    let file = app.folder.join("list.ndjson");
    let now = || text(&customs, "/v1/snapshot");
    let kept = || std::fs::read_to_string(&file).unwrap();
    let round = |keeper: &mut Keeper| runtime.block_on(keeper.round(&service)).unwrap();
    let new = || Keeper::new(file.clone(), None, None);
    let mut keeper = new();
    assert_eq!(round(&mut keeper).repaired, None);
    assert_eq!(kept(), now());
    something_happens(&app);
    let went_on = round(&mut keeper);
    assert_eq!((went_on.new, went_on.repaired, kept()), (3, None, now()));
    assert_eq!(round(&mut new()).new, 0);

    // A line is lost: once the file does not even fit its own digest, once it does and only the service can tell.
    let whole = kept();
    let without = |text: &str| {
        text.lines().enumerate().filter(|(at, _)| *at != 5).map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    std::fs::write(&file, without(&whole)).unwrap();
    assert!(round(&mut new()).repaired.unwrap().contains("digest"));
    assert_eq!(kept(), whole);
    let mut short = Mirror::empty("main", None, None);
    let lines = Mirror::read(&whole).unwrap();
    let missing = lines.lines().iter().enumerate().filter(|(at, _)| *at != 5).map(|(_, line)| line.clone()).collect();
    let next = lines.head().revision;
    short
        .apply(&whitelist::domain::mirror::Stretch {
            after: whitelist::domain::revision::Revision(0),
            next,
            lines: missing,
        })
        .unwrap();
    let log = lines.head().log.clone();
    std::fs::write(&file, short.write().replace("\"log\":\"main\"", &format!("\"log\":\"{log}\""))).unwrap();
    assert!(round(&mut new()).repaired.unwrap().contains("digest"));
    assert_eq!(kept(), whole);

    // Whoever may not see the list leaves the file as it was.
    let other = app.actor(Role::EnterpriseApplicant, ENT_05, "somebody");
    let service =
        LogClient::new(&format!("http://{}", app.address), Some(&other.token)).unwrap().read_by("a customs system");
    let refused = runtime.block_on(keeper.round(&service)).unwrap_err();
    assert!(refused.contains("token of a customs system"), "{refused}");
    assert_eq!(kept(), whole);
}
