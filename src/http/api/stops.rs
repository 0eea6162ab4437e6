//! Stops: make one in an emergency, confirm it, lift it, show it.

use super::change_body::{class_reader, read_rejection, reason, scheme_code};
use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::stops::{NewStop, Second, StopRow};
use crate::app::view::ReasonView;
use crate::domain::adjustment::ReasonCode;
use crate::domain::fault::FaultCode;
use crate::domain::id::StopId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::stop::{ItemClass, StopStage};
use crate::domain::validity::{Instant, LegalDay};
use crate::http::blocking::{etag, hop};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json};
use crate::http::problem::{Fault, Problem};
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

fn stop_view(row: &StopRow) -> Result<Value, AppError> {
    let class: ItemClass = serde_json::from_str(&row.class).map_err(AppError::unwritable)?;
    let stage = crate::app::follow::stage(row)?;
    let first = LegalDay::from_value(row.effective_on).filter(|day| *day > LegalDay::MIN);
    Ok(object!({
        "id": row.id,
        "scheme": row.scheme,
        "class": class,
        "stage": stage,
        "holds": stage.holds(),
        "effective_on": first,
        "made_by": row.made_by,
        "expires_at": row.expires_at.map(Instant::from_micros),
        "confirmed_by": row.confirmed_by,
        "review_on": row.review_on.and_then(LegalDay::from_value),
        "reason": ReasonView::new(&row.reason_code, row.reason_basis.as_deref()),
        "adjustment": row.adjustment,
        "recorded_at": Instant::from_micros(row.recorded_at),
        "revision": row.revision,
    }))
}

impl Shown for StopRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/stops/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        stop_view(self)
    }
}

/// Lists stops.
pub async fn list_stops(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let (stage, PageAsked { after, limit }) = read_query(&request, |query| {
        let stage = query.optional("stage", |word| StopStage::parse(word).ok_or(FaultCode::ValueUnknown));
        Some((stage, page(query)))
    })?;
    let app = Arc::clone(&edge.app);
    let view = hop(move || {
        let page = app.stops(stage, &after, limit)?;
        let items: Vec<Value> = page.items.iter().map(stop_view).collect::<Result<_, _>>()?;
        Ok(object!({ "items": items, "next": page.next }))
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Shows one stop.
pub async fn get_stop(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    no_query(&request)?;
    let id = path(&request, "id", StopId::parse)?;
    let app = Arc::clone(&edge.app);
    let (view, revision) = hop(move || {
        let row = app.stop(id)?;
        Ok((stop_view(&row)?, Revision(row.revision)))
    })
    .await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(revision));
    Ok(response)
}

fn read_stop(body: &Value) -> Result<NewStop, Vec<Fault>> {
    let mut faults = Vec::new();
    let stop = Fields::read(body, "", &mut faults, |body| {
        let scheme = body.required("scheme", scheme_code);
        let class = body.object("class", |class| {
            match class.required("kind", |kind| class_reader(kind, true).ok_or(FaultCode::ValueUnknown)) {
                Some(read) => class.required("value", read),
                None => class.required("value", |_| Ok(())).and(None),
            }
        });
        let reason = body.object("reason", reason);
        Some(NewStop { scheme: scheme?, class: class?, reason: reason? })
    });
    stop.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Stops at once.
pub async fn create_stop(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let new = read_stop(&parse_json(&bytes, JSON_DEPTH)?)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.make_stop(&asked.caller, Some(asked.request_id), new, asked.repeat)
    })
    .await
}

/// Confirms an emergency stop: another person than the one who made it.
pub async fn confirm_stop(request: HttpRequest) -> Result<HttpResponse, Problem> {
    second(&request, b"", Second::Confirm).await
}

/// Lifts an emergency stop: another person than the one who made it.
pub async fn lift_stop(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let reason = read_rejection(&parse_json(&bytes, JSON_DEPTH)?)?;
    second(&request, &bytes, Second::Lift(reason)).await
}

async fn second(request: &HttpRequest, bytes: &[u8], what: Second) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", StopId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.second_stop(&asked.caller, Some(asked.request_id), id, seen, what, asked.repeat)
    })
    .await
}

/// Lists the reasons of a change with the act each rests on.
pub async fn list_change_reasons(request: HttpRequest) -> Result<HttpResponse, Problem> {
    asked(&request)?;
    no_query(&request)?;
    let items: Vec<Value> = ReasonCode::ALL
        .iter()
        .map(|code| {
            let both = |text: &dyn Fn(Lang) -> &'static str| object!({ "zh": text(Lang::Zh), "en": text(Lang::En) });
            object!({
                "code": code.as_str(),
                "name": both(&|lang| code.name(lang)),
                "legal_basis": both(&|lang| code.legal_basis(lang)),
                "allows_past": code.allows_past(),
                "basis_required": *code == ReasonCode::Other,
            })
        })
        .collect();
    json(StatusCode::OK, &object!({ "items": items, "next": null }))
}
