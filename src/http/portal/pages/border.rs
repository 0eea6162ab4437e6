//! Quantity at the border as people see it: declarations, what was released against an answer, and its review.

use super::super::fields::{Choice, FormView};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::table::CUSTOMS;
use super::super::visit::{Answer, Failure, Visit, see_other};
use super::super::words::{choices, word};
use crate::domain::duty::Duty;
use crate::domain::lang::Lang;
use crate::http::endpoints::{BUREAU, EVIDENCE};
use actix_web::http::Method;
use askama::Template;
use serde_json::json;

#[derive(Template)]
#[template(path = "portal/declarations.html")]
struct Declarations<'a> {
    f: Frame,
    list: Json<'a>,
    state: &'a str,
    enterprise: &'a str,
    older: &'a str,
    states: [&'static str; 4],
    more: Option<String>,
}

/// Lists declarations; those that customs never finished can be found by their age.
///
/// # Errors
/// What the endpoint refuses.
pub async fn declarations(visit: &Visit) -> Answer {
    let filters = ["state", "enterprise", "listing", "older_than_days", "after"];
    let list = visit.get(visit.endpoint("/v1/declarations", &filters)).await?.view;
    visit.render(&Declarations {
        f: Frame::new(visit, visit.t("报关单用量", "Declarations")).naming(&list).await?,
        more: visit.next_page(&list),
        list: Json(&list),
        state: visit.query.get("state"),
        enterprise: visit.query.get("enterprise"),
        older: visit.query.get("older_than_days"),
        states: ["reserved", "released", "cancelled", "lapsed"],
    })
}

#[derive(Template)]
#[template(path = "portal/declaration.html")]
struct Declaration<'a> {
    f: Frame,
    declaration: Json<'a>,
    evidence: bool,
    corrects: bool,
}

/// Shows a declaration with its history.
///
/// # Errors
/// What the endpoint refuses.
pub async fn declaration(visit: &Visit) -> Answer {
    let number = visit.part("number");
    let declaration = visit.get(format!("/v1/declarations/{number}")).await?.view;
    let f = Frame::new(visit, format!("{} {number}", visit.t("报关单", "Declaration"))).naming(&declaration).await?;
    let evidence = visit.may(EVIDENCE, Duty::Evidence);
    let corrects = visit.may(CUSTOMS, Duty::Draw) && Json(&declaration).is("state", "released");
    visit.render(&Declaration { f, declaration: Json(&declaration), evidence, corrects })
}

/// A line of a declaration as a correction states it.
struct Line {
    at: String,
    line: String,
    about: String,
    unit: String,
}

impl Line {
    fn field(&self) -> String {
        format!("{}/quantity", self.at)
    }

    fn label(&self, lang: &Lang) -> String {
        let lang = *lang;
        let (line, unit) = (&self.line, word(lang, "unit", &self.unit));
        lang.pick(format!("第 {line} 行的数量（{unit}）"), format!("Quantity of line {line} ({unit})"))
    }
}

#[derive(Template)]
#[template(path = "portal/declaration_correct.html")]
struct Correction<'a> {
    f: Frame,
    form: FormView<'a>,
    number: &'a str,
    lines: Vec<Line>,
    reasons: Vec<Choice>,
}

/// Shows the form that puts right what was released.
///
/// # Errors
/// What the endpoint refuses.
pub async fn correction(visit: &Visit) -> Answer {
    let number = visit.part("number");
    let declaration = visit.get(format!("/v1/declarations/{number}")).await?.view;
    let shown = Json(&declaration);
    let mut last = 0;
    for step in shown.each("history")? {
        last = last.max(step.whole("sequence").unwrap_or(0));
    }
    let line = |(place, line): (usize, Json<'_>)| -> Result<Line, Failure> {
        let listing = line.maybe("listing").map(|listing| listing.word().into_owned()).unwrap_or_default();
        Ok(Line {
            at: format!("/lines/{place}"),
            line: line.text("line")?.into_owned(),
            about: format!("{listing} {}", line.text("hs_code")?).trim().to_owned(),
            unit: line.text("unit")?.into_owned(),
        })
    };
    let lines = shown.each("lines")?.into_iter().enumerate().map(line).collect::<Result<_, _>>()?;
    let known = json!({ "lines": declaration.get("lines"), "sequence": last.saturating_add(1) });
    visit.render(&Correction {
        f: Frame::new(visit, visit.t("更正放行数量", "Correct what was released")),
        form: visit.form_view(Json(&known), None),
        number,
        lines,
        reasons: choices(visit.lang, "release_correction"),
    })
}

/// Puts right what was released.
///
/// # Errors
/// What the endpoint refuses.
pub async fn correct(visit: &Visit) -> Answer {
    let number = visit.part("number");
    if visit.send(Method::POST, format!("/v1/declarations/{number}/correct"), visit.form.body()).await?.is_none() {
        return correction(visit).await;
    }
    Ok(see_other(&format!("/declarations/{number}?done=saved")))
}

#[derive(Template)]
#[template(path = "portal/manual_release.html")]
struct ManualRelease<'a> {
    f: Frame,
    form: FormView<'a>,
    reasons: Vec<Choice>,
}

/// Shows the form of a release against the answer.
///
/// # Errors
/// As rendering.
pub async fn manual_release(visit: &Visit) -> Answer {
    let office = visit.session.as_ref().map(|session| session.caller.org.to_string()).unwrap_or_default();
    let known =
        json!({ "customs_office": office, "declared_on": visit.edge.app.clock.now().day().to_string(), "sequence": 1 });
    visit.render(&ManualRelease {
        f: Frame::new(visit, visit.t("人工放行", "Manual release")),
        form: visit.form_view(Json(&known), None),
        reasons: choices(visit.lang, "override"),
    })
}

/// Puts a release against the answer on record.
///
/// # Errors
/// What the endpoint refuses.
pub async fn release(visit: &Visit) -> Answer {
    let number: String = url::form_urlencoded::byte_serialize(visit.form.get("_number").trim().as_bytes()).collect();
    let mut body = visit.form.body();
    if let Some(line) = body.pointer_mut("/lines/0").and_then(serde_json::Value::as_object_mut) {
        line.insert("line".to_owned(), 1.into());
    }
    if visit.send(Method::POST, format!("/v1/declarations/{number}/manual-release"), body).await?.is_none() {
        return manual_release(visit).await;
    }
    Ok(see_other("/manual-releases?done=released"))
}

#[derive(Template)]
#[template(path = "portal/manual_releases.html")]
struct ManualReleases<'a> {
    f: Frame,
    list: Json<'a>,
    state: &'a str,
    states: [&'static str; 3],
    reviews: bool,
    makes: bool,
    more: Option<String>,
}

/// Lists releases against the answer.
///
/// # Errors
/// What the endpoint refuses.
pub async fn manual_releases(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/manual-releases", &["state", "after"])).await?.view;
    visit.render(&ManualReleases {
        f: Frame::new(visit, visit.t("人工放行审核", "Manual releases")),
        more: visit.next_page(&list),
        list: Json(&list),
        state: visit.query.get("state"),
        states: ["unreviewed", "accepted", "objected"],
        reviews: visit.may(BUREAU, Duty::BorderReview),
        makes: visit.may(CUSTOMS, Duty::ManualRelease),
    })
}
