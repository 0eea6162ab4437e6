//! Files of the data folder: the checkpoint key, which signs checkpoints and nothing else.

use crate::store::private::random;
use crate::store::{Environment, StoreError};
use crate::tlog::checkpoint::{CheckpointKey, Origin};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The data folder.
#[derive(Debug, Clone)]
pub struct DataFolder(pub PathBuf);

impl DataFolder {
    /// Creates the folder and its `keys` if absent, for the owner only.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn create(&self) -> Result<(), StoreError> {
        let failed = |error: std::io::Error| StoreError::File(format!("{}: {error}", self.0.display()));
        std::fs::create_dir_all(self.keys()).map_err(failed)?;
        std::fs::set_permissions(self.keys(), std::fs::Permissions::from_mode(0o700)).map_err(failed)
    }

    /// Where keys are kept.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// The last published head of the log, outside the database.
    #[must_use]
    pub fn head_file(&self) -> PathBuf {
        self.0.join("log-head")
    }

    /// The checkpoint key's file.
    #[must_use]
    pub fn checkpoint_key(&self) -> PathBuf {
        self.keys().join("checkpoint.key")
    }

    /// Reads the checkpoint key, making it at first use.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be read, is readable by others, or is no key.
    pub fn checkpoint_key_for(&self, origin: &str) -> Result<CheckpointKey, StoreError> {
        let origin = Origin::parse(origin).map_err(|error| StoreError::File(error.to_string()))?;
        let path = self.checkpoint_key();
        let seed = match read_private(&path)? {
            Some(seed) => seed,
            None => make_private(&path)?,
        };
        Ok(CheckpointKey::from_seed(&seed, origin))
    }
}

fn read_private(path: &Path) -> Result<Option<[u8; 32]>, StoreError> {
    let failed = |what: &dyn std::fmt::Display| StoreError::File(format!("{}: {what}", path.display()));
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let mode = file.metadata().map_err(|error| failed(&error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(failed(&"others can read this key; set its mode to 0600"));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| failed(&error))?;
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim(), &mut seed).map_err(|_| failed(&"not a key: 64 hex digits expected"))?;
    Ok(Some(seed))
}

fn make_private(path: &Path) -> Result<[u8; 32], StoreError> {
    let failed = |error: std::io::Error| StoreError::File(format!("{}: {error}", path.display()));
    let seed: [u8; 32] = random()?;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(mut file) => {
            file.write_all(hex::encode(seed).as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(seed)
        }
        // Another process of the same folder was first.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            read_private(path)?.ok_or_else(|| StoreError::File(format!("{}: vanished", path.display())))
        }
        Err(error) => Err(failed(error)),
    }
}

/// The origin of a new log: the public host with `/log/main`, or a name of the demo.
#[must_use]
pub fn origin_of(environment: Environment, public_url: Option<&str>) -> String {
    let host = public_url.map(|url| url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/'));
    match (environment, host) {
        (_, Some(host)) if !host.is_empty() => format!("{host}/log/main"),
        (Environment::Demo, _) => "demo.whitelist.invalid/log/main".to_owned(),
        (Environment::Production, _) => "whitelist.invalid/log/main".to_owned(),
    }
}
