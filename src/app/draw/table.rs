//! Manual releases as the rows of a sheet.

use super::review::ManualReleaseRow;
use crate::domain::lang::Lang;
use crate::domain::validity::Instant;
use serde_json::Value;

/// Headers in either language.
const HEADERS: [(&str, &str); 12] = [
    ("编号", "id"),
    ("状态", "state"),
    ("报关单号", "declaration"),
    ("收货人", "enterprise"),
    ("关区", "customs_office"),
    ("放行关员", "officer"),
    ("放行时间", "released_at"),
    ("理由", "reason"),
    ("理由说明", "basis"),
    ("系统原答复", "overridden"),
    ("复核时间", "reviewed_at"),
    ("复核意见", "review_basis"),
];

/// Returns the header row.
#[must_use]
pub fn header(lang: Lang) -> Vec<&'static str> {
    HEADERS.iter().map(|(zh, en)| lang.pick(*zh, *en)).collect()
}

/// Writes a manual release as a row.
#[must_use]
pub fn row(row: &ManualReleaseRow, lang: Lang) -> Vec<String> {
    let state = match row.state.as_str() {
        "accepted" => lang.pick("复核认可", "accepted"),
        "objected" => lang.pick("复核不认可", "objected"),
        _ => lang.pick("待复核", "unreviewed"),
    };
    vec![
        row.id.clone(),
        state.to_owned(),
        row.declaration.clone(),
        row.enterprise.clone(),
        row.customs_office.clone(),
        row.officer.clone(),
        Instant::from_micros(row.released_at).to_string(),
        row.reason_code.clone(),
        row.reason_basis.clone().unwrap_or_default(),
        overridden(&row.overridden),
        row.reviewed_at.map(|at| Instant::from_micros(at).to_string()).unwrap_or_default(),
        row.review_basis.clone().unwrap_or_default(),
    ]
}

/// Writes what was overridden, line by line.
fn overridden(text: &str) -> String {
    let lines: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    let line = |line: &Value| {
        let reasons = line.get("reasons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let reasons: Vec<&str> = reasons.iter().filter_map(Value::as_str).collect();
        format!("{}: {}", line.get("line").unwrap_or(&Value::Null), reasons.join(" "))
    };
    lines.iter().map(line).collect::<Vec<_>>().join("; ")
}
