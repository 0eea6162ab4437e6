//! What people were told.

use super::super::fields::FormView;
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Visit, see_other};
use actix_web::http::Method;
use askama::Template;
use serde_json::json;

#[derive(Template)]
#[template(path = "portal/inbox.html")]
struct Inbox<'a> {
    f: Frame,
    list: Json<'a>,
    form: FormView<'a>,
    unread: bool,
    more: Option<String>,
}

/// Leads from what a notice is about to its page.
#[must_use]
pub fn page_of(about: &str) -> Option<String> {
    let path = about.strip_prefix("/v1")?;
    let known = [
        "/listings/",
        "/enterprises/",
        "/adjustments/",
        "/stops/",
        "/batches/",
        "/declarations/",
        "/rule-changes/",
        "/schemes/",
    ];
    if let Some(id) = path.strip_prefix("/applications/") {
        return Some(format!("/cases/{}", id.split('/').next().unwrap_or(id)));
    }
    if path.starts_with("/report-jobs/") {
        return Some("/registers/report-jobs".to_owned());
    }
    known.iter().any(|start| path.starts_with(start)).then(|| path.to_owned())
}

impl Inbox<'_> {
    fn page(&self, about: impl AsRef<str>) -> String {
        page_of(about.as_ref()).unwrap_or_default()
    }
}

/// Lists notices.
///
/// # Errors
/// What the endpoint refuses.
pub async fn list(visit: &Visit) -> Answer {
    let unread = visit.query.get("unread") == "true";
    let list = visit.get(visit.endpoint("/v1/inbox", &["unread", "after"])).await?.view;
    let more = visit.next_page(&list);
    let f = Frame::new(visit, visit.t("通知", "Notices"));
    visit.render(&Inbox { f, list: Json(&list), form: visit.form_view(Json::NOTHING, None), unread, more })
}

/// Marks a notice as read.
///
/// # Errors
/// What the endpoint refuses.
pub async fn read(visit: &Visit) -> Answer {
    visit.send(Method::POST, format!("/v1/inbox/{}/read", visit.part("id")), json!({})).await?;
    Ok(see_other("/inbox?done=read"))
}
