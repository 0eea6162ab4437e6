//! An identity provider of others for the tests of sign-in: `oidc-provider` from npm, in a process of its own on loopback.
//!
//! Invariant: it ends with the test process, however that ends, because it ends when its standard input does.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use whitelist::config::issuers::SignIn;
use whitelist::domain::actor::RoleSet;
use whitelist::outbound::keys::{Alg, IssuerSettings, KeySource};

use super::browser::package;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/provider.mjs");
const SECRET: &str = "secret of the portal";

/// The provider, which ends when this is dropped.
pub struct Provider {
    child: Child,
    /// Held open: a program that cannot say what it has to say ends.
    _said: BufReader<ChildStdout>,
    /// The name of the issuer, which is where it is found.
    pub issuer: String,
    algorithm: Alg,
}

impl Provider {
    /// Starts it for these people: by name, what their tokens claim.
    ///
    /// # Panics
    /// Panics, naming the command that installs it, when it is missing.
    pub fn start(algorithm: Alg, people: &Value) -> Self {
        let packages = package("oidc-provider").parent().expect("a folder").to_path_buf();
        let mut child = Command::new("node")
            .arg(SCRIPT)
            .env("PACKAGES", packages)
            .env("PEOPLE", people.to_string())
            .env("SECRET", SECRET)
            .env("ALGORITHM", algorithm.as_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts: run tools/install.sh test");
        let mut issuer = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("stdout is piped"));
        said.read_line(&mut issuer).expect("it says where it is");
        assert!(issuer.starts_with("http://127.0.0.1:"), "the provider does not start: {issuer}");
        Self { child, _said: said, issuer: issuer.trim().to_owned(), algorithm }
    }

    /// What the service has to know of it.
    pub fn settings(&self) -> IssuerSettings {
        IssuerSettings {
            issuer: self.issuer.clone(),
            audience: "whitelist".to_owned(),
            keys: KeySource::Jwks { url: format!("{}/jwks", self.issuer).parse().unwrap() },
            algorithms: vec![self.algorithm],
            allowed_roles: RoleSet::ALL,
            max_life_seconds: 900,
            strict_rfc9068: false,
            sign_in: Some(SignIn {
                name: "统一身份认证".to_owned(),
                client_id: "portal".to_owned(),
                client_secret: Some(SECRET.to_owned()),
            }),
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
