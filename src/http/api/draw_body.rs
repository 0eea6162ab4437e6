//! What customs states about a declaration: bodies of PUT, release, cancel, correct and manual release.

use super::lookup_body::MOST_LINES;
use crate::domain::code::{Cas, CiqCode, CustomsOffice, DeclarationNumber, HsCode, TradeMode, UnitCode, Uscc};
use crate::domain::draw::{Act, CorrectionCode, DrawReason, DrawnLine, LineQuantity, OverrideCode, Position};
use crate::domain::fault::FaultCode;
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::http::fields::{Fields, Members as _, text};
use crate::http::problem::Fault;
use serde_json::Value;

/// Largest whole number that every JSON reader keeps exactly.
const LAST: u64 = 9_007_199_254_740_991;

/// Largest line number.
const LAST_LINE: u64 = 9999;

/// Characters of a basis.
const BASIS: usize = 500;

/// A body as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Number of the message.
    pub sequence: i64,
    /// When it happened, if it is reported afterwards.
    pub occurred_at: Option<Instant>,
    /// What is asked for.
    pub act: Act,
}

/// Reads the sequence of a body that may be faulty otherwise.
#[must_use]
pub fn sequence_of(body: &Value) -> Option<i64> {
    body.get("sequence").and_then(Value::as_i64).filter(|sequence| *sequence > 0)
}

fn whole(body: &Value, read: impl FnOnce(&mut Fields<'_, '_>) -> Option<Act>) -> Result<Stated, Vec<Fault>> {
    let mut faults = Vec::new();
    let stated = Fields::read(body, "", &mut faults, |body| {
        let sequence = body.number("sequence", 1..=LAST, FaultCode::NumberOutOfRange);
        let occurred_at = body.optional("occurred_at", Instant::parse);
        let act = read(body);
        Some(Stated { sequence: i64::try_from(sequence?).ok()?, occurred_at, act: act? })
    });
    stated.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reads the body of `PUT /v1/declarations/{number}`.
///
/// # Errors
/// Every fault of it.
pub fn read_put(body: &Value, number: DeclarationNumber) -> Result<Stated, Vec<Fault>> {
    whole(body, |body| position(body, number).map(Act::Put))
}

/// Reads the body of a manual release.
///
/// # Errors
/// Every fault of it.
pub fn read_manual(body: &Value, number: DeclarationNumber) -> Result<Stated, Vec<Fault>> {
    whole(body, |body| {
        let position = position(body, number);
        let reason = body.object("reason", |reason| {
            let code = reason.required("code", |code| OverrideCode::parse(code).ok_or(FaultCode::ReasonUnknown));
            let basis = reason.required("basis", text(BASIS));
            Some(DrawReason { code: code?.as_str(), basis: Some(basis?) })
        });
        Some(Act::Manual { position: position?, reason: reason? })
    })
}

/// Reads the body of a release.
///
/// # Errors
/// Every fault of it.
pub fn read_release(body: &Value) -> Result<Stated, Vec<Fault>> {
    whole(body, |body| {
        let position = body.optional_number("position", 1..=LAST, FaultCode::NumberOutOfRange);
        let mut taken = Vec::new();
        let lines = body.optional_list("lines", MOST_LINES, |item, pointer, faults| {
            line_quantity(item, pointer, faults, &mut taken)
        });
        Some(Act::Release { position: position.and_then(|position| i64::try_from(position).ok()), lines })
    })
}

/// Reads the body of a cancellation.
///
/// # Errors
/// Every fault of it.
pub fn read_cancel(body: &Value) -> Result<Stated, Vec<Fault>> {
    whole(body, |_| Some(Act::Cancel))
}

/// Reads the body of a correction.
///
/// # Errors
/// Every fault of it.
pub fn read_correct(body: &Value) -> Result<Stated, Vec<Fault>> {
    whole(body, |body| {
        let reason = body.object("reason", |reason| {
            let code = reason.required("code", |code| CorrectionCode::parse(code).ok_or(FaultCode::ReasonUnknown));
            let basis = reason.optional("basis", text(BASIS));
            Some(DrawReason { code: code?.as_str(), basis })
        });
        let mut taken = Vec::new();
        let lines =
            body.list("lines", MOST_LINES, |item, pointer, faults| line_quantity(item, pointer, faults, &mut taken));
        Some(Act::Correct { lines: lines?, reason: reason? })
    })
}

fn position(body: &mut Fields<'_, '_>, number: DeclarationNumber) -> Option<Position> {
    let enterprise = body.required("enterprise", Uscc::parse);
    let customs_office = body.required("customs_office", |text| {
        let office = CustomsOffice::parse(text)?;
        if office == number.office() { Ok(office) } else { Err(FaultCode::DeclarationNumberOtherOffice) }
    });
    let declared_on = body.optional("declared_on", LegalDay::parse);
    let trade_mode = body.optional("trade_mode", TradeMode::parse);
    let looked_up_at = body.optional_number("looked_up_at_revision", 1..=LAST, FaultCode::NumberOutOfRange);
    let looked_up_at = looked_up_at.and_then(|revision| i64::try_from(revision).ok()).map(Revision);
    let mut taken = Vec::new();
    let lines = body.list("lines", MOST_LINES, |item, pointer, faults| {
        Fields::read(item, pointer, faults, |line| drawn_line(line, &mut taken))
    });
    Some(Position {
        enterprise: enterprise?,
        customs_office: customs_office?,
        declared_on,
        trade_mode,
        looked_up_at,
        lines: lines?,
    })
}

fn line_number(line: &mut Fields<'_, '_>, taken: &mut Vec<u16>) -> Option<u16> {
    let number = line.number("line", 1..=LAST_LINE, FaultCode::LineOutOfRange);
    let number = number.and_then(|number| u16::try_from(number).ok());
    if number.is_some_and(|number| taken.contains(&number)) {
        line.fault("line", FaultCode::DuplicateLine);
    }
    taken.extend(number);
    number
}

/// A quantity is never taken without its unit.
fn measure(line: &mut Fields<'_, '_>) -> Option<Measure> {
    let given = (line.given("quantity"), line.given("unit"));
    let quantity = line.optional("quantity", Quantity::parse_positive);
    let unit = line.optional("unit", UnitCode::parse);
    match given {
        (true, true) => {}
        (true, false) => line.fault("unit", FaultCode::UnitMissing),
        (false, true) => line.fault("quantity", FaultCode::QuantityMissing),
        (false, false) => {
            line.fault("quantity", FaultCode::Required);
            line.fault("unit", FaultCode::Required);
        }
    }
    let measure = Measure { quantity: quantity?, unit: unit? };
    match measure.grant_steps() {
        Ok(_) => Some(measure),
        Err(code) => {
            line.fault("quantity", code);
            None
        }
    }
}

fn drawn_line(line: &mut Fields<'_, '_>, taken: &mut Vec<u16>) -> Option<DrawnLine> {
    let number = line_number(line, taken);
    let hs_code = line.required("hs_code", HsCode::parse);
    let listing = line.optional("listing", ListingNumber::parse);
    let ciq_code = line.optional("ciq_code", CiqCode::parse);
    let cas = line.optional("cas", Cas::parse);
    let measure = measure(line);
    Some(DrawnLine { line: number?, listing, hs_code: hs_code?, ciq_code, cas, measure: measure? })
}

fn line_quantity(item: &Value, pointer: &str, faults: &mut Vec<Fault>, taken: &mut Vec<u16>) -> Option<LineQuantity> {
    Fields::read(item, pointer, faults, |line| {
        let number = line_number(line, taken);
        let measure = measure(line);
        Some(LineQuantity { line: number?, measure: measure? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn number() -> DeclarationNumber {
        DeclarationNumber::parse("010120261012345678").unwrap()
    }

    fn faults(read: Result<Stated, Vec<Fault>>) -> Vec<(String, &'static str)> {
        read.unwrap_err().into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect()
    }

    fn good() -> Value {
        json!({ "sequence": 1, "enterprise": "91110302XFXTR0033P", "customs_office": "0101", "lines": [
            { "line": 1, "hs_code": "2941500000", "quantity": "0.8", "unit": "036" }] })
    }

    #[test]
    fn a_position_is_read_and_null_is_absent() {
        let mut body = good();
        let read = read_put(&body, number()).unwrap();
        for name in ["declared_on", "trade_mode", "occurred_at", "looked_up_at_revision"] {
            body[name] = Value::Null;
        }
        for name in ["listing", "ciq_code", "cas"] {
            body["lines"][0][name] = Value::Null;
        }
        assert_eq!(read_put(&body, number()).unwrap(), read);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let mut body = good();
        body["sequence"] = json!(0);
        body["customs_office"] = json!("0102");
        body["lines"][0]["quantity"] = json!("0");
        body["extra"] = json!(1);
        assert_eq!(
            faults(read_put(&body, number())),
            [
                ("/sequence".to_owned(), "number_out_of_range"),
                ("/customs_office".to_owned(), "declaration_number_other_office"),
                ("/lines/0/quantity".to_owned(), "quantity_not_positive"),
                ("/extra".to_owned(), "unknown_member"),
            ]
        );
        for (lines, pointer, code) in [
            (json!(null), "/lines", "required"),
            (json!([]), "/lines", "no_lines"),
            (json!([{ "line": 1, "hs_code": "2941500000", "quantity": "1" }]), "/lines/0/unit", "unit_missing"),
            (json!([{ "line": 1, "hs_code": "2941500000", "unit": "036" }]), "/lines/0/quantity", "quantity_missing"),
            (
                json!([{ "line": 1, "hs_code": "2941500000", "quantity": "-1", "unit": "036" }]),
                "/lines/0/quantity",
                "quantity_format",
            ),
        ] {
            let mut body = good();
            body["lines"] = lines;
            assert_eq!(faults(read_put(&body, number())), [(pointer.to_owned(), code)]);
        }
    }

    #[test]
    fn absent_lines_of_a_release_are_not_empty_lines() {
        let all = read_release(&json!({ "sequence": 2 })).unwrap();
        assert_eq!(all.act, Act::Release { position: None, lines: None });
        assert_eq!(faults(read_release(&json!({ "sequence": 2, "lines": [] }))), [("/lines".to_owned(), "no_lines")]);
    }
}
