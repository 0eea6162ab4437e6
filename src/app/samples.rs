//! Sample data of the demo: schemes, tariff, twelve synthetic enterprises, their listings. Loaded once.

use super::adjust::save_plan;
use super::calendar;
use super::error::AppError;
use super::found::{adopt_scheme, is_new, read_scheme, system};
use super::mandates::{self, MandateStated};
use super::plan::{Proposed, plan};
use super::tariff;
use crate::domain::adjustment::{Add, Change, ChangeKind, ChangeReason, ItemText, ReasonCode};
use crate::domain::code::{Cas, CustomsOffice, CustomsRegistration, DistrictCode, HsCode, UnitCode, Uscc};
use crate::domain::enterprise::Particulars;
use crate::domain::listing_number::ListingNumber;
use crate::domain::mandate::Scope;
use crate::domain::purpose::Purpose;
use crate::domain::quantity::Quantity;
use crate::domain::scheme::Scheme;
use crate::domain::validity::{Instant, LegalDay, Validity};
use crate::store::{Store, StoreError, Tx};
use serde::Deserialize;

const SCHEME: &str = include_str!("../../samples/schemes/beijing-2022.toml");
const TARIFF: &str = include_str!("../../samples/tariff.csv");
const HOLIDAYS: &str = include_str!("../../samples/holidays.json");
const DEMO: &str = include_str!("../../samples/demo.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    enterprise: Vec<DemoEnterprise>,
    listing: Vec<DemoListing>,
    bar: Vec<DemoBar>,
    mandate: Vec<DemoMandate>,
    sample: Vec<DemoListing>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoEnterprise {
    uscc: Uscc,
    name_zh: String,
    name_en: String,
    district: DistrictCode,
    customs_registration: CustomsRegistration,
    former_name_zh: Option<String>,
    renamed_on: Option<LegalDay>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoListing {
    enterprise: Uscc,
    name_zh: String,
    name_en: Option<String>,
    cas: Option<Cas>,
    hs_code: HsCode,
    specification: Option<String>,
    purpose: Option<Purpose>,
    quantity: Quantity,
    unit: UnitCode,
    origin: Option<String>,
    consignment_cap: Option<Quantity>,
    customs_offices: Option<Vec<CustomsOffice>>,
    valid_from: Option<LegalDay>,
    valid_to: Option<LegalDay>,
    suspended_on: Option<LegalDay>,
    removed_on: Option<LegalDay>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoBar {
    enterprise: Uscc,
    from: LegalDay,
    until: LegalDay,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoMandate {
    enterprise: Uscc,
    agent_org: String,
}

/// Loads the sample data into a new database; does nothing to any other. Says whether it loaded.
///
/// # Errors
/// The store's failure; [`StoreError::Damaged`] when the samples do not parse.
pub fn load(store: &Store, at: Instant) -> Result<bool, AppError> {
    if !is_new(store)? {
        return Ok(false);
    }
    let scheme = read_scheme(SCHEME).map_err(StoreError::damaged)?;
    let lines = tariff::read(TARIFF.as_bytes()).map_err(|faults| StoreError::Damaged(format!("{faults:?}")))?;
    let holidays = calendar::read(HOLIDAYS).map_err(StoreError::damaged)?;
    let demo: Demo = toml::from_str(DEMO).map_err(StoreError::damaged)?;
    store.write(system("samples", at), move |tx| {
        adopt_scheme(tx, &scheme)?;
        tariff::record(tx, &lines)?;
        calendar::record(tx, holidays)?;
        record(tx, &scheme, demo, at)
    })?;
    Ok(true)
}

fn taken_over(kind: ChangeKind) -> Change {
    Change {
        kind,
        reason: ChangeReason { code: ReasonCode::TakeOver, basis: Some("样例数据 / sample data".to_owned()) },
    }
}

/// Enterprises and listings first, then what happened to them, in a second plan that knows their numbers.
fn record(tx: &mut Tx<'_>, scheme: &Scheme, demo: Demo, at: Instant) -> Result<(), AppError> {
    let today = at.day();
    // Registered from the day the scheme began, so that every sample date falls into their time.
    let mut changes: Vec<Change> =
        demo.enterprise.into_iter().flat_map(|enterprise| register(enterprise, scheme.valid_from)).collect();
    let first = changes.len();
    let month_ago = today.add_months(-1);
    let sample_period = (month_ago, month_ago.add_years(1).add_days(-1));
    let fixed: Vec<DemoListing> = demo.listing;
    let fates: Vec<(Option<LegalDay>, Option<LegalDay>)> =
        fixed.iter().map(|listing| (listing.suspended_on, listing.removed_on)).collect();
    for listing in fixed.into_iter().chain(demo.sample) {
        changes.push(add(listing, sample_period)?);
    }
    for bar in demo.bar {
        changes.push(taken_over(ChangeKind::BarEnterprise {
            enterprise: bar.enterprise,
            until: bar.until,
            effective_on: bar.from,
        }));
    }
    let planned = plan(tx.conn(), scheme, &changes, Proposed::default(), at)?.accepted()?;
    let mut later = Vec::new();
    for planned in &planned.rows {
        let super::plan::PlannedRow::Listing(row) = &planned.row else { continue };
        let Some((suspended_on, removed_on)) = planned.change.checked_sub(first).and_then(|place| fates.get(place))
        else {
            continue;
        };
        let listing = ListingNumber::parse(&row.number).map_err(|_| StoreError::damaged("a listing number"))?;
        later.extend(suspended_on.map(|effective_on| taken_over(ChangeKind::Suspend { listing, effective_on })));
        later.extend(removed_on.map(|effective_on| taken_over(ChangeKind::Remove { listing, effective_on })));
    }
    save_plan(tx, planned)?;
    tx.flush()?;
    let planned = plan(tx.conn(), scheme, &later, Proposed::default(), at)?.accepted()?;
    save_plan(tx, planned)?;
    for DemoMandate { enterprise, agent_org } in demo.mandate {
        let (agent_person, scopes) = (None, Scope::ALL.to_vec());
        let valid_from = Some(scheme.valid_from);
        mandates::appoint(
            tx,
            enterprise,
            MandateStated { agent_org, agent_person, scopes, valid_from, valid_to: None },
        )?;
    }
    Ok(())
}

fn register(enterprise: DemoEnterprise, from: LegalDay) -> Vec<Change> {
    let particulars = |name_zh: String| Particulars {
        name_zh,
        name_en: Some(enterprise.name_en.clone()),
        district: enterprise.district,
        customs_registration: Some(enterprise.customs_registration),
    };
    let registered = |name: String, day: LegalDay| {
        taken_over(ChangeKind::RegisterEnterprise {
            uscc: enterprise.uscc,
            particulars: particulars(name),
            effective_on: Some(day),
        })
    };
    match (enterprise.former_name_zh.clone(), enterprise.renamed_on) {
        (Some(former), Some(renamed_on)) => {
            vec![registered(former, from), registered(enterprise.name_zh.clone(), renamed_on)]
        }
        _ => vec![registered(enterprise.name_zh.clone(), from)],
    }
}

fn add(listing: DemoListing, sample_period: (LegalDay, LegalDay)) -> Result<Change, StoreError> {
    let from = listing.valid_from.unwrap_or(sample_period.0);
    let to = listing.valid_to.unwrap_or(sample_period.1);
    let item = ItemText {
        name_zh: listing.name_zh,
        name_en: listing.name_en,
        specification: listing.specification,
        manufacturer: None,
        origin: listing.origin,
    };
    Ok(taken_over(ChangeKind::Add(Box::new(Add {
        enterprise: listing.enterprise,
        item,
        cas: listing.cas,
        hs_code: listing.hs_code,
        ciq_code: None,
        purpose: listing.purpose,
        quantity: listing.quantity,
        unit: listing.unit,
        period: Validity::new(from, to).map_err(|_| StoreError::damaged("a sample period"))?,
        customs_offices: listing.customs_offices,
        consignment_cap: listing.consignment_cap,
        used: None,
        batch: None,
        note: None,
        conditions: None,
    }))))
}
