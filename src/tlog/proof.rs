//! RFC 6962 proofs over stored tiles: that an entry is in a tree, and that a tree extends another.
//!
//! Not the text formats that carry proofs. The proofs are the work of `tlog_tiles`; this file reads
//! its hashes from tiles and keeps its preconditions. Invariant: what is made here over true tiles
//! checks here, and no proof longer or shorter than the tree demands does.

use std::{
    cell::RefCell,
    collections::{BTreeMap, btree_map::Entry},
};

use tlog_tiles::Tile;

use super::{
    Hash,
    merkle::{EMPTY_ROOT, MAX_SIZE},
    tiles::HEIGHT,
};

/// Why there is no proof, or why it does not convince.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index is not in the tree, the old size is above the new one, or a size is above [`MAX_SIZE`].
    #[error("no such entry or size: `{inner}` of `{size}`")]
    OutOfRange {
        /// The entry's index or the older size.
        inner: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A tile that the proof needs is too short.
    #[error("a stored tile is too short for this proof")]
    Tile,
    /// The proof does not lead to the root.
    #[error("the proof does not lead to the root")]
    Mismatch,
}

/// Reads single nodes out of tiles, each tile once.
struct Nodes<R, E> {
    read: RefCell<R>,
    failure: RefCell<Option<E>>,
}

impl<E, R: FnMut(u8, u64) -> Result<Vec<u8>, E>> tlog_tiles::HashReader for Nodes<R, E> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let mut fetched = BTreeMap::new();
        let mut hashes = Vec::with_capacity(indexes.len());
        for &index in indexes {
            let tile = Tile::from_index(HEIGHT, index);
            let bytes: &Vec<u8> = match fetched.entry((tile.level(), tile.level_index())) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let read = (*self.read.borrow_mut())(tile.level(), tile.level_index());
                    place.insert(read.map_err(|error| {
                        // The crate's error cannot carry the store's, so it waits here.
                        self.failure.replace(Some(error));
                        tlog_tiles::Error::InvalidTile
                    })?)
                }
            };
            hashes.push(tile.hash_at_index(bytes, index)?);
        }
        Ok(hashes)
    }
}

impl<E: From<ProofError>, R: FnMut(u8, u64) -> Result<Vec<u8>, E>> Nodes<R, E> {
    fn new(read: R) -> Self {
        Self { read: RefCell::new(read), failure: RefCell::new(None) }
    }

    fn finish(self, proof: Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error>) -> Result<Vec<Hash>, E> {
        match proof {
            Ok(hashes) => Ok(hashes.into_iter().map(Hash::from).collect()),
            Err(_) => Err(self.failure.into_inner().unwrap_or_else(|| ProofError::Tile.into())),
        }
    }
}

/// Makes the audit path of the entry at `index` in the tree of `size` (RFC 6962 section 2.1.1).
///
/// `read` fetches the bytes of tile (level, index); a tile that has since grown wider is as good.
///
/// # Errors
/// [`ProofError::OutOfRange`], [`ProofError::Tile`], or whatever `read` answers.
pub fn inclusion_proof<E: From<ProofError>>(
    index: u64,
    size: u64,
    read: impl FnMut(u8, u64) -> Result<Vec<u8>, E>,
) -> Result<Vec<Hash>, E> {
    in_range(index < size, index, size)?;
    let nodes = Nodes::new(read);
    let proof = tlog_tiles::prove_record(size, index, &nodes);
    nodes.finish(proof)
}

/// Makes the proof that the tree of size `new` begins with the tree of size `old` (RFC 6962
/// section 2.1.2); it is empty if the old tree is empty or the sizes are equal.
///
/// `read` fetches the bytes of tile (level, index); a tile that has since grown wider is as good.
///
/// # Errors
/// [`ProofError::OutOfRange`], [`ProofError::Tile`], or whatever `read` answers.
pub fn consistency_proof<E: From<ProofError>>(
    old: u64,
    new: u64,
    read: impl FnMut(u8, u64) -> Result<Vec<u8>, E>,
) -> Result<Vec<Hash>, E> {
    in_range(old <= new, old, new)?;
    if old == 0 {
        return Ok(Vec::new());
    }
    let nodes = Nodes::new(read);
    let proof = tlog_tiles::prove_tree(new, old, &nodes);
    nodes.finish(proof)
}

/// Checks that the tree of `size` with `root` holds `leaf` at `index`.
///
/// # Errors
/// [`ProofError::OutOfRange`] or [`ProofError::Mismatch`].
pub fn check_inclusion(proof: &[Hash], index: u64, size: u64, root: Hash, leaf: Hash) -> Result<(), ProofError> {
    in_range(index < size, index, size)?;
    tlog_tiles::check_record(&foreign(proof), size, root.into(), index, leaf.into()).map_err(|_| ProofError::Mismatch)
}

/// Checks that the tree of size `new` with `new_root` begins with the tree of size `old` with
/// `old_root`.
///
/// # Errors
/// [`ProofError::OutOfRange`] or [`ProofError::Mismatch`].
pub fn check_consistency(proof: &[Hash], old: u64, old_root: Hash, new: u64, new_root: Hash) -> Result<(), ProofError> {
    in_range(old <= new, old, new)?;
    if old == 0 {
        // The crate does not take the empty tree, which every tree begins with.
        let convinced = proof.is_empty() && old_root == EMPTY_ROOT && (new > 0 || new_root == EMPTY_ROOT);
        return if convinced { Ok(()) } else { Err(ProofError::Mismatch) };
    }
    tlog_tiles::check_tree(&foreign(proof), new, new_root.into(), old, old_root.into())
        .map_err(|_| ProofError::Mismatch)
}

fn in_range(ordered: bool, inner: u64, size: u64) -> Result<(), ProofError> {
    if ordered && size <= MAX_SIZE { Ok(()) } else { Err(ProofError::OutOfRange { inner, size }) }
}

fn foreign(proof: &[Hash]) -> Vec<tlog_tiles::Hash> {
    proof.iter().map(|&hash| hash.into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::{
        merkle::{Frontier, leaf_hash},
        tiles::Tiles,
    };
    use proptest::prelude::*;

    const SIZE: u64 = 900;

    fn leaf(n: u64) -> Hash {
        leaf_hash(&n.to_be_bytes())
    }

    fn root(size: u64) -> Hash {
        let mut frontier = Frontier::new();
        (0..size).for_each(|n| frontier.append(leaf(n)));
        frontier.root()
    }

    /// Reads from the tiles of the full tree, whatever the size asked about.
    fn reader() -> impl FnMut(u8, u64) -> Result<Vec<u8>, ProofError> {
        let mut tiles = Tiles::new();
        (0..SIZE).for_each(|n| tiles.append(leaf(n)));
        let changed = tiles.take_changed();
        move |level, index| {
            let tile = changed.iter().find(|tile| (tile.level, tile.index) == (level, index));
            Ok(tile.unwrap().hashes.clone())
        }
    }

    proptest! {
        #[test]
        fn an_entry_in_the_tree_is_proved_and_nothing_else(size in 1..=SIZE, pick: prop::sample::Index, bit in 0_usize..256) {
            let index = u64::try_from(pick.index(usize::try_from(size).unwrap())).unwrap();
            let proof = inclusion_proof(index, size, reader()).unwrap();
            let root = root(size);
            prop_assert_eq!(check_inclusion(&proof, index, size, root, leaf(index)), Ok(()));
            prop_assert!(check_inclusion(&proof, index, size, root, leaf(SIZE)).is_err());
            let mut longer = proof.clone();
            longer.push(root);
            prop_assert!(check_inclusion(&longer, index, size, root, leaf(index)).is_err());
            if !proof.is_empty() {
                let mut flipped = proof.clone();
                flipped[pick.index(proof.len())].0[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(check_inclusion(&flipped, index, size, root, leaf(index)).is_err());
                prop_assert!(check_inclusion(&proof[1..], index, size, root, leaf(index)).is_err());
            }
        }

        #[test]
        fn a_longer_tree_is_proved_to_extend_and_no_fork_is(new in 0..=SIZE, pick: prop::sample::Index, bit in 0_usize..256) {
            let old = u64::try_from(pick.index(usize::try_from(new + 1).unwrap())).unwrap();
            let proof = consistency_proof(old, new, reader()).unwrap();
            let (old_root, new_root) = (root(old), root(new));
            prop_assert_eq!(check_consistency(&proof, old, old_root, new, new_root), Ok(()));
            let mut forked = old_root;
            forked.0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(check_consistency(&proof, old, forked, new, new_root).is_err());
            if !proof.is_empty() {
                let mut flipped = proof.clone();
                flipped[pick.index(proof.len())].0[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(check_consistency(&flipped, old, old_root, new, new_root).is_err());
            }
        }

        #[test]
        fn proofs_from_anywhere_never_panic(hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70), inner: u64, size: u64) {
            let proof: Vec<Hash> = hashes.into_iter().map(Hash).collect();
            for (inner, size) in [(inner, size), (inner % SIZE, size % SIZE)] {
                prop_assert!(check_inclusion(&proof, inner, size, EMPTY_ROOT, EMPTY_ROOT).is_err());
                prop_assert!(check_consistency(&proof, inner, root(3), size, root(4)).is_err());
            }
        }
    }

    #[test]
    fn what_is_out_of_range_or_too_short_is_refused() {
        let none = |_, _| Ok::<_, ProofError>(Vec::new());
        assert_eq!(inclusion_proof(5, 5, none), Err(ProofError::OutOfRange { inner: 5, size: 5 }));
        assert_eq!(consistency_proof(6, 5, none), Err(ProofError::OutOfRange { inner: 6, size: 5 }));
        assert!(inclusion_proof(0, 1 << 53, none).is_err());
        assert_eq!(inclusion_proof(1, 5, none), Err(ProofError::Tile));
        assert_eq!(consistency_proof(0, 5, none), Ok(vec![]));
        assert!(check_consistency(&[], 0, EMPTY_ROOT, 0, EMPTY_ROOT).is_ok());
        assert!(check_consistency(&[], 0, root(1), 5, root(5)).is_err());
    }

    #[test]
    fn an_error_of_the_reader_comes_through() {
        #[derive(Debug, PartialEq)]
        enum Store {
            Away,
            Proof,
        }
        impl From<ProofError> for Store {
            fn from(_: ProofError) -> Self {
                Self::Proof
            }
        }
        assert_eq!(inclusion_proof(1, 5, |_, _| Err(Store::Away)), Err(Store::Away));
        assert_eq!(inclusion_proof(9, 5, |_, _| Err(Store::Away)), Err(Store::Proof));
    }
}
