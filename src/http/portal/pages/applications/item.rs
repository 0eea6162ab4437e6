//! One item of an application: its fields, wherever they are shown, and saving it in its place.

use super::super::super::fields::{Choice, FormView};
use super::super::super::frame::Frame;
use super::super::super::json::Json;
use super::super::super::visit::{Answer, Visit, see_other};
use super::{Opened, items, next_line, open, pairs, save, saved};
use crate::domain::code::UnitCode;
use crate::http::problem::ProblemType;
use actix_web::http::header::{CONTENT_LOCATION, HeaderValue};
use askama::Template;
use askama::filters::HtmlSafe;
use serde_json::{Value, json};

/// The fields of one item.
#[derive(Template)]
#[template(path = "portal/item_fields.html")]
pub struct ItemFields<'a> {
    form: &'a FormView<'a>,
    /// Pointer of the item in the form; empty where the form is the item.
    at: String,
    kind: &'a str,
    purposes: Vec<Choice>,
    units: Vec<Choice>,
}

impl HtmlSafe for ItemFields<'_> {}

impl<'a> ItemFields<'a> {
    /// Makes the fields of an item at a pointer of the form.
    pub fn new(visit: &Visit, form: &'a FormView<'a>, kind: &'a str, at: String) -> Self {
        let unit = |unit: UnitCode| (unit.to_string(), format!("{} {unit}", unit.name(visit.lang)));
        let purposes = pairs(
            visit,
            &[
                ("preclinical_item", "临床前研究用物品", "Item for preclinical research"),
                ("process_material", "工艺研究用原料", "Material for process research"),
                ("excipient", "药用辅料", "Excipient"),
            ],
        );
        Self { form, at, kind, purposes, units: UnitCode::all().map(unit).collect() }
    }

    fn named(&self, name: &str) -> String {
        format!("{}{name}", self.at)
    }
}

#[derive(Template)]
#[template(path = "portal/application_item.html")]
struct Item<'a> {
    f: Frame,
    form: &'a FormView<'a>,
    id: &'a str,
    place: &'a str,
    line: String,
    adding: bool,
    fields: ItemFields<'a>,
}

/// Finds the item that a page is about: by its place as the page is opened, by its number once it was shown, because
/// somebody may have moved it meanwhile.
fn place(visit: &Visit, lines: &[Value]) -> Option<usize> {
    let number = visit.form.get("_line").parse::<i64>().ok();
    match number {
        Some(number) => lines.iter().position(|line| line.get("line").and_then(Value::as_i64) == Some(number)),
        None => visit.part("place").parse::<usize>().ok().filter(|place| *place < lines.len()),
    }
}

async fn page(visit: &Visit, opened: &Opened) -> Answer {
    let lines = opened.items();
    let known = place(visit, &lines).and_then(|place| lines.get(place)).cloned().unwrap_or_default();
    let kind = Json(&opened.view).text("kind")?;
    let form = visit.form_view(Json(&known), Some(&opened.etag));
    // What was never saved has nobody else's values beside it.
    let form = if known.is_object() { form.beside_theirs() } else { form };
    visit.render(&Item {
        f: Frame::new(visit, visit.t("物品", "Item")),
        form: &form,
        id: visit.part("id"),
        place: visit.part("place"),
        line: known.get("line").map(Value::to_string).unwrap_or_default(),
        adding: kind != "surrender",
        fields: ItemFields::new(visit, &form, &kind, String::new()),
    })
}

/// Shows one item.
///
/// # Errors
/// What the endpoint refuses.
pub async fn show(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    page(visit, &opened).await
}

/// Saves one item in its place, or as a new one; what its page does not show stays as it is.
///
/// # Errors
/// What the endpoint refuses.
pub async fn save_item(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    let mut lines = opened.items();
    let next = next_line(&lines);
    let (at, lines_before) = (place(visit, &lines), lines.len());
    match place(visit, &lines).and_then(|place| lines.get_mut(place)) {
        Some(known) => *known = visit.form.onto(known.take()),
        // Removed by somebody else while it was shown: their list, not a new item.
        None if !visit.form.get("_line").is_empty() => return items(visit).await,
        None => {
            let mut line = visit.form.body();
            if let Some(line) = line.as_object_mut() {
                line.insert("line".to_owned(), next.into());
            }
            lines.push(line);
        }
    }
    if !save(visit, json!({ "items": lines })).await? {
        return page(visit, &opened).await;
    }
    if visit.saves_itself() {
        // What was new has its own place from now on, so that saving it again changes it.
        let (place, id) = (at.unwrap_or(lines_before), visit.part("id"));
        let mut response = saved(visit, "/items").await?;
        let there = HeaderValue::from_str(&format!("/applications/{id}/items/{place}"));
        response.headers_mut().insert(CONTENT_LOCATION, there.map_err(|_| ProblemType::Internal)?);
        return Ok(response);
    }
    if visit.form.sent("_another") {
        return Ok(see_other(&format!("/applications/{}/items/new?done=saved", visit.part("id"))));
    }
    saved(visit, "/items").await
}
