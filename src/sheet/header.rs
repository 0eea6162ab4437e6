//! Finding the header row of a sheet and what each of its columns means. Titles may stand above it, and it may take
//! two rows when groups of columns share a heading. Invariant: a column of the list has one place in the sheet.

use super::cell::tidy;
use super::columns::{Column, Header};
use super::fault::{SheetFault, SheetWarning, WarningCode};
use super::grid::{Cell, GridRow, GridSheet};
use super::merged::Merged;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;

/// Where a sheet has which column of the list.
pub(super) struct Layout {
    /// Columns with their place and header text.
    columns: Vec<(Column, u16, String)>,
    /// The first row that may be data.
    pub(super) data_from: u32,
}

impl Layout {
    /// Rows in which the header is looked for.
    const LAST_HEADER_ROW: u32 = 30;

    /// Known columns that a header row has, the credit code among them.
    const FEWEST_KNOWN: usize = 3;

    /// Rows that a header may take.
    const TALLEST: u32 = 3;

    /// Finds the header, and says what is wrong or not understood in it; `None` without a header.
    pub(super) fn find(
        sheet: &GridSheet,
        merged: &Merged,
        faults: &mut Vec<SheetFault>,
        warnings: &mut Vec<SheetWarning>,
    ) -> Option<Self> {
        let top = sheet.rows.iter().take_while(|row| row.number <= Self::LAST_HEADER_ROW).find(|row| is_header(row))?;
        let headings = headings(sheet, merged, top);
        let last_row = headings.iter().map(|heading| heading.last_row).max().unwrap_or(top.number);
        let mut layout = Self { columns: Vec::new(), data_from: last_row.saturating_add(1) };
        for Heading { place, text, .. } in headings {
            let at_header = |code| SheetFault::from(code).in_sheet(&sheet.name).in_row(top.number).in_column(&text);
            match Header::of(&text) {
                Header::Known(column) if layout.place(column).is_none() => layout.columns.push((column, place, text)),
                Header::Known(_) => faults.push(at_header(FaultCode::ColumnDoubled).with_value(&text)),
                Header::Ignored => {}
                Header::Unknown => warnings.push(SheetWarning {
                    sheet: sheet.name.clone(),
                    row: Some(top.number),
                    column: Some(super::fault::shown(&text)),
                    value: None,
                    code: WarningCode::ColumnUnknown,
                }),
            }
        }
        for &column in Column::ALL.iter().filter(|column| column.is_required() && layout.place(**column).is_none()) {
            let fault = SheetFault::from(FaultCode::ColumnMissing).in_sheet(&sheet.name).in_row(top.number);
            faults.push(fault.in_column(column.header(layout.language())));
        }
        Some(layout)
    }

    /// Answers where a column stands, counted from 0.
    pub(super) fn place(&self, column: Column) -> Option<u16> {
        self.columns.iter().find(|(known, _, _)| *known == column).map(|(_, place, _)| *place)
    }

    /// Answers the header text of a column.
    pub(super) fn header(&self, column: Column) -> &str {
        self.columns
            .iter()
            .find(|(known, _, _)| *known == column)
            .map_or_else(|| column.header(self.language()), |(_, _, text)| text)
    }

    /// Answers the columns between two places, ends inclusive.
    pub(super) fn between(&self, first: u16, last: u16) -> impl Iterator<Item = Column> {
        self.columns.iter().filter(move |(_, place, _)| (first..=last).contains(place)).map(|(column, _, _)| *column)
    }

    /// Answers every column with its place.
    pub(super) fn places(&self) -> impl Iterator<Item = (Column, u16)> {
        self.columns.iter().map(|(column, place, _)| (*column, *place))
    }

    /// Answers the language of the headers.
    fn language(&self) -> Lang {
        let english = self.columns.iter().any(|(column, _, text)| *column == Column::Uscc && text.is_ascii());
        if english { Lang::En } else { Lang::Zh }
    }
}

/// A text of the header with the column over which it stands.
struct Heading {
    place: u16,
    text: String,
    last_row: u32,
}

fn is_header(row: &GridRow) -> bool {
    let mut known: Vec<Column> = row
        .cells
        .iter()
        .filter_map(|(_, cell)| match (cell, Header::of(&heading_text(cell))) {
            (Cell::Text(_), Header::Known(column)) => Some(column),
            (_, Header::Known(_) | Header::Ignored | Header::Unknown) => None,
        })
        .collect();
    known.sort_unstable();
    known.dedup();
    known.contains(&Column::Uscc) && known.len() >= Layout::FEWEST_KNOWN
}

fn heading_text(cell: &Cell) -> String {
    // A header that is longer than this is prose.
    tidy(&cell.shown().chars().take(200).collect::<String>())
}

/// Collects the headings of the row and, where ranges reach down or across, of the rows under it: a range across
/// several columns (有效期) gives each of them its text before their own (起, 止).
fn headings(sheet: &GridSheet, merged: &Merged, top: &GridRow) -> Vec<Heading> {
    let tallest = top.number.saturating_add(Layout::TALLEST - 1);
    let is_of_header = |row: u32, last_row: u32| row == top.number && last_row <= tallest;
    let mut headings: Vec<Heading> = Vec::new();
    let mut across: Vec<(u16, u16, String)> = Vec::new();
    for (place, cell) in top.cells.iter().filter(|(place, _)| merged.first_of((top.number, *place)).is_none()) {
        let range = sheet
            .merged
            .iter()
            .find(|range| range.first_column == *place && is_of_header(range.first_row, range.last_row));
        match range {
            Some(range)
                if range.last_column > range.first_column && Header::of(&heading_text(cell)) == Header::Unknown =>
            {
                across.push((range.first_column, range.last_column, heading_text(cell)));
            }
            Some(range) => headings.push(Heading { place: *place, text: heading_text(cell), last_row: range.last_row }),
            None => headings.push(Heading { place: *place, text: heading_text(cell), last_row: top.number }),
        }
    }
    let below = top.number.saturating_add(1);
    for (first, last, group) in across {
        let own: Vec<(u16, String)> = sheet
            .row(below)
            .map(|row| row.cells.iter().filter(|(place, _)| (first..=last).contains(place)))
            .into_iter()
            .flatten()
            .map(|(place, cell)| (*place, heading_text(cell)))
            .collect();
        let known = |text: &str| matches!(Header::of(text), Header::Known(_));
        if own.iter().any(|(_, text)| known(text) || known(&format!("{group}{text}"))) {
            headings.extend(own.into_iter().map(|(place, text)| {
                let text = if known(&text) { text } else { format!("{group}{text}") };
                Heading { place, text, last_row: below }
            }));
        } else {
            headings.push(Heading { place: first, text: group, last_row: top.number });
        }
    }
    headings.sort_by_key(|heading| heading.place);
    headings
}

#[cfg(test)]
mod tests {
    use super::super::grid::Merge;
    use super::*;

    fn sheet(rows: &[(u32, &[&str])], merged: Vec<Merge>) -> GridSheet {
        let rows = rows
            .iter()
            .map(|(number, cells)| GridRow {
                number: *number,
                cells: (0..)
                    .zip(*cells)
                    .filter(|(_, text)| !text.is_empty())
                    .map(|(place, text)| (place, Cell::Text((*text).to_owned())))
                    .collect(),
            })
            .collect();
        GridSheet { name: "名单".into(), rows, merged }
    }

    fn find(sheet: &GridSheet) -> (Option<Layout>, Vec<SheetFault>, Vec<SheetWarning>) {
        let (mut faults, mut warnings) = (Vec::new(), Vec::new());
        let merged = Merged::of(sheet, 64).unwrap();
        let layout = Layout::find(sheet, &merged, &mut faults, &mut warnings);
        (layout, faults, warnings)
    }

    const HEADER: &[&str] = &["序号", "信用代码", "品名", "税号", "数量", "单位", "起始日期", "截止日期", "联系人"];

    #[test]
    fn titles_above_the_header_are_passed_over() {
        let (layout, faults, warnings) =
            find(&sheet(&[(1, &["第一批“白名单”"]), (4, HEADER), (5, &["1"])], Vec::new()));
        let layout = layout.unwrap();
        assert_eq!((layout.data_from, layout.place(Column::Uscc), layout.header(Column::HsCode)), (5, Some(1), "税号"));
        assert_eq!(faults, Vec::new());
        assert_eq!(warnings.len(), 1);
        assert_eq!((warnings[0].code, warnings[0].column.as_deref()), (WarningCode::ColumnUnknown, Some("联系人")));
    }

    #[test]
    fn a_header_stands_in_the_first_thirty_rows_and_names_the_credit_code() {
        assert!(find(&sheet(&[(30, HEADER)], Vec::new())).0.is_some());
        assert!(find(&sheet(&[(31, HEADER)], Vec::new())).0.is_none());
        assert!(find(&sheet(&[(1, &["品名", "税号", "数量", "单位"])], Vec::new())).0.is_none());
        assert!(find(&sheet(&[(1, &["信用代码", "统一社会信用代码", "品名"])], Vec::new())).0.is_none());
    }

    #[test]
    fn missing_and_doubled_columns_are_faults() {
        let (_, faults, _) =
            find(&sheet(&[(2, &["uscc", "quantity", "数量", "item_name_zh", "unit", "valid_from"])], Vec::new()));
        let seen: Vec<_> =
            faults.iter().map(|fault| (fault.code, fault.row, fault.column.as_deref().unwrap())).collect();
        assert_eq!(
            seen,
            [
                (FaultCode::ColumnDoubled, Some(2), "数量"),
                (FaultCode::ColumnMissing, Some(2), "hs_code"),
                (FaultCode::ColumnMissing, Some(2), "valid_to"),
            ]
        );
    }

    #[test]
    fn a_header_may_take_two_rows() {
        let down = |column| Merge { first_row: 2, first_column: column, last_row: 3, last_column: column };
        let across = |first, last| Merge { first_row: 2, first_column: first, last_row: 2, last_column: last };
        let top: &[&str] = &["信用代码", "品名", "税号", "年度", "", "有效期", ""];
        let below: &[&str] = &["", "", "", "数量", "单位", "起", "止"];
        let (layout, faults, warnings) =
            find(&sheet(&[(2, top), (3, below)], vec![down(0), down(1), down(2), across(3, 4), across(5, 6)]));
        let layout = layout.unwrap();
        assert_eq!((faults, warnings), (Vec::new(), Vec::new()));
        assert_eq!(layout.data_from, 4);
        assert_eq!(layout.place(Column::Unit), Some(4));
        assert_eq!((layout.place(Column::ValidTo), layout.header(Column::ValidTo)), (Some(6), "有效期止"));
    }
}
