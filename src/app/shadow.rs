//! What rules in shadow would have decided: about reservations as it was recorded when they were judged, about lookups by
//! judging the recorded questions again, each at its own revision, as if the rules of today had counted then.

use super::answers::{BACK, recent};
use super::draw::rows;
use super::preview::Differing;
use super::{App, AppError};
use crate::domain::lookup::LineAnswer;
use crate::domain::reservations::Shadow;
use crate::domain::scheme::SchemeHistory;
use crate::domain::validity::Instant;
use crate::index::Snapshot;
use crate::store::{StoreError, declarations};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Reservations that the report looks at, the newest first.
const MOST: i64 = 100_000;

/// Examples that the report names of each kind.
const EXAMPLES: usize = 20;

/// What rules in shadow would have decided.
#[derive(Debug, Serialize)]
pub struct ShadowReport {
    scheme: String,
    since: Instant,
    rules: Vec<&'static str>,
    #[serde(flatten)]
    reservations: Reservations,
    lookups: Lookups,
}

#[derive(Debug, Default, Serialize)]
struct Reservations {
    judged: usize,
    would_be_refused: usize,
    reasons: Vec<Counted>,
    examples: Vec<Example>,
}

#[derive(Debug, Serialize)]
struct Counted {
    code: String,
    count: usize,
}

#[derive(Debug, Serialize)]
struct Example {
    declaration: String,
    revision: i64,
    line: u16,
    reasons: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct Lookups {
    examined: usize,
    would_differ: usize,
    verdicts: Vec<Flipped>,
    examples: Vec<Differing>,
}

#[derive(Debug, Serialize)]
struct Flipped {
    was: &'static str,
    would_be: &'static str,
    count: usize,
}

#[derive(Deserialize)]
struct ShadowLine {
    line: u16,
    reasons: Vec<String>,
}

impl App {
    /// Reports what rules in shadow would have decided about reservations and lookups of the last 90 days.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for an unknown scheme; the store's failure.
    pub fn shadow_report(&self, code: &str) -> Result<ShadowReport, AppError> {
        let now = self.clock.now();
        let snapshot = self.index.snapshot();
        let history = snapshot.schemes().iter().find(|history| history.code() == code).ok_or(AppError::NotFound)?;
        let shadow = history.on(now.day(), snapshot.revision()).map(|(scheme, _)| scheme.shadow.clone());
        let shadow = shadow.unwrap_or_default();
        let since = Instant::from_micros(now.micros().saturating_sub(BACK).max(0));
        Ok(ShadowReport {
            scheme: code.to_owned(),
            since,
            rules: shadow.rules(),
            reservations: self.shadowed_reservations(&snapshot, code, since)?,
            lookups: self.shadowed_lookups(&snapshot, code, &shadow, now)?,
        })
    }

    fn shadowed_reservations(&self, snapshot: &Snapshot, code: &str, since: Instant) -> Result<Reservations, AppError> {
        let place = snapshot.scheme_place(code);
        let rows = self.store.read(|conn| declarations::shadowed(conn, since.micros(), MOST))?;
        let mut found = Reservations::default();
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for row in rows {
            // A reservation is of the scheme of the listings that it takes from.
            if !rows::scheme_places(&row, snapshot)?.contains(&place) {
                continue;
            }
            found.judged = found.judged.saturating_add(1);
            let lines: Vec<ShadowLine> = serde_json::from_str(row.shadow.as_deref().unwrap_or("[]"))
                .map_err(|_| StoreError::Damaged(format!("the shadow of {}", row.number)))?;
            found.would_be_refused = found.would_be_refused.saturating_add(usize::from(!lines.is_empty()));
            for ShadowLine { line, reasons: codes } in lines {
                for code in &codes {
                    let count = reasons.entry(code.clone()).or_default();
                    *count = count.saturating_add(1);
                }
                if found.examples.len() < EXAMPLES {
                    let (declaration, revision) = (row.number.clone(), row.revision);
                    found.examples.push(Example { declaration, revision, line, reasons: codes });
                }
            }
        }
        found.reasons = reasons.into_iter().map(|(code, count)| Counted { code, count }).collect();
        Ok(found)
    }

    fn shadowed_lookups(
        &self,
        snapshot: &Snapshot,
        code: &str,
        shadow: &Shadow,
        now: Instant,
    ) -> Result<Lookups, AppError> {
        if *shadow == Shadow::default() {
            return Ok(Lookups::default());
        }
        let tried: Vec<SchemeHistory> = snapshot
            .schemes()
            .iter()
            .map(|history| if history.code() == code { history.trying(shadow) } else { history.clone() })
            .collect();
        let recorded = self.store.read(|conn| recent(conn, now, |_| true))?;
        let mut found = Lookups::default();
        let mut flipped: BTreeMap<(&'static str, &'static str), usize> = BTreeMap::new();
        for answer in recorded {
            let was = snapshot.judge(&answer.declaration, &answer.lines, answer.revision);
            let would_be = snapshot.judge_by(&tried, &answer.declaration, &answer.lines, answer.revision);
            for ((line, was), would_be) in answer.lines.iter().zip(&was).zip(&would_be) {
                let concerned = |answer: &LineAnswer<'_>| answer.scheme.is_some_and(|scheme| scheme.code == code);
                if !concerned(was) && !concerned(would_be) {
                    continue;
                }
                found.examined = found.examined.saturating_add(1);
                if was.verdict == would_be.verdict {
                    continue;
                }
                found.would_differ = found.would_differ.saturating_add(1);
                let count = flipped.entry((was.verdict.as_str(), would_be.verdict.as_str())).or_default();
                *count = count.saturating_add(1);
                if found.examples.len() < EXAMPLES {
                    found.examples.push(Differing::new(&answer, line, was.verdict, would_be.verdict));
                }
            }
        }
        let flipped = flipped.into_iter().map(|((was, would_be), count)| Flipped { was, would_be, count });
        found.verdicts = flipped.collect();
        Ok(found)
    }
}
