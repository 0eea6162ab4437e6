//! The one shape of every refusal and failure (RFC 9457), and the language in which it is said.
//!
//! A [`Problem`] is made where something goes wrong and holds no text of one language; it is written only where the
//! request's `Accept-Language` and id are known: by [`Problem::respond`] in code that has the request, or by
//! [`render`] in the outermost middleware, which finds the problem that `error_response` left in the response's
//! extensions. It decides nothing and looks nothing up. Invariant: what a client reads comes from our own tables,
//! never from a library's message; causes go to the process log, once, here.

use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value};

use super::docs::problems::problem;
use crate::app::overtaken::Step;
use crate::domain::bilingual::Bilingual;
use crate::domain::draw::RefusedLine;
use crate::domain::error::Rule;
pub use crate::domain::fault::Fault;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::reason::{Reason, Reasons, Verdict};

/// Seconds in `Retry-After` where nobody knows better.
const RETRY_AFTER_DEFAULT: u32 = 2;

/// Most faults of a request that one body names; far beyond what a form or a declaration can hold, it keeps a small
/// hostile body from asking for a huge answer.
const MOST_FAULTS: usize = 10_000;

/// One line per type: variant, slug, status.
macro_rules! problem_types {
    ($($(#[$doc:meta])+ $variant:ident $slug:literal $status:ident;)+) => {
        /// The closed list of problem types of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemType {
            $($(#[$doc])+ $variant,)+
        }

        impl ProblemType {
            /// Every type, by status.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the last part of `type`.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$variant => $slug,)+
                }
            }

            /// Returns the one status that it is answered with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$variant => StatusCode::$status,)+
                }
            }
        }
    };
}

problem_types! {
    /// Syntax, an unknown member, a faulty code, too many or doubled lines.
    InvalidRequest "invalid-request" BAD_REQUEST;
    /// No valid token; the same whatever is wrong with it.
    Unauthenticated "unauthenticated" UNAUTHORIZED;
    /// No role for this, or another organisation's business.
    Forbidden "forbidden" FORBIDDEN;
    /// Not there, or not to be known.
    NotFound "not-found" NOT_FOUND;
    /// The path knows other methods.
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED;
    /// `Accept` leaves out every form.
    NotAcceptable "not-acceptable" NOT_ACCEPTABLE;
    /// The body did not come in time.
    RequestTimeout "request-timeout" REQUEST_TIMEOUT;
    /// The state does not allow this verb.
    Conflict "conflict" CONFLICT;
    /// The client holds revisions of another log.
    OtherLog "other-log" CONFLICT;
    /// `If-Match` is stale.
    StaleVersion "stale-version" PRECONDITION_FAILED;
    /// The body passes its limit.
    PayloadTooLarge "payload-too-large" PAYLOAD_TOO_LARGE;
    /// The `Content-Type` is not one the operation takes.
    UnsupportedMediaType "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE;
    /// A rule said no.
    RuleRefused "rule-refused" UNPROCESSABLE_ENTITY;
    /// A spreadsheet has faults.
    ImportFaults "import-faults" UNPROCESSABLE_ENTITY;
    /// The `Idempotency-Key` belongs to another request.
    IdempotencyMismatch "idempotency-mismatch" UNPROCESSABLE_ENTITY;
    /// `If-Match` is missing.
    PreconditionRequired "precondition-required" PRECONDITION_REQUIRED;
    /// Too many requests.
    RateLimited "rate-limited" TOO_MANY_REQUESTS;
    /// A fault of the service.
    Internal "internal" INTERNAL_SERVER_ERROR;
    /// The node is not sure to be current.
    StaleNode "stale-node" SERVICE_UNAVAILABLE;
    /// The node has not reached the demanded revision.
    NotYetCurrent "not-yet-current" SERVICE_UNAVAILABLE;
    /// Too much of this kind is under way.
    Busy "busy" SERVICE_UNAVAILABLE;
    /// An operator paused changes.
    Paused "paused" SERVICE_UNAVAILABLE;
    /// No font to write a file in.
    NoFont "no-font" SERVICE_UNAVAILABLE;
    /// Database, disk or time is lacking.
    Unavailable "unavailable" SERVICE_UNAVAILABLE;
}

/// A part of a request that a rule refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// JSON pointer to the part, such as `/changes/3`.
    pub pointer: String,
    /// The rule that said no.
    pub rule: Rule,
}

/// One faulty cell, column or sheet of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetFault {
    /// Name of the sheet; none for the file as a whole.
    pub sheet: Option<String>,
    /// Row as the spreadsheet numbers it.
    pub row: Option<u32>,
    /// Header text.
    pub column: Option<String>,
    /// The cell as read, shortened.
    pub value: Option<String>,
    /// What is wrong.
    pub code: FaultCode,
    /// What is wrong and what would be right.
    pub detail: Bilingual,
}

/// What `faults` of a problem names; a problem has one kind of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Faults {
    /// Values of the request.
    Request(Vec<Fault>),
    /// Parts that a rule refuses.
    Refused(Vec<Refusal>),
    /// Cells of a spreadsheet.
    Sheet(Vec<SheetFault>),
    /// Lines that a draw is refused for; they stand in `lines`.
    Lines(Vec<RefusedLine>),
    /// What happened since the caller saw the thing; it stands in `changes`.
    Overtaken(Vec<Step>),
}

/// A refusal or failure on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Its type, which fixes slug, status and title.
    pub kind: ProblemType,
    /// What is wrong this time; said from the faults, the rule or the type when absent.
    pub detail: Option<Box<Bilingual>>,
    /// The rule that said no, with `rule-refused`.
    pub rule: Option<Rule>,
    /// Everything that is wrong, each with its place.
    pub faults: Faults,
    /// Seconds to wait; 429 and 503 always name some.
    pub retry_after: Option<u32>,
    /// What else the response carries, such as `Allow` or `ETag`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What happened inside, for the process log only.
    pub cause: Option<Box<str>>,
}

impl Problem {
    /// Makes a problem that says no more than its type.
    #[must_use]
    pub const fn new(kind: ProblemType) -> Self {
        let faults = Faults::Request(Vec::new());
        Self { kind, detail: None, rule: None, faults, retry_after: None, headers: Vec::new(), cause: None }
    }

    /// Says what is wrong this time.
    #[must_use]
    pub fn with_detail(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.detail = Some(Box::new(Bilingual { zh: zh.into(), en: en.into() }));
        self
    }

    /// Names the seconds to wait.
    #[must_use]
    pub const fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds a header of the response.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Keeps what happened inside for the process log; no client ever sees it.
    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string().into_boxed_str());
        self
    }

    /// Builds the response in the language of the request.
    #[must_use]
    pub fn respond(&self, lang: Lang, request_id: &str) -> HttpResponse {
        self.fill(HttpResponse::new(self.kind.status()), lang, request_id)
    }

    fn fill(&self, mut response: HttpResponse, lang: Lang, request_id: &str) -> HttpResponse {
        let status = self.kind.status();
        if status.is_server_error() {
            tracing::error!(request_id, problem = self.kind.slug(), cause = self.cause.as_deref(), "request failed");
        }
        // The rest of a body that was not read must not keep the connection open.
        if matches!(self.kind, ProblemType::RequestTimeout | ProblemType::PayloadTooLarge) {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let must_wait = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if let Some(seconds) = self.retry_after.or(must_wait.then_some(RETRY_AFTER_DEFAULT)) {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.clamp(1, 86_400)));
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        response.set_body(BoxBody::new(self.body(lang, request_id)))
    }

    fn body(&self, lang: Lang, request_id: &str) -> String {
        self.view(lang, request_id).to_string()
    }

    /// Returns the body (RFC 9457) in a language.
    #[must_use]
    pub fn view(&self, lang: Lang, request_id: &str) -> Value {
        let slug = self.kind.slug();
        let mut body = Map::new();
        body.insert("type".into(), format!("/problems/{slug}").into());
        body.insert("title".into(), problem(slug).map_or(slug, |page| page.title.text(lang)).into());
        body.insert("status".into(), self.kind.status().as_u16().into());
        body.insert("detail".into(), self.detail(lang).into());
        body.insert("request_id".into(), request_id.into());
        if let Some(rule) = self.rule {
            body.insert("rule".into(), rule.as_str().into());
        }
        let faults: Vec<Value> = match &self.faults {
            Faults::Request(faults) => {
                let named = faults.iter().take(MOST_FAULTS);
                named.map(|fault| place(&fault.pointer, fault.code.as_str(), fault.code.text(lang))).collect()
            }
            Faults::Refused(refusals) => refusals
                .iter()
                .map(|refusal| place(&refusal.pointer, refusal.rule.as_str(), refusal.rule.text(lang)))
                .collect(),
            Faults::Sheet(faults) => faults.iter().map(|fault| cell(fault, lang)).collect(),
            Faults::Lines(lines) => {
                body.insert("lines".into(), lines.iter().map(|line| refused_line(line, lang)).collect());
                Vec::new()
            }
            Faults::Overtaken(steps) => {
                body.insert("changes".into(), steps.iter().map(step).collect());
                Vec::new()
            }
        };
        if !faults.is_empty() {
            body.insert("faults".into(), faults.into());
        }
        Value::Object(body)
    }

    fn detail(&self, lang: Lang) -> String {
        if let Some(detail) = &self.detail {
            return detail.text(lang).to_owned();
        }
        match (&self.faults, self.rule) {
            (Faults::Sheet(faults), _) if !faults.is_empty() => {
                let count = faults.len();
                let cells = if count == 1 { "cell is" } else { "cells are" };
                lang.pick(
                    format!("文件中有 {count} 处错误，没有导入任何内容。"),
                    format!("{count} {cells} faulty. Nothing was imported."),
                )
            }
            (Faults::Request(faults), None) if !faults.is_empty() => {
                let count = faults.len();
                let values = if count == 1 { "value is" } else { "values are" };
                lang.pick(format!("共有 {count} 处错误。"), format!("{count} {values} faulty."))
            }
            (_, Some(rule)) => rule.text(lang).to_owned(),
            (_, None) => problem(self.kind.slug()).map_or(self.kind.slug(), |page| page.meaning.text(lang)).to_owned(),
        }
    }
}

fn place(pointer: &str, code: &str, detail: &str) -> Value {
    serde_json::json!({ "pointer": pointer, "code": code, "detail": detail })
}

fn cell(fault: &SheetFault, lang: Lang) -> Value {
    serde_json::json!({
        "sheet": fault.sheet,
        "row": fault.row,
        "column": fault.column,
        "value": fault.value,
        "code": fault.code.as_str(),
        "detail": fault.detail.text(lang),
    })
}

fn step(step: &Step) -> Value {
    serde_json::json!({ "revision": step.revision.0, "event": step.event, "at": step.at, "members": step.members })
}

fn refused_line(line: &RefusedLine, lang: Lang) -> Value {
    let reason = |reason: Reason| {
        let (code, text) = (reason.as_str(), reason.text(lang));
        serde_json::json!({ "code": code, "text": text, "remedy": reason.remedy(lang) })
    };
    serde_json::json!({
        "line": line.line,
        "listing": line.listing,
        "verdict": line.reasons.verdict().as_str(),
        "was": line.was.map(Verdict::as_str),
        "reasons": line.reasons.iter().map(reason).collect::<Vec<Value>>(),
        "remaining": line.remaining,
    })
}

impl From<ProblemType> for Problem {
    fn from(kind: ProblemType) -> Self {
        Self::new(kind)
    }
}

impl From<Vec<Fault>> for Problem {
    fn from(faults: Vec<Fault>) -> Self {
        Self { faults: Faults::Request(faults), ..Self::new(ProblemType::InvalidRequest) }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        vec![fault].into()
    }
}

impl From<Rule> for Problem {
    fn from(rule: Rule) -> Self {
        Self { rule: Some(rule), ..Self::new(ProblemType::RuleRefused) }
    }
}

impl From<Vec<Refusal>> for Problem {
    fn from(refusals: Vec<Refusal>) -> Self {
        let rule = refusals.first().map(|refusal| refusal.rule);
        Self { rule, faults: Faults::Refused(refusals), ..Self::new(ProblemType::RuleRefused) }
    }
}

impl From<Vec<RefusedLine>> for Problem {
    fn from(lines: Vec<RefusedLine>) -> Self {
        let over = Reasons::only(Reason::QuantityExceedsRemaining);
        let rule = if lines.iter().all(|line| line.reasons == over) { Rule::OverDraw } else { Rule::LineRefused };
        Self { rule: Some(rule), faults: Faults::Lines(lines), ..Self::new(ProblemType::RuleRefused) }
    }
}

impl From<Vec<SheetFault>> for Problem {
    fn from(faults: Vec<SheetFault>) -> Self {
        Self { faults: Faults::Sheet(faults), ..Self::new(ProblemType::ImportFaults) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.slug())
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    /// Returns a response without a body that carries the problem; [`render`] writes it.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.kind.status());
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// Writes the problem that a response carries in its extensions, keeping the headers it has; other responses pass
/// unchanged.
///
/// The outermost middleware calls it on every response, also on that of an `Err` (`error.error_response()`).
pub fn render<B: MessageBody + 'static>(mut response: HttpResponse<B>, lang: Lang, request_id: &str) -> HttpResponse {
    let carried = response.extensions_mut().remove::<Problem>();
    let response = response.map_into_boxed_body();
    match carried {
        Some(problem) => problem.fill(response, lang, request_id),
        None => response,
    }
}

/// Returns the language that `Accept-Language` (RFC 9110 section 12.5.4) prefers: of equal wishes the one named
/// first, Chinese where nothing is said.
#[must_use]
pub fn language(headers: &HeaderMap) -> Lang {
    // Quality in thousandths and place of the best range that fits each language, or that fits any.
    let (mut zh, mut en, mut any) = (None, None, None);
    let values = headers.get_all(ACCEPT_LANGUAGE).filter_map(|value| value.to_str().ok());
    for (place, range) in values.flat_map(|value| value.split(',')).enumerate() {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let Some(quality) =
            weight.trim().strip_prefix(['q', 'Q']).and_then(|rest| thousandths(rest.strip_prefix('=')?))
        else {
            continue;
        };
        let primary = tag.trim().split('-').next().unwrap_or_default();
        let best = match primary.to_ascii_lowercase().as_str() {
            "zh" => &mut zh,
            "en" => &mut en,
            "*" => &mut any,
            _ => continue,
        };
        if best.is_none_or(|(known, _)| known < quality) {
            *best = Some((quality, place));
        }
    }
    let (zh_quality, zh_place) = zh.or(any).unwrap_or_default();
    let (en_quality, en_place) = en.or(any).unwrap_or_default();
    if en_quality > zh_quality || (en_quality > 0 && en_quality == zh_quality && en_place < zh_place) {
        Lang::En
    } else {
        Lang::Zh
    }
}

/// Reads a quality value of RFC 9110 section 12.4.2: `0` to `1` with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let fits = matches!(whole, "0" | "1") && decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let value = format!("{whole}{decimals:0<3}").parse().ok().filter(|_| fits)?;
    (value <= 1000).then_some(value)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::http::header::ETAG;

    use super::*;
    use crate::http::docs::problems::PROBLEMS;

    fn contract(schema: &str) -> jsonschema::Validator {
        let openapi: Value = serde_yaml_ng::from_str(include_str!("../../openapi.yaml")).unwrap();
        let root = serde_json::json!({ "$ref": format!("#/components/schemas/{schema}"), "components": openapi["components"] });
        jsonschema::draft202012::new(&root).unwrap()
    }

    async fn read(response: HttpResponse) -> (StatusCode, HeaderMap, Value) {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap();
        (status, headers, serde_json::from_slice(&body).unwrap())
    }

    fn faults() -> Vec<Fault> {
        vec![
            Fault::new("/lines/0/enterprise", FaultCode::UsccCheckDigit),
            Fault::new("/lines/0/unit", FaultCode::UnitMissing),
        ]
    }

    #[test]
    fn the_types_are_the_pages() {
        let ours: Vec<(&str, u16)> =
            ProblemType::ALL.iter().map(|kind| (kind.slug(), kind.status().as_u16())).collect();
        let pages: Vec<(&str, u16)> = PROBLEMS.iter().map(|page| (page.slug, page.status)).collect();
        assert_eq!(ours, pages);
    }

    #[actix_web::test]
    async fn every_problem_is_as_the_contract_says() {
        let (plain, import) = (contract("Problem"), contract("ImportProblem"));
        for &kind in ProblemType::ALL {
            for lang in [Lang::Zh, Lang::En] {
                let mut problem = Problem::new(kind);
                if kind == ProblemType::ImportFaults {
                    let detail = Bilingual { zh: "错".into(), en: "wrong".into() };
                    problem = vec![SheetFault {
                        sheet: None,
                        row: Some(4),
                        column: None,
                        value: None,
                        code: FaultCode::CellError,
                        detail,
                    }]
                    .into();
                }
                let (status, headers, body) = read(problem.respond(lang, "r-1")).await;
                let schema = if kind == ProblemType::ImportFaults { &import } else { &plain };
                assert!(schema.is_valid(&body), "{body}");
                assert_eq!((status, &body["request_id"]), (kind.status(), &Value::from("r-1")));
                assert_eq!(headers.get(CONTENT_TYPE).unwrap(), "application/problem+json");
                assert_eq!(headers.contains_key(WWW_AUTHENTICATE), kind == ProblemType::Unauthenticated);
                assert_eq!(headers.contains_key(RETRY_AFTER), [429, 503].contains(&status.as_u16()));
                assert_eq!(body["detail"].as_str().unwrap().is_ascii(), lang == Lang::En, "{body}");
            }
        }
    }

    #[actix_web::test]
    async fn faults_and_rules_are_named_with_their_place() {
        let schema = contract("Problem");
        let (_, _, body) = read(Problem::from(faults()).respond(Lang::En, "x")).await;
        assert!(schema.is_valid(&body));
        assert_eq!(body["detail"], "2 values are faulty.");
        assert_eq!(body["faults"][1]["pointer"], "/lines/0/unit");
        assert_eq!(body["faults"][1]["code"], "unit_missing");
        assert_eq!(body["faults"][1]["detail"], FaultCode::UnitMissing.text(Lang::En));
        assert_eq!(
            body.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["type", "title", "status", "detail", "request_id", "faults"]
        );

        let (status, _, body) = read(Problem::from(Rule::FourEyes).respond(Lang::Zh, "x")).await;
        assert_eq!(
            (status.as_u16(), &body["rule"], &body["detail"]),
            (422, &"four_eyes".into(), &Rule::FourEyes.text(Lang::Zh).into())
        );
        assert!(schema.is_valid(&body) && body.get("faults").is_none());

        let refused = vec![Refusal { pointer: "/changes/3".into(), rule: Rule::PastDate }];
        let (_, _, body) = read(Problem::from(refused).respond(Lang::En, "x")).await;
        assert!(schema.is_valid(&body));
        assert_eq!(
            (&body["rule"], &body["faults"][0]["code"], &body["faults"][0]["pointer"]),
            (&"past_date".into(), &"past_date".into(), &"/changes/3".into())
        );

        let many = vec![Fault::new("/x", FaultCode::UnknownMember); MOST_FAULTS + 1];
        let (_, _, body) = read(Problem::from(many).respond(Lang::En, "x")).await;
        assert_eq!(
            (body["faults"].as_array().unwrap().len(), &body["detail"]),
            (MOST_FAULTS, &"10001 values are faulty.".into())
        );
    }

    #[actix_web::test]
    async fn text_waits_for_the_request() {
        let problem = Problem::new(ProblemType::Conflict)
            .with_detail("已确认。", "Already confirmed.")
            .with_header(ETAG, HeaderValue::from_static("\"7\""))
            .caused_by("library says: secret");
        let bare = actix_web::Error::from(problem).error_response();
        let (_, _, body) = {
            let mut response = bare;
            response.headers_mut().insert(HeaderName::from_static("whitelist-revision"), HeaderValue::from(7));
            let rendered = render(response, Lang::Zh, "id-1");
            assert_eq!(rendered.headers().get("whitelist-revision").unwrap(), "7");
            assert_eq!(rendered.headers().get(ETAG).unwrap(), "\"7\"");
            read(rendered).await
        };
        assert_eq!((&body["detail"], &body["title"]), (&"已确认。".into(), &"当前状态不允许此操作".into()));
        assert!(!body.to_string().contains("secret"));

        let bare = Problem::new(ProblemType::Conflict).error_response();
        assert!(to_bytes(bare.into_body()).await.unwrap().is_empty());
        let passed = render(HttpResponse::Ok().body("as it was"), Lang::Zh, "id-2");
        assert_eq!(to_bytes(passed.into_body()).await.unwrap(), "as it was");
    }

    #[actix_web::test]
    async fn waiting_times_stay_within_the_contract() {
        for (asked, told) in [(None, "2"), (Some(0), "1"), (Some(30), "30"), (Some(1_000_000), "86400")] {
            let mut problem = Problem::new(ProblemType::RateLimited);
            problem.retry_after = asked;
            assert_eq!(problem.respond(Lang::Zh, "x").headers().get(RETRY_AFTER).unwrap(), told);
        }
        assert_eq!(
            Problem::new(ProblemType::PayloadTooLarge).respond(Lang::Zh, "x").head().connection_type(),
            ConnectionType::Close
        );
    }

    #[test]
    fn the_preferred_language_is_found() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(ACCEPT_LANGUAGE, HeaderValue::from_str(value).unwrap());
            }
            language(&headers)
        };
        assert_eq!(of(&[]), Lang::Zh);
        for text in [
            "",
            "zh-CN",
            "zh",
            "*",
            "fr",
            "fr, *;q=0.5",
            "zh;q=0.5, en;q=0.4",
            "en;q=0",
            "zh-CN,zh;q=0.9,en;q=0.8",
            "en;q=0.8, zh-TW",
            "en;q=2",
            "en;q=0.1234",
            "en;q=nan",
            "en;level=1",
            "zh,en",
            "english",
            "en;q=1.001",
            "*, en;q=0.3",
            "en;q=",
        ] {
            assert_eq!(of(&[text]), Lang::Zh, "{text}");
        }
        for text in [
            "en",
            "EN-us",
            "en,zh",
            "en-US,en;q=0.9,zh-CN;q=0.8",
            "zh;q=0.3 , en ; q=0.4",
            "fr, en;q=0.1",
            "zh;q=0, *",
            "zh;q=0.999,en;q=1.000",
            "de, en;Q=0.5",
            "*;q=0.1, en",
        ] {
            assert_eq!(of(&[text]), Lang::En, "{text}");
        }
        assert_eq!(of(&["fr", "en"]), Lang::En);
    }
}
