//! Files of the data folder: the checkpoint key, which signs checkpoints and nothing else, and the keys that sign answers and files.

use crate::store::private::random;
use crate::store::{Environment, Installation, StoreError};
use crate::tlog::checkpoint::{CheckpointKey, Origin};
use crate::tlog::sm2::Sm2Key;
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

    /// Where the key of a later shard lies.
    fn shard_key(&self, shard: &str) -> PathBuf {
        self.keys().join(format!("checkpoint-{shard}.key"))
    }

    /// Reads the key that signs the log in its present shard; that of the first is made at first use.
    ///
    /// # Errors
    /// [`StoreError::File`] when it is not here, cannot be read, is readable by others, or is another.
    pub fn checkpoint_key_of(&self, installation: &Installation) -> Result<CheckpointKey, StoreError> {
        let Some(later) = &installation.later else { return self.checkpoint_key_for(&installation.origin) };
        let key = self.checkpoint_key_named(&later.origin)?.filter(|key| key.vkey() == later.vkey);
        key.ok_or_else(|| {
            let path = self.shard_key(&later.shard);
            StoreError::File(format!("{} is not the key {} of the log; bring it here", path.display(), later.vkey))
        })
    }

    /// Reads the key with which a shard of this name was signed; none when it is not here. Whoever asks compares.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be read, is readable by others, or is no key.
    pub fn checkpoint_key_named(&self, origin: &str) -> Result<Option<CheckpointKey>, StoreError> {
        let Ok(name) = Origin::parse(origin) else { return Ok(None) };
        let shard = origin.rsplit('/').next().unwrap_or_default();
        let seed = match read_private(&self.shard_key(shard))? {
            Some(seed) => Some(seed),
            None => read_private(&self.checkpoint_key())?,
        };
        Ok(seed.map(|seed| CheckpointKey::from_seed(&seed, name)))
    }

    /// Writes the key of a new shard: a fresh one, or that of the shard before under the new name.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be written, or the old one cannot be read.
    pub fn make_shard_key(
        &self,
        shard: &str,
        origin: &str,
        kept: Option<&Installation>,
    ) -> Result<CheckpointKey, StoreError> {
        let name = Origin::parse(origin).map_err(|error| StoreError::File(error.to_string()))?;
        let path = self.shard_key(shard);
        let seed = match kept {
            None => make_private(&path)?,
            Some(before) => {
                let later = before.later.as_ref().map(|later| self.shard_key(&later.shard));
                let old = later.unwrap_or_else(|| self.checkpoint_key());
                let seed = read_private(&old)?
                    .ok_or_else(|| StoreError::File(format!("{} is not there; use --rotate-key", old.display())))?;
                write_private(&path, &seed)?;
                seed
            }
        };
        Ok(CheckpointKey::from_seed(&seed, name))
    }

    fn answer_key(&self, kid: &str) -> PathBuf {
        self.keys().join(format!("answer-{kid}.pem"))
    }

    /// Reads the private key that signs answers under an id, as PEM; none when it is not here.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be read or is readable by others.
    pub fn read_answer_key(&self, kid: &str) -> Result<Option<String>, StoreError> {
        read_text(&self.answer_key(kid))
    }

    /// Keeps a private key that signs answers, for the owner only.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be written, or is there already.
    pub fn keep_answer_key(&self, kid: &str, pem: &str) -> Result<(), StoreError> {
        keep_text(&self.answer_key(kid), pem)
    }

    fn document_key(&self, kid: &str) -> PathBuf {
        self.keys().join(format!("document-{kid}.pem"))
    }

    /// Reads the private key that signs files under an id, as PEM; none when it is not here.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be read or is readable by others.
    pub fn read_document_key(&self, kid: &str) -> Result<Option<String>, StoreError> {
        read_text(&self.document_key(kid))
    }

    /// Keeps a private key that signs files, for the owner only.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be written, or is there already.
    pub fn keep_document_key(&self, kid: &str, pem: &str) -> Result<(), StoreError> {
        keep_text(&self.document_key(kid), pem)
    }

    fn national_key(&self, kid: &str) -> PathBuf {
        self.keys().join(format!("sm2-{kid}.key"))
    }

    /// Reads the private SM2 key of an id; none when it is not here.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be read, is readable by others, or is no key.
    pub fn read_national_key(&self, kid: &str) -> Result<Option<Sm2Key>, StoreError> {
        let path = self.national_key(kid);
        let Some(bytes) = read_private(&path)? else { return Ok(None) };
        let key = Sm2Key::from_bytes(&bytes).filter(|key| key.public().kid() == kid);
        key.map(Some).ok_or_else(|| StoreError::File(format!("{}: another key than its name says", path.display())))
    }

    /// Makes an SM2 key, for the owner only.
    ///
    /// # Errors
    /// [`StoreError::File`] when it cannot be written.
    pub fn make_national_key(&self) -> Result<Sm2Key, StoreError> {
        loop {
            let bytes: [u8; 32] = random()?;
            // A number beyond the order of the curve is no key; one in four thousand million is.
            let Some(key) = Sm2Key::from_bytes(&bytes) else { continue };
            write_private(&self.national_key(&key.public().kid()), &bytes)?;
            return Ok(key);
        }
    }
}

fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn keep_text(path: &Path, text: &str) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::File(format!("{}: {error}", path.display()));
    let mut file = create_private(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

fn read_text(path: &Path) -> Result<Option<String>, StoreError> {
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
    Ok(Some(text))
}

fn read_private(path: &Path) -> Result<Option<[u8; 32]>, StoreError> {
    let Some(text) = read_text(path)? else { return Ok(None) };
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim(), &mut seed)
        .map_err(|_| StoreError::File(format!("{}: not a key: 64 hex digits expected", path.display())))?;
    Ok(Some(seed))
}

fn make_private(path: &Path) -> Result<[u8; 32], StoreError> {
    let seed: [u8; 32] = random()?;
    if write_private(path, &seed)? {
        return Ok(seed);
    }
    // Another process of the same folder was first.
    read_private(path)?.ok_or_else(|| StoreError::File(format!("{}: vanished", path.display())))
}

/// Writes a key for the owner only; says whether there was none.
fn write_private(path: &Path, seed: &[u8; 32]) -> Result<bool, StoreError> {
    let failed = |error: std::io::Error| StoreError::File(format!("{}: {error}", path.display()));
    match create_private(path) {
        Ok(mut file) => {
            file.write_all(hex::encode(seed).as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
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
