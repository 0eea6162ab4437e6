//! What people see of a case in review: decisions, timeline, clocks, batches.

use super::act::listed;
use super::batches::BatchRow;
use super::insight::Timeline;
use super::publication::granted;
use crate::app::AppError;
use crate::domain::application::content::Line;
use crate::domain::application::event::EventKind;
use crate::domain::case_clock::{Clock, Span};
use crate::domain::lang::Lang;
use crate::domain::recognition::RefusalGround;
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::StoreError;
use crate::store::appeals::AppealRow;
use crate::store::application_rows::CaseEventRow;
use crate::store::decisions::DecisionRow;
use serde_json::{Value, json};

/// Shows a clock.
#[must_use]
pub fn clock(clock: Option<Clock>, today: LegalDay, soon: u16) -> Value {
    let Some(clock) = clock else { return Value::Null };
    json!({
        "from": clock.from,
        "working_days": clock.days,
        "used": clock.used,
        "due_on": clock.due,
        "paused": clock.paused,
        "calendar_unknown": clock.calendar_unknown,
        "overdue": clock.is_overdue(today),
        "due_soon": clock.is_due_soon(today, soon),
    })
}

/// Shows the decision on an item. `follows` is the revision up to which this node answers customs.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be read.
pub fn decision(row: &DecisionRow, follows: Revision, lang: Lang) -> Result<Value, StoreError> {
    let grounds = listed(&row.grounds, RefusalGround::parse)?;
    let grounds: Vec<Value> =
        grounds.into_iter().map(|ground| json!({ "code": ground, "text": ground.name(lang) })).collect();
    let line = u16::try_from(row.line).map_err(StoreError::damaged)?;
    let granted = match row.granted {
        Some(_) => {
            let line = Line { line, library_item: None, ask: granted(row)? };
            let mut view = line.view();
            if let Some(members) = view.as_object_mut() {
                members.remove("library_item");
            }
            view
        }
        None => Value::Null,
    };
    let state = row.state()?;
    Ok(json!({
        "line": row.line,
        "state": row.state,
        "state_text": state.name(lang),
        "granted": granted,
        "conditions": row.conditions,
        "grounds": grounds,
        "note": row.note,
        "content": row.content,
        "proposed_by": row.proposed_by,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at.map(Instant::from_micros),
        "batch": row.batch,
        "listing": row.listing,
        "effective_at_customs": row.listing.as_ref().map(|_| follows.0 >= row.revision),
        "version": row.version,
        "revision": row.revision,
    }))
}

/// Shows an appeal.
#[must_use]
pub fn appeal(row: &AppealRow) -> Value {
    let lines: Vec<u16> = row.lines.split(',').filter_map(|line| line.parse().ok()).collect();
    json!({
        "id": row.id,
        "state": row.state,
        "lines": lines,
        "grounds": row.grounds,
        "reason": row.reason_code,
        "note": row.note,
        "appealed_by": row.appealed_by,
        "decided_by": row.decided_by,
        "revision": row.revision,
        "at": Instant::from_micros(row.recorded_at),
    })
}

/// Shows something on a timeline.
#[must_use]
pub fn event(row: &CaseEventRow, lang: Lang) -> Value {
    let detail: Option<Value> = row.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
    json!({
        "place": row.version,
        "kind": row.kind,
        "text": EventKind::parse(&row.kind).map(|kind| kind.name(lang)),
        "stage": row.stage,
        "at": Instant::from_micros(row.recorded_at),
        "org": row.org,
        "person": row.person,
        "reason": row.reason_code,
        "due_on": row.due_on.and_then(LegalDay::from_value),
        "working_days": row.working_days,
        "content": row.content,
        "detail": detail,
        "note": row.note,
        "visible_to_applicant": row.visible_to_applicant == 1,
        "revision": row.revision,
    })
}

fn span(span: &Span) -> Value {
    json!({ "stage": span.stage, "from": span.from, "to": span.to, "working_days": span.working_days })
}

/// Shows a timeline with the clocks derived from it.
#[must_use]
pub fn timeline(timeline: &Timeline, lang: Lang) -> Value {
    let Timeline { application, events, clocks, spans, today, soon } = timeline;
    json!({
        "application": application,
        "clock": clock(clocks.stage, *today, *soon),
        "recognition": clock(clocks.recognition, *today, *soon),
        "stages": spans.iter().map(span).collect::<Vec<_>>(),
        "items": events.iter().map(|row| event(row, lang)).collect::<Vec<_>>(),
    })
}

/// Shows a batch.
///
/// # Errors
/// [`AppError::Store`] when its items cannot be read.
pub fn batch(row: &BatchRow) -> Result<Value, AppError> {
    let items = row.items()?;
    let items: Vec<Value> =
        items.into_iter().map(|(application, line)| json!({ "application": application, "line": line })).collect();
    Ok(json!({
        "id": row.id,
        "scheme": row.scheme,
        "state": row.state,
        "items": items,
        "item_count": row.item_count,
        "notice_number": row.notice_number,
        "effective_on": row.effective_on.and_then(LegalDay::from_value),
        "digest": row.digest,
        "collected_by": row.collected_by,
        "collected_at": Instant::from_micros(row.collected_at),
        "closed_by": row.closed_by,
        "closed_at": row.closed_at.map(Instant::from_micros),
        "version": row.version,
        "revision": row.revision,
    }))
}
