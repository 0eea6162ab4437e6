//! Takes the log into a new shard: after a restored backup, or because its key is to change.
//!
//! The tree goes on where the database stands. The entry that opens the shard names the last head that was published
//! before, the new name and key, and why; name and key never come back. Invariant: no shard is opened without a cause, and
//! none from a head whose signature does not hold.

use crate::app::found::system;
use crate::app::keys::DataFolder;
use crate::domain::validity::Instant;
use crate::store::checkpoints::read_note;
use crate::store::private::random;
use crate::store::shards::{self, ShardRow};
use crate::store::{AnyConnection, Installation, Store, StoreError, installation, log};
use crate::tlog::checkpoint::{Checkpoint, CheckpointKey, CheckpointVerifier};
use crate::tlog::merkle::Frontier;

/// Why no shard was opened.
#[derive(Debug, thiserror::Error)]
pub enum ReshardError {
    /// Nothing was ever signed.
    #[error("nothing of the log was published yet; there is nothing to go on from")]
    Unsigned,
    /// The published head does not verify.
    #[error(
        "the published head `log-head` does not hold under any key of the data folder; put the true one in its place, such as GET /v1/log/checkpoint gave it last"
    )]
    Unverified,
    /// There is no reason for a new shard.
    #[error(
        "the database holds what was published; a new shard is opened after a restored backup, or with --rotate-key"
    )]
    Level,
    /// Somebody wrote meanwhile.
    #[error("the log moved on meanwhile; run it again")]
    Moved,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a new shard and returns it; with `rotate` it gets a key of its own. The store must not sign: the first head is
/// signed by whoever opens the database next.
///
/// # Errors
/// [`ReshardError`]; nothing has changed then.
pub fn reshard(
    store: &Store,
    folder: &DataFolder,
    rotate: bool,
    reason: &str,
    at: Instant,
) -> Result<ShardRow, ReshardError> {
    let (installation, size, root, newest) = store.read(standing)?;
    let (old_key, old_note, head) = published(folder, &installation, newest)?;
    let head_size = i64::try_from(head.size).map_err(StoreError::damaged)?;
    let whole = head_size < size || (head_size == size && Some(head.root.to_string()) == root);
    let whole = whole && head.origin.as_str() == installation.origin;
    if whole && !rotate {
        return Err(ReshardError::Level);
    }
    let founded = store.read(installation::founded)?.ok_or_else(|| StoreError::damaged("the database is empty"))?;
    let shard = hex::encode(random::<8>()?);
    let origin = format!("{}/{shard}", founded.origin);
    let key = folder.make_shard_key(&shard, &origin, (!rotate).then_some(&installation))?;
    let cause = if whole { "key_rotated" } else { "restored" };
    let old_origin = old_key.origin().as_str().to_owned();
    let row = ShardRow {
        version: installation.later.as_ref().map_or(0, |later| later.version).saturating_add(1),
        revision: size.saturating_add(1),
        shard,
        origin,
        vkey: key.vkey(),
        cause: cause.to_owned(),
        // The last part of a later shard's name is its shard.
        old_shard: match old_origin.strip_prefix(&format!("{}/", founded.origin)) {
            Some(shard) => shard.to_owned(),
            None => founded.shard,
        },
        old_origin,
        old_vkey: old_key.vkey(),
        old_size: head_size,
        old_root: head.root.to_string(),
        old_note,
        reason: reason.to_owned(),
        recorded_at: at.micros(),
    };
    let event = if whole { "key.rotated" } else { "log.restored" };
    let saved = row.clone();
    let before = installation.later;
    store.write(system("operator", at), move |tx| {
        if tx.next_revision().0 != saved.revision || shards::last(tx.conn())? != before {
            return Err(ReshardError::Moved);
        }
        tx.save(saved, before.as_ref(), event)?;
        Ok(())
    })?;
    Ok(row)
}

type Standing = (Installation, i64, Option<String>, Option<String>);

fn standing(conn: &mut AnyConnection) -> Result<Standing, StoreError> {
    let installation = installation::find(conn)?.ok_or_else(|| StoreError::damaged("the database is empty"))?;
    let (size, frontier) = log::read_head(conn)?;
    let frontier = Frontier::from_bytes(u64::try_from(size).map_err(StoreError::damaged)?, &frontier);
    let root = frontier.ok().map(|frontier| frontier.root().to_string());
    Ok((installation, size, root, log::newest_checkpoint(conn)?.map(|(_, note)| note)))
}

/// Finds the last head that was published, in its file or, without one, in the database; with the key that signed it.
fn published(
    folder: &DataFolder,
    installation: &Installation,
    newest: Option<String>,
) -> Result<(CheckpointKey, String, Checkpoint), ReshardError> {
    let note = read_note(&folder.head_file())?.or(newest).ok_or(ReshardError::Unsigned)?;
    let origin = note.lines().next().unwrap_or_default();
    // A present key that is lost is no reason to make one here.
    let key = match folder.checkpoint_key().exists() || installation.later.is_some() {
        true => folder.checkpoint_key_named(origin)?,
        false => None,
    };
    let key = key.ok_or(ReshardError::Unverified)?;
    let verifier = CheckpointVerifier::parse(&key.vkey()).map_err(StoreError::damaged)?;
    let head = verifier.verify(&note).map_err(|_| ReshardError::Unverified)?;
    Ok((key, note, head))
}
