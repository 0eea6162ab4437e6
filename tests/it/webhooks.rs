//! Webhooks: in order and side by side, tried again by a clock turned by hand, given up, sent again, with another key, paused.

use crate::lookups::{ENT_05, ENT_10, faults, number_of};
use crate::stops::stop;
use crate::support::app::{Actor, Database, TestApp};
use crate::support::on_both;
use crate::support::receiver::Receiving;
use crate::support::visitor::Visitor;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver as Waiting, Sender as Telling, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use whitelist::domain::actor::Role;
use whitelist::domain::validity::Instant;
use whitelist::domain::webhook::target::Allowed;
use whitelist::http::receiver::Received;
use whitelist::outbound::webhooks::sender::Sender;
use whitelist::outbound::webhooks::{Round, Teller};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;

type Heard = Arc<Mutex<Vec<Received>>>;

/// A receiver of the test.
struct Post {
    address: SocketAddr,
    receiving: Receiving,
    heard: Heard,
    /// What it answers.
    status: Arc<AtomicU16>,
    /// An event that it will not have.
    poison: Arc<Mutex<Option<&'static str>>>,
}

impl Post {
    fn open(app: &TestApp) -> Self {
        let (heard, status) = (Heard::default(), Arc::new(AtomicU16::new(204)));
        let poison: Arc<Mutex<Option<&'static str>>> = Arc::default();
        let (hears, answers, poisoned) = (Arc::clone(&heard), Arc::clone(&status), Arc::clone(&poison));
        let hand = move |received: Result<Received, _>| {
            let Ok(received) = received else { return 401 };
            let status = answers.load(Ordering::SeqCst);
            if poisoned.lock().unwrap().is_some_and(|event| received.body.contains(event)) {
                return 422;
            }
            if status < 300 {
                hears.lock().unwrap().push(received);
            }
            status
        };
        Self::handing(app, heard, status, poison, hand)
    }

    fn handing(
        app: &TestApp,
        heard: Heard,
        status: Arc<AtomicU16>,
        poison: Arc<Mutex<Option<&'static str>>>,
        hand: impl Fn(Result<Received, whitelist::domain::webhook::signature::Refused>) -> u16 + Send + Sync + 'static,
    ) -> Self {
        let clock = app.clock.clone();
        let receiving = Receiving::start(move || clock.now().micros() / 1_000_000, hand);
        Self { address: receiving.address, receiving, heard, status, poison }
    }

    /// What was heard since the last look: event, thing, id.
    fn heard(&self) -> Vec<(String, String, String)> {
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        let read = |received: Received| {
            assert!(received.body.len() < 20_000);
            let body: Value = serde_json::from_str(&received.body).unwrap();
            let text = |pointer: &str| body.pointer(pointer).unwrap().as_str().unwrap().to_owned();
            (text("/type"), text("/data/entity/id"), received.id)
        };
        heard.into_iter().map(read).collect()
    }

    fn events(&self) -> Vec<String> {
        self.heard().into_iter().map(|(event, ..)| event).collect()
    }
}

/// The actors of the test; tokens are minted anew, because the clock moves.
fn customs(app: &TestApp) -> Actor {
    app.customs()
}

fn applicant(app: &TestApp) -> Actor {
    app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-1")
}

fn admin(app: &TestApp) -> Actor {
    app.actor(Role::BureauAdmin, "bj-commerce", "admin-1")
}

/// Lets the service send to these places.
fn allow(app: &mut TestApp, places: &[SocketAddr]) -> Allowed {
    let places = places.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let allowed = Allowed::parse(&places).unwrap();
    app.retune(|tuning| tuning.webhooks = allowed.clone());
    app.restart();
    allowed
}

/// Makes a webhook; its path and its newest public key.
fn make(actor: &Actor, to: SocketAddr, events: &[&str]) -> (String, String) {
    let response = actor.post("/v1/webhooks", &json!({ "url": format!("http://{to}/in"), "events": events }));
    assert_eq!(response.status, 201, "{}", response.text());
    let key = response.json()["keys"][0]["key"].as_str().unwrap().to_owned();
    (response.header("location").unwrap().to_owned(), key)
}

fn know(post: &Post, key: &str) {
    post.receiving.know(&[key]);
}

fn shown(app: &TestApp, path: &str) -> Value {
    let response = admin(app).get(path);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn act(app: &TestApp, path: &str, verb: &str) -> Value {
    let actor = customs(app);
    let etag = actor.get(path).header("etag").unwrap().to_owned();
    let response = actor.act(&format!("{path}/{verb}"), &etag);
    assert_eq!(response.status, 200, "{verb}: {}", response.text());
    response.json()
}

fn turn(app: &TestApp, micros: i64) {
    app.clock.set(Instant::from_micros(app.clock.now().micros() + micros));
}

struct Desk {
    teller: Arc<Teller>,
    runtime: Runtime,
}

impl Desk {
    fn open(app: &TestApp, allowed: &Allowed) -> Self {
        let teller = Arc::new(Teller::new(app.shared(), Sender::new(allowed.clone()).unwrap()));
        Self { teller, runtime: Builder::new_current_thread().enable_all().build().unwrap() }
    }

    fn round(&self, app: &TestApp) -> Round {
        app.settle();
        self.runtime.block_on(self.teller.round()).unwrap()
    }
}

/// A listing is varied, then stopped.
fn something_happens(app: &TestApp, listing: &str) {
    app.change(json!([
        { "kind": "vary", "listing": listing, "effective_on": app.clock.now().day().to_string(),
          "set": { "note": app.inside().head().unwrap().to_string() }, "reason": { "code": "enterprise_request" } },
    ]));
    assert_eq!(stop(app, json!({ "kind": "listing", "value": listing })).status, 201);
}

on_both! {
    fn each_webhook_is_told_in_order_and_only_what_it_may_know(app) {
        let (all, own) = (Post::open(app), Post::open(app));
        let allowed = allow(app, &[all.address, own.address]);
        let desk = Desk::open(app, &allowed);
        let (listing, other) = (number_of(app, ENT_05, "2937500000"), number_of(app, ENT_10, "2937500000"));
        let (hook, key) = make(&customs(app), all.address, &["listing.*", "stop.made", "enterprise.*"]);
        know(&all, &key);
        let (enterprises, key) = make(&applicant(app), own.address, &["listing.*"]);
        know(&own, &key);

        // What is said of a webhook, and to whom.
        let mine = customs(app).get("/v1/webhooks").json();
        assert_eq!(mine["items"].as_array().unwrap().len(), 1);
        assert_eq!(applicant(app).get(&hook).status, 404);
        assert_eq!(admin(app).get("/v1/webhooks").json()["items"].as_array().unwrap().len(), 2);
        let leaf = app.inside().store.read(|conn| whitelist::store::log::find_entry(conn, mine["items"][0]["revision"].as_i64().unwrap())).unwrap().unwrap().leaf;
        let leaf = String::from_utf8(leaf).unwrap();
        assert!(leaf.contains("webhook.made") && !leaf.contains("127.0.0.1"), "{leaf}");
        for (actor, body, expected) in [
            (customs(app), json!({ "url": "https://127.0.0.1/", "events": ["listing.*"] }), ("/url", "webhook_address")),
            (customs(app), json!({ "url": "https://hooks.example.cn/", "events": ["person.*"] }), ("/events/0", "value_unknown")),
            (applicant(app), json!({ "url": "https://hooks.example.cn/", "events": ["listing.*", "stop.*"] }), ("/events/1", "value_unknown")),
        ] {
            let refused = actor.post("/v1/webhooks", &body);
            assert_eq!((refused.status, faults(&refused.json())), (400, vec![expected]));
        }

        // One node at a time, and another when this one is gone.
        assert!(desk.round(app).held);
        let second = Desk::open(app, &allowed);
        assert!(!second.round(app).held);
        turn(app, 2 * MINUTE);
        assert!(second.round(app).held);
        turn(app, 2 * MINUTE);
        drop(second);

        // In order of the log, each to whom it concerns.
        something_happens(app, &listing);
        something_happens(app, &other);
        assert_eq!(desk.round(app), Round { held: true, told: 2 });
        let mut heard = all.heard();
        let said: Vec<(&str, &str)> = heard.iter().map(|(event, thing, _)| (event.as_str(), thing.as_str())).collect();
        let stops: Vec<&str> = heard.iter().filter(|(event, ..)| event == "stop.made").map(|(_, thing, _)| thing.as_str()).collect();
        assert_eq!(said, [("listing.varied", listing.as_str()), ("stop.made", stops[0]), ("listing.varied", other.as_str()), ("stop.made", stops[1])]);
        assert_eq!(own.heard().iter().map(|(event, thing, _)| (event.as_str(), thing.as_str())).collect::<Vec<_>>(), [("listing.varied", listing.as_str())]);
        assert_eq!(desk.round(app), Round { held: true, told: 0 });

        // A message names the request that caused what it tells.
        let response = stop(app, json!({ "kind": "listing", "value": listing }));
        desk.round(app);
        let caused = all.heard.lock().unwrap().last().unwrap().request_id.clone();
        assert!(response.status == 201 && caused.is_some());
        assert_eq!(caused.as_deref(), response.header("x-request-id"));
        heard.extend(all.heard());
        let delivery = shown(app, &hook)["delivery"].clone();
        assert_eq!((delivery["delivered"].clone(), delivery["last_outcome"].clone(), delivery["served"].clone()), (json!(5), json!("204"), json!(app.inside().head().unwrap())));
        assert_eq!(shown(app, &enterprises)["delivery"]["delivered"], json!(1));

        // From a revision on: the same messages in the same order under the same ids.
        let first = mine["items"][0]["revision"].as_i64().unwrap();
        let replayed = customs(app).post(&format!("{hook}/replay"), &json!({ "from": first }));
        assert_eq!(replayed.status, 200, "{}", replayed.text());
        desk.round(app);
        assert_eq!(all.heard(), heard);

        // Another key: the one before signs beside it for seven days, and not longer.
        let rotated = act(app, &hook, "rotate");
        assert_eq!(rotated["keys"].as_array().unwrap().len(), 2);
        something_happens(app, &listing);
        desk.round(app);
        assert_eq!(all.events(), ["listing.varied", "stop.made"]);
        turn(app, 8 * DAY);
        app.change(json!([{ "kind": "suspend", "listing": listing, "effective_on": app.clock.now().day().to_string(), "reason": { "code": "risk_found" } }]));
        desk.round(app);
        assert_eq!((all.events(), shown(app, &hook)["delivery"]["last_outcome"].clone()), (Vec::new(), json!("401")));
        know(&all, rotated["keys"][0]["key"].as_str().unwrap());
        turn(app, MINUTE);
        desk.round(app);
        assert_eq!(all.events(), ["listing.suspended"]);

        // Paused it waits and loses nothing; removed it is over.
        act(app, &hook, "pause");
        app.change(json!([{ "kind": "reinstate", "listing": listing, "effective_on": app.clock.now().day().to_string(), "reason": { "code": "rectified" } }]));
        desk.round(app);
        assert_eq!(all.events(), [""; 0]);
        act(app, &hook, "resume");
        desk.round(app);
        assert_eq!(all.events(), ["listing.reinstated"]);
        act(app, &hook, "remove");
        something_happens(app, &listing);
        desk.round(app);
        assert_eq!(all.events(), [""; 0]);
        let etag = customs(app).get(&hook).header("etag").unwrap().to_owned();
        assert_eq!(customs(app).act(&format!("{hook}/resume"), &etag).status, 409);
    }
}

on_both! {
    fn what_fails_is_tried_again_given_up_and_sent_again(app) {
        let (moody, well) = (Post::open(app), Post::open(app));
        let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let allowed = allow(app, &[moody.address, well.address, dead]);
        let desk = Desk::open(app, &allowed);
        let listing = number_of(app, ENT_05, "2937500000");
        let (hook, key) = make(&customs(app), moody.address, &["listing.*", "stop.*"]);
        know(&moody, &key);
        let (_, key) = make(&customs(app), well.address, &["stop.*"]);
        know(&well, &key);
        let (lost, _) = make(&customs(app), dead, &["listing.*"]);

        // Busy: tried again later and not sooner, in order; nobody else waits.
        moody.status.store(503, Ordering::SeqCst);
        something_happens(app, &listing);
        desk.round(app);
        assert_eq!(well.events(), ["stop.made"]);
        let delivery = shown(app, &hook)["delivery"].clone();
        assert_eq!((delivery["attempts"].clone(), delivery["last_outcome"].clone()), (json!(1), json!("503")));
        turn(app, 4_000_000);
        assert_eq!(desk.round(app).told, 0);
        moody.status.store(200, Ordering::SeqCst);
        turn(app, 3_000_000);
        assert_eq!(desk.round(app).told, 2);
        assert_eq!(moody.events(), ["listing.varied", "stop.made"]);

        // A message that its receiver will not have: given up after five attempts, the next ones follow.
        *moody.poison.lock().unwrap() = Some("listing.varied");
        something_happens(app, &listing);
        for attempt in 1..=5 {
            desk.round(app);
            assert_eq!(moody.events(), if attempt < 5 { vec![] } else { vec!["stop.made"] }, "{attempt}");
            turn(app, 90 * MINUTE);
        }
        let letters = customs(app).get(&format!("{hook}/dead-letters")).json();
        let letter = letters["items"][0].clone();
        assert_eq!((letters["items"].as_array().unwrap().len(), letter["event"].clone(), letter["outcome"].clone(), letter["attempts"].clone()), (1, json!("listing.varied"), json!("422"), json!(5)));
        let again = |revision: &Value| customs(app).post(&format!("{hook}/replay"), &json!({ "revision": revision }));
        assert_eq!(again(&json!(1)).status, 404);
        assert_eq!(again(&letter["revision"]).status, 200);
        desk.round(app);
        assert_eq!((moody.events(), shown(app, &hook)["delivery"]["dead_letters"].clone()), (Vec::new(), json!(1)));
        *moody.poison.lock().unwrap() = None;
        // The administrator finds it on a page, and has it sent again from there.
        let id = hook.rsplit('/').next().unwrap();
        let person = Visitor::signed_in(app, "demo.admin");
        let page = person.get("/registers/webhooks");
        let page = person.get(&page.is(200).link("1"));
        page.is(200).says("listing.varied").says("422");
        let form = person.get(&page.link("重发一条"));
        assert!(form.is(200).html.contains(&format!("value=\"{}\"", letter["revision"])), "{}", form.html);
        person.submit(&form, &format!("/do/replay-dead-letter/{id}"), &[]).is(200).says("已保存");
        assert_eq!(customs(app).get(&format!("{hook}/dead-letters")).json()["items"][0]["to_be_sent"], true);
        desk.round(app);
        person.get(&page.path).is(200).says("没有未送达的消息");
        let heard = moody.heard();
        assert_eq!((heard.len(), json!(heard[0].2), shown(app, &hook)["delivery"]["dead_letters"].clone()), (1, letter["message"].clone(), json!(0)));

        // Gone: paused at once, its organisation is told, nothing is lost.
        moody.status.store(410, Ordering::SeqCst);
        something_happens(app, &listing);
        desk.round(app);
        assert_eq!((shown(app, &hook)["state"].clone(), shown(app, &hook)["cause"].clone()), (json!("paused"), json!("gone")));
        let notice = customs(app).get("/v1/inbox").json()["items"][0].clone();
        assert_eq!((notice["kind"].clone(), notice["about"].clone(), notice["addressee"].clone()), (json!("webhook_paused"), json!(hook), json!("org:0101")));
        moody.status.store(200, Ordering::SeqCst);
        act(app, &hook, "resume");
        desk.round(app);
        assert_eq!(moody.events(), ["listing.varied", "stop.made"]);

        // Dead for three days: given up, and paused.
        let mut rounds = 0;
        while shown(app, &lost)["state"] == "active" {
            turn(app, 60 * MINUTE);
            desk.round(app);
            rounds += 1;
            assert!(rounds < 100);
        }
        let seen = shown(app, &lost);
        assert_eq!((seen["cause"].clone(), seen["delivery"]["dead_letters"].clone(), seen["delivery"]["last_outcome"].clone()), (json!("failing"), json!(1), json!("no_answer")));
    }
}

/// One receiver holds its answer back; meanwhile the other hears everything, and the service stops in time.
#[test]
fn a_slow_receiver_holds_back_itself_alone() {
    let mut app = TestApp::start(Database::Sqlite);
    let (tell_begun, begun): (Telling<()>, Waiting<()>) = channel();
    let (release, released): (Telling<()>, Waiting<()>) = channel();
    let (tell_begun, released) = (Mutex::new(tell_begun), Mutex::new(released));
    let slow = Post::handing(&app, Arc::default(), Arc::default(), Arc::default(), move |received| {
        assert!(received.is_ok());
        tell_begun.lock().unwrap().send(()).unwrap();
        let _ = released.lock().unwrap().recv_timeout(Duration::from_secs(10));
        204
    });
    let (tell_heard, heard): (Telling<String>, Waiting<String>) = channel();
    let tell_heard = Mutex::new(tell_heard);
    let quick = Post::handing(&app, Arc::default(), Arc::default(), Arc::default(), move |received| {
        tell_heard.lock().unwrap().send(received.unwrap().id).unwrap();
        204
    });
    let allowed = allow(&mut app, &[slow.address, quick.address]);
    for post in [&slow, &quick] {
        let (_, key) = make(&customs(&app), post.address, &["listing.*"]);
        know(post, &key);
    }
    let listing = number_of(&app, ENT_05, "2937500000");
    let telling = whitelist::outbound::webhooks::Telling::start(app.shared(), Sender::new(allowed).unwrap()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for round in 0..5 {
        something_happens(&app, &listing);
        app.settle();
        ids.insert(heard.recv_timeout(Duration::from_secs(10)).unwrap());
        if round == 0 {
            begun.recv_timeout(Duration::from_secs(10)).unwrap();
        }
    }
    assert_eq!(ids.len(), 5, "each once");
    assert!(begun.try_recv().is_err(), "the slow one has not been sent a second one");
    for _ in 0..5 {
        release.send(()).unwrap();
    }
    for _ in 1..5 {
        begun.recv_timeout(Duration::from_secs(10)).unwrap();
    }
    drop(telling);
}
