//! Declarations at the border: state, release, cancel, correct, release against the answer; each as it stands.

use super::draw_body::{Stated, read_cancel, read_correct, read_manual, read_put, read_release, sequence_of};
use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, no_query, page, path, read_query};
use crate::app::draw::messages::Message;
use crate::app::draw::{DeclarationQuery, Drawn, FOLLOWS_WITHIN, view};
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::code::{DeclarationNumber, Uscc};
use crate::domain::draw::{Act, Command, CorrectionCode, State};
use crate::domain::error::Rule;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::{etag, hop, told};
use crate::http::edge::{asked, edge};
use crate::http::fields::{JSON_DEPTH, Members as _, parse_json, whole};
use crate::http::problem::{Fault, Problem};
use actix_web::body::{MessageBody as _, to_bytes};
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, ETAG};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Reads a body about a declaration.
type Read = fn(&Value, DeclarationNumber) -> Result<Stated, Vec<Fault>>;

/// States the whole position.
pub async fn put_declaration(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    draw(&request, payload, "put", read_put).await
}

/// Writes off.
pub async fn release_declaration(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    draw(&request, payload, "release", |body, _| read_release(body)).await
}

/// Gives back.
pub async fn cancel_declaration(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    draw(&request, payload, "cancel", |body, _| read_cancel(body)).await
}

/// Puts a release right.
pub async fn correct_declaration(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    draw(&request, payload, "correct", |body, _| read_correct(body)).await
}

/// Releases against the answer.
pub async fn manually_release_declaration(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    draw(&request, payload, "manual-release", read_manual).await
}

/// Carries out a message and keeps it with its answer, refused or not.
async fn draw(
    request: &HttpRequest,
    payload: Payload,
    verb: &'static str,
    read: Read,
) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    no_query(request)?;
    let number = path(request, "number", DeclarationNumber::parse)?;
    let received_at = edge.app.clock.now();
    let bytes = json_bytes(request, payload, edge).await?;
    let came = Came { number, verb, caller: asked.caller()?, received_at, request: bytes };
    let (sequence, answered) = came.answer(&edge.app, asked.id.to_string(), read).await;
    match answered {
        Ok((body, revision)) => {
            came.keep(&edge.app, sequence, StatusCode::OK, Some(revision.0), &body);
            edge.metrics.drawn(verb, "applied");
            let mut response = HttpResponse::Ok().content_type(ContentType::json()).body(body);
            response.headers_mut().insert(ETAG, etag(revision));
            Ok(response)
        }
        Err(problem) => {
            let rendered = problem.respond(asked.lang, &asked.id);
            let body = to_bytes(rendered.into_body()).await.unwrap_or_default();
            came.keep(&edge.app, sequence, problem.kind.status(), None, &body);
            edge.metrics.drawn(verb, problem.kind.slug());
            Err(problem)
        }
    }
}

/// Carries out a kept message once more, for an investigation; returns status and body of the answer.
pub fn again(app: &App, caller: &Caller, number: DeclarationNumber, verb: &str, bytes: &[u8]) -> (u16, Vec<u8>) {
    let read: Read = match verb {
        "put" => read_put,
        "release" => |body, _| read_release(body),
        "cancel" => |body, _| read_cancel(body),
        "correct" => |body, _| read_correct(body),
        _ => read_manual,
    };
    let carry_out = || -> Result<Vec<u8>, Problem> {
        let command = command(number, verb, &parse_json(bytes, JSON_DEPTH)?, read)?;
        needs_basis(&command.act)?;
        Ok(rendered(&app.draw(caller, None, command)?)?.0)
    };
    match carry_out() {
        Ok(body) => (StatusCode::OK.as_u16(), body),
        Err(problem) => {
            let rendered = problem.respond(Lang::Zh, "replay");
            (problem.kind.status().as_u16(), rendered.into_body().try_into_bytes().unwrap_or_default().to_vec())
        }
    }
}

/// Reads a message as a command.
fn command(number: DeclarationNumber, verb: &str, body: &Value, read: Read) -> Result<Command, Vec<Fault>> {
    let Stated { sequence, occurred_at, act } = read(body, number)?;
    let mut digest = Sha256::new();
    digest.update(verb.as_bytes());
    // White space apart, the bytes that were sent.
    digest.update(body.to_string().as_bytes());
    Ok(Command { number, sequence, digest: digest.finalize().into(), occurred_at, act })
}

/// Writes the answer of a command that was booked.
fn rendered(drawn: &Drawn) -> Result<(Vec<u8>, Revision), AppError> {
    let view = view::declaration(&drawn.row, drawn.superseded)?;
    let body = serde_json::to_vec(&view).map_err(AppError::unwritable)?;
    Ok((body, Revision(drawn.row.revision)))
}

fn needs_basis(act: &Act) -> Result<(), AppError> {
    match act {
        Act::Correct { reason, .. } if reason.code == CorrectionCode::Other.as_str() && reason.basis.is_none() => {
            Err(AppError::refused(Rule::BasisRequired))
        }
        Act::Put(_)
        | Act::Release { .. }
        | Act::Cancel
        | Act::Correct { .. }
        | Act::Manual { .. }
        | Act::Lapse { .. } => Ok(()),
    }
}

/// A message that came.
struct Came {
    number: DeclarationNumber,
    verb: &'static str,
    caller: Caller,
    received_at: Instant,
    request: Bytes,
}

impl Came {
    /// Reads the message and carries it out; its sequence, where it could be read, and the answer.
    async fn answer(
        &self,
        app: &Arc<App>,
        request_id: String,
        read: Read,
    ) -> (Option<i64>, Result<(Vec<u8>, Revision), Problem>) {
        let body = match parse_json(&self.request, JSON_DEPTH) {
            Ok(body) => body,
            Err(faults) => return (None, Err(faults.into())),
        };
        let answered = match command(self.number, self.verb, &body, read) {
            Ok(command) => self.carry_out(app, request_id, command).await,
            Err(faults) => Err(faults.into()),
        };
        (sequence_of(&body), answered)
    }

    /// Books a command and renders its answer. No thread waits: those that do are many, and give way to lookups even while
    /// they hold the lock of the queue from which they come.
    async fn carry_out(
        &self,
        app: &Arc<App>,
        request_id: String,
        command: Command,
    ) -> Result<(Vec<u8>, Revision), Problem> {
        needs_basis(&command.act)?;
        let (tell, telling) = oneshot::channel();
        // A client that is gone needs no answer.
        let reply = move |outcome| drop(tell.send(outcome));
        if let Some(crowded) = app.draw_then(&self.caller, Some(request_id), command, reply)? {
            hop(move || crowded.wait().map_err(AppError::from)).await?;
        }
        let drawn = told(telling).await?;
        let (revision, app) = (Revision(drawn.row.revision), Arc::clone(app));
        if app.index.load().revision() < revision {
            hop(move || Ok(app.index.wait_for(revision, FOLLOWS_WITHIN))).await?;
        }
        Ok(rendered(&drawn)?)
    }

    fn keep(&self, app: &App, sequence: Option<i64>, status: StatusCode, revision: Option<i64>, answer: &[u8]) {
        app.messages.record(|| Message {
            declaration: self.number,
            verb: self.verb,
            sequence,
            caller: self.caller.clone(),
            received_at: self.received_at,
            status: status.as_u16(),
            revision,
            request: self.request.to_vec(),
            answer: answer.to_vec(),
        });
    }
}

/// Shows a declaration with its history.
pub async fn get_declaration(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let number = path(&request, "number", DeclarationNumber::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let (view, revision) = hop(move || app.declaration(&caller, number)).await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(revision));
    Ok(response)
}

/// Lists declarations; the age board among them.
pub async fn list_declarations(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (query, PageAsked { after, limit }) = read_query(&request, |query| {
        let asked = DeclarationQuery {
            state: query.optional("state", |word| State::parse(word).ok_or(FaultCode::ValueUnknown)),
            enterprise: query.optional("enterprise", Uscc::parse),
            listing: query.optional("listing", ListingNumber::parse),
            older_than_days: query.optional("older_than_days", whole(1..=3650, FaultCode::NumberOutOfRange)),
        };
        Some((asked, page(query)))
    })?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.declarations(&caller, &query, &after, limit)).await?;
    json(StatusCode::OK, &view)
}

/// Lists the movements of a listing.
pub async fn list_listing_movements(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let number = path(&request, "number", ListingNumber::parse)?;
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let place = || {
        let (revision, place) = after.split_once('.')?;
        Some((revision.parse().ok()?, place.parse().ok()?))
    };
    let after = if after.is_empty() {
        (0, 0)
    } else {
        place().ok_or_else(|| Problem::from(Fault::new("/after", FaultCode::CursorFormat)))?
    };
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.movements(&caller, number, after, limit)).await?;
    json(StatusCode::OK, &view)
}
