//! Evidence documents (证明材料): which kinds are taken, and what a scan said of one. Reading bytes is not done here.

use super::fault::FaultCode;
use serde::{Deserialize, Serialize};

/// Largest document, bytes: 20 MiB.
pub const LARGEST: usize = 20 * 1024 * 1024;

macro_rules! media {
    ($($(#[$doc:meta])* $variant:ident $word:literal $mime:literal [$($ending:literal),+];)+) => {
        /// Kind of a document, as its content shows it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Media { $($(#[$doc])* $variant,)+ }

        impl Media {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the stored word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Returns the media type under which it is sent.
            #[must_use]
            pub fn mime(self) -> &'static str {
                match self { $(Self::$variant => $mime,)+ }
            }

            /// Returns the endings that a file of this kind may have, in lower case.
            #[must_use]
            pub fn endings(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($ending),+],)+ }
            }
        }
    };
}

media! {
    /// Portable document (ISO 32000).
    Pdf "pdf" "application/pdf" ["pdf"];
    /// Open fixed-layout document (GB/T 33190-2016).
    Ofd "ofd" "application/ofd" ["ofd"];
    /// Photograph or scan.
    Jpeg "jpeg" "image/jpeg" ["jpg", "jpeg"];
    /// Picture (ISO/IEC 15948).
    Png "png" "image/png" ["png"];
    /// Workbook (ISO/IEC 29500).
    Xlsx "xlsx" "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" ["xlsx"];
    /// Text document (ISO/IEC 29500).
    Docx "docx" "application/vnd.openxmlformats-officedocument.wordprocessingml.document" ["docx"];
}

impl Media {
    /// Parses the stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|media| media.as_str() == text)
    }

    /// Holds the name of a file against what it is.
    ///
    /// # Errors
    /// `document_mistyped` when its ending promises another kind, or none of those taken.
    pub fn named(self, file_name: &str) -> Result<Self, FaultCode> {
        let ending = file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let fits = ending.is_some_and(|ending| self.endings().contains(&ending.as_str()));
        if fits { Ok(self) } else { Err(FaultCode::DocumentMistyped) }
    }
}

/// What is known of a document's content (病毒扫描).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanState {
    /// No scanner is configured.
    Unscanned,
    /// The scanner found nothing.
    Clean,
    /// The scanner found something: never handed out.
    Infected,
    /// The scanner could not be asked: not handed out until it could.
    Failed,
}

impl ScanState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Unscanned, Self::Clean, Self::Infected, Self::Failed];

    /// Returns the stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unscanned => "unscanned",
            Self::Clean => "clean",
            Self::Infected => "infected",
            Self::Failed => "failed",
        }
    }

    /// Parses the stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether the document may be handed out.
    #[must_use]
    pub fn may_be_read(self) -> bool {
        matches!(self, Self::Unscanned | Self::Clean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        assert!(Media::ALL.iter().all(|media| Media::parse(media.as_str()) == Some(*media)));
        assert!(ScanState::ALL.iter().all(|state| ScanState::parse(state.as_str()) == Some(*state)));
        assert_eq!((Media::parse("exe"), ScanState::parse("")), (None, None));
    }

    #[test]
    fn a_name_must_promise_what_the_file_is() {
        assert_eq!(Media::Jpeg.named("许可证.JPG"), Ok(Media::Jpeg));
        for name in ["a.png", "a", "a.jpg.exe", "jpg", ""] {
            assert_eq!(Media::Jpeg.named(name), Err(FaultCode::DocumentMistyped), "{name}");
        }
    }

    #[test]
    fn what_is_infected_or_unknown_is_not_handed_out() {
        let readable: Vec<_> = ScanState::ALL.into_iter().filter(|state| state.may_be_read()).collect();
        assert_eq!(readable, [ScanState::Unscanned, ScanState::Clean]);
    }
}
