//! How long a case has taken and when its stage is due, in working days (行政许可法 art. 82), from its timeline alone.
//!
//! Nothing is counted up by a job: the same timeline and calendar give the same clock on every day it is asked for. The
//! day on which a clock starts, stops or starts again is not counted. Invariant: a year whose calendar is not loaded
//! makes a due day unknown, never wrong.

use super::application::State;
use super::application::event::EventKind;
use super::calendar::WorkingCalendar;
use super::scheme::Clocks;
use super::validity::{Instant, LegalDay};
use crate::domain::application::words;

words! {
    /// Why a clock stands still: time that 行政许可法 art. 45 does not count.
    PauseReason {
        /// The enterprise corrects its application.
        Correction "correction" "企业补正" "correction by the enterprise";
        /// Experts review it.
        ExpertReview "expert_review" "专家评审" "expert review";
        /// A hearing is held.
        Hearing "hearing" "听证" "hearing";
        /// Something is inspected or tested.
        Inspection "inspection" "检验检测" "inspection or testing";
        /// Quarantine.
        Quarantine "quarantine" "检疫" "quarantine";
        /// Another authority is asked.
        OtherAuthority "other_authority" "征询其他机关" "another authority is asked";
    }
}

/// Something on a timeline, as far as a clock looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// What happened.
    pub kind: EventKind,
    /// Where the case stood afterwards.
    pub stage: State,
    /// When.
    pub at: Instant,
    /// Days it states: those given to correct, or those added.
    pub days: Option<u16>,
    /// Why the clock stopped, if it did.
    pub pause: Option<PauseReason>,
}

/// A clock as it stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The day it started.
    pub from: LegalDay,
    /// Working days that may be used; none where nothing limits them.
    pub days: Option<u16>,
    /// Working days used; none when the calendar does not know.
    pub used: Option<u32>,
    /// Last day; none when nothing limits it, it stands still, or the calendar does not know.
    pub due: Option<LegalDay>,
    /// Why it stands still.
    pub paused: Option<PauseReason>,
    /// The year whose calendar is missing.
    pub calendar_unknown: Option<u16>,
}

impl Clock {
    /// Whether the last day has passed.
    #[must_use]
    pub fn is_overdue(&self, today: LegalDay) -> bool {
        self.due.is_some_and(|due| due < today)
    }

    /// Whether few working days are left, the last day not yet passed.
    #[must_use]
    pub fn is_due_soon(&self, today: LegalDay, soon: u16) -> bool {
        let left = self.days.zip(self.used).map(|(days, used)| u32::from(days).saturating_sub(used));
        self.due.is_some_and(|due| today <= due) && left.is_some_and(|left| left <= u32::from(soon))
    }
}

/// A stretch in which the clock stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Still {
    from: LegalDay,
    to: Option<LegalDay>,
    reason: PauseReason,
}

impl Still {
    fn covers(&self, day: LegalDay) -> bool {
        self.from < day && self.to.is_none_or(|to| day <= to)
    }
}

/// Finds the stretches in which the clock stood still; the last may be open.
fn pauses(turns: &[Turn]) -> Vec<Still> {
    let mut found: Vec<Still> = Vec::new();
    for turn in turns {
        let day = turn.at.day();
        let was_asked = found.last().is_some_and(|still| still.to.is_none() && still.reason == PauseReason::Correction);
        // Between a withdrawal and its being taken back the case is in nobody's hands, as while the enterprise corrects it.
        let starts = if turn.kind == EventKind::Asked || turn.kind == EventKind::Withdrawn && !was_asked {
            Some(PauseReason::Correction)
        } else if turn.kind == EventKind::Paused {
            Some(turn.pause.unwrap_or(PauseReason::OtherAuthority))
        } else {
            None
        };
        let ends =
            turn.kind == EventKind::Resumed || was_asked && !matches!(turn.stage, State::Asked | State::Withdrawn);
        if let Some(open) = found.last_mut().filter(|still| still.to.is_none())
            && (ends || starts.is_some())
        {
            open.to = Some(day);
        }
        found.extend(starts.map(|reason| Still { from: day, to: None, reason }));
    }
    found
}

/// Measures a clock that started on a day, up to `until`.
fn measure(calendar: &WorkingCalendar, from: LegalDay, days: Option<u16>, still: &[Still], until: LegalDay) -> Clock {
    let paused = still.last().filter(|still| still.to.is_none()).map(|still| still.reason);
    let mut clock = Clock { from, days, used: Some(0), due: None, paused, calendar_unknown: None };
    let mut day = from;
    let mut used = 0_u32;
    let limit = days.map(u32::from);
    if limit == Some(0) {
        clock.due = Some(from);
    }
    loop {
        let looks_for_due = paused.is_none() && clock.due.is_none() && limit.is_some();
        let next = day.add_days(1);
        if next == day || (next > until && !looks_for_due) {
            return clock;
        }
        day = next;
        match calendar.is_working(day) {
            Err(unknown) => {
                clock.calendar_unknown = Some(unknown.year);
                if day <= until {
                    clock.used = None;
                }
                return clock;
            }
            Ok(true) if !still.iter().any(|still| still.covers(day)) => used = used.saturating_add(1),
            Ok(_) => {}
        }
        if day <= until {
            clock.used = Some(used);
        }
        if looks_for_due && Some(used) == limit {
            clock.due = Some(day);
        }
    }
}

/// Returns the last day of a period that starts on a day, or the year that the calendar does not know.
///
/// # Errors
/// The year whose notice is missing.
pub fn due(calendar: &WorkingCalendar, from: LegalDay, days: u16) -> Result<LegalDay, u16> {
    calendar.due(from, u32::from(days)).map_err(|unknown| unknown.year)
}

/// Finds the day on which the present stage began; a correction, and a withdrawal that was taken back, belong to the stage in
/// which they came.
fn began(turns: &[Turn], stage: State) -> Option<LegalDay> {
    let mut start = None;
    for turn in turns.iter().rev() {
        if turn.stage == stage {
            start = Some(turn.at.day());
        } else if !matches!(turn.stage, State::Asked | State::Withdrawn) {
            break;
        }
    }
    start
}

/// Returns the clock of the stage a case is in; none when the case is closed.
#[must_use]
pub fn stage_clock(turns: &[Turn], clocks: Clocks, calendar: &WorkingCalendar, today: LegalDay) -> Option<Clock> {
    let last = turns.last()?;
    let still = pauses(turns);
    let plain = |days| began(turns, last.stage).map(|from| measure(calendar, from, days, &still, today));
    match last.stage {
        State::Lodged => plain(Some(clocks.correction_notice_days)),
        State::Evaluating => plain(None),
        State::Accepted => plain(Some(clocks.district_review_days)),
        State::InOpinion => plain(Some(clocks.opinion_days)),
        State::Deciding | State::Proposed => recognition_clock(turns, clocks, calendar, today),
        // The enterprise's own time, which nothing stops.
        State::Asked => {
            let asked = turns.iter().rev().find(|turn| turn.kind == EventKind::Asked)?;
            Some(measure(calendar, asked.at.day(), asked.days, &[], today))
        }
        State::Draft | State::Decided | State::Withdrawn | State::Declined | State::Lapsed => None,
    }
}

/// Returns the clock of the whole joint handling, from acceptance to decision (行政许可法 art. 42), extensions added;
/// none before acceptance.
#[must_use]
pub fn recognition_clock(turns: &[Turn], clocks: Clocks, calendar: &WorkingCalendar, today: LegalDay) -> Option<Clock> {
    // What goes straight to the bureau is accepted by being lodged; what is taken up again starts anew.
    let mut from: Option<Instant> = None;
    let mut until = today;
    let mut extended = 0_u16;
    for turn in turns {
        if matches!(turn.kind, EventKind::Reopened | EventKind::Overturned) {
            from = Some(turn.at);
            until = today;
            extended = 0;
        } else if turn.kind == EventKind::Decided {
            until = turn.at.day();
        } else if turn.kind == EventKind::Extended {
            extended = extended.saturating_add(turn.days.unwrap_or_default());
        } else {
            let accepted = !matches!(
                turn.stage,
                State::Lodged | State::Asked | State::Draft | State::Evaluating | State::Withdrawn
            );
            from = from.or(accepted.then_some(turn.at));
        }
    }
    let days = clocks.recognition_days.saturating_add(extended);
    Some(measure(calendar, from?.day(), Some(days), &pauses(turns), until))
}

/// A stage that a case went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it stood.
    pub stage: State,
    /// Since when.
    pub from: Instant,
    /// Until when; none while it stands there.
    pub to: Option<Instant>,
    /// Working days in it; none when the calendar does not know.
    pub working_days: Option<u32>,
}

/// Lists the stages that a case went through, in order, each with its working days.
#[must_use]
pub fn spans(turns: &[Turn], calendar: &WorkingCalendar, today: LegalDay) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for turn in turns {
        match spans.last_mut() {
            Some(span) if span.stage == turn.stage => {}
            last => {
                if let Some(span) = last {
                    span.to = Some(turn.at);
                }
                spans.push(Span { stage: turn.stage, from: turn.at, to: None, working_days: None });
            }
        }
    }
    for span in &mut spans {
        let until = span.to.map_or(today, Instant::day);
        let open = span.stage.is_open();
        span.working_days = if open { measure(calendar, span.from.day(), None, &[], until).used } else { Some(0) };
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendar() -> WorkingCalendar {
        serde_json::from_str(include_str!("../../samples/holidays.json")).unwrap()
    }

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    fn clocks() -> Clocks {
        Clocks {
            correction_notice_days: 5,
            district_review_days: 20,
            opinion_days: 15,
            recognition_days: 45,
            extension_days: 15,
        }
    }

    fn turn(kind: EventKind, stage: State, on: &str) -> Turn {
        Turn { kind, stage, at: Instant::parse(&format!("{on}T02:00:00Z")).unwrap(), days: None, pause: None }
    }

    /// The seven vectors of the domain's facts: accepted, working days, due.
    #[test]
    fn the_vectors_of_the_calendar() {
        for (accepted, days, expected) in [
            ("2025-01-20", 20, "2025-02-21"),
            ("2025-09-24", 20, "2025-10-28"),
            ("2026-02-09", 5, "2026-02-14"),
            ("2026-02-09", 20, "2026-03-13"),
            ("2026-04-29", 3, "2026-05-07"),
            ("2026-09-18", 20, "2026-10-22"),
            ("2026-01-30", 45, "2026-04-10"),
        ] {
            let clock = measure(&calendar(), day(accepted), Some(days), &[], day(accepted));
            assert_eq!((clock.due, clock.used), (Some(day(expected)), Some(0)), "{accepted} + {days}");
            assert_eq!(due(&calendar(), day(accepted), days), Ok(day(expected)));
            let last = measure(&calendar(), day(accepted), Some(days), &[], day(expected));
            assert_eq!(last.used, Some(u32::from(days)));
            assert!(!last.is_overdue(day(expected)) && last.is_overdue(day(expected).add_days(1)));
        }
    }

    #[test]
    fn a_correction_stops_the_clock_and_starts_it_again() {
        let mut turns = vec![turn(EventKind::Lodged, State::Lodged, "2026-03-02")];
        let whole = stage_clock(&turns, clocks(), &calendar(), day("2026-03-03")).unwrap();
        assert_eq!((whole.due, whole.used), (Some(day("2026-03-09")), Some(1)));
        turns.push(Turn { days: Some(15), ..turn(EventKind::Asked, State::Asked, "2026-03-04") });
        let asked = stage_clock(&turns, clocks(), &calendar(), day("2026-03-20")).unwrap();
        assert_eq!((asked.from, asked.due, asked.days), (day("2026-03-04"), Some(day("2026-03-25")), Some(15)));
        turns.push(turn(EventKind::Corrected, State::Lodged, "2026-03-18"));
        let again = stage_clock(&turns, clocks(), &calendar(), day("2026-03-19")).unwrap();
        // Two of five days were used before the stop: three are left behind 18 March.
        assert_eq!((again.from, again.due, again.used), (day("2026-03-02"), Some(day("2026-03-23")), Some(3)));
    }

    #[test]
    fn a_clock_that_stands_still_has_no_due_day() {
        let turns = [
            turn(EventKind::Lodged, State::Lodged, "2026-03-02"),
            turn(EventKind::Accepted, State::Accepted, "2026-03-03"),
            Turn { pause: Some(PauseReason::ExpertReview), ..turn(EventKind::Paused, State::Accepted, "2026-03-05") },
        ];
        let clock = stage_clock(&turns, clocks(), &calendar(), day("2026-06-01")).unwrap();
        assert_eq!((clock.due, clock.used, clock.paused), (None, Some(2), Some(PauseReason::ExpertReview)));
        let mut resumed = turns.to_vec();
        resumed.push(turn(EventKind::Resumed, State::Accepted, "2026-03-12"));
        let clock = stage_clock(&resumed, clocks(), &calendar(), day("2026-03-13")).unwrap();
        assert_eq!((clock.used, clock.paused), (Some(3), None));
        assert_eq!(clock.due, Some(day("2026-04-08")), "eighteen more working days behind 12 March");
    }

    #[test]
    fn an_unknown_year_leaves_the_due_day_open_and_blocks_nothing() {
        let last_year = calendar();
        let turns = [
            turn(EventKind::Lodged, State::Lodged, "2026-12-29"),
            turn(EventKind::Accepted, State::Accepted, "2026-12-30"),
        ];
        let clock = stage_clock(&turns, clocks(), &last_year, day("2026-12-31")).unwrap();
        assert_eq!((clock.due, clock.calendar_unknown, clock.used), (None, Some(2027), Some(1)));
        let clock = stage_clock(&turns, clocks(), &last_year, day("2027-02-01")).unwrap();
        assert_eq!((clock.due, clock.calendar_unknown, clock.used), (None, Some(2027), None));
        assert!(!clock.is_overdue(day("2027-12-31")) && !clock.is_due_soon(day("2027-01-01"), 3));
    }

    #[test]
    fn the_whole_handling_runs_from_acceptance_and_may_be_extended() {
        let mut turns = vec![
            turn(EventKind::Lodged, State::Lodged, "2026-01-28"),
            turn(EventKind::Accepted, State::Accepted, "2026-01-30"),
            turn(EventKind::Recommended, State::InOpinion, "2026-02-10"),
            turn(EventKind::Consolidated, State::Deciding, "2026-03-10"),
        ];
        let clock = stage_clock(&turns, clocks(), &calendar(), day("2026-03-10")).unwrap();
        assert_eq!((clock.from, clock.due), (day("2026-01-30"), Some(day("2026-04-10"))));
        turns.push(Turn { days: Some(15), ..turn(EventKind::Extended, State::Deciding, "2026-03-11") });
        let clock = recognition_clock(&turns, clocks(), &calendar(), day("2026-03-11")).unwrap();
        assert_eq!((clock.days, clock.due), (Some(60), calendar().due(day("2026-01-30"), 60).ok()));
        turns.push(turn(EventKind::Proposed, State::Proposed, "2026-03-12"));
        turns.push(turn(EventKind::Decided, State::Decided, "2026-03-13"));
        assert_eq!(stage_clock(&turns, clocks(), &calendar(), day("2026-03-13")), None);
        let spans = spans(&turns, &calendar(), day("2026-04-01"));
        let stages: Vec<State> = spans.iter().map(|span| span.stage).collect();
        assert_eq!(
            stages,
            [State::Lodged, State::Accepted, State::InOpinion, State::Deciding, State::Proposed, State::Decided]
        );
        assert_eq!(spans[0].working_days, Some(2));
        assert_eq!(spans[5].to, None);
    }

    proptest! {
        /// Asking later for the clock never lowers what was used, and the due day does not depend on the day it is asked for.
        #[test]
        fn the_same_timeline_gives_the_same_due_day(asked in 1_i32..10, answered in 1_i32..20, one in 0_i32..200, more in 0_i32..100) {
            let start = Instant::parse("2026-03-02T02:00:00Z").unwrap();
            let on = |days: i32| Instant::from_micros(start.micros() + i64::from(days) * 86_400_000_000);
            let turns = [
                Turn { kind: EventKind::Lodged, stage: State::Lodged, at: start, days: None, pause: None },
                Turn { kind: EventKind::Asked, stage: State::Asked, at: on(asked), days: Some(15), pause: None },
                Turn { kind: EventKind::Corrected, stage: State::Lodged, at: on(asked + answered), days: None, pause: None },
                Turn { kind: EventKind::Accepted, stage: State::Accepted, at: on(asked + answered + 1), days: None, pause: None },
            ];
            let from = on(asked + answered + 1).day();
            let early = stage_clock(&turns, clocks(), &calendar(), from.add_days(one)).unwrap();
            let late = stage_clock(&turns, clocks(), &calendar(), from.add_days(one + more)).unwrap();
            prop_assert_eq!(early.due, late.due);
            if let (Some(early), Some(late)) = (early.used, late.used) {
                prop_assert!(early <= late);
            }
        }
    }
}
