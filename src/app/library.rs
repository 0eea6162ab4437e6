//! The item library: add, change, archive and restore items, and say which look alike.

use super::error::AppError;
use super::repeat::{Repeat, Written};
use super::report::own_or_fault;
use super::view::Page;
use super::{App, applications::after_id};
use crate::domain::actor::Caller;
use crate::domain::id::{ItemId, time_ordered};
use crate::domain::library::{LibraryItem, Likeness};
use crate::domain::revision::Revision;
use crate::store::items::{self, ItemRow};
use crate::store::private::random;
use crate::store::{AnyConnection, StoreError, Tx};

/// An item of the library as it stands, with what looks like it.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// Its row.
    pub row: ItemRow,
    /// What it is.
    pub item: LibraryItem,
    /// Other items, not archived, that look like it.
    pub alike: Vec<Alike>,
}

/// Another item that looks like one.
#[derive(Debug, Clone)]
pub struct Alike {
    /// Its id.
    pub id: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// Why it looks so.
    pub because: Vec<Likeness>,
}

/// Which items a list holds.
#[derive(Debug, Clone, Default)]
pub struct ItemQuery {
    /// Part of a name, or a CAS number.
    pub q: Option<String>,
    /// Archived ones; none means those in use.
    pub archived: bool,
}

fn opened(row: &ItemRow) -> Result<LibraryItem, StoreError> {
    let body = serde_json::from_str(&row.body).map_err(StoreError::damaged)?;
    LibraryItem::read(&body).map_err(|_| StoreError::Damaged(format!("the body of {}", row.id)))
}

fn shelved(row: ItemRow, library: &[(ItemRow, LibraryItem)]) -> Result<Shelved, StoreError> {
    let item = opened(&row)?;
    let others = library.iter().filter(|(other, _)| other.id != row.id && other.archived == 0);
    let alike = others.filter_map(|(other, known)| {
        let because = item.likeness(known);
        let name_zh = known.item.words.name_zh.clone();
        (!because.is_empty()).then(|| Alike { id: other.id.clone(), name_zh, because })
    });
    Ok(Shelved { alike: alike.collect(), item, row })
}

fn library(conn: &mut AnyConnection, enterprise: &str) -> Result<Vec<(ItemRow, LibraryItem)>, StoreError> {
    items::of_enterprise(conn, enterprise)?.into_iter().map(|row| Ok((row.clone(), opened(&row)?))).collect()
}

/// What is done to an item of the library.
#[derive(Debug, Clone)]
pub enum ItemChange {
    /// Described anew.
    Replace(Box<LibraryItem>),
    /// Put away.
    Archive,
    /// Taken out again.
    Restore,
}

impl App {
    /// Lists the items of the caller's enterprise in order of id.
    ///
    /// # Errors
    /// The store's failure.
    pub fn items(
        &self,
        caller: &Caller,
        query: &ItemQuery,
        after: &str,
        limit: usize,
    ) -> Result<Page<Shelved>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        let all = self.store.read(|conn| library(conn, &enterprise))?;
        let wanted = all.iter().filter(|(row, item)| {
            row.id.as_str() > after
                && (row.archived == 1) == query.archived
                && query.q.as_deref().is_none_or(|search| item.answers_to(search))
        });
        let mut rows: Vec<ItemRow> = wanted.take(limit.saturating_add(1)).map(|(row, _)| row.clone()).collect();
        let next = after_id(&mut rows, limit, |row| row.id.clone());
        let items = rows.into_iter().map(|row| shelved(row, &all)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Finds an item of the caller's enterprise.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for those of others.
    pub fn item(&self, caller: &Caller, id: ItemId) -> Result<Shelved, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.store.read(|conn| {
            let row = find(conn, &enterprise, id)?;
            Ok(shelved(row, &library(conn, &enterprise)?)?)
        })
    }

    /// Adds an item to the library of the caller's enterprise.
    ///
    /// # Errors
    /// The store's failure.
    pub fn add_item(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        item: LibraryItem,
        repeat: Repeat<Shelved>,
    ) -> Result<Written<Shelved>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let id = ItemId::new(time_ordered(tx.context().at, random()?)).to_string();
            let row = row(tx, id, enterprise, None, 0, item.view().to_string());
            save(tx, row, None, "item.added")
        })
    }

    /// Changes an item that the caller saw at a revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Conflict`] when it already stands so.
    pub fn change_item(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ItemId,
        seen: Revision,
        change: ItemChange,
        repeat: Repeat<Shelved>,
    ) -> Result<Written<Shelved>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let before = find(tx.conn(), &enterprise, id)?;
            if before.revision != seen.0 {
                return Err(AppError::StaleVersion(Revision(before.revision)));
            }
            let conflict = AppError::Conflict(Revision(before.revision));
            let (archived, body, event) = match change {
                ItemChange::Replace(item) if before.archived == 0 => (0, item.view().to_string(), "item.changed"),
                ItemChange::Archive if before.archived == 0 => (1, before.body.clone(), "item.archived"),
                ItemChange::Restore if before.archived == 1 => (0, before.body.clone(), "item.restored"),
                ItemChange::Replace(_) | ItemChange::Archive | ItemChange::Restore => return Err(conflict),
            };
            let row = row(tx, before.id.clone(), enterprise, Some(&before), archived, body);
            save(tx, row, Some(&before), event)
        })
    }
}

fn find(conn: &mut AnyConnection, enterprise: &str, id: ItemId) -> Result<ItemRow, AppError> {
    items::find(conn, &id.to_string())?.filter(|row| row.enterprise == enterprise).ok_or(AppError::NotFound)
}

fn row(tx: &Tx<'_>, id: String, enterprise: String, before: Option<&ItemRow>, archived: i32, body: String) -> ItemRow {
    ItemRow {
        id,
        version: before.map_or(0, |before| before.version).saturating_add(1),
        revision: tx.next_revision().0,
        enterprise,
        archived,
        body,
        recorded_at: tx.context().at.micros(),
    }
}

fn save(tx: &mut Tx<'_>, row: ItemRow, before: Option<&ItemRow>, event: &str) -> Result<Shelved, AppError> {
    let library = library(tx.conn(), &row.enterprise)?;
    tx.save(row.clone(), before, event)?;
    Ok(shelved(row, &library)?)
}
