//! Usage returns (使用台账): handed in and corrected by the enterprise, shown to it and to those who supervise.

use super::adjust::{self, Proposal, SYSTEM, propose_by, scheme_in_force};
use super::error::AppError;
use super::notices::tell;
use super::plan::dated;
use super::repeat::{Repeat, Written};
use super::report::{own, scope};
use super::view::Page;
use super::{App, SUPERVISION, telling};
use crate::domain::actor::{Caller, Role};
use crate::domain::adjustment::{AdjustmentState, AdjustmentVerb, Change, ChangeKind, ChangeReason, ReasonCode};
use crate::domain::code::{UnitCode, Uscc};
use crate::domain::error::Rule;
use crate::domain::id::{ReturnId, time_ordered};
use crate::domain::listing_number::ListingNumber;
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::revision::Revision;
use crate::domain::timeline::{Dated, timeline};
use crate::domain::usage_return::{Due, Ledger, ReturnStage, ReturnVerb, after, ended, owed, suspends_on};
use crate::domain::validity::LegalDay;
use crate::store::private::random;
use crate::store::rows::ListingRow;
pub use crate::store::usage_returns::ReturnRow;
use crate::store::{AnyConnection, StoreError, Tx, adjustments, listings, usage_returns};

/// What an enterprise states, in one unit.
#[derive(Debug, Clone)]
pub struct Stated {
    /// Unit of every quantity.
    pub unit: UnitCode,
    /// In stock when the period began.
    pub opening: Quantity,
    /// Received.
    pub received: Quantity,
    /// Used.
    pub used: Quantity,
    /// Destroyed.
    pub destroyed: Quantity,
    /// In stock when the period ended.
    pub stock: Quantity,
    /// Note.
    pub note: Option<String>,
}

/// Which returns a reader asks for.
#[derive(Debug, Clone, Default)]
pub struct ReturnQuery {
    /// One enterprise.
    pub enterprise: Option<Uscc>,
    /// One listing.
    pub listing: Option<ListingNumber>,
    /// At a stage.
    pub stage: Option<ReturnStage>,
}

/// A return with what came before it.
#[derive(Debug, Clone)]
pub struct ReturnSeen {
    /// The return.
    pub row: ReturnRow,
    /// Stock at the end of the period before it, where that was stated; steps of the finer unit.
    pub carried_over: Option<i64>,
    /// Unit of the listing.
    pub unit: UnitCode,
    /// The day it is looked at.
    pub today: LegalDay,
}

impl App {
    /// Hands in the return of a period.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a listing of another enterprise, [`AppError::Conflict`] when it was handed in,
    /// [`AppError::Refused`] when there is no such period or the ledger does not add up; the store's failure.
    pub fn hand_in(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (listing, period_from): (ListingNumber, LegalDay),
        stated: Stated,
        repeat: Repeat<ReturnSeen>,
    ) -> Result<Written<ReturnSeen>, AppError> {
        let enterprise = own(caller);
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            hand_in(tx, enterprise, listing, period_from, &stated)
        })
    }

    /// Hands in a corrected return.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`], [`AppError::Refused`]; the store's
    /// failure.
    pub fn correct_return(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ReturnId,
        seen: Revision,
        stated: Stated,
        repeat: Repeat<ReturnSeen>,
    ) -> Result<Written<ReturnSeen>, AppError> {
        let enterprise = own(caller);
        self.repeatable(self.context(caller, request_id), repeat, move |tx| correct(tx, enterprise, id, seen, &stated))
    }

    /// Finds a return.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of another enterprise.
    pub fn usage_return(&self, caller: &Caller, id: ReturnId) -> Result<ReturnSeen, AppError> {
        let own = scope(caller)?;
        let today = self.clock.now().day();
        self.store.read(|conn| {
            let row = usage_returns::find(conn, &id.to_string())?;
            let row = row.filter(|row| own.is_none_or(|uscc| uscc.as_str() == row.enterprise));
            seen(conn, row.ok_or(AppError::NotFound)?, today)
        })
    }

    /// Lists returns in order of id.
    ///
    /// # Errors
    /// The store's failure.
    pub fn usage_returns(
        &self,
        caller: &Caller,
        query: &ReturnQuery,
        after: &str,
        limit: usize,
    ) -> Result<Page<ReturnSeen>, AppError> {
        let own = scope(caller)?;
        if own.is_some() && query.enterprise.is_some() && own != query.enterprise {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let enterprise = own.or(query.enterprise).map(|uscc| uscc.to_string());
        let listing = query.listing.map(|number| number.to_string());
        let today = self.clock.now().day();
        let size = i64::try_from(limit.max(1)).unwrap_or(200);
        self.store.read(|conn| {
            let (mut items, mut cursor) = (Vec::new(), after.to_owned());
            loop {
                let rows = usage_returns::list(conn, enterprise.as_deref(), &cursor, size)?;
                let short = i64::try_from(rows.len()).unwrap_or(size) < size;
                for row in rows {
                    cursor.clone_from(&row.id);
                    let fits = listing.as_ref().is_none_or(|number| *number == row.listing)
                        && query.stage.is_none_or(|stage| stage.as_str() == row.stage);
                    if fits {
                        items.push(seen(conn, row, today)?);
                    }
                    if items.len() == limit {
                        return Ok(Page { items, next: Some(cursor) });
                    }
                }
                if short {
                    return Ok(Page { items, next: None });
                }
            }
        })
    }
}

/// A listing as a return needs it.
struct Listed {
    row: ListingRow,
    unit: UnitCode,
    dues: Vec<Due>,
}

fn listed(conn: &mut AnyConnection, number: ListingNumber, today: LegalDay) -> Result<Option<Listed>, AppError> {
    let rows = listings::versions(conn, &number.to_string())?;
    let (Some(first), Some(row)) = (rows.first(), rows.last()) else { return Ok(None) };
    let anchor = dated(first)?.state.terms.period.from();
    let line: Vec<Dated> = timeline(rows.iter().map(dated).collect::<Result<Vec<_>, _>>()?);
    let Some(now) = line.iter().rev().find(|dated| dated.effective_on <= today).or_else(|| line.first()) else {
        return Ok(None);
    };
    let scheme = scheme_in_force(conn, &row.scheme, today)?;
    let whole = owed(anchor, now.state.standing, now.effective_on, now.state.terms.period.to());
    let dues = whole.map_or_else(Vec::new, |whole| ended(&scheme.supervision, whole, today));
    Ok(Some(Listed { row: row.clone(), unit: now.state.terms.unit, dues }))
}

/// Reads what is stated in steps of the listing's finer unit.
fn ledger(stated: &Stated, unit: UnitCode) -> Result<Ledger, Rule> {
    let steps = |quantity: Quantity| {
        let measure = Measure { quantity, unit: stated.unit };
        let (finer, of) = measure.to_finer().map_err(|_| Rule::QuantityTooLarge)?;
        if of != unit.finer().0 {
            return Err(Rule::UnitNotComparable);
        }
        i64::try_from(finer.steps()).map_err(|_| Rule::QuantityTooLarge)
    };
    let ledger = Ledger {
        opening: steps(stated.opening)?,
        received: steps(stated.received)?,
        used: steps(stated.used)?,
        destroyed: steps(stated.destroyed)?,
        stock: steps(stated.stock)?,
    };
    ledger.check()?;
    Ok(ledger)
}

fn stating(row: ReturnRow, ledger: Ledger, stated: &Stated) -> ReturnRow {
    ReturnRow {
        unit: i32::try_from(stated.unit.value()).ok(),
        opening: Some(ledger.opening),
        received: Some(ledger.received),
        used: Some(ledger.used),
        destroyed: Some(ledger.destroyed),
        stock: Some(ledger.stock),
        note: stated.note.clone(),
        ..row
    }
}

fn stage(row: &ReturnRow) -> Result<ReturnStage, StoreError> {
    ReturnStage::parse(&row.stage).map_err(|_| StoreError::damaged("the stage of a return"))
}

fn hand_in(
    tx: &mut Tx<'_>,
    enterprise: Option<Uscc>,
    number: ListingNumber,
    period_from: LegalDay,
    stated: &Stated,
) -> Result<ReturnSeen, AppError> {
    let today = tx.context().at.day();
    let listed = listed(tx.conn(), number, today)?
        .filter(|listed| enterprise.is_some_and(|uscc| uscc.as_str() == listed.row.enterprise))
        .ok_or(AppError::NotFound)?;
    let known = usage_returns::of_listings(tx.conn(), &[number.to_string()])?;
    let known = known.into_iter().find(|row| row.period_from == period_from.value());
    let before = match known {
        Some(row) => Before::Asked(row),
        None => {
            let due = listed.dues.iter().find(|due| due.period.from() == period_from);
            Before::Nothing(blank(tx, &listed.row, *due.ok_or(AppError::refused(Rule::PeriodUnknown))?)?)
        }
    };
    let row = stating(before.row().clone(), ledger(stated, listed.unit).map_err(AppError::refused)?, stated);
    if let Before::Asked(asked) = &before {
        settle(tx, asked)?;
    }
    let row = step(tx, before, ReturnVerb::HandIn, row)?;
    tx.flush()?;
    seen(tx.conn(), row, today)
}

fn correct(
    tx: &mut Tx<'_>,
    enterprise: Option<Uscc>,
    id: ReturnId,
    looked: Revision,
    stated: &Stated,
) -> Result<ReturnSeen, AppError> {
    let today = tx.context().at.day();
    let row = usage_returns::find(tx.conn(), &id.to_string())?
        .filter(|row| enterprise.is_some_and(|uscc| uscc.as_str() == row.enterprise))
        .ok_or(AppError::NotFound)?;
    if row.revision != looked.0 {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    let number = ListingNumber::parse(&row.listing).map_err(|_| StoreError::damaged("a listing number"))?;
    let listed = listed(tx.conn(), number, today)?.ok_or(AppError::NotFound)?;
    let next = stating(row.clone(), ledger(stated, listed.unit).map_err(AppError::refused)?, stated);
    let row = step(tx, Before::Asked(row), ReturnVerb::Correct, next)?;
    tx.flush()?;
    seen(tx.conn(), row, today)
}

/// What stands before a step.
pub(super) enum Before {
    /// No entry yet; the row that would be its first.
    Nothing(ReturnRow),
    /// The version before.
    Asked(ReturnRow),
}

impl Before {
    /// Returns the row to go on from.
    pub(super) fn row(&self) -> &ReturnRow {
        match self {
            Self::Nothing(row) | Self::Asked(row) => row,
        }
    }
}

/// Makes the row of a period that nothing is recorded of.
pub(super) fn blank(tx: &Tx<'_>, listing: &ListingRow, due: Due) -> Result<ReturnRow, StoreError> {
    Ok(ReturnRow {
        id: ReturnId::new(time_ordered(tx.context().at, random()?)).to_string(),
        version: 0,
        revision: 0,
        listing: listing.number.clone(),
        enterprise: listing.enterprise.clone(),
        scheme: listing.scheme.clone(),
        period_from: due.period.from().value(),
        period_to: due.period.to().value(),
        due_on: due.due_on.value(),
        stage: String::new(),
        unit: None,
        opening: None,
        received: None,
        used: None,
        destroyed: None,
        stock: None,
        note: None,
        adjustment: None,
        recorded_at: 0,
    })
}

/// Takes a step of the table and records it.
pub(super) fn step(tx: &mut Tx<'_>, before: Before, verb: ReturnVerb, next: ReturnRow) -> Result<ReturnRow, AppError> {
    let last = match &before {
        Before::Nothing(_) => None,
        Before::Asked(row) => Some(row),
    };
    let from = last.map(stage).transpose()?;
    let stage = after(from, verb).ok_or(AppError::Conflict(Revision(last.map_or(0, |row| row.revision))))?;
    let row = ReturnRow {
        version: last.map_or(0, |row| row.version).saturating_add(1),
        revision: tx.next_revision().0,
        stage: stage.as_str().to_owned(),
        recorded_at: tx.context().at.micros(),
        ..next
    };
    let event = match verb {
        ReturnVerb::Remind => "usage_return.reminded",
        ReturnVerb::Warn => "usage_return.warned",
        ReturnVerb::ProposeSuspension => "usage_return.suspension_proposed",
        ReturnVerb::Suspend => "usage_return.suspended",
        ReturnVerb::HandIn => "usage_return.handed_in",
        ReturnVerb::Correct => "usage_return.corrected",
    };
    tx.save(row.clone(), last, event)?;
    told(tx, &row, from, verb)?;
    Ok(row)
}

/// Tells the enterprise what a return that stays away leads to, and the bureau that a late one has come. Of a suspension the
/// enterprise is told with the change of its listing.
fn told(tx: &mut Tx<'_>, row: &ReturnRow, from: Option<ReturnStage>, verb: ReturnVerb) -> Result<(), AppError> {
    let today = tx.context().at.day();
    let kind = match verb {
        ReturnVerb::Remind if row.due_on < today.value() => NoticeKind::UsageReturnOverdue,
        ReturnVerb::Remind => NoticeKind::UsageReturnDue,
        ReturnVerb::Warn => NoticeKind::UsageReturnWarning,
        ReturnVerb::ProposeSuspension => NoticeKind::SuspensionProposed,
        ReturnVerb::HandIn if from.is_some_and(|from| from != ReturnStage::Reminded) => NoticeKind::UsageReturnReceived,
        ReturnVerb::Suspend | ReturnVerb::HandIn | ReturnVerb::Correct => return Ok(()),
    };
    let late = kind == NoticeKind::UsageReturnReceived;
    let to = if late { Addressee::Role(Role::BureauOfficer) } else { telling::enterprise(&row.enterprise)? };
    let day = |value: i32| LegalDay::from_value(value).ok_or_else(|| StoreError::damaged("a legal day"));
    let (from, until, due_on) = (day(row.period_from)?, day(row.period_to)?, day(row.due_on)?);
    let mut notice = Notice::new(to, kind, format!("/v1/usage-returns/{}", row.id))
        .with("listing", &row.listing)
        .with("enterprise", &row.enterprise)
        .with("period", format!("{from} – {until}"))
        .with("due_on", due_on);
    if let Some(scheme) = adjust::scheme_of(tx.conn(), &row.scheme, today)? {
        notice = notice.with("suspend_on", suspends_on(&scheme.supervision, due_on, today));
    }
    Ok(tell(tx, &notice)?)
}

/// Takes back what followed from a return that stayed away: a proposal that waits is withdrawn; what was suspended is
/// proposed for reinstatement, on which two people decide.
fn settle(tx: &mut Tx<'_>, row: &ReturnRow) -> Result<(), AppError> {
    let proposed = match &row.adjustment {
        Some(id) => adjustments::find(tx.conn(), id)?,
        None => None,
    };
    let state = proposed.as_ref().and_then(|row| AdjustmentState::parse(&row.state));
    if let (Some(proposed), Some(AdjustmentState::Proposed)) = (&proposed, state) {
        adjust::end(tx, proposed, AdjustmentVerb::Withdraw)?;
        return tx.flush().map_err(AppError::from);
    }
    if state == Some(AdjustmentState::Confirmed) || stage(row)? == ReturnStage::Suspended {
        let listing = ListingNumber::parse(&row.listing).map_err(|_| StoreError::damaged("a listing number"))?;
        let kind = ChangeKind::Reinstate { listing, effective_on: tx.context().at.day() };
        match propose_change(tx, &row.scheme, kind, ReasonCode::Rectified) {
            // Reinstated, removed or expired meanwhile: nothing is left to take back.
            Ok(_) | Err(AppError::Refused(_)) => tx.flush().map_err(AppError::from),
            Err(error) => Err(error),
        }
    } else {
        Ok(())
    }
}

/// Proposes one change by the service itself; returns the id of the adjustment.
pub(super) fn propose_change(
    tx: &mut Tx<'_>,
    scheme: &str,
    kind: ChangeKind,
    code: ReasonCode,
) -> Result<String, AppError> {
    let change = Change { kind, reason: ChangeReason { code, basis: None } };
    let proposal = Proposal { scheme: scheme.to_owned(), changes: vec![change], note: Some(SUPERVISION.to_owned()) };
    Ok(propose_by(tx, proposal, SYSTEM.to_owned())?.id)
}

fn seen(conn: &mut AnyConnection, row: ReturnRow, today: LegalDay) -> Result<ReturnSeen, AppError> {
    let others = usage_returns::of_listings(conn, std::slice::from_ref(&row.listing))?;
    let earlier = others.iter().rfind(|other| other.period_from < row.period_from && other.stock.is_some());
    let last = listings::versions(conn, &row.listing)?.pop().ok_or(AppError::NotFound)?;
    let unit = dated(&last)?.state.terms.unit;
    Ok(ReturnSeen { carried_over: earlier.and_then(|other| other.stock), unit, today, row })
}
