//! The issuer of demo tokens: one Ed25519 key per data folder, made on first use.
//!
//! It serves `demo` and `token` only and is no identity provider: production never trusts it, because the key and
//! the issuer's name are random for each folder. Invariant: the private key is readable by its owner alone and
//! leaves this type only as signatures.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::actor::{Role, RoleSet};
use crate::outbound::keys::{Alg, IssuerSettings, KeySource};

/// The audience of demo tokens.
pub const AUDIENCE: &str = "whitelist";
/// The longest life of a demo token, in seconds.
pub const LONGEST_TTL_SECONDS: i64 = 60 * 60;

const FOLDER: &str = "keys";
const FILE: &str = "demo-issuer.json";
const KID: &str = "demo-1";

/// The demo issuer of one data folder.
pub struct DemoIssuer {
    name: String,
    kid: String,
    key: SigningKey,
}

/// The key file; `private_key` is the base64url seed of RFC 8032.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    issuer: String,
    kid: String,
    private_key: String,
}

impl DemoIssuer {
    /// Reads the issuer of a data folder, or makes it.
    ///
    /// # Errors
    /// When the folder or file cannot be read or written, when the system gives no randomness, or with
    /// [`io::ErrorKind::InvalidData`] when the file is not a demo issuer's.
    pub fn load_or_create(dir: &Path) -> io::Result<Self> {
        let folder = dir.join(FOLDER);
        let path = folder.join(FILE);
        if !path.try_exists()? {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            create(&folder, &path)?;
        }
        read(&fs::read(&path)?).ok_or_else(|| {
            let detail = format!("`{}` is not the key file of a demo issuer", path.display());
            io::Error::new(io::ErrorKind::InvalidData, detail)
        })
    }

    /// Signs an access token (RFC 9068); the life is kept within 1 to [`LONGEST_TTL_SECONDS`] seconds.
    pub fn mint(&self, roles: &[Role], org: &str, sub: &str, ttl_seconds: i64, now: i64, jti: &str) -> String {
        let header = json!({"alg": Alg::EdDsa.as_str(), "typ": "at+jwt", "kid": self.kid});
        let life = ttl_seconds.clamp(1, LONGEST_TTL_SECONDS);
        let claims = json!({
            "iss": self.name,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now.saturating_add(life),
            "sub": sub,
            "client_id": sub,
            "org": org,
            "roles": roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
            "jti": jti,
        });
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let message = format!("{header}.{claims}");
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Returns what a server of the same folder trusts.
    pub fn settings(&self) -> IssuerSettings {
        let x = URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        let jwk = json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": Alg::EdDsa.as_str(),
            "use": "sig",
            "kid": self.kid,
            "x": x,
        });
        IssuerSettings {
            issuer: self.name.clone(),
            audience: AUDIENCE.to_owned(),
            keys: KeySource::Static(vec![jwk]),
            algorithms: vec![Alg::EdDsa],
            allowed_roles: RoleSet::ALL,
            max_life_seconds: LONGEST_TTL_SECONDS,
            strict_rfc9068: true,
            sign_in: None,
        }
    }
}

fn read(file: &[u8]) -> Option<DemoIssuer> {
    let file: KeyFile = serde_json::from_slice(file).ok()?;
    let seed = URL_SAFE_NO_PAD.decode(file.private_key).ok()?;
    Some(DemoIssuer { name: file.issuer, kid: file.kid, key: SigningKey::from_bytes(&seed.try_into().ok()?) })
}

/// Writes a new issuer whole or not at all; one that another process wrote meanwhile stays.
fn create(folder: &Path, path: &Path) -> io::Result<()> {
    let name = hex::encode(random::<16>()?);
    let file = KeyFile {
        issuer: format!("urn:demo:{name}"),
        kid: KID.to_owned(),
        private_key: URL_SAFE_NO_PAD.encode(random::<32>()?),
    };
    let draft = folder.join(format!("{FILE}.{name}"));
    let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    written.write_all(serde_json::to_string_pretty(&file)?.as_bytes())?;
    written.sync_all()?;
    // A link, unlike a rename, does not replace the file of a process that was faster.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => File::open(folder)?.sync_all(),
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use super::*;
    use crate::http::token::{TokenRefused, TokenVerifier};
    use crate::outbound::keys::{KeyStore, LoopbackHttp};

    const NOW: i64 = 1_790_000_000;

    fn verifier(issuer: &DemoIssuer) -> TokenVerifier {
        let store = KeyStore::new(vec![issuer.settings()], LoopbackHttp::Refused).unwrap();
        TokenVerifier::new(Arc::new(store))
    }

    #[test]
    fn a_minted_token_is_accepted_by_its_own_folder_only() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let issuer = DemoIssuer::load_or_create(home.path()).unwrap();
        let again = DemoIssuer::load_or_create(home.path()).unwrap();
        let other = DemoIssuer::load_or_create(other.path()).unwrap();
        let roles = [Role::CustomsLookup, Role::BureauAdmin];
        let token = issuer.mint(&roles, "0101", "customs.lookup@0101", 900, NOW, "t-1");

        let verified = verifier(&again).check(&token, NOW).unwrap();
        assert_eq!(verified.caller.roles, RoleSet::of(&roles));
        assert_eq!(&*verified.caller.org, "0101");
        assert_eq!(&*verified.caller.subject, "customs.lookup@0101");
        assert_eq!(verified.expires_at, NOW + 930);
        assert_eq!(verifier(&other).check(&token, NOW), Err(TokenRefused::UnknownIssuer));

        let name = issuer.settings().issuer;
        let digits = name.strip_prefix("urn:demo:").unwrap();
        assert!(digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn no_life_beyond_an_hour_is_minted() {
        let home = tempfile::tempdir().unwrap();
        let issuer = DemoIssuer::load_or_create(home.path()).unwrap();
        for (ttl, life) in [(-5, 1), (0, 1), (3600, 3600), (86_400, 3600), (i64::MAX, 3600)] {
            let token = issuer.mint(&[Role::Auditor], "bj-commerce", "a", ttl, NOW, "t-1");
            let verified = verifier(&issuer).check(&token, NOW).unwrap();
            assert_eq!(verified.expires_at, NOW + life + 30);
        }
    }

    #[test]
    fn the_key_is_its_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("data");
        DemoIssuer::load_or_create(&dir).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir.join("keys/demo-issuer.json")), 0o600);
        assert_eq!(mode(&dir.join("keys")), 0o700);
        assert_eq!(fs::read_dir(dir.join("keys")).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn makers_at_the_same_time_agree_on_one_key() {
        let home = tempfile::tempdir().unwrap();
        let makers: Vec<_> = (0..8)
            .map(|_| {
                let dir = home.path().to_owned();
                std::thread::spawn(move || DemoIssuer::load_or_create(&dir).unwrap().settings().issuer)
            })
            .collect();
        let mut names: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
        names.dedup();
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn a_broken_key_file_is_reported_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("keys/demo-issuer.json");
        fs::create_dir(home.path().join("keys")).unwrap();
        for text in ["", "{}", r#"{"issuer":"urn:demo:1","kid":"demo-1","private_key":"AAAA"}"#] {
            fs::write(&path, text).unwrap();
            let error = DemoIssuer::load_or_create(home.path()).err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
