//! One step in a case: who may, on what they saw, and which part of the review carries it out.

use super::super::applications::{Case as Shown, read, unmoved};
use super::super::repeat::{Repeat, Written};
use super::super::{App, AppError};
use super::{Case, clocks, decisions, intake, opinions, refused, telling, turns};
use crate::domain::actor::Caller;
use crate::domain::application::event::EventKind;
use crate::domain::application::machine::{self, Next, Refused, Verb, Who};
use crate::domain::calendar::WorkingCalendar;
use crate::domain::case_clock::PauseReason;
use crate::domain::case_rule::CaseRule;
use crate::domain::id::ApplicationId;
use crate::domain::opinion::{Resolution, Statement};
use crate::domain::recognition::{CorrectionReason, DeclineGround, Reduction, RefusalGround, StepReason};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::store::application_rows::ApplicationRow;
use crate::store::applications::NewEvent;
use crate::store::keep::claims;
use crate::store::{StoreError, Tx, applications};
use serde_json::json;

/// What a correction notice points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// JSON pointer into the content, such as `/items/0/quantity`, or a document's id.
    pub pointer: String,
    /// What is found.
    pub reason: CorrectionReason,
    /// In words.
    pub note: Option<String>,
}

/// How the opinions on an item were resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Item.
    pub line: u16,
    /// How.
    pub resolution: Resolution,
    /// In words.
    pub note: String,
}

/// What is proposed for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionProposal {
    /// Recognise it.
    Recognise {
        /// Item.
        line: u16,
        /// What is granted less than asked for.
        less: Box<Reduction>,
        /// Conditions in words.
        conditions: Option<String>,
        /// Why, for colleagues.
        note: Option<String>,
    },
    /// Refuse it.
    Refuse {
        /// Item.
        line: u16,
        /// Why.
        grounds: Vec<RefusalGround>,
        /// In words, for the letter.
        note: Option<String>,
    },
}

impl DecisionProposal {
    /// Returns the item.
    #[must_use]
    pub fn line(&self) -> u16 {
        match self {
            Self::Recognise { line, .. } | Self::Refuse { line, .. } => *line,
        }
    }
}

/// A step in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The district takes it in.
    Accept,
    /// Asks for corrections.
    Ask { findings: Vec<Finding>, note: Option<String> },
    /// The district does not take it in.
    Decline { ground: DeclineGround, note: Option<String> },
    /// The joint mechanism lets the applicant in, or keeps it out on a ground.
    Evaluate { kept_out: Option<DeclineGround>, note: Option<String> },
    /// The district recommends it, or recommends against it on grounds.
    Recommend { against: Vec<RefusalGround>, note: Option<String> },
    /// An agency speaks.
    Opine { statements: Vec<Statement> },
    /// The round of opinions is closed.
    Consolidate { note: Option<String> },
    /// It is put on record how opinions were resolved.
    Resolve { lines: Vec<Resolved> },
    /// Back to the agencies.
    Return { reason: StepReason, note: String },
    /// A decision is proposed.
    Propose { proposals: Vec<DecisionProposal> },
    /// It is decided as proposed.
    Decide { note: Option<String> },
    /// The proposal is sent back.
    SendBack { reason: StepReason, note: String },
    /// What is not published is taken up again; no items means all of them.
    Reopen { lines: Option<Vec<u16>>, reason: StepReason, note: String },
    /// The applicant appeals against refusals.
    Appeal { lines: Vec<u16>, grounds: String },
    /// The appeal is judged.
    Judge { overturn: bool, reason: StepReason, note: String },
    /// The clock is stopped.
    Pause { reason: PauseReason, note: Option<String> },
    /// The clock runs again.
    Resume { note: Option<String> },
    /// More time is given, with leave.
    Extend { note: String },
}

impl Act {
    /// Returns the verb of the table of transitions; none for what moves clocks only.
    #[must_use]
    pub fn verb(&self) -> Option<Verb> {
        Some(match self {
            Self::Accept => Verb::Accept,
            Self::Ask { .. } => Verb::Ask,
            Self::Decline { .. } => Verb::Decline,
            Self::Evaluate { kept_out: None, .. } => Verb::LetIn,
            Self::Evaluate { kept_out: Some(_), .. } => Verb::KeepOut,
            Self::Recommend { against, .. } if against.is_empty() => Verb::Recommend,
            Self::Recommend { .. } => Verb::RecommendAgainst,
            Self::Opine { .. } => Verb::Opine,
            Self::Consolidate { .. } => Verb::Consolidate,
            Self::Resolve { .. } => Verb::Resolve,
            Self::Return { .. } => Verb::Return,
            Self::Propose { .. } => Verb::Propose,
            Self::Decide { .. } => Verb::Decide,
            Self::SendBack { .. } => Verb::SendBack,
            Self::Reopen { .. } => Verb::Reopen,
            Self::Appeal { .. } => Verb::Appeal,
            Self::Judge { overturn: true, .. } => Verb::Overturn,
            Self::Judge { overturn: false, .. } => Verb::Uphold,
            Self::Pause { .. } | Self::Resume { .. } | Self::Extend { .. } => return None,
        })
    }
}

/// What every step works on.
pub(super) struct Step<'a> {
    pub caller: &'a Caller,
    pub case: Case,
    pub who: Who,
    /// The case as it will stand.
    pub after: ApplicationRow,
    pub calendar: &'a WorkingCalendar,
    pub today: LegalDay,
}

impl Step<'_> {
    /// Moves the case and puts the event on its timeline.
    pub fn record(&self, tx: &mut Tx<'_>, kind: EventKind, event: NewEvent) -> Result<ApplicationRow, AppError> {
        Ok(applications::record(tx, Some(&self.case.row), self.after.clone(), kind, event)?)
    }
}

impl App {
    /// Carries out a step in a case that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a case of others, [`AppError::StaleVersion`] when it moved on, [`AppError::Conflict`] in a
    /// state that does not allow the step, [`AppError::Refused`] by a rule; the store's failure.
    pub fn act_on_case(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        seen: Revision,
        act: Act,
        repeat: Repeat<Shown>,
    ) -> Result<Written<Shown>, AppError> {
        let (caller, calendar) = (caller.clone(), self.working_calendar());
        self.repeatable(self.context(&caller, request_id), repeat, move |tx| {
            let row = carry_out(tx, &caller, id, seen, act, &calendar)?;
            tx.flush()?;
            let today = tx.context().at.day();
            read::case(tx.conn(), &caller, row, &calendar, today)
        })
    }
}

/// Says in which capacities a caller may act on a case.
pub(super) fn capacities(caller: &Caller, case: &Case) -> Vec<Who> {
    let own = super::super::report::own(caller).is_some_and(|own| own.to_string() == case.row.enterprise);
    let theirs = |who: Who| match who {
        Who::Enterprise => own,
        Who::District => *caller.org == *case.row.district,
        Who::Agency => case.agencies().iter().any(|agency| **agency == *caller.org),
        Who::BureauOfficer | Who::BureauApprover => true,
        Who::System => false,
    };
    Who::ALL.iter().copied().filter(|who| caller.holds_any(who.roles()) && theirs(*who)).collect()
}

/// Carries out a step inside a transaction.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: ApplicationId,
    seen: Revision,
    act: Act,
    calendar: &WorkingCalendar,
) -> Result<ApplicationRow, AppError> {
    let case = Case::open(tx.conn(), caller, id)?;
    unmoved(&case.row, seen)?;
    let (who, verb) = (capacities(caller, &case), act.verb());
    let (who, after) = match verb {
        Some(verb) => allowed(&case.row, verb, &who)?,
        None => clock_only(&case.row, &who)?,
    };
    claimed_by_nobody_else(tx, caller, &case.row.id, who)?;
    let today = tx.context().at.day();
    let step = Step { caller, case, who, after, calendar, today };
    let row = match act {
        Act::Accept => intake::accept(tx, &step),
        Act::Ask { findings, note } => intake::ask(tx, &step, &findings, note),
        Act::Decline { ground, note } => intake::decline(tx, &step, EventKind::Declined, ground, note),
        Act::Evaluate { kept_out: Some(ground), note } => intake::decline(tx, &step, EventKind::KeptOut, ground, note),
        Act::Evaluate { kept_out: None, note } => {
            step.record(tx, EventKind::LetIn, NewEvent { note, ..NewEvent::default() })
        }
        Act::Recommend { against, note } => intake::recommend(tx, &step, &against, note),
        Act::Opine { statements } => opinions::give(tx, &step, statements),
        Act::Consolidate { note } => opinions::close(tx, &step, note),
        Act::Resolve { lines } => opinions::resolve(tx, &step, &lines),
        Act::Return { reason, note } => intake::step_back(tx, &step, EventKind::Returned, reason, note),
        Act::Propose { proposals } => decisions::propose(tx, &step, proposals),
        Act::Decide { note } => decisions::decide(tx, &step, note),
        Act::SendBack { reason, note } => decisions::send_back(tx, &step, reason, note),
        Act::Reopen { lines, reason, note } => decisions::reopen(tx, &step, lines, reason, note),
        Act::Appeal { lines, grounds } => decisions::appeal(tx, &step, lines, grounds),
        Act::Judge { overturn, reason, note } => decisions::judge(tx, &step, overturn, reason, note),
        Act::Pause { reason, note } => intake::pause(tx, &step, reason, note),
        Act::Resume { note } => intake::resume(tx, &step, note),
        Act::Extend { note } => intake::extend(tx, &step, note),
    }?;
    note_unknown_calendar(tx, &step, &row)?;
    if let Some(verb) = verb {
        telling::of_step(tx, &step, verb, &row)?;
    }
    Ok(row)
}

/// Finds the capacity in which a verb may be carried out, and what the case becomes.
fn allowed(row: &ApplicationRow, verb: Verb, who: &[Who]) -> Result<(Who, ApplicationRow), AppError> {
    let mut refusal = AppError::Forbidden;
    for who in who {
        match machine::next(row.state()?, verb, *who, row.facts()?, row.asked_in()?) {
            Ok(Next::State { state, asked_in }) => {
                let after = ApplicationRow {
                    state: state.as_str().to_owned(),
                    asked_in: asked_in.map(|state| state.as_str().to_owned()),
                    ..row.clone()
                };
                return Ok((*who, after));
            }
            Ok(Next::Gone) | Err(Refused::State) => refusal = AppError::Conflict(Revision(row.revision)),
            Err(Refused::Person) => {}
        }
    }
    Err(refusal)
}

/// Clocks of an open case are stopped, started and extended by the bureau.
fn clock_only(row: &ApplicationRow, who: &[Who]) -> Result<(Who, ApplicationRow), AppError> {
    let who = who.iter().find(|who| matches!(who, Who::BureauOfficer | Who::District)).ok_or(AppError::Forbidden)?;
    if row.state()?.is_open() { Ok((*who, row.clone())) } else { Err(AppError::Conflict(Revision(row.revision))) }
}

/// Only who claimed a case for an organisation works on it there; an approver, and the applicant, are free.
fn claimed_by_nobody_else(tx: &mut Tx<'_>, caller: &Caller, id: &str, who: Who) -> Result<(), AppError> {
    if matches!(who, Who::Enterprise | Who::BureauApprover | Who::System) {
        return Ok(());
    }
    let claim = claims::find(tx.conn(), id, &caller.org)?;
    let person = tx.person()?.to_string();
    match claim.filter(|claim| claim.person != person) {
        Some(_) => Err(refused(CaseRule::Claimed)),
        None => Ok(()),
    }
}

/// Puts on record, once a stage, that its due day is unknown because a year's calendar is missing.
fn note_unknown_calendar(tx: &mut Tx<'_>, step: &Step<'_>, row: &ApplicationRow) -> Result<(), AppError> {
    if row.state == step.case.row.state {
        return Ok(());
    }
    tx.flush()?;
    let events = applications::events(tx.conn(), &row.id)?;
    let clock = clocks(&turns(&events)?, &step.case.scheme, step.calendar, step.today).stage;
    let unknown = clock.filter(|clock| clock.due.is_none()).and_then(|clock| clock.calendar_unknown);
    if let Some(year) = unknown {
        let event = NewEvent { detail: Some(json!({ "year": year })), hidden: true, ..NewEvent::default() };
        applications::append_event(tx, row, EventKind::CalendarUnknown, event)?;
    }
    Ok(())
}

/// Asks for text behind a code that says nothing by itself.
pub(super) fn worded(code: &str, note: Option<&String>) -> Result<(), AppError> {
    if code == "other" && note.is_none() {
        let fault = crate::domain::fault::FaultCode::ReasonRequired;
        return Err(AppError::Faults(vec![("/note".to_owned(), fault)]));
    }
    Ok(())
}

/// Reads a stored list of codes.
pub(super) fn listed<T>(codes: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, StoreError> {
    let parsed = codes.split(',').filter(|code| !code.is_empty());
    parsed.map(|code| parse(code).ok_or_else(|| StoreError::damaged("a code"))).collect()
}
