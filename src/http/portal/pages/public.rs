//! What everybody may read: notices of published batches, and whether a certificate is genuine.

use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Visit};
use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "portal/notice.html")]
struct Notice<'a> {
    f: Frame,
    number: &'a str,
    notice: Json<'a>,
}

/// Shows the notice of a published batch, with its digest.
///
/// # Errors
/// What the endpoint refuses.
pub async fn notice(visit: &Visit) -> Answer {
    let number = visit.part("number");
    let notice = visit.get(format!("/v1/notices/{number}")).await?.view;
    let title = format!("{} {number}", visit.t("公告", "Notice"));
    visit.render(&Notice { f: Frame::new(visit, title), number, notice: Json(&notice) })
}

#[derive(Template)]
#[template(path = "portal/check.html")]
struct Check<'a> {
    f: Frame,
    number: &'a str,
    notice: Json<'a>,
    asked: bool,
}

/// Finds a notice by its number.
///
/// # Errors
/// What the endpoint refuses otherwise.
pub async fn check(visit: &Visit) -> Answer {
    let number = visit.query.get("number").trim();
    let encoded: String = url::form_urlencoded::byte_serialize(number.as_bytes()).collect();
    let notice = if number.is_empty() { Value::Null } else { visit.find(format!("/v1/notices/{encoded}")).await? };
    let f = Frame::new(visit, visit.t("公众核对", "Public check"));
    visit.render(&Check { f, number, notice: Json(&notice), asked: !number.is_empty() })
}
