//! Texts that an office uses again and again (常用语): each office keeps its own, and nobody else sees them.
//!
//! A text is working state: what was written with it stands in the case. Its entity tag counts its versions.

use super::App;
use super::error::AppError;
use super::repeat::{Repeat, Written};
use super::view::Page;
use crate::domain::actor::Caller;
use crate::domain::error::Rule;
use crate::domain::id::{TextId, time_ordered};
use crate::domain::revision::Revision;
use crate::domain::words::words;
use crate::store::Tx;
use crate::store::keep::texts::{self, TextRow};
use crate::store::private::random;

/// Texts that one office may keep.
const MOST: i64 = 500;

words! {
    /// What a text is for.
    Purpose {
        /// A request for correction.
        Correction "correction" "补正要求" "correction notice";
        /// The reasons of a recommendation.
        Recommendation "recommendation" "推荐理由" "recommendation";
        /// An opinion of an agency.
        Opinion "opinion" "部门意见" "opinion";
        /// Conditions of a recognition.
        Condition "condition" "附加条件" "conditions";
        /// The reasons of a refusal.
        Refusal "refusal" "不予认定理由" "refusal";
        /// A note on a case.
        Note "note" "备注" "note";
    }
}

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// What it is for.
    pub purpose: Purpose,
    /// Under which title it is found.
    pub title: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: Option<String>,
}

/// A text of an office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeText(pub TextRow);

impl App {
    /// Keeps a new text of the caller's office.
    ///
    /// # Errors
    /// [`AppError::Refused`] when it keeps too many.
    pub fn add_text(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        wording: Wording,
        repeat: Repeat<OfficeText>,
    ) -> Result<Written<OfficeText>, AppError> {
        let org = caller.org.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            if texts::count(tx.conn(), &org)? >= MOST {
                return Err(AppError::refused(Rule::TooManyTexts));
            }
            let id = TextId::new(time_ordered(tx.context().at, random()?)).to_string();
            saved(tx, id, 1, org, wording)
        })
    }

    /// Changes a text of the caller's office that it saw in a version.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for those of others, [`AppError::StaleDraft`].
    pub fn change_text(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (id, seen): (TextId, Revision),
        wording: Wording,
        repeat: Repeat<OfficeText>,
    ) -> Result<Written<OfficeText>, AppError> {
        let org = caller.org.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = open(tx, &org, id, seen)?;
            saved(tx, row.id, row.version.saturating_add(1), org, wording)
        })
    }

    /// Removes a text of the caller's office that it saw in a version.
    ///
    /// # Errors
    /// As [`App::change_text`].
    pub fn remove_text(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        (id, seen): (TextId, Revision),
        repeat: Repeat<OfficeText>,
    ) -> Result<Written<OfficeText>, AppError> {
        let org = caller.org.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = open(tx, &org, id, seen)?;
            texts::remove(tx.conn(), &row.id)?;
            Ok(OfficeText(row))
        })
    }

    /// Finds a text of the caller's office.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for those of others.
    pub fn text(&self, caller: &Caller, id: TextId) -> Result<OfficeText, AppError> {
        let row = self.store.read(|conn| texts::find(conn, &id.to_string()))?;
        row.filter(|row| *row.org == *caller.org).map(OfficeText).ok_or(AppError::NotFound)
    }

    /// Lists the texts of the caller's office.
    ///
    /// # Errors
    /// The store's failure.
    pub fn texts(
        &self,
        caller: &Caller,
        purpose: Option<Purpose>,
        after: &str,
        limit: usize,
    ) -> Result<Page<OfficeText>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let purpose = purpose.map(Purpose::as_str);
        let mut rows = self.store.read(|conn| texts::list(conn, &caller.org, purpose, after, most))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id.clone());
        Ok(Page { items: rows.into_iter().map(OfficeText).collect(), next })
    }
}

fn open(tx: &mut Tx<'_>, org: &str, id: TextId, seen: Revision) -> Result<TextRow, AppError> {
    let row = texts::find(tx.conn(), &id.to_string())?.filter(|row| row.org == org).ok_or(AppError::NotFound)?;
    let version = Revision(i64::from(row.version));
    if version == seen { Ok(row) } else { Err(AppError::StaleDraft(version)) }
}

fn saved(tx: &mut Tx<'_>, id: String, version: i32, org: String, wording: Wording) -> Result<OfficeText, AppError> {
    let changed_by = tx.person()?.to_string();
    let row = TextRow {
        id,
        version,
        org,
        purpose: wording.purpose.as_str().to_owned(),
        title: wording.title,
        text_zh: wording.zh,
        text_en: wording.en,
        changed_by,
        changed_at: tx.context().at.micros(),
    };
    texts::save(tx.conn(), &row)?;
    Ok(OfficeText(row))
}
