//! What an adjustment would do: to listings, and to questions like those customs asked in the last 90 days.
//!
//! Nothing is guessed: the planned rows are put over the list in memory and the recorded questions are judged on
//! both. A question is judged on its own day, or on the day the change takes effect when that is later, so that a
//! change from tomorrow on shows what tomorrow's customs would be told.

use super::App;
use super::adjust::{changes, proposed, scheme_in_force};
use super::answers;
use super::covered::covered;
use super::draw::open::{Open, Touched, open_reservations, touched};
use super::error::AppError;
use super::follow;
use super::plan::{Plan, PlannedRow, Proposed, dated, plan};
use super::record::Recorded;
use super::view::{self, Notes, Sentence, TermsView};
use crate::domain::adjustment::{Change, ChangeKind};
use crate::domain::code::Uscc;
use crate::domain::draw::ledger::Balance;
use crate::domain::error::Rule;
use crate::domain::id::AdjustmentId;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{Declaration, Line};
use crate::domain::reason::Verdict;
use crate::domain::revision::Revision;
use crate::domain::timeline::{state_on, timeline};
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::listings::LeanListing;
use crate::store::rows::ListingRow;
use crate::store::{AnyConnection, StoreError, listings};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Examples named for one change.
const EXAMPLES: usize = 20;

/// A number of things.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Count {
    count: usize,
}

/// A question that would be answered otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct Differing {
    answer: String,
    declaration: Option<String>,
    line: u16,
    enterprise: Uscc,
    was: &'static str,
    would_be: &'static str,
}

impl Differing {
    /// Names a line of a recorded answer with its verdict and the other one.
    pub(super) fn new(answer: &Recorded, line: &Line, was: Verdict, would_be: Verdict) -> Self {
        Self {
            answer: answer.id.to_string(),
            declaration: answer.declaration.number.map(|number| number.to_string()),
            line: line.line,
            enterprise: line.enterprise,
            was: was.as_str(),
            would_be: would_be.as_str(),
        }
    }
}

/// Questions that concern a change.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LookupPreview {
    examined: usize,
    would_differ: usize,
    examples: Vec<Differing>,
}

/// A coded remark.
#[derive(Debug, Clone, Serialize)]
pub struct Remark {
    code: &'static str,
    text: &'static str,
}

/// What one change would do.
#[derive(Debug, Clone, Serialize)]
pub struct ChangePreview {
    index: usize,
    kind: &'static str,
    subject: String,
    summary: Sentence,
    before: Option<TermsView>,
    after: Option<TermsView>,
    listings: Count,
    open_reservations: Touched,
    lookups: LookupPreview,
    warnings: Vec<Remark>,
    refused: Vec<Remark>,
}

/// Sums over all changes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    changes: usize,
    listings: usize,
    open_reservations: usize,
    lookups_examined: usize,
    lookups_would_differ: usize,
    warnings: usize,
    refused: usize,
}

/// What an adjustment would do.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    adjustment: Option<String>,
    at_revision: Revision,
    changes: Vec<ChangePreview>,
    totals: Totals,
}

impl App {
    /// Previews a proposed adjustment.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; the store's failure.
    pub fn preview(&self, id: AdjustmentId, lang: Lang) -> Result<Preview, AppError> {
        let row = self.adjustment(id)?;
        self.preview_changes(proposed(&row), &row.scheme, &changes(&row)?, lang)
    }

    /// Previews changes that need not be proposed yet.
    ///
    /// # Errors
    /// As [`App::preview`].
    pub fn preview_changes(
        &self,
        proposal: Proposed,
        scheme: &str,
        changes: &[Change],
        lang: Lang,
    ) -> Result<Preview, AppError> {
        let at = self.clock.now();
        let snapshot = self.index.snapshot();
        self.store.read(|conn| {
            let scheme = scheme_in_force(conn, scheme, at.day())?;
            let planned = plan(conn, &scheme, changes, proposal.clone(), at)?;
            let overlay = overlay(conn, &snapshot, &planned)?;
            let mut previews: Vec<ChangePreview> =
                changes.iter().enumerate().map(|(index, change)| blank(index, change, at.day(), lang)).collect();
            let before = present_states(conn, changes)?;
            fill_terms(&mut previews, changes, &planned, &before, at.day())?;
            let affected = count_listings(&mut previews, changes, &planned, &snapshot, at.day());
            for (index, rule) in &planned.refused {
                if let Some(preview) = previews.get_mut(*index) {
                    preview.refused.push(Remark { code: rule.as_str(), text: rule.text(lang) });
                }
            }
            let recorded = recent(conn, at, changes)?;
            let asked = Asked { snapshot: &snapshot, overlay: &overlay, changes, today: at.day() };
            let (examined, differing) = asked.compare(&recorded, &mut previews);
            let (open, balances) = open_reservations(conn)?;
            let held = asked.reservations(&open, &balances, &mut previews);
            let totals = totals(&previews, (affected, held), (examined, differing));
            Ok(Preview { adjustment: proposal.adjustment, at_revision: snapshot.revision(), changes: previews, totals })
        })
    }
}

fn blank(index: usize, change: &Change, today: LegalDay, lang: Lang) -> ChangePreview {
    let mut warnings = Vec::new();
    if change.kind.effective_on(today) < today {
        warnings.push(Remark { code: Rule::PastDate.as_str(), text: past_date(lang) });
    }
    ChangePreview {
        index,
        kind: change.kind.word(),
        subject: change.kind.subject(),
        summary: summary(&change.kind, today),
        before: None,
        after: None,
        listings: Count::default(),
        open_reservations: Touched::default(),
        lookups: LookupPreview::default(),
        warnings,
        refused: Vec::new(),
    }
}

fn past_date(lang: Lang) -> &'static str {
    lang.pick(
        "生效日期在过去：自该日起申报的核验将按新状态回答，此前版本的回答不变。",
        "The effective date lies in the past: lookups for declarations since that day are answered by the new state; answers at earlier revisions stay.",
    )
}

fn summary(kind: &ChangeKind, today: LegalDay) -> Sentence {
    let (subject, day) = (kind.subject(), kind.effective_on(today));
    let (zh, en) = match kind {
        ChangeKind::RegisterEnterprise { particulars, .. } => (
            format!("登记企业 {subject}（{}）", particulars.name_zh),
            format!("Register enterprise {subject} ({})", particulars.name_zh),
        ),
        ChangeKind::Add(add) => (
            format!("企业 {subject} 新增条目：{}，{} {}", add.item.name_zh, add.quantity, add.unit.name(Lang::Zh)),
            format!(
                "Add a listing for {subject}: {}, {} {}",
                add.item.name_en.as_ref().unwrap_or(&add.item.name_zh),
                add.quantity,
                add.unit.name(Lang::En)
            ),
        ),
        ChangeKind::Vary { .. } => {
            (format!("自 {day} 起变更条目 {subject}"), format!("Vary listing {subject} from {day}"))
        }
        ChangeKind::Extend { valid_to, .. } => {
            (format!("条目 {subject} 有效期延至 {valid_to}"), format!("Extend listing {subject} to {valid_to}"))
        }
        ChangeKind::Suspend { .. } => {
            (format!("自 {day} 起暂停条目 {subject}"), format!("Suspend listing {subject} from {day}"))
        }
        ChangeKind::Reinstate { .. } => {
            (format!("自 {day} 起恢复条目 {subject}"), format!("Reinstate listing {subject} from {day}"))
        }
        ChangeKind::Remove { .. } => {
            (format!("自 {day} 起将条目 {subject} 移出名单"), format!("Remove listing {subject} from {day}"))
        }
        ChangeKind::SuspendEnterprise { .. } => (
            format!("自 {day} 起暂停企业 {subject} 的全部条目"),
            format!("Suspend every listing of enterprise {subject} from {day}"),
        ),
        ChangeKind::ReinstateEnterprise { .. } => {
            (format!("自 {day} 起恢复企业 {subject}"), format!("Reinstate enterprise {subject} from {day}"))
        }
        ChangeKind::BarEnterprise { until, .. } => (
            format!("限制企业 {subject} 申请至 {until}"),
            format!("Bar enterprise {subject} from applying until {until}"),
        ),
        ChangeKind::LiftBar { .. } => (
            format!("自 {day} 起解除企业 {subject} 的申请限制"),
            format!("Lift the bar of enterprise {subject} from {day}"),
        ),
        ChangeKind::StopItemClass { .. } => {
            (format!("自 {day} 起停止一类物品：{subject}"), format!("Stop the item class {subject} from {day}"))
        }
        ChangeKind::LiftStop { .. } => {
            (format!("自 {day} 起解除停止 {subject}"), format!("Lift the stop {subject} from {day}"))
        }
    };
    Sentence { zh, en }
}

/// Versions of the listings that changes name, by number.
fn present_states(
    conn: &mut AnyConnection,
    changes: &[Change],
) -> Result<HashMap<String, Vec<ListingRow>>, StoreError> {
    let numbers: Vec<String> =
        changes.iter().filter_map(|change| change.kind.listing()).map(|number| number.to_string()).collect();
    let mut states: HashMap<String, Vec<ListingRow>> = HashMap::new();
    for row in listings::versions_of(conn, &numbers)? {
        states.entry(row.number.clone()).or_default().push(row);
    }
    Ok(states)
}

fn fill_terms(
    previews: &mut [ChangePreview],
    changes: &[Change],
    planned: &Plan,
    before: &HashMap<String, Vec<ListingRow>>,
    today: LegalDay,
) -> Result<(), StoreError> {
    for (preview, change) in previews.iter_mut().zip(changes) {
        let day = change.kind.effective_on(today);
        if let Some(rows) = before.get(&preview.subject) {
            let line = timeline(rows.iter().map(dated).collect::<Result<Vec<_>, _>>()?);
            preview.before = state_on(&line, day).map(|state| view::terms(state, day, Notes::Shown));
        }
    }
    let mut touched: HashMap<usize, BTreeSet<&str>> = HashMap::new();
    for planned in &planned.rows {
        let PlannedRow::Listing(row) = &planned.row else { continue };
        touched.entry(planned.change).or_default().insert(&row.number);
        let Some(preview) = previews.get_mut(planned.change).filter(|preview| preview.after.is_none()) else {
            continue;
        };
        let dated = dated(row)?;
        preview.after = Some(view::terms(&dated.state, dated.effective_on, Notes::Shown));
    }
    for (index, numbers) in touched {
        if let Some(preview) = previews.get_mut(index) {
            preview.listings = Count { count: numbers.len() };
        }
    }
    Ok(())
}

/// Counts the listings of each change, also those it touches through their enterprise or a stop; returns how many listings
/// are touched at all.
fn count_listings(
    previews: &mut [ChangePreview],
    changes: &[Change],
    planned: &Plan,
    snapshot: &Snapshot,
    today: LegalDay,
) -> usize {
    let mut all: BTreeSet<String> = BTreeSet::new();
    for planned in &planned.rows {
        if let PlannedRow::Listing(row) = &planned.row {
            all.insert(row.number.clone());
        }
    }
    for (preview, change) in previews.iter_mut().zip(changes) {
        let covered = covered(snapshot, &change.kind, change.kind.effective_on(today));
        preview.listings.count = preview.listings.count.max(covered.len());
        all.extend(covered);
    }
    all.len()
}

/// Puts the planned rows over the list in memory, as if they were recorded next.
fn overlay(conn: &mut AnyConnection, snapshot: &Snapshot, planned: &Plan) -> Result<Snapshot, StoreError> {
    let revision = Revision(snapshot.revision().0.saturating_add(1));
    let (mut listing_rows, mut enterprise_rows, mut stop_rows) = (Vec::new(), Vec::new(), Vec::new());
    for planned in &planned.rows {
        match &planned.row {
            PlannedRow::Listing(row) => {
                listing_rows.push(LeanListing { revision: revision.0, ..LeanListing::from(&**row) })
            }
            PlannedRow::Enterprise(row) => {
                let mut row = row.clone();
                row.revision = revision.0;
                enterprise_rows.push(row);
            }
            PlannedRow::Stop(row) => {
                let mut row = row.clone();
                row.revision = revision.0;
                stop_rows.push(row);
            }
        }
    }
    let known: BTreeSet<String> = listing_rows.iter().map(|row| row.number.clone()).collect();
    let mut lean: Vec<LeanListing> =
        listings::versions_of(conn, &known.into_iter().collect::<Vec<_>>())?.iter().map(LeanListing::from).collect();
    lean.extend(listing_rows);
    // A stable sort keeps the order of versions within a number.
    lean.sort_by(|one, other| one.number.cmp(&other.number));
    let delta = follow::delta_of(snapshot, revision, &enterprise_rows, lean, &stop_rows)?;
    Ok(snapshot.advanced(delta))
}

/// Reads recorded answers of the last 90 days that may concern the changes.
fn recent(conn: &mut AnyConnection, at: Instant, changes: &[Change]) -> Result<Vec<Recorded>, StoreError> {
    let any_enterprise = changes
        .iter()
        .any(|change| matches!(change.kind, ChangeKind::StopItemClass { .. } | ChangeKind::LiftStop { .. }));
    let numbers: Vec<String> =
        changes.iter().filter_map(|change| change.kind.listing()).map(|number| number.to_string()).collect();
    let mut about: BTreeSet<String> =
        listings::versions_of(conn, &numbers)?.into_iter().map(|row| row.enterprise).collect();
    about.extend(changes.iter().filter(|change| change.kind.listing().is_none()).map(|change| change.kind.subject()));
    let about: BTreeSet<Uscc> = about.iter().filter_map(|uscc| Uscc::parse(uscc).ok()).collect();
    answers::recent(conn, at, |answer| {
        any_enterprise || answer.lines.iter().any(|line| about.contains(&line.enterprise))
    })
}

/// The list before and after, and the changes between.
struct Asked<'a> {
    snapshot: &'a Snapshot,
    overlay: &'a Snapshot,
    changes: &'a [Change],
    today: LegalDay,
}

impl Asked<'_> {
    /// Judges every recorded question on both; returns how many lines were looked at and how many would differ.
    ///
    /// Each change is tried on the day it takes effect, or on the day of the declaration when that is later: changes of
    /// one adjustment may take effect on different days.
    fn compare(&self, recorded: &[Recorded], previews: &mut [ChangePreview]) -> (usize, usize) {
        let owners = self.owners();
        let effective: Vec<LegalDay> = self.changes.iter().map(|change| change.kind.effective_on(self.today)).collect();
        let first_days: BTreeSet<LegalDay> = effective.iter().copied().collect();
        let (mut examined, mut differing) = (0_usize, 0_usize);
        for answer in recorded {
            examined = examined.saturating_add(answer.lines.len());
            let declared_on = answer.declaration.declared_on;
            let mut lines_differing: BTreeSet<usize> = BTreeSet::new();
            for day in first_days.iter().map(|day| declared_on.max(*day)).collect::<BTreeSet<_>>() {
                let declaration = Declaration { declared_on: day, ..answer.declaration };
                let was = self.snapshot.judge(&declaration, &answer.lines, Revision::NEWEST);
                let would_be = self.overlay.judge(&declaration, &answer.lines, Revision::NEWEST);
                for (place, ((line, was), would_be)) in answer.lines.iter().zip(&was).zip(&would_be).enumerate() {
                    let differs = was.verdict != would_be.verdict;
                    let listing =
                        was.candidate.or(would_be.candidate).map(|candidate| candidate.listing.number.to_string());
                    for index in self.concerned(&owners, line.enterprise, listing.as_deref()) {
                        let of_this_day = effective.get(index).is_some_and(|first| declared_on.max(*first) == day);
                        let Some(preview) = previews.get_mut(index).filter(|_| of_this_day) else { continue };
                        preview.lookups.examined = preview.lookups.examined.saturating_add(1);
                        if !differs {
                            continue;
                        }
                        lines_differing.insert(place);
                        preview.lookups.would_differ = preview.lookups.would_differ.saturating_add(1);
                        if preview.lookups.examples.len() < EXAMPLES {
                            preview.lookups.examples.push(Differing::new(answer, line, was.verdict, would_be.verdict));
                        }
                    }
                }
            }
            differing = differing.saturating_add(lines_differing.len());
        }
        (examined, differing)
    }

    /// Fills in what each change does to open reservations; returns how many declarations are touched at all.
    fn reservations(
        &self,
        open: &[Open],
        balances: &BTreeMap<ListingNumber, Balance>,
        previews: &mut [ChangePreview],
    ) -> usize {
        let owners = self.owners();
        let (all, declarations) =
            touched(open, balances, (self.snapshot, self.overlay), self.changes.len(), |enterprise, number| {
                let concerned = self.concerned(&owners, enterprise, Some(&number.to_string()));
                let day = |index: usize| self.changes.get(index).map(|change| change.kind.effective_on(self.today));
                concerned.into_iter().filter_map(|index| Some((index, day(index)?.max(self.today)))).collect()
            });
        for (preview, touched) in previews.iter_mut().zip(all) {
            preview.open_reservations = touched;
        }
        declarations
    }

    /// Changes by what they are about.
    fn owners(&self) -> HashMap<String, Vec<usize>> {
        let mut owners: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, change) in self.changes.iter().enumerate() {
            owners.entry(change.kind.subject()).or_default().push(index);
        }
        owners
    }

    fn concerned(&self, owners: &HashMap<String, Vec<usize>>, enterprise: Uscc, listing: Option<&str>) -> Vec<usize> {
        let mut concerned: Vec<usize> = owners.get(enterprise.as_str()).cloned().unwrap_or_default();
        concerned.extend(listing.and_then(|number| owners.get(number)).into_iter().flatten());
        let classes = self.changes.iter().enumerate().filter(|(_, change)| {
            matches!(change.kind, ChangeKind::StopItemClass { .. } | ChangeKind::LiftStop { .. })
        });
        concerned.extend(classes.map(|(index, _)| index));
        concerned
    }
}

/// Sums over all changes; listings and declarations are counted once however many changes touch them.
fn totals(
    previews: &[ChangePreview],
    (listings, open_reservations): (usize, usize),
    (lookups_examined, lookups_would_differ): (usize, usize),
) -> Totals {
    Totals {
        changes: previews.len(),
        listings,
        open_reservations,
        lookups_examined,
        lookups_would_differ,
        warnings: previews.iter().map(|preview| preview.warnings.len()).sum(),
        refused: previews.iter().map(|preview| preview.refused.len()).sum(),
    }
}
