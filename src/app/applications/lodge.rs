//! What an enterprise does with a case: lodge it, withdraw it, correct it. What is lodged is frozen with its digest.

use super::checks::{accepted, applicant, handed_in};
use super::draft::{self, kind};
use super::{Case, moved, read, unmoved};
use crate::app::App;
use crate::app::adjust::scheme_in_force;
use crate::app::error::AppError;
use crate::app::repeat::{Repeat, Written};
use crate::app::report::own_or_fault;
use crate::app::review::telling::of_enterprise;
use crate::domain::actor::Caller;
use crate::domain::application::State;
use crate::domain::application::content::{Content, Evidence};
use crate::domain::application::event::EventKind;
use crate::domain::application::machine::{self, Facts, Next, Verb, Who};
use crate::domain::case_rule::CaseRule;
use crate::domain::error::Rule;
use crate::domain::id::{ApplicationId, DocumentId};
use crate::domain::notice::NoticeKind;
use crate::domain::revision::Revision;
use crate::domain::scheme::Area;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::application_rows::{ApplicationRow, CaseEventRow, ContentRow};
use crate::store::applications::{self, NewEvent};
use crate::store::keep::drafts;
use crate::store::{AnyConnection, StoreError, Tx, listings};
use crate::tlog::canonical;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

impl App {
    /// Lodges a draft that the caller saw in a version.
    ///
    /// # Errors
    /// [`AppError::Faults`] with every fault of its form, [`AppError::Refused`] with everything that stands against it.
    pub fn lodge(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        seen: Revision,
        repeat: Repeat<Case>,
    ) -> Result<Written<Case>, AppError> {
        self.enterprise_step(caller, request_id, repeat, move |tx, caller| {
            let row = lodge(tx, &own_or_fault(caller)?.to_string(), id, seen)?;
            Ok((row.state()?, row, NoticeKind::ApplicationLodged))
        })
    }

    /// Withdraws a case that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] once it is decided.
    pub fn withdraw_application(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        seen: Revision,
        reason: Option<String>,
        repeat: Repeat<Case>,
    ) -> Result<Written<Case>, AppError> {
        self.enterprise_step(caller, request_id, repeat, move |tx, caller| {
            let before = own_case(tx.conn(), caller, id, seen)?;
            let after = moved(&before, Verb::Withdraw, Who::Enterprise)?;
            let event = NewEvent { note: reason, ..NewEvent::default() };
            let row = applications::record(tx, Some(&before), after, EventKind::Withdrawn, event)?;
            Ok((before.asked_in()?.unwrap_or(before.state()?), row, NoticeKind::ApplicationWithdrawn))
        })
    }

    /// Takes a withdrawal back within the days of the scheme: the case stands where it stood, its clock not having run.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when it was not withdrawn,
    /// [`AppError::Refused`] when the days are over or something stands against the application by now.
    pub fn retract_withdrawal(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        seen: Revision,
        repeat: Repeat<Case>,
    ) -> Result<Written<Case>, AppError> {
        self.enterprise_step(caller, request_id, repeat, move |tx, caller| {
            let before = own_case(tx.conn(), caller, id, seen)?;
            let row = retract(tx, &before)?;
            Ok((row.state()?, row, NoticeKind::WithdrawalRetracted))
        })
    }

    /// Corrects a case as it was asked: a new frozen content.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when nothing was asked; as [`App::lodge`].
    pub fn correct_application(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        seen: Revision,
        members: Map<String, Value>,
        repeat: Repeat<Case>,
    ) -> Result<Written<Case>, AppError> {
        self.enterprise_step(caller, request_id, repeat, move |tx, caller| {
            let before = own_case(tx.conn(), caller, id, seen)?;
            let after = moved(&before, Verb::Correct, Who::Enterprise)?;
            let row = correct(tx, &before, after, members)?;
            Ok((row.state()?, row, NoticeKind::ApplicationCorrected))
        })
    }

    /// Carries out a step of the enterprise, tells whoever has its case in hand, and shows the case.
    fn enterprise_step(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        repeat: Repeat<Case>,
        step: impl FnOnce(&mut Tx<'_>, &Caller) -> Result<Stepped, AppError> + Send + 'static,
    ) -> Result<Written<Case>, AppError> {
        own_or_fault(caller)?;
        let (caller, calendar) = (caller.clone(), self.working_calendar());
        self.repeatable(self.context(&caller, request_id), repeat, move |tx| {
            let (stage, row, kind) = step(tx, &caller)?;
            of_enterprise(tx, &row, stage, kind, &calendar)?;
            let today = tx.context().at.day();
            read::case(tx.conn(), &caller, row, &calendar, today)
        })
    }
}

/// What a step left behind: the stage whose holder is told, the case, and of what.
type Stepped = (State, ApplicationRow, NoticeKind);

/// Finds a case of the caller's enterprise as the caller saw it.
fn own_case(
    conn: &mut AnyConnection,
    caller: &Caller,
    id: ApplicationId,
    seen: Revision,
) -> Result<ApplicationRow, AppError> {
    let enterprise = own_or_fault(caller)?.to_string();
    if let Some(draft) = drafts::find(conn, &id.to_string())?.filter(|draft| draft.enterprise == enterprise) {
        return Err(if i64::from(draft.version) == seen.0 {
            AppError::Conflict(seen)
        } else {
            AppError::StaleDraft(Revision(i64::from(draft.version)))
        });
    }
    let row = applications::find(conn, &id.to_string())?.filter(|row| row.enterprise == enterprise);
    let row = row.ok_or(AppError::NotFound)?;
    unmoved(&row, seen)?;
    Ok(row)
}

fn lodge(tx: &mut Tx<'_>, enterprise: &str, id: ApplicationId, seen: Revision) -> Result<ApplicationRow, AppError> {
    let draft = draft::open(tx.conn(), enterprise, id, seen)?;
    let (kind, at) = (kind(&draft)?, tx.context().at);
    let today = at.day();
    let scheme = scheme_in_force(tx.conn(), &draft.scheme, today)?;
    let body: Value = serde_json::from_str(&draft.body).map_err(StoreError::damaged)?;
    let content = accepted(tx.conn(), &draft.id, enterprise, kind, &body, &scheme, today)?;
    let state = applicant(tx.conn(), enterprise, today)?.ok_or_else(|| AppError::refused(Rule::EnterpriseUnknown))?;
    let district = state.particulars.district;
    let area = scheme.district(district).map_or(Area::NotEvaluated, |district| district.area);
    let facts = Facts::of(kind, area, scheme.casework.renewal.opinions);
    let fast_track = scheme.casework.fast_track && holds_a_listing(tx.conn(), enterprise, today)?;
    let Ok(Next::State { state, .. }) = machine::next(State::Draft, Verb::Lodge, Who::Enterprise, facts, None) else {
        return Err(AppError::Conflict(seen));
    };
    let stored = freeze(tx, &draft.id, enterprise, content, None)?;
    let row = ApplicationRow {
        id: draft.id.clone(),
        version: 0,
        revision: 0,
        kind: kind.as_str().to_owned(),
        enterprise: enterprise.to_owned(),
        scheme: scheme.code.clone(),
        scheme_version: i32::try_from(scheme.version).map_err(StoreError::damaged)?,
        district: district.to_string(),
        state: state.as_str().to_owned(),
        asked_in: None,
        needs_evaluation: i32::from(facts.needs_evaluation),
        opinions: i32::from(facts.opinions),
        fast_track: i32::from(fast_track),
        content: stored.version,
        digest: stored.digest.clone(),
        item_count: stored.item_count,
        lodged_by: stored.lodged_by.clone(),
        lodged_at: at.micros(),
        state_since: at.micros(),
    };
    drafts::remove(tx.conn(), &draft.id)?;
    let event = NewEvent { content: Some(stored.version), ..NewEvent::default() };
    Ok(applications::record(tx, None, row, EventKind::Lodged, event)?)
}

fn correct(
    tx: &mut Tx<'_>,
    before: &ApplicationRow,
    after: ApplicationRow,
    members: Map<String, Value>,
) -> Result<ApplicationRow, AppError> {
    let today = tx.context().at.day();
    let scheme = scheme_in_force(tx.conn(), &before.scheme, today)?;
    let last = applications::content(tx.conn(), &before.id, before.content)?.ok_or(AppError::NotFound)?;
    // Members that are not sent stay as they were lodged.
    let mut body: Map<String, Value> = serde_json::from_str(&last.body).map_err(StoreError::damaged)?;
    body.extend(members);
    let kind = before.kind()?;
    let content = accepted(tx.conn(), &before.id, &before.enterprise, kind, &Value::Object(body), &scheme, today)?;
    let stored = freeze(tx, &before.id, &before.enterprise, content, Some(&last))?;
    let row = ApplicationRow {
        content: stored.version,
        digest: stored.digest.clone(),
        item_count: stored.item_count,
        ..after
    };
    let event = NewEvent { content: Some(stored.version), ..NewEvent::default() };
    Ok(applications::record(tx, Some(before), row, EventKind::Corrected, event)?)
}

fn retract(tx: &mut Tx<'_>, before: &ApplicationRow) -> Result<ApplicationRow, AppError> {
    let conflict = || AppError::Conflict(Revision(before.revision));
    let today = tx.context().at.day();
    let left = left(&applications::events(tx.conn(), &before.id)?)?.ok_or_else(conflict)?;
    let next = machine::next(before.state()?, Verb::Retract, Who::Enterprise, before.facts()?, Some(left.stage));
    let Ok(Next::State { state, .. }) = next else { return Err(conflict()) };
    let scheme = scheme_in_force(tx.conn(), &before.scheme, today)?;
    if today > left.on.add_days(i32::from(scheme.casework.retract_days)) {
        return Err(AppError::refused(CaseRule::RetractClosed.into()));
    }
    // As if it were lodged today: an enterprise that was barred since then does not come back.
    let stored = applications::content(tx.conn(), &before.id, before.content)?.ok_or(AppError::NotFound)?;
    let body = serde_json::from_str(&stored.body).map_err(StoreError::damaged)?;
    accepted(tx.conn(), &before.id, &before.enterprise, before.kind()?, &body, &scheme, today)?;
    let after = ApplicationRow {
        state: state.as_str().to_owned(),
        asked_in: left.asked_in.map(|state| state.as_str().to_owned()),
        ..before.clone()
    };
    Ok(applications::record(tx, Some(before), after, EventKind::Retracted, NewEvent::default())?)
}

/// Where a case stood when it was withdrawn.
struct Left {
    on: LegalDay,
    stage: State,
    asked_in: Option<State>,
}

fn left(events: &[CaseEventRow]) -> Result<Option<Left>, StoreError> {
    let stage = |event: &CaseEventRow| State::parse(&event.stage).ok_or_else(|| StoreError::damaged("a stage"));
    let Some(place) = events.iter().rposition(|event| event.kind == EventKind::Withdrawn.as_str()) else {
        return Ok(None);
    };
    let (earlier, rest) = events.split_at(place);
    let stages = earlier.iter().rev().map(stage).collect::<Result<Vec<_>, _>>()?;
    let (Some(last), Some(withdrawn)) = (stages.first().copied(), rest.first()) else { return Ok(None) };
    let asked_in = stages.iter().copied().find(|state| !matches!(state, State::Asked | State::Withdrawn));
    let on = Instant::from_micros(withdrawn.recorded_at).day();
    Ok(Some(Left { on, stage: last, asked_in: asked_in.filter(|_| last == State::Asked) }))
}

/// Freezes a content together with the documents that are there.
fn freeze(
    tx: &mut Tx<'_>,
    application: &str,
    enterprise: &str,
    content: Content,
    before: Option<&ContentRow>,
) -> Result<ContentRow, AppError> {
    let documents = handed_in(tx.conn(), application)?
        .into_iter()
        .map(|row| {
            let document = DocumentId::parse(&row.id).map_err(|_| StoreError::damaged("a document id"))?;
            Ok(Evidence { document, kind: row.kind, sha256: row.sha256 })
        })
        .collect::<Result<_, StoreError>>()?;
    let content = Content { documents, ..content };
    let bytes = canonical::to_bytes(&content.view()).map_err(StoreError::damaged)?;
    let row = ContentRow {
        application: application.to_owned(),
        version: 0,
        revision: 0,
        enterprise: enterprise.to_owned(),
        digest: hex::encode(Sha256::digest(&bytes)),
        body: String::from_utf8(bytes).map_err(StoreError::damaged)?,
        item_count: i32::try_from(content.lines.len()).map_err(StoreError::damaged)?,
        lodged_by: tx.person()?.to_string(),
        recorded_at: 0,
    };
    Ok(applications::freeze(tx, row, before)?)
}

fn holds_a_listing(conn: &mut AnyConnection, enterprise: &str, today: LegalDay) -> Result<bool, StoreError> {
    let rows = listings::versions_of_enterprises(conn, &[enterprise.to_owned()])?;
    let standing = |row: &crate::store::rows::ListingRow| {
        row.standing == "listed" && row.valid_from <= today.value() && today.value() <= row.valid_to
    };
    let newest = rows
        .iter()
        .enumerate()
        .filter(|(place, row)| rows.get(place.saturating_add(1)).is_none_or(|next| next.number != row.number));
    Ok(newest.map(|(_, row)| row).any(standing))
}
