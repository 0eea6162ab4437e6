//! Signs the head after its commit, keeps the note, and guards against a database that went back.
//!
//! Signing before the commit could sign what a power cut undoes. The newest head also stands in a file outside the
//! database: a database behind that file is a restored backup, and nothing is signed or changed on it.

use super::conn::AnyConnection;
use super::dialect::{begin_write, run};
use super::error::StoreError;
use super::log::{self, Edge};
use super::private::random;
use crate::tlog::Hash;
use crate::tlog::checkpoint::{CheckpointKey, CheckpointVerifier};
use crate::tlog::merkle::Frontier;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Holds the checkpoint key and the place of the head file.
pub struct Signer {
    key: CheckpointKey,
    head_file: PathBuf,
    signed: i64,
}

impl Signer {
    /// Names the key and the file `log-head` of the data folder.
    #[must_use]
    pub fn new(key: CheckpointKey, head_file: PathBuf) -> Self {
        Self { key, head_file, signed: 0 }
    }

    /// Signs the committed head unless it is signed already.
    ///
    /// # Errors
    /// [`StoreError::BehindHead`] when the head file names a later or another head; else a failure that may pass.
    pub fn sign(&mut self, conn: &mut AnyConnection, edge: Option<&Edge>) -> Result<(), StoreError> {
        let (size, root) = match edge {
            Some(edge) => (edge.size(), edge.frontier.root()),
            None => {
                let (size, frontier) = log::read_head(conn)?;
                let frontier = Frontier::from_bytes(u64::try_from(size).map_err(StoreError::damaged)?, &frontier);
                (size, frontier.map_err(StoreError::damaged)?.root())
            }
        };
        if size == 0 || size <= self.signed {
            return Ok(());
        }
        let published = self.guard(conn, size, root)?;
        let note = self.key.sign(u64::try_from(size).map_err(StoreError::damaged)?, root);
        begin_write(conn)?;
        log::keep_checkpoint(conn, size, &note)?;
        run(conn, "COMMIT")?;
        // Another node may have published a later head meanwhile: the file is only ever raised.
        if published.is_none_or(|known| known < size) {
            raise_head_file(&self.head_file, &note)?;
        }
        self.signed = size;
        Ok(())
    }

    /// Compares with the head file and returns the size it names: another process may have raised it, but never past
    /// the database.
    fn guard(&self, conn: &mut AnyConnection, size: i64, root: Hash) -> Result<Option<i64>, StoreError> {
        let Some((known, known_root)) = read_head_file(&self.head_file, &self.key.vkey())? else { return Ok(None) };
        let behind = |what: &str| Err(StoreError::BehindHead(format!("{what} at size {known}")));
        if known == size && known_root != root {
            return behind("another root was published");
        }
        // Another node may have committed since this one looked: only the database itself can be behind.
        if known > size && log::size(conn)? < known {
            return behind("a later head was published");
        }
        Ok(Some(known))
    }
}

/// Reads the head file: size and root of the last published head; none when there is no file yet.
///
/// # Errors
/// [`StoreError::File`] when it cannot be read, [`StoreError::BehindHead`] when its signature does not hold.
pub fn read_head_file(path: &Path, vkey: &str) -> Result<Option<(i64, Hash)>, StoreError> {
    let note = match std::fs::read_to_string(path) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::File(format!("{}: {error}", path.display()))),
    };
    let checkpoint = CheckpointVerifier::parse(vkey)
        .and_then(|verifier| verifier.verify(&note))
        .map_err(|error| StoreError::BehindHead(format!("the head file does not verify: {error}")))?;
    let size = i64::try_from(checkpoint.size).map_err(StoreError::damaged)?;
    Ok(Some((size, checkpoint.root)))
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
