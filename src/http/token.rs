//! The check of a bearer token (RFC 7519, 8725, 9068) and the memory of tokens already checked.
//!
//! This is not the place that reads headers or answers 401, and it fetches nothing: an unknown key id is handed
//! back, so that the caller may have the key set refreshed and try once more. Invariant: nothing a token says is
//! used before its signature held, except its `iss` and `kid`, which only select among configured issuers and keys;
//! and a refusal never carries a byte of the token.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustc_hash::FxHashMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::actor::{Caller, Role, RoleSet};
use crate::outbound::keys::{Issuer, IssuerSettings, KeyStore, is_kid};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The difference between clocks that is tolerated, in seconds.
pub const LEEWAY_SECONDS: i64 = 30;

const MAX_HEADER_BYTES: usize = 1024;
const MAX_NAME_CHARS: usize = 256;
const TOKEN_TYPE: &str = "at+jwt";
const HEADER_MEMBERS: [&str; 3] = ["alg", "typ", "kid"];
/// Half of the 8,192 tokens that one worker remembers.
const GENERATION: usize = 4096;

/// A token that passed every check.
#[derive(Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    /// Whom the token speaks for; `acting_for` is not the token's to say and is `None`.
    pub caller: Caller,
    /// The Unix second from which it is refused: `exp` with leeway, or earlier when its key may no longer be trusted.
    pub expires_at: i64,
}

/// Why a token was refused: for metrics and traces only, the client always gets one uniform 401.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the token was refused")]
pub enum TokenRefused {
    /// It is longer than [`MAX_TOKEN_BYTES`].
    TooLong,
    /// It is not of three parts.
    Parts,
    /// Its header is not a small JSON object of exactly `alg`, `typ` and `kid`, all texts.
    Header,
    /// It is not an access token (`typ` `at+jwt`, RFC 9068 section 2.1).
    Type,
    /// Its key id has not the accepted form.
    KeyId,
    /// Its payload is not a JSON object, or names a claim twice.
    Payload,
    /// Its issuer is not configured.
    UnknownIssuer,
    /// Its key is not in the issuer's set; the set may be refreshed and the token tried once more.
    UnknownKid {
        /// The configured name of the issuer.
        issuer: Arc<str>,
    },
    /// Its algorithm is not the one the key is pinned to (RFC 8725 section 3.1).
    Algorithm,
    /// Its signature does not hold.
    Signature,
    /// A required claim is missing, or a claim has the wrong type or form.
    Claim,
    /// It is meant for another audience.
    Audience,
    /// It has expired.
    Expired,
    /// It was issued, or is valid, only in the future.
    NotYetValid,
    /// It lives longer than its issuer may let it, or not at all.
    Life,
}

impl TokenRefused {
    /// Returns the label for metrics and traces.
    pub const fn as_str(&self) -> &'static str {
        match self {
            TokenRefused::TooLong => "too_long",
            TokenRefused::Parts => "parts",
            TokenRefused::Header => "header",
            TokenRefused::Type => "type",
            TokenRefused::KeyId => "key_id",
            TokenRefused::Payload => "payload",
            TokenRefused::UnknownIssuer => "unknown_issuer",
            TokenRefused::UnknownKid { .. } => "unknown_kid",
            TokenRefused::Algorithm => "algorithm",
            TokenRefused::Signature => "signature",
            TokenRefused::Claim => "claim",
            TokenRefused::Audience => "audience",
            TokenRefused::Expired => "expired",
            TokenRefused::NotYetValid => "not_yet_valid",
            TokenRefused::Life => "life",
        }
    }
}

/// Checks tokens against the configured issuers.
#[derive(Clone)]
pub struct TokenVerifier {
    keys: Arc<KeyStore>,
}

impl TokenVerifier {
    /// Makes a verifier over these issuers.
    pub const fn new(keys: Arc<KeyStore>) -> Self {
        TokenVerifier { keys }
    }

    /// Checks a token from its first byte (`now` in Unix seconds).
    ///
    /// # Errors
    /// [`TokenRefused`] with the first reason found.
    pub fn check(&self, token: &str, now: i64) -> Result<Arc<VerifiedToken>, TokenRefused> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefused::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenRefused::Parts)?;
        let (header, payload) = message.split_once('.').ok_or(TokenRefused::Parts)?;
        if payload.contains('.') {
            return Err(TokenRefused::Parts);
        }

        let header = decode(header)
            .filter(|json| json.len() <= MAX_HEADER_BYTES)
            .and_then(|json| Members::read(&json))
            .ok_or(TokenRefused::Header)?;
        let [alg, typ, kid] = HEADER_MEMBERS.map(|name| header.text(name));
        let (Some(alg), Some(typ), Some(kid), 3) = (alg, typ, kid, header.0.len()) else {
            return Err(TokenRefused::Header);
        };
        if typ != TOKEN_TYPE {
            return Err(TokenRefused::Type);
        }
        if !is_kid(kid) {
            return Err(TokenRefused::KeyId);
        }

        let claims = decode(payload).and_then(|json| Members::read(&json)).ok_or(TokenRefused::Payload)?;
        let issuer = claims.text("iss").and_then(|name| self.keys.issuer(name)).ok_or(TokenRefused::UnknownIssuer)?;
        let keys = issuer.keys();
        let key = keys.find(kid, now).ok_or_else(|| TokenRefused::UnknownKid { issuer: Arc::clone(&issuer.name) })?;
        if alg != key.alg.as_str() {
            return Err(TokenRefused::Algorithm);
        }
        if !key.verifies(message, signature) {
            return Err(TokenRefused::Signature);
        }

        let expires_at = lifetime(&claims, &issuer.settings, now)?;
        Ok(Arc::new(VerifiedToken { caller: caller(&claims, issuer)?, expires_at: expires_at.min(keys.good_until) }))
    }
}

/// Judges audience and times; returns the second from which the token is refused.
fn lifetime(claims: &Members, settings: &IssuerSettings, now: i64) -> Result<i64, TokenRefused> {
    let audience = claims.texts("aud").ok_or(TokenRefused::Claim)?;
    let exp = claims.integer("exp").ok_or(TokenRefused::Claim)?;
    let iat = claims.integer("iat").ok_or(TokenRefused::Claim)?;
    let starts = match claims.0.get("nbf") {
        Some(nbf) => nbf.as_i64().ok_or(TokenRefused::Claim)?.max(iat),
        None => iat,
    };
    if !audience.contains(&settings.audience.as_str()) {
        return Err(TokenRefused::Audience);
    }
    let expires_at = exp.saturating_add(LEEWAY_SECONDS);
    if now >= expires_at {
        return Err(TokenRefused::Expired);
    }
    if starts > now.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenRefused::NotYetValid);
    }
    match exp.checked_sub(iat) {
        Some(life) if (1..=settings.max_life_seconds).contains(&life) => Ok(expires_at),
        _ => Err(TokenRefused::Life),
    }
}

fn caller(claims: &Members, issuer: &Issuer) -> Result<Caller, TokenRefused> {
    let name = |claim: &str| claims.name(claim).ok_or(TokenRefused::Claim);
    if issuer.settings.strict_rfc9068 {
        name("client_id")?;
        name("jti")?;
    }
    let roles = match claims.0.get("roles") {
        Some(Value::Array(_)) => claims.texts("roles"),
        _ => None,
    };
    let roles = roles.ok_or(TokenRefused::Claim)?;
    caller_of(issuer, name("sub")?, name("org")?, roles.into_iter()).ok_or(TokenRefused::Claim)
}

/// Returns whom an issuer vouches for: roles that it may not grant, and words that are none, do not count.
///
/// `None` for names that name nobody: not empty, at most 256 characters, no control characters.
pub fn caller_of<'a>(
    issuer: &Issuer,
    subject: &str,
    org: &str,
    roles: impl Iterator<Item = &'a str>,
) -> Option<Caller> {
    let roles: RoleSet = roles.filter_map(Role::parse).collect();
    (is_name(subject) && is_name(org)).then(|| Caller {
        issuer: Arc::clone(&issuer.name),
        subject: subject.into(),
        org: org.into(),
        roles: roles.intersection(issuer.settings.allowed_roles),
        acting_for: None,
    })
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// The members of a JSON object that names none of them twice.
struct Members(BTreeMap<String, Value>);

impl Members {
    fn read(json: &[u8]) -> Option<Self> {
        // Checked as a whole, because the parser skips over values without looking at their bytes.
        serde_json::from_str(std::str::from_utf8(json).ok()?).ok()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Reads a whole number; `1.0` and `"1"` are none.
    fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// Reads one text or a list of nothing but texts.
    fn texts(&self, name: &str) -> Option<Vec<&str>> {
        match self.0.get(name)? {
            Value::String(text) => Some(vec![text]),
            Value::Array(items) => items.iter().map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }

    /// Reads a text that may name someone: not empty, at most 256 characters, no control characters.
    fn name(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| is_name(text))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member is doubled"));
                    }
                }
                Ok(Members(members))
            }
        }

        // Not a derived struct: those also read lists, and pass over doubled members they do not know.
        deserializer.deserialize_map(Object)
    }
}

/// The tokens one worker has checked, so that a token costs one hash and no signature while it is warm.
///
/// Owned by one worker and never shared. Two generations bound it: when the young one is full it becomes the old
/// one, and what was not used since is forgotten.
pub struct TokenCache {
    epoch: u64,
    young: Generation,
    old: Generation,
}

/// Keyed by SHA-256, so that the memory holds no token; only verified tokens enter, so that nobody can choose keys
/// that collide.
type Generation = FxHashMap<[u8; 32], Arc<VerifiedToken>>;

impl TokenCache {
    /// Makes an empty cache with all its room, so that a hit never allocates.
    pub fn new() -> Self {
        let generation = || Generation::with_capacity_and_hasher(GENERATION, Default::default());
        TokenCache { epoch: 0, young: generation(), old: generation() }
    }

    /// Checks a token, from memory when the keys are the same as then and it has not expired since.
    ///
    /// # Errors
    /// As [`TokenVerifier::check`].
    pub fn check(
        &mut self,
        verifier: &TokenVerifier,
        token: &str,
        now: i64,
    ) -> Result<Arc<VerifiedToken>, TokenRefused> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefused::TooLong);
        }
        // Read before the keys are: a change in between is seen at the next call.
        let epoch = verifier.keys.epoch();
        if epoch != self.epoch {
            self.young.clear();
            self.old.clear();
            self.epoch = epoch;
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(known) = self.young.get(&digest) {
            if now < known.expires_at {
                return Ok(Arc::clone(known));
            }
            self.young.remove(&digest);
        }
        let verified = match self.old.remove(&digest) {
            Some(known) if now < known.expires_at => known,
            Some(_) | None => verifier.check(token, now)?,
        };
        if self.young.len() >= GENERATION {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(digest, Arc::clone(&verified));
        Ok(verified)
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        TokenCache::new()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::LazyLock;

    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::hmac;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair,
    };
    use serde_json::json;

    use super::*;
    use crate::outbound::keys::{Alg, KeySource, LoopbackHttp};

    const NOW: i64 = 1_790_000_000;
    const OPEN: &str = "https://issuer.example";
    const STRICT: &str = "https://strict.example";
    const WEAK_MODULUS: &str = "vFr1YZG87Z7bB_YWtNdCCiezIb0NQQ6IeKRL0vbpzwXBoJ7HgfcQjOaWmf61RadPEtNCPavcuGeor1gF6P-m0ZilUu0Ch4MasR95Yp3dU_aOU4UeN91OnXpnox5Lo7aM2aVQG_PhcmXCsWNe-vpdcJl2YnUGHXyJ1VeoHiZ2mI0";
    const WEAK_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IndlYWstMSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoid2hpdGVsaXN0IiwiaWF0IjoxNzkwMDAwMDAwLCJleHAiOjE3OTAwMDA5MDAsInN1YiI6ImRlY2xhcmFudC03Iiwib3JnIjoiMDEwMSIsInJvbGVzIjpbImN1c3RvbXMubG9va3VwIl19.V7p-4-jAOrt1UVC0Y7SnAkmTX10krk8hk8EOxyG8Q3cn9JuG0yeLIpX03iL0y8AOhI4EhNTxMlAccNPZ_VJKGjhWb78ykAiwbtBInuVJ-Uu94o63xBuwGMs1e4WLCljiaEn3sfGufyHQyv5vrGiVNN73_ByA-8X8lq_-qukoijw";

    struct Keys {
        ed: Ed25519KeyPair,
        strict: Ed25519KeyPair,
        es: EcdsaKeyPair,
        rsa: RsaKeyPair,
    }

    static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
        ed: Ed25519KeyPair::generate().unwrap(),
        strict: Ed25519KeyPair::generate().unwrap(),
        es: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
        rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
    });

    fn b64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn ed_jwk(kid: &str, key: &Ed25519KeyPair) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(key.public_key())})
    }

    fn jwks() -> Vec<Value> {
        let point = KEYS.es.public_key().as_ref();
        // SEQUENCE, INTEGER n of 257 bytes, INTEGER e (RFC 8017, A.1.1).
        let modulus = b64(&KEYS.rsa.public_key().as_ref()[8..265]);
        vec![
            ed_jwk("ed-1", &KEYS.ed),
            json!({"kty": "EC", "crv": "P-256", "kid": "es-1", "x": b64(&point[1..33]), "y": b64(&point[33..])}),
            json!({"kty": "RSA", "kid": "rs-1", "use": "sig", "n": modulus, "e": "AQAB"}),
            json!({"kty": "RSA", "kid": "ps-1", "alg": "PS256", "n": modulus, "e": "AQAB"}),
            json!({"kty": "RSA", "kid": "weak-1", "n": WEAK_MODULUS, "e": "AQAB"}),
            json!({"kty": "oct", "kid": "oct-1", "alg": "HS256", "k": b64("secret")}),
        ]
    }

    fn settings(issuer: &str, keys: KeySource, strict_rfc9068: bool) -> IssuerSettings {
        IssuerSettings {
            issuer: issuer.to_owned(),
            audience: "whitelist".to_owned(),
            keys,
            algorithms: Alg::ALL.to_vec(),
            allowed_roles: RoleSet::of(&[Role::CustomsLookup, Role::CustomsDraw, Role::Auditor]),
            max_life_seconds: 900,
            strict_rfc9068,
            sign_in: None,
        }
    }

    fn verifier() -> TokenVerifier {
        let strict = KeySource::Static(vec![ed_jwk("strict-1", &KEYS.strict)]);
        let issuers = vec![settings(OPEN, KeySource::Static(jwks()), false), settings(STRICT, strict, true)];
        let store = KeyStore::new(issuers, LoopbackHttp::Refused).unwrap();
        TokenVerifier::new(Arc::new(store))
    }

    fn header(alg: &str, kid: &str) -> Value {
        json!({"alg": alg, "typ": "at+jwt", "kid": kid})
    }

    fn claims() -> Value {
        json!({
            "iss": OPEN, "aud": "whitelist", "iat": NOW, "exp": NOW + 900, "sub": "declarant-7",
            "org": "0101", "roles": ["customs.lookup"],
        })
    }

    fn strict_claims() -> Value {
        let mut claims = claims();
        claims["iss"] = STRICT.into();
        claims["client_id"] = "broker".into();
        claims["jti"] = "t-1".into();
        claims
    }

    /// Joins any bytes to a token signed with the open issuer's Ed25519 key.
    fn raw(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let message = format!("{}.{}", b64(header), b64(payload));
        let signature = KEYS.ed.sign(message.as_bytes());
        format!("{message}.{}", b64(signature))
    }

    fn ed(header: &Value, claims: &Value) -> String {
        raw(header.to_string(), claims.to_string())
    }

    fn strict(claims: &Value) -> String {
        let message = format!("{}.{}", b64(header("EdDSA", "strict-1").to_string()), b64(claims.to_string()));
        let signature = KEYS.strict.sign(message.as_bytes());
        format!("{message}.{}", b64(signature))
    }

    fn es(header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = KEYS.es.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", b64(signature))
    }

    fn rsa(encoding: &'static dyn RsaEncoding, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let mut signature = vec![0; KEYS.rsa.public_modulus_len()];
        KEYS.rsa.sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", b64(signature))
    }

    fn hs(header: &Value, secret: &[u8]) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims().to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", b64(tag))
    }

    /// A good token but for members of its header.
    fn with_header(members: Value) -> String {
        let mut all = header("EdDSA", "ed-1");
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        ed(&all, &claims())
    }

    /// A good token but for some claims; `"-"` leaves one out.
    fn with(members: Value) -> String {
        ed(&header("EdDSA", "ed-1"), &changed(claims(), members))
    }

    fn with_strict(members: Value) -> String {
        strict(&changed(strict_claims(), members))
    }

    fn changed(mut claims: Value, members: Value) -> Value {
        let all = claims.as_object_mut().unwrap();
        for (name, value) in members.as_object().unwrap() {
            if value == "-" {
                all.remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        claims
    }

    fn good() -> String {
        with(json!({}))
    }

    fn refuse_all(cases: Vec<(&str, String, &str)>) {
        let verifier = verifier();
        for (case, token, reason) in cases {
            let mut cache = TokenCache::new();
            let refused = verifier.check(&token, NOW).expect_err(case);
            assert_eq!(refused.as_str(), reason, "{case}");
            assert_eq!(refused.to_string(), "the token was refused", "{case}");
            assert_eq!(cache.check(&verifier, &token, NOW), Err(refused), "{case}");
            assert!(cache.young.is_empty(), "{case}");
        }
    }

    #[test]
    fn every_algorithm_is_accepted_with_its_own_key() {
        let cases = [
            good(),
            es(&header("ES256", "es-1"), &claims()),
            rsa(&RSA_PKCS1_SHA256, &header("RS256", "rs-1"), &claims()),
            rsa(&RSA_PSS_SHA256, &header("PS256", "ps-1"), &claims()),
        ];
        for token in cases {
            let verified = verifier().check(&token, NOW).unwrap();
            let caller = Caller {
                issuer: OPEN.into(),
                subject: "declarant-7".into(),
                org: "0101".into(),
                roles: RoleSet::of(&[Role::CustomsLookup]),
                acting_for: None,
            };
            assert_eq!(*verified, VerifiedToken { caller, expires_at: NOW + 930 });
        }
        assert!(verifier().check(&strict(&strict_claims()), NOW).is_ok());
    }

    #[test]
    fn what_the_contract_leaves_open_is_accepted() {
        let cases = [
            ("audience in a list", with(json!({"aud": ["other", "whitelist"]}))),
            ("just expired, within leeway", with(json!({"iat": NOW - 600, "exp": NOW - 29}))),
            ("issued within leeway", with(json!({"iat": NOW + 30}))),
            ("begins within leeway", with(json!({"nbf": NOW + 30}))),
            ("began long ago", with(json!({"nbf": 0}))),
            ("other claims", with(json!({"cnf": {"jkt": "x"}, "scope": "a b", "client_id": 7}))),
            ("subject of 256 characters", with(json!({"sub": "申".repeat(256)}))),
            (
                "spaces within the JSON",
                raw(" { \"alg\":\"EdDSA\",\n\"typ\":\"at+jwt\",\"kid\":\"ed-1\" } ", claims().to_string()),
            ),
        ];
        for (case, token) in cases {
            assert!(verifier().check(&token, NOW).is_ok(), "{case}");
        }
    }

    #[test]
    fn roles_are_reduced_to_what_the_issuer_may_grant() {
        let cases = [
            (json!(["customs.draw", "auditor"]), RoleSet::of(&[Role::CustomsDraw, Role::Auditor])),
            (json!(["bureau.admin", "auditor"]), RoleSet::of(&[Role::Auditor])),
            (json!(["AUDITOR", "root", "", "auditor "]), RoleSet::EMPTY),
            (json!([]), RoleSet::EMPTY),
        ];
        for (roles, expected) in cases {
            let verified = verifier().check(&with(json!({"roles": roles})), NOW).unwrap();
            assert_eq!(verified.caller.roles, expected);
        }
    }

    #[test]
    fn broken_envelopes_are_refused() {
        let good = good();
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (head, body) = message.split_once('.').unwrap();
        let forged = b64(claims().to_string().replace("0101", "0102"));
        let other = with(json!({"org": "0102"}));
        let other_signature = other.rsplit_once('.').unwrap().1;
        let flipped = {
            let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
            bytes[10] ^= 1;
            b64(bytes)
        };
        let longest = format!("{good}{}", "A".repeat(MAX_TOKEN_BYTES - good.len()));
        refuse_all(vec![
            ("empty", String::new(), "parts"),
            ("a word", "token".into(), "parts"),
            ("one part", head.into(), "parts"),
            ("two parts", message.into(), "parts"),
            ("four parts", format!("{good}.AAAA"), "parts"),
            ("five parts, as encrypted ones", "e30.AA.AA.AA.AA".into(), "parts"),
            ("dots", "..".into(), "header"),
            ("100 KB", format!("{good}{}", "A".repeat(100_000)), "too_long"),
            ("100 KB of payload", with(json!({"pad": "A".repeat(100_000)})), "too_long"),
            ("8193 bytes", format!("{longest}A"), "too_long"),
            ("8192 bytes", longest, "signature"),
            ("space before", format!(" {good}"), "header"),
            ("space after", format!("{good} "), "signature"),
            ("line break after", format!("{good}\n"), "signature"),
            ("space in the payload", format!("{head}. {body}.{signature}"), "payload"),
            ("scheme included", format!("Bearer {good}"), "header"),
            ("padded header", format!("{head}==.{body}.{signature}"), "header"),
            ("padded payload", format!("{head}.{body}=.{signature}"), "payload"),
            ("padded signature", format!("{message}.{signature}=="), "signature"),
            ("standard alphabet", format!("{head}.{body}.{}", "+/".repeat(43)), "signature"),
            ("full-width letters", format!("{head}.ｅｙＪ.{signature}"), "payload"),
            ("no signature", format!("{message}."), "signature"),
            ("cut signature", format!("{message}.{}", &signature[..signature.len() - 2]), "signature"),
            ("longer signature", format!("{message}.{signature}AA"), "signature"),
            ("flipped bit", format!("{message}.{flipped}"), "signature"),
            ("zeros", format!("{message}.{}", b64([0; 64])), "signature"),
            ("changed payload", format!("{head}.{forged}.{signature}"), "signature"),
            ("signature of another token", format!("{message}.{other_signature}"), "signature"),
            ("no header", format!(".{body}.{signature}"), "header"),
            ("no payload", format!("{head}..{signature}"), "payload"),
        ]);
    }

    #[test]
    fn hostile_headers_are_refused() {
        let jwk = ed_jwk("ed-1", &KEYS.strict);
        let text = claims().to_string();
        let pkix = KEYS.rsa.public_key().as_der().unwrap();
        let point = KEYS.ed.public_key().as_ref();
        let unsigned = |alg: &str| format!("{}.{}.", b64(header(alg, "ed-1").to_string()), b64(&text));
        let kid = |kid: &str| with_header(json!({"kid": kid}));
        let large = format!("{}{}", " ".repeat(1024), header("EdDSA", "ed-1"));
        refuse_all(vec![
            ("crit", with_header(json!({"crit": ["exp"]})), "header"),
            ("unknown crit", with_header(json!({"crit": ["x"], "x": 1})), "header"),
            ("b64", with_header(json!({"b64": false})), "header"),
            ("jwk", with_header(json!({"jwk": jwk})), "header"),
            ("jku", with_header(json!({"jku": "http://127.0.0.1/keys"})), "header"),
            ("x5u", with_header(json!({"x5u": "http://127.0.0.1/chain"})), "header"),
            ("x5c", with_header(json!({"x5c": ["MIIB"]})), "header"),
            ("x5t", with_header(json!({"x5t": "AAAA"})), "header"),
            ("zip", with_header(json!({"zip": "DEF"})), "header"),
            ("cty", with_header(json!({"cty": "JWT"})), "header"),
            ("enc", with_header(json!({"enc": "A256GCM"})), "header"),
            ("iss in the header", with_header(json!({"iss": OPEN})), "header"),
            ("a list", raw(r#"["EdDSA","at+jwt","ed-1"]"#, &text), "header"),
            ("a text", raw(r#""EdDSA""#, &text), "header"),
            ("not JSON", raw("alg=EdDSA", &text), "header"),
            ("two objects", raw(header("EdDSA", "ed-1").to_string().repeat(2), &text), "header"),
            ("not UTF-8", raw(b"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"ed-1\xff\"}", &text), "header"),
            ("more than 1 KiB", raw(large, &text), "header"),
            ("doubled alg", raw(r#"{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"ed-1"}"#, &text), "header"),
            (
                "doubled kid, escaped",
                raw(r#"{"alg":"EdDSA","typ":"at+jwt","kid":"x","\u006bid":"ed-1"}"#, &text),
                "header",
            ),
            ("no alg", raw(r#"{"typ":"at+jwt","kid":"ed-1"}"#, &text), "header"),
            ("no typ", raw(r#"{"alg":"EdDSA","kid":"ed-1"}"#, &text), "header"),
            ("no kid", raw(r#"{"alg":"EdDSA","typ":"at+jwt"}"#, &text), "header"),
            ("kid null", with_header(json!({"kid": null})), "header"),
            ("kid a list", with_header(json!({"kid": ["ed-1"]})), "header"),
            ("alg a number", with_header(json!({"alg": 1})), "header"),
            ("ID token", with_header(json!({"typ": "JWT"})), "type"),
            ("typ in capitals", with_header(json!({"typ": "AT+JWT"})), "type"),
            ("typ with prefix", with_header(json!({"typ": "application/at+jwt"})), "type"),
            ("logout token", with_header(json!({"typ": "logout+jwt"})), "type"),
            ("kid traversal", kid("../../../../etc/passwd"), "key_id"),
            ("kid address", kid("https://evil.example/k"), "key_id"),
            ("kid query", kid("x' OR '1'='1"), "key_id"),
            ("kid command", kid("$(id)"), "key_id"),
            ("kid empty", kid(""), "key_id"),
            ("kid too long", kid(&"k".repeat(65)), "key_id"),
            ("kid with NUL", kid("ed-1\0"), "key_id"),
            ("kid with line break", kid("ed-1\r\nX-Role: auditor"), "key_id"),
            ("kid in Chinese", kid("钥匙"), "key_id"),
            ("kid unknown", kid("ed-2"), "unknown_kid"),
            ("kid of dots", kid(".."), "unknown_kid"),
            ("kid in capitals", kid("ED-1"), "unknown_kid"),
            ("key of another issuer", kid("strict-1"), "unknown_kid"),
            ("symmetric key of the set", hs(&header("HS256", "oct-1"), b"secret"), "unknown_kid"),
            ("RSA of 1024 bits", WEAK_TOKEN.into(), "unknown_kid"),
            ("alg none", unsigned("none"), "algorithm"),
            ("alg None", unsigned("None"), "algorithm"),
            ("alg NONE", unsigned("NONE"), "algorithm"),
            ("alg empty", unsigned(""), "algorithm"),
            ("alg none, signed", with_header(json!({"alg": "none"})), "algorithm"),
            ("alg in small letters", with_header(json!({"alg": "eddsa"})), "algorithm"),
            ("alg with a space", with_header(json!({"alg": "EdDSA "})), "algorithm"),
            ("HS256 with the RSA key as secret", hs(&header("HS256", "rs-1"), pkix.as_ref()), "algorithm"),
            ("HS256 with the Ed25519 key as secret", hs(&header("HS256", "ed-1"), point), "algorithm"),
            ("ES256 for an Ed25519 key", es(&header("ES256", "ed-1"), &claims()), "algorithm"),
            ("EdDSA for a P-256 key", ed(&header("EdDSA", "es-1"), &claims()), "algorithm"),
            ("PS256 for an RS256 key", rsa(&RSA_PSS_SHA256, &header("PS256", "rs-1"), &claims()), "algorithm"),
            ("RS256 for a PS256 key", rsa(&RSA_PKCS1_SHA256, &header("RS256", "ps-1"), &claims()), "algorithm"),
            ("RS512", rsa(&RSA_PKCS1_SHA256, &header("RS512", "rs-1"), &claims()), "algorithm"),
            ("PKCS1 signature called PS256", rsa(&RSA_PKCS1_SHA256, &header("PS256", "ps-1"), &claims()), "signature"),
            ("HMAC called EdDSA", hs(&header("EdDSA", "ed-1"), point), "signature"),
        ]);
    }

    #[test]
    fn hostile_payloads_are_refused() {
        let head = header("EdDSA", "ed-1").to_string();
        let text = claims().to_string();
        let with_text = |more: &str| raw(&head, text.replacen('{', &format!("{{{more},"), 1));
        let deep = format!("\"x\":{}{}", "[".repeat(2000), "]".repeat(2000));
        refuse_all(vec![
            ("a list", raw(&head, format!("[{text}]")), "payload"),
            ("a text", raw(&head, "\"iss\""), "payload"),
            ("null", raw(&head, "null"), "payload"),
            ("cut", raw(&head, &text[..text.len() - 1]), "payload"),
            ("more behind", raw(&head, format!("{text}{{}}")), "payload"),
            ("byte order mark", raw(&head, format!("\u{feff}{text}")), "payload"),
            ("not UTF-8", raw(&head, [text.as_bytes(), b"\xff"].concat()), "payload"),
            ("deep", with_text(&deep), "payload"),
            ("NaN", with_text("\"x\":NaN"), "payload"),
            ("number without end", with_text("\"x\":1e400"), "payload"),
            ("doubled iss", with_text("\"iss\":\"https://strict.example\""), "payload"),
            ("doubled exp", with_text("\"exp\":1"), "payload"),
            ("doubled roles", with_text("\"roles\":[\"auditor\"]"), "payload"),
            ("doubled, escaped", with_text(r#""\u006frg":"0102""#), "payload"),
            ("doubled unknown claim", with_text("\"x\":1,\"x\":1"), "payload"),
            ("iss a list", with(json!({"iss": [OPEN]})), "unknown_issuer"),
            ("iss null", with(json!({"iss": null})), "unknown_issuer"),
            ("iss missing", with(json!({"iss": "-"})), "unknown_issuer"),
            ("iss unknown", with(json!({"iss": "https://evil.example"})), "unknown_issuer"),
            ("iss with slash", with(json!({"iss": format!("{OPEN}/")})), "unknown_issuer"),
            ("iss in capitals", with(json!({"iss": OPEN.to_uppercase()})), "unknown_issuer"),
            ("iss empty", with(json!({"iss": ""})), "unknown_issuer"),
            ("iss of another issuer", with(json!({"iss": STRICT})), "unknown_kid"),
            (
                "signed by another issuer",
                {
                    let message = format!("{}.{}", b64(&head), b64(&text));
                    format!("{message}.{}", b64(KEYS.strict.sign(message.as_bytes())))
                },
                "signature",
            ),
        ]);
    }

    #[test]
    fn wrong_claims_are_refused() {
        refuse_all(vec![
            ("aud missing", with(json!({"aud": "-"})), "claim"),
            ("aud a number", with(json!({"aud": 1})), "claim"),
            ("aud an object", with(json!({"aud": {"whitelist": true}})), "claim"),
            ("aud a mixed list", with(json!({"aud": ["whitelist", 1]})), "claim"),
            ("aud an empty list", with(json!({"aud": []})), "audience"),
            ("aud of another", with(json!({"aud": "other"})), "audience"),
            ("aud a part", with(json!({"aud": "white"})), "audience"),
            ("aud longer", with(json!({"aud": ["whitelist2", "WHITELIST", "whitelist "]})), "audience"),
            ("exp missing", with(json!({"exp": "-"})), "claim"),
            ("exp a text", with(json!({"exp": (NOW + 900).to_string()})), "claim"),
            ("exp a float", with(json!({"exp": 1_790_000_900.0})), "claim"),
            ("exp a fraction", with(json!({"exp": 1_790_000_900.5})), "claim"),
            ("exp null", with(json!({"exp": null})), "claim"),
            ("exp a list", with(json!({"exp": [NOW + 900]})), "claim"),
            ("exp beyond 64 bits", with(json!({"exp": u64::MAX})), "claim"),
            ("exp as power of ten", with(json!({"exp": 1e30})), "claim"),
            ("exp huge", with(json!({"exp": i64::MAX})), "life"),
            ("exp negative", with(json!({"exp": -1})), "expired"),
            ("exp least", with(json!({"exp": i64::MIN})), "expired"),
            ("expired", with(json!({"iat": NOW - 900, "exp": NOW - 30})), "expired"),
            ("expired long ago", with(json!({"iat": 0, "exp": 900})), "expired"),
            ("exp in milliseconds", with(json!({"exp": (NOW + 900) * 1000})), "life"),
            ("iat missing", with(json!({"iat": "-"})), "claim"),
            ("iat a text", with(json!({"iat": NOW.to_string()})), "claim"),
            ("iat a float", with(json!({"iat": 1_790_000_000.0})), "claim"),
            ("iat in the future", with(json!({"iat": NOW + 31})), "not_yet_valid"),
            ("iat huge", with(json!({"iat": i64::MAX})), "not_yet_valid"),
            ("iat least", with(json!({"iat": i64::MIN})), "life"),
            ("nbf in the future", with(json!({"nbf": NOW + 31})), "not_yet_valid"),
            ("nbf a text", with(json!({"nbf": "0"})), "claim"),
            ("nbf null", with(json!({"nbf": null})), "claim"),
            ("lives too long", with(json!({"exp": NOW + 901})), "life"),
            ("lives too long, old", with(json!({"iat": NOW - 86_400, "exp": NOW + 60})), "life"),
            ("lives not at all", with(json!({"exp": NOW})), "life"),
            ("ends before it begins", with(json!({"iat": NOW + 20, "exp": NOW + 10})), "life"),
            ("sub missing", with(json!({"sub": "-"})), "claim"),
            ("sub empty", with(json!({"sub": ""})), "claim"),
            ("sub a number", with(json!({"sub": 7})), "claim"),
            ("sub too long", with(json!({"sub": "s".repeat(257)})), "claim"),
            ("sub with NUL", with(json!({"sub": "a\0b"})), "claim"),
            ("sub with line break", with(json!({"sub": "a\nb"})), "claim"),
            ("org missing", with(json!({"org": "-"})), "claim"),
            ("org empty", with(json!({"org": ""})), "claim"),
            ("org a list", with(json!({"org": ["0101"]})), "claim"),
            ("org with control character", with(json!({"org": "01\u{85}01"})), "claim"),
            ("roles missing", with(json!({"roles": "-"})), "claim"),
            ("roles a text", with(json!({"roles": "auditor"})), "claim"),
            ("roles an object", with(json!({"roles": {"auditor": true}})), "claim"),
            ("roles a mixed list", with(json!({"roles": ["auditor", 1]})), "claim"),
            ("roles a nested list", with(json!({"roles": [["auditor"]]})), "claim"),
            ("roles null", with(json!({"roles": null})), "claim"),
            ("strict: client_id missing", with_strict(json!({"client_id": "-"})), "claim"),
            ("strict: client_id a number", with_strict(json!({"client_id": 7})), "claim"),
            ("strict: jti missing", with_strict(json!({"jti": "-"})), "claim"),
            ("strict: jti empty", with_strict(json!({"jti": ""})), "claim"),
        ]);
    }

    #[test]
    fn any_cut_or_flipped_byte_is_refused() {
        let (verifier, good) = (verifier(), good());
        for at in 0..good.len() {
            assert!(verifier.check(&good[..at], NOW).is_err(), "cut at {at}");
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verifier.check(&changed, NOW).is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_refusal_carries_nothing_of_the_token() {
        let token = ed(&header("EdDSA", "canary"), &changed(claims(), json!({"sub": "canary"})));
        let refused = verifier().check(&token, NOW).unwrap_err();
        assert_eq!(refused, TokenRefused::UnknownKid { issuer: OPEN.into() });
        assert!(!format!("{refused:?} {refused}").contains("canary"));
    }

    #[test]
    fn a_warm_token_is_the_same_one_until_it_expires() {
        let (verifier, mut cache, token) = (verifier(), TokenCache::new(), good());
        let first = cache.check(&verifier, &token, NOW).unwrap();
        let again = cache.check(&verifier, &token, NOW + 929).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(cache.check(&verifier, &token, NOW + 930), Err(TokenRefused::Expired));
        assert!(cache.young.is_empty());
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let (verifier, mut cache, used) = (verifier(), TokenCache::new(), good());
        let first = cache.check(&verifier, &used, NOW).unwrap();
        let room = (cache.young.capacity(), cache.old.capacity());
        for number in 0..2 * GENERATION + 10 {
            let token = with(json!({"sub": format!("declarant {number}")}));
            cache.check(&verifier, &token, NOW).unwrap();
            if number % 1000 == 0 {
                let again = cache.check(&verifier, &used, NOW).unwrap();
                assert!(Arc::ptr_eq(&first, &again));
            }
        }
        assert!(cache.young.len() + cache.old.len() <= 8192);
        assert_eq!((cache.young.capacity(), cache.old.capacity()), room);
    }

    #[tokio::test]
    async fn new_keys_void_what_old_ones_verified() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let sets = [
            json!({"keys": [ed_jwk("ed-1", &KEYS.ed)]}),
            json!({"keys": [ed_jwk("ed-1", &KEYS.ed)]}),
            json!({"keys": [ed_jwk("ed-2", &KEYS.strict)]}),
        ];
        std::thread::spawn(move || {
            for set in sets {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).unwrap();
                let set = set.to_string();
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{set}", set.len()).unwrap();
            }
        });
        let source = KeySource::Jwks { url: url.parse().unwrap() };
        let store = KeyStore::new(vec![settings(OPEN, source, false)], LoopbackHttp::Allowed).unwrap();
        let store = Arc::new(store);
        let (verifier, mut cache) = (TokenVerifier::new(Arc::clone(&store)), TokenCache::new());
        let unknown = Err(TokenRefused::UnknownKid { issuer: OPEN.into() });
        let token = with(json!({"exp": NOW + 100}));

        assert_eq!(cache.check(&verifier, &token, NOW), unknown);
        store.refresh(OPEN, NOW).await;
        let first = cache.check(&verifier, &token, NOW).unwrap();
        store.refresh_all(NOW).await;
        assert!(Arc::ptr_eq(&first, &cache.check(&verifier, &token, NOW).unwrap()));
        store.refresh_all(NOW).await;
        assert_eq!(cache.check(&verifier, &token, NOW), unknown);
    }

    #[tokio::test]
    async fn a_token_outlives_the_trust_in_its_key_by_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let set = json!({"keys": [ed_jwk("ed-1", &KEYS.ed)]}).to_string();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{set}", set.len()).unwrap();
        });
        let source = KeySource::Jwks { url: url.parse().unwrap() };
        let store = KeyStore::new(vec![settings(OPEN, source, false)], LoopbackHttp::Allowed).unwrap();
        let store = Arc::new(store);
        let day = 24 * 60 * 60;
        store.refresh_all(NOW - day + 60).await;
        let (verifier, mut cache) = (TokenVerifier::new(store), TokenCache::new());
        assert_eq!(cache.check(&verifier, &good(), NOW).unwrap().expires_at, NOW + 60);
        assert!(cache.check(&verifier, &good(), NOW + 59).is_ok());
        assert!(cache.check(&verifier, &good(), NOW + 60).is_err());
    }
}
