//! Reading a JSON object member by member, so that one answer names everything that is wrong.
//!
//! It knows no resource: bodies say which members they have. Invariant: a reader reports every member that it was not
//! asked for, and whatever yields nothing has left a fault or was allowed to be absent.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::fault::{Fault, FaultCode};

/// Longest name of a client's own that a pointer repeats.
const LONGEST_STEP: usize = 64;

/// Extends a JSON pointer (RFC 6901) by one step, kept short and printable whatever the client named its members.
#[must_use]
pub fn step(pointer: &str, name: &str) -> String {
    let mut extended = format!("{pointer}/");
    for letter in name.chars().take(LONGEST_STEP) {
        match letter {
            '~' => extended.push_str("~0"),
            '/' => extended.push_str("~1"),
            letter if letter.is_control() => extended.push(char::REPLACEMENT_CHARACTER),
            letter => extended.push(letter),
        }
    }
    extended
}

/// Reads a text for people: trimmed, not empty, at most so many characters, no control characters.
pub fn text(most_chars: usize) -> impl Fn(&str) -> Result<String, FaultCode> {
    move |text| {
        let trimmed = text.trim();
        if text.chars().any(char::is_control) {
            Err(FaultCode::TextNotPrintable)
        } else if trimmed.is_empty() {
            Err(FaultCode::Required)
        } else if trimmed.chars().count() > most_chars {
            Err(FaultCode::TextTooLong)
        } else {
            Ok(trimmed.to_owned())
        }
    }
}

/// Reads a whole number of plain digits within bounds, from 1 up.
pub fn whole(bounds: RangeInclusive<i64>, fault: FaultCode) -> impl Fn(&str) -> Result<i64, FaultCode> {
    move |text| {
        let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| plain && bounds.contains(number)).ok_or(fault)
    }
}

/// Named texts, wherever they come from: a JSON object or a query string.
pub trait Members {
    /// Takes the text of a member; none when it is absent or null.
    ///
    /// # Errors
    /// `wrong_type` when it is something else.
    fn take(&mut self, name: &'static str) -> Result<Option<&str>, FaultCode>;

    /// Whether the member is there and not null.
    fn given(&self, name: &str) -> bool;

    /// Reports what is wrong with a member.
    fn fault(&mut self, name: &str, code: FaultCode);

    /// Reads a member that may be absent or null; nothing as well when it is faulty.
    fn optional<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, FaultCode>) -> Option<T> {
        match self.take(name).and_then(|text| text.map(parse).transpose()) {
            Ok(value) => value,
            Err(code) => {
                self.fault(name, code);
                None
            }
        }
    }

    /// Reads a member that must be there.
    fn required<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, FaultCode>) -> Option<T> {
        if !self.given(name) {
            self.fault(name, FaultCode::Required);
        }
        self.optional(name, parse)
    }
}

/// A JSON object that is being read.
pub struct Fields<'a, 'f> {
    members: &'a Map<String, Value>,
    pointer: &'f str,
    faults: &'f mut Vec<Fault>,
    asked: Vec<&'static str>,
    any_member: bool,
}

impl<'a> Fields<'a, '_> {
    /// Reads an object with `read`, then reports every member that `read` did not ask for.
    pub fn read<T>(
        value: &'a Value,
        pointer: &str,
        faults: &mut Vec<Fault>,
        read: impl FnOnce(&mut Fields<'a, '_>) -> Option<T>,
    ) -> Option<T> {
        let Value::Object(members) = value else {
            faults.push(Fault::new(pointer, FaultCode::WrongType));
            return None;
        };
        let mut fields = Fields { members, pointer, faults, asked: Vec::new(), any_member: false };
        let result = read(&mut fields);
        let Fields { asked, faults, any_member, .. } = fields;
        let unknown = members.keys().filter(|name| !any_member && !asked.contains(&name.as_str()));
        faults.extend(unknown.map(|name| Fault::new(step(pointer, name), FaultCode::UnknownMember)));
        result
    }

    /// Lets every member pass as known, where nobody can tell which ones are.
    pub fn accept_all(&mut self) {
        self.any_member = true;
    }

    /// Whether the object has no members at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Reads a member that may be absent but not null, where null could be taken for "remove it".
    pub fn stated<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, FaultCode>) -> Option<T> {
        self.refuse_null(name);
        self.optional(name, parse)
    }

    /// Reads a whole number that must be there.
    pub fn number(&mut self, name: &'static str, bounds: RangeInclusive<u64>, fault: FaultCode) -> Option<u64> {
        match self.value(name) {
            None => self.fault(name, FaultCode::Required),
            Some(Value::Number(number)) => match number.as_u64().filter(|number| bounds.contains(number)) {
                Some(number) => return Some(number),
                None => self.fault(name, fault),
            },
            Some(_) => self.fault(name, FaultCode::WrongType),
        }
        None
    }

    /// Reads a whole number that may be absent or null.
    pub fn optional_number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u64>,
        fault: FaultCode,
    ) -> Option<u64> {
        if self.given(name) {
            return self.number(name, bounds, fault);
        }
        self.value(name).and(None)
    }

    /// Reads a truth value that must be there.
    pub fn truth(&mut self, name: &'static str) -> Option<bool> {
        match self.value(name) {
            Some(Value::Bool(truth)) => return Some(*truth),
            Some(_) => self.fault(name, FaultCode::WrongType),
            None => self.fault(name, FaultCode::Required),
        }
        None
    }

    /// Reads an object that may be absent or null.
    pub fn optional_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'a, '_>) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        Fields::read(value, &step(self.pointer, name), self.faults, read)
    }

    /// Returns where the object stands.
    #[must_use]
    pub fn pointer(&self) -> &str {
        self.pointer
    }

    /// Reads a truth value that may be absent or null.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.value(name) {
            None => None,
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => {
                self.fault(name, FaultCode::WrongType);
                None
            }
        }
    }

    /// Reads an object that must be there.
    pub fn object<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'a, '_>) -> Option<T>) -> Option<T> {
        match self.value(name) {
            Some(value) => Fields::read(value, &step(self.pointer, name), self.faults, read),
            None => {
                self.fault(name, FaultCode::Required);
                None
            }
        }
    }

    /// Reads a list that may be absent or null: 1 to `most` items, each with its pointer.
    pub fn optional_list<T>(
        &mut self,
        name: &'static str,
        most: usize,
        mut read: impl FnMut(&'a Value, &str, &mut Vec<Fault>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.value(name)? else {
            self.fault(name, FaultCode::WrongType);
            return None;
        };
        if items.is_empty() || items.len() > most {
            self.fault(name, if items.is_empty() { FaultCode::NoLines } else { FaultCode::TooManyLines });
            return None;
        }
        let pointer = step(self.pointer, name);
        let numbered = items.iter().enumerate();
        Some(numbered.filter_map(|(place, item)| read(item, &format!("{pointer}/{place}"), self.faults)).collect())
    }

    /// Reads such a list that must be there.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl FnMut(&'a Value, &str, &mut Vec<Fault>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !self.given(name) {
            self.fault(name, FaultCode::Required);
        }
        self.optional_list(name, most, read)
    }

    /// Reads such a list that may be absent but not null.
    pub fn stated_list<T>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl FnMut(&'a Value, &str, &mut Vec<Fault>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.refuse_null(name);
        self.optional_list(name, most, read)
    }

    fn refuse_null(&mut self, name: &str) {
        if self.members.get(name).is_some_and(Value::is_null) {
            self.fault(name, FaultCode::WrongType);
        }
    }

    fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.members.get(name).filter(|value| !value.is_null())
    }
}

impl Members for Fields<'_, '_> {
    fn take(&mut self, name: &'static str) -> Result<Option<&str>, FaultCode> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(FaultCode::WrongType),
        }
    }

    fn given(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    fn fault(&mut self, name: &str, code: FaultCode) {
        self.faults.push(Fault::new(step(self.pointer, name), code));
    }
}
