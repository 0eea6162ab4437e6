//! What tells whether the node may be asked: liveness, readiness, figures, and the refusal to answer from an old list.

use crate::support::app::{Database, TestApp, Tuning};
use crate::support::client::Response;
use crate::support::on_both;
use diesel::connection::SimpleConnection as _;
use serde_json::json;
use std::time::{Duration, Instant};
use whitelist::store::{AnyConnection, DatabaseUrl};

const ALLOWED: &str = "/v1/lookup?enterprise=91110302XFXTR00172&hs_code=3004909099&cas=27262-47-1&quantity=20&unit=142&customs_office=0101&declared_on=2026-08-12";
const DENIED: &str = "/v1/lookup?enterprise=91110108XFXTR00259&hs_code=3004909099&cas=27262-47-1&quantity=20&unit=142&customs_office=0101&declared_on=2026-08-12";

fn kind(response: &Response) -> (u16, String) {
    (response.status, response.json()["type"].as_str().unwrap_or_default().to_owned())
}

fn figure(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{metrics}")).parse().unwrap()
}

on_both! {
    fn a_node_says_that_it_lives_that_it_is_ready_and_what_it_did(app) {
        let anyone = app.client();
        let live = anyone.send("GET", "/health/live", &[], b"");
        assert_eq!((live.status, live.json()), (200, json!({ "status": "live" })));
        let ready = anyone.send("GET", "/health/ready", &[], b"");
        assert_eq!((ready.status, ready.json()["status"].as_str()), (200, Some("ready")), "{}", ready.text());
        assert_eq!(ready.json()["revision"].to_string(), ready.header("whitelist-revision").unwrap());
        assert!(ready.json()["head_age_seconds"].as_f64().unwrap() <= 5.0);

        let metrics = || anyone.send("GET", "/metrics", &[], b"").text().to_owned();
        let before = metrics();
        let customs = app.customs();
        for (question, times) in [(ALLOWED, 3), (DENIED, 2)] {
            for _ in 0..times {
                assert_eq!(customs.get(question).status, 200);
            }
        }
        assert_eq!(customs.get("/v1/lookup").status, 400);
        assert_eq!(anyone.send("GET", "/v1/lookup", &[], b"").status, 401);
        let revision = app.change(json!([{ "kind": "suspend_enterprise", "enterprise": "91110302XFXTR00172", "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }]));
        let after = metrics();
        let grown = |name: &str| figure(&after, name) - figure(&before, name);
        for (name, by) in [
            ("whitelist_lookup_lines_total{verdict=\"allowed\"}", 3.0),
            ("whitelist_lookup_lines_total{verdict=\"denied\"}", 2.0),
            ("whitelist_lookup_lines_total{verdict=\"manual_check\"}", 0.0),
            ("whitelist_lookup_seconds_count", 5.0),
            ("whitelist_http_responses_total{class=\"4xx\"}", 2.0),
            ("whitelist_http_responses_total{class=\"5xx\"}", 0.0),
        ] {
            assert!((grown(name) - by).abs() < 0.5, "{name} grew by {} instead of {by}", grown(name));
        }
        assert!(grown("whitelist_write_groups_total") >= 2.0 && grown("whitelist_write_commands_total") >= 2.0);
        assert!((figure(&after, "whitelist_revision") - f64::from(i32::try_from(revision).unwrap())).abs() < 0.5);
        assert!((0.0..5.0).contains(&figure(&after, "whitelist_head_age_seconds")));
        assert!(figure(&after, "whitelist_write_group_largest") >= 1.0 && figure(&after, "whitelist_listings") >= 1.0);
        assert!(figure(&after, "whitelist_tokens_refused_total{cause=\"absent\"}") >= 1.0);
        assert!(!after.contains("Bearer") && !after.contains("91110302"), "figures name nobody");

        for path in ["/health/live", "/health/ready", "/metrics"] {
            assert_eq!(kind(&anyone.send("POST", path, &[], b"")), (405, "/problems/method-not-allowed".to_owned()), "{path}");
            assert_eq!(kind(&anyone.send("GET", &format!("{path}?verbose=1"), &[], b"")), (400, "/problems/invalid-request".to_owned()), "{path}");
        }
    }
}

fn without_confirmation(database: Database) {
    let app = TestApp::start_tuned(database, Tuning { max_staleness: Duration::ZERO, ..Tuning::default() });
    let question = json!({
        "declaration": { "customs_office": "0101" },
        "lines": [{ "line": 1, "enterprise": "91110302XFXTR00172", "hs_code": "3004909099" }]
    });
    for response in [
        app.customs().get(ALLOWED),
        app.customs().post("/v1/lookups", &question),
        app.client().send("GET", "/health/ready", &[], b""),
    ] {
        assert_eq!(kind(&response), (503, "/problems/stale-node".to_owned()), "{}", response.text());
        assert!(response.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
        assert!(!response.text().contains("verdict"), "an old list is no answer");
    }
    assert_eq!(app.client().send("GET", "/health/live", &[], b"").status, 200, "the process lives all the same");
    assert_eq!(app.customs().get("/v1/lookup?enterprise=x").status, 400, "a faulty question is faulty on any node");
}

#[test]
fn without_a_confirmed_head_nothing_is_answered_on_sqlite() {
    without_confirmation(Database::Sqlite);
}

#[test]
fn without_a_confirmed_head_nothing_is_answered_on_postgres() {
    without_confirmation(Database::Postgres);
}

/// Opens or closes a database for everybody but who maintains the server.
fn reachable(url: &DatabaseUrl, open: bool) {
    let DatabaseUrl::Postgres(url) = url else { panic!("only a server can go away") };
    let (server, name) = url.rsplit_once('/').unwrap();
    let Ok(AnyConnection::Postgres(mut conn)) = DatabaseUrl::Postgres(format!("{server}/postgres")).open() else {
        panic!("the maintenance database is there")
    };
    conn.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {open}")).unwrap();
    if !open {
        conn.batch_execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
            .unwrap();
    }
}

/// Asks again until the answer is of this status.
fn until(status: u16, ask: impl Fn() -> Response) -> Response {
    let begun = Instant::now();
    loop {
        let response = ask();
        if response.status == status {
            return response;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "still {} {}", response.status, response.text());
        std::thread::yield_now();
    }
}

#[test]
fn a_node_that_lost_its_database_stops_answering_and_comes_back_with_it() {
    let app =
        TestApp::start_tuned(Database::Postgres, Tuning { max_staleness: Duration::from_secs(1), ..Tuning::default() });
    let (customs, officer, anyone) = (app.customs(), app.officer(), app.client());
    let proposal = json!({ "scheme": "beijing-2022", "changes": [{ "kind": "suspend_enterprise", "enterprise": "91110302XFXTR00172", "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }] });
    let ready = || anyone.send("GET", "/health/ready", &[], b"");
    assert_eq!((ready().status, customs.get(ALLOWED).status), (200, 200));

    reachable(&app.database, false);
    let red = ready();
    assert_eq!(red.status, 503, "{}", red.text());
    assert!(red.header("retry-after").is_some());
    let refused = officer.post("/v1/adjustments", &proposal);
    assert_eq!(kind(&refused), (503, "/problems/unavailable".to_owned()), "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    let listed = app.auditor().get("/v1/listings");
    assert_eq!(kind(&listed), (503, "/problems/unavailable".to_owned()), "{}", listed.text());
    let stale = until(503, || customs.get(ALLOWED));
    assert_eq!(kind(&stale), (503, "/problems/stale-node".to_owned()), "{}", stale.text());
    assert!(stale.header("retry-after").is_some());
    assert_eq!(anyone.send("GET", "/health/live", &[], b"").status, 200);
    for text in [red.text(), refused.text(), listed.text(), stale.text()] {
        assert!(
            !["FATAL", "postgres", "connection", "terminat", "diesel"].iter().any(|word| text.contains(word)),
            "{text}"
        );
    }

    reachable(&app.database, true);
    until(200, ready);
    assert_eq!(until(200, || customs.get(ALLOWED)).json()["verdict"], "allowed");
    // The first write may find the broken connection; it has had no effect then.
    let proposed = until(201, || officer.post("/v1/adjustments", &proposal));
    let before = proposed.json()["revision"].as_i64().unwrap();
    assert_eq!(app.inside().head().unwrap().0, before);
}
