//! Adjustments: propose, import a spreadsheet, preview, confirm, reject, withdraw.

use super::change_body::{change_view, read_proposal, read_rejection};
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query, repeat_key};
use super::write::{LONG, Shown, is_kept, keep_refusal, keeping, kept, replay, settled, write};
use super::{XLSX, json};
use crate::app::adjust::{AdjustmentRow, Decision, Proposal, changes};
use crate::app::import::Imported;
use crate::app::plan::Proposed;
use crate::app::repeat::{Response, Written};
use crate::app::{AppError, view};
use crate::domain::adjustment::AdjustmentState;
use crate::domain::fault::FaultCode;
use crate::domain::id::AdjustmentId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::http::blocking::{etag, hop, hop_for};
use crate::http::edge::{Edge, asked, edge};
use crate::http::fields::{JSON_DEPTH, Members as _, parse_json, text};
use crate::http::limits::{content_type, read_body};
use crate::http::problem::{Fault, Problem, ProblemType};
use crate::sheet::{Kind, Limits, SheetFault, SheetWarning, read_in_child};
use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderValue, LOCATION};
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse};
use futures_util::StreamExt as _;
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Largest spreadsheet, packed.
const SHEET_BYTES: usize = 10 * 1024 * 1024;

fn full_view(row: AdjustmentRow) -> Result<Value, AppError> {
    let shown: Vec<Value> = changes(&row)?.iter().map(change_view).collect();
    let view = view::adjustment(row.into(), Some(Value::Array(shown)));
    serde_json::to_value(view).map_err(AppError::unwritable)
}

impl Shown for AdjustmentRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/adjustments/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        full_view(self.clone())
    }
}

/// Lists adjustments.
pub async fn list_adjustments(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let (state, PageAsked { after, limit }) = read_query(&request, |query| {
        let state = query.optional("state", |word| AdjustmentState::parse(word).ok_or(FaultCode::ValueUnknown));
        Some((state, page(query)))
    })?;
    let app = Arc::clone(&edge.app);
    let view = hop(move || app.adjustments(state, &after, limit)).await?;
    json(StatusCode::OK, &view)
}

/// Shows one adjustment.
pub async fn get_adjustment(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    no_query(&request)?;
    let id = path(&request, "id", AdjustmentId::parse)?;
    let app = Arc::clone(&edge.app);
    let (view, revision) = hop(move || {
        let row = app.adjustment(id)?;
        let revision = Revision(row.revision);
        Ok((full_view(row)?, revision))
    })
    .await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(ETAG, etag(revision));
    Ok(response)
}

/// Says what an adjustment would do.
pub async fn preview_adjustment(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", AdjustmentId::parse)?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    let view = hop_for(LONG, move || app.preview(id, lang)).await?;
    json(StatusCode::OK, &view)
}

/// Proposes an adjustment.
pub async fn propose_adjustment(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let body = read_proposal(&body)?;
    let proposal = Proposal { scheme: body.scheme, changes: body.changes, note: body.note };
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.propose(&asked.caller, Some(asked.request_id), proposal, asked.repeat)
    })
    .await
}

/// Confirms an adjustment: another person than the proposer.
pub async fn confirm_adjustment(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, b"", Decision::Confirm).await
}

/// Sends an adjustment back to its proposer.
pub async fn reject_adjustment(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let reason = read_rejection(&parse_json(&bytes, JSON_DEPTH)?)?;
    decide(&request, &bytes, Decision::Reject(reason)).await
}

/// Takes an adjustment back.
pub async fn withdraw_adjustment(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, b"", Decision::Withdraw).await
}

async fn decide(request: &HttpRequest, bytes: &[u8], decision: Decision) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", AdjustmentId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.decide(&asked.caller, Some(asked.request_id), id, seen, decision, asked.repeat)
    })
    .await
}

/// Proposes a list from a spreadsheet.
pub async fn import_adjustment(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (scheme, dry_run) = read_query(&request, |query| {
        let scheme = query.optional("scheme", text(64));
        let dry_run = query.optional("dry_run", |word| match word {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(FaultCode::ValueUnknown),
        });
        Some((scheme, dry_run.unwrap_or(false)))
    })?;
    let scheme = match scheme {
        Some(scheme) => scheme,
        None => only_scheme(edge)?,
    };
    let caller = asked.caller()?;
    let bytes = sheet_bytes(&request, payload, edge).await?;
    let key = repeat_key(&request, &caller, &bytes)?;
    let _permit = edge.imports.acquire().await.map_err(|_| ProblemType::Unavailable)?;
    let (app, program, lang, id) = (Arc::clone(&edge.app), edge.program.clone(), asked.lang, asked.id.to_string());
    let outcome = hop_for(LONG, move || {
        // A repeated file must not be judged by the list that its first sending has changed.
        if let Some(before) = key.map(|key| app.kept_response(&key)).transpose()?.flatten() {
            return Ok(Sent::Before(before));
        }
        let grid = read_in_child(&program, &bytes, &Limits::STANDARD)
            .map_err(|fault: SheetFault| AppError::Sheet(vec![fault]))?;
        let imported = app.read_list(&grid, &scheme, None)?;
        let changes = &imported.proposal.changes;
        let preview = if changes.is_empty() {
            None
        } else {
            Some(app.preview_changes(Proposed::default(), &scheme, changes, lang)?)
        };
        let preview = serde_json::to_value(preview).map_err(AppError::unwritable)?;
        let shown =
            FileShown { rows: imported.rows, changes: changes.len(), warnings: warnings(&imported, lang), preview };
        if dry_run || changes.is_empty() {
            return Ok(Sent::Now(Box::new(shown), None));
        }
        let for_repeats = shown.clone();
        let keep = keeping(key, move |row: &AdjustmentRow, key| Response {
            body: for_repeats.view(Some(&row.id)).to_string(),
            ..kept(row, key, StatusCode::CREATED, lang)
        });
        let written = settled(&app, app.propose(&caller, Some(id), imported.proposal, keep))?;
        Ok(Sent::Now(Box::new(shown), Some(Box::new(written))))
    })
    .await;
    let sent = match outcome {
        Ok(sent) => sent,
        Err(problem) => {
            return match key {
                Some(key) if is_kept(problem.kind) => keep_refusal(edge, &asked, key, problem).await,
                _ => Err(problem),
            };
        }
    };
    match sent {
        Sent::Before(Written::Before(response)) => replay(response),
        Sent::Before(_) => Err(ProblemType::IdempotencyMismatch.into()),
        Sent::Now(shown, None) => json(StatusCode::CREATED, &shown.view(None)),
        Sent::Now(shown, Some(written)) => match *written {
            Written::Before(response) => replay(response),
            Written::Mismatch => Err(ProblemType::IdempotencyMismatch.into()),
            Written::Now(recorded) => {
                let row = recorded.value;
                let mut response = json(StatusCode::CREATED, &shown.view(Some(&row.id)))?;
                response.headers_mut().insert(ETAG, etag(Revision(row.revision)));
                if let Ok(place) = HeaderValue::from_str(&row.location()) {
                    response.headers_mut().insert(LOCATION, place);
                }
                Ok(response)
            }
        },
    }
}

/// What became of a file.
enum Sent {
    /// Read now, and proposed unless it was a dry run or asked for nothing.
    Now(Box<FileShown>, Option<Box<Written<AdjustmentRow>>>),
    /// Sent before under the same key.
    Before(Written<()>),
}

#[derive(Clone)]
struct FileShown {
    rows: usize,
    changes: usize,
    warnings: Vec<Value>,
    preview: Value,
}

impl FileShown {
    fn view(&self, adjustment: Option<&str>) -> Value {
        let mut preview = self.preview.clone();
        if let Some(preview) = preview.as_object_mut() {
            preview.insert("adjustment".to_owned(), object!(adjustment));
        }
        object!({
            "adjustment": adjustment,
            "rows": self.rows,
            "changes": self.changes,
            "warnings": self.warnings,
            "preview": preview,
        })
    }
}

fn warnings(imported: &Imported, lang: Lang) -> Vec<Value> {
    imported.warnings.iter().map(|warning| warning_view(warning, lang)).collect()
}

/// Shows what was understood with some latitude.
pub(super) fn warning_view(warning: &SheetWarning, lang: Lang) -> Value {
    object!({
        "sheet": warning.sheet,
        "row": warning.row,
        "column": warning.column,
        "code": warning.code.as_str(),
        "text": warning.text(lang),
    })
}

/// Names the scheme in force where there is only one.
pub(super) fn only_scheme(edge: &Edge) -> Result<String, Problem> {
    let today = edge.app.clock.now().day();
    let snapshot = edge.app.index.load();
    let mut in_force = snapshot
        .schemes()
        .iter()
        .filter(|history| history.on(today, Revision::NEWEST).is_some_and(|(_, in_force)| in_force));
    match (in_force.next(), in_force.next()) {
        (Some(only), None) => Ok(only.code().to_owned()),
        _ => Err(Fault::new("/scheme", FaultCode::Required).into()),
    }
}

/// Reads a spreadsheet sent as it is or as the one field `file` of a form.
///
/// # Errors
/// `unsupported-media-type`, `payload-too-large`, `request-timeout`, `invalid-request`.
pub async fn sheet_bytes(request: &HttpRequest, payload: Payload, edge: &Edge) -> Result<Bytes, Problem> {
    let media = content_type(request.headers()).unwrap_or_default();
    let expected = match media.as_str() {
        "multipart/form-data" => return form_file(request, payload, edge).await,
        XLSX => Kind::Xlsx,
        "text/csv" => Kind::Csv,
        _ => return Err(unsupported()),
    };
    let bytes = read_body(request.headers(), payload, SHEET_BYTES, edge.limits).await?;
    // A workbook that calls itself CSV is a slip of the client; any other disagreement its reader tells better.
    match Kind::sniff(&bytes) {
        Some(kind) if kind != expected && expected == Kind::Csv => Err(unsupported()),
        _ => Ok(bytes),
    }
}

fn unsupported() -> Problem {
    let list = format!("{XLSX}, text/csv, multipart/form-data");
    Problem::new(ProblemType::UnsupportedMediaType).with_detail(
        format!("此操作接受的 Content-Type：{list}。"),
        format!("This operation takes the Content-Type {list}."),
    )
}

/// Reads the one field `file` of a form.
async fn form_file(request: &HttpRequest, payload: Payload, edge: &Edge) -> Result<Bytes, Problem> {
    let whole = read_body(request.headers(), payload, SHEET_BYTES + 64 * 1024, edge.limits).await?;
    let mut payload = actix_web::dev::Payload::from(whole);
    let invalid = || Problem::from(Fault::new("/file", FaultCode::Required));
    let mut form = Multipart::from_request(request, &mut payload).await.map_err(|_| invalid())?;
    let mut file = None;
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|_| invalid())?;
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            return Err(Fault::new(format!("/{name}"), FaultCode::UnknownMember).into());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = field.next().await {
            bytes.extend_from_slice(&chunk.map_err(|_| invalid())?);
            if bytes.len() > SHEET_BYTES {
                return Err(ProblemType::PayloadTooLarge.into());
            }
        }
        if file.replace(Bytes::from(bytes)).is_some() {
            return Err(Fault::new("/file", FaultCode::ColumnDoubled).into());
        }
    }
    file.ok_or_else(invalid)
}
