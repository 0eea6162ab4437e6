//! Webhooks: list, make, change, pause, resume, give another key, remove; what was given up, and sending it again.

use super::json;
use super::listings::LAST_REVISION;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::webhooks::outbox::Event;
use crate::app::webhooks::{Act, DeadLetterRow, NewWebhook, Replay, Webhook};
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::id::WebhookId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::domain::webhook::target::{self, Allowed};
use crate::domain::webhook::{MOST_EVENTS, Pattern};
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

fn webhook_view(webhook: &Webhook) -> Result<Value, AppError> {
    let Webhook { row, keys, position, dead_letters } = webhook;
    let events: Vec<String> = serde_json::from_str(&row.events).map_err(AppError::unwritable)?;
    let keys: Vec<Value> = keys.iter().map(|key| object!({ "key": key.key, "until": key.until })).collect();
    let delivery = position.as_ref().map(|position| {
        let fails = position.failing_since.map(Instant::from_micros);
        object!({
            "served": position.served,
            "delivered": position.delivered,
            "attempts": position.attempts,
            "failing_since": fails,
            "next_attempt_at": fails.map(|_| Instant::from_micros(position.due_at)),
            "last_outcome": position.last_outcome,
            "dead_letters": dead_letters,
        })
    });
    Ok(object!({
        "id": row.id,
        "org": row.org,
        "audience": row.audience,
        "url": row.url,
        "events": events,
        "state": row.state,
        "cause": row.cause,
        "keys": keys,
        "delivery": delivery,
        "recorded_at": Instant::from_micros(row.recorded_at),
        "revision": row.revision,
    }))
}

impl Shown for Webhook {
    fn revision(&self) -> Revision {
        Revision(self.row.revision)
    }

    fn location(&self) -> String {
        format!("/v1/webhooks/{}", self.row.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        webhook_view(self)
    }
}

/// Lists webhooks.
pub async fn list_webhooks(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let page = hop(move || app.webhooks(&caller, &after, limit)).await?;
    let items: Vec<Value> = page.items.iter().map(webhook_view).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &object!({ "items": items, "next": page.next }))
}

/// Shows a webhook.
pub async fn get_webhook(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", WebhookId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let webhook = hop(move || app.webhook(&caller, id)).await?;
    shown(&webhook)
}

fn shown(webhook: &Webhook) -> Result<HttpResponse, Problem> {
    let mut response = json(StatusCode::OK, &webhook_view(webhook)?)?;
    response.headers_mut().insert(ETAG, etag(Revision(webhook.row.revision)));
    Ok(response)
}

fn read_webhook(body: &Value, allowed: &Allowed) -> Result<NewWebhook, Vec<Fault>> {
    let mut faults = Vec::new();
    let webhook = Fields::read(body, "", &mut faults, |body| {
        let url = body.required("url", |text| target::parse(text, allowed).map(|url| url.to_string()));
        let events = body.list("events", MOST_EVENTS, |item, pointer, faults| {
            let read = item.as_str().ok_or(FaultCode::WrongType);
            let read = read.and_then(|text| Pattern::parse(text).map(|_| text.to_owned()));
            read.map_err(|code| faults.push(Fault::new(pointer, code))).ok()
        });
        Some(NewWebhook { url: url?, events: events? })
    });
    webhook.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Makes a webhook.
pub async fn create_webhook(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let bytes = json_bytes(&request, payload, edge).await?;
    let new = read_webhook(&parse_json(&bytes, JSON_DEPTH)?, &edge.webhooks_allowed)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.make_webhook(&asked.caller, Some(asked.request_id), new, asked.repeat)
    })
    .await
}

/// Changes a webhook.
pub async fn change_webhook(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let bytes = json_bytes(&request, payload, edge).await?;
    let new = read_webhook(&parse_json(&bytes, JSON_DEPTH)?, &edge.webhooks_allowed)?;
    act(&request, &bytes, Act::Change(new)).await
}

async fn act(request: &HttpRequest, bytes: &[u8], act: Act) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", WebhookId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.act_on_webhook(&asked.caller, Some(asked.request_id), id, seen, act, asked.repeat)
    })
    .await
}

/// Pauses a webhook.
pub async fn pause_webhook(request: HttpRequest) -> Result<HttpResponse, Problem> {
    act(&request, b"", Act::Pause).await
}

/// Resumes a webhook.
pub async fn resume_webhook(request: HttpRequest) -> Result<HttpResponse, Problem> {
    act(&request, b"", Act::Resume).await
}

/// Gives a webhook another key.
pub async fn rotate_webhook_key(request: HttpRequest) -> Result<HttpResponse, Problem> {
    act(&request, b"", Act::Rotate).await
}

/// Removes a webhook.
pub async fn remove_webhook(request: HttpRequest) -> Result<HttpResponse, Problem> {
    act(&request, b"", Act::Remove).await
}

/// Has messages sent again.
pub async fn replay_webhook(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", WebhookId::parse)?;
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let bytes = json_bytes(&request, payload, edge).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let mut faults = Vec::new();
    let replay = Fields::read(&body, "", &mut faults, |body| {
        let revision = |body: &mut Fields<'_, '_>, name: &'static str| {
            let given = body.optional_number(name, 1..=LAST_REVISION.unsigned_abs(), FaultCode::NumberOutOfRange);
            given.and_then(|given| i64::try_from(given).ok()).map(Revision)
        };
        match (revision(body, "revision"), revision(body, "from")) {
            (Some(one), None) => Some(Replay::One(one)),
            (None, Some(from)) => Some(Replay::From(from)),
            (Some(_), Some(_)) | (None, None) => None,
        }
    });
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let replay = replay.ok_or_else(|| Problem::from(Fault::new("/revision", FaultCode::Required)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let webhook = hop(move || app.replay_webhook(&caller, id, replay)).await?;
    shown(&webhook)
}

fn dead_letter(row: &DeadLetterRow, event: Option<&Event>) -> Value {
    object!({
        "revision": row.revision,
        "message": event.map(|event| event.id.as_str()),
        "event": event.map(|event| event.event.as_str()),
        "about": event.map(|event| event.topic.path(&event.thing)),
        "attempts": row.attempts,
        "outcome": row.outcome,
        "set_aside_at": Instant::from_micros(row.set_aside_at),
        "to_be_sent": row.again == 1,
    })
}

/// Lists messages that were given up.
pub async fn list_dead_letters(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let id = path(&request, "id", WebhookId::parse)?;
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let after = if after.is_empty() { Some(0) } else { after.parse().ok() };
    let after: i64 = after.ok_or_else(|| Problem::from(Fault::new("/after", FaultCode::CursorFormat)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let page = hop(move || app.dead_letters(&caller, id, after, limit)).await?;
    let items: Vec<Value> = page.items.iter().map(|(row, event)| dead_letter(row, event.as_ref())).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": page.next }))
}
