//! Grants: a role of a person in an organisation, from a day to a day.
//!
//! One administrator proposes, another confirms. Three grants need no second person, each on record with its ground: that
//! of the first administrator (by one-time code), that of a second one while there is only one, and those of an
//! enterprise's own people by the enterprise. Ending a grant takes one person and holds at once.

use super::persons::{behind, governs, person_id, register};
use crate::app::App;
use crate::app::error::AppError;
use crate::app::notices::tell;
use crate::app::repeat::{Repeat, Written};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::adjustment::four_eyes;
use crate::domain::code::Uscc;
use crate::domain::error::Rule;
use crate::domain::id::{GrantId, PersonId, time_ordered};
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::register::{ENTERPRISES, MACHINES, may_hold};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::store::private::random;
use crate::store::register::{GrantRow, grant, grants_of, person};
use crate::store::{StoreError, Tx};

/// What is granted.
#[derive(Debug, Clone)]
pub struct GrantStated {
    /// Organisation.
    pub org: String,
    /// Role.
    pub role: Role,
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
            let enterprise = RoleSet::of(&[stated.role]).intersects(ENTERPRISES);
            let theirs = enterprise && Uscc::parse(&stated.org).is_ok();
            // An agent's people belong to the agent, an applicant's to the enterprise: the organisation of the caller.
            let yours = !own || (enterprise && stated.org == *caller.org);
            if !yours || enterprise != theirs || RoleSet::of(&[stated.role]).intersects(MACHINES) {
                return Err(AppError::refused(Rule::RoleNotYours));
            }
            let by = tx.person()?;
            if by == id && !own {
                return Err(AppError::refused(Rule::OwnGrant));
            }
            let held = grants_of(tx.conn(), &row.id)?;
            let held = held.iter().filter(|grant| matches!(grant.state.as_str(), PROPOSED | IN_FORCE));
            may_hold(held.filter_map(|grant| Role::parse(&grant.role)).collect(), stated.role)
                .map_err(AppError::refused)?;
            let exempt = if enterprise {
                Some("own_people")
            } else if stated.role == Role::BureauAdmin && administrators(tx)? == [by] {
                Some("second_administrator")
            } else {
                None
            };
            put(tx, id, stated, exempt)
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

/// Puts a grant in, in force where it is exempt from a second person, else proposed.
///
/// # Errors
/// The store's failure.
pub(super) fn put(
    tx: &mut Tx<'_>,
    id: PersonId,
    stated: GrantStated,
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
        role: stated.role.as_str().to_owned(),
        valid_from: valid_from.value(),
        valid_to: stated.valid_to.map(LegalDay::value),
        state: if exempt.is_some() { IN_FORCE } else { PROPOSED }.to_owned(),
        exempt: exempt.map(str::to_owned),
        proposed_by: tx.person()?.to_string(),
        decided_by: None,
        ended_by: None,
        recorded_at: at.micros(),
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

fn administrators(tx: &mut Tx<'_>) -> Result<Vec<PersonId>, StoreError> {
    let day = tx.context().at.day();
    Ok(register(tx)?.holders(Role::BureauAdmin, day).collect())
}

/// Refuses what would leave nobody to administer.
///
/// # Errors
/// [`Rule::LastAdministrator`]; the store's failure.
pub(super) fn keep_an_administrator(tx: &mut Tx<'_>, leaving: PersonId) -> Result<(), AppError> {
    let left = administrators(tx)?;
    if left == [leaving] { Err(AppError::refused(Rule::LastAdministrator)) } else { Ok(()) }
}
