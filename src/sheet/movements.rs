//! Customs' own movements as csv, and what was found about them as csv and workbook.
//!
//! Unlike a list, which offices type by hand, this file is written by a program: one header row, one movement to a row,
//! no merged cells. Columns stand in any order and are known by the same texts in Chinese and English. Invariant: every
//! faulty cell is named, and a file either becomes movements or faults.

use std::collections::BTreeMap;

use super::columns::folded;
use super::delimited::{decode, delimiter, neutralised, one_kind_of_line_break, reader, restored};
use super::export::{ExportError, heading, workbook};
use super::fault::{Hint, SheetFault};
use crate::domain::code::{Cas, CiqCode, DeclarationNumber, HsCode, TradeMode, UnitCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::reconciliation::{Booked, Books, Clash, MOST_ROWS, Movement};
use crate::domain::validity::{Instant, LegalDay};

/// Name of the only sheet.
const SHEET: &str = "CSV";

/// Name of the sheet of findings.
const FINDINGS_SHEET: &str = "对账";

/// Faults named at most; a program that gets one row wrong gets all of them wrong.
const MOST_FAULTS: usize = 10_000;

/// One line per column: variant, Chinese header, English header, accepted variants, whether it must be there.
macro_rules! movement_columns {
    ($($variant:ident $zh:literal $en:literal [$($other:literal)*] $required:literal;)+) => {
        /// A column of customs' movements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum MovementColumn {
            $(#[doc = concat!($zh, ".")] $variant,)+
        }

        impl MovementColumn {
            /// Every column.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the header; English headers are the names of members on the wire.
            #[must_use]
            pub const fn header(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Zh) => $zh, (Self::$variant, Lang::En) => $en,)+
                }
            }

            /// Whether a file must have the column and each of its rows a value in it.
            #[must_use]
            pub const fn is_required(self) -> bool {
                match self {
                    $(Self::$variant => $required,)+
                }
            }

            fn of(header: &str) -> Option<Self> {
                let text = folded(header);
                let names = |column: Self| -> &[&str] {
                    match column {
                        $(Self::$variant => &[$zh, $en $(, $other)*],)+
                    }
                };
                Self::ALL.iter().copied().find(|column| names(*column).iter().any(|name| folded(name) == text))
            }
        }
    };
}

movement_columns! {
    Declaration "报关单号" "declaration" ["报关单编号" "declaration_number"] true;
    Sequence "顺序号" "sequence" ["消息序号" "序列号"] true;
    Kind "变动类型" "kind" ["变动" "类型"] true;
    Line "项号" "line" ["商品项号" "行号"] true;
    Quantity "数量" "quantity" [] true;
    Unit "计量单位" "unit" ["单位"] true;
    Enterprise "统一社会信用代码" "enterprise" ["信用代码" "社会信用代码" "uscc"] false;
    Listing "名单编号" "listing" [] false;
    HsCode "商品编号" "hs_code" ["HS编码" "税号"] false;
    CiqCode "CIQ代码" "ciq_code" [] false;
    Cas "CAS号" "cas" ["CAS编号"] false;
    TradeMode "监管方式" "trade_mode" ["贸易方式"] false;
    DeclaredOn "申报日期" "declared_on" [] false;
    OccurredAt "发生时间" "occurred_at" [] false;
}

/// Reads customs' movements from csv, in the encodings that offices use.
///
/// # Errors
/// Every fault of the file.
pub fn movement_books(bytes: &[u8]) -> Result<(Books, usize), Vec<SheetFault>> {
    let whole = |code: FaultCode| vec![SheetFault::from(code)];
    let text = decode(bytes).ok_or_else(|| whole(FaultCode::FileNotASpreadsheet))?;
    let text = one_kind_of_line_break(&text);
    let mut reader = reader(&text, delimiter(&text));
    let mut record = csv::StringRecord::new();
    let read = |reader: &mut csv::Reader<&[u8]>, record: &mut csv::StringRecord| {
        reader.read_record(record).map_err(|_| whole(FaultCode::FileUnreadable))
    };
    if !read(&mut reader, &mut record)? {
        return Err(whole(FaultCode::HeaderMissing));
    }
    let mut faults = Vec::new();
    let header = Header::of(&record, &mut faults);
    let mut rows = Vec::new();
    while read(&mut reader, &mut record)? {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(whole(FaultCode::TooManyRows));
        }
        // Behind the row; cells of ours hold no line breaks that a program would write.
        let place = reader.position().line().saturating_sub(1);
        let row = Row { header: &header, record: &record, place: u32::try_from(place).unwrap_or(u32::MAX) };
        rows.extend(row.read(&mut faults));
        if faults.len() > MOST_FAULTS {
            return Err(faults);
        }
    }
    if rows.is_empty() && faults.is_empty() {
        faults.extend(whole(FaultCode::NoLines));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let count = rows.len();
    let books = Books::new(rows).map_err(|clashes| clashes.into_iter().map(clash).collect::<Vec<_>>())?;
    Ok((books, count))
}

fn clash(clash: Clash) -> SheetFault {
    let other = Hint::SameAs { sheet: SHEET.to_owned(), row: clash.other };
    SheetFault::from(FaultCode::MovementContradicted).in_sheet(SHEET).in_row(clash.place).with_hint(Some(other))
}

/// Where each column stands, with its header text.
struct Header(BTreeMap<MovementColumn, (usize, String)>);

impl Header {
    fn of(record: &csv::StringRecord, faults: &mut Vec<SheetFault>) -> Self {
        let mut places: BTreeMap<MovementColumn, (usize, String)> = BTreeMap::new();
        let fault = |code: FaultCode, header: &str| SheetFault::from(code).in_sheet(SHEET).in_row(1).in_column(header);
        for (place, cell) in record.iter().enumerate() {
            let Some(column) = MovementColumn::of(cell) else { continue };
            if places.insert(column, (place, cell.trim().to_owned())).is_some() {
                faults.push(fault(FaultCode::ColumnDoubled, cell));
            }
        }
        let english = places.values().any(|(_, text)| text.is_ascii());
        let lang = if english { Lang::En } else { Lang::Zh };
        let missing = MovementColumn::ALL.iter().filter(|column| column.is_required() && !places.contains_key(column));
        faults.extend(missing.map(|column| fault(FaultCode::ColumnMissing, column.header(lang))));
        Self(places)
    }
}

/// A row that is being read.
struct Row<'r> {
    header: &'r Header,
    record: &'r csv::StringRecord,
    place: u32,
}

impl Row<'_> {
    fn cell(&self, column: MovementColumn) -> Option<&str> {
        let (place, _) = self.header.0.get(&column)?;
        self.record.get(*place).map(|cell| restored(cell.trim()).trim()).filter(|cell| !cell.is_empty())
    }

    /// Reads a cell; an empty one is a fault where the column is required and there at all.
    fn get<T>(
        &self,
        column: MovementColumn,
        faults: &mut Vec<SheetFault>,
        parse: impl FnOnce(&str) -> Result<T, FaultCode>,
    ) -> Option<T> {
        let header = self.header.0.get(&column).map(|(_, text)| text.as_str())?;
        let fault = |code: FaultCode| SheetFault::from(code).in_sheet(SHEET).in_row(self.place).in_column(header);
        let Some(cell) = self.cell(column) else {
            if column.is_required() {
                faults.push(fault(FaultCode::Required));
            }
            return None;
        };
        match parse(cell) {
            Ok(value) => Some(value),
            Err(code) => {
                faults.push(fault(code).with_value(cell));
                None
            }
        }
    }

    fn read(&self, faults: &mut Vec<SheetFault>) -> Option<Movement> {
        let kind = self.get(MovementColumn::Kind, faults, |text| Booked::parse(text).ok_or(FaultCode::ValueUnknown));
        let declaration = self.get(MovementColumn::Declaration, faults, DeclarationNumber::parse);
        let sequence = self.get(MovementColumn::Sequence, faults, |text| {
            whole(text, 9_007_199_254_740_991, FaultCode::NumberOutOfRange)
        });
        let line = self.get(MovementColumn::Line, faults, |text| whole(text, 9_999, FaultCode::LineOutOfRange));
        // What stays after a correction may be nothing.
        let quantity = self.get(
            MovementColumn::Quantity,
            faults,
            match kind {
                Some(Booked::Corrected) => Quantity::parse,
                Some(Booked::Reserved | Booked::Confirmed | Booked::GivenBack) | None => Quantity::parse_positive,
            },
        );
        let unit = self.get(MovementColumn::Unit, faults, |text| {
            UnitCode::from_name(text).map_or_else(|| UnitCode::parse(text), Ok)
        });
        let measure = quantity.zip(unit).map(|(quantity, unit)| Measure { quantity, unit });
        if let Some(measure) = measure {
            self.get(MovementColumn::Quantity, faults, |_| measure.grant_steps());
        }
        Some(Movement {
            place: self.place,
            enterprise: self.get(MovementColumn::Enterprise, faults, Uscc::parse),
            listing: self.get(MovementColumn::Listing, faults, ListingNumber::parse),
            hs_code: self.get(MovementColumn::HsCode, faults, HsCode::parse),
            ciq_code: self.get(MovementColumn::CiqCode, faults, CiqCode::parse),
            cas: self.get(MovementColumn::Cas, faults, Cas::parse),
            trade_mode: self.get(MovementColumn::TradeMode, faults, TradeMode::parse),
            declared_on: self.get(MovementColumn::DeclaredOn, faults, LegalDay::parse),
            occurred_at: self.get(MovementColumn::OccurredAt, faults, Instant::parse),
            declaration: declaration?,
            sequence: sequence?,
            kind: kind?,
            line: u16::try_from(line?).ok()?,
            measure: measure?,
        })
    }
}

fn whole(text: &str, most: i64, fault: FaultCode) -> Result<i64, FaultCode> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && (1..=most).contains(number)).ok_or(fault)
}

/// Writes a table as csv: UTF-8 with mark, everything quoted, formulas neutralised.
#[must_use]
pub fn findings_csv(header: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let quoted: Vec<String> = cells.map(|cell| format!("\"{}\"", neutralised(cell).replace('"', "\"\""))).collect();
        format!("{}\r\n", quoted.join(","))
    };
    let mut csv = String::from('\u{FEFF}');
    csv.push_str(&line(&mut header.iter().copied()));
    for row in rows {
        csv.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    csv.into_bytes()
}

/// Writes the same table as a workbook; every cell is text.
///
/// # Errors
/// More rows or longer texts than the format holds.
pub fn findings_xlsx(header: &[&str], rows: &[Vec<String>]) -> Result<Vec<u8>, ExportError> {
    table_xlsx(FINDINGS_SHEET, header, rows)
}

/// Writes any table as a workbook of one sheet; every cell is text.
///
/// # Errors
/// More rows or longer texts than the format holds.
pub fn table_xlsx(name: &str, header: &[&str], rows: &[Vec<String>]) -> Result<Vec<u8>, ExportError> {
    let mut book = workbook()?;
    let sheet = book.add_worksheet();
    sheet.set_name(name)?.set_freeze_panes(1, 0)?;
    for (place, title) in (0..).zip(header) {
        sheet.set_column_width(place, 20)?;
        sheet.write_string_with_format(0, place, *title, &heading())?;
    }
    for (number, row) in (1..).zip(rows) {
        for (place, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(number, place, cell)?;
        }
    }
    Ok(book.save_to_buffer()?)
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, read_here};
    use super::*;
    use crate::domain::reconciliation::{Finding, FindingKind, State};

    const ZH: &str = "报关单号,顺序号,变动类型,项号,数量,计量单位,统一社会信用代码,商品编号,发生时间,经办\n\
        010120261000000001,1,核注,1,0.5,千克,91110302XFXTR0033P,2941500000,2026-08-12T01:00:00Z,甲\n\
        010120261000000001,2,核销,1,0.4,035,,,,乙\n";
    const EN: &str = "unit;sequence;kind;line;declaration;quantity;hs_code\n036;1;reserved;1;010120261000000001;500;2941500000\n\n036;2;corrected;1;010120261000000001;0;\n";

    fn faults(text: &str) -> Vec<(&'static str, Option<u32>, Option<String>)> {
        let faults = movement_books(text.as_bytes()).err().unwrap_or_default();
        faults.into_iter().map(|fault| (fault.code.as_str(), fault.row, fault.column)).collect()
    }

    #[test]
    fn both_languages_read_alike_in_every_encoding() {
        let (books, rows) = movement_books(ZH.as_bytes()).unwrap();
        let found = Finding::of(None, books.declarations().next().as_ref()).unwrap();
        let there = found.there.unwrap();
        assert_eq!((rows, found.kind, there.state, there.sequence), (2, FindingKind::MissingHere, State::Released, 2));
        assert_eq!(there.lines[0].measure.to_finer().unwrap().0.to_string(), "400");
        let (gb, _, _) = encoding_rs::GB18030.encode(ZH);
        assert_eq!(movement_books(&gb).unwrap().1, 2);
        let (books, rows) = movement_books(EN.as_bytes()).unwrap();
        assert_eq!((rows, books.declarations().next().unwrap().side().holds()), (2, false));
    }

    #[test]
    fn every_fault_is_named_with_its_cell() {
        let bad = "报关单号,顺序号,变动类型,项号,数量,计量单位,商品编号\n01,0,核,0,0,斤,29415\n,,,,,,\n010120261000000001,1,核注,1,,036,\n";
        let named = |code: &'static str, row, column: &str| (code, Some(row), Some(column.to_owned()));
        assert_eq!(
            faults(bad),
            [
                named("value_unknown", 2, "变动类型"),
                named("declaration_number_format", 2, "报关单号"),
                named("number_out_of_range", 2, "顺序号"),
                named("line_out_of_range", 2, "项号"),
                named("quantity_not_positive", 2, "数量"),
                named("unit_format", 2, "计量单位"),
                named("hs_code_format", 2, "商品编号"),
                named("required", 4, "数量"),
            ]
        );
        assert_eq!(faults(""), [("header_missing", None, None)]);
        let missing: Vec<_> =
            faults("declaration,unit,单位\n").into_iter().map(|(code, _, column)| (code, column.unwrap())).collect();
        let named = |code, column: &str| (code, column.to_owned());
        assert_eq!(
            missing,
            [
                named("column_doubled", "单位"),
                named("column_missing", "sequence"),
                named("column_missing", "kind"),
                named("column_missing", "line"),
                named("column_missing", "quantity"),
            ]
        );
        let clash = ZH.replace("2,核销", "1,核注");
        assert_eq!(faults(&clash), [("movement_contradicted", Some(3), None)]);
        let header = ZH.lines().next().unwrap();
        assert_eq!(faults(header), [("no_lines", None, None)]);
        let large = ZH.replace("0.5,千克", "99999999999999,千克");
        assert_eq!(faults(&large)[0].0, "quantity_too_large");
    }

    #[test]
    fn a_hundred_thousand_rows_are_read_and_one_more_is_refused() {
        let mut text = "declaration,sequence,kind,line,quantity,unit\n".to_owned();
        for serial in 0..MOST_ROWS {
            text.push_str(&format!("010120261{serial:09},1,reserved,1,0.5,036\n"));
        }
        assert_eq!(movement_books(text.as_bytes()).unwrap().0.declarations().count(), MOST_ROWS);
        text.push_str("010120261999999999,1,reserved,1,0.5,036\n");
        assert_eq!(faults(&text), [("too_many_rows", None, None)]);
    }

    #[test]
    fn tables_of_findings_hold_no_formula_and_read_back() {
        let rows = vec![vec!["=1+1".to_owned(), "0101".to_owned()], vec![String::new(), "a\"b".to_owned()]];
        let csv = findings_csv(&["a", "b"], &rows);
        assert!(String::from_utf8(csv).unwrap().contains("\"'=1+1\",\"0101\"\r\n\"\",\"a\"\"b\""));
        let grid = read_here(&findings_xlsx(&["a", "b"], &rows).unwrap(), &Limits::STANDARD).unwrap();
        let cells: Vec<String> =
            grid.sheets[0].rows.iter().flat_map(|row| row.cells.iter().map(|(_, cell)| cell.shown())).collect();
        assert_eq!(cells, ["a", "b", "=1+1", "0101", "a\"b"]);
    }
}
