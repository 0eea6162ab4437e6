//! Items and terms as JSON, wherever they stand: in adjustments, applications, decisions and the item library.
//!
//! It does not know whether a term is possible: rules say so later, against the list. Invariant: reading what a view
//! shows gives the same value.

use super::adjustment::{ItemText, Vary};
use super::code::{Cas, CiqCode, CustomsOffice, HsCode, UnitCode};
use super::fault::{Fault, FaultCode};
use super::fields::{Fields, Members as _, text};
use super::purpose::Purpose;
use super::quantity::{Measure, Quantity};
use super::validity::{LegalDay, Validity};
use serde_json::{Value, json};

/// Most customs offices of one listing.
pub const MOST_OFFICES: usize = 100;
/// Longest name in characters.
pub const NAME: usize = 200;
/// Longest text in characters.
pub const TEXT: usize = 500;
/// Longest note in characters.
pub const NOTE: usize = 2000;

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What people read.
    pub words: ItemText,
    /// Substance.
    pub cas: Option<Cas>,
    /// Classification.
    pub hs_code: HsCode,
    /// Inspection code.
    pub ciq_code: Option<CiqCode>,
    /// Use.
    pub purpose: Option<Purpose>,
}

impl Item {
    /// Shows the item.
    #[must_use]
    pub fn view(&self) -> Value {
        item_view(&self.words, self.cas, self.hs_code, self.ciq_code, self.purpose)
    }
}

/// Reads an item.
pub fn item(item: &mut Fields<'_, '_>) -> Option<Item> {
    let name_zh = item.required("name_zh", text(NAME));
    let name_en = item.optional("name_en", text(NAME));
    let cas = item.optional("cas", Cas::parse);
    let hs_code = item.required("hs_code", HsCode::parse);
    let ciq_code = item.optional("ciq_code", CiqCode::parse);
    let specification = item.optional("specification", text(TEXT));
    let purpose = item.optional("purpose", purpose);
    let manufacturer = item.optional("manufacturer", text(NAME));
    let origin = item.optional("origin", text(NAME));
    let words = ItemText { name_zh: name_zh?, name_en, specification, manufacturer, origin };
    Some(Item { words, cas, hs_code: hs_code?, ciq_code, purpose })
}

/// Shows an item; what is not stated is null.
#[must_use]
pub fn item_view(
    words: &ItemText,
    cas: Option<Cas>,
    hs_code: HsCode,
    ciq_code: Option<CiqCode>,
    purpose: Option<Purpose>,
) -> Value {
    json!({
        "name_zh": words.name_zh,
        "name_en": words.name_en,
        "cas": cas,
        "hs_code": hs_code,
        "ciq_code": ciq_code,
        "specification": words.specification,
        "purpose": purpose,
        "manufacturer": words.manufacturer,
        "origin": words.origin,
    })
}

/// Reads varied terms; what is absent stays as it is.
pub fn vary_set(set: &mut Fields<'_, '_>) -> Option<Vary> {
    let terms = Vary {
        quantity: set.stated("quantity", Quantity::parse_positive),
        unit: set.stated("unit", UnitCode::parse),
        hs_code: set.stated("hs_code", HsCode::parse),
        ciq_code: set.stated("ciq_code", CiqCode::parse),
        cas: set.stated("cas", Cas::parse),
        customs_offices: set.stated_list("customs_offices", MOST_OFFICES, text_item(CustomsOffice::parse)),
        consignment_cap: set.stated("consignment_cap", Quantity::parse_positive),
        valid_from: set.stated("valid_from", LegalDay::parse),
        valid_to: set.stated("valid_to", LegalDay::parse),
        purpose: set.stated("purpose", purpose),
        name_zh: set.stated("name_zh", text(NAME)),
        name_en: set.stated("name_en", text(NAME)),
        specification: set.stated("specification", text(TEXT)),
        manufacturer: set.stated("manufacturer", text(NAME)),
        origin: set.stated("origin", text(NAME)),
        note: set.stated("note", text(NOTE)),
        conditions: set.stated("conditions", text(TEXT)),
        clear: Vec::new(),
    };
    for (name, quantity) in [("quantity", terms.quantity), ("consignment_cap", terms.consignment_cap)] {
        countable(set, name, quantity, terms.unit);
    }
    no_doubles(set, terms.customs_offices.as_deref());
    period(set, terms.valid_from, terms.valid_to);
    Some(terms)
}

/// Shows varied terms; what is not stated is left out.
#[must_use]
pub fn set_view(set: &Vary) -> Value {
    let mut view = json!({
        "quantity": set.quantity,
        "unit": set.unit,
        "name_zh": set.name_zh,
        "name_en": set.name_en,
        "cas": set.cas,
        "hs_code": set.hs_code,
        "ciq_code": set.ciq_code,
        "specification": set.specification,
        "purpose": set.purpose,
        "manufacturer": set.manufacturer,
        "origin": set.origin,
        "valid_from": set.valid_from,
        "valid_to": set.valid_to,
        "customs_offices": set.customs_offices,
        "consignment_cap": set.consignment_cap,
        "note": set.note,
        "conditions": set.conditions,
    });
    if let Value::Object(members) = &mut view {
        members.retain(|_, value| !value.is_null());
    }
    view
}

/// Reads a purpose by its code alone; names are for spreadsheets.
pub fn purpose(text: &str) -> Result<Purpose, FaultCode> {
    Purpose::parse(text).ok().filter(|purpose| purpose.as_str() == text).ok_or(FaultCode::ValueUnknown)
}

/// Reads the items of a list of codes.
pub fn text_item<T>(parse: fn(&str) -> Result<T, FaultCode>) -> impl Fn(&Value, &str, &mut Vec<Fault>) -> Option<T> {
    move |item, pointer, faults| {
        let read = item.as_str().ok_or(FaultCode::WrongType).and_then(parse);
        read.map_err(|code| faults.push(Fault::new(pointer, code))).ok()
    }
}

/// Reports a quantity that cannot be counted in the finer unit.
pub fn countable(fields: &mut Fields<'_, '_>, name: &str, quantity: Option<Quantity>, unit: Option<UnitCode>) {
    if let (Some(quantity), Some(unit)) = (quantity, unit)
        && let Err(code) = (Measure { quantity, unit }).grant_steps()
    {
        fields.fault(name, code);
    }
}

/// Reports customs offices named twice.
pub fn no_doubles(fields: &mut Fields<'_, '_>, offices: Option<&[CustomsOffice]>) {
    let mut sorted = offices.unwrap_or_default().to_vec();
    sorted.sort_unstable();
    if !sorted.is_sorted_by(|one, next| one < next) {
        fields.fault("customs_offices", FaultCode::DuplicateLine);
    }
}

/// Makes a period of two days, or reports that it is reversed.
pub fn period(fields: &mut Fields<'_, '_>, from: Option<LegalDay>, to: Option<LegalDay>) -> Option<Validity> {
    Validity::new(from?, to?).map_err(|code| fields.fault("valid_to", code)).ok()
}
