//! Imports rows of the tariff table, and proposes the yearly change of HS codes as one adjustment.
//!
//! A row names the code, its document codes and its days; `replaces` names the code it takes the place of. Rows
//! already in the table change nothing. The listings that carry a replaced code are varied from the first day of
//! the new one, by an adjustment that a second officer confirms: old codes stay right for declarations before.

use super::adjust::{Proposal, propose_by};
use super::error::AppError;
use crate::domain::adjustment::{Change, ChangeKind, ChangeReason, ReasonCode, Vary};
use crate::domain::code::{DocumentSet, HsCode};
use crate::domain::fault::FaultCode;
use crate::domain::listing::Standing;
use crate::domain::listing_number::ListingNumber;
use crate::domain::tariff::Succession;
use crate::domain::validity::LegalDay;
use crate::store::rows::{AdjustmentRow, TariffRow};
use crate::store::{Context, Recorded, Store, StoreError, Tx, listings, rulebook};
use serde::{Deserialize, Serialize};

/// A row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffLine {
    /// The code.
    pub hs_code: HsCode,
    /// Its documents.
    pub documents: DocumentSet,
    /// First day.
    pub valid_from: LegalDay,
    /// Last day.
    #[serde(default)]
    pub valid_to: Option<LegalDay>,
    /// The code it takes the place of.
    #[serde(default)]
    pub replaces: Option<HsCode>,
}

/// A fault of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffFault {
    /// Line of the file, from 1.
    pub line: u64,
    /// Column.
    pub column: &'static str,
    /// What is wrong.
    pub code: FaultCode,
}

#[derive(Debug, Deserialize)]
struct RawLine {
    hs_code: String,
    documents: String,
    valid_from: String,
    valid_to: Option<String>,
    replaces: Option<String>,
}

/// Reads a tariff file: CSV with the header `hs_code,documents,valid_from,valid_to,replaces`; further columns are
/// for people.
///
/// # Errors
/// Every fault of the file.
pub fn read(bytes: &[u8]) -> Result<Vec<TariffLine>, Vec<TariffFault>> {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for (place, raw) in (2_u64..).zip(crate::sheet::table::<RawLine>(bytes)) {
        let Some(raw) = raw else {
            faults.push(TariffFault { line: place, column: "hs_code", code: FaultCode::FileUnreadable });
            continue;
        };
        let fault = |column: &'static str| move |code: FaultCode| TariffFault { line: place, column, code };
        let empty_is_none = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let parsed = (
            HsCode::parse(raw.hs_code.trim()).map_err(fault("hs_code")),
            DocumentSet::parse(raw.documents.trim()).map_err(fault("documents")),
            LegalDay::parse(raw.valid_from.trim()).map_err(fault("valid_from")),
            empty_is_none(&raw.valid_to).map(|day| LegalDay::parse(day.trim()).map_err(fault("valid_to"))).transpose(),
            empty_is_none(&raw.replaces).map(|code| HsCode::parse(code.trim()).map_err(fault("replaces"))).transpose(),
        );
        match parsed {
            (Ok(hs_code), Ok(documents), Ok(valid_from), Ok(valid_to), Ok(replaces)) => {
                if valid_to.is_some_and(|last| last < valid_from) {
                    faults.push(TariffFault { line: place, column: "valid_to", code: FaultCode::PeriodReversed });
                }
                lines.push(TariffLine { hs_code, documents, valid_from, valid_to, replaces });
            }
            (hs_code, documents, valid_from, valid_to, replaces) => {
                faults.extend(
                    [hs_code.err(), documents.err(), valid_from.err(), valid_to.err(), replaces.err()]
                        .into_iter()
                        .flatten(),
                );
            }
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

/// Records the rows that are new inside a transaction; returns how many were.
///
/// # Errors
/// The store's failure.
pub fn record(tx: &mut Tx<'_>, lines: &[TariffLine]) -> Result<usize, StoreError> {
    let at = tx.context().at.micros();
    let mut recorded = 0_usize;
    let mut last: std::collections::HashMap<i64, TariffRow> = std::collections::HashMap::new();
    for line in lines {
        let stored = |code: HsCode| i64::try_from(code.value()).map_err(StoreError::damaged);
        let hs_code = stored(line.hs_code)?;
        let mut known = rulebook::tariff_of(tx.conn(), hs_code)?;
        known.extend(last.get(&hs_code).cloned());
        let row = TariffRow {
            hs_code,
            version: known.last().map_or(0, |row| row.version).saturating_add(1),
            revision: tx.next_revision().0,
            valid_from: line.valid_from.value(),
            valid_to: line.valid_to.map(LegalDay::value),
            documents: line.documents.to_string(),
            replaces: line.replaces.map(stored).transpose()?,
            recorded_at: at,
        };
        let newest = known.iter().rev().find(|known| known.valid_from == row.valid_from);
        if newest.is_some_and(|known| {
            (known.valid_to, &known.documents, known.replaces) == (row.valid_to, &row.documents, row.replaces)
        }) {
            continue;
        }
        tx.save(row.clone(), known.last(), "tariff.recorded")?;
        last.insert(hs_code, row);
        recorded = recorded.saturating_add(1);
    }
    Ok(recorded)
}

/// What an import of the table came to.
#[derive(Debug)]
pub struct TariffImport {
    /// Rows that were new.
    pub recorded: usize,
    /// The adjustment that gives listings their new codes, if any carries a replaced one.
    pub proposed: Option<AdjustmentRow>,
}

/// Records the rows and, in the same transaction, proposes the variation of every listing that carries a replaced
/// code and lives beyond its last day.
///
/// # Errors
/// What the rules refuse of the proposal; the store's failure.
pub fn import(
    store: &Store,
    context: Context,
    scheme: String,
    lines: Vec<TariffLine>,
) -> Result<Recorded<TariffImport>, AppError> {
    store.write(context, move |tx| {
        let by = tx.person()?.to_string();
        take_in(tx, scheme, &lines, by)
    })
}

/// The same inside a transaction; the adjustment is proposed in somebody's name.
///
/// # Errors
/// As [`import`].
pub fn take_in(tx: &mut Tx<'_>, scheme: String, lines: &[TariffLine], by: String) -> Result<TariffImport, AppError> {
    let recorded = record(tx, lines)?;
    let successions: Vec<Succession> = lines
        .iter()
        .filter_map(|line| Some(Succession { old: line.replaces?, new: line.hs_code, from: line.valid_from }))
        .collect();
    let changes = successions_to_changes(tx, &scheme, &successions)?;
    let proposed = if changes.is_empty() {
        None
    } else {
        let note = Some("税则年度调整 / yearly revision of the tariff".to_owned());
        Some(propose_by(tx, Proposal { scheme, changes, note }, by)?)
    };
    Ok(TariffImport { recorded, proposed })
}

fn successions_to_changes(
    tx: &mut Tx<'_>,
    scheme: &str,
    successions: &[Succession],
) -> Result<Vec<Change>, StoreError> {
    let mut changes = Vec::new();
    for succession in successions {
        let old = i64::try_from(succession.old.value()).map_err(StoreError::damaged)?;
        let numbers = listings::with_hs_code(tx.conn(), old)?;
        for number in numbers {
            let rows = listings::versions(tx.conn(), &number)?;
            let Some(last) = rows.last() else { continue };
            let lives_on = last.valid_to >= succession.from.value() && last.standing != Standing::Removed.as_str();
            // One code split into several is for people to assign: the first successor is proposed, once.
            let taken = changes
                .iter()
                .any(|change: &Change| change.kind.listing().is_some_and(|known| known.to_string() == number));
            if last.scheme != scheme || last.hs_code != old || !lives_on || taken {
                continue;
            }
            let listing = ListingNumber::parse(&number).map_err(|_| StoreError::damaged("a listing number"))?;
            let set = Vary { hs_code: Some(succession.new), ..Vary::default() };
            let from = succession.from.value().max(last.valid_from);
            let effective_on = LegalDay::from_value(from).ok_or_else(|| StoreError::damaged("a legal day"))?;
            changes.push(Change {
                kind: ChangeKind::Vary { listing, effective_on, set: Box::new(set) },
                reason: ChangeReason { code: ReasonCode::HsRevision, basis: None },
            });
        }
    }
    Ok(changes)
}
