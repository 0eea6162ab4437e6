//! How a page reaches the service: through the endpoints of the contract, inside the process.
//!
//! The portal is a client of `openapi.yaml` like any other, so it holds no rules of its own and can do nothing that the
//! API cannot. What it does not have is a token: the session's caller stands in its place, where no request from outside
//! can put it. Invariant: roles, limits, preconditions and refusals are those of the endpoint table.

use super::super::edge::{Edge, FromPage, SignedIn, Worker};
use super::super::endpoints;
use super::super::problem::{Problem, ProblemType};
use super::super::token::VerifiedToken;
use super::super::unknown::unknown_path;
use crate::domain::actor::Caller;
use crate::domain::lang::Lang;
use actix_http::Request;
use actix_service::boxed::{self, BoxService};
use actix_service::{IntoServiceFactory as _, Service as _, ServiceFactory as _};
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{AppConfig, Payload, ServiceResponse};
use actix_web::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, ETAG, HOST, HeaderMap, HeaderName, HeaderValue, IF_MATCH, LOCATION,
};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpMessage as _};
use serde_json::Value;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

type Inner = BoxService<Request, ServiceResponse<BoxBody>, actix_web::Error>;

/// The endpoints as one worker's pages reach them; made at the first page.
#[derive(Default)]
pub struct Gateway(RefCell<Option<Rc<Inner>>>);

/// Who asks, and how.
pub struct Sender {
    /// The caller of the session.
    pub caller: Option<Caller>,
    /// Language of the answer.
    pub lang: Lang,
    /// Id of the exchange.
    pub id: Box<str>,
    /// Where they ask from, so that what is limited by address is so through pages too.
    pub peer: Option<SocketAddr>,
    /// Under which host they reach the portal, for addresses in what is made for them.
    pub host: Option<String>,
}

/// What is asked.
#[derive(Default)]
pub struct Asked {
    /// Method; `GET` where none is given.
    pub method: Method,
    /// Path with its query.
    pub target: String,
    /// Body.
    pub body: Bytes,
    /// Media type of the body; JSON where none is given.
    pub media: Option<String>,
    /// Entity tag of what was seen.
    pub seen: Option<String>,
    /// Key under which the request may be repeated.
    pub key: Option<String>,
}

impl Asked {
    /// Asks to read.
    pub fn get(target: impl Into<String>) -> Self {
        Self { target: target.into(), ..Self::default() }
    }

    /// Asks to do something, with a body.
    pub fn post(target: impl Into<String>, body: &Value) -> Self {
        Self { method: Method::POST, target: target.into(), body: body.to_string().into(), ..Self::default() }
    }
}

/// What came back well.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The body.
    pub view: Value,
    /// Entity tag of what it shows.
    pub etag: Option<String>,
    /// Where what was made can be read.
    pub location: Option<String>,
}

/// What was refused: a problem (RFC 9457) as the API says it.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Status.
    pub status: StatusCode,
    /// The problem.
    pub problem: Value,
}

fn broken(cause: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemType::Internal).caused_by(cause)
}

impl Gateway {
    async fn inner(&self, edge: web::Data<Edge>) -> Result<Rc<Inner>, Problem> {
        if let Some(inner) = self.0.borrow().as_ref() {
            return Ok(Rc::clone(inner));
        }
        let app = App::new()
            .app_data(edge)
            .app_data(Worker::default())
            .configure(endpoints::configure)
            .default_service(web::to(unknown_path));
        let service = app.into_factory().new_service(AppConfig::default()).await;
        let service = Rc::new(boxed::service(service.map_err(|()| broken("the endpoints cannot be made"))?));
        *self.0.borrow_mut() = Some(Rc::clone(&service));
        Ok(service)
    }

    /// Sends a request and returns the whole response, such as a file.
    ///
    /// # Errors
    /// `internal` when it cannot be sent.
    pub async fn forward(
        &self,
        edge: web::Data<Edge>,
        sender: &Sender,
        asked: Asked,
    ) -> Result<ServiceResponse<BoxBody>, Problem> {
        let inner = self.inner(edge).await?;
        let mut request = Request::with_payload(payload(asked.body.clone()));
        *request.uri_mut() = asked.target.parse::<Uri>().map_err(|_| Problem::new(ProblemType::NotFound))?;
        request.head_mut().method = asked.method.clone();
        request.head_mut().peer_addr = sender.peer;
        set_headers(request.headers_mut(), sender, &asked)?;
        request.extensions_mut().insert(FromPage);
        if let Some(caller) = &sender.caller {
            // It lives as long as the request.
            let token = VerifiedToken { caller: Caller { acting_for: None, ..caller.clone() }, expires_at: i64::MAX };
            request.extensions_mut().insert(SignedIn(Arc::new(token)));
        }
        inner.call(request).await.map_err(broken)
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// What the endpoint refuses.
    pub async fn ask(&self, edge: web::Data<Edge>, sender: &Sender, asked: Asked) -> Result<Reply, Refused> {
        let failed = |problem: Problem| refused(&problem, sender);
        let response = self.forward(edge, sender, asked).await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.map_err(|error| failed(broken(error)))?;
        let view: Value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).map_err(|error| failed(broken(error)))?
        };
        if !status.is_success() {
            return Err(Refused { status, problem: view });
        }
        let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Reply { view, etag: header(ETAG), location: header(LOCATION) })
    }
}

/// Says a problem of the portal itself as the API would.
pub fn refused(problem: &Problem, sender: &Sender) -> Refused {
    let view = problem.view(sender.lang, &sender.id);
    Refused { status: problem.kind.status(), problem: view }
}

fn payload(body: Bytes) -> Payload {
    if body.is_empty() {
        return Payload::None;
    }
    Payload::Stream { payload: Box::pin(futures_util::stream::once(std::future::ready(Ok(body)))) }
}

fn set_headers(headers: &mut HeaderMap, sender: &Sender, asked: &Asked) -> Result<(), Problem> {
    let value = |text: &str| HeaderValue::from_str(text).map_err(broken);
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(sender.lang.pick("zh", "en")));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(HeaderName::from_static("x-request-id"), value(&sender.id)?);
    if let Some(host) = &sender.host {
        headers.insert(HOST, value(host)?);
    }
    if let Some(enterprise) = sender.caller.as_ref().and_then(|caller| caller.acting_for) {
        headers.insert(HeaderName::from_static("whitelist-acting-for"), value(&enterprise.to_string())?);
    }
    if !asked.body.is_empty() {
        headers.insert(CONTENT_TYPE, value(asked.media.as_deref().unwrap_or("application/json"))?);
    }
    if let Some(seen) = &asked.seen {
        headers.insert(IF_MATCH, value(seen)?);
    }
    if let Some(key) = &asked.key {
        headers.insert(HeaderName::from_static("idempotency-key"), value(key)?);
    }
    Ok(())
}
