//! What can go wrong between the service and its database.

use thiserror::Error;

/// A failure of the store; none of its texts reaches a client.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached or opened.
    #[error("cannot reach or open the database: {0}")]
    Unreachable(String),
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Statement(#[from] diesel::result::Error),
    /// The commit failed: whether the change took effect is unknown.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown,
    /// A stored value is not what it must be.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The database lies behind a head that was published: a restored backup. Or the log has gone on in another shard.
    #[error("changes are refused: {0}")]
    BehindHead(String),
    /// The writer has stopped.
    #[error("the service is shutting down")]
    Closed,
    /// The work itself broke.
    #[error("the work on the database broke off")]
    Broken,
    /// A file of the data folder cannot be read or written.
    #[error("cannot use a file of the data folder: {0}")]
    File(String),
}

impl StoreError {
    /// Whether the fault lies in this program or its data, not in a database that is away, full or slow.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        match self {
            Self::Damaged(_) | Self::Broken => true,
            Self::Statement(Error::DatabaseError(kind, _)) => matches!(
                kind,
                DatabaseErrorKind::UniqueViolation
                    | DatabaseErrorKind::ForeignKeyViolation
                    | DatabaseErrorKind::NotNullViolation
                    | DatabaseErrorKind::CheckViolation
            ),
            Self::Statement(_) => true,
            Self::Unreachable(_) | Self::OutcomeUnknown | Self::BehindHead(_) | Self::Closed | Self::File(_) => false,
        }
    }

    /// Whether changes are refused until an operator has looked.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        matches!(self, Self::BehindHead(_))
    }

    /// Names damaged data.
    pub fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}
