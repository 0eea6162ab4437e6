//! Usage returns: handed in, corrected, shown.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::usage::{ReturnQuery, ReturnSeen, Stated};
use crate::domain::code::{UnitCode, Uscc};
use crate::domain::id::ReturnId;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::Quantity;
use crate::domain::revision::Revision;
use crate::domain::usage_return::ReturnStage;
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

/// Shows a return.
pub fn return_view(seen: &ReturnSeen) -> Value {
    let row = &seen.row;
    let handed_in = row.stage == ReturnStage::HandedIn.as_str();
    let measure = |steps: Option<i64>| steps.map(|steps| Quantity::in_unit_or_finer(i128::from(steps), seen.unit));
    object!({
        "id": row.id,
        "listing": row.listing,
        "enterprise": row.enterprise,
        "scheme": row.scheme,
        "period_from": LegalDay::from_value(row.period_from),
        "period_to": LegalDay::from_value(row.period_to),
        "due_on": LegalDay::from_value(row.due_on),
        "stage": row.stage,
        "overdue": !handed_in && seen.today.value() > row.due_on,
        "opening": measure(row.opening),
        "received": measure(row.received),
        "used": measure(row.used),
        "destroyed": measure(row.destroyed),
        "stock": measure(row.stock),
        "carried_over": measure(seen.carried_over),
        "opening_differs": row.opening.is_some() && seen.carried_over.is_some() && row.opening != seen.carried_over,
        "note": row.note,
        "adjustment": row.adjustment,
        "recorded_at": Instant::from_micros(row.recorded_at),
        "revision": row.revision,
    })
}

impl Shown for ReturnSeen {
    fn revision(&self) -> Revision {
        Revision(self.row.revision)
    }

    fn location(&self) -> String {
        format!("/v1/usage-returns/{}", self.row.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(return_view(self))
    }
}

/// Lists returns.
pub async fn list_usage_returns(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (query, PageAsked { after, limit }) = read_query(&request, |query| {
        let wanted = ReturnQuery {
            enterprise: query.optional("enterprise", Uscc::parse),
            listing: query.optional("listing", ListingNumber::parse),
            stage: query.optional("stage", ReturnStage::parse),
        };
        Some((wanted, page(query)))
    })?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let page = hop(move || app.usage_returns(&caller, &query, &after, limit)).await?;
    let items: Vec<Value> = page.items.iter().map(return_view).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": page.next }))
}

/// Shows a return.
pub async fn get_usage_return(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ReturnId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let seen = hop(move || app.usage_return(&caller, id)).await?;
    let mut response = json(StatusCode::OK, &return_view(&seen))?;
    response.headers_mut().insert(ETAG, etag(Revision(seen.row.revision)));
    Ok(response)
}

fn stated(body: &mut Fields<'_, '_>) -> Option<Stated> {
    let unit = body.required("unit", UnitCode::parse);
    let opening = body.required("opening", Quantity::parse);
    let received = body.required("received", Quantity::parse);
    let used = body.required("used", Quantity::parse);
    let destroyed = body.required("destroyed", Quantity::parse);
    let stock = body.required("stock", Quantity::parse);
    let note = body.optional("note", text(NOTE));
    Some(Stated {
        unit: unit?,
        opening: opening?,
        received: received?,
        used: used?,
        destroyed: destroyed?,
        stock: stock?,
        note,
    })
}

/// Hands in a return.
pub async fn create_usage_return(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let mut faults = Vec::new();
    let read = Fields::read(&body, "", &mut faults, |body| {
        let listing = body.required("listing", ListingNumber::parse);
        let period_from = body.required("period_from", LegalDay::parse);
        let stated = stated(body);
        Some(((listing?, period_from?), stated?))
    });
    let (period, stated) = read.filter(|_| faults.is_empty()).ok_or(faults)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.hand_in(&asked.caller, Some(asked.request_id), period, stated, asked.repeat)
    })
    .await
}

/// Hands in a corrected return.
pub async fn correct_usage_return(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ReturnId::parse)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let mut faults = Vec::new();
    let stated = Fields::read(&body, "", &mut faults, stated);
    let stated = stated.filter(|_| faults.is_empty()).ok_or(faults)?;
    let seen = if_match(&request)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.correct_return(&asked.caller, Some(asked.request_id), id, seen, stated, asked.repeat)
    })
    .await
}
