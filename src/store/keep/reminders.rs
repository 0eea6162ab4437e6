//! Reminders of an expiry that have gone out: "due and not yet sent" is asked of this table.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::reminders;
use diesel::{ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A reminder that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = reminders)]
pub struct Reminder {
    /// What it is about.
    pub subject: String,
    /// Kind, such as `expiry_30`.
    pub kind: String,
    /// Day on which it was due.
    pub due_on: i32,
    /// When it was sent, microseconds.
    pub sent_at: i64,
}

/// Reads what was sent about several subjects.
///
/// # Errors
/// The database's failure.
pub fn sent(conn: &mut AnyConnection, subjects: &[String]) -> Result<Vec<Reminder>, StoreError> {
    let mut all = Vec::new();
    for subjects in subjects.chunks(500) {
        all.extend(reminders::table.filter(reminders::subject.eq_any(subjects)).load::<Reminder>(conn)?);
    }
    Ok(all)
}

/// Notes that a reminder was sent.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, reminder: &Reminder) -> Result<(), StoreError> {
    diesel::insert_into(reminders::table).values(reminder).execute(conn)?;
    Ok(())
}
