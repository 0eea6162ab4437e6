//! A list as offices really send it. Invariant: everything in it is something that the reader puts up with.

use super::cells::Put::{Day, Nothing, Number, Text};
use super::cells::{put, workbook};
use super::{ANIMALS, CELL_THERAPY, Enterprise};
use rust_xlsxwriter::{Format, XlsxError};

/// A list as offices really send it: everything that the reader puts up with, at once.
pub fn book() -> Result<Vec<u8>, XlsxError> {
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
