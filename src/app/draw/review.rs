//! Manual releases: their board and their review, and the report of rules in shadow.

use super::customs_of;
use super::view;
use crate::app::repeat::{Repeat, Written};
use crate::app::report::{Seen, seen};
use crate::app::view::Page;
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::error::Rule;
use crate::domain::id::ManualReleaseId;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
pub use crate::store::manual_releases::ManualReleaseRow;
use crate::store::{StoreError, Tx, declarations, manual_releases};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How far back the report of rules in shadow reaches, microseconds: 90 days.
const BACK: i64 = 90 * 86_400_000_000;

/// Reservations that the report looks at, the newest first.
const MOST: i64 = 100_000;

/// Examples that the report names.
const EXAMPLES: usize = 20;

/// What a review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It was right.
    Accepted,
    /// It was not; customs is asked to put it right.
    Objected,
}

impl Finding {
    /// Returns the word of the database and of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Objected => "objected",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Accepted, Self::Objected].into_iter().find(|finding| finding.as_str() == text)
    }
}

#[derive(Deserialize)]
struct ShadowLine {
    line: u16,
    reasons: Vec<String>,
}

impl App {
    /// Lists manual releases, oldest first, if asked only those of a state.
    ///
    /// # Errors
    /// The store's failure.
    pub fn manual_releases(
        &self,
        caller: &Caller,
        state: Option<&str>,
        after: &str,
        limit: usize,
    ) -> Result<Page<Value>, AppError> {
        let office = match seen(caller)? {
            Seen::All => None,
            Seen::Customs(own) => Some(own),
            Seen::Enterprise(_) => return Err(AppError::Forbidden),
        };
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut rows = self.store.read(|conn| manual_releases::list(conn, state, office.as_deref(), after, most))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id.clone());
        let today = self.clock.now().day();
        let items = rows.iter().map(|row| view::manual_release(row, today)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Finds a manual release.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of another customs.
    pub fn manual_release(&self, caller: &Caller, id: ManualReleaseId) -> Result<ManualReleaseRow, AppError> {
        let seen = seen(caller)?;
        let row = self.store.read(|conn| manual_releases::find(conn, &id.to_string()))?;
        let visible = |row: &ManualReleaseRow| match &seen {
            Seen::All => true,
            Seen::Customs(own) => customs_of(&row.customs_office) == Some(own),
            Seen::Enterprise(_) => false,
        };
        row.filter(visible).ok_or(AppError::NotFound)
    }

    /// Reviews a manual release that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`] when it moved on, [`AppError::Conflict`] when it is
    /// reviewed, [`AppError::Refused`] for the officer who made it; the store's failure.
    #[allow(clippy::too_many_arguments, reason = "one review, its members named once")]
    pub fn review_manual_release(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ManualReleaseId,
        at_revision: Revision,
        finding: Finding,
        basis: String,
        repeat: Repeat<ManualReleaseRow>,
    ) -> Result<Written<ManualReleaseRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| review(tx, id, at_revision, finding, basis))
    }

    /// Reports what rules in shadow would have decided about reservations of the last 90 days.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for an unknown scheme; the store's failure.
    pub fn shadow_report(&self, code: &str) -> Result<Value, AppError> {
        let now = self.clock.now();
        let snapshot = self.index.snapshot();
        let history = snapshot.schemes().iter().find(|history| history.code() == code).ok_or(AppError::NotFound)?;
        let place = snapshot.scheme_place(code);
        let rules = history.on(now.day(), snapshot.revision()).map(|(scheme, _)| scheme.shadow.rules());
        let since = Instant::from_micros(now.micros().saturating_sub(BACK).max(0));
        let rows = self.store.read(|conn| declarations::shadowed(conn, since.micros(), MOST))?;
        let (mut judged, mut refused) = (0_usize, 0_usize);
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        let mut examples = Vec::new();
        for row in rows {
            // A reservation is of the scheme of the listings that it takes from.
            let of_scheme = super::rows::scheme_places(&row, &snapshot)?;
            if !of_scheme.contains(&place) {
                continue;
            }
            judged = judged.saturating_add(1);
            let lines: Vec<ShadowLine> = serde_json::from_str(row.shadow.as_deref().unwrap_or("[]"))
                .map_err(|_| StoreError::Damaged(format!("the shadow of {}", row.number)))?;
            if !lines.is_empty() {
                refused = refused.saturating_add(1);
            }
            for line in lines {
                for reason in &line.reasons {
                    let count = reasons.entry(reason.clone()).or_default();
                    *count = count.saturating_add(1);
                }
                if examples.len() < EXAMPLES {
                    let (number, revision) = (&row.number, row.revision);
                    examples.push(json!({ "declaration": number, "revision": revision, "line": line.line, "reasons": line.reasons }));
                }
            }
        }
        let reasons: Vec<Value> =
            reasons.into_iter().map(|(code, count)| json!({ "code": code, "count": count })).collect();
        Ok(json!({
            "scheme": code,
            "since": since,
            "rules": rules.unwrap_or_default(),
            "judged": judged,
            "would_be_refused": refused,
            "reasons": reasons,
            "examples": examples,
        }))
    }
}

fn review(
    tx: &mut Tx<'_>,
    id: ManualReleaseId,
    at_revision: Revision,
    finding: Finding,
    basis: String,
) -> Result<ManualReleaseRow, AppError> {
    let row = manual_releases::find(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
    if row.revision != at_revision.0 {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    if row.state != "unreviewed" {
        return Err(AppError::Conflict(Revision(row.revision)));
    }
    let person = tx.person()?.to_string();
    if person == row.officer {
        return Err(AppError::refused(Rule::FourEyes));
    }
    let reviewed = ManualReleaseRow {
        version: row.version.saturating_add(1),
        revision: tx.next_revision().0,
        state: finding.as_str().to_owned(),
        reviewed_by: Some(person),
        reviewed_at: Some(tx.context().at.micros()),
        review_basis: Some(basis),
        ..row.clone()
    };
    let event = match finding {
        Finding::Accepted => "manual_release.accepted",
        Finding::Objected => "manual_release.objected",
    };
    tx.save(reviewed.clone(), Some(&row), event)?;
    Ok(reviewed)
}
