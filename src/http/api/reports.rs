//! Figures of review and list: all of them, what each counts; what happened at the border; the same as tables for spreadsheets.

use super::case_body::word;
use super::listings::attachment;
use super::parameters::{PageAsked, page, path, read_query};
use super::{XLSX, json};
use crate::app::border::{self, Asked, Interval, Traffic};
use crate::app::review::figures::counted::{By, Period};
use crate::app::review::figures::{Behind, header, row_header};
use crate::domain::code::CustomsOffice;
use crate::domain::lang::Lang;
use crate::domain::validity::LegalDay;
use crate::http::blocking::{hop, hop_for};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Members as _, Query, text};
use crate::http::problem::{Problem, ProblemType};
use crate::sheet::{findings_csv, table_xlsx};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;
use std::time::Duration;

/// Time a table may take.
pub const TABLE: Duration = Duration::from_secs(60);

fn period(query: &mut Query<'_, '_>) -> Period {
    let from = query.optional("from", LegalDay::parse);
    Period { from, to: query.optional("to", LegalDay::parse) }
}

/// Reports every figure.
pub async fn get_figures(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let period = read_query(&request, |query| Some(period(query)))?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    json(StatusCode::OK, &hop(move || app.figures(period, lang)).await?)
}

/// Lists what a figure counts.
pub async fn list_figure_rows(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let by = path(&request, "by", word(By::parse))?;
    let (behind, PageAsked { after, limit }) = read_query(&request, |query| {
        let key = query.optional("key", text(64));
        Some((Behind { by, key, period: period(query) }, page(query)))
    })?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    json(StatusCode::OK, &hop(move || app.figure_rows(&behind, &after, limit, lang)).await?)
}

async fn table(request: &HttpRequest) -> Result<(Vec<Vec<String>>, Lang), Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let period = read_query(request, |query| Some(period(query)))?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    Ok((hop_for(TABLE, move || app.figures_table(period, lang)).await?, lang))
}

/// Writes every figure as CSV.
pub async fn export_figures_csv(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (rows, lang) = table(&request).await?;
    Ok(attachment("text/csv; charset=utf-8", "figures.csv", findings_csv(&header(lang), &rows)))
}

/// Writes every figure as a workbook.
pub async fn export_figures_xlsx(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (rows, lang) = table(&request).await?;
    let body = table_xlsx(lang.pick("统计", "figures"), &header(lang), &rows);
    let body = body.map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(attachment(XLSX, "figures.xlsx", body))
}

async fn rows(request: &HttpRequest) -> Result<(Vec<Vec<String>>, Lang), Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let by = path(request, "by", word(By::parse))?;
    let behind = read_query(request, |query| {
        let key = query.optional("key", text(64));
        Some(Behind { by, key, period: period(query) })
    })?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    Ok((hop_for(TABLE, move || app.figure_rows_table(&behind, lang)).await?, lang))
}

/// Writes what a figure counts as CSV.
pub async fn export_figure_rows_csv(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (rows, lang) = rows(&request).await?;
    Ok(attachment("text/csv; charset=utf-8", "figure-rows.csv", findings_csv(&row_header(lang), &rows)))
}

/// Writes what a figure counts as a workbook.
pub async fn export_figure_rows_xlsx(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (rows, lang) = rows(&request).await?;
    let body = table_xlsx(lang.pick("明细", "rows"), &row_header(lang), &rows);
    let body = body.map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(attachment(XLSX, "figure-rows.xlsx", body))
}

async fn traffic(request: &HttpRequest) -> Result<(Traffic, Lang), Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let wanted = read_query(request, |query| {
        let Period { from, to } = period(query);
        let interval = query.optional("interval", Interval::parse).unwrap_or(Interval::Day);
        Some(Asked { from, to, interval, office: query.optional("customs_office", CustomsOffice::parse) })
    })?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    Ok((hop_for(TABLE, move || app.traffic(&caller, wanted)).await?, lang))
}

/// Reports what happened at the border.
pub async fn get_border_report(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (traffic, lang) = traffic(&request).await?;
    json(StatusCode::OK, &traffic.view(lang))
}

/// Writes what happened at the border as CSV.
pub async fn export_border_report_csv(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (traffic, lang) = traffic(&request).await?;
    Ok(attachment("text/csv; charset=utf-8", "border.csv", findings_csv(&border::header(lang), &traffic.table())))
}

/// Writes what happened at the border as a workbook.
pub async fn export_border_report_xlsx(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (traffic, lang) = traffic(&request).await?;
    let body = table_xlsx(lang.pick("口岸", "border"), &border::header(lang), &traffic.table());
    let body = body.map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(attachment(XLSX, "border.xlsx", body))
}
