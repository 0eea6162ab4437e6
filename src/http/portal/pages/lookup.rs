//! The border look-up: one box for a phone and a scanner, one verdict to read from two metres; and a list to paste.
//!
//! What is asked goes to the same endpoint as a customs system's question, and is recorded like it.

use super::super::fields::FormView;
use super::super::form::Form;
use super::super::frame::Frame;
use super::super::gateway::Asked;
use super::super::json::Json;
use super::super::show;
use super::super::visit::{Answer, Failure, Visit};
use crate::domain::lang::Lang;
use askama::Template;
use serde_json::{Map, Value, json};

/// Most lines of a pasted list, as the endpoint has it.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "portal/look_up.html")]
struct LookUp<'a> {
    f: Frame,
    form: FormView<'a>,
    answer: Json<'a>,
    lines: Vec<Line<'a>>,
    dry: bool,
}

/// A line of an answer with what was asked for it.
struct Line<'a> {
    asked: String,
    answer: Json<'a>,
}

fn page<'a>(visit: &'a Visit, known: Json<'a>, answer: Json<'a>, lines: Vec<Line<'a>>, dry: bool) -> Answer {
    let title = if dry { visit.t("报关前试核", "Dry run") } else { visit.t("口岸核验", "Border look-up") };
    visit.render(&LookUp { f: Frame::new(visit, title), form: visit.form_view(known, None), answer, lines, dry })
}

/// Shows the box.
///
/// # Errors
/// As rendering.
pub async fn show(visit: &Visit) -> Answer {
    let known = known(visit);
    page(visit, Json(&known), Json::NOTHING, Vec::new(), false)
}

fn known(visit: &Visit) -> Value {
    let office = visit.session.as_ref().map(|session| session.caller.org.to_string()).unwrap_or_default();
    let office = if office.len() == 4 { office } else { String::new() };
    let today = visit.edge.app.clock.now().day().to_string();
    json!({ "declaration": { "customs_office": office, "declared_on": today } })
}

/// Answers what was asked.
///
/// # Errors
/// What the endpoint refuses.
pub async fn ask(visit: &Visit) -> Answer {
    answer(visit, "/v1/lookups", false).await
}

/// Shows the same for an enterprise, which asks before it declares.
///
/// # Errors
/// As rendering.
pub async fn dry(visit: &Visit) -> Answer {
    let known = known(visit);
    page(visit, Json(&known), Json::NOTHING, Vec::new(), true)
}

/// Answers what an enterprise asked; nothing is recorded.
///
/// # Errors
/// What the endpoint refuses.
pub async fn dry_run(visit: &Visit) -> Answer {
    answer(visit, "/v1/lookups/dry-run", true).await
}

async fn answer(visit: &Visit, target: &str, dry: bool) -> Answer {
    let (body, asked) = question(&visit.form, visit.lang);
    let known = known(visit);
    let reply = match visit.ask(Asked::post(target, &body)).await {
        Ok(reply) => reply.view,
        Err(refused) => {
            visit.refuse(refused)?;
            return page(visit, Json(&known), Json::NOTHING, Vec::new(), dry);
        }
    };
    let answers = Json(&reply).each("lines").map_err(Failure::from)?;
    let mut lines: Vec<Line<'_>> =
        answers.into_iter().zip(asked).map(|(answer, asked)| Line { asked, answer }).collect();
    // What must be looked at stands first.
    lines.sort_by_key(|line| line.answer.is("verdict", "allowed"));
    let again = json!({ "declaration": body.get("declaration"), "pasted": visit.form.get("_pasted"), "lines": body.get("lines") });
    page(visit, Json(&again), Json(&reply), lines, dry)
}

/// Makes the question: the one line of the fields, or a pasted list of them.
fn question(form: &Form, lang: Lang) -> (Value, Vec<String>) {
    let mut body = form.body();
    let pasted = form.get("_pasted");
    if !pasted.trim().is_empty() {
        let lines: Vec<Value> =
            pasted.lines().filter(|line| !line.trim().is_empty()).take(MOST + 1).enumerate().map(pasted_line).collect();
        if let Some(body) = body.as_object_mut() {
            body.insert("lines".to_owned(), lines.into());
        }
    } else if let Some(line) = body.pointer_mut("/lines/0").and_then(Value::as_object_mut) {
        line.insert("line".to_owned(), 1.into());
    }
    let lines = body.get("lines").and_then(Value::as_array);
    let text = |line: &Value, name: &str| Json(line).text(name).map(|text| text.into_owned()).unwrap_or_default();
    let asked = lines.into_iter().flatten().map(|line| {
        let parts = ["enterprise", "hs_code", "listing", "cas"].map(|name| text(line, name));
        let quantity = show::quantity(lang, &text(line, "quantity"), &text(line, "unit"));
        parts
            .into_iter()
            .chain([quantity.trim_end().to_owned()])
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    });
    let asked = asked.collect();
    (body, asked)
}

/// Reads a pasted line: enterprise, HS code, and if known quantity, unit and listing, parted by blanks, commas or tabs.
fn pasted_line((place, line): (usize, &str)) -> Value {
    let mut members = Map::new();
    members.insert("line".to_owned(), place.saturating_add(1).into());
    let words = line.split([',', '，', '\t', ' ', ';', '；']).map(str::trim).filter(|word| !word.is_empty());
    for (name, word) in ["enterprise", "hs_code", "quantity", "unit", "listing"].into_iter().zip(words) {
        members.insert(name.to_owned(), word.into());
    }
    Value::Object(members)
}

#[derive(Template)]
#[template(path = "portal/look_ups.html")]
struct LookUps<'a> {
    f: Frame,
    list: Json<'a>,
    asked: bool,
    more: Option<String>,
}

/// Lists what the officer asked, or what their customs asked about a declaration.
///
/// # Errors
/// What the endpoint refuses.
pub async fn history(visit: &Visit) -> Answer {
    let asked = !visit.query.get("declaration").is_empty();
    let list = visit.get(visit.endpoint("/v1/answers", &["declaration", "after"])).await?.view;
    let more = visit.next_page(&list);
    visit.render(&LookUps { f: Frame::new(visit, visit.t("核验记录", "Look-ups")), list: Json(&list), asked, more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_list_is_a_declaration_of_many_lines() {
        let form = Form::read("/declaration/customs_office=0101&_pasted=A,1,5,036\nB\t2\n\nC".as_bytes());
        let (body, asked) = question(&form, Lang::Zh);
        assert_eq!(
            body["lines"][0],
            json!({ "line": 1, "enterprise": "A", "hs_code": "1", "quantity": "5", "unit": "036" })
        );
        assert_eq!(body["lines"][2], json!({ "line": 3, "enterprise": "C" }));
        assert_eq!(asked, ["A · 1 · 5 克", "B · 2", "C"]);
        let (one, _) = question(&Form::read(b"/lines/0/enterprise=A"), Lang::Zh);
        assert_eq!(one, json!({ "lines": [{ "enterprise": "A", "line": 1 }] }));
    }
}
