//! Records of who looked at personal data or inside the log.

use super::parameters::{PageAsked, no_query, page, path, read_query};
use super::people::page_of;
use crate::app::AppError;
use crate::app::accesses::{AccessRow, Wanted, leaf};
use crate::domain::access::DataKind;
use crate::domain::id::{AccessId, PersonId};
use crate::domain::lang::Lang;
use crate::domain::validity::Instant;
use crate::http::blocking::hop;
use crate::http::edge::{asked, edge};
use crate::http::fields::{Members as _, text};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::sync::Arc;

fn view(row: &AccessRow, lang: Lang) -> Value {
    let kind = DataKind::parse(&row.kind).map_or(row.kind.as_str(), |kind| kind.name(lang));
    json!({
        "id": row.id, "accessed_at": Instant::from_micros(row.accessed_at), "person": row.person, "org": row.org,
        "kind": row.kind, "kind_text": kind, "about": row.about, "request_id": row.request_id, "seal": row.seal,
    })
}

/// Shows one record of access with the proof of its seal.
pub async fn get_access_record(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", AccessId::parse)?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    let shown = hop(move || {
        let (row, sealed) = app.access_recorded(id)?;
        let mut view = view(&row, lang);
        if let Some(members) = view.as_object_mut() {
            let record = String::from_utf8(leaf(&row)).map_err(AppError::unwritable)?;
            members.insert("record".to_owned(), record.into());
            members.insert("seal".to_owned(), serde_json::to_value(sealed).map_err(AppError::unwritable)?);
        }
        Ok(view)
    })
    .await?;
    super::json(StatusCode::OK, &shown)
}

/// Lists records of access.
pub async fn list_access_records(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (wanted, PageAsked { after, limit }) = read_query(&request, |query| {
        let person = query.optional("person", PersonId::parse).map(|id| id.to_string());
        let org = query.optional("org", text(256));
        let kind = query.optional("kind", DataKind::parse).map(|kind| kind.as_str().to_owned());
        let from = query.optional("from", Instant::parse).map(Instant::micros);
        let to = query.optional("to", Instant::parse).map(Instant::micros);
        Some((Wanted { person, org, kind, from, to }, page(query)))
    })?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    let found = hop(move || app.accesses_recorded(&wanted, &after, limit)).await?;
    page_of(&found, |row| view(row, lang))
}
