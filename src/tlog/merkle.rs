//! The RFC 6962 tree as it grows: leaf and node hashes, and the frontier that is enough to append
//! and to know the root.
//!
//! Not a store of the tree (that is `tiles`) and not proofs (that is `proof`). Invariant: a frontier
//! holds exactly one hash for every one-bit of its size, largest sub-tree first.

use super::Hash;

/// The root of a tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1).
pub const EMPTY_ROOT: Hash = Hash(tlog_tiles::EMPTY_HASH.0);

/// The largest tree size that is handled, 2^53 - 1: a size must fit a JSON integer (RFC 7493
/// section 2.2).
pub const MAX_SIZE: u64 = 9_007_199_254_740_991;

/// Hashes the bytes of an entry: SHA-256(0x00 ‖ bytes), RFC 6962 section 2.1.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    tlog_tiles::record_hash(bytes).into()
}

/// Hashes two neighbours: SHA-256(0x01 ‖ left ‖ right), RFC 6962 section 2.1.
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    tlog_tiles::node_hash(left.into(), right.into()).into()
}

/// The right edge of a tree: the roots of its perfect sub-trees, O(log n) hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Stored bytes that cannot be the frontier of the stored size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// The size is above [`MAX_SIZE`].
    #[error("tree size `{0}` is out of range")]
    Size(u64),
    /// The bytes are not 32 for every one-bit of the size.
    #[error("the frontier of size `{size}` has {expected} bytes, not {found}")]
    Length {
        /// The tree size claimed.
        size: u64,
        /// Bytes that a frontier of this size has.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
}

impl Frontier {
    /// Starts with the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Every trailing one-bit is a sub-tree that this leaf completes to twice its size.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(left, node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Gives the root of the tree (RFC 6962 section 2.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        let from_the_right = self.peaks.iter().rev().copied();
        from_the_right.reduce(|right, left| node_hash(left, right)).unwrap_or(EMPTY_ROOT)
    }

    /// Gives the number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Writes the hashes one after the other, largest sub-tree first; the size is kept beside them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| peak.0).collect()
    }

    /// Reads what [`Frontier::to_bytes`] wrote for a tree of this size.
    ///
    /// # Errors
    /// [`FrontierError`] if the size is out of range or the bytes do not have its length.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, FrontierError> {
        if size > MAX_SIZE {
            return Err(FrontierError::Size(size));
        }
        let (chunks, rest) = bytes.as_chunks::<{ Hash::LEN }>();
        let peaks: Vec<Hash> = chunks.iter().copied().map(Hash).collect();
        let complete = usize::try_from(size.count_ones()).is_ok_and(|count| count == peaks.len());
        if !complete || !rest.is_empty() {
            let expected = (0..size.count_ones()).map(|_| Hash::LEN).sum();
            return Err(FrontierError::Length { size, expected, found: bytes.len() });
        }
        Ok(Self { size, peaks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::{digest, mem_backed_tree::MemoryBackedTree};
    use proptest::prelude::*;

    /// SHA-256 behind the newer digest traits that `ct_merkle` asks for.
    #[derive(Clone, Default)]
    struct Sha256(sha2::Sha256);

    impl digest::HashMarker for Sha256 {}

    impl digest::Update for Sha256 {
        fn update(&mut self, data: &[u8]) {
            sha2::Digest::update(&mut self.0, data);
        }
    }

    impl digest::OutputSizeUser for Sha256 {
        type OutputSize = ct_merkle::array::sizes::U32;
    }

    impl digest::FixedOutput for Sha256 {
        fn finalize_into(self, out: &mut digest::Output<Self>) {
            out.copy_from_slice(&sha2::Digest::finalize(self.0));
        }
    }

    /// Keeps every node, as a reader for the crate's own arithmetic.
    struct Stored(Vec<tlog_tiles::Hash>);

    impl tlog_tiles::HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
            Ok(indexes.iter().map(|&index| self.0[usize::try_from(index).unwrap()]).collect())
        }
    }

    #[test]
    fn the_empty_tree_is_the_hash_of_nothing() {
        assert_eq!(Frontier::new().root(), EMPTY_ROOT);
        assert!(Frontier::new().to_bytes().is_empty());
    }

    #[test]
    fn three_implementations_agree_at_every_size() {
        let mut ours = Frontier::new();
        let mut stored = Stored(Vec::new());
        let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        for n in 0_u64..600 {
            assert_eq!(ours.root(), tlog_tiles::tree_hash(n, &stored).unwrap().into(), "{n}");
            assert_eq!(ours.root().0[..], theirs.root().as_bytes()[..], "{n}");
            let bytes = format!("leaf {n}").into_bytes();
            let more = tlog_tiles::stored_hashes(n, &bytes, &stored).unwrap();
            stored.0.extend(more);
            ours.append(leaf_hash(&bytes));
            theirs.push(bytes);
        }
    }

    proptest! {
        #[test]
        fn a_frontier_goes_on_from_its_bytes(first in 0_u64..500, more in 0_u64..50) {
            let mut straight = Frontier::new();
            (0..first).for_each(|n| straight.append(leaf_hash(&n.to_be_bytes())));
            let mut resumed = Frontier::from_bytes(first, &straight.to_bytes()).unwrap();
            prop_assert_eq!(&resumed, &straight);
            for n in first..first + more {
                straight.append(leaf_hash(&n.to_be_bytes()));
                resumed.append(leaf_hash(&n.to_be_bytes()));
            }
            prop_assert_eq!(resumed.root(), straight.root());
            prop_assert_eq!(resumed.size(), first + more);
        }

        #[test]
        fn a_frontier_of_another_length_is_refused(size in 0_u64..100_000, len in 0_usize..700) {
            let fits = len == usize::try_from(size.count_ones()).unwrap() * 32;
            prop_assert_eq!(Frontier::from_bytes(size, &vec![7; len]).is_ok(), fits);
        }
    }

    #[test]
    fn a_size_beyond_json_integers_is_refused() {
        assert_eq!(Frontier::from_bytes(1 << 53, &[0; 32]), Err(FrontierError::Size(1 << 53)));
    }
}
