//! One-time codes for the first administrator. Only their digests are kept.

use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::setup_codes;
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

/// Keeps the digest of a new code; earlier ones are void.
///
/// # Errors
/// The database's failure.
pub fn renew(conn: &mut AnyConnection, digest: &[u8], expires_at: i64) -> Result<(), StoreError> {
    diesel::delete(setup_codes::table).execute(conn)?;
    let row =
        (setup_codes::digest.eq(digest), setup_codes::expires_at.eq(expires_at), setup_codes::used_at.eq(None::<i64>));
    diesel::insert_into(setup_codes::table).values(row).execute(conn)?;
    Ok(())
}

/// Uses a code; says whether it was one, unused and not expired.
///
/// # Errors
/// The database's failure.
pub fn spend(conn: &mut AnyConnection, digest: &[u8], now: i64) -> Result<bool, StoreError> {
    let good = setup_codes::table
        .filter(setup_codes::digest.eq(digest))
        .filter(setup_codes::used_at.is_null())
        .filter(setup_codes::expires_at.gt(now));
    Ok(diesel::update(good).set(setup_codes::used_at.eq(Some(now))).execute(conn)? == 1)
}
