//! Items of a draft from a spreadsheet: the reader and the fault report of the list import, for one enterprise.

use super::draft::{self, Draft, kind};
use crate::app::App;
use crate::app::error::AppError;
use crate::app::repeat::{Repeat, Written};
use crate::app::report::own_or_fault;
use crate::domain::actor::Caller;
use crate::domain::adjustment::ItemText;
use crate::domain::application::Kind;
use crate::domain::application::content::{Ask, Line};
use crate::domain::application::item::{ItemTerms, Term};
use crate::domain::code::Uscc;
use crate::domain::fault::FaultCode;
use crate::domain::id::ApplicationId;
use crate::domain::revision::Revision;
use crate::domain::terms_json::Item;
use crate::domain::validity::Validity;
use crate::sheet::{Grid, Hint, ListRow, ListSheet, SheetFault, SheetWarning, list_rows};
use crate::store::StoreError;
use crate::store::keep::drafts;
use serde_json::{Map, Value};

/// A draft with the items of a file in it.
#[derive(Debug, Clone)]
pub struct Filled {
    /// The draft.
    pub draft: Draft,
    /// Data rows of the file.
    pub rows: usize,
    /// What was understood with some latitude.
    pub warnings: Vec<SheetWarning>,
}

impl App {
    /// Puts the items of a file into a draft, behind those that are there or in their place.
    ///
    /// # Errors
    /// [`AppError::Sheet`] with every fault of the file; as [`App::change_draft`].
    #[allow(clippy::too_many_arguments, reason = "who, what, and from which file")]
    pub fn import_items(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        seen: Revision,
        grid: &Grid,
        replace: bool,
        repeat: Repeat<Filled>,
    ) -> Result<Written<Filled>, AppError> {
        let own = own_or_fault(caller)?;
        let list = list_rows(grid);
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = draft::open(tx.conn(), &own.to_string(), id, seen)?;
            let kind = kind(&row)?;
            let body: Map<String, Value> = serde_json::from_str(&row.body).map_err(StoreError::damaged)?;
            let there = body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
            let mut items = if replace { Vec::new() } else { there };
            let last = items.iter().filter_map(|item| item.get("line").and_then(Value::as_u64)).max().unwrap_or(0);
            items.extend(lines(&list, own, kind, last)?.iter().map(Line::view));
            let members = Map::from_iter([("items".to_owned(), Value::Array(items))]);
            let draft = draft::change(tx, row, members)?;
            Ok(Filled { draft, rows: list.rows.len(), warnings: list.warnings })
        })
    }

    /// Judges the items of a file as [`App::import_items`] would, and changes nothing.
    ///
    /// # Errors
    /// [`AppError::Sheet`] with every fault of the file; [`AppError::NotFound`] where there is no such draft.
    pub fn judge_items(&self, caller: &Caller, id: ApplicationId, grid: &Grid) -> Result<(), AppError> {
        let own = own_or_fault(caller)?;
        let row = self.store.read(|conn| drafts::find(conn, &id.to_string()))?;
        let row = row.filter(|row| row.enterprise == own.as_str()).ok_or(AppError::NotFound)?;
        lines(&list_rows(grid), own, kind(&row)?, 0).map(drop)
    }
}

/// Reads every row as an item, numbered on behind the last.
fn lines(list: &ListSheet, own: Uscc, kind: Kind, last: u64) -> Result<Vec<Line>, AppError> {
    let (mut lines, mut faults) = (Vec::new(), list.faults.clone());
    for (place, row) in (1_u64..).zip(&list.rows) {
        let number = u16::try_from(last.saturating_add(place)).unwrap_or(u16::MAX);
        match line(row, own, kind, number) {
            Ok(line) => lines.push(line),
            Err(fault) => faults.push(*fault),
        }
    }
    if faults.is_empty() {
        return Ok(lines);
    }
    faults.sort_by(|one, other| (&one.sheet, one.row, &one.column).cmp(&(&other.sheet, other.row, &other.column)));
    Err(AppError::Sheet(faults))
}

fn line(row: &ListRow, own: Uscc, kind: Kind, number: u16) -> Result<Line, Box<SheetFault>> {
    if row.uscc != own {
        return Err(fault(row, FaultCode::OtherEnterprise, "统一社会信用代码", row.uscc.to_string()));
    }
    let period = Validity::new(row.valid_from, row.valid_to)
        .map_err(|code| fault(row, code, "有效期止", row.valid_to.to_string()))?;
    let words = ItemText {
        name_zh: row.item_name_zh.clone(),
        name_en: row.item_name_en.clone(),
        specification: row.specification.clone(),
        manufacturer: row.manufacturer.clone(),
        origin: row.origin.clone(),
    };
    let item = Item { words, cas: row.cas, hs_code: row.hs_code, ciq_code: row.ciq_code, purpose: row.purpose };
    let terms = Box::new(ItemTerms {
        item,
        quantity: row.quantity,
        unit: row.unit,
        term: Some(Term::Period(period)),
        customs_offices: (!row.customs_offices.is_empty()).then(|| row.customs_offices.clone()),
        consignment_cap: row.consignment_cap,
    });
    let ask = match (kind, row.listing) {
        (Kind::Add, None) => Ask::Add(terms),
        (Kind::Renew, Some(listing)) => Ask::Renew { listing, terms },
        (Kind::Surrender, Some(listing)) => Ask::Surrender { listing },
        (Kind::Vary, Some(listing)) => Ask::Vary { listing, set: Box::new(crate::app::import::restated(row)) },
        (Kind::Add, Some(listing)) => {
            return Err(fault(row, FaultCode::ListingNotAsked, "名单编号", listing.to_string()));
        }
        (Kind::Renew | Kind::Surrender | Kind::Vary, None) => {
            return Err(fault(row, FaultCode::Required, "名单编号", String::new()));
        }
    };
    Ok(Line { line: number, library_item: None, ask })
}

fn fault(row: &ListRow, code: FaultCode, column: &str, value: String) -> Box<SheetFault> {
    Box::new(SheetFault {
        sheet: Some(row.sheet.clone()),
        row: Some(row.row),
        column: Some(column.to_owned()),
        value: Some(value).filter(|value| !value.is_empty()),
        code,
        hint: None::<Hint>,
    })
}
