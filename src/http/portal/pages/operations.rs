//! How the service is: signs of health with what to do, figures, and the pause switch.

use super::super::acts::{NEW, Offer, offered};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Visit};
use askama::Template;

#[derive(Template)]
#[template(path = "portal/operations.html")]
struct Operations<'a> {
    f: Frame,
    view: Json<'a>,
    figures: Vec<(&'static str, &'static str)>,
    offers: Vec<Offer>,
}

/// Figures that are shown: place, Chinese, English.
const FIGURES: [(&str, &str, &str); 20] = [
    ("figures/revision", "修订号", "Revision"),
    ("figures/listings", "名单条目", "Listings"),
    ("figures/head_age_seconds", "距上次确认（秒）", "Seconds since the head was confirmed"),
    ("figures/commands_committed", "启动以来提交的变更", "Changes committed since the start"),
    ("figures/reservations_open", "未核销的核注", "Open reservations"),
    ("figures/letters_waiting", "待发邮件", "Letters that wait"),
    ("figures/letters_set_aside", "已放弃的邮件", "Letters given up"),
    ("figures/answers_unrecorded", "未能留存的答复", "Answers not recorded"),
    ("figures/last_backup_at", "上次备份", "Last backup"),
    ("figures/log_checked_at", "上次日志自检", "Last check of the log"),
    ("figures/log_checked_entries", "自检的日志条目", "Entries checked"),
    ("figures/rebuilt_at", "上次重建演练", "Last drill of rebuilding"),
    ("webhooks/active", "推送订阅", "Webhooks that are told"),
    ("webhooks/failing", "重试中的推送", "Webhooks that fail"),
    ("webhooks/paused", "人工暂停的推送", "Webhooks paused by hand"),
    ("webhooks/given_up", "服务停掉的推送", "Webhooks stopped by the service"),
    ("webhooks/dead_letters", "已放弃的推送消息", "Messages to webhooks given up"),
    ("webhooks/oldest_waiting_seconds", "最久的待推送消息（秒）", "Oldest message waiting, seconds"),
    ("feed/readers", "变更流读者（一小时内）", "Readers of the feed within an hour"),
    ("feed/least_revision", "最慢读者的修订号", "Revision of the slowest reader"),
];

/// Shows how the service is.
///
/// # Errors
/// What the endpoint refuses.
pub async fn operations(visit: &Visit) -> Answer {
    let view = visit.get("/v1/operations").await?.view;
    let pause = visit.find("/v1/pause").await?;
    let on = if Json(&pause).has("paused") { "paused" } else { "running" };
    let f = Frame::new(visit, visit.t("运行状态", "Operations"));
    let figures = FIGURES.iter().map(|(name, zh, en)| (*name, visit.t(zh, en))).collect();
    visit.render(&Operations { f, view: Json(&view), figures, offers: offered(visit, on, NEW, Json(&pause)) })
}
