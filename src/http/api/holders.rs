//! Enterprises by themselves: registration, particulars, the person they name, their agents; announcements to them.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::people::{page_of, shown};
use super::people_body::{
    broadcast, broadcast_view, mandate, mandate_view, named, named_view, particulars, read, registration,
};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::broadcasts::{BroadcastChange, BroadcastRow};
use crate::app::holders::{Holder, ResponsiblePersonRow};
use crate::app::mandates::MandateRow;
use crate::app::view::Page;
use crate::domain::code::Uscc;
use crate::domain::id::{BroadcastId, MandateId};
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::fields::{JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::{Problem, ProblemType};
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, IF_MATCH};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Longest name in characters.
const NAME: usize = 200;

impl Shown for Holder {
    fn revision(&self) -> Revision {
        Revision(self.view.revision())
    }

    fn location(&self) -> String {
        format!("/v1/enterprises/{}", self.view.uscc)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        serde_json::to_value(&self.view).map_err(AppError::unwritable)
    }
}

impl Shown for ResponsiblePersonRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/enterprises/{}/responsible-person", self.uscc)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(named_view(self))
    }
}

impl Shown for MandateRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/enterprises/{}/mandates", self.enterprise)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(mandate_view(self))
    }
}

impl Shown for BroadcastRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/broadcasts/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(broadcast_view(self))
    }
}

/// Registers the caller's own enterprise.
pub async fn register_enterprise(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let (uscc, particulars, named) = read(&parse_json(&bytes, JSON_DEPTH)?, registration)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.register_enterprise(&asked.caller, Some(asked.request_id), uscc, particulars, named, asked.repeat)
    })
    .await
}

/// States the particulars of the caller's own enterprise anew from a day on.
pub async fn change_enterprise(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let uscc = path(&request, "uscc", Uscc::parse)?;
    let seen = if_match(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, |body| {
        let effective_on = body.optional("effective_on", LegalDay::parse);
        Some((particulars(body)?, effective_on))
    })?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.state_enterprise(&asked.caller, Some(asked.request_id), uscc, seen, stated, asked.repeat)
    })
    .await
}

/// Shows how an enterprise stands in the register of business entities.
pub async fn get_registration(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let uscc = path(&request, "uscc", Uscc::parse)?;
    let name = read_query(&request, |query| Some(query.optional("name", text(NAME))))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let found = hop(move || app.registration(&caller, uscc, name)).await?;
    let view = object!({
        "enterprise": uscc,
        "registration": found.registration,
        "text": found.registration.name(asked.lang),
        "name": found.name,
    });
    json(StatusCode::OK, &view)
}

/// Shows whom an enterprise names for its imports.
pub async fn get_responsible_person(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let uscc = path(&request, "uscc", Uscc::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    shown(&hop(move || app.responsible_person(&caller, uscc)).await?, asked.lang)
}

/// Names another person for the imports of the caller's own enterprise; `If-Match` is needed once somebody is named.
pub async fn name_responsible_person(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let uscc = path(&request, "uscc", Uscc::parse)?;
    let seen = if request.headers().contains_key(IF_MATCH) { Some(if_match(&request)?) } else { None };
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let named = read(&parse_json(&bytes, JSON_DEPTH)?, named)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.name_responsible_person(&asked.caller, Some(asked.request_id), uscc, seen, named, asked.repeat)
    })
    .await
}

/// Lists the mandates that an enterprise gave.
pub async fn list_mandates(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let uscc = path(&request, "uscc", Uscc::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let items = hop(move || app.mandates(&caller, uscc)).await?;
    page_of(&Page { items, next: None }, mandate_view)
}

/// Lists the mandates that the caller's organisation holds as an agent.
pub async fn list_mandates_held(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let items = hop(move || app.mandates_held(&caller)).await?;
    page_of(&Page { items, next: None }, mandate_view)
}

/// Appoints an agent.
pub async fn appoint_agent(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let uscc = path(&request, "uscc", Uscc::parse)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, mandate)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.appoint(&asked.caller, Some(asked.request_id), uscc, stated, asked.repeat)
    })
    .await
}

/// Dismisses an agent.
pub async fn dismiss_agent(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", MandateId::parse)?;
    let seen = if_match(&request)?;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.dismiss(&asked.caller, Some(asked.request_id), id, seen, asked.repeat)
    })
    .await
}

/// Lists announcements as they stand, newest first.
pub async fn list_broadcasts(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let app = Arc::clone(&edge.app);
    let found = hop(move || app.broadcasts(&after, limit)).await?;
    page_of(&found, broadcast_view)
}

/// Shows an announcement with its earlier versions.
pub async fn get_broadcast(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    no_query(&request)?;
    let id = path(&request, "id", BroadcastId::parse)?;
    let app = Arc::clone(&edge.app);
    let mut versions = hop(move || app.broadcast(id)).await?;
    let last = versions.pop().ok_or(ProblemType::NotFound)?;
    let earlier: Vec<Value> = versions.iter().map(broadcast_view).collect();
    let view = object!({ "broadcast": broadcast_view(&last), "earlier": earlier });
    let mut response = super::json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(Revision(last.revision)));
    Ok(response)
}

/// Publishes an announcement.
pub async fn publish_broadcast(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, broadcast)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.publish_broadcast(&asked.caller, Some(asked.request_id), stated, asked.repeat)
    })
    .await
}

/// Revises an announcement.
pub async fn revise_broadcast(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, broadcast)?;
    change_broadcast(&request, &bytes, BroadcastChange::Revise(stated)).await
}

/// Retracts an announcement.
pub async fn retract_broadcast(request: HttpRequest) -> Result<HttpResponse, Problem> {
    change_broadcast(&request, b"", BroadcastChange::Retract).await
}

async fn change_broadcast(
    request: &HttpRequest,
    bytes: &[u8],
    change: BroadcastChange,
) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", BroadcastId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.change_broadcast(&asked.caller, Some(asked.request_id), id, seen, change, asked.repeat)
    })
    .await
}
