//! The register of people as requests are judged by it: which roles of a token count, and for whom an agent may act.
//!
//! It holds no names and checks no credential. Machines (`customs.lookup`, `customs.draw`) are no people: their roles come
//! from the token alone. Everybody else's roles come from the token too, until an administrator is registered; from then
//! on a role of an officer counts only as granted, and a role of an enterprise's people only as granted once the
//! enterprise has registered its own. Invariant: the register takes roles away and never adds one.

use super::actor::{Caller, Role, RoleSet};
use super::code::Uscc;
use super::error::Rule;
use super::id::PersonId;
use super::mandate::{Mandate, Scope};
use super::validity::LegalDay;
use std::collections::{BTreeMap, BTreeSet};

/// Roles of customs systems.
pub const MACHINES: RoleSet = RoleSet::of(&[Role::CustomsLookup, Role::CustomsDraw]);

/// Roles of an enterprise's own people and of its agents.
pub const ENTERPRISES: RoleSet = RoleSet::of(&[Role::EnterpriseApplicant, Role::EnterpriseAgent]);

/// Roles of officers: what needs a grant once there is an administrator.
pub const OFFICERS: RoleSet = RoleSet::ALL.without(MACHINES).without(ENTERPRISES);

/// Roles of which one person holds at most one: administration, operation, audit (GB/T 22239-2019, 8.1.5).
const APART: RoleSet = RoleSet::of(&[Role::BureauAdmin, Role::Operator, Role::Auditor]);

/// A role of a person in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Organisation.
    pub org: Box<str>,
    /// Role.
    pub role: Role,
    /// First day.
    pub valid_from: LegalDay,
    /// Last day; none while open.
    pub valid_to: Option<LegalDay>,
}

impl Grant {
    /// Whether it counts on a day.
    #[must_use]
    pub fn on(&self, day: LegalDay) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// A person of the register.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registered {
    /// Whether they may act at all.
    pub active: bool,
    /// Grants in force.
    pub grants: Vec<Grant>,
}

/// Everything that requests are judged by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    /// Whether there was ever an administrator.
    pub founded: bool,
    /// Enterprises that have registered people of their own.
    pub own_people: BTreeSet<Box<str>>,
    /// Persons by issuer and subject of their accounts.
    pub accounts: BTreeMap<Box<str>, BTreeMap<Box<str>, PersonId>>,
    /// People.
    pub people: BTreeMap<PersonId, Registered>,
    /// Mandates in force by enterprise.
    pub mandates: BTreeMap<Uscc, Vec<Mandate>>,
}

impl Register {
    /// Names the registered person behind a caller.
    #[must_use]
    pub fn person(&self, caller: &Caller) -> Option<PersonId> {
        self.accounts.get(&*caller.issuer)?.get(&*caller.subject).copied()
    }

    /// Returns the roles of a caller's token that count on a day.
    #[must_use]
    pub fn roles(&self, caller: &Caller, day: LegalDay) -> RoleSet {
        if caller.roles.without(MACHINES).is_empty() {
            return caller.roles;
        }
        let registered = self.person(caller).and_then(|person| self.people.get(&person));
        if registered.is_some_and(|person| !person.active) {
            return RoleSet::EMPTY;
        }
        let mut governed = if self.founded { OFFICERS } else { RoleSet::EMPTY };
        if self.own_people.contains(&*caller.org) {
            governed = governed.union(ENTERPRISES);
        }
        let grants = registered.map(|person| person.grants.as_slice()).unwrap_or_default();
        let granted: RoleSet =
            grants.iter().filter(|grant| *grant.org == *caller.org && grant.on(day)).map(|grant| grant.role).collect();
        caller.roles.without(governed).union(caller.roles.intersection(granted))
    }

    /// Whether an agent may do something for an enterprise on a day.
    #[must_use]
    pub fn may_act(&self, agent: &Caller, enterprise: Uscc, needed: Option<Scope>, day: LegalDay) -> bool {
        let person = self.person(agent);
        let mandates = self.mandates.get(&enterprise).map(Vec::as_slice).unwrap_or_default();
        mandates.iter().any(|mandate| mandate.lets(&agent.org, person, needed, day))
    }

    /// Lists the active people who hold a role on a day.
    pub fn holders(&self, role: Role, day: LegalDay) -> impl Iterator<Item = PersonId> {
        self.people
            .iter()
            .filter(move |(_, person)| {
                person.active && person.grants.iter().any(|grant| grant.role == role && grant.on(day))
            })
            .map(|(id, _)| *id)
    }
}

/// Judges whether a role may stand beside those that a person holds already.
///
/// # Errors
/// [`Rule::RolesExclude`].
pub fn may_hold(held: RoleSet, role: Role) -> Result<(), Rule> {
    let together = held.union(RoleSet::of(&[role])).intersection(APART);
    if together.iter().count() > 1 { Err(Rule::RolesExclude) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    fn caller(subject: &str, org: &str, roles: &[Role]) -> Caller {
        Caller {
            issuer: "i".into(),
            subject: subject.into(),
            org: org.into(),
            roles: RoleSet::of(roles),
            acting_for: None,
        }
    }

    fn register(founded: bool) -> Register {
        let grant = |org: &str, role| Grant {
            org: org.into(),
            role,
            valid_from: day("2026-08-01"),
            valid_to: Some(day("2026-08-31")),
        };
        let grants = vec![grant("bureau", Role::BureauOfficer), grant("bureau", Role::Auditor)];
        Register {
            founded,
            accounts: BTreeMap::from([(
                "i".into(),
                BTreeMap::from([("ann".into(), PersonId::new(1)), ("gone".into(), PersonId::new(2))]),
            )]),
            people: BTreeMap::from([
                (PersonId::new(1), Registered { active: true, grants }),
                (PersonId::new(2), Registered::default()),
            ]),
            ..Register::default()
        }
    }

    #[test]
    fn officers_hold_what_token_and_grant_both_say() {
        let roles = |register: &Register, subject: &str, org: &str, on: &str| {
            let held = caller(subject, org, &[Role::BureauOfficer, Role::BureauAdmin, Role::CustomsLookup]);
            register.roles(&held, day(on)).iter().map(Role::as_str).collect::<Vec<_>>()
        };
        let all = ["customs.lookup", "bureau.officer", "bureau.admin"];
        let founded = register(true);
        assert_eq!(roles(&founded, "ann", "bureau", "2026-08-12"), ["customs.lookup", "bureau.officer"]);
        assert_eq!(roles(&founded, "ann", "bureau", "2026-09-01"), ["customs.lookup"]);
        assert_eq!(roles(&founded, "ann", "district", "2026-08-12"), ["customs.lookup"]);
        assert_eq!(roles(&founded, "bob", "bureau", "2026-08-12"), ["customs.lookup"]);
        assert_eq!(roles(&founded, "gone", "bureau", "2026-08-12"), [""; 0]);
        assert_eq!(roles(&register(false), "bob", "bureau", "2026-08-12"), all);
        assert_eq!(roles(&register(false), "gone", "bureau", "2026-08-12"), [""; 0]);
    }

    #[test]
    fn an_enterprise_that_registers_its_people_lets_nobody_else_act() {
        let mut founded = register(true);
        let applicant = caller("eve", "E", &[Role::EnterpriseApplicant]);
        assert!(founded.roles(&applicant, day("2026-08-12")).contains(Role::EnterpriseApplicant));
        founded.own_people.insert("E".into());
        assert!(founded.roles(&applicant, day("2026-08-12")).is_empty());
    }

    #[test]
    fn administration_operation_and_audit_stay_apart() {
        let held = RoleSet::of(&[Role::BureauAdmin, Role::BureauOfficer]);
        assert_eq!(may_hold(held, Role::BureauApprover), Ok(()));
        assert_eq!(may_hold(held, Role::Auditor), Err(Rule::RolesExclude));
        assert_eq!(may_hold(RoleSet::of(&[Role::Auditor]), Role::Operator), Err(Rule::RolesExclude));
        assert_eq!(may_hold(RoleSet::of(&[Role::Auditor]), Role::Auditor), Ok(()));
    }
}
