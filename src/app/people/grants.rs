//! Grants: a role of a person in an organisation, from a day to a day.
//!
//! One administrator proposes, another confirms. Three grants need no second person, each on record with its ground: that
//! of the first administrator (by one-time code), that of a second one while there is only one, and those of an
//! enterprise's own people by the enterprise. Ending a grant takes one person and holds at once.

use super::load::ACTIVE;
use super::persons::{behind, governs, person_id, register};
use crate::app::App;
use crate::app::error::AppError;
use crate::app::notices::tell;
use crate::app::repeat::{Repeat, Written};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::adjustment::four_eyes;
use crate::domain::code::Uscc;
use crate::domain::duty::{Duty, DutySet};
use crate::domain::error::Rule;
use crate::domain::id::{CustomRoleId, GrantId, PersonId, time_ordered};
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::register::{ENTERPRISES, MACHINES, Standing, may_hold};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::store::private::random;
use crate::store::register::{GrantRow, custom_role, grant, grants_of, person};
use crate::store::{StoreError, Tx};

/// A role as it is named to be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleNamed {
    /// One of the service's.
    Fixed(Role),
    /// One of the organisation's own.
    Own(CustomRoleId),
}

/// What is granted.
#[derive(Debug, Clone)]
pub struct GrantStated {
    /// Organisation.
    pub org: String,
    /// Role.
    pub role: RoleNamed,
    /// First day; today when left out.
    pub valid_from: Option<LegalDay>,
    /// Last day; open when left out.
    pub valid_to: Option<LegalDay>,
}

/// What becomes of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantDecision {
    /// A second administrator agrees.
    Confirm,
    /// A second administrator does not.
    Refuse,
    /// It holds no longer.
    End,
}

/// The state of a grant that was not yet confirmed.
const PROPOSED: &str = "proposed";
/// The state of a grant that holds on its days.
const IN_FORCE: &str = "in_force";

impl App {
    /// Lists the grants of a person.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for people of others; the store's failure.
    pub fn grants(&self, caller: &Caller, id: PersonId) -> Result<Vec<GrantRow>, AppError> {
        Ok(self.person(caller, id)?.grants)
    }

    /// Grants a role, or proposes to where a second administrator must agree.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Refused`] by a rule; the store's failure.
    pub fn grant(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: PersonId,
        stated: GrantStated,
        repeat: Repeat<GrantRow>,
    ) -> Result<Written<GrantRow>, AppError> {
        let (context, caller) = (self.context(caller, request_id), caller.clone());
        self.repeatable(context, repeat, move |tx| {
            let row = person(tx.conn(), &id.to_string())?.filter(|row| governs(&caller, &row.org));
            let row = row.ok_or(AppError::NotFound)?;
            if row.active == 0 {
                return Err(AppError::refused(Rule::PersonInactive));
            }
            let own = !caller.roles.contains(Role::BureauAdmin);
            let (role, duties) = named(tx, &stated)?;
            let enterprise = RoleSet::of(&[role]).intersects(ENTERPRISES);
            let theirs = enterprise && Uscc::parse(&stated.org).is_ok();
            // An agent's people belong to the agent, an applicant's to the enterprise: the organisation of the caller.
            let yours = !own || (enterprise && stated.org == *caller.org);
            if !yours || enterprise != theirs || RoleSet::of(&[role]).intersects(MACHINES) {
                return Err(AppError::refused(Rule::RoleNotYours));
            }
            let by = tx.person()?;
            // Whoever administers people under a role of the enterprise's own gives themselves nothing that it leaves out.
            if by == id && (!own || !standing(tx, &caller)?.fixed().contains(Role::EnterpriseApplicant)) {
                return Err(AppError::refused(Rule::OwnGrant));
            }
            let held = grants_of(tx.conn(), &row.id)?;
            let held = held.iter().filter(|grant| matches!(grant.state.as_str(), PROPOSED | IN_FORCE));
            may_hold(held.filter_map(|grant| Role::parse(&grant.role)).collect(), role).map_err(AppError::refused)?;
            let administers = role == Role::BureauAdmin && duties.is_none_or(|duties| duties.contains(Duty::People));
            let exempt = if enterprise {
                Some("own_people")
            } else if administers && administrators(tx)? == [by] {
                Some("second_administrator")
            } else {
                None
            };
            put(tx, id, stated, role, exempt)
        })
    }

    /// Decides on a grant that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when its state does not allow it,
    /// [`AppError::Refused`] by four eyes or for the last administrator; the store's failure.
    pub fn decide_grant(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: GrantId,
        seen: Revision,
        decision: GrantDecision,
        repeat: Repeat<GrantRow>,
    ) -> Result<Written<GrantRow>, AppError> {
        let (context, caller) = (self.context(caller, request_id), caller.clone());
        self.repeatable(context, repeat, move |tx| {
            let row = grant(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
            let of = person(tx.conn(), &row.person)?.ok_or(AppError::NotFound)?;
            if !governs(&caller, &of.org) {
                return Err(AppError::NotFound);
            }
            if seen.0 != row.revision {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            let expected = if decision == GrantDecision::End { IN_FORCE } else { PROPOSED };
            if row.state != expected {
                return Err(AppError::Conflict(Revision(row.revision)));
            }
            let by = tx.person()?;
            let (state, event, decided_by, ended_by) = match decision {
                GrantDecision::End => {
                    if row.role == Role::BureauAdmin.as_str() {
                        keep_an_administrator(tx, person_id(&row.person)?)?;
                    }
                    ("ended", "grant.ended", row.decided_by.clone(), Some(by.to_string()))
                }
                GrantDecision::Confirm | GrantDecision::Refuse => {
                    let proposed_by = behind(tx, &row.proposed_by)?;
                    four_eyes(proposed_by, by).map_err(AppError::refused)?;
                    if behind(tx, &row.person)? == by {
                        return Err(AppError::refused(Rule::OwnGrant));
                    }
                    let by = Some(by.to_string());
                    if decision == GrantDecision::Confirm {
                        (IN_FORCE, "grant.confirmed", by, None)
                    } else {
                        ("refused", "grant.refused", by, None)
                    }
                }
            };
            let next = GrantRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                state: state.to_owned(),
                decided_by,
                ended_by,
                recorded_at: tx.context().at.micros(),
                ..row.clone()
            };
            tx.save(next.clone(), Some(&row), event)?;
            tell_holder(tx, &next)?;
            Ok(next)
        })
    }
}

/// Finds the fixed role that a role as it is named stands on; and its duties, where it is one of the organisation's own.
fn named(tx: &mut Tx<'_>, stated: &GrantStated) -> Result<(Role, Option<DutySet>), AppError> {
    let id = match stated.role {
        RoleNamed::Fixed(role) => return Ok((role, None)),
        RoleNamed::Own(id) => id,
    };
    let own = custom_role(tx.conn(), &id.to_string())?.filter(|row| row.org == stated.org);
    let own = own.ok_or_else(|| AppError::refused(Rule::RoleNotYours))?;
    if own.state != ACTIVE {
        return Err(AppError::refused(Rule::RoleRetired));
    }
    let role = Role::parse(&own.base).ok_or_else(|| StoreError::damaged("a role"))?;
    Ok((role, Some(DutySet::read(&own.duties))))
}

/// Puts a grant in, in force where it is exempt from a second person, else proposed.
///
/// # Errors
/// The store's failure.
pub(super) fn put(
    tx: &mut Tx<'_>,
    id: PersonId,
    stated: GrantStated,
    role: Role,
    exempt: Option<&str>,
) -> Result<GrantRow, AppError> {
    let at = tx.context().at;
    let valid_from = stated.valid_from.unwrap_or_else(|| at.day());
    if valid_from < at.day() {
        return Err(AppError::refused(Rule::PastDate));
    }
    let row = GrantRow {
        id: GrantId::new(time_ordered(at, random()?)).to_string(),
        version: 1,
        revision: tx.next_revision().0,
        person: id.to_string(),
        org: stated.org,
        role: role.as_str().to_owned(),
        valid_from: valid_from.value(),
        valid_to: stated.valid_to.map(LegalDay::value),
        state: if exempt.is_some() { IN_FORCE } else { PROPOSED }.to_owned(),
        exempt: exempt.map(str::to_owned),
        proposed_by: tx.person()?.to_string(),
        decided_by: None,
        ended_by: None,
        recorded_at: at.micros(),
        custom_role: match stated.role {
            RoleNamed::Fixed(_) => None,
            RoleNamed::Own(id) => Some(id.to_string()),
        },
    };
    tx.save(row.clone(), None, if exempt.is_some() { "grant.given" } else { "grant.proposed" })?;
    if exempt.is_some() {
        tell_holder(tx, &row)?;
    } else {
        let to = Addressee::Role(Role::BureauAdmin);
        let notice = Notice::new(to, NoticeKind::GrantToConfirm, format!("/v1/people/{id}/grants"));
        tell(tx, &notice.with("person", id).with("role", &row.role))?;
    }
    Ok(row)
}

fn tell_holder(tx: &mut Tx<'_>, row: &GrantRow) -> Result<(), StoreError> {
    let person = person_id(&row.person)?;
    let about = format!("/v1/people/{person}/grants");
    let notice = Notice::new(Addressee::Person(person), NoticeKind::GrantChanged, about);
    tell(tx, &notice.with("org", &row.org).with("role", &row.role).with("state", &row.state))
}

/// Who administers people everywhere.
fn administrators(tx: &mut Tx<'_>) -> Result<Vec<PersonId>, StoreError> {
    let day = tx.context().at.day();
    Ok(register(tx)?.charged(Role::BureauAdmin, Duty::People, None, day).collect())
}

/// The roles of a caller that count, and for which duties, as the transaction has them.
fn standing(tx: &mut Tx<'_>, caller: &Caller) -> Result<Standing, StoreError> {
    let day = tx.context().at.day();
    Ok(register(tx)?.standing(caller, day))
}

/// Refuses what would leave nobody to administer.
///
/// # Errors
/// [`Rule::LastAdministrator`]; the store's failure.
pub(super) fn keep_an_administrator(tx: &mut Tx<'_>, leaving: PersonId) -> Result<(), AppError> {
    let left = administrators(tx)?;
    if left == [leaving] { Err(AppError::refused(Rule::LastAdministrator)) } else { Ok(()) }
}
