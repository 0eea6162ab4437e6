//! Erasures: who proposed and confirmed them, and the rows as they stand afterwards.
//!
//! Personal values stand in three tables of versions. They are the only ones that forget: triggers let exactly the
//! personal columns become [`ERASED`], once a confirmed erasure of their subject stands behind the row. What is left of a
//! row is committed to again by the entry of the erasure, in `rows`.

use super::application_rows::ContentRow;
use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::register::{PersonRow, ResponsiblePersonRow};
use super::schema::{application_contents, erasures, person_versions, responsible_person_versions};
use super::tx::appended;
use crate::domain::erasure::{ERASED, Subject};
use crate::tlog::canonical::to_bytes;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One version of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = erasures, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct ErasureRow {
    pub id: String,
    pub version: i32,
    pub revision: i64,
    pub subject_kind: String,
    pub subject: String,
    pub ground: String,
    pub state: String,
    pub row_count: i32,
    pub rows: Option<String>,
    pub proposed_by: String,
    pub decided_by: Option<String>,
    pub recorded_at: i64,
}

impl Fact for ErasureRow {
    const KIND: &'static str = "erasure";
    const PRIVATE: &'static [&'static str] = &["rows"];

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
        None
    }
}

appended!(ErasureRow => erasures);

/// A row as it stands after an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedRow {
    /// Kind of entity.
    pub kind: String,
    /// Revision that recorded it.
    pub revision: i64,
    /// All its columns.
    pub row: Value,
}

/// A row with personal values.
#[derive(Debug, Clone)]
pub enum Personal {
    /// A version of a person.
    Person(PersonRow),
    /// A version of the person an enterprise names.
    Named(ResponsiblePersonRow),
    /// A frozen content with its contact.
    Content(ContentRow),
}

impl Personal {
    /// Returns the row without its personal values; none when there are none.
    #[must_use]
    pub fn erased(&self) -> Option<Self> {
        let mark = ERASED.to_owned();
        match self {
            Self::Person(row) => {
                let next = PersonRow { name: mark, phone: None, mail: None, ..row.clone() };
                (next != *row).then_some(Self::Person(next))
            }
            Self::Named(row) => {
                let next =
                    ResponsiblePersonRow { name: mark.clone(), position: None, phone: mark, mail: None, ..row.clone() };
                (next != *row).then_some(Self::Named(next))
            }
            Self::Content(row) => {
                let mut body: Value = serde_json::from_str(&row.body).ok()?;
                let contact = body.get_mut("contact")?;
                *contact = json!({ "email": null, "name": mark, "phone": null });
                let body = String::from_utf8(to_bytes(&body).ok()?).ok()?;
                (body != row.body).then(|| Self::Content(ContentRow { body, ..row.clone() }))
            }
        }
    }

    /// Names the values that will be gone, so that working state can be rid of them too.
    #[must_use]
    pub fn values(&self) -> Vec<String> {
        let values: Vec<Option<String>> = match self {
            Self::Person(PersonRow { name, phone, mail, .. }) => vec![Some(name.clone()), phone.clone(), mail.clone()],
            Self::Named(ResponsiblePersonRow { name, phone, mail, .. }) => {
                vec![Some(name.clone()), Some(phone.clone()), mail.clone()]
            }
            Self::Content(row) => {
                let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
                let value = |name: &str| body.pointer(name).and_then(Value::as_str).map(str::to_owned);
                ["/contact/name", "/contact/phone", "/contact/email"].map(value).into()
            }
        };
        values.into_iter().flatten().filter(|value| !value.is_empty() && value != ERASED).collect()
    }

    /// Returns the row as an erasure keeps it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it has no JSON.
    pub fn kept(&self) -> Result<ErasedRow, StoreError> {
        fn of<F: Fact>(row: &F) -> Result<ErasedRow, StoreError> {
            let (kind, revision) = (F::KIND.to_owned(), row.revision());
            Ok(ErasedRow { kind, revision, row: serde_json::to_value(row).map_err(StoreError::damaged)? })
        }
        match self {
            Self::Person(row) => of(row),
            Self::Named(row) => of(row),
            Self::Content(row) => of(row),
        }
    }

    /// Writes the row over the one with the values.
    ///
    /// # Errors
    /// The database's failure, also when no confirmed erasure stands behind it.
    pub fn write(&self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        let written = match self {
            Self::Person(row) => {
                use person_versions::dsl;
                let place = dsl::person_versions.filter(dsl::revision.eq(row.revision));
                let set = (dsl::name.eq(&row.name), dsl::phone.eq(&row.phone), dsl::mail.eq(&row.mail));
                diesel::update(place).set(set).execute(conn)?
            }
            Self::Named(row) => {
                use responsible_person_versions::dsl;
                let place = dsl::responsible_person_versions.filter(dsl::revision.eq(row.revision));
                let (name, position) = (dsl::name.eq(&row.name), dsl::position.eq(&row.position));
                diesel::update(place)
                    .set((name, position, dsl::phone.eq(&row.phone), dsl::mail.eq(&row.mail)))
                    .execute(conn)?
            }
            Self::Content(row) => {
                use application_contents::dsl;
                let place = dsl::application_contents.filter(dsl::revision.eq(row.revision));
                diesel::update(place).set(dsl::body.eq(&row.body)).execute(conn)?
            }
        };
        if written == 1 { Ok(()) } else { Err(StoreError::damaged("a row that is to be erased is not there")) }
    }
}

/// Reads every row that may hold personal values of a subject: a person's id, or the USCC of an enterprise.
///
/// # Errors
/// The database's failure.
pub fn personal(conn: &mut AnyConnection, kind: Subject, subject: &str) -> Result<Vec<Personal>, StoreError> {
    Ok(match kind {
        Subject::Person => {
            let rows = person_versions::table.filter(person_versions::id.eq(subject)).order(person_versions::version);
            rows.select(PersonRow::as_select()).load(conn)?.into_iter().map(Personal::Person).collect()
        }
        Subject::Contact => {
            use responsible_person_versions::dsl;
            let named = dsl::responsible_person_versions.filter(dsl::uscc.eq(subject)).order(dsl::version);
            let named: Vec<ResponsiblePersonRow> = named.select(ResponsiblePersonRow::as_select()).load(conn)?;
            let contents = application_contents::table
                .filter(application_contents::enterprise.eq(subject))
                .order(application_contents::revision);
            let contents: Vec<ContentRow> = contents.select(ContentRow::as_select()).load(conn)?;
            named.into_iter().map(Personal::Named).chain(contents.into_iter().map(Personal::Content)).collect()
        }
    })
}

/// Finds an erasure as it stands.
///
/// # Errors
/// The database's failure.
pub fn find(conn: &mut AnyConnection, id: &str) -> Result<Option<ErasureRow>, StoreError> {
    let newest = erasures::table.filter(erasures::id.eq(id)).order(erasures::version.desc());
    Ok(newest.select(ErasureRow::as_select()).first(conn).optional()?)
}

/// Lists erasures as they stand, in order of id, from behind one.
///
/// # Errors
/// The database's failure.
pub fn list(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<ErasureRow>, StoreError> {
    let ids: Vec<String> = erasures::table
        .filter(erasures::version.eq(1))
        .filter(erasures::id.gt(after))
        .order(erasures::id)
        .limit(limit)
        .select(erasures::id)
        .load(conn)?;
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(find(conn, &id)?);
    }
    Ok(rows)
}

/// Lists the confirmed erasures of whoever an enterprise named, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn of_contacts(conn: &mut AnyConnection, enterprise: &str) -> Result<Vec<String>, StoreError> {
    let confirmed = erasures::table
        .filter(erasures::subject_kind.eq(Subject::Contact.as_str()))
        .filter(erasures::subject.eq(enterprise))
        .filter(erasures::rows.is_not_null())
        .order(erasures::revision);
    Ok(confirmed.select(erasures::id).load(conn)?)
}

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<ErasureRow>, StoreError> {
    let query = erasures::table.filter(erasures::revision.gt(revision)).order(erasures::revision).limit(limit);
    Ok(query.select(ErasureRow::as_select()).load(conn)?)
}

/// Reads every row that was erased, as its erasure keeps it, by the revision that recorded it; of two the later.
///
/// # Errors
/// [`StoreError::Damaged`] when an erasure does not read; the database's failure.
pub fn erased(conn: &mut AnyConnection) -> Result<BTreeMap<i64, ErasedRow>, StoreError> {
    let kept: Vec<Option<String>> = erasures::table.order(erasures::revision).select(erasures::rows).load(conn)?;
    let mut rows = BTreeMap::new();
    for text in kept.into_iter().flatten() {
        let read: Vec<ErasedRow> = serde_json::from_str(&text).map_err(StoreError::damaged)?;
        rows.extend(read.into_iter().map(|row| (row.revision, row)));
    }
    Ok(rows)
}
