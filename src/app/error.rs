//! Why a use case was not carried out.

use super::overtaken::Step;
use crate::domain::draw::Refusal as Refused;
use crate::domain::error::Rule;
use crate::domain::fault::FaultCode;
use crate::domain::revision::Revision;
use crate::sheet::SheetFault;
use crate::store::StoreError;
use thiserror::Error;

/// A rule's refusal and the part of the request it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// JSON pointer into the request.
    pub pointer: String,
    /// The rule.
    pub rule: Rule,
}

/// Why a use case was not carried out; nothing has changed.
#[derive(Debug, Error)]
pub enum AppError {
    /// The thing does not exist, or not for this caller.
    #[error("not found")]
    NotFound,
    /// The caller may not do this.
    #[error("forbidden")]
    Forbidden,
    /// A member of the request is faulty in a way only the data can tell.
    #[error("faulty request")]
    Faults(Vec<(String, FaultCode)>),
    /// A rule said no; all refusals at once.
    #[error("a rule refused the request")]
    Refused(Vec<Refusal>),
    /// A rule said no, and what it is about needs saying in words: Chinese, English.
    #[error("a rule refused the request")]
    Explained(Vec<Refusal>, String, String),
    /// The spreadsheet is faulty; all faults at once.
    #[error("the spreadsheet is faulty")]
    Sheet(Vec<SheetFault>),
    /// The thing has moved on since the caller saw it.
    #[error("stale version")]
    StaleVersion(Revision),
    /// The same, with what was recorded about it meanwhile.
    #[error("stale version")]
    Overtaken(Revision, Vec<Step>),
    /// The draft has moved on; its tag counts its versions and names no entry of the log.
    #[error("stale version")]
    StaleDraft(Revision),
    /// The thing is in a state that does not allow this.
    #[error("conflict with the present state")]
    Conflict(Revision),
    /// A draw was refused.
    #[error("the draw was refused")]
    Draw(Refused),
    /// This node has not confirmed the head of the log in time.
    #[error("the head of the log is not confirmed")]
    StaleNode,
    /// This node has not reached the demanded revision.
    #[error("the demanded revision is not reached")]
    NotYetCurrent,
    /// The answer cannot be put on record now, and so is not given.
    #[error("the answer cannot be recorded")]
    Unrecorded,
    /// There is no font to write a file in; says what was looked for.
    #[error("there is no Chinese font: {0}")]
    NoFont(String),
    /// The database is away, full, or refuses.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl AppError {
    /// What is answered when it is not known whether a change was made.
    #[must_use]
    pub const fn outcome_unknown() -> Self {
        Self::Store(StoreError::OutcomeUnknown)
    }

    /// A view that cannot be written: a fault of ours.
    pub fn unwritable(error: impl std::fmt::Display) -> Self {
        Self::Store(StoreError::damaged(error))
    }

    /// One refusal of the whole request.
    #[must_use]
    pub fn refused(rule: Rule) -> Self {
        Self::Refused(vec![Refusal { pointer: String::new(), rule }])
    }
}
