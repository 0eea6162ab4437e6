//! Three nodes on a primary with its standby, while links are cut and frozen at moments that nobody chose and the primary
//! crashes once: what was acknowledged is there, no answer was older than its bound, all nodes hold the same list, a copy that
//! was kept through the feed equals it, and a receiver of webhooks has heard of everything in order.
//!
//! `WHITELIST_CHAOS_SECONDS` says for how long; `make chaos-cluster` asks for ten minutes. Moments follow from a seed.

use super::cluster::lookup;
use super::guide::Demo;
use super::kill::{Person, uscc};
use super::support::app::copy_keys;
use super::support::client::Client;
use super::support::cluster::{Cluster, through};
use super::support::proxy::{Link, Proxy};
use super::support::receiver::Receiving;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use whitelist::cli::demo_issuer::DemoIssuer;
use whitelist::cli::simulate::{Counters, Plan, TokenSource, customs};
use whitelist::domain::actor::Role;
use whitelist::http::receiver::Received;
use whitelist::outbound::log::LogClient;
use whitelist::outbound::mirror::Keeper;
use whitelist::store::{DatabaseUrl, log};
use whitelist::tlog::entry::Entry;

/// Seconds of the short form.
const SECONDS: u64 = 20;

/// How old the confirmation of the head may be on these nodes.
const BOUND: Duration = Duration::from_secs(2);

const NODES: usize = 3;

/// How long anything may take that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the receiver of webhooks is told of.
const TOLD: [&str; 4] = ["enterprise", "listing", "adjustment", "declaration"];

/// A node with its own way to either server.
struct Node {
    demo: Demo,
    data: PathBuf,
    url: String,
    /// Where it may send webhooks.
    webhooks: String,
    links: [Proxy; 2],
}

impl Node {
    fn start(cluster: &Cluster, home: &Path, webhooks: SocketAddr, nth: usize) -> Self {
        let data = home.join(format!("node-{nth}"));
        if nth > 0 {
            std::fs::create_dir(&data).unwrap();
            copy_keys(&home.join("node-0"), &data);
        }
        let links = ["a", "b"].map(|server| Proxy::to(&[cluster.address(server)]));
        let addresses = [links[0].address, links[1].address];
        let url = through(&addresses) + "?target_session_attrs=read-write";
        // The last one follows whichever server is a standby.
        let follow = through(&addresses) + "?target_session_attrs=prefer-standby";
        let webhooks = webhooks.to_string();
        let demo = Self::run(&data, "127.0.0.1:0", (&url, &webhooks), (nth + 1 == NODES).then_some(&follow));
        Self { demo, data, url, webhooks, links }
    }

    fn run(data: &Path, listen: &str, (url, webhooks): (&str, &str), follow: Option<&String>) -> Demo {
        let mut settings = vec![("WHITELIST_MAX_STALENESS", "2s"), ("WHITELIST_DRAIN", "1s")];
        settings.push(("WHITELIST_WEBHOOK_ALLOW", webhooks));
        settings.extend(follow.map(|follow| ("WHITELIST_FOLLOW_URL", follow.as_str())));
        Demo::start_with(data, listen, Some(url), &settings)
    }

    fn address(&self) -> SocketAddr {
        self.demo.address.parse().unwrap()
    }
}

/// A repeatable choice below `most`.
struct Choice(u64);

impl Choice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Waits so long, or until all is over; says whether it is not.
fn goes_on(over: &Receiver<()>, time: Duration) -> bool {
    over.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
}

/// Cuts and freezes links, one node at a time so that others can answer, and crashes the primary in the middle.
fn disturb(nodes: &[Node], cluster: &mut Cluster, time: Duration, over: &Receiver<()>) {
    let (begun, mut choice, mut crashed) = (Instant::now(), Choice(2026), false);
    loop {
        if !crashed && begun.elapsed() >= time / 2 {
            cluster.crash("a");
            nodes.iter().for_each(|node| node.links[0].set(Link::Cut));
            if !goes_on(over, Duration::from_millis(choice.below(2_000))) {
                break;
            }
            cluster.promote("b");
            crashed = true;
        }
        let node = &nodes[usize::try_from(choice.below(3)).unwrap()];
        let link = if choice.below(2) == 0 { Link::Frozen } else { Link::Cut };
        // Longer than the bound now and then.
        let time = Duration::from_millis(200 + choice.below(3_500));
        let both = choice.below(2) == 0 && !crashed;
        let links = if both { &node.links[..] } else { &node.links[usize::from(crashed)..=usize::from(crashed)] };
        links.iter().for_each(|proxy| proxy.set(link));
        let going = goes_on(over, time);
        links.iter().for_each(|proxy| proxy.set(Link::Open));
        if !going || !goes_on(over, Duration::from_millis(choice.below(800))) {
            break;
        }
    }
    assert!(crashed, "the play was over before the primary crashed");
}

/// Registers one enterprise after another through the balancer; notes which revision was acknowledged when.
fn change(officer: &Person, approver: &Person, acknowledged: &Mutex<Vec<(Instant, i64, String)>>, over: &AtomicBool) {
    for turn in 0.. {
        if over.load(Ordering::SeqCst) {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(50));
        acknowledged.lock().unwrap().extend(register(officer, approver, turn));
    }
}

/// Registers an enterprise; says when which revision was acknowledged, if it was.
fn register(officer: &Person, approver: &Person, turn: usize) -> Option<(Instant, i64, String)> {
    let reason = json!({ "code": "other", "basis": "演练" });
    let body = json!({ "scheme": "beijing-2022", "changes": [
            { "kind": "register_enterprise", "uscc": uscc(turn), "name_zh": "演练企业（合成）", "district": "110108", "reason": reason },
        ] });
    let json = [("Content-Type", "application/json")];
    // What is refused or unanswered is left: only what was acknowledged counts.
    let sent = officer.send("POST", "/v1/adjustments", &json, body.to_string().as_bytes());
    let Some((201, etag, proposed)) = sent else { return None };
    let id = proposed["id"].as_str().unwrap().to_owned();
    let confirm = format!("/v1/adjustments/{id}/confirm");
    let sent = approver.send("POST", &confirm, &[("If-Match", &etag)], b"");
    let Some((200, _, confirmed)) = sent else { return None };
    Some((Instant::now(), confirmed["revision"].as_i64().unwrap(), id))
}

/// Somebody's system that is told by a webhook, with what it took.
struct Told {
    receiving: Receiving,
    taken: Arc<Mutex<Vec<Received>>>,
}

impl Told {
    /// Starts the receiver. It turns one message away, which must come again.
    fn start() -> Self {
        let taken: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (takes, came) = (Arc::clone(&taken), AtomicU64::new(0));
        let now = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let receiving = Receiving::start(now, move |received| {
            let Ok(received) = received else { return 401 };
            if came.fetch_add(1, Ordering::SeqCst) == 20 {
                return 503;
            }
            takes.lock().unwrap().push(received);
            204
        });
        Self { receiving, taken }
    }

    /// Subscribes; what is recorded behind the returned revision is told.
    fn subscribe(&self, admin: &Person) -> i64 {
        let events: Vec<String> = TOLD.iter().map(|topic| format!("{topic}.*")).collect();
        let body = json!({ "url": format!("http://{}/", self.receiving.address), "events": events }).to_string();
        let json = [("Content-Type", "application/json")];
        let (status, _, made) = admin.send("POST", "/v1/webhooks", &json, body.as_bytes()).unwrap();
        assert_eq!(status, 201, "{made}");
        self.receiving.know(&[made["keys"][0]["key"].as_str().unwrap()]);
        made["revision"].as_i64().unwrap()
    }

    /// Waits until it has heard of everything that the log holds behind a revision: each entry once or more often under the
    /// one id, and the first time in order. Returns how many messages came again.
    fn has_heard_all(&self, database: &str, behind: i64) -> usize {
        let mut conn = DatabaseUrl::Postgres(database.to_owned()).open().unwrap();
        let entries = log::list_entries(&mut conn, behind, i64::MAX).unwrap();
        let expected: Vec<(i64, String)> = entries
            .iter()
            .map(|row| (row.revision, Entry::from_leaf(&row.leaf).unwrap()))
            .filter(|(_, entry)| TOLD.contains(&entry.entity.kind.as_str()))
            .map(|(revision, entry)| (revision, entry.id))
            .collect();
        let begun = Instant::now();
        loop {
            let (mut first, mut ids) = (Vec::new(), HashMap::new());
            let taken = self.taken.lock().unwrap().clone();
            for Received { id, body, .. } in &taken {
                let body: Value = serde_json::from_str(body).unwrap();
                let revision = body["data"]["revision"].as_i64().unwrap();
                match ids.insert(revision, id.clone()) {
                    None => first.push((revision, id.clone())),
                    Some(known) => assert_eq!(known, *id, "revision {revision} came again under another id"),
                }
            }
            if first.len() >= expected.len() || begun.elapsed() > PATIENCE {
                assert_eq!(first, expected, "webhooks were not told of everything in order");
                return taken.len() - first.len();
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }
}

/// Keeps a copy of the list level through the feed, whatever node answers; returns how often it was level.
fn mirror(keeper: &mut Keeper, service: &LogClient, over: &AtomicBool) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut level = 0;
    while !over.load(Ordering::SeqCst) {
        // A node that hangs is given up, as whoever runs the client would; the copy goes on from its file.
        let round = runtime.block_on(async { tokio::time::timeout(BOUND, keeper.round(service)).await });
        if let Ok(Ok(round)) = round {
            assert_eq!(round.repaired, None, "the feed had a gap");
            level += 1;
        }
        std::thread::park_timeout(Duration::from_millis(200));
    }
    level
}

/// The list as a node gives it away whole, as of a revision, and the digest that it states.
fn snapshot(address: SocketAddr, customs: &Person, revision: i64) -> (String, Value) {
    let client = Client::new(address);
    let bearer = format!("Bearer {}", customs.token());
    let target = format!("/v1/snapshot?revision={revision}");
    let whole = client.send("GET", &target, &[("Authorization", &bearer)], b"");
    assert_eq!(whole.status, 200, "{}", whole.text());
    (whole.text().to_owned(), customs.get(&format!("/v1/snapshot/digest?revision={revision}")))
}

/// What the answers of a node came to.
#[derive(Default)]
struct Answers {
    given: AtomicU64,
    refused: AtomicU64,
    /// Longest time in microseconds between an acknowledgement and the last answer that did not know it.
    latest: AtomicI64,
}

/// Asks one node for as long as it goes on: no answer may lack what was acknowledged longer ago than the bound.
fn ask(customs: &Person, acknowledged: &Mutex<Vec<(Instant, i64, String)>>, over: &AtomicBool, answers: &Answers) {
    let question = lookup();
    while !over.load(Ordering::SeqCst) {
        // Often enough to find a late answer, seldom enough to leave the machine to the nodes.
        std::thread::park_timeout(Duration::from_millis(5));
        let asked = Instant::now();
        let Some((status, _, body)) = customs.send("GET", &question, &[], b"") else { continue };
        if status != 200 {
            assert_eq!((status, body["type"].as_str()), (503, Some("/problems/stale-node")), "{body}");
            answers.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        answers.given.fetch_add(1, Ordering::Relaxed);
        let revision = body["revision"].as_i64().unwrap();
        let missed = acknowledged.lock().unwrap().iter().find(|(_, known, _)| *known > revision).map(|(at, _, _)| *at);
        if let Some(late) = missed.and_then(|at| asked.checked_duration_since(at)) {
            answers.latest.fetch_max(i64::try_from(late.as_micros()).unwrap(), Ordering::Relaxed);
            assert!(late <= BOUND, "an answer of revision {revision} came {late:?} after a later one was acknowledged");
        }
    }
}

/// What a node answers about every listing of the samples, without what differs from answer to answer.
fn list(address: SocketAddr, issuer: &DemoIssuer, revision: i64) -> Vec<Value> {
    let auditor = Person::new(address, issuer, Role::Auditor, "bj-audit", "auditor");
    let customs = Person::new(address, issuer, Role::CustomsLookup, "0101", "comparing");
    let least = revision.to_string();
    let listings = auditor.get("/v1/listings?limit=200");
    let asked = listings["items"].as_array().unwrap().iter().map(|listing| {
        let (enterprise, number) =
            (listing["enterprise"]["uscc"].as_str().or(listing["enterprise"].as_str()), &listing["number"]);
        let question = format!(
            "/v1/lookup?enterprise={}&listing={}&hs_code={}&customs_office=0101",
            enterprise.unwrap(),
            number.as_str().unwrap(),
            listing["item"]["hs_code"].as_str().unwrap()
        );
        let (status, _, mut body) = customs.send("GET", &question, &[("Whitelist-Min-Revision", &least)], b"").unwrap();
        assert_eq!(status, 200, "{body}");
        for own in ["id", "lookup_id", "answered_at", "head_age_seconds"] {
            body.as_object_mut().unwrap().remove(own);
        }
        body
    });
    asked.collect()
}

fn verify(node: &Node, database: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_whitelist"))
        .env_clear()
        .args(["log", "verify", "--json", "--database", database, "--data"])
        .arg(&node.data)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn three_nodes_survive_cut_and_frozen_links_and_a_failover() {
    let seconds = std::env::var("WHITELIST_CHAOS_SECONDS").map_or(SECONDS, |text| text.parse().unwrap());
    let time = Duration::from_secs(seconds);
    let home = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start();
    cluster.make_synchronous();
    let told = Told::start();
    let webhooks = told.receiving.address;
    let mut nodes: Vec<Node> = (0..NODES).map(|nth| Node::start(&cluster, home.path(), webhooks, nth)).collect();
    let addresses: Vec<SocketAddr> = nodes.iter().map(Node::address).collect();
    let balancer = Proxy::to(&addresses);
    let data = nodes[0].data.clone();
    let issuer = DemoIssuer::load_or_create(&data).unwrap();
    let person = |address, role, org: &str, name: &str| Person::new(address, &issuer, role, org, name);

    let (acknowledged, over) = (Mutex::default(), AtomicBool::new(false));
    let answers: Vec<Answers> = (0..NODES).map(|_| Answers::default()).collect();
    let counters = Arc::new(Counters::default());
    let behind = told.subscribe(&person(addresses[0], Role::BureauAdmin, "bj-commerce", "admin"));
    let copy = home.path().join("list.ndjson");
    let mut keeper = Keeper::new(copy.clone(), None, None);
    let copying = person(balancer.address, Role::CustomsLookup, "0101", "copying");
    let service = LogClient::new(&format!("http://{}", balancer.address), Some(copying.token())).unwrap();
    let (tell, ended) = channel();
    let level = std::thread::scope(|scope| {
        let asking: Vec<_> = addresses
            .iter()
            .zip(&answers)
            .map(|(address, answers)| {
                let customs = person(*address, Role::CustomsLookup, "0101", "asking");
                let (acknowledged, over) = (&acknowledged, &over);
                scope.spawn(move || ask(&customs, acknowledged, over, answers))
            })
            .collect();
        let officer = person(balancer.address, Role::BureauOfficer, "bj-commerce", "officer");
        let approver = person(balancer.address, Role::BureauApprover, "bj-commerce", "approver");
        let (acknowledging, changes) = (&acknowledged, &over);
        let changing = scope.spawn(move || change(&officer, &approver, acknowledging, changes));
        let (nodes, cluster) = (&nodes, &mut cluster);
        let disturbing = scope.spawn(move || disturb(nodes, cluster, time, &ended));
        let (keeper, service) = (&mut keeper, &service);
        let mirroring = scope.spawn(move || mirror(keeper, service, changes));
        // Customs plays to the end again and again; each play proves that both sides hold the same.
        let begun = Instant::now();
        for seed in 1.. {
            let plan = Plan {
                declarations: 60,
                seed,
                chaos: true,
                url: format!("http://{}", balancer.address),
                office: "0101".to_owned(),
                connections: 8,
                patience: Duration::from_secs(120),
            };
            let played = customs(&plan, TokenSource::Demo(data.clone()), &counters, |_| {});
            let summary = played.unwrap_or_else(|failure| {
                let ready: Vec<_> = addresses.iter().map(|it| Client::new(*it).get("/health/ready")).collect();
                panic!("{failure:?}; the nodes say {ready:?}")
            });
            assert_eq!(summary.differences, Vec::<String>::new(), "play {seed}");
            if begun.elapsed() >= time {
                break;
            }
        }
        tell.send(()).unwrap();
        disturbing.join().unwrap();
        over.store(true, Ordering::SeqCst);
        changing.join().unwrap();
        asking.into_iter().for_each(|thread| thread.join().unwrap());
        mirroring.join().unwrap()
    });

    // Nothing acknowledged is lost.
    let acknowledged = acknowledged.into_inner().unwrap();
    let auditor = person(addresses[0], Role::Auditor, "bj-audit", "auditor");
    for (_, revision, id) in &acknowledged {
        let found = auditor.get(&format!("/v1/adjustments/{id}"));
        assert_eq!((found["state"].as_str(), found["revision"].as_i64()), (Some("confirmed"), Some(*revision)), "{id}");
    }
    assert!(acknowledged.len() >= 2, "hardly anything was changed: {}", acknowledged.len());
    // Links failed for longer than the bound, and whoever could not know said so.
    let refused: u64 = answers.iter().map(|node| node.refused.load(Ordering::Relaxed)).sum();
    assert!(refused > 0, "no node went stale");
    let newest = acknowledged.last().unwrap().1;
    let lists: Vec<Vec<Value>> = addresses.iter().map(|address| list(*address, &issuer, newest)).collect();
    assert!(lists[0].len() > 10 && lists.iter().all(|list| *list == lists[0]), "the nodes hold different lists");

    // The copy was kept level through the feed alone, and is what every node gives away.
    assert!(level > 0, "the copy was never level");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let round = runtime.block_on(keeper.round(&service)).unwrap();
    assert_eq!(round.repaired, None);
    assert!(round.revision.0 >= newest && round.lines >= acknowledged.len(), "{round:?}");
    let whole = |address: &SocketAddr| {
        snapshot(*address, &person(*address, Role::CustomsLookup, "0101", "comparing"), round.revision.0)
    };
    let snapshots: Vec<(String, Value)> = addresses.iter().map(whole).collect();
    assert!(snapshots.iter().all(|snapshot| *snapshot == snapshots[0]), "the nodes give different lists away");
    assert!(std::fs::read_to_string(&copy).unwrap() == snapshots[0].0, "the copy is another list");

    // The receiver heard of everything that happened.
    let standing = cluster.url(&["b"]);
    let again = told.has_heard_all(&standing, behind);

    // One after another they are replaced, and nobody who asks the others notices; who is told next hears it from another node.
    roll(&mut nodes, &addresses, &issuer);
    let officer = person(addresses[0], Role::BureauOfficer, "bj-commerce", "officer");
    let approver = person(addresses[0], Role::BureauApprover, "bj-commerce", "approver");
    register(&officer, &approver, 99_999).expect("a node that was replaced takes changes");
    told.has_heard_all(&standing, behind);
    verify(&nodes[0], &standing);
    for (node, answers) in answers.iter().enumerate() {
        println!(
            "node {node}: {} answers, {} refused as stale; at most {} µs from an acknowledgement to an answer without it",
            answers.given.load(Ordering::Relaxed),
            answers.refused.load(Ordering::Relaxed),
            answers.latest.load(Ordering::Relaxed),
        );
    }
    println!("the copy was level {level} times; {again} messages to the webhook came again");
    println!("{} changes and {} draws acknowledged", acknowledged.len(), counters.acknowledged.load(Ordering::Relaxed));
}

/// Restarts every node at its address while somebody asks through a balancer that knows nothing but who refuses connections.
fn roll(nodes: &mut Vec<Node>, addresses: &[SocketAddr], issuer: &DemoIssuer) {
    let balancer = Proxy::to(addresses);
    let (over, question, count) = (AtomicBool::new(false), lookup(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (over, question, count) = (&over, &question, &count);
        let customs = Person::new(balancer.address, issuer, Role::CustomsLookup, "0101", "rolling");
        let asking = scope.spawn(move || {
            while !over.load(Ordering::SeqCst) {
                // A connection that ends without an answer is opened again, as every balancer does for a GET.
                let ask = || customs.send("GET", question, &[], b"");
                let (status, _, body) = ask().or_else(ask).expect("a lookup was not answered");
                assert_eq!(status, 200, "{body}");
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        for (nth, address) in addresses.iter().enumerate() {
            let node = nodes.remove(nth);
            node.demo.stop();
            let demo = Node::run(&node.data, &address.to_string(), (&node.url, &node.webhooks), None);
            nodes.insert(nth, Node { demo, ..node });
        }
        over.store(true, Ordering::SeqCst);
        asking.join().unwrap();
    });
    assert!(count.load(Ordering::Relaxed) > 100);
}
