//! The workbook that offices fill in: the columns of a list with drop-down lists, one example that is never
//! imported, and a sheet that explains each column in both languages. Invariant: the template as it is reads as an
//! empty list without any other fault.

use rust_xlsxwriter::{DataValidation, Format, XlsxError};

use super::Limits;
use super::columns::Column;
use super::export::{ExportError, heading, list_sheet, workbook};
use crate::domain::code::UnitCode;
use crate::domain::lang::Lang;
use crate::domain::purpose::Purpose;

/// Writes the template.
///
/// # Errors
/// The format cannot hold it, which its tests exclude.
pub fn template_xlsx() -> Result<Vec<u8>, ExportError> {
    let mut book = workbook()?;
    let sheet = list_sheet(&mut book)?;
    let last_row = u32::try_from(Limits::STANDARD.rows).unwrap_or(u32::MAX);
    for (place, &column) in (0..).zip(Column::ALL) {
        let example = Format::new().set_num_format("@").set_italic();
        sheet.write_string_with_format(1, place, guide(column).example, &example)?;
        if let Some(values) = choices(column) {
            let list = DataValidation::new().allow_list_strings(&values)?;
            sheet.add_data_validation(1, place, last_row, place, &list)?;
        }
    }
    explain(&mut book)?;
    Ok(book.save_to_buffer()?)
}

/// The values of a column with a drop-down list.
fn choices(column: Column) -> Option<Vec<&'static str>> {
    if column == Column::Purpose {
        Some(Purpose::ALL.iter().map(|purpose| purpose.name(Lang::Zh)).collect())
    } else if column == Column::Unit {
        Some((0..1_000).filter_map(UnitCode::from_value).map(|unit| unit.name(Lang::Zh)).collect())
    } else {
        None
    }
}

fn explain(book: &mut rust_xlsxwriter::Workbook) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet();
    sheet.set_name("填写说明")?;
    for (place, (title, width)) in (0..).zip([("列 | Column", 22), ("必填 | Required", 16), ("说明", 60), ("Note", 60)])
    {
        sheet.set_column_width(place, width)?.write_string_with_format(0, place, title, &heading())?;
    }
    for (row, &column) in (1..).zip(Column::ALL) {
        let required = if column.is_required() { "是 | yes" } else { "否 | no" };
        let names = format!("{} | {}", column.header(Lang::Zh), column.header(Lang::En));
        for (place, text) in (0..).zip([names.as_str(), required, guide(column).zh, guide(column).en]) {
            sheet.write_string(row, place, text)?;
        }
    }
    Ok(())
}

/// How to fill in a column.
struct Guide {
    example: &'static str,
    zh: &'static str,
    en: &'static str,
}

const fn guide(column: Column) -> Guide {
    let (example, zh, en) = match column {
        Column::EnterpriseName => {
            ("某某生物科技有限公司", "名单中尚无的企业必须填写", "Needed for an enterprise that is not yet registered")
        }
        Column::Uscc => (
            "示例（请删除此行）",
            "18 位；此列为空的行视为脚注，以“示例”开头的行不读取",
            "18 characters; a row without it is a footnote, one that begins with 示例 or example is not read",
        ),
        Column::CustomsRegistration => ("1114369F05", "10 位", "10 characters"),
        Column::ItemNameZh => ("肝素钠（研发用）", "物品的中文名称", "Chinese name of the item"),
        Column::ItemNameEn => ("Heparin sodium, research grade", "物品的英文名称", "English name of the item"),
        Column::Cas => ("9041-08-1", "单一物质填写，混合物留空", "For a single substance; empty for mixtures"),
        Column::HsCode => {
            ("3001901000", "10 位，可带点；请设为文本格式", "10 digits, dots allowed; format the cell as text")
        }
        Column::CiqCode => ("", "3 位", "3 digits"),
        Column::Specification => ("100 g/瓶", "规格型号", "Specification"),
        Column::Purpose => {
            ("过程物料", "临床前研究、过程物料或辅料", "preclinical_item, process_material or excipient")
        }
        Column::Quantity => ("5000", "大于零，最多 5 位小数", "Above zero, at most five decimals"),
        Column::Unit => ("克", "名称或 3 位代码，如 克 或 036", "Name or code of three digits, like g or 036"),
        Column::ValidFrom => ("2026-09-01", "首日，如 2026-09-01 或 2026年9月1日", "First day, like 2026-09-01"),
        Column::ValidTo => ("2027-08-31", "末日（含当日）", "Last day, inclusive"),
        Column::CustomsOffices => (
            "0101、0107",
            "4 位关区代码，多个以顿号隔开；留空则按试点方案",
            "Codes of four digits, several apart by commas; empty means those of the scheme",
        ),
        Column::Manufacturer => ("", "生产商名称", "Name of the manufacturer"),
        Column::Origin => ("DEU", "原产国", "Country of origin"),
        Column::Listing => (
            "",
            "变更已有条目时填写其编号，新增时留空",
            "The number of the listing that the row varies; empty to add one",
        ),
        Column::Used => ("", "移交名单时已使用的数量", "Quantity already used when a list is taken over"),
        Column::ConsignmentCap => ("500", "每批进口的上限", "Most per consignment"),
        Column::Note => ("", "备注", "Note"),
    };
    Guide { example, zh, en }
}

#[cfg(test)]
mod tests {
    use super::super::{WarningCode, list_rows, read_here};
    use super::*;
    use crate::domain::fault::FaultCode;

    #[test]
    fn the_template_reads_as_an_empty_list() {
        let grid = read_here(&template_xlsx().unwrap(), &Limits::STANDARD).unwrap();
        assert_eq!(grid.sheets.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>(), ["名单", "填写说明"]);
        let list = list_rows(&grid);
        assert_eq!(list.faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [FaultCode::NoLines]);
        let warnings: Vec<_> = list.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(warnings, [WarningCode::RowSkipped, WarningCode::SheetWithoutHeader]);
    }

    #[test]
    fn drop_down_lists_hold_names_that_are_read_back() {
        for name in choices(Column::Unit).unwrap() {
            assert!(UnitCode::from_name(name).is_some());
        }
        for name in choices(Column::Purpose).unwrap() {
            assert!(Purpose::parse(name).is_ok());
        }
    }
}
