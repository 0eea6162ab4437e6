//! From the bytes of a csv file to raw cells: which encoding, which delimiter, which row. Every cell is text; what
//! it means is judged later. Invariant: rows are numbered as a spreadsheet program numbers them, blank lines
//! included and line breaks inside a cell not.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};

use super::Limits;
use super::fault::SheetFault;
use super::grid::{Cell, Epoch, Grid, GridWriter};
use crate::domain::fault::FaultCode;

/// Name of the only sheet of a csv file.
const SHEET: &str = "CSV";

/// Tells whether bytes are text in an encoding that offices use.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    decode(bytes).is_some()
}

/// Reads the cells of a csv file.
///
/// # Errors
/// `file_not_a_spreadsheet`, `file_unreadable`, `file_too_large`, `too_many_rows`, `too_many_columns`,
/// `text_too_long`.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Grid, SheetFault> {
    let text = decode(bytes).ok_or(FaultCode::FileNotASpreadsheet)?;
    let text = one_kind_of_line_break(&text);
    let mut writer = GridWriter::new(limits, Epoch::From1900);
    writer.open_sheet(SHEET.to_owned(), Vec::new());
    let mut reader = reader(&text, delimiter(&text));
    let mut record = csv::StringRecord::new();
    let mut row = 0_u32;
    let mut line = reader.position().line();
    let mut last_spans_lines = false;
    while reader.read_record(&mut record).map_err(|_| FaultCode::FileUnreadable)? {
        // The library passes over blank lines; what it passed over still counts as rows.
        let within: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        let lines = reader.position().line().saturating_sub(line);
        let rows = lines.saturating_sub(u64::try_from(within).unwrap_or(u64::MAX)).max(1);
        line = reader.position().line();
        row = row.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
        last_spans_lines = within > 0;
        for (column, cell) in record.iter().enumerate() {
            writer.put(row, u32::try_from(column).unwrap_or(u32::MAX), Cell::Text(restored(cell).to_owned()))?;
        }
    }
    // A quotation mark that is never closed swallows the rest of the file as one cell.
    if last_spans_lines && text.matches('"').count() % 2 == 1 {
        return Err(SheetFault::from(FaultCode::FileUnreadable).in_sheet(SHEET).in_row(row));
    }
    Ok(writer.finish())
}

/// Decodes UTF-8 with or without mark, UTF-16 with its mark, or GB18030 (GB 18030-2022, as Chinese offices save);
/// `None` when it is neither, or binary.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes.get(mark..)?)?;
        return Some(text.into_owned()).filter(|text| !text.contains('\0'));
    }
    if bytes.contains(&0) {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned),
    }
}

pub(super) fn one_kind_of_line_break(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Reads a small table of our own making: CSV in UTF-8 with a header that names the members of `T`.
///
/// What cannot be read as a row is `None` in its place.
pub fn table<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Vec<Option<T>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    reader.deserialize().map(Result::ok).collect()
}

pub(super) fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

/// Chooses the delimiter that makes the widest of the first rows, which is the header.
pub(super) fn delimiter(text: &str) -> u8 {
    const ROWS_LOOKED_AT: usize = 30;
    let width = |delimiter: u8| {
        let rows = reader(text, delimiter).into_records().take(ROWS_LOOKED_AT);
        rows.filter_map(Result::ok).map(|record| record.len()).max().unwrap_or(0)
    };
    // The last of the widest wins, so the comma stands last.
    [b'\t', b';', b','].into_iter().max_by_key(|&delimiter| width(delimiter)).unwrap_or(b',')
}

/// Characters with which a spreadsheet program begins to read a formula, in both widths.
const FORMULA_SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Tells text that a spreadsheet program would take for a formula, or that looks like the neutralised form of one.
fn needs_mark(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_SIGNS)
}

/// Puts an apostrophe before text that a spreadsheet program would take for a formula.
pub(super) fn neutralised(text: &str) -> String {
    if needs_mark(text) { format!("'{text}") } else { text.to_owned() }
}

/// Takes the apostrophe away again.
pub(super) fn restored(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| needs_mark(rest)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> Vec<(u32, Vec<String>)> {
        let grid = read(bytes, &Limits::STANDARD).unwrap();
        grid.sheets[0]
            .rows
            .iter()
            .map(|row| (row.number, row.cells.iter().map(|(_, cell)| cell.shown()).collect()))
            .collect()
    }

    fn row(number: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (number, cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn reads_every_encoding_of_offices() {
        let text = "企业名称,数量\n样例,1\n";
        let expected = vec![row(1, &["企业名称", "数量"]), row(2, &["样例", "1"])];
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for bytes in [text.as_bytes(), format!("\u{FEFF}{text}").as_bytes(), &GB18030.encode(text).0, &utf16] {
            assert_eq!(cells(bytes), expected);
        }
        for binary in [b"a,b\0c".as_slice(), b"\xFF\xFF\xFF", b"\xFF\xFE\x00\xD8"] {
            assert!(!is_text(binary));
        }
    }

    #[test]
    fn tells_the_delimiter_from_the_widest_row() {
        for delimiter in [",", ";", "\t"] {
            let text = [
                "一、二，三; 四",
                &["甲", "乙", "丙", "丁", "戊"].join(delimiter),
                &["\"0101,0102\"", "b", "c", "d", "e"].join(delimiter),
            ]
            .join("\n");
            assert_eq!(cells(text.as_bytes())[1], row(2, &["甲", "乙", "丙", "丁", "戊"]), "{delimiter:?}");
            assert_eq!(cells(text.as_bytes())[2].1[0], "0101,0102");
        }
    }

    #[test]
    fn rows_are_numbered_as_spreadsheets_number_them() {
        let expected = vec![row(2, &["a", "b\nc"]), row(4, &["d", "\n\ne"]), row(5, &["f"]), row(8, &["g"])];
        let text = "\na,\"b\nc\"\n\nd,\"\n\ne\"\nf\n\n\ng";
        assert_eq!(cells(text.as_bytes()), expected);
        assert_eq!(cells(text.replace('\n', "\r\n").as_bytes()), expected);
        assert_eq!(cells(text.replace('\n', "\r").as_bytes()), expected);
        assert_eq!(cells(b",,\n,a,\n"), vec![row(2, &["a"])]);
    }

    #[test]
    fn an_open_quotation_mark_is_damage() {
        let fault = read(b"a,b\nc,\"d\ne,f\n", &Limits::STANDARD).unwrap_err();
        assert_eq!((fault.code, fault.row), (FaultCode::FileUnreadable, Some(2)));
        assert_eq!(cells(b"a,5\" tube\nb,c\n").len(), 2);
    }

    #[test]
    fn what_export_neutralises_is_restored() {
        for text in ["=1+1", "+1", "-20 C", "@a", "＝a", "－a", "'=1", "''-", "plain", "'quoted'", "'", ""] {
            assert_eq!(restored(&neutralised(text)), text, "{text}");
            assert!(!neutralised(text).starts_with(FORMULA_SIGNS), "{text}");
        }
    }
}
