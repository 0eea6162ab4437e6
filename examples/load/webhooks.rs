//! Webhooks: 10,000 events to 20 receivers, one dead and one slow; two receivers check every
//! signature, the others, which stand for machines elsewhere and yet share this one's cores, note ids only.

use actix_web::rt::System;
use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use whitelist::app::App;
use whitelist::app::repeat::Written;
use whitelist::app::webhooks::NewWebhook;
use whitelist::clock::Clock;
use whitelist::domain::actor::{Caller, Role, RoleSet};
use whitelist::domain::webhook::signature::read_public;
use whitelist::domain::webhook::target::Allowed;
use whitelist::http::receiver::{Receiver, server};
use whitelist::outbound::webhooks::Telling;
use whitelist::outbound::webhooks::sender::Sender;

use super::Outcome;
use super::list::{Sample, database_of};
use super::report::{Goal, Report, real, tell};

/// Events of one run.
const EVENTS: u32 = 10_000;
/// Receivers.
const RECEIVERS: usize = 20;
/// Receivers that check every signature; the slow one is among them.
const CHECKING: usize = 2;
/// What a slow receiver takes for each message.
const SLOW: Duration = Duration::from_millis(200);
/// Longest run.
const PATIENCE: Duration = Duration::from_secs(600);

/// A receiver, and how often each message came.
struct Post {
    address: SocketAddr,
    receiver: Arc<Receiver>,
    heard: Arc<Mutex<HashMap<String, u64>>>,
    handle: actix_web::dev::ServerHandle,
}

fn post(checks: bool, slow: bool, count: &Arc<AtomicU64>) -> Outcome<Post> {
    let heard: Arc<Mutex<HashMap<String, u64>>> = Arc::default();
    let (hears, counts, clock) = (Arc::clone(&heard), Arc::clone(count), Clock::system());
    let receiver = Arc::new(Receiver::new(
        Vec::new(),
        move || clock.now().micros() / 1_000_000,
        move |received| {
            let Ok(received) = received else { return 401 };
            if slow {
                std::thread::sleep(SLOW);
            }
            *hears.lock().unwrap_or_else(PoisonError::into_inner).entry(received.id).or_default() += 1;
            if !slow {
                counts.fetch_add(1, Ordering::Relaxed);
            }
            204
        },
    ));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (serving, (told, handle)) = (Arc::clone(&receiver), channel());
    let (notes, noted) = (Arc::clone(&heard), Arc::clone(count));
    std::thread::spawn(move || {
        System::new().block_on(async move {
            let running = if checks { server(serving, listener) } else { noting(notes, noted, listener) };
            if let Ok(running) = running {
                let _ = told.send(running.handle());
                let _ = running.await;
            }
        });
    });
    Ok(Post { address, receiver, heard, handle: handle.recv()? })
}

/// A receiver that only notes which messages came.
fn noting(
    heard: Arc<Mutex<HashMap<String, u64>>>,
    count: Arc<AtomicU64>,
    listener: TcpListener,
) -> std::io::Result<actix_web::dev::Server> {
    let app = move || {
        let (heard, count) = (Arc::clone(&heard), Arc::clone(&count));
        // It reads what was sent: a server that does not closes the connection.
        let note = move |request: HttpRequest, _body: web::Bytes| {
            let id = request.headers().get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
            *heard.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_owned()).or_default() += 1;
            count.fetch_add(1, Ordering::Relaxed);
            std::future::ready(HttpResponse::NoContent().finish())
        };
        actix_web::App::new().default_service(web::to(note))
    };
    Ok(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run())
}

/// Makes a webhook that goes there; returns its public key.
fn subscribe(app: &App, to: SocketAddr) -> Outcome<String> {
    let caller = Caller {
        issuer: "bench".into(),
        subject: "customs".into(),
        org: "0101".into(),
        roles: RoleSet::of(&[Role::CustomsLookup]),
        acting_for: None,
    };
    let new = NewWebhook { url: format!("http://{to}/"), events: vec!["listing.*".to_owned()] };
    let made = app.make_webhook(&caller, None, new, None).map_err(|error| format!("{error:?}"))?;
    let Written::Now(made) = made else { return Err("a webhook was not made".into()) };
    Ok(made.value.keys.first().map(|key| key.key.clone()).unwrap_or_default())
}

/// Measures.
pub fn measure(folder: &Path, report: &mut Report) -> Outcome<()> {
    tell("webhooks …");
    let data = folder.join("webhooks");
    let (sample, opened) = Sample::founded(&data, &database_of(&data), EVENTS)?;
    let count = Arc::new(AtomicU64::new(0));
    // The last but one is slow, the last one nobody listens at.
    let last = RECEIVERS - 2;
    let made = (0..RECEIVERS - 1).map(|nth| post(nth + CHECKING > last, nth == last, &count));
    let posts = made.collect::<Outcome<Vec<_>>>()?;
    let dead = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    for post in &posts {
        let key = subscribe(&opened.app, post.address)?;
        post.receiver.know(read_public(&key).into_iter().collect());
    }
    subscribe(&opened.app, dead)?;
    sample.record(&opened)?;
    let places: Vec<String> = posts.iter().map(|post| post.address).chain([dead]).map(|at| at.to_string()).collect();
    let sender = Sender::new(Allowed::parse(&places.join(","))?)?;
    let others = posts.len() - 1;
    let expected: u64 = u64::try_from(others)? * u64::from(sample.entries());
    let start = Instant::now();
    let telling = Telling::start(Arc::clone(&opened.app), sender)?;
    while count.load(Ordering::Relaxed) < expected && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
    }
    let took = start.elapsed().as_secs_f64();
    drop(telling);
    let (mut lost, mut doubled) = (0, 0);
    for post in posts.iter().take(others) {
        let heard = post.heard.lock().unwrap_or_else(PoisonError::into_inner);
        lost += u64::from(sample.entries()).saturating_sub(u64::try_from(heard.len())?);
        doubled += heard.values().filter(|times| **times > 1).count();
    }
    let all = real(count.load(Ordering::Relaxed)) / took;
    report.once("webhooks: messages taken in all, one dead and one slow beside", "/s", all, Goal::None);
    report.once(
        "webhooks: messages to each of the others",
        "/s",
        all / real(u64::try_from(others)?),
        Goal::AtLeast(500.0),
    );
    report.once("webhooks: messages lost", "", real(lost), Goal::AtMost(0.0));
    report.once("webhooks: messages that came twice", "", real(u64::try_from(doubled)?), Goal::AtMost(0.0));
    for post in posts {
        drop(post.handle.stop(false));
    }
    opened.close();
    Ok(())
}
