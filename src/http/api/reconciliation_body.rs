//! What customs sends to be reconciled, as JSON, and which corrections are confirmed.

use crate::domain::code::{Cas, CiqCode, DeclarationNumber, HsCode, TradeMode, UnitCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::reconciliation::{Booked, Books, Clash, MOST_ROWS, Movement};
use crate::domain::validity::{Instant, LegalDay};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_rows};
use crate::http::problem::Fault;
use serde_json::Value;

/// Largest whole number that every JSON reader keeps exactly.
const LAST: u64 = 9_007_199_254_740_991;

/// Largest line number.
const LAST_LINE: u64 = 9999;

/// Corrections that are named one by one, at most.
const MOST_NAMED: usize = 40_000;

/// Reads `{"rows": […]}`; a row at a time, because they are many.
///
/// # Errors
/// Every fault of it.
pub fn read_movements(bytes: &[u8]) -> Result<(Books, usize), Vec<Fault>> {
    let mut place = 0_u32;
    let rows = parse_rows(bytes, JSON_DEPTH, "rows", MOST_ROWS, |row, pointer, faults| {
        let here = place;
        place = place.saturating_add(1);
        movement(row, pointer, faults, here)
    })?;
    let count = rows.len();
    let contradicted = |clash: Clash| Fault::new(row_pointer(clash.place), FaultCode::MovementContradicted);
    let books = Books::new(rows).map_err(|clashes| clashes.into_iter().map(contradicted).collect::<Vec<_>>())?;
    Ok((books, count))
}

/// Points to a row.
#[must_use]
pub fn row_pointer(place: u32) -> String {
    format!("/rows/{place}")
}

fn movement(row: &Value, pointer: &str, faults: &mut Vec<Fault>, place: u32) -> Option<Movement> {
    Fields::read(row, pointer, faults, |row| {
        let kind = row.required("kind", |word| {
            Booked::ALL.iter().copied().find(|kind| kind.as_str() == word).ok_or(FaultCode::ValueUnknown)
        });
        let declaration = row.required("declaration", DeclarationNumber::parse);
        let sequence = row.number("sequence", 1..=LAST, FaultCode::NumberOutOfRange);
        let line = row.number("line", 1..=LAST_LINE, FaultCode::LineOutOfRange);
        // What stays after a correction may be nothing.
        let quantity = row.required(
            "quantity",
            match kind {
                Some(Booked::Corrected) => Quantity::parse,
                Some(Booked::Reserved | Booked::Confirmed | Booked::GivenBack) | None => Quantity::parse_positive,
            },
        );
        let unit = row.required("unit", UnitCode::parse);
        let measure = quantity.zip(unit).map(|(quantity, unit)| Measure { quantity, unit });
        if let Some(Err(code)) = measure.map(Measure::grant_steps) {
            row.fault("quantity", code);
        }
        let enterprise = row.optional("enterprise", Uscc::parse);
        let listing = row.optional("listing", ListingNumber::parse);
        let hs_code = row.optional("hs_code", HsCode::parse);
        let ciq_code = row.optional("ciq_code", CiqCode::parse);
        let cas = row.optional("cas", Cas::parse);
        let trade_mode = row.optional("trade_mode", TradeMode::parse);
        let declared_on = row.optional("declared_on", LegalDay::parse);
        let occurred_at = row.optional("occurred_at", Instant::parse);
        Some(Movement {
            place,
            declaration: declaration?,
            sequence: i64::try_from(sequence?).ok()?,
            kind: kind?,
            line: u16::try_from(line?).ok()?,
            measure: measure?,
            enterprise,
            listing,
            hs_code,
            ciq_code,
            cas,
            trade_mode,
            declared_on,
            occurred_at,
        })
    })
}

/// Reads which corrections are confirmed; none for all.
///
/// # Errors
/// Every fault of it.
pub fn read_confirmation(body: &Value) -> Result<Option<Vec<DeclarationNumber>>, Vec<Fault>> {
    let mut faults = Vec::new();
    let chosen = Fields::read(body, "", &mut faults, |body| {
        let chosen = body.optional_list("corrections", MOST_NAMED, |item, pointer, faults| {
            let number = item.as_str().ok_or(FaultCode::WrongType).and_then(DeclarationNumber::parse);
            number.map_err(|code| faults.push(Fault::new(pointer, code))).ok()
        });
        Some(chosen)
    });
    chosen.filter(|_| faults.is_empty()).ok_or(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({ "declaration": "010120261012345678", "sequence": 1, "kind": "reserved", "line": 1, "quantity": "0.8", "unit": "036" })
    }

    fn faults(body: &str) -> Vec<(String, &'static str)> {
        let faults = read_movements(body.as_bytes()).err().unwrap_or_default();
        faults.into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect()
    }

    #[test]
    fn rows_are_read_one_by_one_with_every_fault() {
        let (books, rows) = read_movements(json!({ "rows": [good(), good()] }).to_string().as_bytes()).unwrap();
        assert_eq!((rows, books.declarations().count()), (2, 1));
        let mut bad = good();
        bad["kind"] = json!("核注");
        bad["quantity"] = json!("0");
        bad["extra"] = json!(1);
        let mut other = good();
        other["quantity"] = json!("0.9");
        assert_eq!(
            faults(&json!({ "rows": [good(), bad], "more": 1 }).to_string()),
            [
                ("/rows/1/kind".to_owned(), "value_unknown"),
                ("/rows/1/quantity".to_owned(), "quantity_not_positive"),
                ("/rows/1/extra".to_owned(), "unknown_member"),
                ("/more".to_owned(), "unknown_member"),
            ]
        );
        assert_eq!(
            faults(&json!({ "rows": [good(), other] }).to_string()),
            [("/rows/1".to_owned(), "movement_contradicted")]
        );
        for (body, pointer, code) in [
            ("[]", "", "wrong_type"),
            ("{}", "/rows", "required"),
            (r#"{"rows":[]}"#, "/rows", "no_lines"),
            (r#"{"rows":1}"#, "/rows", "wrong_type"),
            (r#"{"rows":[{}"#, "", "malformed_json"),
            (r#"{"rows":[],"rows":[]}"#, "/rows", "malformed_json"),
            (r#"{"rows":[{"kind":"a","kind":"b"}]}"#, "/rows/0/kind", "malformed_json"),
        ] {
            assert_eq!(faults(body), [(pointer.to_owned(), code)], "{body}");
        }
    }

    #[test]
    fn nothing_named_is_everything() {
        assert_eq!(read_confirmation(&json!({})), Ok(None));
        let number = "010120261012345678";
        assert_eq!(read_confirmation(&json!({ "corrections": [number] })).unwrap().unwrap()[0].to_string(), number);
        assert!(read_confirmation(&json!({ "corrections": ["1"] })).is_err());
        assert!(read_confirmation(&json!({ "corrections": [] })).is_err());
    }
}
