//! Reads the list out of committed rows: whole, since a revision, and as a transaction sees it.
//!
//! It decides about no freshness (`follower`). Loading the list whole is one large step from nothing.

use super::{calendar, pause, people};
use crate::domain::code::{Cas, CiqCode, CustomsOffice, DistrictCode, DocumentSet, HsCode, UnitCode, Uscc};
use crate::domain::enterprise::EnterpriseVersion;
use crate::domain::id::StopId;
use crate::domain::listing::{Listing, ListingVersion, Standing, Terms};
use crate::domain::listing_number::ListingNumber;
use crate::domain::purpose::Purpose;
use crate::domain::revision::Revision;
use crate::domain::scheme::Scheme;
use crate::domain::stop::{ItemClass, StopStage, StopVersion};
use crate::domain::taken::Taken;
use crate::domain::tariff::TariffRow;
use crate::domain::validity::{LegalDay, Validity};
use crate::index::{Delta, Snapshot};
use crate::store::heads::SeenHead;
use crate::store::listings::LeanListing;
use crate::store::{AnyConnection, Store, StoreError, dialect, enterprises, listings, log, movements, rows, rulebook};
use std::sync::Arc;

/// Rows read at once from tables that the list in memory keeps whole.
const ALL: i64 = i64::MAX;

/// Loads the whole list with the head it belongs to.
///
/// # Errors
/// The database's failure, or [`StoreError::Damaged`] for a row that is not what it must be.
pub fn load(store: &Store) -> Result<Snapshot, StoreError> {
    store.read(|conn| dialect::snapshot(conn, load_from))
}

/// Loads the whole list inside a transaction.
///
/// # Errors
/// As [`load`].
pub fn load_from(conn: &mut AnyConnection) -> Result<Snapshot, StoreError> {
    let mut delta = rules_since(conn, Revision(0))?;
    let base = Snapshot::empty().advanced(Delta { schemes: std::mem::take(&mut delta.schemes), ..Delta::default() });
    let mut collected = Collected::default();
    listings::for_each(conn, |row| collected.take(&base, row))?;
    delta.listings = collected.finish();
    delta.taken = taken_since(conn, Revision(0))?;
    Ok(base.advanced(delta))
}

/// Reads what was recorded since a snapshot, and notes the head that was read; none when it stands there.
///
/// # Errors
/// As [`load`].
pub fn step(conn: &mut AnyConnection, from: &Snapshot, heads: &SeenHead) -> Result<Option<Snapshot>, StoreError> {
    if Revision(log::size(conn)?) <= from.revision() {
        return Ok(None);
    }
    dialect::snapshot(conn, |conn| {
        let next = match list_since(conn, from)? {
            Some(delta) => from.advanced(delta),
            None => from.clone(),
        };
        // Draws move no version: what they took is all there is to read.
        let head = log::read_root(conn)?;
        let next = next.advanced(Delta {
            revision: Revision(head.0),
            taken: taken_since(conn, from.revision())?,
            ..Delta::default()
        });
        heads.saw(head);
        Ok(Some(next))
    })
}

/// Brings a snapshot level with the versions that a transaction sees, its own not yet committed ones included; what
/// was taken meanwhile is left out.
///
/// # Errors
/// As [`load`].
pub fn level(conn: &mut AnyConnection, from: &Arc<Snapshot>) -> Result<Arc<Snapshot>, StoreError> {
    Ok(list_since(conn, from)?.map_or_else(|| Arc::clone(from), |delta| Arc::new(from.advanced(delta))))
}

/// Reads the versions recorded since a snapshot; none when there are none.
fn list_since(conn: &mut AnyConnection, from: &Snapshot) -> Result<Option<Delta>, StoreError> {
    if Revision(rulebook::newest(conn)?) <= from.revision() {
        return Ok(None);
    }
    let mut delta = rules_since(conn, from.revision())?;
    let schemes = delta.schemes.clone();
    let base = from.advanced(Delta { schemes, ..Delta::default() });
    let mut collected = Collected::default();
    for row in listings::touched_since(conn, from.revision().0)? {
        collected.take(&base, row)?;
    }
    delta.listings = collected.finish();
    Ok(Some(delta))
}

/// What movements since a revision left behind, one for each listing and revision.
fn taken_since(conn: &mut AnyConnection, since: Revision) -> Result<Vec<Step>, StoreError> {
    let mut steps = Steps::default();
    movements::for_each_since(conn, since.0, |(revision, enterprise, listing, reserved, confirmed)| {
        steps.take(revision, &enterprise, &listing, reserved.saturating_add(confirmed))
    })?;
    Ok(steps.taken)
}

/// What is taken of a listing of an enterprise from a revision on.
type Step = (Uscc, ListingNumber, Revision, i64);

/// Steps gathered from movements in their order.
#[derive(Default)]
struct Steps {
    taken: Vec<Step>,
    /// Where the movements of the revision being read begin.
    first: usize,
}

impl Steps {
    fn take(&mut self, revision: i64, enterprise: &str, listing: &str, left: i64) -> Result<(), StoreError> {
        let enterprise = Uscc::parse(enterprise).map_err(|_| damaged("a USCC"))?;
        let listing = ListingNumber::parse(listing).map_err(|_| damaged("a listing number"))?;
        let revision = Revision(revision);
        if self.taken.last().is_none_or(|(_, _, known, _)| *known != revision) {
            self.first = self.taken.len();
        }
        // Of several movements of one revision the last one counts.
        match self.taken.iter_mut().skip(self.first).find(|(_, number, _, _)| *number == listing) {
            Some((_, _, _, known)) => *known = left,
            None => self.taken.push((enterprise, listing, revision, left)),
        }
        Ok(())
    }
}

/// Builds the delta of movements that are being booked, up to a revision.
///
/// # Errors
/// [`StoreError::Damaged`] for a row that is not what it must be.
pub fn delta_of_movements(rows: &[movements::MovementRow], revision: Revision) -> Result<Delta, StoreError> {
    let mut steps = Steps::default();
    for row in rows {
        let left = row.reserved_after.saturating_add(row.confirmed_after);
        steps.take(row.revision, &row.enterprise, &row.listing, left)?;
    }
    Ok(Delta { revision, taken: steps.taken, ..Delta::default() })
}

fn rules_since(conn: &mut AnyConnection, since: Revision) -> Result<Delta, StoreError> {
    let schemes = rulebook::schemes_since(conn, since.0)?.iter().map(scheme).collect::<Result<_, _>>()?;
    let tariff = rulebook::tariff_since(conn, since.0, ALL)?.iter().map(tariff_row).collect::<Result<_, _>>()?;
    let enterprises = enterprises::since(conn, since.0, ALL)?.iter().map(enterprise).collect::<Result<_, _>>()?;
    let stops = rulebook::stops_since(conn, since.0)?.iter().map(stop).collect::<Result<_, _>>()?;
    let (register, calendar) = (people::register_since(conn, since)?, calendar::since(conn, since)?);
    let pause = pause::pause_since(conn, since)?;
    let revision = Revision(log::size(conn)?);
    Ok(Delta { revision, schemes, tariff, enterprises, stops, register, calendar, pause, ..Delta::default() })
}

/// Builds a delta from rows that are planned but not saved, for previews.
///
/// # Errors
/// [`StoreError::Damaged`] for a row that is not what it must be.
pub fn delta_of(
    base: &Snapshot,
    revision: Revision,
    enterprise_rows: &[rows::EnterpriseRow],
    listing_rows: Vec<LeanListing>,
    stop_rows: &[rows::StopRow],
) -> Result<Delta, StoreError> {
    let mut collected = Collected::default();
    for row in listing_rows {
        collected.take(base, row)?;
    }
    Ok(Delta {
        revision,
        schemes: Vec::new(),
        tariff: Vec::new(),
        enterprises: enterprise_rows.iter().map(enterprise).collect::<Result<_, _>>()?,
        listings: collected.finish(),
        stops: stop_rows.iter().map(stop).collect::<Result<_, _>>()?,
        taken: Vec::new(),
        register: None,
        calendar: None,
        pause: None,
    })
}

fn damaged(what: &str) -> StoreError {
    StoreError::damaged(what)
}

fn day(days: i32) -> Result<LegalDay, StoreError> {
    LegalDay::from_value(days).ok_or_else(|| damaged("a legal day"))
}

/// Reads a stored scheme.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn scheme(row: &rows::SchemeRow) -> Result<(Revision, Scheme), StoreError> {
    let scheme = serde_json::from_str(&row.body).map_err(|_| damaged("a scheme"))?;
    Ok((Revision(row.revision), scheme))
}

/// Reads a stored tariff row.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn tariff_row(row: &rows::TariffRow) -> Result<(HsCode, TariffRow), StoreError> {
    let hs_code = code(row.hs_code, HsCode::from_value, "an HS code")?;
    let documents = DocumentSet::parse(&row.documents).map_err(|_| damaged("document codes"))?;
    let valid_to = row.valid_to.map(day).transpose()?;
    Ok((hs_code, TariffRow { revision: Revision(row.revision), valid_from: day(row.valid_from)?, valid_to, documents }))
}

fn enterprise(row: &rows::EnterpriseRow) -> Result<(Uscc, EnterpriseVersion), StoreError> {
    let uscc = Uscc::parse(&row.uscc).map_err(|_| damaged("a USCC"))?;
    let district = DistrictCode::parse(&row.district).map_err(|_| damaged("a district"))?;
    let version = EnterpriseVersion {
        revision: Revision(row.revision),
        effective_on: day(row.effective_on)?,
        district,
        suspended: row.suspended != 0,
    };
    Ok((uscc, version))
}

fn stop(row: &rows::StopRow) -> Result<(StopId, ItemClass, StopVersion), StoreError> {
    let id = StopId::parse(&row.id).map_err(|_| damaged("a stop's id"))?;
    let class = serde_json::from_str(&row.class).map_err(|_| damaged("a stop's class"))?;
    let version =
        StopVersion { revision: Revision(row.revision), effective_on: day(row.effective_on)?, stage: stage(row)? };
    Ok((id, class, version))
}

/// Reads how a stored stop stands; one that came from an adjustment says no more than whether it holds.
///
/// # Errors
/// [`StoreError::Damaged`] when the word is none.
pub fn stage(row: &rows::StopRow) -> Result<StopStage, StoreError> {
    match &row.stage {
        Some(word) => StopStage::parse(word).ok_or_else(|| damaged("a stop's stage")),
        None if row.stopped != 0 => Ok(StopStage::Confirmed),
        None => Ok(StopStage::Lifted),
    }
}

fn code<T>(stored: i64, from: impl Fn(u64) -> Option<T>, what: &str) -> Result<T, StoreError> {
    u64::try_from(stored).ok().and_then(from).ok_or_else(|| damaged(what))
}

/// Reads stored terms.
///
/// # Errors
/// [`StoreError::Damaged`] when a code is none.
pub fn terms(row: &LeanListing) -> Result<Terms, StoreError> {
    let offices = |text: &String| {
        text.split(',')
            .map(|office| CustomsOffice::parse(office).map_err(|_| damaged("a customs office")))
            .collect::<Result<_, _>>()
    };
    let purpose = |text: &String| Purpose::parse(text).map_err(|_| damaged("a purpose"));
    Ok(Terms {
        hs_code: code(row.hs_code, HsCode::from_value, "an HS code")?,
        ciq_code: row.ciq_code.map(|ciq| code(ciq.into(), CiqCode::from_value, "a CIQ code")).transpose()?,
        cas: row.cas.map(|cas| code(cas, Cas::from_value, "a CAS number")).transpose()?,
        unit: code(row.unit.into(), UnitCode::from_value, "a unit")?,
        granted: row.quantity,
        consignment_cap: row.consignment_cap,
        period: Validity::new(day(row.valid_from)?, day(row.valid_to)?).map_err(|_| damaged("a period"))?,
        customs_offices: row.customs_offices.as_ref().map(offices).transpose()?,
        purpose: row.purpose.as_ref().map(purpose).transpose()?,
        conditions: row.conditions.as_deref().map(Box::from),
    })
}

/// Listings built from rows that come ordered by number and version.
#[derive(Default)]
struct Collected {
    listings: Vec<(Uscc, Listing)>,
    /// Number, enterprise, scheme and opening balance of the one being built, with its versions so far.
    current: Option<(String, Uscc, Listing, Vec<ListingVersion>)>,
}

impl Collected {
    fn take(&mut self, base: &Snapshot, row: LeanListing) -> Result<(), StoreError> {
        let version = ListingVersion {
            revision: Revision(row.revision),
            effective_on: day(row.effective_on)?,
            standing: Standing::parse(&row.standing).ok_or_else(|| damaged("a standing"))?,
            terms: terms(&row)?,
        };
        if let Some((number, _, _, versions)) = &mut self.current
            && *number == row.number
        {
            versions.push(version);
            return Ok(());
        }
        self.close();
        let listing = Listing {
            number: ListingNumber::parse(&row.number).map_err(|_| damaged("a listing number"))?,
            scheme: base.scheme_place(&row.scheme).ok_or_else(|| damaged("a listing's scheme"))?,
            used: row.used,
            versions: Box::default(),
            taken: Taken::default(),
        };
        let enterprise = Uscc::parse(&row.enterprise).map_err(|_| damaged("a USCC"))?;
        self.current = Some((row.number, enterprise, listing, vec![version]));
        Ok(())
    }

    fn close(&mut self) {
        if let Some((_, enterprise, listing, versions)) = self.current.take() {
            self.listings.push((enterprise, Listing { versions: versions.into_boxed_slice(), ..listing }));
        }
    }

    fn finish(mut self) -> Vec<(Uscc, Listing)> {
        self.close();
        self.listings
    }
}
