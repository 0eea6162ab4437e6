//! Entries for people: each with its sentence, what it was before and is now, and where its thing can be read.
//!
//! Names of organisations are looked up when an entry is shown. Of people the pseudonym stands, and private values are
//! not disclosed: whoever may see them follows the link, where the reading is that of the thing. What was erased is said
//! to be erased.

use super::search::EntryView;
use crate::app::follow;
use crate::app::sentence::{Disclosed, Known, Pair, link, pairs, sentence};
use crate::domain::lang::Lang;
use crate::store::private::{self, SubjectKeys};
use crate::store::{AnyConnection, StoreError, register, rulebook};
use crate::tlog::entry::{Entry, Value as Logged};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// An entry with its words.
#[derive(Debug, Clone, Serialize)]
pub struct ToldEntry {
    /// The entry.
    #[serde(flatten)]
    pub view: EntryView,
    /// What happened, in one sentence.
    pub sentence: String,
    /// What changed, member by member.
    pub pairs: Vec<Pair>,
    /// Where its thing can be read.
    pub link: Option<String>,
}

/// What was looked up for the entries of a page so far.
#[derive(Default)]
pub struct Teller {
    orgs: HashMap<String, Option<(String, String)>>,
    keys: SubjectKeys,
}

impl Teller {
    /// Tells an entry in words.
    ///
    /// # Errors
    /// The database's failure.
    pub fn tell(&mut self, conn: &mut AnyConnection, view: EntryView, lang: Lang) -> Result<ToldEntry, StoreError> {
        let entry = &view.entry;
        let org = match &entry.actor.org {
            Some(code) => self.org(conn, code)?,
            None => None,
        };
        let known = Known { actor: None, org, values: self.values(conn, view.revision, entry)? };
        let (sentence, pairs, link) = (sentence(entry, &known, lang), pairs(entry, &known, lang), link(entry));
        Ok(ToldEntry { view, sentence, pairs, link })
    }

    /// Names an organisation in both languages; none when nobody registered it.
    ///
    /// # Errors
    /// The database's failure.
    pub fn org(&mut self, conn: &mut AnyConnection, code: &str) -> Result<Option<(String, String)>, StoreError> {
        if let Some(known) = self.orgs.get(code) {
            return Ok(known.clone());
        }
        let found = register::organisation(conn, code)?.map(|row| {
            let english = row.name_en.unwrap_or_else(|| row.name_zh.clone());
            (row.name_zh, english)
        });
        let found = match found {
            Some(known) => Some(known),
            None => agency(conn, code)?,
        };
        self.orgs.insert(code.to_owned(), found.clone());
        Ok(found)
    }

    /// Says of every value that an entry commits to whether it is still there.
    fn values(
        &mut self,
        conn: &mut AnyConnection,
        revision: i64,
        entry: &Entry,
    ) -> Result<BTreeMap<String, Disclosed>, StoreError> {
        let committed = entry.changes.iter().filter(|change| matches!(change.new, Some(Logged::Committed(_))));
        let paths: Vec<String> = committed.map(|change| change.path.clone()).collect();
        if paths.is_empty() {
            return Ok(BTreeMap::new());
        }
        let row = private::list(conn, revision.saturating_sub(1), 1)?.pop().filter(|row| row.revision == revision);
        let there = match row {
            Some(row) => self.keys.find(conn, &row.subject)?.is_some_and(|key| private::open(&key, &row).is_ok()),
            None => false,
        };
        let state = if there { Disclosed::Withheld } else { Disclosed::Erased };
        Ok(paths.into_iter().map(|path| (path, state.clone())).collect())
    }
}

/// Names an agency or a district of the schemes, whose offices need not be registered.
fn agency(conn: &mut AnyConnection, code: &str) -> Result<Option<(String, String)>, StoreError> {
    for row in rulebook::schemes_since(conn, 0)?.iter().rev() {
        let (_, scheme) = follow::scheme(row)?;
        let agency = scheme.member_agencies.into_iter().find(|agency| agency.code == code).map(|agency| agency.name);
        let district = scheme.districts.into_iter().find(|district| district.code.to_string() == code);
        if let Some(name) = agency.or(district.map(|district| district.name)) {
            return Ok(Some((name.zh, name.en)));
        }
    }
    Ok(None)
}
