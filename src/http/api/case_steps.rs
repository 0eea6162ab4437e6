//! Steps in a case: every verb of district, agencies and bureau, and the applicant's appeal.

use super::case_body as body;
use super::json;
use super::lookups::json_bytes;
use super::parameters::{if_match, no_query, path};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::review::bulk::Decided;
use crate::app::review::claims::HandedOver;
use crate::app::review::insight::Note;
use crate::app::review::{Act, views};
use crate::domain::fault::Fault;
use crate::domain::fields::{Fields, Members as _, text};
use crate::domain::id::{ApplicationId, PersonId};
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::terms_json::NOTE;
use crate::http::blocking::hop;
use crate::http::edge::{asked, edge};
use crate::http::fields::{JSON_DEPTH, parse_json};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Reads a body with `read`.
pub(super) async fn read_body<T>(
    request: &HttpRequest,
    payload: Payload,
    read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
) -> Result<(Bytes, T), Problem> {
    no_query(request)?;
    let bytes = json_bytes(request, payload, edge(request)?).await?;
    let value = parse_json(&bytes, JSON_DEPTH)?;
    let value = body::whole_body(&value, read).map_err(|faults: Vec<Fault>| Problem::from(faults))?;
    Ok((bytes, value))
}

async fn act(request: &HttpRequest, bytes: &[u8], act: Act) -> Result<HttpResponse, Problem> {
    let id = path(request, "id", ApplicationId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.act_on_case(&asked.caller, Some(asked.request_id), id, seen, act, asked.repeat)
    })
    .await
}

/// One handler per step: its doc, name, and how its body is read.
macro_rules! steps {
    ($($(#[$doc:meta])+ $handler:ident $read:expr;)+) => {$(
        $(#[$doc])+
        pub async fn $handler(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
            let (bytes, step) = read_body(&request, payload, $read).await?;
            act(&request, &bytes, step).await
        }
    )+};
}

steps! {
    /// Asks for corrections.
    ask_application body::ask;
    /// Does not take a case in.
    decline_application body::decline;
    /// Lets an applicant from outside the core area in, or keeps it out.
    evaluate_application body::evaluate;
    /// Recommends a case, or recommends against it.
    recommend_application body::recommend;
    /// Gives or changes an agency's opinions.
    give_opinions body::opine;
    /// Closes the round of opinions.
    consolidate_application body::consolidate;
    /// Puts on record how opinions were resolved.
    resolve_application body::resolve;
    /// Returns a case to the agencies.
    return_application body::give_back;
    /// Proposes decisions.
    propose_decisions body::propose;
    /// Decides as proposed.
    decide_application body::decide;
    /// Sends a proposal back.
    send_back_application body::send_back;
    /// Takes a decision up again.
    reopen_application body::reopen;
    /// Appeals against refusals.
    appeal_application body::appeal;
    /// Judges an appeal.
    judge_appeal body::judge;
    /// Stops the clock.
    pause_application body::pause;
    /// Starts the clock again.
    resume_application body::resume;
    /// Gives more time.
    extend_application body::extend;
}

/// Takes a case in.
pub async fn accept_application(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    act(&request, b"", Act::Accept).await
}

/// Keeps the draft of an agency's opinions.
pub async fn draft_opinions(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (bytes, _) = read_body(&request, payload, body::statements).await?;
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let id = path(&request, "id", ApplicationId::parse)?;
    let mut items = parse_json(&bytes, JSON_DEPTH)?;
    let items = items.get_mut("items").map(Value::take).unwrap_or_default();
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.draft_opinions(&caller, id, items)).await?;
    json(StatusCode::OK, &view)
}

impl Shown for Note {
    fn revision(&self) -> Revision {
        Revision(self.0.revision)
    }

    fn location(&self) -> String {
        format!("/v1/applications/{}/notes", self.0.application)
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        Ok(views::event(&self.0, lang))
    }
}

/// Writes a note on a case.
pub async fn add_case_note(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (bytes, note) = read_body(&request, payload, body::new_note).await?;
    let id = path(&request, "id", ApplicationId::parse)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.note(&asked.caller, Some(asked.request_id), id, note, asked.repeat)
    })
    .await
}

/// Takes a case into the caller's hands.
pub async fn claim_application(request: HttpRequest) -> Result<HttpResponse, Problem> {
    in_hand(&request, true).await
}

/// Gives a case out of the caller's hands.
pub async fn release_application(request: HttpRequest) -> Result<HttpResponse, Problem> {
    in_hand(&request, false).await
}

async fn in_hand(request: &HttpRequest, claim: bool) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let (edge, asked) = (edge(request)?, asked(request)?);
    let id = path(request, "id", ApplicationId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || if claim { app.claim_case(&caller, id) } else { app.release_case(&caller, id) }).await?;
    json(StatusCode::OK, &object!(view))
}

impl Shown for HandedOver {
    fn revision(&self) -> Revision {
        self.revision
    }

    fn location(&self) -> String {
        format!("/v1/applications/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(self.view.clone())
    }
}

/// Hands a case to a colleague.
pub async fn reassign_application(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (bytes, (to, note)) = read_body(&request, payload, |fields| {
        let to = fields.required("person", PersonId::parse);
        let note = fields.optional("note", text(NOTE));
        Some((to?, note))
    })
    .await?;
    let id = path(&request, "id", ApplicationId::parse)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.reassign_case(&asked.caller, Some(asked.request_id), id, to, note, asked.repeat)
    })
    .await
}

impl Shown for Decided {
    fn revision(&self) -> Revision {
        self.revision
    }

    fn location(&self) -> String {
        "/v1/worklists/approvals".to_owned()
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(self.view.clone())
    }
}

/// Decides as proposed on several cases.
pub async fn decide_applications(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (bytes, (cases, note)) = read_body(&request, payload, body::decided_cases).await?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.decide_cases(&asked.caller, Some(asked.request_id), cases, note, asked.repeat)
    })
    .await
}
