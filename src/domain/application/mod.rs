//! Applications (申请): what an enterprise asks for, the states a case runs through, and what happened to it.
//!
//! The joint review drives the same table ([`machine::TABLE`]). Nothing here knows the day, a database or a token:
//! who acts is told as a [`machine::Who`]. Invariant: a state is entered through a row of the table or not at all.

pub mod check;
pub mod content;
pub mod event;
pub mod item;
pub mod machine;

/// Makes a closed list of words with their names in both languages.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$inner:meta])* $variant:ident $word:literal $zh:literal $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $type {
            $($(#[$inner])* #[serde(rename = $word)] $variant,)+
        }

        impl $type {
            /// Every word of the list, in its order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Names it for people.
            #[must_use]
            pub const fn name(self, lang: $crate::domain::lang::Lang) -> &'static str {
                match (self, lang) {
                    $(
                        (Self::$variant, $crate::domain::lang::Lang::Zh) => $zh,
                        (Self::$variant, $crate::domain::lang::Lang::En) => $en,
                    )+
                }
            }

            /// Reads the word on the wire.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What an application asks for.
    Kind {
        /// New listings.
        Add "add" "新增" "addition";
        /// Other terms for a listing.
        Vary "vary" "变更" "variation";
        /// A new listing that follows one about to expire.
        Renew "renew" "续期" "renewal";
        /// A listing given up by its holder.
        Surrender "surrender" "放弃" "surrender";
    }
}

words! {
    /// Where an application stands.
    State {
        /// Being written; working state of the enterprise, no case yet.
        Draft "draft" "草稿" "draft";
        /// Handed in, waiting for its district.
        Lodged "lodged" "已提交" "lodged";
        /// Taken in by its district, which reviews it.
        Accepted "accepted" "已受理" "accepted";
        /// From outside the core area: the joint mechanism judges whether it may take part.
        Evaluating "evaluating" "区域评估中" "in evaluation";
        /// The member agencies give their opinions.
        InOpinion "in_opinion" "征求意见中" "in opinion";
        /// The bureau weighs the opinions.
        Deciding "deciding" "审议中" "being decided";
        /// A bureau officer has proposed the decision.
        Proposed "proposed" "拟定中" "decision proposed";
        /// Decided by a second person.
        Decided "decided" "已决定" "decided";
        /// Waiting for the enterprise to correct it; the clock stands still.
        Asked "asked" "待补正" "correction asked";
        /// Taken back by the enterprise.
        Withdrawn "withdrawn" "已撤回" "withdrawn";
        /// Not taken in.
        Declined "declined" "不予受理" "declined";
        /// The correction did not come in time.
        Lapsed "lapsed" "逾期失效" "lapsed";
    }
}

impl State {
    /// Whether a case in this state still waits for somebody.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Draft
            | Self::Lodged
            | Self::Accepted
            | Self::Evaluating
            | Self::InOpinion
            | Self::Deciding
            | Self::Proposed
            | Self::Asked => true,
            Self::Decided | Self::Withdrawn | Self::Declined | Self::Lapsed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lang::Lang;

    #[test]
    fn every_word_is_its_own_and_read_again() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(*state));
            assert_eq!(serde_json::to_string(state).unwrap(), format!("\"{state}\""));
            assert!(!state.name(Lang::Zh).is_ascii() && state.name(Lang::En).is_ascii());
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(State::parse("Draft"), None);
    }
}
