//! Enterprises: pages and one.

use super::json;
use super::listings::seen_at;
use super::parameters::{PageAsked, page, path, read_query};
use crate::domain::code::Uscc;
use crate::domain::revision::Revision;
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Members as _, text};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;

/// Lists enterprises.
pub async fn list_enterprises(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (q, seen, PageAsked { after, limit }) =
        read_query(&request, |query| Some((query.optional("q", text(100)), seen_at(query), page(query))))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.enterprises(&caller, q.as_deref(), seen, &after, limit)).await?;
    json(StatusCode::OK, &view)
}

/// Finds one enterprise.
pub async fn get_enterprise(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let uscc = path(&request, "uscc", Uscc::parse)?;
    let seen = read_query(&request, |query| Some(seen_at(query)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.enterprise(&caller, uscc, seen)).await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(Revision(view.revision())));
    Ok(response)
}
