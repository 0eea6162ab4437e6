//! Lists as files that spreadsheet programs open. Every cell is text, so that codes keep their zeros and quantities
//! their decimals, and nothing is ever a formula. It decides nothing about who may see which row. Invariant: what is
//! written here reads back as the same rows, and the bytes depend on the rows alone.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::columns::Column;
use super::delimited::neutralised;
use crate::domain::code::{Cas, CiqCode, CustomsOffice, CustomsRegistration, HsCode, UnitCode, Uscc};
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::purpose::Purpose;
use crate::domain::quantity::Quantity;
use crate::domain::validity::LegalDay;

/// Name of the sheet that holds the list.
pub(super) const LIST_SHEET: &str = "名单";

/// A workbook could not be written: there are more rows or longer texts than the format holds.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the workbook")]
pub struct ExportError(#[from] XlsxError);

/// A row of a list to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRow {
    /// Name of the enterprise (企业名称).
    pub enterprise_name: String,
    /// Identity of the enterprise (统一社会信用代码).
    pub uscc: Uscc,
    /// Code with which the enterprise is registered at customs (海关注册编码).
    pub customs_registration: Option<CustomsRegistration>,
    /// Chinese name of the item (物品名称).
    pub item_name_zh: String,
    /// English name of the item (英文名称).
    pub item_name_en: Option<String>,
    /// CAS registry number (CAS号).
    pub cas: Option<Cas>,
    /// HS code (商品编号).
    pub hs_code: HsCode,
    /// CIQ code (CIQ代码).
    pub ciq_code: Option<CiqCode>,
    /// Specification (规格型号).
    pub specification: Option<String>,
    /// Purpose (用途).
    pub purpose: Option<Purpose>,
    /// Approved quantity (批准数量), in `unit`.
    pub quantity: Quantity,
    /// Unit of the quantities of the row (计量单位).
    pub unit: UnitCode,
    /// First legal day (有效期起).
    pub valid_from: LegalDay,
    /// Last legal day (有效期止).
    pub valid_to: LegalDay,
    /// Customs offices at which the item may be declared (关区).
    pub customs_offices: Vec<CustomsOffice>,
    /// Manufacturer (生产商).
    pub manufacturer: Option<String>,
    /// Country of origin (原产国).
    pub origin: Option<String>,
    /// Number of the listing (名单编号).
    pub listing: Option<ListingNumber>,
    /// Quantity used (已使用数量), in `unit`.
    pub used: Option<Quantity>,
    /// Most per consignment (每批限量), in `unit`.
    pub consignment_cap: Option<Quantity>,
    /// Note (备注).
    pub note: Option<String>,
}

impl ExportRow {
    /// Writes the cell of a column; an absent value is empty.
    pub(super) fn cell(&self, column: Column) -> String {
        fn text<T: ToString>(value: Option<&T>) -> String {
            value.map(T::to_string).unwrap_or_default()
        }
        match column {
            Column::EnterpriseName => self.enterprise_name.clone(),
            Column::Uscc => self.uscc.to_string(),
            Column::CustomsRegistration => text(self.customs_registration.as_ref()),
            Column::ItemNameZh => self.item_name_zh.clone(),
            Column::ItemNameEn => text(self.item_name_en.as_ref()),
            Column::Cas => text(self.cas.as_ref()),
            Column::HsCode => self.hs_code.to_string(),
            Column::CiqCode => text(self.ciq_code.as_ref()),
            Column::Specification => text(self.specification.as_ref()),
            Column::Purpose => self.purpose.map(|purpose| purpose.name(Lang::Zh).to_owned()).unwrap_or_default(),
            Column::Quantity => self.quantity.to_string(),
            Column::Unit => self.unit.name(Lang::Zh).to_owned(),
            Column::ValidFrom => self.valid_from.to_string(),
            Column::ValidTo => self.valid_to.to_string(),
            Column::CustomsOffices => {
                self.customs_offices.iter().map(ToString::to_string).collect::<Vec<_>>().join("、")
            }
            Column::Manufacturer => text(self.manufacturer.as_ref()),
            Column::Origin => text(self.origin.as_ref()),
            Column::Listing => text(self.listing.as_ref()),
            Column::Used => text(self.used.as_ref()),
            Column::ConsignmentCap => text(self.consignment_cap.as_ref()),
            Column::Note => text(self.note.as_ref()),
        }
    }
}

/// Writes a list as a workbook.
///
/// # Errors
/// More rows or longer texts than the format holds.
pub fn list_xlsx(rows: &[ExportRow]) -> Result<Vec<u8>, ExportError> {
    let mut book = workbook()?;
    let sheet = list_sheet(&mut book)?;
    for (number, row) in (1..).zip(rows) {
        write_row(sheet, number, row)?;
    }
    Ok(book.save_to_buffer()?)
}

/// Writes a list as csv: UTF-8 with mark, comma, everything quoted (RFC 4180), formulas neutralised by an apostrophe.
pub fn list_csv(rows: &[ExportRow]) -> Vec<u8> {
    let mut csv = String::from('\u{FEFF}');
    csv.push_str(&line(|column| column.header(Lang::Zh).to_owned()));
    for row in rows {
        csv.push_str(&line(|column| row.cell(column)));
    }
    csv.into_bytes()
}

fn line(cell: impl Fn(Column) -> String) -> String {
    let quoted = |&column: &Column| format!("\"{}\"", neutralised(&cell(column)).replace('"', "\"\""));
    let cells: Vec<String> = Column::ALL.iter().map(quoted).collect();
    format!("{}\r\n", cells.join(","))
}

/// Makes a workbook without the time of its making, so that the same rows give the same bytes.
pub(super) fn workbook() -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    Ok(book)
}

/// Adds the sheet of the list with its header row.
pub(super) fn list_sheet(book: &mut Workbook) -> Result<&mut Worksheet, XlsxError> {
    let sheet = book.add_worksheet();
    sheet.set_name(LIST_SHEET)?.set_freeze_panes(1, 0)?;
    for (place, &column) in (0..).zip(Column::ALL) {
        let width = match column {
            Column::EnterpriseName | Column::ItemNameZh | Column::ItemNameEn | Column::Specification | Column::Note => {
                32
            }
            Column::Uscc | Column::Manufacturer | Column::Listing => 22,
            Column::CustomsRegistration
            | Column::Cas
            | Column::HsCode
            | Column::CiqCode
            | Column::Purpose
            | Column::Quantity
            | Column::Unit
            | Column::ValidFrom
            | Column::ValidTo
            | Column::CustomsOffices
            | Column::Origin
            | Column::Used
            | Column::ConsignmentCap => 13,
        };
        sheet.set_column_width(place, width)?;
        // Text, so that what is typed into the column keeps its zeros and is not taken for a date.
        sheet.set_column_format(place, &text_format())?;
        sheet.write_string_with_format(0, place, column.header(Lang::Zh), &heading())?;
    }
    Ok(sheet)
}

fn text_format() -> Format {
    Format::new().set_num_format("@")
}

pub(super) fn heading() -> Format {
    text_format().set_bold()
}

/// Writes a row, numbered from 0.
pub(super) fn write_row(sheet: &mut Worksheet, number: u32, row: &ExportRow) -> Result<(), XlsxError> {
    for (place, &column) in (0..).zip(Column::ALL) {
        let text = row.cell(column);
        if !text.is_empty() {
            sheet.write_string_with_format(number, place, text, &text_format())?;
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Limits, list_rows, read_here};
    use super::*;
    use crate::domain::fault::FaultCode;

    pub(in crate::sheet) fn sample() -> ExportRow {
        ExportRow {
            enterprise_name: "北京样例戊细胞治疗有限公司（合成）".into(),
            uscc: Uscc::parse("91110114XFXTR005XC").unwrap(),
            customs_registration: CustomsRegistration::parse("1114369F05").ok(),
            item_name_zh: "肝素钠（研发用）".into(),
            item_name_en: Some("Heparin sodium, \"research\" grade".into()),
            cas: Cas::parse("9041-08-1").ok(),
            hs_code: HsCode::parse("3001901000").unwrap(),
            ciq_code: CiqCode::parse("007").ok(),
            specification: Some("100 g/瓶；效价 >=180 IU/mg".into()),
            purpose: Some(Purpose::ProcessMaterial),
            quantity: Quantity::parse("5000.00001").unwrap(),
            unit: UnitCode::GRAM,
            valid_from: LegalDay::parse("2026-09-01").unwrap(),
            valid_to: LegalDay::parse("2027-08-31").unwrap(),
            customs_offices: ["0101", "0107"].iter().map(|office| CustomsOffice::parse(office).unwrap()).collect(),
            manufacturer: Some("样例制造商".into()),
            origin: Some("DEU".into()),
            listing: ListingNumber::parse("BJ-2026-000123-3").ok(),
            used: Some(Quantity::ZERO),
            consignment_cap: Quantity::parse("500").ok(),
            note: Some("=1+1".into()),
        }
    }

    fn samples() -> Vec<ExportRow> {
        let bare = ExportRow {
            customs_registration: None,
            item_name_zh: "阿仑膦酸钠维D3片".into(),
            item_name_en: Some("@risk".into()),
            cas: None,
            hs_code: HsCode::parse("0106901990").unwrap(),
            ciq_code: None,
            specification: Some("－20 C, 'x'".into()),
            purpose: None,
            quantity: Quantity::parse("99999999999").unwrap(),
            unit: UnitCode::from_value(140).unwrap(),
            customs_offices: Vec::new(),
            manufacturer: Some("'=quoted".into()),
            origin: Some("+86".into()),
            listing: None,
            used: None,
            consignment_cap: None,
            note: None,
            ..sample()
        };
        vec![sample(), bare]
    }

    fn read_back(file: &[u8]) -> Vec<ExportRow> {
        let list = list_rows(&read_here(file, &Limits::STANDARD).unwrap());
        assert_eq!((list.faults, list.warnings), (Vec::new(), Vec::new()));
        list.rows
            .into_iter()
            .map(|row| ExportRow {
                enterprise_name: row.enterprise_name.unwrap(),
                uscc: row.uscc,
                customs_registration: row.customs_registration,
                item_name_zh: row.item_name_zh,
                item_name_en: row.item_name_en,
                cas: row.cas,
                hs_code: row.hs_code,
                ciq_code: row.ciq_code,
                specification: row.specification,
                purpose: row.purpose,
                quantity: row.quantity,
                unit: row.unit,
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                customs_offices: row.customs_offices,
                manufacturer: row.manufacturer,
                origin: row.origin,
                listing: row.listing,
                used: row.used,
                consignment_cap: row.consignment_cap,
                note: row.note,
            })
            .collect()
    }

    #[test]
    fn both_formats_read_back_as_the_same_rows() {
        assert!(sample().listing.is_some());
        assert_eq!(read_back(&list_xlsx(&samples()).unwrap()), samples());
        assert_eq!(read_back(&list_csv(&samples())), samples());
    }

    #[test]
    fn csv_holds_no_formula() {
        let text = String::from_utf8(list_csv(&samples())).unwrap();
        assert!(text.starts_with("\u{FEFF}\"企业名称\",") && text.ends_with("\"\r\n"));
        let mut csv = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
        for cell in csv.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']), "{cell}");
        }
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let first = list_xlsx(&samples()).unwrap();
        assert_eq!(first, list_xlsx(&samples()).unwrap());
    }

    #[test]
    fn an_empty_list_is_a_file_with_a_header() {
        for file in [list_xlsx(&[]).unwrap(), list_csv(&[])] {
            let list = list_rows(&read_here(&file, &Limits::STANDARD).unwrap());
            assert_eq!(list.faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [FaultCode::NoLines]);
        }
    }
}
