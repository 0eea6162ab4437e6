//! The terms of one item: what an application asks for, and what a decision grants.
//!
//! It does not know the list. Invariant: reading what [`ItemTerms::view`] shows gives the same terms.

use crate::domain::adjustment::Add;
use crate::domain::code::{CustomsOffice, UnitCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::fields::{Fields, Members as _};
use crate::domain::quantity::Quantity;
use crate::domain::terms_json::{Item, MOST_OFFICES, countable, item, no_doubles, period, text_item};
use crate::domain::validity::{LegalDay, Validity};
use serde_json::{Map, Value, json};

/// Longest time that may be asked for, in months.
const MOST_MONTHS: u64 = 120;

/// For how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// So many months from the day of effect.
    Months(u16),
    /// From a day to a day.
    Period(Validity),
}

/// The terms of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemTerms {
    /// What.
    pub item: Item,
    /// How much, in `unit`.
    pub quantity: Quantity,
    /// Unit.
    pub unit: UnitCode,
    /// For how long; none means the usual time of the scheme.
    pub term: Option<Term>,
    /// Offices of its own.
    pub customs_offices: Option<Vec<CustomsOffice>>,
    /// Largest quantity of one declaration, in `unit`.
    pub consignment_cap: Option<Quantity>,
}

impl ItemTerms {
    /// Reads the members of the terms inside an object, which may have others of its own.
    pub fn read(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let item = fields.object("item", item);
        let quantity = fields.required("quantity", Quantity::parse_positive);
        let unit = fields.required("unit", UnitCode::parse);
        let term = term(fields);
        let customs_offices = fields.optional_list("customs_offices", MOST_OFFICES, text_item(CustomsOffice::parse));
        let consignment_cap = fields.optional("consignment_cap", Quantity::parse_positive);
        for (name, quantity) in [("quantity", quantity), ("consignment_cap", consignment_cap)] {
            countable(fields, name, quantity, unit);
        }
        no_doubles(fields, customs_offices.as_deref());
        Some(Self { item: item?, quantity: quantity?, unit: unit?, term, customs_offices, consignment_cap })
    }

    /// Shows the terms; what is not stated is null.
    #[must_use]
    pub fn view(&self) -> Map<String, Value> {
        let (months, valid_from, valid_to) = match self.term {
            None => (None, None, None),
            Some(Term::Months(months)) => (Some(months), None, None),
            Some(Term::Period(period)) => (None, Some(period.from()), Some(period.to())),
        };
        let members = [
            ("item", self.item.view()),
            ("quantity", json!(self.quantity)),
            ("unit", json!(self.unit)),
            ("months", json!(months)),
            ("valid_from", json!(valid_from)),
            ("valid_to", json!(valid_to)),
            ("customs_offices", json!(self.customs_offices)),
            ("consignment_cap", json!(self.consignment_cap)),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Returns the period of a listing that starts on a day where none is stated; `usual` is in months.
    #[must_use]
    pub fn period(&self, first: LegalDay, usual: u16) -> Validity {
        let months = match self.term {
            Some(Term::Period(period)) => return period,
            Some(Term::Months(months)) => months,
            None => usual,
        };
        let last = first.add_months(i32::from(months)).add_days(-1).max(first);
        Validity::new(first, last).unwrap_or_else(|_| Validity::day(first))
    }

    /// Makes the change that puts the item on the list.
    #[must_use]
    pub fn to_add(&self, enterprise: Uscc, first: LegalDay, usual: u16) -> Add {
        let Self { item, quantity, unit, customs_offices, consignment_cap, .. } = self.clone();
        Add {
            enterprise,
            item: item.words,
            cas: item.cas,
            hs_code: item.hs_code,
            ciq_code: item.ciq_code,
            purpose: item.purpose,
            quantity,
            unit,
            period: self.period(first, usual),
            customs_offices,
            consignment_cap,
            used: None,
            batch: None,
            note: None,
            conditions: None,
        }
    }
}

/// Reads months, or two days, or neither.
fn term(fields: &mut Fields<'_, '_>) -> Option<Term> {
    let months = fields.optional_number("months", 1..=MOST_MONTHS, FaultCode::NumberOutOfRange);
    let (from, to) = (fields.given("valid_from"), fields.given("valid_to"));
    if !from && !to {
        // Null is as good as absent.
        fields.optional("valid_from", LegalDay::parse);
        fields.optional("valid_to", LegalDay::parse);
        return months.and_then(|months| u16::try_from(months).ok()).map(Term::Months);
    }
    if fields.given("months") {
        fields.fault("months", FaultCode::TermDoubled);
    }
    let from = fields.required("valid_from", LegalDay::parse);
    let to = fields.required("valid_to", LegalDay::parse);
    period(fields, from, to).map(Term::Period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<ItemTerms, Vec<(String, &'static str)>> {
        let mut faults = Vec::new();
        let terms = Fields::read(value, "", &mut faults, ItemTerms::read);
        terms
            .filter(|_| faults.is_empty())
            .ok_or_else(|| faults.into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect())
    }

    fn body() -> Value {
        json!({ "item": { "name_zh": "肝素钠", "hs_code": "3001901000", "cas": "9041-08-1", "purpose": "excipient" }, "quantity": "5", "unit": "036" })
    }

    #[test]
    fn what_is_shown_reads_the_same() {
        for term in [
            json!({}),
            json!({ "months": 6 }),
            json!({ "valid_from": "2026-09-01", "valid_to": "2027-08-31", "customs_offices": ["0101"], "consignment_cap": "0.5" }),
        ] {
            let mut value = body();
            value.as_object_mut().unwrap().extend(term.as_object().unwrap().clone());
            let terms = read(&value).unwrap();
            assert_eq!(read(&Value::Object(terms.view())), Ok(terms));
        }
    }

    #[test]
    fn months_and_days_exclude_each_other() {
        let mut value = body();
        value["months"] = json!(6);
        value["valid_from"] = json!("2026-09-01");
        let faults = read(&value).unwrap_err();
        assert_eq!(faults, [("/months".to_owned(), "term_doubled"), ("/valid_to".to_owned(), "required")]);
    }

    #[test]
    fn a_listing_runs_for_the_months_asked_or_usual() {
        let day = |text| LegalDay::parse(text).unwrap();
        let mut value = body();
        assert_eq!(read(&value).unwrap().period(day("2026-09-01"), 12).to(), day("2027-08-31"));
        value["months"] = json!(6);
        assert_eq!(read(&value).unwrap().period(day("2026-09-01"), 12).to(), day("2027-02-28"));
    }
}
