//! THE table of endpoints: method, path, operation, who may call, what it does to the list, handler.
//!
//! Nothing is reachable that does not stand here; a test holds it against `openapi.yaml`, another tries every row
//! with every role.

use super::api::{
    accesses, adjustments, application_files, applications, batches, border, case_reads, case_steps, certificate_files,
    certificates, declarations, enterprises, evidence, faults, feed, findings, health, holders, inbox, items,
    listing_changes, listings, log, lookups, operations, own, pages, people, privacy, ratings, receipts,
    reconciliations, reference, report_jobs, reports, roles, rule_changes, screening, stops, texts, usage_returns,
    webhooks,
};
pub(in crate::http) use super::circles::*;
use super::edge;
use super::surface::Surface;
use super::unknown::unknown_method;
use crate::domain::actor::{Role, RoleSet};
use crate::domain::duty::{Duty, DutySet};
use crate::domain::register::OFFICERS as STAFF;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, http::Method};

/// Who may call.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Everybody.
    Public,
    /// Loopback and listed addresses.
    Metrics,
    /// A token with one of these roles, as far as it includes the duty that the operation belongs to.
    Roles(RoleSet, Duty),
}

/// What calling does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes the list, with log entries.
    Fact,
    /// Changes working state only.
    Keep,
    /// Changes nothing.
    Read,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// HTTP method.
    pub method: &'static str,
    /// Path with its parameters.
    pub path: &'static str,
    /// Operation id in the contract.
    pub operation: &'static str,
    /// Who may call.
    pub access: Access,
    /// What it does.
    pub effect: Effect,
}

/// Returns the duties of a fixed role: those that any of its operations belongs to.
#[must_use]
pub fn duties_of(role: Role) -> DutySet {
    let duties = ENDPOINTS.iter().filter_map(|endpoint| match endpoint.access {
        Access::Roles(roles, duty) if roles.contains(role) => Some(duty),
        Access::Roles(..) | Access::Public | Access::Metrics => None,
    });
    duties.collect()
}

macro_rules! endpoints {
    ($( $method:ident $path:literal $module:ident::$handler:ident $access:expr, $effect:ident; )+) => {
        /// Every endpoint.
        pub const ENDPOINTS: &[Endpoint] = &[ $( Endpoint {
            method: stringify!($method),
            path: $path,
            operation: stringify!($handler),
            access: $access,
            effect: Effect::$effect,
        }, )+ ];

        /// Registers every endpoint, one resource per path, so that another method is told from another path.
        pub fn configure(config: &mut ServiceConfig) {
            configure_where(config, |_| true);
        }

        fn configure_where(config: &mut ServiceConfig, wanted: impl Fn(&Endpoint) -> bool) {
            let mut resources: Vec<(&'static str, Resource)> = Vec::new();
            $( resources = route(resources, $path, |resource| {
                resource.route(web::method(Method::$method).to($module::$handler))
            }); )+
            for (path, resource) in resources {
                let endpoints = of_path(path);
                if !endpoints.iter().any(|endpoint| wanted(endpoint)) {
                    continue;
                }
                let around = from_fn(move |request, next| edge::around(endpoints, request, next));
                let others = web::to(move || async move { unknown_method(endpoints) });
                config.service(resource.default_service(others).wrap(around));
            }
        }
    };
}

/// Adds a route to the resource of its path.
pub(in crate::http) fn route(
    mut resources: Vec<(&'static str, Resource)>,
    path: &'static str,
    add: impl FnOnce(Resource) -> Resource,
) -> Vec<(&'static str, Resource)> {
    let known = resources.iter().position(|(known, _)| *known == path);
    // The number of a tile is several steps of a path; its level is told from other words.
    let pattern = path.replace("{tile}", "{tile:.+}").replace("{level}", "{level:[0-9]+}");
    let (_, resource) = known.map_or_else(|| (path, web::resource(pattern)), |place| resources.swap_remove(place));
    resources.push((path, add(resource)));
    resources
}

/// Registers the paths that are asked at the border: lookups and draws, health and figures.
pub fn configure_border(config: &mut ServiceConfig) {
    configure_where(config, |endpoint| matches!(Surface::of(endpoint, false), None | Some(Surface::Draws)));
}

/// Rows of one path. Workers ask once each at their start; the few rows stay for the life of the process.
fn of_path(path: &str) -> &'static [&'static Endpoint] {
    let rows: Vec<&'static Endpoint> = ENDPOINTS.iter().filter(|endpoint| endpoint.path == path).collect();
    Vec::leak(rows)
}

endpoints! {
    GET "/v1/lookup" lookups::get_lookup Access::Roles(LOOKUP, Duty::Lookup), Keep;
    POST "/v1/lookups" lookups::create_lookup Access::Roles(LOOKUP, Duty::Lookup), Keep;
    GET "/health/live" health::get_live Access::Public, Read;
    GET "/health/ready" health::get_ready Access::Public, Read;
    GET "/metrics" health::get_metrics Access::Metrics, Read;
    GET "/.well-known/jwks.json" receipts::get_answer_keys Access::Public, Read;
    GET "/openapi.yaml" pages::get_openapi Access::Public, Read;
    GET "/docs" pages::get_docs Access::Public, Read;
    GET "/docs/docs.css" pages::get_docs_css Access::Public, Read;
    GET "/problems" pages::list_problems Access::Public, Read;
    GET "/problems/{slug}" pages::get_problem Access::Public, Read;
    POST "/v1/lookups/dry-run" lookups::dry_run_lookup Access::Roles(ENTERPRISE, Duty::List), Read;
    GET "/v1/answers" lookups::list_answers Access::Roles(ANSWERS, Duty::Lookup), Read;
    GET "/v1/answers/{id}" lookups::get_answer Access::Roles(ANSWERS, Duty::Lookup), Read;
    GET "/v1/listings" listings::list_listings Access::Roles(READERS, Duty::List), Read;
    GET "/v1/listings.xlsx" listings::export_listings_xlsx Access::Roles(READERS, Duty::Export), Read;
    GET "/v1/listings.csv" listings::export_listings_csv Access::Roles(READERS, Duty::Export), Read;
    GET "/v1/listings/diff" listing_changes::list_listing_changes Access::Roles(READERS, Duty::List), Read;
    GET "/v1/listings/diff.csv" listing_changes::export_listing_changes_csv Access::Roles(READERS, Duty::Export), Read;
    GET "/v1/listings/diff.xlsx" listing_changes::export_listing_changes_xlsx Access::Roles(READERS, Duty::Export), Read;
    GET "/v1/listings/{number}" listings::get_listing Access::Roles(READERS, Duty::List), Read;
    GET "/v1/listings/{number}/versions" listings::list_listing_versions Access::Roles(READERS, Duty::List), Read;
    POST "/v1/listings/{number}/certificates" certificates::issue_certificate Access::Roles(CASES, Duty::List), Keep;
    GET "/v1/listings/{number}/certificates/{code}" certificates::check_certificate Access::Public, Read;
    GET "/v1/listings/{number}/certificates/{code}/pdf" certificate_files::get_certificate_pdf Access::Roles(CASES, Duty::List), Fact;
    GET "/v1/listings/{number}/certificate-files" certificate_files::list_certificate_files Access::Roles(SUPERVISORS.union(ENTERPRISE), Duty::List), Read;
    GET "/v1/certificate-files/{sha256}" certificate_files::check_certificate_file Access::Public, Read;
    GET "/.well-known/document-keys.pem" certificate_files::get_document_keys Access::Public, Read;
    GET "/v1/listings/{number}/balance" listings::get_listing_balance Access::Roles(READERS, Duty::List), Read;
    GET "/v1/listings/{number}/movements" declarations::list_listing_movements Access::Roles(READERS, Duty::List), Read;
    GET "/v1/declarations" declarations::list_declarations Access::Roles(DECLARATIONS, Duty::Border), Read;
    GET "/v1/declarations/{number}" declarations::get_declaration Access::Roles(DECLARATIONS, Duty::Border), Read;
    PUT "/v1/declarations/{number}" declarations::put_declaration Access::Roles(DRAW, Duty::Draw), Fact;
    POST "/v1/declarations/{number}/release" declarations::release_declaration Access::Roles(DRAW, Duty::Draw), Fact;
    POST "/v1/declarations/{number}/cancel" declarations::cancel_declaration Access::Roles(DRAW, Duty::Draw), Fact;
    POST "/v1/declarations/{number}/correct" declarations::correct_declaration Access::Roles(CORRECT, Duty::Draw), Fact;
    POST "/v1/declarations/{number}/manual-release" declarations::manually_release_declaration Access::Roles(RELEASE_MANUALLY, Duty::ManualRelease), Fact;
    GET "/v1/manual-releases" border::list_manual_releases Access::Roles(BOARD, Duty::Border), Read;
    GET "/v1/manual-releases.csv" border::export_manual_releases Access::Roles(BOARD, Duty::Export), Read;
    GET "/v1/manual-releases/{id}" border::get_manual_release Access::Roles(BOARD, Duty::Border), Read;
    POST "/v1/manual-releases/{id}/review" border::review_manual_release Access::Roles(REVIEWERS, Duty::BorderReview), Fact;
    GET "/v1/draw-messages" border::list_draw_messages Access::Roles(BOARD, Duty::Border), Read;
    GET "/v1/draw-messages/{id}" border::get_draw_message Access::Roles(BOARD, Duty::Border), Read;
    GET "/v1/enterprises" enterprises::list_enterprises Access::Roles(READERS, Duty::List), Read;
    GET "/v1/enterprises/{uscc}" enterprises::get_enterprise Access::Roles(READERS, Duty::List), Read;
    GET "/v1/adjustments" adjustments::list_adjustments Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    POST "/v1/adjustments" adjustments::propose_adjustment Access::Roles(OFFICER, Duty::Adjust), Fact;
    POST "/v1/adjustments/import" adjustments::import_adjustment Access::Roles(OFFICER, Duty::Adjust), Fact;
    POST "/v1/adjustments/import/faults" faults::mark_adjustment_faults Access::Roles(OFFICER, Duty::Adjust), Read;
    GET "/v1/adjustments/{id}" adjustments::get_adjustment Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    GET "/v1/adjustments/{id}/preview" adjustments::preview_adjustment Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    POST "/v1/adjustments/{id}/confirm" adjustments::confirm_adjustment Access::Roles(APPROVER, Duty::ConfirmAdjustments), Fact;
    POST "/v1/adjustments/{id}/reject" adjustments::reject_adjustment Access::Roles(APPROVER, Duty::ConfirmAdjustments), Fact;
    POST "/v1/adjustments/{id}/withdraw" adjustments::withdraw_adjustment Access::Roles(OFFICER, Duty::Adjust), Fact;
    GET "/v1/stops" stops::list_stops Access::Roles(STOPS, Duty::Oversight), Read;
    POST "/v1/stops" stops::create_stop Access::Roles(OFFICERS, Duty::Stop), Fact;
    GET "/v1/stops/{id}" stops::get_stop Access::Roles(STOPS, Duty::Oversight), Read;
    POST "/v1/stops/{id}/confirm" stops::confirm_stop Access::Roles(APPROVER, Duty::Stop), Fact;
    POST "/v1/stops/{id}/lift" stops::lift_stop Access::Roles(APPROVER, Duty::Stop), Fact;
    GET "/v1/screening" screening::list_screening Access::Roles(SCREENERS, Duty::Oversight), Read;
    POST "/v1/screening" screening::create_screening Access::Roles(OFFICER, Duty::Inspect), Fact;
    POST "/v1/screening/import" screening::import_screening Access::Roles(OFFICER, Duty::Inspect), Fact;
    POST "/v1/screening/import/faults" faults::mark_screening_faults Access::Roles(OFFICER, Duty::Inspect), Read;
    GET "/v1/screening/{id}" screening::get_screening Access::Roles(SCREENERS, Duty::Oversight), Read;
    POST "/v1/screening/{id}/end" screening::end_screening Access::Roles(OFFICER, Duty::Inspect), Fact;
    GET "/v1/bars" screening::list_bars Access::Roles(SCREENERS, Duty::Oversight), Read;
    GET "/v1/usage-returns" usage_returns::list_usage_returns Access::Roles(INSPECTED, Duty::Oversight), Read;
    POST "/v1/usage-returns" usage_returns::create_usage_return Access::Roles(ENTERPRISE, Duty::Usage), Fact;
    GET "/v1/usage-returns/{id}" usage_returns::get_usage_return Access::Roles(INSPECTED, Duty::Oversight), Read;
    POST "/v1/usage-returns/{id}/correct" usage_returns::correct_usage_return Access::Roles(ENTERPRISE, Duty::Usage), Fact;
    GET "/v1/findings" findings::list_findings Access::Roles(INSPECTED, Duty::Oversight), Read;
    POST "/v1/findings" findings::create_finding Access::Roles(INSPECTORS, Duty::Inspect), Fact;
    GET "/v1/findings/{id}" findings::get_finding Access::Roles(INSPECTED, Duty::Oversight), Read;
    POST "/v1/findings/{id}/close" findings::close_finding Access::Roles(OFFICER, Duty::Inspect), Fact;
    GET "/v1/supervision" findings::get_supervision Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    GET "/v1/change-reasons" stops::list_change_reasons Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    GET "/v1/items" items::list_items Access::Roles(ENTERPRISE, Duty::Apply), Read;
    POST "/v1/items" items::add_item Access::Roles(ENTERPRISE, Duty::Apply), Fact;
    GET "/v1/items/{id}" items::get_item Access::Roles(ENTERPRISE, Duty::Apply), Read;
    PUT "/v1/items/{id}" items::replace_item Access::Roles(ENTERPRISE, Duty::Apply), Fact;
    POST "/v1/items/{id}/archive" items::archive_item Access::Roles(ENTERPRISE, Duty::Apply), Fact;
    POST "/v1/items/{id}/restore" items::restore_item Access::Roles(ENTERPRISE, Duty::Apply), Fact;
    GET "/v1/applications" applications::list_applications Access::Roles(CASES, Duty::Cases), Read;
    POST "/v1/applications" applications::begin_application Access::Roles(ENTERPRISE, Duty::Apply), Keep;
    GET "/v1/applications/{id}" applications::get_application Access::Roles(CASES, Duty::Cases), Read;
    PATCH "/v1/applications/{id}" applications::change_application Access::Roles(ENTERPRISE, Duty::Apply), Keep;
    POST "/v1/applications/{id}/copy" applications::copy_application Access::Roles(ENTERPRISE, Duty::Apply), Keep;
    POST "/v1/applications/{id}/discard" applications::discard_application Access::Roles(ENTERPRISE, Duty::Apply), Keep;
    POST "/v1/applications/{id}/lodge" applications::lodge_application Access::Roles(ENTERPRISE, Duty::Lodge), Fact;
    POST "/v1/applications/{id}/withdraw" applications::withdraw_application Access::Roles(ENTERPRISE, Duty::Lodge), Fact;
    POST "/v1/applications/{id}/retract" applications::retract_withdrawal Access::Roles(ENTERPRISE, Duty::Lodge), Fact;
    POST "/v1/applications/{id}/correct" applications::correct_application Access::Roles(ENTERPRISE, Duty::Lodge), Fact;
    GET "/v1/applications/{id}/contents/{number}" applications::get_application_content Access::Roles(CASES, Duty::Cases), Read;
    GET "/v1/applications/{id}/diff" applications::compare_application_contents Access::Roles(CASES, Duty::Cases), Read;
    GET "/v1/applications/{id}/checklist" applications::get_application_checklist Access::Roles(ENTERPRISE, Duty::Apply), Read;
    POST "/v1/applications/{id}/items/import" application_files::import_application_items Access::Roles(ENTERPRISE, Duty::Apply), Keep;
    POST "/v1/applications/{id}/items/import/faults" faults::mark_item_faults Access::Roles(ENTERPRISE, Duty::Apply), Read;
    GET "/v1/applications/{id}/documents" application_files::list_documents Access::Roles(CASES, Duty::Cases), Read;
    POST "/v1/applications/{id}/documents" application_files::attach_document Access::Roles(ENTERPRISE, Duty::Apply), Fact;
    GET "/v1/documents/{id}" application_files::get_document Access::Roles(CASES, Duty::Cases), Read;
    POST "/v1/documents/{id}/remove" application_files::remove_document Access::Roles(ENTERPRISE, Duty::Apply), Fact;
    GET "/v1/holdings" own::list_holdings Access::Roles(ENTERPRISE, Duty::Cases), Read;
    GET "/v1/stopped-lines" own::list_stopped_lines Access::Roles(ENTERPRISE, Duty::Cases), Read;
    POST "/v1/documents/{id}/scan" application_files::scan_document Access::Roles(CASES, Duty::Cases), Fact;
    POST "/v1/applications/{id}/accept" case_steps::accept_application Access::Roles(DISTRICT, Duty::Intake), Fact;
    POST "/v1/applications/{id}/ask" case_steps::ask_application Access::Roles(ASKERS, Duty::Handle), Fact;
    POST "/v1/applications/{id}/decline" case_steps::decline_application Access::Roles(DISTRICT, Duty::Intake), Fact;
    POST "/v1/applications/{id}/evaluate" case_steps::evaluate_application Access::Roles(OFFICER, Duty::Intake), Fact;
    POST "/v1/applications/{id}/recommend" case_steps::recommend_application Access::Roles(DISTRICT, Duty::Intake), Fact;
    GET "/v1/applications/{id}/opinions" case_reads::list_opinions Access::Roles(INSIDERS, Duty::Cases), Read;
    POST "/v1/applications/{id}/opinions" case_steps::give_opinions Access::Roles(REVIEWER, Duty::Opine), Fact;
    PUT "/v1/applications/{id}/opinions/draft" case_steps::draft_opinions Access::Roles(REVIEWER, Duty::Opine), Keep;
    POST "/v1/applications/{id}/consolidate" case_steps::consolidate_application Access::Roles(OFFICER, Duty::ProposeDecision), Fact;
    POST "/v1/applications/{id}/resolve" case_steps::resolve_application Access::Roles(OFFICER, Duty::ProposeDecision), Fact;
    POST "/v1/applications/{id}/return" case_steps::return_application Access::Roles(OFFICER, Duty::ProposeDecision), Fact;
    GET "/v1/applications/{id}/decisions" case_reads::list_decisions Access::Roles(CASES, Duty::Cases), Read;
    POST "/v1/applications/{id}/decisions" case_steps::propose_decisions Access::Roles(OFFICER, Duty::ProposeDecision), Fact;
    POST "/v1/applications/{id}/decide" case_steps::decide_application Access::Roles(APPROVER, Duty::Decide), Fact;
    POST "/v1/decisions" case_steps::decide_applications Access::Roles(APPROVER, Duty::Decide), Fact;
    POST "/v1/applications/{id}/send-back" case_steps::send_back_application Access::Roles(APPROVER, Duty::Decide), Fact;
    POST "/v1/applications/{id}/reopen" case_steps::reopen_application Access::Roles(OFFICER, Duty::ProposeDecision), Fact;
    POST "/v1/applications/{id}/appeals" case_steps::appeal_application Access::Roles(ENTERPRISE, Duty::Lodge), Fact;
    POST "/v1/applications/{id}/appeals/judge" case_steps::judge_appeal Access::Roles(APPROVER, Duty::Decide), Fact;
    POST "/v1/applications/{id}/pause" case_steps::pause_application Access::Roles(INTAKE, Duty::Intake), Fact;
    POST "/v1/applications/{id}/resume" case_steps::resume_application Access::Roles(INTAKE, Duty::Intake), Fact;
    POST "/v1/applications/{id}/extend" case_steps::extend_application Access::Roles(INTAKE, Duty::Intake), Fact;
    GET "/v1/applications/{id}/events" case_reads::list_case_events Access::Roles(CASES, Duty::Cases), Read;
    GET "/v1/applications/{id}/notes" case_reads::list_case_notes Access::Roles(CASES, Duty::Cases), Read;
    POST "/v1/applications/{id}/notes" case_steps::add_case_note Access::Roles(WORKERS, Duty::Handle), Fact;
    GET "/v1/applications/{id}/precedents" case_reads::list_precedents Access::Roles(INSIDERS, Duty::Cases), Read;
    GET "/v1/applications/{id}/checks" case_reads::list_case_checks Access::Roles(INSIDERS, Duty::Cases), Read;
    GET "/v1/applications/{id}/letters/{kind}" case_reads::get_letter Access::Roles(CASES, Duty::Cases), Read;
    POST "/v1/applications/{id}/claim" case_steps::claim_application Access::Roles(WORKERS, Duty::Handle), Keep;
    POST "/v1/applications/{id}/release" case_steps::release_application Access::Roles(WORKERS, Duty::Handle), Keep;
    POST "/v1/applications/{id}/reassign" case_steps::reassign_application Access::Roles(WORKERS, Duty::Handle), Fact;
    GET "/v1/applications/{id}/rating" ratings::get_rating Access::Roles(RATED, Duty::Cases), Read;
    POST "/v1/applications/{id}/rating" ratings::rate_application Access::Roles(ENTERPRISE, Duty::Lodge), Keep;
    GET "/v1/ratings" ratings::list_ratings Access::Roles(LEAD, Duty::Reports), Read;
    GET "/v1/reports/satisfaction" ratings::get_satisfaction Access::Roles(LEAD, Duty::Reports), Read;
    GET "/v1/reports/satisfaction.csv" ratings::export_satisfaction_csv Access::Roles(LEAD, Duty::Export), Read;
    GET "/v1/reports/satisfaction.xlsx" ratings::export_satisfaction_xlsx Access::Roles(LEAD, Duty::Export), Read;
    GET "/v1/texts" texts::list_texts Access::Roles(WORKERS, Duty::Handle), Read;
    POST "/v1/texts" texts::add_text Access::Roles(WORKERS, Duty::Handle), Keep;
    GET "/v1/texts/{id}" texts::get_text Access::Roles(WORKERS, Duty::Handle), Read;
    PUT "/v1/texts/{id}" texts::change_text Access::Roles(WORKERS, Duty::Handle), Keep;
    POST "/v1/texts/{id}/remove" texts::remove_text Access::Roles(WORKERS, Duty::Handle), Keep;
    GET "/v1/colleagues" case_reads::list_colleagues Access::Roles(WORKERS, Duty::Handle), Read;
    GET "/v1/worklists" case_reads::list_worklists Access::Roles(WORKERS, Duty::Cases), Read;
    GET "/v1/worklists/{name}" case_reads::get_worklist Access::Roles(WORKERS, Duty::Cases), Read;
    GET "/v1/reports/stages" case_reads::get_stage_report Access::Roles(SUPERVISORS, Duty::Reports), Read;
    GET "/v1/reports/figures" reports::get_figures Access::Roles(SUPERVISORS, Duty::Reports), Read;
    GET "/v1/reports/figures.csv" reports::export_figures_csv Access::Roles(SUPERVISORS, Duty::Export), Read;
    GET "/v1/reports/figures.xlsx" reports::export_figures_xlsx Access::Roles(SUPERVISORS, Duty::Export), Read;
    GET "/v1/reports/figures/{by}" reports::list_figure_rows Access::Roles(SUPERVISORS, Duty::Reports), Read;
    GET "/v1/reports/figures/{by}/rows.csv" reports::export_figure_rows_csv Access::Roles(SUPERVISORS, Duty::Export), Read;
    GET "/v1/reports/figures/{by}/rows.xlsx" reports::export_figure_rows_xlsx Access::Roles(SUPERVISORS, Duty::Export), Read;
    GET "/v1/report-jobs" report_jobs::list_report_jobs Access::Roles(READERS, Duty::Export), Read;
    POST "/v1/report-jobs" report_jobs::ask_for_report Access::Roles(READERS, Duty::Export), Keep;
    GET "/v1/report-jobs/{id}" report_jobs::get_report_job Access::Roles(READERS, Duty::Export), Read;
    GET "/v1/report-jobs/{id}/file" report_jobs::get_report_file Access::Roles(READERS, Duty::Export), Read;
    POST "/v1/report-jobs/{id}/remove" report_jobs::remove_report Access::Roles(READERS, Duty::Export), Keep;
    GET "/v1/reports/border" reports::get_border_report Access::Roles(BOARD, Duty::Border), Read;
    GET "/v1/reports/border.csv" reports::export_border_report_csv Access::Roles(BOARD, Duty::Export), Read;
    GET "/v1/reports/border.xlsx" reports::export_border_report_xlsx Access::Roles(BOARD, Duty::Export), Read;
    GET "/v1/batches" batches::list_batches Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    POST "/v1/batches" batches::collect_batch Access::Roles(OFFICER, Duty::Publish), Fact;
    GET "/v1/batches/{id}" batches::get_batch Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    POST "/v1/batches/{id}/collect" batches::recollect_batch Access::Roles(OFFICER, Duty::Publish), Fact;
    GET "/v1/batches/{id}/preview" batches::preview_batch Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    POST "/v1/batches/{id}/publish" batches::publish_batch Access::Roles(APPROVER, Duty::Publish), Fact;
    POST "/v1/batches/{id}/discard" batches::discard_batch Access::Roles(BUREAU, Duty::Publish), Fact;
    GET "/v1/notices/{number}" batches::get_notice Access::Public, Read;
    GET "/v1/notices/{number}/page" batches::get_notice_page Access::Public, Read;
    GET "/v1/notices/{number}/file" batches::get_notice_file Access::Public, Read;
    GET "/v1/reconciliations" reconciliations::list_reconciliations Access::Roles(BOARD, Duty::Border), Read;
    POST "/v1/reconciliations" reconciliations::create_reconciliation Access::Roles(HAND_IN_BOOKS, Duty::Draw), Fact;
    GET "/v1/reconciliations/{id}" reconciliations::get_reconciliation Access::Roles(BOARD, Duty::Border), Read;
    GET "/v1/reconciliations/{id}/rows" reconciliations::list_reconciliation_rows Access::Roles(BOARD, Duty::Border), Read;
    GET "/v1/reconciliations/{id}/rows.csv" reconciliations::export_reconciliation_csv Access::Roles(BOARD, Duty::Export), Read;
    GET "/v1/reconciliations/{id}/rows.xlsx" reconciliations::export_reconciliation_xlsx Access::Roles(BOARD, Duty::Export), Read;
    POST "/v1/reconciliations/{id}/confirm" reconciliations::confirm_reconciliation Access::Roles(CONFIRMERS, Duty::BorderReview), Fact;
    GET "/v1/changes" feed::list_changes Access::Roles(FEED, Duty::Feed), Read;
    GET "/v1/snapshot" feed::get_snapshot Access::Roles(FEED, Duty::Feed), Read;
    GET "/v1/snapshot/digest" feed::get_snapshot_digest Access::Roles(FEED, Duty::Feed), Read;
    GET "/v1/log/checkpoint" log::get_log_checkpoint Access::Public, Read;
    GET "/v1/log/vkey" log::get_log_vkey Access::Public, Read;
    GET "/v1/log/tile/entries/{tile}" log::get_log_bundle Access::Roles(AUDITOR, Duty::Audit), Read;
    GET "/v1/log/tile/{level}/{tile}" log::get_log_tile Access::Public, Read;
    GET "/v1/log/proof/inclusion/{index}" log::prove_inclusion Access::Public, Read;
    GET "/v1/log/proof/consistency/{old}/{new}" log::prove_consistency Access::Public, Read;
    GET "/v1/log/checkpoints" log::list_log_checkpoints Access::Roles(AUDITOR, Duty::Audit), Read;
    GET "/v1/log/timestamps" log::list_log_timestamps Access::Roles(AUDITOR, Duty::Audit), Read;
    GET "/v1/log/entries" log::list_log_entries Access::Roles(AUDITOR, Duty::Audit), Read;
    GET "/v1/log/export.tar" log::export_log Access::Roles(AUDITOR, Duty::Audit), Read;
    GET "/v1/schemes" reference::list_schemes Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    GET "/v1/schemes/{code}" reference::get_scheme Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    GET "/v1/schemes/{code}/shadow" border::get_scheme_shadow Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    GET "/v1/tariff/{hs_code}" reference::get_tariff Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    GET "/v1/calendar" reference::get_calendar Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    GET "/v1/rule-changes" rule_changes::list_rule_changes Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    POST "/v1/rule-changes" rule_changes::propose_rule_change Access::Roles(ADMINISTRATOR, Duty::Rules), Fact;
    GET "/v1/rule-changes/{id}" rule_changes::get_rule_change Access::Roles(SUPERVISORS, Duty::Oversight), Read;
    POST "/v1/rule-changes/{id}/confirm" rule_changes::confirm_rule_change Access::Roles(ADMINISTRATOR, Duty::Rules), Fact;
    POST "/v1/rule-changes/{id}/reject" rule_changes::reject_rule_change Access::Roles(ADMINISTRATOR, Duty::Rules), Fact;
    POST "/v1/rule-changes/{id}/withdraw" rule_changes::withdraw_rule_change Access::Roles(ADMINISTRATOR, Duty::Rules), Fact;
    GET "/v1/inbox" inbox::list_inbox Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    POST "/v1/inbox/{id}/read" inbox::read_notice Access::Roles(RoleSet::ALL, Duty::Everyday), Keep;
    GET "/v1/operations" operations::get_operations Access::Roles(SEE_OPERATIONS, Duty::Operate), Read;
    GET "/v1/pause" operations::get_pause Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    POST "/v1/pause" operations::pause_service Access::Roles(OPERATIONS, Duty::Operate), Fact;
    POST "/v1/resume" operations::resume_service Access::Roles(OPERATIONS, Duty::Operate), Fact;
    POST "/v1/enterprises" holders::register_enterprise Access::Roles(APPLICANT, Duty::Enterprise), Fact;
    PUT "/v1/enterprises/{uscc}" holders::change_enterprise Access::Roles(APPLICANT, Duty::Enterprise), Fact;
    GET "/v1/enterprises/{uscc}/responsible-person" holders::get_responsible_person Access::Roles(NAMED, Duty::Contacts), Read;
    PUT "/v1/enterprises/{uscc}/responsible-person" holders::name_responsible_person Access::Roles(APPLICANT, Duty::Enterprise), Fact;
    GET "/v1/enterprises/{uscc}/registration" holders::get_registration Access::Roles(NAMED, Duty::Contacts), Read;
    GET "/v1/enterprises/{uscc}/mandates" holders::list_mandates Access::Roles(MANDATES, Duty::Contacts), Read;
    POST "/v1/enterprises/{uscc}/mandates" holders::appoint_agent Access::Roles(APPLICANT, Duty::Enterprise), Fact;
    GET "/v1/mandates" holders::list_mandates_held Access::Roles(ENTERPRISE, Duty::Contacts), Read;
    POST "/v1/mandates/{id}/dismiss" holders::dismiss_agent Access::Roles(APPLICANT, Duty::Enterprise), Fact;
    GET "/v1/broadcasts" holders::list_broadcasts Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    POST "/v1/broadcasts" holders::publish_broadcast Access::Roles(OFFICER, Duty::Announce), Fact;
    GET "/v1/broadcasts/{id}" holders::get_broadcast Access::Roles(RoleSet::ALL, Duty::Everyday), Read;
    POST "/v1/broadcasts/{id}/revise" holders::revise_broadcast Access::Roles(OFFICER, Duty::Announce), Fact;
    POST "/v1/broadcasts/{id}/retract" holders::retract_broadcast Access::Roles(OFFICER, Duty::Announce), Fact;
    GET "/v1/organisations" people::list_organisations Access::Roles(STAFF, Duty::Everyday), Read;
    POST "/v1/organisations" people::register_organisation Access::Roles(ADMINISTRATOR, Duty::People), Fact;
    GET "/v1/organisations/{code}" people::get_organisation Access::Roles(STAFF, Duty::Everyday), Read;
    PUT "/v1/organisations/{code}" people::change_organisation Access::Roles(ADMINISTRATOR, Duty::People), Fact;
    GET "/v1/people" people::list_people Access::Roles(SEE_PEOPLE, Duty::SeePeople), Read;
    POST "/v1/people" people::register_person Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    GET "/v1/people/{id}" people::get_person Access::Roles(SEE_PEOPLE, Duty::SeePeople), Read;
    PUT "/v1/people/{id}" people::change_person Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    POST "/v1/people/{id}/accounts" people::join_account Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    POST "/v1/people/{id}/deactivate" people::deactivate_person Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    POST "/v1/people/{id}/reactivate" people::reactivate_person Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    POST "/v1/people/{id}/hand-over" people::hand_over Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    GET "/v1/people/{id}/grants" people::list_grants Access::Roles(SEE_PEOPLE, Duty::SeePeople), Read;
    POST "/v1/people/{id}/grants" people::grant_role Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    POST "/v1/grants/{id}/confirm" people::confirm_grant Access::Roles(ADMINISTRATOR, Duty::People), Fact;
    POST "/v1/grants/{id}/refuse" people::refuse_grant Access::Roles(ADMINISTRATOR, Duty::People), Fact;
    POST "/v1/grants/{id}/end" people::end_grant Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    GET "/v1/roles" roles::list_roles Access::Roles(SEE_PEOPLE, Duty::SeePeople), Read;
    GET "/v1/custom-roles" roles::list_custom_roles Access::Roles(SEE_PEOPLE, Duty::SeePeople), Read;
    POST "/v1/custom-roles" roles::define_custom_role Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    GET "/v1/custom-roles/{id}" roles::get_custom_role Access::Roles(SEE_PEOPLE, Duty::SeePeople), Read;
    PUT "/v1/custom-roles/{id}" roles::change_custom_role Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    POST "/v1/custom-roles/{id}/retire" roles::retire_custom_role Access::Roles(GOVERN_PEOPLE, Duty::People), Fact;
    GET "/v1/webhooks" webhooks::list_webhooks Access::Roles(WEBHOOKS, Duty::Webhooks), Read;
    POST "/v1/webhooks" webhooks::create_webhook Access::Roles(WEBHOOKS, Duty::Webhooks), Fact;
    GET "/v1/webhooks/{id}" webhooks::get_webhook Access::Roles(WEBHOOKS, Duty::Webhooks), Read;
    PUT "/v1/webhooks/{id}" webhooks::change_webhook Access::Roles(WEBHOOKS, Duty::Webhooks), Fact;
    POST "/v1/webhooks/{id}/pause" webhooks::pause_webhook Access::Roles(WEBHOOKS, Duty::Webhooks), Fact;
    POST "/v1/webhooks/{id}/resume" webhooks::resume_webhook Access::Roles(WEBHOOKS, Duty::Webhooks), Fact;
    POST "/v1/webhooks/{id}/rotate" webhooks::rotate_webhook_key Access::Roles(WEBHOOKS, Duty::Webhooks), Fact;
    POST "/v1/webhooks/{id}/remove" webhooks::remove_webhook Access::Roles(WEBHOOKS, Duty::Webhooks), Fact;
    POST "/v1/webhooks/{id}/replay" webhooks::replay_webhook Access::Roles(WEBHOOKS, Duty::Webhooks), Keep;
    GET "/v1/webhooks/{id}/dead-letters" webhooks::list_dead_letters Access::Roles(WEBHOOKS, Duty::Webhooks), Read;
    GET "/v1/evidence/{kind}/{id}" evidence::get_evidence Access::Roles(EVIDENCE, Duty::Evidence), Read;
    GET "/v1/access-records" accesses::list_access_records Access::Roles(AUDITOR, Duty::Audit), Read;
    GET "/v1/access-records/{id}" accesses::get_access_record Access::Roles(AUDITOR, Duty::Audit), Read;
    GET "/v1/privacy/erasures" privacy::list_erasures Access::Roles(SEE_ERASURES, Duty::Erasures), Read;
    POST "/v1/privacy/erasures" privacy::propose_erasure Access::Roles(ADMINISTRATOR, Duty::Erasures), Fact;
    GET "/v1/privacy/erasures/{id}" privacy::get_erasure Access::Roles(SEE_ERASURES, Duty::Erasures), Read;
    POST "/v1/privacy/erasures/{id}/confirm" privacy::confirm_erasure Access::Roles(ADMINISTRATOR, Duty::Erasures), Fact;
    POST "/v1/privacy/erasures/{id}/refuse" privacy::refuse_erasure Access::Roles(ADMINISTRATOR, Duty::Erasures), Fact;
    // Stands last: what it does changes whose roles count.
    POST "/v1/setup/first-administrator" people::set_up_first_administrator Access::Roles(ADMINISTRATOR, Duty::People), Fact;
}
