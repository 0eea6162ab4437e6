//! Screening lists: entries made one by one or from a file, ended with their day, and asked for before anybody is listed.

use super::App;
use super::error::AppError;
use super::notices::tell;
use super::plan::dated_enterprise;
use super::repeat::{Repeat, Written};
use super::view::{Page, bar_on};
use crate::domain::actor::{Caller, Role};
use crate::domain::code::Uscc;
use crate::domain::error::Rule;
use crate::domain::id::{ScreeningId, time_ordered};
use crate::domain::notice::{Addressee, Notice, NoticeKind};
use crate::domain::revision::Revision;
use crate::domain::screening::{Registration, Screened, ScreeningList, hits};
use crate::domain::validity::LegalDay;
use crate::store::private::random;
pub use crate::store::screening::ScreeningRow;
use crate::store::{AnyConnection, StoreError, Tx, enterprises, screening};
use serde::Serialize;

/// An entry as it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Which list, who, from when, until when.
    pub screened: Screened,
    /// Name as the list writes it.
    pub name: Option<String>,
    /// Why.
    pub ground: String,
    /// Where it was published.
    pub source: String,
}

/// What a file left behind.
#[derive(Debug, Clone)]
pub struct Entered {
    /// New entries.
    pub entered: Vec<ScreeningRow>,
    /// Rows that stood on the list already.
    pub unchanged: usize,
    /// Revision after it.
    pub revision: Revision,
}

/// Something that speaks against listing an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// `bar` for a bar of this service, else the screening list.
    pub list: &'static str,
    /// Entry of the list; none for a bar.
    pub entry: Option<String>,
    /// First day.
    pub from: LegalDay,
    /// Last day; none while open.
    pub to: Option<LegalDay>,
    /// Why: the words of the list, or the reason code of the bar.
    pub ground: String,
}

/// Screens an enterprise on a day: its bar, and every entry of a list that holds. For checks on applications.
///
/// # Errors
/// The store's failure.
pub fn screen(conn: &mut AnyConnection, enterprise: Uscc, day: LegalDay) -> Result<Vec<Hit>, StoreError> {
    let mut found = Vec::new();
    let rows = enterprises::versions(conn, enterprise.as_str())?;
    if let Some(bar) = bar_on(&rows, day)? {
        found.push(Hit { list: "bar", entry: None, from: bar.from, to: Some(bar.until), ground: bar.ground.code });
    }
    let entries = entries(conn, enterprise)?;
    for (entry, row) in hits(&entries, |(screened, _)| screened, enterprise, day) {
        let ground = row.ground.clone();
        found.push(Hit {
            list: entry.list.as_str(),
            entry: Some(row.id.clone()),
            from: entry.from,
            to: entry.to,
            ground,
        });
    }
    Ok(found)
}

/// Finds how an enterprise stands in the register of business entities, by the name that it states.
///
/// # Errors
/// The store's failure.
pub fn registration(
    conn: &mut AnyConnection,
    enterprise: Uscc,
    stated: Option<&str>,
    day: LegalDay,
) -> Result<Registered, StoreError> {
    let register = ScreeningList::BusinessRegister;
    let known: Vec<(Screened, Option<String>)> = entries(conn, enterprise)?
        .into_iter()
        .filter(|(entry, _)| entry.list == register)
        .map(|(entry, row)| (entry, row.name))
        .collect();
    let loaded = !known.is_empty() || screening::has(conn, register.as_str())?;
    let name = known.iter().rfind(|(entry, _)| entry.holds(day)).and_then(|(_, name)| name.clone());
    Ok(Registered { registration: Registration::of(&known, loaded, stated, day), name })
}

/// What the register of business entities says of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// How it stands.
    pub registration: Registration,
    /// The name under which it is registered on the day.
    pub name: Option<String>,
}

/// Reads every entry about an enterprise.
fn entries(conn: &mut AnyConnection, enterprise: Uscc) -> Result<Vec<(Screened, ScreeningRow)>, StoreError> {
    let mut entries = Vec::new();
    let mut after = String::new();
    loop {
        let rows = screening::list(conn, Some(enterprise.as_str()), &after, 200)?;
        let Some(last) = rows.last() else { return Ok(entries) };
        after.clone_from(&last.id);
        for row in rows {
            entries.push((screened(&row)?, row));
        }
    }
}

/// Reads a stored entry as screening needs it.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn screened(row: &ScreeningRow) -> Result<Screened, StoreError> {
    let day = |days: i32| LegalDay::from_value(days).ok_or_else(|| StoreError::damaged("a legal day"));
    Ok(Screened {
        list: ScreeningList::parse(&row.list).map_err(|_| StoreError::damaged("a screening list"))?,
        enterprise: Uscc::parse(&row.uscc).map_err(|_| StoreError::damaged("a USCC"))?,
        from: day(row.valid_from)?,
        to: row.valid_to.map(day).transpose()?,
    })
}

impl App {
    /// Makes an entry.
    ///
    /// # Errors
    /// The store's failure.
    pub fn enter_screening(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        entry: NewEntry,
        repeat: Repeat<ScreeningRow>,
    ) -> Result<Written<ScreeningRow>, AppError> {
        self.repeatable(self.context(caller, request_id), repeat, move |tx| enter(tx, &entry))
    }

    /// Makes entries from a file; what stands on the list already is left alone.
    ///
    /// # Errors
    /// The store's failure.
    pub fn import_screening(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        entries: Vec<NewEntry>,
        repeat: Repeat<Entered>,
    ) -> Result<Written<Entered>, AppError> {
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let mut result = Entered { entered: Vec::new(), unchanged: 0, revision: Revision(0) };
            for entry in &entries {
                if stands(tx.conn(), entry)? {
                    result.unchanged = result.unchanged.saturating_add(1);
                } else {
                    result.entered.push(enter(tx, entry)?);
                }
            }
            result.revision = Revision(tx.next_revision().0.saturating_sub(1));
            Ok(result)
        })
    }

    /// Ends an entry with a last day.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Refused`] when it ended by then or had not begun;
    /// the store's failure.
    pub fn end_screening(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ScreeningId,
        seen: Revision,
        last: LegalDay,
        repeat: Repeat<ScreeningRow>,
    ) -> Result<Written<ScreeningRow>, AppError> {
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = screening::find(tx.conn(), &id.to_string())?.ok_or(AppError::NotFound)?;
            if row.revision != seen.0 {
                return Err(AppError::StaleVersion(Revision(row.revision)));
            }
            if last.value() < row.valid_from || row.valid_to.is_some_and(|known| known <= last.value()) {
                return Err(AppError::refused(Rule::EntryEnded));
            }
            let ended = ScreeningRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                valid_to: Some(last.value()),
                recorded_at: tx.context().at.micros(),
                ..row.clone()
            };
            tx.save(ended.clone(), Some(&row), "screening.ended")?;
            Ok(ended)
        })
    }

    /// Finds an entry.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn screening_entry(&self, id: ScreeningId) -> Result<ScreeningRow, AppError> {
        self.store.read(|conn| screening::find(conn, &id.to_string()))?.ok_or(AppError::NotFound)
    }

    /// Lists entries in order of id: of an enterprise, of a list, holding on a day.
    ///
    /// # Errors
    /// The store's failure.
    pub fn screening_entries(
        &self,
        (enterprise, list, on): (Option<Uscc>, Option<ScreeningList>, Option<LegalDay>),
        after: &str,
        limit: usize,
    ) -> Result<Page<ScreeningRow>, AppError> {
        let enterprise = enterprise.map(|uscc| uscc.to_string());
        let size = i64::try_from(limit.max(1)).unwrap_or(200);
        self.store.read(|conn| {
            let (mut items, mut cursor) = (Vec::new(), after.to_owned());
            loop {
                let rows = screening::list(conn, enterprise.as_deref(), &cursor, size)?;
                let short = i64::try_from(rows.len()).unwrap_or(size) < size;
                for row in rows {
                    cursor.clone_from(&row.id);
                    let entry = screened(&row)?;
                    if list.is_none_or(|list| list == entry.list) && on.is_none_or(|day| entry.holds(day)) {
                        items.push(row);
                    }
                    if items.len() == limit {
                        return Ok(Page { items, next: Some(cursor) });
                    }
                }
                if short {
                    return Ok(Page { items, next: None });
                }
            }
        })
    }

    /// Lists the enterprises that are barred on a day, in order of USCC, each with its bar.
    ///
    /// # Errors
    /// The store's failure.
    pub fn bars(&self, after: &str, limit: usize) -> Result<Page<Barred>, AppError> {
        let day = self.clock.now().day();
        let size = i64::try_from(limit.max(1)).unwrap_or(200);
        self.store.read(|conn| {
            let (mut items, mut cursor) = (Vec::new(), after.to_owned());
            loop {
                let usccs = enterprises::with_bar_until(conn, day.value(), &cursor, size)?;
                let short = i64::try_from(usccs.len()).unwrap_or(size) < size;
                for uscc in usccs {
                    let rows = enterprises::versions(conn, &uscc)?;
                    cursor.clone_from(&uscc);
                    if let (Some(bar), Some(last)) = (bar_on(&rows, day)?, rows.last()) {
                        let name_zh = dated_enterprise(last)?.1.particulars.name_zh;
                        items.push(Barred { enterprise: uscc, name_zh, bar });
                    }
                    if items.len() == limit {
                        return Ok(Page { items, next: Some(cursor) });
                    }
                }
                if short {
                    return Ok(Page { items, next: None });
                }
            }
        })
    }
}

/// An enterprise that may not apply.
#[derive(Debug, Serialize)]
pub struct Barred {
    enterprise: String,
    name_zh: String,
    bar: super::view::BarView,
}

fn stands(conn: &mut AnyConnection, entry: &NewEntry) -> Result<bool, StoreError> {
    let known = screening::list(conn, Some(entry.screened.enterprise.as_str()), "", i64::MAX)?;
    for row in known {
        if screened(&row)? == entry.screened {
            return Ok(true);
        }
    }
    Ok(false)
}

fn enter(tx: &mut Tx<'_>, entry: &NewEntry) -> Result<ScreeningRow, AppError> {
    let at = tx.context().at;
    let row = ScreeningRow {
        id: ScreeningId::new(time_ordered(at, random()?)).to_string(),
        version: 1,
        revision: tx.next_revision().0,
        list: entry.screened.list.as_str().to_owned(),
        uscc: entry.screened.enterprise.to_string(),
        name: entry.name.clone(),
        ground: entry.ground.clone(),
        source: entry.source.clone(),
        valid_from: entry.screened.from.value(),
        valid_to: entry.screened.to.map(LegalDay::value),
        recorded_at: at.micros(),
    };
    tx.save(row.clone(), None, "screening.entered")?;
    // Of somebody who is registered here the bureau is told at once what speaks against it.
    if entry.screened.list.speaks_against() && !enterprises::versions(tx.conn(), &row.uscc)?.is_empty() {
        let about = format!("/v1/screening/{}", row.id);
        let notice = Notice::new(Addressee::Role(Role::BureauOfficer), NoticeKind::ScreeningHit, about);
        tell(tx, &notice.with("enterprise", &row.uscc).with("list", &row.list))?;
    }
    Ok(row)
}
