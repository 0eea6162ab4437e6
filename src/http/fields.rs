//! Reading JSON documents and query strings from outside, strictly; members are read by [`crate::domain::fields`].
//!
//! It knows no resource. Invariant: what the library would let pass (repeated names, depth, faulty escapes) is a fault.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::domain::fault::{Fault, FaultCode};
pub use crate::domain::fields::{Fields, Members, step, text, whole};

/// Deepest nesting of a JSON body; the outermost object is the first level.
pub const JSON_DEPTH: usize = 32;

/// What is said of a query string with a faulty escape or a parameter given twice.
const MALFORMED_QUERY: FaultCode = FaultCode::MalformedJson;

/// A query string that is being read.
pub struct Query<'q, 'f> {
    pairs: Vec<(Cow<'q, str>, Cow<'q, str>)>,
    faults: &'f mut Vec<Fault>,
    asked: Vec<&'static str>,
}

impl<'q> Query<'q, '_> {
    /// Reads a query string with `read`, then reports every parameter that `read` did not ask for. Escapes are decoded
    /// strictly, `+` is a space, and a parameter stands once.
    pub fn read<T>(
        query: &'q str,
        faults: &mut Vec<Fault>,
        read: impl FnOnce(&mut Query<'q, '_>) -> Option<T>,
    ) -> Option<T> {
        let mut pairs: Vec<(Cow<'q, str>, Cow<'q, str>)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) if !pairs.iter().any(|(known, _)| *known == name) => {
                    pairs.push((name, value))
                }
                (decoded, _) => faults.push(Fault::new(step("", decoded.as_deref().unwrap_or(name)), MALFORMED_QUERY)),
            }
        }
        let mut query = Query { pairs, faults, asked: Vec::new() };
        let result = read(&mut query);
        let Query { pairs, faults, asked } = query;
        let unknown = pairs.iter().filter(|(name, _)| !asked.contains(&name.as_ref()));
        faults.extend(unknown.map(|(name, _)| Fault::new(step("", name), FaultCode::UnknownMember)));
        result
    }
}

impl Members for Query<'_, '_> {
    fn take(&mut self, name: &'static str) -> Result<Option<&str>, FaultCode> {
        self.asked.push(name);
        Ok(self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref()))
    }

    fn given(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    fn fault(&mut self, name: &str, code: FaultCode) {
        self.faults.push(Fault::new(step("", name), code));
    }
}

/// Decodes percent escapes and `+` (WHATWG URL, `application/x-www-form-urlencoded`); none when an escape or the UTF-8
/// it stands for is faulty.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Reads one JSON document (RFC 8259) without repeated member names.
///
/// # Errors
/// `malformed_json` (at the member when its name is repeated), `too_deep`.
pub fn parse_json(bytes: &[u8], max_depth: usize) -> Result<Value, Vec<Fault>> {
    let mut fault = None;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { room: max_depth, fault: &mut fault }.deserialize(&mut deserializer);
    match value.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) => Err(vec![fault.unwrap_or_else(|| Fault::new("", FaultCode::MalformedJson))]),
    }
}

/// Reads one JSON object whose only member is a list, an item at a time, so that a long list is never held as a tree.
///
/// # Errors
/// As [`parse_json`]; `wrong_type`, `required`, `no_lines`, `too_many_lines`, `unknown_member`, and what `read` faults.
pub fn parse_rows<T>(
    bytes: &[u8],
    max_depth: usize,
    name: &'static str,
    most: usize,
    read: impl FnMut(&Value, &str, &mut Vec<Fault>) -> Option<T>,
) -> Result<Vec<T>, Vec<Fault>> {
    let (mut rows, mut given) = (Vec::new(), false);
    let mut listed = Listed { name, most, room: max_depth, read, rows: &mut rows, faults: Vec::new(), stopped: None };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let outcome = Outer { listed: &mut listed, given: &mut given }.deserialize(&mut deserializer);
    let outcome = outcome.and_then(|()| deserializer.end());
    let Listed { mut faults, stopped, .. } = listed;
    match (outcome, stopped) {
        (Err(_), Some(fault)) => return Err(vec![fault]),
        (Err(error), None) => {
            let data = error.classify() == serde_json::error::Category::Data;
            let code = if data { FaultCode::WrongType } else { FaultCode::MalformedJson };
            return Err(vec![Fault::new(if data && given { step("", name) } else { String::new() }, code)]);
        }
        (Ok(()), _) if !given => faults.push(Fault::new(step("", name), FaultCode::Required)),
        (Ok(()), _) if rows.is_empty() && faults.is_empty() => {
            faults.push(Fault::new(step("", name), FaultCode::NoLines));
        }
        (Ok(()), _) => {}
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// A list that is being read item by item.
struct Listed<'r, T, R> {
    name: &'static str,
    most: usize,
    room: usize,
    read: R,
    rows: &'r mut Vec<T>,
    faults: Vec<Fault>,
    /// Why reading stopped.
    stopped: Option<Fault>,
}

/// The object around the list.
struct Outer<'l, 'r, T, R> {
    listed: &'l mut Listed<'r, T, R>,
    given: &'l mut bool,
}

impl<'de, T, R> DeserializeSeed<'de> for Outer<'_, '_, T, R>
where
    R: FnMut(&Value, &str, &mut Vec<Fault>) -> Option<T>,
{
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T, R> Visitor<'de> for Outer<'_, '_, T, R>
where
    R: FnMut(&Value, &str, &mut Vec<Fault>) -> Option<T>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name != self.listed.name {
                self.listed.faults.push(Fault::new(step("", &name), FaultCode::UnknownMember));
                members.next_value::<serde::de::IgnoredAny>()?;
                continue;
            }
            if std::mem::replace(self.given, true) {
                let fault = Fault::new(step("", &name), FaultCode::MalformedJson);
                self.listed.stopped = Some(fault);
                return Err(serde::de::Error::custom("doubled"));
            }
            members.next_value_seed(Items(self.listed))?;
        }
        Ok(())
    }
}

/// The items of the list.
struct Items<'l, 'r, T, R>(&'l mut Listed<'r, T, R>);

impl<'de, T, R> DeserializeSeed<'de> for Items<'_, '_, T, R>
where
    R: FnMut(&Value, &str, &mut Vec<Fault>) -> Option<T>,
{
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T, R> Visitor<'de> for Items<'_, '_, T, R>
where
    R: FnMut(&Value, &str, &mut Vec<Fault>) -> Option<T>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Listed { name, most, room, read, rows, faults, stopped } = self.0;
        let mut place = 0_usize;
        loop {
            let mut fault = None;
            let item = items.next_element_seed(Strict { room: room.saturating_sub(2), fault: &mut fault });
            let pointer = format!("/{name}/{place}");
            match item {
                Ok(None) => return Ok(()),
                Ok(Some(_)) if place == *most => {
                    *stopped = Some(Fault::new(step("", name), FaultCode::TooManyLines));
                    return Err(serde::de::Error::custom("too many"));
                }
                Ok(Some(item)) => rows.extend(read(&item, &pointer, faults)),
                Err(error) => {
                    *stopped = fault.map(|fault| Fault::new(format!("{pointer}{}", fault.pointer), fault.code));
                    return Err(error);
                }
            }
            place = place.saturating_add(1);
        }
    }
}

/// Builds a [`Value`] and stops at a repeated name or beyond the depth, which the library's own reading lets pass.
struct Strict<'s> {
    /// Levels that may still be opened.
    room: usize,
    /// Why reading stopped; its pointer grows on the way out.
    fault: &'s mut Option<Fault>,
}

impl Strict<'_> {
    fn stop<E: serde::de::Error>(&mut self, pointer: String, code: FaultCode) -> E {
        *self.fault = Some(Fault::new(pointer, code));
        E::custom(code)
    }

    /// Opens a level.
    fn open<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.room = self.room.checked_sub(1).ok_or_else(|| self.stop(String::new(), FaultCode::TooDeep))?;
        Ok(())
    }

    fn inner(&mut self) -> Strict<'_> {
        Strict { room: self.room, fault: self.fault }
    }

    /// Puts the step that led to a fault before its pointer.
    fn came_through(&mut self, name: &str) {
        if let Some(fault) = self.fault {
            fault.pointer.insert_str(0, &step("", name));
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        self.open()?;
        let mut list = Vec::new();
        loop {
            match items.next_element_seed(self.inner()) {
                Ok(Some(item)) => list.push(item),
                Ok(None) => return Ok(Value::Array(list)),
                Err(error) => {
                    self.came_through(&list.len().to_string());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        self.open()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(self.stop(step("", &name), FaultCode::MalformedJson));
            }
            match members.next_value_seed(self.inner()) {
                Ok(value) => map.insert(name, value),
                Err(error) => {
                    self.came_through(&name);
                    return Err(error);
                }
            };
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pairs(faults: &[Fault]) -> Vec<(&str, &str)> {
        faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect()
    }

    fn refused(json: &str) -> Vec<(String, FaultCode)> {
        parse_json(json.as_bytes(), JSON_DEPTH)
            .unwrap_err()
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect()
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let body = json!({
            "name": " 甲 ", "empty": "  ", "tab": "a\tb", "long": "abcdef", "number": 7, "null": null, "list": ["x", 1, "y"], "none": [],
            "count": 0, "part": 1.5, "inner": { "a": "1", "b/c~": 1, "ctl\u{1}": 2 }, "set": null,
        });
        let mut faults = Vec::new();
        let name = Fields::read(&body, "/x", &mut faults, |fields| {
            assert!(!fields.is_empty());
            let name = fields.required("name", text(3));
            assert_eq!(fields.optional("null", text(3)), None);
            assert_eq!(fields.required("null", text(3)), None);
            assert_eq!(fields.required("absent", text(3)), None);
            for member in ["empty", "tab", "long", "number"] {
                assert_eq!(fields.optional(member, text(3)), None);
            }
            let items = fields.list("list", 3, |item, pointer, faults| match item.as_str() {
                Some(text) => Some(text.to_owned()),
                None => {
                    faults.push(Fault::new(pointer, FaultCode::WrongType));
                    None
                }
            });
            assert_eq!(items.unwrap(), ["x", "y"]);
            assert_eq!(fields.optional_list("none", 3, |_, _, _| Some(())), None);
            assert_eq!(fields.list("list", 2, |_, _, _| Some(())), None);
            assert_eq!(fields.list("gone", 2, |_, _, _| Some(())), None);
            assert_eq!(fields.list("name", 2, |_, _, _| Some(())), None);
            assert_eq!(fields.number("count", 1..=9, FaultCode::LineOutOfRange), None);
            assert_eq!(fields.number("part", 1..=9, FaultCode::LineOutOfRange), None);
            assert_eq!(fields.number("number", 1..=9, FaultCode::LineOutOfRange), Some(7));
            assert_eq!(fields.number("name", 1..=9, FaultCode::LineOutOfRange), None);
            assert_eq!(fields.object("inner", |inner| inner.required("a", text(1))).as_deref(), Some("1"));
            assert_eq!(fields.object("name", |_| Some(())), None);
            assert_eq!(fields.object("nobody", |_| Some(())), None);
            assert_eq!(fields.stated("set", text(3)), None);
            name
        });
        assert_eq!(name.as_deref(), Some("甲"));
        assert_eq!(
            pairs(&faults),
            [
                ("/x/null", "required"),
                ("/x/absent", "required"),
                ("/x/empty", "required"),
                ("/x/tab", "text_not_printable"),
                ("/x/long", "text_too_long"),
                ("/x/number", "wrong_type"),
                ("/x/list/1", "wrong_type"),
                ("/x/none", "no_lines"),
                ("/x/list", "too_many_lines"),
                ("/x/gone", "required"),
                ("/x/name", "wrong_type"),
                ("/x/count", "line_out_of_range"),
                ("/x/part", "line_out_of_range"),
                ("/x/name", "wrong_type"),
                ("/x/inner/b~1c~0", "unknown_member"),
                ("/x/inner/ctl\u{fffd}", "unknown_member"),
                ("/x/name", "wrong_type"),
                ("/x/nobody", "required"),
                ("/x/set", "wrong_type"),
            ]
        );
    }

    #[test]
    fn text_is_trimmed_and_counted_in_characters() {
        let read = text(3);
        assert_eq!(read("　甲乙丙 ").as_deref(), Ok("甲乙丙"));
        for (bad, code) in [
            ("甲乙丙丁", FaultCode::TextTooLong),
            ("", FaultCode::Required),
            (" ", FaultCode::Required),
            ("a\0", FaultCode::TextNotPrintable),
            ("a\n", FaultCode::TextNotPrintable),
            ("\u{85}a", FaultCode::TextNotPrintable),
        ] {
            assert_eq!(read(bad), Err(code), "{bad:?}");
        }
    }

    #[test]
    fn json_is_read_strictly() {
        let value = parse_json(r#" {"b":[1,-2,0.5,true,null,"\ud83d\ude00"],"a":{}} "#.as_bytes(), 2).unwrap();
        assert_eq!(value.to_string(), r#"{"b":[1,-2,0.5,true,null,"😀"],"a":{}}"#);
        for text in [
            "",
            " ",
            "{",
            "{}{}",
            "[1,]",
            "nul",
            "\u{feff}{}",
            r#""\ud800""#,
            r#"{"\udc00":1}"#,
            "01",
            "1e999",
            "{'a':1}",
            "\"a\nb\"",
        ] {
            assert_eq!(refused(text), [(String::new(), FaultCode::MalformedJson)], "{text}");
        }
        assert_eq!(parse_json(b"\"\xff\"", 2).unwrap_err(), [Fault::new("", FaultCode::MalformedJson)]);
        assert_eq!(
            refused(r#"{"a":[{"x":1},{"y/z":1,"y/z":2}]}"#),
            [("/a/1/y~1z".to_owned(), FaultCode::MalformedJson)]
        );
        assert_eq!(refused(r#"{"a":1,"\u0061":2}"#), [("/a".to_owned(), FaultCode::MalformedJson)]);
        assert_eq!(parse_json(br#"{"a":[[1]]}"#, 2).unwrap_err(), [Fault::new("/a/0", FaultCode::TooDeep)]);
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_json(nested(32).as_bytes(), 32).is_ok());
        assert_eq!(refused(&nested(33)).first().unwrap().1, FaultCode::TooDeep);
        assert_eq!(refused(&"[".repeat(1_000_000)).first().unwrap().1, FaultCode::TooDeep);
    }

    #[test]
    fn query_strings_are_decoded_strictly() {
        let mut faults = Vec::new();
        Query::read("a=1+%2B%E5%8C%97&&b&c=%zz&d=%ff&e=%2&a=2&f=x%2", &mut faults, |query| {
            assert_eq!(query.required("a", text(9)).as_deref(), Some("1 +北"));
            assert_eq!(query.optional("b", text(9)), None);
            assert_eq!(query.required("z", text(9)), None);
            assert!(query.given("b") && !query.given("c"));
            Some(())
        });
        assert_eq!(
            pairs(&faults),
            [
                ("/c", "malformed_json"),
                ("/d", "malformed_json"),
                ("/e", "malformed_json"),
                ("/a", "malformed_json"),
                ("/f", "malformed_json"),
                ("/b", "required"),
                ("/z", "required"),
            ]
        );
        let mut faults = Vec::new();
        Query::read("x%20y=1&%00=2", &mut faults, |_| Some(()));
        assert_eq!(pairs(&faults), [("/x y", "unknown_member"), ("/\u{fffd}", "unknown_member")]);
    }

    #[test]
    fn whole_numbers_are_plain_digits() {
        let read = whole(1..=9_007_199_254_740_991, FaultCode::NumberOutOfRange);
        assert_eq!((read("1"), read("9007199254740991")), (Ok(1), Ok(9_007_199_254_740_991)));
        for text in ["", "0", "01", "-1", "+1", "1.0", "1e3", " 1", "9007199254740992", "99999999999999999999", "１"] {
            assert_eq!(read(text), Err(FaultCode::NumberOutOfRange), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_the_library_reads_is_read_alike(text in r#"[\[\]{}",:0-9.eE\\ua-c -]{0,24}"#) {
            if let Ok(value) = parse_json(text.as_bytes(), JSON_DEPTH) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            }
        }

        #[test]
        fn decoding_undoes_encoding(text in "\\PC{0,20}") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(decode(&encoded).unwrap(), text);
        }

        #[test]
        fn nothing_from_outside_breaks_it(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in "\\PC{0,40}") {
            let _ = parse_json(&bytes, 3);
            let _ = Query::read(&text, &mut Vec::new(), |_| Some(()));
        }
    }
}
