//! Who is let in: tokens of the issuers and nobody else, one answer for every bad token, and a production that does not
//! start on anything of the demo.

use crate::support::app::{Actor, Database, TestApp, Tuning};
use crate::support::client::Response;
use crate::support::on_both;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use whitelist::cli::demo_issuer::DemoIssuer;
use whitelist::domain::actor::{Role, RoleSet};
use whitelist::outbound::keys::{Alg, IssuerSettings, KeySource};

const QUESTION: &str = "/v1/lookup?enterprise=91110302XFXTR00172&hs_code=3004909099&customs_office=0101";

// --- the binary --------------------------------------------------------------

/// How a command ended: exit code, what it printed, what it said.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the binary, which must end by itself, with this environment and no other.
fn whitelist(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    command
        .env_clear()
        .envs(environment.iter().copied())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut err = child.stderr.take().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).unwrap();
        tell.send(text)
    });
    let Ok(err) = told.recv_timeout(Duration::from_secs(60)) else {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{arguments:?} was to be refused, and it runs");
    };
    let output = child.wait_with_output().unwrap();
    Ended { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Writes a file of issuers, each with some members replaced; returns its path.
fn issuers(folder: &Path, entries: &[&[(&str, &str)]]) -> String {
    let file = folder.join("issuers.toml");
    let entry = |replaced: &&[(&str, &str)]| {
        let mut members = vec![
            ("issuer", "\"https://issuer.example\""),
            ("audience", "\"whitelist\""),
            ("jwks_url", "\"https://issuer.example/jwks\""),
            ("algorithms", "[\"EdDSA\"]"),
            ("roles", "[\"customs.lookup\"]"),
            ("max_life_seconds", "900"),
        ];
        for (name, value) in *replaced {
            members.retain(|(known, _)| known != name);
            members.push((name, value));
        }
        let lines: String = members.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        format!("[[issuer]]\n{lines}\n")
    };
    std::fs::write(&file, entries.iter().map(entry).collect::<String>()).unwrap();
    path(&file).to_owned()
}

#[test]
fn the_demo_is_reached_from_this_machine_only() {
    let home = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let refused = whitelist(&["demo", "--data", path(home.path()), "--listen", listen], &[]);
        assert_eq!(refused.code, Some(1), "{listen}: {}", refused.err);
        assert!(refused.err.contains("loopback"), "{}", refused.err);
    }
    let usage = whitelist(&["demo", "--data", path(home.path()), "--listen", "everywhere"], &[]);
    assert_eq!(usage.code, Some(2), "{}", usage.err);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "a refused start leaves nothing behind");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let unreachable = whitelist(&["demo", "--data", path(home.path()), "--listen", &address], &[]);
    assert_eq!(unreachable.code, Some(3), "{}", unreachable.err);
}

#[test]
fn production_names_everything_that_is_wrong_with_its_settings() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let missing = whitelist(&["serve", "--data", path(&data)], &[]);
    assert_eq!(missing.code, Some(2), "{}", missing.err);
    for name in ["WHITELIST_PUBLIC_URL", "WHITELIST_ISSUERS"] {
        assert!(missing.err.contains(name), "{name}: {}", missing.err);
    }
    let file = issuers(
        home.path(),
        &[
            &[("issuer", "\"urn:demo:0190\""), ("max_life_seconds", "3600")],
            &[
                ("algorithms", "[\"HS256\", \"none\"]"),
                ("roles", "[\"root\"]"),
                ("rfc9068", "\"sometimes\""),
                ("jwks_url", "\"nowhere\""),
            ],
        ],
    );
    let faulty = [
        ("WHITELIST_LISTEN", "here"),
        ("WHITELIST_DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("WHITELIST_PUBLIC_URL", "wl.example"),
        ("WHITELIST_ISSUERS", &file),
        ("WHITELIST_MAX_STALENESS", "1h"),
        ("WHITELIST_METRICS_FROM", "127.0.0.1,there"),
    ];
    let refused = whitelist(&["serve", "--data", path(&data)], &faulty);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let named = faulty.iter().map(|(name, _)| *name);
    for word in
        named.chain(["demo issuers are refused", "max_life_seconds", "HS256", "none", "root", "sometimes", "jwks_url"])
    {
        assert!(refused.err.contains(word), "{word}: {}", refused.err);
    }
    assert!(!refused.err.contains("hunter2"), "{}", refused.err);
    let unreadable = whitelist(
        &["serve", "--data", path(&data)],
        &[("WHITELIST_PUBLIC_URL", "https://wl.example"), ("WHITELIST_ISSUERS", "/nowhere/issuers.toml")],
    );
    assert_eq!(unreadable.code, Some(2), "{}", unreadable.err);

    // Well formed, but keys that anybody on the way could replace.
    for url in [
        "\"http://127.0.0.1:9/jwks\"",
        "\"http://localhost:9/jwks\"",
        "\"http://issuer.example/jwks\"",
        "\"https://user:pass@issuer.example/jwks\"",
    ] {
        let file = issuers(home.path(), &[&[("jwks_url", url)]]);
        let environment = [
            ("WHITELIST_PUBLIC_URL", "https://wl.example"),
            ("WHITELIST_ISSUERS", file.as_str()),
            ("WHITELIST_LISTEN", "127.0.0.1:0"),
        ];
        let refused = whitelist(&["serve", "--data", path(&data)], &environment);
        assert_eq!(refused.code, Some(2), "{url}: {}", refused.err);
        assert!(
            refused.err.contains("https://issuer.example") && refused.err.contains("key set"),
            "{url}: {}",
            refused.err
        );
    }
    assert!(!data.exists(), "a refused start leaves nothing behind");
}

#[test]
fn production_does_not_start_on_anything_of_the_demo() {
    let mut app = TestApp::start(Database::Sqlite);
    app.halt();
    let home = tempfile::tempdir().unwrap();
    let file = issuers(home.path(), &[&[]]);
    let environment = [
        ("WHITELIST_PUBLIC_URL", "https://wl.example"),
        ("WHITELIST_ISSUERS", file.as_str()),
        ("WHITELIST_LISTEN", "127.0.0.1:0"),
    ];
    let database = format!("sqlite://{}", path(&app.folder.join("whitelist.db")));

    let keys = whitelist(&["serve", "--data", path(&app.folder)], &environment);
    assert_eq!(keys.code, Some(1), "{}", keys.err);
    assert!(keys.err.contains("keys of the demo"), "{}", keys.err);
    let data = whitelist(&["serve", "--data", path(home.path()), "--database", &database], &environment);
    assert_eq!(data.code, Some(1), "{}", data.err);
    assert!(data.err.contains("demo"), "{}", data.err);
    let other = tempfile::tempdir().unwrap();
    DemoIssuer::load_or_create(other.path()).unwrap();
    let key_alone = whitelist(&["serve", "--data", path(other.path())], &environment);
    assert_eq!(key_alone.code, Some(1), "{}", key_alone.err);
    assert!(!other.path().join("whitelist.db").exists(), "nothing was founded");

    // The other way round: real data are never shown with free tokens.
    let real = tempfile::tempdir().unwrap();
    let founded = whitelist(&["migrate", "--data", path(real.path())], &environment);
    assert_eq!(founded.code, Some(0), "{}", founded.err);
    let refused = whitelist(&["demo", "--data", path(real.path()), "--listen", "127.0.0.1:0"], &[]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(!real.path().join("keys/demo-issuer.json").exists(), "no key of a demo was made beside real data");
    let import = whitelist(
        &[
            "import",
            concat!(env!("CARGO_MANIFEST_DIR"), "/samples/list-clean.xlsx"),
            "--data",
            path(real.path()),
            "--propose-as",
            "a",
            "--confirm-as",
            "b",
        ],
        &[],
    );
    assert_eq!(import.code, Some(1), "{}", import.err);
}

#[test]
fn tokens_are_minted_for_the_demo_only_and_for_an_hour_at_most() {
    let home = tempfile::tempdir().unwrap();
    let token = |arguments: &[&str]| whitelist(&[&["token", "--data", path(home.path())], arguments].concat(), &[]);
    assert_eq!(token(&["--role", "auditor", "--org", "bj-audit"]).code, Some(3), "there is no demo here");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "and none was made");
    DemoIssuer::load_or_create(home.path()).unwrap();
    for (arguments, word) in [
        (&["--role", "auditor", "--org", "bj-audit", "--ttl", "2h"][..], "2h"),
        (&["--role", "auditor", "--org", "bj-audit", "--ttl", "3601"], "3601"),
        (&["--role", "auditor", "--org", "bj-audit", "--ttl", "0"], "0"),
        (&["--role", "auditor", "--org", "bj-audit", "--ttl=-1h"], "-1h"),
        (&["--role", "root", "--org", "bj-audit"], "customs.lookup"),
        (&["--org", "bj-audit"], "--role"),
        (&["--role", "auditor"], "--org"),
    ] {
        let refused = token(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.err);
        assert!(refused.err.contains(word), "{arguments:?}: {}", refused.err);
        assert_eq!(refused.out, "", "{arguments:?}");
    }
    let minted = token(&["--role", "customs.lookup", "--role", "auditor", "--org", "0101", "--ttl", "15m"]);
    assert_eq!(minted.code, Some(0), "{}", minted.err);
    let claims = URL_SAFE_NO_PAD.decode(minted.out.lines().last().unwrap().split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert_eq!(
        (&claims["sub"], &claims["roles"]),
        (&json!("customs.lookup@0101"), &json!(["customs.lookup", "auditor"]))
    );
}

// --- tokens -------------------------------------------------------------------

/// Signs what an issuer would never sign.
struct Forger {
    key: SigningKey,
    issuer: String,
    kid: String,
    now: i64,
}

impl Forger {
    /// Takes the key of the demo issuer of a service.
    fn of(app: &TestApp) -> Self {
        let file: Value =
            serde_json::from_slice(&std::fs::read(app.folder.join("keys/demo-issuer.json")).unwrap()).unwrap();
        let seed = URL_SAFE_NO_PAD.decode(file["private_key"].as_str().unwrap()).unwrap();
        Self {
            key: SigningKey::from_bytes(&seed.try_into().unwrap()),
            issuer: file["issuer"].as_str().unwrap().to_owned(),
            kid: file["kid"].as_str().unwrap().to_owned(),
            now: app.clock.now().micros() / 1_000_000,
        }
    }

    fn header(&self) -> Value {
        json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": self.kid })
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer, "aud": "whitelist", "iat": self.now, "exp": self.now + 900, "sub": "customs-1",
            "org": "0101", "roles": ["customs.lookup"], "client_id": "customs-1", "jti": "1"
        })
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes()).to_bytes()))
    }

    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header();
        header[name] = value;
        self.sign(&header.to_string(), &self.claims().to_string())
    }

    fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[name] = value;
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    fn without(&self, name: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}

fn ask(app: &TestApp, authorization: &[(&str, &str)]) -> Response {
    let mut headers = vec![("X-Request-Id", "the-same")];
    headers.extend_from_slice(authorization);
    app.client().send("GET", QUESTION, &headers, b"")
}

on_both! {
    fn every_bad_token_gets_the_same_answer(app) {
        let forger = Forger::of(app);
        let now = forger.now;
        let good = forger.sign(&forger.header().to_string(), &forger.claims().to_string());
        assert_eq!(ask(app, &[("Authorization", &format!("Bearer {good}"))]).status, 200, "what is refused below differs from this by its fault");
        let claims = forger.claims().to_string();
        let header = forger.header().to_string();
        let unsigned = |header: Value| format!("{}.{}.", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(&claims));
        let stranger = Forger { key: SigningKey::from_bytes(&[7; 32]), ..Forger::of(app) };
        let mut flipped = good.clone().into_bytes();
        let last = flipped.len() - 10;
        flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
        let elsewhere = good.rsplit_once('.').unwrap().1;
        let tokens = [
            ("no token", String::new()),
            ("no dots", "token".to_owned()),
            ("two parts", good.rsplit_once('.').unwrap().0.to_owned()),
            ("four parts", format!("{good}.x")),
            ("another alphabet", good.replace('.', "=.")),
            ("a flipped signature", String::from_utf8(flipped).unwrap()),
            ("another key's signature", stranger.sign(&header, &claims)),
            ("the signature of another payload", format!("{}.{}.{elsewhere}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(claims.replace("0101", "0102")))),
            ("alg none", unsigned(json!({ "alg": "none", "typ": "at+jwt", "kid": forger.kid }))),
            ("alg NONE with a signature", forger.with_header("alg", json!("NONE"))),
            ("alg HS256 over the public key", forger.with_header("alg", json!("HS256"))),
            ("alg ES256", forger.with_header("alg", json!("ES256"))),
            ("typ JWT", forger.with_header("typ", json!("JWT"))),
            ("an id token", forger.with_header("typ", json!("id+jwt"))),
            ("crit", forger.with_header("crit", json!(["exp"]))),
            ("b64", forger.with_header("b64", json!(false))),
            ("jwk", forger.with_header("jwk", json!({ "kty": "OKP" }))),
            ("jku", forger.with_header("jku", json!("http://127.0.0.1/jwks"))),
            ("x5u", forger.with_header("x5u", json!("http://127.0.0.1/cert"))),
            ("another kid", forger.with_header("kid", json!("demo-2"))),
            ("a kid that is a path", forger.with_header("kid", json!("../../etc/passwd"))),
            ("a kid that is SQL", forger.with_header("kid", json!("x' OR 1=1 --"))),
            ("a kid that is a number", forger.with_header("kid", json!(1))),
            ("a long header", forger.with_header("kid", json!("k".repeat(2000)))),
            ("a doubled header member", forger.sign(&header.replace('{', "{\"alg\":\"none\","), &claims)),
            ("a header that is a list", forger.sign("[]", &claims)),
            ("a payload that is no JSON", forger.sign(&header, "claims")),
            ("a doubled claim", forger.sign(&header, &claims.replace('{', "{\"org\":\"bj-commerce\","))),
            ("another issuer", forger.with("iss", json!("https://issuer.example"))),
            ("a list of issuers", forger.with("iss", json!([forger.issuer]))),
            ("another audience", forger.with("aud", json!("elsewhere"))),
            ("no audience", forger.without("aud")),
            ("expired", forger.with("exp", json!(now - 31))),
            ("never expires", forger.without("exp")),
            ("exp is a text", forger.with("exp", json!((now + 900).to_string()))),
            ("exp is a fraction", forger.with("exp", json!(900.5))),
            ("issued in the future", forger.with("iat", json!(now + 31))),
            ("valid in the future", forger.with("nbf", json!(now + 31))),
            ("no iat", forger.without("iat")),
            ("lives too long", forger.with("exp", json!(now + 3601))),
            ("lives for ever", forger.with("exp", json!(i64::MAX))),
            ("no subject", forger.without("sub")),
            ("an empty subject", forger.with("sub", json!(""))),
            ("a subject with NUL", forger.with("sub", json!("a\u{0}b"))),
            ("no organisation", forger.without("org")),
            ("no roles", forger.without("roles")),
            ("roles as a text", forger.with("roles", json!("customs.lookup"))),
            ("roles as numbers", forger.with("roles", json!([1]))),
            ("no client", forger.without("client_id")),
            ("no token id", forger.without("jti")),
            ("9 KiB", forger.with("more", json!("x".repeat(9 * 1024)))),
        ];
        let uniform = |response: &Response| {
            let mut headers = response.headers.clone();
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
            (response.status, headers, response.body.clone())
        };
        let first = ask(app, &[]);
        assert_eq!(first.status, 401, "{}", first.text());
        assert_eq!(first.header("www-authenticate"), Some("Bearer"));
        assert_eq!(first.json()["type"], "/problems/unauthenticated");
        let expected = uniform(&first);
        for (what, token) in &tokens {
            let response = ask(app, &[("Authorization", &format!("Bearer {token}"))]);
            assert_eq!(uniform(&response), expected, "{what}: {}", response.text());
        }
        for authorization in ["Basic YTpi", &good, &format!("Bearer  {good}"), &format!("Bearer {good} {good}"), &format!("Bearer\t{good}"), "Bearer", "\u{4e2d}"] {
            assert_eq!(uniform(&ask(app, &[("Authorization", authorization)])), expected, "{authorization:.40}");
        }
        let bad = format!("Bearer {}", tokens[5].1);
        let good = format!("Bearer {good}");
        assert_eq!(ask(app, &[("Authorization", &good)]).status, 200, "a good token stays good");
        assert_eq!(uniform(&ask(app, &[("Authorization", &bad), ("Authorization", &good)])), expected, "two headers");
    }
}

on_both! {
    fn a_token_ends_when_it_says_and_its_leeway_is_over(app) {
        let customs = app.customs();
        assert_eq!(customs.get(QUESTION).status, 200);
        for (time, status) in [("2026-08-12T04:15:29.999999Z", 200), ("2026-08-12T04:15:30.000000Z", 401), ("2026-08-13T04:00:00.000000Z", 401), ("2026-08-12T04:00:00.000000Z", 200)] {
            app.set_time(time);
            assert_eq!(customs.get(QUESTION).status, status, "at {time}, also for a token that was seen before");
        }
    }
}

// --- keys over HTTP -----------------------------------------------------------

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
