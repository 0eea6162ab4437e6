//! Persons: who they are, which accounts are theirs, whether they may act.
//!
//! An administrator sees and changes everybody; an enterprise's own people see and change those of the enterprise.

use crate::app::error::AppError;
use crate::app::repeat::{Repeat, Written};
use crate::app::view::Page;
use crate::app::{App, people};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::error::Rule;
use crate::domain::id::PersonId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::store::keep::notices::forgive_address;
use crate::store::keep::people::{find, find_or_make};
use crate::store::register::{AccountRow, GrantRow, PersonRow, account, accounts_of, grants_of, person, person_ids};
use crate::store::{StoreError, Tx};

/// Who see and change everybody.
const ADMINISTRATORS: RoleSet = RoleSet::of(&[Role::BureauAdmin]);
/// Who see everybody.
const SEE_ALL: RoleSet = RoleSet::of(&[Role::BureauAdmin, Role::Auditor]);

/// What is stated about a person.
#[derive(Debug, Clone)]
pub struct PersonStated {
    /// Name.
    pub name: String,
    /// Organisation.
    pub org: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub mail: Option<String>,
    /// Language of letters.
    pub lang: Lang,
}

/// An account of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Issuer.
    pub issuer: String,
    /// Subject within the issuer.
    pub subject: String,
}

/// A person with accounts and grants.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The person.
    pub row: PersonRow,
    /// Their accounts, the first of which gave them their id.
    pub accounts: Vec<Account>,
    /// Their grants as they stand.
    pub grants: Vec<GrantRow>,
}

/// What happens to a person.
#[derive(Debug, Clone)]
pub enum PersonChange {
    /// Particulars are stated anew.
    State(PersonStated),
    /// Another account turns out to be theirs.
    Join(Account),
    /// They may not act any more.
    Deactivate,
    /// They may act again.
    Reactivate,
}

/// Whether a caller sees the people of an organisation.
pub(super) fn sees(caller: &Caller, org: &str) -> bool {
    caller.holds_any(SEE_ALL) || (caller.roles.contains(Role::EnterpriseApplicant) && *caller.org == *org)
}

/// Whether a caller may change the people of an organisation.
pub(super) fn governs(caller: &Caller, org: &str) -> bool {
    caller.holds_any(ADMINISTRATORS) || (caller.roles.contains(Role::EnterpriseApplicant) && *caller.org == *org)
}

/// Reads a stored person id.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn person_id(id: &str) -> Result<PersonId, StoreError> {
    PersonId::parse(id).map_err(|_| StoreError::damaged("a person id"))
}

/// Finds a person as they stand, with accounts and grants.
///
/// # Errors
/// The store's failure.
pub(super) fn view(conn: &mut crate::store::AnyConnection, row: PersonRow) -> Result<PersonView, StoreError> {
    let accounts = accounts_of(conn, &row.id)?;
    let accounts = accounts.into_iter().map(|(_, issuer, subject)| Account { issuer, subject }).collect();
    let grants = grants_of(conn, &row.id)?;
    Ok(PersonView { row, accounts, grants })
}

impl App {
    /// Lists people in order of id; an enterprise's people see their own.
    ///
    /// # Errors
    /// The store's failure.
    pub fn people(
        &self,
        caller: &Caller,
        org: Option<&str>,
        after: &str,
        limit: usize,
    ) -> Result<Page<PersonView>, AppError> {
        let own = (!caller.holds_any(SEE_ALL)).then(|| caller.org.to_string());
        if org.is_some_and(|org| own.as_deref().is_some_and(|own| own != org)) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let org = own.as_deref().or(org);
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let page = self.store.read(|conn| {
            let mut ids = person_ids(conn, org, after, most)?;
            let more = ids.len() > limit;
            ids.truncate(limit);
            let next = ids.last().filter(|_| more).cloned();
            let mut items = Vec::new();
            for id in ids {
                // Somebody who went to another organisation is not among this one's any more.
                let row = person(conn, &id)?.filter(|row| org.is_none_or(|org| row.org == org));
                items.extend(row.map(|row| view(conn, row)).transpose()?);
            }
            Ok::<_, StoreError>(Page { items, next })
        })?;
        Ok(page)
    }

    /// Lists the colleagues of a caller in order of id: who is registered in their organisation and may act.
    ///
    /// # Errors
    /// The store's failure.
    pub fn colleagues(&self, caller: &Caller, after: &str, limit: usize) -> Result<Page<PersonRow>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let page = self.store.read(|conn| {
            let mut ids = person_ids(conn, Some(&*caller.org), after, most)?;
            let more = ids.len() > limit;
            ids.truncate(limit);
            let next = ids.last().filter(|_| more).cloned();
            let mut items = Vec::new();
            for id in ids {
                items.extend(person(conn, &id)?.filter(|row| *row.org == *caller.org && row.active == 1));
            }
            Ok::<_, StoreError>(Page { items, next })
        })?;
        Ok(page)
    }

    /// Finds a person.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for people of others; the store's failure.
    pub fn person(&self, caller: &Caller, id: PersonId) -> Result<PersonView, AppError> {
        self.store.read(|conn| {
            let row = person(conn, &id.to_string())?.filter(|row| sees(caller, &row.org));
            Ok(view(conn, row.ok_or(AppError::NotFound)?)?)
        })
    }

    /// Registers a person with their accounts; the first gives them their id.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for people of others; [`AppError::Refused`] for an account that somebody has already; the
    /// store's failure.
    pub fn register_person(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        stated: PersonStated,
        accounts: Vec<Account>,
        repeat: Repeat<PersonView>,
    ) -> Result<Written<PersonView>, AppError> {
        if !governs(caller, &stated.org) {
            return Err(AppError::Forbidden);
        }
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| register_person(tx, stated, &accounts))
    }

    /// Changes a person that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when they stand so already,
    /// [`AppError::Refused`] by a rule; the store's failure.
    pub fn change_person(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: PersonId,
        seen: Revision,
        change: PersonChange,
        repeat: Repeat<PersonView>,
    ) -> Result<Written<PersonView>, AppError> {
        let (context, caller) = (self.context(caller, request_id), caller.clone());
        self.repeatable(context, repeat, move |tx| {
            let row = person(tx.conn(), &id.to_string())?.filter(|row| governs(&caller, &row.org));
            let row = row.ok_or(AppError::NotFound)?;
            if seen.0 != row.revision {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            let next = PersonRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                recorded_at: tx.context().at.micros(),
                ..row.clone()
            };
            match change {
                PersonChange::State(stated) => {
                    if !governs(&caller, &stated.org) {
                        return Err(AppError::Forbidden);
                    }
                    state(tx, &row, next, stated)?;
                }
                PersonChange::Join(account) => {
                    join(tx, id, &account)?;
                    // The person's own entry, so that whoever saw them without the account is told.
                    let next = PersonRow { revision: tx.next_revision().0, ..next };
                    tx.save(next, Some(&row), "person.joined")?;
                }
                PersonChange::Deactivate if row.active == 0 => return Err(AppError::Conflict(Revision(row.revision))),
                PersonChange::Reactivate if row.active != 0 => return Err(AppError::Conflict(Revision(row.revision))),
                PersonChange::Deactivate => {
                    super::grants::keep_an_administrator(tx, id)?;
                    tx.save(PersonRow { active: 0, ..next }, Some(&row), "person.deactivated")?;
                }
                PersonChange::Reactivate => {
                    tx.save(PersonRow { active: 1, ..next }, Some(&row), "person.reactivated")?;
                }
            }
            tx.flush()?;
            let row = person(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
            Ok(view(tx.conn(), row)?)
        })
    }
}

fn state(tx: &mut Tx<'_>, row: &PersonRow, next: PersonRow, stated: PersonStated) -> Result<(), AppError> {
    let PersonStated { name, org, phone, mail, lang } = stated;
    if let Some(mail) = &mail {
        forgive_address(tx.conn(), mail)?;
    }
    let next = PersonRow { name, org, phone, mail, language: lang.pick("zh", "en").to_owned(), ..next };
    tx.save(next, Some(row), "person.changed")?;
    Ok(())
}

/// Registers a person inside a transaction.
///
/// # Errors
/// As [`App::register_person`].
pub(super) fn register_person(
    tx: &mut Tx<'_>,
    stated: PersonStated,
    accounts: &[Account],
) -> Result<PersonView, AppError> {
    let at = tx.context().at;
    let Some((first, others)) = accounts.split_first() else { return Err(AppError::refused(Rule::AccountTaken)) };
    let id = find_or_make(tx.conn(), &first.issuer, &first.subject, at)?;
    if person(tx.conn(), &id.to_string())?.is_some() || account(tx.conn(), &id.to_string())?.is_some() {
        return Err(AppError::Refused(vec![taken("/accounts/0")]));
    }
    let PersonStated { name, org, phone, mail, lang } = stated;
    if let Some(mail) = &mail {
        forgive_address(tx.conn(), mail)?;
    }
    let row = PersonRow {
        id: id.to_string(),
        version: 1,
        revision: tx.next_revision().0,
        org,
        name,
        phone,
        mail,
        language: lang.pick("zh", "en").to_owned(),
        active: 1,
        recorded_at: at.micros(),
    };
    tx.save(row.clone(), None, "person.registered")?;
    for account in others {
        join(tx, id, account)?;
    }
    tx.flush()?;
    Ok(view(tx.conn(), row)?)
}

fn taken(pointer: &str) -> crate::app::error::Refusal {
    crate::app::error::Refusal { pointer: pointer.to_owned(), rule: Rule::AccountTaken }
}

/// Joins an account to a person; accounts joined to it earlier come along.
///
/// A registered person is joined only when deactivated, so that nobody's grants vanish unseen.
fn join(tx: &mut Tx<'_>, person_id: PersonId, stated: &Account) -> Result<(), AppError> {
    let at = tx.context().at;
    let id = match find(tx.conn(), &stated.issuer, &stated.subject)? {
        Some(id) => id,
        None => find_or_make(tx.conn(), &stated.issuer, &stated.subject, at)?,
    };
    if id == person_id {
        return Err(AppError::refused(Rule::SameParty));
    }
    tx.flush()?;
    let owner = account(tx.conn(), &id.to_string())?;
    let active = person(tx.conn(), &id.to_string())?.is_some_and(|row| row.active != 0);
    if owner.is_some() || active {
        return Err(AppError::Refused(vec![taken("/account")]));
    }
    let along = accounts_along(tx, id)?;
    for (account_id, before) in along {
        let row = AccountRow {
            account: account_id,
            version: before.as_ref().map_or(0, |row: &AccountRow| row.version).saturating_add(1),
            revision: tx.next_revision().0,
            person: person_id.to_string(),
            recorded_at: at.micros(),
        };
        tx.save(row, before.as_ref(), "account.joined")?;
    }
    tx.forget_people();
    Ok(())
}

/// The account itself and those that were joined to it before.
fn accounts_along(tx: &mut Tx<'_>, id: PersonId) -> Result<Vec<(String, Option<AccountRow>)>, AppError> {
    let mut along = vec![(id.to_string(), None)];
    for (joined, ..) in accounts_of(tx.conn(), &id.to_string())? {
        if joined != id.to_string() {
            let before = account(tx.conn(), &joined)?;
            along.push((joined, before));
        }
    }
    Ok(along)
}

/// Names the person behind a stored id, whichever of their accounts it is.
///
/// # Errors
/// The store's failure.
pub fn behind(tx: &mut Tx<'_>, id: &str) -> Result<PersonId, StoreError> {
    let account = person_id(id)?;
    crate::store::register::person_behind(tx.conn(), account)
}

/// Reads the register inside a transaction, as it stands with what the command saved.
pub(super) fn register(tx: &mut Tx<'_>) -> Result<crate::domain::register::Register, StoreError> {
    tx.flush()?;
    people::register(tx.conn())
}
