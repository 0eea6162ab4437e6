//! A fact of the list and the log entry that records it: the one comes into being with the other.
//!
//! The entry says which members changed (plain where reviewed as harmless, else a commitment) and commits to the
//! whole row, so that an edited table is found whatever column was edited.

use super::erasures::ErasedRow;
use super::error::StoreError;
use super::private::{PrivateValues, random};
use crate::tlog::Hash;
use crate::tlog::commitment::commit;
use crate::tlog::entry::{Actor, Change, Entity, Entry, FORMAT, Reason, Value as Logged};
use serde::Serialize;
use serde_json::{Map, Value};

/// Members that the entry states elsewhere.
const STATED_ELSEWHERE: [&str; 3] = ["version", "revision", "recorded_at"];

/// Path under which the salt of the whole row's commitment is derived.
const WHOLE_ROW: &str = "";

/// A row of the list.
pub trait Fact: Serialize + Clone {
    /// Kind of entity.
    const KIND: &'static str;
    /// Members that may hold names or free text: committed to, never plain. Everything else is plain.
    const PRIVATE: &'static [&'static str];

    /// Identifier within the kind.
    fn entity_id(&self) -> String;
    /// Number of this version, from 1.
    fn version(&self) -> i32;
    /// Revision that records it.
    fn revision(&self) -> i64;
    /// Whose key seals its private values.
    fn subject(&self) -> String;
    /// Reason code, if the row states one.
    fn reason_code(&self) -> Option<&str>;
}

/// What surrounds a change: who, when, in which request.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// Past-tense name of the event, such as `listing.suspended`.
    pub event: String,
    /// Id of the entry.
    pub id: String,
    /// When.
    pub at: String,
    /// Who.
    pub actor: Actor,
    /// Request.
    pub request_id: Option<String>,
}

/// The last entry about the same entity.
#[derive(Debug, Clone, Copy)]
pub struct Previous {
    /// Its leaf hash.
    pub leaf_hash: Hash,
    /// Its commitment to the row.
    pub after: Option<Hash>,
}

/// An entry ready for the log, with what must be sealed beside it.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The entry.
    pub entry: Entry,
    /// Its private values.
    pub private: PrivateValues,
}

fn members<F: Fact>(fact: &F) -> Result<Map<String, Value>, StoreError> {
    match serde_json::to_value(fact).map_err(StoreError::damaged)? {
        Value::Object(members) => Ok(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(StoreError::damaged("a row is a JSON object"))
        }
    }
}

/// Writes the entry of a fact.
///
/// # Errors
/// [`StoreError::Damaged`] when a value has no canonical form.
pub fn encode<F: Fact>(
    fact: &F,
    before: Option<(&F, Previous)>,
    circumstances: Circumstances,
) -> Result<Encoded, StoreError> {
    let new = members(fact)?;
    let old = before.map(|(old, _)| members(old)).transpose()?.unwrap_or_default();
    let mut private = PrivateValues { secret: hex::encode(random::<32>()?), values: Map::new() };
    let mut changes = Vec::new();
    for (name, value) in &new {
        let previous = old.get(name).unwrap_or(&Value::Null);
        if value == previous || STATED_ELSEWHERE.contains(&name.as_str()) {
            continue;
        }
        let path = format!("/{name}");
        let change = if F::PRIVATE.contains(&name.as_str()) {
            // The old value is committed to in the entry that set it; repeating it here would need its salt again.
            let new = logged(&private, &path, value)?;
            private.values.insert(path.clone(), value.clone());
            Change { path, old: None, new }
        } else {
            let plain = |value: &Value| (!value.is_null()).then(|| Logged::Plain(value.clone()));
            Change { path, old: plain(previous), new: plain(value) }
        };
        changes.push(change);
    }
    let after = whole_row(&private, Value::Object(new))?;
    let entry = Entry {
        actor: circumstances.actor,
        after: Some(after),
        at: circumstances.at,
        before: before.and_then(|(_, previous)| previous.after),
        changes,
        entity: Entity {
            id: fact.entity_id(),
            kind: F::KIND.to_owned(),
            version: u64::try_from(fact.version()).map_err(StoreError::damaged)?,
        },
        id: circumstances.id,
        prev: before.map(|(_, previous)| previous.leaf_hash),
        reason: fact.reason_code().map(|code| Reason { basis: None, code: code.to_owned() }),
        request_id: circumstances.request_id,
        event: circumstances.event,
        v: FORMAT,
    };
    Ok(Encoded { entry, private })
}

/// Compares a stored row whose personal values were erased with its entry and with what the erasure kept of it; says what
/// differs, or nothing.
///
/// # Errors
/// [`StoreError::Damaged`] when the row is no JSON object.
pub fn compare_erased<F: Fact>(fact: &F, entry: &Entry, kept: &ErasedRow) -> Result<Option<String>, StoreError> {
    let row = members(fact)?;
    for change in &entry.changes {
        let name = change.path.trim_start_matches('/');
        let value = row.get(name).cloned().unwrap_or(Value::Null);
        if !F::PRIVATE.contains(&name) && change.new != (!value.is_null()).then_some(Logged::Plain(value)) {
            return Ok(Some(format!("`{name}` differs from the log")));
        }
    }
    let same = kept.kind == F::KIND && kept.row == Value::Object(row);
    Ok((!same).then(|| "the row differs from what its erasure commits to".to_owned()))
}

fn logged(private: &PrivateValues, path: &str, value: &Value) -> Result<Option<Logged>, StoreError> {
    if value.is_null() {
        return Ok(None);
    }
    let commitment = commit(&private.salt(path)?, value).map_err(StoreError::damaged)?;
    Ok(Some(Logged::Committed(commitment)))
}

fn whole_row(private: &PrivateValues, row: Value) -> Result<Hash, StoreError> {
    commit(&private.salt(WHOLE_ROW)?, &row).map_err(StoreError::damaged)
}

/// Compares a stored row with the entry that recorded it; says what differs, or nothing.
///
/// # Errors
/// [`StoreError::Damaged`] when the row or the sealed values have no canonical form.
pub fn compare<F: Fact>(fact: &F, entry: &Entry, private: &PrivateValues) -> Result<Option<String>, StoreError> {
    let row = members(fact)?;
    for change in &entry.changes {
        let name = change.path.trim_start_matches('/');
        let value = row.get(name).cloned().unwrap_or(Value::Null);
        let expected = if F::PRIVATE.contains(&name) {
            if private.values.get(&change.path).unwrap_or(&Value::Null) != &value {
                return Ok(Some(format!("`{name}` differs from the sealed value")));
            }
            logged(private, &change.path, &value)?
        } else {
            (!value.is_null()).then_some(Logged::Plain(value))
        };
        if change.new != expected {
            return Ok(Some(format!("`{name}` differs from the log")));
        }
    }
    if entry.after != Some(whole_row(private, Value::Object(row))?) {
        return Ok(Some("the row differs from what the log commits to".to_owned()));
    }
    Ok(None)
}
