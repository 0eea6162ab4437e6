//! Handlers: one file per resource. Each reads its input, runs one use case, and renders.

pub mod accesses;
pub mod adjustments;
pub mod application_files;
pub mod application_view;
pub mod applications;
pub mod batches;
pub mod border;
pub mod case_body;
pub mod case_reads;
pub mod case_steps;
pub mod certificate_files;
pub mod certificate_sheet;
pub mod certificates;
pub mod change_body;
pub mod declarations;
pub mod draw_body;
pub mod enterprises;
pub mod evidence;
pub mod faults;
pub mod feed;
pub mod findings;
pub mod health;
pub mod holders;
pub mod inbox;
pub mod items;
pub mod listing_changes;
pub mod listings;
pub mod log;
pub mod lookup_body;
pub mod lookups;
pub mod operations;
pub mod own;
pub mod pages;
pub mod parameters;
pub mod people;
pub mod people_body;
pub mod privacy;
pub mod ratings;
pub mod receipts;
pub mod reconciliation_body;
pub mod reconciliations;
pub mod reference;
pub mod report_jobs;
pub mod reports;
pub mod roles;
pub mod rule_changes;
pub mod screening;
pub mod stops;
pub mod texts;
pub mod usage_returns;
pub mod webhooks;
pub mod write;

use super::problem::{Problem, ProblemType};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use serde::Serialize;

/// Media type of workbooks.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Answers JSON.
///
/// # Errors
/// `internal` when the view cannot be written.
pub fn json<T: Serialize>(status: StatusCode, view: &T) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(view).map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
    Ok(HttpResponse::build(status).content_type(ContentType::json()).body(body))
}
