//! Running the service: the pause switch, load that is shed, limits that are told, what operators see.

mod backup;

use crate::draws::{declaration, ok, place, small};
use crate::lookups::{ENT_05, ask, question};
use crate::stops::stop;
use crate::support::app::{Actor, Database, TestApp, Tuning};
use crate::support::client::Response;
use crate::support::on_both;
use crate::support::visitor::Visitor;
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;
use whitelist::app::found::system;
use whitelist::domain::actor::Role;
use whitelist::http::surface::{Budgets, Surface};
use whitelist::store::StoreError;
use whitelist::store::tx::Tx;

fn operator(app: &TestApp) -> Actor {
    app.actor(Role::Operator, "operations", "operator-1")
}

fn kind(response: &Response) -> (u16, String) {
    (response.status, response.json()["type"].as_str().unwrap_or_default().to_owned())
}

fn figure(app: &TestApp, name: &str) -> String {
    let metrics = app.client().get("/metrics");
    let line = metrics.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}")).to_owned()
}

on_both! {
    fn a_pause_refuses_changes_and_draws_and_nothing_that_protects(app) {
        let operator = operator(app);
        assert_eq!(operator.get("/v1/pause").status, 404);
        let reason = json!({ "reason_zh": "系统维护，预计 20:00 恢复。", "reason_en": "Maintenance, until about 20:00." });
        let paused = operator.post("/v1/pause", &reason);
        assert_eq!((paused.status, paused.json()["paused"].clone()), (201, json!(true)), "{}", paused.text());
        assert_eq!(operator.post("/v1/pause", &reason).status, 409, "one pause at a time");

        let proposal = json!({ "scheme": "beijing-2022", "changes": [{ "kind": "suspend_enterprise", "enterprise": ENT_05, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }] });
        let refused = app.officer().send("POST", "/v1/adjustments", &[("Content-Type", "application/json"), ("Accept-Language", "en")], proposal.to_string().as_bytes());
        assert_eq!(kind(&refused), (503, "/problems/paused".to_owned()));
        assert!(refused.text().contains("until about 20:00") && refused.header("retry-after") == Some("60"), "{}", refused.text());
        assert_eq!(kind(&app.drawing().put(&place(1), &small())), (503, "/problems/paused".to_owned()));
        assert_eq!(app.auditor().post("/v1/adjustments", &proposal).status, 403, "who may not is told so, paused or not");

        // Lookups and reads go on, and what protects people stays open.
        assert_eq!(ask(app, &question(ENT_05, "2937500000"))["verdict"], "allowed");
        assert_eq!(app.auditor().get("/v1/listings").status, 200);
        let stopped = stop(app, json!({ "kind": "cas", "value": "50-18-0" }));
        assert_eq!(stopped.status, 201, "{}", stopped.text());
        let confirm = format!("{}/confirm", stopped.header("location").unwrap());
        assert_eq!(app.approver().act(&confirm, stopped.header("etag").unwrap()).status, 200);
        // What time brings rests: no stop lapses, nothing is given back.
        let unconfirmed = stop(app, json!({ "kind": "cas", "value": "64-17-5" }));
        let at = unconfirmed.header("location").unwrap().to_owned();
        assert_eq!(figure(app, "whitelist_paused"), "1");

        // Every page says so, in the language of its reader.
        assert!(Visitor::new(app).get("/help").html.contains("系统维护"), "the banner");
        assert!(Visitor::new(app).in_english().get("/help").html.contains("until about 20:00"), "the banner in English");

        app.set_time("2026-09-12T04:00:00.000000Z");
        app.inside().tick(app.clock.now()).unwrap();
        assert_eq!(app.auditor().get(&at).json()["stage"], "emergency");
        let operator = self::operator(app);
        let seen = operator.get("/v1/pause").header("etag").unwrap().to_owned();
        assert_eq!(operator.act("/v1/resume", "\"1\"").status, 412);
        assert_eq!(operator.act("/v1/resume", &seen).json()["paused"], json!(false));
        assert_eq!(operator.act("/v1/resume", &seen).status, 412, "that pause is over");
        assert_eq!(figure(app, "whitelist_paused"), "0");
        ok(&app.drawing().put(&place(1), &small()));
        assert!(app.auditor().get(&format!("/v1/declarations/{}", declaration(1))).status == 200);
        app.inside().tick(app.clock.now()).unwrap();
        app.settle();
        assert_eq!(app.auditor().get(&at).json()["stage"], "lapsed", "now time counts again");
        let entries = app.auditor().get("/v1/log/entries?entity=pause&limit=10").json();
        assert_eq!(entries["items"].as_array().unwrap().len(), 2, "{entries}");
        assert!(!entries.to_string().contains("系统维护"), "the reason is committed to");
    }
}

/// Twice as many changes as a desk has threads wait for the writer, so that no page comes; the border is answered all the same.
#[test]
fn lookups_are_answered_while_every_desk_of_the_back_office_waits() {
    const CHANGES: usize = 24;
    let budgets = Budgets::default();
    let app = TestApp::start_tuned(Database::Sqlite, Tuning { budgets: budgets.clone(), ..Tuning::default() });
    let free = budgets.free(Surface::Api);
    let (held, hold) = mpsc::channel::<()>();
    let (begun, begin) = mpsc::channel();
    let app = &app;
    let proposal = json!({ "scheme": "beijing-2022", "changes": [{ "kind": "suspend_enterprise", "enterprise": ENT_05, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }] });
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let wait = move |_: &mut Tx<'_>| {
                begun.send(()).unwrap();
                let _ = hold.recv();
                Ok::<_, StoreError>(())
            };
            app.inside().store.write(system("test", app.clock.now()), wait).unwrap();
        });
        begin.recv().unwrap();
        let changes: Vec<_> =
            (0..CHANGES).map(|_| scope.spawn(|| app.officer().post("/v1/adjustments", &proposal))).collect();
        while budgets.free(Surface::Api) > free - CHANGES {
            std::thread::yield_now();
        }
        for _ in 0..50 {
            assert_eq!(ask(app, &question(ENT_05, "2937500000"))["verdict"], "allowed");
        }
        assert_eq!(app.client().get("/health/live").status, 200);
        assert_eq!(budgets.free(Surface::Api), free - CHANGES, "all of them still wait");
        drop(held);
        for change in changes {
            assert_eq!(change.join().unwrap().status, 201);
        }
    });
}

#[test]
fn what_is_too_much_is_told_so_and_lookups_never_are() {
    let budgets = Budgets::default().waiting(Duration::ZERO);
    let app = TestApp::start_tuned(
        Database::Sqlite,
        Tuning { budgets: budgets.clone(), rate_limit: Some(50), ..Tuning::default() },
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let take = |surface: Surface| {
        (0..budgets.free(surface))
            .map(|_| runtime.block_on(budgets.enter(surface)).map_err(|_| "no place").unwrap())
            .collect::<Vec<_>>()
    };
    let held: Vec<_> = Surface::ALL.into_iter().map(take).collect();
    // Clients that send a byte and then nothing hold a connection each, and nobody else.
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut socket = TcpStream::connect(app.address).unwrap();
            socket.write_all(b"GET /v1/lookup HTTP/1.1\r\nHost: x\r\nX-Slow:").unwrap();
            socket
        })
        .collect();
    let officer = app.officer();
    for (response, surface) in [
        (officer.get("/v1/listings.csv"), "files"),
        (officer.get("/v1/listings"), "api"),
        (app.drawing().put(&place(1), &small()), "draws"),
        (app.client().get("/v1/log/checkpoint"), "public"),
    ] {
        assert_eq!(kind(&response), (503, "/problems/busy".to_owned()), "{surface}: {}", response.text());
        assert!(response.header("retry-after").is_some());
        assert_eq!(figure(&app, &format!("whitelist_http_requests_shed_total{{surface=\"{surface}\"}}")), "1");
    }
    assert_eq!(ask(&app, &question(ENT_05, "2937500000"))["verdict"], "allowed");
    assert_eq!(app.client().get("/health/ready").status, 200);
    drop((held, slow));
    assert_eq!(officer.get("/v1/listings.csv").status, 200);
    assert!(Surface::ALL.into_iter().all(|surface| budgets.free(surface) > 0), "places come back with the answers");

    // What is left is told to whoever is limited, and customs is not.
    let listed = officer.get("/v1/listings");
    assert_eq!(listed.header("ratelimit-policy"), Some("\"client\";q=200;w=4"));
    assert!(listed.header("ratelimit").unwrap().starts_with("\"client\";r=19"), "{:?}", listed.header("ratelimit"));
    assert!(app.client().get("/v1/log/vkey").header("ratelimit-policy").unwrap().contains("q=800"));
    assert_eq!(app.customs().get("/v1/schemes").header("ratelimit"), None);
}

#[test]
fn operators_see_what_to_do() {
    let app = TestApp::start(Database::Sqlite);
    let view = operator(&app).get("/v1/operations").json();
    let sign = |code: &str| view["signs"].as_array().unwrap().iter().find(|sign| sign["code"] == code).unwrap().clone();
    assert_eq!((sign("head")["level"].clone(), sign("backup")["level"].clone()), (json!("good"), json!("attention")));
    assert!(sign("backup")["remedy"]["en"].as_str().unwrap().contains("whitelist backup"));
    assert_eq!(view["level"], json!("attention"));
    for sign in view["signs"].as_array().unwrap() {
        assert_eq!(sign["level"] == json!("good"), sign["remedy"].is_null(), "{sign}");
    }
    stop(&app, json!({ "kind": "cas", "value": "50-18-0" }));
    let ready = app.client().get("/health/ready");
    assert_eq!(
        (ready.status, ready.json()["attention"].clone()),
        (200, json!(["waiting"])),
        "people wait, the node is fit"
    );
}
