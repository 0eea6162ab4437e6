//! Keys of webhooks: each follows from the key of the webhook's subject and its number, so that no table holds it.
//!
//! Receivers hold the public half only. Invariant: destroying the subject's key destroys every key of the webhook.

use crate::domain::validity::Instant;
use crate::domain::webhook::signature;
use crate::store::private::SubjectKeys;
use crate::store::webhooks::{WebhookRow, subject};
use crate::store::{AnyConnection, StoreError};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// How long the key before signs beside the new one, microseconds: seven days.
pub const OVERLAP: i64 = 7 * 86_400_000_000;

/// A key as receivers hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `whpk_` and base64.
    pub key: String,
    /// Until when it signs; none for the newest.
    pub until: Option<Instant>,
}

/// Derives the keys that sign at an instant, the newest first.
///
/// # Errors
/// [`StoreError::Damaged`] when the subject has no key; the database's failure.
pub fn signing(conn: &mut AnyConnection, row: &WebhookRow, at: Instant) -> Result<Vec<SigningKey>, StoreError> {
    let subject = subject(&row.id);
    let secret = SubjectKeys::default().find(conn, &subject)?;
    let secret = secret.ok_or_else(|| StoreError::Damaged(format!("`{subject}` has no key")))?;
    let derive = |number: i32| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).map_err(StoreError::damaged)?;
        mac.update(b"wl-webhook-key/v1\n");
        mac.update(&number.to_be_bytes());
        Ok(SigningKey::from_bytes(&mac.finalize().into_bytes().into()))
    };
    let overlaps = row.key_number > 1 && at.micros() < row.key_since.saturating_add(OVERLAP);
    let before = overlaps.then(|| row.key_number.saturating_sub(1));
    std::iter::once(row.key_number).chain(before).map(derive).collect()
}

/// Returns the same as receivers hold them.
///
/// # Errors
/// As [`signing`].
pub fn public(conn: &mut AnyConnection, row: &WebhookRow, at: Instant) -> Result<Vec<PublicKey>, StoreError> {
    let until = Instant::from_micros(row.key_since.saturating_add(OVERLAP));
    let keys = signing(conn, row, at)?.into_iter().enumerate();
    Ok(keys
        .map(|(place, key)| PublicKey { key: signature::public(&key), until: (place > 0).then_some(until) })
        .collect())
}
