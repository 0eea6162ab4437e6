//! `whitelist backup`: a copy of everything that the service would need again, made while it serves.
//!
//! The database is copied as it is at one moment; documents lie under their digests and never change. Keys and the
//! published head are named, and taken along only when asked for: whoever holds them can sign in the service's name.
//! Invariant: a folder has a manifest only when everything in it is whole.

pub mod manifest;
pub mod restore;

use self::manifest::{DATABASE, Manifest, sync, unreachable};
use super::{Failure, Place, say};
use crate::app::keys::DataFolder;
use crate::clock::Clock;
use crate::config::{self, DocumentPlace};
use crate::store::backup::{ServerFacts, close_beside, copy, server_facts};
use crate::store::keep::backups::{self, BackupRow};
use crate::store::{AnyConnection, DatabaseUrl, Installation, StoreError, installation, log};
use crate::tlog::merkle::Frontier;
use clap::Args;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Arguments of `backup`.
#[derive(Debug, Args)]
#[command(
    after_help = "SQLite: copies the database while the service serves, with the documents of the data folder.\nPostgreSQL: names and checks its own tools and makes no copy (exit code 1); after they are done, --noted puts that on record.\nExamples:\n  whitelist backup --to /backup/2026-08-12\n  pgbackrest --stanza=whitelist backup && whitelist backup --noted"
)]
pub struct BackupArgs {
    #[command(flatten)]
    place: Place,
    /// New folder to write the backup into
    #[arg(long, value_name = "FOLDER", required_unless_present = "noted")]
    to: Option<PathBuf>,
    /// Takes the private keys and the published head along: whoever holds them can sign in the service's name
    #[arg(long)]
    with_keys: bool,
    /// Only puts on record that other tools have just made a backup
    #[arg(long, conflicts_with_all = ["to", "with_keys"])]
    noted: bool,
}

/// Makes a backup, or notes one.
///
/// # Errors
/// [`Failure::Refused`] on PostgreSQL and for a folder that is there; [`Failure::Unreachable`] when something cannot be
/// read or written.
pub fn run(args: BackupArgs) -> Result<(), Failure> {
    let (data, url) = config::place(args.place.data, args.place.database);
    let database = DatabaseUrl::parse(&url).map_err(Failure::Usage)?;
    if let DatabaseUrl::Sqlite(path) = &database
        && !path.exists()
    {
        return Err(Failure::Unreachable(format!("there is no database at {}", path.display())));
    }
    let mut conn = database.open()?;
    let known = installation::find(&mut conn)?
        .ok_or_else(|| Failure::Unreachable("the database is empty: there is nothing to back up".to_owned()))?;
    let Some(to) = args.to else {
        let size = log::size(&mut conn)?;
        note(&mut conn, size, "other")?;
        say(&format!("noted: a backup of {size} entries was made by other tools"));
        return Ok(());
    };
    if let Some(facts) = server_facts(&mut conn)? {
        return Err(Failure::Refused(tools(&facts)));
    }
    let manifest = make(&mut conn, &DataFolder(data), &known, &to, args.with_keys)?;
    note(&mut conn, manifest.log_size, "service")?;
    say(&format!(
        "{}: {} files, {} entries of the log, root {}",
        to.display(),
        manifest.files.len(),
        manifest.log_size,
        manifest.log_root
    ));
    for name in &manifest.left_out {
        say(&format!("not in the backup, keep it elsewhere: {name}"));
    }
    Ok(())
}

fn note(conn: &mut AnyConnection, log_size: i64, maker: &str) -> Result<(), StoreError> {
    let row = BackupRow { made_at: Clock::system().now().micros(), log_size, maker: maker.to_owned() };
    backups::insert(conn, &row)
}

fn make(
    conn: &mut AnyConnection,
    data: &DataFolder,
    known: &Installation,
    to: &Path,
    with_keys: bool,
) -> Result<Manifest, Failure> {
    if to.exists() {
        return Err(Failure::Refused(format!("{} is there already; a backup has a folder of its own", to.display())));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    fs::create_dir_all(&partial).map_err(|error| unreachable(&partial, &error))?;
    fs::set_permissions(&partial, Permissions::from_mode(0o700)).map_err(|error| unreachable(&partial, &error))?;
    let made = fill(conn, data, known, &partial, with_keys);
    let done = made.and_then(|manifest| {
        fs::rename(&partial, to).map_err(|error| unreachable(to, &error))?;
        Ok(manifest)
    });
    if done.is_err() {
        // What is half made is no backup; that it cannot be removed changes nothing about the failure.
        let _ = fs::remove_dir_all(&partial);
    }
    done
}

fn fill(
    conn: &mut AnyConnection,
    data: &DataFolder,
    known: &Installation,
    into: &Path,
    with_keys: bool,
) -> Result<Manifest, Failure> {
    let key = data.checkpoint_key_named(&known.origin)?.ok_or_else(|| {
        Failure::Unreachable(format!(
            "{} is not here; name the data folder with --data",
            data.checkpoint_key().display()
        ))
    })?;
    // Before the database: a published head is never ahead of what is copied after it.
    let mut private = Vec::new();
    if data.head_file().exists() {
        private.push(("log-head".to_owned(), data.head_file()));
    }
    for (name, path) in files_of(&data.keys())? {
        private.push((format!("keys/{name}"), path));
    }
    if with_keys {
        for (name, path) in &private {
            take(path, into, name)?;
        }
    }
    let copied = into.join(DATABASE);
    copy(conn, &copied)?;
    fs::set_permissions(&copied, Permissions::from_mode(0o600)).map_err(|error| unreachable(&copied, &error))?;
    let (size, root) = head_of(&copied)?;
    sync(&copied)?;
    let now = Clock::system().now();
    let mut manifest = Manifest::new(now, known.origin.clone(), known.shard.clone(), key.vkey(), (size, root));
    manifest.add(into, DATABASE)?;
    // After the database: whatever it names is there already.
    match config::document_place(&data.0).map_err(Failure::Usage)? {
        DocumentPlace::Folder(folder) => {
            for (name, path) in files_of(&folder)? {
                let name = format!("documents/{name}");
                take(&path, into, &name)?;
                manifest.add(into, &name)?;
            }
        }
        DocumentPlace::S3 { bucket, .. } => manifest.left_out.push(format!("documents in the bucket {bucket}")),
    }
    for (name, _) in private {
        if with_keys { manifest.add(into, &name)? } else { manifest.left_out.push(name) }
    }
    manifest.write(into)?;
    sync(into)?;
    Ok(manifest)
}

/// Size and root of the log of a copy.
fn head_of(copied: &Path) -> Result<(i64, String), Failure> {
    let mut conn = DatabaseUrl::Sqlite(copied.to_path_buf()).open()?;
    close_beside(&mut conn)?;
    let (size, frontier) = log::read_head(&mut conn)?;
    let entries = u64::try_from(size).map_err(StoreError::damaged)?;
    let root = Frontier::from_bytes(entries, &frontier).map_err(StoreError::damaged)?.root();
    Ok((size, root.to_string()))
}

/// Files under a folder with their paths in it, in order; none where there is no folder.
fn files_of(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let failed = |error: &dyn std::fmt::Display| unreachable(folder, error);
    let mut found = Vec::new();
    let mut open = if folder.is_dir() { vec![(String::new(), folder.to_path_buf())] } else { Vec::new() };
    while let Some((prefix, path)) = open.pop() {
        for entry in fs::read_dir(&path).map_err(|error| failed(&error))? {
            let entry = entry.map_err(|error| failed(&error))?;
            let name = entry.file_name().into_string().map_err(|_| failed(&"a name is not UTF-8"))?;
            let kind = entry.file_type().map_err(|error| failed(&error))?;
            if kind.is_dir() {
                open.push((format!("{prefix}{name}/"), entry.path()));
            } else if kind.is_file() {
                found.push((format!("{prefix}{name}"), entry.path()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies a file under a name, for the owner only, and waits until it is on the disk.
fn take(from: &Path, into: &Path, name: &str) -> Result<(), Failure> {
    let to =
        manifest::place(into, name).ok_or_else(|| Failure::Unreachable(format!("{name}: leads out of the folder")))?;
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|error| unreachable(folder, &error))?;
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(|error| unreachable(folder, &error))?;
    }
    fs::copy(from, &to).map_err(|error| unreachable(from, &error))?;
    fs::set_permissions(&to, Permissions::from_mode(0o600)).map_err(|error| unreachable(&to, &error))?;
    sync(&to)
}

/// Says which tools back PostgreSQL up, and whether they are here and fit.
fn tools(facts: &ServerFacts) -> String {
    let major = facts.version / 10_000;
    let tool = |name: &str| {
        let version = Command::new(name).arg("--version").output().ok();
        let version = version.and_then(|output| String::from_utf8(output.stdout).ok());
        let found = version
            .and_then(|text| text.split_whitespace().find_map(|word| word.split('.').next()?.parse::<i64>().ok()));
        match found {
            None => format!("{name}: not found here (Debian: postgresql-client)"),
            Some(found) if found < major => format!("{name} {found}: too old for a server of version {major}"),
            Some(found) => format!("{name} {found}: fits the server ({major})"),
        }
    };
    let archive = if facts.archive_mode == "off" {
        "archive_mode is off: without an archive of the write-ahead log everything since the last base backup is lost with the server".to_owned()
    } else if facts.archived_ago < 0 {
        format!("archive_mode is {}, and nothing was archived yet", facts.archive_mode)
    } else {
        format!("archive_mode is {}, the last segment was archived {} s ago", facts.archive_mode, facts.archived_ago)
    };
    format!(
        "PostgreSQL is backed up by its own tools; this made no backup.\n  \
         continuously: pgBackRest or WAL-G with archive_command, on the server\n  \
         a base backup: pg_basebackup --pgdata=FOLDER --wal-method=stream --checkpoint=fast\n  \
         one file: pg_dump --format=custom --file=FILE \"$WHITELIST_DATABASE_URL\"\n  \
         {}\n  {}\n  {archive}\n  standbys connected: {}\n\
         then: whitelist backup --noted; keys and documents of the data folder: copy them as files",
        tool("pg_basebackup"),
        tool("pg_dump"),
        facts.standbys
    )
}
