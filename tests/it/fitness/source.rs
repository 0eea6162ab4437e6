//! The Rust files of the house, and their text without comments, texts and inline tests.
//!
//! It knows enough of the language to tell code from words about code, and no more. Invariant: what it calls code names
//! only what the compiler would see.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the manifest.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A Rust file of ours.
pub struct Source {
    /// From the root, with slashes.
    pub path: String,
    pub text: String,
    /// Whether all of it is compiled for tests only, though it lies under `src`.
    pub is_test: bool,
}

impl Source {
    /// The first folder or file under `src`.
    pub fn room(&self) -> &str {
        let inner = self.path.trim_start_matches("src/");
        inner.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// Its place as a module path; empty for the root of the crate.
    pub fn module(&self) -> Vec<&str> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inner.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
    }

    /// The text before the inline tests.
    pub fn product(&self) -> &str {
        let end = self.text.match_indices("\n#[cfg(test)]\n").map(|(at, _)| at).find(|at| {
            let item = self.text[at + 1..].lines().find(|line| !line.starts_with("#["));
            item.is_some_and(|item| item.contains("mod ") && item.ends_with('{'))
        });
        if self.is_test { "" } else { &self.text[..end.unwrap_or(self.text.len())] }
    }

    pub fn code(&self) -> String {
        code(self.product())
    }
}

/// Reads every Rust file below the folders.
pub fn sources(folders: &[&str]) -> Vec<Source> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| Path::new(ROOT).join(folder)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).expect("a readable folder").map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(ROOT).expect("a path below the root").to_string_lossy().replace('\\', "/");
            found.push(Source { path: name, text: read(&path), is_test: false });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    let tests: BTreeSet<String> = found.iter().flat_map(test_modules).collect();
    for source in &mut found {
        source.is_test = tests.iter().any(|module| source.path.starts_with(module));
    }
    assert!(!found.is_empty(), "no sources in {folders:?}");
    found
}

/// Names what a file declares as a module for tests only: its file, and its folder.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = match source.path.rsplit_once('/') {
        Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder.to_owned(),
        _ => source.path.trim_end_matches(".rs").to_owned(),
    };
    let lines: Vec<_> = source.text.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
    let names = pairs.filter_map(|pair| pair[1].rsplit_once("mod ")?.1.strip_suffix(';'));
    names.flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/")]).collect()
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Blanks out comments and the insides of texts, so that only code is left.
pub fn code(text: &str) -> String {
    let mut left = text;
    let mut code = String::new();
    while let Some(first) = left.chars().next() {
        let skip = if left.starts_with("//") {
            left.find('\n').unwrap_or(left.len())
        } else if left.starts_with("/*") {
            left.find("*/").map_or(left.len(), |end| end + 2)
        } else if first == '"' {
            text_end(left)
        } else if let Some(hashes) = raw_hashes(left, code.chars().next_back()) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = hashes + 2;
            left[open..].find(&close).map_or(left.len(), |end| open + end + close.len())
        } else if left.starts_with("'\"'") {
            3
        } else if left.starts_with("'\\") {
            // The letter behind the backslash may be a quote itself.
            left[3..].find('\'').map_or(1, |end| end + 4)
        } else {
            0
        };
        if skip == 0 {
            code.push(first);
            left = &left[first.len_utf8()..];
        } else {
            code.push(' ');
            left = &left[skip..];
        }
    }
    code
}

fn text_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The number of hashes of a raw text that begins here.
fn raw_hashes(text: &str, before: Option<char>) -> Option<usize> {
    let rest = text.strip_prefix('r').filter(|_| !before.is_some_and(|letter| is_name(letter) && letter != 'b'))?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    rest[hashes..].starts_with('"').then_some(hashes)
}

pub fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Every place where a word stands by itself, with what follows it. `::word` belongs to another path.
pub fn places<'a>(code: &'a str, word: &str) -> Vec<&'a str> {
    let begins = |at: usize| {
        let before = code[..at].trim_end_matches("time::").trim_end_matches("std::");
        !before.ends_with(is_name) && !before.ends_with("::")
    };
    let ends = |rest: &str| !word.ends_with(is_name) || !rest.starts_with(is_name);
    let found = code.match_indices(word).map(|(at, _)| (at, &code[at + word.len()..]));
    found.filter(|(at, rest)| begins(*at) && ends(rest)).map(|(_, rest)| rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_left() {
        assert_eq!(code("a // b\nc /* d */ e"), "a  \nc   e");
        assert_eq!(code(r#"f("a\"b", 'c', '"', '\'', br"d", r"e") + 'static"#), "f( , 'c',  ,  , b ,  ) + 'static");
        assert_eq!(code("r#\"a\"b\"# + for\"c\""), "  + for ");
    }

    #[test]
    fn words_stand_by_themselves() {
        assert_eq!(
            places("csv::a; my_csv::b; x::csv::c; std::csv::d", "csv::"),
            ["a; my_csv::b; x::csv::c; std::csv::d", "d"]
        );
    }

    #[test]
    fn test_modules_are_named() {
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned(), is_test: false };
        assert_eq!(test_modules(&source("src/a/mod.rs", "mod x;\n#[cfg(test)]\nmod y;\n")), ["src/a/y.rs", "src/a/y/"]);
        assert_eq!(test_modules(&source("src/a/b.rs", "#[cfg(test)]\nmod y;\n")), ["src/a/b/y.rs", "src/a/b/y/"]);
    }
}
