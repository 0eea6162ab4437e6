//! Applications: find, list, and move with what happened; contents and timelines.
//!
//! It does not judge whether a case may move: [`crate::domain::application::machine`] does. Invariant: a case changes
//! together with an event on its timeline, or not at all.

use super::application_rows::{ApplicationRow, CaseEventRow, ContentRow};
use super::conn::AnyConnection;
use super::error::StoreError;
use super::schema::{application_contents, applications, case_events};
use super::tx::{Author, Tx};
use crate::domain::application::event::EventKind;
use crate::domain::application::{Kind, State};
use crate::domain::validity::LegalDay;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _, SelectableHelper as _};
use serde_json::Value;

/// Finds an application that was lodged.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<ApplicationRow>, StoreError> {
    Ok(applications::table.find(id).select(ApplicationRow::as_select()).first(conn).optional()?)
}

/// Which applications a list holds; what is absent narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Of one enterprise.
    pub enterprise: Option<String>,
    /// Of one district.
    pub district: Option<String>,
    /// In one of these states; none means any.
    pub states: Vec<State>,
    /// Of one kind.
    pub kind: Option<Kind>,
}

/// Finds applications by their ids, in order of id.
///
/// # Errors
/// The database's failure.
pub fn find_all(conn: &mut AnyConnection, ids: &[String]) -> Result<Vec<ApplicationRow>, StoreError> {
    let mut rows = Vec::new();
    for ids in ids.chunks(500) {
        let found = applications::table.filter(applications::id.eq_any(ids)).order(applications::id);
        rows.extend(found.select(ApplicationRow::as_select()).load::<ApplicationRow>(conn)?);
    }
    Ok(rows)
}

/// Lists applications in order of id (the order in which their drafts were begun), from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn list(
    conn: &mut AnyConnection,
    narrowing: &Narrowing,
    after: &str,
    limit: i64,
) -> Result<Vec<ApplicationRow>, StoreError> {
    let mut query = applications::table
        .filter(applications::id.gt(after.to_owned()))
        .order(applications::id)
        .limit(limit)
        .select(ApplicationRow::as_select())
        .into_boxed();
    if let Some(enterprise) = &narrowing.enterprise {
        query = query.filter(applications::enterprise.eq(enterprise.clone()));
    }
    if let Some(district) = &narrowing.district {
        query = query.filter(applications::district.eq(district.clone()));
    }
    if let Some(kind) = narrowing.kind {
        query = query.filter(applications::kind.eq(kind.as_str()));
    }
    if !narrowing.states.is_empty() {
        let states: Vec<&'static str> = narrowing.states.iter().map(|state| state.as_str()).collect();
        query = query.filter(applications::state.eq_any(states));
    }
    Ok(query.load(conn)?)
}

/// Replaces the row by its next version.
///
/// # Errors
/// [`StoreError::Damaged`] when the row is not there in the version before.
pub(super) fn update(conn: &mut AnyConnection, row: &ApplicationRow) -> Result<(), StoreError> {
    let before = applications::table
        .filter(applications::id.eq(&row.id))
        .filter(applications::version.eq(row.version.saturating_sub(1)));
    let updated = diesel::update(before).set(row).execute(conn)?;
    if updated == 1 { Ok(()) } else { Err(StoreError::damaged("an application was moved twice")) }
}

/// What is to stand on a timeline.
#[derive(Debug, Clone, Default)]
pub struct NewEvent {
    /// Reason code.
    pub reason_code: Option<String>,
    /// Last day for what is asked; none when nothing is, or the calendar does not know.
    pub due_on: Option<LegalDay>,
    /// Working days given.
    pub working_days: Option<u16>,
    /// Number of the content it is about.
    pub content: Option<i32>,
    /// What it is about, as data: pointers, lines, documents.
    pub detail: Option<Value>,
    /// In words.
    pub note: Option<String>,
    /// Whether the applicant does not see it.
    pub hidden: bool,
}

/// Moves an application and puts the event on its timeline. `after` states the new members; `id`, `version`, `revision`
/// and `state_since` are seen to here.
///
/// # Errors
/// The store's failure.
pub fn record(
    tx: &mut Tx<'_>,
    before: Option<&ApplicationRow>,
    after: ApplicationRow,
    kind: EventKind,
    event: NewEvent,
) -> Result<ApplicationRow, StoreError> {
    append_event(tx, &after, kind, event)?;
    let at = tx.context().at.micros();
    let moved = before.is_none_or(|before| before.state != after.state);
    let row = ApplicationRow {
        version: before.map_or(0, |before| before.version).saturating_add(1),
        revision: tx.next_revision().0,
        state_since: if moved { at } else { after.state_since },
        ..after
    };
    tx.save(row.clone(), before, &format!("application.{kind}"))?;
    Ok(row)
}

/// Puts an event on the timeline of an application that does not move: a note, an opinion.
///
/// # Errors
/// The store's failure.
pub fn append_event(
    tx: &mut Tx<'_>,
    application: &ApplicationRow,
    kind: EventKind,
    event: NewEvent,
) -> Result<CaseEventRow, StoreError> {
    tx.flush()?;
    let last = last_event(tx.conn(), &application.id)?;
    let (org, person) = match tx.context().by.clone() {
        Author::Caller { org, .. } => (Some(org), Some(tx.person()?.to_string())),
        Author::System(_) => (None, None),
    };
    let row = CaseEventRow {
        application: application.id.clone(),
        version: last.as_ref().map_or(0, |last| last.version).saturating_add(1),
        revision: tx.next_revision().0,
        enterprise: application.enterprise.clone(),
        kind: kind.as_str().to_owned(),
        stage: application.state.clone(),
        org,
        person,
        reason_code: event.reason_code,
        due_on: event.due_on.map(LegalDay::value),
        working_days: event.working_days.map(i32::from),
        content: event.content,
        detail: event.detail.map(|detail| detail.to_string()),
        note: event.note,
        visible_to_applicant: i32::from(!event.hidden),
        recorded_at: tx.context().at.micros(),
    };
    tx.save(row.clone(), last.as_ref(), &format!("case.{kind}"))?;
    Ok(row)
}

fn last_event(conn: &mut AnyConnection, application: &str) -> Result<Option<CaseEventRow>, StoreError> {
    let last = case_events::table
        .filter(case_events::application.eq(application))
        .order(case_events::version.desc())
        .select(CaseEventRow::as_select())
        .first(conn)
        .optional()?;
    Ok(last)
}

/// Reads the timelines of several applications, in order of application and place.
///
/// # Errors
/// The database's failure.
pub fn events_of(conn: &mut AnyConnection, applications: &[String]) -> Result<Vec<CaseEventRow>, StoreError> {
    let mut rows = Vec::new();
    for applications in applications.chunks(500) {
        rows.extend(
            case_events::table
                .filter(case_events::application.eq_any(applications))
                .order((case_events::application, case_events::version))
                .select(CaseEventRow::as_select())
                .load::<CaseEventRow>(conn)?,
        );
    }
    Ok(rows)
}

/// Reads the timeline of one application in order.
///
/// # Errors
/// The database's failure.
pub fn events(conn: &mut AnyConnection, application: &str) -> Result<Vec<CaseEventRow>, StoreError> {
    events_of(conn, &[application.to_owned()])
}

/// Finds a frozen content by its number.
///
/// # Errors
/// The database's failure.
pub fn content(conn: &mut AnyConnection, application: &str, number: i32) -> Result<Option<ContentRow>, StoreError> {
    let row = application_contents::table
        .find((application, number))
        .select(ContentRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row)
}

/// Finds every frozen content of applications, in order of application and number.
///
/// # Errors
/// The database's failure.
pub fn contents_of(conn: &mut AnyConnection, ids: &[String]) -> Result<Vec<ContentRow>, StoreError> {
    let mut rows = Vec::new();
    for ids in ids.chunks(500) {
        rows.extend(
            application_contents::table
                .filter(application_contents::application.eq_any(ids))
                .order((application_contents::application, application_contents::version))
                .select(ContentRow::as_select())
                .load::<ContentRow>(conn)?,
        );
    }
    Ok(rows)
}

/// Freezes the next content of an application.
///
/// # Errors
/// The store's failure.
pub fn freeze(tx: &mut Tx<'_>, content: ContentRow, before: Option<&ContentRow>) -> Result<ContentRow, StoreError> {
    let row = ContentRow {
        version: before.map_or(0, |before| before.version).saturating_add(1),
        revision: tx.next_revision().0,
        recorded_at: tx.context().at.micros(),
        ..content
    };
    tx.save(row.clone(), before, "application.content_frozen")?;
    Ok(row)
}

/// Reads applications in order of id, for the comparison with the log.
///
/// # Errors
/// The database's failure.
pub fn all(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<ApplicationRow>, StoreError> {
    list(conn, &Narrowing::default(), after, limit)
}

/// Reads contents recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn contents_since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<ContentRow>, StoreError> {
    let rows = application_contents::table
        .filter(application_contents::revision.gt(revision))
        .order(application_contents::revision)
        .limit(limit)
        .select(ContentRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// Reads events recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn events_since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<CaseEventRow>, StoreError> {
    let rows = case_events::table
        .filter(case_events::revision.gt(revision))
        .order(case_events::revision)
        .limit(limit)
        .select(CaseEventRow::as_select())
        .load(conn)?;
    Ok(rows)
}
