//! Usage returns (使用台账): what an enterprise received, used, destroyed and still holds, per listing and period, and
//! what follows while a return is late. Each step is recorded, and a step gives its whole time even when it was late.

use super::error::Rule;
use super::listing::Standing;
use super::states::{self, Step};
use super::supervision::{OnOverdue, Supervision};
use super::validity::{LegalDay, Validity};
use super::words::words;

words! {
    /// How the return of a period stands.
    ReturnStage {
        /// The enterprise was reminded.
        Reminded "reminded" "已提醒" "reminded";
        /// It was warned.
        Warned "warned" "已警告" "warned";
        /// A suspension was proposed.
        SuspensionProposed "suspension_proposed" "已提出暂停" "suspension proposed";
        /// The listing was suspended.
        Suspended "suspended" "已暂停" "suspended";
        /// The return is there.
        HandedIn "handed_in" "已报送" "handed in";
    }
}

words! {
    /// What can be done with a return.
    ReturnVerb {
        /// Reminds.
        Remind "remind" "提醒" "remind";
        /// Warns.
        Warn "warn" "警告" "warn";
        /// Proposes to suspend the listing.
        ProposeSuspension "propose_suspension" "提出暂停" "propose suspension";
        /// Suspends the listing.
        Suspend "suspend" "暂停" "suspend";
        /// Hands the return in.
        HandIn "hand_in" "报送" "hand in";
        /// Hands in a corrected one.
        Correct "correct" "更正" "correct";
    }
}

const ENTERPRISE: &str = "enterprise";
const SYSTEM: &str = "system";

/// What may become of the return of a period.
pub const STEPS: &[Step<ReturnStage, ReturnVerb>] = &[
    Step { from: None, verb: ReturnVerb::Remind, by: SYSTEM, to: ReturnStage::Reminded },
    Step { from: None, verb: ReturnVerb::HandIn, by: ENTERPRISE, to: ReturnStage::HandedIn },
    Step { from: Some(ReturnStage::Reminded), verb: ReturnVerb::Warn, by: SYSTEM, to: ReturnStage::Warned },
    Step { from: Some(ReturnStage::Reminded), verb: ReturnVerb::HandIn, by: ENTERPRISE, to: ReturnStage::HandedIn },
    Step {
        from: Some(ReturnStage::Warned),
        verb: ReturnVerb::ProposeSuspension,
        by: SYSTEM,
        to: ReturnStage::SuspensionProposed,
    },
    Step { from: Some(ReturnStage::Warned), verb: ReturnVerb::Suspend, by: SYSTEM, to: ReturnStage::Suspended },
    Step { from: Some(ReturnStage::Warned), verb: ReturnVerb::HandIn, by: ENTERPRISE, to: ReturnStage::HandedIn },
    Step {
        from: Some(ReturnStage::SuspensionProposed),
        verb: ReturnVerb::HandIn,
        by: ENTERPRISE,
        to: ReturnStage::HandedIn,
    },
    Step { from: Some(ReturnStage::Suspended), verb: ReturnVerb::HandIn, by: ENTERPRISE, to: ReturnStage::HandedIn },
    Step { from: Some(ReturnStage::HandedIn), verb: ReturnVerb::Correct, by: ENTERPRISE, to: ReturnStage::HandedIn },
];

/// Returns the stage after a verb, if the table has such a step.
#[must_use]
pub fn after(from: Option<ReturnStage>, verb: ReturnVerb) -> Option<ReturnStage> {
    states::after(STEPS, from, &verb)
}

/// A period and the day its return is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// First and last day.
    pub period: Validity,
    /// Last day on which the return is in time.
    pub due_on: LegalDay,
}

/// Returns the time for which a listing owes returns: from its first day to its last, or to the day before its removal.
#[must_use]
pub fn owed(first: LegalDay, standing: Standing, since: LegalDay, last: LegalDay) -> Option<Validity> {
    let last = match standing {
        Standing::Removed => since.add_days(-1).min(last),
        Standing::Listed | Standing::Suspended => last,
    };
    Validity::new(first, last).ok()
}

/// Lists the periods of a listing that have ended before a day, oldest first, those due at most a year before it: what was
/// never asked for in all that time is not asked for any more.
#[must_use]
pub fn ended(supervision: &Supervision, listed: Validity, today: LegalDay) -> Vec<Due> {
    let Some(months) = supervision.usage_period_months.filter(|months| *months > 0) else { return Vec::new() };
    let mut dues = Vec::new();
    for number in 0..1200_i32 {
        let start = |number: i32| listed.from().add_months(number.saturating_mul(i32::from(months)));
        let from = start(number);
        let to = start(number.saturating_add(1)).add_days(-1).min(listed.to());
        let Some(period) = Validity::new(from, to).ok().filter(|period| period.to() < today) else { break };
        let due_on = to.add_days(i32::from(supervision.usage_due_days));
        if due_on >= today.add_days(-366) {
            dues.push(Due { period, due_on });
        }
        if to == listed.to() {
            break;
        }
    }
    dues
}

/// Says which step is due, if one is. `last` is the stage so far and the day it was recorded.
#[must_use]
pub fn step_due(
    supervision: &Supervision,
    due_on: LegalDay,
    last: Option<(ReturnStage, LegalDay)>,
    today: LegalDay,
) -> Option<ReturnVerb> {
    let later = |day: LegalDay, days: u16| day.add_days(i32::from(days));
    match last {
        None => {
            let from = due_on.add_days(-i32::from(supervision.usage_remind_days));
            (today >= from).then_some(ReturnVerb::Remind)
        }
        Some((ReturnStage::Reminded, reminded_on)) => {
            let from = later(due_on, supervision.usage_warn_days).max(later(reminded_on, supervision.usage_warn_days));
            (today >= from).then_some(ReturnVerb::Warn)
        }
        Some((ReturnStage::Warned, warned_on)) => {
            (today >= suspends_on(supervision, due_on, warned_on)).then_some(match supervision.on_overdue {
                OnOverdue::ProposeSuspension => ReturnVerb::ProposeSuspension,
                OnOverdue::Suspend => ReturnVerb::Suspend,
            })
        }
        Some((ReturnStage::SuspensionProposed | ReturnStage::Suspended | ReturnStage::HandedIn, _)) => None,
    }
}

/// Returns the day on which suspension follows a warning.
#[must_use]
pub fn suspends_on(supervision: &Supervision, due_on: LegalDay, warned_on: LegalDay) -> LegalDay {
    let patience = supervision.usage_suspend_days.saturating_sub(supervision.usage_warn_days);
    due_on.add_days(i32::from(supervision.usage_suspend_days)).max(warned_on.add_days(i32::from(patience)))
}

/// What a return states, in steps of the finer unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    /// In stock when the period began.
    pub opening: i64,
    /// Received.
    pub received: i64,
    /// Used.
    pub used: i64,
    /// Destroyed.
    pub destroyed: i64,
    /// In stock when the period ended.
    pub stock: i64,
}

impl Ledger {
    /// Checks that what came in is what went out and what is left.
    ///
    /// # Errors
    /// [`Rule::LedgerDoesNotAddUp`].
    pub fn check(self) -> Result<(), Rule> {
        let came = i128::from(self.opening).saturating_add(i128::from(self.received));
        let went = i128::from(self.used).saturating_add(i128::from(self.destroyed));
        if came == went.saturating_add(i128::from(self.stock)) { Ok(()) } else { Err(Rule::LedgerDoesNotAddUp) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    fn half_years() -> Supervision {
        Supervision { usage_period_months: Some(6), ..Supervision::default() }
    }

    #[test]
    fn periods_follow_the_listing_and_end_with_it() {
        let listed = Validity::new(day("2026-03-01"), day("2027-01-31")).unwrap();
        let texts = |today: &str| {
            ended(&half_years(), listed, day(today))
                .iter()
                .map(|due| format!("{} {} {}", due.period.from(), due.period.to(), due.due_on))
                .collect::<Vec<_>>()
        };
        assert!(texts("2026-08-31").is_empty());
        assert_eq!(texts("2026-09-01"), ["2026-03-01 2026-08-31 2026-09-30"]);
        assert_eq!(texts("2027-02-01"), ["2026-03-01 2026-08-31 2026-09-30", "2026-09-01 2027-01-31 2027-03-02"]);
        assert!(texts("2029-02-01").is_empty());
        assert!(ended(&Supervision::default(), listed, day("2027-02-01")).is_empty());
    }

    #[test]
    fn each_step_gives_its_whole_time() {
        let due_on = day("2026-09-30");
        let due = |last, today: &str| step_due(&half_years(), due_on, last, day(today));
        assert_eq!(due(None, "2026-09-22"), None);
        assert_eq!(due(None, "2026-09-23"), Some(ReturnVerb::Remind));
        let reminded = |on: &str| Some((ReturnStage::Reminded, day(on)));
        assert_eq!(due(reminded("2026-09-23"), "2026-10-09"), None);
        assert_eq!(due(reminded("2026-09-23"), "2026-10-10"), Some(ReturnVerb::Warn));
        // The service was down: the reminder came late, so the warning waits.
        assert_eq!(due(reminded("2026-12-01"), "2026-12-10"), None);
        assert_eq!(due(reminded("2026-12-01"), "2026-12-11"), Some(ReturnVerb::Warn));
        let warned = |on: &str| Some((ReturnStage::Warned, day(on)));
        assert_eq!(due(warned("2026-10-10"), "2026-10-29"), None);
        assert_eq!(due(warned("2026-10-10"), "2026-10-30"), Some(ReturnVerb::ProposeSuspension));
        assert_eq!(due(warned("2026-12-11"), "2026-12-30"), None);
        let strict = Supervision { on_overdue: OnOverdue::Suspend, ..half_years() };
        assert_eq!(step_due(&strict, due_on, warned("2026-10-10"), day("2026-10-30")), Some(ReturnVerb::Suspend));
        for stage in [ReturnStage::SuspensionProposed, ReturnStage::Suspended, ReturnStage::HandedIn] {
            assert_eq!(due(Some((stage, day("2026-10-30"))), "2030-01-01"), None);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_due_is_a_step_of_the_table(past in 0_i32..900, stage in proptest::option::of(0_usize..5), recorded in 0_i32..900) {
            let (due_on, today) = (day("2026-09-30"), day("2026-06-01").add_days(past));
            let stage = stage.and_then(|place| ReturnStage::ALL.get(place).copied());
            let last = stage.map(|stage| (stage, day("2026-06-01").add_days(recorded)));
            if let Some(verb) = step_due(&half_years(), due_on, last, today) {
                prop_assert!(after(stage, verb).is_some(), "{:?} {:?}", stage, verb);
            }
        }

        #[test]
        fn a_ledger_adds_up_only_by_its_stock(opening in 0_i64..1_000_000, received in 0_i64..1_000_000, used in 0_i64..1_000_000, off in -5_i64..=5) {
            let (destroyed, stock) = (0, opening + received - used + off);
            let ledger = Ledger { opening, received, used, destroyed, stock };
            prop_assert_eq!(ledger.check().is_ok(), off == 0);
        }
    }
}
