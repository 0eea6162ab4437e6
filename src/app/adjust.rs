//! Adjustments: propose, then confirm, reject or withdraw. Two people, one transaction, one log entry per fact.

use super::error::AppError;
use super::people::persons::behind;
use super::plan::{Plan, PlannedRow, Proposed, plan};
use super::repeat::{Repeat, Written};
use super::{App, telling, view};
use crate::domain::actor::Caller;
use crate::domain::adjustment::{AdjustmentState, AdjustmentVerb, Change, ChangeReason, four_eyes};
use crate::domain::error::Rule;
use crate::domain::id::{AdjustmentId, time_ordered};
use crate::domain::revision::Revision;
use crate::domain::scheme::Scheme;
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::private::random;
pub use crate::store::rows::AdjustmentRow;
use crate::store::{AnyConnection, StoreError, Tx, adjustments, rulebook};
use std::collections::HashMap;

/// A proposal as it was asked for.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Scheme under which it is proposed.
    pub scheme: String,
    /// What changes.
    pub changes: Vec<Change>,
    /// Note for the approver.
    pub note: Option<String>,
}

/// What an approver or the proposer decides.
#[derive(Debug, Clone)]
pub enum Decision {
    /// Into the list.
    Confirm,
    /// Back to the proposer.
    Reject(ChangeReason),
    /// Taken back.
    Withdraw,
}

impl App {
    /// Proposes an adjustment: planned at once, so that what the rules refuse is refused now.
    ///
    /// # Errors
    /// [`AppError::Refused`] with every refusal; the store's failure.
    pub fn propose(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        proposal: Proposal,
        repeat: Repeat<AdjustmentRow>,
    ) -> Result<Written<AdjustmentRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| propose(tx, proposal))
    }

    /// Decides on an adjustment that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`] when it moved on, [`AppError::Conflict`] when it is
    /// decided, [`AppError::Refused`] by four eyes or by the list as it now stands; the store's failure.
    pub fn decide(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: AdjustmentId,
        seen: Revision,
        decision: Decision,
        repeat: Repeat<AdjustmentRow>,
    ) -> Result<Written<AdjustmentRow>, AppError> {
        let (context, list) = (self.context(caller, request_id), self.index.snapshot());
        self.repeatable(context, repeat, move |tx| decide(tx, id, seen, decision, &list))
    }

    /// Finds an adjustment.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn adjustment(&self, id: AdjustmentId) -> Result<AdjustmentRow, AppError> {
        self.store.read(|conn| adjustments::find(conn, &id.to_string()))?.ok_or(AppError::NotFound)
    }

    /// Lists adjustments, oldest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn adjustments(
        &self,
        state: Option<AdjustmentState>,
        after: &str,
        limit: usize,
    ) -> Result<view::Page<view::AdjustmentView>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut heads =
            self.store.read(|conn| adjustments::list(conn, state.map(AdjustmentState::as_str), after, most))?;
        let more = heads.len() > limit;
        heads.truncate(limit);
        let next = heads.last().filter(|_| more).map(|head| head.id.clone());
        Ok(view::Page { items: heads.into_iter().map(|head| view::adjustment(head, None)).collect(), next })
    }
}

/// Who stands for the service itself where a person would stand.
pub const SYSTEM: &str = "system";

/// Finds the version of a scheme that is in force on a day; none when there is none.
///
/// # Errors
/// The store's failure.
pub fn scheme_of(conn: &mut AnyConnection, code: &str, day: LegalDay) -> Result<Option<Scheme>, StoreError> {
    let rows = rulebook::schemes_since(conn, 0)?;
    let mut begun: Option<Scheme> = None;
    for row in rows.iter().filter(|row| row.code == code) {
        let (_, scheme) = super::follow::scheme(row)?;
        if scheme.valid_from <= day {
            begun = Some(scheme);
        }
    }
    // A version that ends does not bring back the one before it.
    Ok(begun.filter(|scheme| scheme.in_force(day)))
}

/// Finds the version of a scheme that is in force on a day.
///
/// # Errors
/// [`Rule::SchemeUnknown`] when there is none.
pub fn scheme_in_force(conn: &mut AnyConnection, code: &str, day: LegalDay) -> Result<Scheme, AppError> {
    scheme_of(conn, code, day)?.ok_or_else(|| {
        AppError::Refused(vec![super::error::Refusal { pointer: "/scheme".to_owned(), rule: Rule::SchemeUnknown }])
    })
}

/// Reads the changes of a stored adjustment.
///
/// # Errors
/// [`StoreError::Damaged`] when they are none.
pub fn changes(row: &AdjustmentRow) -> Result<Vec<Change>, StoreError> {
    serde_json::from_str(&row.changes).map_err(|_| StoreError::Damaged(format!("the changes of {}", row.id)))
}

/// Names a stored proposal for planning.
#[must_use]
pub fn proposed(row: &AdjustmentRow) -> Proposed {
    Proposed { adjustment: Some(row.id.clone()), on: Some(Instant::from_micros(row.proposed_at).day()) }
}

/// Proposes inside a transaction.
///
/// # Errors
/// As [`App::propose`].
pub fn propose(tx: &mut Tx<'_>, proposal: Proposal) -> Result<AdjustmentRow, AppError> {
    let by = tx.person()?.to_string();
    propose_by(tx, proposal, by)
}

/// Proposes in somebody's name: a person's id, or [`SYSTEM`].
///
/// # Errors
/// As [`App::propose`].
pub fn propose_by(tx: &mut Tx<'_>, proposal: Proposal, by: String) -> Result<AdjustmentRow, AppError> {
    let at = tx.context().at;
    if proposal.changes.is_empty() {
        return Err(AppError::refused(Rule::NoChanges));
    }
    let scheme = scheme_in_force(tx.conn(), &proposal.scheme, at.day())?;
    let id = AdjustmentId::new(time_ordered(at, random()?));
    plan(tx.conn(), &scheme, &proposal.changes, Proposed { adjustment: Some(id.to_string()), on: None }, at)?
        .accepted()?;
    let row = AdjustmentRow {
        id: id.to_string(),
        version: 1,
        revision: tx.next_revision().0,
        scheme: scheme.code,
        state: AdjustmentState::Proposed.as_str().to_owned(),
        changes: serde_json::to_string(&proposal.changes).map_err(StoreError::damaged)?,
        change_count: i32::try_from(proposal.changes.len()).map_err(StoreError::damaged)?,
        note: proposal.note,
        proposed_by: by,
        proposed_at: at.micros(),
        decided_by: None,
        decided_at: None,
        decision_code: None,
        decision_basis: None,
    };
    tx.save(row.clone(), None, "adjustment.proposed")?;
    telling::adjustment_proposed(tx, &row)?;
    Ok(row)
}

/// Decides inside a transaction; `seen` is the revision the decider saw, `list` the list by which it is known whom it concerns.
fn decide(
    tx: &mut Tx<'_>,
    id: AdjustmentId,
    seen: Revision,
    decision: Decision,
    list: &Snapshot,
) -> Result<AdjustmentRow, AppError> {
    let at = tx.context().at;
    let row = adjustments::find(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
    if seen.0 != row.revision {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    let (verb, event, reason) = match decision {
        Decision::Confirm => (AdjustmentVerb::Confirm, "adjustment.confirmed", None),
        Decision::Reject(reason) => (AdjustmentVerb::Reject, "adjustment.rejected", Some(reason)),
        Decision::Withdraw => (AdjustmentVerb::Withdraw, "adjustment.withdrawn", None),
    };
    let state = state_after(&row, verb)?;
    let person = tx.person()?;
    // What the service proposed was proposed by nobody who could decide.
    let proposed_by = match row.proposed_by.as_str() {
        SYSTEM => None,
        person => Some(behind(tx, person)?),
    };
    if verb == AdjustmentVerb::Withdraw {
        if proposed_by != Some(person) {
            return Err(AppError::refused(Rule::NotTheProposer));
        }
    } else if let Some(proposed_by) = proposed_by {
        four_eyes(proposed_by, person).map_err(AppError::refused)?;
    }
    if verb == AdjustmentVerb::Confirm {
        let scheme = scheme_in_force(tx.conn(), &row.scheme, at.day())?;
        let planned = plan(tx.conn(), &scheme, &changes(&row)?, proposed(&row), at)?.accepted()?;
        telling::of_plan(tx, &planned.rows, list)?;
        save_plan(tx, planned)?;
    }
    let decided = AdjustmentRow {
        version: row.version.saturating_add(1),
        revision: tx.next_revision().0,
        state: state.as_str().to_owned(),
        decided_by: Some(person.to_string()),
        decided_at: Some(at.micros()),
        decision_code: reason.as_ref().map(|reason| reason.code.as_str().to_owned()),
        decision_basis: reason.and_then(|reason| reason.basis),
        ..row.clone()
    };
    tx.save(decided.clone(), Some(&row), event)?;
    telling::adjustment_decided(tx, &decided)?;
    Ok(decided)
}

/// Returns the state of an adjustment after a verb.
fn state_after(row: &AdjustmentRow, verb: AdjustmentVerb) -> Result<AdjustmentState, AppError> {
    let state = AdjustmentState::parse(&row.state).ok_or_else(|| StoreError::damaged("a state"))?;
    state.after(verb).ok_or(AppError::Conflict(Revision(row.revision)))
}

/// Ends a proposal by the service itself: it lapses, or is withdrawn where the service proposed it.
///
/// # Errors
/// [`AppError::Conflict`] when it is decided; the store's failure.
pub fn end(tx: &mut Tx<'_>, row: &AdjustmentRow, verb: AdjustmentVerb) -> Result<AdjustmentRow, AppError> {
    let state = state_after(row, verb)?;
    let withdrawn = state == AdjustmentState::Withdrawn;
    let ended = AdjustmentRow {
        version: row.version.saturating_add(1),
        revision: tx.next_revision().0,
        state: state.as_str().to_owned(),
        decided_by: withdrawn.then(|| row.proposed_by.clone()),
        decided_at: Some(tx.context().at.micros()),
        ..row.clone()
    };
    tx.save(ended.clone(), Some(row), if withdrawn { "adjustment.withdrawn" } else { "adjustment.lapsed" })?;
    telling::adjustment_decided(tx, &ended)?;
    Ok(ended)
}

/// Saves planned rows, each with its entry; a row that continues another names it.
///
/// # Errors
/// The store's failure.
pub fn save_plan(tx: &mut Tx<'_>, plan: Plan) -> Result<(), StoreError> {
    let mut listings = plan.before_listings;
    let mut enterprises = plan.before_enterprises;
    let mut stops = plan.before_stops;
    for planned in plan.rows {
        let revision = tx.next_revision().0;
        match planned.row {
            PlannedRow::Listing(mut row) => {
                row.revision = revision;
                save(tx, &mut listings, row.number.clone(), *row, planned.event)?;
            }
            PlannedRow::Enterprise(mut row) => {
                row.revision = revision;
                save(tx, &mut enterprises, row.uscc.clone(), row, planned.event)?;
            }
            PlannedRow::Stop(mut row) => {
                row.revision = revision;
                save(tx, &mut stops, row.id.clone(), row, planned.event)?;
            }
        }
    }
    Ok(())
}

fn save<F: crate::store::tx::Queued>(
    tx: &mut Tx<'_>,
    last: &mut HashMap<String, F>,
    id: String,
    row: F,
    event: &str,
) -> Result<(), StoreError> {
    tx.save(row.clone(), last.get(&id), event)?;
    last.insert(id, row);
    Ok(())
}
