//! Spreadsheets in and out: the only room that knows xlsx and csv. It turns bytes that anybody may have made into
//! rows of typed values, and rows into files that spreadsheet programs open. It knows neither the database nor the
//! list: whether an enterprise exists or an item is already listed is judged by the caller.
//!
//! Way in: `read_in_child` (a child process with limits, running `child_main`) → `scan` before anything else looks
//! at a workbook → `workbook` or `delimited` → `Grid` of raw cells → `list_rows` → typed rows and every fault.
//! Way out: `export`. Invariant: hostile bytes cost a bounded amount of memory and time and end as a fault, and a
//! file either becomes rows without any fault or names every fault that was found.

pub mod archive;
mod cell;
mod child;
mod columns;
mod delimited;
mod export;
mod fault;
mod grid;
mod header;
mod list;
mod marked;
mod merged;
mod movements;
mod row;
mod scan;
mod screening;
mod template;
mod workbook;

use std::time::Duration;

use crate::domain::fault::FaultCode;

pub use child::{child, child_main, read_in_child};
pub use columns::Column;
pub use delimited::table;
pub use export::{ExportError, ExportRow, list_csv, list_xlsx};
pub use fault::{Hint, SheetFault, SheetWarning, WarningCode};
pub use grid::{Cell, Epoch, Grid, GridRow, GridSheet, Merge};
pub use list::{ListRow, ListSheet, list_rows};
pub use marked::marked_xlsx;
pub use movements::{MovementColumn, findings_csv, findings_xlsx, movement_books, table_xlsx};
pub use screening::{ScreeningLine, screening_rows};
pub use template::template_xlsx;

/// Bounds on what a file may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most bytes of the file as sent.
    pub packed_bytes: u64,
    /// Most bytes of all parts of a workbook once inflated.
    pub unpacked_bytes: u64,
    /// Most parts of a workbook.
    pub zip_entries: usize,
    /// Most times a part may grow when inflated.
    pub ratio: u64,
    /// Inflated bytes of a part up to which its ratio does not matter.
    pub ratio_free_bytes: u64,
    /// Most bytes between two pieces of markup, so that one giant value is never held whole.
    pub markup_bytes: u64,
    /// Most shared strings of a workbook, and most cell formats.
    pub table_entries: u64,
    /// Most rows of the list in a file.
    pub rows: usize,
    /// Most columns of a sheet.
    pub columns: u16,
    /// Most characters of a cell, as spreadsheet programs have it.
    pub cell_characters: usize,
    /// Most merged ranges of a sheet.
    pub merges: usize,
    /// Most bytes of text of all cells together; shared strings are counted each time they are used.
    pub grid_bytes: usize,
    /// Most bytes that the child may answer.
    pub answer_bytes: u64,
    /// Address space of the child in bytes.
    pub address_space_bytes: u64,
    /// Processor time of the child in seconds.
    pub cpu_seconds: u64,
    /// Life of the child.
    pub wall: Duration,
}

impl Limits {
    /// The limits that the contract states.
    pub const STANDARD: Self = Self {
        packed_bytes: 10 << 20,
        unpacked_bytes: 100 << 20,
        zip_entries: 200,
        ratio: 100,
        ratio_free_bytes: 1 << 20,
        markup_bytes: 1 << 20,
        table_entries: 200_000,
        rows: 20_000,
        columns: 64,
        cell_characters: 32_767,
        merges: 50_000,
        grid_bytes: 32 << 20,
        answer_bytes: 96 << 20,
        address_space_bytes: 512 << 20,
        cpu_seconds: 10,
        wall: Duration::from_secs(30),
    };
}

/// What a file is, told from its content; its name and declared type are not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A zip archive, which may be an Office Open XML workbook.
    Xlsx,
    /// Text, which may be comma-separated.
    Csv,
}

impl Kind {
    /// Tells what a file is; `None` when it can be neither.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        // A first part, or the end of an archive without parts.
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            Some(Self::Xlsx)
        } else if delimited::is_text(bytes) {
            Some(Self::Csv)
        } else {
            None
        }
    }
}

/// Reads the raw cells of a file in this process.
///
/// Untrusted files belong into [`read_in_child`]: what a parser allocates beyond its means aborts the process.
///
/// # Errors
/// The first fault of the file as a whole: `file_too_large`, `file_encrypted`, `file_not_a_spreadsheet`,
/// `file_unreadable`, `file_external_link`, `too_many_rows`, `too_many_columns`, `text_too_long`.
pub fn read_here(bytes: &[u8], limits: &Limits) -> Result<Grid, SheetFault> {
    if u64::try_from(bytes.len()).is_ok_and(|size| size > limits.packed_bytes) {
        return Err(FaultCode::FileTooLarge.into());
    }
    match Kind::sniff(bytes) {
        Some(Kind::Xlsx) => {
            scan::check(bytes, limits)?;
            workbook::read(bytes, limits)
        }
        Some(Kind::Csv) => delimited::read(bytes, limits),
        None if is_encrypted_office_file(bytes) => Err(FaultCode::FileEncrypted.into()),
        None => Err(FaultCode::FileNotASpreadsheet.into()),
    }
}

/// Tells an Office file with a password: an OLE2 compound file with a stream named `EncryptedPackage` (MS-OFFCRYPTO
/// 2.3.4.4); other compound files are the binary formats of old.
fn is_encrypted_office_file(bytes: &[u8]) -> bool {
    const COMPOUND_FILE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.starts_with(&COMPOUND_FILE) && bytes.windows(name.len()).any(|window| window == name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::lang::Lang;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(Kind::sniff(b"PK\x03\x04"), Some(Kind::Xlsx));
        assert_eq!(Kind::sniff("企业名称,信用代码".as_bytes()), Some(Kind::Csv));
        assert_eq!(Kind::sniff(b"PK,uscc"), Some(Kind::Csv));
        assert_eq!(Kind::sniff(b"\x89PNG\r\n\x1a\n\0\0"), None);
    }

    #[test]
    fn old_and_encrypted_office_files_have_their_own_faults() {
        let mut file = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        file.resize(600, 0);
        let code = |bytes: &[u8]| read_here(bytes, &Limits::STANDARD).unwrap_err().code;
        assert_eq!(code(&file), FaultCode::FileNotASpreadsheet);
        file.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(code(&file), FaultCode::FileEncrypted);
    }

    #[test]
    fn a_file_over_the_limit_is_not_looked_at() {
        let limits = Limits { packed_bytes: 3, ..Limits::STANDARD };
        assert_eq!(read_here(b"PK\x03\x04", &limits).unwrap_err().code, FaultCode::FileTooLarge);
    }

    proptest! {
        #[test]
        fn no_bytes_do_more_than_fail(bytes in proptest::collection::vec(any::<u8>(), 0..600), zip in any::<bool>()) {
            let bytes = if zip { [b"PK\x03\x04".as_slice(), &bytes].concat() } else { bytes };
            if let Ok(grid) = read_here(&bytes, &Limits::STANDARD) {
                let list = list_rows(&grid);
                prop_assert!(list.rows.is_empty() && !list.faults.is_empty());
            }
        }

        #[test]
        fn no_damage_to_a_workbook_does_more_than_fail(at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
            let whole = template_xlsx().unwrap();
            let place = at.index(whole.len());
            let mut bytes = whole;
            if cut { bytes.truncate(place) } else { bytes[place] ^= byte }
            if let Ok(grid) = read_here(&bytes, &Limits::STANDARD) {
                prop_assert!(list_rows(&grid).rows.is_empty());
            }
        }

        #[test]
        fn no_markup_does_more_than_fail(pieces in proptest::collection::vec(0..MARKUP.len(), 0..40)) {
            let data: String = pieces.iter().map(|&piece| MARKUP[piece]).collect();
            let file = scan::tests::workbook_with(&data, &[("xl/sharedStrings.xml", data.as_bytes())]);
            if let Ok(grid) = read_here(&file, &Limits::STANDARD) {
                list_rows(&grid);
            }
        }

        #[test]
        fn no_text_does_more_than_fail(cells in proptest::collection::vec("\\PC{0,12}", 21)) {
            let header: Vec<&str> = Column::ALL.iter().map(|column| column.header(Lang::En)).collect();
            let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            let csv = format!("{}\n{}\n", header.join(","), quoted.join(","));
            let list = list_rows(&read_here(csv.as_bytes(), &Limits::STANDARD).unwrap());
            prop_assert!(list.rows.is_empty());
        }
    }

    /// Pieces of which hostile sheets are made.
    const MARKUP: &[&str] = &[
        "<sheetData>",
        "</sheetData>",
        "<row>",
        "<row r=\"4294967295\">",
        "<row r=\"2\">",
        "</row>",
        "<c>",
        "<c r=\"A1\" t=\"s\">",
        "<c r=\"ZZZZZZ99\">",
        "<c t=\"inlineStr\" s=\"9\">",
        "</c>",
        "<v>1</v>",
        "<v>99999999999999999999</v>",
        "<v>-1e308</v>",
        "<f>A1</f>",
        "<f t=\"shared\" ref=\"A1:B2\" si=\"4294967295\">1</f>",
        "<f t=\"shared\" si=\"7\"/>",
        "<is><t>统一社会信用代码</t></is>",
        "<sst uniqueCount=\"9\">",
        "<si><t>a",
        "</t></si>",
        "</sst>",
        "<mergeCells>",
        "<mergeCell ref=\"A1:XFD1048576\"/>",
        "<mergeCell ref=\"C3:A1\"/>",
        "</mergeCells>",
        "<dimension ref=\"A1:XFD1048576\"/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&amp;",
        "&#x0;",
        "\u{FFFF}",
        "<",
    ];
}
