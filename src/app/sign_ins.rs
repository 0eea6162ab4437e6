//! Sign-ins at a provider of others, from the moment somebody leaves for it to the moment they come back.
//!
//! Each is taken once and is worth nothing after [`LONGEST`]; the browser holds the secret that opens it, so that a code
//! that comes back in somebody else's browser opens nothing there.

use super::App;
use super::error::AppError;
use super::sessions::{Session, digest, later, secret};
use crate::domain::actor::Caller;
use crate::domain::validity::Instant;
use crate::store::keep::sign_ins::{self, SignInRow};
use std::time::Duration;

/// How long a person may take at the provider.
pub const LONGEST: Duration = Duration::from_secs(10 * 60);

/// Who acts finally proved who they are at most so long ago.
pub const FRESH: Duration = Duration::from_secs(15 * 60);

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// Name of the issuer.
    pub issuer: String,
    /// What must come back with the code.
    pub state: String,
    /// What the token must carry.
    pub nonce: String,
    /// What the code is exchanged with.
    pub verifier: String,
    /// Where the person wanted to go.
    pub next: String,
    /// The session whose owner proves again who they are.
    pub session: Option<String>,
}

impl Session {
    /// Whether its owner proved longer ago than that who they are.
    #[must_use]
    pub fn is_stale(&self, now: Instant, within: Duration) -> bool {
        now >= later(self.proved_at, within)
    }
}

impl App {
    /// Keeps what a sign-in begins with; returns the secret that opens it.
    ///
    /// # Errors
    /// The store's failure.
    pub fn begin_sign_in(&self, begun: UnderWay) -> Result<String, AppError> {
        let secret = secret()?;
        let now = self.clock.now();
        let UnderWay { issuer, state, nonce, verifier, next, session } = begun;
        let row =
            SignInRow { id: digest(&secret), issuer, state, nonce, verifier, next, session, begun_at: now.micros() };
        self.store.keep(now, move |conn| sign_ins::begin(conn, &row))?;
        Ok(secret)
    }

    /// Takes the sign-in that a secret opens, if it is not too old.
    ///
    /// # Errors
    /// The store's failure.
    pub fn take_sign_in(&self, secret: &str) -> Result<Option<UnderWay>, AppError> {
        let (id, now) = (digest(secret), self.clock.now());
        let row = self.store.keep(now, move |conn| sign_ins::take(conn, &id))?;
        let row = row.filter(|row| now < later(Instant::from_micros(row.begun_at), LONGEST));
        Ok(row.map(|SignInRow { issuer, state, nonce, verifier, next, session, .. }| UnderWay {
            issuer,
            state,
            nonce,
            verifier,
            next,
            session,
        }))
    }

    /// Begins a session for whom a provider vouched, or goes on in the session that they come back to; returns the secret
    /// that opens it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody none of whose roles counts, or who is not the owner of the session; the
    /// store's failure.
    pub fn signed_in(
        &self,
        caller: &Caller,
        agent: &str,
        (proved, session): (Instant, Option<&Session>),
    ) -> Result<String, AppError> {
        let Some(session) = session else { return self.open_session(caller, agent, (self.clock.now(), proved)) };
        if (&caller.issuer, &caller.subject) != (&session.caller.issuer, &session.caller.subject) {
            return Err(AppError::Forbidden);
        }
        let caller = Caller { acting_for: session.caller.acting_for, ..caller.clone() };
        let secret = self.open_session(&caller, agent, (session.started_at, proved))?;
        self.end_session(session.id.clone())?;
        Ok(secret)
    }

    /// Deletes sign-ins from which nobody came back.
    ///
    /// # Errors
    /// The store's failure.
    pub fn forget_sign_ins(&self, at: Instant) -> Result<usize, AppError> {
        let before = at.micros().saturating_sub(i64::try_from(LONGEST.as_micros()).unwrap_or(i64::MAX));
        Ok(self.store.keep(at, move |conn| sign_ins::forget(conn, before))?)
    }
}
