//! Workbooks cell by cell: text, numbers, days and formulas as offices put them in. Invariant: a workbook depends on what is
//! put into it alone, not on the day it is made.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};

pub fn workbook() -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    Ok(book)
}

/// What is put into a cell.
pub enum Put<'t> {
    Text(&'t str),
    Number(f64),
    /// A number under a date format.
    Day(u16, u8, u8),
    /// A formula with the result that a spreadsheet program remembers.
    Formula(&'t str, &'t str),
    Nothing,
}
pub fn put(sheet: &mut Worksheet, row: u32, cells: &[Put<'_>]) -> Result<(), XlsxError> {
    for (place, cell) in (0..).zip(cells) {
        match *cell {
            Put::Text(text) => sheet.write_string(row, place, text)?,
            Put::Number(number) => sheet.write_number(row, place, number)?,
            Put::Day(year, month, day) => {
                let format = Format::new().set_num_format("yyyy/m/d");
                sheet.write_datetime_with_format(row, place, ExcelDateTime::from_ymd(year, month, day)?, &format)?
            }
            Put::Formula(formula, result) => {
                sheet.write_formula(row, place, Formula::new(formula).set_result(result))?
            }
            Put::Nothing => sheet,
        };
    }
    Ok(())
}
