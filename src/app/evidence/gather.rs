//! Gathers the members of a pack: entries with their proofs, what they commit to, answers with the proofs of their seals,
//! and all of it in sentences.

use super::related::{Related, related};
use super::shown::{Shown, shown};
use super::{About, Disclosure, Opened, instructions};
use crate::app::AppError;
use crate::app::log::search::{EntryView, about as entries_about};
use crate::app::log::told::Teller;
use crate::app::log::{newest, path_of};
use crate::app::report::Seen;
use crate::app::seals::prove_all;
use crate::app::sentence::{Disclosed, Known, sentence};
use crate::app::verify::rebuild::carry;
use crate::app::verify::whole_row;
use crate::domain::actor::Caller;
use crate::domain::lang::Lang;
use crate::sheet::archive::Files;
use crate::store::erasures::{self, ErasedRow};
use crate::store::private::{self, PrivateValues, SubjectKeys};
use crate::store::{AnyConnection, StoreError, log};
use crate::tlog::entry::{Entry, Value as Logged};
use crate::tlog::text;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Members of a pack without their signed list.
pub(super) struct Gathered {
    pub members: Files,
    /// Name of the log.
    pub origin: String,
    pub size: u64,
    pub left_out: u64,
    pub withheld: u64,
}

/// Gathers what a reader is shown of a thing, under the newest signed head.
pub(super) fn gather(
    conn: &mut AnyConnection,
    about: &About,
    (caller, seen): (&Caller, &Seen),
    kid: &str,
    vkey: &str,
) -> Result<Gathered, AppError> {
    let Related { mut entities, answers, left_out } = related(conn, about, caller, seen)?;
    let signed = newest(conn)?.ok_or(AppError::NotFound)?;
    let size = i64::try_from(signed.size).map_err(StoreError::damaged)?;
    entities.push(("answer_key".to_owned(), kid.to_owned()));
    let mut story = Story { seen, size, files: Files::new(), steps: BTreeMap::new(), withheld: 0 };
    let mut rows = Rows { erased: erasures::erased(conn)?, keys: SubjectKeys::default(), teller: Teller::default() };
    let mut entries = entries_about(conn, &entities)?;
    for thing in &entities {
        story.thing(conn, &mut rows, entries.remove(thing).unwrap_or_default())?;
    }
    let (kind, id) = about.entity();
    // Neither is all of it perhaps.
    if !story.steps.values().any(|told| told.about == (kind.to_owned(), id.clone())) {
        return Err(AppError::NotFound);
    }
    let ids: Vec<_> = answers.iter().map(|answer| answer.id).collect();
    let proofs = prove_all(conn, &ids)?;
    for answer in &answers {
        let path = format!("answers/{}", answer.id);
        story.files.insert(format!("{path}.json"), answer.leaf());
        if let Some(proof) = proofs.get(&answer.id).filter(|proof| proof.revision <= size) {
            story.json(format!("{path}.seal.json"), proof)?;
            story.seal(conn, &mut rows, proof.revision)?;
        }
    }
    for revision in story.steps.keys() {
        let index = u64::try_from(revision.saturating_sub(1)).map_err(StoreError::damaged)?;
        let proof = text::inclusion(index, &path_of(conn, index, signed.size)?, &signed.note);
        story.files.insert(format!("proofs/{index:09}.txt"), proof.into_bytes());
    }
    let origin = signed.note.lines().next().unwrap_or_default().to_owned();
    let telling = |lang: Lang| {
        let said = story.steps.iter().map(|(revision, told)| format!("{revision} {}\n", lang.pick(&told.zh, &told.en)));
        said.collect::<String>().into_bytes()
    };
    let written = [
        ("timeline.zh.txt", telling(Lang::Zh)),
        ("timeline.en.txt", telling(Lang::En)),
        ("checkpoint", signed.note.into_bytes()),
        ("vkey", format!("{vkey}\n").into_bytes()),
        ("README.zh.txt", instructions::zh(kind, &id, &origin).into_bytes()),
        ("README.en.txt", instructions::en(kind, &id, &origin).into_bytes()),
    ];
    let Story { mut files, withheld, .. } = story;
    files.extend(written.map(|(name, bytes)| (name.to_owned(), bytes)));
    Ok(Gathered { members: files, origin, size: signed.size, left_out, withheld })
}

/// One entry in words.
struct Told {
    about: (String, String),
    zh: String,
    en: String,
}

/// What the pack tells so far.
struct Story<'a> {
    seen: &'a Seen,
    size: i64,
    files: Files,
    steps: BTreeMap<i64, Told>,
    withheld: u64,
}

impl Story<'_> {
    fn json(&mut self, name: String, value: &impl Serialize) -> Result<(), StoreError> {
        self.files.insert(name, serde_json::to_vec_pretty(value).map_err(StoreError::damaged)?);
        Ok(())
    }

    /// Puts every entry about a thing into the pack that the reader is shown, with what it commits to.
    fn thing(&mut self, conn: &mut AnyConnection, rows: &mut Rows, entries: Vec<EntryView>) -> Result<(), StoreError> {
        let (mut row, size) = (Map::new(), self.size);
        // What was recorded a moment ago is not signed yet.
        for view in entries.into_iter().filter(|view| view.revision <= size) {
            let known = rows.commits_to(conn, &view, &mut row)?;
            match shown(self.seen, &view.entry, &row) {
                Shown::Nothing => self.withheld = self.withheld.saturating_add(1),
                Shown::Whole => self.put(conn, rows, &view, known.map(|known| known.opened(&view.entry, None)))?,
                Shown::Without(path) => {
                    self.put(conn, rows, &view, known.map(|known| known.opened(&view.entry, Some(path))))?;
                }
            }
        }
        Ok(())
    }

    /// Puts the entry of a seal into the pack: all that it says is plain.
    fn seal(&mut self, conn: &mut AnyConnection, rows: &mut Rows, revision: i64) -> Result<(), StoreError> {
        if !self.steps.contains_key(&revision) {
            let missing = || StoreError::Damaged(format!("entry {revision} is missing"));
            let view = EntryView::of(&log::find_entry(conn, revision)?.ok_or_else(missing)?)?;
            self.put(conn, rows, &view, None)?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        conn: &mut AnyConnection,
        rows: &mut Rows,
        view: &EntryView,
        opened: Option<Result<Opened, StoreError>>,
    ) -> Result<(), StoreError> {
        let EntryView { index, revision, entry, .. } = view;
        let missing = || StoreError::Damaged(format!("entry {revision} is missing"));
        let leaf = log::find_entry(conn, *revision)?.ok_or_else(missing)?.leaf;
        self.files.insert(format!("entries/{index:09}.json"), leaf);
        let opened = opened.transpose()?;
        if let Some(opened) = &opened {
            self.json(format!("facts/{index:09}.json"), opened)?;
        }
        let Opened { values, withheld, erased, .. } = opened.unwrap_or_default();
        let values = values.into_iter().map(|(path, value)| (path, Disclosed::Value(value.value)));
        let withheld = withheld.into_iter().map(|path| (path, Disclosed::Withheld));
        let erased = erased.into_iter().map(|path| (path, Disclosed::Erased));
        let org = match &entry.actor.org {
            Some(code) => rows.teller.org(conn, code)?,
            None => None,
        };
        let known = Known { actor: None, org, values: values.chain(withheld).chain(erased).collect() };
        let about = (entry.entity.kind.clone(), entry.entity.id.clone());
        let told = Told { about, zh: sentence(entry, &known, Lang::Zh), en: sentence(entry, &known, Lang::En) };
        self.steps.insert(*revision, told);
        Ok(())
    }
}

/// Reads what entries commit to.
struct Rows {
    erased: BTreeMap<i64, ErasedRow>,
    keys: SubjectKeys,
    teller: Teller,
}

/// What an entry commits to.
enum Committed {
    /// Sealed values and the whole row.
    Sealed(PrivateValues, Value),
    /// What an erasure left of the row.
    Left(Value),
}

impl Committed {
    /// Discloses it, but for one member.
    fn opened(&self, entry: &Entry, without: Option<&str>) -> Result<Opened, StoreError> {
        let committed = entry.changes.iter().filter(|change| matches!(change.new, Some(Logged::Committed(_))));
        let paths = committed.map(|change| change.path.clone());
        let mut opened = Opened::default();
        match self {
            Self::Left(row) => {
                opened.erased = paths.collect();
                opened.row = without.is_none().then(|| Disclosure { salt: None, value: row.clone() });
            }
            Self::Sealed(sealed, row) => {
                for path in paths {
                    if without == Some(path.as_str()) {
                        opened.withheld.push(path);
                        continue;
                    }
                    let gone = || StoreError::Damaged(format!("the value of `{path}` is gone"));
                    let value = sealed.values.get(&path).cloned().ok_or_else(gone)?;
                    let salt = Some(hex::encode(sealed.salt(&path)?));
                    opened.values.insert(path, Disclosure { salt, value });
                }
                let salt = Some(hex::encode(sealed.salt("")?));
                opened.row = without.is_none().then(|| Disclosure { salt, value: row.clone() });
            }
        }
        Ok(opened)
    }
}

impl Rows {
    /// Reads what an entry commits to; none for an entry without a row. `row` is the row before, and afterwards the row after.
    fn commits_to(
        &mut self,
        conn: &mut AnyConnection,
        EntryView { revision, entry, .. }: &EntryView,
        row: &mut Map<String, Value>,
    ) -> Result<Option<Committed>, StoreError> {
        if entry.after.is_none() {
            return Ok(None);
        }
        if let Some(ErasedRow { row: Value::Object(kept), .. }) = self.erased.get(revision) {
            row.clone_from(kept);
            return Ok(Some(Committed::Left(Value::Object(kept.clone()))));
        }
        let gone = || StoreError::Damaged(format!("the private values of revision {revision} are gone"));
        let sealed = private::list(conn, revision.saturating_sub(1), 1)?.pop().filter(|row| row.revision == *revision);
        let sealed = sealed.ok_or_else(gone)?;
        let key = self.keys.find(conn, &sealed.subject)?.ok_or_else(gone)?;
        let sealed = private::open(&key, &sealed)?;
        carry(row, *revision, entry, &sealed)?;
        let whole = whole_row(&entry.entity.kind, Value::Object(row.clone()))?;
        Ok(Some(Committed::Sealed(sealed, whole)))
    }
}
