//! Organisations: bureaus, agencies, districts, customs offices. Enterprises are not here; they register themselves.

use crate::app::App;
use crate::app::error::AppError;
use crate::app::repeat::{Repeat, Written};
use crate::app::view::Page;
use crate::domain::actor::Caller;
use crate::domain::error::Rule;
use crate::domain::revision::Revision;
use crate::store::keep::notices::forgive_address;
use crate::store::register::{OrganisationRow, newest_of, organisation, organisations_since};

/// What is stated about an organisation.
#[derive(Debug, Clone)]
pub struct OrganisationStated {
    /// Code, as tokens name it.
    pub code: String,
    /// What it is.
    pub kind: &'static str,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: Option<String>,
    /// Where its letters go.
    pub mail: Option<String>,
    /// Whether it takes part.
    pub active: bool,
}

/// Kinds of organisations.
pub const KINDS: [&str; 6] = ["bureau", "agency", "district", "customs", "audit", "operations"];

impl App {
    /// Lists organisations in order of code.
    ///
    /// # Errors
    /// The store's failure.
    pub fn organisations(&self, after: &str, limit: usize) -> Result<Page<OrganisationRow>, AppError> {
        let rows = self.store.read(|conn| organisations_since(conn, 0, i64::MAX))?;
        let mut rows: Vec<_> =
            newest_of(rows, |row| row.code.clone()).into_iter().filter(|row| row.code.as_str() > after).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.code.clone());
        Ok(Page { items: rows, next })
    }

    /// Finds an organisation.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn organisation(&self, code: &str) -> Result<OrganisationRow, AppError> {
        self.store.read(|conn| organisation(conn, code))?.ok_or(AppError::NotFound)
    }

    /// Registers an organisation, or states it anew as it was seen at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`]; [`AppError::Refused`] when a new one is known already; the
    /// store's failure.
    pub fn state_organisation(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        stated: OrganisationStated,
        seen: Option<Revision>,
        repeat: Repeat<OrganisationRow>,
    ) -> Result<Written<OrganisationRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            let before = organisation(tx.conn(), &stated.code)?;
            match (seen, &before) {
                (None, Some(_)) => return Err(AppError::refused(Rule::AlreadyRegistered)),
                (Some(_), None) => return Err(AppError::NotFound),
                (Some(seen), Some(before)) if seen.0 != before.revision => {
                    return Err(AppError::StaleVersion(Revision(before.revision)));
                }
                (None, None) | (Some(_), Some(_)) => {}
            }
            if let Some(mail) = &stated.mail {
                forgive_address(tx.conn(), mail)?;
            }
            let row = OrganisationRow {
                code: stated.code,
                version: before.as_ref().map_or(0, |row| row.version).saturating_add(1),
                revision: tx.next_revision().0,
                kind: stated.kind.to_owned(),
                name_zh: stated.name_zh,
                name_en: stated.name_en,
                mail: stated.mail,
                active: i32::from(stated.active),
                recorded_at: tx.context().at.micros(),
            };
            let event = if before.is_some() { "organisation.changed" } else { "organisation.registered" };
            tx.save(row.clone(), before.as_ref(), event)?;
            Ok(row)
        })
    }
}
