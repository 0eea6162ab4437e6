//! What was found, as the rows of a sheet.

use super::Kept;
use crate::domain::lang::Lang;
use crate::domain::reconciliation::{Side, State};

/// Headers in either language.
const HEADERS: [(&str, &str); 12] = [
    ("结果", "kind"),
    ("报关单号", "declaration"),
    ("本系统状态", "state_here"),
    ("本系统顺序号", "sequence_here"),
    ("本系统数量", "lines_here"),
    ("海关状态", "state_there"),
    ("海关顺序号", "sequence_there"),
    ("海关数量", "lines_there"),
    ("差异", "differences"),
    ("建议更正", "correction"),
    ("说明", "advice"),
    ("处理结果", "outcome"),
];

/// Returns the header row.
#[must_use]
pub fn header(lang: Lang) -> Vec<&'static str> {
    HEADERS.iter().map(|(zh, en)| lang.pick(*zh, *en)).collect()
}

/// Writes a finding as a row.
#[must_use]
pub fn row(kept: &Kept, lang: Lang) -> Vec<String> {
    let finding = &kept.finding;
    let side = |side: Option<&Side>| match side {
        None => [String::new(), String::new(), String::new()],
        Some(side) => [state(side.state, lang).to_owned(), side.sequence.to_string(), lines(side)],
    };
    let [state_here, sequence_here, lines_here] = side(finding.here.as_ref());
    let [state_there, sequence_there, lines_there] = side(finding.there.as_ref());
    let differences = finding.differences.iter().map(|difference| match difference.line {
        Some(line) => format!("{line}: {}", difference.what.as_str()),
        None => difference.what.as_str().to_owned(),
    });
    let steps = finding.correction.iter().map(|step| format!("{} {}", step.sequence(), step.verb()));
    let outcome = kept.outcome.as_ref().map(|outcome| match &outcome.refused {
        Some(refused) => lang.pick(format!("被拒绝：{refused}"), format!("refused: {refused}")),
        None => lang.pick("已记账".to_owned(), "booked".to_owned()),
    });
    let kind = lang.pick(finding.kind.term(), finding.kind.as_str());
    vec![
        kind.to_owned(),
        finding.declaration.to_string(),
        state_here,
        sequence_here,
        lines_here,
        state_there,
        sequence_there,
        lines_there,
        differences.collect::<Vec<_>>().join("; "),
        steps.collect::<Vec<_>>().join("; "),
        finding.advice.map(|advice| advice.in_lang(lang)).unwrap_or_default(),
        outcome.unwrap_or_default(),
    ]
}

fn state(state: State, lang: Lang) -> &'static str {
    match state {
        State::Reserved => lang.pick("已核注", "reserved"),
        State::Released => lang.pick("已核销", "released"),
        State::Cancelled => lang.pick("已返还", "cancelled"),
        State::Lapsed => lang.pick("已失效", "lapsed"),
    }
}

fn lines(side: &Side) -> String {
    let line = |held: &crate::domain::reconciliation::HeldLine| {
        format!("{}: {} {}", held.line, held.measure.quantity, held.measure.unit)
    };
    side.lines.iter().map(line).collect::<Vec<_>>().join("; ")
}
