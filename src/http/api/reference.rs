//! Schemes, the tariff table and the working-day calendar.

use super::json;
use super::listings::seen_at;
use super::parameters::{no_query, path, read_query};
use crate::domain::code::HsCode;
use crate::domain::fault::FaultCode;
use crate::domain::revision::Revision;
use crate::domain::scheme::Scheme;
use crate::domain::validity::LegalDay;
use crate::http::blocking::hop;
use crate::http::edge::{Edge, asked, edge};
use crate::http::fields::{Members as _, text};
use crate::http::problem::{Problem, ProblemType};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Reads from which revision and for which day a scheme is asked for.
fn seen(request: &HttpRequest, edge: &Edge) -> Result<(Revision, LegalDay), Problem> {
    let seen = read_query(request, |query| Some(seen_at(query)))?;
    if seen.as_of.is_some_and(|asked| asked > edge.app.index.load().revision()) {
        return Err(ProblemType::NotYetCurrent.into());
    }
    Ok((seen.as_of.unwrap_or(Revision::NEWEST), seen.valid_on.unwrap_or_else(|| edge.app.clock.now().day())))
}

/// Lists the schemes: of each the version in force on the day, else the newest.
pub async fn list_schemes(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let (at, day) = seen(&request, edge)?;
    let snapshot = edge.app.index.load();
    let schemes: Vec<&Scheme> =
        snapshot.schemes().iter().filter_map(|history| history.on(day, at)).map(|(scheme, _)| scheme).collect();
    json(StatusCode::OK, &object!({ "items": schemes, "next": null }))
}

/// Finds one scheme.
pub async fn get_scheme(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let code = path(&request, "code", text(64))?;
    let (at, day) = seen(&request, edge)?;
    let snapshot = edge.app.index.load();
    let history = snapshot.schemes().iter().find(|history| history.code() == code);
    let (scheme, _) = history.and_then(|history| history.on(day, at)).ok_or(ProblemType::NotFound)?;
    json(StatusCode::OK, scheme)
}

/// Lists the years of the working-day calendar.
pub async fn get_calendar(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let app = Arc::clone(&edge.app);
    let (years, missing) = hop(move || Ok((app.calendar_years()?, app.calendar_missing()))).await?;
    json(StatusCode::OK, &object!({ "years": years, "missing": missing }))
}

/// Says which documents an HS code carries on a day.
pub async fn get_tariff(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let hs_code = HsCode::parse(request.match_info().get("hs_code").unwrap_or_default());
    let hs_code = hs_code.map_err(|code: FaultCode| crate::http::problem::Fault::new("/hs_code", code))?;
    let on = read_query(&request, |query| Some(query.optional("on", LegalDay::parse)))?;
    let on = on.unwrap_or_else(|| edge.app.clock.now().day());
    let snapshot = edge.app.index.load();
    let row = snapshot.tariff(hs_code).and_then(|history| history.on(on, Revision::NEWEST));
    let documents: Vec<Value> = row
        .map(|row| row.documents.iter())
        .into_iter()
        .flatten()
        .map(|code| {
            let direction = if code.is_export() { "export" } else { "import" };
            object!({ "code": code, "name": code.name(asked.lang), "direction": direction })
        })
        .collect();
    let view = object!({
        "hs_code": hs_code,
        "on": on,
        "known": row.is_some(),
        "documents": documents,
        "valid_from": row.map(|row| row.valid_from),
        "valid_to": row.and_then(|row| row.valid_to),
    });
    json(StatusCode::OK, &view)
}
