//! Between a declaration as the rules see it and its rows.

use crate::domain::code::{CustomsOffice, DeclarationNumber, TradeMode, UnitCode, Uscc};
use crate::domain::draw::ledger::{Balance, Shares, bookings};
use crate::domain::draw::{Decided, Head, Moved, Shadowed, State, Verb};
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::validity::LegalDay;
use crate::index::Snapshot;
use crate::store::StoreError;
use crate::store::declarations::DeclarationRow;
use crate::store::movements::MovementRow;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a declaration takes of a listing, as it is shown.
#[derive(Debug, Serialize)]
struct PositionView {
    listing: ListingNumber,
    reserved: Measure,
    confirmed: Measure,
    excess: Measure,
}

/// The balance of a listing right after the command, as it is shown.
#[derive(Debug, Serialize)]
struct BalanceView {
    listing: ListingNumber,
    approved: Measure,
    reserved: Measure,
    confirmed: Measure,
    excess: Measure,
    remaining: Measure,
}

#[derive(Debug, Serialize)]
struct MovedView {
    line: u16,
    was: &'static str,
    now: &'static str,
}

/// What is answered beside the columns; kept, so that a repeated message is answered with the same bytes.
#[derive(Debug, Serialize)]
struct AnswerView {
    positions: Vec<PositionView>,
    balances: Vec<BalanceView>,
    list_moved: Option<bool>,
    moved_lines: Vec<MovedView>,
}

fn damaged(row: &DeclarationRow) -> StoreError {
    StoreError::Damaged(format!("declaration {} version {}", row.number, row.version))
}

/// Reads what a stored version takes, by listing.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn shares(row: &DeclarationRow) -> Result<Shares, StoreError> {
    serde_json::from_str(&row.positions).map_err(|_| damaged(row))
}

/// Reads a stored version.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn head(row: &DeclarationRow) -> Result<Head, StoreError> {
    let read = || {
        Some(Head {
            version: row.version,
            state: State::parse(&row.state)?,
            verb: Verb::parse(&row.verb)?,
            sequence: row.sequence,
            digest: row.request_digest.as_slice().try_into().ok()?,
            enterprise: Uscc::parse(&row.enterprise).ok()?,
            customs_office: CustomsOffice::parse(&row.customs_office).ok()?,
            declared_on: LegalDay::from_value(row.declared_on)?,
            trade_mode: trade_mode(row.trade_mode),
            lines: serde_json::from_str(&row.lines).ok()?,
            shares: serde_json::from_str(&row.positions).ok()?,
            reason: row.reason_code.clone(),
        })
    };
    read().ok_or_else(|| damaged(row))
}

/// Reads a stored trade mode.
#[must_use]
pub fn trade_mode(stored: Option<i32>) -> Option<TradeMode> {
    stored.and_then(|mode| u64::try_from(mode).ok()).and_then(TradeMode::from_value)
}

/// Returns the places of the schemes that a version takes from.
///
/// # Errors
/// [`StoreError::Damaged`] when a stored value is none.
pub fn scheme_places(row: &DeclarationRow, snapshot: &Snapshot) -> Result<Vec<Option<u16>>, StoreError> {
    let uscc = Uscc::parse(&row.enterprise).map_err(|_| damaged(row))?;
    let enterprise = snapshot.enterprise(uscc);
    let place = |number: &ListingNumber| enterprise?.listing(*number).map(|listing| listing.scheme);
    Ok(shares(row)?.keys().map(place).collect())
}

/// What surrounds a version: who, when, under which revision.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The declaration.
    pub number: DeclarationNumber,
    /// Revision of its entry.
    pub revision: i64,
    /// Who sent it.
    pub org: String,
    /// When it happened, if it was reported afterwards, microseconds.
    pub occurred_at: Option<i64>,
    /// Basis of the reason.
    pub basis: Option<String>,
    /// The officer who acts.
    pub officer: Option<String>,
    /// When it is recorded, microseconds.
    pub at: i64,
}

/// Builds the row of an applied command, all but its answer, which shows balances that the row itself moves.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be written.
pub fn row(decided: &Decided, recorded: Recorded) -> Result<DeclarationRow, StoreError> {
    let Head { version, state, verb, sequence, digest, enterprise, customs_office, declared_on, .. } = decided.head;
    let head = &decided.head;
    Ok(DeclarationRow {
        number: recorded.number.to_string(),
        version,
        revision: recorded.revision,
        sequence,
        verb: verb.as_str().to_owned(),
        state: state.as_str().to_owned(),
        enterprise: enterprise.to_string(),
        org: recorded.org,
        customs_office: customs_office.to_string(),
        declared_on: declared_on.value(),
        trade_mode: head.trade_mode.and_then(|mode| i32::try_from(mode.value()).ok()),
        occurred_at: recorded.occurred_at,
        lines: text(&head.lines)?,
        positions: text(&head.shares)?,
        answer: String::new(),
        request_digest: digest.to_vec(),
        judged_at: decided.judged_at.0,
        reason_code: head.reason.clone(),
        reason_basis: recorded.basis,
        officer: recorded.officer,
        shadow: decided.shadowed.as_deref().map(shadow),
        recorded_at: recorded.at,
    })
}

fn text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::damaged)
}

/// Writes the answer of an applied command; `balances` are those after it.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be written.
pub fn answer_text(decided: &Decided, balances: &BTreeMap<ListingNumber, Balance>) -> Result<String, StoreError> {
    text(&answer(decided, balances))
}

fn answer(decided: &Decided, balances: &BTreeMap<ListingNumber, Balance>) -> AnswerView {
    let measure = |number: &ListingNumber, steps: i64| {
        let unit = decided.units.get(number).copied().unwrap_or(UnitCode::GRAM);
        Quantity::in_unit_or_finer(i128::from(steps), unit)
    };
    let shares = &decided.head.shares;
    let moved = |moved: &Moved| MovedView { line: moved.line, was: moved.was.as_str(), now: moved.now.as_str() };
    AnswerView {
        positions: shares
            .iter()
            .map(|(number, share)| PositionView {
                listing: *number,
                reserved: measure(number, share.reserved),
                confirmed: measure(number, share.confirmed),
                excess: measure(number, share.excess),
            })
            .collect(),
        balances: shares
            .iter()
            .map(|(number, share)| {
                let balance = balances.get(number).copied().unwrap_or_default();
                BalanceView {
                    listing: *number,
                    approved: measure(number, share.granted),
                    reserved: measure(number, balance.reserved),
                    confirmed: measure(number, balance.confirmed),
                    excess: measure(number, balance.excess),
                    remaining: measure(number, share.granted.saturating_sub(balance.taken()).max(0)),
                }
            })
            .collect(),
        list_moved: decided.moved.as_ref().map(|moved| !moved.is_empty()),
        moved_lines: decided.moved.iter().flatten().map(moved).collect(),
    }
}

fn shadow(lines: &[Shadowed]) -> String {
    let line = |line: &Shadowed| {
        let reasons: Vec<&str> = line.reasons.iter().map(|reason| reason.as_str()).collect();
        serde_json::json!({ "line": line.line, "reasons": reasons })
    };
    Value::Array(lines.iter().map(line).collect()).to_string()
}

/// Writes what the rules in shadow or an overridden answer said, line by line.
#[must_use]
pub fn reasons_by_line(lines: &[(u16, crate::domain::reason::Reasons)]) -> String {
    let shadowed: Vec<Shadowed> =
        lines.iter().map(|(line, reasons)| Shadowed { line: *line, reasons: *reasons }).collect();
    shadow(&shadowed)
}

/// Books the step from one version to the next, and carries the balances along.
///
/// # Errors
/// [`StoreError::Damaged`] when an account would fall below zero.
pub fn movements(
    before: &Shares,
    after: &Shares,
    row: &DeclarationRow,
    balances: &mut BTreeMap<ListingNumber, Balance>,
) -> Result<Vec<MovementRow>, StoreError> {
    let mut rows = Vec::new();
    let corrected = row.verb == Verb::Corrected.as_str();
    let mut numbers: Vec<ListingNumber> = before.keys().chain(after.keys()).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let old = before.get(&number).copied().unwrap_or_default();
        let new = after.get(&number).copied().unwrap_or_default();
        for booking in bookings(old, new, corrected) {
            let balance = balances.entry(number).or_default();
            *balance = balance.moved(booking).ok_or_else(|| damaged(row))?;
            rows.push(MovementRow {
                revision: row.revision,
                place: i32::try_from(rows.len()).map_err(StoreError::damaged)?,
                listing: number.to_string(),
                enterprise: row.enterprise.clone(),
                declaration: row.number.clone(),
                customs_office: row.customs_office.clone(),
                kind: booking.kind.as_str().to_owned(),
                debit: booking.debit.as_str().to_owned(),
                credit: booking.credit.as_str().to_owned(),
                quantity: booking.quantity,
                reserved_after: balance.reserved,
                confirmed_after: balance.confirmed,
                excess_after: balance.excess,
                granted: if new.granted == 0 { old.granted } else { new.granted },
                occurred_at: row.occurred_at.unwrap_or(row.recorded_at),
                recorded_at: row.recorded_at,
            });
        }
    }
    Ok(rows)
}
