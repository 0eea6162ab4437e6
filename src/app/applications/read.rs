//! Reading applications: lists, one, its contents, and what differs between two of them.

use super::{ALL, Case, capacity, scheme_of, visible};
use crate::app::App;
use crate::app::error::AppError;
use crate::app::report::own_or_fault;
use crate::app::review::{clocks, turns};
use crate::app::view::Page;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::application::content::{EntryDifference, MemberDifference, compare, compare_lists};
use crate::domain::application::event::EventKind;
use crate::domain::application::machine::verbs;
use crate::domain::application::{Kind, State};
use crate::domain::calendar::WorkingCalendar;
use crate::domain::id::ApplicationId;
use crate::domain::revision::Revision;
use crate::domain::scheme::Scheme;
use crate::domain::validity::LegalDay;
use crate::store::application_rows::{ApplicationRow, CaseEventRow, ContentRow};
use crate::store::applications::{self, Narrowing};
use crate::store::keep::drafts::{self, DraftRow};
use crate::store::{AnyConnection, StoreError};
use serde_json::Value;
use std::collections::BTreeMap;

/// An application of a list: a draft, or a case.
#[derive(Debug, Clone)]
pub enum Listed {
    /// Still being written.
    Draft(DraftRow),
    /// Lodged, and the last day of whoever has it.
    Case(ApplicationRow, Option<LegalDay>),
}

impl Listed {
    fn id(&self) -> &str {
        match self {
            Self::Draft(row) => &row.id,
            Self::Case(row, _) => &row.id,
        }
    }
}

/// One application: a draft of the caller's own, or a case that the caller may see.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "one in a request, taken apart at once")]
pub enum Found {
    /// Still being written.
    Draft(super::draft::Draft),
    /// Lodged.
    Case(Box<Case>),
}

/// What differs between two contents of an application.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Items, by line.
    pub items: Vec<EntryDifference>,
    /// Answers, by question.
    pub answers: Vec<EntryDifference>,
    /// Documents, by id.
    pub documents: Vec<EntryDifference>,
    /// Reason and contact.
    pub other: Vec<MemberDifference>,
}

/// Narrows a list of applications.
#[derive(Debug, Clone, Default)]
pub struct ApplicationQuery {
    /// In one state.
    pub state: Option<State>,
    /// Of one kind.
    pub kind: Option<Kind>,
    /// Of one enterprise.
    pub enterprise: Option<String>,
}

const OWN: RoleSet = RoleSet::of(&[Role::EnterpriseApplicant, Role::EnterpriseAgent]);

impl App {
    /// Lists the applications that a caller may see, in order of id: an enterprise its own with its drafts, a district
    /// its own, everybody else all that were lodged.
    ///
    /// # Errors
    /// The store's failure.
    pub fn applications(
        &self,
        caller: &Caller,
        query: &ApplicationQuery,
        after: &str,
        limit: usize,
    ) -> Result<Page<Listed>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let everything = caller.holds_any(ALL) || caller.roles.contains(Role::AgencyReviewer);
        let mut narrowing = Narrowing {
            enterprise: query.enterprise.clone(),
            kind: query.kind,
            states: query.state.into_iter().collect(),
            district: None,
        };
        let mut own = None;
        if !everything && caller.holds_any(OWN) {
            let enterprise = own_or_fault(caller)?.to_string();
            if query.enterprise.as_ref().is_some_and(|asked| *asked != enterprise) {
                return Ok(Page { items: Vec::new(), next: None });
            }
            narrowing.enterprise = Some(enterprise.clone());
            own = Some(enterprise);
        } else if !everything {
            narrowing.district = Some(caller.org.to_string());
        }
        let (calendar, today) = (self.working_calendar(), self.clock.now().day());
        let mut found = self.store.read(|conn| {
            let mut found: Vec<Listed> = Vec::new();
            if query.state != Some(State::Draft) {
                found.extend(cases(conn, &narrowing, after, most, &calendar, today)?);
            }
            if let Some(enterprise) = own.filter(|_| query.state.is_none_or(|state| state == State::Draft)) {
                let rows = drafts::list(conn, &enterprise, after, most)?.into_iter();
                let wanted = rows.filter(|row| query.kind.is_none_or(|kind| row.kind == kind.as_str()));
                found.extend(wanted.map(Listed::Draft));
            }
            Ok::<_, StoreError>(found)
        })?;
        found.sort_by(|one, other| one.id().cmp(other.id()));
        let next = super::after_id(&mut found, limit, |listed| listed.id().to_owned());
        Ok(Page { items: found, next })
    }

    /// Finds one application, as it stands or as it was known at a revision; at an earlier one nothing can be done to it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for those that the caller may not see, or that were not yet lodged at the revision;
    /// [`AppError::NotYetCurrent`] for a revision still to come.
    pub fn application(&self, caller: &Caller, id: ApplicationId, as_of: Option<Revision>) -> Result<Found, AppError> {
        let (calendar, today) = (self.working_calendar(), self.clock.now().day());
        self.is_known(as_of)?;
        self.store.read(|conn| {
            let id = id.to_string();
            if let Some(at) = as_of {
                let row = visible(conn, caller, &id)?;
                let row = known_at(conn, row, at)?;
                let case = case_at(conn, caller, row, &calendar, today, at)?;
                return Ok(Found::Case(Box::new(Case { verbs: Vec::new(), ..case })));
            }
            if let Some(row) = drafts::find(conn, &id)? {
                let own = crate::app::report::own(caller).is_some_and(|own| own.to_string() == row.enterprise);
                let draft = super::draft::Draft::open(row)?;
                return if own { Ok(Found::Draft(draft)) } else { Err(AppError::NotFound) };
            }
            let row = visible(conn, caller, &id)?;
            Ok(Found::Case(Box::new(case(conn, caller, row, &calendar, today)?)))
        })
    }

    /// Finds a frozen content by its number, if it had been lodged by a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::NotYetCurrent`] for a revision still to come.
    pub fn application_content(
        &self,
        caller: &Caller,
        id: ApplicationId,
        number: i32,
        as_of: Option<Revision>,
    ) -> Result<ContentRow, AppError> {
        self.is_known(as_of)?;
        self.store.read(|conn| {
            let row = visible(conn, caller, &id.to_string())?;
            let content = applications::content(conn, &row.id, number)?;
            content.filter(|row| as_of.is_none_or(|at| row.revision <= at.0)).ok_or(AppError::NotFound)
        })
    }

    /// Refuses a revision that this node does not know yet.
    ///
    /// # Errors
    /// [`AppError::NotYetCurrent`].
    pub fn is_known(&self, as_of: Option<Revision>) -> Result<(), AppError> {
        match as_of {
            Some(asked) if asked > self.index.load().revision() => Err(AppError::NotYetCurrent),
            Some(_) | None => Ok(()),
        }
    }

    /// Says what differs between two contents.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when one of them is not there.
    pub fn compare_contents(
        &self,
        caller: &Caller,
        id: ApplicationId,
        from: i32,
        to: i32,
    ) -> Result<Compared, AppError> {
        let (before, after) = self.store.read(|conn| {
            let row = visible(conn, caller, &id.to_string())?;
            let mut body = |number| {
                let found = applications::content(conn, &row.id, number)?.ok_or(AppError::NotFound)?;
                Ok::<Value, AppError>(serde_json::from_str(&found.body).map_err(StoreError::damaged)?)
            };
            Ok::<_, AppError>((body(from)?, body(to)?))
        })?;
        let others = ["reason", "contact"].into_iter().flat_map(|name| {
            let of = |content: &Value| content.get(name).cloned().unwrap_or_default();
            compare(&of(&before), &of(&after)).into_iter().map(move |difference| MemberDifference {
                pointer: format!("/{name}{}", difference.pointer),
                ..difference
            })
        });
        Ok(Compared {
            items: compare_lists(&before, &after, "items", "line"),
            answers: compare_lists(&before, &after, "answers", "question"),
            documents: compare_lists(&before, &after, "documents", "document"),
            other: others.collect(),
        })
    }
}

/// Lists cases, each with the last day of whoever has it.
fn cases(
    conn: &mut AnyConnection,
    narrowing: &Narrowing,
    after: &str,
    most: i64,
    calendar: &WorkingCalendar,
    today: LegalDay,
) -> Result<Vec<Listed>, StoreError> {
    let rows = applications::list(conn, narrowing, after, most)?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut events: BTreeMap<String, Vec<CaseEventRow>> = BTreeMap::new();
    for event in applications::events_of(conn, &ids)? {
        events.entry(event.application.clone()).or_default().push(event);
    }
    let mut schemes: BTreeMap<(String, i32), Option<Scheme>> = BTreeMap::new();
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let lodged_under = (row.scheme.clone(), row.scheme_version);
        if !schemes.contains_key(&lodged_under) {
            schemes.insert(lodged_under.clone(), scheme_of(conn, &row)?);
        }
        let scheme = schemes.get(&lodged_under).and_then(Option::as_ref);
        let events = events.remove(&row.id).unwrap_or_default();
        let due_on = due_on(row.state()?, &events, scheme, calendar, today)?;
        found.push(Listed::Case(row, due_on));
    }
    Ok(found)
}

/// The event that asked for the correction which a case waits for.
fn asking(state: State, events: &[CaseEventRow]) -> Option<&CaseEventRow> {
    events.iter().rev().find(|event| event.kind == EventKind::Asked.as_str()).filter(|_| state == State::Asked)
}

/// Says until when whoever has a case has time: the enterprise for what it is asked, else the stage.
fn due_on(
    state: State,
    events: &[CaseEventRow],
    scheme: Option<&Scheme>,
    calendar: &WorkingCalendar,
    today: LegalDay,
) -> Result<Option<LegalDay>, StoreError> {
    if state == State::Asked {
        return Ok(asking(state, events).and_then(|event| event.due_on).and_then(LegalDay::from_value));
    }
    let Some(scheme) = scheme.filter(|_| state.is_open()) else { return Ok(None) };
    Ok(clocks(&turns(events)?, scheme, calendar, today).stage.and_then(|clock| clock.due))
}

/// Goes back to how a case was known at a revision: its state and the content that was lodged last.
///
/// # Errors
/// [`AppError::NotFound`] when it was not yet lodged.
pub fn known_at(conn: &mut AnyConnection, row: ApplicationRow, at: Revision) -> Result<ApplicationRow, AppError> {
    let mut events = applications::events(conn, &row.id)?;
    events.retain(|event| event.revision <= at.0);
    let last = events.last().ok_or(AppError::NotFound)?;
    let since = events.iter().rev().take_while(|event| event.stage == last.stage).last().unwrap_or(last);
    let asked_in = events.iter().rev().find(|event| event.stage != last.stage).map(|event| event.stage.clone());
    let mut number = row.content;
    let content = loop {
        let content = applications::content(conn, &row.id, number)?.ok_or(AppError::NotFound)?;
        if content.revision <= at.0 {
            break content;
        }
        number = number.saturating_sub(1);
    };
    Ok(ApplicationRow {
        version: last.version,
        revision: last.revision,
        state: last.stage.clone(),
        asked_in: asked_in.filter(|_| last.stage == State::Asked.as_str()),
        content: number,
        digest: content.digest,
        item_count: content.item_count,
        state_since: since.recorded_at,
        ..row
    })
}

/// Opens a case for a caller, as it stands on a day.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be read.
pub fn case(
    conn: &mut AnyConnection,
    caller: &Caller,
    row: ApplicationRow,
    calendar: &WorkingCalendar,
    today: LegalDay,
) -> Result<Case, AppError> {
    case_at(conn, caller, row, calendar, today, Revision::NEWEST)
}

/// The same by what had happened to it at a revision.
fn case_at(
    conn: &mut AnyConnection,
    caller: &Caller,
    row: ApplicationRow,
    calendar: &WorkingCalendar,
    today: LegalDay,
    at: Revision,
) -> Result<Case, AppError> {
    let content = applications::content(conn, &row.id, row.content)?.ok_or(AppError::NotFound)?;
    let content = serde_json::from_str(&content.body).map_err(StoreError::damaged)?;
    let scheme = scheme_of(conn, &row)?;
    let state = row.state()?;
    let who = capacity(caller, &row, scheme.as_ref());
    let mut events = applications::events(conn, &row.id)?;
    events.retain(|event| event.revision <= at.0);
    let due_on = due_on(state, &events, scheme.as_ref(), calendar, today)?;
    let asked = asking(state, &events).map(|event| {
        let detail = event.detail.as_deref().and_then(|detail| serde_json::from_str::<Value>(detail).ok());
        serde_json::json!({ "reason_code": event.reason_code, "note": event.note, "detail": detail })
    });
    let verbs = match who {
        Some(who) => verbs(state, who, row.facts()?),
        None => Vec::new(),
    };
    Ok(Case { row, content, due_on, asked, verbs })
}
