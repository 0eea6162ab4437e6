//! Reads what is counted: cases with their timelines and opinions, decisions on items, listings in force.

use super::counted::{By, Counted, Figures, Period, Share, Timely};
use crate::app::AppError;
use crate::app::review::Case;
use crate::app::review::report::Stage;
use crate::app::review::worklists::{schemes, turn};
use crate::domain::application::State;
use crate::domain::application::event::EventKind;
use crate::domain::calendar::WorkingCalendar;
use crate::domain::case_clock::{Clock, Turn, recognition_clock, stage_clock};
use crate::domain::code::HsCode;
use crate::domain::listing::Status;
use crate::domain::recognition::ItemState;
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::application_rows::ApplicationRow;
use crate::store::applications::{self, Narrowing};
use crate::store::{AnyConnection, case_turns, decisions, opinions};
use std::collections::{BTreeMap, HashMap};

/// Cases whose timelines are read at once.
const STRIDE: i64 = 500;

/// Between which days is counted, and by which calendar.
pub(super) struct Frame<'a> {
    pub(super) period: Period,
    pub(super) today: LegalDay,
    pub(super) calendar: &'a WorkingCalendar,
}

fn kept(clock: Option<Clock>) -> (Option<u32>, Option<bool>) {
    let used = clock.and_then(|clock| clock.used);
    let days = clock.and_then(|clock| clock.days).map(u32::from);
    (used, used.zip(days).map(|(used, days)| used <= days))
}

/// A line about a case on a day.
fn about(by: By, key: String, row: &ApplicationRow, on: LegalDay) -> Counted {
    let (id, enterprise) = (row.id.clone(), row.enterprise.clone());
    let (line, working_days, on_time, recognised) = (None, None, None, None);
    Counted { by, key, id, line, enterprise, on: Some(on), working_days, on_time, recognised }
}

impl Frame<'_> {
    fn step(&self, day: LegalDay) -> String {
        self.period.step(day, self.today).to_string()
    }

    /// Counts cases: received, decided, in time or not, and how long each agency took.
    pub(super) fn cases(&self, conn: &mut AnyConnection, figures: &mut Figures) -> Result<(), AppError> {
        let schemes = schemes(conn)?;
        let mut after = String::new();
        loop {
            let rows = applications::list(conn, &Narrowing::default(), &after, STRIDE)?;
            let Some(last) = rows.last() else {
                figures.stages.values_mut().for_each(Stage::sort);
                return Ok(());
            };
            after.clone_from(&last.id);
            let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
            let mut timelines: HashMap<String, Vec<Turn>> = HashMap::new();
            for row in case_turns::of_cases(conn, &ids)? {
                let turn = turn(&row)?;
                timelines.entry(row.application).or_default().push(turn);
            }
            let mut given: HashMap<String, Vec<(String, i64)>> = HashMap::new();
            for (application, agency, at) in opinions::first_of_cases(conn, &ids)? {
                given.entry(application).or_default().push((agency, at));
            }
            for row in rows {
                let Some(scheme) = schemes.get(&(row.scheme.clone(), row.scheme_version)) else { continue };
                let turns = timelines.get(&row.id).map(Vec::as_slice).unwrap_or_default();
                let said = given.get(&row.id).map(Vec::as_slice).unwrap_or_default();
                self.case(&Case { row, scheme: scheme.clone() }, turns, said, figures);
            }
        }
    }

    fn case(&self, case: &Case, turns: &[Turn], said: &[(String, i64)], figures: &mut Figures) {
        let (row, clocks) = (&case.row, case.scheme.clocks);
        let lodged = LegalDay::of_instant(row.lodged_at);
        if self.period.holds(lodged) {
            let late = stage_clock(turns, clocks, self.calendar, self.today);
            let late = late.is_some_and(|clock| clock.is_overdue(self.today));
            Stage::count(&mut figures.stages, turns, self.calendar, self.today, late);
            figures.cases = figures.cases.saturating_add(1);
            figures.lines.push(about(By::Received, self.step(lodged), row, lodged));
        }
        let decided = turns.iter().rfind(|turn| turn.kind == EventKind::Decided);
        let decided = decided.filter(|_| row.state == State::Decided.as_str()).map(|turn| turn.at.day());
        if let Some(on) = decided.filter(|on| self.period.holds(*on)) {
            let (working_days, on_time) = kept(recognition_clock(turns, clocks, self.calendar, self.today));
            let timely = on_time.map_or(Timely::Unknown, |kept| if kept { Timely::OnTime } else { Timely::Late });
            for (by, key) in [(By::Decided, self.step(on)), (By::Timeliness, timely.as_str().to_owned())] {
                figures.lines.push(Counted { working_days, on_time, ..about(by, key, row, on) });
            }
        }
        let asked = turns.iter().find(|turn| turn.stage == State::InOpinion).map(|turn| turn.at.day());
        let Some(asked) = asked.filter(|asked| self.period.holds(*asked)) else { return };
        let stage = turns.last().map(|turn| turn.stage);
        let waits = stage == Some(State::InOpinion);
        let gone_on = stage.is_some_and(|stage| matches!(stage, State::Deciding | State::Proposed | State::Decided));
        for code in case.agencies() {
            let at = said.iter().find(|(agency, _)| *agency == code).map(|(_, at)| *at);
            let (working_days, on_time) = match at {
                Some(at) => {
                    let until: Vec<Turn> = turns.iter().copied().take_while(|turn| turn.at.micros() <= at).collect();
                    kept(stage_clock(&until, clocks, self.calendar, Instant::from_micros(at).day()))
                }
                // Silence is late once its time has passed, or the case has gone on without it.
                None if waits => {
                    let clock = stage_clock(turns, clocks, self.calendar, self.today);
                    (None, clock.filter(|clock| clock.is_overdue(self.today)).map(|_| false))
                }
                None => (None, gone_on.then_some(false)),
            };
            if let Some(agency) = case.scheme.member_agencies.iter().find(|agency| agency.code == code) {
                figures.agencies.entry(code.clone()).or_insert_with(|| agency.clone());
            }
            figures.lines.push(Counted { working_days, on_time, ..about(By::Agency, code, row, asked) });
        }
    }

    /// Counts decided items: by chapter, and refused ones by each of their grounds.
    pub(super) fn items(&self, conn: &mut AnyConnection, figures: &mut Figures) -> Result<(), AppError> {
        let mut newest = BTreeMap::new();
        for row in decisions::outcomes(conn)? {
            newest.insert((row.application.clone(), row.line), row);
        }
        for ((application, line), row) in newest {
            let recognised = match ItemState::parse(&row.state) {
                Some(ItemState::Recognised | ItemState::Published) => true,
                Some(ItemState::Refused) => false,
                Some(ItemState::Open | ItemState::ProposedRecognition | ItemState::ProposedRefusal) | None => continue,
            };
            let on = row.decided_at.map(LegalDay::of_instant);
            let Some(on) = on.filter(|on| self.period.holds(*on)) else { continue };
            let counted = |by, key| Counted {
                by,
                key,
                id: format!("{application}~{line}"),
                line: Some(line),
                enterprise: row.enterprise.clone(),
                on: Some(on),
                working_days: None,
                on_time: None,
                recognised: Some(recognised),
            };
            let hs_code = row.hs_code.and_then(|code| u64::try_from(code).ok()).and_then(HsCode::from_value);
            figures.lines.extend(hs_code.map(|code| counted(By::Chapter, code.to_string().chars().take(2).collect())));
            let grounds = row.grounds.split(',').filter(|ground| !recognised && !ground.is_empty());
            figures.lines.extend(grounds.map(|ground| counted(By::Ground, ground.to_owned())));
        }
        Ok(())
    }
}

/// Counts listings in force by how much of them is taken.
pub(super) fn listings(snapshot: &Snapshot, today: LegalDay, figures: &mut Figures) {
    figures.lines.reserve(snapshot.listings());
    for (uscc, listing) in snapshot.each_listing() {
        let Some((_, now)) = listing.on(today, Revision::NEWEST) else { continue };
        if now.status(today) != Status::InForce {
            continue;
        }
        let share = Share::of(listing.taken_at(Revision::NEWEST), now.terms.granted);
        figures.lines.push(Counted {
            by: By::Use,
            key: share.as_str().to_owned(),
            id: listing.number.to_string(),
            line: None,
            enterprise: uscc.to_string(),
            on: Some(now.terms.period.to()),
            working_days: None,
            on_time: None,
            recognised: None,
        });
    }
}
