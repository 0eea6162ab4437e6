//! An enterprise's applications: begin, state items, answers, contact and evidence, check, lodge, correct.
//!
//! A draft keeps whatever is written, faults and all; every part is saved by itself, under the version that its page showed.
//! A correction is one page and is sent whole, because it may be handed in once.

pub mod correction;
pub mod evidence;
pub mod item;
pub mod lodging;

use super::super::fields::{Choice, FormView};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Failure, Visit, see_other};
use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::ETAG;
use askama::Template;
use serde_json::{Value, json};

#[derive(Template)]
#[template(path = "portal/applications.html")]
struct Applications<'a> {
    f: Frame,
    list: Json<'a>,
    more: Option<String>,
}

/// Lists the enterprise's applications.
///
/// # Errors
/// What the endpoint refuses.
pub async fn list(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/applications", &["state", "kind", "after"])).await?.view;
    let more = visit.next_page(&list);
    visit.render(&Applications {
        f: Frame::new(visit, visit.t("我的申请", "Applications")), list: Json(&list), more
    })
}

#[derive(Template)]
#[template(path = "portal/application_start.html")]
struct Start<'a> {
    f: Frame,
    form: FormView<'a>,
    kinds: Vec<Choice>,
    schemes: Vec<Choice>,
}

fn pairs(visit: &Visit, words: &[(&str, &'static str, &'static str)]) -> Vec<Choice> {
    words.iter().map(|(code, zh, en)| ((*code).to_owned(), visit.t(zh, en).to_owned())).collect()
}

/// Shows how to begin.
///
/// # Errors
/// What the endpoint refuses.
pub async fn start(visit: &Visit) -> Answer {
    let schemes = visit.get("/v1/schemes").await?.view;
    let named = Json(&schemes).each("items")?;
    let name = visit.lang.pick("name/zh", "name/en");
    let schemes: Vec<Choice> = named
        .into_iter()
        .map(|scheme| Ok((scheme.text("code")?.into_owned(), scheme.text(name)?.into_owned())))
        .collect::<Result<_, askama::Error>>()?;
    let known = json!({
        "kind": Some(visit.query.get("kind")).filter(|kind| !kind.is_empty()).unwrap_or("add"),
        "scheme": schemes.first().map(|(code, _)| code.as_str()),
        "items": [{ "listing": visit.query.get("listing") }],
    });
    let kinds = pairs(
        visit,
        &[
            ("add", "新增：申请把物品列入名单", "New: have items listed"),
            ("vary", "变更：改动已列入的物品", "Vary: change what is listed"),
            ("renew", "续期：到期前续办", "Renew: go on before it expires"),
            ("surrender", "放弃：不再需要", "Surrender: no longer needed"),
        ],
    );
    let f = Frame::new(visit, visit.t("新申请", "New application"));
    visit.render(&Start { f, form: visit.form_view(Json(&known), None), kinds, schemes })
}

/// Begins a draft.
///
/// # Errors
/// What the endpoint refuses.
pub async fn begin(visit: &Visit) -> Answer {
    let mut body = visit.form.body();
    if let Some(item) = body.pointer_mut("/items/0").and_then(Value::as_object_mut) {
        item.insert("line".to_owned(), 1.into());
    }
    let Some(reply) = visit.send(Method::POST, "/v1/applications", body).await? else { return start(visit).await };
    let id = Json(&reply.view).text("id")?.into_owned();
    Ok(see_other(&format!("/applications/{id}?done=begun")))
}

/// An application as its parts need it.
struct Opened {
    view: Value,
    etag: String,
}

impl Opened {
    fn content(&self) -> Value {
        self.view.get("content").cloned().unwrap_or_default()
    }

    fn items(&self) -> Vec<Value> {
        self.view.pointer("/content/items").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    fn is_draft(&self) -> bool {
        Json(&self.view).is("state", "draft")
    }
}

async fn open(visit: &Visit) -> Result<Opened, Failure> {
    let mut reply = visit.get(format!("/v1/applications/{}", visit.part("id"))).await?;
    // A draft that nobody has put an item in yet has none.
    if let Some(content) = reply.view.get_mut("content").and_then(Value::as_object_mut) {
        content.entry("items").or_insert_with(|| json!([]));
    }
    Ok(Opened { view: reply.view, etag: reply.etag.unwrap_or_default() })
}

/// Saves members of the draft's content.
async fn save(visit: &Visit, members: Value) -> Result<bool, Failure> {
    let target = format!("/v1/applications/{}", visit.part("id"));
    Ok(visit.send(Method::PATCH, target, members).await?.is_some())
}

/// Goes on after saving; what a page saved by itself only hears how the draft stands now.
async fn saved(visit: &Visit, part: &str) -> Answer {
    if visit.saves_itself() {
        let etag = open(visit).await?.etag;
        return Ok(HttpResponse::NoContent().insert_header((ETAG, etag)).finish());
    }
    Ok(see_other(&format!("/applications/{}{part}?done=saved", visit.part("id"))))
}

#[derive(Template)]
#[template(path = "portal/application.html")]
struct Tasks<'a> {
    f: Frame,
    case: Json<'a>,
    checklist: Json<'a>,
    id: &'a str,
    items: usize,
}

impl Tasks<'_> {
    /// Counts what is wrong with a part of the content.
    fn wrong(&self, part: &str) -> usize {
        let under = |fault: &Json<'_>| fault.text("pointer").is_ok_and(|pointer| pointer.starts_with(part));
        let faults = self.checklist.each("faults").unwrap_or_default();
        let findings = self.checklist.each("findings").unwrap_or_default();
        let blocks = findings.iter().filter(|finding| finding.has("blocks") && under(finding)).count();
        faults.iter().filter(|fault| under(fault)).count() + blocks
    }

    fn documents_missing(&self) -> usize {
        let documents = self.checklist.each("documents").unwrap_or_default();
        documents.iter().filter(|document| document.has("required") && !document.has("there")).count()
    }
}

/// Shows the parts of an application and what each still needs.
///
/// # Errors
/// What the endpoints refuse.
pub async fn tasks(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    let case = Json(&opened.view);
    if case.is("state", "asked") {
        return Ok(see_other(&format!("/applications/{}/correction", visit.part("id"))));
    }
    if !opened.is_draft() {
        return Ok(see_other(&format!("/cases/{}", visit.part("id"))));
    }
    let checklist = visit.get(format!("/v1/applications/{}/checklist", visit.part("id"))).await?.view;
    visit.render(&Tasks {
        f: Frame::new(visit, visit.t("申请", "Application")),
        case,
        checklist: Json(&checklist),
        id: visit.part("id"),
        items: opened.items().len(),
    })
}

#[derive(Template)]
#[template(path = "portal/application_items.html")]
struct Items<'a> {
    f: Frame,
    form: FormView<'a>,
    case: Json<'a>,
    id: &'a str,
}

impl Items<'_> {
    fn faults(&self, place: &usize) -> Vec<String> {
        let start = format!("/items/{place}");
        let under = |pointer: &str| pointer == start || pointer.starts_with(&format!("{start}/"));
        let faults = self.case.each("faults").unwrap_or_default();
        let said = faults.iter().filter(|fault| fault.text("pointer").is_ok_and(|pointer| under(&pointer)));
        said.filter_map(|fault| fault.text("detail").ok().map(|text| text.into_owned())).collect()
    }
}

/// Lists the items.
///
/// # Errors
/// What the endpoint refuses.
pub async fn items(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    let case = Json(&opened.view);
    visit.render(&Items {
        f: Frame::new(visit, visit.t("物品", "Items")),
        form: visit.form_view(Json::NOTHING, Some(&opened.etag)),
        case,
        id: visit.part("id"),
    })
}

/// Copies or removes an item.
///
/// # Errors
/// What the endpoint refuses.
pub async fn change_items(visit: &Visit) -> Answer {
    let mut lines = open(visit).await?.items();
    let place = |name: &str| visit.form.get(name).parse::<usize>().ok();
    if let Some(place) = place("_copy")
        && let Some(line) = lines.get(place).cloned()
    {
        let mut copy = line;
        if let Some(copy) = copy.as_object_mut() {
            copy.insert("line".to_owned(), next_line(&lines).into());
        }
        lines.push(copy);
    }
    if let Some(place) = place("_remove").filter(|place| *place < lines.len()) {
        lines.remove(place);
    }
    if save(visit, json!({ "items": lines })).await? { saved(visit, "/items").await } else { items(visit).await }
}

fn next_line(lines: &[Value]) -> i64 {
    let numbers = lines.iter().filter_map(|line| line.get("line").and_then(Value::as_i64));
    numbers.max().unwrap_or(0).saturating_add(1)
}

#[derive(Template)]
#[template(path = "portal/application_answers.html")]
struct Answers<'a> {
    f: Frame,
    form: FormView<'a>,
    id: &'a str,
    draft: bool,
    questions: Json<'a>,
}

/// Shows the questions of eligibility.
///
/// # Errors
/// What the endpoints refuse.
pub async fn answers(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    let id = visit.part("id");
    let checklist = visit.get(format!("/v1/applications/{id}/checklist")).await?.view;
    let content = opened.content();
    visit.render(&Answers {
        f: Frame::new(visit, visit.t("资格问题", "Questions")),
        form: visit.form_view(Json(&content), Some(&opened.etag)).beside_theirs(),
        id,
        draft: opened.is_draft(),
        questions: Json(&checklist),
    })
}

/// Reads the answers of a form; a question that was not answered has none.
fn answered(visit: &Visit) -> Value {
    let given = visit.form.fields("_answer/").filter(|(_, value)| !value.is_empty());
    given
        .map(|(name, value)| json!({ "question": name.trim_start_matches("_answer/"), "answer": value == "true" }))
        .collect()
}

/// Saves the answers, and why.
///
/// # Errors
/// What the endpoint refuses.
pub async fn save_answers(visit: &Visit) -> Answer {
    let mut members = visit.form.body();
    if let Some(members) = members.as_object_mut() {
        members.insert("answers".to_owned(), answered(visit));
        members.entry("reason").or_insert(Value::Null);
    }
    if save(visit, members).await? { saved(visit, "").await } else { self::answers(visit).await }
}

#[derive(Template)]
#[template(path = "portal/application_contact.html")]
struct Contact<'a> {
    f: Frame,
    form: FormView<'a>,
    id: &'a str,
    draft: bool,
}

/// Shows whom to call.
///
/// # Errors
/// What the endpoint refuses.
pub async fn contact(visit: &Visit) -> Answer {
    let opened = open(visit).await?;
    let content = opened.content();
    visit.render(&Contact {
        f: Frame::new(visit, visit.t("联系人", "Contact")),
        form: visit.form_view(Json(&content), Some(&opened.etag)).beside_theirs(),
        id: visit.part("id"),
        draft: opened.is_draft(),
    })
}

/// Saves whom to call.
///
/// # Errors
/// What the endpoint refuses.
pub async fn save_contact(visit: &Visit) -> Answer {
    if save(visit, visit.form.body()).await? { saved(visit, "").await } else { contact(visit).await }
}
