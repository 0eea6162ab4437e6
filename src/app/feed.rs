//! The list as others keep their own copy of it: lines for every recorded version, changes behind a revision, whole snapshots,
//! and the digest that proves a copy.
//!
//! A line holds what customs may see of a version and nothing else: no notes, nobody's name, no ground of a stop in free text.
//! Invariant: versions are never changed, so whatever is complete up to a revision stays so, and pieces of a snapshot are read
//! each for itself.

use super::error::AppError;
use super::view::{Notes, ReasonView, VersionView, version};
use super::{App, follow};
use crate::domain::code::CustomsOffice;
use crate::domain::mirror::{FORM, Head, Line, Running, Stretch, Tail, first_line, last_line};
use crate::domain::revision::Revision;
use crate::domain::stop::{ItemClass, StopStage};
use crate::domain::validity::{Instant, LegalDay};
use crate::domain::words::words;
use crate::store::rows::{EnterpriseRow, ListingRow, StopRow};
use crate::store::{AnyConnection, Store, StoreError, dialect, enterprises, listings, log, rulebook};
use crate::tlog::canonical;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Versions that are read for one piece of a snapshot.
const STRIDE: usize = 500;

words! {
    /// What a line is about.
    LineKind {
        /// A version of an enterprise.
        Enterprise "enterprise" "企业" "enterprise";
        /// A version of a listing.
        Listing "listing" "名单条目" "listing";
        /// A version of a stop.
        Stop "stop" "停止通关" "stop";
    }
}

/// Which lines are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this kind only.
    pub kind: Option<LineKind>,
    /// Of listings only those that this customs office may clear, or ever might.
    pub office: Option<CustomsOffice>,
}

impl Wanted {
    fn is_all(self) -> bool {
        self == Self::default()
    }

    fn wants(self, kind: LineKind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
    }
}

#[derive(Serialize)]
struct ListingLine<'a> {
    kind: LineKind,
    number: &'a str,
    enterprise: &'a str,
    scheme: &'a str,
    #[serde(flatten)]
    version: VersionView,
}

#[derive(Serialize)]
struct EnterpriseLine<'a> {
    kind: LineKind,
    uscc: &'a str,
    version: i32,
    revision: i64,
    effective_on: LegalDay,
    recorded_at: Instant,
    change: &'a str,
    name_zh: &'a str,
    name_en: Option<&'a str>,
    district: &'a str,
    customs_registration: Option<&'a str>,
    status: &'static str,
    barred_until: Option<LegalDay>,
    reason: ReasonView,
}

#[derive(Serialize)]
struct StopLine<'a> {
    kind: LineKind,
    id: &'a str,
    version: i32,
    revision: i64,
    effective_on: Option<LegalDay>,
    recorded_at: Instant,
    scheme: Option<&'a str>,
    class: ItemClass,
    stage: StopStage,
    holds: bool,
    expires_at: Option<Instant>,
    reason: &'a str,
}

/// One row that a line is made of.
enum Row {
    Enterprise(EnterpriseRow),
    Listing(Box<ListingRow>),
    Stop(StopRow),
}

impl Row {
    fn revision(&self) -> i64 {
        match self {
            Self::Enterprise(row) => row.revision,
            Self::Listing(row) => row.revision,
            Self::Stop(row) => row.revision,
        }
    }

    fn kind(&self) -> LineKind {
        match self {
            Self::Enterprise(_) => LineKind::Enterprise,
            Self::Listing(_) => LineKind::Listing,
            Self::Stop(_) => LineKind::Stop,
        }
    }

    fn line(&self) -> Result<Line, StoreError> {
        let value = match self {
            Self::Enterprise(row) => enterprise_line(row)?,
            Self::Listing(row) => serde_json::to_value(ListingLine {
                kind: LineKind::Listing,
                number: &row.number,
                enterprise: &row.enterprise,
                scheme: &row.scheme,
                version: version(row, Notes::Hidden)?,
            }),
            Self::Stop(row) => stop_line(row)?,
        };
        let bytes = canonical::to_bytes(&value.map_err(StoreError::damaged)?).map_err(StoreError::damaged)?;
        let text = String::from_utf8(bytes).map_err(StoreError::damaged)?;
        Ok(Line { revision: Revision(self.revision()), text })
    }
}

fn day(days: i32) -> Result<LegalDay, StoreError> {
    LegalDay::from_value(days).ok_or_else(|| StoreError::damaged("a legal day"))
}

fn enterprise_line(row: &EnterpriseRow) -> Result<serde_json::Result<Value>, StoreError> {
    Ok(serde_json::to_value(EnterpriseLine {
        kind: LineKind::Enterprise,
        uscc: &row.uscc,
        version: row.version,
        revision: row.revision,
        effective_on: day(row.effective_on)?,
        recorded_at: Instant::from_micros(row.recorded_at),
        change: &row.kind,
        name_zh: &row.name_zh,
        name_en: row.name_en.as_deref(),
        district: &row.district,
        customs_registration: row.customs_registration.as_deref(),
        status: if row.suspended == 0 { "active" } else { "suspended" },
        barred_until: row.barred_until.map(day).transpose()?,
        reason: ReasonView::new(&row.reason_code, row.reason_basis.as_deref()),
    }))
}

fn stop_line(row: &StopRow) -> Result<serde_json::Result<Value>, StoreError> {
    let stage = follow::stage(row)?;
    Ok(serde_json::to_value(StopLine {
        kind: LineKind::Stop,
        id: &row.id,
        version: row.version,
        revision: row.revision,
        effective_on: Some(day(row.effective_on)?).filter(|day| *day > LegalDay::MIN),
        recorded_at: Instant::from_micros(row.recorded_at),
        scheme: row.scheme.as_deref(),
        class: serde_json::from_str(&row.class).map_err(StoreError::damaged)?,
        stage,
        holds: stage.holds(),
        expires_at: row.expires_at.map(Instant::from_micros),
        reason: &row.reason_code,
    }))
}

/// Reads what was recorded behind one revision and up to another, at most so many versions. It ends where it is complete,
/// whatever of it is wanted.
fn stretch(
    conn: &mut AnyConnection,
    (after, to): (i64, i64),
    limit: usize,
    wanted: Wanted,
) -> Result<Stretch, StoreError> {
    let most = i64::try_from(limit.saturating_add(1)).map_err(StoreError::damaged)?;
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(listings::since(conn, after, most)?.into_iter().map(Box::new).map(Row::Listing));
    rows.extend(enterprises::since(conn, after, most)?.into_iter().map(Row::Enterprise));
    rows.extend(rulebook::stops_since(conn, after)?.into_iter().map(Row::Stop));
    rows.retain(|row| row.revision() <= to);
    rows.sort_by_key(Row::revision);
    let mut next = to;
    if rows.len() > limit {
        rows.truncate(limit);
        next = rows.last().map_or(to, Row::revision);
    }
    rows.retain(|row| wanted.wants(row.kind()));
    if let Some(office) = wanted.office {
        let concerned = concerned(conn, &rows, &office.to_string())?;
        rows.retain(|row| match row {
            Row::Listing(row) => concerned.get(&row.number).is_some_and(|first| *first <= row.revision),
            Row::Enterprise(_) | Row::Stop(_) => true,
        });
    }
    let lines = rows.iter().map(Row::line).collect::<Result<_, _>>()?;
    Ok(Stretch { after: Revision(after), next: Revision(next), lines })
}

/// From which revision on each listing concerns an office: since the first version that lets it be cleared there. A version
/// that takes the office away is told too, else its copy would go on clearing.
fn concerned(conn: &mut AnyConnection, rows: &[Row], office: &str) -> Result<HashMap<String, i64>, StoreError> {
    let at = |offices: Option<&String>| offices.is_none_or(|offices| offices.split(',').any(|known| known == office));
    let mut first = HashMap::new();
    let mut asked = HashSet::new();
    for row in rows {
        let Row::Listing(row) = row else { continue };
        match at(row.customs_offices.as_ref()) {
            true => {
                first.entry(row.number.clone()).or_insert(row.revision);
            }
            false => {
                asked.insert(row.number.clone());
            }
        }
    }
    let asked: Vec<String> = asked.into_iter().collect();
    for row in listings::versions_of(conn, &asked)? {
        if at(row.customs_offices.as_ref()) {
            let known = first.entry(row.number).or_insert(row.revision);
            *known = row.revision.min(*known);
        }
    }
    Ok(first)
}

/// Reads a page of changes as a client got it; returns what it holds and the newest revision.
///
/// # Errors
/// A sentence that says what it is not.
pub fn read_page(bytes: &[u8]) -> Result<(Stretch, Revision), String> {
    let page: ChangePage = serde_json::from_slice(bytes).map_err(|error| format!("no page of changes: {error}"))?;
    let line = |item: &Value| {
        let revision = item.get("revision").and_then(Value::as_i64).ok_or("an item without a revision")?;
        let text = canonical::to_bytes(item).map_err(|error| error.to_string())?;
        Ok(Line { revision: Revision(revision), text: String::from_utf8(text).map_err(|error| error.to_string())? })
    };
    let lines = page.items.iter().map(line).collect::<Result<_, String>>()?;
    Ok((Stretch { after: page.after, next: page.next, lines }, page.head))
}

/// A page of changes.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangePage {
    /// It begins behind this revision.
    pub after: Revision,
    /// It is complete up to this revision: ask again behind it.
    pub next: Revision,
    /// The newest revision.
    pub head: Revision,
    /// What lies between `after` and `next`, as far as it is wanted.
    pub items: Vec<Value>,
}

/// The digest of a snapshot.
#[derive(Debug, Serialize, Deserialize)]
pub struct DigestView {
    /// Shard of the log.
    pub log: String,
    /// Of the snapshot.
    pub revision: Revision,
    /// As in its last line.
    #[serde(flatten)]
    pub tail: Tail,
}

/// How far the digest of the whole list was computed, so that the next one goes on from there.
#[derive(Debug, Default)]
pub struct Digested(Mutex<(i64, Running)>);

impl App {
    /// Lists what was recorded behind a revision, oldest first.
    ///
    /// # Errors
    /// [`AppError::StaleNode`], [`AppError::NotYetCurrent`]; the store's failure.
    pub fn list_changes(&self, after: Revision, limit: usize, wanted: Wanted) -> Result<ChangePage, AppError> {
        self.fresh()?;
        let read = |conn: &mut AnyConnection| {
            let head = log::size(conn)?;
            let stretch = (after.0 <= head).then(|| stretch(conn, (after.0, head), limit, wanted)).transpose()?;
            Ok((head, stretch))
        };
        let (head, stretch) = self.store.read(|conn| dialect::snapshot(conn, read))?;
        let Stretch { after, next, lines } = stretch.ok_or(AppError::NotYetCurrent)?;
        let items = lines.iter().map(|line| serde_json::from_str(&line.text)).collect::<Result<_, _>>();
        Ok(ChangePage { after, next, head: Revision(head), items: items.map_err(AppError::unwritable)? })
    }

    /// Begins a snapshot as of a revision, the newest when none is named.
    ///
    /// # Errors
    /// As [`App::list_changes`].
    pub fn list_snapshot(&self, revision: Option<Revision>, wanted: Wanted) -> Result<ListSnapshot, AppError> {
        self.fresh()?;
        let head = self.store.read(log::size)?;
        let to = revision.map_or(head, |revision| revision.0);
        if to > head {
            return Err(AppError::NotYetCurrent);
        }
        let head = Head {
            form: FORM,
            kind: wanted.kind.map(|kind| kind.as_str().to_owned()),
            log: self.installation.shard.clone(),
            office: wanted.office.map(|office| office.to_string()),
            revision: Revision(to),
        };
        Ok(ListSnapshot {
            store: self.store.clone(),
            head,
            wanted,
            at: Some(0),
            begun: false,
            running: Running::default(),
        })
    }

    /// Computes the digest of a snapshot. That of the whole list goes on from the one asked for last.
    ///
    /// # Errors
    /// As [`App::list_changes`].
    pub fn list_digest(&self, revision: Option<Revision>, wanted: Wanted) -> Result<DigestView, AppError> {
        let ListSnapshot { head, .. } = self.list_snapshot(revision, wanted)?;
        let to = head.revision.0;
        let known = || self.digested.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut at, mut running) =
            Some(known().clone()).filter(|(known, _)| wanted.is_all() && *known <= to).unwrap_or_default();
        while at < to {
            let stretch = self.store.read(|conn| stretch(conn, (at, to), STRIDE, wanted))?;
            stretch.lines.iter().for_each(|line| running.add(&line.text));
            at = stretch.next.0;
        }
        let tail = running.tail();
        if wanted.is_all() {
            let mut known = known();
            if known.0 < to {
                *known = (to, running);
            }
        }
        Ok(DigestView { log: head.log, revision: head.revision, tail })
    }
}

/// A snapshot that is being written.
pub struct ListSnapshot {
    store: Store,
    head: Head,
    wanted: Wanted,
    /// Where the next piece begins; none behind the last.
    at: Option<i64>,
    begun: bool,
    running: Running,
}

impl ListSnapshot {
    /// Returns the revision that it is of.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.head.revision
    }

    /// Writes the next piece; none behind the last.
    ///
    /// # Errors
    /// The store's failure: the snapshot is not whole and must not be taken for one.
    pub fn piece(&mut self) -> Result<Option<Vec<u8>>, AppError> {
        let Some(at) = self.at else { return Ok(None) };
        let mut text = if self.begun { String::new() } else { first_line(&self.head) };
        self.begun = true;
        let to = self.head.revision.0;
        let stretch = self.store.read(|conn| stretch(conn, (at, to), STRIDE, self.wanted))?;
        for line in &stretch.lines {
            self.running.add(&line.text);
            text.push_str(&line.text);
            text.push('\n');
        }
        self.at = Some(stretch.next.0).filter(|next| *next < to);
        if self.at.is_none() {
            text.push_str(&last_line(&self.running.tail()));
        }
        Ok(Some(text.into_bytes()))
    }
}
