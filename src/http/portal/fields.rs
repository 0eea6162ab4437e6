//! Fields of forms as they are shown: label, hint, fault and control, tied together for everybody who listens instead of looking.

use super::form::{FieldFault, Form};
use super::json::Json;
use crate::domain::lang::Lang;
use askama::Template;
use askama::filters::HtmlSafe;
use serde_json::Value;

/// A choice: value and words.
pub type Choice = (String, String);

/// A form on a page: what to show in each field, and what is wrong with it.
pub struct FormView<'a> {
    /// Language of the page.
    pub lang: Lang,
    /// What was sent, if it was refused.
    pub sent: Option<&'a Form>,
    /// What is known, where nothing was sent.
    pub known: Json<'a>,
    /// What is wrong.
    pub faults: Vec<FieldFault>,
    /// What opens the session's forms.
    pub csrf: String,
    /// Key of this form, so that sending it twice does one thing.
    pub key: String,
    /// Entity tag of what is shown.
    pub seen: String,
}

/// A control with everything that belongs to it.
#[derive(Template)]
#[template(path = "portal/field.html")]
pub struct Field {
    lang: Lang,
    id: String,
    name: String,
    kind: &'static str,
    label: String,
    hint: String,
    fault: Option<String>,
    value: String,
    choices: Vec<Choice>,
    needed: bool,
    short: bool,
}

impl HtmlSafe for Field {}

impl Field {
    fn said_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let fault = self.fault.as_ref().map(|_| format!("{}-fault", self.id));
        hint.into_iter().chain(fault).collect::<Vec<_>>().join(" ")
    }

    fn holds(&self, code: &str) -> bool {
        self.value.split(", ").any(|word| word == code)
    }

    /// Says that the field may stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.needed = false;
        self
    }

    /// Makes the control as short as a code or a number.
    #[must_use]
    pub fn short(mut self) -> Self {
        self.short = true;
        self
    }
}

/// Makes the id of a field from its name.
#[must_use]
pub fn id_of(name: &str) -> String {
    let letters = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    format!("f{}", letters.collect::<String>())
}

fn joined(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(|item| Json(item).word()).collect::<Vec<_>>().join(", "),
        Value::Bool(true) => "true".to_owned(),
        Value::Bool(false) | Value::Null | Value::Object(_) => String::new(),
        Value::Number(_) | Value::String(_) => Json(value).word().into_owned(),
    }
}

impl FormView<'_> {
    /// Returns what a field shows.
    #[must_use]
    pub fn value(&self, name: &str) -> String {
        if let Some(sent) = self.sent {
            return sent.get(name).to_owned();
        }
        let pointer = name.split_once(':').map_or(name, |(pointer, _)| pointer);
        self.known.maybe(pointer.trim_start_matches('/')).map(|known| joined(known.0)).unwrap_or_default()
    }

    fn field(&self, kind: &'static str, name: &str, label: &str, hint: &str) -> Field {
        let faults: Vec<&str> =
            self.faults.iter().filter(|fault| fault.field == name).map(|fault| fault.text.as_str()).collect();
        Field {
            lang: self.lang,
            id: id_of(name),
            name: name.to_owned(),
            kind,
            label: label.to_owned(),
            hint: hint.to_owned(),
            fault: (!faults.is_empty()).then(|| faults.join(" ")),
            value: self.value(name),
            choices: Vec::new(),
            needed: true,
            short: false,
        }
    }

    /// A line of text.
    #[must_use]
    pub fn input(&self, name: &str, label: &str, hint: &str) -> Field {
        self.field("text", name, label, hint)
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str, label: &str, hint: &str) -> Field {
        Field { short: true, ..self.field("number", name, label, hint) }
    }

    /// A legal day.
    #[must_use]
    pub fn date(&self, name: &str, label: &str, hint: &str) -> Field {
        Field { short: true, ..self.field("date", name, label, hint) }
    }

    /// A text of several lines.
    #[must_use]
    pub fn area(&self, name: &str, label: &str, hint: &str) -> Field {
        self.field("area", name, label, hint)
    }

    /// One of several words, from a list that opens.
    #[must_use]
    pub fn select(&self, name: &str, label: &str, hint: &str, choices: Vec<Choice>) -> Field {
        Field { choices, ..self.field("select", name, label, hint) }
    }

    /// One of a few words, all in sight.
    #[must_use]
    pub fn radios(&self, name: &str, label: &str, hint: &str, choices: Vec<Choice>) -> Field {
        Field { choices, ..self.field("radios", name, label, hint) }
    }

    /// Some of several words, all in sight.
    #[must_use]
    pub fn ticks(&self, name: &str, label: &str, hint: &str, choices: Vec<Choice>) -> Field {
        let value = self.sent.map_or_else(|| self.value(name), |sent| sent.all(name).join(", "));
        Field { choices, value, ..self.field("ticks", name, label, hint) }
    }

    /// Something that is or is not so.
    #[must_use]
    pub fn check(&self, name: &str, label: &str, hint: &str) -> Field {
        self.field("check", name, label, hint)
    }

    /// A file.
    #[must_use]
    pub fn file(&self, name: &str, label: &str, hint: &str) -> Field {
        self.field("file", name, label, hint)
    }

    /// What every form carries unseen.
    #[must_use]
    pub fn hidden(&self) -> Hidden<'_> {
        Hidden { csrf: &self.csrf, key: &self.key, seen: &self.seen }
    }

    /// Everything that is wrong, to stand above the form.
    #[must_use]
    pub fn summary(&self) -> Summary<'_> {
        Summary { lang: self.lang, faults: &self.faults }
    }
}

/// What every form carries unseen.
#[derive(Template)]
#[template(
    source = r#"<input type="hidden" name="_csrf" value="{{ csrf }}"><input type="hidden" name="_key" value="{{ key }}"><input type="hidden" name="_seen" value="{{ seen }}">"#,
    ext = "html"
)]
pub struct Hidden<'a> {
    csrf: &'a str,
    key: &'a str,
    seen: &'a str,
}

impl HtmlSafe for Hidden<'_> {}

/// Everything that is wrong with a form.
#[derive(Template)]
#[template(path = "portal/summary.html")]
pub struct Summary<'a> {
    lang: Lang,
    faults: &'a [FieldFault],
}

impl HtmlSafe for Summary<'_> {}
