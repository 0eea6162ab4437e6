//! What has been taken of a listing, revision by revision: a cell that grows while lookups read it.
//!
//! One writer appends, in order of revision; readers take no lock and see what held at the revision they ask for,
//! whatever was appended meanwhile. It decides nothing; the sums come from the movements of the database.

use super::revision::Revision;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// What was taken from which revision on, in order.
type Steps = boxcar::Vec<(Revision, i64)>;

/// Reserved and confirmed quantity of a listing after each revision that moved it, steps of the finer unit.
#[derive(Clone, Default)]
pub struct Taken(Arc<OnceLock<Box<Steps>>>);

impl Taken {
    /// Appends what is taken from a revision on; a revision that is not later than the last is known already.
    pub fn push(&self, revision: Revision, taken: i64) {
        let all = self.0.get_or_init(Box::default);
        let last = all.count().checked_sub(1).and_then(|place| all.get(place));
        if last.is_none_or(|(known, _)| *known < revision) {
            all.push((revision, taken));
        }
    }

    /// Returns what was taken at a revision; none before the first movement.
    #[must_use]
    pub fn at(&self, revision: Revision) -> Option<i64> {
        let all = self.0.get()?;
        let (mut low, mut high) = (0, all.count());
        // The newest is asked for almost always.
        if let Some((known, taken)) = high.checked_sub(1).and_then(|place| all.get(place))
            && *known <= revision
        {
            return Some(*taken);
        }
        while low < high {
            let middle = low.midpoint(high);
            if all.get(middle).is_some_and(|(known, _)| *known <= revision) {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        low.checked_sub(1).and_then(|place| all.get(place)).map(|(_, taken)| *taken)
    }

    fn all(&self) -> impl Iterator<Item = (Revision, i64)> {
        self.0.get().into_iter().flat_map(|all| all.iter().map(|(_, known)| *known))
    }
}

impl PartialEq for Taken {
    fn eq(&self, other: &Self) -> bool {
        self.all().eq(other.all())
    }
}

impl Eq for Taken {}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_revision_keeps_its_answer() {
        let taken = Taken::default();
        assert_eq!(taken.at(Revision(9)), None);
        for step in 1..=100 {
            taken.push(Revision(step * 3), step);
        }
        taken.push(Revision(3), 77);
        assert_eq!(taken.at(Revision(2)), None);
        for revision in 3..400 {
            assert_eq!(taken.at(Revision(revision)), Some((revision / 3).min(100)), "{revision}");
        }
        let shared = taken.clone();
        shared.push(Revision(1000), 5);
        assert_eq!((taken.at(Revision(999)), taken.at(Revision(1000))), (Some(100), Some(5)));
    }
}
