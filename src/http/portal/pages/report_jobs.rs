//! Reports made in the background: the buttons that ask for one beside an export, and what they send. The list of them is a
//! register.

use super::super::gateway::Asked;
use super::super::guard;
use super::super::visit::{Answer, Visit, see_other};
use crate::domain::duty::Duty;
use crate::domain::lang::Lang;
use askama::Template;
use askama::filters::HtmlSafe;
use serde_json::json;

/// Buttons that have exports made in the background.
#[derive(Template)]
#[template(path = "portal/make_later.html")]
pub struct Later {
    lang: Lang,
    csrf: String,
    /// The exports: path with query, and what it is called.
    targets: Vec<(String, &'static str)>,
}

impl HtmlSafe for Later {}

impl Later {
    /// Offers exports by their paths with their queries; to whose roles none is open, nothing.
    #[must_use]
    pub fn of(visit: &Visit, targets: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        let csrf = visit.session.as_ref().map(|session| guard::token(&session.csrf)).unwrap_or_default();
        let may = !visit.under(Duty::Export).is_empty();
        Self { lang: visit.lang, csrf, targets: targets.into_iter().filter(|_| may).collect() }
    }
}

/// Asks for a report.
///
/// # Errors
/// What the endpoint refuses.
pub async fn ask(visit: &Visit) -> Answer {
    visit.ask(Asked::post("/v1/report-jobs", &json!({ "target": visit.form.get("target") }))).await?;
    Ok(see_other("/registers/report-jobs?done=asked"))
}
