//! THE table of pages: method, path, handler, who may open it. A page that does not stand here is not reachable.
//!
//! Who may open a page only decides what is offered: what may be seen and done on it is the endpoints' to say.

use super::pages::applications::{correction, evidence, item, lodging};
use super::pages::{
    account, applications, audit, border, bureau, cases, decisions, errors, filters, help, home, imports, listings,
    lookup, notices, operations, oversight, people, public, report_jobs, reports, roles, rules, satisfaction, traffic,
};
use super::{acts, assets, registers, sign_in, visit};
use crate::domain::actor::{Role, RoleSet};
use crate::http::endpoints::{
    ADMINISTRATOR, APPLICANT, APPROVER, AUDITOR, BOARD, BUREAU, CASES, DECLARATIONS, ENTERPRISE, EVIDENCE,
    GOVERN_PEOPLE, INSIDERS, INSPECTED, LEAD, OFFICER, READERS, REVIEWER, SEE_PEOPLE, STOPS, SUPERVISORS, WEBHOOKS,
    WORKERS, route,
};
use crate::http::unknown::unknown_path;
use actix_web::http::Method;
use actix_web::http::header::ACCEPT;
use actix_web::middleware::Compress;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};

/// Who may open a page.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever has signed in.
    SignedIn,
    /// Who holds one of these roles.
    Roles(RoleSet),
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// HTTP method.
    pub method: &'static str,
    /// Path with its parameters.
    pub path: &'static str,
    /// Who may open it.
    pub access: Access,
}

/// Officers of customs.
pub const CUSTOMS: RoleSet = RoleSet::of(&[Role::CustomsOfficer]);
/// The operator.
pub const OPERATOR: RoleSet = RoleSet::of(&[Role::Operator, Role::BureauAdmin]);

/// A place that is no page of the table: what is answered there is a page all the same.
const NO_PAGE: Page = Page { method: "GET", path: "", access: Access::Public };

/// Answers an address that is neither a page nor an endpoint: with a page to a person's browser, with a problem to a program.
pub async fn unknown(request: HttpRequest, payload: Payload) -> HttpResponse {
    let accepts = request.headers().get(ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    if request.path().starts_with("/v1/") || !accepts.contains("text/html") {
        return unknown_path(request).await;
    }
    visit::serve(&NO_PAGE, request, payload, async |visit: &visit::Visit| errors::unknown(visit).await).await
}

macro_rules! pages {
    ($( $method:ident $path:literal $module:ident::$handler:ident $access:expr; )+) => {
        /// Every page.
        pub const PAGES: &[Page] = &[ $( Page { method: stringify!($method), path: $path, access: $access }, )+ ];

        /// Registers every page, one resource per path.
        pub fn configure(config: &mut ServiceConfig) {
            let mut resources: Vec<(&'static str, Resource)> = Vec::new();
            $( resources = route(resources, $path, |resource| {
                resource.route(web::method(Method::$method).to(|request: HttpRequest, payload: Payload| {
                    const PAGE: Page = Page { method: stringify!($method), path: $path, access: $access };
                    visit::serve(&PAGE, request, payload, async |visit: &visit::Visit| $module::$handler(visit).await)
                }))
            }); )+
            for (_, resource) in resources {
                let others = web::to(|request: HttpRequest, payload: Payload| {
                    visit::serve(&NO_PAGE, request, payload, async |_: &visit::Visit| errors::other_method())
                });
                config.service(resource.default_service(others).wrap(Compress::default()));
            }
            let asset = web::resource("/assets/{name}").route(web::get().to(assets::serve));
            config.service(asset.wrap(Compress::default()));
        }
    };
}

pages! {
    GET "/" home::show Access::SignedIn;
    GET "/sign-in" account::sign_in Access::Public;
    POST "/sign-in" account::sign_in_as Access::Public;
    GET "/sign-in/at/{place}" sign_in::begin Access::Public;
    GET "/sign-in/prove" sign_in::prove Access::SignedIn;
    GET "/sign-in/return" sign_in::finish Access::Public;
    POST "/sign-out" account::sign_out Access::SignedIn;
    GET "/sign-out/at/{place}" sign_in::end Access::Public;
    GET "/go-on" account::go_on Access::SignedIn;
    GET "/signed-out" sign_in::signed_out Access::Public;
    GET "/account" account::show Access::SignedIn;
    POST "/account/sessions/{name}/end" account::end_session Access::SignedIn;
    POST "/account/acting-for" account::act_for Access::SignedIn;
    GET "/help" help::show Access::Public;
    GET "/accessibility" help::accessibility Access::Public;
    GET "/inbox" notices::list Access::SignedIn;
    POST "/inbox/{id}/read" notices::read Access::SignedIn;
    POST "/filters" filters::keep Access::SignedIn;
    GET "/search" listings::search Access::SignedIn;
    GET "/listings" listings::list Access::Roles(READERS);
    GET "/listings.{format}" listings::export Access::Roles(READERS);
    GET "/listings/{number}" listings::show Access::Roles(READERS);
    GET "/listings/{number}/certificate" listings::certificate Access::Roles(READERS);
    GET "/listings/{number}/certificate.pdf" listings::certificate_pdf Access::Roles(CASES);
    POST "/listings/{number}/certificate" listings::issue Access::Roles(CASES);
    GET "/listing-changes" listings::changes Access::Roles(READERS);
    GET "/enterprises" oversight::enterprises Access::Roles(READERS);
    GET "/enterprises/{uscc}" oversight::enterprise Access::Roles(READERS);
    GET "/look-up" lookup::show Access::Roles(CUSTOMS);
    POST "/look-up" lookup::ask Access::Roles(CUSTOMS);
    GET "/look-ups" lookup::history Access::Roles(CUSTOMS);
    GET "/dry-run" lookup::dry Access::Roles(ENTERPRISE);
    POST "/dry-run" lookup::dry_run Access::Roles(ENTERPRISE);
    GET "/declarations" border::declarations Access::Roles(DECLARATIONS);
    GET "/declarations/{number}" border::declaration Access::Roles(DECLARATIONS);
    GET "/declarations/{number}/correct" border::correction Access::Roles(CUSTOMS);
    POST "/declarations/{number}/correct" border::correct Access::Roles(CUSTOMS);
    GET "/manual-release" border::manual_release Access::Roles(CUSTOMS);
    POST "/manual-release" border::release Access::Roles(CUSTOMS);
    GET "/manual-releases" border::manual_releases Access::Roles(BOARD);
    GET "/applications" applications::list Access::Roles(ENTERPRISE);
    GET "/applications/new" applications::start Access::Roles(ENTERPRISE);
    POST "/applications/new" applications::begin Access::Roles(ENTERPRISE);
    GET "/applications/{id}" applications::tasks Access::Roles(ENTERPRISE);
    GET "/applications/{id}/items" applications::items Access::Roles(ENTERPRISE);
    POST "/applications/{id}/items" applications::change_items Access::Roles(ENTERPRISE);
    GET "/applications/{id}/items/{place}" item::show Access::Roles(ENTERPRISE);
    POST "/applications/{id}/items/{place}" item::save_item Access::Roles(ENTERPRISE);
    GET "/applications/{id}/answers" applications::answers Access::Roles(ENTERPRISE);
    POST "/applications/{id}/answers" applications::save_answers Access::Roles(ENTERPRISE);
    GET "/applications/{id}/contact" applications::contact Access::Roles(ENTERPRISE);
    POST "/applications/{id}/contact" applications::save_contact Access::Roles(ENTERPRISE);
    GET "/applications/{id}/documents" evidence::documents Access::Roles(ENTERPRISE);
    POST "/applications/{id}/documents" evidence::attach Access::Roles(ENTERPRISE);
    GET "/applications/{id}/import" imports::show Access::Roles(ENTERPRISE);
    POST "/applications/{id}/import" imports::bring Access::Roles(ENTERPRISE);
    GET "/imports/{what}" imports::show Access::Roles(OFFICER.union(CUSTOMS));
    POST "/imports/{what}" imports::bring Access::Roles(OFFICER.union(CUSTOMS));
    GET "/applications/{id}/correction" correction::show Access::Roles(ENTERPRISE);
    POST "/applications/{id}/correction" correction::hand_in Access::Roles(ENTERPRISE);
    GET "/applications/{id}/check" lodging::check Access::Roles(ENTERPRISE);
    POST "/applications/{id}/lodge" lodging::lodge Access::Roles(ENTERPRISE);
    GET "/applications/{id}/receipt" lodging::receipt Access::Roles(ENTERPRISE);
    GET "/documents/{id}" cases::document Access::Roles(CASES);
    GET "/worklists/{name}" cases::worklist Access::Roles(WORKERS);
    GET "/cases" cases::list Access::Roles(INSIDERS);
    GET "/cases/{id}" cases::show Access::Roles(CASES);
    GET "/cases/{id}/letters/{kind}" cases::letter Access::Roles(CASES);
    POST "/cases/{id}/hand/{hand}" cases::in_hand Access::Roles(WORKERS);
    GET "/cases/{id}/opinions" cases::opinions Access::Roles(REVIEWER);
    POST "/cases/{id}/opinions" cases::opine Access::Roles(REVIEWER);
    POST "/cases/{id}/opinions/draft" cases::draft Access::Roles(REVIEWER);
    GET "/cases/{id}/decisions" cases::decisions Access::Roles(OFFICER);
    POST "/cases/{id}/decisions" cases::propose Access::Roles(OFFICER);
    GET "/decisions" decisions::show Access::Roles(APPROVER);
    POST "/decisions" decisions::decide Access::Roles(APPROVER);
    GET "/batches" bureau::batches Access::Roles(SUPERVISORS);
    POST "/batches" bureau::collect Access::Roles(OFFICER);
    GET "/batches/{id}" bureau::batch Access::Roles(SUPERVISORS);
    GET "/batches/{id}/items" bureau::batch_items Access::Roles(OFFICER);
    POST "/batches/{id}/items" bureau::recollect Access::Roles(OFFICER);
    GET "/adjustments" bureau::adjustments Access::Roles(SUPERVISORS);
    GET "/adjustments/{id}" bureau::adjustment Access::Roles(SUPERVISORS);
    GET "/stops" bureau::stops Access::Roles(STOPS);
    GET "/stops/new" bureau::new_stop Access::Roles(BUREAU);
    POST "/stops/new" bureau::make_stop Access::Roles(BUREAU);
    GET "/stops/{id}" bureau::stop Access::Roles(STOPS);
    GET "/supervision" oversight::supervision Access::Roles(SUPERVISORS);
    GET "/border" traffic::show Access::Roles(BOARD);
    GET "/border.{format}" traffic::export Access::Roles(BOARD);
    GET "/reports" reports::show Access::Roles(SUPERVISORS);
    GET "/reports.{format}" reports::export Access::Roles(SUPERVISORS);
    GET "/reports/{by}/rows.{format}" reports::export_rows Access::Roles(SUPERVISORS);
    GET "/reports/{by}" reports::rows Access::Roles(SUPERVISORS);
    POST "/report-jobs" report_jobs::ask Access::Roles(READERS);
    GET "/satisfaction" satisfaction::show Access::Roles(LEAD);
    GET "/satisfaction.{format}" satisfaction::export Access::Roles(LEAD);
    GET "/usage-returns" oversight::usage Access::Roles(INSPECTED);
    GET "/usage-returns/new" oversight::new_return Access::Roles(ENTERPRISE);
    POST "/usage-returns/new" oversight::hand_in Access::Roles(ENTERPRISE);
    GET "/schemes" oversight::schemes Access::SignedIn;
    GET "/schemes/{code}" oversight::scheme Access::SignedIn;
    GET "/rule-changes/new/{table}" rules::new Access::Roles(ADMINISTRATOR);
    POST "/rule-changes/new/{table}" rules::propose Access::Roles(ADMINISTRATOR);
    GET "/rule-changes/{id}" rules::show Access::Roles(SUPERVISORS);
    GET "/people" people::list Access::Roles(SEE_PEOPLE);
    GET "/people/{id}" people::show Access::Roles(SEE_PEOPLE);
    GET "/roles" roles::list Access::Roles(SEE_PEOPLE);
    GET "/roles/new" roles::new Access::Roles(GOVERN_PEOPLE);
    POST "/roles/new" roles::define Access::Roles(GOVERN_PEOPLE);
    GET "/roles/{id}" roles::show Access::Roles(SEE_PEOPLE);
    GET "/roles/{id}/change" roles::edit Access::Roles(GOVERN_PEOPLE);
    POST "/roles/{id}/change" roles::change Access::Roles(GOVERN_PEOPLE);
    GET "/my-enterprise" oversight::my_enterprise Access::Roles(APPLICANT);
    GET "/registers/{slug}" registers::show Access::SignedIn;
    GET "/registers/{slug}/{id}/file" registers::file Access::SignedIn;
    GET "/registers/webhooks/{id}/dead-letters" registers::dead_letters Access::Roles(WEBHOOKS);
    GET "/registers/reconciliations/{id}/rows" registers::reconciled Access::Roles(BOARD);
    GET "/agents" oversight::agents Access::Roles(APPLICANT);
    POST "/agents" oversight::appoint Access::Roles(APPLICANT);
    GET "/log" audit::entries Access::Roles(AUDITOR);
    GET "/log/state" audit::state Access::Roles(AUDITOR);
    GET "/log/export.tar" audit::export Access::Roles(AUDITOR);
    GET "/evidence/{kind}/{id}" audit::evidence Access::Roles(EVIDENCE);
    GET "/operations" operations::operations Access::Roles(OPERATOR);
    GET "/notices/{number}" public::notice Access::Public;
    GET "/check" public::check Access::Public;
    GET "/do/{act}/{id}" acts::show Access::SignedIn;
    POST "/do/{act}/{id}" acts::carry_out Access::SignedIn;
}
