//! Filters of lists kept under a name: shown above the list, kept and forgotten by a press.

use super::super::guard;
use super::super::visit::{Answer, Failure, Visit, see_other};
use crate::app::saved_filters::SavedFilter;
use crate::domain::lang::Lang;
use crate::http::blocking::hop;
use crate::http::problem::{Problem, ProblemType};
use askama::Template;
use askama::filters::HtmlSafe;
use std::sync::Arc;

/// Longest name, in characters.
const NAME: usize = 40;
/// Longest query, in bytes.
const QUERY: usize = 1_000;

/// The filters of a list, as they stand above it.
#[derive(Template)]
#[template(path = "portal/filters.html")]
pub struct Filters {
    lang: Lang,
    csrf: String,
    page: String,
    /// The filter that is in force; empty where there is none to keep.
    query: String,
    saved: Vec<SavedFilter>,
}

impl HtmlSafe for Filters {}

/// Reads the filters that somebody keeps for the list that is open.
///
/// # Errors
/// The store's failure.
pub async fn of_list(visit: &Visit) -> Result<Filters, Failure> {
    let page = visit.request.path().to_owned();
    let (app, caller, of) = (Arc::clone(&visit.edge.app), visit.caller()?, page.clone());
    let saved = hop(move || app.saved_filters(&caller, &of)).await?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in
        visit.query.fields("").filter(|(name, value)| !value.is_empty() && !matches!(*name, "after" | "done"))
    {
        query.append_pair(name, value);
    }
    let csrf = visit.session.as_ref().map(|session| guard::token(&session.csrf)).unwrap_or_default();
    Ok(Filters { lang: visit.lang, csrf, page, query: query.finish(), saved })
}

/// Keeps the filter of a list under a name, or forgets one.
///
/// # Errors
/// `invalid-request` for what names no list or has no name; the store's failure.
pub async fn keep(visit: &Visit) -> Answer {
    let said = |name: &str| visit.form.get(name).trim().to_owned();
    let filter = SavedFilter { page: said("_page"), name: said("_name"), query: said("_query") };
    let local =
        filter.page.starts_with('/') && !filter.page.starts_with("//") && !filter.page.contains(['\\', '?', '#']);
    if !local || filter.name.is_empty() || filter.name.chars().count() > NAME || filter.query.len() > QUERY {
        return Err(Problem::new(ProblemType::InvalidRequest)
            .with_detail("请给筛选起一个不超过 40 个字的名称。", "Give the filter a name of at most 40 characters.")
            .into());
    }
    let (app, caller, back) = (Arc::clone(&visit.edge.app), visit.caller()?, filter.page.clone());
    if visit.form.sent("_forget") {
        hop(move || app.forget_filter(&caller, filter)).await?;
        return Ok(see_other(&format!("{back}?done=done")));
    }
    let query = filter.query.clone();
    if hop(move || app.save_filter(&caller, filter)).await? {
        return Ok(see_other(&format!("{back}?{query}&done=saved")));
    }
    Err(Problem::new(ProblemType::InvalidRequest)
        .with_detail("最多保存 100 个筛选；请先删除不用的。", "At most 100 filters are kept; forget some first.")
        .into())
}
