//! The newest head of the log that this process has seen, committed by itself or read by its follower.
//!
//! After a failover that lost the tail of the log, the new primary is behind it or goes on from another entry: whoever
//! wrote or signed there would fork the log. Invariant: it is only ever raised, and forgotten with the process; what must
//! outlive that stands in the file `log-head` (`checkpoints`).

use super::conn::AnyConnection;
use super::error::StoreError;
use super::log;
use crate::tlog::Hash;
use std::sync::{Mutex, PoisonError};

/// Size and root of the newest head seen; none before the first.
#[derive(Debug, Default)]
pub struct SeenHead(Mutex<Option<(i64, Hash)>>);

impl SeenHead {
    /// Notes a head that is committed.
    pub fn saw(&self, head: (i64, Hash)) {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.is_none_or(|(size, _)| size < head.0) {
            *newest = Some(head);
        }
    }

    /// Returns it.
    #[must_use]
    pub fn newest(&self) -> Option<(i64, Hash)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a database against a head that was seen.
    ///
    /// # Errors
    /// [`StoreError::BehindHead`] when the database is behind it or has another history; else the database's failure.
    pub fn is_held(&self, conn: &mut AnyConnection, seen: (i64, Hash)) -> Result<(), StoreError> {
        let head = log::read_root(conn)?;
        let behind = |what: &str| {
            Err(StoreError::BehindHead(format!(
                "{what} a head of its log that this node has seen, which has {} entries: a failover or a restore lost acknowledged changes",
                seen.0
            )))
        };
        if head.0 < seen.0 {
            return behind("the database is behind");
        }
        if log::goes_on_from(conn, seen, head)? { Ok(()) } else { behind("the database does not go on from") }
    }
}
