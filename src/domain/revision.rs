//! The one notion of "how new": the number of entries in the log.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Number of entries in the log after the entry that made something so (1 is `log.created`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl Revision {
    /// Later than any revision of any log.
    pub const NEWEST: Self = Self(i64::MAX);
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
