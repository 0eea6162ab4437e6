//! Signatures of requests: whose organisation must sign, what a signature has to cover, and the body held against its digest.
//!
//! A signature is judged before the body is read; the body is held against the covered digest while it is read, so that no
//! handler acts on another. Nothing is remembered of a signature: a request that is sent again within its five minutes is
//! either a read or a change that has its effect once, by what its signature must cover.

use super::edge::Edge;
use super::endpoints::{Effect, Endpoint};
use super::problem::{Problem, ProblemType};
use super::surface::Surface;
use crate::domain::signed::{Parts, Refused, read_digest, verify};
use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use actix_web::web::Bytes;
use futures_util::stream::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The digest that the body of a signed request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound(Option<[u8; 32]>);

impl Bound {
    /// Lets the request be read as far as its body is what was signed.
    pub fn hold(self, request: &mut ServiceRequest) {
        let payload = request.take_payload();
        if matches!(payload, Payload::None) {
            return;
        }
        let held = Held { payload, digest: Sha256::new(), bound: self.0, empty: true, ended: false };
        request.set_payload(Payload::Stream { payload: Box::pin(held) });
    }
}

/// A body on its way to a handler.
struct Held {
    payload: Payload,
    digest: Sha256,
    bound: Option<[u8; 32]>,
    empty: bool,
    ended: bool,
}

impl Stream for Held {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = std::task::ready!(self.payload.poll_next_unpin(cx));
        Poll::Ready(match next {
            Some(Ok(chunk)) => {
                self.digest.update(&chunk);
                self.empty &= chunk.is_empty();
                Some(Ok(chunk))
            }
            Some(Err(error)) => Some(Err(error)),
            None => {
                self.ended = true;
                let digest = std::mem::take(&mut self.digest).finalize();
                // No body needs no digest.
                let agrees = self.bound.map_or(self.empty, |bound| digest.as_slice() == bound);
                // An error that a body without a content coding cannot have of itself; its reader says what it means.
                (!agrees).then_some(Err(PayloadError::EncodingCorrupted))
            }
        })
    }
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// What a signature has to cover: what is asked, as whom, on what state, with what body. A change has one effect however often
/// it is sent: by its `If-Match`, by its `Idempotency-Key`, or by the sequence in the body of a message about a declaration.
fn needed(endpoint: &Endpoint, headers: &HeaderMap) -> Vec<&'static str> {
    let mut needed = vec!["@method", "@path", "@query", "authorization"];
    if has_body(headers) {
        needed.push("content-digest");
    }
    let has_key = headers.contains_key("if-match") || Surface::of(endpoint, false) == Some(Surface::Draws);
    let needs_key = endpoint.effect == Effect::Fact && endpoint.method == "POST" && !has_key;
    for (name, always) in [
        ("idempotency-key", needs_key),
        ("if-match", false),
        ("whitelist-acting-for", false),
        ("whitelist-min-revision", false),
    ] {
        if always || headers.contains_key(name) {
            needed.push(name);
        }
    }
    needed
}

/// Judges the signature of a request of an organisation. None where it signs nothing and need not.
///
/// # Errors
/// `unauthenticated` with what is wrong: for an organisation that must sign, and for whoever signs and does it wrongly.
pub fn judge(edge: &Edge, endpoint: &Endpoint, request: &ServiceRequest, org: &str) -> Result<Option<Bound>, Problem> {
    let Some(signer) = edge.signers.get(org) else { return Ok(None) };
    let headers = request.headers();
    let header = |name: &str| {
        let mut values = headers.get_all(name).peekable();
        values.peek()?;
        let values = values.map(|value| value.to_str().map(str::trim)).collect::<Result<Vec<_>, _>>().ok()?;
        Some(values.join(", "))
    };
    let parts = Parts {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.query_string(),
        header: &header,
    };
    let now = edge.app.clock.now().micros().div_euclid(1_000_000);
    let digest = || {
        let bound = header("content-digest").and_then(|text| read_digest(&text));
        if has_body(headers) && bound.is_none() {
            Err(Refused::NotCovered("content-digest".to_owned()))
        } else {
            Ok(bound)
        }
    };
    match verify(parts, &needed(endpoint, headers), &signer.keys, now).and_then(|_| digest()) {
        Ok(bound) => Ok(Some(Bound(bound))),
        Err(Refused::Absent) if !signer.required => Ok(None),
        Err(refused) => {
            edge.metrics.token_refused("signature");
            let zh = match &refused {
                Refused::Absent => "本单位的请求必须签名（RFC 9421）。".to_owned(),
                Refused::Unreadable => "无法读取 Signature-Input 或 Signature。".to_owned(),
                Refused::UnknownKey => "keyid 不是本单位登记的密钥。".to_owned(),
                Refused::NotCovered(what) => format!("签名没有涵盖 {what}。"),
                Refused::Time => "created 与当前时间相差超过五分钟，或 expires 已过。".to_owned(),
                Refused::Broken => "签名不成立。".to_owned(),
            };
            let en = format!("The signature of the request (RFC 9421) is not taken: {refused}.");
            Err(Problem::new(ProblemType::Unauthenticated).with_detail(zh, en))
        }
    }
}
