//! Reconciliations: send customs' movements, read what was found, take it away as a file, confirm corrections.

use super::listings::attachment;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::reconciliation_body::{read_confirmation, read_movements, row_pointer};
use super::write::{Shown, write};
use super::{XLSX, json};
use crate::app::AppError;
use crate::app::reconcile::{Kept, ReconciliationRow, Sent, of_others, table, tag};
use crate::domain::actor::Caller;
use crate::domain::fault::FaultCode;
use crate::domain::id::ReconciliationId;
use crate::domain::lang::Lang;
use crate::domain::reconciliation::FindingKind;
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::http::blocking::{etag, hop, hop_for};
use crate::http::edge::{asked, edge};
use crate::http::fields::{JSON_DEPTH, Members as _, parse_json};
use crate::http::limits::{expect_media_type, read_body};
use crate::http::problem::{Fault, Problem, ProblemType};
use crate::sheet::{SheetFault, findings_csv, findings_xlsx, movement_books};
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Largest body.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Time a file of everything may take.
const EXPORT: Duration = Duration::from_secs(60);

const JSON: &str = "application/json";
const CSV: &str = "text/csv";

impl Shown for ReconciliationRow {
    fn revision(&self) -> Revision {
        tag(self)
    }

    fn location(&self) -> String {
        format!("/v1/reconciliations/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(view(self))
    }
}

fn view(row: &ReconciliationRow) -> Value {
    object!({
        "id": row.id,
        "revision": row.revision,
        "state": row.state,
        "org": row.org,
        "from": LegalDay::from_value(row.period_from),
        "to": LegalDay::from_value(row.period_to),
        "rows": row.row_count,
        "sent_sha256": row.sent_digest,
        "compared_revision": row.compared_revision,
        "counts": {
            "matched": row.matched,
            "missing_here": row.missing_here,
            "missing_there": row.missing_there,
            "different": row.different,
        },
        "compared_by": row.compared_by,
        "compared_at": Instant::from_micros(row.compared_at),
        "confirmed_by": row.confirmed_by,
        "confirmed_at": row.confirmed_at.map(Instant::from_micros),
        "booked": row.booked,
        "refused": row.refused,
    })
}

fn finding_view(kept: &Kept, lang: Lang) -> Result<Value, AppError> {
    let mut view = serde_json::to_value(kept).map_err(AppError::unwritable)?;
    let advice = kept.finding.advice.map(|advice| object!({ "code": advice.as_str(), "text": advice.in_lang(lang) }));
    if let Some(view) = view.as_object_mut() {
        view.insert("advice".to_owned(), object!(advice));
    }
    Ok(view)
}

/// Compares customs' movements with the declarations here.
pub async fn create_reconciliation(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let (from, to) = read_query(&request, |query| {
        let (from, to) = (query.required("from", LegalDay::parse), query.required("to", LegalDay::parse));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            query.fault("to", FaultCode::PeriodReversed);
        }
        Some((from?, to?))
    })?;
    let media = expect_media_type(request.headers(), &[JSON, CSV])?;
    let bytes = read_body(request.headers(), payload, MOST_BYTES, edge.limits).await?;
    // One large body at a time: each costs some hundred megabytes while it is compared.
    let _permit = edge.imports.acquire().await.map_err(|_| ProblemType::Unavailable)?;
    let sent = bytes.clone();
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        let sent = read(&sent, media == CSV, &asked.caller, (from, to))?;
        app.reconcile(&asked.caller, Some(asked.request_id), sent, asked.repeat)
    })
    .await
}

fn read(bytes: &Bytes, csv: bool, caller: &Caller, (from, to): (LegalDay, LegalDay)) -> Result<Sent, AppError> {
    let faults = |faults: Vec<Fault>| {
        AppError::Faults(faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect::<Vec<_>>())
    };
    let (books, rows) =
        if csv { movement_books(bytes).map_err(AppError::Sheet)? } else { read_movements(bytes).map_err(faults)? };
    let others = of_others(caller, &books);
    if !others.is_empty() {
        let code = FaultCode::DeclarationOfOthers;
        return Err(if csv {
            AppError::Sheet(others.into_iter().map(|row| SheetFault { row: Some(row), ..code.into() }).collect())
        } else {
            AppError::Faults(others.into_iter().map(|place| (row_pointer(place), code)).collect())
        });
    }
    Ok(Sent { books, rows, digest: Sha256::digest(bytes).into(), from, to })
}

/// Lists reconciliations.
pub async fn list_reconciliations(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let page = hop(move || app.reconciliations(&caller, &after, limit)).await?;
    let items: Vec<Value> = page.items.iter().map(view).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": page.next }))
}

/// Shows a reconciliation.
pub async fn get_reconciliation(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", ReconciliationId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let row = hop(move || app.reconciliation(&caller, id)).await?;
    let mut response = json(StatusCode::OK, &view(&row))?;
    response.headers_mut().insert(ETAG, etag(tag(&row)));
    Ok(response)
}

fn kind(word: &str) -> Result<FindingKind, FaultCode> {
    FindingKind::parse(word).ok_or(FaultCode::ValueUnknown)
}

/// Lists what was found of one kind.
pub async fn list_reconciliation_rows(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let id = path(&request, "id", ReconciliationId::parse)?;
    let (kind, PageAsked { after, limit }) = read_query(&request, |query| {
        let (kind, page) = (query.required("kind", kind), page(query));
        Some((kind?, page))
    })?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || {
        let page = app.reconciliation_rows(&caller, id, kind, &after, limit)?;
        let items = page.items.iter().map(|kept| finding_view(kept, lang)).collect::<Result<Vec<_>, _>>()?;
        Ok(object!({ "items": items, "next": page.next }))
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Writes a table with its header row.
type Write = fn(&[&str], &[Vec<String>]) -> Result<Vec<u8>, AppError>;

async fn export(request: &HttpRequest, write: Write) -> Result<Vec<u8>, Problem> {
    let (edge, asked) = (edge(request)?, asked(request)?);
    let id = path(request, "id", ReconciliationId::parse)?;
    let kind = read_query(request, |query| Some(query.optional("kind", kind)))?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    hop_for(EXPORT, move || {
        let kept = app.reconciliation_export(&caller, id, kind)?;
        let rows: Vec<Vec<String>> = kept.iter().map(|kept| table::row(kept, lang)).collect();
        write(&table::header(lang), &rows)
    })
    .await
}

/// Takes what was found away as CSV.
pub async fn export_reconciliation_csv(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let body = export(&request, |header, rows| Ok(findings_csv(header, rows))).await?;
    Ok(attachment("text/csv; charset=utf-8", "reconciliation.csv", body))
}

/// Takes what was found away as a workbook.
pub async fn export_reconciliation_xlsx(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let body = export(&request, |header, rows| findings_xlsx(header, rows).map_err(AppError::unwritable)).await?;
    Ok(attachment(XLSX, "reconciliation.xlsx", body))
}

/// Books corrections.
pub async fn confirm_reconciliation(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ReconciliationId::parse)?;
    let seen = if_match(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let chosen = read_confirmation(&parse_json(&bytes, JSON_DEPTH)?)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.confirm_reconciliation(&asked.caller, Some(asked.request_id), id, seen, chosen, asked.repeat)
    })
    .await
}
