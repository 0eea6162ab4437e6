//! What differs between two revisions of the list: as pages, as a workbook, as CSV.

use super::listings::{LAST_REVISION, attachment};
use super::parameters::{PageAsked, page, read_query};
use super::{XLSX, json};
use crate::app::changes::Between;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::http::blocking::{hop, hop_for};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Members as _, Query, whole};
use crate::http::problem::{Problem, ProblemType};
use crate::sheet::{findings_csv, table_xlsx};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;
use std::time::Duration;

/// Time a table may take.
const TABLE: Duration = Duration::from_secs(60);

fn between(query: &mut Query<'_, '_>) -> Option<Between> {
    let revision = || whole(1..=LAST_REVISION, FaultCode::NumberOutOfRange);
    let (from, to) = (query.required("from", revision()), query.required("to", revision()));
    let valid_on = query.optional("valid_on", LegalDay::parse);
    Some(Between { from: Revision(from?), to: Revision(to?), valid_on })
}

/// Lists the listings that differ.
pub async fn list_listing_changes(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (between, PageAsked { after, limit }) = read_query(&request, |query| {
        let between = between(query);
        let page = page(query);
        Some((between?, page))
    })?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let view = hop(move || app.listing_changes(&caller, between, &after, limit)).await?;
    json(StatusCode::OK, &view)
}

fn header(lang: Lang) -> [&'static str; 6] {
    lang.pick(
        ["名单编号", "统一社会信用代码", "变动", "项目", "原值", "新值"],
        ["listing", "enterprise", "change", "member", "from", "to"],
    )
}

async fn table(request: &HttpRequest) -> Result<(Vec<Vec<String>>, Lang), Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let between = read_query(request, between)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    Ok((hop_for(TABLE, move || app.listing_changes_table(&caller, between, lang)).await?, lang))
}

/// Writes the changes as CSV.
pub async fn export_listing_changes_csv(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (rows, lang) = table(&request).await?;
    Ok(attachment("text/csv; charset=utf-8", "listing-changes.csv", findings_csv(&header(lang), &rows)))
}

/// Writes the changes as a workbook.
pub async fn export_listing_changes_xlsx(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (rows, lang) = table(&request).await?;
    let body = table_xlsx(lang.pick("名单变动", "changes"), &header(lang), &rows);
    let body = body.map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(attachment(XLSX, "listing-changes.xlsx", body))
}
