//! What a scheme asks of an applicant before it lodges: questions with the answer that lets it in, documents to hand in,
//! and when a renewal may be lodged. Data of the scheme; nothing of one pilot stands in code.

use super::application::Kind;
use super::bilingual::Bilingual;
use serde::{Deserialize, Serialize};

/// A question with one answer that lets the applicant in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Stable code.
    pub code: String,
    /// The question.
    pub text: Bilingual,
    /// The answer that lets in.
    pub expected: bool,
    /// What to do where the answer is the other one.
    pub remedy: Bilingual,
    /// Kinds of application that ask it.
    pub kinds: Vec<Kind>,
}

/// A kind of document that an application may or must bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentKind {
    /// Stable code.
    pub code: String,
    /// Name.
    pub name: Bilingual,
    /// Kinds of application that must bring it; others may.
    pub required_for: Vec<Kind>,
}

/// What a scheme asks of applicants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Eligibility {
    /// Questions in order.
    pub questions: Vec<Question>,
    /// Documents in order.
    pub documents: Vec<DocumentKind>,
    /// Days before the last day of a listing from which its renewal may be lodged.
    pub renewal_opens_days: u16,
    /// Days after the last day until which it still may.
    pub renewal_closes_days: u16,
}

impl Default for Eligibility {
    fn default() -> Self {
        Self { questions: Vec::new(), documents: Vec::new(), renewal_opens_days: 90, renewal_closes_days: 0 }
    }
}

impl Eligibility {
    /// Returns the questions that a kind of application asks.
    pub fn questions_for(&self, kind: Kind) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(move |question| question.kinds.contains(&kind))
    }
}
