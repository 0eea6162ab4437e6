//! Builds the register that requests are judged by from its rows: whole, because it is small and changes seldom.

use crate::domain::actor::{Role, RoleSet};
use crate::domain::code::Uscc;
use crate::domain::duty::DutySet;
use crate::domain::id::{CustomRoleId, PersonId};
use crate::domain::mandate::{Mandate, Scope};
use crate::domain::register::{CustomRole, ENTERPRISES, Grant, Register, Registered};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::store::register::{self as rows, newest_of};
use crate::store::{AnyConnection, StoreError};

const ALL: i64 = i64::MAX;

/// The state of an own role that is in use.
pub(super) const ACTIVE: &str = "active";

/// Reads the register when something in it was recorded after a revision.
///
/// # Errors
/// The database's failure; [`StoreError::Damaged`] for a row that is not what it must be.
pub fn register_since(conn: &mut AnyConnection, since: Revision) -> Result<Option<Register>, StoreError> {
    let changed = !rows::people_since(conn, since.0, 1)?.is_empty()
        || !rows::grants_since(conn, since.0, 1)?.is_empty()
        || !rows::custom_roles_since(conn, since.0, 1)?.is_empty()
        || !rows::accounts_since(conn, since.0, 1)?.is_empty()
        || !rows::mandates_since(conn, since.0, 1)?.is_empty();
    if changed { register(conn).map(Some) } else { Ok(None) }
}

/// Reads the register whole.
///
/// # Errors
/// As [`register_since`].
pub fn register(conn: &mut AnyConnection) -> Result<Register, StoreError> {
    let mut register = Register::default();
    for row in newest_of(rows::people_since(conn, 0, ALL)?, |row| row.id.clone()) {
        register.people.insert(person(&row.id)?, Registered { active: row.active != 0, grants: Vec::new() });
    }
    let joined = newest_of(rows::accounts_since(conn, 0, ALL)?, |row| row.account.clone());
    for (id, issuer, subject) in rows::accounts(conn)? {
        let behind = joined.iter().find(|row| row.account == id).map_or(&id, |row| &row.person);
        let behind = person(behind)?;
        if register.people.contains_key(&behind) {
            let subjects = register.accounts.entry(issuer.into()).or_default();
            subjects.insert(subject.into(), behind);
        }
    }
    for row in newest_of(rows::custom_roles_since(conn, 0, ALL)?, |row| row.id.clone()) {
        // What was retired includes nothing, whoever should still hold it.
        let duties = if row.state == ACTIVE { DutySet::read(&row.duties) } else { DutySet::default() };
        let name = (row.name_zh.into(), row.name_en.map(Into::into));
        register.custom.insert(custom_role(&row.id)?, CustomRole { name, duties });
    }
    for row in newest_of(rows::grants_since(conn, 0, ALL)?, |row| row.id.clone()) {
        let role = Role::parse(&row.role).ok_or_else(|| StoreError::damaged("a role"))?;
        let was_in_force = matches!(row.state.as_str(), "in_force" | "ended");
        register.founded |= was_in_force && role == Role::BureauAdmin;
        if was_in_force && RoleSet::of(&[role]).intersects(ENTERPRISES) {
            register.own_people.insert(row.org.clone().into());
        }
        if row.state == "in_force"
            && let Some(registered) = register.people.get_mut(&person(&row.person)?)
        {
            let (valid_from, valid_to) = (day(row.valid_from)?, row.valid_to.map(day).transpose()?);
            let custom = row.custom_role.as_deref().map(custom_role).transpose()?;
            registered.grants.push(Grant { org: row.org.into(), role, custom, valid_from, valid_to });
        }
    }
    for row in newest_of(rows::mandates_since(conn, 0, ALL)?, |row| row.id.clone()) {
        if row.state == "appointed" {
            let enterprise = Uscc::parse(&row.enterprise).map_err(|_| StoreError::damaged("a USCC"))?;
            register.mandates.entry(enterprise).or_default().push(mandate(&row)?);
        }
    }
    Ok(register)
}

/// Reads a stored mandate.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn mandate(row: &rows::MandateRow) -> Result<Mandate, StoreError> {
    Ok(Mandate {
        agent_org: row.agent_org.as_str().into(),
        agent_person: row.agent_person.as_deref().map(person).transpose()?,
        scopes: scopes(&row.scopes)?,
        valid_from: day(row.valid_from)?,
        valid_to: row.valid_to.map(day).transpose()?,
    })
}

/// Reads stored scopes.
///
/// # Errors
/// [`StoreError::Damaged`] when a word is none.
pub fn scopes(text: &str) -> Result<Vec<Scope>, StoreError> {
    let words = text.split(',').map(|word| Scope::parse(word).ok_or_else(|| StoreError::damaged("a scope")));
    words.collect()
}

fn person(id: &str) -> Result<PersonId, StoreError> {
    PersonId::parse(id).map_err(|_| StoreError::damaged("a person id"))
}

fn custom_role(id: &str) -> Result<CustomRoleId, StoreError> {
    CustomRoleId::parse(id).map_err(|_| StoreError::damaged("the id of an own role"))
}

fn day(days: i32) -> Result<LegalDay, StoreError> {
    LegalDay::from_value(days).ok_or_else(|| StoreError::damaged("a legal day"))
}
