//! Who acts: roles, sets of roles, and the caller that a request is judged for.
//!
//! This is what the rules see of a person or machine; it is not the credential (tokens are checked in `http`) and
//! not the register of people. Invariant: a [`RoleSet`] holds only roles of the closed list, so that whatever a
//! credential claims beyond it is never a right.

use std::fmt;
use std::sync::Arc;

use crate::domain::code::Uscc;
use crate::domain::lang::Lang;

/// Makes the closed list of roles, so that one line adds one role.
macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $bit:literal $name:literal;)+) => {
        /// A role on the wire and in the endpoint table; access is denied by default.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[$doc])* $role,)+
        }

        impl Role {
            /// Every role, in the order of the contract.
            pub const ALL: &[Role] = &[$(Role::$role),+];

            /// Returns the word that tokens and `openapi.yaml` use.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Role::$role => $name,)+
                }
            }

            /// Reads a role by its exact word; `None` for any other text.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($name => Some(Role::$role),)+
                    _ => None,
                }
            }

            const fn bit(self) -> u16 {
                match self {
                    $(Role::$role => 1 << $bit,)+
                }
            }
        }
    };
}

roles! {
    /// A customs system that asks at clearance.
    CustomsLookup = 0 "customs.lookup";
    /// A customs system that takes and gives back quantity.
    CustomsDraw = 1 "customs.draw";
    /// A customs officer in the portal: lookups, manual release.
    CustomsOfficer = 2 "customs.officer";
    /// An enterprise acting for itself.
    EnterpriseApplicant = 3 "enterprise.applicant";
    /// An agent acting for an enterprise it names in each request.
    EnterpriseAgent = 4 "enterprise.agent";
    /// A district officer: intake and recommendation.
    DistrictOfficer = 5 "district.officer";
    /// A reviewer of a member agency.
    AgencyReviewer = 6 "agency.reviewer";
    /// A bureau officer, who proposes.
    BureauOfficer = 7 "bureau.officer";
    /// A bureau approver, who confirms or rejects what another person proposed.
    BureauApprover = 8 "bureau.approver";
    /// The bureau's administrator: schemes, code tables, people, erasures.
    BureauAdmin = 9 "bureau.admin";
    /// An auditor, who reads everything and changes nothing.
    Auditor = 10 "auditor";
    /// An operator of the installation.
    Operator = 11 "operator";
}

impl Role {
    /// Returns the name for people.
    #[must_use]
    pub const fn name(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::CustomsLookup => ("海关核验系统", "customs look-up system"),
            Self::CustomsDraw => ("海关核销系统", "customs draw system"),
            Self::CustomsOfficer => ("海关关员", "customs officer"),
            Self::EnterpriseApplicant => ("企业经办人", "applicant"),
            Self::EnterpriseAgent => ("代理人", "agent"),
            Self::DistrictOfficer => ("区级经办", "district officer"),
            Self::AgencyReviewer => ("会审单位", "agency reviewer"),
            Self::BureauOfficer => ("市局经办", "bureau officer"),
            Self::BureauApprover => ("市局审批", "bureau approver"),
            Self::BureauAdmin => ("市局管理员", "bureau administrator"),
            Self::Auditor => ("审计员", "auditor"),
            Self::Operator => ("运维", "operator"),
        };
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of roles.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RoleSet(u16);

impl RoleSet {
    /// The set without any role: what an unknown caller holds.
    pub const EMPTY: RoleSet = RoleSet(0);
    /// The set of every role.
    pub const ALL: RoleSet = RoleSet::of(Role::ALL);

    /// Returns the set of the given roles; usable in constants such as the endpoint table.
    pub const fn of(roles: &[Role]) -> Self {
        let mut bits = 0;
        let mut rest = roles;
        while let [role, tail @ ..] = rest {
            bits |= role.bit();
            rest = tail;
        }
        RoleSet(bits)
    }

    /// Tells whether the set holds the role.
    pub const fn contains(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Tells whether the sets share a role.
    pub const fn intersects(self, other: RoleSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the roles that both sets hold.
    #[must_use]
    pub const fn intersection(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 & other.0)
    }

    /// Returns the roles that either set holds.
    #[must_use]
    pub const fn union(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 | other.0)
    }

    /// Returns the roles of this set that the other does not hold.
    #[must_use]
    pub const fn without(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 & !other.0)
    }

    /// Tells whether the set holds no role.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Yields the roles in the order of the contract.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        RoleSet(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

impl fmt::Debug for RoleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The person or machine a request is judged for, as its credential proved it.
///
/// `issuer` and `subject` together name the account; cloning copies no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The configured issuer that vouches for the caller.
    pub issuer: Arc<str>,
    /// The account within the issuer.
    pub subject: Arc<str>,
    /// The organisation: a USCC, a customs office, or an agency's or district's code of the scheme.
    pub org: Arc<str>,
    /// The roles that both the credential claims and the issuer may grant.
    pub roles: RoleSet,
    /// The enterprise an agent named in `Whitelist-Acting-For`.
    pub acting_for: Option<Uscc>,
}

impl Caller {
    /// Tells whether the caller holds one of the roles.
    pub fn holds_any(&self, roles: RoleSet) -> bool {
        self.roles.intersects(roles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_its_own_word_and_bit() {
        assert_eq!(Role::ALL.len(), 12);
        assert_eq!(RoleSet::ALL.iter().count(), 12);
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
            assert_eq!(role.to_string(), role.as_str());
            assert_eq!(RoleSet::of(&[*role]).iter().collect::<Vec<_>>(), vec![*role]);
        }
    }

    #[test]
    fn other_words_are_no_roles() {
        for text in ["", "customs", "customs.*", "CUSTOMS.LOOKUP", " auditor", "auditor ", "admin"] {
            assert_eq!(Role::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sets_behave_as_sets() {
        let casework = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover]);
        let one: RoleSet = [Role::BureauOfficer, Role::BureauOfficer, Role::Auditor].into_iter().collect();
        assert_eq!(one.iter().count(), 2);
        assert!(one.intersects(casework) && casework.intersects(one));
        assert_eq!(one.intersection(casework), RoleSet::of(&[Role::BureauOfficer]));
        assert!(!one.contains(Role::BureauApprover));
        assert!(!RoleSet::EMPTY.intersects(RoleSet::ALL));
        assert!(RoleSet::default().is_empty());
        assert_eq!(format!("{one:?}"), "{BureauOfficer, Auditor}");
    }
}
