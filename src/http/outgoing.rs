//! How an answer leaves: counted, logged with its id and trace, with the headers that every answer has.

use super::edge::Edge;
use super::endpoints::Endpoint;
use crate::outbound::traces::{Span, Tracer};
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::ConnectionType;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use std::time::Duration;

const REVISION: HeaderName = HeaderName::from_static("whitelist-revision");
const LOG: HeaderName = HeaderName::from_static("whitelist-log");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE: HeaderName = HeaderName::from_static("traceparent");
const ENVIRONMENT: HeaderName = HeaderName::from_static("x-environment");

/// Counts and logs an answer, and adds the headers that every answer has.
pub fn finish(
    edge: &Edge,
    mut response: ServiceResponse<BoxBody>,
    id: &str,
    endpoint: Option<&Endpoint>,
    took: Duration,
) -> ServiceResponse<BoxBody> {
    let status = response.status().as_u16();
    edge.metrics.responded(status);
    set_headers(edge, response.headers_mut(), id);
    if edge.is_draining() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let trace = response.request().headers().get(TRACE).filter(|given| is_trace(given)).cloned();
    if let Some(trace) = &trace {
        response.headers_mut().insert(TRACE, trace.clone());
    }
    let trace = trace.as_ref().and_then(|trace| trace.to_str().ok());
    if let (Some(tracer), Some(endpoint)) = (&edge.tracer, endpoint) {
        record(edge, tracer, endpoint, (status, id, took), trace);
    }
    let trace = trace.and_then(|trace| trace.get(3..35));
    let (method, path) = (response.request().method(), response.request().path());
    if took >= edge.slow {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(request_id = id, trace_id = trace, %method, path, status, millis, "slow");
    }
    match status {
        500.. => tracing::error!(request_id = id, trace_id = trace, %method, path, status, "answered"),
        400.. => tracing::info!(request_id = id, trace_id = trace, %method, path, status, "answered"),
        _ if method == actix_web::http::Method::GET => {
            tracing::debug!(request_id = id, %method, path, status, "answered")
        }
        _ => tracing::info!(request_id = id, trace_id = trace, %method, path, status, "answered"),
    }
    response
}

/// Hands a span to the tracer, when it is recorded.
fn record(
    edge: &Edge,
    tracer: &Tracer,
    endpoint: &Endpoint,
    (status, id, took): (u16, &str, Duration),
    trace: Option<&str>,
) {
    let asked = trace.and_then(|trace| Some((trace.get(3..35)?, trace.get(36..52)?)));
    let is_recorded = trace.is_some_and(|trace| trace.ends_with("-01"));
    if tracer.wants(is_recorded) {
        tracer.take(Span {
            parent: asked.map(|(trace, span)| (trace.to_owned(), span.to_owned())),
            method: endpoint.method,
            path: endpoint.path,
            operation: endpoint.operation,
            status,
            request_id: id.to_owned(),
            ended: edge.app.clock.now().micros(),
            took,
        });
    }
}

/// Adds the headers that every answer has.
pub fn set_headers(edge: &Edge, headers: &mut HeaderMap, id: &str) {
    headers.insert(REVISION, HeaderValue::from(edge.app.index.load().revision().0));
    headers.insert(LOG, edge.log.clone());
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if edge.app.is_demo() {
        headers.insert(ENVIRONMENT, HeaderValue::from_static("demo"));
    }
}

/// Whether a header names a trace (W3C Trace Context, version 00).
fn is_trace(given: &HeaderValue) -> bool {
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let Ok(text) = given.to_str() else { return false };
    let mut parts = text.split('-');
    let mut next = |length: usize| parts.next().is_some_and(|part| is_hex(part, length));
    text.starts_with("00-") && next(2) && next(32) && next(16) && next(2) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_a_trace_is_given_back() {
        let is = |text: &'static str| is_trace(&HeaderValue::from_static(text));
        assert!(is("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for text in [
            "",
            "00",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert!(!is(text), "{text}");
        }
    }
}
