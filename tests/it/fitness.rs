//! The law of the house, read from its sources: layers, sizes, headers, who may use what, tables, contract, manifest.
//!
//! It judges text, not behaviour; what the compiler and clippy already refuse is not repeated here. Invariant: every rule
//! that it keeps is shown to find its own breach.

mod source;
mod tables;

use std::collections::BTreeSet;
use std::path::Path;

use self::source::{ROOT, Source, is_name, places, read, sources};
use self::tables::{declared, migrated, migrations, written};
use super::support::contract::Contract;

/// Lines of a file without its inline tests (ARCHITECTURE.md, "Size").
const LONGEST_FILE: usize = 500;

/// Which rooms a room may use besides itself; `main.rs` and `cli` may use every room.
const LAYERS: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("index", &["domain"]),
    ("tlog", &[]),
    ("store", &["domain", "tlog"]),
    ("sheet", &["domain"]),
    ("document", &["domain"]),
    ("pdf", &["domain"]),
    ("app", &["domain", "index", "tlog", "store", "sheet", "pdf", "clock"]),
    ("http", &["app", "domain", "config", "outbound", "sheet", "document", "pdf", "telemetry"]),
    ("outbound", &["app", "domain", "config", "telemetry"]),
    ("config", &["domain"]),
    ("clock", &["domain"]),
    ("telemetry", &[]),
];

/// Words that only some rooms, or one file of a room, may say: crates with a home, the clock, the environment.
const HOMES: [(&str, &[&str]); 25] = [
    ("actix_web::", &["http"]),
    ("actix_multipart::", &["http"]),
    ("diesel::", &["store"]),
    ("diesel_migrations::", &["store"]),
    ("reqwest::", &["outbound"]),
    ("lettre::", &["outbound"]),
    ("openidconnect::", &["outbound"]),
    ("tokio::", &["http", "outbound", "cli", "main"]),
    ("calamine::", &["sheet"]),
    ("zip::", &["sheet", "document"]),
    ("object_store::", &["outbound"]),
    ("rust_xlsxwriter::", &["sheet"]),
    ("csv::", &["sheet"]),
    ("pdf_writer::", &["pdf"]),
    ("subsetter::", &["pdf"]),
    ("ttf_parser::", &["pdf"]),
    ("cms::", &["pdf", "app/certificate_files/keys"]),
    ("x509_cert::", &["pdf"]),
    ("tar::", &["app/log/export", "cli"]),
    ("indicatif::", &["cli"]),
    ("SystemTime", &["clock"]),
    ("Utc::now", &[]),
    // Timers that measure how long something lasts, never what time it is.
    ("Instant::now", &["clock", "outbound", "http/limits"]),
    ("env::var", &["config", "cli"]),
    ("env::vars", &["config", "cli"]),
];

/// Words that stand nowhere, in two halves so that this file does not say them.
const NOWHERE: [(&str, &str); 8] = [
    ("to", "do!"),
    ("unimple", "mented!"),
    ("TO", "DO"),
    ("FIX", "ME"),
    ("allow(dead", "_code"),
    ("expect(dead", "_code"),
    ("allow(un", "used"),
    ("#[ig", "nore"),
];

/// The first names of a path or of a group of paths: `store::x` or `{store, tlog::{a, b}}`.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|letter| is_name(*letter)).collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut names, mut depth) = (vec![name(group)], 1);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The rooms that a file names, by `crate::` or by climbing up to the root.
fn rooms_used(source: &Source) -> BTreeSet<String> {
    let code = source.code();
    let climb = "super::".repeat(source.module().len());
    let climbed = if climb.is_empty() { Vec::new() } else { places(&code, &climb) };
    let rooms = places(&code, "crate::").into_iter().chain(climbed).flat_map(first_names);
    rooms.filter(|room| room != source.room() && room != "super").collect()
}

fn layer_breaches(source: &Source) -> Vec<String> {
    if matches!(source.room(), "main" | "lib" | "cli") {
        return Vec::new();
    }
    let Some((_, allowed)) = LAYERS.iter().find(|(room, _)| *room == source.room()) else {
        return vec![format!("{}: the room `{}` has no place in the table of layers", source.path, source.room())];
    };
    let wrong = rooms_used(source).into_iter().filter(|room| !allowed.contains(&room.as_str()));
    wrong.map(|room| format!("{}: `{}` must not use `{room}`", source.path, source.room())).collect()
}

fn home_breaches(source: &Source) -> Vec<String> {
    let code = source.code();
    let file = source.module().join("/");
    let strangers =
        HOMES.iter().filter(|(_, homes)| !homes.contains(&source.room()) && !homes.contains(&file.as_str()));
    let said = strangers.filter(|(word, _)| !places(&code, word).is_empty());
    said.map(|(word, homes)| format!("{}: only {homes:?} may say `{word}`", source.path)).collect()
}

fn form_breaches(source: &Source) -> Vec<String> {
    let mut breaches = Vec::new();
    let lines = source.product().lines().count();
    if lines > LONGEST_FILE {
        breaches.push(format!("{}: {lines} lines without its tests; {LONGEST_FILE} is the most", source.path));
    }
    if !source.text.starts_with("//! ") {
        breaches.push(format!("{}: does not open by saying what it is for (`//!`)", source.path));
    }
    if source.text.lines().any(|line| line.trim_start().starts_with("//") && line.contains("```")) {
        breaches.push(format!("{}: an example in documentation, which nothing runs; a test shows more", source.path));
    }
    for (one, other) in NOWHERE {
        let word = format!("{one}{other}");
        for (number, _) in source.text.lines().enumerate().filter(|(_, line)| line.contains(&word)) {
            breaches.push(format!("{}:{}: `{word}`", source.path, number + 1));
        }
    }
    breaches
}

/// Lines of the manifest that name a dependency without a reason above them in their block.
fn unexplained(manifest: &str) -> Vec<&str> {
    let (mut in_dependencies, mut explained) = (false, false);
    let mut lines = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            in_dependencies = line.ends_with("dependencies]");
        }
        if line.is_empty() || line.starts_with('[') {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if in_dependencies && !explained && line.contains('=') {
            lines.push(line);
        }
    }
    lines
}

fn none(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn layers_use_only_what_lies_below() {
    none(sources(&["src"]).iter().flat_map(layer_breaches).collect());
}

#[test]
fn crates_time_and_environment_stay_at_home() {
    none(sources(&["src"]).iter().flat_map(home_breaches).collect());
}

#[test]
fn files_are_short_say_what_they_are_for_and_leave_nothing_undone() {
    none(sources(&["src", "tests"]).iter().flat_map(form_breaches).collect());
}

#[test]
fn every_folder_says_what_room_it_is() {
    let folders = sources(&["src"])
        .into_iter()
        .filter_map(|source| source.path.rsplit_once('/').map(|(folder, _)| folder.to_owned()));
    let silent = folders
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|folder| folder != "src" && !Path::new(ROOT).join(folder).join("mod.rs").is_file());
    none(silent.map(|folder| format!("{folder} has no mod.rs")).collect());
}

#[test]
fn both_databases_migrate_alike() {
    let names = migrations("sqlite");
    assert_eq!(names, migrations("postgres"));
    let folders = ["sqlite", "postgres"]
        .into_iter()
        .flat_map(|database| names.iter().map(move |name| format!("migrations/{database}/{name}")));
    let files = folders.flat_map(|folder| ["up.sql", "down.sql"].map(|file| format!("{folder}/{file}")));
    none(files.filter(|file| !Path::new(ROOT).join(file).is_file()).map(|file| format!("{file} is missing")).collect());
}

#[test]
fn the_schema_is_what_the_migrations_make() {
    let families = sources(&["src"]).into_iter().filter(|source| source.path.starts_with("src/store/schema/"));
    let schema = declared(&families.map(|source| source.text).collect::<String>());
    assert!(!schema.is_empty());
    let sqlite =
        [("Integer", "INTEGER"), ("BigInt", "INTEGER"), ("Text", "TEXT"), ("Binary", "BLOB"), ("Bool", "INTEGER")];
    let postgres =
        [("Integer", "INTEGER"), ("BigInt", "BIGINT"), ("Text", "TEXT"), ("Binary", "BYTEA"), ("Bool", "BOOLEAN")];
    for (database, types) in [("sqlite", sqlite), ("postgres", postgres)] {
        let folder = Path::new(ROOT).join("migrations").join(database);
        let all: String = migrations(database).iter().map(|name| read(&folder.join(name).join("up.sql"))).collect();
        assert_eq!(migrated(&all), written(&schema, &types), "{database}");
    }
}

#[test]
fn the_contract_and_the_table_of_endpoints_are_equal() {
    let contract: Vec<_> =
        Contract::get().operations().into_iter().map(|it| (it.path, it.method, it.operation_id)).collect();
    let names: BTreeSet<_> = contract.iter().map(|(_, _, operation)| operation.clone()).collect();
    assert_eq!(names.len(), contract.len(), "an operationId stands twice in openapi.yaml");
    let endpoints = whitelist::http::endpoints::ENDPOINTS.iter();
    let table: Vec<_> =
        endpoints.map(|it| (it.path.to_string(), it.method.to_string(), it.operation.to_string())).collect();
    let (table_set, contract_set) = (table.iter().collect::<BTreeSet<_>>(), contract.iter().collect::<BTreeSet<_>>());
    assert_eq!(table_set.len(), table.len(), "an endpoint stands twice in the table");
    assert_eq!(table_set, contract_set);
}

#[test]
fn the_manifest_gives_reasons_and_leaves_http2_to_the_proxy() {
    let text = read(&Path::new(ROOT).join("Cargo.toml"));
    let manifest: toml::Table = text.parse().expect("Cargo.toml is TOML");
    let actix = &manifest["dependencies"]["actix-web"];
    assert_eq!(actix.get("default-features").and_then(toml::Value::as_bool), Some(false));
    let features: Vec<_> =
        actix["features"].as_array().expect("features").iter().filter_map(toml::Value::as_str).collect();
    assert!(!features.contains(&"http2"), "{features:?}");
    none(unexplained(&text).into_iter().map(|line| format!("Cargo.toml gives no reason for: {line}")).collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned(), is_test: false }
    }

    #[test]
    fn a_breach_of_the_layers_is_found() {
        let breaches = |path, text| layer_breaches(&source(path, text)).len();
        assert_eq!(breaches("src/domain/x.rs", "use crate::domain::y;\nuse super::z;"), 0);
        assert_eq!(breaches("src/domain/x.rs", "use crate::store::y;"), 1);
        assert_eq!(breaches("src/domain/x.rs", "fn f() { crate::app::run(crate::tlog::x) }"), 2);
        assert_eq!(breaches("src/app/x.rs", "use crate::{\n    domain::{a, http},\n    index, http::b,\n};"), 1);
        assert_eq!(breaches("src/store/keep/x.rs", "use super::super::super::app::x;"), 1);
        assert_eq!(breaches("src/store/keep/x.rs", "use super::super::rows;"), 0);
        assert_eq!(breaches("src/store/keep/mod.rs", "use super::super::app;"), 1);
        assert_eq!(breaches("src/clock.rs", "use super::store::x;"), 1);
        assert_eq!(
            breaches(
                "src/domain/x.rs",
                "// crate::store\nconst A: &str = \"\\\"crate::app\"; const B: char = '\"'; const C: &str = r#\"\" crate::app\"#;"
            ),
            0
        );
        assert_eq!(
            breaches("src/domain/x.rs", "mod a {}\n\n#[cfg(test)]\nmod tests {\n    use crate::store::y;\n}\n"),
            0
        );
        assert_eq!(breaches("src/helpers.rs", ""), 1);
        assert_eq!(breaches("src/cli/x.rs", "use crate::store::y;"), 0);
    }

    #[test]
    fn a_stranger_is_found() {
        let breaches = |path, text| home_breaches(&source(path, text)).len();
        assert_eq!(breaches("src/app/x.rs", "use diesel::prelude::*;"), 1);
        assert_eq!(breaches("src/app/x.rs", "use crate::sheet::csv::read;"), 0);
        assert_eq!(breaches("src/app/x.rs", "fn f() { csv::Reader::new() }"), 1);
        assert_eq!(breaches("src/app/x.rs", "let now = std::time::SystemTime::now();"), 1);
        assert_eq!(breaches("src/app/x.rs", "let now = std::time::Instant::now();"), 1);
        assert_eq!(breaches("src/outbound/x.rs", "let now = std::time::Instant::now();"), 0);
        assert_eq!(breaches("src/http/limits.rs", "let now = Instant::now();"), 0);
        assert_eq!(breaches("src/http/x.rs", "let now = Instant::now();"), 1);
        assert_eq!(breaches("src/http/x.rs", "let x = std::env::var(\"X\");"), 1);
        assert_eq!(breaches("src/config.rs", "let x = std::env::var(\"X\");"), 0);
        assert_eq!(breaches("src/app/x.rs", "// SystemTime\nlet my_diesel::x = 1;"), 0);
    }

    #[test]
    fn a_breach_of_form_is_found() {
        let breaches = |text: &str| form_breaches(&source("src/domain/x.rs", text)).len();
        assert_eq!(breaches("//! What it is for.\n"), 0);
        assert_eq!(breaches("use std::fmt;\n"), 1);
        assert_eq!(breaches("//! An example.\n//! ```\n//! f();\n//! ```\n"), 1);
        assert_eq!(breaches(&format!("//! Long.\n{}", "\n".repeat(500))), 1);
        assert_eq!(breaches(&format!("//! Long tests.\n\n#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(500))), 0);
        for (one, other) in NOWHERE {
            assert_eq!(breaches(&format!("//! {one}{other}\n")), 1, "{one}{other}");
        }
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let manifest = "[package]\nname = \"x\"\n\n[dependencies]\n# For y.\ny = \"1\"\nz = \"1\"\n\nw = \"1\"\n\n[dev-dependencies]\nv = \"1\"\n";
        assert_eq!(unexplained(manifest), ["w = \"1\"", "v = \"1\""]);
    }
}

/// Working state changes without a log entry: only in the tables that `store/keep` names, and it names no others.
#[test]
fn what_is_kept_without_an_entry_stands_in_the_tables_named() {
    let mut used = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/keep")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix("use crate::store::schema::")) {
            used.extend(line.trim_end_matches(';').trim_matches(['{', '}']).split(", ").map(str::to_owned));
        }
    }
    let named: std::collections::BTreeSet<String> =
        whitelist::store::keep::TABLES.iter().map(|table| (*table).to_owned()).collect();
    assert_eq!(used, named);
}

#[test]
fn every_event_that_is_saved_has_its_words() {
    let is_event = |text: &str| {
        let parts: Vec<&str> = text.split('.').collect();
        parts.len() == 2
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
    };
    let mut unknown = Vec::new();
    for source in sources(&["src"]).iter().filter(|source| matches!(source.room(), "app" | "store")) {
        let product = source.product();
        for text in product.split('"').skip(1).step_by(2).filter(|text| is_event(text)) {
            // Names of files and words of other lists have their dot too.
            let other =
                [".key", ".html", ".json", ".pem", ".toml", ".csv", ".xlsx"].iter().any(|end| text.ends_with(end));
            let role = whitelist::domain::actor::Role::parse(text).is_some();
            if !other && !role && !whitelist::domain::happening::is_known(text) {
                unknown.push(format!("{}: `{text}` has no words in domain/happening.rs", source.path));
            }
        }
    }
    none(unknown);
}
