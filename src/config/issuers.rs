//! Who issues tokens, and what is believed of them: the settings file and what it becomes.

use crate::domain::actor::{Role, RoleSet};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use url::Url;

/// Longest life of a production token, seconds (RFC 9068 asks for short-lived tokens).
const LONGEST_LIFE: i64 = 900;

/// A signature algorithm that tokens may use (RFC 7518, RFC 8037); the list is closed and holds no symmetric one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alg {
    /// Ed25519.
    EdDsa,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Alg {
    /// Every algorithm.
    pub const ALL: &[Alg] = &[Alg::EdDsa, Alg::Es256, Alg::Ps256, Alg::Rs256];

    /// Returns the registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Alg::EdDsa => "EdDSA",
            Alg::Es256 => "ES256",
            Alg::Ps256 => "PS256",
            Alg::Rs256 => "RS256",
        }
    }

    /// Reads a registered name, case-sensitive; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Alg::ALL.iter().copied().find(|alg| alg.as_str() == text)
    }
}

/// Where an issuer's keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A JWK set (RFC 7517) that is fetched and refreshed.
    Jwks {
        /// The only address that is ever asked.
        url: Url,
    },
    /// Public JWKs that never change.
    Static(Vec<Value>),
}

/// How people sign in at an issuer (OpenID Connect).
#[derive(Clone)]
pub struct SignIn {
    /// What the issuer calls it on the page of sign-in.
    pub name: String,
    /// How this service is known there.
    pub client_id: String,
    /// What it proves that with; a public client has none and relies on PKCE.
    pub client_secret: Option<String>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("name", &self.name).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// One trusted issuer of tokens, as configured.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// The exact `iss`.
    pub issuer: String,
    /// The `aud` that tokens for this service carry.
    pub audience: String,
    /// Where the keys come from.
    pub keys: KeySource,
    /// The algorithms this issuer may use.
    pub algorithms: Vec<Alg>,
    /// The roles this issuer may grant; others in its tokens are dropped.
    pub allowed_roles: RoleSet,
    /// The longest accepted `exp - iat`, in seconds.
    pub max_life_seconds: i64,
    /// Whether `client_id` and `jti` are required (RFC 9068, section 2.2).
    pub strict_rfc9068: bool,
    /// How people sign in there, if they may.
    pub sign_in: Option<SignIn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerFile {
    issuer: Vec<IssuerEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerEntry {
    issuer: String,
    audience: String,
    jwks_url: String,
    algorithms: Vec<String>,
    roles: Vec<String>,
    max_life_seconds: i64,
    rfc9068: Option<String>,
    sign_in: Option<SignInEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInEntry {
    name: String,
    client_id: String,
    client_secret_variable: Option<String>,
}

/// Reads how people sign in; the secret stands in the environment, never in the file.
fn sign_in(entry: &SignInEntry) -> Result<SignIn, String> {
    let client_secret = match &entry.client_secret_variable {
        None => None,
        Some(name) => match super::variable(name) {
            None => {
                return Err(format!("sign_in: the variable {name}, which should hold the client's secret, is not set"));
            }
            secret => secret,
        },
    };
    let (name, client_id) = (entry.name.clone(), entry.client_id.clone());
    Ok(SignIn { name, client_id, client_secret })
}

/// Reads the file that names the issuers.
///
/// # Errors
/// Every fault of it.
pub fn read(path: &Path) -> Result<Vec<IssuerSettings>, Vec<String>> {
    let place = format!("WHITELIST_ISSUERS: {}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| vec![format!("{place}: {error}")])?;
    let file: IssuerFile = toml::from_str(&text).map_err(|error| vec![format!("{place}: {error}")])?;
    let (mut issuers, mut faults) = (Vec::new(), Vec::new());
    for entry in file.issuer {
        match issuer(&entry) {
            Ok(settings) => issuers.push(settings),
            Err(found) => {
                faults.extend(found.into_iter().map(|fault| format!("{place}: issuer `{}`: {fault}", entry.issuer)))
            }
        }
    }
    if issuers.is_empty() && faults.is_empty() {
        faults.push(format!("{place}: names no issuer"));
    }
    if faults.is_empty() { Ok(issuers) } else { Err(faults) }
}

fn issuer(entry: &IssuerEntry) -> Result<IssuerSettings, Vec<String>> {
    let mut faults = Vec::new();
    if entry.issuer.starts_with("urn:demo:") {
        faults.push("demo issuers are refused in production".to_owned());
    }
    if !(60..=LONGEST_LIFE).contains(&entry.max_life_seconds) {
        faults.push(format!("max_life_seconds must be 60 to {LONGEST_LIFE}"));
    }
    let url = Url::parse(&entry.jwks_url).map_err(|error| faults.push(format!("jwks_url: {error}")));
    let mut algorithms = Vec::new();
    for name in &entry.algorithms {
        match Alg::parse(name) {
            Some(alg) => algorithms.push(alg),
            None => faults.push(format!("algorithm `{name}` is not one of EdDSA, ES256, PS256, RS256")),
        }
    }
    let mut roles = Vec::new();
    for name in &entry.roles {
        match Role::parse(name) {
            Some(role) => roles.push(role),
            None => faults.push(format!("role `{name}` is not known")),
        }
    }
    let strict = match entry.rfc9068.as_deref() {
        None | Some("relaxed") => false,
        Some("strict") => true,
        Some(other) => {
            faults.push(format!("rfc9068 = `{other}` is neither strict nor relaxed"));
            false
        }
    };
    let sign_in = entry.sign_in.as_ref().and_then(|entry| sign_in(entry).map_err(|fault| faults.push(fault)).ok());
    match url {
        Ok(url) if faults.is_empty() => Ok(IssuerSettings {
            issuer: entry.issuer.clone(),
            audience: entry.audience.clone(),
            keys: KeySource::Jwks { url },
            algorithms,
            allowed_roles: RoleSet::of(&roles),
            max_life_seconds: entry.max_life_seconds,
            strict_rfc9068: strict,
            sign_in,
        }),
        _ => Err(faults),
    }
}
