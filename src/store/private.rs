//! Values that leaves only commit to: sealed under a key per subject, erasable with the proofs intact.
//!
//! One sealed row per entry holds a fresh secret, from which the salt of every commitment of the entry is derived,
//! and the values themselves. Whoever is shown one derived salt learns nothing about the others.

use super::conn::AnyConnection;
use super::dialect::run;
use super::error::StoreError;
use super::schema::{private_values, subject_keys};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use diesel::{ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _};
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::collections::HashMap;

/// What is sealed for one entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivateValues {
    /// Fresh random bytes, hex.
    pub secret: String,
    /// Values by path, the new ones only: the old ones stand in earlier entries.
    pub values: Map<String, Value>,
}

/// A sealed row.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = private_values)]
pub struct PrivateRow {
    /// Revision of the entry.
    pub revision: i64,
    /// Whose key seals it.
    pub subject: String,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

/// A key of one subject.
pub type SubjectKey = [u8; 32];

impl PrivateValues {
    /// Derives the salt of one commitment of the entry: HMAC-SHA-256(secret, "wl-salt/v1" LF path).
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the secret is not 32 bytes in hex.
    pub fn salt(&self, path: &str) -> Result<[u8; 32], StoreError> {
        let secret = hex::decode(&self.secret).map_err(StoreError::damaged)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).map_err(StoreError::damaged)?;
        mac.update(b"wl-salt/v1\n");
        mac.update(path.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }
}

/// Fills an array from the system's random source.
///
/// # Errors
/// [`StoreError::Broken`] when there is none.
pub fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::Broken)?;
    Ok(bytes)
}

fn associated(revision: i64, subject: &str) -> Aad<Vec<u8>> {
    Aad::from(format!("wl-private/v1\n{revision}\n{subject}").into_bytes())
}

fn cipher(key: &SubjectKey) -> Result<LessSafeKey, StoreError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(StoreError::damaged)
}

/// Seals the private values of one entry (AES-256-GCM, bound to its revision and subject).
///
/// # Errors
/// [`StoreError::Broken`] without randomness.
pub fn seal(key: &SubjectKey, revision: i64, subject: &str, values: &PrivateValues) -> Result<PrivateRow, StoreError> {
    let nonce: [u8; 12] = random()?;
    let mut text = serde_json::to_vec(values).map_err(StoreError::damaged)?;
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated(revision, subject), &mut text)
        .map_err(|_| StoreError::Broken)?;
    let sealed = [nonce.as_slice(), &text].concat();
    Ok(PrivateRow { revision, subject: subject.to_owned(), sealed })
}

/// Opens a sealed row.
///
/// # Errors
/// [`StoreError::Damaged`] when a byte, the revision, the subject or the key is another than at sealing.
pub fn open(key: &SubjectKey, row: &PrivateRow) -> Result<PrivateValues, StoreError> {
    let damaged = || StoreError::Damaged(format!("the private values of revision {} do not open", row.revision));
    let (nonce, text) = row.sealed.split_first_chunk::<12>().ok_or_else(damaged)?;
    let mut text = text.to_vec();
    let text = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), associated(row.revision, &row.subject), &mut text)
        .map_err(|_| damaged())?;
    serde_json::from_slice(text).map_err(|_| damaged())
}

/// Keys already read, so that a batch reads each once.
#[derive(Debug, Default)]
pub struct SubjectKeys(HashMap<String, SubjectKey>);

impl SubjectKeys {
    /// Forgets all: after a roll-back a key made meanwhile is gone.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Returns the key of a subject, making one at first use.
    ///
    /// # Errors
    /// The database's failure.
    pub fn get_or_make(&mut self, conn: &mut AnyConnection, subject: &str) -> Result<SubjectKey, StoreError> {
        if let Some(key) = self.0.get(subject) {
            return Ok(*key);
        }
        let key = match find_key(conn, subject)? {
            Some(key) => key,
            None => {
                let key: SubjectKey = random()?;
                diesel::insert_into(subject_keys::table)
                    .values((subject_keys::subject.eq(subject), subject_keys::secret.eq(key.as_slice())))
                    .execute(conn)?;
                key
            }
        };
        // A bound that no batch of one enterprise reaches and no memory feels.
        if self.0.len() >= 4096 {
            self.0.clear();
        }
        self.0.insert(subject.to_owned(), key);
        Ok(key)
    }

    /// Reads the keys of several subjects, those that have one.
    ///
    /// # Errors
    /// The database's failure.
    pub fn read_ahead(&mut self, conn: &mut AnyConnection, subjects: &[String]) -> Result<(), StoreError> {
        let unread: Vec<&String> = subjects.iter().filter(|subject| !self.0.contains_key(*subject)).collect();
        if self.0.len() >= 4096 {
            self.0.clear();
            return self.read_ahead(conn, subjects);
        }
        for subjects in unread.chunks(500) {
            let rows: Vec<(String, Vec<u8>)> =
                subject_keys::table.filter(subject_keys::subject.eq_any(subjects.iter().copied())).load(conn)?;
            for (subject, bytes) in rows {
                let key = SubjectKey::try_from(bytes)
                    .map_err(|_| StoreError::Damaged(format!("the key of `{subject}` is not 32 bytes")))?;
                self.0.insert(subject, key);
            }
        }
        Ok(())
    }

    /// Returns the key of a subject if there is one.
    ///
    /// # Errors
    /// The database's failure.
    pub fn find(&mut self, conn: &mut AnyConnection, subject: &str) -> Result<Option<SubjectKey>, StoreError> {
        if let Some(key) = self.0.get(subject) {
            return Ok(Some(*key));
        }
        let key = find_key(conn, subject)?;
        if let Some(key) = key {
            self.0.insert(subject.to_owned(), key);
        }
        Ok(key)
    }
}

fn find_key(conn: &mut AnyConnection, subject: &str) -> Result<Option<SubjectKey>, StoreError> {
    let bytes: Option<Vec<u8>> =
        subject_keys::table.find(subject).select(subject_keys::secret).first(conn).optional()?;
    bytes
        .map(|bytes| {
            SubjectKey::try_from(bytes)
                .map_err(|_| StoreError::Damaged(format!("the key of `{subject}` is not 32 bytes")))
        })
        .transpose()
}

/// Destroys the sealed values of entries, and the keys under which nothing else is sealed; `kept` names keys that are still
/// needed. What a database file held is overwritten on SQLite; PostgreSQL frees it at the next `VACUUM`.
///
/// # Errors
/// The database's failure.
pub fn forget(conn: &mut AnyConnection, revisions: &[i64], kept: &[String]) -> Result<(), StoreError> {
    if matches!(conn, AnyConnection::Sqlite(_)) {
        run(conn, "PRAGMA secure_delete = ON")?;
    }
    for revisions in revisions.chunks(500) {
        let sealed = private_values::table.filter(private_values::revision.eq_any(revisions));
        let subjects: Vec<String> = sealed.select(private_values::subject).distinct().load(conn)?;
        diesel::delete(private_values::table.filter(private_values::revision.eq_any(revisions))).execute(conn)?;
        for subject in subjects {
            let left: i64 =
                private_values::table.filter(private_values::subject.eq(&subject)).count().get_result(conn)?;
            if left == 0 && !kept.contains(&subject) {
                diesel::delete(subject_keys::table.find(&subject)).execute(conn)?;
            }
        }
    }
    Ok(())
}

/// Reads sealed rows of a stretch of revisions, in order.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<PrivateRow>, StoreError> {
    let rows = private_values::table
        .filter(private_values::revision.gt(after))
        .order(private_values::revision)
        .limit(limit)
        .load(conn)?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_unchanged() {
        let key = random().unwrap();
        let values = PrivateValues {
            secret: hex::encode([7; 32]),
            values: Map::from_iter([("/name_zh".to_owned(), Value::from("肝素钠"))]),
        };
        let row = seal(&key, 9, "enterprise:X", &values).unwrap();
        assert_eq!(open(&key, &row).unwrap(), values);
        for place in 0..row.sealed.len() {
            let mut edited = row.clone();
            edited.sealed[place] ^= 1;
            assert!(open(&key, &edited).is_err(), "byte {place}");
        }
        assert!(open(&key, &PrivateRow { revision: 10, ..row.clone() }).is_err());
        assert!(open(&key, &PrivateRow { subject: "enterprise:Y".into(), ..row.clone() }).is_err());
        assert!(open(&random().unwrap(), &row).is_err());
    }
}
