//! Files of an application: a spreadsheet of items, and evidence documents.
//!
//! A document is judged, scanned and written before the fact that names it; whatever fails leaves nothing behind. It is
//! handed out as an attachment only, never as a page.

use super::adjustments::{sheet_bytes, warning_view};
use super::items::truth;
use super::json;
use super::listings::revision;
use super::parameters::{if_match, no_query, path, read_query};
use super::write::{LONG, Shown, write};
use crate::app::AppError;
use crate::app::applications::documents::{DocumentRow, Taken, scan_state, waits};
use crate::app::applications::import::Filled;
use crate::app::neighbours::Neighbour;
use crate::document::inspect;
use crate::domain::document::{LARGEST, Media, ScanState};
use crate::domain::error::Rule;
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::id::{ApplicationId, DocumentId};
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::{hop, hop_for};
use crate::http::edge::{Documents, Edge, asked, edge};
use crate::http::fields::{Members as _, text};
use crate::http::limits::{content_type, read_body};
use crate::http::problem::{Problem, ProblemType};
use crate::outbound::documents::{DocumentStoreError, clamd};
use crate::sheet::{Limits, SheetFault, read_in_child};
use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse};
use futures_util::StreamExt as _;
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Room for the other fields and the boundaries of a form.
const FORM: usize = 64 * 1024;

/// Longest name of a file in characters.
const FILE_NAME: usize = 200;

impl Shown for Filled {
    fn revision(&self) -> Revision {
        self.draft.revision()
    }

    fn location(&self) -> String {
        self.draft.location()
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        let warnings: Vec<Value> = self.warnings.iter().map(|warning| warning_view(warning, lang)).collect();
        Ok(object!({ "rows": self.rows, "warnings": warnings, "application": self.draft.view(lang)? }))
    }
}

/// Puts the items of a spreadsheet into a draft.
pub async fn import_application_items(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let replace = read_query(&request, |query| Some(query.optional("replace", truth).unwrap_or(false)))?;
    let seen = if_match(&request)?;
    let bytes = sheet_bytes(&request, payload, edge).await?;
    let _permit = edge.imports.acquire().await.map_err(|_| ProblemType::Unavailable)?;
    let (program, file) = (edge.program.clone(), bytes.clone());
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        let grid = read_in_child(&program, &file, &Limits::STANDARD)
            .map_err(|fault: SheetFault| AppError::Sheet(vec![fault]))?;
        app.import_items(&asked.caller, Some(asked.request_id), id, seen, &grid, replace, asked.repeat)
    })
    .await
}

fn document_view(row: &DocumentRow) -> Value {
    object!({
        "id": row.id,
        "application": row.application,
        "kind": row.kind,
        "name": row.name,
        "media": row.media,
        "size": row.size,
        "sha256": row.sha256,
        "scan": row.scan,
        "removed": row.removed == 1,
        "recorded_at": Instant::from_micros(row.recorded_at),
        "revision": row.revision,
    })
}

impl Shown for DocumentRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/documents/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(document_view(self))
    }
}

/// Returns the place of documents.
///
/// # Errors
/// `unavailable` where there is none.
pub fn place(edge: &Edge) -> Result<&Documents, Problem> {
    edge.documents.as_ref().ok_or_else(|| Problem::new(ProblemType::Unavailable).caused_by("no place of documents"))
}

/// What a form brought.
struct Form {
    kind: String,
    name: String,
    bytes: Bytes,
}

/// Attaches a document to an application.
pub async fn attach_document(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (edge, caller) = (edge(&request)?, asked(&request)?.caller()?);
    no_query(&request)?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let documents = place(edge)?;
    // Before the body: nobody sends 20 MiB to learn that the application is not theirs.
    let (app, asking) = (Arc::clone(&edge.app), caller.clone());
    hop(move || app.may_attach(&asking, id, None)).await?;
    let _permit = edge.uploads.acquire().await.map_err(|_| ProblemType::Unavailable)?;
    let Form { kind, name, bytes } = form(&request, payload, edge).await?;
    let (app, asking, judged, stated) = (Arc::clone(&edge.app), caller, bytes.clone(), (kind.clone(), name.clone()));
    let media = hop_for(LONG, move || {
        let (kind, name) = stated;
        app.may_attach(&asking, id, Some(&kind))?;
        let media = inspect(&judged).and_then(|media| media.named(&name));
        media.map_err(|code| AppError::Faults(vec![("/file".to_owned(), code)]))
    })
    .await?;
    let scan = scan(edge, documents, &bytes).await;
    if scan == ScanState::Infected {
        return Err(Fault::new("/file", FaultCode::DocumentInfected).into());
    }
    let size = bytes.len();
    let bound = [kind.as_bytes(), b"\0", name.as_bytes(), b"\0", &bytes].concat();
    let hash = at_the_place(edge, documents.store.put(bytes)).await?;
    let sha256 = hex::encode(hash);
    let taken = Taken { kind, name, media, sha256: sha256.clone(), size, scan };
    let written = write(&request, &bound, StatusCode::CREATED, move |app, asked| {
        app.attach(&asked.caller, Some(asked.request_id), id, taken, asked.repeat)
    })
    .await;
    if let Err(problem) = written {
        let app = Arc::clone(&edge.app);
        // After an unknown outcome the fact may be there: then its bytes stay.
        let kept = hop(move || app.is_referred_to(&sha256)).await.unwrap_or(true);
        if !kept {
            at_the_place(edge, documents.store.remove(&hash)).await?;
        }
        return Err(problem);
    }
    written
}

fn unavailable(error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemType::Unavailable).caused_by(error)
}

/// Has a document scanned; while the scanner counts as away, nobody waits for it and the document does.
async fn scan(edge: &Edge, documents: &Documents, bytes: &[u8]) -> ScanState {
    let Some(scanner) = &documents.scanner else { return ScanState::Unscanned };
    let (neighbours, uptime) = (&edge.app.neighbours, || edge.app.clock.uptime());
    let scanned = neighbours.ask(Neighbour::Scanner, uptime, clamd::scan(scanner, bytes), Option::is_some);
    scanned.await.flatten().unwrap_or(ScanState::Failed)
}

/// Asks the place of documents, unless it counts as away.
///
/// # Errors
/// `unavailable`.
pub async fn at_the_place<T>(
    edge: &Edge,
    asking: impl Future<Output = Result<T, DocumentStoreError>>,
) -> Result<T, Problem> {
    let uptime = || edge.app.clock.uptime();
    let asked = edge
        .app
        .neighbours
        .ask(Neighbour::Documents, uptime, asking, |it| !matches!(it, Err(DocumentStoreError::Place(_))));
    match asked.await {
        Some(Ok(found)) => Ok(found),
        Some(Err(error)) => Err(unavailable(error)),
        None => Err(unavailable("the place of documents counts as away")),
    }
}

/// Reads the fields `kind` and `file` of a form, each once; a file beyond the cap is refused while it comes.
async fn form(request: &HttpRequest, payload: Payload, edge: &Edge) -> Result<Form, Problem> {
    if content_type(request.headers()).as_deref() != Some("multipart/form-data") {
        return Err(Problem::new(ProblemType::UnsupportedMediaType).with_detail(
            "此操作接受的 Content-Type：multipart/form-data。",
            "This operation takes the Content-Type multipart/form-data.",
        ));
    }
    let whole = read_body(request.headers(), payload, LARGEST + FORM, edge.limits).await?;
    let mut payload = actix_web::dev::Payload::from(whole);
    let invalid = || Problem::from(Fault::new("/file", FaultCode::Required));
    let mut form = Multipart::from_request(request, &mut payload).await.map_err(|_| invalid())?;
    let (mut kind, mut file) = (None, None);
    let mut faults = Vec::new();
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|_| invalid())?;
        let field_name = field.name().unwrap_or_default().to_owned();
        let file_name = field.content_disposition().and_then(|given| given.get_filename()).map(str::to_owned);
        let cap = if field_name == "file" { LARGEST } else { FORM };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.next().await {
            bytes.extend_from_slice(&chunk.map_err(|_| invalid())?);
            if bytes.len() > cap {
                return Err(Fault::new(format!("/{field_name}"), FaultCode::DocumentTooLarge).into());
            }
        }
        match field_name.as_str() {
            "kind" if kind.is_none() => {
                let word = std::str::from_utf8(&bytes).map_err(|_| FaultCode::TextNotPrintable).and_then(text(64));
                kind = Some(word.map_err(|code| faults.push(Fault::new("/kind", code))).ok());
            }
            "file" if file.is_none() => {
                let name = file_name.as_deref().ok_or(FaultCode::Required).and_then(text(FILE_NAME));
                let name = name.map_err(|code| faults.push(Fault::new("/file/filename", code))).ok();
                file = Some((name, Bytes::from(bytes)));
            }
            "kind" | "file" => faults.push(Fault::new(format!("/{field_name}"), FaultCode::DuplicateLine)),
            other => faults.push(Fault::new(crate::http::fields::step("", other), FaultCode::UnknownMember)),
        }
    }
    if kind.is_none() {
        faults.push(Fault::new("/kind", FaultCode::Required));
    }
    if file.is_none() {
        faults.push(Fault::new("/file", FaultCode::Required));
    }
    match (kind.flatten(), file) {
        (Some(kind), Some((Some(name), bytes))) if faults.is_empty() => Ok(Form { kind, name, bytes }),
        _ => Err(faults.into()),
    }
}

/// Lists the documents of an application.
pub async fn list_documents(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let as_of = read_query(&request, |query| Some(revision(query)))?;
    let id = path(&request, "id", ApplicationId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let rows = hop(move || app.documents(&caller, id, as_of)).await?;
    let items: Vec<Value> = rows.iter().map(document_view).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": null }))
}

fn hash_of(row: &DocumentRow) -> Result<[u8; 32], Problem> {
    let mut hash = [0; 32];
    hex::decode_to_slice(&row.sha256, &mut hash)
        .map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(hash)
}

/// Hands out a document as an attachment; one that was found infected or could not be scanned is not handed out.
pub async fn get_document(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", DocumentId::parse)?;
    let documents = place(edge)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let row = hop(move || app.document(&caller, id)).await?;
    if !scan_state(&row).map_err(AppError::from)?.may_be_read() {
        return Err(Rule::DocumentWithheld.into());
    }
    let media = Media::parse(&row.media).ok_or(ProblemType::Internal)?;
    let bytes = at_the_place(edge, documents.store.get(&hash_of(&row)?)).await?;
    // Names of any script, by percent escapes alone (RFC 6266, RFC 8187).
    let escaped: String = row
        .name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    Ok(HttpResponse::Ok()
        .content_type(media.mime())
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{escaped}")))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(bytes))
}

/// Takes a document from its application.
pub async fn remove_document(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", DocumentId::parse)?;
    let seen = if_match(&request)?;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.remove_document(&asked.caller, Some(asked.request_id), id, seen, asked.repeat)
    })
    .await
}

/// Asks the scanner about a document that waits for it.
pub async fn scan_document(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", DocumentId::parse)?;
    let documents = place(edge)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let row = hop(move || {
        let row = app.document(&caller, id)?;
        if waits(&row)? { Ok(row) } else { Err(AppError::Conflict(Revision(row.revision))) }
    })
    .await?;
    let bytes = at_the_place(edge, documents.store.get(&hash_of(&row)?)).await?;
    let scan = scan(edge, documents, &bytes).await;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.record_scan(&asked.caller, Some(asked.request_id), id, scan, asked.repeat)
    })
    .await
}
