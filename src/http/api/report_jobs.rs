//! Reports and exports made in the background: asked for, looked at, taken away.
//!
//! What can be asked for is every export of the endpoint table, by its own path and query; whether somebody may is its row's to
//! say, when it is asked for, when it is made and again when its file is handed out.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::report_jobs::{ReportJob, ReportState, Wanted};
use crate::domain::actor::{Caller, RoleSet};
use crate::domain::duty::Duty;
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::id::ReportJobId;
use crate::domain::lang::Lang;
use crate::domain::mandate::Scope;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::{etag, hop};
use crate::http::edge::{Edge, asked, edge};
use crate::http::endpoints::{Access, ENDPOINTS, Endpoint};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::{Problem, ProblemType};
use crate::http::standing::{counted, lacking};
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, ETAG};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::{self, Stream};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Longest path and query of an export.
const TARGET: usize = 2_000;

impl Shown for ReportJob {
    fn revision(&self) -> Revision {
        Revision(i64::from(self.row.version))
    }

    fn location(&self) -> String {
        format!("/v1/report-jobs/{}", self.row.id)
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        let row = &self.row;
        let state = ReportState::parse(&row.state).map(|state| state.name(lang)).unwrap_or_default();
        Ok(object!({
            "id": row.id,
            "report": row.operation,
            "target": row.target,
            "state": row.state,
            "state_text": state,
            "ahead": self.ahead,
            "attempts": row.attempts,
            "bytes": row.bytes,
            "file": row.file,
            "error": row.error,
            "asked_at": Instant::from_micros(row.asked_at),
            "started_at": row.started_at.map(Instant::from_micros),
            "ended_at": row.ended_at.map(Instant::from_micros),
            "kept_until": row.kept_until.map(Instant::from_micros),
            "version": row.version,
        }))
    }
}

/// Finds the export that a path with its query names, and who may ask for it.
fn export(target: &str) -> Option<(&'static Endpoint, RoleSet, Duty)> {
    let path = target.split('?').next().unwrap_or_default();
    let fits = |endpoint: &&Endpoint| {
        let (mut known, mut given) = (endpoint.path.split('/'), path.split('/'));
        loop {
            match (known.next(), given.next()) {
                (None, None) => return true,
                (Some(known), Some(given)) if known == given => {}
                (Some(known), Some(given)) if known.starts_with('{') && known.ends_with('}') && !given.is_empty() => {}
                (Some(_) | None, _) => return false,
            }
        }
    };
    let exports = ENDPOINTS.iter().filter(|endpoint| endpoint.operation.starts_with("export_"));
    let found = exports.filter(|endpoint| endpoint.method == "GET").find(fits)?;
    match found.access {
        Access::Roles(roles, duty) => Some((found, roles, duty)),
        Access::Public | Access::Metrics => None,
    }
}

/// Whether somebody may still have what they asked for: under every role that it was asked for in, and for whom they act.
fn still_may(edge: &Edge, caller: &Caller, job: &ReportJob) -> bool {
    let Some((_, needed, duty)) = export(&job.row.target) else { return false };
    let counts = counting(edge, caller, duty);
    let had = job.roles().intersection(needed);
    let mandated = caller.acting_for.is_none_or(|enterprise| {
        let path = job.row.target.split('?').next().unwrap_or_default();
        let today = edge.app.clock.now().day();
        edge.app.index.load().register().may_act(caller, enterprise, Scope::needed("GET", path), today)
    });
    !had.is_empty() && had.without(counts).is_empty() && mandated
}

/// The roles of a caller that count for a duty.
fn counting(edge: &Edge, caller: &Caller, duty: Duty) -> RoleSet {
    counted(edge, caller).under(duty)
}

/// Lists the jobs of the caller.
pub async fn list_report_jobs(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let page = hop(move || app.report_jobs(&caller, &after, limit)).await?;
    let items: Result<Vec<Value>, AppError> = page.items.iter().map(|job| job.view(asked.lang)).collect();
    json(StatusCode::OK, &object!({ "items": items?, "next": page.next }))
}

/// Asks for a report to be made in the background.
pub async fn ask_for_report(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let bytes = json_bytes(&request, payload, edge).await?;
    let mut faults = Vec::new();
    let target =
        Fields::read(&parse_json(&bytes, JSON_DEPTH)?, "", &mut faults, |body| body.required("target", text(TARGET)));
    let target = target.filter(|_| faults.is_empty()).ok_or(faults)?;
    let unknown = || Problem::from(Fault::new("/target", FaultCode::ValueUnknown));
    let (endpoint, needed, duty) = export(&target).ok_or_else(unknown)?;
    if target.parse::<actix_web::http::Uri>().is_err() {
        return Err(unknown());
    }
    let caller = asked.caller()?;
    if !caller.roles.intersects(needed) {
        return Err(ProblemType::Forbidden.into());
    }
    if !counting(edge, &caller, duty).intersects(needed) {
        return Err(lacking(duty));
    }
    let wanted = Wanted { operation: endpoint.operation, target, lang: asked.lang };
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.ask_for_report(&asked.caller, asked.request_id, wanted, asked.repeat)
    })
    .await
}

/// Shows a job of the caller.
pub async fn get_report_job(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ReportJobId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let job = hop(move || app.report_job(&caller, id)).await?;
    let mut response = json(StatusCode::OK, &job.view(asked.lang)?)?;
    response.headers_mut().insert(ETAG, etag(job.revision()));
    Ok(response)
}

/// Hands out the file of a job.
pub async fn get_report_file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ReportJobId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let of = caller.clone();
    let job = hop(move || app.report_job(&of, id)).await?;
    if !still_may(edge, &caller, &job) {
        return Err(ProblemType::Forbidden.into());
    }
    let (true, Some(file)) = (job.is_done(), job.row.file.as_deref()) else {
        return Err(ProblemType::NotFound.into());
    };
    let size = u64::try_from(job.row.bytes).map_err(|_| ProblemType::Internal)?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(job.row.media.as_str())
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")));
    Ok(response.body(SizedStream::new(size, Box::pin(pieces(Arc::clone(&edge.app), job)))))
}

/// Reads each piece when the one before is on its way: a slow reader holds no thread.
fn pieces(app: Arc<crate::app::App>, job: ReportJob) -> impl Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(0_i32, move |number| {
        let (app, id, parts) = (Arc::clone(&app), job.row.id.clone(), job.row.parts);
        async move {
            if number >= parts {
                return Ok(None);
            }
            let piece = hop(move || app.report_part(&id, number)).await?;
            Ok(Some((Bytes::from(piece), number.saturating_add(1))))
        }
    })
}

/// Removes a job of the caller with its file.
pub async fn remove_report(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ReportJobId::parse)?;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.remove_report(&asked.caller, Some(asked.request_id), id, asked.repeat)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_found_by_their_paths() {
        for (target, operation) in [
            ("/v1/listings.xlsx", Some("export_listings_xlsx")),
            ("/v1/listings.csv?status=suspended", Some("export_listings_csv")),
            ("/v1/reports/figures/decided/rows.csv?key=a", Some("export_figure_rows_csv")),
            ("/v1/log/export.tar", Some("export_log")),
            ("/v1/listings", None),
            ("/v1/listings.xlsx/", None),
            ("v1/listings.xlsx", None),
            ("//v1/listings.xlsx", None),
            ("/v1/reports/figures//rows.csv", None),
            ("/v1/report-jobs/rpt_0/file", None),
            ("", None),
        ] {
            assert_eq!(export(target).map(|(endpoint, ..)| endpoint.operation), operation, "{target}");
        }
    }
}
