//! Reconciliation: compares what customs booked with the declarations here, and keeps what was found.
//!
//! Comparing books nothing. What was compared and what was confirmed are facts with entries of the log; the findings
//! are working state, bound to their fact by a digest, so that what is confirmed is what was found.

mod confirm;
pub mod table;

use super::App;
use super::draw::{customs_of, rows};
use super::error::AppError;
use super::notices::tell;
use super::repeat::{Repeat, Written};
use super::report::{Seen, seen};
use super::telling::named;
use super::view::Page;
use crate::domain::actor::{Caller, Role};
use crate::domain::draw;
use crate::domain::fault::FaultCode;
use crate::domain::id::{ReconciliationId, time_ordered};
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::reconciliation::{Books, Finding, FindingKind, HeldLine, MOST_ROWS, Ours, Side, State, Theirs};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::store::declarations::{self, DeclarationRow};
use crate::store::dialect::snapshot;
use crate::store::keep::reconciliation_pages::{self, PageRow};
use crate::store::private::random;
pub use crate::store::reconciliations::ReconciliationRow;
use crate::store::{AnyConnection, StoreError, log, reconciliations};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Findings of one page.
const TOGETHER: usize = 200;

/// Declarations read together.
const STRIDE: usize = 500;

/// Longest period, days.
const LONGEST: i32 = 366;

/// What customs sent.
#[derive(Debug)]
pub struct Sent {
    /// Its movements.
    pub books: Books,
    /// How many rows they were.
    pub rows: usize,
    /// SHA-256 of what was sent.
    pub digest: [u8; 32],
    /// First legal day of the declarations that are compared.
    pub from: LegalDay,
    /// Last legal day.
    pub to: LegalDay,
}

/// A finding and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// What its confirmation did; none before, and for what was not confirmed.
    pub outcome: Option<Booking>,
}

/// What the confirmation of a correction did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Whether every command of the correction was applied.
    pub booked: bool,
    /// Revision of the last command that was applied.
    pub revision: Option<i64>,
    /// Why a command was refused, with the reasons of its lines.
    pub refused: Option<String>,
}

impl App {
    /// Compares and keeps what was found; nothing of a declaration changes.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is no customs office, [`AppError::Faults`] for a period that is too long; the
    /// store's failure.
    pub fn reconcile(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        sent: Sent,
        repeat: Repeat<ReconciliationRow>,
    ) -> Result<Written<ReconciliationRow>, AppError> {
        let own = customs_of(&caller.org).ok_or(AppError::Forbidden)?.to_owned();
        if sent.to.value().saturating_sub(sent.from.value()) >= LONGEST {
            return Err(AppError::Faults(vec![("/to".to_owned(), FaultCode::PeriodTooLong)]));
        }
        let found = self.store.read(|conn| snapshot(conn, |conn| compare(conn, &own, &sent)))?;
        let (findings, revision) =
            found.ok_or_else(|| AppError::Faults(vec![("/to".to_owned(), FaultCode::PeriodTooLong)]))?;
        let (context, org) = (self.context(caller, request_id), caller.org.to_string());
        self.repeatable(context, repeat, move |tx| {
            let at = tx.context().at;
            let id = ReconciliationId::new(time_ordered(at, random()?)).to_string();
            let counted = |kind: FindingKind| {
                i32::try_from(findings.iter().filter(|kept| kept.finding.kind == kind).count()).unwrap_or(i32::MAX)
            };
            let row = ReconciliationRow {
                id: id.clone(),
                version: 1,
                revision: tx.next_revision().0,
                org,
                state: "compared".to_owned(),
                period_from: sent.from.value(),
                period_to: sent.to.value(),
                row_count: i32::try_from(sent.rows).unwrap_or(i32::MAX),
                sent_digest: hex::encode(sent.digest),
                findings_digest: digest(&findings)?,
                compared_revision: revision,
                matched: counted(FindingKind::Matched),
                missing_here: counted(FindingKind::MissingHere),
                missing_there: counted(FindingKind::MissingThere),
                different: counted(FindingKind::Different),
                compared_by: tx.person()?.to_string(),
                compared_at: at.micros(),
                confirmed_by: None,
                confirmed_at: None,
                booked: None,
                refused: None,
            };
            reconciliation_pages::replace(tx.conn(), &id, &pages(&id, &findings)?)?;
            tx.save(row.clone(), None, "reconciliation.compared")?;
            let differing: Vec<String> = findings
                .iter()
                .filter(|kept| kept.finding.kind != FindingKind::Matched)
                .map(|kept| kept.finding.declaration.to_string())
                .collect();
            if !differing.is_empty() {
                for to in [Addressee::Org(row.org.clone()), Addressee::Role(Role::BureauOfficer)] {
                    let about = format!("/v1/reconciliations/{id}");
                    let notice = Notice::new(to, NoticeKind::ReconciliationDiffers, about)
                        .with("reconciliation", &id)
                        .with("differences", differing.len())
                        .with("declarations", named(differing.iter().map(String::as_str)));
                    tell(tx, &notice)?;
                }
            }
            Ok(row)
        })
    }

    /// Finds a reconciliation.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of another customs.
    pub fn reconciliation(&self, caller: &Caller, id: ReconciliationId) -> Result<ReconciliationRow, AppError> {
        let row = self.store.read(|conn| reconciliations::find(conn, &id.to_string()))?;
        let own = own(caller)?;
        row.filter(|row| own.is_none_or(|own| customs_of(&row.org) == Some(own.as_str()))).ok_or(AppError::NotFound)
    }

    /// Lists reconciliations, oldest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn reconciliations(
        &self,
        caller: &Caller,
        after: &str,
        limit: usize,
    ) -> Result<Page<ReconciliationRow>, AppError> {
        let own = own(caller)?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = self.store.read(|conn| reconciliations::list(conn, own.as_deref(), after, most))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|row| row.id.clone());
        Ok(Page { items, next })
    }

    /// Lists what was found of one kind, in order of number.
    ///
    /// # Errors
    /// As [`App::reconciliation`].
    pub fn reconciliation_rows(
        &self,
        caller: &Caller,
        id: ReconciliationId,
        kind: FindingKind,
        after: &str,
        limit: usize,
    ) -> Result<Page<Kept>, AppError> {
        self.reconciliation(caller, id)?;
        let pages = i64::try_from(limit / TOGETHER).unwrap_or(1).saturating_add(2);
        let mut items = self.store.read(|conn| found(conn, &id.to_string(), kind, after, pages))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|kept| kept.finding.declaration.to_string());
        Ok(Page { items, next })
    }

    /// Returns everything that was found, or all of one kind.
    ///
    /// # Errors
    /// As [`App::reconciliation`].
    pub fn reconciliation_export(
        &self,
        caller: &Caller,
        id: ReconciliationId,
        kind: Option<FindingKind>,
    ) -> Result<Vec<Kept>, AppError> {
        self.reconciliation(caller, id)?;
        let all = self.store.read(|conn| everything(conn, &id.to_string()))?;
        Ok(all.into_iter().filter(|kept| kind.is_none_or(|kind| kept.finding.kind == kind)).collect())
    }
}

/// Whose reconciliations a caller may see; none for everybody's.
fn own(caller: &Caller) -> Result<Option<String>, AppError> {
    match seen(caller)? {
        Seen::All => Ok(None),
        Seen::Customs(own) => Ok(Some(own)),
        Seen::Enterprise(_) => Err(AppError::Forbidden),
    }
}

/// Compares both sides at one state of the database; none when the period holds too many declarations.
fn compare(conn: &mut AnyConnection, own: &str, sent: &Sent) -> Result<Option<(Vec<Kept>, i64)>, StoreError> {
    let mut findings: BTreeMap<String, Finding> = BTreeMap::new();
    let theirs: Vec<Theirs<'_>> = sent.books.declarations().collect();
    for theirs in theirs.chunks(STRIDE) {
        let numbers: Vec<String> = theirs.iter().map(|theirs| theirs.number.to_string()).collect();
        let ours = stand(conn, &numbers)?;
        for theirs in theirs {
            let number = theirs.number.to_string();
            findings.extend(Finding::of(ours.get(&number), Some(theirs)).map(|finding| (number, finding)));
        }
    }
    let mut after = String::new();
    loop {
        let period = (sent.from.value(), sent.to.value());
        let size = i64::try_from(STRIDE).unwrap_or(i64::MAX);
        let numbers = reconciliations::declared(conn, own, period, &after, size)?;
        let Some(last) = numbers.last() else { break };
        after.clone_from(last);
        let unknown: Vec<String> = numbers.into_iter().filter(|number| !findings.contains_key(number)).collect();
        for (number, ours) in stand(conn, &unknown)? {
            findings.extend(Finding::of(Some(&ours), None).map(|finding| (number, finding)));
        }
        if findings.len() > MOST_ROWS.saturating_mul(2) {
            return Ok(None);
        }
    }
    let kept = |finding: Finding| {
        // Of what matches the number says all.
        let matched = finding.kind == FindingKind::Matched;
        let finding = if matched { Finding { here: None, there: None, ..finding } } else { finding };
        Kept { finding, outcome: None }
    };
    Ok(Some((findings.into_values().map(kept).collect(), log::size(conn)?)))
}

/// Reads declarations as they stand, by number.
fn stand(conn: &mut AnyConnection, numbers: &[String]) -> Result<BTreeMap<String, Ours>, StoreError> {
    let mut last: BTreeMap<String, DeclarationRow> = BTreeMap::new();
    for row in declarations::versions_of(conn, numbers)? {
        last.insert(row.number.clone(), row);
    }
    last.into_iter().map(|(number, row)| Ok((number, ours(&row)?))).collect()
}

fn ours(row: &DeclarationRow) -> Result<Ours, StoreError> {
    let head = rows::head(row)?;
    let state = match head.state {
        draw::State::Reserved => State::Reserved,
        draw::State::Released => State::Released,
        draw::State::Cancelled => State::Cancelled,
        draw::State::Lapsed => State::Lapsed,
    };
    let line = |kept: &draw::KeptLine| {
        let stated = Measure { quantity: kept.quantity, unit: kept.unit };
        // What was cancelled was not released; what was released may be less than was stated.
        let measure = if state == State::Released { kept.released.unwrap_or(stated) } else { stated };
        HeldLine { line: kept.line, listing: kept.listing, measure }
    };
    let lines = head.lines.iter().map(line).filter(|held| held.measure.quantity > Quantity::ZERO || state.holds());
    let number = row.number.parse().map_err(|_| StoreError::damaged("a declaration"))?;
    let enterprise = Some(head.enterprise);
    Ok(Ours { number, side: Side { sequence: head.sequence, state, enterprise, lines: lines.collect() } })
}

/// Cuts findings into pages of one kind each.
fn pages(id: &str, findings: &[Kept]) -> Result<Vec<PageRow>, StoreError> {
    let mut pages = Vec::new();
    for kind in FindingKind::ALL {
        let of_kind: Vec<&Kept> = findings.iter().filter(|kept| kept.finding.kind == *kind).collect();
        for together in of_kind.chunks(TOGETHER) {
            let (Some(first), Some(last)) = (together.first(), together.last()) else { continue };
            pages.push(PageRow {
                reconciliation: id.to_owned(),
                kind: kind.as_str().to_owned(),
                first_number: first.finding.declaration.to_string(),
                last_number: last.finding.declaration.to_string(),
                findings: serde_json::to_string(together).map_err(StoreError::damaged)?,
            });
        }
    }
    Ok(pages)
}

/// Hashes what was found, whatever became of it.
fn digest(findings: &[Kept]) -> Result<String, StoreError> {
    let mut hash = Sha256::new();
    for kind in FindingKind::ALL {
        for kept in findings.iter().filter(|kept| kept.finding.kind == *kind) {
            hash.update(serde_json::to_vec(&kept.finding).map_err(StoreError::damaged)?);
        }
    }
    Ok(hex::encode(hash.finalize()))
}

fn found(
    conn: &mut AnyConnection,
    id: &str,
    kind: FindingKind,
    after: &str,
    pages: i64,
) -> Result<Vec<Kept>, StoreError> {
    let mut found = Vec::new();
    for page in reconciliation_pages::behind(conn, id, kind.as_str(), after, pages)? {
        let kept: Vec<Kept> = serde_json::from_str(&page.findings).map_err(StoreError::damaged)?;
        found.extend(kept.into_iter().filter(|kept| kept.finding.declaration.to_string().as_str() > after));
    }
    Ok(found)
}

/// Reads everything that was found, kind after kind.
fn everything(conn: &mut AnyConnection, id: &str) -> Result<Vec<Kept>, StoreError> {
    let mut all = Vec::new();
    for kind in FindingKind::ALL {
        all.extend(found(conn, id, *kind, "", i64::MAX)?);
    }
    Ok(all)
}

/// Names those of customs' declarations that another customs keeps, by where their rows stand.
#[must_use]
pub fn of_others(caller: &Caller, books: &Books) -> Vec<u32> {
    let own = customs_of(&caller.org);
    let foreign = books.declarations().filter(|theirs| own != customs_of(&theirs.number.office().to_string()));
    foreign.filter_map(|theirs| theirs.place()).collect()
}

/// The head of a reconciliation at a revision, as it is tagged.
#[must_use]
pub const fn tag(row: &ReconciliationRow) -> Revision {
    Revision(row.revision)
}

/// Numbers without doubles.
fn set(numbers: &[String]) -> BTreeSet<&str> {
    numbers.iter().map(String::as_str).collect()
}
