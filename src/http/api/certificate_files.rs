//! Certificates as signed files: handed out to whoever may see the listing, their history, the check of one by its hash, and the certificates
//! of the keys that sign.

use super::application_files::{at_the_place, place};
use super::certificate_sheet::sheet;
use super::certificates::standing;
use super::json;
use super::parameters::{PageAsked, no_query, page, path, read_query};
use crate::app::certificate_files::{Asked, CertificateFileRow, CheckedFile, PastFile, Signed};
use crate::domain::certificate::CertificateCode;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::hop;
use crate::http::edge::{Edge, asked, edge, visitor};
use crate::http::fields::Members as _;
use crate::http::problem::{Fault, Problem, ProblemType};
use crate::outbound::documents::DocumentStoreError;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json as object};
use std::sync::Arc;
use std::time::Duration;

/// RFC 9530.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// How long an answer waits for this node to see what it wrote.
const SETTLED: Duration = Duration::from_secs(2);

fn language(text: &str) -> Result<Lang, FaultCode> {
    match text {
        "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        _ => Err(FaultCode::ValueUnknown),
    }
}

fn hash(text: &str) -> Result<[u8; 32], FaultCode> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| FaultCode::ValueUnknown)?;
    Ok(hash)
}

/// Where people reach the service: as it is set, else as this request did.
fn site(edge: &Edge, request: &HttpRequest) -> String {
    let known = edge.portal.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    known.unwrap_or_else(|| format!("http://{}", request.connection_info().host()))
}

/// Hands out a certificate as a signed file, made at the first request for it.
pub async fn get_certificate_pdf(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let number = path(&request, "number", ListingNumber::parse)?;
    let code = path(&request, "code", CertificateCode::parse)?;
    let lang = read_query(&request, |query| Some(query.optional("lang", language)))?.unwrap_or(asked.lang);
    let documents = place(edge)?;
    let (app, caller, request_id) = (Arc::clone(&edge.app), asked.caller()?, asked.id.to_string());
    let mut lost = None;
    let wanted = loop {
        let (app, caller, gone) = (Arc::clone(&app), caller.clone(), lost.clone());
        let row = match hop(move || app.certificate_file(&caller, number, code, lang, gone.as_deref())).await? {
            Asked::Wanted(wanted) => break wanted,
            Asked::Kept(row) => row,
        };
        match documents.store.get(&hash(&row.sha256).map_err(|_| ProblemType::Internal)?).await {
            Ok(bytes) => return file(&row, bytes),
            Err(fault @ (DocumentStoreError::Missing(_) | DocumentStoreError::Changed(_))) => {
                tracing::error!(error = %fault, "a signed file is gone; another is made");
                lost = Some(row.sha256);
            }
            Err(fault @ (DocumentStoreError::Place(_) | DocumentStoreError::Settings(_))) => {
                return Err(Problem::new(ProblemType::Unavailable).caused_by(fault));
            }
        }
    };
    let (signer, written) = (Arc::clone(&app), sheet(&wanted, lang, &site(edge, &request), edge.app.clock.now()));
    let signed: Signed = hop(move || signer.sign_certificate(&wanted, &written)).await?;
    let bytes = Bytes::from(signed.bytes.clone());
    let own = at_the_place(edge, documents.store.put(bytes.clone())).await?;
    let recorded = hop(move || {
        let row = app.record_certificate_file(&caller, Some(request_id), code, lang, &signed, lost)?;
        // A follower that is late only means that the answer names a revision that is still to come here.
        let _ = app.index.wait_for(Revision(row.revision), SETTLED);
        Ok(row)
    })
    .await;
    match recorded {
        Ok(row) if row.sha256 == hex::encode(own) => file(&row, bytes),
        // Another request for the same was faster; ours is on no record.
        Ok(row) => {
            forget(edge, &own).await;
            let theirs = hash(&row.sha256).map_err(|_| ProblemType::Internal)?;
            file(&row, at_the_place(edge, documents.store.get(&theirs)).await?)
        }
        Err(problem) => {
            // What became of it may be unknown: then it stays.
            if problem.kind != ProblemType::Unavailable {
                forget(edge, &own).await;
            }
            Err(problem)
        }
    }
}

/// Removes a file that is on no record.
async fn forget(edge: &Edge, hash: &[u8; 32]) {
    let Ok(documents) = place(edge) else { return };
    if let Err(error) = documents.store.remove(hash).await {
        tracing::warn!(%error, "a file that is on no record could not be removed");
    }
}

fn file(row: &CertificateFileRow, bytes: Bytes) -> Result<HttpResponse, Problem> {
    let digest = STANDARD.encode(hash(&row.sha256).map_err(|_| ProblemType::Internal)?);
    let name = format!("{}-{}-{}.pdf", row.listing, row.list_revision, row.lang);
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((REPR_DIGEST, format!("sha-256=:{digest}:")))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(bytes))
}

fn view(row: &CertificateFileRow) -> Value {
    object!({
        "sha256": row.sha256, "listing": row.listing, "lang": row.lang, "size": row.size, "list_revision": row.list_revision,
        "issued_at": Instant::from_micros(row.issued_at), "signed_at": Instant::from_micros(row.recorded_at),
        "revision": row.revision,
    })
}

fn with(mut view: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (view.as_object_mut(), more) {
        members.extend(more);
    }
    view
}

fn past(it: &PastFile) -> Value {
    let row = &it.file;
    let who = it.shows_who.then(|| row.asked_by.clone());
    let more = object!({ "kid": row.kid, "asked_by": who, "asked_for": row.asked_for, "standing": it.standing });
    with(view(row), more)
}

/// Lists the signed files of a listing, newest first.
pub async fn list_certificate_files(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let number = path(&request, "number", ListingNumber::parse)?;
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let before = if after.is_empty() {
        i64::MAX
    } else {
        after.parse().map_err(|_| Fault::new("/after", FaultCode::CursorFormat))?
    };
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let history = hop(move || app.certificate_file_history(&caller, number, before, limit)).await?;
    let items: Vec<Value> = history.items.iter().map(past).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": history.next.map(|next| next.to_string()) }))
}

/// Checks a file by the SHA-256 of its bytes.
pub async fn check_certificate_file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let sha256 = path(&request, "sha256", hash)?;
    edge.file_checks.admit_from(visitor(edge, &request), edge.app.clock.uptime())?;
    let app = Arc::clone(&edge.app);
    let CheckedFile { file, key, checked } = hop(move || app.check_certificate_file(&sha256)).await?;
    let more = object!({
        "key": {
            "kid": key.kid, "introduced_at": Instant::from_micros(key.introduced_at),
            "retires_at": key.retires_at.map(Instant::from_micros), "reason": key.reason,
        },
        "standing": checked.standing(), "then": standing(&checked.then), "now": standing(&checked.now),
        "held_back": checked.held_back,
    });
    json(StatusCode::OK, &with(view(&file), more))
}

/// Hands out the certificates of the keys that sign files, retired ones too.
pub async fn get_document_keys(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let app = Arc::clone(&edge(&request)?.app);
    let text = hop(move || app.document_keys()).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/pem-certificate-chain")
        .insert_header((CACHE_CONTROL, "public, max-age=60"))
        .body(text))
}
