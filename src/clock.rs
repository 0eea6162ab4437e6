//! The only place that asks what time it is.

use crate::domain::validity::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time in whole microseconds, which both databases keep; and uptime, which no operator can set back.
#[derive(Debug, Clone)]
pub struct Clock {
    started: std::time::Instant,
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// Returns the clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self { started: std::time::Instant::now(), fixed: None }
    }

    /// Returns a clock that stands where it is put, for tests and for playing through what was.
    #[must_use]
    pub fn fixed(at: Instant) -> Self {
        Self { started: std::time::Instant::now(), fixed: Some(Arc::new(AtomicI64::new(at.micros()))) }
    }

    /// Moves a fixed clock; the clock of the machine stays as it is.
    pub fn set(&self, at: Instant) {
        if let Some(fixed) = &self.fixed {
            fixed.store(at.micros(), Ordering::SeqCst);
        }
    }

    /// Returns the present instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        match &self.fixed {
            Some(fixed) => Instant::from_micros(fixed.load(Ordering::SeqCst)),
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Instant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
        }
    }

    /// Returns how long the process has been up.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
