//! Merged ranges of a sheet, asked cell by cell. Only the first cell of a range has a value; what a file keeps in
//! the others is not shown to anybody and does not count. Invariant: a cell is covered by one range at most.

use std::collections::HashMap;

use super::fault::SheetFault;
use super::grid::GridSheet;
use crate::domain::fault::FaultCode;

/// The place of a cell: row as numbered, column from 0.
pub(super) type Place = (u32, u16);

/// Which cells of a sheet are covered by the first cell of their range.
pub(super) struct Merged {
    first_of: HashMap<Place, Place>,
}

impl Merged {
    /// Indexes the ranges of a sheet over its rows with content.
    ///
    /// # Errors
    /// `file_unreadable` when ranges overlap, which no spreadsheet program allows.
    pub(super) fn of(sheet: &GridSheet, columns: u16) -> Result<Self, SheetFault> {
        let mut first_of = HashMap::new();
        for range in &sheet.merged {
            let first = (range.first_row, range.first_column);
            let from = sheet.rows.partition_point(|row| row.number < range.first_row);
            let rows = sheet.rows.iter().skip(from).take_while(|row| row.number <= range.last_row);
            for place in rows.flat_map(|row| {
                (range.first_column..=range.last_column.min(columns)).map(|column| (row.number, column))
            }) {
                // Work stays within the size of the sheet, because the first overlap ends it.
                if first_of.insert(place, first).is_some() {
                    return Err(SheetFault::from(FaultCode::FileUnreadable).in_sheet(&sheet.name).in_row(place.0));
                }
            }
        }
        first_of.retain(|place, first| place != first);
        Ok(Self { first_of })
    }

    /// Answers the first cell of the range that covers this one; `None` for a cell that stands for itself.
    pub(super) fn first_of(&self, place: Place) -> Option<Place> {
        self.first_of.get(&place).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid::{GridRow, Merge};
    use super::*;

    fn sheet(merged: Vec<Merge>) -> GridSheet {
        let rows = (1..=4).map(|number| GridRow { number, cells: Vec::new() }).collect();
        GridSheet { name: "一".into(), rows, merged }
    }

    fn range(first_row: u32, first_column: u16, last_row: u32, last_column: u16) -> Merge {
        Merge { first_row, first_column, last_row, last_column }
    }

    #[test]
    fn covered_cells_lead_to_the_first() {
        let merged = Merged::of(&sheet(vec![range(2, 1, 3, 2), range(4, 0, u32::MAX, u16::MAX)]), 64).unwrap();
        assert_eq!(merged.first_of((3, 2)), Some((2, 1)));
        assert_eq!(merged.first_of((2, 1)), None);
        assert_eq!(merged.first_of((1, 1)), None);
        assert_eq!(merged.first_of((4, 9)), Some((4, 0)));
    }

    #[test]
    fn overlapping_ranges_are_damage() {
        let fault = Merged::of(&sheet(vec![range(1, 0, 3, 3), range(3, 3, 4, 4)]), 64).err().unwrap();
        assert_eq!((fault.code, fault.row), (FaultCode::FileUnreadable, Some(3)));
    }
}
