//! What an enterprise sees of itself: holdings with their quantities, and lines that customs stopped.

use super::json;
use super::parameters::{PageAsked, page, read_query};
use crate::app::AppError;
use crate::app::own::Stopped;
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::id::LookupId;
use crate::domain::lang::Lang;
use crate::domain::reason::Reason;
use crate::http::blocking::hop;
use crate::http::edge::{asked, edge};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Lists what the enterprise holds.
pub async fn list_holdings(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || {
        let found = app.holdings(&caller, &after, limit)?;
        let items = found.items.iter().map(|holding| {
            let listing = serde_json::to_value(&holding.listing).map_err(AppError::unwritable)?;
            let balance = serde_json::to_value(&holding.balance).map_err(AppError::unwritable)?;
            Ok::<Value, AppError>(object!({ "listing": listing, "balance": balance }))
        });
        let items = items.collect::<Result<Vec<Value>, AppError>>()?;
        Ok(object!({ "items": items, "next": found.next }))
    })
    .await?;
    json(StatusCode::OK, &view)
}

fn stopped(stopped: &Stopped, lang: Lang) -> Value {
    let given = Reason::ALL.iter().filter(|reason| stopped.reasons.contains(**reason));
    let reasons = given
        .map(|reason| object!({ "code": reason.as_str(), "text": reason.text(lang), "remedy": reason.remedy(lang) }));
    let (answer, line) = (&stopped.answer, &stopped.line);
    object!({
        "answer": answer.id,
        "answered_at": answer.answered_at,
        "declaration": answer.declaration.number,
        "customs_office": answer.declaration.customs_office,
        "declared_on": answer.declaration.declared_on,
        "line": line.line,
        "hs_code": line.hs_code,
        "cas": line.cas,
        "listing": line.listing,
        "measure": line.measure,
        "verdict": stopped.verdict().as_str(),
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

/// Lists lines of the enterprise's own that customs stopped, with what to do.
pub async fn list_stopped_lines(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let before = match after.as_str() {
        "" => None,
        after => Some(LookupId::parse(after).map_err(|_| Fault::new("/after", FaultCode::CursorFormat))?),
    };
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let found = hop(move || app.stopped_lines(&caller, before, limit)).await?;
    let items: Vec<Value> = found.items.iter().map(|line| stopped(line, lang)).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": found.next }))
}
