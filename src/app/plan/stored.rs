//! Stored versions read as states, and states gathered for planning.

use crate::app::follow;
use crate::domain::adjustment::ItemText;
use crate::domain::code::{CustomsRegistration, DistrictCode, Uscc};
use crate::domain::enterprise::{DatedEnterprise, EnterpriseState, Particulars};
use crate::domain::listing::Standing;
use crate::domain::listing_number::ListingNumber;
use crate::domain::timeline::{self, Dated, ListingState};
use crate::domain::validity::LegalDay;
use crate::store::StoreError;
use crate::store::listings::LeanListing;
use crate::store::rows::{EnterpriseRow, ListingRow};
use std::collections::BTreeMap;

/// A listing being planned.
pub(super) struct ListingWork {
    /// Its states by day.
    pub(super) timeline: Vec<Dated>,
    /// Its last version.
    pub(super) last: ListingRow,
}

/// An enterprise being planned.
pub(super) struct EnterpriseWork {
    /// Its states by day.
    pub(super) timeline: Vec<DatedEnterprise>,
    /// Its last version; none before it is registered.
    pub(super) last: Option<EnterpriseRow>,
}

/// Puts a state into an enterprise's timeline.
pub(super) fn put_dated(timeline: &mut Vec<DatedEnterprise>, day: LegalDay, state: EnterpriseState) {
    let place = timeline.partition_point(|(known, _)| *known < day);
    match timeline.get_mut(place).filter(|(known, _)| *known == day) {
        Some(known) => known.1 = state,
        None => timeline.insert(place, (day, state)),
    }
}

/// Names the log event of a version of an enterprise.
pub(super) fn enterprise_event(kind: &str) -> &'static str {
    match kind {
        "registered" => "enterprise.registered",
        "suspended" => "enterprise.suspended",
        "reinstated" => "enterprise.reinstated",
        "barred" => "enterprise.barred",
        "bar_lifted" => "enterprise.bar_lifted",
        _ => "enterprise.carried",
    }
}

/// Names the log event of a version of a listing.
pub(super) fn listing_event(kind: &str) -> &'static str {
    match kind {
        "added" => "listing.added",
        "varied" => "listing.varied",
        "extended" => "listing.extended",
        "suspended" => "listing.suspended",
        "reinstated" => "listing.reinstated",
        "removed" => "listing.removed",
        _ => "listing.carried",
    }
}

/// Reads a stored version as the state it records.
///
/// # Errors
/// [`StoreError::Damaged`] when a code is none.
pub fn dated(row: &ListingRow) -> Result<Dated, StoreError> {
    let item = ItemText {
        name_zh: row.name_zh.clone(),
        name_en: row.name_en.clone(),
        specification: row.specification.clone(),
        manufacturer: row.manufacturer.clone(),
        origin: row.origin.clone(),
    };
    let state = ListingState {
        standing: Standing::parse(&row.standing).ok_or_else(|| StoreError::damaged("a standing"))?,
        terms: follow::terms(&LeanListing::from(row))?,
        item,
        batch: row.batch.clone(),
        note: row.note.clone(),
    };
    let effective_on = LegalDay::from_value(row.effective_on).ok_or_else(|| StoreError::damaged("a legal day"))?;
    Ok(Dated { effective_on, state })
}

/// Gathers stored versions of listings by number.
pub(super) fn listing_works(rows: Vec<ListingRow>) -> Result<BTreeMap<ListingNumber, ListingWork>, StoreError> {
    let mut works: BTreeMap<ListingNumber, (Vec<Dated>, ListingRow)> = BTreeMap::new();
    for row in rows {
        let number = ListingNumber::parse(&row.number).map_err(|_| StoreError::damaged("a listing number"))?;
        let dated = dated(&row)?;
        let (versions, last) = works.entry(number).or_insert_with(|| (Vec::new(), row.clone()));
        versions.push(dated);
        *last = row;
    }
    let work = |(versions, last)| ListingWork { timeline: timeline::timeline(versions), last };
    Ok(works.into_iter().map(|(number, parts)| (number, work(parts))).collect())
}

/// Reads a stored version of an enterprise as the state it records.
///
/// # Errors
/// [`StoreError::Damaged`] when a code is none.
pub fn dated_enterprise(row: &EnterpriseRow) -> Result<DatedEnterprise, StoreError> {
    let day = |days: i32| LegalDay::from_value(days).ok_or_else(|| StoreError::damaged("a legal day"));
    let registration =
        |text: &String| CustomsRegistration::parse(text).map_err(|_| StoreError::damaged("a customs registration"));
    let particulars = Particulars {
        name_zh: row.name_zh.clone(),
        name_en: row.name_en.clone(),
        district: DistrictCode::parse(&row.district).map_err(|_| StoreError::damaged("a district"))?,
        customs_registration: row.customs_registration.as_ref().map(registration).transpose()?,
    };
    let state = EnterpriseState {
        particulars,
        suspended: row.suspended != 0,
        barred_until: row.barred_until.map(day).transpose()?,
    };
    Ok((day(row.effective_on)?, state))
}

/// Gathers stored versions of enterprises by USCC.
pub(super) fn enterprise_works(rows: Vec<EnterpriseRow>) -> Result<BTreeMap<Uscc, EnterpriseWork>, StoreError> {
    let mut works: BTreeMap<Uscc, EnterpriseWork> = BTreeMap::new();
    for row in rows {
        let uscc = Uscc::parse(&row.uscc).map_err(|_| StoreError::damaged("a USCC"))?;
        let (day, state) = dated_enterprise(&row)?;
        let work = works.entry(uscc).or_insert(EnterpriseWork { timeline: Vec::new(), last: None });
        put_dated(&mut work.timeline, day, state);
        work.last = Some(row);
    }
    Ok(works)
}
