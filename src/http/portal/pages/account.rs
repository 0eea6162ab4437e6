//! Signing in and out, one's sessions, and for whom one acts.
//!
//! The demo's people are a list: whoever reaches the demo, which listens on loopback only, may be any of them.

use super::super::fields::FormView;
use super::super::form::{Form, KEPT};
use super::super::frame::{Frame, initial, role};
use super::super::guard;
use super::super::json::Json;
use super::super::show;
use super::super::sign_in;
use super::super::visit::{Answer, Failure, Visit, see_other};
use crate::app::AppError;
use crate::app::sessions::Session;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::Uscc;
use crate::domain::lang::Lang;
use crate::http::blocking::hop;
use crate::http::problem::{Problem, ProblemType};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE, USER_AGENT};
use askama::Template;
use serde_json::Value;
use std::sync::Arc;

/// A person of the demo.
struct Persona {
    subject: &'static str,
    zh: &'static str,
    en: &'static str,
    org: &'static str,
    org_zh: &'static str,
    org_en: &'static str,
    roles: &'static [Role],
}

/// Everybody whom the demo knows; all invented.
const PEOPLE: [Persona; 19] = [
    Persona {
        subject: "demo.lin",
        zh: "林晓",
        en: "Lin Xiao",
        org: "91110302XFXTR00172",
        org_zh: "样例甲药物安全评价研究",
        org_en: "Sample-A Preclinical Safety Research",
        roles: &[Role::EnterpriseApplicant],
    },
    Persona {
        subject: "demo.gao",
        zh: "高原",
        en: "Gao Yuan",
        org: "91110114XFXTR005XC",
        org_zh: "样例戊细胞治疗",
        org_en: "Sample-E Cell Therapy",
        roles: &[Role::EnterpriseApplicant],
    },
    Persona {
        subject: "demo.tan",
        zh: "谭思",
        en: "Tan Si",
        org: "12110114XFXTR0041R",
        org_zh: "样例丁脑与生命科学研究所（尚无名单）",
        org_en: "Sample-D Institute for Life Science (no listing yet)",
        roles: &[Role::EnterpriseApplicant],
    },
    Persona {
        subject: "demo.agent",
        zh: "方舟",
        en: "Fang Zhou",
        org: "91110108XFXTR0105W",
        org_zh: "样例癸（代理）",
        org_en: "Sample-J, as an agent",
        roles: &[Role::EnterpriseAgent],
    },
    Persona {
        subject: "demo.district",
        zh: "宋宁",
        en: "Song Ning",
        org: "110302",
        org_zh: "经开区",
        org_en: "Beijing E-Town",
        roles: &[Role::DistrictOfficer],
    },
    Persona {
        subject: "demo.district-2",
        zh: "季青",
        en: "Ji Qing",
        org: "110114",
        org_zh: "昌平区",
        org_en: "Changping District",
        roles: &[Role::DistrictOfficer],
    },
    Persona {
        subject: "demo.drug",
        zh: "沈清",
        en: "Shen Qing",
        org: "bj-drug",
        org_zh: "市药监局（牵头）",
        org_en: "Medical products administration (lead)",
        roles: &[Role::AgencyReviewer],
    },
    Persona {
        subject: "demo.science",
        zh: "罗宇",
        en: "Luo Yu",
        org: "bj-science",
        org_zh: "市科委、中关村管委会",
        org_en: "Science commission",
        roles: &[Role::AgencyReviewer],
    },
    Persona {
        subject: "demo.economy",
        zh: "贺年",
        en: "He Nian",
        org: "bj-economy",
        org_zh: "市经信局",
        org_en: "Economy bureau",
        roles: &[Role::AgencyReviewer],
    },
    Persona {
        subject: "demo.health",
        zh: "许安",
        en: "Xu An",
        org: "bj-health",
        org_zh: "市卫健委",
        org_en: "Health commission",
        roles: &[Role::AgencyReviewer],
    },
    Persona {
        subject: "demo.commerce",
        zh: "丁一",
        en: "Ding Yi",
        org: "bj-commerce",
        org_zh: "市商务局（会审）",
        org_en: "Commerce bureau (joint review)",
        roles: &[Role::AgencyReviewer],
    },
    Persona {
        subject: "demo.customs-review",
        zh: "唐越",
        en: "Tang Yue",
        org: "bj-customs",
        org_zh: "北京海关（会审）",
        org_en: "Beijing Customs (joint review)",
        roles: &[Role::AgencyReviewer],
    },
    Persona {
        subject: "demo.officer",
        zh: "苏禾",
        en: "Su He",
        org: "bj-commerce",
        org_zh: "市商务局",
        org_en: "Commerce bureau",
        roles: &[Role::BureauOfficer],
    },
    Persona {
        subject: "demo.approver",
        zh: "江帆",
        en: "Jiang Fan",
        org: "bj-commerce",
        org_zh: "市商务局",
        org_en: "Commerce bureau",
        roles: &[Role::BureauApprover],
    },
    Persona {
        subject: "demo.admin",
        zh: "何川",
        en: "He Chuan",
        org: "bj-commerce",
        org_zh: "市商务局",
        org_en: "Commerce bureau",
        roles: &[Role::BureauAdmin],
    },
    Persona {
        subject: "demo.admin-2",
        zh: "余静",
        en: "Yu Jing",
        org: "bj-commerce",
        org_zh: "市商务局（另一名管理员）",
        org_en: "Commerce bureau (the other administrator)",
        roles: &[Role::BureauAdmin],
    },
    Persona {
        subject: "demo.customs",
        zh: "韩磊",
        en: "Han Lei",
        org: "0101",
        org_zh: "首都机场海关",
        org_en: "Capital Airport customs",
        roles: &[Role::CustomsOfficer],
    },
    Persona {
        subject: "demo.auditor",
        zh: "白桦",
        en: "Bai Hua",
        org: "bj-audit",
        org_zh: "审计部门",
        org_en: "Audit office",
        roles: &[Role::Auditor],
    },
    Persona {
        subject: "demo.operator",
        zh: "钟声",
        en: "Zhong Sheng",
        org: "bj-operations",
        org_zh: "运维单位",
        org_en: "Operations",
        roles: &[Role::Operator],
    },
];

impl Persona {
    fn caller(&self, issuer: &Arc<str>) -> Caller {
        Caller {
            issuer: Arc::clone(issuer),
            subject: self.subject.into(),
            org: self.org.into(),
            roles: RoleSet::of(self.roles),
            acting_for: None,
        }
    }

    fn roles(&self, lang: Lang) -> String {
        self.roles.iter().map(|it| role(lang, *it)).collect::<Vec<_>>().join(lang.pick("、", ", "))
    }
}

/// Names who is signed in: a person of the demo by name, anybody else by their account.
#[must_use]
pub fn name_of(visit: &Visit, caller: &Caller) -> String {
    let demo = visit.edge.portal.demo_issuer.as_ref().is_some_and(|issuer| *issuer == caller.issuer);
    let name = persona_name(&caller.subject, visit.lang).filter(|_| demo);
    name.map_or_else(|| caller.subject.to_string(), str::to_owned)
}

/// Names a person of the demo by their account.
#[must_use]
pub fn persona_name(subject: &str, lang: Lang) -> Option<&'static str> {
    PEOPLE.iter().find(|person| person.subject == subject).map(|person| lang.pick(person.zh, person.en))
}

struct Row {
    subject: &'static str,
    name: &'static str,
    org: &'static str,
    roles: String,
}

impl Row {
    fn initial(&self) -> String {
        initial(self.name)
    }
}

#[derive(Template)]
#[template(path = "portal/sign_in.html")]
struct SignIn<'a> {
    f: Frame,
    people: Vec<(&'static str, Vec<Row>)>,
    /// Where people sign in otherwise: the link, and what the provider is called.
    providers: Vec<(String, &'a str)>,
    next: &'a str,
    written: Written,
}

/// What became of what somebody wrote before they had to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// There was nothing.
    Nothing,
    /// It waits for them.
    Kept,
    /// It could not be kept.
    Lost,
    /// It brought a file, which is not kept.
    File,
}

/// Where what was kept is shown again.
const GO_ON: &str = "/go-on";

fn sign_in_page<'a>(visit: &'a Visit, next: &'a str, written: Written) -> SignIn<'a> {
    let people = if visit.edge.portal.demo_issuer.is_some() { &PEOPLE[..] } else { &[] };
    let row = |person: &Persona| Row {
        subject: person.subject,
        name: visit.t(person.zh, person.en),
        org: visit.t(person.org_zh, person.org_en),
        roles: person.roles(visit.lang),
    };
    // In the order of a case: who applies, who judges, who decides, who asks at the border, who watches.
    let groups = [
        (visit.t("申请企业", "Applicants"), RoleSet::of(&[Role::EnterpriseApplicant, Role::EnterpriseAgent])),
        (visit.t("区级部门", "Districts"), RoleSet::of(&[Role::DistrictOfficer])),
        (visit.t("会审单位", "Agencies"), RoleSet::of(&[Role::AgencyReviewer])),
        (
            visit.t("市级主管部门", "The bureau"),
            RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover, Role::BureauAdmin]),
        ),
        (visit.t("口岸海关", "Customs"), RoleSet::of(&[Role::CustomsOfficer])),
        (visit.t("审计与运维", "Audit and operations"), RoleSet::of(&[Role::Auditor, Role::Operator])),
    ];
    let of = |roles: RoleSet| people.iter().filter(move |person| RoleSet::of(person.roles).intersects(roles)).map(row);
    let people = groups.into_iter().map(|(name, roles)| (name, of(roles).collect::<Vec<_>>()));
    let people = people.filter(|(_, people)| !people.is_empty()).collect();
    let providers = sign_in::links(visit, next);
    SignIn { f: Frame::new(visit, visit.t("登录", "Sign in")), people, providers, next, written }
}

/// Shows how to sign in.
///
/// # Errors
/// As rendering.
pub async fn sign_in(visit: &Visit) -> Answer {
    visit.render(&sign_in_page(visit, visit.query.get("next"), Written::Nothing))
}

/// Shows the same to somebody whose session ended while they filled in a form: what they wrote waits for them.
///
/// # Errors
/// As rendering; the store's failure.
pub async fn sign_in_again(visit: &Visit) -> Answer {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in visit.form.fields("").filter(|(name, _)| *name != "_csrf") {
        body.append_pair(name, value);
    }
    let (body, path) = (body.finish(), visit.request.path().to_owned());
    let kept = match guard::secret(&visit.edge.portal, &visit.request) {
        Some(secret) if !body.is_empty() => {
            let app = Arc::clone(&visit.edge.app);
            hop(move || app.keep_form(&secret, path, body)).await?
        }
        Some(_) | None => false,
    };
    let page = if kept {
        sign_in_page(visit, GO_ON, Written::Kept)
    } else {
        let media = visit.request.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok());
        let file = media.is_some_and(|media| media.starts_with("multipart/form-data"));
        sign_in_page(visit, visit.request.path(), if file { Written::File } else { Written::Lost })
    };
    visit.render_as(StatusCode::UNAUTHORIZED, &page)
}

#[derive(Template)]
#[template(path = "portal/go_on.html")]
struct GoOn<'a> {
    f: Frame,
    next: &'a str,
    csrf: String,
    kept: Vec<(&'a str, &'a str)>,
}

/// Shows what was written before the session ended; it is sent by the person's own hand, under the new session.
///
/// # Errors
/// The store's failure.
pub async fn go_on(visit: &Visit) -> Answer {
    let (app, caller) = (Arc::clone(&visit.edge.app), visit.caller()?);
    let Some((path, body)) = hop(move || app.kept_form(&caller)).await? else { return Ok(see_other("/")) };
    let form = Form::read(body.as_bytes());
    let csrf = visit.session.as_ref().map(|session| guard::token(&session.csrf)).unwrap_or_default();
    let next = if path.starts_with('/') && !path.starts_with("//") { path.as_str() } else { "/" };
    let kept = form.fields("").filter(|(name, _)| *name != KEPT).collect();
    visit.render(&GoOn { f: Frame::new(visit, visit.t("继续填写", "Go on")), next, csrf, kept })
}

/// Signs in as a person of the demo.
///
/// # Errors
/// `forbidden` where there is no demo, for a person unknown to it, and for roles that do not count.
pub async fn sign_in_as(visit: &Visit) -> Answer {
    let issuer = visit.edge.portal.demo_issuer.as_ref().ok_or(ProblemType::Forbidden)?;
    let subject = visit.form.get("_subject");
    let person = PEOPLE.iter().find(|person| person.subject == subject).ok_or(ProblemType::Forbidden)?;
    let secret = begin(visit, person.caller(issuer)).await?;
    let next = Some(visit.form.get("_next")).filter(|next| !next.is_empty()).unwrap_or("/");
    Ok(with_session(visit, see_other(next), secret))
}

async fn begin(visit: &Visit, caller: Caller) -> Result<String, Failure> {
    let app = Arc::clone(&visit.edge.app);
    let agent = visit.request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.unwrap_or_default().to_owned();
    Ok(hop(move || app.begin_session(&caller, &agent)).await?)
}

fn with_session(visit: &Visit, mut response: HttpResponse, secret: String) -> HttpResponse {
    if let Ok(cookie) = HeaderValue::from_str(&guard::cookie(&visit.edge.portal, secret).to_string()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Ends the session.
///
/// # Errors
/// The store's failure.
pub async fn sign_out(visit: &Visit) -> Answer {
    if let Some(session) = &visit.session {
        let (app, id) = (Arc::clone(&visit.edge.app), session.id.clone());
        hop(move || app.end_session(id)).await?;
    }
    let mut response = see_other(&sign_in::after(visit));
    if let Ok(cookie) = HeaderValue::from_str(&guard::gone(&visit.edge.portal).to_string()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

struct Shown {
    name: String,
    /// Browser and system in words, and as the browser states itself.
    browser: String,
    agent: String,
    started: String,
    seen: String,
    this: bool,
}

#[derive(Template)]
#[template(path = "portal/account.html")]
struct Account<'a> {
    f: Frame,
    form: FormView<'a>,
    account: String,
    sessions: Vec<Shown>,
    mandates: Json<'a>,
    agent: bool,
}

/// Shows who one is, for whom one acts, and one's sessions.
///
/// # Errors
/// What the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    let caller = visit.caller()?;
    let agent = caller.roles.contains(Role::EnterpriseAgent);
    let mandates = if agent { visit.find("/v1/mandates").await? } else { Value::Null };
    let (app, account) = (Arc::clone(&visit.edge.app), caller.clone());
    let sessions = hop(move || app.sessions_of(&account)).await?;
    let known = serde_json::json!([{ "org": &*caller.org, "enterprise": caller.acting_for }, mandates]);
    let own = visit.session.as_ref().map(|session| session.id.as_str());
    let shown = |session: &Session| Shown {
        name: session.name().to_owned(),
        browser: show::browser(visit.lang, &session.agent),
        agent: session.agent.clone(),
        started: show::instant(visit.lang, session.started_at),
        seen: show::instant(visit.lang, session.seen_at),
        this: own == Some(session.id.as_str()),
    };
    visit.render(&Account {
        f: Frame::new(visit, visit.t("我的账户", "My account")).naming(&known).await?,
        form: visit.form_view(Json::NOTHING, None),
        account: format!("{} · {}", caller.subject, caller.issuer),
        sessions: sessions.iter().map(shown).collect(),
        mandates: Json(&mandates),
        agent,
    })
}

/// Ends another session of the same account.
///
/// # Errors
/// `not-found`; the store's failure.
pub async fn end_session(visit: &Visit) -> Answer {
    let (app, caller, name) = (Arc::clone(&visit.edge.app), visit.caller()?, visit.part("name").to_owned());
    hop(move || app.end_named_session(&caller, &name)).await?;
    Ok(see_other("/account?done=ended"))
}

/// Chooses for which enterprise an agent acts.
///
/// # Errors
/// `invalid-request` for what is no USCC; the endpoints judge the mandate at every act.
pub async fn act_for(visit: &Visit) -> Answer {
    let session = visit.session.clone().ok_or(ProblemType::Unauthenticated)?;
    let chosen = visit.form.get("_enterprise");
    let enterprise = if chosen.is_empty() {
        None
    } else {
        Some(Uscc::parse(chosen).map_err(|_| Problem::new(ProblemType::InvalidRequest))?)
    };
    let app = Arc::clone(&visit.edge.app);
    let secret = hop(move || -> Result<String, AppError> { app.act_for(&session, enterprise) }).await?;
    Ok(with_session(visit, see_other("/account?done=saved"), secret))
}
