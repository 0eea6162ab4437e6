//! The CAS registry number of a single substance. Mixtures, sera, cells and animals have none, so it is always
//! optional where it is used. Invariant: five to ten digits, no leading zero, and a check digit that holds.

use std::fmt;

use super::digits;
use crate::domain::fault::FaultCode;

/// A CAS registry number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cas(u64);

impl Cas {
    /// Reads the hyphenated form, like `58-08-2`.
    ///
    /// # Errors
    /// `cas_format`, `cas_check_digit`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let value = Self::joined(text).ok_or(FaultCode::CasFormat)?;
        Self::from_value(value).ok_or(FaultCode::CasCheckDigit)
    }

    fn joined(text: &str) -> Option<u64> {
        let (body, rest) = text.split_once('-')?;
        let (pair, check) = rest.split_once('-')?;
        if !(2..=7).contains(&body.len()) || body.starts_with('0') {
            return None;
        }
        Some(digits(body, body.len())? * 1000 + digits(pair, 2)? * 10 + digits(check, 1)?)
    }

    /// Returns all digits as one number, as it is stored.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Reads the number from all its digits; `None` unless there are five to ten and the last one is the sum of
    /// the others, each times its place from the right, modulo 10 (rule of the CAS registry).
    pub fn from_value(value: u64) -> Option<Self> {
        if !(10_000..=9_999_999_999).contains(&value) {
            return None;
        }
        let (mut rest, mut place, mut sum) = (value / 10, 1, 0);
        while rest > 0 {
            sum += rest % 10 * place;
            rest /= 10;
            place += 1;
        }
        (sum % 10 == value % 10).then_some(Self(value))
    }
}

impl fmt::Display for Cas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}-{}", self.0 / 1000, self.0 / 10 % 100, self.0 % 10)
    }
}

super::text_form!(Cas);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_vectors() {
        for text in
            ["7732-18-5", "58-08-2", "114-07-8", "9041-08-1", "1374853-91-4", "50-23-7", "101666-68-6", "208987-48-8"]
        {
            let cas = Cas::parse(text).unwrap();
            assert_eq!(cas.to_string(), text);
            assert_eq!(Cas::from_value(cas.value()), Some(cas));
        }
        for text in ["7732-18-4", "114-07-9", "50-23-8"] {
            assert_eq!(Cas::parse(text), Err(FaultCode::CasCheckDigit), "{text}");
        }
        for text in [
            "",
            "0-00-0",
            "114-7-8",
            "1140708",
            "058-08-2",
            "58-08-2-",
            "58-08-",
            "5-08-2",
            "12345678-12-1",
            "58–08–2",
            "５８-08-2",
            "58-08-2 ",
            "+58-08-2",
        ] {
            assert_eq!(Cas::parse(text), Err(FaultCode::CasFormat), "{text}");
        }
        assert_eq!(Cas::from_value(0), None);
        assert_eq!(Cas::from_value(u64::MAX), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "\\PC{0,14}|[1-9][0-9]{1,6}-[0-9]{2}-[0-9]") {
            if let Ok(cas) = Cas::parse(&text) {
                prop_assert_eq!(cas.to_string(), text);
                prop_assert_eq!(Cas::from_value(cas.value()), Some(cas));
            }
        }

        #[test]
        fn another_check_digit_is_found(value in 1_000_u64..=999_999_999) {
            let holding = (0..10).filter(|check| Cas::from_value(value * 10 + check).is_some()).count();
            prop_assert_eq!(holding, 1);
        }
    }
}
