//! Answers to what is not in the table of endpoints: paths, and methods of paths.

use super::edge::{edge, request_id};
use super::endpoints::Endpoint;
use super::outgoing::set_headers;
use super::problem::{Problem, ProblemType, language};
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

/// Answers paths that are not in the table.
pub async fn unknown_path(request: HttpRequest) -> HttpResponse {
    let lang = language(request.headers());
    let id = request_id(request.headers());
    let mut response = Problem::new(ProblemType::NotFound).respond(lang, &id);
    if let Ok(edge) = edge(&request) {
        set_headers(edge, response.headers_mut(), &id);
        edge.metrics.responded(404);
    }
    response
}

/// Answers methods that a path does not know, naming those it does (RFC 9110 section 15.5.6).
///
/// # Errors
/// Always `method-not-allowed`.
pub fn unknown_method(endpoints: &[&Endpoint]) -> Result<HttpResponse, Problem> {
    let methods: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.method).collect();
    let problem = Problem::new(ProblemType::MethodNotAllowed);
    Err(match HeaderValue::from_str(&methods.join(", ")) {
        Ok(methods) => problem.with_header(ALLOW, methods),
        Err(_) => problem,
    })
}
