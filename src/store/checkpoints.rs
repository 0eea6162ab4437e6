//! Signs the head after its commit, keeps the note, and guards against a database that went back.
//!
//! Signing before the commit could sign what a power cut undoes. The newest head also stands in a file outside the
//! database: a database behind that file is a restored backup, and nothing is signed or changed on it.

use super::conn::AnyConnection;
use super::dialect::{begin_write, run};
use super::error::StoreError;
use super::installation;
use super::log::{self, Edge};
use super::private::random;
use super::shards::ShardRow;
use crate::tlog::Hash;
use crate::tlog::checkpoint::{CheckpointKey, CheckpointVerifier};
use crate::tlog::sm2::Sm2Key;
use arc_swap::ArcSwapOption;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Holds the checkpoint key and the place of the head file.
pub struct Signer {
    key: CheckpointKey,
    head_file: PathBuf,
    signed: i64,
    before: Option<Before>,
    /// The SM2 key that signs beside, while there is one.
    beside: Arc<ArcSwapOption<Sm2Key>>,
}

/// The shard before this one.
struct Before {
    /// The row that states its last published head.
    row: ShardRow,
    /// Its key, where that is still at hand: it signs the first head of this shard too, so that whoever knows it may go on.
    key: Option<CheckpointKey>,
}

/// What the head file names.
enum Published {
    /// Nothing yet.
    Nothing,
    /// The last head of the shard before.
    Before,
    /// A head of this size.
    Size(i64),
}

impl Signer {
    /// Names the key and the file `log-head` of the data folder.
    #[must_use]
    pub fn new(key: CheckpointKey, head_file: PathBuf) -> Self {
        Self { key, head_file, signed: 0, before: None, beside: Arc::default() }
    }

    /// Names the shard that this one goes on from: the row that opened this one, and the key before.
    #[must_use]
    pub fn after(self, row: ShardRow, key: Option<CheckpointKey>) -> Self {
        Self { before: Some(Before { row, key }), ..self }
    }

    /// Signs with the SM2 key too that stands there at the time.
    #[must_use]
    pub fn beside(self, beside: Arc<ArcSwapOption<Sm2Key>>) -> Self {
        Self { beside, ..self }
    }

    /// Signs the committed head unless it is signed already.
    ///
    /// # Errors
    /// [`StoreError::BehindHead`] when the head file names a later or another head, or the log has gone on in another
    /// shard; else a failure that may pass.
    pub fn sign(&mut self, conn: &mut AnyConnection, edge: Option<&Edge>) -> Result<(), StoreError> {
        let (size, root) = match edge {
            Some(edge) => (edge.size(), edge.frontier.root()),
            None => log::read_root(conn)?,
        };
        if size == 0 || size <= self.signed {
            return Ok(());
        }
        let published = self.guard(conn, size, root)?;
        let mut note = self.key.sign(u64::try_from(size).map_err(StoreError::damaged)?, root);
        let before = self.before.as_ref().and_then(|before| before.key.as_ref());
        if let (Published::Nothing | Published::Before, Some(before)) = (&published, before) {
            note = before.countersign(&note);
        }
        if let Some(national) = self.beside.load_full() {
            note = national.beside(&note);
        }
        begin_write(conn)?;
        if let Some(other) = installation::find(conn)?.filter(|found| found.origin != self.key.origin().as_str()) {
            run(conn, "ROLLBACK")?;
            return Err(StoreError::BehindHead(format!(
                "the log goes on as `{}`; start this service again",
                other.origin
            )));
        }
        log::keep_checkpoint(conn, size, &note)?;
        run(conn, "COMMIT")?;
        // Another node may have published a later head meanwhile: the file is only ever raised.
        if !matches!(published, Published::Size(known) if known >= size) {
            raise_head_file(&self.head_file, &note)?;
        }
        self.signed = size;
        Ok(())
    }

    /// Compares with the head file and returns what it names: another process may have raised it, but never past the
    /// database.
    fn guard(&self, conn: &mut AnyConnection, size: i64, root: Hash) -> Result<Published, StoreError> {
        let Some(note) = read_note(&self.head_file)? else { return Ok(Published::Nothing) };
        let behind = |what: &str| Err(StoreError::BehindHead(what.to_owned()));
        let before = self.before.as_ref().map(|before| &before.row);
        if let Some(row) = before.filter(|row| note.lines().next() == Some(row.old_origin.as_str())) {
            let (known, known_root) = verified(&note, &row.old_vkey)?;
            if known > row.old_size || (known == row.old_size && known_root.to_string() != row.old_root) {
                return behind("the shard before this one published another head than this one goes on from");
            }
            return Ok(Published::Before);
        }
        let (known, known_root) = verified(&note, &self.key.vkey())?;
        if known == size && known_root != root {
            return behind(&format!("another root of the log was published at size {known}"));
        }
        // Another node may have committed since this one looked: only the database itself can be behind.
        if known > size && log::size(conn)? < known {
            return behind(&format!("the database is behind the published head of its log, which has {known} entries"));
        }
        // Once: what follows in this process, the writer holds against every head that it has seen.
        if known < size && self.signed == 0 && !log::goes_on_from(conn, (known, known_root), (size, root))? {
            return behind(&format!("the log does not go on from its published head of {known} entries"));
        }
        Ok(Published::Size(known))
    }
}

/// Reads the head file: size and root of the last published head; none when there is no file yet.
///
/// # Errors
/// [`StoreError::File`] when it cannot be read, [`StoreError::BehindHead`] when its signature does not hold.
pub fn read_head_file(path: &Path, vkey: &str) -> Result<Option<(i64, Hash)>, StoreError> {
    read_note(path)?.map(|note| verified(&note, vkey)).transpose()
}

/// Reads the note in the head file, unverified; none when there is no file yet.
///
/// # Errors
/// [`StoreError::File`] when it cannot be read.
pub fn read_note(path: &Path) -> Result<Option<String>, StoreError> {
    match std::fs::read_to_string(path) {
        Ok(note) => Ok(Some(note)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::File(format!("{}: {error}", path.display()))),
    }
}

fn verified(note: &str, vkey: &str) -> Result<(i64, Hash), StoreError> {
    let checkpoint = CheckpointVerifier::parse(vkey)
        .and_then(|verifier| verifier.verify(note))
        .map_err(|error| StoreError::BehindHead(format!("the head file does not verify: {error}")))?;
    Ok((i64::try_from(checkpoint.size).map_err(StoreError::damaged)?, checkpoint.root))
}

/// Replaces the head file at once, whole or not at all.
fn raise_head_file(path: &Path, note: &str) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::File(format!("{}: {error}", path.display()));
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let new = folder.join(format!(".log-head.{}", hex::encode(random::<8>()?)));
    let mut file = std::fs::File::create(&new).map_err(failed)?;
    file.write_all(note.as_bytes()).and_then(|()| file.sync_data()).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)
}
