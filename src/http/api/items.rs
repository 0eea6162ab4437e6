//! The item library of an enterprise.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::library::{ItemChange, ItemQuery, Shelved};
use crate::domain::fault::FaultCode;
use crate::domain::id::ItemId;
use crate::domain::lang::Lang;
use crate::domain::library::LibraryItem;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::fields::{JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

fn view(shelved: &Shelved, lang: Lang) -> Value {
    let alike = shelved.alike.iter().map(|other| {
        let because =
            other.because.iter().map(|likeness| object!({ "code": likeness.as_str(), "text": likeness.name(lang) }));
        object!({ "id": other.id, "name_zh": other.name_zh, "because": because.collect::<Vec<_>>() })
    });
    let row = &shelved.row;
    let mut view = object!({
        "id": row.id,
        "version": row.version,
        "archived": row.archived == 1,
        "alike": alike.collect::<Vec<_>>(),
        "recorded_at": Instant::from_micros(row.recorded_at),
        "revision": row.revision,
    });
    if let (Some(view), Value::Object(item)) = (view.as_object_mut(), shelved.item.view()) {
        view.extend(item);
    }
    view
}

impl Shown for Shelved {
    fn revision(&self) -> Revision {
        Revision(self.row.revision)
    }

    fn location(&self) -> String {
        format!("/v1/items/{}", self.row.id)
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        Ok(view(self, lang))
    }
}

/// Lists the items of the library.
pub async fn list_items(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (query, PageAsked { after, limit }) = read_query(&request, |query| {
        let q = query.optional("q", text(100));
        let archived = query.optional("archived", truth).unwrap_or(false);
        Some((ItemQuery { q, archived }, page(query)))
    })?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let found = hop(move || app.items(&caller, &query, &after, limit)).await?;
    let items: Vec<Value> = found.items.iter().map(|shelved| view(shelved, lang)).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": found.next }))
}

/// Reads a truth value of a query.
pub(super) fn truth(word: &str) -> Result<bool, FaultCode> {
    match word {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(FaultCode::ValueUnknown),
    }
}

/// Shows one item.
pub async fn get_item(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ItemId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let found = hop(move || app.item(&caller, id)).await?;
    let mut response = json(StatusCode::OK, &view(&found, asked.lang))?;
    response.headers_mut().insert(ETAG, etag(Revision(found.row.revision)));
    Ok(response)
}

/// Adds an item.
pub async fn add_item(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let item = LibraryItem::read(&parse_json(&bytes, JSON_DEPTH)?)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.add_item(&asked.caller, Some(asked.request_id), item, asked.repeat)
    })
    .await
}

/// Describes an item anew.
pub async fn replace_item(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let item = LibraryItem::read(&parse_json(&bytes, JSON_DEPTH)?)?;
    change(&request, &bytes, ItemChange::Replace(Box::new(item))).await
}

/// Puts an item away.
pub async fn archive_item(request: HttpRequest) -> Result<HttpResponse, Problem> {
    change(&request, b"", ItemChange::Archive).await
}

/// Takes an item out again.
pub async fn restore_item(request: HttpRequest) -> Result<HttpResponse, Problem> {
    change(&request, b"", ItemChange::Restore).await
}

async fn change(request: &HttpRequest, bytes: &[u8], change: ItemChange) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", ItemId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.change_item(&asked.caller, Some(asked.request_id), id, seen, change, asked.repeat)
    })
    .await
}
