//! What a person prefers: language and look. Both are cookies without secrets, read against closed lists.

use super::super::problem::language;
use crate::domain::lang::Lang;
use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;

/// How a page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Returns its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::System, Self::Light, Self::Dark].into_iter().find(|theme| theme.as_str() == word)
    }
}

/// Returns what a cookie remembers.
#[must_use]
pub fn preference(request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(name).map(|cookie| cookie.value().to_owned())
}

/// Reads a language.
#[must_use]
pub fn spoken(word: &str) -> Option<Lang> {
    match word {
        "zh" => Some(Lang::Zh),
        "en" => Some(Lang::En),
        _ => None,
    }
}

/// Chinese for who asks for nothing else: an office's browser often says only English.
#[must_use]
pub fn first_language(request: &HttpRequest) -> Lang {
    if request.headers().contains_key(ACCEPT_LANGUAGE) { language(request.headers()) } else { Lang::Zh }
}
