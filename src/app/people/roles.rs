//! Roles of an organisation's own (自定义角色): a name, the fixed role each rests on, and which duties of that it includes.
//!
//! What a role allows is judged at the edge, by the endpoint table; here it is made, changed and retired. Four eyes are not
//! gone round: while somebody holds a role of an office, or was proposed for it, it only ever loses duties, and nobody changes
//! a role that they hold. Invariant: somebody who administers people is left.

use super::load::ACTIVE;
use super::persons::{behind, governs, register, sees};
use crate::app::App;
use crate::app::error::{AppError, Refusal};
use crate::app::repeat::{Repeat, Written};
use crate::app::view::Page;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::Uscc;
use crate::domain::duty::{Duty, DutySet};
use crate::domain::error::Rule;
use crate::domain::id::{CustomRoleId, PersonId, time_ordered};
use crate::domain::register::{ENTERPRISES, MACHINES, roles_of_kind};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::store::private::random;
use crate::store::register::{
    CustomRoleRow, GrantRow, custom_role, custom_roles_since, grants_as, newest_of, organisation, person,
};
use crate::store::{AnyConnection, StoreError, Tx};

/// The state of a role that is granted to nobody any more.
const RETIRED: &str = "retired";

/// What is stated about a role.
#[derive(Debug, Clone)]
pub struct RoleStated {
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: Option<String>,
    /// What it includes.
    pub duties: DutySet,
}

/// Somebody who holds a role, or was proposed for it.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Their name.
    pub name: String,
    /// Their grant.
    pub grant: GrantRow,
}

/// A role with who holds it.
#[derive(Debug, Clone)]
pub struct RoleView {
    /// The role.
    pub row: CustomRoleRow,
    /// Who holds it, in order of their grants.
    pub holders: Vec<Holder>,
}

/// Refuses duties that the fixed role has not: there is nothing of them to include.
fn of_base(offered: DutySet, stated: &RoleStated) -> Result<(), AppError> {
    let strange = stated.duties.without(offered);
    if strange.is_empty() { Ok(()) } else { Err(refused("/duties", Rule::RoleNotYours)) }
}

fn refused(pointer: &str, rule: Rule) -> AppError {
    AppError::Refused(vec![Refusal { pointer: pointer.to_owned(), rule }])
}

/// Who holds a role or was proposed for it, on a day or later.
fn holders(conn: &mut AnyConnection, id: &str, day: LegalDay) -> Result<Vec<Holder>, StoreError> {
    let holds = |grant: &GrantRow| {
        matches!(grant.state.as_str(), "proposed" | "in_force") && grant.valid_to.is_none_or(|to| to >= day.value())
    };
    let mut found = Vec::new();
    for grant in grants_as(conn, id)?.into_iter().filter(holds) {
        let name = person(conn, &grant.person)?.map(|row| row.name).unwrap_or_default();
        found.push(Holder { name, grant });
    }
    Ok(found)
}

/// Who administers the people that a role is for: those of the bureau everywhere, those of an enterprise its own.
fn governors(tx: &mut Tx<'_>, base: Role, org: &str) -> Result<Vec<PersonId>, StoreError> {
    let day = tx.context().at.day();
    let register = register(tx)?;
    Ok(match base {
        Role::BureauAdmin => register.charged(base, Duty::People, None, day).collect(),
        Role::EnterpriseApplicant => register.charged(base, Duty::People, Some(org), day).collect(),
        Role::CustomsLookup
        | Role::CustomsDraw
        | Role::CustomsOfficer
        | Role::EnterpriseAgent
        | Role::DistrictOfficer
        | Role::AgencyReviewer
        | Role::BureauOfficer
        | Role::BureauApprover
        | Role::Auditor
        | Role::Operator => Vec::new(),
    })
}

fn base_of(row: &CustomRoleRow) -> Result<Role, StoreError> {
    Role::parse(&row.base).ok_or_else(|| StoreError::damaged("a role"))
}

/// Refuses a name that another role of the organisation has.
fn name_is_free(conn: &mut AnyConnection, id: &str, org: &str, name: &str) -> Result<(), AppError> {
    let rows = newest_of(custom_roles_since(conn, 0, i64::MAX)?, |row| row.id.clone());
    let taken = rows.iter().any(|row| row.id != id && row.org == org && row.state == ACTIVE && row.name_zh == name);
    if taken { Err(refused("/name_zh", Rule::RoleNameTaken)) } else { Ok(()) }
}

/// Refuses a fixed role that is none of the organisation's.
fn fits(conn: &mut AnyConnection, org: &str, base: Role) -> Result<(), AppError> {
    let set = RoleSet::of(&[base]);
    let enterprise = Uscc::parse(org).is_ok();
    if set.intersects(MACHINES) || set.intersects(ENTERPRISES) != enterprise {
        return Err(refused("/base", Rule::RoleNotYours));
    }
    if enterprise {
        return Ok(());
    }
    let office = organisation(conn, org)?.filter(|row| row.active != 0);
    let office = office.ok_or_else(|| refused("/org", Rule::OrganisationUnknown))?;
    if roles_of_kind(&office.kind).contains(base) { Ok(()) } else { Err(refused("/base", Rule::RoleNotYours)) }
}

impl App {
    /// Lists roles of organisations' own in order of id, those that were retired too; of one organisation, if asked. Who does not
    /// see everybody sees those of their own.
    ///
    /// # Errors
    /// The store's failure.
    pub fn custom_roles(
        &self,
        caller: &Caller,
        org: Option<&str>,
        after: &str,
        limit: usize,
    ) -> Result<Page<RoleView>, AppError> {
        let day = self.clock.now().day();
        let page = self.store.read(|conn| {
            let rows = newest_of(custom_roles_since(conn, 0, i64::MAX)?, |row| row.id.clone());
            let asked = |row: &CustomRoleRow| {
                row.id.as_str() > after && sees(caller, &row.org) && org.is_none_or(|org| row.org == org)
            };
            let mut rows: Vec<_> = rows.into_iter().filter(asked).collect();
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|row| row.id.clone());
            let mut items = Vec::new();
            for row in rows {
                let holders = holders(conn, &row.id, day)?;
                items.push(RoleView { row, holders });
            }
            Ok::<_, StoreError>(Page { items, next })
        })?;
        Ok(page)
    }

    /// Finds a role of an organisation's own, with who holds it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for those of others; the store's failure.
    pub fn custom_role(&self, caller: &Caller, id: CustomRoleId) -> Result<RoleView, AppError> {
        let day = self.clock.now().day();
        self.store.read(|conn| {
            let row = custom_role(conn, &id.to_string())?.filter(|row| sees(caller, &row.org));
            let row = row.ok_or(AppError::NotFound)?;
            let holders = holders(conn, &row.id, day)?;
            Ok(RoleView { row, holders })
        })
    }

    /// Makes a role of an organisation's own; `offered` are the duties of the fixed role it rests on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for the organisation of others; [`AppError::Refused`] by a rule; the store's failure.
    pub fn define_custom_role(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (org, base, offered): (String, Role, DutySet),
        stated: RoleStated,
        repeat: Repeat<RoleView>,
    ) -> Result<Written<RoleView>, AppError> {
        if !governs(caller, &org) {
            return Err(AppError::Forbidden);
        }
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            fits(tx.conn(), &org, base)?;
            of_base(offered, &stated)?;
            name_is_free(tx.conn(), "", &org, &stated.name_zh)?;
            let at = tx.context().at;
            let row = CustomRoleRow {
                id: CustomRoleId::new(time_ordered(at, random()?)).to_string(),
                version: 1,
                revision: tx.next_revision().0,
                org,
                base: base.as_str().to_owned(),
                name_zh: stated.name_zh,
                name_en: stated.name_en,
                duties: stated.duties.union(DutySet::least()).words(),
                state: ACTIVE.to_owned(),
                recorded_at: at.micros(),
            };
            tx.save(row.clone(), None, "custom_role.defined")?;
            Ok(RoleView { row, holders: Vec::new() })
        })
    }

    /// States a role anew as it was seen at a revision; `offered` says the duties of a fixed role.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when it was retired, [`AppError::Refused`]
    /// by a rule; the store's failure.
    pub fn change_custom_role(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (id, seen): (CustomRoleId, Revision),
        (stated, offered): (RoleStated, fn(Role) -> DutySet),
        repeat: Repeat<RoleView>,
    ) -> Result<Written<RoleView>, AppError> {
        let (context, caller) = (self.context(caller, request_id), caller.clone());
        self.repeatable(context, repeat, move |tx| {
            let row = opened(tx, &caller, id, seen)?;
            let base = base_of(&row)?;
            of_base(offered(base), &stated)?;
            name_is_free(tx.conn(), &row.id, &row.org, &stated.name_zh)?;
            let (before, after) = (DutySet::read(&row.duties), stated.duties.union(DutySet::least()));
            let day = tx.context().at.day();
            let holders = holders(tx.conn(), &row.id, day)?;
            let by = tx.person()?;
            for held in &holders {
                if behind(tx, &held.grant.person)? == by {
                    return Err(AppError::refused(Rule::OwnRole));
                }
            }
            let office = !RoleSet::of(&[base]).intersects(ENTERPRISES);
            if office && !holders.is_empty() && !after.without(before).is_empty() {
                return Err(refused("/duties", Rule::RoleWidened));
            }
            let next = CustomRoleRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                name_zh: stated.name_zh,
                name_en: stated.name_en,
                duties: after.words(),
                recorded_at: tx.context().at.micros(),
                ..row.clone()
            };
            if (&next.name_zh, &next.name_en, &next.duties) == (&row.name_zh, &row.name_en, &row.duties) {
                return Err(AppError::refused(Rule::NothingChanges));
            }
            let governed = !governors(tx, base, &row.org)?.is_empty();
            tx.save(next.clone(), Some(&row), "custom_role.changed")?;
            // What was saved is undone with the refusal.
            if governed && governors(tx, base, &row.org)?.is_empty() {
                return Err(refused("/duties", Rule::LastAdministrator));
            }
            Ok(RoleView { row: next, holders })
        })
    }

    /// Retires a role that nobody holds, as it was seen at a revision.
    ///
    /// # Errors
    /// As [`App::change_custom_role`]; [`Rule::RoleHeld`] where somebody holds it.
    pub fn retire_custom_role(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (id, seen): (CustomRoleId, Revision),
        repeat: Repeat<RoleView>,
    ) -> Result<Written<RoleView>, AppError> {
        let (context, caller) = (self.context(caller, request_id), caller.clone());
        self.repeatable(context, repeat, move |tx| {
            let row = opened(tx, &caller, id, seen)?;
            let day = tx.context().at.day();
            if !holders(tx.conn(), &row.id, day)?.is_empty() {
                return Err(refused("/holders", Rule::RoleHeld));
            }
            let next = CustomRoleRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                state: RETIRED.to_owned(),
                recorded_at: tx.context().at.micros(),
                ..row.clone()
            };
            tx.save(next.clone(), Some(&row), "custom_role.retired")?;
            Ok(RoleView { row: next, holders: Vec::new() })
        })
    }
}

/// Finds a role that a caller may change as they saw it.
fn opened(tx: &mut Tx<'_>, caller: &Caller, id: CustomRoleId, seen: Revision) -> Result<CustomRoleRow, AppError> {
    let row = custom_role(tx.conn(), &id.to_string())?.filter(|row| governs(caller, &row.org));
    let row = row.ok_or(AppError::NotFound)?;
    if seen.0 != row.revision {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    if row.state == ACTIVE { Ok(row) } else { Err(AppError::Conflict(Revision(row.revision))) }
}
