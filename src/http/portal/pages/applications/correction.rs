//! A correction: everything that can be corrected on one page, sent once, by a button that says so.

use super::super::super::fields::FormView;
use super::super::super::frame::Frame;
use super::super::super::json::Json;
use super::super::super::visit::{Answer, Visit, see_other};
use super::item::ItemFields;
use super::{answered, open};
use actix_web::http::Method;
use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "portal/application_correction.html")]
struct Correction<'a> {
    f: Frame,
    form: &'a FormView<'a>,
    id: &'a str,
    case: Json<'a>,
    questions: Json<'a>,
    items: Vec<(String, String, ItemFields<'a>)>,
}

/// Shows what is asked and the content to correct.
///
/// # Errors
/// What the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    let id = visit.part("id");
    let case = Json(&opened.view);
    if !case.is("state", "asked") {
        return Ok(see_other(&format!("/cases/{id}")));
    }
    let checklist = visit.get(format!("/v1/applications/{id}/checklist")).await?.view;
    let content = opened.content();
    let form = visit.form_view(Json(&content), Some(&opened.etag)).beside_theirs();
    let kind = case.text("kind")?;
    let items = opened.items();
    let fields = items.iter().enumerate().map(|(place, item)| {
        let at = format!("/items/{place}");
        let line = item.get("line").map(Value::to_string).unwrap_or_default();
        (line, format!("{at}/line:int"), ItemFields::new(visit, &form, &kind, at))
    });
    visit.render(&Correction {
        f: Frame::new(visit, visit.t("补正", "Correction")),
        form: &form,
        id,
        case,
        questions: Json(&checklist),
        items: fields.collect(),
    })
}

/// Hands the correction in; what the page does not show stays as it was lodged.
///
/// # Errors
/// What the endpoint refuses.
pub async fn hand_in(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let mut content = visit.form.onto(open(visit).await?.content());
    if let Some(content) = content.as_object_mut() {
        content.insert("answers".to_owned(), answered(visit));
        // Evidence is handed in by itself, and goes along as it stands.
        content.retain(|name, value| name != "documents" && !value.is_null());
    }
    if visit.send(Method::POST, format!("/v1/applications/{id}/correct"), content).await?.is_none() {
        return show(visit).await;
    }
    Ok(see_other(&format!("/cases/{id}?done=corrected")))
}
