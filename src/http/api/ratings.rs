//! How content applicants are with the handling of their cases: the question, the answer, and what answers come to.

use super::case_body::whole_body;
use super::listings::attachment;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, no_query, page, path, read_query};
use super::reports::TABLE;
use super::write::{Shown, write};
use super::{XLSX, json};
use crate::app::AppError;
use crate::app::review::figures::counted::Period;
use crate::app::review::ratings::{Rated, header};
use crate::domain::id::ApplicationId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::satisfaction::Satisfaction;
use crate::domain::validity::LegalDay;
use crate::http::blocking::{hop, hop_for};
use crate::http::edge::{asked, edge};
use crate::http::fields::{JSON_DEPTH, Members as _, Query, parse_json, text};
use crate::http::problem::{Problem, ProblemType};
use crate::sheet::{findings_csv, table_xlsx};
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Longest remark in characters.
const REMARK: usize = 500;

impl Shown for Rated {
    fn revision(&self) -> Revision {
        // An answer has one version for ever.
        Revision(1)
    }

    fn location(&self) -> String {
        format!("/v1/applications/{}/rating", self.0.application)
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        Ok(Self::view(self, lang)?)
    }
}

fn period(query: &mut Query<'_, '_>) -> Period {
    let from = query.optional("from", LegalDay::parse);
    Period { from, to: query.optional("to", LegalDay::parse) }
}

/// Keeps how content an applicant is with the handling of its case.
pub async fn rate_application(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let answer = whole_body(&parse_json(&bytes, JSON_DEPTH)?, |body| {
        let grade = body.required("answer", Satisfaction::parse);
        let remark = body.optional("remark", text(REMARK));
        Some((grade?, remark))
    })?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.rate_case(&asked.caller, Some(asked.request_id), id, answer, asked.repeat)
    })
    .await
}

/// Says whether the applicant is asked, and what it answered.
pub async fn get_rating(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    json(StatusCode::OK, &hop(move || app.case_rating(&caller, id, lang)).await?)
}

/// Reports what answers come to.
pub async fn get_satisfaction(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let period = read_query(&request, |query| Some(period(query)))?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    json(StatusCode::OK, &hop(move || app.satisfaction(period, lang)).await?)
}

async fn table(request: &HttpRequest) -> Result<(Vec<Vec<String>>, Lang), Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let period = read_query(request, |query| Some(period(query)))?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    Ok((hop_for(TABLE, move || app.satisfaction_table(period, lang)).await?, lang))
}

/// Writes what answers come to as CSV.
pub async fn export_satisfaction_csv(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (rows, lang) = table(&request).await?;
    Ok(attachment("text/csv; charset=utf-8", "satisfaction.csv", findings_csv(&header(lang), &rows)))
}

/// Writes what answers come to as a workbook.
pub async fn export_satisfaction_xlsx(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (rows, lang) = table(&request).await?;
    let body = table_xlsx(lang.pick("满意度", "satisfaction"), &header(lang), &rows);
    let body = body.map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(attachment(XLSX, "satisfaction.xlsx", body))
}

/// Lists answers with their remarks.
pub async fn list_ratings(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (period, PageAsked { after, limit }) = read_query(&request, |query| Some((period(query), page(query))))?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    let page = hop(move || app.ratings(period, &after, limit)).await?;
    let items: Result<Vec<Value>, _> = page.items.iter().map(|rated| rated.view(lang)).collect();
    let items = items.map_err(AppError::from)?;
    json(StatusCode::OK, &object!({ "items": items, "next": page.next }))
}
