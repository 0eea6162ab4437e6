//! A pause of the service: changes are refused while it holds, lookups and reads go on.

use super::bilingual::Bilingual;
use super::id::PauseId;
use super::revision::Revision;
use super::validity::Instant;

/// A pause that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Its id.
    pub id: PauseId,
    /// What people are told: why, and until about when.
    pub reason: Bilingual,
    /// Since when it holds.
    pub since: Instant,
    /// Revision that records it.
    pub revision: Revision,
}
