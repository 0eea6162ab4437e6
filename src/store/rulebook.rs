//! Rows of schemes, tariff and stops: what concerns every listing.

use super::conn::AnyConnection;
use super::dialect::both;
use super::error::StoreError;
use super::rows::{SchemeRow, StopRow, TariffRow};
use super::schema::{enterprise_versions, listing_versions, scheme_versions, stop_versions, tariff_versions};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _, SelectableHelper as _};

/// Reads scheme versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn schemes_since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<SchemeRow>, StoreError> {
    let rows = scheme_versions::table
        .filter(scheme_versions::revision.gt(revision))
        .order(scheme_versions::revision)
        .select(SchemeRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads tariff rows recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn tariff_since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<TariffRow>, StoreError> {
    let rows = tariff_versions::table
        .filter(tariff_versions::revision.gt(revision))
        .order(tariff_versions::revision)
        .limit(limit)
        .select(TariffRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads every row of one HS code in order of version.
///
/// # Errors
/// The database's failure.
pub fn tariff_of(conn: &mut AnyConnection, hs_code: i64) -> Result<Vec<TariffRow>, StoreError> {
    let rows = tariff_versions::table
        .filter(tariff_versions::hs_code.eq(hs_code))
        .order(tariff_versions::version)
        .select(TariffRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads stops recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn stops_since(conn: &mut AnyConnection, revision: i64) -> Result<Vec<StopRow>, StoreError> {
    let rows = stop_versions::table
        .filter(stop_versions::revision.gt(revision))
        .order(stop_versions::revision)
        .select(StopRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads every version of one stop.
///
/// # Errors
/// The database's failure.
pub fn stop(conn: &mut AnyConnection, id: &str) -> Result<Vec<StopRow>, StoreError> {
    let rows = stop_versions::table
        .filter(stop_versions::id.eq(id))
        .order(stop_versions::version)
        .select(StopRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads stops as they stand, in order of id, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn stops(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<StopRow>, StoreError> {
    let ids: Vec<String> = stop_versions::table
        .filter(stop_versions::version.eq(1))
        .filter(stop_versions::id.gt(after))
        .order(stop_versions::id)
        .limit(limit)
        .select(stop_versions::id)
        .load(conn)?;
    let mut rows: Vec<StopRow> = stop_versions::table
        .filter(stop_versions::id.eq_any(ids))
        .order((stop_versions::id, stop_versions::version.desc()))
        .select(StopRow::as_select())
        .load(conn)?;
    rows.dedup_by(|next, first| next.id == first.id);
    Ok(rows)
}

/// Reads the emergency stops that nobody confirmed by an instant.
///
/// # Errors
/// The database's failure.
pub fn stops_expired(conn: &mut AnyConnection, at: i64) -> Result<Vec<StopRow>, StoreError> {
    let ids: Vec<String> = stop_versions::table
        .filter(stop_versions::version.eq(1))
        .filter(stop_versions::expires_at.le(at))
        .select(stop_versions::id)
        .load(conn)?;
    let mut rows: Vec<StopRow> = stop_versions::table
        .filter(stop_versions::id.eq_any(ids))
        .order((stop_versions::id, stop_versions::version.desc()))
        .select(StopRow::as_select())
        .load(conn)?;
    rows.dedup_by(|next, first| next.id == first.id);
    rows.retain(|row| row.stage.as_deref() == Some("emergency"));
    Ok(rows)
}

/// A number that a query answers.
#[derive(diesel::QueryableByName)]
struct Newest {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    value: i64,
}

/// Returns the revision of the newest version of anything that the snapshot holds: the list, the register of people,
/// the calendar, and the pauses of the service.
///
/// # Errors
/// The database's failure.
pub fn newest(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    let query = "SELECT COALESCE(MAX(newest), 0) AS value FROM (SELECT MAX(revision) AS newest FROM scheme_versions \
                 UNION ALL SELECT MAX(revision) FROM tariff_versions UNION ALL SELECT MAX(revision) FROM enterprise_versions \
                 UNION ALL SELECT MAX(revision) FROM listing_versions UNION ALL SELECT MAX(revision) FROM stop_versions \
                 UNION ALL SELECT MAX(revision) FROM organisation_versions UNION ALL SELECT MAX(revision) FROM person_versions \
                 UNION ALL SELECT MAX(revision) FROM account_versions UNION ALL SELECT MAX(revision) FROM grant_versions \
                 UNION ALL SELECT MAX(revision) FROM mandate_versions UNION ALL SELECT MAX(revision) FROM calendar_years \
                 UNION ALL SELECT MAX(revision) FROM custom_role_versions UNION ALL SELECT MAX(revision) FROM pause_versions) AS list";
    let newest: Newest = both!(conn, conn => diesel::sql_query(query).get_result(conn))?;
    Ok(newest.value)
}

/// Returns the same as it was known at an instant, in microseconds.
///
/// # Errors
/// The database's failure.
pub fn newest_at(conn: &mut AnyConnection, at: i64) -> Result<i64, StoreError> {
    // Tables grow in order of time, so that each is read from its end.
    let mut newest = 0;
    macro_rules! last {
        ($($table:ident),+) => { $(
            let last: Option<i64> = $table::table
                .filter($table::recorded_at.le(at))
                .order($table::revision.desc())
                .select($table::revision)
                .first(conn)
                .optional()?;
            newest = newest.max(last.unwrap_or(0));
        )+ };
    }
    last!(scheme_versions, tariff_versions, enterprise_versions, listing_versions, stop_versions);
    Ok(newest)
}
