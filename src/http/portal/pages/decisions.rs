//! Several proposed decisions taken at once: which cases, what is proposed on each, and one button for those that are ticked.

use super::super::fields::FormView;
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::sign_in;
use super::super::visit::{Answer, Visit, see_other};
use crate::http::problem::ProblemType;
use actix_web::http::Method;
use askama::Template;
use serde_json::{Value, json};

/// Cases that are shown, and may be decided, at once: no more than a person can keep an eye on.
const MOST: usize = 20;

/// A case that waits for its decision.
struct Proposed {
    id: String,
    /// Name of its box: the case and the revision at which it is seen.
    seen: String,
    enterprise: String,
    kind: String,
    recognised: usize,
    refused: usize,
    due: String,
    overdue: bool,
    ticked: bool,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/decide.html")]
struct Decide<'a> {
    f: Frame,
    form: FormView<'a>,
    cases: Vec<Proposed>,
    more: bool,
    refusal: Option<String>,
}

/// Shows the cases that wait for a decision, with what is proposed.
///
/// # Errors
/// What the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    if let Some(first) = sign_in::first_prove(visit, "/decisions")? {
        return Ok(first);
    }
    page(visit).await
}

/// Says what is wrong with a case, if it was refused.
fn fault(visit: &Visit, id: &str) -> Option<String> {
    let refusal = visit.refusal();
    let sent = ticked(visit);
    let place = sent.iter().position(|seen| seen.split('.').next() == Some(id))?;
    let faults = Json(&refusal).each("faults").unwrap_or_default();
    let pointer = format!("/cases/{place}");
    let found = faults.into_iter().find(|fault| fault.text("pointer").is_ok_and(|at| at == pointer));
    found.and_then(|fault| fault.text("detail").ok().map(|text| text.into_owned()))
}

fn ticked(visit: &Visit) -> Vec<&str> {
    visit.form.all("_case").into_iter().filter(|case| !case.is_empty()).collect()
}

async fn page(visit: &Visit) -> Answer {
    let list = visit.get(format!("/v1/worklists/approvals?limit={MOST}")).await?.view;
    let sent: Vec<&str> = ticked(visit).into_iter().filter_map(|seen| seen.split('.').next()).collect();
    let mut cases = Vec::new();
    for case in Json(&list).each("items")? {
        let id = case.text("application")?;
        let decisions = visit.get(format!("/v1/applications/{id}/decisions")).await?.view;
        let items = Json(&decisions).each("items")?;
        let count = |state: &str| items.iter().filter(|item| item.is("state", state)).count();
        cases.push(Proposed {
            seen: format!("{id}.{}", case.whole("revision")?),
            enterprise: case.maybe("enterprise_name").unwrap_or(case.at("enterprise")?).word().into_owned(),
            kind: super::super::words::word(visit.lang, "kind", &case.text("kind")?),
            recognised: count("proposed_recognition"),
            refused: count("proposed_refusal"),
            due: case.maybe("clock/due_on").map(|day| day.word().into_owned()).unwrap_or_default(),
            overdue: case.has("clock/overdue"),
            ticked: sent.contains(&id.as_ref()),
            fault: fault(visit, &id),
            id: id.into_owned(),
        });
    }
    let refusal = Json(&visit.refusal()).text("detail").ok().map(|text| text.into_owned());
    visit.render(&Decide {
        f: Frame::new(visit, visit.t("批量作出决定", "Decide several cases")),
        form: FormView { faults: Vec::new(), ..visit.form_view(Json::NOTHING, None) },
        cases,
        more: Json(&list).has("next"),
        refusal: refusal.filter(|text| !text.is_empty()),
    })
}

/// Decides the cases that are ticked as proposed: all of them, or none and why.
///
/// # Errors
/// What the endpoint refuses.
pub async fn decide(visit: &Visit) -> Answer {
    if let Some(first) = sign_in::first_prove(visit, "/decisions")? {
        return Ok(first);
    }
    let case = |seen: &str| -> Option<Value> {
        let (id, revision) = seen.split_once('.')?;
        Some(json!({ "application": id, "revision": revision.parse::<i64>().ok()? }))
    };
    let cases: Option<Vec<Value>> = ticked(visit).into_iter().map(case).collect();
    let mut body = visit.form.body();
    if let Some(body) = body.as_object_mut() {
        body.insert("cases".to_owned(), cases.ok_or(ProblemType::InvalidRequest)?.into());
    }
    if visit.send(Method::POST, "/v1/decisions", body).await?.is_none() {
        return page(visit).await;
    }
    Ok(see_other("/worklists/approvals?done=done"))
}
