//! Which nodes serve the list, as each says of itself.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::nodes;
use diesel::{AsChangeset, ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _};

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = nodes)]
pub struct NodeRow {
    /// Its host and data folder.
    pub name: String,
    /// Version of its program.
    pub version: String,
    /// When its process started, microseconds.
    pub started_at: i64,
    /// The revision that it answers from.
    pub revision: i64,
    /// When it last said so, microseconds by its own clock.
    pub seen_at: i64,
}

/// Says how a node stands, and forgets who said nothing since `forgotten`.
///
/// # Errors
/// The database's failure.
pub fn present(conn: &mut AnyConnection, row: &NodeRow, forgotten: i64) -> Result<(), StoreError> {
    if diesel::update(nodes::table.find(&row.name)).set(row).execute(conn)? == 0 {
        diesel::delete(nodes::table.filter(nodes::seen_at.lt(forgotten))).execute(conn)?;
        diesel::insert_into(nodes::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Forgets a node that stops as it should.
///
/// # Errors
/// The database's failure.
pub fn leave(conn: &mut AnyConnection, name: &str) -> Result<(), StoreError> {
    diesel::delete(nodes::table.find(name)).execute(conn)?;
    Ok(())
}

/// Lists the nodes that said something since an instant, by name.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, since: i64) -> Result<Vec<NodeRow>, StoreError> {
    Ok(nodes::table.filter(nodes::seen_at.ge(since)).order(nodes::name).load(conn)?)
}
