//! Who may call what belongs together: sets of roles, for the tables of endpoints and of pages.

use crate::domain::actor::{Role, RoleSet};

pub(in crate::http) const READERS: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::CustomsLookup,
    Role::CustomsDraw,
    Role::CustomsOfficer,
    Role::DistrictOfficer,
    Role::AgencyReviewer,
    Role::EnterpriseApplicant,
    Role::EnterpriseAgent,
]);
pub(in crate::http) const FEED: RoleSet =
    SUPERVISORS.union(RoleSet::of(&[Role::CustomsLookup, Role::CustomsDraw, Role::CustomsOfficer]));
pub(in crate::http) const WEBHOOKS: RoleSet = RoleSet::of(&[
    Role::BureauAdmin,
    Role::CustomsLookup,
    Role::CustomsDraw,
    Role::CustomsOfficer,
    Role::EnterpriseApplicant,
]);
pub(in crate::http) const SUPERVISORS: RoleSet =
    RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::BureauAdmin, Role::Auditor]);
pub(in crate::http) const ANSWERS: RoleSet =
    RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::Auditor, Role::CustomsLookup, Role::CustomsOfficer]);
pub(in crate::http) const LOOKUP: RoleSet = RoleSet::of(&[Role::CustomsLookup, Role::CustomsOfficer]);
pub(in crate::http) const ENTERPRISE: RoleSet = RoleSet::of(&[Role::EnterpriseApplicant, Role::EnterpriseAgent]);
pub(in crate::http) const CASES: RoleSet = RoleSet::of(&[
    Role::EnterpriseApplicant,
    Role::EnterpriseAgent,
    Role::DistrictOfficer,
    Role::AgencyReviewer,
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
]);
pub(in crate::http) const DISTRICT: RoleSet = RoleSet::of(&[Role::DistrictOfficer]);
pub(in crate::http) const REVIEWER: RoleSet = RoleSet::of(&[Role::AgencyReviewer]);
pub(in crate::http) const BUREAU: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover]);
pub(in crate::http) const INTAKE: RoleSet = RoleSet::of(&[Role::DistrictOfficer, Role::BureauOfficer]);
pub(in crate::http) const WORKERS: RoleSet =
    RoleSet::of(&[Role::DistrictOfficer, Role::AgencyReviewer, Role::BureauOfficer, Role::BureauApprover]);
pub(in crate::http) const INSIDERS: RoleSet = RoleSet::of(&[
    Role::DistrictOfficer,
    Role::AgencyReviewer,
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
]);
pub(in crate::http) const ASKERS: RoleSet =
    RoleSet::of(&[Role::DistrictOfficer, Role::AgencyReviewer, Role::BureauOfficer]);
pub(in crate::http) const CONFIRMERS: RoleSet = RoleSet::of(&[Role::BureauApprover, Role::CustomsOfficer]);
pub(in crate::http) const OFFICER: RoleSet = RoleSet::of(&[Role::BureauOfficer]);
pub(in crate::http) const OFFICERS: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover]);
pub(in crate::http) const STOPS: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::CustomsOfficer,
    Role::DistrictOfficer,
    Role::AgencyReviewer,
]);
pub(in crate::http) const SCREENERS: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::DistrictOfficer,
    Role::AgencyReviewer,
]);
pub(in crate::http) const INSPECTED: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::DistrictOfficer,
    Role::EnterpriseApplicant,
    Role::EnterpriseAgent,
]);
pub(in crate::http) const INSPECTORS: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::DistrictOfficer]);
pub(in crate::http) const LEAD: RoleSet = BUREAU.union(ADMINISTRATOR);
pub(in crate::http) const RATED: RoleSet = LEAD.union(ENTERPRISE);
pub(in crate::http) const APPROVER: RoleSet = RoleSet::of(&[Role::BureauApprover]);
pub(in crate::http) const APPLICANT: RoleSet = RoleSet::of(&[Role::EnterpriseApplicant]);
pub(in crate::http) const ADMINISTRATOR: RoleSet = RoleSet::of(&[Role::BureauAdmin]);
pub(in crate::http) const OPERATIONS: RoleSet = RoleSet::of(&[Role::BureauAdmin, Role::Operator]);
pub(in crate::http) const SEE_OPERATIONS: RoleSet = RoleSet::of(&[Role::BureauAdmin, Role::Operator, Role::Auditor]);
pub(in crate::http) const EVIDENCE: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::Auditor,
    Role::CustomsDraw,
    Role::CustomsOfficer,
    Role::EnterpriseApplicant,
    Role::EnterpriseAgent,
]);
pub(in crate::http) const SEE_ERASURES: RoleSet = RoleSet::of(&[Role::BureauAdmin, Role::Auditor]);
pub(in crate::http) const SEE_PEOPLE: RoleSet =
    RoleSet::of(&[Role::BureauAdmin, Role::Auditor, Role::EnterpriseApplicant]);
pub(in crate::http) const GOVERN_PEOPLE: RoleSet = RoleSet::of(&[Role::BureauAdmin, Role::EnterpriseApplicant]);
pub(in crate::http) const NAMED: RoleSet =
    SUPERVISORS.union(ENTERPRISE).union(RoleSet::of(&[Role::DistrictOfficer, Role::AgencyReviewer]));
pub(in crate::http) const MANDATES: RoleSet = NAMED.union(RoleSet::of(&[Role::CustomsOfficer]));

pub(in crate::http) const DRAW: RoleSet = RoleSet::of(&[Role::CustomsDraw]);
pub(in crate::http) const CORRECT: RoleSet = RoleSet::of(&[Role::CustomsDraw, Role::CustomsOfficer]);
/// Who hands in customs' own books: its systems, and officers from a file.
pub(in crate::http) const HAND_IN_BOOKS: RoleSet = CORRECT;
pub(in crate::http) const RELEASE_MANUALLY: RoleSet = RoleSet::of(&[Role::CustomsOfficer]);
pub(in crate::http) const DECLARATIONS: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::CustomsDraw,
    Role::CustomsOfficer,
    Role::EnterpriseApplicant,
    Role::EnterpriseAgent,
]);

pub(in crate::http) const BOARD: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::CustomsDraw,
    Role::CustomsOfficer,
]);
pub(in crate::http) const AUDITOR: RoleSet = RoleSet::of(&[Role::Auditor]);
pub(in crate::http) const REVIEWERS: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover]);
