//! A list with twenty faults, one a row, and what is expected of each. Invariant: a row has the one fault that is expected
//! of it, and no other.

use super::cells::Put::{self, Day, Nothing, Number, Text};
use super::cells::{put, workbook};
use super::{
    ALENDRONATE, AMOXICILLIN, AMOXICILLIN_CAPSULES, AMPICILLIN, ANIMALS, CEFAZOLIN, CELL_THERAPY, CLARITHROMYCIN,
    CLARITHROMYCIN_IMPURITY, DINOPROSTONE, ERYTHROMYCIN, Enterprise, HEPARIN, HYDROCORTISONE, Item, LEVOBUPIVACAINE,
    MELATONIN, PLACENTA, PREDNISOLONE, TETRACYCLINE, VALID_FROM, VALID_TO,
};
use rust_xlsxwriter::{Formula, Worksheet, XlsxError};
use serde_json::{Value, json};
use whitelist::domain::fault::FaultCode;

/// A list with twenty faults, one a row, and what is expected of each.
pub fn book() -> Result<(Vec<u8>, Vec<Value>), XlsxError> {
    const SHEET: &str = "名单";
    const HEADER: [&str; 12] = [
        "企业名称",
        "统一社会信用代码",
        "物品名称",
        "英文名称",
        "CAS号",
        "商品编号",
        "用途",
        "批准数量",
        "计量单位",
        "有效期起",
        "有效期止",
        "关区",
    ];
    let mut book = workbook()?;
    let sheet = book.add_worksheet();
    sheet.set_name(SHEET)?.write_string(0, 0, "一份有二十处错误的名单，每行一处")?;
    put(sheet, 2, &HEADER.map(Text))?;

    // Header of the faulty cell, what stands in it, what a report shows of it, the code.
    let faults = [
        ("统一社会信用代码", Text("91110114XFXTR005X"), "91110114XFXTR005X", FaultCode::UsccLength),
        ("统一社会信用代码", Text("91110114XFXTRO05XC"), "91110114XFXTRO05XC", FaultCode::UsccAlphabet),
        ("统一社会信用代码", Text("91110114XFXTR005XD"), "91110114XFXTR005XD", FaultCode::UsccCheckDigit),
        ("物品名称", Nothing, "", FaultCode::Required),
        ("CAS号", Text("64755"), "64755", FaultCode::CasFormat),
        ("CAS号", Text("69-53-5"), "69-53-5", FaultCode::CasCheckDigit),
        ("商品编号", Text("29411092"), "29411092", FaultCode::HsCodeFormat),
        ("商品编号", Text("9937210000"), "9937210000", FaultCode::HsCodeChapter),
        ("商品编号", Text("293721000"), "293721000", FaultCode::HsCodeLostZero),
        ("用途", Text("临床使用"), "临床使用", FaultCode::ValueUnknown),
        ("批准数量", Text("约 0.1"), "约 0.1", FaultCode::QuantityFormat),
        ("批准数量", Number(0.0), "0", FaultCode::QuantityNotPositive),
        ("批准数量", Number(0.000_001), "0.000001", FaultCode::QuantityTooManyDecimals),
        ("计量单位", Text("mg"), "mg", FaultCode::UnitUnknown),
        ("有效期起", Text("9/1/2026"), "9/1/2026", FaultCode::DateFormat),
        ("有效期止", Text("2026-08-31"), "2026-09-01 – 2026-08-31", FaultCode::PeriodReversed),
        ("关区", Text("101"), "101", FaultCode::CustomsOfficeFormat),
        ("批准数量", Put::Formula("=20*6", "120"), "=20*6", FaultCode::CellFormula),
        ("计量单位", Text("36"), "36", FaultCode::UnitFormat),
    ];
    let items = [
        HEPARIN,
        CLARITHROMYCIN_IMPURITY,
        ERYTHROMYCIN,
        CLARITHROMYCIN,
        TETRACYCLINE,
        AMPICILLIN,
        AMOXICILLIN,
        HYDROCORTISONE,
        PREDNISOLONE,
        MELATONIN,
        DINOPROSTONE,
        LEVOBUPIVACAINE,
        CEFAZOLIN,
        AMOXICILLIN_CAPSULES,
        ALENDRONATE,
        PLACENTA,
    ];
    let pairs =
        [&CELL_THERAPY, &ANIMALS].into_iter().flat_map(|enterprise| items.iter().map(move |item| (enterprise, item)));
    let mut expected = Vec::new();
    let mut next = 3;
    for ((enterprise, item), (header, cell, value, code)) in pairs.zip(faults) {
        write_pair(sheet, next, enterprise, item)?;
        for (place, _) in (0..).zip(HEADER).filter(|(_, other)| *other == header) {
            sheet.clear_cell(next, place);
            match cell {
                Text(text) => sheet.write_string(next, place, text)?,
                Number(number) => sheet.write_number(next, place, number)?,
                Put::Formula(formula, result) => {
                    sheet.write_formula(next, place, Formula::new(formula).set_result(result))?
                }
                Day(..) | Nothing => sheet,
            };
        }
        let value = Some(value).filter(|value| !value.is_empty());
        next += 1;
        expected.push(json!({"sheet": SHEET, "row": next, "column": header, "value": value, "code": code}));
    }
    for _ in 0..2 {
        write_pair(sheet, next, &ANIMALS, &PLACENTA)?;
        next += 1;
    }
    expected.push(json!({"sheet": SHEET, "row": next, "column": "物品名称", "value": PLACENTA.zh, "code": FaultCode::DoubledInFile}));
    Ok((book.save_to_buffer()?, expected))
}

fn write_pair(
    sheet: &mut Worksheet,
    row: u32,
    &Enterprise(name, uscc, _): &Enterprise,
    item: &Item,
) -> Result<(), XlsxError> {
    let cells = [
        name,
        uscc,
        item.zh,
        item.en,
        item.cas.unwrap_or_default(),
        item.hs_code,
        item.purpose.as_str(),
        item.quantity,
        item.unit,
        VALID_FROM,
        VALID_TO,
        "0101、0107",
    ];
    put(sheet, row, &cells.map(Text))
}
