//! Starts the server: workers, limits, and a stop that lets what is under way finish.

use super::back_office::{BackOffice, Desks};
use super::edge::{Edge, Worker};
use super::endpoints;
use super::surface::THREADS;
use actix_service::fn_service;
use actix_web::dev::{Server, ServiceRequest};
use actix_web::{App, HttpServer, web};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::SockRef;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Seconds that requests under way may take after a stop was asked for.
const DRAIN: u64 = 15;

/// How long the system keeps what a client does not take (`TCP_USER_TIMEOUT`).
const UNTAKEN: Duration = Duration::from_secs(20);

/// Connections that a worker holds at least, however few descriptors there are.
const LEAST: usize = 64;

/// Descriptors that are not for clients: database, files, neighbours.
const OWN: u64 = 256;

/// Connections held at most in all: an idle one costs some kilobytes.
const MOST: u64 = 65_536;

/// Takes all the descriptors that the system allows, and returns how many connections of clients that makes.
fn connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let allowed = limit.maximum.or(limit.current).unwrap_or(MOST);
    let raised = Rlimit { current: Some(allowed), maximum: limit.maximum };
    let held = if setrlimit(Resource::Nofile, raised).is_ok() { allowed } else { limit.current.unwrap_or(allowed) };
    usize::try_from(held.saturating_sub(OWN).min(MOST)).unwrap_or(LEAST)
}

/// How the server runs.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// Worker threads; the machine's cores where none is given.
    pub workers: Option<usize>,
}

/// Builds the server on a bound socket, and the desks behind it, which end after it.
///
/// # Errors
/// When the socket cannot be listened on.
pub fn server(edge: Arc<Edge>, listener: TcpListener, options: ServeOptions) -> std::io::Result<(Server, Desks)> {
    let data = web::Data::from(edge);
    let workers = options.workers.or_else(|| std::thread::available_parallelism().map(usize::from).ok()).unwrap_or(1);
    let connections = connections().checked_div(workers).unwrap_or(LEAST).max(LEAST);
    let (office, desks) = BackOffice::open(&data, workers)?;
    let server = HttpServer::new(move || {
        let (edge, office) = (data.clone(), Arc::clone(&office));
        App::new()
            .app_data(data.clone())
            .app_data(Worker::default())
            .configure(endpoints::configure_border)
            .default_service(fn_service(move |request: ServiceRequest| {
                let (edge, office) = (edge.clone(), Arc::clone(&office));
                async move { Ok(office.answer(&edge, request).await) }
            }))
    })
    .client_request_timeout(Duration::from_secs(5))
    .client_disconnect_timeout(Duration::from_secs(2))
    .keep_alive(Duration::from_secs(15))
    .max_connections(connections)
    .worker_max_blocking_threads(THREADS)
    .workers(workers)
    // What a client does not take within the time is given up by the system, whoever waits for whom.
    .on_connect(|connection, _| {
        if let Some(connection) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() {
            let _ = SockRef::from(connection).set_tcp_user_timeout(Some(UNTAKEN));
        }
    })
    .backlog(2048)
    .shutdown_timeout(DRAIN);
    // Signals are ours: actix would cut requests off at the first Ctrl-C.
    Ok((server.disable_signals().listen(listener)?.run(), desks))
}

/// Serves until a signal stops it; `ready` is called once requests are answered.
///
/// The first SIGINT or SIGTERM makes the node unready, so that nobody sends it more, and after `drain` lets requests under
/// way finish; a second one does not.
///
/// # Errors
/// When the server cannot start or its threads fail.
pub fn until_stopped(
    edge: Arc<Edge>,
    listener: TcpListener,
    drain: Duration,
    ready: impl FnOnce(),
) -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(async move {
        let (keys, clock) = (Arc::clone(&edge.keys), edge.app.clock.clone());
        let refresh = tokio::spawn(keys.keep_fresh(move || clock.now().micros() / 1_000_000));
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let stopping = Arc::clone(&edge);
        let (server, desks) = server(edge, listener, ServeOptions { workers: None })?;
        let handle = server.handle();
        let stop = tokio::spawn(async move {
            let mut asked = async || {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            asked().await;
            stopping.drain();
            let finished = async {
                tokio::time::sleep(drain).await;
                handle.stop(true).await;
            };
            tokio::select! {
                () = finished => {}
                () = asked() => handle.stop(false).await,
            }
        });
        ready();
        let ended = server.await;
        refresh.abort();
        stop.abort();
        desks.ended();
        ended
    })
}
