//! Keys of the national algorithms (SM2 with SM3): which there were, for what, from when to when. Only public halves stand here.

use super::schema::national_key_versions;
use super::signing_keys::signing_keys;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a key: introduced, or with the instant at which it retires.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = national_key_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct NationalKeyRow {
    pub kid: String,
    pub version: i32,
    pub revision: i64,
    pub purpose: String,
    pub jwk: String,
    pub introduced_at: i64,
    pub retires_at: Option<i64>,
    pub reason: Option<String>,
    pub recorded_at: i64,
}

signing_keys!(NationalKeyRow => national_key_versions, "national_key");
