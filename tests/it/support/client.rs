//! A small blocking HTTP/1.1 client (RFC 9112) of the tests, over one kept connection.
//!
//! It is no library's client, because the tests must see what is on the wire and must be able to send what is malformed.
//! Invariant: a request is sent once. It is never repeated behind the caller's back, and every exchange that came to its
//! end is shown to the observer. A client belongs to one thread; its clone has a connection of its own.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::contract::Exchange;

/// How long a connection may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

/// A client of one server.
pub struct Client {
    address: SocketAddr,
    observer: Option<Observer>,
    connection: RefCell<Option<BufReader<TcpStream>>>,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Returns the body as text.
    ///
    /// # Panics
    /// Panics when it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// Panics, showing it, when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, String::from_utf8_lossy(&self.body)))
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self { address: self.address, observer: self.observer.clone(), connection: RefCell::default() }
    }
}

impl Client {
    /// Makes a client that connects when it first sends.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, observer: None, connection: RefCell::default() }
    }

    /// Shows every exchange to `observer`.
    #[must_use]
    pub fn observed_by(mut self, observer: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Reads, without a token.
    ///
    /// # Panics
    /// As [`Client::send`].
    pub fn get(&self, target: &str) -> Response {
        self.send("GET", target, &[], b"")
    }

    /// Sends a request and returns the response.
    ///
    /// # Panics
    /// Panics when the server cannot be reached or breaks off.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.try_send(method, target, headers, body).unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    /// Sends a request and returns the response. A length is stated for a body, unless the headers already frame it.
    ///
    /// # Errors
    /// What the connection said, when the server cannot be reached or breaks off; the request may have had its effect.
    pub fn try_send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Response> {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let given =
            |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        let framed = given("content-length").is_some() || given("transfer-encoding").is_some();
        if !framed && (!body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH")) {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let mut bytes = (request + "\r\n").into_bytes();
        bytes.extend_from_slice(body);

        let mut connection = self.connection()?;
        let written = connection.get_mut().write_all(&bytes);
        // A server may refuse a body before it has read it all; what it answered counts more than the broken pipe.
        let (response, reusable) = match (read_response(&mut connection, method), written) {
            (Ok(read), _) => read,
            (Err(_), Err(error)) | (Err(error), Ok(())) => return Err(error),
        };
        if reusable && given("connection").is_none_or(|word| !word.eq_ignore_ascii_case("close")) {
            self.connection.replace(Some(connection));
        }
        if let Some(observer) = &self.observer {
            observer(&Exchange {
                method,
                path_and_query: target,
                request_content_type: given("content-type"),
                request_body: body,
                status: response.status,
                headers: &response.headers,
                response_body: &response.body,
            });
        }
        Ok(response)
    }

    /// Sends bytes as they are over a new connection and returns what comes until the server closes it or the time is
    /// over. The observer does not see it.
    ///
    /// # Panics
    /// Panics when the server cannot be reached.
    pub fn raw(&self, bytes: &[u8], time: Duration) -> Vec<u8> {
        let deadline = Instant::now() + time;
        let mut stream = connect(self.address).expect("the server accepts connections");
        let mut received = Vec::new();
        // The server may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut buffer = [0; 4096];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
                return received;
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return received,
                Ok(count) => received.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// Takes the kept connection if the server has not closed it, else a new one.
    fn connection(&self) -> io::Result<BufReader<TcpStream>> {
        match self.connection.take() {
            Some(kept) if is_open(kept.get_ref())? => Ok(kept),
            _ => connect(self.address).map(BufReader::new),
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Between two exchanges the server has nothing to say, so anything but silence means that it has closed.
fn is_open(stream: &TcpStream) -> io::Result<bool> {
    stream.set_nonblocking(true)?;
    let silent = matches!(stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
    stream.set_nonblocking(false)?;
    Ok(silent)
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Reads a response and says whether the connection can carry another exchange.
fn read_response(stream: &mut impl BufRead, method: &str) -> io::Result<(Response, bool)> {
    let (version, status, headers) = loop {
        let line = read_line(stream)?;
        let (version, rest) = line.split_once(' ').ok_or_else(|| broken("a status line", &line))?;
        let status = rest.get(..3).and_then(|code| code.parse().ok()).ok_or_else(|| broken("a status", &line))?;
        let headers = read_headers(stream)?;
        // Interim responses (RFC 9110, section 15.2) come before the one that counts.
        if !(100..200).contains(&status) {
            break (version.to_owned(), status, headers);
        }
    };
    let says = |name: &str, word: &str| {
        find(&headers, name).is_some_and(|value| value.split(',').any(|given| given.trim().eq_ignore_ascii_case(word)))
    };
    let mut body = Vec::new();
    let mut framed = true;
    if method == "HEAD" || matches!(status, 204 | 304) {
        // No body, whatever the headers say.
    } else if says("transfer-encoding", "chunked") {
        body = read_chunks(stream)?;
    } else if let Some(length) = find(&headers, "content-length") {
        body = read_exact(stream, length.parse().map_err(|_| broken("a length", length))?)?;
    } else {
        framed = false;
        stream.read_to_end(&mut body)?;
    }
    let reusable = framed && version == "HTTP/1.1" && !says("connection", "close");
    Ok((Response { status, headers, body }, reusable))
}

fn read_headers(stream: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            return Ok(headers);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken("a header", &line))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn read_chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(stream)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| broken("the size of a chunk", &line))?;
        if size == 0 {
            // Trailers end with an empty line, as headers do.
            read_headers(stream)?;
            return Ok(body);
        }
        body.extend(read_exact(stream, size)?);
        let end = read_line(stream)?;
        if !end.is_empty() {
            return Err(broken("the end of a chunk", &end));
        }
    }
}

fn read_exact(stream: &mut impl BufRead, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None if line.is_empty() => Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection")),
        None => Err(broken("a line", &line)),
    }
}

fn broken(what: &str, text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("expected {what}, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::Mutex;
    use std::thread::JoinHandle;

    /// Answers one connection per script, one request per text of a script, and returns what it was sent.
    fn server(scripts: &'static [&'static [&'static str]]) -> (SocketAddr, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for script in scripts {
                let mut stream = BufReader::new(listener.accept().unwrap().0);
                for answer in *script {
                    let line = read_line(&mut stream).unwrap();
                    let headers = read_headers(&mut stream).unwrap();
                    let length = find(&headers, "content-length").map_or(0, |length| length.parse().unwrap());
                    let body = String::from_utf8(read_exact(&mut stream, length).unwrap()).unwrap();
                    requests.push(format!("{line} {body}"));
                    stream.get_mut().write_all(answer.as_bytes()).unwrap();
                }
            }
            requests
        });
        (address, thread)
    }

    #[test]
    fn keeps_the_connection_and_reads_every_framing() {
        let (address, thread) = server(&[
            &[
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-One:  1 \r\n\r\n{}",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
            ],
            &["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
        ]);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let client = Client::new(address).observed_by({
            let seen = Arc::clone(&seen);
            move |exchange| {
                seen.lock()
                    .unwrap()
                    .push(format!("{} {} {}", exchange.method, exchange.path_and_query, exchange.status))
            }
        });
        let first = client.send("GET", "/a?b=c", &[], b"");
        assert_eq!((first.status, first.header("x-one"), first.json()), (200, Some("1"), serde_json::json!({})));
        assert_eq!(client.send("POST", "/b", &[("content-type", "text/plain")], b"hello").text(), "abc0123456789");
        assert_eq!(client.send("HEAD", "/c", &[], b"").body, b"");
        assert_eq!(client.send("DELETE", "/d", &[], b"").status, 204);
        assert_eq!(client.send("GET", "/e", &[], b"").text(), "to the end");
        assert_eq!(client.send("GET", "/f", &[], b"").body, b"");
        assert_eq!(seen.lock().unwrap()[..2], ["GET /a?b=c 200", "POST /b 201"]);
        let requests = thread.join().unwrap();
        assert_eq!(requests[..2], ["GET /a?b=c HTTP/1.1 ", "POST /b HTTP/1.1 hello"]);
        assert_eq!(requests.len(), 6);
    }

    #[test]
    fn connects_anew_when_the_server_has_closed_and_never_repeats() {
        let (address, thread) = server(&[
            &["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
            &["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal"],
        ]);
        let client = Client::new(address);
        client.send("GET", "/a", &[], b"");
        while is_open(client.connection.borrow().as_ref().unwrap().get_ref()).unwrap() {
            std::thread::yield_now();
        }
        assert_eq!(client.try_send("POST", "/b", &[], b"").unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(thread.join().unwrap(), ["GET /a HTTP/1.1 ", "POST /b HTTP/1.1 "]);
    }

    #[test]
    fn raw_bytes_are_sent_as_they_are() {
        let (address, thread) = server(&[&["HTTP/1.1 400 Bad Request\r\n\r\n"]]);
        let received = Client::new(address).raw(b"NOT HTTP\r\n\r\n", Duration::from_secs(10));
        assert_eq!(received, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        assert_eq!(thread.join().unwrap(), ["NOT HTTP "]);
    }

    #[test]
    fn raw_stops_waiting_in_time() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let client = Client::new(listener.local_addr().unwrap());
        let begun = Instant::now();
        assert_eq!(client.raw(b"GET", Duration::from_millis(50)), b"");
        assert!(begun.elapsed() < PATIENCE);
    }
}
