//! A receiver of webhooks on loopback, on a thread of its own.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use whitelist::domain::webhook::signature::{Refused, read_public};
use whitelist::http::receiver::{Received, Receiver, server};

/// A receiver that runs until it is dropped.
pub struct Receiving {
    pub address: SocketAddr,
    receiver: Arc<Receiver>,
    stop: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Receiving {
    /// Starts one that knows no key yet; `now` tells the Unix second, `hand` takes what comes and says the status.
    pub fn start(
        now: impl Fn() -> i64 + Send + Sync + 'static,
        hand: impl Fn(Result<Received, Refused>) -> u16 + Send + Sync + 'static,
    ) -> Self {
        let receiver = Arc::new(Receiver::new(Vec::new(), now, hand));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = channel();
        let serving = Arc::clone(&receiver);
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let running = server(serving, listener).unwrap();
                tell.send(running.handle()).unwrap();
                running.await.unwrap();
            });
        });
        Self { address, receiver, stop: told.recv().unwrap(), thread: Some(thread) }
    }

    /// From now on it knows these public keys.
    pub fn know(&self, keys: &[&str]) {
        self.receiver.know(keys.iter().map(|key| read_public(key).unwrap()).collect());
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        drop(self.stop.stop(false));
        let _ = self.thread.take().unwrap().join();
    }
}
