//! The raw cells of a file, sheet by sheet, as the child process hands them to the service. Cells are not yet
//! understood: a number is still the shortest text that names it exactly. Invariant: rows and cells are in order,
//! without doubles and without blanks, within the limits of size.

use serde::{Deserialize, Serialize};

use super::Limits;
use super::fault::SheetFault;
use crate::domain::fault::FaultCode;

/// A cell with content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// Text, as typed.
    Text(String),
    /// A number, as the shortest plain decimal that names it exactly.
    Number(String),
    /// A number shown as a date: `YYYY-MM-DD`, with ` hh:mm:ss` when it has a time of day.
    Date(String),
    /// A truth value.
    Bool(bool),
    /// A formula; its remembered result is not trusted.
    Formula(String),
    /// An error value such as `#N/A`.
    Error(String),
}

impl Cell {
    /// Returns what a person sees in the cell.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Date(text) | Self::Error(text) => text.clone(),
            Self::Bool(true) => "TRUE".to_owned(),
            Self::Bool(false) => "FALSE".to_owned(),
            Self::Formula(formula) => format!("={formula}"),
        }
    }

    fn characters(&self) -> usize {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Date(text) | Self::Error(text) | Self::Formula(text) => {
                text.chars().count()
            }
            Self::Bool(_) => 5,
        }
    }
}

/// The day from which a workbook counts its dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Epoch {
    /// 1 January 1900 is day 1.
    #[default]
    From1900,
    /// 1 January 1904 is day 0.
    From1904,
}

/// A range of cells merged into one, ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// First row as the spreadsheet numbers it.
    pub first_row: u32,
    /// First column, counted from 0.
    pub first_column: u16,
    /// Last row.
    pub last_row: u32,
    /// Last column.
    pub last_column: u16,
}

/// A row with content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridRow {
    /// Its number as the spreadsheet shows it, from 1.
    pub number: u32,
    /// Its cells with content, by column counted from 0.
    pub cells: Vec<(u16, Cell)>,
}

impl GridRow {
    /// Finds the cell in a column.
    pub fn cell(&self, column: u16) -> Option<&Cell> {
        let at = self.cells.binary_search_by_key(&column, |(column, _)| *column).ok()?;
        self.cells.get(at).map(|(_, cell)| cell)
    }
}

/// A sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridSheet {
    /// Its name.
    pub name: String,
    /// Its rows with content.
    pub rows: Vec<GridRow>,
    /// Its merged ranges.
    pub merged: Vec<Merge>,
}

impl GridSheet {
    /// Finds a row by its number.
    pub fn row(&self, number: u32) -> Option<&GridRow> {
        let at = self.rows.binary_search_by_key(&number, |row| row.number).ok()?;
        self.rows.get(at)
    }
}

/// The cells of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// Sheets that people see, in their order.
    pub sheets: Vec<GridSheet>,
    /// Names of the hidden sheets, which are not read.
    pub hidden: Vec<String>,
    /// How the file counts dates.
    pub epoch: Epoch,
}

/// Fills a grid cell by cell and keeps it within the limits.
pub(super) struct GridWriter<'l> {
    limits: &'l Limits,
    rows: usize,
    bytes: usize,
    grid: Grid,
}

impl<'l> GridWriter<'l> {
    /// Rows that titles, headers and footnotes may take beside those of the list.
    const ROWS_AROUND_THE_LIST: usize = 1_000;

    /// What a cell costs beside its text.
    const CELL_BYTES: usize = 16;

    pub(super) fn new(limits: &'l Limits, epoch: Epoch) -> Self {
        Self { limits, rows: 0, bytes: 0, grid: Grid { epoch, ..Grid::default() } }
    }

    pub(super) fn hidden(&mut self, name: String) {
        self.grid.hidden.push(name);
    }

    pub(super) fn open_sheet(&mut self, name: String, merged: Vec<Merge>) {
        self.grid.sheets.push(GridSheet { name, rows: Vec::new(), merged });
    }

    /// Puts a cell, row numbered from 1 and column from 0, behind those of the sheet; blanks are dropped.
    pub(super) fn put(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), SheetFault> {
        if matches!(&cell, Cell::Text(text) if text.chars().all(char::is_whitespace)) {
            return Ok(());
        }
        let Some(sheet) = self.grid.sheets.last_mut() else { return Err(FaultCode::FileUnreadable.into()) };
        let refuse = |code: FaultCode| SheetFault::from(code).in_sheet(&sheet.name).in_row(row);
        let Some(column) = u16::try_from(column).ok().filter(|&column| column < self.limits.columns) else {
            return Err(refuse(FaultCode::TooManyColumns).with_value(&reference(row, column)));
        };
        if cell.characters() > self.limits.cell_characters {
            return Err(refuse(FaultCode::TextTooLong).with_value(&cell.shown()));
        }
        self.bytes = self.bytes.saturating_add(cell.shown().len()).saturating_add(Self::CELL_BYTES);
        if self.bytes > self.limits.grid_bytes {
            return Err(refuse(FaultCode::FileTooLarge));
        }
        let next_row = match sheet.rows.last() {
            Some(last) if last.number == row => false,
            Some(last) if last.number > row => return Err(refuse(FaultCode::FileUnreadable)),
            Some(_) | None => true,
        };
        if next_row {
            self.rows = self.rows.saturating_add(1);
            if self.rows > self.limits.rows.saturating_add(Self::ROWS_AROUND_THE_LIST) {
                return Err(refuse(FaultCode::TooManyRows));
            }
            sheet.rows.push(GridRow { number: row, cells: Vec::new() });
        }
        let Some(cells) = sheet.rows.last_mut().map(|row| &mut row.cells) else { return Ok(()) };
        if cells.last().is_some_and(|&(last, _)| last >= column) {
            return Err(refuse_in(&sheet.name, row));
        }
        cells.push((column, cell));
        Ok(())
    }

    pub(super) fn finish(self) -> Grid {
        self.grid
    }
}

fn refuse_in(sheet: &str, row: u32) -> SheetFault {
    SheetFault::from(FaultCode::FileUnreadable).in_sheet(sheet).in_row(row)
}

/// Writes the name of a cell as spreadsheets do, `XFD1048576`: row from 1, column from 0.
pub(super) fn reference(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        let letter = u32::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from_u32(u32::from('A') + letter).unwrap_or('A'));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().chain(row.to_string().chars().collect::<Vec<_>>().iter()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn cells_are_found_by_row_and_column_and_blanks_are_not_cells() {
        let mut writer = GridWriter::new(&Limits::STANDARD, Epoch::From1900);
        writer.open_sheet("一".into(), Vec::new());
        for (row, column, value) in [(2, 0, "a"), (2, 3, "b"), (9, 1, " \n"), (9, 2, "c")] {
            writer.put(row, column, text(value)).unwrap();
        }
        let grid = writer.finish();
        let sheet = &grid.sheets[0];
        assert_eq!(sheet.row(2).unwrap().cell(3), Some(&text("b")));
        assert_eq!(sheet.row(9).unwrap().cells, vec![(2, text("c"))]);
        assert!(sheet.row(3).is_none() && sheet.row(2).unwrap().cell(1).is_none());
        let json = serde_json::to_string(&grid).unwrap();
        assert_eq!(serde_json::from_str::<Grid>(&json).unwrap(), grid);
    }

    #[test]
    fn disorder_and_doubles_are_a_damaged_file() {
        for places in [[(2, 0), (1, 0)], [(1, 1), (1, 0)], [(1, 1), (1, 1)]] {
            let mut writer = GridWriter::new(&Limits::STANDARD, Epoch::From1900);
            writer.open_sheet("一".into(), Vec::new());
            writer.put(places[0].0, places[0].1, text("a")).unwrap();
            let fault = writer.put(places[1].0, places[1].1, text("b")).unwrap_err();
            assert_eq!(fault.code, FaultCode::FileUnreadable);
        }
    }

    #[test]
    fn each_limit_has_its_fault() {
        let limits = Limits { rows: 0, cell_characters: 5, grid_bytes: 30_000, ..Limits::STANDARD };
        let fill = |cells: &mut dyn Iterator<Item = (u32, u32, Cell)>| {
            let mut writer = GridWriter::new(&limits, Epoch::From1900);
            writer.open_sheet("一".into(), Vec::new());
            for (row, column, cell) in cells {
                writer.put(row, column, cell).map_err(|fault| fault.code)?;
            }
            Ok(())
        };
        assert_eq!(fill(&mut [(1, 64, text("a"))].into_iter()), Err(FaultCode::TooManyColumns));
        assert_eq!(fill(&mut [(1, 63, text("abcdef"))].into_iter()), Err(FaultCode::TextTooLong));
        assert_eq!(fill(&mut (1..=1_000).map(|row| (row, 0, text("a")))), Ok(()));
        assert_eq!(fill(&mut (1..=1_001).map(|row| (row, 0, text("a")))), Err(FaultCode::TooManyRows));
        let wide = (1..=100).flat_map(|row| (0..20).map(move |column| (row, column, text("abc"))));
        assert_eq!(fill(&mut wide.into_iter()), Err(FaultCode::FileTooLarge));
    }

    #[test]
    fn cells_are_named_as_spreadsheets_name_them() {
        for (row, column, name) in [(1, 0, "A1"), (9, 25, "Z9"), (3, 26, "AA3"), (1_048_576, 16_383, "XFD1048576")] {
            assert_eq!(reference(row, column), name);
        }
        assert!(!reference(u32::MAX, u32::MAX).is_empty());
    }
}
