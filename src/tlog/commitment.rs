//! Commitments: what an entry carries in place of a value that must stay erasable.
//!
//! Not encryption, and not the place where values and salts are kept. Invariant: without the salt a
//! commitment tells nothing about its value, and with it no second value fits.

use hmac::{Hmac, Mac, digest::KeyInit};
use sha2::Sha256;

use super::{
    Hash,
    canonical::{self, ProfileError},
};

/// Names the scheme inside every commitment, so that another one can never collide with it.
const CONTEXT: &[u8] = b"wl-commit/v1\n";

/// Commits to a value: HMAC-SHA-256(salt, "wl-commit/v1" LF JCS(value)) (RFC 2104, RFC 8785).
///
/// The salt is fresh for every value and random over all its 32 bytes.
///
/// # Errors
/// [`ProfileError`] if the value has no canonical bytes.
pub fn commit(salt: &[u8; 32], value: &serde_json::Value) -> Result<Hash, ProfileError> {
    let bytes = canonical::to_bytes(value)?;
    // HMAC fills a short key up with zeros; handing over a whole block leaves nothing to fail.
    let mut block = [0; 64];
    block.iter_mut().zip(salt).for_each(|(place, byte)| *place = *byte);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(CONTEXT);
    mac.update(&bytes);
    Ok(Hash(mac.finalize().into_bytes().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_commitment_is_the_hmac_of_context_and_canonical_value() {
        let salt = [7; 32];
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&salt).unwrap();
        mac.update("wl-commit/v1\n{\"a\":\"张三\",\"b\":1}".as_bytes());
        let expected: [u8; 32] = mac.finalize().into_bytes().into();
        assert_eq!(commit(&salt, &json!({"b": 1, "a": "张三"})), Ok(Hash(expected)));
    }

    #[test]
    fn another_salt_or_value_is_another_commitment() {
        let one = commit(&[1; 32], &json!("x")).unwrap();
        assert_ne!(one, commit(&[2; 32], &json!("x")).unwrap());
        assert_ne!(one, commit(&[1; 32], &json!("y")).unwrap());
        assert!(commit(&[1; 32], &json!(0.5)).is_err());
    }
}
