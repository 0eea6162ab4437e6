//! The first page: what waits for whom.

use super::super::chart::Chart;
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::table::CUSTOMS;
use super::super::visit::{Answer, Visit, see_other};
use super::notices::page_of;
use super::reports::{self, Drawn, Key};
use crate::domain::actor::{Role, RoleSet};
use crate::domain::duty::Duty;
use crate::http::endpoints::{ENTERPRISE, SUPERVISORS, WORKERS};
use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home<'a> {
    f: Frame,
    name: String,
    worklists: Json<'a>,
    board: Json<'a>,
    applications: Json<'a>,
    listings: Json<'a>,
    notices: Json<'a>,
    keys: Vec<Key>,
    over_time: Option<Chart>,
    /// What to look at: where it is listed, its words, its count on the board, its tone.
    attention: Vec<(&'static str, &'static str, &'static str, &'static str)>,
}

impl Home<'_> {
    fn page(&self, about: impl AsRef<str>) -> String {
        page_of(about.as_ref()).unwrap_or_default()
    }
}

/// What supervisors look at first.
const ATTENTION: [(&str, &str, &str, &str, &str); 6] = [
    ("/adjustments?state=proposed", "待确认的调整", "Adjustments to confirm", "proposals_waiting/count", "warn"),
    ("/stops?stage=emergency", "待确认的紧急停用", "Stops to confirm", "stops_unconfirmed/count", "bad"),
    ("/usage-returns", "逾期的使用报告", "Usage returns overdue", "returns_overdue/count", "bad"),
    ("/registers/findings", "未办结的检查发现", "Findings not closed", "findings_open/count", "warn"),
    (
        "/listings?status=in_force",
        "30 日内到期的名单",
        "Listings that expire within 30 days",
        "expiring_within_30_days/count",
        "warn",
    ),
    ("/supervision", "全部监管事项", "Everything under supervision", "", ""),
];

async fn where_it_counts(visit: &Visit, roles: RoleSet, target: &str) -> Result<Value, super::super::visit::Failure> {
    if visit.roles().intersects(roles) { visit.find(target).await } else { Ok(Value::Null) }
}

/// Shows what waits.
///
/// # Errors
/// What the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    if visit.roles().without(CUSTOMS).is_empty() && visit.may(CUSTOMS, Duty::Lookup) {
        return Ok(see_other("/look-up"));
    }
    let operator = RoleSet::of(&[Role::Operator]);
    if visit.roles().without(operator).is_empty() && visit.may(operator, Duty::Operate) {
        return Ok(see_other("/operations"));
    }
    let worklists = where_it_counts(visit, WORKERS, "/v1/worklists").await?;
    let board = where_it_counts(visit, SUPERVISORS, "/v1/supervision").await?;
    let applications = where_it_counts(visit, ENTERPRISE, "/v1/applications?limit=20").await?;
    let listings = where_it_counts(visit, ENTERPRISE, "/v1/listings?limit=20").await?;
    let notices = visit.get("/v1/inbox?unread=true&limit=5").await?.view;
    let (mut keys, mut over_time) = (Vec::new(), None);
    if visit.may(SUPERVISORS, Duty::Reports) {
        let figures = reports::read(visit).await?;
        let drawn = Drawn::new(visit, &figures);
        keys = drawn.keys()?;
        over_time = drawn.over_time()?;
    }
    let name = visit.caller().map(|caller| super::account::name_of(visit, &caller))?;
    visit.render(&Home {
        f: Frame::new(visit, visit.t("工作台", "Home")),
        name,
        worklists: Json(&worklists),
        board: Json(&board),
        applications: Json(&applications),
        listings: Json(&listings),
        notices: Json(&notices),
        keys,
        over_time,
        attention: ATTENTION.iter().map(|(href, zh, en, name, tone)| (*href, visit.t(zh, en), *name, *tone)).collect(),
    })
}
