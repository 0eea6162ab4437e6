//! What is no JSON, no HTTP, too large, or too slow.

use super::declaration;
use super::watch::{FOREIGN, Watch};
use crate::support::app::{Database, TestApp, Tuning};
use crate::support::on_both;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;
use whitelist::http::limits::LimitSettings;

on_both! {
    fn bodies_that_are_no_json(app) {
        let watch = Watch::over(app);
        let applicant = app.actor(whitelist::domain::actor::Role::EnterpriseApplicant, "91110302XFXTR0033P", "applicant");
        let good = declaration().to_string();
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let texts: Vec<Vec<u8>> = [
            "", " ", "null", "true", "0", "\"x\"", "[]", "{}", "{", "}", "[", "{\"a\"", "{\"a\":}", "{a:1}", "{'a':1}", "{\"a\":1,}", "NaN", "nul", "//x", "{\"a\":01}", "{\"a\":1}{", "{\"a\":\"\\x\"}",
            "{\"lines\":\"\\ud800\"}", "{\"lines\":\"\\udc00\\ud800\"}", "{\"\\ud800\":1}", "{\"lines\":\"\u{0}\"}", "{\"lines\":\"\t\"}", "\u{feff}{}",
        ]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .chain([
            deep(33).into_bytes(), deep(10_000).into_bytes(), "[".repeat(500_000).into_bytes(), "{\"a\":".repeat(100_000).into_bytes(),
            format!("{{\"declaration\":{}}}", deep(40)).into_bytes(),
            b"\xff\xfe{\x00}\x00".to_vec(), b"{\"lines\":\"\xff\"}".to_vec(), b"{\"\xed\xa0\x80\":1}".to_vec(), b"\x1f\x8b\x08\x00".to_vec(), vec![0; 1000],
            good.as_bytes()[..good.len() - 1].to_vec(), format!("{good} x").into_bytes(), format!("{good}{good}").into_bytes(),
            good.replacen("\"declaration\":{", "\"lines\":[],\"declaration\":{", 1).into_bytes(),
            good.replacen("\"line\":1", "\"line\":1,\"line\":1", 1).into_bytes(),
            good.replacen("\"customs_office\":\"0101\"", "\"customs_office\":\"0101\",\"customs_office\":\"0101\"", 1).into_bytes(),
            good.replacen("\"line\":1", &format!("\"line\":{}", "9".repeat(100_000)), 1).into_bytes(),
            good.replacen("0.0008", &"9".repeat(900_000), 1).into_bytes(),
            good.replacen("\"declaration\"", &format!("\"{}\":1,\"declaration\"", "x".repeat(500_000)), 1).into_bytes(),
        ])
        .collect();
        let json = [("Content-Type", "application/json")];
        for (actor, path) in [(app.customs(), "/v1/lookups"), (applicant, "/v1/lookups/dry-run"), (app.officer(), "/v1/adjustments")] {
            for text in &texts {
                let response = actor.send("POST", path, &json, text);
                let faults = watch.refused(&String::from_utf8_lossy(text), &response, 400);
                assert!(!faults.is_empty(), "{path} {:?}", String::from_utf8_lossy(&text[..text.len().min(100)]));
                assert!(response.body.len() < 20_000, "{path}: a refusal is short: {}", response.body.len());
            }
            for kind in ["text/plain", "application/xml", "application/jsonx", "application/json; charset=gbk", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "json", "", ";", "application/json, text/plain"] {
                watch.refused(kind, &actor.send("POST", path, &[("Content-Type", kind)], good.as_bytes()), 415);
            }
            watch.refused("no type", &actor.send("POST", path, &[], good.as_bytes()), 415);
            watch.refused("two types", &actor.send("POST", path, &[json[0], json[0]], good.as_bytes()), 415);
            let mut large = good.clone().into_bytes();
            large.resize(1 << 20, b' ');
            assert_ne!(actor.send("POST", path, &json, &large).status, 413, "1 MiB is allowed");
            large.push(b' ');
            watch.refused("1 MiB and a byte", &actor.send("POST", path, &json, &large), 413);
            watch.refused("a stated terabyte", &actor.send("POST", path, &[json[0], ("Content-Length", "1099511627776")], b""), 413);
            let mut chunked = Vec::new();
            for chunk in large.chunks(60_000) {
                chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
                chunked.extend(chunk);
                chunked.extend(b"\r\n");
            }
            chunked.extend(b"0\r\n\r\n");
            watch.refused("1 MiB and a byte in chunks", &actor.send("POST", path, &[json[0], ("Transfer-Encoding", "chunked")], &chunked), 413);
        }
        watch.nothing_changed();
    }
}

/// What came back on a raw connection: status and text; none when the server closed it without a word.
fn raw(app: &TestApp, bytes: &[u8]) -> Option<(u16, String)> {
    let text = String::from_utf8_lossy(&app.client().raw(bytes, Duration::from_secs(20))).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").or_else(|| text.strip_prefix("HTTP/1.0 "))?.get(..3)?.parse().ok()?;
    Some((status, text))
}

#[test]
fn requests_that_are_no_http() {
    let app = TestApp::start(Database::Sqlite);
    let watch = Watch::over(&app);
    let token = app.token(&[whitelist::domain::actor::Role::CustomsLookup], "0101", "customs");
    let good = declaration().to_string();
    let post = |headers: &str, body: &str| {
        format!(
            "POST /v1/lookups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}\r\n\r\n{body}"
        )
    };
    let length = good.len();
    let long = "x".repeat(20 * 1024);
    let requests = [
        ("chunks without sizes", post("Transfer-Encoding: chunked", "nonsense\r\n\r\n").into_bytes()),
        (
            "a chunk of a huge size",
            post("Transfer-Encoding: chunked", "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n").into_bytes(),
        ),
        ("a chunk of a negative size", post("Transfer-Encoding: chunked", "-1\r\n{}\r\n0\r\n\r\n").into_bytes()),
        ("an unknown transfer encoding", post("Transfer-Encoding: gzip", "x").into_bytes()),
        ("two lengths", post(&format!("Content-Length: {length}\r\nContent-Length: 3"), &good).into_bytes()),
        ("two lengths in one", post(&format!("Content-Length: {length}, 3"), &good).into_bytes()),
        ("a negative length", post("Content-Length: -1", &good).into_bytes()),
        ("a length in words", post("Content-Length: many", &good).into_bytes()),
        ("a length beyond all bounds", post("Content-Length: 99999999999999999999999999", &good).into_bytes()),
        (
            "a length and chunks",
            post(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"), "0\r\n\r\n").into_bytes(),
        ),
        ("headers of 20 KiB", format!("GET /v1/lookup HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n").into_bytes()),
        (
            "many headers",
            format!("GET /v1/lookup HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: b\r\n".repeat(500)).into_bytes(),
        ),
        ("a request line of 20 KiB", format!("GET /v1/lookup?{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()),
        ("a path that is not UTF-8", b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec()),
        ("a path with NUL", b"GET /v1/\0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec()),
        ("a path with a bad escape", b"GET /v1/listings/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec()),
        ("a method that is none", b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("an unknown method", b"BREW /v1/lookup HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec()),
        ("another protocol", b"GET / HTTP/3.0\r\nHost: x\r\n\r\n".to_vec()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("a header without a name", b"GET / HTTP/1.1\r\n: x\r\n\r\n".to_vec()),
        ("a header with NUL", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: \0\r\n\r\n".to_vec()),
        ("a folded header", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n".to_vec()),
    ];
    for (what, bytes) in requests {
        let Some((status, text)) = raw(&app, &bytes) else { panic!("{what}: no answer") };
        assert!((400..500).contains(&status), "{what}: {text}");
        for word in FOREIGN {
            assert!(!text.contains(word), "{what}: `{word}` is not ours: {text}");
        }
        // What is no HTTP at all has no request that could be named; everything else is a problem like any other.
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        if !body.is_empty() {
            assert!(
                head.to_lowercase().contains("x-request-id: ") && head.contains("application/problem+json"),
                "{what}: {text}"
            );
        }
        println!("{what}: {status}{}", if body.is_empty() { ", without a body" } else { "" });
    }

    // A body that breaks off is no question.
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.write_all(post("Content-Length: 1000", &good[..20]).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    watch.nothing_changed();
}

#[test]
fn a_slow_body_is_not_waited_for() {
    let quick = LimitSettings { base: Duration::from_millis(200), per_64_kib: Duration::from_millis(200) };
    let app = TestApp::start_tuned(Database::Sqlite, Tuning { bodies: quick, ..Tuning::default() });
    let watch = Watch::over(&app);
    let token = app.token(&[whitelist::domain::actor::Role::BureauOfficer], "bj-commerce", "officer");
    for (path, kind) in [
        ("/v1/adjustments", "application/json"),
        ("/v1/adjustments/import", "text/csv"),
        ("/v1/adjustments/import", "multipart/form-data; boundary=b"),
    ] {
        for framing in ["Content-Length: 1000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n{framing}"
            );
            let (status, text) = raw(&app, request.as_bytes()).unwrap();
            assert_eq!(status, 408, "{path}: {text}");
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(
                head.to_lowercase().contains("connection: close") && head.contains("application/problem+json"),
                "{text}"
            );
            assert_eq!(serde_json::from_str::<Value>(body).unwrap()["type"], "/problems/request-timeout");
        }
    }
    watch.nothing_changed();
}
