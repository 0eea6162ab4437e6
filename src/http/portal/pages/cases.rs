//! Cases as everybody sees them who has to do with them: work lists, the case, opinions, decisions.
//!
//! Which buttons a case shows is what its `verbs` say for who asks; the endpoints judge every one of them again.

use super::super::acts;
use super::super::duties::duty_of;
use super::super::fields::{Choice, FormView};
use super::super::frame::Frame;
use super::super::gateway::Asked;
use super::super::json::Json;
use super::super::visit::{Answer, Visit, see_other};
use super::super::words::choices;
use super::filters::{Filters, of_list};
use crate::domain::actor::RoleSet;
use crate::domain::duty::Duty;
use crate::http::endpoints::{APPROVER, DISTRICT, ENTERPRISE, EVIDENCE, INSIDERS, OFFICER, RATED, REVIEWER, WORKERS};
use crate::http::problem::ProblemType;
use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use serde_json::{Value, json};

#[derive(Template)]
#[template(path = "portal/worklist.html")]
struct Worklist<'a> {
    f: Frame,
    lists: Json<'a>,
    list: Json<'a>,
    name: &'a str,
    claim: &'a str,
    due: &'a str,
    kind: &'a str,
    filters: Filters,
    more: Option<String>,
}

/// Shows a work list.
///
/// # Errors
/// What the endpoints refuse.
pub async fn worklist(visit: &Visit) -> Answer {
    let name = visit.part("name");
    let filters = ["claim", "due", "kind", "enterprise", "district", "after"];
    let lists = visit.get("/v1/worklists").await?.view;
    let list = visit.get(visit.endpoint(&format!("/v1/worklists/{name}"), &filters)).await?.view;
    visit.render(&Worklist {
        f: Frame::new(visit, super::super::words::word(visit.lang, "worklist", name)).naming(&list).await?,
        lists: Json(&lists),
        more: visit.next_page(&list),
        list: Json(&list),
        name,
        claim: visit.query.get("claim"),
        due: visit.query.get("due"),
        kind: visit.query.get("kind"),
        filters: of_list(visit).await?,
    })
}

#[derive(Template)]
#[template(path = "portal/cases.html")]
struct Cases<'a> {
    f: Frame,
    list: Json<'a>,
    state: &'a str,
    enterprise: &'a str,
    states: Vec<Choice>,
    filters: Filters,
    more: Option<String>,
}

/// Lists cases.
///
/// # Errors
/// What the endpoint refuses.
pub async fn list(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/applications", &["state", "kind", "enterprise", "after"])).await?.view;
    visit.render(&Cases {
        f: Frame::new(visit, visit.t("全部案件", "All cases")).naming(&list).await?,
        more: visit.next_page(&list),
        list: Json(&list),
        state: visit.query.get("state"),
        enterprise: visit.query.get("enterprise"),
        states: choices(visit.lang, "state"),
        filters: of_list(visit).await?,
    })
}

/// An act that a case offers: the verb of the table, the page of the act, its words.
type Offer = (&'static str, &'static str, &'static str, &'static str, RoleSet);

const ANY: RoleSet = RoleSet::ALL;

const OFFERS: [Offer; 21] = [
    ("accept", "/do/accept/{id}", "受理", "Accept", DISTRICT),
    ("ask", "/do/ask/{id}", "要求补正", "Ask for corrections", ANY),
    ("recommend", "/do/recommend/{id}", "推荐", "Recommend", DISTRICT),
    ("recommend_against", "/do/recommend-against/{id}", "不予推荐", "Recommend against", DISTRICT),
    ("decline", "/do/decline/{id}", "不予受理", "Decline", DISTRICT),
    ("let_in", "/do/let-in/{id}", "准予参加", "Let in", OFFICER),
    ("keep_out", "/do/keep-out/{id}", "不予参加", "Keep out", OFFICER),
    ("opine", "/cases/{id}/opinions", "出具意见", "Give opinions", REVIEWER),
    ("consolidate", "/do/consolidate/{id}", "汇总意见", "Consolidate", OFFICER),
    ("resolve", "/do/resolve/{id}", "处理分歧", "Resolve opinions", OFFICER),
    ("return", "/do/return/{id}", "退回会审", "Return to the agencies", OFFICER),
    ("propose", "/cases/{id}/decisions", "拟定决定", "Propose decisions", OFFICER),
    ("decide", "/do/decide/{id}", "作出决定", "Decide", APPROVER),
    ("send_back", "/do/send-back/{id}", "退回拟定", "Send back", APPROVER),
    ("reopen", "/do/reopen/{id}", "重新审议", "Reopen", OFFICER),
    ("overturn", "/do/overturn/{id}", "支持申诉", "Overturn the refusal", APPROVER),
    ("uphold", "/do/reject-appeal/{id}", "驳回申诉", "Let the refusal stand", APPROVER),
    ("correct", "/applications/{id}/correction", "补正", "Correct", ENTERPRISE),
    ("appeal", "/do/appeal/{id}", "申诉", "Appeal", ENTERPRISE),
    ("retract", "/do/retract/{id}", "恢复申请", "Take the withdrawal back", ENTERPRISE),
    ("withdraw", "/do/withdraw/{id}", "撤回", "Withdraw", ENTERPRISE),
];

/// Whether what an offer leads to belongs to a duty of who is there.
fn lets(visit: &Visit, href: &str, roles: RoleSet) -> bool {
    let step = match href.strip_prefix("/do/") {
        Some(act) => return acts::offers(visit, act.split('/').next().unwrap_or(act)),
        None if href.ends_with("/correction") => "correct",
        None => href.rsplit('/').next().unwrap_or_default(),
    };
    let duty = duty_of("POST", &format!("/v1/applications/{{id}}/{step}"));
    duty.is_some_and(|duty| visit.may(roles, duty))
}

/// The stages of a case, as a strip shows them: the word, and the states that belong to it.
const STAGES: [(&str, &str, &[&str]); 5] = [
    ("提交", "Lodged", &["lodged"]),
    ("受理与推荐", "Intake", &["accepted", "evaluating"]),
    ("会审", "Joint review", &["in_opinion"]),
    ("认定", "Decision", &["deciding", "proposed"]),
    ("公布", "Published", &["decided"]),
];

#[derive(Template)]
#[template(path = "portal/case.html")]
struct Case<'a> {
    f: Frame,
    form: FormView<'a>,
    case: Json<'a>,
    id: &'a str,
    stages: Vec<(&'static str, &'static str)>,
    offers: Vec<(String, &'static str)>,
    timeline: Json<'a>,
    documents: Json<'a>,
    opinions: Json<'a>,
    decisions: Json<'a>,
    checks: Json<'a>,
    precedents: Json<'a>,
    difference: Json<'a>,
    rating: Json<'a>,
    inside: bool,
    works: bool,
    evidence: bool,
}

impl Case<'_> {
    fn has_precedents(&self) -> Result<bool, askama::Error> {
        if !self.precedents.has("items") {
            return Ok(false);
        }
        Ok(self.precedents.each("items")?.into_iter().any(|item| item.has("precedents")))
    }

    /// Names the letters that there are: drafts of them for who proposes and decides.
    fn letters(&self) -> Vec<&'static str> {
        let decisions = self.decisions.each("items").unwrap_or_default();
        let stands = |states: &[&str]| decisions.iter().any(|item| states.iter().any(|state| item.is("state", state)));
        let there = [
            ("correction", self.case.is("state", "asked")),
            ("declined", self.case.is("state", "declined")),
            ("recognition", stands(&["proposed_recognition", "recognised", "published"])),
            ("refusal", stands(&["proposed_refusal", "refused"])),
        ];
        there.into_iter().filter(|(_, there)| *there).map(|(kind, _)| kind).collect()
    }
}

/// Shows a case.
///
/// # Errors
/// What the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let reply = visit.get(visit.endpoint(&format!("/v1/applications/{id}"), &["as_of_revision"])).await?;
    let view = reply.view;
    let case = Json(&view);
    if case.is("state", "draft") {
        return Ok(see_other(&format!("/applications/{id}")));
    }
    let inside = visit.roles().intersects(INSIDERS);
    let part = async |part: &str| visit.find(format!("/v1/applications/{id}/{part}")).await;
    // Everything that history keeps is shown as of the same revision.
    let then = async |part: &str| {
        visit.find(visit.endpoint(&format!("/v1/applications/{id}/{part}"), &["as_of_revision"])).await
    };
    let timeline = then("events").await?;
    let documents = then("documents").await?;
    let decisions = then("decisions").await?;
    let opinions = if inside { then("opinions").await? } else { Value::Null };
    let checks = if inside { part("checks").await? } else { Value::Null };
    let precedents = if inside { part("precedents").await? } else { Value::Null };
    let rates = visit.roles().intersects(RATED) && case.is("state", "decided");
    let rating = if rates { part("rating").await? } else { Value::Null };
    let number = case.whole("content_number").unwrap_or(1);
    let difference =
        if number > 1 { part(&format!("diff?from={}&to={number}", number - 1)).await? } else { Value::Null };
    let offered = |(verb, ..): &&Offer| case.names("verbs", verb);
    let offers = OFFERS.iter().filter(offered).filter(|(_, href, .., roles)| lets(visit, href, *roles));
    visit.render(&Case {
        f: Frame::new(visit, format!("{} {id}", visit.t("案件", "Case")))
            .naming(&view)
            .await?
            .naming(&timeline)
            .await?,
        form: visit.form_view(Json::NOTHING, reply.etag.as_deref()),
        case,
        id,
        stages: stages(visit, case),
        offers: offers
            .map(|(_, href, zh, en, _)| (href.replace("{id}", id), visit.t(zh, en)))
            .chain(acts::offered(visit, "case", id, case).into_iter().map(|offer| (offer.href, offer.words)))
            .collect(),
        timeline: Json(&timeline),
        documents: Json(&documents),
        opinions: Json(&opinions),
        decisions: Json(&decisions),
        checks: Json(&checks),
        precedents: Json(&precedents),
        difference: Json(&difference),
        rating: Json(&rating),
        inside,
        works: visit.may(WORKERS, Duty::Handle),
        evidence: visit.may(EVIDENCE, Duty::Evidence),
    })
}

fn stages(visit: &Visit, case: Json<'_>) -> Vec<(&'static str, &'static str)> {
    let state = case.text("state").unwrap_or_default();
    let asked = case.text("asked_in").unwrap_or_default();
    let at = if state == "asked" { asked } else { state };
    let here = STAGES.iter().position(|(.., states)| states.contains(&at.as_ref()));
    let class = |place: usize| match here {
        Some(here) if place < here => "past",
        Some(here) if place == here => "now",
        Some(_) | None => "",
    };
    STAGES.iter().enumerate().map(|(place, (zh, en, _))| (visit.t(zh, en), class(place))).collect()
}

/// Hands out a document, as an attachment.
///
/// # Errors
/// What the endpoint refuses.
pub async fn document(visit: &Visit) -> Answer {
    visit.hand_on(format!("/v1/documents/{}", visit.part("id"))).await
}

/// Shows a letter of a case.
///
/// # Errors
/// What the endpoint refuses.
pub async fn letter(visit: &Visit) -> Answer {
    visit.hand_on(format!("/v1/applications/{}/letters/{}", visit.part("id"), visit.part("kind"))).await
}

/// Takes a case into one's hands, or gives it out of them.
///
/// # Errors
/// `not-found` for other words; what the endpoint refuses.
pub async fn in_hand(visit: &Visit) -> Answer {
    let (id, hand) = (visit.part("id"), visit.part("hand"));
    let target = match hand {
        "claim" => format!("/v1/applications/{id}/claim"),
        "release" => format!("/v1/applications/{id}/release"),
        _ => return Err(ProblemType::NotFound.into()),
    };
    if visit.send(Method::POST, target, json!({})).await?.is_none() {
        return show(visit).await;
    }
    Ok(see_other(&format!("/cases/{id}?done=done")))
}

/// An item of a case as a form about it shows it.
struct Line {
    /// Pointer of the item in the form.
    at: String,
    line: String,
    name: String,
    asked: String,
}

impl Line {
    fn field(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }
}

fn lines(visit: &Visit, case: Json<'_>) -> Result<Vec<Line>, askama::Error> {
    let items = case.each("content/items")?;
    let line = |(place, item): (usize, Json<'_>)| {
        let said = |name: &str| item.maybe(name).map(|value| value.word().into_owned()).unwrap_or_default();
        let quantity = super::super::show::quantity(visit.lang, &said("quantity"), &said("unit"));
        let name = [said("item/name_zh"), said("listing")].into_iter().filter(|part| !part.is_empty());
        let code = said("item/hs_code");
        Ok(Line {
            at: format!("/items/{place}"),
            line: item.text("line")?.into_owned(),
            name: name.collect::<Vec<_>>().join(" · "),
            asked: [code, quantity].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        })
    };
    items.into_iter().enumerate().map(line).collect()
}

#[derive(Template)]
#[template(path = "portal/opinions.html")]
struct Opinions<'a> {
    f: Frame,
    form: FormView<'a>,
    id: &'a str,
    lines: Vec<Line>,
    stances: Vec<Choice>,
    grounds: Vec<Choice>,
}

/// Shows the form of an agency's opinions.
///
/// # Errors
/// What the endpoint refuses.
pub async fn opinions(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let reply = visit.get(format!("/v1/applications/{id}")).await?;
    let given = visit.get(format!("/v1/applications/{id}/opinions")).await?.view;
    let known = drafted(Json(&reply.view), Json(&given))?;
    visit.render(&Opinions {
        f: Frame::new(visit, visit.t("出具意见", "Give opinions")),
        form: visit.form_view(Json(&known), reply.etag.as_deref()),
        id,
        lines: lines(visit, Json(&reply.view))?,
        stances: choices(visit.lang, "stance"),
        grounds: choices(visit.lang, "opinion_ground"),
    })
}

/// What the agency wrote so far, in the order of the items on the page.
fn drafted(case: Json<'_>, given: Json<'_>) -> Result<Value, askama::Error> {
    let written = given.maybe("draft").map_or(Ok(Vec::new()), |draft| draft.each("items"))?;
    let of = |item: Json<'_>| {
        let line = item.whole("line").ok();
        let known = written.iter().find(|known| known.whole("line").ok() == line);
        known.map_or_else(|| json!({}), |known| known.0.clone())
    };
    Ok(json!({ "items": case.each("content/items")?.into_iter().map(of).collect::<Vec<_>>() }))
}

/// Keeps what was written so far: the page saves it by itself, for the agency alone.
///
/// # Errors
/// As asking.
pub async fn draft(visit: &Visit) -> Answer {
    let asked = Asked {
        method: Method::PUT,
        target: format!("/v1/applications/{}/opinions/draft", visit.part("id")),
        body: chosen(visit.form.body(), "stance").to_string().into(),
        ..Asked::default()
    };
    let status = visit.ask(asked).await.map_or_else(|refused| refused.status, |_| StatusCode::NO_CONTENT);
    Ok(HttpResponse::build(status).finish())
}

/// Gives the opinions.
///
/// # Errors
/// What the endpoint refuses.
pub async fn opine(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let body = chosen(visit.form.body(), "stance");
    if visit.send(Method::POST, format!("/v1/applications/{id}/opinions"), body).await?.is_none() {
        return opinions(visit).await;
    }
    Ok(see_other(&format!("/cases/{id}?done=opined")))
}

/// Leaves out items on which nothing was chosen.
fn chosen(mut body: Value, member: &str) -> Value {
    if let Some(items) = body.get_mut("items").and_then(Value::as_array_mut) {
        items.retain(|item| item.get(member).is_some());
    }
    body
}

#[derive(Template)]
#[template(path = "portal/decisions.html")]
struct Decisions<'a> {
    f: Frame,
    form: FormView<'a>,
    id: &'a str,
    lines: Vec<Line>,
    opinions: Json<'a>,
    outcomes: Vec<Choice>,
    grounds: Vec<Choice>,
}

/// Shows the form of decisions, item by item beside what the agencies said.
///
/// # Errors
/// What the endpoints refuse.
pub async fn decisions(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let reply = visit.get(format!("/v1/applications/{id}")).await?;
    let opinions = visit.find(format!("/v1/applications/{id}/opinions")).await?;
    let outcomes = vec![
        ("recognise".to_owned(), visit.t("认定", "Recognise").to_owned()),
        ("refuse".to_owned(), visit.t("不予认定", "Refuse").to_owned()),
    ];
    visit.render(&Decisions {
        f: Frame::new(visit, visit.t("拟定决定", "Propose decisions")),
        form: visit.form_view(Json::NOTHING, reply.etag.as_deref()),
        id,
        lines: lines(visit, Json(&reply.view))?,
        opinions: Json(&opinions),
        outcomes,
        grounds: choices(visit.lang, "refusal_ground"),
    })
}

/// Proposes the decisions.
///
/// # Errors
/// What the endpoint refuses.
pub async fn propose(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let body = chosen(visit.form.body(), "outcome");
    if visit.send(Method::POST, format!("/v1/applications/{id}/decisions"), body).await?.is_none() {
        return decisions(visit).await;
    }
    Ok(see_other(&format!("/cases/{id}?done=proposed")))
}
