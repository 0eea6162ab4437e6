//! Which things belong to the evidence about one, as far as a reader may see them: a listing with its enterprise, the
//! decision it came of, adjustments and draws; an application with contents, opinions, decisions and documents; a
//! declaration with its listings, manual releases and answers.

use super::About;
use crate::app::AppError;
use crate::app::answers::{all_about, sees};
use crate::app::draw::read::may_see;
use crate::app::record::Recorded;
use crate::app::report::Seen;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::store::declarations::DeclarationRow;
use crate::store::{
    AnyConnection, StoreError, appeals, applications, decisions, declarations, documents, erasures, listings,
    manual_releases, movements, opinions,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Declarations of a listing in one pack at most.
const MOST_DECLARATIONS: usize = 500;

/// Answers in one pack at most.
const MOST_ANSWERS: usize = 500;

/// Movements read at once.
const STRIDE: i64 = 1_000;

/// Customs who may read what they were told.
const ASKERS: RoleSet = RoleSet::of(&[Role::CustomsLookup, Role::CustomsOfficer]);

/// What belongs to a pack.
#[derive(Default)]
pub(super) struct Related {
    /// Things by kind and id, as the log names them.
    pub entities: Vec<(String, String)>,
    /// Recorded answers.
    pub answers: Vec<Recorded>,
    /// Things that were left out because there are too many.
    pub left_out: u64,
}

/// Finds what belongs to the evidence about a thing.
///
/// # Errors
/// [`AppError::NotFound`] when there is no such thing for the reader; [`AppError::Forbidden`] for customs that ask for
/// anything but a declaration; the database's failure.
pub(super) fn related(
    conn: &mut AnyConnection,
    about: &About,
    caller: &Caller,
    seen: &Seen,
) -> Result<Related, AppError> {
    let mut search = Search { caller, seen, found: Related::default(), known: BTreeSet::new() };
    match about {
        About::Listing(number) => search.listing(conn, &number.to_string())?,
        About::Application(id) => search.application(conn, &id.to_string())?,
        About::Declaration(number) => search.declaration(conn, &number.to_string())?,
    }
    Ok(search.found)
}

struct Search<'a> {
    caller: &'a Caller,
    seen: &'a Seen,
    found: Related,
    known: BTreeSet<(String, String)>,
}

impl Search<'_> {
    fn add(&mut self, kind: &str, id: impl Into<String>) {
        let entity = (kind.to_owned(), id.into());
        if self.known.insert(entity.clone()) {
            self.found.entities.push(entity);
        }
    }

    /// Whether a thing of an enterprise is for the reader.
    fn holder(&self, enterprise: &str) -> Result<(), AppError> {
        match self.seen {
            Seen::All => Ok(()),
            Seen::Enterprise(own) if own.as_str() == enterprise => Ok(()),
            Seen::Enterprise(_) => Err(AppError::NotFound),
            Seen::Customs(_) => Err(AppError::Forbidden),
        }
    }

    /// The bureau's own papers are for the bureau and the auditor.
    fn inside(&mut self, kind: &str, id: impl Into<String>) {
        if *self.seen == Seen::All {
            self.add(kind, id);
        }
    }

    fn listing(&mut self, conn: &mut AnyConnection, number: &str) -> Result<(), AppError> {
        self.entry_of_list(conn, number)?;
        let versions = listings::versions(conn, number)?;
        self.holder(&versions.last().ok_or(AppError::NotFound)?.enterprise)?;
        for row in decisions::of_listing(conn, number)? {
            self.add("decision", format!("{}/{}", row.application, row.line));
            if let Some(batch) = row.batch {
                self.inside("batch", batch);
            }
            for opinion in opinions::versions(conn, &row.application)?.iter().filter(|opinion| opinion.line == row.line)
            {
                self.inside("opinion", format!("{}/{}/{}", opinion.application, opinion.line, opinion.agency));
            }
        }
        let (mut numbers, mut after) = (BTreeSet::new(), (0, 0));
        loop {
            let rows = movements::of_listing(conn, number, after, STRIDE)?;
            let Some(last) = rows.last() else { break };
            after = (last.revision, last.place);
            numbers.extend(rows.into_iter().map(|row| row.declaration).filter(|number| !number.is_empty()));
        }
        let left_out = numbers.len().saturating_sub(MOST_DECLARATIONS);
        let numbers: Vec<String> = numbers.into_iter().take(MOST_DECLARATIONS).collect();
        for row in declarations::versions_of(conn, &numbers)? {
            if may_see(self.seen, &row) {
                self.add("declaration", row.number);
            }
        }
        for number in &numbers {
            self.answers(conn, number)?;
        }
        self.left_out(left_out);
        Ok(())
    }

    /// The listing itself, with whose it is and what put it on the list.
    fn entry_of_list(&mut self, conn: &mut AnyConnection, number: &str) -> Result<(), StoreError> {
        self.add("listing", number);
        for row in listings::versions(conn, number)? {
            self.add("enterprise", row.enterprise);
            self.add("scheme", row.scheme);
            if let Some(adjustment) = row.adjustment {
                self.inside("adjustment", adjustment);
            }
        }
        Ok(())
    }

    fn application(&mut self, conn: &mut AnyConnection, id: &str) -> Result<(), AppError> {
        let row = applications::find(conn, id)?.ok_or(AppError::NotFound)?;
        self.holder(&row.enterprise)?;
        self.add("application", id);
        self.add("application_content", id);
        self.add("case_event", id);
        // What is gone of its contents, and who saw to that.
        for id in erasures::of_contacts(conn, &row.enterprise)? {
            self.inside("erasure", id);
        }
        self.add("enterprise", row.enterprise);
        self.add("scheme", row.scheme);
        for row in opinions::versions(conn, id)? {
            self.inside("opinion", format!("{}/{}/{}", row.application, row.line, row.agency));
        }
        for row in decisions::versions(conn, id)? {
            self.add("decision", format!("{}/{}", row.application, row.line));
            if let Some(batch) = row.batch {
                self.inside("batch", batch);
            }
            if let Some(number) = row.listing {
                self.entry_of_list(conn, &number)?;
            }
        }
        for row in appeals::versions(conn, id)? {
            self.add("appeal", row.id);
        }
        for row in documents::of_application(conn, id)? {
            self.add("document", row.id);
        }
        Ok(())
    }

    fn declaration(&mut self, conn: &mut AnyConnection, number: &str) -> Result<(), AppError> {
        let rows: Vec<DeclarationRow> = declarations::versions_of(conn, &[number.to_owned()])?;
        rows.last().filter(|row| may_see(self.seen, row)).ok_or(AppError::NotFound)?;
        self.add("declaration", number);
        for row in rows {
            self.add("enterprise", row.enterprise);
            // Listings are the members' names.
            if let Ok(Value::Object(positions)) = serde_json::from_str(&row.positions) {
                for number in positions.keys() {
                    self.entry_of_list(conn, number)?;
                }
            }
        }
        if !matches!(self.seen, Seen::Enterprise(_)) {
            for id in manual_releases::of_declaration(conn, number)? {
                self.add("manual_release", id);
            }
        }
        self.answers(conn, number)
    }

    /// What customs was told about a declaration: to the bureau all of it, to customs what it asked itself.
    fn answers(&mut self, conn: &mut AnyConnection, number: &str) -> Result<(), AppError> {
        if matches!(self.seen, Seen::Enterprise(_)) {
            return Ok(());
        }
        let most = MOST_ANSWERS.saturating_add(1);
        let answers = all_about(conn, number, i64::try_from(most).map_err(StoreError::damaged)?)?;
        let mine = answers.into_iter().filter(|answer| match self.seen {
            Seen::All => true,
            Seen::Customs(_) => self.caller.holds_any(ASKERS) && sees(self.caller, answer),
            Seen::Enterprise(_) => false,
        });
        let mine: Vec<Recorded> = mine.collect();
        let room = MOST_ANSWERS.saturating_sub(self.found.answers.len());
        self.left_out(mine.len().saturating_sub(room));
        self.found.answers.extend(mine.into_iter().take(room));
        Ok(())
    }

    fn left_out(&mut self, more: usize) {
        self.found.left_out = self.found.left_out.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
    }
}
