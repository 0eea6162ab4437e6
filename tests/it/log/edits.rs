//! One edit after another, behind the back of the service, and whether `log verify` finds it and names it.

use super::sql::{Column, Kind, Row, Sql, Table};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use whitelist::app::keys::DataFolder;
use whitelist::app::verify::database;
use whitelist::store::checkpoints::read_head_file;
use whitelist::store::writer::Options;
use whitelist::store::{DatabaseUrl, Store, installation};
use whitelist::tlog::Hash;

/// The problems that an edit of a table may be named by; the first words of the code.
fn fitting(table: &str) -> &'static [&'static str] {
    match table {
        "installation" => &["installation"],
        "log_head" => &["head-missing", "entry-missing", "entry-beyond-head", "frontier"],
        "log_entries" => &["leaf-hash", "entry-"],
        "log_tiles" => &["tile-"],
        "log_checkpoints" => &["checkpoint-"],
        "private_values" => &["private-"],
        "subject_keys" => &["private-", "key-"],
        "balances" => &["balance-"],
        "movements" => &["movement-"],
        "open_declarations" => &["open-"],
        _ => &["row-"],
    }
}

/// Verifies one database again and again, against what was published before it was tampered with.
pub struct Verifier {
    store: Store,
    vkey: String,
    published: (u64, Hash),
}

impl Verifier {
    pub fn of(folder: &std::path::Path, url: &DatabaseUrl) -> Self {
        let installation = installation::find(&mut url.open().unwrap()).unwrap().unwrap();
        let folder = DataFolder(folder.to_path_buf());
        let vkey = folder.checkpoint_key_of(&installation).unwrap().vkey();
        let (size, root) = read_head_file(&folder.head_file(), &vkey).unwrap().unwrap();
        Self { store: Store::open(url, Options::default()).unwrap(), vkey, published: (size.try_into().unwrap(), root) }
    }

    /// Returns every problem as its code and the kind of thing that it is about; a database that cannot be verified is
    /// said so.
    fn found(&self) -> Vec<(String, String)> {
        match database(&self.store, &self.vkey, Some(self.published), &mut |_, _| {}) {
            Ok(result) => {
                assert_eq!(result.ok, result.problems.is_empty());
                let about = |place: String| place.split(' ').next().unwrap_or_default().to_owned();
                let found = result.problems.into_iter().map(|problem| (problem.code, about(problem.where_)));
                found.collect::<BTreeSet<_>>().into_iter().collect()
            }
            Err(error) => vec![(format!("not an answer: {error}"), String::new())],
        }
    }

    /// Returns the codes of all problems.
    pub fn problems(&self) -> Vec<String> {
        let mut codes: Vec<String> = self.found().into_iter().map(|(code, _)| code).collect();
        codes.dedup();
        codes
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        self.store.close();
    }
}

/// What has not been found as it should.
#[derive(Default)]
pub struct Missed(Vec<String>);

impl Missed {
    pub fn judge(&mut self, edit: &str, found: &[String], fitting: &[&str]) {
        if !found.iter().any(|code| fitting.iter().any(|fits| code.starts_with(fits))) {
            let edit: String = edit.chars().take(200).collect();
            self.0
                .push(format!("{edit}: {}", if found.is_empty() { "not found".to_owned() } else { found.join(", ") }));
        }
    }

    pub fn none(self) {
        assert!(
            self.0.is_empty(),
            "{} edits were not found or named as something else:\n{}",
            self.0.len(),
            self.0.join("\n")
        );
    }
}

/// Other values for a column.
pub fn edited(column: &Column, value: &Value) -> Vec<Value> {
    let mut others = match (column.kind, value) {
        (Kind::Number, Value::Number(number)) => {
            let number = number.as_i64().unwrap();
            vec![json!(number + 1), json!(number - 1), json!(number + 1_000_000)]
        }
        (Kind::Text, Value::String(text)) => {
            let middle = text.chars().count() / 2;
            let other = |letter: char| if letter == 'x' { 'y' } else { 'x' };
            let changed: String = text
                .chars()
                .enumerate()
                .map(|(place, letter)| if place == middle { other(letter) } else { letter })
                .collect();
            vec![json!(changed), json!(format!("{text} "))]
        }
        (Kind::Bytes, Value::String(hex)) => {
            let mut bytes = hex::decode(hex).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0b0001_0000;
            let shorter = &bytes[..middle];
            vec![json!(hex::encode(&bytes)), json!(hex::encode(shorter))]
        }
        (Kind::Number, Value::Null) => vec![json!(1)],
        (Kind::Text, Value::Null) => vec![json!("x")],
        (Kind::Bytes, Value::Null) => vec![json!("00")],
        other => panic!("{}: {other:?}", column.name),
    };
    if column.nullable && !value.is_null() {
        others.push(Value::Null);
    }
    others
}

/// The rows to edit in a column: one with a value, one without.
pub fn victims<'r>(column: &Column, rows: &'r [Row]) -> Vec<&'r Row> {
    let with = rows.iter().rev().find(|row| !row[&column.name].is_null());
    let without = rows.iter().rev().find(|row| row[&column.name].is_null());
    with.into_iter().chain(without).collect()
}

/// Something done to one row behind the back of the service.
#[derive(Debug, Clone)]
pub enum Edit {
    Change(Row, Row),
    Delete(Row),
    Insert(Row),
}

impl Edit {
    /// Makes the edit; a change may be impossible, because a neighbour holds the key already.
    fn made(&self, sql: &mut Sql, table: &Table) -> bool {
        match self {
            Self::Change(row, other) => return sql.replace(table, row, other).is_ok(),
            Self::Delete(row) => sql.delete(table, row),
            Self::Insert(row) => sql.insert(table, row),
        }
        .unwrap_or_else(|error| panic!("{}: {self:?}: {error}", table.name));
        true
    }

    fn undone(&self, sql: &mut Sql, table: &Table) {
        match self {
            Self::Change(row, other) => sql.replace(table, other, row),
            Self::Delete(row) => sql.insert(table, row),
            Self::Insert(row) => sql.delete(table, row),
        }
        .unwrap_or_else(|error| panic!("{}: {self:?} could not be undone: {error}", table.name));
    }
}

/// The edits that are to be tried on a table, each with its name.
pub type Edits = (Table, VecDeque<(String, Edit)>);

/// Tries every edit and asks for each whether it was found; returns how many could be made, by the first two words of
/// their names.
///
/// Edits of the log are tried alone. Tables of the list are edited together, one edit of each: a row is held against
/// its own entry, so every table must be named. Which kind of thing a table holds is learned from its first edit, which
/// is tried alone; and what is not found in company is tried alone before it counts as missed.
pub fn try_all(sql: &mut Sql, verifier: &Verifier, tables: Vec<Edits>) -> BTreeMap<String, usize> {
    let mut missed = Missed::default();
    let mut made = BTreeMap::new();
    let mut count = |name: &str| *made.entry(name.split(' ').next().unwrap().to_owned()).or_insert(0) += 1;
    let mut together: Vec<(String, Edits)> = Vec::new();
    for (table, mut edits) in tables {
        let fits = fitting(&table.name);
        let of_list = fits == ["row-"];
        while let Some((name, edit)) = edits.pop_front() {
            if !edit.made(sql, &table) {
                continue;
            }
            count(&name);
            let found = verifier.found();
            edit.undone(sql, &table);
            missed.judge(&name, &codes(&found), fits);
            let mut kinds =
                found.into_iter().filter(|(code, _)| of_list && code.starts_with("row-")).map(|(_, kind)| kind);
            if let (Some(kind), None) = (kinds.next(), kinds.next()) {
                together.push((kind, (table, edits)));
                break;
            }
        }
    }
    loop {
        let mut round = Vec::new();
        for (kind, (table, edits)) in &mut together {
            while let Some((name, edit)) = edits.pop_front() {
                if edit.made(sql, table) {
                    count(&name);
                    round.push((kind.clone(), table.clone(), name, edit));
                    break;
                }
            }
        }
        if round.is_empty() {
            break;
        }
        let found = verifier.found();
        for (_, table, _, edit) in round.iter().rev() {
            edit.undone(sql, table);
        }
        for (kind, table, name, edit) in round {
            if found.iter().any(|(code, about)| code.starts_with("row-") && *about == kind) {
                continue;
            }
            assert!(edit.made(sql, &table));
            missed.judge(&name, &verifier.problems(), fitting(&table.name));
            edit.undone(sql, &table);
        }
    }
    assert_eq!(verifier.problems(), [""; 0], "every edit was undone");
    missed.none();
    made
}

fn codes(found: &[(String, String)]) -> Vec<String> {
    found.iter().map(|(code, _)| code.clone()).collect()
}

/// Rows that nobody recorded: copies of a row with a new key, behind the last and before the first.
pub fn forged(table: &Table, row: &Row) -> Vec<Row> {
    let revision = table.columns.iter().any(|column| column.name == "revision");
    let places: &[i64] = if revision { &[1_000_000, 0, -1] } else { &[1_000_000, -1] };
    let copies = places.iter().map(|place| {
        let mut copy = row.clone();
        for column in table.columns.iter().filter(|column| column.key || column.name == "revision") {
            let value = match column.kind {
                Kind::Number if column.name == "version" => json!(1000 + place.rem_euclid(1000)),
                Kind::Number => json!(place),
                // The listing of a balance and the number of a listing keep their form; an id is only a text.
                Kind::Text if *place > 0 => json!(format!("{}~", row[&column.name].as_str().unwrap())),
                Kind::Text => json!(format!("!{}", row[&column.name].as_str().unwrap())),
                Kind::Bytes => json!("00"),
            };
            copy.insert(column.name.clone(), value);
        }
        copy
    });
    copies.collect()
}
