//! Makes the sample spreadsheets in `samples/`: a clean list, one as offices really send it, one with twenty faults
//! and what is expected of each, and a csv file in GB18030. Enterprises are synthetic. It is not part of the
//! service. Invariant: the files depend on this program alone, and each reads as intended before it is written.
//!
//! `cargo run --example make_samples [FOLDER]`

mod cells;
mod faulty;
mod messy;

use std::error::Error;
use std::path::PathBuf;

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
    let messy = messy::book()?;
    let (faulty, expected) = faulty::book()?;

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
