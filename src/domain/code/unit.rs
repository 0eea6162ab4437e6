//! Units of quantity (计量单位代码) and the only two conversions that are exact by definition. It is not a table of
//! densities, contents or pack sizes. Invariant: every value is a row of the table below, and two units are
//! comparable only when equal or when they are gram and kilogram, or millilitre and litre.

use std::fmt;

use super::digits;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;

/// A unit of quantity as customs code it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitCode(u16);

/// A row of the table: code, Chinese and English name, and what else offices type for it.
struct Unit {
    code: u16,
    zh: &'static str,
    en: &'static str,
    others: &'static [&'static str],
}

const fn unit(code: u16, zh: &'static str, en: &'static str, others: &'static [&'static str]) -> Unit {
    Unit { code, zh, en, others }
}

/// Units that customs code in the field; there is none for mg, µg, µL or IU.
static UNITS: [Unit; 23] = [
    unit(7, "个", "piece", &["pieces", "pcs"]),
    unit(8, "只", "single item", &[]),
    unit(9, "头", "head", &[]),
    unit(11, "件", "article", &["articles"]),
    unit(12, "支", "tube or ampoule", &["tube", "tubes", "ampoule", "ampoules"]),
    unit(15, "条", "strip", &["strips"]),
    unit(20, "片", "tablet or sheet", &["tablet", "tablets", "sheet", "sheets"]),
    unit(28, "株", "plant or strain", &["plant", "plants", "strain", "strains"]),
    unit(35, "千克", "kilogram", &["公斤", "kg", "kilograms"]),
    unit(36, "克", "gram", &["g", "grams"]),
    unit(63, "千升", "kilolitre", &["kL", "kilolitres", "kiloliter", "kiloliters"]),
    unit(70, "吨", "tonne", &["公吨", "t", "tonnes"]),
    unit(95, "升", "litre", &["公升", "L", "litres", "liter", "liters"]),
    unit(96, "毫升", "millilitre", &["mL", "millilitres", "milliliter", "milliliters"]),
    unit(120, "箱", "case", &["cases"]),
    unit(121, "批", "batch", &["batches"]),
    unit(122, "罐", "can", &["cans"]),
    unit(125, "包", "packet", &["packets"]),
    unit(136, "袋", "bag", &["bags"]),
    unit(139, "粒", "capsule or grain", &["capsule", "capsules", "grain", "grains"]),
    unit(140, "盒", "box", &["boxes"]),
    unit(142, "瓶", "bottle", &["bottles"]),
    unit(149, "百万贝可", "megabecquerel", &["MBq"]),
];

impl UnitCode {
    /// Kilogram (千克).
    pub const KILOGRAM: Self = Self(35);
    /// Gram (克).
    pub const GRAM: Self = Self(36);
    /// Litre (升).
    pub const LITRE: Self = Self(95);
    /// Millilitre (毫升).
    pub const MILLILITRE: Self = Self(96);

    /// Yields every known unit in order of code.
    pub fn all() -> impl Iterator<Item = Self> {
        UNITS.iter().map(|unit| Self(unit.code))
    }

    /// Reads the three digits of a known unit.
    ///
    /// # Errors
    /// `unit_format`, `unit_unknown`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let value = digits(text, 3).ok_or(FaultCode::UnitFormat)?;
        Self::from_value(value).ok_or(FaultCode::UnitUnknown)
    }

    /// Returns the code as a number, as it is stored.
    pub fn value(self) -> u64 {
        u64::from(self.0)
    }

    /// Reads the code of a known unit from a number.
    pub fn from_value(value: u64) -> Option<Self> {
        UNITS.iter().find(|unit| u64::from(unit.code) == value).map(|unit| Self(unit.code))
    }

    /// Reads a unit by its name as offices type it: Chinese or English, or a symbol in any case. Names that stand
    /// for no coded unit (`mg`, `IU`) are not read, for a wrong guess would change a quantity.
    pub fn from_name(name: &str) -> Option<Self> {
        let fits = |typed: &&str| typed.eq_ignore_ascii_case(name);
        UNITS.iter().find(|unit| [unit.zh, unit.en].iter().chain(unit.others).any(fits)).map(|unit| Self(unit.code))
    }

    /// Names the unit.
    pub fn name(self, lang: Lang) -> &'static str {
        // Every value is a row, so the default is never taken.
        UNITS.iter().find(|unit| unit.code == self.0).map(|unit| lang.pick(unit.zh, unit.en)).unwrap_or_default()
    }

    /// Names the unit as it follows a decimal quantity: one gram, two grams.
    #[must_use]
    pub fn of(self, lang: Lang, quantity: &str) -> String {
        let name = self.name(lang);
        let is_one = quantity.split_once('.').map_or(quantity, |(whole, fraction)| {
            if fraction.bytes().all(|digit| digit == b'0') { whole } else { quantity }
        }) == "1";
        if lang == Lang::Zh || is_one {
            return name.to_owned();
        }
        let plural = |word: &str| match word {
            "head" => word.to_owned(),
            _ if word.ends_with(['x', 'h', 's']) => format!("{word}es"),
            _ => format!("{word}s"),
        };
        // Some codes name two things: tube or ampoule.
        name.split(" or ").map(plural).collect::<Vec<_>>().join(" or ")
    }

    /// Returns the finer unit of the exact pair and how many of it make one of this; the unit itself if it has none.
    pub const fn finer(self) -> (Self, u32) {
        match self {
            Self::KILOGRAM => (Self::GRAM, 1000),
            Self::LITRE => (Self::MILLILITRE, 1000),
            _ => (self, 1),
        }
    }

    /// Tells whether quantities in the two units can be compared exactly.
    pub fn comparable(a: Self, b: Self) -> bool {
        a.finer().0 == b.finer().0
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

super::text_form!(UnitCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_their_quantity() {
        let of = |code: &str, quantity| UnitCode::parse(code).unwrap().of(Lang::En, quantity);
        for (code, quantity, words) in [
            ("036", "1", "gram"),
            ("036", "1.000", "gram"),
            ("036", "0.5", "grams"),
            ("142", "200", "bottles"),
            ("140", "2", "boxes"),
            ("121", "2", "batches"),
            ("009", "3", "head"),
            ("012", "2", "tubes or ampoules"),
            ("036", "1.5", "grams"),
        ] {
            assert_eq!(of(code, quantity), words, "{quantity} {code}");
        }
        assert_eq!(UnitCode::parse("142").unwrap().of(Lang::Zh, "200"), "瓶");
    }

    #[test]
    fn reads_the_table_and_nothing_else() {
        let mut known = Vec::new();
        for value in 0..=1_100 {
            if let Some(unit) = UnitCode::from_value(value) {
                assert_eq!(UnitCode::parse(&unit.to_string()), Ok(unit));
                assert_eq!(unit.value(), value);
                known.push(unit.to_string());
            }
        }
        assert_eq!(
            known.join(" "),
            "007 008 009 011 012 015 020 028 035 036 063 070 095 096 120 121 122 125 136 139 140 142 149"
        );
        for text in ["", "36", "0036", "g", "O36", "０３６"] {
            assert_eq!(UnitCode::parse(text), Err(FaultCode::UnitFormat), "{text}");
        }
        for text in ["000", "037", "999"] {
            assert_eq!(UnitCode::parse(text), Err(FaultCode::UnitUnknown), "{text}");
        }
    }

    #[test]
    fn reads_units_as_offices_type_them() {
        for (name, code) in [
            ("克", "036"),
            ("g", "036"),
            ("G", "036"),
            ("千克", "035"),
            ("公斤", "035"),
            ("kg", "035"),
            ("KG", "035"),
            ("毫升", "096"),
            ("ml", "096"),
            ("mL", "096"),
            ("升", "095"),
            ("L", "095"),
            ("l", "095"),
            ("支", "012"),
            ("瓶", "142"),
            ("盒", "140"),
            ("袋", "136"),
            ("个", "007"),
            ("只", "008"),
            ("件", "011"),
            ("包", "125"),
            ("片", "020"),
            ("粒", "139"),
            ("株", "028"),
            ("头", "009"),
            ("条", "015"),
            ("箱", "120"),
            ("批", "121"),
            ("罐", "122"),
            ("吨", "070"),
            ("千升", "063"),
            ("百万贝可", "149"),
        ] {
            assert_eq!(UnitCode::from_name(name).map(|unit| unit.to_string()).as_deref(), Some(code), "{name}");
        }
        for name in ["", "mg", "毫克", "µg", "IU", "万单位", "单位"] {
            assert_eq!(UnitCode::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_name_leads_back_to_its_unit_and_to_no_other() {
        let mut seen = std::collections::HashSet::new();
        for unit in &UNITS {
            let code = UnitCode(unit.code);
            assert_eq!(UnitCode::from_name(code.name(Lang::Zh)), Some(code));
            assert_eq!(UnitCode::from_name(code.name(Lang::En)), Some(code));
            for name in [unit.zh, unit.en].iter().chain(unit.others) {
                assert!(seen.insert(name.to_ascii_lowercase()), "{name} stands twice");
            }
        }
    }

    #[test]
    fn only_two_pairs_are_exact() {
        assert_eq!(UnitCode::KILOGRAM.finer(), (UnitCode::GRAM, 1000));
        assert_eq!(UnitCode::LITRE.finer(), (UnitCode::MILLILITRE, 1000));
        for unit in &UNITS {
            let code = UnitCode(unit.code);
            if code != UnitCode::KILOGRAM && code != UnitCode::LITRE {
                assert_eq!(code.finer(), (code, 1));
            }
        }
        let (tonne, kilolitre) = (UnitCode::parse("070").unwrap(), UnitCode::parse("063").unwrap());
        assert!(UnitCode::comparable(UnitCode::KILOGRAM, UnitCode::GRAM));
        assert!(UnitCode::comparable(UnitCode::MILLILITRE, UnitCode::LITRE));
        assert!(!UnitCode::comparable(UnitCode::GRAM, UnitCode::MILLILITRE));
        assert!(!UnitCode::comparable(tonne, UnitCode::KILOGRAM));
        assert!(!UnitCode::comparable(kilolitre, UnitCode::LITRE));
    }
}
