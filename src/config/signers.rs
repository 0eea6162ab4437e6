//! Which keys organisations sign their requests with, and which must: a small file.

use crate::domain::signed::read_public;
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

/// How the requests of an organisation are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Whether a request without a signature is refused.
    pub required: bool,
    /// Public keys by their names.
    pub keys: Vec<(String, VerifyingKey)>,
}

/// Organisations that sign, by their codes.
pub type Signers = HashMap<String, Signer>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignerFile {
    organisation: Vec<OrganisationEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganisationEntry {
    org: String,
    required: bool,
    key: Vec<KeyEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: String,
    ed25519: String,
}

/// Reads the file.
///
/// # Errors
/// Every fault of it, one sentence each.
pub fn read(file: &Path) -> Result<Signers, Vec<String>> {
    let named = |fault: String| format!("{}: {fault}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| vec![named(error.to_string())])?;
    parse(&text).map_err(|faults| faults.into_iter().map(named).collect())
}

/// Reads the text of such a file.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str) -> Result<Signers, Vec<String>> {
    let parsed: SignerFile = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let (mut signers, mut faults) = (Signers::new(), Vec::new());
    for OrganisationEntry { org, required, key } in parsed.organisation {
        if key.is_empty() {
            faults.push(format!("organisation `{org}`: name at least one key"));
        }
        let mut keys: Vec<(String, VerifyingKey)> = Vec::new();
        for KeyEntry { id, ed25519 } in key {
            match read_public(&ed25519) {
                _ if keys.iter().any(|(known, _)| *known == id) => {
                    faults.push(format!("organisation `{org}`: the key `{id}` stands twice"));
                }
                Some(public) => keys.push((id, public)),
                None => {
                    faults.push(format!("organisation `{org}`: the key `{id}` is no Ed25519 key (32 bytes in base64)"))
                }
            }
        }
        if signers.insert(org.clone(), Signer { required, keys }).is_some() {
            faults.push(format!("organisation `{org}` stands twice"));
        }
    }
    if faults.is_empty() { Ok(signers) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_once_and_is_one() {
        let key = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
        let entry = |org: &str, id: &str, key: &str| {
            format!(
                "[[organisation]]\norg = \"{org}\"\nrequired = true\n[[organisation.key]]\nid = \"{id}\"\ned25519 = \"{key}\"\n"
            )
        };
        let more = format!("[[organisation.key]]\nid = \"b\"\ned25519 = \"{key}\"\n");
        let found = parse(&format!("{}{more}", entry("0101", "a", key))).unwrap();
        assert!(found["0101"].required && found["0101"].keys.len() == 2);
        for (text, faults) in [
            (entry("0101", "a", "AA=="), 1),
            (format!("{}{}", entry("0101", "a", key), entry("0101", "a", key)), 1),
            (format!("{}{more}", entry("0101", "b", key)), 1),
            ("[[organisation]]\norg = \"x\"\nrequired = true\nkey = []\n".to_owned(), 1),
            ("[[organisation]]\norg = \"x\"\n".to_owned(), 1),
        ] {
            assert_eq!(parse(&text).unwrap_err().len(), faults, "{text}");
        }
    }
}
