//! How content applicants are, for the bureau: the mean, the grades, and both by month, district and agency.

use super::super::chart::{Bars, Chart, Row, Tone, Words};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::show;
use super::super::visit::{Answer, Failure, Visit};
use super::report_jobs::Later;
use crate::http::problem::ProblemType;
use askama::Template;

/// The best mean, in hundredths.
const BEST: u64 = 500;

/// What the page may be asked.
const ASKED: [&str; 2] = ["from", "to"];

#[derive(Template)]
#[template(path = "portal/satisfaction.html")]
struct Page<'a> {
    f: Frame,
    report: Json<'a>,
    answers: String,
    xlsx: String,
    csv: String,
    later: Later,
    grades: Chart,
    parts: Vec<(&'static str, &'static str, Chart)>,
}

fn number(json: Json<'_>, member: &str) -> u64 {
    json.whole(member).ok().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

/// Grades by how many chose them.
fn grades(visit: &Visit, report: Json<'_>) -> Result<Chart, Failure> {
    let mut rows = Vec::new();
    for grade in report.each("answers")? {
        let value = number(grade, "count");
        let bad = grade.is("answer", "dissatisfied") || grade.is("answer", "very_dissatisfied");
        let tone = if bad { Tone::Bad } else { Tone::Good };
        rows.push(Row { name: grade.text("text")?.into_owned(), link: None, value, text: value.to_string(), tone });
    }
    let words = Words {
        title: visit.t("各档人次", "Answers by grade"),
        about: visit.t("每一档各有多少评价。", "How many chose each grade."),
        table: "",
        first: visit.t("评价", "Answer"),
    };
    Ok(Bars { words, unit: visit.t("件", "Cases"), rows }.draw())
}

/// Means under the headings of a list.
fn means(visit: &Visit, report: Json<'_>, list: &str, words: Words<'_>) -> Result<Chart, Failure> {
    let mut rows = Vec::new();
    for part in report.each(list)? {
        let average = part.text("average")?.into_owned();
        rows.push(Row {
            name: show::month(visit.lang, &part.text("text")?),
            link: None,
            value: average.replace('.', "").parse().unwrap_or(0),
            text: format!("{average} · {}", number(part, "count")),
            tone: Tone::P1,
        });
    }
    Ok(Bars { words, unit: visit.t("平均分 · 件数", "Mean · cases"), rows }.draw_of(BEST))
}

/// Shows what answers come to.
///
/// # Errors
/// What the endpoint refuses.
pub async fn show(visit: &Visit) -> Answer {
    let view = visit.get(visit.endpoint("/v1/reports/satisfaction", &ASKED)).await?.view;
    let report = Json(&view);
    let t = |zh, en| visit.t(zh, en);
    let about = t("满分五分；其后为评价件数。", "Of five; behind it the number of cases.");
    let lists = [
        ("months", t("按月", "By month"), t("月份", "Month")),
        ("districts", t("按区", "By district"), t("区", "District")),
        ("agencies", t("按会审单位", "By agency"), t("单位", "Agency")),
    ];
    let mut parts = Vec::new();
    for (list, title, first) in lists {
        parts.push((list, title, means(visit, report, list, Words { title, about, table: "", first })?));
    }
    visit.render(&Page {
        f: Frame::new(visit, t("满意度", "Satisfaction")),
        answers: visit.endpoint("/registers/ratings", &ASKED),
        xlsx: visit.endpoint("/satisfaction.xlsx", &ASKED),
        csv: visit.endpoint("/satisfaction.csv", &ASKED),
        later: Later::of(
            visit,
            [("xlsx", "Excel"), ("csv", "CSV")]
                .map(|(format, name)| (visit.endpoint(&format!("/v1/reports/satisfaction.{format}"), &ASKED), name)),
        ),
        grades: grades(visit, report)?,
        parts,
        report,
    })
}

/// Hands it on as a table.
///
/// # Errors
/// `not-found` for another format; what the endpoint refuses.
pub async fn export(visit: &Visit) -> Answer {
    let format = visit.part("format");
    if !matches!(format, "csv" | "xlsx") {
        return Err(ProblemType::NotFound.into());
    }
    visit.hand_on(visit.endpoint(&format!("/v1/reports/satisfaction.{format}"), &ASKED)).await
}
