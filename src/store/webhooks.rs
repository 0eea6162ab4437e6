//! Webhooks: who is told of what, at which address.

use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::webhook_versions;
use super::tx::appended;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// One version of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = webhook_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct WebhookRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub org: String,
    pub audience: String,
    pub url: String,
    /// Patterns, JSON.
    pub events: String,
    pub state: String,
    pub cause: Option<String>,
    pub key_number: i32,
    pub key_since: i64,
    pub recorded_at: i64,
}

impl Fact for WebhookRow {
    const KIND: &'static str = "webhook";
    const PRIVATE: &'static [&'static str] = &["url"];

    fn entity_id(&self) -> String {
        self.id.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        subject(&self.id)
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

/// Returns the subject whose key seals the address of a webhook, and from which its keys follow.
#[must_use]
pub fn subject(id: &str) -> String {
    format!("webhook:{id}")
}

appended!(WebhookRow => webhook_versions);

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<WebhookRow>, StoreError> {
    let rows = webhook_versions::table
        .filter(webhook_versions::revision.gt(revision))
        .order(webhook_versions::revision)
        .limit(limit)
        .select(WebhookRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads every version of one webhook, oldest first.
///
/// # Errors
/// The database's failure.
pub fn versions(conn: &mut AnyConnection, id: &str) -> Result<Vec<WebhookRow>, StoreError> {
    let rows = webhook_versions::table
        .filter(webhook_versions::id.eq(id))
        .order(webhook_versions::version)
        .select(WebhookRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads webhooks of an organisation, or of all, as they stand: in order of id, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    org: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<WebhookRow>, StoreError> {
    let mut query = webhook_versions::table
        .filter(webhook_versions::version.eq(1))
        .filter(webhook_versions::id.gt(after.to_owned()))
        .order(webhook_versions::id)
        .limit(limit)
        .select(webhook_versions::id)
        .into_boxed();
    if let Some(org) = org {
        query = query.filter(webhook_versions::org.eq(org.to_owned()));
    }
    let ids: Vec<String> = query.load(conn)?;
    let mut rows: Vec<WebhookRow> = webhook_versions::table
        .filter(webhook_versions::id.eq_any(ids))
        .order((webhook_versions::id, webhook_versions::version.desc()))
        .select(WebhookRow::as_select())
        .load(conn)?;
    rows.dedup_by(|next, first| next.id == first.id);
    Ok(rows)
}
