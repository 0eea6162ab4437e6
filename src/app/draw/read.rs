//! Reads declarations, movements and manual releases, each within what the caller may see.

use super::customs_of;
use super::view::{self, Grant, MovementView};
use crate::app::report::{Seen, seen};
use crate::app::view::Page;
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::code::{DeclarationNumber, UnitCode};
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::store::declarations::{self, DeclarationRow};
use crate::store::{StoreError, listings, movements};
use serde_json::{Value, json};

impl App {
    /// Finds a declaration with every version of it, oldest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one that the caller may not see.
    pub fn declaration(&self, caller: &Caller, number: DeclarationNumber) -> Result<(Value, Revision), AppError> {
        let seen = seen(caller)?;
        let rows = self.store.read(|conn| declarations::versions_of(conn, &[number.to_string()]))?;
        let last = rows.last().filter(|row| may_see(&seen, row)).ok_or(AppError::NotFound)?;
        let history = rows.iter().map(|row| view::declaration(row, false)).collect::<Result<Vec<_>, _>>()?;
        let mut shown = view::declaration(last, false)?;
        if let Value::Object(members) = &mut shown {
            members.insert("history".to_owned(), json!(history));
        }
        Ok((shown, Revision(last.revision)))
    }

    /// Lists the movements of a listing in order of revision, grants among them.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a listing of another enterprise.
    pub fn movements(
        &self,
        caller: &Caller,
        number: ListingNumber,
        (revision, place): (i64, i32),
        limit: usize,
    ) -> Result<Page<MovementView>, AppError> {
        self.listing(caller, number, None, None)?;
        let number = number.to_string();
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        self.store.read(|conn| {
            let versions = listings::versions(conn, &number)?;
            let unit = versions.first().and_then(|row| u64::try_from(row.unit).ok()).and_then(UnitCode::from_value);
            let unit = unit.ok_or_else(|| StoreError::damaged("a unit"))?;
            let mut booked = movements::of_listing(conn, &number, (revision, place), most)?;
            let more = booked.len() > limit;
            booked.truncate(limit);
            let last = booked.last().map(|row| (row.revision, row.place));
            let to = if more { last.map_or(i64::MAX, |(revision, _)| revision) } else { i64::MAX };
            let mut items: Vec<MovementView> = Vec::new();
            let mut before = 0;
            let mut booked = booked.into_iter().peekable();
            for version in &versions {
                let granted = before;
                before = version.quantity;
                if version.revision <= revision || version.revision > to {
                    continue;
                }
                while let Some(row) = booked.next_if(|row| row.revision < version.revision) {
                    items.push(view::movement(row, unit));
                }
                let left = movements::left_at(conn, &number, version.revision)?.unwrap_or((0, version.used, 0));
                let opens = version.version == 1;
                let (revision, at, after) = (version.revision, version.recorded_at, version.quantity);
                items.extend(view::grants(Grant { revision, at, before: granted, after, left, opens }, unit));
            }
            items.extend(booked.map(|row| view::movement(row, unit)));
            let next = last.filter(|_| more).map(|(revision, place)| format!("{revision}.{place}"));
            Ok(Page { items, next })
        })
    }
}

/// Whether a caller may see a declaration.
pub(in crate::app) fn may_see(seen: &Seen, row: &DeclarationRow) -> bool {
    match seen {
        Seen::All => true,
        Seen::Enterprise(own) => own.as_str() == row.enterprise,
        Seen::Customs(own) => customs_of(&row.customs_office) == Some(own),
    }
}
