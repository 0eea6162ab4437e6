//! A sign of health: what was looked at, how it stands, in words, and what to do about it.

use super::bilingual::Bilingual;
use super::words::words;
use serde::Serialize;

words! {
    /// How bad a sign is.
    Level {
        /// As it should be.
        Good "good" "正常" "good";
        /// Somebody should see to it; nothing is lost.
        Attention "attention" "需关注" "attention";
        /// It must be mended now.
        Alarm "alarm" "告警" "alarm";
    }
}

/// What was looked at, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sign {
    /// What was looked at.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// How it stands.
    pub says: Bilingual,
    /// What to do; none where all is well.
    pub remedy: Option<Bilingual>,
}

impl Sign {
    /// Says that all is well.
    #[must_use]
    pub fn good(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, level: Level::Good, says: Bilingual { zh: zh.into(), en: en.into() }, remedy: None }
    }

    /// Says that something is wrong; `remedy` is Chinese and English.
    #[must_use]
    pub fn bad(
        code: &'static str,
        level: Level,
        zh: impl Into<String>,
        en: impl Into<String>,
        remedy: (&str, &str),
    ) -> Self {
        let remedy = Bilingual { zh: remedy.0.to_owned(), en: remedy.1.to_owned() };
        Self { code, level, says: Bilingual { zh: zh.into(), en: en.into() }, remedy: Some(remedy) }
    }
}

/// Returns how bad the worst of all signs is.
#[must_use]
pub fn worst(signs: &[Sign]) -> Level {
    signs.iter().map(|sign| sign.level).max().unwrap_or(Level::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_sign_counts() {
        let good = Sign::good("a", "好", "well");
        let bad = Sign::bad("b", Level::Attention, "旧", "old", ("更新", "renew it"));
        assert_eq!(worst(&[]), Level::Good);
        assert_eq!(worst(&[good.clone(), bad.clone()]), Level::Attention);
        assert_eq!(worst(&[bad, Sign { level: Level::Alarm, ..good }]), Level::Alarm);
    }
}
