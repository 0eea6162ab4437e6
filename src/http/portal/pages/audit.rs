//! The auditor's rooms: what happened, in words; the state of the log; downloads.

use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Visit};
use askama::Template;

#[derive(Template)]
#[template(path = "portal/log.html")]
struct Entries<'a> {
    f: Frame,
    list: Json<'a>,
    kind: &'a str,
    entity: &'a str,
    actor: &'a str,
    org: &'a str,
    from: &'a str,
    to: &'a str,
    more: Option<String>,
}

impl Entries<'_> {
    fn page(&self, about: impl AsRef<str>) -> String {
        super::notices::page_of(about.as_ref()).unwrap_or_default()
    }
}

/// Lists entries of the log, in words.
///
/// # Errors
/// What the endpoint refuses.
pub async fn entries(visit: &Visit) -> Answer {
    let filters = ["type", "entity", "actor", "org", "from", "to", "after"];
    let list = visit.get(visit.endpoint("/v1/log/entries", &filters)).await?.view;
    visit.render(&Entries {
        f: Frame::new(visit, visit.t("审计日志", "Audit log")),
        more: visit.next_page(&list),
        list: Json(&list),
        kind: visit.query.get("type"),
        entity: visit.query.get("entity"),
        actor: visit.query.get("actor"),
        org: visit.query.get("org"),
        from: visit.query.get("from"),
        to: visit.query.get("to"),
    })
}

#[derive(Template)]
#[template(path = "portal/log_state.html")]
struct State<'a> {
    f: Frame,
    checkpoints: Json<'a>,
    origin: &'a str,
    vkey: &'a str,
}

/// Shows the newest signed heads and how to verify the log.
///
/// # Errors
/// What the endpoint refuses.
pub async fn state(visit: &Visit) -> Answer {
    let checkpoints = visit.get(visit.endpoint("/v1/log/checkpoints", &["after"])).await?.view;
    visit.render(&State {
        f: Frame::new(visit, visit.t("日志状态", "State of the log")),
        checkpoints: Json(&checkpoints),
        origin: &visit.edge.app.installation.origin,
        vkey: &visit.edge.app.vkey,
    })
}

/// Hands out the whole log as an archive.
///
/// # Errors
/// What the endpoint refuses.
pub async fn export(visit: &Visit) -> Answer {
    visit.hand_on("/v1/log/export.tar").await
}
