//! The one spelling of a question: canonical JSON (RFC 8785), every member there, null where it was not given.

use crate::domain::code::{Cas, CiqCode, CustomsOffice, DeclarationNumber, HsCode, TradeMode, UnitCode, Uscc};
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{Declaration, Line};
use crate::domain::quantity::Quantity;
use crate::domain::validity::LegalDay;
use crate::tlog::Hash;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;

// Members stand in the order of their names, so that writing plainly is writing canonically.

/// A question as it is hashed.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    declaration: Head,
    lines: Vec<Asked>,
}

#[derive(Debug, Clone, Serialize)]
struct Head {
    customs_office: CustomsOffice,
    declared_on: LegalDay,
    number: Option<DeclarationNumber>,
    trade_mode: Option<TradeMode>,
}

#[derive(Debug, Clone, Serialize)]
struct Asked {
    cas: Option<Cas>,
    ciq_code: Option<CiqCode>,
    enterprise: Uscc,
    hs_code: HsCode,
    line: u16,
    listing: Option<ListingNumber>,
    quantity: Option<Quantity>,
    unit: Option<UnitCode>,
}

impl Question {
    /// Writes down a question.
    #[must_use]
    pub fn new(declaration: &Declaration, lines: &[Line]) -> Self {
        let head = Head {
            customs_office: declaration.customs_office,
            declared_on: declaration.declared_on,
            number: declaration.number,
            trade_mode: declaration.trade_mode,
        };
        let asked = |line: &Line| Asked {
            cas: line.cas,
            ciq_code: line.ciq_code,
            enterprise: line.enterprise,
            hs_code: line.hs_code,
            line: line.line,
            listing: line.listing,
            quantity: line.measure.map(|measure| measure.quantity),
            unit: line.measure.map(|measure| measure.unit),
        };
        Self { declaration: head, lines: lines.iter().map(asked).collect() }
    }
}

/// Writes anything whose members stand in the order of their names.
#[must_use]
pub fn canonical(value: &impl Serialize) -> Vec<u8> {
    // Codes and numbers always have a JSON form.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Digests a question: SHA-256 of its canonical JSON.
#[must_use]
pub fn digest(declaration: &Declaration, lines: &[Line]) -> Hash {
    Hash(Sha256::digest(canonical(&Question::new(declaration, lines))).into())
}

/// Digests a question by SM3 (GB/T 32905).
#[must_use]
pub fn sm3(declaration: &Declaration, lines: &[Line]) -> Hash {
    Hash(Sm3::digest(canonical(&Question::new(declaration, lines))).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Measure;
    use crate::tlog::canonical::is_canonical;

    #[test]
    fn a_question_has_one_spelling() {
        let declaration = Declaration {
            number: None,
            customs_office: CustomsOffice::parse("0101").unwrap(),
            declared_on: LegalDay::parse("2026-08-12").unwrap(),
            trade_mode: Some(TradeMode::parse("0110").unwrap()),
        };
        let unit = UnitCode::parse("035").unwrap();
        let line = Line {
            line: 1,
            enterprise: Uscc::parse("91110302XFXTR0033P").unwrap(),
            hs_code: HsCode::parse("2941500000").unwrap(),
            ciq_code: None,
            listing: None,
            cas: Some(Cas::parse("101666-68-6").unwrap()),
            measure: Some(Measure { quantity: "0.00080".parse().unwrap(), unit }),
        };
        let bytes = canonical(&Question::new(&declaration, &[line]));
        assert!(is_canonical(&bytes));
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{"declaration":{"customs_office":"0101","declared_on":"2026-08-12","number":null,"trade_mode":"0110"},"lines":[{"cas":"101666-68-6","ciq_code":null,"enterprise":"91110302XFXTR0033P","hs_code":"2941500000","line":1,"listing":null,"quantity":"0.0008","unit":"035"}]}"#
        );
        let other = Line { line: 2, ..line };
        assert_ne!(digest(&declaration, &[line]), digest(&declaration, &[other]));
    }
}
