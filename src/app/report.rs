//! Reads the list for people: pages of listings and enterprises, versions, balances, exports.

use super::App;
use super::error::AppError;
use super::plan::dated;
use super::view::{self, EnterpriseView, ListingView, Notes, Page, VersionView};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::{HsCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::item_name::normalise_name;
use crate::domain::listing::Status;
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::timeline::{state_on, timeline};
use crate::domain::validity::LegalDay;
use crate::sheet::ExportRow;
use crate::store::listings::{BalanceRow, Narrowing};
use crate::store::rows::{EnterpriseRow, ListingRow};
use crate::store::{AnyConnection, StoreError, enterprises, listings, movements};
use std::collections::HashMap;

/// Roles that may read notes.
const NOTES: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::BureauAdmin, Role::Auditor]);
/// Roles that see everything.
const ALL: RoleSet = RoleSet::of(&[
    Role::BureauOfficer,
    Role::BureauApprover,
    Role::BureauAdmin,
    Role::Auditor,
    Role::CustomsLookup,
    Role::CustomsDraw,
    Role::CustomsOfficer,
    Role::DistrictOfficer,
    Role::AgencyReviewer,
]);

/// Pages scanned at most for one page of results; a rarer filter answers a short page with a cursor.
const SCANS: usize = 20;

/// What a reader asks of the list.
#[derive(Debug, Clone, Default)]
pub struct ListingQuery {
    /// One enterprise.
    pub enterprise: Option<Uscc>,
    /// HS code on the day.
    pub hs_code: Option<HsCode>,
    /// Status on the day.
    pub status: Option<Status>,
    /// Part of a name, a CAS number or a listing number.
    pub q: Option<String>,
    /// Batch.
    pub batch: Option<String>,
    /// The day; today when absent.
    pub valid_on: Option<LegalDay>,
    /// As known at a revision.
    pub as_of: Option<Revision>,
}

/// Known when, and valid on which day.
#[derive(Debug, Clone, Copy, Default)]
pub struct SeenAt {
    /// As known at a revision; the newest when absent.
    pub as_of: Option<Revision>,
    /// The day; today when absent.
    pub valid_on: Option<LegalDay>,
}

/// Returns whether a caller sees all listings, or only those of one enterprise.
///
/// # Errors
/// [`AppError::Forbidden`] for a caller who sees none; a fault when an agent does not say for whom it acts.
pub fn scope(caller: &Caller) -> Result<Option<Uscc>, AppError> {
    if caller.holds_any(ALL) {
        return Ok(None);
    }
    own_or_fault(caller).map(Some)
}

/// Returns the enterprise a caller acts for.
///
/// # Errors
/// [`AppError::Faults`] when an agent does not say for whom; [`AppError::Forbidden`] when the caller is no enterprise's.
pub fn own_or_fault(caller: &Caller) -> Result<Uscc, AppError> {
    match own(caller) {
        Some(own) => Ok(own),
        None if caller.roles.contains(Role::EnterpriseAgent) => {
            Err(AppError::Faults(vec![("/Whitelist-Acting-For".to_owned(), FaultCode::Required)]))
        }
        None => Err(AppError::Forbidden),
    }
}

/// Returns the enterprise a caller acts for.
#[must_use]
pub fn own(caller: &Caller) -> Option<Uscc> {
    let agent = caller.acting_for.filter(|_| caller.roles.contains(Role::EnterpriseAgent));
    agent.or_else(|| Uscc::parse(&caller.org).ok().filter(|_| caller.roles.contains(Role::EnterpriseApplicant)))
}

/// Whose declarations a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Everybody's.
    All,
    /// Those of one importer.
    Enterprise(Uscc),
    /// Those of one directly-affiliated customs, by the first digits of its offices.
    Customs(String),
}

/// Tells whose declarations a caller may see.
///
/// # Errors
/// [`AppError::Forbidden`] for who may see none.
pub fn seen(caller: &Caller) -> Result<Seen, AppError> {
    if caller.holds_any(NOTES) {
        return Ok(Seen::All);
    }
    if caller.holds_any(RoleSet::of(&[Role::CustomsDraw, Role::CustomsOfficer])) {
        let own = super::draw::customs_of(&caller.org).ok_or(AppError::Forbidden)?;
        return Ok(Seen::Customs(own.to_owned()));
    }
    scope(caller).and_then(|own| own.map(Seen::Enterprise).ok_or(AppError::Forbidden))
}

pub(super) fn notes(caller: &Caller) -> Notes {
    if caller.holds_any(NOTES) { Notes::Shown } else { Notes::Hidden }
}

impl App {
    /// Lists listings in order of number.
    ///
    /// # Errors
    /// [`AppError::NotYetCurrent`] for a revision still to come; the store's failure.
    pub fn listings(
        &self,
        caller: &Caller,
        query: &ListingQuery,
        after: &str,
        limit: usize,
    ) -> Result<Page<ListingView>, AppError> {
        let own = scope(caller)?;
        if query.as_of.is_some_and(|asked| asked > self.index.load().revision()) {
            return Err(AppError::NotYetCurrent);
        }
        if own.is_some() && query.enterprise.is_some() && own != query.enterprise {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let narrowing = Narrowing {
            enterprise: own.or(query.enterprise).map(|uscc| uscc.to_string()),
            hs_code: query.hs_code.and_then(|code| i64::try_from(code.value()).ok()),
            batch: query.batch.clone(),
        };
        let day = query.valid_on.unwrap_or_else(|| self.clock.now().day());
        let size = i64::try_from(limit.max(1)).unwrap_or(200);
        self.store.read(|conn| {
            let mut items = Vec::new();
            let mut cursor = after.to_owned();
            for _ in 0..SCANS {
                let numbers = listings::numbers(conn, &narrowing, &cursor, size)?;
                let short = i64::try_from(numbers.len()).unwrap_or(size) < size;
                for view in views(conn, &numbers, query.as_of, day, notes(caller))? {
                    cursor.clone_from(&view.number);
                    if matches(&view, query) {
                        items.push(view);
                    }
                    if items.len() == limit {
                        let last = numbers.last() == Some(&cursor) && short;
                        return Ok(Page { items, next: (!last).then_some(cursor) });
                    }
                }
                if let Some(last) = numbers.last() {
                    cursor.clone_from(last);
                }
                if short {
                    return Ok(Page { items, next: None });
                }
            }
            Ok(Page { items, next: Some(cursor) })
        })
    }

    /// Finds one listing.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of another enterprise.
    pub fn listing(
        &self,
        caller: &Caller,
        number: ListingNumber,
        as_of: Option<Revision>,
        day: Option<LegalDay>,
    ) -> Result<ListingView, AppError> {
        let own = scope(caller)?;
        let day = day.unwrap_or_else(|| self.clock.now().day());
        let view = self.store.read(|conn| views(conn, &[number.to_string()], as_of, day, notes(caller)))?.pop();
        view.filter(|view| own.is_none_or(|uscc| uscc.as_str() == view.enterprise)).ok_or(AppError::NotFound)
    }

    /// Lists the versions of a listing, oldest first.
    ///
    /// # Errors
    /// As [`App::listing`].
    pub fn listing_versions(
        &self,
        caller: &Caller,
        number: ListingNumber,
        after: i32,
        limit: usize,
    ) -> Result<Page<VersionView>, AppError> {
        self.listing(caller, number, None, None)?;
        let rows = self.store.read(|conn| listings::versions(conn, &number.to_string()))?;
        let mut rows: Vec<ListingRow> = rows.into_iter().filter(|row| row.version > after).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.version.to_string());
        let items = rows.iter().map(|row| view::version(row, notes(caller))).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Returns the balance of a listing as of today.
    ///
    /// # Errors
    /// As [`App::listing`].
    pub fn balance(&self, caller: &Caller, number: ListingNumber) -> Result<(view::BalanceView, Revision), AppError> {
        let seen = self.listing(caller, number, None, None)?;
        let day = self.clock.now().day();
        self.store.read(|conn| {
            let rows = listings::versions(conn, &number.to_string())?;
            let line = timeline(rows.iter().map(dated).collect::<Result<Vec<_>, _>>()?);
            let state = state_on(&line, day).ok_or(AppError::NotFound)?;
            let balance = listings::find_balance(conn, &number.to_string())?.ok_or(AppError::NotFound)?;
            Ok((view::balance(state, &balance), seen.revision))
        })
    }

    /// Lists enterprises in order of USCC, as known at a revision and valid on a day.
    ///
    /// # Errors
    /// [`AppError::NotYetCurrent`] for a revision still to come; the store's failure.
    pub fn enterprises(
        &self,
        caller: &Caller,
        q: Option<&str>,
        seen: SeenAt,
        after: &str,
        limit: usize,
    ) -> Result<Page<EnterpriseView>, AppError> {
        let seen = self.seen_at(seen)?;
        if let Some(own) = scope(caller)? {
            let view = self.store.read(|conn| enterprise(conn, own.as_str(), seen))?;
            let found = view.filter(|view| after < view.uscc.as_str() && q.is_none_or(|q| named(view, q)));
            return Ok(Page { items: found.into_iter().collect(), next: None });
        }
        let size = i64::try_from(limit.max(1)).unwrap_or(200);
        self.store.read(|conn| {
            let (mut items, mut cursor) = (Vec::new(), after.to_owned());
            for _ in 0..SCANS {
                let usccs = enterprises::list(conn, &cursor, size)?;
                let short = i64::try_from(usccs.len()).unwrap_or(size) < size;
                for uscc in &usccs {
                    cursor.clone_from(uscc);
                    items.extend(enterprise(conn, uscc, seen)?.filter(|view| q.is_none_or(|q| named(view, q))));
                    if items.len() == limit {
                        let last = usccs.last() == Some(&cursor) && short;
                        return Ok(Page { items, next: (!last).then_some(cursor) });
                    }
                }
                if short {
                    return Ok(Page { items, next: None });
                }
            }
            Ok(Page { items, next: Some(cursor) })
        })
    }

    /// Finds one enterprise, as known at a revision and valid on a day.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for another enterprise than the caller's own; [`AppError::NotYetCurrent`] for a
    /// revision still to come.
    pub fn enterprise(&self, caller: &Caller, uscc: Uscc, seen: SeenAt) -> Result<EnterpriseView, AppError> {
        if scope(caller)?.is_some_and(|own| own != uscc) {
            return Err(AppError::NotFound);
        }
        let seen = self.seen_at(seen)?;
        self.store.read(|conn| enterprise(conn, uscc.as_str(), seen))?.ok_or(AppError::NotFound)
    }

    /// Says from which revision and for which day a question is answered: where none is named the newest, and today.
    fn seen_at(&self, seen: SeenAt) -> Result<(Revision, LegalDay), AppError> {
        let newest = self.index.load().revision();
        if seen.as_of.is_some_and(|asked| asked > newest) {
            return Err(AppError::NotYetCurrent);
        }
        // What was committed a moment ago is read as well.
        Ok((seen.as_of.unwrap_or(Revision::NEWEST), seen.valid_on.unwrap_or_else(|| self.clock.now().day())))
    }

    /// Collects every listing that fits for a workbook, in order of number.
    ///
    /// # Errors
    /// As [`App::listings`].
    pub fn export(&self, caller: &Caller, query: &ListingQuery) -> Result<Vec<ExportRow>, AppError> {
        let day = query.valid_on.unwrap_or_else(|| self.clock.now().day());
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.listings(caller, query, &after, 200)?;
            let numbers: Vec<String> = page.items.iter().map(|view| view.number.clone()).collect();
            rows.extend(
                self.store.read(|conn| export_rows(conn, &page.items, &numbers, query.as_of, day, notes(caller)))?,
            );
            match page.next {
                Some(next) => after = next,
                None => return Ok(rows),
            }
        }
    }
}

fn named(view: &EnterpriseView, q: &str) -> bool {
    view.uscc.contains(&q.to_uppercase()) || normalise_name(&view.name_zh).contains(&normalise_name(q))
}

/// Reads an enterprise as known at a revision and valid on a day.
pub(super) fn enterprise(
    conn: &mut AnyConnection,
    uscc: &str,
    (as_of, day): (Revision, LegalDay),
) -> Result<Option<EnterpriseView>, StoreError> {
    let mut rows = enterprises::versions(conn, uscc)?;
    rows.retain(|row| row.revision <= as_of.0);
    if rows.is_empty() {
        return Ok(None);
    }
    view::enterprise(&rows, listings::count_of(conn, uscc, as_of.0)?, day)
}

fn matches(view: &ListingView, query: &ListingQuery) -> bool {
    let status = query.status.is_none_or(|status| view.terms.status() == status);
    let text = query.q.as_ref().is_none_or(|q| {
        view.number.contains(&q.to_uppercase()) || normalise_name(&view.terms.searched()).contains(&normalise_name(q))
    });
    status && text
}

/// Versions of several listings with what belongs to them.
struct Gathered {
    versions: HashMap<String, Vec<ListingRow>>,
    enterprises: HashMap<String, Vec<EnterpriseRow>>,
    balances: HashMap<String, BalanceRow>,
}

fn gather(conn: &mut AnyConnection, numbers: &[String], as_of: Option<Revision>) -> Result<Gathered, StoreError> {
    let known = |revision: i64| as_of.is_none_or(|as_of| revision <= as_of.0);
    let mut versions: HashMap<String, Vec<ListingRow>> = HashMap::new();
    for row in listings::versions_of(conn, numbers)?.into_iter().filter(|row| known(row.revision)) {
        versions.entry(row.number.clone()).or_default().push(row);
    }
    let mut usccs: Vec<String> = versions.values().flatten().map(|row| row.enterprise.clone()).collect();
    usccs.sort();
    usccs.dedup();
    let mut of_enterprise: HashMap<String, Vec<EnterpriseRow>> = HashMap::new();
    for row in enterprises::versions_of(conn, &usccs)?.into_iter().filter(|row| known(row.revision)) {
        of_enterprise.entry(row.uscc.clone()).or_default().push(row);
    }
    let balances = listings::balances_of(conn, numbers)?.into_iter().map(|row| (row.listing.clone(), row)).collect();
    Ok(Gathered { versions, enterprises: of_enterprise, balances })
}

pub(super) fn views(
    conn: &mut AnyConnection,
    numbers: &[String],
    as_of: Option<Revision>,
    day: LegalDay,
    notes: Notes,
) -> Result<Vec<ListingView>, StoreError> {
    let gathered = gather(conn, numbers, as_of)?;
    let mut views = Vec::new();
    for number in numbers {
        let Some(versions) = gathered.versions.get(number) else { continue };
        let taken = match as_of {
            // As it was left by the last movement that is known at the revision.
            Some(at) => movements::left_at(conn, number, at.0)?.map_or_else(
                || versions.first().map_or(0, |row| row.used),
                |(reserved, confirmed, _)| reserved.saturating_add(confirmed),
            ),
            None => gathered.balances.get(number).map_or(0, |row| row.reserved.saturating_add(row.confirmed)),
        };
        let owner = versions.last().and_then(|row| gathered.enterprises.get(&row.enterprise));
        views.extend(view::listing(versions, owner.map_or(&[], Vec::as_slice), taken, day, notes)?);
    }
    Ok(views)
}

fn export_rows(
    conn: &mut AnyConnection,
    views: &[ListingView],
    numbers: &[String],
    as_of: Option<Revision>,
    day: LegalDay,
    notes: Notes,
) -> Result<Vec<ExportRow>, StoreError> {
    let gathered = gather(conn, numbers, as_of)?;
    let mut rows = Vec::new();
    for view in views {
        let Some(versions) = gathered.versions.get(&view.number) else { continue };
        let line = timeline(versions.iter().map(dated).collect::<Result<Vec<_>, _>>()?);
        let (Some(state), Some(last)) = (state_on(&line, day), versions.last()) else { continue };
        let owner = gathered.enterprises.get(&last.enterprise).and_then(|rows| rows.last());
        let confirmed = gathered.balances.get(&view.number).map_or(0, |balance| balance.confirmed);
        rows.push(export_row(view, state, owner, confirmed, notes)?);
    }
    Ok(rows)
}

fn export_row(
    view: &ListingView,
    state: &crate::domain::timeline::ListingState,
    owner: Option<&EnterpriseRow>,
    confirmed: i64,
    notes: Notes,
) -> Result<ExportRow, StoreError> {
    use crate::domain::quantity::Quantity;
    let unit = state.terms.unit;
    // The export states every quantity in one unit: the listing's where all fit it, else the finer one.
    let measures = [Some(state.terms.granted), state.terms.consignment_cap, Some(confirmed)];
    let fits = measures.iter().flatten().all(|steps| Quantity::in_unit_or_finer(i128::from(*steps), unit).unit == unit);
    let unit = if fits { unit } else { unit.finer().0 };
    let quantity = |steps: i64| Quantity::in_unit_or_finer(i128::from(steps), unit).quantity;
    let registration = owner.and_then(|row| row.customs_registration.clone());
    let registration = registration.map(|text| crate::domain::code::CustomsRegistration::parse(&text));
    Ok(ExportRow {
        enterprise_name: view.enterprise_name.zh.clone(),
        uscc: Uscc::parse(&view.enterprise).map_err(|_| StoreError::damaged("a USCC"))?,
        customs_registration: registration.transpose().map_err(|_| StoreError::damaged("a customs registration"))?,
        item_name_zh: state.item.name_zh.clone(),
        item_name_en: state.item.name_en.clone(),
        cas: state.terms.cas,
        hs_code: state.terms.hs_code,
        ciq_code: state.terms.ciq_code,
        specification: state.item.specification.clone(),
        purpose: state.terms.purpose,
        quantity: quantity(state.terms.granted),
        unit,
        valid_from: state.terms.period.from(),
        valid_to: state.terms.period.to(),
        customs_offices: state.terms.customs_offices.as_ref().map(|offices| offices.to_vec()).unwrap_or_default(),
        manufacturer: state.item.manufacturer.clone(),
        origin: state.item.origin.clone(),
        listing: ListingNumber::parse(&view.number).ok(),
        used: (confirmed > 0).then(|| quantity(confirmed)),
        consignment_cap: state.terms.consignment_cap.map(quantity),
        note: state.note.clone().filter(|_| notes == Notes::Shown),
    })
}
