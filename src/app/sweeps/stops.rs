//! Reminders of a stop's day of review: due and not yet sent, so that a missed run catches up and each is sent once.

use crate::app::App;
use crate::app::error::AppError;
use crate::app::notices::tell_once;
use crate::app::telling::stop_to_review;
use crate::domain::stop::StopStage;
use crate::domain::validity::{Instant, LegalDay};

/// Stops read at once.
const STRIDE: usize = 200;

impl App {
    /// Tells the bureau of every confirmed stop whose day of review has come.
    ///
    /// # Errors
    /// The store's failure.
    pub fn remind_of_stops(&self, at: Instant) -> Result<usize, AppError> {
        let (mut due, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.stops(Some(StopStage::Confirmed), &after, STRIDE)?;
            due.extend(page.items.into_iter().filter_map(|row| {
                let review = row.review_on.and_then(LegalDay::from_value).filter(|day| *day <= at.day());
                review.map(|day| (row, day))
            }));
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        if due.is_empty() {
            return Ok(0);
        }
        Ok(self.store.keep(at, move |conn| {
            let mut told = 0_usize;
            for (row, day) in due {
                for notice in stop_to_review(&row, day) {
                    let once = format!("review:{}:{day}:{}", row.id, notice.to.word());
                    told = told.saturating_add(usize::from(tell_once(conn, at, &once, &notice)?));
                }
            }
            Ok(told)
        })?)
    }
}
