//! Working state, which is not history: people behind pseudonyms, recorded answers, kept responses.
//!
//! Only the tables named here may be changed without a log entry; a test reads this list.

pub mod answers;
pub mod claims;
pub mod drafts;
pub mod opinion_drafts;
pub mod people;
pub mod reminders;
pub mod responses;

/// The tables that [`Store::keep`](super::Store::keep) may change.
pub const TABLES: &[&str] = &[
    "people",
    "reminders",
    "answer_batches",
    "answer_declarations",
    "idempotent_responses",
    "drafts",
    "claims",
    "opinion_drafts",
];
