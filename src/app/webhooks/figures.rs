//! How webhooks stand as a whole, in figures: what waits, what fails, what was given up.

use super::outbox::event_time;
use crate::app::{App, AppError};
use crate::domain::webhook::{PauseCause, WebhookState};
use crate::store::keep::webhooks as standing;
use crate::store::{StoreError, log, webhooks};
use serde::Serialize;
use std::sync::atomic::AtomicU64;

/// Messages that this node sent since its start, by what came of them.
#[derive(Debug, Default)]
pub struct Sent {
    /// Taken by their receivers.
    pub delivered: AtomicU64,
    /// Attempts that came to nothing; they are made again.
    pub failed: AtomicU64,
    /// Given up.
    pub given_up: AtomicU64,
}

/// Webhooks of all organisations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WebhookFigures {
    /// Webhooks that are told.
    pub active: i64,
    /// Of them, those whose next message was tried in vain.
    pub failing: i64,
    /// Webhooks that somebody paused.
    pub paused: i64,
    /// Webhooks that the service paused, because their receivers failed or are gone.
    pub given_up: i64,
    /// Messages that were given up and not sent since.
    pub dead_letters: i64,
    /// Seconds since the oldest entry that an active webhook is still to be told, or is to be passed over for; 0 when there is none.
    pub oldest_waiting_seconds: i64,
}

impl App {
    /// Counts how webhooks stand.
    ///
    /// # Errors
    /// The store's failure.
    pub fn webhook_figures(&self) -> Result<WebhookFigures, AppError> {
        let now = self.clock.now();
        Ok(self.store.read(|conn| {
            let rows = webhooks::list(conn, None, "", i64::MAX)?;
            let mut figures = WebhookFigures { dead_letters: standing::count_all(conn)?, ..WebhookFigures::default() };
            let mut active = Vec::new();
            for row in rows {
                match WebhookState::parse(&row.state) {
                    Ok(WebhookState::Active) => active.push(row.id),
                    Ok(WebhookState::Paused) if row.cause.as_deref() == Some(PauseCause::ByHand.as_str()) => {
                        figures.paused = figures.paused.saturating_add(1);
                    }
                    Ok(WebhookState::Paused) => figures.given_up = figures.given_up.saturating_add(1),
                    Ok(WebhookState::Removed) | Err(_) => {}
                }
            }
            let positions = standing::positions(conn, &active)?;
            let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            figures.active = count(active.len());
            figures.failing = count(positions.iter().filter(|row| row.failing_since.is_some()).count());
            if let Some(served) = positions.iter().map(|row| row.served).min()
                && let Some(row) = log::find_entry(conn, served.saturating_add(1))?
            {
                let waited = now.micros().saturating_sub(event_time(&row)?.micros());
                figures.oldest_waiting_seconds = (waited / 1_000_000).max(0);
            }
            Ok::<_, StoreError>(figures)
        })?)
    }
}
