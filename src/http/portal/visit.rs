//! One request for a page: who is there, in which language, what they sent; and how its answer leaves.

use super::super::edge::{Edge, request_id, visitor};
use super::super::limits::read_body;
use super::super::problem::{Problem, ProblemType};
pub use super::failure::{Answer, Failure};
use super::fields::FormView;
use super::form::{Form, KEPT};
use super::gateway::{Asked, Gateway, Refused, Reply, Sender, refused};
use super::guard;
use super::json::Json;
use super::pages::errors;
use super::preferences::{Theme, first_language, preference, spoken};
use super::table::{Access, Page};
use crate::app::sessions::Session;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::lang::Lang;
use crate::http::blocking::hop;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, SET_COOKIE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::Value;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

/// Most bytes of a form without a file.
const FORM_BYTES: usize = 2 * 1024 * 1024;

/// Nothing but what this origin serves, and no script or style inside a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// One request for a page.
pub struct Visit {
    /// Language of the page.
    pub lang: Lang,
    /// How the page looks.
    pub theme: Theme,
    /// Id of the exchange.
    pub id: Box<str>,
    /// Who is signed in.
    pub session: Option<Session>,
    /// What was sent.
    pub form: Form,
    /// Parameters of the address.
    pub query: Form,
    /// The request.
    pub request: HttpRequest,
    /// Notices that were not read yet.
    pub unread: usize,
    /// State of the edge.
    pub edge: web::Data<Edge>,
    gateway: Rc<Gateway>,
    payload: RefCell<Option<Payload>>,
    refused: RefCell<Option<Refused>>,
    seen: RefCell<Option<String>>,
}

/// Serves a page: everything that comes before its handler, and the error page where it has none.
pub async fn serve<F>(page: &'static Page, request: HttpRequest, payload: Payload, handler: F) -> HttpResponse
where
    F: AsyncFnOnce(&Visit) -> Answer,
{
    let Some(edge) = request.app_data::<web::Data<Edge>>().cloned() else {
        return HttpResponse::InternalServerError().finish();
    };
    let Some(gateway) = request.app_data::<Rc<Gateway>>().cloned() else {
        return HttpResponse::InternalServerError().finish();
    };
    let query = Form::read(request.query_string().as_bytes());
    let lang = preference(&request, "lang").as_deref().and_then(spoken).unwrap_or_else(|| first_language(&request));
    let theme = preference(&request, "theme").as_deref().and_then(Theme::parse).unwrap_or_default();
    let id = request_id(request.headers());
    let mut visit = Visit {
        lang,
        theme,
        id,
        session: None,
        unread: 0,
        form: Form::default(),
        query,
        request,
        edge,
        gateway,
        payload: RefCell::new(Some(payload)),
        refused: RefCell::new(None),
        seen: RefCell::new(None),
    };
    let answer = match visit.admit(page).await {
        Ok(None) => handler(&visit).await,
        Ok(Some(elsewhere)) => Ok(elsewhere),
        Err(failure) => Err(failure),
    };
    let response = answer.unwrap_or_else(|failure| errors::page(&visit, failure));
    visit.finish(response)
}

impl Visit {
    /// Finds the session, refuses what may not be, reads the form. Returns where to go instead, if anywhere.
    async fn admit(&mut self, page: &Page) -> Result<Option<HttpResponse>, Failure> {
        let changes = *self.request.method() != Method::GET;
        if changes {
            guard::same_site(&self.edge.portal, self.request.headers())?;
        }
        if let Some(secret) = guard::secret(&self.edge.portal, &self.request) {
            let app = Arc::clone(&self.edge.app);
            self.session = hop(move || app.session(&secret)).await?;
        }
        if let Some(there) = self.chosen() {
            return Ok(Some(there));
        }
        let signed_in = match (page.access, &self.session) {
            (Access::Public, _) => true,
            (Access::SignedIn, session) => session.is_some(),
            (Access::Roles(roles), Some(session)) if session.roles.intersects(roles) => true,
            (Access::Roles(_), Some(_)) => return Err(ProblemType::Forbidden.into()),
            (Access::Roles(_), None) => false,
        };
        if !signed_in && !changes {
            return Ok(Some(self.sign_in_first()));
        }
        if !changes && self.must_choose_enterprise(page) {
            return Ok(Some(see_other("/account")));
        }
        let is_form = self.request.headers().get(CONTENT_TYPE).is_none_or(|media| {
            media.to_str().is_ok_and(|media| media.starts_with("application/x-www-form-urlencoded"))
        });
        if changes && is_form {
            let payload = self.payload.take().ok_or(ProblemType::Internal)?;
            let bytes = read_body(self.request.headers(), payload, FORM_BYTES, self.edge.limits).await?;
            self.form = Form::read(&bytes).settled();
        }
        if !signed_in {
            return Ok(Some(super::pages::account::sign_in_again(self).await?));
        }
        if changes && is_form {
            self.check_token(self.form.get("_csrf"))?;
        }
        if let Some(session) = self.session.as_ref().filter(|_| self.form.sent(KEPT)) {
            let (app, caller) = (Arc::clone(&self.edge.app), session.caller.clone());
            hop(move || app.drop_form(&caller)).await?;
        }
        if let Some(session) = self.session.as_ref().filter(|_| !changes) {
            let (app, caller) = (Arc::clone(&self.edge.app), session.caller.clone());
            self.unread = hop(move || app.unread(&caller)).await?;
        }
        Ok(None)
    }

    /// Whether an agent has not yet said for whom they act, on a page where that matters.
    fn must_choose_enterprise(&self, page: &Page) -> bool {
        let roles = match page.access {
            Access::Roles(roles) => roles,
            Access::SignedIn if page.path == "/" => RoleSet::of(&[Role::EnterpriseAgent]),
            Access::SignedIn | Access::Public => RoleSet::EMPTY,
        };
        self.must_choose_enterprise_for(roles)
    }

    /// The same for what is offered to some roles.
    #[must_use]
    pub fn must_choose_enterprise_for(&self, roles: RoleSet) -> bool {
        let Some(session) = &self.session else { return false };
        let agent = RoleSet::of(&[Role::EnterpriseAgent]);
        let matters = roles.intersects(agent);
        matters && session.roles.without(agent).is_empty() && session.caller.acting_for.is_none()
    }

    /// Refuses a form that was not made for this session.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn check_token(&self, token: &str) -> Result<(), Failure> {
        let Some(session) = &self.session else { return Ok(()) };
        if guard::fits(&session.csrf, token) {
            return Ok(());
        }
        Err(Problem::new(ProblemType::Forbidden)
            .with_detail(
                "页面已过期或会话已更换；请返回上一页刷新后重新提交。",
                "The page is out of date or the session has changed; go back, reload it and send it again.",
            )
            .into())
    }

    /// Keeps a choice of language or look named in the address, and goes to the same page without it.
    fn chosen(&self) -> Option<HttpResponse> {
        let settings = &self.edge.portal;
        let lang = spoken(self.query.get("lang")).map(|lang| guard::choice(settings, "lang", lang.pick("zh", "en")));
        let theme = Theme::parse(self.query.get("theme")).map(|theme| guard::choice(settings, "theme", theme.as_str()));
        if lang.is_none() && theme.is_none() {
            return None;
        }
        let mut response = see_other(&self.address_without(&["lang", "theme"]));
        for cookie in lang.into_iter().chain(theme) {
            if let Ok(cookie) = HeaderValue::from_str(&cookie.to_string()) {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
        }
        Some(response)
    }

    /// Returns path and query of this page without some parameters.
    #[must_use]
    pub fn address_without(&self, names: &[&str]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.query.fields("").filter(|(name, _)| !names.contains(name)) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        let path = self.request.path();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Returns the address of this page with one parameter set.
    #[must_use]
    pub fn address_with(&self, name: &str, value: &str) -> String {
        let address = self.address_without(&[name]);
        let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        let mark = if address.contains('?') { '&' } else { '?' };
        format!("{address}{mark}{pair}")
    }

    /// Returns the address of an endpoint with those parameters of this page that say something.
    #[must_use]
    pub fn endpoint(&self, path: &str, names: &[&str]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in names {
            let value = self.query.get(name);
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Returns the address of the page that follows, if a list goes on.
    #[must_use]
    pub fn next_page(&self, list: &Value) -> Option<String> {
        list.get("next").and_then(Value::as_str).map(|next| self.address_with("after", next))
    }

    fn sign_in_first(&self) -> HttpResponse {
        let next = self.address_without(&[]);
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
        see_other(&if next == "/" { "/sign-in".to_owned() } else { format!("/sign-in?{query}") })
    }

    /// Picks a text.
    #[must_use]
    pub fn t(&self, zh: &'static str, en: &'static str) -> &'static str {
        self.lang.pick(zh, en)
    }

    /// Whether the page sent its form by itself, and nobody sees what it is answered.
    #[must_use]
    pub fn saves_itself(&self) -> bool {
        self.request.headers().contains_key("x-autosave")
    }

    /// Returns a part of the path.
    #[must_use]
    pub fn part(&self, name: &str) -> &str {
        self.request.match_info().query(name)
    }

    /// Returns the roles that count.
    #[must_use]
    pub fn roles(&self) -> RoleSet {
        self.session.as_ref().map_or(RoleSet::EMPTY, |session| session.roles)
    }

    /// Returns who is signed in.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub fn caller(&self) -> Result<Caller, Failure> {
        let session = self.session.as_ref().ok_or(ProblemType::Unauthenticated)?;
        Ok(Caller { roles: session.roles, ..session.caller.clone() })
    }

    fn sender(&self) -> Sender {
        let caller = self.session.as_ref().map(|session| session.caller.clone());
        let peer = visitor(&self.edge, &self.request).map(|address| SocketAddr::from((address, 0)));
        let host = Some(self.request.connection_info().host().to_owned());
        Sender { caller, lang: self.lang, id: self.id.clone(), peer, host }
    }

    /// Asks an endpoint.
    ///
    /// # Errors
    /// What it refuses.
    pub async fn ask(&self, asked: Asked) -> Result<Reply, Refused> {
        self.gateway.ask(self.edge.clone(), &self.sender(), asked).await
    }

    /// Reads from an endpoint.
    ///
    /// # Errors
    /// What it refuses.
    pub async fn get(&self, target: impl Into<String>) -> Result<Reply, Failure> {
        Ok(self.ask(Asked::get(target)).await?)
    }

    /// Reads from an endpoint what may not be there for this person.
    ///
    /// # Errors
    /// What it refuses otherwise.
    pub async fn find(&self, target: impl Into<String>) -> Result<Value, Failure> {
        match self.ask(Asked::get(target)).await {
            Ok(reply) => Ok(reply.view),
            Err(refused) if matches!(refused.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => Ok(Value::Null),
            Err(refused) => Err(refused.into()),
        }
    }

    /// Hands on a file of an endpoint, as an attachment of this origin.
    ///
    /// # Errors
    /// What it refuses.
    pub async fn hand_on(&self, target: impl Into<String>) -> Answer {
        let sender = self.sender();
        let response = self.gateway.forward(self.edge.clone(), &sender, Asked::get(target)).await?;
        if response.status().is_success() {
            return Ok(response.into());
        }
        let status = response.status();
        let body = actix_web::body::to_bytes(response.into_body()).await.unwrap_or_default();
        let problem = serde_json::from_slice(&body).unwrap_or_default();
        Err(Refused { status, problem }.into())
    }

    /// Asks an endpoint for a file.
    ///
    /// # Errors
    /// `not-found` where there is none.
    pub async fn file(&self, asked: Asked) -> Result<Vec<u8>, Failure> {
        let response = self.gateway.forward(self.edge.clone(), &self.sender(), asked).await?;
        if !response.status().is_success() {
            return Err(ProblemType::NotFound.into());
        }
        let body = actix_web::body::to_bytes(response.into_body()).await.map_err(|_| ProblemType::Internal)?;
        Ok(body.to_vec())
    }

    /// Sends the form to an endpoint; a refusal is kept for [`Visit::form_view`], so that the page can show it.
    ///
    /// # Errors
    /// `Ok(None)` when it was refused in a way that the person can mend on the page; other refusals.
    pub async fn send(&self, method: Method, target: impl Into<String>, body: Value) -> Result<Option<Reply>, Failure> {
        let text = |name| Some(self.form.get(name)).filter(|text| !text.is_empty()).map(str::to_owned);
        let asked = Asked {
            method,
            target: target.into(),
            // Endpoints without a body do not read it.
            body: body.to_string().into(),
            media: None,
            seen: text("_seen"),
            key: text("_key"),
        };
        match self.ask(asked).await {
            Ok(reply) => Ok(Some(reply)),
            Err(refused) => self.refuse(refused).map(|()| None),
        }
    }

    /// Keeps a refusal that the person can mend on the page.
    ///
    /// # Errors
    /// The refusal, if they cannot.
    pub fn refuse(&self, refused: Refused) -> Result<(), Failure> {
        let mendable = matches!(refused.status.as_u16(), 400 | 409 | 412 | 413 | 415 | 422 | 428);
        if !mendable {
            return Err(refused.into());
        }
        *self.refused.borrow_mut() = Some(refused);
        Ok(())
    }

    /// Returns the status of the page: that of what was refused, if anything was.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.refused.borrow().as_ref().map_or(StatusCode::OK, |refused| refused.status)
    }

    /// What was refused on this page.
    #[must_use]
    pub fn refusal(&self) -> Value {
        self.refused.borrow().as_ref().map(|refused| refused.problem.clone()).unwrap_or_default()
    }

    /// Makes the form of a page: what is known, or what was sent with its faults.
    #[must_use]
    pub fn form_view<'a>(&'a self, known: Json<'a>, seen: Option<&str>) -> FormView<'a> {
        let refused = self.refused.borrow();
        let faults = refused.as_ref().map(|refused| self.form.faults(refused)).unwrap_or_default();
        let csrf = self.session.as_ref().map(|session| guard::token(&session.csrf)).unwrap_or_default();
        FormView {
            lang: self.lang,
            sent: refused.is_some().then_some(&self.form),
            known,
            faults,
            csrf,
            key: uuid::Uuid::new_v4().simple().to_string(),
            seen: seen.unwrap_or_default().to_owned(),
            moved: self.status() == StatusCode::PRECONDITION_FAILED,
            overtaken: false,
        }
    }

    /// Takes the body of a request that is no plain form.
    ///
    /// # Errors
    /// `internal` when it was taken before.
    pub fn payload(&self) -> Result<Payload, Failure> {
        self.payload.take().ok_or_else(|| ProblemType::Internal.into())
    }

    /// Notes the entity tag that a form with a file carried.
    pub fn saw(&self, seen: String) {
        *self.seen.borrow_mut() = Some(seen).filter(|seen| !seen.is_empty());
    }

    /// Returns the entity tag that a form with a file carried.
    #[must_use]
    pub fn seen(&self) -> Option<String> {
        self.seen.borrow().clone()
    }

    /// Renders a page.
    ///
    /// # Errors
    /// `internal` when an answer lacks what the page shows.
    pub fn render(&self, template: &impl Template) -> Answer {
        self.render_as(self.status(), template)
    }

    /// Renders a page with a status.
    ///
    /// # Errors
    /// As [`Visit::render`].
    pub fn render_as(&self, status: StatusCode, template: &impl Template) -> Answer {
        let html = template.render()?;
        Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
    }

    /// Says a problem of the portal as the API would.
    #[must_use]
    pub fn refused(&self, problem: &Problem) -> Refused {
        refused(problem, &self.sender())
    }

    fn finish(&self, mut response: HttpResponse) -> HttpResponse {
        self.edge.metrics.responded(response.status().as_u16());
        let headers = response.headers_mut();
        let mut put = |name: HeaderName, value: &'static str| {
            if !headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        };
        put(CONTENT_SECURITY_POLICY, POLICY);
        put(CACHE_CONTROL, "no-store");
        put(X_CONTENT_TYPE_OPTIONS, "nosniff");
        put(REFERRER_POLICY, "same-origin");
        put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        put(CONTENT_LANGUAGE, self.lang.pick("zh-CN", "en"));
        put(VARY, "Accept-Language, Cookie");
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
        let (method, path) = (self.request.method(), self.request.path());
        let status = response.status().as_u16();
        tracing::debug!(request_id = &*self.id, %method, path, status, "page");
        response
    }
}

/// Sends the browser to another page of this site.
#[must_use]
pub fn see_other(path: &str) -> HttpResponse {
    let local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let path = HeaderValue::from_str(if local { path } else { "/" });
    let mut response = HttpResponse::SeeOther().finish();
    response.headers_mut().insert(LOCATION, path.unwrap_or_else(|_| HeaderValue::from_static("/")));
    response
}
