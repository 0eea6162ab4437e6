//! Batches: recognised items collected, previewed, published by a second person, and read by everybody.

use super::decisions::{collected, save};
use super::publication::{notice, numbers, publishable};
use super::{refused, refused_at, telling};
use crate::app::adjust::{save_plan, scheme_in_force};
use crate::app::notices::tell;
use crate::app::plan::{Proposed, plan};
use crate::app::preview::Preview;
use crate::app::repeat::{Repeat, Written};
use crate::app::view::Page;
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::application::event::EventKind;
use crate::domain::batch::{BatchState, BatchVerb, STEPS, may_publish};
use crate::domain::case_rule::CaseRule;
use crate::domain::id::{BatchId, time_ordered};
use crate::domain::lang::Lang;
use crate::domain::notice::NoticeKind;
use crate::domain::recognition::{self, ItemState, ItemVerb};
use crate::domain::revision::Revision;
use crate::domain::states::after;
use crate::domain::validity::LegalDay;
use crate::store::applications::{self, NewEvent};
pub use crate::store::batches::BatchRow;
use crate::store::private::random;
use crate::store::{StoreError, Tx, batches, decisions};
use crate::tlog::canonical;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// An item of a batch: application and number of the item.
pub type BatchItem = (String, u16);

/// How a batch is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// Published under a notice number from a day on.
    Publish {
        /// Number of the notice, such as 京药监发〔2026〕12号.
        notice_number: String,
        /// First day of its listings.
        effective_on: LegalDay,
    },
    /// Given up.
    Discard,
}

/// A published notice.
#[derive(Debug, Clone)]
pub struct Notice {
    /// SHA-256 of the body in hexadecimal.
    pub digest: String,
    /// The notice as canonical JSON (RFC 8785).
    pub body: String,
}

impl App {
    /// Collects recognised items into a new batch; none named means every one that waits under the scheme.
    ///
    /// # Errors
    /// [`AppError::Refused`] for items that are not recognised, or collected elsewhere.
    pub fn collect_batch(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        scheme: String,
        items: Option<Vec<BatchItem>>,
        repeat: Repeat<BatchRow>,
    ) -> Result<Written<BatchRow>, AppError> {
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let at = tx.context().at;
            scheme_in_force(tx.conn(), &scheme, at.day())?;
            let items = collectable(tx, &scheme, items, None)?;
            let row = BatchRow {
                id: BatchId::new(time_ordered(at, random()?)).to_string(),
                version: 1,
                revision: tx.next_revision().0,
                scheme,
                state: BatchState::Collecting.as_str().to_owned(),
                item_count: i32::try_from(items.len()).map_err(StoreError::damaged)?,
                items: serde_json::to_string(&items).map_err(StoreError::damaged)?,
                notice_number: None,
                effective_on: None,
                digest: None,
                body: None,
                collected_by: tx.person()?.to_string(),
                collected_at: at.micros(),
                closed_by: None,
                closed_at: None,
            };
            tx.save(row.clone(), None, "batch.collected")?;
            Ok(row)
        })
    }

    /// Changes what a batch collects.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`]; as [`App::collect_batch`].
    pub fn recollect_batch(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: BatchId,
        seen: Revision,
        items: Vec<BatchItem>,
        repeat: Repeat<BatchRow>,
    ) -> Result<Written<BatchRow>, AppError> {
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let before = open(tx, id, seen, BatchVerb::Collect)?;
            let items = collectable(tx, &before.scheme, Some(items), Some(&before.id))?;
            let row = BatchRow {
                version: before.version.saturating_add(1),
                revision: tx.next_revision().0,
                item_count: i32::try_from(items.len()).map_err(StoreError::damaged)?,
                items: serde_json::to_string(&items).map_err(StoreError::damaged)?,
                collected_by: tx.person()?.to_string(),
                ..before.clone()
            };
            tx.save(row.clone(), Some(&before), "batch.collected")?;
            Ok(row)
        })
    }

    /// Publishes or discards a batch that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`], [`AppError::Refused`] by four eyes, by the
    /// day, by the notice number, or by what the list does not take.
    pub fn close_batch(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: BatchId,
        seen: Revision,
        closing: Closing,
        repeat: Repeat<BatchRow>,
    ) -> Result<Written<BatchRow>, AppError> {
        self.repeatable(self.context(caller, request_id), repeat, move |tx| match closing {
            Closing::Publish { notice_number, effective_on } => publish(tx, id, seen, notice_number, effective_on),
            Closing::Discard => {
                let before = open(tx, id, seen, BatchVerb::Discard)?;
                let row = BatchRow {
                    version: before.version.saturating_add(1),
                    revision: tx.next_revision().0,
                    state: BatchState::Discarded.as_str().to_owned(),
                    closed_by: Some(tx.person()?.to_string()),
                    closed_at: Some(tx.context().at.micros()),
                    ..before.clone()
                };
                tx.save(row.clone(), Some(&before), "batch.discarded")?;
                Ok(row)
            }
        })
    }

    /// Finds a batch.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn batch(&self, id: BatchId) -> Result<BatchRow, AppError> {
        self.store.read(|conn| batches::find(conn, &id.to_string()))?.ok_or(AppError::NotFound)
    }

    /// Lists batches, oldest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn batches(&self, state: Option<BatchState>, after: &str, limit: usize) -> Result<Page<BatchRow>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = self.store.read(|conn| batches::list(conn, state, after, most))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|row| row.id.clone());
        Ok(Page { items, next })
    }

    /// Says what a batch would do to the list and to lookups if it took effect on a day.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Conflict`] when it is closed, [`AppError::Refused`] for items that cannot be
    /// published.
    pub fn preview_batch(&self, id: BatchId, effective_on: LegalDay, lang: Lang) -> Result<Preview, AppError> {
        let row = self.batch(id)?;
        if row.state()? != BatchState::Collecting {
            return Err(AppError::Conflict(Revision(row.revision)));
        }
        let today = self.clock.now().day();
        let found = self.store.read(|conn| {
            let scheme = scheme_in_force(conn, &row.scheme, today)?;
            publishable(conn, &row, &scheme, effective_on, None)
        })?;
        let changes: Vec<_> = found.into_iter().map(|item| item.change).collect();
        self.preview_changes(Proposed::default(), &row.scheme, &changes, lang)
    }

    /// Finds a published notice by its number.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn notice(&self, number: &str) -> Result<Notice, AppError> {
        let row = self.store.read(|conn| batches::noticed(conn, number))?.ok_or(AppError::NotFound)?;
        let (Some(digest), Some(body)) = (row.digest, row.body) else { return Err(AppError::NotFound) };
        Ok(Notice { digest, body })
    }
}

/// Finds a batch that still may be changed as the caller saw it.
fn open(tx: &mut Tx<'_>, id: BatchId, seen: Revision, verb: BatchVerb) -> Result<BatchRow, AppError> {
    let row = batches::find(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
    if row.revision != seen.0 {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    match after(STEPS, Some(row.state()?), &verb) {
        Some(_) => Ok(row),
        None => Err(AppError::Conflict(Revision(row.revision))),
    }
}

/// Checks which items may be collected.
fn collectable(
    tx: &mut Tx<'_>,
    scheme: &str,
    asked: Option<Vec<BatchItem>>,
    batch: Option<&str>,
) -> Result<Vec<BatchItem>, AppError> {
    let own: BTreeSet<BatchItem> = match batch {
        Some(id) => {
            let row = batches::find(tx.conn(), id)?.ok_or(AppError::NotFound)?;
            row.items()?.into_iter().collect()
        }
        None => BTreeSet::new(),
    };
    let elsewhere = collected(tx)?;
    let is_elsewhere =
        |item: &BatchItem| !own.contains(item) && elsewhere.contains(&(item.0.clone(), i32::from(item.1)));
    let Some(asked) = asked else {
        let waiting = decisions::waiting(tx.conn())?;
        let of_scheme = waiting.into_iter().filter(|row| row.scheme == scheme);
        let items = of_scheme.map(|row| {
            Ok::<BatchItem, StoreError>((row.application, u16::try_from(row.line).map_err(StoreError::damaged)?))
        });
        let items: Vec<BatchItem> = items.collect::<Result<_, StoreError>>()?;
        let items: Vec<BatchItem> = items.into_iter().filter(|item| !is_elsewhere(item)).collect();
        return if items.is_empty() { Err(refused(CaseRule::BatchEmpty)) } else { Ok(items) };
    };
    let (mut refusals, mut seen) = (Vec::new(), BTreeSet::new());
    for (place, item) in asked.iter().enumerate() {
        let decision = decisions::find(tx.conn(), &item.0, i32::from(item.1))?;
        let fits = decision.is_some_and(|row| row.scheme == scheme && row.state == ItemState::Recognised.as_str())
            && seen.insert(item.clone());
        if !fits {
            refusals.push(refused_at(format!("/items/{place}"), CaseRule::ItemNotRecognised));
        } else if is_elsewhere(item) {
            refusals.push(refused_at(format!("/items/{place}"), CaseRule::ItemInBatch));
        }
    }
    if refusals.is_empty() { Ok(asked) } else { Err(AppError::Refused(refusals)) }
}

/// Publishes a batch in one transaction: listings, decisions, timelines, and the notice with its digest.
fn publish(
    tx: &mut Tx<'_>,
    id: BatchId,
    seen: Revision,
    number: String,
    effective_on: LegalDay,
) -> Result<BatchRow, AppError> {
    let before = open(tx, id, seen, BatchVerb::Publish)?;
    let at = tx.context().at;
    let publisher = tx.person()?;
    may_publish(super::person(&before.collected_by)?, publisher, effective_on, at.day()).map_err(AppError::refused)?;
    if batches::noticed(tx.conn(), &number)?.is_some() {
        return Err(refused(CaseRule::NoticeTaken));
    }
    let scheme = scheme_in_force(tx.conn(), &before.scheme, at.day())?;
    let items = publishable(tx.conn(), &before, &scheme, effective_on, Some(&number))?;
    let changes: Vec<_> = items.iter().map(|item| item.change.clone()).collect();
    let planned = plan(tx.conn(), &scheme, &changes, Proposed::default(), at)?.accepted()?;
    let listed = numbers(&planned, changes.len());
    let mut shown = Vec::new();
    for (item, number) in items.iter().zip(listed) {
        shown.push((item, number.ok_or_else(|| StoreError::damaged("a change without its listing"))?));
    }
    let body = notice(tx.conn(), &scheme, &number, effective_on, at.day(), &shown)?;
    let body = canonical::to_bytes(&body).map_err(StoreError::damaged)?;
    save_plan(tx, planned)?;
    let mut by_case: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (item, listing) in &shown {
        let row = &item.decision;
        let Some(state) = after(recognition::STEPS, Some(row.state()?), &ItemVerb::Publish) else {
            return Err(refused(CaseRule::ItemNotRecognised));
        };
        let published = decisions::DecisionRow {
            state: state.as_str().to_owned(),
            batch: Some(before.id.clone()),
            listing: Some(listing.clone()),
            ..row.clone()
        };
        save(tx, published, Some(row), "decision.published")?;
        by_case.entry(row.application.clone()).or_default().push(json!({ "line": row.line, "listing": listing }));
    }
    for (application, items) in by_case {
        let case = applications::find(tx.conn(), &application)?;
        let case = case.ok_or_else(|| StoreError::Damaged(format!("the case {application}")))?;
        let told = telling::about(&case, telling::enterprise(&case)?, NoticeKind::BatchPublished);
        tell(tx, &told.with("number", &number).with("effective_on", effective_on))?;
        let event = NewEvent {
            due_on: Some(effective_on),
            detail: Some(json!({ "batch": before.id, "notice": number, "items": items })),
            ..NewEvent::default()
        };
        applications::append_event(tx, &case, EventKind::Published, event)?;
    }
    let row = BatchRow {
        version: before.version.saturating_add(1),
        revision: tx.next_revision().0,
        state: BatchState::Published.as_str().to_owned(),
        notice_number: Some(number),
        effective_on: Some(effective_on.value()),
        digest: Some(hex::encode(Sha256::digest(&body))),
        body: Some(String::from_utf8(body).map_err(StoreError::damaged)?),
        closed_by: Some(publisher.to_string()),
        closed_at: Some(at.micros()),
        ..before.clone()
    };
    tx.save(row.clone(), Some(&before), "batch.published")?;
    Ok(row)
}
