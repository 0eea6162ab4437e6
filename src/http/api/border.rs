//! What people look at beside declarations: manual releases and their review, raw messages, rules in shadow.

use super::json;
use super::listings::attachment;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::draw::messages::MessageRow;
use crate::app::draw::review::{Finding, ManualReleaseRow};
use crate::app::draw::{table, view};
use crate::app::view::Page;
use crate::domain::code::DeclarationNumber;
use crate::domain::fault::FaultCode;
use crate::domain::id::{ManualReleaseId, MessageId};
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::{etag, hop, hop_for};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::Problem;
use crate::sheet::findings_csv;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;
use std::time::Duration;

/// States of a manual release.
const STATES: [&str; 3] = ["unreviewed", "accepted", "objected"];

/// Time the export may take.
const EXPORT: Duration = Duration::from_secs(60);

fn state(word: &str) -> Result<&'static str, FaultCode> {
    STATES.into_iter().find(|known| *known == word).ok_or(FaultCode::ValueUnknown)
}

/// Takes manual releases away as CSV.
pub async fn export_manual_releases(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let state = read_query(&request, |query| Some(query.optional("state", state)))?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let body = hop_for(EXPORT, move || {
        let rows = app.every_manual_release(&caller, state)?;
        let cells: Vec<Vec<String>> = rows.iter().map(|row| table::row(row, lang)).collect();
        Ok(findings_csv(&table::header(lang), &cells))
    })
    .await?;
    Ok(attachment("text/csv; charset=utf-8", "manual-releases.csv", body))
}

/// Lists manual releases.
pub async fn list_manual_releases(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (state, PageAsked { after, limit }) = read_query(&request, |query| {
        let state = query.optional("state", state);
        Some((state, page(query)))
    })?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.manual_releases(&caller, state, &after, limit)).await?;
    json(StatusCode::OK, &view)
}

/// Shows one manual release.
pub async fn get_manual_release(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ManualReleaseId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let (view, revision) = hop(move || {
        let row = app.manual_release(&caller, id)?;
        Ok((view::manual_release(&row, app.clock.now().day())?, Revision(row.revision)))
    })
    .await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(revision));
    Ok(response)
}

impl Shown for ManualReleaseRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/manual-releases/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        // Shown as of its review: that is when it changed last.
        let on = Instant::from_micros(self.reviewed_at.unwrap_or(self.released_at)).day();
        view::manual_release(self, on)
    }
}

/// Reviews a manual release.
pub async fn review_manual_release(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ManualReleaseId::parse)?;
    let seen = if_match(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let mut faults = Vec::new();
    let read = Fields::read(&body, "", &mut faults, |body| {
        let finding = body.required("outcome", |word| Finding::parse(word).ok_or(FaultCode::ValueUnknown));
        let basis = body.required("basis", text(500));
        Some((finding?, basis?))
    });
    let (finding, basis) = read.filter(|_| faults.is_empty()).ok_or(faults)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.review_manual_release(&asked.caller, Some(asked.request_id), id, seen, finding, basis, asked.repeat)
    })
    .await
}

fn message(row: &MessageRow) -> Value {
    object!({
        "id": row.id,
        "declaration": row.declaration,
        "verb": row.verb,
        "sequence": row.sequence,
        "org": row.org,
        "received_at": Instant::from_micros(row.received_at),
        "status": row.status,
        "revision": row.revision,
    })
}

/// Lists raw messages about a declaration.
pub async fn list_draw_messages(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (declaration, after, limit) = read_query(&request, |query| {
        let declaration = query.required("declaration", DeclarationNumber::parse);
        let page = page(query);
        Some((declaration?, page.after, page.limit))
    })?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || {
        let page = app.draw_messages(&caller, declaration, &after, limit)?;
        Ok(Page { items: page.items.iter().map(message).collect(), next: page.next })
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Shows a raw message.
pub async fn get_draw_message(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", MessageId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || {
        let row = app.draw_message(&caller, id)?;
        let mut view = message(&row);
        if let Value::Object(members) = &mut view {
            let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes).into_owned());
            members.insert("request".to_owned(), text(&row.request));
            members.insert("answer".to_owned(), text(&row.answer));
        }
        Ok(view)
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Reports what rules in shadow would have decided.
pub async fn get_scheme_shadow(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    no_query(&request)?;
    let code = path(&request, "code", |code| Ok(code.to_owned()))?;
    let app = Arc::clone(&edge.app);
    let view = hop(move || app.shadow_report(&code)).await?;
    json(StatusCode::OK, &view)
}
