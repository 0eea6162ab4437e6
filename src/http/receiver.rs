//! A receiver of webhooks, for integrators and for tests: it takes what is signed and hands it on.
//!
//! It is no part of the service. Invariant: what does not verify is answered 401 and handed to nobody.

use crate::domain::webhook::signature::{Refused, verify};
use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use ed25519_dalek::VerifyingKey;
use std::net::TcpListener;
use std::sync::{Arc, PoisonError, RwLock};

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Id of the message.
    pub id: String,
    /// Its body.
    pub body: String,
    /// The request that caused what it tells, where there was one; unsigned.
    pub request_id: Option<String>,
}

/// Takes a message, or why it is none, and says which status it is answered with.
type Hand = Box<dyn Fn(Result<Received, Refused>) -> u16 + Send + Sync>;

/// A receiver.
pub struct Receiver {
    keys: RwLock<Vec<VerifyingKey>>,
    now: Box<dyn Fn() -> i64 + Send + Sync>,
    hand: Hand,
}

impl Receiver {
    /// Makes a receiver that knows keys; `now` tells the Unix second.
    pub fn new(
        keys: Vec<VerifyingKey>,
        now: impl Fn() -> i64 + Send + Sync + 'static,
        hand: impl Fn(Result<Received, Refused>) -> u16 + Send + Sync + 'static,
    ) -> Self {
        Self { keys: RwLock::new(keys), now: Box::new(now), hand: Box::new(hand) }
    }

    /// Knows other keys from now on.
    pub fn know(&self, keys: Vec<VerifyingKey>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    fn take(&self, headers: &HeaderMap, body: &[u8]) -> HttpResponse {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let id = header("webhook-id");
        let named = (id, header("webhook-timestamp"), header("webhook-signature"));
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        let received = verify(&keys, named, body, (self.now)());
        let received = received.map(|()| Received {
            id: id.to_owned(),
            body: String::from_utf8_lossy(body).into_owned(),
            request_id: Some(header("x-request-id").to_owned()).filter(|id| !id.is_empty()),
        });
        let refused = received.is_err();
        let status = (self.hand)(received);
        let status = if refused { 401 } else { status };
        HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)).finish()
    }
}

async fn take(request: HttpRequest, body: Bytes, receiver: Data<Receiver>) -> HttpResponse {
    receiver.take(request.headers(), &body)
}

/// Starts a receiver on a bound socket, whatever the path.
///
/// # Errors
/// When the socket cannot be listened on.
pub fn server(receiver: Arc<Receiver>, listener: TcpListener) -> std::io::Result<Server> {
    let data = Data::from(receiver);
    let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::post().to(take)));
    Ok(server.workers(1).shutdown_timeout(1).listen(listener)?.run())
}

/// Receives until it is interrupted.
///
/// # Errors
/// When the server cannot start or its threads fail.
pub fn until_stopped(receiver: Arc<Receiver>, listener: TcpListener) -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(async move { server(receiver, listener)?.await })
}
