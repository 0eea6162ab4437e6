//! Traces for whoever runs a collector: one span per request, as OTLP over HTTP in JSON (OpenTelemetry protocol 1.3).
//!
//! A span names the operation and the path of the table, never what stands in an address or a body. Spans that find the queue
//! full, or the collector away, are lost: nothing waits for them. Invariant: without a collector nothing is recorded.

use super::rounds::Rounds;
use crossbeam_channel::{Receiver, Sender, bounded};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;

/// Spans that wait at most.
const QUEUE: usize = 4_096;

/// Spans sent at once.
const BATCH: usize = 512;

/// How often they are sent.
const EVERY: Duration = Duration::from_secs(1);

/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Of requests that belong to no trace, one in so many is recorded.
const SAMPLE: u64 = 100;

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Trace and span of whoever asked (W3C `traceparent`), when it was recorded there.
    pub parent: Option<(String, String)>,
    /// Method.
    pub method: &'static str,
    /// Path with its parameters unnamed, as in the table.
    pub path: &'static str,
    /// Operation.
    pub operation: &'static str,
    /// Status of the answer.
    pub status: u16,
    /// Id of the exchange.
    pub request_id: String,
    /// When it ended, microseconds since 1970.
    pub ended: i64,
    /// How long it took.
    pub took: Duration,
}

/// Takes spans and hands them on.
pub struct Tracer {
    queue: Sender<Span>,
    asked: AtomicU64,
    _rounds: Rounds,
}

impl Tracer {
    /// Starts handing spans to a collector.
    ///
    /// # Errors
    /// A sentence: no client or no thread can be made.
    pub fn start(collector: Url) -> Result<Self, String> {
        let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let client = client.map_err(|error| error.to_string())?;
        let (queue, waiting) = bounded(QUEUE);
        let rounds = Rounds::start("traces", EVERY, move |runtime| {
            while let Some(batch) = batch(&waiting) {
                // Inside the runtime: the client takes its timer from there.
                let sent = runtime.block_on(async {
                    client.post(collector.clone()).header("content-type", "application/json").body(batch).send().await
                });
                if let Err(error) = sent.and_then(reqwest::Response::error_for_status) {
                    tracing::warn!(%error, "spans could not be handed to the collector and are lost");
                    break;
                }
            }
        });
        Ok(Self { queue, asked: AtomicU64::new(0), _rounds: rounds.map_err(|error| error.to_string())? })
    }

    /// Whether a request is recorded: always when whoever asked records it, else one in a hundred.
    #[must_use]
    pub fn wants(&self, is_recorded: bool) -> bool {
        is_recorded || self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLE)
    }

    /// Takes a span; a full queue loses it.
    pub fn take(&self, span: Span) {
        let _ = self.queue.try_send(span);
    }
}

/// The next body; none when nothing waits.
fn batch(waiting: &Receiver<Span>) -> Option<String> {
    let spans: Vec<Value> = waiting.try_iter().take(BATCH).map(|span| written(&span)).collect();
    if spans.is_empty() {
        return None;
    }
    let resource = json!({ "attributes": [text("service.name", "whitelist"), text("service.version", env!("CARGO_PKG_VERSION"))] });
    let scope = json!({ "scope": { "name": "whitelist" }, "spans": spans });
    Some(json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [scope] }] }).to_string())
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// A span as the protocol writes it; a server's (kind 2), faulty (code 2) from status 500 on.
fn written(span: &Span) -> Value {
    let own = uuid::Uuid::new_v4().simple().to_string();
    let ended = i128::from(span.ended).saturating_mul(1_000);
    let begun = ended.saturating_sub(i128::try_from(span.took.as_nanos()).unwrap_or(0));
    let (trace, parent) =
        span.parent.clone().unwrap_or_else(|| (uuid::Uuid::new_v4().simple().to_string(), String::new()));
    json!({
        "traceId": trace,
        "spanId": own.get(..16).unwrap_or_default(),
        "parentSpanId": parent,
        "name": format!("{} {}", span.method, span.path),
        "kind": 2,
        "startTimeUnixNano": begun.to_string(),
        "endTimeUnixNano": ended.to_string(),
        "attributes": [
            text("http.request.method", span.method),
            text("http.route", span.path),
            { "key": "http.response.status_code", "value": { "intValue": span.status.to_string() } },
            text("whitelist.operation", span.operation),
            text("whitelist.request_id", &span.request_id),
        ],
        "status": { "code": if span.status >= 500 { 2 } else { 0 } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    fn span(status: u16) -> Span {
        Span {
            parent: Some(("4bf92f3577b34da6a3ce929d0e0e4736".to_owned(), "00f067aa0ba902b7".to_owned())),
            method: "GET",
            path: "/v1/listings/{number}",
            operation: "get_listing",
            status,
            request_id: "r-1".to_owned(),
            ended: 1_000_000,
            took: Duration::from_millis(250),
        }
    }

    #[test]
    fn a_collector_receives_what_the_protocol_asks_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let collector = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
            loop {
                let count = socket.read(&mut buffer).unwrap();
                received.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8_lossy(&received).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
                if length.is_some_and(|length| body.len() >= length) {
                    socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").unwrap();
                    return (head.to_owned(), serde_json::from_str::<Value>(body).unwrap());
                }
            }
        });
        let tracer = Tracer::start(Url::parse(&format!("http://{address}/v1/traces")).unwrap()).unwrap();
        assert!(
            tracer.wants(true) && tracer.wants(false) && !tracer.wants(false),
            "one in a hundred, and what is recorded elsewhere"
        );
        tracer.take(span(503));
        let (head, body) = collector.join().unwrap();
        assert!(head.starts_with("POST /v1/traces "), "{head}");
        let found = &body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(
            (&found["traceId"], &found["parentSpanId"]),
            (&json!("4bf92f3577b34da6a3ce929d0e0e4736"), &json!("00f067aa0ba902b7"))
        );
        assert_eq!(
            (&found["startTimeUnixNano"], &found["endTimeUnixNano"]),
            (&json!("750000000"), &json!("1000000000"))
        );
        assert_eq!(
            (&found["name"], &found["status"]["code"], found["spanId"].as_str().unwrap().len()),
            (&json!("GET /v1/listings/{number}"), &json!(2), 16)
        );
        assert_eq!(body["resourceSpans"][0]["resource"]["attributes"][0], text("service.name", "whitelist"));
        drop(tracer);
    }
}
