//! Declarations, movements and manual releases in the shapes of the contract.

use super::rows;
use crate::app::error::AppError;
use crate::domain::code::UnitCode;
use crate::domain::draw::ledger::{Account, Kind};
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::validity::{Instant, LegalDay};
use crate::store::StoreError;
use crate::store::declarations::DeclarationRow;
use crate::store::manual_releases::ManualReleaseRow;
use crate::store::movements::MovementRow;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Shows a declaration as one command left it.
///
/// # Errors
/// [`StoreError::Damaged`] when a stored text is none.
pub fn declaration(row: &DeclarationRow, superseded: bool) -> Result<Value, AppError> {
    let damaged = || StoreError::Damaged(format!("declaration {} version {}", row.number, row.version));
    let lines: Value = serde_json::from_str(&row.lines).map_err(|_| damaged())?;
    let answer: Map<String, Value> = serde_json::from_str(&row.answer).map_err(|_| damaged())?;
    let reason = row.reason_code.as_ref().map(|code| json!({ "code": code, "basis": row.reason_basis }));
    let mut view = json!({
        "number": row.number,
        "state": row.state,
        "verb": row.verb,
        "version": row.version,
        "sequence": row.sequence,
        "revision": row.revision,
        "superseded": superseded,
        "enterprise": row.enterprise,
        "org": row.org,
        "customs_office": row.customs_office,
        "declared_on": LegalDay::from_value(row.declared_on),
        "trade_mode": rows::trade_mode(row.trade_mode),
        "occurred_at": row.occurred_at.map(Instant::from_micros),
        "recorded_at": Instant::from_micros(row.recorded_at),
        "officer": row.officer,
        "reason": reason,
        "lines": lines,
    });
    if let Value::Object(members) = &mut view {
        members.extend(answer);
    }
    Ok(view)
}

/// A declaration in a list.
#[derive(Debug, Serialize)]
pub struct SummaryView {
    /// Its number.
    pub number: String,
    /// Its state.
    pub state: String,
    /// Number of its last version.
    pub version: i32,
    /// Highest applied sequence.
    pub sequence: i64,
    /// Revision of its last entry.
    pub revision: i64,
    /// The importer.
    pub enterprise: String,
    /// Office of declaration.
    pub customs_office: String,
    /// Legal day.
    pub declared_on: Option<LegalDay>,
    /// Legal day of the first reservation.
    pub reserved_on: LegalDay,
    /// Calendar days since then.
    pub age_days: i32,
    /// When the last version was recorded.
    pub recorded_at: Instant,
    /// What its age asks for.
    pub due: Option<&'static str>,
}

/// A movement of a listing.
#[derive(Debug, Serialize)]
pub struct MovementView {
    /// Revision that booked it.
    pub revision: i64,
    kind: String,
    debit: String,
    credit: String,
    quantity: Measure,
    declaration: Option<String>,
    customs_office: Option<String>,
    reserved_after: Measure,
    confirmed_after: Measure,
    excess_after: Measure,
    approved: Measure,
    occurred_at: Instant,
    recorded_at: Instant,
}

fn measure(steps: i64, unit: UnitCode) -> Measure {
    Quantity::in_unit_or_finer(i128::from(steps), unit)
}

/// Shows a booked movement.
#[must_use]
pub fn movement(row: MovementRow, unit: UnitCode) -> MovementView {
    MovementView {
        revision: row.revision,
        kind: row.kind,
        debit: row.debit,
        credit: row.credit,
        quantity: measure(row.quantity, unit),
        declaration: Some(row.declaration),
        customs_office: Some(row.customs_office),
        reserved_after: measure(row.reserved_after, unit),
        confirmed_after: measure(row.confirmed_after, unit),
        excess_after: measure(row.excess_after, unit),
        approved: measure(row.granted, unit),
        occurred_at: Instant::from_micros(row.occurred_at),
        recorded_at: Instant::from_micros(row.recorded_at),
    }
}

/// The grant of a version of a listing, as a movement.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    /// Revision of the version.
    pub revision: i64,
    /// When it was recorded, microseconds.
    pub at: i64,
    /// Granted before it.
    pub before: i64,
    /// Granted by it.
    pub after: i64,
    /// Reserved, confirmed and excess at that revision.
    pub left: (i64, i64, i64),
    /// Whether it opens what was used before counting.
    pub opens: bool,
}

/// Shows a grant as the movements it comes to; none when it grants the same.
#[must_use]
pub fn grants(grant: Grant, unit: UnitCode) -> Vec<MovementView> {
    let (reserved, confirmed, excess) = grant.left;
    let view = |debit: Account, credit: Account, quantity: i64| MovementView {
        revision: grant.revision,
        kind: Kind::Granted.as_str().to_owned(),
        debit: debit.as_str().to_owned(),
        credit: credit.as_str().to_owned(),
        quantity: measure(quantity, unit),
        declaration: None,
        customs_office: None,
        reserved_after: measure(reserved, unit),
        confirmed_after: measure(confirmed, unit),
        excess_after: measure(excess, unit),
        approved: measure(grant.after, unit),
        occurred_at: Instant::from_micros(grant.at),
        recorded_at: Instant::from_micros(grant.at),
    };
    let opened = if grant.opens { confirmed } else { 0 };
    let change = grant.after.saturating_sub(grant.before);
    let all = [
        (Account::Beyond, Account::Confirmed, opened),
        (Account::Beyond, Account::Free, change.saturating_sub(opened).max(0)),
        (Account::Free, Account::Beyond, change.saturating_neg().max(0)),
    ];
    all.into_iter()
        .filter(|(.., quantity)| *quantity > 0)
        .map(|(debit, credit, quantity)| view(debit, credit, quantity))
        .collect()
}

/// Shows a manual release.
///
/// # Errors
/// [`StoreError::Damaged`] when a stored text is none.
pub fn manual_release(row: &ManualReleaseRow, today: LegalDay) -> Result<Value, AppError> {
    let overridden: Value = serde_json::from_str(&row.overridden)
        .map_err(|_| StoreError::Damaged(format!("the overridden reasons of {}", row.id)))?;
    let released_at = Instant::from_micros(row.released_at);
    Ok(json!({
        "id": row.id,
        "revision": row.revision,
        "state": row.state,
        "declaration": row.declaration,
        "declaration_version": row.declaration_version,
        "enterprise": row.enterprise,
        "customs_office": row.customs_office,
        "officer": row.officer,
        "reason": { "code": row.reason_code, "basis": row.reason_basis },
        "overridden": overridden,
        "released_at": released_at,
        "age_days": today.value().saturating_sub(released_at.day().value()).max(0),
        "reviewed_by": row.reviewed_by,
        "reviewed_at": row.reviewed_at.map(Instant::from_micros),
        "review_basis": row.review_basis,
    }))
}
