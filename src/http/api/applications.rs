//! Applications: drafts, lodging, withdrawing, correcting, reading.

use super::application_view::{checklist, compared, content, opened, summary};
use super::json;
use super::listings::revision;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::write;
use crate::app::applications::draft::{Begun, MEMBERS};
use crate::app::applications::read::ApplicationQuery;
use crate::domain::application::{Kind, State};
use crate::domain::code::Uscc;
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::id::ApplicationId;
use crate::domain::terms_json::NOTE;
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json, step, text, whole};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json as object};
use std::sync::Arc;

/// Most contents of one application.
const MOST_CONTENTS: i64 = 1000;

fn kind(word: &str) -> Result<Kind, FaultCode> {
    Kind::parse(word).ok_or(FaultCode::ValueUnknown)
}

/// Lists applications.
pub async fn list_applications(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (query, PageAsked { after, limit }) = read_query(&request, |query| {
        let state = query.optional("state", |word| State::parse(word).ok_or(FaultCode::ValueUnknown));
        let kind = query.optional("kind", kind);
        let enterprise = query.optional("enterprise", Uscc::parse).map(|uscc| uscc.to_string());
        Some((ApplicationQuery { state, kind, enterprise }, page(query)))
    })?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || {
        let found = app.applications(&caller, &query, &after, limit)?;
        let items = found.items.iter().map(|listed| summary(listed, lang)).collect::<Result<Vec<_>, _>>()?;
        Ok(object!({ "items": items, "next": found.next }))
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Shows one application.
pub async fn get_application(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let id = path(&request, "id", ApplicationId::parse)?;
    let as_of = read_query(&request, |query| Some(revision(query)))?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let (view, revision) = hop(move || opened(&app.application(&caller, id, as_of)?, lang)).await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(revision));
    Ok(response)
}

/// Begins a draft.
pub async fn begin_application(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let mut faults = Vec::new();
    let head = Fields::read(&body, "", &mut faults, |fields| {
        let kind = fields.required("kind", kind);
        let scheme = fields.required("scheme", text(64));
        fields.accept_all();
        Some((kind?, scheme?))
    });
    let members = members(&body, &["kind", "scheme"], &mut faults);
    let Some((kind, scheme)) = head.filter(|_| faults.is_empty()) else { return Err(faults.into()) };
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.begin_application(&asked.caller, Some(asked.request_id), Begun { kind, scheme, members }, asked.repeat)
    })
    .await
}

/// Takes the members of a content as they are; only their names are judged here.
fn members(body: &Value, others: &[&str], faults: &mut Vec<Fault>) -> Map<String, Value> {
    let Value::Object(given) = body else { return Map::new() };
    let known = |name: &String| MEMBERS.contains(&name.as_str());
    let unknown = given.keys().filter(|name| !known(name) && !others.contains(&name.as_str()));
    faults.extend(unknown.map(|name| Fault::new(step("", name), FaultCode::UnknownMember)));
    given.iter().filter(|(name, _)| known(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Reads a body that is members of a content and nothing else.
async fn content_members(request: &HttpRequest, payload: Payload) -> Result<(Bytes, Map<String, Value>), Problem> {
    no_query(request)?;
    let bytes = json_bytes(request, payload, edge(request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let mut faults = Vec::new();
    if !body.is_object() {
        faults.push(Fault::new("", FaultCode::WrongType));
    }
    let members = members(&body, &[], &mut faults);
    if faults.is_empty() { Ok((bytes, members)) } else { Err(faults.into()) }
}

/// Changes a draft, whatever is in it.
pub async fn change_application(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let id = path(&request, "id", ApplicationId::parse)?;
    let seen = if_match(&request)?;
    let (bytes, members) = content_members(&request, payload).await?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.change_draft(&asked.caller, Some(asked.request_id), id, seen, members, asked.repeat)
    })
    .await
}

/// Begins a draft with what an earlier application asked for.
pub async fn copy_application(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    write(&request, b"", StatusCode::CREATED, move |app, asked| {
        app.copy_application(&asked.caller, Some(asked.request_id), id, asked.repeat)
    })
    .await
}

/// Throws a draft away.
pub async fn discard_application(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let seen = if_match(&request)?;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.discard_draft(&asked.caller, Some(asked.request_id), id, seen, asked.repeat)
    })
    .await
}

/// Lodges a draft.
pub async fn lodge_application(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let seen = if_match(&request)?;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.lodge(&asked.caller, Some(asked.request_id), id, seen, asked.repeat)
    })
    .await
}

/// Takes a withdrawal back.
pub async fn retract_withdrawal(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let seen = if_match(&request)?;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.retract_withdrawal(&asked.caller, Some(asked.request_id), id, seen, asked.repeat)
    })
    .await
}

/// Withdraws a case.
pub async fn withdraw_application(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let seen = if_match(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let mut faults = Vec::new();
    let reason = Fields::read(&body, "", &mut faults, |fields| Some(fields.optional("reason", text(NOTE))));
    let Some(reason) = reason.filter(|_| faults.is_empty()) else { return Err(faults.into()) };
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.withdraw_application(&asked.caller, Some(asked.request_id), id, seen, reason, asked.repeat)
    })
    .await
}

/// Corrects a case as it was asked.
pub async fn correct_application(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let id = path(&request, "id", ApplicationId::parse)?;
    let seen = if_match(&request)?;
    let (bytes, members) = content_members(&request, payload).await?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.correct_application(&asked.caller, Some(asked.request_id), id, seen, members, asked.repeat)
    })
    .await
}

/// Shows a frozen content.
pub async fn get_application_content(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let as_of = read_query(&request, |query| Some(revision(query)))?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let number = path(&request, "number", number)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || content(&app.application_content(&caller, id, number, as_of)?)).await?;
    json(StatusCode::OK, &view)
}

fn number(word: &str) -> Result<i32, FaultCode> {
    let number = whole(1..=MOST_CONTENTS, FaultCode::NumberOutOfRange)(word)?;
    i32::try_from(number).map_err(|_| FaultCode::NumberOutOfRange)
}

/// Says what differs between two contents.
pub async fn compare_application_contents(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let id = path(&request, "id", ApplicationId::parse)?;
    let (from, to) = read_query(&request, |query| {
        let (from, to) = (query.required("from", number), query.required("to", number));
        Some((from?, to?))
    })?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || Ok(compared(&app.compare_contents(&caller, id, from, to)?, lang))).await?;
    json(StatusCode::OK, &view)
}

/// Says what is missing, without changing anything.
pub async fn get_application_checklist(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || Ok(checklist(&app.checklist(&caller, id)?, lang))).await?;
    json(StatusCode::OK, &view)
}
