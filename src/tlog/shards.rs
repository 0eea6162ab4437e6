//! Shards of a log: where it went on under another name or key, as its entries tell.
//!
//! The tree is one; each shard signs the heads that end in it. Invariant: what an older shard signed is judged by the key
//! that the entry behind it names, and only as far as that entry.

use super::Hash;
use super::checkpoint::{Checkpoint, CheckpointError, CheckpointVerifier};
use super::entry::{Entry, Value};
use std::collections::BTreeMap;

/// Kind of the entries that open shards.
const KIND: &str = "log_shard";

/// What an entry that opens a shard states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Place of the entry, which is the number of entries before it.
    pub first: u64,
    /// Name of the log from then on.
    pub origin: String,
    /// Public key from then on.
    pub vkey: String,
    /// Why: `restored` or `key_rotated`.
    pub cause: String,
    /// Name before.
    pub old_origin: String,
    /// Public key before.
    pub old_vkey: String,
    /// Entries of the last head that was published before.
    pub old_size: u64,
    /// Root of that head.
    pub old_root: Option<Hash>,
}

impl Shard {
    /// Returns how many published entries of the shard before are not in the log any more.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.old_size.saturating_sub(self.first)
    }

    /// Whether the shard says that a head of this size and root is no longer under the log.
    fn admits(&self, size: u64, root: Hash) -> bool {
        self.cause == "restored"
            && size > self.first.min(self.old_size.saturating_sub(1))
            && (size < self.old_size || (size == self.old_size && self.old_root == Some(root)))
    }
}

/// The shards of a log, read from its entries in order.
#[derive(Debug, Default)]
pub struct Shards {
    /// Members as they stand after the last entry: an entry names only what changed.
    members: BTreeMap<String, Value>,
    shards: Vec<Shard>,
    /// The first signed head of every shard, by name: size and note.
    firsts: BTreeMap<String, (u64, String)>,
}

impl Shards {
    /// Takes an entry; one about something else changes nothing.
    pub fn entry(&mut self, index: u64, entry: &Entry) {
        if entry.entity.kind != KIND {
            return;
        }
        for change in &entry.changes {
            match &change.new {
                Some(value) => drop(self.members.insert(change.path.clone(), value.clone())),
                None => drop(self.members.remove(&change.path)),
            }
        }
        let plain = |path: &str| match self.members.get(path) {
            Some(Value::Plain(value)) => Some(value),
            Some(Value::Committed(_)) | None => None,
        };
        let text = |path: &str| plain(path).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let shard = Shard {
            first: index,
            origin: text("/origin"),
            vkey: text("/vkey"),
            cause: text("/cause"),
            old_origin: text("/old_origin"),
            old_vkey: text("/old_vkey"),
            old_size: plain("/old_size").and_then(serde_json::Value::as_u64).unwrap_or_default(),
            old_root: Hash::parse(&text("/old_root")).ok(),
        };
        self.shards.push(shard);
    }

    /// Lists the shards after the first, in order.
    #[must_use]
    pub fn list(&self) -> &[Shard] {
        &self.shards
    }

    /// Notes a signed head whose signature was verified.
    pub fn signed(&mut self, checkpoint: &Checkpoint, note: &str) {
        let first = self.firsts.get(checkpoint.origin.as_str()).is_none_or(|(size, _)| *size > checkpoint.size);
        if first {
            self.firsts.insert(checkpoint.origin.to_string(), (checkpoint.size, note.to_owned()));
        }
    }

    /// Verifies a head that an older shard signed; none when no older shard has the name in its first line.
    #[must_use]
    pub fn verify(&self, note: &str) -> Option<Result<Checkpoint, CheckpointError>> {
        let origin = note.lines().next().unwrap_or_default();
        let after = self.shards.iter().find(|shard| shard.old_origin == origin)?;
        Some(CheckpointVerifier::parse(&after.old_vkey).and_then(|verifier| verifier.verify(note)))
    }

    /// Returns the size up to which the shard of this name may have signed heads.
    #[must_use]
    pub fn end_of(&self, origin: &str) -> u64 {
        self.shards.iter().find(|shard| shard.old_origin == origin).map_or(u64::MAX, |shard| shard.first)
    }

    /// Lists shards that signed a head without the entry that opens them, with its size.
    pub fn early(&self) -> impl Iterator<Item = (&Shard, u64)> {
        self.shards.iter().filter_map(|shard| {
            let (size, _) = self.firsts.get(&shard.origin)?;
            (*size <= shard.first).then_some((shard, *size))
        })
    }

    /// Whether a shard says openly that a head of this size and root is no longer under the log.
    #[must_use]
    pub fn admit(&self, size: u64, root: Hash) -> bool {
        self.shards.iter().any(|shard| shard.admits(size, root))
    }

    /// Says why a key of an older shard does not lead to the newest: every key must have signed the first head of the
    /// shard behind its own. None when it does.
    #[must_use]
    pub fn broken_from(&self, anchor: &CheckpointVerifier) -> Option<String> {
        let Some(at) = self.shards.iter().position(|shard| anchor.is(&shard.old_vkey)) else {
            return Some(format!("no shard of this log was signed with the key of `{}`", anchor.origin()));
        };
        self.shards.iter().skip(at).find_map(|shard| {
            let vouched = self.firsts.get(&shard.origin).is_some_and(|(_, note)| {
                CheckpointVerifier::parse(&shard.old_vkey).is_ok_and(|before| before.vouches(note))
            });
            let missing = || {
                format!(
                    "the key of `{}` did not sign the first head of `{}`: take its key from elsewhere",
                    shard.old_origin, shard.origin
                )
            };
            (!vouched).then(missing)
        })
    }
}
