//! The public keys of the configured token issuers: read, kept through outages, replaced by rotation.
//!
//! This is not the check of tokens (`http::token`) and it never follows anything a token says: addresses come from
//! the settings alone. Invariant: a key is only ever used with the one algorithm it is pinned to, symmetric keys
//! never enter a set, and a set that could not be confirmed for [`OUTAGE_SECONDS`] answers for no key at all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tokio::sync::Mutex;
use url::{Host, Url};

pub use crate::config::issuers::{Alg, IssuerSettings, KeySource};

/// The least time between two fetches that unknown key ids cause, per issuer, in seconds.
pub const UNKNOWN_KID_GAP_SECONDS: u64 = 60;
/// The time a set outlives its last good fetch, in seconds.
pub const OUTAGE_SECONDS: i64 = 24 * 60 * 60;
/// The longest life of a token that an issuer may be configured for, in seconds.
pub const LONGEST_LIFE_SECONDS: i64 = 60 * 60;

const BACKGROUND_REFRESH: Duration = Duration::from_secs(10 * 60);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
const MAX_KEYS: usize = 20;
/// Length and first byte of a modulus of 2048 to 8192 bits.
const RSA_SIZES: std::ops::RangeInclusive<(usize, u8)> = (256, 0x80)..=(1024, 0xff);

/// Returns the library's name of an algorithm.
const fn of_library(alg: Alg) -> Algorithm {
    match alg {
        Alg::EdDsa => Algorithm::EdDSA,
        Alg::Es256 => Algorithm::ES256,
        Alg::Ps256 => Algorithm::PS256,
        Alg::Rs256 => Algorithm::RS256,
    }
}

/// Whether key sets may be read over plain http from a loopback address (demo and tests).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoopbackHttp {
    /// `http://127.0.0.1…` and `http://[::1]…` are accepted.
    Allowed,
    /// Only https is accepted.
    Refused,
}

/// What is wrong with the settings of an issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("issuer `{issuer}`: {fault}")]
pub struct IssuerFault {
    /// The issuer as configured.
    pub issuer: String,
    /// What is wrong and what would be right.
    pub fault: &'static str,
}

/// Why the store could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// Settings are wrong; every fault is listed.
    #[error("the settings of token issuers are wrong")]
    Settings(Vec<IssuerFault>),
    /// The https client could not start, as without any root certificate.
    #[error("the https client for key sets could not start")]
    Client(#[source] reqwest::Error),
}

/// Why a fetched set was not taken.
#[derive(Debug, thiserror::Error)]
enum FetchFault {
    #[error("the issuer could not be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the issuer answered with status {0}")]
    Status(u16),
    #[error("the key set is larger than 64 KiB")]
    TooLarge,
    #[error("the answer is not a JWK set")]
    NotASet,
    #[error("the key set holds more than 20 keys")]
    TooManyKeys,
    #[error("two usable keys carry the same id")]
    DoubledKid,
    #[error("the key set holds no usable key")]
    NoUsableKey,
}

/// A public key with the one algorithm it is pinned to.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    /// The only algorithm the key may verify.
    pub alg: Alg,
    material: Material,
}

#[derive(Clone, PartialEq, Eq)]
enum Material {
    Ed25519(Vec<u8>),
    P256(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl VerifyingKey {
    /// Tells whether the base64url `signature` over `message` was made with this key.
    pub fn verifies(&self, message: &str, signature: &str) -> bool {
        let key = match &self.material {
            Material::Ed25519(point) => DecodingKey::from_ed_der(point),
            Material::P256(point) => DecodingKey::from_ec_der(point),
            Material::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
        };
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, of_library(self.alg)).unwrap_or(false)
    }

    /// Reads a JWK; `Err` says why the key is left out.
    fn of_jwk(jwk: &Value) -> Result<Self, &'static str> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            member(name)
                .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
                .ok_or("a member is missing or not base64url")
        };
        let coordinate = |name: &str| match bytes(name)? {
            point if point.len() == 32 => Ok(point),
            _ => Err("a coordinate is not of 32 bytes"),
        };
        if jwk.get("use").is_some_and(|usage| usage != "sig") {
            return Err("the key is not for signatures");
        }
        let verify = |all: &Value| all.as_array().is_some_and(|all| all.contains(&"verify".into()));
        if jwk.get("key_ops").is_some_and(|all| !verify(all)) {
            return Err("the key is not for verifying");
        }
        if jwk.get("d").is_some() {
            return Err("the key is private");
        }
        // The first algorithm of a kind is the one of a key that names none.
        let (kind, material): (&[Alg], Material) = match (member("kty"), member("crv")) {
            (Some("OKP"), Some("Ed25519")) => (&[Alg::EdDsa], Material::Ed25519(coordinate("x")?)),
            (Some("EC"), Some("P-256")) => {
                // SEC 1 uncompressed point.
                let point = [vec![0x04], coordinate("x")?, coordinate("y")?].concat();
                (&[Alg::Es256], Material::P256(point))
            }
            (Some("RSA"), _) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                let n: Vec<u8> = n.into_iter().skip_while(|byte| *byte == 0).collect();
                let size = n.first().map(|first| (n.len(), *first));
                if !size.is_some_and(|size| RSA_SIZES.contains(&size)) {
                    return Err("the RSA key is not of 2048 to 8192 bits");
                }
                (&[Alg::Rs256, Alg::Ps256], Material::Rsa { n, e })
            }
            (Some("oct"), _) => return Err("the key is symmetric"),
            _ => return Err("the kind of key is not accepted"),
        };
        let named = |alg: &Alg| jwk.get("alg").is_none_or(|name| name == alg.as_str());
        let alg = kind.iter().copied().find(named);
        let alg = alg.ok_or("the algorithm is not accepted for this kind of key")?;
        Ok(VerifyingKey { alg, material })
    }
}

/// The usable keys of an issuer by id.
type Keys = BTreeMap<String, VerifyingKey>;

/// The keys of one issuer and the instant until which they may be trusted.
pub struct KeySet {
    keys: Keys,
    /// The Unix second from which the set answers for no key.
    pub good_until: i64,
}

impl KeySet {
    /// Returns the key with this id; none at all once the set is too old (`now` in Unix seconds).
    pub fn find(&self, kid: &str, now: i64) -> Option<&VerifyingKey> {
        self.keys.get(kid).filter(|_| now < self.good_until)
    }
}

/// An issuer with its present keys.
pub struct Issuer {
    /// What the issuer is trusted for.
    pub settings: IssuerSettings,
    /// The exact `iss`, shared by every caller it vouches for.
    pub name: Arc<str>,
    keys: ArcSwap<KeySet>,
    /// Whether its last answer was none.
    away: AtomicBool,
    /// The last fetch that an unknown key id caused; held while any fetch runs, so that one flies at a time.
    asked_at: Mutex<Option<i64>>,
}

impl Issuer {
    /// Returns the present keys.
    pub fn keys(&self) -> Arc<KeySet> {
        self.keys.load_full()
    }
}

/// Every trusted issuer, and the client that reads their key sets.
pub struct KeyStore {
    issuers: Vec<Arc<Issuer>>,
    client: Option<reqwest::Client>,
    epoch: AtomicU64,
    /// Whether plain http is accepted from a loopback address.
    pub http: LoopbackHttp,
}

impl KeyStore {
    /// Makes the store; static keys are ready at once, key sets after the first [`refresh_all`](Self::refresh_all).
    ///
    /// # Errors
    /// [`KeyStoreError::Settings`] with every fault of every issuer; [`KeyStoreError::Client`] when the https client cannot start.
    pub fn new(issuers: Vec<IssuerSettings>, http: LoopbackHttp) -> Result<Self, KeyStoreError> {
        let mut faults = Vec::new();
        let mut ready: Vec<Arc<Issuer>> = Vec::with_capacity(issuers.len());
        for settings in issuers {
            let mut found = faults_of(&settings, http);
            if ready.iter().any(|other| *other.name == *settings.issuer) {
                found.push("the issuer is configured twice");
            }
            let (keys, good_until) = match &settings.keys {
                KeySource::Jwks { .. } => (Keys::new(), i64::MIN),
                KeySource::Static(jwks) => (usable(jwks, &settings).unwrap_or_default(), i64::MAX),
            };
            if keys.is_empty() && good_until == i64::MAX {
                found.push("the static keys must be 1 to 20 usable ones, each with its own id");
            }
            faults.extend(found.into_iter().map(|fault| IssuerFault { issuer: settings.issuer.clone(), fault }));
            ready.push(Arc::new(Issuer {
                name: settings.issuer.as_str().into(),
                settings,
                keys: ArcSwap::from_pointee(KeySet { keys, good_until }),
                away: AtomicBool::new(false),
                asked_at: Mutex::new(None),
            }));
        }
        if !faults.is_empty() {
            return Err(KeyStoreError::Settings(faults));
        }
        let fetches = |issuer: &Arc<Issuer>| matches!(issuer.settings.keys, KeySource::Jwks { .. });
        let client = if ready.iter().any(fetches) { Some(client().map_err(KeyStoreError::Client)?) } else { None };
        Ok(KeyStore { issuers: ready, client, epoch: AtomicU64::new(0), http })
    }

    /// Returns the issuer with exactly this name.
    pub fn issuer(&self, name: &str) -> Option<&Arc<Issuer>> {
        self.issuers.iter().find(|issuer| *issuer.name == *name)
    }

    /// Returns every issuer, in the order of the settings.
    pub fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
    }

    /// Counts the issuers that did not hand out their keys when they were last asked.
    pub fn away(&self) -> usize {
        self.issuers.iter().filter(|issuer| issuer.away.load(Ordering::Relaxed)).count()
    }

    /// Returns a number that grows whenever any issuer's keys change; what was verified under another is void.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Fetches an issuer's keys because a token named an unknown one; does nothing within
    /// [`UNKNOWN_KID_GAP_SECONDS`] of the last such fetch, and waits for one that is under way.
    pub async fn refresh(self: &Arc<Self>, issuer: &str, now: i64) {
        let Some(issuer) = self.issuer(issuer).cloned() else {
            return;
        };
        let store = Arc::clone(self);
        // A task of its own: a caller that hangs up must not cut off the fetch and still use up the gap.
        let flight = tokio::spawn(async move {
            let mut asked_at = issuer.asked_at.lock().await;
            // The distance, not the difference: a clock set back must not silence fetches.
            if asked_at.is_none_or(|at| now.abs_diff(at) >= UNKNOWN_KID_GAP_SECONDS) {
                *asked_at = Some(now);
                store.fetch(&issuer, now).await;
            }
        });
        if flight.await.is_err() {
            tracing::error!("the fetch of a key set was aborted");
        }
    }

    /// Fetches every key set once; a failure is logged and leaves the old set in place.
    pub async fn refresh_all(&self, now: i64) {
        for issuer in &self.issuers {
            let _flight = issuer.asked_at.lock().await;
            self.fetch(issuer, now).await;
        }
    }

    /// Fetches every key set now and every ten minutes, until the task is dropped.
    pub async fn keep_fresh(self: Arc<Self>, now: impl Fn() -> i64) {
        let mut tick = tokio::time::interval(BACKGROUND_REFRESH);
        loop {
            tick.tick().await;
            self.refresh_all(now()).await;
        }
    }

    async fn fetch(&self, issuer: &Issuer, now: i64) {
        let (KeySource::Jwks { url }, Some(client)) = (&issuer.settings.keys, &self.client) else {
            return;
        };
        let fetched = download(client, url).await;
        let fetched = fetched.and_then(|document| read_set(&document, &issuer.settings));
        issuer.away.store(fetched.is_err(), Ordering::Relaxed);
        match fetched {
            Ok(keys) => self.install(issuer, keys, now.saturating_add(OUTAGE_SECONDS)),
            Err(fault) => {
                let fault: &dyn std::error::Error = &fault;
                tracing::warn!(issuer = %issuer.name, fault, "the old key set stays");
            }
        }
    }

    fn install(&self, issuer: &Issuer, keys: Keys, good_until: i64) {
        let changed = issuer.keys.load().keys != keys;
        issuer.keys.store(Arc::new(KeySet { keys, good_until }));
        if changed {
            // After the store: whoever sees the new epoch also sees the new keys.
            self.epoch.fetch_add(1, Ordering::Release);
            tracing::info!(issuer = %issuer.name, "the key set changed");
        }
    }
}

fn faults_of(settings: &IssuerSettings, http: LoopbackHttp) -> Vec<&'static str> {
    let (secure, bare) = match &settings.keys {
        KeySource::Static(_) => (true, true),
        KeySource::Jwks { url } => (
            url.scheme() == "https" || (http == LoopbackHttp::Allowed && is_loopback_http(url)),
            url.username().is_empty() && url.password().is_none(),
        ),
    };
    let life = (1..=LONGEST_LIFE_SECONDS).contains(&settings.max_life_seconds);
    [
        (!settings.issuer.is_empty(), "the issuer has no name"),
        (!settings.audience.is_empty(), "the issuer has no audience"),
        (!settings.algorithms.is_empty(), "the issuer has no algorithm"),
        (life, "the longest life of a token must be 1 to 3600 seconds"),
        (secure, "the key set must be read over https, or in demo mode over http from a loopback address"),
        (bare, "the address of the key set must not contain a user name or password"),
    ]
    .into_iter()
    .filter_map(|(holds, fault)| (!holds).then_some(fault))
    .collect()
}

/// Tells whether the address stays on this machine; names do not count, because they may resolve to anything.
pub(super) fn is_loopback_http(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    loopback && url.scheme() == "http"
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(FETCH_TIMEOUT)
        // Minutes lie between fetches, and a pooled connection would belong to the worker that opened it.
        .pool_max_idle_per_host(0)
        .build()
}

async fn download(client: &reqwest::Client, url: &Url) -> Result<Vec<u8>, FetchFault> {
    let unreachable = |error: reqwest::Error| FetchFault::Unreachable(error.without_url());
    let mut response = client.get(url.clone()).send().await.map_err(unreachable)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchFault::Status(response.status().as_u16()));
    }
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if document.len() + chunk.len() > MAX_DOCUMENT_BYTES {
            return Err(FetchFault::TooLarge);
        }
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}

fn read_set(document: &[u8], settings: &IssuerSettings) -> Result<Keys, FetchFault> {
    let document: Value = serde_json::from_slice(document).map_err(|_| FetchFault::NotASet)?;
    let jwks = document.get("keys").and_then(Value::as_array);
    usable(jwks.ok_or(FetchFault::NotASet)?, settings)
}

/// Picks the usable keys by id; a set without any is taken for a fault, so that a broken deployment of the issuer
/// does not lock everybody out.
fn usable(jwks: &[Value], settings: &IssuerSettings) -> Result<Keys, FetchFault> {
    if jwks.len() > MAX_KEYS {
        return Err(FetchFault::TooManyKeys);
    }
    let mut keys = Keys::new();
    for jwk in jwks {
        let kid = jwk.get("kid").and_then(Value::as_str);
        let key = VerifyingKey::of_jwk(jwk).and_then(|key| match kid.filter(|kid| is_kid(kid)) {
            Some(kid) if settings.algorithms.contains(&key.alg) => Ok((kid, key)),
            Some(_) => Err("the algorithm is not allowed for the issuer"),
            None => Err("the key has no id of the accepted form"),
        });
        match key {
            Ok((kid, key)) => {
                if keys.insert(kid.to_owned(), key).is_some() {
                    return Err(FetchFault::DoubledKid);
                }
            }
            Err(why) => tracing::warn!(issuer = %settings.issuer, kid, why, "a key was left out"),
        }
    }
    if keys.is_empty() {
        return Err(FetchFault::NoUsableKey);
    }
    Ok(keys)
}

/// Tells whether the text may be a key id: `^[A-Za-z0-9._-]{1,64}$`.
pub fn is_kid(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::sync::Mutex as StdMutex;
    use std::sync::atomic::AtomicUsize;
    use std::thread::JoinHandle;

    use serde_json::json;

    use super::*;
    use crate::domain::actor::RoleSet;

    const NAME: &str = "https://issuer.example";
    const NOW: i64 = 1_790_000_000;

    /// What the issuer's server does with a connection: these bytes, or nothing while it lives.
    #[derive(Clone)]
    enum Reply {
        Bytes(Vec<u8>),
        Silence,
    }

    /// An HTTP/1.1 server on a port of its own, until dropped.
    struct Server {
        address: SocketAddr,
        reply: Arc<StdMutex<Option<Reply>>>,
        hits: Arc<AtomicUsize>,
        thread: Option<JoinHandle<()>>,
    }

    impl Server {
        fn start(reply: Reply) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let reply = Arc::new(StdMutex::new(Some(reply)));
            let hits = Arc::new(AtomicUsize::new(0));
            let (says, counts) = (Arc::clone(&reply), Arc::clone(&hits));
            let thread = std::thread::spawn(move || {
                let mut silent = Vec::new();
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    let Some(reply) = says.lock().unwrap().clone() else {
                        return;
                    };
                    counts.fetch_add(1, Ordering::SeqCst);
                    let _ = stream.read(&mut [0; 4096]);
                    // A client that has read enough hangs up, which is no fault of the server.
                    match reply {
                        Reply::Bytes(bytes) => drop(stream.write_all(&bytes)),
                        Reply::Silence => silent.push(stream),
                    }
                }
            });
            Server { address, reply, hits, thread: Some(thread) }
        }

        fn says(&self, reply: Reply) {
            *self.reply.lock().unwrap() = Some(reply);
        }

        fn hits(&self) -> usize {
            self.hits.load(Ordering::SeqCst)
        }

        fn url(&self) -> String {
            format!("http://{}/keys", self.address)
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            *self.reply.lock().unwrap() = None;
            let _ = TcpStream::connect(self.address);
            self.thread.take().unwrap().join().unwrap();
        }
    }

    fn response(status: &str, body: &str) -> Reply {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        Reply::Bytes([head.as_bytes(), body.as_bytes()].concat())
    }

    fn jwk(kid: &str, byte: u8) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": URL_SAFE_NO_PAD.encode([byte; 32])})
    }

    fn set(keys: &[Value]) -> Reply {
        response("200 OK", &json!({"keys": keys}).to_string())
    }

    fn settings(keys: KeySource) -> IssuerSettings {
        IssuerSettings {
            issuer: NAME.to_owned(),
            audience: "whitelist".to_owned(),
            keys,
            algorithms: Alg::ALL.to_vec(),
            allowed_roles: RoleSet::ALL,
            max_life_seconds: 900,
            strict_rfc9068: false,
            sign_in: None,
        }
    }

    fn jwks(url: &str) -> IssuerSettings {
        settings(KeySource::Jwks { url: url.parse().unwrap() })
    }

    fn store(server: &Server) -> Arc<KeyStore> {
        Arc::new(KeyStore::new(vec![jwks(&server.url())], LoopbackHttp::Allowed).unwrap())
    }

    fn knows(store: &KeyStore, kid: &str, now: i64) -> bool {
        store.issuer(NAME).unwrap().keys().find(kid, now).is_some()
    }

    #[tokio::test]
    async fn rotation_replaces_the_keys_and_raises_the_epoch() {
        let server = Server::start(set(&[jwk("k1", 1), jwk("k2", 2)]));
        let store = store(&server);
        assert!(!knows(&store, "k1", NOW));
        store.refresh_all(NOW).await;
        assert!(knows(&store, "k1", NOW) && knows(&store, "k2", NOW));
        let epoch = store.epoch();

        server.says(set(&[jwk("k2", 2), jwk("k1", 1)]));
        store.refresh_all(NOW + 600).await;
        assert_eq!(store.epoch(), epoch, "the same keys in another order");
        server.says(set(&[jwk("k2", 2), jwk("k3", 3)]));
        store.refresh_all(NOW + 1200).await;
        assert!(!knows(&store, "k1", NOW + 1200) && knows(&store, "k3", NOW + 1200));
        assert_eq!(store.epoch(), epoch + 1);
        server.says(set(&[jwk("k2", 2), jwk("k3", 4)]));
        store.refresh_all(NOW + 1800).await;
        assert_eq!(store.epoch(), epoch + 2, "another key under an old id");
    }

    #[tokio::test]
    async fn what_is_not_a_good_set_leaves_the_old_one() {
        let server = Server::start(set(&[jwk("k1", 1)]));
        let elsewhere = Server::start(set(&[jwk("evil", 9)]));
        let store = store(&server);
        store.refresh_all(NOW).await;
        let epoch = store.epoch();
        let many: Vec<Value> = (0..21).map(|number| jwk(&format!("m{number}"), number)).collect();
        let thousands = vec![jwk("m", 1); 10_000];
        let good = json!({"keys": [jwk("evil", 9)]}).to_string();
        let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url());
        let endless = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{good}{}", " ".repeat(10_000_000));
        let half = format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{good}");
        let cases = [
            ("rubbish", response("200 OK", "\u{1}\u{2}rubbish")),
            ("nothing", response("200 OK", "")),
            ("a page", response("200 OK", "<html>sign in</html>")),
            ("a list", response("200 OK", "[]")),
            ("no keys", response("200 OK", "{}")),
            ("keys no list", response("200 OK", r#"{"keys":{"k1":{}}}"#)),
            ("an empty set", set(&[])),
            ("21 keys", set(&many)),
            ("10,000 keys", set(&thousands)),
            ("one id twice", set(&[jwk("k2", 2), jwk("k2", 3)])),
            ("no usable key", set(&[json!({"kty": "oct", "kid": "k2", "k": "c2VjcmV0"})])),
            ("10 MB", response("200 OK", &" ".repeat(10_000_000))),
            ("10 MB without a length", Reply::Bytes(endless.into())),
            ("just above 64 KiB", response("200 OK", &format!("{good}{}", " ".repeat(MAX_DOCUMENT_BYTES)))),
            ("half", Reply::Bytes(half.into())),
            ("redirect", Reply::Bytes(redirect.into())),
            ("error with a good body", response("500 Internal Server Error", &good)),
            ("created", response("201 Created", &good)),
            ("not HTTP", Reply::Bytes(b"SSH-2.0-OpenSSH\r\n".to_vec())),
            ("hung up", Reply::Bytes(Vec::new())),
        ];
        for (case, reply) in cases {
            server.says(reply);
            store.refresh_all(NOW + 60).await;
            assert!(knows(&store, "k1", NOW + 60), "{case}");
            assert!(!knows(&store, "evil", NOW + 60), "{case}");
            assert_eq!(store.epoch(), epoch, "{case}");
        }
        assert_eq!(server.hits(), 21);
        assert_eq!(elsewhere.hits(), 0);
    }

    #[tokio::test]
    async fn an_outage_is_survived_for_a_day_and_no_longer() {
        let server = Server::start(set(&[jwk("k1", 1)]));
        let store = store(&server);
        store.refresh_all(NOW).await;
        server.says(response("503 Service Unavailable", ""));
        store.refresh_all(NOW + 600).await;
        let last = NOW + OUTAGE_SECONDS - 1;
        assert!(knows(&store, "k1", last));
        assert!(!knows(&store, "k1", last + 1));

        server.says(set(&[jwk("k1", 1)]));
        store.refresh(NAME, last + 1).await;
        assert!(knows(&store, "k1", last + 1));
        drop(server);
        store.refresh_all(last + 2).await;
        assert!(knows(&store, "k1", last + OUTAGE_SECONDS));
        assert!(!knows(&store, "k1", last + OUTAGE_SECONDS + 1));
    }

    #[tokio::test]
    async fn a_storm_of_unknown_ids_fetches_once() {
        let server = Server::start(set(&[jwk("k1", 1)]));
        let store = store(&server);
        let storm: Vec<_> = (0..100)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    store.refresh(NAME, NOW).await;
                    knows(&store, "k1", NOW)
                })
            })
            .collect();
        for request in storm {
            assert!(request.await.unwrap(), "whoever waited sees the keys");
        }
        assert_eq!(server.hits(), 1);
        store.refresh("https://evil.example", NOW).await;
        assert_eq!(server.hits(), 1);
    }

    #[tokio::test]
    async fn unknown_ids_fetch_once_a_minute() {
        let server = Server::start(response("503 Service Unavailable", ""));
        let store = store(&server);
        for (now, hits) in [(NOW, 1), (NOW + 1, 1), (NOW + 59, 1), (NOW + 60, 2), (NOW + 119, 2), (NOW - 3600, 3)] {
            store.refresh(NAME, now).await;
            assert_eq!(server.hits(), hits, "at {}", now - NOW);
        }
        store.refresh_all(NOW - 3600).await;
        assert_eq!(server.hits(), 4, "the background does not wait for the gap");
    }

    #[tokio::test]
    async fn a_caller_that_hangs_up_does_not_stop_the_fetch() {
        let server = Server::start(set(&[jwk("k1", 1)]));
        let store = store(&server);
        let hasty = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.refresh(NAME, NOW).await }
        });
        tokio::task::yield_now().await;
        hasty.abort();
        assert!(hasty.await.unwrap_err().is_cancelled());
        store.refresh(NAME, NOW).await;
        assert!(knows(&store, "k1", NOW));
        assert_eq!(server.hits(), 1);
    }

    #[tokio::test]
    async fn a_silent_issuer_is_given_up() {
        let server = Server::start(Reply::Silence);
        let store = store(&server);
        let fetch = store.refresh_all(NOW);
        assert!(tokio::time::timeout(5 * FETCH_TIMEOUT, fetch).await.is_ok());
    }

    #[tokio::test]
    async fn the_background_reads_the_keys_at_once() {
        let server = Server::start(set(&[jwk("k1", 1)]));
        let store = store(&server);
        let task = tokio::spawn(Arc::clone(&store).keep_fresh(|| NOW));
        while !knows(&store, "k1", NOW) {
            tokio::task::yield_now().await;
        }
        task.abort();
        assert_eq!(server.hits(), 1);
    }

    #[test]
    fn keys_are_pinned_to_one_algorithm_or_left_out() {
        let coordinate = URL_SAFE_NO_PAD.encode([7; 32]);
        let modulus = |bytes: usize, first: u8| {
            let mut n = vec![0xff; bytes];
            n[0] = first;
            URL_SAFE_NO_PAD.encode(n)
        };
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": coordinate});
        let ec = json!({"kty": "EC", "crv": "P-256", "x": coordinate, "y": coordinate});
        let rsa = json!({"kty": "RSA", "n": modulus(256, 0x80), "e": "AQAB"});
        let with = |key: &Value, members: Value| {
            let mut key = key.clone();
            key.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            key
        };
        let cases = [
            (ed.clone(), Some(Alg::EdDsa)),
            (ec.clone(), Some(Alg::Es256)),
            (rsa.clone(), Some(Alg::Rs256)),
            (with(&ed, json!({"alg": "EdDSA", "use": "sig"})), Some(Alg::EdDsa)),
            (with(&ec, json!({"alg": "ES256", "key_ops": ["verify"]})), Some(Alg::Es256)),
            (with(&rsa, json!({"alg": "RS256", "x5c": ["MIIB"]})), Some(Alg::Rs256)),
            (with(&rsa, json!({"alg": "PS256"})), Some(Alg::Ps256)),
            (with(&rsa, json!({"n": modulus(257, 0x00)})), Some(Alg::Rs256)),
            (with(&rsa, json!({"n": modulus(257, 0x01)})), Some(Alg::Rs256)),
            (with(&rsa, json!({"n": modulus(1024, 0xff)})), Some(Alg::Rs256)),
            (with(&rsa, json!({"n": modulus(128, 0xff)})), None),
            (with(&rsa, json!({"n": modulus(256, 0x7f)})), None),
            (with(&rsa, json!({"n": modulus(256, 0x00)})), None),
            (with(&rsa, json!({"n": modulus(1025, 0x01)})), None),
            (with(&rsa, json!({"n": ""})), None),
            (with(&rsa, json!({"n": "a+b="})), None),
            (with(&rsa, json!({"e": null})), None),
            (with(&rsa, json!({"d": "AQAB"})), None),
            (with(&rsa, json!({"alg": "RS512"})), None),
            (with(&rsa, json!({"alg": "HS256"})), None),
            (with(&rsa, json!({"alg": "EdDSA"})), None),
            (with(&rsa, json!({"alg": "none"})), None),
            (with(&rsa, json!({"alg": null})), None),
            (with(&rsa, json!({"alg": ["RS256"]})), None),
            (with(&rsa, json!({"use": "enc"})), None),
            (with(&rsa, json!({"use": null})), None),
            (with(&ed, json!({"key_ops": ["sign"]})), None),
            (with(&ed, json!({"key_ops": "verify"})), None),
            (with(&ed, json!({"crv": "X25519"})), None),
            (with(&ed, json!({"crv": "Ed448"})), None),
            (with(&ed, json!({"x": URL_SAFE_NO_PAD.encode([7; 31])})), None),
            (with(&ed, json!({"x": 7})), None),
            (with(&ec, json!({"crv": "P-384"})), None),
            (with(&ec, json!({"crv": "secp256k1"})), None),
            (with(&ec, json!({"y": URL_SAFE_NO_PAD.encode([7; 33])})), None),
            (json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}), None),
            (json!({"kty": "AKP"}), None),
            (json!({}), None),
            (json!([]), None),
            (json!(null), None),
        ];
        for (jwk, expected) in cases {
            assert_eq!(VerifyingKey::of_jwk(&jwk).ok().map(|key| key.alg), expected, "{jwk}");
        }
    }

    #[test]
    fn ids_and_algorithms_outside_the_settings_are_left_out() {
        let jwks = [jwk("../k", 1), jwk("", 2), jwk(&"k".repeat(65), 3), jwk("k 4", 4), jwk("k5", 5)];
        let keys = usable(&jwks, &settings(KeySource::Static(Vec::new()))).unwrap();
        assert_eq!(keys.into_keys().collect::<Vec<_>>(), ["k5"]);
        let rsa_only = IssuerSettings { algorithms: vec![Alg::Rs256], ..settings(KeySource::Static(Vec::new())) };
        assert!(matches!(usable(&jwks, &rsa_only), Err(FetchFault::NoUsableKey)));
    }

    #[test]
    fn every_fault_of_the_settings_is_told_at_once() {
        let insecure = "the key set must be read over https, or in demo mode over http from a loopback address";
        let addresses = [
            ("https://issuer.example/keys", LoopbackHttp::Refused, None),
            ("https://127.0.0.1/keys", LoopbackHttp::Refused, None),
            ("http://127.0.0.1:8081/keys", LoopbackHttp::Allowed, None),
            ("http://[::1]/keys", LoopbackHttp::Allowed, None),
            ("http://127.0.0.1:8081/keys", LoopbackHttp::Refused, Some(insecure)),
            ("http://issuer.example/keys", LoopbackHttp::Allowed, Some(insecure)),
            ("http://localhost/keys", LoopbackHttp::Allowed, Some(insecure)),
            ("http://127.0.0.1.evil.example/keys", LoopbackHttp::Allowed, Some(insecure)),
            ("http://[::ffff:127.0.0.1]/keys", LoopbackHttp::Allowed, Some(insecure)),
            ("http://0.0.0.0/keys", LoopbackHttp::Allowed, Some(insecure)),
            ("ftp://127.0.0.1/keys", LoopbackHttp::Allowed, Some(insecure)),
            ("file:///etc/passwd", LoopbackHttp::Allowed, Some(insecure)),
        ];
        for (url, http, fault) in addresses {
            let faults = match KeyStore::new(vec![jwks(url)], http) {
                Ok(_) => Vec::new(),
                Err(KeyStoreError::Settings(faults)) => faults,
                Err(KeyStoreError::Client(error)) => panic!("{error}"),
            };
            let expected: Vec<_> = fault.into_iter().map(|fault| IssuerFault { issuer: NAME.into(), fault }).collect();
            assert_eq!(faults, expected, "{url}");
        }

        let wrong = IssuerSettings {
            issuer: String::new(),
            audience: String::new(),
            algorithms: Vec::new(),
            max_life_seconds: 3601,
            ..jwks("http://user:secret@issuer.example/")
        };
        let good = settings(KeySource::Static(vec![jwk("k1", 1)]));
        let unusable = settings(KeySource::Static(Vec::new()));
        let Err(KeyStoreError::Settings(faults)) = KeyStore::new(vec![wrong, good, unusable], LoopbackHttp::Allowed)
        else {
            panic!("faulty settings were taken");
        };
        assert_eq!(faults.len(), 8);
        assert!(faults.iter().all(|fault| !fault.to_string().contains("secret")));
    }
}
