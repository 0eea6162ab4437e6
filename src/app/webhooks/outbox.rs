//! What each webhook is to be told next, and what became of it.
//!
//! The outbox is the log itself: a webhook holds the revision up to which it was told, and what lies behind that is still to
//! go. Nothing is written when something happens, so nothing can be forgotten. Invariant: a message has the id of its entry,
//! however often it is sent.

use super::keys;
use crate::app::{App, AppError};
use crate::domain::validity::Instant;
use crate::domain::webhook::{Audience, Pattern, Topic, WebhookState};
use crate::store::keep::webhooks::{self as standing, DeadLetterRow, PositionRow};
use crate::store::log::EntryRow;
use crate::store::webhooks::WebhookRow;
use crate::store::{AnyConnection, StoreError, applications, declarations, listings, log, webhooks};
use crate::tlog::entry::Entry;
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use serde_json::json;

/// Entries read at once.
pub const STRETCH: i64 = 256;

/// Name of the work that one node does at a time.
const LEASE: &str = "webhooks";

/// Something that happened, as it may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Revision of its entry.
    pub revision: i64,
    /// Id of its entry, and of every message about it.
    pub id: String,
    /// What happened.
    pub event: String,
    /// When, as the log writes it.
    pub at: String,
    /// Kind of thing.
    pub topic: Topic,
    /// The thing.
    pub thing: String,
    /// Version of the thing.
    pub version: u64,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// The message about it: what happened to what, and where to read it. It says the same to everybody, so it is written once.
    pub body: Bytes,
}

impl Event {
    fn of(row: &EntryRow) -> Result<Option<Self>, StoreError> {
        let entry = Entry::from_leaf(&row.leaf).map_err(StoreError::damaged)?;
        let Ok(topic) = Topic::parse(&entry.entity.kind) else { return Ok(None) };
        let thing = entry.entity;
        let entity = json!({ "kind": topic, "id": thing.id, "version": thing.version });
        let data = json!({ "revision": row.revision, "entity": entity, "href": topic.path(&thing.id) });
        let body = json!({ "type": entry.event, "timestamp": entry.at, "data": data }).to_string().into();
        Ok(Some(Self {
            revision: row.revision,
            id: entry.id,
            event: entry.event,
            at: entry.at,
            topic,
            thing: thing.id,
            version: thing.version,
            request_id: entry.request_id,
            body,
        }))
    }
}

/// Events of a stretch of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Up to this revision.
    pub next: i64,
    /// Those that somebody may be told of.
    pub events: Vec<Event>,
}

/// Where a webhook stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The row.
    pub row: PositionRow,
    /// Everything up to this revision is done with.
    pub served: i64,
    /// Whether given-up messages are to be sent again.
    pub again: bool,
}

impl Position {
    /// Says that everything up to a revision is done with.
    pub fn done_with(&mut self, revision: i64) {
        self.served = revision;
        self.row.attempts = 0;
        self.row.failing_since = None;
        self.row.due_at = 0;
    }

    /// Writes the next message as one that was given up.
    #[must_use]
    pub fn letter(&self, revision: i64, outcome: String, at: i64) -> DeadLetterRow {
        let (webhook, attempts) = (self.row.webhook.clone(), self.row.attempts.saturating_add(1));
        DeadLetterRow { webhook, revision, attempts, outcome, set_aside_at: at, again: 0 }
    }
}

/// A webhook with what is needed to send to it.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// The fact.
    pub row: WebhookRow,
    audience: Audience,
    patterns: Vec<Pattern>,
    keys: Vec<SigningKey>,
}

impl Subscriber {
    fn of(conn: &mut AnyConnection, row: WebhookRow, at: Instant) -> Result<Self, StoreError> {
        let events: Vec<String> = serde_json::from_str(&row.events).map_err(StoreError::damaged)?;
        // An event that a later program does not know any more is told to nobody.
        let patterns = events.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let audience = Audience::parse(&row.audience).map_err(|_| StoreError::damaged("an audience"))?;
        Ok(Self { keys: keys::signing(conn, &row, at)?, row, audience, patterns })
    }

    /// Returns the keys that sign.
    #[must_use]
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }

    /// Whether the subscription means an event; whose it is stands open.
    #[must_use]
    pub fn means(&self, event: &Event) -> bool {
        let means = |pattern: &Pattern| pattern.means(event.topic, &event.event);
        self.audience.may_know(event.topic) && self.patterns.iter().any(means)
    }

    /// Whether an event is for one enterprise alone to know.
    #[must_use]
    pub fn sees_its_own_only(&self) -> bool {
        self.audience == Audience::Enterprise
    }
}

/// Finds what an entry may be told as; none where it is nothing to tell.
///
/// # Errors
/// The database's failure.
pub(super) fn event_at(conn: &mut AnyConnection, revision: i64) -> Result<Option<Event>, StoreError> {
    log::find_entry(conn, revision)?.map_or(Ok(None), |row| Event::of(&row))
}

/// Reads when an entry was made.
///
/// # Errors
/// [`StoreError::Damaged`] where it is no entry.
pub fn event_time(row: &EntryRow) -> Result<Instant, StoreError> {
    let entry = Entry::from_leaf(&row.leaf).map_err(StoreError::damaged)?;
    Instant::parse(&entry.at).map_err(|_| StoreError::damaged("the instant of an entry"))
}

/// Whether an event is of an enterprise, and one that it may know of.
fn is_of(conn: &mut AnyConnection, enterprise: &str, event: &Event) -> Result<bool, StoreError> {
    let thing = &event.thing;
    Ok(match event.topic {
        Topic::Enterprise => thing == enterprise,
        Topic::Listing => listings::versions(conn, thing)?.first().is_some_and(|row| row.enterprise == enterprise),
        Topic::Declaration => {
            let versions = declarations::versions_of(conn, std::slice::from_ref(thing))?;
            versions.first().is_some_and(|row| row.enterprise == enterprise)
        }
        Topic::Application => {
            let own = applications::find(conn, thing)?.is_some_and(|row| row.enterprise == enterprise);
            // A case moves in the entry behind that of its event, which may be for the offices alone.
            let hidden = |row: &crate::store::application_rows::CaseEventRow| {
                row.visible_to_applicant == 0 && row.revision.saturating_add(1) == event.revision
            };
            own && !applications::events(conn, thing)?.iter().any(hidden)
        }
        Topic::Stop | Topic::Scheme | Topic::Adjustment | Topic::Batch => false,
    })
}

impl App {
    /// Takes, or keeps, the work of telling for this node; says whether it may.
    ///
    /// # Errors
    /// The store's failure.
    pub fn lease_webhooks(&self, holder: &str, micros: i64) -> Result<bool, AppError> {
        let (at, holder) = (self.clock.now(), holder.to_owned());
        let until = at.micros().saturating_add(micros);
        Ok(self.store.keep(at, move |conn| standing::lease(conn, LEASE, &holder, at.micros(), until))?)
    }

    /// Lets go of the work of telling, so that another node need not wait for this one.
    ///
    /// # Errors
    /// The store's failure.
    pub fn release_webhooks(&self, holder: &str) -> Result<(), AppError> {
        let (at, holder) = (self.clock.now(), holder.to_owned());
        let past = at.micros().saturating_sub(1);
        Ok(self.store.keep(at, move |conn| standing::lease(conn, LEASE, &holder, at.micros(), past).map(drop))?)
    }

    /// Reads every active webhook with where it stands, as of now.
    ///
    /// # Errors
    /// The store's failure.
    pub fn subscribers(&self) -> Result<Vec<(Subscriber, Position)>, AppError> {
        let at = self.clock.now();
        self.store.read(|conn| {
            let mut rows = webhooks::list(conn, None, "", i64::MAX)?;
            rows.retain(|row| row.state == WebhookState::Active.as_str());
            let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
            let positions = standing::positions(conn, &ids)?;
            let mut subscribers = Vec::with_capacity(rows.len());
            for row in rows {
                if let Some(position) = positions.iter().find(|position| position.webhook == row.id) {
                    let again = !standing::to_send_again(conn, &row.id, 1)?.is_empty();
                    let position = Position { row: position.clone(), served: position.served, again };
                    subscribers.push((Subscriber::of(conn, row, at)?, position));
                }
            }
            Ok(subscribers)
        })
    }

    /// Reads the events behind a revision, of one stretch of the log.
    ///
    /// # Errors
    /// The store's failure.
    pub fn events_behind(&self, revision: i64) -> Result<Stretch, AppError> {
        let rows = self.store.read(|conn| log::list_entries(conn, revision, STRETCH))?;
        let next = rows.last().map_or(revision, |row| row.revision);
        let events = rows.iter().filter_map(|row| Event::of(row).transpose()).collect::<Result<_, _>>()?;
        Ok(Stretch { next, events })
    }

    /// Whether an event is of the enterprise of a webhook, and one that it may know of.
    ///
    /// # Errors
    /// The store's failure.
    pub fn is_own(&self, enterprise: &str, event: &Event) -> Result<bool, AppError> {
        Ok(self.store.read(|conn| is_of(conn, enterprise, event))?)
    }

    /// Reads the given-up messages of a webhook that are to be sent again.
    ///
    /// # Errors
    /// The store's failure.
    pub fn to_send_again(&self, webhook: &str) -> Result<Vec<(DeadLetterRow, Event)>, AppError> {
        self.store.read(|conn| {
            let mut letters = Vec::new();
            for row in standing::to_send_again(conn, webhook, STRETCH)? {
                if let Some(event) = event_at(conn, row.revision)? {
                    letters.push((row, event));
                }
            }
            Ok(letters)
        })
    }

    /// Writes where webhooks stand, and what was given up or taken after all. Returns those that somebody moved meanwhile, of
    /// which nothing is written.
    ///
    /// # Errors
    /// The store's failure.
    pub fn keep_positions(&self, rows: Vec<Position>, letters: Vec<Letter>) -> Result<Vec<String>, AppError> {
        Ok(self.store.keep(self.clock.now(), move |conn| {
            let mut moved = Vec::new();
            for Position { row, served, .. } in rows {
                let row = PositionRow { served, ..row };
                if !standing::stand(conn, &row)? {
                    moved.push(row.webhook);
                }
            }
            for letter in &letters {
                match letter {
                    Letter::SetAside(row) if moved.contains(&row.webhook) => {}
                    Letter::SetAside(row) => standing::set_aside(conn, row)?,
                    Letter::Taken(webhook, revision) => standing::forget(conn, webhook, *revision, *revision)?,
                }
            }
            Ok(moved)
        })?)
    }
}

/// What became of a message that is no longer waiting in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Letter {
    /// It was given up.
    SetAside(DeadLetterRow),
    /// It was taken after all.
    Taken(String, i64),
}
