//! Checks the whole log and the whole list in a database: every byte of the log, every column of every row.
//!
//! The log itself is checked by [`tlog::verify`](crate::tlog::verify). Here every row of the list is held against the
//! entry that recorded it, balances against the listings they belong to, and nothing may stand in a table that no
//! entry recorded.

use crate::store::fact::{Fact, compare};
use crate::store::private::{self, PrivateRow, PrivateValues, SubjectKeys};
use crate::store::rows::{AdjustmentRow, EnterpriseRow, ListingRow, SchemeRow, StopRow, TariffRow};
use crate::store::{
    AnyConnection, Installation, Store, StoreError, adjustments, dialect, enterprises, installation, listings, log,
    rulebook,
};
use crate::tlog::Hash;
use crate::tlog::checkpoint::CheckpointVerifier;
use crate::tlog::entry::{Entry, Value};
use crate::tlog::verify::{LogCheck, Problem};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Rows read at once.
const STRIDE: i64 = 2_000;

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
    /// Everything found.
    pub problems: Vec<ProblemView>,
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

/// Rows of one table in order of revision, a stretch at a time.
struct Rows<F> {
    ready: VecDeque<F>,
    read_to: i64,
    load: fn(&mut AnyConnection, i64) -> Result<Vec<F>, StoreError>,
}

impl<F: Fact> Rows<F> {
    fn new(load: fn(&mut AnyConnection, i64) -> Result<Vec<F>, StoreError>) -> Self {
        // Below every revision: a row that claims none of the log's is one too many.
        Self { ready: VecDeque::new(), read_to: i64::MIN, load }
    }

    fn peek(&mut self, conn: &mut AnyConnection) -> Result<Option<&F>, StoreError> {
        if self.ready.is_empty() {
            self.ready = (self.load)(conn, self.read_to)?.into();
            self.read_to = self.ready.back().map_or(i64::MAX, Fact::revision);
        }
        Ok(self.ready.front())
    }

    /// Takes the row of a revision; rows before it were recorded by no entry.
    fn take(
        &mut self,
        conn: &mut AnyConnection,
        revision: i64,
        extra: &mut Vec<String>,
    ) -> Result<Option<F>, StoreError> {
        while let Some(row) = self.peek(conn)? {
            if row.revision() > revision {
                return Ok(None);
            }
            let row = self.ready.pop_front();
            match row {
                Some(row) if row.revision() == revision => return Ok(Some(row)),
                Some(row) => extra.push(name(&row)),
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    fn rest(&mut self, conn: &mut AnyConnection, extra: &mut Vec<String>) -> Result<(), StoreError> {
        self.take(conn, i64::MAX, extra).map(drop)
    }
}

fn name<F: Fact>(row: &F) -> String {
    format!("{} {} version {}", F::KIND, row.entity_id(), row.version())
}

/// Takes the row of an entry from its table and holds it against the entry; yields the row.
macro_rules! take {
    ($check:ident, $conn:ident, $table:ident, $revision:ident, $entry:ident, $private:ident) => {{
        let mut extra = Vec::new();
        let row = $check.$table.take($conn, $revision, &mut extra)?;
        for place in extra {
            $check.problem("row-extra", place, "no entry of the log records it");
        }
        $check.held_against(row.as_ref(), &$entry, &$private);
        row
    }};
}

struct Check {
    log: LogCheck,
    /// Size of the signed head that somebody has seen.
    published: Option<u64>,
    origin: String,
    problems: Vec<ProblemView>,
    keys: SubjectKeys,
    sealed: VecDeque<PrivateRow>,
    sealed_to: i64,
    schemes: Rows<SchemeRow>,
    tariff: Rows<TariffRow>,
    enterprises: Rows<EnterpriseRow>,
    listings: Rows<ListingRow>,
    stops: Rows<StopRow>,
    /// Last entry about each adjustment.
    adjustments: BTreeMap<String, (Entry, PrivateValues)>,
    /// Opening balance of each listing.
    opened: BTreeMap<String, i64>,
}

impl Check {
    fn new(verifier: CheckpointVerifier, remembered: Option<(u64, Hash)>) -> Self {
        Self {
            origin: verifier.origin().as_str().to_owned(),
            log: LogCheck::new(verifier, remembered),
            published: remembered.map(|(size, _)| size),
            problems: Vec::new(),
            keys: SubjectKeys::default(),
            sealed: VecDeque::new(),
            sealed_to: i64::MIN,
            schemes: Rows::new(rulebook::schemes_since),
            tariff: Rows::new(|conn, after| rulebook::tariff_since(conn, after, STRIDE)),
            enterprises: Rows::new(|conn, after| enterprises::since(conn, after, STRIDE)),
            listings: Rows::new(|conn, after| listings::since(conn, after, STRIDE)),
            stops: Rows::new(rulebook::stops_since),
            adjustments: BTreeMap::new(),
            opened: BTreeMap::new(),
        }
    }

    fn problem(&mut self, code: &str, where_: String, detail: impl Into<String>) {
        self.problems.push(ProblemView { code: code.to_owned(), where_, detail: detail.into() });
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
            published = published.filter(|published| *published != size);
            self.log.checkpoint(size, &note);
        }
        // A log that is shorter than what was published is told as a rollback.
        if let Some(size) = published.filter(|published| *published <= total) {
            self.problem(
                "checkpoint-missing",
                format!("checkpoint {size}"),
                "it was published, the table does not hold it",
            );
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
                self.log.entry(index, &row.leaf, Some(&row.leaf_hash));
                entries = entries.saturating_add(1);
                self.entry(conn, row.revision, &row.leaf)?;
            }
            progress(entries, total);
        }
        self.tiles(conn)?;
        self.rest(conn)?;
        self.adjustments(conn)?;
        let counted = self.balances(conn)?;
        let root = crate::tlog::merkle::Frontier::from_bytes(total, &frontier)
            .map_or_else(|_| String::new(), |edge| edge.root().to_string());
        let mut problems: Vec<ProblemView> =
            self.log.finish(total, Some(&frontier)).into_iter().map(ProblemView::from).collect();
        problems.extend(self.problems);
        Ok(Verification {
            ok: problems.is_empty(),
            origin: self.origin,
            revision: size,
            root,
            entries,
            listings: counted,
            problems,
        })
    }

    fn entry(&mut self, conn: &mut AnyConnection, revision: i64, leaf: &[u8]) -> Result<(), StoreError> {
        // What is no entry has been told by the log's own check.
        let Ok(entry) = Entry::from_leaf(leaf) else { return Ok(()) };
        if entry.event == "log.created" {
            self.installation(conn, &entry)?;
        }
        if entry.after.is_none() {
            return Ok(());
        }
        let Some(private) = self.private(conn, revision)? else { return Ok(()) };
        match entry.entity.kind.as_str() {
            SchemeRow::KIND => drop(take!(self, conn, schemes, revision, entry, private)),
            TariffRow::KIND => drop(take!(self, conn, tariff, revision, entry, private)),
            EnterpriseRow::KIND => drop(take!(self, conn, enterprises, revision, entry, private)),
            StopRow::KIND => drop(take!(self, conn, stops, revision, entry, private)),
            ListingRow::KIND => {
                let row = take!(self, conn, listings, revision, entry, private);
                if let Some(row) = row.filter(|row| row.version == 1) {
                    self.opened.insert(row.number, row.used);
                }
            }
            AdjustmentRow::KIND => {
                self.adjustments.insert(entry.entity.id.clone(), (entry, private));
            }
            other => {
                self.problem("entity-unknown", format!("entry {revision}"), format!("no table holds `{other}`"));
            }
        }
        Ok(())
    }

    fn installation(&mut self, conn: &mut AnyConnection, entry: &Entry) -> Result<(), StoreError> {
        let found = match installation::find(conn) {
            Ok(found) => found,
            Err(StoreError::Damaged(_)) => None,
            Err(error) => return Err(error),
        };
        let Some(Installation { environment, origin, shard }) = found else {
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

    fn private(&mut self, conn: &mut AnyConnection, revision: i64) -> Result<Option<PrivateValues>, StoreError> {
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
            Ok(values) => Ok(Some(values)),
            Err(error) => {
                self.problem("private-damaged", format!("entry {revision}"), error.to_string());
                Ok(None)
            }
        }
    }

    fn held_against<F: Fact>(&mut self, row: Option<&F>, entry: &Entry, private: &PrivateValues) {
        let place = format!("{} {} version {}", entry.entity.kind, entry.entity.id, entry.entity.version);
        let Some(row) = row else {
            self.problem("row-missing", place, "the log records it, the table does not hold it");
            return;
        };
        let same = row.entity_id() == entry.entity.id && u64::try_from(row.version()) == Ok(entry.entity.version);
        let difference = match compare(row, entry, private) {
            Ok(None) if same => return,
            Ok(None) => "it is another row than the log records".to_owned(),
            Ok(Some(difference)) => difference,
            Err(error) => error.to_string(),
        };
        self.problem("row-differs", place, difference);
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

    fn rest(&mut self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        let mut extra = Vec::new();
        self.schemes.rest(conn, &mut extra)?;
        self.tariff.rest(conn, &mut extra)?;
        self.enterprises.rest(conn, &mut extra)?;
        self.listings.rest(conn, &mut extra)?;
        self.stops.rest(conn, &mut extra)?;
        for place in extra {
            self.problem("row-extra", place, "no entry of the log records it");
        }
        let mut left: Vec<PrivateRow> = self.sealed.drain(..).collect();
        left.extend(private::list(conn, self.sealed_to, STRIDE)?);
        for row in left {
            self.problem(
                "private-extra",
                format!("private values of revision {}", row.revision),
                "no entry asks for them",
            );
        }
        Ok(())
    }

    fn adjustments(&mut self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let rows = adjustments::all(conn, &after, 100)?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.id);
            for row in &rows {
                match self.adjustments.remove(&row.id) {
                    Some((entry, private)) => self.held_against(Some(row), &entry, &private),
                    None => self.problem("row-extra", name(row), "no entry of the log records it"),
                }
            }
        }
        for (entry, private) in std::mem::take(&mut self.adjustments).into_values() {
            self.held_against(None::<&AdjustmentRow>, &entry, &private);
        }
        Ok(())
    }

    fn balances(&mut self, conn: &mut AnyConnection) -> Result<usize, StoreError> {
        let counted = self.opened.len();
        let mut after = String::new();
        loop {
            let rows = listings::list_balances(conn, &after, STRIDE)?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.listing);
            for row in &rows {
                let place = format!("balance of {}", row.listing);
                match self.opened.remove(&row.listing) {
                    Some(used) if row.reserved == 0 && row.confirmed == used => {}
                    Some(_) => self.problem("balance-differs", place, "it is not what the log's movements come to"),
                    None => self.problem("balance-extra", place, "no listing of the log has it"),
                }
            }
        }
        for number in std::mem::take(&mut self.opened).into_keys() {
            self.problem("balance-missing", format!("balance of {number}"), "the table does not hold it");
        }
        Ok(counted)
    }
}
