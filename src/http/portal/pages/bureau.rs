//! What changes the list: adjustments and what they would do, batches, emergency stops.

use super::super::fields::{Choice, FormView};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Visit, see_other};
use super::super::words::{choices, word};
use crate::domain::actor::{Role, RoleSet};
use crate::domain::duty::Duty;
use crate::http::endpoints::OFFICER;
use actix_web::http::Method;
use askama::Template;

const APPROVER: RoleSet = RoleSet::of(&[Role::BureauApprover]);

#[derive(Template)]
#[template(path = "portal/adjustments.html")]
struct Adjustments<'a> {
    f: Frame,
    list: Json<'a>,
    state: &'a str,
    states: [&'static str; 5],
    officer: bool,
    more: Option<String>,
}

/// Lists adjustments.
///
/// # Errors
/// What the endpoint refuses.
pub async fn adjustments(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/adjustments", &["state", "after"])).await?.view;
    visit.render(&Adjustments {
        f: Frame::new(visit, visit.t("名单调整", "Adjustments")),
        more: visit.next_page(&list),
        list: Json(&list),
        state: visit.query.get("state"),
        states: ["proposed", "confirmed", "rejected", "withdrawn", "lapsed"],
        officer: visit.may(OFFICER, Duty::Adjust),
    })
}

#[derive(Template)]
#[template(path = "portal/adjustment.html")]
struct Adjustment<'a> {
    f: Frame,
    id: &'a str,
    adjustment: Json<'a>,
    preview: Json<'a>,
    approver: bool,
    officer: bool,
}

/// Shows an adjustment with what it does to listings, reservations and look-ups.
///
/// # Errors
/// What the endpoints refuse.
pub async fn adjustment(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let adjustment = visit.get(format!("/v1/adjustments/{id}")).await?.view;
    let open = Json(&adjustment).is("state", "proposed");
    let preview =
        if open { visit.find(format!("/v1/adjustments/{id}/preview")).await? } else { serde_json::Value::Null };
    visit.render(&Adjustment {
        f: Frame::new(visit, visit.t("名单调整", "Adjustment")).naming(&adjustment).await?.naming(&preview).await?,
        id,
        adjustment: Json(&adjustment),
        preview: Json(&preview),
        approver: open && visit.may(APPROVER, Duty::ConfirmAdjustments),
        officer: open && visit.may(OFFICER, Duty::Adjust),
    })
}

#[derive(Template)]
#[template(path = "portal/batches.html")]
struct Batches<'a> {
    f: Frame,
    form: FormView<'a>,
    list: Json<'a>,
    schemes: Vec<Choice>,
    officer: bool,
    more: Option<String>,
}

/// Lists batches.
///
/// # Errors
/// What the endpoints refuse.
pub async fn batches(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/batches", &["state", "after"])).await?.view;
    let schemes = visit.get("/v1/schemes").await?.view;
    let name = visit.lang.pick("name/zh", "name/en");
    let scheme = |scheme: Json<'_>| Ok((scheme.text("code")?.into_owned(), scheme.text(name)?.into_owned()));
    let schemes: Vec<Choice> =
        Json(&schemes).each("items")?.into_iter().map(scheme).collect::<Result<_, askama::Error>>()?;
    let known = serde_json::json!({ "scheme": schemes.first().map(|(code, _)| code.as_str()) });
    visit.render(&Batches {
        f: Frame::new(visit, visit.t("批次与公布", "Batches")),
        form: visit.form_view(Json(&known), None),
        more: visit.next_page(&list),
        list: Json(&list),
        schemes,
        officer: visit.may(OFFICER, Duty::Publish),
    })
}

/// Collects what was recognised and not yet published into a batch.
///
/// # Errors
/// What the endpoint refuses.
pub async fn collect(visit: &Visit) -> Answer {
    let Some(reply) = visit.send(Method::POST, "/v1/batches", visit.form.body()).await? else {
        return batches(visit).await;
    };
    let id = Json(&reply.view).text("id")?.into_owned();
    Ok(see_other(&format!("/batches/{id}?done=done")))
}

#[derive(Template)]
#[template(path = "portal/batch.html")]
struct Batch<'a> {
    f: Frame,
    id: &'a str,
    batch: Json<'a>,
    preview: Json<'a>,
    approver: bool,
    bureau: bool,
    officer: bool,
}

/// Shows a batch, and before it is published what publishing would do.
///
/// # Errors
/// What the endpoints refuse.
pub async fn batch(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let batch = visit.get(format!("/v1/batches/{id}")).await?.view;
    let open = Json(&batch).is("state", "collecting");
    let preview = if open { visit.find(format!("/v1/batches/{id}/preview")).await? } else { serde_json::Value::Null };
    visit.render(&Batch {
        f: Frame::new(visit, visit.t("批次", "Batch")),
        id,
        batch: Json(&batch),
        preview: Json(&preview),
        approver: open && visit.may(APPROVER, Duty::Publish),
        bureau: open && visit.may(OFFICER.union(APPROVER), Duty::Publish),
        officer: open && visit.may(OFFICER, Duty::Publish),
    })
}

/// An item that a batch may publish: its case and line, what it is, whether it is in the batch.
struct Collectable {
    application: String,
    line: String,
    enterprise: String,
    granted: String,
    within: bool,
}

#[derive(Template)]
#[template(path = "portal/batch_items.html")]
struct BatchItems<'a> {
    f: Frame,
    form: FormView<'a>,
    id: &'a str,
    items: Vec<Collectable>,
    refusal: Option<String>,
}

/// Decided cases whose items are offered at once; more wait for the next batch.
const OFFERED: usize = 50;

/// Offers the items of a batch and those that wait for one, to be chosen from.
///
/// # Errors
/// What the endpoints refuse.
pub async fn batch_items(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let reply = visit.get(format!("/v1/batches/{id}")).await?;
    let waiting = visit.get(format!("/v1/worklists/publication?limit={OFFERED}")).await?.view;
    let mut cases: Vec<String> = Vec::new();
    for item in Json(&reply.view).each("items")?.into_iter().chain(Json(&waiting).each("items")?) {
        let case = item.text("application")?.into_owned();
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    let within = |case: &str, line: &str| {
        let items = Json(&reply.view).each("items").unwrap_or_default();
        items.iter().any(|item| item.is("application", case) && item.text("line").is_ok_and(|it| it == line))
    };
    let mut f = Frame::new(visit, visit.t("调整批次物品", "Choose the items of the batch"));
    let mut items = Vec::new();
    for case in cases {
        let application = visit.get(format!("/v1/applications/{case}")).await?.view;
        let decisions = visit.get(format!("/v1/applications/{case}/decisions")).await?.view;
        f = f.naming(&application).await?;
        for decision in Json(&decisions).each("items")?.into_iter().filter(|it| it.is("state", "recognised")) {
            let line = decision.text("line")?.into_owned();
            let granted = decision.maybe("granted").filter(|granted| granted.has("quantity") && granted.has("unit"));
            let granted = match granted {
                Some(granted) => f.quantity(granted.text("quantity")?, granted.text("unit")?),
                None => String::new(),
            };
            items.push(Collectable {
                enterprise: f.org(Json(&application).text("enterprise")?),
                within: within(&case, &line),
                application: case.clone(),
                line,
                granted,
            });
        }
    }
    let refusal = visit.refusal();
    visit.render(&BatchItems {
        f,
        form: visit.form_view(Json::NOTHING, reply.etag.as_deref()),
        id,
        items,
        refusal: Json(&refusal).maybe("detail").map(|detail| {
            let nothing = visit.form.all("_item").into_iter().all(str::is_empty);
            let chosen = visit.t("请至少勾选一项物品。", "Tick one item at least.");
            if nothing { chosen.to_owned() } else { detail.word().into_owned() }
        }),
    })
}

/// Puts the chosen items into a batch in place of those that it had.
///
/// # Errors
/// What the endpoint refuses.
pub async fn recollect(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let chosen = visit.form.all("_item").into_iter().filter_map(|item| item.split_once('/'));
    let item = |(application, line): (&str, &str)| serde_json::json!({ "application": application, "line": line.parse::<u16>().ok() });
    let body = serde_json::json!({ "items": chosen.map(item).collect::<Vec<_>>() });
    if visit.send(Method::POST, format!("/v1/batches/{id}/collect"), body).await?.is_none() {
        return batch_items(visit).await;
    }
    Ok(see_other(&format!("/batches/{id}?done=saved")))
}

#[derive(Template)]
#[template(path = "portal/stops.html")]
struct Stops<'a> {
    f: Frame,
    list: Json<'a>,
    stage: &'a str,
    stages: [&'static str; 4],
    makes: bool,
    more: Option<String>,
}

/// Lists emergency stops.
///
/// # Errors
/// What the endpoint refuses.
pub async fn stops(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/stops", &["stage", "after"])).await?.view;
    visit.render(&Stops {
        f: Frame::new(visit, visit.t("紧急停用", "Emergency stops")).naming(&list).await?,
        more: visit.next_page(&list),
        list: Json(&list),
        stage: visit.query.get("stage"),
        stages: ["emergency", "confirmed", "lifted", "lapsed"],
        makes: visit.may(OFFICER.union(APPROVER), Duty::Stop),
    })
}

#[derive(Template)]
#[template(path = "portal/stop.html")]
struct Stop<'a> {
    f: Frame,
    id: &'a str,
    stop: Json<'a>,
    approver: bool,
}

/// Shows an emergency stop.
///
/// # Errors
/// What the endpoint refuses.
pub async fn stop(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let stop = visit.get(format!("/v1/stops/{id}")).await?.view;
    let f = Frame::new(visit, visit.t("紧急停用", "Emergency stop")).naming(&stop).await?;
    visit.render(&Stop { f, id, stop: Json(&stop), approver: visit.may(APPROVER, Duty::Stop) })
}

#[derive(Template)]
#[template(path = "portal/stop_new.html")]
struct NewStop<'a> {
    f: Frame,
    form: FormView<'a>,
    schemes: Vec<Choice>,
    kinds: Vec<Choice>,
    reasons: Vec<Choice>,
}

/// Shows the form of an emergency stop.
///
/// # Errors
/// What the endpoint refuses.
pub async fn new_stop(visit: &Visit) -> Answer {
    let schemes = visit.get("/v1/schemes").await?.view;
    let name = visit.lang.pick("name/zh", "name/en");
    let scheme = |scheme: Json<'_>| Ok((scheme.text("code")?.into_owned(), scheme.text(name)?.into_owned()));
    let schemes: Vec<Choice> =
        Json(&schemes).each("items")?.into_iter().map(scheme).collect::<Result<_, askama::Error>>()?;
    let kinds = ["listing", "enterprise", "cas", "hs_prefix", "purpose"];
    let known = serde_json::json!({ "scheme": schemes.first().map(|(code, _)| code.as_str()) });
    visit.render(&NewStop {
        f: Frame::new(visit, visit.t("紧急停用", "Emergency stop")),
        form: visit.form_view(Json(&known), None),
        schemes,
        kinds: kinds.into_iter().map(|kind| (kind.to_owned(), word(visit.lang, "stopped", kind))).collect(),
        reasons: choices(visit.lang, "reason"),
    })
}

/// Stops something at once.
///
/// # Errors
/// What the endpoint refuses.
pub async fn make_stop(visit: &Visit) -> Answer {
    let Some(reply) = visit.send(Method::POST, "/v1/stops", visit.form.body()).await? else {
        return new_stop(visit).await;
    };
    let id = Json(&reply.view).text("id")?.into_owned();
    Ok(see_other(&format!("/stops/{id}?done=stopped")))
}
