//! An entry of the log: who changed what, when and why, in the bytes that are hashed.
//!
//! Not the domain's events (those are encoded into this) and no place for personal values: a field
//! outside the reviewed list is carried as a commitment. Invariant: an entry has exactly one byte
//! form, and [`Entry::from_leaf`] takes no other.

use serde::{Deserialize, Serialize};

use super::{
    Hash,
    canonical::{self, MAX_INTEGER, ProfileError},
};

/// The version of the entry format that is written and read.
pub const FORMAT: u32 = 1;

// The fields of every struct here stand in the order of their JSON names, so that writing one plainly
// is writing it canonically: that is what lets a reader check the byte form at little cost.

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Who did it.
    pub actor: Actor,
    /// Commitment to the whole row after the change; absent if there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Hash>,
    /// When, as `YYYY-MM-DDThh:mm:ss.ffffffZ`.
    pub at: String,
    /// Commitment to the whole row before the change; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Hash>,
    /// The fields that changed.
    pub changes: Vec<Change>,
    /// What was changed.
    pub entity: Entity,
    /// Identifier of the entry.
    pub id: String,
    /// Leaf hash of this entity's previous entry; absent in its first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Hash>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What happened, in the past tense: `listing.suspended`.
    #[serde(rename = "type")]
    pub event: String,
    /// Format version, [`FORMAT`].
    pub v: u32,
}

/// Who did it, without a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Kind of actor: a person, a machine client, the system.
    pub kind: String,
    /// The organisation acted for; absent for the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Pseudonymous identifier.
    #[serde(rename = "ref")]
    pub reference: String,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Identifier within its kind.
    pub id: String,
    /// Kind of thing: `listing`, `application`, `log`.
    pub kind: String,
    /// Number of this change of the entity, from 1, one more each time.
    pub version: u64,
}

/// One field that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The new value; absent if the field went away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// The old value; absent if the field is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// The field, as a JSON pointer (RFC 6901).
    pub path: String,
}

/// A value in an entry: in plain, or only committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// `{"p": …}`: for fields on the reviewed list.
    #[serde(rename = "p")]
    Plain(serde_json::Value),
    /// `{"c": "…"}`: a commitment, so that the value itself can be erased.
    #[serde(rename = "c")]
    Committed(Hash),
}

/// Why a change was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The legal basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Value>,
    /// Code of the reason.
    pub code: String,
}

/// Why an entry has no bytes, or bytes are no entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Another format version.
    #[error("format version `{0}` is not known")]
    Format(u32),
    /// An instant in another form.
    #[error("`{0}` is not an instant like `2026-03-01T08:00:00.000000Z`")]
    Instant(String),
    /// An entity version of 0 or beyond JSON integers.
    #[error("entity version `{0}` is out of range")]
    Version(u64),
    /// A value or the whole is outside the canonical profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The bytes are not JSON, or not with the members of an entry.
    #[error("not an entry")]
    Shape(#[source] serde_json::Error),
    /// The bytes say an entry, but not in its canonical form.
    #[error("not in canonical form")]
    NotCanonical,
}

impl Entry {
    /// Writes the leaf bytes (RFC 8785).
    ///
    /// # Errors
    /// [`EntryError`] if a member is out of its form or range, or the whole too long for a leaf.
    pub fn to_leaf(&self) -> Result<Vec<u8>, EntryError> {
        self.clone().into_leaf()
    }

    /// Writes the leaf bytes of an entry that is not needed any more.
    ///
    /// # Errors
    /// As [`Entry::to_leaf`].
    pub fn into_leaf(mut self) -> Result<Vec<u8>, EntryError> {
        self.check()?;
        self.sort_plain_values();
        let bytes = serde_json::to_vec(&self).map_err(EntryError::Shape)?;
        canonical::check_length(&bytes)?;
        Ok(bytes)
    }

    /// Reads leaf bytes.
    ///
    /// # Errors
    /// [`EntryError`] for everything that [`Entry::to_leaf`] would not have written.
    pub fn from_leaf(bytes: &[u8]) -> Result<Self, EntryError> {
        canonical::check_length(bytes)?;
        let entry: Self = serde_json::from_slice(bytes).map_err(EntryError::Shape)?;
        entry.check()?;
        let plainly = serde_json::to_vec(&entry).map_err(EntryError::Shape)?;
        if plainly == bytes && entry.plain_values().all(|(value, _)| canonical::is_sorted(value)) {
            Ok(entry)
        } else {
            Err(EntryError::NotCanonical)
        }
    }

    fn check(&self) -> Result<(), EntryError> {
        if self.v != FORMAT {
            return Err(EntryError::Format(self.v));
        }
        if !is_instant(&self.at) {
            return Err(EntryError::Instant(self.at.clone()));
        }
        let version = self.entity.version;
        if version == 0 || version > MAX_INTEGER.unsigned_abs() {
            return Err(EntryError::Version(version));
        }
        self.plain_values().try_for_each(|(value, depth)| canonical::check(value, depth))?;
        Ok(())
    }

    /// Gives the plain values, each with the number of arrays and objects around it.
    fn plain_values(&self) -> impl Iterator<Item = (&serde_json::Value, usize)> {
        let in_changes = self.changes.iter().flat_map(|change| [&change.new, &change.old]);
        let in_reason = self.reason.iter().map(|reason| &reason.basis);
        let all = in_changes.zip(std::iter::repeat(4)).chain(in_reason.zip(std::iter::repeat(3)));
        all.filter_map(|(value, depth)| match value {
            Some(Value::Plain(plain)) => Some((plain, depth)),
            Some(Value::Committed(_)) | None => None,
        })
    }

    fn sort_plain_values(&mut self) {
        let in_changes = self.changes.iter_mut().flat_map(|change| [&mut change.new, &mut change.old]);
        let in_reason = self.reason.iter_mut().map(|reason| &mut reason.basis);
        for value in in_changes.chain(in_reason) {
            if let Some(Value::Plain(plain)) = value {
                plain.sort_all_objects();
            }
        }
    }
}

/// Tells whether text has the form of an instant in whole microseconds; whether the calendar has
/// that day is the business of whoever took the time.
fn is_instant(text: &str) -> bool {
    let form = b"0000-00-00T00:00:00.000000Z";
    text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, place)| match place {
            b'0' => byte.is_ascii_digit(),
            mark => byte == *mark,
        })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::tlog::canonical::tests::any_value;
    use proptest::prelude::*;
    use serde_json::json;

    /// An entry with every member.
    pub fn full() -> Entry {
        let committed = |byte| Some(Value::Committed(Hash([byte; 32])));
        Entry {
            actor: Actor { kind: "person".into(), org: Some("bureau".into()), reference: "p-7f3a".into() },
            after: Some(Hash([0xaf; 32])),
            at: "2026-03-01T08:00:00.000001Z".into(),
            before: Some(Hash([0xbe; 32])),
            changes: vec![
                Change {
                    path: "/status".into(),
                    old: Some(Value::Plain(json!("in_force"))),
                    new: Some(Value::Plain(json!("suspended"))),
                },
                Change { path: "/note".into(), old: None, new: committed(0xc1) },
            ],
            entity: Entity { kind: "listing".into(), id: "BJ-2026-000123-3".into(), version: 2 },
            id: "0195500e-3c00-7000-8000-000000000001".into(),
            prev: Some(Hash([0x9e; 32])),
            reason: Some(Reason {
                code: "risk_found".into(), basis: Some(Value::Plain(json!("试点方案第十二条")))
            }),
            request_id: Some("r-1".into()),
            event: "listing.suspended".into(),
            v: FORMAT,
        }
    }

    fn any_slot() -> impl Strategy<Value = Option<Value>> {
        prop::option::of(prop_oneof![
            any_value().prop_map(Value::Plain),
            any::<[u8; 32]>().prop_map(|bytes| Value::Committed(Hash(bytes))),
        ])
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        let change = (any::<String>(), any_slot(), any_slot()).prop_map(|(path, old, new)| Change { new, old, path });
        let hashes = prop::array::uniform3(prop::option::of(any::<[u8; 32]>()));
        let texts = prop::array::uniform8(any::<String>());
        let options = (
            prop::option::of(any::<String>()),
            prop::option::of(any::<String>()),
            prop::option::of((any::<String>(), any_slot())),
        );
        (texts, hashes, options, prop::collection::vec(change, 0..4), 1..=MAX_INTEGER.unsigned_abs()).prop_map(
            |(texts, hashes, (org, request_id, reason), changes, version)| {
                let [kind, reference, entity, entity_id, id, event, ..] = texts;
                let [after, before, prev] = hashes.map(|hash| hash.map(Hash));
                Entry {
                    actor: Actor { kind, org, reference },
                    after,
                    at: "2026-03-01T08:00:00.000001Z".into(),
                    before,
                    changes,
                    entity: Entity { id: entity_id, kind: entity, version },
                    id,
                    prev,
                    reason: reason.map(|(code, basis)| Reason { basis, code }),
                    request_id,
                    event,
                    v: FORMAT,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn an_entry_and_its_bytes_go_both_ways(entry in any_entry()) {
            let bytes = entry.to_leaf().unwrap();
            prop_assert!(canonical::is_canonical(&bytes));
            prop_assert_eq!(&serde_json_canonicalizer::to_vec(&entry).unwrap(), &bytes);
            prop_assert_eq!(Entry::from_leaf(&bytes).unwrap(), entry);
        }

        #[test]
        fn bytes_that_are_read_are_bytes_that_were_written(at: prop::sample::Index, byte: u8) {
            let mut bytes = full().to_leaf().unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(entry) = Entry::from_leaf(&bytes) {
                prop_assert_eq!(entry.to_leaf().unwrap(), bytes);
            }
        }
    }

    #[test]
    fn absent_members_are_left_out() {
        let entry = Entry {
            after: None,
            before: None,
            prev: None,
            reason: None,
            request_id: None,
            changes: vec![],
            actor: Actor { kind: "system".into(), org: None, reference: "follower".into() },
            ..full()
        };
        let text = String::from_utf8(entry.to_leaf().unwrap()).unwrap();
        assert_eq!(
            text,
            r#"{"actor":{"kind":"system","ref":"follower"},"at":"2026-03-01T08:00:00.000001Z","changes":[],"entity":{"id":"BJ-2026-000123-3","kind":"listing","version":2},"id":"0195500e-3c00-7000-8000-000000000001","type":"listing.suspended","v":1}"#
        );
        let null = text.replace(r#""changes""#, r#""before":null,"changes""#);
        assert!(matches!(Entry::from_leaf(null.as_bytes()), Err(EntryError::NotCanonical)));
        let unknown = text.replace(r#""changes""#, r#""c":1,"changes""#);
        assert!(matches!(Entry::from_leaf(unknown.as_bytes()), Err(EntryError::Shape(_))));
    }

    #[test]
    fn a_plain_value_is_canonical_too() {
        let mut entry = full();
        entry.changes[0].new = Some(Value::Plain(json!({"b": 1, "a": [{"d": null, "c": 2}]})));
        let bytes = entry.to_leaf().unwrap();
        assert!(String::from_utf8(bytes.clone()).unwrap().contains(r#""p":{"a":[{"c":2,"d":null}],"b":1}"#));
        assert!(Entry::from_leaf(&bytes).is_ok());
        let unsorted = serde_json::to_vec(&entry).unwrap();
        assert!(matches!(Entry::from_leaf(&unsorted), Err(EntryError::NotCanonical)));
        for wrong in [json!(0.5), json!({"名": 1}), json!(u64::MAX)] {
            entry.changes[0].new = Some(Value::Plain(wrong));
            assert!(matches!(entry.to_leaf(), Err(EntryError::Profile(_))));
            assert!(Entry::from_leaf(&serde_json::to_vec(&entry).unwrap()).is_err());
        }
    }

    #[test]
    fn writer_and_reader_have_the_same_limits() {
        let nested = |levels| Value::Plain((0..levels).fold(json!(1), |inner, _| json!([inner])));
        for (in_change, in_basis, fits) in [(28, 29, true), (29, 0, false), (0, 30, false)] {
            let mut entry = full();
            entry.changes[0].old = Some(nested(in_change));
            entry.reason = Some(Reason { basis: Some(nested(in_basis)), code: "c".into() });
            assert_eq!(entry.to_leaf().is_ok(), fits);
            assert_eq!(Entry::from_leaf(&serde_json::to_vec(&entry).unwrap()).is_ok(), fits);
        }
        let long = Entry { id: "x".repeat(65_000), ..full() };
        assert!(matches!(long.to_leaf(), Err(EntryError::Profile(ProfileError::Length(_)))));
    }

    #[test]
    fn what_is_out_of_form_is_refused() {
        assert!(matches!(Entry { v: 2, ..full() }.to_leaf(), Err(EntryError::Format(2))));
        for at in [
            "",
            "2026-03-01T08:00:00Z",
            "2026-03-01T08:00:00.000Z",
            "2026-03-01 08:00:00.000001Z",
            "2026-03-01T08:00:00.000001+",
        ] {
            assert!(matches!(Entry { at: at.into(), ..full() }.to_leaf(), Err(EntryError::Instant(_))), "{at}");
        }
        for version in [0, 1 << 53] {
            let mut entry = full();
            entry.entity.version = version;
            assert!(matches!(entry.to_leaf(), Err(EntryError::Version(_))));
        }
    }
}
