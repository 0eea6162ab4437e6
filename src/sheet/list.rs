//! From raw cells to the rows of a white list, with every fault of every sheet. Invariant: rows are given only
//! beside an empty list of faults by a caller that imports; nothing that looks like a row of the list is passed over
//! in silence.

use std::collections::HashMap;

use super::Limits;
use super::columns::Column;
use super::fault::{Hint, SheetFault, SheetWarning, WarningCode};
use super::grid::{Grid, GridSheet};
use super::header::Layout;
use super::merged::Merged;
use super::row::{Identity, SheetReader};
use crate::domain::code::{Cas, CiqCode, CustomsOffice, CustomsRegistration, HsCode, UnitCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::listing_number::ListingNumber;
use crate::domain::purpose::Purpose;
use crate::domain::quantity::Quantity;
use crate::domain::validity::LegalDay;

/// A row of a white list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    /// Name of its sheet.
    pub sheet: String,
    /// Its number in the sheet.
    pub row: u32,
    /// Name of the enterprise (企业名称).
    pub enterprise_name: Option<String>,
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
    /// Approved quantity (批准数量), above zero, in `unit`.
    pub quantity: Quantity,
    /// Unit of the quantities of the row (计量单位).
    pub unit: UnitCode,
    /// First legal day (有效期起).
    pub valid_from: LegalDay,
    /// Last legal day (有效期止).
    pub valid_to: LegalDay,
    /// Customs offices at which the item may be declared (关区); none means those of the scheme.
    pub customs_offices: Vec<CustomsOffice>,
    /// Manufacturer (生产商).
    pub manufacturer: Option<String>,
    /// Country of origin (原产国).
    pub origin: Option<String>,
    /// The listing that the row varies (名单编号).
    pub listing: Option<ListingNumber>,
    /// Quantity already used when the list is taken over (已使用数量), in `unit`.
    pub used: Option<Quantity>,
    /// Most per consignment (每批限量), in `unit`.
    pub consignment_cap: Option<Quantity>,
    /// Note (备注).
    pub note: Option<String>,
}

/// What a file says as a white list.
#[derive(Clone, Debug, Default)]
pub struct ListSheet {
    /// The rows without fault.
    pub rows: Vec<ListRow>,
    /// Every fault; with one of them nothing is imported.
    pub faults: Vec<SheetFault>,
    /// What was understood with some latitude.
    pub warnings: Vec<SheetWarning>,
}

impl ListSheet {
    fn warn_of_sheet(&mut self, sheet: &str, code: WarningCode) {
        self.warnings.push(SheetWarning { sheet: sheet.to_owned(), row: None, column: None, value: None, code });
    }
}

/// Reads the rows of a white list out of the cells of a file.
pub fn list_rows(grid: &Grid) -> ListSheet {
    let limits = Limits::STANDARD;
    let mut list = ListSheet::default();
    for name in &grid.hidden {
        list.warn_of_sheet(name, WarningCode::SheetHidden);
    }
    let mut doubles = Doubles::default();
    let mut without_header = Vec::new();
    let mut data_rows = 0_usize;
    for sheet in &grid.sheets {
        if sheet.rows.is_empty() {
            list.warn_of_sheet(&sheet.name, WarningCode::SheetEmpty);
            continue;
        }
        let merged = match Merged::of(sheet, limits.columns) {
            Ok(merged) => merged,
            Err(fault) => {
                list.faults.push(fault);
                continue;
            }
        };
        let Some(layout) = Layout::find(sheet, &merged, &mut list.faults, &mut list.warnings) else {
            without_header.push(sheet);
            continue;
        };
        let reader = SheetReader { sheet, layout: &layout, merged: &merged, epoch: grid.epoch };
        let data = reader.data_rows(&mut list.warnings);
        reader.check_merged(&data, &mut list.faults, &mut list.warnings);
        data_rows = data_rows.saturating_add(data.len());
        if data_rows > limits.rows {
            // Of a file that is refused for its length no cell is read.
            continue;
        }
        for row in data {
            let (row, identity) = reader.read(row, &mut list.faults, &mut list.warnings);
            if let Some(identity) = identity {
                let header = if identity.listing.is_some() { Column::Listing } else { Column::ItemNameZh };
                list.faults.extend(doubles.check(identity, layout.header(header)));
            }
            list.rows.extend(row);
        }
    }
    let has_list = without_header.len() < grid.sheets.iter().filter(|sheet| !sheet.rows.is_empty()).count();
    for sheet in without_header {
        // A sheet of instructions may be passed over; one with enterprises in it may not.
        if has_list && !names_an_enterprise(sheet) {
            list.warn_of_sheet(&sheet.name, WarningCode::SheetWithoutHeader);
        } else {
            list.faults.push(SheetFault::from(FaultCode::HeaderMissing).in_sheet(&sheet.name));
        }
    }
    if data_rows > limits.rows {
        list.faults.push(FaultCode::TooManyRows.into());
    }
    if list.faults.is_empty() && data_rows == 0 {
        list.faults.push(if has_list { FaultCode::NoLines } else { FaultCode::HeaderMissing }.into());
    }
    list
}

fn names_an_enterprise(sheet: &GridSheet) -> bool {
    sheet.rows.iter().flat_map(|row| &row.cells).any(|(_, cell)| super::cell::uscc(cell).is_ok())
}

/// The items seen so far, to find those that stand twice.
#[derive(Default)]
struct Doubles {
    seen: Vec<Identity>,
    by_cas: HashMap<(Uscc, HsCode, Cas), Vec<usize>>,
    by_name: HashMap<(Uscc, HsCode, String), Vec<usize>>,
    by_listing: HashMap<ListingNumber, usize>,
}

impl Doubles {
    /// Takes an item in and finds the earlier row that it doubles: the same listing, or the same enterprise, HS
    /// code and CAS number (without it on either side: the same name) in overlapping periods.
    fn check(&mut self, identity: Identity, header: &str) -> Option<SheetFault> {
        let Identity { uscc, hs_code, cas, validity, listing, .. } = identity;
        let same_cas = cas.and_then(|cas| self.by_cas.get(&(uscc, hs_code, cas)));
        let same_name = self.by_name.get(&(uscc, hs_code, identity.name.clone()));
        let same_listing = listing.and_then(|listing| self.by_listing.get(&listing)).and_then(|&at| self.seen.get(at));
        let mut candidates = same_cas.into_iter().chain(same_name).flatten().filter_map(|&at| self.seen.get(at));
        let same_item = candidates.find(|other| {
            (cas.is_none() || other.cas.is_none() || cas == other.cas) && validity.overlaps(other.validity)
        });
        let fault = same_listing.or(same_item).map(|other| {
            SheetFault::from(FaultCode::DoubledInFile)
                .in_sheet(&identity.sheet)
                .in_row(identity.row)
                .in_column(header)
                .with_value(&identity.shown)
                .with_hint(Some(Hint::SameAs { sheet: other.sheet.clone(), row: other.row }))
        });
        let at = self.seen.len();
        if let Some(cas) = cas {
            self.by_cas.entry((uscc, hs_code, cas)).or_default().push(at);
        }
        self.by_name.entry((uscc, hs_code, identity.name.clone())).or_default().push(at);
        if let Some(listing) = listing {
            self.by_listing.entry(listing).or_insert(at);
        }
        self.seen.push(identity);
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::super::export::tests::sample;
    use super::super::{Cell, ExportRow, GridRow, Merge, list_csv, list_xlsx, read_here};
    use super::*;
    use crate::domain::lang::Lang;

    const HEADER: &[&str] = &[
        "企业名称",
        "统一社会信用代码",
        "物品名称",
        "CAS号",
        "商品编号",
        "批准数量",
        "计量单位",
        "有效期起",
        "有效期止",
        "名单编号",
    ];
    const ROW: &[&str] = &[
        "北京样例戊",
        "91110114XFXTR005XC",
        "肝素钠",
        "9041-08-1",
        "3001901000",
        "5000",
        "克",
        "2026-09-01",
        "2027-08-31",
    ];

    /// Makes a row from a pattern by putting other texts into some of its columns.
    fn with(changes: &[(usize, &'static str)]) -> Vec<&'static str> {
        let mut row = ROW.to_vec();
        row.resize(HEADER.len(), "");
        for &(place, text) in changes {
            row[place] = text;
        }
        row
    }

    fn sheet(name: &str, rows: &[Vec<&str>]) -> GridSheet {
        let rows = (1..).zip(rows).map(|(number, cells)| GridRow {
            number,
            cells: (0..)
                .zip(cells)
                .filter(|(_, text)| !text.is_empty())
                .map(|(place, text)| (place, Cell::Text((*text).to_owned())))
                .collect(),
        });
        GridSheet {
            name: name.to_owned(),
            rows: rows.filter(|row| !row.cells.is_empty()).collect(),
            merged: Vec::new(),
        }
    }

    fn list_of(sheets: Vec<GridSheet>) -> ListSheet {
        list_rows(&Grid { sheets, ..Grid::default() })
    }

    /// Reads one sheet: the header, then these rows.
    fn list(rows: &[Vec<&str>]) -> ListSheet {
        list_of(vec![sheet("名单", &[&[HEADER.to_vec()], rows].concat())])
    }

    fn merged_list(rows: &[Vec<&str>], ranges: &[(u32, u16, u32, u16)]) -> ListSheet {
        let mut sheet = sheet("名单", &[&[HEADER.to_vec()], rows].concat());
        let merge = |&(first_row, first_column, last_row, last_column): &(u32, u16, u32, u16)| Merge {
            first_row,
            first_column,
            last_row,
            last_column,
        };
        sheet.merged = ranges.iter().map(merge).collect();
        list_of(vec![sheet])
    }

    fn faults(list: &ListSheet) -> Vec<(u32, &str, FaultCode)> {
        list.faults
            .iter()
            .map(|fault| (fault.row.unwrap_or(0), fault.column.as_deref().unwrap_or(""), fault.code))
            .collect()
    }

    fn warnings(list: &ListSheet) -> Vec<(u32, WarningCode)> {
        list.warnings.iter().map(|warning| (warning.row.unwrap_or(0), warning.code)).collect()
    }

    #[test]
    fn a_plain_row_becomes_typed_values() {
        let list = list(&[with(&[(9, "BJ-2026-000123-3"), (3, "无")])]);
        assert_eq!((faults(&list), warnings(&list)), (vec![], vec![]));
        let row = &list.rows[0];
        assert_eq!((row.sheet.as_str(), row.row, row.uscc.as_str()), ("名单", 2, "91110114XFXTR005XC"));
        assert_eq!((row.quantity.to_string().as_str(), row.unit, row.cas), ("5000", UnitCode::GRAM, None));
        assert_eq!(row.listing.unwrap().to_string(), "BJ-2026-000123-3");
    }

    #[test]
    fn every_fault_of_every_row_is_named_with_its_place() {
        let list = list(&[
            with(&[
                (1, "91110114XFXTR005XD"),
                (2, ""),
                (3, "9041-08-2"),
                (4, "106901990"),
                (5, "0"),
                (6, "mg"),
                (7, "3/1/2026"),
                (8, "2026-02-30"),
                (9, "x"),
            ]),
            with(&[]),
            with(&[(2, "另一物品"), (3, ""), (7, "2027-09-01"), (5, "99999999999999")]),
        ]);
        assert_eq!(
            faults(&list),
            [
                (2, "统一社会信用代码", FaultCode::UsccCheckDigit),
                (2, "物品名称", FaultCode::Required),
                (2, "CAS号", FaultCode::CasCheckDigit),
                (2, "商品编号", FaultCode::HsCodeLostZero),
                (2, "批准数量", FaultCode::QuantityNotPositive),
                (2, "计量单位", FaultCode::UnitUnknown),
                (2, "有效期起", FaultCode::DateFormat),
                (2, "有效期止", FaultCode::DateFormat),
                (2, "名单编号", FaultCode::ListingNumberFormat),
                (4, "批准数量", FaultCode::QuantityTooLarge),
                (4, "有效期止", FaultCode::PeriodReversed),
            ]
        );
        assert_eq!(list.rows.len(), 1, "the row without fault is still known");
        assert_eq!(
            (list.faults[2].sheet.as_deref(), list.faults[2].value.as_deref()),
            (Some("名单"), Some("9041-08-2"))
        );
    }

    #[test]
    fn a_missing_column_is_one_fault_and_not_one_a_row() {
        let mut header = HEADER.to_vec();
        header[6] = "包装";
        let list = list_of(vec![sheet("名单", &[header, with(&[]), with(&[(5, "x")])])]);
        assert_eq!(
            faults(&list)[..2],
            [(1, "计量单位", FaultCode::ColumnMissing), (3, "批准数量", FaultCode::QuantityFormat)]
        );
        assert_eq!((list.rows.len(), warnings(&list)), (0, vec![(1, WarningCode::ColumnUnknown)]));
    }

    #[test]
    fn footnotes_repeated_headers_and_the_example_are_no_data() {
        let list = list(&[
            with(&[]),
            vec!["合计", "", "", "", "", "5000"],
            HEADER.to_vec(),
            with(&[(1, "示例：91110114XFXTR005XC")]),
            vec!["", "注：本名单自发布之日起施行"],
            vec!["备注：单位为克"],
        ]);
        assert_eq!((list.rows.len(), faults(&list)), (1, vec![]));
        assert_eq!(
            warnings(&list),
            [(4, WarningCode::RowSkipped), (5, WarningCode::RowSkipped), (6, WarningCode::RowSkipped)]
        );
    }

    #[test]
    fn a_forgotten_credit_code_does_not_drop_the_row() {
        assert_eq!(faults(&list(&[with(&[]), with(&[(1, "")])])), [(3, "统一社会信用代码", FaultCode::Required)]);
        assert_eq!(faults(&list(&[with(&[]), vec!["", "91110114XFXTR0"]])).first(), None, "a lone scrap is a footnote");
        assert!(!faults(&list(&[with(&[]), vec!["", "91110114XFXTR005X"]])).is_empty(), "a lone code is a row");
    }

    #[test]
    fn merged_enterprises_and_dates_count_for_each_row() {
        let second = vec!["", "", "葡聚糖40", "9004-54-0", "3913900090", "20", "克"];
        let list = merged_list(&[with(&[]), second], &[(2, 0, 3, 0), (2, 1, 3, 1), (2, 7, 3, 7), (2, 8, 3, 8)]);
        assert_eq!(faults(&list), []);
        assert_eq!(warnings(&list), [(2, WarningCode::MergedCellCarried); 4]);
        let row = &list.rows[1];
        assert_eq!((row.uscc, row.valid_to, row.row), (list.rows[0].uscc, list.rows[0].valid_to, 3));
        assert_eq!(row.enterprise_name.as_deref(), Some("北京样例戊"));
    }

    #[test]
    fn merged_items_quantities_and_neighbours_are_refused() {
        let second = with(&[(2, "葡聚糖40"), (3, ""), (4, "3913900090"), (5, "")]);
        let tall = merged_list(&[with(&[]), second], &[(2, 5, 3, 5)]);
        assert_eq!(faults(&tall), [(2, "批准数量", FaultCode::MergedDataCell)]);
        assert_eq!(tall.faults[0].value.as_deref(), Some("F2:F3"));
        assert_eq!(tall.rows.len(), 1);
        let wide = merged_list(&[with(&[(3, "")])], &[(2, 2, 2, 3)]);
        assert_eq!(faults(&wide), [(2, "物品名称", FaultCode::MergedDataCell)]);
    }

    #[test]
    fn titles_and_footnotes_may_be_merged() {
        let footnote = vec!["注：以上数量为年度数量"];
        let list = merged_list(&[with(&[]), footnote], &[(3, 0, 5, 9)]);
        assert_eq!((list.rows.len(), faults(&list), warnings(&list)), (1, vec![], vec![]));
    }

    #[test]
    fn the_same_item_twice_is_a_fault_that_names_the_other_row() {
        let later = with(&[(7, "2027-09-01"), (8, "2028-08-31")]);
        let other_cas = with(&[(3, "9004-54-0")]);
        let by_name = with(&[(2, "肝素 钠。"), (3, "")]);
        assert_eq!(faults(&list(&[with(&[]), later.clone(), other_cas.clone()])), []);
        for double in
            [with(&[(2, "别名")]), by_name.clone(), with(&[(7, "2027-08-31"), (8, "2028-08-31")]), with(&[(5, "x")])]
        {
            let list = list(&[with(&[]), later.clone(), double]);
            let fault = list.faults.last().unwrap();
            assert_eq!(
                (fault.row, fault.code, fault.column.as_deref()),
                (Some(4), FaultCode::DoubledInFile, Some("物品名称"))
            );
            assert_eq!(fault.hint, Some(Hint::SameAs { sheet: "名单".into(), row: 2 }));
            assert!(fault.detail(Lang::Zh).contains("第 2 行"));
        }
        let two_sheets = list_of(vec![
            sheet("一", &[HEADER.to_vec(), with(&[])]),
            sheet("二", &[HEADER.to_vec(), other_cas, by_name]),
        ]);
        assert_eq!(faults(&two_sheets), [(3, "物品名称", FaultCode::DoubledInFile)]);
        let varied = |cas| with(&[(9, "BJ-2026-000123-3"), (3, cas)]);
        let list = list(&[varied("9041-08-1"), varied("9004-54-0")]);
        assert_eq!(faults(&list), [(3, "名单编号", FaultCode::DoubledInFile)]);
    }

    #[test]
    fn sheets_are_read_together_and_none_is_dropped_in_silence() {
        let good = || sheet("甲", &[vec!["关于发布名单的通知"], HEADER.to_vec(), with(&[])]);
        let read = |others: Vec<GridSheet>| list_of([vec![good()], others].concat());
        let aside = read(vec![sheet("说明", &[vec!["填表说明"]]), sheet("空", &[])]);
        assert_eq!((aside.rows.len(), faults(&aside)), (1, vec![]));
        assert_eq!(warnings(&aside), [(0, WarningCode::SheetEmpty), (0, WarningCode::SheetWithoutHeader)]);
        let lost = read(vec![sheet("乙", &[with(&[])])]);
        assert_eq!((lost.faults[0].code, lost.faults[0].sheet.as_deref()), (FaultCode::HeaderMissing, Some("乙")));
        let none = list_of(vec![sheet("说明", &[vec!["填表说明"]])]);
        assert_eq!(faults(&none), [(0, "", FaultCode::HeaderMissing)]);
        assert_eq!(faults(&list_of(Vec::new())), [(0, "", FaultCode::HeaderMissing)]);
        assert_eq!(faults(&list(&[])), [(0, "", FaultCode::NoLines)]);
        let hidden = list_rows(&Grid { sheets: vec![good()], hidden: vec!["底稿".into()], ..Grid::default() });
        assert_eq!(warnings(&hidden), [(0, WarningCode::SheetHidden)]);
    }

    #[test]
    fn long_files_are_read_and_the_limit_holds() {
        let rows = |count: usize| -> Vec<ExportRow> {
            (0..count)
                .map(|n| ExportRow { item_name_zh: format!("物品{n}"), cas: None, listing: None, ..sample() })
                .collect()
        };
        for file in [list_xlsx(&rows(2_000)).unwrap(), list_csv(&rows(2_000))] {
            let list = list_rows(&read_here(&file, &Limits::STANDARD).unwrap());
            assert_eq!((list.rows.len(), list.faults), (2_000, Vec::new()));
        }
        let full = |count| list_rows(&read_here(&list_csv(&rows(count)), &Limits::STANDARD).unwrap());
        assert_eq!(faults(&full(20_000)), []);
        assert_eq!(faults(&full(20_001)), [(0, "", FaultCode::TooManyRows)]);
    }
}
