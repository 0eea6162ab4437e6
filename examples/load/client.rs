//! The load generator: plain threads over kept connections, requests built beforehand, answers read just far enough.
//!
//! It takes little CPU, because it shares the machine with the server it measures. Invariant: an answer other than
//! 200 ends the measurement.

use rustix::event::{PollFd, PollFlags, poll};
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::Outcome;
use super::machine::CpuClock;
use super::report::{length, real};

/// Connections in all.
const CONNECTIONS: usize = 32;

/// Exchanges before measuring begins where one connection asks the same again and again.
const WARM: usize = 5;

/// Threads that serve them.
const THREADS: usize = 4;

/// Threads that serve them where requests are offered at a rate.
const PACERS: usize = 2;

/// Connections over which requests are offered: so many that one is free whenever a request is due, unless the server has
/// stood for five thousandths of a second at 50,000 requests each. Fewer would make requests wait for each other.
const OFFERING: usize = 256;

/// How often they look.
const TICK: Duration = Duration::from_micros(200);

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Requests to be sent in turn.
pub struct Requests {
    /// What differs from one to the next; it comes first.
    pub heads: Vec<Vec<u8>>,
    /// What follows in each.
    pub tail: Vec<u8>,
}

/// What one turn measured.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Requests per second.
    pub rate: f64,
    /// CPU time of the server per request, microseconds.
    pub cpu: f64,
    /// Half of the requests were answered within this, milliseconds.
    pub p50: f64,
    /// 99 % of the requests were answered within this, milliseconds.
    pub p99: f64,
}

/// Keeps every connection busy for a time and measures.
///
/// # Errors
/// When the server breaks off or answers other than 200.
pub fn drive(server: SocketAddr, process: u32, clock: CpuClock, requests: &Requests, time: Duration) -> Outcome<Turn> {
    let barrier = Barrier::new(THREADS + 1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let connections = connect(server, requests, thread);
                    // Always reached, so that the others never wait for a thread that failed.
                    barrier.wait();
                    keep_busy(connections?, requests, time)
                })
            })
            .collect();
        barrier.wait();
        let (start, cpu) = (Instant::now(), clock.of(process)?);
        let mut waits = Vec::new();
        for thread in threads {
            waits.extend(thread.join().map_err(|_| "a client thread panicked")??);
        }
        let (seconds, cpu) = (start.elapsed().as_secs_f64(), clock.of(process)? - cpu);
        let count = length(&waits);
        if count == 0.0 {
            return Err("not one request was answered".into());
        }
        waits.sort_unstable();
        let at = |percent: usize| {
            waits.get(waits.len().saturating_mul(percent) / 100).map_or(f64::NAN, |nanos| real(*nanos) / 1e6)
        };
        Ok(Turn { rate: count / seconds, cpu: cpu / count * 1e6, p50: at(50), p99: at(99) })
    })
}

/// Offers requests at a rate, whatever the answers take, and measures from the moment each was due.
///
/// # Errors
/// When the server breaks off or answers other than 200.
pub fn drive_paced(server: SocketAddr, requests: &Requests, time: Duration, rate: f64) -> Outcome<Turn> {
    let step = Duration::from_secs_f64(length(&[(); PACERS]) / rate);
    let open = |nth: usize| -> Outcome<VecDeque<Connection>> {
        let share = OFFERING / PACERS;
        let place = |place: usize| requests.heads.len() * (nth * share + place) / OFFERING;
        (0..share).map(|it| Connection::open(server, place(it))).collect()
    };
    let barrier = Barrier::new(PACERS);
    let pace = |nth: usize| -> Outcome<Vec<u64>> {
        let free = open(nth);
        // Always reached, so that the other never waits for one that failed; nothing is due before both are ready.
        barrier.wait();
        let first = step.mul_f64(length(&vec![(); nth]) / length(&[(); PACERS]));
        offer(free?, requests, Instant::now(), first, step, time)
    };
    let (start, pace) = (Instant::now(), &pace);
    let waits = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..PACERS).map(|nth| scope.spawn(move || pace(nth))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a client thread panicked")?)
            .collect::<Outcome<Vec<_>>>()
    })?;
    let mut waits: Vec<u64> = waits.into_iter().flatten().collect();
    waits.sort_unstable();
    let at = |percent: usize| {
        waits.get(waits.len().saturating_mul(percent) / 100).map_or(f64::NAN, |nanos| real(*nanos) / 1e6)
    };
    Ok(Turn { rate: length(&waits) / start.elapsed().as_secs_f64(), cpu: 0.0, p50: at(50), p99: at(99) })
}

/// Sends what is due whenever the clock ticks and connections are free, and reads what has come: one thread for many
/// connections that sleeps between, so that the generator does not take the core from what it measures. A wait is known to
/// the tick.
fn offer(
    mut free: VecDeque<Connection>,
    requests: &Requests,
    start: Instant,
    first: Duration,
    step: Duration,
    time: Duration,
) -> Outcome<Vec<u64>> {
    let (mut asked, mut waits): (Vec<(Connection, Duration)>, Vec<u64>) = (Vec::new(), Vec::new());
    let (mut due, mut heard) = (first, Duration::ZERO);
    while due < time || !asked.is_empty() {
        let now = start.elapsed();
        while due < time && due <= now {
            let Some(mut connection) = free.pop_front() else { break };
            connection.send(requests)?;
            asked.push((connection, due));
            due += step;
        }
        std::thread::sleep(TICK.saturating_sub(start.elapsed().saturating_sub(now)));
        let mut watched: Vec<PollFd<'_>> =
            asked.iter().map(|(connection, _)| PollFd::new(&connection.stream, PollFlags::IN)).collect();
        poll(&mut watched, Some(&Duration::ZERO.try_into()?))?;
        let answered: Vec<bool> = watched.iter().map(|watched| !watched.revents().is_empty()).collect();
        let mut answered = answered.into_iter();
        for (mut connection, due) in std::mem::take(&mut asked) {
            if answered.next().unwrap_or_default() {
                connection.receive()?;
                heard = start.elapsed();
                waits.push(u64::try_from(heard.saturating_sub(due).as_nanos()).unwrap_or(u64::MAX));
                free.push_back(connection);
            } else {
                asked.push((connection, due));
            }
        }
        if !asked.is_empty() && start.elapsed().saturating_sub(heard) > PATIENCE {
            return Err("the server does not answer".into());
        }
    }
    Ok(waits)
}

/// Sends the same request over one connection again and again; returns what each answer took, in milliseconds.
///
/// # Errors
/// When the server breaks off or answers other than 200.
pub fn times(server: SocketAddr, request: &[u8], count: usize) -> Outcome<Vec<f64>> {
    let requests = Requests { heads: vec![request.to_vec()], tail: Vec::new() };
    let mut connection = Connection::open(server, 0)?;
    let mut took = Vec::with_capacity(count);
    // The first few open connections and fill caches, which is not what is measured.
    for turn in 0..count.saturating_add(WARM) {
        connection.send(&requests)?;
        connection.receive()?;
        if turn >= WARM {
            took.push(connection.sent.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(took)
}

/// Somebody who clicks: one connection, and when they click next, or since when they wait.
struct Person {
    connection: Connection,
    next: Duration,
    waits: bool,
}

/// Lets people click through pages, each looking at one for a while before the next; returns within how many milliseconds
/// 95 % of their pages came. One thread serves them all, as people who sit elsewhere take nothing from the server.
///
/// # Errors
/// When the server breaks off or answers other than 200.
pub fn click(server: SocketAddr, pages: &[Vec<u8>], people: usize, looks: Duration, time: Duration) -> Outcome<f64> {
    let requests = Requests { heads: pages.to_vec(), tail: Vec::new() };
    let person = |nth: usize| -> Outcome<Person> {
        // They do not all click in the same moment.
        let next = looks.mul_f64(real(u64::try_from(nth)?) / real(u64::try_from(people)?));
        Ok(Person { connection: Connection::open(server, nth)?, next, waits: false })
    };
    let mut people = (0..people).map(person).collect::<Outcome<Vec<_>>>()?;
    let (start, mut waits) = (Instant::now(), Vec::new());
    loop {
        let now = start.elapsed();
        for person in people.iter_mut().filter(|person| !person.waits && person.next <= now && now < time) {
            person.connection.send(&requests)?;
            person.waits = true;
        }
        let due = people.iter().filter(|person| !person.waits).map(|person| person.next).min();
        let mut waiting: Vec<&mut Person> = people.iter_mut().filter(|person| person.waits).collect();
        if now >= time && waiting.is_empty() {
            break;
        }
        let next = due.filter(|_| now < time).map_or(PATIENCE, |due| due.saturating_sub(start.elapsed()));
        let mut watched: Vec<PollFd<'_>> =
            waiting.iter().map(|person| PollFd::new(&person.connection.stream, PollFlags::IN)).collect();
        if poll(&mut watched, Some(&next.try_into()?))? == 0 && next == PATIENCE {
            return Err("the server does not answer".into());
        }
        let answered: Vec<bool> = watched.iter().map(|watched| !watched.revents().is_empty()).collect();
        for (person, _) in waiting.iter_mut().zip(answered).filter(|(_, answered)| *answered) {
            person.connection.receive()?;
            waits.push(u64::try_from(person.connection.sent.elapsed().as_nanos()).unwrap_or(u64::MAX));
            (person.waits, person.next) = (false, start.elapsed() + looks);
        }
    }
    waits.sort_unstable();
    Ok(waits.get(waits.len().saturating_mul(95) / 100).map_or(f64::NAN, |nanos| real(*nanos) / 1e6))
}

/// Opens the connections of a thread, each at another place among the requests.
fn connect(server: SocketAddr, requests: &Requests, thread: usize) -> Outcome<Vec<Connection>> {
    let share = CONNECTIONS / THREADS;
    (0..share)
        .map(|place| {
            let nth = thread * share + place;
            let mut connection = Connection::open(server, requests.heads.len() * nth / CONNECTIONS)?;
            // One exchange outside the measurement: the token is known and the buffers have their size.
            connection.send(requests)?;
            connection.receive()?;
            Ok(connection)
        })
        .collect()
}

fn keep_busy(mut connections: Vec<Connection>, requests: &Requests, time: Duration) -> Outcome<Vec<u64>> {
    let mut waits = Vec::with_capacity(1 << 17);
    let end = Instant::now() + time;
    for connection in &mut connections {
        connection.send(requests)?;
    }
    loop {
        let over = Instant::now() >= end;
        for connection in &mut connections {
            connection.receive()?;
            waits.push(u64::try_from(connection.sent.elapsed().as_nanos()).unwrap_or(u64::MAX));
            if !over {
                connection.send(requests)?;
            }
        }
        if over {
            return Ok(waits);
        }
    }
}

struct Connection {
    stream: TcpStream,
    next: usize,
    request: Vec<u8>,
    answer: Vec<u8>,
    filled: usize,
    /// Where the head of the last answer ended: mostly the next one's ends there too.
    head: usize,
    sent: Instant,
}

impl Connection {
    fn open(server: SocketAddr, next: usize) -> Outcome<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self {
            stream,
            next,
            request: Vec::new(),
            answer: vec![0; 1 << 14],
            filled: 0,
            head: 0,
            sent: Instant::now(),
        })
    }

    fn send(&mut self, requests: &Requests) -> Outcome<()> {
        let head = requests.heads.get(self.next % requests.heads.len()).ok_or("no requests")?;
        self.next = self.next.wrapping_add(1);
        self.request.clear();
        self.request.extend_from_slice(head);
        self.request.extend_from_slice(&requests.tail);
        self.sent = Instant::now();
        self.stream.write_all(&self.request)?;
        Ok(())
    }

    fn receive(&mut self) -> Outcome<()> {
        self.filled = 0;
        loop {
            if self.filled == self.answer.len() {
                self.answer.resize(self.answer.len() * 2, 0);
            }
            let free = self.answer.get_mut(self.filled..).unwrap_or_default();
            match self.stream.read(free)? {
                0 => return Err("the server closed a connection".into()),
                count => self.filled += count,
            }
            if self.whole()?.is_some_and(|whole| whole <= self.filled) {
                return Ok(());
            }
        }
    }

    /// Returns the length of the answer once its head is there.
    fn whole(&mut self) -> Outcome<Option<usize>> {
        const END: &[u8] = b"\r\n\r\n";
        let answer = self.answer.get(..self.filled).unwrap_or_default();
        let ends_at = |end: usize| end.checked_sub(END.len()).and_then(|start| answer.get(start..end)) == Some(END);
        if !ends_at(self.head) {
            let Some(start) = answer.windows(END.len()).position(|window| window == END) else { return Ok(None) };
            self.head = start + END.len();
        }
        let head = std::str::from_utf8(answer.get(..self.head).unwrap_or_default())?;
        let body = head
            .strip_prefix("HTTP/1.1 200 OK\r\n")
            .ok_or_else(|| format!("an answer other than 200: {}", String::from_utf8_lossy(answer)))?;
        let length = body
            .lines()
            // The service writes it small, nginx does not.
            .find_map(|line| line.strip_prefix("content-length: ").or(line.strip_prefix("Content-Length: ")))
            .ok_or("an answer without content-length")?;
        Ok(Some(self.head + length.parse::<usize>()?))
    }
}

/// Sends one request and returns the whole answer, for a look at what is measured.
///
/// # Errors
/// When the server does not answer with 200.
pub fn once(server: SocketAddr, request: &[u8]) -> Outcome<String> {
    let mut connection = Connection::open(server, 0)?;
    connection.send(&Requests { heads: vec![request.to_vec()], tail: Vec::new() })?;
    connection.receive()?;
    Ok(String::from_utf8_lossy(connection.answer.get(..connection.filled).unwrap_or_default()).into_owned())
}
