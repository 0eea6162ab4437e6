//! Cosignatures of witnesses: that somebody else saw a signed head and that it only grew (C2SP `tlog-cosignature`,
//! Ed25519, `cosignature/v1`).
//!
//! Not the asking for them. Invariant: a signature is taken from a line only if it is by the key that was configured, over
//! the text of the very note.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};

/// The type byte of an Ed25519 key of a witness.
const ED25519_COSIGNATURE: u8 = 4;

/// The public key of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

/// Text that is not the verifier key of a witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the key of a witness: `name+id+key` with an Ed25519 key of type 4 (C2SP tlog-cosignature)")]
pub struct MalformedWitness(String);

/// Why no signature of a witness was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// No line is by the key.
    #[error("the witness did not sign")]
    Missing,
    /// A line is by the key and does not hold.
    #[error("the signature of the witness does not hold")]
    Wrong,
}

/// A signature that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// The line of the note, without its end.
    pub line: String,
    /// When the witness says it signed, seconds since 1970.
    pub time: u64,
}

impl Witness {
    /// Reads a verifier key (C2SP `signed-note`, section Verifier keys) of type 4.
    ///
    /// # Errors
    /// [`MalformedWitness`].
    pub fn parse(vkey: &str) -> Result<Self, MalformedWitness> {
        let parsed = || {
            let mut parts = vkey.splitn(3, '+');
            let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
            let key = STANDARD.decode(key).ok()?;
            let (kind, public) = key.split_first()?;
            let computed = signed_note::key_id(name, &key).to_be_bytes();
            let fits =
                *kind == ED25519_COSIGNATURE && signed_note::is_key_name_valid(name) && hex::encode(computed) == id;
            let key = VerifyingKey::from_bytes(public.try_into().ok()?).ok().filter(|_| fits)?;
            Some(Self { name: name.to_owned(), id: computed, key })
        };
        parsed().ok_or_else(|| MalformedWitness(vkey.to_owned()))
    }

    /// Gives the name of the witness.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Finds the signature of this witness among lines, over the text of a note.
    ///
    /// # Errors
    /// [`CosignatureError::Wrong`] when a line is by the key and does not hold, else [`CosignatureError::Missing`].
    pub fn find(&self, note: &str, lines: &str) -> Result<Cosignature, CosignatureError> {
        let text = note.split_once("\n\n").map(|(text, _)| text).ok_or(CosignatureError::Wrong)?;
        let mut found = Err(CosignatureError::Missing);
        for line in lines.lines() {
            let signed =
                line.strip_prefix("\u{2014} ").and_then(|rest| rest.strip_prefix(&self.name)?.strip_prefix(' '));
            let Some(bytes) = signed.and_then(|signed| STANDARD.decode(signed).ok()) else { continue };
            let Some((id, rest)) = bytes.split_first_chunk::<4>() else { continue };
            if *id != self.id {
                continue;
            }
            match self.verify(text, rest) {
                Some(time) => return Ok(Cosignature { line: line.to_owned(), time }),
                None => found = Err(CosignatureError::Wrong),
            }
        }
        found
    }

    /// Verifies a timestamped signature; returns its time.
    fn verify(&self, text: &str, bytes: &[u8]) -> Option<u64> {
        let (time, signature) = bytes.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let signature = Signature::from_slice(signature).ok()?;
        let message = format!("cosignature/v1\ntime {time}\n{text}\n");
        let holds = self.key.verify_strict(message.as_bytes(), &signature).is_ok();
        (holds && i64::try_from(time).is_ok()).then_some(time)
    }
}

/// Which witnesses are asked, and how many of them make a head trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// How many must have signed.
    pub least: usize,
    /// Who counts.
    pub witnesses: Vec<Witness>,
}

impl Quorum {
    /// Whether enough witnesses signed a note, each counted once.
    #[must_use]
    pub fn reached(&self, note: &str) -> bool {
        let signed = note.split_once("\n\n").map_or("", |(_, lines)| lines);
        self.witnesses.iter().filter(|witness| witness.find(note, signed).is_ok()).count() >= self.least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, with its published key id.
    const NOTE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    fn key(seed: u8, name: &str) -> (ed25519_dalek::SigningKey, String) {
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let public: Vec<u8> = [ED25519_COSIGNATURE].into_iter().chain(key.verifying_key().to_bytes()).collect();
        let id = signed_note::key_id(name, &public);
        (key, format!("{name}+{id:08x}+{}", STANDARD.encode(public)))
    }

    fn line(seed: u8, name: &str, note: &str, time: u64) -> String {
        use ed25519_dalek::Signer as _;
        let (key, _) = key(seed, name);
        let text = note.split_once("\n\n").unwrap().0;
        let message = format!("cosignature/v1\ntime {time}\n{text}\n");
        let public: Vec<u8> = [ED25519_COSIGNATURE].into_iter().chain(key.verifying_key().to_bytes()).collect();
        let mut bytes = signed_note::key_id(name, &public).to_be_bytes().to_vec();
        bytes.extend_from_slice(&time.to_be_bytes());
        bytes.extend_from_slice(&key.sign(message.as_bytes()).to_bytes());
        format!("\u{2014} {name} {}", STANDARD.encode(bytes))
    }

    #[test]
    fn a_signature_is_found_by_its_key_over_its_note() {
        let witness = Witness::parse(&key(1, "witness.example/w1").1).unwrap();
        let signed = line(1, "witness.example/w1", NOTE, 1_679_315_147);
        let other = line(2, "witness.example/w1", NOTE, 1_679_315_147);
        let found = witness.find(NOTE, &format!("{other}\n{signed}\n")).unwrap();
        assert_eq!(found, Cosignature { line: signed.clone(), time: 1_679_315_147 });
        assert_eq!(witness.find(NOTE, &other), Err(CosignatureError::Missing), "another key of the same name");
        assert_eq!(witness.find(NOTE, ""), Err(CosignatureError::Missing));
        let elsewhere = NOTE.replace("20852163", "20852164");
        assert_eq!(witness.find(&elsewhere, &signed), Err(CosignatureError::Wrong), "over another head");
        assert_eq!(witness.find(NOTE, &signed[..signed.len() - 8]), Err(CosignatureError::Wrong));
    }

    #[test]
    fn a_quorum_counts_each_witness_once() {
        let names = ["witness.example/w1", "witness.example/w2", "witness.example/w3"];
        let witnesses = (1..).zip(names).map(|(seed, name)| Witness::parse(&key(seed, name).1).unwrap()).collect();
        let quorum = Quorum { least: 2, witnesses };
        let one = format!("{NOTE}{}\n", line(1, names[0], NOTE, 1));
        assert!(!quorum.reached(NOTE) && !quorum.reached(&one));
        assert!(!quorum.reached(&format!("{one}{}\n", line(1, names[0], NOTE, 2))), "the same one twice");
        assert!(!quorum.reached(&format!("{one}{}\n", line(9, names[1], NOTE, 2))), "another key");
        assert!(quorum.reached(&format!("{one}{}\n", line(3, names[2], NOTE, 2))));
    }

    #[test]
    fn a_key_is_one_of_a_witness_and_bound_to_its_name() {
        let (_, good) = key(1, "witness.example/w1");
        assert_eq!(Witness::parse(&good).unwrap().name(), "witness.example/w1");
        let id = good.split('+').nth(1).unwrap();
        for bad in [
            String::new(),
            good.replace("w1+", "w2+"),
            good.replace(id, "00000000"),
            good.replace("+BI", "+AI"),
            good[..good.len() - 4].to_owned(),
            format!("{good}AAAA"),
        ] {
            assert!(bad == good || Witness::parse(&bad).is_err(), "{bad}");
        }
    }
}
