//! What the caller was told: the list of notices, and marking one as read.

use super::json;
use super::parameters::{PageAsked, no_query, page, path, read_query};
use crate::domain::fault::FaultCode;
use crate::domain::id::NoticeId;
use crate::http::blocking::hop;
use crate::http::edge::{asked, edge};
use crate::http::fields::Members as _;
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;

/// Lists what the caller was told, newest first.
pub async fn list_inbox(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (only_unread, PageAsked { after, limit }) = read_query(&request, |query| {
        let unread = query.optional("unread", |word| match word {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(FaultCode::ValueUnknown),
        });
        Some((unread.unwrap_or(false), page(query)))
    })?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || app.inbox(&caller, only_unread, &after, limit, lang)).await?;
    json(StatusCode::OK, &view)
}

/// Marks a notice as read by the caller.
pub async fn read_notice(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", NoticeId::parse)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || app.read_notice(&caller, id, lang)).await?;
    json(StatusCode::OK, &view)
}
