//! Where in a spreadsheet something is wrong or was understood with some latitude. A fault refuses the whole file; a
//! warning does not. Texts are made on demand in either language. Invariant: what is shown of a cell is short and
//! printable, whatever the cell held.

use serde::{Deserialize, Serialize};

use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;

/// What else helps to repair a fault, where its code alone does not say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// The other row of the same item.
    SameAs {
        /// Its sheet.
        sheet: String,
        /// Its row.
        row: u32,
    },
    /// The cell is a number, and a number keeps 15 digits only.
    NumberLosesDigits,
}

/// A fault of a spreadsheet with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetFault {
    /// Name of the sheet; `None` for a fault of the file.
    pub sheet: Option<String>,
    /// Row as the spreadsheet numbers it.
    pub row: Option<u32>,
    /// Header text of the column.
    pub column: Option<String>,
    /// What stands there, shortened.
    pub value: Option<String>,
    /// What is wrong.
    pub code: FaultCode,
    /// What else helps.
    pub hint: Option<Hint>,
}

impl SheetFault {
    /// Says what is wrong and what would be right.
    pub fn detail(&self, lang: Lang) -> String {
        let text = self.code.text(lang);
        match &self.hint {
            None => text.to_owned(),
            Some(Hint::SameAs { sheet, row }) => lang.pick(
                format!("{text}另一行：工作表“{sheet}”第 {row} 行。"),
                format!("{text} The other row: sheet \"{sheet}\", row {row}."),
            ),
            Some(Hint::NumberLosesDigits) => lang.pick(
                format!("{text}单元格是数字，只保留 15 位有效数字；请设为文本格式后重新填写。"),
                format!("{text} The cell is a number, which keeps 15 digits only; format it as text and type it anew."),
            ),
        }
    }

    pub(super) fn in_sheet(mut self, sheet: &str) -> Self {
        self.sheet = Some(sheet.to_owned());
        self
    }

    pub(super) fn in_row(mut self, row: u32) -> Self {
        self.row = Some(row);
        self
    }

    pub(super) fn in_column(mut self, header: &str) -> Self {
        self.column = Some(shown(header));
        self
    }

    pub(super) fn with_value(mut self, value: &str) -> Self {
        self.value = Some(shown(value));
        self
    }

    pub(super) fn with_hint(mut self, hint: Option<Hint>) -> Self {
        self.hint = hint;
        self
    }
}

impl From<FaultCode> for SheetFault {
    fn from(code: FaultCode) -> Self {
        Self { sheet: None, row: None, column: None, value: None, code, hint: None }
    }
}

/// Shortens a text to what a report can show: 120 characters, control characters escaped.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    let printable = |c: char| {
        let escaped: Vec<char> = if c.is_control() { c.escape_default().collect() } else { vec![c] };
        escaped
    };
    let mut short: String = text.chars().take(LONGEST + 1).flat_map(printable).take(LONGEST + 1).collect();
    if short.chars().count() > LONGEST {
        short = short.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    short
}

/// One line per code: variant, stable spelling, Chinese sentence, English sentence.
macro_rules! warning_codes {
    ($($variant:ident $code:literal $zh:literal $en:literal;)+) => {
        /// What was understood with some latitude, so that a person looks at it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum WarningCode {
            $(#[doc = $en] $variant,)+
        }

        impl WarningCode {
            /// Returns the spelling on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// Says in one sentence what was done.
            pub const fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Zh) => $zh, (Self::$variant, Lang::En) => $en,)+
                }
            }
        }
    };
}

warning_codes! {
    SheetHidden "sheet_hidden" "工作表被隐藏，未读取。" "The sheet is hidden and was not read.";
    SheetEmpty "sheet_empty" "工作表没有内容，未读取。" "The sheet is empty and was not read.";
    SheetWithoutHeader "sheet_without_header" "工作表没有名单表头，未读取。" "The sheet has no header row of a list and was not read.";
    ColumnUnknown "column_unknown" "不认识此列，其内容未读取。" "The column is not known and was not read.";
    LeadingZeroRestored "leading_zero_restored" "代码存为数字而丢失前导零，已补上，请核对。" "The code was stored as a number and lost its leading zero, which was put back; please check it.";
    MergedCellCarried "merged_cell_carried" "合并单元格的内容已用于其跨越的每一行。" "The content of the merged cell was taken for every row that it spans.";
    RowSkipped "row_skipped" "此行是脚注、示例或重复的表头，未读取。" "The row is a footnote, an example or a repeated header and was not read.";
    OrganisationCheck "organisation_check" "统一社会信用代码中的组织机构代码校验位不符，请核对。" "The organisation code inside the unified social credit code fails its own check; please compare it.";
}

/// A warning about a spreadsheet with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetWarning {
    /// Name of the sheet.
    pub sheet: String,
    /// Row as the spreadsheet numbers it.
    pub row: Option<u32>,
    /// Header text of the column.
    pub column: Option<String>,
    /// What stands there, shortened.
    pub value: Option<String>,
    /// What was done.
    pub code: WarningCode,
}

impl SheetWarning {
    /// Says what was done.
    pub const fn text(&self, lang: Lang) -> &'static str {
        self.code.text(lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_short_and_printable() {
        assert_eq!(shown("a\u{0}b\nc"), r"a\u{0}b\nc");
        assert_eq!(shown(&"长".repeat(120)), "长".repeat(120));
        let long = shown(&"长".repeat(40_000));
        assert_eq!(long.chars().count(), 120);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn details_name_the_other_row_in_both_languages() {
        let fault = SheetFault::from(FaultCode::DoubledInFile)
            .with_hint(Some(Hint::SameAs { sheet: "第一批".into(), row: 7 }));
        assert!(fault.detail(Lang::Zh).ends_with("另一行：工作表“第一批”第 7 行。"));
        assert!(fault.detail(Lang::En).ends_with("sheet \"第一批\", row 7."));
    }

    #[test]
    fn faults_travel_between_the_processes() {
        let fault = SheetFault::from(FaultCode::TooManyRows).in_sheet("a").in_row(3).in_column("b").with_value("c");
        let json = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<SheetFault>(&json).unwrap(), fault);
    }
}
