//! The two languages in which the service speaks to people. It is not a translation table: every text stands
//! beside the thing that it explains. Invariant: whatever has a text has it in both languages.

use serde::{Deserialize, Serialize};

/// A language of texts for people; codes are the same in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese as written in Beijing, the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Picks the text of this language out of a Chinese and an English one.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// Says whether a character stands in Chinese text only: an ideograph, or punctuation as wide as one.
#[must_use]
pub fn is_chinese(letter: char) -> bool {
    matches!(letter, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{ff00}'..='\u{ffef}' | '\u{3000}'..='\u{303f}')
}
