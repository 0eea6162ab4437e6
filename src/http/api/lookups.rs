//! Lookups: the hot path, the declaration, the dry run, and recorded answers.

use super::json;
use super::lookup_body::{OneLine, WholeDeclaration, read_body, read_options, read_query as read_question};
use super::parameters::{no_query, page, path, read_query};
use super::receipts::Form;
use crate::app::AppError;
use crate::app::answer_json::{
    answer, declaration_answer, digest_of_lines, digest_of_one, dry_run_answer, sm3_of_lines, sm3_of_one,
};
use crate::app::lookup::Rendered;
use crate::app::record::Recorded;
use crate::app::report::own;
use crate::domain::code::DeclarationNumber;
use crate::domain::fault::FaultCode;
use crate::domain::id::LookupId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::http::blocking::hop;
use crate::http::edge::{Edge, asked, edge};
use crate::http::fields::Members as _;
use crate::http::limits::{expect_media_type, read_body as read_bytes};
use crate::http::problem::{Fault, Problem, ProblemType};
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;
use std::time::Duration;

/// Largest JSON body.
pub const JSON_BYTES: usize = 1024 * 1024;

fn answered(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(body)
}

/// Reads a JSON body within its limits.
///
/// # Errors
/// `unsupported-media-type`, `payload-too-large`, `request-timeout`, `invalid-request` when it breaks off.
pub async fn json_bytes(request: &HttpRequest, payload: Payload, edge: &Edge) -> Result<Bytes, Problem> {
    expect_media_type(request.headers(), &["application/json"])?;
    read_bytes(request.headers(), payload, JSON_BYTES, edge.limits).await
}

/// Waits a moment for a revision that this node has not reached yet.
async fn reach(edge: &Edge, as_of: Option<Revision>) -> Result<(), Problem> {
    let Some(asked) = as_of.filter(|asked| *asked > edge.app.index.load().revision()) else { return Ok(()) };
    let index = Arc::clone(&edge.app.index);
    let reached = actix_web::web::block(move || index.wait_for(asked, Duration::from_secs(2))).await.unwrap_or(false);
    if reached { Ok(()) } else { Err(ProblemType::NotYetCurrent.into()) }
}

/// Answers one line.
pub async fn get_lookup(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let asker = asked.asker(edge.app.clock.uptime())?;
    let OneLine { declaration, line, as_of, receipt } =
        read_question(request.query_string(), edge.app.clock.now().day())?;
    let form = Form::wanted(&request, receipt);
    let signers = form.signers(edge)?;
    reach(edge, as_of).await?;
    let (body, receipt) = edge.app.ask_one(&asker, &declaration, &line, as_of, |given| {
        let body = given.lines.first().map_or_else(Vec::new, |line| {
            edge.metrics.answered(line.verdict);
            answer(given.id, given.revision, given.answered_at, line, asked.lang)
        });
        let digest = digest_of_one(&body);
        let receipt = signers.as_ref().map(|signers| {
            let sm3 = signers.national().then(|| sm3_of_one(&body));
            edge.app.receipt(given, &asker.org, &declaration, &[line], digest, sm3)
        });
        Rendered { value: (body, receipt), digest }
    })?;
    edge.metrics.lookup_took(edge.app.clock.uptime().saturating_sub(asker.since));
    form.respond(body, signers, receipt).await
}

/// Answers all lines of a declaration together.
pub async fn create_lookup(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let asker = asked.asker(edge.app.clock.uptime())?;
    let (as_of, receipt) = read_options(request.query_string())?;
    let form = Form::wanted(&request, receipt);
    let bytes = json_bytes(&request, payload, edge).await?;
    let WholeDeclaration { declaration, lines } = read_body(&bytes, edge.app.clock.now().day())?;
    let signers = form.signers(edge)?;
    reach(edge, as_of).await?;
    let (body, receipt) = edge.app.ask(&asker, &declaration, &lines, as_of, |given| {
        for line in given.lines {
            edge.metrics.answered(line.verdict);
        }
        let body = declaration_answer(given.id, given.revision, given.answered_at, given.lines, asked.lang);
        let digest = digest_of_lines(&body);
        let receipt = signers.as_ref().map(|signers| {
            let sm3 = signers.national().then(|| sm3_of_lines(&body));
            edge.app.receipt(given, &asker.org, &declaration, &lines, digest, sm3)
        });
        Rendered { value: (body, receipt), digest }
    })?;
    edge.metrics.lookup_took(edge.app.clock.uptime().saturating_sub(asker.since));
    form.respond(body, signers, receipt).await
}

/// Lets an enterprise try a declaration of its own.
pub async fn dry_run_lookup(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let caller = asked.caller()?;
    let enterprise =
        own(&caller).ok_or_else(|| Problem::from(Fault::new("/Whitelist-Acting-For", FaultCode::Required)))?;
    let bytes = json_bytes(&request, payload, edge).await?;
    let question = read_body(&bytes, edge.app.clock.now().day())?;
    let body = edge.app.dry_run(enterprise, &question.declaration, &question.lines, |given| {
        dry_run_answer(given.revision, given.answered_at, given.lines, asked.lang)
    })?;
    Ok(answered(body))
}

/// Lists the recorded answers about a declaration.
pub async fn list_answers(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (declaration, after, limit) = read_query(&request, |query| {
        let declaration = query.optional("declaration", DeclarationNumber::parse);
        let page = page(query);
        Some((declaration, page.after, page.limit))
    })?;
    let after = if after.is_empty() {
        None
    } else {
        Some(LookupId::parse(&after).map_err(|_| Fault::new("/after", FaultCode::CursorFormat))?)
    };
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || {
        let page = match declaration {
            Some(declaration) => app.answers_about(&caller, &declaration.to_string(), after, limit)?,
            None => app.answers_to(&caller, after, limit)?,
        };
        let items = page.answers.iter().map(|answer| recorded(&app, answer, lang)).collect::<Result<Vec<_>, _>>()?;
        Ok(object!({ "items": items, "next": page.next.map(|id| id.to_string()) }))
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Reopens a recorded answer.
pub async fn get_answer(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", LookupId::parse)?;
    let (app, caller, lang) = (Arc::clone(&edge.app), asked.caller()?, asked.lang);
    let view = hop(move || {
        let answer = app.recorded_answer(&caller, id)?;
        let mut view = recorded(&app, &answer, lang)?;
        if let Some(view) = view.as_object_mut() {
            let leaf = String::from_utf8(answer.leaf()).map_err(AppError::unwritable)?;
            view.insert("record".to_owned(), leaf.into());
            view.insert("seal".to_owned(), serde_json::to_value(app.seal_of(&answer)?).map_err(AppError::unwritable)?);
        }
        Ok(view)
    })
    .await?;
    json(StatusCode::OK, &view)
}

/// Shows a recorded answer: the question, and the lines judged again at its revision.
fn recorded(app: &crate::app::App, answer: &Recorded, lang: Lang) -> Result<Value, AppError> {
    let declaration = &answer.declaration;
    let questions: Vec<Value> = answer
        .lines
        .iter()
        .map(|line| {
            object!({
                "line": line.line,
                "enterprise": line.enterprise,
                "hs_code": line.hs_code,
                "ciq_code": line.ciq_code,
                "listing": line.listing,
                "cas": line.cas,
                "quantity": line.measure.map(|measure| measure.quantity),
                "unit": line.measure.map(|measure| measure.unit),
            })
        })
        .collect();
    let bytes =
        app.reopened(answer, |lines| declaration_answer(answer.id, answer.revision, answer.answered_at, lines, lang));
    let replayed: Value = serde_json::from_slice(&bytes).map_err(AppError::unwritable)?;
    Ok(object!({
        "id": answer.id,
        "revision": answer.revision,
        "answered_at": answer.answered_at,
        "org": answer.org,
        "asked_by": answer.asker,
        "digest": answer.digest,
        "declaration": {
            "number": declaration.number,
            "customs_office": declaration.customs_office,
            "declared_on": declaration.declared_on,
            "trade_mode": declaration.trade_mode,
        },
        "questions": questions,
        "lines": replayed.get("lines"),
    }))
}
