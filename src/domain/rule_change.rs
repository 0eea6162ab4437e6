//! Changes of the rules themselves (试点规则变更): which of them, how far a change is, and what differs between two states of
//! a rule book. It knows no rule book from inside. Invariant: two documents without a difference are equal.

use super::words::words;
use serde::Serialize;
use serde_json::Value;

words! {
    /// What is changed.
    RuleTable {
        /// The rule book of a pilot.
        Scheme "scheme" "试点方案" "rule book of a scheme";
        /// Working days of a year, as the State Council arranges them.
        Calendar "calendar" "工作日历" "working-day calendar";
        /// Which documents HS codes carry, and which code follows which.
        Tariff "tariff" "税则监管证件" "tariff table";
    }
}

words! {
    /// How far a change is.
    RuleChangeState {
        /// Proposed by one administrator.
        Proposed "proposed" "待确认" "proposed";
        /// Confirmed by another: it is recorded.
        Confirmed "confirmed" "已确认" "confirmed";
        /// Sent back by another: nothing was recorded.
        Rejected "rejected" "已退回" "rejected";
        /// Taken back by the proposer: nothing was recorded.
        Withdrawn "withdrawn" "已撤回" "withdrawn";
    }
}

/// A place at which two documents differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where: members by name, things of a list by their code where they have one, else by their place from 0.
    pub pointer: String,
    /// What stood there; null where nothing did.
    pub before: Value,
    /// What is to stand there; null where nothing will.
    pub after: Value,
}

/// Lists every place at which two documents differ, in the order of the later one; what went away comes behind.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(at: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    match (parts(before), parts(after)) {
        (Some(old), Some(new)) if before.is_array() == after.is_array() => {
            let of = |parts: &[(String, &Value)], name: &str| {
                parts.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| (*value).clone())
            };
            for (name, value) in &new {
                compare(&format!("{at}/{name}"), &of(&old, name), value, found);
            }
            for (name, value) in old.iter().filter(|(name, _)| new.iter().all(|(known, _)| known != name)) {
                compare(&format!("{at}/{name}"), value, &Value::Null, found);
            }
        }
        _ => found.push(Difference { pointer: at.to_owned(), before: before.clone(), after: after.clone() }),
    }
}

/// Parts of a document by name; none for what is compared whole.
fn parts(value: &Value) -> Option<Vec<(String, &Value)>> {
    match value {
        Value::Object(members) => Some(members.iter().map(|(name, value)| (name.clone(), value)).collect()),
        Value::Array(items) if items.iter().all(Value::is_object) => {
            let mut names: Vec<String> = items.iter().filter_map(name_of).collect();
            names.sort_unstable();
            names.dedup();
            let named = names.len() == items.len();
            let name =
                |place: usize, item: &Value| name_of(item).filter(|_| named).unwrap_or_else(|| place.to_string());
            Some(items.iter().enumerate().map(|(place, item)| (name(place, item), item)).collect())
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// What tells a thing of a list from the others: its code, its date, or its HS code with the first day.
fn name_of(item: &Value) -> Option<String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let of_tariff = || Some(format!("{} {}", text("hs_code")?, text("valid_from")?));
    text("code").or_else(|| text("date")).map(str::to_owned).or_else(of_tariff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn said(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
        differences(before, after).into_iter().map(|it| (it.pointer, it.before, it.after)).collect()
    }

    #[test]
    fn things_with_a_code_are_told_apart_by_it() {
        let before = json!({ "months": 12, "prefixes": ["01"], "districts": [{ "code": "110114", "area": "core" }, { "code": "110108", "area": "core" }] });
        let after = json!({ "months": 6, "prefixes": ["01", "02"], "districts": [{ "code": "110108", "area": "core" }, { "code": "110105", "area": "evaluated" }] });
        assert_eq!(
            said(&before, &after),
            [
                ("/months".to_owned(), json!(12), json!(6)),
                ("/prefixes".to_owned(), json!(["01"]), json!(["01", "02"])),
                ("/districts/110105".to_owned(), json!(null), json!({ "code": "110105", "area": "evaluated" })),
                ("/districts/110114".to_owned(), json!({ "code": "110114", "area": "core" }), json!(null)),
            ]
        );
        let days = |off: bool| json!({ "days": [{ "date": "2027-01-01", "off": off }] });
        assert_eq!(said(&days(true), &days(false)), [("/days/2027-01-01/off".to_owned(), json!(true), json!(false))]);
        let texts = |last: &str| json!([{ "zh": "甲" }, { "zh": last }]);
        assert_eq!(said(&texts("乙"), &texts("丙")), [("/1/zh".to_owned(), json!("乙"), json!("丙"))]);
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), "[a-c]{0,2}".prop_map(Value::from)];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c]|code", inner, 0..3)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn only_equal_documents_have_no_difference(before in document(), after in document()) {
            prop_assert_eq!(differences(&before, &before), []);
            // A member that is null says as much as one that is left out.
            if differences(&before, &after).is_empty() {
                prop_assert_eq!(stripped(&before), stripped(&after));
            }
        }
    }

    fn stripped(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let mut kept: Vec<(String, Value)> =
                    members.iter().map(|(name, it)| (name.clone(), stripped(it))).collect();
                kept.retain(|(_, it)| !it.is_null());
                kept.sort_by(|first, second| first.0.cmp(&second.0));
                kept.into_iter().collect()
            }
            Value::Array(items) => {
                let mut kept: Vec<Value> = items.iter().map(stripped).collect();
                // Things with a code may change places.
                kept.sort_by_key(|item| item.get("code").map_or_else(String::new, ToString::to_string));
                kept.into()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }
}
