//! Several nodes on one list: what one confirms the others answer, and a node that cannot know that its list is current
//! says nothing, however the connection fails.

use crate::support::app::{Database, TestApp, Tuning};
use crate::support::client::Response;
use crate::support::cluster::{Cluster, statement, value};
use crate::support::proxy::{Link, Proxy};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use whitelist::app::follower::Watch;
use whitelist::app::found::system;
use whitelist::app::pause;
use whitelist::domain::actor::Role;
use whitelist::domain::bilingual::Bilingual;
use whitelist::index::{Index, Snapshot};
use whitelist::store::writer::Options;
use whitelist::store::{DatabaseUrl, Store, log};

/// How old the confirmation of the head may be here.
const BOUND: Duration = Duration::from_secs(1);

/// How long anything may take that must happen.
const PATIENCE: Duration = Duration::from_secs(30);

const LOOKUP: &str = "/v1/lookup?enterprise=91110302XFXTR00172&hs_code=3004909099&cas=27262-47-1&quantity=20&unit=142&customs_office=0101&declared_on=2026-08-12";

fn change(kind: &str, code: &str) -> Value {
    json!([{ "kind": kind, "enterprise": "91110302XFXTR00172", "effective_on": "2026-08-12", "reason": { "code": code } }])
}

fn suspend(node: &TestApp) -> i64 {
    node.change(change("suspend_enterprise", "risk_found"))
}

fn reinstate(node: &TestApp) -> i64 {
    node.change(change("reinstate_enterprise", "rectified"))
}

fn kind(response: &Response) -> (u16, String) {
    (response.status, response.json()["type"].as_str().unwrap_or_default().to_owned())
}

/// Asks until the answer is as wanted.
fn until(wanted: &str, ask: impl Fn() -> Response, is: impl Fn(&Response) -> bool) -> Response {
    let begun = Instant::now();
    loop {
        let response = ask();
        if is(&response) {
            return response;
        }
        assert!(begun.elapsed() < PATIENCE, "not yet {wanted}: {} {}", response.status, response.text());
        std::thread::yield_now();
    }
}

fn answered(node: &TestApp, least: i64) -> Response {
    node.customs().send("GET", LOOKUP, &[("Whitelist-Min-Revision", &least.to_string())], b"")
}

fn verdict(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["verdict"].as_str().unwrap().to_owned()
}

fn stale(response: &Response) {
    assert_eq!(kind(response), (503, "/problems/stale-node".to_owned()), "{}", response.text());
    assert!(response.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
}

fn bounded() -> Tuning {
    Tuning { max_staleness: BOUND, ..Tuning::default() }
}

fn postgres(url: &DatabaseUrl) -> &str {
    let DatabaseUrl::Postgres(url) = url else { panic!("only a server has several nodes") };
    url
}

#[test]
fn a_node_that_cannot_know_that_its_list_is_current_says_nothing() {
    let first = TestApp::start(Database::Postgres);
    let direct = postgres(&first.database).to_owned();
    let server = direct.rsplit_once('@').unwrap().1.split('/').next().unwrap().parse().unwrap();
    let proxy = Proxy::to(&[server]);
    let second = first.beside(DatabaseUrl::Postgres(proxy.url(&direct)), bounded());
    let anyone = second.client();

    // What the first node confirms, the second answers when it is asked with the revision; and the other way round.
    let revision = suspend(&first);
    assert_eq!(verdict(&answered(&second, revision)), "denied");
    let mut revision = reinstate(&second);
    assert_eq!(verdict(&answered(&first, revision)), "allowed");

    // The clock of the day jumps as it likes: freshness is measured by one that does not.
    for jumped in ["2026-08-12T06:00:00.000000Z", "2026-08-12T02:00:00.000000Z", crate::support::app::NOW] {
        second.set_time(jumped);
        assert_eq!(verdict(&answered(&second, revision)), "allowed", "{jumped}");
    }

    for link in [Link::Frozen, Link::Cut, Link::Slow(BOUND * 3 / 2)] {
        until("allowed", || answered(&second, revision), |it| it.status == 200 && it.json()["verdict"] == "allowed");
        let customs = second.customs();
        proxy.set(link);
        let suspended = suspend(&first);
        let since = Instant::now();
        let refused = loop {
            let asked = since.elapsed();
            let answer = customs.get(LOOKUP);
            if answer.status != 200 {
                break answer;
            }
            assert_eq!(verdict(&answer), "allowed", "{link:?}: the suspension cannot have come");
            assert!(asked <= BOUND, "{link:?}: still allowed {asked:?} after the suspension was confirmed");
        };
        stale(&refused);
        let red = anyone.get("/health/ready");
        assert_eq!(red.status, 503, "{link:?}: {}", red.text());
        assert_eq!(anyone.get("/health/live").status, 200, "{link:?}");

        proxy.set(Link::Open);
        let back = until("answered again", || customs.get(LOOKUP), |it| it.status == 200);
        assert_eq!(verdict(&back), "denied", "{link:?}: back with an old list");
        assert!(back.json()["revision"].as_i64().unwrap() >= suspended);
        until("ready again", || anyone.get("/health/ready"), |it| it.status == 200);
        revision = reinstate(&first);
    }
}

/// Whoever follows is woken by the word of another node, however seldom it looks by itself; a word that is lost is made up for.
#[test]
fn who_follows_is_told_and_looks_by_itself_all_the_same() {
    let first = TestApp::start(Database::Postgres);
    let store = Store::open(&first.database, Options::default()).unwrap();
    let index = Arc::new(Index::new(Snapshot::empty()));
    let mut watch = Watch::new(first.database.clone(), store.clone(), Arc::clone(&index), first.clock.clone(), None);
    watch.load().unwrap();
    let revision = suspend(&first);
    let (never, begun) = (crossbeam_channel::never(), Instant::now());
    while index.load().revision().0 < revision {
        assert!(watch.wait(&never, &never, PATIENCE * 4));
        watch.look();
    }
    assert!(begun.elapsed() < PATIENCE, "nobody told it");

    // A writer without a voice: nobody is told, and the node finds out by itself.
    let second = first.beside(first.database.clone(), Tuning::default());
    let reason = Bilingual { zh: "维护".to_owned(), en: "Maintenance".to_owned() };
    let paused = store.write(system("test", first.clock.now()), |tx| pause::begin(tx, reason).map(drop)).unwrap();
    for node in [&first, &second] {
        assert!(node.inside().index.wait_for(paused.revision, PATIENCE));
    }
    store.close();

    // Operators see both nodes, and how soon the changes took effect; one that stops as it should is not missed.
    let operator = first.actor(Role::Operator, "operations", "operator-1");
    let nodes = |wanted: usize| {
        let seen = || operator.get("/v1/operations");
        until("seen", seen, |it| it.json()["nodes"].as_array().unwrap().len() == wanted).json()
    };
    let view = nodes(2);
    assert!(view["nodes"].as_array().unwrap().iter().all(|node| node["silent"] == false), "{view}");
    assert!(view["signs"].as_array().unwrap().iter().any(|sign| sign["code"] == "nodes" && sign["level"] == "good"));
    let figures = second.client().get("/metrics").text().to_owned();
    assert!(figures.contains("whitelist_nodes 2\n"), "{figures}");
    assert!(
        figures.contains("whitelist_effect_seconds_count") && !figures.contains("whitelist_effect_seconds_count 0\n")
    );
    drop(second);
    nodes(1);
}

/// One cluster for all of it: its standby is followed, stands still, falls behind, loses the tail of the log, and is promoted.
#[test]
fn a_node_that_saw_more_than_the_new_primary_has_refuses_changes_and_never_signs_a_fork() {
    let mut cluster = Cluster::start();
    let (primary, standby) = (cluster.url(&["a"]), cluster.url(&["b"]));
    let both = DatabaseUrl::Postgres(cluster.url(&["a", "b"]) + "?target_session_attrs=read-write");
    let mut ahead = TestApp::start_at(both.clone(), bounded());
    let follow = Some(DatabaseUrl::Postgres(standby.clone()));
    let mut behind = ahead.beside(both.clone(), Tuning { follow, ..bounded() });

    // Followed from the standby.
    let revision = suspend(&ahead);
    assert_eq!(verdict(&answered(&behind, revision)), "denied");
    let revision = reinstate(&behind);
    assert_eq!(verdict(&answered(&ahead, revision)), "allowed");

    // A standby that stands still is read as readily as ever, and proves nothing.
    statement(&standby, "SELECT pg_wal_replay_pause()");
    suspend(&ahead);
    let customs = behind.customs();
    stale(&until("stale", || customs.get(LOOKUP), |it| it.status != 200));
    statement(&standby, "SELECT pg_wal_replay_resume()");
    let back = until("answered again", || customs.get(LOOKUP), |it| it.status == 200);
    assert_eq!(verdict(&back), "denied");
    let kept = reinstate(&ahead);
    assert_eq!(verdict(&answered(&behind, kept)), "allowed");

    // Whoever keeps something on the primary has seen its head. This node keeps what it answered, and nothing after that.
    behind.inside().recorder.flush();
    behind.inside().accesses.flush();
    // The standby is cut off, and what is acknowledged from now on stands on the primary only.
    statement(&standby, "ALTER SYSTEM SET primary_conninfo = ''");
    statement(&standby, "SELECT pg_reload_conf()");
    let begun = Instant::now();
    while value(&primary, "SELECT count(*) AS value FROM pg_stat_replication") > 0 {
        assert!(begun.elapsed() < PATIENCE, "the standby goes on receiving");
    }
    let lost = suspend(&ahead);
    assert!(lost > kept);
    cluster.crash("a");
    cluster.promote("b");

    // Whoever saw the lost change writes nothing and signs nothing, and says why.
    let officer = ahead.officer();
    let proposal = json!({ "scheme": "beijing-2022", "changes": change("suspend_enterprise", "risk_found") });
    let refused = until(
        "refused for good",
        || officer.post("/v1/adjustments", &proposal),
        |_| ahead.inside().store.frozen().is_some(),
    );
    assert_eq!(refused.status, 503, "{}", refused.text());
    let refused = officer.post("/v1/adjustments", &proposal);
    assert_eq!(kind(&refused), (503, "/problems/unavailable".to_owned()), "{}", refused.text());
    let anyone = ahead.client();
    let red = until("red", || anyone.get("/health/ready"), |it| it.text().contains("reshard"));
    assert_eq!(red.status, 503);
    assert_eq!(verdict(&until("answered", || ahead.customs().get(LOOKUP), |it| it.status == 200)), "denied");

    // Whoever did not see it goes on; and the list that holds what was lost is not mixed with what came instead.
    let head = |url: &str| value(url, "SELECT size AS value FROM log_head");
    while head(&standby) <= lost {
        reinstated(&behind);
    }
    stale(&until("stale", || ahead.customs().get(LOOKUP), |it| it.status != 200));
    let newest = DatabaseUrl::Postgres(standby).open().and_then(|mut conn| log::newest_checkpoint(&mut conn));
    assert!(newest.unwrap().is_some(), "the node that goes on signs");
    assert!(ahead.inside().store.frozen().is_some() && behind.inside().store.frozen().is_none());
    ahead.will_be_tampered_with();
    ahead.halt();
    behind.halt();
    drop((ahead, behind));
}

/// Makes a change through a node whose connections may still have to find the new primary.
fn reinstated(node: &TestApp) {
    let officer = node.officer();
    let changes = change("suspend_enterprise", "risk_found");
    let proposal = json!({ "scheme": "beijing-2022", "changes": changes });
    until("taken", || officer.post("/v1/adjustments", &proposal), |it| it.status == 201);
}
