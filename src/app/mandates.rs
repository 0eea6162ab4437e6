//! Agents of enterprises: appointed and dismissed by the enterprise itself, for what it names and while it says.

use super::App;
use super::error::AppError;
use super::notices::tell;
use super::repeat::{Repeat, Written};
use super::report::own;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::Uscc;
use crate::domain::error::Rule;
use crate::domain::id::{MandateId, PersonId, time_ordered};
use crate::domain::mandate::Scope;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::store::private::random;
pub use crate::store::register::MandateRow;
use crate::store::register::{mandate, mandates_for, mandates_of, person};
use crate::store::{StoreError, Tx, enterprises};

/// Who see every enterprise's mandates.
const SEE_ALL: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::DistrictOfficer,
    Role::AgencyReviewer,
    Role::CustomsOfficer,
]);

/// Whom an enterprise appoints.
#[derive(Debug, Clone)]
pub struct MandateStated {
    /// Organisation of the agent, as its tokens name it.
    pub agent_org: String,
    /// The one person of it who may act.
    pub agent_person: Option<PersonId>,
    /// What for.
    pub scopes: Vec<Scope>,
    /// First day; today when left out.
    pub valid_from: Option<LegalDay>,
    /// Last day; open when left out.
    pub valid_to: Option<LegalDay>,
}

/// Names the enterprise whose mandates a caller may change: their own, never by an agent.
fn principal(caller: &Caller, enterprise: Uscc) -> Result<(), AppError> {
    let applicant = caller.roles.contains(Role::EnterpriseApplicant) && *caller.org == *enterprise.as_str();
    if applicant { Ok(()) } else { Err(AppError::NotFound) }
}

impl App {
    /// Lists the mandates that an enterprise gave, oldest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another enterprise than the caller's own; the store's failure.
    pub fn mandates(&self, caller: &Caller, enterprise: Uscc) -> Result<Vec<MandateRow>, AppError> {
        if !caller.holds_any(SEE_ALL) && own(caller) != Some(enterprise) {
            return Err(AppError::NotFound);
        }
        Ok(self.store.read(|conn| mandates_of(conn, enterprise.as_str()))?)
    }

    /// Lists the mandates that a caller's organisation holds as an agent, oldest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn mandates_held(&self, caller: &Caller) -> Result<Vec<MandateRow>, AppError> {
        Ok(self.store.read(|conn| mandates_for(conn, &caller.org))?)
    }

    /// Appoints an agent.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another enterprise; [`AppError::Refused`] by a rule; the store's failure.
    pub fn appoint(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        enterprise: Uscc,
        stated: MandateStated,
        repeat: Repeat<MandateRow>,
    ) -> Result<Written<MandateRow>, AppError> {
        principal(caller, enterprise)?;
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| appoint(tx, enterprise, stated))
    }

    /// Dismisses an agent whose mandate the caller saw at a revision; it ends at once.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when it has ended; the store's failure.
    pub fn dismiss(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: MandateId,
        seen: Revision,
        repeat: Repeat<MandateRow>,
    ) -> Result<Written<MandateRow>, AppError> {
        let (context, caller) = (self.context(caller, request_id), caller.clone());
        self.repeatable(context, repeat, move |tx| {
            let row = mandate(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
            let enterprise = Uscc::parse(&row.enterprise).map_err(|_| StoreError::damaged("a USCC"))?;
            principal(&caller, enterprise)?;
            if seen.0 != row.revision {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            if row.state == "dismissed" {
                return Err(AppError::Conflict(Revision(row.revision)));
            }
            let next = MandateRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                state: "dismissed".to_owned(),
                dismissed_by: Some(tx.person()?.to_string()),
                recorded_at: tx.context().at.micros(),
                ..row.clone()
            };
            tx.save(next.clone(), Some(&row), "mandate.ended")?;
            tell_agent(tx, &next, NoticeKind::AgentDismissed)?;
            Ok(next)
        })
    }
}

/// Appoints an agent inside a transaction.
///
/// # Errors
/// As [`App::appoint`].
pub fn appoint(tx: &mut Tx<'_>, enterprise: Uscc, stated: MandateStated) -> Result<MandateRow, AppError> {
    let at = tx.context().at;
    if stated.agent_org == enterprise.as_str() {
        return Err(AppError::refused(Rule::SameParty));
    }
    if enterprises::versions(tx.conn(), enterprise.as_str())?.is_empty() {
        return Err(AppError::refused(Rule::EnterpriseUnknown));
    }
    if let Some(agent) = stated.agent_person {
        let known = person(tx.conn(), &agent.to_string())?;
        if !known.is_some_and(|row| row.active != 0 && row.org == stated.agent_org) {
            return Err(AppError::refused(Rule::PersonInactive));
        }
    }
    let scopes: Vec<&str> =
        Scope::ALL.iter().filter(|scope| stated.scopes.contains(scope)).map(|s| s.as_str()).collect();
    let appointed_by = match &tx.context().by {
        crate::store::Author::Caller { .. } => tx.person()?.to_string(),
        crate::store::Author::System(name) => (*name).to_owned(),
    };
    let row = MandateRow {
        id: MandateId::new(time_ordered(at, random()?)).to_string(),
        version: 1,
        revision: tx.next_revision().0,
        enterprise: enterprise.to_string(),
        agent_org: stated.agent_org,
        agent_person: stated.agent_person.map(|person| person.to_string()),
        scopes: scopes.join(","),
        valid_from: stated.valid_from.unwrap_or_else(|| at.day()).value(),
        valid_to: stated.valid_to.map(LegalDay::value),
        state: "appointed".to_owned(),
        appointed_by,
        dismissed_by: None,
        recorded_at: at.micros(),
    };
    tx.save(row.clone(), None, "mandate.given")?;
    tell_agent(tx, &row, NoticeKind::AgentAppointed)?;
    Ok(row)
}

fn tell_agent(tx: &mut Tx<'_>, row: &MandateRow, kind: NoticeKind) -> Result<(), StoreError> {
    let agent = row.agent_person.as_deref().map(super::people::persons::person_id).transpose()?;
    let to = agent.map_or_else(|| Addressee::Org(row.agent_org.clone()), Addressee::Person);
    let notice = Notice::new(to, kind, "/v1/mandates").with("enterprise", &row.enterprise);
    let from = LegalDay::from_value(row.valid_from).ok_or_else(|| StoreError::damaged("a legal day"))?;
    tell(tx, &notice.with("valid_from", from).with("scopes", &row.scopes))
}
