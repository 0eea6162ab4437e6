//! Checks the whole log and the whole list in a database: every byte of the log, every column of every row.
//!
//! The log itself is checked by [`tlog::verify`](crate::tlog::verify). Here every row of the list is held against the
//! entry that recorded it, balances against the listings they belong to, and nothing may stand in a table that no
//! entry recorded.

mod balances;
pub mod files;
pub mod rebuild;
mod tables;

use crate::app::{accesses, seals};
use crate::domain::validity::Instant;
use crate::store::erasures::{self, ErasedRow};
use crate::store::keep::timestamps;
use crate::store::private::{self, PrivateRow, PrivateValues, SubjectKeys};
use crate::store::{AnyConnection, Installation, Store, StoreError, dialect, installation, log};
use crate::tlog::Hash;
use crate::tlog::checkpoint::CheckpointVerifier;
use crate::tlog::entry::{Entry, Value};
use crate::tlog::shards::Shard;
use crate::tlog::timestamp;
use crate::tlog::verify::{LogCheck, Problem};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use tables::Tables;

/// Rows read at once.
const STRIDE: i64 = 2_000;

/// Problems found so far.
#[derive(Debug, Default)]
struct Problems(Vec<ProblemView>);

impl Problems {
    fn add(&mut self, code: &str, where_: String, detail: impl Into<String>) {
        self.0.push(ProblemView { code: code.to_owned(), where_, detail: detail.into() });
    }
}

/// What the check found.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// No problem.
    pub ok: bool,
    /// Name of the log.
    pub origin: String,
    /// Number of entries.
    pub revision: i64,
    /// Root of the tree.
    pub root: String,
    /// Entries read.
    pub entries: u64,
    /// Listings held against the log.
    pub listings: usize,
    /// Entries under the newest head that enough witnesses signed, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosigned: Option<u64>,
    /// Entries under the newest head that is signed with SM2 too, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sm2: Option<u64>,
    /// The newest head that an authority stamped with the time, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamped: Option<StampedHead>,
    /// Where the log went on under another name or key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ShardView>,
    /// Everything found.
    pub problems: Vec<ProblemView>,
}

impl Verification {
    /// Judges the signatures of witnesses by the newest head that enough of them signed.
    pub fn judge_witnesses(&mut self, cosigned: Option<u64>) {
        self.cosigned = cosigned;
        if cosigned.is_none() {
            self.ok = false;
            self.problems.push(ProblemView {
                code: "quorum-missing".to_owned(),
                where_: "checkpoint".to_owned(),
                detail: "no head is signed by enough witnesses".to_owned(),
            });
        }
    }
}

/// A head with its time stamp. Whether the authority signed it is for openssl to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StampedHead {
    /// Entries under it.
    pub entries: u64,
    /// When it was there at the latest, as the authority says.
    pub at: Instant,
}

impl StampedHead {
    /// Reads the stamp over a head; says what is wrong with it, as a fixed word and for people.
    fn read(size: u64, note: &str, reply: &[u8]) -> Result<Self, (&'static str, String)> {
        match timestamp::read(reply) {
            Ok(stamp) if stamp.imprint == timestamp::imprint(note.as_bytes()) => {
                Ok(Self { entries: size, at: Instant::from_micros(stamp.at) })
            }
            Ok(stamp) => Err(("timestamp-imprint", format!("is over something else: `{}`", stamp.imprint))),
            Err(error) => Err(("timestamp-malformed", error.to_string())),
        }
    }
}

/// A shard of the log after the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShardView {
    /// Name of the log from then on.
    pub origin: String,
    /// Revision of the entry that opens it.
    pub from: u64,
    /// Why: `restored` or `key_rotated`.
    pub cause: String,
    /// Published entries of the shard before it that are not in the log any more.
    pub lost: u64,
}

impl From<&Shard> for ShardView {
    fn from(shard: &Shard) -> Self {
        let Shard { origin, first, cause, .. } = shard;
        Self { origin: origin.clone(), from: first.saturating_add(1), cause: cause.clone(), lost: shard.lost() }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemView {
    /// Fixed word.
    pub code: String,
    /// Place.
    #[serde(rename = "where")]
    pub where_: String,
    /// For people.
    pub detail: String,
}

impl From<Problem> for ProblemView {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code.to_owned(), where_: problem.where_, detail: problem.detail }
    }
}

/// Writes out a row of a kind as the log tells it, with what was never said.
///
/// # Errors
/// [`StoreError::Damaged`] for a kind that no table holds and a row that is none.
pub fn whole_row(kind: &str, row: serde_json::Value) -> Result<serde_json::Value, StoreError> {
    Tables::new().whole(kind, row)
}

/// Verifies a database; `progress` is told how many of how many entries are done. `remembered` is size and root of
/// a signed head that somebody has seen: the log must go on from it and still hold its checkpoint.
///
/// # Errors
/// The database's failure only: what is wrong in it is an answer.
pub fn database(
    store: &Store,
    vkey: &str,
    remembered: Option<(u64, Hash)>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verification, StoreError> {
    let verifier = CheckpointVerifier::parse(vkey).map_err(StoreError::damaged)?;
    store.read(|conn| dialect::snapshot(conn, |conn| Check::new(verifier, remembered).run(conn, progress)))
}

/// What stands beside an entry of a row.
enum Kept {
    /// Its private values, sealed.
    Sealed(PrivateValues),
    /// They were erased: the row as it stands afterwards.
    Erased(ErasedRow),
}

struct Check {
    log: LogCheck,
    /// The signed head that somebody has seen.
    published: Option<(u64, Hash)>,
    origin: String,
    problems: Problems,
    keys: SubjectKeys,
    sealed: VecDeque<PrivateRow>,
    sealed_to: i64,
    /// Rows whose personal values were erased, as their erasures keep them.
    erased: BTreeMap<i64, ErasedRow>,
    tables: Tables,
}

impl Check {
    fn new(verifier: CheckpointVerifier, remembered: Option<(u64, Hash)>) -> Self {
        Self {
            origin: verifier.origin().as_str().to_owned(),
            log: LogCheck::new(verifier, remembered),
            published: remembered,
            problems: Problems::default(),
            keys: SubjectKeys::default(),
            sealed: VecDeque::new(),
            sealed_to: i64::MIN,
            erased: BTreeMap::new(),
            tables: Tables::new(),
        }
    }

    fn problem(&mut self, code: &str, where_: String, detail: impl Into<String>) {
        self.problems.add(code, where_, detail);
    }

    fn run(mut self, conn: &mut AnyConnection, progress: &mut dyn FnMut(u64, u64)) -> Result<Verification, StoreError> {
        let (size, frontier) = match log::read_head(conn) {
            Ok(head) => head,
            Err(StoreError::Damaged(what)) => {
                self.problem("head-missing", "head".to_owned(), what);
                (0, Vec::new())
            }
            Err(error) => return Err(error),
        };
        let total = u64::try_from(size).unwrap_or_default();
        let mut published = self.published;
        for (size, note) in log::list_checkpoints(conn)? {
            let size = u64::try_from(size).unwrap_or(u64::MAX);
            published = published.filter(|(published, _)| *published != size);
            self.log.checkpoint(size, &note);
        }
        match erasures::erased(conn) {
            Ok(erased) => self.erased = erased,
            Err(StoreError::Damaged(what)) => self.problem("erasure-damaged", "erasures".to_owned(), what),
            Err(error) => return Err(error),
        }
        let mut entries = 0_u64;
        let mut after = i64::MIN;
        loop {
            let rows = log::list_entries(conn, after, STRIDE)?;
            let Some(last) = rows.last() else { break };
            after = last.revision;
            for row in &rows {
                let Some(index) = u64::try_from(row.revision).ok().and_then(|revision| revision.checked_sub(1)) else {
                    self.problem("entry-extra", format!("entry {}", row.revision), "no log has it");
                    continue;
                };
                let entry = self.log.entry(index, &row.leaf, Some(&row.leaf_hash));
                entries = entries.saturating_add(1);
                // What is no entry has been told by the log's own check.
                if let Some(entry) = entry {
                    self.entry(conn, row.revision, entry)?;
                }
            }
            progress(entries, total);
        }
        // A log that is shorter than what was published is told as a rollback; what a restored backup lost, its shard says.
        if let Some((size, _)) = published.filter(|(size, root)| *size <= total && !self.log.admits(*size, *root)) {
            self.problem(
                "checkpoint-missing",
                format!("checkpoint {size}"),
                "it was published, the table does not hold it",
            );
        }
        self.tiles(conn)?;
        self.rest(conn)?;
        let timestamped = self.stamps(conn)?;
        let counted = self.tables.finish(conn, &mut self.problems)?;
        let problems = &mut self.problems;
        seals::check(conn, |seal, what| problems.add("answers-changed", format!("seal {seal}"), what))?;
        accesses::check(conn, |seal, what| problems.add("accesses-changed", format!("seal {seal}"), what))?;
        let root = crate::tlog::merkle::Frontier::from_bytes(total, &frontier)
            .map_or_else(|_| String::new(), |edge| edge.root().to_string());
        let shards = self.log.shards().iter().map(ShardView::from).collect();
        let sm2 = self.log.nationally_signed();
        let mut problems: Vec<ProblemView> =
            self.log.finish(total, Some(&frontier)).into_iter().map(ProblemView::from).collect();
        problems.extend(self.problems.0);
        Ok(Verification {
            ok: problems.is_empty(),
            origin: self.origin,
            revision: size,
            root,
            entries,
            listings: counted,
            cosigned: None,
            sm2,
            timestamped,
            shards,
            problems,
        })
    }

    fn entry(&mut self, conn: &mut AnyConnection, revision: i64, entry: Entry) -> Result<(), StoreError> {
        if entry.event == "log.created" {
            self.installation(conn, &entry)?;
        }
        if entry.after.is_none() {
            return Ok(());
        }
        let Some(private) = self.private(conn, revision)? else { return Ok(()) };
        self.tables.entry(conn, revision, entry, private, &mut self.problems)
    }

    fn installation(&mut self, conn: &mut AnyConnection, entry: &Entry) -> Result<(), StoreError> {
        let found = match installation::founded(conn) {
            Ok(found) => found,
            Err(StoreError::Damaged(_)) => None,
            Err(error) => return Err(error),
        };
        let Some(Installation { environment, origin, shard, .. }) = found else {
            self.problem("installation", "installation".to_owned(), "the row is missing or damaged");
            return Ok(());
        };
        let stated = [("/environment", environment.as_str()), ("/origin", &origin), ("/shard", &shard)];
        for (path, value) in stated {
            let logged = entry.changes.iter().find(|change| change.path == path).and_then(|change| change.new.clone());
            if logged != Some(Value::Plain(value.into())) {
                self.problem("installation", format!("installation {path}"), "differs from the log's first entry");
            }
        }
        Ok(())
    }

    fn private(&mut self, conn: &mut AnyConnection, revision: i64) -> Result<Option<Kept>, StoreError> {
        if let Some(row) = self.erased.remove(&revision) {
            return Ok(Some(Kept::Erased(row)));
        }
        if self.sealed.is_empty() {
            self.sealed = private::list(conn, self.sealed_to, STRIDE)?.into();
            self.sealed_to = self.sealed.back().map_or(i64::MAX, |row| row.revision);
        }
        while let Some(row) = self.sealed.front().filter(|row| row.revision < revision).cloned() {
            self.problem(
                "private-extra",
                format!("private values of revision {}", row.revision),
                "no entry asks for them",
            );
            self.sealed.pop_front();
        }
        let Some(row) = self.sealed.front().filter(|row| row.revision == revision).cloned() else {
            self.problem(
                "private-missing",
                format!("entry {revision}"),
                "its private values are gone without an erasure",
            );
            return Ok(None);
        };
        self.sealed.pop_front();
        let opened = match self.keys.find(conn, &row.subject) {
            Ok(Some(key)) => private::open(&key, &row),
            Ok(None) => Err(StoreError::Damaged(format!("the key of `{}` is missing", row.subject))),
            Err(StoreError::Damaged(what)) => Err(StoreError::Damaged(what)),
            Err(error) => return Err(error),
        };
        match opened {
            Ok(values) => Ok(Some(Kept::Sealed(values))),
            Err(error) => {
                self.problem("private-damaged", format!("entry {revision}"), error.to_string());
                Ok(None)
            }
        }
    }

    fn tiles(&mut self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        let mut after = Some((i32::MIN, i64::MIN));
        loop {
            let tiles = log::list_tiles(conn, after, STRIDE)?;
            let Some((level, tile, _)) = tiles.last() else { return Ok(()) };
            after = Some((*level, *tile));
            for (level, tile, hashes) in &tiles {
                match (u8::try_from(*level), u64::try_from(*tile)) {
                    (Ok(level), Ok(tile)) => self.log.tile(level, tile, hashes),
                    _ => self.problem("tile-extra", format!("tile {level}/{tile}"), "no tree has it"),
                }
            }
        }
    }

    fn stamps(&mut self, conn: &mut AnyConnection) -> Result<Option<StampedHead>, StoreError> {
        let (mut after, mut newest) = (0, None);
        loop {
            let stamps = timestamps::behind(conn, after, STRIDE)?;
            let Some((last, _)) = stamps.last() else { return Ok(newest) };
            after = last.size;
            for (row, note) in &stamps {
                let size = u64::try_from(row.size).unwrap_or_default();
                let read = match note {
                    Some(note) => StampedHead::read(size, note, &row.reply),
                    None => Err(("timestamp-head", "no such head was signed".to_owned())),
                };
                match read {
                    Ok(stamped) => newest = Some(stamped),
                    Err((code, detail)) => self.problem(code, format!("time stamp of checkpoint {}", row.size), detail),
                }
            }
        }
    }

    fn rest(&mut self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        let mut left: Vec<PrivateRow> = self.sealed.drain(..).collect();
        left.extend(private::list(conn, self.sealed_to, STRIDE)?);
        for (revision, row) in std::mem::take(&mut self.erased) {
            self.problem(
                "erasure-extra",
                format!("{} of revision {revision}", row.kind),
                "no entry records what was erased",
            );
        }
        for row in left {
            self.problem(
                "private-extra",
                format!("private values of revision {}", row.revision),
                "no entry asks for them",
            );
        }
        Ok(())
    }
}
