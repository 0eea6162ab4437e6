//! Whom a step in a case concerns, and what they are told.
//!
//! It decides nothing. Invariant: the applicant is told of every step that it waits for, and whoever acts next that it is their
//! turn.

use super::act::Step;
use super::{Case, clocks, turns};
use crate::app::AppError;
use crate::app::notices::tell;
use crate::domain::actor::Role;
use crate::domain::application::State;
use crate::domain::application::machine::{Verb, Who, holder};
use crate::domain::calendar::WorkingCalendar;
use crate::domain::case_clock::due;
use crate::domain::code::Uscc;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::recognition::ItemState;
use crate::domain::validity::LegalDay;
use crate::store::application_rows::ApplicationRow;
use crate::store::{StoreError, Tx, applications, decisions};

/// The path of a case.
fn path(row: &ApplicationRow) -> String {
    format!("/v1/applications/{}", row.id)
}

/// Names the enterprise of a case.
pub(super) fn enterprise(row: &ApplicationRow) -> Result<Addressee, StoreError> {
    Uscc::parse(&row.enterprise).map(Addressee::Enterprise).map_err(|_| StoreError::damaged("a USCC"))
}

/// Tells of a case.
pub(super) fn about(row: &ApplicationRow, to: Addressee, kind: NoticeKind) -> Notice {
    Notice::new(to, kind, path(row)).with("application", &row.id).with("enterprise", &row.enterprise)
}

/// Tells everybody whom a step concerns.
///
/// # Errors
/// The store's failure.
pub(super) fn of_step(tx: &mut Tx<'_>, step: &Step<'_>, verb: Verb, row: &ApplicationRow) -> Result<(), AppError> {
    let case = &step.case;
    let applicant = |kind| enterprise(row).map(|to| about(row, to, kind));
    let role = |role, kind| about(row, Addressee::Role(role), kind);
    let clocks = case.scheme.clocks;
    let by = |days| due(step.calendar, step.today, days).ok();
    let mut notices = Vec::new();
    match verb {
        Verb::Accept => {
            notices.push(applicant(NoticeKind::ApplicationAccepted)?);
            if row.state == State::Evaluating.as_str() {
                notices.push(role(Role::BureauOfficer, NoticeKind::EvaluationDue));
            }
        }
        Verb::LetIn => notices.push(applicant(NoticeKind::ApplicationAccepted)?),
        Verb::Ask => {
            let days = case.scheme.casework.correction_days;
            notices.push(dated(applicant(NoticeKind::CorrectionAsked)?, by(days)));
        }
        Verb::Decline | Verb::KeepOut => notices.push(applicant(NoticeKind::ApplicationDeclined)?),
        Verb::Recommend => {
            notices.push(applicant(NoticeKind::Recommended)?);
            if row.state == State::InOpinion.as_str() {
                notices
                    .extend(agencies(case, row, NoticeKind::OpinionDue).map(|it| dated(it, by(clocks.opinion_days))));
            }
        }
        Verb::RecommendAgainst => notices.push(role(Role::BureauOfficer, NoticeKind::NotRecommended)),
        Verb::Consolidate => notices.push(role(Role::BureauOfficer, NoticeKind::OpinionsConsolidated)),
        Verb::Return => notices.extend(agencies(case, row, NoticeKind::ReturnedToReview)),
        Verb::Propose => notices.push(role(Role::BureauApprover, NoticeKind::DecisionProposed)),
        Verb::SendBack => notices.push(role(Role::BureauOfficer, NoticeKind::DecisionSentBack)),
        Verb::Decide => notices.push(decided(tx, step, row)?),
        Verb::Reopen => notices.push(applicant(NoticeKind::ApplicationReopened)?),
        Verb::Appeal => notices.push(role(Role::BureauApprover, NoticeKind::AppealLodged)),
        Verb::Uphold => notices.push(applicant(NoticeKind::AppealDecided)?.with("outcome", "upheld")),
        Verb::Overturn => notices.push(applicant(NoticeKind::AppealDecided)?.with("outcome", "overturned")),
        Verb::Lodge | Verb::Discard | Verb::Correct | Verb::Lapse | Verb::Opine | Verb::Resolve => {}
        Verb::Withdraw | Verb::Retract => {}
    }
    notices.iter().try_for_each(|notice| tell(tx, notice))?;
    Ok(())
}

/// Tells whoever has a case in hand what the enterprise did with it.
///
/// # Errors
/// The store's failure.
pub(in crate::app) fn of_enterprise(
    tx: &mut Tx<'_>,
    row: &ApplicationRow,
    stage: State,
    kind: NoticeKind,
    calendar: &WorkingCalendar,
) -> Result<(), AppError> {
    tx.flush()?;
    let case = Case::of(tx.conn(), row.clone())?;
    let turns = turns(&applications::events(tx.conn(), &row.id)?)?;
    let due_on = clocks(&turns, &case.scheme, calendar, tx.context().at.day()).stage.and_then(|clock| clock.due);
    for to in in_hand(&case, stage)? {
        tell(tx, &dated(about(row, to, kind), due_on))?;
    }
    Ok(())
}

/// Names who has a case in hand while it stands in a stage; a correction that is waited for belongs to the enterprise.
pub(super) fn in_hand(case: &Case, stage: State) -> Result<Vec<Addressee>, StoreError> {
    Ok(match holder(stage) {
        Some(Who::Enterprise) => vec![enterprise(&case.row)?],
        Some(Who::District) => vec![Addressee::Org(case.row.district.clone())],
        Some(Who::Agency) => case.agencies().into_iter().map(Addressee::Org).collect(),
        Some(Who::BureauOfficer) => vec![Addressee::Role(Role::BureauOfficer)],
        Some(Who::BureauApprover) => vec![Addressee::Role(Role::BureauApprover)],
        Some(Who::System) | None => Vec::new(),
    })
}

fn dated(notice: Notice, due_on: Option<LegalDay>) -> Notice {
    match due_on {
        Some(due_on) => notice.with("due_on", due_on),
        None => notice,
    }
}

fn agencies<'c>(case: &'c Case, row: &'c ApplicationRow, kind: NoticeKind) -> impl Iterator<Item = Notice> + 'c {
    case.agencies().into_iter().map(move |agency| about(row, Addressee::Org(agency), kind))
}

fn decided(tx: &mut Tx<'_>, step: &Step<'_>, row: &ApplicationRow) -> Result<Notice, AppError> {
    let rows = decisions::newest(tx.conn(), &row.id)?;
    let count = |states: &[ItemState]| {
        rows.values().filter(|row| states.iter().any(|state| row.state == state.as_str())).count()
    };
    let recognised = count(&[ItemState::Recognised, ItemState::ProposedRecognition, ItemState::Published]);
    let refused = count(&[ItemState::Refused, ItemState::ProposedRefusal]);
    let until = step.today.add_days(i32::from(step.case.scheme.casework.appeal_days));
    let kind = if recognised == 0 { NoticeKind::ApplicationRefused } else { NoticeKind::ApplicationDecided };
    let notice = about(row, enterprise(row)?, kind);
    Ok(notice.with("recognised", recognised).with("refused", refused).with("appeal_until", until))
}
