//! Sends one message to one receiver, and to nobody inside.
//!
//! The address is judged again before each message, and what its name resolves to at the very moment of connecting: there is no
//! gap in which a name could come to mean something else. No redirect is followed, no proxy of the environment asked, and of
//! the reply nothing is kept but its status. Invariant: no connection is made to an address that is not public, unless the
//! operator names it.

use crate::domain::webhook::fate::Outcome;
use crate::domain::webhook::target::{self, Allowed, is_global};
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, redirect};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// Longest time for a message and its reply.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection is kept for the next message.
const KEPT: Duration = Duration::from_secs(60);

/// Bytes of a reply that are read before the connection is given up.
const LONGEST: usize = 64 * 1024;

/// A message, signed.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id, the same however often it is sent.
    pub id: String,
    /// When it is sent, Unix seconds.
    pub seconds: i64,
    /// Signatures over both and the body.
    pub signature: String,
    /// The body, JSON.
    pub body: Bytes,
    /// The request that caused what it tells.
    pub request_id: Option<String>,
}

/// The names of the machine's resolver.
struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok::<Addrs, _>(Box::new(found.into_iter()))
        })
    }
}

/// Passes on what lies outside of what another resolver finds.
struct Outside(Arc<dyn Resolve>);

impl Resolve for Outside {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.0.resolve(name);
        Box::pin(async move {
            let outside: Vec<_> = found.await?.filter(|address| is_global(address.ip())).collect();
            if outside.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok::<Addrs, _>(Box::new(outside.into_iter()))
        })
    }
}

/// The client of every webhook.
pub struct Sender {
    outside: Client,
    inside: Client,
    allowed: Allowed,
}

fn client(builder: ClientBuilder) -> Result<Client, String> {
    let builder = builder.connect_timeout(CONNECT).timeout(PATIENCE).pool_idle_timeout(KEPT);
    let builder = builder.redirect(redirect::Policy::none()).no_proxy().user_agent("whitelist-webhook/1");
    builder.build().map_err(|error| error.to_string())
}

impl Sender {
    /// Makes a client; nothing is sent.
    ///
    /// # Errors
    /// What cannot be built, in words.
    pub fn new(allowed: Allowed) -> Result<Self, String> {
        Self::resolving(allowed, Arc::new(Names))
    }

    fn resolving(allowed: Allowed, names: Arc<dyn Resolve>) -> Result<Self, String> {
        let outside = client(Client::builder().dns_resolver(Arc::new(Outside(names))).https_only(true))?;
        Ok(Self { outside, inside: client(Client::builder())?, allowed })
    }

    /// Sends a message; says what the receiver made of it.
    pub async fn send(&self, address: &str, message: Message) -> Outcome {
        // An address may have been allowed when it was given, and not be now.
        let Ok(url) = target::parse(address, &self.allowed) else { return Outcome::Forbidden };
        let client = if self.allowed.names(&url) { &self.inside } else { &self.outside };
        let name = HeaderName::from_static;
        let mut request = client
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(name("webhook-id"), message.id)
            .header(name("webhook-timestamp"), message.seconds)
            .header(name("webhook-signature"), message.signature)
            .body(message.body);
        if let Some(id) = message.request_id {
            request = request.header(name("x-request-id"), id);
        }
        let Ok(mut response) = request.send().await else { return Outcome::Silent };
        let (status, mut read) = (response.status().as_u16(), 0_usize);
        // Read to its end, so that the connection serves the next message; thrown away.
        while let Ok(Some(chunk)) = response.chunk().await {
            read = read.saturating_add(chunk.len());
            if read > LONGEST {
                break;
            }
        }
        Outcome::Answered(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::runtime::{Builder, Runtime};

    /// Every name means the same addresses.
    struct Rebound(Vec<SocketAddr>, Arc<AtomicUsize>);

    impl Resolve for Rebound {
        fn resolve(&self, _: Name) -> Resolving {
            self.1.fetch_add(1, Ordering::SeqCst);
            let found = self.0.clone();
            Box::pin(async move { Ok::<Addrs, _>(Box::new(found.into_iter())) })
        }
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    fn message() -> Message {
        Message { id: "evt_1".into(), seconds: 1, signature: "v1a,x".into(), body: "{}".into(), request_id: None }
    }

    /// Counts who connects, and lets nobody wait.
    fn counted(listener: TcpListener) -> Arc<AtomicUsize> {
        let count = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&count);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counting.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        count
    }

    #[test]
    fn messages_to_one_receiver_share_a_connection() {
        use std::io::{Read as _, Write as _};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                counting.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    let (mut heard, mut piece) = (Vec::new(), [0; 1024]);
                    while let Ok(read @ 1..) = stream.read(&mut piece) {
                        heard.extend_from_slice(&piece[..read]);
                        if heard.ends_with(b"\r\n\r\n{}") {
                            heard.clear();
                            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
                        }
                    }
                });
            }
        });
        let sender = Sender::new(Allowed::parse(&place.to_string()).unwrap()).unwrap();
        let runtime = runtime();
        for _ in 0..50 {
            let outcome = runtime.block_on(sender.send(&format!("http://{place}/"), message()));
            assert_eq!(outcome, Outcome::Answered(204));
        }
        // The next message may come before the connection is known to be free; it opens one more, not one each.
        assert!(connections.load(Ordering::SeqCst) <= 2, "{}", connections.load(Ordering::SeqCst));
    }

    #[test]
    fn no_connection_is_made_to_what_lies_inside() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let connections = counted(listener);
        let asked = Arc::new(AtomicUsize::new(0));
        let inner: Vec<SocketAddr> =
            vec![place, "[::ffff:127.0.0.1]:0".parse().unwrap(), "169.254.169.254:0".parse().unwrap()];
        let sender =
            Sender::resolving(Allowed::default(), Arc::new(Rebound(inner.clone(), Arc::clone(&asked)))).unwrap();
        let (runtime, port) = (runtime(), place.port());
        let send = |sender: &Sender, url: &str| runtime.block_on(sender.send(url, message()));
        for hostile in [
            format!("http://127.0.0.1:{port}/"),
            format!("https://127.0.0.1:{port}/"),
            format!("https://0x7f000001:{port}/"),
            format!("https://2130706433:{port}/"),
            format!("https://[::1]:{port}/"),
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            format!("https://[64:ff9b::7f00:1]:{port}/"),
            format!("https://localhost:{port}/"),
            format!("https://rebound.example.com:{port}/"),
            format!("https://user@rebound.example.com:{port}/"),
            format!("http://rebound.example.com:{port}/"),
            "https://metadata.internal/".to_owned(),
            "file:///etc/passwd".to_owned(),
        ] {
            assert_eq!(send(&sender, &hostile), Outcome::Forbidden, "{hostile}");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        // A public name that leads inside is found out by the resolver that the connection uses, every time.
        for _ in 0..2 {
            assert_eq!(send(&sender, "https://rebound.example.com/"), Outcome::Silent);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        let url = reqwest::Url::parse(&format!("https://rebound.example.com:{port}/")).unwrap();
        assert!(runtime.block_on(async { sender.outside.get(url.clone()).send().await }).is_err());
        assert_eq!(connections.load(Ordering::SeqCst), 0);

        // The counter counts: without the guard the same name connects, and so does what the operator allows.
        let bare = client(Client::builder().dns_resolver(Arc::new(Rebound(inner, asked)))).unwrap();
        assert!(runtime.block_on(async { bare.get(url).send().await }).is_err());
        assert!(connections.load(Ordering::SeqCst) > 0);
        let before = connections.load(Ordering::SeqCst);
        let allowed = Allowed::parse(&place.to_string()).unwrap();
        let sender = Sender::new(allowed).unwrap();
        assert_eq!(send(&sender, &format!("http://{place}/")), Outcome::Silent);
        assert!(connections.load(Ordering::SeqCst) > before);
    }
}
