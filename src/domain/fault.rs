//! What can be wrong with a value that came from outside: one closed list of codes with a text in both languages.
//! It is not the list of rules that say no (a fault is repaired by sending another value, a rule is not), and it
//! does not know where the value stood. Invariant: every code has one spelling for ever and a text per language.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::lang::Lang;

/// One line per code: variant, stable spelling, Chinese sentence, English sentence.
macro_rules! fault_codes {
    ($($variant:ident $code:literal $zh:literal $en:literal;)+) => {
        /// A reason why an input value is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultCode {
            $(#[doc = $en] $variant,)+
        }

        impl FaultCode {
            /// Every code, in the order of this list.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the spelling on the wire; it never changes.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// Says in one sentence what is wrong and what would be right.
            pub const fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Zh) => $zh, (Self::$variant, Lang::En) => $en,)+
                }
            }

            /// Finds the code with this spelling.
            pub fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

fault_codes! {
    // The shape of a message.
    Required "required" "缺少必填项，请填写。" "This value is required; please give it.";
    UnknownMember "unknown_member" "接口中没有这个成员，请删除或改正其名称。" "The contract has no such member; remove it or correct its name.";
    WrongType "wrong_type" "值的类型不对，请按接口说明使用字符串、数字、数组或对象。" "The value has the wrong JSON type; use the one that the contract states.";
    MalformedJson "malformed_json" "内容不是有效的 JSON，请发送一个 UTF-8 编码、没有重复成员的 JSON 文档。" "The content is not valid JSON; send one UTF-8 document without repeated members.";
    TooDeep "too_deep" "JSON 嵌套过深，请按接口说明减少层数。" "The JSON is nested too deeply; stay within the depth that the contract states.";
    TooManyLines "too_many_lines" "行数超出上限，请不要超过接口规定的行数。" "There are too many lines; stay within the number that the contract states.";
    NoLines "no_lines" "没有任何一行，请至少提供一行。" "There are no lines; give at least one.";
    DuplicateLine "duplicate_line" "行号重复，同一请求中每个行号只能出现一次。" "The line number occurs twice; each may occur once in a request.";
    LineOutOfRange "line_out_of_range" "行号超出范围，应为 1 至 9999 的整数。" "The line number is out of range; it is a whole number from 1 to 9999.";
    LineUnknown "line_unknown" "报关单的现有申报中没有这一行，请核对行号。" "The declaration as it stands has no such line; compare the line numbers.";
    OccurredInFuture "occurred_in_future" "发生时刻晚于现在，请核对时刻与时区。" "The instant lies in the future; check it and its offset.";
    OccurredTooLongAgo "occurred_too_long_ago" "发生时刻距今超过 30 天，不能再事后补报；请由关员人工放行并说明理由。" "The instant lies more than 30 days back and cannot be reported any more; have an officer release manually with a reason.";
    TextTooLong "text_too_long" "文字过长，请缩短至规定长度以内。" "The text is too long; shorten it to the stated length.";
    MailFormat "mail_format" "电子邮箱格式不对，应如 name@example.cn。" "The e-mail address is malformed; it looks like name@example.cn.";
    TextNotPrintable "text_not_printable" "文字中含有控制字符，请只使用可见字符。" "The text contains control characters; use printable ones only.";
    ValueUnknown "value_unknown" "取值不在允许的范围内，请使用接口列出的值之一。" "The value is not one of the closed list; use one that the contract names.";
    NumberOutOfRange "number_out_of_range" "数字超出允许的范围，请使用接口规定范围内的整数。" "The number is out of range; use a whole number within the stated bounds.";
    IdFormat "id_format" "标识格式不对，应为类型前缀加 32 位小写十六进制字符。" "The id is malformed; it is its kind's prefix followed by 32 lower-case hexadecimal digits.";
    CursorFormat "cursor_format" "翻页游标无效，请原样使用上一页返回的 next 值。" "The cursor is not valid; use the `next` of the previous page unchanged.";
    LimitOutOfRange "limit_out_of_range" "每页条数超出范围，应为 1 至 200。" "The page size is out of range; it is from 1 to 200.";
    ReasonRequired "reason_required" "缺少理由或依据，请说明。" "A reason with its basis is required; please state it.";
    WebhookAddress "webhook_address" "地址不能用于接收推送：须为 https 公网域名、443 端口，不含用户名、密码和片段；内部地址须由运维人员列入 WHITELIST_WEBHOOK_ALLOW。" "Messages cannot be sent to this address: give an https URL with a public host name, port 443, without user name, password or fragment; the operator may list inner addresses in WHITELIST_WEBHOOK_ALLOW.";
    HashFormat "hash_format" "摘要应为 64 位小写十六进制字符（SHA-256）。" "A hash is 64 lower-case hexadecimal digits (SHA-256).";
    SetAndCleared "set_and_cleared" "同一项不能既改为新值又清除，请只保留一种。" "A term cannot be given a new value and be cleared; keep one of them.";
    ReasonUnknown "reason_unknown" "理由代码不在清单内，请使用接口列出的代码之一。" "The reason code is not in the list; use one that the contract names.";

    // Codes of the field.
    UsccLength "uscc_length" "统一社会信用代码应为 18 位。" "A unified social credit code has 18 characters.";
    UsccAlphabet "uscc_alphabet" "统一社会信用代码含有不应出现的字符：只用数字和大写字母，不用 I、O、S、V、Z，第 3 至 8 位为数字。" "The unified social credit code has a character that cannot stand there: digits and capital letters without I, O, S, V, Z, and digits in places 3 to 8.";
    UsccCheckDigit "uscc_check_digit" "统一社会信用代码的校验位不符，请核对各位。" "The check character of the unified social credit code does not fit; compare it with the licence.";
    HsCodeFormat "hs_code_format" "商品编号应为 10 位数字。" "An HS code has exactly ten digits.";
    HsCodeChapter "hs_code_chapter" "商品编号的前两位（章）应在 01 至 97 之间。" "The first two digits of an HS code, its chapter, are from 01 to 97.";
    CiqCodeFormat "ciq_code_format" "CIQ 代码应为 3 位数字。" "A CIQ code has exactly three digits.";
    CasFormat "cas_format" "CAS 号格式不对，应为 2 至 7 位数字、2 位数字和 1 位校验位，以连字符相连，如 58-08-2。" "The CAS number is malformed; it is two to seven digits, two digits and a check digit joined by hyphens, like 58-08-2.";
    CasCheckDigit "cas_check_digit" "CAS 号的校验位不符，请核对各位数字。" "The check digit of the CAS number does not fit; compare its digits with the source.";
    CustomsOfficeFormat "customs_office_format" "关区代码应为 4 位数字，如 0101。" "A customs office is four digits, like 0101.";
    CustomsRegistrationFormat "customs_registration_format" "海关注册编码应为 10 位：前 4 位和第 6 位为数字，其余为数字或大写字母。" "A customs registration code has ten places: digits in places 1 to 4 and 6, digits or capital letters in the others.";
    DeclarationNumberFormat "declaration_number_format" "报关单号应为 18 位数字。" "A declaration number has exactly 18 digits.";
    DeclarationNumberNotImport "declaration_number_not_import" "不是进口报关单：报关单号第 9 位应为 1。" "This is not an import declaration; the ninth digit of its number is 1.";
    DeclarationNumberOtherOffice "declaration_number_other_office" "报关单号的前 4 位应与申报地海关的关区代码一致。" "The first four digits of the declaration number are to equal the customs office.";
    TradeModeFormat "trade_mode_format" "监管方式代码应为 4 位数字，如 0110。" "A trade mode is four digits, like 0110.";
    DistrictCodeFormat "district_code_format" "行政区划代码应为 6 位数字，如 110108。" "A district code is six digits, like 110108.";
    DocumentCodeFormat "document_code_format" "监管证件代码应为一位数字或字母，区分大小写，如 Q。" "A document code is one digit or letter, and its case matters, like Q.";
    UnitFormat "unit_format" "计量单位代码应为 3 位数字，如 036（克）。" "A unit is a code of three digits, like 036 for gram.";
    UnitUnknown "unit_unknown" "计量单位不在已知的单位表中，请使用表中的代码，如 036（克）、096（毫升）。" "The unit is not in the table of known units; use one of its codes, like 036 for gram or 096 for millilitre.";
    UnitMissing "unit_missing" "填写了数量但没有计量单位，两者应同时填写。" "There is a quantity without a unit; give both.";
    QuantityMissing "quantity_missing" "填写了计量单位但没有数量，两者应同时填写。" "There is a unit without a quantity; give both.";
    QuantityFormat "quantity_format" "数量应为普通十进制数，如 0.5 或 100，不带正负号、指数、千分位和多余的前导零。" "A quantity is a plain decimal like 0.5 or 100, without sign, exponent, thousands marks or needless leading zeros.";
    QuantityNotPositive "quantity_not_positive" "数量应大于零。" "The quantity is to be above zero.";
    QuantityTooManyDecimals "quantity_too_many_decimals" "数量最多 5 位小数，请改用更小的计量单位。" "A quantity has at most five decimals; use a finer unit.";
    QuantityTooManyDigits "quantity_too_many_digits" "数量的整数部分最多 14 位。" "A quantity has at most 14 digits before the point.";
    QuantityTooLarge "quantity_too_large" "数量过大：换算为较小单位（克、毫升）后不得超过 10 万亿。" "The quantity is too large; in the finer unit (gram, millilitre) it may be at most 10,000,000,000,000.";
    DateFormat "date_format" "日期应为实际存在的日子，写作 YYYY-MM-DD，如 2026-03-01。" "A date is a day that exists, written YYYY-MM-DD, like 2026-03-01.";
    DateOutOfRange "date_out_of_range" "日期应在 1900-01-01 至 2199-12-31 之间。" "A date is from 1900-01-01 to 2199-12-31.";
    InstantFormat "instant_format" "时刻应按 RFC 3339 书写并带时区，如 2026-03-01T09:30:00.000000Z。" "An instant is written as in RFC 3339 with its offset, like 2026-03-01T09:30:00.000000Z.";
    PeriodReversed "period_reversed" "有效期止早于有效期起，请核对两个日期。" "The period ends before it begins; compare the two dates.";
    TermDoubled "term_doubled" "月数与起止日期只能填写一种，请删除其中之一。" "The time is given both in months and as two dates; keep one of them.";
    ListingNumberFormat "listing_number_format" "名单编号格式不对，应如 BJ-2026-000123-3。" "The listing number is malformed; it looks like BJ-2026-000123-3.";
    ListingNumberCheck "listing_number_check" "名单编号的校验字符不符，请核对各位。" "The check character of the listing number does not fit; compare it with the list.";

    // What only the list itself can tell.
    EnterpriseNameRequired "enterprise_name_required" "名单中尚无此企业，请填写企业名称以便登记。" "This enterprise is not yet registered; give its name so that it can be.";
    QuantityBelowUsed "quantity_below_used" "批准数量低于已使用数量，请核对两者。" "The approved quantity is below what has been used; check both.";
    UnitDiffers "unit_differs" "计量单位与名单条目的单位不同；条目的单位不能变更。" "The unit differs from that of the listing, which cannot change.";
    OtherEnterprise "other_enterprise" "此行的统一社会信用代码不是申请企业的，请只填写本企业的物品。" "The credit code of this row is not the applicant's; list its own items only.";
    ListingNotAsked "listing_not_asked" "新增申请不填写名单编号；如需变更或续期，请另行提交相应申请。" "An application for new listings names no listing; apply for a variation or a renewal instead.";
    RowRefused "row_refused" "此行要求的变更为名单规则所不许，规则见“值”。" "The rules of the list do not allow what the row asks for; the value names the rule.";
    AlreadyListed "already_listed" "同一企业的同一物品在重叠的期间内已在名单中，请删除此行，或填写名单编号以变更该条目。" "The same item of this enterprise is already listed for an overlapping period; drop the row, or give the listing number to vary that listing.";
    DoubledInFile "doubled_in_file" "文件中另有一行为同一企业的同一物品且期间重叠，请保留一行。" "Another row of the file lists the same item of this enterprise for an overlapping period; keep one of them.";
    ListingUnknown "listing_unknown" "没有此编号的名单条目，请核对编号。" "There is no listing with this number; compare it with the list.";
    EnterpriseUnknown "enterprise_unknown" "此统一社会信用代码的企业尚未登记，请先登记或核对代码。" "No enterprise with this unified social credit code is registered; register it first or compare the code.";
    DistrictUnknown "district_unknown" "试点方案中没有此行政区，请使用方案列出的区划代码。" "The scheme has no such district; use a district code that it names.";
    SchemeUnknown "scheme_unknown" "没有此代码的试点方案，请核对方案代码。" "There is no scheme with this code; compare it with the list of schemes.";

    // Reconciliation.
    MovementContradicted "movement_contradicted" "此行与同一报关单、同一顺序号的另一行相矛盾，请只保留正确的一行。" "The row contradicts another of the same declaration and sequence; keep the one that is right.";
    DeclarationOfOthers "declaration_of_others" "该报关单不属于本直属海关（关区代码前两位不同），请只提交本关的记录。" "The declaration belongs to another directly-affiliated customs (the first two digits of the office differ); send your own only.";
    PeriodTooLong "period_too_long" "期间内的报关单过多或期间超过 366 天，请缩短期间后分次对账。" "The period holds too many declarations or is longer than 366 days; shorten it and reconcile in parts.";
    WindowTooLong "window_too_long" "按此间隔一次统计的时间过长：按小时不超过 7 天，按日不超过 92 天，按周不超过 371 天。" "The time is too long for this interval: at most 7 days by hours, 92 days by days, 371 days by weeks.";

    // Spreadsheets.
    HeaderMissing "header_missing" "前 30 行内没有找到表头，表头应含统一社会信用代码及其他列名。" "No header row was found in the first 30 rows; it names the credit code and the other columns.";
    ColumnMissing "column_missing" "缺少必需的列，请按模板补上该列。" "A required column is missing; add it as in the template.";
    ColumnDoubled "column_doubled" "两列的表头含义相同，请只保留一列。" "Two columns have headers of the same meaning; keep one of them.";
    CellFormula "cell_formula" "单元格是公式，请粘贴为数值后重新上传。" "The cell holds a formula; paste its value in its place.";
    CellError "cell_error" "单元格是错误值（如 #N/A），请改为正确的内容。" "The cell holds an error value such as #N/A; put the right content in its place.";
    HsCodeLostZero "hs_code_lost_zero" "商品编号只有 9 位，可能丢失了前导零，请填写完整的 10 位。" "The HS code has nine digits and may have lost its leading zero; write all ten.";
    MergedDataCell "merged_data_cell" "此列的数据单元格被合并，请取消合并并逐行填写。" "Data cells of this column are merged; unmerge them and fill in each row.";
    TooManyRows "too_many_rows" "行数超出上限，请把文件拆分。" "The file has too many rows; split it.";
    TooManyColumns "too_many_columns" "列数超出上限，请删除无关的列。" "The file has too many columns; remove those that do not belong to the list.";
    FileUnreadable "file_unreadable" "文件已损坏或无法读取，请用表格软件打开后另存为 xlsx 或 csv。" "The file is damaged or cannot be read; open it in a spreadsheet program and save it anew as xlsx or csv.";
    FileTooLarge "file_too_large" "文件过大，或解压后过大，请拆分或删除无关内容。" "The file is too large, packed or unpacked; split it or remove what does not belong to the list.";
    FileEncrypted "file_encrypted" "文件设有密码，请取消密码后重新上传。" "The file is protected by a password; remove it and send the file again.";
    FileNotASpreadsheet "file_not_a_spreadsheet" "文件不是 xlsx 或 csv 表格，请另存为其中一种格式。" "The file is neither an xlsx workbook nor csv; save it as one of them.";
    FileExternalLink "file_external_link" "文件链接到其他文件，请断开链接并保留数值。" "The file links to other files; break the links and keep the values.";

    // Evidence documents.
    DocumentEmpty "document_empty" "文件是空的，请选择有内容的文件。" "The file is empty; choose one with content.";
    DocumentTooLarge "document_too_large" "文件超过 20 MiB，请压缩或拆分后重新上传。" "The file is larger than 20 MiB; compress or split it and send it again.";
    DocumentKind "document_kind" "不接受此种文件；请上传 pdf、ofd、jpeg、png、xlsx 或 docx。" "This kind of file is not taken; send a pdf, ofd, jpeg, png, xlsx or docx.";
    DocumentMistyped "document_mistyped" "文件名后缀与内容不符，请改正后缀或重新导出文件。" "The ending of the file's name does not fit its content; correct it or export the file anew.";
    DocumentEncrypted "document_encrypted" "文件设有密码或加密，请取消后重新上传。" "The file is encrypted or protected by a password; remove that and send it again.";
    DocumentDamaged "document_damaged" "文件不完整或已损坏，请重新导出后上传。" "The file is incomplete or damaged; export it anew and send it again.";
    DocumentPolyglot "document_polyglot" "文件中夹带了其他内容，请用原软件另存后重新上传。" "The file carries something else besides its own content; save it anew with its own program and send it again.";
    DocumentActive "document_active" "文件含有宏或脚本，请去除后重新上传。" "The file contains macros or scripts; remove them and send it again.";
    DocumentInfected "document_infected" "病毒扫描未通过，文件未被接收；请检查您的设备。" "The virus scan found something and the file was not taken; check your machine.";
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for FaultCode {}

impl Serialize for FaultCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FaultCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| de::Error::custom(format_args!("`{code}` is no fault code")))
    }
}

/// One thing that is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the body; `/name` for a query or path parameter or a header.
    pub pointer: String,
    /// What is wrong.
    pub code: FaultCode,
}

impl Fault {
    /// Makes a fault.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: FaultCode) -> Self {
        Self { pointer: pointer.into(), code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_the_snake_case_of_its_name_and_found_again() {
        for fault in FaultCode::ALL {
            let mut snake = String::new();
            for letter in format!("{fault:?}").chars() {
                if letter.is_ascii_uppercase() && !snake.is_empty() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            assert_eq!(fault.as_str(), snake);
            assert_eq!(FaultCode::from_code(&snake), Some(*fault));
        }
        assert_eq!(FaultCode::from_code("no_such_fault"), None);
    }

    #[test]
    fn every_text_is_a_sentence_of_its_language_and_its_own() {
        let mut seen = std::collections::HashSet::new();
        for fault in FaultCode::ALL {
            let (zh, en) = (fault.text(Lang::Zh), fault.text(Lang::En));
            assert!(zh.ends_with('。') && en.ends_with('.'), "{fault}");
            assert!(en.is_ascii() && !zh.is_ascii(), "{fault}");
            assert!(seen.insert(zh) && seen.insert(en), "{fault} repeats a text");
        }
    }

    #[test]
    fn travels_as_its_code() {
        let json = serde_json::to_string(&FaultCode::UsccCheckDigit).unwrap();
        assert_eq!(json, r#""uscc_check_digit""#);
        assert_eq!(serde_json::from_str::<FaultCode>(&json).unwrap(), FaultCode::UsccCheckDigit);
        assert!(serde_json::from_str::<FaultCode>(r#""nonsense""#).is_err());
    }
}
