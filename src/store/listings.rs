//! Rows of listings and their balances.

use super::conn::AnyConnection;
use super::dialect::{both, insert_all};
use super::error::StoreError;
use super::rows::ListingRow;
use super::schema::{balances, listing_versions};
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, SelectableHelper as _,
    TextExpressionMethods as _,
};

/// The columns that the list in memory needs; of the text that people read only the conditions, which customs is told.
#[derive(Debug, Clone, Queryable)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct LeanListing {
    pub number: String,
    pub revision: i64,
    pub enterprise: String,
    pub scheme: String,
    pub effective_on: i32,
    pub standing: String,
    pub hs_code: i64,
    pub ciq_code: Option<i32>,
    pub cas: Option<i64>,
    pub purpose: Option<String>,
    pub unit: i32,
    pub quantity: i64,
    pub consignment_cap: Option<i64>,
    pub used: i64,
    pub valid_from: i32,
    pub valid_to: i32,
    pub customs_offices: Option<String>,
    pub conditions: Option<String>,
}

/// Columns of [`LeanListing`], in its order.
type LeanColumns = (
    listing_versions::number,
    listing_versions::revision,
    listing_versions::enterprise,
    listing_versions::scheme,
    listing_versions::effective_on,
    listing_versions::standing,
    listing_versions::hs_code,
    listing_versions::ciq_code,
    listing_versions::cas,
    listing_versions::purpose,
    listing_versions::unit,
    listing_versions::quantity,
    listing_versions::consignment_cap,
    listing_versions::used,
    listing_versions::valid_from,
    listing_versions::valid_to,
    listing_versions::customs_offices,
    listing_versions::conditions,
);

const LEAN: LeanColumns = (
    listing_versions::number,
    listing_versions::revision,
    listing_versions::enterprise,
    listing_versions::scheme,
    listing_versions::effective_on,
    listing_versions::standing,
    listing_versions::hs_code,
    listing_versions::ciq_code,
    listing_versions::cas,
    listing_versions::purpose,
    listing_versions::unit,
    listing_versions::quantity,
    listing_versions::consignment_cap,
    listing_versions::used,
    listing_versions::valid_from,
    listing_versions::valid_to,
    listing_versions::customs_offices,
    listing_versions::conditions,
);

/// Hands every version to `each`, row by row, ordered by number and version.
///
/// # Errors
/// The database's failure, or the first that `each` answers.
pub fn for_each(
    conn: &mut AnyConnection,
    mut each: impl FnMut(LeanListing) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let query = listing_versions::table.order((listing_versions::number, listing_versions::version)).select(LEAN);
    both!(conn, conn => {
        for row in query.load_iter::<LeanListing, diesel::connection::DefaultLoadingMode>(conn)? {
            each(row?)?;
        }
    });
    Ok(())
}

/// Reads every version of the listings that have one recorded after a revision, ordered by number and version.
///
/// # Errors
/// The database's failure.
pub fn touched_since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<LeanListing>, StoreError> {
    let touched = listing_versions::table
        .filter(listing_versions::revision.gt(revision))
        .select(listing_versions::number)
        .distinct();
    let numbers: Vec<String> = touched.load(conn)?;
    let mut rows = Vec::new();
    for numbers in numbers.chunks(500) {
        rows.extend(
            listing_versions::table
                .filter(listing_versions::number.eq_any(numbers))
                .order((listing_versions::number, listing_versions::version))
                .select(LEAN)
                .load::<LeanListing>(conn)?,
        );
    }
    Ok(rows)
}

/// Reads every version of one listing, oldest first.
///
/// # Errors
/// The database's failure.
pub fn versions(conn: &mut AnyConnection, number: &str) -> Result<Vec<ListingRow>, StoreError> {
    let rows = listing_versions::table
        .filter(listing_versions::number.eq(number))
        .order(listing_versions::version)
        .select(ListingRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads every version of several listings, ordered by number and version.
///
/// # Errors
/// The database's failure.
pub fn versions_of(conn: &mut AnyConnection, numbers: &[String]) -> Result<Vec<ListingRow>, StoreError> {
    let mut rows = Vec::new();
    for numbers in numbers.chunks(500) {
        rows.extend(
            listing_versions::table
                .filter(listing_versions::number.eq_any(numbers))
                .order((listing_versions::number, listing_versions::version))
                .select(ListingRow::as_select())
                .load::<ListingRow>(conn)?,
        );
    }
    Ok(rows)
}

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<ListingRow>, StoreError> {
    let rows = listing_versions::table
        .filter(listing_versions::revision.gt(revision))
        .order(listing_versions::revision)
        .limit(limit)
        .select(ListingRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// What a page of listings is narrowed to before their state is computed.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    /// One enterprise.
    pub enterprise: Option<String>,
    /// An HS code that any version carries.
    pub hs_code: Option<i64>,
    /// A batch that any version carries.
    pub batch: Option<String>,
}

/// Lists numbers in order, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn numbers(
    conn: &mut AnyConnection,
    narrowing: &Narrowing,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut query = listing_versions::table
        .filter(listing_versions::number.gt(after.to_owned()))
        .order(listing_versions::number)
        .limit(limit)
        .select(listing_versions::number)
        .distinct()
        .into_boxed();
    if let Some(enterprise) = &narrowing.enterprise {
        query = query.filter(listing_versions::enterprise.eq(enterprise.clone()));
    }
    if let Some(hs_code) = narrowing.hs_code {
        query = query.filter(listing_versions::hs_code.eq(hs_code));
    }
    if let Some(batch) = &narrowing.batch {
        query = query.filter(listing_versions::batch.eq(batch.clone()));
    }
    Ok(query.load(conn)?)
}

/// Lists the numbers of listings that have a version recorded after one revision and up to another, in order, from behind
/// a given one.
///
/// # Errors
/// The database's failure.
pub fn numbers_between(
    conn: &mut AnyConnection,
    enterprise: Option<&str>,
    (from, to): (i64, i64),
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut query = listing_versions::table
        .filter(listing_versions::revision.gt(from))
        .filter(listing_versions::revision.le(to))
        .filter(listing_versions::number.gt(after.to_owned()))
        .order(listing_versions::number)
        .limit(limit)
        .select(listing_versions::number)
        .distinct()
        .into_boxed();
    if let Some(enterprise) = enterprise {
        query = query.filter(listing_versions::enterprise.eq(enterprise.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Lists the numbers of listings that carry an HS code in any version.
///
/// # Errors
/// The database's failure.
pub fn with_hs_code(conn: &mut AnyConnection, hs_code: i64) -> Result<Vec<String>, StoreError> {
    let numbers = listing_versions::table
        .filter(listing_versions::hs_code.eq(hs_code))
        .order(listing_versions::number)
        .select(listing_versions::number)
        .distinct()
        .load(conn)?;
    Ok(numbers)
}

/// Counts listings of an enterprise.
///
/// # Errors
/// The database's failure.
pub fn count_of(conn: &mut AnyConnection, enterprise: &str, as_of: i64) -> Result<i64, StoreError> {
    let count = listing_versions::table
        .filter(listing_versions::enterprise.eq(enterprise))
        .filter(listing_versions::version.eq(1))
        .filter(listing_versions::revision.le(as_of))
        .count()
        .get_result(conn)?;
    Ok(count)
}

/// Lists, in order of USCC, the enterprises that hold a listing of a scheme: not removed, not expired on a day.
///
/// # Errors
/// The database's failure.
pub fn holders(conn: &mut AnyConnection, scheme: &str, day: i32) -> Result<Vec<String>, StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Holder {
        #[diesel(sql_type = diesel::sql_types::Text)]
        enterprise: String,
    }
    let newest = "SELECT DISTINCT v.enterprise AS enterprise FROM listing_versions v \
                  WHERE v.scheme = $1 AND v.valid_to >= $2 AND v.standing <> 'removed' AND NOT EXISTS \
                  (SELECT 1 FROM listing_versions w WHERE w.number = v.number AND w.version > v.version) \
                  ORDER BY enterprise";
    let query =
        diesel::sql_query(newest).bind::<diesel::sql_types::Text, _>(scheme).bind::<diesel::sql_types::Integer, _>(day);
    Ok(query.load::<Holder>(conn)?.into_iter().map(|holder| holder.enterprise).collect())
}

/// Returns every number that begins with a scheme's prefix and a year, newest rows included.
///
/// # Errors
/// The database's failure.
pub fn last_number(conn: &mut AnyConnection, prefix_and_year: &str) -> Result<Option<String>, StoreError> {
    // Serials grow by a digit beyond 999,999, so that text order alone would not find the last.
    let mut longest: Option<String> = None;
    for serial_digits in (6..=9_usize).rev() {
        let pattern = format!("{prefix_and_year}-{}-_", "_".repeat(serial_digits));
        let last: Vec<String> = listing_versions::table
            .filter(listing_versions::number.gt(prefix_and_year.to_owned()))
            .filter(listing_versions::number.like(pattern))
            .filter(listing_versions::version.eq(1))
            .order(listing_versions::number.desc())
            .limit(1)
            .select(listing_versions::number)
            .load(conn)?;
        longest = last.into_iter().next();
        if longest.is_some() {
            break;
        }
    }
    Ok(longest)
}

/// What was taken of a listing, in steps of the finer unit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = balances)]
pub struct BalanceRow {
    /// Its number.
    pub listing: String,
    /// Held by declarations not yet released.
    pub reserved: i64,
    /// Written off.
    pub confirmed: i64,
    /// Written off beyond the grant.
    pub excess: i64,
}

/// Opens the balances of new listings with what was used before.
///
/// # Errors
/// The database's failure.
pub(super) fn open_balances(conn: &mut AnyConnection, used: &[(String, i64)]) -> Result<(), StoreError> {
    let rows: Vec<BalanceRow> = used
        .iter()
        .map(|(listing, used)| BalanceRow { listing: listing.clone(), reserved: 0, confirmed: *used, excess: 0 })
        .collect();
    insert_all!(conn, balances::table, rows);
    Ok(())
}

/// Reads balances in order of number, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list_balances(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<BalanceRow>, StoreError> {
    Ok(balances::table.filter(balances::listing.gt(after)).order(balances::listing).limit(limit).load(conn)?)
}

/// Finds the balance of one listing.
///
/// # Errors
/// The database's failure.
pub fn find_balance(conn: &mut AnyConnection, number: &str) -> Result<Option<BalanceRow>, StoreError> {
    use diesel::OptionalExtension as _;
    Ok(balances::table.find(number).first(conn).optional()?)
}

/// Reads every version of the listings of several enterprises, ordered by number and version.
///
/// # Errors
/// The database's failure.
pub fn versions_of_enterprises(conn: &mut AnyConnection, usccs: &[String]) -> Result<Vec<ListingRow>, StoreError> {
    let mut rows = Vec::new();
    for usccs in usccs.chunks(500) {
        rows.extend(
            listing_versions::table
                .filter(listing_versions::enterprise.eq_any(usccs))
                .order((listing_versions::number, listing_versions::version))
                .select(ListingRow::as_select())
                .load::<ListingRow>(conn)?,
        );
    }
    Ok(rows)
}

impl From<&ListingRow> for LeanListing {
    fn from(row: &ListingRow) -> Self {
        Self {
            number: row.number.clone(),
            revision: row.revision,
            enterprise: row.enterprise.clone(),
            scheme: row.scheme.clone(),
            effective_on: row.effective_on,
            standing: row.standing.clone(),
            hs_code: row.hs_code,
            ciq_code: row.ciq_code,
            cas: row.cas,
            purpose: row.purpose.clone(),
            unit: row.unit,
            quantity: row.quantity,
            consignment_cap: row.consignment_cap,
            used: row.used,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            customs_offices: row.customs_offices.clone(),
            conditions: row.conditions.clone(),
        }
    }
}

/// Reads the balances of several listings.
///
/// # Errors
/// The database's failure.
pub fn balances_of(conn: &mut AnyConnection, numbers: &[String]) -> Result<Vec<BalanceRow>, StoreError> {
    let mut rows = Vec::new();
    for numbers in numbers.chunks(500) {
        rows.extend(balances::table.filter(balances::listing.eq_any(numbers)).load::<BalanceRow>(conn)?);
    }
    Ok(rows)
}
