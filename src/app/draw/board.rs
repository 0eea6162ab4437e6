//! Pages of declarations, among them the age board: reservations that customs has not finished.

use super::read::may_see;
use super::rows;
use super::view::SummaryView;
use crate::app::report::{Seen, seen};
use crate::app::view::Page;
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::code::Uscc;
use crate::domain::draw::State;
use crate::domain::listing_number::ListingNumber;
use crate::domain::reservations::Reservations;
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::StoreError;
use crate::store::declarations::{self, DeclarationRow, Narrowing};
use std::collections::HashMap;

/// Pages scanned at most for one page of results.
const SCANS: usize = 20;

/// What is asked of declarations.
#[derive(Debug, Clone, Default)]
pub struct DeclarationQuery {
    /// In one state.
    pub state: Option<State>,
    /// Of one importer.
    pub enterprise: Option<Uscc>,
    /// Taking from one listing.
    pub listing: Option<ListingNumber>,
    /// First reserved more than so many calendar days ago.
    pub older_than_days: Option<i64>,
}

impl App {
    /// Lists declarations in order of number, within what the caller may see.
    ///
    /// # Errors
    /// The store's failure.
    pub fn declarations(
        &self,
        caller: &Caller,
        query: &DeclarationQuery,
        after: &str,
        limit: usize,
    ) -> Result<Page<SummaryView>, AppError> {
        let seen = seen(caller)?;
        let today = self.clock.now().day();
        let own = match &seen {
            Seen::Enterprise(own) => Some(*own),
            Seen::All | Seen::Customs(_) => None,
        };
        if own.is_some() && query.enterprise.is_some() && own != query.enterprise {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let office = match &seen {
            Seen::Customs(office) => Some(office.clone()),
            Seen::All | Seen::Enterprise(_) => None,
        };
        let days = query.older_than_days.and_then(|days| i32::try_from(days).ok());
        let open = query.state == Some(State::Reserved);
        let narrowing = Narrowing {
            enterprise: own.or(query.enterprise).map(|uscc| uscc.to_string()),
            office,
            listing: query.listing.map(|number| number.to_string()),
            open,
            reserved_before: days.filter(|_| open).map(|days| today.value().saturating_sub(days)),
        };
        let size = i64::try_from(limit.max(1)).unwrap_or(200);
        let snapshot = self.index.snapshot();
        self.store.read(|conn| {
            let (mut items, mut cursor) = (Vec::new(), after.to_owned());
            for _ in 0..SCANS {
                let numbers = declarations::numbers(conn, &narrowing, &cursor, size)?;
                let short = i64::try_from(numbers.len()).unwrap_or(size) < size;
                let mut versions: HashMap<String, Vec<DeclarationRow>> = HashMap::new();
                for row in declarations::versions_of(conn, &numbers)? {
                    versions.entry(row.number.clone()).or_default().push(row);
                }
                for number in &numbers {
                    cursor.clone_from(number);
                    let Some(rows) = versions.get(number) else { continue };
                    let view = summary(rows, today, &snapshot)?.filter(|view| {
                        let state = query.state.is_none_or(|state| state.as_str() == view.state);
                        let visible = rows.last().is_some_and(|row| may_see(&seen, row));
                        state && visible && days.is_none_or(|days| view.age_days > days)
                    });
                    items.extend(view);
                    if items.len() == limit {
                        let last = numbers.last() == Some(&cursor) && short;
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
}

/// Shows a declaration from its versions, oldest first.
fn summary(rows: &[DeclarationRow], today: LegalDay, snapshot: &Snapshot) -> Result<Option<SummaryView>, StoreError> {
    let Some(last) = rows.last() else { return Ok(None) };
    let reserved_on = reserved_on(rows);
    let age_days = today.value().saturating_sub(reserved_on.value()).max(0);
    let due = if last.state == State::Reserved.as_str() { due(words(last, snapshot, today)?, age_days) } else { None };
    Ok(Some(SummaryView {
        number: last.number.clone(),
        state: last.state.clone(),
        version: last.version,
        sequence: last.sequence,
        revision: last.revision,
        enterprise: last.enterprise.clone(),
        customs_office: last.customs_office.clone(),
        declared_on: LegalDay::from_value(last.declared_on),
        reserved_on,
        age_days,
        recorded_at: Instant::from_micros(last.recorded_at),
        due,
    }))
}

/// Returns the legal day on which the present or last reservation began.
pub(super) fn reserved_on(rows: &[DeclarationRow]) -> LegalDay {
    let mut began: Option<i64> = None;
    let mut open = false;
    for row in rows {
        let reserved = row.state == State::Reserved.as_str();
        if reserved && !open || began.is_none() {
            began = Some(row.recorded_at);
        }
        open = reserved;
    }
    Instant::from_micros(began.unwrap_or_default()).day()
}

/// Returns the words of the schemes that a declaration takes from, the shortest days of all.
pub(super) fn words(
    row: &DeclarationRow,
    snapshot: &Snapshot,
    today: LegalDay,
) -> Result<Vec<Reservations>, StoreError> {
    let uscc = Uscc::parse(&row.enterprise).map_err(|_| StoreError::damaged("a USCC"))?;
    let enterprise = snapshot.enterprise(uscc);
    let at = snapshot.revision();
    let scheme = |number: &ListingNumber| {
        let listing = enterprise?.listing(*number)?;
        let history = snapshot.schemes().get(usize::from(listing.scheme))?;
        history.on(today, at.max(Revision(1))).map(|(scheme, _)| scheme.reservations)
    };
    Ok(rows::shares(row)?.keys().filter_map(scheme).collect())
}

/// Says what the age of a reservation asks for.
pub(super) fn due(words: Vec<Reservations>, age_days: i32) -> Option<&'static str> {
    let past = |days: Option<u16>| days.is_some_and(|days| age_days >= i32::from(days));
    if words.iter().any(|words| past(words.expire_after_days)) {
        Some("expire")
    } else if words.iter().any(|words| past(words.remind_after_days)) {
        Some("remind")
    } else {
        None
    }
}
