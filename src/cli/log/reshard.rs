//! `whitelist log reshard`: the log goes on in a new shard, after a restored backup or with another key.

use crate::app::log::reshard::{ReshardError, reshard};
use crate::cli::open::{Opening, open};
use crate::cli::{Failure, Place, say};
use crate::clock::Clock;
use crate::store::Store;
use crate::store::conn::migrations_pending;
use crate::store::writer::Options;
use clap::Args;

/// Arguments of `log reshard`.
#[derive(Debug, Args)]
#[command(
    after_help = "Stop every service of the database first. The tree goes on where the database stands, under a new name: the first entry of the shard names the\nlast head that was published, the new key and the reason, and is signed by the key before as well, so that whoever knows that one can follow.\nClients learn of it by 409 other-log and forget the revisions they hold. Announce the new key as the first one was.\nExit code 0: opened; 1: there is no cause, or the published head does not hold; 2: wrong usage; 3: cannot open or reach.\nExamples:\n  whitelist log reshard --reason 'restored the backup of 3 May after a disk failed'\n  whitelist log reshard --rotate-key --reason 'the yearly change'"
)]
pub struct ReshardArgs {
    /// Why, for the record; it is kept out of the public entry, which only commits to it
    #[arg(long)]
    reason: String,
    /// Sign with a new key from now on
    #[arg(long)]
    rotate_key: bool,
    #[command(flatten)]
    place: Place,
}

/// Opens the shard and signs its first head.
///
/// # Errors
/// [`Failure::Refused`] when there is no cause; [`Failure::Unreachable`] when the database cannot be opened.
pub fn run(args: ReshardArgs) -> Result<(), Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() || reason.chars().count() > 1_000 {
        return Err(Failure::Usage("--reason: 1 to 1000 characters".to_owned()));
    }
    let opening = Opening::of(&args.place)?;
    let mut conn = opening.database.open()?;
    if migrations_pending(&mut conn)? {
        return Err(Failure::Unreachable("the database is not of this version; run `whitelist migrate`".to_owned()));
    }
    drop(conn);
    let folder = crate::app::keys::DataFolder(opening.data.clone());
    // Without a signer: nothing may be signed before the entry that opens the shard.
    let store = Store::open(&opening.database, Options::default())?;
    let opened = reshard(&store, &folder, args.rotate_key, reason, Clock::system().now());
    store.close();
    let shard = opened.map_err(|error| match error {
        ReshardError::Store(error) => Failure::from(error),
        ReshardError::Unsigned | ReshardError::Unverified | ReshardError::Level | ReshardError::Moved => {
            Failure::Refused(error.to_string())
        }
    })?;
    // Opening signs the head under the new name.
    open(opening)?.close();
    say(&format!("log      {}", shard.origin));
    say(&format!("key      {}", shard.vkey));
    say(&format!("before   {} with {} entries published", shard.old_origin, shard.old_size));
    say(&format!("opened   at revision {}, {}", shard.revision, shard.cause));
    Ok(())
}
