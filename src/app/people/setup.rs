//! The first administrator: a one-time code, printed where only an operator of the machine sees it, and used once.

use super::grants::{GrantStated, RoleNamed, put};
use super::persons::{Account, PersonStated, PersonView, register, register_person, view};
use crate::app::App;
use crate::app::error::AppError;
use crate::app::repeat::{Repeat, Written};
use crate::domain::actor::{Caller, Role};
use crate::domain::error::Rule;
use crate::domain::validity::Instant;
use crate::store::keep::setup;
use crate::store::private::random;
use crate::store::{Store, StoreError};
use sha2::{Digest as _, Sha256};

/// How long a code holds: 15 minutes, in microseconds.
const HOLDS: i64 = 15 * 60_000_000;

/// Makes a code for the first administrator; none when there is one already. Earlier codes are void.
///
/// # Errors
/// The store's failure.
pub fn make_code(store: &Store, at: Instant) -> Result<Option<String>, StoreError> {
    store.keep(at, move |conn| {
        if super::register(conn)?.founded {
            return Ok(None);
        }
        let code = hex::encode(random::<16>()?);
        setup::renew(conn, &digest(&code), at.micros().saturating_add(HOLDS))?;
        Ok(Some(code))
    })
}

fn digest(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

impl App {
    /// Makes the caller the first administrator.
    ///
    /// # Errors
    /// [`AppError::Refused`] when the code does not hold or there is an administrator; the store's failure.
    pub fn found_administration(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        code: String,
        stated: PersonStated,
        repeat: Repeat<PersonView>,
    ) -> Result<Written<PersonView>, AppError> {
        let (context, caller) = (self.context(caller, request_id), caller.clone());
        self.repeatable(context, repeat, move |tx| {
            if register(tx)?.founded {
                return Err(AppError::refused(Rule::AlreadyFounded));
            }
            let now = tx.context().at.micros();
            if !setup::spend(tx.conn(), &digest(&code), now)? {
                return Err(AppError::refused(Rule::CodeInvalid));
            }
            let org = stated.org.clone();
            let account = Account { issuer: caller.issuer.to_string(), subject: caller.subject.to_string() };
            let registered = tx.person()?;
            let row = match crate::store::register::person(tx.conn(), &registered.to_string())? {
                Some(row) => row,
                None => register_person(tx, stated, &[account])?.row,
            };
            let id = super::persons::person_id(&row.id)?;
            let role = RoleNamed::Fixed(Role::BureauAdmin);
            let grant = GrantStated { org, role, valid_from: None, valid_to: None };
            put(tx, id, grant, Role::BureauAdmin, Some("first_administrator"))?;
            tx.flush()?;
            Ok(view(tx.conn(), row)?)
        })
    }
}
