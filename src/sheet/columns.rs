//! The columns of a white list: their headers, which of them a list must have, and what a merged cell means in each.
//! Invariant: the headers are those of the contract; a header text has one meaning or none.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::domain::lang::Lang;

/// What a merged cell means in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merging {
    /// Its content counts for every row that it spans: the enterprise, the period, what rows have in common.
    Carries,
    /// It is a fault: rows differ in it, and a merged quantity is one quantity for several items.
    Refused,
}

/// One line per column: variant, Chinese header, English header, accepted variants, meaning of merged cells.
macro_rules! columns {
    ($($variant:ident $zh:literal $en:literal [$($other:literal)*] $merging:ident;)+) => {
        /// A column of a white list, in the order in which lists are written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $(#[doc = concat!($zh, ".")] $variant,)+
        }

        impl Column {
            /// Every column.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the header that exports bear; English headers are the names of members on the wire.
            pub const fn header(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Zh) => $zh, (Self::$variant, Lang::En) => $en,)+
                }
            }

            const fn variants(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($other),*],)+
                }
            }

            pub(super) const fn merging(self) -> Merging {
                match self {
                    $(Self::$variant => Merging::$merging,)+
                }
            }
        }
    };
}

columns! {
    EnterpriseName "企业名称" "enterprise_name" [] Carries;
    Uscc "统一社会信用代码" "uscc" ["信用代码" "社会信用代码"] Carries;
    CustomsRegistration "海关注册编码" "customs_registration" [] Carries;
    ItemNameZh "物品名称" "item_name_zh" ["品名" "中文名称" "货物名称"] Refused;
    ItemNameEn "英文名称" "item_name_en" [] Refused;
    Cas "CAS号" "cas" ["CAS编号"] Refused;
    HsCode "商品编号" "hs_code" ["HS编码" "海关商品编号" "税号"] Refused;
    CiqCode "CIQ代码" "ciq_code" [] Refused;
    Specification "规格型号" "specification" ["规格"] Refused;
    Purpose "用途" "purpose" ["研发用途"] Carries;
    Quantity "批准数量" "quantity" ["数量" "年度数量" "限量"] Refused;
    Unit "计量单位" "unit" ["单位"] Carries;
    ValidFrom "有效期起" "valid_from" ["生效日期" "起始日期"] Carries;
    ValidTo "有效期止" "valid_to" ["失效日期" "截止日期" "有效期至"] Carries;
    CustomsOffices "关区" "customs_offices" ["申报地海关" "口岸"] Carries;
    Manufacturer "生产商" "manufacturer" [] Carries;
    Origin "原产国" "origin" [] Carries;
    Listing "名单编号" "listing" [] Refused;
    Used "已使用数量" "used" [] Refused;
    ConsignmentCap "每批限量" "consignment_cap" [] Refused;
    Note "备注" "note" [] Carries;
}

impl Column {
    /// Tells whether a list must have the column and each of its rows a value in it.
    pub const fn is_required(self) -> bool {
        matches!(
            self,
            Self::Uscc
                | Self::ItemNameZh
                | Self::HsCode
                | Self::Quantity
                | Self::Unit
                | Self::ValidFrom
                | Self::ValidTo
        )
    }
}

/// What a header text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// A column of the list.
    Known(Column),
    /// A column that everybody has and nobody needs: a running number, or nothing at all.
    Ignored,
    /// Something else.
    Unknown,
}

impl Header {
    /// Reads a header: width, case, spaces, line breaks and punctuation do not matter; brackets with what they hold
    /// are passed over.
    pub(super) fn of(text: &str) -> Self {
        let whole = folded(text);
        if whole.is_empty() || whole == folded("序号") {
            return Self::Ignored;
        }
        let outside = folded(&without_brackets(text));
        [outside, whole].iter().find_map(|text| column_of(text)).map_or(Self::Unknown, Self::Known)
    }
}

fn column_of(folded_text: &str) -> Option<Column> {
    static NAMES: LazyLock<HashMap<String, Column>> = LazyLock::new(|| {
        let names = |&column: &Column| {
            let own = [column.header(Lang::Zh), column.header(Lang::En)];
            own.into_iter().chain(column.variants().iter().copied()).map(move |name| (folded(name), column))
        };
        Column::ALL.iter().flat_map(names).collect()
    });
    NAMES.get(folded_text).copied()
}

/// Brings a text into the form in which headers are compared: compatibility forms folded, lower case, letters and
/// digits only.
pub(super) fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    text.nfkc()
        .filter(|c| match c {
            '(' | '[' | '{' | '【' | '〔' | '〈' | '《' => {
                depth = depth.saturating_add(1);
                false
            }
            ')' | ']' | '}' | '】' | '〕' | '〉' | '》' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_of_the_contract_means_its_column() {
        let mut seen = std::collections::HashSet::new();
        for &column in Column::ALL {
            for name in [column.header(Lang::Zh), column.header(Lang::En)].iter().chain(column.variants()) {
                assert_eq!(Header::of(name), Header::Known(column), "{name}");
                assert!(seen.insert(folded(name)), "{name} has two meanings");
            }
        }
    }

    #[test]
    fn headers_are_read_as_offices_write_them() {
        for (text, column) in [
            (" 统一社会\n信用代码 ", Column::Uscc),
            ("＊统一社会信用代码（18位）", Column::Uscc),
            ("ＣＡＳ 号", Column::Cas),
            ("cas", Column::Cas),
            ("CAS号（如有）", Column::Cas),
            ("批准数量(克)", Column::Quantity),
            ("HS 编码【10位】：", Column::HsCode),
            ("HS Code", Column::HsCode),
            ("Item name (zh)", Column::ItemNameZh),
            ("VALID-FROM", Column::ValidFrom),
            ("有效期（止）", Column::ValidTo),
            ("关 区", Column::CustomsOffices),
        ] {
            assert_eq!(Header::of(text), Header::Known(column), "{text}");
        }
        for text in ["", " \n", "——", "序号", "序 号："] {
            assert_eq!(Header::of(text), Header::Ignored, "{text}");
        }
        for text in ["联系人", "数量合计", "有效期", "no", "（数量"] {
            assert_ne!(Header::of(text), Header::Ignored, "{text}");
        }
        assert_eq!(Header::of("联系人"), Header::Unknown);
    }
}
