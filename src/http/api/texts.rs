//! Texts that an office uses again and again.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::texts::{OfficeText, Purpose, Wording};
use crate::domain::fault::Fault;
use crate::domain::id::TextId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Longest title in characters.
const TITLE: usize = 80;
/// Longest text in characters.
const TEXT: usize = 2000;

impl Shown for OfficeText {
    fn revision(&self) -> Revision {
        Revision(i64::from(self.0.version))
    }

    fn location(&self) -> String {
        format!("/v1/texts/{}", self.0.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        let row = &self.0;
        Ok(object!({
            "id": row.id,
            "purpose": row.purpose,
            "title": row.title,
            "text_zh": row.text_zh,
            "text_en": row.text_en,
            "changed_by": row.changed_by,
            "changed_at": Instant::from_micros(row.changed_at),
            "version": row.version,
        }))
    }
}

fn wording(body: &Value) -> Result<Wording, Vec<Fault>> {
    let mut faults = Vec::new();
    let read = Fields::read(body, "", &mut faults, |body| {
        let purpose = body.required("purpose", Purpose::parse);
        let title = body.required("title", text(TITLE));
        let zh = body.required("text_zh", text(TEXT));
        let en = body.optional("text_en", text(TEXT));
        Some(Wording { purpose: purpose?, title: title?, zh: zh?, en })
    });
    read.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Lists the texts of the caller's office.
pub async fn list_texts(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (purpose, PageAsked { after, limit }) =
        read_query(&request, |query| Some((query.optional("purpose", Purpose::parse), page(query))))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let page = hop(move || app.texts(&caller, purpose, &after, limit)).await?;
    let items: Result<Vec<Value>, AppError> = page.items.iter().map(|text| text.view(asked.lang)).collect();
    json(StatusCode::OK, &object!({ "items": items?, "next": page.next }))
}

/// Shows a text of the caller's office.
pub async fn get_text(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", TextId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let found = hop(move || app.text(&caller, id)).await?;
    let mut response = json(StatusCode::OK, &found.view(asked.lang)?)?;
    response.headers_mut().insert(ETAG, etag(found.revision()));
    Ok(response)
}

/// Keeps a new text.
pub async fn add_text(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let wording = wording(&parse_json(&bytes, JSON_DEPTH)?)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.add_text(&asked.caller, Some(asked.request_id), wording, asked.repeat)
    })
    .await
}

/// Changes a text.
pub async fn change_text(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let text = (path(&request, "id", TextId::parse)?, if_match(&request)?);
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let wording = wording(&parse_json(&bytes, JSON_DEPTH)?)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.change_text(&asked.caller, Some(asked.request_id), text, wording, asked.repeat)
    })
    .await
}

/// Removes a text.
pub async fn remove_text(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let text = (path(&request, "id", TextId::parse)?, if_match(&request)?);
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.remove_text(&asked.caller, Some(asked.request_id), text, asked.repeat)
    })
    .await
}
