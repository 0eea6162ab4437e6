//! The workbook that goes back with its faults: the cells as they came, faulty ones marked and explained in a note, and a
//! column that says in words what is wrong with each row. Invariant: put right, it reads as any other file; the column of
//! faults is one that no reader knows.

use rust_xlsxwriter::{Color, Format, Note, Workbook, Worksheet, XlsxError};
use std::collections::{BTreeMap, BTreeSet};

use super::export::{ExportError, heading, workbook};
use super::fault::{SheetFault, shown};
use super::grid::{Cell, Grid, GridSheet};
use crate::domain::lang::Lang;

/// Faults that are explained in notes; the column says the others as well.
const MOST_NOTES: usize = 2_000;

/// Longest text of the column of faults, in characters.
const LONGEST: usize = 2_000;

/// Names the column of faults.
const fn title(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "错误说明",
        Lang::En => "What is wrong",
    }
}

fn faulty() -> Format {
    Format::new()
        .set_num_format("@")
        .set_background_color(Color::RGB(0x00FD_EAE8))
        .set_font_color(Color::RGB(0x00B3_261E))
}

fn plain() -> Format {
    Format::new().set_num_format("@")
}

/// Writes the cells of a file back with its faults.
///
/// # Errors
/// More or longer than the format holds, which the limits of what is read exclude.
pub fn marked_xlsx(grid: &Grid, faults: &[SheetFault], lang: Lang) -> Result<Vec<u8>, ExportError> {
    let mut book = workbook()?;
    let mut notes = 0_usize;
    for (place, sheet) in grid.sheets.iter().enumerate() {
        // A fault of the file as a whole stands on its first sheet.
        let of_sheet = |fault: &&SheetFault| fault.sheet.as_ref().map_or(place == 0, |name| *name == sheet.name);
        let faults: Vec<&SheetFault> = faults.iter().filter(of_sheet).collect();
        write_sheet(&mut book, sheet, &faults, lang, &mut notes)?;
    }
    Ok(book.save_to_buffer()?)
}

/// Finds the column of a fault: the nearest cell above it that holds the text of its header.
fn column_of(sheet: &GridSheet, fault: &SheetFault) -> Option<u16> {
    let header = fault.column.as_deref()?;
    let row = fault.row.unwrap_or(u32::MAX);
    let above = sheet.rows.iter().rev().filter(|other| other.number < row || fault.row.is_none());
    let found = above.flat_map(|other| &other.cells).find(|(_, cell)| shown(cell.shown().trim()) == header);
    found.map(|(column, _)| *column)
}

fn write_sheet(
    book: &mut Workbook,
    sheet: &GridSheet,
    faults: &[&SheetFault],
    lang: Lang,
    notes: &mut usize,
) -> Result<(), XlsxError> {
    let page = book.add_worksheet();
    if page.set_name(&sheet.name).is_err() {
        // The name of a csv file may be none of a sheet.
        page.set_name(lang.pick("名单", "list"))?;
    }
    let width = sheet.rows.iter().filter_map(|row| row.cells.last()).map(|(column, _)| *column).max().unwrap_or(0);
    let aside = width.saturating_add(1);
    let mut marks: BTreeMap<(u32, u16), Vec<String>> = BTreeMap::new();
    let mut said: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for fault in faults {
        let text = fault.detail(lang);
        let row = fault.row.unwrap_or(1);
        let column = column_of(sheet, fault);
        marks.entry((row, column.unwrap_or(0))).or_default().push(text.clone());
        let named =
            fault.column.as_ref().map_or_else(|| text.clone(), |name| format!("{name}{}{text}", lang.pick("：", ": ")));
        said.entry(row).or_default().push(named);
    }
    for column in 0..aside {
        page.set_column_width(column, 18)?;
    }
    page.set_column_width(aside, 60)?;
    // Where cells were merged their content still counts for every row that they span.
    for range in &sheet.merged {
        let (first, last) = (range.first_row.saturating_sub(1), range.last_row.saturating_sub(1));
        if (first, range.first_column) != (last, range.last_column) {
            page.merge_range(first, range.first_column, last, range.last_column, "", &plain())?;
        }
    }
    let head = sheet.rows.first().map_or(1, |row| row.number);
    let mut written = BTreeSet::new();
    for row in &sheet.rows {
        for (column, cell) in &row.cells {
            let format = if marks.contains_key(&(row.number, *column)) { faulty() } else { plain() };
            write_cell(page, row.number.saturating_sub(1), *column, cell, &format)?;
            written.insert((row.number, *column));
        }
    }
    if !said.is_empty() {
        page.write_string_with_format(head.saturating_sub(1), aside, title(lang), &heading())?;
    }
    for ((row, column), texts) in &marks {
        let at = row.saturating_sub(1);
        if !written.contains(&(*row, *column)) {
            page.write_blank(at, *column, &faulty())?;
        }
        if *notes < MOST_NOTES {
            *notes = notes.saturating_add(1);
            page.insert_note(
                at,
                *column,
                &Note::new(short(&texts.join("\n"))).set_author("").add_author_prefix(false),
            )?;
        }
    }
    for (row, texts) in &said {
        // What is wrong with the header stands under the name of the column.
        let at = if *row == head { *row } else { row.saturating_sub(1) };
        page.write_string_with_format(at, aside, short(&texts.join("\n")), &faulty().set_text_wrap())?;
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn write_cell(page: &mut Worksheet, row: u32, column: u16, cell: &Cell, format: &Format) -> Result<(), XlsxError> {
    match cell {
        Cell::Number(text) => match text.parse::<f64>() {
            // Written as the number that it was, so that what was lost in it is seen by its reader again.
            Ok(number) => {
                page.write_number_with_format(row, column, number, &format.clone().set_num_format("General"))?
            }
            Err(_) => page.write_string_with_format(row, column, text, format)?,
        },
        Cell::Bool(truth) => page.write_boolean_with_format(row, column, *truth, format)?,
        Cell::Text(_) | Cell::Date(_) | Cell::Formula(_) | Cell::Error(_) => {
            page.write_string_with_format(row, column, cell.shown(), format)?
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, list_rows, list_xlsx, read_here};
    use super::*;

    #[test]
    fn a_file_goes_back_with_its_faults_and_reads_again_once_they_are_put_right() {
        let file = list_xlsx(&[super::super::export::tests::sample()]).unwrap();
        let mut grid = read_here(&file, &Limits::STANDARD).unwrap();
        let good = grid.clone();
        let (column, cell) =
            grid.sheets[0].rows[1].cells.iter_mut().find(|(_, cell)| cell.shown() == "5000.00001").unwrap();
        *cell = Cell::Text("许多".into());
        let column = *column;
        let faults = list_rows(&grid).faults;
        assert_eq!(faults.len(), 1, "{faults:?}");
        let back = read_here(&marked_xlsx(&grid, &faults, Lang::Zh).unwrap(), &Limits::STANDARD).unwrap();
        assert_eq!(list_rows(&back).faults.len(), 1, "the fault stands where it stood");
        let texts: Vec<String> =
            back.sheets[0].rows.iter().filter_map(|row| row.cells.last()).map(|(_, cell)| cell.shown()).collect();
        assert_eq!(texts[0], "错误说明");
        let header = faults[0].column.as_ref().unwrap();
        assert!(
            texts[1].starts_with(&format!("{header}：")) && texts[1].contains(&faults[0].detail(Lang::Zh)),
            "{texts:?}"
        );
        assert!(column > 0);
        let well = read_here(&marked_xlsx(&good, &[], Lang::En).unwrap(), &Limits::STANDARD).unwrap();
        assert_eq!(list_rows(&well).rows, list_rows(&good).rows);
    }

    #[test]
    fn a_fault_of_the_file_and_merged_cells_do_no_harm() {
        let text = "企业名称,统一社会信用代码\n甲,乙\n";
        let mut grid = read_here(text.as_bytes(), &Limits::STANDARD).unwrap();
        grid.sheets[0].merged.push(super::super::Merge { first_row: 2, first_column: 0, last_row: 3, last_column: 0 });
        let faults = list_rows(&grid).faults;
        assert!(!faults.is_empty());
        let back = marked_xlsx(&grid, &faults, Lang::En).unwrap();
        assert!(read_here(&back, &Limits::STANDARD).is_ok());
    }
}
