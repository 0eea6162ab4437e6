//! A spreadsheet becomes one proposed adjustment, or every fault of it; never half a list.

use super::App;
use super::adjust::{Proposal, scheme_in_force};
use super::error::AppError;
use super::plan::{Proposed, plan};
use crate::domain::adjustment::{Add, Change, ChangeKind, ChangeReason, ItemText, ReasonCode, Vary};
use crate::domain::code::Uscc;
use crate::domain::enterprise::Particulars;
use crate::domain::error::Rule;
use crate::domain::fault::FaultCode;
use crate::domain::validity::{LegalDay, Validity};
use crate::sheet::{Grid, Hint, ListRow, SheetFault, SheetWarning, list_rows};
use crate::store::{AnyConnection, StoreError, enterprises};
use std::collections::{BTreeMap, BTreeSet};

/// What a spreadsheet asks for.
#[derive(Debug)]
pub struct Imported {
    /// The proposal.
    pub proposal: Proposal,
    /// Data rows.
    pub rows: usize,
    /// What was understood with some latitude.
    pub warnings: Vec<SheetWarning>,
}

impl App {
    /// Turns the cells of a file into a proposal under a scheme; nothing is recorded.
    ///
    /// # Errors
    /// [`AppError::Sheet`] with every fault of the file; the store's failure.
    pub fn read_list(&self, grid: &Grid, scheme: &str, note: Option<String>) -> Result<Imported, AppError> {
        let list = list_rows(grid);
        let mut faults = list.faults;
        let today = self.clock.now().day();
        let changes = self.store.read(|conn| {
            let known = known_enterprises(conn, &list.rows)?;
            let (changes, sources) = changes(&list.rows, &known, today, &mut faults);
            // The rules are asked even when cells are faulty, so that all faults come at once.
            let scheme = scheme_in_force(conn, scheme, today)?;
            let planned = plan(conn, &scheme, &changes, Proposed::default(), self.clock.now())?;
            // A row that varies a listing to what it is already asks for nothing.
            let mut unchanged = BTreeSet::new();
            for (place, rule) in planned.refused {
                if rule == Rule::NothingChanges {
                    unchanged.insert(place);
                    continue;
                }
                let row = sources.get(place).and_then(|source| list.rows.get(*source));
                if let (Some(row), Some(change)) = (row, changes.get(place)) {
                    // The plan meets the first of two equal rows of the file, which is told as such already.
                    let told = faults.iter().any(|fault| {
                        fault.code == FaultCode::DoubledInFile
                            && fault.row == Some(row.row)
                            && fault.sheet.as_ref() == Some(&row.sheet)
                    });
                    faults.extend(rule_fault(row, change, rule).filter(|_| !(told && rule == Rule::AlreadyListed)));
                }
            }
            let kept = changes.into_iter().enumerate().filter(|(place, _)| !unchanged.contains(place));
            Ok::<Vec<Change>, AppError>(kept.map(|(_, change)| change).collect())
        })?;
        if !faults.is_empty() {
            faults.sort_by(|one, other| {
                (&one.sheet, one.row, &one.column).cmp(&(&other.sheet, other.row, &other.column))
            });
            return Err(AppError::Sheet(faults));
        }
        let rows = list.rows.len();
        Ok(Imported { proposal: Proposal { scheme: scheme.to_owned(), changes, note }, rows, warnings: list.warnings })
    }
}

fn known_enterprises(conn: &mut AnyConnection, rows: &[ListRow]) -> Result<BTreeSet<Uscc>, StoreError> {
    let asked: BTreeSet<Uscc> = rows.iter().map(|row| row.uscc).collect();
    let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let known = enterprises::versions_of(conn, &asked)?;
    Ok(known.iter().filter_map(|row| Uscc::parse(&row.uscc).ok()).collect())
}

/// Builds the changes, each with the place of its row; registrations come first.
fn changes(
    rows: &[ListRow],
    known: &BTreeSet<Uscc>,
    today: LegalDay,
    faults: &mut Vec<SheetFault>,
) -> (Vec<Change>, Vec<usize>) {
    let (mut changes, mut sources) = (Vec::new(), Vec::new());
    let mut new: BTreeMap<Uscc, usize> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate().filter(|(_, row)| !known.contains(&row.uscc)) {
        // Of several rows of a new enterprise one name is enough.
        let named = row.enterprise_name.is_some();
        let better =
            new.get(&row.uscc).and_then(|first| rows.get(*first)).is_none_or(|first| first.enterprise_name.is_none());
        if better && (named || !new.contains_key(&row.uscc)) {
            new.insert(row.uscc, place);
        }
    }
    for (uscc, place) in &new {
        let Some(row) = rows.get(*place) else { continue };
        let Some(name) = &row.enterprise_name else {
            faults.push(at(row, FaultCode::EnterpriseNameRequired, Some(uscc.to_string())));
            continue;
        };
        let particulars = Particulars {
            name_zh: name.clone(),
            name_en: None,
            district: uscc.area(),
            customs_registration: row.customs_registration,
        };
        let from = row.valid_from.min(today);
        changes.push(reasoned(
            ChangeKind::RegisterEnterprise { uscc: *uscc, particulars, effective_on: Some(from) },
            from,
            today,
        ));
        sources.push(*place);
    }
    for (place, row) in rows.iter().enumerate() {
        if let Some(change) = row_change(row, today, faults) {
            changes.push(change);
            sources.push(place);
        }
    }
    (changes, sources)
}

fn reasoned(kind: ChangeKind, from: LegalDay, today: LegalDay) -> Change {
    // A list whose periods have begun is one that was kept elsewhere before.
    let code = if from < today { ReasonCode::TakeOver } else { ReasonCode::JointRecognition };
    Change { kind, reason: ChangeReason { code, basis: None } }
}

fn row_change(row: &ListRow, today: LegalDay, faults: &mut Vec<SheetFault>) -> Option<Change> {
    let period = match Validity::new(row.valid_from, row.valid_to) {
        Ok(period) => period,
        Err(code) => {
            faults.push(at(row, code, Some(row.valid_to.to_string())));
            return None;
        }
    };
    let offices = (!row.customs_offices.is_empty()).then(|| row.customs_offices.clone());
    if let Some(listing) = row.listing {
        let set = restated(row);
        return Some(reasoned(ChangeKind::Vary { listing, effective_on: today, set: Box::new(set) }, today, today));
    }
    let item = ItemText {
        name_zh: row.item_name_zh.clone(),
        name_en: row.item_name_en.clone(),
        specification: row.specification.clone(),
        manufacturer: row.manufacturer.clone(),
        origin: row.origin.clone(),
    };
    let add = Add {
        enterprise: row.uscc,
        item,
        cas: row.cas,
        hs_code: row.hs_code,
        ciq_code: row.ciq_code,
        purpose: row.purpose,
        quantity: row.quantity,
        unit: row.unit,
        period,
        customs_offices: offices,
        consignment_cap: row.consignment_cap,
        used: row.used,
        batch: None,
        note: row.note.clone(),
        conditions: None,
    };
    Some(reasoned(ChangeKind::Add(Box::new(add)), row.valid_from, today))
}

/// Returns the terms of a row as new terms of the listing that it names.
#[must_use]
pub fn restated(row: &ListRow) -> Vary {
    let offices = (!row.customs_offices.is_empty()).then(|| row.customs_offices.clone());
    Vary {
        quantity: Some(row.quantity),
        unit: Some(row.unit),
        hs_code: Some(row.hs_code),
        ciq_code: row.ciq_code,
        cas: row.cas,
        customs_offices: offices,
        consignment_cap: row.consignment_cap,
        valid_from: Some(row.valid_from),
        valid_to: Some(row.valid_to),
        purpose: row.purpose,
        name_zh: Some(row.item_name_zh.clone()),
        name_en: row.item_name_en.clone(),
        specification: row.specification.clone(),
        manufacturer: row.manufacturer.clone(),
        origin: row.origin.clone(),
        note: row.note.clone(),
        conditions: None,
        clear: Vec::new(),
    }
}

fn at(row: &ListRow, code: FaultCode, value: Option<String>) -> SheetFault {
    SheetFault { sheet: Some(row.sheet.clone()), row: Some(row.row), column: None, value, code, hint: None::<Hint> }
}

/// Says a rule's refusal in the words of the sheet; none for what another fault of the row says already.
fn rule_fault(row: &ListRow, change: &Change, rule: Rule) -> Option<SheetFault> {
    let item = Some(row.item_name_zh.clone());
    let fault = |code: FaultCode, column: &str, value: Option<String>| {
        Some(SheetFault { column: Some(column.to_owned()), ..at(row, code, value) })
    };
    match rule {
        Rule::AlreadyListed => fault(FaultCode::AlreadyListed, "物品名称", item),
        Rule::ListingUnknown | Rule::OtherScheme | Rule::ListingRemoved => {
            fault(FaultCode::ListingUnknown, "名单编号", Some(change.kind.subject()))
        }
        Rule::QuantityTooLarge => fault(FaultCode::QuantityTooLarge, "批准数量", Some(row.quantity.to_string())),
        // Registered by a row that is itself faulty: said there.
        Rule::EnterpriseUnknown => None,
        Rule::BelowUsed => fault(FaultCode::QuantityBelowUsed, "已使用数量", row.used.map(|used| used.to_string())),
        Rule::UnitFixed => fault(FaultCode::UnitDiffers, "计量单位", Some(row.unit.to_string())),
        Rule::Case(_)
        | Rule::FourEyes
        | Rule::NotTheProposer
        | Rule::PastDate
        | Rule::SchemeUnknown
        | Rule::EnterpriseUnchanged
        | Rule::AlreadySuspended
        | Rule::NotSuspended
        | Rule::ListingExpired
        | Rule::NothingChanges
        | Rule::NotLater
        | Rule::Barred
        | Rule::StopUnknown
        | Rule::BasisRequired
        | Rule::QuestionOpen
        | Rule::NotEligible
        | Rule::DocumentMissing
        | Rule::DocumentInfected
        | Rule::DocumentWithheld
        | Rule::CertificateOutdated
        | Rule::TooManyDocuments
        | Rule::DoubledItem
        | Rule::RenewalTooEarly
        | Rule::RenewalTooLate
        | Rule::TooManyOpen
        | Rule::TooManyTexts
        | Rule::TooManyReports
        | Rule::VersionNotNext
        | Rule::RulesFromToday
        | Rule::DaysContradict
        | Rule::NoChanges
        | Rule::LiftByAdjustment
        | Rule::ConfirmTooLate
        | Rule::LedgerDoesNotAddUp
        | Rule::UnitNotComparable
        | Rule::PeriodUnknown
        | Rule::TooManyWebhooks
        | Rule::DayToCome
        | Rule::EntryEnded
        | Rule::OverDraw
        | Rule::LineRefused
        | Rule::ImporterFixed
        | Rule::RolesExclude
        | Rule::OwnGrant
        | Rule::LastAdministrator
        | Rule::PersonInactive
        | Rule::PersonActive
        | Rule::NothingToErase
        | Rule::AccountTaken
        | Rule::RoleNotYours
        | Rule::RoleHeld
        | Rule::RoleWidened
        | Rule::OwnRole
        | Rule::RoleRetired
        | Rule::RoleNameTaken
        | Rule::CodeInvalid
        | Rule::AlreadyFounded
        | Rule::AlreadyRegistered
        | Rule::OrganisationUnknown
        | Rule::SameParty => Some(at(row, FaultCode::RowRefused, Some(rule.as_str().to_owned()))),
    }
}
