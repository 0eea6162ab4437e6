//! The back office: threads of their own for whatever is not asked at the border.
//!
//! A worker that makes a page, or writes out a long list, keeps every lookup on its connections waiting meanwhile. So workers
//! answer what the border asks and hand everything else to desks, which stand last. A request is handed over as it came,
//! its body and that of the answer piece by piece, so that neither side holds more than the other can take.
//! Invariant: what a client does not wait for any more is dropped, as it would be on a worker.

use super::edge::{Edge, Worker};
use super::endpoints;
use super::limits::Unread;
use super::portal::{self, gateway::Gateway};
use super::problem::{Problem, ProblemType, language};
use crate::app::stand_last;
use actix_http::{Request, RequestHead};
use actix_service::{IntoServiceFactory as _, Service, ServiceFactory as _};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::rt::{self, System};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpMessage as _, HttpResponse};
use futures_util::{StreamExt as _, stream};
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Blocking threads of a desk: more than files, imports and uploads can hold together, so that pages always find one, and few,
/// because each has memory of its own that is only fast once it was used.
const THREADS: usize = 12;

/// Pieces of a body on their way: the next one is made while one is taken.
const PIECES: usize = 1;

type Piece<E> = Result<Bytes, E>;

/// A request on its way to a desk.
struct Brought {
    head: RequestHead,
    body: Option<mpsc::Receiver<Piece<PayloadError>>>,
    back: oneshot::Sender<Made>,
}

/// An answer on its way back.
struct Made {
    status: StatusCode,
    headers: HeaderMap,
    body: Result<Bytes, (BodySize, mpsc::Receiver<Piece<String>>)>,
}

/// The desks.
#[derive(Debug)]
pub struct BackOffice {
    desks: Vec<mpsc::UnboundedSender<Brought>>,
    turn: AtomicUsize,
}

/// The threads of the desks; they end when nobody can bring them anything any more.
#[derive(Debug)]
pub struct Desks(Vec<JoinHandle<()>>);

impl Desks {
    /// Waits until all have ended.
    pub fn ended(self) {
        for thread in self.0 {
            if thread.join().is_err() {
                tracing::error!("a desk of the back office panicked");
            }
        }
    }
}

impl BackOffice {
    /// Opens desks.
    ///
    /// # Errors
    /// When a thread or its runtime cannot be made.
    pub fn open(edge: &web::Data<Edge>, number: usize) -> io::Result<(Arc<Self>, Desks)> {
        let (mut desks, mut threads) = (Vec::new(), Vec::new());
        for _ in 0..number {
            let (bring, brought) = mpsc::unbounded_channel();
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(THREADS).build()?;
            let edge = edge.clone();
            let thread = std::thread::Builder::new().name("back-office".to_owned()).spawn(move || {
                stand_last();
                System::with_tokio_rt(|| runtime).block_on(desk(edge, brought));
            })?;
            desks.push(bring);
            threads.push(thread);
        }
        Ok((Arc::new(Self { desks, turn: AtomicUsize::new(0) }), Desks(threads)))
    }

    /// Has a request answered at a desk.
    pub async fn answer(&self, edge: &Edge, mut request: ServiceRequest) -> ServiceResponse {
        let unread = Unread::of(&mut request);
        let payload = request.take_payload();
        let (bring, body) = if matches!(payload, Payload::None) {
            (None, None)
        } else {
            let (bring, body) = mpsc::channel(PIECES);
            (Some(bring), Some(body))
        };
        let (back, made) = oneshot::channel();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let desk = turn.checked_rem(self.desks.len()).and_then(|place| self.desks.get(place));
        let brought = Brought { head: request.head().clone(), body, back };
        let is_brought = desk.is_some_and(|desk| desk.send(brought).is_ok());
        let made = if is_brought {
            tokio::select! {
                made = made => made.ok(),
                () = carry(payload, bring) => None,
            }
        } else {
            None
        };
        let Some(made) = made else {
            let problem = Problem::new(ProblemType::Internal).caused_by("a desk gave no answer");
            let id = super::edge::request_id(request.headers());
            let response = problem.respond(language(request.headers()), &id);
            return unread.hold(request.into_response(response), None, edge.limits);
        };
        let response = HttpResponse::build(made.status)
            .message_body(made.body.map_or_else(|(size, pieces)| BoxBody::new(Pieces { size, pieces }), BoxBody::new));
        let Ok(mut response) = response else { return request.into_response(HttpResponse::InternalServerError()) };
        *response.headers_mut() = made.headers;
        if edge.is_draining() {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        unread.hold(request.into_response(response), None, edge.limits)
    }
}

/// Carries the pieces of a body to the desk; never ends, since it is the answer that is waited for.
async fn carry(mut payload: Payload, bring: Option<mpsc::Sender<Piece<PayloadError>>>) {
    if let Some(bring) = bring {
        while let Some(piece) = payload.next().await {
            if bring.send(piece).await.is_err() {
                break;
            }
        }
    }
    std::future::pending().await
}

fn brought_body(body: Option<mpsc::Receiver<Piece<PayloadError>>>) -> Payload {
    let Some(mut pieces) = body else { return Payload::None };
    Payload::Stream { payload: Box::pin(stream::poll_fn(move |context| pieces.poll_recv(context))) }
}

/// One desk: answers what it is brought until nobody can bring anything any more.
async fn desk(edge: web::Data<Edge>, mut brought: mpsc::UnboundedReceiver<Brought>) {
    let app = App::new()
        .app_data(edge)
        .app_data(Worker::default())
        .app_data(Rc::new(Gateway::default()))
        .configure(endpoints::configure)
        .configure(portal::configure)
        .default_service(web::to(portal::table::unknown));
    let Ok(service) = app.into_factory().new_service(AppConfig::default()).await else {
        tracing::error!("the pages and endpoints cannot be made");
        return;
    };
    let service = Rc::new(service);
    while let Some(Brought { head, body, mut back }) = brought.recv().await {
        let service = Rc::clone(&service);
        rt::spawn(async move {
            let mut request = Request::with_payload(brought_body(body));
            *request.head_mut() = head;
            let response = tokio::select! {
                response = service.call(request) => response,
                () = back.closed() => return,
            };
            match response {
                Ok(response) => give_back(response, back).await,
                Err(error) => tracing::error!(%error, "a request had no answer"),
            }
        });
    }
}

/// Gives an answer back, and the pieces of its body as they are taken.
async fn give_back<B: MessageBody>(response: ServiceResponse<B>, back: oneshot::Sender<Made>) {
    let (head, body) = response.into_parts().1.into_parts();
    let (status, headers) = (head.status(), head.headers().clone());
    let body = match body.try_into_bytes() {
        Ok(bytes) => {
            let _ = back.send(Made { status, headers, body: Ok(bytes) });
            return;
        }
        Err(body) => body,
    };
    let (give, pieces) = mpsc::channel(PIECES);
    if back.send(Made { status, headers, body: Err((body.size(), pieces)) }).is_err() {
        return;
    }
    let mut body = pin!(body);
    // The next piece is asked for once there is room for it: whose client takes too long is told by the time between.
    while let Ok(room) = give.reserve().await {
        let Some(piece) = poll_fn(|context| body.as_mut().poll_next(context)).await else { return };
        let broken = piece.is_err();
        room.send(piece.map_err(|error| error.into().to_string()));
        if broken {
            return;
        }
    }
}

/// The body of an answer that comes from a desk.
struct Pieces {
    size: BodySize,
    pieces: mpsc::Receiver<Piece<String>>,
}

impl MessageBody for Pieces {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.pieces.poll_recv(context).map(|piece| piece.map(|piece| piece.map_err(Into::into)))
    }
}
