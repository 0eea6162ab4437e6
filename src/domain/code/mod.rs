//! The codes of the field: parsed once at the door, trusted inside. Nothing here looks anything up: a code that
//! parses is well-formed, not in force. Invariant: a value of these types equals the parse of its own text, so
//! what is stored, shown and compared is always the one canonical spelling.

mod cas;
mod customs;
mod declaration;
mod document;
mod hs;
mod unit;
mod uscc;

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserializer, de};

use super::fault::FaultCode;

pub use cas::Cas;
pub use customs::{CustomsOffice, CustomsRegistration, DistrictCode, TradeMode};
pub use declaration::DeclarationNumber;
pub use document::{DocumentCode, DocumentSet};
pub use hs::{CiqCode, HsCode};
pub use unit::UnitCode;
pub use uscc::Uscc;

/// Gives a type with `parse` and `Display` the rest of its text form: `FromStr`, `Debug`, and serde as a string.
macro_rules! text_form {
    ($type:ident) => {
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($type))
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::domain::fault::FaultCode;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::domain::code::from_text(deserializer)
            }
        }
    };
}
pub(crate) use text_form;

/// Reads a parsed type from a string of any serde format; the error's text is the fault code.
pub(crate) fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err = FaultCode>,
{
    struct Text<T>(PhantomData<T>);

    impl<T: std::str::FromStr<Err = FaultCode>> de::Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(PhantomData))
}

/// Reads exactly `width` ASCII digits (at most 18) as a number.
pub(crate) fn digits(text: &str, width: usize) -> Option<u64> {
    if text.len() != width {
        return None;
    }
    text.bytes().try_fold(0, |value: u64, byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')))
}

/// Tells whether a number, written with `width` digits, begins with these digits.
fn begins_with(value: u64, width: u32, prefix: &str) -> bool {
    let Some(dropped) = u32::try_from(prefix.len()).ok().and_then(|length| width.checked_sub(length)) else {
        return false;
    };
    digits(prefix, prefix.len()) == Some(value / 10_u64.pow(dropped))
}
