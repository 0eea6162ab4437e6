//! The drill: the list and its books are built again, from the log alone, in a fresh database beside this one, and both
//! are compared table by table.
//!
//! What a log is worth shows when everything else is lost. Entries tell every column of every row, plainly or as a
//! commitment to a sealed value; versions and balances are never read from the tables they are compared with. The database
//! itself is only read.

use super::balances;
use super::tables::Tables;
use crate::app::App;
use crate::store::conn::migrate;
use crate::store::erasures::{self, ErasedRow};
use crate::store::private::{self, PrivateValues, SubjectKeys};
use crate::store::{AnyConnection, DatabaseUrl, Store, StoreError, dialect, log};
use crate::tlog::entry::{Entry, Value as Logged};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::atomic::Ordering;

/// Entries read together.
const STRIDE: i64 = 2_000;

/// How the books are called among the tables.
const BOOKS: &str = "books";

/// What the drill found.
#[derive(Debug, Serialize)]
pub struct Drill {
    /// Every table is the same.
    pub ok: bool,
    /// Number of entries that the list was rebuilt from.
    pub revision: i64,
    /// Each table of facts, and the books.
    pub tables: Vec<Compared>,
}

/// A table here and rebuilt.
#[derive(Debug, Serialize)]
pub struct Compared {
    /// Kind of entity that it holds.
    pub kind: String,
    /// Rows here.
    pub rows: u64,
    /// SHA-256 over the rows here, in order.
    pub digest: String,
    /// Rows rebuilt.
    pub rebuilt_rows: u64,
    /// SHA-256 over the rows rebuilt.
    pub rebuilt_digest: String,
    /// Whether both are the same.
    pub same: bool,
}

/// Rebuilds the list of a database in `folder`, which must be empty, and compares; `progress` is told how many of how many
/// entries are done. The folder then holds personal data: whoever made it removes it.
///
/// # Errors
/// [`StoreError::Damaged`] when the log does not tell a row; the database's failure.
pub fn drill(store: &Store, folder: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Drill, StoreError> {
    let mut fresh = DatabaseUrl::Sqlite(folder.join("rebuilt")).open()?;
    migrate(&mut fresh)?;
    store.read(|conn| {
        dialect::snapshot(conn, |conn| {
            let tables = Tables::new();
            let (revision, _) = log::read_head(conn)?;
            rebuild(conn, &mut fresh, &tables, revision, progress)?;
            let mut compared = Vec::new();
            for kind in tables.kinds().into_iter().chain([BOOKS]) {
                let (rows, digest) = digest(conn, &tables, kind)?;
                let (rebuilt_rows, rebuilt_digest) = self::digest(&mut fresh, &tables, kind)?;
                let same = (rows, &digest) == (rebuilt_rows, &rebuilt_digest);
                compared.push(Compared { kind: kind.to_owned(), rows, digest, rebuilt_rows, rebuilt_digest, same });
            }
            Ok(Drill { ok: compared.iter().all(|table| table.same), revision, tables: compared })
        })
    })
}

impl App {
    /// Rebuilds the list in a database of its own, compares, and removes that database.
    ///
    /// # Errors
    /// As [`drill`]; [`StoreError::Unreachable`] when no folder can be made.
    pub fn rebuild_beside(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Drill, StoreError> {
        let folder = std::env::temp_dir().join(format!("whitelist-rebuild-{}", hex::encode(private::random::<8>()?)));
        // For nobody else: what is sealed is open in it.
        let made = std::fs::DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|error| StoreError::Unreachable(format!("{}: {error}", folder.display())))?;
        let result = drill(&self.store, &folder, progress);
        if let Err(error) = std::fs::remove_dir_all(&folder) {
            tracing::error!(folder = %folder.display(), %error, "a rebuilt list is left over; remove it by hand");
        }
        result
    }

    /// Holds the drill and keeps what it found for the figures; a difference is an alarm.
    pub fn hold_drill(&self) {
        let differing = match self.rebuild_beside(&mut |_, _| {}) {
            Ok(drill) => {
                let differing: Vec<&str> =
                    drill.tables.iter().filter(|table| !table.same).map(|table| table.kind.as_str()).collect();
                match differing.as_slice() {
                    [] => {
                        tracing::info!(revision = drill.revision, "the list was rebuilt from the log and is the same")
                    }
                    tables => {
                        tracing::error!(?tables, revision = drill.revision, "the list is not what the log rebuilds")
                    }
                }
                i64::try_from(differing.len()).unwrap_or(i64::MAX)
            }
            Err(error) => {
                tracing::error!(%error, "the list could not be rebuilt from the log");
                -1
            }
        };
        self.swept.rebuilt_differing.store(differing, Ordering::Relaxed);
        self.swept.rebuilt_at.store(self.clock.now().micros() / 1_000_000, Ordering::Relaxed);
    }
}

fn rebuild(
    conn: &mut AnyConnection,
    fresh: &mut AnyConnection,
    tables: &Tables,
    size: i64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StoreError> {
    let erased = erasures::erased(conn)?;
    let mut told =
        Told { rows: BTreeMap::new(), erased, keys: SubjectKeys::default(), sealed: VecDeque::new(), sealed_to: 0 };
    let total = u64::try_from(size).unwrap_or_default();
    let mut after = 0;
    dialect::begin_write(fresh)?;
    while after < size {
        let entries = log::list_entries(conn, after, STRIDE)?;
        let Some(last) = entries.last() else { break };
        after = last.revision;
        for entry in &entries {
            let (revision, entry) = (entry.revision, Entry::from_leaf(&entry.leaf).map_err(StoreError::damaged)?);
            // A fact about the log itself has no row.
            if entry.after.is_none() {
                continue;
            }
            let row = told.row(conn, revision, &entry)?;
            // A new listing opens its balance.
            tables.rebuild(fresh, &entry.entity.kind, Value::Object(row))?;
        }
        progress(u64::try_from(after).unwrap_or_default(), total);
    }
    balances::rebuild(fresh)?;
    dialect::run(fresh, "COMMIT")
}

/// What the entries told so far.
struct Told {
    /// The last row of each entity, by kind and id.
    rows: BTreeMap<(String, String), Map<String, Value>>,
    /// Rows whose personal values were erased: what is left of them, their erasures tell.
    erased: BTreeMap<i64, ErasedRow>,
    keys: SubjectKeys,
    sealed: VecDeque<private::PrivateRow>,
    sealed_to: i64,
}

impl Told {
    /// Tells the row that an entry recorded: the row before with what changed.
    fn row(
        &mut self,
        conn: &mut AnyConnection,
        revision: i64,
        entry: &Entry,
    ) -> Result<Map<String, Value>, StoreError> {
        if let Some(ErasedRow { row: Value::Object(kept), .. }) = self.erased.remove(&revision) {
            self.rows.insert((entry.entity.kind.clone(), entry.entity.id.clone()), kept.clone());
            return Ok(kept);
        }
        let private = self.private(conn, revision)?;
        let row = self.rows.entry((entry.entity.kind.clone(), entry.entity.id.clone())).or_default();
        carry(row, revision, entry, &private)?;
        Ok(row.clone())
    }

    fn private(&mut self, conn: &mut AnyConnection, revision: i64) -> Result<PrivateValues, StoreError> {
        loop {
            if self.sealed.is_empty() {
                self.sealed = private::list(conn, self.sealed_to, STRIDE)?.into();
                self.sealed_to = self.sealed.back().map_or(i64::MAX, |row| row.revision);
            }
            let gone = || StoreError::Damaged(format!("the private values of revision {revision} are gone"));
            let row = self.sealed.pop_front().ok_or_else(gone)?;
            if row.revision == revision {
                let key = self.keys.find(conn, &row.subject)?.ok_or_else(gone)?;
                return private::open(&key, &row);
            }
            if row.revision > revision {
                return Err(gone());
            }
        }
    }
}

/// Carries what an entry changed into the row before it.
///
/// # Errors
/// [`StoreError::Damaged`] when a value that it commits to is gone.
pub fn carry(
    row: &mut Map<String, Value>,
    revision: i64,
    entry: &Entry,
    private: &PrivateValues,
) -> Result<(), StoreError> {
    for change in &entry.changes {
        let value = match &change.new {
            None => Value::Null,
            Some(Logged::Plain(value)) => value.clone(),
            Some(Logged::Committed(_)) => private.values.get(&change.path).cloned().ok_or_else(|| {
                StoreError::Damaged(format!("entry {revision} commits to `{}`, whose value is gone", change.path))
            })?,
        };
        row.insert(change.path.trim_start_matches('/').to_owned(), value);
    }
    let at = crate::domain::validity::Instant::parse(&entry.at).map_err(|_| StoreError::damaged("an instant"))?;
    row.insert("version".to_owned(), json!(entry.entity.version));
    row.insert("revision".to_owned(), json!(revision));
    row.insert("recorded_at".to_owned(), json!(at.micros()));
    Ok(())
}

fn digest(conn: &mut AnyConnection, tables: &Tables, kind: &str) -> Result<(u64, String), StoreError> {
    let (mut count, mut hash) = (0_u64, Sha256::new());
    let mut each = |row: &[u8]| {
        count = count.saturating_add(1);
        hash.update(u64::try_from(row.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(row);
    };
    if kind == BOOKS {
        balances::each_booking(conn, &mut each)?;
    } else {
        tables.rows(conn, kind, &mut each)?;
    }
    Ok((count, hex::encode(hash.finalize())))
}
