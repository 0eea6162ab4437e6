//! Keys that sign, whatever they sign: each is introduced, and retires when another takes its turn. Only public halves are stored.
//!
//! Invariant: a key has one row when it is introduced and one more when it retires; nothing else of it changes.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::tx::{Queued, Tx};

/// How keys end.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// Until when they are trusted, microseconds since 1970.
    pub trusted_until: i64,
    /// Why they end.
    pub reason: &'static str,
    /// When that is recorded, microseconds since 1970.
    pub at: i64,
}

/// One version of a key.
pub trait SigningKey: Queued {
    /// Id of the key.
    fn kid(&self) -> &str;

    /// Whether it has not retired.
    fn is_open(&self) -> bool;

    /// The version with which it retires.
    #[must_use]
    fn retired(&self, revision: i64, ending: Ending) -> Self;

    /// Reads every key as it stands, in order of introduction.
    ///
    /// # Errors
    /// The database's failure.
    fn standing(conn: &mut AnyConnection) -> Result<Vec<Self>, StoreError>;

    /// Introduces this key, and retires those of the others that have not.
    ///
    /// # Errors
    /// The database's failure.
    fn take_turn(self, tx: &mut Tx<'_>, others: &[String], ending: Ending) -> Result<(), StoreError> {
        let standing = Self::standing(tx.conn())?;
        tx.save(self, None, &format!("{}.introduced", Self::KIND))?;
        for known in standing.iter().filter(|row| row.is_open() && others.iter().any(|kid| kid == row.kid())) {
            let row = known.retired(tx.next_revision().0, ending);
            tx.save(row, Some(known), &format!("{}.retired", Self::KIND))?;
        }
        Ok(())
    }
}

/// Makes the rows of a table facts of keys, with `since` and `standing`.
macro_rules! signing_keys {
    ($row:ty => $table:ident, $kind:literal) => {
        impl $crate::store::fact::Fact for $row {
            const KIND: &'static str = $kind;
            const PRIVATE: &'static [&'static str] = &[];

            fn entity_id(&self) -> String {
                self.kid.clone()
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
                self.reason.as_deref()
            }
        }

        $crate::store::tx::appended!($row => $table);

        impl $crate::store::signing_keys::SigningKey for $row {
            fn kid(&self) -> &str {
                &self.kid
            }

            fn is_open(&self) -> bool {
                self.retires_at.is_none()
            }

            fn retired(&self, revision: i64, ending: $crate::store::signing_keys::Ending) -> Self {
                Self {
                    version: self.version.saturating_add(1),
                    revision,
                    retires_at: Some(ending.trusted_until),
                    reason: Some(ending.reason.to_owned()),
                    recorded_at: ending.at,
                    ..self.clone()
                }
            }

            fn standing(conn: &mut $crate::store::AnyConnection) -> Result<Vec<Self>, $crate::store::StoreError> {
                standing(conn)
            }
        }

        /// Reads versions recorded after a revision, in order of recording.
        ///
        /// # Errors
        /// The database's failure.
        pub fn since(
            conn: &mut $crate::store::AnyConnection,
            revision: i64,
        ) -> Result<Vec<$row>, $crate::store::StoreError> {
            let rows = $table::table
                .filter($table::revision.gt(revision))
                .order($table::revision)
                .select(<$row>::as_select())
                .load(conn)?;
            Ok(rows)
        }

        /// Reads every key as it stands, in order of introduction.
        ///
        /// # Errors
        /// The database's failure.
        pub fn standing(
            conn: &mut $crate::store::AnyConnection,
        ) -> Result<Vec<$row>, $crate::store::StoreError> {
            let mut keys: Vec<$row> = Vec::new();
            for row in since(conn, 0)? {
                match keys.iter_mut().find(|key| key.kid == row.kid) {
                    Some(key) => *key = row,
                    None => keys.push(row),
                }
            }
            Ok(keys)
        }
    };
}
pub(crate) use signing_keys;
