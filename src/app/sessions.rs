//! Sessions of the portal: begun by a sign-in, ended by the person, by time, or because their roles changed.
//!
//! The browser holds a secret of 256 random bits, the database its SHA-256, so that a copy of the database opens no
//! session. A session is judged at every use: a person whose roles count otherwise than at sign-in signs in again.

use super::App;
use super::error::AppError;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::Uscc;
use crate::domain::register::Standing;
use crate::domain::validity::Instant;
use crate::store::StoreError;
use crate::store::keep::sessions::{self, SessionRow};
use crate::store::private::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// A session that is not used for so long ends.
pub const IDLE: Duration = Duration::from_secs(30 * 60);

/// The longest that a session lasts.
pub const LONGEST: Duration = Duration::from_secs(10 * 60 * 60);

/// How exactly it is noted when a session was used: not every page writes.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Longest name of a browser that is kept, in characters.
const AGENT: usize = 200;

/// A session that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Digest of its secret, hex.
    pub id: String,
    /// Who signed in; their roles are those that the provider vouched for.
    pub caller: Caller,
    /// Roles that counted when it began, which are those that count now.
    pub roles: RoleSet,
    /// For which duties they count; nothing where the session is only listed.
    pub standing: Standing,
    /// What a form must send along.
    pub csrf: String,
    /// The browser, as it names itself.
    pub agent: String,
    /// When it began.
    pub started_at: Instant,
    /// When it was last used, to the minute.
    pub seen_at: Instant,
    /// When the person last proved who they are.
    pub proved_at: Instant,
}

impl Session {
    /// Instant at which it ends unless it is used.
    #[must_use]
    pub fn ends_at(&self, now: Instant) -> Instant {
        later(now, IDLE).min(later(self.started_at, LONGEST))
    }

    /// The name under which its owner sees it: a part of the digest, which opens nothing.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.get(..16).unwrap_or_default()
    }
}

pub(super) fn later(at: Instant, by: Duration) -> Instant {
    Instant::from_micros(at.micros().saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}

pub(super) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn words(roles: RoleSet) -> String {
    roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" ")
}

pub(super) fn secret() -> Result<String, StoreError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

fn read(row: SessionRow) -> Result<Session, AppError> {
    let claimed: RoleSet = row.claimed.split(' ').filter_map(Role::parse).collect();
    // Behind a role of the organisation's own stands which one it is, and its duties.
    let roles = row.roles.split(' ').filter_map(|word| Role::parse(word.split(':').next().unwrap_or(word))).collect();
    let acting_for = row.acting_for.as_deref().map(Uscc::parse).transpose().map_err(|fault| {
        AppError::from(StoreError::Damaged(format!("a session acts for no enterprise: {}", fault.as_str())))
    })?;
    let caller = Caller {
        issuer: row.issuer.into(),
        subject: row.subject.into(),
        org: row.org.into(),
        roles: claimed,
        acting_for,
    };
    Ok(Session {
        id: row.id,
        caller,
        roles,
        standing: Standing::default(),
        csrf: row.csrf,
        agent: row.agent,
        started_at: Instant::from_micros(row.started_at),
        seen_at: Instant::from_micros(row.seen_at),
        proved_at: Instant::from_micros(row.proved_at),
    })
}

impl App {
    fn counted(&self, caller: &Caller) -> Standing {
        self.index.load().register().standing(caller, self.clock.now().day())
    }

    /// Begins a session for whom a provider of sign-in vouched; returns the secret that opens it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody none of whose roles counts; the store's failure.
    pub fn begin_session(&self, caller: &Caller, agent: &str) -> Result<String, AppError> {
        let now = self.clock.now();
        self.open_session(caller, agent, (now, now))
    }

    pub(super) fn open_session(
        &self,
        caller: &Caller,
        agent: &str,
        (started, proved): (Instant, Instant),
    ) -> Result<String, AppError> {
        let standing = self.counted(caller);
        if standing.roles().is_empty() {
            return Err(AppError::Forbidden);
        }
        let secret = secret()?;
        let now = self.clock.now();
        let row = SessionRow {
            id: digest(&secret),
            issuer: caller.issuer.to_string(),
            subject: caller.subject.to_string(),
            org: caller.org.to_string(),
            claimed: words(caller.roles),
            roles: standing.words(),
            acting_for: caller.acting_for.map(|uscc| uscc.to_string()),
            csrf: self::secret()?,
            agent: agent.chars().take(AGENT).collect(),
            started_at: started.micros(),
            seen_at: now.micros(),
            proved_at: proved.micros(),
        };
        self.store.keep(now, move |conn| sessions::open(conn, &row))?;
        Ok(secret)
    }

    /// Returns the session that a secret opens, if it is still in force.
    ///
    /// # Errors
    /// The store's failure.
    pub fn session(&self, secret: &str) -> Result<Option<Session>, AppError> {
        let id = digest(secret);
        let Some(row) = self.store.read(|conn| sessions::find(conn, &id))? else { return Ok(None) };
        let counted = row.roles.clone();
        let session = read(row)?;
        let now = self.clock.now();
        if now >= later(session.seen_at, IDLE) || now >= later(session.started_at, LONGEST) {
            return Ok(None);
        }
        let standing = self.counted(&session.caller);
        if standing.words() != counted {
            self.end_session(id)?;
            return Ok(None);
        }
        if now >= later(session.seen_at, NOTED_EVERY) {
            self.store.keep(now, move |conn| sessions::seen(conn, &id, now.micros()))?;
        }
        Ok(Some(Session { standing, ..session }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store's failure.
    pub fn end_session(&self, id: String) -> Result<(), AppError> {
        self.store.keep(self.clock.now(), move |conn| sessions::end(conn, &id))?;
        Ok(())
    }

    /// Goes on under a new secret, for an enterprise or for oneself: whoever knew the old one is out.
    ///
    /// # Errors
    /// The store's failure.
    pub fn act_for(&self, session: &Session, enterprise: Option<Uscc>) -> Result<String, AppError> {
        let caller = Caller { acting_for: enterprise, ..session.caller.clone() };
        let secret = self.open_session(&caller, &session.agent, (session.started_at, session.proved_at))?;
        self.end_session(session.id.clone())?;
        Ok(secret)
    }

    /// Lists the sessions of an account that are in force, the last used first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn sessions_of(&self, caller: &Caller) -> Result<Vec<Session>, AppError> {
        let rows = self.store.read(|conn| sessions::of_account(conn, &caller.issuer, &caller.subject))?;
        let now = self.clock.now();
        let mut sessions = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        sessions.retain(|session| now < later(session.seen_at, IDLE) && now < later(session.started_at, LONGEST));
        sessions.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
        Ok(sessions)
    }

    /// Ends a session of the same account, by the name under which its owner sees it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; the store's failure.
    pub fn end_named_session(&self, caller: &Caller, name: &str) -> Result<(), AppError> {
        let found = self.sessions_of(caller)?.into_iter().find(|session| session.name() == name);
        self.end_session(found.ok_or(AppError::NotFound)?.id)
    }

    /// Deletes sessions that have run out.
    ///
    /// # Errors
    /// The store's failure.
    pub fn forget_sessions(&self, at: Instant) -> Result<usize, AppError> {
        let before = |by: Duration| at.micros().saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX));
        let (unseen, begun) = (before(IDLE), before(LONGEST));
        Ok(self.store.keep(at, move |conn| sessions::forget(conn, unseen, begun))?)
    }
}
