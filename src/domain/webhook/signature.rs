//! Signatures of messages: Standard Webhooks 1.0, asymmetric (`v1a`, Ed25519).
//!
//! Whoever receives holds a public key only, so that nobody else can sign in our name. Invariant: a message verifies only with
//! its very id, time and bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// Begins a public key.
const PUBLIC: &str = "whpk_";

/// Begins a signature.
const VERSION: &str = "v1a,";

/// How far a message's time may lie from the receiver's, seconds.
pub const TOLERANCE: i64 = 300;

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A header is missing or none.
    #[error("a header is missing or malformed")]
    Header,
    /// It is too old, or from the future.
    #[error("its time is more than five minutes away from now")]
    Time,
    /// No signature holds.
    #[error("no signature of it holds")]
    Signature,
}

fn signed(id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{seconds}.").as_bytes(), body].concat()
}

/// Writes a public key for receivers.
#[must_use]
pub fn public(key: &SigningKey) -> String {
    format!("{PUBLIC}{}", STANDARD.encode(key.verifying_key().as_bytes()))
}

/// Reads a public key.
#[must_use]
pub fn read_public(text: &str) -> Option<VerifyingKey> {
    let bytes = STANDARD.decode(text.strip_prefix(PUBLIC)?).ok()?;
    VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()
}

/// Signs a message with every key that holds; the newest stands first.
#[must_use]
pub fn sign(keys: &[SigningKey], id: &str, seconds: i64, body: &[u8]) -> String {
    let message = signed(id, seconds, body);
    let one = |key: &SigningKey| format!("{VERSION}{}", STANDARD.encode(key.sign(&message).to_bytes()));
    keys.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Checks a message at an instant, in Unix seconds, with the keys that the receiver knows.
///
/// # Errors
/// [`Refused`].
pub fn verify(
    keys: &[VerifyingKey],
    (id, seconds, signatures): (&str, &str, &str),
    body: &[u8],
    now: i64,
) -> Result<(), Refused> {
    let seconds: i64 = seconds.parse().map_err(|_| Refused::Header)?;
    if id.is_empty() || id.contains('.') {
        return Err(Refused::Header);
    }
    if now.abs_diff(seconds) > TOLERANCE.unsigned_abs() {
        return Err(Refused::Time);
    }
    let message = signed(id, seconds, body);
    let holds = signatures.split(' ').filter_map(|word| word.strip_prefix(VERSION)).any(|text| {
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        bytes.is_some_and(|signature| keys.iter().any(|key| key.verify_strict(&message, &signature).is_ok()))
    });
    if holds { Ok(()) } else { Err(Refused::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_only_unchanged_and_in_time() {
        let (old, new, other) =
            (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]), SigningKey::from_bytes(&[3; 32]));
        let body = br#"{"type":"listing.suspended"}"#;
        let both = sign(&[new.clone(), old.clone()], "evt_1", 1_000, body);
        assert_eq!(both.split(' ').count(), 2);
        let check = |key: &SigningKey, id: &str, at: &str, signatures: &str, body: &[u8], now: i64| {
            let key = read_public(&public(key)).unwrap();
            verify(&[key], (id, at, signatures), body, now)
        };
        for key in [&old, &new] {
            assert_eq!(check(key, "evt_1", "1000", &both, body, 1_300), Ok(()));
        }
        let one = sign(std::slice::from_ref(&new), "evt_1", 1_000, body);
        for (refused, key, id, at, signatures, bytes, now) in [
            (Refused::Signature, &other, "evt_1", "1000", both.as_str(), body.as_slice(), 1_000),
            (Refused::Signature, &old, "evt_1", "1000", one.as_str(), body.as_slice(), 1_000),
            (Refused::Signature, &new, "evt_2", "1000", one.as_str(), body.as_slice(), 1_000),
            (Refused::Signature, &new, "evt_1", "1001", one.as_str(), body.as_slice(), 1_000),
            (Refused::Signature, &new, "evt_1", "1000", one.as_str(), b"{}".as_slice(), 1_000),
            (Refused::Signature, &new, "evt_1", "1000", "v1,abc v1a, v1a,!", body.as_slice(), 1_000),
            (Refused::Time, &new, "evt_1", "1000", one.as_str(), body.as_slice(), 1_301),
            (Refused::Time, &new, "evt_1", "1000", one.as_str(), body.as_slice(), 699),
            (Refused::Header, &new, "evt_1", "soon", one.as_str(), body.as_slice(), 1_000),
            (Refused::Header, &new, "", "1000", one.as_str(), body.as_slice(), 1_000),
        ] {
            assert_eq!(check(key, id, at, signatures, bytes, now), Err(refused), "{id} {at} {signatures} {now}");
        }
        for text in ["", "whpk_", "whsec_AAAA", "whpk_AAAA", &public(&old)[5..]] {
            assert!(read_public(text).is_none(), "{text}");
        }
    }
}
