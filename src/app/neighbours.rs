//! The services of others that this one asks, and whether they are asked at present: a circuit breaker for each.
//!
//! Three failures in a row open it: then a neighbour is not asked for half a minute, and whoever needs it is told at once
//! instead of waiting for what does not come. After that one request tries, and an answer closes it. Invariant: nothing is
//! taken for an answer that none gave; a neighbour that is away only fails sooner.

use crate::domain::words::words;
use serde::Serialize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

words! {
    /// Whom the service asks.
    Neighbour {
        /// Where people sign in.
        SignIn "sign_in" "身份认证" "sign-in";
        /// What scans documents.
        Scanner "scanner" "病毒扫描" "virus scanner";
        /// Where documents lie.
        Documents "documents" "材料存放处" "place of documents";
        /// Who signs the heads of the log.
        Witness "witness" "日志见证人" "witnesses";
        /// Who stamps them with the time.
        TimeStamps "time_stamps" "时间戳机构" "time-stamping authority";
        /// What carries letters.
        Mail "mail" "邮件服务器" "mail server";
    }
}

/// Failures in a row after which it is not asked.
const FAILURES: u32 = 3;

/// How long it is not asked.
const REST: Duration = Duration::from_secs(30);

/// How one neighbour stands.
#[derive(Debug, Clone, Copy, Default)]
struct Circuit {
    /// Failures since the last answer.
    failures: u32,
    /// Until when it is not asked, in the node's uptime.
    until: Duration,
    /// Requests that were refused because of it.
    refused: u64,
}

/// How a neighbour stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Which.
    pub neighbour: Neighbour,
    /// Whether it counts as away.
    pub away: bool,
    /// Failures since its last answer.
    pub failures: u32,
    /// Requests since the start that were not made because it was away.
    pub not_asked: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Neighbours(Mutex<[Circuit; Neighbour::ALL.len()]>);

impl Neighbours {
    fn circuits(&self) -> MutexGuard<'_, [Circuit; Neighbour::ALL.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, whom: Neighbour, work: impl FnOnce(&mut Circuit) -> T) -> Option<T> {
        let place = Neighbour::ALL.iter().position(|known| *known == whom)?;
        self.circuits().get_mut(place).map(work)
    }

    /// Whether a neighbour is to be asked at this uptime. After a rest whoever asks first tries for all.
    #[must_use]
    pub fn may_ask(&self, whom: Neighbour, uptime: Duration) -> bool {
        let asked = self.with(whom, |circuit| {
            if circuit.failures < FAILURES {
                return true;
            }
            if uptime < circuit.until {
                circuit.refused = circuit.refused.saturating_add(1);
                return false;
            }
            circuit.until = uptime.saturating_add(REST);
            true
        });
        asked.unwrap_or(true)
    }

    /// Notes what asking came to.
    pub fn note(&self, whom: Neighbour, answered: bool, uptime: Duration) {
        let opened = self.with(whom, |circuit| {
            if answered {
                let away = circuit.failures >= FAILURES;
                circuit.failures = 0;
                return away.then_some(false);
            }
            circuit.failures = circuit.failures.saturating_add(1);
            circuit.until = uptime.saturating_add(REST);
            (circuit.failures == FAILURES).then_some(true)
        });
        match opened.flatten() {
            Some(true) => {
                tracing::error!(neighbour = whom.as_str(), "a neighbour counts as away and is left alone for a while")
            }
            Some(false) => tracing::info!(neighbour = whom.as_str(), "a neighbour answers again"),
            None => {}
        }
    }

    /// Asks a neighbour unless it counts as away, and notes whether it answered; none when it was not asked.
    pub async fn ask<T>(
        &self,
        whom: Neighbour,
        uptime: impl Fn() -> Duration,
        asking: impl Future<Output = T>,
        answered: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        if !self.may_ask(whom, uptime()) {
            return None;
        }
        let said = asking.await;
        self.note(whom, answered(&said), uptime());
        Some(said)
    }

    /// Says how each stands, in their order.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        let circuits = *self.circuits();
        let one = |(neighbour, circuit): (&Neighbour, Circuit)| Standing {
            neighbour: *neighbour,
            away: circuit.failures >= FAILURES,
            failures: circuit.failures,
            not_asked: circuit.refused,
        };
        Neighbour::ALL.iter().zip(circuits).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn who_fails_three_times_is_left_alone_and_then_tried_by_one() {
        let neighbours = Neighbours::default();
        let ask = |seconds| neighbours.may_ask(Neighbour::Scanner, at(seconds));
        for second in 0..3 {
            assert!(ask(second));
            neighbours.note(Neighbour::Scanner, false, at(second));
        }
        assert!(!ask(3) && !ask(31), "left alone");
        assert!(neighbours.may_ask(Neighbour::Mail, at(3)), "the others are asked");
        assert!(ask(32) && !ask(33), "one tries");
        neighbours.note(Neighbour::Scanner, false, at(40));
        assert!(!ask(69));
        let standing = neighbours.standing();
        let of = |whom| *standing.iter().find(|it| it.neighbour == whom).unwrap();
        assert_eq!((of(Neighbour::Scanner).away, of(Neighbour::Scanner).failures), (true, 4));
        assert_eq!(of(Neighbour::Scanner).not_asked, 4);
        assert!(!of(Neighbour::Mail).away);
        assert!(ask(70));
        neighbours.note(Neighbour::Scanner, true, at(71));
        assert!(ask(71) && ask(71), "an answer closes it");
    }
}
