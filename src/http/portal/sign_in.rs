//! Sign-in at a provider of others: leaving for it, coming back, proving again before a final act, and leaving it too.
//!
//! It checks no token ([`outbound::oidc`](crate::outbound::oidc) does) and keeps no session ([`app::sign_ins`](crate::app::sign_ins)
//! does). Invariant: whoever comes back is the browser that left, with the state it left with; and what they see next is a
//! page of this site.

use super::super::blocking::hop;
use super::super::problem::{Problem, ProblemType};
use super::super::token::caller_of;
use super::frame::Frame;
use super::guard;
use super::visit::{Answer, Failure, Visit, see_other};
use crate::app::neighbours::Neighbour;
use crate::app::sessions::{LONGEST, Session};
use crate::app::sign_ins::{FRESH, UnderWay};
use crate::domain::validity::Instant;
use crate::outbound::oidc::{Provider, SignInFault};
use actix_web::HttpResponse;
use actix_web::http::header::{HOST, HeaderValue, LOCATION, USER_AGENT};
use actix_web::http::{Method, StatusCode};
use askama::Template;
use std::sync::Arc;
use std::time::Duration;

/// Where people come back to; the provider has to know it.
const BACK: &str = "/sign-in/return";

/// How long a page of a final act that was opened in time may be filled in, so that nothing written is refused.
const AHEAD: Duration = Duration::from_secs(5 * 60);

fn provider<'a>(visit: &'a Visit, issuer: &str) -> Option<(usize, &'a Provider)> {
    visit.edge.providers.iter().enumerate().find(|(_, provider)| provider.issuer() == issuer)
}

/// Returns where people sign in and go on to a page: the link, and what the provider is called.
#[must_use]
pub fn links<'a>(visit: &'a Visit, next: &str) -> Vec<(String, &'a str)> {
    let next = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let link = |(place, provider): (usize, &'a Provider)| (format!("/sign-in/at/{place}?{next}"), provider.name());
    visit.edge.providers.iter().enumerate().map(link).collect()
}

/// The address of a page of this site, as others write it.
fn address(visit: &Visit, path: &str) -> String {
    let host = visit.request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match &visit.edge.portal.public_url {
        Some(url) => format!("{}{path}", url.trim_end_matches('/')),
        // Without a public address the service is reached on loopback only.
        None => format!("http://{host}{path}"),
    }
}

fn failed(visit: &Visit, fault: &SignInFault) -> Failure {
    tracing::warn!(request_id = &*visit.id, %fault, "nobody was signed in");
    let (kind, zh, en) = match fault {
        SignInFault::Provider(_) | SignInFault::Address(_) => (
            ProblemType::Unavailable,
            "统一身份认证暂时无法使用，请稍后再试；已保存的内容不受影响。",
            "The provider of sign-in does not answer at the moment; try again shortly. Nothing saved is lost.",
        ),
        SignInFault::Code(_) | SignInFault::Token(_) => (
            ProblemType::Forbidden,
            "登录没有完成：身份认证的答复无效或已过期。请重新登录。",
            "The sign-in did not succeed: the provider's answer is not valid, or too old. Sign in again.",
        ),
    };
    Problem::new(kind).with_detail(zh, en).into()
}

/// Asks a provider, unless it counts as away.
async fn asked<T>(visit: &Visit, asking: impl Future<Output = Result<T, SignInFault>>) -> Result<T, Failure> {
    let app = &visit.edge.app;
    let answered = |said: &Result<T, SignInFault>| !matches!(said, Err(SignInFault::Provider(_)));
    let said = app.neighbours.ask(Neighbour::SignIn, || app.clock.uptime(), asking, answered).await;
    let said = said.unwrap_or_else(|| Err(SignInFault::Provider("it counts as away".to_owned())));
    said.map_err(|fault| failed(visit, &fault))
}

/// Sends somebody away to be recognised.
async fn leave(visit: &Visit, provider: &Provider, next: &str, session: Option<&Session>) -> Answer {
    let (back, language) = (address(visit, BACK), visit.t("zh-CN", "en"));
    // Whoever proves again does so now, however lately they did.
    let age = if session.is_some() { Duration::ZERO } else { LONGEST };
    let begun = asked(visit, provider.begin(&back, age, language)).await?;
    let under_way = UnderWay {
        issuer: provider.issuer().to_owned(),
        state: begun.state,
        nonce: begun.nonce,
        verifier: begun.verifier,
        next: next.chars().take(2_000).collect(),
        session: session.map(|session| session.id.clone()),
    };
    let app = Arc::clone(&visit.edge.app);
    let secret = hop(move || app.begin_sign_in(under_way)).await?;
    let mut response = HttpResponse::SeeOther().finish();
    let there = HeaderValue::from_str(begun.url.as_str()).map_err(|_| ProblemType::Internal)?;
    response.headers_mut().insert(LOCATION, there);
    guard::set(&mut response, &guard::under_way(&visit.edge.portal, secret));
    Ok(response)
}

/// Begins a sign-in at one of the providers.
///
/// # Errors
/// `not-found` for one that is not configured; `unavailable` when it does not answer.
pub async fn begin(visit: &Visit) -> Answer {
    let place: usize = visit.part("place").parse().map_err(|_| ProblemType::NotFound)?;
    let provider = visit.edge.providers.get(place).ok_or(ProblemType::NotFound)?;
    leave(visit, provider, visit.query.get("next"), None).await
}

/// Has the owner of the session prove again who they are.
///
/// # Errors
/// `not-found` where nobody could ask them; `unavailable` when the provider does not answer.
pub async fn prove(visit: &Visit) -> Answer {
    let session = visit.session.as_ref().ok_or(ProblemType::Unauthenticated)?;
    let (_, provider) = provider(visit, &session.caller.issuer).ok_or(ProblemType::NotFound)?;
    leave(visit, provider, visit.query.get("next"), Some(session)).await
}

/// Ends a sign-in: the provider's answer becomes a session, or it does not.
///
/// # Errors
/// `forbidden` for an answer that does not hold or belongs to nobody here; `unavailable` when the provider does not answer.
pub async fn finish(visit: &Visit) -> Answer {
    let stale = || SignInFault::Code("it is not under way in this browser".to_owned());
    let Some(secret) = guard::under_way_secret(&visit.edge.portal, &visit.request) else {
        return Err(failed(visit, &stale()));
    };
    let app = Arc::clone(&visit.edge.app);
    let under_way = hop(move || app.take_sign_in(&secret)).await?.ok_or_else(|| failed(visit, &stale()))?;
    let said = |name: &str| Some(visit.query.get(name)).filter(|value| !value.is_empty());
    let issuer = &under_way.issuer;
    // RFC 9207: an answer that names its issuer names ours.
    if said("state") != Some(&under_way.state) || said("iss").is_some_and(|named| named != issuer) {
        return Err(failed(visit, &SignInFault::Code("another state or issuer came back".to_owned())));
    }
    let Some(code) = said("code") else {
        let why = said("error").unwrap_or("neither code nor error").chars().take(80).collect();
        return Err(failed(visit, &SignInFault::Code(why)));
    };
    let (_, provider) = provider(visit, issuer).ok_or(ProblemType::NotFound)?;
    let age = if under_way.session.is_some() { FRESH } else { LONGEST };
    let now = visit.edge.app.clock.now().micros().div_euclid(1_000_000);
    let begun = (under_way.nonce, under_way.verifier);
    let vouched = asked(visit, provider.finish(&address(visit, BACK), code.to_owned(), begun, (now, age))).await?;
    let settings = visit.edge.keys.issuer(issuer).ok_or(ProblemType::NotFound)?;
    let nameless = || SignInFault::Token("it names no person, organisation or role".to_owned());
    let org = vouched.org.as_deref().unwrap_or_default();
    let caller = caller_of(settings, &vouched.subject, org, vouched.roles.iter().map(String::as_str));
    let caller = caller.ok_or_else(|| failed(visit, &nameless()))?;
    let proved = Instant::from_micros(vouched.proved_at.saturating_mul(1_000_000));
    let agent = visit.request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    // A proof for a session that has ended meanwhile begins a new one.
    let session = visit.session.clone().filter(|session| under_way.session.as_deref() == Some(session.id.as_str()));
    let (app, agent) = (Arc::clone(&visit.edge.app), agent.to_owned());
    let secret = hop(move || app.signed_in(&caller, &agent, (proved, session.as_ref()))).await?;
    let mut response = see_other(Some(under_way.next.as_str()).filter(|next| !next.is_empty()).unwrap_or("/"));
    guard::set(&mut response, &guard::cookie(&visit.edge.portal, secret));
    guard::set(&mut response, &guard::under_way_gone(&visit.edge.portal));
    Ok(response)
}

#[derive(Template)]
#[template(path = "portal/prove.html")]
struct Prove {
    f: Frame,
    there: String,
}

/// Has somebody prove again who they are before a final act, where a provider can ask them; none where that is fresh.
///
/// # Errors
/// As rendering.
pub fn first_prove(visit: &Visit, next: &str) -> Result<Option<HttpResponse>, Failure> {
    let within = if *visit.request.method() == Method::GET { FRESH.saturating_sub(AHEAD) } else { FRESH };
    let stale = visit.session.as_ref().filter(|session| session.is_stale(visit.edge.app.clock.now(), within));
    if stale.is_none_or(|session| provider(visit, &session.caller.issuer).is_none()) {
        return Ok(None);
    }
    let next = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let page = Prove {
        f: Frame::new(visit, visit.t("请再次确认身份", "Prove again who you are")),
        there: format!("/sign-in/prove?{next}"),
    };
    visit.render_as(StatusCode::FORBIDDEN, &page).map(Some)
}

#[derive(Template)]
#[template(path = "portal/signed_out.html")]
struct SignedOut<'a> {
    f: Frame,
    provider: Option<(usize, &'a str)>,
}

/// Where somebody goes who has signed out: to the sign-in, or first to where they can leave the provider too.
#[must_use]
pub fn after(visit: &Visit) -> String {
    let issuer = visit.session.as_ref().map(|session| Arc::clone(&session.caller.issuer));
    match issuer.and_then(|issuer| provider(visit, &issuer).map(|(place, _)| place)) {
        Some(place) => format!("/signed-out?at={place}"),
        None => "/sign-in".to_owned(),
    }
}

/// Says that the session has ended, and offers to end the one at the provider.
///
/// # Errors
/// As rendering.
pub async fn signed_out(visit: &Visit) -> Answer {
    let place = visit.query.get("at").parse::<usize>().ok();
    let provider = place.and_then(|place| Some((place, visit.edge.providers.get(place)?.name())));
    visit.render(&SignedOut { f: Frame::new(visit, visit.t("已退出", "Signed out")), provider })
}

/// Ends the session at the provider too.
///
/// # Errors
/// `not-found` for one that is not configured or ends no sessions; `unavailable` when it does not answer.
pub async fn end(visit: &Visit) -> Answer {
    let place: usize = visit.part("place").parse().map_err(|_| ProblemType::NotFound)?;
    let provider = visit.edge.providers.get(place).ok_or(ProblemType::NotFound)?;
    let there = asked(visit, provider.end(&address(visit, "/signed-out"))).await?;
    let there = there.ok_or(ProblemType::NotFound)?;
    let mut response = HttpResponse::SeeOther().finish();
    let there = HeaderValue::from_str(there.as_str()).map_err(|_| ProblemType::Internal)?;
    response.headers_mut().insert(LOCATION, there);
    Ok(response)
}
