//! Organisations, people, grants, and the first administrator.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::people_body::{
    account, accounts, grant, grant_view, organisation, organisation_view, person, person_view, read,
};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::people::grants::GrantDecision;
use crate::app::people::persons::{PersonChange, PersonView};
use crate::app::people::{GrantRow, OrganisationRow};
use crate::app::view::Page;
use crate::domain::id::{GrantId, PersonId};
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
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

impl Shown for OrganisationRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/organisations/{}", self.code)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(organisation_view(self))
    }
}

impl Shown for PersonView {
    fn revision(&self) -> Revision {
        Revision(self.row.revision)
    }

    fn location(&self) -> String {
        format!("/v1/people/{}", self.row.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(person_view(self))
    }
}

impl Shown for GrantRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/people/{}/grants", self.person)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(grant_view(self))
    }
}

/// Answers a thing with its entity tag.
pub(super) fn shown<T: Shown>(thing: &T, lang: Lang) -> Result<HttpResponse, Problem> {
    let mut response = json(StatusCode::OK, &thing.view(lang)?)?;
    response.headers_mut().insert(ETAG, etag(thing.revision()));
    Ok(response)
}

/// Answers a page of things.
pub(super) fn page_of<T>(page: &Page<T>, view: impl Fn(&T) -> Value) -> Result<HttpResponse, Problem> {
    let items: Vec<Value> = page.items.iter().map(view).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": page.next }))
}

/// Lists organisations.
pub async fn list_organisations(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let app = Arc::clone(&edge.app);
    let found = hop(move || app.organisations(&after, limit)).await?;
    page_of(&found, organisation_view)
}

/// Shows an organisation.
pub async fn get_organisation(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let code = path(&request, "code", text(64))?;
    let app = Arc::clone(&edge.app);
    shown(&hop(move || app.organisation(&code)).await?, asked.lang)
}

/// Registers an organisation.
pub async fn register_organisation(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, |body| organisation(body, None))?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.state_organisation(&asked.caller, Some(asked.request_id), stated, None, asked.repeat)
    })
    .await
}

/// States an organisation anew.
pub async fn change_organisation(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let code = path(&request, "code", text(64))?;
    let seen = if_match(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, |body| organisation(body, Some(code)))?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.state_organisation(&asked.caller, Some(asked.request_id), stated, Some(seen), asked.repeat)
    })
    .await
}

/// Lists people.
pub async fn list_people(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (org, PageAsked { after, limit }) =
        read_query(&request, |query| Some((query.optional("org", text(256)), page(query))))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let found = hop(move || app.people(&caller, org.as_deref(), &after, limit)).await?;
    page_of(&found, person_view)
}

/// Shows a person.
pub async fn get_person(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", PersonId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    shown(&hop(move || app.person(&caller, id)).await?, asked.lang)
}

/// Registers a person.
pub async fn register_person(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let (stated, accounts) = read(&parse_json(&bytes, JSON_DEPTH)?, |body| {
        let (stated, accounts) = (person(body, None), accounts(body));
        Some((stated?, accounts?))
    })?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.register_person(&asked.caller, Some(asked.request_id), stated, accounts, asked.repeat)
    })
    .await
}

/// States the particulars of a person anew.
pub async fn change_person(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, |body| person(body, None))?;
    change(&request, &bytes, PersonChange::State(stated)).await
}

/// Joins another account to a person.
pub async fn join_account(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let account = read(&parse_json(&bytes, JSON_DEPTH)?, account)?;
    change(&request, &bytes, PersonChange::Join(account)).await
}

/// Lets a person act no longer.
pub async fn deactivate_person(request: HttpRequest) -> Result<HttpResponse, Problem> {
    change(&request, b"", PersonChange::Deactivate).await
}

/// Lets a person act again.
pub async fn reactivate_person(request: HttpRequest) -> Result<HttpResponse, Problem> {
    change(&request, b"", PersonChange::Reactivate).await
}

async fn change(request: &HttpRequest, bytes: &[u8], change: PersonChange) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", PersonId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.change_person(&asked.caller, Some(asked.request_id), id, seen, change, asked.repeat)
    })
    .await
}

/// Hands what waits for a person to another.
pub async fn hand_over(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", PersonId::parse)?;
    let seen = if_match(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let to = read(&parse_json(&bytes, JSON_DEPTH)?, |body| body.required("to", PersonId::parse))?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.hand_over(&asked.caller, Some(asked.request_id), (id, seen), to, asked.repeat)
    })
    .await
}

/// Lists the grants of a person.
pub async fn list_grants(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", PersonId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let items = hop(move || app.grants(&caller, id)).await?;
    page_of(&Page { items, next: None }, grant_view)
}

/// Grants a role, or proposes to.
pub async fn grant_role(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", PersonId::parse)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, grant)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.grant(&asked.caller, Some(asked.request_id), id, stated, asked.repeat)
    })
    .await
}

/// Agrees to a grant as a second administrator.
pub async fn confirm_grant(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, GrantDecision::Confirm).await
}

/// Refuses a proposed grant.
pub async fn refuse_grant(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, GrantDecision::Refuse).await
}

/// Ends a grant at once.
pub async fn end_grant(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, GrantDecision::End).await
}

async fn decide(request: &HttpRequest, decision: GrantDecision) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", GrantId::parse)?;
    let seen = if_match(request)?;
    write(request, b"", StatusCode::OK, move |app, asked| {
        app.decide_grant(&asked.caller, Some(asked.request_id), id, seen, decision, asked.repeat)
    })
    .await
}

/// Makes the caller the first administrator.
pub async fn set_up_first_administrator(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let org = asked(&request)?.caller()?.org;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let (code, stated) = read(&parse_json(&bytes, JSON_DEPTH)?, |body| {
        let code = body.required("code", text(64));
        let stated = person(body, Some(&org));
        Some((code?, stated?))
    })?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.found_administration(&asked.caller, Some(asked.request_id), code, stated, asked.repeat)
    })
    .await
}
