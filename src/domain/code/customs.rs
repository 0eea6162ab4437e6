//! Numbers that customs and the administration give out: customs offices (关区), registration codes of importers
//! (海关注册编码), trade modes (监管方式) and districts (行政区划). Only their shape is checked: tables of the ones in
//! use are incomplete and change. Invariant: leading zeros count, so every value shows all its digits.

use std::fmt;

use super::{begins_with, digits};
use crate::domain::fault::FaultCode;

/// A number of fixed width: its type, integer, digits, fault, and what it is.
macro_rules! number_code {
    ($(#[$doc:meta])+ $type:ident($int:ty), $width:literal digits, $fault:ident) => {
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type($int);

        impl $type {
            /// Reads the code with all its digits.
            ///
            /// # Errors
            #[doc = concat!("[`FaultCode::", stringify!($fault), "`] unless it is exactly ", $width, " digits.")]
            pub fn parse(text: &str) -> Result<Self, FaultCode> {
                digits(text, $width).and_then(Self::from_value).ok_or(FaultCode::$fault)
            }

            /// Returns the code as a number, as it is stored.
            pub fn value(self) -> u64 {
                u64::from(self.0)
            }

            /// Reads the code from a number; `None` when it has too many digits.
            pub fn from_value(value: u64) -> Option<Self> {
                <$int>::try_from(value).ok().filter(|_| value < 10_u64.pow($width)).map(Self)
            }

            /// Tells whether the code begins with these digits.
            pub fn starts_with(self, prefix: &str) -> bool {
                begins_with(self.value(), $width, prefix)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:0width$}", self.0, width = $width)
            }
        }

        super::text_form!($type);
    };
}

number_code! {
    /// A customs office: two digits of the directly affiliated customs, two of the office below it.
    CustomsOffice(u16), 4 digits, CustomsOfficeFormat
}

number_code! {
    /// A customs trade mode (监管方式), like 0110 for general trade.
    TradeMode(u16), 4 digits, TradeModeFormat
}

number_code! {
    /// An administrative district (GB/T 2260), like 110108 for Haidian.
    DistrictCode(u32), 6 digits, DistrictCodeFormat
}

impl DistrictCode {
    /// Takes six digits that another code has already proved.
    pub(super) const fn from_digits(value: u32) -> Self {
        Self(value)
    }
}

/// An importer's customs registration code: an attribute that may change, never the identity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomsRegistration([u8; 10]);

impl CustomsRegistration {
    /// Reads ten places: digits in places 1 to 4 (area) and 6 (ownership), digits or capital letters elsewhere.
    /// There is no check digit.
    ///
    /// # Errors
    /// `customs_registration_format`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let fault = FaultCode::CustomsRegistrationFormat;
        let bytes: [u8; 10] = text.as_bytes().try_into().map_err(|_| fault)?;
        let fits = bytes
            .iter()
            .enumerate()
            .all(|(place, byte)| byte.is_ascii_digit() || byte.is_ascii_uppercase() && !matches!(place, 0..=3 | 5));
        if fits { Ok(Self(bytes)) } else { Err(fault) }
    }

    /// Returns the code as text.
    pub fn as_str(&self) -> &str {
        // The bytes are ASCII by construction, so the default is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CustomsRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

super::text_form!(CustomsRegistration);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offices_keep_their_zeros() {
        for text in ["0000", "0101", "2248", "9999"] {
            let office = CustomsOffice::parse(text).unwrap();
            assert_eq!(office.to_string(), text);
            assert_eq!(CustomsOffice::from_value(office.value()), Some(office));
        }
        for text in ["", "101", "01010", "01O1", "０１０１", "+101", "-101"] {
            assert_eq!(CustomsOffice::parse(text), Err(FaultCode::CustomsOfficeFormat), "{text}");
        }
        assert_eq!(CustomsOffice::from_value(10_000), None);
        assert_eq!(CustomsOffice::from_value(u64::MAX), None);
    }

    #[test]
    fn an_office_belongs_to_the_customs_it_begins_with() {
        let office = CustomsOffice::parse("0101").unwrap();
        for (prefix, expected) in [
            ("", true),
            ("0", true),
            ("01", true),
            ("010", true),
            ("0101", true),
            ("1", false),
            ("02", false),
            ("01010", false),
            ("0x", false),
        ] {
            assert_eq!(office.starts_with(prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn trade_modes_and_districts() {
        assert_eq!(TradeMode::parse("0110").unwrap().to_string(), "0110");
        assert_eq!(TradeMode::parse("110"), Err(FaultCode::TradeModeFormat));
        assert_eq!(DistrictCode::parse("110108").unwrap().value(), 110_108);
        assert_eq!(DistrictCode::parse("11010"), Err(FaultCode::DistrictCodeFormat));
        assert_eq!(DistrictCode::from_value(1_000_000), None);
        assert!(DistrictCode::parse("110108").unwrap().starts_with("11"));
    }

    #[test]
    fn registrations() {
        for text in ["1101960123", "3201960RF7", "11019A0123", "1101A6ABCD"] {
            let registration = CustomsRegistration::parse(text).map(|code| code.to_string());
            assert_eq!(registration.is_ok(), !text.starts_with("11019A"), "{text}");
            if let Ok(shown) = registration {
                assert_eq!(shown, text);
            }
        }
        for text in ["", "110196012", "11019601234", "A101960123", "110196012a", "１101960123"] {
            assert_eq!(CustomsRegistration::parse(text), Err(FaultCode::CustomsRegistrationFormat), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "\\PC{0,11}|[0-9]{4}|[0-9]{6}|[0-9]{4}[0-9A-Z][0-9][0-9A-Z]{4}") {
            if let Ok(code) = CustomsOffice::parse(&text) {
                prop_assert_eq!(code.to_string(), text.clone());
            }
            if let Ok(code) = DistrictCode::parse(&text) {
                prop_assert_eq!(code.to_string(), text.clone());
            }
            if let Ok(code) = CustomsRegistration::parse(&text) {
                prop_assert_eq!(code.to_string(), text);
            }
        }
    }
}
