//! Webhooks: who is told of what by a message to its own system; made, changed, paused, resumed, given another key, removed.
//!
//! A webhook is a fact, its address sealed; how far it was told is working state ([`outbox`]). Invariant: an organisation sees
//! its own webhooks only, and none is told of what its organisation may not see.

pub mod figures;
pub mod keys;
pub mod outbox;

use super::App;
use super::error::AppError;
use super::found::system;
use super::notices::tell;
use super::repeat::{Repeat, Written};
use super::view::Page;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::Uscc;
use crate::domain::error::Rule;
use crate::domain::fault::FaultCode;
use crate::domain::id::{WebhookId, time_ordered};
use crate::domain::lang::Lang;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::domain::webhook::{Audience, MOST_WEBHOOKS, Pattern, PauseCause, WebhookState};
use crate::store::keep::webhooks as standing;
pub use crate::store::keep::webhooks::{DeadLetterRow, PositionRow};
use crate::store::private::random;
pub use crate::store::webhooks::WebhookRow;
use crate::store::{AnyConnection, StoreError, Tx, webhooks};
use keys::PublicKey;

/// Name of the service where it pauses a webhook by itself.
const DELIVERY: &str = "webhooks";

/// A webhook as it is asked for.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Where messages go; judged already.
    pub url: String,
    /// Which events.
    pub events: Vec<String>,
}

/// What is done with a webhook.
#[derive(Debug, Clone)]
pub enum Act {
    /// It goes elsewhere, or tells other events.
    Change(NewWebhook),
    /// Messages wait.
    Pause,
    /// Messages go out again.
    Resume,
    /// Another key signs; the one before signs beside for a while.
    Rotate,
    /// It is over.
    Remove,
}

/// A webhook as it is shown.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The fact.
    pub row: WebhookRow,
    /// The keys that sign now, newest first.
    pub keys: Vec<PublicKey>,
    /// How far it was told.
    pub position: Option<PositionRow>,
    /// Messages that were given up.
    pub dead_letters: i64,
}

/// From where messages are sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// One message that was given up.
    One(Revision),
    /// Everything from this revision on.
    From(Revision),
}

/// Returns for whom a caller's webhooks are.
///
/// # Errors
/// [`AppError::Forbidden`] for who may have none.
fn audience(caller: &Caller) -> Result<Audience, AppError> {
    const CUSTOMS: RoleSet = RoleSet::of(&[Role::CustomsLookup, Role::CustomsDraw, Role::CustomsOfficer]);
    if caller.roles.contains(Role::BureauAdmin) {
        return Ok(Audience::Bureau);
    }
    if caller.holds_any(CUSTOMS) {
        return Ok(Audience::Customs);
    }
    let own = caller.roles.contains(Role::EnterpriseApplicant) && Uscc::parse(&caller.org).is_ok();
    if own { Ok(Audience::Enterprise) } else { Err(AppError::Forbidden) }
}

/// Whose webhooks a caller sees: administrators all.
fn seen_by(caller: &Caller) -> Result<Option<String>, AppError> {
    Ok(Some(caller.org.to_string()).filter(|_| !matches!(audience(caller), Ok(Audience::Bureau))))
}

/// Refuses events that an audience may not know.
fn judged(audience: Audience, events: &[String]) -> Result<String, AppError> {
    let faulty = events
        .iter()
        .enumerate()
        .filter(|(_, text)| !Pattern::parse(text).is_ok_and(|pattern| audience.may_know(pattern.topic())));
    let faults: Vec<_> = faulty.map(|(place, _)| (format!("/events/{place}"), FaultCode::ValueUnknown)).collect();
    if !faults.is_empty() {
        return Err(AppError::Faults(faults));
    }
    Ok(serde_json::to_string(events).map_err(StoreError::damaged)?)
}

impl App {
    /// Makes a webhook. It is told of what is recorded from then on.
    ///
    /// # Errors
    /// [`AppError::Faults`] for events that the caller may not be told; [`AppError::Refused`] past the most webhooks of an
    /// organisation; the store's failure.
    pub fn make_webhook(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        new: NewWebhook,
        repeat: Repeat<Webhook>,
    ) -> Result<Written<Webhook>, AppError> {
        let audience = audience(caller)?;
        let events = judged(audience, &new.events)?;
        let org = caller.org.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let known = webhooks::list(tx.conn(), Some(&org), "", i64::MAX)?;
            let standing = known.iter().filter(|row| row.state != WebhookState::Removed.as_str()).count();
            if standing >= MOST_WEBHOOKS {
                return Err(AppError::refused(Rule::TooManyWebhooks));
            }
            let at = tx.context().at;
            let row = WebhookRow {
                id: WebhookId::new(time_ordered(at, random()?)).to_string(),
                version: 1,
                revision: tx.next_revision().0,
                org,
                audience: audience.as_str().to_owned(),
                url: new.url,
                events,
                state: WebhookState::Active.as_str().to_owned(),
                cause: None,
                key_number: 1,
                key_since: at.micros(),
                recorded_at: at.micros(),
            };
            tx.save(row.clone(), None, "webhook.made")?;
            standing::begin(tx.conn(), &row.id, row.revision)?;
            shown(tx.conn(), row, at)
        })
    }

    /// Does something with a webhook.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] where its state does not allow it, the
    /// faults of [`App::make_webhook`]; the store's failure.
    pub fn act_on_webhook(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: WebhookId,
        seen: Revision,
        act: Act,
        repeat: Repeat<Webhook>,
    ) -> Result<Written<Webhook>, AppError> {
        let org = seen_by(caller)?;
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = found(tx.conn(), id, org.as_deref())?;
            if row.revision != seen.0 {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            carry_out(tx, row, act)
        })
    }

    /// Shows a webhook.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of another organisation.
    pub fn webhook(&self, caller: &Caller, id: WebhookId) -> Result<Webhook, AppError> {
        let (org, at) = (seen_by(caller)?, self.clock.now());
        self.store.read(|conn| {
            let row = found(conn, id, org.as_deref())?;
            shown(conn, row, at)
        })
    }

    /// Lists webhooks in order of id; those that were removed too.
    ///
    /// # Errors
    /// The store's failure.
    pub fn webhooks(&self, caller: &Caller, after: &str, limit: usize) -> Result<Page<Webhook>, AppError> {
        let (org, at) = (seen_by(caller)?, self.clock.now());
        let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        self.store.read(|conn| {
            let mut rows = webhooks::list(conn, org.as_deref(), after, most)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|row| row.id.clone());
            let items = rows.into_iter().map(|row| shown(conn, row, at)).collect::<Result<_, AppError>>()?;
            Ok(Page { items, next })
        })
    }

    /// Lists the messages of a webhook that were given up, in order of revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; the store's failure.
    pub fn dead_letters(
        &self,
        caller: &Caller,
        id: WebhookId,
        after: i64,
        limit: usize,
    ) -> Result<Page<(DeadLetterRow, Option<outbox::Event>)>, AppError> {
        let org = seen_by(caller)?;
        let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        self.store.read(|conn| {
            let row = found(conn, id, org.as_deref())?;
            let mut rows = standing::dead_letters(conn, &row.id, after, most)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|row| row.revision.to_string());
            let with = |row: DeadLetterRow| {
                let event = outbox::event_at(conn, row.revision)?;
                Ok::<_, AppError>((row, event))
            };
            Ok(Page { items: rows.into_iter().map(with).collect::<Result<_, _>>()?, next })
        })
    }

    /// Has messages sent again: one that was given up, or everything from a revision on, in order and with the ids they had.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also where there is no such message; [`AppError::Conflict`] for a webhook that was removed;
    /// [`AppError::Faults`] for a revision still to come; the store's failure.
    pub fn replay_webhook(&self, caller: &Caller, id: WebhookId, replay: Replay) -> Result<Webhook, AppError> {
        let (org, at) = (seen_by(caller)?, self.clock.now());
        let head = self.head()?;
        let (pointer, revision) = match replay {
            Replay::One(revision) => ("/revision", revision),
            Replay::From(revision) => ("/from", revision),
        };
        if revision > head {
            return Err(AppError::Faults(vec![(pointer.to_owned(), FaultCode::NumberOutOfRange)]));
        }
        let row = self.store.read(|conn| found(conn, id, org.as_deref()))?;
        if row.state == WebhookState::Removed.as_str() {
            return Err(AppError::Conflict(Revision(row.revision)));
        }
        let webhook = row.id.clone();
        let known = self.store.keep(at, move |conn| match replay {
            Replay::One(revision) => {
                let known = standing::again(conn, &webhook, revision.0)?;
                if known {
                    standing::turn(conn, &webhook, None)?;
                }
                Ok(known)
            }
            Replay::From(revision) => {
                standing::forget(conn, &webhook, revision.0, i64::MAX)?;
                standing::turn(conn, &webhook, Some(revision.0.saturating_sub(1)))?;
                Ok(true)
            }
        })?;
        if !known {
            return Err(AppError::NotFound);
        }
        self.store.read(|conn| shown(conn, row, at))
    }

    /// Pauses a webhook because of what its receiver does, and tells its organisation. One that is not active stays as it is.
    ///
    /// # Errors
    /// The store's failure.
    pub fn pause_webhook(&self, id: &str, cause: PauseCause) -> Result<(), AppError> {
        let id = id.to_owned();
        self.store.write(system(DELIVERY, self.clock.now()), move |tx| {
            let Some(row) = webhooks::versions(tx.conn(), &id)?.pop() else { return Ok(()) };
            if row.state != WebhookState::Active.as_str() {
                return Ok(());
            }
            let row = paused(tx, row, cause)?;
            let to = match Uscc::parse(&row.org) {
                Ok(uscc) => Addressee::Enterprise(uscc),
                Err(_) => Addressee::Org(row.org.clone()),
            };
            let notice = Notice::new(to, NoticeKind::WebhookPaused, format!("/v1/webhooks/{}", row.id));
            let (zh, en) = (cause.name(Lang::Zh), cause.name(Lang::En));
            tell(tx, &notice.with("webhook", &row.id).with("cause_zh", zh).with("cause_en", en))?;
            Ok::<_, AppError>(())
        })?;
        Ok(())
    }
}

/// Finds a webhook as it stands, of one organisation if one is named.
fn found(conn: &mut AnyConnection, id: WebhookId, org: Option<&str>) -> Result<WebhookRow, AppError> {
    let row = webhooks::versions(conn, &id.to_string())?.pop();
    row.filter(|row| org.is_none_or(|org| org == row.org)).ok_or(AppError::NotFound)
}

fn shown(conn: &mut AnyConnection, row: WebhookRow, at: Instant) -> Result<Webhook, AppError> {
    let keys = keys::public(conn, &row, at)?;
    let position = standing::position(conn, &row.id)?;
    let dead_letters = standing::count(conn, &row.id)?;
    Ok(Webhook { row, keys, position, dead_letters })
}

fn paused(tx: &mut Tx<'_>, row: WebhookRow, cause: PauseCause) -> Result<WebhookRow, AppError> {
    let next = WebhookRow {
        state: WebhookState::Paused.as_str().to_owned(),
        cause: Some(cause.as_str().to_owned()),
        ..row.clone()
    };
    save(tx, &row, next, "webhook.paused")
}

fn save(tx: &mut Tx<'_>, before: &WebhookRow, next: WebhookRow, event: &str) -> Result<WebhookRow, AppError> {
    let row = WebhookRow {
        version: before.version.saturating_add(1),
        revision: tx.next_revision().0,
        recorded_at: tx.context().at.micros(),
        ..next
    };
    tx.save(row.clone(), Some(before), event)?;
    Ok(row)
}

fn carry_out(tx: &mut Tx<'_>, row: WebhookRow, act: Act) -> Result<Webhook, AppError> {
    let conflict = || AppError::Conflict(Revision(row.revision));
    let state = WebhookState::parse(&row.state).map_err(|_| StoreError::damaged("the state of a webhook"))?;
    let at = tx.context().at;
    let next = match (act, state) {
        (_, WebhookState::Removed) | (Act::Pause, WebhookState::Paused) | (Act::Resume, WebhookState::Active) => {
            return Err(conflict());
        }
        (Act::Change(new), WebhookState::Active | WebhookState::Paused) => {
            let audience = Audience::parse(&row.audience).map_err(|_| StoreError::damaged("an audience"))?;
            let events = judged(audience, &new.events)?;
            let next = WebhookRow { url: new.url, events, ..row.clone() };
            let next = save(tx, &row, next, "webhook.changed")?;
            // What was refused by the old address is tried at the new one at once.
            standing::turn(tx.conn(), &row.id, None)?;
            next
        }
        (Act::Pause, WebhookState::Active) => paused(tx, row, PauseCause::ByHand)?,
        (Act::Resume, WebhookState::Paused) => {
            let next = WebhookRow { state: WebhookState::Active.as_str().to_owned(), cause: None, ..row.clone() };
            let next = save(tx, &row, next, "webhook.resumed")?;
            standing::turn(tx.conn(), &row.id, None)?;
            next
        }
        (Act::Rotate, WebhookState::Active | WebhookState::Paused) => {
            let next =
                WebhookRow { key_number: row.key_number.saturating_add(1), key_since: at.micros(), ..row.clone() };
            save(tx, &row, next, "webhook.rotated")?
        }
        (Act::Remove, WebhookState::Active | WebhookState::Paused) => {
            let next = WebhookRow { state: WebhookState::Removed.as_str().to_owned(), cause: None, ..row.clone() };
            save(tx, &row, next, "webhook.removed")?
        }
    };
    shown(tx.conn(), next, at)
}
