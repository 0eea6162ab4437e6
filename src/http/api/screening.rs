//! Screening lists and bars.

use super::adjustments::sheet_bytes;
use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::screening::{Entered, NewEntry, ScreeningRow};
use crate::domain::code::Uscc;
use crate::domain::fault::{Fault, FaultCode};
use crate::domain::id::ScreeningId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::screening::{Screened, ScreeningList};
use crate::domain::validity::{Instant, LegalDay};
use crate::http::blocking::{etag, hop};
use crate::http::edge::edge;
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::{Problem, ProblemType};
use crate::sheet::{Limits, SheetFault, read_in_child, screening_rows};
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

const NAME: usize = 200;
const TEXT: usize = 500;

fn entry_view(row: &ScreeningRow) -> Value {
    object!({
        "id": row.id,
        "list": row.list,
        "enterprise": row.uscc,
        "name": row.name,
        "ground": row.ground,
        "source": row.source,
        "valid_from": LegalDay::from_value(row.valid_from),
        "valid_to": row.valid_to.and_then(LegalDay::from_value),
        "recorded_at": Instant::from_micros(row.recorded_at),
        "revision": row.revision,
    })
}

impl Shown for ScreeningRow {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn location(&self) -> String {
        format!("/v1/screening/{}", self.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(entry_view(self))
    }
}

impl Shown for Entered {
    fn revision(&self) -> Revision {
        self.revision
    }

    fn location(&self) -> String {
        "/v1/screening".to_owned()
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        let entered: Vec<&str> = self.entered.iter().map(|row| row.id.as_str()).collect();
        Ok(object!({ "entered": entered, "unchanged": self.unchanged }))
    }
}

/// Lists entries of screening lists.
pub async fn list_screening(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let (asked, PageAsked { after, limit }) = read_query(&request, |query| {
        let enterprise = query.optional("enterprise", Uscc::parse);
        let list = query.optional("list", ScreeningList::parse);
        let on = query.optional("on", LegalDay::parse);
        Some(((enterprise, list, on), page(query)))
    })?;
    let app = Arc::clone(&edge.app);
    let page = hop(move || app.screening_entries(asked, &after, limit)).await?;
    let items: Vec<Value> = page.items.iter().map(entry_view).collect();
    json(StatusCode::OK, &object!({ "items": items, "next": page.next }))
}

/// Shows an entry.
pub async fn get_screening(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    no_query(&request)?;
    let id = path(&request, "id", ScreeningId::parse)?;
    let app = Arc::clone(&edge.app);
    let row = hop(move || app.screening_entry(id)).await?;
    let mut response = json(StatusCode::OK, &entry_view(&row))?;
    response.headers_mut().insert(ETAG, etag(Revision(row.revision)));
    Ok(response)
}

fn read_entry(body: &Value) -> Result<NewEntry, Vec<Fault>> {
    let mut faults = Vec::new();
    let entry = Fields::read(body, "", &mut faults, |body| {
        let list = body.required("list", ScreeningList::parse);
        let enterprise = body.required("enterprise", Uscc::parse);
        let name = body.optional("name", text(NAME));
        let ground = body.required("ground", text(TEXT));
        let source = body.required("source", text(TEXT));
        let from = body.required("valid_from", LegalDay::parse);
        let to = body.optional("valid_to", LegalDay::parse);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            body.fault("valid_to", FaultCode::PeriodReversed);
        }
        let screened = Screened { list: list?, enterprise: enterprise?, from: from?, to };
        Some(NewEntry { screened, name, ground: ground?, source: source? })
    });
    entry.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Makes an entry.
pub async fn create_screening(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let entry = read_entry(&parse_json(&bytes, JSON_DEPTH)?)?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.enter_screening(&asked.caller, Some(asked.request_id), entry, asked.repeat)
    })
    .await
}

/// Makes entries from a file.
pub async fn import_screening(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let bytes = sheet_bytes(&request, payload, edge).await?;
    let _permit = edge.imports.acquire().await.map_err(|_| ProblemType::Unavailable)?;
    let (program, file) = (edge.program.clone(), bytes.clone());
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        let grid = read_in_child(&program, &file, &Limits::STANDARD)
            .map_err(|fault: SheetFault| AppError::Sheet(vec![fault]))?;
        let entries = screening_rows(&grid).map_err(AppError::Sheet)?.into_iter().map(|line| NewEntry {
            screened: line.screened,
            name: line.name,
            ground: line.ground,
            source: line.source,
        });
        app.import_screening(&asked.caller, Some(asked.request_id), entries.collect(), asked.repeat)
    })
    .await
}

/// Ends an entry.
pub async fn end_screening(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", ScreeningId::parse)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let mut faults = Vec::new();
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let last = Fields::read(&body, "", &mut faults, |body| body.required("valid_to", LegalDay::parse));
    let last = last.filter(|_| faults.is_empty()).ok_or(faults)?;
    let seen = if_match(&request)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        app.end_screening(&asked.caller, Some(asked.request_id), id, seen, last, asked.repeat)
    })
    .await
}

/// Lists the enterprises that may not apply today.
pub async fn list_bars(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let app = Arc::clone(&edge.app);
    json(StatusCode::OK, &hop(move || app.bars(&after, limit)).await?)
}
