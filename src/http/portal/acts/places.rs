//! What a field of an act offers that depends on the thing: places in the content of a case, its lines, schemes.

use super::super::fields::Choice;
use super::super::json::Json;
use super::super::visit::{Failure, Visit};
use super::super::words::{choices, word};
use crate::app::sentence::place;
use serde_json::Value;

/// Lists the schemes.
///
/// # Errors
/// What the endpoint refuses.
pub async fn schemes(visit: &Visit) -> Result<Vec<Choice>, Failure> {
    let list = visit.get("/v1/schemes").await?.view;
    let choice = |scheme: Json<'_>| -> Result<Choice, Failure> {
        Ok((scheme.text("code")?.into_owned(), scheme.text(visit.lang.pick("name/zh", "name/en"))?.into_owned()))
    };
    Json(&list).each("items")?.into_iter().map(choice).collect()
}

/// Lists the roles that can be granted: the fixed ones, then those of organisations' own that are in use.
///
/// # Errors
/// What the endpoint refuses.
pub async fn roles(visit: &Visit) -> Result<Vec<Choice>, Failure> {
    let mut roles = choices(visit.lang, "role");
    let list = visit.get("/v1/custom-roles?limit=200").await?.view;
    for role in Json(&list).each("items")?.into_iter().filter(|role| role.is("state", "active")) {
        let name = [visit.t("name/zh", "name/en"), "name/zh"].into_iter().find_map(|path| role.maybe(path));
        let name = name.map(|name| name.word().into_owned()).unwrap_or_default();
        let base = word(visit.lang, "role", &role.text("base")?);
        let words = visit.lang.pick(
            format!("{name}（{base}，{}）", role.text("org")?),
            format!("{name} ({base}, {})", role.text("org")?),
        );
        roles.push((role.text("id")?.into_owned(), words));
    }
    Ok(roles)
}

/// Lists the colleagues of who is signed in, by name.
///
/// # Errors
/// What the endpoint refuses.
pub async fn colleagues(visit: &Visit) -> Result<Vec<Choice>, Failure> {
    let list = visit.get("/v1/colleagues?limit=200").await?.view;
    let choice = |person: Json<'_>| -> Result<Choice, Failure> {
        Ok((person.text("id")?.into_owned(), person.text("name")?.into_owned()))
    };
    let mut choices = Json(&list).each("items")?.into_iter().map(choice).collect::<Result<Vec<_>, _>>()?;
    choices.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(choices)
}

async fn content(visit: &Visit, case: Json<'_>) -> Result<Value, Failure> {
    let number = case.whole("content_number")?;
    let lodged = visit.get(format!("/v1/applications/{}/contents/{number}", visit.part("id"))).await?.view;
    Ok(lodged.get("content").cloned().unwrap_or_default())
}

/// Lists the items of a case by their lines.
///
/// # Errors
/// What the endpoint refuses.
pub async fn lines(visit: &Visit, case: Json<'_>) -> Result<Vec<Choice>, Failure> {
    let content = content(visit, case).await?;
    let choice = |item: Json<'_>| -> Result<Choice, Failure> {
        let line = item.text("line")?;
        Ok((line.to_string(), format!("{line} · {}", name(item))))
    };
    Json(&content).each("items")?.into_iter().map(choice).collect()
}

fn name(item: Json<'_>) -> String {
    ["item/name_zh", "listing"]
        .iter()
        .find_map(|path| item.maybe(path))
        .map(|name| name.word().into_owned())
        .unwrap_or_default()
}

/// Lists every place of the content of a case that a notice can point at, then its documents.
///
/// # Errors
/// What the endpoints refuse.
pub async fn places(visit: &Visit, case: Json<'_>) -> Result<Vec<Choice>, Failure> {
    let content = content(visit, case).await?;
    let mut places = Vec::new();
    walk(visit, &content, "", &mut places);
    let documents = visit.get(format!("/v1/applications/{}/documents", visit.part("id"))).await?.view;
    for document in Json(&documents).each("items")? {
        let words = format!("{}{}", visit.t("材料：", "Document: "), document.text("name")?);
        places.push((document.text("id")?.into_owned(), words));
    }
    Ok(places)
}

/// Members that are not the applicant's to correct.
const FIXED: [&str; 3] = ["line", "documents", "kind"];

fn walk(visit: &Visit, value: &Value, at: &str, places: &mut Vec<Choice>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !FIXED.contains(&name.as_str())) {
                walk(visit, value, &format!("{at}/{name}"), places);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                let at = format!("{at}/{index}");
                places.push((at.clone(), format!("{} {}", place(&at, visit.lang), name(Json(item)))));
                walk(visit, item, &at, places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            places.push((at.to_owned(), place(at, visit.lang)));
        }
    }
}
