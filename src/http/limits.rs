//! How much of a body is read, how long it may take, and of what media type it must be.
//!
//! It parses nothing. Invariant: no body is held beyond its cap and none keeps a connection beyond its deadline: the
//! server closes slow headers by itself but waits for a slow body for ever.

use std::pin::pin;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
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
pub async fn read_body<S>(headers: &HeaderMap, payload: S, cap: usize, deadline: LimitSettings) -> Result<Bytes, Problem>
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
            Some(Err(_)) => {
                return Err(Problem::new(ProblemType::InvalidRequest)
                    .with_detail("请求内容没有传送完整。", "The body broke off before its end."));
            }
        }
    }
}

fn too_large(cap: usize) -> Problem {
    let (zh, en) = if cap % (1024 * 1024) == 0 {
        let mib = cap / (1024 * 1024);
        (format!("请求内容不得超过 {mib} MiB。"), format!("The body may have at most {mib} MiB."))
    } else {
        (format!("请求内容不得超过 {cap} 字节。"), format!("The body may have at most {cap} bytes."))
    };
    Problem::new(ProblemType::PayloadTooLarge).with_detail(zh, en)
}

/// Returns type and subtype of the `Content-Type` in lower case, without its parameters; none when it is missing,
/// doubled or malformed, or states a charset other than UTF-8.
#[must_use]
pub fn content_type(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(CONTENT_TYPE);
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next()?.to_ascii_lowercase();
    let token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte));
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
        Problem::new(ProblemType::UnsupportedMediaType)
            .with_detail(format!("此操作接受的 Content-Type：{list}。"), format!("This operation takes the Content-Type {list}."))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use futures_util::stream;

    use super::*;
    use crate::domain::lang::Lang;

    const QUICK: LimitSettings = LimitSettings { base: Duration::from_millis(60), per_64_kib: Duration::from_millis(400) };

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

    async fn kind(headers: &HeaderMap, items: Vec<Result<Bytes, PayloadError>>, cap: usize) -> Result<usize, ProblemType> {
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
        let problem = read_body(&headers(CONTENT_LENGTH, &["11"]), endless, 10, LimitSettings::default()).await.unwrap_err();
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
        assert_eq!(kind(&HeaderMap::new(), vec![Err(PayloadError::Overflow)], 10).await, Err(ProblemType::PayloadTooLarge));
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

    #[test]
    fn media_types_are_compared_without_case_and_parameters() {
        let of = |values: &[&str]| content_type(&headers(CONTENT_TYPE, values));
        for text in ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\""] {
            assert_eq!(of(&[text]).as_deref(), Some("application/json"), "{text}");
        }
        assert_eq!(of(&["multipart/form-data; boundary=xx"]).as_deref(), Some("multipart/form-data"));
        for values in [&[][..], &[""], &["json"], &["application/"], &["a b/c"], &["application/json; charset=gbk"], &["text/csv", "text/csv"]] {
            assert_eq!(of(values), None, "{values:?}");
        }
        let json = headers(CONTENT_TYPE, &["application/json"]);
        assert_eq!(expect_media_type(&json, &["text/csv", "application/json"]).unwrap(), "application/json");
        let problem = expect_media_type(&json, &["text/csv"]).unwrap_err();
        assert_eq!(problem.kind, ProblemType::UnsupportedMediaType);
        assert_eq!(problem.detail.unwrap().text(Lang::En), "This operation takes the Content-Type text/csv.");
    }
}
