//! The last look at an application, its lodging, and the receipt.

use super::super::super::fields::FormView;
use super::super::super::frame::Frame;
use super::super::super::gateway::Refused;
use super::super::super::json::Json;
use super::super::super::qr::Qr;
use super::super::super::visit::{Answer, Visit, see_other};
use super::open;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use serde_json::json;

#[derive(Template)]
#[template(path = "portal/application_check.html")]
struct Check<'a> {
    f: Frame,
    form: FormView<'a>,
    id: &'a str,
    case: Json<'a>,
    checklist: Json<'a>,
}

/// Shows everything before it is lodged.
///
/// # Errors
/// What the endpoints refuse.
pub async fn check(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    let id = visit.part("id");
    let checklist = visit.get(format!("/v1/applications/{id}/checklist")).await?.view;
    visit.render(&Check {
        f: Frame::new(visit, visit.t("检查并提交", "Check and lodge")),
        form: visit.form_view(Json::NOTHING, Some(&opened.etag)),
        id,
        case: Json(&opened.view),
        checklist: Json(&checklist),
    })
}

/// Lodges the draft, or sends the correction.
///
/// # Errors
/// What the endpoint refuses.
pub async fn lodge(visit: &Visit) -> Answer {
    let id = visit.part("id");
    if visit.form.get("_true").is_empty() {
        let (zh, en) = (
            "请先勾选声明：所填内容真实、物品只用于研发。",
            "Tick the declaration first: what you state is true and the items serve research only.",
        );
        let problem =
            json!({ "detail": visit.t(zh, en), "faults": [{ "pointer": "_true", "detail": visit.t(zh, en) }] });
        visit.refuse(Refused { status: StatusCode::BAD_REQUEST, problem })?;
        return check(visit).await;
    }
    let reply = visit.send(Method::POST, format!("/v1/applications/{id}/lodge"), json!({})).await?;
    if reply.is_some() { Ok(see_other(&format!("/applications/{id}/receipt?done=lodged"))) } else { check(visit).await }
}

#[derive(Template)]
#[template(path = "portal/application_receipt.html")]
struct Receipt<'a> {
    f: Frame,
    case: Json<'a>,
    id: &'a str,
    qr: Option<Qr>,
}

/// Shows the receipt of what was lodged.
///
/// # Errors
/// What the endpoints refuse.
pub async fn receipt(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    let id = visit.part("id");
    visit.render(&Receipt {
        f: Frame::new(visit, visit.t("提交回执", "Receipt")).naming(&opened.view).await?,
        case: Json(&opened.view),
        id,
        qr: Qr::to(visit, &format!("/cases/{id}"), visit.t("案件页", "The case")),
    })
}
