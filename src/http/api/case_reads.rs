//! What a case shows to those who work on it, work lists, and how long stages took.

use super::case_body::word;
use super::json;
use super::listings::revision;
use super::parameters::{PageAsked, no_query, page, path, read_query};
use crate::app::review::letters::LetterKind;
use crate::app::review::views;
use crate::app::review::worklists::{ClaimFilter, DueFilter, Worklist, WorklistQuery};
use crate::domain::application::Kind;
use crate::domain::application::event::EventKind;
use crate::domain::code::{DistrictCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::fields::Members as _;
use crate::domain::id::ApplicationId;
use crate::domain::lang::Lang;
use crate::domain::validity::LegalDay;
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json as object;
use std::sync::Arc;

/// A page of ours loads nothing and runs nothing.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// Answers an HTML page.
pub(super) fn html(page: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(page)
}

/// Lists the opinions on a case with what they come to.
pub async fn list_opinions(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let as_of = read_query(&request, |query| Some(revision(query)))?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let seen = hop(move || app.opinions(&caller, id, as_of)).await?;
    let mut response = json(StatusCode::OK, &seen.view)?;
    response.headers_mut().insert(ETAG, etag(seen.revision));
    Ok(response)
}

/// Lists the decisions on a case.
pub async fn list_decisions(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let as_of = read_query(&request, |query| Some(revision(query)))?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let (last, view) = hop(move || app.case_decisions(&caller, id, as_of, lang)).await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(last));
    Ok(response)
}

async fn timeline(request: &HttpRequest, only: Option<EventKind>) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let as_of = read_query(request, |query| Some(revision(query)))?;
    let id = path(request, "id", ApplicationId::parse)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || Ok(views::timeline(&app.timeline(&caller, id, only, as_of)?, lang))).await?;
    json(StatusCode::OK, &view)
}

/// Shows the timeline of a case with the clocks derived from it.
pub async fn list_case_events(request: HttpRequest) -> Result<HttpResponse, Problem> {
    timeline(&request, None).await
}

/// Lists the notes on a case.
pub async fn list_case_notes(request: HttpRequest) -> Result<HttpResponse, Problem> {
    timeline(&request, Some(EventKind::Noted)).await
}

/// Finds how the items of a case were decided before.
pub async fn list_precedents(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    json(StatusCode::OK, &hop(move || app.precedents(&caller, id, lang)).await?)
}

/// Runs the automatic checks of a case.
pub async fn list_case_checks(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    json(StatusCode::OK, &hop(move || app.case_checks(&caller, id, lang)).await?)
}

/// Renders a letter of a case.
pub async fn get_letter(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let lang = read_query(&request, |query| Some(query.optional("lang", lang)))?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let kind = path(&request, "kind", word(LetterKind::parse))?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, lang.unwrap_or(asked.lang));
    Ok(html(hop(move || app.letter(&caller, id, kind, lang)).await?))
}

/// Reads a language by its code.
pub(super) fn lang(word: &str) -> Result<Lang, FaultCode> {
    match word {
        "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        _ => Err(FaultCode::ValueUnknown),
    }
}

/// Lists the colleagues to whom a case can be handed.
pub async fn list_colleagues(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let found = hop(move || app.colleagues(&caller, &after, limit)).await?;
    let items: Vec<_> = found.items.iter().map(|row| object!({ "id": row.id, "name": row.name })).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": found.next }))
}

/// Counts what waits on each of the caller's work lists.
pub async fn list_worklists(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    json(StatusCode::OK, &hop(move || app.worklists(&caller, lang)).await?)
}

/// Shows a page of a work list.
pub async fn get_worklist(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let list = path(&request, "name", word(Worklist::parse))?;
    let (query, PageAsked { after, limit }) = read_query(&request, |query| {
        let claim = query.optional("claim", word(ClaimFilter::parse));
        let due = query.optional("due", word(DueFilter::parse));
        let kind = query.optional("kind", word(Kind::parse));
        let enterprise = query.optional("enterprise", Uscc::parse).map(|uscc| uscc.to_string());
        let district = query.optional("district", DistrictCode::parse).map(|code| code.to_string());
        Some((WorklistQuery { claim, due, kind, enterprise, district }, page(query)))
    })?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    json(StatusCode::OK, &hop(move || app.worklist(&caller, list, &query, &after, limit)).await?)
}

/// Reports how long cases stood in each stage.
pub async fn get_stage_report(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let (from, to) = read_query(&request, |query| {
        let from = query.optional("from", LegalDay::parse);
        let to = query.optional("to", LegalDay::parse);
        Some((from, to))
    })?;
    let app = Arc::clone(&edge.app);
    json(StatusCode::OK, &object!(hop(move || app.stage_report(from, to)).await?))
}
