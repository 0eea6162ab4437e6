//! From the bytes of an Office Open XML workbook to raw cells. It streams cells and never asks for a range, for a
//! range is allocated as wide as its farthest cell; it evaluates nothing. Invariant: a file whose parts contradict
//! each other is damaged, not guessed at.

use std::collections::HashSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    DataRef, Dimensions, ExcelDateTime, ExcelDateTimeType, Reader, SheetVisible, Xlsx, XlsxError, XlsxFormulaMetadata,
};

use super::Limits;
use super::fault::SheetFault;
use super::grid::{Cell, Epoch, Grid, GridWriter, Merge};
use crate::domain::fault::FaultCode;

/// Reads the cells of a workbook that passed the scan.
///
/// # Errors
/// `file_unreadable`, `file_too_large`, `too_many_rows`, `too_many_columns`, `text_too_long`.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Grid, SheetFault> {
    // The library computes with cell references of the file; where these overflow, it panics.
    catch_unwind(AssertUnwindSafe(|| read_sheets(bytes, limits)))
        .unwrap_or_else(|_| Err(FaultCode::FileUnreadable.into()))
}

fn read_sheets(bytes: &[u8], limits: &Limits) -> Result<Grid, SheetFault> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let sheets = book.sheets_metadata().to_vec();
    if sheets.len() > limits.zip_entries {
        return Err(FaultCode::FileTooLarge.into());
    }
    let epoch = if book.has_1904_epoch() { Epoch::From1904 } else { Epoch::From1900 };
    let mut writer = GridWriter::new(limits, epoch);
    let mut names = HashSet::new();
    for sheet in sheets {
        // Sheets are asked for by name, so a doubled name would read one sheet twice and the other never.
        if !names.insert(sheet.name.clone()) {
            return Err(SheetFault::from(FaultCode::FileUnreadable).in_sheet(&sheet.name));
        }
        if sheet.typ != calamine::SheetType::WorkSheet {
            continue;
        }
        if sheet.visible != SheetVisible::Visible {
            writer.hidden(sheet.name);
            continue;
        }
        let in_sheet = |error: XlsxError| damaged(error).in_sheet(&sheet.name);
        let merged = book.merge_cells_by_sheet_name(&sheet.name).map_err(in_sheet)?;
        if merged.len() > limits.merges {
            return Err(SheetFault::from(FaultCode::FileTooLarge).in_sheet(&sheet.name));
        }
        writer.open_sheet(sheet.name.clone(), merged.into_iter().filter_map(merge).collect());
        let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(in_sheet)?;
        while let Some(record) = cells.next_cell_with_formula_metadata().map_err(in_sheet)? {
            let content =
                record.formula.map_or_else(|| cell(record.value), |formula| Some(Cell::Formula(text_of(formula))));
            if let Some(content) = content {
                let row = record.pos.0.saturating_add(1);
                writer.put(row, record.pos.1, content)?;
            }
        }
    }
    Ok(writer.finish())
}

fn damaged(_: XlsxError) -> SheetFault {
    FaultCode::FileUnreadable.into()
}

/// Takes a merged range; one that is reversed or a single cell merges nothing.
fn merge(range: Dimensions) -> Option<Merge> {
    let column = |column: u32| u16::try_from(column).unwrap_or(u16::MAX);
    let merge = Merge {
        first_row: range.start.0.saturating_add(1),
        first_column: column(range.start.1),
        last_row: range.end.0.saturating_add(1),
        last_column: column(range.end.1),
    };
    let ordered = merge.first_row <= merge.last_row && merge.first_column <= merge.last_column;
    (ordered && range.start != range.end).then_some(merge)
}

fn text_of(formula: XlsxFormulaMetadata) -> String {
    match formula {
        XlsxFormulaMetadata::Normal { formula } | XlsxFormulaMetadata::Shared { formula, .. } => formula,
        XlsxFormulaMetadata::SharedDerived { .. } | _ => "…".to_owned(),
    }
}

fn cell(value: DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::Empty => None,
        DataRef::String(text) => Some(Cell::Text(text)),
        DataRef::SharedString(text) => Some(Cell::Text(text.to_owned())),
        DataRef::Int(number) => Some(Cell::Number(number.to_string())),
        // Display writes the shortest decimal that reads back as the same number, without exponent.
        DataRef::Float(number) => Some(Cell::Number(number.to_string())),
        DataRef::DateTime(date) if date.is_datetime() => Some(Cell::Date(date_text(date))),
        DataRef::DateTime(duration) => Some(Cell::Number(duration.as_f64().to_string())),
        DataRef::DateTimeIso(text) => Some(Cell::Date(text.trim_end_matches("T00:00:00").replace('T', " "))),
        DataRef::DurationIso(text) => Some(Cell::Text(text)),
        DataRef::Bool(value) => Some(Cell::Bool(value)),
        DataRef::Error(error) => Some(Cell::Error(error.to_string())),
    }
}

fn date_text(date: ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    let midnight = (hour, minute, second, milli) == (0, 0, 0, 0);
    let time = if midnight { String::new() } else { format!(" {hour:02}:{minute:02}:{second:02}") };
    format!("{year:04}-{month:02}-{day:02}{time}")
}

/// Writes the day that a number names in a workbook, as spreadsheets count days; `None` outside 1 January 1900 to
/// 31 December 9999.
pub(super) fn serial_day(serial: &str, epoch: Epoch) -> Option<String> {
    let value: f64 = serial.parse().ok()?;
    let first_of_1904 = epoch == Epoch::From1904;
    let last = if first_of_1904 { 2_957_003.0 } else { 2_958_465.0 };
    let in_range = (if first_of_1904 { 0.0 } else { 1.0 }..=last).contains(&value);
    in_range.then(|| date_text(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, first_of_1904)))
}

#[cfg(test)]
mod tests {
    use super::super::scan::tests::workbook_with;
    use super::*;

    fn sheet(data: &str) -> Result<Grid, SheetFault> {
        let file = workbook_with(data, &[]);
        super::super::read_here(&file, &Limits::STANDARD)
    }

    fn first_row(cells: &str) -> Vec<(u16, Cell)> {
        sheet(&format!("<sheetData><row r=\"1\">{cells}</row></sheetData>")).unwrap().sheets[0].rows[0].cells.clone()
    }

    fn code(data: &str) -> FaultCode {
        sheet(data).unwrap_err().code
    }

    #[test]
    fn numbers_come_out_exact() {
        for (stored, exact) in [
            ("0.1", "0.1"),
            ("0.10000000000000001", "0.1"),
            ("1E-5", "0.00001"),
            ("2941500000", "2941500000"),
            ("1.5E+3", "1500"),
            ("0.30000000000000004", "0.30000000000000004"),
        ] {
            let cells = first_row(&format!("<c r=\"A1\"><v>{stored}</v></c>"));
            assert_eq!(cells, vec![(0, Cell::Number(exact.to_owned()))], "{stored}");
        }
    }

    #[test]
    fn every_kind_of_cell_is_told_apart() {
        let cells = first_row(
            r#"<c r="A1" t="inlineStr"><is><t>文</t></is></c><c r="B1" t="b"><v>1</v></c><c r="C1" t="e"><v>#N/A</v></c><c r="D1"><f>1+1</f><v>2</v></c><c r="E1" t="d"><v>2026-03-01T00:00:00</v></c><c r="F1"/><c r="G1"><f t="shared" si="4000000000"/><v>1</v></c>"#,
        );
        let kinds: Vec<Cell> = cells.into_iter().map(|(_, cell)| cell).collect();
        assert_eq!(
            kinds,
            vec![
                Cell::Text("文".into()),
                Cell::Bool(true),
                Cell::Error("#N/A".into()),
                Cell::Formula("1+1".into()),
                Cell::Date("2026-03-01".into()),
                Cell::Formula("…".into()),
            ]
        );
    }

    #[test]
    fn serials_are_days_in_both_epochs() {
        assert_eq!(serial_day("46082", Epoch::From1900).as_deref(), Some("2026-03-01"));
        assert_eq!(serial_day("44620", Epoch::From1904).as_deref(), Some("2026-03-01"));
        assert_eq!(serial_day("46082.5", Epoch::From1900).as_deref(), Some("2026-03-01 12:00:00"));
        assert_eq!(serial_day("1", Epoch::From1900).as_deref(), Some("1900-01-01"));
        for wrong in ["0", "-1", "20260301", "inf", "NaN", "x"] {
            assert_eq!(serial_day(wrong, Epoch::From1900), None, "{wrong}");
        }
    }

    #[test]
    fn a_cell_far_out_is_refused_before_room_is_made_for_it() {
        let fault =
            sheet(r#"<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>"#).unwrap_err();
        assert_eq!(fault.code, FaultCode::TooManyColumns);
        assert_eq!(
            (fault.sheet.as_deref(), fault.row, fault.value.as_deref()),
            (Some("名单"), Some(1_048_576), Some("XFD1048576"))
        );
        // Empty cells that only carry a format are no content.
        assert!(sheet(r#"<sheetData><row r="9"><c r="XFD9" s="0"/></row></sheetData>"#).is_ok());
    }

    #[test]
    fn references_beyond_any_sheet_are_damage_and_not_a_panic() {
        for data in [
            r#"<sheetData><row r="99999999999999"><c r="A99999999999999"><v>1</v></c></row></sheetData>"#,
            r#"<sheetData><row r="1"><c r="AAAAAAAAAAAAAAAAAAAA1"><v>1</v></c></row></sheetData>"#,
            r#"<sheetData/><mergeCells><mergeCell ref="B2:A1"/></mergeCells>"#,
        ] {
            assert_eq!(code(data), FaultCode::FileUnreadable, "{data}");
        }
    }

    #[test]
    fn too_many_rows_and_too_much_repeated_text_are_refused() {
        let rows: String = (1..=21_500)
            .map(|n| format!("<row r=\"{n}\"><c r=\"A{n}\"><v>{}</v></c></row>", n * 7919 % 9973))
            .collect();
        assert_eq!(code(&format!("<sheetData>{rows}</sheetData>")), FaultCode::TooManyRows);
        let table = format!("<sst><si><t>{}</t></si></sst>", "长".repeat(30_000));
        let cells: String =
            (1..=2_000).map(|n| format!("<row r=\"{n}\"><c r=\"A{n}\" t=\"s\"><v>0</v></c></row>")).collect();
        let file =
            workbook_with(&format!("<sheetData>{cells}</sheetData>"), &[("xl/sharedStrings.xml", table.as_bytes())]);
        assert_eq!(super::super::read_here(&file, &Limits::STANDARD).unwrap_err().code, FaultCode::FileTooLarge);
    }

    #[test]
    fn two_million_rows_are_refused() {
        let data = format!("<sheetData>{}</sheetData>", "<row><c><v>1</v></c></row>".repeat(2_000_000));
        assert_eq!(code(&data), FaultCode::FileTooLarge);
    }

    #[test]
    fn text_longer_than_a_cell_is_refused_at_its_place() {
        let data = format!(
            r#"<sheetData><row r="4"><c r="C4" t="inlineStr"><is><t>{}</t></is></c></row></sheetData>"#,
            "a".repeat(32_768)
        );
        let fault = sheet(&data).unwrap_err();
        assert_eq!((fault.code, fault.row), (FaultCode::TextTooLong, Some(4)));
    }

    #[test]
    fn hidden_sheets_are_named_and_doubled_names_are_damage() {
        let book = |sheets: &str| {
            let text =
                format!(r#"<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets>{sheets}</sheets></workbook>"#);
            let file = workbook_with("<sheetData/>", &[("xl/workbook.xml", text.as_bytes())]);
            super::super::read_here(&file, &Limits::STANDARD)
        };
        let grid = book(r#"<sheet name="甲" r:id="rId1"/><sheet name="乙" state="veryHidden" r:id="rId1"/>"#).unwrap();
        assert_eq!((grid.sheets.len(), grid.hidden, grid.epoch), (1, vec!["乙".to_owned()], Epoch::From1904));
        assert_eq!(
            book(r#"<sheet name="甲" r:id="rId1"/><sheet name="甲" r:id="rId1"/>"#).unwrap_err().code,
            FaultCode::FileUnreadable
        );
    }
}
