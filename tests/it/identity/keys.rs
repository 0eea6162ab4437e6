//! Keys of an issuer, read over HTTP: kept through an outage, replaced by rotation.

use super::QUESTION;
use crate::support::app::{Actor, Database, TestApp, Tuning};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use whitelist::domain::actor::{Role, RoleSet};
use whitelist::outbound::keys::{Alg, IssuerSettings, KeySource};

/// An issuer's server: what it answers, and how often it was asked.
struct KeyServer {
    url: String,
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let (answer, asked) = (Arc::new(Mutex::new((200, String::new()))), Arc::new(AtomicUsize::new(0)));
        let (served, count) = (Arc::clone(&answer), Arc::clone(&asked));
        // It serves until the process ends.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                count.fetch_add(1, Ordering::SeqCst);
                let (status, body) = served.lock().unwrap().clone();
                let response = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                // A client that has seen enough may be gone.
                let _ = stream.get_mut().write_all(response.as_bytes());
            }
        });
        Self { url, answer, asked }
    }

    fn publishes(&self, keys: &[&Signer]) {
        let jwk = |key: &&Signer| json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": key.kid, "x": URL_SAFE_NO_PAD.encode(key.key.verifying_key().as_bytes()) });
        let set = json!({ "keys": keys.iter().map(jwk).collect::<Vec<_>>() });
        *self.answer.lock().unwrap() = (200, set.to_string());
    }

    fn is_broken(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One key of an issuer.
struct Signer {
    kid: &'static str,
    key: SigningKey,
}

impl Signer {
    fn new(kid: &'static str, seed: u8) -> Self {
        Self { kid, key: SigningKey::from_bytes(&[seed; 32]) }
    }

    fn actor(&self, app: &TestApp, role: &str) -> Actor {
        let now = app.clock.now().micros() / 1_000_000;
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": self.kid }).to_string();
        let claims = json!({ "iss": "https://issuer.example", "aud": "wl", "iat": now, "exp": now + 300, "sub": "customs-7", "org": "0101", "roles": [role] }).to_string();
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes()).to_bytes()));
        Actor { client: app.client(), token }
    }
}

#[test]
fn keys_are_read_over_http_kept_through_an_outage_and_replaced_by_rotation() {
    let server = KeyServer::start();
    let settings = IssuerSettings {
        issuer: "https://issuer.example".to_owned(),
        audience: "wl".to_owned(),
        keys: KeySource::Jwks { url: server.url.parse().unwrap() },
        algorithms: vec![Alg::EdDsa],
        allowed_roles: RoleSet::of(&[Role::CustomsLookup]),
        max_life_seconds: 900,
        strict_rfc9068: false,
        sign_in: None,
    };
    let (first, second, unknown) = (Signer::new("key-1", 1), Signer::new("key-2", 2), Signer::new("key-3", 3));
    server.publishes(&[&first]);
    let app = TestApp::start_tuned(Database::Sqlite, Tuning { issuers: vec![settings], ..Tuning::default() });
    let status = |signer: &Signer| signer.actor(&app, "customs.lookup").get(QUESTION).status;

    // The set is read when a token first needs it, and for unknown keys at most once a minute.
    assert_eq!((status(&first), server.asked()), (200, 1));
    assert_eq!((status(&first), status(&unknown), status(&unknown), server.asked()), (200, 401, 401, 1));
    assert_eq!(first.actor(&app, "auditor").get("/v1/adjustments").status, 403, "the issuer may not grant this role");

    server.publishes(&[&second]);
    assert_eq!((status(&second), server.asked()), (401, 1), "asked less than a minute ago");
    app.set_time("2026-08-12T04:01:01.000000Z");
    assert_eq!((status(&second), server.asked()), (200, 2));
    assert_eq!(
        (status(&first), server.asked()),
        (401, 2),
        "a key that was withdrawn is withdrawn for tokens seen before, too"
    );

    for (minute, (code, body)) in
        (3..).zip([(500, "{}"), (200, "not JSON"), (200, "{\"keys\":[]}"), (302, ""), (200, &"x".repeat(70_000))])
    {
        app.set_time(&format!("2026-08-12T04:{minute:02}:00.000000Z"));
        server.is_broken(code, body);
        let asked = server.asked();
        assert_eq!(
            (status(&unknown), status(&second), server.asked()),
            (401, 200, asked + 1),
            "the old set stays: {code} {body:.20}"
        );
    }
    app.set_time("2026-08-13T04:01:00.000000Z");
    assert_eq!(status(&second), 200, "kept through an outage of a day");
    app.set_time("2026-08-13T04:01:02.000000Z");
    assert_eq!(status(&second), 401, "and no longer");
    app.set_time("2026-08-13T04:02:30.000000Z");
    server.publishes(&[&second]);
    assert_eq!(status(&second), 200, "back with its issuer");
    assert_eq!(app.customs().get(QUESTION).status, 200, "the other issuer never noticed");
}
