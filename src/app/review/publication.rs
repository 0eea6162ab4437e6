//! What a batch puts on the list: each recognised item as a change, and the notice that says so.
//!
//! The notice is one canonical JSON text; page, file and digest come from it. Invariant: what is published is what was
//! decided, from the day of effect on.

use super::refused_at;
use crate::app::AppError;
use crate::app::applications::checks::frozen;
use crate::app::plan::{Plan, PlannedRow};
use crate::domain::adjustment::{Add, Change, ChangeKind, ChangeReason, ReasonCode, Vary};
use crate::domain::application::content::Ask;
use crate::domain::application::item::{ItemTerms, Term};
use crate::domain::case_rule::CaseRule;
use crate::domain::code::Uscc;
use crate::domain::listing_number::ListingNumber;
use crate::domain::recognition::ItemState;
use crate::domain::scheme::Scheme;
use crate::domain::terms_json::{item_view, set_view};
use crate::domain::validity::{LegalDay, Validity};
use crate::store::batches::BatchRow;
use crate::store::decisions::{self, DecisionRow};
use crate::store::{AnyConnection, StoreError, enterprises, listings};
use serde_json::{Map, Value, json};

/// A recognised item with the change that puts it on the list.
#[derive(Debug, Clone)]
pub(super) struct Publishable {
    /// The decision.
    pub decision: DecisionRow,
    /// The change.
    pub change: Change,
}

/// Reads what was granted.
///
/// # Errors
/// [`StoreError::Damaged`] when nothing was, or it cannot be read.
pub(super) fn granted(row: &DecisionRow) -> Result<Ask, StoreError> {
    let damaged = || StoreError::Damaged(format!("the grant of {} item {}", row.application, row.line));
    let line: Value = serde_json::from_str(row.granted.as_deref().ok_or_else(damaged)?).map_err(|_| damaged())?;
    // A grant is written as an item of a content, and read as one.
    let content = json!({ "items": [line], "contact": { "name": "-" } });
    let mut content = frozen(&content.to_string(), row.kind()?)?;
    content.lines.pop().map(|line| line.ask).ok_or_else(damaged)
}

/// Makes the changes of a batch that takes effect on a day.
///
/// # Errors
/// [`AppError::Refused`] with every item that cannot be published.
pub(super) fn publishable(
    conn: &mut AnyConnection,
    batch: &BatchRow,
    scheme: &Scheme,
    effective_on: LegalDay,
    notice: Option<&str>,
) -> Result<Vec<Publishable>, AppError> {
    let (mut found, mut refusals) = (Vec::new(), Vec::new());
    for (place, (application, line)) in batch.items()?.into_iter().enumerate() {
        let pointer = format!("/items/{place}");
        let decision = decisions::find(conn, &application, i32::from(line))?;
        let decision = decision.filter(|row| row.state == ItemState::Recognised.as_str());
        let Some(decision) = decision else {
            refusals.push(refused_at(pointer, CaseRule::ItemNotRecognised));
            continue;
        };
        let granted = granted(&decision)?;
        match change(conn, &decision, &granted, scheme, effective_on, notice)? {
            Ok(change) => found.push(Publishable { decision, change }),
            Err(rule) => refusals.push(refused_at(pointer, rule)),
        }
    }
    if refusals.is_empty() { Ok(found) } else { Err(AppError::Refused(refusals)) }
}

fn change(
    conn: &mut AnyConnection,
    decision: &DecisionRow,
    granted: &Ask,
    scheme: &Scheme,
    effective_on: LegalDay,
    notice: Option<&str>,
) -> Result<Result<Change, CaseRule>, StoreError> {
    let enterprise = Uscc::parse(&decision.enterprise).map_err(|_| StoreError::damaged("a USCC"))?;
    let add = |terms: &ItemTerms, first: LegalDay| -> Result<ChangeKind, CaseRule> {
        let period = period(terms, first, scheme.validity_months).ok_or(CaseRule::TermOver)?;
        let add = terms.to_add(enterprise, first, scheme.validity_months);
        Ok(ChangeKind::Add(Box::new(Add {
            period,
            batch: notice.map(str::to_owned),
            conditions: decision.conditions.clone(),
            ..add
        })))
    };
    let (kind, code) = match granted {
        Ask::Add(terms) => (add(terms, effective_on), ReasonCode::JointRecognition),
        Ask::Renew { listing, terms } => match last_day(conn, *listing)? {
            Some(last) => (add(terms, effective_on.max(last.add_days(1))), ReasonCode::Renewal),
            None => (Err(CaseRule::ListingGone), ReasonCode::Renewal),
        },
        Ask::Vary { listing, set } => {
            let conditions = decision.conditions.clone().or_else(|| set.conditions.clone());
            let set = Box::new(Vary { conditions, ..(**set).clone() });
            let vary = ChangeKind::Vary { listing: *listing, effective_on, set };
            (Ok(vary), ReasonCode::JointRecognition)
        }
        Ask::Surrender { listing } => {
            (Ok(ChangeKind::Remove { listing: *listing, effective_on }), ReasonCode::EnterpriseRequest)
        }
    };
    let reason = ChangeReason { code, basis: notice.map(str::to_owned) };
    Ok(kind.map(|kind| Change { kind, reason }))
}

/// Finds the period of a new listing that starts on a day; none when what was granted is over by then.
fn period(terms: &ItemTerms, first: LegalDay, usual: u16) -> Option<Validity> {
    match terms.term {
        Some(Term::Period(period)) => Validity::new(period.from().max(first), period.to()).ok(),
        Some(Term::Months(_)) | None => Some(terms.period(first, usual)),
    }
}

/// Finds the last day of a listing that is not removed.
fn last_day(conn: &mut AnyConnection, listing: ListingNumber) -> Result<Option<LegalDay>, StoreError> {
    let last = listings::versions_of(conn, &[listing.to_string()])?.pop();
    let standing = last.filter(|row| row.standing != "removed");
    Ok(standing.and_then(|row| LegalDay::from_value(row.valid_to)))
}

/// Finds the listing that each change of a plan made or touched, in the order of the changes.
pub(super) fn numbers(plan: &Plan, changes: usize) -> Vec<Option<String>> {
    let of_change = |place: usize| {
        plan.rows.iter().filter(move |planned| planned.change == place).find_map(|planned| match &planned.row {
            PlannedRow::Listing(row) => Some(row.number.clone()),
            PlannedRow::Enterprise(_) | PlannedRow::Stop(_) => None,
        })
    };
    (0..changes).map(of_change).collect()
}

/// Writes the notice of a batch.
///
/// # Errors
/// The store's failure.
pub(super) fn notice(
    conn: &mut AnyConnection,
    scheme: &Scheme,
    number: &str,
    effective_on: LegalDay,
    published_on: LegalDay,
    items: &[(&Publishable, String)],
) -> Result<Value, StoreError> {
    let holders: Vec<String> = items.iter().map(|(item, _)| item.decision.enterprise.clone()).collect();
    let names = enterprises::versions_of(conn, &holders)?;
    let shown = items.iter().enumerate().map(|(place, (item, listing))| {
        let name = names.iter().rfind(|row| row.uscc == item.decision.enterprise);
        let mut view = Map::new();
        let mut put = |member: &str, value: Value| view.insert(member.to_owned(), value);
        put("place", json!(place.saturating_add(1)));
        put("kind", json!(item.decision.kind));
        put("listing", json!(listing));
        put("enterprise", json!(item.decision.enterprise));
        put("enterprise_name_zh", json!(name.map(|row| &row.name_zh)));
        put("enterprise_name_en", json!(name.and_then(|row| row.name_en.as_ref())));
        put("conditions", json!(item.decision.conditions));
        match &item.change.kind {
            ChangeKind::Add(add) => {
                put("item", item_view(&add.item, add.cas, add.hs_code, add.ciq_code, add.purpose));
                put("quantity", json!(add.quantity));
                put("unit", json!(add.unit));
                put("valid_from", json!(add.period.from()));
                put("valid_to", json!(add.period.to()));
                put("customs_offices", json!(add.customs_offices));
                put("consignment_cap", json!(add.consignment_cap));
            }
            ChangeKind::Vary { set, .. } => {
                put("set", set_view(set));
            }
            ChangeKind::RegisterEnterprise { .. }
            | ChangeKind::Extend { .. }
            | ChangeKind::Suspend { .. }
            | ChangeKind::Reinstate { .. }
            | ChangeKind::Remove { .. }
            | ChangeKind::SuspendEnterprise { .. }
            | ChangeKind::ReinstateEnterprise { .. }
            | ChangeKind::BarEnterprise { .. }
            | ChangeKind::LiftBar { .. }
            | ChangeKind::StopItemClass { .. }
            | ChangeKind::LiftStop { .. } => {}
        }
        Value::Object(view)
    });
    Ok(json!({
        "number": number,
        "scheme": scheme.code,
        "scheme_name": scheme.name,
        "legal_basis": scheme.legal_basis,
        "agencies": scheme.member_agencies,
        "effective_on": effective_on,
        "published_on": published_on,
        "items": shown.collect::<Vec<_>>(),
    }))
}
