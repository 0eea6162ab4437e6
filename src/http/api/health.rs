//! Whether the process lives, whether the node may be asked, and its figures.

use super::json;
use super::parameters::no_query;
use crate::domain::sign::Level;
use crate::http::blocking::hop_for;
use crate::http::edge::edge;
use crate::http::metrics::{CONTENT_TYPE, Told};
use crate::http::problem::{Problem, ProblemType};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json as object;
use std::sync::Arc;
use std::time::Duration;

/// How long the figures wait for the database.
const TOLD: Duration = Duration::from_secs(1);

/// The process answers.
pub async fn get_live(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    json(StatusCode::OK, &object!({ "status": "live" }))
}

/// How long readiness waits for it.
const ANSWER: Duration = Duration::from_secs(2);

/// The database answers, the list stands at a confirmed head, changes are accepted, and nobody stops the node.
pub async fn get_ready(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    if edge.is_draining() {
        return Err(Problem::new(ProblemType::Unavailable)
            .with_detail("本节点正在停机，请改用其他节点。", "This node is being stopped; use another."));
    }
    let app = Arc::clone(&edge.app);
    let age = app.fresh().map_err(Problem::from)?;
    let revision = hop_for(ANSWER, move || app.head()).await?;
    if let Some(why) = edge.app.store.frozen() {
        return Err(Problem::new(ProblemType::Unavailable).with_detail(
            "变更日志已公布的部分与数据库不符，服务不接受变更；管理员须运行 `whitelist log reshard`。",
            "What was published of the log is not in this database, and changes are refused until the operator runs `whitelist log reshard`.",
        ).caused_by(why));
    }
    let view = object!({ "status": "ready", "database": "reachable", "revision": revision, "head_age_seconds": age.as_secs_f64(),
        // For people: a node that needs attention takes requests all the same.
        "attention": edge.app.attention().iter().filter(|sign| sign.level != Level::Good).map(|sign| sign.code).collect::<Vec<_>>(),
    });
    json(StatusCode::OK, &view)
}

/// Figures for Prometheus.
pub async fn get_metrics(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let app = Arc::clone(&edge.app);
    // A database that is away must not hold back the other figures; its absence is told by the age of the head.
    let told = hop_for(TOLD, move || {
        let backup = app.last_backup()?;
        let backup_at = backup.map(|row| row.made_at / 1_000_000);
        Ok(Told { letters: app.letters()?, backup_at, around: app.surroundings()? })
    })
    .await
    .ok();
    let text = edge.metrics.render(&edge.app, told.as_ref(), edge.keys.away());
    let text = text.map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}
