//! Reading one row of a list: which rows are data, what merged cells mean in them, and each cell by the parser of
//! its column. Invariant: every faulty cell of a row is reported, not only the first.

use super::cell::{self, Reading};
use super::columns::{Column, Header, Merging};
use super::fault::{SheetFault, SheetWarning, WarningCode, shown};
use super::grid::{Cell, Epoch, GridRow, GridSheet, reference};
use super::header::Layout;
use super::list::ListRow;
use super::merged::Merged;
use crate::domain::code::{Cas, HsCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::item_name::normalise_name;
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::Measure;
use crate::domain::validity::Validity;

/// Most characters of a name.
const LONGEST_NAME: usize = 200;

/// Most characters of a specification or note.
const LONGEST_TEXT: usize = 1_000;

/// What makes two rows the same item of the same enterprise.
pub(super) struct Identity {
    pub(super) sheet: String,
    pub(super) row: u32,
    pub(super) uscc: Uscc,
    pub(super) hs_code: HsCode,
    pub(super) cas: Option<Cas>,
    pub(super) name: String,
    pub(super) validity: Validity,
    pub(super) listing: Option<ListingNumber>,
    /// What a report shows of it: the listing number, else the name.
    pub(super) shown: String,
}

/// What stands in a column of a row.
enum Found<'g> {
    Nothing,
    Cell(&'g Cell),
    /// Part of a merged range that is reported as a whole.
    Refused,
}

/// A sheet with what is known of it.
pub(super) struct SheetReader<'g> {
    pub(super) sheet: &'g GridSheet,
    pub(super) layout: &'g Layout,
    pub(super) merged: &'g Merged,
    pub(super) epoch: Epoch,
}

impl<'g> SheetReader<'g> {
    /// Chooses the rows that are data: those with a credit code, their own or one merged down to them. Footnotes,
    /// repeated headers and the template's example are not; a row with item, HS code and quantity is, so that a
    /// forgotten credit code becomes a fault.
    pub(super) fn data_rows(&self, warnings: &mut Vec<SheetWarning>) -> Vec<&'g GridRow> {
        let mut data = Vec::new();
        for row in self.sheet.rows.iter().filter(|row| row.number >= self.layout.data_from) {
            match self.own(row, Column::Uscc) {
                Some(cell) if self.is_aside(row, cell) => {
                    warnings.push(self.warning(row.number, Column::Uscc, &cell.shown(), WarningCode::RowSkipped));
                }
                Some(_) => data.push(row),
                None => {
                    let carried = matches!(self.find(row, Column::Uscc), Found::Cell(_))
                        && self.own_columns(row).next().is_some();
                    let item = [Column::ItemNameZh, Column::HsCode, Column::Quantity];
                    if carried || item.iter().all(|&column| self.own(row, column).is_some()) {
                        data.push(row);
                    }
                }
            }
        }
        data
    }

    /// Tells a row whose credit code cell holds something else: an example, the header again, or a footnote.
    fn is_aside(&self, row: &GridRow, cell: &Cell) -> bool {
        let text = cell.shown();
        let text = text.trim();
        let is_example =
            text.starts_with("示例") || text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("example"));
        let code = cell::code(text);
        let is_code = (15..=20).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let stands_alone = || self.own_columns(row).count() == 1;
        is_example || (!is_code && (Header::of(text) == Header::Known(Column::Uscc) || stands_alone()))
    }

    /// Reports merged ranges over data rows: refused where rows or columns must differ, a warning where the content
    /// is carried down.
    pub(super) fn check_merged(
        &self,
        data: &[&GridRow],
        faults: &mut Vec<SheetFault>,
        warnings: &mut Vec<SheetWarning>,
    ) {
        for range in &self.sheet.merged {
            let from = data.partition_point(|row| row.number < range.first_row);
            let rows = data.iter().skip(from).take_while(|row| row.number <= range.last_row).take(2).count();
            let columns: Vec<Column> = self.layout.between(range.first_column, range.last_column).collect();
            let Some(&column) = columns.first().filter(|_| rows > 0) else { continue };
            let wide = range.last_column > range.first_column
                && (columns.len() > 1 || self.layout.place(column) != Some(range.first_column));
            let tall = rows > 1;
            if wide || (tall && column.merging() == Merging::Refused) {
                let [first, last] = [(range.first_row, range.first_column), (range.last_row, range.last_column)]
                    .map(|(row, column)| reference(row, u32::from(column)));
                faults.push(
                    self.fault(range.first_row, column, FaultCode::MergedDataCell)
                        .with_value(&format!("{first}:{last}")),
                );
            } else if tall {
                let content =
                    self.sheet.row(range.first_row).and_then(|row| row.cell(range.first_column)).map(Cell::shown);
                warnings.push(self.warning(
                    range.first_row,
                    column,
                    &content.unwrap_or_default(),
                    WarningCode::MergedCellCarried,
                ));
            }
        }
    }

    /// Reads a row; the identity is known even when other cells are faulty.
    pub(super) fn read(
        &self,
        row: &'g GridRow,
        faults: &mut Vec<SheetFault>,
        warnings: &mut Vec<SheetWarning>,
    ) -> (Option<ListRow>, Option<Identity>) {
        let faults_before = faults.len();
        let mut cells = RowReader { sheet: self, row, faults, warnings, complete: true };
        let name = |cell: &Cell| cell::text(cell, LONGEST_NAME);
        let text = |cell: &Cell| cell::text(cell, LONGEST_TEXT);
        let day = |cell: &Cell| cell::day(cell, self.epoch);

        let enterprise_name = cells.optional(Column::EnterpriseName, name);
        let uscc = cells.required(Column::Uscc, cell::uscc);
        let customs_registration = cells.optional(Column::CustomsRegistration, cell::customs_registration);
        let item_name_zh = cells.required(Column::ItemNameZh, name);
        let item_name_en = cells.optional(Column::ItemNameEn, name);
        let cas = cells.optional(Column::Cas, cell::cas);
        let hs_code = cells.required(Column::HsCode, cell::hs_code);
        let ciq_code = cells.optional(Column::CiqCode, cell::ciq_code);
        let specification = cells.optional(Column::Specification, text);
        let purpose = cells.optional(Column::Purpose, cell::purpose);
        let quantity = cells.required(Column::Quantity, cell::positive_quantity);
        let unit = cells.required(Column::Unit, cell::unit);
        let valid_from = cells.required(Column::ValidFrom, day);
        let valid_to = cells.required(Column::ValidTo, day);
        let customs_offices = cells.optional(Column::CustomsOffices, cell::customs_offices);
        let manufacturer = cells.optional(Column::Manufacturer, name);
        let origin = cells.optional(Column::Origin, name);
        let listing = cells.optional(Column::Listing, cell::listing);
        let used = cells.optional(Column::Used, cell::quantity);
        let consignment_cap = cells.optional(Column::ConsignmentCap, cell::positive_quantity);
        let note = cells.optional(Column::Note, text);

        if let Some(uscc) = uscc.filter(|uscc| !uscc.organisation_check_holds()) {
            cells.warnings.push(self.warning(row.number, Column::Uscc, uscc.as_str(), WarningCode::OrganisationCheck));
        }
        for (column, quantity) in
            [(Column::Quantity, quantity), (Column::Used, used), (Column::ConsignmentCap, consignment_cap)]
        {
            if let (Some(quantity), Some(unit)) = (quantity, unit)
                && let Err(code) = (Measure { quantity, unit }).grant_steps()
            {
                cells.faults.push(self.fault(row.number, column, code).with_value(&quantity.to_string()));
            }
        }
        let validity = match (valid_from, valid_to) {
            (Some(from), Some(to)) => match Validity::new(from, to) {
                Ok(validity) => Some(validity),
                Err(code) => {
                    cells
                        .faults
                        .push(self.fault(row.number, Column::ValidTo, code).with_value(&format!("{from} – {to}")));
                    None
                }
            },
            (None, _) | (_, None) => None,
        };

        let complete = cells.complete && faults.len() == faults_before;
        let row_number = row.number;
        let sheet = || self.sheet.name.clone();
        let identity = match (uscc, hs_code, &item_name_zh, validity) {
            (Some(uscc), Some(hs_code), Some(item), Some(validity)) => Some(Identity {
                sheet: sheet(),
                row: row_number,
                uscc,
                hs_code,
                cas,
                name: normalise_name(item),
                validity,
                listing,
                shown: listing.map_or_else(|| item.clone(), |listing| listing.to_string()),
            }),
            _ => None,
        };
        let row = match (uscc, item_name_zh, hs_code, quantity, unit, valid_from, valid_to) {
            (
                Some(uscc),
                Some(item_name_zh),
                Some(hs_code),
                Some(quantity),
                Some(unit),
                Some(valid_from),
                Some(valid_to),
            ) => Some(ListRow {
                sheet: sheet(),
                row: row_number,
                enterprise_name,
                uscc,
                customs_registration,
                item_name_zh,
                item_name_en,
                cas,
                hs_code,
                ciq_code,
                specification,
                purpose,
                quantity,
                unit,
                valid_from,
                valid_to,
                customs_offices: customs_offices.unwrap_or_default(),
                manufacturer,
                origin,
                listing,
                used,
                consignment_cap,
                note,
            }),
            _ => None,
        };
        (row.filter(|_| complete), identity)
    }

    /// Finds what counts for a row in a column, merged cells resolved.
    fn find(&self, row: &'g GridRow, column: Column) -> Found<'g> {
        let Some(place) = self.layout.place(column) else { return Found::Nothing };
        let cell = match self.merged.first_of((row.number, place)) {
            None => row.cell(place),
            Some((first_row, first_place)) => {
                if first_place != place || column.merging() == Merging::Refused {
                    return Found::Refused;
                }
                self.sheet
                    .row(first_row)
                    .filter(|first| first.number >= self.layout.data_from)
                    .and_then(|first| first.cell(place))
            }
        };
        cell.filter(|cell| !cell::is_blank(cell)).map_or(Found::Nothing, Found::Cell)
    }

    /// Finds what a row has of its own in a column.
    fn own(&self, row: &'g GridRow, column: Column) -> Option<&'g Cell> {
        let place = self.layout.place(column)?;
        let covered = self.merged.first_of((row.number, place)).is_some();
        row.cell(place).filter(|cell| !covered && !cell::is_blank(cell))
    }

    /// Answers the known columns in which a row has something of its own.
    fn own_columns(&self, row: &'g GridRow) -> impl Iterator<Item = Column> {
        self.layout.places().map(|(column, _)| column).filter(move |&column| self.own(row, column).is_some())
    }

    fn fault(&self, row: u32, column: Column, code: FaultCode) -> SheetFault {
        SheetFault::from(code).in_sheet(&self.sheet.name).in_row(row).in_column(self.layout.header(column))
    }

    fn warning(&self, row: u32, column: Column, value: &str, code: WarningCode) -> SheetWarning {
        SheetWarning {
            sheet: self.sheet.name.clone(),
            row: Some(row),
            column: Some(shown(self.layout.header(column))),
            value: Some(shown(value)),
            code,
        }
    }
}

/// Reads the cells of one row and notes what is wrong with them.
struct RowReader<'a, 'g> {
    sheet: &'a SheetReader<'g>,
    row: &'g GridRow,
    faults: &'a mut Vec<SheetFault>,
    warnings: &'a mut Vec<SheetWarning>,
    /// Whether nothing was left out that is reported elsewhere.
    complete: bool,
}

impl RowReader<'_, '_> {
    fn required<T>(&mut self, column: Column, read: impl Fn(&Cell) -> Reading<T>) -> Option<T> {
        match self.sheet.find(self.row, column) {
            Found::Cell(cell) => self.read(column, cell, read),
            Found::Refused => self.left_out(),
            // A column that is missing altogether was reported with the header.
            Found::Nothing if self.sheet.layout.place(column).is_none() => self.left_out(),
            Found::Nothing => {
                self.faults.push(self.sheet.fault(self.row.number, column, FaultCode::Required));
                None
            }
        }
    }

    fn optional<T>(&mut self, column: Column, read: impl Fn(&Cell) -> Reading<T>) -> Option<T> {
        match self.sheet.find(self.row, column) {
            Found::Cell(cell) if cell::says_nothing(cell) => None,
            Found::Cell(cell) => self.read(column, cell, read),
            Found::Refused => self.left_out(),
            Found::Nothing => None,
        }
    }

    fn read<T>(&mut self, column: Column, cell: &Cell, read: impl Fn(&Cell) -> Reading<T>) -> Option<T> {
        match read(cell) {
            Ok((value, warning)) => {
                self.warnings
                    .extend(warning.map(|code| self.sheet.warning(self.row.number, column, &cell.shown(), code)));
                Some(value)
            }
            Err(wrong) => {
                let fault = self.sheet.fault(self.row.number, column, wrong.code);
                self.faults.push(fault.with_value(&cell.shown()).with_hint(wrong.hint));
                None
            }
        }
    }

    fn left_out<T>(&mut self) -> Option<T> {
        self.complete = false;
        None
    }
}
