//! Who keeps a copy of the list through this node's feed, and how far each has read.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Who has read nothing for so long keeps no copy any more.
const SILENT: Duration = Duration::from_secs(3_600);

/// Readers that are remembered at most.
const MOST: usize = 1_024;

/// Readers of the feed by name: how far they were told, and when, in the node's uptime.
#[derive(Debug, Default)]
pub struct Readers(Mutex<HashMap<String, (i64, Duration)>>);

impl Readers {
    /// Notes how far somebody was told.
    pub fn note(&self, who: &str, revision: i64, uptime: Duration) {
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = readers.get_mut(who) {
            *known = (revision, uptime);
            return;
        }
        readers.retain(|_, (_, at)| uptime.saturating_sub(*at) < SILENT);
        if readers.len() < MOST {
            readers.insert(who.to_owned(), (revision, uptime));
        }
    }

    /// Counts who read within the last hour, and the revision of who is furthest behind.
    #[must_use]
    pub fn standing(&self, uptime: Duration) -> (usize, Option<i64>) {
        let readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = readers.values().filter(|(_, at)| uptime.saturating_sub(*at) < SILENT);
        (recent.clone().count(), recent.map(|(revision, _)| *revision).min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_furthest_behind_is_told_until_an_hour_has_passed() {
        let (readers, at) = (Readers::default(), Duration::from_secs);
        assert_eq!(readers.standing(at(0)), (0, None));
        readers.note("a", 10, at(0));
        readers.note("b", 7, at(10));
        assert_eq!(readers.standing(at(20)), (2, Some(7)));
        readers.note("b", 12, at(30));
        assert_eq!(readers.standing(at(3_599)), (2, Some(10)));
        assert_eq!(readers.standing(at(3_600)), (1, Some(12)));
    }
}
