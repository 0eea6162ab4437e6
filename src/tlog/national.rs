//! SM2 signatures under heads, judged by the keys that the log's own entries introduced.
//!
//! Not demanded: a service signs so where it is set to. Invariant: a line by a key that the log names either holds or is a problem.

use super::entry::{Entry, Value};
use super::sm2::Sm2Public;

/// Kind of the entries that introduce and retire keys.
const KIND: &str = "national_key";

/// A key that signs heads.
#[derive(Debug)]
struct Known {
    kid: String,
    public: Sm2Public,
    /// Entries before the one that says that somebody else may hold it; heads over more are not judged by it.
    until: Option<u64>,
}

/// Keys and heads, gathered in whatever order they come.
#[derive(Debug, Default)]
pub struct Nationals {
    keys: Vec<Known>,
    heads: Vec<(u64, String)>,
    newest: Option<u64>,
}

impl Nationals {
    /// Takes an entry; one about something else changes nothing.
    pub fn entry(&mut self, index: u64, entry: &Entry) {
        if entry.entity.kind != KIND {
            return;
        }
        let text = |path: &str| {
            let change = entry.changes.iter().find(|change| change.path == path)?;
            match &change.new {
                Some(Value::Plain(plain)) => plain.as_str(),
                Some(Value::Committed(_)) | None => None,
            }
        };
        let jwk = text("/jwk").and_then(|jwk| serde_json::from_str(jwk).ok());
        if let Some(public) = jwk.as_ref().and_then(Sm2Public::from_jwk).filter(|_| text("/purpose") == Some("heads")) {
            self.keys.push(Known { kid: entry.entity.id.clone(), public, until: None });
        }
        if text("/reason") == Some("compromised") {
            let known = self.keys.iter_mut().find(|key| key.kid == entry.entity.id);
            known.into_iter().for_each(|key| key.until = Some(index));
        }
    }

    /// Takes a head.
    pub fn head(&mut self, size: u64, note: &str) {
        let lines = note.split_once("\n\n").map_or(0, |(_, lines)| lines.lines().count());
        // One line is that of the log's own key.
        if lines > 1 {
            self.heads.push((size, note.to_owned()));
        }
    }

    /// Judges the heads that came so far; returns those that a key did not truly sign, with its id.
    pub fn judge(&mut self) -> Vec<(u64, String)> {
        let mut wrong = Vec::new();
        for (size, note) in std::mem::take(&mut self.heads) {
            for key in self.keys.iter().filter(|key| key.until.is_none_or(|until| size <= until)) {
                match key.public.signed(&note) {
                    Some(true) => self.newest = self.newest.max(Some(size)),
                    Some(false) => wrong.push((size, key.kid.clone())),
                    None => {}
                }
            }
        }
        wrong
    }

    /// Returns the number of entries under the newest head that holds.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.newest
    }
}
