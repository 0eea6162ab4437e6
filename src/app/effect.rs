//! How long it takes from a change to answers that know it: what customs is promised, measured on every node.
//!
//! The instant of a change is that of its command, by the clock of the node that took it, so that waiting for the writer and
//! for the disk counts too; clocks of nodes are kept together by NTP.

use crate::domain::validity::Instant;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Times that are kept until somebody reads them; more are dropped.
const MOST: usize = 65_536;

/// Times measured since they were last read.
#[derive(Debug, Default)]
pub struct Effects(Mutex<Vec<Duration>>);

impl Effects {
    /// Notes that this node answers from a change of `at` since `now`.
    pub fn note(&self, at: Instant, now: Instant) {
        let micros = u64::try_from(now.micros().saturating_sub(at.micros())).unwrap_or(0);
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if times.len() < MOST {
            times.push(Duration::from_micros(micros));
        }
    }

    /// Takes what was measured.
    pub fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
