//! The check of a whole log, wherever its bytes come from: a database, an export, a server.
//!
//! It fetches nothing and repairs nothing: it is fed what is stored, and answers with every place
//! where that is not a log. It re-reads contents, because a log whose proofs agree may still have
//! had its entries edited. Invariant: no answer without problems unless every byte fed follows from
//! the entries, the entries from the signed roots, and the whole from the head remembered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Hash,
    checkpoint::{Checkpoint, CheckpointError, CheckpointVerifier},
    entry::Entry,
    merkle::{Frontier, leaf_hash},
    national::Nationals,
    shards::{Shard, Shards},
    tiles::{FULL_BYTES, Tiles, WIDTH, path},
};

/// The event that opens a log; a log that opens with another one continues an older shard.
const LOG_CREATED: &str = "log.created";

/// How many problems of one kind are listed one by one.
const LISTED: usize = 100;

/// One place where what is stored is not a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, as a fixed word.
    pub code: &'static str,
    /// Where: `entry 17`, `tile/0/003`, `checkpoint 500`, `head`.
    pub where_: String,
    /// What was found, for a person.
    pub detail: String,
}

/// The problems found, of which a flood of one kind does not hide another.
#[derive(Debug, Default)]
struct Problems {
    listed: Vec<Problem>,
    counts: BTreeMap<&'static str, usize>,
}

impl Problems {
    fn add(&mut self, code: &'static str, where_: impl Into<String>, detail: impl Into<String>) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= LISTED {
            self.listed.push(Problem { code, where_: where_.into(), detail: detail.into() });
        }
    }

    fn finish(mut self) -> Vec<Problem> {
        for (code, count) in self.counts {
            if let Some(more) = count.checked_sub(LISTED).filter(|more| *more > 0) {
                let detail = format!("{more} more of this kind are not listed");
                self.listed.push(Problem { code, where_: "log".into(), detail });
            }
        }
        self.listed
    }
}

/// The last entry of an entity.
#[derive(Debug, Clone, Copy)]
struct Last {
    leaf: Hash,
    version: u64,
    /// Its commitment to the whole row.
    after: Option<Hash>,
}

/// A running check of one log.
///
/// Entries are fed in order, tiles and checkpoints at any time; then [`LogCheck::finish`] answers.
/// It holds the hashes of the tree and the last entry of every entity in memory, not the entries.
pub struct LogCheck {
    verifier: CheckpointVerifier,
    remembered: Option<(u64, Hash)>,
    /// The index of the entry that comes next.
    next: u64,
    /// Whether no entry was missing or out of order so far; after that there is no tree to compare.
    whole: bool,
    edge: Tiles,
    /// The tiles that the entries demand. Full ones are final.
    demanded: BTreeMap<(u8, u64), Vec<u8>>,
    /// The tiles fed.
    fed: BTreeSet<(u8, u64)>,
    /// The tiles fed that cannot be judged before all entries are known.
    waiting: Vec<((u8, u64), Vec<u8>)>,
    /// Root by size, of the checkpoints with a true signature.
    checkpoints: BTreeMap<u64, Hash>,
    /// Where the log went on under another name or key.
    shards: Shards,
    /// Keys of the national algorithms, and what they signed.
    nationals: Nationals,
    /// Heads that the verifier's key did not sign: size and note. Older shards may have.
    older: Vec<(u64, String, CheckpointError)>,
    /// A key of an older shard from which this one must follow.
    anchor: Option<CheckpointVerifier>,
    /// The last entry of every entity, by kind and id.
    entities: HashMap<(String, String), Last>,
    /// Whether entities may begin with any version, their earlier ones being in an older shard.
    continues: bool,
    problems: Problems,
}

impl LogCheck {
    /// Starts a check of the log that `verifier` knows. `remembered` is the newest size and root
    /// that were once seen: without it a log cut back to an earlier state looks whole.
    #[must_use]
    pub fn new(verifier: CheckpointVerifier, remembered: Option<(u64, Hash)>) -> Self {
        Self {
            verifier,
            remembered,
            next: 0,
            whole: true,
            edge: Tiles::new(),
            demanded: BTreeMap::new(),
            fed: BTreeSet::new(),
            waiting: Vec::new(),
            checkpoints: BTreeMap::new(),
            shards: Shards::default(),
            nationals: Nationals::default(),
            older: Vec::new(),
            anchor: None,
            entities: HashMap::new(),
            continues: false,
            problems: Problems::default(),
        }
    }

    /// Demands that the newest key follows from a key of an older shard, hand to hand.
    #[must_use]
    pub fn following(self, anchor: CheckpointVerifier) -> Self {
        Self { anchor: Some(anchor), ..self }
    }

    /// Lists the shards after the first, as far as entries were fed.
    #[must_use]
    pub fn shards(&self) -> &[Shard] {
        self.shards.list()
    }

    /// Whether the log says openly that a head of this size and root is no longer under it.
    #[must_use]
    pub fn admits(&self, size: u64, root: Hash) -> bool {
        self.shards.admit(size, root)
    }

    /// Takes the next entry and, where one is stored beside it, its leaf hash. Returns what it says, if it is an entry.
    pub fn entry(&mut self, index: u64, bytes: &[u8], stored_leaf_hash: Option<&[u8]>) -> Option<Entry> {
        let place = || format!("entry {index}");
        if index > self.next {
            let detail = format!("entries `{}` to `{}` are missing", self.next, index - 1);
            self.problems.add("entry-missing", place(), detail);
            self.whole = false;
        } else if index < self.next {
            self.problems.add("entry-order", place(), "comes twice or out of order");
            self.whole = false;
        }
        self.next = self.next.max(index.saturating_add(1));
        let leaf = leaf_hash(bytes);
        if let Some(stored) = stored_leaf_hash.filter(|stored| *stored != leaf.0) {
            let detail = format!("the bytes hash to `{leaf}`, stored is `{}`", hex::encode(stored));
            self.problems.add("leaf-hash", place(), detail);
        }
        if self.whole {
            self.edge.append(leaf);
            if self.edge.size().is_multiple_of(u64::from(WIDTH)) {
                self.take_tiles();
            }
        }
        match Entry::from_leaf(bytes) {
            Ok(entry) => {
                self.follow(index, leaf, &entry);
                self.shards.entry(index, &entry);
                self.nationals.entry(index, &entry);
                Some(entry)
            }
            Err(error) => {
                let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
                self.problems.add("entry-malformed", place(), format!("{error}{}", source.unwrap_or_default()));
                None
            }
        }
    }

    /// Takes a stored tile of hashes with all its bytes.
    pub fn tile(&mut self, level: u8, index: u64, bytes: &[u8]) {
        let at = (level, index);
        if !self.fed.insert(at) {
            self.problems.add("tile-twice", path(level, index, WIDTH), "is stored twice");
        }
        match self.demanded.get(&at).filter(|tile| tile.len() == FULL_BYTES) {
            Some(tile) => judge_tile(&mut self.problems, at, tile, bytes),
            None => self.waiting.push((at, bytes.to_vec())),
        }
    }

    /// Takes a stored checkpoint: the size that it is filed under, and its note.
    pub fn checkpoint(&mut self, size: u64, note: &str) {
        self.nationals.head(size, note);
        match self.verifier.verify(note) {
            Ok(checkpoint) => self.signed(size, &checkpoint, note),
            // Which older shard may have signed it is known when all entries are.
            Err(error) => self.older.push((size, note.to_owned(), error)),
        }
    }

    fn signed(&mut self, size: u64, checkpoint: &Checkpoint, note: &str) {
        let place = || format!("checkpoint {size}");
        self.shards.signed(checkpoint, note);
        if checkpoint.size != size {
            let detail = format!("signed for size `{}`", checkpoint.size);
            self.problems.add("checkpoint-size", place(), detail);
        }
        if let Some(other) = self.checkpoints.insert(checkpoint.size, checkpoint.root) {
            let detail = format!("roots `{other}` and `{}` for one size", checkpoint.root);
            self.problems.add("checkpoint-twice", place(), detail);
        }
    }

    fn finish_older(&mut self) {
        for (size, note, error) in std::mem::take(&mut self.older) {
            match self.shards.verify(&note).unwrap_or(Err(error)) {
                Ok(checkpoint) => {
                    let ended = self.shards.end_of(checkpoint.origin.as_str());
                    if checkpoint.size > ended {
                        let detail = format!("signed by `{}`, which ended at `{ended}`", checkpoint.origin);
                        self.problems.add("checkpoint-origin", format!("checkpoint {size}"), detail);
                    }
                    self.signed(size, &checkpoint, &note);
                }
                Err(error) => self.unsigned(size, &error),
            }
        }
    }

    fn unsigned(&mut self, size: u64, error: &CheckpointError) {
        let code = match error {
            CheckpointError::Signature(_) | CheckpointError::Unsigned(_) => "checkpoint-signature",
            CheckpointError::Origin { .. } => "checkpoint-origin",
            CheckpointError::Note | CheckpointError::Malformed | CheckpointError::VerifierKey => "checkpoint-malformed",
        };
        self.problems.add(code, format!("checkpoint {size}"), error.to_string());
    }

    /// Judges the SM2 signatures under the heads fed so far, by the keys of the entries fed so far; returns the number of
    /// entries under the newest head that has one.
    pub fn nationally_signed(&mut self) -> Option<u64> {
        for (size, kid) in self.nationals.judge() {
            let detail = format!("the SM2 signature by the key `{kid}` is wrong");
            self.problems.add("checkpoint-sm2", format!("checkpoint {size}"), detail);
        }
        self.nationals.newest()
    }

    fn finish_shards(&mut self) {
        if let Some(last) = self.shards.list().last().filter(|last| !self.verifier.is(&last.vkey)) {
            let detail = format!("the entry names the key `{}`", last.vkey);
            self.problems.add("shard-key", format!("entry {}", last.first), detail);
        }
        for (shard, size) in self.shards.early() {
            let detail = format!("signed by `{}`, which begins behind entry `{}`", shard.origin, shard.first);
            self.problems.add("checkpoint-origin", format!("checkpoint {size}"), detail);
        }
        let broken = self.anchor.as_ref().and_then(|anchor| self.shards.broken_from(anchor));
        if let Some(detail) = broken {
            self.problems.add("shard-unvouched", "shards", detail);
        }
    }

    /// Ends the check against the stored head: the log's size and, where one is stored, the
    /// frontier. Answers every problem found; none means that the log is whole.
    #[must_use]
    pub fn finish(mut self, head_size: u64, frontier: Option<&[u8]>) -> Vec<Problem> {
        if self.next < head_size {
            let detail = format!("entries `{}` to `{}` are missing", self.next, head_size - 1);
            self.problems.add("entry-missing", "head", detail);
        } else if self.next > head_size {
            let detail = format!("the head says `{head_size}`, there are entries up to `{}`", self.next - 1);
            self.problems.add("entry-beyond-head", "head", detail);
        }
        self.take_tiles();
        self.finish_tiles();
        self.finish_older();
        self.finish_shards();
        self.nationally_signed();
        let (roots, own) = self.roots();
        self.finish_checkpoints(head_size, &roots);
        self.finish_remembered(head_size, &roots);
        if let Some(stored) = frontier.filter(|stored| self.whole && *stored != own.to_bytes()) {
            let detail = format!("{} bytes that are not the frontier of size `{}`", stored.len(), own.size());
            self.problems.add("frontier", "head", detail);
        }
        self.problems.finish()
    }

    /// Compares an entry with the one before it of the same entity.
    fn follow(&mut self, index: u64, leaf: Hash, entry: &Entry) {
        let place = || format!("entry {index}");
        if index == 0 {
            self.continues = entry.event != LOG_CREATED;
        }
        let version = entry.entity.version;
        let last = Last { leaf, version, after: entry.after };
        let before = self.entities.insert((entry.entity.kind.clone(), entry.entity.id.clone()), last);
        let show = |hash: Option<Hash>| hash.map_or("none".to_owned(), |hash| format!("`{hash}`"));
        let prev = before.map(|last| last.leaf);
        if entry.prev != prev {
            let detail = format!("names {} as previous entry, it is {}", show(entry.prev), show(prev));
            self.problems.add("entity-prev", place(), detail);
        }
        let stood = before.and_then(|last| last.after);
        if entry.before != stood && (before.is_some() || !self.continues) {
            let detail =
                format!("commits to {} before it, the previous entry left {}", show(entry.before), show(stood));
            self.problems.add("entity-before", place(), detail);
        }
        let rises = match before {
            Some(last) => last.version.checked_add(1) == Some(version),
            None => version == 1 || self.continues,
        };
        if !rises {
            let last = before.map_or(0, |last| last.version);
            self.problems.add("entity-version", place(), format!("version `{version}` after `{last}`"));
        }
    }

    fn take_tiles(&mut self) {
        let changed = self.edge.take_changed().into_iter();
        self.demanded.extend(changed.map(|tile| ((tile.level, tile.index), tile.hashes)));
    }

    fn finish_tiles(&mut self) {
        for (at, bytes) in std::mem::take(&mut self.waiting) {
            match self.demanded.get(&at) {
                // After a gap in the entries a partial tile of ours says nothing.
                Some(tile) if self.whole || tile.len() == FULL_BYTES => {
                    judge_tile(&mut self.problems, at, tile, &bytes);
                }
                None if self.whole => {
                    self.problems.add("tile-extra", path(at.0, at.1, WIDTH), "no entry demands it");
                }
                Some(_) | None => {}
            }
        }
        for at in self.demanded.keys().filter(|at| !self.fed.contains(at)) {
            self.problems.add("tile-missing", path(at.0, at.1, WIDTH), "is not stored");
        }
    }

    /// Computes the root at every size that something is signed or remembered for, and the frontier
    /// at the end.
    fn roots(&self) -> (BTreeMap<u64, Hash>, Frontier) {
        let mut sizes: BTreeSet<u64> = self.checkpoints.keys().copied().collect();
        sizes.extend(self.remembered.map(|(size, _)| size));
        let mut sizes = sizes.into_iter().peekable();
        let mut roots = BTreeMap::new();
        let mut frontier = Frontier::new();
        let bottom = self.demanded.range((0, 0)..(1, 0)).flat_map(|(_, tile)| tile.as_chunks().0);
        for leaf in bottom {
            if sizes.next_if_eq(&frontier.size()).is_some() {
                roots.insert(frontier.size(), frontier.root());
            }
            frontier.append(Hash(*leaf));
        }
        if sizes.next_if_eq(&frontier.size()).is_some() {
            roots.insert(frontier.size(), frontier.root());
        }
        (roots, frontier)
    }

    fn finish_checkpoints(&mut self, head_size: u64, roots: &BTreeMap<u64, Hash>) {
        for (size, signed) in &self.checkpoints {
            let place = || format!("checkpoint {size}");
            if *size > head_size {
                let detail = format!("signed, but the head is at `{head_size}`");
                self.problems.add("checkpoint-beyond-head", place(), detail);
            }
            if let Some(root) = roots.get(size).filter(|root| *root != signed) {
                let detail = format!("signed root `{signed}`, the entries have `{root}`");
                self.problems.add("checkpoint-root", place(), detail);
            }
        }
    }

    fn finish_remembered(&mut self, head_size: u64, roots: &BTreeMap<u64, Hash>) {
        let Some((size, remembered)) = self.remembered else {
            return;
        };
        let place = format!("remembered head {size}");
        // What a restored backup lost is said openly by the shard that goes on from it.
        if roots.get(&size) != Some(&remembered) && self.shards.admit(size, remembered) {
            return;
        }
        if size > head_size.min(self.next) {
            let detail = format!("the log has only `{}` entries now", head_size.min(self.next));
            self.problems.add("rollback", place, detail);
        } else if let Some(root) = roots.get(&size).filter(|root| **root != remembered) {
            let detail = format!("the root was `{remembered}`, now it is `{root}`");
            self.problems.add("fork", place, detail);
        }
    }
}

fn judge_tile(problems: &mut Problems, (level, index): (u8, u64), demanded: &[u8], stored: &[u8]) {
    let place = || path(level, index, WIDTH);
    if stored.len() != demanded.len() {
        let detail = format!("has {} bytes, {} are demanded", stored.len(), demanded.len());
        problems.add("tile-width", place(), detail);
    } else if let Some(at) = demanded.chunks(Hash::LEN).zip(stored.chunks(Hash::LEN)).position(|(a, b)| a != b) {
        problems.add("tile-hash", place(), format!("hash `{at}` is not that of the entries"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::{
        checkpoint::{CheckpointKey, Origin},
        entry::{Actor, Change, Entity, FORMAT, Value},
    };
    use proptest::prelude::*;
    use serde_json::json;
    use std::sync::LazyLock;

    const SIZE: u64 = 700;

    /// Everything stored of a log.
    #[derive(Clone)]
    struct Log {
        entries: Vec<(u64, Vec<u8>, Vec<u8>)>,
        tiles: Vec<(u8, u64, Vec<u8>)>,
        checkpoints: Vec<(u64, String)>,
        head: u64,
        frontier: Vec<u8>,
        remembered: Option<(u64, Hash)>,
    }

    fn key() -> CheckpointKey {
        CheckpointKey::from_seed(&[5; 32], Origin::parse("wl.example.gov.cn/log/main").unwrap())
    }

    fn entry(index: u64, before: Option<(Hash, u64)>) -> Entry {
        let (kind, id, event) = if index == 0 {
            ("log", "main".to_owned(), LOG_CREATED)
        } else {
            ("listing", format!("BJ-2026-{:06}", index % 37), "listing.varied")
        };
        Entry {
            actor: Actor {
                kind: "person".into(),
                org: Some("bureau".into()),
                reference: format!("p-{:04}", index % 9),
            },
            after: Some(leaf_hash(&index.to_be_bytes())),
            at: "2026-03-01T08:00:00.000001Z".into(),
            // The same listing comes again after 37 entries.
            before: before.map(|_| leaf_hash(&(index - 37).to_be_bytes())),
            changes: vec![
                Change {
                    path: "/quantity".into(),
                    old: None,
                    new: Some(Value::Plain(json!({"amount": index, "unit": "035"}))),
                },
                Change { path: "/note".into(), old: None, new: Some(Value::Committed(leaf_hash(b"note"))) },
            ],
            entity: Entity { kind: kind.into(), id, version: before.map_or(1, |(_, last)| last + 1) },
            id: format!("0195500e-3c00-7000-8000-{index:012}"),
            prev: before.map(|(leaf, _)| leaf),
            reason: None,
            request_id: Some(format!("r-{index}")),
            event: event.into(),
            v: FORMAT,
        }
    }

    /// Builds leaves with true chains.
    fn leaves(size: u64) -> Vec<Vec<u8>> {
        let mut last = HashMap::new();
        (0..size)
            .map(|index| {
                let slot = if index == 0 { u64::MAX } else { index % 37 };
                let entry = entry(index, last.get(&slot).copied());
                let bytes = entry.to_leaf().unwrap();
                last.insert(slot, (leaf_hash(&bytes), entry.entity.version));
                bytes
            })
            .collect()
    }

    /// Stores leaves as one with full rights would: all that can be computed without the key.
    fn store(leaves: Vec<Vec<u8>>) -> Log {
        let (mut tiles, mut frontier) = (Tiles::new(), Frontier::new());
        let mut checkpoints = vec![(0, key().sign(0, frontier.root()))];
        let mut entries = Vec::new();
        for (index, bytes) in (0..).zip(leaves) {
            let leaf = leaf_hash(&bytes);
            tiles.append(leaf);
            frontier.append(leaf);
            entries.push((index, bytes, leaf.0.to_vec()));
            if frontier.size() % 100 == 0 || frontier.size() % 256 < 2 {
                checkpoints.push((frontier.size(), key().sign(frontier.size(), frontier.root())));
            }
        }
        Log {
            entries,
            tiles: tiles.take_changed().into_iter().map(|tile| (tile.level, tile.index, tile.hashes)).collect(),
            checkpoints,
            head: frontier.size(),
            frontier: frontier.to_bytes(),
            remembered: None,
        }
    }

    static TRUE_LOG: LazyLock<Log> = LazyLock::new(|| {
        let mut log = store(leaves(SIZE));
        let at_600 = log.checkpoints.iter().find(|(size, _)| *size == 600).unwrap();
        let root = CheckpointVerifier::parse(&key().vkey()).unwrap().verify(&at_600.1).unwrap().root;
        log.remembered = Some((600, root));
        log
    });

    fn check(log: &Log) -> Vec<Problem> {
        let mut check = LogCheck::new(CheckpointVerifier::parse(&key().vkey()).unwrap(), log.remembered);
        // Both orders that are allowed: some tiles and checkpoints early, the others late.
        let (early, late) = log.checkpoints.split_at(log.checkpoints.len() / 2);
        for (size, note) in early {
            check.checkpoint(*size, note);
        }
        log.tiles.iter().take(1).for_each(|(level, index, bytes)| check.tile(*level, *index, bytes));
        log.entries.iter().for_each(|(index, bytes, leaf)| drop(check.entry(*index, bytes, Some(leaf))));
        log.tiles.iter().skip(1).for_each(|(level, index, bytes)| check.tile(*level, *index, bytes));
        for (size, note) in late {
            check.checkpoint(*size, note);
        }
        check.finish(log.head, Some(&log.frontier))
    }

    /// Changes the true log and gives the kinds of problem that are found then.
    fn found(change: impl FnOnce(&mut Log)) -> BTreeSet<&'static str> {
        let mut log = TRUE_LOG.clone();
        change(&mut log);
        check(&log).into_iter().map(|problem| problem.code).collect()
    }

    fn codes<const N: usize>(codes: [&'static str; N]) -> BTreeSet<&'static str> {
        codes.into()
    }

    /// Replaces the leaves and recomputes all that needs no key; the signed notes stay.
    fn rebuilt(log: &mut Log, leaves: Vec<Vec<u8>>) {
        let forged = store(leaves);
        *log = Log { checkpoints: log.checkpoints.clone(), remembered: log.remembered, ..forged };
    }

    fn only_bytes(log: &Log) -> Vec<Vec<u8>> {
        log.entries.iter().map(|(_, bytes, _)| bytes.clone()).collect()
    }

    fn edited(bytes: &[u8]) -> Vec<u8> {
        let mut entry = Entry::from_leaf(bytes).unwrap();
        entry.actor.reference = "p-other".into();
        entry.to_leaf().unwrap()
    }

    #[test]
    fn a_true_log_has_no_problems() {
        assert_eq!(check(&TRUE_LOG), []);
        for size in [0, 1, 2, 255, 256, 257, 512] {
            assert_eq!(check(&store(leaves(size))), [], "{size}");
        }
    }

    #[test]
    fn an_export_without_leaf_hashes_and_frontier_is_checked_too() {
        let mut check = LogCheck::new(CheckpointVerifier::parse(&key().vkey()).unwrap(), None);
        TRUE_LOG.entries.iter().for_each(|(index, bytes, _)| drop(check.entry(*index, bytes, None)));
        TRUE_LOG.tiles.iter().for_each(|(level, index, bytes)| check.tile(*level, *index, bytes));
        TRUE_LOG.checkpoints.iter().for_each(|(size, note)| check.checkpoint(*size, note));
        assert_eq!(check.finish(SIZE, None), []);
    }

    #[test]
    fn an_edited_entry_is_found_and_named() {
        let tampered = |log: &mut Log| log.entries[50].1 = edited(&log.entries[50].1);
        assert_eq!(
            found(tampered),
            codes(["checkpoint-root", "entity-prev", "fork", "frontier", "leaf-hash", "tile-hash"])
        );
        let mut log = TRUE_LOG.clone();
        tampered(&mut log);
        let problems = check(&log);
        let leaf = problems.iter().find(|problem| problem.code == "leaf-hash").unwrap();
        assert_eq!(leaf.where_, "entry 50");
        // Entry 87 is the next one of the same listing.
        let prev = problems.iter().find(|problem| problem.code == "entity-prev").unwrap();
        assert_eq!(prev.where_, "entry 87");
    }

    #[test]
    fn a_recomputed_log_is_found_by_what_was_signed() {
        let last = usize::try_from(SIZE).unwrap() - 1;
        let forged = |log: &mut Log| {
            let mut leaves = only_bytes(log);
            leaves[last] = edited(&leaves[last]);
            rebuilt(log, leaves);
        };
        assert_eq!(found(forged), codes(["checkpoint-root"]));
    }

    #[test]
    fn contents_are_judged_even_where_all_hashes_agree() {
        // A log signed by its own key, but written wrongly.
        let signed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
            let mut leaves = leaves(300);
            change(&mut leaves);
            check(&store(leaves)).into_iter().map(|problem| problem.code).collect::<BTreeSet<_>>()
        };
        let with = |bytes: &[u8], change: &dyn Fn(&mut Entry)| {
            let mut entry = Entry::from_leaf(bytes).unwrap();
            change(&mut entry);
            entry.to_leaf().unwrap()
        };
        assert_eq!(signed(&|_| ()), codes([]));
        let malformed = signed(&|leaves| leaves[299].insert(0, b' '));
        assert_eq!(malformed, codes(["entry-malformed"]));
        let prev = signed(&|leaves| {
            leaves[299] = with(&leaves[299], &|entry| entry.prev = Some(Hash([1; 32])));
        });
        assert_eq!(prev, codes(["entity-prev"]));
        let no_prev = signed(&|leaves| leaves[299] = with(&leaves[299], &|entry| entry.prev = None));
        assert_eq!(no_prev, codes(["entity-prev"]));
        for before in [None, Some(Hash([1; 32]))] {
            let before = signed(&|leaves| leaves[299] = with(&leaves[299], &|entry| entry.before = before));
            assert_eq!(before, codes(["entity-before"]));
        }
        for version in [1, 8, 10] {
            let version = signed(&|leaves| {
                leaves[299] = with(&leaves[299], &|entry| entry.entity.version = version);
            });
            assert_eq!(version, codes(["entity-version"]));
        }
        let late = signed(&|leaves| {
            leaves[299] = with(&leaves[299], &|entry| entry.entity.id = "new".into());
        });
        assert_eq!(late, codes(["entity-before", "entity-prev", "entity-version"]));
    }

    #[test]
    fn a_shard_that_continues_an_older_log_begins_with_later_versions() {
        let mut first = entry(0, None);
        first.event = "log.restored".into();
        let mut second = entry(1, None);
        second.entity.version = 8;
        let restored = store(vec![first.to_leaf().unwrap(), second.to_leaf().unwrap()]);
        assert_eq!(check(&restored), []);
        first.event = LOG_CREATED.into();
        let created = store(vec![first.to_leaf().unwrap(), second.to_leaf().unwrap()]);
        assert_eq!(check(&created)[0].code, "entity-version");
    }

    #[test]
    fn entries_swapped_missing_inserted_or_repeated_are_found() {
        let swapped = found(|log| {
            let mut leaves = only_bytes(log);
            leaves.swap(10, 11);
            rebuilt(log, leaves);
        });
        assert_eq!(swapped, codes(["checkpoint-root", "fork"]));
        let removed = found(|log| {
            let mut leaves = only_bytes(log);
            leaves.remove(690);
            rebuilt(log, leaves);
        });
        assert_eq!(removed, codes(["checkpoint-beyond-head"]));
        let inserted = found(|log| {
            let mut leaves = only_bytes(log);
            leaves.insert(5, leaves[5].clone());
            rebuilt(log, leaves);
        });
        assert_eq!(inserted, codes(["checkpoint-root", "entity-before", "entity-prev", "entity-version", "fork"]));
        let tail = found(|log| drop(log.entries.drain(650..)));
        assert!(tail.is_superset(&codes(["entry-missing", "frontier", "tile-width"])), "{tail:?}");
        let gap = found(|log| drop(log.entries.remove(400)));
        assert_eq!(gap, codes(["entry-missing", "entity-before", "entity-prev", "entity-version"]));
        let last = found(|log| drop(log.entries.pop()));
        assert!(last.contains("entry-missing"));
        let repeated = found(|log| log.entries.insert(400, log.entries[400].clone()));
        assert!(repeated.contains("entry-order"));
        let out_of_order = found(|log| log.entries.swap(400, 401));
        assert!(out_of_order.is_superset(&codes(["entry-missing", "entry-order"])));
        let beyond = found(|log| log.head -= 1);
        assert_eq!(beyond, codes(["checkpoint-beyond-head", "entry-beyond-head"]));
    }

    #[test]
    fn a_log_cut_back_or_rewritten_with_its_key_is_found_by_memory_alone() {
        let rollback = found(|log| *log = Log { remembered: log.remembered, ..store(leaves(599)) });
        assert_eq!(rollback, codes(["rollback"]));
        let fork = found(|log| {
            let mut leaves = only_bytes(log);
            leaves[599] = edited(&leaves[599]);
            leaves.truncate(620);
            *log = Log { remembered: log.remembered, ..store(leaves) };
        });
        assert_eq!(fork, codes(["fork"]));
    }

    #[test]
    fn tiles_must_be_exactly_those_demanded() {
        let at =
            |log: &Log, level, index| log.tiles.iter().position(|tile| (tile.0, tile.1) == (level, index)).unwrap();
        for (level, index) in [(0, 0), (0, 1), (0, 2), (1, 0)] {
            let missing = found(|log| drop(log.tiles.remove(at(log, level, index))));
            assert_eq!(missing, codes(["tile-missing"]));
            let flipped = found(|log| {
                let place = at(log, level, index);
                log.tiles[place].2[33] ^= 1;
            });
            assert_eq!(flipped, codes(["tile-hash"]));
            for width in [0, 31, 32, 8193] {
                let other = found(|log| {
                    let place = at(log, level, index);
                    log.tiles[place].2.resize(width, 0);
                });
                assert_eq!(other, codes(["tile-width"]));
            }
            let twice = found(|log| log.tiles.push(log.tiles[at(log, level, index)].clone()));
            assert_eq!(twice, codes(["tile-twice"]));
        }
        for extra in [(0, 3), (1, 1), (2, 0), (63, 0)] {
            let extra = found(|log| log.tiles.push((extra.0, extra.1, vec![0; 32])));
            assert_eq!(extra, codes(["tile-extra"]));
        }
    }

    #[test]
    fn checkpoints_must_be_ours_true_and_one_for_each_size() {
        let root = |log: &Log| Frontier::from_bytes(log.head, &log.frontier).unwrap().root();
        let other = |seed, origin| CheckpointKey::from_seed(&[seed; 32], Origin::parse(origin).unwrap());
        let pushed = |note: &dyn Fn(&Log) -> (u64, String)| {
            found(|log| {
                log.checkpoints.pop();
                log.checkpoints.push(note(log));
            })
        };
        assert_eq!(pushed(&|log| (SIZE, key().sign(SIZE, root(log)))), codes([]));
        assert_eq!(pushed(&|_| (SIZE, key().sign(SIZE, Hash([0; 32])))), codes(["checkpoint-root"]));
        assert_eq!(
            pushed(&|log| (SIZE, key().sign(SIZE - 1, root(log)))),
            codes(["checkpoint-root", "checkpoint-size"])
        );
        assert_eq!(pushed(&|log| (SIZE + 1, key().sign(SIZE + 1, root(log)))), codes(["checkpoint-beyond-head"]));
        assert_eq!(pushed(&|log| (600, log.checkpoints.last().unwrap().1.clone())), codes(["checkpoint-twice"]));
        let foreign = other(6, "wl.example.gov.cn/log/main");
        assert_eq!(pushed(&|log| (SIZE, foreign.sign(SIZE, root(log)))), codes(["checkpoint-signature"]));
        let elsewhere = other(5, "wl.example.gov.cn/log/other");
        assert_eq!(pushed(&|log| (SIZE, elsewhere.sign(SIZE, root(log)))), codes(["checkpoint-signature"]));
        assert_eq!(pushed(&|_| (SIZE, "nonsense".into())), codes(["checkpoint-malformed"]));
    }

    #[test]
    fn a_flood_of_one_kind_does_not_hide_another() {
        let mut log = TRUE_LOG.clone();
        log.entries.iter_mut().for_each(|(_, _, leaf)| leaf[0] ^= 1);
        log.frontier[0] ^= 1;
        let problems = check(&log);
        assert_eq!(problems.len(), LISTED + 2);
        assert!(problems.iter().any(|problem| problem.code == "frontier"));
        assert_eq!(problems.last().unwrap().detail, "600 more of this kind are not listed");
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_found(which in 0..5, one: prop::sample::Index, at: prop::sample::Index, bit in 0_u8..8) {
            let mut log = TRUE_LOG.clone();
            let flip = |bytes: &mut [u8]| bytes[at.index(bytes.len())] ^= 1 << bit;
            match which {
                0 => { let one = one.index(log.entries.len()); flip(&mut log.entries[one].1) }
                1 => { let one = one.index(log.entries.len()); flip(&mut log.entries[one].2) }
                2 => { let one = one.index(log.tiles.len()); flip(&mut log.tiles[one].2) }
                3 => flip(&mut log.frontier),
                _ => {
                    let one = one.index(log.checkpoints.len());
                    let mut note = log.checkpoints[one].1.clone().into_bytes();
                    flip(&mut note);
                    // Text that is no UTF-8 cannot be fed.
                    log.checkpoints[one].1 = String::from_utf8(note).unwrap_or_default();
                }
            }
            prop_assert!(!check(&log).is_empty());
        }
    }
}
