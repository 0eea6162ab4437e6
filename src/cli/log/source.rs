//! Where a log is read from: a database, an export (a tar archive or the folder it unpacks to), or a service.
//!
//! Each gives the same files under the same paths (C2SP `tlog-tiles`). Invariant: nothing that is read is believed here.

use crate::app;
use crate::app::keys::DataFolder;
use crate::cli::{Failure, Place};
use crate::config;
use crate::outbound::log::LogClient;
use crate::store::conn::migrations_pending;
use crate::store::writer::Options;
use crate::store::{DatabaseUrl, Store, installation};
use crate::tlog::checkpoint::{Checkpoint, CheckpointVerifier};
use crate::tlog::tiles::parse_path;
use clap::Args;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Where the log is; a database unless something else is named.
#[derive(Debug, Args)]
pub struct SourceArgs {
    #[command(flatten)]
    pub place: Place,
    /// Read a running service, such as `https://wl.example.gov.cn`
    #[arg(long, value_name = "URL", conflicts_with_all = ["export", "data", "database"])]
    pub url: Option<String>,
    /// Read an export: the archive, or the folder it was unpacked to
    #[arg(long, value_name = "PATH", conflicts_with_all = ["data", "database"])]
    pub export: Option<PathBuf>,
    /// File with the token of an auditor, for --url [default: WHITELIST_TOKEN]
    #[arg(long, value_name = "FILE", requires = "url")]
    pub token_file: Option<PathBuf>,
    /// The public key of the log, or a file that holds it; without it the log's own word is taken, which proves less
    #[arg(long, value_name = "KEY|FILE")]
    pub vkey: Option<String>,
}

/// An opened log.
pub enum Source {
    /// A database with the key of its log.
    Database {
        /// The database.
        store: Store,
        /// Where it is.
        folder: DataFolder,
        /// Public key of the log.
        vkey: String,
    },
    /// A folder of files.
    Folder(PathBuf),
    /// An archive: where each file lies in it.
    Archive(File, HashMap<String, (u64, u64)>),
    /// A service.
    Service(Box<LogClient>, tokio::runtime::Runtime),
}

fn unreachable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Unreachable(format!("{}: {error}", path.display()))
}

impl Source {
    /// Opens what was named.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when it cannot be opened, [`Failure::Usage`] for a faulty address.
    pub fn open(args: &SourceArgs) -> Result<Self, Failure> {
        match (&args.url, &args.export) {
            (Some(url), _) => {
                let token = match &args.token_file {
                    Some(file) => Some(std::fs::read_to_string(file).map_err(|error| unreachable(file, &error))?),
                    None => config::token(),
                };
                let client = LogClient::new(url, token.as_deref().map(str::trim)).map_err(Failure::Usage)?;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| Failure::Unreachable(error.to_string()))?;
                Ok(Self::Service(Box::new(client), runtime))
            }
            (None, Some(path)) if path.is_dir() => Ok(Self::Folder(path.clone())),
            (None, Some(path)) => archive(path),
            (None, None) => database(&args.place),
        }
    }

    /// Reads a file; none when there is none.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when it cannot be read.
    pub fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.read_all(&[path.to_owned()])?.pop().flatten())
    }

    /// Reads files in the order in which they are named.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when one cannot be read.
    pub fn read_all(&mut self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, Failure> {
        if let Self::Service(client, runtime) = self {
            return runtime.block_on(client.files(paths)).map_err(Failure::Unreachable);
        }
        paths.iter().map(|path| self.read_one(path)).collect()
    }

    fn read_one(&mut self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Database { vkey, .. } if path == "vkey" => Ok(Some(vkey.clone().into_bytes())),
            Self::Database { store, .. } if path == "checkpoint" => {
                Ok(store.read(app::log::newest)?.map(|signed| signed.note.into_bytes()))
            }
            Self::Database { store, .. } => match parse_path(path) {
                Some(path) => Ok(store.read(|conn| app::log::tile(conn, path))?),
                None => Ok(None),
            },
            Self::Folder(folder) => {
                let file = folder.join(path);
                match std::fs::read(&file) {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(unreachable(&file, &error)),
                }
            }
            Self::Archive(archive, places) => {
                let Some((offset, length)) = places.get(path) else { return Ok(None) };
                let mut bytes = Vec::new();
                archive
                    .seek(SeekFrom::Start(*offset))
                    .and_then(|_| archive.by_ref().take(*length).read_to_end(&mut bytes))
                    .map_err(|error| Failure::Unreachable(format!("the archive: {error}")))?;
                Ok(Some(bytes))
            }
            // Read above.
            Self::Service(..) => Ok(None),
        }
    }

    /// Reads the public key: the one that was given, else the log's own. Says whether it was given.
    ///
    /// # Errors
    /// [`Failure::Usage`] when neither is a key.
    pub fn vkey(&mut self, given: Option<&str>) -> Result<(String, bool), Failure> {
        let text = match given {
            Some(text) if text.contains('+') => text.to_owned(),
            Some(file) => std::fs::read_to_string(file).map_err(|error| unreachable(Path::new(file), &error))?,
            None => {
                let own = self.read("vkey")?.and_then(|bytes| String::from_utf8(bytes).ok());
                own.ok_or_else(|| Failure::Usage("the log brings no key; name --vkey".to_owned()))?
            }
        };
        Ok((text.trim().to_owned(), given.is_some()))
    }

    /// Returns the key that signs the newest head: the known one, or that of a later shard, which must then be shown to
    /// follow from it.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when the files cannot be read.
    pub fn newest_vkey(&mut self, known: &str) -> Result<String, Failure> {
        let mut text = |path: &str| {
            Ok::<_, Failure>(
                self.read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default(),
            )
        };
        let (note, served) = (text("checkpoint")?, text("vkey")?);
        let origin = note.lines().next().unwrap_or_default();
        let names = |vkey: &str| vkey.split('+').next() == Some(origin);
        let newer = !names(known) && names(&served);
        Ok(if newer { served.trim().to_owned() } else { known.to_owned() })
    }

    /// Reads the newest signed head and verifies it.
    ///
    /// # Errors
    /// [`Failure::Refused`] when there is none or its signature does not hold.
    pub fn head(&mut self, vkey: &str) -> Result<(Checkpoint, String), Failure> {
        let verifier = CheckpointVerifier::parse(vkey).map_err(|error| Failure::Usage(error.to_string()))?;
        let note = self.read("checkpoint")?.and_then(|bytes| String::from_utf8(bytes).ok());
        let note = note.ok_or_else(|| Failure::Refused("the log has no signed head".to_owned()))?;
        let head = verifier.verify(&note).map_err(|error| Failure::Refused(error.to_string()))?;
        Ok((head, note))
    }

    /// Closes a database.
    pub fn close(self) {
        if let Self::Database { store, .. } = self {
            store.close();
        }
    }
}

/// Finds where each file lies in an archive.
fn archive(path: &Path) -> Result<Source, Failure> {
    let failed = |error: std::io::Error| unreachable(path, &error);
    let file = File::open(path).map_err(failed)?;
    let mut places = HashMap::new();
    let mut archive = tar::Archive::new(file.try_clone().map_err(failed)?);
    for entry in archive.entries_with_seek().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        places.insert(name, (entry.raw_file_position(), entry.size()));
    }
    if places.is_empty() {
        return Err(Failure::Unreachable(format!("{}: no archive, or an empty one", path.display())));
    }
    Ok(Source::Archive(file, places))
}

fn database(place: &Place) -> Result<Source, Failure> {
    let (data, url) = config::place(place.data.clone(), place.database.clone());
    let url = DatabaseUrl::parse(&url).map_err(Failure::Usage)?;
    if matches!(&url, DatabaseUrl::Sqlite(path) if !path.exists()) {
        return Err(Failure::Unreachable(format!("there is no database in {}", data.display())));
    }
    let mut conn = url.open()?;
    if migrations_pending(&mut conn)? {
        return Err(Failure::Unreachable("the database is not of this version; run `whitelist migrate`".to_owned()));
    }
    let installation =
        installation::find(&mut conn)?.ok_or_else(|| Failure::Unreachable("the database is empty".to_owned()))?;
    drop(conn);
    let folder = DataFolder(data);
    if !folder.checkpoint_key().exists() {
        return Err(Failure::Unreachable(format!("{} holds no checkpoint key", folder.0.display())));
    }
    let vkey = folder.checkpoint_key_of(&installation)?.vkey();
    let store = Store::open(&url, Options::default())?;
    Ok(Source::Database { store, folder, vkey })
}
