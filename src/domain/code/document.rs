//! Supervision documents (监管证件): the one-place codes that a tariff line demands, and sets of them. Whether the
//! list waives one is the scheme's word, not this file's. Invariant: a code is an ASCII letter or digit and its
//! case matters (`A` and `a` are two documents); the look-alikes `1Q` and `56` of the wild are not read.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;

/// The code of a supervision document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentCode(u8);

impl DocumentCode {
    /// Form for imported drugs (进口药品通关单), what the pilots waive.
    pub const Q: Self = Self(b'Q');

    /// Reads one digit or letter.
    ///
    /// # Errors
    /// `document_code_format`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        match text.as_bytes() {
            [byte] if byte.is_ascii_alphanumeric() => Ok(Self(*byte)),
            _ => Err(FaultCode::DocumentCodeFormat),
        }
    }

    /// Tells whether the document is asked for at export only.
    pub const fn is_export(self) -> bool {
        DocumentSet::EXPORT.contains(self)
    }

    /// Names the document, as far as it is known; a code without a name is still a code.
    pub const fn name(self, lang: Lang) -> Option<&'static str> {
        let (zh, en) = match self.0 {
            b'1' => ("进口许可证", "Import licence"),
            b'2' => ("两用物项和技术进口许可证", "Import licence for dual-use items and technologies"),
            b'3' => ("两用物项和技术出口许可证", "Export licence for dual-use items and technologies"),
            b'4' => ("出口许可证", "Export licence"),
            b'7' => ("自动进口许可证", "Automatic import licence"),
            b'8' => ("禁止出口商品", "Goods prohibited from export"),
            b'9' => ("禁止进口商品", "Goods prohibited from import"),
            b'A' => ("检验检疫", "Inspection and quarantine"),
            b'B' => ("电子底账", "Electronic inspection record for export"),
            b'E' => ("濒危物种允许出口证明书", "Export permit for endangered species"),
            b'F' => ("濒危物种允许进口证明书", "Import permit for endangered species"),
            b'I' => ("麻醉精神药品进出口准许证", "Import and export permit for narcotic and psychotropic drugs"),
            b'L' => ("药品进出口准许证", "Import and export permit for drugs"),
            b'O' => {
                ("自动进口许可证（新旧机电产品）", "Automatic import licence for mechanical and electrical products")
            }
            b'Q' => ("进口药品通关单", "Customs clearance form for imported drugs"),
            b'R' => ("进口兽药通关单", "Customs clearance form for imported veterinary drugs"),
            b'S' => ("农药进出口登记管理放行通知单", "Release notice for pesticides"),
            b'U' => ("合法捕捞产品通关证明", "Clearance certificate for lawfully caught products"),
            b'V' => ("人类遗传资源材料出口、出境证明", "Export certificate for human genetic resources"),
            b'X' => ("有毒化学品环境管理放行通知单", "Environmental release notice for toxic chemicals"),
            b'Y' => ("原产地证明", "Certificate of origin"),
            b'a' => ("保税核注清单", "Bonded goods verification list"),
            _ => return None,
        };
        Some(match lang {
            Lang::Zh => zh,
            Lang::En => en,
        })
    }
}

impl fmt::Display for DocumentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(self.0))
    }
}

super::text_form!(DocumentCode);

/// A set of supervision documents, one bit per ASCII code, so that it copies and orders without effort.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DocumentSet(u128);

impl DocumentSet {
    /// The set without documents.
    pub const EMPTY: Self = Self(0);

    /// Documents of the export side.
    pub const EXPORT: Self = Self(1 << b'B' | 1 << b'E' | 1 << b'3' | 1 << b'4' | 1 << b'8' | 1 << b'V');

    /// Reads codes written one after another, in any order, like `ABQ`; empty text is the empty set.
    ///
    /// # Errors
    /// `document_code_format` for any character that is no code.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let mut set = Self::EMPTY;
        for byte in text.bytes() {
            if !byte.is_ascii_alphanumeric() {
                return Err(FaultCode::DocumentCodeFormat);
            }
            set.insert(DocumentCode(byte));
        }
        Ok(set)
    }

    /// Returns the codes in ASCII order: digits, capital letters, small letters.
    pub fn iter(self) -> impl Iterator<Item = DocumentCode> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let lowest = u8::try_from(rest.trailing_zeros()).ok().filter(|_| rest != 0)?;
            rest &= rest - 1;
            Some(DocumentCode(lowest))
        })
    }

    /// Tells whether the set has this document.
    pub const fn contains(self, code: DocumentCode) -> bool {
        self.0 >> code.0 & 1 == 1
    }

    /// Adds a document.
    pub const fn insert(&mut self, code: DocumentCode) {
        self.0 |= 1 << code.0;
    }

    /// Returns the documents of both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the documents of this set that the other lacks.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns the documents of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the set without export documents.
    #[must_use]
    pub const fn imports(self) -> Self {
        self.difference(Self::EXPORT)
    }

    /// Tells whether the set has no documents.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the number of documents.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }
}

impl FromIterator<DocumentCode> for DocumentSet {
    fn from_iter<I: IntoIterator<Item = DocumentCode>>(codes: I) -> Self {
        let mut set = Self::EMPTY;
        set.extend(codes);
        set
    }
}

impl Extend<DocumentCode> for DocumentSet {
    fn extend<I: IntoIterator<Item = DocumentCode>>(&mut self, codes: I) {
        for code in codes {
            self.insert(code);
        }
    }
}

impl fmt::Display for DocumentSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|code| write!(f, "{code}"))
    }
}

impl fmt::Debug for DocumentSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentSet({self})")
    }
}

impl Serialize for DocumentSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for DocumentSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<DocumentCode>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(letters: &str) -> DocumentSet {
        DocumentSet::parse(letters).unwrap()
    }

    #[test]
    fn a_code_is_one_place_and_its_case_matters() {
        for text in ["0", "9", "A", "Z", "a", "z", "Q", "q"] {
            assert_eq!(DocumentCode::parse(text).unwrap().to_string(), text);
        }
        assert_ne!(DocumentCode::parse("q").unwrap(), DocumentCode::Q);
        for text in ["", "1Q", "56", " ", "-", "Ｑ", "\0", "é"] {
            assert_eq!(DocumentCode::parse(text), Err(FaultCode::DocumentCodeFormat), "{text}");
        }
    }

    #[test]
    fn six_documents_are_of_the_export_side() {
        let all: DocumentSet = DocumentSet(u128::MAX).iter().filter(|code| code.is_export()).collect();
        assert_eq!(all.to_string(), "348BEV");
        assert_eq!(set("ABQV3").imports(), set("AQ"));
        assert_eq!(set("abev").imports(), set("abev"));
    }

    #[test]
    fn names_stand_in_both_languages_for_the_documents_of_the_field() {
        for code in set("1234789ABEFILOQRSUVXYa").iter() {
            assert!(!code.name(Lang::Zh).unwrap().is_ascii());
            assert!(code.name(Lang::En).unwrap().is_ascii());
        }
        assert_eq!(DocumentCode::Q.name(Lang::Zh), Some("进口药品通关单"));
        assert_eq!(DocumentCode::parse("q").unwrap().name(Lang::En), None);
    }

    #[test]
    fn sets_behave_as_sets() {
        assert_eq!(set("QBA").to_string(), "ABQ");
        assert_eq!(set("aQ2z0Z").to_string(), "02QZaz");
        assert_eq!(set("AAQ"), set("QA"));
        assert_eq!(set(""), DocumentSet::EMPTY);
        assert!(set("").is_empty() && !set("Q").is_empty());
        assert_eq!(DocumentSet::parse("AB/Q"), Err(FaultCode::DocumentCodeFormat));
        assert!(set("ABQ").contains(DocumentCode::Q) && !set("ABq").contains(DocumentCode::Q));
        assert_eq!(set("ABQ").intersection(set("QX")), set("Q"));
        assert_eq!(set("ABQ").difference(set("QX")), set("AB"));
        assert_eq!(set("AB").union(set("QA")), set("ABQ"));
        assert_eq!(set("ABQ").len(), 3);
    }

    #[test]
    fn a_set_travels_as_a_list_of_letters() {
        let json = serde_json::to_string(&set("QA3")).unwrap();
        assert_eq!(json, r#"["3","A","Q"]"#);
        assert_eq!(serde_json::from_str::<DocumentSet>(&json).unwrap(), set("QA3"));
        assert!(
            serde_json::from_str::<DocumentSet>(r#"["1Q"]"#)
                .unwrap_err()
                .to_string()
                .starts_with("document_code_format")
        );
    }

    proptest! {
        #[test]
        fn iterates_in_ascii_order_and_round_trips(letters in "[0-9A-Za-z]{0,62}") {
            let shown = set(&letters).to_string();
            let mut expected: Vec<char> = letters.chars().collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(shown.chars().collect::<Vec<_>>(), expected);
            prop_assert_eq!(set(&shown), set(&letters));
            prop_assert_eq!(set(&letters).iter().collect::<DocumentSet>(), set(&letters));
        }

        #[test]
        fn never_panics(text in "\\PC{0,4}") {
            let _ = (DocumentCode::parse(&text), DocumentSet::parse(&text));
        }
    }
}
