//! The register of people as requests are judged by it: which roles of a token count, and for whom an agent may act.
//!
//! It holds no names and checks no credential. Machines (`customs.lookup`, `customs.draw`) are no people: their roles come
//! from the token alone. Everybody else's roles come from the token too, until an administrator is registered; from then
//! on a role of an officer counts only as granted, and a role of an enterprise's people only as granted once the
//! enterprise has registered its own. A grant of a role of the organisation's own counts as its fixed role, for the duties
//! of that role alone. Invariant: the register takes roles away and never adds one.

use super::actor::{Caller, Role, RoleSet};
use super::code::Uscc;
use super::duty::{Duty, DutySet};
use super::error::Rule;
use super::id::{CustomRoleId, PersonId};
use super::lang::Lang;
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

/// Returns the fixed roles of people of a kind of organisation; an enterprise's are [`ENTERPRISES`].
#[must_use]
pub fn roles_of_kind(kind: &str) -> RoleSet {
    match kind {
        "bureau" => RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::BureauAdmin]),
        "agency" => RoleSet::of(&[Role::AgencyReviewer]),
        "district" => RoleSet::of(&[Role::DistrictOfficer]),
        "customs" => RoleSet::of(&[Role::CustomsOfficer]),
        "audit" => RoleSet::of(&[Role::Auditor]),
        "operations" => RoleSet::of(&[Role::Operator]),
        _ => RoleSet::EMPTY,
    }
}

/// A role of a person in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Organisation.
    pub org: Box<str>,
    /// Role.
    pub role: Role,
    /// The role of the organisation's own that it was granted as; none for the fixed role.
    pub custom: Option<CustomRoleId>,
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

/// A role of an organisation's own as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    /// Name in Chinese and, where it has one, in English.
    pub name: (Box<str>, Option<Box<str>>),
    /// What it includes.
    pub duties: DutySet,
}

impl CustomRole {
    /// Returns the name; one that has none in English is shown as it is.
    #[must_use]
    pub fn name(&self, lang: Lang) -> &str {
        let (zh, en) = &self.name;
        lang.pick(zh, en.as_ref().unwrap_or(zh))
    }
}

/// The roles that count for somebody, and for which duties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Roles that count whole.
    whole: RoleSet,
    /// Roles of the organisation's own: the fixed role each rests on, and its duties.
    parts: Vec<(Role, CustomRoleId, DutySet)>,
}

impl Standing {
    /// The standing of whom every role counts whole.
    #[must_use]
    pub const fn whole(roles: RoleSet) -> Self {
        Self { whole: roles, parts: Vec::new() }
    }

    /// Returns the roles that count for anything at all.
    #[must_use]
    pub fn roles(&self) -> RoleSet {
        self.parts.iter().map(|(role, ..)| *role).collect::<RoleSet>().union(self.whole)
    }

    /// Returns the roles that count for a duty.
    #[must_use]
    pub fn under(&self, duty: Duty) -> RoleSet {
        let parts = self.parts.iter().filter(|(.., duties)| duties.contains(duty));
        parts.map(|(role, ..)| *role).collect::<RoleSet>().union(self.whole)
    }

    /// Returns the roles that count whole.
    #[must_use]
    pub fn fixed(&self) -> RoleSet {
        self.whole
    }

    /// Yields the roles of the organisation's own.
    pub fn own(&self) -> impl Iterator<Item = CustomRoleId> {
        self.parts.iter().map(|(_, id, _)| *id)
    }

    /// Writes the standing, so that it can be told whether it changed.
    #[must_use]
    pub fn words(&self) -> String {
        let whole = self.whole.iter().map(|role| role.as_str().to_owned());
        let parts = self.parts.iter().map(|(role, id, duties)| format!("{role}:{id}:{}", duties.words()));
        whole.chain(parts).collect::<Vec<_>>().join(" ")
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
    /// Roles of organisations' own, those that were retired too.
    pub custom: BTreeMap<CustomRoleId, CustomRole>,
    /// Mandates in force by enterprise.
    pub mandates: BTreeMap<Uscc, Vec<Mandate>>,
}

impl Register {
    /// Names the registered person behind a caller.
    #[must_use]
    pub fn person(&self, caller: &Caller) -> Option<PersonId> {
        self.accounts.get(&*caller.issuer)?.get(&*caller.subject).copied()
    }

    /// Returns the roles of a caller's token that count on a day for anything.
    #[must_use]
    pub fn roles(&self, caller: &Caller, day: LegalDay) -> RoleSet {
        self.standing(caller, day).roles()
    }

    /// Returns the roles of a caller's token that count on a day, and for which duties.
    #[must_use]
    pub fn standing(&self, caller: &Caller, day: LegalDay) -> Standing {
        if caller.roles.without(MACHINES).is_empty() {
            return Standing::whole(caller.roles);
        }
        let registered = self.person(caller).and_then(|person| self.people.get(&person));
        if registered.is_some_and(|person| !person.active) {
            return Standing::default();
        }
        let mut governed = if self.founded { OFFICERS } else { RoleSet::EMPTY };
        if self.own_people.contains(&*caller.org) {
            governed = governed.union(ENTERPRISES);
        }
        let grants = registered.map(|person| person.grants.as_slice()).unwrap_or_default();
        let counts = |grant: &&Grant| *grant.org == *caller.org && caller.roles.contains(grant.role) && grant.on(day);
        let (own, fixed): (Vec<&Grant>, Vec<&Grant>) =
            grants.iter().filter(counts).partition(|grant| grant.custom.is_some());
        let whole = caller.roles.without(governed).union(fixed.iter().map(|grant| grant.role).collect());
        let parts = own.iter().filter(|grant| !whole.contains(grant.role));
        let mut parts: Vec<_> =
            parts.filter_map(|grant| grant.custom.map(|id| (grant.role, id, self.duties_of(grant)))).collect();
        parts.sort_by_key(|(role, id, _)| (*role, *id));
        parts.dedup();
        Standing { whole, parts }
    }

    /// Returns the duties of a grant of an organisation's own role; a role that is not known has none.
    fn duties_of(&self, grant: &Grant) -> DutySet {
        let known = grant.custom.and_then(|id| self.custom.get(&id));
        known.map(|role| role.duties).unwrap_or_default()
    }

    /// Whether an agent may do something for an enterprise on a day.
    #[must_use]
    pub fn may_act(&self, agent: &Caller, enterprise: Uscc, needed: Option<Scope>, day: LegalDay) -> bool {
        let person = self.person(agent);
        let mandates = self.mandates.get(&enterprise).map(Vec::as_slice).unwrap_or_default();
        mandates.iter().any(|mandate| mandate.lets(&agent.org, person, needed, day))
    }

    /// Lists the active people who hold a role on a day, whole or as a role of the organisation's own.
    pub fn holders(&self, role: Role, day: LegalDay) -> impl Iterator<Item = PersonId> {
        self.holding(move |grant| grant.role == role, day)
    }

    /// Lists the active people of an organisation, or of any, who hold a role on a day that includes a duty.
    pub fn charged<'a>(
        &'a self,
        role: Role,
        duty: Duty,
        org: Option<&'a str>,
        day: LegalDay,
    ) -> impl Iterator<Item = PersonId> {
        let includes = move |grant: &Grant| grant.custom.is_none() || self.duties_of(grant).contains(duty);
        self.holding(
            move |grant| grant.role == role && org.is_none_or(|org| *grant.org == *org) && includes(grant),
            day,
        )
    }

    fn holding(&self, holds: impl Fn(&Grant) -> bool, day: LegalDay) -> impl Iterator<Item = PersonId> {
        self.people
            .iter()
            .filter(move |(_, person)| person.active && person.grants.iter().any(|grant| grant.on(day) && holds(grant)))
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
            custom: None,
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
    fn a_role_of_ones_own_counts_for_its_duties_and_never_for_more() {
        let mut founded = register(true);
        let id = CustomRoleId::new(7);
        let duties = DutySet::from_iter([Duty::Everyday, Duty::List]);
        founded.custom.insert(id, CustomRole { name: ("窗口".into(), None), duties });
        let own = |role| Grant {
            org: "bureau".into(),
            role,
            custom: Some(id),
            valid_from: day("2026-08-01"),
            valid_to: None,
        };
        let standing =
            |register: &Register, roles: &[Role]| register.standing(&caller("ann", "bureau", roles), day("2026-08-12"));
        let give = |register: &mut Register, grants: Vec<Grant>| {
            register.people.insert(PersonId::new(1), Registered { active: true, grants });
        };
        give(&mut founded, vec![own(Role::BureauOfficer)]);
        let officer = RoleSet::of(&[Role::BureauOfficer]);
        let held = standing(&founded, &[Role::BureauOfficer, Role::BureauAdmin]);
        assert_eq!((held.roles(), held.fixed()), (officer, RoleSet::EMPTY));
        for duty in Duty::ALL {
            let expected = if duties.contains(*duty) { officer } else { RoleSet::EMPTY };
            assert_eq!(held.under(*duty), expected, "{}", duty.as_str());
        }
        assert!(standing(&founded, &[Role::BureauApprover]).roles().is_empty(), "not without the token");
        assert_eq!(founded.holders(Role::BureauOfficer, day("2026-08-12")).count(), 1);
        let charged = |register: &Register, duty| {
            register.charged(Role::BureauOfficer, duty, Some("bureau"), day("2026-08-12")).count()
        };
        assert_eq!((charged(&founded, Duty::List), charged(&founded, Duty::People)), (1, 0));
        let before = held.words();
        founded.custom.insert(id, CustomRole { name: ("窗口".into(), None), duties: DutySet::least() });
        assert_ne!(standing(&founded, &[Role::BureauOfficer]).words(), before, "sessions end");
        // Beside the fixed role it takes nothing away; without its definition it is nothing.
        let fixed = Grant { custom: None, ..own(Role::BureauOfficer) };
        give(&mut founded, vec![own(Role::BureauOfficer), fixed]);
        assert_eq!(standing(&founded, &[Role::BureauOfficer]), Standing::whole(officer));
        give(&mut founded, vec![own(Role::BureauOfficer)]);
        founded.custom.clear();
        assert!(standing(&founded, &[Role::BureauOfficer]).under(Duty::Everyday).is_empty());
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
