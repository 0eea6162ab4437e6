//! Findings of inspections, and the board of what supervision has to look at.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::findings::{Closing, FindingRow, NewFinding};
use crate::domain::code::Uscc;
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::finding::{FindingKind, FindingOutcome};
use crate::domain::id::FindingId;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

const NOTE: usize = 2000;
/// Most documents of one finding.
const MOST_DOCUMENTS: usize = 50;

fn finding_view(row: &FindingRow) -> Result<Value, AppError> {
    let documents: Vec<String> = serde_json::from_str(&row.documents).map_err(AppError::unwritable)?;
    Ok(object!({
        "id": row.id,
        "enterprise": row.enterprise,
        "listing": row.listing,
        "found_on": LegalDay::from_value(row.found_on),
        "kind": row.kind,
        "text": row.text,
        "documents": documents,
        "outcome": row.outcome,
        "outcome_text": row.outcome_text,
        "closed_on": row.closed_on.and_then(LegalDay::from_value),
        "recorded_at": Instant::from_micros(row.recorded_at),
        "revision": row.revision,
    }))
}

impl Shown for FindingRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/findings/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        finding_view(self)
    }
}

/// Lists findings.
pub async fn list_findings(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (wanted, PageAsked { after, limit }) = read_query(&request, |query| {
        let enterprise = query.optional("enterprise", Uscc::parse);
        let open = query.optional("state", |word| match word {
            "open" => Ok(true),
            "closed" => Ok(false),
            _ => Err(FaultCode::ValueUnknown),
        });
        Some(((enterprise, open), page(query)))
    })?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let page = hop(move || app.findings(&caller, wanted, &after, limit)).await?;
    let items: Vec<Value> = page.items.iter().map(finding_view).collect::<Result<_, _>>()?;
    json(StatusCode::OK, &object!({ "items": items, "next": page.next }))
}

/// Shows a finding.
pub async fn get_finding(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", FindingId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let row = hop(move || app.finding(&caller, id)).await?;
    let mut response = json(StatusCode::OK, &finding_view(&row)?)?;
    response.headers_mut().insert(ETAG, etag(Revision(row.revision)));
    Ok(response)
}

fn sha256(text: &str) -> Result<String, FaultCode> {
    let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if fits { Ok(text.to_owned()) } else { Err(FaultCode::HashFormat) }
}

fn read_finding(body: &Value) -> Result<NewFinding, Vec<Fault>> {
    let mut faults = Vec::new();
    let finding = Fields::read(body, "", &mut faults, |body| {
        let enterprise = body.required("enterprise", Uscc::parse);
        let listing = body.optional("listing", ListingNumber::parse);
        let found_on = body.required("found_on", LegalDay::parse);
        let kind = body.required("kind", FindingKind::parse);
        let words = body.required("text", text(NOTE));
        let documents = body.optional_list("documents", MOST_DOCUMENTS, |item, pointer, faults| {
            let read = item.as_str().ok_or(FaultCode::WrongType).and_then(sha256);
            read.map_err(|code| faults.push(Fault::new(pointer, code))).ok()
        });
        Some(NewFinding {
            enterprise: enterprise?,
            listing,
            found_on: found_on?,
            kind: kind?,
            text: words?,
            documents: documents.unwrap_or_default(),
        })
    });
    finding.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Records a finding.
pub async fn create_finding(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let new = read_finding(&parse_json(&bytes, JSON_DEPTH)?)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.record_finding(&asked.caller, Some(asked.request_id), new, asked.repeat)
    })
    .await
}

/// Closes a finding.
pub async fn close_finding(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", FindingId::parse)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let mut faults = Vec::new();
    let closing = Fields::read(&body, "", &mut faults, |body| {
        let outcome = body.required("outcome", FindingOutcome::parse);
        let text = body.optional("text", text(NOTE));
        Some(Closing { outcome: outcome?, text })
    });
    let closing = closing.filter(|_| faults.is_empty()).ok_or(faults)?;
    let seen = if_match(&request)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.close_finding(&asked.caller, Some(asked.request_id), id, seen, closing, asked.repeat)
    })
    .await
}

/// Shows what supervision has to look at today.
pub async fn get_supervision(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    no_query(&request)?;
    let app = Arc::clone(&edge.app);
    json(StatusCode::OK, &hop(move || app.supervision_board()).await?)
}
