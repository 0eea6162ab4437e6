//! Checks an evidence pack with nothing but the pack and the public key of the log: no service, no database, no network.
//!
//! Invariant: a pack without problems has every member as it was signed, every entry under the signed head, every value as its
//! entry commits to it, and was signed by a key that the log names. Of a whole pack no entry of a thing is missing before
//! another.

use super::{Disclosure, Extent, MANIFEST, Manifest, Opened, TYP};
use crate::app::receipts::keys::key_set;
use crate::app::receipts::verify::KeySet;
use crate::app::sealed::SealProof;
use crate::sheet::archive::{Files, unpack};
use crate::store::Fact as _;
use crate::store::answer_keys::AnswerKeyRow;
use crate::store::erasures::{ErasedRow, ErasureRow};
use crate::tlog::Hash;
use crate::tlog::checkpoint::{Checkpoint, parse_and_verify};
use crate::tlog::commitment::commit;
use crate::tlog::entry::{Entry, Value as Logged};
use crate::tlog::merkle::leaf_hash;
use crate::tlog::proof::check_inclusion;
use crate::tlog::text::parse_inclusion;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Bytes of all members together at most.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// Members at most.
const MOST_MEMBERS: usize = 200_000;

/// What a check found.
#[derive(Debug, Default, Serialize)]
pub struct Judgement {
    /// Nothing is wrong.
    pub ok: bool,
    /// What the pack says it is; none when its list of members does not read.
    pub manifest: Option<Manifest>,
    /// Entries that are under the signed head.
    pub entries: usize,
    /// Entries whose values are what they commit to.
    pub facts: usize,
    /// Entries of which personal values were erased, as an erasure in the pack states.
    pub erased: usize,
    /// Values that the pack withholds from its reader.
    pub withheld: usize,
    /// Answers that are under a seal.
    pub answers: usize,
    /// Answers that were not sealed yet when the pack was made: only the signed list speaks for them.
    pub unsealed: usize,
    /// Everything that is wrong, member by member.
    pub problems: Vec<String>,
}

struct Check<'a> {
    members: &'a Files,
    extent: Extent,
    found: Judgement,
    /// Numbers and roots that entries `answers.sealed` state, by revision.
    roots: BTreeMap<i64, (u64, String)>,
    /// The last entry of each thing that has facts: its leaf and version.
    last: BTreeMap<(String, String), (Hash, u64)>,
    /// Keys that sign, as the log names them.
    keys: Vec<AnswerKeyRow>,
    /// Rows that erasures left, by revision.
    left: BTreeMap<i64, ErasedRow>,
    /// Rows that are said to be erased, by revision, with the member that says so.
    erased: Vec<(i64, String, Value)>,
}

/// Checks a pack with the public key of the log; without one with that of the pack, which proves less.
#[must_use]
pub fn check(bytes: &[u8], vkey: Option<&str>) -> Judgement {
    let members = match unpack(bytes, MOST_MEMBERS, MOST_BYTES) {
        Ok(members) => members,
        Err(what) => {
            return Judgement { problems: vec![format!("the pack does not unpack: {what}")], ..Judgement::default() };
        }
    };
    let mut check = Check {
        members: &members,
        extent: Extent::Whole,
        found: Judgement::default(),
        roots: BTreeMap::new(),
        last: BTreeMap::new(),
        keys: Vec::new(),
        left: BTreeMap::new(),
        erased: Vec::new(),
    };
    check.run(vkey);
    check.found.ok = check.found.problems.is_empty();
    check.found
}

/// Reads the claims of a compact JWS whose signature is checked afterwards.
fn claims(jws: &str) -> Option<Manifest> {
    let payload = URL_SAFE_NO_PAD.decode(jws.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

impl<'a> Check<'a> {
    fn problem(&mut self, name: &str, what: impl std::fmt::Display) {
        self.found.problems.push(format!("{name}: {what}"));
    }

    fn text(&mut self, name: &str) -> Option<&'a str> {
        let text = self.members.get(name).map(|bytes| std::str::from_utf8(bytes));
        match text {
            Some(Ok(text)) => return Some(text),
            Some(Err(_)) => self.problem(name, "is no text"),
            None => self.problem(name, "is missing"),
        }
        None
    }

    fn run(&mut self, vkey: Option<&str>) {
        let signed = self.text(MANIFEST).unwrap_or_default().trim().to_owned();
        let manifest = claims(&signed);
        if let Some(manifest) = &manifest {
            self.extent = manifest.extent;
            self.compare(manifest);
        }
        let own = self.text("vkey").unwrap_or_default().trim().to_owned();
        let note = self.text("checkpoint").unwrap_or_default().to_owned();
        match parse_and_verify(&note, vkey.map_or(own.as_str(), str::trim)) {
            Ok(head) => {
                let stated = manifest.as_ref().map(|manifest| (manifest.size, manifest.iss.as_str()));
                if stated.is_some_and(|stated| stated != (head.size, head.origin.as_str())) {
                    self.problem("checkpoint", "another head than the manifest names");
                }
                self.log(&head, &note);
                self.erasures();
                self.answers();
            }
            Err(error) => self.problem("checkpoint", error),
        }
        self.signed(&signed);
        self.found.manifest = manifest;
    }

    /// Holds every member against the list.
    fn compare(&mut self, manifest: &Manifest) {
        for (name, digest) in &manifest.members {
            match self.members.get(name) {
                Some(bytes) if hex::encode(Sha256::digest(bytes)) == *digest => {}
                Some(_) => self.problem(name, "was changed"),
                None => self.problem(name, "is missing"),
            }
        }
        for name in self.members.keys().filter(|name| *name != MANIFEST && !manifest.members.contains_key(*name)) {
            self.problem(name, "is not in the signed list");
        }
    }

    /// Holds the list against its signature, by a key that an entry of the pack names.
    fn signed(&mut self, jws: &str) {
        let set = key_set(&self.keys).map(|set| set.to_string()).unwrap_or_default();
        let opened = KeySet::parse(&set).and_then(|keys| keys.open::<Manifest>(jws, TYP, |claims| claims.made_at));
        if let Err(error) = opened {
            self.problem(MANIFEST, error);
        }
    }

    /// Holds every entry against the head, and every fact against its entry.
    fn log(&mut self, head: &Checkpoint, note: &str) {
        let members = self.members;
        for (name, bytes) in members.range("entries/".to_owned().."entries0".to_owned()) {
            let number = name.trim_start_matches("entries/").trim_end_matches(".json");
            let Ok(index) = number.parse::<u64>() else {
                self.problem(name, "is no entry");
                continue;
            };
            let leaf = leaf_hash(bytes);
            if let Err(what) = self.proved(number, index, leaf, head, note) {
                self.problem(name, what);
                continue;
            }
            let Ok(entry) = Entry::from_leaf(bytes) else {
                self.problem(name, "is no entry of the log");
                continue;
            };
            self.found.entries = self.found.entries.saturating_add(1);
            let fact = format!("facts/{number}.json");
            match members.get(&fact) {
                Some(bytes) => {
                    if let Err(what) = self.fact(index, &entry, leaf, (&fact, bytes)) {
                        self.problem(&fact, what);
                    }
                }
                // Seals say everything in plain.
                None => {
                    let root = entry.changes.iter().find(|change| change.path == "/root");
                    match (root.and_then(|change| change.new.as_ref()), entry.event.as_str()) {
                        (Some(Logged::Plain(Value::String(root))), "answers.sealed") => {
                            self.roots.insert(revision_of(index), (entry.entity.version, root.clone()));
                        }
                        _ => self.problem(name, "what it commits to is missing"),
                    }
                }
            }
        }
    }

    fn proved(&self, number: &str, index: u64, leaf: Hash, head: &Checkpoint, note: &str) -> Result<(), String> {
        let name = format!("proofs/{number}.txt");
        let proof = self.members.get(&name).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let (stated, path, under) =
            proof.and_then(parse_inclusion).ok_or_else(|| format!("its proof {name} is missing or does not read"))?;
        if stated != index || under != note {
            return Err(format!("its proof {name} is of another entry or head"));
        }
        check_inclusion(&path, index, head.size, head.root, leaf).map_err(|error| format!("{error} ({name})"))
    }

    /// Holds a fact against its entry.
    fn fact(&mut self, index: u64, entry: &Entry, leaf: Hash, (name, bytes): (&str, &[u8])) -> Result<(), String> {
        let thing = (entry.entity.kind.clone(), entry.entity.id.clone());
        let (last, version) = self.last.get(&thing).map_or((None, 0), |(leaf, version)| (Some(*leaf), *version));
        let follows = entry.prev == last && entry.entity.version == version.saturating_add(1);
        // What the reader may not see may stand between.
        let skips = self.extent != Extent::Whole && entry.entity.version > version.saturating_add(1);
        self.last.insert(thing, (leaf, entry.entity.version));
        if !follows && !skips {
            return Err("an entry about this thing is missing before it".to_owned());
        }
        let opened: Opened = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if self.extent == Extent::Whole && (!opened.withheld.is_empty() || opened.row.is_none()) {
            return Err("a whole pack withholds something".to_owned());
        }
        self.found.withheld = self.found.withheld.saturating_add(opened.withheld.len());
        let row = opened.row.as_ref();
        for change in &entry.changes {
            let stated = row.map(|row| row.value.get(change.path.trim_start_matches('/')).unwrap_or(&Value::Null));
            match &change.new {
                Some(Logged::Committed(commitment)) => {
                    let unopened = opened.withheld.contains(&change.path) || opened.erased.contains(&change.path);
                    match opened.values.get(&change.path) {
                        Some(disclosed) if committed(disclosed)? == *commitment => {
                            if stated.is_some_and(|stated| *stated != disclosed.value) {
                                return Err(format!("`{}` of the row is another", change.path));
                            }
                        }
                        Some(_) => return Err(format!("`{}` is not what the entry commits to", change.path)),
                        None if unopened => {}
                        None => return Err(format!("`{}` is missing", change.path)),
                    }
                }
                Some(Logged::Plain(plain)) => {
                    if stated.is_some_and(|stated| stated != plain) {
                        return Err(format!("`{}` of the row is not what the entry says", change.path));
                    }
                }
                None => {
                    if stated.is_some_and(|stated| !stated.is_null()) {
                        return Err(format!("`{}` of the row is not what the entry says", change.path));
                    }
                }
            }
        }
        match row {
            // What is left of an erased row, the erasure commits to.
            Some(row) if row.salt.is_none() => {
                if opened.erased.is_empty() {
                    return Err("the salt of the row is missing".to_owned());
                }
                self.erased.push((revision_of(index), name.to_owned(), row.value.clone()));
                return Ok(());
            }
            Some(row) if entry.after != Some(committed(row)?) => {
                return Err("the row is not what the entry commits to".to_owned());
            }
            Some(row) => self.named(entry, row)?,
            None => {}
        }
        self.found.facts = self.found.facts.saturating_add(1);
        Ok(())
    }

    /// Takes what later checks need out of a row that is proved.
    fn named(&mut self, entry: &Entry, row: &Disclosure) -> Result<(), String> {
        if entry.entity.kind == AnswerKeyRow::KIND {
            self.keys.push(read(&row.value)?);
        }
        if entry.entity.kind == ErasureRow::KIND {
            let erasure: ErasureRow = read(&row.value)?;
            if let Some(rows) = &erasure.rows {
                let rows: Vec<ErasedRow> = serde_json::from_str(rows).map_err(|error| error.to_string())?;
                self.left.extend(rows.into_iter().map(|row| (row.revision, row)));
            }
        }
        Ok(())
    }

    /// Holds what is left of erased rows against the erasures.
    fn erasures(&mut self) {
        for (revision, name, row) in std::mem::take(&mut self.erased) {
            match self.left.get(&revision) {
                Some(left) if left.row == row => self.found.erased = self.found.erased.saturating_add(1),
                Some(_) => self.problem(&name, "what is left of the row is not what its erasure says"),
                // Who is not shown the erasure has the word of the signed list.
                None if self.extent != Extent::Whole => self.found.erased = self.found.erased.saturating_add(1),
                None => self.problem(&name, "no erasure in the pack says that its values are gone"),
            }
        }
    }

    /// Holds every answer against its seal, and the seal against its entry.
    fn answers(&mut self) {
        let members = self.members;
        for (name, record) in members.range("answers/".to_owned().."answers0".to_owned()) {
            if name.ends_with(".seal.json") {
                let record = name.replace(".seal.json", ".json");
                if !members.contains_key(&record) {
                    self.problem(name, format!("its record {record} is missing"));
                }
                continue;
            }
            let seal = name.replace(".json", ".seal.json");
            let Some(bytes) = members.get(&seal) else {
                self.found.unsealed = self.found.unsealed.saturating_add(1);
                continue;
            };
            let judged = serde_json::from_slice::<SealProof>(bytes).map_err(|error| error.to_string());
            let judged = judged.and_then(|seal| {
                let stated = self.roots.get(&seal.revision);
                let number = u64::try_from(seal.number).unwrap_or_default();
                if stated.is_none_or(|(version, root)| (*version, root) != (number, &seal.root)) {
                    return Err("no entry of the pack states its root".to_owned());
                }
                seal.holds(record).map_err(|error| error.to_string())
            });
            match judged {
                Ok(()) => self.found.answers = self.found.answers.saturating_add(1),
                Err(what) => self.problem(name, format!("{what} ({seal})")),
            }
        }
    }
}

fn revision_of(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1)
}

fn read<T: DeserializeOwned>(row: &Value) -> Result<T, String> {
    serde_json::from_value(row.clone()).map_err(|error| error.to_string())
}

/// Commits to a disclosed value with its salt.
fn committed(disclosed: &Disclosure) -> Result<Hash, String> {
    let salt = disclosed.salt.as_deref().and_then(|salt| hex::decode(salt).ok());
    let salt: [u8; 32] = salt.and_then(|salt| salt.try_into().ok()).ok_or("a salt is missing or no 32 bytes in hex")?;
    commit(&salt, &disclosed.value).map_err(|error| error.to_string())
}
