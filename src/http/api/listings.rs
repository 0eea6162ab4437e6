//! Listings: pages, one, its versions, its balance, workbooks.

use super::parameters::{PageAsked, no_query, page, path, read_query};
use super::{XLSX, json};
use crate::app::report::{ListingQuery, SeenAt};
use crate::domain::code::{HsCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::listing::Status;
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::http::blocking::{etag, hop, hop_for};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Members as _, Query, text, whole};
use crate::http::problem::{Fault, Problem, ProblemType};
use crate::sheet::{ExportRow, list_csv, list_xlsx};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;
use std::time::Duration;

/// Time an export may take.
const EXPORT: Duration = Duration::from_secs(60);

/// Largest revision on the wire.
pub const LAST_REVISION: i64 = 9_007_199_254_740_991;

/// Reads `as_of_revision`.
pub fn revision(query: &mut Query<'_, '_>) -> Option<Revision> {
    query.optional("as_of_revision", whole(1..=LAST_REVISION, FaultCode::NumberOutOfRange)).map(Revision)
}

fn filters(query: &mut Query<'_, '_>) -> ListingQuery {
    ListingQuery {
        enterprise: query.optional("enterprise", Uscc::parse),
        hs_code: query.optional("hs_code", HsCode::parse),
        status: query.optional("status", |word| Status::parse(word).ok_or(FaultCode::ValueUnknown)),
        q: query.optional("q", text(100)),
        batch: query.optional("batch", text(64)),
        valid_on: query.optional("valid_on", LegalDay::parse),
        as_of: revision(query),
    }
}

/// Reads `as_of_revision` and `valid_on`.
pub fn seen_at(query: &mut Query<'_, '_>) -> SeenAt {
    SeenAt { as_of: revision(query), valid_on: query.optional("valid_on", LegalDay::parse) }
}

/// Lists listings.
pub async fn list_listings(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (filters, PageAsked { after, limit }) = read_query(&request, |query| Some((filters(query), page(query))))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.listings(&caller, &filters, &after, limit)).await?;
    json(StatusCode::OK, &view)
}

async fn export(request: &HttpRequest) -> Result<Vec<ExportRow>, Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let filters = read_query(request, |query| Some(filters(query)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    hop_for(EXPORT, move || app.export(&caller, &filters)).await
}

/// Answers a file to be saved under a name.
pub fn attachment(content_type: &'static str, name: &'static str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(body)
}

/// Exports listings as a workbook.
pub async fn export_listings_xlsx(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let rows = export(&request).await?;
    let body = list_xlsx(&rows).map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(attachment(XLSX, "listings.xlsx", body))
}

/// Exports listings as CSV.
pub async fn export_listings_csv(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let rows = export(&request).await?;
    Ok(attachment("text/csv; charset=utf-8", "listings.csv", list_csv(&rows)))
}

/// Finds one listing.
pub async fn get_listing(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let number = path(&request, "number", ListingNumber::parse)?;
    let (as_of, day) =
        read_query(&request, |query| Some((revision(query), query.optional("valid_on", LegalDay::parse))))?;
    if as_of.is_some_and(|as_of| as_of > edge.app.index.load().revision()) {
        return Err(ProblemType::NotYetCurrent.into());
    }
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.listing(&caller, number, as_of, day)).await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(view.revision));
    Ok(response)
}

/// Lists the versions of a listing.
pub async fn list_listing_versions(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let number = path(&request, "number", ListingNumber::parse)?;
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let after =
        if after.is_empty() { 0 } else { after.parse().map_err(|_| Fault::new("/after", FaultCode::CursorFormat))? };
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.listing_versions(&caller, number, after, limit)).await?;
    json(StatusCode::OK, &view)
}

/// Returns the balance of a listing.
pub async fn get_listing_balance(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let number = path(&request, "number", ListingNumber::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let (view, revision) = hop(move || app.balance(&caller, number)).await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(revision));
    Ok(response)
}
