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
    /// Whether the thing has moved on since it was shown.
    pub moved: bool,
    /// Whether its fields show both values because of that.
    pub overtaken: bool,
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
    /// What a colleague saved meanwhile, if it is something else.
    theirs: Option<String>,
}

impl HtmlSafe for Field {}

impl Field {
    fn said_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let fault = self.fault.as_ref().map(|_| format!("{}-fault", self.id));
        hint.into_iter().chain(fault).collect::<Vec<_>>().join(" ")
    }

    /// Says a colleague's value as the control would show it.
    fn theirs_in_words(&self, theirs: &str) -> String {
        if theirs.is_empty() {
            return self.lang.pick("（空）", "(empty)").to_owned();
        }
        let word = |code: &str| {
            let choice = self.choices.iter().find(|(known, _)| known == code);
            choice.map_or_else(|| code.to_owned(), |(_, words)| words.clone())
        };
        if self.choices.is_empty() {
            theirs.to_owned()
        } else {
            theirs.split(", ").map(word).collect::<Vec<_>>().join(self.lang.pick("、", ", "))
        }
    }

    /// Whether the choices are so few and short that they stand beside one another.
    fn in_line(&self) -> bool {
        let most = self.lang.pick(10, 24);
        self.choices.len() <= 5 && self.choices.iter().all(|(_, words)| words.chars().count() <= most)
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

/// Values as they are compared: blanks around them and the way lists are parted do not count.
fn same(value: &str) -> Vec<&str> {
    value.split([',', '，', '、', '\n', ' ']).map(str::trim).filter(|part| !part.is_empty()).collect()
}

impl FormView<'_> {
    /// Returns what a field shows.
    #[must_use]
    pub fn value(&self, name: &str) -> String {
        self.sent.map_or_else(|| self.known_value(name), |sent| sent.get(name).to_owned())
    }

    fn known_value(&self, name: &str) -> String {
        let pointer = name.split_once(':').map_or(name, |(pointer, _)| pointer);
        self.known.maybe(pointer.trim_start_matches('/')).map(|known| joined(known.0)).unwrap_or_default()
    }

    /// Shows a colleague's values beside what was sent, where somebody else changed the same meanwhile.
    #[must_use]
    pub fn beside_theirs(self) -> Self {
        let moved = self.moved;
        Self { overtaken: moved, ..self }
    }

    /// What a colleague saved in a field meanwhile, if it is something else than what was sent.
    #[must_use]
    pub fn theirs(&self, name: &str, known: &str) -> Option<String> {
        let sent = self.sent.filter(|_| self.overtaken)?;
        (same(sent.get(name)) != same(known)).then(|| known.to_owned())
    }

    /// What a colleague answered to a question of eligibility meanwhile, if it is something else.
    ///
    /// # Errors
    /// When the question has no code.
    pub fn their_answer(&self, question: &Json<'_>) -> Result<Option<String>, askama::Error> {
        let known = question.maybe("answer").map_or("", |answer| if answer.is_true() { "true" } else { "false" });
        Ok(self.theirs(&format!("_answer/{}", question.text("code")?), known))
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
            theirs: self.theirs(name, &self.known_value(name)),
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
        let known = self.known_value(name);
        let theirs = self.sent.filter(|_| self.overtaken && same(&value) != same(&known)).map(|_| known);
        Field { choices, value, theirs, ..self.field("ticks", name, label, hint) }
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
        Summary { lang: self.lang, faults: &self.faults, moved: self.overtaken }
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
    moved: bool,
}

impl HtmlSafe for Summary<'_> {}
