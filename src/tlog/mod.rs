//! The transparency log's maths: what an entry's bytes are, how they hash into an RFC 6962 tree,
//! how the tree is cut into tiles and signed, and how anyone checks all of it again.
//!
//! This room knows no clock, no database, no network and no randomness: seeds, salts and stored
//! bytes come in as arguments. It could be lifted out as a crate of its own and stay a verifier.
//! Formats: RFC 6962 (tree), RFC 8785 (entry bytes), C2SP `tlog-tiles`, `tlog-checkpoint`,
//! `signed-note`, `tlog-proof` and `tlog-cosignature`.
//!
//! Invariant: whatever these functions write, [`verify::LogCheck`] accepts, and any byte changed
//! afterwards it reports.

pub mod canonical;
pub mod checkpoint;
pub mod commitment;
pub mod cosignature;
pub mod entry;
pub mod merkle;
pub mod national;
pub mod proof;
pub mod shards;
pub mod sm2;
pub mod text;
pub mod tiles;
pub mod timestamp;
pub mod verify;

#[cfg(test)]
mod vectors;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A 32-byte SHA-256 value: a leaf, a node, a root or a commitment.
///
/// Its text form, in JSON and everywhere else, is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// Text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 lower-case hexadecimal digits")]
pub struct MalformedHash;

impl Hash {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Parses the text form.
    ///
    /// # Errors
    /// [`MalformedHash`] for any other length, for capitals and for other characters.
    pub fn parse(text: &str) -> Result<Self, MalformedHash> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(MalformedHash);
        }
        let mut bytes = [0; Self::LEN];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| MalformedHash)?;
        Ok(Self(bytes))
    }

    /// Takes a hash from exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl Hash {
    /// Hands the text form to `use_it`, without memory of its own.
    fn with_text<T>(&self, use_it: impl FnOnce(&str) -> T) -> T {
        let mut text = [0; Self::LEN * 2];
        // Twice the bytes always fit, and hexadecimal digits are UTF-8.
        let written = hex::encode_to_slice(self.0, &mut text).ok().and_then(|()| std::str::from_utf8(&text).ok());
        use_it(written.unwrap_or_default())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl From<tlog_tiles::Hash> for Hash {
    fn from(hash: tlog_tiles::Hash) -> Self {
        Self(hash.0)
    }
}

impl From<Hash> for tlog_tiles::Hash {
    fn from(hash: Hash) -> Self {
        Self(hash.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_is_read_back_and_no_other_form_is() {
        let hash = Hash([0xab; 32]);
        assert_eq!(hash.to_string(), "ab".repeat(32));
        assert_eq!(Hash::parse(&hash.to_string()), Ok(hash));
        assert_eq!(format!("{hash:?}"), hash.to_string());
        for wrong in ["", "ab", &"AB".repeat(32), &"ab".repeat(33), &"zz".repeat(32)] {
            assert_eq!(Hash::parse(wrong), Err(MalformedHash), "{wrong}");
        }
        assert_eq!(Hash::from_slice(&[1; 31]), None);
        assert_eq!(Hash::from_slice(&[1; 32]), Some(Hash([1; 32])));
    }
}
