//! Announcements (公告) of the bureau to the holders of listings: published, revised, retracted, each version on record.

use super::App;
use super::error::AppError;
use super::notices::tell;
use super::repeat::{Repeat, Written};
use super::view::Page;
use crate::domain::actor::Caller;
use crate::domain::code::Uscc;
use crate::domain::id::{BroadcastId, time_ordered};
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::revision::Revision;
use crate::store::private::random;
pub use crate::store::register::BroadcastRow;
use crate::store::register::{broadcast, broadcast_versions_of, broadcasts_since, newest_of};
use crate::store::{StoreError, Tx, listings};

/// What is announced.
#[derive(Debug, Clone)]
pub struct BroadcastStated {
    /// Scheme whose holders are told.
    pub scheme: String,
    /// Title, Chinese and English.
    pub title: (String, String),
    /// Text, Chinese and English.
    pub body: (String, String),
}

/// What happens to an announcement.
#[derive(Debug, Clone)]
pub enum BroadcastChange {
    /// Said anew.
    Revise(BroadcastStated),
    /// Taken back; it stays readable as retracted.
    Retract,
}

impl App {
    /// Lists announcements as they stand, newest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn broadcasts(&self, before: &str, limit: usize) -> Result<Page<BroadcastRow>, AppError> {
        let rows = self.store.read(|conn| broadcasts_since(conn, 0, i64::MAX))?;
        let rows = newest_of(rows, |row| row.id.clone()).into_iter().rev();
        let mut rows: Vec<_> = rows.filter(|row| before.is_empty() || row.id.as_str() < before).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id.clone());
        Ok(Page { items: rows, next })
    }

    /// Finds every version of an announcement, oldest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; the store's failure.
    pub fn broadcast(&self, id: BroadcastId) -> Result<Vec<BroadcastRow>, AppError> {
        let rows = self.store.read(|conn| broadcast_versions_of(conn, &id.to_string()))?;
        if rows.is_empty() { Err(AppError::NotFound) } else { Ok(rows) }
    }

    /// Publishes an announcement and tells every holder.
    ///
    /// # Errors
    /// [`AppError::Refused`] for a scheme not in force; the store's failure.
    pub fn publish_broadcast(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        stated: BroadcastStated,
        repeat: Repeat<BroadcastRow>,
    ) -> Result<Written<BroadcastRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            let id = BroadcastId::new(time_ordered(tx.context().at, random()?)).to_string();
            save(tx, id, None, stated, "published")
        })
    }

    /// Revises or retracts an announcement that the caller saw at a revision, and tells every holder.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when it is retracted,
    /// [`AppError::Refused`] for a scheme not in force; the store's failure.
    pub fn change_broadcast(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: BroadcastId,
        seen: Revision,
        change: BroadcastChange,
        repeat: Repeat<BroadcastRow>,
    ) -> Result<Written<BroadcastRow>, AppError> {
        let context = self.context(caller, request_id);
        self.repeatable(context, repeat, move |tx| {
            let row = broadcast(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
            if seen.0 != row.revision {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            if row.state == "retracted" {
                return Err(AppError::Conflict(Revision(row.revision)));
            }
            let (stated, state) = match change {
                BroadcastChange::Revise(stated) => (stated, "published"),
                BroadcastChange::Retract => {
                    let BroadcastRow { scheme, title_zh, title_en, body_zh, body_en, .. } = row.clone();
                    let stated = BroadcastStated { scheme, title: (title_zh, title_en), body: (body_zh, body_en) };
                    (stated, "retracted")
                }
            };
            save(tx, row.id.clone(), Some(&row), stated, state)
        })
    }
}

fn save(
    tx: &mut Tx<'_>,
    id: String,
    before: Option<&BroadcastRow>,
    stated: BroadcastStated,
    state: &str,
) -> Result<BroadcastRow, AppError> {
    let at = tx.context().at;
    if before.is_none_or(|before| before.scheme != stated.scheme) {
        super::adjust::scheme_in_force(tx.conn(), &stated.scheme, at.day())?;
    }
    let holders = listings::holders(tx.conn(), &stated.scheme, at.day().value())?;
    let row = BroadcastRow {
        id,
        version: before.map_or(0, |row| row.version).saturating_add(1),
        revision: tx.next_revision().0,
        state: state.to_owned(),
        scheme: stated.scheme,
        title_zh: stated.title.0,
        title_en: stated.title.1,
        body_zh: stated.body.0,
        body_en: stated.body.1,
        published_by: tx.person()?.to_string(),
        published_at: at.micros(),
        told: i32::try_from(holders.len()).map_err(StoreError::damaged)?,
        recorded_at: at.micros(),
    };
    let (kind, event) = match (state, before) {
        ("retracted", _) => (NoticeKind::BroadcastRetracted, "broadcast.retracted"),
        (_, Some(_)) => (NoticeKind::Broadcast, "broadcast.revised"),
        (_, None) => (NoticeKind::Broadcast, "broadcast.published"),
    };
    tx.save(row.clone(), before, event)?;
    for holder in holders {
        let uscc = Uscc::parse(&holder).map_err(|_| StoreError::damaged("a USCC"))?;
        let notice = Notice::new(Addressee::Enterprise(uscc), kind, format!("/v1/broadcasts/{}", row.id));
        tell(tx, &notice.with("title_zh", &row.title_zh).with("title_en", &row.title_en))?;
    }
    Ok(row)
}
