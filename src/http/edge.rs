//! What happens around every handler: who asks, in which language, under which id; freshness tokens; the shape of
//! failures; figures.
//!
//! Whether a caller may call is decided here, from the endpoint table, before a byte of the body is read.

use super::access;
use super::endpoints::{Access, Endpoint};
use super::limits::{LimitSettings, Unread};
use super::making::ReportLimits;
use super::metrics::Metrics;
use super::outgoing::finish;
use super::pause;
use super::portal::PortalSettings;
use super::problem::{Fault, Problem, ProblemType, language, render};
use super::signature::{self, Bound};
use super::standing::{counted, lacking};
use super::surface::{Budgets, Surface};
use super::throttle::{Left, Throttle};
use super::token::{TokenCache, TokenRefused, TokenVerifier, VerifiedToken};
use crate::app::App;
use crate::app::lookup::Asker;
use crate::config::Scanner;
use crate::config::proxies::Proxies;
use crate::config::signers::Signers;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::Uscc;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::mandate::Scope;
use crate::domain::revision::Revision;
use crate::domain::webhook::target::Allowed;
use crate::outbound::documents::DocumentStore;
use crate::outbound::keys::KeyStore;
use crate::outbound::oidc::Provider;
use crate::outbound::traces::Tracer;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use std::cell::RefCell;
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

const LOG: HeaderName = HeaderName::from_static("whitelist-log");
const MIN_REVISION: HeaderName = HeaderName::from_static("whitelist-min-revision");
const ACTING_FOR: HeaderName = HeaderName::from_static("whitelist-acting-for");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Largest header block.
const HEADER_BYTES: usize = 16 * 1024;

/// How long a request waits for the revision it demands.
const WAIT: Duration = Duration::from_secs(2);

/// How long an open stream of events is silent at most.
const BEAT: Duration = Duration::from_secs(5);

/// Certificates that one address may check each second, by code and by file.
const CHECKS: u32 = 5;

/// Requests of what is open to everybody that one address may send each second: a mirror reads a log of a million entries
/// whole in less than a minute.
const VISITS: u32 = 200;

/// From when on a request is slow, where nothing else is set.
pub const SLOW: Duration = Duration::from_secs(1);

/// What every handler needs.
pub struct Edge {
    /// The use cases.
    pub app: Arc<App>,
    /// Checks tokens.
    pub tokens: TokenVerifier,
    /// Organisations that sign their requests.
    pub signers: Signers,
    /// Keys of the issuers.
    pub keys: Arc<KeyStore>,
    /// Figures.
    pub metrics: Metrics,
    /// How long bodies may take.
    pub limits: LimitSettings,
    /// Shard of the log.
    pub log: HeaderValue,
    /// The binary that reads spreadsheets in a child process.
    pub program: PathBuf,
    /// Spreadsheets read at once.
    pub imports: tokio::sync::Semaphore,
    /// Documents received at once.
    pub uploads: tokio::sync::Semaphore,
    /// Where documents lie and who scans them; none refuses them as unavailable.
    pub documents: Option<Documents>,
    /// Who may read metrics besides loopback.
    pub metrics_from: Vec<IpAddr>,
    /// Holds back clients that ask too often; none lets everybody.
    pub throttle: Option<Throttle>,
    /// How often anybody may check a certificate.
    pub checks: Throttle,
    /// How often anybody may check a file of one.
    pub file_checks: Throttle,
    /// How often one address may ask what is open to everybody.
    pub visitors: Throttle,
    /// Whose word about the address of a visitor is believed.
    pub proxies: Proxies,
    /// Who takes spans of requests; none where no collector is named.
    pub tracer: Option<Tracer>,
    /// From when on a request is slow enough to be logged.
    pub slow: Duration,
    /// How much of each kind is under way at once.
    pub budgets: Budgets,
    /// How much of reports made in the background is kept.
    pub reports: ReportLimits,
    /// How people sign in at the portal.
    pub portal: PortalSettings,
    /// Where they do, besides the demo's list of people.
    pub providers: Vec<Provider>,
    /// Places inside that webhooks may go to.
    pub webhooks_allowed: Allowed,
    /// How long an open stream of events is silent at most.
    pub beat: Duration,
    /// Whether the service is being stopped: what is open without end is ended.
    pub draining: AtomicBool,
}

/// Where documents lie and who scans them.
#[derive(Debug, Clone)]
pub struct Documents {
    /// Their place.
    pub store: DocumentStore,
    /// The scanner; none leaves them unscanned.
    pub scanner: Option<Scanner>,
}

impl Edge {
    /// Builds the state of the edge.
    ///
    /// # Errors
    /// What cannot be built, in words.
    pub fn new(
        app: Arc<App>,
        keys: Arc<KeyStore>,
        program: PathBuf,
        metrics_from: Vec<IpAddr>,
    ) -> Result<Self, String> {
        let log = HeaderValue::from_str(&app.installation.shard).map_err(|error| error.to_string())?;
        let providers = keys.issuers().iter().map(|issuer| Provider::of(&issuer.settings, keys.http));
        let providers = providers.collect::<Result<Vec<_>, _>>().map_err(|fault| fault.to_string())?;
        Ok(Self {
            providers: providers.into_iter().flatten().collect(),
            tokens: TokenVerifier::new(Arc::clone(&keys)),
            metrics: Metrics::new().map_err(|error| error.to_string())?,
            limits: LimitSettings::default(),
            imports: tokio::sync::Semaphore::new(2),
            uploads: tokio::sync::Semaphore::new(5),
            documents: None,
            signers: Signers::new(),
            app,
            keys,
            log,
            program,
            metrics_from,
            throttle: None,
            checks: Throttle::new(CHECKS),
            file_checks: Throttle::new(CHECKS),
            visitors: Throttle::new(VISITS),
            proxies: Proxies::default(),
            budgets: Budgets::default(),
            tracer: None,
            slow: SLOW,
            reports: ReportLimits::default(),
            portal: PortalSettings::default(),
            webhooks_allowed: Allowed::default(),
            beat: BEAT,
            draining: AtomicBool::new(false),
        })
    }

    /// From now on the node says that it is not ready, and lets go of each connection with its next answer.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the node is being stopped.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// Who signed in at the portal, in place of a token. Only the portal puts it into a request, inside the process.
pub struct SignedIn(pub Arc<VerifiedToken>);

/// Says that a page of the portal asks. Only the portal puts it into a request, inside the process.
pub struct FromPage;

/// What a worker keeps for itself: no other thread reads or locks it.
#[derive(Default)]
pub struct Worker {
    tokens: RefCell<Option<TokenCache>>,
}

/// What is known about a request before its handler runs.
pub struct Asked {
    /// Language of the answer.
    pub lang: Lang,
    /// Id of the exchange.
    pub id: Box<str>,
    token: Option<Arc<VerifiedToken>>,
    roles: RoleSet,
    acting_for: Option<Uscc>,
}

impl Asked {
    /// Returns the caller.
    ///
    /// # Errors
    /// `unauthenticated` where there is none.
    pub fn caller(&self) -> Result<Caller, Problem> {
        let token = self.token.as_ref().ok_or(ProblemType::Unauthenticated)?;
        Ok(Caller { acting_for: self.acting_for, roles: self.roles, ..token.caller.clone() })
    }

    /// Returns the Unix second from which the caller's token is refused; none where there is no token.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        self.token.as_ref().map(|token| token.expires_at)
    }

    /// Returns who asks, without copying text; `since` is the node's uptime when the request came.
    ///
    /// # Errors
    /// As [`Asked::caller`].
    pub fn asker(&self, since: Duration) -> Result<Asker, Problem> {
        let caller = &self.token.as_ref().ok_or(ProblemType::Unauthenticated)?.caller;
        let account = Some((Arc::clone(&caller.issuer), Arc::clone(&caller.subject)));
        Ok(Asker { org: Arc::clone(&caller.org), account, lang: self.lang, since })
    }
}

/// Returns what is known about a request.
///
/// # Errors
/// `internal` when the handler runs outside the edge.
pub fn asked(request: &HttpRequest) -> Result<Rc<Asked>, Problem> {
    let missing = || Problem::new(ProblemType::Internal).caused_by("a handler outside the edge");
    request.extensions().get::<Rc<Asked>>().cloned().ok_or_else(missing)
}

/// Returns the state of the edge.
///
/// # Errors
/// `internal` when it was not set.
pub fn edge(request: &HttpRequest) -> Result<&Arc<Edge>, Problem> {
    let missing = || Problem::new(ProblemType::Internal).caused_by("the state of the edge is missing");
    request.app_data::<web::Data<Edge>>().map(|data| &**data).ok_or_else(missing)
}

/// Runs around the handlers of one path.
///
/// # Errors
/// Only what actix itself fails with before a handler runs.
pub async fn around<B: MessageBody + 'static>(
    endpoints: &'static [&'static Endpoint],
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(edge) = request.app_data::<web::Data<Edge>>().map(|data| Arc::clone(data)) else {
        return Ok(request.into_response(HttpResponse::InternalServerError().finish()));
    };
    let begun = edge.app.clock.uptime();
    let unread = Unread::of(&mut request);
    let lang = language(request.headers());
    let id = request_id(request.headers());
    let endpoint = endpoints.iter().find(|endpoint| endpoint.method == request.method().as_str());
    let admitted = match endpoint {
        Some(_) if header_bytes(request.headers()) > HEADER_BYTES => Err(ProblemType::InvalidRequest.into()),
        Some(endpoint) => admit(&edge, endpoint, &request).await,
        // The path's own answer to another method follows.
        None => Ok(Admitted::default()),
    };
    let (mut place, mut told) = (None, None);
    let response = match admitted {
        Ok(Admitted { token, roles, acting_for, left, place: taken, bound }) => {
            (place, told) = (taken, left);
            if let Some(bound) = bound {
                bound.hold(&mut request);
            }
            let asked = Rc::new(Asked { lang, id: id.clone(), token, roles, acting_for });
            request.extensions_mut().insert(Rc::clone(&asked));
            // Handlers answer problems as responses; what fails as an error here never had one.
            let (request, response) = next.call(request).await?.into_parts();
            let disclosed = endpoint.and_then(|endpoint| access::disclosed(endpoint.operation));
            if let Some(kind) = disclosed.filter(|_| response.status().is_success()) {
                access::note(&edge, &asked, &request, kind);
            }
            ServiceResponse::new(request, render(response, lang, &id))
        }
        Err(problem) => request.into_response(problem.respond(lang, &id)),
    };
    let took = edge.app.clock.uptime().saturating_sub(begun);
    if let Some(surface) = endpoint.and_then(|endpoint| Surface::of(endpoint, false)) {
        edge.metrics.request_took(surface, took);
    }
    let mut response = finish(&edge, response, &id, endpoint.copied(), took);
    for (name, value) in told.into_iter().flat_map(Left::headers) {
        response.headers_mut().insert(name, value);
    }
    Ok(unread.hold(response, place, edge.limits))
}

/// Finds where a request comes from, through the proxies that are known.
pub(super) fn visitor(edge: &Edge, request: &HttpRequest) -> Option<IpAddr> {
    let forwarded = request.headers().get_all(FORWARDED).filter_map(|value| value.to_str().ok());
    let forwarded: Vec<&str> = forwarded.collect();
    request.peer_addr().map(|peer| edge.proxies.visitor(peer.ip(), forwarded.into_iter()))
}

/// Counts a header block as it stood on the wire, but for the line that opens it.
fn header_bytes(headers: &HeaderMap) -> usize {
    // ": " and the line end of each.
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

pub(super) fn request_id(headers: &HeaderMap) -> Box<str> {
    let fits = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(fits) {
        Some(id) => id.into(),
        None => {
            let mut buffer = uuid::Uuid::encode_buffer();
            let id: &str = uuid::Uuid::new_v4().simple().encode_lower(&mut buffer);
            id.into()
        }
    }
}

/// Who was let in, with the roles that count, and for whom they act.
#[derive(Default)]
struct Admitted {
    token: Option<Arc<VerifiedToken>>,
    roles: RoleSet,
    acting_for: Option<Uscc>,
    /// What the client may still send.
    left: Option<Left>,
    /// Its place on the surface, as long as it is under way.
    place: Option<OwnedSemaphorePermit>,
    /// What its body must be, where it is signed.
    bound: Option<Bound>,
}

async fn admit(edge: &Arc<Edge>, endpoint: &Endpoint, request: &ServiceRequest) -> Result<Admitted, Problem> {
    let headers = request.headers();
    let from_page = request.extensions().contains::<FromPage>();
    let surface = Surface::of(endpoint, from_page);
    let roles = match endpoint.access {
        Access::Public => None,
        Access::Metrics => {
            let from = request.peer_addr().map(|peer| peer.ip());
            let admitted = from.is_some_and(|ip| ip.is_loopback() || edge.metrics_from.contains(&ip));
            return if admitted { Ok(Admitted::default()) } else { Err(ProblemType::Forbidden.into()) };
        }
        Access::Roles(roles, duty) => Some((roles, duty)),
    };
    let Some((needed, duty)) = roles else {
        let Some(surface) = surface else { return Ok(Admitted::default()) };
        let left = edge.visitors.admit_from(visitor(edge, request.request()), edge.app.clock.uptime())?;
        let place = enter(edge, surface).await?;
        return Ok(Admitted { left: Some(left), place: Some(place), ..Admitted::default() });
    };
    let token = authenticate(edge, request).await?;
    let signs = !edge.signers.is_empty() && !request.extensions().contains::<SignedIn>();
    let bound = if signs { signature::judge(edge, endpoint, request, &token.caller.org)? } else { None };
    let standing = counted(edge, &token.caller);
    // What follows sees the roles that include this duty, and no other.
    let roles = standing.under(duty);
    if !roles.intersects(needed) {
        return Err(if standing.roles().intersects(needed) { lacking(duty) } else { ProblemType::Forbidden.into() });
    }
    let left = match &edge.throttle {
        Some(throttle) => throttle.admit(&token.caller, edge.app.clock.uptime())?,
        None => None,
    };
    if let Some(pause) = edge.app.index.load().pause().filter(|_| !pause::is_open(endpoint)) {
        return Err(pause::refused(pause));
    }
    let place = match surface {
        Some(surface) => Some(enter(edge, surface).await?),
        None => None,
    };
    let acting_for = match headers.get(ACTING_FOR) {
        None => None,
        Some(uscc) => {
            let uscc = uscc.to_str().map_err(|_| FaultCode::UsccAlphabet).and_then(Uscc::parse);
            Some(uscc.map_err(|code| Problem::from(Fault::new("/Whitelist-Acting-For", code)))?)
        }
    };
    if acting_for.is_some() && !roles.contains(Role::EnterpriseAgent) {
        return Err(ProblemType::Forbidden.into());
    }
    reach(edge, headers).await?;
    if let Some(enterprise) = acting_for {
        mandated(edge, &token.caller, enterprise, request)?;
    }
    Ok(Admitted { token: Some(token), roles, acting_for, left, place, bound })
}

/// Takes a place on a surface; who finds none is counted.
async fn enter(edge: &Edge, surface: Surface) -> Result<OwnedSemaphorePermit, Problem> {
    edge.budgets.enter(surface).await.inspect_err(|_| edge.metrics.shed(surface))
}

/// Lets an agent act only under a mandate in force for what the request does.
fn mandated(edge: &Edge, agent: &Caller, enterprise: Uscc, request: &ServiceRequest) -> Result<(), Problem> {
    let needed = Scope::needed(request.method().as_str(), request.path());
    let today = edge.app.clock.now().day();
    if edge.app.index.load().register().may_act(agent, enterprise, needed, today) {
        return Ok(());
    }
    Err(Problem::new(ProblemType::Forbidden).with_detail(
        "没有该企业当日有效、且涵盖此事项的代理委托；请由企业委托(POST /v1/enterprises/{uscc}/mandates)。",
        "No mandate of this enterprise for this matter is in force today; have the enterprise give one (POST /v1/enterprises/{uscc}/mandates).",
    ))
}

async fn authenticate(edge: &Arc<Edge>, request: &ServiceRequest) -> Result<Arc<VerifiedToken>, Problem> {
    let refused = |cause: &TokenRefused| {
        edge.metrics.token_refused(cause.as_str());
        Problem::new(ProblemType::Unauthenticated)
    };
    if let Some(SignedIn(token)) = request.extensions().get::<SignedIn>() {
        return Ok(Arc::clone(token));
    }
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    let Some(token) = bearer else {
        edge.metrics.token_refused("absent");
        return Err(ProblemType::Unauthenticated.into());
    };
    let now = edge.app.clock.now().micros() / 1_000_000;
    match check(edge, request, token, now) {
        Err(TokenRefused::UnknownKid { issuer }) => {
            edge.keys.refresh(&issuer, now).await;
            check(edge, request, token, now).map_err(|cause| refused(&cause))
        }
        outcome => outcome.map_err(|cause| refused(&cause)),
    }
}

fn check(edge: &Edge, request: &ServiceRequest, token: &str, now: i64) -> Result<Arc<VerifiedToken>, TokenRefused> {
    match request.app_data::<Worker>() {
        Some(worker) => worker.tokens.borrow_mut().get_or_insert_with(TokenCache::new).check(&edge.tokens, token, now),
        None => edge.tokens.check(token, now),
    }
}

/// Waits until this node has reached the revision that the request demands of this log.
async fn reach(edge: &Arc<Edge>, headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(LOG).is_some_and(|log| *log != edge.log) {
        return Err(ProblemType::OtherLog.into());
    }
    let Some(demanded) = headers.get(MIN_REVISION) else { return Ok(()) };
    let demanded = demanded.to_str().ok().and_then(|text| text.parse::<i64>().ok()).filter(|revision| *revision >= 1);
    let demanded =
        demanded.ok_or_else(|| Problem::from(Fault::new("/Whitelist-Min-Revision", FaultCode::NumberOutOfRange)))?;
    let demanded = Revision(demanded);
    if edge.app.index.load().revision() >= demanded {
        return Ok(());
    }
    let index = Arc::clone(&edge.app.index);
    let reached = web::block(move || index.wait_for(demanded, WAIT)).await.unwrap_or(false);
    if reached { Ok(()) } else { Err(ProblemType::NotYetCurrent.into()) }
}
