//! The log for whoever verifies it: signed heads, tiles, proofs; for the auditor entries, their search, and the archive.

use super::json;
use super::parameters::{PageAsked, no_query, page, read_query};
use crate::app::log::export::Export;
use crate::app::log::search::Wanted;
use crate::domain::fault::FaultCode;
use crate::domain::validity::Instant;
use crate::http::blocking::{hop, hop_for};
use crate::http::edge::{asked, edge};
use crate::http::fields::{Members as _, text};
use crate::http::problem::{Fault, Problem, ProblemType};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::{self, Stream};
use std::sync::Arc;
use std::time::Duration;

/// What is under a signed head never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The same for what an auditor alone may see.
const FOR_EVER_PRIVATE: &str = "private, max-age=31536000, immutable";

/// Time that a piece of the archive may take.
const PIECE: Duration = Duration::from_secs(60);

fn plain(body: String, caching: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").insert_header((CACHE_CONTROL, caching)).body(body)
}

/// Reads a whole number of the path; one with needless zeros names nothing.
fn number(request: &HttpRequest, name: &str) -> Result<u64, Problem> {
    let given = request.match_info().get(name).unwrap_or_default();
    let number: Option<u64> = given.parse().ok();
    number.filter(|number| number.to_string() == given).ok_or_else(|| ProblemType::NotFound.into())
}

/// Reads the cursor of a list in order of revision.
fn behind(after: &str) -> Result<i64, Problem> {
    let cursor = if after.is_empty() { Some(0) } else { after.parse().ok().filter(|after| *after >= 0) };
    cursor.ok_or_else(|| Fault::new("/after", FaultCode::CursorFormat).into())
}

/// Hands out the newest signed head.
pub async fn get_log_checkpoint(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let app = Arc::clone(&edge(&request)?.app);
    let head = hop(move || app.log_head()).await?;
    Ok(plain(head.note, "no-cache"))
}

/// Hands out the public key of the log.
pub async fn get_log_vkey(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    Ok(plain(format!("{}\n", edge(&request)?.app.vkey), "no-cache"))
}

async fn tile(request: &HttpRequest, level: &str, caching: &'static str) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let app = Arc::clone(&edge(request)?.app);
    let path = format!("tile/{level}/{}", request.match_info().get("tile").unwrap_or_default());
    let body = hop(move || app.log_tile(&path)).await?;
    Ok(HttpResponse::Ok().content_type("application/octet-stream").insert_header((CACHE_CONTROL, caching)).body(body))
}

/// Hands out a bundle of entries.
pub async fn get_log_bundle(request: HttpRequest) -> Result<HttpResponse, Problem> {
    tile(&request, "entries", FOR_EVER_PRIVATE).await
}

/// Hands out a tile of hashes.
pub async fn get_log_tile(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let level = request.match_info().get("level").unwrap_or_default();
    tile(&request, level, FOR_EVER).await
}

/// Proves that an entry is under the newest signed head.
pub async fn prove_inclusion(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let app = Arc::clone(&edge(&request)?.app);
    let index = number(&request, "index")?;
    let proof = hop(move || app.log_inclusion(index)).await?;
    Ok(plain(proof, "no-cache"))
}

/// Proves that a signed head goes on from an earlier size.
pub async fn prove_consistency(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let app = Arc::clone(&edge(&request)?.app);
    let (old, new) = (number(&request, "old")?, number(&request, "new")?);
    let proof = hop(move || app.log_consistency(old, new)).await?;
    Ok(plain(proof, "no-cache"))
}

/// Lists signed heads, smallest first.
pub async fn list_log_checkpoints(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let after = behind(&after)?;
    let app = Arc::clone(&edge(&request)?.app);
    json(StatusCode::OK, &hop(move || app.log_heads(after, limit)).await?)
}

/// Lists time stamps over signed heads, smallest head first.
pub async fn list_log_timestamps(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let after = behind(&after)?;
    let app = Arc::clone(&edge(&request)?.app);
    json(StatusCode::OK, &hop(move || app.log_timestamps(after, limit)).await?)
}

/// Finds entries, oldest first.
pub async fn list_log_entries(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (wanted, PageAsked { after, limit }) = read_query(&request, |query| {
        let event = query.optional("type", text(100));
        let entity = query.optional("entity", text(300));
        let (entity_kind, entity_id) = match entity {
            Some(entity) => match entity.split_once(':') {
                Some((kind, id)) => (Some(kind.to_owned()), Some(id.to_owned())),
                None => (Some(entity), None),
            },
            None => (None, None),
        };
        let actor = query.optional("actor", text(100));
        let org = query.optional("org", text(64));
        let from = query.optional("from", Instant::parse).map(Instant::micros);
        let to = query.optional("to", Instant::parse).map(Instant::micros);
        Some((Wanted { event, entity_kind, entity_id, actor, org, from, to }, page(query)))
    })?;
    let after = behind(&after)?;
    let (app, lang) = (Arc::clone(&edge(&request)?.app), asked(&request)?.lang);
    json(StatusCode::OK, &hop(move || app.log_entries(&wanted, after, limit, lang)).await?)
}

/// Hands out the whole log as files.
pub async fn export_log(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let app = Arc::clone(&edge(&request)?.app);
    let export = hop(move || app.log_export()).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-tar")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"log.tar\""))
        .streaming(Box::pin(pieces(export))))
}

/// Makes each piece when the one before is on its way: a slow reader holds no thread. A failure breaks the connection off,
/// so that half an archive is never taken for a whole one.
fn pieces(export: Export) -> impl Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(export, |mut export| async move {
        let (export, piece) = hop_for(PIECE, move || {
            let piece = export.piece()?;
            Ok((export, piece))
        })
        .await?;
        Ok(piece.map(|piece| (Bytes::from(piece), export)))
    })
}
