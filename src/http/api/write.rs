//! What every change through HTTP shares: it may be sent twice, it is settled before it is answered, its answer
//! carries the new entity tag.

use super::json;
use super::parameters::{if_match, repeat_key};
use crate::app::repeat::{Keep, Repeat, RepeatKey, Response, Written};
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::http::blocking::{etag, hop, hop_for};
use crate::http::edge::{Asked, Edge, asked, edge};
use crate::http::problem::{Problem, ProblemType};
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Time an import or a large confirmation may take.
pub const LONG: Duration = Duration::from_secs(60);

/// What a change left behind, as it is shown.
pub trait Shown {
    /// Revision of the last entry about it: its entity tag.
    fn revision(&self) -> Revision;
    /// Path at which it can be read.
    fn location(&self) -> String;
    /// Its body.
    ///
    /// # Errors
    /// [`AppError::Store`] when it cannot be written.
    fn view(&self, lang: Lang) -> Result<Value, AppError>;
}

/// Who asks for a change, and under which key.
pub struct Change<T> {
    /// The caller.
    pub caller: Caller,
    /// Id of the request.
    pub request_id: String,
    /// Language of the answer.
    pub lang: Lang,
    /// What is kept for a repeated request.
    pub repeat: Repeat<T>,
}

/// Runs a change and answers what it left behind. `bytes` is the body, which binds a repeated request.
///
/// # Errors
/// What the change refuses, as a problem.
pub async fn write<T: Shown + Send + 'static>(
    request: &HttpRequest,
    bytes: &[u8],
    status: StatusCode,
    work: impl FnOnce(&App, Change<T>) -> Result<Written<T>, AppError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let caller = asked.caller()?;
    let key = repeat_key(request, &caller, bytes)?;
    let (app, request_id, lang) = (Arc::clone(&edge.app), asked.id.to_string(), asked.lang);
    // Changes of what is there demand it themselves.
    let seen = if_match(request).ok();
    let written = hop_for(LONG, move || {
        let repeat = keeping(key, move |value, key| kept(value, key, status, lang));
        let written = settled(&app, work(&app, Change { caller: caller.clone(), request_id, lang, repeat }));
        written.map_err(|error| app.overtaken(error, &caller, seen))
    })
    .await;
    answer(edge, &asked, key, status, written).await
}

/// Names the request that may be repeated and what is kept for it.
pub fn keeping<T>(key: Option<RepeatKey>, keep: impl FnOnce(&T, &RepeatKey) -> Response + Send + 'static) -> Repeat<T> {
    let keep: Keep<T> = Box::new(keep);
    key.map(|key| (key, keep))
}

/// Renders what is kept for a repeated request.
pub fn kept<T: Shown>(value: &T, key: &RepeatKey, status: StatusCode, lang: Lang) -> Response {
    Response {
        scope: key.scope.to_vec(),
        request_digest: key.digest.to_vec(),
        status: i32::from(status.as_u16()),
        etag: Some(format!("\"{}\"", value.revision())),
        location: (status == StatusCode::CREATED).then(|| value.location()),
        body: value.view(lang).map(|view| view.to_string()).unwrap_or_default(),
        kept_at: 0,
    }
}

/// Answers a kept response.
///
/// # Errors
/// `internal` when it has no status.
pub fn replay(response: Response) -> Result<HttpResponse, Problem> {
    let status = u16::try_from(response.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut answer = HttpResponse::build(status.ok_or(ProblemType::Internal)?);
    answer.insert_header((REPLAYED, HeaderValue::from_static("true")));
    let headers = [(ETAG, response.etag), (LOCATION, response.location)];
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            answer.insert_header((name, value));
        }
    }
    let media = if response.status >= 400 { "application/problem+json" } else { "application/json" };
    Ok(answer.content_type(media).body(response.body))
}

/// Waits until this node answers from what was written, so that the next lookup here sees it.
pub fn settled<T>(app: &App, written: Result<Written<T>, AppError>) -> Result<Written<T>, AppError> {
    if let Ok(Written::Now(recorded)) = &written {
        // A follower that is late only means that the answer names a revision that is still to come here.
        let _ = app.index.wait_for(recorded.revision, Duration::from_secs(2));
    }
    written
}

/// Renders what was written; keeps the response of a refusal that a repeated request must meet again.
async fn answer<T: Shown>(
    edge: &Edge,
    asked: &Asked,
    key: Option<RepeatKey>,
    status: StatusCode,
    written: Result<Written<T>, Problem>,
) -> Result<HttpResponse, Problem> {
    match written {
        Ok(Written::Now(recorded)) => {
            let value = recorded.value;
            let mut response = json(status, &value.view(asked.lang)?)?;
            response.headers_mut().insert(ETAG, etag(value.revision()));
            if status == StatusCode::CREATED
                && let Ok(place) = HeaderValue::from_str(&value.location())
            {
                response.headers_mut().insert(LOCATION, place);
            }
            Ok(response)
        }
        Ok(Written::Before(response)) => replay(response),
        Ok(Written::Mismatch) => Err(ProblemType::IdempotencyMismatch.into()),
        Err(problem) => match key {
            Some(key) if is_kept(problem.kind) => keep_refusal(edge, asked, key, problem).await,
            _ => Err(problem),
        },
    }
}

/// Refusals by the state or a rule are kept; what the client must mend or wait for is not.
pub fn is_kept(kind: ProblemType) -> bool {
    matches!(
        kind,
        ProblemType::Conflict | ProblemType::StaleVersion | ProblemType::RuleRefused | ProblemType::ImportFaults
    )
}

/// Keeps the response of a refusal and refuses.
///
/// # Errors
/// Always the problem, or what was kept before.
pub async fn keep_refusal(
    edge: &Edge,
    asked: &Asked,
    key: RepeatKey,
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    let app = Arc::clone(&edge.app);
    let before = hop(move || app.kept_response(&key)).await?;
    match before {
        Some(Written::Before(response)) => return replay(response),
        Some(Written::Mismatch) => return Err(ProblemType::IdempotencyMismatch.into()),
        Some(Written::Now(_)) | None => {}
    }
    let rendered = problem.respond(asked.lang, &asked.id);
    let body = actix_web::body::to_bytes(rendered.into_body()).await.unwrap_or_default();
    let response = Response {
        scope: key.scope.to_vec(),
        request_digest: key.digest.to_vec(),
        status: i32::from(problem.kind.status().as_u16()),
        etag: problem
            .headers
            .iter()
            .find(|(name, _)| *name == ETAG)
            .and_then(|(_, value)| value.to_str().ok().map(str::to_owned)),
        location: None,
        body: String::from_utf8_lossy(&body).into_owned(),
        kept_at: 0,
    };
    let app = Arc::clone(&edge.app);
    hop(move || app.keep_response(response)).await?;
    Err(problem)
}
