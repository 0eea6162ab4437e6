//! Enterprises by themselves: they register under their USCC, state their particulars as those change, and name the person
//! who answers for their imports (进口负责人).
//!
//! The register of the list is one: a version that an enterprise stated and one that an adjustment made are rows of the
//! same table. An enterprise may not date anything back.

use super::App;
use super::adjust::save_plan;
use super::applications::checks::applicant;
use super::error::{AppError, Refusal};
use super::plan::{Proposed, plan};
use super::repeat::{Repeat, Written};
use super::report::own;
use super::screening::{Registered, registration};
use super::view::{self, EnterpriseView};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::adjustment::{Change, ChangeKind, ChangeReason, ReasonCode};
use crate::domain::code::{DistrictCode, Uscc};
use crate::domain::enterprise::Particulars;
use crate::domain::error::Rule;
use crate::domain::fault::FaultCode;
use crate::domain::revision::Revision;
use crate::domain::scheme::Scheme;
use crate::domain::validity::LegalDay;
use crate::store::keep::notices::forgive_address;
pub use crate::store::register::ResponsiblePersonRow;
use crate::store::register::responsible_person;
use crate::store::{StoreError, Tx, enterprises, listings, rulebook};

/// Who may know whom an enterprise names.
const SEE_NAMED: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::DistrictOfficer,
    Role::AgencyReviewer,
]);

/// The person who answers for an enterprise's imports.
#[derive(Debug, Clone)]
pub struct NamedPerson {
    /// Name.
    pub name: String,
    /// Position.
    pub position: Option<String>,
    /// Telephone number.
    pub phone: String,
    /// E-mail address.
    pub mail: Option<String>,
}

/// An enterprise and the revision of its last entry.
#[derive(Debug)]
pub struct Holder {
    /// As it is shown.
    pub view: EnterpriseView,
}

impl App {
    /// Registers the caller's own enterprise.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for another USCC than the token's; [`AppError::Faults`] for an unknown district;
    /// [`AppError::Refused`] when it is registered; the store's failure.
    pub fn register_enterprise(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        uscc: Uscc,
        particulars: Particulars,
        named: NamedPerson,
        repeat: Repeat<Holder>,
    ) -> Result<Written<Holder>, AppError> {
        if *caller.org != *uscc.as_str() {
            return Err(AppError::Forbidden);
        }
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            if !enterprises::versions(tx.conn(), uscc.as_str())?.is_empty() {
                return Err(AppError::refused(Rule::AlreadyRegistered));
            }
            state(tx, uscc, particulars, None)?;
            name_person(tx, uscc, named, None)?;
            holder(tx, uscc)
        })
    }

    /// States the particulars of the caller's own enterprise anew from a day on, as seen at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Faults`], [`AppError::Refused`]; the store's failure.
    pub fn state_enterprise(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        uscc: Uscc,
        seen: Revision,
        (particulars, effective_on): (Particulars, Option<LegalDay>),
        repeat: Repeat<Holder>,
    ) -> Result<Written<Holder>, AppError> {
        if *caller.org != *uscc.as_str() {
            return Err(AppError::NotFound);
        }
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            let rows = enterprises::versions(tx.conn(), uscc.as_str())?;
            let last = rows.last().ok_or(AppError::NotFound)?;
            if seen.0 != last.revision {
                return Err(AppError::StaleVersion(Revision(last.revision)));
            }
            state(tx, uscc, particulars, effective_on)?;
            holder(tx, uscc)
        })
    }

    /// Finds how an enterprise stands in the register of business entities: under a name, or under the one that it states
    /// here. An enterprise may ask about itself only.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another enterprise than the caller's own; the store's failure.
    pub fn registration(&self, caller: &Caller, uscc: Uscc, name: Option<String>) -> Result<Registered, AppError> {
        if !caller.holds_any(SEE_NAMED) && own(caller) != Some(uscc) {
            return Err(AppError::NotFound);
        }
        let today = self.clock.now().day();
        self.store.read(|conn| {
            let stated = match name {
                Some(name) => Some(name),
                None => applicant(conn, uscc.as_str(), today)?.map(|state| state.particulars.name_zh),
            };
            Ok(registration(conn, uscc, stated.as_deref(), today)?)
        })
    }

    /// Finds whom an enterprise names for its imports.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it names nobody or for another enterprise than the caller's own; the store's failure.
    pub fn responsible_person(&self, caller: &Caller, uscc: Uscc) -> Result<ResponsiblePersonRow, AppError> {
        if !caller.holds_any(SEE_NAMED) && own(caller) != Some(uscc) {
            return Err(AppError::NotFound);
        }
        self.store.read(|conn| responsible_person(conn, uscc.as_str()))?.ok_or(AppError::NotFound)
    }

    /// Names another person for the imports of the caller's own enterprise, as seen at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`]; the store's failure.
    pub fn name_responsible_person(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        uscc: Uscc,
        seen: Option<Revision>,
        named: NamedPerson,
        repeat: Repeat<ResponsiblePersonRow>,
    ) -> Result<Written<ResponsiblePersonRow>, AppError> {
        if *caller.org != *uscc.as_str() {
            return Err(AppError::NotFound);
        }
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            if enterprises::versions(tx.conn(), uscc.as_str())?.is_empty() {
                return Err(AppError::NotFound);
            }
            name_person(tx, uscc, named, Some(seen))
        })
    }
}

fn holder(tx: &mut Tx<'_>, uscc: Uscc) -> Result<Holder, AppError> {
    tx.flush()?;
    let day = tx.context().at.day();
    let rows = enterprises::versions(tx.conn(), uscc.as_str())?;
    let count = listings::count_of(tx.conn(), uscc.as_str(), i64::MAX)?;
    let view = view::enterprise(&rows, count, day)?.ok_or(AppError::NotFound)?;
    Ok(Holder { view })
}

fn state(
    tx: &mut Tx<'_>,
    uscc: Uscc,
    particulars: Particulars,
    effective_on: Option<LegalDay>,
) -> Result<(), AppError> {
    let at = tx.context().at;
    let scheme = scheme_of(tx, particulars.district, at.day())?;
    let change = Change {
        kind: ChangeKind::RegisterEnterprise { uscc, particulars, effective_on },
        reason: ChangeReason { code: ReasonCode::EnterpriseRequest, basis: None },
    };
    let planned = plan(tx.conn(), &scheme, &[change], Proposed::default(), at)?;
    if let Some((_, rule)) = planned.refused.first() {
        // The one change is the whole request here, not an item of a list.
        return Err(AppError::Refused(vec![Refusal { pointer: String::new(), rule: *rule }]));
    }
    save_plan(tx, planned)?;
    Ok(())
}

/// Finds a scheme in force that names a district.
fn scheme_of(tx: &mut Tx<'_>, district: DistrictCode, day: LegalDay) -> Result<Scheme, AppError> {
    for row in rulebook::schemes_since(tx.conn(), 0)?.iter().rev() {
        let (_, scheme) = super::follow::scheme(row)?;
        if scheme.in_force(day) && scheme.districts.iter().any(|known| known.code == district) {
            return Ok(scheme);
        }
    }
    Err(AppError::Faults(vec![("/district".to_owned(), FaultCode::DistrictUnknown)]))
}

/// Names a person; `seen` is what the caller saw of the one named before, where that matters.
fn name_person(
    tx: &mut Tx<'_>,
    uscc: Uscc,
    named: NamedPerson,
    seen: Option<Option<Revision>>,
) -> Result<ResponsiblePersonRow, AppError> {
    let before = responsible_person(tx.conn(), uscc.as_str())?;
    match (seen, &before) {
        (Some(Some(seen)), Some(before)) if seen.0 == before.revision => {}
        (Some(_), Some(before)) => return Err(AppError::StaleVersion(Revision(before.revision))),
        (Some(_), None) | (None, _) => {}
    }
    let NamedPerson { name, position, phone, mail } = named;
    if let Some(mail) = &mail {
        forgive_address(tx.conn(), mail)?;
    }
    let row = ResponsiblePersonRow {
        uscc: uscc.to_string(),
        version: before.as_ref().map_or(0, |row| row.version).saturating_add(1),
        revision: tx.next_revision().0,
        name,
        position,
        phone,
        mail,
        recorded_at: tx.context().at.micros(),
    };
    let saved = tx.save(row.clone(), before.as_ref(), "responsible_person.named");
    saved.map(|_| row).map_err(|error: StoreError| error.into())
}
