//! Requests that organisations sign (RFC 9421): taken as signed and only so, and with one effect however often they come.

use crate::draws::{place, small};
use crate::lookups::{ENT_05, question};
use crate::support::app::{Actor, Database, TestApp, Tuning};
use crate::support::client::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use whitelist::config::signers;
use whitelist::domain::actor::Role;

/// A system that signs what it sends, as the standard says it; written apart from the service.
struct Signing {
    actor: Actor,
    key: SigningKey,
    name: &'static str,
    seconds: i64,
}

/// What is done to a request after it was signed, or left out before.
#[derive(Default)]
struct Amiss {
    uncovered: Option<&'static str>,
    body: Option<Vec<u8>>,
    target: Option<String>,
    late: i64,
}

impl Signing {
    fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8], amiss: &Amiss) -> Response {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let authorization = format!("Bearer {}", self.actor.token);
        let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)));
        let mut covered = vec![
            ("@method", method.to_owned()),
            ("@path", path.to_owned()),
            ("@query", format!("?{query}")),
            ("authorization", authorization),
        ];
        let mut sent: Vec<(&str, &str)> = headers.to_vec();
        if !body.is_empty() {
            covered.push(("content-digest", digest.clone()));
            sent.push(("Content-Digest", &digest));
            sent.push(("Content-Type", "application/json"));
        }
        let lower: Vec<(String, &str)> = headers.iter().map(|(name, value)| (name.to_lowercase(), *value)).collect();
        covered.extend(lower.iter().map(|(name, value)| (name.as_str(), (*value).to_owned())));
        covered.retain(|(name, _)| amiss.uncovered != Some(*name));
        let names: Vec<String> = covered.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let parameters = format!("({});created={};keyid=\"{}\"", names.join(" "), self.seconds - amiss.late, self.name);
        let lines: String = covered.iter().map(|(name, value)| format!("\"{name}\": {value}\n")).collect();
        let signed = self.key.sign(format!("{lines}\"@signature-params\": {parameters}").as_bytes());
        let (input, signature) = (format!("sig={parameters}"), format!("sig=:{}:", STANDARD.encode(signed.to_bytes())));
        sent.extend([("Signature-Input", input.as_str()), ("Signature", signature.as_str())]);
        let target = amiss.target.as_deref().unwrap_or(target);
        self.actor.send(method, target, &sent, amiss.body.as_deref().unwrap_or(body))
    }

    fn plain(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.send(method, target, headers, body, &Amiss::default())
    }
}

fn refused(response: &Response, why: &str) {
    assert_eq!(response.status, 401, "{}", response.text());
    let detail = response.json()["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains(why), "{why}: {}", response.text());
}

#[test]
fn a_signed_request_is_taken_as_it_was_signed_and_once() {
    let (customs, bureau) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let public = |key: &SigningKey| STANDARD.encode(key.verifying_key().as_bytes());
    let file = format!(
        "[[organisation]]\norg = \"0101\"\nrequired = true\n[[organisation.key]]\nid = \"customs-1\"\ned25519 = \"{}\"\n\
         [[organisation]]\norg = \"bj-commerce\"\nrequired = false\n[[organisation.key]]\nid = \"bureau-1\"\ned25519 = \"{}\"\n",
        public(&customs),
        public(&bureau),
    );
    let app =
        TestApp::start_tuned(Database::Sqlite, Tuning { signers: signers::parse(&file).unwrap(), ..Tuning::default() });
    let seconds = app.clock.now().micros() / 1_000_000;
    let by = |role, org: &str, key: &SigningKey, name| {
        let actor = app.actor(role, org, "system-1");
        Signing { actor, key: key.clone(), name, seconds }
    };
    let asking = by(Role::CustomsLookup, "0101", &customs, "customs-1");
    let lookup = format!("/v1/lookup?{}", question(ENT_05, "2937500000"));

    // Reads: with a signature and as it was signed.
    refused(&asking.actor.get(&lookup), "RFC 9421");
    let answer = asking.plain("GET", &lookup, &[], b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let revision = answer.json()["revision"].to_string();
    assert_eq!(asking.plain("GET", &lookup, &[("Whitelist-Min-Revision", &revision)], b"").status, 200);
    let amiss = |amiss: Amiss| asking.send("GET", &lookup, &[], b"", &amiss);
    refused(
        &amiss(Amiss { target: Some(lookup.replace("2937500000", "2941500000")), ..Amiss::default() }),
        "签名不成立",
    );
    refused(&amiss(Amiss { late: 301, ..Amiss::default() }), "五分钟");
    refused(&amiss(Amiss { late: -301, ..Amiss::default() }), "五分钟");
    for needed in ["@method", "@path", "@query", "authorization"] {
        refused(&amiss(Amiss { uncovered: Some(needed), ..Amiss::default() }), needed);
    }
    let other = by(Role::CustomsLookup, "0101", &bureau, "bureau-1");
    refused(&other.plain("GET", &lookup, &[], b""), "keyid");
    let forged = by(Role::CustomsLookup, "0101", &bureau, "customs-1");
    refused(&forged.plain("GET", &lookup, &[], b""), "签名不成立");
    let stolen = by(Role::CustomsLookup, "0102", &customs, "customs-1");
    assert_eq!(stolen.actor.get(&lookup).status, 200, "an organisation that signs nothing is asked for nothing");

    // A draw: its body is what was signed, and coming again it is the same answer.
    let drawing = by(Role::CustomsDraw, "0101", &customs, "customs-1");
    let body = small().to_string().into_bytes();
    let draw = |amiss: Amiss| drawing.send("PUT", &place(1), &[], &body, &amiss);
    refused(&draw(Amiss { uncovered: Some("content-digest"), ..Amiss::default() }), "content-digest");
    let more = String::from_utf8(body.clone()).unwrap().replace("0.001", "0.009").into_bytes();
    let swapped = draw(Amiss { body: Some(more), ..Amiss::default() });
    assert_eq!(swapped.status, 400, "{}", swapped.text());
    assert!(swapped.text().contains("Content-Digest"), "{}", swapped.text());
    let nothing = drawing.plain("PUT", &place(1), &[("Content-Type", "application/json")], b"");
    assert_eq!(nothing.status, 400, "{}", nothing.text());
    assert!(!nothing.text().contains("Content-Digest"), "what is missing is the body: {}", nothing.text());
    let first = draw(Amiss::default());
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(draw(Amiss::default()).json(), first.json());

    // A change by who may sign: without a signature, with one, never with one that does not hold; and once.
    let officer = by(Role::BureauOfficer, "bj-commerce", &bureau, "bureau-1");
    let change = json!({ "scheme": "beijing-2022", "changes": [{
        "kind": "suspend_enterprise", "enterprise": ENT_05, "effective_on": "2026-08-12", "reason": { "code": "risk_found" },
    }] });
    let body = change.to_string().into_bytes();
    assert_eq!(officer.actor.post("/v1/adjustments", &change).status, 201);
    refused(&officer.plain("POST", "/v1/adjustments", &[], &body), "idempotency-key");
    let keyed = [("Idempotency-Key", "signed-change-0001")];
    let uncovered = Amiss { uncovered: Some("idempotency-key"), ..Amiss::default() };
    refused(&officer.send("POST", "/v1/adjustments", &keyed, &body, &uncovered), "idempotency-key");
    let made = officer.plain("POST", "/v1/adjustments", &keyed, &body);
    assert_eq!(made.status, 201, "{}", made.text());
    let again = officer.plain("POST", "/v1/adjustments", &keyed, &body);
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(again.json()["id"], made.json()["id"]);
}
