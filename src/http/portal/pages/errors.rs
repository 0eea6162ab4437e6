//! Pages for what cannot be shown or done: what is wrong, what helps, and a number to name when asking.

use super::super::frame::Frame;
use super::super::gateway::Refused;
use super::super::json::Json;
use super::super::visit::{Answer, Failure, Visit};
use crate::http::problem::{Problem, ProblemType};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "portal/error.html")]
struct ErrorPage<'a> {
    f: Frame,
    problem: Json<'a>,
    status: u16,
}

/// Renders the page of a failure.
#[must_use]
pub fn page(visit: &Visit, failure: Failure) -> HttpResponse {
    let Refused { status, problem } = match failure {
        Failure::Refused(refused) => *refused,
        Failure::Problem(problem) => {
            if let Some(cause) = &problem.cause {
                tracing::error!(request_id = &*visit.id, %cause, "a page failed");
            }
            visit.refused(&problem)
        }
    };
    let title = Json(&problem).text("title").unwrap_or_default().into_owned();
    let page = ErrorPage { f: Frame::new(visit, title), problem: Json(&problem), status: status.as_u16() };
    visit.render_as(status, &page).unwrap_or_else(|_| HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Answers a method that a page does not know.
///
/// # Errors
/// Always `method-not-allowed`.
pub fn other_method() -> Answer {
    Err(Problem::new(ProblemType::MethodNotAllowed).into())
}

/// Answers an address that is no page.
///
/// # Errors
/// Always `not-found`.
pub async fn unknown(_: &Visit) -> Answer {
    Err(ProblemType::NotFound.into())
}
