//! What an application says: its items, answers, reason, contact and evidence, as a draft holds it and as it is frozen.
//!
//! A draft may hold anything; [`read`] names every fault by its pointer. Whether the list allows what is asked is not
//! judged here. Invariant: reading what [`Content::view`] shows gives the same content.

use super::item::ItemTerms;
use super::{Kind, words};
use crate::domain::adjustment::Vary;
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::fields::{Fields, Members as _, text};
use crate::domain::id::{DocumentId, ItemId};
use crate::domain::listing_number::ListingNumber;
use crate::domain::terms_json::{NAME, NOTE, TEXT, set_view, vary_set};
use serde_json::{Map, Value, json};

/// Most items of one application.
pub const MOST_LINES: usize = 500;
/// Most answers and most documents of one application.
const MOST_OTHERS: usize = 200;
/// Longest code of a question or a kind of document.
const CODE: usize = 64;

/// What is asked for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A new listing.
    Add(Box<ItemTerms>),
    /// Other terms for a listing.
    Vary {
        /// The listing.
        listing: ListingNumber,
        /// Its new terms.
        set: Box<Vary>,
    },
    /// A new listing that follows one.
    Renew {
        /// The listing it follows.
        listing: ListingNumber,
        /// Terms of the new one.
        terms: Box<ItemTerms>,
    },
    /// A listing given up.
    Surrender {
        /// The listing.
        listing: ListingNumber,
    },
}

impl Ask {
    /// Returns the listing that is named.
    #[must_use]
    pub fn listing(&self) -> Option<ListingNumber> {
        match self {
            Self::Add(_) => None,
            Self::Vary { listing, .. } | Self::Renew { listing, .. } | Self::Surrender { listing } => Some(*listing),
        }
    }

    /// Returns the terms of the listing that would come about.
    #[must_use]
    pub fn terms(&self) -> Option<&ItemTerms> {
        match self {
            Self::Add(terms) | Self::Renew { terms, .. } => Some(terms),
            Self::Vary { .. } | Self::Surrender { .. } => None,
        }
    }
}

/// One item of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, which it keeps through corrections.
    pub line: u16,
    /// Item of the library that it was taken from.
    pub library_item: Option<ItemId>,
    /// What is asked.
    pub ask: Ask,
}

/// An answer to an eligibility question of the scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Code of the question.
    pub question: String,
    /// Yes or no.
    pub answer: bool,
    /// What the applicant adds.
    pub note: Option<String>,
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Telephone.
    pub phone: Option<String>,
    /// Electronic mail.
    pub email: Option<String>,
}

/// A document as it was when the content was frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its id.
    pub document: DocumentId,
    /// Kind of document, as the scheme names it.
    pub kind: String,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

/// What an application says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Its items in order.
    pub lines: Vec<Line>,
    /// Answers to the questions of the scheme.
    pub answers: Vec<Reply>,
    /// Why, in words.
    pub reason: Option<String>,
    /// Whom to call.
    pub contact: Contact,
    /// Documents; none in a draft.
    pub documents: Vec<Evidence>,
}

words! {
    /// How an item differs between two contents.
    Difference {
        /// Only the later one has it.
        Added "added" "新增" "added";
        /// Only the earlier one has it.
        Removed "removed" "删除" "removed";
        /// Both have it, not alike.
        Changed "changed" "修改" "changed";
    }
}

/// Reads a content; `kind` says which members its items have.
///
/// # Errors
/// Every fault of it.
pub fn read(body: &Value, kind: Kind) -> Result<Content, Vec<Fault>> {
    let mut faults = Vec::new();
    let content = Fields::read(body, "", &mut faults, |body| {
        let lines = body.list("items", MOST_LINES, |value, pointer, faults| {
            Fields::read(value, pointer, faults, |line| read_line(line, kind))
        });
        let answers = body.optional_list("answers", MOST_OTHERS, |value, pointer, faults| {
            Fields::read(value, pointer, faults, |reply| {
                let question = reply.required("question", text(CODE));
                let answer = reply.truth("answer");
                let note = reply.optional("note", text(TEXT));
                Some(Reply { question: question?, answer: answer?, note })
            })
        });
        let reason = body.optional("reason", text(NOTE));
        let contact = body.object("contact", |contact| {
            let name = contact.required("name", text(NAME));
            let phone = contact.optional("phone", text(CODE));
            let email = contact.optional("email", text(NAME));
            Some(Contact { name: name?, phone, email })
        });
        let documents = body.optional_list("documents", MOST_OTHERS, |value, pointer, faults| {
            Fields::read(value, pointer, faults, |evidence| {
                let document = evidence.required("document", DocumentId::parse);
                let kind = evidence.required("kind", text(CODE));
                let sha256 = evidence.required("sha256", text(CODE));
                Some(Evidence { document: document?, kind: kind?, sha256: sha256? })
            })
        });
        Some(Content {
            lines: lines?,
            answers: answers.unwrap_or_default(),
            reason,
            contact: contact?,
            documents: documents.unwrap_or_default(),
        })
    });
    doubled(body, "items", "line", &mut faults);
    doubled(body, "answers", "question", &mut faults);
    content.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reports members of a list that stand twice under one key.
fn doubled(body: &Value, list: &str, key: &str, faults: &mut Vec<Fault>) {
    let items = body.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut seen: Vec<&Value> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let Some(value) = item.get(key).filter(|value| !value.is_null()) else { continue };
        if seen.contains(&value) {
            faults.push(Fault::new(format!("/{list}/{place}/{key}"), FaultCode::DuplicateLine));
        }
        seen.push(value);
    }
}

fn read_line(fields: &mut Fields<'_, '_>, kind: Kind) -> Option<Line> {
    let line = fields.number("line", 1..=9999, FaultCode::LineOutOfRange);
    let library_item = fields.optional("library_item", ItemId::parse);
    let ask = match kind {
        Kind::Add => ItemTerms::read(fields).map(|terms| Ask::Add(Box::new(terms))),
        Kind::Vary => {
            let listing = fields.required("listing", ListingNumber::parse);
            let set = fields.object("set", |set| Some((vary_set(set)?, set.is_empty())));
            if let Some((_, true)) = set {
                fields.fault("set", FaultCode::Required);
            }
            listing.zip(set).map(|(listing, (set, _))| Ask::Vary { listing, set: Box::new(set) })
        }
        Kind::Renew => {
            let listing = fields.required("listing", ListingNumber::parse);
            let terms = ItemTerms::read(fields);
            listing.zip(terms).map(|(listing, terms)| Ask::Renew { listing, terms: Box::new(terms) })
        }
        Kind::Surrender => fields.required("listing", ListingNumber::parse).map(|listing| Ask::Surrender { listing }),
    };
    Some(Line { line: u16::try_from(line?).ok()?, library_item, ask: ask? })
}

impl Line {
    /// Shows the item.
    #[must_use]
    pub fn view(&self) -> Value {
        let mut view = Map::new();
        view.insert("line".to_owned(), json!(self.line));
        view.insert("library_item".to_owned(), json!(self.library_item));
        match &self.ask {
            Ask::Add(terms) => view.extend(terms.view()),
            Ask::Vary { listing, set } => {
                view.insert("listing".to_owned(), json!(listing));
                view.insert("set".to_owned(), set_view(set));
            }
            Ask::Renew { listing, terms } => {
                view.insert("listing".to_owned(), json!(listing));
                view.extend(terms.view());
            }
            Ask::Surrender { listing } => {
                view.insert("listing".to_owned(), json!(listing));
            }
        }
        Value::Object(view)
    }
}

impl Content {
    /// Shows the content; its canonical form (RFC 8785) is what a digest is taken of.
    #[must_use]
    pub fn view(&self) -> Value {
        let listed = |items: Vec<Value>| if items.is_empty() { Value::Null } else { Value::Array(items) };
        let reply = |reply: &Reply| json!({ "question": reply.question, "answer": reply.answer, "note": reply.note });
        let evidence = |it: &Evidence| json!({ "document": it.document, "kind": it.kind, "sha256": it.sha256 });
        let Contact { name, phone, email } = &self.contact;
        json!({
            "items": self.lines.iter().map(Line::view).collect::<Vec<_>>(),
            "answers": listed(self.answers.iter().map(reply).collect()),
            "reason": self.reason,
            "contact": { "name": name, "phone": phone, "email": email },
            "documents": listed(self.documents.iter().map(evidence).collect()),
        })
    }

    /// Finds an item by its number.
    #[must_use]
    pub fn line(&self, number: u16) -> Option<&Line> {
        self.lines.iter().find(|line| line.line == number)
    }
}

/// One member that differs between two contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberDifference {
    /// JSON pointer within the thing that differs.
    pub pointer: String,
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
}

/// One thing of a list that differs between two contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryDifference {
    /// Its key: a line number, a question, a document.
    pub key: Value,
    /// How it differs.
    pub difference: Difference,
    /// Member by member.
    pub members: Vec<MemberDifference>,
}

/// Compares two lists of a content, entry by entry under a key.
#[must_use]
pub fn compare_lists(before: &Value, after: &Value, list: &str, key: &str) -> Vec<EntryDifference> {
    let entries = |content: &Value| -> Vec<(Value, Value)> {
        let items = content.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().map(|item| (item.get(key).cloned().unwrap_or_default(), item.clone())).collect()
    };
    let (old, new) = (entries(before), entries(after));
    let find = |entries: &[(Value, Value)], key: &Value| {
        entries.iter().find(|(known, _)| known == key).map(|(_, entry)| entry.clone())
    };
    let mut found = Vec::new();
    for (key, entry) in &new {
        let earlier = find(&old, key);
        let difference = if earlier.is_some() { Difference::Changed } else { Difference::Added };
        let members = compare(&earlier.unwrap_or_default(), entry);
        if !members.is_empty() {
            found.push(EntryDifference { key: key.clone(), difference, members });
        }
    }
    for (key, entry) in old.iter().filter(|(key, _)| find(&new, key).is_none()) {
        let members = compare(entry, &Value::Null);
        found.push(EntryDifference { key: key.clone(), difference: Difference::Removed, members });
    }
    found
}

/// Compares two values down to their plain members; lists are compared whole.
#[must_use]
pub fn compare(before: &Value, after: &Value) -> Vec<MemberDifference> {
    let mut found = Vec::new();
    descend(String::new(), before, after, &mut found);
    found
}

fn descend(pointer: String, before: &Value, after: &Value, found: &mut Vec<MemberDifference>) {
    let empty = Map::new();
    let members = |value: &Value| value.as_object().cloned();
    match (members(before), members(after)) {
        (None, None) => {
            if before != after {
                found.push(MemberDifference { pointer, before: before.clone(), after: after.clone() });
            }
        }
        (old, new) => {
            let (old, new) = (old.unwrap_or_else(|| empty.clone()), new.unwrap_or_else(|| empty.clone()));
            let gone = old.keys().filter(|name| !new.contains_key(*name));
            for name in new.keys().chain(gone) {
                let of = |members: &Map<String, Value>| members.get(name).cloned().unwrap_or_default();
                descend(crate::domain::fields::step(&pointer, name), &of(&old), &of(&new), found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_line(line: u16, quantity: &str) -> Value {
        json!({ "line": line, "item": { "name_zh": "肝素钠", "hs_code": "3001901000" }, "quantity": quantity, "unit": "036" })
    }

    fn body(items: Value) -> Value {
        json!({ "items": items, "answers": [{ "question": "own_use", "answer": true }], "contact": { "name": "某某" } })
    }

    fn faults(body: &Value, kind: Kind) -> Vec<(String, &'static str)> {
        read(body, kind).unwrap_err().into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect()
    }

    #[test]
    fn what_is_shown_reads_the_same() {
        let listing = ListingNumber::new("BJ", 2026, 1).unwrap();
        for (kind, items) in [
            (Kind::Add, json!([add_line(1, "5"), add_line(7, "0.5")])),
            (Kind::Vary, json!([{ "line": 1, "listing": listing, "set": { "quantity": "7" } }])),
            (Kind::Surrender, json!([{ "line": 1, "listing": listing }])),
        ] {
            let content = read(&body(items), kind).unwrap();
            assert_eq!(read(&content.view(), kind), Ok(content));
        }
    }

    #[test]
    fn every_fault_is_named_with_its_pointer() {
        let items = json!([add_line(1, "0"), { "line": 1, "item": {}, "surprise": 1 }]);
        assert_eq!(
            faults(&json!({ "items": items }), Kind::Add),
            [
                ("/items/0/quantity", "quantity_not_positive"),
                ("/items/1/item/name_zh", "required"),
                ("/items/1/item/hs_code", "required"),
                ("/items/1/quantity", "required"),
                ("/items/1/unit", "required"),
                ("/items/1/surprise", "unknown_member"),
                ("/contact", "required"),
                ("/items/1/line", "duplicate_line"),
            ]
            .map(|(pointer, code)| (pointer.to_owned(), code))
        );
        assert_eq!(faults(&json!({}), Kind::Surrender).len(), 2);
    }

    #[test]
    fn contents_are_compared_item_by_item_and_member_by_member() {
        let before = read(&body(json!([add_line(1, "5"), add_line(2, "1")])), Kind::Add).unwrap().view();
        let after = read(&body(json!([add_line(1, "6"), add_line(3, "1")])), Kind::Add).unwrap().view();
        let found = compare_lists(&before, &after, "items", "line");
        let told: Vec<_> = found.iter().map(|entry| (entry.key.clone(), entry.difference)).collect();
        assert_eq!(
            told,
            [(json!(1), Difference::Changed), (json!(3), Difference::Added), (json!(2), Difference::Removed)]
        );
        let changed = MemberDifference { pointer: "/quantity".to_owned(), before: json!("5"), after: json!("6") };
        assert_eq!(found[0].members, [changed]);
        assert!(compare_lists(&before, &before, "items", "line").is_empty());
        assert!(compare(&before["contact"], &after["contact"]).is_empty());
    }
}
