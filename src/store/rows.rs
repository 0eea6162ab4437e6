//! Rows of the list, and how each is written into a log entry.
//!
//! A row's JSON members are the paths of the log: legal days as dates, codes as their text, quantities as decimals
//! in the finer unit. A row is committed to as a whole, so that an edited column of any kind is found.

use super::conn::AnyConnection;
use super::dialect::insert_all;
use super::error::StoreError;
use super::fact::Fact;
use super::schema::{
    adjustments, enterprise_versions, listing_versions, scheme_versions, stop_versions, tariff_versions,
};
use super::tx::{Queued, appended};
use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};

/// One version of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = scheme_versions, treat_none_as_default_value = false)]
pub struct SchemeRow {
    pub code: String,
    pub version: i32,
    pub revision: i64,
    pub body: String,
    pub recorded_at: i64,
}

impl Fact for SchemeRow {
    const KIND: &'static str = "scheme";
    const PRIVATE: &'static [&'static str] = &[];

    fn entity_id(&self) -> String {
        self.code.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        "list".to_owned()
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

/// One dated row of the tariff table.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = tariff_versions, treat_none_as_default_value = false)]
pub struct TariffRow {
    #[serde(with = "wire::hs")]
    pub hs_code: i64,
    pub version: i32,
    pub revision: i64,
    #[serde(with = "wire::day")]
    pub valid_from: i32,
    #[serde(default, with = "wire::day_opt")]
    pub valid_to: Option<i32>,
    pub documents: String,
    #[serde(default, with = "wire::hs_opt")]
    pub replaces: Option<i64>,
    pub recorded_at: i64,
}

impl Fact for TariffRow {
    const KIND: &'static str = "tariff";
    const PRIVATE: &'static [&'static str] = &[];

    fn entity_id(&self) -> String {
        format!("{:010}", self.hs_code)
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        "list".to_owned()
    }

    fn reason_code(&self) -> Option<&str> {
        None
    }
}

/// One version of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = enterprise_versions, treat_none_as_default_value = false)]
pub struct EnterpriseRow {
    pub uscc: String,
    pub version: i32,
    pub revision: i64,
    #[serde(with = "wire::day")]
    pub effective_on: i32,
    pub kind: String,
    pub name_zh: String,
    pub name_en: Option<String>,
    pub district: String,
    pub customs_registration: Option<String>,
    pub suspended: i32,
    #[serde(default, with = "wire::day_opt")]
    pub barred_until: Option<i32>,
    pub reason_code: String,
    pub reason_basis: Option<String>,
    pub adjustment: Option<String>,
    pub recorded_at: i64,
}

impl Fact for EnterpriseRow {
    const KIND: &'static str = "enterprise";
    const PRIVATE: &'static [&'static str] = &["name_zh", "name_en", "reason_basis"];

    fn entity_id(&self) -> String {
        self.uscc.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        format!("enterprise:{}", self.uscc)
    }

    fn reason_code(&self) -> Option<&str> {
        Some(&self.reason_code)
    }
}

/// One version of a listing. Quantities are steps of the finer unit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = listing_versions, treat_none_as_default_value = false)]
pub struct ListingRow {
    pub number: String,
    pub version: i32,
    pub revision: i64,
    pub enterprise: String,
    pub scheme: String,
    #[serde(with = "wire::day")]
    pub effective_on: i32,
    pub kind: String,
    pub standing: String,
    #[serde(with = "wire::hs")]
    pub hs_code: i64,
    #[serde(default, with = "wire::three_opt")]
    pub ciq_code: Option<i32>,
    #[serde(default, with = "wire::cas_opt")]
    pub cas: Option<i64>,
    pub purpose: Option<String>,
    #[serde(with = "wire::three")]
    pub unit: i32,
    #[serde(with = "wire::steps", rename = "quantity_in_finer_unit")]
    pub quantity: i64,
    #[serde(default, with = "wire::steps_opt", rename = "consignment_cap_in_finer_unit")]
    pub consignment_cap: Option<i64>,
    #[serde(with = "wire::steps", rename = "used_in_finer_unit")]
    pub used: i64,
    #[serde(with = "wire::day")]
    pub valid_from: i32,
    #[serde(with = "wire::day")]
    pub valid_to: i32,
    pub customs_offices: Option<String>,
    pub name_zh: String,
    pub name_en: Option<String>,
    pub specification: Option<String>,
    pub manufacturer: Option<String>,
    pub origin: Option<String>,
    pub batch: Option<String>,
    pub note: Option<String>,
    pub reason_code: String,
    pub reason_basis: Option<String>,
    pub adjustment: Option<String>,
    pub recorded_at: i64,
    pub conditions: Option<String>,
}

impl Fact for ListingRow {
    const KIND: &'static str = "listing";
    const PRIVATE: &'static [&'static str] =
        &["name_zh", "name_en", "specification", "manufacturer", "origin", "note", "reason_basis", "conditions"];

    fn entity_id(&self) -> String {
        self.number.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        format!("enterprise:{}", self.enterprise)
    }

    fn reason_code(&self) -> Option<&str> {
        Some(&self.reason_code)
    }
}

/// One version of a stop. The members from `scheme` on are those of an emergency stop; an adjustment leaves them out.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = stop_versions, treat_none_as_default_value = false)]
pub struct StopRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    #[serde(with = "wire::day")]
    pub effective_on: i32,
    pub stopped: i32,
    pub class: String,
    pub reason_code: String,
    pub reason_basis: Option<String>,
    pub adjustment: Option<String>,
    pub recorded_at: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<i64>,
    #[serde(default, with = "wire::day_opt", skip_serializing_if = "Option::is_none")]
    pub review_on: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub made_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirmed_by: Option<String>,
}

impl Fact for StopRow {
    const KIND: &'static str = "stop";
    const PRIVATE: &'static [&'static str] = &["reason_basis"];

    fn entity_id(&self) -> String {
        self.id.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        "list".to_owned()
    }

    fn reason_code(&self) -> Option<&str> {
        Some(&self.reason_code)
    }
}

/// An adjustment as it stands; the log holds how it came to stand so.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = adjustments, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct AdjustmentRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub scheme: String,
    pub state: String,
    pub changes: String,
    pub change_count: i32,
    pub note: Option<String>,
    pub proposed_by: String,
    pub proposed_at: i64,
    pub decided_by: Option<String>,
    pub decided_at: Option<i64>,
    pub decision_code: Option<String>,
    pub decision_basis: Option<String>,
}

impl Fact for AdjustmentRow {
    const KIND: &'static str = "adjustment";
    const PRIVATE: &'static [&'static str] = &["changes", "note", "decision_basis"];

    fn entity_id(&self) -> String {
        self.id.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        format!("adjustment:{}", self.id)
    }

    fn reason_code(&self) -> Option<&str> {
        self.decision_code.as_deref()
    }
}

appended!(
    SchemeRow => scheme_versions,
    TariffRow => tariff_versions,
    EnterpriseRow => enterprise_versions,
    StopRow => stop_versions,
);

impl Queued for ListingRow {
    fn insert(conn: &mut AnyConnection, rows: &[Self]) -> Result<(), StoreError> {
        insert_all!(conn, listing_versions::table, rows);
        let opened: Vec<_> =
            rows.iter().filter(|row| row.version == 1).map(|row| (row.number.clone(), row.used)).collect();
        super::listings::open_balances(conn, &opened)
    }
}

impl Queued for AdjustmentRow {
    fn insert(conn: &mut AnyConnection, rows: &[Self]) -> Result<(), StoreError> {
        let (new, decided): (Vec<Self>, Vec<Self>) = rows.iter().cloned().partition(|row| row.version == 1);
        insert_all!(conn, adjustments::table, new);
        decided.iter().try_for_each(|row| super::adjustments::update(conn, row))
    }
}

/// How stored integers read in the log.
pub mod wire {
    use crate::domain::code::{Cas, HsCode};
    use crate::domain::quantity::Quantity;
    use crate::domain::validity::LegalDay;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    /// Declares how a stored integer is written as text.
    macro_rules! text_form {
        ($module:ident $stored:ty, $to:expr, $from:expr) => {
            pub mod $module {
                use super::*;
                pub fn serialize<S: Serializer>(value: &$stored, serializer: S) -> Result<S::Ok, S::Error> {
                    let to: fn($stored) -> String = $to;
                    to(*value).serialize(serializer)
                }
                pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$stored, D::Error> {
                    let from: fn(&str) -> Option<$stored> = $from;
                    from(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not the stored form"))
                }
            }
        };
    }

    /// The same for one that may be absent.
    macro_rules! optional_form {
        ($module:ident $stored:ty, $to:expr, $from:expr) => {
            pub mod $module {
                use super::*;
                pub fn serialize<S: Serializer>(value: &Option<$stored>, serializer: S) -> Result<S::Ok, S::Error> {
                    let to: fn($stored) -> String = $to;
                    value.map(to).serialize(serializer)
                }
                pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$stored>, D::Error> {
                    let from: fn(&str) -> Option<$stored> = $from;
                    let text = Option::<String>::deserialize(deserializer)?;
                    text.map(|text| from(&text).ok_or_else(|| D::Error::custom("not the stored form"))).transpose()
                }
            }
        };
    }

    fn day_text(days: i32) -> String {
        LegalDay::from_value(days).map_or_else(|| days.to_string(), |day| day.to_string())
    }

    fn day_value(text: &str) -> Option<i32> {
        LegalDay::parse(text).ok().map(LegalDay::value).or_else(|| text.parse().ok())
    }

    fn hs_text(code: i64) -> String {
        format!("{code:010}")
    }

    fn hs_value(text: &str) -> Option<i64> {
        HsCode::parse(text).ok().and_then(|code| i64::try_from(code.value()).ok())
    }

    fn cas_text(cas: i64) -> String {
        u64::try_from(cas).ok().and_then(Cas::from_value).map_or_else(|| cas.to_string(), |cas| cas.to_string())
    }

    fn cas_value(text: &str) -> Option<i64> {
        let cas = Cas::parse(text).ok().and_then(|cas| i64::try_from(cas.value()).ok());
        cas.or_else(|| text.parse().ok())
    }

    fn three_text(code: i32) -> String {
        format!("{code:03}")
    }

    fn three_value(text: &str) -> Option<i32> {
        text.parse().ok()
    }

    fn steps_text(steps: i64) -> String {
        Quantity::from_steps(i128::from(steps)).to_string()
    }

    fn steps_value(text: &str) -> Option<i64> {
        Quantity::parse(text).ok().and_then(|quantity| i64::try_from(quantity.steps()).ok())
    }

    /// How bytes read in the log: lower-case hex.
    pub mod bytes {
        use super::*;
        pub fn serialize<S: Serializer>(value: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
            hex::encode(value).serialize(serializer)
        }
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
            hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
        }
    }

    text_form!(day i32, day_text, day_value);
    optional_form!(day_opt i32, day_text, day_value);
    text_form!(hs i64, hs_text, hs_value);
    optional_form!(hs_opt i64, hs_text, hs_value);
    optional_form!(cas_opt i64, cas_text, cas_value);
    text_form!(three i32, three_text, three_value);
    optional_form!(three_opt i32, three_text, three_value);
    text_form!(steps i64, steps_text, steps_value);
    optional_form!(steps_opt i64, steps_text, steps_value);
}
