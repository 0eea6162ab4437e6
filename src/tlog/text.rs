//! Proofs as text: what is handed to whoever holds one entry, and what is sent to a witness.
//!
//! Formats: C2SP `tlog-proof` and the request body of `tlog-witness`. Nothing is proved here (that is `proof`).

use super::Hash;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// First line of a proof that an entry is in the log (C2SP `tlog-proof`).
const TLOG_PROOF: &str = "c2sp.org/tlog-proof@v1";

fn lines(proof: &[Hash]) -> String {
    proof.iter().map(|hash| format!("{}\n", STANDARD.encode(hash.0))).collect()
}

/// Writes the proof that the entry at `index` is in the tree of a signed checkpoint.
#[must_use]
pub fn inclusion(index: u64, proof: &[Hash], checkpoint: &str) -> String {
    format!("{TLOG_PROOF}\nindex {index}\n{}\n{checkpoint}", lines(proof))
}

/// Reads the proof that an entry is in a tree: its index, the path, and the signed checkpoint.
#[must_use]
pub fn parse_inclusion(text: &str) -> Option<(u64, Vec<Hash>, &str)> {
    let (head, note) = text.split_once("\n\n")?;
    let mut lines = head.lines();
    if lines.next() != Some(TLOG_PROOF) {
        return None;
    }
    let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let hash = |line: &str| Hash::from_slice(&STANDARD.decode(line).ok()?);
    Some((index, lines.map(hash).collect::<Option<_>>()?, note))
}

/// Writes the proof that the tree of a signed checkpoint begins with the tree of size `old`.
#[must_use]
pub fn consistency(old: u64, proof: &[Hash], checkpoint: &str) -> String {
    format!("old {old}\n{}\n{checkpoint}", lines(proof))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_written_as_specified() {
        let note = "example.com/log\n3\nAAAA\n\n\u{2014} example.com/log AAAA\n";
        let proof = [Hash([0; 32]), Hash([255; 32])];
        let hashes = format!("{}=\n{}8=\n", "A".repeat(43), "/".repeat(42));
        assert_eq!(inclusion(2, &proof, note), format!("c2sp.org/tlog-proof@v1\nindex 2\n{hashes}\n{note}"));
        assert_eq!(parse_inclusion(&inclusion(2, &proof, note)), Some((2, proof.to_vec(), note)));
        assert_eq!(parse_inclusion(&inclusion(0, &[], note)), Some((0, vec![], note)));
        assert_eq!(parse_inclusion("c2sp.org/tlog-proof@v1\nindex x\n\nnote"), None);
        assert_eq!(inclusion(0, &[], note), format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{note}"));
        assert_eq!(consistency(1, &proof, note), format!("old 1\n{hashes}\n{note}"));
        assert_eq!(consistency(0, &[], note), format!("old 0\n\n{note}"));
    }
}
