//! What working state knows of somebody whose personal data are erased: logins, letters, drafts, kept responses.

use super::{drafts, ratings};
use crate::domain::validity::Instant;
use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{idempotent_responses, notice_letters, people, refused_addresses};
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _, TextExpressionMethods as _};
use serde_json::Value;

/// Drafts read together.
const STRIDE: i64 = 100;

/// Forgets which logins were whose.
///
/// # Errors
/// The database's failure.
pub fn accounts(conn: &mut AnyConnection, ids: &[String]) -> Result<(), StoreError> {
    diesel::delete(people::table.filter(people::id.eq_any(ids))).execute(conn)?;
    Ok(())
}

/// Forgets letters to these addresses, and kept responses and remarks in which one of the values stands.
///
/// # Errors
/// The database's failure.
pub fn values(conn: &mut AnyConnection, values: &[String]) -> Result<(), StoreError> {
    diesel::delete(notice_letters::table.filter(notice_letters::address.eq_any(values))).execute(conn)?;
    diesel::delete(refused_addresses::table.filter(refused_addresses::address.eq_any(values))).execute(conn)?;
    for value in values {
        // Wild cards in a value take more with them, which only costs a repeated request its answer.
        let holding = idempotent_responses::body.like(format!("%{value}%"));
        diesel::delete(idempotent_responses::table.filter(holding)).execute(conn)?;
        ratings::forget(conn, value)?;
    }
    Ok(())
}

/// Takes the contact out of the drafts of an enterprise.
///
/// # Errors
/// [`StoreError::Damaged`] when a draft is no JSON; the database's failure.
pub fn contacts(conn: &mut AnyConnection, enterprise: &str, at: Instant) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = drafts::list(conn, enterprise, &after, STRIDE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id.clone();
        for mut row in rows {
            let mut body: Value = serde_json::from_str(&row.body).map_err(StoreError::damaged)?;
            if body.as_object_mut().and_then(|members| members.remove("contact")).is_none() {
                continue;
            }
            row.body = body.to_string();
            row.version = row.version.saturating_add(1);
            row.updated_at = at.micros();
            drafts::save(conn, &row)?;
        }
    }
}
