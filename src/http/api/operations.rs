//! Running the service: how it is, and the pause switch.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{if_match, no_query};
use super::people_body::read;
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::pause::PauseRow;
use crate::domain::bilingual::Bilingual;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::sign::{Level, Sign, worst};
use crate::domain::validity::Instant;
use crate::http::blocking::{etag, hop};
use crate::http::edge::{Edge, edge};
use crate::http::fields::{JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::{Problem, ProblemType};
use crate::outbound::documents::clamd;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Longest reason in characters: it stands on every page.
const REASON: usize = 200;

fn pause_view(row: &PauseRow) -> Value {
    let ended = (!row.holds()).then(|| Instant::from_micros(row.recorded_at));
    object!({
        "id": row.id, "paused": row.holds(), "reason": { "zh": row.reason_zh, "en": row.reason_en },
        "paused_at": Instant::from_micros(row.paused_at), "resumed_at": ended, "revision": row.revision,
    })
}

impl Shown for PauseRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        "/v1/pause".to_owned()
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(pause_view(self))
    }
}

/// Shows how the service is.
pub async fn get_operations(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let app = Arc::clone(&edge.app);
    let mut found = hop(move || app.operations()).await?;
    found.signs.push(scanner_sign(edge).await);
    found.level = worst(&found.signs);
    json(StatusCode::OK, &found)
}

async fn scanner_sign(edge: &Edge) -> Sign {
    let Some(scanner) = edge.documents.as_ref().and_then(|documents| documents.scanner.as_ref()) else {
        return Sign::bad(
            "scanner",
            Level::Attention,
            "没有病毒扫描，上传的材料标为未扫描",
            "There is no virus scanner: documents stay unscanned",
            ("设置 WHITELIST_CLAMD。", "Set WHITELIST_CLAMD."),
        );
    };
    if clamd::answers(scanner).await {
        return Sign::good("scanner", "病毒扫描可用", "The virus scanner answers");
    }
    Sign::bad(
        "scanner",
        Level::Alarm,
        "病毒扫描没有应答，上传的材料无法通过",
        "The virus scanner does not answer: no document passes",
        ("检查 clamd 及 WHITELIST_CLAMD 所指的地址。", "See to clamd and to the address in WHITELIST_CLAMD."),
    )
}

/// Shows the last pause.
pub async fn get_pause(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let app = Arc::clone(&edge(&request)?.app);
    let row = hop(move || app.last_pause()).await?.ok_or(ProblemType::NotFound)?;
    let mut response = json(StatusCode::OK, &pause_view(&row))?;
    response.headers_mut().insert(ETAG, etag(Revision(row.revision)));
    Ok(response)
}

/// Pauses changes.
pub async fn pause_service(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let reason = read(&parse_json(&bytes, JSON_DEPTH)?, |body| {
        let (zh, en) = (body.required("reason_zh", text(REASON)), body.required("reason_en", text(REASON)));
        Some(Bilingual { zh: zh?, en: en? })
    })?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.pause(&asked.caller, Some(asked.request_id), reason, asked.repeat)
    })
    .await
}

/// Ends the pause.
pub async fn resume_service(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let seen = if_match(&request)?;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.resume(&asked.caller, Some(asked.request_id), seen, asked.repeat)
    })
    .await
}
