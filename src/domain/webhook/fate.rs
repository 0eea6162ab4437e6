//! What becomes of a message after an attempt: it is done, tried again later, set aside, or its webhook is paused.
//!
//! Pure: the instant and the randomness come from outside. Invariant: no message is tried for ever, and none is set aside at
//! its first failure.

use super::PauseCause;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// Waits between attempts, seconds; the last one goes on.
const WAITS: [i64; 9] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600];

/// How long a receiver that fails is tried: three days.
pub const PATIENCE: i64 = 3 * 86_400 * SECOND;

/// Attempts of a message that its receiver refuses while it is alive.
pub const REFUSALS: i32 = 5;

/// Messages set aside one after the other before the webhook is paused.
pub const IN_A_ROW: i32 = 10;

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered with this status.
    Answered(u16),
    /// Nobody answered, or not in time.
    Silent,
    /// Nothing was sent: the address is none that may be sent to.
    Forbidden,
}

/// What was before the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// Attempts of this message, this one not counted.
    pub attempts: i32,
    /// Since when it fails, microseconds; none at the first attempt.
    pub failing_since: Option<i64>,
    /// Messages set aside since the last that was taken.
    pub set_aside: i32,
}

/// What becomes of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done.
    Delivered,
    /// It is tried again at this instant, microseconds.
    Again(i64),
    /// It is set aside, and the next one follows; the webhook is paused where a cause is named.
    SetAside(Option<PauseCause>),
    /// It waits while the webhook is paused.
    Paused(PauseCause),
}

/// Judges an attempt made at `now`; `random` spreads the waits of many messages.
#[must_use]
pub fn judge(outcome: Outcome, before: Before, now: i64, random: u64) -> Fate {
    let refused = match outcome {
        Outcome::Answered(200..=299) => return Fate::Delivered,
        Outcome::Answered(410) => return Fate::Paused(PauseCause::Gone),
        // The receiver is busy, or not itself.
        Outcome::Answered(408 | 425 | 429 | 500..) | Outcome::Silent => false,
        // It is alive and will not have this message, a redirect among them: nobody is followed.
        Outcome::Answered(_) | Outcome::Forbidden => true,
    };
    let attempts = before.attempts.saturating_add(1);
    if refused && attempts >= REFUSALS {
        let too_many = before.set_aside.saturating_add(1) >= IN_A_ROW;
        return Fate::SetAside(too_many.then_some(PauseCause::Failing));
    }
    let since = before.failing_since.unwrap_or(now);
    let over = since.saturating_add(PATIENCE);
    if now >= over {
        return Fate::SetAside(Some(PauseCause::Failing));
    }
    // The last attempt falls on the end of the patience, not behind it.
    Fate::Again(now.saturating_add(wait(attempts, random)).min(over))
}

/// How long to wait after so many attempts, microseconds: what the table says, and up to a quarter of it more.
fn wait(attempts: i32, random: u64) -> i64 {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let [.., longest] = WAITS;
    let wait = WAITS.get(place).copied().unwrap_or(longest).saturating_mul(SECOND);
    let spread = i64::try_from(random % 1_000).unwrap_or(0);
    wait.saturating_add((wait / 4).saturating_mul(spread) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_becomes_of_a_message() {
        let first = Before::default();
        let fifth = Before { attempts: 4, failing_since: Some(0), set_aside: 0 };
        let tenth = Before { set_aside: 9, ..fifth };
        let old = Before { attempts: 30, failing_since: Some(0), set_aside: 0 };
        let at = 7 * SECOND;
        let again = |seconds: i64| Fate::Again(at + seconds * SECOND);
        for (outcome, before, now, fate) in [
            (Outcome::Answered(200), first, at, Fate::Delivered),
            (Outcome::Answered(204), old, at, Fate::Delivered),
            (Outcome::Answered(410), first, at, Fate::Paused(PauseCause::Gone)),
            (Outcome::Answered(500), first, at, again(5)),
            (Outcome::Silent, Before { attempts: 1, ..first }, at, again(30)),
            (Outcome::Silent, Before { attempts: 99, ..first }, at, again(21_600)),
            (Outcome::Answered(503), fifth, at, again(1_800)),
            (Outcome::Answered(429), old, PATIENCE - 1, Fate::Again(PATIENCE)),
            (Outcome::Silent, old, PATIENCE, Fate::SetAside(Some(PauseCause::Failing))),
            (Outcome::Answered(400), first, at, again(5)),
            (Outcome::Answered(302), fifth, at, Fate::SetAside(None)),
            (Outcome::Answered(404), fifth, at, Fate::SetAside(None)),
            (Outcome::Forbidden, fifth, at, Fate::SetAside(None)),
            (Outcome::Answered(404), tenth, at, Fate::SetAside(Some(PauseCause::Failing))),
            (Outcome::Answered(101), fifth, at, Fate::SetAside(None)),
        ] {
            assert_eq!(judge(outcome, before, now, 0), fate, "{outcome:?} {before:?} {now}");
        }
    }

    proptest! {
        #[test]
        fn a_receiver_that_is_silent_is_tried_often_and_given_up_after_three_days(random in any::<u64>()) {
            let (mut now, mut before) = (0, Before::default());
            let tries = loop {
                match judge(Outcome::Silent, before, now, random) {
                    Fate::Again(at) => {
                        prop_assert!(at > now && at - now <= 27_000 * SECOND);
                        before.failing_since.get_or_insert(now);
                        before.attempts += 1;
                        now = at;
                    }
                    fate @ (Fate::Delivered | Fate::SetAside(_) | Fate::Paused(_)) => {
                        prop_assert_eq!(fate, Fate::SetAside(Some(PauseCause::Failing)));
                        break before.attempts;
                    }
                }
            };
            prop_assert_eq!(now, PATIENCE);
            prop_assert!((15..=30).contains(&tries), "{}", tries);
        }
    }
}
