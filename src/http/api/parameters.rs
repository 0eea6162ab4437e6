//! Path parameters, page parameters, and the headers that make a change safe to send twice.

use crate::app::repeat::RepeatKey;
use crate::domain::actor::Caller;
use crate::domain::fault::FaultCode;
use crate::domain::revision::Revision;
use crate::http::fields::Members as _;
use crate::http::fields::{Query, text, whole};
use crate::http::problem::{Fault, Problem, ProblemType};
use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, IF_MATCH};
use sha2::{Digest as _, Sha256};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Things of one page.
const PAGE: i64 = 50;
/// Things of one page at most.
const LARGEST_PAGE: i64 = 200;

/// Reads a parameter of the path.
///
/// # Errors
/// `not-found` when it is no such thing: an id that cannot exist names nothing.
pub fn path<T>(
    request: &HttpRequest,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, FaultCode>,
) -> Result<T, Problem> {
    parse(request.match_info().get(name).unwrap_or_default()).map_err(|_| ProblemType::NotFound.into())
}

/// Where a page begins and how long it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAsked {
    /// Behind this.
    pub after: String,
    /// Things at most.
    pub limit: usize,
}

/// Reads the page parameters inside a query.
pub fn page(query: &mut Query<'_, '_>) -> PageAsked {
    let after = query.optional("after", cursor).unwrap_or_default();
    let limit = query.optional("limit", whole(1..=LARGEST_PAGE, FaultCode::LimitOutOfRange)).unwrap_or(PAGE);
    PageAsked { after, limit: usize::try_from(limit).unwrap_or(1) }
}

fn cursor(value: &str) -> Result<String, FaultCode> {
    let value = text(400)(value).map_err(|_| FaultCode::CursorFormat)?;
    let fits = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte));
    if fits { Ok(value) } else { Err(FaultCode::CursorFormat) }
}

/// Reads a query that takes no parameters.
///
/// # Errors
/// Every parameter is a fault.
pub fn no_query(request: &HttpRequest) -> Result<(), Problem> {
    read_query(request, |_| Some(()))
}

/// Reads a query.
///
/// # Errors
/// Every fault of it.
pub fn read_query<T>(request: &HttpRequest, read: impl FnOnce(&mut Query<'_, '_>) -> Option<T>) -> Result<T, Problem> {
    let mut faults = Vec::new();
    let value = Query::read(request.query_string(), &mut faults, read);
    value.filter(|_| faults.is_empty()).ok_or_else(|| faults.into())
}

/// Reads `If-Match`: the revision of the last entry the caller saw.
///
/// # Errors
/// `precondition-required` when it is absent; `stale-version` when it names no revision of ours.
pub fn if_match(request: &HttpRequest) -> Result<Revision, Problem> {
    let header = request.headers().get(IF_MATCH).ok_or(ProblemType::PreconditionRequired)?;
    let tag = header.to_str().ok().and_then(|tag| tag.trim().strip_prefix('"')?.strip_suffix('"'));
    let revision = tag.and_then(|tag| tag.parse::<i64>().ok()).filter(|revision| *revision > 0);
    revision.map(Revision).ok_or_else(|| ProblemType::StaleVersion.into())
}

/// Reads `Idempotency-Key`, bound to the caller, the operation and its content.
///
/// # Errors
/// `invalid-request` when it is not 1 to 255 visible ASCII characters.
pub fn repeat_key(request: &HttpRequest, caller: &Caller, body: &[u8]) -> Result<Option<RepeatKey>, Problem> {
    let Some(header) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = header
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    let key = key.ok_or_else(|| Problem::from(Fault::new("/Idempotency-Key", FaultCode::TextNotPrintable)))?;
    let precondition = request.headers().get(IF_MATCH).map(|value| value.as_bytes()).unwrap_or_default();
    let scope = digest(&[
        caller.issuer.as_bytes(),
        caller.subject.as_bytes(),
        request.method().as_str().as_bytes(),
        request.path().as_bytes(),
        key.as_bytes(),
    ]);
    let digest = digest(&[body, precondition, request.query_string().as_bytes()]);
    Ok(Some(RepeatKey { scope, digest }))
}

/// Hashes parts with their lengths, so that no two lists of parts run together.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
