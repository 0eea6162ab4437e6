//! Rows of applications, their frozen contents and their timeline, and how each is written into a log entry.
//!
//! Names and free text (the body of a content, the detail and the note of an event) are committed to, never plain.

use super::conn::AnyConnection;
use super::dialect::insert_all;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::{application_contents, applications, case_events};
use super::tx::{Queued, appended};
use crate::domain::application::machine::Facts;
use crate::domain::application::{Kind, State};
use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};

/// An application as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = applications, treat_none_as_null = true, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ApplicationRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub kind: String,
    pub enterprise: String,
    pub scheme: String,
    pub scheme_version: i32,
    pub district: String,
    pub state: String,
    pub asked_in: Option<String>,
    pub needs_evaluation: i32,
    pub opinions: i32,
    pub fast_track: i32,
    pub content: i32,
    pub digest: String,
    pub item_count: i32,
    pub lodged_by: String,
    pub lodged_at: i64,
    pub state_since: i64,
}

impl ApplicationRow {
    /// Reads the state.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is none.
    pub fn state(&self) -> Result<State, StoreError> {
        State::parse(&self.state).ok_or_else(|| StoreError::Damaged(format!("the state of {}", self.id)))
    }

    /// Reads where a correction was asked; none in any other state.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is no state.
    pub fn asked_in(&self) -> Result<Option<State>, StoreError> {
        let damaged = || StoreError::Damaged(format!("the stage of {}", self.id));
        self.asked_in.as_deref().map(|word| State::parse(word).ok_or_else(damaged)).transpose()
    }

    /// Reads the kind.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is none.
    pub fn kind(&self) -> Result<Kind, StoreError> {
        Kind::parse(&self.kind).ok_or_else(|| StoreError::Damaged(format!("the kind of {}", self.id)))
    }

    /// Returns the facts that decide between rows of the table of transitions, as they were when it was lodged.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the kind is none.
    pub fn facts(&self) -> Result<Facts, StoreError> {
        Ok(Facts {
            needs_evaluation: self.needs_evaluation == 1,
            opinions: self.opinions == 1,
            intake: self.kind()? != Kind::Surrender,
        })
    }
}

impl Fact for ApplicationRow {
    const KIND: &'static str = "application";
    const PRIVATE: &'static [&'static str] = &[];

    fn entity_id(&self) -> String {
        self.id.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        format!("enterprise:{}", self.enterprise)
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

impl Queued for ApplicationRow {
    fn insert(conn: &mut AnyConnection, rows: &[Self]) -> Result<(), StoreError> {
        let (new, moved): (Vec<Self>, Vec<Self>) = rows.iter().cloned().partition(|row| row.version == 1);
        insert_all!(conn, applications::table, new);
        moved.iter().try_for_each(|row| super::applications::update(conn, row))
    }
}

/// A frozen content: one per lodging and per correction.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = application_contents, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ContentRow {
    pub application: String,
    pub version: i32,
    pub revision: i64,
    pub enterprise: String,
    pub digest: String,
    pub body: String,
    pub item_count: i32,
    pub lodged_by: String,
    pub recorded_at: i64,
}

impl Fact for ContentRow {
    const KIND: &'static str = "application_content";
    const PRIVATE: &'static [&'static str] = &["body"];

    fn entity_id(&self) -> String {
        self.application.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        format!("application:{}", self.application)
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

/// Something that happened to a case; `version` is its place on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = case_events, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct CaseEventRow {
    pub application: String,
    pub version: i32,
    pub revision: i64,
    pub enterprise: String,
    pub kind: String,
    pub stage: String,
    pub org: Option<String>,
    pub person: Option<String>,
    pub reason_code: Option<String>,
    #[serde(default, with = "wire::day_opt")]
    pub due_on: Option<i32>,
    pub working_days: Option<i32>,
    pub content: Option<i32>,
    pub detail: Option<String>,
    pub note: Option<String>,
    pub visible_to_applicant: i32,
    pub recorded_at: i64,
}

impl Fact for CaseEventRow {
    const KIND: &'static str = "case_event";
    const PRIVATE: &'static [&'static str] = &["detail", "note"];

    fn entity_id(&self) -> String {
        self.application.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        format!("enterprise:{}", self.enterprise)
    }

    fn reason_code(&self) -> Option<&str> {
        self.reason_code.as_deref()
    }
}

appended!(
    ContentRow => application_contents,
    CaseEventRow => case_events,
);
