//! What each entry of the log is about, so that entries are found without reading them all.
//!
//! It is read from the leaves and says nothing of its own. It follows the log: what it does not hold yet is read there.

use crate::store::conn::AnyConnection;
use crate::store::dialect::insert_all;
use crate::store::error::StoreError;
use crate::store::schema::log_search;
use diesel::dsl::max;
use diesel::{ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _};

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = log_search)]
pub struct KeyRow {
    /// Revision of the entry.
    pub revision: i64,
    /// What happened.
    pub event: String,
    /// Kind of thing.
    pub entity_kind: String,
    /// Which thing.
    pub entity_id: String,
    /// Who did it, by pseudonym.
    pub actor: String,
    /// For whom; empty for the system.
    pub org: String,
    /// When, microseconds.
    pub recorded_at: i64,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// This event.
    pub event: Option<String>,
    /// Things of this kind.
    pub entity_kind: Option<String>,
    /// This thing.
    pub entity_id: Option<String>,
    /// Done by this pseudonym.
    pub actor: Option<String>,
    /// Done for this organisation.
    pub org: Option<String>,
    /// Not before, microseconds.
    pub from: Option<i64>,
    /// Before, microseconds.
    pub to: Option<i64>,
}

impl Wanted {
    /// Whether an entry is wanted.
    #[must_use]
    pub fn fits(&self, row: &KeyRow) -> bool {
        let same = |wanted: &Option<String>, found: &String| wanted.as_ref().is_none_or(|wanted| wanted == found);
        same(&self.event, &row.event)
            && same(&self.entity_kind, &row.entity_kind)
            && same(&self.entity_id, &row.entity_id)
            && same(&self.actor, &row.actor)
            && same(&self.org, &row.org)
            && self.from.is_none_or(|from| row.recorded_at >= from)
            && self.to.is_none_or(|to| row.recorded_at < to)
    }
}

/// Reads up to which revision entries stand here.
///
/// # Errors
/// The database's failure.
pub fn indexed(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    let newest: Option<i64> = log_search::table.select(max(log_search::revision)).first(conn)?;
    Ok(newest.unwrap_or(0))
}

/// Appends what follows a revision, unless another node was faster; returns how many rows that were.
///
/// # Errors
/// The database's failure.
pub fn append(conn: &mut AnyConnection, after: i64, rows: &[KeyRow]) -> Result<usize, StoreError> {
    if indexed(conn)? != after {
        return Ok(0);
    }
    insert_all!(conn, log_search::table, rows);
    Ok(rows.len())
}

/// Finds wanted entries in order, from behind a revision.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, wanted: &Wanted, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut query = log_search::table
        .filter(log_search::revision.gt(after))
        .order(log_search::revision)
        .limit(limit)
        .select(log_search::revision)
        .into_boxed();
    if let Some(event) = &wanted.event {
        query = query.filter(log_search::event.eq(event.clone()));
    }
    if let Some(kind) = &wanted.entity_kind {
        query = query.filter(log_search::entity_kind.eq(kind.clone()));
    }
    if let Some(id) = &wanted.entity_id {
        query = query.filter(log_search::entity_id.eq(id.clone()));
    }
    if let Some(actor) = &wanted.actor {
        query = query.filter(log_search::actor.eq(actor.clone()));
    }
    if let Some(org) = &wanted.org {
        query = query.filter(log_search::org.eq(org.clone()));
    }
    if let Some(from) = wanted.from {
        query = query.filter(log_search::recorded_at.ge(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(log_search::recorded_at.lt(to));
    }
    Ok(query.load(conn)?)
}
