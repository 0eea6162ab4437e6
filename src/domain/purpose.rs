//! What an item is imported for (用途): the three purposes that the pilot scheme admits. It does not judge whether an
//! item may have its purpose. Invariant: the list is closed, and each purpose has one code on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fault::FaultCode;
use super::lang::Lang;

/// A purpose of import under the pilot scheme (京药监发〔2022〕166号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Subject or means of preclinical research (临床前研究).
    PreclinicalItem,
    /// Used up or worked with in making something else (过程物料).
    ProcessMaterial,
    /// Inactive part of a formulation (辅料).
    Excipient,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::PreclinicalItem, Self::ProcessMaterial, Self::Excipient];

    /// Returns the code on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreclinicalItem => "preclinical_item",
            Self::ProcessMaterial => "process_material",
            Self::Excipient => "excipient",
        }
    }

    /// Names the purpose.
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::PreclinicalItem, Lang::Zh) => "临床前研究",
            (Self::PreclinicalItem, Lang::En) => "preclinical item",
            (Self::ProcessMaterial, Lang::Zh) => "过程物料",
            (Self::ProcessMaterial, Lang::En) => "process material",
            (Self::Excipient, Lang::Zh) => "辅料",
            (Self::Excipient, Lang::En) => "excipient",
        }
    }

    /// Reads a purpose from its code or either name, letters in any case.
    ///
    /// # Errors
    /// `value_unknown`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        Self::ALL
            .into_iter()
            .find(|purpose| {
                [purpose.as_str(), purpose.name(Lang::Zh), purpose.name(Lang::En)]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(text))
            })
            .ok_or(FaultCode::ValueUnknown)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_code_and_both_names() {
        for purpose in Purpose::ALL {
            for text in [purpose.as_str(), purpose.name(Lang::Zh), purpose.name(Lang::En)] {
                assert_eq!(Purpose::parse(text), Ok(purpose));
            }
            let json = serde_json::to_string(&purpose).unwrap();
            assert_eq!(json, format!("\"{purpose}\""));
            assert_eq!(serde_json::from_str::<Purpose>(&json).unwrap(), purpose);
        }
        assert_eq!(Purpose::parse("Process Material"), Ok(Purpose::ProcessMaterial));
        for text in ["", "临床", "研发", "clinical"] {
            assert_eq!(Purpose::parse(text), Err(FaultCode::ValueUnknown), "{text}");
        }
    }
}
