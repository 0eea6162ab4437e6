//! The contract and the pages that explain it.

use super::parameters::no_query;
use crate::http::OPENAPI;
use crate::http::blocking::hop;
use crate::http::docs::{STYLE, problems, render};
use crate::http::problem::{Problem, ProblemType};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse};

/// Nothing but our own style sheet: the pages have no script.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

fn html(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(body)
}

/// The contract word for word.
pub async fn get_openapi(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    Ok(HttpResponse::Ok().content_type("application/yaml").insert_header((CACHE_CONTROL, "no-cache")).body(OPENAPI))
}

/// The contract for reading.
pub async fn get_docs(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    // The first reader waits until it is made; nobody else's request does.
    hop(|| Ok(render::contract()))
        .await?
        .map(|page| html(page.to_owned()))
        .map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))
}

/// The style sheet of the pages.
pub async fn get_docs_css(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    Ok(HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(STYLE))
}

/// All problem types.
pub async fn list_problems(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    Ok(html(problems::problems_page()))
}

/// One problem type.
pub async fn get_problem(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let page = problems::problem_page(request.match_info().get("slug").unwrap_or_default());
    page.map(html).ok_or_else(|| ProblemType::NotFound.into())
}
