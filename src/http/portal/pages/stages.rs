//! The stages of cases as reports draw them: where open cases lie, and how long it takes to pass. Nothing is drawn of nothing.

use super::super::chart::{Bars, Chart, Donut, Row, Tone, Words};
use super::super::json::Json;
use super::super::visit::{Failure, Visit};
use super::super::words::word;
use super::reports::count;

/// Draws how the cases that are open lie over the stages.
///
/// # Errors
/// When the report lacks what is drawn.
pub fn open(visit: &Visit, report: Json<'_>) -> Result<Option<Chart>, Failure> {
    let mut parts = Vec::new();
    for stage in report.each("stages")? {
        let code = stage.text("stage")?;
        let open = count(stage, "open");
        if open > 0 {
            parts.push((word(visit.lang, "state", &code), open, Some(format!("/cases?state={code}"))));
        }
    }
    let donut = Donut {
        words: Words {
            title: visit.t("在办案件分布", "Open cases by stage"),
            about: visit.t("每个阶段各有多少在办案件。", "How many cases are open in each stage."),
            table: visit.t("查看数据表", "Show the numbers"),
            first: visit.t("阶段", "Stage"),
        },
        unit: visit.t("案件", "Cases"),
        sum: visit.t("在办合计", "open"),
        parts,
    };
    Ok((!donut.parts.is_empty()).then(|| donut.draw()))
}

/// Draws within how many working days nine of ten cases pass a stage.
///
/// # Errors
/// As [`open`].
pub fn times(visit: &Visit, report: Json<'_>) -> Result<Option<Chart>, Failure> {
    let mut rows = Vec::new();
    for stage in report.each("stages")? {
        let (code, value) = (stage.text("stage")?, count(stage, "p90_working_days"));
        let tone = if count(stage, "overdue") > 0 { Tone::Bad } else { Tone::P1 };
        let link = Some(format!("/cases?state={code}"));
        rows.push(Row { name: word(visit.lang, "state", &code), link, value, text: value.to_string(), tone });
    }
    let bars = Bars {
        words: Words {
            title: visit.t("各阶段九成案件的用时", "Nine of ten cases pass within"),
            about: visit.t(
                "九成案件在这么多工作日内走完该阶段；红色表示有超期案件。",
                "Nine of ten cases pass the stage within so many working days; red: some are overdue.",
            ),
            table: "",
            first: visit.t("阶段", "Stage"),
        },
        unit: visit.t("工作日", "Working days"),
        rows,
    };
    Ok((!bars.rows.is_empty()).then(|| bars.draw()))
}
