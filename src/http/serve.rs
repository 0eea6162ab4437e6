//! Starts the server: workers, limits, and a stop that lets what is under way finish.

use super::edge::{Edge, Worker, unknown_path};
use super::endpoints;
use super::portal::{self, gateway::Gateway};
use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Seconds that requests under way may take after a stop was asked for.
const DRAIN: u64 = 15;

/// How the server runs.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// Worker threads; the machine's cores where none is given.
    pub workers: Option<usize>,
}

/// Builds the server on a bound socket.
///
/// # Errors
/// When the socket cannot be listened on.
pub fn server(edge: Arc<Edge>, listener: TcpListener, options: ServeOptions) -> std::io::Result<Server> {
    let data = web::Data::from(edge);
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(Worker::default())
            .app_data(Rc::new(Gateway::default()))
            .configure(endpoints::configure)
            .configure(portal::configure)
            .default_service(web::to(unknown_path))
    })
    .client_request_timeout(Duration::from_secs(5))
    .client_disconnect_timeout(Duration::from_secs(2))
    .keep_alive(Duration::from_secs(15))
    .max_connections(10_000)
    .backlog(2048)
    .shutdown_timeout(DRAIN);
    if let Some(workers) = options.workers {
        server = server.workers(workers);
    }
    // Signals are ours: actix would cut requests off at the first Ctrl-C.
    Ok(server.disable_signals().listen(listener)?.run())
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
        let server = server(edge, listener, ServeOptions { workers: None })?;
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
        ended
    })
}
