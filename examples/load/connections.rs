//! Idle and slow connections: how many a node holds, and what lookups pay for them.
//!
//! Each idle connection has sent a request and keeps the connection; slow ones have sent half a header. One address can open
//! some 28,000 connections to one port, so that more than that is not tried.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::client::drive;
use super::list::Sample;
use super::machine::CpuClock;
use super::report::{Goal, Report, length, tell};
use super::servers::Server;
use super::{Outcome, Plan};

/// Idle connections at most.
const MOST: u64 = 25_000;

/// Descriptors that this process needs for itself.
const OWN: u64 = 1_000;

/// Connections that never finish their header.
const SLOW: usize = 500;

/// Measures lookups alone, then beside idle and slow connections.
pub fn measure(list: &Sample, data: &std::path::Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("lookups beside idle and slow connections …");
    let server = Server::list(data, false)?;
    let requests = list.gets()?;
    let clock = CpuClock::new();
    let alone = drive(server.address, server.process(), clock, &requests, plan.turn)?;
    let slow = (0..SLOW)
        .map(|_| sent(server.address, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow:"))
        .collect::<Outcome<Vec<_>>>()?;
    let mut idle = Vec::new();
    for _ in 0..descriptors().saturating_sub(OWN).min(MOST) {
        // Who is not let in any more is one more than is held.
        let Ok(stream) = asked(server.address) else { break };
        idle.push(stream);
    }
    let beside = drive(server.address, server.process(), clock, &requests, plan.turn)?;
    let held: Vec<_> = idle.iter().filter(|stream| is_open(stream)).collect();
    report.once("idle connections held by one node", "connections", length(&held), Goal::None);
    report.once("lookups alone, p99", "ms", alone.p99, Goal::None);
    report.once("lookups beside them and 500 slow clients, p99", "ms", beside.p99, Goal::None);
    drop((slow, idle));
    Ok(())
}

/// Takes all the descriptors that the system allows.
fn descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let allowed = limit.maximum.unwrap_or(MOST.saturating_add(OWN));
    let raised = Rlimit { current: Some(allowed), maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_ok() { allowed } else { limit.current.unwrap_or(allowed) }
}

fn sent(server: SocketAddr, bytes: &[u8]) -> Outcome<TcpStream> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(bytes)?;
    Ok(stream)
}

/// Opens a connection that was answered once.
fn asked(server: SocketAddr) -> Outcome<TcpStream> {
    let mut stream = sent(server, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")?;
    let mut answer = [0; 4096];
    match stream.read(&mut answer)? {
        0 => Err("the server closed a connection".into()),
        _ => Ok(stream),
    }
}

fn is_open(stream: &TcpStream) -> bool {
    let silent = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    matches!(silent, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}
