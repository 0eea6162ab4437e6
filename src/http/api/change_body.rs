//! What a bureau officer proposes and an approver rejects with: the bodies of `POST /v1/adjustments` and of a
//! rejection, read into changes of the domain, and changes shown in the same shapes.
//!
//! It does not know whether a change is possible: rules say so later, against the list. Invariant: reading what
//! [`change_view`] shows gives the same change.

use serde_json::{Map, Value, json};

use crate::domain::adjustment::{Add, Change, ChangeKind, ChangeReason, Clearable, ReasonCode, Vary};
use crate::domain::code::{Cas, CustomsOffice, CustomsRegistration, DistrictCode, UnitCode, Uscc};
use crate::domain::enterprise::Particulars;
use crate::domain::fault::FaultCode;
use crate::domain::id::StopId;
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::Quantity;
use crate::domain::stop::ItemClass;
use crate::domain::terms_json::{
    Item, MOST_OFFICES, NAME, NOTE, TEXT, countable, item, item_view, no_doubles, period, purpose, set_view, text_item,
    vary_set,
};
use crate::domain::validity::LegalDay;
use crate::http::fields::{Fields, Members, text};
use crate::http::problem::Fault;

/// Most changes of one adjustment.
pub const MOST_CHANGES: usize = 20_000;

// Longest texts in characters.
const BATCH: usize = 64;
const SCHEME: usize = 64;

/// A proposed adjustment as its body states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Code of the scheme; whether there is one, the list knows.
    pub scheme: String,
    /// The changes in the order given.
    pub changes: Vec<Change>,
    /// Note for colleagues.
    pub note: Option<String>,
}

/// Reads the body of `POST /v1/adjustments`.
///
/// # Errors
/// Every fault of the body.
pub fn read_proposal(body: &Value) -> Result<Proposal, Vec<Fault>> {
    let mut faults = Vec::new();
    let proposal = Fields::read(body, "", &mut faults, |body| {
        let scheme = body.required("scheme", scheme_code);
        let changes = body.list("changes", MOST_CHANGES, change);
        let note = body.optional("note", text(NOTE));
        Some(Proposal { scheme: scheme?, changes: changes?, note })
    });
    proposal.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reads the body of a rejection: its reason.
///
/// # Errors
/// Every fault of the body.
pub fn read_rejection(body: &Value) -> Result<ChangeReason, Vec<Fault>> {
    let mut faults = Vec::new();
    let rejection = Fields::read(body, "", &mut faults, |body| body.object("reason", reason));
    rejection.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reads the code of a scheme.
///
/// # Errors
/// `scheme_unknown` when none can be spelled so.
pub fn scheme_code(text: &str) -> Result<String, FaultCode> {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let well_formed = text.len() <= SCHEME && text.split('-').all(word);
    if well_formed { Ok(text.to_owned()) } else { Err(FaultCode::SchemeUnknown) }
}

/// Reads a reason.
pub fn reason(fields: &mut Fields<'_, '_>) -> Option<ChangeReason> {
    let code = fields.required("code", |code| ReasonCode::parse(code).ok_or(FaultCode::ReasonUnknown));
    let basis = fields.optional("basis", text(TEXT));
    Some(ChangeReason { code: code?, basis })
}

fn change(value: &Value, pointer: &str, faults: &mut Vec<Fault>) -> Option<Change> {
    Fields::read(value, pointer, faults, |fields| {
        let Some(read) = fields.required("kind", |word| reader(word).ok_or(FaultCode::ValueUnknown)) else {
            // Without a kind nobody can say which other members it has.
            fields.accept_all();
            return None;
        };
        let kind = read(fields);
        let reason = fields.object("reason", reason);
        Some(Change { kind: kind?, reason: reason? })
    })
}

/// Reads the members of one kind of change.
type Reader = for<'f> fn(&mut Fields<'_, 'f>) -> Option<ChangeKind>;

fn reader(kind: &str) -> Option<Reader> {
    Some(match kind {
        "register_enterprise" => register_enterprise,
        "add" => add,
        "vary" => vary,
        "extend" => extend,
        "suspend" => |fields| on_listing(fields, |listing, effective_on| ChangeKind::Suspend { listing, effective_on }),
        "reinstate" => {
            |fields| on_listing(fields, |listing, effective_on| ChangeKind::Reinstate { listing, effective_on })
        }
        "remove" => |fields| on_listing(fields, |listing, effective_on| ChangeKind::Remove { listing, effective_on }),
        "suspend_enterprise" => |fields| {
            on_enterprise(fields, |enterprise, effective_on| ChangeKind::SuspendEnterprise { enterprise, effective_on })
        },
        "reinstate_enterprise" => |fields| {
            on_enterprise(fields, |enterprise, effective_on| ChangeKind::ReinstateEnterprise {
                enterprise,
                effective_on,
            })
        },
        "bar_enterprise" => bar_enterprise,
        "lift_bar" => {
            |fields| on_enterprise(fields, |enterprise, effective_on| ChangeKind::LiftBar { enterprise, effective_on })
        }
        "stop_item_class" => stop_item_class,
        "lift_stop" => lift_stop,
        _ => return None,
    })
}

fn on_listing(fields: &mut Fields<'_, '_>, make: fn(ListingNumber, LegalDay) -> ChangeKind) -> Option<ChangeKind> {
    let listing = fields.required("listing", ListingNumber::parse);
    let effective_on = fields.required("effective_on", LegalDay::parse);
    Some(make(listing?, effective_on?))
}

fn on_enterprise(fields: &mut Fields<'_, '_>, make: fn(Uscc, LegalDay) -> ChangeKind) -> Option<ChangeKind> {
    let enterprise = fields.required("enterprise", Uscc::parse);
    let effective_on = fields.required("effective_on", LegalDay::parse);
    Some(make(enterprise?, effective_on?))
}

fn register_enterprise(fields: &mut Fields<'_, '_>) -> Option<ChangeKind> {
    let uscc = fields.required("uscc", Uscc::parse);
    let name_zh = fields.required("name_zh", text(NAME));
    let name_en = fields.optional("name_en", text(NAME));
    let district = fields.required("district", DistrictCode::parse);
    let customs_registration = fields.optional("customs_registration", CustomsRegistration::parse);
    let effective_on = fields.optional("effective_on", LegalDay::parse);
    let particulars = Particulars { name_zh: name_zh?, name_en, district: district?, customs_registration };
    Some(ChangeKind::RegisterEnterprise { uscc: uscc?, particulars, effective_on })
}

fn add(fields: &mut Fields<'_, '_>) -> Option<ChangeKind> {
    let enterprise = fields.required("enterprise", Uscc::parse);
    let item = fields.object("item", item);
    let quantity = fields.required("quantity", Quantity::parse_positive);
    let unit = fields.required("unit", UnitCode::parse);
    let valid_from = fields.required("valid_from", LegalDay::parse);
    let valid_to = fields.required("valid_to", LegalDay::parse);
    let customs_offices = fields.optional_list("customs_offices", MOST_OFFICES, text_item(CustomsOffice::parse));
    let consignment_cap = fields.optional("consignment_cap", Quantity::parse_positive);
    let used = fields.optional("used", Quantity::parse);
    let batch = fields.optional("batch", text(BATCH));
    let note = fields.optional("note", text(NOTE));
    let conditions = fields.optional("conditions", text(TEXT));
    for (name, quantity) in [("quantity", quantity), ("consignment_cap", consignment_cap), ("used", used)] {
        countable(fields, name, quantity, unit);
    }
    no_doubles(fields, customs_offices.as_deref());
    let period = period(fields, valid_from, valid_to);
    let Item { words, cas, hs_code, ciq_code, purpose } = item?;
    Some(ChangeKind::Add(Box::new(Add {
        enterprise: enterprise?,
        item: words,
        cas,
        hs_code,
        ciq_code,
        purpose,
        quantity: quantity?,
        unit: unit?,
        period: period?,
        customs_offices,
        consignment_cap,
        used,
        batch,
        note,
        conditions,
    })))
}

fn vary(fields: &mut Fields<'_, '_>) -> Option<ChangeKind> {
    let listing = fields.required("listing", ListingNumber::parse);
    let effective_on = fields.required("effective_on", LegalDay::parse);
    let clear = fields.stated_list("clear", Clearable::ALL.len(), text_item(Clearable::parse));
    let given = fields.given("set");
    let set = if clear.is_some() && !given {
        // Nothing new, something taken away; `null` says as much.
        fields.optional("set", |_| Ok(()));
        Some((Vary::default(), false))
    } else {
        fields.object("set", |set| Some((vary_set(set)?, set.is_empty())))
    };
    if let Some((_, true)) = set {
        fields.fault("set", FaultCode::Required);
    }
    let clear = clear.unwrap_or_default();
    let mut sorted = clear.clone();
    sorted.sort_unstable();
    if !sorted.is_sorted_by(|one, next| one < next) {
        fields.fault("clear", FaultCode::DuplicateLine);
    }
    let (terms, _) = set?;
    if clear.iter().any(|member| sets(&terms, *member)) {
        fields.fault("clear", FaultCode::SetAndCleared);
    }
    Some(ChangeKind::Vary { listing: listing?, effective_on: effective_on?, set: Box::new(Vary { clear, ..terms }) })
}

/// Whether new terms give a member that could be cleared.
fn sets(terms: &Vary, member: Clearable) -> bool {
    match member {
        Clearable::Cas => terms.cas.is_some(),
        Clearable::CiqCode => terms.ciq_code.is_some(),
        Clearable::CustomsOffices => terms.customs_offices.is_some(),
        Clearable::ConsignmentCap => terms.consignment_cap.is_some(),
        Clearable::Purpose => terms.purpose.is_some(),
        Clearable::Note => terms.note.is_some(),
        Clearable::Conditions => terms.conditions.is_some(),
    }
}

fn extend(fields: &mut Fields<'_, '_>) -> Option<ChangeKind> {
    let listing = fields.required("listing", ListingNumber::parse);
    let valid_to = fields.required("valid_to", LegalDay::parse);
    let effective_on = fields.optional("effective_on", LegalDay::parse);
    Some(ChangeKind::Extend { listing: listing?, valid_to: valid_to?, effective_on })
}

fn bar_enterprise(fields: &mut Fields<'_, '_>) -> Option<ChangeKind> {
    let enterprise = fields.required("enterprise", Uscc::parse);
    let until = fields.required("until", LegalDay::parse);
    let effective_on = fields.required("effective_on", LegalDay::parse);
    if until.zip(effective_on).is_some_and(|(until, effective_on)| until < effective_on) {
        fields.fault("until", FaultCode::PeriodReversed);
    }
    Some(ChangeKind::BarEnterprise { enterprise: enterprise?, until: until?, effective_on: effective_on? })
}

fn stop_item_class(fields: &mut Fields<'_, '_>) -> Option<ChangeKind> {
    let class = fields.object("class", |class| {
        // Of an unknown kind the value is still asked for, though it cannot be judged.
        match class.required("kind", |kind| class_reader(kind, false).ok_or(FaultCode::ValueUnknown)) {
            Some(read) => class.required("value", read),
            None => class.required("value", |_| Ok(())).and(None),
        }
    });
    let effective_on = fields.required("effective_on", LegalDay::parse);
    Some(ChangeKind::StopItemClass { class: class?, effective_on: effective_on? })
}

/// Reads the value of one kind of class.
pub type ClassReader = fn(&str) -> Result<ItemClass, FaultCode>;

/// Finds the reader of a kind of class; an emergency stop may cover a single listing or enterprise as well.
pub fn class_reader(kind: &str, emergency: bool) -> Option<ClassReader> {
    Some(match kind {
        "listing" if emergency => |value| ListingNumber::parse(value).map(ItemClass::Listing),
        "enterprise" if emergency => |value| Uscc::parse(value).map(ItemClass::Enterprise),
        "cas" => |value| Cas::parse(value).map(ItemClass::Cas),
        "hs_prefix" => hs_prefix,
        "purpose" => |value| purpose(value).map(ItemClass::Purpose),
        _ => return None,
    })
}

fn hs_prefix(text: &str) -> Result<ItemClass, FaultCode> {
    let fits = (2..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(ItemClass::HsPrefix(text.to_owned())) } else { Err(FaultCode::HsCodeFormat) }
}

fn lift_stop(fields: &mut Fields<'_, '_>) -> Option<ChangeKind> {
    let stop = fields.required("stop", StopId::parse);
    let effective_on = fields.required("effective_on", LegalDay::parse);
    Some(ChangeKind::LiftStop { stop: stop?, effective_on: effective_on? })
}

/// Shows a change in the shape in which it is proposed; what is not stated is null, within `set` left out.
#[must_use]
pub fn change_view(change: &Change) -> Value {
    let mut view = Map::new();
    view.insert("kind".into(), change.kind.word().into());
    let members = match &change.kind {
        ChangeKind::RegisterEnterprise { uscc, particulars, effective_on } => json!({
            "uscc": uscc,
            "name_zh": particulars.name_zh,
            "name_en": particulars.name_en,
            "district": particulars.district,
            "customs_registration": particulars.customs_registration,
            "effective_on": effective_on,
        }),
        ChangeKind::Add(add) => json!({
            "enterprise": add.enterprise,
            "item": item_view(&add.item, add.cas, add.hs_code, add.ciq_code, add.purpose),
            "quantity": add.quantity,
            "unit": add.unit,
            "valid_from": add.period.from(),
            "valid_to": add.period.to(),
            "customs_offices": add.customs_offices,
            "consignment_cap": add.consignment_cap,
            "used": add.used,
            "batch": add.batch,
            "note": add.note,
            "conditions": add.conditions,
        }),
        ChangeKind::Vary { listing, effective_on, set } => {
            let mut view = json!({ "listing": listing, "effective_on": effective_on });
            if let Some(view) = view.as_object_mut() {
                let terms = set_view(set);
                if terms.as_object().is_some_and(|terms| !terms.is_empty()) {
                    view.insert("set".into(), terms);
                }
                if !set.clear.is_empty() {
                    view.insert("clear".into(), json!(set.clear));
                }
            }
            view
        }
        ChangeKind::Extend { listing, valid_to, effective_on } => {
            json!({ "listing": listing, "valid_to": valid_to, "effective_on": effective_on })
        }
        ChangeKind::Suspend { listing, effective_on }
        | ChangeKind::Reinstate { listing, effective_on }
        | ChangeKind::Remove { listing, effective_on } => json!({ "listing": listing, "effective_on": effective_on }),
        ChangeKind::SuspendEnterprise { enterprise, effective_on }
        | ChangeKind::ReinstateEnterprise { enterprise, effective_on }
        | ChangeKind::LiftBar { enterprise, effective_on } => {
            json!({ "enterprise": enterprise, "effective_on": effective_on })
        }
        ChangeKind::BarEnterprise { enterprise, until, effective_on } => {
            json!({ "enterprise": enterprise, "until": until, "effective_on": effective_on })
        }
        ChangeKind::StopItemClass { class, effective_on } => json!({ "class": class, "effective_on": effective_on }),
        ChangeKind::LiftStop { stop, effective_on } => json!({ "stop": stop, "effective_on": effective_on }),
    };
    if let Value::Object(members) = members {
        view.extend(members);
    }
    view.insert("reason".into(), reason_view(&change.reason));
    Value::Object(view)
}

/// Shows a reason.
#[must_use]
pub fn reason_view(reason: &ChangeReason) -> Value {
    json!({ "code": reason.code.as_str(), "basis": reason.basis })
}

#[cfg(test)]
mod tests {
    use proptest::option::of;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::domain::adjustment::{ItemText, Vary};
    use crate::domain::code::{CiqCode, HsCode};
    use crate::domain::purpose::Purpose;
    use crate::domain::validity::Validity;

    fn openapi() -> Value {
        serde_yaml_ng::from_str(include_str!("../../../openapi.yaml")).unwrap()
    }

    fn validator(schema: &str) -> jsonschema::Validator {
        let root = json!({ "$ref": format!("#/components/schemas/{schema}"), "components": openapi()["components"] });
        jsonschema::draft202012::new(&root).unwrap()
    }

    fn examples() -> Vec<Value> {
        let openapi = openapi();
        let names = ["ProposeSuspend", "ProposeAdd", "ProposeVary", "ProposeOthers"];
        names.iter().map(|name| openapi["components"]["examples"][name]["value"].clone()).collect()
    }

    fn named(faults: Vec<Fault>) -> Vec<(String, &'static str)> {
        faults.into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect()
    }

    fn faults(body: &Value) -> Vec<(String, &'static str)> {
        named(read_proposal(body).unwrap_err())
    }

    #[test]
    fn the_examples_of_the_contract_are_read_and_cover_every_kind() {
        let mut kinds = std::collections::BTreeSet::new();
        for example in examples() {
            let proposal = read_proposal(&example).unwrap();
            assert_eq!(proposal.scheme, "beijing-2022");
            assert_eq!(proposal.note.as_deref(), example["note"].as_str());
            for (change, written) in proposal.changes.iter().zip(example["changes"].as_array().unwrap()) {
                kinds.insert(change.kind.word());
                let mut view = change_view(change);
                strip(&mut view);
                let mut written = written.clone();
                strip(&mut written);
                assert_eq!(view, written);
            }
        }
        assert_eq!(kinds.len(), 13);
    }

    /// Leaves out what is null, as a client may.
    fn strip(value: &mut Value) {
        if let Value::Object(members) = value {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(strip);
        }
    }

    /// All examples in one body: changes 0 suspend, 1 register, 2 add, 3 vary, 4 extend, 5 reinstate … 9 bar, 11 stop, 12 lift.
    fn everything() -> Value {
        let changes: Vec<Value> =
            examples().iter().flat_map(|example| example["changes"].as_array().unwrap().clone()).collect();
        json!({ "scheme": "beijing-2022", "changes": changes, "note": null })
    }

    #[test]
    fn every_faulty_member_is_named_at_its_place() {
        let offices: Vec<String> = (0..101).map(|office| format!("{office:04}")).collect();
        for (pointer, value, code) in [
            ("/scheme", json!("Beijing"), "scheme_unknown"),
            ("/scheme", json!("a--b"), "scheme_unknown"),
            ("/scheme", json!(null), "required"),
            ("/scheme", json!("a".repeat(65)), "scheme_unknown"),
            ("/note", json!("x".repeat(2001)), "text_too_long"),
            ("/note", json!(" "), "required"),
            ("/note", json!("a\0b"), "text_not_printable"),
            ("/who", json!(1), "unknown_member"),
            ("/changes", json!([]), "no_lines"),
            ("/changes", json!({}), "wrong_type"),
            ("/changes", json!(null), "required"),
            ("/changes", json!(vec![0; MOST_CHANGES + 1]), "too_many_lines"),
            ("/changes/0", json!("suspend"), "wrong_type"),
            ("/changes/0/kind", json!("hold"), "value_unknown"),
            ("/changes/0/kind", json!(null), "required"),
            ("/changes/0/kind", json!(1), "wrong_type"),
            ("/changes/0/listing", json!("BJ-2026-000106-6"), "listing_number_check"),
            ("/changes/0/effective_on", json!("2026-9-1"), "date_format"),
            ("/changes/0/effective_on", json!(null), "required"),
            ("/changes/0/reason", json!(null), "required"),
            ("/changes/0/reason", json!("risk"), "wrong_type"),
            ("/changes/0/reason/code", json!("risk"), "reason_unknown"),
            ("/changes/0/reason/basis", json!("字".repeat(501)), "text_too_long"),
            ("/changes/0/reason/why", json!("x"), "unknown_member"),
            ("/changes/0/until", json!("2026-09-01"), "unknown_member"),
            ("/changes/1/uscc", json!("91110114XFXTR005XD"), "uscc_check_digit"),
            ("/changes/1/name_zh", json!("名".repeat(201)), "text_too_long"),
            ("/changes/1/district", json!("haidian"), "district_code_format"),
            ("/changes/1/customs_registration", json!("1"), "customs_registration_format"),
            ("/changes/1/effective_on", json!("x"), "date_format"),
            ("/changes/2/enterprise", json!(""), "uscc_length"),
            ("/changes/2/item", json!(null), "required"),
            ("/changes/2/item", json!([]), "wrong_type"),
            ("/changes/2/item/hs_code", json!("293750000"), "hs_code_format"),
            ("/changes/2/item/name_zh", json!(null), "required"),
            ("/changes/2/item/cas", json!("363-24-7"), "cas_check_digit"),
            ("/changes/2/item/purpose", json!("过程物料"), "value_unknown"),
            ("/changes/2/item/ciq_code", json!("1"), "ciq_code_format"),
            ("/changes/2/item/specification", json!("x".repeat(501)), "text_too_long"),
            ("/changes/2/item/unit", json!("036"), "unknown_member"),
            ("/changes/2/quantity", json!("0"), "quantity_not_positive"),
            ("/changes/2/quantity", json!(0.1), "wrong_type"),
            ("/changes/2/quantity", json!("10000000000001"), "quantity_too_large"),
            ("/changes/2/unit", json!("037"), "unit_unknown"),
            ("/changes/2/valid_to", json!("2026-08-31"), "period_reversed"),
            ("/changes/2/customs_offices", json!([]), "no_lines"),
            ("/changes/2/customs_offices", json!(offices), "too_many_lines"),
            ("/changes/2/customs_offices", json!(["0101", "0101"]), "duplicate_line"),
            ("/changes/2/customs_offices/0", json!("101"), "customs_office_format"),
            ("/changes/2/customs_offices/0", json!(101), "wrong_type"),
            ("/changes/2/consignment_cap", json!("0"), "quantity_not_positive"),
            ("/changes/2/used", json!("-1"), "quantity_format"),
            ("/changes/2/used", json!("99999999999999"), "quantity_too_large"),
            ("/changes/2/batch", json!("x".repeat(65)), "text_too_long"),
            ("/changes/3/set", json!({}), "required"),
            ("/changes/3/clear", json!([]), "no_lines"),
            ("/changes/3/clear", json!(null), "wrong_type"),
            ("/changes/3/clear", json!(["ciq_code", "ciq_code"]), "duplicate_line"),
            ("/changes/3/clear", json!(["consignment_cap"]), "set_and_cleared"),
            ("/changes/3/set", json!(null), "required"),
            ("/changes/3/set/cas", json!(null), "wrong_type"),
            ("/changes/3/set/customs_offices", json!(null), "wrong_type"),
            ("/changes/3/set/effective_on", json!("x"), "unknown_member"),
            ("/changes/3/set/quantity", json!("10000000000001"), "quantity_too_large"),
            ("/changes/3/set/note", json!(""), "required"),
            ("/changes/4/valid_to", json!(null), "required"),
            ("/changes/4/effective_on", json!("2026-02-30"), "date_format"),
            ("/changes/9/until", json!("2026-08-31"), "period_reversed"),
            ("/changes/11/class", json!(null), "required"),
            ("/changes/11/class/kind", json!("cn_code"), "value_unknown"),
            ("/changes/11/class/value", json!("3"), "hs_code_format"),
            ("/changes/11/class/value", json!("30024100000"), "hs_code_format"),
            ("/changes/11/class/value", json!(3002), "wrong_type"),
            ("/changes/11/class/value", json!(null), "required"),
            ("/changes/12/stop", json!("adj_019ff3c0da4b7e0d9c55e1f20a6b7c05"), "id_format"),
        ] {
            let mut body = everything();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let parent = body.pointer_mut(parent).unwrap();
            match name.parse::<usize>() {
                Ok(place) => parent[place] = value,
                Err(_) => parent[name] = value,
            }
            assert_eq!(faults(&body), [(pointer.to_owned(), code)], "{pointer}");
        }
        let mut body = everything();
        body["changes"][3]["set"] = json!({ "valid_from": "2026-02-01", "valid_to": "2026-01-31" });
        body["changes"][0] = json!({ "kind": "suspend" });
        let at = |pointer: &str, code| (pointer.to_owned(), code);
        assert_eq!(
            faults(&body),
            [
                at("/changes/0/listing", "required"),
                at("/changes/0/effective_on", "required"),
                at("/changes/0/reason", "required"),
                at("/changes/3/set/valid_to", "period_reversed"),
            ]
        );
        assert_eq!(faults(&json!([])), [at("", "wrong_type")]);
    }

    #[test]
    fn a_rejection_states_its_reason() {
        let read = read_rejection(&json!({ "reason": { "code": "other", "basis": " 会议纪要 " } })).unwrap();
        assert_eq!(read, ChangeReason { code: ReasonCode::Other, basis: Some("会议纪要".into()) });
        assert_eq!(reason_view(&read), json!({ "code": "other", "basis": "会议纪要" }));
        for (body, pointer, code) in [
            (json!({}), "/reason", "required"),
            (json!({ "reason": {} }), "/reason/code", "required"),
            (json!(null), "", "wrong_type"),
            (json!({ "reason": { "code": "no" } }), "/reason/code", "reason_unknown"),
            (json!({ "reason": { "code": "other" }, "note": "x" }), "/note", "unknown_member"),
        ] {
            assert_eq!(named(read_rejection(&body).unwrap_err()), [(pointer.to_owned(), code)], "{body}");
        }
    }

    // --- any change -------------------------------------------------------

    fn days() -> impl Strategy<Value = LegalDay> {
        (0..40_000_i32).prop_map(|days| LegalDay::from_value(days).unwrap())
    }

    fn words(most: usize) -> impl Strategy<Value = String> {
        "[!-~丁-甲é][ -~丁-甲é]{0,70}[!-~丙]"
            .prop_map(move |text| text.chars().take(most).collect::<String>().trim().to_owned())
    }

    fn quantities() -> impl Strategy<Value = Quantity> {
        (1..=1_000_000_000_000_000_i128).prop_map(Quantity::from_steps)
    }

    fn enterprises() -> impl Strategy<Value = Uscc> {
        select(vec!["91110302XFXTR00172", "91110108XFXTR00259", "91350100M000100Y43"])
            .prop_map(|code| Uscc::parse(code).unwrap())
    }

    fn numbers() -> impl Strategy<Value = ListingNumber> {
        (1..900_000_000_u32)
            .prop_map(|serial| (serial..).find_map(|serial| ListingNumber::new("BJ", 2026, serial)).unwrap())
    }

    fn cas() -> impl Strategy<Value = Cas> {
        select(vec!["58-08-2", "101666-68-6", "363-24-6"]).prop_map(|cas| Cas::parse(cas).unwrap())
    }

    fn hs_codes() -> impl Strategy<Value = HsCode> {
        (100_000_000..9_799_999_999_u64).prop_filter_map("chapter", HsCode::from_value)
    }

    fn offices() -> impl Strategy<Value = Vec<CustomsOffice>> {
        proptest::collection::btree_set(0..10_000_u64, 1..5)
            .prop_map(|all| all.into_iter().filter_map(CustomsOffice::from_value).collect())
    }

    fn units() -> impl Strategy<Value = UnitCode> {
        select(vec![35, 36, 96, 142]).prop_map(|unit| UnitCode::from_value(unit).unwrap())
    }

    fn texts() -> impl Strategy<Value = ItemText> {
        (words(NAME), of(words(NAME)), of(words(TEXT)), of(words(NAME)), of(words(NAME))).prop_map(
            |(name_zh, name_en, specification, manufacturer, origin)| ItemText {
                name_zh,
                name_en,
                specification,
                manufacturer,
                origin,
            },
        )
    }

    fn periods() -> impl Strategy<Value = Validity> {
        (days(), 0..4000_i32).prop_map(|(from, days)| Validity::new(from, from.add_days(days)).unwrap())
    }

    fn adds() -> impl Strategy<Value = ChangeKind> {
        let codes = (
            of(cas()),
            hs_codes(),
            of((0..1000_u64).prop_map(|code| CiqCode::from_value(code).unwrap())),
            of(select(Purpose::ALL.to_vec())),
        );
        let rest = (
            of(offices()),
            of(quantities()),
            of((0..=9_i128).prop_map(Quantity::from_steps)),
            of(words(BATCH)),
            of(words(NOTE)),
            of(words(TEXT)),
        );
        (enterprises(), texts(), codes, quantities(), units(), periods(), rest).prop_map(
            |(
                enterprise,
                item,
                (cas, hs_code, ciq_code, purpose),
                quantity,
                unit,
                period,
                (customs_offices, consignment_cap, used, batch, note, conditions),
            )| {
                ChangeKind::Add(Box::new(Add {
                    enterprise,
                    item,
                    cas,
                    hs_code,
                    ciq_code,
                    purpose,
                    quantity,
                    unit,
                    period,
                    customs_offices,
                    consignment_cap,
                    used,
                    batch,
                    note,
                    conditions,
                }))
            },
        )
    }

    fn varies() -> impl Strategy<Value = ChangeKind> {
        let terms = (
            of(quantities()),
            of(units()),
            of(hs_codes()),
            of(cas()),
            of(offices()),
            of(quantities()),
            of(periods()),
            of(select(Purpose::ALL.to_vec())),
        );
        let clear = prop_oneof![2 => Just(Vec::new()), 1 => Just(vec![Clearable::CiqCode])];
        (numbers(), days(), terms, of(texts()), words(NOTE), (clear, of(words(TEXT)))).prop_map(
            |(
                listing,
                effective_on,
                (quantity, unit, hs_code, cas, customs_offices, consignment_cap, period, purpose),
                item,
                note,
                (clear, conditions),
            )| {
                let item = item.map_or((None, None, None, None, None), |item| {
                    (Some(item.name_zh), item.name_en, item.specification, item.manufacturer, item.origin)
                });
                let set = Vary {
                    quantity,
                    unit,
                    hs_code,
                    ciq_code: None,
                    cas,
                    customs_offices,
                    consignment_cap,
                    valid_from: period.map(Validity::from),
                    valid_to: period.map(Validity::to),
                    purpose,
                    name_zh: item.0,
                    name_en: item.1,
                    specification: item.2,
                    manufacturer: item.3,
                    origin: item.4,
                    note: Some(note),
                    conditions,
                    clear,
                };
                ChangeKind::Vary { listing, effective_on, set: Box::new(set) }
            },
        )
    }

    fn classes() -> impl Strategy<Value = ItemClass> {
        prop_oneof![
            cas().prop_map(ItemClass::Cas),
            "[0-9]{2,10}".prop_map(ItemClass::HsPrefix),
            select(Purpose::ALL.to_vec()).prop_map(ItemClass::Purpose),
        ]
    }

    fn kinds() -> impl Strategy<Value = ChangeKind> {
        let on_listing = (numbers(), days(), 0..3_u8).prop_map(|(listing, effective_on, kind)| match kind {
            0 => ChangeKind::Suspend { listing, effective_on },
            1 => ChangeKind::Reinstate { listing, effective_on },
            _ => ChangeKind::Remove { listing, effective_on },
        });
        let on_enterprise = (enterprises(), days(), 0..3_u8).prop_map(|(enterprise, effective_on, kind)| match kind {
            0 => ChangeKind::SuspendEnterprise { enterprise, effective_on },
            1 => ChangeKind::ReinstateEnterprise { enterprise, effective_on },
            _ => ChangeKind::LiftBar { enterprise, effective_on },
        });
        let registration = (
            enterprises(),
            words(NAME),
            of(words(NAME)),
            of(Just(CustomsRegistration::parse("1114369F05").unwrap())),
            of(days()),
        )
            .prop_map(|(uscc, name_zh, name_en, customs_registration, effective_on)| {
                let district = DistrictCode::parse("110114").unwrap();
                ChangeKind::RegisterEnterprise {
                    uscc,
                    particulars: Particulars { name_zh, name_en, district, customs_registration },
                    effective_on,
                }
            });
        prop_oneof![
            on_listing,
            on_enterprise,
            registration,
            adds(),
            varies(),
            (numbers(), days(), of(days())).prop_map(|(listing, valid_to, effective_on)| ChangeKind::Extend {
                listing,
                valid_to,
                effective_on
            }),
            (enterprises(), periods()).prop_map(|(enterprise, bar)| ChangeKind::BarEnterprise {
                enterprise,
                until: bar.to(),
                effective_on: bar.from()
            }),
            (classes(), days()).prop_map(|(class, effective_on)| ChangeKind::StopItemClass { class, effective_on }),
            (any::<u128>(), days())
                .prop_map(|(stop, effective_on)| ChangeKind::LiftStop { stop: StopId::new(stop), effective_on }),
        ]
    }

    prop_compose! {
        fn changes()(kind in kinds(), code in select(ReasonCode::ALL.to_vec()), basis in of(words(TEXT))) -> Change {
            Change { kind, reason: ChangeReason { code, basis } }
        }
    }

    #[test]
    fn any_change_is_shown_as_the_contract_says_and_read_back() {
        let schema = validator("ProposeAdjustment");
        proptest!(|(changes in proptest::collection::vec(changes(), 1..5), note in of(words(NOTE)))| {
            let body = json!({ "scheme": "beijing-2022", "changes": changes.iter().map(change_view).collect::<Vec<_>>(), "note": note });
            prop_assert!(schema.is_valid(&body), "{}", body);
            prop_assert_eq!(read_proposal(&body), Ok(Proposal { scheme: "beijing-2022".into(), changes, note }));
        });
    }
}
