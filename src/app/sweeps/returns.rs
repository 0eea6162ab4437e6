//! Usage returns that stay away: reminder, warning, then suspension or its proposal, as the scheme says.

use crate::app::adjust::{save_plan, scheme_of};
use crate::app::error::AppError;
use crate::app::found::system;
use crate::app::plan::{Proposed, plan};
use crate::app::usage::{Before, blank, propose_change, step};
use crate::app::{App, SUPERVISION, telling};
use crate::domain::adjustment::{Change, ChangeKind, ChangeReason, ReasonCode};
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::usage_return::{Due, ReturnStage, ReturnVerb, ended, owed, step_due};
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::usage_returns::{self, ReturnRow};
use crate::store::{AnyConnection, StoreError, Tx, listings};
use std::collections::HashMap;

/// Listings looked at in one transaction.
const STRIDE: usize = 200;

/// A period of a listing whose return is asked for.
#[derive(Clone)]
struct Asked {
    listing: ListingNumber,
    scheme: String,
    due: Due,
}

impl App {
    /// Takes every step that is due because a usage return is not there.
    ///
    /// # Errors
    /// The store's failure.
    pub fn chase_returns(&self, at: Instant) -> Result<usize, AppError> {
        let mut done = 0_usize;
        for asked in self.asked_for(at.day()).chunks(STRIDE) {
            let due = self.store.read(|conn| due(conn, asked, at.day()))?;
            if due.is_empty() {
                continue;
            }
            let (asked, list) = (asked.to_vec(), self.index.snapshot());
            let taken = self.store.write(system(SUPERVISION, at), move |tx| {
                let mut taken = 0_usize;
                for (asked, last, verb) in due_in(tx, &asked)? {
                    taken = taken.saturating_add(usize::from(act(tx, &asked, last, verb, &list)?));
                    tx.flush()?;
                }
                Ok::<_, AppError>(taken)
            })?;
            done = done.saturating_add(taken.value);
        }
        Ok(done)
    }

    /// Lists the periods whose returns the schemes ask for, as the list in memory stands.
    fn asked_for(&self, today: LegalDay) -> Vec<Asked> {
        let snapshot = self.index.snapshot();
        let mut all = Vec::new();
        for (_, listing) in snapshot.each_listing() {
            let history = snapshot.schemes().get(usize::from(listing.scheme));
            let Some((scheme, true)) = history.and_then(|history| history.on(today, Revision::NEWEST)) else {
                continue;
            };
            let (Some(first), Some((_, now))) = (listing.versions.first(), listing.on(today, Revision::NEWEST)) else {
                continue;
            };
            let whole = owed(first.terms.period.from(), now.standing, now.effective_on, now.terms.period.to());
            let dues = whole.map_or_else(Vec::new, |whole| ended(&scheme.supervision, whole, today));
            all.extend(dues.into_iter().map(|due| Asked { listing: listing.number, scheme: scheme.code.clone(), due }));
        }
        all.sort_by_key(|asked| (asked.listing, asked.due.period.from()));
        all
    }
}

type Step = (Asked, Option<ReturnRow>, ReturnVerb);

fn due_in(tx: &mut Tx<'_>, asked: &[Asked]) -> Result<Vec<Step>, StoreError> {
    let today = tx.context().at.day();
    due(tx.conn(), asked, today)
}

fn due(conn: &mut AnyConnection, asked: &[Asked], today: LegalDay) -> Result<Vec<Step>, StoreError> {
    let mut numbers: Vec<String> = asked.iter().map(|asked| asked.listing.to_string()).collect();
    numbers.dedup();
    let known: HashMap<(String, i32), ReturnRow> = usage_returns::of_listings(conn, &numbers)?
        .into_iter()
        .map(|row| ((row.listing.clone(), row.period_from), row))
        .collect();
    let mut steps = Vec::new();
    for asked in asked {
        let Some(scheme) = scheme_of(conn, &asked.scheme, today)? else { continue };
        let last = known.get(&(asked.listing.to_string(), asked.due.period.from().value()));
        let stood = last.map(|row| {
            let stage = ReturnStage::parse(&row.stage).map_err(|_| StoreError::damaged("the stage of a return"))?;
            Ok::<_, StoreError>((stage, Instant::from_micros(row.recorded_at).day()))
        });
        if let Some(verb) = step_due(&scheme.supervision, asked.due.due_on, stood.transpose()?, today) {
            steps.push((asked.clone(), last.cloned(), verb));
        }
    }
    Ok(steps)
}

/// Takes one step; says whether it could be taken. A listing that is suspended or has expired cannot be suspended again.
fn act(
    tx: &mut Tx<'_>,
    asked: &Asked,
    last: Option<ReturnRow>,
    verb: ReturnVerb,
    list: &Snapshot,
) -> Result<bool, AppError> {
    let before = match last {
        Some(row) => Before::Asked(row),
        None => {
            let listing = listings::versions(tx.conn(), &asked.listing.to_string())?.pop().ok_or(AppError::NotFound)?;
            Before::Nothing(blank(tx, &listing, asked.due)?)
        }
    };
    let mut next = before.row().clone();
    let suspend = ChangeKind::Suspend { listing: asked.listing, effective_on: tx.context().at.day() };
    match verb {
        ReturnVerb::ProposeSuspension => {
            match propose_change(tx, &asked.scheme, suspend, ReasonCode::UsageReturnOverdue) {
                Ok(adjustment) => next.adjustment = Some(adjustment),
                Err(AppError::Refused(_)) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        ReturnVerb::Suspend if !suspended(tx, &asked.scheme, suspend, list)? => return Ok(false),
        ReturnVerb::Suspend | ReturnVerb::Remind | ReturnVerb::Warn | ReturnVerb::HandIn | ReturnVerb::Correct => {}
    }
    step(tx, before, verb, next)?;
    Ok(true)
}

/// Suspends a listing as its scheme orders; says whether the rules allow it.
fn suspended(tx: &mut Tx<'_>, scheme: &str, kind: ChangeKind, list: &Snapshot) -> Result<bool, AppError> {
    let at = tx.context().at;
    let Some(scheme) = scheme_of(tx.conn(), scheme, at.day())? else { return Ok(false) };
    let change = Change { kind, reason: ChangeReason { code: ReasonCode::UsageReturnOverdue, basis: None } };
    let planned = plan(tx.conn(), &scheme, &[change], Proposed::default(), at)?;
    if !planned.refused.is_empty() {
        return Ok(false);
    }
    telling::of_plan(tx, &planned.rows, list)?;
    save_plan(tx, planned)?;
    Ok(true)
}
