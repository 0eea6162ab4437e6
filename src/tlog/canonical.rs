//! Canonical JSON: the one spelling of a value that is hashed (RFC 8785, JCS), in a profile narrow
//! enough that every JSON library agrees on it.
//!
//! Not a general JCS writer. The profile takes ASCII member names, integers within ±(2^53 - 1), and
//! no floats; strings may hold any text. Inside it JCS is `serde_json`'s compact form with sorted
//! members (a property test holds it to a separate JCS implementation), which is ten times
//! faster than formatting every number as a double. Invariant: two equal values have equal bytes.

use std::ops::RangeInclusive;

use serde_json::Value;

/// The largest integer that every JSON reader keeps exactly (RFC 7493 section 2.2).
pub const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// The deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 32;

/// How many bytes a leaf may have: a bundle of entries gives a length 16 bits (C2SP `tlog-tiles`).
pub const LEAF_BYTES: RangeInclusive<usize> = 2..=65_535;

/// Why a value has no canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A member name with a character outside ASCII, which libraries sort differently.
    #[error("member name `{0}` is not ASCII")]
    MemberName(String),
    /// A float, or an integer that a double cannot hold.
    #[error("number `{0}` is not an integer within ±(2^53 - 1)")]
    Number(String),
    /// More than [`MAX_DEPTH`] arrays and objects in one another.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// A leaf outside [`LEAF_BYTES`].
    #[error("a leaf has 2 to 65535 bytes, not {0}")]
    Length(usize),
}

/// Writes a value canonically.
///
/// # Errors
/// [`ProfileError`] if the value is outside the profile.
pub fn to_bytes(value: &Value) -> Result<Vec<u8>, ProfileError> {
    check(value, 0)?;
    let mut bytes = Vec::with_capacity(256);
    write(value, &mut bytes);
    Ok(bytes)
}

/// Writes a value that was checked; ASCII names sort by their bytes as JCS sorts them.
fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => write_plain(value, out),
        Value::Array(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (place, (name, member)) in members.into_iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_plain(name, out);
                out.push(b':');
                write(member, out);
            }
            out.push(b'}');
        }
    }
}

fn write_plain(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    // Writing texts and numbers to memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}

/// Writes a value canonically, as a leaf of the log.
///
/// # Errors
/// [`ProfileError`] if the value is outside the profile or too short or long for a leaf.
pub fn leaf_bytes(value: &Value) -> Result<Vec<u8>, ProfileError> {
    let bytes = to_bytes(value)?;
    check_length(&bytes)?;
    Ok(bytes)
}

/// Tells whether bytes are what [`to_bytes`] would write for the value in them.
///
/// A member that occurs twice is lost in reading, so such bytes are longer than what is written.
#[must_use]
pub fn is_canonical(bytes: &[u8]) -> bool {
    serde_json::from_slice(bytes).is_ok_and(|value: Value| to_bytes(&value).is_ok_and(|written| written == bytes))
}

pub(super) fn check_length(bytes: &[u8]) -> Result<(), ProfileError> {
    let length = bytes.len();
    if LEAF_BYTES.contains(&length) { Ok(()) } else { Err(ProfileError::Length(length)) }
}

/// Checks the profile of a value that stands `depth` arrays and objects deep.
pub(super) fn check(value: &Value, depth: usize) -> Result<(), ProfileError> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) => {
            let exact = number.as_i64().filter(|n| (-MAX_INTEGER..=MAX_INTEGER).contains(n));
            exact.map(drop).ok_or_else(|| ProfileError::Number(number.to_string()))
        }
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => Err(ProfileError::Depth),
        Value::Array(items) => items.iter().try_for_each(|item| check(item, depth + 1)),
        Value::Object(members) => members.iter().try_for_each(|(name, member)| {
            if !name.is_ascii() {
                return Err(ProfileError::MemberName(name.clone()));
            }
            check(member, depth + 1)
        }),
    }
}

/// Tells whether the members of all objects in a value come in ascending order.
pub(super) fn is_sorted(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => items.iter().all(is_sorted),
        Value::Object(members) => members.keys().is_sorted() && members.values().all(is_sorted),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Any value inside the profile, with all of Unicode in its strings.
    pub fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![any::<String>(), "[\\x00-\\x7f\u{2028}\u{ffff}\u{1f9ec}]{0,12}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-MAX_INTEGER..=MAX_INTEGER).prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(("[\\x00-\\x7f]{0,6}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_rfc_8785(value in any_value()) {
            let ours = to_bytes(&value).unwrap();
            prop_assert_eq!(&ours, &serde_json_canonicalizer::to_vec(&value).unwrap());
            prop_assert!(is_canonical(&ours));
            let back: Value = serde_json::from_slice(&ours).unwrap();
            prop_assert!(is_sorted(&back));
            prop_assert_eq!(back, value);
        }

        #[test]
        fn any_other_spelling_is_refused(value in any_value(), at: prop::sample::Index, byte: u8) {
            let ours = to_bytes(&value).unwrap();
            let mut changed = ours.clone();
            changed[at.index(ours.len())] = byte;
            if is_canonical(&changed) {
                let other: Value = serde_json::from_slice(&changed).unwrap();
                prop_assert_eq!(other == value, changed == ours);
            }
        }
    }

    #[test]
    fn every_control_character_is_escaped_as_rfc_8785_says() {
        let text: String = (0_u8..=0x7f).map(char::from).collect();
        let written = String::from_utf8(to_bytes(&json!(text)).unwrap()).unwrap();
        assert!(written.starts_with(r#""\u0000\u0001"#));
        assert!(written.contains(r"\u0007\b\t\n\u000b\f\r\u000e"));
        assert!(written.contains(r##"\u001f !\"#$"##) && written.contains("./0") && written.contains(r"[\\]"));
        assert!(written.ends_with("~\u{7f}\""));
    }

    #[test]
    fn what_libraries_disagree_about_is_refused() {
        assert!(matches!(to_bytes(&json!({"名": 1})), Err(ProfileError::MemberName(_))));
        for number in [json!(1.5), json!(-0.0), json!(1e3), json!(1_u64 << 53), json!(u64::MAX), json!(i64::MIN)] {
            assert!(matches!(to_bytes(&json!([number])), Err(ProfileError::Number(_))), "{number}");
        }
        assert!(to_bytes(&json!([MAX_INTEGER, -MAX_INTEGER])).is_ok());
        let nest = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert!(to_bytes(&nest(MAX_DEPTH)).is_ok());
        assert_eq!(to_bytes(&nest(MAX_DEPTH + 1)), Err(ProfileError::Depth));
    }

    #[test]
    fn a_leaf_has_its_limits() {
        assert_eq!(leaf_bytes(&json!(1)), Err(ProfileError::Length(1)));
        assert_eq!(leaf_bytes(&json!({})).unwrap(), b"{}");
        assert_eq!(leaf_bytes(&json!("x".repeat(65_533))).unwrap().len(), 65_535);
        assert_eq!(leaf_bytes(&json!("x".repeat(65_534))), Err(ProfileError::Length(65_536)));
    }

    #[test]
    fn only_the_canonical_spelling_is_canonical() {
        assert!(is_canonical(br#"{"a":[1,"\u0001",null],"b":{}}"#));
        for wrong in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":2,"a":1}"#,
            r#"{"b":1,"a":1}"#,
            r#"{"a": 1}"#,
            "{\"a\":1}\n",
            r#"{"a":-0}"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e0}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\/"}"#,
            r#"{"a":"\u001F"}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"\u0061":1}"#,
            "",
            "{",
            "\u{feff}{}",
        ] {
            assert!(!is_canonical(wrong.as_bytes()), "{wrong}");
        }
        assert!(!is_canonical(b"\"\xff\""));
    }
}
