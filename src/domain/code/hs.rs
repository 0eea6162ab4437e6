//! The commodity code (商品编号, HS with China's national digits) and the CIQ code that may follow it. They are not
//! checked against a tariff: that table is dated and lives elsewhere. Invariant: ten digits in chapters 01 to 97,
//! and three digits.

use std::fmt;

use super::{begins_with, digits};
use crate::domain::fault::FaultCode;

/// A ten-digit commodity code; it means something only together with a tariff date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HsCode(u64);

impl HsCode {
    const CHAPTER: u64 = 100_000_000;

    /// Reads ten digits without dots or spaces.
    ///
    /// # Errors
    /// `hs_code_format`, `hs_code_chapter`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let value = digits(text, 10).ok_or(FaultCode::HsCodeFormat)?;
        Self::from_value(value).ok_or(FaultCode::HsCodeChapter)
    }

    /// Returns the code as a number, as it is stored.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Reads the code from a number; `None` outside chapters 01 to 97.
    pub fn from_value(value: u64) -> Option<Self> {
        (1..=97).contains(&(value / Self::CHAPTER)).then_some(Self(value))
    }

    /// Tells whether the code begins with these digits (a chapter, heading or subheading).
    pub fn starts_with(self, prefix: &str) -> bool {
        begins_with(self.0, 10, prefix)
    }
}

impl fmt::Display for HsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

super::text_form!(HsCode);

/// The three-digit CIQ code that narrows a commodity code for inspection and quarantine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CiqCode(u16);

impl CiqCode {
    /// Reads three digits.
    ///
    /// # Errors
    /// `ciq_code_format`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        digits(text, 3).and_then(Self::from_value).ok_or(FaultCode::CiqCodeFormat)
    }

    /// Returns the code as a number, as it is stored.
    pub fn value(self) -> u64 {
        u64::from(self.0)
    }

    /// Reads the code from a number; `None` above 999.
    pub fn from_value(value: u64) -> Option<Self> {
        u16::try_from(value).ok().filter(|value| *value <= 999).map(Self)
    }
}

impl fmt::Display for CiqCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

super::text_form!(CiqCode);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_ten_digits_in_a_chapter() {
        for text in ["2941500000", "0106901990", "9705100000", "0100000000", "9799999999"] {
            let code = HsCode::parse(text).unwrap();
            assert_eq!(code.to_string(), text);
            assert_eq!(HsCode::from_value(code.value()), Some(code));
        }
        for text in [
            "",
            "294150000",
            "29415000000",
            "2941.50.00",
            "29415O0000",
            "２９４１５０００００",
            "+941500000",
            " 941500000",
        ] {
            assert_eq!(HsCode::parse(text), Err(FaultCode::HsCodeFormat), "{text}");
        }
        for text in ["0000000000", "0099999999", "9800000000", "9999999999"] {
            assert_eq!(HsCode::parse(text), Err(FaultCode::HsCodeChapter), "{text}");
        }
        assert_eq!(HsCode::from_value(u64::MAX), None);
    }

    #[test]
    fn knows_its_headings() {
        let code = HsCode::parse("0106901990").unwrap();
        for (prefix, expected) in [
            ("", true),
            ("0", true),
            ("01", true),
            ("0106", true),
            ("0106901990", true),
            ("106", false),
            ("01069019900", false),
            ("01.06", false),
        ] {
            assert_eq!(code.starts_with(prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn reads_ciq_codes() {
        for text in ["000", "007", "405", "999"] {
            let code = CiqCode::parse(text).unwrap();
            assert_eq!(code.to_string(), text);
            assert_eq!(CiqCode::from_value(code.value()), Some(code));
        }
        for text in ["", "40", "4050", "4a5", "+05"] {
            assert_eq!(CiqCode::parse(text), Err(FaultCode::CiqCodeFormat), "{text}");
        }
        assert_eq!(CiqCode::from_value(1000), None);
    }

    #[test]
    fn travels_as_a_string_and_reports_its_fault() {
        let code: HsCode = serde_json::from_str(r#""0106901990""#).unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), r#""0106901990""#);
        assert!(
            serde_json::from_str::<HsCode>(r#""9901000000""#).unwrap_err().to_string().starts_with("hs_code_chapter")
        );
        assert!(serde_json::from_str::<HsCode>("106901990").is_err());
        assert_eq!(format!("{code:?}"), "HsCode(0106901990)");
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "\\PC{0,12}|[0-9]{10}|[0-9]{3}") {
            if let Ok(code) = HsCode::parse(&text) {
                prop_assert_eq!(code.to_string(), text.clone());
                for end in 1..=10 {
                    prop_assert!(code.starts_with(&text[..end]));
                }
            }
            if let Ok(code) = CiqCode::parse(&text) {
                prop_assert_eq!(code.to_string(), text);
            }
        }
    }
}
