//! What customs asks: the query of `GET /v1/lookup` and the body of `POST /v1/lookups` and of a dry run.
//!
//! A faultless question takes a fast path that allocates next to nothing; any other is read again member by member,
//! so that every fault is named at once. It judges nothing. Invariant: the fast path succeeds exactly where the slow
//! one finds no fault, with the same result.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::domain::code::{Cas, CiqCode, CustomsOffice, DeclarationNumber, HsCode, TradeMode, UnitCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{Declaration, Line};
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::http::fields::{Fields, JSON_DEPTH, Members, Query, parse_json, whole};
use crate::http::problem::Fault;

/// Most lines of one declaration.
pub const MOST_LINES: usize = 200;

/// Largest line number.
const LAST_LINE: u16 = 9999;

/// Largest revision on the wire, so that every JSON reader keeps it exactly.
const LAST_REVISION: i64 = 9_007_199_254_740_991;

/// A question about one line, from a query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneLine {
    /// The head of the declaration, without a number.
    pub declaration: Declaration,
    /// The line; its number is 1.
    pub line: Line,
    /// The revision to answer from, if not the newest.
    pub as_of: Option<Revision>,
    /// Whether the answer is to carry a receipt.
    pub receipt: bool,
}

/// A question about a declaration, from a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeDeclaration {
    /// The head of the declaration.
    pub declaration: Declaration,
    /// Its lines in the order asked.
    pub lines: Vec<Line>,
}

/// Reads the query of `GET /v1/lookup`.
///
/// # Errors
/// Every fault of the query, `/name` as the pointer.
pub fn read_query(query: &str, today: LegalDay) -> Result<OneLine, Vec<Fault>> {
    fast_query(query, today).map_or_else(|| slow_query(query, today), Ok)
}

/// Reads the body of `POST /v1/lookups` and `POST /v1/lookups/dry-run`.
///
/// # Errors
/// Every fault of the body.
pub fn read_body(body: &[u8], today: LegalDay) -> Result<WholeDeclaration, Vec<Fault>> {
    fast_body(body, today).map_or_else(|| slow_body(body, today), Ok)
}

/// Reads a query that may name only `as_of_revision` and `receipt`.
///
/// # Errors
/// Every fault of the query.
pub fn read_options(query: &str) -> Result<(Option<Revision>, bool), Vec<Fault>> {
    let mut faults = Vec::new();
    let options = Query::read(query, &mut faults, |query| {
        Some((query.optional("as_of_revision", revision), query.optional("receipt", yes_or_no).unwrap_or(false)))
    });
    options.filter(|_| faults.is_empty()).ok_or(faults)
}

fn yes_or_no(text: &str) -> Result<bool, FaultCode> {
    text.parse().map_err(|_| FaultCode::ValueUnknown)
}

fn revision(text: &str) -> Result<Revision, FaultCode> {
    whole(1..=LAST_REVISION, FaultCode::NumberOutOfRange)(text).map(Revision)
}

/// Pairs a quantity with its unit; none for one without the other.
fn pair(quantity: Option<Quantity>, unit: Option<UnitCode>) -> Option<Option<Measure>> {
    match (quantity, unit) {
        (Some(quantity), Some(unit)) => Some(Some(Measure { quantity, unit })),
        (None, None) => Some(None),
        (Some(_), None) | (None, Some(_)) => None,
    }
}

// --- the fast path ----------------------------------------------------------

/// Takes a parameter that has not been seen before.
fn once<T>(place: &mut Option<T>, value: Result<T, FaultCode>) -> Option<()> {
    let fresh = place.is_none();
    *place = value.ok();
    (fresh && place.is_some()).then_some(())
}

fn fast_query(query: &str, today: LegalDay) -> Option<OneLine> {
    let (mut enterprise, mut hs_code, mut customs_office) = (None, None, None);
    let (mut declared_on, mut trade_mode, mut as_of, mut receipt) = (None, None, None, None);
    let (mut listing, mut cas, mut ciq_code, mut quantity, mut unit) = (None, None, None, None, None);
    for parameter in query.split('&') {
        // No value of these codes needs an escape; one that has any is left to the slow path.
        let (name, value) = parameter.split_once('=')?;
        match name {
            "enterprise" => once(&mut enterprise, Uscc::parse(value)),
            "hs_code" => once(&mut hs_code, HsCode::parse(value)),
            "customs_office" => once(&mut customs_office, CustomsOffice::parse(value)),
            "declared_on" => once(&mut declared_on, LegalDay::parse(value)),
            "listing" => once(&mut listing, ListingNumber::parse(value)),
            "cas" => once(&mut cas, Cas::parse(value)),
            "ciq_code" => once(&mut ciq_code, CiqCode::parse(value)),
            "quantity" => once(&mut quantity, Quantity::parse_positive(value)),
            "unit" => once(&mut unit, UnitCode::parse(value)),
            "trade_mode" => once(&mut trade_mode, TradeMode::parse(value)),
            "as_of_revision" => once(&mut as_of, revision(value)),
            "receipt" => once(&mut receipt, yes_or_no(value)),
            _ => None,
        }?;
    }
    let declaration = Declaration {
        number: None,
        customs_office: customs_office?,
        declared_on: declared_on.unwrap_or(today),
        trade_mode,
    };
    let measure = pair(quantity, unit)?;
    let line = Line { line: 1, enterprise: enterprise?, hs_code: hs_code?, ciq_code, listing, cas, measure };
    Some(OneLine { declaration, line, as_of, receipt: receipt.unwrap_or(false) })
}

/// A JSON object; serde alone would also read its members from an array.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapOnly<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for MapOnly<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }

        deserializer.deserialize_map(MapOnly(PhantomData)).map(Self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupBody {
    declaration: Object<DeclarationBody>,
    lines: Vec<Object<LineBody>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclarationBody {
    number: Option<DeclarationNumber>,
    customs_office: CustomsOffice,
    declared_on: Option<LegalDay>,
    trade_mode: Option<TradeMode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    line: u16,
    enterprise: Uscc,
    hs_code: HsCode,
    ciq_code: Option<CiqCode>,
    listing: Option<ListingNumber>,
    cas: Option<Cas>,
    quantity: Option<Quantity>,
    unit: Option<UnitCode>,
}

impl LineBody {
    fn check(self) -> Option<Line> {
        let Self { line, enterprise, hs_code, ciq_code, listing, cas, quantity, unit } = self;
        let measure = pair(quantity, unit)?;
        let sound = (1..=LAST_LINE).contains(&line) && measure.is_none_or(|measure| measure.quantity > Quantity::ZERO);
        sound.then_some(Line { line, enterprise, hs_code, ciq_code, listing, cas, measure })
    }
}

fn fast_body(body: &[u8], today: LegalDay) -> Option<WholeDeclaration> {
    let Object(LookupBody { declaration: Object(head), lines }) = serde_json::from_slice(body).ok()?;
    if lines.is_empty()
        || lines.len() > MOST_LINES
        || head.number.is_some_and(|number| number.office() != head.customs_office)
    {
        return None;
    }
    let lines: Vec<Line> = lines.into_iter().map(|Object(line)| line.check()).collect::<Option<_>>()?;
    // Lines come in order as a rule; only then is uniqueness seen without a copy.
    if !lines.is_sorted_by(|one, next| one.line < next.line) {
        let mut numbers: Vec<u16> = lines.iter().map(|line| line.line).collect();
        numbers.sort_unstable();
        if !numbers.is_sorted_by(|one, next| one < next) {
            return None;
        }
    }
    let DeclarationBody { number, customs_office, declared_on, trade_mode } = head;
    let declaration = Declaration { number, customs_office, declared_on: declared_on.unwrap_or(today), trade_mode };
    Some(WholeDeclaration { declaration, lines })
}

// --- the slow path ----------------------------------------------------------

fn slow_query(query: &str, today: LegalDay) -> Result<OneLine, Vec<Fault>> {
    let mut faults = Vec::new();
    let question = Query::read(query, &mut faults, |query| {
        let line = line(query, Some(1));
        let declaration = head(query, None, today);
        let as_of = query.optional("as_of_revision", revision);
        let receipt = query.optional("receipt", yes_or_no).unwrap_or(false);
        Some(OneLine { declaration: declaration?, line: line?, as_of, receipt })
    });
    question.filter(|_| faults.is_empty()).ok_or(faults)
}

fn slow_body(body: &[u8], today: LegalDay) -> Result<WholeDeclaration, Vec<Fault>> {
    let body = parse_json(body, JSON_DEPTH)?;
    let mut faults = Vec::new();
    let question = Fields::read(&body, "", &mut faults, |body| {
        let declaration = body.object("declaration", |declaration| {
            let number = declaration.optional("number", DeclarationNumber::parse);
            let head = head(declaration, number, today);
            let other_office = number.zip(head).is_some_and(|(number, head)| number.office() != head.customs_office);
            if other_office {
                declaration.fault("number", FaultCode::DeclarationNumberOtherOffice);
            }
            head
        });
        let mut taken = Vec::new();
        let lines = body.list("lines", MOST_LINES, |item, pointer, faults| {
            Fields::read(item, pointer, faults, |fields| {
                let number = fields.number("line", 1..=u64::from(LAST_LINE), FaultCode::LineOutOfRange);
                let number = number.and_then(|number| u16::try_from(number).ok());
                if number.is_some_and(|number| taken.contains(&number)) {
                    fields.fault("line", FaultCode::DuplicateLine);
                }
                taken.extend(number);
                line(fields, number)
            })
        });
        Some(WholeDeclaration { declaration: declaration?, lines: lines? })
    });
    question.filter(|_| faults.is_empty()).ok_or(faults)
}

fn head(members: &mut impl Members, number: Option<DeclarationNumber>, today: LegalDay) -> Option<Declaration> {
    let customs_office = members.required("customs_office", CustomsOffice::parse);
    let declared_on = members.optional("declared_on", LegalDay::parse).unwrap_or(today);
    let trade_mode = members.optional("trade_mode", TradeMode::parse);
    Some(Declaration { number, customs_office: customs_office?, declared_on, trade_mode })
}

fn line(members: &mut impl Members, line: Option<u16>) -> Option<Line> {
    let enterprise = members.required("enterprise", Uscc::parse);
    let hs_code = members.required("hs_code", HsCode::parse);
    let ciq_code = members.optional("ciq_code", CiqCode::parse);
    let listing = members.optional("listing", ListingNumber::parse);
    let cas = members.optional("cas", Cas::parse);
    let quantity = members.optional("quantity", Quantity::parse_positive);
    let unit = members.optional("unit", UnitCode::parse);
    match (members.given("quantity"), members.given("unit")) {
        (true, false) => members.fault("unit", FaultCode::UnitMissing),
        (false, true) => members.fault("quantity", FaultCode::QuantityMissing),
        (true, true) | (false, false) => {}
    }
    let measure = pair(quantity, unit)?;
    Some(Line { line: line?, enterprise: enterprise?, hs_code: hs_code?, ciq_code, listing, cas, measure })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    use super::*;

    const GOOD_QUERY: &str = "enterprise=91110302XFXTR0033P&hs_code=2941500000&customs_office=0101&declared_on=2026-08-12&listing=BJ-2026-000123-3\
        &cas=101666-68-6&ciq_code=999&quantity=0.0008&unit=035&trade_mode=0110&as_of_revision=1200";

    fn today() -> LegalDay {
        LegalDay::parse("2026-10-18").unwrap()
    }

    fn good_body() -> Value {
        json!({
            "declaration": { "number": "010120261012345678", "customs_office": "0101", "declared_on": "2026-08-12", "trade_mode": "0110" },
            "lines": [
                {"line": 1, "enterprise": "91110302XFXTR0033P", "hs_code": "2941500000", "ciq_code": null, "listing": "BJ-2026-000123-3",
                 "cas": "101666-68-6", "quantity": "0.0008", "unit": "035"},
                {"line": 7, "enterprise": "91110302XFXTR00172", "hs_code": "3004909099", "ciq_code": "999"},
            ],
        })
    }

    /// Both paths, which must agree; the faults as pointer and code.
    fn body(text: &str) -> Result<WholeDeclaration, Vec<(String, &'static str)>> {
        let slow = slow_body(text.as_bytes(), today());
        assert_eq!(fast_body(text.as_bytes(), today()), slow.clone().ok(), "{text}");
        assert_eq!(read_body(text.as_bytes(), today()), slow);
        slow.map_err(named)
    }

    fn query(text: &str) -> Result<OneLine, Vec<(String, &'static str)>> {
        let slow = slow_query(text, today());
        let fast = fast_query(text, today());
        // An escape or an empty pair is read by the slow path alone.
        if fast.is_some() || !text.contains(['%', '+']) && !text.split('&').any(str::is_empty) {
            assert_eq!(fast, slow.clone().ok(), "{text}");
        }
        assert_eq!(read_query(text, today()), slow);
        slow.map_err(named)
    }

    fn named(faults: Vec<Fault>) -> Vec<(String, &'static str)> {
        assert!(!faults.is_empty());
        faults.into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect()
    }

    #[test]
    fn a_full_query_is_read() {
        let read = query(GOOD_QUERY).unwrap();
        assert_eq!(read.as_of, Some(Revision(1200)));
        assert_eq!(read.declaration.declared_on.to_string(), "2026-08-12");
        assert_eq!(read.line.measure.unwrap().quantity.to_string(), "0.0008");
        assert_eq!((read.line.line, read.declaration.number), (1, None));
        let least = query("hs_code=2941500000&customs_office=0101&enterprise=91110302XFXTR0033P").unwrap();
        assert_eq!((least.declaration.declared_on, least.as_of, least.line.measure), (today(), None, None));
        let escaped = query("&hs_code=2941500000&customs_office=%30101&enterprise=91110302XFXTR0033P&").unwrap();
        assert_eq!(escaped, least);
    }

    #[test]
    fn a_full_body_is_read() {
        let read = body(&good_body().to_string()).unwrap();
        assert_eq!(read.lines.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 7]);
        assert_eq!(read.declaration.number.unwrap().to_string(), "010120261012345678");
        assert_eq!(read.lines[0].listing.unwrap().to_string(), "BJ-2026-000123-3");
        let mut bare = good_body();
        bare["declaration"] = json!({ "customs_office": "0101", "number": null, "declared_on": null });
        bare["lines"].as_array_mut().unwrap().reverse();
        let read = body(&bare.to_string()).unwrap();
        assert_eq!((read.declaration.declared_on, read.lines[0].line), (today(), 7));
        let escaped = good_body().to_string().replace("\"0101\"", r#""\u0030101""#);
        assert_eq!(body(&escaped), body(&good_body().to_string()));
    }

    #[test]
    fn every_faulty_parameter_is_named() {
        for (name, value, code) in [
            ("enterprise", "", "uscc_length"),
            ("enterprise", "91110302XFXTR0033Q", "uscc_check_digit"),
            ("enterprise", "91110302xfxtr0033p", "uscc_alphabet"),
            ("hs_code", "294150000", "hs_code_format"),
            ("hs_code", "9841500000", "hs_code_chapter"),
            ("hs_code", "2941.50.0000", "hs_code_format"),
            ("customs_office", "101", "customs_office_format"),
            ("customs_office", "01O1", "customs_office_format"),
            ("declared_on", "2026-02-30", "date_format"),
            ("declared_on", "2026-8-12", "date_format"),
            ("declared_on", "1899-12-31", "date_out_of_range"),
            ("listing", "BJ-2026-000123-4", "listing_number_check"),
            ("listing", "BJ-26-123-3", "listing_number_format"),
            ("listing", "", "listing_number_format"),
            ("cas", "101666-68-7", "cas_check_digit"),
            ("cas", "101666686", "cas_format"),
            ("ciq_code", "99", "ciq_code_format"),
            ("quantity", "0", "quantity_not_positive"),
            ("quantity", "0.00000", "quantity_not_positive"),
            ("quantity", "-1", "quantity_format"),
            ("quantity", "1e3", "quantity_format"),
            ("quantity", "1,5", "quantity_format"),
            ("quantity", "0.000001", "quantity_too_many_decimals"),
            ("quantity", "123456789012345", "quantity_too_many_digits"),
            ("unit", "kg", "unit_format"),
            ("unit", "999", "unit_unknown"),
            ("trade_mode", "110", "trade_mode_format"),
            ("as_of_revision", "0", "number_out_of_range"),
            ("as_of_revision", "-5", "number_out_of_range"),
            ("as_of_revision", "9007199254740992", "number_out_of_range"),
            ("as_of_revision", "012", "number_out_of_range"),
            ("as_of_revision", "x", "number_out_of_range"),
        ] {
            let parameters = GOOD_QUERY.split('&').map(|parameter| match parameter.split_once('=') {
                Some((known, _)) if known == name => format!("{name}={value}"),
                _ => parameter.to_owned(),
            });
            let text = parameters.collect::<Vec<_>>().join("&");
            assert_eq!(query(&text).unwrap_err(), [(format!("/{name}"), code)], "{text}");
        }
        let all = |faults: &[(&str, &'static str)]| {
            faults.iter().map(|(place, code)| ((*place).to_owned(), *code)).collect::<Vec<_>>()
        };
        let required = [("/enterprise", "required"), ("/hs_code", "required"), ("/customs_office", "required")];
        assert_eq!(query("").unwrap_err(), all(&required));
        for (more, expected) in [
            ("&line=1", &[("/line", "unknown_member")][..]),
            ("&number=010120261012345678", &[("/number", "unknown_member")]),
            ("&CAS=1", &[("/CAS", "unknown_member")]),
            ("&cas=101666-68-6", &[("/cas", "malformed_json")]),
            ("&x=%", &[("/x", "malformed_json")]),
            ("&a=1&b=2", &[("/a", "unknown_member"), ("/b", "unknown_member")]),
            ("&x", &[("/x", "unknown_member")]),
        ] {
            assert_eq!(query(&format!("{GOOD_QUERY}{more}")).unwrap_err(), all(expected), "{more}");
        }
        assert_eq!(query(&GOOD_QUERY.replace("&unit=035", "")).unwrap_err(), all(&[("/unit", "unit_missing")]));
        assert_eq!(
            query(&GOOD_QUERY.replace("&quantity=0.0008", "")).unwrap_err(),
            all(&[("/quantity", "quantity_missing")])
        );
        assert_eq!(
            query("quantity=x").unwrap_err(),
            all(&[required[0], required[1], ("/quantity", "quantity_format"), ("/unit", "unit_missing"), required[2]])
        );
    }

    #[test]
    fn only_the_revision_may_be_named_beside_a_body() {
        assert_eq!(read_options(""), Ok((None, false)));
        assert_eq!(read_options("as_of_revision=7&receipt=true"), Ok((Some(Revision(7)), true)));
        assert_eq!(named(read_options("receipt=yes").unwrap_err()), [("/receipt".to_owned(), "value_unknown")]);
        assert_eq!(
            named(read_options("as_of_revision=0").unwrap_err()),
            [("/as_of_revision".to_owned(), "number_out_of_range")]
        );
        assert_eq!(named(read_options("cas=1").unwrap_err()), [("/cas".to_owned(), "unknown_member")]);
    }

    /// Pointer to change, what to put there (or none to remove it), and the fault, at the pointer unless named.
    fn bad_members() -> Vec<(&'static str, Option<Value>, &'static str, &'static str)> {
        let mut table = Vec::new();
        for (pointer, value, code) in [
            ("/declaration", json!(null), "required"),
            ("/declaration", json!([]), "wrong_type"),
            ("/declaration", json!("0101"), "wrong_type"),
            ("/declaration/number", json!("01012026101234567"), "declaration_number_format"),
            ("/declaration/number", json!(10), "wrong_type"),
            ("/declaration/number", json!("010120260012345678"), "declaration_number_not_import"),
            ("/declaration/number", json!("510120261012345678"), "declaration_number_other_office"),
            ("/declaration/number", json!(""), "declaration_number_format"),
            ("/declaration/customs_office", json!(null), "required"),
            ("/declaration/customs_office", json!(101), "wrong_type"),
            ("/declaration/customs_office", json!(" 0101"), "customs_office_format"),
            ("/declaration/customs_office", json!({}), "wrong_type"),
            ("/declaration/declared_on", json!("2026-13-01"), "date_format"),
            ("/declaration/declared_on", json!("2200-01-01"), "date_out_of_range"),
            ("/declaration/declared_on", json!(20_260_812), "wrong_type"),
            ("/declaration/declared_on", json!("2026-08-12T00:00:00Z"), "date_format"),
            ("/declaration/trade_mode", json!("0110\u{0}"), "trade_mode_format"),
            ("/declaration/trade_mode", json!([]), "wrong_type"),
            ("/lines", json!(null), "required"),
            ("/lines", json!([]), "no_lines"),
            ("/lines", json!({}), "wrong_type"),
            ("/lines", json!(1), "wrong_type"),
            ("/lines/0", json!(null), "wrong_type"),
            ("/lines/1", json!([1, "91110302XFXTR0033P", "2941500000", null, null, null, null, null]), "wrong_type"),
            ("/lines/0/line", json!(0), "line_out_of_range"),
            ("/lines/0/line", json!(10_000), "line_out_of_range"),
            ("/lines/0/line", json!(-1), "line_out_of_range"),
            ("/lines/0/line", json!(1.5), "line_out_of_range"),
            ("/lines/0/line", json!("1"), "wrong_type"),
            ("/lines/0/line", json!(null), "required"),
            ("/lines/0/line", json!(1.0), "line_out_of_range"),
            ("/lines/0/line", json!(18_446_744_073_709_551_615_u64), "line_out_of_range"),
            ("/lines/1/line", json!(1), "duplicate_line"),
            ("/lines/0/line", json!(true), "wrong_type"),
            ("/lines/0/enterprise", json!("91110302XFXTR0033"), "uscc_length"),
            ("/lines/0/enterprise", json!(null), "required"),
            ("/lines/1/enterprise", json!("91110302XFXTR0033O"), "uscc_alphabet"),
            ("/lines/1/enterprise", json!("91110302XFXTR0033Q"), "uscc_check_digit"),
            ("/lines/0/enterprise", json!(91), "wrong_type"),
            ("/lines/0/hs_code", json!(2_941_500_000_u64), "wrong_type"),
            ("/lines/0/hs_code", json!("0041500000"), "hs_code_chapter"),
            ("/lines/1/hs_code", json!("２９４１５０００００"), "hs_code_format"),
            ("/lines/0/ciq_code", json!("9999"), "ciq_code_format"),
            ("/lines/1/ciq_code", json!(999), "wrong_type"),
            ("/lines/0/listing", json!("bj-2026-000123-3"), "listing_number_format"),
            ("/lines/1/listing", json!("BJ-2026-000132-3"), "listing_number_check"),
            ("/lines/0/listing", json!(["BJ-2026-000123-3"]), "wrong_type"),
            ("/lines/0/cas", json!("0101666-68-6"), "cas_format"),
            ("/lines/0/cas", json!("101666-86-6"), "cas_check_digit"),
            ("/lines/0/cas", json!(false), "wrong_type"),
            ("/lines/0/quantity", json!("0"), "quantity_not_positive"),
            ("/lines/0/quantity", json!("+1"), "quantity_format"),
            ("/lines/0/quantity", json!("01"), "quantity_format"),
            ("/lines/0/quantity", json!("1."), "quantity_format"),
            ("/lines/0/quantity", json!(0.0008), "wrong_type"),
            ("/lines/0/quantity", json!("1.000000"), "quantity_too_many_decimals"),
            ("/lines/0/quantity", json!("100000000000000"), "quantity_too_many_digits"),
            ("/lines/0/quantity", json!(null), "quantity_missing"),
            ("/lines/0/unit", json!("35"), "unit_format"),
            ("/lines/0/unit", json!("037"), "unit_unknown"),
            ("/lines/0/unit", json!(35), "wrong_type"),
            ("/lines/0/unit", json!(null), "unit_missing"),
            ("/lines/1/unit", json!("035"), "@quantity_missing"),
            ("/lines/1/quantity", json!("1"), "@unit_missing"),
            ("/extra", json!(1), "unknown_member"),
            ("/declaration/year", json!(2026), "unknown_member"),
            ("/lines/0/Line", json!(1), "unknown_member"),
            ("/lines/1/note", json!(null), "unknown_member"),
            ("/lines/1/", json!(null), "unknown_member"),
        ] {
            // `@`: the fault is at the other half of the pair.
            let (at, code) = match code {
                "@quantity_missing" => ("/lines/1/quantity", "quantity_missing"),
                "@unit_missing" => ("/lines/1/unit", "unit_missing"),
                code => (pointer, code),
            };
            table.push((pointer, Some(value), at, code));
        }
        for (pointer, code) in [
            ("/declaration", "required"),
            ("/lines", "required"),
            ("/declaration/customs_office", "required"),
            ("/lines/0/line", "required"),
            ("/lines/1/enterprise", "required"),
            ("/lines/1/hs_code", "required"),
            ("/lines/0/quantity", "quantity_missing"),
            ("/lines/0/unit", "unit_missing"),
        ] {
            table.push((pointer, None, pointer, code));
        }
        table
    }

    fn put(body: &mut Value, pointer: &str, value: Option<Value>) {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match (body.pointer_mut(parent).unwrap(), value) {
            (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
            (Value::Object(members), Some(value)) => _ = members.insert(name.to_owned(), value),
            (Value::Object(members), None) => _ = members.remove(name),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn every_faulty_member_is_named_at_its_place() {
        let table = bad_members();
        assert!(table.len() >= 60);
        for (pointer, value, at, code) in table {
            let mut bad = good_body();
            put(&mut bad, pointer, value);
            assert_eq!(body(&bad.to_string()).unwrap_err(), [(at.to_owned(), code)], "{bad}");
        }
    }

    #[test]
    fn what_is_not_one_sound_document_is_refused() {
        let good = good_body().to_string();
        for (text, at, code) in [
            (String::new(), "", "malformed_json"),
            (good[1..].to_owned(), "", "malformed_json"),
            (format!("{good} 1"), "", "malformed_json"),
            (format!("\u{feff}{good}"), "", "malformed_json"),
            ("[]".to_owned(), "", "wrong_type"),
            ("null".to_owned(), "", "wrong_type"),
            (format!("[{good}]"), "", "wrong_type"),
            (good.replacen("\"line\":1", "\"line\":1,\"line\":1", 1), "/lines/0/line", "malformed_json"),
            (good.replacen("{\"declaration\"", "{\"lines\":[],\"declaration\"", 1), "/lines", "malformed_json"),
            (good.replacen("0110", "\\ud800", 1), "", "malformed_json"),
            (good.replacen("0110", "01\n10", 1), "", "malformed_json"),
            (good.replacen("\"0110\"", "NaN", 1), "", "malformed_json"),
            (good.replacen("\"line\":1", "\"line\":01", 1), "", "malformed_json"),
        ] {
            assert_eq!(body(&text).unwrap_err(), [(at.to_owned(), code)], "{text}");
        }
        let deep = good.replacen("\"0110\"", &format!("{}{}", "[".repeat(40), "]".repeat(40)), 1);
        assert_eq!(body(&deep).unwrap_err()[0].1, "too_deep");
        assert!(slow_body(b"\xff\xfe{}", today()).is_err() && fast_body(b"\xff\xfe{}", today()).is_none());
    }

    #[test]
    fn two_hundred_lines_are_the_most() {
        let with = |count: u16| {
            let mut body = good_body();
            let line = body["lines"][1].clone();
            let numbered = (1..=count).rev().map(|number| {
                let mut line = line.clone();
                line["line"] = number.into();
                line
            });
            body["lines"] = numbered.collect();
            body.to_string()
        };
        assert_eq!(body(&with(200)).unwrap().lines.len(), 200);
        assert_eq!(body(&with(201)).unwrap_err(), [("/lines".to_owned(), "too_many_lines")]);
    }

    proptest! {
        #[test]
        fn faults_of_several_members_are_all_named(chosen in proptest::collection::vec(select(bad_members()), 1..4)) {
            let mut bad = good_body();
            let (mut changed, mut places): (Vec<&str>, _) = (Vec::new(), std::collections::BTreeSet::new());
            for (pointer, value, at, code) in chosen {
                // Members of which one holds, replaces or completes another do not make independent faults.
                let group = |place: &str| place.replace("/unit", "/quantity").replace("/1/line", "/0/line").replace("/customs_office", "/number");
                let nested = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
                if !changed.iter().any(|known| nested(known, pointer) || nested(&group(known), &group(pointer))) {
                    put(&mut bad, pointer, value);
                    changed.push(pointer);
                    places.insert((at, code));
                }
            }
            let named: std::collections::BTreeSet<(String, &str)> = body(&bad.to_string()).unwrap_err().into_iter().collect();
            prop_assert_eq!(named, places.into_iter().map(|(place, code)| (place.to_owned(), code)).collect());
        }

        #[test]
        fn both_paths_agree_on_any_scratched_body(place in 0_usize..600, byte in any::<u8>(), cut in any::<bool>()) {
            let mut bytes = good_body().to_string().into_bytes();
            let place = place % bytes.len();
            if cut { bytes.remove(place); } else { bytes[place] = byte; }
            let slow = slow_body(&bytes, today());
            prop_assert_eq!(fast_body(&bytes, today()), slow.clone().ok());
            prop_assert!(slow.map_or_else(|faults| !faults.is_empty(), |_| true));
        }

        #[test]
        fn both_paths_agree_on_any_scratched_query(place in 0_usize..300, letter in "[ -~]", cut in any::<bool>()) {
            let mut text = GOOD_QUERY.to_owned();
            let place = place % text.len();
            text.replace_range(place..=place, if cut { "" } else { &letter });
            let _ = query(&text);
        }
    }
}
