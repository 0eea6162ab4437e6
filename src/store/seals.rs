//! Seals over records that are kept beside the list: over answers, and over accesses to protected data. Each is a chain of its
//! own, one version for each stretch.
//!
//! Not the records; these are working state and go after their time. Invariant: a seal states count and root of its stretch
//! and is never changed.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::{access_seals, answer_seals};
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// A seal of either kind.
pub trait Seal: Fact {
    /// Reads seals recorded after a revision, in order.
    ///
    /// # Errors
    /// The database's failure.
    fn since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<Self>, StoreError>;
    /// Finds a seal by its number.
    ///
    /// # Errors
    /// The database's failure.
    fn find(conn: &mut AnyConnection, number: i32) -> Result<Option<Self>, StoreError>;
    /// Reads the last seal.
    ///
    /// # Errors
    /// The database's failure.
    fn last(conn: &mut AnyConnection) -> Result<Option<Self>, StoreError>;
    /// Returns the number of the last seal before an instant, microseconds.
    ///
    /// # Errors
    /// The database's failure.
    fn last_before(conn: &mut AnyConnection, instant: i64) -> Result<Option<i32>, StoreError>;
    /// How many records it covers.
    fn records(&self) -> i64;
    /// Root over their leaves.
    fn root(&self) -> &str;
    /// When it was recorded, microseconds.
    fn recorded_at(&self) -> i64;
}

macro_rules! seals {
    ($(#[$doc:meta])* $row:ident in $table:ident, $kind:literal counts $count:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
        #[diesel(table_name = $table)]
        #[allow(missing_docs, reason = "the columns of the table")]
        pub struct $row {
            pub version: i32,
            pub revision: i64,
            pub first_id: String,
            pub last_id: String,
            pub $count: i64,
            pub unrecorded: i64,
            pub root: String,
            pub recorded_at: i64,
        }

        impl Fact for $row {
            const KIND: &'static str = $kind;
            const PRIVATE: &'static [&'static str] = &[];

            fn entity_id(&self) -> String {
                "main".to_owned()
            }

            fn version(&self) -> i32 {
                self.version
            }

            fn revision(&self) -> i64 {
                self.revision
            }

            fn subject(&self) -> String {
                "list".to_owned()
            }

            fn reason_code(&self) -> Option<&str> {
                None
            }
        }

        impl Seal for $row {
            fn since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<Self>, StoreError> {
                let later = $table::table.filter($table::revision.gt(revision)).order($table::revision);
                Ok(later.select(Self::as_select()).load(conn)?)
            }

            fn find(conn: &mut AnyConnection, number: i32) -> Result<Option<Self>, StoreError> {
                Ok($table::table.find(number).select(Self::as_select()).first(conn).optional()?)
            }

            fn last(conn: &mut AnyConnection) -> Result<Option<Self>, StoreError> {
                let last = $table::table.order($table::version.desc());
                Ok(last.select(Self::as_select()).first(conn).optional()?)
            }

            fn last_before(conn: &mut AnyConnection, instant: i64) -> Result<Option<i32>, StoreError> {
                let before = $table::table.filter($table::recorded_at.lt(instant)).order($table::version.desc());
                Ok(before.select($table::version).first(conn).optional()?)
            }

            fn records(&self) -> i64 {
                self.$count
            }

            fn root(&self) -> &str {
                &self.root
            }

            fn recorded_at(&self) -> i64 {
                self.recorded_at
            }
        }
    };
}

seals!(
    /// A seal over recorded answers.
    AnswerSealRow in answer_seals, "answers" counts answers
);
seals!(
    /// A seal over records of access.
    AccessSealRow in access_seals, "accesses" counts records
);

appended!(
    AnswerSealRow => answer_seals,
    AccessSealRow => access_seals,
);
