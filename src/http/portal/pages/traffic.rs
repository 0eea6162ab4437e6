//! The border dashboard: what happened there by hour, day or week, in pictures and numbers, with its table to take away.

use super::super::chart::{Bars, Chart, Columns, Mark, Row, Tone, Words};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::show;
use super::super::visit::{Answer, Failure, Visit};
use super::reports::short;
use crate::app::border::{Interval, What};
use crate::domain::validity::Instant;
use crate::http::problem::ProblemType;
use askama::Template;

/// What the page may be asked.
const ASKED: [&str; 4] = ["from", "to", "interval", "customs_office"];

/// A number with its words.
struct Key {
    words: &'static str,
    value: String,
    aside: String,
    tone: &'static str,
}

/// A row of a table: what it is of, and how often what happened.
struct Line {
    name: String,
    counts: Vec<i64>,
}

#[derive(Template)]
#[template(path = "portal/border.html")]
struct Border<'a> {
    f: Frame,
    report: Json<'a>,
    office: &'a str,
    intervals: Vec<(&'static str, &'static str)>,
    xlsx: String,
    csv: String,
    empty: bool,
    keys: Vec<Key>,
    answers: Chart,
    draws: Chart,
    reasons: Option<Chart>,
    headings: Vec<&'static str>,
    offices: Vec<Line>,
    steps: Vec<Line>,
}

fn count(sums: Json<'_>, what: What) -> u64 {
    sums.whole(what.as_str()).ok().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

fn line(name: String, sums: Json<'_>) -> Line {
    Line { name, counts: What::ALL.iter().map(|what| sums.whole(what.as_str()).unwrap_or(0)).collect() }
}

fn keys(visit: &Visit, sums: Json<'_>) -> Vec<Key> {
    let t = |zh, en| visit.t(zh, en);
    let of = |what| count(sums, what);
    let lines = [What::Allowed, What::NotApplicable, What::ManualCheck, What::Denied];
    let lines = lines.into_iter().fold(0_u64, |all, what| all.saturating_add(of(what)));
    let key = |words, value: u64, aside: String, tone| Key { words, value: value.to_string(), aside, tone };
    let percent = |part: u64| {
        let share = part.saturating_mul(100).checked_div(lines);
        share.map(|share| format!("{share}% {}", t("（按行）", "of the lines"))).unwrap_or_default()
    };
    let lapsed = of(What::Lapsed);
    let back = of(What::Cancelled).saturating_add(lapsed);
    vec![
        key(t("核验次数", "Look-ups"), of(What::Lookups), format!("{lines} {}", t("行", "lines")), ""),
        key(t("放行", "Allowed"), of(What::Allowed), percent(of(What::Allowed)), "good"),
        key(
            t("不放行", "Denied"),
            of(What::Denied),
            percent(of(What::Denied)),
            if of(What::Denied) > 0 { "bad" } else { "" },
        ),
        key(t("人工核查", "Check by hand"), of(What::ManualCheck), percent(of(What::ManualCheck)), ""),
        key(t("核注", "Reserved"), of(What::Reserved), String::new(), ""),
        key(t("核销", "Released"), of(What::Released), String::new(), ""),
        key(t("返还", "Given back"), back, format!("{} {lapsed}", t("其中自动", "by the service")), ""),
        key(
            t("退回报文", "Messages refused"),
            of(What::Refused),
            String::new(),
            if of(What::Refused) > 0 { "warn" } else { "" },
        ),
        key(
            t("人工放行", "Released by hand"),
            of(What::Manual),
            String::new(),
            if of(What::Manual) > 0 { "warn" } else { "" },
        ),
    ]
}

/// Says when a step begins, as short as an axis needs it.
fn step(visit: &Visit, interval: &str, one_day: bool, begins: &str) -> String {
    let day = Instant::parse(begins).map(|at| at.day().to_string()).unwrap_or_default();
    let day = short(visit, &day);
    if interval != Interval::Hour.as_str() {
        return day;
    }
    let moment = show::moment(visit.lang, begins);
    let hour = moment.rsplit(' ').next().unwrap_or_default();
    if one_day { hour.to_owned() } else { format!("{day} {hour}") }
}

fn over_time(visit: &Visit, words: Words<'_>, steps: &[(String, Json<'_>)], unit: &str, series: [What; 2]) -> Chart {
    let [column, line] = series;
    let mark = |(name, sums): &(String, Json<'_>)| Mark {
        name: name.clone(),
        column: count(*sums, column),
        line: count(*sums, line),
        link: None,
    };
    let series = series.map(|what| what.name(visit.lang));
    Columns { words, unit, wide: false, series, marks: steps.iter().map(mark).collect() }.draw()
}

fn reasons(visit: &Visit, report: Json<'_>) -> Result<Option<Chart>, Failure> {
    let mut rows = Vec::new();
    for reason in report.each("reasons")? {
        let value = reason.whole("count")?;
        rows.push(Row {
            name: reason.text("text")?.into_owned(),
            link: None,
            value: u64::try_from(value).unwrap_or(0),
            text: value.to_string(),
            tone: Tone::P3,
        });
    }
    let words = Words {
        title: visit.t("不放行的理由", "Why lines were denied"),
        about: visit.t(
            "一行可以有几条理由；最常见的在前。",
            "A line may be denied for several reasons; the most frequent first.",
        ),
        table: "",
        first: visit.t("理由", "Reason"),
    };
    Ok((!rows.is_empty()).then(|| Bars { words, unit: visit.t("行", "Lines"), rows }.draw()))
}

/// Shows what happened at the border.
///
/// # Errors
/// What the endpoint refuses.
pub async fn show(visit: &Visit) -> Answer {
    let view = visit.get(visit.endpoint("/v1/reports/border", &ASKED)).await?.view;
    let report = Json(&view);
    let (interval, one_day) = (report.text("interval")?, report.text("from")? == report.text("to")?);
    let mut steps = Vec::new();
    for each in report.each("steps")? {
        steps.push((step(visit, &interval, one_day, &each.text("begins_at")?), each.at("sums")?));
    }
    let mut offices = Vec::new();
    for each in report.each("offices")? {
        offices.push(line(each.text("customs_office")?.into_owned(), each.at("sums")?));
    }
    let sums = report.at("sums")?;
    let first = visit.t("自", "From");
    let table = visit.t("查看数据表", "Show the numbers");
    let answers = Words {
        title: visit.t("放行与不放行", "Allowed and denied"),
        about: visit
            .t("每一时段答复放行与不放行的行数。", "Lines answered with allowed and with denied, by step of time."),
        table,
        first,
    };
    let draws = Words {
        title: visit.t("核注与核销", "Reserved and released"),
        about: visit.t("每一时段核注与核销的次数。", "Draws reserved and released, by step of time."),
        table,
        first,
    };
    visit.render(&Border {
        f: Frame::new(visit, visit.t("口岸看板", "Border dashboard")),
        office: visit.query.get("customs_office"),
        intervals: Interval::ALL.iter().map(|interval| (interval.as_str(), interval.name(visit.lang))).collect(),
        xlsx: visit.endpoint("/border.xlsx", &ASKED),
        csv: visit.endpoint("/border.csv", &ASKED),
        empty: What::ALL.iter().all(|what| count(sums, *what) == 0),
        keys: keys(visit, sums),
        answers: over_time(visit, answers, &steps, visit.t("行", "lines"), [What::Allowed, What::Denied]),
        draws: over_time(visit, draws, &steps, visit.t("次", "times"), [What::Reserved, What::Released]),
        reasons: reasons(visit, report)?,
        headings: What::ALL.iter().map(|what| what.name(visit.lang)).collect(),
        offices,
        steps: steps.into_iter().map(|(name, sums)| line(name, sums)).collect(),
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
    visit.hand_on(visit.endpoint(&format!("/v1/reports/border.{format}"), &ASKED)).await
}
