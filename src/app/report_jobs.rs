//! Reports and exports that are made in the background: asked for, waited for, handed out, forgotten.
//!
//! A job is a request to an export of the contract that is kept until somebody makes it. What it is answered, and to whom, is the
//! export's to say; here stands only how far it is. Invariant: a job is seen by the account that asked for it alone, in the
//! organisation and for the enterprise that it was asked in.

use super::App;
use super::error::AppError;
use super::notices::tell_once;
use super::repeat::{Repeat, Written};
use super::view::Page;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::Uscc;
use crate::domain::error::Rule;
use crate::domain::id::{ReportJobId, time_ordered};
use crate::domain::lang::Lang;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::validity::Instant;
use crate::domain::words::words;
use crate::store::keep::report_jobs as jobs;
pub use crate::store::keep::report_jobs::{Owner, ReportJobRow};
use crate::store::keep::webhooks::lease;
use crate::store::private::random;
use crate::store::{AnyConnection, StoreError, register};
use std::sync::Arc;

/// Name of the work that one node does at a time.
const LEASE: &str = "reports";

/// Jobs that an account may keep; the oldest that ended makes room.
const MOST: usize = 20;

/// How often a job is begun before it is given up.
const ATTEMPTS: i32 = 3;

/// How long a report that the service is too busy for is tried: a day, in microseconds.
const PATIENCE: i64 = 86_400_000_000;

words! {
    /// How far a job is.
    ReportState {
        /// Nobody began it yet.
        Waiting "waiting" "等待生成" "waiting";
        /// It is being made.
        Running "running" "生成中" "being made";
        /// The file is there.
        Done "done" "可下载" "ready";
        /// It could not be made.
        Failed "failed" "未能生成" "failed";
    }
}

/// What is asked for: an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The export, as the contract names it.
    pub operation: &'static str,
    /// Path and query.
    pub target: String,
    /// Language of the file.
    pub lang: Lang,
}

/// A job as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportJob {
    /// The row.
    pub row: ReportJobRow,
    /// Jobs that are to be made before it.
    pub ahead: i64,
}

/// What came of making a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// The file is whole: its media type and name.
    Whole(String, String),
    /// It cannot be made, for this reason.
    Refused(String),
    /// It may be made later.
    Later(String),
}

fn owner(caller: &Caller) -> Owner {
    Owner {
        issuer: caller.issuer.to_string(),
        subject: caller.subject.to_string(),
        org: caller.org.to_string(),
        acting_for: caller.acting_for.map(|enterprise| enterprise.to_string()).unwrap_or_default(),
    }
}

fn found(conn: &mut AnyConnection, caller: &Caller, id: ReportJobId) -> Result<ReportJobRow, AppError> {
    jobs::find(conn, &id.to_string())?.filter(|row| owner(caller).owns(row)).ok_or(AppError::NotFound)
}

fn shown(conn: &mut AnyConnection, row: ReportJobRow) -> Result<ReportJob, StoreError> {
    let ahead = if row.state == ReportState::Waiting.as_str() { jobs::ahead(conn, &row.id)? } else { 0 };
    Ok(ReportJob { row, ahead })
}

impl ReportJob {
    /// Returns the roles under which it was asked for.
    #[must_use]
    pub fn roles(&self) -> RoleSet {
        roles(&self.row)
    }

    /// Whether its file can be handed out.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.row.state == ReportState::Done.as_str()
    }
}

fn roles(row: &ReportJobRow) -> RoleSet {
    row.roles.split(' ').filter_map(Role::parse).collect()
}

/// Returns who asked for a job, as they then were.
#[must_use]
pub fn asker(row: &ReportJobRow) -> Caller {
    Caller {
        issuer: Arc::from(row.issuer.as_str()),
        subject: Arc::from(row.subject.as_str()),
        org: Arc::from(row.org.as_str()),
        roles: roles(row),
        acting_for: Uscc::parse(&row.acting_for).ok(),
    }
}

impl App {
    /// Asks for a report to be made in the background. Where the account keeps as many as it may, the oldest that ended makes room.
    ///
    /// # Errors
    /// [`AppError::Refused`] when none of them ended; the store's failure.
    pub fn ask_for_report(
        &self,
        caller: &Caller,
        request_id: String,
        wanted: Wanted,
        repeat: Repeat<ReportJob>,
    ) -> Result<Written<ReportJob>, AppError> {
        let of = owner(caller);
        let roles = caller.roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" ");
        self.repeatable(self.context(caller, Some(request_id.clone())), repeat, move |tx| {
            let at = tx.context().at;
            // Whoever asks is told of what comes of it.
            tx.person()?;
            let known = jobs::of_account(tx.conn(), &of.issuer, &of.subject)?;
            if known.len() >= MOST {
                let ended = known.iter().find(|row| row.ended_at.is_some());
                let ended = ended.ok_or_else(|| AppError::refused(Rule::TooManyReports))?;
                jobs::remove(tx.conn(), std::slice::from_ref(&ended.id))?;
            }
            let row = ReportJobRow {
                id: ReportJobId::new(time_ordered(at, random()?)).to_string(),
                version: 1,
                issuer: of.issuer,
                subject: of.subject,
                org: of.org,
                acting_for: of.acting_for,
                roles,
                operation: wanted.operation.to_owned(),
                target: wanted.target,
                lang: wanted.lang.pick("zh", "en").to_owned(),
                request_id,
                state: ReportState::Waiting.as_str().to_owned(),
                attempts: 0,
                asked_at: at.micros(),
                started_at: None,
                ended_at: None,
                kept_until: None,
                bytes: 0,
                parts: 0,
                media: String::new(),
                file: None,
                error: None,
            };
            jobs::insert(tx.conn(), &row)?;
            Ok(shown(tx.conn(), row)?)
        })
    }

    /// Finds a job of the caller.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of somebody else.
    pub fn report_job(&self, caller: &Caller, id: ReportJobId) -> Result<ReportJob, AppError> {
        self.store.read(|conn| {
            let row = found(conn, caller, id)?;
            Ok(shown(conn, row)?)
        })
    }

    /// Lists the jobs of the caller, newest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn report_jobs(&self, caller: &Caller, after: &str, limit: usize) -> Result<Page<ReportJob>, AppError> {
        let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        self.store.read(|conn| {
            let mut rows = jobs::list(conn, &owner(caller), after, most)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|row| row.id.clone());
            let items = rows.into_iter().map(|row| shown(conn, row)).collect::<Result<_, _>>()?;
            Ok(Page { items, next })
        })
    }

    /// Removes a job of the caller with its file; one that is being made is made no further.
    ///
    /// # Errors
    /// As [`App::report_job`].
    pub fn remove_report(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ReportJobId,
        repeat: Repeat<ReportJob>,
    ) -> Result<Written<ReportJob>, AppError> {
        let of = caller.clone();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = found(tx.conn(), &of, id)?;
            let job = shown(tx.conn(), row)?;
            jobs::remove(tx.conn(), std::slice::from_ref(&job.row.id))?;
            Ok(job)
        })
    }

    /// Reads a piece of the file of a job.
    ///
    /// # Errors
    /// The store's failure; [`AppError::NotFound`] where the file was removed meanwhile.
    pub fn report_part(&self, job: &str, number: i32) -> Result<Vec<u8>, AppError> {
        self.store.read(|conn| jobs::part(conn, job, number))?.ok_or(AppError::NotFound)
    }

    /// Whether somebody has to make a report, or to forget one.
    ///
    /// # Errors
    /// The store's failure.
    pub fn report_is_due(&self) -> Result<bool, AppError> {
        let now = self.clock.now().micros();
        Ok(self.store.read(|conn| jobs::is_due(conn, now))?)
    }

    /// Takes, or keeps, the work of making reports for this node until then; says whether it may.
    ///
    /// # Errors
    /// The store's failure.
    pub fn lease_reports(&self, holder: &str, micros: i64) -> Result<bool, AppError> {
        let (at, holder) = (self.clock.now(), holder.to_owned());
        let until = at.micros().saturating_add(micros);
        Ok(self.store.keep(at, move |conn| lease(conn, LEASE, &holder, at.micros(), until))?)
    }

    /// Takes up the oldest job that is not made: also one that was begun, because whoever began it is gone. None when there is none.
    ///
    /// # Errors
    /// The store's failure.
    pub fn take_report(&self, kept_until: Instant) -> Result<Option<ReportJobRow>, AppError> {
        let at = self.clock.now();
        Ok(self.store.keep(at, move |conn| {
            jobs::forget(conn, at.micros())?;
            while let Some(mut row) = jobs::next(conn)? {
                if row.attempts >= ATTEMPTS {
                    let lang = if row.lang == "zh" { Lang::Zh } else { Lang::En };
                    let reason = lang.pick("多次未能完成。", "It could not be finished, several times over.");
                    let reason = row.error.clone().unwrap_or_else(|| reason.to_owned());
                    end(conn, at, kept_until, row, Made::Refused(reason))?;
                    continue;
                }
                jobs::drop_parts(conn, std::slice::from_ref(&row.id))?;
                row.version = row.version.saturating_add(1);
                row.state = ReportState::Running.as_str().to_owned();
                row.attempts = row.attempts.saturating_add(1);
                row.started_at = Some(at.micros());
                (row.bytes, row.parts) = (0, 0);
                jobs::stand(conn, &row)?;
                return Ok(Some(row));
            }
            Ok(None)
        })?)
    }

    /// Adds a piece to the file of a job. None when it was removed meanwhile, or somebody else makes it.
    ///
    /// # Errors
    /// The store's failure.
    pub fn add_report_part(&self, mut row: ReportJobRow, bytes: Vec<u8>) -> Result<Option<ReportJobRow>, AppError> {
        Ok(self.store.keep(self.clock.now(), move |conn| {
            let number = row.parts;
            row.version = row.version.saturating_add(1);
            row.parts = number.saturating_add(1);
            row.bytes = row.bytes.saturating_add(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
            if !jobs::stand(conn, &row)? {
                return Ok(None);
            }
            jobs::add_part(conn, &row.id, number, &bytes)?;
            Ok(Some(row))
        })?)
    }

    /// Says what came of a job, and tells whoever asked for it.
    ///
    /// # Errors
    /// The store's failure.
    pub fn settle_report(&self, row: ReportJobRow, made: Made, kept_until: Instant) -> Result<(), AppError> {
        let at = self.clock.now();
        Ok(self.store.keep(at, move |conn| end(conn, at, kept_until, row, made))?)
    }
}

/// Ends a job, or leaves it for later. Nothing happens to one that was removed meanwhile.
fn end(
    conn: &mut AnyConnection,
    at: Instant,
    kept_until: Instant,
    mut row: ReportJobRow,
    made: Made,
) -> Result<(), StoreError> {
    row.version = row.version.saturating_add(1);
    let (state, kind) = match made {
        Made::Whole(media, file) => {
            (row.media, row.file, row.error) = (media, Some(file), None);
            (ReportState::Done, Some(NoticeKind::ReportMade))
        }
        Made::Refused(reason) => {
            row.error = Some(reason);
            (ReportState::Failed, Some(NoticeKind::ReportFailed))
        }
        Made::Later(reason) if at.micros().saturating_sub(row.asked_at) > PATIENCE => {
            row.error = Some(reason);
            (ReportState::Failed, Some(NoticeKind::ReportFailed))
        }
        Made::Later(reason) => {
            row.error = Some(reason);
            // The service was busy; that is no fault of the report.
            row.attempts = row.attempts.saturating_sub(1);
            (ReportState::Waiting, None)
        }
    };
    row.state = state.as_str().to_owned();
    if kind.is_some() {
        row.ended_at = Some(at.micros());
        row.kept_until = Some(kept_until.micros());
    }
    if state != ReportState::Done {
        jobs::drop_parts(conn, std::slice::from_ref(&row.id))?;
        (row.bytes, row.parts) = (0, 0);
    }
    if !jobs::stand(conn, &row)? {
        return Ok(());
    }
    let (Some(kind), Some(person)) = (kind, register::person_of(conn, &row.issuer, &row.subject)?) else {
        return Ok(());
    };
    let notice = Notice::new(Addressee::Person(person), kind, format!("/v1/report-jobs/{}", row.id))
        .with("file", row.file.as_deref().unwrap_or_default())
        .with("kept_until", kept_until.day());
    tell_once(conn, at, &format!("report:{}", row.id), &notice).map(drop)
}
