//! The tree cut into C2SP `tlog-tiles` of height 8: their paths, their growing right edge, and the
//! bundles that carry entries.
//!
//! Not a store: it hands out whole tiles for a store to keep. Not the root either (`merkle`).
//! Invariant: tile n of level L holds, in order, the roots of perfect sub-trees of 256^L leaves, and
//! a level's last tile is never empty.

use std::{collections::BTreeMap, fmt};

use super::{Hash, merkle::MAX_SIZE};

/// Height of a tile; a full one holds 2^8 hashes.
pub const HEIGHT: u8 = 8;

/// Hashes in a full tile.
pub const WIDTH: u16 = 256;

/// Bytes in a full tile.
pub const FULL_BYTES: usize = 8192;

/// The highest level that a path may name (C2SP `tlog-tiles`).
const TOP_LEVEL: u8 = 63;

/// Gives how many hashes tile `index` of `level` holds in a tree of `size` leaves: 0 to 256.
#[must_use]
pub fn width_at(level: u8, index: u64, size: u64) -> u16 {
    let shift = u32::from(level) * u32::from(HEIGHT);
    let in_level = size.checked_shr(shift).unwrap_or(0);
    let from_here = in_level.saturating_sub(index.saturating_mul(u64::from(WIDTH)));
    u16::try_from(from_here).map_or(WIDTH, |width| width.min(WIDTH))
}

// --- paths --------------------------------------------------------------------------------------

/// What a tile path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileKind {
    /// Hashes of this level.
    Hashes(u8),
    /// The bundle of entries under a tile of level 0.
    Entries,
}

/// The coordinates in a tile path: `tile/0/x001/x234/067.p/5`, `tile/entries/003`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilePath {
    /// Hashes of a level, or entries.
    pub kind: TileKind,
    /// Number of the tile in its level.
    pub index: u64,
    /// Hashes or entries in it, 1 to 256; 256 is a full tile.
    pub width: u16,
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        f.write_str(&groups.join("/"))?;
        if self.width < WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Writes the path of a tile of hashes; a width of 256 names the full tile.
#[must_use]
pub fn path(level: u8, index: u64, width: u16) -> String {
    TilePath { kind: TileKind::Hashes(level), index, width }.to_string()
}

/// Writes the path of a bundle of entries; a width of 256 names the full bundle.
#[must_use]
pub fn entries_path(index: u64, width: u16) -> String {
    TilePath { kind: TileKind::Entries, index, width }.to_string()
}

/// Reads a path back; `None` for every spelling but the one that the specification gives.
#[must_use]
pub fn parse_path(text: &str) -> Option<TilePath> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes(level.parse().ok().filter(|level| *level <= TOP_LEVEL)?),
    };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|width| (1..WIDTH).contains(width))?),
        None => (rest, WIDTH),
    };
    let index = number.split('/').try_fold(0_u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let group: u16 = digits.parse().ok()?;
        index.checked_mul(1000)?.checked_add(u64::from(group))
    })?;
    let path = TilePath { kind, index, width };
    // Writing it again refuses signs, missing or needless zeros, and `x` in the wrong place.
    (path.to_string() == text).then_some(path)
}

// --- the growing edge ---------------------------------------------------------------------------

/// A tile that changed since it was last taken, with all its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTile {
    /// Level in the tiling, 0 for leaf hashes.
    pub level: u8,
    /// Number of the tile in its level.
    pub index: u64,
    /// Its hashes one after the other, 32 bytes each.
    pub hashes: Vec<u8>,
}

/// Stored partial tiles that cannot be the right edge of the stored size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TilesError {
    /// The size is above [`MAX_SIZE`].
    #[error("tree size `{0}` is out of range")]
    Size(u64),
    /// The last tile of a level is absent, too short or too long.
    #[error("the last tile of level {level} has {expected} bytes, not {found}")]
    Length {
        /// The level.
        level: u8,
        /// Bytes that the partial tile has in a tree of this size.
        expected: usize,
        /// Bytes given; 0 if the tile is absent.
        found: usize,
    },
}

/// The last, partial tile of a level.
#[derive(Clone, Debug, Default)]
struct Edge {
    index: u64,
    hashes: Vec<u8>,
    touched: bool,
}

/// The right edge of a tiled tree, which grows leaf by leaf.
#[derive(Clone, Debug, Default)]
pub struct Tiles {
    size: u64,
    edges: Vec<Edge>,
    filled: Vec<ChangedTile>,
}

impl Tiles {
    /// Starts with the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on from a stored tree: its size, and for each level the bytes of its last tile if that
    /// is partial.
    ///
    /// # Errors
    /// [`TilesError`] if a partial tile is missing, superfluous, or not as wide as the size demands.
    pub fn resume(size: u64, mut partial: BTreeMap<u8, Vec<u8>>) -> Result<Self, TilesError> {
        if size > MAX_SIZE {
            return Err(TilesError::Size(size));
        }
        let mut edges = Vec::new();
        let mut in_level = size;
        for level in 0..=TOP_LEVEL {
            if in_level == 0 {
                break;
            }
            let index = in_level / u64::from(WIDTH);
            let hashes = partial.remove(&level).unwrap_or_default();
            let expected = usize::from(width_at(level, index, size)) * Hash::LEN;
            if hashes.len() != expected {
                return Err(TilesError::Length { level, expected, found: hashes.len() });
            }
            edges.push(Edge { index, hashes, touched: false });
            in_level /= u64::from(WIDTH);
        }
        if let Some((level, hashes)) = partial.into_iter().find(|(_, hashes)| !hashes.is_empty()) {
            return Err(TilesError::Length { level, expected: 0, found: hashes.len() });
        }
        Ok(Self { size, edges, filled: Vec::new() })
    }

    /// Appends one leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0..=TOP_LEVEL {
            if self.edges.len() <= usize::from(level) {
                self.edges.push(Edge::default());
            }
            let Some(edge) = self.edges.get_mut(usize::from(level)) else {
                break;
            };
            edge.hashes.extend_from_slice(&hash.0);
            edge.touched = true;
            if edge.hashes.len() < FULL_BYTES {
                break;
            }
            hash = tlog_tiles::Tile::subtree_hash(&edge.hashes).into();
            let hashes = std::mem::take(&mut edge.hashes);
            self.filled.push(ChangedTile { level, index: edge.index, hashes });
            *edge = Edge { index: edge.index + 1, ..Edge::default() };
        }
        self.size += 1;
    }

    /// Gives the number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes every tile touched since the last take, full or partial, each once and whole.
    pub fn take_changed(&mut self) -> Vec<ChangedTile> {
        let mut changed = std::mem::take(&mut self.filled);
        for (level, edge) in (0..=TOP_LEVEL).zip(&mut self.edges) {
            if std::mem::take(&mut edge.touched) {
                changed.push(ChangedTile { level, index: edge.index, hashes: edge.hashes.clone() });
            }
        }
        changed
    }
}

// --- bundles ------------------------------------------------------------------------------------

/// Joins entries to a bundle: each behind its length as a big-endian `u16`; `None` if one is longer
/// than that can say.
#[must_use]
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut bundle = Vec::new();
    for entry in entries {
        bundle.extend_from_slice(&u16::try_from(entry.len()).ok()?.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Some(bundle)
}

/// Splits a bundle into its entries; `None` if it ends inside one.
#[must_use]
pub fn split_bundle(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bundle = rest;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::merkle::{Frontier, leaf_hash};
    use proptest::prelude::*;

    fn leaf(n: u64) -> Hash {
        leaf_hash(&n.to_be_bytes())
    }

    type Kept = BTreeMap<(u8, u64), Vec<u8>>;

    fn keep(kept: &mut Kept, changed: Vec<ChangedTile>) {
        kept.extend(changed.into_iter().map(|tile| ((tile.level, tile.index), tile.hashes)));
    }

    fn grown(size: u64) -> Kept {
        let (mut tiles, mut kept) = (Tiles::new(), Kept::new());
        (0..size).for_each(|n| tiles.append(leaf(n)));
        keep(&mut kept, tiles.take_changed());
        kept
    }

    #[test]
    fn paths_are_written_and_read_as_specified() {
        for (path_text, kind, index, width) in [
            ("tile/0/x001/x234/067", TileKind::Hashes(0), 1_234_067, 256),
            ("tile/0/x001/x234/067.p/1", TileKind::Hashes(0), 1_234_067, 1),
            ("tile/2/000.p/255", TileKind::Hashes(2), 0, 255),
            ("tile/63/999", TileKind::Hashes(63), 999, 256),
            ("tile/entries/x001/000", TileKind::Entries, 1000, 256),
            ("tile/entries/007.p/8", TileKind::Entries, 7, 8),
            ("tile/0/x018/x446/x744/x073/x709/x551/615", TileKind::Hashes(0), u64::MAX, 256),
        ] {
            let coordinates = TilePath { kind, index, width };
            assert_eq!(coordinates.to_string(), path_text);
            assert_eq!(parse_path(path_text), Some(coordinates));
        }
        assert_eq!(path(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(entries_path(1_234_067, 3), "tile/entries/x001/x234/067.p/3");
    }

    #[test]
    fn other_spellings_are_refused() {
        for wrong in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/+0/000",
            "tile/64/000",
            "tile/0/0",
            "tile/0/x000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/0/xx01/002",
            "tile/0/+01",
            "tile/0/1000",
            "tile/0/000/",
            "/tile/0/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/data/000",
            "tile/8/0/000",
            "tile/0/000.p/1.p/1",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(parse_path(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_specification_s_example_of_70_000_leaves() {
        let kept = grown(70_000);
        assert_eq!(kept.iter().filter(|((level, _), _)| *level == 0).count(), 274);
        let width = |level, index| kept[&(level, index)].len() / 32;
        assert_eq!((width(0, 272), width(0, 273)), (256, 112));
        assert_eq!((width(1, 0), width(1, 1), width(2, 0)), (256, 17, 1));
        for (&(level, index), bytes) in &kept {
            assert_eq!(usize::from(width_at(level, index, 70_000)) * 32, bytes.len());
        }
        assert_eq!(kept.len(), 274 + 2 + 1);
        let mut whole = Frontier::new();
        (0..65_536).for_each(|n| whole.append(leaf(n)));
        assert_eq!(kept[&(2, 0)], whole.root().0);
    }

    #[test]
    fn widths_beyond_the_tree_are_zero() {
        assert_eq!(width_at(0, 1, 256), 0);
        assert_eq!(width_at(1, 0, 256), 1);
        assert_eq!(width_at(9, 0, u64::MAX), 0);
        assert_eq!(width_at(0, u64::MAX, u64::MAX), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn resuming_is_the_same_as_going_on(cuts in prop::collection::vec(0_u64..700, 1..6)) {
            let (mut tiles, mut kept) = (Tiles::new(), Kept::new());
            for cut in cuts {
                for _ in 0..cut {
                    tiles.append(leaf(tiles.size()));
                }
                let changed = tiles.take_changed();
                let mut once: Vec<_> = changed.iter().map(|tile| (tile.level, tile.index)).collect();
                once.sort_unstable();
                once.dedup();
                prop_assert_eq!(once.len(), changed.len());
                keep(&mut kept, changed);
                prop_assert!(tiles.take_changed().is_empty());
                let size = tiles.size();
                let partial = kept.iter().filter(|(_, bytes)| bytes.len() < FULL_BYTES);
                tiles = Tiles::resume(size, partial.map(|(at, bytes)| (at.0, bytes.clone())).collect()).unwrap();
                prop_assert_eq!(tiles.size(), size);
            }
            prop_assert_eq!(kept, grown(tiles.size()));
        }

        #[test]
        fn paths_go_both_ways(level in 0_u8..64, index: u64, width in 1_u16..=256, entries: bool) {
            let kind = if entries { TileKind::Entries } else { TileKind::Hashes(level) };
            let path = TilePath { kind, index, width };
            prop_assert_eq!(parse_path(&path.to_string()), Some(path));
        }

        #[test]
        fn bundles_go_both_ways(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..9)) {
            let bytes = bundle(entries.iter().map(Vec::as_slice)).unwrap();
            prop_assert_eq!(split_bundle(&bytes).unwrap(), entries);
        }
    }

    #[test]
    fn an_edge_that_does_not_fit_the_size_is_refused() {
        let edge = |level: u8, hashes: usize| BTreeMap::from([(level, vec![0; hashes * 32])]);
        assert!(Tiles::resume(5, edge(0, 5)).is_ok());
        assert!(Tiles::resume(256, edge(1, 1)).is_ok());
        let wrong = |level, expected: usize, found: usize| {
            Some(TilesError::Length { level, expected: expected * 32, found: found * 32 })
        };
        assert_eq!(Tiles::resume(5, edge(0, 4)).err(), wrong(0, 5, 4));
        assert_eq!(Tiles::resume(5, BTreeMap::new()).err(), wrong(0, 5, 0));
        assert_eq!(Tiles::resume(256, edge(0, 1)).err(), wrong(0, 0, 1));
        assert_eq!(Tiles::resume(0, edge(3, 1)).err(), wrong(3, 0, 1));
        assert_eq!(Tiles::resume(1 << 60, BTreeMap::new()).err(), Some(TilesError::Size(1 << 60)));
    }

    #[test]
    fn a_bundle_that_ends_early_or_cannot_be_written_is_refused() {
        assert_eq!(split_bundle(&[0]), None);
        assert_eq!(split_bundle(&[0, 2, 7]), None);
        assert_eq!(bundle([vec![0; 65_536].as_slice()]), None);
    }
}
