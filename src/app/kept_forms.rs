//! Forms that arrive after their session has ended: kept for the account that filled them in, and shown to it alone once it
//! has signed in again, wherever that happens. Invariant: nobody who never had a session can have anything kept.

use super::App;
use super::error::AppError;
use super::sessions::{digest, later};
use crate::domain::actor::Caller;
use crate::domain::validity::Instant;
use crate::store::keep::kept_forms::{self, KeptFormRow};
use crate::store::keep::sessions;
use std::time::Duration;

/// How long a form waits for its owner.
pub const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);

/// Most bytes of a form that is kept.
const MOST: usize = 512 * 1024;

impl App {
    /// Keeps a form for the owner of the session that a secret opened; says whether it was kept.
    ///
    /// # Errors
    /// The store's failure.
    pub fn keep_form(&self, secret: &str, path: String, body: String) -> Result<bool, AppError> {
        let id = digest(secret);
        let Some(session) = self.store.read(|conn| sessions::find(conn, &id))? else { return Ok(false) };
        if body.len() > MOST {
            return Ok(false);
        }
        let now = self.clock.now();
        let row = KeptFormRow { issuer: session.issuer, subject: session.subject, path, body, kept_at: now.micros() };
        self.store.keep(now, move |conn| kept_forms::put(conn, &row))?;
        Ok(true)
    }

    /// Returns where the form that waits for an account was sent, and its fields.
    ///
    /// # Errors
    /// The store's failure.
    pub fn kept_form(&self, caller: &Caller) -> Result<Option<(String, String)>, AppError> {
        let row = self.store.read(|conn| kept_forms::find(conn, &caller.issuer, &caller.subject))?;
        let now = self.clock.now();
        let row = row.filter(|row| now < later(Instant::from_micros(row.kept_at), LONGEST));
        Ok(row.map(|row| (row.path, row.body)))
    }

    /// Drops the form that waits for an account: it was sent, or is not wanted.
    ///
    /// # Errors
    /// The store's failure.
    pub fn drop_form(&self, caller: &Caller) -> Result<(), AppError> {
        let (issuer, subject) = (caller.issuer.to_string(), caller.subject.to_string());
        self.store.keep(self.clock.now(), move |conn| kept_forms::drop(conn, &issuer, &subject))?;
        Ok(())
    }

    /// Drops forms whose owners did not come back.
    ///
    /// # Errors
    /// The store's failure.
    pub fn forget_forms(&self, at: Instant) -> Result<usize, AppError> {
        let before = at.micros().saturating_sub(i64::try_from(LONGEST.as_micros()).unwrap_or(i64::MAX));
        Ok(self.store.keep(at, move |conn| kept_forms::forget(conn, before))?)
    }
}
