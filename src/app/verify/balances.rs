//! Balances against what the log's facts come to.

use super::{Problems, STRIDE};
use crate::store::rows::ListingRow;
use crate::store::{AnyConnection, StoreError, listings};
use std::collections::BTreeMap;

/// What each listing's balance must be.
#[derive(Default)]
pub(super) struct Balances {
    /// Opening balance of each listing.
    opened: BTreeMap<String, i64>,
}

impl Balances {
    /// Takes note of a version of a listing.
    pub(super) fn listing(&mut self, row: ListingRow) {
        if row.version == 1 {
            self.opened.insert(row.number, row.used);
        }
    }

    /// Compares every balance, and counts listings.
    pub(super) fn check(mut self, conn: &mut AnyConnection, problems: &mut Problems) -> Result<usize, StoreError> {
        let counted = self.opened.len();
        let mut after = String::new();
        loop {
            let rows = listings::list_balances(conn, &after, STRIDE)?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.listing);
            for row in &rows {
                let place = format!("balance of {}", row.listing);
                match self.opened.remove(&row.listing) {
                    Some(used) if row.reserved == 0 && row.confirmed == used => {}
                    Some(_) => problems.add("balance-differs", place, "it is not what the log's movements come to"),
                    None => problems.add("balance-extra", place, "no listing of the log has it"),
                }
            }
        }
        for number in self.opened.into_keys() {
            problems.add("balance-missing", format!("balance of {number}"), "the table does not hold it");
        }
        Ok(counted)
    }
}
