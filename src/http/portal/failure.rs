//! Why there is no page: what an endpoint refused, or the portal itself.

use super::super::problem::{Problem, ProblemType};
use super::gateway::Refused;
use actix_web::HttpResponse;

/// Why there is no page.
#[derive(Debug)]
pub enum Failure {
    /// An endpoint refused.
    Refused(Box<Refused>),
    /// The portal itself refuses.
    Problem(Box<Problem>),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<ProblemType> for Failure {
    fn from(kind: ProblemType) -> Self {
        Problem::new(kind).into()
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Problem::new(ProblemType::Internal).caused_by(error).into()
    }
}

/// What a page answers.
pub type Answer = Result<HttpResponse, Failure>;
