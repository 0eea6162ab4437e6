//! Checkpoints: the size and root of the log as a signed note (C2SP `tlog-checkpoint` and
//! `signed-note`).
//!
//! Not the keeping of keys or checkpoints, and not witnessing. Invariant: the name of the key is the
//! origin of the log, in what is signed and in what is accepted.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use signed_note::{Note, NoteError, StandardVerifier, VerificationError, Verifier, Verifiers};

use super::Hash;

/// The type byte of an Ed25519 key (C2SP `signed-note`, section Signatures).
const ED25519: u8 = 1;

/// The name of a log: host and path without scheme, such as `wl.example.gov.cn/log/main`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Text that cannot name a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin: host and path without scheme, space, plus sign or end slash")]
pub struct MalformedOrigin(String);

impl Origin {
    /// Parses an origin (C2SP `tlog-checkpoint`, section Note text; `signed-note`, section Format).
    ///
    /// # Errors
    /// [`MalformedOrigin`] for text that is empty, has a scheme, ends with a slash, or holds white
    /// space, control characters or a plus sign.
    pub fn parse(text: &str) -> Result<Self, MalformedOrigin> {
        let fits = signed_note::is_key_name_valid(text)
            && !text.chars().any(char::is_control)
            && !text.contains("://")
            && !text.ends_with('/');
        if fits { Ok(Self(text.to_owned())) } else { Err(MalformedOrigin(text.to_owned())) }
    }

    /// Gives the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key that signs a log's checkpoints, and nothing else.
pub struct CheckpointKey {
    origin: Origin,
    key: SigningKey,
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckpointKey").field("vkey", &self.vkey()).finish_non_exhaustive()
    }
}

impl CheckpointKey {
    /// Makes the key of a log from its Ed25519 seed (RFC 8032 section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32], origin: Origin) -> Self {
        Self { origin, key: SigningKey::from_bytes(seed) }
    }

    /// Gives the name of the log.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Gives the public key in the text form that verifiers take (C2SP `signed-note`, section
    /// Verifier keys).
    #[must_use]
    pub fn vkey(&self) -> String {
        signed_note::new_ed25519_verifier_key(self.origin.as_str(), &self.key.verifying_key())
    }

    /// Signs a tree of `size` leaves with this root.
    #[must_use]
    pub fn sign(&self, size: u64, root: Hash) -> String {
        let text = format!("{}\n{size}\n{}\n", self.origin, STANDARD.encode(root.0));
        format!("{text}\n{}", self.line(&text))
    }

    /// Adds a signature of this key under a note of another log: that log goes on from this one.
    #[must_use]
    pub fn countersign(&self, note: &str) -> String {
        // The text ends with the line break before the empty line.
        let text = note.split_once("\n\n").map_or(note, |(text, _)| text);
        format!("{note}{}", self.line(&format!("{text}\n")))
    }

    fn line(&self, text: &str) -> String {
        let origin = &self.origin;
        let public: Vec<u8> = [ED25519].into_iter().chain(self.key.verifying_key().to_bytes()).collect();
        let id = signed_note::key_id(origin.as_str(), &public).to_be_bytes();
        let signature: Vec<u8> = id.into_iter().chain(self.key.sign(text.as_bytes()).to_bytes()).collect();
        format!("\u{2014} {origin} {}\n", STANDARD.encode(signature))
    }
}

/// A checkpoint whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: Origin,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: Hash,
}

/// Why a note is not a checkpoint of the log.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The verifier key cannot be read, or its name is no origin.
    #[error("the verifier key is malformed")]
    VerifierKey,
    /// The text is not a signed note.
    #[error("not a signed note")]
    Note,
    /// The note carries no signature by the key of the log.
    #[error("not signed by the key of `{0}`")]
    Unsigned(Origin),
    /// The signature by the key of the log is wrong.
    #[error("the signature by the key of `{0}` is wrong")]
    Signature(Origin),
    /// The text of the note is not a checkpoint.
    #[error("the note is not a checkpoint")]
    Malformed,
    /// The key signed a checkpoint of another log.
    #[error("a checkpoint of `{found}`, not of `{expected}`")]
    Origin {
        /// The log whose key is known.
        expected: Origin,
        /// The first line of the note.
        found: String,
    },
}

/// The public key of a log, ready to verify many checkpoints.
pub struct CheckpointVerifier {
    origin: Origin,
    key: StandardVerifier,
}

impl Verifiers for CheckpointVerifier {
    fn verifier(&self, name: &str, id: u32) -> Result<&dyn Verifier, VerificationError> {
        if name == self.key.name() && id == self.key.key_id() {
            Ok(&self.key)
        } else {
            Err(VerificationError::UnknownKey { name: name.to_owned(), id })
        }
    }
}

impl CheckpointVerifier {
    /// Reads a verifier key; its name is the origin of the log.
    ///
    /// # Errors
    /// [`CheckpointError::VerifierKey`].
    pub fn parse(vkey: &str) -> Result<Self, CheckpointError> {
        let key = StandardVerifier::new(vkey).map_err(|_| CheckpointError::VerifierKey)?;
        let origin = Origin::parse(key.name()).map_err(|_| CheckpointError::VerifierKey)?;
        Ok(Self { origin, key })
    }

    /// Gives the name of the log.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether a verifier key in text form is this one.
    #[must_use]
    pub fn is(&self, vkey: &str) -> bool {
        StandardVerifier::new(vkey).is_ok_and(|key| key.name() == self.key.name() && key.key_id() == self.key.key_id())
    }

    /// Whether a note, of whatever log, carries a signature of this key that holds.
    #[must_use]
    pub fn vouches(&self, note: &str) -> bool {
        Note::from_bytes(note.as_bytes()).is_ok_and(|note| note.verify(self).is_ok())
    }

    /// Verifies a note and reads the checkpoint in it; signatures by others, such as witnesses, are
    /// passed over.
    ///
    /// # Errors
    /// Every [`CheckpointError`] but the one about the verifier key.
    pub fn verify(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let note = Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointError::Note)?;
        note.verify(self).map_err(|error| match error {
            NoteError::UnverifiedNote => CheckpointError::Unsigned(self.origin.clone()),
            NoteError::InvalidSignature { .. } => CheckpointError::Signature(self.origin.clone()),
            NoteError::MalformedNote
            | NoteError::InvalidSigner
            | NoteError::MismatchedVerifier
            | NoteError::VerificationError(_)
            | NoteError::SignatureError(_) => CheckpointError::Note,
        })?;
        let read = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|_| CheckpointError::Malformed)?;
        if read.origin() != self.origin.as_str() {
            let found = read.origin().to_owned();
            return Err(CheckpointError::Origin { expected: self.origin.clone(), found });
        }
        Ok(Checkpoint { origin: self.origin.clone(), size: read.size(), root: (*read.hash()).into() })
    }
}

/// Verifies one note with a verifier key in text form and reads the checkpoint in it.
///
/// # Errors
/// Every [`CheckpointError`].
pub fn parse_and_verify(note: &str, vkey: &str) -> Result<Checkpoint, CheckpointError> {
    CheckpointVerifier::parse(vkey)?.verify(note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(origin: &str) -> CheckpointKey {
        CheckpointKey::from_seed(&[3; 32], Origin::parse(origin).unwrap())
    }

    #[test]
    fn an_origin_is_a_host_and_path() {
        for right in ["wl.example.gov.cn/log/main", "localhost:8080/log/main", "e"] {
            assert_eq!(Origin::parse(right).unwrap().to_string(), right);
        }
        for wrong in ["", "a b", "a+b", "a\nb", "a\u{3000}b", "a\tb", "a\u{7f}b", "https://a/log", "a/"] {
            assert!(Origin::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_signed_checkpoint_is_read_back() {
        let key = key("wl.example.gov.cn/log/main");
        let note = key.sign(12, Hash([9; 32]));
        let read = parse_and_verify(&note, &key.vkey()).unwrap();
        assert_eq!(read, Checkpoint { origin: key.origin().clone(), size: 12, root: Hash([9; 32]) });
    }

    #[test]
    fn the_note_satisfies_a_verifier_that_is_not_ours() {
        let key = key("wl.example.gov.cn/log/main");
        let text = key.sign(12, Hash([9; 32]));
        let note = Note::from_bytes(text.as_bytes()).unwrap();
        let verifier = StandardVerifier::new(&key.vkey()).unwrap();
        let (known, others) = note.verify(&signed_note::VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!((known.len(), others.len()), (1, 0));
        assert_eq!(note.to_bytes(), text.as_bytes());
        let read = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!((read.origin(), read.size(), read.hash().0), ("wl.example.gov.cn/log/main", 12, [9; 32]));
    }

    #[test]
    fn another_key_or_origin_is_refused() {
        let ours = key("a/log");
        let other = CheckpointKey::from_seed(&[4; 32], Origin::parse("a/log").unwrap());
        let note = other.sign(1, Hash([0; 32]));
        assert!(matches!(parse_and_verify(&note, &ours.vkey()), Err(CheckpointError::Unsigned(_))));
        let note = key("b/log").sign(1, Hash([0; 32]));
        assert!(matches!(parse_and_verify(&note, &ours.vkey()), Err(CheckpointError::Unsigned(_))));
        assert!(matches!(parse_and_verify("", &ours.vkey()), Err(CheckpointError::Note)));
        assert!(matches!(parse_and_verify(&note, "nonsense"), Err(CheckpointError::VerifierKey)));
    }

    #[test]
    fn a_key_that_signs_for_another_log_is_refused() {
        let ours = key("a/log");
        let mut note = Note::new(format!("b/log\n1\n{}\n", STANDARD.encode([0; 32])).as_bytes(), &[]).unwrap();
        let private: Vec<u8> = [ED25519].into_iter().chain([3; 32]).collect();
        let id = ours.vkey().split('+').nth(1).unwrap().to_owned();
        let signer = format!("PRIVATE+KEY+a/log+{id}+{}", STANDARD.encode(private));
        note.add_sigs(&[&signed_note::StandardSigner::new(&signer).unwrap()]).unwrap();
        let note = String::from_utf8(note.to_bytes()).unwrap();
        assert!(matches!(parse_and_verify(&note, &ours.vkey()), Err(CheckpointError::Origin { .. })));
    }

    #[test]
    fn a_cosignature_does_not_disturb() {
        let ours = key("a/log");
        let note = ours.sign(1, Hash([0; 32]));
        let witness = key("witness.example/w").sign(1, Hash([0; 32]));
        let line = witness.lines().last().unwrap();
        assert_eq!(parse_and_verify(&format!("{note}{line}\n"), &ours.vkey()).unwrap().size, 1);
    }

    #[test]
    fn the_seed_is_not_shown() {
        assert_eq!(format!("{:?}", key("a/log")), format!("CheckpointKey {{ vkey: {:?}, .. }}", key("a/log").vkey()));
    }

    proptest! {
        #[test]
        fn no_byte_of_a_note_can_change(size: u64, root: [u8; 32], at: prop::sample::Index, bit in 0_u8..8) {
            let key = key("wl.example.gov.cn/log/main");
            let mut note = key.sign(size, Hash(root)).into_bytes();
            prop_assert!(parse_and_verify(std::str::from_utf8(&note).unwrap(), &key.vkey()).is_ok());
            let at = at.index(note.len());
            note[at] ^= 1 << bit;
            if let Ok(note) = std::str::from_utf8(&note) {
                prop_assert!(parse_and_verify(note, &key.vkey()).is_err());
            }
        }
    }
}
