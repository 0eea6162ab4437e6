//! `whitelist log verify`: re-hashes everything, rebuilds the list, compares with the tables, refuses a rollback.

use super::{Failure, Place, say, tell};
use crate::app::keys::DataFolder;
use crate::app::verify::{Verification, database};
use crate::config;
use crate::store::checkpoints::read_head_file;
use crate::store::conn::migrations_pending;
use crate::store::writer::Options;
use crate::store::{DatabaseUrl, Store, installation};
use crate::tlog::Hash;
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `log verify`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code 0: everything holds; 1: problems, each named; 3: cannot open.")]
pub struct VerifyArgs {
    #[command(flatten)]
    place: Place,
    /// File that remembers the last head seen; a log that went back behind it is refused, a good one is remembered
    #[arg(long, value_name = "FILE")]
    remember: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Verifies.
///
/// # Errors
/// [`Failure::Refused`] when something does not hold.
pub fn run(args: VerifyArgs) -> Result<(), Failure> {
    let (data, url) = config::place(args.place.data, args.place.database);
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
    let vkey = folder.checkpoint_key_for(&installation.origin)?.vkey();
    let published = read_head_file(&folder.head_file(), &vkey);
    let remembered = args.remember.as_deref().map(read_remembered).transpose()?.flatten();
    let store = Store::open(&url, Options::default())?;
    let newest = newest(published.as_ref().ok().copied().flatten(), remembered);
    let mut shown = 0;
    let mut progress = |done: u64, total: u64| {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100);
        if percent >= shown + 10 && total > 20_000 {
            shown = percent;
            tell(&format!("log verify: {done} of {total} entries"));
        }
    };
    let result = database(&store, &vkey, newest, &mut progress);
    store.close();
    let mut result = result?;
    if let Err(error) = &published {
        result.ok = false;
        result.problems.push(crate::app::verify::ProblemView {
            code: "head-file".to_owned(),
            where_: folder.head_file().display().to_string(),
            detail: error.to_string(),
        });
    }
    // Only what was signed is worth remembering: its checkpoint must be there the next time.
    let signed = published.as_ref().ok().copied().flatten();
    if let Some((file, (size, root))) = args.remember.zip(signed).filter(|_| result.ok) {
        let line = format!("{size} {root}\n");
        std::fs::write(&file, line).map_err(|error| Failure::Unreachable(format!("{}: {error}", file.display())))?;
    }
    report(&result, args.json)?;
    if result.ok { Ok(()) } else { Err(Failure::Refused(String::new())) }
}

/// Of two heads remembered the later one is the stricter.
fn newest(published: Option<(i64, Hash)>, remembered: Option<(i64, Hash)>) -> Option<(u64, Hash)> {
    let later = [published, remembered].into_iter().flatten().max_by_key(|(size, _)| *size);
    later.and_then(|(size, root)| Some((u64::try_from(size).ok()?, root)))
}

fn read_remembered(file: &Path) -> Result<Option<(i64, Hash)>, Failure> {
    let broken = || Failure::Unreachable(format!("{}: not a remembered head: `SIZE ROOT` expected", file.display()));
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let (size, root) = text.trim().split_once(' ').ok_or_else(broken)?;
            let root = Hash::parse(root).map_err(|_| broken())?;
            Ok(Some((size.parse().map_err(|_| broken())?, root)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Unreachable(format!("{}: {error}", file.display()))),
    }
}

fn report(result: &Verification, json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(result).map_err(|error| Failure::Unreachable(error.to_string()))?;
        say(&text);
        return Ok(());
    }
    say(&format!("log      {}", result.origin));
    say(&format!("revision {}", result.revision));
    say(&format!("root     {}", result.root));
    say(&format!("checked  {} entries, {} listings", result.entries, result.listings));
    for problem in &result.problems {
        say(&format!("PROBLEM  {} at {}: {}", problem.code, problem.where_, problem.detail));
    }
    say(if result.ok { "OK: the log is whole and the list is what the log says" } else { "NOT OK" });
    Ok(())
}
