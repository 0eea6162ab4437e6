//! Erasures of personal data: proposed by one administrator, confirmed or refused by another.

use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::people::{page_of, shown};
use super::people_body::read;
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::privacy::{ErasureRow, Whose};
use crate::domain::code::Uscc;
use crate::domain::erasure::{ErasureState, Ground, Subject};
use crate::domain::id::{ErasureId, PersonId};
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::hop;
use crate::http::edge::{asked, edge};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::sync::Arc;

impl Shown for ErasureRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/privacy/erasures/{}", self.id)
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        Ok(erasure_view(self, lang))
    }
}

fn erasure_view(row: &ErasureRow, lang: Lang) -> Value {
    let ground = Ground::parse(&row.ground).map_or(row.ground.as_str(), |ground| ground.name(lang));
    let state = ErasureState::parse(&row.state).map_or(row.state.as_str(), |state| state.name(lang));
    let id = if row.subject_kind == Subject::Person.as_str() { "id" } else { "enterprise" };
    json!({
        "id": row.id, "subject": { "kind": row.subject_kind, id: row.subject }, "ground": row.ground, "ground_text": ground,
        "state": row.state, "state_text": state, "rows": row.row_count, "proposed_by": row.proposed_by,
        "decided_by": row.decided_by, "recorded_at": Instant::from_micros(row.recorded_at), "revision": row.revision,
    })
}

/// Lists erasures.
pub async fn list_erasures(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    let found = hop(move || app.erasures(&after, limit)).await?;
    page_of(&found, |row| erasure_view(row, lang))
}

/// Shows an erasure.
pub async fn get_erasure(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ErasureId::parse)?;
    let app = Arc::clone(&edge.app);
    shown(&hop(move || app.erasure(id)).await?, asked.lang)
}

fn whose(body: &mut Fields<'_, '_>) -> Option<Whose> {
    body.object("subject", |subject| match subject.required("kind", Subject::parse)? {
        Subject::Person => subject.required("id", PersonId::parse).map(Whose::Person),
        Subject::Contact => subject.required("enterprise", Uscc::parse).map(Whose::Contact),
    })
}

/// Proposes an erasure.
pub async fn propose_erasure(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let (whose, ground) = read(&parse_json(&bytes, JSON_DEPTH)?, |body| {
        let (whose, ground) = (whose(body), body.required("ground", Ground::parse));
        Some((whose?, ground?))
    })?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.propose_erasure(&asked.caller, Some(asked.request_id), whose, ground, asked.repeat)
    })
    .await
}

/// Confirms an erasure, which erases.
pub async fn confirm_erasure(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, true).await
}

/// Refuses an erasure.
pub async fn refuse_erasure(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, false).await
}

async fn decide(request: &HttpRequest, confirm: bool) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", ErasureId::parse)?;
    let seen = if_match(request)?;
    write(request, b"", StatusCode::OK, move |app, asked| {
        app.decide_erasure(&asked.caller, Some(asked.request_id), (id, seen), confirm, asked.repeat)
    })
    .await
}
