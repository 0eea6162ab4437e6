//! Servers in child processes of the bench: plaintext as the baseline, and the service itself.
//!
//! Both run with the same number of workers and the same limits. Invariant: a child ends when its standard input
//! does, and so with the bench, however that ends.

use actix_web::{App, HttpServer, web};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use whitelist::app::follow::load;
use whitelist::cli::demo_issuer::DemoIssuer;
use whitelist::cli::open::open;
use whitelist::http::edge::Edge;
use whitelist::http::serve::{ServeOptions, server};
use whitelist::outbound::keys::{KeyStore, LoopbackHttp};
use whitelist::store::writer::Options;
use whitelist::store::{DatabaseUrl, Store};
use whitelist::telemetry;

use super::Outcome;
use super::list::{database_of, opening_of};
use super::machine::own_memory;
use super::report::{real, say};

/// Worker threads of every server.
const WORKERS: usize = 2;

/// A server in a process of its own.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts the plaintext server.
    pub fn hello() -> Outcome<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg("serve-hello"))
    }

    /// Starts the service over a data folder.
    pub fn list(data: &Path, record: bool) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve-list").arg(data);
        if record {
            command.arg("--record");
        }
        Self::start(&mut command)
    }

    fn start(command: &mut Command) -> Outcome<Self> {
        // The log of the service is written as in production, to a reader that takes it all.
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut line)?;
        let address = line.trim().parse().map_err(|_| "a server did not start")?;
        Ok(Self { address, child })
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Closes its standard input; what is left of it is of no interest.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What loading a list took.
#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    /// Seconds.
    pub seconds: f64,
    /// Bytes of memory.
    pub bytes: f64,
    /// Listings.
    pub listings: f64,
}

/// Loads a list in a process of its own, as a node does that starts.
pub fn measure_load(database: &DatabaseUrl) -> Outcome<Loaded> {
    let url = match database {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let output = Command::new(std::env::current_exe()?).arg("load").arg(url).output()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    match numbers.as_slice() {
        [seconds, bytes, listings] => Ok(Loaded { seconds: *seconds, bytes: *bytes, listings: *listings }),
        _ => Err(format!("a list was not loaded: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// In the child: loads a list and prints what it took.
pub fn load_once(database: &str) -> Outcome<()> {
    let store = Store::open(&DatabaseUrl::parse(database)?, Options::default())?;
    // A first read opens the connection and its caches, which are not the list's.
    store.read(whitelist::store::log::size)?;
    let (before, start) = (own_memory()?, Instant::now());
    let snapshot = load(&store)?;
    let seconds = start.elapsed().as_secs_f64();
    store.close();
    drop(store);
    let listings = real(u64::try_from(snapshot.listings())?);
    say(&format!("{seconds} {} {listings}", own_memory()? - before));
    Ok(())
}

/// In the child: serves plaintext.
pub fn serve_hello() -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    actix_web::rt::System::new().block_on(async move {
        let hello = || App::new().route("/", web::get().to(async || "Hello, World!"));
        let server =
            HttpServer::new(hello).workers(WORKERS).keep_alive(Duration::from_secs(15)).backlog(2048).disable_signals();
        let server = server.listen(listener)?.run();
        announce(address);
        server.await
    })?;
    Ok(())
}

/// In the child: serves the list of a data folder.
pub fn serve_list(data: &Path, record: bool) -> Outcome<()> {
    telemetry::start(None);
    let failed = |failure| format!("{failure:?}");
    let mut opening = opening_of(data, &database_of(data));
    opening.record = record;
    let opened = open(opening).map_err(failed)?;
    let issuer = DemoIssuer::load_or_create(data)?;
    let keys = Arc::new(KeyStore::new(vec![issuer.settings()], LoopbackHttp::Allowed)?);
    let edge = Arc::new(Edge::new(Arc::clone(&opened.app), keys, std::env::current_exe()?, Vec::new())?);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    actix_web::rt::System::new().block_on(async move {
        let (server, desks) = server(edge, listener, ServeOptions { workers: Some(WORKERS) })?;
        announce(address);
        let ended = server.await;
        desks.ended();
        ended
    })?;
    Ok(())
}

/// Says where the server listens, and ends the process with its standard input.
fn announce(address: SocketAddr) {
    say(&address.to_string());
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}
