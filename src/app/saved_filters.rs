//! Filters of the portal's lists that people keep under a name: addresses of pages, each account its own.

use super::App;
use super::error::AppError;
use crate::domain::actor::Caller;
use crate::store::keep::saved_filters::{self, SavedFilterRow};

/// Filters that an account may keep.
const MOST: i64 = 100;

/// A filter of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilter {
    /// The list that it narrows, as its page is addressed.
    pub page: String,
    /// Under which name it is kept.
    pub name: String,
    /// What stands behind the question mark.
    pub query: String,
}

impl App {
    /// Lists the filters that a caller keeps for a list.
    ///
    /// # Errors
    /// The store's failure.
    pub fn saved_filters(&self, caller: &Caller, page: &str) -> Result<Vec<SavedFilter>, AppError> {
        let rows = self.store.read(|conn| saved_filters::of_page(conn, &caller.issuer, &caller.subject, page))?;
        Ok(rows.into_iter().map(|row| SavedFilter { page: row.page, name: row.name, query: row.query }).collect())
    }

    /// Keeps a filter in the place of the one of the same name; says whether there was room.
    ///
    /// # Errors
    /// The store's failure.
    pub fn save_filter(&self, caller: &Caller, filter: SavedFilter) -> Result<bool, AppError> {
        let row = self.filter_row(caller, filter);
        let kept = self.store.keep(self.clock.now(), move |conn| {
            let room = saved_filters::count(conn, &row.issuer, &row.subject)? < MOST;
            if room {
                saved_filters::put(conn, &row)?;
            }
            Ok(room)
        })?;
        Ok(kept)
    }

    /// Forgets a filter.
    ///
    /// # Errors
    /// The store's failure.
    pub fn forget_filter(&self, caller: &Caller, filter: SavedFilter) -> Result<(), AppError> {
        let row = self.filter_row(caller, filter);
        self.store.keep(self.clock.now(), move |conn| saved_filters::remove(conn, &row))?;
        Ok(())
    }

    fn filter_row(&self, caller: &Caller, filter: SavedFilter) -> SavedFilterRow {
        SavedFilterRow {
            issuer: caller.issuer.to_string(),
            subject: caller.subject.to_string(),
            page: filter.page,
            name: filter.name,
            query: filter.query,
            saved_at: self.clock.now().micros(),
        }
    }
}
