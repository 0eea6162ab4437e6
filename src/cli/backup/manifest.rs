//! What a backup says of itself: which log it holds and how long that was, and the digest of each of its files.

use crate::cli::Failure;
use crate::domain::validity::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Name of the manifest in the folder of a backup.
pub const NAME: &str = "manifest.json";

/// Name of the database in it.
pub const DATABASE: &str = "whitelist.db";

/// Form of the manifest.
const FORM: u32 = 1;

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Path in the folder, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Form of the manifest.
    pub form: u32,
    /// Version of the program that made it.
    pub program: String,
    /// When.
    pub made_at: Instant,
    /// Name of the log.
    pub origin: String,
    /// Its shard.
    pub shard: String,
    /// Key that its heads verify with (C2SP `signed-note`).
    pub vkey: String,
    /// Entries of the log.
    pub log_size: i64,
    /// Root of the tree over them, base64.
    pub log_root: String,
    /// Files of the data folder that are not in the backup: keep them elsewhere.
    pub left_out: Vec<String>,
    /// Files of the backup.
    pub files: Vec<Entry>,
}

impl Manifest {
    /// Makes one without files.
    #[must_use]
    pub fn new(made_at: Instant, origin: String, shard: String, vkey: String, head: (i64, String)) -> Self {
        let (log_size, log_root) = head;
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Self {
            form: FORM,
            program,
            made_at,
            origin,
            shard,
            vkey,
            log_size,
            log_root,
            left_out: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Reads the manifest of a backup.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when there is none, [`Failure::Refused`] when it is of another form.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(NAME);
        let text = std::fs::read(&path).map_err(|error| unreachable(&path, &error))?;
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| Failure::Refused(format!("{}: is no manifest of a backup: {error}", path.display())))?;
        if manifest.form == FORM {
            return Ok(manifest);
        }
        Err(Failure::Refused(format!("{}: form {} is not known to this program", path.display(), manifest.form)))
    }

    /// Writes it, last of all files.
    ///
    /// # Errors
    /// [`Failure::Unreachable`].
    pub fn write(&self, folder: &Path) -> Result<(), Failure> {
        let path = folder.join(NAME);
        let text = serde_json::to_string_pretty(self).map_err(|error| Failure::Unreachable(error.to_string()))?;
        std::fs::write(&path, text + "\n").map_err(|error| unreachable(&path, &error))?;
        sync(&path)
    }

    /// Adds a file of the folder.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when it cannot be read.
    pub fn add(&mut self, folder: &Path, path: &str) -> Result<(), Failure> {
        let (bytes, sha256) = digest(&folder.join(path))?;
        self.files.push(Entry { path: path.to_owned(), bytes, sha256 });
        Ok(())
    }

    /// Names every file that is missing or is not what was written.
    #[must_use]
    pub fn faults(&self, folder: &Path) -> Vec<String> {
        let fault = |entry: &Entry| match place(folder, &entry.path).map(|path| digest(&path)) {
            None => Some(format!("{}: leads out of the backup", entry.path)),
            Some(Err(_)) => Some(format!("{}: is missing or cannot be read", entry.path)),
            Some(Ok(found)) => (found != (entry.bytes, entry.sha256.clone()))
                .then(|| format!("{}: is not what was written", entry.path)),
        };
        let mut faults: Vec<String> = self.files.iter().filter_map(fault).collect();
        if !self.files.iter().any(|entry| entry.path == DATABASE) {
            faults.push(format!("{DATABASE}: is not in the manifest"));
        }
        faults
    }
}

/// The path of a file in a folder, unless it leads out of it.
pub fn place(folder: &Path, path: &str) -> Option<PathBuf> {
    let inside = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    inside.then(|| folder.join(path))
}

/// Length and digest of a file.
fn digest(path: &Path) -> Result<(u64, String), Failure> {
    let mut file = File::open(path).map_err(|error| unreachable(path, &error))?;
    let (mut hash, mut length, mut buffer) = (Sha256::new(), 0_u64, vec![0; 1 << 16]);
    loop {
        let count = file.read(&mut buffer).map_err(|error| unreachable(path, &error))?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
        length = length.saturating_add(u64::try_from(count).unwrap_or(0));
    }
    Ok((length, hex::encode(hash.finalize())))
}

/// Waits until a file is on the disk.
///
/// # Errors
/// [`Failure::Unreachable`].
pub fn sync(path: &Path) -> Result<(), Failure> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| unreachable(path, &error))
}

/// Says which file failed.
pub fn unreachable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Unreachable(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_a_manifest_leads_out_of_its_backup() {
        let folder = Path::new("/backup");
        assert_eq!(place(folder, "documents/ab"), Some(PathBuf::from("/backup/documents/ab")));
        for path in ["", "/etc/passwd", "../x", "documents/../../x", "./x", "a//b"] {
            assert_eq!(place(folder, path), None, "{path}");
        }
    }
}
