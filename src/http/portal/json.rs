//! What an endpoint answered, as templates read it: by name, and loudly.
//!
//! A member that is not there fails the page instead of leaving a hole in it; one that is there and empty is told apart by
//! [`Json::maybe`] and [`Json::has`]. Names of members follow one another with `/`.

use serde_json::Value;
use std::borrow::Cow;

/// A part of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Json<'a>(pub &'a Value);

/// A member that a page needs is missing from an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer has no `{0}` of the kind that the page shows")]
pub struct Missing(String);

impl From<Missing> for askama::Error {
    fn from(missing: Missing) -> Self {
        Self::Custom(Box::new(missing))
    }
}

static NULL: Value = Value::Null;

impl<'a> Json<'a> {
    /// An answer that says nothing.
    pub const NOTHING: Json<'static> = Json(&NULL);

    fn find(self, path: &str) -> Option<&'a Value> {
        path.split('/').try_fold(self.0, |value, name| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            Value::Object(members) => members.get(name),
            Value::Null => Some(&NULL),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
    }

    /// Returns a member.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn at(self, path: &str) -> Result<Json<'a>, askama::Error> {
        self.find(path).map(Json).ok_or_else(|| Missing(path.to_owned()).into())
    }

    /// Returns a member as text; empty where it is null.
    ///
    /// # Errors
    /// [`Missing`], also for a list.
    pub fn text(self, path: &str) -> Result<Cow<'a, str>, askama::Error> {
        match self.find(path) {
            Some(Value::String(text)) => Ok(Cow::Borrowed(text)),
            Some(Value::Null) => Ok(Cow::Borrowed("")),
            Some(Value::Number(number)) => Ok(Cow::Owned(number.to_string())),
            Some(Value::Bool(truth)) => Ok(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Some(Value::Array(_) | Value::Object(_)) | None => Err(Missing(path.to_owned()).into()),
        }
    }

    /// Returns the text of this value itself; empty where it is none.
    #[must_use]
    pub fn word(self) -> Cow<'a, str> {
        match self.0 {
            Value::String(text) => Cow::Borrowed(text),
            Value::Number(number) => Cow::Owned(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Cow::Borrowed(""),
        }
    }

    /// Returns a whole number.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn whole(self, path: &str) -> Result<i64, askama::Error> {
        self.find(path).and_then(Value::as_i64).ok_or_else(|| Missing(path.to_owned()).into())
    }

    /// Returns a member that may be absent or null.
    #[must_use]
    pub fn maybe(self, path: &str) -> Option<Json<'a>> {
        self.find(path).filter(|value| !value.is_null()).map(Json)
    }

    /// Whether a member says something: it is there, and neither null, empty nor false.
    #[must_use]
    pub fn has(self, path: &str) -> bool {
        match self.find(path) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Object(members)) => !members.is_empty(),
            Some(Value::Bool(true) | Value::Number(_)) => true,
        }
    }

    /// Whether this value itself is true.
    #[must_use]
    pub fn is_true(self) -> bool {
        self.0.as_bool() == Some(true)
    }

    /// Whether a member is a given word.
    #[must_use]
    pub fn is(self, path: &str, word: &str) -> bool {
        self.find(path).and_then(Value::as_str) == Some(word)
    }

    /// Whether a list of words names one.
    #[must_use]
    pub fn names(self, path: &str, word: &str) -> bool {
        let items = self.find(path).and_then(Value::as_array);
        items.is_some_and(|items| items.iter().any(|item| item.as_str() == Some(word)))
    }

    /// Returns the items of a list; none where it is null.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn each(self, path: &str) -> Result<Vec<Json<'a>>, askama::Error> {
        match self.find(path) {
            Some(Value::Array(items)) => Ok(items.iter().map(Json).collect()),
            Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) | None => {
                Err(Missing(path.to_owned()).into())
            }
        }
    }

    /// Returns names and values of an object in their order; none where it is null.
    #[must_use]
    pub fn members(self) -> Vec<(&'a str, Json<'a>)> {
        let members = self.0.as_object();
        members.into_iter().flatten().map(|(name, value)| (name.as_str(), Json(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_fails_and_what_is_empty_does_not() {
        let value = json!({ "a": { "b": [ { "c": "x" } ], "none": null, "no": false }, "n": 5 });
        let view = Json(&value);
        assert_eq!(view.text("a/b/0/c").unwrap(), "x");
        assert_eq!(view.text("a/none").unwrap(), "");
        assert_eq!(view.text("n").unwrap(), "5");
        assert!(view.text("a/other").is_err() && view.text("a/b").is_err() && view.each("n").is_err());
        assert_eq!(view.each("a/b").unwrap().len(), 1);
        assert!(view.each("a/none").unwrap().is_empty());
        assert!(view.has("a/b") && view.has("n") && !view.has("a/none") && !view.has("a/no") && !view.has("x"));
        assert!(view.maybe("a/none").is_none() && view.maybe("a/b").is_some());
    }
}
