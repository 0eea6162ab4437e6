//! The number by which people know a listing (名单编号), read over the telephone and typed from paper: hence a check
//! character that finds every wrong character and every swap of neighbours. It does not say that the listing
//! exists. Invariant: the check character is a letter or a digit; serials that would need `*` are not issued.

use std::fmt;
use std::ops::RangeInclusive;

use super::code::{digits, text_form};
use super::fault::FaultCode;

const YEARS: RangeInclusive<u16> = 1900..=2199;
const SERIALS: RangeInclusive<u32> = 1..=999_999_999;

/// A listing number: scheme prefix, year, serial of at least six digits, check character (ISO 7064 MOD 37-2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListingNumber {
    /// Two to four capital letters, then zeros.
    prefix: [u8; 4],
    year: u16,
    serial: u32,
}

impl ListingNumber {
    /// Makes the number of a serial; `None` when its check character would be `*` (take the next serial), or when
    /// a part is out of range: prefix of two to four capital letters, year 1900 to 2199, serial 1 to 999,999,999.
    pub fn new(prefix: &str, year: u16, serial: u32) -> Option<Self> {
        let number = Self::unchecked(prefix, year, serial)?;
        number.check_value().ne(&STAR).then_some(number)
    }

    fn unchecked(prefix: &str, year: u16, serial: u32) -> Option<Self> {
        let fits = (2..=4).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
            && YEARS.contains(&year)
            && SERIALS.contains(&serial);
        let mut letters = [0; 4];
        for (place, byte) in letters.iter_mut().zip(prefix.bytes()) {
            *place = byte;
        }
        fits.then_some(Self { prefix: letters, year, serial })
    }

    /// Reads a number such as `BJ-2026-000123-3`.
    ///
    /// # Errors
    /// `listing_number_format`, `listing_number_check`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let (number, check) = Self::parts(text).ok_or(FaultCode::ListingNumberFormat)?;
        if number.check_value() == check { Ok(number) } else { Err(FaultCode::ListingNumberCheck) }
    }

    fn parts(text: &str) -> Option<(Self, u32)> {
        let mut parts = text.split('-');
        let (prefix, year, serial, check) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let padded = serial.len() == 6 || (7..=9).contains(&serial.len()) && !serial.starts_with('0');
        if parts.next().is_some() || !padded {
            return None;
        }
        let year = u16::try_from(digits(year, 4)?).ok()?;
        let serial = u32::try_from(digits(serial, serial.len())?).ok()?;
        let &[check] = check.as_bytes() else {
            return None;
        };
        Some((Self::unchecked(prefix, year, serial)?, value(check)?))
    }

    /// Returns the scheme's prefix.
    pub fn prefix(&self) -> &str {
        let letters = self.prefix.split(|byte| *byte == 0).next().unwrap_or_default();
        // The letters are ASCII by construction, so the default is never taken.
        std::str::from_utf8(letters).unwrap_or_default()
    }

    /// Returns the year of issue.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// Returns the serial within scheme and year.
    pub const fn serial(self) -> u32 {
        self.serial
    }

    /// Computes the check character's value: with it, each value times its power of 2 from the right sums to
    /// 1 modulo 37.
    fn check_value(self) -> u32 {
        let width = self.serial.checked_ilog10().unwrap_or_default().max(5) + 1;
        let letters = self.prefix.into_iter().filter_map(value);
        let sum = letters
            .chain(places(u32::from(self.year), 4))
            .chain(places(self.serial, width))
            .fold(0, |sum, value| (sum + value) * 2 % 37);
        (38 - sum) % 37
    }
}

/// The value of `*`, which only check characters can have.
const STAR: u32 = 36;

/// Returns the value of a digit or capital letter in ISO 7064 MOD 37-2.
fn value(byte: u8) -> Option<u32> {
    if byte.is_ascii_lowercase() { None } else { char::from(byte).to_digit(36) }
}

/// Returns the decimal digits of a number from the left, padded to a width.
fn places(number: u32, width: u32) -> impl Iterator<Item = u32> {
    (0..width).rev().map(move |place| number / 10_u32.pow(place) % 10)
}

impl fmt::Display for ListingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = char::from_digit(self.check_value(), 36).unwrap_or('*').to_ascii_uppercase();
        write!(f, "{}-{:04}-{:06}-{check}", self.prefix(), self.year, self.serial)
    }
}

text_form!(ListingNumber);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHARACTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";

    #[test]
    fn shows_its_check_character() {
        for (prefix, year, serial, shown) in [
            ("BJ", 2026, 123, "BJ-2026-000123-3"),
            ("BJ", 2026, 1, "BJ-2026-000001-N"),
            ("BJ", 2026, 999_999_999, "BJ-2026-999999999-N"),
            ("SHFT", 2027, 1_000_000, "SHFT-2027-1000000-4"),
        ] {
            let number = ListingNumber::new(prefix, year, serial).unwrap();
            assert_eq!(number.to_string(), shown);
            assert_eq!(ListingNumber::parse(shown), Ok(number));
            assert_eq!((number.prefix(), number.year(), number.serial()), (prefix, year, serial));
        }
        assert!(std::mem::size_of::<ListingNumber>() <= 12);
    }

    #[test]
    fn agrees_with_the_published_example_of_mod_37_2() {
        // G123489654321 has check character Y.
        let sum = b"G123489654321".iter().fold(0, |sum, byte| (sum + value(*byte).unwrap()) * 2 % 37);
        assert_eq!(char::from_digit((38 - sum) % 37, 36), Some('y'));
    }

    #[test]
    fn skips_serials_that_would_need_a_star() {
        let skipped: Vec<u32> = (1..60).filter(|serial| ListingNumber::new("BJ", 2026, *serial).is_none()).collect();
        assert_eq!(skipped, [29, 37, 45, 53]);
        assert_eq!(ListingNumber::parse("BJ-2026-000029-*"), Err(FaultCode::ListingNumberFormat));
    }

    #[test]
    fn names_what_is_wrong() {
        for text in [
            "",
            "BJ",
            "B-2026-000123-3",
            "BJABC-2026-000123-3",
            "bj-2026-000123-3",
            "B1-2026-000123-3",
            "BJ-2026-123-3",
            "BJ-2026-0000123-3",
            "BJ-1899-000123-3",
            "BJ-2200-000123-3",
            "BJ-26-000123-3",
            "BJ-2026-000000-3",
            "BJ-2026-1234567890-3",
            "BJ-2026-000123-33",
            "BJ-2026-000123-",
            "BJ-2026-000123-3-",
            "BJ2026000123-3",
            "BJ-2026-000123-é",
            " BJ-2026-000123-3",
            "BJ-2026-00012３-3",
            "BJ–2026–000123–3",
            "BJ-2026-000123-a",
        ] {
            assert_eq!(ListingNumber::parse(text), Err(FaultCode::ListingNumberFormat), "{text}");
        }
        assert_eq!(ListingNumber::parse("BJ-2026-000123-4"), Err(FaultCode::ListingNumberCheck));
        assert_eq!(ListingNumber::parse("BJ-2026-000132-3"), Err(FaultCode::ListingNumberCheck));
        for (prefix, year, serial) in [
            ("", 2026, 1),
            ("b", 2026, 1),
            ("BEIJING", 2026, 1),
            ("BJ", 1899, 1),
            ("BJ", 2026, 0),
            ("BJ", 2026, u32::MAX),
        ] {
            assert_eq!(ListingNumber::new(prefix, year, serial), None);
        }
    }

    #[test]
    fn numbers_follow_prefix_year_and_serial() {
        let number = |prefix, year, serial| ListingNumber::new(prefix, year, serial).unwrap();
        let ordered = [
            number("BJ", 2025, 999_999),
            number("BJ", 2026, 1),
            number("BJ", 2026, 1_000_000),
            number("BJA", 2025, 1),
            number("SH", 2025, 1),
        ];
        assert!(ordered.is_sorted());
    }

    proptest! {
        #[test]
        fn every_substitution_and_adjacent_swap_is_found(prefix in "[A-Z]{2,4}", year in YEARS, serial in prop_oneof![1_u32..=999_999, SERIALS]) {
            let Some(number) = ListingNumber::new(&prefix, year, serial) else { return Ok(()) };
            let shown = number.to_string();
            prop_assert_eq!(ListingNumber::parse(&shown), Ok(number));
            let places: Vec<usize> = (0..shown.len()).filter(|place| shown.as_bytes()[*place] != b'-').collect();
            let refused = |bytes: Vec<u8>| ListingNumber::parse(std::str::from_utf8(&bytes).unwrap()).is_err();
            for &place in &places {
                for &other in CHARACTERS {
                    let mut bytes = shown.clone().into_bytes();
                    bytes[place] = other;
                    prop_assert!(bytes == shown.as_bytes() || refused(bytes));
                }
            }
            for pair in places.windows(2) {
                let mut bytes = shown.clone().into_bytes();
                bytes.swap(pair[0], pair[1]);
                prop_assert!(bytes == shown.as_bytes() || refused(bytes));
            }
        }

        #[test]
        fn never_panics_and_round_trips(text in "\\PC{0,20}|[A-Z]{2,4}-[0-9]{4}-[0-9]{6,9}-[0-9A-Z]") {
            if let Ok(number) = ListingNumber::parse(&text) {
                prop_assert_eq!(number.to_string(), text);
            }
        }
    }
}
