//! The number of an import declaration (报关单号), the natural key of everything drawn at the border. Older
//! nine-digit numbers and export declarations are not read. Invariant: 18 digits, the ninth of which is 1.

use std::fmt;

use super::{CustomsOffice, digits};
use crate::domain::fault::FaultCode;

/// An import declaration's number: office (4 digits), year (4), import flag `1`, serial (9).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeclarationNumber {
    office: CustomsOffice,
    year: u16,
    serial: u32,
}

impl DeclarationNumber {
    /// Reads 18 digits.
    ///
    /// # Errors
    /// `declaration_number_format`, `declaration_number_not_import` when the ninth digit is not `1`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let value = digits(text, 18).ok_or(FaultCode::DeclarationNumberFormat)?;
        if value / 1_000_000_000 % 10 != 1 {
            return Err(FaultCode::DeclarationNumberNotImport);
        }
        Self::from_parts(value).ok_or(FaultCode::DeclarationNumberFormat)
    }

    fn from_parts(value: u64) -> Option<Self> {
        Some(Self {
            office: CustomsOffice::from_value(value / 100_000_000_000_000)?,
            year: u16::try_from(value / 10_000_000_000 % 10_000).ok()?,
            serial: u32::try_from(value % 1_000_000_000).ok()?,
        })
    }

    /// Returns the customs office that the number begins with.
    pub const fn office(self) -> CustomsOffice {
        self.office
    }

    /// Returns the year in the number.
    pub const fn year(self) -> u16 {
        self.year
    }
}

impl fmt::Display for DeclarationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:04}1{:09}", self.office, self.year, self.serial)
    }
}

super::text_form!(DeclarationNumber);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_office_and_year() {
        let number = DeclarationNumber::parse("010120261012345678").unwrap();
        assert_eq!(number.to_string(), "010120261012345678");
        assert_eq!(number.office().to_string(), "0101");
        assert_eq!(number.year(), 2026);
    }

    #[test]
    fn names_what_is_wrong() {
        for text in
            ["", "012345678", "01012026101234567", "0101202610123456789", "01012026101234567X", "０10120261012345678"]
        {
            assert_eq!(DeclarationNumber::parse(text), Err(FaultCode::DeclarationNumberFormat), "{text}");
        }
        for text in ["010120260012345678", "010120262012345678"] {
            assert_eq!(DeclarationNumber::parse(text), Err(FaultCode::DeclarationNumberNotImport), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "\\PC{0,19}|[0-9]{8}1[0-9]{9}") {
            if let Ok(number) = DeclarationNumber::parse(&text) {
                prop_assert_eq!(number.office().to_string(), &text[..4]);
                prop_assert_eq!(number.to_string(), text);
            }
        }
    }
}
