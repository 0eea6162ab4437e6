//! Applications of enterprises: written as drafts, lodged, withdrawn, corrected, read and compared.
//!
//! What agencies and the bureau do with a case stands elsewhere; both move it through
//! [`crate::domain::application::machine`]. Invariant: nobody reads or moves a case that is not theirs to see.

pub mod checks;
pub mod documents;
pub mod draft;
pub mod import;
pub mod lodge;
pub mod read;

use super::error::AppError;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::application::machine::{self, Next, Refused, Verb, Who};
use crate::domain::revision::Revision;
use crate::domain::scheme::Scheme;
pub use crate::store::application_rows::{ApplicationRow, ContentRow};
pub use crate::store::keep::drafts::DraftRow;
use crate::store::{AnyConnection, StoreError, applications};
use serde_json::Value;

/// Roles that see every case.
const ALL: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::BureauAdmin, Role::Auditor]);

/// A case as it is shown to somebody.
#[derive(Debug, Clone)]
pub struct Case {
    /// As it stands.
    pub row: ApplicationRow,
    /// Its present content.
    pub content: Value,
    /// Last day for a correction, if one is asked.
    pub due_on: Option<crate::domain::validity::LegalDay>,
    /// What is to be corrected, if anything is.
    pub asked: Option<Value>,
    /// What the caller may do with it.
    pub verbs: Vec<Verb>,
}

/// Cuts a list that was read one longer than asked, and returns the cursor of the next page.
pub(super) fn after_id<R>(rows: &mut Vec<R>, limit: usize, id: impl Fn(&R) -> String) -> Option<String> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more).map(id)
}

/// Says in which capacity a caller acts on a case; none when it is not theirs. `agencies` are the members of its scheme.
#[must_use]
pub fn capacity(caller: &Caller, row: &ApplicationRow, scheme: Option<&Scheme>) -> Option<Who> {
    let holds = |who: Who| caller.holds_any(who.roles());
    let member =
        || scheme.is_some_and(|scheme| scheme.member_agencies.iter().any(|agency| *agency.code == *caller.org));
    let own = super::report::own(caller).is_some_and(|own| own.to_string() == row.enterprise);
    [
        (Who::Enterprise, own),
        (Who::District, *caller.org == *row.district),
        (Who::BureauOfficer, true),
        (Who::BureauApprover, true),
        (Who::Agency, member()),
    ]
    .into_iter()
    .find(|(who, theirs)| holds(*who) && *theirs)
    .map(|(who, _)| who)
}

/// Finds a case that a caller may see.
///
/// # Errors
/// [`AppError::NotFound`] also for cases of others: nobody learns that they exist.
pub fn visible(conn: &mut AnyConnection, caller: &Caller, id: &str) -> Result<ApplicationRow, AppError> {
    let row = applications::find(conn, id)?.ok_or(AppError::NotFound)?;
    if caller.holds_any(ALL) {
        return Ok(row);
    }
    let scheme = scheme_of(conn, &row)?;
    capacity(caller, &row, scheme.as_ref()).map(|_| row).ok_or(AppError::NotFound)
}

/// Reads the version of the scheme under which a case was lodged.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be read.
pub fn scheme_of(conn: &mut AnyConnection, row: &ApplicationRow) -> Result<Option<Scheme>, StoreError> {
    let rows = crate::store::rulebook::schemes_since(conn, 0)?;
    let lodged_under = rows.iter().find(|known| known.code == row.scheme && known.version == row.scheme_version);
    lodged_under.map(|known| super::follow::scheme(known).map(|(_, scheme)| scheme)).transpose()
}

/// Checks that a case still is what the caller saw.
///
/// # Errors
/// [`AppError::StaleVersion`] when it moved on.
pub fn unmoved(row: &ApplicationRow, seen: Revision) -> Result<(), AppError> {
    if row.revision == seen.0 { Ok(()) } else { Err(AppError::StaleVersion(Revision(row.revision))) }
}

/// Says what a case becomes when `who` carries out a verb.
///
/// # Errors
/// [`AppError::Conflict`] in a state that does not allow it, [`AppError::Forbidden`] when it is another's to do.
pub fn moved(row: &ApplicationRow, verb: Verb, who: Who) -> Result<ApplicationRow, AppError> {
    let conflict = AppError::Conflict(Revision(row.revision));
    match machine::next(row.state()?, verb, who, row.facts()?, row.asked_in()?) {
        Ok(Next::State { state, asked_in }) => Ok(ApplicationRow {
            state: state.as_str().to_owned(),
            asked_in: asked_in.map(|state| state.as_str().to_owned()),
            ..row.clone()
        }),
        Ok(Next::Gone) | Err(Refused::State) => Err(conflict),
        Err(Refused::Person) => Err(AppError::Forbidden),
    }
}
