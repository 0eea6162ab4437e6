//! Movements of quantity and the balances they come to.

use super::bulk::insert_columns;
use super::conn::AnyConnection;
use super::dialect::both;
use super::error::StoreError;
use super::listings::BalanceRow;
use super::schema::movements;
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _,
    Selectable, SelectableHelper as _,
};

/// One booking, double entry, in steps of the finer unit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = movements)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct MovementRow {
    pub revision: i64,
    pub place: i32,
    pub listing: String,
    pub enterprise: String,
    pub declaration: String,
    pub customs_office: String,
    pub kind: String,
    pub debit: String,
    pub credit: String,
    pub quantity: i64,
    pub reserved_after: i64,
    pub confirmed_after: i64,
    pub excess_after: i64,
    pub granted: i64,
    pub occurred_at: i64,
    pub recorded_at: i64,
}

/// What a movement left behind, as the list in memory needs it: revision, importer, listing, reserved, confirmed.
pub type Left = (i64, String, String, i64, i64);

/// Writes movements and what the balances come to.
///
/// # Errors
/// The database's failure.
pub fn put(conn: &mut AnyConnection, rows: &[MovementRow], balances: &[BalanceRow]) -> Result<(), StoreError> {
    insert_columns!(
        conn,
        movements,
        rows,
        [
            revision,
            place,
            listing,
            enterprise,
            declaration,
            customs_office,
            kind,
            debit,
            credit,
            quantity,
            reserved_after,
            confirmed_after,
            excess_after,
            granted,
            occurred_at,
            recorded_at,
        ]
    );
    super::dialect::put_balances(conn, balances)
}

/// Hands what every movement after a revision left behind to `each`, in order.
///
/// # Errors
/// The database's failure, or the first that `each` answers.
pub fn for_each_since(
    conn: &mut AnyConnection,
    revision: i64,
    mut each: impl FnMut(Left) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let query = movements::table
        .filter(movements::revision.gt(revision))
        .order((movements::revision, movements::place))
        .select((
            movements::revision,
            movements::enterprise,
            movements::listing,
            movements::reserved_after,
            movements::confirmed_after,
        ));
    both!(conn, conn => {
        for row in query.load_iter::<Left, diesel::connection::DefaultLoadingMode>(conn)? {
            each(row?)?;
        }
    });
    Ok(())
}

/// Lists movements of a listing in order of revision and place, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn of_listing(
    conn: &mut AnyConnection,
    listing: &str,
    (revision, place): (i64, i32),
    limit: i64,
) -> Result<Vec<MovementRow>, StoreError> {
    let behind = movements::revision.gt(revision).or(movements::revision.eq(revision).and(movements::place.gt(place)));
    let rows = movements::table
        .filter(movements::listing.eq(listing))
        .filter(behind)
        .order((movements::revision, movements::place))
        .limit(limit)
        .select(MovementRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Finds what the last movement of a listing at or before a revision left behind: reserved, confirmed, excess.
///
/// # Errors
/// The database's failure.
pub fn left_at(conn: &mut AnyConnection, listing: &str, revision: i64) -> Result<Option<(i64, i64, i64)>, StoreError> {
    use diesel::OptionalExtension as _;
    let left = movements::table
        .filter(movements::listing.eq(listing))
        .filter(movements::revision.le(revision))
        .order((movements::revision.desc(), movements::place.desc()))
        .select((movements::reserved_after, movements::confirmed_after, movements::excess_after))
        .first(conn)
        .optional()?;
    Ok(left)
}

/// Reads movements in order, from behind a given one, for the comparison with the log.
///
/// # Errors
/// The database's failure.
pub fn all(
    conn: &mut AnyConnection,
    (revision, place): (i64, i32),
    limit: i64,
) -> Result<Vec<MovementRow>, StoreError> {
    let behind = movements::revision.gt(revision).or(movements::revision.eq(revision).and(movements::place.gt(place)));
    let rows = movements::table
        .filter(behind)
        .order((movements::revision, movements::place))
        .limit(limit)
        .select(MovementRow::as_select())
        .load(conn)?;
    Ok(rows)
}
