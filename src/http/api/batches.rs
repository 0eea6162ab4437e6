//! Batches: collect, preview, publish, discard; and the public notices that published batches left.

use super::case_body::word;
use super::case_reads::{html, lang};
use super::case_steps::read_body;
use super::json;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{LONG, Shown, write};
use crate::app::AppError;
use crate::app::review::batches::{BatchItem, BatchRow, Closing};
use crate::app::review::letters::notice_page;
use crate::app::review::views;
use crate::domain::batch::BatchState;
use crate::domain::fault::FaultCode;
use crate::domain::fields::{Fields, Members as _, text};
use crate::domain::id::{ApplicationId, BatchId};
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::http::blocking::{etag, hop, hop_for};
use crate::http::edge::{asked, edge};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Most items of one batch.
const MOST_ITEMS: usize = 5_000;

/// Longest number of a notice; listings carry it as their batch.
const NUMBER: usize = 64;

impl Shown for BatchRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/batches/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        views::batch(self)
    }
}

fn items(fields: &mut Fields<'_, '_>) -> Option<Vec<BatchItem>> {
    fields.optional_list("items", MOST_ITEMS, |value, pointer, faults| {
        Fields::read(value, pointer, faults, |item| {
            let application = item.required("application", ApplicationId::parse);
            let line = item.number("line", 1..=9999, FaultCode::LineOutOfRange);
            Some((application?.to_string(), u16::try_from(line?).ok()?))
        })
    })
}

/// Collects recognised items into a batch.
pub async fn collect_batch(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (bytes, (scheme, items)) = read_body(&request, payload, |fields| {
        let scheme = fields.required("scheme", text(64));
        let items = items(fields);
        Some((scheme?, items))
    })
    .await?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.collect_batch(&asked.caller, Some(asked.request_id), scheme, items, asked.repeat)
    })
    .await
}

/// Changes what a batch collects.
pub async fn recollect_batch(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (bytes, items) = read_body(&request, payload, |fields| {
        if !fields.given("items") {
            fields.fault("items", FaultCode::Required);
        }
        items(fields)
    })
    .await?;
    let id = path(&request, "id", BatchId::parse)?;
    let seen = if_match(&request)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.recollect_batch(&asked.caller, Some(asked.request_id), id, seen, items, asked.repeat)
    })
    .await
}

/// Lists batches.
pub async fn list_batches(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let (state, PageAsked { after, limit }) = read_query(&request, |query| {
        let state = query.optional("state", word(BatchState::parse));
        Some((state, page(query)))
    })?;
    let app = Arc::clone(&edge.app);
    let view = hop(move || {
        let found = app.batches(state, &after, limit)?;
        let items = found.items.iter().map(views::batch).collect::<Result<Vec<_>, _>>()?;
        Ok(object!({ "items": items, "next": found.next }))
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Shows a batch.
pub async fn get_batch(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    no_query(&request)?;
    let id = path(&request, "id", BatchId::parse)?;
    let app = Arc::clone(&edge.app);
    let row = hop(move || app.batch(id)).await?;
    let mut response = json(StatusCode::OK, &views::batch(&row)?)?;
    response.headers_mut().insert(ETAG, etag(Revision(row.revision)));
    Ok(response)
}

/// Says what a batch would do to the list and to lookups.
pub async fn preview_batch(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let effective_on = read_query(&request, |query| Some(query.optional("effective_on", LegalDay::parse)))?;
    let id = path(&request, "id", BatchId::parse)?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    let view = hop_for(LONG, move || {
        let effective_on = effective_on.unwrap_or_else(|| app.clock.now().day());
        app.preview_batch(id, effective_on, lang)
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Publishes a batch: another person than who collected it.
pub async fn publish_batch(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (bytes, closing) = read_body(&request, payload, |fields| {
        let notice_number = fields.required("notice_number", number);
        let effective_on = fields.required("effective_on", LegalDay::parse);
        Some(Closing::Publish { notice_number: notice_number?, effective_on: effective_on? })
    })
    .await?;
    close(&request, &bytes, closing).await
}

/// Reads the number of a notice: it is a step of a path too.
fn number(value: &str) -> Result<String, FaultCode> {
    let value = text(NUMBER)(value)?;
    if value.contains(['/', '\\', '?', '#', '%']) { Err(FaultCode::ValueUnknown) } else { Ok(value) }
}

/// Gives a batch up.
pub async fn discard_batch(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    close(&request, b"", Closing::Discard).await
}

async fn close(request: &HttpRequest, bytes: &[u8], closing: Closing) -> Result<HttpResponse, Problem> {
    let id = path(request, "id", BatchId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.close_batch(&asked.caller, Some(asked.request_id), id, seen, closing, asked.repeat)
    })
    .await
}

/// Shows a public notice with its digest.
pub async fn get_notice(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let number = path(&request, "number", number)?;
    let app = Arc::clone(&edge.app);
    let notice = hop(move || app.notice(&number)).await?;
    let body: Value = serde_json::from_str(&notice.body).map_err(|error| Problem::from(AppError::unwritable(error)))?;
    json(StatusCode::OK, &object!({ "digest": notice.digest, "notice": body }))
}

/// Renders the page of a public notice.
pub async fn get_notice_page(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let chosen = read_query(&request, |query| Some(query.optional("lang", lang)))?;
    let number = path(&request, "number", number)?;
    let (app, lang) = (Arc::clone(&edge.app), chosen.unwrap_or(asked.lang));
    Ok(html(hop(move || notice_page(&app.notice(&number)?, lang)).await?))
}

/// Hands out the file of a public notice: the very bytes that its digest is of.
pub async fn get_notice_file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let number = path(&request, "number", number)?;
    let app = Arc::clone(&edge.app);
    let notice = hop(move || app.notice(&number)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"notice.json\""))
        .body(notice.body))
}
