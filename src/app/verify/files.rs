//! Checks a log from the files that `/v1/log/` serves, wherever they come from: every entry re-hashed, every tile and every
//! signed head compared, and the list told again by its entries.
//!
//! There are no tables to compare with: that needs the database. Invariant: no answer without problems unless every entry
//! under the newest signed head was read, and each follows from the ones before it.

use super::{ProblemView, Problems, ShardView, StampedHead, Verification};
use crate::tlog::Hash as Sha256;
use crate::tlog::checkpoint::CheckpointVerifier;
use crate::tlog::cosignature::Quorum;
use crate::tlog::entry::{Entry, Value};
use crate::tlog::tiles::{TileKind, TilePath, WIDTH, split_bundle, width_at};
use crate::tlog::verify::LogCheck;
use rustc_hash::FxHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher as _};

/// Kind of the things that lookups are answered from.
const LISTING: &str = "listing";

/// The list as its entries tell it: what each listing's members are, as hashes of path and value, because a list may have
/// millions of them.
#[derive(Default)]
struct Rebuilt {
    listings: HashMap<String, Vec<(u32, u32)>>,
}

fn short(what: &impl Hash) -> u32 {
    let mut hasher = FxHasher::default();
    what.hash(&mut hasher);
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

impl Rebuilt {
    /// Takes a change; what it says was there before must have been there.
    fn take(&mut self, index: u64, entry: Entry, problems: &mut Problems) {
        if entry.entity.kind != LISTING {
            return;
        }
        let members = self.listings.entry(entry.entity.id).or_default();
        for change in entry.changes {
            let path = short(&change.path);
            let stood = members.iter().position(|(known, _)| *known == path).map(|place| members.swap_remove(place).1);
            let old = match &change.old {
                Some(Value::Plain(plain)) => Some(short(plain)),
                Some(Value::Committed(_)) | None => None,
            };
            match change.new {
                Some(Value::Plain(plain)) => members.push((path, short(&plain))),
                // Of what is committed to the old value stands in the entry that set it.
                Some(Value::Committed(_)) => continue,
                None => {}
            }
            if stood != old {
                let detail = format!("states another old value of `{}` than was recorded", change.path);
                problems.add("list-differs", format!("entry {index}"), detail);
            }
        }
    }
}

/// A check that is under way.
pub struct FileCheck {
    log: LogCheck,
    origin: String,
    problems: Problems,
    rebuilt: Option<Rebuilt>,
    head: Option<(u64, Sha256)>,
    entries: u64,
    quorum: Option<Quorum>,
    cosigned: Option<u64>,
    /// Stamped heads that were not met among the signed ones yet.
    stamped: BTreeMap<u64, String>,
    timestamped: Option<StampedHead>,
    newest: Option<String>,
}

impl FileCheck {
    /// Starts a check of the log that `verifier` knows, from its newest signed head. `remembered` is what was seen before;
    /// with a quorum a head must be signed by enough witnesses.
    #[must_use]
    pub fn new(
        verifier: CheckpointVerifier,
        remembered: Option<(u64, Sha256)>,
        newest: Option<&str>,
        quorum: Option<Quorum>,
    ) -> Self {
        let mut problems = Problems::default();
        let origin = verifier.origin().as_str().to_owned();
        let head = match newest.map(|note| verifier.verify(note)) {
            Some(Ok(head)) => Some((head.size, head.root)),
            Some(Err(error)) => {
                problems.add("checkpoint-signature", "checkpoint".to_owned(), error.to_string());
                None
            }
            None => {
                problems.add("checkpoint-missing", "checkpoint".to_owned(), "there is no signed head");
                None
            }
        };
        let mut log = LogCheck::new(verifier, remembered);
        let mut cosigned = None;
        if let (Some((size, _)), Some(note)) = (head, newest) {
            log.checkpoint(size, note);
            cosigned = quorum.as_ref().is_some_and(|quorum| quorum.reached(note)).then_some(size);
        }
        Self {
            log,
            origin,
            problems,
            rebuilt: Some(Rebuilt::default()),
            head,
            entries: 0,
            quorum,
            cosigned,
            stamped: BTreeMap::new(),
            timestamped: None,
            newest: newest.map(str::to_owned),
        }
    }

    /// Returns the number of entries that the newest signed head states.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.head.map_or(0, |(size, _)| size)
    }

    /// Names the files that the newest signed head demands: bundles in order, then tiles.
    pub fn demanded(&self) -> impl Iterator<Item = TilePath> + use<> {
        let size = self.size();
        let of = move |kind: TileKind, level: u8| {
            let tiles = (0_u64..).map(move |index| TilePath { kind, index, width: width_at(level, index, size) });
            tiles.take_while(|path| path.width > 0)
        };
        let levels = (0_u8..64).take_while(move |level| width_at(*level, 0, size) > 0);
        of(TileKind::Entries, 0).chain(levels.flat_map(move |level| of(TileKind::Hashes(level), level)))
    }

    /// Takes a demanded file, or that it is not there.
    pub fn file(&mut self, path: TilePath, bytes: Option<&[u8]>) {
        let Some(bytes) = bytes else {
            let code = if matches!(path.kind, TileKind::Entries) { "bundle-missing" } else { "tile-missing" };
            // A missing tile is told by the log's own check.
            if code == "bundle-missing" {
                self.problems.add(code, path.to_string(), "is not there");
            }
            return;
        };
        match path.kind {
            TileKind::Hashes(level) => self.log.tile(level, path.index, bytes),
            TileKind::Entries => self.bundle(path, bytes),
        }
    }

    fn bundle(&mut self, path: TilePath, bytes: &[u8]) {
        let leaves = split_bundle(bytes).filter(|leaves| leaves.len() == usize::from(path.width));
        let Some(leaves) = leaves else {
            self.problems.add("bundle-width", path.to_string(), format!("does not hold {} entries", path.width));
            return;
        };
        let first = path.index.saturating_mul(u64::from(WIDTH));
        for (index, leaf) in (first..).zip(leaves) {
            self.entries = self.entries.saturating_add(1);
            let entry = self.log.entry(index, leaf, None);
            if let Some((entry, rebuilt)) = entry.zip(self.rebuilt.as_mut()) {
                rebuilt.take(index, entry, &mut self.problems);
            }
        }
    }

    /// Takes a time stamp, before the signed heads: the size of the head that it is filed under, the head, and the answer of the authority.
    pub fn stamp(&mut self, size: u64, note: &str, reply: &[u8]) {
        // What was stamped after the newest head was read is not judged.
        if size > self.size() {
            return;
        }
        match StampedHead::read(size, note, reply) {
            Ok(stamped) => {
                self.stamped.insert(size, note.to_owned());
                if self.timestamped.is_none_or(|newest| newest.entries < size) {
                    self.timestamped = Some(stamped);
                }
            }
            Err((code, detail)) => self.problems.add(code, format!("time stamp of checkpoint {size}"), detail),
        }
        if self.newest.as_ref().is_some_and(|newest| newest.starts_with(note)) {
            self.stamped.remove(&size);
        }
    }

    /// Takes an earlier signed head: the size that it is filed under, and its note.
    pub fn head(&mut self, size: u64, note: &str) {
        // What was signed after the newest head was read is not judged; the newest has been taken.
        if size < self.size() {
            self.log.checkpoint(size, note);
            // Signatures of witnesses follow what was stamped.
            if self.stamped.get(&size).is_some_and(|stamped| note.starts_with(stamped)) {
                self.stamped.remove(&size);
            }
            if self.cosigned.is_none_or(|known| known < size)
                && self.quorum.as_ref().is_some_and(|quorum| quorum.reached(note))
            {
                self.cosigned = Some(size);
            }
        }
    }

    /// Demands that the key follows from a key of an older shard.
    #[must_use]
    pub fn following(self, anchor: CheckpointVerifier) -> Self {
        Self { log: self.log.following(anchor), ..self }
    }

    /// Leaves the list out, where it is compared with the tables anyway.
    #[must_use]
    pub fn without_list(self) -> Self {
        Self { rebuilt: None, ..self }
    }

    /// Returns the root that the newest signed head states.
    #[must_use]
    pub fn root(&self) -> Option<Sha256> {
        self.head.map(|(_, root)| root)
    }

    /// Adds a problem that was found beside the demanded files.
    pub fn note(&mut self, code: &str, place: &str, detail: &str) {
        self.problems.add(code, place.to_owned(), detail);
    }

    /// Ends the check.
    #[must_use]
    pub fn finish(mut self) -> Verification {
        let size = self.size();
        for head in std::mem::take(&mut self.stamped).into_keys() {
            self.problems.add("timestamp-head", format!("time stamp of checkpoint {head}"), "no such head was signed");
        }
        let mut problems = self.problems.0;
        let shards = self.log.shards().iter().map(ShardView::from).collect();
        let sm2 = self.log.nationally_signed();
        // Without a head there is nothing to judge against but what was remembered.
        problems.extend(self.log.finish(size, None).into_iter().map(ProblemView::from));
        let mut result = Verification {
            ok: problems.is_empty(),
            origin: self.origin,
            revision: i64::try_from(size).unwrap_or(i64::MAX),
            root: self.head.map_or_else(String::new, |(_, root)| root.to_string()),
            entries: self.entries,
            listings: self.rebuilt.map_or(0, |rebuilt| rebuilt.listings.len()),
            cosigned: None,
            sm2,
            timestamped: self.timestamped,
            shards,
            problems,
        };
        if self.quorum.is_some() {
            result.judge_witnesses(self.cosigned);
        }
        result
    }
}
