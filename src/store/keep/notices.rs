//! The outbox: what people and organisations are told, who has read it, and the letters that carry it by e-mail.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{notice_letters, notice_reads, notices, refused_addresses};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, JoinOnDsl as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};

diesel::allow_tables_to_appear_in_same_query!(notices, notice_reads);
diesel::allow_tables_to_appear_in_same_query!(notices, notice_letters);

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices, treat_none_as_default_value = false)]
pub struct NoticeRow {
    /// Id; ids order by time.
    pub id: String,
    /// Who is told, such as `org:110108`.
    pub addressee: String,
    /// Kind of notice.
    pub kind: String,
    /// Path of what it is about.
    pub about: String,
    /// Values of its text, JSON.
    pub params: String,
    /// What may be told only once.
    pub once: Option<String>,
    /// When, microseconds.
    pub told_at: i64,
    /// 1 once its letters are made.
    pub spread: i32,
}

/// A letter: one notice to one address.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notice_letters)]
pub struct LetterRow {
    /// Id, which also names the message.
    pub id: String,
    /// The notice.
    pub notice: String,
    /// Where it goes.
    pub address: String,
    /// Language of the reader.
    pub language: String,
    /// `waiting`, `sent` or `set_aside`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it may be tried next, microseconds.
    pub due_at: i64,
}

/// State of a letter that is still to go.
pub const WAITING: &str = "waiting";
/// State of a letter that a server took.
pub const SENT: &str = "sent";
/// State of a letter that is given up.
pub const SET_ASIDE: &str = "set_aside";

/// Puts a notice into the outbox; says whether it is new. One that names what was told before is not.
///
/// # Errors
/// The database's failure.
pub fn insert(conn: &mut AnyConnection, row: &NoticeRow) -> Result<bool, StoreError> {
    if let Some(once) = &row.once {
        let known: Option<String> =
            notices::table.filter(notices::once.eq(once)).select(notices::id).first(conn).optional()?;
        if known.is_some() {
            return Ok(false);
        }
    }
    diesel::insert_into(notices::table).values(row).execute(conn)?;
    Ok(true)
}

/// Reads which of several things that may be told only once were told.
///
/// # Errors
/// The database's failure.
pub fn told(conn: &mut AnyConnection, once: &[String]) -> Result<Vec<String>, StoreError> {
    let mut told: Vec<Option<String>> = Vec::new();
    for once in once.chunks(500) {
        told.extend(notices::table.filter(notices::once.eq_any(once)).select(notices::once).load(conn)?);
    }
    Ok(told.into_iter().flatten().collect())
}

/// Lists what some addressees were told, newest first, each with when a person read it.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    addressees: &[String],
    person: &str,
    only_unread: bool,
    before: &str,
    limit: i64,
) -> Result<Vec<(NoticeRow, Option<i64>)>, StoreError> {
    let read_by = notice_reads::notice.eq(notices::id).and(notice_reads::person.eq(person.to_owned()));
    let mut query = notices::table
        .left_join(notice_reads::table.on(read_by))
        .filter(notices::addressee.eq_any(addressees.to_vec()))
        .order(notices::id.desc())
        .limit(limit)
        .select((NoticeRow::as_select(), notice_reads::read_at.nullable()))
        .into_boxed();
    if only_unread {
        query = query.filter(notice_reads::read_at.nullable().is_null());
    }
    if !before.is_empty() {
        query = query.filter(notices::id.lt(before.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Counts what some addressees were told and a person has not read, up to so many.
///
/// # Errors
/// The database's failure.
pub fn unread(conn: &mut AnyConnection, addressees: &[String], person: &str, most: i64) -> Result<usize, StoreError> {
    let read_by = notice_reads::notice.eq(notices::id).and(notice_reads::person.eq(person.to_owned()));
    let ids: Vec<String> = notices::table
        .left_join(notice_reads::table.on(read_by))
        .filter(notices::addressee.eq_any(addressees.to_vec()))
        .filter(notice_reads::read_at.nullable().is_null())
        .limit(most)
        .select(notices::id)
        .load(conn)?;
    Ok(ids.len())
}

/// Finds a notice among those of some addressees.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str, addressees: &[String]) -> Result<Option<NoticeRow>, StoreError> {
    let query = notices::table.find(id).filter(notices::addressee.eq_any(addressees.to_vec()));
    Ok(query.select(NoticeRow::as_select()).first(conn).optional()?)
}

/// Notes that a person has read a notice; the first time counts.
///
/// # Errors
/// The database's failure.
pub fn read(conn: &mut AnyConnection, notice: &str, person: &str, at: i64) -> Result<i64, StoreError> {
    let known: Option<i64> =
        notice_reads::table.find((notice, person)).select(notice_reads::read_at).first(conn).optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let row = (notice_reads::notice.eq(notice), notice_reads::person.eq(person), notice_reads::read_at.eq(at));
    diesel::insert_into(notice_reads::table).values(row).execute(conn)?;
    Ok(at)
}

/// Gives what an addressee was told and nobody has read to another; returns how many notices that were.
///
/// # Errors
/// The database's failure.
pub fn readdress_unread(conn: &mut AnyConnection, from: &str, to: &str) -> Result<usize, StoreError> {
    let unread: Vec<String> = notices::table
        .left_join(notice_reads::table.on(notice_reads::notice.eq(notices::id)))
        .filter(notices::addressee.eq(from))
        .filter(notice_reads::read_at.nullable().is_null())
        .select(notices::id)
        .load(conn)?;
    for id in &unread {
        diesel::update(notices::table.find(id)).set(notices::addressee.eq(to)).execute(conn)?;
    }
    Ok(unread.len())
}

/// Reads notices whose letters are still to be made, oldest first.
///
/// # Errors
/// The database's failure.
pub fn unspread(conn: &mut AnyConnection, limit: i64) -> Result<Vec<NoticeRow>, StoreError> {
    let query = notices::table.filter(notices::spread.eq(0)).order(notices::id).limit(limit);
    Ok(query.select(NoticeRow::as_select()).load(conn)?)
}

/// Makes the letters of a notice, and none a second time.
///
/// # Errors
/// The database's failure.
pub fn spread(conn: &mut AnyConnection, notice: &str, letters: &[LetterRow]) -> Result<(), StoreError> {
    let waiting = notices::table.filter(notices::id.eq(notice)).filter(notices::spread.eq(0));
    if diesel::update(waiting).set(notices::spread.eq(1)).execute(conn)? == 1 {
        for letter in letters {
            diesel::insert_into(notice_letters::table).values(letter).execute(conn)?;
        }
    }
    Ok(())
}

/// Takes the letter that is due longest, with its notice, so that nobody else takes it until `until`.
///
/// # Errors
/// The database's failure.
pub fn take(conn: &mut AnyConnection, now: i64, until: i64) -> Result<Option<(LetterRow, NoticeRow)>, StoreError> {
    let due: Option<LetterRow> = notice_letters::table
        .filter(notice_letters::state.eq(WAITING))
        .filter(notice_letters::due_at.le(now))
        .order((notice_letters::due_at, notice_letters::id))
        .select(LetterRow::as_select())
        .first(conn)
        .optional()?;
    let Some(letter) = due else { return Ok(None) };
    let attempts = letter.attempts.saturating_add(1);
    diesel::update(notice_letters::table.find(&letter.id))
        .set((notice_letters::attempts.eq(attempts), notice_letters::due_at.eq(until)))
        .execute(conn)?;
    let notice = notices::table.find(&letter.notice).select(NoticeRow::as_select()).first(conn)?;
    Ok(Some((LetterRow { attempts, due_at: until, ..letter }, notice)))
}

/// Says what became of a letter; one that is still waiting is due again at `due_at`.
///
/// # Errors
/// The database's failure.
pub fn settle(conn: &mut AnyConnection, letter: &str, state: &str, due_at: i64) -> Result<(), StoreError> {
    diesel::update(notice_letters::table.find(letter))
        .set((notice_letters::state.eq(state), notice_letters::due_at.eq(due_at)))
        .execute(conn)?;
    Ok(())
}

/// Sets an address aside, with every letter that waits for it.
///
/// # Errors
/// The database's failure.
pub fn refuse_address(conn: &mut AnyConnection, address: &str, at: i64, status: i32) -> Result<(), StoreError> {
    let waiting =
        notice_letters::table.filter(notice_letters::address.eq(address)).filter(notice_letters::state.eq(WAITING));
    diesel::update(waiting).set(notice_letters::state.eq(SET_ASIDE)).execute(conn)?;
    if !is_refused(conn, address)? {
        let row = (
            refused_addresses::address.eq(address),
            refused_addresses::refused_at.eq(at),
            refused_addresses::status.eq(status),
        );
        diesel::insert_into(refused_addresses::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Whether nothing is sent to an address any more.
///
/// # Errors
/// The database's failure.
pub fn is_refused(conn: &mut AnyConnection, address: &str) -> Result<bool, StoreError> {
    let known: Option<String> =
        refused_addresses::table.find(address).select(refused_addresses::address).first(conn).optional()?;
    Ok(known.is_some())
}

/// Tries an address anew from now on, because somebody stated it again.
///
/// # Errors
/// The database's failure.
pub fn forgive_address(conn: &mut AnyConnection, address: &str) -> Result<(), StoreError> {
    diesel::delete(refused_addresses::table.find(address)).execute(conn)?;
    Ok(())
}

/// Counts letters by state.
///
/// # Errors
/// The database's failure.
pub fn count(conn: &mut AnyConnection, state: &str) -> Result<i64, StoreError> {
    Ok(notice_letters::table.filter(notice_letters::state.eq(state)).count().get_result(conn)?)
}
