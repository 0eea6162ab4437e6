//! Work lists: what waits for a role, most urgent first, with counts; and who has which case in hand.
//!
//! Clocks are derived from the timelines when a list is asked for. Invariant: a case stands on the list of whoever the table
//! of transitions lets move it.

use super::docket::{Open, Schemes};
use super::views;
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::application::event::EventKind;
use crate::domain::application::machine::Who;
use crate::domain::application::{Kind, State, words};
use crate::domain::case_clock::{PauseReason, Turn};
use crate::domain::validity::{Instant, LegalDay};
use crate::store::application_rows::ApplicationRow;
use crate::store::applications;
use crate::store::case_turns::TurnRow;
use crate::store::keep::claims;
use crate::store::{AnyConnection, StoreError, appeals, decisions, enterprises, opinions, register, rulebook};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

words! {
    /// A work list.
    Worklist {
        /// Lodged, to be taken in.
        Intake "intake" "待受理" "to be taken in";
        /// Accepted, to be recommended.
        Review "review" "待推荐" "to be recommended";
        /// Waiting for the applicant's correction.
        Waiting "waiting" "待补正" "waiting for correction";
        /// From outside the core area.
        Evaluation "evaluation" "待评估" "to be evaluated";
        /// To be spoken on by the reader's agency.
        Opinions "opinions" "待出具意见" "to be spoken on";
        /// Opinions to be brought together.
        Consolidation "consolidation" "待汇总" "to be consolidated";
        /// To be proposed on.
        Decisions "decisions" "待拟定" "to be proposed on";
        /// To be decided.
        Approvals "approvals" "待审批" "to be decided";
        /// Appeals to be judged.
        Appeals "appeals" "待处理申诉" "appeals to be judged";
        /// Recognised items to be published.
        Publication "publication" "待公布" "to be published";
    }
}

impl Worklist {
    /// Returns whose list it is.
    #[must_use]
    pub const fn of(self) -> &'static [Who] {
        match self {
            Self::Intake | Self::Review => &[Who::District],
            Self::Waiting => &[Who::District, Who::BureauOfficer],
            Self::Opinions => &[Who::Agency],
            Self::Evaluation | Self::Consolidation | Self::Decisions | Self::Publication => &[Who::BureauOfficer],
            Self::Approvals | Self::Appeals => &[Who::BureauApprover],
        }
    }

    const fn state(self) -> State {
        match self {
            Self::Intake => State::Lodged,
            Self::Review => State::Accepted,
            Self::Waiting => State::Asked,
            Self::Evaluation => State::Evaluating,
            Self::Opinions | Self::Consolidation => State::InOpinion,
            Self::Decisions => State::Deciding,
            Self::Approvals => State::Proposed,
            Self::Appeals | Self::Publication => State::Decided,
        }
    }
}

words! {
    /// Whose cases.
    ClaimFilter {
        /// The reader's own.
        Mine "mine" "我的" "mine";
        /// Nobody's.
        Nobody "nobody" "未认领" "nobody's";
        /// A colleague's.
        Others "others" "他人" "a colleague's";
    }
}

words! {
    /// How urgent.
    DueFilter {
        /// The last day has passed.
        Overdue "overdue" "已逾期" "overdue";
        /// The last day is near.
        DueSoon "due_soon" "即将到期" "due soon";
    }
}

/// What a reader narrows a list to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorklistQuery {
    /// Whose.
    pub claim: Option<ClaimFilter>,
    /// How urgent.
    pub due: Option<DueFilter>,
    /// Of one kind.
    pub kind: Option<Kind>,
    /// Of one enterprise.
    pub enterprise: Option<String>,
    /// Of one district.
    pub district: Option<String>,
}

/// A case on a list.
struct Entry {
    case: Arc<Open>,
    claimed_by: Option<String>,
    /// Items that the reader's agency has spoken on.
    given: Option<i64>,
}

impl Entry {
    /// Most urgent first, then the oldest.
    fn place(&self) -> (i32, &str) {
        (self.case.clock.and_then(|clock| clock.due).map_or(i32::MAX, LegalDay::value), &self.case.row.id)
    }
}

impl App {
    /// Counts what waits on each list that is the caller's.
    ///
    /// # Errors
    /// The store's failure.
    pub fn worklists(&self, caller: &Caller, lang: crate::domain::lang::Lang) -> Result<Value, AppError> {
        let today = self.clock.now().day();
        self.store.read(|conn| {
            let mut lists = Vec::new();
            for list in Worklist::ALL.iter().copied().filter(|list| is_theirs(*list, caller)) {
                let (entries, me) = self.entries(conn, caller, list, today)?;
                lists.push(
                    json!({ "name": list, "text": list.name(lang), "counts": counts(&entries, today, me.as_deref()) }),
                );
            }
            Ok(json!({ "items": lists }))
        })
    }

    /// Reads a page of a work list with its counts.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a list of another role.
    pub fn worklist(
        &self,
        caller: &Caller,
        list: Worklist,
        query: &WorklistQuery,
        after: &str,
        limit: usize,
    ) -> Result<Value, AppError> {
        if !is_theirs(list, caller) {
            return Err(AppError::Forbidden);
        }
        let today = self.clock.now().day();
        self.store.read(|conn| {
            let (entries, me) = self.entries(conn, caller, list, today)?;
            let mut kept: Vec<&Entry> =
                entries.iter().filter(|entry| passes(entry, query, today, me.as_deref())).collect();
            kept.sort_by(|one, other| one.place().cmp(&other.place()));
            let counts = counts(kept.iter().copied(), today, me.as_deref());
            if let Some((due, id)) = after.split_once('~') {
                let due = due.parse::<i32>().unwrap_or(i32::MAX);
                kept.retain(|entry| entry.place() > (due, id));
            }
            let more = kept.len() > limit;
            kept.truncate(limit);
            let holders: Vec<String> = kept.iter().map(|entry| entry.case.row.enterprise.clone()).collect();
            let names: HashMap<String, String> =
                enterprises::versions_of(conn, &holders)?.into_iter().map(|row| (row.uscc, row.name_zh)).collect();
            let next = kept.last().filter(|_| more).map(|entry| {
                let (due, id) = entry.place();
                format!("{due}~{id}")
            });
            let items: Vec<Value> =
                kept.iter().map(|entry| shown(entry, names.get(&entry.case.row.enterprise), today)).collect();
            Ok(json!({ "name": list, "counts": counts, "items": items, "next": next }))
        })
    }

    fn entries(
        &self,
        conn: &mut AnyConnection,
        caller: &Caller,
        list: Worklist,
        today: LegalDay,
    ) -> Result<(Vec<Entry>, Option<String>), AppError> {
        let me = register::person_of(conn, &caller.issuer, &caller.subject)?.map(|person| person.to_string());
        let cases = self.cases_of(conn, caller, list, today)?;
        let claims: HashMap<String, String> =
            claims::of_org(conn, &caller.org)?.into_iter().map(|claim| (claim.application, claim.person)).collect();
        let mut given = if list == Worklist::Opinions { Some(spoken(conn, caller, &cases)?) } else { None };
        let entries = cases
            .into_iter()
            .map(|case| Entry {
                claimed_by: claims.get(&case.row.id).cloned(),
                given: given.as_mut().map(|given| given.remove(&case.row.id).unwrap_or_default()),
                case,
            })
            // What an agency has spoken on in full does not wait for it any more.
            .filter(|entry| entry.given.is_none_or(|given| given < i64::from(entry.case.row.item_count)))
            .collect();
        Ok((entries, me))
    }

    /// Reads the cases of a list in order of id.
    fn cases_of(
        &self,
        conn: &mut AnyConnection,
        caller: &Caller,
        list: Worklist,
        today: LegalDay,
    ) -> Result<Vec<Arc<Open>>, AppError> {
        let wanted: BTreeSet<String> = match list {
            Worklist::Appeals => appeals::open_cases(conn)?.into_iter().collect(),
            Worklist::Publication => decisions::waiting(conn)?.into_iter().map(|row| row.application).collect(),
            Worklist::Intake
            | Worklist::Review
            | Worklist::Waiting
            | Worklist::Evaluation
            | Worklist::Opinions
            | Worklist::Consolidation
            | Worklist::Decisions
            | Worklist::Approvals => {
                let of_district = !caller.holds_any(Who::BureauOfficer.roles())
                    && !caller.holds_any(Who::BureauApprover.roles())
                    && list.of().contains(&Who::District);
                let asked = |case: &Open| case.agencies.iter().any(|agency| **agency == *caller.org);
                let waits = |case: &Open| {
                    case.row.state == list.state().as_str()
                        && (!of_district || *case.row.district == *caller.org)
                        && (list != Worklist::Opinions || asked(case))
                };
                let open = self.open_cases(conn, today)?;
                return Ok(open.iter().filter(|case| waits(case)).map(Arc::clone).collect());
            }
        };
        // Decided cases have no clock that runs.
        let (schemes, calendar) = (schemes(conn)?, self.working_calendar());
        let rows = applications::find_all(conn, &wanted.into_iter().collect::<Vec<_>>())?;
        Ok(rows.into_iter().map(|row| Arc::new(Open::of(row, &[], &schemes, &calendar, today))).collect())
    }
}

fn is_theirs(list: Worklist, caller: &Caller) -> bool {
    list.of().iter().any(|who| caller.holds_any(who.roles()))
}

/// Reads every version of every scheme.
pub(super) fn schemes(conn: &mut AnyConnection) -> Result<Schemes, StoreError> {
    let rows = rulebook::schemes_since(conn, 0)?;
    rows.iter().map(|row| Ok(((row.code.clone(), row.version), crate::app::follow::scheme(row)?.1))).collect()
}

/// Counts the items that an agency has spoken on as they stand now.
fn spoken(conn: &mut AnyConnection, caller: &Caller, cases: &[Arc<Open>]) -> Result<HashMap<String, i64>, AppError> {
    let ids: Vec<String> = cases.iter().map(|case| case.row.id.clone()).collect();
    let mut counted: HashMap<String, Vec<(i32, i64)>> = HashMap::new();
    for (application, content, items) in opinions::spoken_by(conn, &caller.org, &ids)? {
        counted.entry(application).or_default().push((content, items));
    }
    let mut found = HashMap::new();
    for row in cases.iter().map(|case| &case.row) {
        let Some(spoken) = counted.get(&row.id) else { continue };
        let on_present: i64 =
            spoken.iter().filter(|(content, _)| *content == row.content).map(|(_, items)| items).sum();
        let on_earlier = spoken.iter().any(|(content, _)| *content != row.content);
        let given = if on_earlier && on_present < i64::from(row.item_count) {
            spoken_on_unchanged(conn, caller, row)?
        } else {
            on_present
        };
        found.insert(row.id.clone(), given);
    }
    Ok(found)
}

/// The same for a case that was corrected since: opinions on items that did not change count on.
fn spoken_on_unchanged(conn: &mut AnyConnection, caller: &Caller, row: &ApplicationRow) -> Result<i64, AppError> {
    let case = super::Case::of(conn, row.clone())?;
    let newest = opinions::newest(opinions::versions(conn, &row.id)?);
    let mut given = 0_i64;
    for line in case.content(conn)?.lines {
        let opinion = newest.get(&(i32::from(line.line), caller.org.to_string()));
        let digest = super::item_digest(&line)?;
        given = given.saturating_add(i64::from(opinion.is_some_and(|opinion| opinion.item_digest == digest)));
    }
    Ok(given)
}

pub(super) fn turn(row: &TurnRow) -> Result<Turn, StoreError> {
    let damaged = || StoreError::Damaged(format!("an event of {}", row.application));
    Ok(Turn {
        kind: EventKind::parse(&row.kind).ok_or_else(damaged)?,
        stage: State::parse(&row.stage).ok_or_else(damaged)?,
        at: Instant::from_micros(row.recorded_at),
        days: row.working_days.and_then(|days| u16::try_from(days).ok()),
        pause: row.reason_code.as_deref().and_then(PauseReason::parse),
    })
}

fn passes(entry: &Entry, query: &WorklistQuery, today: LegalDay, me: Option<&str>) -> bool {
    let claimed_by = entry.claimed_by.as_deref();
    let claim = query.claim.is_none_or(|claim| match claim {
        ClaimFilter::Mine => claimed_by.is_some() && claimed_by == me,
        ClaimFilter::Nobody => claimed_by.is_none(),
        ClaimFilter::Others => claimed_by.is_some() && claimed_by != me,
    });
    let due = query.due.is_none_or(|due| match due {
        DueFilter::Overdue => entry.case.clock.is_some_and(|clock| clock.is_overdue(today)),
        DueFilter::DueSoon => entry.case.clock.is_some_and(|clock| clock.is_due_soon(today, entry.case.soon)),
    });
    claim
        && due
        && query.kind.is_none_or(|kind| entry.case.row.kind == kind.as_str())
        && query.enterprise.as_ref().is_none_or(|enterprise| entry.case.row.enterprise == *enterprise)
        && query.district.as_ref().is_none_or(|district| entry.case.row.district == *district)
}

fn counts<'e>(entries: impl IntoIterator<Item = &'e Entry>, today: LegalDay, me: Option<&str>) -> Value {
    let (mut total, mut overdue, mut soon, mut mine, mut nobody) = (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
    for entry in entries {
        let one = |holds: bool| usize::from(holds);
        let claimed_by = entry.claimed_by.as_deref();
        total = total.saturating_add(1);
        overdue = overdue.saturating_add(one(entry.case.clock.is_some_and(|clock| clock.is_overdue(today))));
        soon =
            soon.saturating_add(one(entry.case.clock.is_some_and(|clock| clock.is_due_soon(today, entry.case.soon))));
        mine = mine.saturating_add(one(claimed_by.is_some() && claimed_by == me));
        nobody = nobody.saturating_add(one(claimed_by.is_none()));
    }
    json!({ "total": total, "overdue": overdue, "due_soon": soon, "mine": mine, "nobody": nobody })
}

fn shown(entry: &Entry, name: Option<&String>, today: LegalDay) -> Value {
    let row = &entry.case.row;
    json!({
        "application": row.id,
        "revision": row.revision,
        "kind": row.kind,
        "state": row.state,
        "enterprise": row.enterprise,
        "enterprise_name": name,
        "district": row.district,
        "scheme": row.scheme,
        "item_count": row.item_count,
        "fast_track": row.fast_track == 1,
        "lodged_at": Instant::from_micros(row.lodged_at),
        "state_since": Instant::from_micros(row.state_since),
        "clock": views::clock(entry.case.clock, today, entry.case.soon),
        "claimed_by": entry.claimed_by,
        "opinions_given": entry.given,
    })
}
