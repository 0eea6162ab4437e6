//! How much of a body is read, how long it may take, and of what media type it must be.
//!
//! It parses nothing. Invariant: no body is held beyond its cap and none keeps a connection beyond its deadline: the
//! server closes slow headers by itself, but it waits for a slow body for ever, and for the rest of a chunked one even
//! after the response.

use std::cell::RefCell;
use std::error::Error;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::problem::{Problem, ProblemType};

/// Bytes that earn a body one more portion of time.
const PORTION: usize = 64 * 1024;

/// How long a body may take: a base, and more for every 64 KiB that have arrived, so that a large body may be slow but
/// a trickle may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Time for any body.
    pub base: Duration,
    /// More time per 64 KiB received.
    pub per_64_kib: Duration,
}

impl Default for LimitSettings {
    /// 10 s and 1 s per 64 KiB.
    fn default() -> Self {
        Self { base: Duration::from_secs(10), per_64_kib: Duration::from_secs(1) }
    }
}

impl LimitSettings {
    fn after(self, received: usize) -> Duration {
        let portions = u32::try_from(received / PORTION).unwrap_or(u32::MAX);
        self.base.saturating_add(self.per_64_kib.saturating_mul(portions))
    }
}

/// Reads a body whole, at most `cap` bytes of it.
///
/// # Errors
/// `payload-too-large` above the cap, before reading when `Content-Length` says so; `request-timeout` past the
/// deadline; `invalid-request` when the body breaks off.
pub async fn read_body<S>(
    headers: &HeaderMap,
    payload: S,
    cap: usize,
    deadline: LimitSettings,
) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<Bytes, PayloadError>>,
{
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > cap) {
        return Err(too_large(cap));
    }
    let start = Instant::now();
    let mut payload = pin!(payload);
    let mut body = BytesMut::with_capacity(announced.unwrap_or_default().min(PORTION));
    loop {
        let Ok(next) = timeout_at(start + deadline.after(body.len()), payload.next()).await else {
            return Err(ProblemType::RequestTimeout.into());
        };
        match next {
            None => return Ok(body.freeze()),
            Some(Ok(chunk)) if chunk.len() > cap.saturating_sub(body.len()) => return Err(too_large(cap)),
            Some(Ok(chunk)) => body.extend_from_slice(&chunk),
            Some(Err(PayloadError::Overflow)) => return Err(too_large(cap)),
            Some(Err(PayloadError::EncodingCorrupted)) => {
                return Err(Problem::new(ProblemType::InvalidRequest).with_detail(
                    "请求内容与签名所涵盖的 Content-Digest 不符。",
                    "The body is not that of the signed `Content-Digest`.",
                ));
            }
            Some(Err(_)) => {
                return Err(Problem::new(ProblemType::InvalidRequest)
                    .with_detail("请求内容没有传送完整。", "The body broke off before its end."));
            }
        }
    }
}

fn too_large(cap: usize) -> Problem {
    let (zh, en) = if cap.is_multiple_of(1024 * 1024) {
        let mib = cap / (1024 * 1024);
        (format!("请求内容不得超过 {mib} MiB。"), format!("The body may have at most {mib} MiB."))
    } else {
        (format!("请求内容不得超过 {cap} 字节。"), format!("The body may have at most {cap} bytes."))
    };
    Problem::new(ProblemType::PayloadTooLarge).with_detail(zh, en)
}

/// The body of a request, held until its response is out.
///
/// The server discards the rest of a chunked body whose reader is gone, however slowly it comes. While the body is held
/// it closes the connection after the response instead. The outermost middleware takes it from every request
/// ([`Unread::of`]) and gives it to the response ([`Unread::hold`]), also where nobody reads the body, as for a 401.
pub struct Unread(Option<Rc<RefCell<Payload>>>);

impl Unread {
    /// Takes hold of the body; the request reads it as before.
    pub fn of(request: &mut ServiceRequest) -> Self {
        let payload = request.take_payload();
        if matches!(payload, Payload::None) {
            return Self(None);
        }
        let shared = Rc::new(RefCell::new(payload));
        request.set_payload(Payload::Stream { payload: Box::pin(Shared(Rc::clone(&shared))) });
        Self(Some(shared))
    }

    /// Holds the body until the response is written, and the place that the request has on its surface; a stream of events,
    /// which has no end, gives its place back at once.
    pub fn hold<B: MessageBody + 'static>(
        self,
        response: ServiceResponse<B>,
        place: Option<OwnedSemaphorePermit>,
        limits: LimitSettings,
    ) -> ServiceResponse {
        let response = response.map_into_boxed_body();
        let is_endless = content_type(response.headers()).as_deref() == Some("text/event-stream");
        let place = place.filter(|_| !is_endless);
        if self.0.is_none() && place.is_none() {
            return response;
        }
        response.map_body(|_, body| {
            BoxBody::new(Holding { body, _unread: self.0, _place: place, sending: Sending::new(limits) })
        })
    }
}

/// How long a connection took to send what it was given. Only its own time counts, not that of making the body.
struct Sending {
    limits: LimitSettings,
    sent: usize,
    waited: Duration,
    given: Option<Instant>,
}

impl Sending {
    fn new(limits: LimitSettings) -> Self {
        Self { limits, sent: 0, waited: Duration::ZERO, given: None }
    }

    /// Notes that the connection asks for more; says whether it took too long.
    fn asks(&mut self) -> bool {
        if let Some(given) = self.given.take() {
            self.waited = self.waited.saturating_add(given.elapsed());
        }
        self.waited > self.limits.after(self.sent)
    }

    /// Notes that the connection was given something.
    fn gives(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes);
        self.given = Some(Instant::now());
    }
}

/// Reads a body that is held.
struct Shared(Rc<RefCell<Payload>>);

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.borrow_mut().poll_next_unpin(cx)
    }
}

/// The body of a response that holds the body of its request and its place, as long as the client takes it fast enough.
struct Holding {
    body: BoxBody,
    _unread: Option<Rc<RefCell<Payload>>>,
    _place: Option<OwnedSemaphorePermit>,
    sending: Sending,
}

impl MessageBody for Holding {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.sending.asks() {
            return Poll::Ready(Some(Err("the client reads too slowly".into())));
        }
        let next = Pin::new(&mut self.body).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.sending.gives(bytes.len());
        }
        next
    }
}

/// Returns type and subtype of the `Content-Type` in lower case, without its parameters; none when it is missing,
/// doubled or malformed, or states a charset other than UTF-8.
#[must_use]
pub fn content_type(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(CONTENT_TYPE);
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next()?.to_ascii_lowercase();
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let well_formed = essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    let other_charset = parts.filter_map(|part| part.split_once('=')).any(|(name, value)| {
        name.eq_ignore_ascii_case("charset") && !value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    (well_formed && !other_charset).then_some(essence)
}

/// Returns which of the accepted media types the body has.
///
/// # Errors
/// `unsupported-media-type`, naming those accepted.
pub fn expect_media_type<'t>(headers: &HeaderMap, accepted: &[&'t str]) -> Result<&'t str, Problem> {
    let given = content_type(headers);
    accepted.iter().copied().find(|known| given.as_deref() == Some(known)).ok_or_else(|| {
        let list = accepted.join(", ");
        Problem::new(ProblemType::UnsupportedMediaType).with_detail(
            format!("此操作接受的 Content-Type：{list}。"),
            format!("This operation takes the Content-Type {list}."),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use actix_web::dev::Service as _;
    use actix_web::http::header::HeaderValue;
    use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
    use futures_util::stream;

    use super::*;
    use crate::domain::lang::Lang;

    const QUICK: LimitSettings =
        LimitSettings { base: Duration::from_millis(60), per_64_kib: Duration::from_millis(400) };

    fn chunks(sizes: &[usize]) -> Vec<Result<Bytes, PayloadError>> {
        sizes.iter().map(|size| Ok(Bytes::from(vec![b'x'; *size]))).collect()
    }

    fn headers(name: actix_web::http::header::HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    async fn kind(
        headers: &HeaderMap,
        items: Vec<Result<Bytes, PayloadError>>,
        cap: usize,
    ) -> Result<usize, ProblemType> {
        read_body(headers, stream::iter(items), cap, QUICK).await.map(|body| body.len()).map_err(|problem| problem.kind)
    }

    #[actix_web::test]
    async fn the_cap_holds_for_what_is_announced_and_for_what_comes() {
        let none = HeaderMap::new();
        assert_eq!(kind(&none, chunks(&[]), 0).await, Ok(0));
        assert_eq!(kind(&none, chunks(&[4, 6]), 10).await, Ok(10));
        assert_eq!(kind(&none, chunks(&[4, 7]), 10).await, Err(ProblemType::PayloadTooLarge));
        assert_eq!(kind(&none, chunks(&[11]), 10).await, Err(ProblemType::PayloadTooLarge));
        assert_eq!(kind(&headers(CONTENT_LENGTH, &["10"]), chunks(&[10]), 10).await, Ok(10));
        // Refused before reading: the stream would never come to an end.
        let endless = stream::pending::<Result<Bytes, PayloadError>>();
        let problem =
            read_body(&headers(CONTENT_LENGTH, &["11"]), endless, 10, LimitSettings::default()).await.unwrap_err();
        assert_eq!(problem.kind, ProblemType::PayloadTooLarge);
        assert_eq!(too_large(1024 * 1024).detail.unwrap().text(Lang::En), "The body may have at most 1 MiB.");
    }

    #[actix_web::test]
    async fn a_body_that_breaks_off_is_faulty() {
        for error in [PayloadError::Incomplete(None), PayloadError::EncodingCorrupted, PayloadError::UnknownLength] {
            let mut items = chunks(&[5]);
            items.push(Err(error));
            assert_eq!(kind(&HeaderMap::new(), items, 10).await, Err(ProblemType::InvalidRequest));
        }
        assert_eq!(
            kind(&HeaderMap::new(), vec![Err(PayloadError::Overflow)], 10).await,
            Err(ProblemType::PayloadTooLarge)
        );
    }

    #[actix_web::test]
    async fn a_trickle_ends_at_the_deadline_and_a_large_body_earns_time() {
        let trickle = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok(Bytes::from_static(b"x")), ()))
        });
        let started = Instant::now();
        let problem = read_body(&HeaderMap::new(), trickle, 1_000_000, QUICK).await.unwrap_err();
        assert_eq!(problem.kind, ProblemType::RequestTimeout);
        assert!(started.elapsed() >= QUICK.base);

        let late_end = stream::iter(chunks(&[PORTION])).chain(stream::once(async {
            tokio::time::sleep(Duration::from_millis(120)).await;
            Ok(Bytes::from_static(b"end"))
        }));
        let body = read_body(&HeaderMap::new(), late_end, 1_000_000, QUICK).await.unwrap();
        assert_eq!(body.len(), PORTION + 3);
        assert_eq!(LimitSettings::default().after(10 * PORTION), Duration::from_secs(20));
    }

    /// Sends the start of a request to a server that reads bodies with [`QUICK`] and at most 1,000 bytes (none at
    /// `/unread`), waits until the connection is closed, and returns the answers.
    async fn exchange(held: bool, request: &'static str) -> Result<String, std::io::Error> {
        let server = HttpServer::new(move || {
            let read = |request: HttpRequest, payload: web::Payload| async move {
                let body = read_body(request.headers(), payload, 1000, QUICK).await;
                body.map_or_else(
                    |problem| problem.respond(Lang::En, "r"),
                    |body| HttpResponse::Ok().body(body.len().to_string()),
                )
            };
            App::new()
                .wrap_fn(move |mut request, service| {
                    let unread = held.then(|| Unread::of(&mut request));
                    let response = service.call(request);
                    async move {
                        let response = response.await?;
                        Ok(unread.unwrap_or(Unread(None)).hold(response, None, QUICK))
                    }
                })
                .route("/", web::post().to(read))
                .route("/unread", web::post().to(HttpResponse::Forbidden))
        });
        let server = server
            .workers(1)
            .keep_alive(Duration::from_millis(50))
            .client_disconnect_timeout(Duration::from_millis(100));
        let server = server.disable_signals().bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let answers = web::block(move || {
            let mut connection = std::net::TcpStream::connect(address)?;
            connection.write_all(request.as_bytes())?;
            connection.set_read_timeout(Some(Duration::from_secs(2)))?;
            let mut answers = String::new();
            connection.read_to_string(&mut answers).map(|_| answers)
        });
        let answers = answers.await.unwrap();
        handle.stop(false).await;
        answers
    }

    #[actix_web::test]
    async fn no_body_keeps_its_connection() {
        let stalled_chunk = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab";
        let nobody_reads = "POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab";
        for (request, status) in [
            (stalled_chunk, "408"),
            (nobody_reads, "403"),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", "408"),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\nab", "413"),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", "200"),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "200"),
        ] {
            let answers = exchange(true, request).await.unwrap();
            assert!(answers.starts_with(&format!("HTTP/1.1 {status}")), "{request:?}: {answers}");
        }
        // Two requests on one connection: a body that was read whole leaves it open.
        let twice = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nabPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(exchange(true, twice).await.unwrap().matches("HTTP/1.1 200").count(), 2);
        // Why the body is held: without it the server would wait for the rest.
        assert!(exchange(false, nobody_reads).await.is_err());
    }

    #[actix_web::test]
    async fn a_client_that_takes_too_long_to_read_loses_its_answer() {
        let body = || BoxBody::new(actix_web::body::BodyStream::new(stream::iter(chunks(&[10, 10, 10]))));
        let holding = |limits| Holding { body: body(), _unread: None, _place: None, sending: Sending::new(limits) };
        let next = async |holding: &mut Holding| std::future::poll_fn(|cx| Pin::new(&mut *holding).poll_next(cx)).await;
        let mut quick = holding(LimitSettings::default());
        for _ in 0..3 {
            assert_eq!(next(&mut quick).await.unwrap().unwrap().len(), 10);
        }
        assert!(next(&mut quick).await.is_none());
        let mut slow = holding(LimitSettings { base: Duration::ZERO, per_64_kib: Duration::ZERO });
        assert!(next(&mut slow).await.unwrap().is_ok());
        while slow.sending.given.is_none_or(|given| given.elapsed() <= Duration::ZERO) {}
        assert!(next(&mut slow).await.unwrap().is_err());
    }

    #[test]
    fn media_types_are_compared_without_case_and_parameters() {
        let of = |values: &[&str]| content_type(&headers(CONTENT_TYPE, values));
        for text in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert_eq!(of(&[text]).as_deref(), Some("application/json"), "{text}");
        }
        assert_eq!(of(&["multipart/form-data; boundary=xx"]).as_deref(), Some("multipart/form-data"));
        for values in [
            &[][..],
            &[""],
            &["json"],
            &["application/"],
            &["a b/c"],
            &["application/json; charset=gbk"],
            &["text/csv", "text/csv"],
        ] {
            assert_eq!(of(values), None, "{values:?}");
        }
        let json = headers(CONTENT_TYPE, &["application/json"]);
        assert_eq!(expect_media_type(&json, &["text/csv", "application/json"]).unwrap(), "application/json");
        let problem = expect_media_type(&json, &["text/csv"]).unwrap_err();
        assert_eq!(problem.kind, ProblemType::UnsupportedMediaType);
        assert_eq!(problem.detail.unwrap().text(Lang::En), "This operation takes the Content-Type text/csv.");
    }
}
