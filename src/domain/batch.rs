//! Publication batches (批次): recognised items collected, previewed and published with a notice number (通知).
//!
//! Invariant: what was published never changes; its digest says so.

use super::application::words;
use super::error::Rule;
use super::id::PersonId;
use super::states::Step;
use super::validity::LegalDay;

words! {
    /// Where a batch stands.
    BatchState {
        /// Items are collected in it.
        Collecting "collecting" "汇集中" "collecting";
        /// Published; frozen.
        Published "published" "已公布" "published";
        /// Given up; its items are free again.
        Discarded "discarded" "已作废" "discarded";
    }
}

words! {
    /// What can be done to a batch.
    BatchVerb {
        /// Changes what is collected.
        Collect "collect" "调整条目" "collect";
        /// Publishes it.
        Publish "publish" "公布" "publish";
        /// Gives it up.
        Discard "discard" "作废" "discard";
    }
}

/// Everything that may happen to a batch.
pub const STEPS: &[Step<BatchState, BatchVerb>] = &[
    Step {
        from: Some(BatchState::Collecting),
        verb: BatchVerb::Collect,
        by: "bureau.officer",
        to: BatchState::Collecting,
    },
    Step {
        from: Some(BatchState::Collecting),
        verb: BatchVerb::Publish,
        by: "bureau.approver",
        to: BatchState::Published,
    },
    Step {
        from: Some(BatchState::Collecting),
        verb: BatchVerb::Discard,
        by: "bureau.officer or bureau.approver",
        to: BatchState::Discarded,
    },
];

/// Checks a publication: another person than the collector, from today on.
///
/// # Errors
/// [`Rule::FourEyes`], [`Rule::PastDate`].
pub fn may_publish(
    collected_by: PersonId,
    publishes: PersonId,
    effective_on: LegalDay,
    today: LegalDay,
) -> Result<(), Rule> {
    super::adjustment::four_eyes(collected_by, publishes)?;
    if effective_on < today { Err(Rule::PastDate) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::{after, assert_sound};

    #[test]
    fn the_table_is_sound() {
        assert_sound(STEPS, BatchState::ALL, BatchVerb::ALL);
        for verb in BatchVerb::ALL {
            assert_eq!(after(STEPS, Some(BatchState::Published), verb), None, "what is published is frozen");
        }
    }

    #[test]
    fn a_second_person_publishes_from_today_on() {
        let (one, two) = (PersonId::new(1), PersonId::new(2));
        let today = LegalDay::parse("2026-08-12").unwrap();
        assert_eq!(may_publish(one, two, today, today), Ok(()));
        assert_eq!(may_publish(one, one, today, today), Err(Rule::FourEyes));
        assert_eq!(may_publish(one, two, today.add_days(-1), today), Err(Rule::PastDate));
        assert_eq!(may_publish(one, two, today.add_days(30), today), Ok(()));
    }
}
