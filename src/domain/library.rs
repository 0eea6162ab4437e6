//! The item library of an enterprise (企业物品库): items described once and reused across applications.
//!
//! It flags what looks like the same item and never refuses it: whether two are one, the enterprise knows. Invariant:
//! likeness is symmetric.

use super::application::words;
use super::code::UnitCode;
use super::fault::{Fault, FaultCode};
use super::fields::{Fields, Members as _, text};
use super::item_name::normalise_name;
use super::terms_json::{Item, NAME, NOTE, item, text_item};
use serde_json::{Value, json};

/// Most further names of one item.
const MOST_SYNONYMS: usize = 20;

/// An item of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryItem {
    /// What it is.
    pub item: Item,
    /// Unit in which it is usually asked for.
    pub unit: Option<UnitCode>,
    /// Further names, in any language.
    pub synonyms: Vec<String>,
    /// Note of the enterprise.
    pub note: Option<String>,
}

words! {
    /// Why two items look like one.
    Likeness {
        /// One CAS number.
        SameCas "same_cas" "CAS 号相同" "same CAS number";
        /// One name, Chinese or English, or one among the further names.
        SameName "same_name" "名称或别名相同" "same name or synonym";
        /// One specification.
        SameSpecification "same_specification" "规格型号相同" "same specification";
    }
}

/// Reads a name.
fn name(word: &str) -> Result<String, FaultCode> {
    text(NAME)(word)
}

impl LibraryItem {
    /// Reads an item.
    ///
    /// # Errors
    /// Every fault of it.
    pub fn read(body: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let read = Fields::read(body, "", &mut faults, |fields| {
            let item = fields.object("item", item);
            let unit = fields.optional("unit", UnitCode::parse);
            let synonyms = fields.optional_list("synonyms", MOST_SYNONYMS, text_item(name));
            let note = fields.optional("note", text(NOTE));
            Some(Self { item: item?, unit, synonyms: synonyms.unwrap_or_default(), note })
        });
        read.filter(|_| faults.is_empty()).ok_or(faults)
    }

    /// Shows the item; reading it again gives the same.
    #[must_use]
    pub fn view(&self) -> Value {
        let synonyms = Some(&self.synonyms).filter(|synonyms| !synonyms.is_empty());
        json!({ "item": self.item.view(), "unit": self.unit, "synonyms": synonyms, "note": self.note })
    }

    fn names(&self) -> Vec<String> {
        let words = &self.item.words;
        let all = [Some(&words.name_zh), words.name_en.as_ref()].into_iter().flatten().chain(&self.synonyms);
        all.map(|name| normalise_name(name)).filter(|name| !name.is_empty()).collect()
    }

    /// Whether a search text is part of one of its names or its CAS number.
    #[must_use]
    pub fn answers_to(&self, search: &str) -> bool {
        let wanted = normalise_name(search);
        self.names().iter().any(|name| name.contains(&wanted))
            || self.item.cas.is_some_and(|cas| cas.to_string() == search.trim())
    }

    /// Says why another item looks like this one.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> Vec<Likeness> {
        let specification =
            |item: &Self| item.item.words.specification.as_deref().map(normalise_name).filter(|text| !text.is_empty());
        let names = other.names();
        let found = [
            (Likeness::SameCas, self.item.cas.is_some() && self.item.cas == other.item.cas),
            (Likeness::SameName, self.names().iter().any(|name| names.contains(name))),
            (Likeness::SameSpecification, specification(self).is_some() && specification(self) == specification(other)),
        ];
        found.into_iter().filter(|(_, holds)| *holds).map(|(likeness, _)| likeness).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(body: Value) -> LibraryItem {
        LibraryItem::read(&body).unwrap()
    }

    fn heparin() -> LibraryItem {
        item(json!({
            "item": { "name_zh": "肝素钠", "name_en": "Heparin sodium", "hs_code": "3001901000", "cas": "9041-08-1", "specification": "10 g/瓶" },
            "unit": "036", "synonyms": ["肝素钠盐"]
        }))
    }

    #[test]
    fn what_is_shown_reads_the_same() {
        assert_eq!(LibraryItem::read(&heparin().view()), Ok(heparin()));
    }

    #[test]
    fn likeness_is_told_across_languages_and_both_ways() {
        for (other, expected) in [
            (
                json!({ "item": { "name_zh": "别的", "hs_code": "3001909099", "cas": "9041-08-1" } }),
                vec![Likeness::SameCas],
            ),
            (json!({ "item": { "name_zh": "HEPARIN-SODIUM", "hs_code": "3001901000" } }), vec![Likeness::SameName]),
            (
                json!({ "item": { "name_zh": "肝素钠　盐", "hs_code": "3001901000", "specification": "10g/瓶" } }),
                vec![Likeness::SameName, Likeness::SameSpecification],
            ),
            (json!({ "item": { "name_zh": "葡聚糖", "hs_code": "3913900000", "cas": "9004-54-0" } }), vec![]),
        ] {
            let other = item(other);
            assert_eq!(heparin().likeness(&other), expected);
            assert_eq!(other.likeness(&heparin()), expected);
        }
    }

    #[test]
    fn it_answers_to_any_of_its_names() {
        for search in ["肝素", "heparin", "肝素钠盐", "9041-08-1"] {
            assert!(heparin().answers_to(search), "{search}");
        }
        assert!(!heparin().answers_to("胰岛素"));
    }

    #[test]
    fn every_fault_is_named() {
        let faults = LibraryItem::read(&json!({ "item": {}, "synonyms": ["", 1], "x": 1 })).unwrap_err();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/item/name_zh", "/item/hs_code", "/synonyms/0", "/synonyms/1", "/x"]);
    }
}
