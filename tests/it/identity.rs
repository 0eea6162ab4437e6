//! Who is let in: tokens of the issuers and nobody else, one answer for every bad token, and a production that does not
//! start on anything of the demo.

mod keys;
mod production;

use crate::support::app::TestApp;
use crate::support::client::Response;
use crate::support::on_both;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

const QUESTION: &str = "/v1/lookup?enterprise=91110302XFXTR00172&hs_code=3004909099&customs_office=0101";

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
