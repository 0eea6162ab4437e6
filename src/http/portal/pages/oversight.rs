//! Oversight: the board, enterprises, usage returns, schemes, people.

use super::super::acts::{Offer, offered};
use super::super::fields::FormView;
use super::super::frame::Frame;
use super::super::gateway::Asked;
use super::super::json::Json;
use super::super::visit::{Answer, Failure, Visit, see_other};
use crate::domain::duty::Duty;
use crate::http::endpoints::{ADMINISTRATOR, ENTERPRISE};
use actix_web::http::Method;
use askama::Template;

#[derive(Template)]
#[template(path = "portal/supervision.html")]
struct Supervision<'a> {
    f: Frame,
    board: Json<'a>,
    rows: Vec<(&'static str, &'static str, &'static str)>,
}

/// Shows the board.
///
/// # Errors
/// What the endpoint refuses.
pub async fn supervision(visit: &Visit) -> Answer {
    let board = visit.get("/v1/supervision").await?.view;
    let rows: [(&str, &str, &str, &str); 11] = [
        ("stops_unconfirmed", "/stops?stage=emergency", "待确认的紧急停用", "Stops that wait for a second person"),
        ("stops_lapsed", "/stops?stage=lapsed", "失效的紧急停用", "Stops that lapsed"),
        ("stops_for_review", "/stops?stage=confirmed", "到复查日的停用", "Stops due for review"),
        ("proposals_waiting", "/adjustments?state=proposed", "待确认的调整", "Adjustments that wait"),
        ("returns_reminded", "/usage-returns", "已催报的使用情况", "Usage returns reminded of"),
        ("returns_overdue", "/usage-returns", "逾期未报的使用情况", "Usage returns overdue"),
        ("findings_open", "/usage-returns", "未办结的检查发现", "Open findings"),
        ("reconciliations_open", "/declarations", "未确认的对账差异", "Reconciliations that differ"),
        ("expiring_within_7_days", "/listings?status=in_force", "7 日内到期", "Expire within 7 days"),
        ("expiring_within_30_days", "/listings?status=in_force", "30 日内到期", "Expire within 30 days"),
        ("expiring_within_90_days", "/listings?status=in_force", "90 日内到期", "Expire within 90 days"),
    ];
    let rows = rows.into_iter().map(|(name, href, zh, en)| (name, href, visit.t(zh, en))).collect();
    visit.render(&Supervision {
        f: Frame::new(visit, visit.t("监管看板", "Supervision")), board: Json(&board), rows
    })
}

#[derive(Template)]
#[template(path = "portal/enterprises.html")]
struct Enterprises<'a> {
    f: Frame,
    list: Json<'a>,
    q: &'a str,
    more: Option<String>,
}

/// Lists enterprises.
///
/// # Errors
/// What the endpoint refuses.
pub async fn enterprises(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/enterprises", &["q", "after", "valid_on", "as_of_revision"])).await?.view;
    visit.render(&Enterprises {
        f: Frame::new(visit, visit.t("企业", "Enterprises")),
        more: visit.next_page(&list),
        list: Json(&list),
        q: visit.query.get("q"),
    })
}

#[derive(Template)]
#[template(path = "portal/enterprise.html")]
struct Enterprise<'a> {
    f: Frame,
    enterprise: Json<'a>,
    listings: Json<'a>,
    mandates: Json<'a>,
    offers: Vec<Offer>,
}

/// Shows an applicant their own enterprise, or how to register it.
///
/// # Errors
/// What the endpoint refuses.
pub async fn my_enterprise(visit: &Visit) -> Answer {
    let uscc = visit.caller()?.org;
    let known = visit.find(format!("/v1/enterprises/{uscc}")).await?;
    Ok(see_other(&if known.is_null() {
        "/do/register-enterprise/new".to_owned()
    } else {
        format!("/enterprises/{uscc}")
    }))
}

/// Shows an enterprise.
///
/// # Errors
/// What the endpoints refuse.
pub async fn enterprise(visit: &Visit) -> Answer {
    let uscc = visit.part("uscc");
    let enterprise = visit.get(format!("/v1/enterprises/{uscc}")).await?.view;
    let listings = visit.find(format!("/v1/listings?enterprise={uscc}&limit=100")).await?;
    let mandates = visit.find(format!("/v1/enterprises/{uscc}/mandates")).await?;
    visit.render(&Enterprise {
        f: Frame::new(visit, Json(&enterprise).text("name_zh")?.into_owned()),
        enterprise: Json(&enterprise),
        offers: offered(visit, "enterprise", uscc, Json(&enterprise)),
        listings: Json(&listings),
        mandates: Json(&mandates),
    })
}

#[derive(Template)]
#[template(path = "portal/usage.html")]
struct Usage<'a> {
    f: Frame,
    list: Json<'a>,
    findings: Json<'a>,
    own: bool,
    more: Option<String>,
    corrections: Vec<Vec<Offer>>,
}

/// Lists usage returns and findings.
///
/// # Errors
/// What the endpoints refuse.
pub async fn usage(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/usage-returns", &["enterprise", "listing", "stage", "after"])).await?.view;
    let findings = visit.find("/v1/findings?limit=20").await?;
    visit.render(&Usage {
        f: Frame::new(visit, visit.t("使用情况报告", "Usage returns")),
        more: visit.next_page(&list),
        corrections: Json(&list)
            .each("items")?
            .into_iter()
            .map(|it| Ok(offered(visit, "usage", &it.text("id")?, it)))
            .collect::<Result<_, Failure>>()?,
        list: Json(&list),
        findings: Json(&findings),
        own: visit.may(ENTERPRISE, Duty::Usage),
    })
}

#[derive(Template)]
#[template(path = "portal/usage_new.html")]
struct NewReturn<'a> {
    f: Frame,
    form: FormView<'a>,
}

/// Shows the form of a usage return.
///
/// # Errors
/// As rendering.
pub async fn new_return(visit: &Visit) -> Answer {
    let known = serde_json::json!({
        "listing": visit.query.get("listing"), "period_from": visit.query.get("period_from"), "unit": visit.query.get("unit"),
    });
    let f = Frame::new(visit, visit.t("提交使用情况", "Usage return"));
    visit.render(&NewReturn { f, form: visit.form_view(Json(&known), None) })
}

/// Hands in a usage return.
///
/// # Errors
/// What the endpoint refuses.
pub async fn hand_in(visit: &Visit) -> Answer {
    if visit.send(Method::POST, "/v1/usage-returns", visit.form.body()).await?.is_none() {
        return new_return(visit).await;
    }
    Ok(see_other("/usage-returns?done=reported"))
}

#[derive(Template)]
#[template(path = "portal/schemes.html")]
struct Schemes<'a> {
    f: Frame,
    list: Json<'a>,
    valid_on: &'a str,
    hs_code: &'a str,
    on: &'a str,
    tariff: Json<'a>,
    fault: String,
    calendar: Json<'a>,
    governs: bool,
}

/// Lists schemes as of a day, and the code tables that they build on: what the tariff says of a code, and the calendar.
///
/// # Errors
/// What the endpoints refuse.
pub async fn schemes(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/schemes", &["valid_on"])).await?.view;
    let calendar = visit.get("/v1/calendar").await?.view;
    let hs_code = visit.query.get("hs_code").trim();
    let (mut tariff, mut fault) = (serde_json::Value::Null, String::new());
    if !hs_code.is_empty() {
        let code: String = url::form_urlencoded::byte_serialize(hs_code.as_bytes()).collect();
        match visit.ask(Asked::get(visit.endpoint(&format!("/v1/tariff/{code}"), &["on"]))).await {
            Ok(reply) => tariff = reply.view,
            Err(refused) => {
                let problem = Json(&refused.problem);
                let said = problem.text("faults/0/detail").or_else(|_| problem.text("detail"))?;
                fault = said.into_owned();
            }
        }
    }
    visit.render(&Schemes {
        f: Frame::new(visit, visit.t("试点规则", "Schemes")),
        list: Json(&list),
        valid_on: visit.query.get("valid_on"),
        hs_code,
        on: visit.query.get("on"),
        tariff: Json(&tariff),
        fault,
        calendar: Json(&calendar),
        governs: visit.may(ADMINISTRATOR, Duty::Rules),
    })
}

#[derive(Template)]
#[template(path = "portal/scheme.html")]
struct Scheme<'a> {
    f: Frame,
    scheme: Json<'a>,
    valid_on: &'a str,
    governs: bool,
}

/// Shows the rules of a scheme.
///
/// # Errors
/// What the endpoint refuses.
pub async fn scheme(visit: &Visit) -> Answer {
    let target = format!("/v1/schemes/{}", visit.part("code"));
    let scheme = visit.get(visit.endpoint(&target, &["valid_on", "as_of_revision"])).await?.view;
    let title = Json(&scheme).text(visit.lang.pick("name/zh", "name/en"))?.into_owned();
    let valid_on = visit.query.get("valid_on");
    let governs = visit.may(ADMINISTRATOR, Duty::Rules);
    visit.render(&Scheme { f: Frame::new(visit, title), scheme: Json(&scheme), valid_on, governs })
}

#[derive(Template)]
#[template(path = "portal/agents.html")]
struct Agents<'a> {
    f: Frame,
    form: FormView<'a>,
    list: Json<'a>,
}

/// Shows who may act for the enterprise, and the form to appoint somebody.
///
/// # Errors
/// What the endpoint refuses.
pub async fn agents(visit: &Visit) -> Answer {
    let uscc = visit.caller()?.org;
    let list = visit.find(format!("/v1/enterprises/{uscc}/mandates")).await?;
    let known = serde_json::json!({ "valid_from": visit.edge.app.clock.now().day().to_string() });
    visit.render(&Agents {
        f: Frame::new(visit, visit.t("代理委托", "Agents")).naming(&list).await?,
        form: visit.form_view(Json(&known), None),
        list: Json(&list),
    })
}

/// Appoints an agent.
///
/// # Errors
/// What the endpoint refuses.
pub async fn appoint(visit: &Visit) -> Answer {
    let uscc = visit.caller()?.org;
    let mut body = visit.form.body();
    let scopes = visit.form.all("_scope").into_iter().filter(|scope| !scope.is_empty());
    let scopes: Vec<serde_json::Value> = scopes.map(Into::into).collect();
    if let Some(body) = body.as_object_mut().filter(|_| !scopes.is_empty()) {
        body.insert("scopes".to_owned(), scopes.into());
    }
    if visit.send(Method::POST, format!("/v1/enterprises/{uscc}/mandates"), body).await?.is_none() {
        return agents(visit).await;
    }
    Ok(see_other("/agents?done=saved"))
}
