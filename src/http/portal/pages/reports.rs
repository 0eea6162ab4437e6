//! Reports: key figures and charts of a period, every one of them a link to what it counts, and their tables to take away.

use super::super::chart::{Bars, Chart, Columns, Donut, Mark, Row, Share, Stack, Tone, Words};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::show;
use super::super::visit::{Answer, Failure, Visit};
use super::super::words::word;
use super::report_jobs::Later;
use super::stages;
use crate::http::problem::ProblemType;
use askama::Template;
use serde_json::Value;

/// Weeks that are looked at where nobody says from when.
const WEEKS: i32 = 12;

/// A figure with its words and the list behind it.
pub struct Key {
    /// Where the list is.
    pub href: String,
    /// What is counted.
    pub words: &'static str,
    /// How many, or how much.
    pub value: String,
    /// What else there is to say.
    pub aside: String,
    /// `good`, `warn`, `bad` or nothing.
    pub tone: &'static str,
}

impl Key {
    /// The look of its card: its tone, or that there is nothing.
    #[must_use]
    pub fn class(&self) -> &'static str {
        if matches!(self.value.as_str(), "0" | "–") { "none" } else { self.tone }
    }
}

/// Figures of a period as pages draw them.
pub struct Drawn<'a> {
    visit: &'a Visit,
    view: &'a Value,
    /// The period in addresses, such as `from=2026-05-25&to=`.
    period: String,
}

/// Reads the figures of the last weeks, or of the period that the page names.
///
/// # Errors
/// What the endpoint refuses.
pub async fn read(visit: &Visit) -> Result<(Value, String), Failure> {
    let mut period = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in named(visit) {
        period.append_pair(name, &value);
    }
    let period = period.finish();
    let view = visit.get(format!("/v1/reports/figures?{period}")).await?.view;
    Ok((view, period))
}

/// Names the period: what the address says, else the last weeks from a Monday on.
fn named(visit: &Visit) -> Vec<(&'static str, String)> {
    if visit.query.sent("from") || visit.query.sent("to") {
        let said = ["from", "to"].map(|name| (name, visit.query.get(name).to_owned()));
        return said.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    }
    let today = visit.edge.app.clock.now().day();
    let monday = today.add_days(today.value().saturating_add(3).rem_euclid(7).saturating_neg());
    vec![("from", monday.add_days(WEEKS.saturating_sub(1).saturating_mul(-7)).to_string())]
}

pub(super) fn count(sums: Json<'_>, member: &str) -> u64 {
    sums.whole(member).ok().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

impl<'a> Drawn<'a> {
    /// Takes figures to be drawn.
    #[must_use]
    pub fn new(visit: &'a Visit, (view, period): &'a (Value, String)) -> Self {
        Self { visit, view, period: period.clone() }
    }

    fn figure(&self, by: &str) -> Result<Json<'a>, Failure> {
        let figures = Json(self.view).each("figures")?;
        figures.into_iter().find(|figure| figure.is("by", by)).ok_or_else(|| ProblemType::Internal.into())
    }

    fn sum(&self, by: &str, member: &str) -> Result<u64, Failure> {
        Ok(count(self.figure(by)?.at("sums")?, member))
    }

    fn link(&self, by: &str, key: &str) -> String {
        let mut address = format!("/reports/{by}?{}", self.period);
        if !key.is_empty() {
            let key = url::form_urlencoded::Serializer::new(String::new()).append_pair("key", key).finish();
            address.push('&');
            address.push_str(&key);
        }
        address
    }

    /// The key figures.
    ///
    /// # Errors
    /// `internal` when the answer lacks one.
    pub fn keys(&self) -> Result<Vec<Key>, Failure> {
        let t = |zh, en| self.visit.t(zh, en);
        let (received, decided) = (self.sum("received", "count")?, self.sum("decided", "count")?);
        let (on_time, late) = (self.sum("timeliness", "on_time")?, self.sum("timeliness", "late")?);
        let judged = on_time.saturating_add(late);
        let rate = on_time.saturating_mul(100).checked_div(judged);
        let days = self.figure("decided")?.text("sums/median_working_days")?.into_owned();
        let within = self.figure("decided")?.text("sums/p90_working_days")?.into_owned();
        let (recognised, refused) = (self.sum("hs_chapter", "recognised")?, self.sum("hs_chapter", "refused")?);
        let or_dash = |text: String| if text.is_empty() { "–".to_owned() } else { text };
        Ok(vec![
            Key {
                href: self.link("received", ""),
                words: t("收到申请", "Received"),
                value: received.to_string(),
                aside: String::new(),
                tone: "",
            },
            Key {
                href: self.link("decided", ""),
                words: t("办结", "Decided"),
                value: decided.to_string(),
                aside: String::new(),
                tone: "",
            },
            Key {
                href: self.link("timeliness", if late > 0 { "late" } else { "" }),
                words: t("按期办结率", "Decided in time"),
                value: rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate}%")),
                aside: format!("{} {late}", t("超期", "late")),
                tone: if late > 0 { "bad" } else { "good" },
            },
            Key {
                href: self.link("decided", ""),
                words: t("用时中位数（工作日）", "Median working days"),
                value: or_dash(days),
                aside: format!("{} {}", t("九成以内", "90 % within"), or_dash(within)),
                tone: "",
            },
            Key {
                href: self.link("hs_chapter", ""),
                words: t("认定物品", "Items recognised"),
                value: recognised.to_string(),
                aside: format!("{} {refused}", t("不予认定", "refused")),
                tone: "",
            },
        ])
    }

    /// What came and what was decided, over time; none where nothing was.
    ///
    /// # Errors
    /// As [`Drawn::keys`].
    pub fn over_time(&self) -> Result<Option<Chart>, Failure> {
        let (received, decided) = (self.figure("received")?.each("groups")?, self.figure("decided")?.each("groups")?);
        let mut steps: Vec<String> = Vec::new();
        for group in received.iter().chain(&decided) {
            steps.push(group.text("key")?.into_owned());
        }
        steps.sort_unstable();
        steps.dedup();
        let of = |groups: &[Json<'_>], step: &str| {
            let group = groups.iter().find(|group| group.is("key", step));
            group.and_then(|group| group.at("sums").ok()).map_or(0, |sums| count(sums, "count"))
        };
        let marks = steps.iter().map(|step| Mark {
            name: short(self.visit, step),
            column: of(&received, step),
            line: of(&decided, step),
            link: Some(self.link("received", step)),
        });
        let marks: Vec<Mark> = marks.collect();
        if marks.iter().all(|mark| mark.column == 0 && mark.line == 0) {
            return Ok(None);
        }
        let columns = Columns {
            wide: true,
            words: Words {
                title: self.visit.t("收到与办结", "Received and decided"),
                about: self.visit.t(
                    "每周（较长期间按月）收到的申请与办结的案件。",
                    "Applications received and cases decided, by week, in long periods by month.",
                ),
                table: self.visit.t("查看数据表", "Show the numbers"),
                first: self.visit.t("自", "From"),
            },
            unit: self.visit.t("件", "cases"),
            series: [self.visit.t("收到", "Received"), self.visit.t("办结", "Decided")],
            marks,
        };
        Ok(Some(columns.draw()))
    }

    fn words(&self, title: &'static str, about: &'static str, first: &'static str) -> Words<'static> {
        Words { title, about, table: self.visit.t("查看数据表", "Show the numbers"), first }
    }

    /// Rows of a figure with bars: what is drawn, what is said beside it, whether it is bad.
    fn bars(
        &self,
        by: &str,
        words: Words<'_>,
        unit: &str,
        row: impl Fn(Json<'_>) -> (u64, String, Tone),
    ) -> Result<Option<Chart>, Failure> {
        let mut rows = Vec::new();
        for group in self.figure(by)?.each("groups")? {
            let (value, text, tone) = row(group.at("sums")?);
            let link = Some(self.link(by, &group.text("key")?));
            rows.push(Row { name: group.text("text")?.into_owned(), link, value, text, tone });
        }
        Ok((!rows.is_empty()).then(|| Bars { words, unit, rows }.draw()))
    }

    fn timeliness(&self) -> Result<Option<Chart>, Failure> {
        let mut parts = Vec::new();
        for group in self.figure("timeliness")?.each("groups")? {
            let key = group.text("key")?;
            parts.push((
                group.text("text")?.into_owned(),
                count(group.at("sums")?, "count"),
                Some(self.link("timeliness", &key)),
            ));
        }
        if parts.iter().all(|(_, count, _)| *count == 0) {
            return Ok(None);
        }
        let words = self.words(
            self.visit.t("是否按期", "On time or late"),
            self.visit.t(
                "办结的案件中按期与超期的件数。",
                "How many of the cases decided kept the time, and how many did not.",
            ),
            self.visit.t("结果", "Outcome"),
        );
        let donut =
            Donut { words, unit: self.visit.t("案件", "Cases"), sum: self.visit.t("办结", "decided"), parts };
        Ok(Some(donut.draw()))
    }

    fn agencies(&self) -> Result<Option<Chart>, Failure> {
        let t = |zh, en| self.visit.t(zh, en);
        let words = self.words(
            t("会审单位", "Agencies"),
            t(
                "出具意见用时的中位数；红色表示有超期。",
                "Median of the working days until the opinion; red: some were late.",
            ),
            t("单位", "Agency"),
        );
        let row = |sums: Json<'_>| {
            let (days, late, asked) = (count(sums, "median_working_days"), count(sums, "late"), count(sums, "count"));
            let text = format!("{days} · {asked} · {late}");
            (days, text, if late > 0 { Tone::Bad } else { Tone::P1 })
        };
        self.bars("agency", words, t("中位数 · 件数 · 超期", "Median · cases · late"), row)
    }

    fn chapters(&self) -> Result<Option<Chart>, Failure> {
        let t = |zh, en| self.visit.t(zh, en);
        let words = self.words(
            t("按商品编号章", "By HS chapter"),
            t("办结的物品；括号内为不予认定。", "Items decided; refused ones in brackets."),
            t("章", "Chapter"),
        );
        let row = |sums: Json<'_>| {
            let (all, refused) = (count(sums, "count"), count(sums, "refused"));
            (all, if refused > 0 { format!("{all} ({refused})") } else { all.to_string() }, Tone::P1)
        };
        self.bars("hs_chapter", words, t("物品", "Items"), row)
    }

    fn grounds(&self) -> Result<Option<Chart>, Failure> {
        let t = |zh, en| self.visit.t(zh, en);
        let words = self.words(
            t("不予认定的理由", "Grounds of refusal"),
            t("一项物品可以有几条理由。", "An item may be refused on several grounds."),
            t("理由", "Ground"),
        );
        let row = |sums: Json<'_>| (count(sums, "count"), count(sums, "count").to_string(), Tone::P3);
        self.bars("refusal_ground", words, t("物品", "Items"), row)
    }

    fn uses(&self) -> Result<Option<Chart>, Failure> {
        let t = |zh, en| self.visit.t(zh, en);
        let words = self.words(
            t("额度使用程度", "How much of the listings is taken"),
            t(
                "有效名单按已用与已核注额度所占比例。",
                "Listings in force by the part of their quantity that is used or reserved.",
            ),
            t("已占用", "Taken"),
        );
        let row = |sums: Json<'_>| (count(sums, "count"), count(sums, "count").to_string(), Tone::P2);
        self.bars("use", words, t("名单", "Listings"), row)
    }

    /// What is granted and taken of all listings in force, one picture for each unit.
    fn quantities(&self) -> Result<Vec<(String, Chart)>, Failure> {
        let t = |zh, en| self.visit.t(zh, en);
        let mut drawn = Vec::new();
        for sum in Json(self.view).each("quantities")? {
            let unit = word(self.visit.lang, "unit", &sum.text("unit")?);
            let share = |member: &str, name: &str, tone| {
                let decimal = sum.text(member)?.into_owned();
                Ok::<_, Failure>(Share { name: name.to_owned(), text: show::number(&decimal), decimal, tone })
            };
            let whole = share("granted", t("批准", "Granted"), Tone::P4)?;
            let parts = vec![
                share("taken", t("已用与已核注", "Used or reserved"), Tone::P2)?,
                share("left", t("剩余", "Left"), Tone::P1)?,
            ];
            let words = self.words(
                t("批准与占用", "Granted and taken"),
                t("有效名单的数量合计。", "Quantities of the listings in force, added up."),
                t("部分", "Part"),
            );
            let title = format!("{unit} · {} {}", sum.whole("listings")?, t("条名单", "listings"));
            drawn.push((title, Stack { words, unit: &unit, parts, whole }.draw()));
        }
        Ok(drawn)
    }
}

/// Says a step of time as short as an axis needs it.
pub(super) fn short(visit: &Visit, step: &str) -> String {
    let day = show::day(visit.lang, step);
    let year = step.get(..4).unwrap_or_default();
    let today = visit.edge.app.clock.now().day().to_string();
    if today.starts_with(year) { day.replace(&format!("{year}年"), "").replace(&format!(" {year}"), "") } else { day }
}

#[derive(Template)]
#[template(path = "portal/reports.html")]
struct Reports<'a> {
    f: Frame,
    report: Json<'a>,
    from: String,
    to: String,
    period: &'a str,
    later: Later,
    keys: Vec<Key>,
    over_time: Option<Chart>,
    timeliness: Option<Chart>,
    agencies: Option<Chart>,
    chapters: Option<Chart>,
    grounds: Option<Chart>,
    uses: Option<Chart>,
    quantities: Vec<(String, Chart)>,
    open: Option<Chart>,
    times: Option<Chart>,
}

/// Shows the figures of a period.
///
/// # Errors
/// What the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    let figures = read(visit).await?;
    let report = visit.get(format!("/v1/reports/stages?{}", figures.1)).await?.view;
    let drawn = Drawn::new(visit, &figures);
    let said = |name: &str| Json(&figures.0).text(name).map(|day| day.into_owned());
    visit.render(&Reports {
        f: Frame::new(visit, visit.t("统计分析", "Reports")),
        report: Json(&report),
        from: said("from")?,
        to: said("to")?,
        period: &figures.1,
        later: later(visit, "/v1/reports/figures", &format!("?{}", figures.1)),
        keys: drawn.keys()?,
        over_time: drawn.over_time()?,
        timeliness: drawn.timeliness()?,
        agencies: drawn.agencies()?,
        chapters: drawn.chapters()?,
        grounds: drawn.grounds()?,
        uses: drawn.uses()?,
        quantities: drawn.quantities()?,
        open: stages::open(visit, Json(&report))?,
        times: stages::times(visit, Json(&report))?,
    })
}

#[derive(Template)]
#[template(path = "portal/report_rows.html")]
struct Rows<'a> {
    f: Frame,
    rows: Json<'a>,
    title: String,
    back: String,
    /// Where the rows are a table, without its format, and what they were asked by.
    table: String,
    asked: String,
    later: Later,
    more: Option<String>,
}

/// Offers the same tables for later.
fn later(visit: &Visit, table: &str, asked: &str) -> Later {
    let target = |format: &str| format!("{table}.{format}{asked}");
    Later::of(visit, [(target("xlsx"), "Excel"), (target("csv"), "CSV")])
}

/// Lists what a figure counts.
///
/// # Errors
/// What the endpoint refuses.
pub async fn rows(visit: &Visit) -> Answer {
    let target = format!("/v1/reports/figures/{}", visit.part("by"));
    let rows = visit.get(visit.endpoint(&target, &["key", "from", "to", "after"])).await?.view;
    let view = Json(&rows);
    let parts = [view.text("text")?.into_owned(), view.text("key_text")?.into_owned()];
    let title = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(visit.t("：", ": "));
    let asked = visit.endpoint("", &["key", "from", "to"]);
    visit.render(&Rows {
        f: Frame::new(visit, title.as_str()).naming(&rows).await?,
        title,
        later: later(visit, &format!("{target}/rows"), &asked),
        table: format!("/reports/{}/rows", visit.part("by")),
        asked,
        back: visit.endpoint("/reports", &["from", "to"]),
        more: visit.next_page(&rows),
        rows: view,
    })
}

/// Hands the figures on as a table.
///
/// # Errors
/// `not-found` for another format; what the endpoint refuses.
pub async fn export(visit: &Visit) -> Answer {
    let format = visit.part("format");
    if !matches!(format, "csv" | "xlsx") {
        return Err(ProblemType::NotFound.into());
    }
    visit.hand_on(visit.endpoint(&format!("/v1/reports/figures.{format}"), &["from", "to"])).await
}

/// Hands what a figure counts on as a table.
///
/// # Errors
/// `not-found` for another format; what the endpoint refuses.
pub async fn export_rows(visit: &Visit) -> Answer {
    let (by, format) = (visit.part("by"), visit.part("format"));
    if !matches!(format, "csv" | "xlsx") {
        return Err(ProblemType::NotFound.into());
    }
    visit.hand_on(visit.endpoint(&format!("/v1/reports/figures/{by}/rows.{format}"), &["key", "from", "to"])).await
}
