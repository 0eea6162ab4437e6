//! How far the log was told to each webhook, what was given up, and which node tells.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{leases, webhook_dead_letters, webhook_positions};
use diesel::{
    AsChangeset, BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _,
    Queryable, RunQueryDsl as _,
};

/// Where a webhook stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = webhook_positions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct PositionRow {
    /// The webhook.
    pub webhook: String,
    /// Everything up to this revision was told, set aside or not wanted.
    pub served: i64,
    /// Rises when somebody moves the position.
    pub turn: i32,
    /// Attempts of the next message.
    pub attempts: i32,
    /// Since when it fails, microseconds.
    pub failing_since: Option<i64>,
    /// When it may be tried next, microseconds.
    pub due_at: i64,
    /// Messages set aside since the last that was taken.
    pub set_aside: i32,
    /// What the last attempt came to.
    pub last_outcome: Option<String>,
    /// Messages that were taken.
    pub delivered: i64,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = webhook_dead_letters)]
pub struct DeadLetterRow {
    /// The webhook.
    pub webhook: String,
    /// Revision of what it tells.
    pub revision: i64,
    /// How often it was tried.
    pub attempts: i32,
    /// What the last attempt came to.
    pub outcome: String,
    /// When it was given up, microseconds.
    pub set_aside_at: i64,
    /// 1 while it is to be sent again.
    pub again: i32,
}

/// Begins the position of a new webhook.
///
/// # Errors
/// The database's failure.
pub fn begin(conn: &mut AnyConnection, webhook: &str, served: i64) -> Result<(), StoreError> {
    let row = PositionRow {
        webhook: webhook.to_owned(),
        served,
        turn: 0,
        attempts: 0,
        failing_since: None,
        due_at: 0,
        set_aside: 0,
        last_outcome: None,
        delivered: 0,
    };
    diesel::insert_into(webhook_positions::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds where a webhook stands.
///
/// # Errors
/// The database's failure.
pub fn position(conn: &mut AnyConnection, webhook: &str) -> Result<Option<PositionRow>, StoreError> {
    Ok(webhook_positions::table.find(webhook).first(conn).optional()?)
}

/// Reads where several webhooks stand.
///
/// # Errors
/// The database's failure.
pub fn positions(conn: &mut AnyConnection, webhooks: &[String]) -> Result<Vec<PositionRow>, StoreError> {
    let mut rows = Vec::new();
    for webhooks in webhooks.chunks(500) {
        rows.extend(webhook_positions::table.filter(webhook_positions::webhook.eq_any(webhooks)).load(conn)?);
    }
    Ok(rows)
}

/// Writes where a webhook stands, unless somebody moved it meanwhile; says whether it was written.
///
/// # Errors
/// The database's failure.
pub fn stand(conn: &mut AnyConnection, row: &PositionRow) -> Result<bool, StoreError> {
    let mine = webhook_positions::table.find(&row.webhook).filter(webhook_positions::turn.eq(row.turn));
    Ok(diesel::update(mine).set(row).execute(conn)? == 1)
}

/// Moves a webhook: it is tried at once, from behind `served` where that is named.
///
/// # Errors
/// The database's failure.
pub fn turn(conn: &mut AnyConnection, webhook: &str, served: Option<i64>) -> Result<(), StoreError> {
    let Some(row) = position(conn, webhook)? else { return Ok(()) };
    let moved = PositionRow {
        served: served.unwrap_or(row.served),
        turn: row.turn.wrapping_add(1),
        attempts: 0,
        failing_since: None,
        due_at: 0,
        set_aside: 0,
        ..row
    };
    diesel::update(webhook_positions::table.find(webhook)).set(&moved).execute(conn)?;
    Ok(())
}

/// Keeps a message that was given up.
///
/// # Errors
/// The database's failure.
pub fn set_aside(conn: &mut AnyConnection, row: &DeadLetterRow) -> Result<(), StoreError> {
    diesel::delete(webhook_dead_letters::table.find((&row.webhook, row.revision))).execute(conn)?;
    diesel::insert_into(webhook_dead_letters::table).values(row).execute(conn)?;
    Ok(())
}

/// Lists messages that were given up, in order of revision, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn dead_letters(
    conn: &mut AnyConnection,
    webhook: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<DeadLetterRow>, StoreError> {
    let of = webhook_dead_letters::table.filter(webhook_dead_letters::webhook.eq(webhook));
    let behind = of.filter(webhook_dead_letters::revision.gt(after));
    Ok(behind.order(webhook_dead_letters::revision).limit(limit).load(conn)?)
}

/// Counts the messages of a webhook that were given up.
///
/// # Errors
/// The database's failure.
pub fn count(conn: &mut AnyConnection, webhook: &str) -> Result<i64, StoreError> {
    let of = webhook_dead_letters::table.filter(webhook_dead_letters::webhook.eq(webhook));
    Ok(of.count().get_result(conn)?)
}

/// Counts the messages of all webhooks that were given up.
///
/// # Errors
/// The database's failure.
pub fn count_all(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(webhook_dead_letters::table.count().get_result(conn)?)
}

/// Says that a message is to be sent again; says whether there is one.
///
/// # Errors
/// The database's failure.
pub fn again(conn: &mut AnyConnection, webhook: &str, revision: i64) -> Result<bool, StoreError> {
    let letter = webhook_dead_letters::table.find((webhook, revision));
    Ok(diesel::update(letter).set(webhook_dead_letters::again.eq(1)).execute(conn)? == 1)
}

/// Lists the messages of a webhook that are to be sent again, in order of revision.
///
/// # Errors
/// The database's failure.
pub fn to_send_again(conn: &mut AnyConnection, webhook: &str, limit: i64) -> Result<Vec<DeadLetterRow>, StoreError> {
    let of = webhook_dead_letters::table
        .filter(webhook_dead_letters::webhook.eq(webhook))
        .filter(webhook_dead_letters::again.eq(1));
    Ok(of.order(webhook_dead_letters::revision).limit(limit).load(conn)?)
}

/// Forgets a message that was given up: it was taken after all, or its webhook begins before it again.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, webhook: &str, from: i64, to: i64) -> Result<(), StoreError> {
    let of = webhook_dead_letters::table
        .filter(webhook_dead_letters::webhook.eq(webhook))
        .filter(webhook_dead_letters::revision.between(from, to));
    diesel::delete(of).execute(conn)?;
    Ok(())
}

/// Takes, or keeps, work that one node does at a time; says whether it is the holder's until then.
///
/// # Errors
/// The database's failure.
pub fn lease(conn: &mut AnyConnection, name: &str, holder: &str, now: i64, until: i64) -> Result<bool, StoreError> {
    let free = leases::held_until.lt(now).or(leases::holder.eq(holder));
    let taken = diesel::update(leases::table.filter(leases::name.eq(name)).filter(free))
        .set((leases::holder.eq(holder), leases::held_until.eq(until)))
        .execute(conn)?;
    Ok(taken == 1)
}
