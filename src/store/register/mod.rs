//! Rows of the register of people: organisations, people and their accounts, grants, mandates of agents, the named
//! persons of enterprises; and of the working-day calendar and the bureau's announcements.
//!
//! Names, telephone numbers, addresses and free text are private: the log commits to them and never shows them.

mod queries;

pub use queries::*;

use super::fact::Fact;
use super::rows::wire;
use super::schema::{
    account_versions, broadcast_versions, calendar_years, custom_role_versions, grant_versions, mandate_versions,
    organisation_versions, person_versions, responsible_person_versions,
};
use super::tx::appended;
use diesel::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};

/// Says how rows of versions read in the log (what is erased together has a key of its own, with nothing else under it): kind, key column, private members, whose key seals them.
macro_rules! versions {
    ($($row:ident $kind:literal $id:ident $private:expr, $subject:expr;)+) => { $(
        impl Fact for $row {
            const KIND: &'static str = $kind;
            const PRIVATE: &'static [&'static str] = &$private;

            fn entity_id(&self) -> String {
                self.$id.to_string()
            }

            fn version(&self) -> i32 {
                self.version
            }

            fn revision(&self) -> i64 {
                self.revision
            }

            fn subject(&self) -> String {
                let subject: fn(&Self) -> String = $subject;
                subject(self)
            }

            fn reason_code(&self) -> Option<&str> {
                None
            }
        }
    )+ };
}

/// One version of an organisation: a bureau, an agency, a district, a customs office.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = organisation_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct OrganisationRow {
    pub code: String,
    pub version: i32,
    pub revision: i64,
    pub kind: String,
    pub name_zh: String,
    pub name_en: Option<String>,
    pub mail: Option<String>,
    pub active: i32,
    pub recorded_at: i64,
}

/// One version of a person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = person_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct PersonRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub org: String,
    pub name: String,
    pub phone: Option<String>,
    pub mail: Option<String>,
    pub language: String,
    pub active: i32,
    pub recorded_at: i64,
}

/// Says that an account is a person's, who has another one too.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = account_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct AccountRow {
    pub account: String,
    pub version: i32,
    pub revision: i64,
    pub person: String,
    pub recorded_at: i64,
}

/// One version of a grant: a role of a person in an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = grant_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct GrantRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub person: String,
    pub org: String,
    pub role: String,
    #[serde(with = "wire::day")]
    pub valid_from: i32,
    #[serde(default, with = "wire::day_opt")]
    pub valid_to: Option<i32>,
    pub state: String,
    pub exempt: Option<String>,
    pub proposed_by: String,
    pub decided_by: Option<String>,
    pub ended_by: Option<String>,
    pub recorded_at: i64,
    /// Left out where there is none, so that the entries of before it was there hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_role: Option<String>,
}

/// One version of a role of an organisation's own: the fixed role it rests on, and what it includes of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = custom_role_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct CustomRoleRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub org: String,
    pub base: String,
    pub name_zh: String,
    pub name_en: Option<String>,
    pub duties: String,
    pub state: String,
    pub recorded_at: i64,
}

/// One version of the person an enterprise names for its imports (进口负责人).
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = responsible_person_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ResponsiblePersonRow {
    pub uscc: String,
    pub version: i32,
    pub revision: i64,
    pub name: String,
    pub position: Option<String>,
    pub phone: String,
    pub mail: Option<String>,
    pub recorded_at: i64,
}

/// One version of a mandate: an enterprise's agent, for what and how long.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = mandate_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct MandateRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub enterprise: String,
    pub agent_org: String,
    pub agent_person: Option<String>,
    pub scopes: String,
    #[serde(with = "wire::day")]
    pub valid_from: i32,
    #[serde(default, with = "wire::day_opt")]
    pub valid_to: Option<i32>,
    pub state: String,
    pub appointed_by: String,
    pub dismissed_by: Option<String>,
    pub recorded_at: i64,
}

/// One version of a year of the working-day calendar.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = calendar_years, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct CalendarYearRow {
    pub year: i32,
    pub version: i32,
    pub revision: i64,
    pub days: String,
    pub notices: String,
    pub recorded_at: i64,
}

/// One version of an announcement of the bureau to the holders of listings.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = broadcast_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct BroadcastRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub state: String,
    pub scheme: String,
    pub title_zh: String,
    pub title_en: String,
    pub body_zh: String,
    pub body_en: String,
    pub published_by: String,
    pub published_at: i64,
    pub told: i32,
    pub recorded_at: i64,
}

versions! {
    OrganisationRow "organisation" code ["name_zh", "name_en", "mail"], |row| format!("organisation:{}", row.code);
    PersonRow "person" id ["name", "phone", "mail"], |row| format!("person:{}", row.id);
    AccountRow "account" account [], |_| "list".to_owned();
    GrantRow "grant" id [], |_| "list".to_owned();
    CustomRoleRow "custom_role" id ["name_zh", "name_en"], |_| "list".to_owned();
    ResponsiblePersonRow "responsible_person" uscc ["name", "position", "phone", "mail"], |row| format!("contact:{}", row.uscc);
    MandateRow "mandate" id [], |row| format!("enterprise:{}", row.enterprise);
    CalendarYearRow "calendar_year" year [], |_| "list".to_owned();
    BroadcastRow "broadcast" id ["title_zh", "title_en", "body_zh", "body_en"], |row| format!("broadcast:{}", row.id);
}

appended!(
    OrganisationRow => organisation_versions,
    PersonRow => person_versions,
    AccountRow => account_versions,
    GrantRow => grant_versions,
    CustomRoleRow => custom_role_versions,
    ResponsiblePersonRow => responsible_person_versions,
    MandateRow => mandate_versions,
    CalendarYearRow => calendar_years,
    BroadcastRow => broadcast_versions,
);
