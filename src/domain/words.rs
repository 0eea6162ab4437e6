//! Closed lists of words: each with its spelling on the wire and its name in both languages.

/// Declares a closed list; one line adds one word.
macro_rules! words {
    ($(#[$doc:meta])+ $name:ident { $($(#[$word_doc:meta])+ $word:ident $text:literal $zh:literal $en:literal;)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$word_doc])+ #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &[Self] = &[$(Self::$word),+];

            /// Returns the word on the wire and in tables.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// Returns the name for people.
            #[must_use]
            pub const fn name(self, lang: $crate::domain::lang::Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$word, $crate::domain::lang::Lang::Zh) => $zh, (Self::$word, $crate::domain::lang::Lang::En) => $en,)+
                }
            }

            /// Parses the word on the wire.
            ///
            /// # Errors
            /// `value_unknown` for any other text.
            pub fn parse(text: &str) -> Result<Self, $crate::domain::fault::FaultCode> {
                match text {
                    $($text => Ok(Self::$word),)+
                    _ => Err($crate::domain::fault::FaultCode::ValueUnknown),
                }
            }
        }
    };
}
pub(crate) use words;
