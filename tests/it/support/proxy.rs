//! A TCP proxy on loopback whose links a test cuts, freezes and slows down, and which sends connections to several servers
//! in turn.
//!
//! Frozen links stay open and take what is sent, as a host does whose process hangs. Invariant: what was taken is never lost
//! while the link holds, only late.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// They are passed on.
    Open,
    /// They are taken and kept.
    Frozen,
    /// They are passed on so much later.
    Slow(Duration),
    /// Connections break, and new ones are refused. (One that is taken and dropped is no refusal to libpq: it would not try its
    /// next host.)
    Cut,
}

struct State {
    link: Link,
    /// Counts connections, for turns.
    turn: usize,
    streams: Vec<TcpStream>,
    ended: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    servers: Vec<SocketAddr>,
}

/// The proxy.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Starts one in front of servers that get connections in turn; one that refuses is passed over.
    pub fn to(servers: &[SocketAddr]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { link: Link::Open, turn: 0, streams: Vec::new(), ended: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), servers: servers.to_vec() });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accepting.accept(listener));
        Self { address, shared }
    }

    /// Changes what becomes of bytes, on links that are open and on new ones.
    pub fn set(&self, link: Link) {
        let mut state = self.shared.state.lock().unwrap();
        state.link = link;
        if link == Link::Cut {
            state.cut();
        }
        drop(state);
        self.wake();
    }

    /// Wakes who waits for the link to change, and who waits for a client.
    fn wake(&self) {
        self.shared.changed.notify_all();
        let _ = TcpStream::connect(self.address);
    }

    /// The URL of a database, through the proxy.
    pub fn url(&self, direct: &str) -> String {
        let (head, name) = direct.rsplit_once('/').unwrap();
        let (user, _) = head.rsplit_once('@').unwrap();
        format!("{user}@{}/{name}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock().unwrap();
        state.ended = true;
        state.link = Link::Cut;
        state.cut();
        drop(state);
        self.wake();
    }
}

impl State {
    fn cut(&mut self) {
        for stream in self.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    /// Takes clients while the link is not cut; then nobody listens.
    fn accept(self: &Arc<Self>, mut listener: TcpListener) {
        let address = listener.local_addr().unwrap();
        while let Ok((client, _)) = listener.accept() {
            let state = self.state.lock().unwrap();
            if state.link != Link::Cut {
                drop(state);
                self.join(client);
                continue;
            }
            drop((listener, client));
            let state = self.changed.wait_while(state, |state| state.link == Link::Cut && !state.ended).unwrap();
            if state.ended {
                return;
            }
            listener = TcpListener::bind(address).unwrap();
        }
    }

    /// Joins a client with the next server that accepts.
    fn join(self: &Arc<Self>, client: TcpStream) {
        let mut state = self.state.lock().unwrap();
        if state.link == Link::Cut {
            return;
        }
        let first = state.turn;
        state.turn = state.turn.wrapping_add(1);
        let turns = (0..self.servers.len()).map(|place| self.servers[(first + place) % self.servers.len()]);
        let Some(server) = turns.into_iter().find_map(|server| TcpStream::connect(server).ok()) else { return };
        for stream in [&client, &server] {
            let _ = stream.set_nodelay(true);
            state.streams.push(stream.try_clone().unwrap());
        }
        drop(state);
        let pairs = [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
        for (from, to) in pairs {
            let shared = Arc::clone(self);
            std::thread::spawn(move || shared.pass(from, to));
        }
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            self.held_back();
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    /// Waits while the link is frozen, and for as long as it is slow.
    fn held_back(&self) {
        let begun = Instant::now();
        let mut state = self.state.lock().unwrap();
        loop {
            match state.link {
                Link::Open | Link::Cut => return,
                Link::Frozen => state = self.changed.wait(state).unwrap(),
                Link::Slow(time) => {
                    let Some(left) = time.checked_sub(begun.elapsed()) else { return };
                    state = self.changed.wait_timeout(state, left).unwrap().0;
                }
            }
        }
    }
}
