//! What an enterprise sees of itself at any time: what it holds and what is left, and why customs stopped a line.

use super::App;
use super::error::AppError;
use super::record::{Recorded, read_batch};
use super::report::{ListingQuery, own_or_fault};
use super::view::{BalanceView, ListingView, Page};
use crate::domain::actor::Caller;
use crate::domain::code::Uscc;
use crate::domain::id::LookupId;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::Line;
use crate::domain::reason::{Reason, Reasons, Verdict};
use crate::store::StoreError;
use crate::store::keep::answers;

/// How far back stopped lines are shown: 90 days, in microseconds.
const BACK: i64 = 90 * 86_400_000_000;

/// Answers that one request may look through.
const MOST_ANSWERS: usize = 100_000;

/// A listing with what was granted, reserved, used and is left.
#[derive(Debug)]
pub struct HoldingView {
    /// The listing today.
    pub listing: ListingView,
    /// Its quantities.
    pub balance: BalanceView,
}

/// A line of the enterprise's own that customs were told not to let pass, or to look at.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// The recorded answer.
    pub answer: Recorded,
    /// The line.
    pub line: Line,
    /// Why.
    pub reasons: Reasons,
}

impl App {
    /// Lists the listings of the caller's enterprise with their quantities, in order of number.
    ///
    /// # Errors
    /// The store's failure.
    pub fn holdings(&self, caller: &Caller, after: &str, limit: usize) -> Result<Page<HoldingView>, AppError> {
        own_or_fault(caller)?;
        let page = self.listings(caller, &ListingQuery::default(), after, limit)?;
        let holding = |listing: ListingView| {
            let number = ListingNumber::parse(&listing.number).map_err(|_| StoreError::damaged("a listing number"))?;
            let (balance, _) = self.balance(caller, number)?;
            Ok::<_, AppError>(HoldingView { listing, balance })
        };
        Ok(Page { items: page.items.into_iter().map(holding).collect::<Result<_, _>>()?, next: page.next })
    }

    /// Lists lines of the caller's enterprise that were answered `denied` or `manual_check`, the newest answer first.
    /// A page ends with a whole answer; `before` is the answer behind which it begins.
    ///
    /// # Errors
    /// The store's failure.
    pub fn stopped_lines(
        &self,
        caller: &Caller,
        before: Option<LookupId>,
        limit: usize,
    ) -> Result<Page<Stopped>, AppError> {
        let own = own_or_fault(caller)?;
        let since = self.clock.now().micros().saturating_sub(BACK);
        self.store.read(|conn| {
            let (mut found, mut seen) = (Vec::<Stopped>::new(), 0_usize);
            let mut cursor = before.map(|id| id.to_string());
            while found.len() < limit && seen < MOST_ANSWERS {
                let Some(batch) = answers::before(conn, cursor.as_deref(), since)? else { break };
                let recorded = read_batch(&batch)?;
                seen = seen.saturating_add(recorded.len());
                let mut earlier: Vec<Recorded> =
                    recorded.into_iter().filter(|answer| before.is_none_or(|before| answer.id < before)).collect();
                earlier.sort_by_key(|answer| std::cmp::Reverse(answer.id));
                for answer in earlier {
                    if found.len() < limit {
                        found.extend(stopped(&answer, own));
                    }
                }
                cursor = Some(batch.first_id);
            }
            // A full page may be the last one: then the next is empty.
            let next = found.last().filter(|_| found.len() >= limit).map(|stopped| stopped.answer.id.to_string());
            Ok::<_, AppError>(Page { items: found, next })
        })
    }
}

fn stopped(answer: &Recorded, own: Uscc) -> Vec<Stopped> {
    let lines = answer.lines.iter().zip(&answer.reasons);
    let theirs = lines.filter(|(line, reasons)| line.enterprise == own && stops(**reasons));
    theirs.map(|(line, reasons)| Stopped { answer: answer.clone(), line: *line, reasons: *reasons }).collect()
}

fn stops(reasons: Reasons) -> bool {
    let given = Reason::ALL.iter().filter(|reason| reasons.contains(**reason));
    given.into_iter().any(|reason| matches!(reason.verdict(), Verdict::Denied | Verdict::ManualCheck))
}

impl Stopped {
    /// Returns the verdict: the worst that a reason asks for.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let given = Reason::ALL.iter().filter(|reason| self.reasons.contains(**reason));
        given.map(|reason| reason.verdict()).max().unwrap_or(Verdict::Allowed)
    }
}
