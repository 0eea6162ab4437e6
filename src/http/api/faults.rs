//! A spreadsheet goes back with its faults: the same cells, faulty ones marked, and what is wrong in words. Nothing is
//! changed; what is judged is what the import of the same file would be judged by.

use super::XLSX;
use super::adjustments::{only_scheme, sheet_bytes};
use super::listings::attachment;
use super::parameters::{no_query, path, read_query};
use super::write::LONG;
use crate::app::{App, AppError};
use crate::domain::id::ApplicationId;
use crate::http::blocking::hop_for;
use crate::http::edge::{asked, edge};
use crate::http::fields::{Members as _, text};
use crate::http::problem::{Problem, ProblemType};
use crate::sheet::{Grid, Limits, SheetFault, marked_xlsx, read_in_child, screening_rows};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;

/// Reads a file, judges it and answers the workbook of its faults; nothing where there are none.
async fn marked(
    request: &HttpRequest,
    payload: Payload,
    judge: impl FnOnce(&App, &Grid) -> Result<(), AppError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let bytes = sheet_bytes(request, payload, edge).await?;
    let _permit = edge.imports.acquire().await.map_err(|_| ProblemType::Unavailable)?;
    let (app, program, lang) = (Arc::clone(&edge.app), edge.program.clone(), asked.lang);
    let body = hop_for(LONG, move || {
        let grid = read_in_child(&program, &bytes, &Limits::STANDARD)
            .map_err(|fault: SheetFault| AppError::Sheet(vec![fault]))?;
        match judge(&app, &grid) {
            Ok(()) => Ok(None),
            Err(AppError::Sheet(faults)) => marked_xlsx(&grid, &faults, lang).map(Some).map_err(AppError::unwritable),
            Err(error) => Err(error),
        }
    })
    .await?;
    Ok(body.map_or_else(|| HttpResponse::NoContent().finish(), |body| attachment(XLSX, "faults.xlsx", body)))
}

/// Marks the faults of a list that would be proposed.
pub async fn mark_adjustment_faults(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let scheme = read_query(&request, |query| Some(query.optional("scheme", text(64))))?;
    let scheme = match scheme {
        Some(scheme) => scheme,
        None => only_scheme(edge(&request)?)?,
    };
    marked(&request, payload, move |app, grid| app.read_list(grid, &scheme, None).map(drop)).await
}

/// Marks the faults of items that would go into a draft.
pub async fn mark_item_faults(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let caller = asked(&request)?.caller()?;
    marked(&request, payload, move |app, grid| app.judge_items(&caller, id, grid)).await
}

/// Marks the faults of entries that would go on a screening list.
pub async fn mark_screening_faults(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    marked(&request, payload, |_, grid| screening_rows(grid).map(drop).map_err(AppError::Sheet)).await
}
