//! Quantities of goods: exact decimals with five places, and quantities with their unit. Never a float, never a
//! rounding: what a unit cannot carry is refused or shown in the finer unit. Invariant: one step is 10⁻⁵ of the
//! unit; text read from outside is never negative, differences may be.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::code::{UnitCode, text_form};
use super::fault::FaultCode;

/// A quantity in steps of 10⁻⁵; the customs field holds 19 digits, five of them decimals.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Steps in one whole.
    pub const STEPS: i128 = 100_000;

    /// Most digits before the point.
    const WHOLE_DIGITS: usize = 14;

    /// Most digits after the point.
    const DECIMALS: usize = 5;

    /// Reads a plain decimal such as `0`, `0.5` or `100.00`.
    ///
    /// # Errors
    /// `quantity_format`, `quantity_too_many_digits`, `quantity_too_many_decimals`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let (whole, decimals) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let needless_zero = whole.len() > 1 && whole.starts_with('0');
        if !plain(whole) || needless_zero || !decimals.is_none_or(plain) {
            return Err(FaultCode::QuantityFormat);
        }
        let decimals = decimals.unwrap_or_default();
        if whole.len() > Self::WHOLE_DIGITS {
            return Err(FaultCode::QuantityTooManyDigits);
        }
        if decimals.len() > Self::DECIMALS {
            return Err(FaultCode::QuantityTooManyDecimals);
        }
        let padded = decimals.bytes().chain(std::iter::repeat(b'0')).take(Self::DECIMALS);
        Ok(Self(whole.bytes().chain(padded).fold(0, |steps, digit| steps * 10 + i128::from(digit - b'0'))))
    }

    /// Reads a plain decimal above zero.
    ///
    /// # Errors
    /// Those of [`Quantity::parse`], and `quantity_not_positive`.
    pub fn parse_positive(text: &str) -> Result<Self, FaultCode> {
        Self::parse(text)
            .and_then(|quantity| if quantity > Self::ZERO { Ok(quantity) } else { Err(FaultCode::QuantityNotPositive) })
    }

    /// Counts in steps of 10⁻⁵.
    pub const fn steps(self) -> i128 {
        self.0
    }

    /// Makes a quantity of steps of 10⁻⁵.
    pub const fn from_steps(steps: i128) -> Self {
        Self(steps)
    }

    /// Adds; `None` beyond what 128 bits hold.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Subtracts, below zero if need be; `None` beyond what 128 bits hold.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Shows steps that are counted in the finer unit of `unit`: in `unit` itself when five decimals carry them,
    /// else in the finer unit.
    pub fn in_unit_or_finer(steps: i128, unit: UnitCode) -> Measure {
        let (finer, factor) = unit.finer();
        let factor = i128::from(factor);
        if steps % factor == 0 {
            Measure { quantity: Self(steps / factor), unit }
        } else {
            Measure { quantity: Self(steps), unit: finer }
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.0.unsigned_abs();
        let one = Self::STEPS.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", steps / one)?;
        let (mut decimals, mut width) = (steps % one, Self::DECIMALS);
        if decimals == 0 {
            return Ok(());
        }
        while decimals % 10 == 0 {
            decimals /= 10;
            width -= 1;
        }
        write!(f, ".{decimals:0width$}")
    }
}

text_form!(Quantity);

/// Largest grant in steps of the finer unit, so that balances fit 64 bits with room for their sums.
pub const GRANT_LIMIT: i64 = 1_000_000_000_000_000_000;

/// A quantity with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// How much.
    pub quantity: Quantity,
    /// Of what unit.
    pub unit: UnitCode,
}

impl Measure {
    /// Converts to the finer unit of the exact pair (g of kg, mL of L); other units stay as they are.
    ///
    /// # Errors
    /// `quantity_too_large` when the result cannot be counted.
    pub fn to_finer(self) -> Result<(Quantity, UnitCode), FaultCode> {
        let (unit, factor) = self.unit.finer();
        let steps = self.quantity.0.checked_mul(i128::from(factor)).ok_or(FaultCode::QuantityTooLarge)?;
        Ok((Quantity(steps), unit))
    }

    /// Counts a grant in steps of the finer unit, as listings and balances are kept.
    ///
    /// # Errors
    /// `quantity_too_large` above [`GRANT_LIMIT`].
    pub fn grant_steps(self) -> Result<i64, FaultCode> {
        let (quantity, _) = self.to_finer()?;
        i64::try_from(quantity.0).ok().filter(|steps| *steps <= GRANT_LIMIT).ok_or(FaultCode::QuantityTooLarge)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn measure(quantity: &str, unit: &str) -> Measure {
        Measure { quantity: Quantity::parse(quantity).unwrap(), unit: UnitCode::parse(unit).unwrap() }
    }

    #[test]
    fn reads_plain_decimals_exactly() {
        for (text, steps, shown) in [
            ("0", 0, "0"),
            ("0.0", 0, "0"),
            ("0.00001", 1, "0.00001"),
            ("0.1", 10_000, "0.1"),
            ("100", 10_000_000, "100"),
            ("100.00", 10_000_000, "100"),
            ("10.50", 1_050_000, "10.5"),
            ("99999999999999.99999", 9_999_999_999_999_999_999, "99999999999999.99999"),
        ] {
            let quantity = Quantity::parse(text).unwrap();
            assert_eq!((quantity.steps(), quantity.to_string().as_str()), (steps, shown));
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for text in [
            "", ".", "1.", ".5", "-1", "+1", "007", "00", "00.5", "1e3", "1,000", "1 000", " 1", "1.2.3", "１", "NaN",
            "0x1", "1.-5", "1.+5",
        ] {
            assert_eq!(Quantity::parse(text), Err(FaultCode::QuantityFormat), "{text}");
        }
        assert_eq!(Quantity::parse("0.000005"), Err(FaultCode::QuantityTooManyDecimals));
        assert_eq!(Quantity::parse("1.000000"), Err(FaultCode::QuantityTooManyDecimals));
        assert_eq!(Quantity::parse("100000000000000"), Err(FaultCode::QuantityTooManyDigits));
        assert_eq!(Quantity::parse(&"9".repeat(5_000)), Err(FaultCode::QuantityTooManyDigits));
        assert_eq!(Quantity::parse_positive("0.00"), Err(FaultCode::QuantityNotPositive));
        assert_eq!(Quantity::parse_positive("-1"), Err(FaultCode::QuantityFormat));
        assert_eq!(Quantity::parse_positive("0.00001"), Ok(Quantity::from_steps(1)));
    }

    #[test]
    fn differences_may_be_negative() {
        let short = Quantity::parse("1").unwrap().checked_sub(Quantity::parse("2.5").unwrap()).unwrap();
        assert_eq!(short.to_string(), "-1.5");
        assert_eq!(Quantity::from_steps(i128::MIN).checked_sub(Quantity::from_steps(1)), None);
        assert_eq!(Quantity::from_steps(i128::MAX).checked_add(Quantity::from_steps(1)), None);
        assert_eq!(Quantity::from_steps(i128::MIN).to_string().chars().next(), Some('-'));
    }

    #[test]
    fn converts_exact_pairs_only() {
        assert_eq!(measure("0.00001", "035").to_finer(), measure("0.01", "036").to_finer());
        assert_eq!(measure("20", "095").to_finer(), Ok((Quantity::parse("20000").unwrap(), UnitCode::MILLILITRE)));
        assert_eq!(
            measure("3", "070").to_finer(),
            Ok((Quantity::parse("3").unwrap(), UnitCode::parse("070").unwrap()))
        );
        let beyond = Measure { quantity: Quantity::from_steps(i128::MAX), unit: UnitCode::KILOGRAM };
        assert_eq!(beyond.to_finer(), Err(FaultCode::QuantityTooLarge));
    }

    #[test]
    fn a_grant_has_a_limit() {
        assert_eq!(measure("10000000000", "035").grant_steps(), Ok(GRANT_LIMIT));
        assert_eq!(measure("10000000000.00001", "035").grant_steps(), Err(FaultCode::QuantityTooLarge));
        assert_eq!(measure("10000000000000", "036").grant_steps(), Ok(GRANT_LIMIT));
        assert_eq!(measure("99999999999999.99999", "142").grant_steps(), Err(FaultCode::QuantityTooLarge));
    }

    #[test]
    fn a_remainder_is_shown_where_it_fits() {
        let shown = |steps, unit: &str| {
            let measure = Quantity::in_unit_or_finer(steps, UnitCode::parse(unit).unwrap());
            (measure.quantity.to_string(), measure.unit.to_string())
        };
        assert_eq!(shown(10_000_000, "035"), ("0.1".into(), "035".into()));
        assert_eq!(shown(10_000_001, "035"), ("100.00001".into(), "036".into()));
        assert_eq!(shown(10_000_001, "142"), ("100.00001".into(), "142".into()));
        assert_eq!(shown(-1_000, "095"), ("-0.00001".into(), "095".into()));
    }

    #[test]
    fn travels_as_text_with_its_unit() {
        let json = serde_json::to_string(&measure("0.80", "036")).unwrap();
        assert_eq!(json, r#"{"quantity":"0.8","unit":"036"}"#);
        assert_eq!(serde_json::from_str::<Measure>(&json).unwrap(), measure("0.8", "036"));
        assert!(serde_json::from_str::<Quantity>("0.8").is_err());
    }

    proptest! {
        #[test]
        fn every_countable_quantity_round_trips(steps in 0_i128..10_000_000_000_000_000_000) {
            let quantity = Quantity::from_steps(steps);
            prop_assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity));
        }

        #[test]
        fn showing_never_changes_the_amount(steps in 0_i64..=GRANT_LIMIT, unit in prop::sample::select(vec!["035", "036", "095", "096", "142"])) {
            let unit = UnitCode::parse(unit).unwrap();
            let shown = Quantity::in_unit_or_finer(i128::from(steps), unit);
            prop_assert_eq!(shown.grant_steps(), Ok(steps));
            prop_assert!(UnitCode::comparable(shown.unit, unit));
        }

        #[test]
        fn never_panics(text in "\\PC{0,24}|[0-9.]{0,24}") {
            let _ = Quantity::parse(&text);
        }
    }
}
