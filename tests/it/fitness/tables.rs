//! What the tables are, as the migrations make them and as the schema declares them.
//!
//! It reads the few statements that our migrations use and is no parser of SQL. Invariant: both sides come to the same
//! form, so that a plain comparison finds every table, column, type and nullability that differs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::source::{ROOT, code};

/// What a table is made of: for each column its type and whether it may be null.
pub type Tables = BTreeMap<String, BTreeMap<String, (String, bool)>>;

/// Follows the migrations of one database in their order.
pub fn migrated(statements: &str) -> Tables {
    let plain: String =
        statements.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut tables = Tables::new();
    for statement in plain.split(';') {
        let words: Vec<&str> = statement.split_whitespace().take(8).collect();
        let upper: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
        let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
        match upper.as_slice() {
            ["CREATE", "TABLE", ..] => {
                let (head, body) = statement.split_once('(').expect("a table has columns");
                let (body, _) = body.rsplit_once(')').expect("the columns end");
                let name = head.split_whitespace().last().expect("a table has a name");
                tables.insert(name.to_owned(), split_columns(body).iter().filter_map(|text| column(text)).collect());
            }
            ["DROP", "TABLE", ..] => drop(tables.remove(words.last().copied().unwrap_or_default())),
            ["ALTER", "TABLE", _, "ADD", "COLUMN", ..] => {
                let definition = statement.split_whitespace().skip(5).collect::<Vec<_>>().join(" ");
                tables.entry(words[2].to_owned()).or_default().extend(column(&definition));
            }
            ["ALTER", "TABLE", _, "DROP", "COLUMN", _] => {
                drop(tables.entry(words[2].to_owned()).or_default().remove(words[5]))
            }
            ["ALTER", "TABLE", _, "RENAME", "TO", _] => {
                let moved = tables.remove(words[2]).unwrap_or_default();
                tables.insert(words[5].to_owned(), moved);
            }
            _ => {}
        }
    }
    tables
}

/// Splits at the commas outside of brackets.
fn split_columns(body: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in body.chars() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        match (letter, depth) {
            (',', 0) => parts.push(String::new()),
            _ => parts.last_mut().expect("one part at least").push(letter),
        }
    }
    parts
}

/// Reads a column; none for a constraint of the table.
fn column(definition: &str) -> Option<(String, (String, bool))> {
    let upper = definition.trim().to_uppercase();
    if ["PRIMARY ", "UNIQUE", "CHECK", "FOREIGN ", "CONSTRAINT "].iter().any(|word| upper.starts_with(word)) {
        return None;
    }
    let mut words = definition.split_whitespace();
    let (name, kind) = (words.next()?, words.next()?);
    let nullable = !upper.contains("NOT NULL") && !upper.contains("PRIMARY KEY");
    Some((name.to_owned(), (kind.to_uppercase(), nullable)))
}

/// Reads `diesel::table!` declarations.
pub fn declared(schema: &str) -> Tables {
    let code = code(schema);
    let blocks = code.split("table! {").skip(1);
    blocks
        .map(|block| {
            let (head, rest) = block.split_once('{').expect("a table has columns");
            let (body, _) = rest.split_once('}').expect("the columns end");
            let name = head.split('(').next().unwrap_or_default().trim().to_owned();
            let columns = body.split(',').filter_map(|line| {
                let (name, kind) = line.split_once("->")?;
                let kind = kind.trim();
                let inner = kind.strip_prefix("Nullable<").and_then(|inner| inner.strip_suffix('>'));
                Some((name.trim().to_owned(), (inner.unwrap_or(kind).to_owned(), inner.is_some())))
            });
            (name, columns.collect())
        })
        .collect()
}

/// Writes the types of the schema as a database writes them.
pub fn written(tables: &Tables, types: &[(&str, &str)]) -> Tables {
    let named = |kind: &str| {
        types.iter().find(|(schema, _)| *schema == kind).map_or(kind, |(_, database)| *database).to_owned()
    };
    let columns = |columns: &BTreeMap<String, (String, bool)>| {
        columns.iter().map(|(name, (kind, nullable))| (name.clone(), (named(kind), *nullable))).collect()
    };
    tables.iter().map(|(name, known)| (name.clone(), columns(known))).collect()
}

/// Names of the migrations of a database, in order.
pub fn migrations(database: &str) -> Vec<String> {
    let folder = Path::new(ROOT).join("migrations").join(database);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_differs_is_found() {
        let schema = declared(
            "diesel::table! {\n    things (id) {\n        id -> BigInt, // key\n        name -> Nullable<Text>,\n    }\n}\n",
        );
        let made = |sql: &str| migrated(sql) == written(&schema, &[("BigInt", "BIGINT"), ("Text", "TEXT")]);
        let create = "-- a, b; c\nCREATE TABLE things (\n    id BIGINT NOT NULL PRIMARY KEY CHECK (id IN (1, 2)),\n    name TEXT COLLATE \"C\",\n    CHECK (id > 0)\n);\n";
        assert!(made(create));
        assert!(made(&format!("CREATE TABLE old (a TEXT); {create} DROP TABLE old;")));
        assert!(made(
            "CREATE TABLE other (id BIGINT PRIMARY KEY); ALTER TABLE other ADD COLUMN name TEXT; ALTER TABLE other RENAME TO things;"
        ));
        assert!(!made("CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY);"));
        assert!(!made(&create.replace("\"C\"", "\"C\" NOT NULL")));
        assert!(!made(&create.replace("BIGINT", "INTEGER")));
    }
}
