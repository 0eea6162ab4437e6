//! Makes the sample spreadsheets in `samples/`: a clean list, one as offices really send it, one with twenty faults
//! and what is expected of each, and a csv file in GB18030. Enterprises are synthetic. It is not part of the
//! service. Invariant: the files depend on this program alone, and each reads as intended before it is written.
//!
//! `cargo run --example make_samples [FOLDER]`

use std::error::Error;
use std::path::PathBuf;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};
use serde_json::{Value, json};
use whitelist::domain::code::{Cas, CustomsOffice, CustomsRegistration, HsCode, UnitCode, Uscc};
use whitelist::domain::fault::FaultCode;
use whitelist::domain::purpose::Purpose;
use whitelist::domain::quantity::Quantity;
use whitelist::domain::validity::LegalDay;
use whitelist::sheet::{ExportRow, Limits, ListSheet, list_csv, list_rows, list_xlsx, read_here};

/// A synthetic enterprise: name, credit code, customs registration.
struct Enterprise(&'static str, &'static str, &'static str);

const CELL_THERAPY: Enterprise = Enterprise("北京样例戊细胞治疗有限公司（合成）", "91110114XFXTR005XC", "1114369F05");
const ANIMALS: Enterprise = Enterprise("北京样例癸实验动物技术有限公司（合成）", "91110108XFXTR0105W", "1108969F0A");

/// An item whose HS code carries document Q.
struct Item {
    zh: &'static str,
    en: &'static str,
    cas: Option<&'static str>,
    hs_code: &'static str,
    specification: &'static str,
    purpose: Purpose,
    quantity: &'static str,
    unit: &'static str,
    origin: &'static str,
}

macro_rules! items {
    ($($name:ident $zh:literal $en:literal $cas:expr, $hs:literal $specification:literal $purpose:ident $quantity:literal $unit:literal $origin:literal;)+) => {
        $(const $name: Item = Item {
            zh: $zh, en: $en, cas: $cas, hs_code: $hs, specification: $specification, purpose: Purpose::$purpose,
            quantity: $quantity, unit: $unit, origin: $origin,
        };)+
    };
}

items! {
    HEPARIN "肝素钠（研发用）" "Heparin sodium, research grade" Some("9041-08-1"), "3001901000" "100 g/瓶；效价 >=180 IU/mg；非无菌" ProcessMaterial "5000" "036" "DEU";
    CLARITHROMYCIN_IMPURITY "红霉素衍生物对照品（去甲克拉霉素）" "N-desmethyl clarithromycin (erythromycin derivative) reference substance" Some("101666-68-6"), "2941500000" "100 mg/支；HPLC >=98%" PreclinicalItem "100" "036" "USA";
    ERYTHROMYCIN "红霉素" "Erythromycin" Some("114-07-8"), "2941500000" "5 g/瓶；>=850 ug/mg" PreclinicalItem "50" "036" "USA";
    CLARITHROMYCIN "克拉霉素" "Clarithromycin" Some("81103-11-9"), "2941500000" "1 g/瓶；USP RS" PreclinicalItem "20" "036" "USA";
    TETRACYCLINE "盐酸四环素" "Tetracycline hydrochloride" Some("64-75-5"), "2941301200" "25 g/瓶；>=95%" ProcessMaterial "200" "036" "JPN";
    AMPICILLIN "氨苄青霉素" "Ampicillin" Some("69-53-4"), "2941101100" "25 g/瓶；细胞培养级" ProcessMaterial "100" "036" "GBR";
    AMOXICILLIN "三水羟氨苄青霉素" "Amoxicillin trihydrate" Some("61336-70-7"), "2941109200" "200 mg/支；EP CRS" PreclinicalItem "2" "036" "FRA";
    HYDROCORTISONE "氢化可的松" "Hydrocortisone" Some("50-23-7"), "2937210000" "1 g/瓶；细胞培养级" ProcessMaterial "10" "036" "USA";
    PREDNISOLONE "泼尼松龙" "Prednisolone" Some("50-24-8"), "2937210000" "500 mg/支；USP RS" PreclinicalItem "5" "036" "USA";
    MELATONIN "褪黑素（对照品）" "Melatonin reference substance" Some("73-31-4"), "2937900090" "1 g/瓶；>=98%" PreclinicalItem "10" "036" "CHE";
    DINOPROSTONE "前列腺素E2" "Prostaglandin E2 (dinoprostone)" Some("363-24-6"), "2937500000" "5 mg/支；>=98%" ProcessMaterial "0.1" "036" "USA";
    LEVOBUPIVACAINE "左布比卡因混悬液" "Levobupivacaine suspension" Some("27262-47-1"), "3004909099" "10 mL/瓶；20 mg/mL；境外未上市" PreclinicalItem "200" "142" "USA";
    CEFAZOLIN "注射用头孢唑啉钠（对照药）" "Cefazolin sodium for injection (comparator)" Some("27164-46-1"), "3004201990" "1 g/瓶" PreclinicalItem "300" "142" "JPN";
    AMOXICILLIN_CAPSULES "羟氨苄青霉素胶囊（对照药）" "Amoxicillin capsules (comparator)" Some("26787-78-0"), "3004101290" "0.25 g x 24 粒/盒" PreclinicalItem "60" "140" "GBR";
    ALENDRONATE "阿仑膦酸钠维D3片（对照药）" "Alendronate sodium + vitamin D3 tablets (comparator)" None, "3004500000" "70 mg/2800 IU x 12 片/盒" PreclinicalItem "120" "140" "USA";
    PLACENTA "其他人体来源制品（人胎盘提取物）" "Human placenta extract" None, "3001909099" "10 g/瓶；冻干；病原体阴性证明" ProcessMaterial "50" "036" "JPN";
}

const VALID_FROM: &str = "2026-09-01";
const VALID_TO: &str = "2027-08-31";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "samples".into()));
    let clean = list_xlsx(
        &rows(&CELL_THERAPY, &[HEPARIN, CLARITHROMYCIN_IMPURITY, ERYTHROMYCIN, CLARITHROMYCIN, TETRACYCLINE])?
            .into_iter()
            .chain(rows(&ANIMALS, &[HEPARIN, CLARITHROMYCIN_IMPURITY, ERYTHROMYCIN])?)
            .collect::<Vec<_>>(),
    )?;
    let of_animals = rows(&ANIMALS, &[PREDNISOLONE, MELATONIN, DINOPROSTONE])?;
    let of_therapy = rows(&CELL_THERAPY, &[DINOPROSTONE, LEVOBUPIVACAINE, CEFAZOLIN])?;
    let csv = String::from_utf8(list_csv(&[of_therapy, of_animals].concat()))?;
    let (gb18030, _, lossy) = encoding_rs::GB18030.encode(csv.trim_start_matches('\u{FEFF}'));
    let messy = messy()?;
    let (faulty, expected) = faulty()?;

    expect(!lossy, "GB18030 holds every character")?;
    for (file, count) in [(clean.as_slice(), 8), (&gb18030, 6), (&messy, 11)] {
        let list = read(file)?;
        expect(list.faults.is_empty() && list.rows.len() == count, &format!("{count} rows: {:?}", list.faults))?;
    }
    let found: Vec<Value> = read(&faulty)?
        .faults
        .iter()
        .map(|fault| json!({"sheet": fault.sheet, "row": fault.row, "column": fault.column, "value": fault.value, "code": fault.code}))
        .collect();
    expect(found == expected, &format!("twenty faults: {found:#?}"))?;

    let expected = serde_json::to_string_pretty(&expected)? + "\n";
    for (name, bytes) in [
        ("list-clean.xlsx", clean.as_slice()),
        ("list-messy.xlsx", &messy),
        ("list-faulty.xlsx", &faulty),
        ("list-faulty.expected.json", expected.as_bytes()),
        ("list-gb18030.csv", &gb18030),
    ] {
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

fn read(file: &[u8]) -> Result<ListSheet, Box<dyn Error>> {
    let grid = read_here(file, &Limits::STANDARD).map_err(|fault| fault.code)?;
    Ok(list_rows(&grid))
}

fn expect(holds: bool, what: &str) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(format!("a sample is not as intended: {what}").into()) }
}

fn rows(enterprise: &Enterprise, items: &[Item]) -> Result<Vec<ExportRow>, FaultCode> {
    items.iter().map(|item| row(enterprise, item)).collect()
}

fn row(&Enterprise(name, uscc, registration): &Enterprise, item: &Item) -> Result<ExportRow, FaultCode> {
    Ok(ExportRow {
        enterprise_name: name.to_owned(),
        uscc: Uscc::parse(uscc)?,
        customs_registration: Some(CustomsRegistration::parse(registration)?),
        item_name_zh: item.zh.to_owned(),
        item_name_en: Some(item.en.to_owned()),
        cas: item.cas.map(Cas::parse).transpose()?,
        hs_code: HsCode::parse(item.hs_code)?,
        ciq_code: None,
        specification: Some(item.specification.to_owned()),
        purpose: Some(item.purpose),
        quantity: Quantity::parse(item.quantity)?,
        unit: UnitCode::parse(item.unit)?,
        valid_from: LegalDay::parse(VALID_FROM)?,
        valid_to: LegalDay::parse(VALID_TO)?,
        customs_offices: vec![CustomsOffice::parse("0101")?, CustomsOffice::parse("0107")?],
        manufacturer: None,
        origin: Some(item.origin.to_owned()),
        listing: None,
        used: None,
        consignment_cap: None,
        note: None,
    })
}

fn workbook() -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    Ok(book)
}

/// What is put into a cell.
enum Put<'t> {
    Text(&'t str),
    Number(f64),
    /// A number under a date format.
    Day(u16, u8, u8),
    /// A formula with the result that a spreadsheet program remembers.
    Formula(&'t str, &'t str),
    Nothing,
}
use Put::{Day, Nothing, Number, Text};

fn put(sheet: &mut Worksheet, row: u32, cells: &[Put<'_>]) -> Result<(), XlsxError> {
    for (place, cell) in (0..).zip(cells) {
        match *cell {
            Text(text) => sheet.write_string(row, place, text)?,
            Number(number) => sheet.write_number(row, place, number)?,
            Day(year, month, day) => {
                let format = Format::new().set_num_format("yyyy/m/d");
                sheet.write_datetime_with_format(row, place, ExcelDateTime::from_ymd(year, month, day)?, &format)?
            }
            Put::Formula(formula, result) => {
                sheet.write_formula(row, place, Formula::new(formula).set_result(result))?
            }
            Nothing => sheet,
        };
    }
    Ok(())
}

/// A list as offices really send it: everything that the reader puts up with, at once.
fn messy() -> Result<Vec<u8>, XlsxError> {
    let mut book = workbook()?;
    let plain = Format::new();
    let Enterprise(therapy, therapy_uscc, _) = CELL_THERAPY;
    let Enterprise(animals, animals_uscc, animals_registration) = ANIMALS;

    // Titles, a header of two rows, merged enterprises and dates, numbers for codes, footnotes.
    let sheet = book.add_worksheet();
    sheet.set_name("昌平区（第一批）")?;
    sheet.merge_range(0, 0, 0, 12, "生物医药研发用物品进口“白名单”推荐汇总表", &plain)?;
    sheet.merge_range(1, 0, 1, 12, "填报单位：昌平区　　　　填报日期：２０２６年８月１日", &plain)?;
    for (place, header) in [
        (0, "序号"),
        (1, "企业名称"),
        (2, "统一社会\n信用代码"),
        (3, "物品名称（中文）"),
        (4, "ＣＡＳ 号"),
        (5, "HS 编码"),
        (6, "用 途"),
        (11, "申报地海关"),
        (12, "联系人"),
    ] {
        sheet.merge_range(3, place, 4, place, header, &plain)?;
    }
    sheet.merge_range(3, 7, 3, 8, "年度进口", &plain)?;
    sheet.merge_range(3, 9, 3, 10, "有效期", &plain)?;
    for (place, header) in [(7, "数量"), (8, "单位"), (9, "起"), (10, "止")] {
        sheet.write_string(4, place, header)?;
    }
    let long_name = therapy.replace("细胞", "\n细胞");
    let lower = therapy_uscc.to_lowercase();
    put(
        sheet,
        5,
        &[
            Number(1.0),
            Nothing,
            Nothing,
            Text(" 氨苄青霉素 "),
            Text("６９－５３－４"),
            Text("2941.10.1100"),
            Text("过程物料"),
            Text("１００"),
            Text("克"),
            Nothing,
            Nothing,
            Text("0101、0107"),
            Text("张三"),
        ],
    )?;
    put(
        sheet,
        6,
        &[
            Number(2.0),
            Nothing,
            Nothing,
            Text("三水羟氨苄\n青霉素"),
            Text("61336–70–7"),
            Number(2_941_109_200.0),
            Text("临床前研究"),
            Number(2.0),
            Text("ｇ"),
            Nothing,
            Nothing,
            Text("0101 0107"),
            Text("张三"),
        ],
    )?;
    put(
        sheet,
        7,
        &[
            Number(3.0),
            Nothing,
            Nothing,
            Text("氢化可的松"),
            Text("50-23-7"),
            Text("２９３７２１００００"),
            Text("过程 物料"),
            Text("10.00"),
            Text("036"),
            Nothing,
            Nothing,
            Number(101.0),
            Nothing,
        ],
    )?;
    sheet.merge_range(5, 1, 7, 1, &long_name, &plain)?;
    sheet.merge_range(5, 2, 7, 2, &lower, &plain)?;
    sheet.merge_range(5, 9, 7, 9, "2026年9月1日", &plain)?;
    sheet.merge_range(5, 10, 7, 10, "2027年8月31日", &plain)?;
    put(
        sheet,
        8,
        &[
            Number(4.0),
            Text(therapy),
            Text("９１１１０１１４ＸＦＸＴＲ００５ＸＣ"),
            Text("泼尼松龙"),
            Text("50-24-8"),
            Text("2937210000\u{a0}"),
            Text("preclinical_item"),
            Number(5.0),
            Number(36.0),
            Day(2026, 9, 1),
            Day(2027, 8, 31),
            Text("0101；0107"),
            Text("李四"),
        ],
    )?;
    put(
        sheet,
        9,
        &[
            Number(5.0),
            Text(therapy),
            Text(therapy_uscc),
            Text("褪黑素（对照品）"),
            Text("73-31-4"),
            Text("2937900090"),
            Text("临床前研究"),
            Text("10"),
            Text("G"),
            Number(46_266.0),
            Number(46_630.0),
            Text("/"),
            Text("李四"),
        ],
    )?;
    put(sheet, 10, &[Text("合计"), Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Number(127.0)])?;
    sheet.merge_range(12, 0, 12, 12, "注：1. 数量为年度数量；2. 本表一式三份。", &plain)?;
    sheet.write_string(13, 1, "经办人：　　　　审核人：")?;

    // Headers in English, in another order, under a title; the header is repeated where the page breaks.
    let sheet = book.add_worksheet();
    sheet.set_name("Haidian")?;
    sheet.write_string(0, 0, "Recommended by Haidian District")?;
    let header = [
        "unit",
        "quantity",
        "HS Code",
        "Item name (zh)",
        "item_name_en",
        "cas",
        "Valid from",
        "Valid to",
        "USCC",
        "enterprise_name",
        "customs_registration",
        "customs_offices",
        "purpose",
    ]
    .map(Text);
    put(sheet, 2, &header)?;
    let last = [Text(animals_uscc), Text(animals), Text(animals_registration), Text("0101，0107")];
    let [uscc, name, registration, offices] = last;
    put(
        sheet,
        3,
        &[
            Text("g"),
            Text("20"),
            Text("2941.50.00.00"),
            Text("克拉霉素"),
            Text("Clarithromycin"),
            Text("81103-11-9"),
            Text("2026-09-01"),
            Text("2027/8/31"),
            uscc,
            name,
            registration,
            offices,
            Text("Preclinical item"),
        ],
    )?;
    put(
        sheet,
        4,
        &[
            Text("千克"),
            Number(0.2),
            Number(2_941_301_200.0),
            Text("盐酸四环素"),
            Text("Tetracycline\nhydrochloride"),
            Text("64-75-5"),
            Text("2026.09.01"),
            Text("2027.8.31"),
            Text("91110108 XFXTR0105W"),
            Text(animals),
            Text("1108969f0a"),
            Text("0101"),
            Text("process_material"),
        ],
    )?;
    put(sheet, 5, &header)?;
    put(
        sheet,
        6,
        &[
            Text("KG"),
            Text("0.1"),
            Text("2941101100"),
            Text("氨苄青霉素"),
            Text("Ampicillin"),
            Text("69-53-4"),
            Text("2026/09/01"),
            Text("2027年08月31日"),
            Text(animals_uscc),
            Text(animals),
            Nothing,
            Text("0101;0107"),
            Text("过程物料"),
        ],
    )?;
    put(
        sheet,
        7,
        &[
            Text("公斤"),
            Number(0.002),
            Text("2941109200"),
            Text("三水羟氨苄青霉素"),
            Text("Amoxicillin trihydrate"),
            Text("61336-70-7"),
            Text("2026-9-1"),
            Text("2027-8-31"),
            Text(animals_uscc),
            Text(animals),
            Nothing,
            Nothing,
            Nothing,
        ],
    )?;
    put(
        sheet,
        8,
        &[
            Text("盒"),
            Text("1,200"),
            Text("3004500000"),
            Text("阿仑膦酸钠维D3片（对照药）"),
            Nothing,
            Text("无"),
            Text("46266"),
            Text("46630"),
            Text(animals_uscc),
            Text(animals),
            Nothing,
            Nothing,
            Text("临床前研究"),
        ],
    )?;
    put(
        sheet,
        9,
        &[
            Text("瓶"),
            Text("300"),
            Text("3004201990"),
            Text("注射用头孢唑啉钠（对照药）"),
            Nothing,
            Text("27164-46-1"),
            Day(2026, 9, 1),
            Day(2027, 8, 31),
            Text(animals_uscc),
            Text(animals),
            Nothing,
            Nothing,
            Nothing,
        ],
    )?;

    let sheet = book.add_worksheet();
    sheet.set_name("填表说明")?.write_string(0, 0, "请逐行填写，单位以克计。")?;
    book.add_worksheet().set_name("Sheet4")?;
    let sheet = book.add_worksheet();
    sheet.set_name("底稿")?.set_hidden(true).write_string(0, 0, "旧数据，勿用")?;
    book.save_to_buffer()
}

/// A list with twenty faults, one a row, and what is expected of each.
fn faulty() -> Result<(Vec<u8>, Vec<Value>), XlsxError> {
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
