//! The desk: decides all draws of a group in their order of arrival, with everything loaded at once.
//!
//! The list is that of the head which the transaction holds; balances are those of the transaction, with what the
//! draws before have moved. Nothing is read or written per draw.

use super::rows::{self, Recorded};
use super::telling;
use crate::app::follow::{delta_of_movements, level};
use crate::domain::code::DeclarationNumber;
use crate::domain::draw::ledger::Balance;
use crate::domain::draw::{
    Act, Command, Decided, DrawReason, Head, Outcome as Decision, Position, Refusal, Shares, State, Verb, decide,
};
use crate::domain::id::{ManualReleaseId, time_ordered};
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::index::{Delta, Index, Snapshot};
use crate::store::declarations::{self, DeclarationRow, OpenRow};
use crate::store::desk::{Desk, Draw, Drawn, Outcome};
use crate::store::fact::Previous;
use crate::store::keep::messages;
use crate::store::listings::{self, BalanceRow};
use crate::store::manual_releases::ManualReleaseRow;
use crate::store::movements::{self, MovementRow};
use crate::store::private::random;
use crate::store::{Author, StoreError, Tx, rulebook};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Decides draws by the list in memory, brought level with the transaction.
pub struct DrawDesk {
    index: Arc<Index>,
    /// What the last group of draws left behind.
    left: Option<Left>,
    /// The same of the group that is not committed yet, what it took, and the revision that its draws began at.
    staged: Option<(Left, Revision, Delta)>,
}

/// What a group of draws left behind: it need not be read again while nothing else has been written since.
struct Left {
    /// The revision that it left.
    revision: Revision,
    /// The list, in which draws change nothing.
    list: Arc<Snapshot>,
    /// Declarations by number.
    known: HashMap<DeclarationNumber, Known>,
    /// Balances by listing.
    balances: BTreeMap<ListingNumber, Balance>,
}

impl Left {
    /// Keeps no more than memory should hold: what the group itself worked on, when there is more.
    fn bounded(mut self, group: &[Draw]) -> Self {
        if self.known.len() > MOST_KNOWN {
            let touched: BTreeSet<DeclarationNumber> = group.iter().map(|draw| draw.command.number).collect();
            self.known.retain(|number, _| touched.contains(number));
        }
        if self.balances.len() > MOST_BALANCES {
            self.balances.clear();
        }
        self
    }
}

/// Declarations remembered from group to group at most; one is a few kilobytes.
const MOST_KNOWN: usize = 4096;

/// Balances remembered from group to group at most.
const MOST_BALANCES: usize = 65_536;

impl DrawDesk {
    /// Makes a desk that judges by a list.
    #[must_use]
    pub fn new(index: Arc<Index>) -> Self {
        Self { index, left: None, staged: None }
    }

    /// Returns what is known at the head that the transaction holds: what the last group of draws left where it ended at
    /// that head with nothing between them, else the list alone.
    fn at_head(&mut self, tx: &mut Tx<'_>) -> Result<Left, StoreError> {
        let revision = tx.last_revision();
        match self.left.take().filter(|left| tx.undisturbed() && left.revision == revision) {
            Some(left) => Ok(left),
            None => {
                let list = level(tx.conn(), &self.index.snapshot())?;
                Ok(Left { revision, list, known: HashMap::new(), balances: BTreeMap::new() })
            }
        }
    }
}

/// A declaration as the transaction holds it.
struct Known {
    head: Head,
    row: Arc<DeclarationRow>,
    /// The entry that recorded it, where it is known.
    entry: Option<Previous>,
    /// Versions before, for messages that are repeated after the service gave back.
    last_message: Arc<DeclarationRow>,
}

/// What the draws of a group work on.
struct Work {
    snapshot: Arc<Snapshot>,
    at: Revision,
    known: HashMap<DeclarationNumber, Known>,
    balances: BTreeMap<ListingNumber, Balance>,
    refused: HashMap<DeclarationNumber, Vec<i64>>,
    moved: BTreeSet<ListingNumber>,
    movements: Vec<MovementRow>,
    opened: BTreeMap<String, OpenRow>,
    closed: BTreeSet<String>,
    newly_refused: Vec<(String, i64)>,
}

impl Desk for DrawDesk {
    fn decide<'g>(&mut self, tx: &mut Tx<'g>, draws: &'g [Draw]) -> Result<Vec<Outcome>, StoreError> {
        self.staged = None;
        let (left, from) = (self.at_head(tx)?, tx.last_revision());
        let mut work = Work::load(tx, left, draws)?;
        let mut outcomes = Vec::with_capacity(draws.len());
        for draw in draws {
            tx.act_for(&draw.context);
            outcomes.push(work.draw(tx, draw)?);
        }
        let taken = delta_of_movements(&work.movements, tx.last_revision())?;
        self.staged = Some((work.write(tx)?.bounded(draws), from, taken));
        Ok(outcomes)
    }

    fn committed(&mut self) -> bool {
        let Some((left, from, taken)) = self.staged.take() else { return false };
        self.left = Some(left);
        self.index.took_over(from, taken)
    }
}

impl Work {
    fn load(tx: &mut Tx<'_>, left: Left, draws: &[Draw]) -> Result<Self, StoreError> {
        let Left { revision: at, list: snapshot, mut known, balances } = left;
        let new = draws.iter().filter(|draw| !known.contains_key(&draw.command.number));
        let mut numbers: Vec<String> = new.map(|draw| draw.command.number.to_string()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut rows = declarations::versions_of(tx.conn(), &numbers)?.into_iter().map(Arc::new).peekable();
        while let Some(row) = rows.next() {
            let last = rows.peek().is_none_or(|next| next.number != row.number);
            let number = DeclarationNumber::parse(&row.number).map_err(|_| StoreError::damaged("a declaration"))?;
            let message = row.verb != Verb::Lapsed.as_str();
            let entry = known.get_mut(&number);
            if !last {
                // Only the last version is read whole; of the others the last message is kept.
                if message {
                    match entry {
                        Some(entry) => entry.last_message = row,
                        None => {
                            let head = rows::head(&row)?;
                            known.insert(number, Known { head, row: Arc::clone(&row), entry: None, last_message: row });
                        }
                    }
                }
                continue;
            }
            let last_message = match entry {
                Some(entry) if !message => Arc::clone(&entry.last_message),
                Some(_) | None => Arc::clone(&row),
            };
            known.insert(number, Known { head: rows::head(&row)?, row, entry: None, last_message });
        }
        let mut work = Self {
            snapshot,
            at,
            known,
            balances,
            refused: HashMap::new(),
            moved: BTreeSet::new(),
            movements: Vec::new(),
            opened: BTreeMap::new(),
            closed: BTreeSet::new(),
            newly_refused: Vec::new(),
        };
        work.load_balances(tx, draws)?;
        work.load_refused(tx, draws)?;
        let (mut revisions, mut subjects) = (Vec::new(), Vec::new());
        for draw in draws {
            if let Some(known) = work.known.get(&draw.command.number) {
                match known.entry {
                    Some(entry) => tx.remember(known.row.revision, entry),
                    None => revisions.push(known.row.revision),
                }
                subjects.push(format!("enterprise:{}", known.row.enterprise));
            }
            subjects.extend(position(&draw.command).map(|position| format!("enterprise:{}", position.enterprise)));
        }
        subjects.sort_unstable();
        subjects.dedup();
        tx.read_ahead(&revisions, &subjects)?;
        Ok(work)
    }

    /// Reads the balances of every listing that a draw may touch.
    fn load_balances(&mut self, tx: &mut Tx<'_>, draws: &[Draw]) -> Result<(), StoreError> {
        let known = draws.iter().filter_map(|draw| self.known.get(&draw.command.number));
        let mut numbers: BTreeSet<ListingNumber> = known.flat_map(|known| known.head.shares.keys().copied()).collect();
        for position in draws.iter().filter_map(|draw| position(&draw.command)) {
            let Some(enterprise) = self.snapshot.enterprise(position.enterprise) else { continue };
            for line in &position.lines {
                match line.listing {
                    Some(number) => drop(numbers.insert(number)),
                    None => numbers.extend(enterprise.with_hs_code(line.hs_code).map(|listing| listing.number)),
                }
            }
        }
        let new = numbers.iter().filter(|number| !self.balances.contains_key(number));
        let numbers: Vec<String> = new.map(ToString::to_string).collect();
        for row in listings::balances_of(tx.conn(), &numbers)? {
            let number = ListingNumber::parse(&row.listing).map_err(|_| StoreError::damaged("a listing number"))?;
            let balance = Balance { reserved: row.reserved, confirmed: row.confirmed, excess: row.excess };
            self.balances.insert(number, balance);
        }
        Ok(())
    }

    /// Reads which messages were refused, where a release comes behind a gap.
    fn load_refused(&mut self, tx: &mut Tx<'_>, draws: &[Draw]) -> Result<(), StoreError> {
        let behind_a_gap = draws.iter().map(|draw| &draw.command).filter(|command| {
            let release = matches!(command.act, Act::Release { position: None, .. });
            let known = self.known.get(&command.number).map_or(0, |known| known.head.sequence);
            release && command.sequence > known.saturating_add(1)
        });
        let numbers: Vec<String> = behind_a_gap.map(|command| command.number.to_string()).collect();
        if numbers.is_empty() {
            return Ok(());
        }
        for (number, sequence) in messages::refused(tx.conn(), &numbers)? {
            let number = DeclarationNumber::parse(&number).map_err(|_| StoreError::damaged("a declaration"))?;
            self.refused.entry(number).or_default().push(sequence);
        }
        Ok(())
    }

    fn draw(&mut self, tx: &mut Tx<'_>, draw: &Draw) -> Result<Outcome, StoreError> {
        let command = &draw.command;
        let then = match command.occurred_at {
            Some(occurred) => Revision(rulebook::newest_at(tx.conn(), occurred.micros())?),
            None => self.at,
        };
        let known = self.known.get(&command.number);
        let refused = self.refused.get(&command.number).map_or(&[][..], Vec::as_slice);
        let balances = &self.balances;
        let ledger = |number: ListingNumber| balances.get(&number).copied().unwrap_or_default();
        let decision = self.snapshot.with_list(self.at, then, |list| {
            decide(command, draw.context.at, known.map(|known| &known.head), list, &ledger, refused)
        });
        match decision {
            Ok(Decision::Applied(decided)) => self.apply(tx, draw, *decided).map(Ok),
            Ok(Decision::Again) => Ok(match known {
                Some(known) => Ok(Drawn { row: Arc::clone(&known.last_message), superseded: false }),
                None => Err(Refusal::Unknown),
            }),
            Ok(Decision::Superseded) => Ok(match known {
                Some(known) => Ok(Drawn { row: Arc::clone(&known.row), superseded: true }),
                None => Err(Refusal::Unknown),
            }),
            Err(refusal) => {
                // A message that came and was refused is not waited for; one whose turn has not come is.
                if matches!(refusal, Refusal::Lines(_) | Refusal::Faults(_) | Refusal::OtherImporter) {
                    self.refused.entry(command.number).or_default().push(command.sequence);
                    self.newly_refused.push((command.number.to_string(), command.sequence));
                }
                Ok(Err(refusal))
            }
        }
    }

    fn apply(&mut self, tx: &mut Tx<'_>, draw: &Draw, decided: Decided) -> Result<Drawn, StoreError> {
        let command = &draw.command;
        let (officer, reason) = match &command.act {
            Act::Correct { reason, .. } | Act::Manual { reason, .. } => {
                (Some(tx.person()?.to_string()), Some(reason.clone()))
            }
            Act::Put(_) | Act::Release { .. } | Act::Cancel | Act::Lapse { .. } => (None, None),
        };
        let org = match &draw.context.by {
            Author::Caller { org, .. } => org.clone(),
            Author::System(_) => "system".to_owned(),
        };
        let recorded = Recorded {
            number: command.number,
            revision: tx.next_revision().0,
            org,
            occurred_at: command.occurred_at.map(|at| at.micros()),
            basis: reason.as_ref().and_then(|reason| reason.basis.clone()),
            officer: officer.clone(),
            at: draw.context.at.micros(),
        };
        let before = self.known.get(&command.number);
        let nothing = Shares::new();
        let old = before.map_or(&nothing, |known| &known.head.shares);
        // The books move first: the answer shows them as they are after the command.
        let mut row = rows::row(&decided, recorded)?;
        let moved = rows::movements(old, &decided.head.shares, &row, &mut self.balances)?;
        self.moved.extend(decided.head.shares.keys().chain(old.keys()).copied());
        row.answer = rows::answer_text(&decided, &self.balances)?;
        self.movements.extend(moved);
        let was_open = before.is_some_and(|known| known.head.state == State::Reserved);
        let is_open = decided.head.state == State::Reserved;
        if is_open && !was_open {
            let open = OpenRow {
                number: row.number.clone(),
                reserved_on: draw.context.at.day().value(),
                enterprise: row.enterprise.clone(),
                customs_office: row.customs_office.clone(),
            };
            self.opened.insert(row.number.clone(), open);
        } else if was_open && !is_open && self.opened.remove(&row.number).is_none() {
            self.closed.insert(row.number.clone());
        }
        let event = event(decided.head.verb, was_open);
        let row = Arc::new(row);
        tx.save_beside(Arc::clone(&row), before.map(|known| Arc::clone(&known.row)), event)?;
        if let (Some(officer), Some(reason), Act::Manual { .. }) = (officer, reason, &command.act) {
            let overridden = rows::reasons_by_line(&decided.overridden);
            let manual = manual_release(tx, draw, &row, officer, reason, overridden)?;
            telling::released_by_hand(tx, &manual)?;
            tx.save(manual, None, "manual_release.made")?;
        }
        if decided.head.verb == Verb::Lapsed {
            telling::lapsed(tx, &row, decided.head.enterprise)?;
        }
        let last_message = match (&command.act, before) {
            (Act::Lapse { .. }, Some(known)) => Arc::clone(&known.last_message),
            _ => Arc::clone(&row),
        };
        // Its entry is written at the end, with those of the other draws.
        let known = Known { head: decided.head, row: Arc::clone(&row), entry: None, last_message };
        self.known.insert(command.number, known);
        Ok(Drawn { row, superseded: false })
    }

    /// Writes what was moved; hands back what the group leaves behind.
    fn write(mut self, tx: &mut Tx<'_>) -> Result<Left, StoreError> {
        let balance = |number: &ListingNumber| {
            let balance = self.balances.get(number).copied().unwrap_or_default();
            let Balance { reserved, confirmed, excess } = balance;
            BalanceRow { listing: number.to_string(), reserved, confirmed, excess }
        };
        let balances: Vec<BalanceRow> = self.moved.iter().map(balance).collect();
        let opened: Vec<OpenRow> = self.opened.into_values().collect();
        let closed: Vec<String> = self.closed.into_iter().collect();
        tx.flush_with(|conn| {
            movements::put(conn, &self.movements, &balances)?;
            declarations::put_open(conn, &opened, &closed)?;
            messages::note_refused(conn, &self.newly_refused)
        })?;
        for known in self.known.values_mut().filter(|known| known.row.revision > self.at.0) {
            known.entry = tx.entry(known.row.revision);
        }
        let revision = tx.last_revision();
        Ok(Left { revision, list: self.snapshot, known: self.known, balances: self.balances })
    }
}

fn position(command: &Command) -> Option<&Position> {
    match &command.act {
        Act::Put(position) | Act::Manual { position, .. } => Some(position),
        Act::Release { .. } | Act::Cancel | Act::Correct { .. } | Act::Lapse { .. } => None,
    }
}

/// Names the event of the log.
fn event(verb: Verb, was_open: bool) -> &'static str {
    match verb {
        Verb::Put if was_open => "declaration.replaced",
        Verb::Put => "declaration.reserved",
        Verb::Released => "declaration.released",
        Verb::Cancelled => "declaration.cancelled",
        Verb::Corrected => "declaration.corrected",
        Verb::Manual => "declaration.manually_released",
        Verb::Lapsed => "declaration.lapsed",
    }
}

fn manual_release(
    tx: &Tx<'_>,
    draw: &Draw,
    row: &DeclarationRow,
    officer: String,
    reason: DrawReason,
    overridden: String,
) -> Result<ManualReleaseRow, StoreError> {
    Ok(ManualReleaseRow {
        id: ManualReleaseId::new(time_ordered(draw.context.at, random()?)).to_string(),
        version: 1,
        revision: tx.next_revision().0,
        state: "unreviewed".to_owned(),
        declaration: row.number.clone(),
        declaration_version: row.version,
        enterprise: row.enterprise.clone(),
        customs_office: row.customs_office.clone(),
        officer,
        reason_code: reason.code.to_owned(),
        reason_basis: reason.basis,
        overridden,
        released_at: row.occurred_at.unwrap_or(row.recorded_at),
        reviewed_by: None,
        reviewed_at: None,
        review_basis: None,
    })
}
