//! What stands around this node, for operators: other nodes, standbys of the database, webhooks, readers of the feed, and
//! the services of others that it asks.

use super::neighbours::Standing;
use super::webhooks::figures::WebhookFigures;
use super::{App, AppError};
use crate::domain::lang::Lang;
use crate::domain::sign::{Level, Sign};
use crate::domain::validity::Instant;
use crate::store::StoreError;
use crate::store::dialect::{self, Standby};
use crate::store::keep::nodes::{self, NodeRow};
use serde::Serialize;

/// How long a node that says nothing is remembered.
pub const REMEMBERED: i64 = 24 * 3_600 * 1_000_000;

/// How long a node may say nothing before somebody should look; it speaks every ten seconds.
const SILENT: i64 = 60 * 1_000_000;

/// How long a webhook may wait before somebody should look.
const WAITING: i64 = 3_600;

/// Another node, or this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its host and data folder.
    pub name: String,
    /// Version of its program.
    pub version: String,
    /// When its process started.
    pub started_at: Instant,
    /// The revision that it answered from when it last said so.
    pub revision: i64,
    /// When that was.
    pub seen_at: Instant,
    /// Whether it has said nothing for too long.
    pub silent: bool,
}

/// Who keeps a copy of the list through the feed of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FeedReaders {
    /// Those who read within the last hour.
    pub readers: usize,
    /// The revision of who is furthest behind.
    pub least_revision: Option<i64>,
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct Surroundings {
    /// Nodes on this database; none on a file.
    pub nodes: Vec<Node>,
    /// Standbys of the database; none on a file, or where the role of the service may not see them.
    pub standbys: Vec<Standby>,
    /// Webhooks of all organisations.
    pub webhooks: WebhookFigures,
    /// Readers of the feed.
    pub feed: FeedReaders,
    /// Services of others.
    pub neighbours: Vec<Standing>,
}

impl App {
    /// Shows what stands around this node.
    ///
    /// # Errors
    /// The store's failure.
    pub fn surroundings(&self) -> Result<Surroundings, AppError> {
        let now = self.clock.now().micros();
        let (rows, standbys) = self.store.read(|conn| {
            Ok::<_, StoreError>((nodes::list(conn, now.saturating_sub(REMEMBERED))?, dialect::standbys(conn)?))
        })?;
        let node = |row: NodeRow| Node {
            name: row.name,
            version: row.version,
            started_at: Instant::from_micros(row.started_at),
            revision: row.revision,
            seen_at: Instant::from_micros(row.seen_at),
            silent: now.saturating_sub(row.seen_at) > SILENT,
        };
        let (readers, least_revision) = self.readers.standing(self.clock.uptime());
        Ok(Surroundings {
            nodes: rows.into_iter().map(node).collect(),
            standbys,
            webhooks: self.webhook_figures()?,
            feed: FeedReaders { readers, least_revision },
            neighbours: self.neighbours.standing(),
        })
    }

    /// Says which neighbours count as away.
    pub(super) fn neighbours_sign(&self) -> Sign {
        let away: Vec<_> = self.neighbours.standing().into_iter().filter(|it| it.away).map(|it| it.neighbour).collect();
        if away.is_empty() {
            return Sign::good("neighbours", "所依赖的外部服务可用", "The services that are asked answer");
        }
        let names = |lang| away.iter().map(|it| it.name(lang)).collect::<Vec<_>>();
        Sign::bad(
            "neighbours",
            Level::Attention,
            format!("没有应答：{}", names(Lang::Zh).join("、")),
            format!("No answer from: {}", names(Lang::En).join(", ")),
            (
                "检查该服务及网络；每半分钟重试一次，恢复后自动继续。核验不受影响。",
                "See to that service and the network; it is tried every half minute and goes on by itself. Lookups do not need it.",
            ),
        )
    }
}

impl Surroundings {
    /// Says how it stands.
    #[must_use]
    pub fn signs(&self) -> Vec<Sign> {
        vec![self.nodes_sign(), self.webhooks_sign()]
    }

    fn nodes_sign(&self) -> Sign {
        let silent: Vec<&str> = self.nodes.iter().filter(|node| node.silent).map(|node| node.name.as_str()).collect();
        if silent.is_empty() {
            return Sign::good("nodes", "各节点均在运行", "Every node that served today is there");
        }
        let names = silent.join(", ");
        Sign::bad(
            "nodes",
            Level::Attention,
            format!("节点没有消息：{names}"),
            format!("Nodes that say nothing: {names}"),
            (
                "检查该主机与其到数据库的连接；已停用的节点一天后不再列出。",
                "See to the host and its way to the database; one that was taken away is forgotten after a day.",
            ),
        )
    }

    fn webhooks_sign(&self) -> Sign {
        let WebhookFigures { active, failing, given_up, dead_letters, oldest_waiting_seconds, .. } = self.webhooks;
        if given_up == 0 && dead_letters == 0 && oldest_waiting_seconds <= WAITING {
            let (zh, en) = (format!("{active} 个订阅正在推送"), format!("{active} webhooks are told"));
            return Sign::good("webhooks", zh, en);
        }
        Sign::bad(
            "webhooks",
            Level::Attention,
            format!("推送失败：{failing} 个重试中，{given_up} 个已停，{dead_letters} 条消息已放弃"),
            format!(
                "{failing} webhooks are tried again, {given_up} were stopped, {dead_letters} messages were given up"
            ),
            (
                "联系订阅单位检查接收端，恢复后启用订阅并重发（/v1/webhooks）。",
                "Ask the subscriber to see to the receiver, then resume and send again (/v1/webhooks).",
            ),
        )
    }
}
