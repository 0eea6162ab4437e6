//! `whitelist restore`: checks a backup in a copy of its own, and puts one back where there is nothing yet.

use super::manifest::{DATABASE, Manifest, place, unreachable};
use super::{files_of, take};
use crate::app::keys::DataFolder;
use crate::app::verify::{Verification, database};
use crate::cli::{Failure, Place, say};
use crate::config;
use crate::store::checkpoints::read_head_file;
use crate::store::conn::migrate;
use crate::store::private::random;
use crate::store::writer::Options;
use crate::store::{DatabaseUrl, Store};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `restore`.
#[derive(Debug, Args)]
#[command(
    after_help = "--check touches nothing: digests, log and tables are verified in a copy under the system's temporary folder, and the log is held against the published head of --data.\nExamples:\n  whitelist restore --check /backup/2026-08-12 --data /var/lib/whitelist\n  whitelist restore /backup/2026-08-12 --to /var/lib/whitelist"
)]
pub struct RestoreArgs {
    /// Folder of the backup
    folder: PathBuf,
    /// Only check it
    #[arg(long, conflicts_with = "to", required_unless_present = "to")]
    check: bool,
    /// Data folder to put it into; there must be no database in it
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Checks a backup, and puts it back where that was asked.
///
/// # Errors
/// [`Failure::Refused`] with everything that does not hold, or when there is a database already.
pub fn run(args: RestoreArgs) -> Result<(), Failure> {
    let manifest = Manifest::read(&args.folder)?;
    let faults = manifest.faults(&args.folder);
    if !faults.is_empty() {
        return Err(Failure::Refused(faults.join("\n")));
    }
    let verified = verify(&args.folder, &manifest)?;
    if !verified.ok {
        let problems =
            verified.problems.iter().map(|problem| format!("{} {}: {}", problem.code, problem.where_, problem.detail));
        return Err(Failure::Refused(problems.collect::<Vec<_>>().join("\n")));
    }
    if (verified.revision, &verified.root) != (manifest.log_size, &manifest.log_root) {
        return Err(Failure::Refused("the log is not the one that the manifest names".to_owned()));
    }
    say(&format!(
        "the backup of {} holds: {} files, {} entries of {}, {} listings",
        manifest.made_at,
        manifest.files.len(),
        verified.entries,
        manifest.origin,
        verified.listings
    ));
    let (data, _) = config::place(args.to.clone().or(args.place.data), args.place.database);
    let behind = behind(&data, &manifest)?;
    let Some(to) = args.to else { return Ok(()) };
    put_back(&args.folder, &manifest, &to)?;
    say(&format!("restored into {}", to.display()));
    for name in &manifest.left_out {
        say(&format!("bring back from where it is kept: {name}"));
    }
    if behind {
        say("then: whitelist log reshard --reason restored, and tell customs which changes have to be made again");
    }
    Ok(())
}

/// Verifies log and tables of a backup in a copy of its database.
fn verify(folder: &Path, manifest: &Manifest) -> Result<Verification, Failure> {
    let scratch = std::env::temp_dir().join(format!("whitelist-restore-{}", hex::encode(random::<8>()?)));
    let verified = take(&folder.join(DATABASE), &scratch, DATABASE).and_then(|()| {
        let url = DatabaseUrl::Sqlite(scratch.join(DATABASE));
        // A backup of an older program is read by this one.
        migrate(&mut url.open()?)?;
        let store = Store::open(&url, Options::default())?;
        let verified = database(&store, &manifest.vkey, None, &mut |_, _| {});
        store.close();
        Ok(verified?)
    });
    let removed = fs::remove_dir_all(&scratch);
    let verified = verified?;
    removed.map_err(|error| unreachable(&scratch, &error))?;
    Ok(verified)
}

/// Holds a backup against the head that the installation has published; says whether it is behind.
fn behind(data: &Path, manifest: &Manifest) -> Result<bool, Failure> {
    let head = DataFolder(data.to_path_buf()).head_file();
    let Some((size, root)) = read_head_file(&head, &manifest.vkey)? else {
        say(&format!("no published head in {}: what was published after the backup is not known here", data.display()));
        return Ok(false);
    };
    if size > manifest.log_size {
        say(&format!(
            "the published head is ahead: {size} entries; restoring this backup loses {} of them, and the log must go on in another shard",
            size.saturating_sub(manifest.log_size)
        ));
        return Ok(true);
    }
    if size == manifest.log_size && root.to_string() != manifest.log_root {
        return Err(Failure::Refused(
            "the published head of the same size has another root: this is the backup of another log".to_owned(),
        ));
    }
    say(&format!("the published head ({size} entries) is in the backup"));
    Ok(false)
}

fn put_back(folder: &Path, manifest: &Manifest, to: &Path) -> Result<(), Failure> {
    let database = to.join(DATABASE);
    if database.exists() {
        return Err(Failure::Refused(format!("{} is there already; move it away first", database.display())));
    }
    let there: Vec<String> = files_of(to)?.into_iter().map(|(name, _)| name).collect();
    // The database last: a restore that broke off leaves none.
    let (databases, others): (Vec<_>, Vec<_>) = manifest.files.iter().partition(|entry| entry.path == DATABASE);
    for entry in others.into_iter().chain(databases) {
        // Keys and the published head that are there stay: they are newer than the backup.
        if there.contains(&entry.path) {
            say(&format!("kept as it is: {}", entry.path));
            continue;
        }
        let from = place(folder, &entry.path);
        let from = from.ok_or_else(|| Failure::Refused(format!("{}: leads out of the backup", entry.path)))?;
        take(&from, to, &entry.path)?;
    }
    // A copy is not in the journal mode of the service, and may be of an older program.
    migrate(&mut DatabaseUrl::Sqlite(database).open()?)?;
    Ok(())
}
